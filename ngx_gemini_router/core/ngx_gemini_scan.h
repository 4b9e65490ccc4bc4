
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * What the scanners of bodies and answers share: running over a JSON string
 * or to the next bracket, 16 bytes at a time or at the speed of memchr(), and
 * unescaping a short string.
 */


#ifndef _NGX_GEMINI_SCAN_H_INCLUDED_
#define _NGX_GEMINI_SCAN_H_INCLUDED_


#include "ngx_gemini.h"

#if (__SSE2__)
#include <emmintrin.h>
#endif


/* a name that is looked for without parsing */
#define NGX_GEMINI_SCAN_TOKEN      "\"continuationToken\""
#define NGX_GEMINI_SCAN_TOKEN_LEN  (sizeof(NGX_GEMINI_SCAN_TOKEN) - 1)


/*
 * From p inside a string to the quote that ends it, or end when that is not
 * in this piece.  *escape: the last byte was a backslash that escapes the
 * next; carried from piece to piece, 0 at the start of a string.
 */
const u_char *ngx_gemini_scan_string(const u_char *p, const u_char *end,
    ngx_uint_t *escape);

/* the name that a literal has; told by the length first, and inline */
#define ngx_gemini_scan_is(name, len, text)                                   \
    ((len) == sizeof(text) - 1 && ngx_memcmp(name, text, sizeof(text) - 1) == 0)

/*
 * The quote that ends a string of less than 16 bytes without escapes; NULL: it
 * is another, or so near the end of the piece that this cannot be seen fast.
 */
static ngx_inline const u_char *ngx_gemini_scan_short(const u_char *p,
    const u_char *end);

/* the first quote or backslash, or end */
static ngx_inline const u_char *ngx_gemini_scan_near(const u_char *p,
    const u_char *end);

/* the first byte that is no white space, or end */
static ngx_inline const u_char *ngx_gemini_scan_space(const u_char *p,
    const u_char *end);

/*
 * The next quote, brace or bracket from p on, or end: what bounds the values
 * that nobody looks into.
 */
static ngx_inline const u_char *ngx_gemini_scan_bound(const u_char *p,
    const u_char *end);

/*
 * Whether the quote ends NGX_GEMINI_SCAN_TOKEN, of which n bytes may stand in
 * front of it.
 */
static ngx_inline ngx_uint_t ngx_gemini_scan_token(const u_char *quote,
    size_t n);

/* the way to a bracket */

typedef struct {
    uint32_t                   depth;      /* of open brackets */
    uint32_t                   level;      /* where it ends, below depth */
    ngx_uint_t                 string;     /* the piece ended in one; then */
    ngx_uint_t                 escape;     /* .. as of ngx_gemini_scan_string */
    ngx_uint_t                 token;      /* a string was
                                              NGX_GEMINI_SCAN_TOKEN */
} ngx_gemini_scan_way_t;

/*
 * From p, outside of strings, to behind the bracket that closes way->depth
 * down to way->level, or end.  String, escape and token are 0 at first.
 */
const u_char *ngx_gemini_scan_skip(ngx_gemini_scan_way_t *way,
    const u_char *p, const u_char *end);

/*
 * The text between the quotes, unescaped to UTF-8; *n bytes at dst.
 * NGX_DECLINED: longer than size; NGX_ERROR: not a JSON string; then *n bytes
 * of it are at dst all the same.
 */
ngx_int_t ngx_gemini_scan_unescape(const u_char *p, size_t len, u_char *dst,
    size_t size, size_t *n);


static ngx_inline const u_char *
ngx_gemini_scan_short(const u_char *p, const u_char *end)
{
#if (__SSE2__)

    int      hits;
    __m128i  v;

    if (end - p < 16) {
        return NULL;
    }

    v = _mm_loadu_si128((const __m128i *) p);

    hits = _mm_movemask_epi8(
               _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')),
                            _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))));
    if (hits) {
        p += __builtin_ctz(hits);
        return (*p == '"') ? p : NULL;
    }

#endif

    return NULL;
}


static ngx_inline const u_char *
ngx_gemini_scan_near(const u_char *p, const u_char *end)
{
#if (__SSE2__)

    int      hits;
    __m128i  v;

    while (end - p >= 16) {
        v = _mm_loadu_si128((const __m128i *) p);

        hits = _mm_movemask_epi8(
                   _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')),
                                _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))));
        if (hits) {
            return p + __builtin_ctz(hits);
        }

        p += 16;
    }

#endif

    while (p < end && *p != '"' && *p != '\\') {
        p++;
    }

    return p;
}


static ngx_inline const u_char *
ngx_gemini_scan_space(const u_char *p, const u_char *end)
{
#if (__SSE2__)

    int      hits;
    __m128i  v;

    /* the larger of it and of the byte behind the blank is itself */

    while (end - p >= 16) {

        if (*p > ' ') {
            return p;
        }

        v = _mm_loadu_si128((const __m128i *) p);

        hits = _mm_movemask_epi8(
                   _mm_cmpeq_epi8(_mm_max_epu8(v, _mm_set1_epi8(' ' + 1)),
                                  v));
        if (hits) {
            return p + __builtin_ctz(hits);
        }

        p += 16;
    }

#endif

    while (p < end && *p <= ' ') {
        p++;
    }

    return p;
}


static ngx_inline const u_char *
ngx_gemini_scan_bound(const u_char *p, const u_char *end)
{
#if (__SSE2__)

    int      hits;
    __m128i  v, low;

    while (end - p >= 16) {
        v = _mm_loadu_si128((const __m128i *) p);
        low = _mm_or_si128(v, _mm_set1_epi8(0x20));

        hits = _mm_movemask_epi8(
                   _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')),
                       _mm_or_si128(_mm_cmpeq_epi8(low, _mm_set1_epi8('{')),
                                    _mm_cmpeq_epi8(low,
                                                   _mm_set1_epi8('}')))));
        if (hits) {
            return p + __builtin_ctz(hits);
        }

        p += 16;
    }

#endif

    while (p < end && *p != '"' && (*p | 0x20) != '{' && (*p | 0x20) != '}')
    {
        p++;
    }

    return p;
}


static ngx_inline ngx_uint_t
ngx_gemini_scan_token(const u_char *quote, size_t n)
{
    const u_char  *p;

    if (n < NGX_GEMINI_SCAN_TOKEN_LEN - 1) {
        return 0;
    }

    p = quote - (NGX_GEMINI_SCAN_TOKEN_LEN - 1);

    return *p == '"'
           && ngx_memcmp(p, NGX_GEMINI_SCAN_TOKEN, NGX_GEMINI_SCAN_TOKEN_LEN)
              == 0;
}


#endif /* _NGX_GEMINI_SCAN_H_INCLUDED_ */
