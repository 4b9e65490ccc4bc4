
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_scan.h"


#define NGX_GEMINI_SCAN_NEAR  64
#define NGX_GEMINI_SCAN_NAME  32


/* of 64 bytes */

typedef struct {
    uint64_t                   quotes;
    uint64_t                   slashes;
    uint64_t                   brackets;
} ngx_gemini_scan_bits_t;


#define ngx_gemini_scan_mask(v)  ((uint64_t) (uint32_t) _mm_movemask_epi8(v))


#if (__SSE2__)
static void ngx_gemini_scan_bits(const u_char *p,
    ngx_gemini_scan_bits_t *bits);
#endif
static const u_char *ngx_gemini_scan_near(const u_char *p,
    const u_char *end);
static ngx_int_t ngx_gemini_scan_escape(const u_char **pos,
    const u_char *end, uint32_t *code);
static ngx_int_t ngx_gemini_scan_hex(const u_char **pos, const u_char *end,
    uint32_t *code);
static size_t ngx_gemini_scan_utf8(u_char *p, uint32_t code);


const u_char *
ngx_gemini_scan_string(const u_char *p, const u_char *end,
    ngx_uint_t *escape)
{
    const u_char  *quote, *slash, *near;

    if (*escape && p < end) {
        *escape = 0;
        p++;
    }

    /* most strings are shorter than what two calls of memchr() cost */

    near = p + ngx_min(NGX_GEMINI_SCAN_NEAR, end - p);

    p = ngx_gemini_scan_near(p, near);

    if (p < near && *p == '"') {
        return p;
    }

    /* a quote once found is kept: text full of escapes stays linear */

    while (p < end) {

        quote = memchr(p, '"', end - p);

        if (quote == NULL) {
            quote = end;
        }

        do {
            slash = memchr(p, '\\', quote - p);

            if (slash == NULL) {
                return quote;
            }

            p = slash + 1;

            if (p == end) {
                *escape = 1;
                return end;
            }

        } while (p++ < quote);
    }

    return end;
}


const u_char *
ngx_gemini_scan_name(const u_char *p, const u_char *end)
{
    if (end - p > NGX_GEMINI_SCAN_NAME) {
        end = p + NGX_GEMINI_SCAN_NAME;
    }

    for ( /* void */ ; p < end && *p != '\\'; p++) {
        if (*p == '"') {
            return p;
        }
    }

    return NULL;
}


const u_char *
ngx_gemini_scan_level(const u_char *p, const u_char *end, uint32_t *depth,
    uint32_t level)
{
#if (__SSE2__)

    uint64_t                 text, brackets;
    ngx_gemini_scan_bits_t   bits;

    while (end - p >= 64) {
        ngx_gemini_scan_bits(p, &bits);

        if (bits.slashes) {
            return p;
        }

        /* from each opening quote to the one that closes */

        text = bits.quotes ^ (bits.quotes << 1);
        text ^= text << 2;
        text ^= text << 4;
        text ^= text << 8;
        text ^= text << 16;
        text ^= text << 32;

        for (brackets = bits.brackets & ~text;
             brackets;
             brackets &= brackets - 1)
        {
            /* { and [ have this bit, } and ] have not */

            if (p[__builtin_ctzll(brackets)] & 0x02) {
                (*depth)++;

            } else if (--(*depth) == level) {
                return p + __builtin_ctzll(brackets) + 1;
            }
        }

        if (text >> 63) {
            return p + 63 - __builtin_clzll(bits.quotes);
        }

        p += 64;
    }

#endif

    return p;
}


#if (__SSE2__)

static void
ngx_gemini_scan_bits(const u_char *p, ngx_gemini_scan_bits_t *bits)
{
    __m128i     v, low;
    ngx_uint_t  i;

    ngx_memzero(bits, sizeof(ngx_gemini_scan_bits_t));

    for (i = 0; i < 64; i += 16) {
        v = _mm_loadu_si128((const __m128i *) (p + i));
        low = _mm_or_si128(v, _mm_set1_epi8(0x20));

        low = _mm_or_si128(_mm_cmpeq_epi8(low, _mm_set1_epi8('{')),
                           _mm_cmpeq_epi8(low, _mm_set1_epi8('}')));

        bits->quotes |= ngx_gemini_scan_mask(
                            _mm_cmpeq_epi8(v, _mm_set1_epi8('"'))) << i;
        bits->slashes |= ngx_gemini_scan_mask(
                             _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))) << i;
        bits->brackets |= ngx_gemini_scan_mask(low) << i;
    }
}

#endif


/* the first quote or backslash, or end */

static const u_char *
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


ngx_int_t
ngx_gemini_scan_unescape(const u_char *p, size_t len, u_char *dst,
    size_t size, size_t *n)
{
    u_char         utf8[4];
    size_t         used, bytes;
    uint32_t       code;
    const u_char  *end;

    *n = 0;
    /* hardly any text has escapes */

    if (len <= size && memchr(p, '\\', len) == NULL) {
        ngx_memcpy(dst, p, len);
        *n = len;
        return NGX_OK;
    }

    used = 0;
    end = p + len;

    while (p < end) {

        if (*p != '\\') {
            utf8[0] = *p++;
            bytes = 1;

        } else {
            if (ngx_gemini_scan_escape(&p, end, &code) != NGX_OK) {
                return NGX_ERROR;
            }

            bytes = ngx_gemini_scan_utf8(utf8, code);
        }

        if (used <= size && bytes <= size - used) {
            ngx_memcpy(dst + used, utf8, bytes);
            used += bytes;
            *n = used;

        } else {
            used = size + 1;
        }
    }

    return used > size ? NGX_DECLINED : NGX_OK;
}


static ngx_int_t
ngx_gemini_scan_escape(const u_char **pos, const u_char *end,
    uint32_t *code)
{
    u_char    *at;
    uint32_t   low;

    static const u_char  names[] = "\"\\/bfnrt";
    static const u_char  bytes[] = "\"\\/\b\f\n\r\t";

    *pos += 1;

    if (*pos == end) {
        return NGX_ERROR;
    }

    if (**pos != 'u') {
        at = memchr(names, **pos, sizeof(names) - 1);

        if (at == NULL) {
            return NGX_ERROR;
        }

        *code = bytes[at - names];
        *pos += 1;

        return NGX_OK;
    }

    *pos += 1;

    if (ngx_gemini_scan_hex(pos, end, code) != NGX_OK) {
        return NGX_ERROR;
    }

    if (*code < 0xd800 || *code > 0xdfff) {
        return NGX_OK;
    }

    /* a pair, or nothing that can be written as UTF-8 */

    if (*code > 0xdbff || end - *pos < 6 || (*pos)[0] != '\\'
        || (*pos)[1] != 'u')
    {
        return NGX_ERROR;
    }

    *pos += 2;

    if (ngx_gemini_scan_hex(pos, end, &low) != NGX_OK
        || low < 0xdc00 || low > 0xdfff)
    {
        return NGX_ERROR;
    }

    *code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);

    return NGX_OK;
}


static ngx_int_t
ngx_gemini_scan_hex(const u_char **pos, const u_char *end, uint32_t *code)
{
    u_char      ch;
    uint32_t    value;
    ngx_uint_t  i;

    if (end - *pos < 4) {
        return NGX_ERROR;
    }

    value = 0;

    for (i = 0; i < 4; i++) {
        ch = (*pos)[i];

        if (ch >= '0' && ch <= '9') {
            value = value * 16 + (ch - '0');
            continue;
        }

        ch |= 0x20;

        if (ch < 'a' || ch > 'f') {
            return NGX_ERROR;
        }

        value = value * 16 + (ch - 'a' + 10);
    }

    *pos += 4;
    *code = value;

    return NGX_OK;
}


static size_t
ngx_gemini_scan_utf8(u_char *p, uint32_t code)
{
    if (code < 0x80) {
        p[0] = (u_char) code;
        return 1;
    }

    if (code < 0x800) {
        p[0] = (u_char) (0xc0 | (code >> 6));
        p[1] = (u_char) (0x80 | (code & 0x3f));
        return 2;
    }

    if (code < 0x10000) {
        p[0] = (u_char) (0xe0 | (code >> 12));
        p[1] = (u_char) (0x80 | ((code >> 6) & 0x3f));
        p[2] = (u_char) (0x80 | (code & 0x3f));
        return 3;
    }

    p[0] = (u_char) (0xf0 | (code >> 18));
    p[1] = (u_char) (0x80 | ((code >> 12) & 0x3f));
    p[2] = (u_char) (0x80 | ((code >> 6) & 0x3f));
    p[3] = (u_char) (0x80 | (code & 0x3f));

    return 4;
}
