
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_uri.h"


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
    ngx_str_t *args)
{
    u_char        *last;
    ngx_int_t      ch;
    const u_char  *p, *end;

    p = uri->data;
    end = p + uri->len;
    last = dst;

    ngx_str_null(args);

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

        /* nearly all of it */

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
    const u_char  *end;

    end = p + len;

    while (p < end) {
        ch = ngx_gemini_uri_byte(&p, end);

        if (*word == '\0' || ch != (u_char) *word++) {
            return 0;
        }
    }

    return *word == '\0';
}
