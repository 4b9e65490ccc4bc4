
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_budget.h"
#include "ngx_gemini_candidate.h"
#include "ngx_gemini_cooldown.h"
#include "ngx_gemini_resv.h"


/* the best so far; a weight of 0: none yet, which any is better than */

typedef struct {
    uint32_t                   key;        /* NONE: none yet */
    uint32_t                   choice;
    uint32_t                   weight;
    uint32_t                   in_flight;
    uint32_t                   spent;
    uint64_t                   last_used;
} ngx_gemini_best_t;


static ngx_int_t ngx_gemini_sched_gate(ngx_gemini_view_t *gv,
    ngx_gemini_pick_t *pick, uint64_t now);
static void ngx_gemini_sched_by_model(ngx_gemini_look_t *look,
    ngx_gemini_best_t *best);
static void ngx_gemini_sched_by_priority(ngx_gemini_look_t *look,
    ngx_gemini_best_t *best);
static void ngx_gemini_sched_list(ngx_gemini_look_t *look,
    const ngx_gemini_candidates_t *lists, uint32_t k,
    ngx_gemini_best_t *best);
static void ngx_gemini_sched_exact(const ngx_gemini_look_t *look,
    const ngx_gemini_candidates_t *list, ngx_gemini_best_t *best);
static void ngx_gemini_sched_draw(ngx_gemini_look_t *look,
    const ngx_gemini_candidates_t *list, ngx_uint_t rested,
    ngx_gemini_best_t *best);
static ngx_inline ngx_uint_t ngx_gemini_sched_drawn(
    const ngx_gemini_look_t *look, uint32_t key, const uint64_t *row,
    ngx_uint_t rested);
static ngx_inline ngx_uint_t ngx_gemini_sched_better(
    const ngx_gemini_key_t *key, const ngx_gemini_key_conf_t *conf,
    const ngx_gemini_cell_t *cells, uint64_t now, uint32_t *spent,
    const ngx_gemini_best_t *best);
static ngx_uint_t ngx_gemini_sched_take(const ngx_gemini_look_t *look,
    uint32_t n, uint32_t spent, ngx_gemini_best_t *best);
static void ngx_gemini_sched_sweep(ngx_gemini_look_t *look);


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
    ngx_int_t               rc;
    ngx_gemini_best_t       best;
    ngx_gemini_look_t       look;
    ngx_gemini_candidate_t  c;

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
    best.weight = 0;
    best.in_flight = 1;
    best.spent = 0;
    best.last_used = 0;

    if (gc->prefer_priority) {
        ngx_gemini_sched_by_priority(&look, &best);

    } else {
        ngx_gemini_sched_by_model(&look, &best);
    }

    if (best.key == NGX_GEMINI_NONE) {
        return ngx_gemini_lack_tell(&look, pick);
    }

    pick->key = best.key;
    pick->choice = best.choice;

    if (!pick->dry) {
        ngx_gemini_candidate_at(&look, best.key, &c);
        pick->resv = ngx_gemini_resv_take(&look, &c, best.choice);
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

        lists = ngx_gemini_candidate_lists(look, &n);

        for (k = 0; k < n; k++) {
            ngx_gemini_sched_list(look, lists, k, best);

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

            lists = ngx_gemini_candidate_lists(look, &n);

            for (k = 0; k < n && lists[k].priority <= priority; k++) {

                if (lists[k].priority < priority || look->all.lack) {
                    continue;
                }

                ngx_gemini_sched_list(look, lists, k, best);

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


/* up to NGX_GEMINI_EXACT keys are compared all, of more some are drawn */

static void
ngx_gemini_sched_list(ngx_gemini_look_t *look,
    const ngx_gemini_candidates_t *lists, uint32_t k,
    ngx_gemini_best_t *best)
{
    const ngx_gemini_candidates_t  *list;

    list = &lists[k];

    if (list->n <= NGX_GEMINI_EXACT) {
        ngx_gemini_sched_exact(look, list, best);
        return;
    }

    if (ngx_gemini_lack_known(look, k)) {
        return;
    }

    ngx_gemini_sched_sweep(look);
    ngx_gemini_sched_draw(look, list, 0, best);

    if (best->key == NGX_GEMINI_NONE && look->model->marked) {
        ngx_gemini_sched_draw(look, list, 1, best);
    }

    if (best->key == NGX_GEMINI_NONE) {
        ngx_gemini_lack_note(look, list, k);
    }
}


static void
ngx_gemini_sched_exact(const ngx_gemini_look_t *look,
    const ngx_gemini_candidates_t *list, ngx_gemini_best_t *best)
{
    uint32_t                      spent;
    uint64_t                      now;
    const uint32_t               *n, *last;
    ngx_gemini_key_t             *keys;
    ngx_gemini_cell_t            *cells;
    const ngx_gemini_key_conf_t  *confs, *conf;

    /* what does not change is kept at hand */

    now = look->now;
    keys = look->keys;
    cells = look->cells;
    confs = look->confs;
    last = list->keys + list->n;

    for (n = list->keys; n < last; n++) {
        conf = &confs[*n];

        if (ngx_gemini_sched_better(&keys[conf->slot], conf, cells, now,
                                    &spent, best))
        {
            (void) ngx_gemini_sched_take(look, *n, spent, best);
        }
    }
}


/*
 * From a random start all around, of those that do not rest, as the bitmap
 * knows, or of those that have rested and wait for a trial.  One that is idle
 * will do.
 */

static void
ngx_gemini_sched_draw(ngx_gemini_look_t *look,
    const ngx_gemini_candidates_t *list, ngx_uint_t rested,
    ngx_gemini_best_t *best)
{
    uint32_t                      i, n, at, spent;
    uint64_t                     *row;
    const ngx_gemini_key_conf_t  *conf;

    row = look->model->marked
          ? ngx_gemini_bitmap(look->gv, look->choice->slot) : NULL;

    at = look->pick->random % list->n;

    for (i = 0, n = 0; i < list->n && n < NGX_GEMINI_DRAW; i++) {

        if (row == NULL
            || ngx_gemini_sched_drawn(look, list->keys[at], row, rested))
        {
            n++;
            conf = &look->confs[list->keys[at]];

            if (ngx_gemini_sched_better(&look->keys[conf->slot], conf,
                                        look->cells, look->now, &spent, best))
            {
                n -= !ngx_gemini_sched_take(look, list->keys[at], spent,
                                            best);
                if (best->in_flight == 0 && best->spent <= NGX_GEMINI_IDLE) {
                    return;
                }
            }
        }

        if (++at == list->n) {
            at = 0;
        }
    }
}


static ngx_inline ngx_uint_t
ngx_gemini_sched_drawn(const ngx_gemini_look_t *look, uint32_t key,
    const uint64_t *row, ngx_uint_t rested)
{
    uint32_t  project;

    project = look->confs[key].project_slot;

    if (((row[project / 64] >> (project % 64)) & 1) != rested) {
        return 0;
    }

    return !rested
           || (look->cells[project].rest.until <= look->now
               && look->gv->projects[project].rest.until <= look->now);
}


/* fewest in flight for its weight, least of its minute spent, longest unused */

static ngx_inline ngx_uint_t
ngx_gemini_sched_better(const ngx_gemini_key_t *key,
    const ngx_gemini_key_conf_t *conf, const ngx_gemini_cell_t *cells,
    uint64_t now, uint32_t *spent, const ngx_gemini_best_t *best)
{
    uint64_t  load, other;

    load = (uint64_t) key->in_flight * best->weight;
    other = (uint64_t) best->in_flight * conf->weight;

    if (load > other) {
        return 0;
    }

    *spent = ngx_gemini_budget_spent(&cells[conf->project_slot].use, now);

    if (load < other || *spent < best->spent) {
        return 1;
    }

    return *spent == best->spent && key->last_used < best->last_used;
}


/* whether it is usable is asked of the best so far alone; 0: it is not */

static ngx_uint_t
ngx_gemini_sched_take(const ngx_gemini_look_t *look, uint32_t n,
    uint32_t spent, ngx_gemini_best_t *best)
{
    const ngx_gemini_key_t  *key;

    if (!ngx_gemini_candidate_fine(look, n)) {
        return 0;
    }

    key = &look->keys[look->confs[n].slot];

    best->key = n;
    best->weight = look->confs[n].weight;
    best->in_flight = key->in_flight;
    best->spent = spent;
    best->last_used = key->last_used;

    return 1;
}


/* when an end has passed, or the clock was set back: rests may be void then */

static void
ngx_gemini_sched_sweep(ngx_gemini_look_t *look)
{
    ngx_gemini_model_t  *model;

    model = look->model;

    if ((model->rest_sweep && look->now >= model->rest_sweep)
        || look->now + NGX_GEMINI_REST_SLACK < model->last_used)
    {
        ngx_gemini_pool_sweep(look->gv, look->choice->slot, look->now);
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
