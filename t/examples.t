#!/usr/bin/perl

# Tests for conf/: nginx takes each file as it is shipped, with no change but
# to what a test may not touch: logs, temp files, a name to look up.

use strict;
use warnings;

use Cwd qw/ abs_path getcwd /;
use File::Temp qw/ tempdir /;
use Test::More;

my $top = getcwd();
my $nginx = $ENV{TEST_NGINX_BINARY} || '/usr/sbin/nginx';
my $module = $ENV{TEST_NGINX_MODULE}
             // "$top/build/ngx_http_gemini_router_module.so";

my $dir = tempdir(CLEANUP => 1);
my @temp = map { "${_}_temp_path $dir/temp_$_;\n" }
               qw/ client_body proxy fastcgi uwsgi scgi /;

mkdir("$dir/$_") or die "$dir/$_: $!" for qw/ conf logs modules /;

if ($module ne '') {
    symlink(abs_path($module), "$dir/modules/ngx_http_gemini_router_module.so")
        or die "symlink: $!";
}


sub slurp {
    my ($path) = @_;

    open(my $f, '<', $path) or die "$path: $!";
    local $/;
    return <$f>;
}


sub spew {
    my ($path, $text) = @_;

    open(my $f, '>', $path) or die "$path: $!";
    print $f $text;
    close($f) or die "$path: $!";
}


sub stage {
    my ($name) = @_;
    my $text = slurp("conf/$name");

    $text =~ s{/var/log/nginx/}{$dir/logs/}g;
    $text =~ s{^load_module .*\n}{}m if $module eq '';
    $text =~ s{(server\s+)generativelanguage\S+:443}{${1}127.0.0.1:443};
    $text .= join('', @temp) if $name eq 'gemini_upstream.conf';

    spew("$dir/conf/$name", $text);
}


sub test {
    my ($name) = @_;

    my $globals = "-e stderr -g 'pid $dir/pid;'";

    return scalar `$nginx -p $dir -c conf/$name $globals -t 2>&1`;
}


my @names = map { m{([^/]+)$} } glob('conf/*.conf');

stage($_) for @names;

local $ENV{GEMINI_API_KEY} = 'test-key';

my $out = test('gemini.conf');

is($?, 0, 'gemini.conf') or diag($out);
unlike($out, qr/\[(?:warn|error|crit|alert|emerg)\]/, 'without a warning');

my $main = slurp('conf/gemini.conf');

for my $name (grep { $_ ne 'gemini.conf' } @names) {
    like($main, qr/^\s*include\s+\Q$name\E;/m, "gemini.conf includes $name");
}

done_testing();
