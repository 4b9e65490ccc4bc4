
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * What would become of a request, in the scheduler's own order; and health.
 */


#include "report.h"


static void test_explain(void);
static void test_explain_treatment(void);
static void test_health(void);


int
main(void)
{
    test_explain();
    test_explain_treatment();
    test_health();

    return tap_done();
}


static void
test_explain(void)
{
    report_t            t;
    ngx_gemini_conf_t  *gc;
    ngx_gemini_view_t  *gv;

    report_open(&t, 4, 4, 2, 2);
    t.f.gc.fallback = 1;
    t.f.gc.keys[3].priority = 1;
    fixture_start(&t.f, 64);

    gc = &t.f.gc;
    gv = &t.f.gv;

    gv->keys[gc->keys[0].slot].disabled = NGX_GEMINI_KEY_EXPIRED;
    ngx_gemini_rest_place(&fixture_cell(&t.f, 1, 0)->rest, t.f.now, 30000,
                          NGX_GEMINI_QUOTA_MINUTE, NGX_GEMINI_TOLD);

    tap_is_str(report_explain(&t, "models/m0", "k*"),
        "{\"pool\":\"main\",\"requested\":\"models/m0\",\"model\":\"m0\","
        "\"treatment\":\"listed\",\"order\":[\"m0\",\"m1\"],"
        "\"candidates\":["
        "{\"rank\":1,\"key\":\"k2\",\"project\":\"p2\",\"account\":\"a0\","
        "\"model\":\"m0\",\"priority\":0,\"usable\":true,\"lack\":null,"
        "\"reason\":null,\"until\":null,\"left\":null},"
        "{\"rank\":2,\"key\":\"k3\",\"project\":\"p3\",\"account\":\"a1\","
        "\"model\":\"m0\",\"priority\":1,\"usable\":true,\"lack\":null,"
        "\"reason\":null,\"until\":null,\"left\":null},"
        "{\"rank\":3,\"key\":\"k1\",\"project\":\"p1\",\"account\":\"a1\","
        "\"model\":\"m1\",\"priority\":0,\"usable\":true,\"lack\":null,"
        "\"reason\":null,\"until\":null,\"left\":null},"
        "{\"rank\":4,\"key\":\"k2\",\"project\":\"p2\",\"account\":\"a0\","
        "\"model\":\"m1\",\"priority\":0,\"usable\":true,\"lack\":null,"
        "\"reason\":null,\"until\":null,\"left\":null},"
        "{\"rank\":5,\"key\":\"k3\",\"project\":\"p3\",\"account\":\"a1\","
        "\"model\":\"m1\",\"priority\":1,\"usable\":true,\"lack\":null,"
        "\"reason\":null,\"until\":null,\"left\":null},"
        "{\"rank\":null,\"key\":\"k0\",\"project\":\"p0\","
        "\"account\":\"a0\",\"model\":\"m0\",\"priority\":0,"
        "\"usable\":false,\"lack\":\"key\",\"reason\":\"key_expired\","
        "\"until\":null,\"left\":null},"
        "{\"rank\":null,\"key\":\"k1\",\"project\":\"p1\","
        "\"account\":\"a1\",\"model\":\"m0\",\"priority\":0,"
        "\"usable\":false,\"lack\":\"quota\",\"reason\":\"PerMinute\","
        "\"until\":\"2026-11-22T20:00:30Z\",\"left\":30.000},"
        "{\"rank\":null,\"key\":\"k0\",\"project\":\"p0\","
        "\"account\":\"a0\",\"model\":\"m1\",\"priority\":0,"
        "\"usable\":false,\"lack\":\"key\",\"reason\":\"key_expired\","
        "\"until\":null,\"left\":null}],"
        "\"usable\":5,\"next_relief\":\"2026-11-22T20:00:30Z\"}\n",
        "in the order of the scheduler, the others with the reason");

    (void) report_explain(&t, "m0", "project:p3");
    report_has(&t, "\"usable\":2,\"next_relief\":null", "two are allowed");
    report_has(&t, "{\"rank\":1,\"key\":\"k3\"", "the one of that project");
    report_has(&t, "\"key\":\"k2\",\"project\":\"p2\",\"account\":\"a0\","
               "\"model\":\"m0\",\"priority\":0,\"usable\":false,"
               "\"lack\":\"key\",\"reason\":\"not_allowed\"",
               "the others are not");

    tap_is_int(gv->gp->in_flight, 0, "nothing is reserved");
    tap_is_int(fixture_strays(&t.f), 0, "nothing is booked");

    ngx_gemini_rest_place(&gv->gp->upstream, t.f.now, 2000,
                          NGX_GEMINI_TRANSPORT, NGX_GEMINI_GUESSED);

    (void) report_explain(&t, "m1", "");
    report_has(&t, "\"lack\":\"upstream\",\"reason\":\"transport\","
               "\"until\":\"2026-11-22T20:00:02Z\",\"left\":2.000",
               "upstream is down");
    report_has(&t, "\"usable\":0,\"next_relief\":\"2026-11-22T20:00:02Z\"",
               "and so none is usable");

    report_close(&t);
}


static void
test_explain_treatment(void)
{
    report_t            t;
    ngx_gemini_alias_t  alias;

    ngx_str_set(&alias.name, "gpt");
    ngx_str_set(&alias.target, "m1");

    report_open(&t, 100, 10, 1, 2);
    t.f.gc.aliases = &alias;
    t.f.gc.naliases = 1;
    fixture_start(&t.f, 64);

    (void) report_explain(&t, "gpt", "");
    report_has(&t, "\"requested\":\"gpt\",\"model\":\"m1\","
               "\"treatment\":\"alias\",\"order\":[\"m1\"]", "an alias");
    report_has(&t, "\"rank\":64,", "64 are ranked");
    report_has(&t, "{\"rank\":null,\"key\":", "and no more");
    report_has(&t, "\"usable\":100,", "all are usable");

    (void) report_explain(&t, "auto", "");
    report_has(&t, "\"treatment\":\"virtual\",\"order\":[\"m0\",\"m1\"]",
               "a virtual model");

    (void) report_explain(&t, "no-such", "");
    report_has(&t, "\"treatment\":\"unlisted\",\"order\":[\"no-such\"]",
               "an unlisted model");
    report_has(&t, "\"usable\":100,", "any key may try it");

    t.f.gc.unlisted = 0;

    tap_is_str(report_explain(&t, "no-such", ""),
               "{\"pool\":\"main\",\"requested\":\"no-such\","
               "\"model\":\"no-such\",\"treatment\":\"refused\","
               "\"order\":[],\"candidates\":[],\"usable\":0,"
               "\"next_relief\":null}\n", "a model that is refused");

    report_close(&t);
}


static void
test_health(void)
{
    u_char               buf[1024];
    report_t             t;
    ngx_gemini_out_t     out;
    ngx_gemini_health_t  health;

    report_open(&t, 1, 1, 1, 1);
    fixture_start(&t.f, 64);

    ngx_gemini_health_look(&health, &t.f.gv, &t.f.gc, t.f.now);
    tap_is_int(health.healthy, 1, "healthy");

    ngx_gemini_out_init(&out, buf, sizeof(buf));
    ngx_gemini_health_render(&health, &t.f.gc, t.f.now, &out);
    tap_is_mem(buf, out.pos - buf,
               "{\"pool\":\"main\",\"healthy\":true,\"lack\":[],"
               "\"until\":null,\"left\":null}\n", "as a document");

    ngx_gemini_rest_place(&fixture_cell(&t.f, 0, 0)->rest, t.f.now, 30000,
                          NGX_GEMINI_QUOTA_MINUTE, NGX_GEMINI_TOLD);
    ngx_gemini_pool_mark(&t.f.gv, t.f.gc.projects[0].slot,
                         t.f.gc.models[0].slot);

    ngx_gemini_health_look(&health, &t.f.gv, &t.f.gc, t.f.now);
    tap_is_int(health.healthy, 0, "not healthy");

    ngx_gemini_out_init(&out, buf, sizeof(buf));
    ngx_gemini_health_render(&health, &t.f.gc, t.f.now, &out);
    tap_is_mem(buf, out.pos - buf,
               "{\"pool\":\"main\",\"healthy\":false,\"lack\":[\"quota\"],"
               "\"until\":\"2026-11-22T20:00:30Z\",\"left\":30.000}\n",
               "what it lacks and until when");

    report_close(&t);
}
