
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Probing: the lease, which keys and models are due, the bounds of a day, what
 * free calls prove.
 */


#include "ngx_gemini_probe.h"
#include "ngx_gemini_resv.h"
#include "fixture.h"
#include "tap.h"


#define PROBE_TEXT  1024


static void probe_lease(void);
static void probe_keys(void);
static void probe_models(void);
static void probe_share(void);
static void probe_turns(void);
static void probe_apart(void);
static void probe_check(fixture_t *f, uint32_t key, ngx_gemini_class_e class,
    ngx_gemini_settle_t *settle);
static void probe_heals(void);
static void probe_keeps(void);
static void probe_rests(void);
static void probe_blames(void);
static void probe_body(void);


static void
probe_lease(void)
{
    ngx_gemini_probing_t  probing;

    memset(&probing, 0, sizeof(ngx_gemini_probing_t));

    tap_is_int(ngx_gemini_probe_lease(&probing, 7, FIXTURE_NOW), 1,
               "lease: nobody's");
    tap_is_int(ngx_gemini_probe_lease(&probing, 8, FIXTURE_NOW + 1), 0,
               "lease: another's");
    tap_is_int(ngx_gemini_probe_lease(&probing, 7, FIXTURE_NOW + 4000), 1,
               "lease: its own, renewed");
    tap_is_int(ngx_gemini_probe_lease(&probing, 8, FIXTURE_NOW + 8999), 0,
               "lease: up to its end");
    tap_is_int(ngx_gemini_probe_lease(&probing, 8, FIXTURE_NOW + 9000), 1,
               "lease: ended");
    tap_is_int(ngx_gemini_probe_lease(&probing, 7, FIXTURE_NOW - 90000), 1,
               "lease: of a clock that was set back");
}


static void
probe_keys(void)
{
    uint32_t    todo[5];
    fixture_t   f;

    fixture_make(&f, 5, 5, 5, 1);
    fixture_start(&f, 64);

    tap_is_int(ngx_gemini_probe_keys(&f.gv, &f.gc, 0, f.now, todo), 0,
               "keys: all is well");
    tap_is_int(ngx_gemini_probe_keys(&f.gv, &f.gc, 1, f.now, todo), 5,
               "keys: all");
    tap_is_int(ngx_gemini_probe_lister(&f.gv, &f.gc, 0, f.now), 0,
               "lister: the first");

    f.gv.keys[f.gc.keys[0].slot].disabled = NGX_GEMINI_KEY_LEAKED;
    f.gv.keys[f.gc.keys[1].slot].disabled = NGX_GEMINI_KEY_INVALID;
    f.gv.keys[f.gc.keys[2].slot].disabled = NGX_GEMINI_KEY_EXPIRED;
    f.gv.keys[f.gc.keys[2].slot].operator = 1;
    f.gc.keys[3].disabled = 1;

    tap_is_int(ngx_gemini_probe_keys(&f.gv, &f.gc, 0, f.now, todo), 1,
               "keys: one to heal");
    tap_is_int(todo[0], 1, "keys: the invalid one");
    tap_is_int(ngx_gemini_probe_keys(&f.gv, &f.gc, 1, f.now, todo), 3,
               "keys: all but the operator's and the configuration's");
    tap_is_int(ngx_gemini_probe_lister(&f.gv, &f.gc, 0, f.now), 4,
               "lister: the one that may");
    tap_is_int(ngx_gemini_probe_lister(&f.gv, &f.gc, 5, f.now),
               NGX_GEMINI_NONE, "lister: none");

    f.gv.keys[f.gc.keys[2].slot].operator_until = f.now;

    tap_is_int(ngx_gemini_probe_keys(&f.gv, &f.gc, 0, f.now, todo), 2,
               "keys: the operator's word has ended");

    f.gv.accounts[f.gc.accounts[1].slot].operator = 1;

    tap_is_int(ngx_gemini_probe_keys(&f.gv, &f.gc, 0, f.now, todo), 1,
               "keys: an account that is off");

    fixture_free(&f);
}


static void
probe_models(void)
{
    uint64_t             since;
    fixture_t            f;
    ngx_gemini_model_t  *model;

    fixture_make(&f, 1, 1, 1, 3);
    f.gc.models[2].kind = NGX_GEMINI_KIND_EMBEDDING;
    fixture_start(&f, 64);

    since = f.now - 1000;

    tap_is_int(ngx_gemini_probe_models(&f.gv, &f.gc, 5000, since, f.now), 0,
               "models: not at the start");
    tap_is_int(ngx_gemini_probe_models(&f.gv, &f.gc, 1000, since, f.now), 3,
               "models: text, after an interval");
    tap_is_int(ngx_gemini_probe_models(&f.gv, &f.gc, 0, f.now, f.now), 3,
               "models: at once");

    model = &f.gv.models[f.gc.models[0].slot];
    model->last_used = f.now - 10;

    tap_is_int(ngx_gemini_probe_models(&f.gv, &f.gc, 1000, since, f.now), 2,
               "models: not with traffic");

    model->last_used = 0;
    model->probed_at = f.now - 10;

    tap_is_int(ngx_gemini_probe_models(&f.gv, &f.gc, 1000, since, f.now), 2,
               "models: not twice");

    model->operator = 1;

    tap_is_int(ngx_gemini_probe_models(&f.gv, &f.gc, 0, since, f.now), 2,
               "models: not what is off");

    fixture_free(&f);
}


static void
probe_share(void)
{
    uint32_t                 i, n;
    fixture_t                f;
    ngx_gemini_probe_pick_t  probe;

    fixture_make(&f, 2, 2, 1, 1);
    fixture_limit(&f, 0, 0)->rpd = 499;
    fixture_limit(&f, 1, 0)->rpd = 650;
    fixture_start(&f, 64);

    n = 0;

    for (i = 0; i < 20; i++) {
        memset(&probe, 0, sizeof(ngx_gemini_probe_pick_t));

        if (ngx_gemini_probe_pick(&f.gv, &f.gc, &probe, f.now) == NGX_OK) {
            n += (probe.key == 1);
            ngx_gemini_resv_free(&f.gv, probe.resv, 0, f.now);
        }
    }

    tap_is_int(n, 6, "share: a hundredth of 650, nothing of 499");
    tap_is_int(fixture_cell(&f, 1, 0)->use.day_requests, 6,
               "share: booked of the day");
    tap_is_int(fixture_strays(&f), 0, "share: sums hold");

    probe.from = 0;
    probe.force = 1;

    tap_is_int(ngx_gemini_probe_pick(&f.gv, &f.gc, &probe, f.now), NGX_OK,
               "share: by hand all the same");
    tap_is_int(probe.key, 0, "share: by any key");

    f.now += NGX_GEMINI_DAY;
    probe.from = 0;
    probe.force = 0;

    tap_is_int(ngx_gemini_probe_pick(&f.gv, &f.gc, &probe, f.now), NGX_OK,
               "share: again on the next day");

    fixture_cell(&f, 1, 0)->use.day_requests = 650;
    fixture_cell(&f, 0, 0)->use.day_requests = 499;
    fixture_cell(&f, 0, 0)->use.day = fixture_cell(&f, 1, 0)->use.day;
    probe.from = 0;
    probe.force = 1;

    tap_is_int(ngx_gemini_probe_pick(&f.gv, &f.gc, &probe, f.now),
               NGX_DECLINED, "share: the limit holds, by hand too");

    fixture_free(&f);
}


static void
probe_turns(void)
{
    uint32_t                 i;
    fixture_t                f;
    ngx_gemini_probe_pick_t  probe;

    fixture_make(&f, 4, 4, 1, 1);
    f.gc.keys[1].priority = 1;

    for (i = 0; i < 4; i++) {
        fixture_limit(&f, i, 0)->rpd = 1000;
    }

    fixture_start(&f, 64);

    f.gv.keys[f.gc.keys[2].slot].disabled = NGX_GEMINI_KEY_LEAKED;

    memset(&probe, 0, sizeof(ngx_gemini_probe_pick_t));

    tap_is_int(ngx_gemini_probe_pick(&f.gv, &f.gc, &probe, f.now), NGX_OK,
               "turns: the first");
    tap_is_int(probe.key, 0, "turns: of the best priority");
    tap_is_int(ngx_gemini_probe_pick(&f.gv, &f.gc, &probe, f.now), NGX_OK,
               "turns: the next");
    tap_is_int(probe.key, 3, "turns: one is disabled");
    tap_is_int(ngx_gemini_probe_pick(&f.gv, &f.gc, &probe, f.now), NGX_OK,
               "turns: the last");
    tap_is_int(probe.key, 1, "turns: of the other priority");
    tap_is_int(ngx_gemini_probe_pick(&f.gv, &f.gc, &probe, f.now),
               NGX_DECLINED, "turns: none is left");

    fixture_free(&f);
}


/* counted apart, but in the window */

static void
probe_apart(void)
{
    fixture_t                f;
    ngx_gemini_pick_t        pick;
    ngx_gemini_model_t      *model;
    ngx_gemini_settle_t      settle;
    ngx_gemini_probe_pick_t  probe;

    fixture_make(&f, 1, 1, 1, 1);
    fixture_limit(&f, 0, 0)->rpd = 1000;
    fixture_start(&f, 64);

    memset(&probe, 0, sizeof(ngx_gemini_probe_pick_t));
    fixture_wish(&f, &pick, 0, 1);

    tap_is_int(ngx_gemini_probe_pick(&f.gv, &f.gc, &probe, f.now), NGX_OK,
               "apart: picked");

    pick.key = probe.key;
    pick.resv = probe.resv;

    fixture_answer(&f, &settle, &pick, NGX_GEMINI_OK);
    settle.probe = 1;
    settle.latency = 800;
    settle.tokens.prompt = 4;

    ngx_gemini_sched_settle(&f.gv, &f.gc, &settle, f.now + 800);

    model = &f.gv.models[f.gc.models[0].slot];

    tap_is_int(model->probes, 1, "apart: a probe");
    tap_is_int(model->probes_ok, 1, "apart: a good one");
    tap_is_int(f.gv.gp->probing.probes_ok, 1, "apart: of the pool, too");
    tap_is_int(model->window.n, 1, "apart: in the window");
    tap_is_int(model->window.samples[0].latency, 800, "apart: its time");
    tap_is_int(model->counters.requests, 0, "apart: no request");
    tap_is_int(model->last_used, 0, "apart: not used");
    tap_is_int(f.gv.gp->totals.attempts, 0, "apart: no attempt");
    tap_is_int(f.gv.gp->totals.prompt, 0, "apart: no tokens");
    tap_is_int(fixture_cell(&f, 0, 0)->requests, 0, "apart: not of the cell");
    tap_is_int(fixture_strays(&f), 0, "apart: sums hold");

    fixture_free(&f);
}


static void
probe_check(fixture_t *f, uint32_t key, ngx_gemini_class_e class,
    ngx_gemini_settle_t *settle)
{
    memset(settle, 0, sizeof(ngx_gemini_settle_t));
    memset(&f->verdict, 0, sizeof(ngx_gemini_verdict_t));

    ngx_gemini_class_fill(&f->verdict, class);

    settle->key = key;
    settle->verdict = &f->verdict;
    settle->began = f->now;
    settle->verb = NGX_GEMINI_VERB_MODELS_LIST;
    settle->random = 100;
    settle->probe = 1;

    ngx_gemini_probe_check(&f->gv, &f->gc, settle, f->now);
}


static void
probe_heals(void)
{
    uint64_t              epoch;
    fixture_t             f;
    ngx_gemini_key_t     *key;
    ngx_gemini_settle_t   settle;

    fixture_make(&f, 2, 1, 1, 1);
    fixture_start(&f, 64);

    key = &f.gv.keys[f.gc.keys[1].slot];
    key->disabled = NGX_GEMINI_KEY_EXPIRED;
    key->disabled_at = f.now - 1000;
    epoch = f.gv.gp->epoch;

    probe_check(&f, 1, NGX_GEMINI_OK, &settle);

    tap_is_int(key->disabled, 0, "heals: enabled");
    tap_is_int(settle.nchanges, 1, "heals: one change");
    tap_is_int(settle.changes[0].type, NGX_GEMINI_EVENT_ENABLED,
               "heals: its type");
    tap_is_int(settle.changes[0].reason, NGX_GEMINI_KEY_EXPIRED,
               "heals: what it was");
    tap_is_int(f.gv.gp->event, 1, "heals: an event");
    tap_ok(f.gv.gp->epoch > epoch, "heals: who waits may look again");
    tap_is_int(f.gv.gp->probing.lists_ok, 1, "heals: counted");

    /* the answer is older than the failure */

    key->disabled = NGX_GEMINI_KEY_INVALID;
    key->disabled_at = f.now + 1;
    probe_check(&f, 1, NGX_GEMINI_OK, &settle);

    tap_is_int(key->disabled, NGX_GEMINI_KEY_INVALID, "heals: not by an "
               "older answer");

    /* another secret has its label now */

    key->disabled_at = f.now;
    key->fingerprint[0] ^= 1;
    probe_check(&f, 1, NGX_GEMINI_OK, &settle);

    tap_is_int(key->disabled, NGX_GEMINI_KEY_INVALID, "heals: not another "
               "secret");

    fixture_free(&f);
}


static void
probe_keeps(void)
{
    fixture_t             f;
    ngx_gemini_key_t     *key;
    ngx_gemini_settle_t   settle;

    fixture_make(&f, 1, 1, 1, 1);
    fixture_start(&f, 64);

    key = &f.gv.keys[f.gc.keys[0].slot];
    key->operator = 1;

    probe_check(&f, 0, NGX_GEMINI_OK, &settle);

    tap_is_int(key->operator, 1, "keeps: the operator's word");

    key->disabled = NGX_GEMINI_KEY_LEAKED;
    probe_check(&f, 0, NGX_GEMINI_OK, &settle);

    tap_is_int(key->disabled, NGX_GEMINI_KEY_LEAKED, "keeps: leaked");

    key->disabled = NGX_GEMINI_KEY_INVALID;
    probe_check(&f, 0, NGX_GEMINI_KEY_INVALID, &settle);

    tap_is_int(key->disabled, NGX_GEMINI_KEY_INVALID, "keeps: still bad");
    tap_is_int(settle.nchanges, 0, "keeps: nothing new");

    probe_check(&f, 0, NGX_GEMINI_TRANSPORT, &settle);

    tap_is_int(key->disabled, NGX_GEMINI_KEY_INVALID, "keeps: no answer");

    probe_check(&f, 0, NGX_GEMINI_KEY_LEAKED, &settle);

    tap_is_int(key->disabled, NGX_GEMINI_KEY_LEAKED, "keeps: known better");
    tap_is_int(settle.nchanges, 1, "keeps: and told");

    fixture_free(&f);
}


static void
probe_rests(void)
{
    fixture_t              f;
    ngx_gemini_rest_t     *rest;
    ngx_gemini_settle_t    settle;

    fixture_make(&f, 1, 1, 1, 1);
    fixture_start(&f, 64);

    rest = &f.gv.projects[f.gc.projects[0].slot].rest;

    ngx_gemini_rest_place(rest, f.now - 5000, 60000,
                          NGX_GEMINI_PROJECT_DENIED, NGX_GEMINI_GUESSED);
    ngx_gemini_pool_mark(&f.gv, f.gc.projects[0].slot, NGX_GEMINI_NONE);

    probe_check(&f, 0, NGX_GEMINI_OK, &settle);

    tap_is_int(rest->until, 0, "rests: a guess is over");
    tap_is_int(settle.changes[0].type, NGX_GEMINI_EVENT_RECOVERED,
               "rests: told");

    ngx_gemini_rest_place(rest, f.now - 5000, 60000,
                          NGX_GEMINI_PROJECT_DISABLED, NGX_GEMINI_LEARNED);
    probe_check(&f, 0, NGX_GEMINI_OK, &settle);

    tap_ok(rest->until != 0, "rests: another stays");

    fixture_free(&f);
}


static void
probe_blames(void)
{
    fixture_t             f;
    ngx_gemini_settle_t   settle;

    fixture_make(&f, 2, 2, 1, 1);
    fixture_start(&f, 64);

    probe_check(&f, 0, NGX_GEMINI_KEY_INVALID, &settle);

    tap_is_int(f.gv.keys[f.gc.keys[0].slot].disabled, NGX_GEMINI_KEY_INVALID,
               "blames: a key");

    probe_check(&f, 1, NGX_GEMINI_QUOTA_TERSE, &settle);
    probe_check(&f, 1, NGX_GEMINI_QUOTA_DAY, &settle);
    probe_check(&f, 1, NGX_GEMINI_OVERLOADED, &settle);
    probe_check(&f, 1, NGX_GEMINI_TRANSPORT, &settle);

    tap_is_int(fixture_resting(&f), 0, "blames: no cell and no model");

    probe_check(&f, 1, NGX_GEMINI_PROJECT_DISABLED, &settle);

    tap_is_int(fixture_resting(&f), 1, "blames: a project");
    tap_is_int(f.gv.gp->probing.lists, 6, "blames: all counted");
    tap_is_int(f.gv.gp->probing.lists_ok, 0, "blames: none good");

    fixture_free(&f);
}


static void
probe_body(void)
{
    u_char            buf[PROBE_TEXT];
    ngx_str_t         prompt;
    ngx_gemini_out_t  out;

    ngx_str_set(&prompt, "Say \"hi\"\n.");

    ngx_gemini_out_init(&out, buf, sizeof(buf));
    ngx_gemini_probe_body(&out, &prompt);
    *out.pos = '\0';

    tap_is_str((char *) buf,
               "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":"
               "\"Say \\\"hi\\\"\\n.\"}]}],\"generationConfig\":"
               "{\"maxOutputTokens\":64}}", "body");
}


int
main(void)
{
    probe_lease();
    probe_keys();
    probe_models();
    probe_share();
    probe_turns();
    probe_apart();
    probe_heals();
    probe_keeps();
    probe_rests();
    probe_blames();
    probe_body();

    return tap_done();
}
