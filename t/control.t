#!/usr/bin/perl

# Tests for gemini_control: each action with what it was and what it is, on two
# workers and over a reload; who may ask, what is refused and how that is told.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use GeminiTest;

my $flash = 'gemini-3.8-flash';
my $lite = 'gemini-3.5-flash-lite';
my $embed = 'gemini-embedding-001';
my $hello = { contents => [{ parts => [{ text => 'Hello' }] }] };
my $time = qr/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

wrong_configurations();

my $t = GeminiTest->new(workers => 2);
my $fake = $t->fake(
    keys   => { 'pool-key-1-secret' => 'p1', 'pool-key-2-secret' => 'p2' },
    models => [$flash, $lite,
               { name => $embed, methods => ['embedContent'],
                 input => 2048, output => 1 }]);

$t->conf(conf());
$t->start;

my $actions = 0;

refused();
cross_site();
locked();
lock_narrow();
lock_ends();
disabled();
enabled_again();
reset_cooldowns();
reset_scopes();
learned();
told();

$t->done;


sub conf {
    my ($more) = @_;
    $more //= '';

    return <<"END";
gemini_pool main {
    key    pool-key-1-secret name=k1 project=p1 account=acme;
    key    pool-key-2-secret name=k2 project=p2 priority=1;
    model  $flash;
    model  $lite;
    model  $embed;
    queue  0;
    $more
}

server {
    listen 127.0.0.1:%%PORT_0%% reuseport;
    add_header X-Model \$gemini_model always;
    add_header X-Key \$gemini_key_name always;
    add_header X-Worker \$pid always;

    location / { gemini_pass main /gemini-upstream; }
    location /strict/ {
        gemini_fallback off;
        gemini_pass main /gemini-upstream;
    }
    location /narrow/ {
        gemini_fallback off;
        gemini_restrict models=$flash;
        gemini_pass main /gemini-upstream;
    }
    %%GEMINI_UPSTREAM%%
}

server {
    listen 127.0.0.1:%%PORT_1%%;
    location /gemini/status { gemini_status main; }
    location /gemini/control { gemini_control main; }
    location = /one { gemini_control main; }
    location ~ ^/re/ {
        limit_except POST { deny all; }
        gemini_control main;
    }
}
END
}


sub wrong_configurations {
    my $bad = GeminiTest->new;

    my %wrong = (
        'location / { gemini_control main; gemini_control main; }'
            => qr/"gemini_control" directive is duplicate/,
        'location / { gemini_control; }'
            => qr/invalid number of arguments in "gemini_control"/,
        'location / { gemini_control main other; }'
            => qr/invalid number of arguments in "gemini_control"/,
        'gemini_control main;'
            => qr/"gemini_control" directive is not allowed here/,
        'location / { gemini_control nowhere; }'
            => qr/unknown gemini_pool "nowhere": the name of a gemini_pool/,
        'location / { gemini_status main; gemini_control main; }'
            => qr/"gemini_control" directive conflicts with another content/,
        'location / { gemini_control main; gemini_status main; }'
            => qr/"gemini_status" directive conflicts with another content/,
        'location / { gemini_control main; gemini_pass main /up; }'
            => qr/"gemini_pass" directive conflicts with another content/,
    );

    for my $location (sort keys %wrong) {
        $bad->conf("gemini_pool main { key demo-key-1 name=one; }\n"
                   . "server {\n listen 127.0.0.1:%%PORT_0%%;\n"
                   . "$location\n}\n");

        my ($code, $text) = $bad->configtest;

        isnt($code, 0, "refused: $location");
        like($text, $wrong{$location}, 'and told');
        like($text, qr/nginx\.conf:\d+/, 'where');
    }


    return;
}


sub control {
    my ($what, $headers, $at) = @_;

    return $t->post(($at // '/gemini/control') . "/$what", $headers // {}, '',
                    port => $t->port(1));
}


# what was, what is, and who is meant

sub done {
    my ($what) = @_;
    my $r = control($what);

    is($r->{status}, 200, $what);
    is($r->{json}{pool}, 'main', 'of the pool') if $r->{json};
    $actions++;

    return ($r->{json}{before}, $r->{json}{after}, $r->{json});
}


sub ask {
    my ($where, $model, $verb) = @_;
    my $r = $t->post(($where // '') . '/v1beta/models/' . ($model // $flash)
                     . ':' . ($verb // 'generateContent'), {}, $hello);

    return ($r->{status}, $r->{headers}{'x-model'}, $r->{headers}{'x-key'});
}


# 64 requests of as many connections: what header says, of both workers

sub everywhere {
    my ($header) = @_;
    my (%seen, %workers);

    my @answers = $t->load(n => 64, c => 8, keep => 0, make => sub {
        return [POST => "/v1beta/models/$flash:generateContent", {}, $hello];
    });

    for my $r (@{ ref $answers[0] eq 'ARRAY' ? $answers[0] : \@answers }) {
        next if !ref $r;
        $seen{ $r->{headers}{$header} // '-' }++;
        $workers{ $r->{headers}{'x-worker'} // '-' }++;
    }

    is(scalar keys %workers, 2, 'both workers are asked');

    return join ' ', sort keys %seen;
}


sub row {
    my ($view, $name) = @_;

    return (grep { $_->{name} eq $name }
            @{ $t->status('main', view => $view)->{$view} })[0];
}


sub refused {
    my %wrong = (
        ''                        => [404, 'unknown action'],
        'locks?model=x'           => [404, 'unknown action'],
        'lock/x?model=x'          => [404, 'unknown action'],
        'lock'                    => [400, 'no selector'],
        'lock?key=k1'             => [400, 'unknown argument'],
        'lock?model=nothing'      => [404, 'unknown model'],
        "lock?model=$flash&for=x" => [400, 'invalid time'],
        "lock?model=$flash&for=0" => [400, 'invalid time'],
        "lock?model=$flash&for=9999d" => [400, 'invalid time'],
        'unlock?model=x'          => [400, 'unknown argument'],
        'reset'                   => [400, 'no selector'],
        'reset?day=1'             => [400, 'no selector'],
        'reset?all=yes'           => [400, '"all=1" expected'],
        'reset?all=1&modle=x'     => [400, 'unknown argument'],
        'reset?key=k1&model=x'    => [400, 'more than one selector'],
        'reset?key=k9'            => [404, 'unknown key'],
        'reset?project=k1'        => [404, 'unknown project'],
        'reset?account=p1'        => [404, 'unknown account'],
        'disable?all=1'           => [400, 'unknown argument'],
        'disable?key='            => [404, 'unknown key'],
        'disable?key=k1&note=' . 'x' x 65 => [400, 'the note is longer'],
        'disable?key=k1&note=a%0ab'       => [400, 'the note has control'],
        'enable?key=k1&for=1h'    => [400, 'unknown argument'],
        'rank'                    => [501, 'probing is not configured'],
        'rank?list=1'             => [501, 'probing is not configured'],
    );

    for my $what (sort keys %wrong) {
        my $r = control($what);
        my ($status, $message) = @{ $wrong{$what} };

        is($r->{status}, $status, "\"$what\": $status");
        like($r->{json}{error}{message}, qr/^\Q$message\E/, $message);
    }

    my $error = control('disable?key=k9')->{json}{error};

    is($error->{value}, 'k9', 'the unknown');
    is_deeply($error->{known}, [qw(k1 k2)], 'the known');
    is_deeply(control('dance')->{json}{error}{known},
              [qw(lock unlock reset disable enable rank)], 'of actions');
    is_deeply(control('lock?model=x')->{json}{error}{known},
              [$flash, $lite, $embed], 'of models');

    for my $method (qw(GET HEAD PUT DELETE OPTIONS)) {
        my $r = $t->request($method, '/gemini/control/unlock', {}, undef,
                            port => $t->port(1));

        is($r->{status}, 405, "$method: 405");
        is($r->{headers}{allow}, 'POST', 'with what is allowed');
    }

    is($t->get('/re/unlock', {}, port => $t->port(1))->{status}, 403,
       'limit_except holds');
    is($t->post('/one', {}, '', port => $t->port(1))->{status}, 404,
       'an exact location has no room for an action');

    is(control('unlock', {}, '/re')->{status}, 200, 'a regular one has');
    $actions++;

    is($t->status->{lock}, undef, 'nothing has come of it');
    is(row('keys', $_)->{state}, 'usable', "$_ is usable") for qw(k1 k2);

    return;
}


sub cross_site {
    my $here = '127.0.0.1:' . $t->port(1);

    my @foreign = (
        { 'Sec-Fetch-Site' => 'cross-site' },
        { 'Sec-Fetch-Site' => 'same-site' },
        { 'Sec-Fetch-Site' => 'cross-site', Origin => "http://$here" },
        { Origin => 'https://example.com' },
        { Origin => 'http://127.0.0.1:' . $t->port(0) },
        { Origin => "http://$here.example.com" },
        { Origin => 'null' },
    );

    for my $headers (@foreign) {
        my $r = control("lock?model=$lite", $headers);

        is($r->{status}, 403, join ' ', 'refused:', %$headers);
    }

    is($t->status->{lock}, undef, 'not locked');

    for my $headers ({ 'Sec-Fetch-Site' => 'same-origin' },
                     { 'Sec-Fetch-Site' => 'none' },
                     { Origin => "http://$here" })
    {
        is(control('unlock', $headers)->{status}, 200, join ' ', 'allowed:',
           %$headers);
        $actions++;
    }

    return;
}


sub locked {
    my ($before, $after, $doc) = done("lock?model=$lite");

    is_deeply($doc, { pool => 'main', action => 'lock', scope => 'model',
                      name => $lite, before => { lock => undef },
                      after => { lock => { model => $lite, until => undef,
                                           left => undef } } },
              'lock: the whole answer');
    is_deeply($t->status->{lock}, $after->{lock}, 'status has it');

    is(everywhere('x-model'), $lite, 'the only one that serves');
    is((ask('', 'auto'))[1], $lite, 'auto, too');
    is((ask('', 'fast'))[1], $lite, 'and a tier');
    is((ask('', 'gemini-2.5-any'))[1], $lite, 'and one not listed');
    is((ask('', $embed, 'embedContent'))[1], $embed, 'not another kind');
    is((ask('', $flash, 'countTokens'))[1], $flash, 'nor another verb');

    my $r = $t->post('/v1beta/openai/chat/completions', {},
                     { model => $flash, messages =>
                       [{ role => 'user', content => 'Hello' }] });

    is($r->{headers}{'x-model'}, $lite, 'chat, too');

    $fake->script({ model => $lite, case => 'full429_minute' });
    is((ask())[1], $flash, 'what was wished comes next');
    $fake->reset;
    done('reset?all=1&limits=1');

    ok($t->reload(gone => 1), 'reload');
    is(everywhere('x-model'), $lite, 'still locked');

    ($before, $after) = done('unlock');

    is($before->{lock}{model}, $lite, 'unlock: it was');
    is($after->{lock}, undef, 'it is not');
    is(everywhere('x-model'), $flash, 'nor anywhere');

    return;
}


sub lock_narrow {
    done("lock?model=models/$lite");

    $fake->script({ model => $lite, case => 'full429_minute' });
    is_deeply([(ask('/strict'))[0, 1]], [429, $lite],
              'without fallback nothing follows');
    is((ask('/narrow'))[1], $flash, 'not where it is not allowed');
    $fake->reset;

    done("reset?model=$lite&limits=1");
    done('unlock');

    return;
}


sub lock_ends {
    my ($before, $after) = done("lock?model=$lite&for=1s");

    like($after->{lock}{until}, $time, 'a lock with an end');
    cmp_ok($after->{lock}{left}, '<=', 1, 'soon');
    ok($t->wait_for(sub { !defined $t->status->{lock} }, 10), 'it ends');
    is((ask())[1], $flash, 'and is no more');

    return;
}


sub disabled {
    my ($before, $after, $doc) = done('disable?key=k1&note=rotate%20it');

    is($doc->{scope}, 'key', 'disable: what');
    is($before->{state}, 'usable', 'it was usable');
    is_deeply($after, { state => 'operator', reason => 'operator',
                        until => undef, left => undef, provenance => 'set',
                        note => 'rotate it' }, 'it is not now');
    is(row('keys', 'k1')->{note}, 'rotate it', 'status has the note');
    is(row('cooldowns', 'k1')->{note}, 'rotate it', 'among cooldowns, too');
    is(everywhere('x-key'), 'k2', 'no worker takes it');

    ok($t->reload(gone => 1), 'reload');
    is(everywhere('x-key'), 'k2', 'still');
    is(row('keys', 'k1')->{note}, 'rotate it', 'with its note');

    ($before, $after) = done('enable?key=k1');
    is($before->{note}, 'rotate it', 'enable: it had a note');
    is($after->{state}, 'usable', 'it is usable');
    is($after->{note}, undef, 'without one');
    is((ask())[2], 'k1', 'and is used');

    done('disable?project=p1&for=1h');
    like(row('keys', 'k1')->{until}, $time, 'a project, for a time');
    is((ask())[2], 'k2', 'its keys are not used');
    done('enable?project=p1');

    done('disable?account=acme&note=who%20pays%3F');
    is(row('keys', 'k1')->{note}, 'who pays?', 'an account');
    is((ask())[2], 'k2', 'its keys are not used');
    is((ask('', $embed, 'embedContent'))[0], 200, 'the others are');
    done('enable?account=acme');

    done("disable?model=$flash");
    is(row('models', $flash)->{state}, 'operator', 'a model');
    is((ask())[1], $lite, 'the next one serves');
    done("enable?model=$flash");
    is((ask())[1], $flash, 'enabled');

    done('disable?key=k1&for=1s');
    ok($t->wait_for(sub { row('keys', 'k1')->{state} eq 'usable' }, 10),
       'for= ends by itself');

    return;
}


# the operator lifts what an answer did to a key

sub enabled_again {
    $fake->script({ key => 'pool-key-1-secret', case => 'key_invalid' });
    is((ask())[2], 'k2', 'an invalid key');
    is(row('keys', 'k1')->{state}, 'disabled', 'is disabled');
    $fake->reset;

    my ($before, $after) = done('reset?key=k1&limits=1');
    is($before->{disabled}, 1, 'reset sees it');
    is($after->{disabled}, 1, 'and leaves it');

    ($before, $after) = done('enable?key=k1');
    is($before->{reason}, 'key_invalid', 'enable: it was invalid');
    is($after->{state}, 'usable', 'and is given another chance');
    is((ask())[2], 'k1', 'it works');

    return;
}


sub spent {
    my ($case, %more) = @_;

    $fake->script({ key => 'pool-key-1-secret', model => $flash,
                    case => $case, %more });
    is((ask())[2], 'k2', "$case: the other key");
    $fake->reset;

    return;
}


sub reset_cooldowns {
    my $none = { cooldowns => 0, day_quotas => 0, disabled => 0,
                 learned_limits => 0 };

    spent('full429_minute');

    my ($before, $after, $doc) = done('reset?key=k1&limits=1');

    is($doc->{action}, 'reset', 'reset');
    is($doc->{scope}, 'key', 'what');
    is($doc->{name}, 'k1', 'which');
    is($before->{cooldowns}, 1, 'one rested');
    is_deeply($after, $none, 'none does');
    is((ask())[2], 'k1', 'the key is used again');

    spent('full429_day', limit => 100);

    ($before, $after) = done('reset?all=1&limits=1');
    is($before->{day_quotas}, 1, 'a day quota');
    is($after->{day_quotas}, 1, 'is spared');
    is($after->{learned_limits}, 0, 'what was learned is not');
    is((ask())[2], 'k2', 'it rests');

    ($before, $after, $doc) = done('reset?all=1&day=1');
    is($before->{day_quotas}, 1, 'unless said so');
    is_deeply($after, $none, 'nothing is left');
    is($doc->{scope}, 'pool', 'of all');
    is($doc->{name}, undef, 'without a name');
    is((ask())[2], 'k1', 'it serves');

    return;
}


sub reset_scopes {
    for my $of ('project=p1', 'account=acme', "model=$flash", 'all=1') {
        spent('full429_minute');

        my ($before, $after) = done("reset?$of&limits=1");

        is($before->{cooldowns}, 1, "$of: one rested");
        is($after->{cooldowns}, 0, 'none does');
    }

    spent('full429_minute');

    for my $of ('key=k2', 'project=p2', "model=$lite") {
        my ($before) = done("reset?$of&limits=1");

        is($before->{cooldowns}, 0, "$of: not meant");
    }

    is((ask())[2], 'k2', 'it rests');
    done('reset?key=k1&limits=1');
    is((ask())[2], 'k1', 'no longer');

    return;
}


sub learned {
    spent('full429_day', limit => 100);

    my ($before, $after) = done('reset?project=p1&day=1');
    is($before->{learned_limits}, 1, 'a limit was learned');
    is($after->{learned_limits}, 1, 'and stays');

    ($before, $after) = done('reset?project=p1&day=1&limits=1');
    is($after->{learned_limits}, 0, 'unless said so');

    return;
}


# one line and one event for each call that was not refused

sub told {
    my @lines = grep { /\[notice\].*gemini pool "main": control: / }
        split /\n/, $t->error_log;
    my @events = grep { $_->{type} eq 'control' }
        @{ $t->status('main', view => 'events')->{events} };

    is(scalar @lines, $actions, 'a line each');
    is(scalar @events, $actions, 'an event each');

    ok((grep { /control: disable key "k1" until - note "rotate it"/ }
        @lines), 'of whom and why');
    ok((grep { /control: lock model "$lite" until 20\S+Z note ""/ }
        @lines), 'and until when');
    ok((grep { /control: reset pool "" until - day note ""/ } @lines),
       'and what beside');

    my ($event) = grep { ($_->{action} // '') eq 'disable'
                         && ($_->{label} // '') eq 'p1' } @events;

    is($event->{scope}, 'project', 'an event: the scope');
    is($event->{reason}, 'operator', 'the reason');
    like($event->{until}, $time, 'the end');

    ($event) = grep { $_->{action} eq 'lock' } @events;
    is($event->{model}, $lite, 'the model');

    return;
}
