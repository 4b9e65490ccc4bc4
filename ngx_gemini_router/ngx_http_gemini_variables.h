
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The $gemini_* variables.
 */


#ifndef _NGX_HTTP_GEMINI_VARIABLES_H_INCLUDED_
#define _NGX_HTTP_GEMINI_VARIABLES_H_INCLUDED_


#include "ngx_http_gemini_module.h"


/* preconfiguration */
ngx_int_t ngx_http_gemini_variables_add(ngx_conf_t *cf);


#endif /* _NGX_HTTP_GEMINI_VARIABLES_H_INCLUDED_ */
