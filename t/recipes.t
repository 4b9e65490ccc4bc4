#!/usr/bin/perl

# Tests for the recipes of README.md that say what happens: teams and their
# limits, a key that is rotated, a project that is drained, clients that are
# led over, logs that are rotated.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use GeminiTest;

my $flash = 'gemini-3.8-flash';
my $body = { contents => [{ parts => [{ text => 'Hello' }] }] };

my ($t, $fake);

teams();
rotation();
draining();
cutover();
log_rotation();

done_testing();


sub path { return "/v1beta/models/$flash:generateContent" }

sub ask {
    my ($token, @more) = @_;
    return $t->post(path(), {'x-goog-api-key' => $token}, $body, @more);
}


sub begin {
    my ($keys, $conf, %part) = @_;

    $t = GeminiTest->new(workers => 1);
    $fake = $t->fake(keys => $keys);
    $t->conf("include %%ROOT%%/conf/gemini_client.conf;\n$conf", %part);

    return;
}


sub end {
    $t->stop;
    $t->clean_up;

    return;
}


# the block of README.md, with small numbers
sub teams {
    begin({ 'pool-key-free' => 'free-a', 'pool-key-paid' => 'acme' }, <<'EOT');
map $gemini_client_token $team { default ""; "t-red" red; "t-blue" blue; }
map $team $team_keys { default "project:free-*"; red "*"; }
limit_req_zone   $team zone=team_rate:1m rate=1r/m;
limit_conn_zone  $team zone=team_open:1m;
access_log %%DIR%%/gemini.log gemini;

gemini_pool main {
    key pool-key-free name=free1 project=free-a priority=1;
    key pool-key-paid name=paid project=acme;
    model gemini-3.8-flash;
}

server {
    listen 127.0.0.1:%%PORT_0%%;
    gemini_error;
    add_header X-Key $gemini_key_name always;

    location / {
        if ($team = "") { return 401; }
        limit_req        zone=team_rate burst=2 nodelay;
        limit_conn       team_open 1;
        gemini_team      $team;
        gemini_restrict  keys=$team_keys families=generate,count,embed,models;
        gemini_pass      main /gemini-upstream;
    }
    %%GEMINI_UPSTREAM%%
}

server {
    listen 127.0.0.1:%%PORT_1%%;
    location /gemini/status { gemini_status main; }
}
EOT
    $t->start;

    my $r = ask('nobody');

    is($r->{status}, 401, 'teams: a token that nobody has');
    is($r->{json}{error}{code}, 401, '.. is told in the shape of Gemini');
    is(scalar(my @log = $fake->log), 0, '.. and goes nowhere');

    is(ask('t-red')->{headers}{'x-key'}, 'paid', 'a team of all keys');
    is(ask('t-blue')->{headers}{'x-key'}, 'free1', 'a team of free ones');

    $fake->script({ delay => 'gate' });

    my $stream = $t->stream('POST', path(), {'x-goog-api-key' => 't-blue'},
                            $body);

    $fake->wait(n => 3);

    $r = ask('t-blue');
    is($r->{status}, 429, 'more at a time than the team may');
    is($r->{json}{error}{status}, 'RESOURCE_EXHAUSTED', '.. is told');

    $fake->release('gate');
    is($stream->finish->{status}, 200, '.. the one before goes on');

    is(ask('t-blue')->{status}, 429, 'more in a minute than the team may');
    is(ask('t-red')->{status}, 200, '.. other teams may');
    is($t->get('/v1beta/files', {'x-goog-api-key' => 't-red'})->{status}, 404,
       'what teams may not do');

    ok($t->wait_log(qr/outcome=ok team="blue" .*key="free1"/, 5,
                    file => 'gemini.log'), 'the log names the team');
    end();

    return;
}


# the secret of a label is replaced while requests come
sub rotation {
    begin({ 'old-secret-1' => 'pa', 'new-secret-1' => 'pa' }, <<'EOT');
gemini_pool main { keys file:keys; model gemini-3.8-flash rpd=1000; }
server {
    listen 127.0.0.1:%%PORT_0%%;
    location / { gemini_pass main /gemini-upstream; }
    %%GEMINI_UPSTREAM%%
}
server {
    listen 127.0.0.1:%%PORT_1%%;
    location /gemini/status { gemini_status main; }
}
EOT
    $t->write('keys', "old-secret-1 name=one project=pa\n", 0600);
    $t->start;
    is(ask('x')->{status}, 200, 'rotation: with the old key');

    $fake->script({ key => 'old-secret-1', delay => 'gate' });

    my $held = $t->stream('POST', path(), {}, $body);
    my $mark = $t->log_mark;

    $fake->wait(n => 2);
    $t->write('keys', "new-secret-1 name=one project=pa\n", 0600);
    ok($t->reload, 'a reload');
    ok($t->wait_log(qr/gracefully shutting down/, 10, since => $mark),
       '.. the old worker takes no more');

    is(ask('x')->{status}, 200, '.. the new key serves');
    $fake->release('gate');
    is($held->finish->{status}, 200, '.. what was under way goes on');

    is(join(' ', map { $_->{key} } $fake->log),
       'old-secret-1 old-secret-1 new-secret-1', '.. each with its key');
    ok($t->wait_for(sub { !$t->old_workers }), '.. to its end');

    my ($project) = @{$t->status('main')->{projects}};

    is($project->{requests}, 3, ".. the project's count goes on");
    end();

    return;
}


sub draining {
    begin({ 'pool-key-a1' => 'pa', 'pool-key-b1' => 'pb' }, <<'EOT');
gemini_pool main {
    key pool-key-a1 name=a1 project=pa;
    key pool-key-b1 name=b1 project=pb priority=1;
    model gemini-3.8-flash;
}
server {
    listen 127.0.0.1:%%PORT_0%%;
    add_header X-Key $gemini_key_name always;
    location / { gemini_pass main /gemini-upstream; }
    %%GEMINI_UPSTREAM%%
}
server {
    listen 127.0.0.1:%%PORT_1%%;
    location /gemini/status { gemini_status main; }
    location /gemini/control { gemini_control main; }
}
EOT
    $t->start;
    $fake->script({ key => 'pool-key-a1', delay => 'gate' }, {});

    my $held = $t->stream('POST', path(), {}, $body);

    $fake->wait(n => 1);

    is($t->post('/gemini/control/disable?project=pa&note=moves', {}, '',
                port => $t->port(1))->{status}, 200, 'draining: no more of it');
    is(ask('x')->{headers}{'x-key'}, 'b1', '.. another project serves');

    my ($project) = grep { $_->{name} eq 'pa' }
                    @{$t->status('main')->{projects}};

    is($project->{in_flight}, 1, '.. what is left is shown');
    is($project->{note}, 'moves', '.. and why');

    $fake->release('gate');
    is($held->finish->{status}, 200, '.. it goes on to its end');
    ok($t->reload(gone => 1), 'a reload');
    is(ask('x')->{headers}{'x-key'}, 'b1', '.. changes nothing');

    $t->post('/gemini/control/enable?project=pa', {}, '',
             port => $t->port(1));
    is(ask('x')->{headers}{'x-key'}, 'a1', 'until it is enabled');
    end();

    return;
}


# part of the clients, the same ones each time; others go where they went
sub cutover {
    begin({ 'pool-key-a1' => 'pa' }, <<'EOT');
split_clients $gemini_client_id $way { 50% pool; * old; }

upstream old_gateway { server 127.0.0.1:%%PORT_2%%; }

gemini_pool main { key pool-key-a1 name=a1; model gemini-3.8-flash; }

server {
    listen 127.0.0.1:%%PORT_0%%;

    location / {
        proxy_set_header  x-goog-api-key $gemini_client_token;

        if ($way = old) {
            proxy_pass http://old_gateway;
            break;
        }

        gemini_pass main /gemini-upstream;
    }
    %%GEMINI_UPSTREAM%%
}

server {
    listen 127.0.0.1:%%PORT_2%%;
    location / { return 200 "old $http_x_goog_api_key"; }
}
EOT
    $t->start;

    my (%old, %new, @wrong);

    for my $n (1 .. 40) {
        my @places = ([path(), {'x-goog-api-key' => "client-$n"}],
                      [path(), {Authorization => "Bearer client-$n"}],
                      [path() . "?key=client-$n", {}]);

        for my $place (@places) {
            my ($target, $headers) = @$place;
            my $r = $t->post($target, $headers, $body);

            if ($r->{body} =~ /^old (.*)/) {
                $old{$n}++;
                push @wrong, "$n: $1" if $1 ne "client-$n";

            } else {
                $new{$n}++;
                push @wrong, "$n: $r->{status}" if $r->{status} != 200;
            }
        }
    }

    cmp_ok(scalar keys %old, '>', 5, 'cutting over: some clients stay');
    cmp_ok(scalar keys %new, '>', 5, '.. some come');
    is(join(' ', grep { $old{$_} } keys %new), '', '.. each goes one way');
    is("@wrong", '', '.. with its token');
    end();

    return;
}


sub log_rotation {
    begin({ 'pool-key-a1' => 'pa' }, <<'EOT');
access_log %%DIR%%/gemini.log gemini;
gemini_pool main { key pool-key-a1 name=a1; model gemini-3.8-flash; }
server {
    listen 127.0.0.1:%%PORT_0%%;
    location / { gemini_pass main /gemini-upstream; }
    %%GEMINI_UPSTREAM%%
}
EOT
    $t->start;
    is(ask('x')->{status}, 200, 'log rotation');
    ok($t->wait_log(qr/outcome=ok/, 5, file => 'gemini.log'), 'a line');

    rename $t->dir . '/gemini.log', $t->dir . '/gemini.log.1'
        or die "rename: $!";
    $t->signal('USR1');
    ok($t->wait_for(sub { -e $t->dir . '/gemini.log' }), 'a new file');

    my $more = $t->wait_for(sub {
        ask('x');
        return $t->read('gemini.log') =~ /outcome=ok/;
    });

    ok($more, '.. has what comes');
    end();

    return;
}
