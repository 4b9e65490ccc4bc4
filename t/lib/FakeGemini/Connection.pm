package FakeGemini::Connection;

# One client connection: HTTP/1.1 requests read byte by byte as they come, so
# that the log can tell exactly what was received, and answers one at a time.

use Mojo::Base -base, -signatures;

use Digest::MD5 ();
use FakeGemini::Json qw(lenient);
use FakeGemini::RefScan;
use FakeGemini::Scan;
use FakeGemini::Writer;
use IO::Socket ();
use Mojo::IOLoop;
use Socket qw(SOL_SOCKET SO_LINGER);
use Time::HiRes 'time';

use constant {
    KEEP_TEXT => 65536,      # bodies up to this are shown in the log
    KEEP_BODY => 1048576,    # bodies up to this are parsed as a whole
    SIOCOUTQ  => 0x5411,
};

has [qw(app stream id tls control)];


sub start ($self) {
    $self->{in} = '';
    $self->{state} = 'read_head';

    my $stream = $self->stream->timeout(0);

    $stream->on(read => sub ($stream, $bytes) { $self->feed($bytes) });
    $stream->on(error => sub { $self->closed });
    $stream->on(close => sub { $self->closed });

    return $self;
}


sub feed ($self, $bytes) {
    $self->{in} .= $bytes;

    while ($self->{in} ne '' || $self->{state} eq 'body_done') {
        my $state = $self->{state};
        last if $state eq 'busy' || !$self->$state;
    }

    return;
}


sub closed ($self) {
    return if $self->{gone}++;

    if (my $req = $self->{req}) {
        $req->{closed_early} = 1 unless $req->{done};
        $req->{closed} = 1;
        $self->{writer}->left if $self->{writer};
        $self->app->changed($req);
    }

    $self->app->connection_closed($self);
    return;
}


sub read_head ($self) {
    $self->{in} =~ s/\A(?:\r?\n)+//;

    my $end = index $self->{in}, "\r\n\r\n";
    return 0 if $end < 0;

    my $head = substr $self->{in}, 0, $end + 4, '';
    my ($first, @lines) = split /\r\n/, $head;
    my ($method, $target, $http) = split / /, $first, 3;
    my ($path, $query) = split /\?/, $target // '', 2;

    my $req = $self->{req} = {
        conn    => $self->id,
        tls     => $self->tls ? 1 : 0,
        time    => time,
        method  => $method,
        target  => $target // '',
        path    => $path // '',
        query   => $query,
        http    => $http // '',
        headers => [map { [split /:[ \t]*/, $_, 2] } @lines],
        length  => 0,
        body    => '',
    };

    $self->{md5} = Digest::MD5->new;
    $self->{scan} = undef;
    $self->{refs} = undef;
    $self->{early} = $self->app->head($req, $self);

    return $self->body_framing;
}


sub header ($self, $wanted) {
    my @values = map { $_->[1] } grep { lc $_->[0] eq $wanted }
        @{$self->{req}{headers}};
    return join ', ', @values if @values;
    return;
}


sub body_framing ($self) {
    my $req = $self->{req};
    my $coding = $self->header('transfer-encoding') // '';

    if (lc($self->header('expect') // '') eq '100-continue'
        && !$self->{early})
    {
        $self->stream->write("HTTP/1.1 100 Continue\r\n\r\n");
    }

    if ($self->{early}) {
        $self->{state} = 'busy';

    } elsif ($coding =~ /chunked/i) {
        $req->{framing} = 'chunked';
        $self->{state} = 'read_size';

    } else {
        $self->{left} = $self->header('content-length') // 0;
        $req->{framing} = 'length' if $self->{left};
        $self->{state} = $self->{left} ? 'read_length' : 'body_done';
    }

    return 1;
}


sub read_length ($self) {
    my $bytes = substr $self->{in}, 0, $self->{left}, '';

    $self->{left} -= length $bytes;
    $self->body($bytes);
    $self->{state} = 'body_done' unless $self->{left};

    return 1;
}


sub read_size ($self) {
    $self->{in} =~ s/\A(?:\r\n)?([0-9a-fA-F]+)[^\r\n]*\r\n// or return 0;

    $self->{left} = hex $1;
    $self->{state} = $self->{left} ? 'read_chunk' : 'read_trailer';

    return 1;
}


sub read_chunk ($self) {
    my $bytes = substr $self->{in}, 0, $self->{left}, '';

    $self->{left} -= length $bytes;
    $self->body($bytes);
    $self->{state} = 'read_size' unless $self->{left};

    return 1;
}


sub read_trailer ($self) {
    $self->{in} =~ s/\A(?:[^\r\n]+\r\n)*\r\n// or return 0;
    $self->{state} = 'body_done';

    return 1;
}


sub body ($self, $bytes) {
    my $req = $self->{req};

    $self->{md5}->add($bytes);
    $req->{length} += length $bytes;

    return $self->sink($bytes) if $req->{sink};

    if (my $scan = $self->{scan}) {
        $scan->feed($bytes);
        $self->{refs}->feed($bytes);
        return;
    }

    $req->{body} .= $bytes;

    if (length $req->{body} > KEEP_BODY) {
        my $scan = $self->{scan} = FakeGemini::Scan->new;
        $scan->feed($req->{body});
        $self->{refs} = FakeGemini::RefScan->new;
        $self->{refs}->feed($req->{body});
        $req->{body} = undef;
        $req->{spooled} = 1;
    }

    return;
}


# bytes of an upload, which are nothing to be read
sub sink ($self, $bytes) {
    my $req = $self->{req};

    $req->{sink}->($bytes);

    if (defined $req->{body}) {
        $req->{body} .= $bytes;
        $req->{body} = undef if length $req->{body} > KEEP_TEXT;
    }

    return;
}


sub body_done ($self) {
    my $req = $self->{req};

    $self->{state} = 'busy';

    $req->{md5} = $self->{md5}->hexdigest;
    $req->{complete} = 1;

    if (my $scan = $self->{scan}) {
        $req->{data} = $scan->found;
        $req->{references} = $self->{refs}->found;

    } elsif (delete $req->{sink}) {
        $req->{data} = undef;

    } elsif ($req->{length}) {
        $req->{data} = lenient($req->{body});
        $req->{body} = undef if $req->{length} > KEEP_TEXT;
    }

    $self->app->request($req, $self);
    return 1;
}


sub answer ($self, $answer) {
    $self->{state} = 'busy';
    $self->{writer} = FakeGemini::Writer->new(
        conn   => $self,
        req    => $self->{req},
        answer => $answer,
    );
    $self->{writer}->start;

    return;
}


# from now on the connection speaks what $read understands
sub upgrade ($self, $bytes, $read) {
    $self->{state} = 'read_frames';
    $self->{frames} = $read;
    $self->stream->write($bytes);

    Mojo::IOLoop->next_tick(sub {
        $self->read_frames unless $self->{gone};
        $self->feed('');
    });
    return;
}


sub read_frames ($self) {
    my ($out, $ends) = $self->{frames}->(substr $self->{in}, 0,
                                         length $self->{in}, '');

    if ($ends) {
        $self->stream->write($out, sub { $self->answered(0) });
        $self->{state} = 'busy';

    } elsif ($out ne '') {
        $self->stream->write($out);
    }

    return 1;
}


# the answer has left: the next request, or the end
sub answered ($self, $keep) {
    my $req = delete $self->{req};

    delete $self->{writer};
    $req->{done} = 1;
    $self->app->changed($req);

    return $self->stream->close_gracefully unless $keep;

    $self->{state} = 'read_head';
    Mojo::IOLoop->next_tick(sub { $self->feed('') })
        if $self->{in} ne '';

    return;
}


sub keep_alive ($self) {
    my $connection = lc($self->header('connection') // '');

    return 0 if $self->{early} || $connection =~ /\bclose\b/;
    return 1 if $self->{req}{http} eq 'HTTP/1.1';
    return $connection =~ /keep-alive/ ? 1 : 0;
}


# FIN after what was written, the answer being broken off
sub cut ($self) {
    $self->{req}{cut} = 1;
    return $self->answered(0);
}


# RST, once the peer's kernel has all that was written
sub reset ($self) {
    return if $self->{gone};

    my $handle = $self->stream->handle;
    my $queued = pack 'i', 0;

    ioctl $handle, SIOCOUTQ, $queued;

    if (unpack 'i', $queued) {
        Mojo::IOLoop->timer(0.001 => sub { $self->reset });
        return;
    }

    my $req = delete $self->{req};
    @$req{qw(cut done)} = (1, 1);

    setsockopt $handle, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0);
    $self->stream->steal_handle;

    if ($handle->can('stop_SSL')) {
        $handle->close(SSL_no_shutdown => 1);

    } else {
        close $handle;
    }

    $self->app->changed($req);
    $self->closed;

    return;
}


1;
