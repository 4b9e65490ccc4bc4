# The status document as a whole: every member is named here, so that one that
# is missing or new fails; then its views, explain, health, and who may ask.

use strict;
use warnings;

use POSIX 'strftime';
use Test::More;
use lib 't/lib';
use GeminiTest;

my $t = GeminiTest->new;
my $fake = $t->fake(keys => {
    'pool-key-1-secret' => 'p1', 'pool-key-2-secret' => 'p1',
    'pool-key-3-secret' => 'p2', 'pool-key-4-secret' => 'p3',
    'pool-key-5-secret' => 'p3',
});

my $flash = 'gemini-3.8-flash';
my $lite = 'gemini-3.5-flash-lite';
my $embed = 'gemini-embedding-001';

$t->conf(<<'EOT');
gemini_pool main {
    key    pool-key-1-secret name=k1 project=p1 account=acme;
    key    pool-key-2-secret name=k2 project=p1 account=acme;
    key    pool-key-3-secret name=k3 project=p2 priority=1 weight=2;
    key    pool-key-4-secret name=k4 project=p3 priority=2 max_conns=8;
    key    pool-key-5-secret name=k5 project=p3 priority=2 models=*-lite disabled;
    model  gemini-3.8-flash max_tokens=65536 rpm=10 tpm=100k rpd=100;
    model  gemini-3.5-flash-lite;
    alias  gpt-4o-mini gemini-3.5-flash-lite;
    limit  project=p3 model=gemini-3.8-flash rpm=20;
}

gemini_pool strict {
    key       pool-key-1-secret name=only;
    model     gemini-3.8-flash;
    unlisted  off;
}

server {
    listen 127.0.0.1:%%PORT_0%%;
    location / { gemini_pass main /gemini-upstream; }
    location /strict/ { gemini_pass strict /gemini-upstream; }
    %%GEMINI_UPSTREAM%%
}

server {
    listen 127.0.0.1:%%PORT_1%%;
    listen 127.0.0.1:%%PORT_2%% http2;
    location /gemini/status { gemini_status main; }
    location /gemini/status/strict { gemini_status strict; }
}
EOT

$t->start;

my @to = (port => $t->port(1));
my $hello = {contents => [{parts => [{text => 'Hello'}]}]};

# matchers

my $number = sub { defined $_[0] && $_[0] =~ /^\d+(?:\.\d+)?$/ };
my $time = sub { defined $_[0] && $_[0] =~ /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/ };
my $true = sub { ref $_[0] && $_[0] };
my $false = sub { ref $_[0] && !$_[0] };


# the places where got differs from wanted: scalars, matchers, regular
# expressions; of hashes and lists all members
sub differences {
    my ($got, $want, $path) = @_;
    my $shown = defined $got ? "\"$got\"" : 'null';

    if (ref $want eq 'CODE') {
        return $want->($got) ? () : "$path is $shown";
    }

    if (ref $want eq 'Regexp') {
        return defined $got && $got =~ $want ? () : "$path is $shown";
    }

    if (ref $want eq 'HASH') {
        return "$path is no object" if ref $got ne 'HASH';

        return
            map({ "$path.$_ is missing" } grep { !exists $got->{$_} }
                sort keys %$want),
            map({ "$path.$_ is new" } grep { !exists $want->{$_} }
                sort keys %$got),
            map({ differences($got->{$_}, $want->{$_}, "$path.$_") }
                grep { exists $got->{$_} } sort keys %$want);
    }

    if (ref $want eq 'ARRAY') {
        return "$path is no list" if ref $got ne 'ARRAY';
        return "$path has " . @$got . " items" if @$got != @$want;

        return map { differences($got->[$_], $want->[$_], "$path\[$_]") }
            0 .. $#$want;
    }

    return if !defined $got && !defined $want;
    return "$path is $shown" if !defined $got || !defined $want
                                || $got ne $want;
    return;
}


sub is_document {
    my ($got, $want, $name) = @_;
    my @found = differences($got, $want, '');

    ok(!@found, $name);
    diag($_) for @found;

    return;
}


# blocks that many records have

sub state {
    my ($state, %more) = @_;

    return (state => $state, reason => undef, until => undef, left => undef,
            provenance => undef, note => undef, since => undef,
            in_flight => 0, %more);
}


sub counters {
    my %n = @_;
    my %tokens = map { $_ => delete $n{$_} // 0 }
        qw(prompt output thought cached);

    return (requests => 0, ok => 0, quota => 0, faults => 0, errors => 0,
            client => 0, cost => 0, %n, tokens => \%tokens);
}


sub key {
    my ($name, $project, $account, %more) = @_;

    return {
        name => $name, fingerprint => qr/^[0-9a-f]{16}$/,
        project => $project, account => $account, scope => undef,
        state('usable'), counters(), priority => 0, weight => 1,
        max_conns => undef, models => undef, blocked_verbs => [],
        blocked_surfaces => [], last_used => undef, %more,
    };
}


sub model {
    my ($name, %more) = @_;
    my %none = (mean => undef, p50 => undef, p95 => undef);

    return {
        name => $name, kind => 'text', listed => $true, fallback => $true,
        state('usable'), counters(), max_tokens => undef, last_used => undef,
        attempts_10s => 0, overloads_10s => 0, probes => 0, probes_ok => 0,
        window => {size => 20, samples => 0, ok => 0, success_rate => undef,
                   latency => {%none}, ttft => {%none}, prompt => 0,
                   output => 0},
        capacity => {usable => 0, rpm_left => undef, tpm_left => undef,
                     rpd_left => undef, unlimited => 0, next_relief => undef,
                     exhausts_at => undef},
        %more,
    };
}


# --- traffic: k1 has spent its day, k3 is dead, k4 serves ---

is($t->get('/gemini/status?view=health', {}, @to)->{status}, 200, 'healthy');

# by a clock that is not at midnight in California: then it would be a guess

my $noon = strftime('%a, %d %b %Y 20:00:00 GMT', gmtime);

$fake->script(
    {key => 'pool-key-1-secret', case => 'full429_day', limit => 100,
     headers => {Date => $noon}},
    {key => 'pool-key-2-secret', case => 'full429_day', limit => 100,
     headers => {Date => $noon}},
    {key => 'pool-key-3-secret', case => 'key_invalid'},
    {key => 'pool-key-4-secret',
     usage => {prompt => 11, output => 7, thought => 3, cached => 2,
               total => 21}},
);

my $r = $t->post("/v1beta/models/$flash:generateContent", {}, $hello);

is($r->{status}, 200, 'served');
is(scalar $fake->log, 3, 'by the third key');

my $first = ($fake->log)[0]{key} eq 'pool-key-1-secret' ? 'k1' : 'k2';


# --- the whole ---

my $whole = $t->get('/gemini/status', {}, @to);

is($whole->{status}, 200, 'the whole document');
is($whole->{headers}{'content-type'}, 'application/json', 'its type');
is($whole->{headers}{'cache-control'}, 'no-store', 'is not to be kept');
is($whole->{headers}{'content-length'}, length $whole->{body}, 'its length');

like($whole->{body},
     qr/\A\{"pool":"main","lock":null,"totals":\{.*\},"upstream":\{.*\},
        "accounts":\[.*\],"projects":\[.*\],
        "keys":\[\{"name":"k1","fingerprint":"[0-9a-f]{16}","project":"p1",
        "state":"usable","reason":null,"until":null,"left":null,
        "provenance":null,"note":null,"in_flight":0,.*\],
        "models":\[\{"name":"$flash","kind":"text","state":"usable",.*
        "capacity":\{"usable":\d+,"rpm_left":\d+,"tpm_left":\d+,
        "rpd_left":\d+,"unlimited":0,"next_relief":"[^"]+",
        "exhausts_at":[^,]+\},?.*\],
        "teams":\[\],"cells":\[.*\],"queue":\{.*\},"attempts":\{.*\},"probe":\{.*\},
        "limits":\{.*\},
        "uptime":\d+\.\d{3},"versions":\{.*\},"state":\{.*\}\}\n\z/x,
     'its members, in their order');

my %day = (reason => 'PerDay', until => $time, left => $number,
           provenance => 'learned', since => $time);
my @served = (requests => 1, ok => 1, prompt => 11, output => 7,
              thought => 3, cached => 2);
my %none = (prompt => 0, output => 0, thought => 0, cached => 0);
my %learned = map { ($_ => undef, "${_}_at" => undef) } qw(rpm tpm rpd);
my %used = (minute_requests => 1, minute_tokens => $number,
            minute_ends => $time, day_requests => 1);

my @accounts = (
    {name => 'acme', state('usable'), counters(requests => 1, quota => 1)},
    {name => 'p2', state('usable'), counters(requests => 1, faults => 1)},
    {name => 'p3', state('usable'), counters(@served)},
);

my @projects = (
    {name => 'p1', account => 'acme', scope => undef, state('usable'),
     counters(requests => 1, quota => 1)},
    {name => 'p2', account => 'p2', scope => undef, state('usable'),
     counters(requests => 1, faults => 1)},
    {name => 'p3', account => 'p3', scope => undef, state('usable'),
     counters(@served)},
);

my @keys = (
    (map {
        key($_, 'p1', 'acme',
            $_ eq $first ? (last_used => $time,
                            counters(requests => 1, quota => 1)) : ())
    } qw(k1 k2)),
    key('k3', 'p2', 'p2', priority => 1, weight => 2, last_used => $time,
        state('disabled'), reason => 'key_invalid', provenance => 'told',
        scope => 'key', since => $time,
        counters(requests => 1, faults => 1)),
    key('k4', 'p3', 'p3', priority => 2, max_conns => 8, last_used => $time,
        counters(@served)),
    key('k5', 'p3', 'p3', priority => 2, models => '*-lite',
        state('disabled'), reason => 'configured', provenance => 'set',
        scope => 'key'),
);

my @models = (
    model($flash, max_tokens => 65536, last_used => $time,
          attempts_10s => $number, 
          counters(@served, requests => 3, quota => 1, faults => 1),
          window => {
              size => 20, samples => 1, ok => 1, success_rate => 1,
              latency => {mean => $number, p50 => $number, p95 => $number},
              ttft => {mean => $number, p50 => $number, p95 => $number},
              prompt => 11, output => 10,
          },
          capacity => {
              usable => 1, rpm_left => 19, tpm_left => 99989, rpd_left => 99,
              unlimited => 0, next_relief => $time,
              exhausts_at => sub { !defined $_[0] || $time->(@_) },
          }),
    model($lite,
          capacity => {
              usable => 3, rpm_left => undef, tpm_left => undef,
              rpd_left => undef, unlimited => 2, next_relief => undef,
              exhausts_at => undef,
          }),
);

my @cells = (
    {project => 'p1', model => $flash, state('resting'), %day, requests => 1,
     refused => 1, use => {%used},
     limits => {rpm => 10, tpm => 100000, rpd => 100},
     rpm_left => 9, tpm_left => $number, rpd_left => 99,
     learned => {%learned, rpd => 100, rpd_at => $time}},
    {project => 'p2', model => $flash, state('usable'), requests => 1,
     refused => 0, use => {%used},
     limits => {rpm => 10, tpm => 100000, rpd => 100},
     rpm_left => 9, tpm_left => $number, rpd_left => 99,
     learned => {%learned}},
    {project => 'p3', model => $flash, state('usable'), requests => 1,
     refused => 0, use => {%used, minute_tokens => 11},
     limits => {rpm => 20, tpm => 100000, rpd => 100},
     rpm_left => 19, tpm_left => 99989, rpd_left => 99,
     learned => {%learned}},
);

my %outcomes = map { $_ => 0 } qw(ok failover fallback client_error exhausted
    overloaded upstream_down cut client_gone refused);

is_document($whole->{json}, {
    pool => 'main',
    lock => undef,
    totals => {requests => 1, outcomes => {%outcomes, failover => 1},
               tokens => {prompt => 11, output => 7, thought => 3,
                          cached => 2},
               cost => 0, lost => 0, rebuilt => 0},
    upstream => {state => 'up', until => undef, left => undef,
                 transport_failures => 0,
                 clock_skew => qr/^-?\d+(?:\.\d+)?$/},
    accounts => \@accounts,
    projects => \@projects,
    keys => \@keys,
    models => \@models,
    teams => [],
    cells => \@cells,
    queue => {size => 256, waiting => 0, max_seen => 0, entered => 0,
              full => 0, timeout => 0, seconds => 0},
    attempts => {total => 3, in_flight => 0,
                 by_class => {ok => 1, PerDay => 1, key_invalid => 1},
                 retry_budget => {left => $number, refused => 0}},
    limits => {
        tries => 6, timeout => 120, attempt_timeout => 0, queue => 256,
        queue_timeout => 15, cooldown => 60, cooldown_max => 600,
        window => 20, fallback => $true, prefer => 'model', nodes => 1,
        unlisted => $true,
        used => {keys => 5, projects => 3, accounts => 3, models => 2,
                 reservations => 0, owners => 0},
        room => {keys => $number, projects => $number, accounts => $number,
                 models => $number, reservations => $number,
                 owners => $number},
    },
    resources => {},
    probe => {pending => 0, done => 0, failed => 0, last => undef, lists => 0,
              lists_ok => 0, prompts => 0, prompts_ok => 0},
    uptime => $number,
    state => {file => undef, saved_at => undef, bytes => 0,
              failing => $false, failures => 0},
    versions => {module => qr/^\d+\.\d+\.\d+$/, nginx => qr/^\d+\.\d+\.\d+$/,
                 configuration => 1},
}, 'every member of it, and no other');

my ($print) = map { $_->{fingerprint} } @{$whole->{json}{keys}};

isnt($print, $whole->{json}{keys}[1]{fingerprint}, 'fingerprints differ');


# --- views ---

$r = $t->get('/gemini/status?view=keys', {}, @to);
is_document($r->{json}, {pool => 'main', keys => \@keys}, 'view keys');

$r = $t->get('/gemini/status?view=models', {}, @to);
is_document($r->{json}, {pool => 'main', models => \@models}, 'view models');

$r = $t->get('/gemini/status?view=cooldowns', {}, @to);
is_document($r->{json}, {pool => 'main', cooldowns => [
    {scope => 'key', name => 'k3', model => undef, state => 'disabled',
     reason => 'key_invalid', until => undef, left => undef,
     provenance => 'told', note => undef, since => $time},
    {scope => 'key', name => 'k5', model => undef, state => 'disabled',
     reason => 'configured', until => undef, left => undef,
     provenance => 'set', note => undef, since => undef},
    {scope => 'cell', name => 'p1', model => $flash, state => 'resting',
     note => undef, %day},
]}, 'view cooldowns');

$r = $t->get('/gemini/status?view=events', {}, @to);
is_document($r->{json}, {pool => 'main', events => [
    {time => $time, type => 'disabled', action => undef, scope => 'key',
     label => 'k3', model => undef, reason => 'key_invalid', until => undef,
     provenance => qr/./, number => undef, request_id => qr/^[0-9a-f]{32}$/},
    {time => $time, type => 'rest', action => undef, scope => 'cell',
     label => 'p1', model => $flash, reason => 'PerDay', until => $time,
     provenance => 'learned', number => undef,
     request_id => qr/^[0-9a-f]{32}$/},
]}, 'view events, the newest first');

$r = $t->get('/gemini/status?view=', {}, @to);
is($r->{json}{uptime} >= 0, 1, 'an empty view is the whole');

$r = $t->get('/gemini/status?format=json&view=keys', {}, @to);
is_document($r->{json}, {pool => 'main', keys => \@keys}, 'format json');


# --- explain ---

my %last = (lack => undef, reason => undef, until => undef, left => undef);

$r = $t->get("/gemini/status?explain=models%2F$flash", {}, @to);
is_document($r->{json}, {
    pool => 'main', requested => "models/$flash", model => $flash,
    treatment => 'listed', order => [$flash, $lite],
    candidates => [
        {rank => 1, key => 'k4', project => 'p3', account => 'p3',
         model => $flash, priority => 2, usable => $true, %last},
        {rank => 2, key => qr/^k[12]$/, project => 'p1', account => 'acme',
         model => $lite, priority => 0, usable => $true, %last},
        {rank => 3, key => qr/^k[12]$/, project => 'p1', account => 'acme',
         model => $lite, priority => 0, usable => $true, %last},
        {rank => 4, key => 'k4', project => 'p3', account => 'p3',
         model => $lite, priority => 2, usable => $true, %last},
        {rank => undef, key => 'k1', project => 'p1', account => 'acme',
         model => $flash, priority => 0, usable => $false, lack => 'quota',
         reason => 'PerDay', until => $time, left => $number},
        {rank => undef, key => 'k2', project => 'p1', account => 'acme',
         model => $flash, priority => 0, usable => $false, lack => 'quota',
         reason => 'PerDay', until => $time, left => $number},
        {rank => undef, key => 'k3', project => 'p2', account => 'p2',
         model => $flash, priority => 1, usable => $false, lack => 'key',
         reason => 'key_invalid', until => undef, left => undef},
        {rank => undef, key => 'k3', project => 'p2', account => 'p2',
         model => $lite, priority => 1, usable => $false, lack => 'key',
         reason => 'key_invalid', until => undef, left => undef},
        {rank => undef, key => 'k5', project => 'p3', account => 'p3',
         model => $lite, priority => 2, usable => $false, lack => 'key',
         reason => 'configured', until => undef, left => undef},
    ],
    usable => 4, next_relief => $time,
}, 'explain');

$r = $t->get("/gemini/status?explain=gpt-4o-mini&keys=project:p3", {}, @to);
is($r->{json}{treatment}, 'alias', 'explain an alias');
is($r->{json}{model}, $lite, 'what it stands for');
is($r->{json}{usable}, 1, 'of one project only');

$r = $t->get('/gemini/status?explain=auto', {}, @to);
is($r->{json}{treatment}, 'virtual', 'explain a virtual model');
is_deeply($r->{json}{order}, [$flash, $lite], 'its order');

$r = $t->get('/gemini/status?explain=no-such-model', {}, @to);
is($r->{json}{treatment}, 'unlisted', 'explain an unlisted model');

$r = $t->get('/gemini/status/strict?explain=no-such-model', {}, @to);
is($r->{json}{treatment}, 'refused', 'explain a model that is refused');
is_deeply($r->{json}{candidates}, [], 'there is no candidate');

is($t->get('/gemini/status', {}, @to)->{json}{attempts}{total}, 3,
   'explain reserves and counts nothing');


# --- an unlisted model that was used ---

$t->post("/v1beta/models/$embed:embedContent", {},
         {content => {parts => [{text => 'x'}]}});

my ($unlisted) = grep { $_->{name} eq $embed }
    @{$t->get('/gemini/status?view=models', {}, @to)->{json}{models}};

ok($unlisted, 'an unlisted model is shown once it has served');
is($unlisted->{kind}, 'embedding', 'its kind');
ok(!$unlisted->{listed}, 'it is not listed');


# --- health ---

$r = $t->get('/gemini/status/strict?view=health', {}, @to);
is($r->{status}, 200, 'health');
is_document($r->{json}, {pool => 'strict', healthy => $true, lack => [],
                         until => undef, left => undef}, 'as a document');

my $length = length $r->{body};

$r = $t->request(HEAD => '/gemini/status/strict?view=health', {}, undef,
                 @to);
is($r->{status}, 200, 'HEAD');
is($r->{headers}{'content-length'}, $length, 'has the length');
is($r->{body}, '', 'but no body');

$r = $t->post("/strict/v1beta/models/$flash:generateContent", {}, $hello);
is($r->{status}, 429, 'the only key is spent');

$r = $t->get('/gemini/status/strict?view=health', {}, @to);
is($r->{status}, 503, 'no key can serve');
is_document($r->{json}, {pool => 'strict', healthy => $false,
                         lack => ['quota'], until => $time,
                         left => $number}, 'what it lacks');


# --- what is refused ---

$r = $t->post('/gemini/status', {}, '{}', @to);
is($r->{status}, 405, 'POST');
is($r->{headers}{allow}, 'GET, HEAD', 'what is allowed');
is($r->{json}{error}{code}, 405, 'as a document');

$r = $t->get('/gemini/status?view=nothing%22', {}, @to);
is($r->{status}, 404, 'an unknown view');
is($r->{json}{error}{value}, 'nothing"', 'which');
is_deeply($r->{json}{error}{known},
          [qw(keys models cooldowns events tiers stats teams health)],
          'and those that are');

$r = $t->get('/gemini/status?format=xml', {}, @to);
is($r->{status}, 400, 'an unknown format');
is_deeply($r->{json}{error}{known}, [qw(json prometheus openmetrics html)],
          'and those that are');

is($t->get('/gemini/status?explain=', {}, @to)->{status}, 400,
   'explain without a model');


# --- HTTP/2 ---

$r = $t->h2(GET => '/gemini/status', {}, undef, port => $t->port(2));
is($r->{status}, 200, 'over HTTP/2');
is($r->{json}{pool}, 'main', 'the same document');

$t->stop;


# --- a pool of many: several turns of the event loop ---

my $n = 700;
my $big = GeminiTest->new;

$big->write('keys', join '', map { sprintf "big-pool-secret-%04d name=key-%04d"
                                   . " project=project-%d\n",
                                   $_, $_, $_ / 2 } 1 .. $n);

$big->conf(<<'EOT' . join('', map { "    model m$_ rpm=10;\n" } 1 .. 20)
gemini_pool main {
    keys   file:%%DIR%%/keys;
EOT
    . <<'EOT');
}

server {
    listen 127.0.0.1:%%PORT_1%%;
    location /gemini/status { gemini_status main; }
}
EOT

$big->start;
@to = (port => $big->port(1));

$r = $big->get('/gemini/status', {}, @to);
is(scalar @{$r->{json}{keys}}, $n, 'all keys of a large pool');
is($r->{json}{keys}[-1]{name}, "key-0$n", 'the last of them');
is_deeply([map { $_->{capacity}{usable} } @{$r->{json}{models}}],
          [($n) x 20], 'usable for each model');

$r = $big->get('/gemini/status?explain=m1', {}, @to);
is(scalar @{$r->{json}{candidates}}, 20 * $n, 'all candidates');
is($r->{json}{usable}, 20 * $n, 'all usable');
is($r->{json}{candidates}[63]{rank}, 64, '64 of them are ranked');

for my $i (1 .. 20) {
    my $exchange = $big->stream(GET => '/gemini/status', {}, undef, @to);

    $i % 2 ? $exchange->reset : $exchange->close;
}

is($big->get('/gemini/status?view=health', {}, @to)->{status}, 200,
   'clients that go away in between');

my ($answers) = $big->load(n => 40, c => 8, @to,
                           make => sub { ['GET', '/gemini/status'] });

is(scalar(grep { $_->{complete} && @{$_->{json}{keys}} == $n } @$answers), 40,
   'many at a time');

$big->done;
