
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Forgets cooldowns: of a key with its project's cells, of a project, an
 * account or a model with all below it, or of the pool.
 */


#include "ngx_gemini_operate.h"
#include "ngx_gemini_cooldown.h"


/* what is walked, one after the other; a record of each is one step */

typedef enum {
    NGX_GEMINI_RESET_ROOT = 0,
    NGX_GEMINI_RESET_KEYS,
    NGX_GEMINI_RESET_PROJECTS,
    NGX_GEMINI_RESET_ACCOUNTS,
    NGX_GEMINI_RESET_MODELS,
    NGX_GEMINI_RESET_CELLS,
    NGX_GEMINI_RESET_PARTS
} ngx_gemini_reset_e;


static ngx_uint_t ngx_gemini_reset_part(const ngx_gemini_operate_t *op,
    const ngx_gemini_view_t *gv, uint64_t at, uint64_t *n);
static void ngx_gemini_reset_record(ngx_gemini_operate_t *op,
    ngx_gemini_view_t *gv, ngx_uint_t part, uint32_t n);
static void ngx_gemini_reset_root(ngx_gemini_operate_t *op,
    ngx_gemini_view_t *gv);
static void ngx_gemini_reset_key(ngx_gemini_operate_t *op,
    ngx_gemini_view_t *gv, uint32_t n);
static void ngx_gemini_reset_project(ngx_gemini_operate_t *op,
    ngx_gemini_view_t *gv, uint32_t n);
static void ngx_gemini_reset_account(ngx_gemini_operate_t *op,
    ngx_gemini_view_t *gv, uint32_t n);
static void ngx_gemini_reset_model(ngx_gemini_operate_t *op,
    ngx_gemini_view_t *gv, uint32_t slot);
static void ngx_gemini_reset_cell(ngx_gemini_operate_t *op,
    ngx_gemini_view_t *gv, uint32_t n, uint32_t slot);
static ngx_uint_t ngx_gemini_reset_has_cells(const ngx_gemini_operate_t *op,
    uint32_t project, uint32_t slot);
static void ngx_gemini_reset_rest(ngx_gemini_operate_t *op,
    ngx_gemini_rest_t *rest);
static void ngx_gemini_reset_limits(ngx_gemini_operate_t *op,
    ngx_gemini_cell_t *cell);


ngx_int_t
ngx_gemini_operate_reset(ngx_gemini_operate_t *op, ngx_gemini_view_t *gv)
{
    uint32_t    i;
    uint64_t    n;
    ngx_uint_t  part;

    for (i = 0; i < NGX_GEMINI_OPERATE_BATCH; i++) {
        part = ngx_gemini_reset_part(op, gv, op->at++, &n);

        if (part == NGX_GEMINI_RESET_PARTS) {
            break;
        }

        ngx_gemini_reset_record(op, gv, part, (uint32_t) n);
    }

    if (i == NGX_GEMINI_OPERATE_BATCH) {
        return NGX_AGAIN;
    }

    for (i = 0; i < gv->nmodels; i++) {
        ngx_gemini_pool_sweep(gv, i, op->now);
    }

    return NGX_OK;
}


/* the part that step at is of, and its place in there */

static ngx_uint_t
ngx_gemini_reset_part(const ngx_gemini_operate_t *op,
    const ngx_gemini_view_t *gv, uint64_t at, uint64_t *n)
{
    uint64_t                  sizes[NGX_GEMINI_RESET_PARTS];
    ngx_uint_t                part;
    const ngx_gemini_conf_t  *gc;

    gc = op->gc;

    sizes[NGX_GEMINI_RESET_ROOT] = 1;
    sizes[NGX_GEMINI_RESET_KEYS] = gc->nkeys;
    sizes[NGX_GEMINI_RESET_PROJECTS] = gc->nprojects;
    sizes[NGX_GEMINI_RESET_ACCOUNTS] = gc->naccounts;
    sizes[NGX_GEMINI_RESET_MODELS] = gv->nmodels;
    sizes[NGX_GEMINI_RESET_CELLS] = (uint64_t) gc->nprojects * gv->nmodels;

    for (part = 0; part < NGX_GEMINI_RESET_PARTS; part++) {

        if (at < sizes[part]) {
            break;
        }

        at -= sizes[part];
    }

    *n = at;

    return part;
}


static void
ngx_gemini_reset_record(ngx_gemini_operate_t *op, ngx_gemini_view_t *gv,
    ngx_uint_t part, uint32_t n)
{
    switch (part) {

    case NGX_GEMINI_RESET_ROOT:
        ngx_gemini_reset_root(op, gv);
        break;

    case NGX_GEMINI_RESET_KEYS:
        ngx_gemini_reset_key(op, gv, n);
        break;

    case NGX_GEMINI_RESET_PROJECTS:
        ngx_gemini_reset_project(op, gv, n);
        break;

    case NGX_GEMINI_RESET_ACCOUNTS:
        ngx_gemini_reset_account(op, gv, n);
        break;

    case NGX_GEMINI_RESET_MODELS:
        ngx_gemini_reset_model(op, gv, n);
        break;

    default: /* NGX_GEMINI_RESET_CELLS */
        ngx_gemini_reset_cell(op, gv, n / gv->nmodels, n % gv->nmodels);
    }
}


static void
ngx_gemini_reset_root(ngx_gemini_operate_t *op, ngx_gemini_view_t *gv)
{
    if (op->scope != NGX_GEMINI_SCOPE_POOL) {
        return;
    }

    ngx_gemini_reset_rest(op, &gv->gp->upstream);

    gv->gp->transport = 0;
    gv->gp->transport_keys = 0;
}


static void
ngx_gemini_reset_key(ngx_gemini_operate_t *op, ngx_gemini_view_t *gv,
    uint32_t n)
{
    ngx_gemini_key_t             *key;
    const ngx_gemini_key_conf_t  *conf;

    conf = &op->gc->keys[n];

    if (!(op->scope == NGX_GEMINI_SCOPE_POOL
          || (op->scope == NGX_GEMINI_SCOPE_KEY && n == op->item)
          || (op->scope == NGX_GEMINI_SCOPE_PROJECT
              && conf->project == op->item)
          || (op->scope == NGX_GEMINI_SCOPE_ACCOUNT
              && conf->account == op->item)))
    {
        return;
    }

    key = &gv->keys[conf->slot];

    ngx_gemini_reset_rest(op, &key->rest);

    key->suspects = 0;
    key->verbs = 0;
    key->surfaces = 0;

    if (key->disabled) {
        op->before.disabled++;
        op->after.disabled++;
    }
}


static void
ngx_gemini_reset_project(ngx_gemini_operate_t *op, ngx_gemini_view_t *gv,
    uint32_t n)
{
    ngx_gemini_project_t             *project;
    const ngx_gemini_project_conf_t  *conf;

    conf = &op->gc->projects[n];

    if (op->scope == NGX_GEMINI_SCOPE_POOL
        || (op->scope == NGX_GEMINI_SCOPE_PROJECT && n == op->item)
        || (op->scope == NGX_GEMINI_SCOPE_ACCOUNT
            && conf->account == op->item))
    {
        project = &gv->projects[conf->slot];

        ngx_gemini_reset_rest(op, &project->rest);

        project->denied = 0;
    }
}


static void
ngx_gemini_reset_account(ngx_gemini_operate_t *op, ngx_gemini_view_t *gv,
    uint32_t n)
{
    if (op->scope == NGX_GEMINI_SCOPE_POOL
        || (op->scope == NGX_GEMINI_SCOPE_ACCOUNT && n == op->item))
    {
        ngx_gemini_reset_rest(op,
                              &gv->accounts[op->gc->accounts[n].slot].rest);
    }
}


static void
ngx_gemini_reset_model(ngx_gemini_operate_t *op, ngx_gemini_view_t *gv,
    uint32_t slot)
{
    ngx_gemini_model_t  *model;

    if (op->scope == NGX_GEMINI_SCOPE_POOL
        || (op->scope == NGX_GEMINI_SCOPE_MODEL
            && slot == op->gc->models[op->item].slot))
    {
        model = &gv->models[slot];

        ngx_gemini_reset_rest(op, &model->rest);

        model->unknown = 0;
        model->allowed = 0;
        model->ramp = 0;
    }
}


static void
ngx_gemini_reset_cell(ngx_gemini_operate_t *op, ngx_gemini_view_t *gv,
    uint32_t n, uint32_t slot)
{
    ngx_gemini_cell_t  *cell;

    if (!ngx_gemini_reset_has_cells(op, n, slot)) {
        return;
    }

    cell = ngx_gemini_cell(gv, op->gc->projects[n].slot, slot);

    if (cell->rest.until) {
        ngx_gemini_reset_rest(op, &cell->rest);

        if (cell->rest.until == 0) {
            cell->ramp = 0;
        }
    }

    if (op->day && cell->use.day_requests) {
        cell->use.day_requests = 0;
    }

    ngx_gemini_reset_limits(op, cell);
}


/* whose quota is meant: a key's is that of its project */

static ngx_uint_t
ngx_gemini_reset_has_cells(const ngx_gemini_operate_t *op, uint32_t project,
    uint32_t slot)
{
    const ngx_gemini_conf_t  *gc;

    gc = op->gc;

    switch (op->scope) {

    case NGX_GEMINI_SCOPE_KEY:
        return gc->keys[op->item].project == project;

    case NGX_GEMINI_SCOPE_PROJECT:
        return project == op->item;

    case NGX_GEMINI_SCOPE_ACCOUNT:
        return gc->projects[project].account == op->item;

    case NGX_GEMINI_SCOPE_MODEL:
        return gc->models[op->item].slot == slot;

    default: /* NGX_GEMINI_SCOPE_POOL */
        return 1;
    }
}


/* what began before now has no say in it any more */

static void
ngx_gemini_reset_rest(ngx_gemini_operate_t *op, ngx_gemini_rest_t *rest)
{
    ngx_uint_t  day, stands;

    stands = ngx_gemini_rest_left(rest, op->now)
             || ngx_gemini_cooldown_unproven(rest, op->now);
    day = stands && (rest->reason == NGX_GEMINI_QUOTA_DAY);

    op->before.cooldowns += stands;
    op->before.day += day;

    if (day && !op->day) {
        op->after.cooldowns++;
        op->after.day++;
        return;
    }

    if (stands) {
        rest->began = op->now;
    }

    rest->until = 0;
    rest->trial = 0;
    rest->step = 0;
}


static void
ngx_gemini_reset_limits(ngx_gemini_operate_t *op, ngx_gemini_cell_t *cell)
{
    uint32_t               n;
    ngx_gemini_learned_t  *learned;

    learned = &cell->learned;
    n = (learned->rpm != 0) + (learned->tpm != 0) + (learned->rpd != 0);

    op->before.limits += n;

    if (n == 0) {
        return;
    }

    if (!op->limits) {
        op->after.limits += n;
        return;
    }

    ngx_memzero(learned, sizeof(ngx_gemini_learned_t));

    cell->warned = 0;
}
