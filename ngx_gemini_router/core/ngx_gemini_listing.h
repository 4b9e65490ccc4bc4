
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * A page of Google's model list (gemini-api.md 1): names, output limits, what
 * a model can do, and the token of the next page.
 */


#ifndef _NGX_GEMINI_LISTING_H_INCLUDED_
#define _NGX_GEMINI_LISTING_H_INCLUDED_


#include "ngx_gemini.h"


#define NGX_GEMINI_LISTING_BYTES  262144     /* of a page */
#define NGX_GEMINI_LISTING_TOKEN  512
#define NGX_GEMINI_LISTING_PAGES  40


typedef struct {
    ngx_str_t                  name;       /* without "models/" */
    uint32_t                   output;     /* outputTokenLimit, 0: none */
    unsigned                   generates:1;      /* has generateContent */
    unsigned                   methods:1;  /* .. said what it can do */
} ngx_gemini_listed_t;


/* the name lives for the call only */
typedef void (*ngx_gemini_listing_pt)(void *data,
    const ngx_gemini_listed_t *listed);


typedef struct {
    ngx_gemini_listing_pt      handler;
    void                      *data;

    /* results */
    uint32_t                   models;
    u_char                     token[NGX_GEMINI_LISTING_TOKEN];
    size_t                     token_len;  /* 0: the last page */

    /* private: the model being read */
    ngx_gemini_listed_t        listed;
    u_char                     name[NGX_GEMINI_MODEL_MAX];
    size_t                     name_len;
} ngx_gemini_listing_t;


/* calls listing->handler for each model; NGX_ERROR: that was no page */
ngx_int_t ngx_gemini_listing_read(ngx_gemini_listing_t *listing,
    const u_char *p, size_t len);


#endif /* _NGX_GEMINI_LISTING_H_INCLUDED_ */
