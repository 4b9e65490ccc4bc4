package Bench::Core;

# What needs no requests: the pick by itself (pick.c), the scanners (scan.c),
# the status document.

use strict;
use warnings;

use Bench::Conf;
use Bench::Loads;
use Bench::Proc;
use File::Path ();

use constant PAIRS => 3000;

my @sizes = (10, 1000, 10000);


sub scan {
    my ($self) = @_;
    my $out = Bench::Proc::run(Bench::Proc::PROXY_CPU,
                               "$self->{rig}{root}/build/bench-scan", 15);
    my (@request, @answer);

    while ($out =~ /^scan (\S+) (\S+)/mg) {
        push(@request, $1);
        push(@answer, 10.0 * 1.048576 / $2);
    }

    $self->{report}->add('scan', 'ours', '10 MB request body',
                         unit => 'GB/s', values => \@request, aim => 2,
                         least => 1);

    # nginx hands on less than that in one turn
    $self->{report}->add('scan', 'ours', '10 MB answer, whole',
                         unit => 'ms', values => \@answer, aim => 1);

    return;
}


sub pick {
    my ($self) = @_;
    my $report = $self->{report};
    my %ir = map { $_ => instructions($self, $_) } @sizes;

    for my $n (@sizes) {
        for my $what (qw(pick settle pair)) {
            $report->add('pick', "$n keys", "$what, instructions",
                values  => [$ir{$n}{$what}],
                against => $n == 10 ? undef : [$ir{10}{$what}],
                aim     => $what eq 'pair' && $n == 10000 ? 2 : undef);
        }

        $report->add('pick', "$n keys", 'the longer hold',
            values => [(sort { $b <=> $a } @{ $ir{$n} }{qw(pick settle)})[0]],
            aim    => 1500);
    }

    times_of($self);

    return;
}


# of one pick and one settling, by callgrind, nothing else is counted
sub instructions {
    my ($self, $keys) = @_;
    my $dir = "$self->{rig}{dir}/pick-$keys";
    my %sum;

    File::Path::make_path($dir);

    for my $what (qw(pick settle)) {
        Bench::Proc::run(Bench::Proc::LOAD_CPU, 'valgrind',
            '--tool=callgrind', "--callgrind-out-file=$dir/$what.out",
            "--log-file=$dir/valgrind.log",
            "--toggle-collect=ngx_gemini_sched_$what",
            "$self->{rig}{root}/build/bench-pick", $keys, 'count', PAIRS);

        $sum{$what} = Bench::Instr::total("$dir/$what.out") / PAIRS;
    }

    $sum{pair} = $sum{pick} + $sum{settle};

    return \%sum;
}


sub times_of {
    my ($self) = @_;
    my $report = $self->{report};
    my %runs;

    for my $round (1 .. $self->{rounds}) {
        for my $n (@sizes) {
            push(@{ $runs{$n}{$_} }, timed($self, $n, $_)) for 1, 2, 8;
        }
    }

    for my $n (@sizes) {
        $report->add('pick', "$n keys", 'pair, 1 process', unit => 'ns',
            values  => [map { 1e9 / $_->{rate} } @{ $runs{$n}{1} }],
            against => $n == 10 ? undef
                       : [map { 1e9 / $_->{rate} } @{ $runs{10}{1} }],
            aim     => $n == 10000 ? 2 : undef);

        $report->add('pick', "$n keys", 'held, p99.9, 2 proc.', unit => 'us',
            values => [map { $_->{p999} / 1000 } @{ $runs{$n}{2} }],
            aim    => 5);

        $report->add('pick', "$n keys", 'pairs/s, 8 to 2 proc.',
            values  => [map { $_->{rate} } @{ $runs{$n}{8} }],
            against => [map { $_->{rate} } @{ $runs{$n}{2} }],
            aim     => 0.95, least => 1);
    }

    return;
}


sub timed {
    my ($self, $keys, $processes) = @_;
    my $out = Bench::Proc::run('0,1',
                               "$self->{rig}{root}/build/bench-pick", $keys,
                               'time', $processes, 400);
    my %run;

    @run{qw(rate p50 p99 p999 max)} = $out =~ /^pick (\d+) (\d+) (\d+) (\d+)/
        or die "bench: pick says: $out\n";

    return \%run;
}


# 1000 keys of 500 projects x 20 models, all cells in use
sub status {
    my ($self) = @_;
    my $rig = $self->{rig};
    my ($c, $turns) = $rig->timed_contender('ours', keys => 1000,
                                            projects => 500, models => 20);

    for my $n (1 .. 20) {
        Bench::Instr::load($rig, $c, 1500, path => '/v1beta/models/'
                           . "bench-model-$n:generateContent");
    }

    document($self, $c, $turns, 'JSON', '/gemini/status');
    document($self, $c, $turns, 'Prometheus',
             '/gemini/status?format=prometheus');

    $rig->stop($c);

    return;
}


sub document {
    my ($self, $c, $turns, $name, $target) = @_;
    my $report = $self->{report};
    my (@cpu, @longest, $size);

    for my $round (1 .. 11) {
        $turns->();

        my $before = Bench::Proc::cpu_ns($c->{pid});
        my ($status, undef, $body) = Bench::Proc::get($c->{port}, $target);

        if ($status != 200) {
            print "status: no $name here, it answers $status\n";
            return;
        }

        $size = length($body);
        push(@cpu, (Bench::Proc::cpu_ns($c->{pid}) - $before) / 1e6);
        push(@longest, $turns->()->{longest} / 1e6);
    }

    $report->add('status', $name, 'CPU', unit => 'ms', values => \@cpu,
                 aim => 50, note => sprintf('%.1f MB', $size / 1e6));
    $report->add('status', $name, 'longest turn', unit => 'ms',
                 values => \@longest, aim => 2);

    return;
}


1;
