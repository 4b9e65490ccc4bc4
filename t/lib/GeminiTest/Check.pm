package GeminiTest::Check;

# What holds for every run of nginx, whatever it was that a test tried: no
# alert, no crash, no report of a sanitizer, and no key in any output.

use strict;
use warnings;

use Test::More;

# shorter strings are words of any log
use constant MIN_SECRET => 6;

my @bad = (
    qr/\[(?:emerg|alert|crit)\]/,
    qr/Sanitizer|runtime error:/,
    qr/exited on signal|exited with (?:fatal )?code [1-9]/,
    qr/open socket #?\d* ?left/,
);


sub run {
    my ($test) = @_;

    subtest 'nginx ends clean' => sub {
        none('no alert in the logs', bad_lines($test));
        none('every process ends well', exit_faults($test));
        none('no secret in logs and outputs', leaks($test));
        none('valgrind is content', valgrind_reports($test))
            if $ENV{TEST_NGINX_VALGRIND};
    };

    return;
}


sub none {
    my ($name, @faults) = @_;

    ok(!@faults, $name);
    diag($_) for splice @faults, 0, 20;

    return;
}


# [name, text] of every log; debug lines may tell anything
sub logs {
    my ($test) = @_;
    my @logs;

    for my $path (sort glob "$test->{dir}/*.log $test->{dir}/configtest.out") {
        next if $path =~ /valgrind/;

        my $text = GeminiTest::Fake::read_file($path);

        $text =~ s/^\S+ \S+ \[debug\].*\n//mg;
        push @logs, [$path =~ s{.*/}{}r, $text];
    }

    return @logs;
}


sub bad_lines {
    my ($test) = @_;
    my @lines;

    for my $log (logs($test)) {
        my ($name, $text) = @$log;
        next if $name =~ /access|configtest/;

        for my $line (split /\n/, $text) {
            next unless grep { $line =~ $_ } @bad;
            next if grep { $line =~ $_ } @{$test->{allowed}};
            push @lines, "$name: $line";
        }
    }

    return @lines;
}


sub exit_faults {
    my ($test) = @_;
    my $nginx = $test->{nginx};
    my @faults = map { "nginx does not end by $_" }
        @{delete $nginx->{stuck} // []};

    push @faults, "the master exits with status $nginx->{exit}"
        if $nginx->{exit};

    return @faults;
}


# --- secrets ---

sub pool_secrets {
    my ($test) = @_;
    my $env = $test->{env};
    my %secret;

    $secret{$_} = 1 for map { $_->keys } @{$test->{fakes}};
    $secret{$_} = 1 for conf_secrets($test);
    $secret{$env->{$_}} = 1
        for grep { defined $env->{$_} && /KEY/ } keys %$env;

    return grep { length >= MIN_SECRET } sort keys %secret;
}


# literal keys of a pool, and those of key files
sub conf_secrets {
    my ($test) = @_;
    my $text = $test->read('nginx.conf');
    my @secrets;

    while ($text =~ /^\s*keys?\s+(["']?)([^\s;"']+)\1/mg) {
        my $word = $2;

        next if $word =~ /^env:/;

        if ($word !~ s/^file://) {
            push @secrets, $word;
            next;
        }

        $word = "$test->{dir}/$word" unless $word =~ m{^/};
        push @secrets, map { (split)[0] } grep { /^\s*[^#\s]/ }
            split /\n/, GeminiTest::Fake::read_file($word);
    }

    return @secrets;
}


sub all_secrets {
    my ($test) = @_;
    return (pool_secrets($test),
            grep { length >= MIN_SECRET } @{$test->{secrets}});
}


sub find {
    my ($where, $text, @secrets) = @_;
    my @found;

    for my $secret (@secrets) {
        my $at = index $text, $secret;
        next if $at < 0;

        my $from = rindex($text, "\n", $at) + 1;
        my $line = substr $text, $from, 300;

        $line =~ s/\n.*//s;
        push @found, "$where holds \"$secret\": $line";
    }

    return @found;
}


sub leaks {
    my ($test) = @_;
    my @secrets = all_secrets($test);

    return map { find(@$_, @secrets) } logs($test), @{$test->{outputs}},
        @{delete $test->{leaked} // []};
}


# an answer to a client holds no key of a pool
sub answer {
    my ($test, $name, $answer) = @_;
    my $text = join "\n", map { "@$_" } @{$answer->{raw_headers} // []};

    $text .= "\n" . substr $answer->{body} // '', 0, 1 << 20;
    push @{$test->{leaked}}, ["the answer to $name", $text]
        if find('', $text, pool_secrets($test));

    return;
}


sub secrets_in_outputs {
    my ($test) = @_;
    my @secrets = all_secrets($test);
    my @found = map { find(@$_, @secrets) } @{$test->{outputs}};

    none('no secret in the output', @found) if @found;
    return;
}


sub valgrind_reports {
    my ($test) = @_;
    my @faults;

    for my $path (glob "$test->{dir}/valgrind.*.log") {
        my $text = GeminiTest::Fake::read_file($path);
        my ($n) = $text =~ /ERROR SUMMARY: (\d+) errors/;

        next if defined $n ? $n == 0 : $text !~ /\S/;
        push @faults, "$path:\n$text";
    }

    return @faults;
}


1;
