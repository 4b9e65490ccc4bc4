
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The pick against brute force, on random pools that live through random
 * answers: exact up to NGX_GEMINI_EXACT candidates; above, the best of its
 * draw, and found whenever one exists.  TAP_SEED repeats a run.
 */


#include "oracle.h"


#define ORACLE_POOLS   60
#define ORACLE_STEPS   400
#define ORACLE_HELD    48


int main(void);
static void oracle_pool(uint64_t seed, ngx_uint_t large);
static void oracle_configure(fixture_t *f, ngx_uint_t large);
static void oracle_disturb(fixture_t *f);
static void oracle_request(fixture_t *f, ngx_gemini_pick_t *pick,
    ngx_gemini_tried_t *tried, ngx_gemini_restrict_t *restriction);
static ngx_uint_t oracle_step(fixture_t *f, ngx_gemini_pick_t *pick);
static ngx_uint_t oracle_again(fixture_t *f, const ngx_gemini_pick_t *pick,
    ngx_int_t rc);
static void oracle_settle(fixture_t *f, const ngx_gemini_pick_t *pick,
    uint64_t began);
static uint32_t oracle_dice(fixture_t *f, uint32_t n);


static const ngx_gemini_class_e  oracle_tries[] = {
    NGX_GEMINI_QUOTA_DAY, NGX_GEMINI_SERVER, NGX_GEMINI_CREDIT,
    NGX_GEMINI_KEY_INVALID, NGX_GEMINI_PROJECT_DENIED,
    NGX_GEMINI_TRANSPORT, NGX_GEMINI_PERMISSION
};


static const ngx_gemini_class_e  oracle_answers[] = {
    NGX_GEMINI_QUOTA_DAY, NGX_GEMINI_QUOTA_MINUTE, NGX_GEMINI_QUOTA_TERSE,
    NGX_GEMINI_QUOTA_TOOL, NGX_GEMINI_CREDIT, NGX_GEMINI_PERMISSION,
    NGX_GEMINI_PROJECT_DENIED, NGX_GEMINI_OVERLOADED,
    NGX_GEMINI_SERVER, NGX_GEMINI_TRANSPORT, NGX_GEMINI_KEY_INVALID,
    NGX_GEMINI_SPEND_RATE, NGX_GEMINI_CLIENT_GONE, NGX_GEMINI_REQUEST
};


int
main(void)
{
    uint32_t  i;
    uint64_t  seed;

    seed = tap_seed();

    for (i = 0; i < ORACLE_POOLS; i++) {
        oracle_pool(seed + i, i % 3 == 2);
    }

    return tap_done();
}


static void
oracle_pool(uint64_t seed, ngx_uint_t large)
{
    uint32_t               i, n, at, bad, picked, strays;
    uint64_t               began[ORACLE_HELD];
    fixture_t              f;
    ngx_gemini_pick_t      pick, held[ORACLE_HELD];
    ngx_gemini_tried_t     tried[4];
    ngx_gemini_choice_t    choices[ORACLE_HELD][FIXTURE_CHOICES];
    ngx_gemini_restrict_t  restriction;

    f.seed = seed;
    oracle_configure(&f, large);

    n = 0;
    bad = 0;
    picked = 0;
    strays = 0;

    for (i = 0; i < ORACLE_STEPS; i++) {
        oracle_disturb(&f);
        oracle_request(&f, &pick, tried, &restriction);

        bad += !oracle_step(&f, &pick);

        if (pick.resv != NGX_GEMINI_NONE) {
            picked++;
            oracle_spend(&f, &pick);
            began[n] = f.now;
            held[n] = pick;
            memcpy(choices[n], f.choices, sizeof(f.choices));
            held[n].choices = choices[n];
            n++;
        }

        while (n && (n == ORACLE_HELD || oracle_dice(&f, 2))) {
            at = oracle_dice(&f, n--);
            oracle_settle(&f, &held[at], began[at]);

            began[at] = began[n];
            held[at] = held[n];
            memcpy(choices[at], choices[n], sizeof(f.choices));
            held[at].choices = choices[at];
        }

        strays += fixture_strays(&f);
    }

    tap_is_int(bad, 0, "seed %" PRIu64 ": %u keys, %u models, %u picks",
               seed, f.gc.nkeys, f.gc.nmodels, picked);

    while (n) {
        n--;
        oracle_settle(&f, &held[n], began[n]);
    }

    strays += fixture_strays(&f);

    tap_ok(strays == 0 && f.gv.gp->in_flight == 0,
           "seed %" PRIu64 ": the sums equal the records", seed);

    fixture_free(&f);
}


static void
oracle_configure(fixture_t *f, ngx_uint_t large)
{
    uint64_t                seed;
    uint32_t                i, k, keys, projects, accounts, models;
    ngx_gemini_limit_t     *limit;
    ngx_gemini_key_conf_t  *key;

    seed = f->seed;
    f->seed = seed;

    keys = large ? 65 + oracle_dice(f, 200) : 1 + oracle_dice(f, 64);
    projects = 1 + oracle_dice(f, keys);
    accounts = 1 + oracle_dice(f, projects);
    models = 1 + oracle_dice(f, 4);

    seed = f->seed;
    fixture_make(f, keys, projects, accounts, models);
    f->seed = seed;

    f->gc.prefer_priority = oracle_dice(f, 2);

    for (i = 0; i < keys; i++) {
        key = &f->gc.keys[i];
        key->weight = 1 + oracle_dice(f, 4);
        key->priority = large ? 0 : oracle_dice(f, 3);
        key->max_conns = oracle_dice(f, 4) ? 0 : 1 + oracle_dice(f, 3);
        key->disabled = (oracle_dice(f, 16) == 0);

        if (oracle_dice(f, 8) == 0) {
            ngx_str_set(&key->models, "m0,m2");
        }
    }

    for (i = 0; i < projects; i++) {
        for (k = 0; k < models; k++) {
            limit = fixture_limit(f, i, k);
            limit->rpm = oracle_dice(f, 2) ? 0 : 1 + oracle_dice(f, 10);
            limit->tpm = oracle_dice(f, 3) ? 0 : 500 + oracle_dice(f, 9000);
            limit->rpd = oracle_dice(f, 4) ? 0 : 1 + oracle_dice(f, 60);
        }
    }

    fixture_start(f, 64);

    f->spent = calloc((size_t) projects * f->gv.nmodels, sizeof(uint32_t));
    f->lacks = calloc(NGX_GEMINI_LACK_LISTS * f->gv.nmodels,
                      sizeof(ngx_gemini_lack_t));
}


static void
oracle_disturb(fixture_t *f)
{
    ngx_gemini_key_t  *key;

    switch (oracle_dice(f, 8)) {

    case 0:
        f->now += oracle_dice(f, 90000);
        break;

    case 1:
        f->now += (oracle_dice(f, 20) == 0) ? 6 * NGX_GEMINI_HOUR : 1;
        break;

    default:
        f->now += oracle_dice(f, 3000);
    }

    key = &f->gv.keys[oracle_dice(f, f->gc.nkeys)];

    switch (oracle_dice(f, 20)) {

    case 0:
        key->operator = !key->operator;
        key->operator_until = oracle_dice(f, 2) ? 0 : f->now + 30000;
        break;

    case 1:
        key->verbs ^= 1u << NGX_GEMINI_VERB_GENERATE;
        break;

    case 2:
        key->surfaces ^= 1u << NGX_GEMINI_SURFACE_NATIVE;
        break;

    case 3:
        key->disabled = 0;
        break;

    default:
        return;
    }

    /* as operators do */

    f->gv.gp->epoch++;
}


static void
oracle_request(fixture_t *f, ngx_gemini_pick_t *pick,
    ngx_gemini_tried_t *tried, ngx_gemini_restrict_t *restriction)
{
    uint32_t  i, model;

    model = oracle_dice(f, f->gc.nmodels);
    fixture_wish(f, pick, model, 1 + oracle_dice(f, f->gc.nmodels - model));

    pick->tokens = oracle_dice(f, 12000);
    pick->tried = tried;
    pick->ntried = oracle_dice(f, 3) ? 0 : oracle_dice(f, 5);
    pick->again = oracle_dice(f, 2);

    for (i = 0; i < pick->ntried; i++) {
        tried[i].key = oracle_dice(f, f->gc.nkeys);
        tried[i].project = f->gc.keys[tried[i].key].project;
        tried[i].model = f->choices[oracle_dice(f, pick->nchoices)].slot;
        tried[i].class = oracle_tries[oracle_dice(f, 7)];
    }

    ngx_str_null(&restriction->models);
    ngx_str_null(&restriction->keys);

    switch (oracle_dice(f, 10)) {

    case 0:
        pick->restrict_to = restriction;
        ngx_str_set(&restriction->keys, "k1*, account:a0,project:p2");
        break;

    case 1:
        pick->restrict_to = restriction;
        ngx_str_set(&restriction->models, "m1,m2");
        break;

    case 2:
        pick->project = oracle_dice(f, f->gc.nprojects);
        break;

    default:
        break;
    }
}


/* 1: the pick is what brute force says */

static ngx_uint_t
oracle_step(fixture_t *f, ngx_gemini_pick_t *pick)
{
    oracle_t   o;
    ngx_int_t  rc;

    oracle_ask(f, pick, &o);
    rc = ngx_gemini_sched_pick(&f->gv, &f->gc, pick, f->now);

    if (rc != NGX_OK && !oracle_again(f, pick, rc)) {
        return 0;
    }

    if (pick->lack == NGX_GEMINI_LACK_RESV
        || (pick->lack & NGX_GEMINI_LACK_UPSTREAM))
    {
        return 1;
    }

    if (rc == o.rc && rc != NGX_OK && pick->until == o.until) {
        return 1;
    }

    if (rc == o.rc && rc == NGX_OK && pick->key == o.key
        && pick->choice == o.choice)
    {
        return 1;
    }

    tap_diag("rc %d, key %d, choice %d, until %" PRId64,
             (int) rc, (int) pick->key, (int) pick->choice,
             (int64_t) (pick->until - f->now));
    tap_diag("oracle: rc %d, key %d, choice %d, until %" PRId64,
             (int) o.rc, (int) o.key, (int) o.choice,
             (int64_t) (o.until - f->now));

    return 0;
}


/*
 * 1: what was kept of a pick that failed tells the end that looking anew
 * does; of what is lacking besides it may be a second old
 */

static ngx_uint_t
oracle_again(fixture_t *f, const ngx_gemini_pick_t *pick, ngx_int_t rc)
{
    size_t             size;
    ngx_int_t          again;
    ngx_gemini_pick_t  fresh;

    fresh = *pick;
    fresh.dry = 1;

    size = sizeof(ngx_gemini_lack_t) * NGX_GEMINI_LACK_LISTS * f->gv.nmodels;
    memcpy(f->lacks, f->gv.lacks, size);
    memset(f->gv.lacks, 0, size);

    again = ngx_gemini_sched_pick(&f->gv, &f->gc, &fresh, f->now);

    memcpy(f->gv.lacks, f->lacks, size);

    if (again == rc && fresh.until == pick->until) {
        return 1;
    }

    tap_diag("kept: rc %d, until %" PRId64, (int) rc,
             (int64_t) (pick->until - f->now));
    tap_diag("anew: rc %d, until %" PRId64, (int) again,
             (int64_t) (fresh.until - f->now));

    return 0;
}


static void
oracle_settle(fixture_t *f, const ngx_gemini_pick_t *pick, uint64_t began)
{
    uint32_t             n;
    ngx_gemini_settle_t  settle;

    n = oracle_dice(f, 28);

    fixture_answer(f, &settle, pick, (n < 14) ? oracle_answers[n]
                                             : NGX_GEMINI_OK);

    settle.began = began;
    settle.random = tap_random(&f->seed);
    settle.tokens.prompt = oracle_dice(f, 2) ? -1 : (int64_t)
                                                    oracle_dice(f, 8000);

    if (f->verdict.class == NGX_GEMINI_QUOTA_MINUTE) {
        f->verdict.delay = 1 + oracle_dice(f, 65000);
        f->verdict.provenance = NGX_GEMINI_TOLD;
        f->verdict.nviolations = 1;
        f->verdict.violations[0].limit = NGX_GEMINI_LIMIT_RPM;
        f->verdict.violations[0].has_value = 1;
        f->verdict.violations[0].value = 1 + oracle_dice(f, 8);
    }

    ngx_gemini_sched_settle(&f->gv, &f->gc, &settle, f->now);
}


static uint32_t
oracle_dice(fixture_t *f, uint32_t n)
{
    return tap_random(&f->seed) % n;
}
