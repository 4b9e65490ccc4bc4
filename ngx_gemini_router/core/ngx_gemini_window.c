
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_window.h"


typedef struct {
    uint64_t                   sum;
    uint32_t                   n;
    uint32_t                   sorted[NGX_GEMINI_WINDOW_MAX];
} ngx_gemini_window_sort_t;


static void ngx_gemini_window_insert(ngx_gemini_window_sort_t *sort,
    uint32_t value);
static uint32_t ngx_gemini_window_mean(const ngx_gemini_window_sort_t *sort);
static uint32_t ngx_gemini_window_percentile(
    const ngx_gemini_window_sort_t *sort, uint32_t percent);
static void ngx_gemini_rate_move(ngx_gemini_rate_t *rate, uint64_t second);


void
ngx_gemini_window_add(ngx_gemini_window_t *w, ngx_uint_t size,
    const ngx_gemini_sample_t *sample)
{
    w->samples[w->head] = *sample;

    w->head = (w->head + 1) % NGX_GEMINI_WINDOW_MAX;
    w->n = ngx_min(w->n + 1, ngx_min(size, NGX_GEMINI_WINDOW_MAX));
    w->moves++;
}


void
ngx_gemini_window_figures(const ngx_gemini_window_t *w, ngx_uint_t size,
    ngx_gemini_figures_t *f)
{
    uint32_t                    i, n;
    ngx_gemini_window_sort_t    latency, ttft;
    const ngx_gemini_sample_t  *sample;

    ngx_memzero(f, sizeof(ngx_gemini_figures_t));

    latency.n = 0;
    latency.sum = 0;
    ttft.n = 0;
    ttft.sum = 0;

    n = ngx_min(w->n, size);

    for (i = 1; i <= n; i++) {
        sample = &w->samples[(w->head + NGX_GEMINI_WINDOW_MAX - i)
                             % NGX_GEMINI_WINDOW_MAX];

        f->prompt += sample->prompt;
        f->output += sample->output;
        f->prompt_max = ngx_max(f->prompt_max, sample->prompt);

        if (sample->ok) {
            ngx_gemini_window_insert(&latency, sample->latency);
            ngx_gemini_window_insert(&ttft, sample->ttft);
        }
    }

    f->n = n;
    f->ok = latency.n;

    f->mean = ngx_gemini_window_mean(&latency);
    f->p50 = ngx_gemini_window_percentile(&latency, 50);
    f->p95 = ngx_gemini_window_percentile(&latency, 95);

    f->ttft_mean = ngx_gemini_window_mean(&ttft);
    f->ttft_p50 = ngx_gemini_window_percentile(&ttft, 50);
    f->ttft_p95 = ngx_gemini_window_percentile(&ttft, 95);
}


static void
ngx_gemini_window_insert(ngx_gemini_window_sort_t *sort, uint32_t value)
{
    uint32_t  i;

    for (i = sort->n; i > 0 && sort->sorted[i - 1] > value; i--) {
        sort->sorted[i] = sort->sorted[i - 1];
    }

    sort->sorted[i] = value;
    sort->sum += value;
    sort->n++;
}


static uint32_t
ngx_gemini_window_mean(const ngx_gemini_window_sort_t *sort)
{
    return (sort->n == 0) ? 0 : (uint32_t) (sort->sum / sort->n);
}


/* the nearest rank */

static uint32_t
ngx_gemini_window_percentile(const ngx_gemini_window_sort_t *sort,
    uint32_t percent)
{
    if (sort->n == 0) {
        return 0;
    }

    return sort->sorted[(sort->n * percent + 99) / 100 - 1];
}


void
ngx_gemini_rate_add(ngx_gemini_rate_t *rate, uint64_t now, uint32_t n)
{
    uint64_t  second;

    second = now / 1000;

    if (second != rate->second) {
        ngx_gemini_rate_move(rate, second);
    }

    rate->slot[second % NGX_GEMINI_RATE_SLOTS] += n;
}


uint32_t
ngx_gemini_rate_sum(const ngx_gemini_rate_t *rate, uint64_t now)
{
    uint32_t           i, sum;
    ngx_gemini_rate_t  moved;

    moved = *rate;
    ngx_gemini_rate_move(&moved, now / 1000);

    sum = 0;

    for (i = 0; i < NGX_GEMINI_RATE_SLOTS; i++) {
        sum += moved.slot[i];
    }

    return sum;
}


/*
 * A worker's clock may be a little behind another's: its events go where
 * they belong.  Further back is a clock that was set, and all starts anew.
 */

static void
ngx_gemini_rate_move(ngx_gemini_rate_t *rate, uint64_t second)
{
    if (second >= rate->second + NGX_GEMINI_RATE_SLOTS
        || second + NGX_GEMINI_RATE_SLOTS <= rate->second)
    {
        ngx_memzero(rate->slot, sizeof(rate->slot));
        rate->second = second;
        return;
    }

    while (rate->second < second) {
        rate->second++;
        rate->slot[rate->second % NGX_GEMINI_RATE_SLOTS] = 0;
    }
}
