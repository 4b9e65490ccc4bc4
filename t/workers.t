#!/usr/bin/perl

# Tests for workers that die: what they had in flight, on trial or waiting is
# settled as lost, by whoever is worker 0, and the others serve on.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use GeminiTest;
use GeminiTest::Pools qw(pool_conf);

plan(skip_all => 'valgrind says nothing of what is killed')
    if $ENV{TEST_NGINX_VALGRIND};

my $flash = 'gemini-3.8-flash';
my $generate = "/v1beta/models/$flash:generateContent";
my %client = ('x-goog-api-key' => 'client');
my $hello = {contents => [{parts => [{text => 'Hello'}]}]};
my $pool = <<"END";
    key    demo-key-1 name=a project=demo-a;
    key    demo-key-3 name=b project=demo-b;
    model  $flash;
END


sub set_up {
    my ($text, %opt) = @_;
    my $t = GeminiTest->new(%opt);
    my $fake = $t->fake(keys => {'demo-key-1' => 'demo-a',
                                 'demo-key-3' => 'demo-b'});

    $t->allow(qr/exited on signal 9/, qr/was locked by/);
    $t->conf(pool_conf($text));

    return ($t->start, $fake);
}


sub post { return $_[0]->post($generate, {%client}, $hello) }

sub send_one { return $_[0]->stream(POST => $generate, {%client}, $hello) }


# until no reservation is left; the last status
sub settled {
    my ($t, $name) = @_;
    my $status;

    $t->wait_for(sub {
        $status = $t->status // return 0;
        return $status->{limits}{used}{reservations} == 0;
    }, 15);

    is($status->{limits}{used}{reservations}, 0, "$name: none reserved");
    is($status->{attempts}{in_flight}, 0, "$name: none in flight");
    is($status->{queue}{waiting}, 0, "$name: none waits");
    is(scalar(grep { $_->{in_flight} } map { @{$status->{$_}} }
              qw(keys projects accounts models cells)), 0,
       "$name: on no record");

    return $status;
}


sub kill_all {
    my ($t, @pids) = @_;

    kill KILL => @pids;
    return $t->wait_for(sub { !grep { kill 0, $_ } @pids });
}


subtest 'a worker is killed' => sub {
    my ($t, $fake) = set_up($pool, workers => 1);

    $fake->script({delay => 'gate', ok => 1});

    my @lost = map { send_one($t) } 1 .. 3;
    $fake->wait(n => 3);
    is($t->status->{attempts}{in_flight}, 3, 'three in flight');

    my ($pid) = $t->workers;
    my $mark = $t->log_mark;

    ok(kill_all($t, $pid), 'kill -9');

    my $status = settled($t, 'soon');
    is($status->{totals}{lost}, 3, 'three are lost');
    is($status->{attempts}{by_class}{lost}, 3, 'as such');

    my @lines = grep { /\[warn\]/ }
        split /\n/, substr $t->error_log, $mark;
    is(scalar(@lines), 1, 'one line tells');
    like($lines[0], qr/gemini pool "main": worker $pid is gone, 3/,
         'of whom and how many');

    ok((grep { $_->{type} eq 'reaped' } @{$t->status('main',
           view => 'events')->{events}}), 'an event too');

    $fake->reset;
    is(post($t)->{status}, 200, 'the next worker serves');
    ok($t->wait_for(sub { $t->status->{totals}{outcomes}{ok} == 1 }),
       'and counts on');

    undef @lost;
    $t->done;
};


subtest 'an exiting worker is killed' => sub {
    my ($t, $fake) = set_up($pool, workers => 1);

    $fake->script({delay => 'gate', ok => 1});

    my $lost = send_one($t);
    $fake->wait(n => 1);
    ok($t->reload, 'reload');

    my @old = $t->old_workers;
    is(scalar(@old), 1, 'the old worker stays for its request');
    is($t->status->{attempts}{in_flight}, 1, 'which is seen');

    ok(kill_all($t, @old), 'kill -9');

    my $status = settled($t, 'nobody takes its place');
    is($status->{totals}{lost}, 1, 'one is lost');
    is($status->{versions}{configuration}, 2, 'in the new configuration');

    undef $lost;
    $t->done;
};


subtest 'a waiter is killed' => sub {
    my ($t, $fake) = set_up("key demo-key-1 name=a max_conns=1; model $flash;",
                            workers => 1);

    $fake->script({delay => 'gate', ok => 1});

    my @lost = (send_one($t));
    $fake->wait(n => 1);
    push @lost, send_one($t);
    ok($t->wait_for(sub { $t->status->{queue}{waiting} == 1 }), 'one waits');

    ok(kill_all($t, $t->workers), 'kill -9');
    settled($t, 'soon');

    $fake->reset;
    is(post($t)->{status}, 200, 'its key is free');

    undef @lost;
    $t->done;
};


subtest 'a trial is killed' => sub {
    my ($t, $fake) = set_up("key demo-key-1 name=a; model $flash; "
                            . 'cooldown 1s; queue 0;', workers => 1);

    $fake->script({case => 'terse429', times => 1},
                  {delay => 'gate', ok => 1});
    is(post($t)->{status}, 429, 'a guessed rest');

    my $lost;
    $t->wait_for(sub {
        return 1 if $fake->log > 1;
        $lost = send_one($t);
        return $t->wait_for(sub {
            $lost->read_some;
            return $lost->is_done || $fake->log > 1;
        }) && $fake->log > 1;
    });
    is($t->status->{attempts}{in_flight}, 1, 'on trial when it ends');

    ok(kill_all($t, $t->workers), 'kill -9');
    settled($t, 'soon');

    $fake->reset;
    is(post($t)->{status}, 200, 'another one may try');

    undef $lost;
    $t->done;
};


subtest 'kills under load' => sub {
    my ($t, $fake) = set_up($pool);
    my ($kills, $bad, @gone) = (0, 0);

    $fake->config(latency => 1);

    my ($answers) = $t->load(
        n    => 1600,
        c    => 24,
        keep => 1,
        make => sub { [POST => $generate, {%client}, $hello] },
        each => sub {
            my ($r, $i) = @_;

            # those of a killed worker are cut; all that come to an end are
            # good

            $bad++ if $r->{complete} && $r->{status} != 200;
            return if $i % 80 != 79;

            my ($pid) = grep { my $p = $_; !grep { $_ == $p } @gone }
                $t->workers or return;
            kill KILL => $pid;
            push @gone, $pid;
            $kills++;
        },
    );

    cmp_ok($kills, '>=', 10, "$kills workers killed");
    is($bad, 0, 'no other fault');

    my $status = settled($t, 'in the end');
    my $good = grep { $_ && $_->{complete} } @$answers;

    # one of each victim may have been sent, and not yet counted

    cmp_ok($status->{totals}{outcomes}{ok}, '>=', $good - $kills,
           "$good whole answers are counted");
    note("lost: $status->{totals}{lost}, rebuilt: $status->{totals}{rebuilt}");

    is(post($t)->{status}, 200, 'serves on') for 1 .. 4;

    $t->done;
};


subtest 'kills and reloads under load' => sub {
    my ($t, $fake) = set_up($pool);
    my ($bad, $n) = (0, 0);
    my %gone;

    $fake->config(latency => 1);

    $t->load(
        n    => 1200,
        c    => 24,
        keep => 1,
        make => sub { [POST => $generate, {%client}, $hello] },
        each => sub {
            my ($r, $i) = @_;

            $bad++ if $r->{complete} && $r->{status} != 200;

            $t->signal('HUP') if $i % 120 == 0;
            return if $i % 120 != 80;

            my @pids = grep { !$gone{$_}++ } $t->workers, $t->old_workers;
            kill KILL => $pids[0] if @pids;
        },
    );

    is($bad, 0, 'no other fault');
    settled($t, 'in the end');
    is(post($t)->{status}, 200, 'serves on') for 1 .. 4;

    $t->done;
};


done_testing();
