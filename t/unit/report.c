
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The status document: every member of it, the views, the events, and that
 * nothing depends on its batches.
 */


#include "report.h"


static void test_whole(void);
static void test_arrays(void);
static void test_events(void);
static void test_events_overrun(void);
static void test_labels(void);
static void test_batches(void);
static void test_memory(void);
static void test_views(void);


int
main(void)
{
    test_whole();
    test_arrays();
    test_events();
    test_events_overrun();
    test_labels();
    test_batches();
    test_memory();
    test_views();

    return tap_done();
}


/* every member, in its place */

static void
test_whole(void)
{
    report_t  t;

    report_open(&t, 1, 1, 1, 1);
    fixture_start(&t.f, 64);

    t.f.now += 1500;

    tap_is_str(report_view(&t, ""),
        "{\"pool\":\"main\",\"lock\":null,\"totals\":{\"requests\":0,"
        "\"outcomes\":{\"ok\":0,\"failover\":0,\"fallback\":0,"
        "\"client_error\":0,\"exhausted\":0,\"overloaded\":0,"
        "\"upstream_down\":0,\"cut\":0,\"client_gone\":0,\"refused\":0},"
        "\"tokens\":{\"prompt\":0,\"output\":0,\"thought\":0,\"cached\":0},"
        "\"cost\":0.000000000,\"lost\":0,\"rebuilt\":0},"
        "\"upstream\":{\"state\":\"up\",\"until\":null,\"left\":null,"
        "\"transport_failures\":0,\"clock_skew\":null},"
        "\"accounts\":[{\"name\":\"a0\",\"state\":\"usable\",\"reason\":null,"
        "\"until\":null,\"left\":null,\"provenance\":null,\"note\":null,"
        "\"in_flight\":0,\"since\":null,\"requests\":0,\"ok\":0,\"quota\":0,"
        "\"faults\":0,\"errors\":0,\"client\":0,\"tokens\":{\"prompt\":0,"
        "\"output\":0,\"thought\":0,\"cached\":0},\"cost\":0.000000000}],"
        "\"projects\":[{\"name\":\"p0\",\"account\":\"a0\","
        "\"state\":\"usable\",\"reason\":null,\"until\":null,\"left\":null,"
        "\"provenance\":null,\"note\":null,\"in_flight\":0,\"scope\":null,"
        "\"since\":null,\"requests\":0,\"ok\":0,\"quota\":0,\"faults\":0,"
        "\"errors\":0,\"client\":0,\"tokens\":{\"prompt\":0,\"output\":0,"
        "\"thought\":0,\"cached\":0},\"cost\":0.000000000}],"
        "\"keys\":[{\"name\":\"k0\",\"fingerprint\":\"0000000000000000\","
        "\"project\":\"p0\",\"state\":\"usable\",\"reason\":null,"
        "\"until\":null,\"left\":null,\"provenance\":null,\"note\":null,"
        "\"in_flight\":0,\"scope\":null,\"since\":null,\"account\":\"a0\","
        "\"priority\":0,\"weight\":1,\"max_conns\":null,\"models\":null,"
        "\"blocked_verbs\":[],\"blocked_surfaces\":[],\"last_used\":null,"
        "\"requests\":0,\"ok\":0,\"quota\":0,\"faults\":0,\"errors\":0,"
        "\"client\":0,\"tokens\":{\"prompt\":0,\"output\":0,\"thought\":0,"
        "\"cached\":0},\"cost\":0.000000000}],\"models\":[{\"name\":\"m0\","
        "\"kind\":\"text\",\"state\":\"usable\",\"reason\":null,"
        "\"until\":null,\"left\":null,\"provenance\":null,\"note\":null,"
        "\"in_flight\":0,\"since\":null,\"listed\":true,\"fallback\":true,"
        "\"max_tokens\":null,\"last_used\":null,\"attempts_10s\":0,"
        "\"overloads_10s\":0,\"probes\":0,\"probes_ok\":0,\"requests\":0,"
        "\"ok\":0,\"quota\":0,\"faults\":0,\"errors\":0,\"client\":0,"
        "\"tokens\":{\"prompt\":0,\"output\":0,\"thought\":0,\"cached\":0},"
        "\"cost\":0.000000000,\"window\":{\"size\":20,\"samples\":0,\"ok\":0,"
        "\"success_rate\":null,\"latency\":{\"mean\":null,\"p50\":null,"
        "\"p95\":null},\"ttft\":{\"mean\":null,\"p50\":null,\"p95\":null},"
        "\"prompt\":0,\"output\":0},\"capacity\":{\"usable\":1,"
        "\"rpm_left\":null,\"tpm_left\":null,\"rpd_left\":null,"
        "\"unlimited\":1,\"next_relief\":null,\"exhausts_at\":null}}],"
        "\"teams\":[],\"cells\":[],\"queue\":{\"size\":256,\"waiting\":0,"
        "\"max_seen\":0,\"entered\":0,\"full\":0,\"timeout\":0,"
        "\"seconds\":0.000},\"attempts\":{\"total\":0,\"in_flight\":0,"
        "\"by_class\":{},\"retry_budget\":{\"left\":20,\"refused\":0}},"
        "\"probe\":{\"pending\":0,\"done\":0,\"failed\":0,\"last\":null,"
        "\"lists\":0,\"lists_ok\":0,\"prompts\":0,\"prompts_ok\":0},"
        "\"resources\":{},\"limits\":{\"tries\":6,\"timeout\":120.000,"
        "\"attempt_timeout\":0.000,\"queue\":256,\"queue_timeout\":15.000,"
        "\"cooldown\":60.000,\"cooldown_max\":600.000,\"window\":20,"
        "\"fallback\":false,\"prefer\":\"model\",\"nodes\":1,"
        "\"unlisted\":true,\"used\":{\"keys\":1,\"projects\":1,"
        "\"accounts\":1,\"models\":1,\"reservations\":0,\"owners\":0},"
        "\"room\":{\"keys\":1,\"projects\":1,\"accounts\":1,\"models\":1,"
        "\"reservations\":64,\"owners\":64}},\"uptime\":1.500,"
        "\"versions\":{\"module\":\"" NGX_GEMINI_VERSION "\","
        "\"nginx\":\"1.22.1\",\"configuration\":1},\"state\":{\"file\":null,"
        "\"saved_at\":null,\"bytes\":0,\"failing\":false,\"failures\":0}}\n",
        "the whole document of an idle pool");

    report_close(&t);
}


/* a view is one part of the whole, to the letter */

static void
test_arrays(void)
{
    report_t     t;
    const char  *whole;

    report_open(&t, 3, 2, 1, 2);
    fixture_start(&t.f, 64);

    report_use(&t, 0, NGX_GEMINI_OK);
    report_use(&t, 1, NGX_GEMINI_QUOTA_TERSE);

    (void) report_view(&t, "");
    whole = report_part(&t, "\"keys\":", ",\"models\":[{");

    (void) report_view(&t, "keys");
    tap_is_str(report_part(&t, "{\"pool\":\"main\",\"keys\":", "}\n"), whole,
               "view keys");

    (void) report_view(&t, "");
    whole = report_part(&t, "\"models\":[{", ",\"teams\":");

    (void) report_view(&t, "models");
    tap_is_str(report_part(&t, "{\"pool\":\"main\",\"models\":[{", "}\n"),
               whole, "view models");

    report_has(&t, "\"window\":{\"size\":20,\"samples\":1,\"ok\":1,"
               "\"success_rate\":1.000,\"latency\":{\"mean\":1.500,"
               "\"p50\":1.500,\"p95\":1.500},\"ttft\":{\"mean\":0.250,"
               "\"p50\":0.250,\"p95\":0.250},\"prompt\":100,",
               "the window of a model");

    (void) report_view(&t, "");
    report_has(&t, "\"by_class\":{\"ok\":1,\"terse\":1}",
               "classes that were seen, and no others");
    report_has(&t, "\"requests\":1,\"ok\":1,\"quota\":0,\"faults\":0,"
               "\"errors\":0,\"client\":0,\"tokens\":{\"prompt\":100,"
               "\"output\":40,\"thought\":10,\"cached\":5}",
               "counters and tokens");

    report_close(&t);
}


static void
test_events(void)
{
    report_t            t;
    ngx_gemini_event_t  event;

    report_open(&t, 1, 1, 1, 1);
    fixture_start(&t.f, 64);

    tap_is_str(report_view(&t, "events"),
               "{\"pool\":\"main\",\"events\":[]}\n", "no event");

    memset(&event, 0, sizeof(ngx_gemini_event_t));

    event.time = t.f.now;
    event.type = NGX_GEMINI_EVENT_REAPED;
    event.scope = NGX_GEMINI_SCOPE_POOL;
    event.number = 3;
    ngx_gemini_pool_event(&t.f.gv, &event);

    event.type = NGX_GEMINI_EVENT_REST;
    event.scope = NGX_GEMINI_SCOPE_CELL;
    event.reason = NGX_GEMINI_QUOTA_DAY;
    event.provenance = NGX_GEMINI_LEARNED;
    event.number = 0;
    event.until = t.f.now + 1000;
    event.label_len = 2;
    memcpy(event.label, "p0", 2);
    event.model_len = 2;
    memcpy(event.model, "m0", 2);
    memset(event.request_id, 'f', NGX_GEMINI_REQUEST_ID);
    ngx_gemini_pool_event(&t.f.gv, &event);

    tap_is_str(report_view(&t, "events"),
        "{\"pool\":\"main\",\"events\":["
        "{\"time\":\"2026-11-22T20:00:00Z\",\"type\":\"rest\",\"action\":null,"
        "\"scope\":\"cell\",\"label\":\"p0\",\"model\":\"m0\","
        "\"reason\":\"PerDay\",\"until\":\"2026-11-22T20:00:01Z\","
        "\"provenance\":\"learned\",\"number\":null,"
        "\"request_id\":\"ffffffffffffffffffffffffffffffff\"},"
        "{\"time\":\"2026-11-22T20:00:00Z\",\"type\":\"reaped\","
        "\"action\":null,"
        "\"scope\":\"pool\",\"label\":null,\"model\":null,\"reason\":null,"
        "\"until\":null,\"provenance\":null,\"number\":3,"
        "\"request_id\":null}]}\n", "the newest first");

    report_close(&t);
}


/* events that come while the report is copied overwrite the oldest */

static void
test_events_overrun(void)
{
    uint32_t              i;
    report_t              t;
    ngx_int_t             rc;
    ngx_gemini_event_t    event;
    ngx_gemini_report_t  *gr;

    report_open(&t, 1, 1, 1, 1);
    fixture_start(&t.f, 64);

    memset(&event, 0, sizeof(ngx_gemini_event_t));

    for (i = 1; i <= 300; i++) {
        event.number = i;
        ngx_gemini_pool_event(&t.f.gv, &event);
    }

    gr = report_alloc(&t, sizeof(ngx_gemini_report_t));

    rc = ngx_gemini_report_init(gr, &t.f.gc, NGX_GEMINI_VIEW_EVENTS, "",
                                t.f.now, report_alloc, &t);

    for (i = 1; rc != NGX_ERROR; i++) {
        ngx_gemini_report_copy(gr, &t.f.gv);
        rc = ngx_gemini_report_digest(gr);

        if (rc == NGX_OK) {
            break;
        }

        event.number = 1000;
        ngx_gemini_pool_event(&t.f.gv, &event);
    }

    tap_is_int(gr->nevents, NGX_GEMINI_EVENTS - i + 1,
               "events that were there all the time");
    tap_is_int(gr->events[0].number, 300, "the newest of them");
    tap_is_int(gr->events[gr->nevents - 1].number, 301 - gr->nevents,
               "the oldest of them");

    report_close(&t);
}


static void
test_labels(void)
{
    report_t  t;

    report_open(&t, 1, 1, 1, 1);
    ngx_str_set(&t.f.gc.keys[0].label, "a\"b\\c\n\xff");
    fixture_start(&t.f, 64);

    (void) report_view(&t, "keys");
    report_has(&t, "\"name\":\"a\\\"b\\\\c\\n\xef\xbf\xbd\"",
               "labels are escaped");

    report_close(&t);
}


/* more records than one hold takes */

static void
test_batches(void)
{
    char      *p;
    uint32_t   i, n;
    report_t   t;

    report_open(&t, 200, 150, 70, 20);
    fixture_start(&t.f, 256);

    for (i = 0; i < 150; i++) {
        (void) ngx_gemini_budget_book(fixture_cell(&t.f, i, i % 20), 1,
                                      t.f.now, t.f.now);
    }

    (void) report_view(&t, "");
    tap_ok(t.calls > 200 / NGX_GEMINI_REPORT_BATCH, "%u calls", t.calls);

    for (n = 0, p = t.text; (p = strstr(p, "\"fingerprint\"")); p++) {
        n++;
    }

    tap_is_int(n, 200, "all keys");

    for (n = 0, p = t.text; (p = strstr(p, "\"capacity\"")); p++) {
        n++;
    }

    tap_is_int(n, 20, "all models");

    for (n = 0, p = t.text; (p = strstr(p, "\"minute_requests\"")); p++) {
        n++;
    }

    tap_is_int(n, 150, "all cells that say something");
    report_has(&t, "\"capacity\":{\"usable\":200,", "all keys are usable");

    (void) report_view(&t, "models");
    report_lacks(&t, "\"usable\":1,", "for each model");

    report_close(&t);
}


static void
test_memory(void)
{
    uint32_t  i;
    report_t  t;

    report_open(&t, 2, 1, 1, 1);
    fixture_start(&t.f, 64);

    (void) ngx_gemini_budget_book(fixture_cell(&t.f, 0, 0), 1, t.f.now,
                                  t.f.now);

    /* the first is that of the report itself */

    for (i = 2; i <= 8; i++) {
        t.refuse = i;
        tap_ok(report_view(&t, "") == NULL, "no memory at the %u.", i);
    }

    t.refuse = 8;
    tap_ok(report_view(&t, "events") == NULL, "no memory for events");

    t.refuse = 0;
    tap_ok(report_view(&t, "") != NULL, "memory again");

    report_close(&t);
}


static void
test_views(void)
{
    ngx_str_t  name = ngx_string("tier");

    tap_is_int(ngx_gemini_report_view(&name), 0, "a view that is not there");

    name.len = 0;
    tap_is_int(ngx_gemini_report_view(&name), NGX_GEMINI_VIEW_ALL,
               "no name: all");
}
