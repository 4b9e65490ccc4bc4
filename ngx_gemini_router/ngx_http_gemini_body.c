
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_body.h"


/* at a time, of a body in a file */
#define NGX_HTTP_GEMINI_BODY_READ  65536


/* a place in the client's body */

typedef struct {
    ngx_pool_t                    *pool;
    ngx_chain_t                   *cl;         /* where the rest begins */
    off_t                          skip;       /* bytes of it used */
    off_t                          offset;     /* in the whole body */
    ngx_chain_t                  **last;       /* of the new chain */
    off_t                          length;     /* of the new chain */
} ngx_http_gemini_splice_t;


static ngx_int_t ngx_http_gemini_body_read(ngx_http_gemini_ctx_t *ctx,
    ngx_gemini_body_t *body);
static ngx_int_t ngx_http_gemini_body_file(ngx_http_gemini_ctx_t *ctx,
    ngx_gemini_body_t *body, ngx_buf_t *b);
static ngx_uint_t ngx_http_gemini_body_renamed(ngx_gemini_body_t *body,
    const ngx_str_t *model);
static ngx_uint_t ngx_http_gemini_body_store(ngx_http_gemini_ctx_t *ctx);
static ngx_int_t ngx_http_gemini_body_splice(ngx_http_gemini_ctx_t *ctx,
    ngx_http_gemini_splice_t *splice, const ngx_str_t *model,
    ngx_uint_t renamed, ngx_uint_t store);
static ngx_int_t ngx_http_gemini_body_name(ngx_http_gemini_splice_t *splice,
    ngx_gemini_span_t *span, const ngx_str_t *model);
static ngx_int_t ngx_http_gemini_body_take(ngx_http_gemini_splice_t *splice,
    off_t to);
static ngx_int_t ngx_http_gemini_body_skip(ngx_http_gemini_splice_t *splice,
    off_t n);
static ngx_int_t ngx_http_gemini_body_text(ngx_http_gemini_splice_t *splice,
    u_char *p, size_t len);
static ngx_buf_t *ngx_http_gemini_body_push(
    ngx_http_gemini_splice_t *splice);


void *
ngx_http_gemini_body_alloc(void *data, size_t size)
{
    ngx_pool_t *pool = data;

    return ngx_palloc(pool, size);
}


ngx_int_t
ngx_http_gemini_body_scan(ngx_http_gemini_ctx_t *ctx)
{
    /* "mirror", or the location before an error_page, may have read it */

    if (ctx->body->size == 0
        && ngx_http_gemini_body_read(ctx, ctx->body) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_gemini_body_end(ctx->body);

    return NGX_OK;
}


ngx_int_t
ngx_http_gemini_body_refs(ngx_http_gemini_ctx_t *ctx, ngx_gemini_refs_t *refs)
{
    ngx_gemini_body_t  *body;

    if (ctx->body == NULL) {
        return NGX_OK;
    }

    body = ngx_palloc(ctx->request->pool, sizeof(ngx_gemini_body_t));
    if (body == NULL) {
        return NGX_ERROR;
    }

    ngx_gemini_body_init(body, NGX_GEMINI_BODY_MENTIONS, refs,
                         ngx_http_gemini_body_alloc, ctx->request->pool);

    return ngx_http_gemini_body_read(ctx, body);
}


static ngx_int_t
ngx_http_gemini_body_read(ngx_http_gemini_ctx_t *ctx, ngx_gemini_body_t *body)
{
    ngx_buf_t            *b;
    ngx_chain_t          *cl;
    ngx_http_request_t   *r;

    r = ctx->request;

    if (r->request_body == NULL) {
        return NGX_OK;
    }

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        b = cl->buf;

        if (ngx_buf_in_memory(b)) {
            ngx_gemini_body_feed(body, b->pos, b->last - b->pos);

        } else if (ngx_http_gemini_body_file(ctx, body, b) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_gemini_body_file(ngx_http_gemini_ctx_t *ctx,
    ngx_gemini_body_t *body, ngx_buf_t *b)
{
    off_t    offset;
    u_char  *p;
    ssize_t  n;

    if (!b->in_file) {
        return NGX_OK;
    }

    p = ngx_palloc(ctx->request->pool, NGX_HTTP_GEMINI_BODY_READ);
    if (p == NULL) {
        return NGX_ERROR;
    }

    for (offset = b->file_pos; offset < b->file_last; offset += n) {

        n = ngx_read_file(b->file, p,
                          (size_t) ngx_min(b->file_last - offset,
                                           NGX_HTTP_GEMINI_BODY_READ),
                          offset);

        if (n <= 0) {
            return NGX_ERROR;
        }

        ngx_gemini_body_feed(body, p, n);
    }

    ngx_pfree(ctx->request->pool, p);

    return NGX_OK;
}


ngx_int_t
ngx_http_gemini_body_make(ngx_http_gemini_ctx_t *ctx, const ngx_str_t *model,
    ngx_http_request_body_t **rb, off_t *length)
{
    ngx_uint_t                 renamed, store;
    ngx_chain_t               *out;
    ngx_http_request_t        *r;
    ngx_http_gemini_splice_t   splice;

    r = ctx->request;
    *rb = NULL;

    if (ctx->body == NULL || ctx->body->failed || r->request_body == NULL
        || r->request_body->bufs == NULL)
    {
        return NGX_OK;
    }

    renamed = ngx_http_gemini_body_renamed(ctx->body, model);
    store = ngx_http_gemini_body_store(ctx);

    if (!renamed && !store) {
        return NGX_OK;
    }

    ngx_memzero(&splice, sizeof(ngx_http_gemini_splice_t));

    splice.pool = r->pool;
    splice.cl = r->request_body->bufs;
    splice.last = &out;

    if (ngx_http_gemini_body_splice(ctx, &splice, model, renamed, store)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    *splice.last = NULL;

    *rb = ngx_palloc(r->pool, sizeof(ngx_http_request_body_t));
    if (*rb == NULL) {
        return NGX_ERROR;
    }

    **rb = *r->request_body;
    (*rb)->bufs = out;
    (*rb)->buf = NULL;

    *length = splice.length;

    return NGX_OK;
}


static ngx_uint_t
ngx_http_gemini_body_renamed(ngx_gemini_body_t *body, const ngx_str_t *model)
{
    /* what names several models is the client's own, and an error */

    if (body->nspans == 0 || body->differ || body->model_len == 0
        || model->len == 0)
    {
        return 0;
    }

    return body->model_len != model->len
           || ngx_memcmp(body->model, model->data, model->len) != 0;
}


/* gemini_store off, gemini-api.md 5.6 */

static ngx_uint_t
ngx_http_gemini_body_store(ngx_http_gemini_ctx_t *ctx)
{
    return !ctx->conf->store && ctx->body->object && !ctx->body->store
           && (ctx->wish.verb == NGX_GEMINI_VERB_GENERATE
               || ctx->wish.verb == NGX_GEMINI_VERB_STREAM);
}


static ngx_int_t
ngx_http_gemini_body_splice(ngx_http_gemini_ctx_t *ctx,
    ngx_http_gemini_splice_t *splice, const ngx_str_t *model,
    ngx_uint_t renamed, ngx_uint_t store)
{
    ngx_uint_t          i;
    ngx_gemini_span_t  *span;

    if (store) {
        if (ngx_http_gemini_body_take(splice, ctx->body->open) != NGX_OK) {
            return NGX_ERROR;
        }

        if (ngx_http_gemini_body_text(splice, (u_char *) "\"store\":false,",
                                      sizeof("\"store\":false,") - 1
                                      - ctx->body->empty)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    span = ctx->body->spans;

    for (i = 0; renamed && i < ctx->body->nspans; i++) {
        if (ngx_http_gemini_body_name(splice, &span[i], model) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return ngx_http_gemini_body_take(splice, ctx->body->size);
}


static ngx_int_t
ngx_http_gemini_body_name(ngx_http_gemini_splice_t *splice,
    ngx_gemini_span_t *span, const ngx_str_t *model)
{
    u_char  *p, *text;

    if (ngx_http_gemini_body_take(splice, span->offset) != NGX_OK
        || ngx_http_gemini_body_skip(splice, span->len) != NGX_OK)
    {
        return NGX_ERROR;
    }

    text = ngx_pnalloc(splice->pool, sizeof("\"models/\"") - 1 + model->len);
    if (text == NULL) {
        return NGX_ERROR;
    }

    p = text;
    *p++ = '"';

    if (span->prefix) {
        p = ngx_cpymem(p, "models/", sizeof("models/") - 1);
    }

    p = ngx_cpymem(p, model->data, model->len);
    *p++ = '"';

    return ngx_http_gemini_body_text(splice, text, p - text);
}


/* shares the client's bytes up to an offset with the new chain */

static ngx_int_t
ngx_http_gemini_body_take(ngx_http_gemini_splice_t *splice, off_t to)
{
    off_t       n;
    ngx_buf_t  *b, *buf;

    while (splice->offset < to) {

        if (splice->cl == NULL) {
            return NGX_ERROR;
        }

        b = splice->cl->buf;
        n = ngx_min(ngx_buf_size(b) - splice->skip, to - splice->offset);

        if (n > 0) {
            buf = ngx_http_gemini_body_push(splice);
            if (buf == NULL) {
                return NGX_ERROR;
            }

            *buf = *b;

            if (splice->skip + n < ngx_buf_size(b)) {
                buf->last_buf = 0;
                buf->last_in_chain = 0;
            }

            if (ngx_buf_in_memory(b)) {
                buf->pos = b->pos + splice->skip;
                buf->last = buf->pos + n;
            }

            if (b->in_file) {
                buf->file_pos = b->file_pos + splice->skip;
                buf->file_last = buf->file_pos + n;
            }

            splice->length += n;
        }

        if (ngx_http_gemini_body_skip(splice, n) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_gemini_body_skip(ngx_http_gemini_splice_t *splice, off_t n)
{
    off_t  rest;

    splice->offset += n;

    while (splice->cl) {
        rest = ngx_buf_size(splice->cl->buf) - splice->skip;

        if (n < rest) {
            splice->skip += n;
            return NGX_OK;
        }

        n -= rest;
        splice->skip = 0;
        splice->cl = splice->cl->next;

        if (n == 0) {
            return NGX_OK;
        }
    }

    return NGX_ERROR;
}


static ngx_int_t
ngx_http_gemini_body_text(ngx_http_gemini_splice_t *splice, u_char *p,
    size_t len)
{
    ngx_buf_t  *b;

    b = ngx_http_gemini_body_push(splice);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->memory = 1;
    b->pos = p;
    b->last = p + len;
    b->start = b->pos;
    b->end = b->last;

    splice->length += len;

    return NGX_OK;
}


static ngx_buf_t *
ngx_http_gemini_body_push(ngx_http_gemini_splice_t *splice)
{
    ngx_chain_t  *cl;

    cl = ngx_alloc_chain_link(splice->pool);
    if (cl == NULL) {
        return NULL;
    }

    cl->buf = ngx_calloc_buf(splice->pool);
    if (cl->buf == NULL) {
        return NULL;
    }

    *splice->last = cl;
    splice->last = &cl->next;

    return cl->buf;
}
