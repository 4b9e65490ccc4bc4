
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_sse.h"


typedef enum {
    NGX_GEMINI_SSE_LINE = 0,               /* its name is not read yet */
    NGX_GEMINI_SSE_DATA,
    NGX_GEMINI_SSE_SKIP,                   /* event:, id:, a comment */
    NGX_GEMINI_SSE_BARE                    /* JSON without "data:" */
} ngx_gemini_sse_line_e;


static void ngx_gemini_sse_line(ngx_gemini_sse_t *sse, const u_char *p,
    const u_char *end, ngx_gemini_sse_pt handler, void *data);
static void ngx_gemini_sse_done(ngx_gemini_sse_t *sse, const u_char *p,
    const u_char *end);
static ngx_uint_t ngx_gemini_sse_newline(ngx_gemini_sse_t *sse, u_char ch);


void
ngx_gemini_sse_feed(ngx_gemini_sse_t *sse, const u_char *p, size_t len,
    ngx_gemini_sse_pt handler, void *data)
{
    const u_char  *end, *lf, *cr, *eol;

    end = p + len;

    /* the places are looked for once each, whatever ends the lines */

    lf = NULL;
    cr = NULL;

    while (p < end) {

        if (lf == NULL || lf < p) {
            lf = memchr(p, '\n', end - p);
            lf = lf ? lf : end;
        }

        if (cr == NULL || cr < p) {
            cr = memchr(p, '\r', end - p);
            cr = cr ? cr : end;
        }

        eol = ngx_min(lf, cr);

        if (p < eol) {
            sse->content = 1;
            sse->boundary = 0;
            sse->cr = 0;
            ngx_gemini_sse_line(sse, p, eol, handler, data);
        }

        p = eol;

        if (p < end && ngx_gemini_sse_newline(sse, *p++)) {
            handler(data, NULL, NULL);
        }
    }
}


static void
ngx_gemini_sse_line(ngx_gemini_sse_t *sse, const u_char *p,
    const u_char *end, ngx_gemini_sse_pt handler, void *data)
{
    static const char  name[] = "data:";

    /* mostly the piece has all of the name */

    if (sse->line == NGX_GEMINI_SSE_LINE && sse->matched == 0
        && end - p >= (ssize_t) sizeof(name) - 1
        && ngx_memcmp(p, name, sizeof(name) - 1) == 0)
    {
        p += sizeof(name) - 1;
        sse->line = NGX_GEMINI_SSE_DATA;
        sse->data = 1;
    }

    while (p < end) {

        switch (sse->line) {

        case NGX_GEMINI_SSE_LINE:

            if (sse->matched == 0 && (*p == '{' || *p == '[')) {
                sse->line = NGX_GEMINI_SSE_BARE;
                handler(data, NULL, NULL);
                break;
            }

            if (sse->matched == 0 && *p >= 0x80) {

                /* the byte order mark */

                p++;
                break;
            }

            if (*p != (u_char) name[sse->matched]) {
                sse->line = NGX_GEMINI_SSE_SKIP;
                break;
            }

            p++;

            if (++sse->matched == sizeof(name) - 1) {
                sse->line = NGX_GEMINI_SSE_DATA;
                sse->matched = 0;
                sse->data = 1;
            }

            break;

        case NGX_GEMINI_SSE_DATA:
            ngx_gemini_sse_done(sse, p, end);
            /* fall through */

        case NGX_GEMINI_SSE_BARE:
            handler(data, p, end);
            return;

        default:
            return;
        }
    }
}


/* "[DONE]", alone on its line */

static void
ngx_gemini_sse_done(ngx_gemini_sse_t *sse, const u_char *p,
    const u_char *end)
{
    static const char  done[] = "[DONE]";

    while (p < end && sse->matched < sizeof(done)) {

        if (*p == ' ' && (sse->matched == 0
                          || sse->matched == sizeof(done) - 1))
        {
            p++;
            continue;
        }

        if (sse->matched == sizeof(done) - 1
            || *p != (u_char) done[sse->matched])
        {
            sse->matched = sizeof(done);
            return;
        }

        sse->matched++;
        p++;
    }
}


/* CR, LF or both end a line; 1: it was empty and so ends the event */

static ngx_uint_t
ngx_gemini_sse_newline(ngx_gemini_sse_t *sse, u_char ch)
{
    ngx_uint_t  blank;

    if (ch == '\n' && sse->cr) {

        /* the second half of a CRLF */

        sse->cr = 0;
        sse->bare_cr = 0;
        sse->boundary = sse->blank;
        return 0;
    }

    blank = !sse->content;

    if (sse->line == NGX_GEMINI_SSE_DATA && sse->matched == 6) {
        sse->done = 1;
    }

    if (blank) {

        if (sse->data) {
            sse->events++;
        }

        sse->data = 0;
    }

    /* CR LF CR is the middle of an end, CR CR is an end */

    sse->boundary = blank && (ch == '\n' || sse->bare_cr);
    sse->blank = (unsigned) blank;
    sse->cr = (ch == '\r');
    sse->bare_cr = sse->cr;
    sse->content = 0;
    sse->matched = 0;

    if (blank || sse->line != NGX_GEMINI_SSE_BARE || !sse->open) {
        sse->line = NGX_GEMINI_SSE_LINE;
    }

    return blank;
}
