
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The metrics: that the text is one that a scraper takes, that its numbers
 * are those of the records, and that nothing depends on batches.
 */


#include "prom.h"


static void test_values(void);
static void test_absent(void);
static void test_cooldowns(void);
static void test_labels(void);
static void test_histograms(void);
static void test_openmetrics(void);
static void test_shape(void);
static void test_batches(void);
static void test_memory(void);

static void prom_busy_pool(report_t *t);


static prom_text_t  prom_lines;


int
main(void)
{
    test_values();
    test_absent();
    test_cooldowns();
    test_labels();
    test_histograms();
    test_openmetrics();
    test_shape();
    test_batches();
    test_memory();

    return tap_done();
}


static void
test_values(void)
{
    report_t  t;

    report_open(&t, 2, 2, 1, 2);
    fixture_limit(&t.f, 0, 0)->rpm = 10;
    fixture_limit(&t.f, 0, 0)->tpm = 1000;
    fixture_limit(&t.f, 0, 0)->rpd = 100;
    fixture_start(&t.f, 64);

    report_use(&t, 0, NGX_GEMINI_OK);
    t.f.gv.gp->totals.outcomes[NGX_GEMINI_OUTCOME_FAILOVER] = 7;
    t.f.gv.gp->totals.queued_ms = 12345;
    t.f.gv.gp->totals.cost = 1500000001;
    t.f.gv.gp->skew = -31500;
    t.f.gv.gp->skew_at = t.f.now;
    t.f.gv.gp->saving.saved_at = t.f.now;
    t.f.gv.gp->saving.failing = 3;
    t.f.now += 1500;

    (void) prom_view(&t, 0);

    report_has(&t, "\ngemini_router_requests_total{pool=\"main\","
               "outcome=\"failover\"} 7\n", "an array of counts");
    report_has(&t, "\ngemini_router_attempts_total{pool=\"main\","
               "class=\"ok\"} 1\n# TYPE", "one of which only some are shown");
    report_has(&t, "\ngemini_router_tokens_total{pool=\"main\","
               "kind=\"thought\"} 10\n", "fields of one family");
    report_has(&t, "\ngemini_router_cost_total{pool=\"main\"} 1.500000001\n",
               "cost");
    report_has(&t, "\ngemini_router_queue_seconds_total{pool=\"main\"} "
               "12.345\n", "ms are seconds");
    report_has(&t, "\ngemini_router_clock_skew_seconds{pool=\"main\"} "
               "-31.500\n", "a time that may be below zero");
    report_has(&t, "\ngemini_router_uptime_seconds{pool=\"main\"} 1.500\n",
               "a part of a second");
    report_has(&t, "\ngemini_router_state_saved_timestamp_seconds"
               "{pool=\"main\"} 1795377600.000\n", "a point in time");
    report_has(&t, "\ngemini_router_state_failing{pool=\"main\"} 1\n",
               "a flag");
    report_has(&t, "\ngemini_router_build_info{pool=\"main\",module=\""
               NGX_GEMINI_VERSION "\",nginx=\"1.22.1\"} 1\n",
               "words are labels");
    report_has(&t, "\ngemini_router_upstream_down{pool=\"main\"} 0\n",
               "a word that is the one");
    report_has(&t, "\ngemini_router_key_usable{pool=\"main\",key=\"k0\","
               "project=\"p0\"} 1\n", "labels of a row");
    report_has(&t, "\ngemini_router_model_day_requests_left{pool=\"main\","
               "model=\"m0\"} 99\n", "a field of a part");
    report_has(&t, "\ngemini_router_model_window_latency_seconds"
               "{pool=\"main\",model=\"m0\",stat=\"p95\"} 1.500\n",
               "of one within it");
    report_has(&t, "\ngemini_router_cell_day_requests_left{pool=\"main\","
               "project=\"p0\",model=\"m0\"} 99\n", "a cell in use");
    report_has(&t, "\ngemini_router_model_tier{pool=\"main\",model=\"m1\","
               "ranking=\"balance\",tier=\"B\"} 1\n", "a tier");

    report_close(&t);
}


/* what the status document has as null has no sample */

static void
test_absent(void)
{
    report_t  t;

    report_open(&t, 1, 1, 1, 1);
    fixture_start(&t.f, 64);

    (void) prom_view(&t, 0);

    report_lacks(&t, "\ngemini_router_clock_skew_seconds{", "no skew");
    report_lacks(&t, "\ngemini_router_key_state{", "no state");
    report_lacks(&t, "\ngemini_router_key_rest_left_seconds{", "no rest");
    report_lacks(&t, "\ngemini_router_key_last_used_timestamp_seconds{",
                 "never used");
    report_lacks(&t, "\ngemini_router_model_lock{", "no lock");
    report_lacks(&t, "\ngemini_router_model_max_output_tokens{",
                 "no limit");
    report_lacks(&t, "\ngemini_router_model_day_requests_left{",
                 "nothing to be left of");
    report_lacks(&t, "\ngemini_router_model_window_success_ratio{",
                 "no ratio");
    report_lacks(&t, "\ngemini_router_cell_usable{", "no cell");
    report_has(&t, "\n# TYPE gemini_router_cell_usable gauge\n",
               "but what it would be");

    t.f.gv.gp->lock_model = 0;
    t.f.gv.gp->lock_until = t.f.now + 2500;

    (void) prom_view(&t, 0);

    report_has(&t, "\ngemini_router_model_lock{pool=\"main\",model=\"m0\"} "
               "1\n", "a lock");
    report_has(&t, "\ngemini_router_model_lock_left_seconds{pool=\"main\"} "
               "2.500\n", "its end");

    report_close(&t);
}


static void
test_cooldowns(void)
{
    report_t  t;

    report_open(&t, 4, 2, 1, 2);
    t.f.gc.keys[3].disabled = 1;
    fixture_start(&t.f, 64);

    t.f.gv.keys[0].disabled = NGX_GEMINI_KEY_INVALID;
    t.f.gv.keys[1].operator = 1;
    t.f.gv.keys[1].operator_until = t.f.now + 5000;
    t.f.gv.keys[2].disabled = NGX_GEMINI_KEY_INVALID;

    ngx_gemini_rest_place(&fixture_cell(&t.f, 0, 0)->rest, t.f.now, 60000,
                          NGX_GEMINI_QUOTA_DAY, NGX_GEMINI_LEARNED);
    ngx_gemini_rest_place(&fixture_cell(&t.f, 1, 1)->rest, t.f.now, 60000,
                          NGX_GEMINI_QUOTA_DAY, NGX_GEMINI_LEARNED);

    (void) prom_view(&t, 0);

    report_has(&t, "\ngemini_router_cooldowns{pool=\"main\",scope=\"key\","
               "state=\"disabled\",reason=\"key_invalid\"} 2\n",
               "keys disabled by an answer");
    report_has(&t, "\ngemini_router_cooldowns{pool=\"main\",scope=\"key\","
               "state=\"disabled\",reason=\"configured\"} 1\n",
               "by configuration");
    report_has(&t, "\ngemini_router_cooldowns{pool=\"main\",scope=\"key\","
               "state=\"operator\",reason=\"operator\"} 1\n", "by hand");
    report_has(&t, "\ngemini_router_cooldowns{pool=\"main\",scope=\"cell\","
               "state=\"resting\",reason=\"PerDay\"} 2\n", "cells that rest");
    report_has(&t, "\ngemini_router_key_state{pool=\"main\",key=\"k0\","
               "project=\"p0\",state=\"disabled\",reason=\"key_invalid\"} "
               "1\n", "the state of one");
    report_has(&t, "\ngemini_router_key_usable{pool=\"main\",key=\"k1\","
               "project=\"p1\"} 0\n", "it is not usable");
    report_has(&t, "\ngemini_router_key_rest_left_seconds{pool=\"main\","
               "key=\"k1\",project=\"p1\"} 5.000\n", "for how long");
    report_has(&t, "\ngemini_router_cell_rest_left_seconds{pool=\"main\","
               "project=\"p1\",model=\"m1\"} 60.000\n", "a cell's");

    /* an account's is shown by those below, and counted once */

    ngx_gemini_rest_place(&t.f.gv.accounts[0].rest, t.f.now, 60000,
                          NGX_GEMINI_CREDIT, NGX_GEMINI_GUESSED);

    (void) prom_view(&t, 0);

    report_has(&t, "\ngemini_router_cooldowns{pool=\"main\","
               "scope=\"account\",state=\"resting\",reason=\"credit\"} 1\n",
               "an account that rests");
    tap_is_int(prom_count(&t, "\ngemini_router_project_state{"), 2,
               "with its projects");

    report_close(&t);
}


static void
test_labels(void)
{
    report_t   t;
    ngx_str_t  team = ngx_string("a\"b\\c");

    report_open(&t, 1, 1, 1, 1);
    ngx_str_set(&t.f.gc.name, "po\"ol");
    ngx_str_set(&t.f.gc.keys[0].label, "a\"b\\c\nd\xff\xc3\xa9");
    ngx_str_set(&t.f.gc.models[0].name, "\n\"\\");
    fixture_start(&t.f, 64);

    report_use(&t, 0, NGX_GEMINI_OK);
    (void) ngx_gemini_metrics_team(t.f.gv.metrics, &team);

    prom_read(&t, &prom_lines, 0, "odd labels");

    report_has(&t, "{pool=\"po\\\"ol\",key=\"a\\\"b\\\\c\\nd\xef\xbf\xbd"
               "\xc3\xa9\",project=\"p0\"}", "of a key");
    report_has(&t, "gemini_router_ttft_seconds_count{pool=\"po\\\"ol\","
               "model=\"\\n\\\"\\\\\"} 1\n", "of a histogram");
    report_has(&t, "team=\"a\\\"b\\\\c\"", "of a team");

    report_close(&t);
}


static void
test_histograms(void)
{
    uint32_t               i;
    report_t               t;
    ngx_gemini_metrics_t  *gm;

    static const uint64_t  times[] = { 0, 50, 51, 1000, 299999, 300000,
                                       300001 };

    report_open(&t, 1, 1, 1, 1);
    fixture_start(&t.f, 64);

    gm = t.f.gv.metrics;

    for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        ngx_gemini_metrics_observe(gm, NGX_GEMINI_HIST_REQUEST, 0,
                                   NGX_GEMINI_OUTCOME_OK, times[i]);
    }

    ngx_gemini_metrics_observe(gm, NGX_GEMINI_HIST_QUEUE, NGX_GEMINI_NONE, 0,
                               2000);

    (void) prom_view(&t, 0);

#define prom_bucket(le, n)                                                    \
    "gemini_router_request_duration_seconds_bucket{pool=\"main\","            \
    "model=\"m0\",class=\"ok\",le=\"" le "\"} " n "\n"

    report_has(&t,
        " histogram\n# HELP gemini_router_request_duration_seconds From the "
        "client's request to the end of its answer; the class is the "
        "outcome.\n"
        prom_bucket("0.05", "2") prom_bucket("0.1", "3")
        prom_bucket("0.25", "3") prom_bucket("0.5", "3")
        prom_bucket("1.0", "4") prom_bucket("2.5", "4")
        prom_bucket("5.0", "4") prom_bucket("10.0", "4")
        prom_bucket("20.0", "4") prom_bucket("30.0", "4")
        prom_bucket("60.0", "4") prom_bucket("120.0", "4")
        prom_bucket("180.0", "4") prom_bucket("300.0", "6")
        prom_bucket("+Inf", "7")
        "gemini_router_request_duration_seconds_sum{pool=\"main\","
        "model=\"m0\",class=\"ok\"} 901.101\n"
        "gemini_router_request_duration_seconds_count{pool=\"main\","
        "model=\"m0\",class=\"ok\"} 7\n# TYPE",
        "each bucket has what is below it");
    report_has(&t, "\ngemini_router_queue_wait_seconds_sum{pool=\"main\","
               "model=\"other\"} 2.000\n", "one without a class");

    report_close(&t);
}


static void
test_openmetrics(void)
{
    report_t  t;

    report_open(&t, 1, 1, 1, 1);
    fixture_start(&t.f, 64);
    report_use(&t, 0, NGX_GEMINI_OK);

    (void) prom_view(&t, 0);

    report_has(&t, "# TYPE gemini_router_tokens_total counter\n"
               "# HELP gemini_router_tokens_total ", "a counter, 0.0.4");
    report_lacks(&t, "# UNIT", "no units");
    report_lacks(&t, "# EOF", "no end");
    report_has(&t, "# TYPE gemini_router_build_info gauge\n", "an info");

    (void) prom_view(&t, 1);

    report_has(&t, "# TYPE gemini_router_tokens counter\n"
               "# UNIT gemini_router_tokens tokens\n"
               "# HELP gemini_router_tokens ", "a counter, OpenMetrics");
    report_has(&t, "\ngemini_router_tokens_total{pool=\"main\","
               "kind=\"prompt\"} 100\n", "its sample");
    report_has(&t, "# TYPE gemini_router_build info\n", "an info");
    report_has(&t, "\ngemini_router_build_info{", "its sample");
    tap_is_str(t.text + strlen(t.text) - 6, "# EOF\n", "the end");

    report_close(&t);
}


static void
test_shape(void)
{
    report_t    t;
    ngx_uint_t  i;

    for (i = 0; i < 2; i++) {
        report_open(&t, 5, 3, 2, 4);
        fixture_start(&t.f, 256);
        prom_busy_pool(&t);

        prom_read(&t, &prom_lines, i, i ? "OpenMetrics" : "Prometheus");

        tap_ok(prom_lines.nfamilies > 80, "%u families",
               prom_lines.nfamilies);
        tap_is_int(prom_lines.helps, prom_lines.nfamilies, "all with help");
        tap_ok((prom_lines.units > 0) == (i == 1), "units");

        report_close(&t);
    }
}


/* more records than one hold takes, and the same text in small pieces */

static void
test_batches(void)
{
    uint32_t  i;
    report_t  t;

    report_open(&t, 200, 150, 70, 20);
    fixture_start(&t.f, 256);

    for (i = 0; i < 150; i++) {
        (void) ngx_gemini_budget_book(fixture_cell(&t.f, i, i % 20), 1,
                                      t.f.now, t.f.now);
    }

    prom_read(&t, &prom_lines, 0, "a large pool");

    tap_is_int(prom_count(&t, "\ngemini_router_key_usable{"), 200,
               "all keys");
    tap_is_int(prom_count(&t, "\ngemini_router_project_tokens_total{"), 600,
               "all tokens of all projects");
    tap_is_int(prom_count(&t, "\ngemini_router_cell_day_requests{"), 150,
               "all cells that say something");
    tap_is_int(prom_count(&t, "\ngemini_router_model_rank{"), 60,
               "all places in the rankings");
    tap_ok(t.calls > prom_lines.nsamples
                     / (NGX_GEMINI_REPORT_BATCH * NGX_GEMINI_PROM_ITEMS),
           "%u calls for %u samples", t.calls, prom_lines.nsamples);

    report_close(&t);
}


static void
test_memory(void)
{
    uint32_t  i, n;
    report_t  t;

    report_open(&t, 2, 1, 1, 1);
    fixture_start(&t.f, 64);
    report_use(&t, 0, NGX_GEMINI_OK);

    for (i = 3, n = 0; n < 32; i++, n++) {
        t.refuse = i;

        if (prom_view(&t, 0) != NULL) {
            break;
        }
    }

    tap_ok(n > 8 && n < 32, "no memory, at %u places", n);

    report_close(&t);
}


/* something of everything */

static void
prom_busy_pool(report_t *t)
{
    uint32_t   i;
    ngx_str_t  team;

    for (i = 0; i < 4; i++) {
        report_use(t, i, NGX_GEMINI_OK);
        report_use(t, i, NGX_GEMINI_QUOTA_TERSE);

        team = t->f.gc.keys[i].label;
        (void) ngx_gemini_metrics_team(t->f.gv.metrics, &team);

        ngx_gemini_metrics_observe(t->f.gv.metrics, NGX_GEMINI_HIST_REQUEST,
                                   i, NGX_GEMINI_OUTCOME_OK, 1000);
        ngx_gemini_metrics_observe(t->f.gv.metrics, NGX_GEMINI_HIST_QUEUE, i,
                                   0, 1000);
    }

    t->f.gv.keys[0].operator = 1;
    t->f.gv.keys[1].disabled = NGX_GEMINI_KEY_EXPIRED;
    t->f.gv.gp->lock_model = 0;
    t->f.gv.gp->skew_at = 1;
}
