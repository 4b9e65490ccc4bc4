
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_tier.h"


#define NGX_GEMINI_TIER_AGE    1000        /* ms */
#define NGX_GEMINI_TIER_UNIT   1000000     /* of a score */


/* those of one kind, and the largest of their figures */

typedef struct {
    const ngx_gemini_tier_model_t *models;
    ngx_gemini_tier_e          tier;
    ngx_uint_t                 normalized;
    uint32_t                   mean;
    uint32_t                   max_tokens;
    uint32_t                   n;
    uint8_t                    member[NGX_GEMINI_MODELS_MAX];
} ngx_gemini_tier_group_t;


static void ngx_gemini_tier_group(ngx_gemini_tier_group_t *group, uint32_t n,
    uint32_t kind);
static int64_t ngx_gemini_tier_score(const ngx_gemini_tier_group_t *group,
    const ngx_gemini_tier_model_t *model);
static int64_t ngx_gemini_tier_balance(const ngx_gemini_tier_group_t *group,
    const ngx_gemini_tier_model_t *model);
static int64_t ngx_gemini_tier_share(uint32_t value, uint32_t max);
static void ngx_gemini_tier_sort(ngx_gemini_tier_group_t *group,
    const int64_t *score);
static ngx_uint_t ngx_gemini_tier_before(
    const ngx_gemini_tier_group_t *group, const int64_t *score, uint32_t a,
    uint32_t b);
static ngx_uint_t ngx_gemini_tier_fresh(const ngx_gemini_tiers_t *tiers,
    const ngx_gemini_conf_t *gc, uint64_t now);
static uint64_t ngx_gemini_tier_moves(const ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc);
static void ngx_gemini_tier_make(ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc);


static const ngx_str_t  ngx_gemini_tier_names[] = {
    ngx_string("fast"),
    ngx_string("quality"),
    ngx_string("balance")
};


ngx_gemini_tier_e
ngx_gemini_tier_find(const ngx_str_t *name)
{
    ngx_uint_t        i;
    const ngx_str_t  *tier;

    for (i = 0; i < NGX_GEMINI_TIERS; i++) {
        tier = &ngx_gemini_tier_names[i];

        if (tier->len == name->len
            && ngx_memcmp(tier->data, name->data, name->len) == 0)
        {
            break;
        }
    }

    return (ngx_gemini_tier_e) i;
}


const char *
ngx_gemini_tier_name(ngx_uint_t tier)
{
    return (tier < NGX_GEMINI_TIERS)
           ? (const char *) ngx_gemini_tier_names[tier].data : NULL;
}


/* i < 0.2 n, 0.5 n, 0.8 n, and the rest */

u_char
ngx_gemini_tier_letter(uint32_t i, uint32_t n)
{
    if (10 * i < 2 * n) {
        return 'S';
    }

    if (10 * i < 5 * n) {
        return 'A';
    }

    return (10 * i < 8 * n) ? 'B' : 'C';
}


void
ngx_gemini_tier_rank(const ngx_gemini_tier_model_t *models, uint32_t n,
    ngx_gemini_tier_e tier, ngx_uint_t normalized,
    ngx_gemini_tier_rank_t *rank)
{
    uint32_t                 i, m, kind, placed;
    ngx_gemini_tier_group_t  group;

    group.models = models;
    group.tier = tier;
    group.normalized = normalized;

    placed = 0;

    for (kind = 0; kind < NGX_GEMINI_KINDS; kind++) {
        ngx_gemini_tier_group(&group, n, kind);

        for (i = 0; i < group.n; i++) {
            m = group.member[i];
            rank->score[m] = ngx_gemini_tier_score(&group, &models[m]);
        }

        ngx_gemini_tier_sort(&group, rank->score);

        for (i = 0; i < group.n; i++) {
            m = group.member[i];

            rank->order[placed++] = (uint8_t) m;
            rank->rank[m] = (uint8_t) i;
            rank->letter[m] = ngx_gemini_tier_letter(i, group.n);
        }
    }
}


static void
ngx_gemini_tier_group(ngx_gemini_tier_group_t *group, uint32_t n,
    uint32_t kind)
{
    uint32_t                        i;
    const ngx_gemini_tier_model_t  *model;

    group->n = 0;
    group->mean = 0;
    group->max_tokens = 0;

    for (i = 0; i < n; i++) {
        model = &group->models[i];

        if (model->kind != kind) {
            continue;
        }

        group->member[group->n++] = (uint8_t) i;
        group->max_tokens = ngx_max(group->max_tokens, model->max_tokens);

        if (model->ok) {
            group->mean = ngx_max(group->mean, model->mean);
        }
    }
}


static int64_t
ngx_gemini_tier_score(const ngx_gemini_tier_group_t *group,
    const ngx_gemini_tier_model_t *model)
{
    switch (group->tier) {

    case NGX_GEMINI_TIER_QUALITY:
        return model->max_tokens
               ? -(int64_t) model->max_tokens * NGX_GEMINI_TIER_UNIT
               : NGX_GEMINI_NO_SCORE;

    case NGX_GEMINI_TIER_FAST:
        return model->ok ? (int64_t) model->mean * 1000 : NGX_GEMINI_NO_SCORE;

    default: /* NGX_GEMINI_TIER_BALANCE */
        return model->ok ? ngx_gemini_tier_balance(group, model)
                         : NGX_GEMINI_NO_SCORE;
    }
}


/* (1 - success_rate) * 1000 + seconds - max_tokens * 0.1; or all 0 to 1 */

static int64_t
ngx_gemini_tier_balance(const ngx_gemini_tier_group_t *group,
    const ngx_gemini_tier_model_t *model)
{
    int64_t  failures;

    failures = (int64_t) (model->n - model->ok) * NGX_GEMINI_TIER_UNIT;

    if (group->normalized) {
        return failures / model->n
               + ngx_gemini_tier_share(model->mean, group->mean)
               - ngx_gemini_tier_share(model->max_tokens, group->max_tokens);
    }

    return failures * 1000 / model->n
           + (int64_t) model->mean * 1000
           - (int64_t) model->max_tokens * (NGX_GEMINI_TIER_UNIT / 10);
}


static int64_t
ngx_gemini_tier_share(uint32_t value, uint32_t max)
{
    return max ? (int64_t) value * NGX_GEMINI_TIER_UNIT / max : 0;
}


/* by insertion, which keeps equals in their order */

static void
ngx_gemini_tier_sort(ngx_gemini_tier_group_t *group, const int64_t *score)
{
    uint8_t   m;
    uint32_t  i, k;

    for (i = 1; i < group->n; i++) {
        m = group->member[i];

        for (k = i; k > 0; k--) {

            if (!ngx_gemini_tier_before(group, score, m,
                                        group->member[k - 1]))
            {
                break;
            }

            group->member[k] = group->member[k - 1];
        }

        group->member[k] = m;
    }
}


/* without a score: first those that nobody tried, then those that failed */

static ngx_uint_t
ngx_gemini_tier_before(const ngx_gemini_tier_group_t *group,
    const int64_t *score, uint32_t a, uint32_t b)
{
    if (score[a] != NGX_GEMINI_NO_SCORE && score[b] != NGX_GEMINI_NO_SCORE) {
        return score[a] < score[b];
    }

    if (score[a] != score[b]) {
        return score[b] == NGX_GEMINI_NO_SCORE;
    }

    return group->tier != NGX_GEMINI_TIER_QUALITY
           && group->models[a].n == 0 && group->models[b].n != 0;
}


uint32_t
ngx_gemini_tier_tokens(const ngx_gemini_model_conf_t *conf,
    const ngx_gemini_model_t *model)
{
    return (conf && conf->max_tokens) ? conf->max_tokens
                                      : model->output_limit;
}


const ngx_gemini_tiers_t *
ngx_gemini_tier_look(ngx_gemini_view_t *gv, const ngx_gemini_conf_t *gc,
    uint64_t now)
{
    uint64_t             moves;
    ngx_gemini_tiers_t  *tiers;

    tiers = &gv->gp->tiers;

    if (ngx_gemini_tier_fresh(tiers, gc, now)) {
        return tiers;
    }

    moves = ngx_gemini_tier_moves(gv, gc);

    if (tiers->cycle != gc->cycle || tiers->at == 0
        || tiers->moves != moves)
    {
        ngx_gemini_tier_make(gv, gc);

        tiers->cycle = gc->cycle;
        tiers->moves = moves;
    }

    tiers->at = now;

    return tiers;
}


/* a clock that was set back makes them stale, too */

static ngx_uint_t
ngx_gemini_tier_fresh(const ngx_gemini_tiers_t *tiers,
    const ngx_gemini_conf_t *gc, uint64_t now)
{
    return tiers->at != 0 && tiers->cycle == gc->cycle && now >= tiers->at
           && now - tiers->at < NGX_GEMINI_TIER_AGE;
}


/* grows with each outcome and changes with each limit learned */

static uint64_t
ngx_gemini_tier_moves(const ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc)
{
    uint32_t                   i;
    uint64_t                   moves;
    const ngx_gemini_model_t  *model;

    moves = 0;

    for (i = 0; i < gc->nmodels; i++) {
        model = &gv->models[gc->models[i].slot];

        moves += model->window.moves
                 + ((uint64_t) model->output_limit << 32);
    }

    return moves;
}


static void
ngx_gemini_tier_make(ngx_gemini_view_t *gv, const ngx_gemini_conf_t *gc)
{
    uint32_t                   i, n;
    ngx_gemini_tiers_t        *tiers;
    ngx_gemini_figures_t       f;
    ngx_gemini_tier_rank_t     rank;
    const ngx_gemini_model_t  *model;
    ngx_gemini_tier_model_t    models[NGX_GEMINI_MODELS_MAX];

    ngx_memzero(models, sizeof(models));

    tiers = &gv->gp->tiers;
    n = ngx_min(gc->nmodels, NGX_GEMINI_MODELS_MAX);

    for (i = 0; i < n; i++) {
        model = &gv->models[gc->models[i].slot];

        ngx_gemini_window_figures(&model->window, gc->window, &f);

        models[i].kind = gc->models[i].kind;
        models[i].n = f.n;
        models[i].ok = f.ok;
        models[i].mean = f.mean;
        models[i].max_tokens = ngx_gemini_tier_tokens(&gc->models[i], model);
    }

    for (i = 0; i < NGX_GEMINI_TIERS; i++) {
        ngx_gemini_tier_rank(models, n, (ngx_gemini_tier_e) i,
                             gc->normalized, &rank);

        ngx_memcpy(tiers->order[i], rank.order, n);
        ngx_memcpy(tiers->letters[i], rank.letter, n);
    }
}
