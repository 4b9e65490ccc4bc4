package Bench::Report;

# Rows of figures: printed as a table as they come, kept for build/bench.json.

use strict;
use warnings;

use Bench::Proc;
use JSON::PP ();

my @columns = ('%-10s', '%-9s', '%-22s', '%10s', '%-19s', '%-9s', '%s');


sub new {
    my ($class, %self) = @_;

    return bless { %self, rows => [] }, $class;
}


sub heading {
    my ($self) = @_;

    print_row('load', 'contender', 'figure', 'median', 'ratio, range', 'aim',
              '');

    return;
}


sub print_row {
    my (@cells) = @_;
    my $line = sprintf(join(' ', @columns), @cells);

    $line =~ s/ +$//;
    print "$line\n";

    return;
}


# add(load, who, what, values => [..], unit => .., against => [..] (values of
# the same rounds: ratios are shown), aim => N, of => ratio or value, least =>
# 1 (the aim is a floor))
sub add {
    my ($self, $load, $who, $what, %opt) = @_;
    my @values = @{ $opt{values} };
    my @ratios = ratios(\@values, $opt{against});
    my $row = {
        load   => $load,
        who    => $who,
        what   => $what,
        unit   => $opt{unit} // '',
        median => median(@values),
        min    => min(@values),
        max    => max(@values),
        values => \@values,
        note   => $opt{note},
    };
    my $shown = @values > 1 ? sprintf('[%s .. %s]', figure($row->{min}),
                                      figure($row->{max})) : '';

    if (@ratios) {
        $row->{"ratio_$_"} = { median => \&median, min => \&min,
                               max => \&max }->{$_}->(@ratios)
            for qw(median min max);

        $shown = sprintf('%.3f', $row->{ratio_median});
        $shown .= sprintf(' [%.2f .. %.2f]', $row->{ratio_min},
                          $row->{ratio_max}) if @ratios > 1;
    }

    my $aim = '';

    if (defined $opt{aim}) {
        my $got = @ratios && ($opt{of} // '') ne 'value'
                  ? $row->{ratio_median} : $row->{median};
        my $met = $opt{least} ? $got >= $opt{aim} : $got <= $opt{aim};

        $row->{aim} = $opt{aim};
        $row->{least} = $opt{least} ? 1 : 0;
        $row->{verdict} = $met ? 'met' : 'missed';
        $aim = ($opt{least} ? '>= ' : '<= ') . $opt{aim};
    }

    push(@{ $self->{rows} }, $row);

    print_row($load, $who, $what,
              figure($row->{median}) . " $row->{unit}", $shown, $aim,
              join(' ', grep { defined && length }
                        $row->{verdict}, $opt{note}));

    return $row;
}


sub ratios {
    my ($values, $against) = @_;

    return if !$against;

    return map {
        my $base = $against->[@$against > 1 ? $_ : 0];
        $base ? $values->[$_] / $base : ()
    } 0 .. $#$values;
}


sub figure {
    my ($x) = @_;

    return '-' if !defined $x;
    return sprintf('%d', $x + 0.5) if abs($x) >= 1000 || $x == int($x);
    return sprintf('%.1f', $x) if abs($x) >= 100;
    return sprintf('%.2f', $x);
}


sub median {
    my @x = sort { $a <=> $b } @_;

    return if !@x;
    return ($x[$#x / 2] + $x[@x / 2]) / 2;
}


sub min { (sort { $a <=> $b } @_)[0] }


sub max { (sort { $b <=> $a } @_)[0] }


sub write {
    my ($self, $path, %head) = @_;

    Bench::Proc::write_file($path, JSON::PP->new->pretty->canonical
                                       ->encode({ %head,
                                                  rows => $self->{rows} }));

    return;
}


sub missed {
    my ($self) = @_;

    return grep { ($_->{verdict} // '') eq 'missed' } @{ $self->{rows} };
}


1;
