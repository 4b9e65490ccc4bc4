
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The life of a client's request: body, plan, attempts, the last word.
 */


#ifndef _NGX_HTTP_GEMINI_HANDLER_H_INCLUDED_
#define _NGX_HTTP_GEMINI_HANDLER_H_INCLUDED_


#include "ngx_http_gemini_module.h"


/* the content handler of gemini_pass */
ngx_int_t ngx_http_gemini_handler(ngx_http_request_t *r);

/* picks under the lock, for an attempt or for a waiter's turn */
ngx_int_t ngx_http_gemini_handler_pick(ngx_http_gemini_ctx_t *ctx,
    ngx_uint_t waiter);

/* what a pick would lack now, for the answer that tells of it: ctx->pick */
void ngx_http_gemini_handler_lack(ngx_http_gemini_ctx_t *ctx);

/* a waiter's turn: its attempt starts, or it is told that all is lost */
void ngx_http_gemini_handler_resume(ngx_http_gemini_ctx_t *ctx,
    ngx_int_t rc);

/* a client that leaves while nothing runs for it is seen */
ngx_int_t ngx_http_gemini_handler_watch(ngx_http_request_t *r);


#endif /* _NGX_HTTP_GEMINI_HANDLER_H_INCLUDED_ */
