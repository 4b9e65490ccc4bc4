#!/usr/bin/perl

# Tests for state files that cannot be read or written: the pool starts afresh
# and says why, serves on, and keeps what it could not use.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use GeminiTest;
use GeminiTest::Pools qw(pool_conf);

my $flash = 'gemini-3.8-flash';
my %client = ('x-goog-api-key' => 'client');
my $hello = {contents => [{parts => [{text => 'Hello'}]}]};
my $head = '{"version":1,"pool":"main"';


sub set_up {
    my ($file, %opt) = @_;
    my $t = GeminiTest->new(%opt);
    my $fake = $t->fake(keys => {'demo-key-1' => 'demo-a'});

    $t->conf(pool_conf(<<"END"));
    key    demo-key-1 name=a project=demo-a;
    model  $flash;
    state  $file;
END

    return ($t, $fake);
}


sub post {
    my ($t) = @_;

    return $t->post("/v1beta/models/$flash:generateContent", {%client},
                    $hello);
}


sub lines {
    my ($t, $level, $mark) = @_;

    return grep { /\[$level\].*gemini/ }
        split /\n/, substr $t->error_log, $mark // 0;
}


subtest 'what cannot be used' => sub {
    my ($t) = set_up('state.json');

    # name, text, why

    my @table = (
        [ 'empty', '', qr/is not whole JSON/ ],
        [ 'garbage', "\x{7f}ELF\x00\x01\x02", qr/is not whole JSON/ ],
        [ 'truncated', "$head,\"keys\":[{\"name\":\"a\",", qr/is not whole/ ],
        [ 'followed', "$head}}", qr/is not whole JSON/ ],
        [ 'too deep', '[' x 100, qr/is not whole JSON/ ],
        [ 'another program', '{"gemini-3.8-flash":[1,2]}',
          qr/cannot be used, names no version/ ],
        [ 'a pool of another name', '{"version":1,"pool":"other"}',
          qr/cannot be used, is of another pool/ ],
        [ 'a later version', '{"version":2,"pool":"main","keys":{}}',
          qr/its "version" is of a later version/ ],
        [ 'a wrong value', "$head,\"keys\":[{},{\"suspects\":-1}]}",
          qr/its "keys\[\]\.suspects" in record 2 is out of range/ ],
        [ 'a wrong reason', "$head,\"keys\":[{\"disabled\":\"tired\"}]}",
          qr/its "keys\[\]\.disabled" in record 1 is not a known word/ ],
        [ 'another shape', "$head,\"cells\":7}",
          qr/its "cells" is not a list/ ],
    );

    for my $i (0 .. $#table) {
        my ($name, $text, $why) = @{$table[$i]};
        my $mark = $t->log_mark;
        my $bad = $i ? "state.json.bad.$i" : 'state.json.bad';

        unlink $t->dir . '/' . $_ for 'state.json';
        $t->write('state.json', $text);
        $t->start;

        my @lines = lines($t, 'warn', $mark);
        is(scalar(@lines), 1, "$name: a line") || diag(@lines);
        like($lines[0] // '', qr/pool "main" starts afresh/, "$name: what");
        like($lines[0] // '', $why, "$name: why");
        like($lines[0] // '', qr/it is kept as "\S+\Q$bad\E"/,
             "$name: where it is") if $i < 10;
        is($t->read($bad), $text, "$name: as it was") if $i < 10;
        is($t->status->{totals}{requests}, 0, "$name: a fresh start");
        is(post($t)->{status}, 200, "$name: serves");

        $t->stop;
        like($t->read('state.json'), qr/"version":1,"pool":"main"/,
             "$name: and writes a new one");
    }

    $t->clean_up;
};


# spaces, escapes, an order of its own, members that nobody knows
subtest 'what a person or a program has edited' => sub {
    my ($t) = set_up('state.json');

    $t->write('state.json', <<'END');
{
  "events": [ ],
  "keys": [
    { "note": "by h\u0061nd", "operator": true, "name": "a", "new": [ {} ] }
  ],
  "pool": "m\u0061in", "more": { "keys": [ 1 ] },
  "totals": { "requests": 1.2e1, "outcomes": { "ok": 12, "new": 1 } },
  "version": 1
}
END
    $t->start;

    is(scalar(lines($t, 'warn')), 0, 'no word of it');

    my $status = $t->status;
    is($status->{totals}{requests}, 12, 'totals');
    is($status->{keys}[0]{state}, 'operator', 'a key without a fingerprint');
    is(post($t)->{status}, 503, 'is out of service');

    $t->restart;
    is($t->status->{keys}[0]{state}, 'operator', 'still');

    $t->done;
};


subtest 'what is no file' => sub {
    my ($t) = set_up('state.json');

    system('mkfifo', $t->dir . '/state.json') == 0
        or plan(skip_all => 'no mkfifo');

    my ($code, $text) = $t->configtest;
    isnt($code, 0, 'a FIFO is refused');
    like($text, qr/can write expected in \S+:\d+ \(17: File exists\)/, 'why');

    unlink $t->dir . '/state.json';
    is($t->configtest, 0, 'nothing is not');

    $t->clean_up;
};


# the directory is taken from the worker while it runs
subtest 'a disk that cannot be written' => sub {
    my ($t, $fake) = set_up('disk/state.json');
    my $disk = $t->dir . '/disk';

    mkdir $disk;
    chown GeminiTest::nobody(), $disk if $> == 0;
    chmod 0755, $disk;

    $t->start;
    ok($t->wait_for(sub { -s "$disk/state.json" }), 'a first file');
    ok($t->wait_for(sub { !-e "$disk/state.json.tmp" }), 'is complete');

    my $before = $t->read('disk/state.json');

    chown 0, 0, $disk if $> == 0;
    chmod 0555, $disk;
    my $mark = $t->log_mark;

    is(post($t)->{status}, 200, 'serves');
    ok($t->wait_for(sub { ($t->status->{state}{failures} // 0) > 2 }),
       'fails more than once');
    ok($t->status->{state}{failing}, 'the status tells');

    my @lines = lines($t, 'error', $mark);
    is(scalar(@lines), 1, 'the log once') || diag(@lines);
    like($lines[0] // '', qr/is not written to "\S+state.json" for the time/,
         'what');
    like($lines[0] // '', qr/open\(\) failed \(13: Permission denied\)/,
         'why');
    is(post($t)->{status}, 200, 'serves on');
    is($t->read('disk/state.json'), $before, 'the old file is whole');

    chown GeminiTest::nobody(), $disk if $> == 0;
    chmod 0755, $disk;

    ok($t->wait_for(sub { !$t->status->{state}{failing} }), 'back again');
    ok($t->wait_log(qr/\[notice\].*is written to "\S+" again, after \d+ fail/,
                    5, since => $mark), 'the log tells');
    isnt($t->read('disk/state.json'), $before, 'a new file');

    $t->done;
};


subtest 'a full disk' => sub {
    plan(skip_all => 'root can mount a small disk') if $> != 0;

    my ($t, $fake) = set_up('disk/state.json');
    my $disk = $t->dir . '/disk';

    mkdir $disk;
    system("mount -t tmpfs -o size=64k tmpfs $disk 2>/dev/null") == 0
        or plan(skip_all => 'no tmpfs can be mounted');

    my $end = GuardUnmount->new($disk);

    chown GeminiTest::nobody(), $disk;
    $t->start;
    ok($t->wait_for(sub { -s "$disk/state.json" }), 'a first file');
    ok($t->wait_for(sub { !-e "$disk/state.json.tmp" }), 'is complete');

    my $before = $t->read('disk/state.json');
    my $mark = $t->log_mark;

    open my $f, '>', "$disk/filler";
    1 while syswrite $f, 'x' x 4096;
    close $f;

    is(post($t)->{status}, 200, 'serves');
    ok($t->wait_for(sub { ($t->status->{state}{failures} // 0) > 1 }),
       'fails');

    my @lines = lines($t, 'error', $mark);
    is(scalar(@lines), 1, 'a line') || diag(@lines);
    like($lines[0] // '', qr/write\(\) failed \(28: No space left/, 'why');
    is($t->read('disk/state.json'), $before, 'the old file is whole');
    is(post($t)->{status}, 200, 'serves on');

    unlink "$disk/filler";
    ok($t->wait_for(sub { !$t->status->{state}{failing} }), 'back again');

    $t->stop;
    undef $end;
    $t->done;
};


done_testing();


package GuardUnmount;

sub new { return bless {path => $_[1]}, $_[0] }

sub DESTROY { system("umount -l $_[0]{path}") }
