
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Where in a request body the members stand that matter: the places that the
 * body scanner walks through (gemini-api.md 1.3), and their members.
 */


#ifndef _NGX_GEMINI_PLACE_H_INCLUDED_
#define _NGX_GEMINI_PLACE_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_body.h"
#include "ngx_gemini_word.h"


/* what is open, in 4 bits; less is an array, whose strings mention this, up to
   NGX_GEMINI_MENTION_SIGNATURE */

typedef enum {
    NGX_GEMINI_PLACE_REQUESTS = 11,        /* the array */
    NGX_GEMINI_PLACE_OBJECT,               /* one that does not matter */
    NGX_GEMINI_PLACE_TOP,
    NGX_GEMINI_PLACE_INNER                 /* one whose "model" counts */
} ngx_gemini_place_e;


typedef enum {
    NGX_GEMINI_MEMBER_OTHER = 0,
    NGX_GEMINI_MEMBER_MODEL,
    NGX_GEMINI_MEMBER_REQUESTS,
    NGX_GEMINI_MEMBER_COUNT,
    NGX_GEMINI_MEMBER_BATCH,
    NGX_GEMINI_MEMBER_STREAM,
    NGX_GEMINI_MEMBER_STORE,
    NGX_GEMINI_MEMBER_BACKGROUND,
    NGX_GEMINI_MEMBER_OPTIONS
} ngx_gemini_member_e;


/* the member by its name, unescaped, of TOP or INNER */
ngx_uint_t ngx_gemini_place_member(ngx_uint_t place, const u_char *name,
    size_t len);


#endif /* _NGX_GEMINI_PLACE_H_INCLUDED_ */
