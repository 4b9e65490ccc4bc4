#!/usr/bin/perl

# Tests for reloads: what a pool knows and who is in flight stay in the shared
# memory, under another configuration and in a zone of another size; no
# request is lost; a configuration that is refused changes nothing.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use GeminiTest;
use GeminiTest::Pools qw(named pool_conf);

my $flash = 'gemini-3.8-flash';
my $generate = "/v1beta/models/$flash:generateContent";
my %client = ('x-goog-api-key' => 'client');
my $hello = {contents => [{parts => [{text => 'Hello'}]}]};
my %project = (map({ ("demo-key-$_" => 'demo-a') } 1, 2),
               map({ ("demo-key-$_" => 'demo-b') } 3, 4),
               'demo-key-5' => 'demo-c');


sub set_up {
    my ($pool, %opt) = @_;
    my $t = GeminiTest->new(%opt);
    my $fake = $t->fake(keys => {%project});

    conf($t, $pool);
    return ($t->start, $fake);
}


sub conf {
    my ($t, $pool) = @_;

    return $t->conf(pool_conf($pool));
}


# key 1 and 3, of two projects, and the model
sub pool {
    my (@more) = @_;

    return join "\n", 'key demo-key-1 name=a project=demo-a;',
        'key demo-key-3 name=b project=demo-b;', "model $flash;", @more;
}


sub project { return named($_[0]->status->{projects}, $_[1]) }

sub key { return named($_[0]->status->{keys}, $_[1]) }

sub post { return $_[0]->post($generate, {%client}, $hello) }


# the cell of a project, without what runs down
sub cell {
    my ($t, $project) = @_;

    my ($row) = grep { $_->{project} eq $project } @{$t->status->{cells}};
    delete $row->{left};

    return $row // {};
}


# n requests have ended; one is counted a moment after its client has the
# answer
sub idle {
    my ($t, $n, $name) = @_;
    my $status;

    $t->wait_for(sub {
        $status = $t->status;
        return $status->{attempts}{in_flight} == 0
            && $status->{totals}{requests} >= $n;
    }, 10);

    is($status->{totals}{requests}, $n, "$name: $n requests counted");

    is($status->{attempts}{in_flight}, 0, "$name: nothing in flight");
    is($status->{limits}{used}{reservations}, 0, "$name: none reserved");

    return $status;
}


subtest 'what is known stays' => sub {
    my ($t, $fake) = set_up(pool());

    $fake->script({key => 'demo-key-1', case => 'full429_day'});
    is(post($t)->{status}, 200, 'the other project serves');

    my $before = idle($t, 1, 'at first');
    my $rest = cell($t, 'demo-a');
    is($rest->{state}, 'resting', 'one rests');

    ok($t->reload(gone => 1), 'reload');
    is_deeply(cell($t, 'demo-a'), $rest, 'its rest is the same');
    is_deeply($t->status->{totals}, $before->{totals}, 'totals too');
    is($t->status->{versions}{configuration},
       $before->{versions}{configuration} + 1, 'the next generation');

    conf($t, join "\n", 'key demo-key-5 name=c project=demo-c;',
         'key demo-key-3 name=b project=demo-b;', 'model other;',
         'key demo-key-2 name=a2 project=demo-a;',
         'key demo-key-1 name=a project=demo-a;', "model $flash;");
    ok($t->reload(gone => 1), 'reload in another order, with more');

    is(cell($t, 'demo-a')->{until}, $rest->{until}, 'the same rest');
    is(key($t, 'b')->{requests}, 1, 'the counters of a key');
    is(key($t, 'c')->{requests}, 0, 'a new one starts at 0');

    $fake->reset;
    is(post($t)->{status}, 200, 'serves') for 1 .. 4;
    is(scalar($fake->log(project => 'demo-a')), 0,
       'no key of the spent project is tried');

    $t->done;
};


subtest 'reloads under load' => sub {
    my ($t, $fake) = set_up(pool());
    my @pools = (
        pool(),
        pool('key demo-key-5 name=c project=demo-c;'),
        pool('model other;', 'queue 32;'),
        join("\n", 'key demo-key-5 name=c;', 'key demo-key-3 name=b;',
             "model $flash;"),
    );
    my ($n, $reloads, $other) = (1500, 0, 0);

    $fake->config(latency => 5);

    my ($answers) = $t->load(
        n    => $n,
        c    => 16,
        keep => 1,
        make => sub { [POST => $generate, {%client}, $hello] },
        each => sub {
            my ($r, $i) = @_;

            $other++ if $r->{status} != 200 || !$r->{complete};
            return if $i % 150 != 149;

            conf($t, $pools[++$reloads % @pools]);
            $t->signal('HUP');
        },
    );

    is(scalar(grep { defined } @$answers), $n, 'all are answered');
    is($other, 0, 'by a whole 200');
    cmp_ok($reloads, '>=', 8, "$reloads reloads");

    my $status = idle($t, $n, 'in the end');
    is($status->{totals}{outcomes}{ok}, $n, 'all are good');
    is($status->{totals}{lost}, 0, 'none lost');

    $t->done;
};


subtest 'in flight over a reload' => sub {
    my ($t, $fake) = set_up(pool());

    $fake->script({key => 'demo-key-*', delay => 'gate', ok => 1});

    my $old = $t->stream(POST => $generate, {%client}, $hello);
    $fake->wait(n => 1);
    is($t->status->{attempts}{in_flight}, 1, 'one in flight');

    ok($t->reload, 'reload');
    is($t->status->{attempts}{in_flight}, 1, 'new workers see it');

    my ($first) = map { $_->{key} } $fake->log;
    my $key = $first eq 'demo-key-1' ? 'a' : 'b';
    is(key($t, $key)->{in_flight}, 1, 'on its key');

    my $new = $t->stream(POST => $generate, {%client}, $hello);
    $fake->wait(n => 2);
    isnt(($fake->log)[1]{key}, $first, 'and take the key that is less busy');

    $fake->release('gate');
    is($old->finish->{status}, 200, 'the old worker serves');
    is($new->finish->{status}, 200, 'the new one too');

    my $status = idle($t, 2, 'then');
    is($status->{totals}{outcomes}{ok}, 2, 'both are good');

    $t->done;
};


subtest 'a new secret under an old label' => sub {
    my ($t, $fake) = set_up(pool());

    $fake->script({key => 'demo-key-1', case => 'key_invalid'});
    post($t);
    is(key($t, 'a')->{state}, 'disabled', 'an invalid key is disabled');

    my $print = key($t, 'a')->{fingerprint};

    ok($t->reload(gone => 1), 'reload');
    is(key($t, 'a')->{state}, 'disabled', 'the same secret stays so');

    conf($t, pool() =~ s/demo-key-1/demo-key-2/r);
    ok($t->reload(gone => 1), 'reload with another secret');
    is(key($t, 'a')->{state}, 'usable', 'it starts clean');
    isnt(key($t, 'a')->{fingerprint}, $print, 'with its own fingerprint');

    $t->done;
};


subtest 'the old secret fails after the new one came' => sub {
    my ($t, $fake) = set_up(
        "key demo-key-1 name=a project=demo-a; model $flash;");

    $fake->script({key => 'demo-key-1', case => 'key_invalid',
                   delay => 'gate'});

    my $old = $t->stream(POST => $generate, {%client}, $hello);
    $fake->wait(n => 1);

    conf($t, "key demo-key-2 name=a project=demo-a; model $flash;");
    ok($t->reload, 'reload while it is under way');
    $fake->release('gate');

    isnt($old->finish->{status}, 200, 'the old worker has no other key');
    ok($t->wait_for(sub { !$t->old_workers }), 'it leaves');
    is(key($t, 'a')->{state}, 'usable', 'the new secret is not blamed');
    is(post($t)->{status}, 200, 'and serves');

    $t->done;
};


subtest 'zones of other sizes' => sub {
    my ($t, $fake) = set_up(pool('zone z 2m;'));

    $fake->script({key => 'demo-key-1', case => 'full429_day'});
    post($t);

    my $unlisted = $generate =~ s/$flash/gemini-3.5-flash-lite/r;
    is($t->post($unlisted, {%client}, $hello)->{status}, 200, 'unlisted')
        for 1, 2;

    my $before = idle($t, 3, 'at first');
    my $rest = cell($t, 'demo-a');

    for my $size (qw(8m 3m)) {
        conf($t, pool("zone z $size;"));
        ok($t->reload(gone => 1), "reload with $size");

        my $now = $t->status;

        is(cell($t, 'demo-a')->{until}, $rest->{until}, 'the rest is there');
        is_deeply($now->{totals}, $before->{totals}, 'totals');
        is_deeply([map { $_->{requests} } @{$now->{keys}}],
                  [map { $_->{requests} } @{$before->{keys}}], 'counters');
        is(named($now->{models}, 'gemini-3.5-flash-lite')->{ok}, 1,
           'the unlisted model');
        is(named($now->{models}, $flash)->{window}{samples},
           named($before->{models}, $flash)->{window}{samples}, 'windows');
        isnt($now->{limits}{room}{keys}, $before->{limits}{room}{keys},
             'in another room');
    }

    is(post($t)->{status}, 200, 'serves on');
    idle($t, 4, 'in the end');

    $t->done;
};


subtest 'a size by need' => sub {
    my ($t, $fake) = set_up(pool());

    $fake->script({key => 'demo-key-1', case => 'full429_day'});
    post($t);

    my $rest = cell($t, 'demo-a');
    my $room = $t->status->{limits}{room}{keys};
    my $more = join "\n", map { "key demo-key-n$_ name=n$_;" } 1 .. 2 * $room;

    conf($t, pool('key demo-key-5 name=c project=demo-c;'));
    ok($t->reload(gone => 1), 'reload with a few more');
    is($t->status->{limits}{room}{keys}, $room, 'they fit into the old one');

    conf($t, pool($more));
    ok($t->reload(gone => 1), 'reload with many more');
    cmp_ok($t->status->{limits}{room}{keys}, '>', 2 * $room, 'it has grown');
    is(cell($t, 'demo-a')->{until}, $rest->{until}, 'with what is known');

    $room = $t->status->{limits}{room}{keys};
    conf($t, pool());
    ok($t->reload(gone => 1), 'reload with few again');
    is($t->status->{limits}{room}{keys}, $room, 'it stays large');

    $t->done;
};


subtest 'a zone that is too small' => sub {
    my ($t, $fake) = set_up(pool('zone z 1m;'));
    my $room = $t->status->{limits}{room}{keys};

    $t->allow(qr/is too small/);

    conf($t, pool('zone z 200k;'));
    my ($code, $text) = $t->configtest;
    is($code, 1, 'nginx -t refuses');
    like($text, qr/zone "z" is too small for pool "main", at least (\d+)k/,
         'and names what it takes');
    like($text, qr/nginx\.conf:\d+$/m, 'and the place');

    my ($least) = $text =~ /at least (\d+)k/;
    conf($t, pool("zone z ${least}k;"));
    is(($t->configtest)[0], 0, 'which does');

    # all labels are new, and the old workers hold the old ones

    my $many = $room - 1;

    conf($t, join "\n", 'zone z 1m;', "model $flash;",
         map { "key demo-key-x$_ name=x$_;" } 1 .. $many);
    is(($t->configtest)[0], 0, 'nginx -t, in memory of its own, agrees');
    ok(!$t->reload, 'the reload is refused');
    like($t->error_log, qr/zone "z" is too small for the old and the new keys/,
         'with a reason');
    is(post($t)->{status}, 200, 'the old workers serve on');

    my ($size) = $t->error_log =~ /of pool "main", at least (\d+)k/;
    cmp_ok($size, '>', 1024, 'and the size that does');
    conf($t, join "\n", "zone z ${size}k;", "model $flash;",
         'key demo-key-1 name=a project=demo-a;',
         map { "key demo-key-x$_ name=x$_;" } 1 .. $many);
    ok($t->reload(gone => 1), 'that size does');
    is(key($t, 'a')->{requests} + 0, 0 + key($t, 'a')->{ok}, 'a is there');

    $t->done;
};


subtest 'one zone, one pool' => sub {
    my ($t) = set_up(pool());

    $t->conf(<<"END");
gemini_pool one { zone z 2m; key demo-key-1; }
gemini_pool two { zone z 2m; key demo-key-3; }
END
    my ($code, $text) = $t->configtest;
    is($code, 1, 'nginx -t refuses');
    like($text, qr/zone "z" is the one of pool "one", another name expected/,
         'and says why');

    $t->done;
};


subtest 'nginx -t leaves a running one alone' => sub {
    my ($t, $fake) = set_up(pool());

    $fake->script({key => 'demo-key-1', case => 'full429_day'});
    post($t);

    my $before = idle($t, 1, 'at first');

    conf($t, join "\n", 'key demo-key-5 name=c;', 'key demo-key-2 name=a;',
         'model other;');
    is(($t->configtest)[0], 0, 'nginx -t with another configuration');

    my $after = $t->status;
    is_deeply($after->{versions}, $before->{versions}, 'no new generation');
    is_deeply([map { $_->{fingerprint} } @{$after->{keys}}],
              [map { $_->{fingerprint} } @{$before->{keys}}], 'same keys');
    is_deeply($after->{totals}, $before->{totals}, 'same totals');
    is(post($t)->{status}, 200, 'serves on');

    $t->done;
};


done_testing();
