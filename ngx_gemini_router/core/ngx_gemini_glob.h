
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Globs over labels and model names: '*' any run, '?' one byte, the rest to
 * the letter.  Linear in pattern x text, no recursion.
 */


#ifndef _NGX_GEMINI_GLOB_H_INCLUDED_
#define _NGX_GEMINI_GLOB_H_INCLUDED_


#include "ngx_gemini.h"


/* 1 if the whole of text matches */
ngx_uint_t ngx_gemini_glob(const ngx_str_t *pattern, const ngx_str_t *text);

/* 1 if text matches one of the comma separated globs of list */
ngx_uint_t ngx_gemini_glob_list(const ngx_str_t *list, const ngx_str_t *text);


#endif /* _NGX_GEMINI_GLOB_H_INCLUDED_ */
