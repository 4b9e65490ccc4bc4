package FakeGemini::Live;

# The Live API, as much as a proxy can see of it: the upgrade, an answer to the
# setup frame, and then every message back to its sender.

use Mojo::Base -strict, -signatures;

use Digest::SHA 'sha1_base64';
use Exporter 'import';
use Mojo::WebSocket qw(WS_CLOSE WS_PING WS_PONG WS_TEXT build_frame
                       parse_frame);

our @EXPORT_OK = qw(live_route live_upgrade);

use constant GUID => '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';


sub live_route ($req) {
    $req->{path} =~ m{^//?ws/google\.ai\.generativelanguage\.(v1\w*)\.
                      GenerativeService\.(Bidi\w+)$}x or return 0;

    @$req{qw(version verb resource)} = ($1, $2, 'live');
    return $req->{method} eq 'GET';
}


# the bytes of the 101 and what reads the frames; undef for no WebSocket
sub live_upgrade ($req) {
    my ($key) = map { $_->[1] } grep { lc $_->[0] eq 'sec-websocket-key' }
        @{$req->{headers}};

    return unless defined $key;

    my $accept = sha1_base64($key . GUID) . '=';
    my ($buffer, $is_set_up) = ('', 0);
    my $read = sub ($bytes) {
        my $out = '';
        my $ends = 0;

        $buffer .= $bytes;

        while (my $frame = parse_frame(\$buffer, 1 << 20)) {
            my ($op, $payload) = @$frame[4, 5];

            $ends = 1 if $op == WS_CLOSE;
            $op = WS_PONG if $op == WS_PING;
            $payload = '{"setupComplete": {}}'
                if $op == WS_TEXT && !$is_set_up++;
            $out .= build_frame(0, 1, 0, 0, 0, $op, $payload);
        }

        return ($out, $ends);
    };

    return ("HTTP/1.1 101 Switching Protocols\r\n"
        . "Upgrade: websocket\r\nConnection: Upgrade\r\n"
        . "Sec-WebSocket-Accept: $accept\r\n\r\n", $read);
}


1;
