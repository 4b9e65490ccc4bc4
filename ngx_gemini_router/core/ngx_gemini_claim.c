
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Slots for the items of a configuration: what they take, who gets which.
 */


#include "ngx_gemini_pool.h"
#include "ngx_gemini_owner_set.h"
#include "ngx_gemini_slots.h"


#define NGX_GEMINI_CLAIM_HEADROOM  8          /* models to come */


/* one sort of slots beside the items of configuration that want them */

typedef enum {
    NGX_GEMINI_CLAIM_KEY = 0,
    NGX_GEMINI_CLAIM_PROJECT,
    NGX_GEMINI_CLAIM_ACCOUNT,
    NGX_GEMINI_CLAIM_MODEL,
    NGX_GEMINI_CLAIM_SORTS
} ngx_gemini_claim_e;


typedef struct {
    ngx_gemini_slot_t         *slots;
    uint32_t                   nslots;
    const ngx_gemini_index_t  *index;      /* NULL: few, looked through */

    u_char                    *items;      /* each begins with its label */
    uint32_t                   nitems;
    size_t                     size;
    size_t                     slot;       /* offset in the item */
} ngx_gemini_claim_t;


#define ngx_gemini_claim_label(sort, i)                                       \
    ((ngx_str_t *) (void *) ((sort)->items + (sort)->size * (i)))

#define ngx_gemini_claim_slot(sort, i)                                        \
    ((uint32_t *) (void *) ((sort)->items + (sort)->size * (i)                \
                            + (sort)->slot))


static void ngx_gemini_claim_sort(const ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, ngx_uint_t type, ngx_gemini_claim_t *sort);
static uint32_t ngx_gemini_claim_find(const ngx_gemini_claim_t *sort,
    uint32_t i);
static uint64_t ngx_gemini_claim_oldest(const ngx_gemini_pool_t *gp);
static uint32_t ngx_gemini_claim_need(const ngx_gemini_claim_t *sort,
    uint64_t oldest);

static void ngx_gemini_claim_slots(ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, ngx_uint_t type, uint64_t oldest);
static void ngx_gemini_claim_clean(ngx_gemini_view_t *gv, ngx_uint_t type,
    uint32_t slot, ngx_uint_t used);
static void ngx_gemini_claim_secret(ngx_gemini_key_t *key,
    const ngx_gemini_key_conf_t *kc);


void
ngx_gemini_caps_need(const ngx_gemini_conf_t *gc, ngx_gemini_caps_t *caps)
{
    caps->keys = gc->nkeys;
    caps->projects = gc->nprojects;
    caps->accounts = gc->naccounts;
    caps->models = gc->nmodels;
    caps->reservations = NGX_GEMINI_RESERVATIONS;
    caps->owners = NGX_GEMINI_OWNERS;
}


void
ngx_gemini_caps_fill(const ngx_gemini_conf_t *gc, size_t bytes,
    ngx_gemini_caps_t *caps)
{
    uint32_t  n, step;

    ngx_gemini_caps_need(gc, caps);

    while (ngx_gemini_pool_size(caps) > bytes
           && caps->owners > NGX_GEMINI_OWNERS_MIN)
    {
        caps->owners /= 2;
    }

    while (ngx_gemini_pool_size(caps) > bytes
           && caps->reservations > NGX_GEMINI_RESERVATIONS_MIN)
    {
        caps->reservations--;
    }

    for (n = NGX_GEMINI_CLAIM_HEADROOM; n > 0; n /= 2) {
        caps->models = ngx_min(gc->nmodels + n, NGX_GEMINI_LISTED_MAX);

        if (ngx_gemini_pool_size(caps) <= bytes) {
            break;
        }

        caps->models = gc->nmodels;
    }

    for (step = NGX_GEMINI_KEYS_MAX / 2; step > 0; step /= 2) {
        caps->keys += step;
        caps->projects += step;
        caps->accounts += step;

        if (ngx_gemini_pool_size(caps) > bytes) {
            caps->keys -= step;
            caps->projects -= step;
            caps->accounts -= step;
        }
    }
}


ngx_uint_t
ngx_gemini_pool_fits(const ngx_gemini_view_t *gv, const ngx_gemini_conf_t *gc)
{
    ngx_gemini_caps_t   need;
    ngx_gemini_caps_t  *caps;

    ngx_gemini_pool_need(gv, gc, &need);

    caps = &gv->gp->caps;

    return need.keys <= caps->keys
           && need.projects <= caps->projects
           && need.accounts <= caps->accounts
           && need.models <= caps->models;
}


void
ngx_gemini_pool_need(const ngx_gemini_view_t *gv, const ngx_gemini_conf_t *gc,
    ngx_gemini_caps_t *need)
{
    uint32_t            n[NGX_GEMINI_CLAIM_SORTS];
    uint64_t            oldest;
    ngx_uint_t          i;
    ngx_gemini_claim_t  sort;

    oldest = ngx_gemini_claim_oldest(gv->gp);

    for (i = 0; i < NGX_GEMINI_CLAIM_SORTS; i++) {
        ngx_gemini_claim_sort(gv, gc, i, &sort);
        n[i] = ngx_gemini_claim_need(&sort, oldest);
    }

    need->keys = n[NGX_GEMINI_CLAIM_KEY];
    need->projects = n[NGX_GEMINI_CLAIM_PROJECT];
    need->accounts = n[NGX_GEMINI_CLAIM_ACCOUNT];
    need->models = n[NGX_GEMINI_CLAIM_MODEL];
    need->reservations = gv->gp->caps.reservations;
    need->owners = gv->gp->caps.owners;
}


static void
ngx_gemini_claim_sort(const ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, ngx_uint_t type, ngx_gemini_claim_t *sort)
{
    switch (type) {

    case NGX_GEMINI_CLAIM_KEY:
        sort->slots = gv->key_slots;
        sort->nslots = gv->gp->caps.keys;
        sort->index = &gv->key_index;
        sort->items = (u_char *) gc->keys;
        sort->nitems = gc->nkeys;
        sort->size = sizeof(ngx_gemini_key_conf_t);
        sort->slot = offsetof(ngx_gemini_key_conf_t, slot);
        break;

    case NGX_GEMINI_CLAIM_PROJECT:
        sort->slots = gv->project_slots;
        sort->nslots = gv->gp->caps.projects;
        sort->index = &gv->project_index;
        sort->items = (u_char *) gc->projects;
        sort->nitems = gc->nprojects;
        sort->size = sizeof(ngx_gemini_project_conf_t);
        sort->slot = offsetof(ngx_gemini_project_conf_t, slot);
        break;

    case NGX_GEMINI_CLAIM_ACCOUNT:
        sort->slots = gv->account_slots;
        sort->nslots = gv->gp->caps.accounts;
        sort->index = &gv->account_index;
        sort->items = (u_char *) gc->accounts;
        sort->nitems = gc->naccounts;
        sort->size = sizeof(ngx_gemini_account_conf_t);
        sort->slot = offsetof(ngx_gemini_account_conf_t, slot);
        break;

    default: /* NGX_GEMINI_CLAIM_MODEL */
        sort->slots = gv->model_slots;
        sort->nslots = gv->gp->caps.models;
        sort->index = NULL;
        sort->items = (u_char *) gc->models;
        sort->nitems = gc->nmodels;
        sort->size = sizeof(ngx_gemini_model_conf_t);
        sort->slot = offsetof(ngx_gemini_model_conf_t, slot);
    }
}


static uint32_t
ngx_gemini_claim_find(const ngx_gemini_claim_t *sort, uint32_t i)
{
    return ngx_gemini_slots_find(sort->slots, sort->nslots, sort->index,
                                 ngx_gemini_claim_label(sort, i));
}


/*
 * The oldest generation that a worker runs, the last one included, whose
 * workers may not have joined yet: slots that it or a later one names stay.
 */

static uint64_t
ngx_gemini_claim_oldest(const ngx_gemini_pool_t *gp)
{
    uint32_t  i;
    uint64_t  oldest;

    oldest = gp->cycle;

    for (i = 0; i < NGX_GEMINI_WORKERS; i++) {

        if (gp->workers[i].pid != 0 && gp->workers[i].cycle < oldest) {
            oldest = gp->workers[i].cycle;
        }
    }

    return oldest;
}


static uint32_t
ngx_gemini_claim_need(const ngx_gemini_claim_t *sort, uint64_t oldest)
{
    uint32_t            i, n, need;
    ngx_gemini_slot_t  *slot;

    need = 0;

    for (i = 0; i < sort->nslots; i++) {
        slot = &sort->slots[i];

        if (slot->len != 0 && slot->cycle >= oldest) {
            need++;
        }
    }

    for (i = 0; i < sort->nitems; i++) {
        n = ngx_gemini_claim_find(sort, i);

        if (n == NGX_GEMINI_NONE || sort->slots[n].cycle < oldest) {
            need++;
        }
    }

    return need;
}


void
ngx_gemini_pool_claim(ngx_gemini_view_t *gv, ngx_gemini_conf_t *gc,
    uint64_t now)
{
    uint32_t                i;
    uint64_t                oldest;
    ngx_uint_t              type;
    ngx_gemini_key_conf_t  *key;

    oldest = ngx_gemini_claim_oldest(gv->gp);

    gv->gp->cycle++;
    gc->cycle = gv->gp->cycle;

    for (type = 0; type < NGX_GEMINI_CLAIM_SORTS; type++) {
        ngx_gemini_claim_slots(gv, gc, type, oldest);
    }

    ngx_gemini_slots_map(gc);
    ngx_gemini_slots_chain(gc);
    ngx_gemini_owner_set_retire(gv);

    for (i = 0; i < gc->nkeys; i++) {
        key = &gc->keys[i];

        key->project_slot = gc->projects[key->project].slot;
        key->account_slot = gc->accounts[key->account].slot;

        ngx_gemini_claim_secret(&gv->keys[key->slot], key);
    }

    for (i = 0; i < gv->nmodels; i++) {
        ngx_gemini_pool_sweep(gv, i, now);
    }

    gv->gp->epoch++;
}


/* first those that have a slot, so that nobody is given it */

static void
ngx_gemini_claim_slots(ngx_gemini_view_t *gv, const ngx_gemini_conf_t *gc,
    ngx_uint_t type, uint64_t oldest)
{
    uint32_t            i, n, *slot;
    ngx_str_t          *label;
    ngx_uint_t          used;
    ngx_gemini_claim_t  sort;

    ngx_gemini_claim_sort(gv, gc, type, &sort);

    for (i = 0; i < sort.nitems; i++) {
        slot = ngx_gemini_claim_slot(&sort, i);
        *slot = ngx_gemini_claim_find(&sort, i);

        if (*slot != NGX_GEMINI_NONE) {
            sort.slots[*slot].cycle = gv->gp->cycle;
        }
    }

    n = 0;

    for (i = 0; i < sort.nitems; i++) {
        slot = ngx_gemini_claim_slot(&sort, i);

        if (*slot != NGX_GEMINI_NONE) {
            continue;
        }

        while (sort.slots[n].len != 0 && sort.slots[n].cycle >= oldest) {
            n++;
        }

        label = ngx_gemini_claim_label(&sort, i);
        used = (sort.slots[n].len != 0);

        ngx_gemini_slots_name(&sort.slots[n], label, gv->gp->cycle);
        ngx_gemini_claim_clean(gv, type, n, used);

        *slot = n++;
    }

    if (sort.index != NULL) {
        ngx_gemini_slots_index(sort.slots, sort.nslots, sort.index);
    }
}


/* a slot that nobody had is all zeroes, and its cells may stay untouched */

static void
ngx_gemini_claim_clean(ngx_gemini_view_t *gv, ngx_uint_t type, uint32_t slot,
    ngx_uint_t used)
{
    switch (type) {

    case NGX_GEMINI_CLAIM_KEY:
        ngx_memzero(&gv->keys[slot], sizeof(ngx_gemini_key_t));
        break;

    case NGX_GEMINI_CLAIM_PROJECT:
        ngx_gemini_slots_clean_project(gv, slot, used);
        gv->projects[slot].given = (used != 0);
        break;

    case NGX_GEMINI_CLAIM_ACCOUNT:
        ngx_memzero(&gv->accounts[slot], sizeof(ngx_gemini_account_t));
        break;

    default: /* NGX_GEMINI_CLAIM_MODEL */
        ngx_gemini_slots_clean_model(gv, slot, used);
    }
}


/* a new secret starts clean; what holds the old one may still be under way */

static void
ngx_gemini_claim_secret(ngx_gemini_key_t *key, const ngx_gemini_key_conf_t *kc)
{
    ngx_gemini_key_t  old;

    if (ngx_memcmp(key->fingerprint, kc->fingerprint, NGX_GEMINI_FINGERPRINT)
        == 0)
    {
        return;
    }

    old = *key;

    ngx_memzero(key, sizeof(ngx_gemini_key_t));
    ngx_memcpy(key->fingerprint, kc->fingerprint, NGX_GEMINI_FINGERPRINT);

    key->in_flight = old.in_flight;
    key->operator = old.operator;
    key->operator_until = old.operator_until;
    key->note = old.note;
}
