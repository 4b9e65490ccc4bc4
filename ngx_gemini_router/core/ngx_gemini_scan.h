
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


/*
 * From p inside a string to the quote that ends it, or end when that is not
 * in this piece.  *escape: the last byte was a backslash that escapes the
 * next; carried from piece to piece, 0 at the start of a string.
 */
const u_char *ngx_gemini_scan_string(const u_char *p, const u_char *end,
    ngx_uint_t *escape);

/*
 * The quote that ends a short name without escapes, p behind its first one;
 * NULL: it is another, or not all in this piece.
 */
const u_char *ngx_gemini_scan_name(const u_char *p, const u_char *end);

/*
 * The next quote, brace or bracket from p on, or end: what bounds the values
 * that nobody looks into.
 */
static ngx_inline const u_char *ngx_gemini_scan_bound(const u_char *p,
    const u_char *end);

/*
 * From p outside of strings, below *depth brackets, on until one closes that
 * leaves level of them: a fast part of the way, 64 bytes at a time, which ends
 * in front of a string that it cannot see whole, or near end.
 */
const u_char *ngx_gemini_scan_level(const u_char *p, const u_char *end,
    uint32_t *depth, uint32_t level);

/*
 * The text between the quotes, unescaped to UTF-8; *n bytes at dst.
 * NGX_DECLINED: longer than size; NGX_ERROR: not a JSON string; then *n bytes
 * of it are at dst all the same.
 */
ngx_int_t ngx_gemini_scan_unescape(const u_char *p, size_t len, u_char *dst,
    size_t size, size_t *n);


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


#endif /* _NGX_GEMINI_SCAN_H_INCLUDED_ */
