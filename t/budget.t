#!/usr/bin/perl

# Tests for budgets: requests and tokens of a minute and requests of a day are
# reserved before anything is sent and never exceeded, by two workers at once;
# limits are learned from refusals.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use GeminiTest;
use GeminiTest::Pools;

my $flash = 'gemini-3.8-flash';
my $lite = 'gemini-3.5-flash-lite';

# name => [keys, the pool's limits, more of the pool]
my %pools = (
    rpm      => ['a1', 'rpm=5'],
    siblings => ['a1 a2 b1', 'rpm=5'],
    rpd      => ['a1 a2', 'rpd=7'],
    tpm      => ['a1', 'tpm=1k'],
    settled  => ['a1', 'tpm=1k'],
    huge     => ['a1', 'tpm=1k'],
    nodes    => ['a1', 'rpm=11', 'nodes 2;'],
    limits   => ['a1 b1 c1', 'rpm=9',
                 'limit project=p* rpm=4;'
                 . " limit project=pb model=$flash rpm=1;"
                 . ' limit project=pc rpd=2;'],
    held     => ['a1', 'rpm=3'],
    next     => ['a1 b1', 'rpm=2', "model $lite rpm=3;"],
    share    => ['a1 b1', 'rpm=6', 'limit project=pb rpm=2;'],
    learn    => ['a1', ''],
    lower    => ['a1', 'rpm=2'],
    higher   => ['a1', 'rpm=40'],
    tokens   => ['a1', ''],
    day      => ['a1', ''],
    half     => ['a1', '', 'nodes 2;'],
    refused  => ['a1 b1', 'tpm=1k'],
);

my $t = GeminiTest->new;
my $fake = $t->fake(keys => keys_of(qw(a1 a2 b1 c1)));

$t->conf(conf());
$t->start;

my $body = { contents => [{ parts => [{ text => 'Hello' }] }] };

never_exceeded();
per_day();
tokens();
limits();
reserved();
next_one();
learned();
learned_and_written();
refusal_costs_nothing();

$t->done;


sub conf {
    my %conf;

    while (my ($name, $parts) = each %pools) {
        my ($keys, $limits, $conf) = @$parts;

        $conf{$name}{conf} = key_lines(split / /, $keys)
            . "    model $flash $limits;\n    queue 0;\n    "
            . ($conf // '') . "\n";
    }

    return pools_conf(pools => \%conf, log => '$pid', listen => 'reuseport');
}


# many at once, on both workers

sub never_exceeded {
    my %status = flood('rpm', 60);
    is($status{200}, 5, 'rpm: so many are served');
    is($status{429}, 55, 'rpm: the others are refused');
    is(scalar(my @log = $fake->log), 5, 'rpm: no more are sent');

    my %pid = map { $_ => 1 } split /\n/, $t->read('pools.log');
    is(scalar keys %pid, 2, 'rpm: by two workers');

    my $cell = cell('rpm', 'pa');
    is($cell->{use}{minute_requests}, 5, 'rpm: shown');
    is($cell->{rpm_left}, 0, 'rpm: nothing left');

    my $r = ask('rpm');
    is($r->{json}{error}{details}[0]{reason}, 'POOL_EXHAUSTED',
       'rpm: the reason');
    like($r->{headers}{'retry-after'}, qr/^(?:[1-9]|[1-5]\d|60)$/,
         'rpm: Retry-After within the minute');

    %status = flood('siblings', 60);
    is($status{200}, 10, 'rpm, three keys: two projects count');
    is(asked('a1') + asked('a2'), 5, 'rpm, two keys of a project: one limit');
    is(asked('b1'), 5, 'rpm, another project: its own');

    %status = flood('nodes', 30);
    is($status{200}, 5, 'nodes: a share of the limit');

    return;
}


sub per_day {
    my %status = flood('rpd', 40);
    is($status{200}, 7, 'rpd: so many are served');
    is(scalar(my @log = $fake->log), 7, 'rpd: no more are sent');

    my $r = ask('rpd');
    my ($quota) = grep { $_->{violations} } @{$r->{json}{error}{details}};
    is($r->{status}, 429, 'rpd: status');
    like($quota->{violations}[0]{quotaId}, qr/PerDay/, 'rpd: PerDay');
    is(cell('rpd', 'pa')->{rpd_left}, 0, 'rpd: nothing left');

    return;
}


# the estimate is four bytes a token, the answer puts it right

sub tokens {
    my $long = { contents => [{ parts => [{ text => 'x' x 1560 }] }] };

    $fake->reset;
    $fake->script({ usage => { prompt => 400, output => 1 } });

    my @status = map { ask('tpm', $long)->{status} } 1 .. 4;
    is("@status", '200 200 429 429', 'tpm: as many as fit');
    is(cell('tpm', 'pa')->{use}{minute_tokens}, 800, 'tpm: shown');
    is(cell('tpm', 'pa')->{tpm_left}, 200, 'tpm: what is left');

    $fake->reset;
    $fake->script({ usage => { prompt => 100, output => 999 } });

    @status = map { ask('settled', $long)->{status} } 1 .. 8;
    is("@status", '200 200 200 200 200 200 200 429',
       'tpm: what was used counts, not the estimate');
    is(cell('settled', 'pa')->{use}{minute_tokens}, 700,
       'tpm: without the output');

    # an estimate delays, and never refuses for good

    my $huge = { contents => [{ parts => [{ text => 'x' x 100_000 }] }] };

    $fake->reset;
    $fake->script({ usage => { prompt => 12_000, output => 1 } });

    is(ask('huge', $huge)->{status}, 200, 'tpm: a huge one goes at first');
    is(ask('huge', $body)->{status}, 429, 'tpm: and takes the minute');

    return;
}


# the last that matches wins, number by number

sub limits {
    my %status = flood('limits', 40);

    is(asked('a1'), 4, 'limit: over that of the model');
    is(asked('b1'), 1, 'limit: of project and model');
    is(asked('c1'), 2, 'limit: the lower of minute and day');
    is($status{200}, 7, 'limit: no more than these');

    return;
}


# before anything is sent, not after an answer

sub reserved {
    my @streams;

    $fake->reset;
    $fake->script({ delay => 'held' });

    for my $n (1 .. 3) {
        push @streams, $t->stream(
            POST => "/held/v1beta/models/$flash:generateContent", {}, $body);
        is($fake->wait(n => $n), $n, "reserved: request $n is on its way");
    }

    my $r = $t->post("/held/v1beta/models/$flash:generateContent", {}, $body);
    is($r->{status}, 429, 'reserved: no fourth');

    $fake->release('held');
    is($_->finish->{status}, 200, 'reserved: served') for @streams;

    return;
}


# another project, another model; most of its minute left goes first

sub next_one {
    my %status = flood('next', 40);

    is($status{200}, 10, 'spent: others serve');
    is(scalar(my @a = $fake->log(model => $flash)), 4,
       'spent: twice two of the first model');
    is(scalar(my @b = $fake->log(model => $lite)), 6,
       'spent: twice three of the next one');

    $fake->reset;
    ask('share') for 1 .. 4;
    is(asked('a1') . asked('b1'), '31', 'the share that is left decides');

    return;
}


# from a refusal that names the limit

sub learned {
    $fake->reset;
    $fake->script({ case => 'full429_minute', limit => 3, retry => '1s',
                    retry_text => '1s', times => 1 });

    is(ask('learn')->{status}, 429, 'learned: refused');

    my $cell = cell('learn', 'pa');
    is($cell->{learned}{rpm}, 3, 'learned: shown');
    ok($cell->{learned}{rpm_at}, 'learned: with its time');
    is($cell->{limits}{rpm}, 3, 'learned: in force');

    my @events = grep { $_->{type} eq 'learned' }
        @{$t->status('learn', view => 'events')->{events}};
    is(scalar @events, 1, 'learned: one event');
    is($events[0]{number}, 3, 'learned: its number');

    wait_usable('learn');
    $fake->reset;

    my @status = map { ask('learn')->{status} } 1 .. 5;
    is("@status", '200 200 200 429 429', 'learned: never exceeded again');
    is(asked('a1'), 3, 'learned: the upstream refuses no more');

    # the other numbers, and their share with nodes

    refuse('tokens', 'tokens429', 1234);
    is(cell('tokens', 'pa')->{learned}{tpm}, 1234, 'learned: tokens');

    refuse('day', 'full429_day', 20);
    is(cell('day', 'pa')->{learned}{rpd}, 20, 'learned: of the day');

    refuse('half', 'full429_minute', 7);
    is(cell('half', 'pa')->{learned}{rpm}, 3, "learned: this node's share");

    return;
}


# the lower holds

sub learned_and_written {
    refuse('lower', 'full429_minute', 3);
    is(cell('lower', 'pa')->{limits}{rpm}, 2, 'the written one is lower');

    refuse('higher', 'full429_minute', 3);
    is(cell('higher', 'pa')->{limits}{rpm}, 3, 'the learned one is lower');

    my @events = grep { $_->{type} eq 'learned' }
        @{$t->status('higher', view => 'events')->{events}};
    is(scalar @events, 1, 'they differ: told once');

    return;
}


# a refusal used no tokens

sub refusal_costs_nothing {
    my $long = { contents => [{ parts => [{ text => 'x' x 1560 }] }] };

    $fake->reset;
    $fake->script({ key => secret('a1'), case => 'full429_minute',
                    retry => '1s', retry_text => '1s' });

    is(ask('refused', $long)->{status}, 200, 'refused: the next one serves');
    is(cell('refused', 'pa')->{use}{minute_tokens}, 0,
       'refused: no tokens are charged');

    return;
}


sub ask {
    my ($pool, $data) = @_;

    return $t->post("/$pool/v1beta/models/$flash:generateContent", {},
                    $data // $body);
}


sub refuse {
    my ($pool, $case, $limit) = @_;

    $fake->reset;
    $fake->script({ case => $case, limit => $limit });
    is(ask($pool)->{status}, 429, "$pool: refused");

    return;
}


# so many requests, 16 at once; status => number
sub flood {
    my ($pool, $n) = @_;
    my %status;

    $fake->reset;

    $t->load(n => $n, c => 16, make => sub {
        return [POST => "/$pool/v1beta/models/$flash:generateContent", {},
                $body];
    }, each => sub { $status{$_[0]{status}}++ });

    return %status;
}


sub asked { return scalar(my @log = $fake->log(key => secret($_[0]))) }


sub cell {
    my ($pool, $project) = @_;
    my ($cell) = grep { $_->{project} eq $project }
        @{$t->status($pool)->{cells}};

    return $cell;
}


sub wait_usable {
    my ($pool) = @_;

    ok($t->wait_for(sub {
        return !@{$t->status($pool, view => 'cooldowns')->{cooldowns}};
    }), "$pool: usable again");

    return;
}
