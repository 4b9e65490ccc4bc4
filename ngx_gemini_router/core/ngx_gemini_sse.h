
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The lines of an event stream (gemini-api.md 5.3), in pieces of any size
 * and without memory of them: what follows "data:" is handed on as it comes.
 */


#ifndef _NGX_GEMINI_SSE_H_INCLUDED_
#define _NGX_GEMINI_SSE_H_INCLUDED_


#include "ngx_gemini.h"


/* a piece of data; p NULL: forget the event so far, another begins */
typedef void (*ngx_gemini_sse_pt)(void *data, const u_char *p,
    const u_char *end);


typedef struct {
    /* results */
    uint64_t                   events;     /* ended, with data */
    unsigned                   boundary:1; /* the last byte ended an event */
    unsigned                   done:1;     /* data: [DONE] */

    /* set by the handler: bare JSON has not ended yet */
    unsigned                   open:1;

    /* state, private to the room */
    unsigned                   line:8;
    unsigned                   content:1;  /* the line is not empty */
    unsigned                   data:1;     /* the event has data */
    unsigned                   cr:1;       /* CR ended the last line */
    unsigned                   bare_cr:1;  /* .. and no LF followed it */
    unsigned                   blank:1;    /* .. and the line was empty */
    unsigned                   matched:4;  /* of "data:", then "[DONE]" */
} ngx_gemini_sse_t;


/* sse begins as zeroes */
void ngx_gemini_sse_feed(ngx_gemini_sse_t *sse, const u_char *p, size_t len,
    ngx_gemini_sse_pt handler, void *data);


#endif /* _NGX_GEMINI_SSE_H_INCLUDED_ */
