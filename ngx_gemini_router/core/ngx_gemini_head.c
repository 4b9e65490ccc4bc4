
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The first bytes of a 200, one prefix at a time (design.md 3.5).
 */


#include "ngx_gemini_classify.h"


static ngx_int_t ngx_gemini_head_event(const u_char *p, const u_char *last);
static ngx_int_t ngx_gemini_head_member(const u_char *p, const u_char *last);
static ngx_inline ngx_int_t ngx_gemini_head_begins(const u_char **p,
    const u_char *last, const char *text);
static ngx_int_t ngx_gemini_head_text(const u_char **p, const u_char *last,
    const char *text);
static const u_char *ngx_gemini_head_space(const u_char *p,
    const u_char *last);


/*
 * [BOM] { field line } [data:] [ "[" ] "{" "name": decides at the first byte
 * that can.
 */

ngx_int_t
ngx_gemini_classify_head(const u_char *p, size_t len)
{
    ngx_int_t      rc;
    const u_char  *last;

    if (len == 0) {
        return NGX_AGAIN;
    }

    last = p + len;

    rc = ngx_gemini_head_begins(&p, last, "\xef\xbb\xbf");

    if (rc == NGX_AGAIN) {
        return rc;
    }

    for ( ;; ) {
        p = ngx_gemini_head_space(p, last);

        rc = ngx_gemini_head_begins(&p, last, "event:");

        if (rc == NGX_OK) {
            return ngx_gemini_head_event(p, last);
        }

        if (rc == NGX_DECLINED) {
            rc = ngx_gemini_head_begins(&p, last, "data:");
        }

        if (rc == NGX_AGAIN) {
            return rc;
        }

        if (rc == NGX_DECLINED) {
            break;
        }
    }

    if (p < last && *p == '[') {
        p = ngx_gemini_head_space(p + 1, last);
    }

    if (p == last) {
        return NGX_AGAIN;
    }

    if (*p != '{') {
        return NGX_OK;
    }

    return ngx_gemini_head_member(p + 1, last);
}


/* the name of an event, Interactions API */

static ngx_int_t
ngx_gemini_head_event(const u_char *p, const u_char *last)
{
    ngx_int_t  rc;

    while (p < last && (*p == ' ' || *p == '\t')) {
        p++;
    }

    rc = ngx_gemini_head_begins(&p, last, "error");

    if (rc != NGX_OK) {
        return (rc == NGX_AGAIN) ? NGX_AGAIN : NGX_OK;
    }

    if (p == last) {
        return NGX_AGAIN;
    }

    return (*p == '\r' || *p == '\n') ? NGX_DECLINED : NGX_OK;
}


/* the first member: "error": ..., or "event_type": "error" */

static ngx_int_t
ngx_gemini_head_member(const u_char *p, const u_char *last)
{
    ngx_int_t      rc;
    const u_char  *name;

    p = ngx_gemini_head_space(p, last);
    name = p;

    rc = ngx_gemini_head_begins(&p, last, "\"error\"");

    if (rc == NGX_OK) {
        return NGX_DECLINED;
    }

    if (rc == NGX_AGAIN) {
        return rc;
    }

    p = name;

    rc = ngx_gemini_head_begins(&p, last, "\"event_type\"");

    if (rc == NGX_OK) {
        p = ngx_gemini_head_space(p, last);
        rc = ngx_gemini_head_begins(&p, last, ":");
    }

    if (rc == NGX_OK) {
        p = ngx_gemini_head_space(p, last);
        rc = ngx_gemini_head_begins(&p, last, "\"error\"");
    }

    if (rc == NGX_AGAIN) {
        return rc;
    }

    return (rc == NGX_OK) ? NGX_DECLINED : NGX_OK;
}


/* NGX_OK: *p stands behind text; NGX_AGAIN: it may yet be; NGX_DECLINED */

static ngx_inline ngx_int_t
ngx_gemini_head_begins(const u_char **p, const u_char *last,
    const char *text)
{
    if (*p == last) {
        return NGX_AGAIN;
    }

    /* the first byte tells nearly always */

    return (**p == (u_char) *text) ? ngx_gemini_head_text(p, last, text)
                                   : NGX_DECLINED;
}


static ngx_int_t
ngx_gemini_head_text(const u_char **p, const u_char *last, const char *text)
{
    const u_char  *s;

    for (s = *p; *text; s++, text++) {

        if (s == last) {
            return NGX_AGAIN;
        }

        if (*s != (u_char) *text) {
            return NGX_DECLINED;
        }
    }

    *p = s;

    return NGX_OK;
}


static const u_char *
ngx_gemini_head_space(const u_char *p, const u_char *last)
{
    while (p < last
           && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
    {
        p++;
    }

    return p;
}
