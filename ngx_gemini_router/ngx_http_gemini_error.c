
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_attempt.h"
#include "ngx_http_gemini_error.h"
#include "ngx_http_gemini_filter.h"
#include "ngx_http_gemini_log.h"
#include "ngx_http_gemini_request.h"


/* room for all but the texts of an answer of our own */
#define NGX_HTTP_GEMINI_ERROR_SIZE   1024

/* ngx_http_gemini_ctx_t.error */
#define NGX_HTTP_GEMINI_ERROR_HEADER  1
#define NGX_HTTP_GEMINI_ERROR_DONE    2


typedef struct {
    ngx_uint_t                     status;
    ngx_str_t                      message;
} ngx_http_gemini_message_t;


static ngx_int_t ngx_http_gemini_error_render(ngx_pool_t *pool,
    ngx_gemini_error_t *error, ngx_str_t *body);
static ngx_int_t ngx_http_gemini_error_retry(ngx_http_request_t *r,
    ngx_gemini_error_t *error);
static ngx_int_t ngx_http_gemini_error_push(ngx_http_request_t *r,
    const char *key, size_t len, u_char *value, size_t value_len);
static void ngx_http_gemini_error_type(ngx_http_request_t *r, off_t length);
static ngx_int_t ngx_http_gemini_error_output(ngx_http_request_t *r,
    u_char *p, size_t len, ngx_uint_t whole);
static ngx_uint_t ngx_http_gemini_error_go(ngx_http_request_t *r);
static ngx_uint_t ngx_http_gemini_error_foreign(ngx_http_request_t *r,
    ngx_http_gemini_ctx_t *ctx);
static ngx_str_t *ngx_http_gemini_error_message(ngx_uint_t status);


static ngx_http_gemini_message_t  ngx_http_gemini_messages[] = {
    { 401, ngx_string("the gateway wants another credential") },
    { 403, ngx_string("the gateway does not allow this") },
    { 404, ngx_string("the gateway has no such path") },
    { 405, ngx_string("the gateway does not allow this method") },
    { 408, ngx_string("the request did not arrive in time") },
    { 413, ngx_string("the request is larger than the gateway allows") },
    { 414, ngx_string("the request line is larger than the gateway allows") },
    { 429, ngx_string("too many requests, a limit of the gateway") },
    { 500, ngx_string("the gateway has failed") },
    { 502, ngx_string("the upstream cannot be reached") },
    { 503, ngx_string("the gateway cannot serve this request now") },
    { 504, ngx_string("the upstream did not answer in time") },
    { 0, ngx_string("the gateway refuses this request") }
};


ngx_int_t
ngx_http_gemini_error_send(ngx_http_gemini_ctx_t *ctx,
    ngx_gemini_error_t *error)
{
    ngx_str_t            body;
    ngx_http_request_t  *r;

    r = ctx->request;
    ctx->own = 1;

    ngx_http_gemini_log_answer(ctx, error);

    if (ngx_http_gemini_error_render(r->pool, error, &body) != NGX_OK
        || ngx_http_gemini_error_retry(r, error) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->headers_out.status = error->status;
    ngx_http_gemini_error_type(r, body.len);

    return ngx_http_gemini_error_output(r, body.data, body.len, 1);
}


static ngx_int_t
ngx_http_gemini_error_render(ngx_pool_t *pool, ngx_gemini_error_t *error,
    ngx_str_t *body)
{
    size_t            size;
    ngx_gemini_out_t  out;

    size = NGX_HTTP_GEMINI_ERROR_SIZE + 6 * error->message.len
           + 6 * error->model.len;

    body->data = ngx_pnalloc(pool, size);
    if (body->data == NULL) {
        return NGX_ERROR;
    }

    ngx_gemini_out_init(&out, body->data, size);
    ngx_gemini_answer_error(&out, error);

    if (out.failed) {
        return NGX_ERROR;
    }

    body->len = out.pos - body->data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_gemini_error_retry(ngx_http_request_t *r, ngx_gemini_error_t *error)
{
    u_char      *p;
    ngx_uint_t   sec;

    if (error->retry == 0) {
        return NGX_OK;
    }

    sec = ngx_gemini_answer_retry_after(error->retry);

    p = ngx_pnalloc(r->pool, NGX_INT64_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    if (ngx_http_gemini_error_push(r, "Retry-After",
                                   sizeof("Retry-After") - 1,
                                   p, ngx_sprintf(p, "%ui", sec) - p)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* the OpenAI SDK would sleep through it, gemini-api.md 7.1 */

    if (error->surface == NGX_GEMINI_SURFACE_OPENAI && sec > 60) {
        return ngx_http_gemini_error_push(r, "x-should-retry",
                                          sizeof("x-should-retry") - 1,
                                          (u_char *) "false",
                                          sizeof("false") - 1);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_gemini_error_push(ngx_http_request_t *r, const char *key,
    size_t len, u_char *value, size_t value_len)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
    h->key.data = (u_char *) key;
    h->key.len = len;
    h->lowcase_key = NULL;
    h->value.data = value;
    h->value.len = value_len;
    ngx_http_gemini_header_end(h);

    return NGX_OK;
}


static void
ngx_http_gemini_error_type(ngx_http_request_t *r, off_t length)
{
    ngx_http_clear_content_length(r);
    ngx_http_clear_accept_ranges(r);
    ngx_http_clear_last_modified(r);
    ngx_http_clear_etag(r);

    r->headers_out.content_length_n = length;

    ngx_str_set(&r->headers_out.content_type,
                "application/json; charset=UTF-8");
    r->headers_out.content_type_len = sizeof("application/json") - 1;
    r->headers_out.content_type_lowcase = NULL;
    ngx_str_null(&r->headers_out.charset);
}


static ngx_int_t
ngx_http_gemini_error_output(ngx_http_request_t *r, u_char *p, size_t len,
    ngx_uint_t whole)
{
    ngx_int_t    rc;
    ngx_buf_t   *b;
    ngx_chain_t  out;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->pos = p;
    b->last = p + len;
    b->memory = len ? 1 : 0;
    b->last_buf = whole;
    b->last_in_chain = 1;
    b->flush = !whole;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


ngx_int_t
ngx_http_gemini_error_relay(ngx_http_gemini_attempt_t *at)
{
    size_t               len, size;
    u_char              *p;
    ngx_gemini_out_t     out;
    ngx_http_request_t  *r;

    r = at->ctx->request;
    at->ctx->own = 1;

    if (ngx_http_gemini_filter_hand_up(r, at->sr) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    p = at->body;
    len = at->len;

    (void) ngx_gemini_answer_scrub(p, len,
                                   ngx_http_gemini_attempt_secret(at));

    if (at->ctx->wish.surface == NGX_GEMINI_SURFACE_OPENAI && len) {

        /* the same texts with other names around them */

        size = 2 * len + NGX_HTTP_GEMINI_ERROR_SIZE;

        p = ngx_pnalloc(r->pool, size);
        if (p == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        ngx_gemini_out_init(&out, p, size);

        if (ngx_gemini_answer_unwrap(&out, at->body, len) == NGX_OK
            && !out.failed)
        {
            len = out.pos - p;
            ngx_http_gemini_error_type(r, len);

        } else {
            p = at->body;
        }
    }

    ngx_http_clear_content_length(r);

    if (at->truncated) {

        /* what was not kept must be missed */

        r->keepalive = 0;
        return ngx_http_gemini_error_output(r, p, len, 0);
    }

    r->headers_out.content_length_n = (r->method == NGX_HTTP_HEAD)
                                      ? at->sr->headers_out.content_length_n
                                      : (off_t) len;

    return ngx_http_gemini_error_output(r, p, len, 1);
}


ngx_int_t
ngx_http_gemini_error_event(ngx_http_gemini_ctx_t *ctx)
{
    u_char              *p;
    ngx_buf_t           *b;
    ngx_chain_t          cl;
    ngx_gemini_out_t     out;
    ngx_gemini_error_t   error;
    ngx_gemini_usage_t  *usage;

    usage = ctx->usage;

    if (usage == NULL || !usage->sse || !usage->boundary || usage->done
        || usage->late_error)
    {
        return NGX_OK;
    }

    p = ngx_pnalloc(ctx->request->pool, NGX_HTTP_GEMINI_ERROR_SIZE);
    b = ngx_calloc_buf(ctx->request->pool);

    if (p == NULL || b == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(&error, sizeof(ngx_gemini_error_t));

    error.status = NGX_HTTP_SERVICE_UNAVAILABLE;
    error.surface = ctx->wish.surface;
    ngx_str_set(&error.message, "the upstream ended the stream midway");

    ngx_gemini_out_init(&out, p, NGX_HTTP_GEMINI_ERROR_SIZE);
    ngx_gemini_answer_event(&out, &error,
                            ngx_http_gemini_error_go(ctx->request));

    if (out.failed) {
        return NGX_OK;
    }

    b->pos = p;
    b->last = out.pos;
    b->memory = 1;
    b->flush = 1;

    cl.buf = b;
    cl.next = NULL;

    return ngx_http_output_filter(ctx->request, &cl);
}


/* go-genai wants a bare block, gemini-api.md 7.4 */

static ngx_uint_t
ngx_http_gemini_error_go(ngx_http_request_t *r)
{
    ngx_table_elt_t  *h;

    h = r->headers_in.user_agent;

    return h && ngx_strnstr(h->value.data, "gl-go/", h->value.len);
}


/*
 * gemini_error: an error page of nginx becomes JSON in the surface's shape.
 * Answers of an upstream and our own are left alone.
 */

ngx_int_t
ngx_http_gemini_error_header(ngx_http_request_t *r)
{
    ngx_gemini_error_t           error;
    ngx_http_gemini_ctx_t       *ctx;
    ngx_http_gemini_loc_conf_t  *glcf;

    if (r->headers_out.status < NGX_HTTP_BAD_REQUEST) {
        return NGX_DECLINED;
    }

    glcf = ngx_http_get_module_loc_conf(r, ngx_http_gemini_router_module);

    if (!glcf->error || glcf->status) {
        return NGX_DECLINED;
    }

    ctx = ngx_http_gemini_ctx_create(r);

    if (ctx == NULL || ngx_http_gemini_error_foreign(r, ctx)
        || ngx_http_gemini_request_wish(ctx) != NGX_OK)
    {
        return NGX_DECLINED;
    }

    ngx_memzero(&error, sizeof(ngx_gemini_error_t));

    error.status = r->headers_out.status;
    error.surface = ctx->wish.surface;
    error.array = ctx->wish.array;
    error.message = *ngx_http_gemini_error_message(error.status);

    if (ngx_http_gemini_error_render(r->pool, &error, &ctx->error_body)
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    ngx_http_gemini_error_type(r, ctx->error_body.len);
    ctx->error = NGX_HTTP_GEMINI_ERROR_HEADER;

    return NGX_DECLINED;
}


static ngx_uint_t
ngx_http_gemini_error_foreign(ngx_http_request_t *r,
    ngx_http_gemini_ctx_t *ctx)
{
    if (ctx->own || ctx->committed || ctx->error) {
        return 1;
    }

    return r->upstream
           && r->upstream->headers_in.status_n == r->headers_out.status;
}


static ngx_str_t *
ngx_http_gemini_error_message(ngx_uint_t status)
{
    ngx_http_gemini_message_t  *m;

    for (m = ngx_http_gemini_messages; m->status; m++) {
        if (m->status == status) {
            break;
        }
    }

    return &m->message;
}


/* nginx's page is consumed, ours takes its place */

ngx_chain_t *
ngx_http_gemini_error_body(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_buf_t              *b;
    ngx_chain_t            *cl;
    ngx_http_gemini_ctx_t  *ctx;

    ctx = ngx_http_gemini_ctx(r);

    for (cl = in; cl; cl = cl->next) {
        cl->buf->pos = cl->buf->last;
        cl->buf->file_pos = cl->buf->file_last;
    }

    if (ctx->error == NGX_HTTP_GEMINI_ERROR_DONE) {
        return NULL;
    }

    ctx->error = NGX_HTTP_GEMINI_ERROR_DONE;

    b = ngx_calloc_buf(r->pool);
    cl = ngx_alloc_chain_link(r->pool);

    if (b == NULL || cl == NULL) {
        return NULL;
    }

    b->pos = ctx->error_body.data;
    b->last = b->pos + ctx->error_body.len;
    b->memory = 1;
    b->last_buf = 1;
    b->last_in_chain = 1;

    cl->buf = b;
    cl->next = NULL;

    return cl;
}
