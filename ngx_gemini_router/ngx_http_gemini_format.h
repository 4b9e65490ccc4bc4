
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Which format a request for the status wants.
 */


#ifndef _NGX_HTTP_GEMINI_FORMAT_H_INCLUDED_
#define _NGX_HTTP_GEMINI_FORMAT_H_INCLUDED_


#include "ngx_http_gemini_module.h"
#include "ngx_gemini_accept.h"


typedef struct {
    ngx_gemini_format_e            format;
    ngx_str_t                      name;       /* ?format=; empty: there is
                                                  none, Accept counts */
} ngx_http_gemini_format_t;


/* NGX_DECLINED: no format has that name */
ngx_int_t ngx_http_gemini_format(ngx_http_request_t *r,
    ngx_http_gemini_format_t *format);


#endif /* _NGX_HTTP_GEMINI_FORMAT_H_INCLUDED_ */
