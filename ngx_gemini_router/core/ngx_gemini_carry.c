
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * From one zone into another of a different size, by label.
 */


#include "ngx_gemini_pool.h"
#include "ngx_gemini_owner_set.h"
#include "ngx_gemini_slots.h"


static void ngx_gemini_carry_spares(ngx_gemini_view_t *to,
    const ngx_gemini_view_t *from);
static uint32_t ngx_gemini_carry_model(const ngx_gemini_view_t *to,
    const ngx_gemini_view_t *from, uint32_t model);
static void ngx_gemini_carry_root(ngx_gemini_view_t *to,
    const ngx_gemini_view_t *from, const uint32_t *models);
static void ngx_gemini_carry_keys(ngx_gemini_view_t *to,
    const ngx_gemini_view_t *from);
static void ngx_gemini_carry_accounts(ngx_gemini_view_t *to,
    const ngx_gemini_view_t *from);
static void ngx_gemini_carry_models(ngx_gemini_view_t *to,
    const ngx_gemini_view_t *from, const uint32_t *models);
static void ngx_gemini_carry_projects(ngx_gemini_view_t *to,
    const ngx_gemini_view_t *from, const uint32_t *models);
static void ngx_gemini_carry_cell(ngx_gemini_view_t *to, uint32_t project,
    uint32_t model, const ngx_gemini_cell_t *from);
static void ngx_gemini_carry_label(const ngx_gemini_slot_t *slot,
    ngx_str_t *label);


void
ngx_gemini_pool_copy(ngx_gemini_view_t *to, const ngx_gemini_view_t *from)
{
    uint32_t  i, models[NGX_GEMINI_LISTED_MAX + NGX_GEMINI_SPARE + 1];
    uint64_t  now;

    /* the fresh zone was made just now */

    now = to->gp->created;

    ngx_gemini_carry_spares(to, from);

    for (i = 0; i < to->nmodels; i++) {
        models[i] = ngx_gemini_carry_model(to, from, i);
    }

    ngx_gemini_carry_root(to, from, models);
    ngx_gemini_carry_keys(to, from);
    ngx_gemini_carry_accounts(to, from);
    ngx_gemini_carry_models(to, from, models);
    ngx_gemini_carry_projects(to, from, models);
    ngx_gemini_owner_set_copy(to, from, models, now);

    ngx_gemini_metrics_copy(to->metrics, from->metrics, models, to->nmodels);
}


/* spares lie in ranges of one length; one that is listed now needs none */

static void
ngx_gemini_carry_spares(ngx_gemini_view_t *to, const ngx_gemini_view_t *from)
{
    uint32_t            i;
    ngx_str_t           label;
    ngx_gemini_slot_t  *slot;

    for (i = 0; i < NGX_GEMINI_SPARE; i++) {
        ngx_gemini_carry_label(&from->model_slots[from->gp->caps.models + i],
                               &label);

        if (label.len == 0
            || ngx_gemini_slot_model(to, &label) != NGX_GEMINI_NONE)
        {
            continue;
        }

        slot = &to->model_slots[to->gp->caps.models + i];
        ngx_gemini_slots_name(slot, &label, to->gp->cycle);
    }
}


/* the old slot of a model, which may have been listed since, or no more */

static uint32_t
ngx_gemini_carry_model(const ngx_gemini_view_t *to,
    const ngx_gemini_view_t *from, uint32_t model)
{
    uint32_t   slot;
    ngx_str_t  name;

    if (model == to->other) {
        return from->other;
    }

    ngx_gemini_carry_label(&to->model_slots[model], &name);

    if (name.len == 0) {
        return NGX_GEMINI_NONE;
    }

    slot = ngx_gemini_slot_model(from, &name);

    if (slot != NGX_GEMINI_NONE) {
        return slot;
    }

    slot = ngx_gemini_pool_spare(from, &name);

    return (slot == from->other) ? NGX_GEMINI_NONE : slot;
}


static void
ngx_gemini_carry_root(ngx_gemini_view_t *to, const ngx_gemini_view_t *from,
    const uint32_t *models)
{
    uint32_t            i;
    ngx_gemini_pool_t  *tp, *fp;

    tp = to->gp;
    fp = from->gp;

    tp->created = fp->created;
    tp->skew = fp->skew;
    tp->skew_at = fp->skew_at;
    tp->waiting_max = fp->waiting_max;
    tp->successes = fp->successes;
    tp->retries = fp->retries;
    tp->budget_refused = fp->budget_refused;
    tp->transport = fp->transport;
    tp->transport_keys = fp->transport_keys;
    tp->upstream = fp->upstream;
    tp->totals = fp->totals;
    tp->probing.lists = fp->probing.lists;
    tp->probing.lists_ok = fp->probing.lists_ok;
    tp->probing.probes = fp->probing.probes;
    tp->probing.probes_ok = fp->probing.probes_ok;
    tp->event = fp->event;

    ngx_memcpy(tp->events, fp->events, sizeof(tp->events));

    if (fp->lock_model == NGX_GEMINI_NONE) {
        return;
    }

    for (i = 0; i < to->nmodels; i++) {

        if (models[i] == fp->lock_model) {
            tp->lock_model = i;
            tp->lock_until = fp->lock_until;
        }
    }
}


/* the operator's flag holds for a new secret too */

static void
ngx_gemini_carry_keys(ngx_gemini_view_t *to, const ngx_gemini_view_t *from)
{
    uint32_t           i, n;
    ngx_str_t          label;
    ngx_gemini_key_t  *key, *old;

    for (i = 0; i < to->gp->caps.keys; i++) {
        ngx_gemini_carry_label(&to->key_slots[i], &label);

        n = ngx_gemini_slot_key(from, &label);

        if (n == NGX_GEMINI_NONE) {
            continue;
        }

        key = &to->keys[i];
        old = &from->keys[n];

        if (ngx_memcmp(key->fingerprint, old->fingerprint,
                       NGX_GEMINI_FINGERPRINT)
            == 0)
        {
            *key = *old;
            key->in_flight = 0;
        }

        key->operator = old->operator;
        key->operator_until = old->operator_until;
        key->note = old->note;
    }
}


static void
ngx_gemini_carry_accounts(ngx_gemini_view_t *to,
    const ngx_gemini_view_t *from)
{
    uint32_t   i, n;
    ngx_str_t  label;

    for (i = 0; i < to->gp->caps.accounts; i++) {
        ngx_gemini_carry_label(&to->account_slots[i], &label);

        n = ngx_gemini_slot_account(from, &label);

        if (n != NGX_GEMINI_NONE) {
            to->accounts[i] = from->accounts[n];
            to->accounts[i].in_flight = 0;
        }
    }
}


static void
ngx_gemini_carry_models(ngx_gemini_view_t *to, const ngx_gemini_view_t *from,
    const uint32_t *models)
{
    uint32_t  i;

    for (i = 0; i < to->nmodels; i++) {

        if (models[i] != NGX_GEMINI_NONE) {
            to->models[i] = from->models[models[i]];
            to->models[i].in_flight = 0;
            to->models[i].rest_sweep = 0;
        }
    }
}


static void
ngx_gemini_carry_projects(ngx_gemini_view_t *to,
    const ngx_gemini_view_t *from, const uint32_t *models)
{
    uint32_t   i, n, k;
    ngx_str_t  label;

    for (i = 0; i < to->gp->caps.projects; i++) {
        ngx_gemini_carry_label(&to->project_slots[i], &label);

        n = ngx_gemini_slot_project(from, &label);

        if (n == NGX_GEMINI_NONE) {
            continue;
        }

        to->projects[i] = from->projects[n];
        to->projects[i].in_flight = 0;

        if (to->projects[i].rest.until != 0) {
            ngx_gemini_pool_mark(to, i, NGX_GEMINI_NONE);
        }

        for (k = 0; k < to->nmodels; k++) {

            if (models[k] != NGX_GEMINI_NONE) {
                ngx_gemini_carry_cell(to, i, k,
                                      ngx_gemini_cell(from, n, models[k]));
            }
        }
    }
}


/* a cell that says nothing leaves its memory untouched */

static void
ngx_gemini_carry_cell(ngx_gemini_view_t *to, uint32_t project, uint32_t model,
    const ngx_gemini_cell_t *from)
{
    ngx_gemini_cell_t  *cell;

    if (from->rest.until == 0
        && from->use.minute == 0
        && from->use.day == 0
        && from->learned.rpm_at == 0
        && from->learned.tpm_at == 0
        && from->learned.rpd_at == 0
        && from->requests == 0)
    {
        return;
    }

    cell = ngx_gemini_cell(to, project, model);

    *cell = *from;
    cell->in_flight = 0;
    cell->trying = 0;

    if (cell->rest.until != 0) {
        ngx_gemini_pool_mark(to, project, model);
    }
}


static void
ngx_gemini_carry_label(const ngx_gemini_slot_t *slot, ngx_str_t *label)
{
    label->data = (u_char *) slot->label;
    label->len = slot->len;
}
