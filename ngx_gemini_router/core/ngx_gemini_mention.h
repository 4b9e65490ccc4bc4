
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Members that name what a project owns, at any depth of a request's body
 * or of an answer (gemini-api.md 1.8): for ngx_gemini_body.c.
 */


#ifndef _NGX_GEMINI_MENTION_H_INCLUDED_
#define _NGX_GEMINI_MENTION_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_body.h"
#include "ngx_gemini_word.h"


typedef enum {
    NGX_GEMINI_MENTION_NONE = 0,

    /* what a string value, or each string in an array, is taken as */

    NGX_GEMINI_MENTION_URI,             /* only with a telling prefix */
    NGX_GEMINI_MENTION_FILE,            /* bare ids too, as all below */
    NGX_GEMINI_MENTION_CACHE,
    NGX_GEMINI_MENTION_STORE,
    NGX_GEMINI_MENTION_INTERACTION,
    NGX_GEMINI_MENTION_ENVIRONMENT,
    NGX_GEMINI_MENTION_CREDENTIAL,
    NGX_GEMINI_MENTION_CONTINUATION,
    NGX_GEMINI_MENTION_PAGE,
    NGX_GEMINI_MENTION_SIGNATURE,       /* a flag */

    /* that count in some places only */

    NGX_GEMINI_MENTION_WHERE,           /* "environment": at the top, else
                                           it may be a tool's */
    NGX_GEMINI_MENTION_NAME,
    NGX_GEMINI_MENTION_ID,

    /* objects and arrays */

    NGX_GEMINI_MENTION_ITEM,            /* its "name" and "id" count */
    NGX_GEMINI_MENTION_LABELS,          /* its own members do not count */
    NGX_GEMINI_MENTION_QUIET,           /* no "name" or "id" inside */
    NGX_GEMINI_MENTION_MUTE             /* nothing inside */
} ngx_gemini_mention_e;


/* names of members that do, unescaped; values are of the enumeration */
extern const ngx_gemini_words_t  ngx_gemini_mention_requests;
extern const ngx_gemini_words_t  ngx_gemini_mention_answers;


/* the name of such a member was read */
void ngx_gemini_mention_name(ngx_gemini_body_t *body, ngx_uint_t mention);

/* the value of one opens as body->depth; the object or array closes in or
   below one */
void ngx_gemini_mention_open(ngx_gemini_body_t *body);
void ngx_gemini_mention_close(ngx_gemini_body_t *body);

/* a string value begins; goes on; has ended after size bytes */
void ngx_gemini_mention_begin(ngx_gemini_body_t *body, ngx_uint_t kind);
void ngx_gemini_mention_piece(ngx_gemini_body_t *body, const u_char *p,
    size_t len);
void ngx_gemini_mention_end(ngx_gemini_body_t *body, uint64_t size);


#endif /* _NGX_GEMINI_MENTION_H_INCLUDED_ */
