#!/usr/bin/perl

# Tests for a module that is loaded but not configured: nginx is as without it.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use GeminiTest;

my $t = GeminiTest->new;

$t->conf(<<'END')->start;
log_format keys '$request';
access_log %%DIR%%/access.log keys;
server {
    listen 127.0.0.1:%%PORT_0%%;
    location / { return 200 "plain\n"; }
    location /gone { return 410; }
}
END

my $r = $t->get('/?key=visible');

is($r->{status}, 200, 'answers');
is($r->{body}, "plain\n", 'untouched');
like($t->wait_log(qr/key=visible/, 5, file => 'access.log') && $t->access_log,
     qr{^GET /\?key=visible HTTP/1\.1$}m, 'no request is redacted');

like($t->get('/gone')->{body}, qr/<html>/, 'errors are nginx\'s own');
ok($t->reload(gone => 1), 'reload');
unlike($t->error_log, qr/gemini(?!-test)/, 'nothing is logged');

# no http block at all

$t->stop;
$t->conf(undef, raw => GeminiTest::Conf::wrap($t, main => '', events => '',
                                              http => '')
                       =~ s/^http \{.*\z//msr);

is(($t->configtest)[0], 0, 'no http block');

$t->start;
$t->done;
