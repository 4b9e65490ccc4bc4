package FakeGemini::Api;

# What the Gemini API says when nothing goes wrong: routes, credentials, and
# the bodies of success.

use Mojo::Base -strict, -signatures;

use Exporter 'import';
use FakeGemini::Batches qw(batch_create video_create);
use FakeGemini::Json qw(o line pretty);
use FakeGemini::Live qw(live_route);
use FakeGemini::Long qw(make_signature make_token);
use FakeGemini::Models qw(native_model openai_model);
use FakeGemini::Refs qw(foreign_reference);
use FakeGemini::Resources qw(openai_resource_route resource_answer
                             resource_route);
use Mojo::Util qw(url_unescape);

our @EXPORT_OK = qw(route credential success);

my $version = qr/v1|v1beta|v1alpha/;
my $place = qr/models|tunedModels|dynamic/;

# verb => [surface of usage, method that the model must have]
my %verb = (
    generateContent       => 'generateContent',
    streamGenerateContent => 'generateContent',
    countTokens           => 'countTokens',
    embedContent          => 'embedContent',
    batchEmbedContents    => 'embedContent',
    batchGenerateContent   => 'batchGenerateContent',
    asyncBatchEmbedContent => 'asyncBatchEmbedContent',
    predictLongRunning     => 'predictLongRunning',
);

my %long_running = (
    batchGenerateContent   => \&batch_create,
    asyncBatchEmbedContent => \&batch_create,
    predictLongRunning     => \&video_create,
);


# fills surface, version, verb, model; false for a path that Google has not
sub route ($req) {
    my ($method, $path) = @$req{qw(method path)};

    if ($path =~ m{^/($version)/openai/(.*)$}) {
        @$req{qw(surface version array_errors)} = ('openai', $1, 1);
        return openai_route($req, $2);
    }

    $req->{surface} = 'native';

    if ($path =~ m{^/($version)/($place)/([^/:]+):(\w+)$}) {
        @$req{qw(version place model verb)} = ($1, $2, url_unescape($3), $4);
        $req->{array_errors} = 1
            if $req->{verb} eq 'streamGenerateContent' && !is_sse($req);
        return $method eq 'POST';
    }

    if ($path =~ m{^/($version)/models(?:/([^/:]+))?$}) {
        @$req{qw(version verb)} = ($1, defined $2 ? 'get' : 'list');
        $req->{model} = url_unescape($2) if defined $2;
        return $method eq 'GET';
    }

    return resource_route($req) || live_route($req);
}


sub openai_route ($req, $rest) {
    if ($rest eq 'chat/completions' || $rest eq 'embeddings') {
        $req->{verb} = $rest;
        return $req->{method} eq 'POST';
    }

    if ($rest =~ m{^models(?:/(.+))?$}) {
        $req->{verb} = defined $1 ? 'get' : 'list';
        $req->{model} = url_unescape($1) =~ s{^models/}{}r if defined $1;
        return $req->{method} eq 'GET';
    }

    return openai_resource_route($req, $rest);
}


sub is_sse ($req) {
    return ($req->{args}{alt} // $req->{args}{'$alt'} // '') =~ /^sse/;
}


# the key and where it stood, or the name of the error
sub credential ($req) {
    my %at;

    for my $pair (@{$req->{headers}}) {
        my ($name, $value) = (lc $pair->[0], $pair->[1]);

        if ($name eq 'x-goog-api-key' && $value ne '') {
            push @{$at{header}}, $value;

        } elsif ($name eq 'authorization') {
            push @{$at{bearer}}, $value =~ s/^Bearer\s+//ir;

        } elsif ($name =~ /^openai-(organization|project)$/) {
            push @{$at{other}}, $value;
        }
    }

    for my $name (qw(key access_token oauth_token)) {
        push @{$at{query}}, $req->{args}{$name} if defined $req->{args}{$name};
    }

    my @all = map { @$_ } values %at;
    my ($where) = keys %at;

    $req->{credentials} = scalar @all;

    return ($all[0], $where) if $req->{authorised} && @all < 2;

    return (undef, undef, 'unregistered') unless @all;

    if (($req->{resource} // '') eq 'live' && $at{bearer} && @all == 1
        && $all[0] =~ s{^Token\s+(?=auth_tokens/)}{}i)
    {
        return ($all[0], 'token');
    }

    if ($req->{surface} eq 'openai') {
        return (undef, undef, 'multiple_credentials') if @all > 1;
        return (undef, undef, 'no_bearer') if $where ne 'bearer';
        return ($all[0], $where);
    }

    return (undef, undef, 'token_type401') if $at{bearer};
    return (undef, undef, 'multiple_credentials') if @all > 1;
    return (undef, undef, 'unregistered') if $where eq 'other';

    return ($all[0], $where);
}


# the answer to a good request: {status, type, pieces} or the name of an error
# and its options
sub success ($app, $req, $do) {
    my $verb = $req->{verb};

    return list_models($app, $req) if $verb eq 'list';
    return resource_answer($app, $req, $do) if $req->{resource};

    if ($verb !~ m{^(chat/|embeddings|get)} && !$verb{$verb}) {
        return ('model404', {});
    }

    if (($req->{place} // '') eq 'tunedModels') {
        my @bad = tuned($app, $req);
        return @bad if @bad;
    }

    my $model = $app->model($req->{model} // '');
    return ('model404', {}) unless $model;
    return get_model($req, $model) if $verb eq 'get';

    my $needs = $verb{$verb}
        // ($verb eq 'embeddings' ? 'embedContent' : 'generateContent');

    if (!grep { $_ eq $needs } @{$model->{methods}}) {
        return ('model404', {});
    }

    my @bad = body_trouble($req);
    @bad = foreign_reference($app, $req) unless @bad;
    return @bad if @bad;

    return $long_running{$verb}->($app, $req) if $long_running{$verb};

    $do = enriched($req, $do);

    return embeddings($req, $do) if $needs eq 'embedContent';
    return count_tokens($req, $do) if $verb eq 'countTokens';
    return chat($req, $do) if $verb eq 'chat/completions';
    return generate_stream($app, $req, $do) if $verb eq 'streamGenerateContent';

    return json_answer(pretty(generate_body($req, $do, [text_of($req, $do)],
                                            1)) . "\n") if %$do;

    return json_answer($app->cached("$verb $req->{prompt} $req->{model}", sub {
        return pretty(generate_body($req, $do, [text_of($req, $do)], 1))
            . "\n";
    }));
}


# a tuned model is a project's; it answers as the one that it is made of
sub tuned ($app, $req) {
    my $item = $app->store->own('tunedModels', $req->{model}, $req)
        // return $app->store->refusal('tunedModels', $req->{model});

    $req->{model} = ($item->{told}{baseModel} // 'models/gemini-3.8-flash')
        =~ s{^models/}{}r;

    return;
}


# what the request itself asks for beside a plain answer
sub enriched ($req, $do) {
    my $body = ref $req->{data} eq 'HASH' ? $req->{data} : {};
    my $config = $body->{generationConfig} // $body->{generation_config};
    my %more;

    $more{signature} = 1 if $req->{surface} eq 'native'
        && ($req->{model} // '') =~ /^gemini-(?:[34]|flash|pro)/
        && ($body->{tools} || ref $config eq 'HASH'
            && ($config->{thinkingConfig} || $config->{thinking_config}));

    if (my $cache = $req->{cache}) {
        $more{usage} = {prompt => $req->{prompt} + $cache->{tokens},
                        cached => $cache->{tokens}};
    }

    return %more ? {%more, %$do} : $do;
}


# a body that is no JSON, or that names another model than the path
sub body_trouble ($req) {
    my $body = $req->{data};

    return if $req->{spooled};
    return ('bad_json', {}) unless ref $body eq 'HASH';
    return if $req->{surface} eq 'openai';

    my $path = "models/$req->{model}";
    my $inner = $body->{generateContentRequest}
        // $body->{generate_content_request};
    my @named = ref $inner eq 'HASH' ? ($inner->{model}) : ();

    if ($req->{verb} eq 'embedContent') {
        push @named, $body->{model};

    } elsif ($req->{verb} eq 'batchEmbedContents') {
        return ('bad_request', {})
            if ref $body->{requests} ne 'ARRAY';
        push @named, map { ref $_ eq 'HASH' ? $_->{model} // '' : '' }
            @{$body->{requests}};
    }

    for my $name (grep { defined } @named) {
        my $full = $name =~ m{/} ? $name : "models/$name";
        return ('batch_model', {body_model => $name, path_model => $path})
            if $full ne $path;
    }

    return;
}


sub json_answer ($body) {
    return {
        status => 200,
        type   => 'application/json; charset=UTF-8',
        pieces => [$body],
    };
}


sub list_models ($app, $req) {
    my @models = @{$app->models};

    if ($req->{surface} eq 'openai') {
        return json_answer(pretty(o(object => 'list',
            data => [map { openai_model($_) } @models])) . "\n");
    }

    my $size = $req->{args}{pageSize} || 50;
    my $token = $req->{args}{pageToken} // '';
    my $from = $token =~ /^fake-page-(\d+)$/ ? $1 : 0;

    return ('bad_request', {}) if $token ne '' && !$from;

    my @page = grep { defined } @models[$from .. $from + $size - 1];
    my $next = $from + $size;

    return json_answer(pretty(o(
        models => [map { native_model($_) } @page],
        $next < @models ? (nextPageToken => "fake-page-$next") : ()))
        . "\n");
}


sub get_model ($req, $model) {
    my $body = $req->{surface} eq 'openai' ? openai_model($model)
                                           : native_model($model);

    return json_answer(pretty($body) . "\n");
}


sub text_of ($req, $do) {
    return $do->{text} // "Hello from the fake $req->{model}.";
}


# {prompt, output, thought, cached, total} as told, or counted
sub usage_of ($req, $do, $share = 1) {
    my $told = $do->{usage} // {};
    my $prompt = $told->{prompt} // $req->{prompt};
    my $output = int(($told->{output} // 8) * $share);
    my $thought = $told->{thought} // 0;
    my $total = $told->{total} // $prompt + $output + $thought;

    return ($prompt, $output, $thought, $told->{cached} // 0, $total);
}


sub usage_metadata ($req, $do, $share = 1) {
    my ($prompt, $output, $thought, $cached, $total)
        = usage_of($req, $do, $share);
    my @members = (
        promptTokenCount        => $prompt,
        candidatesTokenCount    => $output,
        totalTokenCount         => $total,
        cachedContentTokenCount => $cached,
    );
    my @pairs;

    while (my ($name, $value) = splice @members, 0, 2) {
        push @pairs, $name => $value if $value;
    }

    push @pairs, promptTokensDetails =>
        [o(modality => 'TEXT', tokenCount => $prompt)];
    push @pairs, thoughtsTokenCount => $thought if $thought;

    return o(@pairs);
}


sub generate_body ($req, $do, $parts, $share, $last = 1) {
    my $size = $last ? $do->{continuation} : 0;
    my @parts = map { [text => $_] } @$parts;

    if ($last) {
        push @parts, [functionCall => o(name => $do->{call}, args => o())]
            if defined $do->{call};
        push @{$parts[-1]}, thoughtSignature => make_signature($req)
            if $do->{signature};
    }

    my @candidate = (
        content => o(parts => [map { o(@$_) } @parts], role => 'model'),
        $last ? (finishReason => $do->{finish_reason}
                 // ($size ? 'CONTINUATION' : 'STOP')) : (),
        index   => 0,
        $size ? (continuationToken => make_token($req, undef, $size)) : (),
    );

    return o(
        candidates    => [o(@candidate)],
        exists $do->{usage} && !defined $do->{usage} ? ()
            : (usageMetadata => usage_metadata($req, $do, $share)),
        modelVersion  => $do->{model_version} // $req->{model},
        responseId    => $do->{response_id} // 'FakeResponse',
    );
}


# the text in N parts
sub split_text ($text, $n) {
    my @words = split /(?<= )/, $text;
    my @parts = map { '' } 1 .. $n;

    for my $i (0 .. $#words) {
        $parts[int($i * $n / @words)] .= $words[$i];
    }

    return @parts;
}


sub generate_stream ($app, $req, $do) {
    my $n = $do->{events} // 3;
    my $sse = is_sse($req);

    return sse_answer([], $do) if $sse && $do->{sse};

    if ($sse && !%$do) {
        my $known = $app->cached("sse $req->{prompt} $req->{model}", sub {
            return stream_pieces($req, $do, $n, 1);
        });
        return sse_answer([@$known], $do);
    }

    return sse_answer(stream_pieces($req, $do, $n, 1), $do) if $sse;

    return {
        status => 200,
        type   => 'application/json; charset=UTF-8',
        pieces => [@{stream_pieces($req, $do, $n, 0)}, "]\n"],
    };
}


sub stream_pieces ($req, $do, $n, $sse) {
    my @text = split_text(text_of($req, $do), $n);
    my @pieces;

    for my $i (1 .. $n) {
        my $event = generate_body($req, $do, [$text[$i - 1]], $i / $n,
                                  $i == $n);
        push @pieces, $sse ? 'data: ' . line($event) . "\r\n\r\n"
            : ($i == 1 ? '[' : ",\r\n") . pretty($event);
    }

    return \@pieces;
}


# a list "sse" of the script stands for the events, as data or as bytes
sub sse_answer ($pieces, $do) {
    if ($do->{sse}) {
        $pieces = [map { ref $_ ? 'data: ' . line($_) . "\r\n\r\n" : $_ }
                   @{$do->{sse}}];
    }

    return {
        status => 200,
        type   => 'text/event-stream',
        pieces => $pieces,
    };
}


sub count_tokens ($req, $do) {
    my ($prompt) = usage_of($req, $do);

    return json_answer(pretty(o(
        totalTokens         => $prompt,
        promptTokensDetails => [o(modality => 'TEXT',
                                  tokenCount => $prompt)])) . "\n");
}


sub embeddings ($req, $do) {
    my @vector = map { $_ / 8 } 1 .. 8;
    my $body;

    if ($req->{surface} eq 'openai') {
        my $input = ref $req->{data} ? $req->{data}{input} : undef;
        my $n = ref $input eq 'ARRAY' ? @$input : 1;
        my ($prompt) = usage_of($req, $do);

        $body = o(
            object => 'list',
            data   => [map { o(object => 'embedding', index => $_,
                               embedding => \@vector) } 0 .. $n - 1],
            model  => $req->{model},
            usage  => o(prompt_tokens => $prompt, total_tokens => $prompt));

    } elsif ($req->{verb} eq 'embedContent') {
        $body = o(embedding => o(values => \@vector));

    } else {
        my $n = ref $req->{data} ? @{$req->{data}{requests}} : 1;
        $body = o(embeddings => [map { o(values => \@vector) } 1 .. $n]);
    }

    return json_answer(pretty($body) . "\n");
}


sub openai_usage ($req, $do, $share = 1) {
    my ($prompt, $output, $thought, $cached, $total)
        = usage_of($req, $do, $share);

    return o(
        completion_tokens => $output,
        prompt_tokens     => $prompt,
        total_tokens      => $total,
        $cached ? (prompt_tokens_details => o(cached_tokens => $cached))
                : ());
}


sub chat ($req, $do) {
    return chat_stream($req, $do) if $req->{stream};

    my $message = o(content => text_of($req, $do), role => 'assistant',
                    tool_calls($req, $do));

    return json_answer(pretty(o(
        choices => [o(finish_reason => $do->{finish_reason} // 'stop',
                      index => 0, message => $message)],
        created => int $req->{time},
        id      => $do->{response_id} // 'FakeResponse',
        model   => $req->{model},
        object  => 'chat.completion',
        exists $do->{usage} && !defined $do->{usage} ? ()
            : (usage => openai_usage($req, $do)))) . "\n");
}


sub tool_calls ($req, $do) {
    my $name = $do->{call} // return;
    my @signature = $do->{signature} ? (extra_content => o(google =>
        o(thought_signature => make_signature($req)))) : ();

    return (tool_calls => [o(id => 'call-1', type => 'function', @signature,
                             function => o(name => $name,
                                           arguments => '{}'))]);
}


sub chat_stream ($req, $do) {
    my $n = $do->{events} // 3;
    my @text = split_text(text_of($req, $do), $n);
    my @pieces;

    return sse_answer(\@pieces, $do) if $do->{sse};

    for my $i (1 .. $n) {
        my @usage = $i == $n && !(exists $do->{usage} && !defined $do->{usage})
            ? (usage => openai_usage($req, $do)) : ();
        my @finish = $i == $n
            ? (finish_reason => $do->{finish_reason} // 'stop') : ();
        my $delta = o(content => $text[$i - 1], role => 'assistant',
                      $i == $n ? tool_calls($req, $do) : ());

        push @pieces, 'data: ' . line(o(
            choices => [o(delta => $delta, @finish, index => 0)],
            created => int $req->{time},
            id      => $do->{response_id} // 'FakeResponse',
            model   => $req->{model},
            object  => 'chat.completion.chunk',
            @usage)) . "\n\n";
    }

    push @pieces, "data: [DONE]\n\n";

    return sse_answer(\@pieces, $do);
}


1;
