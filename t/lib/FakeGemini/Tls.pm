package FakeGemini::Tls;

# A certification authority and a certificate for the fake, made once for a
# directory: ca.pem, cert.pem, key.pem.

use Mojo::Base -strict, -signatures;

use Exporter 'import';
use File::Path 'make_path';
use IO::Socket::SSL::Utils;

our @EXPORT_OK = qw(make_certificates);

use constant DAY => 86400;


sub make_certificates ($dir) {
    make_path($dir);
    return if is_usable($dir);

    my ($ca, $ca_key) = CERT_create(
        CA        => 1,
        subject   => {commonName => 'Fake Gemini CA'},
        key       => KEY_create_ec(),
        not_after => time + 365 * DAY,
    );

    my ($cert, $key) = CERT_create(
        subject         => {commonName => 'generativelanguage.googleapis.com'},
        subjectAltNames => [
            [DNS => 'generativelanguage.googleapis.com'],
            [DNS => 'localhost'],
            [IP  => '127.0.0.1'],
        ],
        issuer          => [$ca, $ca_key],
        key             => KEY_create_ec(),
        not_after       => time + 300 * DAY,
    );

    write_file("$dir/key.pem", 0600, PEM_key2string($key));
    write_file("$dir/cert.pem", 0644, PEM_cert2string($cert));
    write_file("$dir/ca.pem", 0644, PEM_cert2string($ca));

    return;
}


sub is_usable ($dir) {
    return 0 if grep { !-s "$dir/$_.pem" } qw(ca cert key);

    my $cert = eval { CERT_asHash(PEM_file2cert("$dir/cert.pem")) };
    return $cert && $cert->{not_after} > time + DAY;
}


sub write_file ($path, $mode, $text) {
    my $umask = umask(0777 & ~$mode);
    my $new = "$path.$$";

    open my $file, '>', $new or die "$new: $!\n";
    print $file $text;
    close $file or die "$new: $!\n";
    rename $new, $path or die "$path: $!\n";
    umask $umask;

    return;
}


1;
