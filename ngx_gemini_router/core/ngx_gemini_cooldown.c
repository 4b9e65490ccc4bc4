
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_cooldown.h"


static void ngx_gemini_cooldown_mark(ngx_gemini_settling_t *st,
    ngx_gemini_scope_e scope);
static void ngx_gemini_cooldown_turn(ngx_gemini_settling_t *st,
    ngx_gemini_scope_e scope);
static void ngx_gemini_cooldown_unmark(ngx_gemini_settling_t *st);
static ngx_uint_t ngx_gemini_cooldown_saw(const ngx_gemini_settling_t *st,
    const ngx_gemini_rest_t *rest);


void
ngx_gemini_cooldown_told(ngx_gemini_settling_t *st, ngx_gemini_scope_e scope,
    ngx_gemini_rest_t *rest)
{
    ngx_gemini_cooldown_place(st, scope, rest, st->verdict->delay,
                              st->verdict->provenance);
}


void
ngx_gemini_cooldown_place(ngx_gemini_settling_t *st,
    ngx_gemini_scope_e scope, ngx_gemini_rest_t *rest, uint64_t length,
    ngx_uint_t provenance)
{
    uint64_t  was, until;

    was = ngx_gemini_rest_left(rest, st->now);
    until = rest->until;

    if (was > length) {
        return;
    }

    ngx_gemini_rest_place(rest, st->now, length, st->verdict->class,
                          provenance);
    ngx_gemini_cooldown_mark(st, scope);
    ngx_gemini_cooldown_turn(st, scope);

    if (scope == NGX_GEMINI_SCOPE_SERVICE) {

        if (until == 0) {
            ngx_gemini_change(st, NGX_GEMINI_EVENT_UPSTREAM_DOWN, scope,
                              rest, 0);
        }

        return;
    }

    if (was == 0) {
        ngx_gemini_change(st, NGX_GEMINI_EVENT_REST, scope, rest, 0);
    }
}


ngx_uint_t
ngx_gemini_cooldown_guess(ngx_gemini_settling_t *st,
    ngx_gemini_scope_e scope, ngx_gemini_rest_t *rest, uint64_t base,
    uint64_t max)
{
    uint64_t  length;
    uint32_t  step;

    if (!ngx_gemini_cooldown_saw(st, rest)) {
        return 0;
    }

    step = (rest->reason == st->verdict->class) ? rest->step : 0;

    length = ngx_min(base << ngx_min(step, 20), max);
    length = length * (900 + st->settle->random % 201) / 1000;
    length = ngx_min(length, max);

    if (ngx_gemini_rest_left(rest, st->now) > length) {
        return 0;
    }

    ngx_gemini_cooldown_place(st, scope, rest, length, NGX_GEMINI_GUESSED);

    rest->step = (uint8_t) ngx_min(step + 1, 20);

    return 1;
}


/* keeps the bitmaps, and makes waiters leave one by one afterwards */

static void
ngx_gemini_cooldown_mark(ngx_gemini_settling_t *st, ngx_gemini_scope_e scope)
{
    if (scope == NGX_GEMINI_SCOPE_CELL) {
        ngx_gemini_pool_mark(st->gv, st->resv.project, st->resv.model);
        st->cell->ramp = 1;

    } else if (scope == NGX_GEMINI_SCOPE_PROJECT) {
        ngx_gemini_pool_mark(st->gv, st->resv.project, NGX_GEMINI_NONE);
    }
}


/* who can serve has changed for other models, too */

static void
ngx_gemini_cooldown_turn(ngx_gemini_settling_t *st, ngx_gemini_scope_e scope)
{
    if (scope != NGX_GEMINI_SCOPE_CELL && scope != NGX_GEMINI_SCOPE_MODEL) {
        st->gv->gp->turns++;
    }
}


void
ngx_gemini_cooldown_prove(ngx_gemini_settling_t *st,
    ngx_gemini_scope_e scope, ngx_gemini_rest_t *rest)
{
    if (!ngx_gemini_cooldown_saw(st, rest)) {
        return;
    }

    rest->step /= 2;

    if (rest->until == 0 || rest->provenance != NGX_GEMINI_GUESSED) {
        return;
    }

    rest->until = 0;
    rest->trial = 0;

    if (scope == NGX_GEMINI_SCOPE_CELL || scope == NGX_GEMINI_SCOPE_PROJECT) {
        ngx_gemini_cooldown_unmark(st);
    }

    ngx_gemini_cooldown_turn(st, scope);
    ngx_gemini_change(st, NGX_GEMINI_EVENT_RECOVERED, scope, rest, 0);
}


/* takes the project out of the bitmaps where nothing of it rests now */

static void
ngx_gemini_cooldown_unmark(ngx_gemini_settling_t *st)
{
    uint32_t            model, project;
    ngx_gemini_rest_t  *rest;

    project = st->resv.project;

    (void) ngx_gemini_cooldown_left(&st->project->rest, st->now);

    if (st->project->rest.until) {
        return;
    }

    for (model = 0; model < st->gv->nmodels; model++) {
        rest = &ngx_gemini_cell(st->gv, project, model)->rest;

        (void) ngx_gemini_cooldown_left(rest, st->now);

        if (rest->until == 0) {
            ngx_gemini_bitmap(st->gv, model)[project / 64] &=
                                        ~((uint64_t) 1 << (project % 64));
        }
    }
}


/* an attempt that began before the rest did is no word on it */

static ngx_uint_t
ngx_gemini_cooldown_saw(const ngx_gemini_settling_t *st,
    const ngx_gemini_rest_t *rest)
{
    return rest->began == 0 || st->settle->began > rest->began;
}


uint64_t
ngx_gemini_cooldown_left(ngx_gemini_rest_t *rest, uint64_t now)
{
    uint64_t  left;

    if (rest->until == 0) {
        return 0;
    }

    left = ngx_gemini_rest_left(rest, now);

    if (left == 0 && rest->provenance != NGX_GEMINI_GUESSED) {
        rest->until = 0;
    }

    return left;
}


ngx_uint_t
ngx_gemini_cooldown_unproven(const ngx_gemini_rest_t *rest, uint64_t now)
{
    return rest->until != 0
           && rest->provenance == NGX_GEMINI_GUESSED
           && ngx_gemini_rest_left(rest, now) == 0;
}
