package FakeGemini::Writer;

# Carries one answer out: head and pieces, with the gates, delays and faults
# that a rule asked for.
#
#   status type headers pieces | next length      what is answered
#   framing     chunked (default), length, close
#   latency     milliseconds, delay: gate, before the first byte
#   fault       hang, close, reset, garbage instead of an answer;
#               hang_after_headers
#   stop        [N, cut | reset | hang] after N pieces
#   cut_at      bytes of the body, then FIN
#   gate        each piece waits for it; slow: {bytes, ms}; split: bytes
#   gzip, interim (100 first), close

use Mojo::Base -base, -signatures;

use Compress::Raw::Zlib ();
use Digest::MD5 ();
use Mojo::IOLoop;
use Mojo::Date;

has [qw(conn req answer)];

my %reason = (
    200 => 'OK', 201 => 'Created', 204 => 'No Content', 302 => 'Found',
    304 => 'Not Modified', 308 => 'Resume Incomplete', 400 => 'Bad Request',
    401 => 'Unauthorized', 402 => 'Payment Required', 403 => 'Forbidden',
    404 => 'Not Found',
    409 => 'Conflict', 413 => 'Request Entity Too Large',
    429 => 'Too Many Requests', 499 => 'Client Closed Request',
    500 => 'Internal Server Error', 501 => 'Not Implemented',
    502 => 'Bad Gateway', 503 => 'Service Unavailable',
    504 => 'Gateway Timeout',
);

my @common = (
    ['Vary', 'Origin'],
    ['Vary', 'X-Origin'],
    ['Vary', 'Referer'],
    ['Server', 'scaffolding on HTTPServer2'],
    ['X-XSS-Protection', '0'],
    ['X-Frame-Options', 'SAMEORIGIN'],
    ['X-Content-Type-Options', 'nosniff'],
    ['Server-Timing', 'gfet4t7; dur=12'],
    ['X-Gemini-Service-Tier', 'standard'],
    ['Alt-Svc', 'h3=":443"; ma=2592000,h3-29=":443"; ma=2592000'],
);


sub start ($self) {
    my $answer = $self->answer;
    my $go = sub { $self->go unless $self->{dead} };
    my $gated = !defined $answer->{delay} ? $go : sub {
        $self->conn->app->gate($answer->{delay}, $go) unless $self->{dead};
    };

    return $gated->() unless $answer->{latency};

    Mojo::IOLoop->timer($answer->{latency} / 1000 => $gated);
    return;
}


sub go ($self) {
    my $answer = $self->answer;
    my $conn = $self->conn;
    my $fault = $answer->{fault} // '';

    return if $fault eq 'hang';
    return $conn->cut if $fault eq 'close';
    return $conn->reset if $fault eq 'reset';

    if ($fault eq 'garbage') {
        $conn->stream->write($answer->{garbage}, sub { $conn->cut });
        return;
    }

    $self->prepare;

    if ($fault eq 'hang_after_headers') {
        $conn->stream->write($self->head);
        return;
    }

    return $self->write_all if $self->is_plain;

    $conn->stream->write($self->head, sub { $self->pump });
    return;
}


sub is_plain ($self) {
    my $answer = $self->answer;

    return 0 if $answer->{next};
    return !grep { defined $answer->{$_} } qw(stop cut_at gate slow split);
}


# pieces as they go over the wire, and how the message ends
sub prepare ($self) {
    my $answer = $self->answer;
    my $req = $self->req;

    $self->{keep} = $self->conn->keep_alive && !$answer->{close};
    $self->{index} = 0;
    $self->{sent} = 0;

    if ($answer->{pieces}) {
        my $pieces = [@{$answer->{pieces}}];
        $pieces = gzip($pieces) if $answer->{gzip};
        $pieces = split_pieces($pieces, $answer->{split}) if $answer->{split};
        $self->{length} = 0;
        $self->{length} += length for @$pieces;
        $self->{pieces} = $pieces;

    } else {
        $self->{length} = $answer->{length};
    }

    $self->{md5} = Digest::MD5->new;

    $self->{bare} = $req->{method} eq 'HEAD'
        || $answer->{status} =~ /^(?:204|304|1..)$/;
    $self->{framing} = $answer->{framing} // 'chunked';
    $self->{framing} = 'length'
        if $self->{framing} eq 'chunked' && !$self->{length};
    $self->{framing} = 'close'
        if $self->{framing} eq 'chunked' && $req->{http} ne 'HTTP/1.1';
    $self->{keep} = 0 if $self->{framing} eq 'close';

    return;
}


sub head ($self) {
    my $answer = $self->answer;
    my $status = $answer->{status};
    my $text = $reason{$status} // 'Unknown';
    my $head = $answer->{interim} // '';

    $self->req->{status} = $status;
    $head .= "HTTP/1.1 $status $text\r\n";

    for my $pair (@{$self->headers}) {
        $head .= "$pair->[0]: $pair->[1]\r\n";
    }

    return "$head\r\n";
}


sub headers ($self) {
    my $answer = $self->answer;
    my @headers;

    push @headers, ['Content-Type', $answer->{type}]
        if defined $answer->{type};
    push @headers, @common unless $answer->{own};
    push @headers, ['Date', $self->conn->app->date];
    push @headers, ['Content-Encoding', 'gzip'] if $answer->{gzip};

    if (my $set = $answer->{headers}) {
        my %named = map { lc $_ => 1 } keys %$set;
        @headers = grep { !$named{lc $_->[0]} } @headers;
        push @headers, map { [$_, $set->{$_}] }
            grep { defined $set->{$_} } sort keys %$set;
    }

    push @headers, @{$answer->{extra_headers} // []};

    if ($self->{framing} eq 'chunked') {
        push @headers, ['Transfer-Encoding', 'chunked'];

    } elsif ($self->{framing} eq 'length' && $answer->{status} != 204) {
        push @headers, ['Content-Length', $self->{length}];
    }

    push @headers, ['Connection', 'close'] unless $self->{keep};
    push @headers, ['Connection', 'keep-alive']
        if $self->{keep} && $self->req->{http} ne 'HTTP/1.1';

    return \@headers;
}


sub frame ($self, $bytes) {
    return '' if $bytes eq '' || $self->{bare};

    $self->{sent} += length $bytes;
    $self->{md5}->add($bytes);

    return $bytes if $self->{framing} ne 'chunked';
    return sprintf("%x\r\n", length $bytes) . $bytes . "\r\n";
}


sub last_bytes ($self) {
    return $self->{framing} eq 'chunked' && !$self->{bare} ? "0\r\n\r\n" : '';
}


sub write_all ($self) {
    my $bytes = $self->head;

    $bytes .= $self->frame($_) for @{$self->{pieces}};
    $bytes .= $self->last_bytes;

    $self->conn->stream->write($bytes, sub { $self->finish });
    return;
}


# the client has closed: after the last byte of a Content-Length it may do so
# before we know that all was written

sub left ($self) {
    $self->{dead} = 1;
    $self->req->{sent_md5} //= $self->{md5}->clone->hexdigest
        if $self->{md5};

    return;
}


sub finish ($self) {
    return if $self->{dead};

    $self->req->{sent} = $self->{sent};
    $self->req->{sent_md5} = $self->{md5}->hexdigest;
    $self->conn->answered($self->{keep});

    return;
}


sub next_piece ($self) {
    my $next = $self->answer->{next};

    return $self->{pieces}[$self->{index}] unless $next;

    return $next->();
}


sub pump ($self) {
    return if $self->{dead};

    my $answer = $self->answer;
    my $stop = $answer->{stop};

    $self->req->{sent} = $self->{sent};
    return $self->break_off($stop->[1])
        if $stop && $self->{index} >= $stop->[0];

    my $piece = $self->next_piece;

    if (!defined $piece) {
        $self->conn->stream->write($self->last_bytes,
                                   sub { $self->finish });
        return;
    }

    $self->{index}++;

    return $self->emit($piece) unless defined $answer->{gate};

    $self->conn->app->gate($answer->{gate}, sub { $self->emit($piece) });
    return;
}


sub emit ($self, $piece) {
    return if $self->{dead};

    my $answer = $self->answer;
    my $cut_at = $answer->{cut_at};
    my $slow = $answer->{slow};

    if (defined $cut_at && $self->{sent} + length $piece >= $cut_at) {
        my $bytes = $self->frame(substr $piece, 0, $cut_at - $self->{sent});
        $self->conn->stream->write($bytes,
                                   sub { $self->break_off('cut') });
        return;
    }

    my $done = sub {
        return $self->pump unless $slow;
        Mojo::IOLoop->timer($slow->{ms} / 1000 => sub { $self->pump });
    };

    $self->conn->stream->write($self->frame($piece), $done);
    return;
}


sub break_off ($self, $how) {
    return if $self->{dead};

    $self->req->{sent} = $self->{sent};

    return $self->conn->reset if $how eq 'reset';
    return $self->conn->cut if $how eq 'cut';
    return;
}


sub split_pieces ($pieces, $size) {
    return [map { unpack "(a$size)*", $_ } @$pieces];
}


sub gzip ($pieces) {
    my $deflate = Compress::Raw::Zlib::Deflate->new(
        -WindowBits   => Compress::Raw::Zlib::WANT_GZIP(),
        -AppendOutput => 1);
    my @out;

    for my $piece (@$pieces) {
        my $bytes = '';
        $deflate->deflate($piece, $bytes);
        $deflate->flush($bytes, Compress::Raw::Zlib::Z_SYNC_FLUSH());
        push @out, $bytes;
    }

    my $last = '';
    $deflate->flush($last);
    push @out, $last;

    return \@out;
}


1;
