
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Answers of our own in the surface's shape, upstream's errors handed on,
 * and gemini_error for those of nginx itself.
 */


#ifndef _NGX_HTTP_GEMINI_ERROR_H_INCLUDED_
#define _NGX_HTTP_GEMINI_ERROR_H_INCLUDED_


#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_attempt.h"
#include "ngx_gemini_answer.h"


/* sends the whole of an answer of our own; what to finalize with */
ngx_int_t ngx_http_gemini_error_send(ngx_http_gemini_ctx_t *ctx,
    ngx_gemini_error_t *error);

/* the captured answer of the attempt, scrubbed, unwrapped for OpenAI */
ngx_int_t ngx_http_gemini_error_relay(ngx_http_gemini_attempt_t *at);

/* the last event of a stream that died midway, gemini-api.md 7.4 */
ngx_int_t ngx_http_gemini_error_event(ngx_http_gemini_ctx_t *ctx);

/* gemini_error: NGX_DECLINED: not for this answer */
ngx_int_t ngx_http_gemini_error_header(ngx_http_request_t *r);
ngx_chain_t *ngx_http_gemini_error_body(ngx_http_request_t *r,
    ngx_chain_t *in);


#endif /* _NGX_HTTP_GEMINI_ERROR_H_INCLUDED_ */
