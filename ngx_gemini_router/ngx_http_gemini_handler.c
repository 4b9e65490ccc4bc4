
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_attempt.h"
#include "ngx_http_gemini_body.h"
#include "ngx_http_gemini_error.h"
#include "ngx_http_gemini_finish.h"
#include "ngx_http_gemini_handler.h"
#include "ngx_http_gemini_log.h"
#include "ngx_http_gemini_order.h"
#include "ngx_http_gemini_owner.h"
#include "ngx_http_gemini_queue.h"
#include "ngx_http_gemini_request.h"
#include "ngx_http_gemini_select.h"
#include "ngx_http_gemini_zone.h"


/* projects that a list is looked for in, each by a walk over all keys */
#define NGX_HTTP_GEMINI_HANDLER_LISTS  4


static ngx_uint_t ngx_http_gemini_handler_upgrade(ngx_http_request_t *r);
static void ngx_http_gemini_handler_body(ngx_http_request_t *r);
static void ngx_http_gemini_handler_try(ngx_http_gemini_ctx_t *ctx);
static ngx_int_t ngx_http_gemini_handler_list(ngx_http_gemini_ctx_t *ctx,
    ngx_uint_t waiter);
static ngx_int_t ngx_http_gemini_handler_ask(ngx_http_gemini_ctx_t *ctx,
    ngx_uint_t waiter, ngx_uint_t dry);
static void ngx_http_gemini_handler_starved(ngx_http_gemini_ctx_t *ctx,
    ngx_int_t rc);
static void ngx_http_gemini_handler_wake(ngx_http_request_t *r);
static void ngx_http_gemini_handler_next(ngx_http_gemini_ctx_t *ctx);
static ngx_int_t ngx_http_gemini_handler_failed(ngx_http_gemini_ctx_t *ctx);
static void ngx_http_gemini_handler_backoff(ngx_http_gemini_ctx_t *ctx);
static void ngx_http_gemini_handler_timer(ngx_event_t *ev);


ngx_int_t
ngx_http_gemini_handler(ngx_http_request_t *r)
{
    ngx_int_t                    rc;
    ngx_gemini_error_t           error;
    ngx_http_cleanup_t          *cln;
    ngx_http_gemini_ctx_t       *ctx;
    ngx_http_gemini_loc_conf_t  *glcf;

    if (r != r->main) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "gemini_pass in a subrequest");
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    glcf = ngx_http_get_module_loc_conf(r, ngx_http_gemini_router_module);

    ctx = ngx_http_gemini_ctx_create(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ctx->select) {

        /* the error_page of a location that had made its choice */

        ngx_http_gemini_select_end(ctx);
        ctx->select = 0;
    }

    if (ctx->attempt) {
        ngx_http_gemini_attempt_trail(ctx->attempt);
    }

    ctx->pool = glcf->pool;
    ctx->conf = glcf;
    ctx->outcome = NGX_GEMINI_OUTCOME_NONE;

    cln = ngx_http_cleanup_add(r, 0);
    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cln->handler = ngx_http_gemini_finish_cleanup;
    cln->data = ctx;

    rc = ngx_http_gemini_request_prepare(ctx, &error);

    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rc == NGX_OK && ngx_http_gemini_handler_upgrade(r)) {
        error.status = NGX_HTTP_NOT_IMPLEMENTED;
        ngx_str_set(&error.message, "gemini_pass cannot upgrade a "
                    "connection, use gemini_select for this location");
        rc = NGX_DECLINED;
    }

    if (rc == NGX_DECLINED) {
        rc = ngx_http_discard_request_body(r);
        if (rc != NGX_OK) {
            return rc;
        }

        ctx->outcome = NGX_GEMINI_OUTCOME_REFUSED;
        return ngx_http_gemini_error_send(ctx, &error);
    }

    rc = ngx_http_read_client_request_body(r, ngx_http_gemini_handler_body);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        ctx->outcome = NGX_GEMINI_OUTCOME_REFUSED;
        return rc;
    }

    return NGX_DONE;
}


/* a subrequest cannot become a WebSocket; other upgrades may be ignored */

static ngx_uint_t
ngx_http_gemini_handler_upgrade(ngx_http_request_t *r)
{
    ngx_table_elt_t  *h;

    h = r->headers_in.upgrade;

    return h && h->value.len == sizeof("websocket") - 1
           && ngx_strncasecmp(h->value.data, (u_char *) "websocket",
                              sizeof("websocket") - 1)
              == 0;
}


static void
ngx_http_gemini_handler_body(ngx_http_request_t *r)
{
    ngx_int_t               rc;
    ngx_gemini_error_t      error;
    ngx_http_gemini_ctx_t  *ctx;

    ctx = ngx_http_gemini_ctx(r);

    r->preserve_body = 1;
    r->write_event_handler = ngx_http_gemini_handler_wake;

    ctx->length = ngx_max(r->headers_in.content_length_n, 0);
    ctx->began = ngx_http_gemini_now();

    rc = NGX_OK;

    if (ctx->body) {
        rc = ngx_http_gemini_body_scan(ctx);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_gemini_order(ctx, &error);
    }

    if (rc == NGX_ERROR) {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }

    if (rc == NGX_DECLINED) {
        ctx->outcome = NGX_GEMINI_OUTCOME_REFUSED;
        ngx_http_finalize_request(r,
                                  ngx_http_gemini_error_send(ctx, &error));
        return;
    }

    ngx_http_gemini_handler_try(ctx);
}


static void
ngx_http_gemini_handler_try(ngx_http_gemini_ctx_t *ctx)
{
    ngx_int_t   rc;
    ngx_uint_t  again;

    if (ctx->queue && ctx->course->attempts == 0
        && ngx_http_gemini_queue_ahead(ctx))
    {
        ngx_memzero(&ctx->pick, sizeof(ngx_gemini_pick_t));
        ngx_http_gemini_handler_starved(ctx, NGX_AGAIN);
        return;
    }

    /* what was tried only when there is no other */

    again = ctx->course->again;
    ctx->course->again = 0;

    rc = ngx_http_gemini_handler_pick(ctx, 0);

    if (rc != NGX_OK && again && (ctx->pick.lack & NGX_GEMINI_LACK_TRIED)) {
        ctx->course->again = 1;
        rc = ngx_http_gemini_handler_pick(ctx, 0);
    }

    ngx_http_gemini_handler_resume(ctx, rc);
}


void
ngx_http_gemini_handler_resume(ngx_http_gemini_ctx_t *ctx, ngx_int_t rc)
{
    ngx_http_request_t  *r;

    r = ctx->request;

    if (rc != NGX_OK) {
        ngx_http_gemini_handler_starved(ctx, rc);
        return;
    }

    if (r->read_event_handler == ngx_http_test_reading) {
        r->read_event_handler = ngx_http_block_reading;
    }

    if (ngx_http_gemini_attempt_start(ctx) != NGX_OK) {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
    }
}


ngx_int_t
ngx_http_gemini_handler_pick(ngx_http_gemini_ctx_t *ctx, ngx_uint_t waiter)
{
    ngx_int_t  rc;

    rc = ngx_http_gemini_handler_ask(ctx, waiter, 0);

    /* a list is not that of a project without a usable key */

    if (rc != NGX_OK && ctx->lists && ctx->course->attempts == 0) {
        rc = ngx_http_gemini_handler_list(ctx, waiter);
    }

    return rc;
}


/* those that come next for this client, then any */

static ngx_int_t
ngx_http_gemini_handler_list(ngx_http_gemini_ctx_t *ctx, ngx_uint_t waiter)
{
    uint32_t   nth, first;
    ngx_int_t  rc;

    first = ctx->owner;

    for (nth = 1; nth < NGX_HTTP_GEMINI_HANDLER_LISTS; nth++) {

        ctx->owner = ngx_http_gemini_owner_next(ctx, nth);

        if (ctx->owner == NGX_GEMINI_NONE) {
            break;
        }

        rc = ngx_http_gemini_handler_ask(ctx, waiter, 0);

        if (rc == NGX_OK) {
            return rc;
        }
    }

    ctx->owner = NGX_GEMINI_NONE;

    rc = ngx_http_gemini_handler_ask(ctx, waiter, 0);

    ctx->owner = (rc == NGX_OK)
                 ? ctx->pool->gc.keys[ctx->pick.key].project : first;

    return rc;
}


void
ngx_http_gemini_handler_lack(ngx_http_gemini_ctx_t *ctx)
{
    (void) ngx_http_gemini_handler_ask(ctx, 0, 1);
}


static ngx_int_t
ngx_http_gemini_handler_ask(ngx_http_gemini_ctx_t *ctx, ngx_uint_t waiter,
    ngx_uint_t dry)
{
    ngx_int_t             rc;
    ngx_gemini_pick_t    *pick;
    ngx_gemini_view_t    *gv;
    ngx_gemini_course_t  *course;

    pick = &ctx->pick;
    course = ctx->course;

    ngx_memzero(pick, sizeof(ngx_gemini_pick_t));

    pick->choices = ctx->order->choices;
    pick->nchoices = ctx->order->nchoices;
    pick->tried = course->tried;
    pick->ntried = course->ntried;
    pick->restrict_to = &ctx->restrict_to;
    pick->surface = ctx->wish.surface;
    pick->verb = ctx->wish.verb;
    pick->project = ctx->owner;
    pick->tokens = (uint32_t) ngx_min(ctx->length / 4, 0x7fffffff);
    pick->worker = ctx->pool->zone.worker;
    pick->random = (uint32_t) ngx_random();
    pick->retry = course->retry;
    pick->again = course->again;
    pick->waiter = waiter;
    pick->dry = dry;

    if (ctx->order->unlisted) {
        pick->unlisted = ctx->order->model;
    }

    gv = ngx_http_gemini_zone_lock(ctx->pool);

    rc = ngx_gemini_sched_pick(gv, &ctx->pool->gc, pick,
                               ngx_http_gemini_now());

    ngx_http_gemini_zone_unlock(ctx->pool);

    ngx_log_debug4(NGX_LOG_DEBUG_HTTP, ctx->request->connection->log, 0,
                   "gemini pick: %i key:%uD choice:%uD lack:%04xD",
                   rc, pick->key, pick->choice, pick->lack);

    return rc;
}


static void
ngx_http_gemini_handler_starved(ngx_http_gemini_ctx_t *ctx, ngx_int_t rc)
{
    uint64_t           now;
    ngx_gemini_step_e  step;

    now = ngx_http_gemini_now();

    if (ctx->queue_end == 0) {
        ctx->queue_end = now + ctx->pool->gc.queue_timeout;

        if (ctx->course->deadline && ctx->course->deadline < ctx->queue_end) {
            ctx->queue_end = ctx->course->deadline;
        }
    }

    step = ngx_gemini_plan_starved(ctx->course, &ctx->pick, rc, ctx->queue,
                                   ctx->queue_end, now);

    if (step == NGX_GEMINI_STEP_BACKOFF) {
        ctx->course->again = 1;
        ngx_http_gemini_handler_backoff(ctx);
        return;
    }

    if (step == NGX_GEMINI_STEP_WAIT) {
        rc = ngx_http_gemini_queue_add(ctx);

        if (rc == NGX_OK) {
            return;
        }

        if (rc == NGX_ERROR) {
            ngx_http_finalize_request(ctx->request,
                                      NGX_HTTP_INTERNAL_SERVER_ERROR);
            return;
        }
    }

    if (step == NGX_GEMINI_STEP_RELAY) {
        ngx_http_gemini_finish_relay(ctx);
        return;
    }

    /* those ahead of it were all that it looked at */

    if (ctx->pick.lack == 0) {
        ngx_http_gemini_handler_lack(ctx);
    }

    ngx_http_gemini_finish_lost(ctx);
}


/*
 * The main request is woken when its subrequest has ended; also by a writable
 * client, which means nothing here.
 */

static void
ngx_http_gemini_handler_wake(ngx_http_request_t *r)
{
    ngx_http_gemini_ctx_t      *ctx;
    ngx_http_gemini_attempt_t  *at;

    ctx = ngx_http_gemini_ctx(r);

    if (ctx == NULL || ctx->attempt == NULL) {
        return;
    }

    at = ctx->attempt;

    if (at->sr == NULL || !at->done || at->settled) {
        return;
    }

    /* what a refusal means depends on what the request names */

    if (at->status == NGX_HTTP_FORBIDDEN || at->status == NGX_HTTP_NOT_FOUND)
    {
        (void) ngx_http_gemini_owner_ask(ctx);
    }

    ngx_http_gemini_finish_tokens(ctx);
    ngx_http_gemini_attempt_judge(at);
    ngx_http_gemini_attempt_settle(at);

    if (ctx->committed) {
        ngx_http_gemini_log_end(at);
        ngx_http_gemini_owner_end(ctx);
        ngx_http_gemini_finish(ctx);
        return;
    }

    ngx_http_gemini_handler_next(ctx);
}


static void
ngx_http_gemini_handler_next(ngx_http_gemini_ctx_t *ctx)
{
    ngx_gemini_step_e           step;
    ngx_http_gemini_attempt_t  *at;

    at = ctx->attempt;

    if (at->verdict.class != NGX_GEMINI_OK
        && ngx_http_gemini_handler_failed(ctx) != NGX_OK)
    {
        ngx_http_finalize_request(ctx->request,
                                  NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }

    step = ngx_gemini_plan_next(ctx->course, ctx->order, &at->verdict,
                                at->key, at->project, at->slot,
                                ngx_http_gemini_now());

    ngx_http_gemini_log_next(at, step);

    switch (step) {

    case NGX_GEMINI_STEP_ATTEMPT:
        ngx_http_gemini_handler_try(ctx);
        return;

    case NGX_GEMINI_STEP_BACKOFF:
        ctx->course->again = 1;
        ngx_http_gemini_handler_backoff(ctx);
        return;

    case NGX_GEMINI_STEP_RELAY:
        ngx_http_gemini_finish_relay(ctx);
        return;

    default:
        ngx_http_gemini_handler_lack(ctx);
        ngx_http_gemini_finish_lost(ctx);
    }
}


/* what only a request with a failed attempt needs */

static ngx_int_t
ngx_http_gemini_handler_failed(ngx_http_gemini_ctx_t *ctx)
{
    ngx_int_t             rc;
    ngx_gemini_course_t  *course;

    course = ctx->course;

    if (course->tried == NULL) {
        course->tried = ngx_palloc(ctx->request->pool,
                                   NGX_GEMINI_TRIED_MAX
                                   * sizeof(ngx_gemini_tried_t));
        if (course->tried == NULL) {
            return NGX_ERROR;
        }
    }

    if (ctx->attempt->verdict.class != NGX_GEMINI_RESOURCE) {
        return NGX_OK;
    }

    rc = ngx_http_gemini_owner_ask(ctx);
    course->ask = (rc == NGX_OK);

    return (rc == NGX_ERROR) ? NGX_ERROR : NGX_OK;
}


static void
ngx_http_gemini_handler_backoff(ngx_http_gemini_ctx_t *ctx)
{
    uint64_t             delay;
    ngx_http_request_t  *r;

    r = ctx->request;

    delay = ngx_gemini_plan_backoff(ctx->course->backoffs++,
                                    (uint32_t) ngx_random());

    if (ctx->course->deadline
        && ngx_http_gemini_now() + delay >= ctx->course->deadline)
    {
        ngx_http_gemini_handler_lack(ctx);
        ngx_http_gemini_finish_lost(ctx);
        return;
    }

    ctx->timer.handler = ngx_http_gemini_handler_timer;
    ctx->timer.data = ctx;
    ctx->timer.log = r->connection->log;

    ngx_add_timer(&ctx->timer, (ngx_msec_t) delay);

    if (ngx_http_gemini_handler_watch(r) != NGX_OK) {
        ngx_http_finalize_request(r, NGX_ERROR);
    }
}


ngx_int_t
ngx_http_gemini_handler_watch(ngx_http_request_t *r)
{
    ngx_event_t  *rev;

    rev = r->connection->read;

    r->read_event_handler = ngx_http_test_reading;

    /* the event of a client that has gone already came with its request */

    if (rev->ready) {
        ngx_post_event(rev, &ngx_posted_events);
        return NGX_OK;
    }

    return ngx_handle_read_event(rev, 0);
}


static void
ngx_http_gemini_handler_timer(ngx_event_t *ev)
{
    ngx_connection_t       *c;
    ngx_http_gemini_ctx_t  *ctx;

    ctx = ev->data;
    c = ctx->request->connection;

    ngx_http_set_log_request(c->log, ctx->request);

    ctx->request->read_event_handler = ngx_http_block_reading;

    ngx_http_gemini_handler_try(ctx);

    ngx_http_run_posted_requests(c);
}
