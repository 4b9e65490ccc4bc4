package GeminiTest::Http;

# One HTTP/1.1 exchange on a raw socket. Framing is read by hand, so that a
# test sees whether an answer came to its end: complete is 1 only then.

use strict;
use warnings;

use Cpanel::JSON::XS ();
use Digest::MD5 ();
use Errno qw(EAGAIN EINPROGRESS EINTR EWOULDBLOCK);
use IO::Select;
use IO::Socket::INET;
use Socket qw(IPPROTO_TCP SHUT_WR SOL_SOCKET SO_LINGER SO_RCVBUF TCP_NODELAY);
use Time::HiRes 'time';

use constant BLOCK => 131072;

my $json = Cpanel::JSON::XS->new->utf8->canonical->allow_nonref;


# begin(port => .., method, target, headers, body, version, timeout, tls, host,
#       keep => 1, on => an exchange so kept, whose connection is used again,
#       keep_body => 0, rcvbuf)
sub begin {
    my ($class, %arg) = @_;
    my $self = bless {
        timeout   => $arg{timeout} // 30,
        port      => $arg{port},
        keep      => $arg{keep},
        keep_body => $arg{keep_body} // 1,
        method    => $arg{method},
        in        => '',
        out       => '',
    }, $class;

    if ($arg{on}) {
        $self->{sock} = delete $arg{on}{sock};
        $self->{reused} = 1;

    } else {
        $self->connect(%arg);
    }

    $self->clear;
    $self->{out} = $self->head_of(%arg);
    $self->add_body($arg{body}, $arg{length});
    $self->flush unless $arg{defer};

    return $self;
}


sub clear {
    my ($self) = @_;

    @$self{qw(state body chunks complete events)} = ('head', '', [], 0, '');
    @$self{qw(bytes raw_headers started)} = (0, [], time);
    $self->{md5} = Digest::MD5->new;

    return;
}


sub connect {
    my ($self, %arg) = @_;
    my %at = (
        PeerAddr => $arg{host} // '127.0.0.1',
        PeerPort => $arg{port},
        Proto    => 'tcp',
    );
    my $sock;

    if (my $tls = $arg{tls}) {
        require IO::Socket::SSL;
        $sock = IO::Socket::SSL->new(%at, ref $tls ? %$tls
                                     : (SSL_verify_mode => 0));
        $self->{tls} = 1;

    } else {
        $sock = IO::Socket::INET->new(%at, Timeout => $self->{timeout});
    }

    die "connect to port $arg{port}: " . ($@ || $!) . "\n" unless $sock;

    setsockopt $sock, IPPROTO_TCP, TCP_NODELAY, 1;
    setsockopt $sock, SOL_SOCKET, SO_RCVBUF, $arg{rcvbuf} if $arg{rcvbuf};
    $sock->blocking(0);
    $self->{sock} = $sock;

    return;
}


sub pairs {
    my ($headers) = @_;

    return () unless $headers;
    return map { [$_, $headers->{$_}] } sort keys %$headers
        if ref $headers eq 'HASH';
    return @$headers if @$headers && ref $headers->[0];

    my @pairs;
    for (my $i = 0; $i < @$headers; $i += 2) {
        push @pairs, [@$headers[$i, $i + 1]];
    }

    return @pairs;
}


sub head_of {
    my ($self, %arg) = @_;
    my @headers = pairs($arg{headers});
    my %has = map { lc $_->[0] => 1 } @headers;
    my $version = $arg{version} // '1.1';
    my $body = $arg{body};

    unshift @headers, [Host => "127.0.0.1:$arg{port}"]
        if !$has{host} && $version ne '1.0';
    push @headers, ['Content-Type', 'application/json']
        if defined $body && !$has{'content-type'};

    if (!$has{'content-length'} && !$has{'transfer-encoding'}) {
        if (ref $body eq 'CODE' && !defined $arg{length}) {
            push @headers, ['Transfer-Encoding', 'chunked'];

        } elsif (defined $body || defined $arg{length}) {
            push @headers, ['Content-Length', $arg{length}
                            // length bytes_of($body)];
        }
    }

    $self->{chunked_body} = grep { lc $_->[0] eq 'transfer-encoding' }
        @headers;

    return "$arg{method} $arg{target} HTTP/$version\r\n"
        . join('', map { "$_->[0]: $_->[1]\r\n" } @headers) . "\r\n";
}


# text as it is, data as JSON
sub bytes_of {
    my ($body) = @_;

    return $body unless ref $body eq 'HASH' || ref $body eq 'ARRAY';
    return $json->encode($body);
}


sub add_body {
    my ($self, $body, $length) = @_;

    return unless defined $body;

    if (ref $body ne 'CODE') {
        $body = bytes_of($body);
        $self->{out} .= $self->{chunked_body} && $body ne ''
            ? sprintf("%x\r\n%s\r\n0\r\n\r\n", length $body, $body) : $body;
        return;
    }

    my $chunked = !defined $length;

    $self->{more} = sub {
        my $bytes = $body->();

        return $bytes unless $chunked;
        return sprintf "%x\r\n%s\r\n", length $bytes, $bytes
            if defined $bytes && $bytes ne '';

        $self->{more} = undef;
        return "0\r\n\r\n";
    };

    return;
}


# sends all of the request, unless an answer ends it before
sub flush {
    my ($self) = @_;

    $self->pump(sub {
        return ($self->{out} eq '' && !$self->{more}) || $self->is_done;
    });

    return $self;
}


sub send_bytes {
    my ($self, $bytes) = @_;

    $self->{out} .= $bytes;
    return $self->flush;
}


sub is_done {
    my ($self) = @_;
    return $self->{state} eq 'done';
}


# works until the condition holds; false at the deadline or the end
sub pump {
    my ($self, $condition, $timeout) = @_;
    my $end = time + ($timeout // $self->{timeout});

    while (1) {
        return 1 if $condition->();
        return 0 if $self->{state} eq 'done' || !$self->{sock};

        my $left = $end - time;

        if ($left <= 0) {
            $self->{timed_out} = 1;
            return 0;
        }

        $self->turn($left);
    }
}


# one turn: waits for the socket, writes, reads, parses
sub turn {
    my ($self, $left) = @_;
    my $sock = $self->{sock};
    my $writes = $self->{out} ne '' || $self->{more};
    my ($read, $write) = ('', '');

    if (!$self->{tls} || !$sock->pending) {
        vec($read, fileno $sock, 1) = 1;
        vec($write, fileno $sock, 1) = 1 if $writes;
        my $n = select $read, $write, undef, $left;
        return if $n <= 0;
    }

    $self->write_some if $writes && vec($write, fileno $sock, 1);
    $self->read_some if $self->{sock};

    return;
}


sub write_some {
    my ($self) = @_;

    if ($self->{out} eq '' && $self->{more}) {
        my $bytes = $self->{more}->();
        $self->{more} = undef unless defined $bytes;
        $self->{out} = $bytes // '';
    }

    return if $self->{out} eq '';

    local $SIG{PIPE} = 'IGNORE';
    my $n = syswrite $self->{sock}, $self->{out}, BLOCK;

    if (defined $n) {
        substr $self->{out}, 0, $n, '';
        return;
    }

    return if $!{EAGAIN} || $!{EINTR};

    # an answer may have come before the connection broke
    $self->{write_error} = "$!";
    @$self{qw(out more)} = ('', undef);

    return;
}


sub read_some {
    my ($self) = @_;
    my $n = sysread $self->{sock}, my $bytes, BLOCK;

    if ($n) {
        push @{$self->{chunks}}, [time, $bytes] if $self->{keep_body};
        $self->{in} .= $bytes;
        $self->{bytes} += $n;
        $self->parse;
        return;
    }

    return if !defined $n && ($!{EAGAIN} || $!{EINTR});

    $self->{error} = defined $n ? 'eof' : "$!";
    $self->ended;

    return;
}


sub ended {
    my ($self) = @_;

    if ($self->{state} eq 'until_close' && $self->{error} eq 'eof') {
        $self->{complete} = 1;
    }

    $self->{state} = 'done';
    $self->close;

    return;
}


sub parse {
    my ($self) = @_;

    while ($self->{state} ne 'done' && $self->{in} ne '') {
        my $step = "parse_$self->{state}";
        last unless $self->$step;
    }

    return;
}


sub parse_head {
    my ($self) = @_;
    my $end = index $self->{in}, "\r\n\r\n";

    if ($end < 0) {
        return 0 if 'HTTP/' eq substr $self->{in}, 0, 5;
        return 0 if length $self->{in} < 5;
        $self->{error} = 'bad status line';
        $self->ended;
        return 0;
    }

    my $head = substr $self->{in}, 0, $end + 4, '';
    my ($first, @lines) = split /\r\n/, $head;

    if ($first !~ m{^HTTP/([\d.]+) (\d{3})(?: (.*))?$}) {
        $self->{error} = 'bad status line';
        $self->ended;
        return 0;
    }

    if ($2 < 200 && $2 != 101) {
        push @{$self->{interim}}, $2;
        return 1;
    }

    @$self{qw(version status reason)} = ($1, $2, $3);
    $self->{head_time} = time;
    $self->{raw_headers} = [map { [split /:[ \t]*/, $_, 2] } @lines];
    $self->{headers} = {};

    for my $pair (@{$self->{raw_headers}}) {
        my $name = lc $pair->[0];
        my $old = $self->{headers}{$name};
        $self->{headers}{$name} = defined $old ? "$old, $pair->[1]"
                                               : $pair->[1];
    }

    return $self->body_framing;
}


sub body_framing {
    my ($self) = @_;
    my $headers = $self->{headers};

    if ($self->{method} eq 'HEAD' || $self->{status} =~ /^(?:204|304)$/) {
        $self->{framing} = 'none';
        return $self->all_read;
    }

    if (($headers->{'transfer-encoding'} // '') =~ /chunked/i) {
        $self->{framing} = 'chunked';
        $self->{state} = 'size';

    } elsif (defined $headers->{'content-length'}) {
        $self->{framing} = 'length';
        $self->{left} = $headers->{'content-length'};
        return $self->all_read unless $self->{left};
        $self->{state} = 'length';

    } else {
        $self->{framing} = 'close';
        $self->{state} = 'until_close';
    }

    return 1;
}


sub all_read {
    my ($self) = @_;

    $self->{complete} = 1;
    $self->{state} = 'done';

    return 0;
}


sub take {
    my ($self, $bytes) = @_;

    $self->{md5}->add($bytes);
    $self->{length} += length $bytes;
    $self->{first_byte} //= time;

    return unless $self->{keep_body};

    $self->{body} .= $bytes;
    $self->{events} .= $bytes;

    return;
}


sub parse_length {
    my ($self) = @_;
    my $bytes = substr $self->{in}, 0, $self->{left}, '';

    $self->{left} -= length $bytes;
    $self->take($bytes);

    return $self->{left} ? 1 : $self->all_read;
}


sub parse_until_close {
    my ($self) = @_;

    $self->take($self->{in});
    $self->{in} = '';

    return 1;
}


sub parse_size {
    my ($self) = @_;

    if ($self->{in} !~ s/\A([0-9a-fA-F]+)[^\r\n]*\r\n//) {
        return 0 if $self->{in} =~ /\A[0-9a-fA-F]*[^\r\n]{0,80}\r?\z/;
        $self->{error} = 'bad chunk';
        $self->ended;
        return 0;
    }

    $self->{left} = hex $1;
    $self->{state} = $self->{left} ? 'chunk' : 'trailer';

    return 1;
}


sub parse_chunk {
    my ($self) = @_;

    if ($self->{left}) {
        my $bytes = substr $self->{in}, 0, $self->{left}, '';
        $self->{left} -= length $bytes;
        $self->take($bytes);
    }

    return 0 if $self->{left} || length $self->{in} < 2;

    substr $self->{in}, 0, 2, '';
    $self->{state} = 'size';

    return 1;
}


sub parse_trailer {
    my ($self) = @_;

    $self->{in} =~ s/\A((?:[^\r\n]+\r\n)*)\r\n// or return 0;
    $self->{trailers} = $1;

    return $self->all_read;
}


# --- what tests call ---

# waits for the head; the status, or undef
sub head {
    my ($self) = @_;

    $self->pump(sub { defined $self->{status} });
    return $self->{status};
}


# waits until the body has so many bytes or matches
sub wait_body {
    my ($self, $what, $timeout) = @_;

    return $self->pump(ref $what
        ? sub { $self->{body} =~ $what }
        : sub { ($self->{length} // 0) >= $what }, $timeout);
}


# the next SSE event with its blank line, or undef at the end
sub read_event {
    my ($self, $timeout) = @_;
    my $blank = qr/\A(.*?(?:\r\n\r\n|\n\n|\r\r))/s;

    $self->pump(sub { $self->{events} =~ $blank }, $timeout);
    $self->{events} =~ s/$blank// or return;

    return $1;
}


# true while not a byte more has come, for so many seconds
sub is_quiet {
    my ($self, $seconds) = @_;
    my $bytes = $self->{bytes};
    my $was = $self->{timed_out};
    my $moved = $self->pump(sub { $self->{bytes} != $bytes }, $seconds);

    $self->{timed_out} = $was;
    return !$moved && !$self->is_done;
}


# reads to the end; the answer as plain data
sub finish {
    my ($self, $timeout) = @_;

    $self->pump(sub { $self->is_done }, $timeout);

    my $connection = lc($self->{headers}{connection} // '');
    my $keeps = $self->{keep} && $self->{complete} && $connection ne 'close'
        && $self->{framing} ne 'close';

    if (!$keeps) {
        $self->{complete} ? $self->leave : $self->close;
    }

    return {
        (map { $_ => $self->{$_} } qw(status reason version headers
            raw_headers body complete chunks error framing trailers interim
            length head_time first_byte timed_out reused bytes)),
        md5      => $self->{md5}->clone->hexdigest,
        time     => time - $self->{started},
        exchange => $keeps ? $self : undef,
        json     => scalar eval { $json->decode($self->{body}) },
    };
}


# Closes, and waits until the server has, too: by then nginx has done all that
# follows an answer, which is counting and logging it.
sub leave {
    my ($self) = @_;
    my $sock = $self->{sock} or return;
    my $end = time + $self->{timeout};

    shutdown $sock, SHUT_WR;

    while ((my $left = $end - time) > 0) {
        vec(my $read = '', fileno $sock, 1) = 1;
        select $read, undef, undef, $left;

        my $n = sysread $sock, my $bytes, BLOCK;
        last if defined $n ? $n == 0 : !($!{EAGAIN} || $!{EINTR});
    }

    return $self->close;
}


sub close {
    my ($self) = @_;

    CORE::close delete $self->{sock} if $self->{sock};
    return;
}


# RST
sub reset {
    my ($self) = @_;

    setsockopt $self->{sock}, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0)
        if $self->{sock};
    $self->close;

    return;
}


1;
