
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * What may serve a request whose body has come, and what limits the way.
 */


#ifndef _NGX_HTTP_GEMINI_ORDER_H_INCLUDED_
#define _NGX_HTTP_GEMINI_ORDER_H_INCLUDED_


#include "ngx_http_gemini_module.h"
#include "ngx_gemini_answer.h"


/* fills ctx->order, course, owner, headers; NGX_DECLINED: refused with error */
ngx_int_t ngx_http_gemini_order(ngx_http_gemini_ctx_t *ctx,
    ngx_gemini_error_t *error);


#endif /* _NGX_HTTP_GEMINI_ORDER_H_INCLUDED_ */
