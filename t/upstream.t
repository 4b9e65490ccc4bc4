# The way to the upstream: verified TLS, kept connections, an upgrade that
# cannot be, interim answers, trailers of the log.

use strict;
use warnings;

use Test::More;
use lib 't/lib';
use GeminiTest;

my $t = GeminiTest->new(workers => 1);
my $fake = $t->fake(tls => 1, keys => {'pool-key-1-secret' => 'p1',
                                       'pool-key-2-secret' => 'p2',
                                       'pool-key-3-secret' => 'p3'});

open my $fh, '<', $t->root . '/conf/gemini_proxy.conf' or die $!;
my $shipped = do { local $/; <$fh> };
close $fh;

(my $trusted = $shipped)
    =~ s/(proxy_ssl_trusted_certificate\s+)\S+;/$1%%CA%%;/ or die;

$t->write('trusted.conf', $trusted);
$t->write('shipped.conf', $shipped);

$t->conf(<<'EOT');
gemini_pool main {
    key    pool-key-1-secret name=k1 project=p1;
    key    pool-key-2-secret name=k2 project=p2 priority=1;
    key    pool-key-3-secret name=k3 project=p3 priority=2;
    model  gemini-3.8-flash;
}

gemini_pool other {
    key    pool-key-1-secret name=o1 project=p1;
    model  gemini-3.8-flash;
    tries  2;
}

upstream gemini_api {
    server %%FAKE%% max_fails=0;
    keepalive 4;
}

log_format up '$status $upstream_status $gemini_outcome';
access_log %%DIR%%/up.log up;

server {
    listen 127.0.0.1:%%PORT_0%%;

    location / {
        gemini_pass main /gemini-upstream;
    }

    location /untrusted/ {
        gemini_pass other /gemini-untrusted;
    }

    location = /gemini-upstream {
        internal;
        proxy_pass https://gemini_api;
        include %%DIR%%/trusted.conf;
    }

    location = /gemini-untrusted {
        internal;
        proxy_pass https://%%FAKE%%;
        include %%DIR%%/shipped.conf;
    }
}
EOT

$t->start;

my $path = 'v1beta/models/gemini-3.8-flash:generateContent';

{
    my $r = $t->post("/$path", {}, {contents => []});
    is($r->{status}, 200, 'over verified TLS');
    is(($fake->log)[-1]{tls}, 1, 'it is TLS');
    is(($fake->log)[-1]{http}, 'HTTP/1.1', 'HTTP/1.1');
}

# a refusal is read to its end, so that its connection serves the next attempt

{
    $fake->reset;
    $fake->script({key => 'pool-key-1-secret', case => 'key_invalid'},
                  {key => 'pool-key-2-secret', case => 'full429_minute'});

    my $r = $t->post("/$path", {}, {contents => []});
    is($r->{status}, 200, 'two refusals, then an answer');

    my @log = $fake->log;
    is(scalar @log, 3, 'three attempts');
    is(join(' ', map { $_->{conn} } @log),
       join(' ', ($log[0]{conn}) x 3), 'over one connection');
}

# a certificate that nobody trusts is no way to the upstream

{
    $fake->reset;
    my $r = $t->post("/untrusted/$path", {}, {contents => []});
    is($r->{status}, 503, 'an untrusted certificate');
    is($r->{json}{error}{details}[0]{reason} // $r->{json}{error}{details}[1]{reason},
       'UPSTREAM_DOWN', 'the upstream is down');
    is(scalar @{[$fake->log]}, 0, 'and no key was shown to it');
}

{
    my $r = $t->request('GET',
        '/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent',
        [Upgrade => 'websocket', Connection => 'Upgrade']);
    is($r->{status}, 501, 'no upgrade here');
    like($r->{body}, qr/gemini_select/, 'the text says where');
}

# an interim answer that nginx takes for the last one is a failed attempt

{
    $fake->reset;
    $fake->script({key => 'pool-key-3-secret', interim => 103, times => 1});
    my $r = $t->post("/$path", {}, {contents => []});
    is($r->{status}, 200, 'after an interim answer');
    like($r->{body}, qr/candidates/, 'the whole answer');
}

# the client leaves while nothing has come

{
    $fake->reset;
    $fake->script({hang => 1});
    my $s = $t->stream('POST', "/$path", {}, {contents => []});
    $fake->wait(n => 1);
    $s->close;
    ok($fake->wait(n => 1, closed_early => 1), 'the upstream is let go');
}

$t->allow(qr/SSL_do_handshake|certificate verify failed|verify error/);
$t->stop;

like($t->read('up.log'), qr/^200 400 : 429 : 200 failover$/m,
     'the statuses of all attempts');

$t->done;
