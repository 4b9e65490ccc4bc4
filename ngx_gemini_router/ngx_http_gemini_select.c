
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_attempt.h"
#include "ngx_http_gemini_error.h"
#include "ngx_http_gemini_finish.h"
#include "ngx_http_gemini_handler.h"
#include "ngx_http_gemini_log.h"
#include "ngx_http_gemini_live.h"
#include "ngx_http_gemini_owner.h"
#include "ngx_http_gemini_request.h"
#include "ngx_http_gemini_select.h"
#include "ngx_http_gemini_zone.h"


static ngx_int_t ngx_http_gemini_select_subrequest(ngx_http_request_t *r);
static ngx_int_t ngx_http_gemini_select_plan(ngx_http_gemini_ctx_t *ctx,
    ngx_gemini_error_t *error);
static ngx_int_t ngx_http_gemini_select_pick(ngx_http_gemini_ctx_t *ctx,
    ngx_gemini_error_t *error);
static ngx_int_t ngx_http_gemini_select_set(ngx_http_gemini_ctx_t *ctx);
static ngx_int_t ngx_http_gemini_select_refuse(ngx_http_gemini_ctx_t *ctx,
    ngx_gemini_error_t *error);
static void ngx_http_gemini_select_judge(ngx_http_gemini_attempt_t *at);
static void ngx_http_gemini_select_cleanup(void *data);


ngx_int_t
ngx_http_gemini_select_handler(ngx_http_request_t *r)
{
    ngx_int_t                    rc;
    ngx_gemini_error_t           error;
    ngx_http_cleanup_t          *cln;
    ngx_http_gemini_ctx_t       *ctx;
    ngx_http_gemini_loc_conf_t  *glcf;

    glcf = ngx_http_get_module_loc_conf(r, ngx_http_gemini_router_module);

    if (!glcf->select) {
        return NGX_DECLINED;
    }

    if (r != r->main) {
        return ngx_http_gemini_select_subrequest(r);
    }

    ctx = ngx_http_gemini_ctx_create(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ctx->select) {
        return NGX_DECLINED;
    }

    if (ctx->attempt) {
        ngx_http_gemini_attempt_trail(ctx->attempt);
    }

    ctx->select = 1;
    ctx->pool = glcf->pool;
    ctx->conf = glcf;

    cln = ngx_http_cleanup_add(r, 0);
    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cln->handler = ngx_http_gemini_select_cleanup;
    cln->data = ctx;

    rc = ngx_http_gemini_request_prepare(ctx, &error);

    if (rc == NGX_OK) {
        rc = ngx_http_gemini_live_token(ctx);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_gemini_select_plan(ctx, &error);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_gemini_select_pick(ctx, &error);

        /* what is not the pool's goes on without a place in it */

        if (rc == NGX_DECLINED && ctx->token.len) {
            ctx->outcome = NGX_GEMINI_OUTCOME_NONE;
            rc = NGX_OK;
        }
    }

    if (rc == NGX_OK) {
        rc = ngx_http_gemini_select_set(ctx);
    }

    if (rc == NGX_DECLINED) {
        return ngx_http_gemini_select_refuse(ctx, &error);
    }

    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return NGX_DECLINED;
}


/* has what its parent has: unless that was replaced, a client's credential
   would go upstream */

static ngx_int_t
ngx_http_gemini_select_subrequest(ngx_http_request_t *r)
{
    ngx_http_gemini_ctx_t  *ctx;

    ctx = ngx_http_gemini_ctx(r);

    if (ctx && ctx->secret) {
        return NGX_DECLINED;
    }

    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                  "gemini_select in a subrequest");

    return NGX_HTTP_INTERNAL_SERVER_ERROR;
}


static ngx_int_t
ngx_http_gemini_select_plan(ngx_http_gemini_ctx_t *ctx,
    ngx_gemini_error_t *error)
{
    ngx_str_t           model;
    ngx_gemini_view_t  *gv;

    /* the body is not read here: only the path can name a model */

    ctx->body = NULL;
    ctx->requested = ctx->wish.model;
    ctx->began = ngx_http_gemini_now();
    ctx->length = 0;

    if (ctx->wish.model.len == 0
        || ngx_gemini_request_model(&ctx->wish.model, &model) != NGX_OK)
    {
        ngx_str_null(&model);
    }

    gv = ngx_http_gemini_zone_lock(ctx->pool);
    ngx_gemini_plan_order(gv, &ctx->pool->gc, &ctx->wish, &model,
                          ctx->fallback, ctx->began, ctx->order);
    ngx_http_gemini_zone_unlock(ctx->pool);

    if (ctx->order->refused
        || ngx_gemini_plan_restrict(&ctx->pool->gc, &ctx->restrict_to.models,
                                    ctx->order)
           == 0)
    {
        ngx_str_set(&error->message, "the model is not available here");
        return NGX_DECLINED;
    }

    ctx->course->wished = ctx->order->choices[0].slot;

    if (ctx->deadline) {
        ctx->course->deadline += ctx->began;
    }

    return ngx_http_gemini_owner_resolve(ctx, error);
}


static ngx_int_t
ngx_http_gemini_select_pick(ngx_http_gemini_ctx_t *ctx,
    ngx_gemini_error_t *error)
{
    ngx_gemini_conf_t          *gc;
    ngx_gemini_choice_t        *choice;
    ngx_gemini_finale_t         finale;
    ngx_http_gemini_attempt_t  *at;

    gc = &ctx->pool->gc;

    if (ngx_http_gemini_handler_pick(ctx, 0) != NGX_OK) {
        ngx_gemini_plan_finale(ctx->course, &ctx->pick,
                               ngx_http_gemini_now(), &finale);

        ctx->outcome = finale.outcome;

        error->status = finale.status;
        error->message.data = (u_char *) finale.message;
        error->message.len = ngx_strlen(finale.message);
        error->reason = finale.reason;
        error->retry = finale.retry;
        error->day = finale.day;
        error->model = ctx->order->model;

        return NGX_DECLINED;
    }

    at = ctx->attempt;
    choice = &ctx->order->choices[ctx->pick.choice];

    at->ctx = ctx;
    at->resv = ctx->pick.resv;
    at->key = ctx->pick.key;
    at->project = gc->keys[at->key].project;
    at->conf = choice->conf;
    at->slot = choice->slot;
    at->began = ctx->began;
    at->start = ngx_current_msec;

    ctx->key = at->key;
    ctx->model = at->conf;
    ctx->model_name = (at->conf == NGX_GEMINI_NONE)
                      ? ctx->order->model : gc->models[at->conf].name;

    return NGX_OK;
}


/* the request itself becomes what the location's proxy_pass sends */

static ngx_int_t
ngx_http_gemini_select_set(ngx_http_gemini_ctx_t *ctx)
{
    ngx_str_t            target;
    ngx_http_request_t  *r;

    r = ctx->request;

    if (ngx_http_gemini_attempt_headers(ctx, ctx->wish.surface
                                             == NGX_GEMINI_SURFACE_LIVE)
        != NGX_OK
        || ngx_http_gemini_attempt_credential(ctx, ctx->pick.key) != NGX_OK
        || ngx_http_gemini_attempt_target(ctx, &ctx->model_name, &target)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    ctx->client_headers = ngx_palloc(r->pool, sizeof(ngx_list_t));
    if (ctx->client_headers == NULL) {
        return NGX_ERROR;
    }

    *ctx->client_headers = r->headers_in.headers;
    r->headers_in.headers = ctx->headers;

    if (r->headers_in.headers.last == &ctx->headers.part) {
        r->headers_in.headers.last = &r->headers_in.headers.part;
    }

    /* kept for the logs, see the cleanup */

    ctx->uri = r->unparsed_uri;

    r->unparsed_uri = target;
    r->valid_unparsed_uri = 1;

    ctx->secret = 1;

    return NGX_OK;
}


static ngx_int_t
ngx_http_gemini_select_refuse(ngx_http_gemini_ctx_t *ctx,
    ngx_gemini_error_t *error)
{
    ngx_int_t            rc;
    ngx_http_request_t  *r;

    r = ctx->request;

    if (ctx->outcome == NGX_GEMINI_OUTCOME_NONE) {
        ctx->outcome = NGX_GEMINI_OUTCOME_REFUSED;
    }

    rc = ngx_http_discard_request_body(r);

    if (rc == NGX_OK) {
        rc = ngx_http_gemini_error_send(ctx, error);
    }

    ngx_http_finalize_request(r, rc);

    return NGX_DONE;
}


/* the status is all that is known of the answer */

static void
ngx_http_gemini_select_judge(ngx_http_gemini_attempt_t *at)
{
    ngx_uint_t             status;
    ngx_gemini_reply_t     reply;
    ngx_http_request_t    *r;
    ngx_http_upstream_t   *u;

    r = at->ctx->request;
    u = r->upstream;
    status = (u && u->headers_in.status_n) ? u->headers_in.status_n : 0;

    ngx_memzero(&at->verdict, sizeof(ngx_gemini_verdict_t));

    if (status && status < 400) {
        at->status = status;
        return;
    }

    if (status == 0 && (u == NULL || r->connection->error
                        || r->headers_out.status < 500))
    {
        at->verdict.class = NGX_GEMINI_CLIENT_GONE;
        at->verdict.scope = NGX_GEMINI_SCOPE_CLIENT;
        return;
    }

    at->status = status;

    ngx_memzero(&reply, sizeof(ngx_gemini_reply_t));

    reply.status = status;
    reply.surface = at->ctx->wish.surface;
    reply.verb = at->ctx->wish.verb;
    reply.model = at->ctx->model_name;
    reply.timeout = (r->headers_out.status == NGX_HTTP_GATEWAY_TIME_OUT);

    ngx_gemini_classify(&reply, &at->verdict);
}


void
ngx_http_gemini_select_end(ngx_http_gemini_ctx_t *ctx)
{
    ngx_http_request_t         *r;
    ngx_http_gemini_attempt_t  *at;

    at = ctx->attempt;
    r = ctx->request;

    if (ctx->secret) {

        /* $request_uri and $gemini_key as the log may have them */

        (void) ngx_gemini_request_redact(r->unparsed_uri.data,
                                         r->unparsed_uri.len);
        (void) ngx_gemini_request_redact(ctx->uri.data, ctx->uri.len);

        r->unparsed_uri = ctx->uri;
        r->headers_in.headers = *ctx->client_headers;

        ctx->secret = 0;
    }

    if (at && at->ctx && !at->settled) {
        ngx_http_gemini_select_judge(at);
        ngx_http_gemini_attempt_settle(at);
        ngx_http_gemini_log_end(at);

        switch (at->verdict.class) {

        case NGX_GEMINI_OK:
            ctx->outcome = NGX_GEMINI_OUTCOME_OK;
            break;

        case NGX_GEMINI_CLIENT_GONE:
            ctx->outcome = NGX_GEMINI_OUTCOME_CLIENT_GONE;
            break;

        default:
            ctx->outcome = (at->status && at->status < 500)
                           ? NGX_GEMINI_OUTCOME_CLIENT_ERROR
                           : NGX_GEMINI_OUTCOME_UPSTREAM_DOWN;
        }
    }
}


static void
ngx_http_gemini_select_cleanup(void *data)
{
    ngx_http_gemini_ctx_t  *ctx;

    ctx = data;

    if (ctx->done) {
        return;
    }

    ctx->done = 1;

    ngx_http_gemini_select_end(ctx);

    if (ctx->outcome == NGX_GEMINI_OUTCOME_NONE) {
        ctx->outcome = ctx->token.len ? NGX_GEMINI_OUTCOME_OK
                                      : NGX_GEMINI_OUTCOME_CLIENT_GONE;
    }

    ngx_http_gemini_finish_count(ctx);
}
