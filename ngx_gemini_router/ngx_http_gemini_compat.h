
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * What differs between nginx 1.22 and current ones; the only file that looks
 * at nginx_version.
 */


#ifndef _NGX_HTTP_GEMINI_COMPAT_H_INCLUDED_
#define _NGX_HTTP_GEMINI_COMPAT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/* since 1.23.0 headers of one name are linked and need no array */

#if (nginx_version >= 1023000)
#define ngx_http_gemini_header_end(h)  (h)->next = NULL
#else
#define ngx_http_gemini_header_end(h)
#endif


#endif /* _NGX_HTTP_GEMINI_COMPAT_H_INCLUDED_ */
