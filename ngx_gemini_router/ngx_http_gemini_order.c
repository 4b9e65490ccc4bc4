
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_attempt.h"
#include "ngx_http_gemini_order.h"
#include "ngx_http_gemini_owner.h"
#include "ngx_http_gemini_zone.h"


static void ngx_http_gemini_order_model(ngx_http_gemini_ctx_t *ctx,
    ngx_str_t *model);
static void ngx_http_gemini_order_bind(ngx_http_gemini_ctx_t *ctx);


ngx_int_t
ngx_http_gemini_order(ngx_http_gemini_ctx_t *ctx,
    ngx_gemini_error_t *error)
{
    uint64_t             deadline;
    ngx_int_t            rc;
    ngx_str_t            model;
    ngx_gemini_conf_t   *gc;
    ngx_gemini_view_t   *gv;

    gc = &ctx->pool->gc;

    ngx_http_gemini_order_model(ctx, &model);
    ngx_http_gemini_order_bind(ctx);

    if (ngx_gemini_plan_direct(&ctx->pool->zone.view, gc, &ctx->wish, &model,
                               ctx->fallback, ctx->order)
        != NGX_OK)
    {
        gv = ngx_http_gemini_zone_lock(ctx->pool);

        ngx_gemini_plan_order(gv, gc, &ctx->wish, &model, ctx->fallback,
                              ctx->began, ctx->order);

        ngx_http_gemini_zone_unlock(ctx->pool);
    }

    if (ctx->order->refused
        || ngx_gemini_plan_restrict(gc, &ctx->restrict_to.models, ctx->order)
           == 0)
    {
        ngx_memzero(error, sizeof(ngx_gemini_error_t));

        error->status = NGX_HTTP_NOT_FOUND;
        error->surface = ctx->wish.surface;
        error->array = ctx->wish.array;
        ngx_str_set(&error->message, "the model is not available here");
        return NGX_DECLINED;
    }

    rc = ngx_http_gemini_owner_resolve(ctx, error);
    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_http_gemini_owner_fit(ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    ctx->course->first = ctx->order->choices[0];
    ctx->course->wished = ctx->course->first.slot;
    ctx->course->replay = ctx->wish.replay;

    deadline = gc->timeout ? ctx->began + gc->timeout : 0;

    if (ctx->deadline) {
        ctx->course->deadline += ctx->began;
    }

    if (deadline && (!ctx->deadline || deadline < ctx->course->deadline)) {
        ctx->course->deadline = deadline;
    }

    return ngx_http_gemini_attempt_headers(ctx, 0);
}


/* what the path names, else the body; empty: nothing, or no base model */

static void
ngx_http_gemini_order_model(ngx_http_gemini_ctx_t *ctx, ngx_str_t *model)
{
    ngx_gemini_body_t  *body;

    body = ctx->body;

    *model = ctx->wish.model;
    ctx->requested = *model;

    if (model->len || body == NULL || body->failed || body->model_len == 0) {
        return;
    }

    ctx->requested.data = body->model;
    ctx->requested.len = body->model_len;

    if (ngx_gemini_request_model(&ctx->requested, model) != NGX_OK) {
        ngx_str_null(model);
    }
}


/* what the body says of what may be done with the request */

static void
ngx_http_gemini_order_bind(ngx_http_gemini_ctx_t *ctx)
{
    ngx_gemini_body_t  *body;

    body = ctx->body;

    if (body == NULL) {
        return;
    }

    /* what cannot be read cannot be rewritten either; caches, continuations
       and thought signatures belong to their model, gemini-api.md 1.8 */

    if (body->failed || body->differ
        || body->cached || body->continuation || body->signature)
    {
        ctx->wish.fallback = 0;
    }

    /* nothing is kept of such an interaction: it is a mere generate call */

    if (ctx->wish.verb == NGX_GEMINI_VERB_INTERACT && !body->failed
        && body->store_false && !body->background)
    {
        ctx->wish.replay = 1;
    }
}
