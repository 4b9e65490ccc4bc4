#!/usr/bin/perl

# Tests for the choice of key and model: preference, priorities, weights, load,
# what a location, a key or a family allows, aliases, auto, unlisted models.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use GeminiTest;
use GeminiTest::Pools;

my $flash = 'gemini-3.8-flash';
my $lite = 'gemini-3.5-flash-lite';
my $embed = 'gemini-embedding-001';
my $embed2 = 'gemini-embedding-2';

my @unlisted = map { "model-$_" } 1 .. 40;

# name => [keys with their parameters, more of the pool, .. of the location]
my %pools = (
    model    => [['a1', 'b1 priority=1']],
    priority => [['a1', 'b1 priority=1'], 'prefer priority;'],
    order    => [['a1', 'b1', 'c1 priority=7']],
    weights  => [['a1 weight=3', 'b1']],
    conns    => [['a1 max_conns=2', 'b1 max_conns=1', 'c1 priority=1']],
    narrow   => [['a1', 'b1', 'c1 account=acme', 'd1 account=acme'],
                 'tries 4;',
                 'gemini_restrict keys=$http_x_keys models=$http_x_models'
                 . ' families=$http_x_families;'],
    allow    => [["a1 models=$lite,model-1", 'b1 models=gemini-3.8*',
                  'c1 disabled']],
    alias    => [['a1'], 'alias best auto; alias little tiny;'
                         . " alias tiny $lite;"],
    auto     => [['a1', 'b1']],
    kinds    => [['a1', 'b1'], "model $embed; model $embed2;"],
    paired   => [['a1'], "model $embed fallback=on;"
                         . " model $embed2 fallback=on;"],
    single   => [['a1'], "model gemini-2.5-flash fallback=off;"],
    unlisted => [['a1', 'b1']],
    closed   => [['a1'], 'unlisted off;'],
    spare    => [['a1']],
);

my $t = GeminiTest->new;
my $fake = $t->fake(
    keys   => keys_of(qw(a1 a2 b1 c1 d1)),
    models => [$flash, $lite, 'gemini-2.5-flash', @unlisted,
               map { { name => $_, methods => ['embedContent'],
                       input => 2048, output => 1 } } $embed, $embed2]);

$t->conf(conf());
$t->start;

my $body = { contents => [{ parts => [{ text => 'Hello' }] }] };

preference();
order();
weights();
max_conns();
restrict_keys();
restrict_models();
restrict_families();
allowed();
aliases();
auto();
kinds();
unlisted();
spare();

$t->done;


sub conf {
    my %conf;

    while (my ($name, $parts) = each %pools) {
        my ($keys, $conf, $location) = @$parts;

        $conf{$name} = { location => $location, conf => key_lines(@$keys)
            . "    model $flash;\n    model $lite;\n    queue 0;\n    "
            . ($conf // '') . "\n" };
    }

    return pools_conf(pools => \%conf,
                      log => '$request_uri $gemini_outcome');
}


# every priority of the better model first, or every model of the priority

sub preference {
    my $rule = { case => 'full429_minute', model => $flash,
                 key => secret('a1') };

    is(ask('model', [$rule])->{status}, 200, 'prefer model: served');
    is(path($fake), 'a1 b1', 'prefer model: by the next priority');

    is(ask('priority', [$rule])->{status}, 200, 'prefer priority: served');
    is(path($fake), 'a1 a1/lite', 'prefer priority: by the next model');

    return;
}


# the longest unused of equals; another priority only when these are gone

sub order {
    my @keys = map { ask('order', []); path($fake) } 1 .. 4;

    is("@keys", 'a1 b1 a1 b1', 'order: they take turns');

    ask('order', [{ project => 'pa', case => 'full429_minute' },
                  { project => 'pb', case => 'full429_minute' }]);
    is(path($fake), 'a1 b1 c1', 'order: priority 7 at last');

    return;
}


# eight at once over weights of 3 and 1

sub weights {
    my @streams = hold('weights', 8);
    my $rows = rows('weights');

    is($rows->{a1}{in_flight}, 6, 'weights: six of eight');
    is($rows->{b1}{in_flight}, 2, 'weights: two of eight');
    let_go(@streams);

    $rows = rows('weights');
    is($rows->{a1}{in_flight} + $rows->{b1}{in_flight}, 0,
       'weights: none at last');

    return;
}


sub max_conns {
    my @streams = hold('conns', 4);
    my $rows = rows('conns');

    is($rows->{a1}{in_flight}, 2, 'max_conns: two');
    is($rows->{b1}{in_flight}, 1, 'max_conns: one');
    is($rows->{c1}{in_flight}, 1, 'max_conns: the rest goes on');
    is($rows->{b1}{state}, 'busy', 'max_conns: busy');

    let_go(@streams);
    is(rows('conns')->{b1}{state}, 'usable', 'max_conns: usable again');

    return;
}


# labels, projects, accounts; on every attempt

sub restrict_keys {
    for my $case (['b*', 'b1'], ['project:pc', 'c1'],
                  ['account:acme', 'c1 d1'], ['a1, d?', 'a1 d1'],
                  ['', 'a1 b1 c1 d1'])
    {
        my ($keys, $path) = @$case;

        ask('narrow', [{ case => 'html502' }], { 'X-Keys' => $keys });

        my %asked = map { s{/lite}{}r => 1 } split / /, path($fake);
        is(join(' ', sort keys %asked), $path,
           "restrict keys=$keys: only these");
    }

    my $r = ask('narrow', [], { 'X-Keys' => 'none' });
    is($r->{status}, 503, 'restrict keys=none: status');
    is($r->{json}{error}{details}[0]{reason}, 'NO_KEY',
       'restrict keys=none: reason');
    is(path($fake), '', 'restrict keys=none: nobody is asked');

    return;
}


sub restrict_models {
    my $r = ask('narrow', [], { 'X-Models' => '*-lite' });
    is($r->{status}, 200, 'restrict models: a fallback may serve');
    like(path($fake), qr{^\w\w/lite$}, 'restrict models: it does');

    $r = ask('narrow', [], { 'X-Models' => 'gemini-2*' });
    is($r->{status}, 404, 'restrict models: none is left');
    is($r->{json}{error}{status}, 'NOT_FOUND', 'restrict models: in shape');

    $r = ask('narrow', [], { 'X-Models' => 'model-2' }, 'model-2');
    is($r->{status}, 200, 'restrict models: an unlisted one');

    $r = ask('narrow', [], { 'X-Models' => 'model-2' }, 'model-3');
    is($r->{status}, 404, 'restrict models: another unlisted one');

    return;
}


sub restrict_families {
    my %models = ('X-Families' => 'models,count');
    my $r = ask('narrow', [], \%models);
    is($r->{status}, 404, 'restrict families: no generate');

    $r = $t->get('/narrow/v1beta/models', \%models);
    is($r->{status}, 200, 'restrict families: models');

    $r = ask('narrow', [], { 'X-Families' => 'generate' });
    is($r->{status}, 200, 'restrict families: generate');

    return;
}


# what a key may serve

sub allowed {
    ask('allow', []);
    is(path($fake), 'b1', 'models=: the key that may');

    ask('allow', [{ key => secret('b1'), case => 'full429_minute' }]);
    is(path($fake), 'b1 a1/lite', 'models=: not the other');

    my $r = ask('allow', [], {}, 'model-1');
    is(path($fake), 'a1', 'models=: of an unlisted model');

    $r = ask('allow', [], {}, 'model-2');
    is($r->{status}, 503, 'models=: nobody may');
    is(path($fake), '', 'models=: so nobody is asked');

    is(rows('allow')->{c1}{state}, 'disabled', 'disabled: shown');
    is(rows('allow')->{c1}{reason}, 'configured', 'disabled: why');

    return;
}


sub aliases {
    ask('alias', [], {}, 'little');
    is(path($fake), 'a1/lite', 'an alias of an alias');

    ask('alias', [{ model => $flash, case => 'overloaded503' }], {}, 'best');
    is(path($fake), 'a1 a1/lite', 'an alias of auto');

    return;
}


# the first of the list that can, on every surface

sub auto {
    my $r = ask('auto', [], {}, 'auto');
    is($r->{status}, 200, 'auto: served');
    is(path($fake), 'a1', 'auto: the first model');
    like(log_line($t, 'auto'), qr/ ok$/, 'auto: no fallback');

    ask('auto', [{ model => $flash, case => 'full429_minute' }], {}, 'auto');
    is(path($fake), 'b1 a1 b1/lite', 'auto: the next one');

    $fake->reset;
    $r = $t->post('/auto/v1beta/openai/chat/completions', {},
                  { model => 'auto', messages => [] });
    is($r->{status}, 200, 'auto, OpenAI: served');
    is(($fake->log)[0]{model}, $lite, 'auto, OpenAI: the body is rewritten');

    return;
}


# models of one kind, and of those that say so

sub kinds {
    my $rule = { model => $embed, case => 'full429_minute' };

    $fake->reset;
    $fake->script($rule);

    my $r = embed('kinds');
    is($r->{status}, 429, 'an embedding: no fallback');
    is(join(' ', map { $_->{model} } $fake->log), "$embed $embed",
       'an embedding: this model alone');

    $fake->reset;
    $fake->script($rule);

    $r = embed('paired');
    is($r->{status}, 200, 'fallback=on: served');
    is(join(' ', map { $_->{model} } $fake->log), "$embed $embed2",
       'fallback=on: by the other of the kind');

    $r = ask('single', [{ case => 'full429_minute' }], {},
             'gemini-2.5-flash');
    is(scalar(my @log = $fake->log), 1, 'fallback=off: does not fall back');

    ask('single', [{ model => 'gemini-*-flash*', case => 'full429_minute' }]);
    ok(!(grep { $_->{model} eq 'gemini-2.5-flash' } $fake->log),
       'fallback=off: is not fallen to');

    return;
}


# passed through, without a fallback; shown after the first success

sub unlisted {
    my $r = ask('unlisted', [{ case => 'full429_minute' }], {}, 'model-1');
    is($r->{status}, 429, 'unlisted: no fallback');
    is(path($fake), 'a1 b1', 'unlisted: each key is asked');
    is(rests($t, 'unlisted'), '', 'unlisted: of no word for others');

    $r = ask('unlisted', [], {}, 'model-1');
    is($r->{status}, 200, 'unlisted: served');
    my ($model) = models('unlisted', 'model-1');
    is($model->{listed}, 0, 'unlisted: shown as such');

    ask('unlisted', [{ case => 'full429_minute' }], {}, 'model-1');
    is(rests($t, 'unlisted'), 'cell pa PerMinute, cell pb PerMinute',
       'unlisted: its own cells rest now');
    is(ask('unlisted', [], {}, 'model-2')->{status}, 200,
       'unlisted: another is served');

    $r = ask('closed', [], {}, 'model-1');
    is($r->{status}, 404, 'unlisted off: refused');
    is(path($fake), '', 'unlisted off: nobody is asked');

    return;
}


# 32 slots, the least recently used makes room

sub spare {
    for my $model (@unlisted) {
        my $r = ask('spare', [], {}, $model);
        is($r->{status}, 200, "$model: served");
    }

    my @shown = grep { !$_->{listed} && $_->{name} =~ /^model/ }
        @{$t->status('spare')->{models}};
    is(scalar @shown, 32, 'spare: 32 are shown');
    is(scalar(models('spare', 'model-8')), 0, 'spare: the first are gone');
    is(scalar(models('spare', 'model-9')), 1, 'spare: the last are there');

    return;
}


sub ask {
    my ($pool, $rules, $headers, $model) = @_;
    $model //= $flash;

    $fake->reset;
    $fake->script($rules) if @$rules;

    return $t->post("/$pool/v1beta/models/$model:generateContent",
                    $headers // {}, $body);
}


sub embed {
    my ($pool) = @_;

    return $t->post("/$pool/v1beta/models/$embed:embedContent", {},
                    { content => { parts => [{ text => 'Hello' }] } });
}


# so many requests at once, unanswered

sub hold {
    my ($pool, $n) = @_;
    my @streams;

    $fake->reset;
    $fake->script({ delay => 'held' });

    for my $i (1 .. $n) {
        push @streams, $t->stream(
            POST => "/$pool/v1beta/models/$flash:generateContent", {}, $body);
        $fake->wait(n => $i);
    }

    return @streams;
}


sub let_go {
    my (@streams) = @_;

    $fake->release('held');
    is($_->finish->{status}, 200, 'held: served') for @streams;

    return;
}


sub rows {
    my ($pool) = @_;
    return { map { $_->{name} => $_ } @{$t->status($pool)->{keys}} };
}


sub models {
    my ($pool, $name) = @_;
    return grep { $_->{name} eq $name } @{$t->status($pool)->{models}};
}
