
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Rounds of probes (ngx_http_gemini_probe_round.c), and one of them under
 * way: what it asks for, what its answer means (ngx_http_gemini_probe_job.c).
 */


#ifndef _NGX_HTTP_GEMINI_PROBE_JOB_H_INCLUDED_
#define _NGX_HTTP_GEMINI_PROBE_JOB_H_INCLUDED_


#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_curl.h"
#include "ngx_gemini_classify.h"
#include "ngx_gemini_listing.h"
#include "ngx_gemini_probe.h"


#define NGX_HTTP_GEMINI_PROBE_TRIES  8     /* keys for one model or list */


typedef enum {
    NGX_HTTP_GEMINI_PROBE_IDLE = 0,
    NGX_HTTP_GEMINI_PROBE_LIST,            /* the models, page by page */
    NGX_HTTP_GEMINI_PROBE_CHECK,           /* a key, by a page of one */
    NGX_HTTP_GEMINI_PROBE_GENERATE
} ngx_http_gemini_probe_type_e;


typedef struct ngx_http_gemini_prober_s  ngx_http_gemini_prober_t;


typedef struct {
    ngx_http_gemini_transfer_t     transfer;   /* must be first */
    ngx_http_gemini_prober_t      *prober;
    ngx_http_gemini_probe_type_e   type;
    ngx_gemini_probe_pick_t        pick;       /* its key for all types */
    ngx_uint_t                     n;          /* pages or keys so far */
    uint64_t                       began;      /* ms */
    ngx_gemini_verdict_t           verdict;
    ngx_gemini_tokens_t            tokens;

    /* of the list; the models of the configuration */
    u_char                         token[NGX_GEMINI_LISTING_TOKEN];
    size_t                         token_len;
    uint64_t                       seen;       /* bits */
    uint64_t                       mute;       /* .. that do not generate */
    uint32_t                       output[NGX_GEMINI_MODELS_MAX];
} ngx_http_gemini_probe_job_t;


/* a pool's, in the worker that probes */

struct ngx_http_gemini_prober_s {
    ngx_http_gemini_pool_conf_t   *pcf;
    ngx_http_gemini_curl_t        *curl;
    ngx_log_t                     *log;
    ngx_http_gemini_probe_job_t   *jobs;       /* max= of them */
    ngx_uint_t                     running;
    ngx_uint_t                     lists;      /* running free calls */
    uint64_t                       since;      /* ms */
    ngx_str_t                      body;       /* of a generating probe */

    /* what is left of the round */
    uint32_t                      *todo;       /* keys to check */
    uint32_t                       ntodo;
    uint32_t                       next;       /* in todo */
    uint32_t                       lister;     /* first key that may list */
    ngx_uint_t                     tries;      /* listers so far */
    uint64_t                       models;     /* bits, to generate for */
    uint64_t                       force;      /* .. asked for by hand */
    uint64_t                       mute;       /* .. that do not generate */
    unsigned                       list:1;     /* the list is wanted */
    unsigned                       listing:1;  /* .. is under way */
    uint32_t                       done;
    uint32_t                       failed;
};


/* under the lock: what the wish and the clock bring; 1: something new */
ngx_uint_t ngx_http_gemini_probe_plan(ngx_http_gemini_prober_t *prober,
    ngx_gemini_view_t *gv, uint32_t wish, uint64_t now);

ngx_uint_t ngx_http_gemini_probe_idle(ngx_http_gemini_prober_t *prober);

/* starts as many as may run at once */
void ngx_http_gemini_probe_run(ngx_http_gemini_prober_t *prober);


/* sends it; NGX_ERROR: it will not end by a call of the handler */
ngx_int_t ngx_http_gemini_probe_send(ngx_http_gemini_probe_job_t *job,
    ngx_http_gemini_transfer_pt handler);

/* judges the answer and draws the conclusions, in the zone and in the log */
void ngx_http_gemini_probe_settle(ngx_http_gemini_probe_job_t *job);

/* frees the reservation of one that came to nothing */
void ngx_http_gemini_probe_drop(ngx_http_gemini_probe_job_t *job);


#endif /* _NGX_HTTP_GEMINI_PROBE_JOB_H_INCLUDED_ */
