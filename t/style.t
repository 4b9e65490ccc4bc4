#!/usr/bin/perl

# Tests for the sources: the house rules and the log formats hold, and the
# checkers see each fault that they are there for.

use strict;
use warnings;

use File::Temp qw/ tempdir /;
use Test::More;

my @files = grep { -e } (glob('ngx_gemini_router/*.[ch]'),
                         glob('ngx_gemini_router/core/*.[ch]'),
                         glob('t/unit/*.[ch]'), glob('t/fuzz/*.[ch]'));

my $dir = tempdir(CLEANUP => 1);

my $good = <<'END';

/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include <ngx_config.h>
#include <ngx_core.h>


static ngx_int_t ngx_gemini_a(ngx_log_t *log, ngx_str_t *name);


static ngx_int_t
ngx_gemini_a(ngx_log_t *log, ngx_str_t *name)
{
    u_char     *p;
    ngx_str_t   s;
    ngx_uint_t  i;

    for (i = 0; i < 3; i++) {
        ngx_log_error(NGX_LOG_ERR, log, 0, "gemini %ui %V", i, name);
    }

    if (i) {
        return NGX_OK;

    } else {
        return NGX_ERROR;
    }
}


/* adds */

ngx_int_t
ngx_gemini_b(void)
{
    return ngx_gemini_a(NULL, NULL);
}
END

# name, what the checker says, the good text's part, what takes its place

my @planted = (
    [ '81 columns', qr/columns/, 'NULL, NULL)', 'NULL,' . ' ' x 60 . 'NULL)' ],
    [ 'tab', qr/tab/, "        return NGX_OK", "\treturn NGX_OK" ],
    [ 'trailing blank', qr/trailing/, 'NGX_OK;', 'NGX_OK; ' ],
    [ '// comment', qr{//}, '/* adds */', '// adds' ],
    [ 'if(', qr/no space before \(/, 'if (i)', 'if(i)' ],
    [ '){', qr/no space before \{/, '(i) {', '(i){' ],
    [ 'else without space', qr/before else/, "    }\n}", "    }\n} else {" ],
    [ 'no line before else', qr/before else/, "OK;\n\n", "OK;\n" ],
    [ 'for with a declaration', qr/C99/, 'for (i', 'for (int i' ],
    [ 'prototype with ()', qr/void/, '_t *name);', "_t *name);\nint a();" ],
    [ 'definition with ()', qr/void/, '_b(void)', '_b()' ],
    [ 'no prototype', qr/no prototype/,
      'static ngx_int_t ngx_gemini_a(', 'static ngx_int_t ngx_gemini_x(' ],
    [ 'type and name on a line', qr/return type/,
      "ngx_int_t\nngx_gemini_b", 'ngx_int_t ngx_gemini_b' ],
    [ 'one empty line', qr/two empty lines/, "}\n\n\n/*", "}\n\n/*" ],
    [ 'one empty line, no comment', qr/two empty lines/,
      "}\n\n\n/* adds */\n\n", "}\n\n" ],
    [ 'three empty lines', qr/two empty/, "}\n\n\n/*", "}\n\n\n\n/*" ],
    [ 'unsorted', qr/sorted/, 'u_char     *p', 'ngx_pool_t *p' ],
    [ 'not aligned', qr/aligned/, 'ngx_str_t   s', 'ngx_str_t  s' ],
    [ 'no line after declarations', qr/after the decl/, "i;\n\n", "i;\n" ],
    [ 'long function', qr/lines/, "    if (i) {", "    i++;\n" x 75
                                                 . "    if (i) {" ],
    [ 'long file', qr/file of/, "/* adds", "\n" x 600 . "/* adds" ],
    [ 'operator at the end', qr/operator/, 'if (i)', "if (i &&\n i)" ],
    [ 'wrapped condition', qr/wrapped/, 'if (i)', "if (i\n && i)" ],
    [ 'initialiser', qr/initialiser/, '    if (i)', "    .a = 1;\n    if (i)" ],
    [ 'no braces', qr/braces/, '    if (i) {', "    if (i) i++;\n    {" ],
    [ '#if 0', qr/#if 0/, '/* adds */', '#if 0' ],
);

my @planted_formats = (
    [ 'too few', qr/wants 2/, ', i, name);', ', i);' ],
    [ 'too many', qr/wants 2/, ', i, name);', ', i, name, i);' ],
    [ 'unknown', qr/unknown/, '%ui', '%ji' ],
    [ 'number in the name', qr/with 2/, 'ngx_log_error(', 'ngx_log_debug1(' ],
    [ 'full stop', qr/full stop/, '%V"', '%V."' ],
    [ 'snprintf', qr/wants 1/, 'i++;', 'i += ngx_snprintf(p, 1, "%V");' ],
);


sub check {
    my ($tool, $text) = @_;
    my $path = "$dir/a.c";

    open(my $f, '>', $path) or die "$path: $!";
    print $f $text;
    close($f);

    my $out = `util/$tool $path 2>&1`;

    return ($?, $out);
}


sub plant {
    my ($tool, $case) = @_;
    my ($name, $says, $from, $to) = @$case;
    my $text = $good;
    my $at = index($text, $from);

    if ($name eq 'snprintf') {
        ($from, $to) = ("    if (i)", "    ngx_snprintf(p, 1, \"%V\");\n");
        $at = index($text, $from);
        $from = '';
    }

    substr($text, $at, length($from)) = $to;

    my ($rc, $out) = check($tool, $text);

    ok($at >= 0 && $rc && $out =~ $says, "$tool sees: $name")
        or diag($out);
}


for my $tool (qw/ ngx-style ngx-logfmt /) {
    my $out = `util/$tool @files 2>&1`;

    is($?, 0, "$tool on all sources") or diag($out);

    my ($rc, $quiet) = check($tool, $good);

    is("$rc$quiet", '0', "$tool takes good text");
}

plant('ngx-style', $_) for @planted;
plant('ngx-logfmt', $_) for @planted_formats;

for my $script (grep { -f } glob('util/* .ci/run t/*.t')) {
    open(my $f, '<', $script) or die "$script: $!";
    my $first = <$f>;
    close($f);

    my $parse = $first =~ /perl/ ? 'perl -It/lib -c'
                : $first =~ m{^#!/bin/(sh|bash)$} ? "$1 -n" : next;
    my $out = `$parse $script 2>&1`;

    is($?, 0, "$script parses") or diag($out);
    ok(-x $script, "$script is executable") if $script !~ m{^t/};
}

done_testing();
