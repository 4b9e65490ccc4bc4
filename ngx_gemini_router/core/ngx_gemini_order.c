
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_plan.h"
#include "ngx_gemini_glob.h"
#include "ngx_gemini_tier.h"


static void ngx_gemini_order_clear(ngx_gemini_order_t *order);
static uint32_t ngx_gemini_order_find(const ngx_gemini_conf_t *gc,
    const ngx_str_t *name);
static const ngx_str_t *ngx_gemini_order_alias(const ngx_gemini_conf_t *gc,
    const ngx_str_t *name);
static void ngx_gemini_order_named(ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, const ngx_gemini_wish_t *wish,
    ngx_uint_t fallback, uint64_t now, ngx_gemini_order_t *order);
static ngx_uint_t ngx_gemini_order_auto(const ngx_str_t *name);
static ngx_uint_t ngx_gemini_order_kind(ngx_gemini_verb_e verb);
static void ngx_gemini_order_all(const ngx_gemini_conf_t *gc,
    ngx_gemini_verb_e verb, ngx_gemini_order_t *order);
static void ngx_gemini_order_tier(ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, ngx_gemini_verb_e verb, uint64_t now,
    ngx_gemini_order_t *order);
static void ngx_gemini_order_listed(const ngx_gemini_conf_t *gc, uint32_t n,
    ngx_uint_t fallback, ngx_gemini_order_t *order);
static void ngx_gemini_order_lock(const ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, const ngx_gemini_wish_t *wish,
    ngx_uint_t fallback, uint64_t now, ngx_gemini_order_t *order);
static ngx_uint_t ngx_gemini_order_lockable(const ngx_gemini_wish_t *wish);
static uint32_t ngx_gemini_order_locked(const ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, uint64_t now);
static ngx_uint_t ngx_gemini_order_same_kind(const ngx_gemini_conf_t *gc,
    const ngx_gemini_order_t *order, uint32_t n);
static void ngx_gemini_order_first(ngx_gemini_order_t *order, uint32_t slot,
    uint32_t conf);
static void ngx_gemini_order_push(ngx_gemini_order_t *order, uint32_t slot,
    uint32_t conf);


/* every listed model, and one that is locked before an unlisted one */

size_t
ngx_gemini_plan_order_size(const ngx_gemini_conf_t *gc)
{
    return offsetof(ngx_gemini_order_t, choices)
           + ngx_min(gc->nmodels + 1, NGX_GEMINI_MODELS_MAX)
             * sizeof(ngx_gemini_choice_t);
}


void
ngx_gemini_plan_order(ngx_gemini_view_t *gv, const ngx_gemini_conf_t *gc,
    const ngx_gemini_wish_t *wish, const ngx_str_t *model,
    ngx_uint_t fallback, uint64_t now, ngx_gemini_order_t *order)
{
    if (ngx_gemini_plan_direct(gv, gc, wish, model, fallback, order)
        == NGX_OK)
    {
        return;
    }

    ngx_gemini_order_clear(order);

    if (model->len == 0) {
        ngx_str_null(&order->model);
        ngx_gemini_order_push(order, gv->other, NGX_GEMINI_NONE);
        return;
    }

    fallback = fallback && wish->fallback;
    order->model = *ngx_gemini_order_alias(gc, model);

    ngx_gemini_order_named(gv, gc, wish, fallback, now, order);
    ngx_gemini_order_lock(gv, gc, wish, fallback, now, order);
}


ngx_int_t
ngx_gemini_plan_direct(const ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, const ngx_gemini_wish_t *wish,
    const ngx_str_t *model, ngx_uint_t fallback, ngx_gemini_order_t *order)
{
    uint32_t  n;

    if (gv->gp->lock_model != NGX_GEMINI_NONE) {
        return NGX_DECLINED;
    }

    n = ngx_gemini_order_find(gc, model);

    if (n == NGX_GEMINI_NONE) {
        n = ngx_gemini_order_find(gc, ngx_gemini_order_alias(gc, model));
    }

    if (n == NGX_GEMINI_NONE) {
        return NGX_DECLINED;
    }

    ngx_gemini_order_clear(order);

    order->model = gc->models[n].name;

    ngx_gemini_order_listed(gc, n, fallback && wish->fallback, order);

    return NGX_OK;
}


static void
ngx_gemini_order_clear(ngx_gemini_order_t *order)
{
    order->nchoices = 0;
    order->tier = NGX_GEMINI_TIERS;
    order->lock = NGX_GEMINI_NONE;
    order->virtual = 0;
    order->unlisted = 0;
    order->refused = 0;
    order->only = 0;
}


static void
ngx_gemini_order_named(ngx_gemini_view_t *gv, const ngx_gemini_conf_t *gc,
    const ngx_gemini_wish_t *wish, ngx_uint_t fallback, uint64_t now,
    ngx_gemini_order_t *order)
{
    uint32_t          n;
    const ngx_str_t  *name;

    name = &order->model;

    order->tier = ngx_gemini_tier_find(name);

    if (order->tier != NGX_GEMINI_TIERS) {
        order->virtual = 1;
        ngx_gemini_order_tier(gv, gc, wish->verb, now, order);
        order->refused = (order->nchoices == 0);
        return;
    }

    if (ngx_gemini_order_auto(name)) {
        order->virtual = 1;
        ngx_gemini_order_all(gc, wish->verb, order);
        order->refused = (order->nchoices == 0);
        return;
    }

    n = ngx_gemini_order_find(gc, name);

    if (n != NGX_GEMINI_NONE) {
        ngx_gemini_order_listed(gc, n, fallback, order);
        return;
    }

    order->unlisted = 1;
    order->refused = !gc->unlisted;

    ngx_gemini_order_push(order, ngx_gemini_pool_spare(gv, name),
                         NGX_GEMINI_NONE);
}


static uint32_t
ngx_gemini_order_find(const ngx_gemini_conf_t *gc, const ngx_str_t *name)
{
    uint32_t          i;
    const ngx_str_t  *model;

    for (i = 0; i < gc->nmodels; i++) {
        model = &gc->models[i].name;

        if (model->len == name->len
            && ngx_memcmp(model->data, name->data, name->len) == 0)
        {
            return i;
        }
    }

    return NGX_GEMINI_NONE;
}


static const ngx_str_t *
ngx_gemini_order_alias(const ngx_gemini_conf_t *gc, const ngx_str_t *name)
{
    uint32_t  i, hops;

    /* circles are refused by the configuration, hops bound the rest */

    for (hops = 0; hops <= gc->naliases; hops++) {

        for (i = 0; i < gc->naliases; i++) {
            if (gc->aliases[i].name.len == name->len
                && ngx_memcmp(gc->aliases[i].name.data, name->data,
                              name->len)
                   == 0)
            {
                break;
            }
        }

        if (i == gc->naliases) {
            break;
        }

        name = &gc->aliases[i].target;
    }

    return name;
}


static ngx_uint_t
ngx_gemini_order_auto(const ngx_str_t *name)
{
    return name->len == sizeof("auto") - 1
           && ngx_memcmp(name->data, "auto", sizeof("auto") - 1) == 0;
}


/* the kind that a virtual model stands for */

static ngx_uint_t
ngx_gemini_order_kind(ngx_gemini_verb_e verb)
{
    switch (verb) {

    case NGX_GEMINI_VERB_EMBED:
    case NGX_GEMINI_VERB_BATCH_EMBED:
    case NGX_GEMINI_VERB_ASYNC_BATCH_EMBED:
    case NGX_GEMINI_VERB_OPENAI_EMBED:
        return NGX_GEMINI_KIND_EMBEDDING;

    case NGX_GEMINI_VERB_PREDICT_LONG:
        return NGX_GEMINI_KIND_VIDEO;

    case NGX_GEMINI_VERB_PREDICT:
        return NGX_GEMINI_KIND_IMAGE;

    case NGX_GEMINI_VERB_LIVE:
        return NGX_GEMINI_KIND_LIVE;

    default:
        return NGX_GEMINI_KIND_TEXT;
    }
}


/* any model of the kind may serve, whatever the location says */

static void
ngx_gemini_order_all(const ngx_gemini_conf_t *gc, ngx_gemini_verb_e verb,
    ngx_gemini_order_t *order)
{
    uint32_t    i;
    ngx_uint_t  kind;

    kind = ngx_gemini_order_kind(verb);

    for (i = 0; i < gc->nmodels; i++) {
        if (gc->models[i].kind == kind) {
            ngx_gemini_order_listed(gc, i, 1, order);
            return;
        }
    }
}


/*
 * By rank, and so S before A before B before C; the best one alone where none
 * of the kind may be fallen to.
 */

static void
ngx_gemini_order_tier(ngx_gemini_view_t *gv, const ngx_gemini_conf_t *gc,
    ngx_gemini_verb_e verb, uint64_t now, ngx_gemini_order_t *order)
{
    uint32_t                        i, n, best;
    ngx_uint_t                      kind;
    const ngx_gemini_tiers_t       *tiers;
    const ngx_gemini_model_conf_t  *model;

    tiers = ngx_gemini_tier_look(gv, gc, now);
    kind = ngx_gemini_order_kind(verb);
    best = NGX_GEMINI_NONE;

    for (i = 0; i < gc->nmodels; i++) {
        n = tiers->order[order->tier][i];
        model = &gc->models[n];

        if (model->kind != kind) {
            continue;
        }

        if (best == NGX_GEMINI_NONE) {
            best = n;
        }

        if (model->fallback) {
            ngx_gemini_order_push(order, model->slot, n);
        }
    }

    if (order->nchoices == 0 && best != NGX_GEMINI_NONE) {
        ngx_gemini_order_push(order, gc->models[best].slot, best);
    }

    ngx_memcpy(order->letters, tiers->letters[order->tier], gc->nmodels);
}


/* the model and, if it may fall back, those of its kind further down */

static void
ngx_gemini_order_listed(const ngx_gemini_conf_t *gc, uint32_t n,
    ngx_uint_t fallback, ngx_gemini_order_t *order)
{
    const ngx_gemini_model_conf_t  *model;

    model = &gc->models[n];

    if (!fallback || !model->fallback) {
        ngx_gemini_order_push(order, model->slot, n);
        return;
    }

    order->nchoices = model->nchain;

    ngx_memcpy(order->choices, &gc->chains[model->chain],
               model->nchain * sizeof(ngx_gemini_choice_t));
}


/* the operator's choice goes first; the others follow if they may */

static void
ngx_gemini_order_lock(const ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, const ngx_gemini_wish_t *wish,
    ngx_uint_t fallback, uint64_t now, ngx_gemini_order_t *order)
{
    uint32_t  n;

    if (order->refused || !ngx_gemini_order_lockable(wish)) {
        return;
    }

    n = ngx_gemini_order_locked(gv, gc, now);

    if (n == NGX_GEMINI_NONE || !ngx_gemini_order_same_kind(gc, order, n)) {
        return;
    }

    order->lock = gc->models[n].slot;
    order->only = !fallback;

    ngx_gemini_order_first(order, order->lock, n);
}


/* generate and chat, unless what they name belongs to one model */

static ngx_uint_t
ngx_gemini_order_lockable(const ngx_gemini_wish_t *wish)
{
    return wish->fallback
           && (wish->verb == NGX_GEMINI_VERB_GENERATE
               || wish->verb == NGX_GEMINI_VERB_STREAM
               || wish->verb == NGX_GEMINI_VERB_CHAT);
}


/* the index of the locked model, if it is in this configuration */

static uint32_t
ngx_gemini_order_locked(const ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, uint64_t now)
{
    uint32_t                  i;
    const ngx_gemini_pool_t  *gp;

    gp = gv->gp;

    if (gp->lock_model == NGX_GEMINI_NONE
        || (gp->lock_until && gp->lock_until <= now))
    {
        return NGX_GEMINI_NONE;
    }

    for (i = 0; i < gc->nmodels; i++) {
        if (gc->models[i].slot == gp->lock_model) {
            return i;
        }
    }

    return NGX_GEMINI_NONE;
}


static ngx_uint_t
ngx_gemini_order_same_kind(const ngx_gemini_conf_t *gc,
    const ngx_gemini_order_t *order, uint32_t n)
{
    uint32_t    conf;
    ngx_uint_t  kind;

    conf = order->choices[0].conf;
    kind = (conf == NGX_GEMINI_NONE) ? ngx_gemini_request_kind(&order->model)
                                     : gc->models[conf].kind;

    return gc->models[n].kind == kind;
}


/* in front, and nowhere else */

static void
ngx_gemini_order_first(ngx_gemini_order_t *order, uint32_t slot,
    uint32_t conf)
{
    uint32_t  i;

    for (i = 0; i < order->nchoices; i++) {
        if (order->choices[i].slot == slot) {
            break;
        }
    }

    if (i == order->nchoices && i < NGX_GEMINI_MODELS_MAX) {
        order->nchoices++;
    }

    for (i = ngx_min(i, NGX_GEMINI_MODELS_MAX - 1); i > 0; i--) {
        order->choices[i] = order->choices[i - 1];
    }

    order->choices[0].slot = slot;
    order->choices[0].conf = conf;
}


static void
ngx_gemini_order_push(ngx_gemini_order_t *order, uint32_t slot, uint32_t conf)
{
    if (order->nchoices == NGX_GEMINI_MODELS_MAX) {
        return;
    }

    order->choices[order->nchoices].slot = slot;
    order->choices[order->nchoices].conf = conf;
    order->nchoices++;
}


uint32_t
ngx_gemini_plan_restrict(const ngx_gemini_conf_t *gc,
    const ngx_str_t *models, ngx_gemini_order_t *order)
{
    uint32_t          i, n;
    const ngx_str_t  *name;

    n = order->nchoices;

    /* a request that names no model is not restricted by models */

    if (models->len && order->model.len) {

        for (i = 0, n = 0; i < order->nchoices; i++) {
            name = (order->choices[i].conf == NGX_GEMINI_NONE)
                   ? &order->model : &gc->models[order->choices[i].conf].name;

            if (ngx_gemini_glob_list(models, name)) {
                order->choices[n++] = order->choices[i];
            }
        }
    }

    /* a lock that is not allowed here is none */

    if (order->only && n && order->choices[0].slot == order->lock) {
        n = 1;
    }

    order->nchoices = n;

    return n;
}
