#!/usr/bin/perl

# Tests for the state file: what the pool has learned survives a restart, a
# reload, a binary upgrade and the death of every process.

use strict;
use warnings;

use Cpanel::JSON::XS ();
use POSIX qw/ strftime /;
use Test::More;

use lib 't/lib';
use GeminiTest;
use GeminiTest::Pools qw(pool_conf);

my $flash = 'gemini-3.8-flash';
my $lite = 'gemini-3.5-flash-lite';
my $json = Cpanel::JSON::XS->new->utf8;
my %client = ('x-goog-api-key' => 'client');
my $hello = {contents => [{parts => [{text => 'Hello'}]}]};


sub set_up {
    my ($text, %opt) = @_;
    my $main = delete $opt{main} // '';
    my $t = GeminiTest->new(%opt);
    my $fake = $t->fake(keys => {'demo-key-1' => 'demo-a',
                                 'demo-key-2' => 'demo-b',
                                 'demo-key-3' => 'demo-c'});

    configure($t, $text, $main);

    return ($t->start, $fake);
}


sub configure {
    my ($t, $text, $main) = @_;

    $t->conf(pool_conf(<<"END"), main => $main // '');
    key    demo-key-1 name=a project=demo-a;
    key    demo-key-2 name=b project=demo-b;
    key    demo-key-3 name=c project=demo-c;
    model  $flash;
    model  $lite;
    queue  off;
    $text
END

    return;
}


sub post {
    my ($t, $model) = @_;
    $model //= $flash;

    return $t->post("/v1beta/models/$model:generateContent", {%client},
                    $hello);
}


# what the file says
sub state {
    my ($t, $name) = @_;
    my $text = $t->read($name // 'state.json');

    return $text eq '' ? undef : eval { $json->decode($text) };
}


# until the file says so
sub wait_state {
    my ($t, $condition, $name) = @_;

    return $t->wait_for(sub {
        my $state = &state($t) // return 0;
        return $condition->($state) ? $state : 0;
    }, 10);
}


sub key {
    my ($status, $name) = @_;
    my ($key) = grep { $_->{name} eq $name } @{$status->{keys}};

    return $key;
}


# a quota, a bad key, an answer, an unlisted model
sub experience {
    my ($t, $fake) = @_;

    $fake->script({key => 'demo-key-1', case => 'full429_day', times => 1},
                  {key => 'demo-key-2', case => 'key_invalid', times => 1});

    my $n = 4;

    for (1 .. 20) {
        post($t);
        $n++;

        my $status = $t->status;
        last if key($status, 'b')->{state} eq 'disabled'
                && grep { $_->{state} eq 'resting' } @{$status->{cells}};
    }

    is(post($t)->{status}, 200, 'served') for 1 .. 3;
    is(post($t, 'gemini-2.5-flash')->{status}, 200, 'unlisted');

    # a request is counted when its worker is done with it

    $t->wait_for(sub { $t->status->{totals}{requests} == $n });

    return $t->status;
}


sub same {
    my ($was, $is, $name) = @_;

    for my $key (qw/ a b c /) {
        is(key($is, $key)->{state}, key($was, $key)->{state},
           "$name: the state of $key");
        is(key($is, $key)->{reason}, key($was, $key)->{reason},
           "$name: why");
        is_deeply(key($is, $key)->{counters}, key($was, $key)->{counters},
                  "$name: its counters");
    }

    is_deeply([map { [@$_{qw/ project model state reason until /}] }
               @{$is->{cells}}],
              [map { [@$_{qw/ project model state reason until /}] }
               @{$was->{cells}}], "$name: cells");
    is_deeply([map { $_->{window} } @{$is->{models}}],
              [map { $_->{window} } @{$was->{models}}], "$name: windows");
    is_deeply([map { $_->{name} } @{$is->{models}}],
              [map { $_->{name} } @{$was->{models}}], "$name: models");
    is_deeply($is->{totals}, $was->{totals}, "$name: totals");

    return;
}


sub kill_everything {
    my ($t) = @_;
    my @pids = ($t->workers, $t->old_workers);

    kill KILL => $t->master, @pids;
    $t->wait_for(sub { !$t->{nginx}->is_running });
    $t->wait_for(sub { !grep { kill 0, $_ } @pids });

    return;
}


subtest 'restart' => sub {
    my ($t, $fake) = set_up('state state.json;');
    my $was = experience($t, $fake);

    is(key($was, 'b')->{state}, 'disabled', 'b is disabled');
    is((map { $_->{project} } grep { $_->{state} eq 'resting' }
        @{$was->{cells}})[0], 'demo-a', 'and a cell rests');
    my $events = $t->status('main', view => 'events')->{events};
    ok(@$events > 1, 'events');
    is($was->{state}{file}, $t->dir . '/state.json', 'the status names it');

    $t->restart;
    same($was, $t->status, 'quit');
    is_deeply($t->status('main', view => 'events')->{events}, $events,
              'events');

    my $state = &state($t);
    is($state->{version}, 1, 'a version');
    is($state->{pool}, 'main', 'the pool');
    like($state->{written}, qr/^\d{4}-\d\d-\d\dT/, 'when');

    my $text = $t->read('state.json');
    unlike($text, qr/demo-key|\bclient\b.*key|Hello/, 'no secret, no text');
    is((stat $t->dir . '/state.json')[2] & 07777, 0600, 'for its owner only');
    ok(!-e $t->dir . '/state.json.tmp', 'nothing is left beside it');

    $t->stop(signal => 'TERM')->start;
    same($was, $t->status, 'fast');

    $fake->reset;
    is(post($t)->{status}, 200, 'serves on');
    is(join(' ', map { $_->{key} } $fake->log), 'demo-key-3',
       'with the key that is left');

    $t->done;
};


subtest 'a change is written within a second or so' => sub {
    my ($t, $fake) = set_up('state state.json;');

    ok($t->wait_for(sub { -s $t->dir . '/state.json' }), 'a first file');
    ok(!wait_until_key($t, 'b', 0), 'b is not disabled');

    $fake->script({key => 'demo-key-2', case => 'key_invalid'});
    post($t) for 1 .. 4;

    ok(wait_until_key($t, 'b', 10), 'b is, in the file');

    my $status = $t->status;
    ok($status->{state}{saved_at}, 'saved at');
    ok(!$status->{state}{failing}, 'no failure');
    ok($t->wait_for(sub {
        $t->status->{state}{bytes} == -s $t->dir . '/state.json'
    }), 'its size');

    # nothing happens, nothing is written

    $t->wait_for(sub { 0 }, 0.1);
    my ($ino) = (stat $t->dir . '/state.json')[1];
    my $saved = $t->status->{state}{saved_at};
    ok(!$t->wait_for(sub { (stat $t->dir . '/state.json')[1] != $ino }, 2.5)
       || $t->status->{state}{saved_at} ne '', 'an idle pool is quiet');
    is($t->status->{state}{saved_at}, $saved, 'and not written again');

    $t->done;
};


sub wait_until_key {
    my ($t, $name, $seconds) = @_;

    return $t->wait_for(sub {
        my $state = &state($t) // return 0;
        return scalar grep { $_->{name} eq $name && $_->{disabled} }
            @{$state->{keys}};
    }, $seconds);
}


subtest 'everything is killed' => sub {
    my ($t, $fake) = set_up('state state.json;');
    my $was = experience($t, $fake);

    ok(wait_until_key($t, 'b', 10), 'written');
    ok(wait_state($t, sub {
        ($_[0]{totals}{outcomes}{ok} // 0) + ($_[0]{totals}{outcomes}{failover}
            // 0) == $was->{totals}{outcomes}{ok}
                     + $was->{totals}{outcomes}{failover}
    }), 'to the last request');

    kill_everything($t);
    $t->start;
    same($was, $t->status, 'kill -9');

    $t->done;
};


subtest 'a worker is killed' => sub {
    my ($t, $fake) = set_up('state state.json;', workers => 1);

    $t->allow(qr/exited on signal 9/, qr/was locked by/);
    ok($t->wait_for(sub { -s $t->dir . '/state.json' }), 'a first file');

    my ($pid) = $t->workers;
    kill KILL => $pid;
    $t->wait_for(sub { my ($w) = $t->workers; $w && $w != $pid });

    $fake->script({key => 'demo-key-2', case => 'key_invalid'});
    post($t) for 1 .. 4;
    ok(wait_until_key($t, 'b', 10), 'the next one writes');

    $t->done;
};


subtest 'reload' => sub {
    my ($t, $fake) = set_up('state state.json;');
    my $was = experience($t, $fake);

    $t->reload(gone => 1);
    same($was, $t->status, 'the zone lives on');

    # into a zone of another size, which the file is not read into

    configure($t, 'state state.json; zone main 2m;');
    $t->reload(gone => 1);
    same($was, $t->status, 'another zone');

    is(post($t)->{status}, 200, 'served');
    ok(wait_state($t, sub {
        $_[0]{totals}{requests} == $was->{totals}{requests} + 1
    }), 'which is written from now on');

    # another file, then none

    configure($t, 'state other.json; zone main 2m;');
    $t->reload(gone => 1);
    ok($t->wait_for(sub { -s $t->dir . '/other.json' }), 'another file');

    configure($t, 'state off; zone main 2m;');
    $t->reload(gone => 1);
    is($t->status->{state}{file}, undef, 'off');

    $t->restart;
    is($t->status->{totals}{requests}, 0, 'a fresh start without one');

    $t->done;
};


subtest 'another configuration' => sub {
    my ($t, $fake) = set_up('state state.json;');
    my $was = experience($t, $fake);

    $t->stop;

    my $text = $t->read('nginx.conf');
    $text =~ s/key    demo-key-2 name=b/key    demo-key-9 name=b/;
    $text =~ s/key    demo-key-3 name=c.*//;
    $t->conf(undef, raw => $text);
    $t->start;

    my $is = $t->status;
    is(key($is, 'b')->{state}, 'usable', 'a new secret starts clean');
    is(key($is, 'a')->{state}, key($was, 'a')->{state}, 'an old one does not');
    is(scalar(@{$is->{keys}}), 2, 'what is gone is left out');

    $t->done;
};


# by label, whatever the order; not of a project that is gone, not what is over
subtest 'owners of resources' => sub {
    my ($t) = set_up('state state.json;');
    my @end = map { strftime('%Y-%m-%dT%H:%M:%S.000Z', gmtime(time() + $_)) }
                  (86400, 3000, -1);

    my $file = {p => 'demo-a', h => '0123456789abcdef', t => 'file',
                k => '00000000000000ff', e => $end[0]};
    my $cache = {p => 'demo-c', h => '00000000000000f1', t => 'cache',
                 m => $lite, e => $end[1]};

    $t->stop;
    $t->write('state.json', $json->encode({
        version => 1, pool => 'main', owners => [
            $file, $cache,
            {p => 'demo-b', h => '00000000000000f2', t => 'batch',
             e => $end[2]},
            {p => 'demo-d', h => '00000000000000f3', t => 'file',
             e => $end[0]},
        ],
    }));
    $t->start;

    my $status = $t->status;
    is_deeply($status->{resources}, {file => 1, cache => 1}, 'read');
    is($status->{limits}{used}{owners}, 2, 'counted');
    ok($status->{limits}{room}{owners} >= 1024, 'of so many');

    for my $zone ('', 'zone main 2m;') {
        $t->conf(<<"END");
gemini_pool main {
    key    demo-key-3 name=c project=demo-c;
    key    demo-key-2 name=b project=demo-b;
    key    demo-key-1 name=a project=demo-a;
    model  $lite;
    state  state.json;
    $zone
}
server {
    listen 127.0.0.1:%%PORT_0%%;
    location /gemini/status { gemini_status main; }
}
END
        $zone ? $t->reload(gone => 1) : $t->restart;

        is_deeply($t->status->{resources}, {file => 1, cache => 1},
                  "another order of keys $zone");
    }

    $t->stop;
    is_deeply([sort { $b->{h} cmp $a->{h} } @{state($t)->{owners}}],
              [$file, $cache], 'and written as they were');

    $t->done;
};


subtest 'binary upgrade' => sub {
    my ($t, $fake) = set_up('state state.json;', daemon => 1);
    my $was = experience($t, $fake);
    my $pid = $t->master;

    ok(wait_until_key($t, 'b', 10), 'written');
    ok(wait_state($t, sub {
        ($_[0]{totals}{requests} // 0) == $was->{totals}{requests}
    }), 'all of it');

    $t->signal('USR2');
    ok($t->wait_for(sub { -s $t->dir . '/nginx.pid.oldbin' }, 10), 'USR2');

    my $new;
    ok($t->wait_for(sub {
        ($new) = $t->read('nginx.pid') =~ /(\d+)/;
        return $new && $new != $pid;
    }, 10), 'a new master');

    ok(wait_state($t, sub { $_[0]{writer}{pid} == $new }),
       'whose side writes the file');

    # the old side changes and keeps its hands off

    kill WINCH => $pid;
    ok($t->wait_for(sub { my @w = $t->workers; @w == 2 }), 'new workers');
    same($was, $t->status, 'upgraded');

    kill QUIT => $pid;
    ok($t->wait_for(sub { !kill 0, $pid }), 'the old master leaves');
    is(&state($t)->{writer}{pid}, $new, 'the file is the new side\'s');

    $t->{nginx}{master} = $new;
    is(post($t)->{status}, 200, 'serves on');
    ok(wait_state($t, sub {
        $_[0]{totals}{requests} == $was->{totals}{requests} + 1
    }), 'and writes');

    $t->done;
};


subtest 'an upgrade that is taken back' => sub {
    my ($t, $fake) = set_up('state state.json;', daemon => 1);
    my $pid = $t->master;
    my $new;

    ok($t->wait_for(sub { -s $t->dir . '/state.json' }), 'a first file');

    $t->signal('USR2');
    ok($t->wait_for(sub {
        ($new) = $t->read('nginx.pid') =~ /(\d+)/;
        return $new && $new != $pid;
    }, 10), 'a new master');
    ok(wait_state($t, sub { $_[0]{writer}{pid} == $new }), 'writes');

    kill QUIT => $new;
    ok($t->wait_for(sub { !kill 0, $new }, 15), 'the new master leaves');

    is(post($t)->{status}, 200, 'the old side serves');
    ok(wait_state($t, sub {
        $_[0]{writer}{pid} == $pid && $_[0]{totals}{requests}
    }), 'and writes again');

    $t->done;
};


subtest 'a process alone' => sub {
    my ($t, $fake) = set_up('state state.json;', workers => 1,
                            main => 'thread_pool default threads=2;');

    $fake->script({key => 'demo-key-2', case => 'key_invalid'});
    post($t) for 1 .. 4;
    ok(wait_until_key($t, 'b', 10), 'synced by a thread');

    $t->done;
};


subtest 'nginx -t' => sub {
    my $t = GeminiTest->new;
    $t->fake(keys => {'demo-key-1' => 'demo-a'});

    my @table = (
        [ 'state;', qr/number of arguments in "state"/ ],
        [ 'state "";', qr/a file expected/ ],
        [ 'state dir/;', qr/"off" or the name of a file expected in \S+:\d+/ ],
        [ 'state none/state.json;',
          qr{"none/state.json"\ of\ "state"\ in\ gemini_pool\ "main":\ a
             \ file\ that\ user\ "\w+"\ can\ write\ expected\ in\ \S+:\d+
             \ \(2:\ No\ such}x ],
        [ 'state nginx.conf/x;', qr/expected in \S+:\d+ \(20: Not a dir/ ],
        [ 'state dir;', qr/expected in \S+:\d+ \(21: Is a directory/ ],
        [ 'state a.json; state a.json;', qr/"state" directive is duplicate/ ],
    );

    push @table, [ 'state root/state.json;',
        qr/that user "nobody" can write expected in \S+:\d+ \(13: Perm/ ],
        [ 'state root/sub/state.json;', qr/\(13: Perm/ ]
        if $> == 0;

    mkdir $t->dir . "/$_" for qw(dir root root/sub);
    chmod 0777, $t->dir . '/root/sub';
    chmod 0700, $t->dir . '/root';

    for my $row (@table) {
        my ($text, $error) = @$row;

        configure($t, $text, $> == 0 ? 'user nobody nogroup;' : '');
        my ($code, $said) = $t->configtest;

        isnt($code, 0, "$text is refused");
        like($said, $error, 'and why');
    }

    configure($t, 'state off;');
    is($t->configtest, 0, 'off');

    configure($t, 'state new.json;', $> == 0 ? 'user nobody nogroup;' : '');
    $t->write('new.json', 'garbage');
    chown scalar(getpwnam('nobody')), -1, $t->dir if $> == 0;
    is($t->configtest, 0, 'a file that is not there yet, or is not valid');
    is($t->read('new.json'), 'garbage', 'is not touched by a test');

    $t->conf(<<'END');
gemini_pool one { key demo-key-1; state state.json; }
gemini_pool two { key demo-key-2; state %%DIR%%/state.json; }
END
    my ($code, $said) = $t->configtest;
    isnt($code, 0, 'a file for two pools is refused');
    like($said, qr/it is the file of pool "one", another one expected in \S+/,
         'and why');

    $t->clean_up;
};


done_testing();
