
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * A state file's text into a fresh pool.  It is read three times: to check
 * it, for the models, whose spare slots others need, and for the rest.
 */


#include "ngx_gemini_snapshot.h"
#include "ngx_gemini_owner.h"


typedef enum {
    NGX_GEMINI_RESTORE_CHECK = 0,
    NGX_GEMINI_RESTORE_MODELS,
    NGX_GEMINI_RESTORE_REST,
    NGX_GEMINI_RESTORE_PASSES
} ngx_gemini_restore_e;


typedef union {
    ngx_gemini_slot_t          slot;
    ngx_gemini_saved_account_t account;
    ngx_gemini_saved_project_t project;
    ngx_gemini_saved_key_t     key;
    ngx_gemini_saved_model_t   model;
    ngx_gemini_saved_cell_t    cell;
    ngx_gemini_saved_team_t    team;
    ngx_gemini_saved_owner_t   owner;
    ngx_gemini_saved_event_t   event;
} ngx_gemini_restore_record_t;


typedef struct {
    ngx_gemini_view_t         *gv;
    const ngx_gemini_conf_t   *gc;
    uint64_t                   now;
    ngx_gemini_restore_e       pass;
    ngx_gemini_restore_error_t  *error;

    ngx_uint_t                 list;       /* that record is of */
    uint32_t                   n;          /* records of it so far */
    uint32_t                   spares;     /* claimed */
    ngx_gemini_saved_root_t    root;
    ngx_gemini_restore_record_t  record;
} ngx_gemini_restore_t;


static ngx_int_t ngx_gemini_restore_value(void *data, const ngx_str_t *path,
    ngx_gemini_json_e type, const ngx_str_t *value);
static ngx_int_t ngx_gemini_restore_list(ngx_gemini_restore_t *rs,
    ngx_uint_t list, const ngx_str_t *path, const ngx_str_t *rest,
    ngx_gemini_json_e type, const ngx_str_t *value);
static ngx_int_t ngx_gemini_restore_wrong(ngx_gemini_restore_t *rs,
    const ngx_str_t *path, uint32_t record, const char *reason);
static const char *ngx_gemini_restore_head(const ngx_gemini_restore_t *rs);
static ngx_uint_t ngx_gemini_restore_same(const ngx_gemini_slot_t *slot,
    const ngx_str_t *label);

static void ngx_gemini_restore_record(ngx_gemini_restore_t *rs);
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
static void ngx_gemini_restore_root(ngx_gemini_restore_t *rs);
static void ngx_gemini_restore_rest(ngx_gemini_rest_t *rest);
static void ngx_gemini_restore_label(const ngx_gemini_slot_t *slot,
    ngx_str_t *label);


ngx_int_t
ngx_gemini_restore(ngx_gemini_view_t *gv, const ngx_gemini_conf_t *gc,
    const ngx_str_t *text, uint64_t now, ngx_gemini_restore_error_t *error)
{
    const char            *reason;
    ngx_gemini_restore_t   rs;

    ngx_memzero(&rs, sizeof(ngx_gemini_restore_t));
    ngx_memzero(error, sizeof(ngx_gemini_restore_error_t));

    rs.gv = gv;
    rs.gc = gc;
    rs.now = now;
    rs.error = error;

    if (ngx_gemini_json_read(text->data, text->len, ngx_gemini_restore_value,
                             &rs)
        != NGX_OK)
    {
        if (error->reason == NULL) {
            error->reason = "is not whole JSON";
        }

        return NGX_DECLINED;
    }

    reason = ngx_gemini_restore_head(&rs);

    if (reason != NULL) {
        error->reason = reason;
        return NGX_DECLINED;
    }

    for (rs.pass = NGX_GEMINI_RESTORE_MODELS;
         rs.pass < NGX_GEMINI_RESTORE_PASSES;
         rs.pass++)
    {
        (void) ngx_gemini_json_read(text->data, text->len,
                                    ngx_gemini_restore_value, &rs);
    }

    ngx_gemini_restore_root(&rs);

    return NGX_OK;
}


void
ngx_gemini_restore_writer(const ngx_str_t *text, uint32_t *pid,
    uint64_t *born)
{
    ngx_gemini_restore_t        rs;
    ngx_gemini_restore_error_t  error;

    ngx_memzero(&rs, sizeof(ngx_gemini_restore_t));

    rs.error = &error;

    (void) ngx_gemini_json_read(text->data, text->len,
                                ngx_gemini_restore_value, &rs);

    *pid = rs.root.pid;
    *born = rs.root.born;
}


static ngx_int_t
ngx_gemini_restore_value(void *data, const ngx_str_t *path,
    ngx_gemini_json_e type, const ngx_str_t *value)
{
    ngx_gemini_restore_t *rs = data;

    ngx_str_t    rest;
    ngx_uint_t   i;
    const char  *reason;

    for (i = 0; i < NGX_GEMINI_SAVED_LISTS; i++) {

        if (ngx_gemini_saved_member(ngx_gemini_saved_lists[i].name, path,
                                    &rest))
        {
            return ngx_gemini_restore_list(rs, i, path, &rest, type, value);
        }
    }

    reason = ngx_gemini_saved_read(ngx_gemini_saved_root_fields, &rs->root,
                                   path, type, value);

    if (reason == NULL && rs->root.version > NGX_GEMINI_SAVED_VERSION) {
        reason = "is of a later version";
    }

    return ngx_gemini_restore_wrong(rs, path, 0, reason);
}


/* rest: what follows the list's name in path */

static ngx_int_t
ngx_gemini_restore_list(ngx_gemini_restore_t *rs, ngx_uint_t list,
    const ngx_str_t *path, const ngx_str_t *rest, ngx_gemini_json_e type,
    const ngx_str_t *value)
{
    ngx_str_t    member;
    const char  *reason;

    if (rest->len == 0) {
        rs->list = list;
        rs->n = 0;

        return (type == NGX_GEMINI_JSON_CLOSE
                || (type == NGX_GEMINI_JSON_OPEN && value->data[0] == '['))
               ? NGX_OK
               : ngx_gemini_restore_wrong(rs, path, 0, "is not a list");
    }

    if (list != rs->list || rest->len < 2 || rest->data[0] != '[') {
        return ngx_gemini_restore_wrong(rs, path, 0, "is not a list");
    }

    if (rest->len == 2) {

        if (type == NGX_GEMINI_JSON_OPEN && value->data[0] == '{') {
            ngx_memzero(&rs->record, sizeof(ngx_gemini_restore_record_t));
            rs->n++;
            return NGX_OK;
        }

        if (type == NGX_GEMINI_JSON_CLOSE) {
            ngx_gemini_restore_record(rs);
            return NGX_OK;
        }

        return ngx_gemini_restore_wrong(rs, path, rs->n + 1,
                                        "is not an object");
    }

    member.data = rest->data + 3;
    member.len = rest->len - 3;

    reason = ngx_gemini_saved_read(ngx_gemini_saved_lists[list].fields,
                                   &rs->record, &member, type, value);

    return ngx_gemini_restore_wrong(rs, path, rs->n, reason);
}


/* reason: NULL: nothing is */

static ngx_int_t
ngx_gemini_restore_wrong(ngx_gemini_restore_t *rs, const ngx_str_t *path,
    uint32_t record, const char *reason)
{
    if (reason == NULL) {
        return NGX_OK;
    }

    rs->error->reason = reason;
    rs->error->record = record;
    rs->error->len = ngx_min(path->len, NGX_GEMINI_RESTORE_PATH);

    ngx_memcpy(rs->error->path, path->data, rs->error->len);

    return NGX_DECLINED;
}


static const char *
ngx_gemini_restore_head(const ngx_gemini_restore_t *rs)
{
    if (rs->root.version != NGX_GEMINI_SAVED_VERSION) {
        return "names no version";
    }

    if (!ngx_gemini_restore_same(&rs->root.pool, &rs->gc->name)) {
        return "is of another pool";
    }

    return NULL;
}


static ngx_uint_t
ngx_gemini_restore_same(const ngx_gemini_slot_t *slot, const ngx_str_t *label)
{
    return slot->len == ngx_min(label->len, NGX_GEMINI_MODEL_MAX)
           && (slot->len == 0
               || ngx_memcmp(slot->label, label->data, slot->len) == 0);
}


static void
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


static void
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
