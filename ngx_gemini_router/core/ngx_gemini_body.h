
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * A scanner for request bodies of any size: fed in pieces as they arrive,
 * constant memory, memchr() inside strings.  Notes where the model is named
 * and a few members.  It never refuses a body: what it cannot read (Google's
 * parser is lenient, gemini-api.md 1.3) ends the scan with failed set and
 * the body passes untouched.
 */


#ifndef _NGX_GEMINI_BODY_H_INCLUDED_
#define _NGX_GEMINI_BODY_H_INCLUDED_


#include "ngx_gemini.h"


#define NGX_GEMINI_BODY_SPANS   128
#define NGX_GEMINI_BODY_KEY     64
#define NGX_GEMINI_BODY_DEPTH   512


/* where a verb's body may name the model, gemini-api.md 1.3; a mask */

typedef enum {
    NGX_GEMINI_BODY_NONE = 0,
    NGX_GEMINI_BODY_TOP = 1,           /* "model" */
    NGX_GEMINI_BODY_REQUESTS = 2,      /* "requests"[]."model" */
    NGX_GEMINI_BODY_COUNT = 4,         /* "generateContentRequest"."model",
                                          "generate_content_request" */
    NGX_GEMINI_BODY_BATCH = 8          /* "batch"."model" */
} ngx_gemini_body_want_e;


/* a string value in the body, its quotes included */

typedef struct {
    uint64_t                   offset;
    uint32_t                   len;
    uint32_t                   prefix;     /* 1: written "models/..." */
} ngx_gemini_span_t;


typedef struct {
    /* results */
    ngx_gemini_span_t          spans[NGX_GEMINI_BODY_SPANS];
    ngx_uint_t                 nspans;
    u_char                     model[NGX_GEMINI_MODEL_MAX];
    size_t                     model_len;  /* of the first span, unescaped,
                                              "models/" cut off */
    uint64_t                   open;       /* offset after the first '{' */
    uint64_t                   size;       /* bytes seen */
    unsigned                   object:1;   /* the body is an object */
    unsigned                   empty:1;    /* .. without a member so far */
    unsigned                   failed:1;   /* unreadable: pass it untouched */
    unsigned                   differ:1;   /* spans name several models */
    unsigned                   stream:1;   /* top "stream": true */
    unsigned                   store:1;    /* top "store" is there */
    unsigned                   usage:1;    /* top "stream_options" is there */

    /* state, private to the room */
    ngx_gemini_body_want_e     want;
    unsigned                   state:8;
    unsigned                   escape:1;
    unsigned                   is_key:1;   /* this string is a key */
    unsigned                   capture:1;  /* .. and its text is wanted */
    unsigned                   overflow:1; /* .. but longer than text */
    uint32_t                   depth;
    uint32_t                   member;     /* that the value belongs to */
    uint32_t                   path[4];    /* which place, by depth */
    uint64_t                   token;      /* offset of the string's quote */
    size_t                     text_len;
    u_char                     text[(NGX_GEMINI_MODEL_MAX + 7) * 6];
    uint64_t                   arrays[NGX_GEMINI_BODY_DEPTH / 64];
} ngx_gemini_body_t;


void ngx_gemini_body_init(ngx_gemini_body_t *body,
    ngx_gemini_body_want_e want);
void ngx_gemini_body_feed(ngx_gemini_body_t *body, const u_char *p,
    size_t len);

/* after the last piece; sets failed when the body ended midway */
void ngx_gemini_body_end(ngx_gemini_body_t *body);


#endif /* _NGX_GEMINI_BODY_H_INCLUDED_ */
