
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Lines of a key file: KEY name=... project=...  '#' begins a comment.
 * Words are separated by blanks; a word may be quoted as a whole.
 */


#ifndef _NGX_GEMINI_KEYFILE_H_INCLUDED_
#define _NGX_GEMINI_KEYFILE_H_INCLUDED_


#include "ngx_gemini.h"


#define NGX_GEMINI_KEYFILE_WORDS  16


typedef struct {
    ngx_str_t                  words[NGX_GEMINI_KEYFILE_WORDS];
    ngx_uint_t                 nwords;     /* 0: a blank line or comment */
    const char                *error;      /* what is wrong, if NGX_ERROR */
} ngx_gemini_keyline_t;


/*
 * reads the line at *p, moves *p behind its end (LF, CRLF or last); words
 * point into the text, quotes cut off; NGX_OK, NGX_ERROR, or NGX_DONE when
 * nothing is left
 */
ngx_int_t ngx_gemini_keyfile_line(u_char **p, u_char *last,
    ngx_gemini_keyline_t *line);


#endif /* _NGX_GEMINI_KEYFILE_H_INCLUDED_ */
