#!/usr/bin/perl

# Tests for the boundaries: each foreign thing is touched in one file only, and
# a room includes only rooms of lower rows.

use strict;
use warnings;

use Test::More;

my $dir = 'ngx_gemini_router';

my @files = (glob("$dir/*.[ch]"), glob("$dir/core/*.[ch]"));

# what, as it is seen in code, the rooms that may; core: all of core/

my @doors = (
    [ 'shared mutex, slab', qr/\bngx_(?:shmtx|slab|rwlock)_\w+\s*\(/,
      qw/ zone / ],
    [ 'subrequests', qr/\bngx_http_(?:subrequest\s*\(|post_subrequest_t\b)/,
      qw/ attempt / ],
    [ 'filter chains', qr/\bngx_http_top_\w+_filter\b/, qw/ filter / ],
    [ 'libcurl', qr{<curl/}, qw/ curl / ],
    [ 'yajl', qr{<yajl/}, qw/ json / ],
    [ 'files', qr/\b(?:ngx_open_file|ngx_read_file|ngx_write_file|fopen|open)
                  \s*\(/x, qw/ persist conf body / ],
    [ 'clock of the process',
      qr/\bngx_(?:current_msec|time|timeofday|cached_time)\b/,
      qw/ glue / ],
    [ 'nginx_version', qr/\bnginx_version\b/, qw/ compat / ],
    [ 'secrets', qr/(?:->|\.)secrets?\b/,
      qw/ conf attempt filter handler variables probe module core / ],
    [ 'events, connections', qr/\bngx_(?:add|del)_(?:timer|event)\s*\(
                               |\bngx_get_connection\s*\(/x, qw/ glue / ],
    [ 'logs', qr/\bngx_(?:conf_)?log_\w+\s*\(/, qw/ glue / ],
    [ 'memory of the process', qr/\b(?:malloc|calloc|realloc|free)\s*\(/,
      qw/ json / ],
);

# rooms of several files, and the files beside the one of the same name

my %parts = (
    'core:pool'     => [ qw/ carry claim conf owner_set rest root slots / ],
    'core:answer'   => [ qw/ scrub / ],
    'core:refs'     => [ qw/ name token / ],
    'core:body'     => [ qw/ member mention place text word / ],
    'core:usage'    => [ qw/ sse tokens usage_level / ],
    'core:classify' => [ qw/ class fault head quota rule / ],
    'core:request'  => [ qw/ resource route upload verb / ],
    'core:sched'    => [ qw/ allow blame candidate change cooldown lack resv
                             settle / ],
    'core:plan'     => [ qw/ order / ],
    'core:snapshot' => [ qw/ restore restore_put saved saved_read
                             saved_table / ],
    'core:report'   => [ qw/ copy copy_metrics copy_models row row_tier summary
                             table / ],
    'core:operate'  => [ qw/ reset / ],
    'conf'          => [ qw/ key_conf key_env key_resolve model_conf pool_conf
                             probe_conf resolve restrict_conf state_conf / ],
    'attempt'       => [ qw/ headers log / ],
    'core:prom'     => [ qw/ prom_hist prom_row prom_scan prom_text / ],
    'status'        => [ qw/ format / ],
    'filter'        => [ qw/ error hold look / ],
    'request'       => [ qw/ client live owner redact upload / ],
    'handler'       => [ qw/ finish order queue select / ],
    'control'       => [ qw/ control_args / ],
    'page'          => [ qw/ page_html / ],
    'probe'         => [ qw/ probe_job probe_round / ],
    'persist'       => [ qw/ persist_file persist_load / ],
    'variables'     => [ qw/ trail / ],
);

# lowest first; the rooms of a row do not include each other

my @rows = (
    [ qw/ core:gemini / ],
    [ qw/ core:time core:glob core:scan core:uri core:window
         core:accept / ],
    [ qw/ core:out / ],
    [ qw/ core:metrics / ],
    [ qw/ core:json core:keyfile core:field core:pool core:refs / ],
    [ qw/ core:classify core:body core:usage core:listing core:tier / ],
    [ qw/ core:answer core:budget core:owner core:request
         core:refs_answer / ],
    [ qw/ core:sched / ],
    [ qw/ core:plan core:capacity core:probe / ],
    [ qw/ core:explain core:report / ],
    [ qw/ core:health core:snapshot core:operate core:prom / ],
    [ qw/ compat / ],
    [ qw/ umbrella / ],
    [ qw/ zone param body reply origin / ],
    [ qw/ conf attempt curl page / ],
    [ qw/ request / ],
    [ qw/ filter / ],
    [ qw/ handler probe / ],
    [ qw/ variables status control persist worker / ],
    [ qw/ module / ],
);

my (%row, %part, @bad);

for my $i (0 .. $#rows) {
    $row{$_} = $i for @{ $rows[$i] };
}

for my $room (keys %parts) {
    my $prefix = $room =~ /^core:/ ? 'core:' : '';
    $part{"$prefix$_"} = $room for @{ $parts{$room} };
}


sub room {
    my ($path) = @_;

    return 'umbrella' if $path =~ /ngx_http_gemini_module\.h$/;
    return 'core:gemini' if $path =~ /ngx_gemini\.h$/;
    return if $path !~ /ngx_(http_)?gemini_(\w+)\.[ch]$/;

    my $room = $1 ? $2 : "core:$2";

    return $part{$room} // $room;
}


sub code {
    my ($path) = @_;

    open(my $f, '<', $path) or die "$path: $!";
    my $text = do { local $/; <$f> };
    close($f);

    $text =~ s{(/\*.*?\*/)}{ "\n" x ($1 =~ tr/\n//) }gse;
    $text =~ s{^(?!#)(.*)$}{ $1 =~ s/"(?:[^"\\]|\\.)*"/""/gr }gme;

    return $text;
}


sub may {
    my ($room, @rooms) = @_;

    for my $allowed (@rooms) {
        return 1 if $allowed eq 'glue' && $room !~ /^core:/;
        return 1 if $allowed eq 'core' && $room =~ /^core:/;
        return 1 if $room eq $allowed || $room eq "core:$allowed";
    }

    return 0;
}


sub lines {
    my ($text, $re) = @_;
    my @lines;

    while ($text =~ /$re/g) {
        push(@lines, 1 + (substr($text, 0, $-[0]) =~ tr/\n//));
    }

    return @lines;
}


@bad = grep { my $room = room($_); !defined $room || !exists $row{$room} }
            @files;
is("@bad", '', 'every file is a room of a row');

open(my $config, '<', 'config') or die "config: $!";
my %listed = map { m{/(ngx_\w+\.[ch])} ? ($1 => 1) : () } <$config>;
close($config);

@bad = grep { !m{([^/]+)$} || !delete $listed{$1} } @files;
is("@bad", '', 'config lists every file');
is(join(' ', sort keys %listed), '', 'and no other');

my %code = map { $_ => code($_) } @files;

for my $door (@doors) {
    my ($what, $re, @rooms) = @$door;

    @bad = ();

    for my $path (@files) {
        next if may(room($path), @rooms);
        push(@bad, map { "$path:$_" } lines($code{$path}, $re));
    }

    is("@bad", '', "$what: only @rooms");
}

@bad = ();

for my $path (@files) {
    my $room = room($path);
    my $own = $room // '';

    next if !exists $row{$own};

    for my $header ($code{$path} =~ /^#include "([^"]+)"/mg) {
        my $other = room($header);

        if (!defined $other || !exists $row{$other}) {
            push(@bad, "$path: $header");
            next;
        }

        next if $other eq $own;

        push(@bad, "$path: $header") if $row{$other} >= $row{$room};
    }
}

is(join("\n", @bad), '', 'a room includes only rooms of lower rows');

done_testing();
