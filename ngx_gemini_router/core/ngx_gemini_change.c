
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_change.h"


static void ngx_gemini_change_label(const ngx_gemini_settling_t *st,
    ngx_gemini_change_t *change);
static void ngx_gemini_change_event(const ngx_gemini_settling_t *st,
    const ngx_gemini_change_t *change);


void
ngx_gemini_change(ngx_gemini_settling_t *st, ngx_gemini_event_e type,
    ngx_gemini_scope_e scope, const ngx_gemini_rest_t *rest, uint64_t number)
{
    ngx_gemini_change_t  change;

    ngx_memzero(&change, sizeof(ngx_gemini_change_t));

    change.type = type;
    change.scope = scope;
    change.reason = st->verdict->class;
    change.number = number;
    change.label.data = (u_char *) "";
    change.model.data = (u_char *) "";

    if (rest != NULL) {
        change.until = rest->until;
        change.reason = rest->reason;
        change.provenance = rest->provenance;
    }

    ngx_gemini_change_label(st, &change);
    ngx_gemini_change_event(st, &change);

    st->settle->nevents++;

    if (st->settle->nchanges < NGX_GEMINI_CHANGES) {
        st->settle->changes[st->settle->nchanges++] = change;
    }
}


static void
ngx_gemini_change_label(const ngx_gemini_settling_t *st,
    ngx_gemini_change_t *change)
{
    ngx_gemini_slot_t            *slot;
    const ngx_gemini_conf_t      *gc;
    const ngx_gemini_key_conf_t  *key;

    gc = st->gc;
    key = &gc->keys[st->settle->key];

    switch (change->scope) {

    case NGX_GEMINI_SCOPE_KEY:
        change->label = key->label;
        return;

    case NGX_GEMINI_SCOPE_ACCOUNT:
        change->label = gc->accounts[key->account].label;
        return;

    case NGX_GEMINI_SCOPE_PROJECT:
        change->label = gc->projects[key->project].label;
        return;

    case NGX_GEMINI_SCOPE_CELL:
        change->label = gc->projects[key->project].label;
        break;

    case NGX_GEMINI_SCOPE_MODEL:
        break;

    default:
        return;
    }

    if (st->settle->choice_conf != NGX_GEMINI_NONE) {
        change->model = gc->models[st->settle->choice_conf].name;
        return;
    }

    slot = &st->gv->model_slots[st->resv.model];
    change->model.data = slot->label;
    change->model.len = slot->len;
}


static void
ngx_gemini_change_event(const ngx_gemini_settling_t *st,
    const ngx_gemini_change_t *change)
{
    ngx_gemini_event_t  event;

    ngx_memzero(&event, sizeof(ngx_gemini_event_t));

    event.time = st->now;
    event.until = change->until;
    event.number = change->number;
    event.type = (uint8_t) change->type;
    event.scope = (uint8_t) change->scope;
    event.reason = (uint8_t) change->reason;
    event.provenance = (uint8_t) change->provenance;
    event.label_len = (uint8_t) ngx_min(change->label.len,
                                        NGX_GEMINI_LABEL_MAX);
    event.model_len = (uint8_t) ngx_min(change->model.len,
                                        NGX_GEMINI_MODEL_MAX);

    ngx_memcpy(event.label, change->label.data, event.label_len);
    ngx_memcpy(event.model, change->model.data, event.model_len);

    ngx_gemini_pool_event(st->gv, &event);
}


void
ngx_gemini_sched_name(ngx_gemini_view_t *gv, const ngx_gemini_settle_t *settle,
    const u_char *request_id)
{
    uint64_t  n, last;

    last = settle->event + settle->nevents;

    for (n = settle->event; n < last; n++) {

        /* unless others have followed so soon that the ring is through */

        if (gv->gp->event - n <= NGX_GEMINI_EVENTS) {
            ngx_memcpy(gv->gp->events[n % NGX_GEMINI_EVENTS].request_id,
                       request_id, NGX_GEMINI_REQUEST_ID);
        }
    }
}
