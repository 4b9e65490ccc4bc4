
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * What the status document says of single records: states, budgets, what a
 * model can still give.
 */


#include "report.h"


static void test_states_set(report_t *t);
static void test_states(void);
static void test_pool(void);
static void test_cells(void);
static void test_capacity(void);
static void test_exhausts(void);
static void test_unlisted(void);
static void test_cooldowns(void);


int
main(void)
{
    test_states();
    test_pool();
    test_cells();
    test_capacity();
    test_exhausts();
    test_unlisted();
    test_cooldowns();

    return tap_done();
}


static void
test_states_set(report_t *t)
{
    ngx_gemini_conf_t  *gc;
    ngx_gemini_view_t  *gv;

    gc = &t->f.gc;
    gv = &t->f.gv;

    gc->keys[1].disabled = 1;
    gc->keys[2].max_conns = 1;
    ngx_str_set(&gc->keys[6].models, "m*");

    fixture_start(&t->f, 64);

    gv->keys[gc->keys[0].slot].operator = 1;
    gv->keys[gc->keys[0].slot].operator_until = t->f.now + 5000;
    gv->keys[gc->keys[2].slot].in_flight = 1;
    gv->keys[gc->keys[4].slot].disabled = NGX_GEMINI_KEY_INVALID;
    gv->keys[gc->keys[4].slot].disabled_at = t->f.now - 1000;
    gv->keys[gc->keys[6].slot].verbs = 1 << NGX_GEMINI_VERB_EMBED;
    gv->keys[gc->keys[6].slot].surfaces = 1 << NGX_GEMINI_SURFACE_OPENAI;
    gv->keys[gc->keys[6].slot].operator = 1;
    gv->keys[gc->keys[6].slot].operator_until = t->f.now;

    /* k3 and k7 are of a3 */

    ngx_gemini_rest_place(&gv->accounts[gc->accounts[3].slot].rest,
                          t->f.now - 1000, NGX_GEMINI_HOUR,
                          NGX_GEMINI_CREDIT, NGX_GEMINI_LEARNED);
    ngx_gemini_rest_place(&gv->keys[gc->keys[5].slot].rest, t->f.now, 1500,
                          NGX_GEMINI_KEY_BLOCKED, NGX_GEMINI_TOLD);
    ngx_gemini_rest_place(&gv->projects[gc->projects[7].slot].rest,
                          t->f.now - 2000, 1000, NGX_GEMINI_PROJECT_DENIED,
                          NGX_GEMINI_GUESSED);
}


static void
test_states(void)
{
    report_t  t;

    report_open(&t, 8, 8, 4, 1);
    test_states_set(&t);

    (void) report_view(&t, "keys");

#define report_key(n) report_part(&t, "\"name\":\"k" #n "\"", ",\"priority\"")

    tap_is_str(report_key(0),
        ",\"fingerprint\":\"0000000000000000\",\"project\":\"p0\","
        "\"state\":\"operator\",\"reason\":\"operator\","
        "\"until\":\"2026-11-22T20:00:05Z\",\"left\":5.000,"
        "\"provenance\":\"set\",\"note\":null,"
        "\"in_flight\":0,\"scope\":\"key\","
        "\"since\":null,\"account\":\"a0\"",
        "disabled by the operator for a time");

    tap_is_str(report_key(1),
        ",\"fingerprint\":\"0100000000000000\",\"project\":\"p1\","
        "\"state\":\"disabled\",\"reason\":\"configured\",\"until\":null,"
        "\"left\":null,\"provenance\":\"set\",\"note\":null,"
        "\"in_flight\":0,"
        "\"scope\":\"key\",\"since\":null,\"account\":\"a1\"",
        "disabled by configuration");

    tap_is_str(report_key(2),
        ",\"fingerprint\":\"0200000000000000\",\"project\":\"p2\","
        "\"state\":\"busy\",\"reason\":null,\"until\":null,\"left\":null,"
        "\"provenance\":null,\"note\":null,"
        "\"in_flight\":1,\"scope\":\"key\","
        "\"since\":null,\"account\":\"a2\"", "at max_conns");

    tap_is_str(report_key(3),
        ",\"fingerprint\":\"0300000000000000\",\"project\":\"p3\","
        "\"state\":\"resting\",\"reason\":\"credit\","
        "\"until\":\"2026-11-22T20:59:59Z\",\"left\":3599.000,"
        "\"provenance\":\"learned\",\"note\":null,"
        "\"in_flight\":0,\"scope\":\"account\","
        "\"since\":\"2026-11-22T19:59:59Z\",\"account\":\"a3\"",
        "its account rests");

    tap_is_str(report_key(4),
        ",\"fingerprint\":\"0400000000000000\",\"project\":\"p4\","
        "\"state\":\"disabled\",\"reason\":\"key_invalid\",\"until\":null,"
        "\"left\":null,\"provenance\":\"told\",\"note\":null,"
        "\"in_flight\":0,"
        "\"scope\":\"key\",\"since\":\"2026-11-22T19:59:59Z\","
        "\"account\":\"a0\"", "disabled by an answer");

    tap_is_str(report_key(5),
        ",\"fingerprint\":\"0500000000000000\",\"project\":\"p5\","
        "\"state\":\"resting\",\"reason\":\"key_blocked\","
        "\"until\":\"2026-11-22T20:00:01Z\",\"left\":1.500,"
        "\"provenance\":\"told\",\"note\":null,"
        "\"in_flight\":0,\"scope\":\"key\","
        "\"since\":\"2026-11-22T20:00:00Z\",\"account\":\"a1\"", "resting");

    tap_is_str(report_key(7),
        ",\"fingerprint\":\"0700000000000000\",\"project\":\"p7\","
        "\"state\":\"trial\",\"reason\":\"denied\",\"until\":null,"
        "\"left\":null,\"provenance\":\"guessed\",\"note\":null,"
        "\"in_flight\":0,"
        "\"scope\":\"project\",\"since\":\"2026-11-22T19:59:58Z\","
        "\"account\":\"a3\"", "its project's guessed rest has ended");

    report_has(&t, "\"name\":\"k6\",\"fingerprint\":\"0600000000000000\","
               "\"project\":\"p6\",\"state\":\"usable\"",
               "the operator's time is over");
    report_has(&t, "\"models\":\"m*\",\"blocked_verbs\":[\"embed\"],"
               "\"blocked_surfaces\":[\"openai\"]", "what a key may not");

    report_close(&t);
}


static void
test_pool(void)
{
    report_t            t;
    ngx_gemini_conf_t  *gc;
    ngx_gemini_view_t  *gv;

    report_open(&t, 1, 1, 1, 1);
    fixture_start(&t.f, 64);

    gc = &t.f.gc;
    gv = &t.f.gv;

    gv->gp->lock_model = gc->models[0].slot;
    gv->gp->lock_until = t.f.now + 60000;
    gv->gp->skew = -1250;
    gv->gp->skew_at = t.f.now;
    gv->gp->transport = 12;
    ngx_gemini_rest_place(&gv->gp->upstream, t.f.now, 2000,
                          NGX_GEMINI_TRANSPORT, NGX_GEMINI_GUESSED);
    ngx_gemini_rest_place(&gv->models[gc->models[0].slot].rest, t.f.now,
                          4000, NGX_GEMINI_OVERLOADED, NGX_GEMINI_GUESSED);

    (void) report_view(&t, "");

    report_has(&t, "\"lock\":{\"model\":\"m0\","
               "\"until\":\"2026-11-22T20:01:00Z\",\"left\":60.000}",
               "a lock");
    report_has(&t, "\"upstream\":{\"state\":\"down\","
               "\"until\":\"2026-11-22T20:00:02Z\",\"left\":2.000,"
               "\"transport_failures\":12,\"clock_skew\":-1.250}",
               "upstream is down");
    report_has(&t, "\"name\":\"m0\",\"kind\":\"text\",\"state\":\"resting\","
               "\"reason\":\"overloaded\"", "a model rests");
    report_has(&t, "\"capacity\":{\"usable\":0,", "nothing can be served");

    gv->gp->lock_until = t.f.now;
    t.f.now += 3000;

    (void) report_view(&t, "");
    report_has(&t, "\"lock\":null", "a lock that has ended");
    report_has(&t, "\"upstream\":{\"state\":\"trial\",\"until\":null",
               "upstream is tried again");

    report_close(&t);
}


static void
test_cells(void)
{
    report_t               t;
    ngx_gemini_cell_t     *cell;
    ngx_gemini_limit_t    *limit;

    report_open(&t, 2, 2, 1, 2);

    limit = fixture_limit(&t.f, 1, 0);
    limit->rpm = 10;
    limit->tpm = 1000;
    limit->rpd = 100;

    fixture_start(&t.f, 64);

    cell = fixture_cell(&t.f, 1, 0);
    cell->requests = 7;
    cell->refused = 2;

    (void) report_view(&t, "");
    report_has(&t, "\"cells\":[]", "a cell with nothing to say is left out");

    (void) ngx_gemini_budget_book(cell, 250, t.f.now - 1000, t.f.now - 1000);

    cell->in_flight = 1;
    cell->learned.rpm = 5;
    cell->learned.rpm_at = t.f.now - 60000;
    cell->learned.tpm = 10;
    cell->learned.tpm_at = t.f.now - NGX_GEMINI_HOUR;

    ngx_gemini_rest_place(&cell->rest, t.f.now, 30000,
                          NGX_GEMINI_QUOTA_MINUTE, NGX_GEMINI_TOLD);

    (void) report_view(&t, "");

    tap_is_str(report_part(&t, "\"cells\":", ",\"queue\""),
        "[{\"project\":\"p1\",\"model\":\"m0\",\"state\":\"resting\","
        "\"reason\":\"PerMinute\",\"until\":\"2026-11-22T20:00:30Z\","
        "\"left\":30.000,\"provenance\":\"told\",\"note\":null,"
        "\"in_flight\":1,"
        "\"since\":\"2026-11-22T20:00:00Z\",\"requests\":7,\"refused\":2,"
        "\"use\":{\"minute_requests\":1,\"minute_tokens\":250,"
        "\"minute_ends\":\"2026-11-22T20:00:59Z\",\"day_requests\":1},"
        "\"limits\":{\"rpm\":5,\"tpm\":1000,\"rpd\":100},"
        "\"rpm_left\":4,\"tpm_left\":750,\"rpd_left\":99,"
        "\"learned\":{\"rpm\":5,\"rpm_at\":\"2026-11-22T19:59:00Z\","
        "\"tpm\":null,\"tpm_at\":null,\"rpd\":null,\"rpd_at\":null}}]",
        "a cell: use, limits in force, what is left, what was learned");

    t.f.now += NGX_GEMINI_DAY;
    cell->in_flight = 0;

    (void) report_view(&t, "");
    report_has(&t, "\"cells\":[]", "a day later it is silent again");

    report_close(&t);
}


static void
test_capacity(void)
{
    uint32_t             i;
    report_t             t;
    ngx_gemini_cell_t   *cell;
    ngx_gemini_limit_t  *limit;

    /* keys 0 and 3 share p0 */

    report_open(&t, 6, 3, 1, 1);

    for (i = 0; i < 2; i++) {
        limit = fixture_limit(&t.f, i, 0);
        limit->rpm = 10;
        limit->tpm = 1000;
    }

    fixture_start(&t.f, 64);

    (void) ngx_gemini_budget_book(fixture_cell(&t.f, 0, 0), 300, t.f.now,
                                  t.f.now);

    (void) report_view(&t, "models");
    report_has(&t, "\"capacity\":{\"usable\":6,\"rpm_left\":19,"
               "\"tpm_left\":1700,\"rpd_left\":null,\"unlimited\":1,"
               "\"next_relief\":null,\"exhausts_at\":null}",
               "budgets are of projects, not of keys");

    cell = fixture_cell(&t.f, 1, 0);
    ngx_gemini_rest_place(&cell->rest, t.f.now, 9000, NGX_GEMINI_QUOTA_TERSE,
                          NGX_GEMINI_GUESSED);

    cell = fixture_cell(&t.f, 2, 0);
    ngx_gemini_rest_place(&cell->rest, t.f.now, 8000, NGX_GEMINI_QUOTA_MINUTE,
                          NGX_GEMINI_TOLD);

    (void) report_view(&t, "models");
    report_has(&t, "\"capacity\":{\"usable\":2,\"rpm_left\":9,"
               "\"tpm_left\":700,\"rpd_left\":null,\"unlimited\":0,"
               "\"next_relief\":\"2026-11-22T20:00:08Z\",",
               "what rests counts for nothing");

    report_close(&t);
}


static void
test_exhausts(void)
{
    uint32_t             i;
    report_t             t;
    ngx_gemini_cell_t   *cell;
    ngx_gemini_limit_t  *limit;

    report_open(&t, 2, 2, 1, 1);

    limit = fixture_limit(&t.f, 0, 0);
    limit->rpd = 100;
    *fixture_limit(&t.f, 1, 0) = *limit;

    fixture_start(&t.f, 64);

    /* 120 requests in the twelve hours since midnight: ten an hour */

    for (i = 0; i < 2; i++) {
        cell = fixture_cell(&t.f, i, 0);
        (void) ngx_gemini_budget_book(cell, 1, t.f.now, t.f.now);
        cell->use.day_requests = 60;
        cell->use.requests = 1;
    }

    (void) report_view(&t, "models");
    report_has(&t, "\"rpd_left\":80,\"unlimited\":0,\"next_relief\":null,"
               "\"exhausts_at\":\"2026-11-23T04:00:00Z\"",
               "at the pace of the day");

    cell->use.requests = 19;

    (void) report_view(&t, "models");
    report_has(&t, "\"exhausts_at\":\"2026-11-22T20:04:00Z\"",
               "at the pace of the minute, which is higher");

    cell->use.requests = 1;
    cell->use.day_requests = 1;

    (void) report_view(&t, "models");
    report_has(&t, "\"rpd_left\":139,\"unlimited\":0,\"next_relief\":null,"
               "\"exhausts_at\":null", "not before midnight");

    report_close(&t);
}


static void
test_unlisted(void)
{
    report_t             t;
    ngx_str_t            name = ngx_string("text-embedding-9");

    report_open(&t, 2, 2, 1, 1);
    ngx_str_set(&t.f.gc.keys[1].models, "m*");
    fixture_start(&t.f, 64);

    (void) ngx_gemini_pool_spare_claim(&t.f.gv, &name, t.f.now);

    (void) report_view(&t, "models");
    report_lacks(&t, "\"name\":\"other\"", "nothing but this one");

    t.f.gv.models[t.f.gv.other].counters.requests = 1;

    (void) report_view(&t, "models");
    report_has(&t, "\"name\":\"text-embedding-9\",\"kind\":\"embedding\"",
               "an unlisted model");
    report_has(&t, "\"listed\":false,\"fallback\":false", "it says so");
    report_has(&t, "\"name\":\"other\"", "the others");
    report_has(&t, "\"capacity\":{\"usable\":1,", "keys bound by models=");

    report_close(&t);
}


static void
test_cooldowns(void)
{
    report_t             t;
    ngx_gemini_conf_t   *gc;
    ngx_gemini_view_t   *gv;

    report_open(&t, 4, 2, 1, 1);
    fixture_start(&t.f, 64);

    gc = &t.f.gc;
    gv = &t.f.gv;

    tap_is_str(report_view(&t, "cooldowns"),
               "{\"pool\":\"main\",\"cooldowns\":[]}\n", "no cooldown");

    ngx_gemini_rest_place(&gv->projects[gc->projects[1].slot].rest, t.f.now,
                          1000, NGX_GEMINI_PROJECT_BILLING,
                          NGX_GEMINI_LEARNED);
    ngx_gemini_rest_place(&fixture_cell(&t.f, 0, 0)->rest, t.f.now, 2000,
                          NGX_GEMINI_QUOTA_TERSE, NGX_GEMINI_GUESSED);
    gv->keys[gc->keys[2].slot].disabled = NGX_GEMINI_KEY_LEAKED;

    tap_is_str(report_view(&t, "cooldowns"),
        "{\"pool\":\"main\",\"cooldowns\":["
        "{\"scope\":\"project\",\"name\":\"p1\",\"model\":null,"
        "\"state\":\"resting\",\"reason\":\"billing\","
        "\"until\":\"2026-11-22T20:00:01Z\",\"left\":1.000,"
        "\"provenance\":\"learned\",\"note\":null,"
        "\"since\":\"2026-11-22T20:00:00Z\"},"
        "{\"scope\":\"key\",\"name\":\"k2\",\"model\":null,"
        "\"state\":\"disabled\",\"reason\":\"key_leaked\",\"until\":null,"
        "\"left\":null,\"provenance\":\"told\",\"note\":null,"
        "\"since\":null},"
        "{\"scope\":\"cell\",\"name\":\"p0\",\"model\":\"m0\","
        "\"state\":\"resting\",\"reason\":\"terse\","
        "\"until\":\"2026-11-22T20:00:02Z\",\"left\":2.000,"
        "\"provenance\":\"guessed\",\"note\":null,"
        "\"since\":\"2026-11-22T20:00:00Z\"}]}\n",
        "all that rests, each once");

    report_close(&t);
}
