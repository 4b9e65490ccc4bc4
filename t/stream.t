# Streaming: events as they come, the hold, streams that die midway, usage.

use strict;
use warnings;

use Test::More;
use lib 't/lib';
use GeminiTest;

my $t = GeminiTest->new;
my $fake = $t->fake(keys => {'pool-key-1-secret' => 'p1',
                             'pool-key-2-secret' => 'p2'});

$t->conf(<<'EOT');
gemini_pool main {
    key    pool-key-1-secret name=k1 project=p1;
    key    pool-key-2-secret name=k2 project=p2 priority=1;
    model  gemini-3.8-flash;
    model  gemini-3.5-flash-lite;
    cooldown 1s;
}

log_format s '$http_x_mark $gemini_outcome $gemini_attempts $gemini_prompt_tokens/$gemini_output_tokens/$gemini_thought_tokens/$gemini_cached_tokens/$gemini_total_tokens $gemini_response_id $gemini_trail';
access_log %%DIR%%/stream.log s;

server {
    listen 127.0.0.1:%%PORT_0%%;
    listen 127.0.0.1:%%PORT_2%% http2;
    client_max_body_size 128m;
    gzip on;
    gzip_types text/event-stream application/json;

    location / {
        gemini_pass main /gemini-upstream;
    }

    location /gemini/status {
        gemini_status main;
    }

    %%GEMINI_UPSTREAM%%
}
EOT

$t->start;

my $url = '/v1beta/models/gemini-3.8-flash:streamGenerateContent';
my $sse = "$url?alt=sse";
my $body = {contents => [{parts => [{text => 'Hi'}]}]};
my $h2 = {port => $t->port(2)};


# a request with the header X-Mark, and its line in the log

my $marks = 0;

sub mark { return ++$marks }

sub log_line {
    my $mark = shift;
    my $line;

    $t->wait_for(sub {
        ($line) = ($t->read('stream.log') // '') =~ /^$mark (.*)$/m;
        return defined $line;
    });

    return $line // 'no line';
}


# events as they come, on HTTP/1.1 and HTTP/2

for my $case (['HTTP/1.1', sub { $t->stream('POST', $sse, {}, $body) }],
              ['HTTP/2', sub { $t->h2_stream('POST', $sse, {}, $body,
                                             %$h2) }])
{
    my ($name, $open) = @$case;

    $fake->reset;
    $fake->script({gate_events => 'g', events => 3});

    my $s = $open->();
    ok($s->is_quiet(0.2), "$name: nothing before the first event");

    for my $n (1 .. 3) {
        $fake->release('g', 1);
        my $event = $s->read_event;
        like($event, qr/^data: \{/, "$name: event $n");
    }

    $fake->release('g');
    my $r = $s->finish;
    is($r->{complete}, 1, "$name: a whole end");
}

# a held answer is released by the timer: one byte that decides nothing

{
    $fake->reset;
    $fake->script({slow => {bytes => 6, ms => 400},
                   status => 200, type => 'application/json',
                   body => (' ' x 24) . '{"candidates":[]}'});

    my $s = $t->stream('POST', '/v1beta/models/gemini-3.8-flash:generateContent',
                       {}, $body);
    my $r = $s->finish;
    is($r->{status}, 200, 'a slow answer');
    is($r->{body}, (' ' x 24) . '{"candidates":[]}', 'nothing is lost or doubled');
    is($r->{complete}, 1, 'and it is whole');
    cmp_ok(scalar @{$r->{chunks}}, '>', 2, 'released before its end');
}

# a stream that dies: the client sees it, and nothing is sent twice

for my $case (['HTTP/1.1', {}, 0], ['HTTP/2', {}, 1]) {
    my ($name, undef, $is_h2) = @$case;

    for my $fault (['cut_midstream', 2], ['reset_midstream', 2]) {
        $fake->reset;
        $fake->script({$fault->[0] => $fault->[1], events => 5});

        my $mark = mark();
        my $r = $is_h2 ? $t->h2('POST', $sse, {'X-Mark' => $mark}, $body, %$h2)
                       : $t->post($sse, {'X-Mark' => $mark}, $body);

        is($r->{complete}, 0, "$name $fault->[0]: never looks whole");

        my @events = $r->{body} =~ /^data: /mg;
        cmp_ok(scalar @events, '<=', 3, "$name $fault->[0]: nothing twice");
        is(scalar @{[$fake->log]}, 1, "$name $fault->[0]: no second attempt");

        if (!$is_h2) {
            like($r->{body}, qr/data: \{"error":\{"code":503.*\r\n\r\n\z/s,
                 "$name $fault->[0]: one error event at the end");
        }

        like(log_line($mark), qr/^cut 1 /, "$name $fault->[0]: outcome");
    }
}

# in the middle of an event there is no error event

{
    $fake->reset;
    $fake->script({cut_at_byte => 400, events => 5});
    my $r = $t->post($sse, {}, $body);
    is($r->{complete}, 0, 'cut inside an event');
    unlike($r->{body}, qr/"error"/, 'no event in the middle of another');
}

# go-genai wants a bare block

{
    $fake->reset;
    $fake->script({cut_midstream => 2, events => 5});
    my $r = $t->post($sse, {'User-Agent' => 'google-genai-sdk/1 gl-go/1.2'},
                     $body);
    like($r->{body}, qr/\n\{"error":/, 'a bare block for Go');
}

# a first event that is an error fails over, in each dress

for my $form (qw(data bare)) {
    $fake->reset;
    $fake->script({key => 'pool-key-1-secret', error200 => $form,
                   case => 'overloaded503'});
    my $r = $t->post($sse, {}, $body);
    is($r->{status}, 200, "an error as first event, $form");
    unlike($r->{body}, qr/"error"/, 'is not sent');
    cmp_ok(scalar @{[$fake->log]}, '>', 1, 'another attempt answers');
}

{
    $fake->reset;
    $fake->script({key => 'pool-key-1-secret', empty200 => 1});
    my $r = $t->post($sse, {}, $body);
    is($r->{status}, 200, 'an empty 200 fails over');
    like($r->{body}, qr/candidates/, 'to one that says something');
}

# pieces of any size, usage in each form

for my $form (['SSE', $sse], ['array', $url],
              ['JSON', '/v1beta/models/gemini-3.8-flash:generateContent'])
{
    for my $size (1, 7, 13, 4096) {
        $fake->reset;
        $fake->script({trickle => $size, events => 3, response_id => 'resp-1',
                       usage => {prompt => 11, output => 22, thought => 33,
                                 cached => 4}});
        my $mark = mark();
        my $r = $t->post($form->[1], {'X-Mark' => $mark}, $body);
        is($r->{complete}, 1, "$form->[0] in pieces of $size");
        like(log_line($mark), qr{^ok 1 11/22/33/4/66 resp-1 k1/},
             'its usage');
    }
}

{
    $fake->reset;
    $fake->script({events => 3, usage => {prompt => 11, output => 22,
                                          thought => 33}});
    my $mark = mark();
    my $r = $t->post('/v1beta/openai/chat/completions', {'X-Mark' => $mark},
                     {model => 'gemini-3.8-flash', stream => \1,
                      messages => []});
    like($r->{body}, qr/data: \[DONE\]/, 'an OpenAI stream');
    like(log_line($mark), qr{^ok 1 11/22/33/}, 'thoughts are the rest');
}

# gzip towards the client: each event at once all the same

{
    $fake->reset;
    $fake->script({gate_events => 'z', events => 2});
    my $s = $t->stream('POST', $sse, {'Accept-Encoding' => 'gzip'}, $body);
    $fake->release('z', 1);
    $s->wait_body(12);
    ok(1, 'the first event of a gzipped stream comes alone');
    $fake->release('z');
    my $r = $s->finish;
    is($r->{headers}{'content-encoding'}, 'gzip', 'gzip');
    is($r->{complete}, 1, 'whole');
}

# a client that leaves: the upstream is let go, the reservation settled

{
    $fake->reset;
    $fake->script({gate_events => 'never', events => 2});
    my $mark = mark();
    my $s = $t->stream('POST', $sse, {'X-Mark' => $mark}, $body);
    $fake->wait(n => 1);
    $s->reset;
    $fake->wait(n => 1, closed_early => 1);
    ok(1, 'the upstream connection is closed');
    like(log_line($mark), qr/^client_gone 1 .*client_gone/, 'outcome');

    my $status = $t->status('main');
    is($_->{in_flight}, 0, "nothing in flight, $_->{name}")
        for @{$status->{keys}};
}

# HEAD, alt-svc

{
    $fake->reset;
    $fake->script({headers => {'Alt-Svc' => 'h3=":443"',
                                     'X-Other' => 'kept'}});
    my $r = $t->post($sse, {}, $body);
    ok(!exists $r->{headers}{'alt-svc'}, 'alt-svc is stripped');
    is($r->{headers}{"x-other"}, "kept", 'others stay');
}

$t->done;
