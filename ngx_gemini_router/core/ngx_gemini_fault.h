
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * What an error body says, in any of its wire shapes (gemini-api.md 3):
 * object, array, SSE event, pretty-printed, cut off.  Judges nothing.
 */


#ifndef _NGX_GEMINI_FAULT_H_INCLUDED_
#define _NGX_GEMINI_FAULT_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_classify.h"


#define NGX_GEMINI_FAULT_TEXT   4096
#define NGX_GEMINI_FAULT_WORD   64


typedef struct {
    u_char                     id[NGX_GEMINI_QUOTA_ID_MAX];
    size_t                     id_len;
    uint64_t                   value;
    unsigned                   has_value:1;
    unsigned                   zero:1;     /* "0", or left out */
} ngx_gemini_fault_quota_t;


typedef struct {
    int64_t                    code;       /* 0: none, or a word */
    uint64_t                   retry;      /* ms, RetryInfo or message */

    /* texts end with a zero byte */
    u_char                     word[NGX_GEMINI_FAULT_WORD];   /* code */
    u_char                     status[NGX_GEMINI_FAULT_WORD];
    u_char                     reason[NGX_GEMINI_FAULT_WORD];

    ngx_gemini_fault_quota_t   quotas[NGX_GEMINI_VIOLATIONS_MAX];
    ngx_uint_t                 nquotas;

    ngx_gemini_fault_quota_t   quota;      /* being read */
    ngx_uint_t                 details;    /* other than Help */

    unsigned                   found:1;    /* there is an error in it */
    unsigned                   empty:1;    /* nothing but white space */
    unsigned                   html:1;
    unsigned                   array:1;
    unsigned                   help:1;     /* among the details */

    /* the message in lower case; the last member, of which most is unset */
    u_char                     text[NGX_GEMINI_FAULT_TEXT];
} ngx_gemini_fault_t;


void ngx_gemini_fault_read(ngx_gemini_fault_t *fault, const u_char *p,
    size_t len);

/* skips a byte order mark, white space and SSE field names before JSON */
const u_char *ngx_gemini_fault_skip(const u_char *p, const u_char *last);

/* the first place of a text in lower case that begins with a letter, whatever
   the case at p; or NULL */
const u_char *ngx_gemini_fault_find(const u_char *p, const u_char *last,
    const char *text);


#endif /* _NGX_GEMINI_FAULT_H_INCLUDED_ */
