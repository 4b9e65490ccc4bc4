#!/usr/bin/perl

# Tests for the operator's page: how it is sent, that the C file is made of its
# source, and, by t/browser/ in a headless Chromium, what it shows and does.
# GEMINI_TEST_SHOTS=DIRECTORY keeps pictures of it.

use strict;
use warnings;

use Digest::SHA 'sha256_base64';
use File::Copy 'copy';
use POSIX ();
use Test::More;

use lib 't/lib';
use GeminiTest;

my $root = GeminiTest->root;
my @models = qw/ gemini-3.8-flash gemini-3.5-pro gemini-3.5-flash-lite
                 gemini-embedding-001 /;

my $t = GeminiTest->new(workers => 2);

my $fake = $t->fake(
    keys   => { map { ("pool-key-$_-secret" => 'demo-' . project($_)) }
                1 .. 12 },
    models => [(map { { name => $_, input => 1048576, output => 65536,
                        methods => ['generateContent', 'countTokens'] } }
                @models[0 .. 2]),
               { name => $models[3], input => 2048, output => 1,
                 methods => ['embedContent'] }]);

embedded();

$t->conf(conf());
$t->start;

sent();
browser();

$t->done;


sub project { return int(($_[0] + 1) / 2) }


# two keys a project, three projects of free keys; names are not secrets
sub keys_main {
    return join '', map {
        my $p = project($_);
        my ($name, $account) = $p <= 3 ? ('free', 'free')
                             : $p == 4 ? ('acme', 'acme') : ('corp', 'corp');
        my $more = $_ == 12 ? ' disabled' : $_ == 8 ? ' max_conns=8' : '';

        "    key pool-key-$_-secret name=$name-$_ project=demo-$p"
            . " account=$account priority=" . ($p <= 3 ? 0 : 1) . "$more;\n"
    } 1 .. 12;
}


sub keys_big {
    return join '', map {
        sprintf "    key big-key-%d-secret name=big%04d project=proj-%d"
                . " account=acc-%d%s;\n", $_, $_, project($_),
                int((project($_) + 49) / 50),
                $_ % 125 ? '' : ' disabled';
    } 1 .. 1000;
}


sub conf {
    my ($main, $big) = (keys_main(), keys_big());

    return <<"END";
gemini_pool main {
$main
    model $models[0] rpm=600 tpm=250k rpd=1500 max_tokens=65536 price=0.3/2.5;
    model $models[1] rpm=120 tpm=250k rpd=250 max_tokens=65536 price=1.25/10;
    model $models[2] rpm=1200 max_tokens=32768 price=0.1/0.4;
    model $models[3];
    alias gpt-4o-mini $models[2];
    queue 16 timeout=5s;
    probe interval=1h url=http://%%FAKE%%;
    state main.json;
}

gemini_pool big {
$big
    model $models[0] rpm=10 rpd=100;
    model $models[2];
}

server {
    listen 127.0.0.1:%%PORT_0%%;
    gemini_team \$http_x_team;

    location / { gemini_pass main /gemini-upstream; }
    location /corp/ {
        gemini_restrict keys=account:corp;
        gemini_pass main /gemini-upstream;
    }
    location /big/ { gemini_pass big /gemini-upstream; }
    %%GEMINI_UPSTREAM%%
}

server {
    listen 127.0.0.1:%%PORT_1%%;

    location /gemini/status { gemini_status main control=/gemini/control; }
    location /gemini/control { gemini_control main; }
    location /plain/status { gemini_status main; }
    location /gone/status { gemini_status main control=/nowhere; }
    location /denied/status { gemini_status main control=/denied/control; }
    location /denied/control { deny all; gemini_control main; }
    location /big/status { gemini_status big control=/big/control; }
    location /big/control { gemini_control big; }
    location /odd/status {
        gemini_status main "control=/a\\"><b a='&";
    }
}
END
}


# the C file is made of the page, and an older one is seen
sub embedded {
    my $dir = $t->dir . '/embed';
    my $page = 'ngx_gemini_router/page/status.html';
    my $made = 'ngx_gemini_router/ngx_http_gemini_page_html.c';

    is(system("$root/util/embed", '--check'), 0,
       "$made is made of $page (else: util/embed)");

    mkdir for $dir, map { "$dir/$_" } qw(util ngx_gemini_router
                                         ngx_gemini_router/page);
    copy("$root/$_", "$dir/$_") // die "$_: $!" for 'util/embed', $page, $made;

    is(system("perl $dir/util/embed --check > $dir/out"), 0, 'a copy, too');

    open(my $f, '>>', "$dir/$page") or die "$page: $!";
    print $f "<!-- changed -->\n";
    close($f);

    isnt(system("perl $dir/util/embed --check > $dir/out"), 0,
         'a change is seen');
    is(system("perl $dir/util/embed"), 0, 'is made');
    is(system("perl $dir/util/embed --check > $dir/out"), 0, 'and is there');

    return;
}


sub sent {
    my @to = (port => $t->port(1));
    my $r = $t->get('/gemini/status?format=html', {}, @to);
    my %h = %{ $r->{headers} };
    my $policy = $h{'content-security-policy'} // '';

    is($r->{status}, 200, 'the page');
    is($h{'content-type'}, 'text/html; charset=utf-8', 'its type');
    is($h{'cache-control'}, 'no-store', 'is not stored');
    is($h{'x-content-type-options'}, 'nosniff', 'is not guessed at');
    is($h{'x-frame-options'}, 'DENY', 'is not framed');
    is($h{'referrer-policy'}, 'no-referrer', 'does not tell where it is');
    is($h{'content-length'}, length $r->{body}, 'its length');

    for my $rule ("default-src 'none'", "connect-src 'self'",
                  "frame-ancestors 'none'", "base-uri 'none'",
                  "form-action 'none'", "require-trusted-types-for 'script'",
                  "trusted-types 'none'", 'img-src data:')
    {
        like($policy, qr/(?:^|; )\Q$rule\E(?:;|$)/, "policy: $rule");
    }

    unlike($policy, qr/unsafe|\*/, 'and nothing beside');

    for my $tag (qw(script style)) {
        my ($text) = $r->{body} =~ m{<$tag>(.*?)</$tag>}s;
        my $hash = sha256_base64($text // '') . '=';

        like($policy, qr/$tag-src 'sha256-\Q$hash\E'(?:;|$)/,
             "policy: the hash of the $tag");
    }

    unlike($r->{body}, qr{\b(?:src|href)="?(?:https?:|//)|\@import|url\(},
           'nothing of elsewhere');
    like($r->{body}, qr{name="gemini-control" content="/gemini/control"},
         'where control is');

    my $head = $t->request('HEAD', '/gemini/status?format=html', {}, undef,
                           @to);

    is($head->{status}, 200, 'HEAD');
    is($head->{headers}{'content-length'}, $h{'content-length'}, 'the same');
    is(length($head->{body} // ''), 0, 'without a body');

    $r = $t->get('/odd/status?format=html', {}, @to);
    like($r->{body}, qr{content="/a&quot;&gt;&lt;b a='&amp;">},
         'control is escaped');

    $r = $t->get('/plain/status?format=html', {}, @to);
    like($r->{body}, qr{name="gemini-control" content="">}, 'no control');
    is($r->{headers}{'content-length'}, length $r->{body}, 'its length, too');

    $r = $t->get('/gemini/status', { Accept => 'text/html,*/*;q=0.8' }, @to);
    like($r->{headers}{'content-type'}, qr{^text/html}, 'for a browser');

    $r = $t->get('/gemini/status', {}, @to);
    like($r->{headers}{'content-type'}, qr{^application/json},
         'others get JSON');

    return;
}


# what the pool looks like: some of everything
sub scene {
    my $generate = sub {
        my ($model, $team, $where) = @_;

        return $t->post(($where // '') . "/v1beta/models/$model"
                        . ':generateContent',
                        { $team ? ('X-Team' => $team) : () },
                        { contents => [{ parts => [{ text => 'Hello.' }] }] });
    };

    $fake->script(
        { key => 'pool-key-1-secret', case => 'full429_day', times => 1 },
        { key => 'pool-key-2-secret', case => 'full429_day', times => 1 },
        { key => 'pool-key-3-secret', model => $models[0], times => 1,
          case => 'full429_minute', retry => '59s' },
        { key => 'pool-key-5-secret', case => 'leaked', times => 1 },
        { project => 'demo-5', case => 'prepaid402', times => 1 },
        { model => $models[1], case => 'overloaded503', nth => [2, 7] },
        map { { ok => 1, latency => 20 + ($_ * 37) % 140, times => 1 } }
            1 .. 2000);

    $generate->($models[$_ % 3], (qw(research apps), '')[$_ % 3]) for 1 .. 30;
    $generate->($models[0], '<img src=x onerror=boom()>') for 1 .. 2;
    $generate->($models[0], 'apps', '/corp') for 1 .. 4;

    $t->post('/gemini/control/disable?key=acme-7&for=2h&note=rotating%20its'
             . '%20secret', {}, '', port => $t->port(1));
    $t->post('/big/control/disable?key=big0042&note=' . join('', map {
                 sprintf '%%%02x', ord } split //,
                 '<script>boom()</script><img src=x onerror=boom()>'), {}, '',
             port => $t->port(1));

    return;
}


sub browser {
    my $chromium;

    SKIP: {
        skip 'TEST_NGINX_NO_BROWSER is set', 1
            if $ENV{TEST_NGINX_NO_BROWSER};

        chomp($chromium = qx($root/util/browser));

        if ($? || $chromium eq '') {
            fail('the browser and its driver are installed');
            return;
        }

        scene();
        relay($chromium);
    }

    return;
}


# lines of TAP, and what follows a failed one
sub relay {
    my ($chromium) = @_;
    my $pid = open my $tap, '-|' // die "fork: $!\n";
    my $n = 0;

    exec_tests($chromium) if !$pid;

    while (my $line = <$tap>) {
        if ($line =~ /^(not )?ok - (.*)/) {
            $n++;
            ok(!$1, $2);

        } else {
            diag($line =~ s/\n\z//r);
        }
    }

    close $tap;
    is($?, 0, 'node has run the tests to their end');
    cmp_ok($n, '>=', 15, 'all of them');

    return;
}


sub exec_tests {
    my ($chromium) = @_;

    delete @ENV{grep { /^NODE_|_proxy$/i } keys %ENV};

    $ENV{BROWSER} = $chromium;
    $ENV{GATEWAY} = 'http://127.0.0.1:' . $t->port(0);
    $ENV{OPERATORS} = 'http://127.0.0.1:' . $t->port(1);
    $ENV{MASTER} = $t->master;
    $ENV{SLOW} = GeminiTest::slow();
    $ENV{SHOTS} = $ENV{GEMINI_TEST_SHOTS} // $t->dir . '/shots';
    $ENV{TMPDIR} = $ENV{HOME} = $t->dir;

    exec 'node', "$root/t/browser/page.mjs" or POSIX::_exit(127);
}
