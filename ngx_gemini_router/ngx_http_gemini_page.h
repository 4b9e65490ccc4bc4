
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The operator's page: one HTML document that reads the status and, where it
 * is told of one, talks to gemini_control.  Its source is page/status.html.
 */


#ifndef _NGX_HTTP_GEMINI_PAGE_H_INCLUDED_
#define _NGX_HTTP_GEMINI_PAGE_H_INCLUDED_


#include "ngx_http_gemini_module.h"


/* ngx_http_gemini_page_html.c: what stands before and after control's URI */
extern const char    ngx_http_gemini_page_policy[];
extern const size_t  ngx_http_gemini_page_policy_len;
extern const char    ngx_http_gemini_page_head[];
extern const size_t  ngx_http_gemini_page_head_len;
extern const char    ngx_http_gemini_page_tail[];
extern const size_t  ngx_http_gemini_page_tail_len;


/* control: where gemini_control is, may be empty; what to finalize with */
ngx_int_t ngx_http_gemini_page_send(ngx_http_request_t *r,
    ngx_str_t *control);


#endif /* _NGX_HTTP_GEMINI_PAGE_H_INCLUDED_ */
