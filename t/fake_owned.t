#!/usr/bin/perl

# The fake Gemini by itself: all that belongs to a project can be used with
# the keys of that project, and with no other.

use strict;
use warnings;

use Digest::MD5 'md5_hex';
use FindBin;
use MIME::Base64 'decode_base64';
use Test::More;

use lib "$FindBin::Bin/lib";

use FakeGemini::RefScan;
use GeminiTest;

my $t = GeminiTest->new(scan_answers => 0);
my $fake = $t->fake(keys => {map { ("demo-key-$_" => $_ < 3 ? 'demo-a'
                                                        : 'demo-b') } 1 .. 4});

my $host = 'https://generativelanguage.googleapis.com';
my $flash = 'gemini-3.8-flash';
my $generate = "models/$flash:generateContent";
my %resumable = ('X-Goog-Upload-Protocol' => 'resumable',
                 'X-Goog-Upload-Command'  => 'start');


# key 1 made it, 2 is of its project, 3 of another

sub ask {
    my ($n, $method, $path, $data, %more) = @_;
    my %key = $path =~ m{^openai/}
        ? (Authorization => "Bearer demo-key-$n")
        : ('x-goog-api-key' => "demo-key-$n");

    return $t->request($method, $path =~ m{^/} ? $path : "/v1beta/$path",
                       {($n ? %key : ()), %more}, $data,
                       port => $fake->port);
}


sub created {
    my ($path, $data, %more) = @_;
    my $r = ask(1, POST => $path, $data // {}, %more);

    is($r->{status}, 200, "$path: made") or diag($r->{body});
    return $r->{json};
}


sub uploaded {
    my ($path, $data, $type, @pieces) = @_;
    my $r = ask(1, POST => $path, $data, %resumable,
        'X-Goog-Upload-Header-Content-Type' => $type,
        'X-Goog-Upload-Header-Content-Length' => length join '', @pieces);
    my ($url) = ($r->{headers}{'x-goog-upload-url'} // '')
        =~ m{^\Q$host\E(.*)};
    my $at = 0;

    while (@pieces) {
        my $piece = shift @pieces;
        $r = ask(0, POST => $url, $piece, 'X-Goog-Upload-Offset' => $at,
            'X-Goog-Upload-Command' => @pieces ? 'upload'
                                               : 'upload, finalize');
        $at += length $piece;
    }

    is($r->{headers}{'x-goog-upload-status'}, 'final', "$path: uploaded");
    return $r->{json};
}


# what both keys of the project may, and no other: [method, path, body]
sub is_owned {
    my ($name, $call, $status, $message) = @_;
    my @r = map { ask($_, ref $call eq 'CODE' ? $call->() : @$call) } 1 .. 3;

    is($r[0]{status}, 200, "$name: its key") or diag($r[0]{body});
    is($r[1]{status}, 200, "$name: another key of its project");
    is($r[2]{status}, $status, "$name: a key of another project")
        or diag($r[2]{body});

    my $json = $r[2]{json};
    my $error = ref $json eq 'ARRAY' ? $json->[0]{error} : $json->{error};
    is($error->{message}, $message, "$name: what that is told");

    return $r[2];
}


sub file_error {
    return 'You do not have permission to access the File '
        . "$_[0] or it may not exist.";
}


my $foreign = 'The caller does not have permission';
my $missing = 'Requested entity was not found.';
my $cache_error = 'CachedContent not found (or permission denied)';


subtest 'files' => sub {
    my $file = uploaded('/upload/v1beta/files', {file => {
        display_name => 'two'}}, 'text/plain', 'x' x 5000, 'y' x 3000)
        ->{file};
    my ($id) = $file->{name} =~ m{^files/(.*)};
    my @refused = (403, file_error($id));

    is($file->{sizeBytes}, 8000, 'size');
    is($file->{uri}, "$host/v1beta/files/$id", 'address');
    is($file->{displayName}, 'two', 'title');
    is($file->{state}, 'ACTIVE', 'state');
    is(($fake->resources('files'))[0]{md5}, md5_hex('x' x 5000 . 'y' x 3000),
       'every byte of it');
    is(($fake->resources('files'))[0]{project}, 'demo-a', 'whose it is');

    is_owned('get', [GET => $file->{name}], @refused);

    my $uri = $file->{uri};
    my @uses = (
        ['fileData', $generate,
         {contents => [{parts => [{fileData => {fileUri => $uri}}]}]}],
        ['file_data', $generate,
         {contents => [{parts => [{file_data => {file_uri => $uri}}]}]}],
        ['stream', "models/$flash:streamGenerateContent?alt=sse",
         {contents => [{parts => [{fileData => {fileUri => $uri}}]}]}],
        ['countTokens', "models/$flash:countTokens",
         {generateContentRequest => {model => "models/$flash",
          contents => [{parts => [{fileData => {fileUri => $uri}}]}]}}],
        ['another version', "/v1alpha/$generate",
         {contents => [{fileData => {fileUri => $uri =~ s/v1beta/v1/r}}]}],
        ['a bare name', $generate,
         {contents => [{fileData => {fileUri => "files/$id"}}]}],
        ['interactions', 'interactions', {model => $flash, input => [
            {type => 'document', uri => $uri}]}],
        ['a cache', 'cachedContents', {model => "models/$flash",
            contents => [{fileData => {fileUri => $uri}}]}],
        ['a batch', "models/$flash:batchGenerateContent", {batch => {
            input_config => {file_name => "files/$id"}}}],
        ['inside a batch', "models/$flash:batchGenerateContent", {batch => {
            inputConfig => {requests => {requests => [{request => {
                contents => [{fileData => {fileUri => $uri}}]}}]}}}}],
        ['OpenAI batch', 'openai/batches', {input_file_id => "files/$id",
            endpoint => '/v1/chat/completions'}],
        ['OpenAI batch, bare', 'openai/batches', {input_file_id => $id}],
    );

    is_owned($_->[0], [POST => @$_[1, 2]], @refused) for @uses;

    my $r = ask(3, POST => 'openai/batches', {input_file_id => $id});
    is(ref $r->{json}, 'ARRAY', 'OpenAI has its own form');
    $r = ask(3, POST => 'interactions', {model => $flash, input => [
        {type => 'document', uri => $uri}]});
    is_deeply($r->{json}{error}, {code => 'permission_denied',
        message => file_error($id)}, 'interactions have theirs');

    my %free = (
        elsewhere => {fileData => {fileUri => 'https://youtu.be/xyz'}},
        bucket    => {fileData => {fileUri => 'gs://some/thing'}},
        'a text'  => {text => "\"fileUri\": \"$uri\""},
        'an argument' => {functionCall => {name => 'x',
                                           args => {fileUri => $uri}}},
    );

    is(ask(3, POST => $generate, {contents => [{parts => [$free{$_}]}]})
       ->{status}, 200, "$_ is nobody's") for sort keys %free;

    my $long = '{"contents": [{"parts": [{"inlineData": {"data": "'
        . 'QUJD' x 400_000 . "\"}}, {\"fileData\": {\"fileUri\" : \"$uri\"}}"
        . ']}]}';
    is_owned('a long body', [POST => $generate, $long], @refused);

    is(ask(1, GET => "files/$id:download?alt=media")->{status}, 400,
       'what was uploaded cannot be fetched');
    is(ask(3, DELETE => $file->{name})->{status}, 403, 'others delete not');
    is(ask(2, DELETE => $file->{name})->{status}, 200, 'its project does');
    is(ask(1, POST => $generate, $uses[0][2])->{status}, 403, 'it is gone');
};


subtest 'lists' => sub {
    created('files', {file => {name => "files/list-$_",
                               mime_type => 'text/plain'}}) for 1 .. 3;
    my $r = ask(2, GET => 'files?pageSize=2');

    is_deeply([map { $_->{name} } @{$r->{json}{files}}],
              ['files/list-1', 'files/list-2'], 'a page');

    my $next = "files?pageSize=2&pageToken=$r->{json}{nextPageToken}";

    is_deeply([map { $_->{name} } @{ask(1, GET => $next)->{json}{files}}],
              ['files/list-3'], 'the next, by another key');
    is(ask(3, GET => $next)->{status}, 400, 'not of another project');
    is_deeply(ask(3, GET => 'files')->{json}{files}, [], 'which has none');
    is(ask(1, POST => 'files', {file => {name => 'files/list-1'}})
       ->{status}, 409, 'a name is taken once');

    $fake->resource('files/list-1', expires => time - 1);
    is(ask(1, GET => 'files/list-1')->{status}, 403, 'one has expired');
    $fake->resource('files/list-2', gone => 1);
    is(@{ask(1, GET => 'files')->{json}{files}}, 1, 'one is left');

    my $video = uploaded('/upload/v1beta/files', {file => {}}, 'video/mp4',
                         'v')->{file};
    my $use = {contents => [{fileData => {fileUri => $video->{uri}}}]};

    is($video->{state}, 'PROCESSING', 'a video is looked at');
    is(ask(1, POST => $generate, $use)->{status}, 400, 'and of no use');
    is(ask(1, GET => $video->{name})->{json}{state}, 'PROCESSING', 'still');
    is(ask(1, GET => $video->{name})->{json}{state}, 'ACTIVE', 'until then');
    is(ask(1, POST => $generate, $use)->{status}, 200, 'and used');
};


subtest 'uploads' => sub {
    my $start = sub {
        my (%more) = @_;
        my $r = ask(1, POST => '/upload/v1beta/files', {}, %resumable,
                    %more);
        is($r->{headers}{'x-goog-upload-status'}, 'active', 'begun');
        is($r->{headers}{'x-goog-upload-control-url'},
           $r->{headers}{'x-goog-upload-url'}, 'with two addresses');
        return $r->{headers}{'x-goog-upload-url'} =~ s/^\Q$host\E//r;
    };
    my $send = sub {
        my ($n, $url, $command, $at, $piece) = @_;
        return ask($n, POST => $url, $piece // '',
                   'X-Goog-Upload-Command' => $command,
                   defined $at ? ('X-Goog-Upload-Offset' => $at) : ());
    };
    my $url = $start->('X-Goog-Upload-Header-Content-Length' => 10);

    is($send->(0, $url, 'upload', 0, 'abcd')->{headers}
       {'x-goog-upload-size-received'}, 4, 'a piece');
    is($send->(0, $url, 'upload', 0, 'abcd')->{status}, 400, 'not twice');
    my $r = $send->(3, $url, 'upload', 4, 'ef');
    is("$r->{status} $r->{body}", "403 Forbidden\n",
       'not with a key of another project: plain text');
    is($send->(2, $url, 'query')->{headers}{'x-goog-upload-size-received'},
       4, 'query');
    is($send->(2, $url, 'upload', 4, 'ef')->{status}, 200,
       'with a key of the project');
    is($send->(0, $url, 'upload, finalize', 6, 'gh')->{status}, 400,
       'too short for what was told');
    is($send->(0, $url, 'upload, finalize', 6, 'ghij')->{json}{file}
       {sizeBytes}, 10, 'the end');
    is($send->(0, $url, 'query')->{headers}{'x-goog-upload-status'},
       'final', 'is known');
    is($send->(0, $url, 'upload', 10, 'k')->{status}, 400, 'and final');

    $url = $start->();
    is($send->(0, $url, 'cancel')->{headers}{'x-goog-upload-status'},
       'cancelled', 'cancel');
    is($send->(0, $url, 'upload', 0, 'x')->{status}, 400, 'for good');
    is($send->(0, '/upload/v1beta/files?upload_id=nope', 'query')->{status},
       404, 'an unknown upload');

    my @file = sort { $a->{created} <=> $b->{created} }
        grep { ($_->{size} // 0) == 10 } $fake->resources('files');
    is($file[0]{md5}, md5_hex('abcdefghij'), 'what counted has arrived');

    $url = $start->();
    my $s = $t->raw("POST $url HTTP/1.1\r\nHost: x\r\n"
        . "X-Goog-Upload-Command: upload\r\nX-Goog-Upload-Offset: 0\r\n"
        . "Content-Length: 100\r\n\r\nabc", port => $fake->port);
    $s->close;
    ok($fake->wait(closed_early => 1), 'a piece that breaks off');
    is($send->(0, $url, 'query')->{headers}{'x-goog-upload-size-received'},
       0, 'does not count');

    $r = ask(1, POST => '/upload/v1beta/files', 'abc',
             'X-Goog-Upload-Protocol' => 'raw', 'Content-Type' => 'a/b');
    is("$r->{json}{file}{mimeType} $r->{json}{file}{sizeBytes}", 'a/b 3',
       'all in one request');

    $r = $t->post('/upload/v1beta/files?key=demo-key-1', \%resumable, {},
                  port => $fake->port);
    like($r->{headers}{"x-goog-upload-$_"}, qr/\?key=demo-key-1&/,
         "a start by ?key= gives the key away: $_") for qw(url control-url);

    $fake->script({verb => 'upload', status => 503, type => 'text/plain',
                   body => "Service unavailable\n"});
    is(ask(1, POST => '/upload/v1beta/files', {}, %resumable)->{body},
       "Service unavailable\n", 'errors may be plain');
    $fake->script;
};


subtest 'caches' => sub {
    $fake->forget;

    my $cache = created('cachedContents', {model => "models/$flash",
        displayName => 'c', ttl => '600s',
        contents => [{parts => [{text => 'x' x 4000}]}]});
    my $name = $cache->{name};
    my @refused = (403, $cache_error);
    my $tokens = $cache->{usageMetadata}{totalTokenCount};

    like($name, qr{^cachedContents/\w+$}, 'name');
    is($cache->{model}, "models/$flash", 'model');
    cmp_ok($tokens, '>', 1000, 'tokens');

    is_owned('get', [GET => $name], @refused);
    is_owned('patch', [PATCH => "$name?updateMask=ttl", {ttl => '900s'}],
             @refused);

    my $openai = {model => $flash, messages => []};
    my @uses = (
        ['camel', $generate, {contents => [], cachedContent => $name}],
        ['snake', $generate, {contents => [], cached_content => $name}],
        ['stream', "models/$flash:streamGenerateContent?alt=sse",
         {contents => [], cachedContent => $name}],
        ['count', "models/$flash:countTokens", {generateContentRequest =>
            {model => "models/$flash", cachedContent => $name}}],
        ['OpenAI', 'openai/chat/completions', {%$openai,
            extra_body => {google => {cached_content => $name}}}],
        ['OpenAI, top level', 'openai/chat/completions', {%$openai,
            google => {cached_content => $name}}],
        ['interactions', 'interactions', {model => $flash, input => 'x',
                                          cached_content => $name}],
    );

    is_owned($_->[0], [POST => @$_[1, 2]], @refused) for @uses;

    my $r = ask(1, POST => $generate, $uses[0][2]);
    is($r->{json}{usageMetadata}{cachedContentTokenCount}, $tokens,
       'usage tells of it');

    $r = ask(1, POST => 'models/gemini-3.5-flash:generateContent',
             $uses[0][2]);
    is($r->{json}{error}{message}, 'Model used by GenerateContent request '
        . "(models/gemini-3.5-flash) and CachedContent (models/$flash) has "
        . 'to be the same.', 'another model');
    is(ask(1, POST => $generate, {%{$uses[0][2]}, tools => []})->{status},
       400, 'tools beside it');

    is(ask(1, POST => 'cachedContents', {contents => []})->{status}, 400,
       'none without a model');
    is(ask(1, POST => 'cachedContents', {model => 'models/nope'})->{status},
       404, 'none with one that is not there');
    is(ask(1, POST => 'cachedContents', {model => "models/$flash",
                                         ttl => 'x'})->{status}, 400, 'ttl');
    is(@{ask(2, GET => 'cachedContents')->{json}{cachedContents}}, 1,
       'a list');
    is(@{ask(3, GET => 'cachedContents')->{json}{cachedContents}}, 0,
       'of one project');
    is(ask(3, DELETE => $name)->{status}, 403, 'others delete not');
    is(ask(2, DELETE => $name)->{status}, 200, 'its project does');
    is(ask(1, GET => $name)->{status}, 403, 'it is gone');
};


subtest 'batches' => sub {
    $fake->forget;

    my $file = uploaded('/upload/v1beta/files', {}, 'application/jsonl',
                        qq({"key": "1"}\n{"key": "2"}\n))->{file};
    my $path = "models/$flash:batchGenerateContent";
    my $batch = created($path, {batch => {displayName => 'b', inputConfig =>
        {fileName => $file->{name}}}});

    like($batch->{name}, qr{^batches/}, 'name');
    is($batch->{metadata}{state}, 'BATCH_STATE_PENDING', 'state');
    is($batch->{metadata}{batchStats}{requestCount}, '2', 'requests');
    is_owned('get', [GET => $batch->{name}], 404, $missing);

    $batch = ask(1, GET => $batch->{name})->{json};
    is($batch->{metadata}{state}, 'BATCH_STATE_SUCCEEDED', 'it is done');

    my $output = $batch->{response}{responsesFile};
    like($output, qr{^files/batch-}, 'its file');
    is_owned('the file', [GET => $output], 403,
             file_error($output =~ s{.*/}{}r));

    my $r = ask(2, GET => "$output:download?alt=media");
    is(() = $r->{body} =~ /^\{"key": "request-\d", "response": /mg, 2,
       'what is in it');
    is(ask(3, GET => "$output:download?alt=media")->{status}, 403,
       'not for others');

    my $inline = {batch => {inputConfig => {requests => {requests => [
        {request => {contents => []}}, {request => {contents => []}}]}}}};

    $batch = created($path, $inline);
    ask(1, GET => $batch->{name});
    $batch = ask(1, GET => $batch->{name})->{json};
    is(@{$batch->{metadata}{output}{inlinedResponses}{inlinedResponses}}, 2,
       'inline');

    $batch = created('models/gemini-embedding-001:asyncBatchEmbedContent',
                     $inline);
    is_owned('embedding', [GET => $batch->{name}], 404, $missing);

    $batch = created($path, $inline);
    is(ask(3, POST => "$batch->{name}:cancel")->{status}, 404,
       'others cancel not');
    is(ask(2, POST => "$batch->{name}:cancel")->{status}, 200, 'cancel');
    is(ask(1, GET => $batch->{name})->{json}{metadata}{state},
       'BATCH_STATE_CANCELLED', 'it is');
    is(@{ask(2, GET => 'batches')->{json}{operations}}, 4, 'a list');
    is(ask(3, GET => 'batches')->{json}{operations}[0], undef,
       'of one project');
    is(ask(3, DELETE => $batch->{name})->{status}, 404, 'others delete not');
    is(ask(1, DELETE => $batch->{name})->{status}, 200, 'delete');
    is(ask(1, GET => $batch->{name})->{status}, 404, 'it is gone');

    $fake->config(foreign => {batches => 'permission'});
    is(ask(1, GET => 'batches/none')->{status}, 403, 'or a 403');
    $fake->config(foreign => {});

    $batch = created('openai/batches', {input_file_id => $file->{name},
        endpoint => '/v1/chat/completions', completion_window => '24h'});
    is($batch->{status}, 'validating', 'as OpenAI has them');
    is_owned("OpenAI $_", [GET => "openai/batches/$_"], 404, $missing)
        for $batch->{id}, $batch->{id} =~ s{/}{%2F}r,
            $batch->{id} =~ s{.*/}{}r;
    is(ask(1, POST => "openai/batches/$batch->{id}/cancel")->{json}{status},
       'completed', 'too late');
    is(@{ask(2, GET => 'openai/batches')->{json}{data}}, 4, 'a list');
};


subtest 'videos' => sub {
    my $path = 'models/veo-3.1-generate-preview';
    my $made = created("$path:predictLongRunning",
                       {instances => [{prompt => 'x'}]});

    like($made->{name}, qr{^\Q$path\E/operations/}, 'name');
    is_owned('get', [GET => $made->{name}], 404, $missing);

    my $done = ask(2, GET => $made->{name})->{json};
    my $uri = $done->{response}{generateVideoResponse}{generatedSamples}[0]
        {video}{uri};
    like($uri, qr{^\Q$host\E/v1beta/files/[\w-]+:download\?alt=media$},
         'its address');
    $uri =~ s/^\Q$host\E//;

    my ($id) = $uri =~ m{files/([\w-]+)};
    is_owned('download', [GET => $uri], 403, file_error($id));
    is_owned('a video of it', [POST => "$path:predictLongRunning",
        {instances => [{video => {uri => $host . $uri}}]}], 403,
        file_error($id));

    my ($file) = grep { $_->{id} eq $id } $fake->resources('files');
    is(ask(1, GET => $uri)->{md5}, $file->{md5}, 'all of it');

    $fake->config(redirect => 'http://127.0.0.1:' . $fake->port);
    my $r = ask(1, GET => $uri);
    my ($to) = $r->{headers}{location} =~ m{^http://[^/]+(/.*)};
    is($r->{status}, 302, 'or by another address');
    is(ask(0, GET => $to)->{md5}, $file->{md5}, 'that needs no key');
    is(ask(1, GET => $to)->{status}, 400, 'and takes none');
    $fake->config(redirect => undef);
};


subtest 'file search stores' => sub {
    my $store = created('fileSearchStores', {displayName => 's'})->{name};
    my @refused = (403, $foreign);

    is_owned('get', [GET => $store], @refused);
    is_owned($_->[0], [POST => $generate, {contents => [],
        tools => [$_->[1]]}], @refused) for
        ['camel', {fileSearch => {fileSearchStoreNames => [$store]}}],
        ['snake', {file_search => {file_search_store_names => [$store]}}];
    is_owned('interactions', [POST => 'interactions', {model => $flash,
        input => 'x', tools => [{type => 'file_search',
        file_search_store_names => [$store]}]}], @refused);

    my $file = uploaded('/upload/v1beta/files', {}, 'text/plain', 'x')
        ->{file};
    my $operation;
    is_owned('import', sub { (POST => "$store:importFile",
        {fileName => $file->{name}}) }, 403,
        file_error($file->{name} =~ s{.*/}{}r));
    $operation = created("$store:importFile",
                         {file_name => $file->{name}})->{name};
    like($operation, qr{^\Q$store\E/operations/}, 'an operation');
    is_owned('it', [GET => $operation], 404, $missing);

    $operation = uploaded("/upload/v1beta/$store:uploadToFileSearchStore",
                          {displayName => 'd'}, 'text/plain', 'abc', 'def')
        ->{name};
    like($operation, qr{^\Q$store\E/upload/operations/}, 'of an upload');
    is_owned('it', [GET => $operation], 404, $missing);
    is(ask(1, GET => $operation =~ s{upload/}{}r)->{status}, 404,
       'by its whole name');

    my $r = ask(1, GET => $operation);
    my $document = $r->{json}{response}{documentName};
    ok($r->{json}{done}, 'done');
    is_owned('document', [GET => $document], @refused);
    is((grep { $_->{kind} eq 'documents' && $_->{name} eq $document }
        $fake->resources)[0]{md5}, md5_hex('abcdef'), 'all of it');
    is(ask(3, POST => "/upload/v1beta/$store:uploadToFileSearchStore", {},
           %resumable)->{status}, 403, 'others upload not');
    is(@{ask(2, GET => "$store/documents")->{json}{documents}}, 4, 'a list');
    is(ask(3, GET => "$store/documents")->{status}, 403, 'not for others');
    is(ask(1, DELETE => $document)->{status}, 200, 'delete');
    is(ask(1, DELETE => $store)->{status}, 400, 'a store that is not empty');
    is(ask(3, DELETE => "$store?force=true")->{status}, 403, 'others');
    is(ask(2, DELETE => "$store?force=true")->{status}, 200, 'by force');
    is(@{ask(1, GET => 'fileSearchStores')->{json}{fileSearchStores}}, 0,
       'it is gone');
};


subtest 'interactions' => sub {
    my %old = ('Api-Revision' => '2026-01-01');
    my $made = created('interactions', {model => $flash, input => 'Hi'});
    my $id = $made->{id};
    my @refused = (404, "Interaction $id was not found.");

    is($made->{status}, 'completed', 'status');
    is($made->{steps}[0]{content}[0]{text}, "Hello from the fake $flash.",
       'steps');
    is($made->{usage}{total_output_tokens}, 8, 'usage');
    is(created('interactions', {model => $flash, input => 'Hi'}, %old)
       ->{outputs}[0]{type}, 'text', 'outputs of old');

    my $r = is_owned('get', [GET => "interactions/$id"], @refused);
    is($r->{json}{error}{code}, 'not_found', 'its code');
    is_owned('continued', [POST => 'interactions', {model => $flash,
        input => 'x', previous_interaction_id => $id}], @refused);
    is(ask(1, POST => "interactions/$id/cancel")->{json}{error}{code},
       'failed_precondition', 'nothing to cancel');

    $made = created('interactions', {model => $flash, input => 'x',
                                     store => \0});
    is(ask(1, POST => 'interactions', {model => $flash, input => 'x',
        previous_interaction_id => $made->{id}})->{status}, 404,
       'what is not stored is not continued');

    my @bad = ({input => 'x'}, {model => $flash}, {model => $flash,
        agent => 'deep-research-pro-preview', input => 'x'},
        {model => $flash, input => 'x', store => \0, background => \1});
    is(ask(1, POST => 'interactions', $_)->{json}{error}{code},
       'invalid_request', 'a bad request') for @bad;
    is(ask(1, POST => 'interactions', {model => 'nope', input => 'x'})
       ->{json}{error}{code}, 'model_not_found', 'no such model');

    $made = created('interactions', {agent => 'deep-research-pro-preview',
        input => 'x', background => \1});
    is($made->{status}, 'in_progress', 'in the background');
    is(ask(3, POST => "interactions/$made->{id}/cancel")->{status}, 404,
       'others cancel not');
    is(ask(2, POST => "interactions/$made->{id}/cancel")->{json}{status},
       'cancelled', 'cancel');

    $made = created('interactions', {model => $flash, input => 'x',
                                     background => \1});
    is(ask(1, GET => "interactions/$made->{id}")->{json}{status},
       $_, $_) for qw(in_progress completed);
    is(ask(3, DELETE => "interactions/$id")->{status}, 404, 'others not');
    is(ask(2, DELETE => "interactions/$id")->{status}, 200, 'delete');
    is(ask(1, GET => "interactions/$id")->{status}, 404, 'it is gone');
};


subtest 'events of interactions' => sub {
    my $body = {model => $flash, input => 'Hi', stream => \1};
    my $r = ask(1, POST => 'interactions', $body);
    my @types = $r->{body} =~ /^event: (.*)$/mg;

    is(join(' ', @types), 'interaction.created interaction.status_update '
        . 'step.start step.delta step.delta step.delta step.stop '
        . 'interaction.completed done', 'their order');
    like($r->{body}, qr/\ndata: \[DONE\]\n\n\z/, 'the end');
    like($r->{body}, qr/interaction\.completed", "interaction": .*"usage"/,
         'usage');

    my ($id) = $r->{body} =~ /"id": "(v1_\w+)"/;
    my $path = "interactions/$id?stream=true";

    is(ask(2, GET => $path)->{body}, $r->{body}, 'again');
    $r = ask(2, GET => "$path&last_event_id=evt_4");
    is(() = $r->{body} =~ /^event: /mg, 4, 'those after one');
    is(ask(3, GET => $path)->{status}, 404, 'not for others');

    $fake->script({late_error => 2, case => 'unavailable503',
                   form => 'data'});
    $r = ask(1, POST => 'interactions', $body);
    like($r->{body}, qr/event: error\ndata: \{"event_type": "error", /,
         'an error among them');
    like($r->{body}, qr/"error": \{"code": "service_unavailable"/,
         'with its code');

    $fake->script({case => 'full429_day'});
    is(ask(1, POST => 'interactions', $body)->{json}{error}{code},
       'quota_exceeded', 'a day');
    $fake->script({case => 'full429_minute'});
    is(ask(1, POST => 'interactions', $body)->{json}{error}{code},
       'rate_limit_exceeded', 'a minute');
    $fake->script({case => 'key_invalid', classic => 1});
    is(ask(1, POST => 'interactions', $body)->{json}{error}{code}, 400,
       'the classic form');
    $fake->script;
};


subtest 'continuation' => sub {
    $fake->script({continuation => 3000, times => 1});

    my $r = ask(1, POST => $generate, {contents => []});
    my $candidate = $r->{json}{candidates}[0];
    my $token = $candidate->{continuationToken};
    my $refused = 'The continuation token is not valid for this request.';
    my $body = {contents => [], continuationToken => $token};

    is($candidate->{finishReason}, 'CONTINUATION', 'finishReason');
    cmp_ok(length $token, '>=', 2990, 'a long one');
    is_owned('continued', [POST => $generate, $body], 400, $refused);
    is(ask(1, POST => 'models/gemini-3.5-flash:generateContent', $body)
       ->{status}, 400, 'not by another model');

    $fake->script({continuation => 1, times => 1});
    $r = ask(1, POST => "models/$flash:streamGenerateContent?alt=sse",
             {contents => []});
    is(() = $r->{body} =~ /"continuationToken"/g, 1, 'in a stream');

    $fake->script({continuation => 1, times => 1});
    $r = ask(1, POST => 'interactions', {model => $flash, input => 'x'});
    is($r->{json}{status}, 'requires_continuation', 'of an interaction');

    my $next = {model => $flash, previous_interaction_id => $r->{json}{id},
                continuation_token => $r->{json}{continuation_token}};
    is_owned('its next', [POST => 'interactions', $next], 400, $refused);
    my $other = created('interactions', {model => $flash, input => 'x'});
    is(ask(1, POST => 'interactions', {%$next,
        previous_interaction_id => $other->{id}})->{status}, 400,
       'not of another');
    $fake->script;
};


subtest 'thought signatures' => sub {
    my $tools = {contents => [], tools => [{functionDeclarations => []}]};
    my $part = sub { ask(1, POST => "models/$_[0]:generateContent", $_[1])
        ->{json}{candidates}[0]{content}{parts}[-1] };
    my $plain = $part->($flash, {contents => []});

    ok(!$plain->{thoughtSignature}, 'none of a plain answer');

    my $signed = $part->($flash, $tools);
    my $again = {contents => [{role => 'model', parts => [$signed]}]};

    ok($signed->{thoughtSignature}, 'one beside tools');
    is(ask($_, POST => "models/$flash:generateContent", $again)->{status},
       200, "key $_ brings it back") for 1, 3;

    my $r = ask(1, POST => 'models/gemini-3.5-flash:generateContent',
                $again);
    is("$r->{json}{error}{status} $r->{json}{error}{message}",
       'INVALID_ARGUMENT Thought signature is not valid.', 'another model');

    $again->{contents}[0]{parts}[0]{thoughtSignature} = 'c2tpcA==';
    is(ask(1, POST => 'models/gemini-3.5-flash:generateContent', $again)
       ->{status}, 200, 'one that is not of here');

    $fake->script({call => 'look', signature => 1, times => 2});
    is($part->($flash, {contents => []})->{functionCall}{name}, 'look',
       'of a call');
    $r = ask(1, POST => 'openai/chat/completions', {model => $flash});

    my $call = $r->{json}{choices}[0]{message}{tool_calls}[0];
    ok($call->{extra_content}{google}{thought_signature}, 'of OpenAI');
    is(ask(1, POST => 'openai/chat/completions', {model =>
        'gemini-3.5-flash', messages => [{tool_calls => [$call]}]})
       ->{status}, 400, 'another model');
    $fake->script;
};


subtest 'kept as they were told' => sub {
    for my $kind (qw(agents environments triggers webhooks credentials
                     voices tunedModels corpora))
    {
        my $made = created($kind, {display_name => "a $kind"});

        is($made->{display_name}, "a $kind", 'what it is');
        is_owned($kind, [GET => $made->{name}], 403, $foreign);
        is_owned("$kind, patch", [PATCH => $made->{name},
                                  {display_name => 'b'}], 403, $foreign);
        is(ask(1, GET => $made->{name})->{json}{display_name}, 'b', 'is new');
        is(@{ask(2, GET => $kind)->{json}{$kind}}, 1, 'a list');
        is(@{ask(3, GET => $kind)->{json}{$kind}}, 0, 'of one project');
        is(ask(3, DELETE => $made->{name})->{status}, 403, 'others not');
        is(ask(1, DELETE => $made->{name})->{status}, 200, 'delete');
    }

    my $agent = created('agents', {id => 'mine'})->{id};
    my $environment = created('environments')->{id};

    is_owned('an agent', [POST => 'interactions', {agent => $agent,
        input => 'x'}], 403, $foreign);
    is_owned('an environment', [POST => 'interactions', {model => $flash,
        input => 'x', environment => "environments/$environment"}], 403,
        $foreign);

    my $file = uploaded("/upload/v1beta/environments/$environment/files/"
        . 'a/b.txt', undef, 'text/plain', 'abc');
    is($file->{path}, 'a/b.txt', 'a file of it');

    my $files = "environments/$environment/files";
    is_owned('its list', [GET => "$files/a"], 403, $foreign);
    is_owned('its bytes', [GET => "$files/a/b.txt?alt=media"], 404,
             $missing);
    is(ask(1, GET => "$files/a/b.txt?alt=media")->{body}, 'abc', 'they are');

    my $hook = created('webhooks', {uri => 'https://example.com'})->{name};
    is_owned($_, [POST => "$hook:$_", {}], 403, $foreign)
        for qw(ping rotateSigningSecret);

    my $model = created('tunedModels', {baseModel => "models/$flash"})
        ->{name};
    is_owned('a tuned model', [POST => "$model:generateContent",
        {contents => []}], 403, $foreign);
};


sub open_live {
    my ($method, $query, %headers) = @_;
    my $lines = join '', map { "$_: $headers{$_}\r\n" } keys %headers;

    return $t->raw("GET //ws/google.ai.generativelanguage.v1alpha."
        . "GenerativeService.$method$query HTTP/1.1\r\nHost: x\r\n"
        . "Upgrade: websocket\r\nConnection: Upgrade\r\n"
        . "Sec-WebSocket-Version: 13\r\n$lines"
        . "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        port => $fake->port);
}


# masked with zeros
sub say_live {
    my ($s, $text) = @_;
    my $n = length $text;

    $s->send_bytes("\x81" . ($n < 126 ? chr(128 | $n)
        : "\xfe" . pack 'n', $n) . "\0\0\0\0$text");
    return;
}


sub closed_live {
    my ($s, $code, $name) = @_;
    my $bytes = pack 'n', $code;

    ok($s->wait_body(qr/\x88.\Q$bytes\E/s), $name);
    $s->finish;
    is($s->{error}, 'eof', "$name: the end");
    return;
}


subtest 'Live' => sub {
    my $bidi = 'BidiGenerateContent';
    my $s = open_live($bidi, '?key=demo-key-1');

    is($s->head, 101, 'upgrade');
    say_live($s, '{"setup": {"model": "models/gemini-3.8-live", '
        . '"sessionResumption": {}}}');
    ok($s->wait_body(qr/"setupComplete": \{\}/), 'setup');
    ok($s->wait_body(qr/"newHandle": "([^"]+)"/), 'a handle');
    my ($handle) = $s->{body} =~ /"newHandle": "([^"]+)"/;

    say_live($s, '{"clientContent": {"turns": [], "turnComplete": true}}');
    ok($s->wait_body(qr/Hello from the fake gemini-3.8-live, turn 1\./),
       'a turn');
    ok($s->wait_body(qr/"responseTokenCount": 8/), 'its usage');
    say_live($s, 'anything');
    ok($s->wait_body(qr/anything/), 'an echo');
    $s->close;

    my ($entry) = $fake->log(verb => $bidi);
    is(@{$entry->{frames}}, 3, 'the log has the messages');

    is(ask(1, GET => '/ws/google.ai.generativelanguage.v1beta.'
        . "GenerativeService.$bidi")->{status}, 404, 'no upgrade');

    $s = open_live($bidi, '', 'x-goog-api-key' => 'demo-key-2');
    say_live($s, qq({"setup": {"sessionResumption": {"handle": "$handle"}}}));
    ok($s->wait_body(qr/setupComplete/), 'resumed by its project');
    $s->close;

    $s = open_live($bidi, '?key=demo-key-3');
    say_live($s, qq({"setup": {"sessionResumption": {"handle": "$handle"}}}));
    closed_live($s, 1008, 'not by another');

    $s = open_live($bidi, '?key=demo-key-1');
    say_live($s, qq({"setup": {"model": "models/$flash"}}));
    closed_live($s, 1008, 'a model that does not talk');

    $fake->script({verb => $bidi, live_close => 1011, live_after => 2,
                   live_reason => 'You exceeded your current quota'});
    $s = open_live($bidi, '?key=demo-key-1');
    say_live($s, '{"setup": {}}');
    ok($s->wait_body(qr/setupComplete/), 'setup');
    say_live($s, '{}');
    ok($s->wait_body(qr/You exceeded your current quota/), 'a reason');
    closed_live($s, 1011, 'a quota');

    $fake->script({verb => $bidi, live_close => 1007});
    closed_live(open_live($bidi, '?key=demo-key-1'), 1007, 'at the door');
    $fake->script;
};


subtest 'ephemeral tokens' => sub {
    my $bidi = 'BidiGenerateContent';
    my $token = created('/v1alpha/auth_tokens', {uses => 2})->{name};

    like($token, qr{^auth_tokens/}, 'name');

    my @ways = (["?access_token=$token"],
                ['', Authorization => "Token $token"]);

    for my $way (@ways) {
        my $s = open_live("${bidi}Constrained", @$way);

        is($s->head, 101, 'upgrade');
        say_live($s, '{"setup": {"model": "models/gemini-3.8-live"}}');
        ok($s->wait_body(qr/setupComplete/), 'setup');
        $s->close;
    }

    is(join(' ', map { "$_->{where} $_->{project} $_->{credentials}" }
            $fake->log(verb => "${bidi}Constrained")),
       'query demo-a 1 token demo-a 1', 'of the project');
    closed_live(open_live("${bidi}Constrained", "?access_token=$token"),
                1008, 'it is used up');
    closed_live(open_live("${bidi}Constrained",
                          '?access_token=auth_tokens/none'), 1008, 'unknown');
    closed_live(open_live("${bidi}Constrained", '?key=demo-key-1'), 1008,
                'a key where a token belongs');

    $token = created('/v1beta/auth_tokens')->{name};
    closed_live(open_live($bidi, "?access_token=$token"), 1008,
                'a token where a key belongs');

    my $r = open_live("${bidi}Constrained", "?access_token=$token",
                      'x-goog-api-key' => 'demo-key-1')->finish;
    is($r->{status}, 400, 'not beside a key');
    is($t->post("/v1beta/$generate", {'x-goog-api-key' => $token}, {},
                port => $fake->port)->{status}, 400, 'not as a key');
};


subtest 'what a long body refers to, at any boundary' => sub {
    my $text = '{"a": "\\"fileUri\\": \\"no\\"", "fileUri" : "one", '
        . '"x": {"file_uri":"t\u0077o", "fileSearchStoreNames": ["three", '
        . '"four"]}, "cachedContent": "' . 'x' x 5000 . '"}';

    for my $size (1, 3, 7, 50, 10_000) {
        my $scan = FakeGemini::RefScan->new;

        $scan->feed($_) for unpack "(a$size)*", $text;
        is_deeply($scan->found, [[fileUri => 'one'], [file_uri => 'two'],
            [fileSearchStoreNames => 'three'],
            [fileSearchStoreNames => 'four'],
            [cachedContent => 'x' x 5000]], "pieces of $size");
    }
};


subtest 'what is forgotten' => sub {
    $fake->forget;
    is(scalar(() = $fake->resources), 0, 'all');
    ok(!eval { $fake->resource('files/none', gone => 1); 1 },
       'nothing to change');
};


$t->done;
