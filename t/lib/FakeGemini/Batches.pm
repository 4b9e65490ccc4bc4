package FakeGemini::Batches;

# What goes on after its answer: batches, native and of the OpenAI surface, and
# the operations of models (videos).

use Mojo::Base -strict, -signatures;

use Exporter 'import';
use FakeGemini::Files qw(generated_file);
use FakeGemini::Json qw(data_answer line o);
use FakeGemini::Refs qw(foreign_reference);
use FakeGemini::Store qw(rfc3339);

our @EXPORT_OK = qw(batch_calls batch_create video_create);

use constant TYPE => 'type.googleapis.com/google.ai.generativelanguage.v1main.';

my %openai_state = (
    PENDING   => 'validating',
    RUNNING   => 'in_progress',
    SUCCEEDED => 'completed',
    FAILED    => 'failed',
    CANCELLED => 'cancelled',
    EXPIRED   => 'expired',
);


sub batch_calls () {
    return (
        'batches.list'          => \&list,
        'batches.get'           => \&get,
        'batches.cancel'        => \&cancel,
        'batches.delete'        => \&remove,
        'openai.batches.list'   => \&openai_list,
        'openai.batches.create' => \&openai_create,
        'openai.batches.get'    => \&openai_get,
        'openai.batches.cancel' => \&openai_cancel,
        'operations.get'        => \&operation,
    );
}


# --- batches ---

# models/{m}:batchGenerateContent, :asyncBatchEmbedContent
sub batch_create ($app, $req) {
    my $body = ref $req->{data} eq 'HASH' ? $req->{data} : {};
    my $batch = $body->{batch} // {};

    return ('bad_request', {})
        if !$req->{spooled} && ref $body->{batch} ne 'HASH';

    my $named = $batch->{model};

    return ('batch_model', {body_model => $named,
                            path_model => "models/$req->{model}"})
        if defined $named && $named ne "models/$req->{model}";

    my $input = $batch->{inputConfig} // $batch->{input_config} // {};
    my $file = $input->{fileName} // $input->{file_name};
    my $inline = $input->{requests}{requests};
    my $n = ref $inline eq 'ARRAY' ? @$inline : 1;

    return ('bad_request', {})
        if !$req->{spooled} && !defined $file && ref $inline ne 'ARRAY';

    return data_answer(shown(add($app, $req,
        title  => $batch->{displayName} // $batch->{display_name},
        inline => defined $file || $req->{spooled} ? 0 : $n,
        count  => defined $file ? lines($app, $req, $file) : $n,
        embeds => $req->{verb} =~ /Embed/ ? 1 : 0,
    )));
}


sub lines ($app, $req, $file) {
    my $item = $app->store->own('files', $file =~ s{^files/}{}r, $req);
    my $n = () = (($item // {})->{content} // '') =~ /\S[^\n]*/g;

    return $n || 1;
}


sub add ($app, $req, %member) {
    return $app->store->add('batches', $req,
        model => "models/$req->{model}",
        state => 'PENDING',
        %member,
    );
}


sub shown ($batch) {
    my $kind = $batch->{embeds} ? 'EmbedContentBatch' : 'GenerateContentBatch';
    my $ended = $batch->{state} !~ /^(?:PENDING|RUNNING)$/;
    my $n = $batch->{count};
    my @output = $batch->{output} ? (output => $batch->{output}) : ();

    return o(
        name     => $batch->{name},
        metadata => o(
            '@type'     => TYPE . $kind,
            model       => $batch->{model},
            displayName => $batch->{title} // '',
            @output,
            createTime  => rfc3339($batch->{created}),
            $ended ? (endTime => rfc3339($batch->{updated})) : (),
            updateTime  => rfc3339($batch->{updated}),
            batchStats  => o(requestCount => "$n",
                $batch->{output} ? (successfulRequestCount => "$n")
                                 : (pendingRequestCount => "$n")),
            state       => "BATCH_STATE_$batch->{state}",
            name        => $batch->{name},
        ),
        $ended ? (done => \1) : (),
        @output ? (response => o('@type' => TYPE . $kind . 'Output',
                                 @{$batch->{output}})) : (),
    );
}


# each look moves it on
sub advance ($app, $req, $batch) {
    return if $batch->{state} !~ /^(?:PENDING|RUNNING)$/;

    if ($app->store->in_work($batch)) {
        $batch->{state} = 'RUNNING';
        return;
    }

    $batch->{state} = 'SUCCEEDED';
    $batch->{output} = output($app, $req, $batch);

    return;
}


sub output ($app, $req, $batch) {
    my $answer = o($batch->{embeds}
        ? (embedding => o(values => [map { $_ / 8 } 1 .. 8]))
        : (candidates => [o(content => o(parts => [o(text =>
                "Hello from the batch $batch->{id}.")], role => 'model'),
                finishReason => 'STOP', index => 0)],
           usageMetadata => o(promptTokenCount => 4,
                candidatesTokenCount => 8, totalTokenCount => 12)));

    if ($batch->{inline}) {
        my $name = $batch->{embeds} ? 'inlinedEmbedContentResponses'
                                    : 'inlinedResponses';
        return o($name => o(inlinedResponses =>
            [map { o(response => $answer) } 1 .. $batch->{inline}]));
    }

    my $text = join '', map { line(o(key => "request-$_",
                                     response => $answer)) . "\n" }
        1 .. $batch->{count};
    my $file = generated_file($app, {%$req, version => $batch->{version}},
                              "batch-$batch->{id}", 'application/jsonl',
                              $text);

    return o(responsesFile => $file->{name});
}


sub own ($app, $req) {
    return $app->store->own('batches', $req->{id}, $req);
}


sub refused ($app, $req) {
    return $app->store->refusal('batches', $req->{id});
}


sub list ($app, $req) {
    return $app->store->page('batches', $req, \&shown,
                             member => 'operations');
}


sub get ($app, $req) {
    my $batch = own($app, $req) // return refused($app, $req);

    advance($app, $req, $batch);
    return data_answer(shown($batch));
}


sub cancel ($app, $req) {
    my $batch = own($app, $req) // return refused($app, $req);

    stop($batch);
    return data_answer(o());
}


sub stop ($batch) {
    return if $batch->{state} !~ /^(?:PENDING|RUNNING)$/;

    @$batch{qw(state updated)} = ('CANCELLED', time);
    return;
}


sub remove ($app, $req) {
    my $batch = own($app, $req) // return refused($app, $req);

    $app->store->drop($batch);
    return data_answer(o());
}


# --- batches as OpenAI has them ---

sub openai_create ($app, $req) {
    my $body = $req->{data};

    return ('bad_json', {}) if ref $body ne 'HASH';

    my $file = $body->{input_file_id} // return ('bad_request', {});

    # files/ may be left out
    $body->{input_file_id} = "files/$file" if $file !~ m{/};

    my @bad = foreign_reference($app, {%$req, body => undef});
    return @bad if @bad;

    $req->{model} = 'gemini-3.8-flash';
    my $batch = add($app, $req,
        endpoint => $body->{endpoint},
        window   => $body->{completion_window},
        input    => $body->{input_file_id},
        count    => lines($app, $req, $body->{input_file_id}),
    );

    return data_answer(openai_shown($batch));
}


sub openai_shown ($batch) {
    my ($n, $output) = @$batch{qw(count output)};
    my $done = $output ? $n : 0;

    return o(
        id                => $batch->{name},
        object            => 'batch',
        endpoint          => $batch->{endpoint},
        input_file_id     => $batch->{input},
        completion_window => $batch->{window},
        status            => $openai_state{$batch->{state}},
        $output ? (output_file_id => $output->[1]) : (),
        created_at        => $batch->{created},
        request_counts    => o(total => $n, completed => $done, failed => 0),
    );
}


sub openai_list ($app, $req) {
    my @all = map { openai_shown($_) }
        $app->store->of_project('batches', $req);

    return data_answer(o(object => 'list', data => \@all,
                         has_more => \0));
}


sub openai_get ($app, $req) {
    my $batch = own($app, $req) // return refused($app, $req);

    advance($app, $req, $batch);
    return data_answer(openai_shown($batch));
}


sub openai_cancel ($app, $req) {
    my $batch = own($app, $req) // return refused($app, $req);

    stop($batch);
    return data_answer(openai_shown($batch));
}


# --- operations ---

# models/{m}:predictLongRunning
sub video_create ($app, $req) {
    return ('bad_request', {}) if !$req->{spooled}
        && ref(($req->{data} // {})->{instances}) ne 'ARRAY';

    my $id = $app->store->new_id;
    my $item = $app->store->add('operations', $req,
        id   => $id,
        name => "models/$req->{model}/operations/$id",
        does => 'video',
    );

    return data_answer(o(name => $item->{name}));
}


sub operation ($app, $req) {
    my $item = $app->store->own('operations', $req->{id}, $req);

    return $app->store->refusal('operations', $req->{id})
        if !$item || "/$req->{version}/$item->{name}" ne $req->{path};

    return data_answer(o(name => $item->{name}))
        if !$item->{response} && $app->store->in_work($item);

    $item->{response} //= $item->{does} eq 'video'
        ? videos($app, $req, $item) : o();

    return data_answer(o(name => $item->{name}, done => \1,
                         response => $item->{response}));
}


sub videos ($app, $req, $item) {
    my $file = generated_file($app, $req, "video$item->{id}", 'video/mp4');
    my $uri = $app->host . "/$item->{version}/$file->{name}"
        . ':download?alt=media';

    return o(
        '@type' => TYPE . 'PredictLongRunningResponse',
        generateVideoResponse => o(
            generatedSamples => [o(video => o(uri => $uri))]));
}


1;
