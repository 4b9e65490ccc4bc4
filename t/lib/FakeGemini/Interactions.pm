package FakeGemini::Interactions;

# The Interactions API: create, get, cancel, delete, as JSON and as events, in
# the shape that Api-Revision asks for.

use Mojo::Base -strict, -signatures;

use Exporter 'import';
use FakeGemini::Json qw(data_answer line o);
use FakeGemini::Long qw(make_signature make_token);
use FakeGemini::Refs qw(foreign_reference);
use FakeGemini::Store qw(rfc3339);

our @EXPORT_OK = qw(interaction_calls);


sub interaction_calls () {
    return (
        'interactions.create' => \&create,
        'interactions.get'    => \&get,
        'interactions.cancel' => \&cancel,
        'interactions.delete' => \&remove,
    );
}


# --- create ---

sub create ($app, $req, $do) {
    my $body = $req->{data} // {};
    my @bad = trouble($app, $req, $body);

    return @bad if @bad;

    my $kept = is_false($body->{store}) ? 0 : 1;
    my $item = $app->store->add('interactions', $req,
        id         => 'v1_' . $app->store->new_id,
        kept       => $kept,
        model      => $req->{model},
        agent      => $body->{agent},
        background => is_true($body->{background}),
        previous   => $body->{previous_interaction_id},
        usage      => usage($req, $do),
        text       => $do->{text} // 'Hello from the fake '
            . ($req->{model} // $body->{agent}) . '.',
        environment => $body->{environment},
    );

    settle($req, $item, $do);
    $app->store->drop($item) unless $kept;

    return stream($req, $item, $do) if $req->{stream};
    return data_answer(shown($req, $item));
}


sub trouble ($app, $req, $body) {
    return ('bad_json', {}) if ref $body ne 'HASH';
    return if $req->{spooled};
    return ('model_or_agent', {})
        if defined $body->{model} == defined $body->{agent};
    return ('no_input', {}) if !defined $body->{input}
        && !defined $body->{continuation_token};
    return ('not_stored', {}) if is_false($body->{store})
        && (is_true($body->{background})
            || defined $body->{previous_interaction_id});
    return ('model404', {})
        if defined $req->{model} && !$app->model($req->{model});

    return foreign_reference($app, $req);
}


sub is_true ($value) {
    return $value ? 1 : 0;
}


sub is_false ($value) {
    return defined $value && !$value ? 1 : 0;
}


# where it stands after this request
sub settle ($req, $item, $do) {
    if (my $size = $do->{continuation}) {
        $item->{status} = 'requires_continuation';
        $item->{token} = make_token($req,
            $item->{kept} ? $item->{id} : '', $size);

    } elsif ($item->{background}) {
        $item->{status} = 'in_progress';

    } else {
        $item->{status} = 'completed';
    }

    $item->{signature} = make_signature($req) if $do->{signature};
    return;
}


sub usage ($req, $do) {
    my $told = $do->{usage} // {};
    my ($input, $output) = ($told->{prompt} // $req->{prompt},
                            $told->{output} // 8);
    my ($thought, $cached) = ($told->{thought} // 0, $told->{cached} // 0);

    return if exists $do->{usage} && !defined $do->{usage};

    return o(
        total_tokens           => $told->{total}
            // $input + $output + $thought,
        total_input_tokens     => $input,
        input_tokens_by_modality => [o(modality => 'text',
                                       tokens => $input)],
        total_cached_tokens    => $cached,
        total_output_tokens    => $output,
        total_tool_use_tokens  => 0,
        total_thought_tokens   => $thought,
    );
}


# --- what is shown ---

# steps, or the outputs of a revision of old
sub is_new ($req) {
    return !grep { lc $_->[0] eq 'api-revision' && $_->[1] lt '2026-05-20' }
        @{$req->{headers}};
}


sub shown ($req, $item) {
    my $done = $item->{status} =~ /^(?:completed|requires_continuation)$/;
    my $text = o(type => 'text', text => $item->{text});
    my @content = is_new($req)
        ? (steps => $done ? steps($item, $text) : [])
        : (outputs => $done ? [$text] : []);

    return o(
        brief($item),
        @content,
        $done && $item->{usage} ? (usage => $item->{usage}) : (),
        defined $item->{previous}
            ? (previous_interaction_id => $item->{previous}) : (),
        defined $item->{environment} && !ref $item->{environment}
            ? (environment_id => $item->{environment}) : (),
    );
}


sub steps ($item, $text) {
    return [
        $item->{signature} ? o(type => 'thought',
                               signature => $item->{signature}) : (),
        o(type => 'model_output', content => [$text])];
}


sub brief ($item) {
    return (
        id      => $item->{id},
        object  => 'interaction',
        status  => $item->{status},
        defined $item->{model} ? (model => $item->{model})
                               : (agent => $item->{agent}),
        created => rfc3339($item->{created}),
        updated => rfc3339($item->{updated}),
        defined $item->{token} && $item->{status} eq 'requires_continuation'
            ? (continuation_token => $item->{token}) : (),
    );
}


# --- events ---

sub events ($item, $n) {
    my $end = $item->{status} eq 'in_progress' ? 'completed'
        : $item->{status};
    my %brief = brief($item);
    my @words = split /(?<= )/, $item->{text};
    my @deltas;

    for my $i (0 .. $#words) {
        $deltas[int($i * $n / @words)] .= $words[$i];
    }

    my @events = (
        ['interaction.created', interaction => o(id => $item->{id},
            object => 'interaction', status => 'in_progress',
            map { $_ => $brief{$_} } grep { defined $brief{$_} }
                qw(model agent))],
        ['interaction.status_update', interaction_id => $item->{id},
            status => 'in_progress'],
        ['step.start', index => 0, step => o(type => 'model_output')],
        (map { ['step.delta', index => 0,
                delta => o(type => 'text', text => $_ // '')] }
            @deltas[0 .. $n - 1]),
        ['step.stop', index => 0],
        ['interaction.completed', interaction => o(
            brief({%$item, status => $end}),
            $item->{usage} ? (usage => $item->{usage}) : ())],
    );

    return map { numbered($_, @{$events[$_]}) } 0 .. $#events;
}


sub numbered ($i, $type, @members) {
    return o(event_type => $type, @members, event_id => "evt_$i");
}


sub stream ($req, $item, $do, $after = undef) {
    my $n = $item->{deltas} //= $do->{events} // 3;
    my @events = events($item, $n);
    my @pieces;

    if (defined $after) {
        my ($i) = $after =~ /^evt_(\d+)$/ or return ('bad_request', {});
        splice @events, 0, $i + 1;
    }

    if ($do->{sse}) {
        @pieces = map { ref $_ ? 'data: ' . line($_) . "\n\n" : $_ }
            @{$do->{sse}};

    } else {
        @pieces = map { 'event: ' . $_->[1] . "\ndata: " . line($_)
            . "\n\n" } @events;
        push @pieces, "event: done\ndata: [DONE]\n\n";
    }

    return {
        status => 200,
        type   => 'text/event-stream',
        pieces => \@pieces,
    };
}


# --- one that is there ---

sub own ($app, $req) {
    return $app->store->own('interactions', $req->{id}, $req);
}


sub refused ($app, $req) {
    return $app->store->refusal('interactions', $req->{id});
}


# a look at one in the background moves it on; a stream goes to its end
sub get ($app, $req, $do) {
    my $item = own($app, $req) // return refused($app, $req);

    if ($req->{stream}) {
        my ($answer, @bad) = stream($req, $item, $do,
                                    $req->{args}{last_event_id});
        return ($answer, @bad) unless ref $answer;

        $item->{status} = 'completed' if $item->{status} eq 'in_progress';
        return $answer;
    }

    $item->{status} = 'completed' if $item->{status} eq 'in_progress'
        && !$app->store->in_work($item);

    return data_answer(shown($req, $item));
}


sub cancel ($app, $req, $do) {
    my $item = own($app, $req) // return refused($app, $req);

    return ('not_running', {}) if $item->{status} ne 'in_progress';

    $item->{status} = 'cancelled';
    $item->{updated} = time;

    return data_answer(shown($req, $item));
}


sub remove ($app, $req, $do) {
    my $item = own($app, $req) // return refused($app, $req);

    $app->store->drop($item);
    return data_answer(o());
}


1;
