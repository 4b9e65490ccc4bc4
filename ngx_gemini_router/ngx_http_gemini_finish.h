
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The last word of a request: a good answer's end, the upstream's own error,
 * our own when all is lost; and the certain end of it all.
 */


#ifndef _NGX_HTTP_GEMINI_FINISH_H_INCLUDED_
#define _NGX_HTTP_GEMINI_FINISH_H_INCLUDED_


#include "ngx_http_gemini_module.h"


/* the end of an answer that the client has begun to get */
void ngx_http_gemini_finish(ngx_http_gemini_ctx_t *ctx);

/* the upstream's own words, for what is the request's own fault */
void ngx_http_gemini_finish_relay(ngx_http_gemini_ctx_t *ctx);

/* nothing more can be tried */
void ngx_http_gemini_finish_lost(ngx_http_gemini_ctx_t *ctx);

/* token counts of the answer so far */
void ngx_http_gemini_finish_tokens(ngx_http_gemini_ctx_t *ctx);

/* the request is over: counted, for gemini_select too */
void ngx_http_gemini_finish_count(ngx_http_gemini_ctx_t *ctx);

/* ngx_http_cleanup_pt of a request of gemini_pass, before the access log */
void ngx_http_gemini_finish_cleanup(void *data);


#endif /* _NGX_HTTP_GEMINI_FINISH_H_INCLUDED_ */
