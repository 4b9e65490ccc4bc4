# The Live API: keys replaced wherever they stand, ephemeral tokens passed as
# they are and counted where they belong, a place held for the socket's life.

use strict;
use warnings;

use Mojo::WebSocket qw(WS_TEXT build_frame parse_frame);
use Test::More;
use lib 't/lib';
use GeminiTest;

my $t = GeminiTest->new;
my %keys = map { ("pool-key-$_-secret" => "p$_") } 1 .. 5;
my $fake = $t->fake(keys => \%keys);

my $pool = join "\n", map {
    "    key pool-key-$_-secret name=k$_ project=p$_;"
} 1 .. 5;

$t->secret('client-secret-1');

$t->conf(<<"EOT");
map \$http_x_team \$team { default \$http_x_team; }

gemini_pool main {
$pool
    model gemini-3.8-flash;
}

log_format l '\$request|\$request_uri|\$args|\$gemini_project|[\$gemini_key]|\$gemini_outcome';
access_log %%DIR%%/live.log l;

server {
    listen 127.0.0.1:%%PORT_0%%;

    gemini_team \$team;

    location / { gemini_pass main /gemini-upstream; }

    location /mint/ {
        gemini_restrict families=auth_tokens;
        gemini_pass main /gemini-upstream;
    }

    location /ws/ {
        gemini_select main;
        proxy_pass http://%%FAKE%%;
        include %%ROOT%%/conf/gemini_live.conf;
    }

    location = /token { return 200 "[\$gemini_client_token]"; }

    %%GEMINI_UPSTREAM%%
}

server {
    listen 127.0.0.1:%%PORT_1%%;
    location /gemini/status { gemini_status main; }
}
EOT

$t->start;

my $ws = '/ws/google.ai.generativelanguage.v1beta.GenerativeService.'
         . 'BidiGenerateContent';


sub socket_of {
    my ($target, @headers) = @_;

    return $t->stream('GET', $target,
                      [Upgrade => 'websocket', Connection => 'Upgrade',
                       'Sec-WebSocket-Key' => 'dGhlIHNhbXBsZSBub25jZQ==',
                       'Sec-WebSocket-Version' => 13, @headers]);
}


sub say_to {
    my ($s, $text) = @_;
    $s->send_bytes(build_frame(1, 1, 0, 0, 0, WS_TEXT, $text));
}


sub in_flight {
    my ($project) = @_;
    my $n = 0;

    for my $p (@{ $t->status('main')->{projects} }) {
        $n += $p->{in_flight} if !$project || $p->{name} eq $project;
    }

    return $n;
}


sub mint {
    my (@headers) = @_;
    my $r = $t->post('/mint/v1alpha/auth_tokens', {@headers}, {uses => 1});
    return ($r->{json}{name}, ($fake->log)[-1]{project});
}


# a client's key in query or header

for my $case ([ "$ws?key=client-secret-1" ],
              [ "/$ws?key=client-secret-1" ],
              [ $ws, 'x-goog-api-key' => 'client-secret-1' ],
              [ $ws, Authorization => 'Bearer client-secret-1' ])
{
    my ($target, @headers) = @$case;
    my $s = socket_of($target, @headers);
    is($s->head, 101, "upgraded: $target @headers");

    my ($e) = reverse $fake->log;
    like($e->{key}, qr/^pool-key/, "a key of the pool");
    is($e->{where}, 'header', '.. in the header');
    is($e->{credentials} // 1, 1, '.. alone');
    unlike($e->{target}, qr/client-secret/, "the client's is gone");
    is(in_flight($e->{project}), 1, 'it holds its place');

    say_to($s, '{"setup":{"model":"models/gemini-3.8-live"}}');
    ok($s->wait_body(qr/setupComplete/), 'set up');
    is(in_flight($e->{project}), 1, '.. as long as it lives');

    $s->close;
    ok($t->wait_for(sub { in_flight() == 0 }), '.. and no longer');
}

# tokens are minted where that family is named

{
    my $r = $t->post('/v1alpha/auth_tokens', {}, {uses => 1});
    is($r->{status}, 404, 'minting must be allowed by name');
}

# .. and pass as they are

for my $how ('query', 'escaped', 'header') {
    my ($name, $project) = mint();
    like($name, qr{^auth_tokens/}, 'minted');

    my $value = $how eq 'escaped' ? $name =~ s{/}{%2F}r : $name;
    my $s = $how eq 'header'
            ? socket_of("${ws}Constrained", Authorization => "Token $name")
            : socket_of("${ws}Constrained?access_token=$value");
    is($s->head, 101, "$how: upgraded");

    my ($e) = reverse $fake->log;
    is($e->{key}, $name, 'the token went upstream');
    is($e->{credentials} // 1, 1, '.. alone');
    is(in_flight($project), 1, 'counted in its project');

    say_to($s, '{"setup":{}}');
    ok($s->wait_body(qr/setupComplete/), 'and it works');

    $s->close;
    ok($t->wait_for(sub { in_flight() == 0 }), 'let go');
    $t->secret($name =~ s{.*/}{}r);
}

# one that was minted elsewhere is not ours to count

{
    my $r = $t->post('/v1alpha/auth_tokens',
                     {'x-goog-api-key' => 'pool-key-3-secret'}, {uses => 1},
                     port => $fake->port);
    my $s = socket_of("${ws}Constrained?access_token=$r->{json}{name}");
    is($s->head, 101, 'a token of somebody else');
    is(($fake->log)[-1]{key}, $r->{json}{name}, '.. passes');
    $s->close;
    ok($t->wait_for(sub { in_flight() == 0 }), 'let go');
}

# teams

{
    my ($name) = mint('X-Team' => 'red');
    my $s = socket_of("${ws}Constrained?access_token=$name",
                      'X-Team' => 'blue');
    is($s->head, 404, "another team's token");

    $s = socket_of("${ws}Constrained?access_token=$name", 'X-Team' => 'red');
    is($s->head, 101, "a team's own");
    $s->close;
    $t->secret($name =~ s{.*/}{}r);
}

# what a map can see

{
    my $r = $t->get('/token?access_token=auth_tokens/abc');
    is($r->{body}, '[auth_tokens/abc]', 'a token is a credential');
    $r = $t->get('/token', {Authorization => 'Token auth_tokens/abc'});
    is($r->{body}, '[auth_tokens/abc]', '.. in the header, too');
    $r = $t->get('/token?access_token=ya29.abc');
    is($r->{body}, '[]', 'no other access_token is');
}

ok($t->wait_for(sub { in_flight() == 0 }), 'all places are free');

$t->stop;

my $log = $t->read('live.log');

like($log, qr/\|\[-?\]\|ok/, 'the key has no value when logged');

$t->done;
