
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_pool.h"


#define NGX_GEMINI_POOL_ALIGNMENT  64


/* in the order in which they lie behind the root, the largest last */

typedef enum {
    NGX_GEMINI_PART_KEY_SLOTS = 0,
    NGX_GEMINI_PART_PROJECT_SLOTS,
    NGX_GEMINI_PART_ACCOUNT_SLOTS,
    NGX_GEMINI_PART_MODEL_SLOTS,
    NGX_GEMINI_PART_KEYS,
    NGX_GEMINI_PART_PROJECTS,
    NGX_GEMINI_PART_ACCOUNTS,
    NGX_GEMINI_PART_MODELS,
    NGX_GEMINI_PART_METRICS,
    NGX_GEMINI_PART_RESVS,
    NGX_GEMINI_PART_OWNERS,
    NGX_GEMINI_PART_LACKS,
    NGX_GEMINI_PART_KEY_INDEX,
    NGX_GEMINI_PART_PROJECT_INDEX,
    NGX_GEMINI_PART_ACCOUNT_INDEX,
    NGX_GEMINI_PART_BITMAPS,
    NGX_GEMINI_PART_CELLS,
    NGX_GEMINI_PARTS
} ngx_gemini_part_e;


static size_t ngx_gemini_pool_layout(const ngx_gemini_caps_t *caps,
    size_t *offsets);
static uint32_t ngx_gemini_pool_table(uint32_t n);
static uint32_t ngx_gemini_pool_words(uint32_t n);
static void ngx_gemini_pool_free_list(ngx_gemini_view_t *gv);

static void ngx_gemini_rebuild_clear(ngx_gemini_view_t *gv);
static void ngx_gemini_rebuild_rest(ngx_gemini_rest_t *rest);
static void ngx_gemini_rebuild_resv(ngx_gemini_view_t *gv,
    ngx_gemini_resv_t *resv);
static ngx_uint_t ngx_gemini_rebuild_valid(const ngx_gemini_view_t *gv,
    const ngx_gemini_resv_t *resv);
static void ngx_gemini_rebuild_attempt(ngx_gemini_view_t *gv,
    const ngx_gemini_resv_t *resv);
static void ngx_gemini_rebuild_bitmaps(ngx_gemini_view_t *gv, uint64_t now);


size_t
ngx_gemini_pool_size(const ngx_gemini_caps_t *caps)
{
    size_t  offsets[NGX_GEMINI_PARTS];

    return ngx_gemini_pool_layout(caps, offsets);
}


static size_t
ngx_gemini_pool_layout(const ngx_gemini_caps_t *caps, size_t *offsets)
{
    size_t      size, sizes[NGX_GEMINI_PARTS];
    uint32_t    nmodels;
    ngx_uint_t  i;

    nmodels = caps->models + NGX_GEMINI_SPARE + 1;

    sizes[NGX_GEMINI_PART_KEY_SLOTS] = sizeof(ngx_gemini_slot_t) * caps->keys;
    sizes[NGX_GEMINI_PART_PROJECT_SLOTS] = sizeof(ngx_gemini_slot_t)
                                           * caps->projects;
    sizes[NGX_GEMINI_PART_ACCOUNT_SLOTS] = sizeof(ngx_gemini_slot_t)
                                           * caps->accounts;
    sizes[NGX_GEMINI_PART_MODEL_SLOTS] = sizeof(ngx_gemini_slot_t) * nmodels;
    sizes[NGX_GEMINI_PART_KEYS] = sizeof(ngx_gemini_key_t) * caps->keys;
    sizes[NGX_GEMINI_PART_PROJECTS] = sizeof(ngx_gemini_project_t)
                                      * caps->projects;
    sizes[NGX_GEMINI_PART_ACCOUNTS] = sizeof(ngx_gemini_account_t)
                                      * caps->accounts;
    sizes[NGX_GEMINI_PART_MODELS] = sizeof(ngx_gemini_model_t) * nmodels;
    sizes[NGX_GEMINI_PART_METRICS] = sizeof(ngx_gemini_metrics_t);
    sizes[NGX_GEMINI_PART_RESVS] = sizeof(ngx_gemini_resv_t)
                                   * caps->reservations;
    sizes[NGX_GEMINI_PART_OWNERS] = sizeof(ngx_gemini_owner_t)
                                    * caps->owners;
    sizes[NGX_GEMINI_PART_LACKS] = sizeof(ngx_gemini_lack_t)
                                   * NGX_GEMINI_LACK_LISTS * nmodels;
    sizes[NGX_GEMINI_PART_KEY_INDEX] = sizeof(uint32_t)
                                       * ngx_gemini_pool_table(caps->keys);
    sizes[NGX_GEMINI_PART_PROJECT_INDEX] =
                        sizeof(uint32_t)
                        * ngx_gemini_pool_table(caps->projects);
    sizes[NGX_GEMINI_PART_ACCOUNT_INDEX] =
                        sizeof(uint32_t)
                        * ngx_gemini_pool_table(caps->accounts);
    sizes[NGX_GEMINI_PART_BITMAPS] = sizeof(uint64_t) * nmodels
                                     * ngx_gemini_pool_words(caps->projects);
    sizes[NGX_GEMINI_PART_CELLS] = sizeof(ngx_gemini_cell_t) * nmodels
                                   * caps->projects;

    size = ngx_align(sizeof(ngx_gemini_pool_t), NGX_GEMINI_POOL_ALIGNMENT);

    for (i = 0; i < NGX_GEMINI_PARTS; i++) {
        offsets[i] = size;
        size += ngx_align(sizes[i], NGX_GEMINI_POOL_ALIGNMENT);
    }

    return size;
}


/* a power of two, at least twice as many */

static uint32_t
ngx_gemini_pool_table(uint32_t n)
{
    uint32_t  size;

    for (size = 8; size < 2 * n; size *= 2) { /* void */ }

    return size;
}


static uint32_t
ngx_gemini_pool_words(uint32_t n)
{
    return (n + 63) / 64;
}


void
ngx_gemini_pool_init(void *mem, const ngx_gemini_caps_t *caps, uint64_t now)
{
    ngx_memzero(mem, ngx_gemini_pool_size(caps));

    ngx_gemini_pool_format(mem, caps, now);
}


void
ngx_gemini_pool_format(void *mem, const ngx_gemini_caps_t *caps,
    uint64_t now)
{
    ngx_gemini_pool_t  *gp = mem;

    ngx_gemini_view_t   gv;

    gp->magic = NGX_GEMINI_POOL_MAGIC;
    gp->caps = *caps;
    gp->created = now;
    gp->lock_model = NGX_GEMINI_NONE;
    gp->transport_key = NGX_GEMINI_NONE;

    (void) ngx_gemini_pool_attach(&gv, mem);

    ngx_gemini_pool_free_list(&gv);
    ngx_gemini_metrics_init(gv.metrics);
}


static void
ngx_gemini_pool_free_list(ngx_gemini_view_t *gv)
{
    uint32_t  i;

    gv->gp->free = NGX_GEMINI_NONE;

    for (i = gv->gp->caps.reservations; i > 0; i--) {

        if (gv->resvs[i - 1].type == NGX_GEMINI_RESV_FREE) {
            gv->resvs[i - 1].next = gv->gp->free;
            gv->gp->free = i - 1;
        }
    }
}


ngx_int_t
ngx_gemini_pool_attach(ngx_gemini_view_t *gv, void *mem)
{
    u_char             *base = mem;
    ngx_gemini_pool_t  *gp = mem;

    size_t  offsets[NGX_GEMINI_PARTS];

    if (gp->magic != NGX_GEMINI_POOL_MAGIC) {
        return NGX_ERROR;
    }

    (void) ngx_gemini_pool_layout(&gp->caps, offsets);

    gv->gp = gp;

#define ngx_gemini_part(type, part)                                           \
    ((type *) (void *) (base + offsets[NGX_GEMINI_PART_##part]))

    gv->key_slots = ngx_gemini_part(ngx_gemini_slot_t, KEY_SLOTS);
    gv->project_slots = ngx_gemini_part(ngx_gemini_slot_t, PROJECT_SLOTS);
    gv->account_slots = ngx_gemini_part(ngx_gemini_slot_t, ACCOUNT_SLOTS);
    gv->model_slots = ngx_gemini_part(ngx_gemini_slot_t, MODEL_SLOTS);
    gv->keys = ngx_gemini_part(ngx_gemini_key_t, KEYS);
    gv->projects = ngx_gemini_part(ngx_gemini_project_t, PROJECTS);
    gv->accounts = ngx_gemini_part(ngx_gemini_account_t, ACCOUNTS);
    gv->models = ngx_gemini_part(ngx_gemini_model_t, MODELS);
    gv->cells = ngx_gemini_part(ngx_gemini_cell_t, CELLS);
    gv->resvs = ngx_gemini_part(ngx_gemini_resv_t, RESVS);
    gv->metrics = ngx_gemini_part(ngx_gemini_metrics_t, METRICS);
    gv->owners = ngx_gemini_part(ngx_gemini_owner_t, OWNERS);
    gv->lacks = ngx_gemini_part(ngx_gemini_lack_t, LACKS);
    gv->bitmaps = ngx_gemini_part(uint64_t, BITMAPS);
    gv->key_index.table = ngx_gemini_part(uint32_t, KEY_INDEX);
    gv->project_index.table = ngx_gemini_part(uint32_t, PROJECT_INDEX);
    gv->account_index.table = ngx_gemini_part(uint32_t, ACCOUNT_INDEX);

#undef ngx_gemini_part

    gv->words = ngx_gemini_pool_words(gp->caps.projects);
    gv->nmodels = gp->caps.models + NGX_GEMINI_SPARE + 1;
    gv->other = gv->nmodels - 1;

    gv->key_index.mask = ngx_gemini_pool_table(gp->caps.keys) - 1;
    gv->project_index.mask = ngx_gemini_pool_table(gp->caps.projects) - 1;
    gv->account_index.mask = ngx_gemini_pool_table(gp->caps.accounts) - 1;

    return NGX_OK;
}


void
ngx_gemini_pool_rebuild(ngx_gemini_view_t *gv, uint64_t now)
{
    uint32_t  i;

    ngx_gemini_rebuild_clear(gv);

    for (i = 0; i < gv->gp->caps.reservations; i++) {
        ngx_gemini_rebuild_resv(gv, &gv->resvs[i]);
    }

    ngx_gemini_pool_free_list(gv);
    ngx_gemini_rebuild_bitmaps(gv, now);
    ngx_gemini_metrics_rebuild(gv->metrics);

    gv->gp->waiting_max = ngx_max(gv->gp->waiting_max, gv->gp->waiting);
    gv->gp->totals.rebuilt++;
    gv->gp->epoch++;
}


static void
ngx_gemini_rebuild_clear(ngx_gemini_view_t *gv)
{
    uint32_t            i, n;
    ngx_gemini_caps_t  *caps;
    ngx_gemini_cell_t  *cell;

    caps = &gv->gp->caps;

    gv->gp->in_flight = 0;
    gv->gp->waiting = 0;

    ngx_gemini_rebuild_rest(&gv->gp->upstream);

    for (i = 0; i < caps->keys; i++) {
        gv->keys[i].in_flight = 0;
        ngx_gemini_rebuild_rest(&gv->keys[i].rest);
    }

    for (i = 0; i < caps->accounts; i++) {
        gv->accounts[i].in_flight = 0;
        ngx_gemini_rebuild_rest(&gv->accounts[i].rest);
    }

    for (i = 0; i < gv->nmodels; i++) {
        gv->models[i].in_flight = 0;
    }

    for (i = 0; i < caps->projects; i++) {
        gv->projects[i].in_flight = 0;
        ngx_gemini_rebuild_rest(&gv->projects[i].rest);

        if (gv->project_slots[i].len == 0) {
            continue;
        }

        for (n = 0; n < gv->nmodels; n++) {
            cell = ngx_gemini_cell(gv, i, n);

            cell->in_flight = 0;
            cell->trying = 0;
            ngx_gemini_rebuild_rest(&cell->rest);
        }
    }
}


static void
ngx_gemini_rebuild_rest(ngx_gemini_rest_t *rest)
{
    rest->trial = (rest->trial != 0);
}


static void
ngx_gemini_rebuild_resv(ngx_gemini_view_t *gv, ngx_gemini_resv_t *resv)
{
    if (resv->type == NGX_GEMINI_RESV_FREE) {
        return;
    }

    if (!ngx_gemini_rebuild_valid(gv, resv)) {
        resv->type = NGX_GEMINI_RESV_FREE;
        gv->gp->totals.lost++;
        return;
    }

    if (resv->type == NGX_GEMINI_RESV_WAITER) {
        gv->gp->waiting++;
        return;
    }

    ngx_gemini_rebuild_attempt(gv, resv);
}


/* a record may be half written, or its worker's slot freed already */

static ngx_uint_t
ngx_gemini_rebuild_valid(const ngx_gemini_view_t *gv,
    const ngx_gemini_resv_t *resv)
{
    const ngx_gemini_caps_t  *caps;

    caps = &gv->gp->caps;

    if (resv->worker != NGX_GEMINI_NONE
        && (resv->worker >= NGX_GEMINI_WORKERS
            || gv->gp->workers[resv->worker].pid == 0))
    {
        return 0;
    }

    if (resv->type == NGX_GEMINI_RESV_WAITER) {
        return 1;
    }

    return resv->type == NGX_GEMINI_RESV_ATTEMPT
           && resv->key < caps->keys
           && resv->project < caps->projects
           && resv->account < caps->accounts
           && resv->model < gv->nmodels;
}


static void
ngx_gemini_rebuild_attempt(ngx_gemini_view_t *gv,
    const ngx_gemini_resv_t *resv)
{
    ngx_gemini_key_t      *key;
    ngx_gemini_cell_t     *cell;
    ngx_gemini_account_t  *account;
    ngx_gemini_project_t  *project;

    key = &gv->keys[resv->key];
    cell = ngx_gemini_cell(gv, resv->project, resv->model);
    account = &gv->accounts[resv->account];
    project = &gv->projects[resv->project];

    gv->gp->in_flight++;
    gv->models[resv->model].in_flight++;
    key->in_flight++;
    cell->in_flight++;
    account->in_flight++;
    project->in_flight++;

    if (resv->trial & NGX_GEMINI_TRIAL_UPSTREAM) {
        gv->gp->upstream.trial = NGX_GEMINI_TRYING;
    }

    if (resv->trial & NGX_GEMINI_TRIAL_KEY) {
        key->rest.trial = NGX_GEMINI_TRYING;
    }

    if (resv->trial & NGX_GEMINI_TRIAL_CELL) {
        cell->rest.trial = NGX_GEMINI_TRYING;
        cell->trying = 1;
    }

    if (resv->trial & NGX_GEMINI_TRIAL_ACCOUNT) {
        account->rest.trial = NGX_GEMINI_TRYING;
    }

    if (resv->trial & NGX_GEMINI_TRIAL_PROJECT) {
        project->rest.trial = NGX_GEMINI_TRYING;
    }
}


/* every rest that is not forgotten may rest */

static void
ngx_gemini_rebuild_bitmaps(ngx_gemini_view_t *gv, uint64_t now)
{
    uint32_t  i, n;

    ngx_memzero(gv->bitmaps,
                sizeof(uint64_t) * gv->words * (size_t) gv->nmodels);

    for (i = 0; i < gv->gp->caps.projects; i++) {

        if (gv->project_slots[i].len == 0) {
            continue;
        }

        if (gv->projects[i].rest.until != 0) {
            ngx_gemini_pool_mark(gv, i, NGX_GEMINI_NONE);
            continue;
        }

        for (n = 0; n < gv->nmodels; n++) {

            if (ngx_gemini_cell(gv, i, n)->rest.until != 0) {
                ngx_gemini_pool_mark(gv, i, n);
            }
        }
    }

    for (n = 0; n < gv->nmodels; n++) {
        ngx_gemini_pool_sweep(gv, n, now);
    }
}


uint32_t
ngx_gemini_pool_join(ngx_gemini_view_t *gv, int32_t pid, uint64_t cycle)
{
    uint32_t              i, slot;
    ngx_gemini_worker_t  *workers;

    workers = gv->gp->workers;
    slot = NGX_GEMINI_NONE;

    for (i = 0; i < NGX_GEMINI_WORKERS; i++) {

        if (workers[i].pid == pid) {
            return i;
        }

        if (workers[i].pid == 0 && slot == NGX_GEMINI_NONE) {
            slot = i;
        }
    }

    if (slot != NGX_GEMINI_NONE) {
        workers[slot].cycle = cycle;
        workers[slot].process = NGX_GEMINI_NONE;
        workers[slot].pid = pid;
    }

    return slot;
}


void
ngx_gemini_pool_leave(ngx_gemini_view_t *gv, uint32_t worker)
{
    gv->gp->workers[worker].pid = 0;
}


ngx_uint_t
ngx_gemini_pool_lease(int32_t holder, uint64_t end, int32_t pid,
    uint64_t length, uint64_t now)
{
    return holder == 0 || holder == pid || end <= now
           || end > now + 2 * length;
}


void
ngx_gemini_pool_event(ngx_gemini_view_t *gv, const ngx_gemini_event_t *event)
{
    gv->gp->events[gv->gp->event % NGX_GEMINI_EVENTS] = *event;
    gv->gp->event++;
}
