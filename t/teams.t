#!/usr/bin/perl

# Tests for teams: what each of them used and what it cost, whatever way its
# requests ended; that there are at most 64 and the others; that the counters
# outlive a reload, another size of the zone, and a restart.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use GeminiTest;

my $flash = 'gemini-3.8-flash';
my $lite = 'gemini-3.5-flash-lite';
my $generate = "/v1beta/models/$flash:generateContent";
my $sse = "/v1beta/models/$flash:streamGenerateContent?alt=sse";
my $hello = {contents => [{parts => [{text => 'Hello'}]}]};

# of a million tokens: prompt, output, cached

my @price = (0.3, 2.5, 0.075);

my $t = GeminiTest->new;
my $fake = $t->fake(keys => {'demo-key-1' => 'demo-a',
                             'demo-key-2' => 'demo-b'});

configure('1m');
$t->start;


sub configure {
    my ($size) = @_;

    $t->conf(<<"END");
map \$http_x_client \$team { default ""; blue "team blue"; red "team red"; }
map \$http_x_team \$any { default \$http_x_team; "" \$team; }

gemini_pool main {
    zone   teams $size;
    key    demo-key-1 name=a project=demo-a;
    key    demo-key-2 name=b project=demo-b;
    model  $flash price=0.3/2.5/0.075;
    model  $lite;
    queue  off;
    state  teams.json;
}
server {
    listen 127.0.0.1:%%PORT_0%%;
    location / {
        gemini_team  \$any;
        gemini_pass  main /gemini-upstream;
    }
    location /once/ {
        rewrite  ^/once(/.*) \$1 break;
        gemini_team    \$any;
        gemini_select  main;
        proxy_pass     http://%%FAKE%%;
        include        %%ROOT%%/conf/gemini_upload.conf;
    }
    location /gemini/status { gemini_status main; }
    %%GEMINI_UPSTREAM%%
}
END

    return;
}


sub ask {
    my ($client, $target) = @_;

    return $t->post($target // $generate, {'X-Client' => $client}, $hello);
}


sub cost {
    my ($prompt, $output, $thought, $cached) = @_;

    return (($prompt - $cached) * $price[0] + $cached * $price[2]
            + ($output + $thought) * $price[1]) / 1e6;
}


# rows by name, without the members that are 0 or empty

sub teams {
    my %teams;

    for my $row (@{$t->status('main', view => 'teams')->{teams}}) {
        my $name = delete $row->{name};

        $row->{cost} = sprintf '%.9f', $row->{cost};
        $teams{$name} = $row;
    }

    return \%teams;
}


sub row {
    my ($n, $outcomes, $attempts, $tokens, $cost) = @_;

    return {requests => $n, outcomes => $outcomes, attempts => $attempts,
            tokens => {prompt => $tokens->[0], output => $tokens->[1],
                       thought => $tokens->[2], cached => $tokens->[3]},
            cost => sprintf('%.9f', $cost)};
}


is_deeply(teams(), {}, 'no team yet');


# --- what each used ---

my @blue = (1000, 200, 100, 400);
my @red = (10, 20, 0, 0);

sub usage { my %u; @u{qw(prompt output thought cached)} = @_; return \%u }

$fake->script({times => 1, usage => usage(@blue)},
              {times => 1, usage => usage(@red)},
              {times => 1, usage => usage(@red)},
              {times => 1, usage => usage(7, 7, 0, 0)},
              {times => 1, usage => usage(5, 5, 5, 0)});

is(ask('blue')->{status}, 200, 'a request of a team');
is(ask('red')->{status}, 200, 'of another');
is(ask('red', $sse)->{status}, 200, '.. a stream');
is(ask('')->{status}, 200, 'of none');
is(ask('red', "/v1beta/models/$lite:generateContent")->{status}, 200,
   'for a model without a price');

my @two = map { 2 * $_ } @red;
my %want = (
    'team blue' => row(1, {ok => 1}, 1, \@blue, cost(@blue)),
    'team red'  => row(3, {ok => 3}, 3, [25, 45, 5, 0], cost(@two)),
);

is_deeply(teams(), \%want, 'what they used, and its cost');

my $whole = $t->status('main');

is_deeply([map { $_->{name} } @{$whole->{teams}}], ['team blue', 'team red'],
          'the whole document has them, too');

my ($model) = grep { $_->{name} eq $flash } @{$whole->{models}};
my $sum = cost(@blue) + cost(@two) + cost(7, 7, 0, 0);

is_deeply($model->{tokens}, {prompt => 1027, output => 247, thought => 100,
                             cached => 400}, 'tokens of the model');
is(sprintf('%.9f', $model->{cost}), sprintf('%.9f', $sum), 'its cost');

my ($other) = grep { $_->{name} eq $lite } @{$whole->{models}};

is($other->{cost}, 0, 'without a price none');
is(sprintf('%.9f', $whole->{totals}{cost}), sprintf('%.9f', $sum),
   'the cost in all');

for my $sort (qw(keys projects accounts)) {
    my $n = 0;
    $n += $_->{cost} for @{$whole->{$sort}};
    is(sprintf('%.9f', $n), sprintf('%.9f', $sum), "and of the $sort");
}


# --- requests that end in other ways ---

# two attempts

$fake->reset;
$fake->script({times => 1, case => 'full429_day', limit => 100},
              {usage => usage(@red)});

is(ask('blue')->{status}, 200, 'the second attempt');

# a client that leaves midway: the last usage seen counts

$fake->script({events => 2, gate_events => 'g',
               usage => usage(40, 30, 6, 10)});

my $s = $t->stream('POST', $sse, {'X-Client' => 'blue'}, $hello);

$fake->release('g', 1);
$s->wait_body(qr/usageMetadata.*\R\R/s);
my ($seen) = $s->{body} =~ /"candidatesTokenCount":\s*(\d+)/;
$s->reset;
$fake->wait(n => 1, closed_early => 1);
$t->wait_for(sub { teams()->{'team blue'}{outcomes}{client_gone} });

# a stream that is cut

$fake->reset;
$fake->script({events => 3, cut_midstream => 1, usage => usage(3, 9, 0, 0)});

my $cut = ask('blue', $sse);
my ($last) = $cut->{body} =~ /"candidatesTokenCount":\s*(\d+)/;

isnt($cut->{complete}, 1, 'a stream that is cut');

# one that the location refuses

is(ask('blue', '/v1beta/nothing')->{status}, 404, 'a request refused');

# one that chooses once, of which no usage is seen

$fake->reset;
is($t->get("/once/v1beta/models/$flash", {'X-Client' => 'blue'})->{status},
   200, 'gemini_select');

$seen //= 'none';
$last //= 'none';
isnt($seen, 30, 'less than the whole was seen of the one');
isnt($last, 9, 'and of the other');

$want{'team blue'} =
    row(6, {ok => 2, failover => 1, client_gone => 1, cut => 1, refused => 1},
        6, [1000 + 10 + 40 + 3, 200 + 20 + $seen + $last, 106, 410],
        cost(@blue) + cost(@red) + cost(40, $seen, 6, 10)
        + cost(3, $last, 0, 0));

is_deeply(teams(), \%want, 'all of them count, tokens as far as seen');


# --- they stay ---

$t->reload(gone => 1);
is_deeply(teams(), \%want, 'after a reload');

configure('2m');
$t->reload(gone => 1);
is_deeply(teams(), \%want, 'in a zone of another size');

$t->restart;
is_deeply(teams(), \%want, 'after a restart');

($model) = grep { $_->{name} eq $flash } @{$t->status('main')->{models}};
ok($model->{cost} > $sum, "the model's cost, too");


# --- odd names ---

$fake->reset;
$fake->script({usage => usage(1, 1, 0, 0)});

my %names = (
    "q\"uo\\te {}, 'x'" => "q\"uo\\te {}, 'x'",
    "tab\there"         => 'tab_here',
    "b\xfft\xc3"        => 'b_t_',
    "\xe2\x82\xac"      => "\x{20ac}",
    'x' x 70            => 'x' x 64,
);

for my $name (sort keys %names) {
    is($t->post($generate, {'X-Team' => $name}, $hello)->{status}, 200,
       'an odd name');
}

my $teams = teams();

is($teams->{$_}{requests}, 1, 'is shown as text') for values %names;
is(scalar keys %$teams, 7, 'teams');
like($t->{last_status}{body}, qr/"q\\"uo\\\\te \{\}, 'x'"/, 'escaped');


# --- at most 64 ---

my ($answers) = $t->load(n => 70, c => 4, make => sub {
    my ($i) = @_;
    return ['POST', $generate, {'X-Team' => "load $i"}, $hello];
});

is(scalar(grep { $_->{status} == 200 } @$answers), 70, 'of 70 more');

$teams = teams();

is(scalar keys %$teams, 65, '64 and the others');
is($teams->{other}{requests}, 70 - 57, 'who are the rest');
is($teams->{other}{tokens}{prompt}, 70 - 57, 'with what they used');

ask('red');
is(teams()->{'team red'}{requests}, 4, 'who came first keep their row');

$t->post($generate, {'X-Team' => 'other'}, $hello);
$t->restart;
is(teams()->{other}{requests}, 70 - 57 + 1, 'all stay after a restart');
is(scalar keys %{teams()}, 65, 'each');

$t->done;
