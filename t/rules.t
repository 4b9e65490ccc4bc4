#!/usr/bin/perl

# Tests for what conf/ has for Prometheus and Grafana: promtool takes it, each
# alert fires and keeps quiet in a test, and no expression names a metric or a
# label that gemini_status does not give.

use strict;
use warnings;

use Mojo::JSON 'decode_json';
use Test::More;

use lib 't/lib';
use GeminiTest;
use Metrics;

my $alerts = slurp('conf/gemini-alerts.yml');
my $cases = slurp('t/rules/alerts.yml');
my $dashboard = decode_json(slurp('conf/grafana-dashboard.json'));

my %labels = map { $_ => 1 } qw(pool key project account model class team
    kind result outcome cause scope state reason stat ranking tier of le
    instance job);

my $t = GeminiTest->new;

$t->conf(<<'END');
gemini_pool main { key demo-key-1 name=a; model gemini-3.8-flash; }
server {
    listen 127.0.0.1:%%PORT_0%%;
    location /gemini/status { gemini_status main; }
}
END

$t->start;

my %known = (up => 1);

$known{$_} = 1
    for Metrics->parse($t->get('/gemini/status?format=prometheus')->{body})
               ->names;

cmp_ok(scalar keys %known, '>', 80, 'metrics of a pool');

promtool();
tested();
expressions('alerts', expressions_of_rules($alerts));
expressions('dashboard', expressions_of_dashboard());
unknown('tests', $cases =~ /series: '([^']+)'/g);
panels();

$t->done;


sub slurp {
    my ($path) = @_;

    open(my $f, '<', $path) or die "$path: $!";
    local $/;
    return <$f>;
}


sub runs {
    my ($command, $name) = @_;
    my $out = `$command 2>&1`;

    is($?, 0, $name) or diag($out);
    return;
}


sub promtool {
    runs('promtool check rules conf/gemini-alerts.yml', 'alerts');
    runs('promtool check config conf/prometheus.yml', 'prometheus.yml');
    runs('promtool test rules t/rules/alerts.yml', 'tests of the alerts');
    return;
}


# each alert has a test in which it fires, and one in which it does not
sub tested {
    my @names = $alerts =~ /- alert: (\w+)/g;
    my %fires = map { $_ => 1 }
                $cases =~ /alertname: (\w+)\n\s+exp_alerts:/g;
    my %quiet = map { $_ => 1 }
                $cases =~ /\{eval_time: \d+m, alertname: (\w+)\}/g;

    cmp_ok(scalar @names, '>', 8, 'alerts are read');
    is(join(' ', grep { !$fires{$_} } @names), '', 'each fires in a test');
    is(join(' ', grep { !$quiet{$_} } @names), '', 'and is quiet in one');
    return;
}


sub expressions_of_rules {
    my ($text) = @_;
    my @found;

    while ($text =~ /^( *)expr: (>-\n)?(.*\n(?:\1 +\S.*\n)*)/mg) {
        push @found, $3;
    }

    return @found;
}


sub expressions_of_dashboard {
    my @found = map { $_->{query}{query} // () }
                grep { ref $_->{query} } @{ $dashboard->{templating}{list} };

    push @found, map { $_->{expr} } map { @{ $_->{targets} // [] } }
                 @{ $dashboard->{panels} };

    return @found;
}


sub expressions {
    my ($name, @found) = @_;

    cmp_ok(scalar @found, '>', 8, "$name: expressions");
    unknown($name, @found);
    syntax($name, @found);
    return;
}


sub unknown {
    my ($name, @found) = @_;
    my %bad;

    for my $text (@found) {
        my $plain = $text =~ s/"[^"]*"/""/gr;

        $bad{$_}++ for grep { !$known{$_} } $plain =~ /\b(gemini_\w+|up\b)/g;
        $bad{$_}++ for grep { !$labels{$_} } map { /(\w+)\s*(?:=|!)/g }
                       $plain =~ /\{([^}]*)\}/g;
        $bad{$_}++ for grep { !$labels{$_} } map { /\w+/g }
                       $plain =~ /\b(?:by|on|group_left)\s*\(([^)]*)\)/g;
    }

    is(join(' ', sort keys %bad), '', "$name: metrics and labels that exist");
    return;
}


# as rules, with the dashboard's variables filled in
sub syntax {
    my ($name, @found) = @_;
    my $n = 0;
    my $rules = "groups:\n- name: all\n  rules:\n";

    for my $text (grep { !/^label_values/ } @found) {
        $text =~ s/\$__rate_interval/5m/g;
        $text =~ s/\$\w+/x/g;
        $text =~ s/^/      /mg;
        $text =~ s/\s+\z//;
        $rules .= "  - record: r" . $n++ . "\n    expr: |\n$text\n";
    }

    runs('promtool check rules ' . $t->write("$name.yml", $rules),
         "$name: syntax");
    return;
}


# panels have their own numbers and places, and those with data a source
sub panels {
    my (%ids, %places, @bad);

    for my $panel (@{ $dashboard->{panels} }) {
        my $at = $panel->{gridPos};

        push @bad, "id $panel->{id}" if $ids{$panel->{id}}++;
        push @bad, $panel->{title} if $at->{x} + $at->{w} > 24;

        for my $x ($at->{x} .. $at->{x} + $at->{w} - 1) {
            for my $y ($at->{y} .. $at->{y} + $at->{h} - 1) {
                push @bad, "$panel->{title}: $x, $y" if $places{"$x $y"}++;
            }
        }

        next if $panel->{type} eq 'row';

        push @bad, "$panel->{title}: source"
            if grep { $_->{datasource}{uid} ne '${datasource}' }
               $panel, @{ $panel->{targets} };
    }

    cmp_ok(scalar keys %ids, '>', 20, 'panels');
    is("@bad", '', 'do not overlap, and have a source');
    is($dashboard->{uid}, 'gemini-router', 'uid');
    return;
}
