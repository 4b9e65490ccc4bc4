package Bench::Streams;

# Server-sent events, and streams that idle: both ends are one program
# (streams.c), which is upstream and clients at once.

use strict;
use warnings;

use Bench::Loads;
use Bench::Proc;
use IPC::Open2;

use constant {
    ALL     => [qw(plain control lua ours haproxy)],
    STREAMS => 100,
    EVENTS  => 50,
    PAUSE   => 20000,           # us between the events of a stream
    IDLE    => 2000,
};


sub command {
    my ($self, $c, @what) = @_;

    return ("$self->{rig}{root}/build/bench-streams", $c->{stream_port},
            $c->{port}, @what);
}


sub contender {
    my ($self, $name) = @_;
    my $port = Bench::Proc::port();
    my $c = $self->{rig}->contender($name, upstream => $port);

    $c->{stream_port} = $port;

    return $c;
}


sub sse {
    my ($self) = @_;
    my $report = $self->{report};
    my @contenders = map { contender($self, $_) } @{ ALL() };
    my %runs;

    for my $round (0 .. $self->{rounds}) {
        for my $c (@contenders) {
            my $run = sse_turn($self, $c);

            push(@{ $runs{$c->{name}} }, $run) if $round;
        }

        push(@contenders, shift @contenders);
    }

    $self->{rig}->stop($_) for @contenders;

    my %late = map { $_ => Bench::Loads::values_of(\%runs, $_, 'late') }
                   @{ ALL() };

    $self->cpu_rows('sse', \%runs, 'plain', ALL, ours => 1.08);
    $report->add('sse', $_, 'event late, p50', unit => 'us',
                 values => $late{$_}) for @{ ALL() };
    $report->add('sse', 'ours', 'later than plain, p50', unit => 'us',
                 values => [map { $late{ours}[$_] - $late{plain}[$_] }
                                0 .. $#{ $late{ours} }],
                 aim    => 50);

    return;
}


sub sse_turn {
    my ($self, $c) = @_;
    my $before = Bench::Proc::cpu_ns($c->{pid});
    my $out = Bench::Proc::run(Bench::Proc::LOAD_CPU,
                               command($self, $c, STREAMS, EVENTS, PAUSE));
    my $cpu = Bench::Proc::cpu_ns($c->{pid}) - $before;
    my ($done, $events, $late) = $out =~ /^streams (\d+) (\d+) (\S+)/
        or die "bench: streams says: $out\n";

    return {
        cpu    => $cpu / 1000 / STREAMS,
        late   => $late,
        errors => STREAMS * EVENTS - $events,
    };
}


# memory of a stream that is silent, and how soon its upstream is let go
sub idle {
    my ($self) = @_;
    my $report = $self->{report};
    my (%memory, %released);

    for my $round (1 .. 3) {
        for my $name (@{ ALL() }) {
            my $c = contender($self, $name);
            my ($memory, $released) = idle_turn($self, $c);

            push(@{ $memory{$name} }, $memory);
            push(@{ $released{$name} }, $released);
            $self->{rig}->stop($c);
        }
    }

    for my $name (@{ ALL() }) {
        $report->add('idle', $name, 'memory of a stream', unit => 'KB',
            values  => $memory{$name},
            against => $name eq 'plain' ? undef : $memory{plain},
            aim     => $name eq 'ours' ? 1.25 : undef);
    }

    for my $name (@{ ALL() }) {
        $report->add('idle', $name, 'last upstream let go', unit => 'ms',
            values => $released{$name},
            aim    => $name eq 'ours' ? 100 : undef);
    }

    return;
}


sub idle_turn {
    my ($self, $c) = @_;
    my $before = Bench::Proc::kilobytes($c->{pid}, 'smaps_rollup', 'Rss');
    my $pid = open2(my $out, my $in, 'taskset', '-c', Bench::Proc::LOAD_CPU,
                    command($self, $c, IDLE, 'idle'));
    my $ready = <$out> // '';
    my $after = Bench::Proc::kilobytes($c->{pid}, 'smaps_rollup', 'Rss');

    print $in "\n";
    my $line = <$out> // '';
    waitpid($pid, 0);

    die "bench: streams says: $ready$line\n"
        if $ready ne 'ready ' . IDLE . "\n"
           || $line !~ /^released (\d+) \d+ (\d+)/ || $1 != IDLE / 20;

    return (($after - $before) / IDLE, $2 / 1000);
}


1;
