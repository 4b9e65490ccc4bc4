#!/usr/bin/perl

# Headers of a request, few or many, reach every attempt whole; those of an
# answer of our own stay apart from them.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use GeminiTest;

my $t = GeminiTest->new(workers => 1);
my $fake = $t->fake(keys => {'pool-key-1-secret' => 'p1',
                             'pool-key-2-secret' => 'p2'});

$t->conf(<<'EOT');
gemini_pool main {
    key    pool-key-1-secret name=k1 project=p1;
    key    pool-key-2-secret name=k2 project=p2 priority=1;
    model  gemini-3.8-flash;
}

server {
    listen 127.0.0.1:%%PORT_0%%;

    location / {
        add_header   X-Key $gemini_key_name always;
        add_header   X-Pad 1 always;
        gemini_pass  main /gemini-upstream;
    }

    %%GEMINI_UPSTREAM%%
}
EOT

$t->start;

my $path = '/v1beta/models/gemini-3.8-flash:generateContent';


sub ask {
    my ($n) = @_;

    return $t->request('POST', $path,
                       {'Content-Type' => 'application/json',
                        map { ("X-Test-$_" => "value-$_") } 1 .. $n},
                       {contents => []});
}


for my $n (0, 10 .. 20, 60) {
    $fake->reset;
    $fake->script({key => 'pool-key-1-secret', case => 'internal500'});

    my $r = ask($n);
    my @log = $fake->log;

    is($r->{status}, 200, "$n headers: served");
    is($r->{headers}{'x-key'}, 'k2', '.. by the second key');
    is(scalar @log, 2, '.. in two attempts');

    for my $e (@log) {
        my %got = map { lc($_->[0]) => $_->[1] } @{ $e->{headers} };
        my @lost = grep { ($got{"x-test-$_"} // '') ne "value-$_" } 1 .. $n;

        is("@lost", '', ".. each with all of them");
        is($got{'accept-encoding'}, 'identity', '.. and ours');
    }

    is_deeply([map { $_->{key} } @log],
              ['pool-key-1-secret', 'pool-key-2-secret'],
              '.. and a credential');

    $t->restart;
}


# an answer of our own

$fake->reset;
$fake->script({case => 'full429_minute', times => 2});

my $r = ask(10);

is($r->{status}, 429, 'nobody serves');
like($r->{headers}{'retry-after'}, qr/^\d+\z/, 'Retry-After');
is($r->{headers}{'x-pad'}, 1, 'a header of the location');
is_deeply([grep { /x-test|goog-api|accept-encoding/i }
               keys %{ $r->{headers} }], [], 'none of the request');

$t->stop;

done_testing();
