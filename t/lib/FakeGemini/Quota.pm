package FakeGemini::Quota;

# Requests and input tokens counted by project and model: a minute opens with
# its first request, a day is Pacific.

use Mojo::Base -base, -signatures;

use POSIX ();
use Time::HiRes 'time';

# [{project => GLOB, model => GLOB, rpm, tpm, rpd}], the last match wins,
# number by number
has limits => sub { [] };
has minute => 60;
has cells  => sub { {} };


sub limit_of ($self, $project, $model) {
    my %limit;

    for my $rule (@{$self->limits}) {
        next unless glob_matches($rule->{project} // '*', $project);
        next unless glob_matches($rule->{model} // '*', $model);

        for my $name (qw(rpm tpm rpd)) {
            $limit{$name} = $rule->{$name} if defined $rule->{$name};
        }
    }

    return \%limit;
}


# undef when the request may go on, else the name of the error and its options
sub take ($self, $project, $model, $tokens) {
    return unless @{$self->limits};

    my $limit = $self->limit_of($project, $model);
    return unless %$limit;

    my $cell = $self->cells->{"$project\0$model"} //= {};
    $self->turn($cell);

    if (my $refusal = $self->refusal($cell, $limit, $tokens)) {
        $cell->{refused}++;
        return @$refusal;
    }

    $cell->{minute} //= time;
    $cell->{rpm}++;
    $cell->{rpd}++;
    $cell->{tpm} += $tokens;

    return;
}


sub turn ($self, $cell) {
    my $day = pacific_day();

    if (defined $cell->{minute} && time >= $cell->{minute} + $self->minute) {
        @$cell{qw(minute rpm tpm)} = (undef, 0, 0);
    }

    if (($cell->{day} // '') ne $day) {
        @$cell{qw(day rpd)} = ($day, 0);
    }

    return;
}


sub refusal ($self, $cell, $limit, $tokens) {
    my $left = ($cell->{minute} // time) + $self->minute - time;
    my $retry = sprintf '%ds', POSIX::ceil($left);
    my $exact = sprintf '%.6fs', $left;
    my ($rpm, $tpm, $rpd) = @$limit{qw(rpm tpm rpd)};

    return ['limit0', {}] if grep { defined && $_ == 0 } $rpm, $tpm, $rpd;

    if (defined $rpd && ($cell->{rpd} // 0) >= $rpd) {
        return ['full429_day', {limit => $rpd}];
    }

    if (defined $rpm && ($cell->{rpm} // 0) >= $rpm) {
        return ['full429_minute',
                {limit => $rpm, retry => $retry, retry_text => $exact}];
    }

    if (defined $tpm && ($cell->{tpm} // 0) + $tokens > $tpm) {
        return ['tokens429',
                {limit => $tpm, retry => $retry, retry_text => $exact}];
    }

    return;
}


sub pacific_day () {
    local $ENV{TZ} = 'PST8PDT,M3.2.0,M11.1.0';
    POSIX::tzset();
    my $day = POSIX::strftime('%Y-%m-%d', localtime);

    return $day;
}


sub glob_matches ($glob, $text) {
    return $glob eq $text if $glob !~ /[*?]/;

    my $re = join '', map { $_ eq '*' ? '.*' : $_ eq '?' ? '.' : quotemeta }
        split /([*?])/, $glob;

    return $text =~ /\A$re\z/s;
}


1;
