
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Error bodies that are handed on print the pool's keys and the numbers of
 * its projects (gemini-api.md 3.3, 10.7).
 */


#include "ngx_gemini_answer.h"


/* a secret cut off at the end is known by as much of it */
#define NGX_GEMINI_SCRUB_HEAD  6


static u_char *ngx_gemini_scrub_secret(u_char *p, u_char *last,
    const ngx_str_t *secret);
static u_char *ngx_gemini_scrub_project(u_char *p, u_char *last);
static u_char *ngx_gemini_scrub_separators(u_char *p, u_char *last);
static u_char *ngx_gemini_scrub_api_key(u_char *p, u_char *last);
static u_char *ngx_gemini_scrub_container(u_char *p, u_char *last);
static u_char *ngx_gemini_scrub_word(u_char *p, u_char *last,
    const char *word);
static ngx_uint_t ngx_gemini_scrub_alnum(u_char ch);


ngx_uint_t
ngx_gemini_answer_scrub(u_char *p, size_t len, const ngx_str_t *secret)
{
    u_char      *next, *last;
    ngx_uint_t   n;

    n = 0;

    if (len == 0) {
        return n;
    }

    last = p + len;

    while (p < last) {

        next = ngx_gemini_scrub_secret(p, last, secret);

        if (next == NULL) {
            next = ngx_gemini_scrub_project(p, last);
        }

        if (next == NULL) {
            next = ngx_gemini_scrub_api_key(p, last);
        }

        if (next == NULL) {
            next = ngx_gemini_scrub_container(p, last);
        }

        if (next) {
            n++;
            p = next;

        } else {
            p++;
        }
    }

    return n;
}


/* each: the end of what was overwritten; NULL: nothing to do at p */

static u_char *
ngx_gemini_scrub_secret(u_char *p, u_char *last, const ngx_str_t *secret)
{
    size_t  n;

    n = ngx_min(secret->len, (size_t) (last - p));

    if (n == 0 || *p != *secret->data
        || ngx_memcmp(p, secret->data, n) != 0
        || (n < secret->len && n < NGX_GEMINI_SCRUB_HEAD))
    {
        return NULL;
    }

    ngx_memset(p, 'x', n);

    return p + n;
}


/* "projects/N", "project N", "project_number:N", "project=N" */

static u_char *
ngx_gemini_scrub_project(u_char *p, u_char *last)
{
    u_char  *next, *digits;

    p = ngx_gemini_scrub_word(p, last, "project");

    if (p == NULL) {
        return NULL;
    }

    if (p < last && (*p == 's' || *p == 'S')) {
        p++;
    }

    next = (p < last && (*p == '_' || *p == ' ')) ? p + 1 : p;
    next = ngx_gemini_scrub_word(next, last, "number");

    if (next) {
        p = next;
    }

    digits = ngx_gemini_scrub_separators(p, last);

    if (digits == p) {
        return NULL;
    }

    for (p = digits; p < last && *p >= '0' && *p <= '9'; p++) {
        /* void */
    }

    if (p == digits || (p < last && ngx_gemini_scrub_alnum(*p))) {
        return NULL;
    }

    ngx_memset(digits, 'x', p - digits);

    return p;
}


/* quotes and the like, also as JSON and URLs escape them */

static u_char *
ngx_gemini_scrub_separators(u_char *p, u_char *last)
{
    while (p < last) {

        if (*p == '%' && last - p > 2) {
            p += 3;
            continue;
        }

        if (*p == '\\' && last - p > 5 && p[1] == 'u') {
            p += 6;
            continue;
        }

        if (*p == '\0' || strchr(" \t/:=#\"'\\", *p) == NULL) {
            break;
        }

        p++;
    }

    return p;
}


static u_char *
ngx_gemini_scrub_api_key(u_char *p, u_char *last)
{
    p = ngx_gemini_scrub_word(p, last, "api_key:");

    if (p == NULL || p == last || !ngx_gemini_scrub_alnum(*p)) {
        return NULL;
    }

    while (p < last
           && (ngx_gemini_scrub_alnum(*p) || *p == '-' || *p == '.'))
    {
        *p++ = 'x';
    }

    return p;
}


/* the whole string; the quote that ends it is not an escaped one */

static u_char *
ngx_gemini_scrub_container(u_char *p, u_char *last)
{
    u_char  *start;

    p = ngx_gemini_scrub_word(p, last, "containerinfo\"");

    while (p && p < last && (*p == ' ' || *p == ':')) {
        p++;
    }

    if (p == NULL || p == last || *p != '"') {
        return NULL;
    }

    start = ++p;

    while (p < last && *p != '"') {

        if (*p == '\\' && p + 1 < last) {
            *p++ = 'x';
        }

        *p++ = 'x';
    }

    return (p > start) ? p : NULL;
}


/* whatever the case at p: the end of the word, or NULL */

static u_char *
ngx_gemini_scrub_word(u_char *p, u_char *last, const char *word)
{
    while (*word) {

        if (p == last || ngx_tolower(*p) != (u_char) *word) {
            return NULL;
        }

        p++;
        word++;
    }

    return p;
}


static ngx_uint_t
ngx_gemini_scrub_alnum(u_char ch)
{
    return (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z')
           || (ch >= 'A' && ch <= 'Z') || ch == '_';
}
