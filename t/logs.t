#!/usr/bin/perl

# Tests for the logs: the error log tells each event once, with all that
# belongs to it; the two access logs say the same; none holds a secret, a word
# of a body or of Google's.

use strict;
use warnings;

use Cpanel::JSON::XS ();
use Test::More;

use lib 't/lib';
use GeminiTest;

my $flash = 'gemini-3.8-flash';
my $lite = 'gemini-3.5-flash-lite';

my %key = map { $_ => "pool-key-$_-secret" } qw/ a1 b1 c1 d1 e1 f1 /;

# none of these may be logged

my ($client, $google, $answer)
    = qw/ Qclient-words Qgoogle-words Qanswer-words /;

# a line of the plain log, by the names of the other
my $plain = qr{^(?<remote_addr>\S+)\ (?<client>\S+)\ \[(?<time>[^\]]+)\]
    \ "(?<method>[A-Z]+)\ [^"]*"\ (?<status>\d{3})\ (?<bytes>\d+)
    \ (?<request_time>[\d.]+)\ outcome=(?<outcome>\S+)
    \ team="(?<team>[^"]*)"\ verb=(?<surface>[^/]+)/(?<verb>\S+)
    \ wished="(?<wished>[^"]*)"\ model="(?<model>[^"]*)"\ tier=(?<tier>\S+)
    \ key="(?<key>[^"]*)"\ project="(?<project>[^"]*)"
    \ attempts=(?<attempts>\S+)\ trail="(?<trail>[^"]*)"
    \ queued=(?<queued_ms>\S+)\ ttft=(?<ttft_ms>\S+)
    \ tokens=(?<prompt_tokens>[^/]+)/(?<output_tokens>[^/]+)
    /(?<thought_tokens>[^/]+)/(?<cached_tokens>[^/]+)/(?<total_tokens>\S+)
    \ cost=(?<cost>\S+)\ response="(?<response>[^"]*)"\ id=(?<id>\w+)$}x;

my $t = GeminiTest->new(workers => 1);
my $fake = $t->fake(keys => { map { $key{$_} => "p$_" } keys %key });

$t->secret($client, $google, $answer, 'exceeded', 'client-token-1');
$t->conf(conf());
$t->start;

my ($mark, $ids) = (0, 0);

failover();
invalid();
cut();
queued();
recovered();
lost();
refused();
relayed();
gone();
select_one();
control();
odd_words();
formats();

$t->done;


sub conf {
    my ($pools, $locations) = ('', '');

    my %pools = (
        main  => "key $key{a1} name=a1 project=pa;"
                 . "key $key{b1} name=b1 project=pb priority=1;"
                 . "model $flash price=2/8/1; model $lite;",
        one   => "key $key{c1} name=c1 project=pc; model $flash;"
                 . 'queue 8 timeout=10s;',
        guess => "key $key{f1} name=f1 project=pf; model $flash;"
                 . 'cooldown 100ms max=1s;',
        spent => "key $key{d1} name=d1 project=pd; model $flash; queue off;",
        bad   => "key $key{e1} name=e1 project=pe; key $key{a1} name=a1"
                 . " project=pa priority=1; model $flash;",
    );

    for my $name (sort keys %pools) {
        $pools .= "gemini_pool $name { $pools{$name} }\n";
        $locations .= "location /$name/ { gemini_pass $name /gemini-upstream;"
                      . " }\n";
    }

    return <<"END";
include %%ROOT%%/conf/gemini_client.conf;

map \$gemini_client_token \$team { default ""; client-token-1 research; }

$pools

server {
    listen 127.0.0.1:%%PORT_0%%;
    access_log %%DIR%%/plain.log gemini;
    access_log %%DIR%%/json.log gemini_json;
    gemini_team \$team;

    $locations
    %%GEMINI_UPSTREAM%%

    location /upload/ {
        gemini_select main;
        proxy_pass http://%%FAKE%%;
        include %%ROOT%%/conf/gemini_upload.conf;
    }
}

server {
    listen 127.0.0.1:%%PORT_1%%;
    access_log off;
    location /gemini/status { gemini_status main; }
    location /gemini/control { gemini_control main; }
}
END
}


# --- what is asked, and what is heard of it ---

sub path {
    my ($pool, $model) = @_;

    return "/$pool/v1beta/models/" . ($model // $flash) . ':generateContent';
}



sub body { return { contents => [{ parts => [{ text => $client }] }] } }

sub ask {
    my ($pool, @more) = @_;

    return $t->post(path($pool, @more), {'x-goog-api-key' => 'client-token-1'},
                    body());
}


# rules for what comes; nothing heard so far counts
sub script {
    my (@rules) = @_;

    $fake->reset;
    $fake->script(map { { message => $google, text => $answer, %$_ } } @rules);
    $mark = $t->log_mark;

    return;
}


# request ids in the order of the access log
sub ids {
    my $all = sub { return $t->read('json.log') =~ /"id":"(\w+)"/g };

    $t->wait_for(sub { my @now = $all->(); @now > $ids });

    my @new = $all->();
    @new = @new[$ids .. $#new];
    $ids += @new;

    return @new;
}


# lines of the module, without what differs from run to run
sub lines {
    my @id = @_ ? @_ : ids();
    my %name = map { $id[$_] => @id > 1 ? 'ID' . ($_ + 1) : 'ID' } 0 .. $#id;
    my @lines;

    for my $line (split /\n/, substr $t->error_log, $mark) {
        $line =~ /^\S+ \S+ \[(\w+)\] \S+ (?:\*\d+ )?(gemini .*)/ or next;

        my ($level, $text) = ($1, $2);

        $text =~ s/(?: while [a-z ]+)?, client: .*//;
        $text =~ s/\b20\d\d-\d\d-\d\dT[\d:.]+Z/TIME/g;
        $text =~ s/\b\d+ms\b/Nms/g;
        $text =~ s/\b([0-9a-f]{32})\b/$name{$1} \/\/ 'UNKNOWN'/ge;
        push @lines, "$level: $text";
    }

    $mark = $t->log_mark;

    return @lines;
}


sub heard {
    my ($name, $want, @id) = @_;

    my @got = lines(@id);

    is_deeply(\@got, $want, $name) or diag(explain(\@got));
    return;
}


sub attempt {
    my ($pool, $n, $key, $model, $rest) = @_;

    return "info: gemini pool \"$pool\": attempt $n by key \"$key\" of project"
        . " \"p" . substr($key, 0, 1) . "\" model \"$model\" status $rest,"
        . ' request ID';
}


sub change {
    my ($pool, $key, $said, $level) = @_;

    return ($level // 'warn') . ": gemini pool \"$pool\": $said, by key"
        . " \"$key\" model \"$flash\", request ID";
}


# --- each way that a request goes ---

sub failover {
    script({ key => $key{a1}, case => 'full429_day', limit => 100 },
           { usage => { prompt => 13, output => 8, thought => 3, cached => 2,
                        total => 24 } });
    is(ask('main')->{status}, 200, 'failover');

    heard('a refusal, what is learned of it, who goes on', [
        change('main', 'a1', "cell \"pa\" model \"$flash\" has by its answer a"
                             . ' limit of 100, PerDay'),
        change('main', 'a1', "cell \"pa\" model \"$flash\" rests until TIME,"
                             . ' PerDay (learned)'),
        attempt('main', 1, 'a1', $flash,
                '429 PerDay blames cell after Nms, next attempt'),
        attempt('main', 2, 'b1', $flash,
                '200 ok blames none after Nms, served'),
    ]);

    is(ask('main')->{status}, 200, 'what is known');
    heard('.. is not told again', [
        attempt('main', 1, 'b1', $flash,
                '200 ok blames none after Nms, served'),
    ]);
}


sub invalid {
    script({ key => $key{e1}, case => 'key_invalid' }, {});
    is(ask('bad')->{status}, 200, 'an invalid key');

    heard('.. is disabled', [
        change('bad', 'e1', 'key "e1" is disabled, key_invalid'),
        attempt('bad', 1, 'e1', $flash,
                '400 key_invalid blames key after Nms, next attempt'),
        attempt('bad', 2, 'a1', $flash,
                '200 ok blames none after Nms, served'),
    ]);
}


sub cut {
    script({ cut_midstream => 2, events => 5 });
    ok(!$t->post('/one/v1beta/models/' . "$flash:streamGenerateContent?alt=sse",
                 {}, body())->{complete}, 'a stream that dies');

    heard('.. is told', [
        attempt('one', 1, 'c1', $flash,
                '200 cut blames service after Nms, cut off'),
    ]);
}


sub queued {
    script({ times => 1, case => 'full429_minute', retry => '1s' }, {});
    is(ask('one')->{status}, 200, 'a minute');

    heard('.. is waited for', [
        change('one', 'c1', "cell \"pc\" model \"$flash\" has by its answer a"
                            . ' limit of 10, PerMinute'),
        change('one', 'c1', "cell \"pc\" model \"$flash\" rests until TIME,"
                            . ' PerMinute (told)'),
        attempt('one', 1, 'c1', $flash,
                '429 PerMinute blames cell after Nms, next attempt'),
        "info: gemini pool \"one\": model \"$flash\" waits, at most until"
            . ' TIME, lacks quota tried, request ID',
        attempt('one', 2, 'c1', $flash,
                '200 ok blames none after Nms, served'),
    ]);
}


sub recovered {
    script({ times => 1, case => 'terse429' }, {});
    is(ask('guess')->{status}, 200, 'a guess');

    heard('.. is taken back', [
        change('guess', 'f1', "cell \"pf\" model \"$flash\" rests until TIME,"
                              . ' terse (guessed)'),
        attempt('guess', 1, 'f1', $flash,
                '429 terse blames cell after Nms, next attempt'),
        "info: gemini pool \"guess\": model \"$flash\" waits, at most until"
            . ' TIME, lacks quota tried, request ID',
        change('guess', 'f1', "cell \"pf\" model \"$flash\" works again after"
                              . ' terse', 'notice'),
        attempt('guess', 2, 'f1', $flash,
                '200 ok blames none after Nms, served'),
    ]);
}


sub lost {
    script({ case => 'prepaid402' });
    is(ask('spent')->{status}, 503, 'all is lost');

    heard('.. and why', [
        change('spent', 'd1',
               'account "pd" rests until TIME, credit (learned)'),
        attempt('spent', 1, 'd1', $flash,
                '402 credit blames account after Nms, next attempt'),
        "error: gemini pool \"spent\": model \"$flash\" is answered 503"
            . ' POOL_EXHAUSTED, no key of the pool is free to serve this'
            . ' request, after 1 attempts and Nms of waiting, lacks credit'
            . ' tried, request ID',
    ]);
}


sub refused {
    script();
    is($t->post('/main/no/path', {}, body())->{status}, 404,
       'an unknown path');

    heard('.. is refused', [
        'info: gemini pool "main": model "" is answered 404, no such path,'
            . ' expected /v1beta/models/MODEL:generateContent and the like,'
            . ' after 0 attempts and Nms of waiting, request ID',
    ]);
}


sub relayed {
    script({ case => 'bad_request' });
    is(ask('one')->{status}, 400, 'a fault of the request');

    heard('.. is given back', [
        attempt('one', 1, 'c1', $flash,
                '400 request blames request after Nms, given back'),
    ]);
}


sub gone {
    script({ delay => 'gate' });

    my $stream = $t->stream('POST', path('one'), {}, body());

    $fake->wait(n => 1);
    $stream->reset;

    my @id = ids();

    $fake->release('gate');
    heard('a client that leaves', [
        attempt('one', 1, 'c1', $flash,
                '0 client_gone blames client after Nms, client gone'),
    ], @id);
}


sub select_one {
    script();
    is($t->post('/upload/v1beta/files', {'x-goog-api-key' => 'client-token-1',
                 'x-goog-upload-command' => 'start',
                 'x-goog-upload-protocol' => 'resumable'},
                $client)->{status}, 200, 'gemini_select');

    heard('.. is told as well', [
        attempt('main', 1, 'a1', '',
                '200 ok blames none after Nms, served'),
    ]);
}


sub control {
    my $line = 'notice: gemini pool "main": control: ';

    $t->post("/gemini/control/$_", {}, '', port => $t->port(1))
        for 'disable?key=a1&for=10m&note=by%20hand', 'enable?key=a1';

    my @lines = map { s/UNKNOWN/ID/r } lines('none');

    is_deeply(\@lines, [
        $line . 'disable key "a1" until TIME note "by hand", request ID',
        $line . 'enable key "a1" until - note "", request ID',
    ], 'what operators do') or diag(explain(\@lines));
}


# bytes that JSON may not have, and those that must be escaped
sub odd_words {
    for my $name ('a%ffb', 'a%22b%5c', 'a%01b%7f', 'gr%c3%bcn', "a'b") {
        $t->post(path('main', $name), {'x-goog-api-key' => 'client-token-1'},
                 body());
    }

    for my $name ("a\"b\\\\\n", "\x{fc}\x{1f600}", "\x01\x7f", ' ') {
        $t->post('/main/v1beta/openai/chat/completions', {},
                 { model => $name, messages => [] });
    }

    $t->post('/main/v1beta/openai/chat/completions', {},
             "{\"model\": \"a\xff\xfe\"}");
    $t->raw("GET /\xff\xfe HTTP/1.0\r\n\r\n");
}


sub formats {
    my $asked = 22;

    $t->wait_for(sub { $t->read('json.log') =~ tr/\n// >= $asked });

    my @plain = split /\n/, $t->read('plain.log');
    my @json = split /\n/, $t->read('json.log');
    my %number = map { $_ => 1 } qw(status bytes request_time attempts cost
        queued_ms ttft_ms prompt_tokens output_tokens thought_tokens
        cached_tokens total_tokens);
    my (@bad, %seen);

    is(scalar @plain, $asked, 'a line of each request');
    is(scalar @json, $asked, '.. in both');

    for my $i (0 .. $#json) {
        my $data = eval { Cpanel::JSON::XS->new->utf8->decode($json[$i]) };

        push @bad, "$json[$i]: $@" and next unless $data;
        next unless $plain[$i] =~ $plain;

        my %plain = %+;

        $seen{$_}++ for grep { defined $data->{$_} && $data->{$_} ne '' }
                        keys %$data;

        push @bad, map { "$_ in $json[$i]" }
            grep { $json[$i] !~ /"$_":(?:null|-?(?:0|[1-9]\d*)(?:\.\d+)?)[,}]/ }
            keys %number;
        push @bad, map { "$_: $plain{$_} in $json[$i]" }
            grep { !same($plain{$_}, $data->{$_}) } keys %plain;
        push @bad, "more in $json[$i]" if keys %$data != 1 + keys %plain;
    }

    is_deeply(\@bad, [], 'all of JSON is JSON, and says the same');
    is(join(' ', grep { !$seen{$_} } keys %number, qw(client team uri outcome
           surface verb wished model key project trail response id)),
       '', 'no field is always empty');
}


# "-" is null or empty; what JSON cannot have is empty there
sub same {
    my ($plain, $json) = @_;

    return 1 if $plain eq '-' && (!defined $json || $json eq '');

    return $plain == $json if "$plain $json" =~ /^[\d.]+ [\d.]+e?-?\d*\z/
                              && $plain =~ /^\d+(?:\.\d+)?\z/;

    $plain =~ s/\\x([0-9A-F]{2})/chr hex $1/ge;

    return $json eq '' if $plain =~ /[^\x20-\x7e]/;
    return $plain eq $json;
}
