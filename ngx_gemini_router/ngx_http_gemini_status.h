
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * gemini_status: copies the pool out of the zone, at most 64 records a hold,
 * and renders it in slices.
 */


#ifndef _NGX_HTTP_GEMINI_STATUS_H_INCLUDED_
#define _NGX_HTTP_GEMINI_STATUS_H_INCLUDED_


#include "ngx_http_gemini_module.h"


/* the content handler of gemini_status */
ngx_int_t ngx_http_gemini_status_handler(ngx_http_request_t *r);


#endif /* _NGX_HTTP_GEMINI_STATUS_H_INCLUDED_ */
