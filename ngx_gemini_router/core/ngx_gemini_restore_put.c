
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * What has been read from a state file, into the pool: by label, and only what
 * still has a slot.
 */


#include "ngx_gemini_restore.h"
#include "ngx_gemini_owner.h"


static void ngx_gemini_restore_account(ngx_gemini_restore_t *rs);
static void ngx_gemini_restore_project(ngx_gemini_restore_t *rs);
static void ngx_gemini_restore_key(ngx_gemini_restore_t *rs);
static void ngx_gemini_restore_model(ngx_gemini_restore_t *rs);
static uint32_t ngx_gemini_restore_slot(const ngx_gemini_restore_t *rs,
    const ngx_gemini_slot_t *name);
static void ngx_gemini_restore_cell(ngx_gemini_restore_t *rs);
static void ngx_gemini_restore_team(ngx_gemini_restore_t *rs);
static void ngx_gemini_restore_owner(ngx_gemini_restore_t *rs);
static void ngx_gemini_restore_event(ngx_gemini_restore_t *rs);
static void ngx_gemini_restore_rest(ngx_gemini_rest_t *rest);
static void ngx_gemini_restore_label(const ngx_gemini_slot_t *slot,
    ngx_str_t *label);


void
ngx_gemini_restore_record(ngx_gemini_restore_t *rs)
{
    if (rs->pass == NGX_GEMINI_RESTORE_CHECK
        || (rs->list == NGX_GEMINI_SAVED_MODELS)
           != (rs->pass == NGX_GEMINI_RESTORE_MODELS))
    {
        return;
    }

    switch (rs->list) {

    case NGX_GEMINI_SAVED_ACCOUNTS:
        ngx_gemini_restore_account(rs);
        break;

    case NGX_GEMINI_SAVED_PROJECTS:
        ngx_gemini_restore_project(rs);
        break;

    case NGX_GEMINI_SAVED_KEYS:
        ngx_gemini_restore_key(rs);
        break;

    case NGX_GEMINI_SAVED_MODELS:
        ngx_gemini_restore_model(rs);
        break;

    case NGX_GEMINI_SAVED_CELLS:
        ngx_gemini_restore_cell(rs);
        break;

    case NGX_GEMINI_SAVED_TEAMS:
        ngx_gemini_restore_team(rs);
        break;

    case NGX_GEMINI_SAVED_OWNERS:
        ngx_gemini_restore_owner(rs);
        break;

    default: /* NGX_GEMINI_SAVED_EVENTS */
        ngx_gemini_restore_event(rs);
    }
}


static void
ngx_gemini_restore_account(ngx_gemini_restore_t *rs)
{
    uint32_t   slot;
    ngx_str_t  label;

    ngx_gemini_restore_label(&rs->record.slot, &label);

    slot = ngx_gemini_slot_account(rs->gv, &label);

    if (slot != NGX_GEMINI_NONE) {
        ngx_gemini_restore_rest(&rs->record.account.account.rest);
        rs->gv->accounts[slot] = rs->record.account.account;
    }
}


static void
ngx_gemini_restore_project(ngx_gemini_restore_t *rs)
{
    uint32_t               slot;
    ngx_str_t              label;
    ngx_gemini_project_t  *project;

    ngx_gemini_restore_label(&rs->record.slot, &label);

    slot = ngx_gemini_slot_project(rs->gv, &label);

    if (slot == NGX_GEMINI_NONE) {
        return;
    }

    project = &rs->gv->projects[slot];

    ngx_gemini_restore_rest(&rs->record.project.project.rest);
    *project = rs->record.project.project;

    if (project->rest.until != 0) {
        ngx_gemini_pool_mark(rs->gv, slot, NGX_GEMINI_NONE);
    }
}


/* of another secret only what the operator said holds */

static void
ngx_gemini_restore_key(ngx_gemini_restore_t *rs)
{
    uint32_t           slot;
    ngx_str_t          label;
    ngx_gemini_key_t  *key, *saved;

    ngx_gemini_restore_label(&rs->record.slot, &label);

    slot = ngx_gemini_slot_key(rs->gv, &label);

    if (slot == NGX_GEMINI_NONE) {
        return;
    }

    key = &rs->gv->keys[slot];
    saved = &rs->record.key.key;

    if (ngx_memcmp(key->fingerprint, saved->fingerprint,
                   NGX_GEMINI_FINGERPRINT)
        == 0)
    {
        ngx_gemini_restore_rest(&saved->rest);
        *key = *saved;
        return;
    }

    key->operator = saved->operator;
    key->operator_until = saved->operator_until;
    key->note = saved->note;
}


static void
ngx_gemini_restore_model(ngx_gemini_restore_t *rs)
{
    uint32_t             slot;
    ngx_str_t            name;
    ngx_gemini_model_t  *saved;

    ngx_gemini_restore_label(&rs->record.slot, &name);

    slot = ngx_gemini_restore_slot(rs, &rs->record.slot);

    if (slot == NGX_GEMINI_NONE && name.len != 0
        && rs->spares < NGX_GEMINI_SPARE)
    {
        slot = ngx_gemini_pool_spare_claim(rs->gv, &name, rs->now);
        rs->spares++;

        if (slot == rs->gv->other) {
            return;
        }
    }

    if (slot == NGX_GEMINI_NONE) {
        return;
    }

    saved = &rs->record.model.model;

    saved->window.n = ngx_min(saved->window.n, rs->gc->window);
    ngx_gemini_restore_rest(&saved->rest);

    rs->gv->models[slot] = *saved;
}


/* of a listed model, or of one that has got a spare */

static uint32_t
ngx_gemini_restore_slot(const ngx_gemini_restore_t *rs,
    const ngx_gemini_slot_t *name)
{
    uint32_t   slot;
    ngx_str_t  label;

    ngx_gemini_restore_label(name, &label);

    if (label.len == 0) {
        return NGX_GEMINI_NONE;
    }

    if (label.len == 1 && label.data[0] == '*') {
        return rs->gv->other;
    }

    slot = ngx_gemini_slot_model(rs->gv, &label);

    if (slot == NGX_GEMINI_NONE) {
        slot = ngx_gemini_pool_spare(rs->gv, &label);
    }

    return (slot == rs->gv->other) ? NGX_GEMINI_NONE : slot;
}


static void
ngx_gemini_restore_cell(ngx_gemini_restore_t *rs)
{
    uint32_t            project, model;
    ngx_str_t           label;
    ngx_gemini_cell_t  *cell;

    ngx_gemini_restore_label(&rs->record.cell.project, &label);

    project = ngx_gemini_slot_project(rs->gv, &label);
    model = ngx_gemini_restore_slot(rs, &rs->record.cell.model);

    if (project == NGX_GEMINI_NONE || model == NGX_GEMINI_NONE) {
        return;
    }

    cell = ngx_gemini_cell(rs->gv, project, model);

    ngx_gemini_restore_rest(&rs->record.cell.cell.rest);
    *cell = rs->record.cell.cell;

    if (cell->rest.until != 0) {
        ngx_gemini_pool_mark(rs->gv, project, model);
    }
}


static void
ngx_gemini_restore_team(ngx_gemini_restore_t *rs)
{
    uint32_t               team;
    ngx_str_t              name;
    ngx_gemini_metrics_t  *gm;

    ngx_gemini_restore_label(&rs->record.slot, &name);

    gm = rs->gv->metrics;
    team = ngx_gemini_metrics_team(gm, &name);

    if (team != 0) {
        gm->teams[team - 1].counters = rs->record.team.counters;
    }
}


static void
ngx_gemini_restore_owner(ngx_gemini_restore_t *rs)
{
    ngx_str_t                  label;
    ngx_gemini_owner_t         owner;
    ngx_gemini_saved_owner_t  *saved;

    saved = &rs->record.owner;

    ngx_memzero(&owner, sizeof(ngx_gemini_owner_t));
    ngx_gemini_restore_label(&saved->project, &label);

    owner.hash = ngx_gemini_saved_unpack(saved->hash);
    owner.team = ngx_gemini_saved_unpack(saved->team);
    owner.expires = saved->expires;
    owner.type = saved->type;
    owner.project = ngx_gemini_slot_project(rs->gv, &label);
    owner.model = ngx_gemini_restore_slot(rs, &saved->model);

    (void) ngx_gemini_owner_put(rs->gv, &owner, rs->now);
}


static void
ngx_gemini_restore_event(ngx_gemini_restore_t *rs)
{
    ngx_gemini_event_t        *event;
    ngx_gemini_saved_event_t  *saved;

    saved = &rs->record.event;
    event = &saved->event;

    event->label_len = (uint8_t) ngx_min(saved->label.len,
                                         NGX_GEMINI_LABEL_MAX);
    ngx_memcpy(event->label, saved->label.label, event->label_len);

    event->model_len = (uint8_t) ngx_min(saved->model.len,
                                         NGX_GEMINI_MODEL_MAX);
    ngx_memcpy(event->model, saved->model.label, event->model_len);

    ngx_gemini_pool_event(rs->gv, event);
}


void
ngx_gemini_restore_root(ngx_gemini_restore_t *rs)
{
    ngx_gemini_pool_t        *gp;
    ngx_gemini_saved_root_t  *root;

    gp = rs->gv->gp;
    root = &rs->root;

    gp->skew = root->skew;
    gp->skew_at = root->skew_at;
    gp->budget_refused = root->budget_refused;
    gp->totals = root->totals;
    gp->probing.lists = root->probing.lists;
    gp->probing.lists_ok = root->probing.lists_ok;
    gp->probing.probes = root->probing.probes;
    gp->probing.probes_ok = root->probing.probes_ok;

    ngx_gemini_restore_rest(&root->upstream);
    gp->upstream = root->upstream;

    gp->lock_model = ngx_gemini_restore_slot(rs, &root->lock);
    gp->lock_until = (gp->lock_model == NGX_GEMINI_NONE) ? 0
                                                         : root->lock_until;
}


/* the file has its two ends */

static void
ngx_gemini_restore_rest(ngx_gemini_rest_t *rest)
{
    uint64_t  length;

    length = (rest->until > rest->began) ? rest->until - rest->began : 0;

    rest->length = (uint32_t) ngx_min(length, (uint32_t) -1);
}


static void
ngx_gemini_restore_label(const ngx_gemini_slot_t *slot, ngx_str_t *label)
{
    label->data = (u_char *) slot->label;
    label->len = slot->len;
}
