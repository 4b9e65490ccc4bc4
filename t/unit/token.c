
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Hashes of tokens, and the last continuationToken of an answer, at every
 * cut.
 */


#include "ngx_gemini_refs.h"
#include "ngx_gemini_usage.h"
#include "tap.h"


#define TOKEN(c)  "\"continuationToken\": \"" c "\""


/* two tokens as they stand in JSON; same: they are one */

typedef struct {
    const char                *one;
    const char                *other;
    int                        same;
} test_token_t;


/* token: what the last whole one is, NULL: none */

typedef struct {
    const char                *text;
    const char                *token;
} test_continuation_t;


static void test_tokens(void);
static void test_continuations(void);
static void test_told(void);
static void test_large(void);
static uint64_t test_token(const char *text, size_t cut);
static uint64_t test_continuation(const char *text, size_t first,
    size_t piece);
static uint64_t test_usage(const char *text, size_t first, size_t piece);


static const test_token_t  test_tokens_table[] = {
    { "abc", "abc", 1 },
    { "abc", "abd", 0 },
    { "abc", "ab", 0 },
    { "ab\\/c+d", "ab/c+d", 1 },
    { "ab_c-d", "ab/c+d", 1 },
    { "abc\\u003d\\u003D", "abc==", 1 },
    { "abc", "abc==", 1 },
    { "a\\u0062c", "abc", 1 },
    { "a\\u002Bc", "a+c", 1 },
    { "a\\u002fc", "a\\/c", 1 },
    { "a\\nc", "ac", 1 },
    { "a\\\\c", "ac", 1 },
    { "a\\\"c", "ac", 1 },
    { "a\\u00e9c", "ac", 1 },
    { "\\u003d", "", 1 }
};


static const test_continuation_t  test_continuations_table[] = {
    { "", NULL },
    { "{}", NULL },
    { "{" TOKEN("abc") "}", "abc" },
    { "{\"continuationToken\"\r\n\t : \n \"abc\"", "abc" },
    { "{" TOKEN("abc") "," TOKEN("def") "}", "def" },
    { "{" TOKEN("abc") "," TOKEN("def"), "def" },
    { TOKEN("abc") ",\"continuationToken\":\"de", "abc" },
    { TOKEN("abc") "," TOKEN("") , "abc" },
    { "[{\"candidates\":[{" TOKEN("a\\u003d\\/b") "}]}\r\n,", "a\\u003d\\/b" },
    { "data: {" TOKEN("abc") "}\r\n\r\ndata: {" TOKEN("def") "}\n\n", "def" },
    { TOKEN("a\\\\") TOKEN("b\\\"c"), "b\\\"c" },

    /* none */

    { "{\"text\":\"\\\"continuationToken\\\": \\\"abc\\\"\"}", NULL },
    { "{\"text\":\"continuationToken\",\"a\":\"abc\"}", NULL },
    { "{\"continuationToken\":null,\"a\":\"abc\"}", NULL },
    { "{\"continuationToken\" \"abc\"}", NULL },
    { "{\"continuationToken\":: \"abc\"}", NULL },
    { "{\"acontinuationToken\":\"abc\"}", NULL },
    { "\"continuation" TOKEN("abc"), "abc" },
    { "\"\"\"continuationToke" TOKEN("abc"), "abc" },
    { "\"continuationToken" TOKEN("abc"), NULL },
    { "\"continuationToken\"" TOKEN("abc"), "abc" }
};


/* as the scanner of token counts meets the name: at the level that it looks
   at, below, behind an escaped quote, around 64 bytes */

#define LONG  "a text that has no end in the first bytes of what is looked at"

static const char  *test_told_table[] = {
    "{" TOKEN("abc") "}",
    "{\"candidates\":[{\"a\":\"" LONG "\"," TOKEN("abc") "}],\"b\":1}",
    "{\"candidates\":[{\"a\":\"" LONG LONG "\"," TOKEN("a") "}],\n"
        "\"usageMetadata\":{\"totalTokenCount\":1," TOKEN("b") "}}",
    "[{\"a\":{\"b\":[1," LONG "]," TOKEN("abc") "}},{" TOKEN("d") "}]",
    "{\"a\":[{\"" LONG "\\\"continuationToken\": \"abc\"}]}",
    "{\"a\":[{\"b\\\"continuationToken\": \"abc\"}]}",
    "{\"b\\\"continuationToken\": \"abc\", \"c\": 1,    " LONG "}",
    "{\"a\":{\"b\":{\"c\":\"\\\\\"," TOKEN("abc") ",\"d\":[" LONG "]}}}",
    "{\"a\":{\"b\":\"continuationToken\",\"c\":\"d\"}}"
};


int
main(void)
{
    test_tokens();
    test_continuations();
    test_told();
    test_large();

    return tap_done();
}


static void
test_tokens(void)
{
    int                  n;
    size_t               cut;
    uint64_t             one, other;
    const test_token_t  *row;

    for (n = 0; n < (int) (sizeof(test_tokens_table) / sizeof(test_token_t));
         n++)
    {
        row = &test_tokens_table[n];
        one = test_token(row->one, 0);
        other = test_token(row->other, 0);

        tap_is_int(one == other, row->same, "\"%s\" and \"%s\"", row->one,
                   row->other);

        for (cut = 1; cut < strlen(row->one); cut++) {
            if (test_token(row->one, cut) != one) {
                break;
            }
        }

        tap_ok(cut >= strlen(row->one), "cut at %d", (int) cut);
    }

    tap_ok(test_token("==", 0) == 0, "no letters, no token");
}


static void
test_continuations(void)
{
    int                         n;
    size_t                      i, len;
    uint64_t                    want;
    const test_continuation_t  *row;

    for (n = 0; n < (int) (sizeof(test_continuations_table)
                           / sizeof(test_continuation_t));
         n++)
    {
        row = &test_continuations_table[n];
        len = strlen(row->text);
        want = row->token ? test_token(row->token, 0) : 0;

        tap_ok(test_continuation(row->text, len, len) == want,
               "answer %d: %s", n, row->token ? row->token : "none");

        for (i = 1; i <= len; i++) {

            if (test_continuation(row->text, i, len) != want
                || test_continuation(row->text, i, i) != want)
            {
                break;
            }
        }

        tap_ok(i > len, "cut at %d", (int) i);
    }
}


/* each cut in two and in pieces; all in one by the search alone is right */

static void
test_told(void)
{
    int          n;
    size_t       i, len;
    uint64_t     want;
    const char  *text;

    for (n = 0; n < (int) (sizeof(test_told_table) / sizeof(char *)); n++) {
        text = test_told_table[n];
        len = strlen(text);
        want = test_continuation(text, len, len);

        for (i = 1; i <= len; i++) {

            if (test_usage(text, i, len) != want
                || test_usage(text, i, i) != want)
            {
                break;
            }
        }

        tap_ok(i > len, "told %d cut at %d", n, (int) i);
    }
}


/* a token of megabytes, behind and before other megabytes */

static void
test_large(void)
{
    char       *text;
    size_t      i, len, at;
    uint64_t    want;

    static const char  head[] = "\"continuationToken\": \"";

    len = 3 * 1024 * 1024;
    at = 1024 * 1024;
    text = malloc(len + 1);

    for (i = 0; i < len; i++) {
        text[i] = "AbC\"dEfgToken"[i % 13];
    }

    memset(text + at, 'T', at);
    memcpy(text + at, head, sizeof(head) - 1);
    text[2 * at] = '"';
    text[len] = '\0';

    text[2 * at] = '\0';
    want = test_token(text + at + sizeof(head) - 1, 0);
    text[2 * at] = '"';

    for (i = 997; i <= len; i = i * 1000) {
        tap_ok(test_continuation(text, i, i) == want,
               "a long token in pieces of %d", (int) i);
    }

    tap_ok(test_continuation(text, len, len) == want, "in one piece");

    free(text);
}


static uint64_t
test_token(const char *text, size_t cut)
{
    size_t              len;
    u_char             *copy;
    ngx_gemini_token_t  token;

    len = strlen(text);

    ngx_gemini_token_init(&token, NGX_GEMINI_REF_CONTINUATION);

    copy = tap_copy(text, cut);
    ngx_gemini_token_feed(&token, copy, cut);
    free(copy);

    copy = tap_copy(text + cut, len - cut);
    ngx_gemini_token_feed(&token, copy, len - cut);
    free(copy);

    return ngx_gemini_token_hash(&token);
}


static uint64_t
test_continuation(const char *text, size_t first, size_t piece)
{
    size_t                      n;
    u_char                     *copy;
    const char                 *end;
    ngx_gemini_continuation_t   c;

    end = text + strlen(text);

    ngx_memzero(&c, sizeof(ngx_gemini_continuation_t));

    for (n = first; text < end; n = piece) {
        n = ngx_min(n, (size_t) (end - text));
        copy = tap_copy(text, n);
        ngx_gemini_continuation_feed(&c, copy, n);
        free(copy);
        text += n;
    }

    return c.hash;
}


static uint64_t
test_usage(const char *text, size_t first, size_t piece)
{
    size_t                      n;
    u_char                     *copy;
    const char                 *end;
    ngx_gemini_usage_t          usage;
    ngx_gemini_continuation_t   c;

    end = text + strlen(text);

    ngx_memzero(&c, sizeof(ngx_gemini_continuation_t));
    ngx_gemini_usage_init(&usage, 0, NGX_GEMINI_SURFACE_NATIVE);

    for (n = first; text < end; n = piece) {
        n = ngx_min(n, (size_t) (end - text));
        copy = tap_copy(text, n);

        ngx_gemini_usage_feed(&usage, copy, n);

        if (usage.token) {
            ngx_gemini_continuation_feed(&c, copy, n);

        } else {
            ngx_gemini_continuation_pass(&c, copy, n);
        }

        free(copy);
        text += n;
    }

    return c.hash;
}
