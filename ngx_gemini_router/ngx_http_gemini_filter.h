
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Header and body filters of an attempt: hold, judge, capture, release; and
 * the request body filter that feeds the scanner.
 */


#ifndef _NGX_HTTP_GEMINI_FILTER_H_INCLUDED_
#define _NGX_HTTP_GEMINI_FILTER_H_INCLUDED_


#include "ngx_http_gemini_module.h"


/* postconfiguration: installs the filters, only if a pool is configured */
ngx_int_t ngx_http_gemini_filter_init(ngx_conf_t *cf);

/* the answer is good: its header goes to the client, there is no way back */
ngx_int_t ngx_http_gemini_filter_commit(ngx_http_gemini_attempt_t *at);

/* a piece of a good answer's body: counted and handed on */
ngx_int_t ngx_http_gemini_filter_stream(ngx_http_gemini_attempt_t *at,
    ngx_chain_t *in);

/* the header of a subrequest becomes the main request's, not sent yet */
ngx_int_t ngx_http_gemini_filter_hand_up(ngx_http_request_t *r,
    ngx_http_request_t *sr);


#endif /* _NGX_HTTP_GEMINI_FILTER_H_INCLUDED_ */
