
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_look.h"
#include "ngx_http_gemini_owner.h"
#include "ngx_http_gemini_request.h"


static ngx_int_t ngx_http_gemini_look_usage(ngx_http_gemini_ctx_t *ctx,
    ngx_http_request_t *sr);
static void ngx_http_gemini_look(ngx_http_gemini_ctx_t *ctx, u_char *p,
    size_t len);


ngx_int_t
ngx_http_gemini_look_start(ngx_http_gemini_ctx_t *ctx, ngx_http_request_t *sr)
{
    if (ngx_http_gemini_look_usage(ctx, sr) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_gemini_owner_answer(ctx, sr);
}


/* the scanner of token counts, for answers that may hold any */

static ngx_int_t
ngx_http_gemini_look_usage(ngx_http_gemini_ctx_t *ctx, ngx_http_request_t *sr)
{
    ngx_uint_t  sse;

    if (!ngx_http_gemini_request_reads(sr, &sse)) {
        return NGX_OK;
    }

    ctx->usage = ngx_palloc(ctx->request->pool, sizeof(ngx_gemini_usage_t));
    if (ctx->usage == NULL) {
        return NGX_ERROR;
    }

    ngx_gemini_usage_init(ctx->usage, sse, ctx->wish.surface);

    sr->filter_need_in_memory = 1;

    return NGX_OK;
}


void
ngx_http_gemini_look_chain(ngx_http_gemini_ctx_t *ctx, ngx_chain_t *in)
{
    ngx_buf_t  *b;

    for ( /* void */ ; in; in = in->next) {
        b = in->buf;

        if (ngx_buf_in_memory(b) && b->last > b->pos) {
            ngx_http_gemini_look(ctx, b->pos, b->last - b->pos);
        }
    }
}


static void
ngx_http_gemini_look(ngx_http_gemini_ctx_t *ctx, u_char *p, size_t len)
{
    if (ctx->usage == NULL) {

        if (ctx->answer) {
            ngx_http_gemini_owner_feed(ctx, p, len);
        }

        return;
    }

    ngx_gemini_usage_feed(ctx->usage, p, len);

    if (ctx->answer) {
        ngx_http_gemini_owner_feed(ctx, p, len);

    } else if (ctx->wish.surface == NGX_GEMINI_SURFACE_NATIVE
               && ctx->wish.family == NGX_GEMINI_FAMILY_GENERATE)
    {
        if (ctx->usage->token) {
            ngx_gemini_continuation_feed(&ctx->continuation, p, len);

        } else {
            ngx_gemini_continuation_pass(&ctx->continuation, p, len);
        }
    }
}
