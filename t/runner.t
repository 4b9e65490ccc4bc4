#!/usr/bin/perl

# The runner by itself, on nginx's own proxy_pass: that it sees what tests rely
# on, and that each of its checks fails when it should.

use strict;
use warnings;

use FindBin;
use POSIX ();
use Test::More;

use lib "$FindBin::Bin/lib";

BEGIN { $ENV{TEST_NGINX_MODULE} = ''; }

use GeminiTest;

my $target = '/v1beta/models/gemini-3.8-flash:generateContent';
my $stream = '/v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse';
my %key = ('x-goog-api-key' => 'demo-key-1');
my $body = {contents => []};

my $proxy = <<'END';
    server {
        listen 127.0.0.1:%%PORT_0%%;
        client_max_body_size 0;

        location / {
            proxy_pass http://%%FAKE%%;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
        }
    }
    server {
        listen 127.0.0.1:%%PORT_1%% http2;
        location / { proxy_pass http://%%FAKE%%; proxy_buffering off; }
    }
END


# a proxy that runs, and its fake
sub proxy {
    my (%opt) = @_;
    my $t = GeminiTest->new(%opt);
    my $fake = $t->fake(keys => {'demo-key-1' => 'demo-a'});

    $t->conf($proxy)->start;
    return ($t, $fake);
}


# what the checks say of a stopped nginx, without their verdict
sub faults {
    my ($t) = @_;

    $t->stop(no_checks => 1);
    return join "\n", GeminiTest::Check::bad_lines($t),
        GeminiTest::Check::exit_faults($t), GeminiTest::Check::leaks($t);
}


subtest 'clients' => sub {
    my ($t, $fake) = proxy();
    my @h2 = (port => $t->port(1));

    is($t->configtest, 0, 'nginx -t');

    my $r = $t->post($target, \%key, $body, keep => 1);
    is("$r->{status} $r->{complete}", '200 1', 'HTTP/1.1');
    is($t->post($target, \%key, $body, on => $r->{exchange})->{status}, 200,
       'on a kept connection');
    $r = $t->h2(POST => $target, \%key, $body, @h2);
    is("$r->{status} $r->{complete}", '200 1', 'HTTP/2');
    is($r->{json}{modelVersion}, 'gemini-3.8-flash', 'with a body');

    $fake->script({gate_events => 'step', events => 2});

    for my $opt ([], [@h2, h2 => 1]) {
        my $s = $t->stream(POST => $stream, \%key, $body, @$opt);

        is($s->head, 200, 'a stream begins');
        ok($s->is_quiet(0.05), 'and waits');
        $fake->release('step', 1);
        like($s->read_event, qr/\Adata: .*\r\n\r\n\z/, 'event');
        $fake->release('step', 1);
        like($s->read_event, qr/STOP/, 'last event');
        is($s->read_event, undef, 'no more');
        ok($s->finish->{complete}, 'the end');
    }

    $fake->script({cut_midstream => 1});
    $r = $t->post($stream, \%key, $body);
    is("$r->{status} $r->{complete}", '200 0', 'a stream that is cut');

    $fake->script({cut_midstream => 1, framing => 'length'});
    $r = $t->post($target, \%key, $body);
    is("$r->{status} $r->{complete}", '200 0', 'a length that is not reached');
    $r = $t->h2(POST => $target, \%key, $body, @h2);
    is($r->{complete}, 0, 'the same by HTTP/2');
    $t->allow(qr/upstream prematurely closed/);

    $fake->reset;
    my ($answers, $again) = $t->load(n => 300, c => 10, keep => 1,
        make => sub { ['POST', $target, \%key, $body] });
    is(scalar(grep { $_->{status} == 200 && $_->{complete} } @$answers), 300,
       'load');

    my $left = 20;
    $r = $t->post($target, \%key, sub { $left-- ? ' ' x 100_000 : undef });
    is(($fake->log)[-1]{length}, 2_000_000, 'a body in pieces');

    my $s = $t->raw("GET /v1beta/models HTTP/1.0\r\n\r\n");
    is($s->finish->{framing}, 'close', 'raw bytes');

    $t->stop;
};


subtest 'workers' => sub {
    my ($t) = proxy();
    my @first = $t->workers;

    is(@first, 2, 'two workers');
    ok($t->reload(gone => 1), 'reload');
    my @second = $t->workers;
    is(@second, 2, 'two others');
    ok(!(grep { my $pid = $_; grep { $_ == $pid } @first } @second), 'indeed');
    is(scalar $t->old_workers, 0, 'the first have gone');

    $t->conf("$proxy bogus;");
    ok(!$t->reload, 'a reload is refused');
    is_deeply([$t->workers], \@second, 'and changes nothing');
    my ($code, $text) = $t->configtest;
    is($code, 1, 'nginx -t refuses');
    like($text, qr/"bogus"/, 'and says why');
    $t->conf($proxy);

    kill KILL => $second[0];
    ok($t->wait_log(qr/worker process $second[0] exited on signal 9/),
       'a worker is killed');
    is(scalar $t->wait_workers(2), 2, 'and replaced');

    $t->allow(qr/unknown directive "bogus"/);
    like(faults($t), qr/exited on signal 9/, 'what was not allowed is told');
    unlike(faults($t), qr/bogus/, 'what was allowed is not');
};


subtest 'planted faults are found' => sub {
    my ($t, $fake) = proxy(scan_answers => 1);

    $t->secret('client-secret');
    $t->env(SOME_KEY => 'env-secret');
    $t->write('keys/list', "# none\nfile-secret name=x\n");
    $t->conf("$proxy map \$uri \$x {\n    keys file:keys/list;\n"
        . "    key \"literal-secret\";\n}\n");

    $t->get("$target?key=demo-key-1");
    $t->get('/client-secret');
    $t->get("/$_-secret") for qw(env file literal);
    $fake->script({case => 'suspended403', key => '*'});
    $t->post($target, \%key, $body);

    my $faults = faults($t);

    like($faults, qr/access\.log holds "$_"/, "$_ in the access log")
        for qw(demo-key-1 client-secret env-secret file-secret
               literal-secret);
    like($faults, qr/the answer to POST .* holds "demo-key-1"/,
         'a key in an answer');

    for my $line ('[alert] 1#1: x', '[crit] 1#1: x', '[emerg] 1#1: x',
                  '==1==ERROR: AddressSanitizer: heap-use-after-free',
                  'a.c:1:2: runtime error: shift',
                  '[notice] worker process 7 exited with code 1')
    {
        $t->write('error.log', "2026/01/01 00:00:00 $line\n");
        like(faults($t), qr/\Q$line/, $line);
    }

    $t->write('error.log', "2026/01/01 00:00:00 [debug] 1#1: demo-key-1\n");
    unlike(faults($t), qr/error\.log/, 'debug lines may tell anything');

    $t->{nginx}{stuck} = ['QUIT'];
    like(faults($t), qr/does not end by QUIT/, 'an nginx that does not leave');

    push @{$t->{outputs}}, ['GET /gemini/status', 'demo-key-1'];
    like(faults($t), qr/status holds/, 'a key in the status');

    $t->write('valgrind.1.log', "==1== ERROR SUMMARY: 1 errors\n");
    is(scalar(GeminiTest::Check::valgrind_reports($t)), 1, 'valgrind');
};


subtest 'the internal location, with and without TLS' => sub {
    for my $tls (0, 1) {
        my $t = GeminiTest->new;
        my $fake = $t->fake(tls => $tls);

        $t->conf(<<'END')->start;
    server {
        listen 127.0.0.1:%%PORT_0%%;
        location / { rewrite ^ /gemini-upstream; }
        %%GEMINI_UPSTREAM%%
    }
END
        is($t->get('/x', \%key)->{status}, 404, 'Google has no such page');
        is(($fake->log)[0]{tls}, $tls, "TLS $tls");
        is($t->get('/gemini-upstream')->{status}, 404, 'nor has a client');
        is(scalar $fake->log, 1, 'a way to it');
        $t->stop;
    }
};


subtest 'a daemon' => sub {
    my ($t) = proxy(daemon => 1);

    is($t->post($target, \%key, $body)->{status}, 200, 'serves');
    ok($t->reload(gone => 1), 'is reloaded');
    $t->stop;
    ok(!-e $t->dir . '/nginx.pid', 'and leaves');
};


subtest 'nothing is left' => sub {
    my ($t, $fake) = proxy();
    my @pids = ($t->master, $t->workers, $fake->{pid});
    my $dir = $t->dir;

    $t->stop;
    $t->clean_up;
    is(scalar(grep { kill 0, $_ } @pids), 0, 'no process');
    ok($ENV{TEST_NGINX_KEEP} || !-e $dir, 'no directory');

    pipe my $read, my $write;
    my $pid = fork // die;

    if (!$pid) {
        my ($other, $its_fake) = proxy();
        syswrite $write, join(' ', $other->dir, $other->master,
            $other->workers, $its_fake->{pid}) . "\n";
        sleep 60;
        POSIX::_exit(0);
    }

    ($dir, @pids) = split ' ', scalar <$read>;
    is(scalar @pids, 4, 'a test that runs');
    kill KILL => $pid;
    waitpid $pid, 0;
    ok(GeminiTest->new->wait_for(sub { !grep { kill 0, $_ } @pids }),
       'leaves nothing when it is killed');
    File::Path::remove_tree($dir);
};


subtest 'blocks that must fail' => sub {
    my $t = GeminiTest->new;
    my %block = (
        'status'  => "--- request\nGET /x\n--- error_code: 201\n",
        'body'    => "--- request\nGET /x\n--- response_body\nno\n",
        'header'  => "--- request\nGET /x\n--- response_headers\nX-A: b\n",
        'log'     => "--- request\nGET /x\n--- no_error_log\nstart worker\n",
        'fake'    => "--- upstream_log\nGET /x\n",
        'section' => "--- requests\nGET /x\n",
        'refusal' => "--- must_die\n",
    );

    for my $name (sort keys %block) {
        $t->write("$name.t", "use GeminiTest; GeminiTest->run(\\*DATA);\n"
            . "__DATA__\n=== TEST 1: x\n--- config\n"
            . "location / { return 200 'ok'; }\n$block{$name}");

        local $ENV{TMPDIR} = $t->dir;
        my $out = qx{$^X -I$FindBin::Bin/lib @{[$t->dir]}/$name.t 2>&1};
        isnt($?, 0, $name) or diag($out);
    }

    $t->clean_up;
};


GeminiTest->run(\*DATA);

__DATA__

=== TEST 1: requests, answers, logs
--- config
    location / {
        proxy_pass http://%%FAKE%%;
        add_header X-A b;
    }
--- fake
[{"key": "demo-key-1", "case": "full429_day", "times": 1}]
--- request eval
["POST /v1beta/models/gemini-3.8-flash:generateContent\n{}",
 "POST /v1beta/models/gemini-3.8-flash:generateContent HTTP/1.0\n{}"]
--- more_headers
x-goog-api-key: demo-key-1
--- error_code eval
[429, 200]
--- response_body_like eval
[qr/PerDay/, 'Hello.*STOP']
--- response_headers eval
["!X-A", "X-A: b\nContent-Type: ~json"]
--- upstream_log
POST /v1beta/models/gemini-3.8-flash:generateContent key=demo-key-1 status=429
POST /v1beta/models/gemini-3.8-flash:generateContent h.connection=close
--- no_error_log
[error]
--- access_log
/POST .* 429/

=== TEST 2: a bad configuration
--- config
    foo bar;
--- must_die
--- error_log
unknown directive "foo" in %%DIR%%/nginx.conf:
/nginx\.conf:\d+$/

=== TEST 3: settings
--- workers: 1
--- main_config
    env DEMO;
--- env
DEMO=1
--- files
{"page/x.txt": "in %%DIR%%\n"}
--- http_config
    map $uri $y { default two; }
--- config
    location / { return 200 "$y\n"; }
    location /page/ { root %%DIR%%; }
--- request eval
["GET /", "GET /page/x.txt"]
--- response_body eval
["two\n", "in %%DIR%%\n"]
--- reload
--- wait
/reconfiguring/

=== TEST 4: no body, and a body of no line end
--- config
    location / { return 200 "ok"; }
    location /none { return 204; }
--- request eval
["GET /", "GET /none", "GET /"]
--- error_code eval
[200, 204, 200]
--- response_body eval
["ok", "", "ok\n"]

=== TEST 5: not run
--- SKIP
--- config
    bogus;
