package Bench::Instr;

# User instructions a request, by callgrind: a contender serves N requests,
# another one of its kind 2 N; the difference of their counts has no start-up
# in it. What happens once a second (state file, status) is left out: under
# callgrind a second has far fewer requests.

use strict;
use warnings;

use Bench::Proc;
use Bench::Rig;
use File::Path ();

use constant {
    REQUESTS    => 2000,
    CONNECTIONS => 16,
};


# of a contender: instructions a request, and callgrind's file of the larger
sub count {
    my ($rig, $name, %opt) = @_;
    my @sum;

    for my $n (1, 2) {
        my $c = start($rig, $name, %opt);

        load($rig, $c, $n * REQUESTS, %opt);
        Bench::Proc::stop($c->{master}, $name eq 'haproxy' ? 'USR1' : 'QUIT');
        push(@sum, total("$c->{dir}/callgrind.out"));
    }

    return ($sum[1] - $sum[0]) / REQUESTS;
}


# one process, under callgrind
sub start {
    my ($rig, $name, %opt) = @_;

    return $rig->contender($name, %opt, stateless => 1, wrap => sub {
        my ($dir) = @_;

        return ('valgrind', '--tool=callgrind',
                "--callgrind-out-file=$dir/callgrind.out",
                "--log-file=$dir/valgrind.log");
    });
}


sub load {
    my ($rig, $c, $requests, %opt) = @_;
    my $out = Bench::Proc::run(Bench::Proc::LOAD_CPU, 'h2load', '--h1',
        '-t1', '-n', $requests, '-c', CONNECTIONS,
        '-d', $opt{body} // $rig->{request},
        '-H', 'Content-Type: application/json',
        '-H', 'x-goog-api-key: client',
        map({ s/=/: /r } map { ('-H', $_) } @{ $opt{headers} // [] }),
        "http://127.0.0.1:$c->{port}" . ($opt{path} // Bench::Rig::PATH));

    die "bench: h2load got other answers of $c->{name}:\n$out"
        if $out !~ /^status codes: $requests 2xx/m;

    return;
}


sub total {
    my ($path) = @_;
    my $text = Bench::Proc::read_file($path)
        // die "bench: callgrind left no $path\n";

    return $text =~ /^(?:totals|summary): (\d+)/m
           ? $1 : die "bench: no sum in $path\n";
}


1;
