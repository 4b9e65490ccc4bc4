
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_client.h"
#include "ngx_http_gemini_live.h"
#include "ngx_http_gemini_owner.h"


ngx_int_t
ngx_http_gemini_live_token(ngx_http_gemini_ctx_t *ctx)
{
    ngx_str_t  token;

    if (ctx->wish.surface != NGX_GEMINI_SURFACE_LIVE
        || ngx_http_gemini_client_ephemeral(ctx->request, &token) != NGX_OK)
    {
        return NGX_OK;
    }

    ctx->token = token;

    ctx->refs = ngx_http_gemini_owner_refs(ctx->request->pool);
    if (ctx->refs == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_gemini_refs_add(ctx->refs, NGX_GEMINI_REF_AUTH_TOKEN,
                               token.data, token.len);

    return NGX_OK;
}
