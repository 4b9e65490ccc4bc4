
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * gemini_select: one choice for a location that proxies by itself.
 */


#ifndef _NGX_HTTP_GEMINI_SELECT_H_INCLUDED_
#define _NGX_HTTP_GEMINI_SELECT_H_INCLUDED_


#include "ngx_http_gemini_module.h"


/* the precontent phase, after access and limit_req */
ngx_int_t ngx_http_gemini_select_handler(ngx_http_request_t *r);

/* settles the choice, and the request has its own headers and URI again */
void ngx_http_gemini_select_end(ngx_http_gemini_ctx_t *ctx);


#endif /* _NGX_HTTP_GEMINI_SELECT_H_INCLUDED_ */
