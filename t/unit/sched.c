
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Who rests after each answer, how long, and how a rest ends.
 */


#include "fixture.h"
#include "ngx_gemini_time.h"


#define SCHED_NIGHT  1795421100000ull     /* 2026-11-23T08:05:00Z */


typedef struct {
    ngx_gemini_class_e         class;
    ngx_gemini_scope_e         scope;      /* who rests */
    uint64_t                   length;
    ngx_gemini_provenance_e    provenance;
    uint64_t                   delay;      /* in the verdict */
} sched_rule_t;


int main(void);
static void sched_rules(void);
static void sched_innocent(void);
static void sched_day(void);
static void sched_midnight(void);
static void sched_minute(void);
static void sched_terse(void);
static void sched_stale(void);
static void sched_shorter(void);
static void sched_clock(void);
static void sched_no_guess(void);
static void sched_denied(void);


static const sched_rule_t  sched_table[] = {

    { NGX_GEMINI_QUOTA_MINUTE, NGX_GEMINI_SCOPE_CELL, 60000,
      NGX_GEMINI_LEARNED, 0 },
    { NGX_GEMINI_QUOTA_MINUTE, NGX_GEMINI_SCOPE_CELL, 34075,
      NGX_GEMINI_TOLD, 34075 },
    { NGX_GEMINI_QUOTA_TOKENS, NGX_GEMINI_SCOPE_CELL, 60000,
      NGX_GEMINI_LEARNED, 0 },
    { NGX_GEMINI_QUOTA_ZERO, NGX_GEMINI_SCOPE_CELL, 21600000,
      NGX_GEMINI_LEARNED, 0 },
    { NGX_GEMINI_QUOTA_TERSE, NGX_GEMINI_SCOPE_CELL, 60000,
      NGX_GEMINI_GUESSED, 0 },
    { NGX_GEMINI_QUOTA_TERSE, NGX_GEMINI_SCOPE_CELL, 7000,
      NGX_GEMINI_TOLD, 7000 },
    { NGX_GEMINI_QUOTA_TOOL, NGX_GEMINI_SCOPE_CELL, 10000,
      NGX_GEMINI_GUESSED, 0 },
    { NGX_GEMINI_PERMISSION, NGX_GEMINI_SCOPE_CELL, 10000,
      NGX_GEMINI_GUESSED, 0 },
    { NGX_GEMINI_MODEL_CLOSED, NGX_GEMINI_SCOPE_CELL, 21600000,
      NGX_GEMINI_LEARNED, 0 },
    { NGX_GEMINI_CREDIT, NGX_GEMINI_SCOPE_ACCOUNT, 3600000,
      NGX_GEMINI_LEARNED, 0 },
    { NGX_GEMINI_CAP, NGX_GEMINI_SCOPE_ACCOUNT, 3600000,
      NGX_GEMINI_LEARNED, 0 },
    { NGX_GEMINI_SPEND_RATE, NGX_GEMINI_SCOPE_ACCOUNT, 300000,
      NGX_GEMINI_LEARNED, 0 },
    { NGX_GEMINI_SPEND_RATE, NGX_GEMINI_SCOPE_ACCOUNT, 120000,
      NGX_GEMINI_TOLD, 120000 },
    { NGX_GEMINI_PROJECT_SUSPENDED, NGX_GEMINI_SCOPE_PROJECT, 86400000,
      NGX_GEMINI_LEARNED, 0 },
    { NGX_GEMINI_PROJECT_DISABLED, NGX_GEMINI_SCOPE_PROJECT, 3600000,
      NGX_GEMINI_LEARNED, 0 },
    { NGX_GEMINI_PROJECT_BILLING, NGX_GEMINI_SCOPE_PROJECT, 3600000,
      NGX_GEMINI_LEARNED, 0 },
    { NGX_GEMINI_MODEL_UNKNOWN, NGX_GEMINI_SCOPE_MODEL, 60000,
      NGX_GEMINI_LEARNED, 0 },
    { NGX_GEMINI_OK, NGX_GEMINI_SCOPE_NONE, 0, NGX_GEMINI_TOLD, 0 }
};


static const ngx_gemini_class_e  sched_harmless[] = {
    NGX_GEMINI_SERVER,
    NGX_GEMINI_DEADLINE,
    NGX_GEMINI_BAD_GATEWAY,
    NGX_GEMINI_TIMEOUT,
    NGX_GEMINI_TRANSPORT,
    NGX_GEMINI_OVERLOADED,
    NGX_GEMINI_EMPTY,
    NGX_GEMINI_GATEWAY,
    NGX_GEMINI_LOCATION,
    NGX_GEMINI_RESOURCE,
    NGX_GEMINI_SIGNATURE,
    NGX_GEMINI_FEATURE,
    NGX_GEMINI_REQUEST,
    NGX_GEMINI_CANCELLED,
    NGX_GEMINI_PATH,
    NGX_GEMINI_CUT,
    NGX_GEMINI_CLIENT_GONE,
    NGX_GEMINI_LOST,
    NGX_GEMINI_OK
};


int
main(void)
{
    sched_rules();
    sched_innocent();
    sched_day();
    sched_midnight();
    sched_minute();
    sched_terse();
    sched_stale();
    sched_shorter();
    sched_clock();
    sched_no_guess();
    sched_denied();

    return tap_done();
}


/* one answer, one rest, on the right record, with end and provenance */

static void
sched_rules(void)
{
    fixture_t                 f;
    const sched_rule_t       *rule;
    ngx_gemini_pick_t         pick;
    const ngx_gemini_rest_t  *rest;
    ngx_gemini_settle_t       settle;

    for (rule = sched_table; rule->class != NGX_GEMINI_OK; rule++) {
        fixture_make(&f, 1, 1, 1, 1);
        fixture_start(&f, 4);
        fixture_wish(&f, &pick, 0, 1);
        (void) fixture_pick(&f, &pick);

        fixture_answer(&f, &settle, &pick, rule->class);

        if (rule->delay) {
            f.verdict.delay = rule->delay;
            f.verdict.provenance = NGX_GEMINI_TOLD;
        }

        ngx_gemini_sched_settle(&f.gv, &f.gc, &settle, f.now);
        rest = fixture_rest(&f, rule->scope);

        tap_is_int(fixture_resting(&f), 1, "class %d: one rest", rule->class);
        tap_is_int(rest->until, f.now + rule->length, "class %d: its end",
                   rule->class);
        tap_is_int(rest->provenance, rule->provenance,
                   "class %d: its provenance", rule->class);
        tap_is_int(rest->reason, rule->class, "class %d: its reason",
                   rule->class);
        tap_ok(settle.nchanges == 1
               && settle.changes[0].type == NGX_GEMINI_EVENT_REST
               && settle.changes[0].scope == rule->scope
               && f.gv.gp->event == 1,
               "class %d: one change, one event", rule->class);
        tap_ok(fixture_pick(&f, &pick) == NGX_AGAIN
               && pick.until == rest->until,
               "class %d: nothing until then", rule->class);
        tap_is_int(fixture_strays(&f), 0, "class %d: sums", rule->class);

        fixture_free(&f);
    }
}


static void
sched_innocent(void)
{
    fixture_t                  f;
    const ngx_gemini_class_e  *class;

    for (class = sched_harmless; *class != NGX_GEMINI_OK; class++) {
        fixture_make(&f, 1, 1, 1, 1);
        fixture_start(&f, 4);

        fixture_attempt(&f, *class);

        tap_ok(fixture_resting(&f) == 0 && f.gv.keys[0].disabled == 0
               && f.gv.gp->event == 0,
               "class %d penalises nobody", *class);
        tap_is_int(f.gv.gp->totals.classes[*class], 1, "class %d is counted",
                   *class);
        tap_is_int(f.gv.models[0].window.n,
                   *class <= NGX_GEMINI_TIMEOUT || *class == NGX_GEMINI_CUT,
                   "class %d in the window", *class);

        fixture_free(&f);
    }
}


static void
sched_day(void)
{
    uint64_t                  midnight;
    fixture_t                 f;
    ngx_gemini_pick_t         pick;
    const ngx_gemini_rest_t  *rest;
    ngx_gemini_settle_t       settle;

    fixture_make(&f, 2, 1, 1, 1);
    fixture_start(&f, 4);
    f.gv.gp->skew = 60000;

    fixture_wish(&f, &pick, 0, 1);
    (void) fixture_pick(&f, &pick);
    fixture_answer(&f, &settle, &pick, NGX_GEMINI_QUOTA_DAY);
    f.verdict.delay = 34000;
    f.verdict.provenance = NGX_GEMINI_TOLD;
    settle.random = 120000;

    ngx_gemini_sched_settle(&f.gv, &f.gc, &settle, f.now);

    midnight = ngx_gemini_time_midnight(f.now);
    rest = fixture_rest(&f, NGX_GEMINI_SCOPE_CELL);

    tap_is_int(rest->until, midnight - 60000 + 120000,
               "a day rests until midnight by Google's clock, with spread");
    tap_is_int(rest->provenance, NGX_GEMINI_LEARNED, "as learned");

    tap_is_int(fixture_pick(&f, &pick), NGX_AGAIN,
               "nor does its sibling serve");
    tap_ok(pick.day && pick.lack == NGX_GEMINI_LACK_QUOTA, "for lack of day");

    f.now = rest->until;

    tap_is_int(fixture_pick(&f, &pick), NGX_OK, "it just ends");
    tap_is_int(f.gv.resvs[pick.resv].trial, 0, "without a trial");

    fixture_free(&f);
}


static void
sched_midnight(void)
{
    fixture_t                 f;
    const ngx_gemini_rest_t  *rest;

    fixture_make(&f, 1, 1, 1, 1);
    fixture_start(&f, 4);

    f.now = SCHED_NIGHT;
    fixture_attempt(&f, NGX_GEMINI_QUOTA_DAY);
    rest = fixture_rest(&f, NGX_GEMINI_SCOPE_CELL);

    tap_is_int(rest->until - f.now, 120000, "after midnight: two minutes");
    tap_is_int(rest->provenance, NGX_GEMINI_GUESSED, "as a guess");

    f.now = rest->until;
    fixture_attempt(&f, NGX_GEMINI_QUOTA_DAY);
    tap_is_int(rest->until - f.now, 240000, "then four");

    f.now = rest->until;
    fixture_attempt(&f, NGX_GEMINI_QUOTA_DAY);
    tap_is_int(rest->until - f.now, 480000, "then eight");

    f.now = rest->until;
    fixture_attempt(&f, NGX_GEMINI_QUOTA_DAY);
    tap_is_int(rest->provenance, NGX_GEMINI_LEARNED,
               "a quarter of an hour later it is today's");

    fixture_free(&f);
}


/* an end that an answer told is the end of the cell's minute */

static void
sched_minute(void)
{
    fixture_t            f;
    ngx_gemini_pick_t    pick, next;
    ngx_gemini_cell_t   *cell;
    ngx_gemini_settle_t  settle;

    fixture_make(&f, 1, 1, 1, 1);
    fixture_limit(&f, 0, 0)->rpm = 2;
    fixture_start(&f, 4);
    cell = fixture_cell(&f, 0, 0);

    fixture_wish(&f, &pick, 0, 1);
    (void) fixture_pick(&f, &pick);
    tap_is_int(cell->use.minute, f.now, "a minute opens with a reservation");

    f.now += 1000;
    fixture_answer(&f, &settle, &pick, NGX_GEMINI_QUOTA_MINUTE);
    f.verdict.delay = 20000;
    f.verdict.provenance = NGX_GEMINI_TOLD;
    ngx_gemini_sched_settle(&f.gv, &f.gc, &settle, f.now);

    tap_is_int(cell->use.minute + 60000, f.now + 20000, "its end is told");
    tap_is_int(cell->refused, 1, "the refusal is counted");

    f.now += 19999;
    tap_is_int(fixture_pick(&f, &next), NGX_AGAIN, "it rests till then");
    tap_ok(!next.day && next.lack == NGX_GEMINI_LACK_QUOTA, "for quota");

    f.now += 1;
    tap_is_int(fixture_pick(&f, &next), NGX_OK, "and no longer");
    tap_is_int(cell->use.minute, f.now, "a new minute");
    tap_is_int(cell->use.requests, 1, "with its first request");

    fixture_free(&f);
}


/* doubled by like failures, halved by success, one trial at a time */

static void
sched_terse(void)
{
    uint32_t                  i;
    fixture_t                 f;
    ngx_gemini_pick_t         pick, other;
    const ngx_gemini_rest_t  *rest;

    fixture_make(&f, 1, 1, 1, 1);
    fixture_start(&f, 8);
    rest = fixture_rest(&f, NGX_GEMINI_SCOPE_CELL);

    for (i = 0; i < 6; i++) {
        fixture_attempt(&f, NGX_GEMINI_QUOTA_TERSE);
        tap_is_int(rest->until - f.now, ngx_min(60000u << i, 600000),
                   "guess %u", i);
        f.now = rest->until;
    }

    tap_is_int(fixture_pick(&f, &pick), NGX_OK, "one tries it");
    tap_is_int(f.gv.resvs[pick.resv].trial, NGX_GEMINI_TRIAL_CELL,
               "as a trial");
    tap_is_int(fixture_pick(&f, &other), NGX_AGAIN, "no second one does");
    tap_ok(other.until == 0 && other.lack == NGX_GEMINI_LACK_QUOTA,
           "and no time is known");

    fixture_settle(&f, &pick, NGX_GEMINI_CLIENT_GONE);
    tap_is_int(fixture_cell(&f, 0, 0)->trying, 0, "no outcome: free again");

    (void) fixture_pick(&f, &pick);
    tap_is_int(f.gv.resvs[pick.resv].trial, NGX_GEMINI_TRIAL_CELL,
               "for the next trial");

    f.now += 10;
    fixture_settle(&f, &pick, NGX_GEMINI_OK);
    tap_is_int(rest->until, 0, "success ends it");
    tap_is_int(rest->step, 3, "and halves the step");
    tap_is_int(f.gv.gp->events[f.gv.gp->event - 1].type,
               NGX_GEMINI_EVENT_RECOVERED, "with an event");

    tap_ok(fixture_pick(&f, &pick) == NGX_OK
           && fixture_pick(&f, &other) == NGX_OK,
           "then two at a time");

    f.now += 10;
    fixture_settle(&f, &pick, NGX_GEMINI_OK);
    fixture_settle(&f, &other, NGX_GEMINI_OK);
    tap_is_int(rest->step, 0, "until it is forgotten");
    tap_is_int(fixture_strays(&f), 0, "sums");

    fixture_free(&f);
}


static void
sched_stale(void)
{
    uint64_t                  until;
    fixture_t                 f;
    ngx_gemini_pick_t         a, b, c;
    const ngx_gemini_rest_t  *rest;
    ngx_gemini_settle_t       settle;

    fixture_make(&f, 1, 1, 1, 1);
    fixture_start(&f, 8);
    rest = fixture_rest(&f, NGX_GEMINI_SCOPE_CELL);

    (void) fixture_pick(&f, &a);
    (void) fixture_pick(&f, &b);
    (void) fixture_pick(&f, &c);

    f.now += 100;
    fixture_answer(&f, &settle, &a, NGX_GEMINI_QUOTA_TERSE);
    settle.began = f.now - 100;
    ngx_gemini_sched_settle(&f.gv, &f.gc, &settle, f.now);
    until = rest->until;

    f.now += 100;
    fixture_answer(&f, &settle, &b, NGX_GEMINI_QUOTA_TERSE);
    settle.began = f.now - 200;
    ngx_gemini_sched_settle(&f.gv, &f.gc, &settle, f.now);

    tap_is_int(rest->until, until, "an older attempt does not lengthen it");
    tap_is_int(rest->step, 1, "nor double");
    tap_is_int(settle.guessed, 0, "and has placed no guess");

    f.now = until + 1;
    fixture_answer(&f, &settle, &c, NGX_GEMINI_OK);
    settle.began = FIXTURE_NOW;
    ngx_gemini_sched_settle(&f.gv, &f.gc, &settle, f.now);

    tap_ok(rest->until == until && rest->step == 1, "nor does one clear it");

    fixture_free(&f);
}


static void
sched_shorter(void)
{
    uint64_t                  until;
    fixture_t                 f;
    ngx_gemini_pick_t         a, b, c;
    const ngx_gemini_rest_t  *rest;
    ngx_gemini_settle_t       settle;

    fixture_make(&f, 1, 1, 1, 1);
    fixture_start(&f, 8);
    rest = fixture_rest(&f, NGX_GEMINI_SCOPE_CELL);

    (void) fixture_pick(&f, &a);
    (void) fixture_pick(&f, &b);
    (void) fixture_pick(&f, &c);

    fixture_settle(&f, &a, NGX_GEMINI_QUOTA_DAY);
    until = rest->until;
    f.now += 10;

    fixture_answer(&f, &settle, &b, NGX_GEMINI_QUOTA_MINUTE);
    f.verdict.delay = 30000;
    f.verdict.provenance = NGX_GEMINI_TOLD;
    ngx_gemini_sched_settle(&f.gv, &f.gc, &settle, f.now);

    tap_ok(rest->until == until && rest->reason == NGX_GEMINI_QUOTA_DAY,
           "a told, shorter rest does not shorten it");

    fixture_settle(&f, &c, NGX_GEMINI_QUOTA_TERSE);

    tap_ok(rest->until == until && rest->reason == NGX_GEMINI_QUOTA_DAY
           && rest->step == 0,
           "nor does a guess");

    fixture_free(&f);
}


/* neither the rest nor the minute outlast the clock by more than themselves */

static void
sched_clock(void)
{
    fixture_t          f;
    ngx_gemini_pick_t  pick;

    fixture_make(&f, 1, 1, 1, 1);
    fixture_limit(&f, 0, 0)->rpm = 1;
    fixture_start(&f, 8);

    fixture_attempt(&f, NGX_GEMINI_QUOTA_MINUTE);
    f.now -= NGX_GEMINI_HOUR;

    if (fixture_pick(&f, &pick) == NGX_AGAIN) {
        tap_ok(pick.until <= f.now + 60000, "an hour back: a minute at most");
        f.now += 60000;
        tap_is_int(fixture_pick(&f, &pick), NGX_OK, "and then it serves");

    } else {
        tap_ok(pick.resv != NGX_GEMINI_NONE, "an hour back: the rest is over");
    }

    fixture_free(&f);
}


/* a third terse answer in one request counts against the model */

static void
sched_no_guess(void)
{
    uint32_t             i;
    fixture_t            f;
    ngx_gemini_pick_t    pick;
    ngx_gemini_settle_t  settle;

    fixture_make(&f, 8, 8, 8, 1);
    fixture_start(&f, 8);

    for (i = 0; i < 5; i++) {
        (void) fixture_pick(&f, &pick);
        fixture_answer(&f, &settle, &pick, NGX_GEMINI_QUOTA_TERSE);
        settle.no_guess = 1;
        ngx_gemini_sched_settle(&f.gv, &f.gc, &settle, f.now + 5);

        tap_is_int(settle.guessed, 0, "answer %u places no guess", i);
    }

    tap_is_int(fixture_resting(&f), 1, "only one rests");
    tap_is_int(f.gv.models[0].rest.until, f.now + 1005, "the model does");

    fixture_free(&f);
}


static void
sched_denied(void)
{
    fixture_t                 f;
    const ngx_gemini_rest_t  *rest;

    fixture_make(&f, 1, 1, 1, 1);
    fixture_start(&f, 8);
    rest = fixture_rest(&f, NGX_GEMINI_SCOPE_PROJECT);

    fixture_attempt(&f, NGX_GEMINI_PROJECT_DENIED);
    tap_is_int(rest->until - f.now, 60000, "denied once: a short guess");
    tap_is_int(rest->provenance, NGX_GEMINI_GUESSED, "a guess");

    f.now = rest->until;
    fixture_attempt(&f, NGX_GEMINI_PROJECT_DENIED);
    tap_is_int(rest->until - f.now, 120000, "twice: the double");

    f.now = rest->until;
    fixture_attempt(&f, NGX_GEMINI_PROJECT_DENIED);
    tap_is_int(rest->until - f.now, 3600000, "thrice: believed");
    tap_is_int(rest->provenance, NGX_GEMINI_LEARNED, "as learned");

    f.now = rest->until;
    fixture_attempt(&f, NGX_GEMINI_OK);
    tap_is_int(f.gv.projects[0].denied, 0, "a success forgives");

    fixture_free(&f);
}
