
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_pool.h"
#include "ngx_gemini_slots.h"


static uint32_t ngx_gemini_slots_scan(const ngx_gemini_slot_t *slots,
    uint32_t first, uint32_t last, const ngx_str_t *label);


uint32_t
ngx_gemini_slot_key(const ngx_gemini_view_t *gv, const ngx_str_t *label)
{
    return ngx_gemini_slots_find(gv->key_slots, gv->gp->caps.keys,
                                 &gv->key_index, label);
}


uint32_t
ngx_gemini_slot_project(const ngx_gemini_view_t *gv, const ngx_str_t *label)
{
    return ngx_gemini_slots_find(gv->project_slots, gv->gp->caps.projects,
                                 &gv->project_index, label);
}


uint32_t
ngx_gemini_slot_account(const ngx_gemini_view_t *gv, const ngx_str_t *label)
{
    return ngx_gemini_slots_find(gv->account_slots, gv->gp->caps.accounts,
                                 &gv->account_index, label);
}


uint32_t
ngx_gemini_slot_model(const ngx_gemini_view_t *gv, const ngx_str_t *name)
{
    return ngx_gemini_slots_scan(gv->model_slots, 0, gv->gp->caps.models,
                                 name);
}


uint32_t
ngx_gemini_pool_project(const ngx_gemini_conf_t *gc, uint32_t slot)
{
    uint32_t  i;

    if (gc->project_map == NULL) {

        for (i = 0; i < gc->nprojects; i++) {
            if (gc->projects[i].slot == slot) {
                return i;
            }
        }

        return NGX_GEMINI_NONE;
    }

    for (i = slot & gc->project_mask;
         gc->project_map[i] != 0;
         i = (i + 1) & gc->project_mask)
    {
        if (gc->projects[gc->project_map[i] - 1].slot == slot) {
            return gc->project_map[i] - 1;
        }
    }

    return NGX_GEMINI_NONE;
}


uint32_t
ngx_gemini_pool_spare(const ngx_gemini_view_t *gv, const ngx_str_t *name)
{
    uint32_t  slot;

    slot = ngx_gemini_slots_scan(gv->model_slots, gv->gp->caps.models,
                                 gv->other, name);

    return (slot == NGX_GEMINI_NONE) ? gv->other : slot;
}


uint32_t
ngx_gemini_pool_spare_claim(ngx_gemini_view_t *gv, const ngx_str_t *name,
    uint64_t now)
{
    uint32_t    i, best;
    ngx_uint_t  used;

    best = ngx_gemini_pool_spare(gv, name);

    if (best != gv->other || name->len > NGX_GEMINI_MODEL_MAX) {
        return best;
    }

    for (i = gv->gp->caps.models; i < gv->other; i++) {

        if (gv->models[i].in_flight != 0
            || gv->models[i].operator
            || gv->gp->lock_model == i)
        {
            continue;
        }

        if (best == gv->other
            || gv->models[i].last_used < gv->models[best].last_used)
        {
            best = i;
        }
    }

    if (best == gv->other) {
        return best;
    }

    used = (gv->model_slots[best].len != 0);

    ngx_gemini_slots_name(&gv->model_slots[best], name, gv->gp->cycle);
    ngx_gemini_slots_clean_model(gv, best, used);

    gv->models[best].last_used = now;

    return best;
}


uint32_t
ngx_gemini_slots_find(const ngx_gemini_slot_t *slots, uint32_t n,
    const ngx_gemini_index_t *index, const ngx_str_t *label)
{
    uint32_t                  i, mask;
    const ngx_gemini_slot_t  *slot;

    if (index == NULL) {
        return ngx_gemini_slots_scan(slots, 0, n, label);
    }

    mask = index->mask;

    /* the table is never more than half full */

    for (i = ngx_gemini_slots_hash(label->data, label->len) & mask;
         index->table[i] != 0;
         i = (i + 1) & mask)
    {
        slot = &slots[index->table[i] - 1];

        if (slot->len == label->len
            && ngx_memcmp(slot->label, label->data, label->len) == 0)
        {
            return index->table[i] - 1;
        }
    }

    return NGX_GEMINI_NONE;
}


static uint32_t
ngx_gemini_slots_scan(const ngx_gemini_slot_t *slots, uint32_t first,
    uint32_t last, const ngx_str_t *label)
{
    uint32_t  i;

    for (i = first; i < last; i++) {

        if (slots[i].len != 0
            && slots[i].len == label->len
            && ngx_memcmp(slots[i].label, label->data, label->len) == 0)
        {
            return i;
        }
    }

    return NGX_GEMINI_NONE;
}


/* FNV-1a */

uint32_t
ngx_gemini_slots_hash(const u_char *data, size_t len)
{
    size_t    i;
    uint32_t  hash;

    hash = 0x811c9dc5;

    for (i = 0; i < len; i++) {
        hash = (hash ^ data[i]) * 0x01000193;
    }

    return hash;
}


void
ngx_gemini_slots_index(const ngx_gemini_slot_t *slots, uint32_t n,
    const ngx_gemini_index_t *index)
{
    uint32_t  i, h, mask, *table;

    mask = index->mask;
    table = index->table;

    ngx_memzero(table, sizeof(uint32_t) * ((size_t) mask + 1));

    for (i = 0; i < n; i++) {

        if (slots[i].len == 0) {
            continue;
        }

        h = ngx_gemini_slots_hash(slots[i].label, slots[i].len) & mask;

        while (table[h] != 0) {
            h = (h + 1) & mask;
        }

        table[h] = i + 1;
    }
}


void
ngx_gemini_slots_map(ngx_gemini_conf_t *gc)
{
    uint32_t  i, h;

    if (gc->project_map == NULL) {
        return;
    }

    ngx_memzero(gc->project_map,
                sizeof(uint32_t) * ((size_t) gc->project_mask + 1));

    for (i = 0; i < gc->nprojects; i++) {
        h = gc->projects[i].slot & gc->project_mask;

        while (gc->project_map[h] != 0) {
            h = (h + 1) & gc->project_mask;
        }

        gc->project_map[h] = i + 1;
    }
}


void
ngx_gemini_slots_chain(ngx_gemini_conf_t *gc)
{
    uint32_t                  i, n, kind;
    ngx_gemini_model_conf_t  *model;

    n = 0;

    for (kind = 0; kind < NGX_GEMINI_KINDS; kind++) {

        for (i = 0; i < gc->nmodels; i++) {
            model = &gc->models[i];

            if (model->fallback && model->kind == kind) {
                gc->chains[n].slot = model->slot;
                gc->chains[n].conf = i;
                model->chain = n++;
            }
        }

        /* all of them end where the kind does */

        for (i = 0; i < gc->nmodels; i++) {
            model = &gc->models[i];

            if (model->fallback && model->kind == kind) {
                model->nchain = n - model->chain;
            }
        }
    }
}


void
ngx_gemini_slots_name(ngx_gemini_slot_t *slot, const ngx_str_t *label,
    uint64_t cycle)
{
    size_t  len;

    len = ngx_min(label->len, NGX_GEMINI_MODEL_MAX);

    ngx_memcpy(slot->label, label->data, len);

    slot->len = (uint16_t) len;
    slot->cycle = cycle;
}


void
ngx_gemini_slots_clean_project(ngx_gemini_view_t *gv, uint32_t project,
    ngx_uint_t used)
{
    uint32_t  i;

    ngx_memzero(&gv->projects[project], sizeof(ngx_gemini_project_t));

    for (i = 0; i < gv->nmodels; i++) {

        if (used) {
            ngx_memzero(ngx_gemini_cell(gv, project, i),
                        sizeof(ngx_gemini_cell_t));
        }

        ngx_gemini_bitmap(gv, i)[project / 64] &= ~((uint64_t) 1
                                                    << (project % 64));
    }
}


void
ngx_gemini_slots_clean_model(ngx_gemini_view_t *gv, uint32_t model,
    ngx_uint_t used)
{
    uint32_t  i;

    ngx_memzero(&gv->models[model], sizeof(ngx_gemini_model_t));
    ngx_memzero(ngx_gemini_bitmap(gv, model), sizeof(uint64_t) * gv->words);

    ngx_gemini_metrics_forget(gv->metrics, model);

    if (gv->gp->lock_model == model) {
        gv->gp->lock_model = NGX_GEMINI_NONE;
    }

    for (i = 0; i < gv->gp->caps.projects; i++) {

        if (used && gv->project_slots[i].len != 0) {
            ngx_memzero(ngx_gemini_cell(gv, i, model),
                        sizeof(ngx_gemini_cell_t));
        }

        if (gv->projects[i].rest.until != 0) {
            ngx_gemini_pool_mark(gv, i, model);
        }
    }
}
