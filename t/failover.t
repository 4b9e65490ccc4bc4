#!/usr/bin/perl

# Tests for failover: each failure of gemini-api.md 3 in the way, the request
# is served all the same, and what rests afterwards is what was to blame.

use strict;
use warnings;

use POSIX 'strftime';
use Test::More;
use Time::Local 'timegm';

use lib 't/lib';
use GeminiTest;
use GeminiTest::Pools;

use constant {
    MINUTE => 60,
    HOUR   => 3600,
    DAY    => 86400,
};

my $flash = 'gemini-3.8-flash';
my $lite = 'gemini-3.5-flash-lite';
my $embedding = 'gemini-embedding-001';

# a key of the same project, a project of the same account, another account
my $keys = key_lines('a1 account=acme', 'a2 account=acme priority=1',
                     'b1 account=acme priority=2',
                     'c1 account=other priority=3');

# Google's clock: in winter, in summer, on both days on which it is set, and
# just after its midnight

my $winter = timegm(0, 0, 20, 15, 0, 2026);
my $summer = timegm(0, 0, 20, 15, 6, 2026);
my $spring = timegm(0, 0, 9, 8, 2, 2026);
my $autumn = timegm(0, 0, 8, 1, 10, 2026);
my $night = timegm(0, 5, 8, 15, 0, 2026);

# Each case is a pool of its own. rule: what the fake does to a1, path: the
# keys that were asked, class: in the trail, rest: the one that is placed, with
# its shortest and longest length, again: the path of a second request.

my @cases = (

    # the quota of a project and model

    (map { my ($name, $date, $case, $hours) = @$_;
           { name => $name, rule => { case => $case },
             date => $date, path => 'a1 b1', class => 'PerDay',
             rest => [cell => 'pa', $flash, 'PerDay', 'learned',
                      $hours * HOUR, $hours * HOUR + 2 * MINUTE] } }
         ['quota of the day', $winter, 'full429_day', 12],
         ['quota of the day, paid', $summer, 'paid_day429', 11],
         ['tokens of the day', $winter, 'tokens_day429', 12],
         ['quotas of minute and day', $winter, 'both429', 12],
         ['the day of 23 hours', $spring, 'full429_day', 22],
         ['the day of 25 hours', $autumn, 'full429_day', 24]),

    { name => 'quota of the day, just after midnight',
      rule => { case => 'full429_day' }, date => $night,
      path => 'a1 b1', class => 'PerDay',
      rest => [cell => 'pa', $flash, 'PerDay', 'guessed',
               1.8 * MINUTE, 2.2 * MINUTE] },

    { name => 'quota of the minute', rule => { case => 'full429_minute' },
      path => 'a1 b1', class => 'PerMinute',
      rest => [cell => 'pa', $flash, 'PerMinute', 'told', 34.8, 34.9] },

    { name => 'details in the old order',
      rule => { case => 'full429_minute', old_order => 1, retry => '9s' },
      path => 'a1 b1', class => 'PerMinute',
      rest => [cell => 'pa', $flash, 'PerMinute', 'told', 9.8, 9.9] },

    { name => 'quota of the minute, no RetryInfo',
      rule => { case => 'full429_minute', no_retry => 1 },
      path => 'a1 b1', class => 'PerMinute',
      rest => [cell => 'pa', $flash, 'PerMinute', 'learned', 60, 60] },

    { name => 'ErrorInfo of old', rule => { case => 'older_errorinfo' },
      path => 'a1 b1', class => 'PerMinute',
      rest => [cell => 'pa', $flash, 'PerMinute', 'learned', 60, 60] },

    { name => 'tokens of the minute', rule => { case => 'tokens429' },
      path => 'a1 b1', class => 'TokensPerMinute',
      rest => [cell => 'pa', $flash, 'TokensPerMinute', 'told',
               21.8, 21.9] },

    { name => 'Retry-After', rule => { case => 'terse429',
                                       extra_headers => {'Retry-After' => 7} },
      path => 'a1 b1', class => 'PerMinute',
      rest => [cell => 'pa', $flash, 'PerMinute', 'told', 7, 7] },

    { name => 'limit: 0', rule => { case => 'limit0' },
      path => 'a1 b1', class => 'limit0',
      rest => [cell => 'pa', $flash, 'limit0', 'learned',
               6 * HOUR, 24 * HOUR] },

    (map { { name => $_, rule => { case => $_ },
             path => 'a1 b1', class => 'terse',
             rest => [cell => 'pa', $flash, 'terse', 'guessed', 54, 66] } }
         qw(terse429 again429 nodetails429)),

    { name => "a tool's quota", rule => { case => 'help_only' },
      path => 'a1 b1', class => 'tool',
      rest => [cell => 'pa', $flash, 'tool', 'guessed', 9, 11] },

    # money

    (map { { name => $_, rule => { case => $_ },
             path => 'a1 c1', class => 'credit',
             rest => [account => 'acme', undef, 'credit', 'learned',
                      HOUR, HOUR] } }
         qw(prepaid402 prepaid429)),

    { name => 'spending cap of a project', rule => { case => 'cap429' },
      path => 'a1 b1', class => 'cap',
      rest => [project => 'pa', undef, 'cap', 'learned', HOUR, HOUR] },

    { name => 'spending cap of an account',
      rule => { case => 'cap429', message => 'Your billing account has '
                . 'exceeded its monthly spending cap.' },
      path => 'a1 c1', class => 'cap',
      rest => [account => 'acme', undef, 'cap', 'learned', HOUR, HOUR] },

    { name => 'spend rate', rule => { case => 'spend429' },
      path => 'a1 c1', class => 'spend_rate',
      rest => [account => 'acme', undef, 'spend_rate', 'learned',
               2 * MINUTE, 10 * MINUTE] },

    # the key

    (map { { name => $_->[0], rule => { case => $_->[0] },
             path => 'a1 a2', class => $_->[1],
             rest => [key => 'a1', undef, $_->[1]] } }
         (['key_invalid', 'key_invalid'], ['key_notfound', 'key_invalid'],
          ['key_expired', 'key_expired'], ['leaked', 'key_leaked'],
          ['referrer_blocked', 'key_blocked'], ['ip_blocked', 'key_blocked'],
          ['android_blocked', 'key_blocked'],
          ['ios_blocked', 'key_blocked'])),

    { name => '401', rule => { case => 'token_type401' },
      path => 'a1 a2', class => 'token_type', again => 'a1 a2',
      later => [key => 'a1', undef, 'token_type'] },

    { name => 'a blocked method', rule => { case => 'method_blocked' },
      path => 'a1 a2', class => 'method_blocked', again => 'a2' },

    # the project

    { name => 'suspended', rule => { case => 'suspended403' },
      path => 'a1 b1', class => 'suspended',
      rest => [project => 'pa', undef, 'suspended', 'learned', DAY, DAY] },

    { name => 'project deleted', rule => { case => 'consumer_invalid' },
      path => 'a1 b1', class => 'suspended',
      rest => [project => 'pa', undef, 'suspended', 'learned', DAY, DAY] },

    { name => 'service disabled', rule => { case => 'service_disabled' },
      path => 'a1 b1', class => 'service_disabled',
      rest => [project => 'pa', undef, 'service_disabled', 'learned',
               HOUR, HOUR] },

    { name => 'access denied', rule => { case => 'denied' },
      path => 'a1 b1', class => 'denied',
      rest => [project => 'pa', undef, 'denied', 'guessed', 54, 66] },

    { name => 'no billing', rule => { case => 'billing' },
      path => 'a1 b1', class => 'billing',
      rest => [project => 'pa', undef, 'billing', 'learned', HOUR, HOUR] },

    # cell and model

    { name => 'closed to new users', rule => { case => 'closed404' },
      path => 'a1 b1', class => 'model_closed',
      rest => [cell => 'pa', $flash, 'model_closed', 'learned',
               6 * HOUR, 24 * HOUR] },

    { name => 'permission', rule => { case => 'permission' },
      path => 'a1 b1', class => 'permission',
      rest => [cell => 'pa', $flash, 'permission', 'guessed', 9, 11] },

    { name => 'no such model',
      rule => { case => 'model404', key => '*', model => $flash },
      path => 'a1 a1/lite', class => 'model_unknown', again => 'a1/lite',
      rest => [model => $flash, undef, 'model_unknown', 'learned',
               MINUTE, MINUTE] },

    # the service: nobody rests

    (map { { name => $_, rule => { case => $_, model => $flash },
             path => 'a1 a1/lite', class => 'overloaded' } }
         qw(overloaded503 demand503 unavailable503 deadline503)),

    { name => 'a model overloaded, with no other', conf => 'fallback off;',
      rule => { case => 'overloaded503' },
      path => 'a1 a2', class => 'overloaded' },

    { name => '500', rule => { case => 'internal500' },
      path => 'a1 a2', class => 'server' },

    { name => '500 from two keys',
      rule => { case => 'internal500', key => '*', model => $flash },
      path => 'a1 a2 a1/lite', class => 'server' },

    { name => '504', rule => { case => 'deadline504' },
      path => 'a1 a2', class => 'deadline' },

    { name => '502 in HTML', rule => { case => 'html502' },
      path => 'a1 a2', class => 'bad_gateway' },

    { name => '503 in HTML', rule => { case => 'html502', status => 503 },
      path => 'a1 a2', class => 'bad_gateway' },

    { name => 'an empty 200', rule => { empty200 => 1 },
      path => 'a1 a2', class => 'empty' },

    { name => 'the place we call from', rule => { case => 'location' },
      path => 'a1 a2', class => 'location' },

    { name => 'our credentials', rule => { case => 'multiple_credentials' },
      path => 'a1 a2', class => 'gateway' },

    # an error that begins with 200

    { name => 'an error in a 200', rule => { error200 => 'data',
                                             case => 'full429_minute' },
      path => 'a1 b1', class => 'PerMinute',
      rest => [cell => 'pa', $flash, 'PerMinute', 'told', 34.8, 34.9] },

    (map { { name => "an error as the first event, $_", verb => 'sse',
             rule => { error200 => $_, case => 'overloaded503',
                       model => $flash },
             path => 'a1 a1/lite', class => 'overloaded' } } qw(data bare)),

    { name => 'an error in an array', verb => 'stream',
      rule => { error200 => 'data', case => 'prepaid402' },
      path => 'a1 c1', class => 'credit',
      rest => [account => 'acme', undef, 'credit', 'learned', HOUR, HOUR] },

    { name => 'an error in a 200, OpenAI', verb => 'chat',
      rule => { error200 => 'data', case => 'key_invalid' },
      path => 'a1 a2', class => 'key_invalid',
      again => 'a2', blocked => 'openai' },

    # other verbs and surfaces

    { name => 'the list of models, a dead key', verb => 'list',
      rule => { case => 'key_invalid' }, path => 'a1 a2',
      class => 'key_invalid', rest => [key => 'a1', undef, 'key_invalid'] },

    { name => 'the list of models, 429', verb => 'list',
      rule => { case => 'full429_minute' }, path => 'a1 b1',
      class => 'PerMinute' },

    { name => 'the list of models, 503', verb => 'list',
      rule => { case => 'overloaded503' }, path => 'a1 a2',
      class => 'overloaded' },

    { name => 'a model, reset', verb => 'get', rule => { reset => 1 },
      path => 'a1 a2', class => 'transport' },

    { name => 'countTokens, 429', verb => 'count',
      rule => { case => 'full429_minute' }, path => 'a1 b1',
      class => 'PerMinute',
      rest => [cell => 'pa', $flash, 'PerMinute', 'told', 34.8, 34.9] },

    { name => 'embedContent, 503', verb => 'embed',
      rule => { case => 'overloaded503' }, path => 'a1 a2',
      class => 'overloaded' },

    { name => 'batchEmbedContents, 429', verb => 'embeds',
      rule => { case => 'full429_minute' }, path => 'a1 b1',
      class => 'PerMinute',
      rest => [cell => 'pa', $embedding, 'PerMinute', 'told', 34.8, 34.9] },

    { name => 'a stream of OpenAI, an error first', verb => 'chats',
      rule => { error200 => 'data', case => 'overloaded503',
                model => $flash },
      path => 'a1 a1/lite', class => 'overloaded' },

    { name => 'an OpenAI key', verb => 'chat',
      rule => { case => 'key_invalid' }, path => 'a1 a2', again => 'a2',
      class => 'key_invalid', blocked => 'openai' },

    { name => 'interactions, rate', verb => 'interact',
      rule => { status => 429, body => '{"error":{"code":'
                . '"rate_limit_exceeded","message":"Slow down"}}' },
      path => 'a1 b1', class => 'PerMinute',
      rest => [cell => 'pa', $flash, 'PerMinute', 'learned', 60, 60] },

    { name => 'interactions, quota', verb => 'interact', date => $winter,
      rule => { status => 429, body => '{"error":{"code":'
                . '"quota_exceeded","message":"No more today"}}' },
      path => 'a1 b1', class => 'PerDay',
      rest => [cell => 'pa', $flash, 'PerDay', 'learned', 12 * HOUR,
               12 * HOUR + 2 * MINUTE] },

    { name => 'interactions, credit', verb => 'interact',
      rule => { status => 402, body => '{"error":{"code":'
                . '"payment_required","message":"No more credit"}}' },
      path => 'a1 c1', class => 'credit',
      rest => [account => 'acme', undef, 'credit', 'learned', HOUR, HOUR] },

    # no answer

    { name => 'connection refused', upstream => 'refused', rule => {},
      path => 'a2', class => 'transport' },

    { name => 'reset', rule => { reset => 1 },
      path => 'a1 a2', class => 'transport' },

    { name => 'closed', rule => { close => 1 },
      path => 'a1 a2', class => 'transport' },

    { name => 'not HTTP', rule => { garbage => 1 },
      path => 'a1 a2', class => 'transport' },

    { name => 'cut before anything was said',
      rule => { cut_at_byte => 0 }, path => 'a1 a2', class => 'transport' },

    { name => 'nothing comes', conf => 'attempt_timeout 200ms;',
      rule => { hang => 1 }, path => 'a1 a2', class => 'timeout' },

    { name => 'a header and no more', conf => 'attempt_timeout 200ms;',
      rule => { hang_after_headers => 1 },
      path => 'a1 a2', class => 'timeout' },

    { name => 'no first byte', model => "model $flash first_byte=200ms;",
      rule => { hang => 1 }, path => 'a1 a2', class => 'timeout' },

    { name => 'a bad gateway before us',
      rule => { status => 504, body => '<html>no</html>' },
      path => 'a1 a2', class => 'deadline' },
);

my $t = GeminiTest->new;
my $fake = $t->fake(keys => keys_of(qw(a1 a2 b1 c1)));

$t->conf(conf());
$t->start;

my $content = { parts => [{ text => 'Hello' }] };
my $body = { contents => [$content] };
my $chat = { model => $flash, messages => [] };

my %verbs = (
    json     => [POST => "models/$flash:generateContent", $body],
    sse      => [POST => "models/$flash:streamGenerateContent?alt=sse",
                 $body],
    stream   => [POST => "models/$flash:streamGenerateContent", $body],
    count    => [POST => "models/$flash:countTokens", $body],
    list     => [GET => 'models'],
    get      => [GET => "models/$flash"],
    embed    => [POST => "models/$embedding:embedContent",
                 { content => $content }],
    embeds   => [POST => "models/$embedding:batchEmbedContents",
                 { requests => [{ model => "models/$embedding",
                                  content => $content }] }],
    chat     => [POST => 'openai/chat/completions', $chat],
    chats    => [POST => 'openai/chat/completions',
                 { %$chat, stream => \1 }],
    interact => [POST => 'interactions', { model => $flash, input => 'Hi' }],
);

run($_, $cases[$_]) for 0 .. $#cases;

$t->done;


sub conf {
    my %conf;

    for my $i (0 .. $#cases) {
        my $case = $cases[$i];
        my $models = $case->{model} // "model $flash;";

        $conf{"p$i"} = { upstream => $case->{upstream}, conf => <<"END" };
$keys
    $models
    model $lite;
    model $embedding;
    cooldown 60s;
    queue 0;
    @{[$case->{conf} // '']}
END
    }

    return pools_conf(pools => \%conf,
                      log => '$request_uri $gemini_outcome $gemini_attempts'
                             . ' $gemini_trail',
                      http => <<'HTTP', server => <<'SERVER');

map $gemini_key_name $backend {
    volatile;
    default  %%FAKE%%;
    a1       127.0.0.1:%%PORT_2%%;
}
HTTP
location = /refused {
        internal;
        proxy_pass http://$backend;
        include %%ROOT%%/conf/gemini_proxy.conf;
    }
SERVER
}


sub run {
    my ($i, $case) = @_;
    my $rule = $case->{rule};
    my $name = $case->{name};
    my $rest = $case->{rest};

    $rule->{key} //= secret('a1');
    $rule->{headers} = { Date => date($case->{date}) } if $case->{date};

    $fake->reset;
    $fake->script(rules($rule));

    my $r = ask($i, $case);
    is($r->{status}, 200, "$name: served");
    like($r->{body}, qr/"(?:candidates|choices|totalTokens|models|name|values
                            |output)"/x, "$name: .. with an answer");
    is(path($fake), $case->{path}, "$name: the way there");

    my $log = log_line($t, "p$i");
    like($log, qr/:\Q$case->{class}\E[: ]/, "$name: $case->{class}");
    like($log, $case->{path} =~ /lite/ ? qr/^\S+ fallback /
                                       : qr/^\S+ failover /,
         "$name: outcome");

    resting($i, $name, $rest);

    my @path = split / /, $case->{path};
    my $again = $case->{again} // ($rest ? $path[-1] : $case->{path});

    $fake->script(rules($rule));
    my $since = ($fake->log)[-1]{seq};

    $r = ask($i, $case);
    is($r->{status}, 200, "$name: served again");
    is(path($fake, since => $since), $again, "$name: the way that is known");

    resting($i, "$name, seen twice", $case->{later}) if $case->{later};

    my $status = $t->status("p$i");
    is($status->{attempts}{in_flight}, 0, "$name: nothing left in flight");

    my ($a1) = grep { $_->{name} eq 'a1' } @{$status->{keys}};
    is("@{$a1->{blocked_surfaces} // []}", $case->{blocked} // '',
       "$name: surfaces where the key does not work");

    return;
}


sub ask {
    my ($i, $case) = @_;
    my ($method, $target, $data) = @{$verbs{$case->{verb} // 'json'}};

    return $t->request($method, "/p$i/v1beta/$target", {}, $data);
}


# the fake serves no interactions by itself
sub rules {
    my ($rule) = @_;

    return (keys %$rule > 1 ? $rule : (),
            { path => '/interactions', body => { output => [] } });
}


# exactly this rests, nothing else
sub resting {
    my ($i, $name, $rest) = @_;
    my $status = $t->status("p$i", view => 'cooldowns');
    my @rows = @{$status->{cooldowns}};

    if (!$rest) {
        is(scalar @rows, 0, "$name: nothing rests")
            or diag(explain(\@rows));
        return;
    }

    my ($scope, $of, $model, $reason, $provenance, $least, $most) = @$rest;

    is(scalar @rows, 1, "$name: one rests") or diag(explain(\@rows));

    my $row = $rows[0] // {};
    is($row->{scope}, $scope, "$name: the $scope");
    is($row->{name}, $of, "$name: $of");
    is($row->{model}, $model, "$name: its model");
    is($row->{reason}, $reason, "$name: for $reason");

    if (!defined $least) {
        is($row->{state}, 'disabled', "$name: for good");
        return;
    }

    is($row->{state}, 'resting', "$name: for a time");
    is($row->{provenance}, $provenance, "$name: $provenance");

    # written in whole seconds

    my $length = seconds($row->{until}) - seconds($row->{since});
    cmp_ok($length, '>=', $least - 1, "$name: long enough");
    cmp_ok($length, '<=', $most + 1, "$name: not too long");

    return;
}


# of RFC 3339
sub seconds {
    my ($time) = @_;
    my ($y, $m, $d, $h, $i, $s) = ($time // '')
        =~ /^(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)Z$/ or return 0;

    return timegm($s, $i, $h, $d, $m - 1, $y);
}


sub date {
    my ($time) = @_;
    return strftime('%a, %d %b %Y %H:%M:%S GMT', gmtime $time);
}
