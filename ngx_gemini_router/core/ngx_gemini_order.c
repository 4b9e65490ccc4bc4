
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_plan.h"
#include "ngx_gemini_glob.h"


static const ngx_str_t *ngx_gemini_order_alias(const ngx_gemini_conf_t *gc,
    const ngx_str_t *name);
static ngx_uint_t ngx_gemini_order_virtual(const ngx_str_t *name);
static ngx_uint_t ngx_gemini_order_kind(ngx_gemini_verb_e verb);
static void ngx_gemini_order_all(const ngx_gemini_conf_t *gc,
    ngx_gemini_verb_e verb, ngx_gemini_order_t *order);
static void ngx_gemini_order_listed(const ngx_gemini_conf_t *gc, uint32_t n,
    ngx_uint_t fallback, ngx_gemini_order_t *order);
static void ngx_gemini_order_push(ngx_gemini_order_t *order, uint32_t slot,
    uint32_t conf);


static ngx_str_t  ngx_gemini_order_virtuals[] = {
    ngx_string("auto"),
    ngx_string("fast"),
    ngx_string("quality"),
    ngx_string("balance"),
    ngx_null_string
};


void
ngx_gemini_plan_order(const ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, const ngx_gemini_wish_t *wish,
    const ngx_str_t *model, ngx_uint_t fallback, ngx_gemini_order_t *order)
{
    uint32_t          i;
    const ngx_str_t  *name;

    order->nchoices = 0;
    order->virtual = 0;
    order->unlisted = 0;
    order->refused = 0;

    fallback = fallback && wish->fallback;

    if (model->len == 0) {
        ngx_str_null(&order->model);
        ngx_gemini_order_push(order, gv->other, NGX_GEMINI_NONE);
        return;
    }

    name = ngx_gemini_order_alias(gc, model);
    order->model = *name;

    if (ngx_gemini_order_virtual(name)) {
        order->virtual = 1;
        ngx_gemini_order_all(gc, wish->verb, order);
        order->refused = (order->nchoices == 0);
        return;
    }

    for (i = 0; i < gc->nmodels; i++) {
        if (gc->models[i].name.len == name->len
            && ngx_memcmp(gc->models[i].name.data, name->data, name->len)
               == 0)
        {
            ngx_gemini_order_listed(gc, i, fallback, order);
            return;
        }
    }

    order->unlisted = 1;
    order->refused = !gc->unlisted;

    ngx_gemini_order_push(order, ngx_gemini_pool_spare(gv, name),
                         NGX_GEMINI_NONE);
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
ngx_gemini_order_virtual(const ngx_str_t *name)
{
    ngx_str_t  *v;

    for (v = ngx_gemini_order_virtuals; v->len; v++) {
        if (v->len == name->len
            && ngx_memcmp(v->data, name->data, v->len) == 0)
        {
            return 1;
        }
    }

    return 0;
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


/* the model and, if it may fall back, those of its kind further down */

static void
ngx_gemini_order_listed(const ngx_gemini_conf_t *gc, uint32_t n,
    ngx_uint_t fallback, ngx_gemini_order_t *order)
{
    uint32_t                        i;
    const ngx_gemini_model_conf_t  *model;

    model = &gc->models[n];

    ngx_gemini_order_push(order, model->slot, n);

    if (!fallback || !model->fallback) {
        return;
    }

    for (i = n + 1; i < gc->nmodels; i++) {
        if (gc->models[i].fallback && gc->models[i].kind == model->kind) {
            ngx_gemini_order_push(order, gc->models[i].slot, i);
        }
    }
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

    /* a request that names no model is not restricted by models */

    if (models->len == 0 || order->model.len == 0) {
        return order->nchoices;
    }

    for (i = 0, n = 0; i < order->nchoices; i++) {
        name = (order->choices[i].conf == NGX_GEMINI_NONE)
               ? &order->model : &gc->models[order->choices[i].conf].name;

        if (ngx_gemini_glob_list(models, name)) {
            order->choices[n++] = order->choices[i];
        }
    }

    order->nchoices = n;

    return n;
}
