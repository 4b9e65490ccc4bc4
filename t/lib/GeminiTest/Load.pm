package GeminiTest::Load;

# Many requests at a time from one process.

use strict;
use warnings;

use GeminiTest::Http;
use Time::HiRes 'time';


# run(n, c, port, timeout, make => sub (i) {method, target, headers, body},
#     each => sub (answer, i), keep => 0|1, while => sub)
#
# Answers in the order of the requests. A kept connection that the server has
# closed before it read the request is no failure: the request goes again.
sub run {
    my (%arg) = @_;
    my $self = bless {
        %arg,
        next    => 0,
        running => {},
        idle    => [],
        answers => [],
        retried => 0,
        end     => time + ($arg{timeout} // 60),
    }, __PACKAGE__;

    while (1) {
        $self->launch;
        last unless %{$self->{running}};
        last if time > $self->{end};
        $self->turn;
    }

    $_->{exchange}->close for values %{$self->{running}};
    $_->leave for @{$self->{idle}};

    return ($self->{answers}, $self->{retried});
}


sub launch {
    my ($self) = @_;

    while (keys %{$self->{running}} < $self->{c}) {
        last if defined $self->{n} && $self->{next} >= $self->{n};
        last if $self->{while} && !$self->{while}->();

        my $i = $self->{next}++;
        $self->send_one($i, $self->{make}->($i));
    }

    return;
}


sub send_one {
    my ($self, $i, $request) = @_;
    my ($method, $target, $headers, $body) = @$request;
    my $exchange = GeminiTest::Http->begin(
        port    => $self->{port},
        method  => $method,
        target  => $target,
        headers => $headers,
        body    => $body,
        defer   => 1,
        keep    => $self->{keep},
        on      => pop @{$self->{idle}},
    );

    $self->{running}{fileno $exchange->{sock}} = {
        exchange => $exchange,
        i        => $i,
        request  => $request,
    };

    return;
}


sub turn {
    my ($self) = @_;
    my ($read, $write) = ('', '');

    for my $fd (keys %{$self->{running}}) {
        my $exchange = $self->{running}{$fd}{exchange};
        vec($read, $fd, 1) = 1;
        vec($write, $fd, 1) = 1
            if $exchange->{out} ne '' || $exchange->{more};
    }

    my $n = select $read, $write, undef, 0.1;
    return if $n <= 0;

    for my $fd (keys %{$self->{running}}) {
        my $run = $self->{running}{$fd};
        my $exchange = $run->{exchange};

        $exchange->write_some if vec $write, $fd, 1;
        $exchange->read_some if vec $read, $fd, 1;
        $self->ended($fd, $run) if $exchange->is_done;
    }

    return;
}


sub ended {
    my ($self, $fd, $run) = @_;
    my $exchange = $run->{exchange};

    delete $self->{running}{$fd};

    if ($exchange->{reused} && !$exchange->{bytes}) {
        $self->{retried}++;
        $self->send_one($run->{i}, $run->{request});
        return;
    }

    my $answer = $exchange->finish;
    my $kept = delete $answer->{exchange};

    push @{$self->{idle}}, $kept if $kept;

    $self->{answers}[$run->{i}] = $answer;
    $self->{each}->($answer, $run->{i}) if $self->{each};

    return;
}


1;
