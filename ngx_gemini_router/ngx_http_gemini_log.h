
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * What the error log hears: attempts at info, changes of state at notice and
 * warn, once each.  Labels only, no secret and no text of bodies.
 */


#ifndef _NGX_HTTP_GEMINI_LOG_H_INCLUDED_
#define _NGX_HTTP_GEMINI_LOG_H_INCLUDED_


#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_attempt.h"


void ngx_http_gemini_log_attempt(ngx_http_gemini_attempt_t *at);
void ngx_http_gemini_log_changes(ngx_http_gemini_ctx_t *ctx,
    ngx_gemini_settle_t *settle);

/* .. of no request */
void ngx_http_gemini_log_settle(ngx_http_gemini_pool_conf_t *pcf,
    ngx_log_t *log, ngx_gemini_settle_t *settle);

/* $request_id of the request, NGX_GEMINI_REQUEST_ID bytes; NULL if none */
u_char *ngx_http_gemini_log_id(ngx_http_gemini_ctx_t *ctx);


#endif /* _NGX_HTTP_GEMINI_LOG_H_INCLUDED_ */
