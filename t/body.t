# Large bodies: resent whole from a temp file on each attempt, rewritten
# without a copy, answers in constant memory.

use strict;
use warnings;

use Digest::MD5 ();
use Test::More;
use lib 't/lib';
use GeminiTest;

my $t = GeminiTest->new(workers => 1);
my $fake = $t->fake(keys => {'pool-key-1-secret' => 'p1',
                             'pool-key-2-secret' => 'p2',
                             'pool-key-3-secret' => 'p3'});

$t->conf(<<'EOT');
gemini_pool main {
    key    pool-key-1-secret name=k1 project=p1;
    key    pool-key-2-secret name=k2 project=p2;
    key    pool-key-3-secret name=k3 project=p3;
    model  gemini-3.8-flash;
    model  gemini-3.5-flash-lite;
    alias  gpt gemini-3.5-flash-lite;
}

server {
    listen 127.0.0.1:%%PORT_0%%;
    listen 127.0.0.1:%%PORT_2%% http2;
    client_max_body_size 128m;
    client_body_buffer_size 256k;

    location / {
        gemini_pass main /gemini-upstream;
    }

    %%GEMINI_UPSTREAM%%
}
EOT

$t->start;

my $native = '/v1beta/models/gemini-3.8-flash:generateContent';
my $chat = '/v1beta/openai/chat/completions';
my $mb = 'QUJD' x (256 * 1024);          # 1 MB of base64


# a body of n pieces of 1 MB between a head and a tail; its length and md5

sub big {
    my ($n, $head, $tail, %opt) = @_;
    my $md5 = Digest::MD5->new;
    $md5->add($head);
    $md5->add($mb) for 1 .. $n;
    $md5->add($tail);

    my @parts = ($head, ($mb) x $n, $tail);

    return (sub { return shift @parts },
            length($head) + $n * length($mb) + length($tail),
            $md5->hexdigest);
}


my @native = ('{"contents":[{"parts":[{"inlineData":{"data":"', '"}}]}]}');
my @chat = ('{"messages":[{"role":"user","content":"', '"}],"model":"gpt"}');
my @want = ($chat[0], '"}],"model":"gemini-3.5-flash-lite"}');


for my $case (['Content-Length', 0, 0], ['chunked', 1, 0], ['HTTP/2', 0, 1]) {
    my ($name, $chunked, $h2) = @$case;

    for my $kind (['native', $native, \@native, \@native],
                  ['OpenAI', $chat, \@chat, \@want])
    {
        $fake->reset;
        $fake->script({key => 'pool-key-1-secret', case => 'full429_minute'},
                      {key => 'pool-key-2-secret', case => 'key_invalid'})
            if $kind->[0] eq 'native';
        $fake->script({nth => [1, 2], case => 'internal500', times => 2})
            if $kind->[0] eq 'OpenAI';

        my ($body, $length) = big(100, @{$kind->[2]});
        my (undef, $want_length, $want_md5) = big(100, @{$kind->[3]});

        my $r;

        if ($h2) {
            my $all = join '', $kind->[2][0], ($mb) x 100, $kind->[2][1];
            $r = $t->h2('POST', $kind->[1],
                        {'Content-Type' => 'application/json'}, $all,
                        port => $t->port(2), timeout => 60);

        } else {
            $r = $t->request('POST', $kind->[1],
                             {'Content-Type' => 'application/json'}, $body,
                             timeout => 60,
                             $chunked ? () : (length => $length));
        }

        cmp_ok($r->{status}, '>', 0, "$name, $kind->[0]: answered");

        my @log = $fake->log;
        cmp_ok(scalar @log, '>=', 1, "$name, $kind->[0]: attempts");

        for my $e (@log) {
            is($e->{md5}, $want_md5, "$name, $kind->[0]: whole, $e->{status}");
            is($e->{length}, $want_length, "$name, $kind->[0]: its length");
        }

        $t->restart;
    }
}


# 100 MB back, through constant memory

sub rss {
    my ($pid) = $t->workers;
    open my $fh, '<', "/proc/$pid/status" or return 0;
    my ($kb) = map { /^VmRSS:\s+(\d+)/ ? $1 : () } <$fh>;
    return $kb;
}

for my $framing (qw(length chunked)) {
    $fake->reset;
    $fake->script({big => 100_000_000, framing => $framing});

    my $before = rss();
    my $r = $t->request('POST', $native, {}, {contents => []},
                        keep_body => 0, timeout => 60);
    is($r->{complete}, 1, "100 MB, $framing: whole");

    $t->wait_for(sub { defined +($fake->log)[-1]{sent_md5} });
    is($r->{md5}, ($fake->log)[-1]{sent_md5}, "100 MB, $framing: to the byte");

    SKIP: {
        skip 'memory under a sanitizer or valgrind', 1
            if $t->slow > 1;
        cmp_ok(rss() - $before, '<', 8 * 1024,
               "100 MB, $framing: less than 8 MB more in the worker");
    }
}

# a small one is rewritten in memory

{
    $fake->reset;
    my $r = $t->post($chat, {}, {model => 'models/gpt', messages => []});
    is($r->{status}, 200, 'a small body');
    like(($fake->log)[-1]{body}, qr{"models/gemini-3.5-flash-lite"},
         'its model');
}

$t->done;
