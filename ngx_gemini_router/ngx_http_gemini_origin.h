
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Where a request that changes something comes from.
 */


#ifndef _NGX_HTTP_GEMINI_ORIGIN_H_INCLUDED_
#define _NGX_HTTP_GEMINI_ORIGIN_H_INCLUDED_


#include "ngx_http_gemini_module.h"


/*
 * 1: a page of another origin asks, which is told in origin.  A browser says
 * where a page comes from, a command line does not.  Pages of other ports of
 * this host are foreign, too.
 */
ngx_uint_t ngx_http_gemini_origin_foreign(ngx_http_request_t *r,
    ngx_str_t *origin);


#endif /* _NGX_HTTP_GEMINI_ORIGIN_H_INCLUDED_ */
