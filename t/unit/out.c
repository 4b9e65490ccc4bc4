
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The sink: numbers, escapes, the JSON writer, growing and failing.
 */


#include "ngx_gemini_out.h"
#include "tap.h"


#define OUT_SIZE  512


/* hands out one byte at a time and collects what was written */

typedef struct {
    u_char                     piece;
    u_char                     text[OUT_SIZE];
    size_t                     len;
    size_t                     limit;
    ngx_uint_t                 calls;
} out_pieces_t;


typedef struct {
    const char                *text;
    const char                *json;
    const char                *label;
} out_text_t;


static void out_numbers(void);
static void out_texts(void);
static void out_writer(void);
static void out_fixed_memory(void);
static void out_growing(void);
static ngx_int_t out_grow(ngx_gemini_out_t *out);
static void out_start(ngx_gemini_out_t *out);
static void out_is(ngx_gemini_out_t *out, const char *want,
    const char *name);


static u_char  out_buf[OUT_SIZE];


static const out_text_t  out_table[] = {

    { "", "\"\"", "" },
    { "plain", "\"plain\"", "plain" },
    { "a\"b\\c\nd", "\"a\\\"b\\\\c\\nd\"", "a\\\"b\\\\c\\nd" },
    { "\t\r\b\f", "\"\\t\\r\\b\\f\"", "\t\r\b\f" },
    { "\x01\x1f\x7f", "\"\\u0001\\u001f\x7f\"", "\x01\x1f\x7f" },

    /* UTF-8 of 2, 3 and 4 bytes */
    { "\xc3\xa9", "\"\xc3\xa9\"", "\xc3\xa9" },
    { "\xe2\x82\xac", "\"\xe2\x82\xac\"", "\xe2\x82\xac" },
    { "\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\"", "\xf0\x9f\x98\x80" },

    /* a lone continuation, a cut sequence, long forms, a surrogate, too big */
    { "a\x80z", "\"a\xef\xbf\xbdz\"", "a\xef\xbf\xbdz" },
    { "\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\"", "\xef\xbf\xbd\xef\xbf\xbd" },
    { "\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\"", "\xef\xbf\xbd\xef\xbf\xbd" },
    { "\xe0\x9f\xbf", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"",
      "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
    { "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"",
      "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
    { "\xf4\x90\x80\x80",
      "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"",
      "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
    { "\xff", "\"\xef\xbf\xbd\"", "\xef\xbf\xbd" },

    { NULL, NULL, NULL }
};


int
main(void)
{
    out_numbers();
    out_texts();
    out_writer();
    out_fixed_memory();
    out_growing();

    return tap_done();
}


static void
out_numbers(void)
{
    ngx_gemini_out_t  out;

    out_start(&out);
    ngx_gemini_out_uint(&out, 0);
    ngx_gemini_out_cstr(&out, " ");
    ngx_gemini_out_uint(&out, (uint64_t) -1);
    ngx_gemini_out_cstr(&out, " ");
    ngx_gemini_out_int(&out, -1);
    ngx_gemini_out_cstr(&out, " ");
    ngx_gemini_out_int(&out, (int64_t) (1ull << 63));
    out_is(&out, "0 18446744073709551615 -1 -9223372036854775808",
           "whole numbers");

    out_start(&out);
    ngx_gemini_out_fixed(&out, 1250, 3);
    ngx_gemini_out_cstr(&out, " ");
    ngx_gemini_out_fixed(&out, 7, 3);
    ngx_gemini_out_cstr(&out, " ");
    ngx_gemini_out_fixed(&out, -50, 2);
    ngx_gemini_out_cstr(&out, " ");
    ngx_gemini_out_fixed(&out, 42, 0);
    ngx_gemini_out_cstr(&out, " ");
    ngx_gemini_out_fixed(&out, (int64_t) (1ull << 63), 9);
    out_is(&out, "1.250 0.007 -0.50 42 -9223372036.854775808",
           "fixed points");
}


static void
out_texts(void)
{
    ngx_uint_t         i;
    ngx_gemini_out_t   out;
    const out_text_t  *t;

    for (i = 0; out_table[i].text; i++) {
        t = &out_table[i];

        out_start(&out);
        ngx_gemini_out_string(&out, (const u_char *) t->text,
                              strlen(t->text));
        out_is(&out, t->json, "JSON string");

        out_start(&out);
        ngx_gemini_out_label(&out, (const u_char *) t->text,
                             strlen(t->text));
        out_is(&out, t->label, "label");
    }

    out_start(&out);
    ngx_gemini_out_string(&out, (const u_char *) "a\0b", 3);
    out_is(&out, "\"a\\u0000b\"", "a zero byte");
}


static void
out_writer(void)
{
    ngx_gemini_out_t  out;

    out_start(&out);
    ngx_gemini_out_open(&out, NULL, '{');
    ngx_gemini_out_kcstr(&out, "s", "a\"b");
    ngx_gemini_out_kuint(&out, "u", 7);
    ngx_gemini_out_kint(&out, "i", -7);
    ngx_gemini_out_kbool(&out, "t", 4);
    ngx_gemini_out_kbool(&out, "f", 0);
    ngx_gemini_out_knull(&out, "n");
    ngx_gemini_out_ksec(&out, "sec", 1500);
    ngx_gemini_out_ktime(&out, "never", 0);
    ngx_gemini_out_ktime(&out, "time", 1795326814000ull);
    ngx_gemini_out_close(&out, '}');
    out_is(&out, "{\"s\":\"a\\\"b\",\"u\":7,\"i\":-7,\"t\":true,\"f\":false,"
                 "\"n\":null,\"sec\":1.500,\"never\":null,"
                 "\"time\":\"2026-11-22T05:53:34Z\"}", "members");

    out_start(&out);
    ngx_gemini_out_open(&out, NULL, '[');
    ngx_gemini_out_open(&out, NULL, '{');
    ngx_gemini_out_close(&out, '}');
    ngx_gemini_out_open(&out, NULL, '{');
    ngx_gemini_out_open(&out, "a", '[');
    ngx_gemini_out_kuint(&out, NULL, 1);
    ngx_gemini_out_kuint(&out, NULL, 2);
    ngx_gemini_out_close(&out, ']');
    ngx_gemini_out_key(&out, "raw");
    ngx_gemini_out_fixed(&out, 5, 1);
    ngx_gemini_out_knull(&out, "last");
    ngx_gemini_out_close(&out, '}');
    ngx_gemini_out_close(&out, ']');
    tap_is_int(out.depth, 0, "all is closed");
    out_is(&out, "[{},{\"a\":[1,2],\"raw\":0.5,\"last\":null}]",
           "nested, commas in between only");

    out_start(&out);
    ngx_gemini_out_kuint(&out, NULL, 1);
    ngx_gemini_out_cstr(&out, "\n");
    ngx_gemini_out_open(&out, NULL, '{');
    ngx_gemini_out_close(&out, '}');
    ngx_gemini_out_cstr(&out, "\n");
    ngx_gemini_out_open(&out, NULL, '{');
    ngx_gemini_out_close(&out, '}');
    out_is(&out, "1\n{}\n{}", "no comma between outermost values");
}


static void
out_fixed_memory(void)
{
    ngx_gemini_out_t  out;

    ngx_memset(out_buf, '#', sizeof(out_buf));

    ngx_gemini_out_init(&out, out_buf, 4);
    ngx_gemini_out_cstr(&out, "abcd");
    tap_ok(!out.failed, "four bytes fit in four");

    ngx_gemini_out_cstr(&out, "e");
    tap_ok(out.failed, "a fifth does not");
    tap_is_mem(out_buf, 5, "abcd#", "nothing is written past the end");

    ngx_gemini_out_init(&out, out_buf, 0);
    ngx_gemini_out_mem(&out, NULL, 0);
    tap_ok(!out.failed, "nothing fits in nothing");
}


static void
out_growing(void)
{
    out_pieces_t      pieces;
    ngx_gemini_out_t  out;

    ngx_memzero(&pieces, sizeof(out_pieces_t));
    pieces.limit = OUT_SIZE;

    ngx_gemini_out_init(&out, NULL, 0);
    out.grow = out_grow;
    out.data = &pieces;

    ngx_gemini_out_open(&out, NULL, '{');
    ngx_gemini_out_kcstr(&out, "a\n", "\xe2\x82\xac\xe2");
    ngx_gemini_out_close(&out, '}');

    (void) out_grow(&out);
    tap_ok(!out.failed, "growing by one byte");
    tap_is_mem(pieces.text, pieces.len,
               "{\"a\\n\":\"\xe2\x82\xac\xef\xbf\xbd\"}",
               "the pieces are the whole");

    ngx_memzero(&pieces, sizeof(out_pieces_t));
    pieces.limit = 3;

    ngx_gemini_out_init(&out, NULL, 0);
    out.grow = out_grow;
    out.data = &pieces;

    ngx_gemini_out_cstr(&out, "abc");
    tap_ok(!out.failed, "up to the limit of grow()");

    ngx_gemini_out_cstr(&out, "d");
    tap_ok(out.failed, "grow() fails");

    pieces.limit = OUT_SIZE;
    ngx_gemini_out_cstr(&out, "e");
    tap_ok(out.failed, "a failure lasts");
    tap_is_int(pieces.calls, 4, "grow() is not asked again");
}


static ngx_int_t
out_grow(ngx_gemini_out_t *out)
{
    out_pieces_t *pieces = out->data;

    if (pieces->calls++ && out->pos == out->end) {
        pieces->text[pieces->len++] = pieces->piece;
    }

    if (pieces->len >= pieces->limit) {
        return NGX_ERROR;
    }

    out->pos = &pieces->piece;
    out->end = out->pos + 1;

    return NGX_OK;
}


static void
out_start(ngx_gemini_out_t *out)
{
    ngx_gemini_out_init(out, out_buf, sizeof(out_buf));
}


static void
out_is(ngx_gemini_out_t *out, const char *want, const char *name)
{
    tap_ok(!out->failed, "%s: it fits", name);
    tap_is_mem(out_buf, out->pos - out_buf, want, "%s", name);
}
