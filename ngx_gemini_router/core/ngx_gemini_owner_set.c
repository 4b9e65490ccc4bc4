
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_owner_set.h"
#include "ngx_gemini_slots.h"


static ngx_gemini_owner_t *ngx_gemini_owner_set(const ngx_gemini_view_t *gv,
    uint64_t hash);
static void ngx_gemini_owner_set_carry(ngx_gemini_view_t *to,
    const ngx_gemini_view_t *from, const ngx_gemini_owner_t *old,
    const uint32_t *models, uint64_t now);


ngx_gemini_owner_t *
ngx_gemini_owner_set_find(const ngx_gemini_view_t *gv, uint64_t hash,
    uint64_t now)
{
    ngx_uint_t           i;
    ngx_gemini_owner_t  *set;

    set = ngx_gemini_owner_set(gv, hash);

    if (set == NULL || hash == 0 || !gv->gp->owned) {
        return NULL;
    }

    for (i = 0; i < NGX_GEMINI_OWNER_WAYS; i++) {
        if (set[i].hash == hash) {
            return (set[i].expires > now) ? &set[i] : NULL;
        }
    }

    return NULL;
}


/* NULL: the pool has none */

static ngx_gemini_owner_t *
ngx_gemini_owner_set(const ngx_gemini_view_t *gv, uint64_t hash)
{
    uint64_t  sets;

    sets = gv->gp->caps.owners / NGX_GEMINI_OWNER_WAYS;

    if (sets == 0) {
        return NULL;
    }

    return &gv->owners[((hash ^ hash >> 32) & (sets - 1))
                       * NGX_GEMINI_OWNER_WAYS];
}


ngx_gemini_owner_t *
ngx_gemini_owner_set_place(const ngx_gemini_view_t *gv, uint64_t hash,
    uint64_t used, uint64_t now)
{
    ngx_uint_t           i;
    ngx_gemini_owner_t  *set, *empty, *oldest;

    set = ngx_gemini_owner_set(gv, hash);

    if (set == NULL || hash == 0) {
        return NULL;
    }

    empty = NULL;
    oldest = set;

    for (i = 0; i < NGX_GEMINI_OWNER_WAYS; i++) {

        if (set[i].hash == hash) {
            return &set[i];
        }

        if (set[i].hash == 0 || set[i].expires <= now) {
            empty = empty ? empty : &set[i];
            continue;
        }

        if (set[i].used < oldest->used) {
            oldest = &set[i];
        }
    }

    if (empty != NULL) {
        return empty;
    }

    return (oldest->used > used) ? NULL : oldest;
}


void
ngx_gemini_owner_set_store(ngx_gemini_owner_t *owner,
    const ngx_gemini_owner_t *from)
{
    ngx_gemini_owner_t  copy;

    copy = *from;
    copy.hash = 0;

    *(volatile uint64_t *) &owner->hash = 0;

    ngx_memory_barrier();

    *owner = copy;

    ngx_memory_barrier();

    *(volatile uint64_t *) &owner->hash = from->hash;
}


void
ngx_gemini_owner_set_bind(const ngx_gemini_view_t *gv,
    ngx_gemini_owner_t *owner, uint32_t model)
{
    ngx_gemini_slot_t  *slot;

    owner->model = NGX_GEMINI_NONE;
    owner->model_hash = 0;

    if (model >= gv->nmodels || gv->model_slots[model].len == 0) {
        return;
    }

    slot = &gv->model_slots[model];

    owner->model = model;
    owner->model_hash = ngx_gemini_slots_hash(slot->label, slot->len);
}


uint32_t
ngx_gemini_owner_set_model(const ngx_gemini_view_t *gv,
    const ngx_gemini_owner_t *owner, uint64_t cycle)
{
    uint32_t            model;
    ngx_str_t           name;
    ngx_gemini_slot_t  *slot;

    if (owner->model >= gv->nmodels) {
        return NGX_GEMINI_NONE;
    }

    slot = &gv->model_slots[owner->model];

    if (ngx_gemini_slots_hash(slot->label, slot->len) != owner->model_hash) {
        return NGX_GEMINI_NONE;
    }

    name.data = slot->label;
    name.len = slot->len;

    /* a spare that was listed since, a listed one that no longer is */

    if (owner->model >= gv->gp->caps.models) {
        model = ngx_gemini_slot_model(gv, &name);

        return (model == NGX_GEMINI_NONE
                || gv->model_slots[model].cycle < cycle)
               ? owner->model : model;
    }

    if (slot->cycle >= cycle) {
        return owner->model;
    }

    model = ngx_gemini_pool_spare(gv, &name);

    return (model == gv->other) ? NGX_GEMINI_NONE : model;
}


void
ngx_gemini_owner_set_retire(ngx_gemini_view_t *gv)
{
    uint32_t             i;
    ngx_gemini_owner_t  *owner;

    if (gv->gp->owned) {

        for (i = 0; i < gv->gp->caps.owners; i++) {
            owner = &gv->owners[i];

            if (owner->hash != 0 && gv->projects[owner->project].given) {
                ngx_memzero(owner, sizeof(ngx_gemini_owner_t));
            }
        }
    }

    for (i = 0; i < gv->gp->caps.projects; i++) {
        gv->projects[i].given = 0;
    }
}


void
ngx_gemini_owner_set_copy(ngx_gemini_view_t *to,
    const ngx_gemini_view_t *from, const uint32_t *models, uint64_t now)
{
    uint32_t  i;

    if (!from->gp->owned) {
        return;
    }

    to->gp->owned = 1;

    for (i = 0; i < from->gp->caps.owners; i++) {

        if (from->owners[i].hash != 0 && from->owners[i].expires > now) {
            ngx_gemini_owner_set_carry(to, from, &from->owners[i], models,
                                       now);
        }
    }
}


static void
ngx_gemini_owner_set_carry(ngx_gemini_view_t *to,
    const ngx_gemini_view_t *from, const ngx_gemini_owner_t *old,
    const uint32_t *models, uint64_t now)
{
    uint32_t             i, project, model;
    ngx_str_t            label;
    ngx_gemini_slot_t   *slot;
    ngx_gemini_owner_t  *owner, copy;

    slot = &from->project_slots[old->project];

    label.data = slot->label;
    label.len = slot->len;

    project = ngx_gemini_slot_project(to, &label);

    if (project == NGX_GEMINI_NONE) {
        return;
    }

    owner = ngx_gemini_owner_set_place(to, old->hash, old->used, now);

    if (owner == NULL) {
        return;
    }

    model = ngx_gemini_owner_set_model(from, old, 0);

    copy = *old;
    copy.project = project;

    ngx_gemini_owner_set_bind(to, &copy, NGX_GEMINI_NONE);

    for (i = 0; model != NGX_GEMINI_NONE && i < to->nmodels; i++) {

        if (models[i] == model) {
            ngx_gemini_owner_set_bind(to, &copy, i);
        }
    }

    ngx_gemini_owner_set_store(owner, &copy);
}
