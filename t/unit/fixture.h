
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * A pool for the tests of the scheduler: sizes first, then what the test
 * changes in f.gc, then fixture_start(), which draws up the candidates and
 * the zone.  Key k is "k<k>", of project "p<k % projects>", which is of
 * account "a<p % accounts>"; model m is "m<m>".
 */


#ifndef _FIXTURE_H_INCLUDED_
#define _FIXTURE_H_INCLUDED_


#include "ngx_gemini_class.h"
#include "ngx_gemini_classify.h"
#include "ngx_gemini_glob.h"
#include "ngx_gemini_pool.h"
#include "ngx_gemini_sched.h"
#include "tap.h"


#define FIXTURE_CHOICES  16

/* 2026-11-22T20:00:00Z, noon in California */
#define FIXTURE_NOW      1795377600000ull


typedef struct {
    ngx_gemini_conf_t          gc;
    ngx_gemini_view_t          gv;
    void                      *zone;
    char                      *text;       /* of all labels */
    char                      *last;
    uint64_t                   now;
    uint64_t                   seed;
    uint32_t                  *spent;      /* the oracle's, of each cell */
    ngx_gemini_lack_t         *lacks;      /* .. and aside */
    ngx_gemini_choice_t        choices[FIXTURE_CHOICES];
    ngx_gemini_verdict_t       verdict;
} fixture_t;


static inline void fixture_make(fixture_t *f, uint32_t keys,
    uint32_t projects, uint32_t accounts, uint32_t models);
static inline ngx_str_t fixture_label(fixture_t *f, const char *prefix,
    uint32_t n);
static inline void fixture_start(fixture_t *f, uint32_t reservations);
static inline void fixture_caps(const fixture_t *f, uint32_t reservations,
    uint32_t owners, ngx_gemini_caps_t *caps);
static inline void fixture_zone(fixture_t *f, const ngx_gemini_caps_t *caps,
    void *zone);
static inline ngx_gemini_candidates_t *fixture_candidates(
    const fixture_t *f, const ngx_str_t *model, uint32_t *n);
static inline uint32_t fixture_list(const fixture_t *f,
    const ngx_str_t *model, uint32_t priority, uint32_t *keys);
static inline void fixture_free(fixture_t *f);
static inline ngx_gemini_limit_t *fixture_limit(const fixture_t *f,
    uint32_t project, uint32_t model);
static inline void fixture_wish(fixture_t *f, ngx_gemini_pick_t *pick,
    uint32_t model, uint32_t n);
static inline void fixture_answer(fixture_t *f, ngx_gemini_settle_t *settle,
    const ngx_gemini_pick_t *pick, ngx_gemini_class_e class);
static inline ngx_gemini_cell_t *fixture_cell(const fixture_t *f,
    uint32_t project, uint32_t model);
static inline uint32_t fixture_strays(const fixture_t *f);
static inline ngx_int_t fixture_pick(fixture_t *f, ngx_gemini_pick_t *pick);
static inline void fixture_settle(fixture_t *f,
    const ngx_gemini_pick_t *pick, ngx_gemini_class_e class);
static inline void fixture_attempt(fixture_t *f, ngx_gemini_class_e class);
static inline const ngx_gemini_rest_t *fixture_rest(const fixture_t *f,
    ngx_gemini_scope_e scope);
static inline uint32_t fixture_resting(const fixture_t *f);


static inline void
fixture_make(fixture_t *f, uint32_t keys, uint32_t projects,
    uint32_t accounts, uint32_t models)
{
    uint32_t            i;
    ngx_gemini_conf_t  *gc;

    memset(f, 0, sizeof(fixture_t));

    f->now = FIXTURE_NOW;
    f->text = malloc(16 * (size_t) (keys + projects + accounts + models));
    f->last = f->text;

    gc = &f->gc;

    gc->nkeys = keys;
    gc->nprojects = projects;
    gc->naccounts = accounts;
    gc->nmodels = models;

    gc->keys = calloc(keys, sizeof(ngx_gemini_key_conf_t));
    gc->projects = calloc(projects, sizeof(ngx_gemini_project_conf_t));
    gc->accounts = calloc(accounts, sizeof(ngx_gemini_account_conf_t));
    gc->models = calloc(models, sizeof(ngx_gemini_model_conf_t));
    gc->limits = calloc((size_t) projects * (models + 1),
                        sizeof(ngx_gemini_limit_t));

    for (i = 0; i < keys; i++) {
        gc->keys[i].label = fixture_label(f, "k", i);
        gc->keys[i].project = i % projects;
        gc->keys[i].account = gc->keys[i].project % accounts;
        gc->keys[i].weight = 1;
        memcpy(gc->keys[i].fingerprint, &i, sizeof(uint32_t));
    }

    for (i = 0; i < projects; i++) {
        gc->projects[i].label = fixture_label(f, "p", i);
        gc->projects[i].account = i % accounts;
    }

    for (i = 0; i < accounts; i++) {
        gc->accounts[i].label = fixture_label(f, "a", i);
    }

    for (i = 0; i < models; i++) {
        gc->models[i].name = fixture_label(f, "m", i);
        gc->models[i].fallback = 1;
    }

    gc->unlisted = 1;
    gc->tries = 6;
    gc->nodes = 1;
    gc->window = 20;
    gc->queue = 256;
    gc->queue_timeout = 15000;
    gc->timeout = 120000;
    gc->cooldown = 60000;
    gc->cooldown_max = 600000;
}


static inline ngx_str_t
fixture_label(fixture_t *f, const char *prefix, uint32_t n)
{
    ngx_str_t  label;

    label.data = (u_char *) f->last;
    label.len = sprintf(f->last, "%s%u", prefix, n);

    f->last += label.len + 1;

    return label;
}


static inline void
fixture_start(fixture_t *f, uint32_t reservations)
{
    void               *zone;
    ngx_gemini_caps_t   caps;

    fixture_caps(f, reservations, 64, &caps);

    if (posix_memalign(&zone, 64, ngx_gemini_pool_size(&caps)) != 0) {
        abort();
    }

    fixture_zone(f, &caps, zone);
}


static inline void
fixture_caps(const fixture_t *f, uint32_t reservations, uint32_t owners,
    ngx_gemini_caps_t *caps)
{
    caps->keys = f->gc.nkeys;
    caps->projects = f->gc.nprojects;
    caps->accounts = f->gc.naccounts;
    caps->models = f->gc.nmodels;
    caps->reservations = reservations;
    caps->owners = owners;
}


static inline void
fixture_zone(fixture_t *f, const ngx_gemini_caps_t *caps, void *zone)
{
    uint32_t            i;
    ngx_str_t           none;
    ngx_gemini_conf_t  *gc;

    gc = &f->gc;
    f->zone = zone;
    ngx_str_null(&none);

    for (i = 0; i < gc->nmodels; i++) {
        gc->models[i].candidates = fixture_candidates(f, &gc->models[i].name,
                                                 &gc->models[i].ncandidates);
    }

    gc->unlisted_candidates = fixture_candidates(f, &none, &gc->nunlisted);

    ngx_gemini_pool_init(f->zone, caps, f->now);

    if (ngx_gemini_pool_attach(&f->gv, f->zone) != NGX_OK) {
        abort();
    }

    ngx_gemini_pool_claim(&f->gv, gc, f->now);
}


static inline ngx_gemini_candidates_t *
fixture_candidates(const fixture_t *f, const ngx_str_t *model, uint32_t *n)
{
    uint32_t                  i, priority, next;
    ngx_gemini_candidates_t  *lists;

    lists = calloc(f->gc.nkeys + 1, sizeof(ngx_gemini_candidates_t));
    *n = 0;

    for (priority = 0; priority != NGX_GEMINI_NONE; priority = next) {
        next = NGX_GEMINI_NONE;

        for (i = 0; i < f->gc.nkeys; i++) {
            if (f->gc.keys[i].priority > priority) {
                next = ngx_min(next, f->gc.keys[i].priority);
            }
        }

        lists[*n].priority = priority;
        lists[*n].keys = calloc(f->gc.nkeys + 1, sizeof(uint32_t));
        lists[*n].n = fixture_list(f, model, priority, lists[*n].keys);

        if (lists[*n].n) {
            (*n)++;

        } else {
            free(lists[*n].keys);
            lists[*n].keys = NULL;
        }
    }

    return lists;
}


static inline uint32_t
fixture_list(const fixture_t *f, const ngx_str_t *model, uint32_t priority,
    uint32_t *keys)
{
    uint32_t                      n, k, p;
    const ngx_gemini_key_conf_t  *key;

    n = 0;

    for (p = 0; p < f->gc.nprojects; p++) {

        for (k = p; k < f->gc.nkeys; k += f->gc.nprojects) {
            key = &f->gc.keys[k];

            if (key->priority == priority
                && (key->models.len == 0 || model->len == 0
                    || ngx_gemini_glob_list(&key->models, model)))
            {
                keys[n++] = k;
            }
        }
    }

    return n;
}


static inline void
fixture_free(fixture_t *f)
{
    uint32_t            i, k;
    ngx_gemini_conf_t  *gc;

    gc = &f->gc;

    for (i = 0; i < gc->nmodels; i++) {

        for (k = 0; k < gc->models[i].ncandidates; k++) {
            free(gc->models[i].candidates[k].keys);
        }

        free(gc->models[i].candidates);
    }

    for (k = 0; k < gc->nunlisted; k++) {
        free(gc->unlisted_candidates[k].keys);
    }

    free(gc->unlisted_candidates);
    free(gc->limits);
    free(gc->models);
    free(gc->accounts);
    free(gc->projects);
    free(gc->keys);
    free(f->spent);
    free(f->lacks);
    free(f->text);
    free(f->zone);
}


static inline ngx_gemini_limit_t *
fixture_limit(const fixture_t *f, uint32_t project, uint32_t model)
{
    return &f->gc.limits[(size_t) project * (f->gc.nmodels + 1) + model];
}


/* a pick of model, falling back to the n - 1 after it */

static inline void
fixture_wish(fixture_t *f, ngx_gemini_pick_t *pick, uint32_t model,
    uint32_t n)
{
    uint32_t  i;

    memset(pick, 0, sizeof(ngx_gemini_pick_t));

    for (i = 0; i < n; i++) {
        f->choices[i].conf = model + i;
        f->choices[i].slot = f->gc.models[model + i].slot;
    }

    pick->choices = f->choices;
    pick->nchoices = n;
    pick->project = NGX_GEMINI_NONE;
    pick->surface = NGX_GEMINI_SURFACE_NATIVE;
    pick->verb = NGX_GEMINI_VERB_GENERATE;
    pick->random = tap_random(&f->seed);
}


static inline void
fixture_answer(fixture_t *f, ngx_gemini_settle_t *settle,
    const ngx_gemini_pick_t *pick, ngx_gemini_class_e class)
{
    memset(settle, 0, sizeof(ngx_gemini_settle_t));
    memset(&f->verdict, 0, sizeof(ngx_gemini_verdict_t));

    ngx_gemini_class_fill(&f->verdict, class);

    /* of a wrong verb or version the same 404 comes without */

    if (class == NGX_GEMINI_MODEL_UNKNOWN) {
        f->verdict.delay = 60000;
    }

    settle->resv = pick->resv;
    settle->key = pick->key;
    settle->choice_conf = NGX_GEMINI_NONE;

    if (pick->choice != NGX_GEMINI_NONE) {
        settle->choice_conf = pick->choices[pick->choice].conf;
    }

    settle->verdict = &f->verdict;
    settle->began = f->now;
    settle->surface = pick->surface;
    settle->verb = pick->verb;
    settle->random = 100;              /* no jitter */
    settle->tokens.prompt = -1;
    settle->tokens.output = -1;
    settle->tokens.thought = -1;
    settle->tokens.cached = -1;
    settle->tokens.total = -1;
}


static inline ngx_gemini_cell_t *
fixture_cell(const fixture_t *f, uint32_t project, uint32_t model)
{
    return ngx_gemini_cell(&f->gv, f->gc.projects[project].slot,
                           f->gc.models[model].slot);
}


/* sums that the records do not bear out */

static inline uint32_t
fixture_strays(const fixture_t *f)
{
    int64_t                   n;
    uint32_t                  i, flight, waiting, vacant, strays;
    uint64_t                  sums[5];
    const ngx_gemini_view_t  *gv;

    gv = &f->gv;
    flight = 0;
    waiting = 0;
    memset(sums, 0, sizeof(sums));

    for (i = 0; i < gv->gp->caps.reservations; i++) {
        flight += (gv->resvs[i].type == NGX_GEMINI_RESV_ATTEMPT);
        waiting += (gv->resvs[i].type == NGX_GEMINI_RESV_WAITER);
    }

    for (i = 0; i < gv->gp->caps.keys; i++) {
        sums[0] += gv->keys[i].in_flight;
    }

    for (i = 0; i < gv->gp->caps.projects; i++) {
        sums[1] += gv->projects[i].in_flight;
    }

    for (i = 0; i < gv->gp->caps.accounts; i++) {
        sums[2] += gv->accounts[i].in_flight;
    }

    for (i = 0; i < gv->nmodels; i++) {
        sums[3] += gv->models[i].in_flight;
    }

    for (i = 0; i < gv->gp->caps.projects * gv->nmodels; i++) {
        sums[4] += gv->cells[i].in_flight;
    }

    vacant = 0;

    for (n = gv->gp->free; n != NGX_GEMINI_NONE; n = gv->resvs[n].next) {
        vacant++;
    }

    strays = (flight != gv->gp->in_flight) + (waiting != gv->gp->waiting)
             + (vacant + flight + waiting != gv->gp->caps.reservations);

    for (i = 0; i < 5; i++) {
        strays += (sums[i] != flight);
    }

    return strays;
}


static inline ngx_int_t
fixture_pick(fixture_t *f, ngx_gemini_pick_t *pick)
{
    fixture_wish(f, pick, 0, 1);

    return ngx_gemini_sched_pick(&f->gv, &f->gc, pick, f->now);
}


static inline void
fixture_settle(fixture_t *f, const ngx_gemini_pick_t *pick,
    ngx_gemini_class_e class)
{
    ngx_gemini_settle_t  settle;

    fixture_answer(f, &settle, pick, class);
    ngx_gemini_sched_settle(&f->gv, &f->gc, &settle, f->now);
}


static inline void
fixture_attempt(fixture_t *f, ngx_gemini_class_e class)
{
    ngx_gemini_pick_t  pick;

    if (fixture_pick(f, &pick) != NGX_OK) {
        tap_ok(0, "an attempt to be had for class %d", class);
        return;
    }

    fixture_settle(f, &pick, class);
}


static inline const ngx_gemini_rest_t *
fixture_rest(const fixture_t *f, ngx_gemini_scope_e scope)
{
    switch (scope) {

    case NGX_GEMINI_SCOPE_ACCOUNT:
        return &f->gv.accounts[f->gc.accounts[0].slot].rest;

    case NGX_GEMINI_SCOPE_PROJECT:
        return &f->gv.projects[f->gc.projects[0].slot].rest;

    case NGX_GEMINI_SCOPE_MODEL:
        return &f->gv.models[f->gc.models[0].slot].rest;

    default:
        return &fixture_cell(f, 0, 0)->rest;
    }
}


/* rests of all kinds in the pool */

static inline uint32_t
fixture_resting(const fixture_t *f)
{
    uint32_t  i, n;

    n = 0;

    for (i = 0; i < f->gv.gp->caps.keys; i++) {
        n += (f->gv.keys[i].rest.until != 0);
    }

    for (i = 0; i < f->gv.gp->caps.projects; i++) {
        n += (f->gv.projects[i].rest.until != 0);
    }

    for (i = 0; i < f->gv.gp->caps.accounts; i++) {
        n += (f->gv.accounts[i].rest.until != 0);
    }

    for (i = 0; i < f->gv.nmodels; i++) {
        n += (f->gv.models[i].rest.until != 0);
    }

    for (i = 0; i < f->gv.gp->caps.projects * f->gv.nmodels; i++) {
        n += (f->gv.cells[i].rest.until != 0);
    }

    return n;
}


#endif /* _FIXTURE_H_INCLUDED_ */
