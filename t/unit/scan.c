
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The way over strings and brackets against a plain reading byte by byte:
 * random texts full of quotes, backslashes and brackets, whole and cut.
 */


#include "ngx_gemini_scan.h"
#include "tap.h"


#define TEXTS  20000
#define SIZE   300


/* where a plain reading stands */

typedef struct {
    uint32_t                   depth;
    int                        string;
    int                        escape;
    int                        token;
} test_way_t;


static void test_strings(void);
static void test_ways(void);
static void test_spaces(void);
static size_t test_make(u_char *text);
static size_t test_string(const u_char *text, size_t len, int *escape);
static size_t test_plain(test_way_t *way, const u_char *text, size_t len);
static int test_way(const u_char *text, size_t len, size_t cut,
    uint32_t depth);
static uint32_t test_random(uint32_t n);


static uint64_t  test_seed;


int
main(void)
{
    test_seed = tap_seed();

    test_strings();
    test_ways();
    test_spaces();

    return tap_done();
}


static void
test_strings(void)
{
    int            i, first, escape, good;
    size_t         len, at;
    u_char         text[SIZE], *copy;
    ngx_uint_t     e;
    const u_char  *p;

    good = 0;

    for (i = 0; i < TEXTS; i++) {
        len = test_make(text);
        copy = tap_copy(text, len);

        first = (int) test_random(2);
        escape = first;
        e = (ngx_uint_t) first;

        at = test_string(text, len, &escape);
        p = ngx_gemini_scan_string(copy, copy + len, &e);

        good += ((size_t) (p - copy) == at && (int) e == escape);

        free(copy);
    }

    tap_is_int(good, TEXTS, "ends of strings");
}


static void
test_ways(void)
{
    int       i, good;
    size_t    len;
    u_char    text[SIZE];
    uint32_t  depth;

    good = 0;

    for (i = 0; i < TEXTS; i++) {
        len = test_make(text);
        depth = 1 + test_random(4);

        good += test_way(text, len, len, depth)
                && test_way(text, len, test_random((uint32_t) len + 1), depth);
    }

    tap_is_int(good, TEXTS, "ways to a bracket");
}


/* the text up to cut, and what is behind it if the way goes on */

static int
test_way(const u_char *text, size_t len, size_t cut, uint32_t depth)
{
    size_t                  at;
    u_char                 *copy;
    test_way_t              want;
    const u_char           *p;
    ngx_gemini_scan_way_t   way;

    ngx_memzero(&want, sizeof(test_way_t));
    ngx_memzero(&way, sizeof(ngx_gemini_scan_way_t));

    want.depth = depth;
    way.depth = depth;

    copy = tap_copy(text, cut);
    p = ngx_gemini_scan_skip(&way, copy, copy + cut);
    at = p - copy;
    free(copy);

    if (at != test_plain(&want, text, cut) || way.depth != want.depth
        || (int) way.string != want.string
        || (int) way.escape != want.escape
        || (want.token && !way.token))
    {
        return 0;
    }

    if (cut == len || way.string || way.depth == 0) {
        return 1;
    }

    copy = tap_copy(text + cut, len - cut);
    p = ngx_gemini_scan_skip(&way, copy, copy + (len - cut));
    at = p - copy;
    free(copy);

    return at == test_plain(&want, text + cut, len - cut)
           && way.depth == want.depth && (int) way.string == want.string;
}


static void
test_spaces(void)
{
    int            i, good;
    size_t         len, at;
    u_char         text[SIZE], *copy;
    const u_char  *p;

    good = 0;

    for (i = 0; i < TEXTS; i++) {
        len = test_random(60);

        for (at = 0; at < len; at++) {
            text[at] = test_random(40) ? (u_char) " \n\r\t\0"[test_random(5)]
                                       : (u_char) test_random(256);
        }

        for (at = 0; at < len && text[at] <= ' '; /* void */ ) {
            at++;
        }

        copy = tap_copy(text, len);
        p = ngx_gemini_scan_space(copy, copy + len);
        good += ((size_t) (p - copy) == at);
        free(copy);
    }

    tap_is_int(good, TEXTS, "white space");
}


/* dense at times, and long plain stretches at others */

static size_t
test_make(u_char *text)
{
    size_t    len, i, n;
    uint32_t  plain;

    static const char  marks[] = "\"\"\\\\{}[]Y_:,";

    len = test_random(SIZE);
    plain = test_random(3) ? 1 + test_random(50) : 1;

    for (i = 0; i < len; i++) {
        text[i] = test_random(plain) ? (u_char) ('a' + test_random(26))
                                     : (u_char) marks[test_random(12)];

        n = NGX_GEMINI_SCAN_TOKEN_LEN;

        if (i >= n && test_random(100) == 0) {
            ngx_memcpy(text + i - n, NGX_GEMINI_SCAN_TOKEN, n);
        }
    }

    return len;
}


static size_t
test_string(const u_char *text, size_t len, int *escape)
{
    size_t  i;

    for (i = 0; i < len; i++) {

        if (*escape) {
            *escape = 0;

        } else if (text[i] == '\\') {
            *escape = 1;

        } else if (text[i] == '"') {
            break;
        }
    }

    return i;
}


static size_t
test_plain(test_way_t *way, const u_char *text, size_t len)
{
    size_t  i, n;

    n = NGX_GEMINI_SCAN_TOKEN_LEN;

    for (i = 0; i < len && way->depth; i++) {

        if (way->string) {
            i += test_string(text + i, len - i, &way->escape);

            if (i == len) {
                break;
            }

            way->string = 0;
            way->token |= (i + 1 >= n
                           && memcmp(text + i + 1 - n, NGX_GEMINI_SCAN_TOKEN,
                                     n) == 0);

        } else if (text[i] == '"') {
            way->string = 1;

        } else if (text[i] == '{' || text[i] == '[') {
            way->depth++;

        } else if (text[i] == '}' || text[i] == ']') {
            way->depth--;
        }
    }

    return i;
}


static uint32_t
test_random(uint32_t n)
{
    return tap_random(&test_seed) % n;
}
