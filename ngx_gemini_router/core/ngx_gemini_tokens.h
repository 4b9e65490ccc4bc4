
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Token counts out of one usage object of any surface, gemini-api.md 5.2.
 */


#ifndef _NGX_GEMINI_TOKENS_H_INCLUDED_
#define _NGX_GEMINI_TOKENS_H_INCLUDED_


#include "ngx_gemini.h"


/* every count -1: not told */
void ngx_gemini_tokens_init(ngx_gemini_tokens_t *tokens);

/* the object's text, braces included; what it lacks keeps its value */
void ngx_gemini_tokens_read(ngx_gemini_tokens_t *tokens, const u_char *p,
    size_t len);


#endif /* _NGX_GEMINI_TOKENS_H_INCLUDED_ */
