
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_out.h"
#include "ngx_gemini_time.h"


static ngx_int_t ngx_gemini_out_room(ngx_gemini_out_t *out);
static void ngx_gemini_out_byte(ngx_gemini_out_t *out, u_char ch);
static void ngx_gemini_out_text(ngx_gemini_out_t *out, const u_char *p,
    size_t len, ngx_uint_t json);
static size_t ngx_gemini_out_plain(const u_char *p, const u_char *last,
    ngx_uint_t json);
static void ngx_gemini_out_escape(ngx_gemini_out_t *out, u_char ch);


void
ngx_gemini_out_init(ngx_gemini_out_t *out, u_char *p, size_t size)
{
    ngx_memzero(out, sizeof(ngx_gemini_out_t));

    out->pos = p;
    out->end = size ? p + size : p;
}


static ngx_int_t
ngx_gemini_out_room(ngx_gemini_out_t *out)
{
    if (out->failed) {
        return NGX_ERROR;
    }

    if (out->pos < out->end) {
        return NGX_OK;
    }

    if (out->grow == NULL || out->grow(out) != NGX_OK
        || out->pos >= out->end)
    {
        out->failed = 1;
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_gemini_out_byte(ngx_gemini_out_t *out, u_char ch)
{
    if (ngx_gemini_out_room(out) == NGX_OK) {
        *out->pos++ = ch;
    }
}


void
ngx_gemini_out_mem(ngx_gemini_out_t *out, const void *p, size_t len)
{
    const u_char  *src = p;

    size_t  n;

    while (len > 0) {

        if (ngx_gemini_out_room(out) != NGX_OK) {
            return;
        }

        n = ngx_min(len, (size_t) (out->end - out->pos));

        out->pos = ngx_cpymem(out->pos, src, n);
        src += n;
        len -= n;
    }
}


void
ngx_gemini_out_cstr(ngx_gemini_out_t *out, const char *s)
{
    ngx_gemini_out_mem(out, s, ngx_strlen(s));
}


void
ngx_gemini_out_uint(ngx_gemini_out_t *out, uint64_t n)
{
    u_char  *p;
    u_char   buf[NGX_INT64_LEN];

    p = buf + sizeof(buf);

    do {
        *--p = (u_char) ('0' + n % 10);
        n /= 10;
    } while (n);

    ngx_gemini_out_mem(out, p, buf + sizeof(buf) - p);
}


void
ngx_gemini_out_int(ngx_gemini_out_t *out, int64_t n)
{
    if (n >= 0) {
        ngx_gemini_out_uint(out, n);
        return;
    }

    ngx_gemini_out_byte(out, '-');

    /* the least int64_t has no positive twin */
    ngx_gemini_out_uint(out, (uint64_t) -(n + 1) + 1);
}


void
ngx_gemini_out_fixed(ngx_gemini_out_t *out, int64_t n, ngx_uint_t decimals)
{
    uint64_t    value, scale;
    ngx_uint_t  i;

    scale = 1;

    for (i = 0; i < decimals; i++) {
        scale *= 10;
    }

    value = n;

    if (n < 0) {
        value = (uint64_t) -(n + 1) + 1;
        ngx_gemini_out_byte(out, '-');
    }

    ngx_gemini_out_uint(out, value / scale);

    if (decimals == 0) {
        return;
    }

    ngx_gemini_out_byte(out, '.');

    for (scale /= 10; scale; scale /= 10) {
        ngx_gemini_out_byte(out, (u_char) ('0' + value / scale % 10));
    }
}


void
ngx_gemini_out_label(ngx_gemini_out_t *out, const u_char *p, size_t len)
{
    ngx_gemini_out_text(out, p, len, 0);
}


void
ngx_gemini_out_string(ngx_gemini_out_t *out, const u_char *p, size_t len)
{
    ngx_gemini_out_byte(out, '"');
    ngx_gemini_out_text(out, p, len, 1);
    ngx_gemini_out_byte(out, '"');
}


static void
ngx_gemini_out_text(ngx_gemini_out_t *out, const u_char *p, size_t len,
    ngx_uint_t json)
{
    size_t         n;
    const u_char  *last;

    if (len == 0) {
        return;
    }

    last = p + len;

    while (p < last && !out->failed) {

        n = ngx_gemini_out_plain(p, last, json);

        if (n) {
            ngx_gemini_out_mem(out, p, n);
            p += n;
            continue;
        }

        if (*p < 0x80) {
            ngx_gemini_out_escape(out, *p);

        } else {
            ngx_gemini_out_cstr(out, "\xef\xbf\xbd");
        }

        p++;
    }
}


/* how many bytes may be written as they are */

static size_t
ngx_gemini_out_plain(const u_char *p, const u_char *last, ngx_uint_t json)
{
    size_t         n;
    const u_char  *start;

    start = p;

    while (p < last) {

        if (*p >= 0x80) {
            n = ngx_gemini_out_utf8(p, last);

            if (n == 0) {
                break;
            }

            p += n;
            continue;
        }

        if (*p == '"' || *p == '\\' || *p == '\n' || (json && *p < 0x20)) {
            break;
        }

        p++;
    }

    return p - start;
}


static void
ngx_gemini_out_escape(ngx_gemini_out_t *out, u_char ch)
{
    u_char       *p;
    u_char        buf[sizeof("\\u0000") - 1];
    const char   *found;

    static const char    from[] = "\"\\\n\t\r\b\f";
    static const u_char  into[] = "\"\\ntrbf";
    static const u_char  hex[] = "0123456789abcdef";

    p = buf;
    *p++ = '\\';

    found = ch ? strchr(from, ch) : NULL;

    if (found) {
        *p++ = into[found - from];

    } else {
        *p++ = 'u';
        *p++ = '0';
        *p++ = '0';
        *p++ = hex[ch >> 4];
        *p++ = hex[ch & 0xf];
    }

    ngx_gemini_out_mem(out, buf, p - buf);
}


size_t
ngx_gemini_out_utf8(const u_char *p, const u_char *last)
{
    u_char    low, high;
    size_t    i, n;

    /* the range of the second byte keeps out surrogates and long forms */

    low = 0x80;
    high = 0xbf;

    if (*p >= 0xc2 && *p <= 0xdf) {
        n = 2;

    } else if (*p >= 0xe0 && *p <= 0xef) {
        n = 3;
        low = (*p == 0xe0) ? 0xa0 : 0x80;
        high = (*p == 0xed) ? 0x9f : 0xbf;

    } else if (*p >= 0xf0 && *p <= 0xf4) {
        n = 4;
        low = (*p == 0xf0) ? 0x90 : 0x80;
        high = (*p == 0xf4) ? 0x8f : 0xbf;

    } else {
        return 0;
    }

    if ((size_t) (last - p) < n || p[1] < low || p[1] > high) {
        return 0;
    }

    for (i = 2; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }

    return n;
}


void
ngx_gemini_out_open(ngx_gemini_out_t *out, const char *key, u_char type)
{
    ngx_gemini_out_key(out, key);
    ngx_gemini_out_byte(out, type);

    out->depth++;
    out->comma = 0;
}


void
ngx_gemini_out_close(ngx_gemini_out_t *out, u_char type)
{
    ngx_gemini_out_byte(out, type);

    out->depth--;

    /* what follows the outermost value is not its sibling */
    out->comma = (out->depth > 0);
}


void
ngx_gemini_out_key(ngx_gemini_out_t *out, const char *key)
{
    if (out->comma) {
        ngx_gemini_out_byte(out, ',');
    }

    if (key) {
        ngx_gemini_out_string(out, (const u_char *) key, ngx_strlen(key));
        ngx_gemini_out_byte(out, ':');
    }

    out->comma = (out->depth > 0);
}


void
ngx_gemini_out_kstr(ngx_gemini_out_t *out, const char *key, const u_char *p,
    size_t len)
{
    ngx_gemini_out_key(out, key);
    ngx_gemini_out_string(out, p, len);
}


void
ngx_gemini_out_kcstr(ngx_gemini_out_t *out, const char *key, const char *s)
{
    ngx_gemini_out_kstr(out, key, (const u_char *) s, ngx_strlen(s));
}


void
ngx_gemini_out_kuint(ngx_gemini_out_t *out, const char *key, uint64_t n)
{
    ngx_gemini_out_key(out, key);
    ngx_gemini_out_uint(out, n);
}


void
ngx_gemini_out_kint(ngx_gemini_out_t *out, const char *key, int64_t n)
{
    ngx_gemini_out_key(out, key);
    ngx_gemini_out_int(out, n);
}


void
ngx_gemini_out_kbool(ngx_gemini_out_t *out, const char *key, ngx_uint_t flag)
{
    ngx_gemini_out_key(out, key);
    ngx_gemini_out_cstr(out, flag ? "true" : "false");
}


void
ngx_gemini_out_knull(ngx_gemini_out_t *out, const char *key)
{
    ngx_gemini_out_key(out, key);
    ngx_gemini_out_cstr(out, "null");
}


void
ngx_gemini_out_ksec(ngx_gemini_out_t *out, const char *key, int64_t ms)
{
    ngx_gemini_out_key(out, key);
    ngx_gemini_out_fixed(out, ms, 3);
}


void
ngx_gemini_out_ktime(ngx_gemini_out_t *out, const char *key, uint64_t ms)
{
    u_char  buf[NGX_GEMINI_RFC3339_LEN];

    if (ms == 0) {
        ngx_gemini_out_knull(out, key);
        return;
    }

    ngx_gemini_time_rfc3339(buf, ms);

    ngx_gemini_out_kstr(out, key, buf, NGX_GEMINI_RFC3339_LEN);
}
