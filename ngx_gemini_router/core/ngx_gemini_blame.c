
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_blame.h"
#include "ngx_gemini_budget.h"
#include "ngx_gemini_change.h"
#include "ngx_gemini_cooldown.h"
#include "ngx_gemini_time.h"


#define NGX_GEMINI_BLAME_SPREAD    120000     /* of the ends at midnight */
#define NGX_GEMINI_BLAME_EDGE      900000     /* a day's quota may lag */
#define NGX_GEMINI_BLAME_SHORT     10000
#define NGX_GEMINI_BLAME_SERVICE   1000       /* of models and upstream .. */
#define NGX_GEMINI_BLAME_SERVICES  30000      /* .. at most */
#define NGX_GEMINI_BLAME_OVERLOADS 5
#define NGX_GEMINI_BLAME_SIGHTS    3          /* before it is believed */


typedef void (*ngx_gemini_blame_pt)(ngx_gemini_settling_t *st);


typedef struct {
    ngx_uint_t                 class;
    ngx_gemini_blame_pt        handler;
} ngx_gemini_blame_t;


static void ngx_gemini_blame_day(ngx_gemini_settling_t *st);
static void ngx_gemini_blame_minute(ngx_gemini_settling_t *st);
static void ngx_gemini_blame_cell(ngx_gemini_settling_t *st);
static void ngx_gemini_blame_account(ngx_gemini_settling_t *st);
static void ngx_gemini_blame_key(ngx_gemini_settling_t *st);
static ngx_uint_t ngx_gemini_blame_block(ngx_gemini_settling_t *st);
static void ngx_gemini_blame_project(ngx_gemini_settling_t *st);
static void ngx_gemini_blame_denied(ngx_gemini_settling_t *st);
static void ngx_gemini_blame_unknown(ngx_gemini_settling_t *st);
static void ngx_gemini_blame_overload(ngx_gemini_settling_t *st);
static void ngx_gemini_blame_learn(ngx_gemini_settling_t *st);
static ngx_uint_t ngx_gemini_blame_written(const ngx_gemini_settling_t *st,
    const ngx_gemini_violation_t *violation);


/* how long it rests is the verdict's, unless its handler knows better */

static const ngx_gemini_blame_t  ngx_gemini_blames[] = {

    { NGX_GEMINI_QUOTA_DAY, ngx_gemini_blame_day },
    { NGX_GEMINI_QUOTA_MINUTE, ngx_gemini_blame_minute },
    { NGX_GEMINI_QUOTA_TOKENS, ngx_gemini_blame_minute },
    { NGX_GEMINI_QUOTA_ZERO, ngx_gemini_blame_cell },
    { NGX_GEMINI_QUOTA_TERSE, ngx_gemini_blame_cell },
    { NGX_GEMINI_QUOTA_TOOL, ngx_gemini_blame_cell },
    { NGX_GEMINI_PERMISSION, ngx_gemini_blame_cell },
    { NGX_GEMINI_MODEL_CLOSED, ngx_gemini_blame_cell },

    { NGX_GEMINI_CREDIT, ngx_gemini_blame_account },
    { NGX_GEMINI_CAP, ngx_gemini_blame_account },
    { NGX_GEMINI_SPEND_RATE, ngx_gemini_blame_account },

    { NGX_GEMINI_KEY_INVALID, ngx_gemini_blame_key },
    { NGX_GEMINI_KEY_EXPIRED, ngx_gemini_blame_key },
    { NGX_GEMINI_KEY_LEAKED, ngx_gemini_blame_key },
    { NGX_GEMINI_KEY_TOKEN_TYPE, ngx_gemini_blame_key },
    { NGX_GEMINI_KEY_METHOD, ngx_gemini_blame_key },
    { NGX_GEMINI_KEY_BLOCKED, ngx_gemini_blame_key },

    { NGX_GEMINI_PROJECT_SUSPENDED, ngx_gemini_blame_project },
    { NGX_GEMINI_PROJECT_DISABLED, ngx_gemini_blame_project },
    { NGX_GEMINI_PROJECT_BILLING, ngx_gemini_blame_project },
    { NGX_GEMINI_PROJECT_DENIED, ngx_gemini_blame_denied },

    { NGX_GEMINI_MODEL_UNKNOWN, ngx_gemini_blame_unknown },
    { NGX_GEMINI_OVERLOADED, ngx_gemini_blame_overload },
    { NGX_GEMINI_EMPTY, ngx_gemini_blame_overload },

    { 0, NULL }
};


void
ngx_gemini_blame(ngx_gemini_settling_t *st)
{
    const ngx_gemini_blame_t  *blame;

    if (st->verdict->nviolations) {
        ngx_gemini_blame_learn(st);
    }

    for (blame = ngx_gemini_blames; blame->handler != NULL; blame++) {
        if (blame->class == st->verdict->class) {
            blame->handler(st);
            return;
        }
    }
}


/*
 * Until midnight in America/Los_Angeles, by Google's clock.  Just after one
 * the refusal may be yesterday's: then a guess.
 */

static void
ngx_gemini_blame_day(ngx_gemini_settling_t *st)
{
    uint64_t  left, since;

    if (st->resv.model == st->gv->other) {
        return;
    }

    since = st->google - ngx_gemini_time_day_start(st->google);

    if (since < NGX_GEMINI_BLAME_EDGE) {
        (void) ngx_gemini_cooldown_guess(st, NGX_GEMINI_SCOPE_CELL,
                                         &st->cell->rest, 2 * NGX_GEMINI_MINUTE,
                                         NGX_GEMINI_BLAME_EDGE);
        return;
    }

    left = ngx_gemini_time_midnight(st->google) - st->google;

    ngx_gemini_cooldown_place(st, NGX_GEMINI_SCOPE_CELL, &st->cell->rest,
                              left + st->settle->random
                                     % (NGX_GEMINI_BLAME_SPREAD + 1),
                              NGX_GEMINI_LEARNED);
}


static void
ngx_gemini_blame_minute(ngx_gemini_settling_t *st)
{
    if (st->resv.model == st->gv->other) {
        return;
    }

    if (st->verdict->delay && st->verdict->provenance == NGX_GEMINI_TOLD) {
        ngx_gemini_budget_phase(st->cell, st->now + st->verdict->delay,
                                st->now);
    }

    ngx_gemini_cooldown_told(st, NGX_GEMINI_SCOPE_CELL, &st->cell->rest);
}


static void
ngx_gemini_blame_cell(ngx_gemini_settling_t *st)
{
    uint64_t  base;

    /* unlisted models share that one: what fails one is no word on others */

    if (st->resv.model == st->gv->other) {
        return;
    }

    if (st->verdict->delay) {
        ngx_gemini_cooldown_told(st, NGX_GEMINI_SCOPE_CELL, &st->cell->rest);
        return;
    }

    if (st->settle->no_guess) {
        ngx_gemini_blame_overload(st);
        return;
    }

    base = st->gc->cooldown;

    if (st->verdict->class != NGX_GEMINI_QUOTA_TERSE) {
        base = ngx_min(base, NGX_GEMINI_BLAME_SHORT);
    }

    st->settle->guessed = ngx_gemini_cooldown_guess(st, NGX_GEMINI_SCOPE_CELL,
                                                    &st->cell->rest, base,
                                                    st->gc->cooldown_max);
}


static void
ngx_gemini_blame_account(ngx_gemini_settling_t *st)
{
    if (st->verdict->scope == NGX_GEMINI_SCOPE_PROJECT) {
        ngx_gemini_blame_project(st);
        return;
    }

    ngx_gemini_cooldown_told(st, NGX_GEMINI_SCOPE_ACCOUNT, &st->account->rest);
}


static void
ngx_gemini_blame_key(ngx_gemini_settling_t *st)
{
    const ngx_gemini_key_conf_t  *conf;

    conf = &st->gc->keys[st->settle->key];

    /* of a secret that a reload has replaced since */

    if (ngx_memcmp(conf->fingerprint, st->key->fingerprint,
                   NGX_GEMINI_FINGERPRINT)
        != 0)
    {
        return;
    }

    if (st->verdict->suspect) {

        if (st->key->suspects < 1) {
            st->key->suspects++;
            return;
        }
    }

    if (ngx_gemini_blame_block(st)) {
        st->gv->gp->turns++;
        ngx_gemini_change(st, NGX_GEMINI_EVENT_DISABLED,
                          NGX_GEMINI_SCOPE_KEY, NULL, 0);
    }
}


/* for one surface, one verb, or wholly; 1: that is new */

static ngx_uint_t
ngx_gemini_blame_block(ngx_gemini_settling_t *st)
{
    uint32_t           bit;
    ngx_gemini_key_t  *key;

    key = st->key;

    if (st->verdict->surface_only) {
        bit = 1u << st->settle->surface;

        if (key->surfaces & bit) {
            return 0;
        }

        key->surfaces |= (uint8_t) bit;
        return 1;
    }

    if (st->verdict->verb_only) {
        bit = 1u << st->settle->verb;

        if (key->verbs & bit) {
            return 0;
        }

        key->verbs |= bit;
        return 1;
    }

    if (key->disabled || !(st->verdict->disable || st->verdict->suspect)) {
        return 0;
    }

    key->disabled = (uint8_t) st->verdict->class;
    key->disabled_at = st->now;

    return 1;
}


static void
ngx_gemini_blame_project(ngx_gemini_settling_t *st)
{
    ngx_gemini_cooldown_told(st, NGX_GEMINI_SCOPE_PROJECT, &st->project->rest);
}


/* it passes at times: believed when seen thrice in a row */

static void
ngx_gemini_blame_denied(ngx_gemini_settling_t *st)
{
    if (st->settle->began <= st->project->rest.began) {
        return;
    }

    if (st->project->denied + 1 < NGX_GEMINI_BLAME_SIGHTS) {
        st->project->denied++;

        (void) ngx_gemini_cooldown_guess(st, NGX_GEMINI_SCOPE_PROJECT,
                                         &st->project->rest,
                                         ngx_min(st->gc->cooldown,
                                                 NGX_GEMINI_MINUTE),
                                         st->gc->cooldown_max);
        return;
    }

    ngx_gemini_blame_project(st);
}


/*
 * The same 404 comes for a verb or a version that the model does not have: a
 * model that has served is only believed lost when nothing else comes of it.
 */

static void
ngx_gemini_blame_unknown(ngx_gemini_settling_t *st)
{
    /* an odd version or verb, which says nothing of the model, has no delay */

    if (st->settle->choice_conf == NGX_GEMINI_NONE
        || st->verdict->delay == 0)
    {
        return;
    }

    if (st->model->counters.ok
        && st->model->unknown + 1 < NGX_GEMINI_BLAME_SIGHTS)
    {
        st->model->unknown++;
        return;
    }

    ngx_gemini_cooldown_told(st, NGX_GEMINI_SCOPE_MODEL, &st->model->rest);
}


/* when most of its last attempts failed so, or one of its trials does */

static void
ngx_gemini_blame_overload(ngx_gemini_settling_t *st)
{
    uint32_t             n;
    ngx_gemini_model_t  *model;

    model = st->model;

    ngx_gemini_rate_add(&model->overloads, st->now, 1);

    n = ngx_gemini_rate_sum(&model->overloads, st->now);

    if (st->resv.model == st->gv->other) {
        return;
    }

    if (!(model->ramp && (st->resv.trial & NGX_GEMINI_TRIAL_MODEL))
        && (n < NGX_GEMINI_BLAME_OVERLOADS
            || n * 2 <= ngx_gemini_rate_sum(&model->attempts, st->now)))
    {
        return;
    }

    if (ngx_gemini_cooldown_guess(st, NGX_GEMINI_SCOPE_MODEL, &model->rest,
                                  NGX_GEMINI_BLAME_SERVICE,
                                  NGX_GEMINI_BLAME_SERVICES))
    {
        model->ramp = 0;
        model->allowed = 0;
    }
}


static void
ngx_gemini_blame_learn(ngx_gemini_settling_t *st)
{
    ngx_uint_t              i;
    ngx_gemini_violation_t  violation;

    if (st->resv.model == st->gv->other) {
        return;
    }

    for (i = 0; i < st->verdict->nviolations; i++) {
        violation = st->verdict->violations[i];

        if (violation.value > 1) {
            violation.value = ngx_max(violation.value / st->gc->nodes, 1);
        }

        if (ngx_gemini_budget_learn(st->cell, &violation, st->google)
            && !ngx_gemini_blame_written(st, &violation))
        {
            st->cell->warned = 1;
            ngx_gemini_change(st, NGX_GEMINI_EVENT_LEARNED,
                              NGX_GEMINI_SCOPE_CELL, NULL,
                              violation.value);
        }
    }
}


/* it says what the configuration says */

static ngx_uint_t
ngx_gemini_blame_written(const ngx_gemini_settling_t *st,
    const ngx_gemini_violation_t *violation)
{
    uint32_t                   column, project;
    const ngx_gemini_conf_t   *gc;
    const ngx_gemini_limit_t  *limit;

    gc = st->gc;
    project = gc->keys[st->settle->key].project;
    column = st->settle->choice_conf;

    if (column == NGX_GEMINI_NONE) {
        column = gc->nmodels;
    }

    limit = &gc->limits[(size_t) project * (gc->nmodels + 1) + column];

    switch (violation->limit) {

    case NGX_GEMINI_LIMIT_RPM:
        return limit->rpm == violation->value;

    case NGX_GEMINI_LIMIT_TPM:
        return limit->tpm == violation->value;

    case NGX_GEMINI_LIMIT_RPD:
        return limit->rpd == violation->value;

    default:
        return 1;
    }
}
