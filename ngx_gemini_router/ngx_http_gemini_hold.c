
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_attempt.h"
#include "ngx_http_gemini_filter.h"
#include "ngx_http_gemini_hold.h"


static ngx_uint_t ngx_http_gemini_hold_good(ngx_http_gemini_attempt_t *at,
    ngx_chain_t *in);
static ngx_int_t ngx_http_gemini_hold_release(ngx_http_gemini_attempt_t *at,
    size_t held, ngx_chain_t *in);
static ngx_int_t ngx_http_gemini_hold_limit(ngx_http_gemini_attempt_t *at);
static void ngx_http_gemini_hold_timer(ngx_event_t *ev);
static ngx_int_t ngx_http_gemini_hold_append(ngx_http_gemini_attempt_t *at,
    u_char *p, size_t len, size_t max);


/*
 * Held bytes are copied and the upstream's buffers consumed, so that nothing
 * of the upstream waits for us: at most NGX_HTTP_GEMINI_HOLD bytes.
 */

ngx_int_t
ngx_http_gemini_hold(ngx_http_gemini_attempt_t *at, ngx_chain_t *in)
{
    size_t        held;
    ngx_int_t     rc;
    ngx_buf_t    *b;
    ngx_uint_t    last;
    ngx_chain_t  *cl;

    if (ngx_http_gemini_hold_good(at, in)) {
        return ngx_http_gemini_hold_release(at, 0, in);
    }

    held = at->len;
    last = 0;

    for (cl = in; cl; cl = cl->next) {
        b = cl->buf;

        if (ngx_http_gemini_hold_append(at, b->pos, b->last - b->pos,
                                          NGX_HTTP_GEMINI_HOLD)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (b->last_buf || b->last_in_chain) {
            last = 1;
        }
    }

    rc = ngx_gemini_classify_head(at->body, at->len);

    if (rc == NGX_DECLINED || (last && at->len == 0)) {
        at->state = NGX_HTTP_GEMINI_CAPTURE;
        at->len = held;
        at->truncated = 0;
        return ngx_http_gemini_hold_capture(at, in);
    }

    if (rc == NGX_OK || last || at->len >= NGX_HTTP_GEMINI_HOLD) {
        return ngx_http_gemini_hold_release(at, held, in);
    }

    for (cl = in; cl; cl = cl->next) {
        cl->buf->pos = cl->buf->last;
        cl->buf->file_pos = cl->buf->file_last;
    }

    return at->len ? ngx_http_gemini_hold_limit(at) : NGX_OK;
}


static ngx_int_t
ngx_http_gemini_hold_limit(ngx_http_gemini_attempt_t *at)
{
    if (at->hold == NULL) {
        at->hold = ngx_pcalloc(at->sr->pool, sizeof(ngx_event_t));
        if (at->hold == NULL) {
            return NGX_ERROR;
        }
    }

    if (!at->hold->timer_set) {
        at->hold->handler = ngx_http_gemini_hold_timer;
        at->hold->data = at;
        at->hold->log = at->ctx->request->connection->log;

        ngx_add_timer(at->hold, NGX_HTTP_GEMINI_HOLD_TIME);
    }

    return NGX_OK;
}


/* the very first piece decides nearly always: nothing is held then */

static ngx_uint_t
ngx_http_gemini_hold_good(ngx_http_gemini_attempt_t *at, ngx_chain_t *in)
{
    size_t      len;
    ngx_buf_t  *b;

    if (at->len || in == NULL || !ngx_buf_in_memory(in->buf)) {
        return 0;
    }

    b = in->buf;
    len = ngx_min(b->last - b->pos, NGX_HTTP_GEMINI_HOLD);

    return ngx_gemini_classify_head(b->pos, len) == NGX_OK;
}


static ngx_int_t
ngx_http_gemini_hold_release(ngx_http_gemini_attempt_t *at, size_t held,
    ngx_chain_t *in)
{
    ngx_int_t     rc;
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    rc = ngx_http_gemini_filter_commit(at);

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    if (held) {
        b = ngx_calloc_buf(at->sr->pool);
        if (b == NULL) {
            return NGX_ERROR;
        }

        b->pos = at->body;
        b->last = at->body + held;
        b->start = b->pos;
        b->end = b->last;
        b->memory = 1;
        b->flush = (in == NULL);

        cl = ngx_alloc_chain_link(at->sr->pool);
        if (cl == NULL) {
            return NGX_ERROR;
        }

        cl->buf = b;
        cl->next = in;
        in = cl;

        /* the filters own it now */

        at->body = NULL;
        at->size = 0;
    }

    at->len = 0;

    return in ? ngx_http_gemini_filter_stream(at, in) : NGX_OK;
}


static void
ngx_http_gemini_hold_timer(ngx_event_t *ev)
{
    ngx_connection_t           *c;
    ngx_http_request_t         *r;
    ngx_http_gemini_attempt_t  *at;

    at = ev->data;
    r = at->ctx->request;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    if (at->state != NGX_HTTP_GEMINI_HELD || at->done || at->cancelled) {
        return;
    }

    ngx_log_debug0(NGX_LOG_DEBUG_HTTP, c->log, 0, "gemini hold timed out");

    if (ngx_http_gemini_hold_release(at, at->len, NULL) != NGX_OK) {
        c->error = 1;
    }

    /* let the upstream write what is left, or see that the client is gone */

    ngx_post_event(c->write, &ngx_posted_events);

    ngx_http_run_posted_requests(c);
}


ngx_int_t
ngx_http_gemini_hold_capture(ngx_http_gemini_attempt_t *at,
    ngx_chain_t *in)
{
    ngx_buf_t  *b;

    for ( /* void */ ; in; in = in->next) {
        b = in->buf;

        if (ngx_buf_in_memory(b)
            && ngx_http_gemini_hold_append(at, b->pos, b->last - b->pos,
                                             NGX_GEMINI_BODY_MAX)
               != NGX_OK)
        {
            return NGX_ERROR;
        }

        b->pos = b->last;
        b->file_pos = b->file_last;

        if (b->last_buf || b->last_in_chain) {
            at->last = 1;
        }
    }

    return NGX_OK;
}


/* grows by doubling from what the answer says of its length, else 1 KB */

static ngx_int_t
ngx_http_gemini_hold_append(ngx_http_gemini_attempt_t *at, u_char *p,
    size_t len, size_t max)
{
    off_t    cl;
    size_t   size;
    u_char  *body;

    if (len > max - at->len) {
        len = max - at->len;
        at->truncated = 1;
    }

    if (len == 0) {
        return NGX_OK;
    }

    if (at->len + len > at->size) {
        cl = at->sr->headers_out.content_length_n;
        size = at->size ? at->size : NGX_HTTP_GEMINI_HOLD;

        if (max > NGX_HTTP_GEMINI_HOLD && cl > (off_t) size) {
            size = (cl < (off_t) max) ? (size_t) cl : max;
        }

        while (size < at->len + len) {
            size *= 2;
        }

        body = ngx_pnalloc(at->sr->pool, size);
        if (body == NULL) {
            return NGX_ERROR;
        }

        ngx_memcpy(body, at->body, at->len);

        at->body = body;
        at->size = size;
    }

    ngx_memcpy(at->body + at->len, p, len);
    at->len += len;

    return NGX_OK;
}
