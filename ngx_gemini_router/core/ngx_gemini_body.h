
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * A scanner for request bodies of any size: fed in pieces as they arrive,
 * constant memory, memchr() inside strings.  Notes where the model is named,
 * a few members and, where that is wanted, the resources that it names.  It
 * never refuses a body: what it cannot read (Google's parser is lenient,
 * gemini-api.md 1.3) ends the scan with failed set and the body passes
 * untouched.
 */


#ifndef _NGX_GEMINI_BODY_H_INCLUDED_
#define _NGX_GEMINI_BODY_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_refs.h"


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
    NGX_GEMINI_BODY_BATCH = 8,         /* "batch"."model" */
    NGX_GEMINI_BODY_MENTIONS = 16,     /* what belongs to a project */
    NGX_GEMINI_BODY_ANSWER = 32        /* .. in an answer, for
                                          ngx_gemini_refs_answer.c */
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
    unsigned                   store_false:1;  /* .. and is false */
    unsigned                   background:1;   /* top "background": true */
    unsigned                   usage:1;    /* top "stream_options" is there */

    /* of MENTIONS, at any depth */
    unsigned                   signature:1;    /* of a thought */
    unsigned                   cached:1;       /* cachedContent */
    unsigned                   continuation:1; /* continuationToken */

    /* state, private to the room */
    ngx_gemini_refs_t         *refs;       /* or NULL */
    ngx_gemini_ref_e           id;         /* what "id" of an answer is of */
    ngx_gemini_body_want_e     want;
    uint8_t                    state;
    uint8_t                    escape;
    uint8_t                    is_key;     /* this string is a key */
    uint8_t                    known;      /* .. of a place that matters */
    uint8_t                    capture;    /* its text is wanted */
    uint8_t                    overflow;   /* .. but longer than text */
    uint8_t                    mentions;   /* .. are looked for */
    uint8_t                    answer;     /* .. in an answer */
    uint32_t                   depth;
    uint32_t                   member;     /* that the value belongs to */
    uint32_t                   path[4];    /* which place, by depth */
    uint32_t                   mention;    /* what the member mentions */
    uint32_t                   kind;       /* what this string mentions */
    uint32_t                   item;       /* depths of open ones, 0: none */
    uint32_t                   labels;
    uint32_t                   quiet;
    uint32_t                   mute;
    ngx_gemini_token_t         hash;
    uint64_t                   token;      /* offset of the string's quote */
    size_t                     text_len;
    u_char                     text[(NGX_GEMINI_MODEL_MAX + 7) * 6];
    uint64_t                   arrays[NGX_GEMINI_BODY_DEPTH / 64];
    uint8_t                    lists[NGX_GEMINI_BODY_DEPTH];
                                           /* what elements mention */
} ngx_gemini_body_t;


/* refs: where to add what MENTIONS finds, NULL: only the flags */
void ngx_gemini_body_init(ngx_gemini_body_t *body,
    ngx_gemini_body_want_e want, ngx_gemini_refs_t *refs);
void ngx_gemini_body_feed(ngx_gemini_body_t *body, const u_char *p,
    size_t len);

/* after the last piece; sets failed when the body ended midway */
void ngx_gemini_body_end(ngx_gemini_body_t *body);


#endif /* _NGX_GEMINI_BODY_H_INCLUDED_ */
