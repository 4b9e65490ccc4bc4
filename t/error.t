# gemini_error: nginx's own errors in the surface's shape.

use strict;
use warnings;

use Test::More;
use lib 't/lib';
use GeminiTest;

my $t = GeminiTest->new;
my $fake = $t->fake(keys => {'pool-key-1-secret' => 'p1'});

$t->conf(<<'EOT');
gemini_pool main {
    key    pool-key-1-secret name=k1 project=p1;
    model  gemini-3.8-flash;
}

limit_req_zone $binary_remote_addr zone=one:1m rate=1r/m;

server {
    listen 127.0.0.1:%%PORT_0%%;
    gemini_error;

    location / {
        client_max_body_size 1k;
        gemini_pass main /gemini-upstream;
    }

    location /denied/ {
        if ($http_x_team = "") { return 401; }
        gemini_pass main /gemini-upstream;
    }

    location /limited/ {
        limit_req zone=one;
        limit_req_status 429;
        gemini_pass main /gemini-upstream;
    }

    location /down/ {
        gemini_select main;
        proxy_pass http://127.0.0.1:1;
    }

    location /plain/ {
        gemini_error off;
        return 401;
    }

    location /page/ {
        error_page 401 = /other;
        return 401;
    }

    location = /other { return 200 "other"; }

    %%GEMINI_UPSTREAM%%
}
EOT

$t->start;

my $native = 'v1beta/models/gemini-3.8-flash:generateContent';
my $stream = 'v1beta/models/gemini-3.8-flash:streamGenerateContent';
my $chat = 'v1beta/openai/chat/completions';


sub json_ok {
    my ($r, $status, $name, $what) = @_;

    is($r->{status}, $status, "$name: status");
    is($r->{headers}{'content-type'}, 'application/json; charset=UTF-8',
       "$name: type");
    is($r->{complete}, 1, "$name: whole");
    ok($r->{json}, "$name: JSON") or diag $r->{body};
}

{
    my $r = $t->post("/denied/$native", {}, {});
    json_ok($r, 401, 'native 401');
    is($r->{json}{error}{code}, 401, 'its code');
    is($r->{json}{error}{status}, 'UNAUTHENTICATED', 'its status');

    $r = $t->post("/denied/$stream", {}, {});
    json_ok($r, 401, 'stream 401');
    is(ref $r->{json}, 'ARRAY', 'an array without alt=sse');

    $r = $t->post("/denied/$stream?alt=sse", {}, {});
    is(ref $r->{json}, 'HASH', 'an object with it');

    $r = $t->post("/denied/$chat", {}, {});
    json_ok($r, 401, 'OpenAI 401');
    ok(exists $r->{json}{error}{type}, 'with a type');

    $r = $t->post("/denied/v1beta/interactions", {}, {});
    json_ok($r, 401, 'interactions 401');
    like($r->{json}{error}{code}, qr/^[a-z_]+$/, 'a code of letters');
}

{
    my $r = $t->post("/$native", {}, {text => 'x' x 2000});
    json_ok($r, 413, '413');

    $t->post("/limited/$native", {}, {});
    $r = $t->post("/limited/$native", {}, {});
    json_ok($r, 429, '429 of limit_req');
    is($r->{json}{error}{status}, 'RESOURCE_EXHAUSTED', 'its status');
}

{
    my $r = $t->post("/down/$native", {}, {});
    json_ok($r, 502, "nginx's own 502");

    $r = $t->post("/plain/$native", {}, {});
    is($r->{status}, 401, 'gemini_error off');
    like($r->{body}, qr/<html>/, "nginx's page");

    $r = $t->post("/page/$native", {}, {});
    is($r->{body}, 'other', 'error_page goes first');
}

# upstream's own errors are left as they are

{
    $fake->script({case => 'bad_request'});
    my $r = $t->post("/$native", {}, {});
    is($r->{status}, 400, 'a bad request');
    like($r->{body}, qr/^\{\n  "error"/, 'untouched');
}

# more than is kept of an error: the client sees that some is missing

{
    $fake->script({status => 400, type => "application/json",
                   body => "{\"error\":{\"code\":400,\"message\":\""
                           . ("x" x 100_000) . "\"}}"});
    my $r = $t->post("/$native", {}, {});
    is($r->{status}, 400, "a huge error");
    is($r->{complete}, 0, "never looks whole");
}

{
    my $r = $t->request('HEAD', "/denied/$native", {});
    is($r->{status}, 401, 'HEAD');
    is($r->{body}, '', 'without a body');
}

$t->allow(qr/connect\(\) failed/);
$t->done;
