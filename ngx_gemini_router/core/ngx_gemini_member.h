
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * What the members of a request body say, once they are read: for
 * ngx_gemini_body.c.  NGX_ERROR: that is no JSON, or there is no memory.
 */


#ifndef _NGX_GEMINI_MEMBER_H_INCLUDED_
#define _NGX_GEMINI_MEMBER_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_body.h"
#include "ngx_gemini_mention.h"
#include "ngx_gemini_place.h"


/* the name of a member, unescaped */
static ngx_inline void ngx_gemini_member_name(ngx_gemini_body_t *body,
    const u_char *p, size_t len);

/* .. in a place that matters */
void ngx_gemini_member_place(ngx_gemini_body_t *body, const u_char *p,
    size_t len);

/* the name in body->text: it has escapes, is long, or came in two pieces */
ngx_int_t ngx_gemini_member_escaped(ngx_gemini_body_t *body);

/* the model in body->text, its last quote at offset */
ngx_int_t ngx_gemini_member_model(ngx_gemini_body_t *body, uint64_t offset);

/* true, false or null in body->text */
ngx_int_t ngx_gemini_member_literal(ngx_gemini_body_t *body);


static ngx_inline void
ngx_gemini_member_name(ngx_gemini_body_t *body, const u_char *p, size_t len)
{
    ngx_uint_t  mention;

    if (body->words != NULL) {
        mention = ngx_gemini_word_find(body->words, p, len);

        if (mention != NGX_GEMINI_MENTION_NONE) {
            ngx_gemini_mention_name(body, mention);
        }
    }

    if ((body->levels & 15) > NGX_GEMINI_PLACE_OBJECT) {
        ngx_gemini_member_place(body, p, len);
    }
}


#endif /* _NGX_GEMINI_MEMBER_H_INCLUDED_ */
