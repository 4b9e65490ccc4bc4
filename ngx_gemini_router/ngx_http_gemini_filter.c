
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_attempt.h"
#include "ngx_http_gemini_error.h"
#include "ngx_http_gemini_filter.h"
#include "ngx_http_gemini_hold.h"
#include "ngx_http_gemini_look.h"
#include "ngx_http_gemini_owner.h"
#include "ngx_http_gemini_upload.h"
#include "ngx_gemini_time.h"


static ngx_int_t ngx_http_gemini_header_filter(ngx_http_request_t *r);
static ngx_int_t ngx_http_gemini_filter_selected(ngx_http_gemini_ctx_t *ctx);
static ngx_int_t ngx_http_gemini_filter_header(
    ngx_http_gemini_attempt_t *at);
static void ngx_http_gemini_filter_read(ngx_http_gemini_attempt_t *at);
static ngx_uint_t ngx_http_gemini_filter_judged(
    ngx_http_gemini_attempt_t *at);
static ngx_int_t ngx_http_gemini_filter_swallow(
    ngx_http_gemini_attempt_t *at, ngx_http_gemini_attempt_e state);
static void ngx_http_gemini_filter_strip(ngx_http_request_t *r);
static ngx_int_t ngx_http_gemini_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);
static void ngx_http_gemini_filter_first(ngx_http_gemini_attempt_t *at,
    ngx_chain_t *in);
static ngx_int_t ngx_http_gemini_request_filter(ngx_http_request_t *r,
    ngx_chain_t *in);


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;
static ngx_http_output_body_filter_pt    ngx_http_next_body_filter;
static ngx_http_request_body_filter_pt   ngx_http_next_request_body_filter;


static ngx_int_t
ngx_http_gemini_header_filter(ngx_http_request_t *r)
{
    ngx_int_t                   rc;
    ngx_http_gemini_ctx_t      *ctx;

    ctx = ngx_http_gemini_ctx(r);

    if (ctx && ctx->attempt && ctx->attempt->sr == r) {
        return ngx_http_gemini_filter_header(ctx->attempt);
    }

    if (r == r->main) {

        if (ctx && ctx->select
            && ngx_http_gemini_filter_selected(ctx) != NGX_OK)
        {
            return NGX_ERROR;
        }

        rc = ngx_http_gemini_error_header(r);
        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    return ngx_http_next_header_filter(r);
}


/* an answer to a request that gemini_select has sent on its way */

static ngx_int_t
ngx_http_gemini_filter_selected(ngx_http_gemini_ctx_t *ctx)
{
    ngx_http_request_t         *r;
    ngx_http_gemini_attempt_t  *at;

    r = ctx->request;
    at = ctx->attempt;

    ngx_http_gemini_filter_strip(r);

    if (at == NULL || at->first_seen) {
        return NGX_OK;
    }

    at->first_seen = 1;
    at->first = ngx_current_msec;
    at->status = r->headers_out.status;

    if (!ctx->secret || r->upstream == NULL || at->status >= 300) {
        return NGX_OK;
    }

    if (ngx_http_gemini_owner_answer(ctx, r) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_gemini_upload_header(ctx, r);
}


static ngx_int_t
ngx_http_gemini_filter_header(ngx_http_gemini_attempt_t *at)
{
    ngx_http_request_t     *sr;
    ngx_http_gemini_ctx_t  *ctx;

    sr = at->sr;
    ctx = at->ctx;

    if (at->done || at->cancelled) {
        return NGX_ERROR;
    }

    at->status = sr->headers_out.status;

    if (at->status < 200) {

        /* HTTP/0.9, or an interim answer taken for the last one */

        at->status = 0;
        return NGX_HTTP_BAD_GATEWAY;
    }

    ngx_http_gemini_filter_read(at);

    if (sr->upstream
        && (ctx->wish.verb == NGX_GEMINI_VERB_STREAM
            || (sr->headers_out.content_type.len >= 17
                && ngx_strncasecmp(sr->headers_out.content_type.data,
                                   (u_char *) "text/event-stream", 17)
                   == 0)))
    {
        sr->upstream->buffering = 0;
    }

    if (at->status >= 400) {
        return ngx_http_gemini_filter_swallow(at, NGX_HTTP_GEMINI_CAPTURE);
    }

    if (ngx_http_gemini_filter_judged(at)) {
        return ngx_http_gemini_filter_swallow(at, NGX_HTTP_GEMINI_HELD);
    }

    return ngx_http_gemini_filter_commit(at);
}


/* what the verdict needs of the header */

static void
ngx_http_gemini_filter_read(ngx_http_gemini_attempt_t *at)
{
    time_t                sec;
    ngx_int_t             n;
    ngx_uint_t            i;
    ngx_list_part_t      *part;
    ngx_table_elt_t      *h;
    ngx_http_upstream_t  *u;

    u = at->sr->upstream;

    if (u == NULL) {
        return;
    }

    /* the clock of Google is compared once a second, and by each refusal */

    if (u->headers_in.date
        && (at->status >= 400 || at->ctx->pool->zone.dated != ngx_time()))
    {
        at->ctx->pool->zone.dated = ngx_time();

        h = u->headers_in.date;
        (void) ngx_gemini_time_parse_http(h->value.data, h->value.len,
                                          &at->google);
    }

    if (at->status < 400) {
        return;
    }

    part = &u->headers_in.headers.part;
    h = part->elts;

    for (i = 0; /* void */ ; i++) {

        if (i >= part->nelts) {
            if (part->next == NULL) {
                break;
            }

            part = part->next;
            h = part->elts;
            i = 0;
        }

        if (h[i].key.len != sizeof("Retry-After") - 1
            || ngx_strncasecmp(h[i].key.data, (u_char *) "Retry-After",
                               sizeof("Retry-After") - 1)
               != 0)
        {
            continue;
        }

        n = ngx_atoi(h[i].value.data, h[i].value.len);

        if (n != NGX_ERROR) {
            at->retry_after = (uint64_t) ngx_min(n, 30 * 86400) * 1000;
            return;
        }

        sec = ngx_parse_http_time(h[i].value.data, h[i].value.len);

        if (sec != NGX_ERROR && sec > ngx_time()) {
            at->retry_after = (uint64_t) (sec - ngx_time()) * 1000;
        }

        return;
    }
}


/* a 200 that may be a failure in disguise, gemini-api.md 5.7 */

static ngx_uint_t
ngx_http_gemini_filter_judged(ngx_http_gemini_attempt_t *at)
{
    ngx_http_request_t  *sr;

    sr = at->sr;

    return at->status == NGX_HTTP_OK && at->ctx->wish.judged
           && sr->method != NGX_HTTP_HEAD && !sr->header_only
           && sr->headers_out.content_encoding == NULL;
}


/* keeps the header and what follows from the client */

static ngx_int_t
ngx_http_gemini_filter_swallow(ngx_http_gemini_attempt_t *at,
    ngx_http_gemini_attempt_e state)
{
    at->state = state;
    at->sr->filter_need_in_memory = 1;
    at->sr->header_sent = 1;

    if (at->sr->header_only || at->sr->method == NGX_HTTP_HEAD) {
        at->last = 1;
    }

    return NGX_OK;
}


/* the answer is good: its header goes to the client, there is no way back */

ngx_int_t
ngx_http_gemini_filter_commit(ngx_http_gemini_attempt_t *at)
{
    ngx_int_t               rc;
    ngx_uint_t              memory;
    ngx_http_request_t     *r, *sr;
    ngx_http_gemini_ctx_t  *ctx;

    sr = at->sr;
    ctx = at->ctx;
    r = ctx->request;

    ngx_http_gemini_attempt_stop_timers(at);

    at->state = NGX_HTTP_GEMINI_STREAM;
    ctx->committed = 1;

    if (ngx_http_gemini_look_start(ctx, sr) != NGX_OK
        || ngx_http_gemini_upload_header(ctx, sr) != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* filters of the internal location (gunzip, sub) set themselves up; what
       changes text leaves a subrequest the length that it had */

    memory = sr->filter_need_in_memory;

    sr->filter_need_in_memory = 0;
    sr->header_sent = 0;

    rc = ngx_http_next_header_filter(sr);

    if (rc == NGX_ERROR || rc > NGX_OK) {
        return rc;
    }

    if (sr->filter_need_in_memory) {
        ngx_http_clear_content_length(sr);
    }

    sr->filter_need_in_memory |= memory;

    if (ngx_http_gemini_filter_hand_up(r, sr) != NGX_OK) {
        return NGX_ERROR;
    }

    rc = ngx_http_send_header(r);

    sr->header_only = r->header_only;

    return (rc == NGX_ERROR) ? NGX_ERROR : NGX_OK;
}


ngx_int_t
ngx_http_gemini_filter_hand_up(ngx_http_request_t *r, ngx_http_request_t *sr)
{
    ngx_uint_t        i;
    ngx_list_t        own;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h, *header;

    ngx_http_gemini_filter_strip(sr);

    own = r->headers_out.headers;

    r->headers_out = sr->headers_out;

    if (r->headers_out.headers.last == &sr->headers_out.headers.part) {
        r->headers_out.headers.last = &r->headers_out.headers.part;
    }

    if (r->headers_out.trailers.last == &sr->headers_out.trailers.part) {
        r->headers_out.trailers.last = &r->headers_out.trailers.part;
    }

    r->disable_not_modified = 1;
    r->allow_ranges = 0;

    /* what other modules had put there already */

    part = &own.part;
    header = part->elts;

    for (i = 0; /* void */ ; i++) {

        if (i >= part->nelts) {
            if (part->next == NULL) {
                break;
            }

            part = part->next;
            header = part->elts;
            i = 0;
        }

        if (header[i].hash == 0) {
            continue;
        }

        h = ngx_list_push(&r->headers_out.headers);
        if (h == NULL) {
            return NGX_ERROR;
        }

        *h = header[i];
        ngx_http_gemini_header_end(h);
    }

    return NGX_OK;
}


/* alt-svc would point clients at HTTP/3 of our own host */

static void
ngx_http_gemini_filter_strip(ngx_http_request_t *r)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    part = &r->headers_out.headers.part;
    h = part->elts;

    for (i = 0; /* void */ ; i++) {

        if (i >= part->nelts) {
            if (part->next == NULL) {
                break;
            }

            part = part->next;
            h = part->elts;
            i = 0;
        }

        if (h[i].key.len == sizeof("alt-svc") - 1
            && ngx_strncasecmp(h[i].key.data, (u_char *) "alt-svc",
                               sizeof("alt-svc") - 1)
               == 0)
        {
            h[i].hash = 0;
        }
    }
}


static ngx_int_t
ngx_http_gemini_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_http_gemini_ctx_t      *ctx;
    ngx_http_gemini_attempt_t  *at;

    ctx = ngx_http_gemini_ctx(r);

    if (ctx == NULL) {
        return ngx_http_next_body_filter(r, in);
    }

    at = ctx->attempt;

    if (at == NULL || at->sr != r) {

        /* without a chain it only asks for what is under way */

        if (r == r->main && ctx->error && in) {
            in = ngx_http_gemini_error_body(r, in);

        } else if (r == r->main && ctx->select && ctx->answer) {
            ngx_http_gemini_look_chain(ctx, in);
        }

        return ngx_http_next_body_filter(r, in);
    }

    ngx_http_gemini_filter_first(at, in);

    switch (at->state) {

    case NGX_HTTP_GEMINI_STREAM:
        return ngx_http_gemini_filter_stream(at, in);

    case NGX_HTTP_GEMINI_HELD:
        return ngx_http_gemini_hold(at, in);

    default:
        return ngx_http_gemini_hold_capture(at, in);
    }
}


static void
ngx_http_gemini_filter_first(ngx_http_gemini_attempt_t *at, ngx_chain_t *in)
{
    if (at->first_seen) {
        return;
    }

    for ( /* void */ ; in; in = in->next) {

        if (ngx_buf_size(in->buf) > 0) {
            at->first_seen = 1;
            at->first = ngx_current_msec;
            return;
        }
    }
}


ngx_int_t
ngx_http_gemini_filter_stream(ngx_http_gemini_attempt_t *at, ngx_chain_t *in)
{
    ngx_buf_t              *b;
    ngx_chain_t            *cl;
    ngx_http_gemini_ctx_t  *ctx;

    ctx = at->ctx;

    ngx_http_gemini_look_chain(ctx, in);

    for (cl = in; cl; cl = cl->next) {
        b = cl->buf;

        if (b->last_buf || b->last_in_chain) {
            at->last = 1;
            ngx_http_gemini_owner_end(ctx);
        }
    }

    return ngx_http_next_body_filter(at->sr, in);
}


/* feeds the scanner while the client's body arrives */

static ngx_int_t
ngx_http_gemini_request_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_buf_t              *b;
    ngx_chain_t            *cl;
    ngx_http_gemini_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_gemini_router_module);

    if (r == r->main && ctx && ctx->body) {

        for (cl = in; cl; cl = cl->next) {
            b = cl->buf;

            if (ngx_buf_in_memory(b) && b->last > b->pos) {
                ngx_gemini_body_feed(ctx->body, b->pos, b->last - b->pos);
            }
        }
    }

    return ngx_http_next_request_body_filter(r, in);
}


ngx_int_t
ngx_http_gemini_filter_init(ngx_conf_t *cf)
{
    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_gemini_header_filter;

    ngx_http_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_http_gemini_body_filter;

    ngx_http_next_request_body_filter = ngx_http_top_request_body_filter;
    ngx_http_top_request_body_filter = ngx_http_gemini_request_filter;

    return NGX_OK;
}
