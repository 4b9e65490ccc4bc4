
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Strings, numbers and words of a request body, which may come in several
 * pieces: for ngx_gemini_body.c.
 */


#ifndef _NGX_GEMINI_TEXT_H_INCLUDED_
#define _NGX_GEMINI_TEXT_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_body.h"
#include "ngx_gemini_scan.h"


/* a string this long costs less 16 bytes at a time than by memchr() */
#define NGX_GEMINI_TEXT_NEAR  256


/* the first quote or backslash from p on, if it is near */
static ngx_inline const u_char *ngx_gemini_text_near(const u_char *p,
    const u_char *end);

/* a string or a word begins */
void ngx_gemini_text_begin(ngx_gemini_body_t *body, ngx_uint_t capture);

/*
 * From p inside a string to the quote that ends it, or end when that is not in
 * this piece; what it says is taken.  Up to near there is no quote and no
 * backslash.  NULL: the scan has failed.
 */
const u_char *ngx_gemini_text_string(ngx_gemini_body_t *body,
    const u_char *p, const u_char *near, const u_char *end,
    ngx_uint_t name);

/* behind true, false or null, or end; NULL: it is something else */
const u_char *ngx_gemini_text_word(ngx_gemini_body_t *body, const u_char *p,
    const u_char *end);

/* behind what numbers and words consist of, or end */
const u_char *ngx_gemini_text_plain(const u_char *p, const u_char *end);


static ngx_inline const u_char *
ngx_gemini_text_near(const u_char *p, const u_char *end)
{
    return ngx_gemini_scan_near(p, p + ngx_min(NGX_GEMINI_TEXT_NEAR, end - p));
}


#endif /* _NGX_GEMINI_TEXT_H_INCLUDED_ */
