
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_budget.h"
#include "ngx_gemini_candidate.h"
#include "ngx_gemini_cooldown.h"
#include "ngx_gemini_glob.h"
#include "ngx_gemini_time.h"


#define NGX_GEMINI_PROMPT      8192     /* an estimate is believed up to it */


static void ngx_gemini_candidate_model(ngx_gemini_look_t *look);
static uint64_t ngx_gemini_candidate_tokens(const ngx_gemini_look_t *look);
static ngx_uint_t ngx_gemini_candidate_usable(const ngx_gemini_look_t *look,
    uint32_t key);
static void ngx_gemini_candidate_operator(const ngx_gemini_look_t *look,
    ngx_uint_t disabled, uint64_t until, uint32_t lack,
    ngx_gemini_why_t *why);
static ngx_uint_t ngx_gemini_candidate_resting(const ngx_gemini_look_t *look,
    ngx_gemini_rest_t *rest, uint32_t lack, ngx_gemini_why_t *why);
static void ngx_gemini_candidate_rest(const ngx_gemini_look_t *look,
    ngx_gemini_rest_t *rest, uint32_t in_flight, uint32_t lack,
    ngx_gemini_why_t *why);
static void ngx_gemini_candidate_cell(const ngx_gemini_look_t *look,
    const ngx_gemini_candidate_t *c, ngx_gemini_why_t *why);
static void ngx_gemini_candidate_budget(const ngx_gemini_look_t *look,
    const ngx_gemini_candidate_t *c, ngx_gemini_why_t *why);
static uint32_t ngx_gemini_candidate_money(const ngx_gemini_rest_t *rest);
static ngx_inline const ngx_gemini_limit_t *ngx_gemini_candidate_written(
    const ngx_gemini_look_t *look, const ngx_gemini_key_conf_t *conf);
static const ngx_gemini_limit_t *ngx_gemini_candidate_in_force(
    const ngx_gemini_look_t *look, const ngx_gemini_candidate_t *c,
    ngx_gemini_limit_t *lower);


void
ngx_gemini_candidate_look(ngx_gemini_look_t *look, ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, const ngx_gemini_pick_t *pick, uint64_t now)
{
    look->gv = gv;
    look->gc = gc;
    look->pick = pick;
    look->now = now;
    look->google = now + gv->gp->skew;
    look->surface = 1u << pick->surface;
    look->verb = 1u << pick->verb;
    look->midnight = 0;
    look->choice = NULL;
    look->keys = gv->keys;
    look->confs = gc->keys;
}


void
ngx_gemini_candidate_choose(ngx_gemini_look_t *look, uint32_t choice)
{
    uint32_t                  column;
    const ngx_gemini_conf_t  *gc;
    const ngx_gemini_pick_t  *pick;

    gc = look->gc;
    pick = look->pick;

    look->choice = &pick->choices[choice];
    look->model = &look->gv->models[look->choice->slot];
    look->cells = ngx_gemini_cell(look->gv, 0, look->choice->slot);
    look->tokens = ngx_gemini_candidate_tokens(look);

    column = look->choice->conf;
    look->name = NULL;

    if (column == NGX_GEMINI_NONE) {
        column = gc->nmodels;
        look->name = (pick->unlisted.len) ? &pick->unlisted : NULL;
    }

    look->limits = &gc->limits[column];

    look->narrow = (pick->ntried || pick->project != NGX_GEMINI_NONE
                    || look->name != NULL
                    || (pick->restrict_to != NULL
                        && pick->restrict_to->keys.len));

    ngx_gemini_candidate_model(look);
}


/* what is common to all keys of the choice */

static void
ngx_gemini_candidate_model(ngx_gemini_look_t *look)
{
    const ngx_str_t     *name;
    ngx_gemini_why_t    *why;
    ngx_gemini_model_t  *model;

    why = &look->all;
    model = look->model;

    ngx_memzero(why, sizeof(ngx_gemini_why_t));

    name = (look->choice->conf == NGX_GEMINI_NONE)
           ? look->name : &look->gc->models[look->choice->conf].name;

    if (name != NULL && look->pick->restrict_to != NULL
        && look->pick->restrict_to->models.len
        && !ngx_gemini_glob_list(&look->pick->restrict_to->models, name))
    {
        why->lack = NGX_GEMINI_LACK_KEY;
        why->forever = 1;
        return;
    }

    ngx_gemini_candidate_operator(look, model->operator,
                                  model->operator_until,
                                  NGX_GEMINI_LACK_KEY, why);

    if (ngx_gemini_candidate_resting(look, &model->rest,
                                     NGX_GEMINI_LACK_MODEL, why))
    {
        return;
    }

    /* after a rest 1, 2, 4, ... trials, gemini_settle */

    if (model->ramp && model->allowed == 0 && model->in_flight) {
        why->lack |= NGX_GEMINI_LACK_MODEL|NGX_GEMINI_LACK_TRIAL;
    }
}


/* the estimate, at most the largest prompt that the model saw of late */

static uint64_t
ngx_gemini_candidate_tokens(const ngx_gemini_look_t *look)
{
    uint32_t                    i, max;
    const ngx_gemini_sample_t  *sample;
    const ngx_gemini_window_t  *w;

    max = NGX_GEMINI_PROMPT;

    if (look->pick->tokens <= max) {
        return look->pick->tokens;
    }

    w = &look->model->window;

    for (i = 1; i <= w->n; i++) {
        sample = &w->samples[(w->head + NGX_GEMINI_WINDOW_MAX - i)
                             % NGX_GEMINI_WINDOW_MAX];
        max = ngx_max(max, sample->prompt);
    }

    return ngx_min(look->pick->tokens, max);
}


const ngx_gemini_candidates_t *
ngx_gemini_candidate_lists(const ngx_gemini_look_t *look, uint32_t *n)
{
    const ngx_gemini_conf_t  *gc;

    gc = look->gc;

    if (look->choice->conf == NGX_GEMINI_NONE) {
        *n = gc->nunlisted;
        return gc->unlisted_candidates;
    }

    *n = gc->models[look->choice->conf].ncandidates;

    return gc->models[look->choice->conf].candidates;
}


ngx_uint_t
ngx_gemini_candidate_fine(const ngx_gemini_look_t *look, uint32_t key)
{
    uint64_t                      ends, flags;
    const ngx_gemini_key_t       *record;
    const ngx_gemini_cell_t      *cell;
    const ngx_gemini_limit_t     *limit;
    const ngx_gemini_account_t   *account;
    const ngx_gemini_project_t   *project;
    const ngx_gemini_key_conf_t  *conf;

    conf = &look->confs[key];
    record = &look->keys[conf->slot];
    project = &look->gv->projects[conf->project_slot];
    account = &look->gv->accounts[conf->account_slot];
    cell = &look->cells[conf->project_slot];

    /*
     * nearly always nothing stands against it: one look tells; a max_conns
     * of 0 wraps around to no limit
     */

    flags = look->narrow | conf->disabled | record->disabled
            | record->operator | project->operator | account->operator
            | (record->surfaces & look->surface)
            | (record->verbs & look->verb) | cell->ramp
            | (record->in_flight > conf->max_conns - 1)
            | cell->learned.rpm | cell->learned.tpm | cell->learned.rpd;

    ends = record->rest.until | project->rest.until | account->rest.until
           | cell->rest.until;

    if (flags | ends) {
        return ngx_gemini_candidate_usable(look, key);
    }

    limit = ngx_gemini_candidate_written(look, conf);

    return ngx_gemini_budget_lacks(cell, limit, look->tokens, look->now,
                                   look->google) == 0;
}


static ngx_uint_t
ngx_gemini_candidate_usable(const ngx_gemini_look_t *look, uint32_t key)
{
    ngx_gemini_why_t        why;
    ngx_gemini_candidate_t  c;

    ngx_gemini_candidate_at(look, key, &c);
    ngx_gemini_candidate_why(look, key, &c, &why);

    return why.lack == 0;
}


void
ngx_gemini_candidate_why(const ngx_gemini_look_t *look, uint32_t key,
    const ngx_gemini_candidate_t *c, ngx_gemini_why_t *why)
{
    *why = look->all;

    if (why->forever) {
        return;
    }

    if (ngx_gemini_allow_never(look, c)) {
        why->lack = NGX_GEMINI_LACK_KEY;
        why->until = 0;
        why->forever = 1;
        return;
    }

    ngx_gemini_candidate_operator(look, c->key->operator,
                                  c->key->operator_until,
                                  NGX_GEMINI_LACK_KEY, why);
    ngx_gemini_candidate_operator(look, c->project->operator,
                                  c->project->operator_until,
                                  NGX_GEMINI_LACK_PROJECT, why);
    ngx_gemini_candidate_operator(look, c->account->operator,
                                  c->account->operator_until,
                                  NGX_GEMINI_LACK_PROJECT, why);

    if (why->forever) {
        return;
    }

    if (look->pick->ntried && ngx_gemini_allow_tried(look, key, c)) {
        why->lack |= NGX_GEMINI_LACK_TRIED;
        why->tried = 1;
    }

    ngx_gemini_candidate_rest(look, &c->key->rest, c->key->in_flight,
                              NGX_GEMINI_LACK_KEY, why);
    ngx_gemini_candidate_rest(look, &c->project->rest, c->project->in_flight,
                              ngx_gemini_candidate_money(&c->project->rest),
                              why);
    ngx_gemini_candidate_rest(look, &c->account->rest, c->account->in_flight,
                              NGX_GEMINI_LACK_CREDIT, why);

    ngx_gemini_candidate_cell(look, c, why);
    ngx_gemini_candidate_budget(look, c, why);

    if (c->conf->max_conns && c->key->in_flight >= c->conf->max_conns) {
        why->lack |= NGX_GEMINI_LACK_CONNS;
    }
}


static void
ngx_gemini_candidate_operator(const ngx_gemini_look_t *look,
    ngx_uint_t disabled, uint64_t until, uint32_t lack,
    ngx_gemini_why_t *why)
{
    if (!disabled || (until && until <= look->now)) {
        return;
    }

    why->lack |= lack;
    why->until = ngx_max(why->until, until);

    if (until == 0) {
        why->lack = lack;
        why->until = 0;
        why->forever = 1;
    }
}


/* 1: it rests still */

static ngx_uint_t
ngx_gemini_candidate_resting(const ngx_gemini_look_t *look,
    ngx_gemini_rest_t *rest, uint32_t lack, ngx_gemini_why_t *why)
{
    uint64_t  left;

    left = ngx_gemini_cooldown_left(rest, look->now);

    if (left == 0) {
        return 0;
    }

    why->lack |= lack;
    why->until = ngx_max(why->until, look->now + left);

    if (lack == NGX_GEMINI_LACK_QUOTA) {

        if (rest->reason == NGX_GEMINI_QUOTA_DAY
            && rest->provenance != NGX_GEMINI_GUESSED)
        {
            why->day = 1;

        } else if (rest->reason != NGX_GEMINI_QUOTA_ZERO) {
            why->minute = 1;
        }
    }

    return 1;
}


static void
ngx_gemini_candidate_rest(const ngx_gemini_look_t *look,
    ngx_gemini_rest_t *rest, uint32_t in_flight, uint32_t lack,
    ngx_gemini_why_t *why)
{
    if (rest->until == 0
        || ngx_gemini_candidate_resting(look, rest, lack, why))
    {
        return;
    }

    if (rest->until && rest->trial == NGX_GEMINI_TRYING && in_flight) {
        why->lack |= lack|NGX_GEMINI_LACK_TRIAL;
    }
}


static void
ngx_gemini_candidate_cell(const ngx_gemini_look_t *look,
    const ngx_gemini_candidate_t *c, ngx_gemini_why_t *why)
{
    uint32_t            lack;
    ngx_gemini_cell_t  *cell;
    ngx_gemini_limit_t  limit;

    cell = c->cell;

    if (cell->rest.until == 0 && cell->ramp == 0) {
        return;
    }

    /* a project that may not use the model at all lacks no quota of it */

    lack = (cell->rest.reason >= NGX_GEMINI_QUOTA_DAY
            && cell->rest.reason <= NGX_GEMINI_QUOTA_TOOL)
           ? NGX_GEMINI_LACK_QUOTA : NGX_GEMINI_LACK_KEY;

    if (ngx_gemini_candidate_resting(look, &cell->rest, lack, why)) {
        return;
    }

    if (cell->rest.until && cell->trying && cell->in_flight) {
        why->lack |= lack|NGX_GEMINI_LACK_TRIAL;
        why->minute = 1;
        return;
    }

    /* places left are ramp - 1, gemini_settle */

    if (look->pick->waiter && cell->ramp == 1 && cell->in_flight) {
        (void) ngx_gemini_candidate_limit(look, c, &limit);

        if (limit.rpm == 0) {
            why->lack |= lack|NGX_GEMINI_LACK_TRIAL;
            why->minute = 1;
            why->waiter = 1;
        }
    }
}


static void
ngx_gemini_candidate_budget(const ngx_gemini_look_t *look,
    const ngx_gemini_candidate_t *c, ngx_gemini_why_t *why)
{
    uint64_t                   end;
    ngx_uint_t                 lacks;
    ngx_gemini_limit_t         lower;
    const ngx_gemini_limit_t  *limit;

    limit = ngx_gemini_candidate_in_force(look, c, &lower);

    lacks = ngx_gemini_budget_lacks(c->cell, limit, look->tokens, look->now,
                                    look->google);
    if (lacks == 0) {
        return;
    }

    why->lack |= NGX_GEMINI_LACK_QUOTA;

    if (lacks & NGX_GEMINI_BUDGET_MINUTE) {
        end = c->cell->use.minute + NGX_GEMINI_MINUTE;
        why->until = ngx_max(why->until, end);
    }

    if (lacks & NGX_GEMINI_BUDGET_DAY) {
        end = look->midnight ? look->midnight
                             : ngx_gemini_candidate_midnight(look);
        why->until = ngx_max(why->until, end);
        why->day = 1;

    } else {
        why->minute = 1;
    }
}


/* of Google's day, by our clock */

uint64_t
ngx_gemini_candidate_midnight(const ngx_gemini_look_t *look)
{
    return look->now + (ngx_gemini_time_midnight(look->google)
                        - look->google);
}


static uint32_t
ngx_gemini_candidate_money(const ngx_gemini_rest_t *rest)
{
    switch (rest->reason) {

    case NGX_GEMINI_CREDIT:
    case NGX_GEMINI_CAP:
    case NGX_GEMINI_SPEND_RATE:
    case NGX_GEMINI_PROJECT_BILLING:
        return NGX_GEMINI_LACK_CREDIT;

    default:
        return NGX_GEMINI_LACK_PROJECT;
    }
}


uint64_t
ngx_gemini_candidate_limit(const ngx_gemini_look_t *look,
    const ngx_gemini_candidate_t *c, ngx_gemini_limit_t *limit)
{
    const ngx_gemini_limit_t  *lower;

    lower = ngx_gemini_candidate_in_force(look, c, limit);

    if (lower != limit) {
        *limit = *lower;
    }

    return (limit->tpm && limit->tpm < look->tokens) ? limit->tpm
                                                     : look->tokens;
}


/* the limits as they are written, unless lower ones were learned */

static const ngx_gemini_limit_t *
ngx_gemini_candidate_in_force(const ngx_gemini_look_t *look,
    const ngx_gemini_candidate_t *c, ngx_gemini_limit_t *lower)
{
    const ngx_gemini_limit_t    *written;
    const ngx_gemini_learned_t  *learned;

    learned = &c->cell->learned;
    written = ngx_gemini_candidate_written(look, c->conf);

    if ((learned->rpm | learned->tpm | learned->rpd) == 0) {
        return written;
    }

    ngx_gemini_budget_limit(c->cell, written, look->google, lower);

    return lower;
}


static ngx_inline const ngx_gemini_limit_t *
ngx_gemini_candidate_written(const ngx_gemini_look_t *look,
    const ngx_gemini_key_conf_t *conf)
{
    return &look->limits[(size_t) conf->project * (look->gc->nmodels + 1)];
}
