
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * A pool with something of everything to save, written and read.
 */


#ifndef _SNAPSHOT_H_INCLUDED_
#define _SNAPSHOT_H_INCLUDED_


#include "ngx_gemini_owner.h"
#include "ngx_gemini_snapshot.h"
#include "slots.h"


#define SNAPSHOT_TEXT  262144


static inline void snapshot_start(ngx_gemini_view_t *view, const char *keys,
    const char *models);
static inline size_t snapshot_write(u_char *p, uint32_t slice);
static inline ngx_int_t snapshot_grow(ngx_gemini_out_t *out);
static inline ngx_int_t snapshot_read(const char *p, size_t len,
    ngx_gemini_restore_error_t *error);
static inline void snapshot_state(void);
static inline void snapshot_owners(void);
static inline void snapshot_root(void);


static u_char    text[SNAPSHOT_TEXT];
static uint32_t  holds;


static inline void
snapshot_start(ngx_gemini_view_t *view, const char *keys, const char *models)
{
    gv = view;
    slots_start(gv, 9);
    slots_conf(keys, models);

    gc->window = 20;
    gc->name.data = (u_char *) "main";
    gc->name.len = sizeof("main") - 1;

    slots_claim();
}


/* slice: bytes of the sink's piece */

static inline size_t
snapshot_write(u_char *p, uint32_t slice)
{
    ngx_int_t                      rc;
    ngx_gemini_out_t               out;
    static ngx_gemini_snapshot_t   gs;

    ngx_gemini_snapshot_init(&gs, &gc->name, 7, SLOTS_NOW);

    ngx_gemini_out_init(&out, p, slice);
    out.grow = snapshot_grow;
    out.data = &slice;
    holds = 0;

    do {
        ngx_gemini_snapshot_copy(&gs, gv);
        rc = ngx_gemini_snapshot_render(&gs, &out);
        holds++;
    } while (rc == NGX_AGAIN);

    tap_ok(rc == NGX_OK && !out.failed, "written");
    *out.pos = '\0';

    return out.pos - p;
}


static inline ngx_int_t
snapshot_grow(ngx_gemini_out_t *out)
{
    uint32_t *slice = out->data;

    out->end += *slice;

    return NGX_OK;
}


static inline ngx_int_t
snapshot_read(const char *p, size_t len, ngx_gemini_restore_error_t *error)
{
    ngx_str_t  str;

    str.data = (u_char *) p;
    str.len = len;

    return ngx_gemini_restore(gv, gc, &str, SLOTS_NOW, error);
}


static inline void
snapshot_state(void)
{
    ngx_gemini_key_t   *key;
    ngx_gemini_cell_t  *cell;

    key = &gv->keys[slots.keys[0].slot];
    key->disabled = NGX_GEMINI_KEY_LEAKED;
    key->disabled_at = SLOTS_NOW;
    key->verbs = (1 << NGX_GEMINI_VERB_LIVE) | (1 << NGX_GEMINI_VERB_CHAT);
    key->surfaces = 1 << NGX_GEMINI_SURFACE_OPENAI;
    key->in_flight = 3;
    key->counters.requests = 12;

    key = &gv->keys[slots.keys[2].slot];
    key->disabled = NGX_GEMINI_KEY_INVALID;
    key->operator = 1;
    key->operator_until = SLOTS_NOW + 5;
    key->note.len = 4;
    memcpy(key->note.text, "why\"", 4);

    cell = ngx_gemini_cell(gv, slots.projects[0].slot, slots.models[1].slot);
    ngx_gemini_rest_place(&cell->rest, SLOTS_NOW, 34567,
                          NGX_GEMINI_QUOTA_MINUTE, NGX_GEMINI_GUESSED);
    ngx_gemini_pool_mark(gv, slots.projects[0].slot, slots.models[1].slot);
    cell->rest.step = 3;
    cell->rest.trial = NGX_GEMINI_TRYING;
    cell->learned.rpm = 10;
    cell->learned.rpm_at = SLOTS_NOW;
    cell->use.requests = 3;
    cell->use.minute = SLOTS_NOW + 123;
    cell->use.day = 20780;
    cell->use.day_requests = 4;
    cell->in_flight = 3;
    cell->trying = 1;
    cell->warned = 1;

    gv->models[slots.models[1].slot].counters.requests = 1;
    gv->projects[slots.projects[0].slot].counters.requests = 1;

    ngx_gemini_rest_place(&gv->projects[slots.projects[2].slot].rest,
                          SLOTS_NOW, 2000, NGX_GEMINI_PROJECT_DENIED,
                          NGX_GEMINI_LEARNED);
    ngx_gemini_rest_place(&gv->accounts[slots.accounts[2].slot].rest,
                          SLOTS_NOW, 3000, NGX_GEMINI_CREDIT,
                          NGX_GEMINI_LEARNED);
    ngx_gemini_rest_place(&gv->gp->upstream, SLOTS_NOW, 100,
                          NGX_GEMINI_TRANSPORT, NGX_GEMINI_GUESSED);

    snapshot_owners();
    snapshot_root();
}


/* a file of a team, a cache of a model, one that is over */

static inline void
snapshot_owners(void)
{
    ngx_gemini_ref_t   refs[2];
    ngx_gemini_refs_t  named;

    memset(refs, 0, sizeof(refs));
    memset(&named, 0, sizeof(named));

    named.elts = refs;
    named.nelts = 1;

    refs[0].type = NGX_GEMINI_REF_FILE;
    refs[0].hash = 0x0123456789abcdef;
    ngx_gemini_owner_learn(gv, gc, &named, 0, NGX_GEMINI_NONE, 0xfedc,
                           SLOTS_NOW - 1000);

    refs[0].type = NGX_GEMINI_REF_CACHE;
    refs[0].hash = 2;
    refs[1].type = NGX_GEMINI_REF_STORE;
    refs[1].hash = 3;
    named.nelts = 2;
    ngx_gemini_owner_learn(gv, gc, &named, 2, slots.models[1].slot, 0,
                           SLOTS_NOW);

    refs[0].type = NGX_GEMINI_REF_PAGE;
    refs[0].hash = 4;
    named.nelts = 1;
    ngx_gemini_owner_learn(gv, gc, &named, 2, NGX_GEMINI_NONE, 0,
                           SLOTS_NOW - NGX_GEMINI_HOUR);
}


static inline void
snapshot_root(void)
{
    uint32_t              i;
    ngx_str_t             name;
    ngx_gemini_event_t    event;
    ngx_gemini_model_t   *model;
    ngx_gemini_sample_t   sample;

    memset(&event, 0, sizeof(event));
    memset(&sample, 0, sizeof(sample));

    model = &gv->models[slots.models[1].slot];
    model->output_limit = 65536;

    for (i = 0; i < 150; i++) {
        sample.latency = i;
        sample.ok = i & 1;
        ngx_gemini_window_add(&model->window, 20, &sample);
    }

    event.time = SLOTS_NOW;
    event.type = NGX_GEMINI_EVENT_DISABLED;
    event.scope = NGX_GEMINI_SCOPE_KEY;
    event.reason = NGX_GEMINI_KEY_LEAKED;
    event.label_len = 1;
    event.label[0] = 'a';
    memcpy(event.request_id, "0123456789abcdef0123456789abcdef", 32);
    ngx_gemini_pool_event(gv, &event);

    gv->gp->lock_model = slots.models[1].slot;
    gv->gp->lock_until = SLOTS_NOW + 9000;
    gv->gp->totals.requests = 99;
    gv->gp->totals.outcomes[NGX_GEMINI_OUTCOME_FAILOVER] = 7;
    gv->gp->totals.classes[NGX_GEMINI_OVERLOADED] = 8;
    gv->gp->skew = -1500;
    gv->gp->skew_at = SLOTS_NOW;
    gv->gp->in_flight = 3;
    gv->gp->saving.born = SLOTS_NOW - 1;

    name.data = (u_char *) "preview";
    name.len = sizeof("preview") - 1;
    i = ngx_gemini_pool_spare_claim(gv, &name, SLOTS_NOW);
    gv->models[i].counters.requests = 5;
    ngx_gemini_cell(gv, slots.projects[0].slot, i)->requests = 6;
}


#endif /* _SNAPSHOT_H_INCLUDED_ */
