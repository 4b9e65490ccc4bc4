
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * What $gemini_trail says: each attempt, its end and its time.
 */


#ifndef _NGX_HTTP_GEMINI_TRAIL_H_INCLUDED_
#define _NGX_HTTP_GEMINI_TRAIL_H_INCLUDED_


#include "ngx_http_gemini_module.h"


/* NGX_DECLINED: there was no attempt; text is in the request's memory */
ngx_int_t ngx_http_gemini_trail_text(ngx_http_gemini_ctx_t *ctx,
    ngx_str_t *text);


#endif /* _NGX_HTTP_GEMINI_TRAIL_H_INCLUDED_ */
