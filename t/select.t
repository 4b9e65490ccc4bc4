# gemini_select: one choice for a location that proxies by itself.

use strict;
use warnings;

use Test::More;
use lib 't/lib';
use GeminiTest;

my $t = GeminiTest->new;
my $fake = $t->fake(keys => {'pool-key-1-secret' => 'p1',
                             'pool-key-2-secret' => 'p2'});

$t->secret('client-secret-1');

$t->conf(<<'EOT');
gemini_pool main {
    key    pool-key-1-secret name=k1 project=p1;
    key    pool-key-2-secret name=k2 project=p2 priority=1;
    model  gemini-3.8-flash;
    alias  gpt gemini-3.8-flash;
    cooldown 1s;
}

log_format s '$request|$request_uri|$gemini_key_name|$gemini_model|$gemini_outcome|[$gemini_key]|$gemini_trail';
access_log %%DIR%%/select.log s;

server {
    listen 127.0.0.1:%%PORT_0%%;

    location / {
        gemini_select main;
        proxy_pass http://%%FAKE%%;
        include %%ROOT%%/conf/gemini_upload.conf;
    }

    location /ws/ {
        gemini_select main;
        proxy_pass http://%%FAKE%%;
        include %%ROOT%%/conf/gemini_live.conf;
    }

    location /var/ {
        gemini_select main;
        proxy_pass http://%%FAKE%%/v1beta/models?key=$gemini_key;
        proxy_pass_request_headers off;
    }

    location = /pass/ws {
        gemini_pass main /gemini-upstream;
    }

    location /gemini/status {
        gemini_status main;
    }

    location = /gemini-upstream {
        internal;
        proxy_pass http://%%FAKE%%;
    }
}
EOT

$t->start;


sub header {
    my ($entry, $name) = @_;
    return join ',', map { $_->[1] }
        grep { lc $_->[0] eq $name } @{$entry->{headers}};
}


{
    my $r = $t->post('/v1beta/models/gpt:generateContent?key=client-secret-1',
                     {Authorization => 'Bearer client-secret-1'},
                     {contents => []});
    is($r->{status}, 200, 'a request');

    my $e = ($fake->log)[-1];
    is($e->{target}, '/v1beta/models/gemini-3.8-flash:generateContent',
       'its target, the alias resolved, the key gone');
    is($e->{key}, 'pool-key-1-secret', "the pool's key");
    is($e->{credentials}, 1, 'one credential');
}

# a body of any size, unbuffered, to the byte

{
    my @parts = ('x' x 1_000_000) x 20;
    my $r = $t->request('POST', '/upload/v1beta/files?upload_id=abc123',
                        {'X-Goog-Upload-Command' => 'upload'},
                        sub { return shift @parts }, length => 20_000_000,
                        timeout => 60);
    my $e = ($fake->log)[-1];
    is($e->{length}, 20_000_000, '20 MB of upload');
    is($e->{md5}, Digest::MD5::md5_hex('x' x 20_000_000), 'to the byte');
    like($e->{target}, qr/upload_id=abc123/, 'the upload id goes upstream');
}

{
    my $r = $t->get('/var/', {});
    is($r->{status}, 404, 'a path that is none is refused');
    is($r->{json}{error}{code}, 404, 'in shape');
}

# a failure is the client's to see, and the pool learns of it

{
    $fake->script({case => 'full429_minute', times => 1});
    my $r = $t->post('/v1beta/models/gpt:generateContent', {},
                     {contents => []});
    is($r->{status}, 429, 'one attempt');

    $r = $t->post('/v1beta/models/gpt:generateContent', {}, {contents => []});
    is($r->{status}, 200, 'the next request');
    is(($fake->log)[-1]{key}, 'pool-key-2-secret', 'uses another key');
}

# Live: the upgrade, with the client's key replaced

for my $path ('/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent',
              '//ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent')
{
    my $s = $t->stream('GET', "$path?key=client-secret-1",
                       [Upgrade => 'websocket', Connection => 'Upgrade',
                        'Sec-WebSocket-Key' => 'dGhlIHNhbXBsZSBub25jZQ==',
                        'Sec-WebSocket-Version' => 13]);
    is($s->head, 101, "upgraded at $path");

    my $e = ($fake->log)[-1];
    unlike($e->{target}, qr/client-secret/, "the client's key is gone");
    like($e->{key}, qr/^pool-key/, "the pool's is there");

    my $status = $t->status('main');
    my $n = 0;
    $n += $_->{in_flight} for @{$status->{keys}};
    is($n, 1, 'in flight as long as the socket lives');

    $s->close;
    ok($t->wait_for(sub {
        my $sum = 0;
        $sum += $_->{in_flight} for @{$t->status('main')->{keys}};
        return $sum == 0;
    }), 'and not longer');
}

$t->stop;

my $log = $t->read('select.log');

like($log, qr/key=xxxxxxxxxxxxxxx/, 'the key is redacted');
unlike($log, qr/abc123/, 'the upload id is in no log');
like($log, qr/\|k1\|gemini-3.8-flash\|ok\|\[-?\]\|k1/,
     'the secret has no value when logged');

$t->done;
