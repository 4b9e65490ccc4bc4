
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * What is read of a good answer while it passes: tokens, resources.
 */


#ifndef _NGX_HTTP_GEMINI_LOOK_H_INCLUDED_
#define _NGX_HTTP_GEMINI_LOOK_H_INCLUDED_


#include "ngx_http_gemini_module.h"


/* its header is known; sr: the request that has it */
ngx_int_t ngx_http_gemini_look_start(ngx_http_gemini_ctx_t *ctx,
    ngx_http_request_t *sr);

void ngx_http_gemini_look_chain(ngx_http_gemini_ctx_t *ctx, ngx_chain_t *in);


#endif /* _NGX_HTTP_GEMINI_LOOK_H_INCLUDED_ */
