
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Which objects of an answer the scanner of token counts looks into, and what
 * it looks for there.
 */


#ifndef _NGX_GEMINI_USAGE_LEVEL_H_INCLUDED_
#define _NGX_GEMINI_USAGE_LEVEL_H_INCLUDED_


#include "ngx_gemini_usage.h"


typedef enum {
    NGX_GEMINI_USAGE_NONE = 0,
    NGX_GEMINI_USAGE_TOKENS,               /* the usage object */
    NGX_GEMINI_USAGE_NAMED,                /* the id of the answer */
    NGX_GEMINI_USAGE_INNER,                /* an object with these members */
    NGX_GEMINI_USAGE_ERROR,

    /* from here on numbers */

    NGX_GEMINI_USAGE_TOTAL,                /* of countTokens */
    NGX_GEMINI_USAGE_CACHED,
    NGX_GEMINI_USAGE_FIELD                 /* of the usage object */
} ngx_gemini_usage_member_e;


/* a bracket opens or closes at the level, or above it */
void ngx_gemini_usage_open(ngx_gemini_usage_t *usage, u_char ch);
void ngx_gemini_usage_close(ngx_gemini_usage_t *usage);

/* the members of an answer by name; OpenAI's also of interactions */
ngx_gemini_usage_member_e ngx_gemini_usage_native(const u_char *name,
    size_t len);
ngx_gemini_usage_member_e ngx_gemini_usage_openai(
    ngx_gemini_surface_e surface, const u_char *name, size_t len);


#endif /* _NGX_GEMINI_USAGE_LEVEL_H_INCLUDED_ */
