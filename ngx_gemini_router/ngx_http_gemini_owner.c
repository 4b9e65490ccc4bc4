
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_attempt.h"
#include "ngx_http_gemini_body.h"
#include "ngx_http_gemini_client.h"
#include "ngx_http_gemini_owner.h"
#include "ngx_http_gemini_request.h"
#include "ngx_http_gemini_zone.h"
#include "ngx_gemini_owner.h"


static ngx_int_t ngx_http_gemini_owner_team(ngx_http_gemini_ctx_t *ctx,
    ngx_gemini_error_t *error);
static ngx_int_t ngx_http_gemini_owner_list(ngx_http_gemini_ctx_t *ctx,
    ngx_gemini_error_t *error);
static ngx_int_t ngx_http_gemini_owner_refuse(ngx_http_gemini_ctx_t *ctx,
    ngx_gemini_error_t *error, ngx_uint_t status, const char *fmt, ...);
static void ngx_http_gemini_owner_bind(ngx_http_gemini_ctx_t *ctx,
    uint32_t model);
static void ngx_http_gemini_owner_forget(ngx_http_gemini_ctx_t *ctx);
static void ngx_http_gemini_owner_learn(ngx_http_gemini_ctx_t *ctx);
static uint64_t ngx_http_gemini_owner_client(ngx_http_gemini_ctx_t *ctx);


ngx_gemini_refs_t *
ngx_http_gemini_owner_refs(ngx_pool_t *pool)
{
    ngx_gemini_refs_t  *refs;

    refs = ngx_pcalloc(pool, sizeof(ngx_gemini_refs_t));
    if (refs == NULL) {
        return NULL;
    }

    refs->elts = ngx_palloc(pool, NGX_GEMINI_REFS * sizeof(ngx_gemini_ref_t));
    if (refs->elts == NULL) {
        return NULL;
    }

    refs->size = NGX_GEMINI_REFS;

    return refs;
}


ngx_int_t
ngx_http_gemini_owner_fit(ngx_http_gemini_ctx_t *ctx)
{
    size_t              size;
    ngx_pool_t         *pool;
    ngx_gemini_ref_t   *elts;
    ngx_gemini_refs_t  *refs;

    refs = ctx->refs;

    if (refs == NULL) {
        return NGX_OK;
    }

    pool = ctx->request->pool;
    size = refs->nelts * sizeof(ngx_gemini_ref_t);
    elts = NULL;

    if (size) {
        elts = ngx_palloc(pool, size);
        if (elts == NULL) {
            return NGX_ERROR;
        }

        ngx_memcpy(elts, refs->elts, size);
    }

    (void) ngx_pfree(pool, refs->elts);

    refs->elts = elts;
    refs->size = refs->nelts;

    return NGX_OK;
}


ngx_int_t
ngx_http_gemini_owner_target(ngx_http_gemini_ctx_t *ctx,
    ngx_gemini_refs_t **refs)
{
    ngx_gemini_view_t  *gv;
    ngx_gemini_wish_t  *wish;

    *refs = NULL;
    wish = &ctx->wish;

    ctx->owner = NGX_GEMINI_NONE;
    ctx->team_hash = ngx_gemini_owner_team(&ctx->team);

    if (!wish->ask && !wish->names) {
        return NGX_OK;
    }

    /* read without the lock: it becomes 1 once, and a team's own are asked
       for even before that */

    gv = &ctx->pool->zone.view;

    if (!wish->names && !gv->gp->owned && ctx->team_hash == 0) {
        return NGX_OK;
    }

    ctx->refs = ngx_http_gemini_owner_refs(ctx->request->pool);
    if (ctx->refs == NULL) {
        return NGX_ERROR;
    }

    ngx_gemini_refs_target(ctx->refs, &wish->path, &wish->args);

    *refs = ctx->refs;

    return NGX_OK;
}


ngx_int_t
ngx_http_gemini_owner_resolve(ngx_http_gemini_ctx_t *ctx,
    ngx_gemini_error_t *error)
{
    ngx_int_t            rc;
    ngx_gemini_conf_t   *gc;
    ngx_gemini_view_t   *gv;
    ngx_gemini_owned_e   found;
    ngx_gemini_owned_t   owned;

    if (ctx->refs == NULL) {
        return NGX_OK;
    }

    gc = &ctx->pool->gc;

    if (ctx->team_hash) {
        rc = ngx_http_gemini_owner_team(ctx, error);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (ctx->refs->nelts == 0) {
        return ctx->wish.list ? ngx_http_gemini_owner_list(ctx, error)
                              : NGX_OK;
    }

    gv = ngx_http_gemini_zone_lock(ctx->pool);

    found = ngx_gemini_owner_resolve(gv, gc, ctx->refs, ctx->team_hash,
                                     ngx_http_gemini_now(), &owned);

    ngx_http_gemini_zone_unlock(ctx->pool);

    switch (found) {

    case NGX_GEMINI_OWNED_FOREIGN:
        return ngx_http_gemini_owner_refuse(ctx, error, NGX_HTTP_NOT_FOUND,
                                            "%*s is not found",
                                            (size_t) owned.other->len,
                                            owned.other->name);

    case NGX_GEMINI_OWNED_UNKNOWN:
        return ngx_http_gemini_owner_refuse(ctx, error, NGX_HTTP_FORBIDDEN,
                                            "%*s is not known to be your "
                                            "team's",
                                            (size_t) owned.other->len,
                                            owned.other->name);

    case NGX_GEMINI_OWNED_MIXED:
        return ngx_http_gemini_owner_refuse(ctx, error, NGX_HTTP_BAD_REQUEST,
                                "the request needs resources of two "
                                "projects: %*s lies in %V, %*s in %V",
                                (size_t) owned.first->len, owned.first->name,
                                &gc->projects[owned.project].label,
                                (size_t) owned.other->len, owned.other->name,
                                &gc->projects[owned.other_project].label);

    case NGX_GEMINI_OWNED_ONE:
        ctx->owner = owned.project;
        ctx->strange = (owned.unknown != 0);
        ngx_http_gemini_owner_bind(ctx, owned.model);
        return NGX_OK;

    default: /* NGX_GEMINI_OWNED_NONE */

        if (ctx->wish.list) {
            return ngx_http_gemini_owner_list(ctx, error);
        }

        return NGX_OK;
    }
}


/* what may name anything at all is not for a team, whatever else it names */

static ngx_int_t
ngx_http_gemini_owner_team(ngx_http_gemini_ctx_t *ctx,
    ngx_gemini_error_t *error)
{
    ngx_http_request_t  *r;

    r = ctx->request;

    if (ctx->wish.list) {
        return ngx_http_gemini_owner_refuse(ctx, error, NGX_HTTP_FORBIDDEN,
                                            "a list would show what other "
                                            "teams own");
    }

    /* Google reads what we cannot: single quotes, protocol buffers */

    if (ctx->body
        && (ctx->body->failed || (ctx->body->size && !ctx->body->object)))
    {
        return ngx_http_gemini_owner_refuse(ctx, error, NGX_HTTP_BAD_REQUEST,
                                            "the body is not strict JSON, "
                                            "which a team's must be");
    }

    if (ctx->select && ctx->wish.surface != NGX_GEMINI_SURFACE_UPLOAD
        && (r->headers_in.content_length_n > 0 || r->headers_in.chunked))
    {
        return ngx_http_gemini_owner_refuse(ctx, error, NGX_HTTP_FORBIDDEN,
                                            "gemini_select does not read "
                                            "bodies, as a team's must be");
    }

    return NGX_OK;
}


/* one project shows what it owns: the same for all pages of a client */

static ngx_int_t
ngx_http_gemini_owner_list(ngx_http_gemini_ctx_t *ctx,
    ngx_gemini_error_t *error)
{
    uint32_t            i;
    ngx_str_t          *label;
    ngx_gemini_conf_t  *gc;

    gc = &ctx->pool->gc;

    if (ctx->wish.project_len == 0) {
        ctx->lists = 1;
        ctx->owner = ngx_gemini_owner_list(gc,
                                           ngx_http_gemini_owner_client(ctx),
                                           0);
        return NGX_OK;
    }

    for (i = 0; i < gc->nprojects; i++) {
        label = &gc->projects[i].label;

        if (label->len == ctx->wish.project_len
            && ngx_memcmp(label->data, ctx->wish.project, label->len) == 0)
        {
            ctx->owner = i;
            return NGX_OK;
        }
    }

    return ngx_http_gemini_owner_refuse(ctx, error, NGX_HTTP_NOT_FOUND,
                                        "no project of that name");
}


uint32_t
ngx_http_gemini_owner_next(ngx_http_gemini_ctx_t *ctx, uint32_t nth)
{
    return ngx_gemini_owner_list(&ctx->pool->gc,
                                 ngx_http_gemini_owner_client(ctx), nth);
}


static ngx_int_t
ngx_http_gemini_owner_refuse(ngx_http_gemini_ctx_t *ctx,
    ngx_gemini_error_t *error, ngx_uint_t status, const char *fmt, ...)
{
    u_char   *p;
    va_list   args;

    p = ngx_pnalloc(ctx->request->pool, NGX_MAX_ERROR_STR);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(error, sizeof(ngx_gemini_error_t));

    va_start(args, fmt);
    error->message.data = p;
    error->message.len = ngx_vslprintf(p, p + NGX_MAX_ERROR_STR, fmt, args)
                         - p;
    va_end(args);

    error->status = status;
    error->names = 1;
    error->surface = ctx->wish.surface;
    error->array = ctx->wish.array;

    return NGX_DECLINED;
}


/* caches and continuations belong to a model, too */

static void
ngx_http_gemini_owner_bind(ngx_http_gemini_ctx_t *ctx, uint32_t model)
{
    uint32_t             i;
    ngx_gemini_order_t  *order;

    order = ctx->order;

    if (model == NGX_GEMINI_NONE || !order->virtual) {
        return;
    }

    for (i = 0; i < order->nchoices; i++) {

        if (order->choices[i].slot == model) {
            order->choices[0] = order->choices[i];
            order->nchoices = 1;
            return;
        }
    }
}


ngx_int_t
ngx_http_gemini_owner_ask(ngx_http_gemini_ctx_t *ctx)
{
    if (!ctx->wish.ask || ctx->owner != NGX_GEMINI_NONE) {
        return NGX_DECLINED;
    }

    if (ctx->refs == NULL) {

        /* nothing was known when the body came */

        ctx->refs = ngx_http_gemini_owner_refs(ctx->request->pool);
        if (ctx->refs == NULL) {
            return NGX_ERROR;
        }

        ngx_gemini_refs_target(ctx->refs, &ctx->wish.path, &ctx->wish.args);

        if (ngx_http_gemini_body_refs(ctx, ctx->refs) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return ctx->refs->nelts ? NGX_OK : NGX_DECLINED;
}


ngx_int_t
ngx_http_gemini_owner_answer(ngx_http_gemini_ctx_t *ctx,
    ngx_http_request_t *r)
{
    ngx_uint_t          sse;
    ngx_gemini_refs_t  *refs;

    if (r->method == NGX_HTTP_DELETE && r->headers_out.status < 300) {
        ngx_http_gemini_owner_forget(ctx);
        return NGX_OK;
    }

    /* the project that serves what was named owns it; a credential of the
       client's own says nothing about the project that was chosen */

    if (ctx->refs && ctx->refs->nelts
        && (ctx->owner == NGX_GEMINI_NONE || ctx->strange)
        && ctx->token.len == 0 && r->headers_out.status < 300)
    {
        ctx->owner = ctx->attempt->project;
        ngx_http_gemini_owner_store(ctx, ctx->refs);
    }

    if (!ctx->wish.names || !ngx_http_gemini_request_reads(r, &sse)) {
        return NGX_OK;
    }

    refs = ngx_pcalloc(r->pool, sizeof(ngx_gemini_refs_t)
                                + ngx_gemini_refs_answer_size());
    if (refs == NULL) {
        return NGX_ERROR;
    }

    refs->size = ctx->wish.list ? NGX_GEMINI_REFS_ANSWER : NGX_GEMINI_REFS;
    refs->elts = ngx_palloc(r->pool, refs->size * sizeof(ngx_gemini_ref_t));

    if (refs->elts == NULL) {
        return NGX_ERROR;
    }

    ctx->answer = (ngx_gemini_refs_answer_t *) &refs[1];
    ctx->answered = refs;

    ngx_gemini_refs_answer_init(ctx->answer, refs,
                                ngx_gemini_refs_subject(&ctx->wish.path),
                                sse);

    r->filter_need_in_memory = 1;

    return NGX_OK;
}


/* what the path names was deleted, unless it was but a part of that */

static void
ngx_http_gemini_owner_forget(ngx_http_gemini_ctx_t *ctx)
{
    ngx_gemini_view_t  *gv;

    if (ctx->refs == NULL || ctx->refs->nelts == 0
        || ngx_gemini_refs_subject(&ctx->wish.path) == NGX_GEMINI_REF_NONE)
    {
        return;
    }

    gv = ngx_http_gemini_zone_lock(ctx->pool);

    ngx_gemini_owner_forget(gv, ctx->refs->elts[0].hash);

    ngx_http_gemini_zone_unlock(ctx->pool);
}


/* known before the client can see it: it may come back on another worker */

void
ngx_http_gemini_owner_feed(ngx_http_gemini_ctx_t *ctx, u_char *p, size_t len)
{
    ngx_gemini_refs_answer_feed(ctx->answer, p, len);

    if (ctx->answered->nelts != ctx->learned) {
        ngx_http_gemini_owner_learn(ctx);
    }
}


static void
ngx_http_gemini_owner_learn(ngx_http_gemini_ctx_t *ctx)
{
    ngx_gemini_refs_t  refs;

    refs = *ctx->answered;

    refs.elts += ctx->learned;
    refs.nelts -= ctx->learned;
    ctx->learned = ctx->answered->nelts;

    ngx_http_gemini_owner_store(ctx, &refs);
}


void
ngx_http_gemini_owner_store(ngx_http_gemini_ctx_t *ctx,
    const ngx_gemini_refs_t *refs)
{
    ngx_gemini_view_t          *gv;
    ngx_http_gemini_attempt_t  *at;

    at = ctx->attempt;

    gv = ngx_http_gemini_zone_lock(ctx->pool);

    ngx_gemini_owner_learn(gv, &ctx->pool->gc, refs, at->project, at->slot,
                           ctx->team_hash, ngx_http_gemini_now());

    ngx_http_gemini_zone_unlock(ctx->pool);
}


void
ngx_http_gemini_owner_end(ngx_http_gemini_ctx_t *ctx)
{
    ngx_gemini_ref_t    ref;
    ngx_gemini_refs_t   refs;

    if (ctx->continuation.hash == 0) {
        return;
    }

    ngx_memzero(&refs, sizeof(ngx_gemini_refs_t));

    refs.elts = &ref;
    refs.size = 1;

    (void) ngx_gemini_refs_put(&refs, NGX_GEMINI_REF_CONTINUATION,
                               ctx->continuation.hash);

    ctx->continuation.hash = 0;

    ngx_http_gemini_owner_store(ctx, &refs);
}


/* who asks: the token, else the address */

static uint64_t
ngx_http_gemini_owner_client(ngx_http_gemini_ctx_t *ctx)
{
    ngx_str_t  who;

    if (ngx_http_gemini_client_token(ctx->request, &who) != NGX_OK) {
        who = ctx->request->connection->addr_text;
    }

    return ngx_gemini_owner_team(&who);
}
