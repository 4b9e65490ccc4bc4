
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_capacity.h"
#include "ngx_gemini_budget.h"
#include "ngx_gemini_request.h"
#include "ngx_gemini_time.h"


#define NGX_GEMINI_CAPACITY_SEEN    0x01   /* its use is counted */
#define NGX_GEMINI_CAPACITY_USABLE  0x02   /* what it has left, too */

/* fewer requests in the open minutes say nothing about the pace */
#define NGX_GEMINI_CAPACITY_PACE    5


static void ngx_gemini_capacity_key(ngx_gemini_capacity_walk_t *walk,
    ngx_gemini_view_t *gv, const ngx_gemini_conf_t *gc, uint32_t key,
    uint64_t now, uint64_t google);
static void ngx_gemini_capacity_left(ngx_gemini_capacity_walk_t *walk,
    const ngx_gemini_cell_t *cell, const ngx_gemini_limit_t *written,
    uint64_t now, uint64_t google);
static void ngx_gemini_capacity_add(int64_t *sum, int64_t n);
static void ngx_gemini_capacity_earliest(uint64_t *time, uint64_t candidate);


void
ngx_gemini_capacity_start(ngx_gemini_capacity_walk_t *walk,
    const ngx_gemini_conf_t *gc, const ngx_gemini_choice_t *choice,
    const ngx_str_t *name, u_char *marks)
{
    ngx_uint_t  kind;

    ngx_memzero(walk, sizeof(ngx_gemini_capacity_walk_t));
    ngx_memzero(marks, gc->nprojects);

    walk->marks = marks;
    walk->choice = *choice;

    walk->capacity.rpm_left = -1;
    walk->capacity.tpm_left = -1;
    walk->capacity.rpd_left = -1;

    if (choice->conf == NGX_GEMINI_NONE) {
        kind = ngx_gemini_request_kind(name);
        walk->pick.unlisted = *name;

    } else {
        kind = gc->models[choice->conf].kind;
    }

    walk->pick.choices = &walk->choice;
    walk->pick.nchoices = 1;
    walk->pick.surface = NGX_GEMINI_SURFACE_NATIVE;
    walk->pick.verb = ngx_gemini_capacity_verb(kind);
    walk->pick.project = NGX_GEMINI_NONE;
    walk->pick.tokens = 1;
    walk->pick.dry = 1;
}


ngx_int_t
ngx_gemini_capacity_step(ngx_gemini_capacity_walk_t *walk,
    ngx_gemini_view_t *gv, const ngx_gemini_conf_t *gc, uint32_t n,
    uint64_t now, uint64_t google)
{
    uint32_t                        nlists;
    const ngx_gemini_candidates_t  *lists;

    lists = ngx_gemini_capacity_lists(gc, &walk->choice, &nlists);

    while (walk->list < nlists) {

        if (walk->at == lists[walk->list].n) {
            walk->at = 0;
            walk->list++;
            continue;
        }

        if (n == 0) {
            return NGX_AGAIN;
        }

        ngx_gemini_capacity_key(walk, gv, gc,
                                lists[walk->list].keys[walk->at], now,
                                google);
        walk->at++;
        n--;
    }

    return NGX_OK;
}


static void
ngx_gemini_capacity_key(ngx_gemini_capacity_walk_t *walk,
    ngx_gemini_view_t *gv, const ngx_gemini_conf_t *gc, uint32_t key,
    uint64_t now, uint64_t google)
{
    u_char                   *mark;
    uint32_t                  lack, project;
    uint64_t                  until;
    ngx_gemini_used_t         used;
    const ngx_gemini_cell_t  *cell;

    project = gc->keys[key].project;
    cell = ngx_gemini_cell(gv, gc->projects[project].slot, walk->choice.slot);
    mark = &walk->marks[project];

    if (!(*mark & NGX_GEMINI_CAPACITY_SEEN)) {
        *mark |= NGX_GEMINI_CAPACITY_SEEN;

        ngx_gemini_capacity_used(cell, now, google, &used);

        walk->minute += used.requests;
        walk->day += used.day_requests;
    }

    until = 0;

    lack = ngx_gemini_sched_usable(gv, gc, &walk->pick, key, 0, now, &until);

    if (lack) {
        ngx_gemini_capacity_earliest(&walk->capacity.next_relief, until);
        return;
    }

    walk->capacity.usable++;

    if (!(*mark & NGX_GEMINI_CAPACITY_USABLE)) {
        *mark |= NGX_GEMINI_CAPACITY_USABLE;

        ngx_gemini_capacity_left(walk, cell,
                                 ngx_gemini_capacity_limit(gc, project,
                                                           walk->choice.conf),
                                 now, google);
    }
}


static void
ngx_gemini_capacity_left(ngx_gemini_capacity_walk_t *walk,
    const ngx_gemini_cell_t *cell, const ngx_gemini_limit_t *written,
    uint64_t now, uint64_t google)
{
    int64_t             rpm, tpm, rpd;
    ngx_gemini_limit_t  limit;

    ngx_gemini_budget_limit(cell, written, google, &limit);
    ngx_gemini_budget_left(cell, &limit, now, google, &rpm, &tpm, &rpd);

    if (rpm < 0 && tpm < 0 && rpd < 0) {
        walk->capacity.unlimited++;
    }

    if (rpd < 0) {
        walk->no_day++;
    }

    ngx_gemini_capacity_add(&walk->capacity.rpm_left, rpm);
    ngx_gemini_capacity_add(&walk->capacity.tpm_left, tpm);
    ngx_gemini_capacity_add(&walk->capacity.rpd_left, rpd);
}


static void
ngx_gemini_capacity_add(int64_t *sum, int64_t n)
{
    if (n >= 0) {
        *sum = ngx_max(*sum, 0) + n;
    }
}


static void
ngx_gemini_capacity_earliest(uint64_t *time, uint64_t candidate)
{
    if (candidate && (*time == 0 || candidate < *time)) {
        *time = candidate;
    }
}


/*
 * When the day's requests run out at the pace of the day so far, or of the
 * open minutes if that is sooner.  Unknown while a usable project has no day
 * limit, while nothing is usable, and when midnight comes first.
 */

void
ngx_gemini_capacity_finish(ngx_gemini_capacity_walk_t *walk, uint64_t now,
    uint64_t google)
{
    double    left, ms;
    uint64_t  elapsed, rest;

    if (walk->capacity.usable == 0 || walk->no_day || walk->day == 0) {
        return;
    }

    elapsed = google - ngx_gemini_time_day_start(google);
    elapsed = ngx_max(elapsed, NGX_GEMINI_MINUTE);

    left = (double) walk->capacity.rpd_left;
    ms = left * (double) elapsed / (double) walk->day;

    if (walk->minute >= NGX_GEMINI_CAPACITY_PACE) {
        left = left * NGX_GEMINI_MINUTE / (double) walk->minute;
        ms = ngx_min(ms, left);
    }

    rest = ngx_gemini_time_midnight(google) - google;

    if (ms < (double) rest) {
        walk->capacity.exhausts_at = now + (uint64_t) ms;
    }
}


const ngx_gemini_candidates_t *
ngx_gemini_capacity_lists(const ngx_gemini_conf_t *gc,
    const ngx_gemini_choice_t *choice, uint32_t *n)
{
    if (choice->conf == NGX_GEMINI_NONE) {
        *n = gc->nunlisted;
        return gc->unlisted_candidates;
    }

    *n = gc->models[choice->conf].ncandidates;

    return gc->models[choice->conf].candidates;
}


ngx_gemini_verb_e
ngx_gemini_capacity_verb(ngx_uint_t kind)
{
    switch (kind) {

    case NGX_GEMINI_KIND_EMBEDDING:
        return NGX_GEMINI_VERB_EMBED;

    case NGX_GEMINI_KIND_LIVE:
        return NGX_GEMINI_VERB_LIVE;

    case NGX_GEMINI_KIND_VIDEO:
        return NGX_GEMINI_VERB_PREDICT_LONG;

    default:
        return NGX_GEMINI_VERB_GENERATE;
    }
}


const ngx_gemini_limit_t *
ngx_gemini_capacity_limit(const ngx_gemini_conf_t *gc, uint32_t project,
    uint32_t model)
{
    if (model == NGX_GEMINI_NONE) {
        model = gc->nmodels;
    }

    return &gc->limits[(size_t) project * (gc->nmodels + 1) + model];
}


/* asks the budget for what is left of limits too high to matter */

void
ngx_gemini_capacity_used(const ngx_gemini_cell_t *cell, uint64_t now,
    uint64_t google, ngx_gemini_used_t *used)
{
    int64_t             rpm, tpm, rpd;
    ngx_gemini_limit_t  limit;

    limit.rpm = NGX_MAX_UINT32_VALUE;
    limit.tpm = INT64_MAX;
    limit.rpd = cell->use.day_requests ? NGX_MAX_UINT32_VALUE : 0;

    ngx_gemini_budget_left(cell, &limit, now, google, &rpm, &tpm, &rpd);

    used->requests = limit.rpm - rpm;
    used->tokens = limit.tpm - tpm;
    used->day_requests = (rpd < 0) ? 0 : limit.rpd - rpd;
}
