#!/usr/bin/perl

# Tests for README.md and ARCHITECTURE.md: they name what the sources have and
# nothing else.

use strict;
use warnings;

use Test::More;

my $dir = 'ngx_gemini_router';
my $readme = slurp('README.md');
my $house = slurp('ARCHITECTURE.md');

my %directives = directives();

size();
http_directives();
pool_directives();
parameters();
variables();
status();
metrics();
files();
rooms();

done_testing();


sub slurp {
    my ($path) = @_;

    open(my $f, '<', $path) or die "$path: $!";
    local $/;
    return <$f>;
}


# the text of "## NAME" up to the next of its level
sub section {
    my ($name) = @_;

    return $1 if $readme =~ /^## \Q$name\E\n(.*?)(?=^## |\z)/ms;
    die "README.md has no section \"$name\"\n";
}


# by name: the words of the tables' columns; the second table tells once what
# the context is
sub directives {
    my ($http, $pool) = split /^### /m, section('Directives');
    my ($context) = $pool =~ /^Context of all: (\w+)\./m;
    my %found;

    for my $row ("$http$pool" =~ /^\| (`[a-z].*) \|$/mg) {
        my ($syntax, $default, @more) = split / (?<!\\)\| /, $row;

        next if $syntax !~ /;`|\}`/;

        my $told = { Syntax => $syntax, Default => $default,
                     Context => @more > 1 ? $more[0] : $context };

        $found{$_} = $told for $syntax =~ /`([a-z_]+) /g;
    }

    return %found;
}


sub same {
    my ($got, $want, $name) = @_;

    return is(join(' ', sort @$got), join(' ', sort @$want), $name);
}


sub size {
    my @lines = split /\n/, $readme;

    cmp_ok(scalar @lines, '<=', 500, 'README.md is no longer than 500 lines');
    is(join(' ', grep { $lines[$_ - 1] =~ /\s$/ } 1 .. @lines), '',
       'no line of it ends in a blank');
}


# of the command table: name and contexts
sub commands {
    my $text = slurp("$dir/ngx_http_gemini_module.c");
    my %context = (MAIN => 'http', SRV => 'server', LOC => 'location',
                   LIF => 'if in location');
    my %commands;

    while ($text =~ /\{ ngx_string\("(gemini_\w+)"\),\s*([A-Z_0-9|\s]+),/g) {
        my ($name, $flags) = ($1, $2);

        $commands{$name} = join ', ', map { $context{$_} }
            grep { $flags =~ /NGX_HTTP_${_}_CONF/ } qw(MAIN SRV LOC LIF);
    }

    return %commands;
}


sub http_directives {
    my %commands = commands();
    my @told = grep { $directives{$_}{Context} ne 'gemini_pool' }
               keys %directives;

    cmp_ok(scalar keys %commands, '>', 5, 'the command table is read');
    same(\@told, [keys %commands], 'directives of http, server, location');

    for my $name (sort keys %commands) {
        my $row = $directives{$name} // {};

        is($row->{Context}, $commands{$name}, "context of $name");
        like($row->{Syntax} // '', qr/^`$name\b/, "syntax of $name");
        ok($row->{Default}, "default of $name");
    }
}


sub pool_directives {
    my $text = slurp("$dir/ngx_http_gemini_pool_conf.c");
    my @items = $text =~ /ngx_http_gemini_pool_(?:field|other)\("(\w+)"/g;
    my @told = grep { $directives{$_}{Context} eq 'gemini_pool' }
               keys %directives;

    cmp_ok(scalar @items, '>', 10, 'the table of the pool is read');
    same(\@told, \@items, 'directives of gemini_pool');

    my @bad = grep { !$directives{$_}{Default} || !$directives{$_}{Syntax} }
              @told;

    is("@bad", '', 'each with syntax and default');
}


sub parameters {
    my $told = section('Directives');
    my @bad;

    for my $path (glob("$dir/*conf.c")) {
        for my $name (slurp($path) =~ /ngx_string\("(\w+)="\)/g) {
            push @bad, $name if $told !~ /\b$name=/;
        }
    }

    is("@bad", '', 'parameters');

    my $verbs = slurp("$dir/core/ngx_gemini_verb.c");
    my ($families) = $verbs =~ /ngx_gemini_verb_families\[\] = \{(.*?)\};/s;

    @bad = grep { $told !~ /\b$_\b/ } $families =~ /"(\w+)"/g;
    is("@bad", '', 'families');
}


sub variables {
    my $text = slurp("$dir/ngx_http_gemini_variables.c");
    my @want = $text =~ /\{ ngx_string\("(gemini_\w+)"\), NULL,/g;
    my %told = map { $_ => 1 } $readme =~ /\$(gemini_[a-z_]+)/g;
    my %here = map { $_ => 1 } section('Variables') =~ /\$(gemini_[a-z_]+)/g;

    cmp_ok(scalar @want, '>', 10, 'the table of variables is read');
    same([keys %here], \@want, 'variables');

    is(join(' ', grep { !$here{$_} } sort keys %told), '',
       'no other is spoken of');
}


# each field, and each word that a field may hold
sub status {
    my $told = section('Status');
    my %words = map { $_ => 1 } map { /[\w.]+/g } $told =~ /`([^`\n]+)`/g;
    my (%seen, @bad);

    $words{$_} = 1 for map { split /\./ } keys %words;

    for my $path (glob("$dir/core/*.c")) {
        my $text = slurp($path);

        next if $path =~ /_prom/;
        next if $text !~ /ngx_gemini_field_t\s+ngx_/
                && $path !~ /report|explain|health/;

        $seen{$_} = 1 for $text =~ /^    \{ "(\w+)",/mg,
                          $text =~ /_rows, "(\w+)"/g,
                          $text =~ /_out_(?:k\w+|open)\(out, "(\w+)"/g;
    }

    cmp_ok(scalar keys %seen, '>', 80, 'the tables of fields are read');
    is(join(' ', grep { !$words{$_} } sort keys %seen), '',
       'fields of the status');

    my $text = slurp("$dir/core/ngx_gemini_class.c");
    my @classes = $text =~ /^    \{ "(\w+)", NGX_GEMINI_SCOPE/mg;

    cmp_ok(scalar @classes, '>', 40, 'the classes are read');
    is(join(' ', grep { !$words{$_} } @classes), '', 'classes');

    my $failures = section('Failures');

    @bad = grep { !/^(?:ok|client_gone|lost|operator|configured)$/
                  && $failures !~ /`$_`/ } @classes;
    is("@bad", '', 'what follows from each class');

    $text = slurp("$dir/core/ngx_gemini_summary.c");
    my ($outcomes) = $text =~ /names\[\] = \{\s*NULL,(.*?)\}/s;

    @bad = grep { section('Variables') !~ /`$_`/ } $outcomes =~ /"(\w+)"/g;
    is("@bad", '', 'outcomes');
}


# names of metrics as they stand in the tables, and what is put before them
sub metrics {
    my $told = section('Status');
    my %words = map { $_ => 1 } map { /\w+/g } $told =~ /`([^`\n]+)`/g;
    my %seen;

    for my $path (glob("$dir/core/*.c")) {
        my $text = slurp($path);

        $seen{"${_}_total"} = 1
            for $text =~ /ngx_gemini_counter\("(\w+)"/g;
        $seen{$_} = 1
            for $text =~ /ngx_gemini_(?:gauge|info|is|is_not)\("(\w+)"/g,
                $text =~ /ngx_gemini_(?:label|tag)\("(\w+)"/g,
                $text =~ /_caps_fields\(\w+, "(\w+)"/g,
                $text =~ /\{ "", "(\w+)", "histogram"/g,
                $text =~ /^    \{ "(\w+_)", ngx_gemini_row_/mg;
    }

    cmp_ok(scalar keys %seen, '>', 70, 'the tables of metrics are read');
    is(join(' ', grep { !$words{$_} } sort keys %seen), '',
       'names and labels of metrics');
}


# paths that are spoken of are there; [TEXT](PATH#ANCHOR) leads somewhere
sub files {
    my %anchor = map { s/[^\w -]//gr =~ tr/ /-/r => 1 }
                 map { lc } $readme =~ /^#+ (.+)$/mg;
    my @bad;

    for my $text ($readme, $house) {
        push @bad, grep { !-e } $text =~ m{`((?:conf|util|t)/[\w./-]+\w)`}g;

        while ($text =~ /\]\(([^)#]*)(?:#([^)]*))?\)/g) {
            my ($path, $place) = ($1, $2);

            push @bad, $path
                if $path ne '' && $path !~ m{^https://} && !-e $path;
            push @bad, "#$place" if $path eq '' && !$anchor{$place};
        }
    }

    is("@bad", '', 'files and places that are spoken of');
}


# the rooms, as t/doors.t has them
sub rooms {
    my $text = slurp('t/doors.t');
    my ($rows) = $text =~ /^my \@rows = \((.*?)^\);/ms;
    my @rooms = grep { glob("$dir/ngx_http_gemini_$_.[ch]")
                       || (s/^core:// && glob("$dir/core/ngx_gemini_$_.c")) }
                map { split } $rows =~ /qw\/ (.*?) \//g;

    my @bad = grep { $house !~ /`$_`/ } @rooms;

    cmp_ok(scalar @rooms, '>', 20, 'the rooms are read');
    is("@bad", '', 'ARCHITECTURE.md names every room');
}
