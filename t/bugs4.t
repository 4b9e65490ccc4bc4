# What once let a team, or a log, at what was not its own, a block a bug.

use strict;
use warnings;

use Compress::Zlib;
use JSON::PP;
use Test::More;
use lib 't/lib';
use GeminiTest;

my $t = GeminiTest->new(workers => 1);
my $fake = $t->fake(keys => {map { ("pool-key-$_-secret" => "p$_") } 1 .. 8});
my $many = join "\n", map {
    "    key pool-key-$_-secret name=k$_ project=p$_;"
} 1 .. 8;

$t->conf(<<'EOT' =~ s/MANY/$many/r);
gemini_pool main {
    key    pool-key-1-secret name=k1 project=p1;
    key    pool-key-2-secret name=k2 project=p2;
    model  gemini-3.8-flash;
    queue  off;
}
gemini_pool many {
MANY
    model  gemini-3.8-flash;
    queue  off;
}

error_log %%DIR%%/info.log info;

server {
    listen 127.0.0.1:%%PORT_0%%;
    listen 127.0.0.1:%%PORT_2%% http2;
    client_body_buffer_size 1k;

    gemini_team $http_x_team;

    location / { gemini_pass main /gemini-upstream; }

    location /many/ { gemini_pass many /gemini-upstream; }

    location /once/ {
        gemini_select main;
        proxy_pass http://%%FAKE%%;
    }

    location /upload/ {
        gemini_select main;
        proxy_pass http://%%FAKE%%;
    }

    location /ws/ {
        gemini_select main;
        proxy_pass http://%%FAKE%%;
        include %%ROOT%%/conf/gemini_live.conf;
    }

    %%GEMINI_UPSTREAM%%
}

server {
    listen 127.0.0.1:%%PORT_1%%;
    location /gemini/status { gemini_status main; }
    location /gemini/control { gemini_control many; }
}
EOT

$t->start;

my $flash = '/v1beta/models/gemini-3.8-flash:generateContent';
my $google = 'https://generativelanguage.googleapis.com';
my %red = ('X-Team' => 'red');
my %blue = ('X-Team' => 'blue');


sub upload {
    my ($team, %told) = @_;

    my %how = ('X-Goog-Upload-Protocol' => 'resumable',
               'X-Goog-Upload-Command' => 'start',
               'X-Goog-Upload-Header-Content-Length' => 4,
               'X-Goog-Upload-Header-Content-Type' => 'text/plain',
               'X-Team' => $team);
    my $r = $t->post('/upload/v1beta/files', \%how, {file => {%told}});
    my ($path) = $r->{headers}{'x-goog-upload-url'} =~ m{^http://[^/]+(/.*)};

    $r = $t->post($path, {'X-Goog-Upload-Command' => 'upload, finalize',
                          'X-Goog-Upload-Offset' => 0, 'X-Team' => $team},
                  'text');

    return ($r->{json}{file}, $path);
}


sub says {
    my ($uri) = @_;
    return {contents => [{parts => [{text => 'x'},
                                    {fileData => {fileUri => $uri}}]}]};
}


sub asked {
    my ($since) = @_;
    return scalar $fake->log(since => $since);
}


sub mark {
    my @log = $fake->log;
    return @log ? $log[-1]{seq} : 0;
}


# nothing of it reached Google, and it was refused

sub refused {
    my ($name, $method, $target, $headers, $body, %o) = @_;

    my $mark = mark();
    my $r = $o{h2} ? $t->h2($method, $target, $headers, $body, port => $t->port(2))
                   : $t->request($method, $target, $headers, $body);

    like($r->{status}, qr/^40[034]$/, "$name: refused");
    is(asked($mark), 0, '.. here');

    return $r;
}

my ($red, $redup) = upload('red', display_name => 'x');
my ($blue, $blueup) = upload('blue', display_name => 'y');
ok($red->{uri} && $blue->{uri}, 'two files of two teams');

my ($upload_id) = $blueup =~ /upload_id=([^&]+)/;

lists();
methods();
spellings();
unread();
selected();
logs();
names();
long_teams();
tokens();
any_project();

$t->done;


sub lists {
    my ($r, $store);

    # one that lies where the file does

    do {
        $r = $t->post('/v1beta/fileSearchStores', \%blue,
                      {displayName => 's'});
        $store = $r->{json}{name};
        $r = $t->post("/v1beta/$store:importFile", \%blue,
                      {fileName => $blue->{name}});
    } while ($r->{status} == 400);

    $t->post("/v1beta/$store:importFile", \%blue,
             {fileName => $blue->{name}});
    $r = $t->get("/v1beta/$store/documents?pageSize=1", \%blue);
    my $token = $r->{json}{nextPageToken};
    ok($token, 'a page of them') or diag($r->{body});

    refused('a list', 'GET', '/v1beta/files', \%blue);
    refused('a list with an upload_id', 'GET',
            "/v1beta/files?upload_id=$upload_id", \%blue);
    refused('a list with a page token', 'GET',
            "/v1beta/files?pageToken=$token&pageToken=", \%blue);
    refused('a list of operations', 'GET',
            "/v1beta/models/gemini-3.8-flash/operations?pageToken=$token",
            \%blue);
    refused('what is no name', 'GET', '/v1beta/files:list', \%blue);
    refused('a list below OpenAI', 'GET',
            "/v1beta/openai/batches?upload_id=$upload_id", \%blue);
}


sub methods {
    my $mark = mark();
    for my $h ('X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override')
    {
        $t->post('/v1beta/fileSearchStores', {%blue, $h => 'GET'}, {});
        my ($e) = $fake->log(since => $mark);
        unlike(JSON::PP::encode_json($e->{headers}), qr/\Q$h\E/i,
               "$h stays here");
        $mark = mark();
    }
    for my $a ('$httpMethod=GET', '%24httpMethod=GET',
               '$httpHeaders=x-goog-api-key%3Ax%0D%0A',
               '$http%48eaders=x-goog-api-key%3Ax%0D%0A')
    {
        $t->post("/v1beta/fileSearchStores?$a", \%blue, {});
        my ($e) = $fake->log(since => $mark);
        unlike($e->{target}, qr/\?/, "$a, too");
        $mark = mark();
    }
}


sub spellings {
    my $id = $red->{name} =~ s{^files/}{}r;
    my $uni = join '', map { sprintf '\u%04x', ord } split //, $red->{uri};

    my @uris = (
        $red->{uri}, "$google/v1/files/$id",
        "https://GenerativeLanguage.GoogleAPIs.com/v1beta/files/$id",
        "https://generativelanguage.googleapis.com:443/v1beta/files/$id",
        "https://generativelanguage.googleapis.com./v1beta/files/$id",
        "https://u:p\@generativelanguage.googleapis.com/v1beta/files/$id",
        'https://' . 'u' x 2000
        . "\@generativelanguage.googleapis.com/v1beta/files/$id",
        ' ' x 2000 . $red->{uri},
        "https://generativelanguage%2Egoogleapis.com/v1beta/files/$id",
        "$google//v1beta//files//$id", "$google/v1beta/files%2F$id",
        "$google/v1beta/./files/$id", "$google/v1beta/x/../files/$id",
        "$google/v1beta/$blue->{name}/../$id",
        "$google/v1beta/" . 'x/' x 400 . "files/$id",
        "$google/v1beta/Files/$id",
        "//generativelanguage.googleapis.com/v1beta/files/$id",
        "generativelanguage.googleapis.com/v1beta/files/$id",
        "files/$id", "/files/$id", "v1beta/files/$id", "\tfiles/$id",
        "https:\\\\generativelanguage.googleapis.com\\v1beta\\files\\$id",
    );

    refused("uri $_", 'POST', $flash, \%blue, says($_)) for @uris;

    my $body = '{"contents":[{"parts":[{"fileData":{"fileUri":"URI"}}]}]}';

    refused('escaped', 'POST', $flash, \%blue, $body =~ s/URI/$uni/r);
    refused('an escaped member', 'POST', $flash, \%blue,
            $body =~ s/URI/$red->{uri}/r =~ s/fileUri/\\u0066ileUr\\u0069/r);
    refused('a member twice', 'POST', $flash, \%blue,
            '{"contents":[{"parts":[{"fileData":{"fileUri":"'
            . $red->{uri} . '","fileUri":"' . $blue->{uri} . '"}}]}]}');
    refused('more than 64', 'POST', $flash, \%blue,
            {contents => [map { +{parts => [{fileData => {fileUri =>
                "$google/v1beta/files/x$_"}}]} } 1 .. 70]});
    refused('over HTTP/2', 'POST', $flash, [%blue], 
            $body =~ s/URI/$red->{uri}/r, h2 => 1);
    refused('larger than the buffer', 'POST', $flash, \%blue,
            {%{says($red->{uri})}, a => 'x' x 70000});
    my @pieces = ($body =~ s/URI/$red->{uri}/r) =~ /(.{1,7})/sg;
    refused('chunked', 'POST', $flash, \%blue, sub { shift @pieces });

    refused("path $_", 'GET', $_, \%blue)
        for "/v1beta/files%2F$id", "//v1beta//files//$id",
            "/v1beta/x/../files/$id", "/v1beta/files/%2e/$id",
            "/v1beta/$blue->{name}/../$id", "/v1beta/files/$id:download",
            "/v1beta/$red->{name}?alt=media",
            "/v1beta/%66iles/$id", "/v1beta/$blue->{name}/%2e%2e/$id",
            "/v1beta/$blue->{name}%2f..%2f$id";
}


sub unread {
    my $uri = $red->{uri};
    my $json = '{"contents":[{"parts":[{"fileData":{"fileUri":"'
               . $uri . '"}}]}]}';

    refused('gzip', 'POST', $flash, {%blue, 'Content-Encoding' => 'gzip'},
            Compress::Zlib::memGzip($json));
    refused('deflate', 'POST', $flash,
            {%blue, 'Content-Encoding' => 'deflate'},
            Compress::Zlib::compress($json));
    refused('an array', 'POST', $flash,
            {%blue, 'Content-Type' => 'application/json+protobuf'},
            qq{["models/gemini-3.8-flash",[[[[null,null,["x","$uri"]]]]]]});
    refused('protobuf', 'POST', $flash,
            {%blue, 'Content-Type' => 'application/x-protobuf'},
            qq{"\x02\x08\x01\x12$uri});
    refused('a string', 'POST', $flash, \%blue, qq{"$uri"});
    refused('UTF-16', 'POST', $flash, \%blue,
            join '', map { "$_\0" } split //, $json);
    refused('deep', 'POST', $flash, \%blue,
            '{"a":' . '[' x 600 . ']' x 600 . ',' . substr $json, 1);
}


sub selected {
    refused('gemini_select', 'POST', "/once$flash", \%blue,
            says($red->{uri}));
}


sub logs {
    my $secret = 'files/logged' . "\n" . 'forged log line';
    my $r = $t->post($flash, \%blue, says($secret));
    is($r->{status}, 403, 'a name');
    like($r->{json}{error}{message}, qr{^files/logged\nforged}, '.. is told');
    $r = $t->post($flash, \%blue, says('files/' . 'x' x 72 . "\x{20ac}"));
    is($r->{status}, 403, 'a long name');
    ok($r->{json}, '.. cut, still JSON');

    $r = $t->get('/ws/google.ai.generativelanguage.v1alpha.GenerativeService.'
                 . 'BidiGenerateContentConstrained?access_token='
                 . 'auth_tokens/abcdefgh12345', \%blue);
    is($r->{status}, 403, 'an ephemeral token');

    my $log = $t->read('info.log');
    unlike($log, qr/files\/logged|^forged/m, 'no name in the log');
    unlike($log, qr/abcdefgh12345/, 'nor an ephemeral token');
    unlike($log, qr/\Q$upload_id\E/, 'nor an upload_id');
}


# files may be named by who makes them: the name belongs to who came first

sub names {
    my ($mine) = upload('red', name => 'files/shared-name');
    is($mine->{name}, 'files/shared-name', 'a name of choice');
    my $owner = ($fake->log)[-1]{project};

    for (1 .. 6) {
        upload('blue', name => 'files/shared-name');
    }

    my $mark = mark();
    my $r = $t->get('/v1beta/files/shared-name', \%red);
    is($r->{status}, 200, "its owner's");
    is(($fake->log(since => $mark))[-1]{project}, $owner, '.. where it lies');
    $r = $t->get('/v1beta/files/shared-name', \%blue);
    is($r->{status}, 404, '.. and nobody else\'s');

    $r = $t->request('DELETE', '/v1beta/files/shared-name', \%red);
    is($r->{status}, 200, 'deleted');
    $r = $t->get('/v1beta/files/shared-name', \%blue);
    is($r->{status}, 403, '.. it is forgotten');
}


# teams whose names differ behind what a counter's label takes

sub long_teams {
    my $org = '/C=XX/O=An organisation of some length/OU=A unit of it, of many/CN=';
    cmp_ok(length $org, '>=', 64, 'long names');

    my ($file) = upload($org . 'alice');
    my $r = $t->get("/v1beta/$file->{name}", {'X-Team' => $org . 'alice'});
    is($r->{status}, 200, 'her own');
    $r = $t->get("/v1beta/$file->{name}", {'X-Team' => $org . 'bob'});
    is($r->{status}, 404, ".. is not another's");
}


# a session with a token of unknown origin says nothing of whose it is

sub tokens {
    my $r = $t->post('/v1alpha/auth_tokens',
                     {'x-goog-api-key' => 'pool-key-2-secret'}, {uses => 9},
                     port => $fake->port);
    my $token = $r->{json}{name};
    like($token, qr{^auth_tokens/}, 'minted elsewhere');

    my $ws = '/ws/google.ai.generativelanguage.v1alpha.GenerativeService.'
             . "BidiGenerateContentConstrained?access_token=$token";
    my @upgrade = (Upgrade => 'websocket', Connection => 'Upgrade',
                   'Sec-WebSocket-Key' => 'dGhlIHNhbXBsZSBub25jZQ==',
                   'Sec-WebSocket-Version' => 13);

    my $s = $t->stream('GET', $ws, [@upgrade]);
    is($s->head, 101, 'used');
    $s->close;

    $s = $t->stream('GET', $ws, [@upgrade, %blue]);
    is($s->head, 403, '.. and still unknown');
    $s->close;
}


# a list is looked for in some projects, not in all of a large pool

sub any_project {
    my $r;

    for my $i (1 .. 8) {
        $t->post("/gemini/control/enable?project=p$i", {}, '',
                 port => $t->port(1));
        $t->post("/gemini/control/disable?project=p$_", {}, '',
                 port => $t->port(1))
            for grep { $_ != $i } 1 .. 8;

        my $mark = mark();
        $r = $t->get('/many/v1beta/cachedContents', {'x-goog-api-key' => 'c'});
        is($r->{status}, 200, 'a list');
        is(join(' ', map { $_->{project} } $fake->log(since => $mark)), "p$i",
           '.. of the one project that is left');
    }

    $t->post('/gemini/control/disable?project=p8', {}, '',
             port => $t->port(1));
    $r = $t->get('/many/v1beta/cachedContents', {'x-goog-api-key' => 'c'});
    is($r->{status}, 503, '.. of none');
}
