# util/gemini-router as its user sees it: what it prints, its exit codes, and
# the files that it makes.

use strict;
use warnings;

use Cpanel::JSON::XS ();
use File::Temp ();
use POSIX ();
use Test::More;
use lib 't/lib';
use GeminiTest;

$SIG{PIPE} = 'IGNORE';

my $json = Cpanel::JSON::XS->new->utf8->canonical;
my $t = GeminiTest->new;
my $fake = $t->fake(keys => {
    'pool-key-1-secret' => 'p1', 'pool-key-2-secret' => 'p2',
    'pool-key-3-secret' => 'p3',
});

my $flash = 'gemini-3.8-flash';
my $lite = 'gemini-3.5-flash-lite';

$t->conf(<<'EOT');
gemini_pool main {
    key    pool-key-1-secret name=free1 project=p1;
    key    pool-key-2-secret name=free2 project=p2;
    key    pool-key-3-secret name=paid project=p3 priority=1;
    model  gemini-3.8-flash rpm=100 rpd=1000;
    model  gemini-3.5-flash-lite;
    alias  gpt-4o-mini gemini-3.5-flash-lite;
    queue  off;
}

map $http_x_goog_api_key $denied { default ""; wrong 1; }

server {
    listen 127.0.0.1:%%PORT_0%%;

    add_header X-Gemini-Model    $gemini_model always;
    add_header X-Gemini-Key      $gemini_key_name always;
    add_header X-Gemini-Attempts $gemini_attempts always;

    location / {
        if ($denied) { return 401; }
        gemini_pass main /gemini-upstream;
    }
    location /bare/ { return 200 "a page"; }
    location /dead/ { proxy_pass http://127.0.0.1:%%PORT_2%%; }
    %%GEMINI_UPSTREAM%%
}

server {
    listen 127.0.0.1:%%PORT_1%%;
    location /gemini/status { gemini_status main; }
    location /gemini/control { gemini_control main; }
    location /page/ { return 200 "a page"; }
    location /list/ { return 200 "{}"; }
}
EOT

$t->start;

my $script = $t->root . '/util/gemini-router';
my $gateway = 'http://127.0.0.1:' . $t->port(0);
my $operators = 'http://127.0.0.1:' . $t->port(1);

delete @ENV{grep { /^(GEMINI|GOOGLE)_/ } keys %ENV};
$ENV{GEMINI_ROUTER_URL} = "$operators/gemini";
$ENV{GEMINI_ROUTER_GATEWAY} = $gateway;

my $tmp = $t->dir . '/tmp';
mkdir $tmp;


# runs it by sh: {code, out, err, json}
sub run {
    my (@args) = @_;
    my %opt = ref $args[0] ? %{shift @args} : ();
    my ($in, $out, $err) = map { File::Temp->new } 1 .. 3;

    print $in $opt{in} // '';
    $in->flush;

    my $pid = fork // die "fork: $!\n";

    if ($pid == 0) {
        %ENV = (%ENV, TMPDIR => $tmp, %{$opt{env} // {}});
        open STDIN, '<', $in->filename or POSIX::_exit(99);
        open STDOUT, '>', $out->filename or POSIX::_exit(99);
        open STDERR, '>', $err->filename or POSIX::_exit(99);
        exec "/bin/sh", $script, @args or POSIX::_exit(99);
    }

    waitpid $pid, 0;

    my %got = (code => $? & 127 ? "signal $?" : $? >> 8);

    for (['out', $out], ['err', $err]) {
        local $/;
        open my $file, '<', $_->[1]->filename or die;
        $got{$_->[0]} = <$file> // '';
    }

    $got{json} = eval { $json->decode($got{out}) };
    push @{$t->{outputs}}, ["@args", $got{out} . $got{err}];

    return \%got;
}


sub is_run {
    my ($got, $code, $out, $err, $name) = @_;
    my $ok = $got->{code} eq $code && $got->{out} =~ $out
             && $got->{err} =~ $err;

    ok($ok, $name)
        or diag("exit $got->{code}\nout: $got->{out}\nerr: $got->{err}");

    return;
}

my $none = qr/\A\z/;


# --- help, usage ---

is_run(run('--help'), 0, qr/^usage: .*\bcooldowns\b.*exit codes/is, $none,
       'help');
is_run(run(), 2, $none, qr/^usage: /, 'nothing: usage');
is_run(run('--json'), 2, $none, qr/^usage: /, 'no command: usage');
is_run(run('nonsense'), 2, $none, qr/unknown command "nonsense"/,
       'an unknown command');

for my $command (qw(status stats tiers cooldowns explain route lock unlock
                    rank import))
{
    is_run(run($command, '--help'), 0, qr/^usage: gemini-router $command\b/,
           $none, "help of $command");
    is(run('help', $command)->{out}, run($command, '-h')->{out},
       ".. by another way");
    is_run(run($command, '--wrong'), 2, $none,
           qr/unknown option "--wrong".*try: gemini-router $command --help/s,
           ".. an unknown option");
}

is_run(run('explain'), 2, $none, qr/needs the name of a model/,
       'explain needs a model');
is_run(run('status', 'x'), 2, $none, qr/takes no "x"/, 'status takes none');
is_run(run('status', '--for', '1m'), 2, $none, qr/status has no --for/,
       'an option of another command');
is_run(run('status', '--url'), 2, $none, qr/--url needs a value/,
       'an option without its value');


# --- route ---

my $said = join ', ', "model $flash", 'key free[12]', 'attempts 1',
                     'tokens \d+ in \d+ out', '[\d.]+s';

is_run(run('route', 'Say hello.'), 0,
       qr/\AHello from the fake $flash\.\n\z/, qr/\A$said\n\z/,
       'route: the text, then who answered');

for my $case (
    ['quotes', q{"it's" `x` $HOME \\ \n %s *}],
    ['JSON', '{"contents": [1, "\\u0000"]}'],
    ['lines', "one\n\n\ttwo\n"],
    ['beyond ASCII', "Gr\xc3\xbc\xc3\x9fe \xf0\x9f\x98\x80"],
    ['control characters', "\x01\x1b[31m\x7f"],
    ['an option', '--json'],
    ['white space', '  '],
    ['@ and -', '@-'],
) {
    my ($name, $text) = @$case;

    $fake->reset;

    for my $got (run('route', '--', $text), run({in => $text}, 'route', '-'),
                 run({in => $text}, 'route'))
    {
        is($got->{code}, 0, "a prompt of $name") or diag($got->{err});
    }

    for my $entry ($fake->log) {
        my $sent = $json->decode($entry->{body})->{contents}[0];

        utf8::encode(my $bytes = $sent->{parts}[0]{text});
        is($bytes, $text, '.. is sent as it is');
        is($sent->{role}, 'user', '.. by the user');
    }
}

$fake->reset;
run('route', 'two', 'words');
is($json->decode(($fake->log)[0]{body})->{contents}[0]{parts}[0]{text},
   'two words', 'words are joined');

is_run(run('route', '--model', 'gpt-4o-mini', 'x'), 0,
       qr/fake $lite/, qr/^model $lite,/, 'an alias');
is_run(run('route', "--model=models/$lite", 'x'), 0,
       qr/fake $lite/, qr/^model $lite,/, 'a model with its prefix');

$fake->script({nth => 1, case => 'full429_day', limit => 100},
              {text => "two\nlines\n", events => 3,
               finish_reason => 'MAX_TOKENS',
               usage => {prompt => 11, output => 7, thought => 3, cached => 2,
                         total => 21}});

my $got = run('route', '--json', 'x');

is_run($got, 0, qr/^\{/, $none, 'as JSON');
is_deeply({%{$got->{json}}, key => undef, seconds => undef,
           first_byte => undef},
          {text => "two\nlines\n", model => $flash, key => undef,
           attempts => 2, seconds => undef, first_byte => undef,
           tokens => {prompt => 11, output => 7, thought => 3, cached => 2,
                      total => 21},
           finish => 'MAX_TOKENS'}, '.. all of it')
    or diag($got->{out});
like($got->{json}{key}, qr/^free[12]$/, '.. the label');

is_run(run('route', 'x'), 0, qr/\Atwo\nlines\n\n\z/,
       qr/tokens 11 in 7 out 3 thought, [\d.]+s, finish MAX_TOKENS$/,
       'thoughts and the reason of the end');


# --- the text comes as it is made ---

{
    $fake->reset;
    $fake->script({text => 'one two three', events => 3, gate_events => 'g'});

    my $pid = open(my $out, '-|', 'sh', '-c', 'exec sh "$0" "$@" 2>/dev/null',
                   $script, 'route', 'x') or die "fork: $!\n";
    my ($text, $ready) = ('', '');

    for my $want ('one ', 'one two ', 'one two three') {
        $fake->release('g', 1);

        vec($ready = '', fileno $out, 1) = 1;
        select $ready, undef, undef, $t->deadline(20);
        sysread $out, $text, 4096, length $text;
        is($text, $want, "\"$want\" has come");
    }

    $fake->release('g');
    1 while sysread $out, $text, 4096, length $text;
    close $out;
    is($?, 0, 'to the end');
}


# --- errors ---

$fake->reset;
$fake->script({case => 'bad_request'});

is_run(run('route', 'x'), 1, $none,
       qr/\Agemini-router: $gateway answers 400: /,
       'an error of the API');
is_run(run('route', '--json', 'x'), 1, $none, qr/ answers 400: /,
       '.. with --json nothing on standard output');

$fake->reset;
$fake->script({error200 => 'data', case => 'overloaded503'});
is_run(run('route', 'x'), 1, $none, qr/ answers 503: /, 'all is lost');

$fake->reset;
$fake->script({text => 'one two three four', events => 4,
               cut_midstream => 2});
is_run(run('route', 'x'), 5, qr/\Aone two /,
       qr/^model $flash,.*the answer was cut off: \S/s,
       'a stream that dies: what came, and why it ended');

is_run(run({env => {GEMINI_ROUTER_TOKEN => 'wrong'}}, 'route', 'x'), 1,
       $none, qr/ answers 401: /, 'the token is sent');
is_run(run('route', '--gateway', "$gateway/bare", 'x'), 4, $none,
       qr/does not stream as Gemini does/, 'a page in place of a gateway');
is_run(run('route', '--gateway', 'http://127.0.0.1:' . $t->port(3), 'x'), 3,
       $none, qr/cannot reach http:.*connect/i, 'route: nobody listens');
is_run(run('route', '--gateway', 'http://no-such-host.invalid', 'x'), 3,
       $none, qr/cannot reach http:.*resolve/i, 'route: an unknown host');


# --- views ---

$fake->reset;

my $status = run('status');

is_run($status, 0,
       qr/\APool main: 3 of 3 keys and 2 of 2 models usable, upstream up\nNot /,
       $none, 'status');
like($status->{out}, qr/^free1 +p1 +\w+ .*^paid +p3 +usable /ms, '.. keys');
like($status->{out}, qr/^$flash +usable /m, '.. models');
is(run('status', '--json')->{json}{pool}, 'main', '.. as JSON');

for my $view (qw(stats tiers cooldowns)) {
    is(run($view, '--json')->{json}{pool}, 'main', "$view as JSON");
}

is_run(run('stats'), 0, qr/\AMODEL +SAMPLES .*^$flash +\d+ +[\d.]+%/ms, $none,
       'stats');
is_run(run('tiers'), 0,
       qr/\AScore classic.*^FAST .*^$flash +[SABC] +\d .*^QUALITY .*^BALANCE/ms,
       $none, 'tiers');
is_run(run('cooldowns'), 0, qr/^cell +p[12] +$flash +resting +PerDay /m,
       $none, 'cooldowns');

is_run(run('explain', 'gpt-4o-mini'), 0,
       qr/\Agpt-4o-mini: alias for $lite\n.*^1 +free[12] +p[12] +$lite +-/ms,
       $none, 'explain');
is_run(run('explain', "models/$lite", '--keys', 'paid'), 0,
       qr/^1 +paid .*^- +free1 .*not_allowed/ms, $none,
       '.. with some of the keys');
is(run('explain', 'a b&c=d', '--json')->{json}{requested}, 'a b&c=d',
   '.. of any name');

is_run(run('status', '--url', "$operators/gemini/status/"), 0, qr/\APool main/,
       $none, 'the address of the status itself');
is_run(run('--url', "$operators/gemini", 'status'), 0, qr/\APool main/, $none,
       'an option before the command');
is_run(run('status', '--url', "$operators/page"), 4, $none,
       qr/is not the status of a pool/, 'a page');
is_run(run('status', '--url', "$operators/list"), 4, $none,
       qr/lacks what status shows/, 'JSON of something else');
is_run(run('status', '--url', "$operators/nothing"), 1, $none,
       qr/answers 404: no JSON/, 'an address without a status');
is_run(run('status', '--url', 'http://127.0.0.1:' . $t->port(3)), 3, $none,
       qr/cannot reach/, 'nobody listens');
is_run(run({env => {http_proxy => 'http://127.0.0.1:' . $t->port(3)}},
           'status'), 0, qr/\APool main/, $none,
       'no proxy for this machine');
symlink '/bin/cat', $t->dir . '/cat';
is_run(run({env => {PATH => $t->dir}}, 'status'), 127, $none,
       qr/curl is not installed/, 'without curl');


# --- control ---

is_run(run('lock', $lite), 0,
       qr/\APool main: locked to $lite \(before: not locked\)\n\z/, $none,
       'lock');
is_run(run('route', '--model', $flash, 'x'), 0, qr/fake $lite/,
       qr/^model $lite,/, '.. is obeyed');
like(run('status')->{out}, qr/^Locked to $lite,/m, '.. is shown');
is_run(run('lock', "models/$flash", '--for', '10m'), 0,
       qr/ to $flash for [\dm]+s \(before: locked to $lite\)/,
       $none, 'lock for a while');
is(run('lock', $flash, '--for=1h', '--json')->{json}{after}{lock}{model},
   $flash, '.. as JSON');
is_run(run('lock', 'no-such "model"'), 1, $none,
       qr/ answers 404: .*no-such "model".*known: .*$flash/,
       'an unknown model');
is_run(run('lock', $flash, '--for', 'long'), 1, $none,
       qr/ answers 400: .*long/, 'a bad time');
is_run(run('unlock'), 0, qr/\APool main: not locked \(before: locked to /,
       $none, 'unlock');
is_run(run('unlock'), 0, qr/\(before: not locked\)/, $none, '.. again');

is_run(run('rank'), 1, $none, qr/ answers \d+: prob/,
       'rank of a pool that does not probe');


# --- import ---

my $now = time;
my $ancestor = $t->dir . '/ancestor';
my %files = (
    'model_stats.json' => {
        "models/$flash" => [
            {success => \1, latency => 1.5, tokens => 120, timestamp => 1e9},
            {success => \0, latency => 0.5, timestamp => 1.1e9},
            {success => \1, latency => 2.5, tokens => 80},
        ],
        $lite => {history => [{success => 1, latency => 0.25}]},
    },
    'cooldowns.json' => {
        $flash => $now + 3600.5,
        own => ($now + 3600) * 1000,
        "free1:$lite" => $now + 1800,
        "secret-of-own-0123456789:$lite" => {until => $now + 1800},
        'AIzaUnknownSecret0123456789' => $now + 1800,
        3 => $now + 1800,
        over => $now - 10,
        'AIzaForgottenSecret0123456789' => 12.5,
    },
    'router_state.json' => {locked_model => $lite, current_key_index => 2},
);

mkdir $ancestor;


# the files, with some of them changed
sub ancestor {
    my (%changed) = @_;
    my %all = (%files, %changed);

    for my $name (keys %all) {
        my $data = $all{$name};

        unlink "$ancestor/$name";
        $t->write("ancestor/$name", ref $data ? $json->encode($data) : $data)
            if defined $data;
    }

    return;
}


ancestor();

my @import = ({env => {GEMINI_API_KEY_OWN => 'secret-of-own-0123456789'}},
              'import');

$got = run(@import, $ancestor);

is_run($got, 0, qr/^\{/,
       qr/\b2\ models\ with\ 4\ outcomes,\ 4\ cooldowns,\ locked\ to\ $lite$
          .*\b1\ cooldown\ left\ out,\ named\ by\ an\ unknown\ secret$
          .*\b1\ cooldown\ left\ out,\ named\ by\ the\ number\ of\ a\ key$/msx,
       'import: what is in it, what is not');
unlike("$got->{out}$got->{err}", qr/AIza|secret-of|0123456/, '.. no secret');
is_deeply({map { $_->{name} => $_->{window}{samples} }
           @{$got->{json}{models}}},
          {$flash => [[1500, 1500, 0, 120, 1], [500, 500, 0, 0, 0],
                      [2500, 2500, 0, 80, 1]],
           $lite => [[250, 250, 0, 0, 1]]}, '.. the outcomes');
is_deeply([map { "$_->{project}/$_->{model}" } @{$got->{json}{cells}}],
          ["free1/$lite", "GEMINI_API_KEY_OWN/$lite"],
          '.. cooldowns of a key and a model');

is_run(run(@import, $ancestor, '--output', "$ancestor/state"), 0, $none,
       qr/2 models/, 'to a file');
is((stat "$ancestor/state")[2] & 0777, 0600, '.. that others cannot read');
is_run(run(@import, $ancestor, '--output', "$ancestor/state"), 6, $none,
       qr/state exists/, '.. that did not exist');

for my $case (
    ['not an object', qr/model_stats.json is not an object/,
     'model_stats.json' => [1]],
    ['not JSON', qr/cooldowns.json cannot be read, or is not one JSON/,
     'cooldowns.json' => '{"a": 1'],
    ['two documents', qr/is not one JSON/, 'router_state.json' => '{} {}'],
    ['empty', qr/is not one JSON/, 'router_state.json' => ''],
    ['no list', qr/gemini-x has no list of outcomes/,
     'model_stats.json' => {'gemini-x' => 'fast'}],
    ['no truth', qr/gemini-x\[1\]: success is neither/,
     'model_stats.json' => {'gemini-x' => [{success => \1, latency => 1},
                                           {success => 'yes'}]}],
    ['no latency', qr/latency is not a number of seconds/,
     'model_stats.json' => {'gemini-x' => [{success => \1,
                                            latency => -1}]}],
    ['a secret as a model', qr/an entry is not named as a model/,
     'model_stats.json' => {'AIzaSecret0123456789' => []}],
    ['no time', qr/cooldowns.json: an entry is not a time/,
     'cooldowns.json' => {a => 'soon'}],
    ['no model', qr/locked_model is no name of a model/,
     'router_state.json' => {locked_model => 'a b'}],
) {
    my ($name, $says, %changed) = @$case;

    ancestor(%changed);
    is_run(run(@import, $ancestor), 6, $none, $says, "refused: $name");
}

ancestor('model_stats.json' => undef, 'cooldowns.json' => undef);
is_deeply(run(@import, $ancestor, '--pool', 'other')->{json}{lock},
          {model => $lite}, 'one of the files is enough');
ancestor(map { $_ => undef } keys %files);
is_run(run(@import, $ancestor), 6, $none, qr/has none of model_stats.json/,
       'none of them is not');
is_run(run(@import, "$ancestor/none"), 6, $none, qr/is not a directory/,
       'no such directory');


# --- the end ---

{
    $fake->reset;
    $fake->script({hang => 1});

    my $pid = fork // die "fork: $!\n";

    if ($pid == 0) {
        setpgrp;
        $ENV{TMPDIR} = $tmp;
        $SIG{PIPE} = $SIG{INT} = 'DEFAULT';
        exec '/bin/sh', $script, 'route', 'x' or POSIX::_exit(99);
    }

    $fake->wait(n => 1);
    kill INT => -$pid;
    waitpid $pid, 0;
    is($? & 127 || $? >> 8, 130, 'interrupted');
}

is_deeply([glob "$tmp/gemini-router*"], [], 'leaves no files');

$t->stop;


# --- what was imported is what the module goes on from ---

my $heir = GeminiTest->new;

$heir->use_fake($fake);
ancestor();
is_run(run(@import, $ancestor, '--output', $heir->dir . '/state.json'), 0,
       $none, qr/4 cooldowns/, 'the state of another gateway');

$heir->conf(<<'EOT');
gemini_pool main {
    key    pool-key-1-secret name=free1;
    key    pool-key-2-secret name=own;
    model  gemini-3.8-flash;
    model  gemini-3.5-flash-lite;
    state  %%DIR%%/state.json;
}

gemini_pool second {
    key    pool-key-3-secret name=paid;
    model  gemini-3.8-flash;
    model  gemini-3.5-flash-lite;
    probe  url=http://%%FAKE%% interval=1h "prompt=Say hi.";
}

server {
    listen 127.0.0.1:%%PORT_0%%;
    location / { gemini_pass main /gemini-upstream; }
    %%GEMINI_UPSTREAM%%
}

server {
    listen 127.0.0.1:%%PORT_1%%;
    location /gemini/status { gemini_status main; }
    location /second/status { gemini_status second; }
    location /second/control { gemini_control second; }
}
EOT

$fake->reset;
$heir->start;
$ENV{GEMINI_ROUTER_URL} = 'http://127.0.0.1:' . $heir->port(1) . '/gemini';

unlike($heir->error_log, qr/starts afresh/, '.. without a complaint');
like(run('status')->{out}, qr/^Locked to $lite,/m, '.. the lock');
like(run('stats')->{out}, qr/^$flash +3 +66\.\d% +2s /m, '.. the outcomes');
like(run('cooldowns')->{out}, qr/^model +$flash +- +resting +terse +[\dm]+s /m,
     '.. a cooldown of a model');
like(run('cooldowns')->{out}, qr/^project +own +- +resting +terse +\d/m,
     '.. of a key');
like(run('cooldowns')->{out}, qr/^cell +free1 +$lite +resting +terse +\d/m,
     '.. of both');


# --- rank ---

my @second = ('--url', 'http://127.0.0.1:' . $heir->port(1) . '/second');

$fake->reset;
$got = run('rank', @second);

is_run($got, 0, qr/^FAST .*^$flash +[SA] +\d +text +[\d.]+s +100% +1 /ms,
       qr/^\d done, 0 failed, 0 to go\n\z/m, 'rank: progress, then tiers');
is(scalar $fake->log(verb => 'generateContent'), 2,
   '.. of models that were asked');

$fake->reset;
$got = run('rank', '--list', '--json', @second);
is($got->{json}{fast}[0]{rank}, 1, '.. of the lists, as JSON');
is($got->{err}, '', '.. without a word');
is(scalar $fake->log(verb => 'generateContent'), 0, '.. free');

$heir->stop;
$t->done;
