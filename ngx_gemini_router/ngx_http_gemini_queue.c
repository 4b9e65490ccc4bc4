
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_handler.h"
#include "ngx_http_gemini_log.h"
#include "ngx_http_gemini_queue.h"
#include "ngx_http_gemini_zone.h"


/* how often a worker with waiters looks at the pool's epoch, ms */
#define NGX_HTTP_GEMINI_TICK  50


/* a worker's waiters of one pool; pcf->queue */

typedef struct {
    ngx_queue_t                    waiters;    /* first come first */
    ngx_event_t                    tick;
    uint64_t                       epoch;      /* seen at the last turn */
    ngx_http_gemini_pool_conf_t   *pool;
} ngx_http_gemini_queue_t;


static ngx_http_gemini_queue_t *ngx_http_gemini_queue_get(
    ngx_http_gemini_ctx_t *ctx);
static void ngx_http_gemini_queue_tick(ngx_event_t *ev);
static void ngx_http_gemini_queue_timer(ngx_event_t *ev);
static void ngx_http_gemini_queue_turn(ngx_http_gemini_queue_t *queue);
static ngx_uint_t ngx_http_gemini_queue_one(ngx_http_gemini_ctx_t *ctx);
static void ngx_http_gemini_queue_arm(ngx_http_gemini_ctx_t *ctx);


ngx_int_t
ngx_http_gemini_queue_add(ngx_http_gemini_ctx_t *ctx)
{
    ngx_int_t                 rc;
    ngx_gemini_view_t        *gv;
    ngx_http_request_t       *r;
    ngx_http_gemini_queue_t  *queue;

    queue = ngx_http_gemini_queue_get(ctx);
    if (queue == NULL) {
        return NGX_ERROR;
    }

    gv = ngx_http_gemini_zone_lock(ctx->pool);
    rc = ngx_gemini_sched_wait(gv, &ctx->pool->gc, ctx->pool->zone.worker,
                               &ctx->place, ngx_http_gemini_now());
    ngx_http_gemini_zone_unlock(ctx->pool);

    if (rc != NGX_OK) {
        ctx->place = NGX_GEMINI_NONE;
        return NGX_DECLINED;
    }

    r = ctx->request;

    ngx_queue_insert_tail(&queue->waiters, &ctx->waiting);
    ctx->waits = 1;
    ctx->queued_at = ngx_http_gemini_now();

    ngx_http_gemini_queue_arm(ctx);

    if (!queue->tick.timer_set) {
        queue->tick.log = ngx_cycle->log;
        queue->epoch = ngx_http_gemini_zone_epoch(ctx->pool);
        ngx_add_timer(&queue->tick, NGX_HTTP_GEMINI_TICK);
    }

    /* a client that leaves gives up its place */

    if (ngx_http_gemini_handler_watch(r) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_gemini_log_wait(ctx);

    return NGX_OK;
}


void
ngx_http_gemini_queue_remove(ngx_http_gemini_ctx_t *ctx)
{
    ngx_gemini_view_t        *gv;
    ngx_http_gemini_queue_t  *queue;

    if (!ctx->waits) {
        return;
    }

    ctx->waits = 0;
    ctx->queued += ngx_http_gemini_now() - ctx->queued_at;

    ngx_queue_remove(&ctx->waiting);

    if (ctx->timer.timer_set) {
        ngx_del_timer(&ctx->timer);
    }

    gv = ngx_http_gemini_zone_lock(ctx->pool);

    ngx_gemini_sched_unwait(gv, ctx->place);

    if (ngx_http_gemini_now() >= ctx->queue_end) {
        gv->gp->totals.queue_timeout++;
    }

    ngx_http_gemini_zone_unlock(ctx->pool);

    ctx->place = NGX_GEMINI_NONE;

    queue = ctx->pool->queue;

    /* those behind it relied on its timer: the next tick is a turn */

    queue->epoch--;

    if (ngx_queue_empty(&queue->waiters) && queue->tick.timer_set) {
        ngx_del_timer(&queue->tick);
    }
}


ngx_uint_t
ngx_http_gemini_queue_ahead(ngx_http_gemini_ctx_t *ctx)
{
    ngx_queue_t              *q;
    ngx_http_gemini_ctx_t    *waiter;
    ngx_http_gemini_queue_t  *queue;

    queue = ctx->pool->queue;

    if (queue == NULL) {
        return 0;
    }

    for (q = ngx_queue_head(&queue->waiters);
         q != ngx_queue_sentinel(&queue->waiters);
         q = ngx_queue_next(q))
    {
        waiter = ngx_queue_data(q, ngx_http_gemini_ctx_t, waiting);

        if (waiter->course->wished == ctx->course->wished) {
            return 1;
        }
    }

    return 0;
}


static ngx_http_gemini_queue_t *
ngx_http_gemini_queue_get(ngx_http_gemini_ctx_t *ctx)
{
    ngx_http_gemini_queue_t  *queue;

    if (ctx->pool->queue) {
        return ctx->pool->queue;
    }

    /* of the cycle whose configuration the pool is: both end together */

    queue = ngx_pcalloc(ngx_cycle->pool, sizeof(ngx_http_gemini_queue_t));
    if (queue == NULL) {
        return NULL;
    }

    ngx_queue_init(&queue->waiters);

    queue->pool = ctx->pool;
    queue->tick.handler = ngx_http_gemini_queue_tick;
    queue->tick.data = queue;
    queue->tick.log = ngx_cycle->log;

    ctx->pool->queue = queue;

    return queue;
}


static void
ngx_http_gemini_queue_tick(ngx_event_t *ev)
{
    uint64_t                  epoch;
    ngx_http_gemini_queue_t  *queue;

    queue = ev->data;

    epoch = ngx_http_gemini_zone_epoch(queue->pool);

    if (epoch != queue->epoch) {
        queue->epoch = epoch;
        ngx_http_gemini_queue_turn(queue);
    }

    if (!ngx_queue_empty(&queue->waiters) && !ev->timer_set) {
        ngx_add_timer(ev, NGX_HTTP_GEMINI_TICK);
    }
}


/* a rest has ended, or the waiter's patience */

static void
ngx_http_gemini_queue_timer(ngx_event_t *ev)
{
    ngx_http_gemini_ctx_t  *ctx;

    ctx = ev->data;

    ngx_http_gemini_queue_arm(ctx);
    ngx_http_gemini_queue_turn(ctx->pool->queue);
}


/* everybody in order; behind one who found nothing, the next of his model
   need not look */

static void
ngx_http_gemini_queue_turn(ngx_http_gemini_queue_t *queue)
{
    uint32_t                wished[NGX_GEMINI_MODELS_MAX];
    ngx_uint_t              i, n, left;
    ngx_queue_t            *q, *next;
    ngx_http_gemini_ctx_t  *ctx;

    n = 0;

    /* a waiter that is told to give up may be followed by new ones: only
       those that are there now have this turn */

    left = 0;

    for (q = ngx_queue_head(&queue->waiters);
         q != ngx_queue_sentinel(&queue->waiters);
         q = ngx_queue_next(q))
    {
        left++;
    }

    q = ngx_queue_head(&queue->waiters);

    for ( /* void */ ;
         left && q != ngx_queue_sentinel(&queue->waiters);
         left--, q = next)
    {
        next = ngx_queue_next(q);
        ctx = ngx_queue_data(q, ngx_http_gemini_ctx_t, waiting);

        for (i = 0; i < n; i++) {
            if (wished[i] == ctx->course->wished) {
                break;
            }
        }

        if (i < n && ngx_http_gemini_now() < ctx->queue_end) {
            continue;
        }

        if (!ngx_http_gemini_queue_one(ctx) && n < NGX_GEMINI_MODELS_MAX) {
            wished[n++] = ctx->course->wished;
        }
    }
}


/* 1: it has left the queue */

static ngx_uint_t
ngx_http_gemini_queue_one(ngx_http_gemini_ctx_t *ctx)
{
    ngx_int_t          rc;
    ngx_connection_t  *c;

    c = ctx->request->connection;

    ngx_http_set_log_request(c->log, ctx->request);

    rc = ngx_http_gemini_handler_pick(ctx, 1);

    if (rc == NGX_AGAIN && ngx_http_gemini_now() < ctx->queue_end) {
        ngx_http_gemini_queue_arm(ctx);
        return 0;
    }

    ngx_http_gemini_queue_remove(ctx);
    ngx_http_gemini_handler_resume(ctx, rc);

    ngx_http_run_posted_requests(c);

    return 1;
}


static void
ngx_http_gemini_queue_arm(ngx_http_gemini_ctx_t *ctx)
{
    uint64_t  now, end;

    now = ngx_http_gemini_now();
    end = ctx->queue_end;

    if (ctx->pick.until > now && ctx->pick.until < end) {
        end = ctx->pick.until;
    }

    if (ctx->timer.timer_set) {
        ngx_del_timer(&ctx->timer);
    }

    ctx->timer.handler = ngx_http_gemini_queue_timer;
    ctx->timer.data = ctx;
    ctx->timer.log = ctx->request->connection->log;

    ngx_add_timer(&ctx->timer, (end > now) ? (ngx_msec_t) (end - now) + 1 : 1);
}
