
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * HTTP requests of our own: libcurl's multi interface on nginx's event loop.
 * The only room that knows libcurl.  For probes, never for a client's request.
 */


#ifndef _NGX_HTTP_GEMINI_CURL_H_INCLUDED_
#define _NGX_HTTP_GEMINI_CURL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_gemini.h"


#define NGX_HTTP_GEMINI_CURL_ERROR  256      /* bytes of a reason */


/* a process's; owns all transfers under way */

typedef struct ngx_http_gemini_curl_s      ngx_http_gemini_curl_t;
typedef struct ngx_http_gemini_transfer_s  ngx_http_gemini_transfer_t;

typedef void (*ngx_http_gemini_transfer_pt)(ngx_http_gemini_transfer_t *t);


/* strings end with a zero byte that their length does not count */

struct ngx_http_gemini_transfer_s {
    ngx_pool_t                    *pool;       /* of the caller */
    ngx_str_t                      url;
    ngx_str_t                      credential; /* a header line */
    ngx_str_t                      trusted;    /* file, or empty */
    ngx_str_t                      body;       /* empty: GET; JSON */
    ngx_uint_t                     timeout;    /* ms, of all of it */
    size_t                         limit;      /* bytes of an answer */
    ngx_http_gemini_transfer_pt    handler;    /* it has ended */
    void                          *data;

    /* results */
    ngx_uint_t                     status;     /* 0: no whole answer */
    u_char                        *answer;
    size_t                         len;
    uint64_t                       latency;    /* ms, connecting aside */
    uint64_t                       ttft;
    uint64_t                       retry_after;/* ms, 0: none */
    uint64_t                       google;     /* ms, Date, 0: none */
    char                           error[NGX_HTTP_GEMINI_CURL_ERROR];
    unsigned                       truncated:1;
    unsigned                       timed_out:1;

    /* private */
    ngx_http_gemini_curl_t        *curl;
    void                          *easy;       /* NULL: not under way */
    void                          *headers;
};


/* NULL: no memory; to be destroyed in exit_process */
ngx_http_gemini_curl_t *ngx_http_gemini_curl_create(ngx_cycle_t *cycle);
void ngx_http_gemini_curl_destroy(ngx_http_gemini_curl_t *curl);

/* NGX_ERROR: the handler will not be called */
ngx_int_t ngx_http_gemini_curl_start(ngx_http_gemini_curl_t *curl,
    ngx_http_gemini_transfer_t *t);

/* ends one under way; the handler is not called */
void ngx_http_gemini_curl_cancel(ngx_http_gemini_transfer_t *t);


#endif /* _NGX_HTTP_GEMINI_CURL_H_INCLUDED_ */
