
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The order of the pick, case by case; oracle.c has the random ones.
 */


#include "fixture.h"
#include "ngx_gemini_budget.h"


int main(void);
static void pick_load(void);
static void pick_share(void);
static void pick_turns(void);
static void pick_priorities(void);
static void pick_conns(void);
static void pick_declined(void);
static void pick_operator(void);
static void pick_until(void);
static void pick_days(void);
static void pick_dry(void);
static void pick_usable(void);
static void pick_last_one(void);
static void pick_reservations(void);
static ngx_int_t pick_any(fixture_t *f, ngx_gemini_pick_t *pick);
static void pick_rest(fixture_t *f, ngx_gemini_rest_t *rest, uint64_t length,
    ngx_gemini_class_e reason);


int
main(void)
{
    pick_load();
    pick_share();
    pick_turns();
    pick_priorities();
    pick_conns();
    pick_declined();
    pick_operator();
    pick_until();
    pick_days();
    pick_dry();
    pick_usable();
    pick_last_one();
    pick_reservations();

    return tap_done();
}


/* in flight by weight: 3 of 4 go to the key of weight 3 */

static void
pick_load(void)
{
    uint32_t           i;
    fixture_t          f;
    ngx_gemini_pick_t  pick;

    fixture_make(&f, 2, 2, 2, 1);
    f.gc.keys[1].weight = 3;
    fixture_start(&f, 16);

    for (i = 0; i < 8; i++) {
        (void) fixture_pick(&f, &pick);
    }

    tap_is_int(f.gv.keys[f.gc.keys[0].slot].in_flight, 2, "weight 1");
    tap_is_int(f.gv.keys[f.gc.keys[1].slot].in_flight, 6, "weight 3");

    fixture_free(&f);
}


/* most of its minute left, requests or tokens, whichever is scarcer */

static void
pick_share(void)
{
    uint32_t            i;
    fixture_t           f;
    ngx_gemini_pick_t   pick;

    fixture_make(&f, 3, 3, 3, 1);
    fixture_limit(&f, 0, 0)->rpm = 10;
    fixture_limit(&f, 1, 0)->rpm = 100;
    fixture_limit(&f, 2, 0)->tpm = 1000;
    fixture_start(&f, 16);

    fixture_cell(&f, 0, 0)->use.minute = f.now;
    fixture_cell(&f, 0, 0)->use.requests = 4;
    fixture_cell(&f, 1, 0)->use.minute = f.now;
    fixture_cell(&f, 1, 0)->use.requests = 30;
    fixture_cell(&f, 2, 0)->use.minute = f.now;
    fixture_cell(&f, 2, 0)->use.tokens = 350;

    for (i = 0; i < 3; i++) {
        ngx_gemini_budget_weigh(fixture_cell(&f, i, 0),
                                fixture_limit(&f, i, 0));
    }

    (void) fixture_pick(&f, &pick);
    tap_is_int(pick.key, 1, "70%% of requests left before 65%% of tokens");

    f.gv.keys[f.gc.keys[1].slot].in_flight = 5;
    (void) fixture_pick(&f, &pick);
    tap_is_int(pick.key, 2, "which go before 60%% of requests");

    fixture_free(&f);
}


static void
pick_turns(void)
{
    uint32_t           i;
    fixture_t          f;
    ngx_gemini_pick_t  pick;

    fixture_make(&f, 3, 3, 3, 1);
    fixture_start(&f, 16);

    for (i = 0; i < 6; i++) {
        f.now++;
        (void) fixture_pick(&f, &pick);
        fixture_settle(&f, &pick, NGX_GEMINI_OK);
        tap_is_int(pick.key, i % 3, "turn %u: the longest unused", i);
    }

    fixture_free(&f);
}


static void
pick_priorities(void)
{
    fixture_t          f;
    ngx_gemini_pick_t  pick;

    fixture_make(&f, 2, 2, 2, 2);
    f.gc.keys[1].priority = 1;
    fixture_start(&f, 16);

    (void) pick_any(&f, &pick);
    tap_ok(pick.key == 0 && pick.choice == 0, "the first of the first model");

    pick_rest(&f, &fixture_cell(&f, 0, 0)->rest, 9000,
              NGX_GEMINI_QUOTA_MINUTE);

    (void) pick_any(&f, &pick);
    tap_ok(pick.key == 1 && pick.choice == 0,
           "prefer model: its next priority");

    f.gc.prefer_priority = 1;
    (void) pick_any(&f, &pick);
    tap_ok(pick.key == 0 && pick.choice == 1,
           "prefer priority: the next model");

    f.gv.keys[0].disabled = NGX_GEMINI_KEY_LEAKED;
    (void) pick_any(&f, &pick);
    tap_ok(pick.key == 1 && pick.choice == 0,
           "then the first model on the next priority");

    fixture_free(&f);
}


static void
pick_conns(void)
{
    fixture_t          f;
    ngx_gemini_pick_t  a, b, c;

    fixture_make(&f, 2, 2, 2, 1);
    f.gc.keys[0].max_conns = 1;
    f.gc.keys[1].max_conns = 1;
    fixture_start(&f, 16);

    tap_ok(fixture_pick(&f, &a) == NGX_OK && fixture_pick(&f, &b) == NGX_OK
           && a.key != b.key,
           "one on each");
    tap_is_int(fixture_pick(&f, &c), NGX_AGAIN, "no third");
    tap_ok(c.lack == NGX_GEMINI_LACK_CONNS && c.until == 0,
           "for lack of places");

    fixture_settle(&f, &a, NGX_GEMINI_REQUEST);
    tap_ok(fixture_pick(&f, &c) == NGX_OK && c.key == a.key,
           "until one is free");

    fixture_free(&f);
}


static void
pick_declined(void)
{
    fixture_t          f;
    ngx_gemini_pick_t  pick;

    fixture_make(&f, 2, 2, 2, 1);
    f.gc.keys[0].disabled = 1;
    fixture_start(&f, 16);
    f.gv.keys[f.gc.keys[1].slot].disabled = NGX_GEMINI_KEY_INVALID;

    tap_is_int(fixture_pick(&f, &pick), NGX_DECLINED, "all disabled");
    tap_is_int(pick.lack, NGX_GEMINI_LACK_KEY, "no key");
    tap_is_int(pick.until, 0, "no time");

    fixture_wish(&f, &pick, 0, 1);
    pick.nchoices = 0;
    tap_is_int(ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now),
               NGX_DECLINED, "no choice");

    fixture_free(&f);
}


static void
pick_operator(void)
{
    fixture_t          f;
    ngx_gemini_pick_t  pick;

    fixture_make(&f, 1, 1, 1, 1);
    fixture_start(&f, 16);

    f.gv.keys[0].operator = 1;
    f.gv.keys[0].operator_until = f.now + 30000;
    tap_ok(fixture_pick(&f, &pick) == NGX_AGAIN
           && pick.until == f.now + 30000 && pick.lack == NGX_GEMINI_LACK_KEY,
           "a key disabled for a time");

    f.gv.projects[0].operator = 1;
    tap_ok(fixture_pick(&f, &pick) == NGX_DECLINED
           && pick.lack == NGX_GEMINI_LACK_PROJECT,
           "its project for good");

    f.gv.projects[0].operator = 0;
    f.gv.models[0].operator = 1;
    f.gv.models[0].operator_until = f.now + 50000;
    tap_ok(fixture_pick(&f, &pick) == NGX_AGAIN
           && pick.until == f.now + 50000,
           "the model for longer");

    f.gv.models[0].operator = 0;
    f.gv.accounts[0].operator = 1;
    tap_is_int(fixture_pick(&f, &pick), NGX_DECLINED, "the account for good");

    f.gv.accounts[0].operator = 0;
    f.now += 30000;
    tap_is_int(fixture_pick(&f, &pick), NGX_OK, "the time is over");

    fixture_free(&f);
}


/* the earliest end over what could ever serve; each needs its latest */

static void
pick_until(void)
{
    fixture_t           f;
    ngx_gemini_pick_t   pick;
    ngx_gemini_tried_t  tried;

    fixture_make(&f, 3, 3, 3, 1);
    fixture_start(&f, 16);

    pick_rest(&f, &fixture_cell(&f, 0, 0)->rest, 3000,
              NGX_GEMINI_QUOTA_MINUTE);
    pick_rest(&f, &f.gv.accounts[f.gc.accounts[0].slot].rest, 40000,
              NGX_GEMINI_CREDIT);
    pick_rest(&f, &fixture_cell(&f, 1, 0)->rest, 20000,
              NGX_GEMINI_QUOTA_TERSE);
    pick_rest(&f, &fixture_cell(&f, 2, 0)->rest, 1000,
              NGX_GEMINI_QUOTA_MINUTE);
    f.gv.keys[f.gc.keys[2].slot].disabled = NGX_GEMINI_KEY_LEAKED;

    tap_is_int(fixture_pick(&f, &pick), NGX_AGAIN, "nobody now");
    tap_is_int(pick.until, f.now + 20000, "the earliest that is whole");
    tap_is_int(pick.lack, NGX_GEMINI_LACK_KEY|NGX_GEMINI_LACK_QUOTA
                          |NGX_GEMINI_LACK_CREDIT, "for these reasons");

    fixture_wish(&f, &pick, 0, 1);
    tried.key = 1;
    tried.project = 1;
    tried.model = f.choices[0].slot;
    tried.class = NGX_GEMINI_QUOTA_TERSE;
    pick.tried = &tried;
    pick.ntried = 1;
    tap_is_int(ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now), NGX_AGAIN,
               "one was tried");
    tap_is_int(pick.until, f.now + 40000, "the other's end");

    f.gv.keys[f.gc.keys[0].slot].disabled = NGX_GEMINI_KEY_LEAKED;
    tap_is_int(ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now),
               NGX_DECLINED, "only the one that was tried");
    tap_is_int(pick.until, f.now + 20000, "has an end, for the client");

    fixture_free(&f);
}


static void
pick_days(void)
{
    fixture_t          f;
    ngx_gemini_pick_t  pick;

    fixture_make(&f, 2, 2, 2, 1);
    fixture_start(&f, 16);

    pick_rest(&f, &fixture_cell(&f, 0, 0)->rest, 9000000,
              NGX_GEMINI_QUOTA_DAY);
    pick_rest(&f, &fixture_cell(&f, 1, 0)->rest, 9000,
              NGX_GEMINI_QUOTA_MINUTE);

    (void) fixture_pick(&f, &pick);
    tap_ok(!pick.day && pick.until == f.now + 9000, "a minute helps");

    pick_rest(&f, &fixture_cell(&f, 1, 0)->rest, 9000001,
              NGX_GEMINI_QUOTA_DAY);
    (void) fixture_pick(&f, &pick);
    tap_ok(pick.day && pick.until == f.now + 9000000, "only a day does");

    fixture_free(&f);
}


static void
pick_dry(void)
{
    fixture_t          f;
    ngx_gemini_pick_t  pick;

    fixture_make(&f, 1, 1, 1, 1);
    fixture_start(&f, 16);

    fixture_wish(&f, &pick, 0, 1);
    pick.dry = 1;
    tap_is_int(ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now), NGX_OK,
               "an explanation");
    tap_ok(pick.key == 0 && pick.resv == NGX_GEMINI_NONE
           && f.gv.gp->in_flight == 0
           && fixture_cell(&f, 0, 0)->use.requests == 0,
           "reserves nothing");

    fixture_free(&f);
}


static void
pick_usable(void)
{
    uint64_t           until;
    fixture_t          f;
    ngx_gemini_pick_t  pick;

    fixture_make(&f, 1, 1, 1, 1);
    fixture_limit(&f, 0, 0)->rpm = 1;
    fixture_start(&f, 16);

    fixture_wish(&f, &pick, 0, 1);

    tap_ok(ngx_gemini_sched_usable(&f.gv, &f.gc, &pick, 0, 0, f.now, &until)
           == 0 && until == 0, "usable");

    (void) fixture_pick(&f, &pick);
    tap_ok(ngx_gemini_sched_usable(&f.gv, &f.gc, &pick, 0, 0, f.now, &until)
           == NGX_GEMINI_LACK_QUOTA && until == f.now + 60000, "no budget");

    pick_rest(&f, &f.gv.models[0].rest, 1000, NGX_GEMINI_OVERLOADED);
    tap_is_int(ngx_gemini_sched_usable(&f.gv, &f.gc, &pick, 0, 0, f.now,
                                       &until),
               NGX_GEMINI_LACK_MODEL, "overloaded");
    tap_is_int(until, f.now + 60000, "until all of it has ended");

    f.gv.keys[0].disabled = NGX_GEMINI_KEY_LEAKED;
    tap_ok(ngx_gemini_sched_usable(&f.gv, &f.gc, &pick, 0, 0, f.now, &until)
           == NGX_GEMINI_LACK_KEY && until == 0, "disabled");

    fixture_free(&f);
}


/* one usable key among thousands is found from any start */

static void
pick_last_one(void)
{
    uint32_t           i, found;
    fixture_t          f;
    ngx_gemini_pick_t  pick;

    fixture_make(&f, 3000, 3000, 3000, 1);
    fixture_start(&f, 16);

    for (i = 0; i < 3000; i++) {

        if (i == 1234) {
            continue;
        }

        pick_rest(&f, &fixture_cell(&f, i, 0)->rest, 60000 + i,
                  NGX_GEMINI_QUOTA_MINUTE);
        ngx_gemini_pool_mark(&f.gv, f.gc.projects[i].slot,
                             f.gc.models[0].slot);
    }

    for (i = 0, found = 0; i < 200; i++) {
        found += (fixture_pick(&f, &pick) == NGX_OK && pick.key == 1234);
        fixture_settle(&f, &pick, NGX_GEMINI_OK);
    }

    tap_is_int(found, 200, "the only one is found");

    f.gv.keys[f.gc.keys[1234].slot].disabled = NGX_GEMINI_KEY_LEAKED;
    tap_ok(fixture_pick(&f, &pick) == NGX_AGAIN
           && pick.until == f.now + 60000,
           "or the earliest end");

    f.now += 60000;
    tap_ok(fixture_pick(&f, &pick) == NGX_OK && pick.key == 0,
           "at which that one is found");

    fixture_free(&f);
}


static void
pick_reservations(void)
{
    fixture_t          f;
    ngx_gemini_pick_t  a, b;

    fixture_make(&f, 1, 1, 1, 1);
    fixture_start(&f, 1);

    (void) fixture_pick(&f, &a);
    tap_is_int(fixture_pick(&f, &b), NGX_AGAIN, "no record is free");
    tap_ok(b.lack == NGX_GEMINI_LACK_RESV && b.until == 0, "as said");

    fixture_settle(&f, &a, NGX_GEMINI_OK);
    fixture_settle(&f, &a, NGX_GEMINI_OK);
    tap_is_int(f.gv.gp->totals.classes[NGX_GEMINI_OK], 1, "settled once");
    tap_is_int(fixture_strays(&f), 0, "sums");

    fixture_free(&f);
}


/* a pick with all models as choices */

static ngx_int_t
pick_any(fixture_t *f, ngx_gemini_pick_t *pick)
{
    ngx_int_t  rc;

    fixture_wish(f, pick, 0, f->gc.nmodels);
    rc = ngx_gemini_sched_pick(&f->gv, &f->gc, pick, f->now);

    fixture_settle(f, pick, NGX_GEMINI_REQUEST);

    return rc;
}


static void
pick_rest(fixture_t *f, ngx_gemini_rest_t *rest, uint64_t length,
    ngx_gemini_class_e reason)
{
    ngx_gemini_rest_place(rest, f->now, length, reason, NGX_GEMINI_TOLD);
}
