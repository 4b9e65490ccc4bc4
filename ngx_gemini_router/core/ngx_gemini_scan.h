
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * What the scanners of bodies and answers share: running over a JSON string
 * at the speed of memchr(), and unescaping a short one.
 */


#ifndef _NGX_GEMINI_SCAN_H_INCLUDED_
#define _NGX_GEMINI_SCAN_H_INCLUDED_


#include "ngx_gemini.h"


/*
 * From p inside a string to the quote that ends it, or end when that is not
 * in this piece.  *escape: the last byte was a backslash that escapes the
 * next; carried from piece to piece, 0 at the start of a string.
 */
const u_char *ngx_gemini_scan_string(const u_char *p, const u_char *end,
    ngx_uint_t *escape);

/*
 * The quote that ends a short name without escapes, p behind its first one;
 * NULL: it is another, or not all in this piece.
 */
const u_char *ngx_gemini_scan_name(const u_char *p, const u_char *end);

/*
 * The text between the quotes, unescaped to UTF-8; *n bytes at dst.
 * NGX_DECLINED: longer than size; NGX_ERROR: not a JSON string; then *n bytes
 * of it are at dst all the same.
 */
ngx_int_t ngx_gemini_scan_unescape(const u_char *p, size_t len, u_char *dst,
    size_t size, size_t *n);


#endif /* _NGX_GEMINI_SCAN_H_INCLUDED_ */
