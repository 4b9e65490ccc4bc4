
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * What the pick has to say, by brute force and in the plainest words.
 */


#ifndef _ORACLE_H_INCLUDED_
#define _ORACLE_H_INCLUDED_


#include "fixture.h"
#include "ngx_gemini_time.h"


typedef struct {
    uint32_t                   key;        /* NONE: nobody can */
    uint32_t                   choice;
    uint64_t                   until;
    ngx_int_t                  rc;
} oracle_t;


typedef struct {
    uint64_t                   load;       /* in flight x 2520 / weight */
    uint64_t                   spent;      /* of its minute, of 65536 */
    uint64_t                   used;
} oracle_rank_t;


static inline void oracle_ask(fixture_t *f, const ngx_gemini_pick_t *pick,
    oracle_t *o);
static inline void oracle_list(fixture_t *f, const ngx_gemini_pick_t *pick,
    const ngx_gemini_candidates_t *list, uint32_t choice, oracle_t *o);
static inline void oracle_draw(fixture_t *f, const ngx_gemini_pick_t *pick,
    const ngx_gemini_candidates_t *list, uint32_t choice,
    ngx_uint_t unproven, oracle_t *o);
static inline ngx_uint_t oracle_may_rest(fixture_t *f, uint32_t key,
    uint32_t slot);
static inline ngx_uint_t oracle_usable(fixture_t *f,
    const ngx_gemini_pick_t *pick, uint32_t key, uint32_t choice,
    uint64_t *until, ngx_uint_t *wait);
static inline ngx_uint_t oracle_never(fixture_t *f,
    const ngx_gemini_pick_t *pick, uint32_t key);
static inline ngx_uint_t oracle_tried(fixture_t *f,
    const ngx_gemini_pick_t *pick, uint32_t key, uint32_t slot);
static inline ngx_uint_t oracle_rests(fixture_t *f,
    const ngx_gemini_rest_t *rest, ngx_uint_t trying, uint64_t *until);
static inline ngx_uint_t oracle_broke(fixture_t *f,
    const ngx_gemini_pick_t *pick, uint32_t key, uint32_t choice,
    uint64_t *until);
static inline void oracle_limit(fixture_t *f, uint32_t key, uint32_t choice,
    const ngx_gemini_pick_t *pick, ngx_gemini_limit_t *limit);
static inline void oracle_rank(fixture_t *f, const ngx_gemini_pick_t *pick,
    uint32_t key, uint32_t choice, oracle_rank_t *rank);
static inline void oracle_spend(fixture_t *f, const ngx_gemini_pick_t *pick);
static inline ngx_uint_t oracle_better(const oracle_rank_t *a,
    const oracle_rank_t *b);


static inline void
oracle_ask(fixture_t *f, const ngx_gemini_pick_t *pick, oracle_t *o)
{
    uint64_t                  until, first, tried;
    uint32_t                  i, k, n, p, wait, unknown;
    ngx_uint_t                may;
    ngx_gemini_candidates_t  *list;
    ngx_gemini_model_conf_t  *model;

    o->key = NGX_GEMINI_NONE;
    o->rc = NGX_OK;

    /* priorities are 0 to 2: all (priority, choice) in the wished order */

    for (n = 0; n < 3 * pick->nchoices; n++) {
        p = f->gc.prefer_priority ? n / pick->nchoices : n % 3;
        i = f->gc.prefer_priority ? n % pick->nchoices : n / 3;
        model = &f->gc.models[pick->choices[i].conf];

        for (k = 0; k < model->ncandidates; k++) {

            if (model->candidates[k].priority == p) {
                oracle_list(f, pick, &model->candidates[k], i, o);
            }
        }

        if (o->key != NGX_GEMINI_NONE) {
            return;
        }
    }

    first = 0;
    tried = 0;
    wait = 0;
    unknown = 0;

    for (i = 0; i < pick->nchoices; i++) {
        model = &f->gc.models[pick->choices[i].conf];

        for (k = 0; k < model->ncandidates; k++) {
            list = &model->candidates[k];

            for (n = 0; n < list->n; n++) {
                (void) oracle_usable(f, pick, list->keys[n], i, &until, &may);

                if (may == 2 && until && (tried == 0 || until < tried)) {
                    tried = until;
                }

                if (may == 1) {
                    wait = 1;
                    unknown |= (until == 0);

                    if (until && (first == 0 || until < first)) {
                        first = until;
                    }
                }
            }
        }
    }

    if (unknown && first > f->now + f->gc.queue_timeout) {
        first = 0;
    }

    o->rc = wait ? NGX_AGAIN : NGX_DECLINED;
    o->until = wait ? first : tried;
}


static inline void
oracle_list(fixture_t *f, const ngx_gemini_pick_t *pick,
    const ngx_gemini_candidates_t *list, uint32_t choice, oracle_t *o)
{
    uint32_t       i;
    uint64_t       until;
    ngx_uint_t     wait;
    oracle_rank_t  rank, best;

    if (list->n > NGX_GEMINI_EXACT) {
        oracle_draw(f, pick, list, choice, 0, o);

        if (o->key == NGX_GEMINI_NONE) {
            oracle_draw(f, pick, list, choice, 1, o);
        }

        return;
    }

    for (i = 0; i < list->n; i++) {

        if (!oracle_usable(f, pick, list->keys[i], choice, &until, &wait)) {
            continue;
        }

        oracle_rank(f, pick, list->keys[i], choice, &rank);

        if (o->key == NGX_GEMINI_NONE || oracle_better(&rank, &best)) {
            o->key = list->keys[i];
            o->choice = choice;
            best = rank;
        }
    }
}


/*
 * From a random start, those that never rest first: the best of 32, of whom
 * the unusable ones do not count that would have been the best so far.  One
 * that is idle will do.
 */

static inline void
oracle_draw(fixture_t *f, const ngx_gemini_pick_t *pick,
    const ngx_gemini_candidates_t *list, uint32_t choice,
    ngx_uint_t unproven, oracle_t *o)
{
    uint32_t       i, n, key;
    uint64_t       until;
    ngx_uint_t     rests, wait;
    oracle_rank_t  rank, best;

    for (i = 0, n = 0; i < list->n && n < NGX_GEMINI_DRAW; i++) {
        key = list->keys[(pick->random % list->n + i) % list->n];

        rests = oracle_may_rest(f, key, pick->choices[choice].slot);

        if ((rests != 0) != unproven || rests == 2) {
            continue;
        }

        oracle_rank(f, pick, key, choice, &rank);

        if (o->key != NGX_GEMINI_NONE && !oracle_better(&rank, &best)) {
            n++;
            continue;
        }

        if (!oracle_usable(f, pick, key, choice, &until, &wait)) {
            continue;
        }

        n++;
        o->key = key;
        o->choice = choice;
        best = rank;

        if (rank.load == 0 && rank.spent <= 65536 / 16) {
            return;
        }
    }
}


/* 0: it does not, 1: its guessed rest is over, 2: it does */

static inline ngx_uint_t
oracle_may_rest(fixture_t *f, uint32_t key, uint32_t slot)
{
    uint32_t            i, project;
    ngx_uint_t          may;
    ngx_gemini_rest_t  *rests[2];

    project = f->gc.projects[f->gc.keys[key].project].slot;

    rests[0] = &f->gv.projects[project].rest;
    rests[1] = &ngx_gemini_cell(&f->gv, project, slot)->rest;

    may = 0;

    for (i = 0; i < 2; i++) {

        if (rests[i]->until > f->now) {
            return 2;
        }

        may |= (rests[i]->until
                && rests[i]->provenance == NGX_GEMINI_GUESSED);
    }

    return may;
}


/* *wait: 1 waiting may help, 2 only others, 0 nobody; *until 0: unknown */

static inline ngx_uint_t
oracle_usable(fixture_t *f, const ngx_gemini_pick_t *pick, uint32_t key,
    uint32_t choice, uint64_t *until, ngx_uint_t *wait)
{
    ngx_uint_t              lacks;
    ngx_gemini_key_t       *k;
    ngx_gemini_cell_t      *cell;
    ngx_gemini_model_t     *model;
    ngx_gemini_account_t   *account;
    ngx_gemini_project_t   *project;
    ngx_gemini_key_conf_t  *conf;

    *until = 0;
    *wait = 0;

    conf = &f->gc.keys[key];
    k = &f->gv.keys[conf->slot];
    project = &f->gv.projects[f->gc.projects[conf->project].slot];
    account = &f->gv.accounts[f->gc.accounts[conf->account].slot];
    model = &f->gv.models[pick->choices[choice].slot];
    cell = fixture_cell(f, conf->project, pick->choices[choice].conf);

    if (oracle_never(f, pick, key)) {
        return 0;
    }

    if (pick->restrict_to != NULL && pick->restrict_to->models.len
        && pick->choices[choice].conf != 1 && pick->choices[choice].conf != 2)
    {
        return 0;
    }

    *wait = 1;
    lacks = 0;

    if (k->operator && k->operator_until > f->now) {
        *until = k->operator_until;
        lacks = 1;
    }

    lacks |= oracle_rests(f, &k->rest, 0, until);
    lacks |= oracle_rests(f, &project->rest,
                          project->rest.trial == 2 && project->in_flight,
                          until);
    lacks |= oracle_rests(f, &account->rest, 0, until);
    lacks |= oracle_rests(f, &model->rest, 0, until);
    lacks |= oracle_rests(f, &cell->rest, cell->trying && cell->in_flight,
                          until);

    lacks |= (model->rest.until <= f->now && model->ramp
              && model->allowed == 0 && model->in_flight);
    lacks |= (conf->max_conns && k->in_flight >= conf->max_conns);
    lacks |= oracle_broke(f, pick, key, choice, until);

    if (oracle_tried(f, pick, key, pick->choices[choice].slot)) {
        *wait = 2;
        lacks = 1;
    }

    return !lacks;
}


static inline ngx_uint_t
oracle_never(fixture_t *f, const ngx_gemini_pick_t *pick, uint32_t key)
{
    ngx_gemini_key_t       *k;
    ngx_gemini_key_conf_t  *conf;

    conf = &f->gc.keys[key];
    k = &f->gv.keys[conf->slot];

    if (conf->disabled || k->disabled || (k->verbs & (1u << pick->verb))
        || (k->surfaces & (1u << pick->surface))
        || (k->operator && k->operator_until == 0)
        || (pick->project != NGX_GEMINI_NONE
            && pick->project != conf->project))
    {
        return 1;
    }

    return pick->restrict_to != NULL && pick->restrict_to->keys.len
           && !(conf->label.data[1] == '1' || conf->account == 0
                || conf->project == 2);
}


static inline ngx_uint_t
oracle_tried(fixture_t *f, const ngx_gemini_pick_t *pick, uint32_t key,
    uint32_t slot)
{
    uint32_t                   i, project;
    const ngx_gemini_tried_t  *t;

    project = f->gc.keys[key].project;

    for (i = 0; i < pick->ntried; i++) {
        t = &pick->tried[i];

        switch (t->class) {

        case NGX_GEMINI_SERVER:
        case NGX_GEMINI_TRANSPORT:
            if (!pick->again && t->key == key && t->model == slot) {
                return 1;
            }

            break;

        case NGX_GEMINI_QUOTA_DAY:
        case NGX_GEMINI_PERMISSION:
            if (t->project == project && t->model == slot) {
                return 1;
            }

            break;

        case NGX_GEMINI_PROJECT_DENIED:
            if (t->project == project) {
                return 1;
            }

            break;

        case NGX_GEMINI_CREDIT:
            if (f->gc.projects[t->project].account
                == f->gc.projects[project].account)
            {
                return 1;
            }

            break;

        default:
            if (t->key == key) {
                return 1;
            }
        }
    }

    return 0;
}


static inline ngx_uint_t
oracle_rests(fixture_t *f, const ngx_gemini_rest_t *rest, ngx_uint_t trying,
    uint64_t *until)
{
    if (rest->until > f->now) {
        *until = ngx_max(*until, rest->until);
        return 1;
    }

    return rest->until && rest->provenance == NGX_GEMINI_GUESSED && trying;
}


/* counted by hand from the cell's use */

static inline ngx_uint_t
oracle_broke(fixture_t *f, const ngx_gemini_pick_t *pick, uint32_t key,
    uint32_t choice, uint64_t *until)
{
    uint64_t             tokens, midnight;
    ngx_uint_t           broke;
    ngx_gemini_use_t    *use;
    ngx_gemini_limit_t   limit;

    oracle_limit(f, key, choice, pick, &limit);

    use = &fixture_cell(f, f->gc.keys[key].project,
                        pick->choices[choice].conf)->use;
    tokens = ngx_min(pick->tokens, 8192);
    tokens = ngx_min(tokens, limit.tpm);
    broke = 0;

    if (use->minute && f->now - use->minute < NGX_GEMINI_MINUTE
        && ((limit.rpm && use->requests + 1 > limit.rpm)
            || (limit.tpm && use->tokens + tokens > limit.tpm)))
    {
        *until = ngx_max(*until, use->minute + NGX_GEMINI_MINUTE);
        broke = 1;
    }

    if (limit.rpd && use->day == ngx_gemini_time_day(f->now)
        && use->day_requests + 1 > limit.rpd)
    {
        midnight = ngx_gemini_time_midnight(f->now);
        *until = ngx_max(*until, midnight);
        broke = 1;
    }

    return broke;
}


static inline void
oracle_limit(fixture_t *f, uint32_t key, uint32_t choice,
    const ngx_gemini_pick_t *pick, ngx_gemini_limit_t *limit)
{
    ngx_gemini_learned_t  *learned;

    *limit = *fixture_limit(f, f->gc.keys[key].project,
                            pick->choices[choice].conf);
    learned = &fixture_cell(f, f->gc.keys[key].project,
                            pick->choices[choice].conf)->learned;

    if (learned->rpm && f->now - learned->rpm_at < NGX_GEMINI_HOUR
        && (limit->rpm == 0 || limit->rpm > learned->rpm))
    {
        limit->rpm = learned->rpm;
    }
}


static inline void
oracle_rank(fixture_t *f, const ngx_gemini_pick_t *pick, uint32_t key,
    uint32_t choice, oracle_rank_t *rank)
{
    ngx_gemini_key_t   *k;
    ngx_gemini_cell_t  *cell;

    k = &f->gv.keys[f->gc.keys[key].slot];
    cell = fixture_cell(f, f->gc.keys[key].project,
                        pick->choices[choice].conf);

    rank->load = (uint64_t) k->in_flight * 2520 / f->gc.keys[key].weight;
    rank->spent = 0;
    rank->used = k->last_used;

    if (cell->use.minute && f->now - cell->use.minute < NGX_GEMINI_MINUTE) {
        rank->spent = f->spent[cell - f->gv.cells];
    }
}


/* what a cell has spent of its minute, after it was booked */

static inline void
oracle_spend(fixture_t *f, const ngx_gemini_pick_t *pick)
{
    uint64_t             rpm, tpm;
    ngx_gemini_cell_t   *cell;
    ngx_gemini_limit_t   limit;

    cell = fixture_cell(f, f->gc.keys[pick->key].project,
                        pick->choices[pick->choice].conf);

    oracle_limit(f, pick->key, pick->choice, pick, &limit);

    rpm = 65536;
    tpm = 65536;

    if (limit.rpm) {
        rpm = (cell->use.requests < limit.rpm)
              ? (limit.rpm - cell->use.requests) * 65536ull / limit.rpm : 0;
    }

    if (limit.tpm) {
        tpm = (cell->use.tokens < limit.tpm)
              ? (limit.tpm - cell->use.tokens) * 65536 / limit.tpm : 0;
    }

    f->spent[cell - f->gv.cells] = 65536 - ngx_min(rpm, tpm);
}


static inline ngx_uint_t
oracle_better(const oracle_rank_t *a, const oracle_rank_t *b)
{
    if (a->load != b->load) {
        return a->load < b->load;
    }

    if (a->spent != b->spent) {
        return a->spent < b->spent;
    }

    return a->used < b->used;
}


#endif /* _ORACLE_H_INCLUDED_ */
