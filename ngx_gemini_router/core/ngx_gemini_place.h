
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


/* objects and arrays; a mask for the table of members */

typedef enum {
    NGX_GEMINI_PLACE_NONE = 0,
    NGX_GEMINI_PLACE_TOP = 1,
    NGX_GEMINI_PLACE_REQUESTS = 2,         /* the array */
    NGX_GEMINI_PLACE_REQUEST = 4,          /* an element of it */
    NGX_GEMINI_PLACE_COUNT = 8,
    NGX_GEMINI_PLACE_BATCH = 16
} ngx_gemini_place_e;


/* places that have members */
#define NGX_GEMINI_PLACE_OBJECTS                                              \
    (NGX_GEMINI_PLACE_TOP | NGX_GEMINI_PLACE_REQUEST                          \
     | NGX_GEMINI_PLACE_COUNT | NGX_GEMINI_PLACE_BATCH)


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


/* the member by its name, unescaped */
uint32_t ngx_gemini_place_member(uint32_t place, const u_char *name,
    size_t len);

/* the place that this member's value is, or an element of an array */
uint32_t ngx_gemini_place_inside(uint32_t place, uint32_t member,
    ngx_uint_t array, ngx_uint_t want);


#endif /* _NGX_GEMINI_PLACE_H_INCLUDED_ */
