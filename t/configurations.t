#!/usr/bin/perl

# Tests for what users copy: nginx takes each configuration that README.md
# shows, in the context that it is meant for, and says nothing against it;
# units are what systemd takes.
#
#   prove t/configurations.t :: FILE ...     of other texts

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use GeminiTest;

# where a statement at the top of a block says that it stands

my %context = (
    (map { $_ => 'main' } qw/ load_module user env worker_processes events
        worker_rlimit_nofile http thread_pool pid error_log /),
    (map { $_ => 'http' } qw/ server upstream map geo split_clients log_format
        gemini_pool limit_req_zone limit_conn_zone /),
    (map { $_ => 'server' } qw/ listen server_name location /),
    (map { $_ => 'pool' } qw/ key keys model limit alias fallback unlisted
        prefer tries timeout attempt_timeout queue cooldown window score probe
        state nodes zone /),
);

my %sections = map { $_ => 1 } qw/ Unit Service Timer Install /;

my @files = @ARGV ? @ARGV : 'README.md';

checker();

for my $file (@files) {
    my $text = slurp($file);
    my $n = 0;

    while ($text =~ /^```(\w+)\n(.*?)^```/msg) {
        my ($kind, $block) = ($1, $2);

        $n++;
        nginx("$file, block $n", $block) if $kind eq 'nginx';
        unit("$file, block $n", $block) if $kind =~ /^(?:ini|systemd)$/;
    }

    cmp_ok($n, '>', 0, "$file shows configurations");
}

unit($_, slurp($_)) for glob 'conf/*.service conf/*.timer';
verified();

done_testing();


sub slurp {
    my ($path) = @_;

    open(my $f, '<', $path) or die "$path: $!";
    local $/;
    return <$f>;
}


# first words of the statements that no block encloses
sub statements {
    my ($text) = @_;
    my ($depth, $fresh, @words) = (0, 1);

    $text =~ s/\$\{\w+\}/x/g;

    while ($text =~ /\G(?:\s+|\#[^\n]*\n)*
                     ("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[{};]|[^\s{};]+)/xgc)
    {
        my $word = $1;

        push @words, $word if $fresh && !$depth && $word !~ /^[{};]$/;
        $fresh = $word =~ /^[{};]$/;
        $depth += $word eq '{' ? 1 : $word eq '}' ? -1 : 0;
    }

    return @words;
}


sub context {
    my ($text) = @_;
    my %seen = map { ($context{$_} // 'location') => 1 } statements($text);

    for my $level (qw/ main http server pool /) {
        return $level if $seen{$level};
    }

    return 'location';
}


# main and http level of the file that the block belongs into
sub levels {
    my ($text) = @_;
    my $level = context($text);
    my $main = '';

    if ($level eq 'main') {
        $text =~ s/^load_module [^\n]*\n//mg;
        $text =~ s/^events \{[^}]*\}\n//m;
        $text =~ s/^http \{\n(.*)^\}\n/$main = $1; ''/mse;
        ($main, $text) = ($text, $main);
        $main =~ s{/var/log/nginx/}{%%DIR%%/}g;
        $main =~ s/^error_log [^\n]*\n//mg;
    }

    $text = "gemini_pool main {\nkey literal;\n$text}\n" if $level eq 'pool';

    if ($level eq 'location') {
        $text .= "gemini_pass main /gemini-upstream;\n"
            if $text !~ /^\s*(?:gemini_(?:pass|select|status|control)
                          |proxy_pass|return)\s/xm;
        $text = "location / {\n$text}\n";
        $level = 'server';
    }

    if ($level eq 'server') {
        $text = "listen 127.0.0.1:8080;\n$text" if $text !~ /^\s*listen\s/m;
        $text .= "location = /gemini-upstream { internal; proxy_pass"
            . " https://gemini_api; include gemini_proxy.conf; }\n"
            if $text !~ m{location = /gemini-upstream};
        $text = "server {\n$text}\n";
    }

    return ($main, $text);
}


# what other blocks of the text have defined
sub completed {
    my ($text) = @_;
    my $n = 0;

    my %want = map { $_ => 1 }
        $text =~ /\bgemini_(?:pass|select|status|control)\s+(\w+)/g;

    delete $want{$_} for $text =~ /\bgemini_pool\s+(\w+)/g;
    $want{main} = 1 if $text !~ /\bgemini_pool\s/;

    $text .= "gemini_pool $_ { key literal-$_; }\n" for sort keys %want;
    $text = "map \$gemini_client_token \$team { default \"\"; }\n$text"
        if $text =~ /\$team\b/ && $text !~ /^\s*map \S+ \$team\b/m;

    for my $name (qw/ gemini_upstream gemini_client /) {
        $text = "include $name.conf;\n$text"
            if $text !~ /^\s*include\s+$name\.conf;/m;
    }

    $text =~ s{/var/log/nginx/}{%%DIR%%/}g;
    $text =~ s{/var/lib/gemini/}{%%DIR%%/}g;
    $text =~ s/(listen\s+)(?:127\.0\.0\.1:)?\d+\b/
               "${1}127.0.0.1:%%PORT_" . $n++ . '%%'/gex;

    return $text;
}


sub refused {
    my ($block) = @_;
    my $t = GeminiTest->new;
    my ($main, $text) = levels($block);

    for my $path (glob('conf/gemini_*.conf')) {
        my ($name) = $path =~ m{([^/]+)$};

        $t->write($name, slurp($path)
                         =~ s/(server\s+)generativelanguage\S+:443
                             /${1}127.0.0.1:443/xr);
    }

    $t->env(GEMINI_API_KEY => 'secret-1', PAID_KEY => 'secret-2');
    $t->write('secrets/gemini.keys', "secret-3 name=free1 project=free-a\n",
              0600);
    $t->write('secrets/teams.map', qq{"token" research;\n}, 0600);
    $t->conf(completed($text), main => $main);

    my ($code, $out) = $t->configtest;

    $t->clean_up;

    return $code || $out =~ /\[(?:warn|error|crit|alert|emerg)\]/ ? $out : '';
}


sub nginx {
    my ($name, $block) = @_;

    is(refused($block), '', "$name: " . context($block));
    return;
}


# a checker that refuses nothing is none
sub checker {
    my %is = (
        "load_module x.so;\nevents { }\nhttp {\n}\n" => 'main',
        "gemini_pool main { key a; }\n" => 'http',
        "# server\nmap \$uri \$b { default \"{\"; }\n" => 'http',
        "location / { return 204; }\n" => 'server',
        "key a;\nmodel gemini-3.8-flash;\n" => 'pool',
        "gemini_restrict keys=a;\n" => 'location',
    );

    for my $block (sort keys %is) {
        my ($first) = $block =~ /(.*)/;

        is(context($block), $is{$block}, "context: $first");
        is(refused($block), '', '.. is taken') if $first !~ /load_module/;
    }

    like(refused("gemini_pass main;\n"), qr/invalid number of arg/, 'refused');
    like(refused("modl gemini-x;\nkey a;\n"), qr/unknown directive "modl"/,
         'refused in a pool');
    like(refused("queue 5 timeout=1y1y;\n"), qr/timeout/, 'a bad value');
}


# --- systemd ---

sub unit_faults {
    my ($text) = @_;
    my ($section, @bad);

    for my $line (split /\n/, $text) {
        next if $line =~ /^\s*(?:[#;]|$)/;

        if ($line =~ /^\[(\w+)\]$/) {
            $section = $1;
            push @bad, $line if !$sections{$section};

        } elsif (!$section || $line !~ /^[A-Z]\w+=\S*.*\S?$/) {
            push @bad, $line;
        }
    }

    return @bad;
}


sub unit {
    my ($name, $text) = @_;

    is(join("\n", unit_faults($text)), '', "$name: a unit");
    return;
}


sub verified {
    is(join(' ', unit_faults("[Servce]\na=1\nB = 2\n[Unit]\nAfter=x\n")),
       '[Servce] a=1 B = 2', 'faults of a unit are seen');

    SKIP: {
        skip('no systemd-analyze', 1)
            if system('command -v systemd-analyze > /dev/null');

        my @units = glob('conf/*.service conf/*.timer');
        my $out = `systemd-analyze --man=no verify @units 2>&1`;

        unlike($out, qr/gemini/, 'units for systemd') or diag($out);
    }
}
