
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The body of an attempt: the client's, shared, or a chain of its pieces with
 * the model's name between them.  No byte of it is copied.
 */


#ifndef _NGX_HTTP_GEMINI_BODY_H_INCLUDED_
#define _NGX_HTTP_GEMINI_BODY_H_INCLUDED_


#include "ngx_http_gemini_module.h"


/* sets sr->request_body and the length, model in every place it stands */
ngx_int_t ngx_http_gemini_body_set(ngx_http_gemini_ctx_t *ctx,
    ngx_http_request_t *sr, const ngx_str_t *model);


#endif /* _NGX_HTTP_GEMINI_BODY_H_INCLUDED_ */
