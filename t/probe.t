#!/usr/bin/perl

# Tests for probing: the model list teaches output limits and heals keys, free
# of charge; prompts are sent within their bounds and counted apart; a worker
# that goes leaves nothing behind.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use GeminiTest;
use GeminiTest::Pools qw(named pool_conf);

my $flash = 'gemini-3.8-flash';
my $lite = 'probe-lite';
my $generate = "/v1beta/models/$flash:generateContent";
my %client = ('x-goog-api-key' => 'client');
my $hello = {contents => [{parts => [{text => 'Hello'}]}]};
my %project = ('demo-key-1' => 'demo-a', 'demo-key-2' => 'demo-a',
               'demo-key-3' => 'demo-b');


# the models asked for come last, behind some pages
sub set_up {
    my ($pool, %opt) = @_;
    my $t = GeminiTest->new(workers => 2, %{$opt{test} // {}});
    my $fake = $t->fake(
        keys   => {%project},
        models => [(map { "filler-$_" } 1 .. $opt{filler} // 0),
                   {name => $lite, output => 8192},
                   {name => $flash, output => 65535}],
        %{$opt{fake} // {}});

    $fake->script(@{$opt{script}}) if $opt{script};
    conf($t, $pool);

    return ($t, $fake);
}


sub conf {
    my ($t, $pool) = @_;

    return $t->conf(pool_conf($pool));
}


# key 1 and 3, of two projects, and two models
sub pool {
    my ($probe, @more) = @_;

    return join "\n", 'key demo-key-1 name=a project=demo-a;',
        'key demo-key-3 name=b project=demo-b;', "model $flash;",
        "model $lite;", "probe url=http://%%FAKE%% $probe;", @more;
}


sub model { return named($_[0]->status->{models}, $_[1]) }

sub key { return named($_[0]->status->{keys}, $_[1]) }

sub probe { return $_[0]->status->{probe} }


subtest 'the model list' => sub {
    my ($t, $fake) = set_up(pool('interval=1h'), filler => 120);

    $t->start;
    $t->wait_for(sub { (model($t, $lite)->{max_tokens} // 0) == 8192 }, 10);

    is(model($t, $flash)->{max_tokens}, 65535, 'a limit of the last page');
    is(model($t, $lite)->{max_tokens}, 8192, 'of another model');

    my @log = $fake->log;
    is(scalar @log, 3, 'three pages');
    is(scalar(grep { $_->{verb} eq 'list' } @log), 3, 'of the list');
    is(scalar(grep { $_->{where} eq 'header' } @log), 3, 'key in a header');
    is(scalar(grep { $_->{key} eq 'demo-key-1' } @log), 3, 'of one key');

    my $status = $t->status;
    is($status->{probe}{lists_ok}, 3, 'counted');
    is($status->{totals}{requests}, 0, 'not as traffic');
    is($status->{attempts}{total}, 0, 'nor as attempts');

    ok($t->reload(gone => 1), 'reload');
    ok($fake->wait(n => 6), 'a new configuration lists anew');

    $t->done;
};


subtest 'another key lists when the first may not' => sub {
    my ($t, $fake) = set_up(pool('interval=1h'), script => [
        {key => 'demo-key-1', verb => 'list', case => 'key_invalid'}]);

    $t->start;
    $t->wait_for(sub { (model($t, $lite)->{max_tokens} // 0) == 8192 }, 10);

    is(model($t, $flash)->{max_tokens}, 65535, 'learned');
    is(key($t, 'a')->{state}, 'disabled', 'the first is disabled');

    $t->done;
};


subtest 'a disabled key works again' => sub {
    my ($t, $fake) = set_up(pool('interval=1s'), script => [
        {key => 'demo-key-1', case => 'key_invalid'}]);

    $t->start;
    $t->wait_for(sub { key($t, 'a')->{state} eq 'disabled' }, 10);
    is(key($t, 'a')->{state}, 'disabled', 'by the free call');

    my $n = $fake->log(key => 'demo-key-1');
    $fake->wait(n => $n + 2, key => 'demo-key-1', done => 1);
    is(key($t, 'a')->{state}, 'disabled', 'stays so while it fails');
    is($t->post($generate, {%client}, $hello)->{status}, 200, 'b serves');

    $fake->script;
    $t->wait_for(sub { key($t, 'a')->{state} eq 'usable' }, 10);

    is(key($t, 'a')->{state}, 'usable', 'enabled again');
    ok($t->wait_log(qr/key "a" is enabled again after \S+/), 'a log line');
    is(scalar(grep { $_->{type} eq 'enabled' }
              @{$t->status(undef, view => 'events')->{events}}), 1,
       'an event');

    $t->done;
};


subtest 'a leaked key stays disabled' => sub {
    my ($t, $fake) = set_up(pool('interval=1s'), script => [
        {key => 'demo-key-1', case => 'leaked'}]);

    $t->start;
    $t->wait_for(sub { key($t, 'a')->{state} eq 'disabled' }, 10);

    $fake->script;
    $fake->wait(n => 3, key => 'demo-key-3', verb => 'list', done => 1);

    is(key($t, 'a')->{state}, 'disabled', 'not asked, not enabled');

    $t->done;
};


subtest 'prompts' => sub {
    my ($t, $fake) = set_up(
        pool('interval=1s "prompt=Say \"hi\"."', 'limit rpd=500;'));

    $t->start;

    # 1 % of 500 for each of two projects and two models
    $t->wait_for(sub { probe($t)->{prompts} >= 20 }, 40);
    $fake->wait(n => 26, verb => 'list', timeout => 30);

    my @log = $fake->log(verb => 'generateContent');
    is(scalar @log, 20, 'no more than a hundredth of the day');

    for my $model ($flash, $lite) {
        for my $key ('demo-key-1', 'demo-key-3') {
            is(scalar(grep { $_->{key} eq $key && $_->{model} eq $model }
                      @log), 5, "$model by $key");
        }
    }

    like($log[0]{body}, qr/"text":"Say \\"hi\\"\."/, 'the prompt');
    like($log[0]{body}, qr/"maxOutputTokens":64/, 'a short answer');

    my $status = $t->status;
    my $row = named($status->{models}, $flash);
    is($row->{probes}, 10, 'probes of a model');
    is($row->{probes_ok}, 10, 'all good');
    is($row->{window}{samples}, 10, 'they are in its window');
    is($row->{requests}, 0, 'but no traffic');
    is($row->{last_used}, undef, 'it is not used');
    is($status->{attempts}{total}, 0, 'no attempts');
    is($status->{totals}{tokens}{prompt}, 0, 'no tokens of traffic');
    is($status->{limits}{used}{reservations}, 0, 'none reserved');

    $t->done;
};


subtest 'no prompts where the day is not known to be long' => sub {
    my ($t, $fake) = set_up(pool('interval=1s prompt=hi',
                                 'limit project=demo-a rpd=499;'));

    $t->start;
    $fake->wait(n => 4, verb => 'list', done => 1);

    is(scalar($fake->log(verb => 'generateContent')), 0, 'none');

    $t->done;
};


subtest 'prompts try the keys in turn' => sub {
    my ($t, $fake) = set_up(pool('interval=2s prompt=hi', 'limit rpd=5k;'),
        script => [{key => 'demo-key-1', verb => 'generateContent',
                    case => 'full429_day'}]);

    $t->start;
    $t->wait_for(sub { model($t, $flash)->{probes_ok} >= 1 }, 20);

    cmp_ok(model($t, $flash)->{probes_ok}, '>=', 1, 'another key answers');
    cmp_ok(scalar($fake->log(key => 'demo-key-1',
                             verb => 'generateContent')), '<=', 2,
           'the spent one rests, once for each model');

    $t->done;
};


subtest 'TLS' => sub {
    my ($t, $fake) = set_up(
        join("\n", 'key demo-key-1 name=a;', "model $lite;",
             'probe interval=1h url=https://%%FAKE%% '
             . 'trusted_certificate=%%CA%%;'), fake => {tls => 1});

    $t->start;
    $t->wait_for(sub { (model($t, $lite)->{max_tokens} // 0) == 8192 }, 10);
    is(model($t, $lite)->{max_tokens}, 8192, 'verified and learned');

    conf($t, join("\n", 'key demo-key-1 name=a;', "model $lite;",
                  'probe interval=1h url=https://%%FAKE%%;'));
    my $mark = $t->log_mark;
    my $n = $fake->log;
    ok($t->reload(gone => 1), 'reload without the certificate');
    ok($t->wait_log(qr/probe \(list\) by key "a" status 0 .*certificate/, 10,
                    since => $mark), 'an unknown issuer is refused');
    is(scalar($fake->log), $n, 'no key was sent');

    $t->done;
};


subtest 'at once, when asked' => sub {
    my ($t, $fake) = set_up(pool('interval=1h prompt=hi', 'limit rpd=20;'));

    $t->start;
    $t->wait_for(sub { (model($t, $lite)->{max_tokens} // 0) == 8192 }, 10);
    is(scalar($fake->log), 1, 'a list at the start');

    is($t->post('/gemini/control/rank?list=1')->{status}, 200, 'rank?list=1');
    $t->wait_for(sub { probe($t)->{pending} == 0 }, 10);
    is(probe($t)->{done}, 3, 'the list and both keys');
    is(probe($t)->{failed}, 0, 'none failed');
    is(scalar($fake->log(key => 'demo-key-3', verb => 'list')), 1,
       'every key');
    is(scalar($fake->log(verb => 'generateContent')), 0, 'free');

    is($t->post('/gemini/control/rank')->{status}, 200, 'rank');
    cmp_ok(probe($t)->{pending}, '>', 0, 'at once there is something to do');
    $t->wait_for(sub { probe($t)->{pending} == 0 }, 10);
    is(scalar($fake->log(verb => 'generateContent')), 2,
       'a prompt for each model, past a hundredth of the day');

    $t->done;
};


for my $signal (qw(HUP QUIT TERM)) {
    subtest "$signal while probes hang" => sub {
        my ($t, $fake) = set_up(
            pool('interval=1s prompt=hi max=3', 'limit rpd=5k;'),
            script => [{verb => 'generateContent', hang => 1}]);

        $t->start;
        ok($fake->wait(n => 2, verb => 'generateContent', timeout => 20),
           'two hang');

        if ($signal eq 'HUP') {
            ok($t->reload(gone => 1), 'reload, the old worker goes');
            is($t->status->{limits}{used}{reservations}, 0, 'none reserved');
            $fake->script;
            is($t->post($generate, {%client}, $hello)->{status}, 200,
               'serves');

        } else {
            $t->stop(signal => $signal);
        }

        unlike($t->error_log, qr/settled as lost/, 'nothing is lost');

        $t->done;
    };
}


subtest 'a hanging list' => sub {
    my ($t, $fake) = set_up(pool('interval=1h'),
                            script => [{verb => 'list', hang => 1}]);

    $t->start;
    ok($fake->wait(n => 1, verb => 'list'), 'the list hangs');
    is($t->post($generate, {%client}, $hello)->{status}, 200, 'serves');
    is(probe($t)->{pending}, 1, 'one is pending');
    ok($t->reload(gone => 1), 'reload');

    $t->done;
};


subtest 'a configuration to refuse' => sub {
    my %bad = (
        'interval=0'        => qr/"0".*interval=|interval=.*"0"/,
        'max=0'             => qr/max=/,
        'every=1s'          => qr/unknown parameter/,
        'prompt='           => qr/prompt=/,
        'trusted_certificate=nowhere.pem' => qr/nowhere\.pem.*cannot be read/,
    );

    my ($t) = set_up('key demo-key-1;');

    for my $probe (sort keys %bad) {
        conf($t, pool($probe));
        my ($code, $text) = $t->configtest;
        isnt($code, 0, "$probe is refused");
        like($text, $bad{$probe}, "$probe: the reason");
    }

    $t->done;
};


done_testing();
