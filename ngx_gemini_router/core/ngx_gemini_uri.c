
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_uri.h"

#if (__SSE2__)
#include <emmintrin.h>
#endif


#define ngx_gemini_uri_bits(v)  ((uint32_t) _mm_movemask_epi8(v))


static size_t ngx_gemini_uri_head(const u_char *p, size_t len);
#if (__SSE2__)
static size_t ngx_gemini_uri_skip(const u_char *p, size_t len);
static uint32_t ngx_gemini_uri_odd(__m128i v);
#endif
static ngx_int_t ngx_gemini_uri_slash(u_char *start, u_char **last);
static ngx_int_t ngx_gemini_uri_hex(u_char ch);


/* NGX_GEMINI_URI_PLAIN, SEGMENT, NAME; above 0x7f none */

const u_char  ngx_gemini_uri_classes[256] = {

    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 3, 0, 0, 3, 0, 3, 3, 3, 3, 3, 7, 3, 7, 7, 1,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 3, 0, 3, 0, 0,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 0, 0, 0, 0, 7,
    0, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 0, 0, 0, 7, 0
};


ngx_int_t
ngx_gemini_uri_decode(const ngx_str_t *uri, u_char *dst, ngx_str_t *path,
    ngx_str_t *args, ngx_uint_t *plain)
{
    size_t         n;
    u_char        *last;
    ngx_int_t      ch;
    const u_char  *p, *end;

    end = uri->data + uri->len;

    ngx_str_null(args);

    /* nearly always the whole path */

    n = ngx_gemini_uri_head(uri->data, uri->len);
    last = ngx_cpymem(dst, uri->data, n);
    p = uri->data + n;

    *plain = (n > 0 && (p == end || *p == '?'));

    while (p < end && *p != '?' && *p != '#') {

        ch = ngx_gemini_uri_byte(&p, end);

        if (ch == NGX_ERROR || ch == 0 || (last == dst && ch != '/')) {
            return NGX_ERROR;
        }

        if (ch != '/') {
            *last++ = (u_char) ch;
            continue;
        }

        if (ngx_gemini_uri_slash(dst, &last) != NGX_OK) {
            return NGX_ERROR;
        }

        /* nearly all of what is left */

        while (p < end
               && (ngx_gemini_uri_classes[*p] & NGX_GEMINI_URI_SEGMENT))
        {
            *last++ = *p++;
        }
    }

    if (last == dst) {
        return NGX_ERROR;
    }

    /* a dot segment at the end leaves its slash, as in nginx */

    if (last[-1] == '.') {

        if ((last[-2] == '/' || (last[-2] == '.' && last[-3] == '/'))
            && ngx_gemini_uri_slash(dst, &last) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    path->data = dst;
    path->len = last - dst;

    if (p < end && *p == '?') {
        p++;
        args->data = (u_char *) p;

        while (p < end && *p != '#') {
            p++;
        }

        args->len = p - args->data;
    }

    return NGX_OK;
}


/*
 * How much of a path is, byte by byte, decoded and escaped to itself.  Ends
 * with a slash behind which a dot or another slash stands.
 */

static size_t
ngx_gemini_uri_head(const u_char *p, size_t len)
{
    size_t  i;
    u_char  last;

    if (len == 0 || *p != '/') {
        return 0;
    }

#if (__SSE2__)
    i = ngx_gemini_uri_skip(p, len);
#else
    i = 0;
#endif

    last = i ? p[i - 1] : 0;

    while (i < len
           && (ngx_gemini_uri_classes[p[i]] & NGX_GEMINI_URI_PLAIN)
           && (last != '/' || (p[i] != '/' && p[i] != '.')))
    {
        last = p[i++];
    }

    return i;
}


#if (__SSE2__)

/* nearly always all of the head, but nothing of a short path */

static size_t
ngx_gemini_uri_skip(const u_char *p, size_t len)
{
    size_t    i;
    __m128i   v;
    uint32_t  slashes, dots, stops;

    if (len < 16) {
        return 0;
    }

    i = 0;
    slashes = 0;

    for ( ;; ) {
        v = _mm_loadu_si128((const __m128i *) (p + i));

        /* a bit for each byte behind a slash, also one of the last 16 */

        slashes >>= 16;
        dots = ngx_gemini_uri_bits(_mm_cmpeq_epi8(v, _mm_set1_epi8('.')));
        stops = ngx_gemini_uri_bits(_mm_cmpeq_epi8(v, _mm_set1_epi8('/')));
        slashes |= stops << 1;
        stops = (slashes & (stops | dots)) | ngx_gemini_uri_odd(v);

        if (stops) {
            return i + __builtin_ctz(stops);
        }

        i += 16;

        if (i == len) {
            return len;
        }

        if (len - i < 16) {

            /* once more what was seen already, and the rest */

            slashes = 0;
            i = len - 16;
        }
    }
}


/* a bit for each byte that is no letter, digit, "-", ".", "/" or ":" */

static uint32_t
ngx_gemini_uri_odd(__m128i v)
{
    __m128i  low, letters, others;

    low = _mm_or_si128(v, _mm_set1_epi8(0x20));

    letters = _mm_and_si128(_mm_cmpgt_epi8(low, _mm_set1_epi8('a' - 1)),
                            _mm_cmplt_epi8(low, _mm_set1_epi8('z' + 1)));

    /* the others stand side by side */

    others = _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8('-' - 1)),
                           _mm_cmplt_epi8(v, _mm_set1_epi8(':' + 1)));

    return ngx_gemini_uri_bits(_mm_or_si128(letters, others)) ^ 0xffff;
}

#endif


ngx_uint_t
ngx_gemini_uri_name(const u_char *p, size_t len)
{
#if (__SSE2__)

    __m128i  v, slash;

    while (len >= 16) {
        v = _mm_loadu_si128((const __m128i *) p);
        slash = _mm_cmpeq_epi8(v, _mm_set1_epi8('/'));

        if (ngx_gemini_uri_odd(v) | ngx_gemini_uri_bits(slash)) {
            break;
        }

        p += 16;
        len -= 16;
    }

#endif

    while (len && (ngx_gemini_uri_classes[*p] & NGX_GEMINI_URI_NAME)) {
        p++;
        len--;
    }

    return len == 0;
}


/* a slash was read: resolves the segment before it, then writes the slash */

static ngx_int_t
ngx_gemini_uri_slash(u_char *start, u_char **last)
{
    u_char  *p, *segment;

    p = *last;

    if (p == start || (p[-1] != '/' && p[-1] != '.')) {
        *(*last)++ = '/';
        return NGX_OK;
    }

    for (segment = p; segment[-1] != '/'; segment--) { /* void */ }

    if (p == segment) {
        return NGX_OK;
    }

    if (p - segment == 1 && segment[0] == '.') {
        *last = segment;
        return NGX_OK;
    }

    if (p - segment == 2 && segment[0] == '.' && segment[1] == '.') {

        segment--;

        if (segment == start) {
            return NGX_ERROR;
        }

        while (segment[-1] != '/') {
            segment--;
        }

        *last = segment;
        return NGX_OK;
    }

    *(*last)++ = '/';

    return NGX_OK;
}


ngx_int_t
ngx_gemini_uri_byte(const u_char **p, const u_char *end)
{
    ngx_int_t  high, low;

    if (**p != '%') {
        return *(*p)++;
    }

    if (end - *p < 3) {
        return NGX_ERROR;
    }

    high = ngx_gemini_uri_hex((*p)[1]);
    low = ngx_gemini_uri_hex((*p)[2]);

    if (high == NGX_ERROR || low == NGX_ERROR) {
        return NGX_ERROR;
    }

    *p += 3;

    return high * 16 + low;
}


static ngx_int_t
ngx_gemini_uri_hex(u_char ch)
{
    if (ch >= '0' && ch <= '9') {
        return ch - '0';
    }

    ch |= 0x20;

    if (ch >= 'a' && ch <= 'f') {
        return ch - 'a' + 10;
    }

    return NGX_ERROR;
}


u_char *
ngx_gemini_uri_escape(u_char *p, u_char *last, const u_char *src,
    size_t len)
{
    size_t  i, run;

    static const u_char  hex[] = "0123456789ABCDEF";

    for (i = 0; i < len; i++) {

        run = i;

#if (__SSE2__)

        while (len - i >= 16
               && !ngx_gemini_uri_odd(_mm_loadu_si128(
                                          (const __m128i *) (src + i))))
        {
            i += 16;
        }

#endif

        while (i < len
               && (ngx_gemini_uri_classes[src[i]] & NGX_GEMINI_URI_PLAIN))
        {
            i++;
        }

        if ((size_t) (last - p) < i - run) {
            return NULL;
        }

        p = ngx_cpymem(p, src + run, i - run);

        if (i == len) {
            break;
        }

        if (last - p < 3) {
            return NULL;
        }

        *p++ = '%';
        *p++ = hex[src[i] >> 4];
        *p++ = hex[src[i] & 0xf];
    }

    return p;
}


ngx_int_t
ngx_gemini_uri_next(ngx_str_t *args, ngx_gemini_uri_arg_t *arg)
{
    u_char  *p, *end, *equal;

    /* data goes to NULL behind the last: an empty one may stand there */

    if (args->data == NULL) {
        return NGX_DONE;
    }

    end = args->data + args->len;
    equal = NULL;

    for (p = args->data; p < end && *p != '&'; p++) {
        if (*p == '=' && equal == NULL) {
            equal = p;
        }
    }

    arg->whole.data = args->data;
    arg->whole.len = p - args->data;
    arg->name.data = args->data;
    arg->name.len = (equal ? equal : p) - args->data;
    arg->value.data = equal ? equal + 1 : p;
    arg->value.len = p - arg->value.data;

    if (p == end) {
        ngx_str_null(args);

    } else {
        args->data = p + 1;
        args->len = end - args->data;
    }

    return NGX_OK;
}


ngx_uint_t
ngx_gemini_uri_is(const u_char *p, size_t len, const char *word)
{
    ngx_int_t      ch;
    const u_char  *end, *next;

    end = p + len;

    for ( /* void */ ; p < end; p = next) {

        next = p + 1;
        ch = *p;

        if (ch == '%') {
            next = p;
            ch = ngx_gemini_uri_byte(&next, end);
        }

        if (*word == '\0' || ch != (u_char) *word++) {
            return 0;
        }
    }

    return *word == '\0';
}
