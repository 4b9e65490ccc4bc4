
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * A scanner for request bodies of any size: fed in pieces as they arrive,
 * bounded memory, memchr() inside strings.  Notes where the model is named,
 * a few members and, where that is wanted, the resources that it names.  It
 * never refuses a body: what it cannot read (Google's parser is lenient,
 * gemini-api.md 1.3) ends the scan with failed set and the body passes
 * untouched.
 */


#ifndef _NGX_GEMINI_BODY_H_INCLUDED_
#define _NGX_GEMINI_BODY_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_refs.h"
#include "ngx_gemini_word.h"


#define NGX_GEMINI_BODY_SPANS   128
#define NGX_GEMINI_BODY_KEY     64
#define NGX_GEMINI_BODY_DEPTH   512

/* bytes of a text that are looked at: a name whose every byte is escaped */
#define NGX_GEMINI_BODY_TEXT    ((NGX_GEMINI_MODEL_MAX + 7) * 6)

/* depths that ngx_gemini_body_t itself has room for */
#define NGX_GEMINI_BODY_LEVELS  16

/* what alloc() is asked for at most, where want has no models */
#define NGX_GEMINI_BODY_MEMORY  (NGX_GEMINI_BODY_TEXT + NGX_GEMINI_BODY_DEPTH)


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


/* memory that lives as long as the results; NULL: there is none, the scan
   fails */
typedef void *(*ngx_gemini_body_alloc_pt)(void *data, size_t size);


typedef struct {
    /* results */
    ngx_gemini_span_t         *spans;
    u_char                    *model;      /* of the first span, unescaped,
                                              "models/" cut off */
    uint32_t                   nspans;
    uint32_t                   model_len;
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
    uint8_t                    want;
    uint8_t                    id;         /* what "id" of an answer is of */
    uint8_t                    state;
    uint8_t                    member;     /* that the value belongs to */
    uint8_t                    mention;    /* what the member mentions */
    uint8_t                    kind;       /* what this string mentions */
    uint8_t                    escape;
    uint8_t                    capture;    /* this string's text is wanted */
    uint8_t                    overflow;   /* .. but longer than TEXT */
    uint8_t                    marked;     /* one of the four below is set */
    uint16_t                   depth;
    uint16_t                   item;       /* depths of open ones, 0: none */
    uint16_t                   labels;
    uint16_t                   quiet;
    uint16_t                   mute;
    uint16_t                   text_len;
    uint64_t                   levels;     /* what is open, the innermost in
                                              the lowest 4 bits */
    u_char                    *deep;       /* .. that were shifted out */
    const ngx_gemini_words_t  *words;      /* that mention, or NULL */
    u_char                    *buffer;     /* for the text of a string that
                                              came in two pieces */
    const u_char              *text;       /* in it, or in the piece */
    const u_char              *piece;
    uint64_t                   token;      /* offset of the string's quote */
    ngx_gemini_token_t         hash;
    ngx_gemini_refs_t         *refs;       /* or NULL */
    ngx_gemini_body_alloc_pt   alloc;
    void                      *data;
} ngx_gemini_body_t;


/* refs: where to add what MENTIONS finds, NULL: only the flags; data: of
   alloc() */
void ngx_gemini_body_init(ngx_gemini_body_t *body,
    ngx_gemini_body_want_e want, ngx_gemini_refs_t *refs,
    ngx_gemini_body_alloc_pt alloc, void *data);
void ngx_gemini_body_feed(ngx_gemini_body_t *body, const u_char *p,
    size_t len);

/* after the last piece; sets failed when the body ended midway */
void ngx_gemini_body_end(ngx_gemini_body_t *body);


#endif /* _NGX_GEMINI_BODY_H_INCLUDED_ */
