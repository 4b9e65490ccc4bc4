
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_scan.h"


#define NGX_GEMINI_SCAN_NEAR  64


static const u_char *ngx_gemini_scan_over(ngx_gemini_scan_way_t *way,
    const u_char *start, const u_char *p, const u_char *end);

#if (__SSE2__)

/* 64 bytes */

typedef struct {
    __m128i                    a;
    __m128i                    b;
    __m128i                    c;
    __m128i                    d;
} ngx_gemini_scan_four_t;


#define ngx_gemini_scan_eq(v, ch)  _mm_cmpeq_epi8(v, _mm_set1_epi8(ch))


static const u_char *ngx_gemini_scan_far(const u_char *p, const u_char *end,
    ngx_uint_t *escape);
static const u_char *ngx_gemini_scan_blocks(ngx_gemini_scan_way_t *way,
    const u_char *p, const u_char *end);
static ngx_inline void ngx_gemini_scan_load(ngx_gemini_scan_four_t *f,
    const u_char *p);
static ngx_inline ngx_uint_t ngx_gemini_scan_has(
    const ngx_gemini_scan_four_t *f, char ch);
static ngx_inline uint64_t ngx_gemini_scan_mask(
    const ngx_gemini_scan_four_t *f, char ch);
static ngx_inline uint64_t ngx_gemini_scan_brackets(
    const ngx_gemini_scan_four_t *f);
static ngx_inline uint64_t ngx_gemini_scan_bits(__m128i a, __m128i b,
    __m128i c, __m128i d);
static ngx_inline uint64_t ngx_gemini_scan_escaped(uint64_t slashes,
    ngx_uint_t *escape);

#endif

static const u_char *ngx_gemini_scan_escapes(const u_char *p,
    const u_char *end, ngx_uint_t *escape);
static ngx_int_t ngx_gemini_scan_escape(const u_char **pos,
    const u_char *end, uint32_t *code);
static ngx_int_t ngx_gemini_scan_hex(const u_char **pos, const u_char *end,
    uint32_t *code);
static size_t ngx_gemini_scan_utf8(u_char *p, uint32_t code);


const u_char *
ngx_gemini_scan_string(const u_char *p, const u_char *end,
    ngx_uint_t *escape)
{
    const u_char  *near, *quote, *slash;

    if (*escape && p < end) {
        *escape = 0;
        p++;
    }

    /* most strings are shorter than what two calls of memchr() cost */

    near = p + ngx_min(NGX_GEMINI_SCAN_NEAR, end - p);
    p = ngx_gemini_scan_near(p, near);

    if (p < near) {
        return (*p == '"') ? p : ngx_gemini_scan_escapes(p, end, escape);
    }

    /* and most of the others have no escapes */

    quote = memchr(p, '"', end - p);

    if (quote == NULL) {
        quote = end;
    }

    slash = memchr(p, '\\', quote - p);

    return slash ? ngx_gemini_scan_escapes(slash, end, escape) : quote;
}


/* from the first backslash on */

static const u_char *
ngx_gemini_scan_escapes(const u_char *p, const u_char *end,
    ngx_uint_t *escape)
{
    const u_char  *quote, *slash;

#if (__SSE2__)

    p = ngx_gemini_scan_far(p, end, escape);

    if (*escape && p < end) {
        *escape = 0;
        p++;
    }

#endif

    /* a quote once found is kept: text full of escapes stays linear */

    quote = NULL;

    while (p < end) {

        if (quote == NULL || quote < p) {
            quote = memchr(p, '"', end - p);
            quote = quote ? quote : end;
        }

        slash = memchr(p, '\\', quote - p);

        if (slash == NULL) {
            return quote;
        }

        p = slash + 1;

        if (p == end) {
            *escape = 1;
            return end;
        }

        p++;
    }

    return end;
}


#if (__SSE2__)

/* 64 bytes at a time to the quote, or until less are left */

static const u_char *
ngx_gemini_scan_far(const u_char *p, const u_char *end, ngx_uint_t *escape)
{
    uint64_t                quotes;
    ngx_gemini_scan_four_t  f;

    for ( /* void */ ; end - p >= 64; p += 64) {
        ngx_gemini_scan_load(&f, p);

        quotes = ngx_gemini_scan_mask(&f, '"')
                 & ~ngx_gemini_scan_escaped(ngx_gemini_scan_mask(&f, '\\'),
                                            escape);
        if (quotes) {
            *escape = 0;
            return p + __builtin_ctzll(quotes);
        }
    }

    return p;
}


static ngx_inline void
ngx_gemini_scan_load(ngx_gemini_scan_four_t *f, const u_char *p)
{
    const __m128i  *v;

    v = (const __m128i *) p;

    f->a = _mm_loadu_si128(v);
    f->b = _mm_loadu_si128(v + 1);
    f->c = _mm_loadu_si128(v + 2);
    f->d = _mm_loadu_si128(v + 3);
}


static ngx_inline ngx_uint_t
ngx_gemini_scan_has(const ngx_gemini_scan_four_t *f, char ch)
{
    return _mm_movemask_epi8(
               _mm_or_si128(_mm_or_si128(ngx_gemini_scan_eq(f->a, ch),
                                         ngx_gemini_scan_eq(f->b, ch)),
                            _mm_or_si128(ngx_gemini_scan_eq(f->c, ch),
                                         ngx_gemini_scan_eq(f->d, ch))));
}


static ngx_inline uint64_t
ngx_gemini_scan_mask(const ngx_gemini_scan_four_t *f, char ch)
{
    return ngx_gemini_scan_bits(ngx_gemini_scan_eq(f->a, ch),
                                ngx_gemini_scan_eq(f->b, ch),
                                ngx_gemini_scan_eq(f->c, ch),
                                ngx_gemini_scan_eq(f->d, ch));
}


/* of { } [ ] and of Y _ y DEL, which JSON has in strings alone */

static ngx_inline uint64_t
ngx_gemini_scan_brackets(const ngx_gemini_scan_four_t *f)
{
    __m128i  fold;

    fold = _mm_set1_epi8(0x26);

    return ngx_gemini_scan_bits(
               ngx_gemini_scan_eq(_mm_or_si128(f->a, fold), 0x7f),
               ngx_gemini_scan_eq(_mm_or_si128(f->b, fold), 0x7f),
               ngx_gemini_scan_eq(_mm_or_si128(f->c, fold), 0x7f),
               ngx_gemini_scan_eq(_mm_or_si128(f->d, fold), 0x7f));
}


static ngx_inline uint64_t
ngx_gemini_scan_bits(__m128i a, __m128i b, __m128i c, __m128i d)
{
    uint32_t  low, high;

    low = _mm_movemask_epi8(a) | ((uint32_t) _mm_movemask_epi8(b) << 16);
    high = _mm_movemask_epi8(c) | ((uint32_t) _mm_movemask_epi8(d) << 16);

    return low | ((uint64_t) high << 32);
}


/*
 * The bytes behind runs of backslashes whose length is odd: a run's first bit
 * is added to it, the carry comes out behind its last.  *escape: the first
 * byte is such a one; then: the one behind the 64 is.
 */

static ngx_inline uint64_t
ngx_gemini_scan_escaped(uint64_t slashes, ngx_uint_t *escape)
{
    uint64_t  first, even, odd, escaped;

    static const uint64_t  odds = 0xaaaaaaaaaaaaaaaaull;

    escaped = *escape;

    slashes &= ~escaped;
    first = slashes & ~(slashes << 1);

    even = slashes + (first & ~odds);
    odd = slashes + (first & odds);

    *escape = (odd < slashes);

    return (((even & odds) | (odd & ~odds)) & ~slashes) | escaped;
}

#endif


const u_char *
ngx_gemini_scan_skip(ngx_gemini_scan_way_t *way, const u_char *p,
    const u_char *end)
{
    u_char  ch;

    do {

#if (__SSE2__)

        p = ngx_gemini_scan_blocks(way, p, end);

        if (way->depth == way->level) {
            break;
        }

#endif

        p = ngx_gemini_scan_bound(p, end);

        if (p == end) {
            break;
        }

        ch = *p++;

        if (ch == '"') {
            p = ngx_gemini_scan_over(way, p - 1, p, end);
            continue;
        }

        /* { and [ have this bit, } and ] have not */

        way->depth += (ch & 0x02) - 1;

    } while (way->depth > way->level);

    return p;
}


/* the rest of a string, p in it; start: of what is there of it, quote too */

static const u_char *
ngx_gemini_scan_over(ngx_gemini_scan_way_t *way, const u_char *start,
    const u_char *p, const u_char *end)
{
    p = ngx_gemini_scan_string(p, end, &way->escape);

    if (p == end) {
        way->string = 1;
        return end;
    }

    way->token |= ngx_gemini_scan_token(p, p - start);

    return p + 1;
}


#if (__SSE2__)

/* 64 bytes at a time; ends near end, or where the text is no JSON */

static const u_char *
ngx_gemini_scan_blocks(ngx_gemini_scan_way_t *way, const u_char *p,
    const u_char *end)
{
    uint32_t                 depth;
    uint64_t                 quotes, slashes, names, text, brackets;
    const u_char            *at;
    ngx_gemini_scan_four_t   f;

    depth = way->depth;

    while (end - p >= 64) {
        ngx_gemini_scan_load(&f, p);

        quotes = ngx_gemini_scan_mask(&f, '"');
        slashes = 0;

        for (names = quotes & (quotes << (NGX_GEMINI_SCAN_TOKEN_LEN - 1));
             names;
             names &= names - 1)
        {
            at = p + __builtin_ctzll(names);
            way->token |= ngx_gemini_scan_token(at, at - p);
        }

        if (ngx_gemini_scan_has(&f, '\\')) {
            slashes = ngx_gemini_scan_mask(&f, '\\');
            quotes &= ~ngx_gemini_scan_escaped(slashes, &way->escape);
        }

        /* from each opening quote to the one that closes */

        text = quotes ^ (quotes << 1);
        text ^= text << 2;
        text ^= text << 4;
        text ^= text << 8;
        text ^= text << 16;
        text ^= text << 32;

        if (slashes & ~text) {

            /* outside of strings it escapes nothing */

            way->escape = 0;
            break;
        }

        for (brackets = ngx_gemini_scan_brackets(&f) & ~text;
             brackets;
             brackets &= brackets - 1)
        {
            at = p + __builtin_ctzll(brackets);

            if ((*at & 0x06) == ('{' & 0x06)) {
                depth++;

            } else if ((*at & 0x06) == ('}' & 0x06) && --depth == way->level) {
                way->depth = depth;
                way->escape = 0;
                return at + 1;
            }
        }

        p += 64;

        if (text >> 63) {
            p = ngx_gemini_scan_over(way, p - 64, p, end);
        }
    }

    way->depth = depth;

    return p;
}

#endif


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
