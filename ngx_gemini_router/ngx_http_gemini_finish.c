
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_attempt.h"
#include "ngx_http_gemini_error.h"
#include "ngx_http_gemini_finish.h"
#include "ngx_http_gemini_handler.h"
#include "ngx_http_gemini_log.h"
#include "ngx_http_gemini_queue.h"
#include "ngx_http_gemini_zone.h"


void
ngx_http_gemini_finish(ngx_http_gemini_ctx_t *ctx)
{
    ngx_http_request_t         *r;
    ngx_http_gemini_attempt_t  *at;

    r = ctx->request;
    at = ctx->attempt;

    ctx->ttft = at->first_seen ? at->first - at->start : 0;

    if (!at->last && !at->sr->header_only) {

        /* never a clean end that looks whole, design.md 3.9 */

        ctx->outcome = NGX_GEMINI_OUTCOME_CUT;
        r->keepalive = 0;

        if (ngx_http_gemini_error_event(ctx) == NGX_ERROR) {
            ngx_http_finalize_request(r, NGX_ERROR);
            return;
        }

        ngx_http_finalize_request(r, ngx_http_send_special(r,
                                                           NGX_HTTP_FLUSH));
        return;
    }

    if (at->verdict.class != NGX_GEMINI_OK) {
        ctx->outcome = NGX_GEMINI_OUTCOME_CUT;

    } else if (!ctx->order->virtual && at->slot != ctx->course->wished) {
        ctx->outcome = NGX_GEMINI_OUTCOME_FALLBACK;

    } else if (ctx->course->attempts > 1) {
        ctx->outcome = NGX_GEMINI_OUTCOME_FAILOVER;

    } else {
        ctx->outcome = NGX_GEMINI_OUTCOME_OK;
    }

    if (at->sr->headers_out.trailers.part.nelts) {
        r->headers_out.trailers = at->sr->headers_out.trailers;

        if (r->headers_out.trailers.last
            == &at->sr->headers_out.trailers.part)
        {
            r->headers_out.trailers.last = &r->headers_out.trailers.part;
        }
    }

    ngx_http_finalize_request(r, ngx_http_send_special(r, NGX_HTTP_LAST));
}


/* the upstream's own words, for what is the request's own fault */

void
ngx_http_gemini_finish_relay(ngx_http_gemini_ctx_t *ctx)
{
    ngx_http_gemini_attempt_t  *at;

    at = ctx->attempt;

    /* what looked like an error and is none, {"error":null}, passes */

    if (at->status < 400 && at->verdict.class != NGX_GEMINI_OK
        && at->verdict.scope != NGX_GEMINI_SCOPE_REQUEST)
    {
        ngx_http_gemini_handler_lack(ctx);
        ngx_http_gemini_finish_lost(ctx);
        return;
    }

    ctx->outcome = (at->status < 500
                    || at->verdict.scope == NGX_GEMINI_SCOPE_REQUEST)
                   ? NGX_GEMINI_OUTCOME_CLIENT_ERROR
                   : NGX_GEMINI_OUTCOME_OVERLOADED;

    ngx_http_finalize_request(ctx->request, ngx_http_gemini_error_relay(at));
}


void
ngx_http_gemini_finish_lost(ngx_http_gemini_ctx_t *ctx)
{
    ngx_gemini_error_t   error;
    ngx_gemini_finale_t  finale;

    ngx_gemini_plan_finale(ctx->course, &ctx->pick, ngx_http_gemini_now(),
                           &finale);

    ctx->outcome = finale.outcome;

    ngx_memzero(&error, sizeof(ngx_gemini_error_t));

    error.status = finale.status;
    error.message.data = (u_char *) finale.message;
    error.message.len = ngx_strlen(finale.message);
    error.reason = finale.reason;
    error.retry = finale.retry;
    error.surface = ctx->wish.surface;
    error.array = ctx->wish.array;
    error.day = finale.day;
    error.model = ctx->order->model;

    ngx_http_finalize_request(ctx->request,
                              ngx_http_gemini_error_send(ctx, &error));
}


void
ngx_http_gemini_finish_tokens(ngx_http_gemini_ctx_t *ctx)
{
    ngx_gemini_usage_t  *usage;

    usage = ctx->usage;

    if (usage == NULL) {
        return;
    }

    ctx->tokens = usage->tokens;
    ctx->response_id.data = usage->id;
    ctx->response_id.len = usage->id_len;
}


/*
 * The last certain moment, before the access log: whatever way the request
 * ended, its reservation is settled.
 */

void
ngx_http_gemini_finish_cleanup(void *data)
{
    ngx_http_gemini_ctx_t      *ctx;
    ngx_http_gemini_attempt_t  *at;

    ctx = data;
    at = ctx->attempt;

    if (ctx->done) {
        return;
    }

    ctx->done = 1;

    ngx_http_gemini_queue_remove(ctx);

    if (ctx->timer.timer_set) {
        ngx_del_timer(&ctx->timer);
    }

    if (at && at->ctx && !at->settled) {
        ngx_http_gemini_finish_tokens(ctx);

        ngx_memzero(&at->verdict, sizeof(ngx_gemini_verdict_t));
        at->verdict.class = NGX_GEMINI_CLIENT_GONE;
        at->verdict.scope = NGX_GEMINI_SCOPE_CLIENT;

        ngx_http_gemini_attempt_settle(at);
        ngx_http_gemini_log_end(at);

        if (at->sr && at->sr->upstream_states) {
            ctx->request->upstream_states = at->sr->upstream_states;
        }

        ctx->outcome = NGX_GEMINI_OUTCOME_CLIENT_GONE;
    }

    if (ctx->outcome == NGX_GEMINI_OUTCOME_NONE) {
        ctx->outcome = NGX_GEMINI_OUTCOME_CLIENT_GONE;
    }

    ngx_http_gemini_finish_count(ctx);
}


/* the team has a row since its first attempt, unless there was none */

void
ngx_http_gemini_finish_count(ngx_http_gemini_ctx_t *ctx)
{
    uint64_t                    now, start;
    ngx_gemini_done_t           done;
    ngx_gemini_view_t          *gv;
    ngx_http_request_t         *r;
    ngx_http_gemini_attempt_t  *at;

    r = ctx->request;
    at = ctx->attempt;

    now = ngx_http_gemini_now();
    start = (uint64_t) r->start_sec * 1000 + r->start_msec;

    done.outcome = ctx->outcome;
    done.wished = ctx->course ? ctx->course->wished : NGX_GEMINI_NONE;
    done.model = (at && at->ctx) ? at->slot : done.wished;
    done.duration = (now > start) ? now - start : 0;
    done.queued = ctx->queued;

    gv = ngx_http_gemini_zone_lock(ctx->pool);

    if (ctx->team_row == 0 && ctx->team.len) {
        ctx->team_row = ngx_gemini_metrics_team(gv->metrics, &ctx->team);
    }

    done.team = ctx->team_row;

    ngx_gemini_sched_done(gv, &done);

    ngx_http_gemini_zone_unlock(ctx->pool);
}
