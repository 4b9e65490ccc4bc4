
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_attempt.h"
#include "ngx_http_gemini_body.h"
#include "ngx_http_gemini_log.h"
#include "ngx_http_gemini_zone.h"


static ngx_int_t ngx_http_gemini_attempt_subrequest(
    ngx_http_gemini_attempt_t *at, ngx_str_t *target);
static void ngx_http_gemini_attempt_limit(ngx_http_gemini_attempt_t *at);
static void ngx_http_gemini_attempt_timer(ngx_event_t *ev);
static ngx_int_t ngx_http_gemini_attempt_done(ngx_http_request_t *r,
    void *data, ngx_int_t rc);
static void ngx_http_gemini_attempt_changed(ngx_http_gemini_attempt_t *at,
    ngx_gemini_settle_t *settle);


ngx_int_t
ngx_http_gemini_attempt_start(ngx_http_gemini_ctx_t *ctx)
{
    ngx_str_t                   target;
    ngx_gemini_conf_t          *gc;
    ngx_gemini_choice_t        *choice;
    ngx_http_gemini_attempt_t  *at;

    gc = &ctx->pool->gc;
    at = ctx->attempt;
    choice = &ctx->order->choices[ctx->pick.choice];

    if (at->settled) {
        ngx_http_gemini_attempt_trail(at);
        ngx_memzero(at, offsetof(ngx_http_gemini_attempt_t, body));
    }

    at->ctx = ctx;
    at->resv = ctx->pick.resv;
    at->key = ctx->pick.key;
    at->project = gc->keys[at->key].project;
    at->conf = choice->conf;
    at->slot = choice->slot;
    at->began = ngx_http_gemini_now();
    at->start = ngx_current_msec;

    ctx->key = at->key;
    ctx->model = at->conf;
    ctx->model_name = (at->conf == NGX_GEMINI_NONE)
                      ? ctx->order->model : gc->models[at->conf].name;

    if (ngx_http_gemini_attempt_credential(ctx, at->key) != NGX_OK
        || ngx_http_gemini_attempt_target(ctx, &ctx->model_name, &target)
           != NGX_OK
        || ngx_http_gemini_attempt_subrequest(at, &target) != NGX_OK)
    {
        ngx_memzero(&at->verdict, sizeof(ngx_gemini_verdict_t));
        at->verdict.class = NGX_GEMINI_CLIENT_GONE;
        at->verdict.scope = NGX_GEMINI_SCOPE_CLIENT;
        ngx_http_gemini_attempt_settle(at);
        return NGX_ERROR;
    }

    ngx_http_gemini_attempt_limit(at);

    return NGX_OK;
}


static ngx_int_t
ngx_http_gemini_attempt_subrequest(ngx_http_gemini_attempt_t *at,
    ngx_str_t *target)
{
    off_t                     length;
    ngx_http_request_t       *r, *sr;
    ngx_http_gemini_ctx_t    *ctx;
    ngx_http_request_body_t  *rb;

    ctx = at->ctx;
    r = ctx->request;

    if (ngx_http_gemini_body_make(ctx, &ctx->model_name, &rb, &length)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    at->post.handler = ngx_http_gemini_attempt_done;
    at->post.data = at;

    if (ngx_http_subrequest(r, &ctx->conf->uri, NULL, &sr, &at->post, 0)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    at->sr = sr;

    sr->method = r->method;
    sr->method_name = r->method_name;
    sr->header_in = r->header_in;
    sr->unparsed_uri = *target;
    sr->valid_unparsed_uri = 1;
    sr->upstream_states = r->upstream_states;

    sr->headers_in.headers = ctx->headers;
    sr->headers_in.chunked = 0;

    if (sr->headers_in.headers.last == &ctx->headers.part) {
        sr->headers_in.headers.last = &sr->headers_in.headers.part;
    }

    if (rb) {
        sr->request_body = rb;
        sr->headers_in.content_length_n = length;
    }

    return NGX_OK;
}


/* an attempt is limited until its first byte: after it there is no other */

static void
ngx_http_gemini_attempt_limit(ngx_http_gemini_attempt_t *at)
{
    uint64_t            limit, byte;
    ngx_gemini_conf_t  *gc;

    gc = &at->ctx->pool->gc;

    limit = gc->attempt_timeout;
    byte = (at->conf == NGX_GEMINI_NONE) ? 0 : gc->models[at->conf].first_byte;

    if (byte && (limit == 0 || byte < limit)) {
        limit = byte;
    }

    if (limit == 0) {
        return;
    }

    at->timer.handler = ngx_http_gemini_attempt_timer;
    at->timer.data = at;
    at->timer.log = at->ctx->request->connection->log;

    ngx_add_timer(&at->timer, (ngx_msec_t) limit);
}


void
ngx_http_gemini_attempt_stop_timers(ngx_http_gemini_attempt_t *at)
{
    if (at->timer.timer_set) {
        ngx_del_timer(&at->timer);
    }

    if (at->hold && at->hold->timer_set) {
        ngx_del_timer(at->hold);
    }
}


static void
ngx_http_gemini_attempt_timer(ngx_event_t *ev)
{
    ngx_connection_t           *c;
    ngx_http_gemini_attempt_t  *at;

    at = ev->data;
    c = at->ctx->request->connection;

    ngx_http_set_log_request(c->log, at->ctx->request);

    ngx_log_debug0(NGX_LOG_DEBUG_HTTP, c->log, 0, "gemini attempt timed out");

    at->timeout = 1;
    ngx_http_gemini_attempt_cancel(at);

    ngx_http_run_posted_requests(c);
}


void
ngx_http_gemini_attempt_cancel(ngx_http_gemini_attempt_t *at)
{
    ngx_http_request_t   *sr;
    ngx_http_upstream_t  *u;

    sr = at->sr;

    if (at->done || at->cancelled || sr == NULL) {
        return;
    }

    at->cancelled = 1;
    u = sr->upstream;

    if (u && u->cleanup) {

        /* as ngx_http_upstream_create() does for a second upstream */

        sr->main->count++;
        (*u->cleanup)(sr);
    }

    ngx_http_finalize_request(sr, NGX_HTTP_GATEWAY_TIME_OUT);
}


/*
 * Only records: it may be called twice, and before the last buffer has passed
 * the filters.  The main request decides when it is woken.
 */

static ngx_int_t
ngx_http_gemini_attempt_done(ngx_http_request_t *r, void *data, ngx_int_t rc)
{
    ngx_http_gemini_attempt_t  *at = data;

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "gemini attempt done, rc:%i state:%d", rc, at->state);

    if (at->sr != r) {
        return NGX_OK;
    }

    if (!at->done) {
        at->done = 1;
        at->end = ngx_current_msec;

        ngx_http_gemini_attempt_stop_timers(at);

        if (rc == NGX_HTTP_GATEWAY_TIME_OUT && at->state
            == NGX_HTTP_GEMINI_WAIT)
        {
            at->timeout = 1;
        }

        r->main->upstream_states = r->upstream_states;
    }

    if (r->connection->error || rc == NGX_HTTP_CLIENT_CLOSED_REQUEST
        || rc == NGX_HTTP_REQUEST_TIME_OUT)
    {
        return rc;
    }

    /* hides 502 and 504 from the special responses */

    return NGX_OK;
}


void
ngx_http_gemini_attempt_judge(ngx_http_gemini_attempt_t *at)
{
    ngx_gemini_reply_t      reply;
    ngx_http_gemini_ctx_t  *ctx;

    ctx = at->ctx;

    ngx_memzero(&at->verdict, sizeof(ngx_gemini_verdict_t));

    if (at->state == NGX_HTTP_GEMINI_STREAM) {

        if (!at->last && !at->sr->header_only) {
            at->verdict.class = NGX_GEMINI_CUT;

        } else if (ctx->usage && ctx->usage->late_error) {
            at->verdict.class = NGX_GEMINI_CUT;

        } else {
            return;
        }

        at->verdict.scope = NGX_GEMINI_SCOPE_SERVICE;
        at->verdict.ran = 1;

        return;
    }

    ngx_memzero(&reply, sizeof(ngx_gemini_reply_t));

    reply.surface = ctx->wish.surface;
    reply.verb = ctx->wish.verb;
    reply.model = ctx->model_name;
    reply.timeout = at->timeout;
    reply.client_deadline = ctx->deadline;
    reply.pinned = (ctx->refs && ctx->refs->nelts);

    /* a header of which the body never came whole is no answer, unless it
       was an error's: that is known by its status */

    if (!at->cancelled
        && (at->state == NGX_HTTP_GEMINI_CAPTURE
            && (at->last || at->status >= 300)))
    {
        reply.status = at->status;
        reply.body.data = at->body;
        reply.body.len = at->len;
        reply.truncated = at->truncated;
        reply.retry_after = at->retry_after;
    }

    ngx_gemini_classify(&reply, &at->verdict);
}


void
ngx_http_gemini_attempt_settle(ngx_http_gemini_attempt_t *at)
{
    ngx_gemini_view_t              *gv;
    ngx_gemini_settle_t             settle;
    ngx_http_gemini_ctx_t          *ctx;
    const ngx_http_gemini_price_t  *price;

    if (at->settled) {
        return;
    }

    at->settled = 1;
    ctx = at->ctx;
    ctx->course->attempts++;

    if (at->end == 0) {
        at->end = ngx_current_msec;
    }

    ngx_http_gemini_attempt_stop_timers(at);

    settle.resv = at->resv;
    settle.key = at->key;
    settle.choice_conf = at->conf;
    settle.verdict = &at->verdict;
    settle.began = at->began;
    settle.google = at->google;
    settle.ttft = at->first_seen
                  ? (uint32_t) ngx_max(at->first - at->start, 1) : 0;
    settle.latency = (uint32_t) ngx_max(at->end - at->start, settle.ttft);
    settle.surface = ctx->wish.surface;
    settle.verb = ctx->wish.verb;
    settle.random = 0;
    settle.no_guess = (ctx->course->guesses >= 2);
    settle.probe = 0;
    settle.tokens = ctx->tokens;

    price = ngx_http_gemini_conf_price(ctx->pool, at->key, at->conf);
    settle.cost = ngx_gemini_metrics_cost(&ctx->tokens, price->in,
                                          price->out, price->cached);

    if (at->verdict.class != NGX_GEMINI_OK) {
        settle.random = (uint32_t) ngx_random();
    }

    gv = ngx_http_gemini_zone_lock(ctx->pool);

    if (at->verdict.class == NGX_GEMINI_OK && at->conf == NGX_GEMINI_NONE
        && ctx->order->unlisted)
    {
        (void) ngx_gemini_pool_spare_claim(gv, &ctx->order->model,
                                           at->began);
    }

    if (ctx->team_row == 0 && ctx->team.len) {
        ctx->team_row = ngx_gemini_metrics_team(gv->metrics, &ctx->team);
    }

    settle.team = ctx->team_row;

    ngx_gemini_sched_settle(gv, &ctx->pool->gc, &settle,
                            ngx_http_gemini_now());

    ngx_http_gemini_zone_unlock(ctx->pool);

    if (settle.guessed) {
        ctx->course->guesses++;
    }

    if (settle.nchanges) {
        ngx_http_gemini_attempt_changed(at, &settle);
    }
}


static void
ngx_http_gemini_attempt_changed(ngx_http_gemini_attempt_t *at,
    ngx_gemini_settle_t *settle)
{
    u_char                 *id;
    ngx_gemini_view_t      *gv;
    ngx_http_gemini_ctx_t  *ctx;

    ctx = at->ctx;

    ngx_http_gemini_log_changes(ctx, settle);

    if (at->verdict.class == NGX_GEMINI_OK) {
        return;
    }

    id = ngx_http_gemini_log_id(ctx);
    if (id == NULL) {
        return;
    }

    gv = ngx_http_gemini_zone_lock(ctx->pool);

    ngx_gemini_sched_name(gv, settle, id);

    ngx_http_gemini_zone_unlock(ctx->pool);
}


void
ngx_http_gemini_attempt_trail(ngx_http_gemini_attempt_t *at)
{
    ngx_http_gemini_ctx_t    *ctx;
    ngx_http_gemini_trail_t  *trail;

    ctx = at->ctx;

    if (!at->settled || at->trailed) {
        return;
    }

    at->trailed = 1;

    if (ctx->trail == NULL) {
        ctx->trail = ngx_array_create(ctx->request->pool, 2,
                                      sizeof(ngx_http_gemini_trail_t));
        if (ctx->trail == NULL) {
            return;
        }
    }

    trail = ngx_array_push(ctx->trail);
    if (trail == NULL) {
        return;
    }

    trail->key = ctx->pool->gc.keys[at->key].label;
    trail->model = ctx->model_name;
    trail->status = at->status;
    trail->class = at->verdict.class;
    trail->ms = at->end - at->start;
}


ngx_str_t *
ngx_http_gemini_attempt_secret(ngx_http_gemini_attempt_t *at)
{
    return &at->ctx->pool->secrets[at->key];
}
