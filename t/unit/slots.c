
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Slots over reloads: who keeps one, who gets one, what starts clean.
 */


#include "slots.h"


static void slots_reload(void);
static void slots_full(void);
static void slots_secret(void);
static void slots_reused(void);
static void slots_spare(void);
static void slots_many(void);
static void slots_caps(void);
static void slots_chains(void);
static const char *slots_chain(uint32_t model);


static void
slots_reload(void)
{
    uint32_t  a, b, c;

    slots_start(gv, 4);

    slots_conf("a b c", "flash lite");
    slots_claim();

    a = slots.keys[0].slot;
    b = slots.keys[1].slot;
    c = slots.keys[2].slot;

    tap_ok(a != b && b != c && a != c, "three labels, three slots");
    tap_ok(slots.models[0].slot != slots.models[1].slot, "two models, two");
    tap_is_int(slots_key("b"), b, "found by its label");
    tap_is_int(slots_key("zz"), NGX_GEMINI_NONE, "an unknown one is not");
    tap_is_int(slots_key(""), NGX_GEMINI_NONE, "nor an empty one");

    gv->keys[b].counters.requests = 7;
    gv->models[slots.models[1].slot].counters.requests = 9;

    slots_conf("c b d", "lite new flash");
    tap_ok(ngx_gemini_pool_fits(gv, gc), "a new one fits");
    slots_claim();

    tap_is_int(slots.keys[0].slot, c, "another order moves nothing");
    tap_is_int(slots.keys[1].slot, b, "nor a new neighbour");
    tap_ok(slots.keys[2].slot != a, "one that went keeps its slot for now");
    tap_is_int(gv->keys[b].counters.requests, 7, "counters stay");
    tap_is_int(gv->models[slots.models[0].slot].counters.requests, 9,
               "a model's too");
    tap_is_int(gv->gp->cycle, 2, "the second generation");

    slots_stop(gv);
}


/* old workers hold what their configuration names */

static void
slots_full(void)
{
    uint32_t            worker;
    ngx_gemini_caps_t   need;

    slots_start(gv, 4);

    slots_conf("a b c", "flash");
    slots_claim();
    worker = ngx_gemini_pool_join(gv, 100, gv->gp->cycle);

    slots_conf("a x y", "flash");
    tap_ok(!ngx_gemini_pool_fits(gv, gc), "five labels in four slots");

    ngx_gemini_pool_need(gv, gc, &need);
    tap_is_int(need.keys, 5, "keys needed");
    tap_is_int(need.projects, 5, "projects needed");
    tap_is_int(need.accounts, 5, "accounts needed");
    tap_is_int(need.models, 1, "models needed");

    slots_conf("a x", "flash");
    tap_ok(ngx_gemini_pool_fits(gv, gc), "four do");
    slots_claim();

    slots_conf("a y", "flash");
    tap_ok(!ngx_gemini_pool_fits(gv, gc), "b and c are still held");

    ngx_gemini_pool_leave(gv, worker);
    tap_ok(ngx_gemini_pool_fits(gv, gc), "until their worker is gone");
    slots_claim();

    tap_is_int(slots_key("a"), slots.keys[0].slot, "a is where it was");
    tap_ok(slots_key("x") != NGX_GEMINI_NONE, "x is held by the last one");

    slots_stop(gv);
}


static void
slots_secret(void)
{
    ngx_gemini_key_t  *key;

    slots_start(gv, 4);

    slots_conf("a b", "flash");
    slots_claim();

    key = &gv->keys[slots.keys[0].slot];
    key->disabled = NGX_GEMINI_KEY_INVALID;
    key->in_flight = 2;
    key->counters.requests = 5;
    key->operator = 1;
    key->operator_until = SLOTS_NOW;

    slots_claim();
    tap_is_int(key->disabled, NGX_GEMINI_KEY_INVALID,
               "the same secret stays disabled");

    slots.keys[0].fingerprint[0] ^= 1;
    slots_claim();

    tap_is_int(key->disabled, 0, "a new secret starts clean");
    tap_is_int(key->counters.requests, 0, "with no past");
    tap_is_int(key->in_flight, 2, "save for what is under way");
    tap_is_int(key->operator, 1, "and for the operator's word");
    tap_is_int(key->operator_until, SLOTS_NOW, "for its time");

    slots_stop(gv);
}


static void
slots_reused(void)
{
    uint32_t  project, model;

    slots_start(gv, 2);

    slots_conf("a b", "flash");
    slots_claim();

    project = slots.projects[0].slot;
    model = slots.models[0].slot;

    ngx_gemini_cell(gv, project, model)->rest.until = SLOTS_NOW + 60000;
    ngx_gemini_cell(gv, project, model)->requests = 5;
    gv->projects[project].rest.until = SLOTS_NOW + 60000;
    gv->projects[project].rest.length = 60000;
    gv->projects[slots.projects[1].slot].rest = gv->projects[project].rest;
    ngx_gemini_pool_mark(gv, project, NGX_GEMINI_NONE);
    ngx_gemini_pool_mark(gv, slots.projects[1].slot, NGX_GEMINI_NONE);
    gv->models[model].ramp = 4;
    gv->gp->lock_model = model;

    slots_conf("b", "pro");
    slots_claim();
    slots_claim();
    slots_conf("b c", "lite");
    slots_claim();

    tap_is_int(slots.projects[1].slot, project, "c in the place of a");
    tap_is_int(slots.models[0].slot, model, "lite in the place of flash");
    tap_is_int(gv->projects[project].rest.until, 0, "without its rest");
    tap_is_int(ngx_gemini_cell(gv, project, model)->rest.until, 0,
               "nor the cell's");
    tap_is_int(ngx_gemini_cell(gv, project, model)->requests, 0,
               "nor its count");
    tap_is_int(gv->models[model].ramp, 0, "nor the model's ramp");
    tap_is_int(gv->gp->lock_model, NGX_GEMINI_NONE, "nor the lock");
    tap_is_int(ngx_gemini_bitmap(gv, model)[0],
               1 << slots.projects[0].slot, "the bit of b stays");

    slots_stop(gv);
}


static void
slots_spare(void)
{
    char       name[SLOTS_NAME];
    uint32_t   i, slot, first;
    ngx_str_t  str;

    slots_start(gv, 2);
    slots_conf("a", "flash");
    slots_claim();

    str.data = (u_char *) "preview";
    str.len = sizeof("preview") - 1;

    tap_is_int(ngx_gemini_pool_spare(gv, &str), gv->other, "other at first");

    first = ngx_gemini_pool_spare_claim(gv, &str, SLOTS_NOW);

    tap_ok(first >= gv->gp->caps.models && first < gv->other, "a spare");
    tap_is_int(ngx_gemini_pool_spare(gv, &str), first, "its own from now on");
    tap_is_int(ngx_gemini_pool_spare_claim(gv, &str, SLOTS_NOW), first,
               "claimed once");
    tap_is_int(ngx_gemini_slot_model(gv, &str), NGX_GEMINI_NONE,
               "not among the listed");

    slots_claim();
    tap_is_int(ngx_gemini_pool_spare(gv, &str), first, "after a reload too");

    str.data = (u_char *) name;

    for (i = 1; i < NGX_GEMINI_SPARE; i++) {
        str.len = sprintf(name, "m%u", i);
        slot = ngx_gemini_pool_spare_claim(gv, &str, SLOTS_NOW + i);

        gv->models[slot].in_flight = (i <= 2);
        gv->models[slot].operator = (i == 3);
        ngx_gemini_cell(gv, 0, slot)->requests = 1;
    }

    gv->models[first].in_flight = 1;

    str.len = sprintf(name, "new");
    slot = ngx_gemini_pool_spare_claim(gv, &str, SLOTS_NOW + 100);

    tap_is_int(gv->models[slot].last_used, SLOTS_NOW + 100, "used just now");
    tap_is_int(ngx_gemini_cell(gv, 0, slot)->requests, 0, "a clean cell");

    str.len = sprintf(name, "m4");
    tap_is_int(ngx_gemini_pool_spare(gv, &str), gv->other,
               "least recently used, idle, and not the operator's");

    for (i = gv->gp->caps.models; i < gv->other; i++) {
        gv->models[i].in_flight = 1;
    }

    tap_is_int(ngx_gemini_pool_spare_claim(gv, &str, SLOTS_NOW), gv->other,
               "other while all are busy");

    slots_stop(gv);
}


/* ten thousand, then all of them anew while the old ones are held */

static void
slots_many(void)
{
    char      *names, *p;
    uint32_t   i, k, wrong;

    slots_start(gv, 2 * SLOTS_KEYS);

    names = malloc(SLOTS_KEYS * SLOTS_NAME);
    wrong = 0;

    for (k = 0; k < 2; k++) {
        p = names;

        for (i = 0; i < SLOTS_KEYS; i++) {
            p += sprintf(p, " %c%u", "ab"[k], i);
        }

        slots_conf(names, "flash lite");
        wrong += !ngx_gemini_pool_fits(gv, gc);
        slots_claim();

        for (i = 0; i < SLOTS_KEYS; i++) {
            wrong += (ngx_gemini_slot_key(gv, &slots.keys[i].label)
                      != slots.keys[i].slot);
            wrong += (ngx_gemini_slot_project(gv, &slots.keys[i].label)
                      != slots.projects[i].slot);
            wrong += (ngx_gemini_slot_account(gv, &slots.keys[i].label)
                      != slots.accounts[i].slot);
        }
    }

    tap_is_int(wrong, 0, "ten thousand keys, twice");
    tap_ok(slots_key("a77") != NGX_GEMINI_NONE, "the first are still held");

    free(names);
    slots_stop(gv);
}


static void
slots_caps(void)
{
    size_t             size;
    ngx_gemini_caps_t  need, caps;

    slots_conf("a b c", "flash lite");
    ngx_gemini_caps_need(gc, &need);

    tap_is_int(need.keys, 3, "keys at the least");
    tap_is_int(need.models, 2, "models at the least");

    size = ngx_gemini_pool_size(&need);
    ngx_gemini_caps_fill(gc, size, &caps);

    tap_ok(memcmp(&caps, &need, sizeof(caps)) == 0, "no room, no more");

    ngx_gemini_caps_fill(gc, 2 * size, &caps);

    tap_is_int(caps.reservations, NGX_GEMINI_RESERVATIONS, "enough of them");
    tap_ok(caps.keys > 10 && caps.models > 2, "twice the room: growth");
    tap_ok(ngx_gemini_pool_size(&caps) <= 2 * size, "within it");

    caps.keys++;
    caps.projects++;
    caps.accounts++;
    tap_ok(ngx_gemini_pool_size(&caps) > 2 * size, "and all of it");

    need.owners = NGX_GEMINI_OWNERS_MIN;
    need.reservations = 2000;
    size = ngx_gemini_pool_size(&need);
    ngx_gemini_caps_fill(gc, size, &caps);

    tap_ok(caps.reservations >= 2000 && caps.reservations < 2010,
           "little room: fewer reservations");
    tap_is_int(caps.owners, NGX_GEMINI_OWNERS_MIN, "and owners");

    need.owners = NGX_GEMINI_OWNERS / 2;
    need.reservations = NGX_GEMINI_RESERVATIONS;
    ngx_gemini_caps_fill(gc, ngx_gemini_pool_size(&need), &caps);

    tap_ok(caps.owners == NGX_GEMINI_OWNERS / 2
           && caps.reservations == NGX_GEMINI_RESERVATIONS,
           "a little less: fewer owners first");

    ngx_gemini_caps_fill(gc, 1000, &caps);

    tap_ok(ngx_gemini_pool_size(&caps) > 1000, "too little is told");
    tap_is_int(caps.reservations, NGX_GEMINI_RESERVATIONS_MIN,
               "with the fewest reservations");
    tap_is_int(caps.owners, NGX_GEMINI_OWNERS_MIN, "and owners");
}


/* a model that falls back, and those of its kind behind it that do */

static void
slots_chains(void)
{
    slots_start(gv, 4);

    slots_conf("a", "t0 e0 t1 no t2 e1");

    slots.models[0].fallback = 1;
    slots.models[1].fallback = 1;
    slots.models[2].fallback = 1;
    slots.models[3].fallback = 0;
    slots.models[4].fallback = 1;
    slots.models[5].fallback = 1;

    slots.models[1].kind = NGX_GEMINI_KIND_EMBEDDING;
    slots.models[5].kind = NGX_GEMINI_KIND_EMBEDDING;

    slots_claim();

    tap_is_str(slots_chain(0), "t0 t1 t2", "from the first of a kind");
    tap_is_str(slots_chain(1), "e0 e1", "from the first of another");
    tap_is_str(slots_chain(2), "t1 t2", "from the second");
    tap_is_str(slots_chain(4), "t2", "from the last");
    tap_is_str(slots_chain(5), "e1", "and the other's");

    slots_stop(gv);
}


static const char *
slots_chain(uint32_t model)
{
    uint32_t                    i;
    const ngx_str_t            *name;
    const ngx_gemini_choice_t  *choice;
    static char                 text[64];

    text[0] = '\0';

    for (i = 0; i < slots.models[model].nchain; i++) {
        choice = &gc->chains[slots.models[model].chain + i];
        name = &slots.models[choice->conf].name;

        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%.*s%s",
                 i ? " " : "", (int) name->len, (char *) name->data,
                 choice->slot == slots.models[choice->conf].slot ? "" : "!");
    }

    return text;
}


int
main(void)
{
    slots_reload();
    slots_full();
    slots_secret();
    slots_reused();
    slots_spare();
    slots_many();
    slots_caps();
    slots_chains();

    return tap_done();
}
