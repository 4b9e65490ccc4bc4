
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * What a pick keeps that has found nobody among many keys: used as long as
 * nothing moves, not a moment longer.  A key is brought back behind the
 * pool's back to see which of the two it is.
 */


#include "fixture.h"


#define LACK_KEYS   100
#define LACK_REST   3600000
#define LACK_FREE   5                /* the key that need not rest */


int main(void);
static void lack_kept(void);
static void lack_moves(void);
static void lack_reload(void);
static void lack_turn(void);
static void lack_proven(void);
static void lack_place(void);
static void lack_verb(void);
static void lack_tokens(void);
static void lack_waiter(void);
static void lack_tried(void);
static void lack_narrow(void);
static void lack_rested(void);
static void lack_start(fixture_t *f);
static void lack_rest(fixture_t *f, uint32_t but);
static void lack_back(fixture_t *f);
static ngx_int_t lack_pick(fixture_t *f, ngx_gemini_pick_t *pick);
static void lack_other(fixture_t *f, ngx_gemini_pick_t *pick,
    uint32_t project);


int
main(void)
{
    lack_kept();
    lack_moves();
    lack_reload();
    lack_turn();
    lack_proven();
    lack_place();
    lack_verb();
    lack_tokens();
    lack_waiter();
    lack_tried();
    lack_narrow();
    lack_rested();

    return tap_done();
}


static void
lack_kept(void)
{
    fixture_t          f;
    ngx_gemini_pick_t  pick;

    lack_start(&f);
    lack_rest(&f, NGX_GEMINI_NONE);

    tap_is_int(lack_pick(&f, &pick), NGX_AGAIN, "all rest");
    tap_is_int(pick.until, f.now + LACK_REST, "the earliest end");
    tap_is_int(pick.lack, NGX_GEMINI_LACK_QUOTA, "for want of quota");
    tap_ok(pick.day, "of the day");

    f.now += 100;
    tap_is_int(lack_pick(&f, &pick), NGX_AGAIN, "again");
    tap_is_int(pick.until, f.now - 100 + LACK_REST, "the same end");
    tap_is_int(pick.lack, NGX_GEMINI_LACK_QUOTA, "and want");
    tap_ok(pick.day, "and day");

    lack_back(&f);
    tap_is_int(lack_pick(&f, &pick), NGX_AGAIN, "nobody looks again");

    fixture_wish(&f, &pick, 0, 2);
    (void) ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now);
    tap_is_int(pick.choice, 1, "on the way to another model neither");

    f.now += 900;
    tap_is_int(lack_pick(&f, &pick), NGX_OK, "for no more than a second");
    tap_is_int(pick.key, LACK_FREE, "the one that is back");

    fixture_free(&f);

    lack_start(&f);
    lack_rest(&f, NGX_GEMINI_NONE);
    f.now += LACK_REST - 10;

    (void) lack_pick(&f, &pick);
    tap_is_int(pick.until, f.now + 10, "an end that is near");

    f.now += 10;
    tap_is_int(lack_pick(&f, &pick), NGX_OK, "and then has come");
    tap_is_int(pick.key, 0, "to the first");

    fixture_free(&f);
}


static void
lack_moves(void)
{
    fixture_t          f;
    ngx_gemini_pick_t  pick, held, other;

    lack_start(&f);
    (void) lack_pick(&f, &held);
    lack_other(&f, &other, 9);
    lack_rest(&f, NGX_GEMINI_NONE);

    (void) lack_pick(&f, &pick);
    lack_back(&f);

    fixture_settle(&f, &other, NGX_GEMINI_OK);
    tap_is_int(lack_pick(&f, &pick), NGX_AGAIN,
               "an attempt of another model ends: nobody looks");

    fixture_settle(&f, &held, NGX_GEMINI_CLIENT_GONE);
    tap_is_int(lack_pick(&f, &pick), NGX_OK, "one of this model: one does");

    lack_rest(&f, NGX_GEMINI_NONE);
    (void) lack_pick(&f, &pick);
    lack_back(&f);

    f.gv.gp->epoch++;
    tap_is_int(lack_pick(&f, &pick), NGX_OK, "an operator did something");

    fixture_free(&f);
}


static void
lack_reload(void)
{
    fixture_t          f;
    ngx_gemini_pick_t  pick;

    lack_start(&f);
    lack_rest(&f, NGX_GEMINI_NONE);

    (void) lack_pick(&f, &pick);
    lack_back(&f);

    f.gc.cycle++;
    tap_is_int(lack_pick(&f, &pick), NGX_OK,
               "another configuration has lists of its own");

    fixture_free(&f);
}


/* what rests for one model rests for all */

static void
lack_turn(void)
{
    fixture_t          f;
    ngx_gemini_pick_t  pick, other;

    lack_start(&f);
    lack_other(&f, &other, 0);
    lack_rest(&f, NGX_GEMINI_NONE);

    f.now += LACK_REST - 1000;
    (void) lack_pick(&f, &pick);
    tap_is_int(pick.until, f.now + 1000, "the first in a second");

    f.now++;
    fixture_settle(&f, &other, NGX_GEMINI_CREDIT);

    (void) lack_pick(&f, &pick);
    tap_is_int(pick.until, f.now + 1999,
               "it lost its credit elsewhere: the second");

    fixture_free(&f);
}


static void
lack_proven(void)
{
    fixture_t              f;
    ngx_gemini_pick_t      pick, other;
    ngx_gemini_project_t  *project;

    lack_start(&f);
    lack_other(&f, &other, LACK_FREE);
    lack_rest(&f, LACK_FREE);

    project = &f.gv.projects[f.gc.projects[LACK_FREE].slot];

    ngx_gemini_rest_place(&project->rest, f.now, 60000,
                          NGX_GEMINI_PROJECT_DENIED, NGX_GEMINI_GUESSED);
    ngx_gemini_pool_mark(&f.gv, f.gc.projects[LACK_FREE].slot,
                         NGX_GEMINI_NONE);

    tap_is_int(lack_pick(&f, &pick), NGX_AGAIN, "its project rests");
    tap_is_int(pick.until, f.now + 60000, "for a minute");

    f.now += 10;
    fixture_settle(&f, &other, NGX_GEMINI_OK);

    tap_is_int(lack_pick(&f, &pick), NGX_OK, "until it is proven elsewhere");

    fixture_free(&f);
}


static void
lack_place(void)
{
    fixture_t          f;
    ngx_gemini_pick_t  pick, other;

    lack_start(&f);
    f.gc.keys[LACK_FREE].max_conns = 1;
    lack_other(&f, &other, LACK_FREE);
    lack_rest(&f, LACK_FREE);

    tap_is_int(lack_pick(&f, &pick), NGX_AGAIN, "its only place is taken");
    tap_ok(pick.lack & NGX_GEMINI_LACK_CONNS, "so it says");
    tap_is_int(pick.until, 0, "until nobody knows when");

    fixture_settle(&f, &other, NGX_GEMINI_OK);
    tap_is_int(lack_pick(&f, &pick), NGX_OK, "until it is free");

    fixture_free(&f);
}


static void
lack_verb(void)
{
    fixture_t          f;
    ngx_gemini_pick_t  pick;

    lack_start(&f);
    lack_rest(&f, LACK_FREE);

    f.gv.keys[f.gc.keys[LACK_FREE].slot].verbs =
                                            1u << NGX_GEMINI_VERB_GENERATE;

    tap_is_int(lack_pick(&f, &pick), NGX_AGAIN, "blocked for this verb");

    fixture_wish(&f, &pick, 0, 1);
    pick.verb = NGX_GEMINI_VERB_COUNT;
    tap_is_int(ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now), NGX_OK,
               "not for another");

    fixture_free(&f);
}


static void
lack_tokens(void)
{
    fixture_t           f;
    ngx_gemini_cell_t  *cell;
    ngx_gemini_pick_t   pick;

    lack_start(&f);
    lack_rest(&f, LACK_FREE);

    fixture_limit(&f, LACK_FREE, 0)->tpm = 1000;
    cell = fixture_cell(&f, LACK_FREE, 0);
    cell->use.minute = f.now;
    cell->use.tokens = 600;

    ngx_gemini_rest_place(&cell->rest, f.now, 30000, NGX_GEMINI_QUOTA_MINUTE,
                          NGX_GEMINI_TOLD);
    ngx_gemini_pool_mark(&f.gv, f.gc.projects[LACK_FREE].slot,
                         f.gc.models[0].slot);

    fixture_wish(&f, &pick, 0, 1);
    pick.tokens = 300;
    (void) ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now);
    tap_is_int(pick.until, f.now + 30000, "few tokens wait for the rest");

    pick.tokens = 500;
    (void) ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now);
    tap_is_int(pick.until, f.now + 60000, "many for the minute");

    cell->rest.until = 0;
    f.gv.gp->epoch++;

    tap_is_int(ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now), NGX_AGAIN,
               "too many");
    pick.tokens = 400;
    tap_is_int(ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now), NGX_OK,
               "fewer are not");

    fixture_free(&f);
}


static void
lack_waiter(void)
{
    fixture_t          f;
    ngx_gemini_pick_t  pick;

    lack_start(&f);
    lack_rest(&f, LACK_FREE);

    fixture_cell(&f, LACK_FREE, 0)->ramp = 1;
    tap_is_int(lack_pick(&f, &pick), NGX_OK, "one is under way");

    fixture_wish(&f, &pick, 0, 1);
    pick.waiter = 1;
    tap_is_int(ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now), NGX_AGAIN,
               "who waits sees how it ends");
    tap_is_int(lack_pick(&f, &pick), NGX_OK, "who does not goes");

    fixture_free(&f);
}


static void
lack_tried(void)
{
    fixture_t           f;
    ngx_gemini_pick_t   pick;
    ngx_gemini_tried_t  tried;

    lack_start(&f);
    lack_rest(&f, NGX_GEMINI_NONE);
    (void) lack_pick(&f, &pick);

    fixture_wish(&f, &pick, 0, 1);
    pick.tried = &tried;
    pick.ntried = 1;

    tried.key = 50;
    tried.project = 50;
    tried.model = f.choices[0].slot;
    tried.class = NGX_GEMINI_SERVER;

    (void) ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now);
    tap_is_int(pick.until, f.now + LACK_REST, "one was tried, not the first");
    tap_is_int(pick.lack, NGX_GEMINI_LACK_QUOTA|NGX_GEMINI_LACK_TRIED,
               "and it says so");

    tried.key = 0;
    tried.project = 0;

    (void) ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now);
    tap_is_int(pick.until, f.now + LACK_REST + 1000,
               "the first was: the end of the second");

    fixture_free(&f);
}


/* found by a request that only some keys may serve: nothing for the others */

static void
lack_narrow(void)
{
    fixture_t          f;
    ngx_gemini_pick_t  pick;

    lack_start(&f);
    lack_rest(&f, LACK_FREE);

    fixture_wish(&f, &pick, 0, 1);
    pick.project = 7;
    tap_is_int(ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now), NGX_AGAIN,
               "the owner rests");
    tap_is_int(pick.until, f.now + LACK_REST + 7000, "for so long");
    tap_is_int(lack_pick(&f, &pick), NGX_OK, "another does not");

    fixture_free(&f);
}


/* a trial is for when there is nobody else, however busy the others are */

static void
lack_rested(void)
{
    uint32_t            i;
    fixture_t           f;
    ngx_gemini_cell_t  *cell;
    ngx_gemini_pick_t   pick;

    lack_start(&f);

    for (i = 0; i < LACK_KEYS; i++) {
        f.gv.keys[f.gc.keys[i].slot].in_flight = (i != LACK_FREE);
    }

    cell = fixture_cell(&f, LACK_FREE, 0);

    ngx_gemini_rest_place(&cell->rest, f.now, 1000, NGX_GEMINI_QUOTA_TERSE,
                          NGX_GEMINI_GUESSED);
    ngx_gemini_pool_mark(&f.gv, f.gc.projects[LACK_FREE].slot,
                         f.gc.models[0].slot);

    f.now += 2000;

    fixture_wish(&f, &pick, 0, 1);
    pick.random = LACK_FREE;
    (void) ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now);
    tap_is_int(pick.key, LACK_FREE + 1, "the next one, though it is busier");

    fixture_free(&f);
}


/* each key has a project and an account of its own; two models */

static void
lack_start(fixture_t *f)
{
    fixture_make(f, LACK_KEYS, LACK_KEYS, LACK_KEYS, 2);
    fixture_start(f, 16);
}


/* every cell of the first model but one, a second longer than the one before */

static void
lack_rest(fixture_t *f, uint32_t but)
{
    uint32_t  i;

    for (i = 0; i < LACK_KEYS; i++) {

        if (i == but) {
            continue;
        }

        ngx_gemini_rest_place(&fixture_cell(f, i, 0)->rest, f->now,
                              LACK_REST + i * 1000, NGX_GEMINI_QUOTA_DAY,
                              NGX_GEMINI_TOLD);
        ngx_gemini_pool_mark(&f->gv, f->gc.projects[i].slot,
                             f->gc.models[0].slot);
    }
}


static void
lack_back(fixture_t *f)
{
    fixture_cell(f, LACK_FREE, 0)->rest.until = 0;
}


static ngx_int_t
lack_pick(fixture_t *f, ngx_gemini_pick_t *pick)
{
    fixture_wish(f, pick, 0, 1);

    return ngx_gemini_sched_pick(&f->gv, &f->gc, pick, f->now);
}


/* an attempt of the second model */

static void
lack_other(fixture_t *f, ngx_gemini_pick_t *pick, uint32_t project)
{
    fixture_wish(f, pick, 1, 1);
    pick->project = project;

    if (ngx_gemini_sched_pick(&f->gv, &f->gc, pick, f->now) != NGX_OK) {
        tap_ok(0, "an attempt of project %u", project);
    }
}
