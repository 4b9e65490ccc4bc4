
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * From a zone into one of another size.
 */


#include "slots.h"


static void carry_all(void);
static void carry_state(void);


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


int
main(void)
{
    carry_all();

    return tap_done();
}
