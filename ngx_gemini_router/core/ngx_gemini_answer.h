
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Answers that the gateway writes itself, in the shape of each surface
 * (gemini-api.md 7.3, 7.4), and what it does to error bodies that it hands
 * on: unwrapping for OpenAI clients, scrubbing of secrets.
 */


#ifndef _NGX_GEMINI_ANSWER_H_INCLUDED_
#define _NGX_GEMINI_ANSWER_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_out.h"


typedef struct {
    ngx_uint_t                 status;     /* HTTP */
    ngx_str_t                  message;    /* plain text */
    const char                *reason;     /* ErrorInfo, e.g.
                                              "POOL_EXHAUSTED", or NULL */
    uint64_t                   retry;      /* ms, 0: none */
    ngx_gemini_surface_e       surface;
    unsigned                   array:1;    /* stream without alt=sse */
    unsigned                   day:1;      /* adds a QuotaFailure PerDay */
    unsigned                   names:1;    /* message has names of the
                                              client's: not for logs */
    ngx_str_t                  model;      /* for it; may be empty */
} ngx_gemini_error_t;


/* google.rpc.Code name of an HTTP status: 429 RESOURCE_EXHAUSTED */
const char *ngx_gemini_answer_status(ngx_uint_t status);

/* the whole body of an error */
void ngx_gemini_answer_error(ngx_gemini_out_t *out,
    const ngx_gemini_error_t *error);

/* the one event that a stream which died midway may still send, 7.4;
 * go: the client is go-genai and wants a bare block */
void ngx_gemini_answer_event(ngx_gemini_out_t *out,
    const ngx_gemini_error_t *error, ngx_uint_t go);

/* seconds for a Retry-After header: rounded up, at least 1 */
ngx_uint_t ngx_gemini_answer_retry_after(uint64_t ms);

/*
 * Google's error body for an OpenAI client: the array unwrapped into
 * {"error":{"message","type","code","param"}}; NGX_DECLINED: it is not one,
 * send it as it is
 */
ngx_int_t ngx_gemini_answer_unwrap(ngx_gemini_out_t *out, const u_char *p,
    size_t len);

/*
 * overwrites in place, with the same length: each occurrence of secret by
 * 'x', and the digits of project numbers ("projects/N", "project N",
 * "project_number:N", consumer 'api_key:...') by 'x'; how many
 */
ngx_uint_t ngx_gemini_answer_scrub(u_char *p, size_t len,
    const ngx_str_t *secret);


#endif /* _NGX_GEMINI_ANSWER_H_INCLUDED_ */
