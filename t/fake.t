#!/usr/bin/perl

# The fake Gemini by itself: that it speaks as the real one does, and that its
# faults are what they are called.

use strict;
use warnings;

use Cpanel::JSON::XS ();
use Digest::MD5 'md5_hex';
use FindBin;
use POSIX ':sys_wait_h';
use Test::More;

use lib "$FindBin::Bin/lib";

use FakeGemini::Errors 'error_names';
use FakeGemini::Scan;
use GeminiTest;

my $json = Cpanel::JSON::XS->new->utf8;
my $t = GeminiTest->new(scan_answers => 0);
my $fake = $t->fake(
    keys     => {map { ("demo-key-$_" => $_ < 3 ? 'demo-a' : 'demo-b') }
                 1 .. 4},
    projects => {'demo-b' => {number => 4711, closed => ['gemini-2.5-*']}},
);

my $model = '/v1beta/models/gemini-3.8-flash';
my $openai = '/v1beta/openai/chat/completions';
my %key = ('x-goog-api-key' => 'demo-key-1');
my %bearer = (Authorization => 'Bearer demo-key-1');
my $body = {contents => [{parts => [{text => 'hello'}]}]};


sub post {
    my ($target, $headers, $data, %opt) = @_;
    return $t->post($target, $headers, $data // $body, port => $fake->port,
                    %opt);
}


sub get {
    my ($target, $headers) = @_;
    return $t->get($target, $headers, port => $fake->port);
}


sub chat {
    my (%more) = @_;
    return {model => 'gemini-3.8-flash', messages => [], %more};
}


# what the rules make of one request
sub scripted {
    my ($rule, $verb, %opt) = @_;

    $fake->script($rule);
    return post("$model:" . ($verb // 'generateContent'), \%key, undef, %opt);
}


my $sse = 'streamGenerateContent?alt=sse';


subtest 'native surface' => sub {
    my $r = post("$model:generateContent", \%key);

    is($r->{status}, 200, 'generateContent');
    is($r->{framing}, 'chunked', 'is chunked');
    like($r->{body}, qr/\A\{\n  "candidates": \[/, 'and pretty-printed');
    is($r->{json}{usageMetadata}{candidatesTokenCount}, 8, 'usage');
    is($r->{headers}{'x-gemini-service-tier'}, 'standard', 'tier');
    like($r->{headers}{'alt-svc'}, qr/h3/, 'alt-svc');

    for my $version (qw(v1 v1alpha)) {
        is(post("/$version/models/gemini-3.8-flash:generateContent",
                \%key)->{status}, 200, $version);
    }

    is(get("$model:generateContent", \%key)->{status}, 404, 'not by GET');
    is(post("$model%3AgenerateContent", \%key)->{status}, 404,
       'no %3A in the path');

    $r = post("$model:countTokens", \%key);
    ok($r->{json}{totalTokens}, 'countTokens');

    my $embed = '/v1beta/models/gemini-embedding-001';

    $r = post("$embed:embedContent", \%key, {content => {}});
    is(@{$r->{json}{embedding}{values}}, 8, 'embedContent');

    $r = post("$embed:batchEmbedContents", \%key, {requests => [
        map { {model => 'models/gemini-embedding-001'} } 1 .. 3]});
    is(@{$r->{json}{embeddings}}, 3, 'batchEmbedContents');

    $r = post("$embed:batchEmbedContents", \%key, {requests => [
        {model => 'models/gemini-embedding-2'}]});
    is($r->{status}, 400, 'another model in the body');

    $r = post("$model:countTokens", \%key,
              {generateContentRequest => {model => 'models/other'}});
    is($r->{status}, 400, 'another model in generateContentRequest');

    $r = post("$model:embedContent", \%key);
    is($r->{status}, 404, 'a verb that the model has not');

    $r = post('/v1beta/models/gemini-9:generateContent', \%key);
    is($r->{json}{error}{message}, 'models/gemini-9 is not found for API '
        . 'version v1beta, or is not supported for generateContent. Call '
        . 'ListModels to see the list of available models and their '
        . 'supported methods.', 'a model that is not there');

    $r = post("$model:generateContent", \%key, "{'contents': [],}");
    is($r->{status}, 200, 'quotes and commas as Google takes them');

    $r = post("$model:generateContent", \%key, '{"contents": ');
    is($r->{status}, 400, 'broken JSON');
};


subtest 'models' => sub {
    my $r = get('/v1beta/models?pageSize=20', \%key);

    is(@{$r->{json}{models}}, 20, 'a page');

    $r = get("/v1beta/models?pageSize=20&pageToken=$r->{json}{nextPageToken}",
             \%key);
    ok(@{$r->{json}{models}} < 20 && !$r->{json}{nextPageToken}, 'the last');
    is(get($model, \%key)->{json}{outputTokenLimit}, 65536, 'one');

    $r = get('/v1beta/openai/models', \%bearer);
    like($r->{json}{data}[0]{id}, qr{^models/}, 'of the OpenAI surface');
    is(get('/v1beta/openai/models/models%2Fgemini-3.8-flash', \%bearer)
       ->{json}{id}, 'models/gemini-3.8-flash', 'one of them');
};


subtest 'streams' => sub {
    my $r = post("$model:$sse", \%key);
    my @events = split /(?<=\r\n\r\n)/, $r->{body};

    is($r->{headers}{'content-type'}, 'text/event-stream', 'SSE');
    is(@events, 3, 'three events');
    ok(!(grep { !/\Adata: \{.*\}\r\n\r\n\z/ } @events), 'of one line each');

    my @data = map { $json->decode(s/^data: //r) } @events;

    is_deeply([map { $_->{usageMetadata}{candidatesTokenCount} } @data],
              [2, 5, 8], 'usage is cumulative');
    is_deeply([map { $_->{candidates}[0]{finishReason} } @data],
              [undef, undef, 'STOP'], 'finishReason stands on the last');

    $r = post("$model:streamGenerateContent", \%key);
    is(@{$r->{json}}, 3, 'without alt=sse an array');
    like($r->{body}, qr/\},\r\n\{/, 'as Google writes it');

    $r = post($openai, \%bearer, chat(stream => \1));
    like($r->{body}, qr/\n\ndata: \[DONE\]\n\n\z/, 'OpenAI ends with [DONE]');
    like($r->{body}, qr/"usage".*\n\ndata: \[DONE/, 'usage before it');
};


subtest 'OpenAI surface' => sub {
    my $r = post($openai, \%bearer, chat());

    is($r->{json}{usage}{completion_tokens}, 8, 'chat');
    is(post($openai, \%bearer, chat(model => 'models/gemini-3.8-flash'))
       ->{status}, 200, 'with models/');
    is(post('/v1beta/openai/embeddings', \%bearer,
            {model => 'gemini-embedding-001', input => ['a', 'b']})
       ->{json}{data}[1]{index}, 1, 'embeddings');
    is(ref post($openai, \%bearer, chat(model => 'nope'))->{json}, 'ARRAY',
       'errors are arrays');

    my $empty = post('/v1beta/openai/responses', \%bearer);
    is("$empty->{status} [$empty->{body}]", '404 []', 'no such page');
};


subtest 'credentials' => sub {
    my @native = (
        ['none',              403, {}],
        ['empty',             403, {'x-goog-api-key' => ''}],
        ['bearer',            401, \%bearer],
        ['header and bearer', 401, {%key, %bearer}],
        ['two headers',       400, [%key, %key]],
        ['unknown',           400, {'x-goog-api-key' => 'nobody'}],
    );

    for my $case (@native) {
        my ($name, $status, $headers) = @$case;
        is(post("$model:generateContent", $headers)->{status}, $status, $name);
    }

    is(post("$model:generateContent?key=demo-key-1", {})->{status}, 200,
       'in the query');
    is(post("$model:generateContent?key=demo-key-1", \%key)->{status}, 400,
       'in the query and the header');
    is(post($openai, {%bearer, %key}, chat())->{status}, 400, 'OpenAI, two');
    is(post($openai, {%bearer, 'OpenAI-Project' => 'x'}, chat())->{status},
       400, 'OpenAI, a project header');

    my $r = post($openai, {Authorization => 'Bearer nobody'}, chat());
    is($r->{json}[0]{error}{message}, 'Please pass a valid API key',
       'OpenAI, unknown');

    $r = post("$model:generateContent", {'x-goog-api-key' => 'nobody'});
    is($r->{json}{error}{details}[0]{reason}, 'API_KEY_INVALID', 'reason');

    $fake->script({status => 200, body => 'never'});
    is(post("$model:generateContent", {})->{status}, 403,
       'no rule answers a request without a key');
    $fake->reset;

    $r = post('/v1beta/models/gemini-2.5-pro:generateContent',
              {'x-goog-api-key' => 'demo-key-3'});
    like($r->{json}{error}{message}, qr/no longer available to new users/,
         'a model that is closed to a project');
};


subtest 'errors' => sub {
    for my $name (error_names()) {
        my $r = scripted({case => $name});

        ok($r->{complete}, "$name is whole");
        next if $name =~ /html|empty/;

        my $error = $r->{json}{error};
        ok($error && $error->{code} == $r->{status} && $error->{message}
           && $error->{status}, "$name has its members");
        unlike($r->{body}, qr/\{\w+\}/, "$name has no empty place");
    }

    like(scripted({case => 'suspended403'})->{body}, qr/api_key:demo-key-1/,
         'one prints the key');
    like(scripted({case => 'html502'})->{body}, qr/^<!DOCTYPE/, 'a page');

    my $r = scripted({case => 'full429_minute', limit => 7, retry => '2s',
                      quota_model => 'gemini-x'});
    my $failure = $r->{json}{error}{details}[1]{violations}[0];

    is($failure->{quotaValue}, '7', 'limit');
    is($failure->{quotaDimensions}{model}, 'gemini-x', 'model of the quota');
    is($r->{json}{error}{details}[2]{retryDelay}, '2s', 'delay');

    $r = scripted({case => 'limit0'});
    ok(!exists $r->{json}{error}{details}[1]{violations}[0]{quotaValue},
       'limit 0 has no quotaValue');

    is(ref scripted({case => 'terse429'}, 'streamGenerateContent')->{json},
       'ARRAY', 'an array where the stream would be one');
    is(ref scripted({case => 'terse429'}, $sse)->{json}, 'HASH',
       'an object before SSE');
};


subtest 'rules' => sub {
    eval { $fake->script({kase => 'x'}) };
    like($@, qr/unknown member "kase"/, 'an unknown member');
    eval { $fake->script({case => 'x'}) };
    like($@, qr/unknown case "x"/, 'an unknown case');
    eval { $fake->config(kees => {}) };
    like($@, qr/unknown setting/, 'an unknown setting');

    is(scripted({body => 'k {key} n {number} {"a": 1}'})->{body},
       'k demo-key-1 n 100000000563 {"a": 1}', 'a body with words');
    is(scripted({holds => 'hello', header => '^x-goog.*1$', status => 418})
       ->{status}, 418, 'holds, header');

    $fake->script({key => 'demo-key-1', times => 2, case => 'terse429'},
                  {verb => 'count*', case => 'internal500'},
                  {project => 'demo-b', nth => [2], status => 418});

    my @status = map { post("$model:generateContent", \%key)->{status} }
        1 .. 3;
    is_deeply(\@status, [429, 429, 200], 'times');
    is(post("$model:countTokens", \%key)->{status}, 500, 'verb');
    @status = map { post("$model:generateContent",
                         {'x-goog-api-key' => 'demo-key-4'})->{status} }
        1 .. 3;
    is_deeply(\@status, [200, 418, 200], 'nth');
    is($fake->state->{rules}[0]{used}, 2, 'their use is told');
    $fake->reset;
};


subtest 'quotas' => sub {
    $fake->config(limits => [
        {model => '*', rpm => 3},
        {project => 'demo-b', rpm => 100, rpd => 2},
        {project => 'demo-a', model => 'gemini-3.5-flash', tpm => 100},
        {model => 'gemini-3.1-pro-preview', rpd => 0},
    ]);

    my @r = map { post("$model:generateContent",
                       {'x-goog-api-key' => "demo-key-$_"}) } 1, 2, 1, 2;

    is_deeply([map { $_->{status} } @r], [200, 200, 200, 429],
              'two keys of a project have one minute');
    like($r[3]{body}, qr/PerMinutePerProject/, 'told');
    like($r[3]{json}{error}{details}[2]{retryDelay}, qr/^(?:[1-5]?\d|60)s$/,
         'with what is left of it');

    @r = map { post("$model:generateContent",
                    {'x-goog-api-key' => 'demo-key-3'}) } 1 .. 3;
    like($r[2]{body}, qr/PerDayPerProject/, 'a day of another');

    my $long = {contents => [{parts => [{text => 'x' x 300}]}]};

    @r = map { post('/v1beta/models/gemini-3.5-flash:generateContent', \%key,
                    $long) } 1, 2;
    like($r[1]{body}, qr/InputTokens/, 'tokens');

    my $r = post('/v1beta/models/gemini-3.1-pro-preview:generateContent',
                 \%key);
    like($r->{body}, qr/limit: 0/, 'not on this plan');
    $fake->config(limits => []);
};


subtest 'faults' => sub {
    is(scripted({close => 1})->{error}, 'eof', 'close');
    like(scripted({reset => 1})->{error}, qr/reset/i, 'reset');
    is(scripted({garbage => 1})->{error}, 'bad status line', 'garbage');

    my $r = scripted({empty200 => 1});
    is("$r->{status} $r->{length}", '200 0', 'empty200')
        if defined $r->{length};
    is($r->{body}, '', 'has no body');

    $r = scripted({cut_midstream => 1}, $sse);
    ok(!$r->{complete} && $r->{error} eq 'eof'
       && $r->{body} =~ /\Adata: .*\r\n\r\n\z/, 'cut after an event');

    $r = scripted({reset_midstream => 2}, $sse);
    ok(!$r->{complete} && $r->{error} =~ /reset/i, 'reset after two');
    is(() = $r->{body} =~ /^data/mg, 2, 'which have arrived');

    $r = scripted({cut_midstream => 1, framing => 'length'});
    ok(!$r->{complete} && $r->{framing} eq 'length', 'short Content-Length');

    $r = scripted({cut_at_byte => 100}, $sse);
    is($r->{length}, 100, 'cut at a byte');
    ok(!$r->{complete}, 'is not whole');

    $r = scripted({error200 => 'data', case => 'internal500'}, $sse);
    like($r->{body}, qr/\Adata: \{"error": \{"code": 500/, 'error in a 200');
    $r = scripted({error200 => 'bare'}, $sse);
    like($r->{body}, qr/\A\{\n  "error"/, 'bare');
    is(scripted({error200 => 1})->{json}{error}{code}, 503, 'JSON');

    $r = scripted({late_error => 1}, $sse);
    like($r->{body}, qr/\Adata: [^\n]+\r\n\r\n\{\n  "error"/, 'a late error');
    ok($r->{complete}, 'ends like a good answer');

    $r = scripted({status100 => 1});
    is_deeply($r->{interim}, [100], '100 before the answer');
};


subtest 'hanging, and clients that leave' => sub {
    $fake->reset->script({path => 'n=1', hang => 1},
                         {path => 'n=2', hang_after_headers => 1});

    my @open = map {
        $t->stream(POST => "$model:generateContent?n=$_", \%key, $body,
                   port => $fake->port)
    } 1, 2;

    ok($fake->wait(n => 2), 'two requests have come');
    is($open[1]->head, 200, 'one has a head');
    ok($open[0]->is_quiet(0.05), 'one has nothing');
    $_->close for @open;
    ok($fake->wait(n => 2, closed_early => 1), 'both are seen to leave');
    is(scalar(grep { $_->{done} } $fake->log), 0, 'unanswered');
};


subtest 'gates' => sub {
    $fake->script({delay => 'door', gate_events => 'step', events => 2});

    my $s = $t->stream(POST => "$model:$sse", \%key, $body,
                       port => $fake->port);

    ok($s->is_quiet(0.05), 'nothing before the door');
    $fake->release('door');
    is($s->head, 200, 'a head behind it');
    ok($s->is_quiet(0.05), 'no event');
    $fake->release('step', 1);
    like($s->read_event, qr/^data/, 'one');
    ok($s->is_quiet(0.05), 'not two');
    is_deeply($fake->state->{gates}{step},
              {waiting => 1, permits => 0, open => 0}, 'told');
    $fake->release('step', 1);
    like($s->read_event, qr/STOP/, 'two');
    ok($s->finish->{complete}, 'the end');
    $fake->reset;
};


subtest 'forms' => sub {
    my $r = scripted({trickle => 7}, $sse);
    is(() = $r->{body} =~ /^data/mg, 3, 'split in sevens it is the same');

    $r = scripted({text => "d\x{e4}tum", usage => {prompt => 5, output => 7,
        thought => 9, cached => 2}});
    is_deeply([@{$r->{json}{usageMetadata}}{qw(promptTokenCount
        candidatesTokenCount thoughtsTokenCount cachedContentTokenCount
        totalTokenCount)}], [5, 7, 9, 2, 21], 'usage as told');
    ok(!exists scripted({usage => undef})->{json}{usageMetadata}, 'none');

    $r = scripted({big => 1_000_000, framing => 'length'});
    is(length $r->{json}{candidates}[0]{content}{parts}[0]{inlineData}{data},
       1_000_000, 'big');
    is($r->{md5}, ($fake->log)[-1]{sent_md5}, 'with the digest in the log');

    $r = scripted({big => 100_000}, $sse);
    ok($r->{complete} && $r->{body} =~ /\Adata: .*\r\n\r\n\z/, 'as an event');

    $r = scripted({headers => {'Alt-Svc' => undef, Server => 'x'},
                   extra_headers => {'X-One' => 1}});
    is(join('|', map { $_ // '' } @{$r->{headers}}{qw(alt-svc server x-one)}),
       '|x|1', 'headers');

    $fake->reset;
    $r = post("$model:generateContent", {%key, 'Accept-Encoding' => 'gzip'});
    is($r->{headers}{'content-encoding'}, 'gzip', 'gzip to whom asks for it');
    like($r->{body}, qr/\A\x1f\x8b/, 'is gzip');

    $r = post("$model:generateContent", \%key, undef, version => '1.0');
    is($r->{framing}, 'close', 'HTTP/1.0 has no chunks');
};


subtest 'requests' => sub {
    $fake->reset;

    my $piece = 'x' x 100_000;
    my $left = 1000;
    my $digest = Digest::MD5->new;
    my $send = sub {
        return if $left < -1;
        my $bytes = $left == 1000 ? '{"contents": [{"model": "no", "a": "'
            : $left == -1 ? '"}], "\u006dodel": "models\/gemini-3.8-flash"}'
            : $piece;
        $left--;
        $digest->add($bytes);
        return $bytes;
    };

    my $r = post($openai, \%bearer, $send);
    my ($entry) = $fake->log;

    is($r->{status}, 200, '100 MB, chunked, the model at the end');
    is($entry->{md5}, $digest->hexdigest, 'and every byte of it');
    is($entry->{framing}, 'chunked', 'framing is told');
    is($entry->{body}, undef, 'the body is not kept');

    my ($rss) = GeminiTest::Fake::read_file("/proc/$fake->{pid}/status")
        =~ /VmHWM:\s+(\d+)/;
    cmp_ok($rss, '<', 120_000, 'memory stays small');

    $r = post("$model:generateContent?key=demo-key-1&x=%20", [B => 1, b => 2]);
    ($entry) = $fake->log(since => $entry->{seq});
    is($entry->{target}, "$model:generateContent?key=demo-key-1&x=%20",
       'the target as it came');
    is_deeply([@{$entry->{headers}}[1, 2]], [['B', 1], ['b', 2]],
              'headers as they came');
    is_deeply([@$entry{qw(key where project model verb version complete done)}],
              ['demo-key-1', 'query', 'demo-a', 'gemini-3.8-flash',
               'generateContent', 'v1beta', 1, 1], 'and what they mean');

    my $one = "POST $model:countTokens HTTP/1.1\r\nHost: x\r\n"
        . "x-goog-api-key: demo-key-1\r\nContent-Length: 2\r\n\r\n{}";
    my $s = $t->raw($one x 3, port => $fake->port);

    ok($fake->wait(n => 3, verb => 'countTokens', done => 1),
       'pipelined requests');
    is(keys %{{map { $_->{conn} => 1 } $fake->log(verb => 'countTokens')}}, 1,
       'on one connection');
    $s->close;

    $s = $t->raw("POST $model:countTokens HTTP/1.1\r\nHost: x\r\n"
        . "x-goog-api-key: demo-key-1\r\nContent-Length: 100\r\n\r\n{",
        port => $fake->port);
    $s->close;
    ok($fake->wait(n => 1, closed_early => 1), 'a body that is broken off');

    my $kept = post("$model:countTokens", \%key, undef, keep => 1);
    my $again = post("$model:countTokens", \%key, undef,
                     on => $kept->{exchange});
    is($again->{status}, 200, 'a kept connection');
    is(($fake->log)[-1]{conn}, ($fake->log)[-2]{conn}, 'is the same');

    $fake->script({early => 1, case => 'terse429'});
    $s = $t->raw("POST $model:countTokens HTTP/1.1\r\nHost: x\r\n"
        . "x-goog-api-key: demo-key-1\r\nContent-Length: 100\r\n\r\n",
        port => $fake->port);
    is($s->finish->{status}, 429, 'an answer before the body');

    $fake->reset;
    $s = $t->raw("POST $model:countTokens HTTP/1.1\r\nHost: x\r\n"
        . "Expect: 100-continue\r\nx-goog-api-key: demo-key-1\r\n"
        . "Content-Length: 2\r\n\r\n", port => $fake->port);
    $s->pump(sub { $s->{interim} });
    $s->send_bytes('{}');
    is($s->finish->{status}, 200, 'Expect: 100-continue');
};


subtest 'the scanner, at any boundary' => sub {
    my $text = '{"a": {"model": "no", "s": "\\\\\\""}, "x": [1, "model"], '
        . '"model": "gemini\u002dx", "stream" : true , "b": null}';

    for my $size (1 .. 13, 200) {
        my $scan = FakeGemini::Scan->new;
        $scan->feed($_) for unpack "(a$size)*", $text;
        is_deeply($scan->found, {model => 'gemini-x', stream => 1},
                  "pieces of $size");
    }
};


subtest 'files and caches belong to a project' => sub {
    my %start = ('X-Goog-Upload-Protocol' => 'resumable',
                 'X-Goog-Upload-Command'  => 'start');
    my $r = post('/upload/v1beta/files', {%key, %start}, {file => {}});
    my ($url) = $r->{headers}{'x-goog-upload-url'}
        =~ m{^https://generativelanguage\.googleapis\.com(/.*)};

    is("$r->{status} $r->{body}", '200 ', 'an upload begins');
    unlike($url, qr/key=/, 'by a header, no key in its address');

    $r = post($url, {'X-Goog-Upload-Command' => 'upload',
                     'X-Goog-Upload-Offset'  => 0}, 'x' x 3000);
    is($r->{headers}{'x-goog-upload-status'}, 'active', 'a piece, no key');
    is(post($url, {'X-Goog-Upload-Command' => 'upload',
                   'X-Goog-Upload-Offset'  => 1}, 'x')->{status}, 400,
       'a wrong offset');

    $r = post($url, {'X-Goog-Upload-Command' => 'upload, finalize',
                     'X-Goog-Upload-Offset'  => 3000}, 'x' x 2000);
    my $file = $r->{json}{file};
    is($file->{sizeBytes}, 5000, 'the last piece');

    my %other = ('x-goog-api-key' => 'demo-key-3');
    my $path = "/v1beta/$file->{name}";

    is(get($path, {'x-goog-api-key' => 'demo-key-2'})->{status}, 200,
       'a key of the project');
    is(get($path, \%other)->{status}, 403, 'another project');
    is(@{get('/v1beta/files', \%other)->{json}{files}}, 0, 'lists none');

    my $ask = {contents => [{fileData => {fileUri => $file->{uri}}}]};
    is(post("$model:generateContent", \%key, $ask)->{status}, 200, 'its use');
    is(post("$model:generateContent", \%other, $ask)->{status}, 403,
       'not by another project');

    $r = post('/upload/v1beta/files?key=demo-key-1', \%start, {});
    like($r->{headers}{'x-goog-upload-url'}, qr/\?key=demo-key-1&/,
         'a start by ?key= gives the key away');

    $r = post('/v1beta/cachedContents', \%key,
              {model => 'models/gemini-3.8-flash'});
    $ask = {cachedContent => $r->{json}{name}, contents => []};
    is(post("$model:generateContent", \%key, $ask)->{status}, 200, 'cache');
    is(post("$model:generateContent", \%other, $ask)->{status}, 403,
       'not by another project');
    is($t->request(DELETE => $path, \%key, undef, port => $fake->port)
       ->{status}, 200, 'deletion');
    is(get($path, \%key)->{status}, 403, 'is gone');
};


subtest 'Live' => sub {
    my $ws = '/ws/google.ai.generativelanguage.v1beta.GenerativeService.'
        . 'BidiGenerateContent';
    my $upgrade = "GET $ws?key=demo-key-1 HTTP/1.1\r\nHost: x\r\n"
        . "Upgrade: websocket\r\nConnection: Upgrade\r\n"
        . "Sec-WebSocket-Version: 13\r\n"
        . "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    my $s = $t->raw($upgrade, port => $fake->port);

    is($s->head, 101, 'upgrade');
    is($s->{headers}{'sec-websocket-accept'}, 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
       'key');

    # masked with zeros: setup, then a text
    $s->send_bytes("\x81\x82\0\0\0\0{}");
    ok($s->wait_body(qr/setupComplete/), 'setup');
    $s->send_bytes("\x81\x85\0\0\0\0hello");
    ok($s->wait_body(qr/hello/), 'echo');
    $s->send_bytes("\x88\x82\0\0\0\0\x03\xe8");
    $s->finish;
    is($s->{error}, 'eof', 'close');
    is(get("$ws?key=nobody")->{status}, 400, 'an unknown key');
};


subtest 'TLS' => sub {
    my $tls = $t->fake(tls => 1);
    my $ca = "$t->{dir}/tls/ca.pem";
    my %verify = (SSL_ca_file => $ca, SSL_verify_mode => 1);

    for my $name (qw(generativelanguage.googleapis.com localhost 127.0.0.1)) {
        my $r = $t->get('/v1beta/models', \%key, port => $tls->port,
                        tls => {%verify, SSL_verifycn_name => $name,
                                SSL_hostname => $name});
        is($r->{status}, 200, $name);
    }

    my $made = -M $ca;
    my $again = $t->fake(tls => 1);
    is(-M $ca, $made, 'the authority is made once');
    ok(!eval { $t->get('/', {}, port => $tls->port, tls => {%verify,
        SSL_verifycn_name => 'example.com',
        SSL_verifycn_scheme => 'http'}); 1 }, 'another name is refused');
    ok(($tls->log)[0]{tls}, 'the log tells of TLS');
};


subtest 'ends with its parent, and by TERM' => sub {
    pipe my $read, my $write;

    my $pid = fork // die;

    if (!$pid) {
        my $other = GeminiTest::Fake->start(dir => $t->dir, number => 9,
            root => $t->root, deadline => 20, config => {});
        syswrite $write, "$other->{pid}\n";
        POSIX::_exit(0);
    }

    my $orphan = 0 + <$read>;
    waitpid $pid, 0;
    ok($t->wait_for(sub { !kill 0, $orphan }), 'an orphan leaves');

    my $last = $t->fake;
    kill TERM => $last->{pid};
    ok($t->wait_for(sub { waitpid($last->{pid}, WNOHANG) }, 5), 'TERM');
    is($?, 0, 'with code 0');
    delete $last->{pid};
};


$t->done;
