
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * From a zone into one of another size.
 */


#include "ngx_gemini_owner_set.h"
#include "ngx_gemini_refs.h"
#include "slots.h"


static void carry_all(void);
static void carry_state(void);
static void carry_owners(uint32_t places);
static void carry_owner(uint64_t hash, uint32_t project, uint32_t model,
    uint64_t used);
static uint64_t carry_owned(uint64_t hash, uint32_t project, uint32_t model);


static void
carry_all(void)
{
    ngx_str_t           name;
    ngx_gemini_cell_t  *cell;
    ngx_gemini_view_t   old;

    name.data = (u_char *) "preview";
    name.len = sizeof("preview") - 1;

    slots_start(&old, 4);
    gv = &old;
    slots_conf("a b c", "flash lite");
    slots_claim();
    carry_state();

    gv = &slots_view;
    slots_start(gv, 9);
    slots_conf("x c a", "new lite");
    slots.keys[1].fingerprint[0] ^= 1;
    slots_claim();

    ngx_gemini_pool_copy(gv, &old);

    tap_is_int(gv->keys[slots.keys[2].slot].disabled, NGX_GEMINI_KEY_LEAKED,
               "a is disabled");
    tap_is_int(gv->keys[slots.keys[2].slot].in_flight, 0,
               "what is in flight stays in the old zone");
    tap_is_int(gv->keys[slots.keys[1].slot].disabled, 0,
               "c has a new secret");
    tap_is_int(gv->keys[slots.keys[1].slot].operator, 1,
               "and the operator's flag");

    cell = ngx_gemini_cell(gv, slots.projects[2].slot, slots.models[1].slot);
    tap_is_int(cell->rest.until, SLOTS_NOW + 1000, "the cell a, lite rests");
    tap_is_int(cell->learned.rpm, 10, "its learned limit");
    tap_is_int(cell->use.requests, 3, "its budget in use");
    tap_is_int(cell->in_flight, 0, "nothing in flight");
    tap_is_int(ngx_gemini_bitmap(gv, slots.models[1].slot)[0],
               (1 << slots.projects[2].slot) | (1 << slots.projects[1].slot),
               "bits of the cell, and of the project c");
    tap_is_int(gv->models[slots.models[1].slot].rest_sweep, SLOTS_NOW + 1000,
               "and the earliest end");

    tap_is_int(gv->accounts[slots.accounts[1].slot].rest.until,
               SLOTS_NOW + 3000, "the account c rests");
    tap_is_int(gv->models[slots.models[1].slot].window.n, 1, "a window");
    tap_is_int(gv->gp->lock_model, slots.models[1].slot, "the lock");
    tap_is_int(gv->gp->totals.requests, 99, "totals");
    tap_is_int(gv->gp->event, 1, "events");
    tap_is_int(gv->gp->in_flight, 0, "nothing in flight at all");
    tap_ok(ngx_gemini_pool_spare(gv, &name) != gv->other, "a spare");
    tap_is_int(gv->models[ngx_gemini_pool_spare(gv, &name)].ramp, 4,
               "with its state");

    slots_stop(&old);
    slots_stop(gv);
}


static void
carry_state(void)
{
    ngx_str_t             name;
    ngx_gemini_key_t     *key;
    ngx_gemini_cell_t    *cell;
    ngx_gemini_event_t    event;
    ngx_gemini_sample_t   sample;

    memset(&event, 0, sizeof(event));
    memset(&sample, 0, sizeof(sample));

    key = &gv->keys[slots.keys[0].slot];
    key->disabled = NGX_GEMINI_KEY_LEAKED;
    key->in_flight = 3;

    key = &gv->keys[slots.keys[2].slot];
    key->disabled = NGX_GEMINI_KEY_INVALID;
    key->operator = 1;

    cell = ngx_gemini_cell(gv, slots.projects[0].slot, slots.models[1].slot);
    ngx_gemini_rest_place(&cell->rest, SLOTS_NOW, 1000,
                          NGX_GEMINI_QUOTA_MINUTE, NGX_GEMINI_TOLD);
    cell->learned.rpm = 10;
    cell->learned.rpm_at = SLOTS_NOW;
    cell->use.requests = 3;
    cell->use.minute = SLOTS_NOW;
    cell->in_flight = 3;

    ngx_gemini_rest_place(&gv->projects[slots.projects[2].slot].rest,
                          SLOTS_NOW, 2000, NGX_GEMINI_PROJECT_DENIED,
                          NGX_GEMINI_LEARNED);
    ngx_gemini_rest_place(&gv->accounts[slots.accounts[2].slot].rest,
                          SLOTS_NOW, 3000, NGX_GEMINI_CREDIT,
                          NGX_GEMINI_LEARNED);

    ngx_gemini_window_add(&gv->models[slots.models[1].slot].window, 20,
                          &sample);
    ngx_gemini_pool_event(gv, &event);

    gv->gp->lock_model = slots.models[1].slot;
    gv->gp->totals.requests = 99;
    gv->gp->in_flight = 3;

    name.data = (u_char *) "preview";
    name.len = sizeof("preview") - 1;
    gv->models[ngx_gemini_pool_spare_claim(gv, &name, SLOTS_NOW)].ramp = 4;
}


/* by label, into as many or fewer places */

static void
carry_owners(uint32_t places)
{
    uint64_t            i, kept;
    ngx_str_t           name;
    ngx_gemini_view_t   old;

    ngx_str_set(&name, "preview");

    slots_start(&old, 4);
    gv = &old;
    slots_conf("a b c", "flash lite");
    slots_claim();

    gv->gp->owned = 1;
    i = ngx_gemini_pool_spare_claim(gv, &name, SLOTS_NOW);

    carry_owner(100, slots.projects[0].slot, slots.models[1].slot,
                SLOTS_NOW);
    carry_owner(101, slots.projects[1].slot, NGX_GEMINI_NONE, SLOTS_NOW);
    carry_owner(102, slots.projects[2].slot, (uint32_t) i, SLOTS_NOW);

    for (i = 1; i <= 20; i++) {
        carry_owner(i, slots.projects[0].slot, NGX_GEMINI_NONE,
                    SLOTS_NOW - i);
    }

    carry_owner(103, slots.projects[2].slot, slots.models[0].slot,
                SLOTS_NOW);
    ngx_gemini_owner_set_find(gv, 103, SLOTS_NOW)->expires = SLOTS_NOW;

    gv = &slots_view;
    slots_start(gv, 9);
    gv->gp->caps.owners = places;
    slots_conf("x c a", "preview lite");
    slots_claim();

    ngx_gemini_pool_copy(gv, &old);

    tap_is_int(gv->gp->owned, 1, "it has something");
    tap_ok(carry_owned(100, slots.projects[2].slot, slots.models[1].slot),
           "the project a, the model lite");
    tap_ok(ngx_gemini_owner_set_find(gv, 101, SLOTS_NOW) == NULL,
           "b is gone");
    tap_ok(carry_owned(102, slots.projects[1].slot, slots.models[0].slot),
           "a model that is listed now");
    tap_ok(ngx_gemini_owner_set_find(gv, 103, 1) == NULL, "over");

    for (i = 1, kept = 0; i <= 20; i++) {
        kept += carry_owned(i, slots.projects[2].slot, NGX_GEMINI_NONE);
    }

    tap_is_int(kept, ngx_min(places - 2, 20), "as many as there is room for");
    tap_ok(carry_owned(1, slots.projects[2].slot, NGX_GEMINI_NONE)
           && carry_owned(20, slots.projects[2].slot, NGX_GEMINI_NONE)
              == (kept == 20), "none for the least recently used");

    slots_stop(&old);
    slots_stop(gv);
}


static void
carry_owner(uint64_t hash, uint32_t project, uint32_t model, uint64_t used)
{
    ngx_gemini_owner_t  *owner;

    owner = ngx_gemini_owner_set_place(gv, hash, used, SLOTS_NOW);

    memset(owner, 0, sizeof(ngx_gemini_owner_t));

    owner->hash = hash;
    owner->team = 7;
    owner->used = used;
    owner->expires = SLOTS_NOW + 1000;
    owner->project = project;
    owner->type = NGX_GEMINI_REF_CACHE;
    ngx_gemini_owner_set_bind(gv, owner, model);
}


static uint64_t
carry_owned(uint64_t hash, uint32_t project, uint32_t model)
{
    const ngx_gemini_owner_t  *owner;

    owner = ngx_gemini_owner_set_find(gv, hash, SLOTS_NOW);

    return owner != NULL
           && owner->project == project
           && ngx_gemini_owner_set_model(gv, owner, gc->cycle) == model
           && owner->team == 7
           && owner->type == NGX_GEMINI_REF_CACHE
           && owner->expires == SLOTS_NOW + 1000;
}


int
main(void)
{
    carry_all();
    carry_owners(64);
    carry_owners(NGX_GEMINI_OWNER_WAYS);

    return tap_done();
}
