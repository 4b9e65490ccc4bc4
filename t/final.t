#!/usr/bin/perl

# Tests for the last word: what the client hears when nothing could serve it,
# in each surface's shape; and that a fault of the request's own comes back at
# once, as the upstream put it.

use strict;
use warnings;

use Digest::MD5 'md5_hex';
use POSIX 'strftime';
use Test::More;
use Time::Local 'timegm';

use lib 't/lib';
use GeminiTest;
use GeminiTest::Pools;

use constant HOUR => 3600;

my $flash = 'gemini-3.8-flash';
my $lite = 'gemini-3.5-flash-lite';

my $keys = key_lines('a1 account=acme', 'a2 account=acme priority=1',
                     'b1 account=acme priority=2',
                     'c1 account=other priority=3');

# eight in the evening, Greenwich: twelve hours to midnight at Google's

my $winter = strftime('%a, %d %b %Y %H:%M:%S GMT',
                      gmtime timegm(0, 0, 20, 15, 0, 2026));

my %minute = (case => 'full429_minute', retry => '30s',
              retry_text => '30.5s');

# Each case is a pool of its own. rules: of the fake, path: the keys asked,
# relay: the last answer is handed on, else status, reason (of ErrorInfo),
# retry (least and most seconds) and outcome are those of our own answer.

my @given_up = (

    { name => 'day quotas spent',
      rules => [{ case => 'full429_day', headers => { Date => $winter } }],
      path => 'a1 b1 c1', status => 429, reason => 'POOL_EXHAUSTED',
      retry => [12 * HOUR - 60, 12 * HOUR + 121], day => 1,
      outcome => 'exhausted' },

    { name => 'minute quotas spent', rules => [{ %minute }],
      path => 'a1 b1 c1', status => 429, reason => 'POOL_EXHAUSTED',
      retry => [1, 31], outcome => 'exhausted' },

    { name => 'of day and minute the earlier',
      rules => [{ key => secret('b1'), %minute },
                { case => 'full429_day', headers => { Date => $winter } }],
      path => 'a1 b1 c1', status => 429, reason => 'POOL_EXHAUSTED',
      retry => [1, 31], outcome => 'exhausted' },

    { name => 'not on this plan', rules => [{ case => 'limit0' }],
      path => 'a1 b1 c1', status => 429, reason => 'POOL_EXHAUSTED',
      retry => [6 * HOUR - 60, 24 * HOUR], outcome => 'exhausted' },

    { name => 'quota, and keys that are dead',
      rules => [{ key => secret('c1'), case => 'key_invalid' }, { %minute }],
      path => 'a1 b1 c1', status => 429, reason => 'POOL_EXHAUSTED',
      retry => [1, 31], outcome => 'exhausted' },

    { name => 'quota, and credit',
      rules => [{ key => secret('c1'), case => 'prepaid402' }, { %minute }],
      path => 'a1 b1 c1', status => 503, reason => 'POOL_EXHAUSTED',
      retry => [1, 31], outcome => 'exhausted' },

    { name => 'credit', rules => [{ case => 'prepaid402' }],
      path => 'a1 c1', status => 503, reason => 'POOL_EXHAUSTED',
      retry => [HOUR - 60, HOUR], outcome => 'exhausted' },

    { name => 'spend rate', rules => [{ case => 'spend429' }],
      path => 'a1 c1', status => 503, reason => 'POOL_EXHAUSTED',
      retry => [60, 600], outcome => 'exhausted' },

    { name => 'suspended', rules => [{ case => 'suspended403' }],
      path => 'a1 b1 c1', status => 503, reason => 'POOL_EXHAUSTED',
      retry => [24 * HOUR - 60, 24 * HOUR], outcome => 'exhausted' },

    { name => 'invalid keys', rules => [{ case => 'key_invalid' }],
      path => 'a1 a2 b1 c1', status => 503, reason => 'NO_KEY',
      outcome => 'exhausted' },

    { name => 'blocked methods', rules => [{ case => 'method_blocked' }],
      path => 'a1 a2 b1 c1', status => 503, reason => 'NO_KEY',
      outcome => 'exhausted' },

    { name => 'overloaded', conf => 'tries 2;',
      rules => [{ case => 'overloaded503' }],
      path => 'a1 a2', status => 503, reason => 'MODEL_OVERLOADED',
      outcome => 'overloaded' },

    { name => 'empty answers', conf => 'tries 2;',
      rules => [{ empty200 => 1 }],
      path => 'a1 a2', status => 503, reason => 'MODEL_OVERLOADED',
      outcome => 'overloaded' },

    { name => 'an error in each 200', conf => 'tries 2;',
      rules => [{ error200 => 'data' }],
      path => 'a1 a2', status => 503, reason => 'MODEL_OVERLOADED',
      outcome => 'overloaded' },

    { name => 'resets', conf => 'tries 2;', rules => [{ reset => 1 }],
      path => 'a1 a2', status => 503, reason => 'UPSTREAM_DOWN',
      outcome => 'upstream_down' },

    { name => 'pages of a proxy', conf => 'tries 2;',
      rules => [{ case => 'html502' }],
      path => 'a1 a2', status => 503, reason => 'UPSTREAM_DOWN',
      outcome => 'upstream_down' },

    { name => 'silence', conf => 'tries 2; attempt_timeout 200ms;',
      rules => [{ hang => 1 }],
      path => 'a1 a2', status => 503, reason => 'UPSTREAM_DOWN',
      outcome => 'upstream_down' },

    { name => 'a fallback that refuses', fallback => 1,
      rules => [{ model => $lite, case => 'feature' },
                { %minute }],
      path => 'a1 b1 c1 a1/lite', status => 429,
      reason => 'POOL_EXHAUSTED', retry => [1, 31], outcome => 'exhausted' },

    { name => 'a fallback that refuses, after 503', fallback => 1,
      rules => [{ model => $lite, case => 'bad_request' },
                { case => 'overloaded503' }],
      path => 'a1 a1/lite', status => 503, reason => 'MODEL_OVERLOADED',
      outcome => 'overloaded' },

    { name => 'a fallback that there is not', fallback => 1,
      rules => [{ model => $lite, case => 'model404' }, { %minute }],
      path => 'a1 b1 c1 a1/lite', status => 429,
      reason => 'POOL_EXHAUSTED', retry => [1, 31], outcome => 'exhausted' },
);

my @relayed = (
    (map { { name => $_, rules => [{ case => $_ }], fallback => 1,
             path => 'a1' } }
         qw(bad_request bad_json too_many_tokens cache_small batch_model
            file403 cache403 operation404 empty404 html404 aborted409
            exists409 html413 cancelled499 unimplemented501 signature
            signature_missing feature)),

    { name => 'a bad request in a 200',
      rules => [{ error200 => 'data', case => 'bad_request' }],
      path => 'a1' },

    (map { { name => "a bad request as the first event, $_",
             verb => 'streamGenerateContent?alt=sse',
             rules => [{ error200 => $_, case => 'bad_request' }],
             path => 'a1' } } qw(data bare)),

    { name => 'an odd status', rules => [{ status => 418,
                                           body => '<p>short' }],
      path => 'a1' },

    { name => 'a large error', rules => [{ status => 400,
          body => '{"error":{"code":400,"message":"' . 'm' x 60000
                  . '"}}' }],
      path => 'a1' },

    { name => 'no such model', rules => [{ case => 'model404' }],
      path => 'a1' },

    { name => 'no model at all', rules => [{ case => 'model404' }],
      fallback => 1, path => 'a1 a1/lite' },

    { name => '500 from two keys', rules => [{ case => 'internal500' }],
      path => 'a1 a2', outcome => 'overloaded' },

    { name => '500 from two models', rules => [{ case => 'internal500' }],
      fallback => 1, path => 'a1 a2 a1/lite', outcome => 'overloaded' },

    { name => '504 twice', rules => [{ case => 'deadline504' }],
      path => 'a1 a2', outcome => 'overloaded' },

    { name => "504, the client's deadline",
      rules => [{ case => 'deadline504' }],
      headers => { 'X-Server-Timeout' => 20 }, path => 'a1',
      outcome => 'overloaded' },

    { name => 'a bad place', rules => [{ case => 'location' }],
      path => 'a1 a2' },

    { name => 'no permission', rules => [{ case => 'permission' }],
      path => 'a1 b1' },
);

my @cases = (@given_up, @relayed,
    { name => 'shapes', rules => [{ %minute }] },
    { name => 'shapes, day', rules => [{ case => 'full429_day',
                                         headers => { Date => $winter } }] },
    { name => 'shapes, relayed', rules => [{ case => 'bad_request' }] },
    { name => 'scrubbed', rules => [] },
);

# the fake says these to nobody else
my $number = '123456789012';

my $t = GeminiTest->new;
my $fake = $t->fake(
    keys     => keys_of(qw(a1 a2 b1 c1)),
    projects => { pa => { number => $number } });

$t->secret($number);
$t->conf(conf());
$t->start;

my $body = { contents => [{ parts => [{ text => 'Hello' }] }] };

given_up($_) for 0 .. $#given_up;
relayed($_) for @given_up .. @given_up + $#relayed;
shapes($#cases - 3);
shapes_day($#cases - 2);
shapes_relayed($#cases - 1);
scrubbed($#cases);

$t->done;


sub conf {
    my %conf;

    for my $i (0 .. $#cases) {
        my $case = $cases[$i];
        my $fallback = $case->{fallback} ? 'on' : 'off';

        $conf{"p$i"}{conf} = <<"END";
$keys
    model $flash;
    model $lite;
    cooldown 60s;
    fallback $fallback;
    @{[$case->{conf} // '']}
END
    }

    return pools_conf(pools => \%conf,
                      log => '$request_uri $gemini_outcome $gemini_attempts');
}


sub given_up {
    my ($i) = @_;
    my $case = $cases[$i];
    my $name = $case->{name};
    my $r = ask($i);
    my $error = $r->{json}{error};

    is($r->{status}, $case->{status}, "$name: status");
    is(path($fake), $case->{path}, "$name: the way");
    is($error->{code}, $case->{status}, "$name: its code");
    is(detail($r, 'ErrorInfo')->{reason}, $case->{reason},
       "$name: $case->{reason}");
    like(log_line($t, "p$i"), qr/ $case->{outcome} /, "$name: outcome");

    my $retry = $case->{retry};
    my $after = $r->{headers}{'retry-after'};

    if ($retry) {
        like($after, qr/^\d+$/, "$name: Retry-After");
        cmp_ok($after, '>=', $retry->[0], "$name: not too early");
        cmp_ok($after, '<=', $retry->[1], "$name: not too late");
        is(detail($r, 'RetryInfo')->{retryDelay}, "${after}s",
           "$name: RetryInfo says the same");
    }

    my $day = detail($r, 'QuotaFailure')->{violations}[0]{quotaId} // '';
    is($day =~ /PerDay/ ? 1 : 0, $case->{day} ? 1 : 0, "$name: PerDay");

    is($_->{in_flight}, 0, "$name: nothing is left in flight")
        for grep { $_->{in_flight} } @{$t->status("p$i")->{keys}};

    return;
}


sub relayed {
    my ($i) = @_;
    my $case = $cases[$i];
    my $name = $case->{name};
    my $r = ask($i);
    my $sent = ($fake->log)[-1];

    is(path($fake), $case->{path}, "$name: the way");
    is($r->{status}, $sent->{status}, "$name: the upstream's status");
    is($r->{md5}, $sent->{sent_md5}, "$name: its body, to the byte");
    is($r->{complete}, 1, "$name: whole");
    ok(!exists $r->{headers}{'retry-after'}, "$name: no word of ours");

    my $outcome = $case->{outcome} // 'client_error';
    like(log_line($t, "p$i"), qr/ $outcome /, "$name: outcome");

    return if $name =~ /model at all|such model|permission/;

    my $status = $t->status("p$i", view => 'cooldowns');
    is(scalar @{$status->{cooldowns}}, 0, "$name: nobody is blamed");

    return;
}


# one answer, as each surface wants it

sub shapes {
    my ($i) = @_;

    $fake->reset;
    $fake->script($cases[$i]{rules});

    my $r = $t->post("/p$i/v1beta/models/$flash:generateContent", {}, $body);
    is(ref $r->{json}, 'HASH', 'native: an object');
    is($r->{json}{error}{status}, 'RESOURCE_EXHAUSTED', 'native: its status');
    like($r->{headers}{'content-type'}, qr{^application/json},
         'native: its type');

    $r = $t->post("/p$i/v1beta/models/$flash:streamGenerateContent?alt=sse",
                  {}, $body);
    is($r->{status}, 429, 'a stream of events: status');
    is(ref $r->{json}, 'HASH', 'a stream of events: an object');

    $r = $t->post("/p$i/v1beta/models/$flash:streamGenerateContent", {},
                  $body);
    is($r->{status}, 429, 'a stream: status');
    is(ref $r->{json}, 'ARRAY', 'a stream: an array');
    is($r->{json}[0]{error}{code}, 429, 'a stream: its code');

    $r = chat($i);
    is($r->{status}, 429, 'OpenAI: status');
    my $error = $r->{json}{error};
    is(join(' ', sort keys %$error), 'code message param type',
       'OpenAI: its members');
    is($error->{type}, 'rate_limit_error', 'OpenAI: its type');
    is($error->{code}, 'POOL_EXHAUSTED', 'OpenAI: its code');
    like($r->{headers}{'retry-after'}, qr/^\d+$/, 'OpenAI: Retry-After');
    ok(!exists $r->{headers}{'x-should-retry'}, 'OpenAI: it may retry');

    $r = $t->post("/p$i/v1beta/interactions", {},
                  { model => $flash, input => 'Hello' });
    is($r->{status}, 429, 'interactions: status');
    is($r->{json}{error}{code}, 'rate_limit_exceeded',
       'interactions: its code');

    $r = $t->request(HEAD => "/p$i/v1beta/models/$flash", {});
    is($r->{body}, '', 'HEAD: no body');

    return;
}


sub shapes_day {
    my ($i) = @_;

    $fake->reset;
    $fake->script($cases[$i]{rules});

    my $r = chat($i);
    is($r->{status}, 429, 'OpenAI, day: status');
    is($r->{headers}{'x-should-retry'}, 'false',
       'OpenAI, day: it may not retry');

    $r = $t->post("/p$i/v1beta/interactions", {},
                  { model => $flash, input => 'Hello' });
    is($r->{json}{error}{code}, 'quota_exceeded', 'interactions, day: code');

    return;
}


sub shapes_relayed {
    my ($i) = @_;

    $fake->reset;
    $fake->script($cases[$i]{rules});

    my $r = chat($i);
    my $error = $r->{json}{error};
    is($r->{status}, 400, 'OpenAI, relayed: status');
    like($error->{message}, qr/^Invalid JSON payload/,
         "OpenAI, relayed: the upstream's text");
    is(join(' ', sort keys %$error), 'code message param type',
       'OpenAI, relayed: its members');

    $r = $t->post("/p$i/v1beta/models/$flash:streamGenerateContent", {},
                  $body);
    is($r->{md5}, ($fake->log)[-1]{sent_md5}, 'a stream, relayed: untouched');
    is(ref $r->{json}, 'ARRAY', 'a stream, relayed: an array');

    return;
}


# what an upstream prints of the pool does not get out, and nothing else is
# lost

sub scrubbed {
    my ($i) = @_;
    my $secret = secret('a1');
    my $text = "Bad field. Consumer 'api_key:{key}' of projects/{number}, "
        . "project {number}, project_number:{number} at 1024 tokens, {key}";

    for my $surface (qw(native OpenAI)) {
        $fake->reset;
        $fake->script({ status => 400,
                        body => { error => { code => 400, message => $text,
                                             status => 'INVALID_ARGUMENT' }}});

        my $r = $surface eq 'native'
            ? $t->post("/p$i/v1beta/models/$flash:generateContent", {}, $body)
            : chat($i);
        my $message = $r->{json}{error}{message};

        is($r->{status}, 400, "$surface, scrubbed: status");
        unlike($r->{body}, qr/$secret|$number/,
               "$surface, scrubbed: neither key nor number");
        like($message, qr/^Bad field\. Consumer .* at 1024 tokens, x+$/,
             "$surface, scrubbed: the rest is there");
        is(length $message, length($text) - 4 * length('{key}')
                            - 3 * length('{number}') + 2 * length('{key}')
                            + 2 * length($secret) + 3 * length($number),
           "$surface, scrubbed: as long as it was");
    }

    return;
}


sub ask {
    my ($i) = @_;

    $fake->reset;
    $fake->script($cases[$i]{rules});

    my $verb = $cases[$i]{verb} // 'generateContent';

    return $t->post("/p$i/v1beta/models/$flash:$verb",
                    $cases[$i]{headers} // {}, $body);
}


sub chat {
    my ($i) = @_;

    return $t->post("/p$i/v1beta/openai/chat/completions", {},
                    { model => $flash, messages => [] });
}


sub detail {
    my ($r, $type) = @_;
    my ($detail) = grep { $_->{'@type'} =~ /\.$type$/ }
        @{$r->{json}{error}{details} // []};

    return $detail // {};
}
