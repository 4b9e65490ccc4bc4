# What is bound to a model, too: caches, continuations, thought signatures; and
# what must not run twice.

use strict;
use warnings;

use Test::More;
use lib 't/lib';
use GeminiTest;

my $t = GeminiTest->new;
my %keys = map { ("pool-key-$_-secret" => "p$_") } 1 .. 4;
my $fake = $t->fake(keys => \%keys);

my $pool = join "\n", map {
    "    key pool-key-$_-secret name=k$_ project=p$_;"
} 1 .. 4;

$t->conf(<<"EOT");
gemini_pool main {
$pool
    model  gemini-3.8-flash;
    model  gemini-3.5-flash-lite;
    model  gemini-3.5-flash;
    queue  0;
    tries  2;
}

log_format b '\$gemini_trail';
access_log %%DIR%%/bound.log b;

server {
    listen 127.0.0.1:%%PORT_0%%;
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

my $hello = {contents => [{role => 'user', parts => [{text => 'hi'}]}]};


sub path {
    my ($model, $verb) = @_;
    return "/v1beta/models/$model:" . ($verb // 'generateContent');
}


sub mark {
    my @log = $fake->log;
    return @log ? $log[-1]{seq} : 0;
}


sub models {
    my ($since) = @_;
    return join ' ', map { $_->{model} } $fake->log(since => $since);
}


sub projects {
    my ($since) = @_;
    return join ' ', map { $_->{project} } $fake->log(since => $since);
}


# nothing rests any more

sub fresh {
    $fake->script();
    my $r = $t->post('/gemini/control/reset?all=1&day=1', {}, '',
                     port => $t->port(1));
    is($r->{status}, 200, 'reset');
}


# none of these may be served by another model

my @bound = (
    [ 'a cache', {cachedContent => 'cachedContents/nosuch'} ],
    [ 'a cache, in snake case', {cached_content => 'cachedContents/nosuch'} ],
    [ 'a continuation', {continuationToken => 'Zm9v'} ],
    [ 'a thought signature', {contents => [{role => 'model', parts => [
        {text => 'x', thoughtSignature => 'c2ln'}]}]} ],
    [ 'a thought signature, in snake case',
      {contents => [{role => 'model', parts => [
        {text => 'x', thought_signature => 'c2ln'}]}]} ],
);

for my $case (@bound, [ 'a plain request', {} ]) {
    my ($name, $more) = @$case;

    fresh();
    $fake->script({model => 'gemini-3.8-flash', case => 'overloaded503'});

    my $mark = mark();
    my $r = $t->post(path('gemini-3.8-flash'), {}, {%$hello, %$more});
    my @models = split / /, models($mark);
    my @others = grep { $_ ne 'gemini-3.8-flash' } @models;

    cmp_ok(scalar(@models), '>', 0, "$name: asked");

    if (%$more) {
        is("@others", '', '.. but no other model');

    } else {
        cmp_ok(scalar(@others), '>', 0, '.. falls back');
    }
}

fresh();

# a continuation goes on where it began

{
    my $r;

    for my $i (1 .. 3) {
        $fake->script({continuation => 64});
        $r = $t->post(path('gemini-3.5-flash', 'streamGenerateContent')
                      . '?alt=sse', {}, $hello);
        $fake->script();

        my ($token) = $r->{body} =~ /"continuationToken":\s*"([^"]+)"/g;
        ok($token, "token $i");

        my ($first) = reverse $fake->log;
        my $mark = mark();

        $r = $t->post(path('gemini-3.5-flash', 'streamGenerateContent')
                      . '?alt=sse', {}, {%$hello,
                                         continuationToken => $token});
        is($r->{status}, 200, '.. goes on');
        is(projects($mark), $first->{project}, '.. in its project');

        $mark = mark();
        $r = $t->post(path('auto'), {},
                      {%$hello, continuation_token => $token});
        is(models($mark), 'gemini-3.5-flash',
           '.. and on its model, where any would do');
    }
}

# signatures of another model: we do not know whose they are

{
    $fake->script({signature => 1, times => 1});
    my $r = $t->post(path('gemini-3.5-flash'), {}, $hello);
    my ($signature) = $r->{body} =~ /"thoughtSignature":\s*"([^"]+)"/;
    ok($signature, 'a signature');

    my $turn = {contents => [
        {role => 'user', parts => [{text => 'hi'}]},
        {role => 'model', parts => [{text => 'x',
                                     thoughtSignature => $signature}]},
        {role => 'user', parts => [{text => 'go on'}]}]};

    my $mark = mark();
    $r = $t->post(path('gemini-3.5-flash-lite'), {}, $turn);
    is($r->{status}, 400, 'the client itself changed models');
    is(models($mark), 'gemini-3.5-flash-lite', '.. it is told at once');

    $mark = mark();
    $r = $t->post(path('auto'), {}, $turn);
    is($r->{status}, 200, 'where any model would do');
    is((split / /, models($mark))[-1], 'gemini-3.5-flash',
       '.. the one that made them is found');
}

# what may have run is not sent again

my @once = (
    [ 'a batch', path('gemini-3.8-flash', 'batchGenerateContent'),
      {batch => {}} ],
    [ 'a long-running call', path('veo-3.1-generate-preview',
                                  'predictLongRunning'), {instances => []} ],
    [ 'a cache', '/v1beta/cachedContents',
      {model => 'models/gemini-3.8-flash', contents => []} ],
    [ 'an interaction', '/v1beta/interactions',
      {model => 'gemini-3.8-flash', input => 'hi'} ],
    [ 'an interaction in the background', '/v1beta/interactions',
      {model => 'gemini-3.8-flash', input => 'hi', background => \1,
       store => \0} ],
    [ 'a file search store', '/v1beta/fileSearchStores', {} ],
);

for my $case (@once) {
    my ($name, $path, $body) = @$case;

    fresh();
    $fake->script({times => 1, case => 'internal500'});
    my $mark = mark();
    my $r = $t->post($path, {}, $body);
    is($r->{status}, 500, "$name: a 500");
    is(scalar(split / /, projects($mark)), 1, '.. is told, not tried again');

    $fake->script({times => 1, case => 'full429_minute'});
    $mark = mark();
    $r = $t->post($path, {}, $body);
    cmp_ok(scalar(split / /, projects($mark)), '>', 1,
           '.. a refusal is tried elsewhere');
}

{
    fresh();
    $fake->script({times => 1, case => 'internal500'});
    my $mark = mark();
    my $r = $t->post('/v1beta/interactions', {},
                     {model => 'gemini-3.8-flash', input => 'hi',
                      store => \0});
    is($r->{status}, 200, 'an interaction of which nothing is kept');
    is(scalar(split / /, projects($mark)), 2, '.. may be tried again');
    $fake->script();
}

$t->done;
