
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The state file's text: what is written is read again, by label, and by no
 * hold of the lock that copies or looks at too much.
 */


#include "snapshot.h"


static void snapshot_trip(void);
static void snapshot_applied(void);
static void snapshot_owned(void);
static void snapshot_others(void);
static void snapshot_unlisted(void);
static void snapshot_events(void);
static void snapshot_sign(void);
static void snapshot_many(void);


static u_char  again[SNAPSHOT_TEXT];


static void
snapshot_trip(void)
{
    size_t                       n, len;
    ngx_gemini_view_t            one, two;
    ngx_gemini_restore_error_t   error;

    snapshot_start(&one, "a b c", "flash lite");
    snapshot_state();

    len = snapshot_write(text, 100);
    n = snapshot_write(again, 1);
    tap_ok(n == len && memcmp(text, again, n) == 0, "the sink's size is all"
           " the same");

    tap_ok(strstr((char *) text, "\"until\":\"2026-11-22T06:00:34.567Z\"")
           != NULL, "a time to the millisecond");
    tap_ok(strstr((char *) text, "\n{\"name\":\"c\",\"fingerprint\":"
                  "\"6363636363636363\",\"disabled\":\"invalid\"") != NULL
           || strstr((char *) text, "\"fingerprint\":\"6363636363636363\"")
              != NULL, "a line for a key");
    tap_ok(strstr((char *) text, "{\"name\":\"b\"") == NULL,
           "none for a key that says nothing");
    tap_ok(strstr((char *) text, "{\"p\":\"a\",\"h\":\"0123456789abcdef\","
                  "\"t\":\"file\",\"k\":\"000000000000fedc\","
                  "\"e\":\"2026-11-24T05:59:59.000Z\"}") != NULL,
           "a line for a file");
    tap_ok(strstr((char *) text, "\"page\"") == NULL,
           "none for what is over");

    snapshot_start(&two, "a b c", "flash lite");
    tap_is_int(snapshot_read((char *) text, len, &error), NGX_OK, "read");
    tap_is_str(error.reason ? error.reason : "", "", "no error");

    gv->gp->saving.born = SLOTS_NOW - 1;
    n = snapshot_write(again, 4096);
    tap_ok(n == len && memcmp(text, again, n) == 0,
           "and written as it was");

    if (n != len) {
        tap_diag("%s", text);
        tap_diag("%s", again);
    }

    snapshot_applied();
    snapshot_owned();

    slots_stop(&one);
    slots_stop(&two);
}


static void
snapshot_applied(void)
{
    ngx_gemini_key_t     *key;
    ngx_gemini_cell_t    *cell;
    ngx_gemini_model_t   *model;

    key = &gv->keys[slots.keys[0].slot];
    tap_is_int(key->disabled, NGX_GEMINI_KEY_LEAKED, "a is disabled");
    tap_is_int(key->in_flight, 0, "nothing in flight");
    tap_is_int(key->verbs, (1 << NGX_GEMINI_VERB_LIVE)
                           | (1 << NGX_GEMINI_VERB_CHAT), "its verbs");

    cell = ngx_gemini_cell(gv, slots.projects[0].slot, slots.models[1].slot);
    tap_is_int(cell->rest.until, SLOTS_NOW + 34567, "the cell a, lite rests");
    tap_is_int(cell->rest.length, 34567, "its length");
    tap_is_int(cell->rest.trial, 1, "whoever tried it is gone");
    tap_is_int(cell->rest.step, 3, "its step");
    tap_is_int(cell->learned.rpm, 10, "its learned limit");
    tap_is_int(cell->use.minute, SLOTS_NOW + 123, "its minute");
    tap_is_int(cell->use.day_requests, 4, "its day");
    tap_is_int(cell->in_flight + cell->trying, 0, "nothing under way");
    tap_is_int(ngx_gemini_bitmap(gv, slots.models[1].slot)[0],
               (1 << slots.projects[0].slot) | (1 << slots.projects[2].slot),
               "bits of the cell, and of the project c");

    tap_is_int(gv->accounts[slots.accounts[2].slot].rest.until,
               SLOTS_NOW + 3000, "the account c rests");
    tap_is_int(gv->gp->upstream.until, SLOTS_NOW + 100, "the upstream, too");

    model = &gv->models[slots.models[1].slot];
    tap_is_int(model->window.n, 20, "a window");
    tap_is_int(model->window.moves, 150, "its moves");
    tap_is_int(model->window.samples[model->window.head - 1].latency, 149,
               "its last sample");
    tap_is_int(model->output_limit, 65536, "its output limit");

    tap_is_int(gv->gp->lock_model, slots.models[1].slot, "the lock");
    tap_is_int(gv->gp->totals.outcomes[NGX_GEMINI_OUTCOME_FAILOVER], 7,
               "totals");
    tap_is_int(gv->gp->skew, -1500, "the clock skew");
    tap_is_int(gv->gp->event, 1, "events");
    tap_is_mem(gv->gp->events[0].label, gv->gp->events[0].label_len, "a",
               "an event's label");
    tap_is_int(gv->gp->in_flight, 0, "nothing in flight at all");
}


static void
snapshot_owned(void)
{
    const ngx_gemini_owner_t  *owner;

    tap_is_int(gv->gp->owned, 1, "resources");

    owner = ngx_gemini_owner_set_find(gv, 0x0123456789abcdef, SLOTS_NOW);
    tap_ok(owner != NULL && owner->project == slots.projects[0].slot
           && owner->type == NGX_GEMINI_REF_FILE && owner->team == 0xfedc
           && owner->model == NGX_GEMINI_NONE
           && owner->used == SLOTS_NOW - 1000, "a file of a team");

    owner = ngx_gemini_owner_set_find(gv, 2, SLOTS_NOW);
    tap_ok(owner != NULL && owner->project == slots.projects[2].slot
           && owner->model == slots.models[1].slot && owner->team == 0
           && owner->expires == SLOTS_NOW + NGX_GEMINI_DAY,
           "a cache of a model");
}


/* another configuration: by label, and by fingerprint */

static void
snapshot_others(void)
{
    size_t                       len;
    ngx_gemini_key_t            *key;
    ngx_gemini_view_t            one, two;
    const ngx_gemini_owner_t    *owner;
    ngx_gemini_restore_error_t   error;

    snapshot_start(&one, "a b c", "flash lite");
    snapshot_state();
    len = snapshot_write(text, 4096);

    snapshot_start(&two, "x c a", "new lite");
    gv->keys[slots.keys[1].slot].fingerprint[0] ^= 1;

    tap_is_int(snapshot_read((char *) text, len, &error), NGX_OK,
               "read into another configuration");

    key = &gv->keys[slots.keys[1].slot];
    tap_is_int(key->disabled, 0, "c has a new secret, and is not disabled");
    tap_is_int(key->fingerprint[0], 'c' ^ 1, "which it keeps");

    owner = ngx_gemini_owner_set_find(gv, 2, SLOTS_NOW);
    tap_ok(owner != NULL && owner->project == slots.projects[1].slot
           && owner->model == slots.models[1].slot,
           "a resource of the project c");
    owner = ngx_gemini_owner_set_find(gv, 0x0123456789abcdef, SLOTS_NOW);
    tap_ok(owner != NULL && owner->project == slots.projects[2].slot,
           "of the project a");
    tap_is_int(key->operator, 1, "but by the operator");
    tap_is_mem(key->note.text, key->note.len, "why\"", "with a note");
    tap_is_int(gv->keys[slots.keys[2].slot].disabled, NGX_GEMINI_KEY_LEAKED,
               "a is disabled elsewhere");
    tap_is_int(gv->keys[slots.keys[0].slot].counters.requests, 0,
               "x knows nothing");
    tap_is_int(gv->models[slots.models[0].slot].window.n, 0, "nor does new");

    gv->models[slots.models[1].slot].window.n = 0;
    gc->window = 5;
    (void) snapshot_read((char *) text, len, &error);
    tap_is_int(gv->models[slots.models[1].slot].window.n, 5,
               "a window that is smaller now");

    slots_stop(&one);
    slots_stop(&two);
}


/* cells may come before their models, as in what jq -S has sorted */

static void
snapshot_unlisted(void)
{
    uint32_t                     model;
    ngx_str_t                    name;
    ngx_gemini_view_t            one;
    ngx_gemini_restore_error_t   error;

    static const char  sorted[] = "{\"version\":1,\"pool\":\"main\""
        ",\"cells\":[{\"project\":\"a\",\"model\":\"preview\","
        "\"requests\":6},{\"project\":\"a\",\"model\":\"*\","
        "\"refused\":2},{\"project\":\"a\",\"model\":\"gone\"}],"
        "\"models\":[{\"name\":\"preview\",\"unknown\":1},"
        "{\"name\":\"*\",\"counters\":{\"requests\":4}}]}";

    snapshot_start(&one, "a", "flash");

    tap_is_int(snapshot_read(sorted, sizeof(sorted) - 1, &error), NGX_OK,
               "sorted by name");

    name.data = (u_char *) "preview";
    name.len = sizeof("preview") - 1;
    model = ngx_gemini_pool_spare(gv, &name);

    tap_ok(model != gv->other, "an unlisted model has its slot");
    tap_is_int(gv->models[model].unknown, 1, "its record");
    tap_is_int(ngx_gemini_cell(gv, slots.projects[0].slot, model)->requests,
               6, "its cell");
    tap_is_int(gv->models[gv->other].counters.requests, 4, "the others");
    tap_is_int(ngx_gemini_cell(gv, slots.projects[0].slot,
                               gv->other)->refused, 2, "their cell");

    slots_stop(&one);
}


/* a ring that has gone round, and that moves on while it is copied */

static void
snapshot_events(void)
{
    char                          *p;
    uint32_t                       i, n;
    ngx_int_t                      rc;
    ngx_gemini_out_t               out;
    ngx_gemini_view_t              one;
    ngx_gemini_event_t             event;
    static ngx_gemini_snapshot_t   gs;

    snapshot_start(&one, "a", "flash");
    memset(&event, 0, sizeof(event));

    for (i = 1; i <= 1000; i++) {
        event.number = i;
        ngx_gemini_pool_event(gv, &event);
    }

    ngx_gemini_snapshot_init(&gs, &gc->name, 7, SLOTS_NOW);
    ngx_gemini_out_init(&out, text, sizeof(text));

    do {
        ngx_gemini_snapshot_copy(&gs, gv);

        if (gs.stage == NGX_GEMINI_SAVED_EVENTS + 1 && i <= 1100) {
            for ( /* void */ ; i <= 1100; i++) {
                event.number = i;
                ngx_gemini_pool_event(gv, &event);
            }
        }

        rc = ngx_gemini_snapshot_render(&gs, &out);
    } while (rc == NGX_AGAIN);

    *out.pos = '\0';

    n = 0;

    for (p = (char *) text; (p = strstr(p, "\"number\":")) != NULL; p++) {
        n++;
    }

    tap_is_int(n, 256 + 64, "the ring, and what came while it was copied");
    tap_ok(strstr((char *) text, "\"number\":745,") == NULL
           && strstr((char *) text, "\"number\":745}") != NULL,
           "from the oldest");
    tap_ok(strstr((char *) text, "\"number\":1100}") != NULL,
           "to the newest");
    tap_ok(strstr((char *) text, "\"number\":820}") == NULL,
           "what was overwritten is passed over");

    slots_stop(&one);
}


static void
snapshot_sign(void)
{
    uint64_t             sign;
    ngx_gemini_view_t    one;
    ngx_gemini_event_t   event;

    snapshot_start(&one, "a", "flash");
    memset(&event, 0, sizeof(event));

    sign = ngx_gemini_snapshot_sign(gv->gp);
    tap_is_int(ngx_gemini_snapshot_sign(gv->gp), sign, "nothing changed");

    ngx_gemini_pool_event(gv, &event);
    tap_ok(ngx_gemini_snapshot_sign(gv->gp) != sign, "an event");

    sign = ngx_gemini_snapshot_sign(gv->gp);
    gv->gp->epoch++;
    tap_ok(ngx_gemini_snapshot_sign(gv->gp) != sign, "a settled attempt");

    sign = ngx_gemini_snapshot_sign(gv->gp);
    gv->gp->changes++;
    tap_ok(ngx_gemini_snapshot_sign(gv->gp) != sign, "another change");

    slots_stop(&one);
}


/* many empty slots and silent cells: no hold looks at too many */

static void
snapshot_many(void)
{
    uint32_t            i;
    ngx_gemini_view_t   one;

    gv = &one;
    slots_start(gv, 5000);
    slots_conf("a", "flash lite");
    gc->name.data = (u_char *) "main";
    gc->name.len = 4;

    for (i = 1; i < 300; i++) {
        (void) sprintf(slots.names[i], "k%u", i);
        slots_conf_key(slots.names[i], strlen(slots.names[i]));
    }

    slots_claim();

    for (i = 0; i < 200; i++) {
        gv->models[slots.models[0].slot].counters.requests++;
        gv->projects[slots.projects[i].slot].counters.requests++;
        ngx_gemini_cell(gv, slots.projects[i].slot,
                        slots.models[0].slot)->requests = 1;
    }

    (void) snapshot_write(text, 4096);

    /* of 5000 slots 300 are taken: five for each sort, and cells of them */
    tap_ok(holds > 20 && holds < 60, "%u holds of the lock", holds);

    slots_stop(&one);
}


int
main(void)
{
    snapshot_trip();
    snapshot_others();
    snapshot_unlisted();
    snapshot_events();
    snapshot_sign();
    snapshot_many();

    return tap_done();
}
