
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_metrics.h"
#include "ngx_gemini_out.h"


#define NGX_GEMINI_HIST_MASK  (NGX_GEMINI_HIST_INDEX - 1)
#define NGX_GEMINI_TEAM_MASK  (NGX_GEMINI_TEAM_INDEX - 1)


static void ngx_gemini_metrics_others(ngx_gemini_metrics_t *gm);
static ngx_inline ngx_gemini_hist_t *ngx_gemini_metrics_hist(
    ngx_gemini_metrics_t *gm, ngx_uint_t kind, uint32_t model,
    ngx_uint_t class);
static ngx_inline uint32_t ngx_gemini_metrics_place(
    const ngx_gemini_metrics_t *gm, ngx_uint_t kind, uint32_t model,
    ngx_uint_t class);
static ngx_gemini_hist_t *ngx_gemini_metrics_add(ngx_gemini_metrics_t *gm,
    uint32_t place, ngx_uint_t kind, uint32_t model, ngx_uint_t class);
static ngx_inline ngx_uint_t ngx_gemini_metrics_bucket(uint64_t ms);
static void ngx_gemini_metrics_reindex(ngx_gemini_metrics_t *gm);

static uint32_t ngx_gemini_metrics_hash(const u_char *p, size_t len,
    ngx_uint_t *odd);
static void ngx_gemini_metrics_clean(u_char *p, size_t len);
static uint32_t ngx_gemini_metrics_row(ngx_gemini_metrics_t *gm,
    const u_char *p, size_t len, uint32_t hash);
static uint32_t ngx_gemini_metrics_claim(ngx_gemini_metrics_t *gm,
    const u_char *p, size_t len, uint32_t place);


const uint32_t  ngx_gemini_hist_bounds[NGX_GEMINI_HIST_BOUNDS] = {
    50, 100, 250, 500, 1000, 2500, 5000, 10000, 20000, 30000, 60000, 120000,
    180000, 300000
};


void
ngx_gemini_metrics_init(ngx_gemini_metrics_t *gm)
{
    ngx_gemini_metrics_others(gm);
    ngx_gemini_metrics_reindex(gm);
}


/* the rows that take what finds no other */

static void
ngx_gemini_metrics_others(ngx_gemini_metrics_t *gm)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_GEMINI_HIST_KINDS; i++) {
        gm->hists[i].kind = (uint16_t) i;
        gm->hists[i].model = NGX_GEMINI_NONE;
        gm->hists[i].class = (i == NGX_GEMINI_HIST_REQUEST
                              || i == NGX_GEMINI_HIST_ATTEMPT)
                             ? NGX_GEMINI_HIST_OTHER : 0;
    }

    gm->nhists = ngx_max(gm->nhists, NGX_GEMINI_HIST_KINDS);
}


void
ngx_gemini_metrics_observe(ngx_gemini_metrics_t *gm, ngx_gemini_hist_e kind,
    uint32_t model, ngx_uint_t class, uint64_t ms)
{
    ngx_gemini_hist_t  *hist;

    hist = ngx_gemini_metrics_hist(gm, kind, model, class);

    hist->sum += ms;
    hist->buckets[ngx_gemini_metrics_bucket(ms)]++;
}


static ngx_inline ngx_gemini_hist_t *
ngx_gemini_metrics_hist(ngx_gemini_metrics_t *gm, ngx_uint_t kind,
    uint32_t model, ngx_uint_t class)
{
    uint32_t  place;

    place = ngx_gemini_metrics_place(gm, kind, model, class);

    if (gm->hist_index[place] == 0) {
        return ngx_gemini_metrics_add(gm, place, kind, model, class);
    }

    return &gm->hists[gm->hist_index[place] - 1];
}


static ngx_gemini_hist_t *
ngx_gemini_metrics_add(ngx_gemini_metrics_t *gm, uint32_t place,
    ngx_uint_t kind, uint32_t model, ngx_uint_t class)
{
    ngx_gemini_hist_t  *hist;

    if (gm->nhists == NGX_GEMINI_HISTS) {
        return &gm->hists[kind];
    }

    hist = &gm->hists[gm->nhists];

    ngx_memzero(hist, sizeof(ngx_gemini_hist_t));

    hist->kind = (uint16_t) kind;
    hist->model = model;
    hist->class = (uint16_t) class;

    gm->nhists++;
    gm->hist_index[place] = (uint16_t) gm->nhists;

    return hist;
}


/* where the index has the row, or would have it */

static ngx_inline uint32_t
ngx_gemini_metrics_place(const ngx_gemini_metrics_t *gm, ngx_uint_t kind,
    uint32_t model, ngx_uint_t class)
{
    uint32_t                  i;
    const ngx_gemini_hist_t  *hist;

    /* the index is never more than half full */

    for (i = ((model + 1) * 67 + (uint32_t) class * 5 + (uint32_t) kind)
             & NGX_GEMINI_HIST_MASK;
         gm->hist_index[i] != 0;
         i = (i + 1) & NGX_GEMINI_HIST_MASK)
    {
        hist = &gm->hists[gm->hist_index[i] - 1];

        if (hist->model == model && hist->class == class
            && hist->kind == kind)
        {
            break;
        }
    }

    return i;
}


/* the first whose bound is not below ms; four comparisons */

static ngx_inline ngx_uint_t
ngx_gemini_metrics_bucket(uint64_t ms)
{
    ngx_uint_t       i;
    const uint32_t  *bounds;

    bounds = ngx_gemini_hist_bounds;
    i = 0;

    if (ms > bounds[7]) {
        i = 8;
    }

    if (ms > bounds[i + 3]) {
        i += 4;
    }

    if (i == 12) {
        return i + (ms > bounds[12]) + (ms > bounds[13]);
    }

    if (ms > bounds[i + 1]) {
        i += 2;
    }

    return i + (ms > bounds[i]);
}


void
ngx_gemini_metrics_forget(ngx_gemini_metrics_t *gm, uint32_t model)
{
    uint32_t    i;
    ngx_uint_t  gone;

    gone = 0;

    for (i = NGX_GEMINI_HIST_KINDS; i < gm->nhists; /* void */ ) {

        if (gm->hists[i].model != model) {
            i++;
            continue;
        }

        gm->hists[i] = gm->hists[gm->nhists - 1];
        gm->nhists--;
        gone = 1;
    }

    if (gone) {
        gm->moves++;
        ngx_gemini_metrics_reindex(gm);
    }
}


/* a row that is there twice goes: it was being moved */

static void
ngx_gemini_metrics_reindex(ngx_gemini_metrics_t *gm)
{
    uint32_t            i, place;
    ngx_gemini_hist_t  *hist;

    ngx_memzero(gm->hist_index, sizeof(gm->hist_index));

    for (i = 0; i < gm->nhists; /* void */ ) {
        hist = &gm->hists[i];

        place = ngx_gemini_metrics_place(gm, hist->kind, hist->model,
                                         hist->class);

        if (gm->hist_index[place] != 0) {
            *hist = gm->hists[gm->nhists - 1];
            gm->nhists--;
            gm->moves++;
            continue;
        }

        gm->hist_index[place] = (uint16_t) ++i;
    }
}


void
ngx_gemini_metrics_copy(ngx_gemini_metrics_t *to,
    const ngx_gemini_metrics_t *from, const uint32_t *models, uint32_t n)
{
    uint32_t                  i, k, model;
    ngx_gemini_hist_t        *hist;
    const ngx_gemini_hist_t  *old;

    to->nteams = from->nteams;

    ngx_memcpy(to->teams, from->teams, sizeof(to->teams));
    ngx_memcpy(to->team_index, from->team_index, sizeof(to->team_index));

    for (i = 0; i < from->nhists; i++) {
        old = &from->hists[i];
        model = old->model;

        if (model != NGX_GEMINI_NONE) {
            for (k = 0; k < n && models[k] != model; k++) { /* void */ }

            if (k == n) {
                continue;
            }

            model = k;
        }

        hist = ngx_gemini_metrics_hist(to, old->kind, model, old->class);

        hist->sum = old->sum;
        ngx_memcpy(hist->buckets, old->buckets, sizeof(hist->buckets));
    }
}


void
ngx_gemini_metrics_rebuild(ngx_gemini_metrics_t *gm)
{
    u_char      *label;
    uint32_t     i, hash;
    ngx_uint_t   odd;

    gm->nhists = ngx_min(gm->nhists, NGX_GEMINI_HISTS);
    gm->nteams = ngx_min(gm->nteams, NGX_GEMINI_TEAMS);

    ngx_gemini_metrics_others(gm);
    ngx_gemini_metrics_reindex(gm);

    ngx_memzero(gm->team_index, sizeof(gm->team_index));

    for (i = 0; i < gm->nteams; i++) {
        label = gm->teams[i].label;

        for (hash = ngx_gemini_metrics_hash(label, gm->teams[i].len, &odd);
             gm->team_index[hash & NGX_GEMINI_TEAM_MASK] != 0;
             hash++)
        { /* void */ }

        gm->team_index[hash & NGX_GEMINI_TEAM_MASK] = (uint8_t) (i + 1);
    }
}


uint32_t
ngx_gemini_metrics_team(ngx_gemini_metrics_t *gm, const ngx_str_t *name)
{
    u_char       label[NGX_GEMINI_LABEL_MAX];
    size_t       len;
    uint32_t     hash;
    ngx_uint_t   odd;

    if (name->len == 0) {
        return 0;
    }

    len = ngx_min(name->len, NGX_GEMINI_LABEL_MAX);
    hash = ngx_gemini_metrics_hash(name->data, len, &odd);

    if (!odd) {
        return ngx_gemini_metrics_row(gm, name->data, len, hash);
    }

    ngx_memcpy(label, name->data, len);

    ngx_gemini_metrics_clean(label, len);
    hash = ngx_gemini_metrics_hash(label, len, &odd);

    return ngx_gemini_metrics_row(gm, label, len, hash);
}


/* FNV-1a; odd: bytes that are not of printable ASCII */

static uint32_t
ngx_gemini_metrics_hash(const u_char *p, size_t len, ngx_uint_t *odd)
{
    size_t      i;
    uint32_t    hash;
    ngx_uint_t  seen;

    hash = 0x811c9dc5;
    seen = 0;

    for (i = 0; i < len; i++) {
        hash = (hash ^ p[i]) * 0x01000193;
        seen |= ((u_char) (p[i] - 0x20) >= 0x5f);
    }

    *odd = seen;

    return hash ^ (hash >> 16);
}


static void
ngx_gemini_metrics_clean(u_char *p, size_t len)
{
    size_t   n;
    u_char  *last;

    for (last = p + len; p < last; p += n) {
        n = 1;

        if (*p >= 0x80) {
            n = ngx_gemini_out_utf8(p, last);

        } else if (*p < 0x20 || *p == 0x7f) {
            n = 0;
        }

        if (n == 0) {
            *p = '_';
            n = 1;
        }
    }
}


static uint32_t
ngx_gemini_metrics_row(ngx_gemini_metrics_t *gm, const u_char *p, size_t len,
    uint32_t hash)
{
    uint32_t                  i;
    const ngx_gemini_team_t  *team;

    for (i = hash & NGX_GEMINI_TEAM_MASK;
         gm->team_index[i] != 0;
         i = (i + 1) & NGX_GEMINI_TEAM_MASK)
    {
        team = &gm->teams[gm->team_index[i] - 1];

        if (team->len == len && ngx_memcmp(team->label, p, len) == 0) {
            return gm->team_index[i];
        }
    }

    return ngx_gemini_metrics_claim(gm, p, len, i);
}


/* one that is called so is what it says */

static uint32_t
ngx_gemini_metrics_claim(ngx_gemini_metrics_t *gm, const u_char *p,
    size_t len, uint32_t place)
{
    ngx_gemini_team_t  *team;

    if (gm->nteams == NGX_GEMINI_TEAMS
        || (len == sizeof("other") - 1
            && ngx_memcmp(p, "other", sizeof("other") - 1) == 0))
    {
        return NGX_GEMINI_TEAMS + 1;
    }

    team = &gm->teams[gm->nteams];

    ngx_memzero(team, sizeof(ngx_gemini_team_t));
    ngx_memcpy(team->label, p, len);

    team->len = (uint16_t) len;

    gm->nteams++;
    gm->team_index[place] = (uint8_t) gm->nteams;

    return gm->nteams;
}


void
ngx_gemini_metrics_spent(ngx_gemini_metrics_t *gm, uint32_t team,
    const ngx_gemini_tokens_t *tokens, uint64_t cost)
{
    ngx_gemini_team_counters_t  *counters;

    if (team == 0) {
        return;
    }

    counters = &gm->teams[team - 1].counters;

    counters->attempts++;
    counters->prompt += ngx_max(tokens->prompt, 0);
    counters->output += ngx_max(tokens->output, 0);
    counters->thought += ngx_max(tokens->thought, 0);
    counters->cached += ngx_max(tokens->cached, 0);
    counters->cost += cost;
}


void
ngx_gemini_metrics_ended(ngx_gemini_metrics_t *gm, uint32_t team,
    ngx_uint_t outcome)
{
    ngx_gemini_team_counters_t  *counters;

    if (team == 0) {
        return;
    }

    counters = &gm->teams[team - 1].counters;

    counters->requests++;
    counters->outcomes[outcome]++;
}


double
ngx_gemini_metrics_bill(const ngx_gemini_tokens_t *tokens, double in,
    double out, double cached)
{
    int64_t  prompt, hits;

    hits = ngx_max(tokens->cached, 0);
    prompt = ngx_max(tokens->prompt, hits) - hits;

    return (double) prompt * in + (double) hits * cached
           + (double) (ngx_max(tokens->output, 0)
                       + ngx_max(tokens->thought, 0)) * out;
}


uint64_t
ngx_gemini_metrics_cost(const ngx_gemini_tokens_t *tokens, double in,
    double out, double cached)
{
    if (in < 0) {
        return 0;
    }

    /* a millionth is a thousand of the units */

    return (uint64_t) (ngx_gemini_metrics_bill(tokens, in, out, cached) * 1000
                       + 0.5);
}
