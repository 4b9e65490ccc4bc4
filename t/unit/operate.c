
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * What an operator does: flags with notes and ends, the lock, what a reset
 * reaches and what it spares, in how many holds of the lock.
 */


#include "ngx_gemini_operate.h"
#include "fixture.h"
#include "tap.h"


static void operate_begin(fixture_t *f, ngx_gemini_operate_t *op,
    ngx_gemini_operate_e action, ngx_gemini_scope_e scope, const char *name);
static const char *operate_text(const ngx_gemini_operate_t *op);
static void operate_find(void);
static void operate_flags(void);
static void operate_lock(void);
static void operate_rests(fixture_t *f);
static uint32_t operate_reset(ngx_gemini_scope_e scope, const char *name,
    ngx_uint_t day, ngx_gemini_operate_t *op);
static void operate_scopes(void);
static void operate_limits(void);
static void operate_many(void);


static void
operate_begin(fixture_t *f, ngx_gemini_operate_t *op,
    ngx_gemini_operate_e action, ngx_gemini_scope_e scope, const char *name)
{
    ngx_str_t  label;

    memset(op, 0, sizeof(ngx_gemini_operate_t));

    op->gc = &f->gc;
    op->action = action;
    op->scope = scope;
    op->now = f->now;

    label.data = (u_char *) name;
    label.len = strlen(name);

    if (label.len) {
        (void) ngx_gemini_operate_find(op, scope, &label);
    }
}


static const char *
operate_text(const ngx_gemini_operate_t *op)
{
    static u_char     text[2048];
    ngx_gemini_out_t  out;

    ngx_gemini_out_init(&out, text, sizeof(text) - 1);
    ngx_gemini_operate_render(op, &out);

    *out.pos = '\0';

    return (char *) text;
}


static void
operate_find(void)
{
    fixture_t             f;
    ngx_str_t             name;
    ngx_gemini_operate_t  op;

    fixture_make(&f, 4, 2, 2, 2);
    fixture_start(&f, 16);

    operate_begin(&f, &op, NGX_GEMINI_OPERATE_ENABLE, NGX_GEMINI_SCOPE_KEY,
                  "k3");

    tap_is_int(op.item, 3, "a key by its label");

    ngx_str_set(&name, "k4");

    tap_is_int(ngx_gemini_operate_find(&op, NGX_GEMINI_SCOPE_KEY, &name),
               NGX_DECLINED, "there is no such key");
    tap_is_int(op.item, 3, "and nothing has changed");
    tap_ok(ngx_gemini_operate_label(&f.gc, NGX_GEMINI_SCOPE_PROJECT, 1)
           != NULL, "the last project");
    tap_ok(ngx_gemini_operate_label(&f.gc, NGX_GEMINI_SCOPE_PROJECT, 2)
           == NULL, "is the last");

    fixture_free(&f);
}


static void
operate_flags(void)
{
    fixture_t             f;
    ngx_gemini_key_t     *key;
    ngx_gemini_operate_t  op;

    fixture_make(&f, 2, 2, 2, 2);
    fixture_start(&f, 16);

    key = &f.gv.keys[f.gc.keys[1].slot];

    operate_begin(&f, &op, NGX_GEMINI_OPERATE_DISABLE, NGX_GEMINI_SCOPE_KEY,
                  "k1");
    op.length = 5000;
    ngx_str_set(&op.note, "a \"word\"");

    tap_is_int(ngx_gemini_operate(&op, &f.gv), NGX_OK, "disable");
    tap_is_int(key->operator, 1, "the flag");
    tap_is_int(key->operator_until, f.now + 5000, "its end");
    tap_is_mem(key->note.text, key->note.len, "a \"word\"", "its note");
    tap_is_int(f.gv.gp->event, 1, "one event");
    tap_is_int(f.gv.gp->events[0].action, NGX_GEMINI_OPERATE_DISABLE,
               "of that action");

    tap_is_str(operate_text(&op),
        "{\"pool\":\"\",\"action\":\"disable\",\"scope\":\"key\","
        "\"name\":\"k1\",\"before\":{\"state\":\"usable\",\"reason\":null,"
        "\"until\":null,\"left\":null,\"provenance\":null,\"note\":null},"
        "\"after\":{\"state\":\"operator\",\"reason\":\"operator\","
        "\"until\":\"2026-11-22T20:00:05Z\",\"left\":5.000,"
        "\"provenance\":\"set\",\"note\":\"a \\\"word\\\"\"}}\n",
        "and the document");

    key->disabled = NGX_GEMINI_KEY_INVALID;
    key->verbs = 1;

    operate_begin(&f, &op, NGX_GEMINI_OPERATE_ENABLE, NGX_GEMINI_SCOPE_KEY,
                  "k1");

    tap_is_int(ngx_gemini_operate(&op, &f.gv), NGX_OK, "enable");
    tap_is_int(key->operator + key->disabled + key->note.len, 0,
               "lifts all that disabled it");
    tap_is_int(key->verbs, 0, "and what it could not do");

    operate_begin(&f, &op, NGX_GEMINI_OPERATE_DISABLE,
                  NGX_GEMINI_SCOPE_MODEL, "m1");
    (void) ngx_gemini_operate(&op, &f.gv);

    tap_is_int(f.gv.models[f.gc.models[1].slot].operator, 1, "a model");
    tap_is_mem(f.gv.gp->events[2].model, f.gv.gp->events[2].model_len, "m1",
               "whose event names it");

    operate_begin(&f, &op, NGX_GEMINI_OPERATE_DISABLE,
                  NGX_GEMINI_SCOPE_ACCOUNT, "a1");
    (void) ngx_gemini_operate(&op, &f.gv);

    tap_is_int(f.gv.accounts[f.gc.accounts[1].slot].operator, 1,
               "an account");

    operate_begin(&f, &op, NGX_GEMINI_OPERATE_DISABLE,
                  NGX_GEMINI_SCOPE_PROJECT, "p1");
    (void) ngx_gemini_operate(&op, &f.gv);

    tap_is_int(f.gv.projects[f.gc.projects[1].slot].operator, 1,
               "a project");
    tap_is_str(op.before.row.reason, "operator", "as its account was");

    fixture_free(&f);
}


static void
operate_lock(void)
{
    fixture_t             f;
    ngx_gemini_operate_t  op;

    fixture_make(&f, 1, 1, 1, 2);
    fixture_start(&f, 16);

    operate_begin(&f, &op, NGX_GEMINI_OPERATE_LOCK, NGX_GEMINI_SCOPE_MODEL,
                  "m1");
    op.length = 1000;
    (void) ngx_gemini_operate(&op, &f.gv);

    tap_is_int(f.gv.gp->lock_model, f.gc.models[1].slot, "lock");
    tap_is_int(f.gv.gp->lock_until, f.now + 1000, "its end");
    tap_is_str(operate_text(&op),
        "{\"pool\":\"\",\"action\":\"lock\",\"scope\":\"model\","
        "\"name\":\"m1\",\"before\":{\"lock\":null},\"after\":{\"lock\":"
        "{\"model\":\"m1\",\"until\":\"2026-11-22T20:00:01Z\","
        "\"left\":1.000}}}\n", "and the document");

    operate_begin(&f, &op, NGX_GEMINI_OPERATE_UNLOCK, NGX_GEMINI_SCOPE_POOL,
                  "");
    op.now += 1000;
    (void) ngx_gemini_operate(&op, &f.gv);

    tap_is_int(f.gv.gp->lock_model, NGX_GEMINI_NONE, "unlock");
    tap_ok(op.before.locked == NULL, "of what had ended");

    fixture_free(&f);
}


/* on everything of key 0, project 0, account 0 and model 0, and no other */

static void
operate_rests(fixture_t *f)
{
    ngx_gemini_rest_t  rest;

    memset(&rest, 0, sizeof(ngx_gemini_rest_t));

    ngx_gemini_rest_place(&rest, f->now - 1, 60000, NGX_GEMINI_QUOTA_MINUTE,
                          NGX_GEMINI_TOLD);

    f->gv.keys[f->gc.keys[0].slot].rest = rest;
    f->gv.projects[f->gc.projects[0].slot].rest = rest;
    f->gv.accounts[f->gc.accounts[0].slot].rest = rest;
    f->gv.models[f->gc.models[0].slot].rest = rest;
    f->gv.gp->upstream = rest;
    fixture_cell(f, 0, 0)->rest = rest;

    rest.reason = NGX_GEMINI_QUOTA_DAY;
    fixture_cell(f, 0, 1)->rest = rest;
    fixture_cell(f, 0, 1)->use.day_requests = 7;
}


/* how many rest no more */

static uint32_t
operate_reset(ngx_gemini_scope_e scope, const char *name, ngx_uint_t day,
    ngx_gemini_operate_t *op)
{
    uint32_t   n;
    fixture_t  f;

    fixture_make(&f, 4, 2, 2, 2);
    fixture_start(&f, 16);
    operate_rests(&f);

    operate_begin(&f, op, NGX_GEMINI_OPERATE_RESET, scope, name);
    op->day = day;

    (void) ngx_gemini_operate(op, &f.gv);

    n = (f.gv.keys[f.gc.keys[0].slot].rest.until == 0)
        + (f.gv.projects[f.gc.projects[0].slot].rest.until == 0)
        + (f.gv.accounts[f.gc.accounts[0].slot].rest.until == 0)
        + (f.gv.models[f.gc.models[0].slot].rest.until == 0)
        + (f.gv.gp->upstream.until == 0)
        + (fixture_cell(&f, 0, 0)->rest.until == 0)
        + (fixture_cell(&f, 0, 1)->rest.until == 0);

    if (day) {
        n += (fixture_cell(&f, 0, 1)->use.day_requests == 0) ? 0 : 100;
    }

    fixture_free(&f);

    return n;
}


static void
operate_scopes(void)
{
    ngx_uint_t            i;
    ngx_gemini_operate_t  op;

    static const struct {
        ngx_gemini_scope_e   scope;
        const char          *name;
        ngx_uint_t           day;
        uint32_t             gone;
        uint32_t             before;
        uint32_t             spared;
    } resets[] = {
        { NGX_GEMINI_SCOPE_KEY, "k0", 0, 2, 3, 1 },
        { NGX_GEMINI_SCOPE_KEY, "k0", 1, 3, 3, 0 },
        { NGX_GEMINI_SCOPE_KEY, "k2", 0, 1, 2, 1 },
        { NGX_GEMINI_SCOPE_KEY, "k1", 0, 0, 0, 0 },
        { NGX_GEMINI_SCOPE_PROJECT, "p0", 0, 3, 4, 1 },
        { NGX_GEMINI_SCOPE_PROJECT, "p1", 0, 0, 0, 0 },
        { NGX_GEMINI_SCOPE_ACCOUNT, "a0", 0, 4, 5, 1 },
        { NGX_GEMINI_SCOPE_ACCOUNT, "a0", 1, 5, 5, 0 },
        { NGX_GEMINI_SCOPE_MODEL, "m0", 0, 2, 2, 0 },
        { NGX_GEMINI_SCOPE_MODEL, "m1", 1, 1, 1, 0 },
        { NGX_GEMINI_SCOPE_POOL, "", 0, 6, 7, 1 },
        { NGX_GEMINI_SCOPE_POOL, "", 1, 7, 7, 0 },
    };

    for (i = 0; i < sizeof(resets) / sizeof(resets[0]); i++) {
        tap_is_int(operate_reset(resets[i].scope, resets[i].name,
                                 resets[i].day, &op),
                   resets[i].gone, "reset %s%s", resets[i].name,
                   resets[i].day ? ", day quotas, too" : "");
        tap_is_int(op.before.cooldowns, resets[i].before, "so many rested");
        tap_is_int(op.after.day, resets[i].spared, "so many are spared");
    }
}


static void
operate_limits(void)
{
    fixture_t             f;
    ngx_gemini_cell_t    *cell;
    ngx_gemini_operate_t  op;

    fixture_make(&f, 1, 1, 1, 1);
    fixture_start(&f, 16);

    cell = fixture_cell(&f, 0, 0);
    cell->learned.rpm = 5;
    cell->learned.rpd = 50;

    operate_begin(&f, &op, NGX_GEMINI_OPERATE_RESET, NGX_GEMINI_SCOPE_POOL,
                  "");
    (void) ngx_gemini_operate(&op, &f.gv);

    tap_is_int(op.after.limits, 2, "what was learned stays");

    operate_begin(&f, &op, NGX_GEMINI_OPERATE_RESET, NGX_GEMINI_SCOPE_POOL,
                  "");
    op.limits = 1;
    (void) ngx_gemini_operate(&op, &f.gv);

    tap_is_int(op.before.limits, 2, "limits=1 sees it");
    tap_is_int(op.after.limits + cell->learned.rpm + cell->learned.rpd, 0,
               "and forgets it");

    fixture_free(&f);
}


static void
operate_many(void)
{
    uint32_t              holds;
    fixture_t             f;
    ngx_gemini_operate_t  op;

    fixture_make(&f, 200, 100, 10, 3);
    fixture_start(&f, 16);

    ngx_gemini_rest_place(&fixture_cell(&f, 99, 2)->rest, f.now, 60000,
                          NGX_GEMINI_QUOTA_MINUTE, NGX_GEMINI_TOLD);

    operate_begin(&f, &op, NGX_GEMINI_OPERATE_RESET, NGX_GEMINI_SCOPE_POOL,
                  "");

    for (holds = 1; ngx_gemini_operate(&op, &f.gv) == NGX_AGAIN; holds++) {
        /* void */
    }

    tap_ok(holds > 3, "a large pool in %u holds", holds);
    tap_is_int(op.before.cooldowns, 1, "the last of all");
    tap_is_int(fixture_cell(&f, 99, 2)->rest.until, 0, "is reached");
    tap_is_int(f.gv.gp->event, 1, "and told once");

    fixture_free(&f);
}


int
main(void)
{
    operate_find();
    operate_flags();
    operate_lock();
    operate_scopes();
    operate_limits();
    operate_many();

    return tap_done();
}
