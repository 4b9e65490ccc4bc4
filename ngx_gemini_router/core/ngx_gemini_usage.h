
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Token counts out of an answer while it streams: JSON, SSE, JSON array,
 * OpenAI (gemini-api.md 5).  Fed in pieces of any size, bounded memory, many
 * bytes at a time over what nobody asks for.  A usage object counts when it
 * has ended.  The counts are cumulative, the last one seen wins; a field that
 * a later object lacks keeps its value.
 */


#ifndef _NGX_GEMINI_USAGE_H_INCLUDED_
#define _NGX_GEMINI_USAGE_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_sse.h"
#include "ngx_gemini_tokens.h"


#define NGX_GEMINI_USAGE_LEVELS  4         /* interaction, usage, details */
#define NGX_GEMINI_USAGE_ID      128
#define NGX_GEMINI_USAGE_KEY     32


typedef struct {
    /* results */
    ngx_gemini_tokens_t        tokens;
    u_char                     id[NGX_GEMINI_USAGE_ID]; /* responseId, id */
    size_t                     id_len;
    uint64_t                   size;       /* bytes seen */
    uint64_t                   events;     /* SSE events ended */
    unsigned                   boundary:1; /* the last byte ended an event */
    unsigned                   late_error:1;     /* an "error" member came
                                              at the top of a later event */
    unsigned                   done:1;     /* data: [DONE] */
    unsigned                   sse:1;
    unsigned                   token:1;    /* the last piece, if it is JSON,
                                              holds "continuationToken" */

    /* state, private to the room */
    ngx_gemini_surface_e       surface;
    uint8_t                    state;      /* of the JSON scanner */
    uint8_t                    member;     /* that the value belongs to */
    uint8_t                    expect_key;
    uint8_t                    escape;
    uint8_t                    overflow;   /* key or number too long */
    ngx_gemini_sse_t           lines;
    uint32_t                   depth;
    uint32_t                   base;       /* depth of an answer's members */
    uint32_t                   level;      /* depth of the keys looked at */
    uint32_t                   places[NGX_GEMINI_USAGE_LEVELS];   /* in tokens,
                                              by level - base; 0: above it */
    uint64_t                   answers;    /* whole ones, in array or SSE */
    u_char                     key[NGX_GEMINI_USAGE_KEY];
    size_t                     key_len;
    ngx_gemini_tokens_told_t   told;       /* by the object at hand */
    const ngx_gemini_tokens_field_t *field;      /* of the value, or NULL */
} ngx_gemini_usage_t;


void ngx_gemini_usage_init(ngx_gemini_usage_t *usage, ngx_uint_t sse,
    ngx_gemini_surface_e surface);
void ngx_gemini_usage_feed(ngx_gemini_usage_t *usage, const u_char *p,
    size_t len);


#endif /* _NGX_GEMINI_USAGE_H_INCLUDED_ */
