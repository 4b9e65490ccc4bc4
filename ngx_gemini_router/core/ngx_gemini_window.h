
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The last outcomes of a model (design.md 5) and counters over the last ten
 * seconds.  Both live in shared memory; the caller holds the lock.
 */


#ifndef _NGX_GEMINI_WINDOW_H_INCLUDED_
#define _NGX_GEMINI_WINDOW_H_INCLUDED_


#include "ngx_gemini.h"


#define NGX_GEMINI_WINDOW_MAX  128
#define NGX_GEMINI_RATE_SLOTS  10


typedef struct {
    uint32_t                   latency;    /* ms, start to last byte */
    uint32_t                   ttft;       /* ms, start to first byte */
    uint32_t                   prompt;     /* tokens */
    uint32_t                   output;     /* tokens, thoughts included */
    uint32_t                   ok;         /* 1: success */
} ngx_gemini_sample_t;


typedef struct {
    uint32_t                   head;       /* where the next sample goes */
    uint32_t                   n;
    uint64_t                   moves;      /* samples ever added */
    ngx_gemini_sample_t        samples[NGX_GEMINI_WINDOW_MAX];
} ngx_gemini_window_t;


/* figures of a window; times in ms, of successes only */

typedef struct {
    uint32_t                   n;
    uint32_t                   ok;
    uint32_t                   mean;
    uint32_t                   p50;
    uint32_t                   p95;
    uint32_t                   ttft_mean;
    uint32_t                   ttft_p50;
    uint32_t                   ttft_p95;
    uint32_t                   prompt_max;
    uint64_t                   prompt;
    uint64_t                   output;
} ngx_gemini_figures_t;


/* events per second over the last ten seconds */

typedef struct {
    uint64_t                   second;     /* of slot[second % 10] */
    uint32_t                   slot[NGX_GEMINI_RATE_SLOTS];
} ngx_gemini_rate_t;


/* size is the configured length, at most NGX_GEMINI_WINDOW_MAX */
void ngx_gemini_window_add(ngx_gemini_window_t *w, ngx_uint_t size,
    const ngx_gemini_sample_t *sample);
void ngx_gemini_window_figures(const ngx_gemini_window_t *w,
    ngx_uint_t size, ngx_gemini_figures_t *f);

void ngx_gemini_rate_add(ngx_gemini_rate_t *rate, uint64_t now, uint32_t n);
uint32_t ngx_gemini_rate_sum(const ngx_gemini_rate_t *rate, uint64_t now);


#endif /* _NGX_GEMINI_WINDOW_H_INCLUDED_ */
