package Metrics;

# Reads metrics as a scraper does, only stricter: Prometheus' text format
# 0.0.4 and OpenMetrics 1.0.0.  What a strict reader would refuse is an error.
#
#     my $m = Metrics->parse($text, openmetrics => 1);
#
#     $m->errors                        lines with what is wrong with them
#     $m->names                         of samples, and of families without
#     $m->value($name, %labels)         of the one sample with these labels
#     $m->samples($name)                [{labels => {..}, value => ..}, ..]

use strict;
use warnings;

my %suffixes = (
    counter   => ['_total'],
    gauge     => [''],
    info      => ['_info'],
    histogram => ['_bucket', '_sum', '_count'],
);


sub parse {
    my ($class, $text, %options) = @_;
    my $self = bless { %options, errors => [], families => {},
                       samples => {} }, $class;

    my $copy = $text;
    $self->error('it is not UTF-8') if !utf8::decode($copy);

    if ($self->{openmetrics}) {
        $self->error('it has no end') if $copy !~ s/^# EOF\n\z//m;
    }

    $self->error('the last line has no end') if $copy !~ /\n\z/;
    $self->line($_) for split /\n/, $copy;
    $self->family_end;

    return $self;
}


sub error {
    my ($self, $what) = @_;

    push @{ $self->{errors} }, $what;
    return;
}


sub errors { return @{ $_[0]{errors} } }
sub samples { return @{ $_[0]{samples}{$_[1]} // [] } }


sub names {
    my ($self) = @_;
    my %names = map { $_ => 1 } keys %{ $self->{samples} };

    for my $family (values %{ $self->{families} }) {
        my $name = $family->{name};

        $names{"$name$_"} = 1
            for $self->{openmetrics} || $family->{type} eq 'histogram'
                ? @{ $suffixes{$family->{type}} } : '';
    }

    return sort keys %names;
}


sub value {
    my ($self, $name, %labels) = @_;
    my @found = grep {
        my $have = $_->{labels};
        !grep { ($have->{$_} // '') ne $labels{$_} } keys %labels;
    } $self->samples($name);

    return @found == 1 ? $found[0]{value} : undef;
}


sub line {
    my ($self, $line) = @_;

    if ($line =~ /^# (TYPE|HELP|UNIT) ([a-z_][a-z0-9_]*) (\S.*)\z/) {
        return $self->describe($1, $2, $3);
    }

    return $self->sample($line) if $line !~ /^#/;
    return $self->error("a comment: $line");
}


sub describe {
    my ($self, $what, $name, $text) = @_;
    my $family = $self->{family};

    if (!$family || $family->{name} ne $name) {
        $self->family_end;
        $self->error("$name: comes again") if $self->{families}{$name};

        $family = { name => $name };
        $self->{families}{$name} = $self->{family} = $family;
    }

    $self->error("$name: two lines $what") if exists $family->{lc $what};
    $self->error("$name: $what after samples") if $family->{points};
    $family->{lc $what} = $text;

    return if $what ne 'UNIT';

    $self->error("$name: UNIT in this format") if !$self->{openmetrics};
    $self->error("$name: is not in $text") if $name !~ /_\Q$text\E\z/;
    return;
}


sub family_end {
    my ($self) = @_;
    my $family = delete $self->{family} or return;
    my $name = $family->{name};
    my $total = $name =~ /_total\z/ ? 1 : 0;

    $self->error("$name: no TYPE") if !$suffixes{$family->{type} //= ''};
    $self->error("$name: no HELP") if !defined $family->{help};

    if ($family->{type} eq 'counter' && $total == ($self->{openmetrics} // 0)
        || $family->{type} ne 'counter' && $total)
    {
        $self->error("$name: is no name of a $family->{type}");
    }

    $self->error("$name: reserved end")
        if $name =~ /_(?:created|bucket|count|sum)\z/
           || ($name =~ /_info\z/ && $self->{openmetrics});

    $self->histogram($family) if $family->{type} eq 'histogram';
    return;
}


# buckets are sums, each the last one's or more; the last is the count
sub histogram {
    my ($self, $family) = @_;
    my $name = $family->{name};
    my %rows;

    for my $point (@{ $family->{points} // [] }) {
        my %labels = %{ $point->{labels} };
        my $bound = delete $labels{le};
        my $key = join "\0", map { "$_=$labels{$_}" } sort keys %labels;

        if ($point->{name} eq "${name}_bucket") {
            push @{ $rows{$key}{buckets} }, [$bound, $point->{value}];

        } else {
            $rows{$key}{$point->{name}} = $point->{value};
        }
    }

    for my $row (values %rows) {
        my @buckets = @{ $row->{buckets} // [] };

        $self->error("$name: no bucket +Inf"), next
            if !@buckets || $buckets[-1][0] ne '+Inf';

        $self->error("$name: +Inf is not the count")
            if $buckets[-1][1] != ($row->{"${name}_count"} // -1);
        $self->error("$name: has no sum") if !defined $row->{"${name}_sum"};

        for my $i (1 .. $#buckets) {
            $self->error("$name: buckets fall")
                if $buckets[$i][1] < $buckets[$i - 1][1];
            $self->error("$name: bounds fall")
                if $i < $#buckets && $buckets[$i][0] <= $buckets[$i - 1][0];
        }
    }

    return;
}


sub sample {
    my ($self, $line) = @_;
    my $family = $self->{family};

    return $self->error("no family: $line") if !$family;

    if ($line !~ /^([a-z_]+)\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*"(?:,|(?=\})))*)
                  \}\ (-?[0-9]+(?:\.[0-9]+)?)\z/x)
    {
        return $self->error("a line: $line");
    }

    my ($name, $text, $value) = ($1, $2, $3);
    my $plain = !$self->{openmetrics} && $family->{type} ne 'histogram';
    my @names = map { "$family->{name}$_" }
                $plain ? '' : @{ $suffixes{$family->{type}} // [''] };

    $self->error("$name: is not of $family->{name}")
        if !grep { $_ eq $name } @names;
    $self->error("$name: falls") if $family->{type} eq 'counter'
                                    && $value < 0;

    my %labels;

    while ($text =~ /([a-z_]+)="((?:[^"\\]|\\.)*)"/g) {
        my ($label, $is) = ($1, $2);

        $is =~ s/\\(.)/$1 eq 'n' ? "\n" : $1/ge;
        $self->error("$name: label $label twice") if exists $labels{$label};
        $labels{$label} = $is;
    }

    $self->error("$name: is there twice: $text")
        if $self->{seen}{"$name\{$text}"}++;

    my $point = { name => $name, labels => \%labels, value => $value };

    push @{ $self->{samples}{$name} }, $point;
    push @{ $family->{points} }, $point;
    return;
}


1;
