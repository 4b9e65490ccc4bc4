#!/usr/bin/perl

# Tests for wrong configurations: nginx -t refuses each and names the file, the
# line, the word and what was expected, but never a secret.
#
# A block of the data: "=== a sentence", "[place]" and the lines put there
# (pool: into a block that has a key; bare: into one that has none; location,
# server, http), "[file NAME]" and what it holds, "[env]" and NAME=value lines,
# "> the message". The line that it names is the one that holds "#!", else that
# of the pool.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use GeminiTest;

my $t = GeminiTest->new;
my @blocks = parse(do { local $/; <DATA> });

cmp_ok(scalar @blocks, '>', 80, 'blocks are read');

for my $block (@blocks) {
    $t->{env} = {map { split /=/, $_, 2 } split /\n/, $block->{env} // ''};
    $t->write($_ => $block->{files}{$_}, 0600) for keys %{$block->{files}};
    $t->conf(http_text($block));

    my ($code, $text) = $t->configtest;
    my $pool = place($block, '#pool');
    my $place = place($block, '#!') // $pool;
    my $message = quotemeta $t->expand($block->{message} =~ s/%POOL%/$pool/r);

    $message =~ s/\\%SIZE\\%/\\d+k/;

    isnt($code, 0, "$block->{name}: refused");
    like($text, qr/\[emerg\] .*: $message in \Q$place\E\n/,
         "$block->{name}: told");
}

$t->done;


sub parse {
    my ($text) = @_;
    my @parsed;

    for my $part (split /^(?==== )/m, $text) {
        my %block = (files => {}, message => '');
        my $where;

        for my $line (split /\n/, $part) {
            if ($line =~ /^=== (.*)/) {
                $block{name} = $1;

            } elsif ($line =~ /^\[file (\S+)\]/) {
                $where = \$block{files}{$1};

            } elsif ($line =~ /^\[(\w+)\]/) {
                $where = \$block{$1};

            } elsif ($line =~ /^> ?(.*)/) {
                $block{message} .= ($block{message} eq '' ? '' : ' ') . $1;

            } else {
                $$where .= "$line\n" if $where;
            }
        }

        $_ //= '' for values %{$block{files}};
        $block{bare} //= '' if $part =~ /^\[bare\]/m;
        push @parsed, \%block if defined $block{name};
    }

    return @parsed;
}


sub http_text {
    my ($block) = @_;
    my %text = map { $_ => $block->{$_} // '' }
        qw(pool location server http);
    my $key = $block->{bare} // "key demo-key-1 name=one;\n";
    my $pass = $text{location} =~ /gemini_(?:pass|select|status)/
        ? '' : 'gemini_pass main /upstream;';
    my $upstream = $text{server} =~ m{location = /upstream} ? ''
        : "location = /upstream { internal; proxy_pass http://127.0.0.1:9; }";

    return <<"END";
gemini_pool main { #pool
$key$text{pool}}
$text{http}
server {
    listen 127.0.0.1:%%PORT_0%%;
    location / {
        $pass
$text{location}    }
    $upstream
$text{server}}
END
}


# FILE:LINE of the mark
sub place {
    my ($block, $mark) = @_;

    for my $name (sort(keys %{$block->{files}}), 'nginx.conf') {
        my @lines = split /\n/, $t->read($name);

        for my $n (1 .. @lines) {
            return $t->dir . "/$name:$n" if $lines[$n - 1] =~ /\Q$mark\E/;
        }
    }

    return;
}


__DATA__

=== a directive that there is not
[pool]
modle gemini-3.8-flash; #!
> unknown directive "modle" in gemini_pool "main": "key", "keys", "model",
> "limit", "alias", "probe", "queue", "cooldown", "zone", "state", "tries",
> "timeout", "attempt_timeout", "window", "fallback", "prefer", "score", "nodes"
> or "unlisted" expected

=== a secret in the place of a directive is not shown
[pool]
AQ.Ab8RN6Lsecretsecret; #!
> unknown directive "..." in gemini_pool "main": "key", "keys", "model",
> "limit", "alias", "probe", "queue", "cooldown", "zone", "state", "tries",
> "timeout", "attempt_timeout", "window", "fallback", "prefer", "score", "nodes"
> or "unlisted" expected

=== a block in the block
[pool]
model gemini-3.8-flash { #!
}
> unexpected "{"

=== a directive twice
[pool]
tries 5;
tries 6; #!
> "tries" directive is duplicate in gemini_pool "main"

=== a directive twice, once in an included file
[file more.conf]
window 5; #!
[pool]
window 6;
include more.conf;
> "window" directive is duplicate in gemini_pool "main"

=== a directive without its value
[pool]
tries; #!
> invalid number of arguments in "tries" of gemini_pool "main"

=== a directive with two values
[pool]
window 5 6; #!
> invalid number of arguments in "window" of gemini_pool "main"

=== a pool twice
[http]
gemini_pool main { key demo-key-2; } #!
> duplicate gemini_pool "main", the other one is at %POOL%

=== a pool without a name
[http]
gemini_pool { #!
}
> invalid number of arguments in "gemini_pool" directive

=== no keys
[bare]
> no keys in gemini_pool "main": a secret, a variable that is set or a file
> with keys expected

=== no keys: variables of which none is set
[bare]
keys env:GEMINI_API_KEY*;
> no keys in gemini_pool "main": a secret, a variable that is set or a file
> with keys expected

=== no keys: variables that are skipped
[env]
GEMINI_API_KEY=
GEMINI_API_KEY_AUTH_MECHANISM=some-mechanism
GEMINI_API_KEYS=some-secret
[bare]
keys env:GEMINI_API_KEY*;
> no keys in gemini_pool "main": a secret, a variable that is set or a file
> with keys expected

=== a variable that is not set
[pool]
key env:PAID_KEY; #!
> invalid value "PAID_KEY" of "env:" in gemini_pool "main": a variable that is
> set expected

=== a variable that is empty
[env]
PAID_KEY=
[pool]
key env:PAID_KEY; #!
> invalid value "PAID_KEY" of "env:" in gemini_pool "main": a variable that is
> set expected

=== no variable at all
[pool]
key env:; #!
> invalid value "" of "env:" in gemini_pool "main": NAME or NAME* expected

=== a glob that is none
[pool]
keys env:*_KEY; #!
> invalid value "*_KEY" of "env:" in gemini_pool "main": NAME or NAME* expected

=== a variable whose name is no label
[env]
A$KEY=demo-key-2
[pool]
key env:A$KEY; #!
> invalid value "A$KEY" of "env:" in gemini_pool "main": name= expected, for
> the variable's name cannot be a label

=== a variable with a blank in it
[env]
BAD_KEY=demo-key 2
[pool]
key env:BAD_KEY; #!
> invalid secret of key "BAD_KEY" in gemini_pool "main": up to 512 visible ASCII
> characters expected

=== a key file that there is not
[pool]
keys file:none.keys; #!
> open() "%%DIR%%/none.keys" failed (2: No such file or directory)

=== a key file that is a directory
[pool]
keys file:.; #!
> "%%DIR%%/." cannot hold keys: a regular file up to 64 MiB expected

=== an empty key file
[file team.keys]
[pool]
keys file:team.keys; #!
> invalid value "team.keys" of "file:" in gemini_pool "main": a file with a key
> expected

=== a key file of comments
[file team.keys]
# none yet

[pool]
keys file:team.keys; #!
> invalid value "team.keys" of "file:" in gemini_pool "main": a file with a key
> expected

=== a key file with a quote that does not end
[file team.keys]
demo-key-2 name=two
demo-key-3 "name=three #!
[pool]
keys file:team.keys;
> quote without its end

=== a key file with an unknown parameter
[file team.keys]
# a head
demo-key-2 nmae=two #!
[pool]
keys file:team.keys;
> unknown parameter "nmae=" in gemini_pool "main": "name=", "project=",
> "account=", "weight=", "max_conns=", "priority=", "models=" or "disabled"
> expected

=== a key file with two secrets in a line: none is shown
[file team.keys]
demo-key-2 demo-key-3 #!
[pool]
keys file:team.keys;
> unknown parameter "..." in gemini_pool "main": "name=", "project=",
> "account=", "weight=", "max_conns=", "priority=", "models=" or "disabled"
> expected

=== a key file with a bad number
[file team.keys]
demo-key-2 weight=much #!
[pool]
keys file:team.keys;
> invalid value "much" of "weight=" in gemini_pool "main": a number from 1 to
> 65535 expected

=== a key file with a secret twice
[file team.keys]
demo-key-2 name=two
demo-key-2 name=three #!
[pool]
keys file:team.keys;
> duplicate secret in gemini_pool "main": key "three" repeats that of key "two"

=== a secret that is none
[pool]
key "demo key 2" name=two; #!
> invalid secret of key "two" in gemini_pool "main": up to 512 visible ASCII
> characters expected

=== two secrets: none is shown
[pool]
keys demo-key-2 demo-key-3; #!
> unknown parameter "..." in gemini_pool "main": "name=", "project=",
> "account=", "weight=", "max_conns=", "priority=", "models=" or "disabled"
> expected

=== a label twice
[pool]
key demo-key-2 name=one; #!
> duplicate key "one" in gemini_pool "main": another name= expected

=== one label for several keys
[env]
TEAM_KEY=demo-key-2
TEAM_KEY_B=demo-key-3
[pool]
keys env:TEAM_KEY* name=two; #!
> duplicate key "two" in gemini_pool "main": another name= expected

=== a secret twice
[pool]
key demo-key-1 name=two; #!
> duplicate secret in gemini_pool "main": key "two" repeats that of key "one"

=== a parameter twice
[pool]
key demo-key-2 weight=1 weight=2; #!
> duplicate parameter "weight=" in gemini_pool "main"

=== a label with a comma
[pool]
key demo-key-2 name=a,b; #!
> invalid value "a,b" of "name=" in gemini_pool "main": up to 63 of letters,
> digits and "._:@+-" expected

=== a label that is a glob
[pool]
key demo-key-2 project=free-*; #!
> invalid value "free-*" of "project=" in gemini_pool "main": up to 63 of
> letters, digits and "._:@+-" expected

=== a label of 64 bytes
[pool]
key demo-key-2
    account=aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd; #!
> invalid value
> "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd" of
> "account=" in gemini_pool "main": up to 63 of letters, digits and "._:@+-"
> expected

=== an empty label
[pool]
key demo-key-2 name=; #!
> invalid value "" of "name=" in gemini_pool "main": up to 63 of letters, digits
> and "._:@+-" expected

=== a project of two accounts
[pool]
key demo-key-2 name=two project=p account=a;
key demo-key-3 name=three project=p account=b; #!
> project "p" in gemini_pool "main" has accounts "a" and "b": one expected

=== no weight
[pool]
key demo-key-2 weight=0; #!
> invalid value "0" of "weight=" in gemini_pool "main": a number from 1 to 65535
> expected

=== a negative number of connections
[pool]
key demo-key-2 max_conns=-1; #!
> invalid value "-1" of "max_conns=" in gemini_pool "main": a number up to 65535
> expected

=== a priority that is too large
[pool]
key demo-key-2 priority=65536; #!
> invalid value "65536" of "priority=" in gemini_pool "main": a number up to
> 65535 expected

=== a list that is empty
[pool]
key demo-key-2 models=; #!
> invalid value "" of "models=" in gemini_pool "main": comma separated globs
> expected

=== a list with an empty item
[pool]
key demo-key-2 models=a,,b; #!
> invalid value "a,,b" of "models=" in gemini_pool "main": comma separated globs
> expected

=== a number with another unit
[pool]
model gemini-3.8-flash rpm=10x; #!
> invalid value "10x" of "rpm=" in gemini_pool "main": a number with k or m
> expected

=== a unit without a number
[pool]
model gemini-3.8-flash tpm=m; #!
> invalid value "m" of "tpm=" in gemini_pool "main": a number with k or m
> expected

=== a fraction of a unit
[pool]
model gemini-3.8-flash rpd=1.5k; #!
> invalid value "1.5k" of "rpd=" in gemini_pool "main": a number with k or m
> expected

=== a limit of nothing
[pool]
model gemini-3.8-flash rpm=0; #!
> invalid value "0" of "rpm=" in gemini_pool "main": a number with k or m
> expected

=== a limit that does not fit
[pool]
model gemini-3.8-flash rpd=5000m; #!
> invalid value "5000m" of "rpd=" in gemini_pool "main": a number with k or m
> expected

=== an unknown parameter of a model
[pool]
model gemini-3.8-flash rps=1; #!
> unknown parameter "rps=" in gemini_pool "main": "rpm=", "tpm=", "rpd=",
> "price=", "max_tokens=", "kind=", "fallback=" or "first_byte=" expected

=== a model twice, once with its prefix
[pool]
model gemini-3.8-flash;
model models/gemini-3.8-flash; #!
> duplicate model "gemini-3.8-flash" in gemini_pool "main"

=== a tuned model
[pool]
model tunedModels/mine; #!
> invalid value "tunedModels/mine" of "model" in gemini_pool "main": the name of
> a model expected

=== a model with the name of a virtual one
[pool]
model fast; #!
> invalid value "fast" of "model" in gemini_pool "main": a name other than
> "auto", "fast", "quality" and "balance" expected

=== a kind that there is not
[pool]
model gemini-3.8-flash kind=chat; #!
> invalid value "chat" of "kind=" in gemini_pool "main": "text", "image", "tts",
> "embedding", "live" or "video" expected

=== a model's fallback that is neither on nor off
[pool]
model gemini-3.8-flash fallback=no; #!
> invalid value "no" of "fallback=" in gemini_pool "main": "on" or "off"
> expected

=== a time that is none
[pool]
model gemini-3.8-flash first_byte=soon; #!
> invalid value "soon" of "first_byte=" in gemini_pool "main": a time expected

=== a price of input alone
[pool]
model gemini-3.8-flash price=0.3; #!
> invalid value "0.3" of "price=" in gemini_pool "main": IN/OUT or IN/OUT/CACHED
> expected

=== a price that is no number
[pool]
model gemini-3.8-flash price=0.3/1e3; #!
> invalid value "0.3/1e3" of "price=" in gemini_pool "main": IN/OUT or
> IN/OUT/CACHED expected

=== no tokens
[pool]
model gemini-3.8-flash max_tokens=0; #!
> invalid value "0" of "max_tokens=" in gemini_pool "main": a number from 1
> expected

=== a limit of no project
[pool]
model gemini-3.8-flash;
limit project=free-* rpm=10; #!
> invalid value "free-*" of "project=" in gemini_pool "main": the label of a
> project expected

=== a limit of no model
[pool]
model gemini-3.8-flash;
limit model=gemini-4* rpm=10; #!
> invalid value "gemini-4*" of "model=" in gemini_pool "main": a listed model
> expected

=== a limit without a number
[pool]
limit project=*; #!
> "limit" in gemini_pool "main" limits nothing: rpm=, tpm=, rpd= or price=
> expected

=== an unknown parameter of a limit
[pool]
limit key=one rpm=10; #!
> unknown parameter "key=" in gemini_pool "main": "rpm=", "tpm=", "rpd=",
> "price=", "project=" or "model=" expected

=== an alias to nothing
[pool]
model gemini-3.8-flash;
alias gpt-4o gemini-4; #!
> alias "gpt-4o" to "gemini-4" in gemini_pool "main" leads to no model: a listed
> model, "auto", "fast", "quality" or "balance" expected

=== an alias to itself
[pool]
alias a a; #!
> alias "a" to "a" in gemini_pool "main" leads into a circle: a listed model
> expected

=== aliases in a circle
[pool]
model gemini-3.8-flash;
alias ok gemini-3.8-flash;
alias a b; #!
alias b c;
alias c a;
> alias "a" to "b" in gemini_pool "main" leads into a circle: a listed model
> expected

=== an alias that hides a model
[pool]
model gemini-3.8-flash;
model gemini-3.5-flash-lite;
alias gemini-3.8-flash gemini-3.5-flash-lite; #!
> alias "gemini-3.8-flash" to "gemini-3.5-flash-lite" in gemini_pool "main"
> hides a listed model: another name expected

=== an alias twice
[pool]
model gemini-3.8-flash;
alias a gemini-3.8-flash;
alias a auto; #!
> alias "a" to "auto" in gemini_pool "main" is duplicate: another name expected

=== an alias of a virtual model
[pool]
alias auto fast; #!
> invalid value "auto" of "alias" in gemini_pool "main": a name other than
> "auto", "fast", "quality" and "balance" expected

=== no tries
[pool]
tries 0; #!
> invalid value "0" of "tries" in gemini_pool "main": a number from 1 to 64
> expected

=== too many tries
[pool]
tries 65; #!
> invalid value "65" of "tries" in gemini_pool "main": a number from 1 to 64
> expected

=== a timeout in another unit
[pool]
timeout 2min; #!
> invalid value "2min" of "timeout" in gemini_pool "main": a time expected

=== an attempt_timeout that is no time
[pool]
attempt_timeout off; #!
> invalid value "off" of "attempt_timeout" in gemini_pool "main": a time
> expected

=== a queue of no number
[pool]
queue on; #!
> invalid value "on" of "queue" in gemini_pool "main": "off" or a number up to
> 16384 expected

=== a queue with an unknown parameter
[pool]
queue 10 wait=1s; #!
> unknown parameter "wait=" in gemini_pool "main": "timeout=" expected

=== a queue with a bad timeout
[pool]
queue 10 timeout=0; #!
> invalid value "0" of "timeout=" in gemini_pool "main": a time expected

=== no cooldown
[pool]
cooldown 0; #!
> invalid value "0" of "cooldown" in gemini_pool "main": a time up to 1d
> expected

=== a cooldown above its maximum
[pool]
cooldown 60s max=30s; #!
> invalid value "max=30s" of "max=" in gemini_pool "main": no less than the
> cooldown expected

=== a maximum that is too long
[pool]
cooldown 60s max=2d; #!
> invalid value "2d" of "max=" in gemini_pool "main": a time up to 1d expected

=== a window of nothing
[pool]
window 0; #!
> invalid value "0" of "window" in gemini_pool "main": a number from 1 to 128
> expected

=== fallback that is neither on nor off
[pool]
fallback yes; #!
> invalid value "yes" of "fallback" in gemini_pool "main": "on" or "off"
> expected

=== a preference that there is not
[pool]
prefer key; #!
> invalid value "key" of "prefer" in gemini_pool "main": "model" or "priority"
> expected

=== a score that there is not
[pool]
score best; #!
> invalid value "best" of "score" in gemini_pool "main": "classic" or
> "normalized" expected

=== no nodes
[pool]
nodes 0; #!
> invalid value "0" of "nodes" in gemini_pool "main": a number from 1 to 1000
> expected

=== unlisted that is neither on nor off
[pool]
unlisted 404; #!
> invalid value "404" of "unlisted" in gemini_pool "main": "on" or "off"
> expected

=== a zone of no size
[pool]
zone main 4x; #!
> invalid value "4x" of "zone" in gemini_pool "main": a size of 8 pages or more
> expected

=== a zone that is too small for a header
[pool]
zone 4k; #!
> invalid value "4k" of "zone" in gemini_pool "main": a size of 8 pages or more
> expected

=== a zone that is too small for the pool
[pool]
zone gemini 64k;
} #!
gemini_pool other { key demo-key-1;
> zone "gemini" is too small for pool "main", at least %SIZE% expected

=== one zone for two pools
[pool]
zone gemini;
}
gemini_pool other {
    zone gemini;
    key demo-key-1;
} #!
gemini_pool third { key demo-key-1;
> zone "gemini" is the one of pool "main", another name expected

=== an unknown pool
[location]
gemini_pass mian /upstream; #!
> unknown gemini_pool "mian": the name of a gemini_pool block expected

=== an unknown pool of gemini_select
[location]
gemini_select other; #!
> unknown gemini_pool "other": the name of a gemini_pool block expected

=== an unknown pool of gemini_status
[location]
gemini_status other; #!
> unknown gemini_pool "other": the name of a gemini_pool block expected

=== gemini_pass without a URI
[location]
gemini_pass main; #!
> invalid number of arguments in "gemini_pass" directive

=== gemini_pass to a named location
[location]
gemini_pass main @upstream; #!
[server]
location @upstream { proxy_pass http://127.0.0.1:9; }
> invalid URI "@upstream" of "gemini_pass": not a named location but one that
> begins with "/" expected

=== gemini_pass to what is no URI
[location]
gemini_pass main upstream; #!
> invalid URI "upstream" of "gemini_pass": one that begins with "/" expected

=== gemini_pass to no location
[location]
gemini_pass main /none; #!
> "gemini_pass" with URI "/none" names no location: an exact one in the same
> server expected, "location = URI"

=== gemini_pass to the beginning of a location
[location]
gemini_pass main /up; #!
> "gemini_pass" with URI "/up" names no location: an exact one in the same
> server expected, "location = URI"

=== gemini_pass to a location with a prefix
[location]
gemini_pass main /prefix; #!
[server]
location /prefix { internal; proxy_pass http://127.0.0.1:9; }
> "gemini_pass" with URI "/prefix" names no location: an exact one in the same
> server expected, "location = URI"

=== gemini_pass to a location of another server
[location]
gemini_pass main /other; #!
[http]
server {
    listen 127.0.0.1:%%PORT_1%%;
    location = /other { internal; proxy_pass http://127.0.0.1:9; }
}
> "gemini_pass" with URI "/other" names no location: an exact one in the same
> server expected, "location = URI"

=== gemini_pass to a location that is not internal
[location]
gemini_pass main /upstream; #!
[server]
location = /upstream { proxy_pass http://127.0.0.1:9; }
> "gemini_pass" with URI "/upstream" names a location that clients can reach:
> "internal" expected in it

=== gemini_pass to a location without a handler
[location]
gemini_pass main /upstream; #!
[server]
location = /upstream { internal; }
> "gemini_pass" with URI "/upstream" names a location that passes nothing on:
> "proxy_pass" expected in it

=== gemini_pass to one that passes to itself
[location]
gemini_pass main /upstream; #!
[server]
location = /upstream { internal; gemini_pass main /upstream; }
> "gemini_pass" with URI "/upstream" names a location that passes nothing on:
> "proxy_pass" expected in it

=== gemini_pass twice
[location]
gemini_pass main /upstream;
gemini_pass main /upstream; #!
> "gemini_pass" directive is duplicate

=== gemini_pass beside gemini_select
[location]
gemini_select main;
gemini_pass main /upstream; #!
> "gemini_pass" directive conflicts with "gemini_select"

=== gemini_select beside gemini_pass
[location]
gemini_pass main /upstream;
gemini_select main; #!
> "gemini_select" directive conflicts with "gemini_pass"

=== gemini_pass behind proxy_pass
[location]
proxy_pass http://127.0.0.1:9;
gemini_pass main /upstream; #!
> "gemini_pass" directive conflicts with another content handler of the location

=== gemini_pass before proxy_pass
[location]
gemini_pass main /upstream; #!
proxy_pass http://127.0.0.1:9;
> "gemini_pass" with URI "/upstream" conflicts with another content handler of
> the location

=== gemini_pass in a server
[server]
gemini_pass main /upstream; #!
> "gemini_pass" directive is not allowed here

=== gemini_select twice
[location]
gemini_select main;
gemini_select main; #!
> "gemini_select" directive is duplicate

=== gemini_status twice
[location]
gemini_status main;
gemini_status main; #!
> "gemini_status" directive is duplicate

=== gemini_status with an unknown parameter
[location]
gemini_status main format=json; #!
> invalid parameter "format=json" of "gemini_status": "control=" expected

=== gemini_status with a control that is no URI
[location]
gemini_status main control=control; #!
> invalid URI "control" of "gemini_status": one that begins with "/" expected

=== a restriction that there is not
[location]
gemini_restrict projects=a; #!
> invalid parameter "projects=a" of "gemini_restrict": "keys=", "models=" or
> "families=" expected

=== a restriction twice
[location]
gemini_restrict keys=a;
gemini_restrict models=b; #!
> "gemini_restrict" directive is duplicate

=== a list of a restriction twice
[location]
gemini_restrict keys=a keys=b; #!
> duplicate parameter "keys=" of "gemini_restrict"

=== a list of a restriction that is empty
[location]
gemini_restrict keys=; #!
> invalid value "" of "keys=" in "gemini_restrict": comma separated globs
> expected

=== a family that there is not
[location]
gemini_restrict families=generate,chat; #!
> invalid value "generate,chat" of "families=" in "gemini_restrict": generate,
> count, embed, models, upload, files, caches, batches, stores, interactions,
> live, auth_tokens, tunedModels, agents, webhooks, credentials or unknown
> expected

=== a restriction of nothing
[location]
gemini_restrict; #!
> invalid number of arguments in "gemini_restrict" directive

=== gemini_fallback that is neither on nor off
[location]
gemini_fallback maybe; #!
> invalid value "maybe" in "gemini_fallback" directive: "on" or "off" expected

=== gemini_fallback twice
[location]
gemini_fallback on;
gemini_fallback $arg_fallback; #!
> "gemini_fallback" directive is duplicate

=== gemini_queue that is neither on nor off
[server]
gemini_queue 10; #!
> invalid value "10" in "gemini_queue" directive: "on" or "off" expected

=== gemini_tries of no number
[http]
gemini_tries many; #!
> invalid value "many" in "gemini_tries" directive: a number from 1 to 64
> expected

=== gemini_tries of nothing
[http]
gemini_tries 0; #!
> invalid value "0" in "gemini_tries" directive: a number from 1 to 64 expected

=== gemini_team of odd bytes
[location]
gemini_team "a,b"; #!
> invalid value "a,b" in "gemini_team" directive: up to 63 of letters, digits
> and "._:@+-" expected

=== gemini_store that is neither on nor off
[location]
gemini_store no; #!
> invalid value "no" in "gemini_store" directive, it must be "on" or "off"

=== gemini_error that is neither on nor off
[location]
gemini_error json; #!
> invalid value "json" in "gemini_error" directive, it must be "on" or "off"

=== gemini_error twice
[server]
gemini_error;
gemini_error on; #!
> "gemini_error" directive is duplicate

=== gemini_error twice, the other way round
[server]
gemini_error off;
gemini_error; #!
> "gemini_error" directive is duplicate

=== gemini_malloc_trim in a server
[server]
gemini_malloc_trim on; #!
> "gemini_malloc_trim" directive is not allowed here

=== gemini_malloc_trim that is neither on nor off
[http]
gemini_malloc_trim 1; #!
> invalid value "1" in "gemini_malloc_trim" directive, it must be "on" or "off"
