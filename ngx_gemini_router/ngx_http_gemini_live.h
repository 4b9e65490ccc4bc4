
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Ephemeral tokens of the Live API: they pass as they are, since a pool key
 * in their place would widen their rights.
 */


#ifndef _NGX_HTTP_GEMINI_LIVE_H_INCLUDED_
#define _NGX_HTTP_GEMINI_LIVE_H_INCLUDED_


#include "ngx_http_gemini_module.h"


/* finds one: ctx->token, and a reference to it, for its project's sake */
ngx_int_t ngx_http_gemini_live_token(ngx_http_gemini_ctx_t *ctx);


#endif /* _NGX_HTTP_GEMINI_LIVE_H_INCLUDED_ */
