#!/usr/bin/perl

# Tests for the metrics: what is asked for how, what a scraper and promtool
# take, that its numbers are those of the status document, and that odd names
# and secrets do no harm.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use GeminiTest;
use Metrics;

my $flash = 'gemini-3.8-flash';
my $lite = 'gemini-3.5-flash-lite';
my $odd = 'tuned"odd\\model';
my $hello = { contents => [{ parts => [{ text => 'Hello' }] }] };

my $t = GeminiTest->new;
my $fake = $t->fake(
    keys => {
        'pool-key-1-secret' => 'p1', 'pool-key-2-secret' => 'p2',
        'pool-key-3-secret' => 'p3', 'pool-key-4-secret' => 'p3',
    },
    models => [$flash, $lite, $odd]);

$t->conf(<<'END');
gemini_pool main {
    key    pool-key-1-secret name=k1 project=p1 account=acme;
    key    pool-key-2-secret name=k2 project=p2 account=acme priority=1;
    key    pool-key-3-secret name=k3 project=p3 priority=2;
    key    pool-key-4-secret name=k4 project=p3 priority=2 disabled;
    model  gemini-3.8-flash max_tokens=65536 rpm=10 tpm=100k rpd=100
           price=0.30/2.50;
    model  gemini-3.5-flash-lite;
    queue  8 timeout=1s;
    state  %%DIR%%/state.json;
}

gemini_pool mute { key pool-key-1-secret name=k1; }

server {
    listen 127.0.0.1:%%PORT_0%%;
    location / {
        gemini_team $http_team;
        gemini_pass main /gemini-upstream;
    }
    %%GEMINI_UPSTREAM%%
}

server {
    listen 127.0.0.1:%%PORT_1%%;
    location /gemini/status { gemini_status main control=/gemini/control; }
    location /gemini/control { gemini_control main; }
    location /gemini/status/mute { gemini_status mute; }
}
END

$t->start;

my @to = (port => $t->port(1));


sub scrape {
    my ($format, $path) = @_;
    my $r = $t->get(($path // '/gemini/status') . "?format=$format", {}, @to);
    my $m = Metrics->parse($r->{body},
                           openmetrics => $format eq 'openmetrics');

    is($r->{status}, 200, "$format: 200");
    is(join("\n", $m->errors), '', "$format: a strict reader takes it");

    return ($m, $r);
}


sub promtool {
    my ($text, $name) = @_;
    my $path = $t->write('metrics.txt', 'x');

    open(my $f, '>:raw', $path) or die "$path: $!";
    print $f $text;
    close($f);

    my $out = `promtool check metrics < $path 2>&1`;

    is("$?$out", '0', "$name: promtool takes it");
    return;
}


# --- which format ---

my $text = qr{^text/plain; version=0\.0\.4; charset=utf-8$};
my $open = qr{^application/openmetrics-text; version=1\.0\.0; charset=utf-8$};
my $json = qr{^application/json$};
my $html = qr{^text/html; charset=utf-8$};

my @formats = (
    ['', undef, $json],
    ['', '*/*', $json],
    ['', 'application/json', $json],
    ['', 'text/plain', $text],
    ['', 'application/openmetrics-text; version=1.0.0', $open],
    ['', 'application/openmetrics-text;version=1.0.0,'
         . 'application/openmetrics-text;version=0.0.1;q=0.75,'
         . 'text/plain;version=0.0.4;q=0.5,*/*;q=0.1', $open],
    ['', 'text/plain;version=0.0.4;q=0.9,'
         . 'application/openmetrics-text;version=1.0.0;q=0.8', $text],
    ['', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
     $html],
    ['?format=json', 'text/html', $json],
    ['?format=prometheus', 'text/html', $text],
    ['?format=openmetrics', undef, $open],
    ['?format=html', 'application/json', $html],
    ['?format=', undef, $json],
    ['?view=keys', 'text/html', $json],
    ['?view=health', 'text/plain', $json],
    ["?explain=$flash", 'application/openmetrics-text', $json],
    ['?view=', 'text/plain', $text],
);

for my $case (@formats) {
    my ($args, $accept, $type) = @$case;
    my $r = $t->get("/gemini/status$args",
                    { defined $accept ? (Accept => $accept) : () }, @to);

    is($r->{status}, 200, "status$args");
    like($r->{headers}{'content-type'}, $type,
         'for ' . ($accept // 'no wish'));
    is($r->{headers}{'cache-control'}, 'no-store', 'is not to be kept');
    is($r->{headers}{'content-length'}, length $r->{body}, 'its length');
}

my $r = $t->get('/gemini/status',
                [Accept => 'image/png', Accept => 'text/plain'], @to);
like($r->{headers}{'content-type'}, $text, 'two lines of Accept');

$r = $t->get('/gemini/status?format=xml', {}, @to);
is($r->{status}, 400, 'an unknown format');
is_deeply($r->{json}{error}, {
    code => 400, message => 'unknown format', value => 'xml',
    known => [qw(json prometheus openmetrics html)],
}, 'names those that are known');

for my $args ('view=keys', "explain=$flash") {
    $r = $t->get("/gemini/status?format=prometheus&$args", {}, @to);
    is($r->{status}, 400, "metrics with $args");
    is($r->{json}{error}{message}, 'the format has no views', 'and why not');
}

$r = $t->request('HEAD', '/gemini/status?format=prometheus', {}, undef, @to);
is($r->{status}, 200, 'HEAD');
is($r->{body}, '', 'has no body');
cmp_ok($r->{headers}{'content-length'}, '>', 1000, 'but the length of it');

$r = $t->post('/gemini/status?format=prometheus', {}, '', @to);
is($r->{status}, 405, 'POST');


# --- an idle pool ---

my ($m, $answer) = scrape('prometheus', '/gemini/status/mute');

is($m->value('gemini_router_key_usable'), 1, 'one key');
is(scalar(grep { $_->{labels}{pool} ne 'mute' }
          map { $m->samples($_) } $m->names), 0, 'all of one pool');
promtool($answer->{body}, 'an idle pool');


# --- traffic ---

my $control = sub {
    is($t->post("/gemini/control/$_[0]", {}, '', @to)->{status}, 200, $_[0]);
};

$fake->script(
    { key => 'pool-key-1-secret', case => 'key_invalid' },
    { key => 'pool-key-2-secret', model => $flash, times => 1,
      case => 'full429_minute' },
    { key => 'pool-key-3-secret', times => 1,
      usage => { prompt => 11, output => 7, thought => 3, cached => 2,
                 total => 21 } },
);

my @teams = ('blue', "a\"b\\c\xff", 'x' x 80, '');

for my $team (@teams) {
    $r = $t->post("/v1beta/models/$flash:generateContent",
                  { $team eq '' ? () : (Team => $team) }, $hello);
    is($r->{status}, 200, 'served');
}

$fake->script({ key => 'pool-key-2-secret',
                usage => { prompt => 5, output => 1, total => 6 } });

$r = $t->post('/v1beta/models/' . ($odd =~ s/(\W)/sprintf '%%%02X', ord $1/ger)
              . ':generateContent', {}, $hello);
is($r->{status}, 200, 'a model of an odd name');

$r = $t->get('/v1beta/nowhere', {});
is($r->{status}, 404, 'refused');

$control->("lock?model=$flash&for=1h");
$control->("disable?key=k3&for=1h&note=rotate");
$t->wait_for(sub { -e $t->dir . '/state.json' }, 10);


# --- the same numbers ---

my $whole = $t->get('/gemini/status', {}, @to)->{json};
my $tiers = $t->get('/gemini/status?view=tiers', {}, @to)->{json};
my $rests = $t->get('/gemini/status?view=cooldowns', {}, @to)->{json};


sub unix {
    my ($time) = @_;
    return undef if !defined $time;

    my $n = `date -u -d $time +%s`;
    chomp $n;
    return $n;
}


# [name, the value in JSON, labels]; undef: no such sample
sub expected {
    my @want;
    my $add = sub { push @want, ["gemini_router_$_[0]", @_[1 .. $#_]] };
    my $totals = $whole->{totals};
    my $queue = $whole->{queue};
    my $tries = $whole->{attempts};
    my $state = $whole->{state};

    $add->(requests_total => $totals->{outcomes}{$_}, outcome => $_)
        for keys %{ $totals->{outcomes} };
    $add->(attempts_total => $tries->{by_class}{$_}, class => $_)
        for keys %{ $tries->{by_class} };
    $add->(tokens_total => $totals->{tokens}{$_}, kind => $_)
        for keys %{ $totals->{tokens} };

    $add->(cost_total => $totals->{cost});
    $add->(lost_attempts_total => $totals->{lost});
    $add->(memory_repairs_total => $totals->{rebuilt});
    $add->(upstream_down => $whole->{upstream}{state} ne 'up');
    $add->(upstream_failures => $whole->{upstream}{transport_failures});
    $add->(clock_skew_seconds => $whole->{upstream}{clock_skew});
    $add->(queue_size => $queue->{size});
    $add->(queue_length => $queue->{waiting});
    $add->(queue_length_max => $queue->{max_seen});
    $add->(queue_entered_total => $queue->{entered});
    $add->(queue_refused_total => $queue->{$_}, cause => $_)
        for qw(full timeout);
    $add->(queue_seconds_total => $queue->{seconds});
    $add->(attempts_started_total => $tries->{total});
    $add->(in_flight => $tries->{in_flight});
    $add->(retry_budget_left => $tries->{retry_budget}{left});
    $add->(retry_budget_refused_total => $tries->{retry_budget}{refused});
    $add->("probe_$_" => $whole->{probe}{$_}) for qw(pending done failed);
    $add->("probe_${_}_total" => $whole->{probe}{$_})
        for qw(lists lists_ok prompts prompts_ok);
    $add->(slots_used => $whole->{limits}{used}{$_}, of => $_)
        for keys %{ $whole->{limits}{used} };
    $add->(slots => $whole->{limits}{room}{$_}, of => $_)
        for keys %{ $whole->{limits}{room} };
    $add->(configuration => $whole->{versions}{configuration});
    $add->(build_info => 1, map { $_ => $whole->{versions}{$_} }
                            qw(module nginx));
    $add->(state_saved_timestamp_seconds => unix($state->{saved_at}));
    $add->(state_size_bytes => $state->{bytes});
    $add->(state_failing => $state->{failing} ? 1 : 0);
    $add->(state_failures_total => $state->{failures});
    $add->(model_lock => 1, model => $whole->{lock}{model});

    for my $list (qw(account project key model)) {
        for my $row (@{ $whole->{"${list}s"} }) {
            my @is = ($list => $row->{name});

            push @is, account => $row->{account} if $list eq 'project';
            push @is, project => $row->{project} if $list eq 'key';

            record($add, $list, $row, @is);
            numbers($add, $list, $row, @is);
        }
    }

    model($add, $_) for @{ $whole->{models} };
    cell($add, $_) for @{ $whole->{cells} };
    team($add, $_) for @{ $whole->{teams} };
    tier($add, $_, $tiers->{$_}) for qw(fast quality balance);
    cooldowns($add);

    return @want;
}


sub record {
    my ($add, $list, $row, @is) = @_;
    my @why = map { $_ => $row->{$_} // '' } qw(state reason);

    $add->("${list}_usable" => $row->{state} eq 'usable', @is);
    $add->("${list}_state" => defined $row->{reason} ? 1 : undef, @is,
           defined $row->{reason} ? @why : ());
    return;
}


sub numbers {
    my ($add, $list, $row, @is) = @_;

    $add->("${list}_in_flight" => $row->{in_flight}, @is);
    $add->("${list}_attempts_total" => $row->{$_}, @is, result => $_)
        for qw(ok quota faults errors client);
    $add->("${list}_tokens_total" => $row->{tokens}{$_}, @is, kind => $_)
        for qw(prompt output thought cached);
    $add->("${list}_cost_total" => $row->{cost}, @is);
    $add->("${list}_last_used_timestamp_seconds" => unix($row->{last_used}),
           @is)
        if exists $row->{last_used};
    return;
}


sub model {
    my ($add, $row) = @_;
    my @is = (model => $row->{name});
    my ($window, $capacity) = @$row{qw(window capacity)};

    for my $what (qw(latency ttft)) {
        $add->("model_window_${what}_seconds" => $window->{$what}{$_}, @is,
               stat => $_)
            for qw(mean p50 p95);
    }

    $add->(model_window_samples => $window->{samples}, @is);
    $add->(model_window_success_ratio => $window->{success_rate}, @is);
    $add->(model_max_output_tokens => $row->{max_tokens}, @is);
    $add->(model_probes_total => $row->{probes}, @is);
    $add->(model_probes_ok_total => $row->{probes_ok}, @is);
    $add->(model_usable_keys => $capacity->{usable}, @is);
    $add->(model_minute_requests_left => $capacity->{rpm_left}, @is);
    $add->(model_minute_tokens_left => $capacity->{tpm_left}, @is);
    $add->(model_day_requests_left => $capacity->{rpd_left}, @is);
    $add->(model_unlimited_projects => $capacity->{unlimited}, @is);
    $add->(model_next_relief_timestamp_seconds =>
           unix($capacity->{next_relief}), @is);
    return;
}


sub cell {
    my ($add, $row) = @_;
    my @is = (project => $row->{project}, model => $row->{model});

    record($add, 'cell', $row, @is);
    $add->(cell_attempts_total => $row->{requests}, @is);
    $add->(cell_refused_total => $row->{refused}, @is);
    $add->("cell_$_" => $row->{use}{$_}, @is)
        for qw(minute_requests minute_tokens day_requests);
    $add->(cell_minute_requests_left => $row->{rpm_left}, @is);
    $add->(cell_minute_tokens_left => $row->{tpm_left}, @is);
    $add->(cell_day_requests_left => $row->{rpd_left}, @is);
    return;
}


sub team {
    my ($add, $row) = @_;
    my @is = (team => $row->{name});

    $add->(team_requests_total => $row->{outcomes}{$_}, @is, outcome => $_)
        for keys %{ $row->{outcomes} };
    $add->(team_attempts_total => $row->{attempts}, @is);
    $add->(team_tokens_total => $row->{tokens}{$_}, @is, kind => $_)
        for keys %{ $row->{tokens} };
    $add->(team_cost_total => $row->{cost}, @is);
    return;
}


sub tier {
    my ($add, $ranking, $rows) = @_;

    for my $row (@$rows) {
        my @is = (model => $row->{name}, ranking => $ranking);

        $add->(model_rank => $row->{rank}, @is);
        $add->(model_tier => 1, @is, tier => $row->{tier});
        $add->(model_score => $row->{score}, @is);
    }

    return;
}


sub cooldowns {
    my ($add) = @_;
    my %n;

    $n{join ' ', @$_{qw(scope state reason)}}++ for @{ $rests->{cooldowns} };

    for my $why (keys %n) {
        my ($scope, $state, $reason) = split / /, $why;

        $add->(cooldowns => $n{$why}, scope => $scope, state => $state,
               reason => $reason);
    }

    return;
}


# names whose samples are compared, less what moves by itself: with the clock,
# with the state file
my %compared;
my %moves = map { ("gemini_router_$_" => 1) } qw(uptime_seconds
    model_lock_left_seconds account_rest_left_seconds
    project_rest_left_seconds key_rest_left_seconds model_rest_left_seconds
    cell_rest_left_seconds model_recent_attempts model_recent_overloads
    model_exhausts_at_timestamp_seconds probe_started_timestamp_seconds
    retry_budget_left state_saved_timestamp_seconds state_size_bytes);


sub same_numbers {
    my ($format) = @_;
    my ($m, $r) = scrape($format);
    my (%n, @bad);

    for my $want (expected()) {
        my ($name, $value, %labels) = @$want;
        my $got = $m->value($name, pool => 'main', %labels);

        $compared{$name} = 1;
        next if $moves{$name};

        $n{$name}++ if defined $value;
        next if !defined $value && !defined $got;

        $value = 0 if defined $value && $value eq '';
        next if defined $value && defined $got
                && ($got == $value
                    || $name =~ /timestamp/ && abs($got - $value) < 1);

        push @bad, "$name {@{[ %labels ]}}: " . ($got // 'none') . ' for '
            . ($value // 'null');
    }

    is(join("\n", @bad), '', "$format: the numbers of the status");

    @bad = grep { !/duration|ttft|wait/ && !$moves{$_}
                  && $m->samples($_) != ($n{$_} // 0) }
           $m->names;
    is("@bad", '', "$format: as many of them");

    is(scalar(grep { ($_->{labels}{pool} // '') ne 'main' }
              map { $m->samples($_) } $m->names), 0, "$format: pool");

    return ($m, $r);
}


($m, $answer) = same_numbers('prometheus');
promtool($answer->{body}, 'a busy pool');
same_numbers('openmetrics');

cmp_ok($m->value('gemini_router_cost_total'), '>', 0, 'cost');
is($m->value('gemini_router_key_state', key => 'k1', state => 'disabled',
             reason => 'key_invalid'), 1, 'a disabled key');
is($m->value('gemini_router_key_state', key => 'k3', state => 'operator',
             reason => 'operator'), 1, 'one that the operator disabled');

my $left = $m->value('gemini_router_key_rest_left_seconds', key => 'k3');
ok(defined $left && $left > 3000 && $left <= 3600, 'for an hour');
$left = $m->value('gemini_router_model_lock_left_seconds');
ok(defined $left && $left > 3000 && $left <= 3600, 'the lock, too');


# --- histograms: what they count has been counted elsewhere ---

for my $outcome (sort keys %{ $whole->{totals}{outcomes} }) {
    my $n = 0;

    $n += $_->{value}
        for grep { $_->{labels}{class} eq $outcome }
            $m->samples('gemini_router_request_duration_seconds_count');
    is($n, $whole->{totals}{outcomes}{$outcome}, "requests: $outcome");
}

my %n;

$n{$_->{labels}{class}} += $_->{value}
    for $m->samples('gemini_router_attempt_duration_seconds_count');
is_deeply(\%n, $whole->{attempts}{by_class}, 'attempts by class');

is_deeply([sort keys %{ ($m->samples(
              'gemini_router_request_duration_seconds_bucket'))[0]{labels} }],
          [qw(class le model pool)], 'labels of a bucket');


# --- odd names ---

my @names = map { $_->{labels}{team} }
            $m->samples('gemini_router_team_attempts_total');

is_deeply([sort @names], [sort 'blue', 'a"b\\c_', 'x' x 64],
          'odd names of teams');
is($m->value('gemini_router_model_attempts_total', model => 'other',
             result => 'ok'), 1, 'an odd name of a model is "other"');


# --- nothing secret ---

unlike($answer->{body}, qr/pool-key|secret|fingerprint|rotate/,
       'no secret, no note');

$t->done;
