package Bench::Loads;

# The loads of requests and answers, side by side: in each round every
# contender has its turn, and its figure is divided by plain's of that round.

use strict;
use warnings;

use Bench::Instr;
use Bench::Proc;
use Bench::Rig;

use constant ALL => qw(plain control lua ours haproxy);

# a model that is in no list and whose name is too long for a slot of its own:
# nobody rests for what it answers
use constant STRANGER => '/v1beta/models/' . 'gemini-' . 'x' x 140
                         . ':generateContent';


sub new {
    my ($class, %self) = @_;

    return bless { %self }, $class;
}


# side_by_side(kinds, options of contenders, of wrk): {name => [runs]}
sub side_by_side {
    my ($self, $kinds, $conf, $wrk) = @_;
    my $rig = $self->{rig};
    my @contenders = map { $rig->contender($_, %$conf) } @$kinds;
    my %runs;

    $wrk = { connections => 64, seconds => 1, %$wrk };

    for my $c (@contenders) {
        $rig->scrape($c) if $c->{name} eq 'ours';
        $rig->wrk($c, %$wrk);
    }

    for my $round (1 .. $self->{rounds}) {
        my $before = $wrk->{before} ? $wrk->{before}->() : 0;

        for my $c (@contenders) {
            my $run = $self->turn($c, $wrk);

            $run->{before} = $before;
            push(@{ $runs{$c->{name}} }, $run);
        }

        push(@contenders, shift @contenders);
    }

    $rig->stop($_) for @contenders;

    return \%runs;
}


sub turn {
    my ($self, $c, $wrk) = @_;
    my $rig = $self->{rig};
    my $connects = $wrk->{count} ? $rig->accepted($wrk->{count}) : 0;
    my $moved = Bench::Proc::moved($c->{pid});
    my $run = $rig->wrk($c, %$wrk);

    $run->{moved} = (Bench::Proc::moved($c->{pid}) - $moved)
                    / $run->{requests} / 1e6;
    $run->{grown} = (Bench::Proc::kilobytes($c->{pid}, 'status', 'VmHWM')
                     - $c->{resident}) / 1e3;

    # the second of the two questions came by a connection, too
    if ($wrk->{count}) {
        $run->{connects} = 1000 * ($rig->accepted($wrk->{count}) - $connects
                                   - 1) / $run->{requests};
    }

    return $run;
}


sub values_of {
    my ($runs, $name, $what) = @_;

    return [map { $_->{$what} } @{ $runs->{$name} }];
}


# rows of CPU a request; aims: {contender => ratio}
sub cpu_rows {
    my ($self, $load, $runs, $base, $kinds, %aims) = @_;

    for my $name (@$kinds) {
        my $errors = 0;
        $errors += $_->{errors} for @{ $runs->{$name} };

        $self->{report}->add($load, $name, 'CPU a request',
            unit    => 'us',
            values  => values_of($runs, $name, 'cpu'),
            against => $name eq $base ? undef
                                      : values_of($runs, $base, 'cpu'),
            aim     => $aims{$name},
            note    => $errors ? "$errors errors" : undef);
    }

    return;
}


sub instr {
    my ($self) = @_;
    my $plain;

    for my $name (ALL) {
        my $count = Bench::Instr::count($self->{rig}, $name);

        $plain //= $count;
        $self->{report}->add('instr', $name, 'instructions a request',
                             values  => [$count],
                             against => $name eq 'plain' ? undef : [$plain],
                             aim     => $name eq 'ours' ? 1.25 : undef);
    }

    return;
}


sub small {
    my ($self) = @_;
    my $runs = $self->side_by_side([ALL], {}, {});

    $self->cpu_rows('small', $runs, 'plain', [ALL], ours => 1.08);

    return;
}


sub medium {
    my ($self) = @_;
    my $runs = $self->side_by_side([ALL], {},
                                   { headers => ['x-bench=64k.json'] });

    $self->cpu_rows('64k', $runs, 'plain', [ALL], ours => 1.03);

    return;
}


sub large {
    my ($self) = @_;
    my %wrk = (connections => 4, headers => ['x-bench=10m.json']);
    my $runs = $self->side_by_side([ALL], {}, \%wrk);

    $self->cpu_rows('10m', $runs, 'plain', [ALL], ours => 1.05);

    return;
}


# a request body of 10 MB; what passes by read and write tells of copies
sub upload {
    my ($self) = @_;
    my @kinds = qw(plain control ours);
    my $body = Bench::Proc::write_file("$self->{rig}{dir}/openai.json",
        '{"messages":[{"role":"user","content":[{"type":"image_url",'
        . '"image_url":{"url":"data:image/png;base64,'
        . join('', map { chr(ord('A') + $_ * 7 % 26) } 1 .. 1024) x 10240
        . '"}}]}],"model":"gpt-4o-mini"}');
    my $runs = $self->side_by_side(\@kinds, {}, {
        connections => 4,
        body        => $body,
        path        => '/v1beta/openai/chat/completions',
        headers     => ['x-bench=whole'],
    });

    $self->cpu_rows('upload', $runs, 'plain', \@kinds);

    for my $what (['moved', 'read and written', 'MB', 1.05],
                  ['grown', 'memory grown by', 'MB', 1.10])
    {
        my ($field, $name, $unit, $aim) = @$what;

        $self->{report}->add('upload', $_, $name, unit => $unit,
                             values  => values_of($runs, $_, $field),
                             against => $_ eq 'plain' ? undef
                                        : values_of($runs, 'plain', $field),
                             aim     => $_ eq 'ours' ? $aim : undef)
            for qw(plain ours);
    }

    return;
}


# a fifth of the keys is refused, and nobody rests
sub refused { $_[0]->refusing('refused', 0, 0.90) }


sub refused_tls { $_[0]->refusing('tls', 1, 0.50) }


sub refusing {
    my ($self, $load, $tls, $aim) = @_;
    my @kinds = qw(failover again lua ours);
    my $port = $self->{rig}{$tls ? 'tls_port' : 'refusing'};
    my $runs = $self->side_by_side(\@kinds,
        { upstream => $port, tls => $tls, norest => 1 },
        { count => $self->{rig}{refusing}, path => STRANGER });

    $self->cpu_rows($load, $runs, 'failover', \@kinds, ours => $aim);

    $self->{report}->add($load, $_, 'connections per 1000',
                         values => values_of($runs, $_, 'connects'),
                         aim    => $_ eq 'ours' ? 20 : undef)
        for @kinds;

    return;
}


# .. and they rest as they are told: 30 s
sub resting {
    my ($self) = @_;
    my @kinds = qw(plain control lua ours);
    my $runs = $self->side_by_side(\@kinds,
        { upstream => $self->{rig}{refusing} }, {});

    $self->cpu_rows('resting', $runs, 'plain', \@kinds, ours => 1.08);

    for my $name (qw(lua ours)) {
        my $errors = 0;

        $errors += $_->{errors} for @{ $runs->{$name} };
        $self->{report}->add('resting', $name, 'refusals seen by clients',
                             values => [$errors],
                             aim    => $name eq 'ours' ? 0 : undef);
    }

    return;
}


# what a proxy adds to the answer's time when nothing else is under way
sub latency {
    my ($self) = @_;
    my $rig = $self->{rig};
    my $direct = { name => 'direct', port => $rig->{upstream} };
    my $runs = $self->side_by_side([ALL], {}, {
        connections => 1,
        before      => sub { $rig->wrk($direct, connections => 1,
                                       seconds => 1)->{p50} },
    });

    for my $name (ALL) {
        $self->{report}->add('latency', $name, 'added, p50', unit => 'us',
            values  => added($runs, $name),
            against => $name eq 'plain' ? undef : added($runs, 'plain'),
            aim     => $name eq 'ours' ? 1.05 : undef);
    }

    return;
}


sub added {
    my ($runs, $name) = @_;

    return [map { $_->{p50} - $_->{before} } @{ $runs->{$name} }];
}


1;
