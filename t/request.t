# Requests as clients send them: surfaces, versions, the model in every place,
# one credential upstream, nothing of the client's in it.

use strict;
use warnings;

use Test::More;
use lib 't/lib';
use GeminiTest;

my $t = GeminiTest->new;
my $fake = $t->fake(keys => {'pool-key-1-secret' => 'p1'});

$t->secret('client-secret-1');

$t->conf(<<'EOT');
gemini_pool main {
    key    pool-key-1-secret name=k1 project=p1;
    model  gemini-3.8-flash;
    model  gemini-3.5-flash-lite;
    model  gemini-embedding-001;
    alias  gpt-4o-mini gemini-3.5-flash-lite;
    alias  embed gemini-embedding-001;
}

log_format req '$request|$gemini_surface|$gemini_verb|$gemini_model_requested|$gemini_model|$gemini_key_name|$gemini_project|$gemini_attempts|$gemini_outcome|$gemini_prompt_tokens|$gemini_output_tokens|$gemini_total_tokens';
access_log %%DIR%%/access.log req;

server {
    listen 127.0.0.1:%%PORT_0%%;
    client_max_body_size 128m;

    location / {
        gemini_pass main /gemini-upstream;
    }

    location /base/path {
        gemini_pass main /gemini-upstream;
    }

    location /unlisted/ {
        gemini_restrict families=files,unknown;
        gemini_pass main /gemini-upstream;
    }

    location /nostore {
        gemini_store off;
        gemini_pass main /gemini-upstream;
    }

    %%GEMINI_UPSTREAM%%
}
EOT

$t->start;

my $flash = 'gemini-3.8-flash';
my $lite = 'gemini-3.5-flash-lite';
my @client = ('x-goog-api-key' => 'client-secret-1');
my $hello = {contents => [{parts => [{text => 'Hello'}]}]};


# the last request at the fake

sub seen {
    return $fake->log->[-1] if ref $fake->log eq 'ARRAY';
    return ($fake->log)[-1];
}


sub header {
    my ($entry, $name) = @_;
    return join ',', map { $_->[1] }
        grep { lc $_->[0] eq $name } @{$entry->{headers}};
}


for my $v (qw(v1 v1beta v1alpha)) {
    my $r = $t->post("/$v/models/$flash:generateContent", {@client}, $hello);
    is($r->{status}, 200, "$v generateContent");
    is(seen->{target}, "/$v/models/$flash:generateContent", "$v target");
}

{
    my $r = $t->post("/v1beta/models/$flash%3AgenerateContent?key=client-secret-1&alt=json",
                     {}, $hello);
    is($r->{status}, 200, 'an escaped colon');
    is(seen->{target}, "/v1beta/models/$flash:generateContent?alt=json",
       'a canonical target, without the key');
}

{
    my $r = $t->post('/base/path/v1beta/models/gpt-4o-mini:generateContent',
                     {@client}, $hello);
    is($r->{status}, 200, "a base URL's path");
    is(seen->{target}, "/v1beta/models/$lite:generateContent",
       'the prefix is gone, the alias resolved');
}

{
    my $r = $t->request('POST', "/v1beta/models/$flash:generateContent",
        [@client, Authorization => 'Bearer client-secret-1',
         'api-key' => 'client-secret-1', Cookie => 'a=client-secret-1',
         'x-goog-user-project' => 'their-project',
         'OpenAI-Organization' => 'org', Referer => 'http://x/',
         Origin => 'http://x', 'X-Forwarded-For' => '1.2.3.4',
         Via => '1.1 x', Connection => 'keep-alive, X-Hop', 'X-Hop' => '1',
         'X-Kept' => 'yes', 'Accept-Encoding' => 'gzip',
         'x-goog-api-client' => 'google-genai-sdk/1.0 gl-node/20'],
        $hello);
    is($r->{status}, 200, 'many headers');

    my $e = seen;
    is($e->{key}, 'pool-key-1-secret', "the pool's key");
    is($e->{where}, 'header', 'in the header');
    is($e->{credentials}, 1, 'one credential');

    for my $name (qw(authorization api-key cookie x-goog-user-project
                     openai-organization referer origin x-forwarded-for via
                     x-hop))
    {
        is(header($e, $name), '', "no $name upstream");
    }

    is(header($e, 'x-kept'), 'yes', 'other headers pass');
    is(header($e, 'accept-encoding'), 'identity', 'identity is asked for');
    like(header($e, 'x-goog-api-client'), qr/gl-node/, 'the SDK is named');
}

{
    my $r = $t->post('/v1beta/openai/chat/completions',
                     {Authorization => 'Bearer client-secret-1'},
                     {messages => [{role => 'user', content => 'Hi'}],
                      model => 'gpt-4o-mini'});
    is($r->{status}, 200, 'chat');
    my $e = seen;
    is($e->{where}, 'bearer', 'Bearer on the OpenAI surface');
    is($e->{credentials}, 1, 'one credential');
    is($e->{model}, $lite, 'the alias is resolved in the body');
    is($e->{length}, length $e->{body}, 'the length is right');
}

# the model behind megabytes, escaped

{
    my $pad = 'x' x 3_000_000;
    my $body = '{"messages":[{"role":"user","content":"' . $pad
               . ' \\"model\\":\\"no\\""}],"mod\\u0065l" : "gpt\\u002d4o-mini" ,"n":1}';
    my $r = $t->post('/v1beta/openai/chat/completions',
                     {Authorization => 'Bearer client-secret-1',
                      'Content-Type' => 'application/json'}, $body);
    is($r->{status}, 200, 'a late, escaped model');

    my $e = seen;
    my $want = $body;
    $want =~ s/"gpt\\u002d4o-mini"/"$lite"/;
    is($e->{length}, length $want, 'only the name has changed');
    is($e->{md5}, Digest::MD5::md5_hex($want), '.. to the byte');
}

# chunked, from a client that does not know the length

{
    my @parts = ('{"model":"models/gpt-4', 'o-mini","messages":[',
                 '{"role":"user","content":"Hi"}]}');
    my $r = $t->post('/v1beta/openai/chat/completions',
                     {Authorization => 'Bearer client-secret-1'},
                     sub { return shift @parts });
    is($r->{status}, 200, 'a chunked body');
    is(seen->{body},
       qq({"model":"models/$lite","messages":[{"role":"user","content":"Hi"}]}),
       'the prefix is kept, the pieces are whole');
}

{
    my $r = $t->post("/v1beta/models/embed:batchEmbedContents", {@client},
        {requests => [map { {model => 'models/embed',
                             content => {parts => [{text => $_}]}} } 1 .. 3]});
    is($r->{status}, 200, 'batch embed');
    my $e = seen;
    is($e->{target}, '/v1beta/models/gemini-embedding-001:batchEmbedContents',
       'the path');
    is(() = $e->{body} =~ m{"models/gemini-embedding-001"}g, 3,
       'and each request');
}

{
    my $r = $t->post("/v1beta/models/gpt-4o-mini:countTokens", {@client},
        {generateContentRequest => {model => 'models/gpt-4o-mini', %$hello}});
    is($r->{status}, 200, 'count tokens');
    like(seen->{body}, qr{"models/\Q$lite\E"}, 'the model in the body');
}

{
    my $r = $t->post("/v1beta/openai/embeddings",
                     {Authorization => 'Bearer client-secret-1'},
                     {input => 'x', model => 'embed'});
    is($r->{status}, 200, 'OpenAI embeddings');
    is(seen->{model}, 'gemini-embedding-001', 'its model');
}

# what the scanner cannot read passes untouched

{
    my $body = "{'model': 'gemini-3.8-flash', 'messages': [],}";
    $t->post('/v1beta/openai/chat/completions',
             {Authorization => 'Bearer client-secret-1',
              'Content-Type' => 'application/json'}, $body);
    is(seen->{body}, $body, 'a lenient body is untouched');
}

for my $path ('/v1beta/models', '/v1beta/models?pageSize=2',
              "/v1beta/models/$flash", '/v1beta/openai/models',
              "/v1beta/openai/models/$flash")
{
    my $r = $t->get($path, {@client});
    is($r->{status}, 200, "GET $path");
    is(seen->{target}, $path, 'its target');
}

{
    my $r = $t->request("HEAD", "/v1beta/models", {@client});
    is(seen->{method}, "HEAD", "HEAD");
    is($r->{body}, '', 'without a body');
}

# gemini_store off

{
    $t->post("/nostore/v1beta/models/$flash:generateContent", {@client},
             '{"contents":[]}');
    is(seen->{body}, '{"store":false,"contents":[]}', 'store is added');
    $t->post("/nostore/v1beta/models/$flash:generateContent", {@client},
             ' { } ');
    is(seen->{body}, ' {"store":false } ', '.. to an empty object');
    $t->post("/nostore/v1beta/models/$flash:generateContent", {@client},
             '{"store":true,"contents":[]}');
    is(seen->{body}, '{"store":true,"contents":[]}', '.. not twice');
}

# not ours

{
    my $n = @{[$fake->log]};

    for my $path ('/', '/v2/models', '/v1beta', '/etc/passwd',
                  '/v1beta/auth_tokens', '/v1beta/nonsense')
    {
        my $r = $t->post($path, {@client}, {});
        is($r->{status}, 404, "$path is refused");
        is($r->{json}{error}{status}, 'NOT_FOUND', 'in shape');
    }

    is(scalar @{[$fake->log]}, $n, 'nothing of it went upstream');

    my $r = $t->get("/unlisted/v1beta/models", {@client});
    is($r->{status}, 404, 'a family that is not enabled');
    $r = $t->get("/unlisted/v1beta/nonsense", {@client});
    is(seen->{target}, '/v1beta/nonsense', 'unknown paths when named');
}

# variables and redaction in the log

{
    $t->post("/v1beta/models/gpt-4o-mini:generateContent?key=client-secret-1",
             {}, $hello);
    $t->stop;

    my ($line) = grep { /key=/ } reverse split /\n/, $t->access_log;
    is($line, 'POST /v1beta/models/gpt-4o-mini:generateContent?key=xxxxxxxxxxxxxxx HTTP/1.1'
              . "|native|generate|gpt-4o-mini|$lite|k1|p1|1|ok|"
              . ($line =~ /\|ok\|(\d+\|\d+\|\d+)$/ ? $1 : ''),
       'variables in the log');
}

$t->done;
