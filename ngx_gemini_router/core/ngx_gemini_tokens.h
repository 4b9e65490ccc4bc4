
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Token counts of one usage object of any surface, gemini-api.md 5.2: its
 * members by name, and what they mean together.
 */


#ifndef _NGX_GEMINI_TOKENS_H_INCLUDED_
#define _NGX_GEMINI_TOKENS_H_INCLUDED_


#include "ngx_gemini.h"


#define NGX_GEMINI_TOKENS_DIGITS  18       /* that fit in an int64_t */


/* where a member stands; a mask */

typedef enum {
    NGX_GEMINI_TOKENS_USAGE = 1,           /* in the usage object itself */
    NGX_GEMINI_TOKENS_OUTPUT = 2,          /* in the details of output .. */
    NGX_GEMINI_TOKENS_PROMPT = 4           /* .. and of the prompt */
} ngx_gemini_tokens_place_e;


/* what one object tells */

typedef struct {
    ngx_gemini_tokens_t        tokens;
    ngx_uint_t                 openai;     /* its form */
} ngx_gemini_tokens_told_t;


typedef struct {
    size_t                     offset;     /* of a count, in the tokens */
    ngx_uint_t                 openai;     /* tells the form */
    ngx_uint_t                 inner;      /* or a place, of an object */
} ngx_gemini_tokens_field_t;


/* every count -1: not told */
void ngx_gemini_tokens_init(ngx_gemini_tokens_t *tokens);

/* NULL: says nothing to us */
const ngx_gemini_tokens_field_t *ngx_gemini_tokens_field(ngx_uint_t place,
    const u_char *name, size_t len);

/* a number as it is written; NGX_ERROR: no whole number from 0 on */
ngx_int_t ngx_gemini_tokens_number(const ngx_str_t *value, int64_t *n);

void ngx_gemini_tokens_set(ngx_gemini_tokens_told_t *told,
    const ngx_gemini_tokens_field_t *field, int64_t n);

/* the end of the object; what it lacks keeps its value */
void ngx_gemini_tokens_keep(ngx_gemini_tokens_t *tokens,
    ngx_gemini_tokens_told_t *told);


#endif /* _NGX_GEMINI_TOKENS_H_INCLUDED_ */
