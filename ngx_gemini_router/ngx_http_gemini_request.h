
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * What nginx's request says: the context, credentials that must not be
 * logged, the wish and the location's own limits.
 */


#ifndef _NGX_HTTP_GEMINI_REQUEST_H_INCLUDED_
#define _NGX_HTTP_GEMINI_REQUEST_H_INCLUDED_


#include "ngx_http_gemini_module.h"
#include "ngx_gemini_answer.h"


/* the post-read phase: redacts credentials in what is logged later */
ngx_int_t ngx_http_gemini_redact_handler(ngx_http_request_t *r);

/* reads the wish of a request line into ctx; NGX_OK or NGX_ERROR: unreadable */
ngx_int_t ngx_http_gemini_request_wish(ngx_http_gemini_ctx_t *ctx);

/*
 * The wish and the location's say.  NGX_OK; NGX_DECLINED: refused, error
 * describes the answer; NGX_ERROR: no memory.
 */
ngx_int_t ngx_http_gemini_request_prepare(ngx_http_gemini_ctx_t *ctx,
    ngx_gemini_error_t *error);

/* 1: what is in the answer of r can be read: JSON, or *sse with JSON in it */
ngx_uint_t ngx_http_gemini_request_reads(ngx_http_request_t *r,
    ngx_uint_t *sse);


#endif /* _NGX_HTTP_GEMINI_REQUEST_H_INCLUDED_ */
