package GeminiTest::Blocks;

# Tests as data: "=== TEST n: a sentence", then sections "--- name [filter]".
# Every block is one nginx of its own and one subtest; the fake is shared and
# made new between blocks. t/README lists the sections.

use strict;
use warnings;

use Cpanel::JSON::XS ();
use GeminiTest;
use Test::More;

my $json = Cpanel::JSON::XS->new->utf8->relaxed;

my %known = map { $_ => 1 } qw(
    config http_config main_config pool env files fake request more_headers
    response_body response_body_like response_headers error_code error_log
    no_error_log access_log must_die upstream_log wait reload allow secret
    workers ONLY SKIP
);

my %demo_keys = (
    map { ("demo-key-$_" => 'demo-' . ('a', 'a', 'b', 'b', 'c', 'c')[$_ - 1]) }
        1 .. 6);


sub run {
    my ($handle, %default) = @_;
    my $text = ref $handle ? do { local $/; <$handle> } : $handle;
    my @blocks = parse($text);
    my @only = grep { exists $_->{ONLY} } @blocks;

    # the fake lives as long as the object that has started it
    my $owner = GeminiTest->new;
    my $fake = $owner->fake(keys => {%demo_keys});

    for my $block (@only ? @only : @blocks) {
        subtest $block->{name} => sub {
            plan skip_all => $block->{SKIP} || 'skipped'
                if exists $block->{SKIP};
            run_block({%default, %$block}, $fake);
        };
    }

    $owner->done;
    return;
}


sub parse {
    my ($text) = @_;
    my @blocks;

    for my $part (split /^(?==== )/m, $text) {
        $part =~ s/\A===\s*(.*)\n// or next;
        my %block = (name => $1);

        for my $section (split /^(?=--- )/m, $part) {
            $section =~ s/\A--- (\w+)([^:\n]*)(?::[ \t]*(.*))?\n?// or next;
            my ($name, $filters, $value) = ($1, $2, $3);

            die "$block{name}: unknown section \"$name\"\n"
                unless $known{$name};
            $block{$name} = value($value // $section, split ' ', $filters);
        }

        push @blocks, \%block;
    }

    return @blocks;
}


# without the empty lines around it; filters: eval, chomp
sub value {
    my ($value, @filters) = @_;

    $value =~ s/\A(?:[ \t]*\n)+//;
    $value =~ s/\s+\z/\n/ if $value =~ /\n/;

    for my $filter (@filters) {
        if ($filter eq 'chomp') {
            chomp $value;

        } elsif ($filter eq 'eval') {
            my $code = $value;
            $value = eval "package main; $code";
            die "section: $@in: $code" if $@;

        } else {
            die "unknown filter \"$filter\"\n";
        }
    }

    return $value;
}


sub run_block {
    my ($block, $fake) = @_;
    my $test = GeminiTest->new(
        $block->{workers} ? (workers => $block->{workers} + 0) : ());

    $test->use_fake($fake);
    set_up($test, $block, $fake);

    if (exists $block->{must_die}) {
        must_die($test, $block);
        $test->clean_up;
        return;
    }

    $test->start;

    if (exists $block->{reload}) {
        ok($test->reload(gone => 1), 'reload');
    }

    my @requests = list($block->{request});

    for my $i (0 .. $#requests) {
        my $name = @requests > 1 ? 'request ' . ($i + 1) . ': ' : '';
        answer_checks($test, $block, $i, $name,
                      send_request($test, $block, $requests[$i]));
    }

    await($test, $block);
    upstream_log($test, $block, $fake);
    log_checks($test, $block);
    $test->stop;
    no_log_checks($test, $block);
    $test->clean_up;

    return;
}


sub list {
    my ($value) = @_;

    return () unless defined $value;
    return ref $value eq 'ARRAY' ? @$value : $value;
}


sub at {
    my ($value, $i) = @_;
    return ref $value eq 'ARRAY' ? $value->[$i] : $value;
}


sub lines {
    my ($text) = @_;
    return grep { /\S/ } map { ref $_ ? $_ : split /\n/ } list($text);
}


# --- before ---

sub set_up {
    my ($test, $block, $fake) = @_;
    my $rules = perl_or_json($block->{fake}) // [];
    my %config = (keys => {%demo_keys}, projects => {}, models => undef,
                  limits => []);

    if (ref $rules eq 'HASH') {
        my %all = %$rules;
        $rules = delete $all{script} // [];
        %config = (%config, %all);
    }

    $fake->reset->config(%config)->script($rules);

    for my $line (lines($block->{env})) {
        my ($name, $value) = split /=/, $line, 2;
        $test->env($name => $value);
    }

    my $files = perl_or_json($block->{files}) // {};

    $test->write($_ => $files->{$_}) for sort keys %$files;
    $test->secret(lines($block->{secret}));
    $test->allow(map { pattern($test, $_) } lines($block->{allow}));
    $test->conf(http_text($block), main => $block->{main_config} // '');

    return;
}


sub perl_or_json {
    my ($text) = @_;

    return $text if !defined $text || ref $text;

    my $data = eval { $json->decode($text) };
    return $data if defined $data;

    $data = eval "package main; $text";
    die "neither JSON nor Perl: $@in: $text" unless ref $data;

    return $data;
}


sub http_text {
    my ($block) = @_;
    my $pool = defined $block->{pool}
        ? "    gemini_pool main {\n$block->{pool}    }\n" : '';
    my $http = $block->{http_config} // '';
    my $config = $block->{config} // '';

    return <<"END";
$pool
$http
    server {
        listen 127.0.0.1:%%PORT_0%%;
$config
    }
END
}


# --- the request and its answer ---

# "METHOD target [HTTP/1.x|h2]", lines of the body; a body of [..] and {..} of
# Perl comes by "eval"
sub send_request {
    my ($test, $block, $request) = @_;
    my ($first, $body) = split /\n/, $request, 2;
    my ($method, $target, $version) = split ' ', $test->expand($first);
    my @headers = map { [split /:\s*/, $test->expand($_), 2] }
        lines($block->{more_headers});
    my %opt;

    chomp $body if defined $body;
    undef $body if defined $body && $body eq '' && $method ne 'POST';

    $opt{h2} = 1 if ($version // '') eq 'h2';
    $opt{version} = $1 if ($version // '') =~ m{^HTTP/(1\.\d)$};

    return $test->request($method, $target, \@headers, $body, %opt);
}


sub answer_checks {
    my ($test, $block, $i, $name, $answer) = @_;
    my $code = at($block->{error_code}, $i) // 200;
    my $body = at($block->{response_body}, $i);
    my $like = at($block->{response_body_like}, $i);

    is($answer->{status}, $code + 0, "${name}status")
        or diag($answer->{error} // $answer->{body});
    ok($answer->{complete}, "${name}the answer is whole");

    if (defined $body) {
        $body = $test->expand($body);
        is($answer->{body}, $body, "${name}body")
            if $body !~ /\n\z/ || $answer->{body} =~ /\n\z/;
        is("$answer->{body}\n", $body, "${name}body")
            if $body =~ /\n\z/ && $answer->{body} !~ /\n\z/;
    }

    if (defined $like) {
        chomp $like unless ref $like;
        like($answer->{body}, ref $like ? $like : qr/$like/s,
             "${name}body like");
    }

    header_checks($test, at($block->{response_headers}, $i), $name, $answer);

    return;
}


# "Name: value", "Name: ~regex", "!Name"
sub header_checks {
    my ($test, $wanted, $name, $answer) = @_;

    for my $line (lines($wanted)) {
        if ($line =~ /^!\s*(\S+)/) {
            is($answer->{headers}{lc $1}, undef, "${name}no header $1");
            next;
        }

        my ($header, $value) = split /:\s*/, $test->expand($line), 2;
        my $got = $answer->{headers}{lc $header} // '';

        if ($value =~ s/^~\s*//) {
            like($got, qr/$value/, "${name}header $header");

        } else {
            is($got, $value, "${name}header $header");
        }
    }

    return;
}


# --- after ---

# a line is looked for as it stands, or as a pattern between slashes
sub pattern {
    my ($test, $line) = @_;

    return $line if ref $line;

    $line = $test->expand($line);
    return qr/$1/m if $line =~ m{^\s*/(.*)/\s*$};
    return qr/\Q$line\E/;
}


sub await {
    my ($test, $block) = @_;

    for my $line (lines($block->{wait})) {
        ok($test->wait_log(pattern($test, $line)), "waited for: $line");
    }

    return;
}


sub log_checks {
    my ($test, $block) = @_;

    for my $line (lines($block->{error_log})) {
        ok($test->wait_log(pattern($test, $line), 5), "error log: $line")
            or diag($test->error_log);
    }

    for my $line (lines($block->{access_log})) {
        ok($test->wait_log(pattern($test, $line), 5, file => 'access.log'),
           "access log: $line")
            or diag($test->access_log);
    }

    return;
}


sub no_log_checks {
    my ($test, $block) = @_;

    for my $line (lines($block->{no_error_log})) {
        unlike($test->error_log, pattern($test, $line),
               "not in the error log: $line");
    }

    return;
}


# the requests that the fake has seen, in order: "METHOD target name=value .."
# with members of its log as names, or words of a header "h.name=value"
sub upstream_log {
    my ($test, $block, $fake) = @_;

    return unless exists $block->{upstream_log};

    my @expected = lines($block->{upstream_log});
    my @got = $fake->log;

    is(scalar @got, scalar @expected, 'number of upstream requests')
        or diag(map { "$_->{method} $_->{target} " . ($_->{key} // '-') . ' '
                      . ($_->{status} // '-') . "\n" } @got);

    for my $i (0 .. $#expected) {
        my ($method, $target, @words) = split ' ', $expected[$i];
        my $entry = $got[$i] // last;
        my $name = 'upstream request ' . ($i + 1);

        is("$entry->{method} $entry->{target}", "$method $target", $name);

        for my $word (@words) {
            my ($member, $value) = split /=/, $word, 2;
            is(member($entry, $member), $value, "$name: $member");
        }
    }

    return;
}


sub member {
    my ($entry, $name) = @_;

    return $entry->{$name} // '' unless $name =~ /^h\.(.+)/;

    my $header = lc $1;
    return join ',', map { $_->[1] } grep { lc $_->[0] eq $header }
        @{$entry->{headers}};
}


sub must_die {
    my ($test, $block) = @_;
    my ($code, $text) = $test->configtest;

    isnt($code, 0, 'nginx -t refuses');

    for my $line (lines($block->{error_log})) {
        like($text, pattern($test, $line), "told: $line");
    }

    for my $line (lines($block->{no_error_log})) {
        unlike($text, pattern($test, $line), "not told: $line");
    }

    unlike($text, qr/Sanitizer|runtime error:|signal/, 'no crash');

    return;
}


1;
