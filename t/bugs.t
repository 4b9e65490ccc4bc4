# What once was wrong in the way of a request through nginx, a block a bug.

use strict;
use warnings;

use IO::Socket::INET;
use Test::More;
use lib 't/lib';
use GeminiTest;

my $t = GeminiTest->new(workers => 1);
my $fake = $t->fake(keys => {'pool-key-1-secret' => 'p1'});

$t->conf(<<'EOT');
gemini_pool main {
    key    pool-key-1-secret name=k1 project=p1;
    model  gemini-3.8-flash;
    model  gemini-3.5-flash-lite;
}
gemini_pool rest {
    key    pool-key-1-secret name=k1 project=p1;
    model  gemini-3.8-flash;
    queue  8 timeout=10s;
}
gemini_pool one {
    key    pool-key-1-secret name=k1 project=p1 max_conns=1;
    model  gemini-3.8-flash;
    queue  8 timeout=30s;
}

log_format bugs '$request_uri $status [$http_x_goog_api_key] $gemini_model';
access_log %%DIR%%/bugs.log bugs;

server {
    listen 127.0.0.1:%%PORT_0%%;
    listen 127.0.0.1:%%PORT_2%% http2;
    client_body_buffer_size 1k;

    location / { gemini_pass main /gemini-upstream; }
    location /rest/ { gemini_pass rest /gemini-upstream; }
    location /one/ { gemini_pass one /gemini-upstream; }
    location @pass { gemini_pass main /gemini-upstream; }
    location /denied { gemini_error; return 403; }

    location /select/ {
        gemini_select main;
        proxy_pass http://%%FAKE%%;
    }

    location /dead/ {
        gemini_select main;
        error_page 502 = @pass;
        proxy_pass http://127.0.0.1:%%PORT_3%%;
    }

    location /mirrored/ {
        mirror /mirror;
        gemini_pass main /gemini-upstream;
    }

    location = /mirror { internal; return 204; }

    location /selected/ {
        mirror /v1beta/models/mirror;
        gemini_pass main /gemini-upstream;
    }

    location = /v1beta/models/mirror {
        gemini_select main;
        proxy_pass http://%%FAKE%%;
    }

    location /old/ {
        rewrite ^/old/(.*)$ /v1beta/models/$1 break;
        gemini_pass main /gemini-upstream;
    }

    location /oldup/ {
        rewrite ^/oldup/(.*)$ /upload/$1?name=n break;
        gemini_select main;
        proxy_pass http://%%FAKE%%;
    }

    %%GEMINI_UPSTREAM%%
}

server {
    listen 127.0.0.1:%%PORT_1%%;
    access_log off;

    location = /gemini/status { gemini_status main; }
    location = /gemini/status/rest { gemini_status rest; }
    location = /gemini/status/one { gemini_status one; }
}
EOT

$t->start;

my $native = 'v1beta/models/gemini-3.8-flash:generateContent';
my $body = {contents => []};

closed_window();
error_page();
header_in_log();
mirror();
subrequest();
rewritten();
left_behind();
gone_before();

$t->done;


# an error of nginx that the client's window held back was never sent

sub closed_window {
    my $sock = IO::Socket::INET->new(PeerAddr => '127.0.0.1:' . $t->port(2));
    my ($in, $ended, $text) = ('', 0, '');

    # SETTINGS with an empty window, and GET /denied

    $sock->syswrite("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
                    . frame(4, 0, 0, pack 'nN', 4, 0)
                    . frame(1, 5, 1, join '', map { literal(@$_) }
                                [':method', 'GET'], [':scheme', 'http'],
                                [':path', '/denied'], [':authority', 'a']));

    $t->wait_for(sub {
        my $read = '';
        vec($read, fileno $sock, 1) = 1;
        return if select($read, undef, undef, 0.1) <= 0;
        return 1 unless sysread $sock, $in, 65536, length $in;

        while ($in =~ /^(.{9})/s) {
            my ($hi, $lo, $type, $flags, $id) = unpack 'CnCCN', $1;
            my $len = ($hi << 16) + $lo;
            last if length $in < 9 + $len;

            my $payload = substr $in, 9, $len;
            substr($in, 0, 9 + $len) = '';

            $sock->syswrite(frame(8, 0, 1, pack 'N', 65535)) if $type == 1;
            $text .= $payload if $type == 0;
            $ended = 1 if $id == 1 && $type == 0 && $flags & 1;
        }

        return $ended;
    }, 10);

    ok($ended, 'an error behind a closed window arrives');
    like($text, qr/"code": *403/, 'with its body');

    return;
}


sub frame {
    my ($type, $flags, $id, $payload) = @_;

    return substr(pack('N', length $payload), 1)
        . pack('CCN', $type, $flags, $id) . $payload;
}


sub literal { return "\0" . join '', map { chr(length) . $_ } @_ }


# gemini_pass in the error_page of gemini_select forgot its reservation

sub error_page {
    my $r = $t->post("/dead/$native", {}, $body);
    is($r->{status}, 200, 'error_page of a choice: served');
    is($t->status('main')->{attempts}{in_flight}, 0, 'nothing is left');

    return;
}


# $http_x_goog_api_key logged the pool's key after gemini_select

sub header_in_log {
    my $r = $t->post("/select/$native", {'x-goog-api-key' => 'of-client'},
                     $body);
    is($r->{status}, 200, 'gemini_select');
    like(logged('/select/'), qr/\[of-client\]/, "the log has the client's");

    return;
}


# a body that "mirror" had read already was not looked at

sub mirror {
    for my $size (10, 100_000) {
        $fake->reset;

        my $r = $t->post('/mirrored/v1beta/openai/chat/completions', {},
                         {x => 'x' x $size, messages => [],
                          model => 'gemini-3.5-flash-lite'});
        is($r->{status}, 200, "mirror: a body of $size bytes");
        like(logged('/mirrored/'), qr/ gemini-3\.5-flash-lite$/,
             'its model is seen');
    }

    return;
}


# gemini_select in a subrequest sent the client's credential upstream

sub subrequest {
    $fake->reset;

    my $r = $t->post("/selected/$native",
                     {'x-goog-api-key' => 'of-client-1'}, $body);
    is($r->{status}, 200, 'gemini_select in a subrequest: the main one');
    ok($t->wait_log(qr/gemini_select in a subrequest/, 10), 'refused');
    is(scalar(grep { ($_->{key} // '') ne 'pool-key-1-secret' } $fake->log),
       0, 'nothing of the client goes upstream');

    return;
}


# what a rewrite had made of the URI was not looked at

sub rewritten {
    $fake->reset;

    my $r = $t->post('/old/gemini-3.8-flash:generateContent', {}, $body);
    is($r->{status}, 200, 'a rewritten URI');
    is(($fake->log)[-1]{target}, "/$native", 'goes upstream');

    $t->post('/oldup/v1beta/files?upload_id=abc&x=y', {}, 'x');
    is(($fake->log)[-1]{target},
       '/upload/v1beta/files?name=n&upload_id=abc&x=y',
       'its arguments are those of before they were redacted');

    return;
}


# who waited behind a client that left was not woken by the cooldown's end

sub left_behind {
    $fake->reset;
    $fake->script({case => 'full429_minute', limit => 1000, retry => '1s',
                   retry_text => '1s', times => 1});

    my $first = waiter('rest', 1);
    my $second = waiter('rest', 2);

    $first->close;

    is($second->finish->{status}, 200, 'left behind: served');
    is($t->status('rest')->{queue}{timeout}, 0, 'when the cooldown ended');

    return;
}


# a client that was gone before its request was queued kept its place

sub gone_before {
    $fake->reset;
    $fake->script({delay => 'gate', times => 1});

    my $held = $t->stream(POST => "/one/$native", {}, $body);
    is($fake->wait(n => 1), 1, 'the only place is taken');

    my $sock = IO::Socket::INET->new(PeerAddr => '127.0.0.1:' . $t->port(0));
    $sock->syswrite("POST /one/$native HTTP/1.1\r\nHost: a\r\n"
                    . "Content-Length: 2\r\n\r\n{}");
    $sock->close;

    ok($t->wait_for(sub {
        my $queue = $t->status('one')->{queue};
        return $queue->{max_seen} == 1 && $queue->{waiting} == 0;
    }, 10), 'a client that has gone does not wait');

    $fake->release('gate');
    is($held->finish->{status}, 200, 'the other is served');

    return;
}


sub waiter {
    my ($pool, $n) = @_;
    my $stream = $t->stream(POST => "/$pool/$native", {}, $body);

    $t->wait_for(sub { $t->status($pool)->{queue}{waiting} == $n }, 10);

    return $stream;
}


sub logged {
    my ($path) = @_;
    my @lines;

    $t->wait_for(sub {
        @lines = grep { m{^\Q$path\E} } split /\n/, $t->read('bugs.log');
    }, 10);

    return $lines[-1];
}
