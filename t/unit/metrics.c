
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Histograms and teams.
 */


#include "metrics.h"


static void metrics_buckets(void);
static void metrics_rows(void);
static void metrics_forget(void);
static void metrics_teams(void);
static void metrics_names(void);
static void metrics_spent(void);
static void metrics_cost(void);


static ngx_gemini_metrics_t   metrics_mem;
static ngx_gemini_metrics_t  *metrics = &metrics_mem;


int
main(void)
{
    metrics_buckets();
    metrics_rows();
    metrics_forget();
    metrics_teams();
    metrics_names();
    metrics_spent();
    metrics_cost();

    return tap_done();
}


static void
metrics_buckets(void)
{
    uint32_t                  i, bound;
    const ngx_gemini_hist_t  *hist;

    memset(metrics, 0, sizeof(metrics_mem));
    ngx_gemini_metrics_init(metrics);

    for (i = 0; i < NGX_GEMINI_HIST_BOUNDS; i++) {
        bound = ngx_gemini_hist_bounds[i];

        ngx_gemini_metrics_observe(metrics, NGX_GEMINI_HIST_TTFT, 0, 0,
                                   bound);
        ngx_gemini_metrics_observe(metrics, NGX_GEMINI_HIST_TTFT, 0, 0,
                                   bound + 1);
    }

    ngx_gemini_metrics_observe(metrics, NGX_GEMINI_HIST_TTFT, 0, 0, 0);
    ngx_gemini_metrics_observe(metrics, NGX_GEMINI_HIST_TTFT, 0, 0,
                               (uint64_t) 1 << 40);

    hist = metrics_hist(metrics, NGX_GEMINI_HIST_TTFT, 0, 0);

    for (i = 0; i < NGX_GEMINI_HIST_BUCKETS; i++) {
        tap_is_int(hist->buckets[i], 2, "bucket %u", i);
    }

    tap_is_int(ngx_gemini_hist_bounds[0], 50, "from 50 ms");
    tap_is_int(ngx_gemini_hist_bounds[NGX_GEMINI_HIST_BOUNDS - 1], 300000,
               "to 300 s");
    tap_ok(hist->sum > (uint64_t) 1 << 40, "a sum");
}


/* twice as many as there is room for, each value twice */

static void
metrics_rows(void)
{
    uint32_t    i, n;
    ngx_uint_t  good;

    memset(metrics, 0, sizeof(metrics_mem));
    ngx_gemini_metrics_init(metrics);

    for (i = 0; i < 2 * 1000; i++) {
        n = i % 1000;
        ngx_gemini_metrics_observe(metrics, NGX_GEMINI_HIST_ATTEMPT, n / 10,
                                   n % 10, n);
    }

    good = 1;

    for (n = 0; n < NGX_GEMINI_HISTS - NGX_GEMINI_HIST_KINDS; n++) {
        good &= (metrics_hist(metrics, NGX_GEMINI_HIST_ATTEMPT, n / 10,
                              n % 10)->sum
                 == 2 * n);
    }

    tap_ok(good, "each has its row");
    tap_is_int(metrics->nhists, NGX_GEMINI_HISTS, "all are taken");
    tap_is_int(metrics_count(metrics_hist(metrics, NGX_GEMINI_HIST_ATTEMPT,
                                          n / 10, n % 10)),
               0, "there is none for more");
    tap_is_int(metrics_count(metrics_hist(metrics, NGX_GEMINI_HIST_ATTEMPT,
                                          NGX_GEMINI_NONE,
                                          NGX_GEMINI_HIST_OTHER)),
               2 * (1000 - n), "they are in that of the others");

    ngx_gemini_metrics_observe(metrics, NGX_GEMINI_HIST_TTFT, 7, 0, 9);
    tap_is_int(metrics_hist(metrics, NGX_GEMINI_HIST_TTFT, NGX_GEMINI_NONE,
                            0)->sum,
               9, "of each kind");
}


static void
metrics_forget(void)
{
    uint32_t    i;
    ngx_uint_t  good;

    /* goes on with the full table */

    ngx_gemini_metrics_forget(metrics, 3);
    tap_is_int(metrics->nhists, NGX_GEMINI_HISTS - 10, "ten rows are free");
    tap_is_int(metrics->moves, 1, "which readers see");

    ngx_gemini_metrics_forget(metrics, 99);
    tap_is_int(metrics->moves, 1, "a model without rows moves none");

    good = 1;

    for (i = 0; i < 500; i++) {
        ngx_gemini_metrics_observe(metrics, NGX_GEMINI_HIST_ATTEMPT, i / 10,
                                   i % 10, i);
        good &= (metrics_hist(metrics, NGX_GEMINI_HIST_ATTEMPT, i / 10,
                              i % 10)->sum
                 == ((i / 10 == 3) ? i : 3 * i));
    }

    tap_ok(good, "the others are where they were, that model begins anew");
    tap_is_int(metrics->nhists, NGX_GEMINI_HISTS, "all are taken again");
}


static void
metrics_teams(void)
{
    char        name[16];
    uint32_t    i;
    ngx_uint_t  good;

    memset(metrics, 0, sizeof(metrics_mem));
    ngx_gemini_metrics_init(metrics);

    tap_is_int(metrics_team(metrics, ""), 0, "no name, no team");
    tap_is_int(metrics_team(metrics, "other"), NGX_GEMINI_TEAMS + 1,
               "one of that name is among the others");
    tap_is_int(metrics->nteams, 0, "which takes no row");

    good = 1;

    for (i = 0; i < 2 * NGX_GEMINI_TEAMS; i++) {
        sprintf(name, "team %u", i % NGX_GEMINI_TEAMS);
        good &= (metrics_team(metrics, name) == i % NGX_GEMINI_TEAMS + 1);
    }

    tap_ok(good, "rows in order, and the same again");
    tap_is_int(metrics_team(metrics, "one more"), NGX_GEMINI_TEAMS + 1,
               "no room");
    tap_is_int(metrics_team(metrics, "team 5"), 6, "those that are there stay");
    tap_is_int(metrics->nteams, NGX_GEMINI_TEAMS, "teams");
}


static void
metrics_names(void)
{
    char        name[NGX_GEMINI_LABEL_MAX + 8];
    ngx_uint_t  i;

    static const struct {
        const char            *name;
        const char            *label;
    } names[] = {
        { "a \"b\" \\c {}", "a \"b\" \\c {}" },
        { "tab\there\x7f\n", "tab_here__" },
        { "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
          "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" },
        { "\xff\xc3(\xe2\x82", "__(__" },
        { "\xed\xa0\x80", "___" },
        { "\xc0\xaf", "__" }
    };

    memset(metrics, 0, sizeof(metrics_mem));
    ngx_gemini_metrics_init(metrics);

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        tap_is_int(metrics_team(metrics, names[i].name), i + 1, "name %u",
                   (unsigned) i);
        tap_is_mem(metrics->teams[i].label, metrics->teams[i].len,
                   names[i].label, "its label");
        tap_is_int(metrics_team(metrics, names[i].label), i + 1,
                   "which is its name, too");
    }

    memset(name, 'x', sizeof(name));
    memcpy(name + NGX_GEMINI_LABEL_MAX - 1, "\xc3\xa9", 2);
    name[NGX_GEMINI_LABEL_MAX + 3] = '\0';

    i = metrics_team(metrics, name);
    tap_is_int(metrics->teams[i - 1].len, NGX_GEMINI_LABEL_MAX, "at most");
    tap_is_int(metrics->teams[i - 1].label[NGX_GEMINI_LABEL_MAX - 1], '_',
               "half a character is none");
}


static void
metrics_spent(void)
{
    ngx_gemini_tokens_t          tokens;
    ngx_gemini_team_counters_t  *counters;

    memset(metrics, 0, sizeof(metrics_mem));
    ngx_gemini_metrics_init(metrics);

    tokens.prompt = 10;
    tokens.output = 5;
    tokens.thought = 2;
    tokens.cached = -1;
    tokens.total = 17;

    ngx_gemini_metrics_spent(metrics, 0, &tokens, 3);
    ngx_gemini_metrics_ended(metrics, 0, NGX_GEMINI_OUTCOME_OK);

    counters = &metrics->teams[0].counters;
    tap_is_int(counters->attempts + counters->requests, 0, "of no team");

    tap_is_int(metrics_team(metrics, "a"), 1, "a team");

    ngx_gemini_metrics_spent(metrics, 1, &tokens, 3);
    tokens.output = -1;
    tokens.cached = 4;
    ngx_gemini_metrics_spent(metrics, 1, &tokens, 4);
    ngx_gemini_metrics_ended(metrics, 1, NGX_GEMINI_OUTCOME_CUT);

    tap_ok(counters->prompt == 20 && counters->output == 5
           && counters->thought == 4 && counters->cached == 4
           && counters->cost == 7 && counters->attempts == 2,
           "what two attempts took");
    tap_ok(counters->requests == 1
           && counters->outcomes[NGX_GEMINI_OUTCOME_CUT] == 1,
           "and the end of their request");
}


static void
metrics_cost(void)
{
    ngx_gemini_tokens_t  tokens;

    tokens.prompt = 1000;
    tokens.output = 200;
    tokens.thought = 100;
    tokens.cached = 400;
    tokens.total = 1300;

    /* 600 x 0.30 + 400 x 0.075 + 300 x 2.50 millionths */

    tap_is_int(ngx_gemini_metrics_cost(&tokens, 0.3, 2.5, 0.075), 960000,
               "thoughts bill as output, cached tokens are in the prompt");
    tap_ok(ngx_gemini_metrics_bill(&tokens, 0.3, 2.5, 0.075) > 959.999
           && ngx_gemini_metrics_bill(&tokens, 0.3, 2.5, 0.075) < 960.001,
           "in millionths");
    tap_is_int(ngx_gemini_metrics_cost(&tokens, -1, -1, -1), 0, "no price");

    tokens.cached = -1;
    tokens.thought = -1;
    tap_is_int(ngx_gemini_metrics_cost(&tokens, 0.3, 2.5, 0.075), 800000,
               "those that are not named");

    tokens.output = -1;
    tokens.prompt = 3;
    tap_is_int(ngx_gemini_metrics_cost(&tokens, 0.0376, 0, 0), 113,
               "the nearest unit");

    tokens.prompt = -1;
    tap_is_int(ngx_gemini_metrics_cost(&tokens, 0.3, 2.5, 0.1), 0,
               "nothing is named");
}
