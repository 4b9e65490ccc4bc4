
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * One attempt is one subrequest to the internal location.  This room builds
 * it, cuts it short, and settles it exactly once.
 */


#ifndef _NGX_HTTP_GEMINI_ATTEMPT_H_INCLUDED_
#define _NGX_HTTP_GEMINI_ATTEMPT_H_INCLUDED_


#include "ngx_http_gemini_module.h"
#include "ngx_gemini_classify.h"


/* the first bytes of a 200 are held up to this, and for that long */
#define NGX_HTTP_GEMINI_HOLD       1024
#define NGX_HTTP_GEMINI_HOLD_TIME  1000


typedef enum {
    NGX_HTTP_GEMINI_WAIT = 0,          /* no header yet */
    NGX_HTTP_GEMINI_HELD,              /* a 200 under judgement */
    NGX_HTTP_GEMINI_CAPTURE,           /* failed: its body is kept from the
                                          client and read by classify */
    NGX_HTTP_GEMINI_STREAM             /* committed */
} ngx_http_gemini_attempt_e;


struct ngx_http_gemini_attempt_s {
    ngx_http_gemini_ctx_t         *ctx;
    ngx_http_request_t            *sr;         /* NULL: gemini_select */

    uint32_t                       resv;
    uint32_t                       key;        /* indexes in conf */
    uint32_t                       project;
    uint32_t                       conf;       /* model; NONE: unlisted */
    uint32_t                       slot;       /* of the model */

    uint64_t                       began;      /* wall clock, ms */
    ngx_msec_t                     start;      /* monotonic, ms */
    ngx_msec_t                     first;      /* of the first byte */
    ngx_msec_t                     end;
    uint64_t                       google;     /* Date of the answer, ms */
    uint64_t                       retry_after;      /* ms */

    ngx_uint_t                     status;     /* 0: no answer */
    ngx_http_gemini_attempt_e      state;
    size_t                         len;

    unsigned                       done:1;     /* the subrequest has ended */
    unsigned                       settled:1;
    unsigned                       first_seen:1;
    unsigned                       last:1;     /* its last buffer was seen */
    unsigned                       truncated:1;
    unsigned                       timeout:1;
    unsigned                       cancelled:1;
    unsigned                       trailed:1;  /* is in $gemini_trail */

    /* what follows serves all attempts of a request, or is set when used */

    u_char                        *body;       /* held or captured: len */
    size_t                         size;
    ngx_event_t                    timer;      /* limit of the attempt */
    ngx_event_t                   *hold;       /* end of the hold, or NULL */
    ngx_http_post_subrequest_t     post;
    ngx_gemini_verdict_t           verdict;    /* since it was settled */
};


/* starts the attempt that ctx->pick reserved; NGX_ERROR: nothing was sent,
   the reservation is settled */
ngx_int_t ngx_http_gemini_attempt_start(ngx_http_gemini_ctx_t *ctx);

/* the header list that goes upstream, without a credential's value */
ngx_int_t ngx_http_gemini_attempt_headers(ngx_http_gemini_ctx_t *ctx,
    ngx_uint_t live);

/* once it is settled which way the attempt goes */
void ngx_http_gemini_attempt_stop_timers(ngx_http_gemini_attempt_t *at);

/* sets the credential of the picked key in that list */
ngx_int_t ngx_http_gemini_attempt_credential(ngx_http_gemini_ctx_t *ctx,
    uint32_t key);

/* the request target for a model of conf (NONE: as wished) */
ngx_int_t ngx_http_gemini_attempt_target(ngx_http_gemini_ctx_t *ctx,
    const ngx_str_t *model, ngx_str_t *target);

/* verdict of what the attempt brought; after its end */
void ngx_http_gemini_attempt_judge(ngx_http_gemini_attempt_t *at);

/* frees the reservation, draws conclusions, logs; a second call is nothing */
void ngx_http_gemini_attempt_settle(ngx_http_gemini_attempt_t *at);

/* writes down what came of it: when $gemini_trail is asked for, when another
   attempt takes its place */
void ngx_http_gemini_attempt_trail(ngx_http_gemini_attempt_t *at);

/* ends the subrequest now; it counts as timed out */
void ngx_http_gemini_attempt_cancel(ngx_http_gemini_attempt_t *at);

/* the secret of the attempt's key, to scrub it from what is handed on */
ngx_str_t *ngx_http_gemini_attempt_secret(ngx_http_gemini_attempt_t *at);


#endif /* _NGX_HTTP_GEMINI_ATTEMPT_H_INCLUDED_ */
