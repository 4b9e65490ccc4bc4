
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * What the members of a request body say, once they are read: for
 * ngx_gemini_body.c.  NGX_ERROR: that is no JSON.
 */


#ifndef _NGX_GEMINI_MEMBER_H_INCLUDED_
#define _NGX_GEMINI_MEMBER_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_body.h"


/* a name of an object's that is this place, unescaped */
void ngx_gemini_member_name(ngx_gemini_body_t *body, uint32_t place,
    const u_char *p, size_t len);

/* one in body->text: it has escapes, is long, or came in two pieces */
ngx_int_t ngx_gemini_member_escaped(ngx_gemini_body_t *body, uint32_t place);

/* the model in body->text, its last quote at offset */
ngx_int_t ngx_gemini_member_model(ngx_gemini_body_t *body, uint64_t offset);

/* a number, true, false or null in body->text */
ngx_int_t ngx_gemini_member_literal(ngx_gemini_body_t *body);


#endif /* _NGX_GEMINI_MEMBER_H_INCLUDED_ */
