
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_copy.h"
#include "ngx_gemini_owner.h"


/* owners that are counted in a hold of the lock */
#define NGX_GEMINI_COPY_OWNERS  1024

#define NGX_GEMINI_VIEW_ROWS                                                  \
    (NGX_GEMINI_VIEW_ALL | NGX_GEMINI_VIEW_KEYS | NGX_GEMINI_VIEW_COOLDOWNS   \
     | NGX_GEMINI_VIEW_METRICS)


/* what is copied in batches; digest: NGX_OK after the last of them */

typedef struct {
    ngx_uint_t                 views;
    void                     (*copy)(ngx_gemini_report_t *gr,
                                     ngx_gemini_view_t *gv);
    ngx_int_t                (*digest)(ngx_gemini_report_t *gr);
} ngx_gemini_copy_stage_t;


static ngx_uint_t ngx_gemini_copy_next(ngx_gemini_report_t *gr);
static void ngx_gemini_copy_root(ngx_gemini_report_t *gr,
    ngx_gemini_view_t *gv);
static void ngx_gemini_copy_spares(ngx_gemini_report_t *gr,
    const ngx_gemini_view_t *gv);
static ngx_int_t ngx_gemini_copy_root_rows(ngx_gemini_report_t *gr);
static void ngx_gemini_copy_accounts(ngx_gemini_report_t *gr,
    ngx_gemini_view_t *gv);
static ngx_int_t ngx_gemini_copy_accounts_rows(ngx_gemini_report_t *gr);
static void ngx_gemini_copy_projects(ngx_gemini_report_t *gr,
    ngx_gemini_view_t *gv);
static ngx_int_t ngx_gemini_copy_projects_rows(ngx_gemini_report_t *gr);
static void ngx_gemini_copy_keys(ngx_gemini_report_t *gr,
    ngx_gemini_view_t *gv);
static ngx_int_t ngx_gemini_copy_keys_rows(ngx_gemini_report_t *gr);
static void ngx_gemini_copy_owners(ngx_gemini_report_t *gr,
    ngx_gemini_view_t *gv);
static ngx_int_t ngx_gemini_copy_owners_rows(ngx_gemini_report_t *gr);
static void ngx_gemini_copy_events(ngx_gemini_report_t *gr,
    ngx_gemini_view_t *gv);
static ngx_int_t ngx_gemini_copy_events_rows(ngx_gemini_report_t *gr);


static const ngx_gemini_copy_stage_t  ngx_gemini_copy_stages[] = {

    { NGX_GEMINI_VIEW_ALL | NGX_GEMINI_VIEW_KEYS | NGX_GEMINI_VIEW_MODELS
      | NGX_GEMINI_VIEW_COOLDOWNS | NGX_GEMINI_VIEW_EVENTS
      | NGX_GEMINI_VIEW_TIERS | NGX_GEMINI_VIEW_STATS
      | NGX_GEMINI_VIEW_TEAMS | NGX_GEMINI_VIEW_METRICS,
      ngx_gemini_copy_root,
      ngx_gemini_copy_root_rows },

    { NGX_GEMINI_VIEW_ROWS,
      ngx_gemini_copy_accounts,
      ngx_gemini_copy_accounts_rows },

    { NGX_GEMINI_VIEW_ROWS,
      ngx_gemini_copy_projects,
      ngx_gemini_copy_projects_rows },

    { NGX_GEMINI_VIEW_ROWS,
      ngx_gemini_copy_keys,
      ngx_gemini_copy_keys_rows },

    { NGX_GEMINI_VIEW_ALL | NGX_GEMINI_VIEW_MODELS
      | NGX_GEMINI_VIEW_COOLDOWNS | NGX_GEMINI_VIEW_TIERS
      | NGX_GEMINI_VIEW_STATS | NGX_GEMINI_VIEW_METRICS,
      ngx_gemini_copy_models,
      ngx_gemini_copy_models_rows },

    { NGX_GEMINI_VIEW_ALL | NGX_GEMINI_VIEW_MODELS | NGX_GEMINI_VIEW_METRICS,
      ngx_gemini_copy_capacity,
      ngx_gemini_copy_capacity_rows },

    { NGX_GEMINI_VIEW_ALL | NGX_GEMINI_VIEW_COOLDOWNS,
      ngx_gemini_copy_cells,
      ngx_gemini_copy_cells_rows },

    { NGX_GEMINI_VIEW_ALL | NGX_GEMINI_VIEW_TEAMS | NGX_GEMINI_VIEW_METRICS,
      ngx_gemini_copy_teams,
      ngx_gemini_copy_teams_rows },

    { NGX_GEMINI_VIEW_METRICS,
      ngx_gemini_copy_hists,
      ngx_gemini_copy_hists_rows },
    { NGX_GEMINI_VIEW_ALL,
      ngx_gemini_copy_owners,
      ngx_gemini_copy_owners_rows },

    { NGX_GEMINI_VIEW_EVENTS,
      ngx_gemini_copy_events,
      ngx_gemini_copy_events_rows },

    { 0, NULL, NULL }
};


void
ngx_gemini_report_copy(ngx_gemini_report_t *gr, ngx_gemini_view_t *gv)
{
    ngx_gemini_copy_stages[gr->stage].copy(gr, gv);
}


ngx_int_t
ngx_gemini_report_digest(ngx_gemini_report_t *gr)
{
    ngx_int_t  rc;

    rc = ngx_gemini_copy_stages[gr->stage].digest(gr);

    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_gemini_copy_next(gr) ? NGX_AGAIN : NGX_OK;
}


/* 0: that was the last stage, rendering begins */

static ngx_uint_t
ngx_gemini_copy_next(ngx_gemini_report_t *gr)
{
    const ngx_gemini_copy_stage_t  *stage;

    gr->at = 0;

    for ( ;; ) {
        stage = &ngx_gemini_copy_stages[++gr->stage];

        if (stage->copy == NULL) {
            gr->stage = 0;
            return 0;
        }

        if (stage->views & gr->view) {
            return 1;
        }
    }
}


void
ngx_gemini_copy_batch(ngx_gemini_report_t *gr, uint32_t total,
    uint32_t size)
{
    gr->n = ngx_min(total - gr->at, size);
}


ngx_int_t
ngx_gemini_copy_more(ngx_gemini_report_t *gr, uint32_t total)
{
    gr->at += gr->n;

    return (gr->at < total) ? NGX_AGAIN : NGX_OK;
}


static void
ngx_gemini_copy_root(ngx_gemini_report_t *gr, ngx_gemini_view_t *gv)
{
    ngx_gemini_pool_t  *gp;
    ngx_gemini_slot_t  *slot;

    gp = gv->gp;

    ngx_memcpy(gr->root, gp, offsetof(ngx_gemini_pool_t, workers));

    gr->event = gp->event;

    if (gp->lock_model < gv->nmodels
        && (gp->lock_until == 0 || gp->lock_until > gr->now))
    {
        slot = &gv->model_slots[gp->lock_model];

        gr->lock.model.len = ngx_min(slot->len, NGX_GEMINI_MODEL_MAX);
        ngx_memcpy(gr->lock_label, slot->label, gr->lock.model.len);
    }

    ngx_gemini_copy_spares(gr, gv);
}


/* unlisted models that have a slot of their own, then the rest of them */

static void
ngx_gemini_copy_spares(ngx_gemini_report_t *gr, const ngx_gemini_view_t *gv)
{
    uint32_t                   i;
    const ngx_gemini_model_t  *other;

    for (i = gv->gp->caps.models; i < gv->other; i++) {
        if (gv->model_slots[i].len) {
            gr->spares[gr->nspares++] = i;
        }
    }

    other = &gv->models[gv->other];

    if (other->in_flight || other->counters.requests) {
        gr->spares[gr->nspares++] = gv->other;
    }
}


static ngx_int_t
ngx_gemini_copy_root_rows(ngx_gemini_report_t *gr)
{
    const char  *server;

    gr->google = gr->now + gr->root->skew;
    gr->lock.model.data = gr->lock_label;

    server = gr->summary.server;

    ngx_gemini_summary(&gr->summary, gr->gc, gr->root, &gr->lock, gr->now);

    gr->summary.server = server;

    gr->nmodels = gr->gc->nmodels + gr->nspares;
    gr->models = gr->alloc(gr->data, sizeof(ngx_gemini_row_model_t)
                                     * (gr->nmodels + 1));
    if (gr->models == NULL) {
        return NGX_ERROR;
    }

    if (gr->view == NGX_GEMINI_VIEW_EVENTS) {
        gr->events = gr->alloc(gr->data, sizeof(ngx_gemini_event_t)
                                         * NGX_GEMINI_EVENTS);
        if (gr->events == NULL) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static void
ngx_gemini_copy_accounts(ngx_gemini_report_t *gr,
    ngx_gemini_view_t *gv)
{
    uint32_t  i;

    ngx_gemini_copy_batch(gr, gr->gc->naccounts, NGX_GEMINI_REPORT_BATCH);

    for (i = 0; i < gr->n; i++) {
        gr->batch.accounts[i] =
                            gv->accounts[gr->gc->accounts[gr->at + i].slot];
    }
}


static ngx_int_t
ngx_gemini_copy_accounts_rows(ngx_gemini_report_t *gr)
{
    uint32_t  i;

    for (i = 0; i < gr->n; i++) {
        ngx_gemini_row_account(&gr->accounts[gr->naccounts++],
                               &gr->gc->accounts[gr->at + i],
                               &gr->batch.accounts[i], gr->now);
    }

    return ngx_gemini_copy_more(gr, gr->gc->naccounts);
}


static void
ngx_gemini_copy_projects(ngx_gemini_report_t *gr,
    ngx_gemini_view_t *gv)
{
    uint32_t  i;

    ngx_gemini_copy_batch(gr, gr->gc->nprojects, NGX_GEMINI_REPORT_BATCH);

    for (i = 0; i < gr->n; i++) {
        gr->batch.projects[i] =
                            gv->projects[gr->gc->projects[gr->at + i].slot];
    }
}


static ngx_int_t
ngx_gemini_copy_projects_rows(ngx_gemini_report_t *gr)
{
    uint32_t                          i;
    const ngx_gemini_project_conf_t  *conf;

    for (i = 0; i < gr->n; i++) {
        conf = &gr->gc->projects[gr->at + i];

        ngx_gemini_row_project(&gr->projects[gr->nprojects++], conf,
                               &gr->batch.projects[i],
                               &gr->accounts[conf->account], gr->now);
    }

    return ngx_gemini_copy_more(gr, gr->gc->nprojects);
}


static void
ngx_gemini_copy_keys(ngx_gemini_report_t *gr, ngx_gemini_view_t *gv)
{
    uint32_t  i;

    ngx_gemini_copy_batch(gr, gr->gc->nkeys, NGX_GEMINI_REPORT_BATCH);

    for (i = 0; i < gr->n; i++) {
        gr->batch.keys[i] = gv->keys[gr->gc->keys[gr->at + i].slot];
    }
}


static ngx_int_t
ngx_gemini_copy_keys_rows(ngx_gemini_report_t *gr)
{
    uint32_t                      i;
    const ngx_gemini_key_conf_t  *conf;

    for (i = 0; i < gr->n; i++) {
        conf = &gr->gc->keys[gr->at + i];

        ngx_gemini_row_key(&gr->keys[gr->nkeys++], conf, &gr->batch.keys[i],
                           &gr->projects[conf->project],
                           &gr->accounts[conf->account], gr->now);
    }

    return ngx_gemini_copy_more(gr, gr->gc->nkeys);
}


/* memory that was never used is not looked at */

static void
ngx_gemini_copy_owners(ngx_gemini_report_t *gr, ngx_gemini_view_t *gv)
{
    ngx_gemini_copy_batch(gr, gr->root->owned ? gv->gp->caps.owners : 0,
                          NGX_GEMINI_COPY_OWNERS);

    gr->summary.used.owners += ngx_gemini_owner_count(gv, gr->at, gr->n,
                                                      gr->now,
                                                      gr->summary.resources);
}


static ngx_int_t
ngx_gemini_copy_owners_rows(ngx_gemini_report_t *gr)
{
    return ngx_gemini_copy_more(gr, gr->root->owned ? gr->root->caps.owners
                                                    : 0);
}


/* from the newest back, as long as they are not overwritten meanwhile */

static void
ngx_gemini_copy_events(ngx_gemini_report_t *gr, ngx_gemini_view_t *gv)
{
    uint64_t  number;

    for (gr->n = 0; gr->n < NGX_GEMINI_REPORT_BATCH; gr->n++) {

        if (gr->nevents == gr->event) {
            return;
        }

        number = gr->event - gr->nevents - 1;

        if (number + NGX_GEMINI_EVENTS < gv->gp->event) {
            return;
        }

        gr->events[gr->nevents++] =
                              gv->gp->events[number % NGX_GEMINI_EVENTS];
    }
}


static ngx_int_t
ngx_gemini_copy_events_rows(ngx_gemini_report_t *gr)
{
    return (gr->n == NGX_GEMINI_REPORT_BATCH
            && gr->nevents < NGX_GEMINI_EVENTS) ? NGX_AGAIN : NGX_OK;
}
