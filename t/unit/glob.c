
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Globs over labels: tables, and random ones against the plain recursion.
 */


#include "ngx_gemini_glob.h"
#include "tap.h"


typedef struct {
    const char                *pattern;
    const char                *text;
    int                        matches;
} glob_case_t;


static void glob_tables(void);
static void glob_oracle(void);
static void glob_long(void);
static int glob_match(const char *pattern, const char *text);
static int glob_plain(const char *p, const char *t);
static void glob_random(uint64_t *seed, const char *letters, char *buf,
    uint32_t max);
static void glob_str(ngx_str_t *str, const char *text);


static const glob_case_t  glob_table[] = {

    { "", "", 1 },
    { "", "a", 0 },
    { "*", "", 1 },
    { "*", "anything", 1 },
    { "**", "", 1 },
    { "?", "", 0 },
    { "?", "a", 1 },
    { "free-*", "free-1", 1 },
    { "free-*", "free-", 1 },
    { "free-*", "paid-1", 0 },
    { "*-lite", "gemini-3.5-flash-lite", 1 },
    { "*-lite", "gemini-3.5-flash-lite-8b", 0 },
    { "gemini-3.?-flash", "gemini-3.8-flash", 1 },
    { "gemini-3.?-flash", "gemini-3.-flash", 0 },
    { "a*b*c", "abbbc", 1 },
    { "a*b*c", "acbcbc", 1 },
    { "a*b*c", "acc", 0 },
    { "*aab", "aaab", 1 },
    { "a", "A", 0 },
    { "[a]", "a", 0 },
    { "[a]", "[a]", 1 },
    { "a.c", "abc", 0 },
};


static const glob_case_t  glob_lists[] = {

    { "", "a", 0 },
    { ",", "a", 0 },
    { " , ,", "a", 0 },
    { "a", "a", 1 },
    { "a,b", "b", 1 },
    { "a, b ,c", "b", 1 },
    { "a, b ,c", "c", 1 },
    { "a,b", "c", 0 },
    { "x,free-*", "free-7", 1 },
    { "project:acme,paid-?", "project:acme", 1 },
    { "project:acme,paid-?", "project", 0 },
    { "*", "", 1 },
};


static void
glob_tables(void)
{
    size_t              i;
    ngx_str_t           list, text;
    const glob_case_t  *c;

    for (i = 0; i < sizeof(glob_table) / sizeof(glob_table[0]); i++) {
        c = &glob_table[i];

        tap_is_int(glob_match(c->pattern, c->text), c->matches,
                   "\"%s\" over \"%s\"", c->pattern, c->text);
    }

    for (i = 0; i < sizeof(glob_lists) / sizeof(glob_lists[0]); i++) {
        c = &glob_lists[i];

        glob_str(&list, c->pattern);
        glob_str(&text, c->text);

        tap_is_int(ngx_gemini_glob_list(&list, &text), c->matches,
                   "list \"%s\" over \"%s\"", c->pattern, c->text);
    }
}


static void
glob_oracle(void)
{
    int       i, bad;
    char      pattern[12], text[16];
    uint64_t  seed;

    seed = tap_seed();
    bad = 0;

    for (i = 0; i < 200000; i++) {
        glob_random(&seed, "ab*?", pattern, sizeof(pattern) - 1);
        glob_random(&seed, "aab", text, sizeof(text) - 1);

        if (glob_match(pattern, text) != glob_plain(pattern, text)) {
            tap_diag("\"%s\" over \"%s\"", pattern, text);
            bad++;
        }
    }

    tap_is_int(bad, 0, "random globs as the recursion has them");
}


/* many stars over a text that never fits: not exponential */

static void
glob_long(void)
{
    char    pattern[201], text[8193];
    size_t  i;

    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';

    memset(pattern, '*', sizeof(pattern) - 1);

    for (i = 1; i < sizeof(pattern) - 1; i += 2) {
        pattern[i] = 'a';
    }

    pattern[sizeof(pattern) - 2] = 'b';
    pattern[sizeof(pattern) - 1] = '\0';

    tap_ok(!glob_match(pattern, text), "100 stars over 8192 bytes");
}


static int
glob_match(const char *pattern, const char *text)
{
    ngx_str_t  p, t;

    glob_str(&p, pattern);
    glob_str(&t, text);

    return ngx_gemini_glob(&p, &t);
}


static int
glob_plain(const char *p, const char *t)
{
    if (*p == '\0') {
        return *t == '\0';
    }

    if (*p == '*') {
        return glob_plain(p + 1, t) || (*t != '\0' && glob_plain(p, t + 1));
    }

    return *t != '\0' && (*p == '?' || *p == *t) && glob_plain(p + 1, t + 1);
}


static void
glob_random(uint64_t *seed, const char *letters, char *buf, uint32_t max)
{
    uint32_t  i, n;

    n = tap_random(seed) % (max + 1);

    for (i = 0; i < n; i++) {
        buf[i] = letters[tap_random(seed) % strlen(letters)];
    }

    buf[n] = '\0';
}


static void
glob_str(ngx_str_t *str, const char *text)
{
    str->data = (u_char *) text;
    str->len = strlen(text);
}


int
main(void)
{
    glob_tables();
    glob_oracle();
    glob_long();

    return tap_done();
}
