#!/usr/bin/perl

# Tests for how far a request is tried: tries, the retry budget, an upstream
# that is down and its trial, guesses, and what a location allows of it.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use GeminiTest;
use GeminiTest::Pools;

my $flash = 'gemini-3.8-flash';
my $lite = 'gemini-3.5-flash-lite';

# name => [keys, more of the pool, more of the location]
my %pools = (
    tries    => ['a1 a2 b1 c1', 'tries 3; fallback off;'],
    order    => ['a1 b1', 'tries 3; fallback off;'],
    fewer    => ['a1 a2 b1 c1', 'tries 3; fallback off;',
                 'gemini_tries $http_x_tries;'],
    one      => ['a1', 'fallback off;'],
    refusals => ['a1 b1 c1', 'tries 1; fallback off;'],
    budget   => ['a1 a2 b1 c1', 'tries 3; fallback off;'],
    down     => ['a1 b1', 'tries 2; fallback off; queue 8 timeout=10s;',
                 'gemini_queue $http_x_queue;'],
    onekey   => ['a1', 'tries 1; fallback off;'],
    guesses  => ['a1 b1 c1 d1', 'fallback off;'],
    models   => ['a1 b1', ''],
    alone    => ['a1 b1', '', 'gemini_fallback $http_x_fallback;'],
    late     => ['a1 b1 c1', 'timeout 300ms; attempt_timeout 200ms;'],
    breaker  => ['a1 b1 c1 d1', 'tries 2; fallback off;'],
    proof    => ['a1', 'cooldown 300ms; fallback off;'],
    once     => ['a1 b1', 'model veo-3.1-generate-preview;'],
    storm    => ['a1 a2 b1 c1', 'cooldown 100ms; queue 64 timeout=10s;'],
    leaves   => ['a1', 'tries 64; fallback off;'],
    at_once  => ['a1', 'cooldown 60s; fallback off;'],
    step     => ['a1', 'cooldown 100ms max=400ms; fallback off;'],
);

my $t = GeminiTest->new;
my $fake = $t->fake(keys => keys_of(qw(a1 a2 b1 c1 d1)));

$t->conf(conf());
$t->start;

my $body = { contents => [{ parts => [{ text => 'Hello' }] }] };

tries();
refusals();
repeated();
retry_budget();
upstream_down();
one_key_is_no_upstream();
guesses();
guess_is_tried();
guess_again();
guess_at_once();
overload();
fallback();
timeout();
not_replayed();
leaves();
storm();

$t->done;


sub conf {
    my %conf;

    while (my ($name, $parts) = each %pools) {
        my ($keys, $conf, $location) = @$parts;
        my $n = 0;

        $conf{$name} = { location => $location, conf =>
            key_lines(map { "$_ priority=" . $n++ } split / /, $keys)
            . "    model $flash;\n    model $lite;\n"
            . ($conf =~ /queue/ ? '' : "    queue 0;\n") . "    $conf\n" };
    }

    return pools_conf(pools => \%conf,
                      log => '$request_uri $gemini_outcome $gemini_attempts');
}


# tries counts what may have run, gemini_tries makes it fewer

sub tries {
    my $r = ask('tries', [{ case => 'html502' }]);
    is($r->{status}, 503, 'tries: given up');
    is(path($fake), 'a1 a2 b1', 'tries: three');

    $r = ask('tries', [{ case => 'html502', nth => [1, 2] }]);
    is($r->{status}, 200, 'tries: the third is good');

    for my $n (1, 2) {
        $r = ask('fewer', [{ case => 'html502' }], { 'X-Tries' => $n });
        is($r->{status}, 503, "gemini_tries $n: given up");
        is(scalar(split / /, path($fake)), $n, "gemini_tries $n: so many");
    }

    $r = ask('fewer', [{ case => 'html502' }], { 'X-Tries' => 9 });
    is(path($fake), 'a1 a2 b1', "gemini_tries 9: the pool's limit holds");

    $r = ask('fewer', [{ case => 'html502' }], { 'X-Tries' => 'x' });
    is(path($fake), 'a1 a2 b1', 'gemini_tries x: as without');

    # the same for a model's fault, and each key before one is asked again

    $r = ask('order', [{ case => 'overloaded503' }]);
    is(path($fake), 'a1 b1 a1', 'tries, overloaded: two keys, then again');

    return;
}


# what did not run is not counted: at most one a cell

sub refusals {
    my $r = ask('refusals', [{ key => secret('a1'), case => 'full429_minute' },
                             { key => secret('b1'), case => 'key_invalid' }]);

    is($r->{status}, 200, 'refusals: served at tries 1');
    is(path($fake), 'a1 b1 c1', 'refusals: each was asked once');

    return;
}


# the same key again, when there is no other: after what is the service's fault

sub repeated {
    for my $rule ({ reset => 1 }, { case => 'overloaded503' },
                  { case => 'internal500' }, { case => 'html502' },
                  { empty200 => 1 })
    {
        my ($name) = map { $rule->{case} // $_ } keys %$rule;
        my $r = ask('one', [{ %$rule, times => 1 }]);

        is($r->{status}, 200, "again, $name: served");
        is(path($fake), 'a1 a1', "again, $name: by the same key");
    }

    my $r = ask('one', [{ case => 'full429_minute', retry => '1s',
                          retry_text => '1s' }]);
    is($r->{status}, 429, 'again, quota: given up');
    is(path($fake), 'a1', 'again, quota: not by the same key');

    return;
}


# 20 attempts after a failure, and as many as there were successes of late

sub retry_budget {
    my $rule = { case => 'html502' };

    for (1 .. 10) {
        ask('budget', [$rule]);
        is(path($fake), 'a1 a2 b1', "retry budget: request $_ is tried thrice");
    }

    my $r = ask('budget', [$rule]);
    is($r->{status}, 503, 'retry budget, spent: status');
    is(path($fake), 'a1', 'retry budget, spent: one attempt');

    my $budget = $t->status('budget')->{attempts}{retry_budget};
    is($budget->{left}, 0, 'retry budget, spent: it is shown');
    cmp_ok($budget->{refused}, '>', 0, 'retry budget, spent: counted');

    # first attempts are never held back, and what they bring counts

    for (1 .. 2) {
        $r = ask('budget', []);
        is($r->{status}, 200, 'retry budget, spent: a first attempt goes');
    }

    ask('budget', [$rule]);
    is(path($fake), 'a1 a2 b1', 'retry budget: two successes bring two retries');

    return;
}


# ten transport failures in a row over two keys; then one trial at a time

sub upstream_down {
    my %now = ('X-Queue' => 'off');

    for (1 .. 5) {
        is($t->status('down')->{upstream}{state}, 'up', 'upstream: up still');

        my $r = ask('down', [{ reset => 1 }], \%now);
        is($r->{json}{error}{details}[0]{reason}, 'UPSTREAM_DOWN',
           "upstream: request $_ fails");
        is(path($fake), 'a1 b1', 'upstream: by both keys');
    }

    my $status = $t->status('down');
    is($status->{upstream}{state}, 'down', 'upstream: down');
    is($status->{upstream}{transport_failures}, 10, 'upstream: ten failures');
    is(rests($t, 'down'), '', 'upstream: no key is blamed');

    my $r = ask('down', [], \%now);
    is($r->{status}, 503, 'upstream, down: status');
    is($r->{json}{error}{details}[0]{reason}, 'UPSTREAM_DOWN',
       'upstream, down: reason');
    like($r->{headers}{'retry-after'}, qr/^[12]$/,
         'upstream, down: Retry-After');
    is(path($fake), '', 'upstream, down: nobody is asked');

    # those who wait go one by one, until one has an answer

    $fake->reset;
    $fake->script({ delay => 'trial' });

    my @waiting = map { stream('down') } 1 .. 3;

    is($fake->wait(n => 1), 1, 'upstream, trial: one comes');
    $r = $t->post("/down/v1beta/models/$flash:generateContent", \%now, $body);
    is($r->{json}{error}{details}[0]{reason}, 'UPSTREAM_DOWN',
       'upstream, trial: no other meanwhile');
    is(scalar(my @log = $fake->log), 1, 'upstream, trial: only one');

    $fake->release('trial');
    is($_->finish->{status}, 200, 'upstream, trial: all are served')
        for @waiting;
    is($t->status('down')->{upstream}{state}, 'up', 'upstream: up again');

    return;
}


# of one key: that may be the key's

sub one_key_is_no_upstream {
    ask('onekey', [{ reset => 1 }]) for 1 .. 12;

    is($t->status('onekey')->{upstream}{state}, 'up',
       'one key: the upstream is not down');

    return;
}


# two guessed rests by one request, then the model is blamed

sub guesses {
    my $r = ask('guesses', [{ case => 'terse429' }]);

    is($r->{status}, 429, 'guesses: status');
    is(path($fake), 'a1 b1 c1 d1', 'guesses: each project was asked');
    is(rests($t, 'guesses'), 'cell pa terse, cell pb terse', 'guesses: two rest');

    my ($model) = grep { $_->{name} eq $flash }
        @{$t->status('guesses')->{models}};
    is($model->{overloads_10s}, 2, 'guesses: the rest is on the model');

    return;
}


# a guessed rest that has ended is tried by one request at a time

sub guess_is_tried {
    my $r = ask('proof', [{ case => 'terse429' }]);
    is($r->{status}, 429, 'a guess: refused');

    is(await('proof', 'trial'), 'trial', 'a guess: it ends in a trial');

    $fake->reset;
    $fake->script({ delay => 'proof' });

    my $trial = stream('proof');
    $fake->wait(n => 1);

    $r = $t->post("/proof/v1beta/models/$flash:generateContent", {}, $body);
    is($r->{status}, 429, 'a guess on trial: no other meanwhile');
    is(scalar(my @log = $fake->log), 1, 'a guess on trial: only one');

    $fake->release('proof');
    is($trial->finish->{status}, 200, 'a guess: proven');
    is(rests($t, 'proof'), '', 'a guess, proven: nothing rests');
    is(ask('proof', [])->{status}, 200, 'a guess, proven: all go');

    return;
}


# .. and if that fails, too, it is a new one

sub guess_again {
    for (1 .. 4) {
        ask('step', [{ case => 'terse429' }]);
        is(path($fake), 'a1', 'a guess, failed: the trial went');
        is(await('step', 'trial'), 'trial', 'a guess, failed: on trial');
    }

    my @rests = grep { $_->{type} eq 'rest' }
        @{$t->status('step', view => 'events')->{events}};

    is(scalar @rests, 4, 'a guess, failed: four rests');

    return;
}


# those that were on their way when it was placed do not lengthen it

sub guess_at_once {
    my @streams;

    $fake->reset;
    $fake->script({ case => 'terse429', delay => 'all' });

    push @streams, stream('at_once') for 1 .. 8;
    is($fake->wait(n => 8), 8, 'at once: eight are on their way');
    $fake->release('all');
    is($_->finish->{status}, 429, 'at once: refused') for @streams;

    my @rests = grep { $_->{type} eq 'rest' }
        @{$t->status('at_once', view => 'events')->{events}};
    is(scalar @rests, 1, 'at once: one rest');

    my ($rest) = @{$t->status('at_once', view => 'cooldowns')->{cooldowns}};
    cmp_ok($rest->{left}, '<=', 66, 'at once: no longer than one');

    return;
}


# a model rests when most of its attempts failed so, and no sooner

sub overload {
    for my $n (1 .. 4) {
        ask('breaker', [{ case => 'overloaded503', nth => 1 }]);
        is(path($fake), 'a1 b1', "503: request $n moves on");
        is(rests($t, 'breaker'), '', "503: nothing rests after request $n");
    }

    # eight attempts, four of them bad; two more that are

    my $r = ask('breaker', [{ case => 'overloaded503' }]);
    is($r->{status}, 503, '503, mostly: status');
    is(rests($t, 'breaker'), "model $flash overloaded", '503, mostly: it rests');

    $r = ask('breaker', []);
    is($r->{status}, 503, '503, resting: status');
    is($r->{json}{error}{details}[0]{reason}, 'MODEL_OVERLOADED',
       '503, resting: reason');
    like($r->{headers}{'retry-after'}, qr/^[12]$/, '503: Retry-After');
    is(path($fake), '', '503, resting: nobody is asked');

    # one good trial, and more may go

    is(await('breaker', 'trial'), 'trial', '503: then a trial');
    is(ask('breaker', [])->{status}, 200, '503, trial: served');
    is(rests($t, 'breaker'), '', '503, proven: nothing rests');

    return;
}


# models further down, and a location that does not want them

sub fallback {
    my $rule = { model => $flash, case => 'full429_minute' };

    my $r = ask('models', [$rule]);
    is($r->{status}, 200, 'fallback: served');
    is(path($fake), 'a1 b1 a1/lite', 'fallback: after each key');
    like(log_line($t, 'models'), qr/ fallback 3$/, 'fallback: outcome');

    $r = ask('alone', [$rule], { 'X-Fallback' => 'off' });
    is($r->{status}, 429, 'gemini_fallback off: status');
    is(path($fake), 'a1 b1', 'gemini_fallback off: that model alone');

    $r = ask('alone', [$rule], { 'X-Fallback' => 'on' });
    is($r->{status}, 200, 'gemini_fallback on: served');
    is(path($fake), 'a1/lite', 'gemini_fallback on: by the other');

    return;
}


# no new attempt after the request's timeout

sub timeout {
    my $r = ask('late', [{ hang => 1 }]);

    is($r->{status}, 503, 'timeout: status');
    is(path($fake), 'a1 b1', 'timeout: no third attempt');

    return;
}


# what may have run and is not to run twice

sub not_replayed {
    my $target = '/once/v1beta/models/veo-3.1-generate-preview'
        . ':predictLongRunning';
    my $video = { instances => [{ prompt => 'A cat' }] };

    for my $case ([{ case => 'internal500' }, 500, 'a1'],
                  [{ case => 'overloaded503' }, 503, 'a1'],
                  [{ reset => 1 }, 503, 'a1'],
                  [{ case => 'deadline504' }, 504, 'a1'],
                  [{ case => 'key_invalid', times => 1 }, 200, 'a1 b1'],
                  [{ case => 'full429_minute', times => 1 }, 429, 'b1'])
    {
        my ($rule, $status, $path) = @$case;
        my $name = $rule->{case} // 'reset';

        $fake->reset;
        $fake->script($rule, { body => { name => 'operations/1' } });

        my $r = $t->post($target, {}, $video);
        is($r->{status}, $status, "not replayed, $name: status");
        is(path($fake), $path, "not replayed, $name: the way");
    }

    return;
}


# a client that leaves between two attempts

sub leaves {
    $fake->reset;
    $fake->script({ case => 'html502' });

    my $stream = stream('leaves');

    ok($fake->wait(n => 3), 'leaves: it is tried again and again');
    $stream->reset;
    like(log_line($t, 'leaves'), qr/ client_gone /, 'leaves: outcome');

    my $attempts = $t->status('leaves')->{attempts};
    is($attempts->{in_flight}, 0, 'leaves: nothing is left in flight');
    is($attempts->{total}, scalar(my @log = $fake->log),
       'leaves: no more attempts');

    return;
}


# many at once, with all kinds of faults among them

sub storm {
    my @rules = ({ reset => 1 }, { case => 'overloaded503' },
                 { case => 'internal500' }, { error200 => 'data' },
                 { empty200 => 1 }, { close => 1 }, { case => 'terse429' },
                 { case => 'html502' });
    my ($i, %status) = (0);

    for my $rule (@rules) {
        $i += 7;
        $rule->{nth} = [map { $i + 40 * $_ } 0 .. 4];
    }

    $fake->reset;
    $fake->script(@rules);

    $t->load(n => 300, c => 16, make => sub {
        return [POST => "/storm/v1beta/models/$flash:generateContent", {},
                $body];
    }, each => sub { $status{$_[0]{status}}++ });

    is(join(' ', %status), '200 300', 'storm: all are served');
    cmp_ok(scalar(my @log = $fake->log), '>=', 340, 'storm: through faults');

    my $attempts = $t->status('storm')->{attempts};
    is($attempts->{in_flight}, 0, 'storm: nothing is left in flight');
    is($attempts->{total}, scalar @log, 'storm: each attempt is counted');

    return;
}


sub ask {
    my ($pool, $rules, $headers) = @_;

    $fake->reset;
    $fake->script($rules) if @$rules;

    return $t->post("/$pool/v1beta/models/$flash:generateContent",
                    $headers // {}, $body);
}


sub stream {
    my ($pool) = @_;

    return $t->stream(POST => "/$pool/v1beta/models/$flash:generateContent",
                      {}, $body);
}


# the state of the one thing that rests, once it is this
sub await {
    my ($pool, $state) = @_;
    my $row;

    $t->wait_for(sub {
        ($row) = @{$t->status($pool, view => 'cooldowns')->{cooldowns}};
        return $row && $row->{state} eq $state;
    });

    return $row->{state};
}
