
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Request targets as bytes: decoding a path as nginx does, encoding it
 * again, walking over the arguments.
 */


#ifndef _NGX_GEMINI_URI_H_INCLUDED_
#define _NGX_GEMINI_URI_H_INCLUDED_


#include "ngx_gemini.h"


/* of bytes, RFC 3986 */
#define NGX_GEMINI_URI_PLAIN    0x01      /* pchar and "/" */
#define NGX_GEMINI_URI_SEGMENT  0x02      /* pchar */
#define NGX_GEMINI_URI_NAME     0x04      /* in the name of a model */

extern const u_char  ngx_gemini_uri_classes[256];


/* one argument, all of it raw */

typedef struct {
    ngx_str_t                  whole;      /* name=value */
    ngx_str_t                  name;
    ngx_str_t                  value;
} ngx_gemini_uri_arg_t;


/*
 * path: percent-decoded at dst, slashes merged, dot segments resolved, as
 * nginx does; at most uri->len bytes.  args: raw, in uri.  plain: 1: the path
 * is sure to be escaped to itself.  NGX_ERROR: bad encoding, a zero byte, no
 * slash at the head, ".." above the root.
 */
ngx_int_t ngx_gemini_uri_decode(const ngx_str_t *uri, u_char *dst,
    ngx_str_t *path, ngx_str_t *args, ngx_uint_t *plain);

/* 1: all bytes may stand in the name of a model */
ngx_uint_t ngx_gemini_uri_name(const u_char *p, size_t len);

/* a byte percent-decoded at *p, which is moved; NGX_ERROR: bad encoding */
ngx_int_t ngx_gemini_uri_byte(const u_char **p, const u_char *end);

/* appends path bytes, percent-encoding what must be; NULL: no room */
u_char *ngx_gemini_uri_escape(u_char *p, u_char *last, const u_char *src,
    size_t len);

/* cuts the next argument off args; NGX_DONE: none left */
ngx_int_t ngx_gemini_uri_next(ngx_str_t *args, ngx_gemini_uri_arg_t *arg);

/* whether raw bytes are this word once decoded */
ngx_uint_t ngx_gemini_uri_is(const u_char *p, size_t len, const char *word);


#endif /* _NGX_GEMINI_URI_H_INCLUDED_ */
