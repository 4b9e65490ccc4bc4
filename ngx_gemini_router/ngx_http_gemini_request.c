
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_attempt.h"
#include "ngx_http_gemini_body.h"
#include "ngx_http_gemini_owner.h"
#include "ngx_http_gemini_request.h"
#include "ngx_gemini_glob.h"


static void ngx_http_gemini_ctx_cleanup(void *data);
static ngx_int_t ngx_http_gemini_request_uri(ngx_http_gemini_ctx_t *ctx,
    ngx_str_t *uri);
static void ngx_http_gemini_request_restore(ngx_http_gemini_ctx_t *ctx,
    u_char *end);
static ngx_int_t ngx_http_gemini_request_alloc(ngx_http_gemini_ctx_t *ctx);
static ngx_int_t ngx_http_gemini_request_location(
    ngx_http_gemini_ctx_t *ctx, ngx_uint_t *families);
static ngx_int_t ngx_http_gemini_request_body(ngx_http_gemini_ctx_t *ctx);
static ngx_int_t ngx_http_gemini_request_flag(ngx_http_gemini_ctx_t *ctx,
    ngx_http_complex_value_t *cv, ngx_uint_t *flag);
static ngx_int_t ngx_http_gemini_request_text(ngx_http_gemini_ctx_t *ctx,
    ngx_http_complex_value_t *cv, ngx_str_t *text);
static ngx_uint_t ngx_http_gemini_request_families(ngx_str_t *list);
static void ngx_http_gemini_request_headers(ngx_http_gemini_ctx_t *ctx);
static void ngx_http_gemini_request_deadline(ngx_http_gemini_ctx_t *ctx,
    ngx_table_elt_t *h);
static ngx_inline ngx_uint_t ngx_http_gemini_request_type(
    const ngx_str_t *type, const char *name, size_t len);


ngx_http_gemini_ctx_t *
ngx_http_gemini_ctx(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t     *cln;
    ngx_http_gemini_ctx_t  *ctx;

    r = r->main;

    ctx = ngx_http_get_module_ctx(r, ngx_http_gemini_router_module);

    if (ctx || !(r->internal || r->filter_finalize)) {
        return ctx;
    }

    /* an internal redirect has cleared it */

    for (cln = r->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler == ngx_http_gemini_ctx_cleanup) {
            ctx = cln->data;
            ngx_http_set_ctx(r, ctx, ngx_http_gemini_router_module);
            return ctx;
        }
    }

    return NULL;
}


ngx_http_gemini_ctx_t *
ngx_http_gemini_ctx_create(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t     *cln;
    ngx_http_gemini_ctx_t  *ctx;

    ctx = ngx_http_gemini_ctx(r);
    if (ctx) {
        return ctx;
    }

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_gemini_ctx_t));
    if (cln == NULL) {
        return NULL;
    }

    ctx = cln->data;
    ngx_memzero(ctx, sizeof(ngx_http_gemini_ctx_t));

    cln->handler = ngx_http_gemini_ctx_cleanup;

    ctx->request = r;
    ctx->key = NGX_GEMINI_NONE;
    ctx->model = NGX_GEMINI_NONE;
    ctx->place = NGX_GEMINI_NONE;
    ctx->tokens.prompt = -1;
    ctx->tokens.output = -1;
    ctx->tokens.thought = -1;
    ctx->tokens.cached = -1;
    ctx->tokens.total = -1;

    ngx_http_set_ctx(r, ctx, ngx_http_gemini_router_module);

    return ctx;
}


/* marks the ctx in the pool's list, see ngx_http_gemini_ctx() */

static void
ngx_http_gemini_ctx_cleanup(void *data)
{
}


ngx_int_t
ngx_http_gemini_request_wish(ngx_http_gemini_ctx_t *ctx)
{
    u_char                      *buf;
    ngx_str_t                    uri;
    ngx_http_request_t          *r;
    ngx_http_gemini_loc_conf_t  *glcf;

    if (ctx->parsed) {
        return NGX_OK;
    }

    r = ctx->request;

    if (ngx_http_gemini_request_uri(ctx, &uri) != NGX_OK) {
        return NGX_ERROR;
    }

    buf = ngx_pnalloc(r->pool, ngx_min(2 * uri.len + 64,
                                       NGX_GEMINI_URI_MAX));
    if (buf == NULL) {
        return NGX_ERROR;
    }

    ctx->parsed = 1;

    if (ngx_gemini_request_parse(&ctx->wish, &r->method_name, &uri, 0, buf)
        == NGX_OK && ctx->wish.known)
    {
        return NGX_OK;
    }

    /* a base URL of a client may have a path: the location's */

    glcf = ngx_http_get_module_loc_conf(r, ngx_http_gemini_router_module);

    if (glcf->prefix) {
        (void) ngx_gemini_request_parse(&ctx->wish, &r->method_name, &uri,
                                        glcf->prefix, buf);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_gemini_request_uri(ngx_http_gemini_ctx_t *ctx, ngx_str_t *uri)
{
    u_char                      *p;
    size_t                       len;
    ngx_http_request_t          *r;
    ngx_http_gemini_loc_conf_t  *glcf;

    r = ctx->request;
    glcf = ngx_http_get_module_loc_conf(r, ngx_http_gemini_router_module);

    /* what an error page stands for is the client's own */

    if (r->valid_unparsed_uri || (r->internal && glcf->pool == NULL)) {
        *uri = ctx->uri.len ? ctx->uri : r->unparsed_uri;
        return NGX_OK;
    }

    /* a rewrite has changed it */

    len = r->uri.len + 2 * ngx_escape_uri(NULL, r->uri.data, r->uri.len,
                                          NGX_ESCAPE_URI);

    p = ngx_pnalloc(r->pool, len + 1 + r->args.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    uri->data = p;

    p = (u_char *) ngx_escape_uri(p, r->uri.data, r->uri.len,
                                  NGX_ESCAPE_URI);

    if (r->args.len) {
        *p++ = '?';
        p = ngx_cpymem(p, r->args.data, r->args.len);
        ngx_http_gemini_request_restore(ctx, p);
    }

    uri->len = p - uri->data;

    return NGX_OK;
}


/* a rewrite keeps the arguments last, as they were redacted */

static void
ngx_http_gemini_request_restore(ngx_http_gemini_ctx_t *ctx, u_char *end)
{
    size_t   i;
    u_char  *p;

    if (ctx->args.len == 0 || ctx->request->args.len < ctx->args.len) {
        return;
    }

    p = end - ctx->args.len;

    for (i = 0; i < ctx->args.len; i++) {
        if (p[i] != ctx->args.data[i] && p[i] != 'x') {
            return;
        }
    }

    ngx_memcpy(p, ctx->args.data, ctx->args.len);
}


ngx_int_t
ngx_http_gemini_request_prepare(ngx_http_gemini_ctx_t *ctx,
    ngx_gemini_error_t *error)
{
    ngx_uint_t  families;

    if (ngx_http_gemini_request_alloc(ctx) != NGX_OK
        || ngx_http_gemini_request_wish(ctx) != NGX_OK
        || ngx_http_gemini_request_location(ctx, &families) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_gemini_request_headers(ctx);

    ngx_memzero(error, sizeof(ngx_gemini_error_t));

    error->status = NGX_HTTP_NOT_FOUND;
    error->surface = ctx->wish.surface;
    error->array = ctx->wish.array;

    if (!ctx->wish.known) {
        ngx_str_set(&error->message, "no such path, expected "
                    "/v1beta/models/MODEL:generateContent and the like");
        return NGX_DECLINED;
    }

    if (!(families & (1 << ctx->wish.family))) {
        ngx_str_set(&error->message, "this family of calls is not enabled "
                    "here");
        return NGX_DECLINED;
    }

    return ngx_http_gemini_request_body(ctx);
}


/* what is to be looked for in the body, if there is one */

static ngx_int_t
ngx_http_gemini_request_body(ngx_http_gemini_ctx_t *ctx)
{
    ngx_gemini_refs_t       *refs;
    ngx_gemini_body_want_e   want;

    if (ngx_http_gemini_owner_target(ctx, &refs) != NGX_OK) {
        return NGX_ERROR;
    }

    want = ctx->wish.body;

    if (refs || ctx->wish.ask) {
        want |= NGX_GEMINI_BODY_MENTIONS;
    }

    /* what a file's bytes look like does not matter */

    if (want == NGX_GEMINI_BODY_NONE
        || ctx->wish.surface == NGX_GEMINI_SURFACE_UPLOAD
        || (ctx->request->headers_in.content_length_n <= 0
            && !ctx->request->headers_in.chunked))
    {
        return NGX_OK;
    }

    ctx->body = ngx_palloc(ctx->request->pool, sizeof(ngx_gemini_body_t));
    if (ctx->body == NULL) {
        return NGX_ERROR;
    }

    ngx_gemini_body_init(ctx->body, want, refs, ngx_http_gemini_body_alloc,
                         ctx->request->pool);

    return NGX_OK;
}


static ngx_int_t
ngx_http_gemini_request_alloc(ngx_http_gemini_ctx_t *ctx)
{
    ngx_pool_t  *pool;

    pool = ctx->request->pool;

    ctx->order = ngx_palloc(pool, ngx_gemini_plan_order_size(&ctx->pool->gc));
    ctx->course = ngx_pcalloc(pool, sizeof(ngx_gemini_course_t));
    ctx->attempt = ngx_pcalloc(pool, sizeof(ngx_http_gemini_attempt_t));

    if (ctx->order == NULL || ctx->course == NULL || ctx->attempt == NULL) {
        return NGX_ERROR;
    }

    ngx_str_null(&ctx->order->model);

    ctx->course->wished = NGX_GEMINI_NONE;

    return NGX_OK;
}


/* what the location says; it only narrows what the pool allows */

static ngx_int_t
ngx_http_gemini_request_location(ngx_http_gemini_ctx_t *ctx,
    ngx_uint_t *families)
{
    ngx_int_t                    n;
    ngx_str_t                    text;
    ngx_uint_t                   fallback, queue;
    ngx_gemini_conf_t           *gc;
    ngx_http_gemini_loc_conf_t  *glcf;

    gc = &ctx->pool->gc;
    glcf = ctx->conf;

    fallback = gc->fallback;
    queue = (gc->queue != 0);

    if (ngx_http_gemini_request_flag(ctx, glcf->fallback, &fallback)
        != NGX_OK
        || ngx_http_gemini_request_flag(ctx, glcf->queue, &queue) != NGX_OK
        || ngx_http_gemini_request_text(ctx, glcf->restrict_keys,
                                        &ctx->restrict_to.keys)
           != NGX_OK
        || ngx_http_gemini_request_text(ctx, glcf->restrict_models,
                                        &ctx->restrict_to.models)
           != NGX_OK
        || ngx_http_gemini_request_text(ctx, glcf->team, &ctx->team)
           != NGX_OK
        || ngx_http_gemini_request_text(ctx, glcf->restrict_families, &text)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    ctx->fallback = fallback;
    ctx->queue = queue;
    ctx->team_row = 0;

    *families = text.len ? ngx_http_gemini_request_families(&text)
                         : NGX_GEMINI_FAMILIES_DEFAULT;

    ctx->course->tries = gc->tries;

    if (ngx_http_gemini_request_text(ctx, glcf->tries, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    n = text.len ? ngx_atoi(text.data, text.len) : 0;

    if (n > 0) {
        ctx->course->tries = (uint32_t) ngx_min(n, (ngx_int_t) gc->tries);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_gemini_request_flag(ngx_http_gemini_ctx_t *ctx,
    ngx_http_complex_value_t *cv, ngx_uint_t *flag)
{
    ngx_str_t  text;

    if (ngx_http_gemini_request_text(ctx, cv, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    if ((text.len == 3 && ngx_strncmp(text.data, "off", 3) == 0)
        || (text.len == 1 && text.data[0] == '0'))
    {
        *flag = 0;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_gemini_request_text(ngx_http_gemini_ctx_t *ctx,
    ngx_http_complex_value_t *cv, ngx_str_t *text)
{
    if (cv == NULL) {
        ngx_str_null(text);
        return NGX_OK;
    }

    return ngx_http_complex_value(ctx->request, cv, text);
}


static ngx_uint_t
ngx_http_gemini_request_families(ngx_str_t *list)
{
    ngx_str_t   name;
    ngx_uint_t  i, mask;

    mask = 0;

    for (i = 0; i < NGX_GEMINI_FAMILIES; i++) {
        name.data = (u_char *) ngx_gemini_family_name(i);
        name.len = ngx_strlen(name.data);

        if (ngx_gemini_glob_list(list, &name)) {
            mask |= 1 << i;
        }
    }

    return mask;
}


/* what the request's own headers say about the way */

static void
ngx_http_gemini_request_headers(ngx_http_gemini_ctx_t *ctx)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    part = &ctx->request->headers_in.headers.part;
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

        if (h[i].key.len == sizeof("connection") - 1
            && ngx_memcmp(h[i].lowcase_key, "connection",
                          sizeof("connection") - 1)
               == 0)
        {
            ctx->connection = &h[i];
        }

        if (h[i].key.len == sizeof("x-server-timeout") - 1
            && ngx_memcmp(h[i].lowcase_key, "x-server-timeout",
                          sizeof("x-server-timeout") - 1)
               == 0)
        {
            ngx_http_gemini_request_deadline(ctx, &h[i]);
        }
    }
}


/* X-Server-Timeout: seconds that the client will wait, gemini-api.md 2.3 */

static void
ngx_http_gemini_request_deadline(ngx_http_gemini_ctx_t *ctx,
    ngx_table_elt_t *h)
{
    ngx_int_t  sec;

    sec = ngx_atoi(h->value.data, h->value.len);

    if (sec > 0 && sec < 86400) {
        ctx->deadline = 1;
        ctx->course->deadline = (uint64_t) sec * 1000;
    }
}


ngx_uint_t
ngx_http_gemini_request_reads(ngx_http_request_t *r, ngx_uint_t *sse)
{
    ngx_str_t  *type;

    if (r->headers_out.content_encoding || r->method == NGX_HTTP_HEAD) {
        return 0;
    }

    type = &r->headers_out.content_type;

    *sse = 0;

    if (ngx_http_gemini_request_type(type, "application/json",
                                     sizeof("application/json") - 1))
    {
        return 1;
    }

    *sse = ngx_http_gemini_request_type(type, "text/event-stream",
                                        sizeof("text/event-stream") - 1);

    return *sse;
}


/* Google writes them in lower case */

static ngx_inline ngx_uint_t
ngx_http_gemini_request_type(const ngx_str_t *type, const char *name,
    size_t len)
{
    return type->len >= len
           && (ngx_memcmp(type->data, name, len) == 0
               || ngx_strncasecmp(type->data, (u_char *) name, len) == 0);
}
