
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Reservations: budgets of retries and tokens, waiters, the queue, the reaper.
 */


#include "fixture.h"


int main(void);
static void resv_retries(void);
static void resv_tokens(void);
static void resv_other(void);
static void resv_waiters(void);
static void resv_queue(void);
static void resv_reap(void);


int
main(void)
{
    resv_retries();
    resv_tokens();
    resv_other();
    resv_waiters();
    resv_queue();
    resv_reap();

    return tap_done();
}


static void
resv_retries(void)
{
    uint32_t           i, n;
    fixture_t          f;
    ngx_gemini_pick_t  pick;

    fixture_make(&f, 4, 4, 4, 1);
    fixture_start(&f, 64);

    for (i = 0; i < 5; i++) {
        fixture_attempt(&f, NGX_GEMINI_OK);
    }

    for (n = 0; n < 40; n++) {
        fixture_wish(&f, &pick, 0, 1);
        pick.retry = 1;

        if (ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now) != NGX_OK) {
            break;
        }
    }

    tap_is_int(n, 25, "retries: successes and twenty");
    tap_is_int(pick.lack, NGX_GEMINI_LACK_BUDGET, "for lack of budget");
    tap_is_int(f.gv.gp->budget_refused, 1, "which is counted");
    tap_is_int(fixture_pick(&f, &pick), NGX_OK, "a first attempt may go");

    f.now += 11000;
    fixture_wish(&f, &pick, 0, 1);
    pick.retry = 1;
    tap_is_int(ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now), NGX_OK,
               "ten seconds later, retries too");

    fixture_free(&f);
}


/* an estimate may delay, never refuse */

static void
resv_tokens(void)
{
    fixture_t            f;
    ngx_gemini_pick_t    pick;
    ngx_gemini_cell_t   *cell;
    ngx_gemini_settle_t  settle;

    fixture_make(&f, 1, 1, 1, 1);
    fixture_limit(&f, 0, 0)->tpm = 5000;
    fixture_start(&f, 16);
    cell = fixture_cell(&f, 0, 0);

    fixture_wish(&f, &pick, 0, 1);
    pick.tokens = 1000000;
    tap_is_int(ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now), NGX_OK,
               "a huge estimate fits an empty minute");
    tap_is_int(cell->use.tokens, 5000, "which it fills");
    tap_is_int(fixture_pick(&f, &pick), NGX_OK, "no tokens still fit");

    fixture_wish(&f, &pick, 0, 1);
    pick.tokens = 1;
    tap_is_int(ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now), NGX_AGAIN,
               "a single one does not");
    tap_is_int(pick.until, f.now + 60000, "until the minute ends");

    pick.resv = 0;
    pick.key = 0;
    pick.choice = 0;
    fixture_answer(&f, &settle, &pick, NGX_GEMINI_OK);
    settle.tokens.prompt = 1200;
    ngx_gemini_sched_settle(&f.gv, &f.gc, &settle, f.now);
    tap_is_int(cell->use.tokens, 1200, "settled with what was used");

    fixture_wish(&f, &pick, 0, 1);
    pick.tokens = 3000;
    tap_is_int(ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now), NGX_OK,
               "so more fits");
    fixture_settle(&f, &pick, NGX_GEMINI_QUOTA_TERSE);
    tap_is_int(cell->use.tokens, 1200, "a refusal gives its tokens back");
    tap_is_int(cell->use.requests, 3, "but not its request");

    fixture_free(&f);

    fixture_make(&f, 1, 1, 1, 1);
    fixture_start(&f, 16);
    cell = fixture_cell(&f, 0, 0);

    fixture_wish(&f, &pick, 0, 1);
    pick.tokens = 1000000;
    (void) ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now);
    tap_is_int(cell->use.tokens, 8192, "an estimate is believed up to 8k");

    fixture_answer(&f, &settle, &pick, NGX_GEMINI_OK);
    settle.tokens.prompt = 20000;
    ngx_gemini_sched_settle(&f.gv, &f.gc, &settle, f.now);

    fixture_wish(&f, &pick, 0, 1);
    pick.tokens = 1000000;
    (void) ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now);
    tap_is_int(cell->use.tokens, 40000, "or the largest prompt of late");

    fixture_free(&f);
}


/* unlisted models share a slot: what fails one says nothing on others */

static void
resv_other(void)
{
    fixture_t            f;
    ngx_gemini_pick_t    pick;
    ngx_gemini_settle_t  settle;

    fixture_make(&f, 2, 2, 2, 1);
    f.gc.keys[1].models.data = (u_char *) "m*";
    f.gc.keys[1].models.len = 2;
    fixture_start(&f, 16);

    fixture_wish(&f, &pick, 0, 1);
    f.choices[0].conf = NGX_GEMINI_NONE;
    f.choices[0].slot = f.gv.other;
    pick.unlisted.data = (u_char *) "x1";
    pick.unlisted.len = 2;

    tap_ok(ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now) == NGX_OK
           && pick.key == 0,
           "an unlisted model");
    fixture_answer(&f, &settle, &pick, NGX_GEMINI_MODEL_UNKNOWN);
    ngx_gemini_sched_settle(&f.gv, &f.gc, &settle, f.now);
    tap_is_int(f.gv.models[f.gv.other].rest.until, 0, "rests not");

    tap_ok(ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now) == NGX_OK
           && pick.key == 0,
           "not on a key with other models");
    fixture_answer(&f, &settle, &pick, NGX_GEMINI_QUOTA_ZERO);
    ngx_gemini_sched_settle(&f.gv, &f.gc, &settle, f.now);
    tap_is_int(fixture_resting(&f), 0, "nor do its cells");

    pick.unlisted.data = (u_char *) "m9";
    (void) ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now + 1);
    tap_is_int(pick.key, 1, "a key that takes its name serves");

    fixture_free(&f);
}


/* after a rest of unknown budget waiters leave one, two, ... by good answers */

static void
resv_waiters(void)
{
    uint32_t           i, n;
    fixture_t          f;
    ngx_gemini_pick_t  picks[8], pick;

    fixture_make(&f, 1, 1, 1, 1);
    fixture_start(&f, 64);

    fixture_attempt(&f, NGX_GEMINI_QUOTA_MINUTE);
    f.now += 60000;

    for (n = 0; n < 8; n++) {
        fixture_wish(&f, &picks[n], 0, 1);
        picks[n].waiter = 1;

        if (ngx_gemini_sched_pick(&f.gv, &f.gc, &picks[n], f.now) != NGX_OK) {
            break;
        }
    }

    tap_is_int(n, 1, "one waiter leaves");
    tap_is_int(fixture_pick(&f, &pick), NGX_OK, "who did not wait may go");

    f.now += 10;
    fixture_settle(&f, &picks[0], NGX_GEMINI_OK);

    for (n = 0; n < 8; n++) {
        fixture_wish(&f, &picks[n], 0, 1);
        picks[n].waiter = 1;

        if (ngx_gemini_sched_pick(&f.gv, &f.gc, &picks[n], f.now) != NGX_OK) {
            break;
        }
    }

    tap_is_int(n, 2, "then two");

    f.now += 10;
    fixture_settle(&f, &picks[0], NGX_GEMINI_OK);
    fixture_settle(&f, &picks[1], NGX_GEMINI_OK);

    for (n = 0; n < 8; n++) {
        fixture_wish(&f, &picks[n], 0, 1);
        picks[n].waiter = 1;

        if (ngx_gemini_sched_pick(&f.gv, &f.gc, &picks[n], f.now) != NGX_OK) {
            break;
        }
    }

    tap_is_int(n, 4, "then four");

    for (i = 0; i < n; i++) {
        fixture_settle(&f, &picks[i], NGX_GEMINI_REQUEST);
    }

    for (n = 0; n < 8; n++) {
        fixture_wish(&f, &picks[n], 0, 1);
        picks[n].waiter = 1;

        if (ngx_gemini_sched_pick(&f.gv, &f.gc, &picks[n], f.now) != NGX_OK) {
            break;
        }
    }

    tap_is_int(n, 4, "an answer that says nothing gives its place back");

    fixture_free(&f);
}


static void
resv_queue(void)
{
    uint32_t   a, b, c;
    uint64_t   epoch;
    fixture_t  f;

    fixture_make(&f, 1, 1, 1, 1);
    f.gc.queue = 2;
    fixture_start(&f, 4);

    tap_is_int(ngx_gemini_sched_wait(&f.gv, &f.gc, 0, &a, f.now), NGX_OK,
               "a place in the queue");
    tap_is_int(ngx_gemini_sched_wait(&f.gv, &f.gc, 0, &b, f.now), NGX_OK,
               "another");
    tap_is_int(ngx_gemini_sched_wait(&f.gv, &f.gc, 0, &c, f.now),
               NGX_DECLINED, "no third");
    tap_ok(f.gv.gp->waiting == 2 && f.gv.gp->waiting_max == 2
           && f.gv.gp->totals.queue_full == 1,
           "as counted");

    ngx_gemini_sched_unwait(&f.gv, a);
    ngx_gemini_sched_unwait(&f.gv, a);
    tap_is_int(f.gv.gp->waiting, 1, "left once");
    tap_is_int(fixture_strays(&f), 0, "sums");

    epoch = f.gv.gp->epoch;
    fixture_attempt(&f, NGX_GEMINI_OK);
    tap_ok(f.gv.gp->epoch > epoch, "a settled attempt raises the epoch");

    fixture_free(&f);
}


static void
resv_reap(void)
{
    uint32_t             i, waiter;
    fixture_t            f;
    ngx_gemini_pick_t    pick;
    ngx_gemini_event_t  *event;

    fixture_make(&f, 3, 2, 1, 1);
    fixture_start(&f, 16);

    for (i = 0; i < 6; i++) {
        fixture_wish(&f, &pick, 0, 1);
        pick.worker = i % 2;
        (void) ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now);
    }

    (void) ngx_gemini_sched_wait(&f.gv, &f.gc, 1, &waiter, f.now);

    tap_is_int(ngx_gemini_sched_reap(&f.gv, 1, f.now), 4,
               "a dead worker's records are settled");
    tap_ok(f.gv.gp->in_flight == 3 && f.gv.gp->waiting == 0
           && f.gv.gp->totals.lost == 3,
           "the others' are not");
    tap_is_int(fixture_strays(&f), 0, "sums");

    event = &f.gv.gp->events[0];
    tap_ok(event->type == NGX_GEMINI_EVENT_REAPED && event->number == 4,
           "with an event");

    tap_is_int(ngx_gemini_sched_reap(&f.gv, 1, f.now), 0, "once");
    tap_is_int(f.gv.gp->event, 1, "and no event more");

    fixture_free(&f);
}
