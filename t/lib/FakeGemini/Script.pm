package FakeGemini::Script;

# The rules of a test: which request is met by which answer. A rule is one flat
# object; the members of %match say whom it meets, all others what is done.

use Mojo::Base -base, -signatures;

use FakeGemini::Api qw(success);
use FakeGemini::Errors qw(error_answer error_names error_event);
use FakeGemini::Json qw(o line pretty);
use FakeGemini::Quota;

has rules => sub { [] };

my %match = map { $_ => 1 } qw(
    key project model verb surface method path holds header nth times early
    unauthenticated label
);

my %act = map { $_ => 1 } qw(
    case code message grpc_status details limit retry retry_text quota_model
    quota_id old_order no_retry file status body type headers extra_headers
    latency delay hang hang_after_headers close reset garbage empty200 error200
    late_error form cut_midstream reset_midstream hang_midstream cut_at_byte
    big gate_events slow trickle status100 interim gzip usage events text sse
    finish_reason model_version response_id framing close_after own ok
    classic continuation signature call live_close live_reason live_after
);

my %known_case = map { $_ => 1 } error_names();


# the text of what is wrong with a list of rules, or undef
sub check ($class, $rules) {
    return 'a script is a list of rules' if ref $rules ne 'ARRAY';

    for my $i (0 .. $#$rules) {
        my $rule = $rules->[$i];
        return "rule $i is no object" if ref $rule ne 'HASH';

        for my $name (sort keys %$rule) {
            return "rule $i: unknown member \"$name\""
                unless $match{$name} || $act{$name};
        }

        return "rule $i: unknown case \"$rule->{case}\""
            if defined $rule->{case} && !$known_case{$rule->{case}};

        for my $name (qw(path holds header)) {
            return "rule $i: bad regular expression in \"$name\""
                if defined $rule->{$name} && !eval { qr/$rule->{$name}/ };
        }
    }

    return;
}


sub set ($self, $rules) {
    $self->rules([map { {%$_, _seen => 0, _used => 0} } @$rules]);
    return;
}


# the first rule that meets the request and has not been used up
sub find ($self, $req, $early = 0) {
    my $i = 0;

    for my $rule (@{$self->rules}) {
        my $index = $i++;

        next if !!$rule->{early} != !!$early;

        # a gateway that sends two keys, or none, shall not pass by luck
        next if defined $req->{refused} && !$rule->{unauthenticated};

        next unless meets($rule, $req);

        $rule->{_seen}++;
        next unless nth_matches($rule);
        next if defined $rule->{times} && $rule->{_used} >= $rule->{times};

        $rule->{_used}++;
        $req->{rule} = $rule->{label} // $index;
        return $rule;
    }

    return;
}


sub nth_matches ($rule) {
    my $nth = $rule->{nth} // return 1;
    return grep { $_ == $rule->{_seen} } ref $nth ? @$nth : $nth;
}


sub meets ($rule, $req) {
    for my $name (qw(key project model verb surface method)) {
        my $glob = $rule->{$name} // next;
        my $value = $req->{$name} // return 0;
        return 0
            unless FakeGemini::Quota::glob_matches($glob, $value);
    }

    return 0 if defined $rule->{path} && $req->{target} !~ /$rule->{path}/;
    return 0 if defined $rule->{holds}
        && ($req->{body} // '') !~ /$rule->{holds}/;

    if (defined(my $wanted = $rule->{header})) {
        return 0 unless grep { "$_->[0]: $_->[1]" =~ /$wanted/i }
            @{$req->{headers}};
    }

    return 1;
}


# the answer that a rule asks for; a fault of transport needs no answer
sub answer ($self, $app, $req, $do) {
    my $answer = fault($do) // base($app, $req, $do);

    $answer->{latency} = $do->{latency};
    $answer->{delay} = $do->{delay};

    return $answer if $answer->{fault};

    $answer->{fault} = 'hang_after_headers' if $do->{hang_after_headers};
    late_error($answer, $req, $do) if defined $do->{late_error};
    dress($answer, $req, $do);

    return $answer;
}


sub fault ($do) {
    for my $name (qw(hang close reset)) {
        return {fault => $name} if $do->{$name};
    }

    return {
        fault   => 'garbage',
        garbage => length $do->{garbage} > 1 ? $do->{garbage}
            : "<html><body>not HTTP at all</body></html>\r\n",
    } if $do->{garbage};

    return;
}


sub base ($app, $req, $do) {
    return error200($req, $do) if $do->{error200};

    return {status => 200, type => 'application/json; charset=UTF-8',
            pieces => []} if $do->{empty200};

    return error($req, $do->{case}, $do)
        if defined $do->{case} && !defined $do->{late_error};

    return custom($req, $do) if defined $do->{status} || defined $do->{body};
    return big($req, $do) if $do->{big};

    return $app->plain_answer($req, $do);
}


sub error ($req, $name, $opt) {
    my ($status, $type, $body) = error_answer($name, $req, $opt);
    my $answer = {
        status => $opt->{status} // $status,
        type   => $type,
        pieces => [$body],
    };

    $answer->{extra_headers} = [['WWW-Authenticate',
                                 'Bearer realm="invalid_token"']]
        if $name eq 'token_type401';

    return $answer;
}


sub custom ($req, $do) {
    my $body = $do->{body} // '';
    my $json = ref $body;

    return {
        status => $do->{status} // 200,
        type   => exists $do->{type} ? $do->{type}
            : $json || $body =~ /^\s*[\[{]/
                ? 'application/json; charset=UTF-8' : 'text/html',
        pieces => [FakeGemini::Errors::fill($json ? pretty($body) . "\n"
                                                  : $body, $req)],
    };
}


# a failure that begins with 200: as a data: line, as bare JSON
sub error200 ($req, $do) {
    my $case = $do->{case} // 'overloaded503';
    my $bytes;

    if ($req->{sse}) {
        my $form = $do->{error200} eq 'bare' ? 'bare' : 'data';
        $bytes = error_event($case, $req, $do, $form);

    } else {
        (undef, undef, $bytes) = error_answer($case, $req, $do);
    }

    return {
        status => 200,
        type   => $req->{sse} ? 'text/event-stream'
                              : 'application/json; charset=UTF-8',
        pieces => [$bytes],
    };
}


sub late_error ($answer, $req, $do) {
    my $pieces = $answer->{pieces};
    my $form = $do->{form} // 'bare';
    my $case = $do->{case} // 'overloaded503';

    splice @$pieces, $do->{late_error};
    push @$pieces, error_event($case, $req, $do, $form);

    return;
}


# an inline image of N bytes of base64
sub big ($req, $do) {
    my $size = $do->{big};
    my $tail = line(o(promptTokenCount => $req->{prompt},
                      candidatesTokenCount => 1290,
                      totalTokenCount => $req->{prompt} + 1290));
    my $before = '{"candidates": [{"content": {"parts": [{"inlineData": '
        . '{"mimeType": "image/png", "data": "';
    my $after = '"}}], "role": "model"}, "finishReason": "STOP", '
        . "\"index\": 0}], \"usageMetadata\": $tail, "
        . '"modelVersion": ' . FakeGemini::Json::text($req->{model} // '')
        . ', "responseId": "FakeResponse"}';

    $before = "data: $before" if $req->{sse};
    $after .= $req->{sse} ? "\r\n\r\n" : "\n";

    my $block = 'QUJDREVGR0hJSktM' x 4096;
    my ($left, @rest) = ($size, $before);

    return {
        status => 200,
        type   => $req->{sse} ? 'text/event-stream'
                              : 'application/json; charset=UTF-8',
        length => $size + length($before) + length $after,
        next   => sub {
            return shift @rest if @rest;
            return if $left < 0;

            my $piece = substr $block, 0, $left;
            $left -= length $piece;
            return $piece if $left;

            $left = -1;
            return $piece . $after;
        },
    };
}


sub dress ($answer, $req, $do) {
    for my $kind (qw(cut reset hang)) {
        my $n = $do->{"${kind}_midstream"} // next;
        $answer->{stop} = [$n, $kind];
        halve($answer) if @{$answer->{pieces} // [1, 1]} < 2 && $n;
    }

    $answer->{cut_at} = $do->{cut_at_byte};
    $answer->{gate} = $do->{gate_events};
    $answer->{split} = $do->{trickle};
    $answer->{slow} = $do->{slow};
    $answer->{split} //= $do->{slow}{bytes} if ref $do->{slow};
    $answer->{framing} = $do->{framing};
    $answer->{close} = $do->{close_after};
    $answer->{own} = $do->{own};
    $answer->{headers} = $do->{headers};
    $answer->{interim} = $do->{interim}
        // ($do->{status100} ? "HTTP/1.1 100 Continue\r\n\r\n" : undef);
    $answer->{gzip} = 1 if $do->{gzip};

    push @{$answer->{extra_headers}}, pairs($do->{extra_headers})
        if $do->{extra_headers};

    return;
}


# a unary answer that breaks off does so in the middle, and cannot look whole
sub halve ($answer) {
    my $body = $answer->{pieces}[0] // '';
    my $half = int(length($body) / 2);

    $answer->{pieces} = [substr($body, 0, $half), substr($body, $half)];
    $answer->{stop}[0] = 1;

    return;
}


sub pairs ($headers) {
    return @$headers if ref $headers eq 'ARRAY';
    return map { [$_, $headers->{$_}] } sort keys %$headers;
}


1;
