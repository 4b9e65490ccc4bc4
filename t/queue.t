#!/usr/bin/perl

# Tests for the queue: a request waits for a cooldown's end or for a place,
# on both workers; in order; and never longer than it may.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use GeminiTest;
use GeminiTest::Pools;

my $flash = 'gemini-3.8-flash';
my $lite = 'gemini-3.5-flash-lite';

# name => [keys with their parameters, the pool's queue, more of the pool]
my %pools = (
    told    => [['a1'], '32 timeout=10s'],
    ramp    => [['a1'], '32 timeout=10s'],
    full    => [['a1'], '1 timeout=10s'],
    crowd   => [['a1 max_conns=1'], '2 timeout=10s'],
    patient => [['a1 max_conns=1'], '8 timeout=300ms'],
    far     => [['a1'], '8 timeout=5s'],
    off     => [['a1'], '8 timeout=10s'],
    itself  => [['a1'], '8 timeout=10s'],
    gone    => [['a1 max_conns=1'], '8 timeout=10s'],
    conns   => [['a1 max_conns=1'], '32 timeout=10s'],
    late    => [['a1 max_conns=1'], '8 timeout=10s', 'timeout 300ms;'],
    other   => [['a1'], '8 timeout=10s', "model $lite;"],
    order   => [['a1 max_conns=1'], '8 timeout=10s'],
    budget  => [['a1', 'b1'], '8 timeout=10s', 'limit project=pa rpm=2;'
                                               . ' limit project=pb rpm=1;'],
);

my $body = { contents => [{ parts => [{ text => 'Hello' }] }] };
my ($t, $fake);

start(2);
told();
itself();
ramp();
full();
crowd();
patience();
too_far();
off();
refused();
gone();
conns();
deadline();
budget();
$t->stop;
$t->clean_up;

# first come first served, within a worker

start(1);
order();
other_models();

$t->done;


sub start {
    my ($workers) = @_;

    $t = GeminiTest->new(workers => $workers);
    $fake = $t->fake(keys => keys_of(qw(a1 b1)));
    $t->conf(conf());
    $t->start;

    return;
}


sub conf {
    my %conf;

    while (my ($name, $parts) = each %pools) {
        my ($keys, $queue, $conf) = @$parts;

        $conf{$name}{conf} = key_lines(@$keys)
            . "    model $flash;\n    fallback off;\n    queue $queue;\n    "
            . ($conf // '') . "\n";
    }

    return pools_conf(pools => \%conf,
                      log => '$request_uri $status $gemini_outcome'
                             . ' $gemini_queued_ms $pid',
                      listen => 'reuseport', server => <<'END');
listen 127.0.0.1:%%PORT_2%% http2;
    gemini_queue $http_x_queue;
END
}


# a cooldown that was told, sixteen requests that wait for its end

sub told {
    rest('told', '2s');

    my @waiting = map { stream('told') } 1 .. 16;
    wait_for('told', 16);

    my $queue = $t->status('told')->{queue};
    is($queue->{size}, 32, 'told: places');
    cmp_ok($queue->{max_seen}, '>=', 16, 'told: the most that waited');
    is(scalar(my @log = $fake->log), 1, 'told: nobody is asked meanwhile');

    is($_->finish->{status}, 200, 'told: served') for @waiting;

    my @lines = log_lines($t, 'told', 17);
    my @queued = grep { m{ 200 ok [1-9]\d* } } @lines;
    is(scalar @queued, 16, 'told: each says how long it waited');

    my %pid = map { (split)[-1] => 1 } @queued;
    is(scalar keys %pid, 2, 'told: on both workers');

    $queue = $t->status('told')->{queue};
    is($queue->{entered}, 16, 'told: counted');
    is($queue->{waiting}, 0, 'told: nobody waits');

    return;
}


# the request that was refused waits, too

sub itself {
    $fake->reset;
    $fake->script({ case => 'full429_minute', retry => '1s',
                    retry_text => '1s', times => 1 });

    is(ask('itself')->{status}, 200, 'refused and then served');
    is(scalar(my @log = $fake->log), 2, 'by the same key, later');
    like((log_lines($t, 'itself', 1))[0], qr/ 200 failover [1-9]\d* /,
         'and says how long it waited');

    return;
}


# when the rest has ended: one, then twice as many for each good answer

sub ramp {
    $fake->reset;
    $fake->script({ case => 'terse429', extra_headers => { 'Retry-After' => 1 },
                    times => 1 });
    is(ask('ramp', 'off')->{status}, 429,
       'ramp: a cooldown, of no known limit');
    $fake->script({ delay => 'ramp' });

    my $since = ($fake->log)[-1]{seq};
    my @waiting = map { stream('ramp') } 1 .. 7;

    for my $step ([1, 1], [3, 2], [7, 4]) {
        my ($n, $more) = @$step;

        is($fake->wait(n => $n, since => $since), $n, "ramp: $n are sent");
        is($t->status('ramp')->{queue}{waiting}, 7 - $n,
           'ramp: the others wait');
        $fake->release('ramp', $more);
    }

    is($_->finish->{status}, 200, 'ramp: served') for @waiting;

    return;
}


# no place is left

sub full {
    rest('full', '2s');

    my $waiting = stream('full');
    wait_for('full', 1);

    my $r = ask('full');
    is($r->{status}, 429, 'full: quota is what lacks');
    like($r->{headers}{'retry-after'}, qr/^[12]$/, 'full: Retry-After');
    is($t->status('full')->{queue}{full}, 1, 'full: counted');

    is($waiting->finish->{status}, 200, 'full: who waits is served');

    return;
}


sub crowd {
    my $held = hold('crowd');
    my @waiting = map { stream('crowd') } 1 .. 2;

    wait_for('crowd', 2);

    my $r = ask('crowd');
    is($r->{status}, 503, 'full, of connections: status');
    is($r->{json}{error}{details}[0]{reason}, 'POOL_EXHAUSTED',
       'full, of connections: reason');

    $fake->release('held');
    is($_->finish->{status}, 200, 'full: served') for $held, @waiting;

    return;
}


# no longer than the queue's timeout

sub patience {
    my $held = hold('patient');
    my $r = ask('patient');

    is($r->{status}, 503, 'patience: it ends');
    is($t->status('patient')->{queue}{timeout}, 1, 'patience: counted');
    is($t->status('patient')->{queue}{waiting}, 0, 'patience: nobody waits');

    my ($line) = log_lines($t, 'patient', 1);
    my ($queued) = $line =~ / 503 exhausted (\d+) /;
    cmp_ok($queued, '>=', 300, 'patience: so long it was');

    $fake->release('held');
    is($held->finish->{status}, 200, 'patience: the place was taken');

    return;
}


# an end that is too far away is not waited for

sub too_far {
    rest('far', '30s');

    my $r = ask('far');
    is($r->{status}, 429, 'too far: refused');
    like((log_lines($t, 'far', 2))[1], qr/ 429 exhausted 0 /,
         'too far: at once');

    return;
}


sub off {
    rest('off', '5s');

    my $r = ask('off', 'off');
    is($r->{status}, 429, 'gemini_queue off: refused');
    like((log_lines($t, 'off', 2))[1], qr/ 429 exhausted 0 /,
         'gemini_queue off: at once');
    is($t->status('off')->{queue}{entered}, 0, 'gemini_queue off: no wait');

    return;
}


# who was refused itself waits as well, and asks the same cell again

sub refused {
    $fake->reset;
    $fake->script({ case => 'full429_minute', limit => 1000, retry => '1s',
                    retry_text => '1s', times => 1 });

    my $mark = () = log_lines($t, 'told', 17);
    is(ask('told')->{status}, 200, 'refused: served after the cooldown');
    is(scalar(my @log = $fake->log), 2, 'refused: asked twice');
    like((log_lines($t, 'told', $mark + 1))[-1], qr/ 200 failover [1-9]/,
         'refused: it has waited');

    return;
}


# a client that leaves gives up its place

sub gone {
    my $held = hold('gone');
    my @waiting = map { stream('gone') } 1 .. 3;

    wait_for('gone', 3);
    $waiting[1]->reset;
    wait_for('gone', 2);

    # it may have waited for less than a millisecond

    my $line = (log_lines($t, 'gone', 1))[0];
    like($line, qr/ 499 client_gone \d/, 'gone: outcome');

    my $h2 = $t->h2_stream(
        POST => "/gone/v1beta/models/$flash:generateContent", {}, $body,
        port => $t->port(2));

    wait_for('gone', 3);
    $h2->close;
    wait_for('gone', 2);

    $fake->release('held');
    is($_->finish->{status}, 200, 'gone: the others are served')
        for $held, @waiting[0, 2];
    is(scalar(my @log = $fake->log), 3, 'gone: nothing is sent for it');

    return;
}


# a place that is free wakes waiters of both workers

sub conns {
    my $held = hold('conns');
    my @waiting = map { stream('conns') } 1 .. 16;

    wait_for('conns', 16);
    $fake->release('held');

    is($_->finish->{status}, 200, 'max_conns: served') for $held, @waiting;

    my @queued = grep { / 200 ok [1-9]/ } log_lines($t, 'conns', 17);
    my %pid = map { (split)[-1] => 1 } @queued;
    is(scalar keys %pid, 2, 'max_conns: on both workers');
    is($t->status('conns')->{queue}{waiting}, 0, 'max_conns: nobody waits');

    my %overlap = map { $_->{seq} => 1 } $fake->log;
    is(scalar keys %overlap, 17, 'max_conns: each was sent once');

    return;
}


# nor longer than the request's timeout

sub deadline {
    my $held = hold('late');
    my $r = ask('late');

    is($r->{status}, 503, 'timeout: it ends the wait');
    $fake->release('held');
    is($held->finish->{status}, 200, 'timeout: not that of an attempt');

    return;
}


# a budget that is spent for longer than may be waited

sub budget {
    $fake->reset;

    my @status = map { ask('budget')->{status} } 1 .. 4;
    is("@status", '200 200 200 429', 'budget: refused at once');
    is($t->status('budget')->{queue}{entered}, 0, 'budget: no wait');

    return;
}


sub order {
    my $held = hold('order');
    my @waiting;

    for my $n (1 .. 4) {
        push @waiting, $t->stream(
            POST => "/order/v1beta/models/$flash:generateContent?n=$n", {},
            $body);
        wait_for('order', $n);
    }

    $fake->release('held');
    is($_->finish->{status}, 200, 'order: served') for $held, @waiting;

    my @seen = map { $_->{target} =~ /n=(\d)/ } $fake->log;
    is("@seen", '1 2 3 4', 'order: first come first served');

    return;
}


# waiters for a model are in nobody else's way, but in that of their own

sub other_models {
    rest('other', '2s');

    my @waiting = map { stream('other') } 1 .. 2;
    wait_for('other', 2);

    my $r = $t->post("/other/v1beta/models/$lite:generateContent", {}, $body);
    is($r->{status}, 200, 'another model: served at once');
    is($t->status('other')->{queue}{waiting}, 2, 'another model: they wait');

    is($_->finish->{status}, 200, 'another model: then they are served')
        for @waiting;

    my @models = map { $_->{model} } $fake->log;
    is("@models", "$flash $lite $flash $flash", 'another model: passes');

    return;
}


# the cell of a1 rests as told

sub rest {
    my ($pool, $retry) = @_;

    $fake->reset;
    $fake->script({ case => 'full429_minute', limit => 1000, retry => $retry,
                    retry_text => $retry, times => 1 });
    is(ask($pool, 'off')->{status}, 429, "$pool: a cooldown of $retry");

    return;
}


# the only place is taken

sub hold {
    my ($pool) = @_;

    $fake->reset;
    $fake->script({ delay => 'held' });

    my $held = stream($pool);
    is($fake->wait(n => 1), 1, "$pool: the place is taken");

    return $held;
}


sub ask {
    my ($pool, $queue) = @_;

    return $t->post("/$pool/v1beta/models/$flash:generateContent",
                    $queue ? { 'X-Queue' => $queue } : {}, $body);
}


sub stream {
    my ($pool) = @_;

    return $t->stream(POST => "/$pool/v1beta/models/$flash:generateContent",
                      {}, $body);
}


sub wait_for {
    my ($pool, $n) = @_;

    ok($t->wait_for(sub {
        return $t->status($pool)->{queue}{waiting} == $n;
    }), "$pool: $n wait");

    return;
}
