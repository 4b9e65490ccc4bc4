package FakeGemini::Live;

# The Live API: the upgrade, the setup and its answer, turns that are answered
# by themselves, and every other message back to its sender.

use Mojo::Base -strict, -signatures;

use Digest::SHA 'sha1_base64';
use Exporter 'import';
use FakeGemini::Json qw(lenient line o);
use MIME::Base64 qw(decode_base64 encode_base64);
use Mojo::WebSocket qw(WS_CLOSE WS_PING WS_PONG WS_TEXT build_frame
                       parse_frame);

our @EXPORT_OK = qw(live_route live_upgrade token_of);

use constant {
    GUID   => '258EAFA5-E914-47DA-95CA-C5AB0DC85B11',
    HANDLE => 'fake session',
    KEEP   => 65536,
};


sub live_route ($req) {
    $req->{path} =~ m{^//?ws/google\.ai\.generativelanguage\.(v1\w*)\.
                      GenerativeService\.(Bidi\w+)$}x or return 0;

    @$req{qw(version verb resource)} = ($1, $2, 'live');
    return $req->{method} eq 'GET';
}


# an ephemeral token that stands for a key
sub token_of ($app, $req) {
    my ($id) = ($req->{key} // '') =~ m{^auth_tokens/(.+)$} or return;

    return if ($req->{resource} // '') ne 'live';

    $req->{ephemeral} = 1;
    return $app->store->get('auth_tokens', $id);
}


# the bytes of the 101 and what reads the frames; undef for no WebSocket
sub live_upgrade ($app, $req, $do) {
    my ($key) = map { $_->[1] } grep { lc $_->[0] eq 'sec-websocket-key' }
        @{$req->{headers}};

    return unless defined $key;

    my $session = {
        app      => $app,
        req      => $req,
        do       => $do,
        buffer   => '',
        messages => 0,
    };
    my $accept = sha1_base64($key . GUID) . '=';
    my $bytes = "HTTP/1.1 101 Switching Protocols\r\n"
        . "Upgrade: websocket\r\nConnection: Upgrade\r\n"
        . "Sec-WebSocket-Accept: $accept\r\n\r\n";

    $req->{frames} = [];

    # at once, or when something comes
    my @refused = at_the_door($session);
    $session->{refused} = \@refused if @refused;

    return ($bytes, sub ($in) { frames($session, $in) });
}


# the close code and reason of who may not come in
sub at_the_door ($session) {
    my ($app, $req, $do) = @$session{qw(app req do)};
    my $wants = $req->{verb} =~ /Constrained$/ ? 1 : 0;

    return @$do{qw(live_close live_reason)}
        if defined $do->{live_close} && !$do->{live_after};

    return (1008, 'Ephemeral tokens are for constrained methods only.')
        if $wants != ($req->{ephemeral} // 0);

    return unless $req->{ephemeral};

    my $token = token_of($app, $req);

    return (1008, 'Token has expired or was not found.')
        if !$token || $token->{uses} < 1;

    $token->{uses}--;
    return;
}


sub frames ($session, $in) {
    my ($out, $ends) = ('', 0);

    return (closing(@{$session->{refused}}), 1) if $session->{refused};

    $session->{buffer} .= $in;

    while (!$ends
           && (my $frame = parse_frame(\$session->{buffer}, 1 << 24)))
    {
        my ($op, $payload) = @$frame[4, 5];

        if ($op == WS_CLOSE) {
            $out .= build_frame(0, 1, 0, 0, 0, WS_CLOSE, $payload);
            $ends = 1;

        } elsif ($op == WS_PING) {
            $out .= build_frame(0, 1, 0, 0, 0, WS_PONG, $payload);

        } elsif ($op != WS_PONG) {
            my ($bytes, $is_last) = message($session, $op, $payload);
            ($out, $ends) = ($out . $bytes, $is_last);
        }
    }

    return ($out, $ends);
}


sub message ($session, $op, $payload) {
    my ($req, $do) = @$session{qw(req do)};
    my $n = $session->{messages}++;

    push @{$req->{frames}}, $payload
        if ($session->{kept} += length $payload) <= KEEP;

    my @close = defined $do->{live_close}
        && $n + 1 >= ($do->{live_after} // 1)
        ? @$do{qw(live_close live_reason)} : ();
    my ($out, @bad) = $n ? turn($session, $op, $payload)
                         : setup($session, $payload);

    @bad = @close unless @bad;
    return ($out . (@bad ? closing(@bad) : ''), @bad ? 1 : 0);
}


sub text ($data) {
    return build_frame(0, 1, 0, 0, 0, WS_TEXT, line($data));
}


sub closing ($code, $reason) {
    return build_frame(0, 1, 0, 0, 0, WS_CLOSE,
                       pack('n', $code) . substr $reason // '', 0, 123);
}


sub setup ($session, $payload) {
    my ($app, $req) = @$session{qw(app req)};
    my $data = lenient($payload);
    my $setup = ref $data eq 'HASH' ? $data->{setup} // {} : {};
    my $name = ($setup->{model} // '') =~ s{^models/}{}r;

    return ('', 1007, 'Request contains an invalid argument.')
        if ref $data ne 'HASH' || ref $setup ne 'HASH';

    if ($name ne '') {
        my $model = $app->model($name);

        $req->{model} = $name;
        return ('', 1008, "models/$name is not found for API version "
            . "$req->{version}, or is not supported for "
            . 'bidiGenerateContent. Call ListModels to see the list of '
            . 'available models and their supported methods.')
            unless $model && grep { $_ eq 'bidiGenerateContent' }
                @{$model->{methods}};
    }

    return resumed($session, $setup->{sessionResumption}
                   // $setup->{session_resumption});
}


# a session's handle is the project's, too
sub resumed ($session, $wish) {
    my $mine = HANDLE . "\n" . $session->{req}{project};
    my $out = text(o(setupComplete => o()));

    return $out if ref $wish ne 'HASH';

    return ('', 1008, 'Requested entity was not found.')
        if defined $wish->{handle} && $wish->{handle} ne ''
        && decode_base64($wish->{handle}) ne $mine;

    return $out . text(o(sessionResumptionUpdate => o(
        newHandle => encode_base64($mine, ''), resumable => \1)));
}


# a turn is answered, anything else goes back as it came
sub turn ($session, $op, $payload) {
    my $data = lenient($payload);
    my $content = ref $data eq 'HASH'
        ? $data->{clientContent} // $data->{client_content} : undef;

    return build_frame(0, 1, 0, 0, 0, $op, $payload)
        if ref $content ne 'HASH';

    my $does = $content->{turnComplete} // $content->{turn_complete};
    return '' unless $does;

    my $n = $session->{turns}++ + 1;
    my $said = 'Hello from the fake ' . ($session->{req}{model} // 'model')
        . ", turn $n.";

    return text(o(serverContent => o(modelTurn =>
            o(parts => [o(text => $said)], role => 'model'))))
        . text(o(serverContent => o(turnComplete => \1),
            usageMetadata => o(promptTokenCount => 4 * $n,
                responseTokenCount => 8, totalTokenCount => 4 * $n + 8)));
}


1;
