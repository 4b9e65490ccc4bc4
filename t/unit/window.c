
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The window of a model against a plain list, and the ten-second rates.
 */


#include "ngx_gemini_window.h"
#include "tap.h"


#define WINDOW_SAMPLES  500
#define WINDOW_NOW      1795327200000ull


static void window_empty(void);
static void window_few(void);
static void window_oracle(void);
static int window_same(const ngx_gemini_figures_t *f,
    const ngx_gemini_sample_t *samples, uint32_t n);
static int window_times(const ngx_gemini_sample_t *samples, uint32_t n,
    size_t field, const uint32_t *got);
static int window_order(const void *a, const void *b);
static void window_resized(void);
static void window_rate(void);
static void window_rate_clock(void);


static ngx_gemini_window_t  window;
static ngx_gemini_sample_t  window_samples[WINDOW_SAMPLES];


static void
window_empty(void)
{
    ngx_gemini_figures_t  f;

    memset(&window, 0, sizeof(window));

    ngx_gemini_window_figures(&window, 20, &f);

    tap_is_int(f.n, 0, "an empty window has no samples");
    tap_is_int(f.mean + f.p50 + f.p95 + f.ttft_mean, 0, "and no times");
}


static void
window_few(void)
{
    ngx_gemini_sample_t   sample;
    ngx_gemini_figures_t  f;

    memset(&window, 0, sizeof(window));
    memset(&sample, 0, sizeof(sample));

    sample.ok = 1;
    sample.latency = 1000;
    sample.ttft = 100;
    sample.prompt = 7;
    sample.output = 3;
    ngx_gemini_window_add(&window, 20, &sample);

    sample.latency = 3000;
    sample.ttft = 300;
    sample.prompt = 11;
    ngx_gemini_window_add(&window, 20, &sample);

    memset(&sample, 0, sizeof(sample));
    sample.latency = 60000;
    ngx_gemini_window_add(&window, 20, &sample);

    ngx_gemini_window_figures(&window, 20, &f);

    tap_is_int(f.n, 3, "three samples");
    tap_is_int(f.ok, 2, "two of them good");
    tap_is_int(f.mean, 2000, "a failure does not count in the mean");
    tap_is_int(f.p50, 1000, "median, nearest rank");
    tap_is_int(f.p95, 3000, "95th percentile");
    tap_is_int(f.ttft_mean, 200, "mean time to first byte");
    tap_is_int(f.prompt_max, 11, "largest prompt");
    tap_is_int(f.prompt, 18, "prompt tokens");
    tap_is_int(f.output, 6, "output tokens");
    tap_is_int(window.moves, 3, "three moves");
}


static void
window_oracle(void)
{
    int                   bad;
    uint32_t              i, k, n, size;
    uint64_t              seed;
    ngx_gemini_sample_t  *sample;
    ngx_gemini_figures_t  f;

    static const uint32_t  sizes[] = { 1, 2, 20, 127, 128 };

    seed = tap_seed();

    for (k = 0; k < 5; k++) {
        size = sizes[k];
        bad = 0;

        memset(&window, 0, sizeof(window));

        for (i = 0; i < WINDOW_SAMPLES; i++) {
            sample = &window_samples[i];

            sample->latency = tap_random(&seed) % 5000;
            sample->ttft = tap_random(&seed) % 500;
            sample->prompt = tap_random(&seed) % 100000;
            sample->output = tap_random(&seed) % 1000;
            sample->ok = (tap_random(&seed) % 4 != 0);

            ngx_gemini_window_add(&window, size, sample);
            ngx_gemini_window_figures(&window, size, &f);

            n = ngx_min(i + 1, size);

            bad += !window_same(&f, sample + 1 - n, n);
        }

        tap_is_int(bad, 0, "figures of the last %u as a plain list has them",
                   size);
    }
}


static int
window_same(const ngx_gemini_figures_t *f, const ngx_gemini_sample_t *samples,
    uint32_t n)
{
    uint32_t  i, ok, max, latency[3], ttft[3];
    uint64_t  prompt, output;

    ok = 0;
    max = 0;
    prompt = 0;
    output = 0;

    for (i = 0; i < n; i++) {
        ok += samples[i].ok;
        prompt += samples[i].prompt;
        output += samples[i].output;
        max = ngx_max(max, samples[i].prompt);
    }

    latency[0] = f->mean;
    latency[1] = f->p50;
    latency[2] = f->p95;

    ttft[0] = f->ttft_mean;
    ttft[1] = f->ttft_p50;
    ttft[2] = f->ttft_p95;

    return f->n == n
           && f->ok == ok
           && f->prompt == prompt
           && f->output == output
           && f->prompt_max == max
           && window_times(samples, n, offsetof(ngx_gemini_sample_t, latency),
                           latency)
           && window_times(samples, n, offsetof(ngx_gemini_sample_t, ttft),
                           ttft);
}


static int
window_times(const ngx_gemini_sample_t *samples, uint32_t n, size_t field,
    const uint32_t *got)
{
    uint32_t  i, ok, values[WINDOW_SAMPLES];
    uint64_t  sum;

    ok = 0;
    sum = 0;

    for (i = 0; i < n; i++) {

        if (samples[i].ok) {
            memcpy(&values[ok], (const char *) &samples[i] + field,
                   sizeof(uint32_t));
            sum += values[ok++];
        }
    }

    if (ok == 0) {
        return got[0] == 0 && got[1] == 0 && got[2] == 0;
    }

    qsort(values, ok, sizeof(uint32_t), window_order);

    return got[0] == sum / ok
           && got[1] == values[(ok * 50 + 99) / 100 - 1]
           && got[2] == values[(ok * 95 + 99) / 100 - 1];
}


static int
window_order(const void *a, const void *b)
{
    uint32_t  x, y;

    memcpy(&x, a, sizeof(uint32_t));
    memcpy(&y, b, sizeof(uint32_t));

    return (x > y) - (x < y);
}


/* a reload may change the configured length */

static void
window_resized(void)
{
    uint32_t              i;
    ngx_gemini_sample_t   sample;
    ngx_gemini_figures_t  f;

    memset(&window, 0, sizeof(window));
    memset(&sample, 0, sizeof(sample));
    sample.ok = 1;

    for (i = 1; i <= 20; i++) {
        sample.latency = i;
        ngx_gemini_window_add(&window, 20, &sample);
    }

    ngx_gemini_window_figures(&window, 5, &f);
    tap_is_int(f.n, 5, "a shorter window sees the last ones");
    tap_is_int(f.mean, 18, "and only those");

    sample.latency = 21;
    ngx_gemini_window_add(&window, 5, &sample);

    ngx_gemini_window_figures(&window, 100, &f);
    tap_is_int(f.n, 5, "a longer one has to fill again");
    tap_is_int(f.mean, 19, "with what was kept");

    ngx_gemini_window_add(&window, 100000, &sample);
    ngx_gemini_window_figures(&window, 100000, &f);
    tap_is_int(f.n, 6, "a length beyond the largest does no harm");
}


static void
window_rate(void)
{
    uint32_t           i, sum;
    ngx_gemini_rate_t  rate;

    memset(&rate, 0, sizeof(rate));

    tap_is_int(ngx_gemini_rate_sum(&rate, WINDOW_NOW), 0, "no event yet");

    for (i = 0; i < 30; i++) {
        ngx_gemini_rate_add(&rate, WINDOW_NOW + i * 1000, 2);
    }

    tap_is_int(ngx_gemini_rate_sum(&rate, WINDOW_NOW + 29999), 20,
               "two a second are twenty in ten seconds");
    tap_is_int(ngx_gemini_rate_sum(&rate, WINDOW_NOW + 34000), 10,
               "five quiet seconds later");
    tap_is_int(ngx_gemini_rate_sum(&rate, WINDOW_NOW + 38000), 2,
               "the last of them");
    tap_is_int(ngx_gemini_rate_sum(&rate, WINDOW_NOW + 39000), 0,
               "all gone");

    sum = ngx_gemini_rate_sum(&rate, WINDOW_NOW + 29999);
    tap_is_int(sum, 20, "reading changed nothing");
}


static void
window_rate_clock(void)
{
    ngx_gemini_rate_t  rate;

    memset(&rate, 0, sizeof(rate));

    ngx_gemini_rate_add(&rate, WINDOW_NOW, 1);
    ngx_gemini_rate_add(&rate, WINDOW_NOW - 3000, 1);

    tap_is_int(ngx_gemini_rate_sum(&rate, WINDOW_NOW), 2,
               "a clock a little behind adds to its own second");
    tap_is_int(ngx_gemini_rate_sum(&rate, WINDOW_NOW + 7000), 1,
               "which ends first");

    ngx_gemini_rate_add(&rate, WINDOW_NOW - NGX_GEMINI_DAY, 5);
    tap_is_int(ngx_gemini_rate_sum(&rate, WINDOW_NOW - NGX_GEMINI_DAY), 5,
               "a clock set back starts anew");

    ngx_gemini_rate_add(&rate, WINDOW_NOW, 1);
    tap_is_int(ngx_gemini_rate_sum(&rate, WINDOW_NOW), 1,
               "and so does one set forward");
}


int
main(void)
{
    window_empty();
    window_few();
    window_oracle();
    window_resized();
    window_rate();
    window_rate_clock();

    return tap_done();
}
