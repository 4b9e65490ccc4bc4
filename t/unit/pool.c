
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The records of a pool: layout, workers, events, repair after a crash.
 */


#include "ngx_gemini_pool.h"
#include "tap.h"


#define POOL_NOW       1795327200000ull
#define POOL_PROJECTS  150
#define POOL_MODELS    3
#define POOL_RESVS     64
#define POOL_OWNERS    32


static void pool_layout(void);
static int pool_next(const u_char **end, const void *part, size_t size);
static void pool_attach(void);
static void pool_workers(void);
static void pool_events(void);
static void pool_rebuild(void);
static void pool_rebuild_broken(void);
static uint32_t pool_free(void);
static void pool_resv(uint32_t i, uint8_t type, uint32_t worker,
    uint8_t trial);
static void pool_start(void);


static ngx_gemini_view_t  pool_view;
static ngx_gemini_view_t *gv = &pool_view;
static void              *pool_mem;


static const ngx_gemini_caps_t  pool_caps = {
    POOL_PROJECTS,
    POOL_PROJECTS,
    POOL_PROJECTS,
    POOL_MODELS,
    POOL_RESVS,
    POOL_OWNERS
};


static void
pool_layout(void)
{
    size_t             size;
    ngx_gemini_caps_t  caps;
    const u_char      *end;

    pool_start();

    end = (const u_char *) gv->gp + sizeof(ngx_gemini_pool_t);

    tap_ok(pool_next(&end, gv->key_slots, sizeof(ngx_gemini_slot_t)
                                          * POOL_PROJECTS), "key slots");
    tap_ok(pool_next(&end, gv->project_slots, sizeof(ngx_gemini_slot_t)
                                              * POOL_PROJECTS),
           "project slots");
    tap_ok(pool_next(&end, gv->account_slots, sizeof(ngx_gemini_slot_t)
                                              * POOL_PROJECTS),
           "account slots");
    tap_ok(pool_next(&end, gv->model_slots, sizeof(ngx_gemini_slot_t)
                                            * gv->nmodels), "model slots");
    tap_ok(pool_next(&end, gv->keys, sizeof(ngx_gemini_key_t)
                                     * POOL_PROJECTS), "keys");
    tap_ok(pool_next(&end, gv->projects, sizeof(ngx_gemini_project_t)
                                         * POOL_PROJECTS), "projects");
    tap_ok(pool_next(&end, gv->accounts, sizeof(ngx_gemini_account_t)
                                         * POOL_PROJECTS), "accounts");
    tap_ok(pool_next(&end, gv->models, sizeof(ngx_gemini_model_t)
                                       * gv->nmodels), "models");
    tap_ok(pool_next(&end, gv->resvs, sizeof(ngx_gemini_resv_t)
                                      * POOL_RESVS), "reservations");
    tap_ok(pool_next(&end, gv->owners, sizeof(ngx_gemini_owner_t)
                                       * POOL_OWNERS), "owners");
    tap_ok(pool_next(&end, gv->key_index.table,
                     sizeof(uint32_t) * (gv->key_index.mask + 1)),
           "index of keys");
    tap_ok(pool_next(&end, gv->project_index.table,
                     sizeof(uint32_t) * (gv->project_index.mask + 1)),
           "index of projects");
    tap_ok(pool_next(&end, gv->account_index.table,
                     sizeof(uint32_t) * (gv->account_index.mask + 1)),
           "index of accounts");
    tap_ok(pool_next(&end, gv->bitmaps, sizeof(uint64_t) * gv->words
                                        * gv->nmodels), "bitmaps");
    tap_ok(pool_next(&end, gv->cells, sizeof(ngx_gemini_cell_t)
                                      * gv->nmodels * POOL_PROJECTS),
           "cells");

    size = ngx_gemini_pool_size(&pool_caps);

    tap_ok(end <= (const u_char *) pool_mem + size, "all in the size");

    tap_is_int(gv->nmodels, POOL_MODELS + NGX_GEMINI_SPARE + 1,
               "listed models, spares and other");
    tap_is_int(gv->other, gv->nmodels - 1, "other is the last");
    tap_is_int(gv->words, 3, "150 projects in three words");
    tap_is_int(pool_free(), POOL_RESVS, "all reservations are free");
    tap_is_int(gv->gp->lock_model, NGX_GEMINI_NONE, "no lock");

    caps = pool_caps;
    caps.keys = 100000;
    caps.projects = 100000;
    caps.accounts = 100000;
    caps.models = 256;

    tap_ok(ngx_gemini_pool_size(&caps)
           > (size_t) 100000 * 256 * sizeof(ngx_gemini_cell_t),
           "the size of a huge one does not wrap");
}


static int
pool_next(const u_char **end, const void *part, size_t size)
{
    const u_char  *p = part;

    if (p < *end || (uintptr_t) p % 64 != 0) {
        return 0;
    }

    *end = p + size;

    return 1;
}


static void
pool_attach(void)
{
    uint32_t           magic;
    ngx_gemini_view_t  other;

    pool_start();

    gv->gp->epoch = 7;
    memset(&other, 0, sizeof(other));

    tap_is_int(ngx_gemini_pool_attach(&other, pool_mem), NGX_OK,
               "another process attaches");
    tap_ok(memcmp(&other, gv, sizeof(other)) == 0, "and sees the same");

    magic = gv->gp->magic;
    gv->gp->magic = 0;

    tap_is_int(ngx_gemini_pool_attach(&other, pool_mem), NGX_ERROR,
               "not to another layout");

    gv->gp->magic = magic;

    memset(pool_mem, 0xa5, ngx_gemini_pool_size(&pool_caps));
    ngx_gemini_pool_init(pool_mem, &pool_caps, POOL_NOW);

    tap_is_int(gv->gp->epoch, 0, "init clears what was there");
    tap_is_int(ngx_gemini_cell(gv, 149, 2)->rest.until, 0, ".. to the end");
    tap_is_int(gv->gp->created, POOL_NOW, "and notes when");
}


static void
pool_workers(void)
{
    uint32_t  i, slot;

    pool_start();

    slot = ngx_gemini_pool_join(gv, 100, 1);

    tap_is_int(gv->gp->workers[slot].pid, 100, "a worker joins");
    tap_is_int(ngx_gemini_pool_join(gv, 100, 2), slot, "and has its slot");
    tap_is_int(gv->gp->workers[slot].cycle, 1, "with the older generation");

    for (i = 1; i < NGX_GEMINI_WORKERS; i++) {
        slot = ngx_gemini_pool_join(gv, 100 + i, 1);
    }

    tap_is_int(slot, NGX_GEMINI_WORKERS - 1, "as many as there are slots");
    tap_is_int(ngx_gemini_pool_join(gv, 9999, 1), NGX_GEMINI_NONE,
               "and no more");

    ngx_gemini_pool_leave(gv, 5);
    tap_is_int(ngx_gemini_pool_join(gv, 9999, 1), 5, "one left, one comes");
}


static void
pool_events(void)
{
    uint32_t            i;
    ngx_gemini_event_t  event;

    pool_start();

    memset(&event, 0, sizeof(event));

    for (i = 0; i < NGX_GEMINI_EVENTS + 10; i++) {
        event.number = i;
        ngx_gemini_pool_event(gv, &event);
    }

    tap_is_int(gv->gp->event, NGX_GEMINI_EVENTS + 10, "events ever");
    tap_is_int(gv->gp->events[9].number, NGX_GEMINI_EVENTS + 9, "the last");
    tap_is_int(gv->gp->events[10].number, 10, "the oldest that is kept");
}


static void
pool_rebuild(void)
{
    ngx_gemini_cell_t  *cell;

    pool_start();

    (void) ngx_gemini_pool_join(gv, 100, 1);

    pool_resv(3, NGX_GEMINI_RESV_ATTEMPT, 0, NGX_GEMINI_TRIAL_CELL);
    pool_resv(9, NGX_GEMINI_RESV_ATTEMPT, 0, NGX_GEMINI_TRIAL_PROJECT);
    pool_resv(11, NGX_GEMINI_RESV_WAITER, 0, 0);

    cell = ngx_gemini_cell(gv, 1, 1);
    cell->rest.until = POOL_NOW + 1000;
    cell->rest.length = 1000;

    gv->accounts[1].rest.trial = NGX_GEMINI_TRYING;
    gv->gp->in_flight = 4711;
    gv->gp->free = 3;
    gv->keys[7].in_flight = 5;

    ngx_gemini_pool_rebuild(gv, POOL_NOW);

    tap_is_int(gv->gp->in_flight, 2, "attempts of the pool");
    tap_is_int(gv->gp->waiting, 1, "waiters");
    tap_is_int(gv->keys[1].in_flight, 2, "of the key");
    tap_is_int(gv->keys[7].in_flight, 0, "of another");
    tap_is_int(gv->projects[1].in_flight, 2, "of the project");
    tap_is_int(gv->accounts[1].in_flight, 2, "of the account");
    tap_is_int(gv->models[1].in_flight, 2, "of the model");
    tap_is_int(cell->in_flight, 2, "of the cell");
    tap_is_int(cell->trying, 1, "the cell is on trial");
    tap_is_int(gv->projects[1].rest.trial, NGX_GEMINI_TRYING, "project too");
    tap_is_int(gv->accounts[1].rest.trial, 1, "the account no more");
    tap_is_int(pool_free(), POOL_RESVS - 3, "free list");
    tap_is_int(ngx_gemini_bitmap(gv, 1)[0], 2, "bit of the resting cell");
    tap_is_int(gv->gp->totals.rebuilt, 1, "counted");
}


static void
pool_rebuild_broken(void)
{
    pool_start();

    (void) ngx_gemini_pool_join(gv, 100, 1);

    pool_resv(0, NGX_GEMINI_RESV_ATTEMPT, 0, 0);
    pool_resv(1, NGX_GEMINI_RESV_ATTEMPT, 17, 0);
    pool_resv(2, NGX_GEMINI_RESV_ATTEMPT, 0, 0);
    pool_resv(3, 77, 0, 0);
    pool_resv(4, NGX_GEMINI_RESV_WAITER, NGX_GEMINI_WORKERS, 0);
    pool_resv(5, NGX_GEMINI_RESV_ATTEMPT, NGX_GEMINI_NONE, 0);

    gv->resvs[2].project = POOL_PROJECTS;

    ngx_gemini_pool_rebuild(gv, POOL_NOW);

    tap_is_int(gv->gp->in_flight, 2, "what is sound stays");
    tap_is_int(gv->gp->totals.lost, 4, "what is not is lost");
    tap_is_int(pool_free(), POOL_RESVS - 2, "and free again");
}


static uint32_t
pool_free(void)
{
    uint32_t  i, n;

    n = 0;

    for (i = gv->gp->free; i != NGX_GEMINI_NONE; i = gv->resvs[i].next) {

        if (gv->resvs[i].type != NGX_GEMINI_RESV_FREE || ++n > POOL_RESVS) {
            return NGX_GEMINI_NONE;
        }
    }

    return n;
}


/* on key, project, account and model 1 */

static void
pool_resv(uint32_t i, uint8_t type, uint32_t worker, uint8_t trial)
{
    ngx_gemini_resv_t  *resv;

    resv = &gv->resvs[i];

    memset(resv, 0, sizeof(ngx_gemini_resv_t));

    resv->type = type;
    resv->worker = worker;
    resv->trial = trial;
    resv->key = 1;
    resv->project = 1;
    resv->account = 1;
    resv->model = 1;
}


/* every project has a slot, as after a claim */

static void
pool_start(void)
{
    uint32_t  i;

    free(pool_mem);

    pool_mem = aligned_alloc(64, ngx_gemini_pool_size(&pool_caps));

    ngx_gemini_pool_init(pool_mem, &pool_caps, POOL_NOW);
    (void) ngx_gemini_pool_attach(gv, pool_mem);

    for (i = 0; i < POOL_PROJECTS; i++) {
        gv->project_slots[i].len = 1;
    }
}


int
main(void)
{
    pool_layout();
    pool_attach();
    pool_workers();
    pool_events();
    pool_rebuild();
    pool_rebuild_broken();

    free(pool_mem);

    return tap_done();
}
