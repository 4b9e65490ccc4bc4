#!/usr/bin/perl

# Tests for the Debian package: what is in it, that dpkg installs, upgrades and
# removes it in a root of its own, and that nginx serves with what it brings.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use GeminiTest;

my $name = 'libnginx-mod-http-gemini-router';
my $abi = '/usr/share/nginx/src/debian/libnginx-mod.abisubstvars';
my $so = GeminiTest::Nginx::module();
my $nginx = GeminiTest::Nginx::binary();

plan skip_all => 'the module is linked in' if $so eq '';
plan skip_all => "the package is for Debian's nginx, not for $nginx"
    if !-e $abi || $nginx ne '/usr/sbin/nginx';

my $t = GeminiTest->new(workers => 1);
my $fake = $t->fake(tls => 1, keys => {'deb-key-1-secret' => 'p1'});
my $dir = $t->dir;
my $root = "$dir/root";
my $doc = "usr/share/doc/$name";

my ($deb, %file) = pack_it();

contents();
fields();
pages();
install();
serve();
change();
lintian();

$t->done;


sub output {
    my (@command) = @_;

    open(my $pipe, '-|', @command) or die "$command[0]: $!";
    local $/;
    my $text = <$pipe>;
    close($pipe);

    return $text;
}


# with standard error
sub shell {
    my ($command) = @_;
    return output('sh', '-c', "exec 2>&1; $command");
}


sub slurp { return GeminiTest::Fake::read_file($_[0]) }


# twice, in places and with settings that must not show
sub pack_it {
    my @paths = map { output('env', @$_) =~ s/\n\z//r }
        ['util/deb', $so, "$dir/one"],
        ['TZ=Asia/Tokyo', 'LC_ALL=C', 'util/deb', $so, "$dir/two/../three"];

    is($?, 0, 'util/deb');
    like($paths[0], qr{^\Q$dir\E/one/${name}_[\d.]+(?:\+git\d+)?_\w+\.deb$},
         'it names the package') or die;
    is(shell("cmp @paths"), '', 'the same bytes each time');
    like(shell("util/deb $dir/none.so $dir/four"), qr/none\.so is missing/,
         'a module that is not there');
    is(join(' ', glob "$dir/one/*"), $paths[0], 'nothing else is left');

    my %mode = map { m{^(\S+) .* \./(.+)$} ? ($2, $1) : () }
            split /\n/, shell("dpkg-deb -c $paths[0]");

    return ($paths[0], %mode);
}


sub contents {
    my @want = (
        ['usr/lib/nginx/modules/ngx_http_gemini_router_module.so', 644],
        ['usr/share/nginx/modules-available/mod-http-gemini-router.conf', 644],
        ['usr/bin/gemini-router', 755],
        ['usr/share/man/man1/gemini-router.1.gz', 644],
        ['usr/share/man/man5/ngx_http_gemini_router_module.5.gz', 644],
        ['etc/nginx/sites-available/gemini', 644],
        ["$doc/copyright", 644], ["$doc/changelog.gz", 644],
        ["$doc/README.md.gz", 644],
    );

    my %mode = (644 => '-rw-r--r--', 755 => '-rwxr-xr-x');

    is($file{$_->[0]}, $mode{$_->[1]}, $_->[0]) for @want;

    for my $path (glob 'conf/*') {
        my ($base) = $path =~ m{([^/]+)$};
        my $where = $base =~ /^gemini_/ ? qr{^etc/nginx/}
                  : $base =~ /\.(?:service|timer)$/ ? qr{systemd/system/}
                  : qr{^$doc/examples/};

        is(scalar(grep { /$where\Q$base\E$/ } keys %file), 1, $path);
    }

    my $log = shell("dpkg-deb --fsys-tarfile $deb "
                    . "| tar xO ./$doc/changelog.gz | gzip -d");

    like($log, qr/^$name \(\S+\) .*\n\n  \* [^*]+\n\n -- .* <.*>  \w{3}, \d/,
         'the changelog');
}


sub fields {
    my %is = shell("dpkg-deb -f $deb") =~ /^(\S+): (.*)$/mg;
    my ($abi_name) = slurp($abi) =~ /^nginx:abi=(\S+)/m;
    my ($base) = slurp('ngx_gemini_router/core/ngx_gemini.h')
                 =~ /NGX_GEMINI_VERSION\s+"([^"]+)"/;

    is($is{Package}, $name, 'Package');
    like($is{Version}, qr/^\Q$base\E(?:\+git\d{14})?$/, 'Version');
    like($is{Depends}, qr/^\Q$abi_name\E, /, 'Depends: the ABI of nginx');
    like($is{Depends}, qr/\b$_\b/, "Depends: $_")
        for qw/ libc6 libcurl\d libyajl2 /;
    like($is{'Installed-Size'}, qr/^[1-9]\d+$/, 'Installed-Size');

    my $said = shell("apt-get -s install $deb");

    like($said, qr/^Conf $name /m, 'apt finds its dependencies')
        or diag($said);
}


# each without a warning; they tell what is told elsewhere
sub pages {
    my ($usage) = slurp('util/gemini-router') =~ /^help\(\)(.*?)^\}/ms;
    my $readme = slurp('README.md');
    my %words = (
        'man1/gemini-router.1'
            => [$usage =~ /^    ([a-z]+) [A-Z ]* +\w/mg,
                $usage =~ /(--[a-z]+|GEMINI_\w+)/g],
        'man5/ngx_http_gemini_router_module.5'
            => [$readme =~ /^\| `([a-z_]+) /mg,
                $readme =~ /(\$gemini_[a-z_]+)/g],
    );

    for my $page (sort keys %words) {
        my $text = shell("dpkg-deb --fsys-tarfile $deb "
                         . "| tar xO ./usr/share/man/$page.gz "
                         . "| gzip -d > $dir/page; "
                         . "LC_ALL=C.UTF-8 MANWIDTH=200 "
                         . "man -l --warnings=w $dir/page");
        my %told = map { $_ => 1 } @{$words{$page}};

        unlike($text, qr/warning:|error:/, $page) or diag($text);
        unlike($text, qr/\*\*|`/, '.. nothing is left of Markdown');
        cmp_ok(scalar keys %told, '>', 15, '.. words are found');
        is(join(' ', grep { $text !~ /(?<![\w-])\Q$_\E\b/ } sort keys %told),
           '', '.. all are told');
    }
}


sub dpkg {
    my (@args) = @_;

    return shell("fakeroot dpkg --root=$root --log=$dir/dpkg.out "
                 . "--force-script-chrootless --force-depends @args");
}


sub enabled {
    return join ' ', map { m{([^/]+)$} }
                     glob "$root/etc/nginx/modules-enabled/*";
}


my $link;

sub install {
    mkdir $_ or die "$_: $!"
        for $root, "$root/etc", "$root/etc/nginx",
            "$root/etc/nginx/modules-enabled", "$root/var", "$root/var/lib",
            map { "$root/var/lib/dpkg$_" } '', '/info', '/updates',
                                           '/triggers';

    GeminiTest::Fake::write_file("$root/var/lib/dpkg/$_", '')
        for qw/ status available /;

    my $said = dpkg('-i', $deb);

    is($?, 0, 'dpkg installs it') or diag($said);
    is(dpkg('-V', $name), '', '.. whole');

    $link = '50-mod-http-gemini-router.conf';
    is(enabled(), $link, 'the module is enabled');
    is(readlink "$root/etc/nginx/modules-enabled/$link",
       '/usr/share/nginx/modules-available/mod-http-gemini-router.conf',
       '.. in the way of Debian');

    my %conffile = map { $_ => 1 } dpkg('-s', $name) =~ m{^ (/etc/\S+) }mg;

    is(join(' ', grep { m{^etc/.*[^/]$} && !$conffile{"/$_"} } keys %file),
       '', 'what is in /etc are conffiles');
}


# a file of the package, as it is but for the addresses of this test
sub ours {
    my ($path, $to) = @_;
    my $text = slurp("$root/$path");
    my $address = $fake->address;

    $text =~ s{/var/log/nginx/}{$dir/}g;
    $text =~ s/127\.0\.0\.1:808([01])\b/%%PORT_$1%%/g;
    $text =~ s/%%PORT/127.0.0.1:%%PORT/g;
    $text =~ s/^(\s*server\s+)generativelanguage\S+:443/$1$address/mg;
    $text =~ s{/etc/ssl/certs/ca-certificates\.crt}{%%CA%%}g;
    $t->write($to, $text);
}


sub serve {
    my $user = $> == 0 ? 'user nobody nogroup;' : '';
    my $available = readlink "$root/etc/nginx/modules-enabled/$link";

    symlink "$root/usr/lib/nginx/modules", "$dir/modules"
        or die "symlink: $!";

    ours("etc/nginx/$_", $_)
        for map { m{([^/]+)$} } glob "$root/etc/nginx/gemini_*.conf";
    ours('etc/nginx/sites-available/gemini', 'sites-enabled/gemini');

    # Debian's nginx.conf, in short

    $t->env(GEMINI_API_KEY => 'deb-key-1-secret');
    $t->conf(undef, raw => <<"EOT");
$user
worker_processes 1;
daemon off;
pid $dir/nginx.pid;
error_log $dir/error.log info;
include $root$available;

events {
    worker_connections 768;
}

http {
    sendfile on;
    default_type application/octet-stream;
    access_log $dir/access.log;
    client_body_temp_path $dir/client_body;
    proxy_temp_path $dir/proxy;
    fastcgi_temp_path $dir/fastcgi;
    uwsgi_temp_path $dir/uwsgi;
    scgi_temp_path $dir/scgi;
    gzip on;
    include $dir/sites-enabled/*;
    # %%PORT_1%%
}
EOT

    $t->start;

    my $r = $t->post('/v1beta/models/gemini-3.8-flash:generateContent', {},
                     {contents => []});

    is($r->{status}, 200, 'nginx serves with it');
    like($r->{body}, qr/Hello from the fake/, '.. an answer');
    is($r->{headers}{'x-gemini-key'}, 'GEMINI_API_KEY', '.. by its key');
    is($t->status->{pool}, 'main', '.. and shows its status');
    ok($t->wait_log(qr/ outcome=ok .* key="GEMINI_API_KEY" /, 5,
                    file => 'gemini.log'), '.. and its log');

    like(shell("$root/usr/bin/gemini-router status --url http://127.0.0.1:"
               . $t->port(1) . '/gemini'), qr/\APool main: 1 of 1 key /,
         'gemini-router');

    $t->stop;
}


# what an administrator has done stays
sub change {
    GeminiTest::Fake::write_file("$root/etc/nginx/gemini_client.conf", "#\n");
    unlink "$root/etc/nginx/modules-enabled/$link";
    dpkg('-i', '--force-confold', $deb);
    is($?, 0, 'an upgrade');
    is(enabled(), '', '.. leaves a module disabled');
    is(slurp("$root/etc/nginx/gemini_client.conf"), "#\n",
       '.. leaves a changed file');

    dpkg('-r', $name);
    is($?, 0, 'a removal');
    ok(!glob("$root/usr/lib/nginx/modules/*"), '.. of the module');
    ok(-e "$root/etc/nginx/sites-available/gemini", '.. not of conffiles');
    dpkg('-P', $name);
    is($?, 0, 'a purge');
    ok(!glob("$root/etc/nginx/gemini*"), '.. of conffiles');

    dpkg('-i', $deb);
    dpkg('-r', $name);
    is(enabled(), "$link.removed", 'a removal disables the module');
    dpkg('-i', $deb);
    is(enabled(), $link, '.. a new installation enables it again');
    dpkg('-P', $name);
    is(enabled(), '', '.. a purge leaves nothing');
}


sub lintian {
    SKIP: {
        skip('no lintian', 1) if system('command -v lintian > /dev/null');

        my $said = shell("lintian --fail-on error $deb");

        unlike($said, qr/^E: /m, 'lintian has no error') or diag($said);
    }
}
