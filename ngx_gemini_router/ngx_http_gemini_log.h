
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * What the error log hears: attempts, waits and refusals at info, changes of
 * state at notice and warn, requests that the pool could not serve at err; once
 * each, with $request_id.  Labels only, no secret and no text of bodies.
 */


#ifndef _NGX_HTTP_GEMINI_LOG_H_INCLUDED_
#define _NGX_HTTP_GEMINI_LOG_H_INCLUDED_


#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_attempt.h"
#include "ngx_gemini_answer.h"


/* an attempt, and what was decided */
void ngx_http_gemini_log_next(ngx_http_gemini_attempt_t *at,
    ngx_gemini_step_e step);

/* .. the last one of a request whose end its verdict tells */
void ngx_http_gemini_log_end(ngx_http_gemini_attempt_t *at);

/* the request has come into the queue */
void ngx_http_gemini_log_wait(ngx_http_gemini_ctx_t *ctx);

/* .. gets an answer of our own */
void ngx_http_gemini_log_answer(ngx_http_gemini_ctx_t *ctx,
    ngx_gemini_error_t *error);

void ngx_http_gemini_log_changes(ngx_http_gemini_ctx_t *ctx,
    ngx_gemini_settle_t *settle);

/* .. of no request */
void ngx_http_gemini_log_settle(ngx_http_gemini_pool_conf_t *pcf,
    ngx_log_t *log, ngx_gemini_settle_t *settle);

/* $request_id, "-" if there is none */
void ngx_http_gemini_log_request(ngx_http_request_t *r, ngx_str_t *id);

/* .. as events have it, NGX_GEMINI_REQUEST_ID bytes; NULL if none */
u_char *ngx_http_gemini_log_id(ngx_http_gemini_ctx_t *ctx);


#endif /* _NGX_HTTP_GEMINI_LOG_H_INCLUDED_ */
