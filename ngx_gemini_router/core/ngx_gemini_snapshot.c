
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_snapshot.h"
#include "ngx_gemini_owner.h"


/* slots looked at in a hold of the lock, empty ones included */
#define NGX_GEMINI_SNAPSHOT_LOOK   1024


/* records of one sort beside their slots */

typedef struct {
    const ngx_gemini_slot_t   *slots;
    uint32_t                   nslots;
    const u_char              *records;
    size_t                     size;
    size_t                     offset;     /* in the saved record */
    uint32_t                   batch;
} ngx_gemini_snapshot_sort_t;


static void ngx_gemini_snapshot_root(ngx_gemini_snapshot_t *gs,
    const ngx_gemini_view_t *gv);
static void ngx_gemini_snapshot_columns(ngx_gemini_snapshot_t *gs,
    const ngx_gemini_view_t *gv);
static void ngx_gemini_snapshot_sort(const ngx_gemini_view_t *gv,
    ngx_uint_t list, ngx_gemini_snapshot_sort_t *sort);
static void ngx_gemini_snapshot_slots(ngx_gemini_snapshot_t *gs,
    const ngx_gemini_view_t *gv, ngx_uint_t list);
static void ngx_gemini_snapshot_other(const ngx_gemini_view_t *gv,
    uint32_t model, ngx_gemini_slot_t *slot);
static void ngx_gemini_snapshot_cells(ngx_gemini_snapshot_t *gs,
    const ngx_gemini_view_t *gv);
static ngx_uint_t ngx_gemini_snapshot_idle(const ngx_gemini_view_t *gv,
    uint32_t project, uint32_t model);
static void ngx_gemini_snapshot_teams(ngx_gemini_snapshot_t *gs,
    const ngx_gemini_view_t *gv);
static void ngx_gemini_snapshot_owners(ngx_gemini_snapshot_t *gs,
    const ngx_gemini_view_t *gv);
static void ngx_gemini_snapshot_owner(ngx_gemini_snapshot_t *gs,
    const ngx_gemini_view_t *gv, const ngx_gemini_owner_t *owner);
static void ngx_gemini_snapshot_events(ngx_gemini_snapshot_t *gs,
    const ngx_gemini_view_t *gv);
static void ngx_gemini_snapshot_label(ngx_gemini_slot_t *slot,
    const u_char *p, size_t len);

static void ngx_gemini_snapshot_list(ngx_gemini_snapshot_t *gs,
    ngx_gemini_out_t *out, ngx_uint_t list);
static void ngx_gemini_snapshot_line(ngx_gemini_out_t *out);


uint64_t
ngx_gemini_snapshot_sign(const ngx_gemini_pool_t *gp)
{
    /* each only grows */

    return gp->event + gp->epoch + gp->changes + gp->totals.requests
           + gp->totals.attempts + gp->totals.lost + gp->probing.lists
           + gp->probing.probes;
}


void
ngx_gemini_snapshot_init(ngx_gemini_snapshot_t *gs, const ngx_str_t *pool,
    uint32_t pid, uint64_t now)
{
    ngx_gemini_saved_root_t  *root;

    ngx_memzero(gs, offsetof(ngx_gemini_snapshot_t, batch));

    root = &gs->root;

    root->version = NGX_GEMINI_SAVED_VERSION;
    root->pid = pid;
    root->written = now;
    root->pool.len = ngx_min(pool->len, NGX_GEMINI_MODEL_MAX);
    ngx_memcpy(root->pool.label, pool->data, root->pool.len);
}


void
ngx_gemini_snapshot_copy(ngx_gemini_snapshot_t *gs,
    const ngx_gemini_view_t *gv)
{
    gs->n = 0;
    gs->more = 0;

    switch (gs->stage) {

    case 0:
        ngx_gemini_snapshot_root(gs, gv);
        break;

    case NGX_GEMINI_SAVED_CELLS + 1:
        ngx_gemini_snapshot_cells(gs, gv);
        break;

    case NGX_GEMINI_SAVED_TEAMS + 1:
        ngx_gemini_snapshot_teams(gs, gv);
        break;

    case NGX_GEMINI_SAVED_OWNERS + 1:
        ngx_gemini_snapshot_owners(gs, gv);
        break;

    case NGX_GEMINI_SAVED_EVENTS + 1:
        ngx_gemini_snapshot_events(gs, gv);
        break;

    default:
        ngx_gemini_snapshot_slots(gs, gv, gs->stage - 1);
    }
}


static void
ngx_gemini_snapshot_root(ngx_gemini_snapshot_t *gs,
    const ngx_gemini_view_t *gv)
{
    const ngx_gemini_pool_t  *gp;
    ngx_gemini_saved_root_t  *root;

    gp = gv->gp;
    root = &gs->root;

    gs->sign = ngx_gemini_snapshot_sign(gp);
    gs->event = (gp->event > NGX_GEMINI_EVENTS)
                ? gp->event - NGX_GEMINI_EVENTS : 0;

    root->born = gp->saving.born;
    root->skew = gp->skew;
    root->skew_at = gp->skew_at;
    root->budget_refused = gp->budget_refused;
    root->upstream = gp->upstream;
    root->totals = gp->totals;
    root->probing = gp->probing;

    if (gp->lock_model < gv->nmodels) {
        root->lock = gv->model_slots[gp->lock_model];
        root->lock_until = gp->lock_until;
    }

    ngx_gemini_snapshot_columns(gs, gv);
}


/* a cell is used with its model, or rests, which the model's bits tell */

static void
ngx_gemini_snapshot_columns(ngx_gemini_snapshot_t *gs,
    const ngx_gemini_view_t *gv)
{
    uint32_t                   i, word;
    uint64_t                   bits;
    const ngx_gemini_model_t  *model;

    for (i = 0; i < gv->nmodels; i++) {
        model = &gv->models[i];

        if (i != gv->other && gv->model_slots[i].len == 0) {
            continue;
        }

        bits = 0;

        for (word = 0; word < gv->words; word++) {
            bits |= ngx_gemini_bitmap(gv, i)[word];
        }

        if (bits || model->counters.requests || model->in_flight) {
            gs->columns[gs->ncolumns++] = i;
        }
    }
}


static void
ngx_gemini_snapshot_sort(const ngx_gemini_view_t *gv, ngx_uint_t list,
    ngx_gemini_snapshot_sort_t *sort)
{
    sort->batch = NGX_GEMINI_SNAPSHOT_BATCH;

    switch (list) {

    case NGX_GEMINI_SAVED_ACCOUNTS:
        sort->slots = gv->account_slots;
        sort->nslots = gv->gp->caps.accounts;
        sort->records = (u_char *) gv->accounts;
        sort->size = sizeof(ngx_gemini_account_t);
        sort->offset = offsetof(ngx_gemini_saved_account_t, account);
        break;

    case NGX_GEMINI_SAVED_PROJECTS:
        sort->slots = gv->project_slots;
        sort->nslots = gv->gp->caps.projects;
        sort->records = (u_char *) gv->projects;
        sort->size = sizeof(ngx_gemini_project_t);
        sort->offset = offsetof(ngx_gemini_saved_project_t, project);
        break;

    case NGX_GEMINI_SAVED_KEYS:
        sort->slots = gv->key_slots;
        sort->nslots = gv->gp->caps.keys;
        sort->records = (u_char *) gv->keys;
        sort->size = sizeof(ngx_gemini_key_t);
        sort->offset = offsetof(ngx_gemini_saved_key_t, key);
        break;

    default: /* NGX_GEMINI_SAVED_MODELS */
        sort->slots = gv->model_slots;
        sort->nslots = gv->nmodels;
        sort->records = (u_char *) gv->models;
        sort->size = sizeof(ngx_gemini_model_t);
        sort->offset = offsetof(ngx_gemini_saved_model_t, model);
        sort->batch = NGX_GEMINI_SNAPSHOT_MODELS;
    }
}


static void
ngx_gemini_snapshot_slots(ngx_gemini_snapshot_t *gs,
    const ngx_gemini_view_t *gv, ngx_uint_t list)
{
    u_char                      *p;
    uint32_t                     last;
    ngx_gemini_slot_t           *slot;
    ngx_gemini_snapshot_sort_t   sort;

    ngx_gemini_snapshot_sort(gv, list, &sort);

    last = ngx_min(sort.nslots, gs->at + NGX_GEMINI_SNAPSHOT_LOOK);
    p = (u_char *) &gs->batch;

    for ( /* void */ ; gs->at < last && gs->n < sort.batch; gs->at++) {
        slot = (ngx_gemini_slot_t *) (void *) p;
        *slot = sort.slots[gs->at];

        if (list == NGX_GEMINI_SAVED_MODELS) {
            ngx_gemini_snapshot_other(gv, gs->at, slot);
        }

        if (slot->len == 0) {
            continue;
        }

        ngx_memcpy(p + sort.offset, sort.records + sort.size * gs->at,
                   sort.size);

        p += ngx_gemini_saved_lists[list].size;
        gs->n++;
    }

    gs->more = (gs->at < sort.nslots);
}


/* the record that unlisted models without a slot of their own share */

static void
ngx_gemini_snapshot_other(const ngx_gemini_view_t *gv, uint32_t model,
    ngx_gemini_slot_t *slot)
{
    if (model == gv->other) {
        slot->len = 1;
        slot->label[0] = '*';
    }
}


/* one that nobody used is not read: its memory may not be there yet */

static void
ngx_gemini_snapshot_cells(ngx_gemini_snapshot_t *gs,
    const ngx_gemini_view_t *gv)
{
    uint32_t                  look, model;
    ngx_gemini_saved_cell_t  *saved;

    look = NGX_GEMINI_SNAPSHOT_LOOK;

    while (gs->at < gv->gp->caps.projects && look > 0
           && gs->n < NGX_GEMINI_SNAPSHOT_BATCH)
    {
        look--;

        if (gs->column == gs->ncolumns || gv->project_slots[gs->at].len == 0) {
            gs->column = 0;
            gs->at++;
            continue;
        }

        model = gs->columns[gs->column++];

        if (ngx_gemini_snapshot_idle(gv, gs->at, model)) {
            continue;
        }

        saved = &gs->batch.cells[gs->n++];

        saved->project = gv->project_slots[gs->at];
        saved->model = gv->model_slots[model];
        saved->cell = *ngx_gemini_cell(gv, gs->at, model);

        ngx_gemini_snapshot_other(gv, model, &saved->model);
    }

    gs->more = (gs->at < gv->gp->caps.projects);
}


static ngx_uint_t
ngx_gemini_snapshot_idle(const ngx_gemini_view_t *gv, uint32_t project,
    uint32_t model)
{
    const ngx_gemini_project_t  *record;

    record = &gv->projects[project];

    if (record->counters.requests || record->in_flight) {
        return 0;
    }

    return ((ngx_gemini_bitmap(gv, model)[project / 64] >> (project % 64))
            & 1)
           == 0;
}


static void
ngx_gemini_snapshot_teams(ngx_gemini_snapshot_t *gs,
    const ngx_gemini_view_t *gv)
{
    const ngx_gemini_team_t  *team;
    ngx_gemini_saved_team_t  *saved;

    for ( /* void */ ;
         gs->at <= NGX_GEMINI_TEAMS && gs->n < NGX_GEMINI_SNAPSHOT_BATCH;
         gs->at++)
    {
        team = &gv->metrics->teams[gs->at];

        if (team->len == 0 && gs->at < NGX_GEMINI_TEAMS) {
            gs->at = NGX_GEMINI_TEAMS - 1;
            continue;
        }

        saved = &gs->batch.teams[gs->n++];

        saved->counters = team->counters;
        ngx_gemini_snapshot_label(&saved->slot, team->label, team->len);

        if (gs->at == NGX_GEMINI_TEAMS) {
            ngx_gemini_snapshot_label(&saved->slot, (u_char *) "other",
                                      sizeof("other") - 1);
        }
    }

    gs->more = (gs->at <= NGX_GEMINI_TEAMS);
}


static void
ngx_gemini_snapshot_owners(ngx_gemini_snapshot_t *gs,
    const ngx_gemini_view_t *gv)
{
    uint32_t                   last, total;
    const ngx_gemini_owner_t  *owner;

    total = gv->gp->owned ? gv->gp->caps.owners : 0;
    last = ngx_min(total, gs->at + NGX_GEMINI_SNAPSHOT_LOOK);

    while (gs->at < last && gs->n < NGX_GEMINI_SNAPSHOT_BATCH) {
        owner = &gv->owners[gs->at++];

        if (owner->hash != 0 && owner->expires > gs->root.written) {
            ngx_gemini_snapshot_owner(gs, gv, owner);
        }
    }

    gs->more = (gs->at < total);
}


static void
ngx_gemini_snapshot_owner(ngx_gemini_snapshot_t *gs,
    const ngx_gemini_view_t *gv, const ngx_gemini_owner_t *owner)
{
    uint32_t                   model;
    ngx_gemini_saved_owner_t  *saved;

    saved = &gs->batch.owners[gs->n++];

    saved->project = gv->project_slots[owner->project];
    saved->model.len = 0;
    saved->expires = owner->expires;
    saved->type = owner->type;

    ngx_gemini_saved_pack(saved->hash, owner->hash);
    ngx_gemini_saved_pack(saved->team, owner->team);

    model = ngx_gemini_owner_set_model(gv, owner, 0);

    if (model != NGX_GEMINI_NONE) {
        saved->model = gv->model_slots[model];
    }
}


/* oldest first; what was overwritten meanwhile is passed over */

static void
ngx_gemini_snapshot_events(ngx_gemini_snapshot_t *gs,
    const ngx_gemini_view_t *gv)
{
    const ngx_gemini_event_t  *event;
    ngx_gemini_saved_event_t  *saved;

    if (gs->event + NGX_GEMINI_EVENTS < gv->gp->event) {
        gs->event = gv->gp->event - NGX_GEMINI_EVENTS;
    }

    while (gs->event < gv->gp->event && gs->n < NGX_GEMINI_SNAPSHOT_BATCH) {
        event = &gv->gp->events[gs->event++ % NGX_GEMINI_EVENTS];
        saved = &gs->batch.events[gs->n++];

        saved->event = *event;

        ngx_gemini_snapshot_label(&saved->label, event->label,
                                  ngx_min(event->label_len,
                                          NGX_GEMINI_LABEL_MAX));
        ngx_gemini_snapshot_label(&saved->model, event->model,
                                  ngx_min(event->model_len,
                                          NGX_GEMINI_MODEL_MAX));
    }

    gs->more = (gs->event < gv->gp->event);
}


static void
ngx_gemini_snapshot_label(ngx_gemini_slot_t *slot, const u_char *p,
    size_t len)
{
    slot->len = (uint16_t) len;
    ngx_memcpy(slot->label, p, len);
}


ngx_int_t
ngx_gemini_snapshot_render(ngx_gemini_snapshot_t *gs, ngx_gemini_out_t *out)
{
    if (gs->stage == 0) {
        ngx_gemini_out_open(out, NULL, '{');
        ngx_gemini_saved_write(out, ngx_gemini_saved_root_fields, &gs->root);

    } else {
        ngx_gemini_snapshot_list(gs, out, gs->stage - 1);
    }

    if (gs->more) {
        return NGX_AGAIN;
    }

    gs->stage++;
    gs->at = 0;
    gs->begun = 0;

    if (gs->stage <= NGX_GEMINI_SAVED_LISTS) {
        return NGX_AGAIN;
    }

    ngx_gemini_out_close(out, '}');
    ngx_gemini_out_cstr(out, "\n");

    return NGX_OK;
}


/* a line for each record that says something beside whose it is */

static void
ngx_gemini_snapshot_list(ngx_gemini_snapshot_t *gs, ngx_gemini_out_t *out,
    ngx_uint_t list)
{
    uint32_t                        i;
    const u_char                   *record;
    const ngx_gemini_saved_list_t  *sl;

    sl = &ngx_gemini_saved_lists[list];
    record = (u_char *) &gs->batch;

    if (!gs->begun) {
        ngx_gemini_snapshot_line(out);
        ngx_gemini_out_open(out, sl->name, '[');
        gs->begun = 1;
    }

    for (i = 0; i < gs->n; i++, record += sl->size) {

        if (ngx_gemini_saved_blank(sl->fields + sl->identity, record)) {
            continue;
        }

        ngx_gemini_snapshot_line(out);
        ngx_gemini_out_open(out, NULL, '{');
        ngx_gemini_saved_write(out, sl->fields, record);
        ngx_gemini_out_close(out, '}');
    }

    if (!gs->more) {
        ngx_gemini_out_close(out, ']');
    }
}


static void
ngx_gemini_snapshot_line(ngx_gemini_out_t *out)
{
    if (out->comma) {
        out->comma = 0;
        ngx_gemini_out_cstr(out, ",");
    }

    ngx_gemini_out_cstr(out, "\n");
}
