
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_budget.h"
#include "ngx_gemini_cooldown.h"
#include "ngx_gemini_resv.h"


static uint8_t ngx_gemini_resv_trials(ngx_gemini_look_t *look,
    const ngx_gemini_candidate_t *c);
static uint8_t ngx_gemini_resv_trial(ngx_gemini_rest_t *rest, uint64_t now,
    uint8_t bit);
static void ngx_gemini_resv_untry(ngx_gemini_view_t *gv,
    const ngx_gemini_resv_t *resv);
static void ngx_gemini_resv_untry_rest(ngx_gemini_rest_t *rest);


uint32_t
ngx_gemini_resv_take(ngx_gemini_look_t *look,
    const ngx_gemini_candidate_t *c, uint32_t choice)
{
    uint32_t                  n;
    uint64_t                  tokens;
    ngx_gemini_pool_t        *gp;
    ngx_gemini_resv_t        *resv;
    ngx_gemini_limit_t        limit;
    const ngx_gemini_pick_t  *pick;

    gp = look->gv->gp;
    pick = look->pick;

    if (look->choice != &pick->choices[choice]) {
        ngx_gemini_candidate_choose(look, choice);
    }

    tokens = ngx_gemini_candidate_limit(look, c, &limit);

    n = gp->free;
    resv = &look->gv->resvs[n];
    gp->free = resv->next;

    resv->began = look->now;
    resv->worker = pick->worker;
    resv->key = c->conf->slot;
    resv->project = c->conf->project_slot;
    resv->account = c->conf->account_slot;
    resv->model = look->choice->slot;
    resv->tokens = (uint32_t) tokens;
    resv->retry = pick->retry;
    resv->trial = ngx_gemini_resv_trials(look, c);
    resv->minute = ngx_gemini_budget_book(c->cell, tokens, look->now,
                                          look->google);
    resv->type = NGX_GEMINI_RESV_ATTEMPT;

    ngx_gemini_budget_weigh(c->cell, &limit);

    c->key->in_flight++;
    c->project->in_flight++;
    c->account->in_flight++;
    c->cell->in_flight++;
    look->model->in_flight++;
    look->model->moves++;
    gp->in_flight++;

    c->key->last_used = look->now;
    look->model->last_used = look->now;
    c->cell->requests++;
    gp->totals.attempts++;

    if (pick->retry) {
        ngx_gemini_rate_add(&gp->retries, look->now, 1);
    }

    return n;
}


/* takes the trials that this attempt makes; one request at a time each */

static uint8_t
ngx_gemini_resv_trials(ngx_gemini_look_t *look,
    const ngx_gemini_candidate_t *c)
{
    uint8_t              trial;
    uint64_t             rested;
    ngx_gemini_rest_t   *upstream;
    ngx_gemini_model_t  *model;

    model = look->model;
    upstream = &look->gv->gp->upstream;

    /* nearly always nothing has rested */

    rested = upstream->until | model->rest.until | model->ramp
             | c->key->rest.until | c->project->rest.until
             | c->account->rest.until | c->cell->rest.until | c->cell->ramp;

    if (rested == 0) {
        return 0;
    }

    trial = ngx_gemini_resv_trial(upstream, look->now,
                                  NGX_GEMINI_TRIAL_UPSTREAM);
    trial |= ngx_gemini_resv_trial(&c->key->rest, look->now,
                                   NGX_GEMINI_TRIAL_KEY);
    trial |= ngx_gemini_resv_trial(&c->project->rest, look->now,
                                   NGX_GEMINI_TRIAL_PROJECT);
    trial |= ngx_gemini_resv_trial(&c->account->rest, look->now,
                                   NGX_GEMINI_TRIAL_ACCOUNT);

    if (ngx_gemini_resv_trial(&c->cell->rest, look->now,
                              NGX_GEMINI_TRIAL_CELL))
    {
        c->cell->trying = 1;
        trial |= NGX_GEMINI_TRIAL_CELL;
    }

    if (look->pick->waiter && c->cell->ramp > 1) {
        c->cell->ramp--;
        trial |= NGX_GEMINI_TRIAL_RAMP;
    }

    if (model->ramp == 0
        && ngx_gemini_cooldown_unproven(&model->rest, look->now))
    {
        model->ramp = 1;
        model->allowed = 1;
    }

    if (model->ramp) {
        model->allowed -= (model->allowed > 0);
        trial |= NGX_GEMINI_TRIAL_MODEL;
    }

    return trial;
}


static uint8_t
ngx_gemini_resv_trial(ngx_gemini_rest_t *rest, uint64_t now, uint8_t bit)
{
    if (!ngx_gemini_cooldown_unproven(rest, now)) {
        return 0;
    }

    rest->trial = NGX_GEMINI_TRYING;

    return bit;
}


void
ngx_gemini_resv_free(ngx_gemini_view_t *gv, uint32_t n, int64_t used,
    uint64_t now)
{
    ngx_gemini_resv_t  *resv;
    ngx_gemini_cell_t  *cell;

    resv = &gv->resvs[n];
    cell = ngx_gemini_cell(gv, resv->project, resv->model);

    ngx_gemini_budget_settle(cell, resv->minute, resv->tokens, used, now);

    gv->keys[resv->key].in_flight--;
    gv->projects[resv->project].in_flight--;
    gv->accounts[resv->account].in_flight--;
    gv->models[resv->model].in_flight--;
    gv->models[resv->model].moves++;
    gv->gp->in_flight--;
    cell->in_flight--;

    ngx_gemini_resv_untry(gv, resv);

    resv->type = NGX_GEMINI_RESV_FREE;
    resv->next = gv->gp->free;

    gv->gp->free = n;
    gv->gp->epoch++;
    gv->gp->ended++;
}


/* what it tried may be tried by the next one */

static void
ngx_gemini_resv_untry(ngx_gemini_view_t *gv, const ngx_gemini_resv_t *resv)
{
    ngx_gemini_cell_t   *cell;
    ngx_gemini_model_t  *model;

    if (resv->trial == 0) {
        return;
    }

    cell = ngx_gemini_cell(gv, resv->project, resv->model);
    model = &gv->models[resv->model];

    if (resv->trial & NGX_GEMINI_TRIAL_UPSTREAM) {
        ngx_gemini_resv_untry_rest(&gv->gp->upstream);
    }

    if (resv->trial & NGX_GEMINI_TRIAL_KEY) {
        ngx_gemini_resv_untry_rest(&gv->keys[resv->key].rest);
    }

    if (resv->trial & NGX_GEMINI_TRIAL_PROJECT) {
        ngx_gemini_resv_untry_rest(&gv->projects[resv->project].rest);
    }

    if (resv->trial & NGX_GEMINI_TRIAL_ACCOUNT) {
        ngx_gemini_resv_untry_rest(&gv->accounts[resv->account].rest);
    }

    if (resv->trial & NGX_GEMINI_TRIAL_CELL) {
        ngx_gemini_resv_untry_rest(&cell->rest);
        cell->trying = 0;
    }

    if ((resv->trial & NGX_GEMINI_TRIAL_RAMP) && cell->ramp) {
        cell->ramp++;
    }

    if ((resv->trial & NGX_GEMINI_TRIAL_MODEL) && model->ramp) {
        model->allowed++;
    }
}


static void
ngx_gemini_resv_untry_rest(ngx_gemini_rest_t *rest)
{
    if (rest->trial == NGX_GEMINI_TRYING) {
        rest->trial = 1;
    }
}


ngx_int_t
ngx_gemini_sched_wait(ngx_gemini_view_t *gv, const ngx_gemini_conf_t *gc,
    uint32_t worker, uint32_t *resv, uint64_t now)
{
    ngx_gemini_pool_t  *gp;
    ngx_gemini_resv_t  *place;

    gp = gv->gp;

    if (gp->waiting >= gc->queue || gp->free == NGX_GEMINI_NONE) {
        gp->totals.queue_full++;
        return NGX_DECLINED;
    }

    *resv = gp->free;
    place = &gv->resvs[gp->free];
    gp->free = place->next;

    ngx_memzero(place, sizeof(ngx_gemini_resv_t));

    place->began = now;
    place->worker = worker;
    place->key = NGX_GEMINI_NONE;
    place->type = NGX_GEMINI_RESV_WAITER;

    gp->waiting++;
    gp->waiting_max = ngx_max(gp->waiting_max, gp->waiting);

    return NGX_OK;
}


void
ngx_gemini_sched_unwait(ngx_gemini_view_t *gv, uint32_t resv)
{
    ngx_gemini_resv_t  *place;

    place = &gv->resvs[resv];

    if (place->type != NGX_GEMINI_RESV_WAITER) {
        return;
    }

    place->type = NGX_GEMINI_RESV_FREE;
    place->next = gv->gp->free;

    gv->gp->free = resv;
    gv->gp->waiting--;
}


uint32_t
ngx_gemini_sched_reap(ngx_gemini_view_t *gv, uint32_t worker, uint64_t now)
{
    uint32_t             i, n;
    ngx_gemini_resv_t   *resv;
    ngx_gemini_event_t   event;

    for (i = 0, n = 0; i < gv->gp->caps.reservations; i++) {
        resv = &gv->resvs[i];

        if (resv->type == NGX_GEMINI_RESV_FREE || resv->worker != worker) {
            continue;
        }

        n++;

        if (resv->type == NGX_GEMINI_RESV_WAITER) {
            ngx_gemini_sched_unwait(gv, i);
            continue;
        }

        ngx_gemini_resv_free(gv, i, -1, now);

        gv->gp->totals.lost++;
        gv->gp->totals.classes[NGX_GEMINI_LOST]++;
    }

    if (n == 0) {
        return 0;
    }

    ngx_memzero(&event, sizeof(ngx_gemini_event_t));

    event.time = now;
    event.number = n;
    event.type = NGX_GEMINI_EVENT_REAPED;
    event.scope = NGX_GEMINI_SCOPE_POOL;
    event.reason = NGX_GEMINI_LOST;

    ngx_gemini_pool_event(gv, &event);

    return n;
}
