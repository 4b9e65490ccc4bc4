
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Resumable uploads: the URLs that Google answers with lead back to us, and
 * whose they are is learned.
 */


#ifndef _NGX_HTTP_GEMINI_UPLOAD_H_INCLUDED_
#define _NGX_HTTP_GEMINI_UPLOAD_H_INCLUDED_


#include "ngx_http_gemini_module.h"


/* the answer's header, before it is sent; r: the request that has it */
ngx_int_t ngx_http_gemini_upload_header(ngx_http_gemini_ctx_t *ctx,
    ngx_http_request_t *r);


#endif /* _NGX_HTTP_GEMINI_UPLOAD_H_INCLUDED_ */
