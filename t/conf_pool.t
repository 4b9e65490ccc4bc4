#!/usr/bin/perl

# Tests for what becomes of right configurations: keys from all sources with
# labels, projects and accounts, limits, aliases, reload, and how location
# directives are inherited.

use strict;
use warnings;

use Digest::SHA 'sha1_hex';
use Test::More;

use lib 't/lib';
use GeminiTest;

my $generate = '/v1beta/models/gemini-3.8-flash:generateContent';
my %client = ('x-goog-api-key' => 'client');

sources();
defaults();
limits();
key_file();
environment();
inherited();
aliases();
prices();

done_testing();


sub server {
    my ($more) = @_;

    return <<"END";
server {
    listen 127.0.0.1:%%PORT_0%%;
    location / { gemini_pass main /gemini-upstream; }
    location /gemini/status { gemini_status main; }
    %%GEMINI_UPSTREAM%%
    @{[$more // '']}
}
END
}


sub finish {
    my ($t) = @_;

    $t->stop;
    $t->clean_up;

    return;
}


# a hash of rows by name, with these members
sub rows {
    my ($list, @members) = @_;
    my %rows;

    for my $row (@$list) {
        $rows{$row->{name}} = [map { $row->{$_} } @members];
    }

    return \%rows;
}


sub label {
    return 'key-' . substr sha1_hex($_[0]), 0, 8;
}


sub sources {
    my $t = GeminiTest->new;

    $t->fake;
    $t->env(TEAM_KEY => 'team-secret-1', TEAM_KEY_C => 'team-secret-2',
            TEAM_KEY_B => 'team-secret-2', TEAM_KEY_E => '',
            TEAM_KEYS => 'team-secret-3', PAID_KEY => 'paid-secret');

    $t->write('secrets/team.keys', <<'END', 0600);
# keys of the team

file-secret-1 name=f1 project=fp account=fa   # its own project
"file-secret-2" priority=3
END

    $t->write('keys.conf', <<'END');
key  literal-1 project=acme max_conns=4 models=gemini-3*,embed disabled;
END

    $t->conf(<<'END' . server());
gemini_pool main {
    keys  env:TEAM_KEY* weight=2 project=team;
    key   env:PAID_KEY name=paid project=acme account=bill priority=1;
    keys  file:secrets/team.keys project=filep weight=5;
    include keys.conf;
    keys  literal-2;
}
END

    $t->start;

    my $status = $t->status('main');

    is_deeply(rows($status->{keys}, qw(project account weight priority)),
              {TEAM_KEY           => ['team', 'team', 2, 0],
               TEAM_KEY_B         => ['team', 'team', 2, 0],
               paid               => ['acme', 'bill', 1, 1],
               f1                 => ['fp', 'fa', 5, 0],
               label('file-secret-2') => ['filep', 'filep', 5, 3],
               label('literal-1') => ['acme', 'bill', 1, 0],
               label('literal-2') => [(label('literal-2')) x 2, 1, 0]},
              'keys of all sources');

    is_deeply(rows($status->{keys}, qw(max_conns models state))
              ->{label('literal-1')},
              [4, 'gemini-3*,embed', 'disabled'], 'the other parameters');

    is_deeply([map { $_->{name} } @{$status->{accounts}}],
              ['team', 'bill', 'fa', 'filep', label('literal-2')],
              'accounts');

    my ($code, $text) = $t->configtest;

    is($code, 0, 'nginx -t');
    like($text, qr/\[warn\] .*: key "TEAM_KEY_C" repeats the secret of key (?#
                  )"TEAM_KEY_B" in gemini_pool "main", skipped in (?#
                  )\S+nginx\.conf:\d+\n/, 'a repeated variable is told');

    finish($t);
    return;
}


sub defaults {
    my $t = GeminiTest->new;

    $t->fake;
    $t->conf("gemini_pool main { key demo-key-1; }\n" . server())->start;

    my $limits = $t->status('main')->{limits};
    my %want = (tries => 6, timeout => 120, attempt_timeout => undef,
                queue => 256, queue_timeout => 15, cooldown => 60,
                cooldown_max => 600, window => 20, nodes => 1,
                prefer => 'model');

    for my $name (sort keys %want) {
        my $got = $limits->{$name};

        is($got || undef, $want{$name}, "default of $name");
    }

    ok($limits->{fallback}, 'fallback is on');
    ok($limits->{unlisted}, 'unlisted is on');

    finish($t);
    return;
}


sub limits {
    my $t = GeminiTest->new;

    $t->fake;
    $t->conf(<<'END' . server())->start;
gemini_malloc_trim on;
gemini_pool main {
    zone   limited 8m;
    key    demo-key-1 name=a project=free-a;
    key    demo-key-2 name=b project=free-b models=gemini-3*;
    key    demo-key-3 name=c project=paid;
    model  models/gemini-3.8-flash rpm=1000 tpm=1m rpd=10k max_tokens=65536
           price=0.3/2.5/0.075 first_byte=30s;
    model  gemini-3.5-flash-lite rpm=3;
    model  gemini-embedding-001;
    model  gemini-3.8-flash-image fallback=on;
    model  my-talker kind=tts;
    limit  project=free-* model=gemini-3.8-flash rpm=10 tpm=250k;
    limit  project=free-b,nobody model=gemini-3.8-flash rpm=20;
    limit  project=paid model=gemini-3.5* rpm=off price=1/2;
    limit  model=*-embedding-* rpd=1k;
    nodes  2;
    tries  5;
    timeout          1m;
    attempt_timeout  10s;
    queue            off;
    cooldown         20m;
    window           30;
    fallback         off;
    prefer           priority;
    score            normalized;
    unlisted         off;
}
END

    my $status = $t->status('main');
    my %left = map { ($_->{name} => $_->{capacity}) } @{$status->{models}};
    my $flash = $left{'gemini-3.8-flash'};

    is($flash->{rpm_left}, 5 + 10 + 500, 'rpm: the last match, by nodes');
    is($flash->{tpm_left}, 125_000 * 2 + 500_000, 'tpm: number by number');
    is($flash->{rpd_left}, 5_000 * 3, 'rpd: of the model');
    is($left{'gemini-3.5-flash-lite'}{rpm_left}, 2, 'no less than 1, or off');
    is($left{'gemini-3.5-flash-lite'}{unlimited}, 1, 'off: no limit');
    is($left{'gemini-embedding-001'}{rpd_left}, 1_000, 'a glob of models');
    is($left{'gemini-embedding-001'}{usable}, 2, 'models= of a key');

    my $models = rows($status->{models}, qw(kind fallback));

    ok($models->{'gemini-3.8-flash'}[1], 'text falls back');
    is($models->{'gemini-embedding-001'}[0], 'embedding', 'a kind by name');
    ok(!$models->{'gemini-embedding-001'}[1], 'others do not fall back');
    ok($models->{'gemini-3.8-flash-image'}[1], 'unless told so');
    is($models->{'my-talker'}[0], 'tts', 'a kind as told');

    my %want = (tries => 5, timeout => 60, attempt_timeout => 10, queue => 0,
                cooldown => 1200, cooldown_max => 1200, window => 30,
                nodes => 2, prefer => 'priority');

    is($status->{limits}{$_}, $want{$_}, $_) for sort keys %want;
    ok(!$status->{limits}{$_}, "$_ off") for qw(fallback unlisted);

    finish($t);
    return;
}


sub key_file {
    my $t = GeminiTest->new;

    $t->fake;
    $t->write('team.keys', "demo-key-1 name=a\n", 0640);
    $t->conf("gemini_pool main { keys file:team.keys; }\n" . server());
    unlike(($t->configtest)[1], qr/\[warn\]/, 'only the group may read it');

    $t->start;
    $t->write('team.keys', "demo-key-2 name=b\ndemo-key-1 name=a\n", 0604);
    like(($t->configtest)[1],
         qr/\[warn\] .*: key file "\S+" can be read by others in \S+:\d+\n/,
         'others may read it');

    ok($t->reload(gone => 1), 'reload');
    is_deeply([map { $_->{name} } @{$t->status('main')->{keys}}], ['b', 'a'],
              'keys of the changed file');

    $t->write('team.keys', "demo-key-3 name=b name=c\n", 0600);
    $t->allow(qr/duplicate parameter "name="/);

    ok(!$t->reload, 'a bad file is refused');
    is($t->status('main')->{keys}[1]{name}, 'a', 'the old one goes on');

    finish($t);
    return;
}


# nginx -s runs without the keys, and a new binary gets what the old one had

sub environment {
    my $t = GeminiTest->new(daemon => 1);
    my $nginx = $t->{nginx};

    $t->fake;
    $t->env(TEAM_KEY => 'demo-key-1', TEAM_KEY_B => 'demo-key-2',
            PAID_KEY => 'demo-key-3');
    $t->conf(<<'END' . server())->start;
gemini_pool main { keys env:TEAM_KEY*; key env:PAID_KEY name=paid; }
END

    my $pid = $t->master;    # a daemon: others ignore USR2
    my $mark = $t->log_mark;
    my @command = $nginx->command('-s', 'reload');

    is(system("@command 2>/dev/null"), 0, 'nginx -s without the keys');
    ok($t->wait_log(qr/start worker process/, 10, since => $mark), 'reloads');

    $t->signal('USR2');
    ok($t->wait_for(sub { -s $t->dir . '/nginx.pid.oldbin' }, 10), 'USR2');
    ok($t->wait_for(sub {
           my $new = $t->read('nginx.pid');
           return $new && $new != $pid;
       }, 10), 'a new binary reads its keys');

    kill QUIT => $t->read('nginx.pid');
    ok($t->wait_for(sub { !-e $t->dir . '/nginx.pid.oldbin' }, 10),
       'and ends');

    is_deeply([sort map { $_->{name} } @{$t->status('main')->{keys}}],
              ['TEAM_KEY', 'TEAM_KEY_B', 'paid'], 'the old one has them, too');

    finish($t);
    return;
}


# lists narrow one by one; if and limit_except keep the pool, nested locations
# have one of their own

sub inherited {
    my $t = GeminiTest->new;
    my $fake = $t->fake(keys => {'demo-key-1' => 'demo-a',
                                 'demo-key-3' => 'demo-b'});

    $t->conf(<<'END' . server(<<'END'))->start;
gemini_restrict keys=project:b;
gemini_pool main {
    key    demo-key-1 name=a project=a;
    key    demo-key-3 name=b project=b;
    model  gemini-3.8-flash;
    model  gemini-3.5-flash-lite;
}
END
location /lite/ {
    gemini_restrict models=*-lite;
    gemini_pass main /gemini-upstream;
    location /lite/nested/ { }
}
location /all/ {
    gemini_restrict keys=$arg_k;
    gemini_pass main /gemini-upstream;
    if ($http_x_no_fallback) { set $no 1; }
    limit_except POST { deny 127.0.0.2; }
}
END

    my $r = $t->post($generate, {%client}, {contents => []});

    is($r->{status}, 200, 'the server restricts');
    is(($fake->log)[-1]{key}, 'demo-key-3', 'to a key');

    $r = $t->post("/lite$generate", {%client}, {contents => []});
    like(($fake->log)[-1]{target}, qr/flash-lite/,
         'a location restricts to models');
    is(($fake->log)[-1]{key}, 'demo-key-3', 'and keeps the keys of the server');

    $r = $t->post("/lite/nested$generate", {%client}, {contents => []});
    isnt($r->{status}, 200, 'a nested location has no pool');

    $r = $t->post("/all$generate?k=a", {%client, 'X-No-Fallback' => 1},
                  {contents => []});
    is($r->{status}, 200, '"if" keeps the pool');
    is(($fake->log)[-1]{key}, 'demo-key-1', 'a list may be a variable');

    $r = $t->get('/all/v1beta/models?k=', {%client});
    is($r->{status}, 200, '"limit_except" keeps the pool');

    finish($t);
    return;
}


sub aliases {
    my $t = GeminiTest->new;
    my $fake = $t->fake(keys => {'demo-key-1' => 'demo-a'});

    $t->conf(<<'END' . server())->start;
gemini_pool main {
    key    demo-key-1;
    model  gemini-3.8-flash;
    model  gemini-3.5-flash-lite;
    alias  models/gpt-4o-mini small;
    alias  small models/gemini-3.5-flash-lite;
    alias  best auto;
}
END

    my %target = ('gpt-4o-mini' => 'gemini-3.5-flash-lite',
                  'small' => 'gemini-3.5-flash-lite',
                  'best' => 'gemini-3.8-flash');

    for my $name (sort keys %target) {
        my $r = $t->post($generate =~ s/gemini-3.8-flash/$name/r, {%client},
                         {contents => []});

        is($r->{status}, 200, "alias $name");
        like(($fake->log)[-1]{target}, qr{/models/\Q$target{$name}\E:},
             "leads to $target{$name}");
    }

    finish($t);
    return;
}


# what a limit says of a project goes before what its model says

sub prices {
    my $t = GeminiTest->new;

    $t->fake(keys => {'demo-key-1' => 'demo-a', 'demo-key-3' => 'demo-b'});
    $t->conf(<<'END' . server())->start;
log_format cost '$gemini_key_name $gemini_cost $gemini_prompt_tokens '
                '$gemini_cached_tokens $gemini_output_tokens '
                '$gemini_thought_tokens';
access_log %%DIR%%/cost.log cost;
gemini_restrict keys=$arg_k;
gemini_pool main {
    key    demo-key-1 name=a;
    key    demo-key-3 name=b;
    model  gemini-3.8-flash price=0.3/2.5;
    limit  project=b model=gemini-3* price=3/25/1.5;
    limit  project=b model=* price=7/8;
}
END

    my @want = ([a => $generate, 0.3, 0.3, 2.5], [b => $generate, 7, 7, 8],
                [a => $generate =~ s/3\.8-flash/3.5-flash/r],
                [b => $generate =~ s/3\.8-flash/3.5-flash/r, 7, 7, 8]);

    for my $want (@want) {
        my ($key, $target, $in, $cached, $out) = @$want;
        my $mark = -s $t->dir . '/cost.log' || 0;

        is($t->post("$target?k=$key", {%client}, {contents => []})->{status},
           200, "request by $key");
        ok($t->wait_log(qr/\n/, 5, file => 'cost.log', since => $mark),
           'logged');

        my (undef, $cost, @tokens) = split ' ', substr $t->read('cost.log'),
            $mark;
        my ($p, $c, $o, $th) = map { $_ eq '-' ? 0 : $_ } @tokens;

        is($cost, defined $in
           ? sprintf('%.8f', (($p - $c) * $in + $c * $cached
                              + ($o + $th) * $out) / 1e6)
           : '-', 'its cost');
    }

    finish($t);
    return;
}
