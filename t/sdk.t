#!/usr/bin/perl

# Tests with the official SDKs, @google/genai and openai: t/sdk/ has the tests
# themselves, this the gateway that they talk to.

use strict;
use warnings;

use POSIX ();
use Test::More;
use lib 't/lib';
use GeminiTest;

use constant {
    POOLS   => 160,
    GROUNDS => 90,
    GROUPS  => 21,
};

plan(skip_all => 'TEST_NGINX_NO_SDK is set') if $ENV{TEST_NGINX_NO_SDK};

my $node = qx(@{[GeminiTest->root]}/util/sdk);
chomp $node;

if ($? || $node eq '') {
    fail('the SDKs are installed');
    done_testing();
    exit;
}

my %key = (
    a => 'pool-key-a-secret',
    b => 'pool-key-b-secret',
);

# of resources: two keys of each of six projects

my %own = map { my $project = $_;
                map { ("own-key-$project$_-secret" => "own-$project") } 1, 2 }
    'a' .. 'f';

my $t = GeminiTest->new;

# noon in California: just after midnight the end of a day is a guess

my $fake = $t->fake(keys => { $key{a} => 'pa', $key{b} => 'pb', %own },
                    date_offset => 20 * 3600 - time % 86400);

$t->secret('client-secret-1');
$t->conf(conf());
$t->start;

relay();

ok($t->access_log =~ /upload/ && $t->access_log =~ /Constrained/,
   'uploads and sessions are logged');
unlike($t->access_log . $t->error_log, qr/up-fake|auth_tokens.fake/,
       'without what opens them');

$t->done;


# Each test takes pools of its own, so that what one did to a key is no matter
# to the next. The queue is the last.
sub conf {
    my ($pools, $locations) = ('', '');

    for my $i (0 .. POOLS) {
        my $queue = $i == POOLS ? '8 timeout=15s' : '0';

        $pools .= <<"END";
gemini_pool p$i {
    key    $key{a} name=a project=pa;
    key    $key{b} name=b project=pb priority=1;
    model  gemini-3.8-flash;
    model  gemini-3.5-flash-lite;
    model  gemini-embedding-001;
    alias  gpt-4o-mini gemini-3.5-flash-lite;
    alias  text-embedding-3-small gemini-embedding-001;
    tries  3;
    queue  $queue;
}
END

        $locations .= "    location /p$i/ { gemini_pass p$i"
            . " /gemini-upstream; }\n";
    }

    for my $i (0 .. GROUNDS - 1) {
        $pools .= ground($i);
        $locations .= ways($i);
    }

    return <<"END";
variables_hash_max_size 4096;
$pools
server {
    listen 127.0.0.1:%%PORT_0%%;
    client_max_body_size 128m;
    proxy_http_version 1.1;

$locations
    %%GEMINI_UPSTREAM%%
}
END
}


# a pool of six projects, and the ways into it
sub ground {
    my ($i) = @_;
    my $keys = join '', map { "    key $_ name=" . substr($_, 8, 2)
                              . " project=$own{$_};\n" } sort keys %own;

    return <<"END";
gemini_pool g$i {
$keys
    model  gemini-3.8-flash;
    model  gemini-3.5-flash-lite;
    model  gemini-embedding-001;
    model  gemini-3.8-live;
    model  veo-3.1-generate-preview;
    tries  3;
}
END
}


sub ways {
    my ($i) = @_;
    my $pass = "gemini_pass g$i /gemini-upstream;";
    my $every = 'gemini_restrict families=generate,count,embed,models,upload,'
        . 'files,caches,batches,stores,interactions,live';
    my $select = "gemini_select g$i; proxy_pass http://%%FAKE%%;"
        . ' proxy_buffering off;';
    my $live = "$select proxy_set_header Upgrade \$http_upgrade;"
        . ' proxy_set_header Connection upgrade;';

    return <<"END";
    location /pass$i/ { $pass $every,agents,webhooks,credentials; }
    location /select$i/ { $pass }
    location /select$i/upload/ { $select proxy_request_buffering off; }
    location /live$i/ { $pass }
    location /live$i/ws/ { $live }
    location /tokens$i/ { $pass $every,auth_tokens; }
    location /tokens$i/ws/ { $live $every,auth_tokens; }
END
}


# each group of the node tests becomes a subtest
sub relay {
    my $pid = open my $tap, '-|' // die "fork: $!\n";
    my ($groups, @tests) = (0);

    exec_tests() if !$pid;

    while (my $line = <$tap>) {
        if ($line =~ /^    (not )?ok \d+ - (.*)/) {
            push @tests, { ok => !$1, name => $2, detail => '' };

        } elsif ($line =~ /^(not )?ok \d+ - (.*)/) {
            group($2, !$1, splice @tests);
            $groups++;

        } elsif (@tests && $line =~ /^     /) {
            $tests[-1]{detail} .= $line;
        }
    }

    close $tap;
    is($?, 0, 'node has run the tests to their end');
    is($groups, GROUPS, 'all groups of them');

    return;
}


sub exec_tests {
    delete @ENV{grep { /^(?:GEMINI|GOOGLE|OPENAI|NODE)_|_proxy$/i } keys %ENV};

    $ENV{GATEWAY} = 'http://127.0.0.1:' . $t->port(0);
    $ENV{FAKE} = 'http://' . $fake->address;
    $ENV{POOLS} = POOLS;
    $ENV{GROUNDS} = GROUNDS;

    exec $node, '--test-reporter=tap', '--test-force-exit',
        '--test-timeout=' . 20_000 * GeminiTest::slow(),
        GeminiTest->root . '/t/sdk/test.mjs' or POSIX::_exit(127);
}


sub group {
    my ($name, $ok, @tests) = @_;

    subtest($name => sub {
        for my $test (@tests) {
            ok($test->{ok}, $test->{name}) or diag($test->{detail});
        }

        ok($ok && @tests, 'the whole group');
        done_testing();
    });

    return;
}
