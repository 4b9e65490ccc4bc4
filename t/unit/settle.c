
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * What else follows from an answer: disabled keys, models and upstreams that
 * are down, limits learned, clocks, counters.
 */


#include "fixture.h"


int main(void);
static void settle_keys(void);
static void settle_secret(void);
static void settle_unknown(void);
static void settle_overload(void);
static void settle_upstream(void);
static void settle_learn(void);
static void settle_skew(void);
static void settle_windows(void);


int
main(void)
{
    settle_keys();
    settle_secret();
    settle_unknown();
    settle_overload();
    settle_upstream();
    settle_learn();
    settle_skew();
    settle_windows();

    return tap_done();
}


static void
settle_keys(void)
{
    fixture_t            f;
    ngx_gemini_pick_t    pick;
    ngx_gemini_settle_t  settle;

    fixture_make(&f, 1, 1, 1, 1);
    fixture_start(&f, 8);

    (void) fixture_pick(&f, &pick);
    fixture_answer(&f, &settle, &pick, NGX_GEMINI_KEY_METHOD);
    ngx_gemini_sched_settle(&f.gv, &f.gc, &settle, f.now);

    tap_is_int(fixture_pick(&f, &pick), NGX_DECLINED, "blocked for the verb");
    tap_is_int(pick.lack, NGX_GEMINI_LACK_KEY, "for lack of a key");

    fixture_wish(&f, &pick, 0, 1);
    pick.verb = NGX_GEMINI_VERB_COUNT;
    tap_is_int(ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now), NGX_OK,
               "not for another");

    fixture_answer(&f, &settle, &pick, NGX_GEMINI_KEY_INVALID);
    f.verdict.surface_only = 1;
    settle.surface = NGX_GEMINI_SURFACE_OPENAI;
    ngx_gemini_sched_settle(&f.gv, &f.gc, &settle, f.now);

    tap_is_int(f.gv.keys[0].surfaces, 1 << NGX_GEMINI_SURFACE_OPENAI,
               "blocked for a surface");
    f.gv.keys[0].verbs = 0;

    (void) fixture_pick(&f, &pick);
    fixture_answer(&f, &settle, &pick, NGX_GEMINI_KEY_TOKEN_TYPE);
    ngx_gemini_sched_settle(&f.gv, &f.gc, &settle, f.now);
    tap_is_int(f.gv.keys[0].disabled, 0, "suspected at the first sight");

    (void) fixture_pick(&f, &pick);
    fixture_answer(&f, &settle, &pick, NGX_GEMINI_KEY_TOKEN_TYPE);
    ngx_gemini_sched_settle(&f.gv, &f.gc, &settle, f.now);
    tap_is_int(f.gv.keys[0].disabled, NGX_GEMINI_KEY_TOKEN_TYPE,
               "disabled at the second");
    tap_ok(settle.nchanges == 1
           && settle.changes[0].type == NGX_GEMINI_EVENT_DISABLED
           && settle.changes[0].scope == NGX_GEMINI_SCOPE_KEY,
           "with a change");
    tap_is_mem(settle.changes[0].label.data, settle.changes[0].label.len,
               "k0", "and its label");
    tap_is_int(fixture_pick(&f, &pick), NGX_DECLINED, "it serves no more");

    fixture_free(&f);
}


/* the answer to an old secret is no word on the new one */

static void
settle_secret(void)
{
    fixture_t            f;
    ngx_gemini_pick_t    pick;
    ngx_gemini_settle_t  settle;

    fixture_make(&f, 1, 1, 1, 1);
    fixture_start(&f, 8);

    (void) fixture_pick(&f, &pick);
    fixture_answer(&f, &settle, &pick, NGX_GEMINI_KEY_INVALID);
    f.gv.keys[0].fingerprint[7] ^= 1;
    ngx_gemini_sched_settle(&f.gv, &f.gc, &settle, f.now);

    tap_is_int(f.gv.keys[0].disabled, 0, "the old secret's fault");

    fixture_free(&f);
}


static void
settle_unknown(void)
{
    fixture_t                 f;
    const ngx_gemini_rest_t  *rest;

    fixture_make(&f, 1, 1, 1, 1);
    fixture_start(&f, 8);
    rest = fixture_rest(&f, NGX_GEMINI_SCOPE_MODEL);

    fixture_attempt(&f, NGX_GEMINI_OK);
    fixture_attempt(&f, NGX_GEMINI_MODEL_UNKNOWN);
    fixture_attempt(&f, NGX_GEMINI_MODEL_UNKNOWN);
    tap_is_int(rest->until, 0, "a model that has served is not lost at once");

    fixture_attempt(&f, NGX_GEMINI_OK);
    fixture_attempt(&f, NGX_GEMINI_MODEL_UNKNOWN);
    fixture_attempt(&f, NGX_GEMINI_MODEL_UNKNOWN);
    tap_is_int(rest->until, 0, "nor while it serves others");

    fixture_attempt(&f, NGX_GEMINI_MODEL_UNKNOWN);
    tap_is_int(rest->until, f.now + 60000, "three in a row are believed");

    fixture_free(&f);
}


static void
settle_overload(void)
{
    uint32_t             i;
    fixture_t            f;
    ngx_gemini_pick_t    picks[8];
    ngx_gemini_model_t  *model;

    fixture_make(&f, 1, 1, 1, 1);
    fixture_start(&f, 16);
    model = &f.gv.models[0];

    for (i = 0; i < 4; i++) {
        fixture_attempt(&f, NGX_GEMINI_OK);
    }

    for (i = 0; i < 4; i++) {
        fixture_attempt(&f, NGX_GEMINI_OVERLOADED);
    }

    fixture_attempt(&f, NGX_GEMINI_OK);
    fixture_attempt(&f, NGX_GEMINI_OVERLOADED);
    tap_is_int(model->rest.until, 0, "five of ten: the model serves");

    f.now += 5;
    fixture_attempt(&f, NGX_GEMINI_OVERLOADED);
    tap_is_int(model->rest.until, f.now + 1000, "six of eleven: it rests");

    tap_is_int(fixture_pick(&f, &picks[0]), NGX_AGAIN, "for a second");
    tap_is_int(picks[0].lack, NGX_GEMINI_LACK_MODEL, "as overloaded");

    f.now += 1000;
    tap_is_int(fixture_pick(&f, &picks[0]), NGX_OK, "then one trial");
    tap_is_int(fixture_pick(&f, &picks[1]), NGX_AGAIN, "one only");

    f.now += 10;
    fixture_settle(&f, &picks[0], NGX_GEMINI_OVERLOADED);
    tap_is_int(model->rest.until, f.now + 2000, "which fails: two seconds");

    for (i = 2; i < 7; i++) {
        f.now = model->rest.until;
        (void) fixture_pick(&f, &picks[0]);
        f.now += 10;
        fixture_settle(&f, &picks[0], NGX_GEMINI_OVERLOADED);
        tap_is_int(model->rest.until - f.now, ngx_min(1000 << i, 30000),
                   "trial %u: the double", i);
    }

    f.now = model->rest.until;
    (void) fixture_pick(&f, &picks[0]);
    fixture_settle(&f, &picks[0], NGX_GEMINI_QUOTA_MINUTE);
    fixture_cell(&f, 0, 0)->rest.until = 0;
    tap_is_int(fixture_pick(&f, &picks[0]), NGX_OK,
               "a trial that tells nothing is repeated");

    f.now += 10;
    fixture_settle(&f, &picks[0], NGX_GEMINI_OK);
    tap_is_int(model->rest.until, 0, "a good answer ends the rest");

    tap_ok(fixture_pick(&f, &picks[0]) == NGX_OK
           && fixture_pick(&f, &picks[1]) == NGX_OK
           && fixture_pick(&f, &picks[2]) == NGX_AGAIN,
           "and lets two go");

    fixture_settle(&f, &picks[0], NGX_GEMINI_OK);

    for (i = 2; i < 6; i++) {
        tap_is_int(fixture_pick(&f, &picks[i]), NGX_OK, "then four: %u", i);
    }

    tap_is_int(fixture_pick(&f, &picks[6]), NGX_AGAIN, "but not five");

    for (i = 1; i < 5; i++) {
        fixture_settle(&f, &picks[i], NGX_GEMINI_OK);
    }

    tap_is_int(model->ramp, 0, "after some more all may go");
    tap_is_int(fixture_strays(&f), 0, "sums");

    fixture_free(&f);
}


static void
settle_upstream(void)
{
    uint32_t             i;
    fixture_t            f;
    ngx_gemini_pick_t    pick, other;
    ngx_gemini_settle_t  settle;

    fixture_make(&f, 2, 2, 2, 1);
    fixture_start(&f, 16);

    for (i = 0; i < 9; i++) {
        f.now++;
        fixture_attempt(&f, NGX_GEMINI_TRANSPORT);
    }

    tap_is_int(f.gv.gp->upstream.until, 0, "nine failures: up");

    f.now++;
    (void) fixture_pick(&f, &pick);
    f.now++;
    fixture_answer(&f, &settle, &pick, NGX_GEMINI_TRANSPORT);
    ngx_gemini_sched_settle(&f.gv, &f.gc, &settle, f.now);

    tap_is_int(f.gv.gp->upstream.until, f.now + 1000, "ten: down");
    tap_ok(settle.nchanges == 1
           && settle.changes[0].type == NGX_GEMINI_EVENT_UPSTREAM_DOWN,
           "with a change");
    tap_ok(fixture_pick(&f, &pick) == NGX_AGAIN
           && pick.lack == NGX_GEMINI_LACK_UPSTREAM
           && pick.until == f.gv.gp->upstream.until,
           "nobody goes");

    f.now = f.gv.gp->upstream.until;
    tap_is_int(fixture_pick(&f, &pick), NGX_OK, "one trial");
    tap_is_int(fixture_pick(&f, &other), NGX_AGAIN, "at a time");

    f.now += 5;
    fixture_answer(&f, &settle, &pick, NGX_GEMINI_TRANSPORT);
    ngx_gemini_sched_settle(&f.gv, &f.gc, &settle, f.now);
    tap_is_int(f.gv.gp->upstream.until, f.now + 2000, "fails: the double");
    tap_is_int(settle.nchanges, 0, "no news");

    f.now = f.gv.gp->upstream.until;
    (void) fixture_pick(&f, &pick);
    f.now += 5;
    fixture_answer(&f, &settle, &pick, NGX_GEMINI_QUOTA_MINUTE);
    ngx_gemini_sched_settle(&f.gv, &f.gc, &settle, f.now);
    tap_ok(f.gv.gp->upstream.until == 0 && f.gv.gp->transport == 0,
           "any answer ends it");
    tap_ok(settle.nchanges == 2
           && settle.changes[0].type == NGX_GEMINI_EVENT_UPSTREAM_UP,
           "with a change");

    fixture_free(&f);

    fixture_make(&f, 1, 1, 1, 1);
    fixture_start(&f, 16);

    for (i = 0; i < 20; i++) {
        f.now++;
        fixture_attempt(&f, NGX_GEMINI_TRANSPORT);
    }

    tap_is_int(f.gv.gp->upstream.until, 0, "one key alone shows nothing");

    fixture_free(&f);
}


static void
settle_learn(void)
{
    fixture_t            f;
    ngx_gemini_pick_t    pick;
    ngx_gemini_cell_t   *cell;
    ngx_gemini_settle_t  settle;

    fixture_make(&f, 1, 1, 1, 1);
    fixture_limit(&f, 0, 0)->rpm = 10;
    f.gc.nodes = 2;
    fixture_start(&f, 16);
    cell = fixture_cell(&f, 0, 0);

    (void) fixture_pick(&f, &pick);
    fixture_answer(&f, &settle, &pick, NGX_GEMINI_QUOTA_MINUTE);
    f.verdict.delay = 1000;
    f.verdict.provenance = NGX_GEMINI_TOLD;
    f.verdict.nviolations = 3;
    f.verdict.violations[0].limit = NGX_GEMINI_LIMIT_RPM;
    f.verdict.violations[0].value = 4;
    f.verdict.violations[0].has_value = 1;
    f.verdict.violations[1].limit = NGX_GEMINI_LIMIT_OTHER;
    f.verdict.violations[1].value = 1;
    f.verdict.violations[1].has_value = 1;
    f.verdict.violations[2].limit = NGX_GEMINI_LIMIT_TPM;
    ngx_gemini_sched_settle(&f.gv, &f.gc, &settle, f.now);

    tap_is_int(cell->learned.rpm, 2, "a limit, shared by two nodes");
    tap_ok(cell->learned.tpm == 0 && cell->learned.rpd == 0, "no other");
    tap_ok(settle.nchanges == 2
           && settle.changes[0].type == NGX_GEMINI_EVENT_LEARNED
           && settle.changes[0].number == 2,
           "made known");
    tap_is_mem(settle.changes[0].model.data, settle.changes[0].model.len,
               "m0", "with its model");

    f.now += 1000;
    tap_ok(fixture_pick(&f, &pick) == NGX_OK, "one");
    fixture_answer(&f, &settle, &pick, NGX_GEMINI_QUOTA_MINUTE);
    f.verdict.delay = 1000;
    f.verdict.provenance = NGX_GEMINI_TOLD;
    f.verdict.nviolations = 1;
    f.verdict.violations[0].limit = NGX_GEMINI_LIMIT_RPM;
    f.verdict.violations[0].value = 4;
    f.verdict.violations[0].has_value = 1;
    ngx_gemini_sched_settle(&f.gv, &f.gc, &settle, f.now);
    tap_is_int(settle.nchanges, 1, "once");

    f.now += 1000;
    tap_ok(fixture_pick(&f, &pick) == NGX_OK
           && fixture_pick(&f, &pick) == NGX_OK
           && fixture_pick(&f, &pick) == NGX_AGAIN,
           "two a minute");

    f.now += NGX_GEMINI_HOUR;
    tap_ok(fixture_pick(&f, &pick) == NGX_OK
           && fixture_pick(&f, &pick) == NGX_OK
           && fixture_pick(&f, &pick) == NGX_OK,
           "forgotten an hour later");

    fixture_free(&f);
}


static void
settle_skew(void)
{
    fixture_t            f;
    ngx_gemini_pick_t    pick;
    ngx_gemini_settle_t  settle;

    fixture_make(&f, 1, 1, 1, 1);
    fixture_start(&f, 16);

    (void) fixture_pick(&f, &pick);
    fixture_answer(&f, &settle, &pick, NGX_GEMINI_OK);
    settle.google = f.now + 40000;
    settle.ttft = 300;
    ngx_gemini_sched_settle(&f.gv, &f.gc, &settle, f.now + 90000);

    tap_is_int(f.gv.gp->skew, 40200, "the first Date tells the skew");
    tap_is_int(f.gv.gp->skew_at, f.now + 90000, "and when");

    (void) fixture_pick(&f, &pick);
    fixture_answer(&f, &settle, &pick, NGX_GEMINI_OK);
    settle.google = f.now + 40500;
    ngx_gemini_sched_settle(&f.gv, &f.gc, &settle, f.now);
    tap_is_int(f.gv.gp->skew, 40300, "later ones by an eighth");

    (void) fixture_pick(&f, &pick);
    fixture_answer(&f, &settle, &pick, NGX_GEMINI_OK);
    settle.google = f.now - 10500;
    ngx_gemini_sched_settle(&f.gv, &f.gc, &settle, f.now);
    tap_is_int(f.gv.gp->skew, -10000, "a jump at once");

    fixture_free(&f);
}


static void
settle_windows(void)
{
    fixture_t               f;
    ngx_gemini_done_t       done;
    ngx_gemini_pick_t       pick;
    ngx_gemini_model_t     *model;
    ngx_gemini_settle_t     settle;
    ngx_gemini_counters_t  *counters;

    fixture_make(&f, 1, 1, 1, 1);
    fixture_start(&f, 16);
    model = &f.gv.models[0];

    (void) fixture_pick(&f, &pick);
    fixture_answer(&f, &settle, &pick, NGX_GEMINI_OK);
    settle.latency = 900;
    settle.ttft = 100;
    settle.tokens.prompt = 50;
    settle.tokens.output = 7;
    settle.tokens.thought = 5;
    settle.tokens.cached = 3;
    ngx_gemini_sched_settle(&f.gv, &f.gc, &settle, f.now);

    tap_is_int(model->window.n, 1, "a success is in the window");
    tap_ok(model->window.samples[0].latency == 900
           && model->window.samples[0].ttft == 100
           && model->window.samples[0].prompt == 50
           && model->window.samples[0].output == 12
           && model->window.samples[0].ok == 1,
           "with its figures");

    fixture_attempt(&f, NGX_GEMINI_REQUEST);
    fixture_attempt(&f, NGX_GEMINI_LOCATION);
    tap_is_int(model->window.n, 1, "the client's fault is not");

    (void) fixture_pick(&f, &pick);
    fixture_answer(&f, &settle, &pick, NGX_GEMINI_OK);
    settle.verb = NGX_GEMINI_VERB_COUNT;
    ngx_gemini_sched_settle(&f.gv, &f.gc, &settle, f.now);
    tap_is_int(model->window.n, 1, "nor is a token count");

    fixture_attempt(&f, NGX_GEMINI_SERVER);
    tap_is_int(model->window.n, 2, "a 500 is");
    fixture_attempt(&f, NGX_GEMINI_QUOTA_MINUTE);
    tap_is_int(model->window.n, 2, "a 429 is not");

    counters = &f.gv.keys[0].counters;
    tap_ok(counters->requests == 6 && counters->ok == 2
           && counters->client == 1 && counters->errors == 1
           && counters->quota == 1 && counters->faults == 0,
           "counters of the key");
    tap_ok(counters->prompt == 50 && counters->output == 7
           && counters->thought == 5 && counters->cached == 3,
           "tokens of the key");
    tap_ok(memcmp(counters, &model->counters, sizeof(*counters)) == 0
           && memcmp(counters, &f.gv.projects[0].counters,
                     sizeof(*counters)) == 0
           && memcmp(counters, &f.gv.accounts[0].counters,
                     sizeof(*counters)) == 0,
           "and of the others");
    tap_is_int(f.gv.gp->totals.attempts, 6, "attempts");
    tap_is_int(f.gv.gp->totals.prompt, 50, "tokens in all");

    memset(&done, 0, sizeof(ngx_gemini_done_t));

    done.outcome = NGX_GEMINI_OUTCOME_FAILOVER;
    done.queued = 1200;
    ngx_gemini_sched_done(&f.gv, &done);

    done.outcome = NGX_GEMINI_OUTCOME_OK;
    done.queued = 0;
    ngx_gemini_sched_done(&f.gv, &done);

    tap_ok(f.gv.gp->totals.requests == 2
           && f.gv.gp->totals.outcomes[NGX_GEMINI_OUTCOME_FAILOVER] == 1
           && f.gv.gp->totals.queued == 1
           && f.gv.gp->totals.queued_ms == 1200,
           "requests that are done");

    fixture_free(&f);
}
