
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_candidate.h"
#include "ngx_gemini_cooldown.h"
#include "ngx_gemini_resv.h"


/* the best so far */

typedef struct {
    ngx_gemini_candidate_t     candidate;
    uint32_t                   key;        /* NONE: none yet */
    uint32_t                   choice;
    uint32_t                   share;
} ngx_gemini_best_t;


/* what waiting could bring */

typedef struct {
    uint64_t                   until;      /* earliest end, 0: none is known */
    uint64_t                   tried;      /* .. of what was tried already */
    unsigned                   wait:1;     /* something could serve one day */
    unsigned                   unknown:1;  /* .. at a time that none knows */
    unsigned                   day:1;
    unsigned                   minute:1;
} ngx_gemini_relief_t;


static ngx_int_t ngx_gemini_sched_gate(ngx_gemini_view_t *gv,
    ngx_gemini_pick_t *pick, uint64_t now);
static void ngx_gemini_sched_by_model(ngx_gemini_look_t *look,
    ngx_gemini_best_t *best);
static void ngx_gemini_sched_by_priority(ngx_gemini_look_t *look,
    ngx_gemini_best_t *best);
static const ngx_gemini_candidates_t *ngx_gemini_sched_lists(
    const ngx_gemini_look_t *look, uint32_t *n);
static void ngx_gemini_sched_list(ngx_gemini_look_t *look,
    const ngx_gemini_candidates_t *list, ngx_gemini_best_t *best);
static void ngx_gemini_sched_draw(ngx_gemini_look_t *look,
    const ngx_gemini_candidates_t *list, ngx_uint_t resting,
    ngx_gemini_best_t *best);
static void ngx_gemini_sched_compare(const ngx_gemini_look_t *look,
    uint32_t key, const ngx_gemini_candidate_t *c, uint32_t share,
    ngx_gemini_best_t *best);
static void ngx_gemini_sched_sweep(ngx_gemini_look_t *look);
static ngx_int_t ngx_gemini_sched_lack(ngx_gemini_look_t *look,
    ngx_gemini_pick_t *pick);
static void ngx_gemini_sched_lack_of(ngx_gemini_look_t *look,
    const ngx_gemini_candidates_t *list, ngx_gemini_pick_t *pick,
    ngx_gemini_relief_t *relief);


/* of several lacks the one to name */

static const uint32_t  ngx_gemini_sched_order[] = {
    NGX_GEMINI_LACK_TRIAL,
    NGX_GEMINI_LACK_KEY,
    NGX_GEMINI_LACK_PROJECT,
    NGX_GEMINI_LACK_CREDIT,
    NGX_GEMINI_LACK_MODEL,
    NGX_GEMINI_LACK_QUOTA,
    NGX_GEMINI_LACK_CONNS,
    NGX_GEMINI_LACK_TRIED,
    0
};


ngx_int_t
ngx_gemini_sched_pick(ngx_gemini_view_t *gv, const ngx_gemini_conf_t *gc,
    ngx_gemini_pick_t *pick, uint64_t now)
{
    ngx_int_t           rc;
    ngx_gemini_best_t   best;
    ngx_gemini_look_t   look;

    pick->key = NGX_GEMINI_NONE;
    pick->choice = NGX_GEMINI_NONE;
    pick->resv = NGX_GEMINI_NONE;
    pick->until = 0;
    pick->lack = 0;
    pick->day = 0;

    rc = ngx_gemini_sched_gate(gv, pick, now);

    if (rc != NGX_OK) {
        return rc;
    }

    ngx_gemini_candidate_look(&look, gv, gc, pick, now);

    best.key = NGX_GEMINI_NONE;

    if (gc->prefer_priority) {
        ngx_gemini_sched_by_priority(&look, &best);

    } else {
        ngx_gemini_sched_by_model(&look, &best);
    }

    if (best.key == NGX_GEMINI_NONE) {
        return ngx_gemini_sched_lack(&look, pick);
    }

    pick->key = best.key;
    pick->choice = best.choice;

    if (!pick->dry) {
        pick->resv = ngx_gemini_resv_take(&look, &best.candidate,
                                          best.choice);
    }

    return NGX_OK;
}


/* what holds for every candidate alike */

static ngx_int_t
ngx_gemini_sched_gate(ngx_gemini_view_t *gv, ngx_gemini_pick_t *pick,
    uint64_t now)
{
    uint64_t            left;
    ngx_gemini_pool_t  *gp;

    gp = gv->gp;

    left = ngx_gemini_cooldown_left(&gp->upstream, now);

    if (left) {
        pick->lack = NGX_GEMINI_LACK_UPSTREAM;
        pick->until = now + left;
        return NGX_AGAIN;
    }

    if (gp->upstream.until && gp->upstream.trial == NGX_GEMINI_TRYING
        && gp->in_flight)
    {
        pick->lack = NGX_GEMINI_LACK_UPSTREAM|NGX_GEMINI_LACK_TRIAL;
        return NGX_AGAIN;
    }

    if (pick->retry
        && ngx_gemini_rate_sum(&gp->retries, now)
           >= ngx_gemini_rate_sum(&gp->successes, now)
              + NGX_GEMINI_RETRY_FLOOR)
    {
        pick->lack = NGX_GEMINI_LACK_BUDGET;

        if (!pick->dry) {
            gp->budget_refused++;
        }

        return NGX_DECLINED;
    }

    if (gp->free == NGX_GEMINI_NONE) {
        pick->lack = NGX_GEMINI_LACK_RESV;
        return NGX_AGAIN;
    }

    return NGX_OK;
}


static void
ngx_gemini_sched_by_model(ngx_gemini_look_t *look, ngx_gemini_best_t *best)
{
    uint32_t                        i, k, n;
    const ngx_gemini_candidates_t  *lists;

    for (i = 0; i < look->pick->nchoices; i++) {
        ngx_gemini_candidate_choose(look, i);

        if (look->all.lack) {
            continue;
        }

        lists = ngx_gemini_sched_lists(look, &n);

        for (k = 0; k < n; k++) {
            ngx_gemini_sched_list(look, &lists[k], best);

            if (best->key != NGX_GEMINI_NONE) {
                best->choice = i;
                return;
            }
        }
    }
}


static void
ngx_gemini_sched_by_priority(ngx_gemini_look_t *look,
    ngx_gemini_best_t *best)
{
    uint32_t                        i, k, n;
    uint64_t                        next, priority;
    const ngx_gemini_candidates_t  *lists;

    for (priority = 0; priority <= NGX_MAX_UINT32_VALUE; priority = next) {
        next = (uint64_t) NGX_MAX_UINT32_VALUE + 1;

        for (i = 0; i < look->pick->nchoices; i++) {
            ngx_gemini_candidate_choose(look, i);

            lists = ngx_gemini_sched_lists(look, &n);

            for (k = 0; k < n && lists[k].priority <= priority; k++) {

                if (lists[k].priority < priority || look->all.lack) {
                    continue;
                }

                ngx_gemini_sched_list(look, &lists[k], best);

                if (best->key != NGX_GEMINI_NONE) {
                    best->choice = i;
                    return;
                }
            }

            if (k < n) {
                next = ngx_min(next, lists[k].priority);
            }
        }
    }
}


static const ngx_gemini_candidates_t *
ngx_gemini_sched_lists(const ngx_gemini_look_t *look, uint32_t *n)
{
    const ngx_gemini_conf_t  *gc;

    gc = look->gc;

    if (look->choice->conf == NGX_GEMINI_NONE) {
        *n = gc->nunlisted;
        return gc->unlisted_candidates;
    }

    *n = gc->models[look->choice->conf].ncandidates;

    return gc->models[look->choice->conf].candidates;
}


static void
ngx_gemini_sched_list(ngx_gemini_look_t *look,
    const ngx_gemini_candidates_t *list, ngx_gemini_best_t *best)
{
    uint32_t                i, share;
    ngx_gemini_candidate_t  c;

    if (list->n > NGX_GEMINI_EXACT) {
        ngx_gemini_sched_sweep(look);
        ngx_gemini_sched_draw(look, list, 0, best);

        if (best->key == NGX_GEMINI_NONE) {
            ngx_gemini_sched_draw(look, list, 1, best);
        }

        return;
    }

    for (i = 0; i < list->n; i++) {
        ngx_gemini_candidate_at(look, list->keys[i], &c);

        if (ngx_gemini_candidate_fine(look, list->keys[i], &c, &share)) {
            ngx_gemini_sched_compare(look, list->keys[i], &c, share, best);
        }
    }
}


/*
 * From a random start all around.  First only what does not rest, as the
 * bitmap knows; then what may have rested and waits for a trial.
 */

static void
ngx_gemini_sched_draw(ngx_gemini_look_t *look,
    const ngx_gemini_candidates_t *list, ngx_uint_t resting,
    ngx_gemini_best_t *best)
{
    uint32_t                i, n, at, share;
    uint64_t               *row, bit;
    ngx_gemini_candidate_t  c;

    row = ngx_gemini_bitmap(look->gv, look->choice->slot);
    at = look->pick->random % list->n;

    for (i = 0, n = 0; i < list->n && n < NGX_GEMINI_DRAW; i++, at++) {

        if (at == list->n) {
            at = 0;
        }

        ngx_gemini_candidate_at(look, list->keys[at], &c);

        bit = row[c.project_slot / 64] >> (c.project_slot % 64);

        if ((bit & 1) != resting) {
            continue;
        }

        if (ngx_gemini_candidate_fine(look, list->keys[at], &c, &share)) {
            ngx_gemini_sched_compare(look, list->keys[at], &c, share, best);
            n++;
        }
    }
}


/* fewest in flight for its weight, most of its minute left, longest unused */

static void
ngx_gemini_sched_compare(const ngx_gemini_look_t *look, uint32_t key,
    const ngx_gemini_candidate_t *c, uint32_t share,
    ngx_gemini_best_t *best)
{
    uint64_t                       load, other;
    const ngx_gemini_candidate_t  *b;

    if (best->key != NGX_GEMINI_NONE) {
        b = &best->candidate;

        load = (uint64_t) c->key->in_flight * b->conf->weight;
        other = (uint64_t) b->key->in_flight * c->conf->weight;

        if (load > other) {
            return;
        }

        if (load == other
            && (share < best->share
                || (share == best->share
                    && c->key->last_used >= b->key->last_used)))
        {
            return;
        }
    }

    best->candidate = *c;
    best->key = key;
    best->share = share;
}


/* when an end has passed, or the clock was set back behind the last use */

static void
ngx_gemini_sched_sweep(ngx_gemini_look_t *look)
{
    ngx_gemini_model_t  *model;

    model = look->model;

    if ((model->rest_sweep && look->now >= model->rest_sweep)
        || look->now < model->last_used)
    {
        ngx_gemini_pool_sweep(look->gv, look->choice->slot, look->now);
    }
}


static ngx_int_t
ngx_gemini_sched_lack(ngx_gemini_look_t *look, ngx_gemini_pick_t *pick)
{
    uint32_t                        i, k, n;
    ngx_gemini_relief_t             relief;
    const ngx_gemini_candidates_t  *lists;

    ngx_memzero(&relief, sizeof(ngx_gemini_relief_t));

    for (i = 0; i < pick->nchoices; i++) {
        ngx_gemini_candidate_choose(look, i);

        lists = ngx_gemini_sched_lists(look, &n);

        for (k = 0; k < n; k++) {
            ngx_gemini_sched_lack_of(look, &lists[k], pick, &relief);
        }
    }

    pick->day = (relief.day && !relief.minute);

    if (!relief.wait) {
        pick->lack |= (pick->lack == 0) ? NGX_GEMINI_LACK_KEY : 0;
        pick->until = relief.tried;
        return NGX_DECLINED;
    }

    /* what may become free at any time hides an end that is far away */

    if (!relief.unknown
        || relief.until <= look->now + look->gc->queue_timeout)
    {
        pick->until = relief.until;
    }

    return NGX_AGAIN;
}


static void
ngx_gemini_sched_lack_of(ngx_gemini_look_t *look,
    const ngx_gemini_candidates_t *list, ngx_gemini_pick_t *pick,
    ngx_gemini_relief_t *relief)
{
    uint32_t                 i;
    uint64_t                *until;
    ngx_gemini_why_t         why;
    ngx_gemini_candidate_t   c;

    for (i = 0; i < list->n; i++) {
        ngx_gemini_candidate_at(look, list->keys[i], &c);
        ngx_gemini_candidate_why(look, list->keys[i], &c, &why);

        /* a quota on trial is a quota that is lacking */

        pick->lack |= (why.lack & NGX_GEMINI_LACK_QUOTA)
                      ? why.lack & ~NGX_GEMINI_LACK_TRIAL : why.lack;

        if (why.forever) {
            continue;
        }

        relief->day |= why.day;
        relief->minute |= why.minute;

        if (!why.tried) {
            relief->wait = 1;
            relief->unknown |= (why.until == 0);
        }

        until = why.tried ? &relief->tried : &relief->until;

        if (why.until && (*until == 0 || why.until < *until)) {
            *until = why.until;
        }
    }
}


uint32_t
ngx_gemini_sched_usable(ngx_gemini_view_t *gv, const ngx_gemini_conf_t *gc,
    const ngx_gemini_pick_t *pick, uint32_t key, uint32_t choice,
    uint64_t now, uint64_t *until)
{
    uint64_t                left;
    ngx_uint_t              i;
    ngx_gemini_why_t        why;
    ngx_gemini_look_t       look;
    ngx_gemini_candidate_t  c;

    ngx_gemini_candidate_look(&look, gv, gc, pick, now);
    ngx_gemini_candidate_choose(&look, choice);
    ngx_gemini_candidate_at(&look, key, &c);
    ngx_gemini_candidate_why(&look, key, &c, &why);

    *until = why.until;

    for (i = 0; ngx_gemini_sched_order[i] != 0; i++) {
        if (why.lack & ngx_gemini_sched_order[i]) {
            return ngx_gemini_sched_order[i];
        }
    }

    left = ngx_gemini_cooldown_left(&gv->gp->upstream, now);

    if (left) {
        *until = now + left;
        return NGX_GEMINI_LACK_UPSTREAM;
    }

    return 0;
}
