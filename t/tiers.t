#!/usr/bin/perl

# Tests for tiers: fast, quality and balance as names of models on both
# surfaces, an order that moves as statistics move, and the views of both.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use GeminiTest;

my $flash = 'gemini-3.8-flash';
my $lite = 'gemini-3.5-flash-lite';
my $pro = 'gemini-3.1-pro';
my $embed = 'gemini-embedding-001';
my $hello = { contents => [{ parts => [{ text => 'Hello' }] }] };

my $t = GeminiTest->new(workers => 2);
my $fake = $t->fake(
    keys   => { 'pool-key-1-secret' => 'p1' },
    models => [$flash, $lite, $pro,
               { name => $embed, methods => ['embedContent'],
                 input => 2048, output => 1 }]);

my $models = "model $flash max_tokens=8192; model $lite max_tokens=65536;"
    . " model $pro; model $embed;";

$t->conf(<<"END");
gemini_pool main {
    key    pool-key-1-secret name=k1 project=p1;
    $models
    window 4;
    queue  0;
}

gemini_pool even {
    key    pool-key-1-secret name=k1 project=p1;
    $models
    alias  gpt-4o fast;
    score  normalized;
    queue  0;
}

server {
    listen 127.0.0.1:%%PORT_0%%;
    add_header X-Tier \$gemini_tier always;
    add_header X-Model \$gemini_model always;

    location / { gemini_pass main /gemini-upstream; }
    location /even/ { gemini_pass even /gemini-upstream; }
    location /single/ {
        gemini_restrict models=$pro;
        gemini_pass main /gemini-upstream;
    }
    %%GEMINI_UPSTREAM%%
}

server {
    listen 127.0.0.1:%%PORT_1%%;
    location /gemini/status { gemini_status main; }
    location /gemini/status/even { gemini_status even; }
}
END

$t->start;

nothing_known();
surfaces();
kinds();
moving();
failing();
in_order();
views();

$t->done;


sub ask {
    my ($model, $where, $verb) = @_;
    my $r = $t->post(($where // '') . "/v1beta/models/$model:"
                     . ($verb // 'generateContent'), {}, $hello);

    return ($r->{status}, $r->{headers}{'x-model'}, $r->{headers}{'x-tier'});
}


sub chat {
    my ($model) = @_;
    my $r = $t->post('/even/v1beta/openai/chat/completions', {},
                     { model    => $model,
                       messages => [{ role => 'user', content => 'Hello' }] });

    return ($r->{status}, $r->{headers}{'x-model'}, $r->{headers}{'x-tier'});
}


sub names {
    my ($tier, $pool) = @_;

    return join ' ', map { "$_->{name}=$_->{tier}$_->{rank}" }
        grep { $_->{kind} eq 'text' }
        @{ $t->status($pool // 'main', view => 'tiers')->{$tier} };
}


# without figures the list; only quality has some from the start

sub nothing_known {
    is_deeply([ask('quality', '/even')], [200, $lite, 'quality/S'],
              'quality: the most tokens');
    is_deeply([ask('fast')], [200, $flash, 'fast/S'], 'fast: the first');
    is_deeply([ask('balance')], [200, $flash, 'balance/S'],
              'balance: the first');
    is_deeply([ask('auto')], [200, $flash, undef], 'auto: no tier');
    is_deeply([ask($flash)], [200, $flash, undef], 'a model: none either');
    is(names('quality'), "$lite=S1 $flash=A2 $pro=B3", 'letters and ranks');

    return;
}


sub surfaces {
    is_deeply([ask('quality', '/even', 'streamGenerateContent?alt=sse')],
              [200, $lite, 'quality/S'], 'a stream');

    my $seen = ($fake->log)[-1]{seq};

    is_deeply([chat('quality')], [200, $lite, 'quality/S'], 'chat: quality');
    is_deeply([chat('models/quality')], [200, $lite, 'quality/S'],
              'chat: with models/');
    is((chat('gpt-4o'))[2], 'fast/S', 'an alias of a tier');

    is_deeply([map { $_->{model} } ($fake->log(since => $seen))[0, 1]],
              [$lite, $lite], 'the body names the model chosen');

    is_deeply([ask('fast', '/single')], [200, $pro, 'fast/B'],
              'a restriction narrows a tier');

    return;
}


sub kinds {
    my $r = $t->post('/v1beta/models/fast:embedContent', {},
                     { content => { parts => [{ text => 'Hello' }] } });

    is($r->{status}, 200, 'fast embeds, too');
    is($r->{headers}{'x-model'}, $embed, 'by a model of that kind');
    is($r->{headers}{'x-tier'}, 'fast/S', 'which is ranked apart');

    return;
}


# so many outcomes of a model, each of so many ms

sub outcomes {
    my ($model, $n, $ms) = @_;

    $fake->reset;
    $fake->script({ model => $model, latency => $ms, ok => 1 });

    for (1 .. $n) {
        die "$model does not serve" if (ask($model))[0] != 200;
    }

    $fake->reset;

    return;
}


# rankings are made anew at most once a second: until model is the first

sub becomes {
    my ($tier, $model, $name) = @_;
    my @got;

    $t->wait_for(sub { @got = ask($tier); $got[1] eq $model }, 15);

    is_deeply(\@got, [200, $model, "$tier/S"], $name);

    return;
}


sub moving {
    outcomes($flash, 4, 600);
    outcomes($pro, 4, 600);
    outcomes($lite, 4, 1);
    becomes('fast', $lite, 'fast: the other one is faster');
    like(names('fast'), qr/^$lite=S1 /, 'and the view says so');

    outcomes($lite, 4, 600);
    outcomes($flash, 4, 1);
    becomes('fast', $flash, 'fast: no longer');

    return;
}


sub failing {
    $fake->script({ model => $flash, case => 'internal500' });
    ask($flash) for 1 .. 2;
    $fake->reset;

    my $balance = $t->status('main', view => 'tiers')->{balance};
    my ($row) = grep { $_->{name} eq $flash } @$balance;

    cmp_ok($row->{success_rate}, '<', 1, 'it has failed');
    is($row->{samples}, 4, 'of four');

    my $score = (1 - $row->{success_rate}) * 1000 + $row->{latency}
        - $row->{max_tokens} * 0.1;

    cmp_ok(abs($row->{score} - $score), '<', 0.01, 'the score of design');

    is((sort { $a->{score} <=> $b->{score} }
        grep { defined $_->{score} && $_->{kind} eq 'text' }
        @$balance)[0]{name},
       (grep { $_->{kind} eq 'text' } @$balance)[0]{name},
       'the least is the first');

    becomes('balance', $lite, 'classic: tokens count most');

    return;
}


# S is tried before A, A before B

sub in_order {
    $fake->reset;

    is(names('quality'), "$lite=S1 $flash=A2 $pro=B3", 'quality as before');

    $fake->script({ model => $lite, case => 'full429_minute' });
    is_deeply([ask('quality')], [200, $flash, 'quality/A'], 'S fails: A');
    is(scalar $fake->log, 2, 'two attempts');

    $fake->reset;
    $fake->script({ model => $flash, case => 'full429_minute' });
    is_deeply([ask('quality')], [200, $pro, 'quality/B'], 'A as well: B');

    $fake->reset;

    return;
}


sub views {
    my $tiers = $t->status('even', view => 'tiers');

    is_deeply([sort keys %$tiers],
              [qw(balance fast pool quality score window)], 'tiers: members');
    is($tiers->{score}, 'normalized', 'how it scores');
    is($t->status('main', view => 'tiers')->{score}, 'classic',
       'by default');
    is_deeply([sort keys %{ $tiers->{fast}[0] }],
              [qw(kind latency max_tokens name rank samples score
                  success_rate tier)], 'tiers: of a model');
    is(scalar @{ $tiers->{$_} }, 4, "all are in $_")
        for qw(fast quality balance);

    my $stats = $t->status('main', view => 'stats');
    my ($row) = grep { $_->{name} eq $lite } @{ $stats->{stats} };

    is_deeply([sort keys %$stats], [qw(pool stats)], 'stats: members');
    is_deeply([sort keys %$row],
              [qw(kind latency listed name ok output prompt samples size
                  success_rate ttft)], 'stats: of a model');
    is($row->{size}, 4, 'as long as the window is');
    is($row->{samples}, 4, 'and full');
    is($row->{success_rate}, 1, 'all good');
    cmp_ok($row->{latency}{p95}, '>=', $row->{latency}{p50}, 'in order');
    cmp_ok($row->{ttft}{mean}, '<=', $row->{latency}{mean}, 'first bytes');
    cmp_ok($row->{output}, '>', 0, 'tokens');

    my $r = $t->get('/gemini/status?view=tier', {}, port => $t->port(1));

    is($r->{status}, 404, 'no such view');
    is_deeply($r->{json}{error}{known},
              [qw(keys models cooldowns events tiers stats teams health)],
              'those that there are');

    return;
}
