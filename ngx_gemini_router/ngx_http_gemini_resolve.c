
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The end of a gemini_pool block: what was written becomes the tables that
 * the core reads.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_gemini_glob.h"
#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_conf.h"
#include "ngx_http_gemini_param.h"
#include "ngx_http_gemini_pool_conf.h"


typedef struct {
    uint32_t                       priority;
    uint32_t                       project;
    uint32_t                       key;
} ngx_http_gemini_order_t;


static ngx_int_t ngx_http_gemini_resolve_limits(
    ngx_http_gemini_block_t *block);
static ngx_int_t ngx_http_gemini_resolve_tables(
    ngx_http_gemini_block_t *block);
static ngx_int_t ngx_http_gemini_resolve_map(ngx_http_gemini_block_t *block);
static ngx_uint_t ngx_http_gemini_resolve_priced(
    ngx_http_gemini_block_t *block);
static ngx_int_t ngx_http_gemini_resolve_limit(
    ngx_http_gemini_block_t *block, ngx_http_gemini_limit_item_t *limit,
    u_char *matched);
static ngx_uint_t ngx_http_gemini_resolve_match(const ngx_gemini_conf_t *gc,
    const ngx_str_t *globs, u_char *matched);
static void ngx_http_gemini_resolve_cell(ngx_http_gemini_pool_conf_t *pcf,
    uint32_t project, uint32_t model, const ngx_http_gemini_quota_t *quota);
static void ngx_http_gemini_resolve_nodes(ngx_gemini_conf_t *gc);
static ngx_int_t ngx_http_gemini_resolve_candidates(
    ngx_http_gemini_block_t *block);
static ngx_int_t ngx_http_gemini_resolve_serve(ngx_pool_t *pool,
    const ngx_gemini_conf_t *gc, const ngx_http_gemini_order_t *order,
    const ngx_str_t *model, ngx_gemini_candidates_t **candidates,
    uint32_t *n);
static int ngx_libc_cdecl ngx_http_gemini_resolve_cmp(const void *one,
    const void *two);


ngx_int_t
ngx_http_gemini_resolve(ngx_http_gemini_block_t *block)
{
    ngx_http_gemini_pool_conf_t  *pcf;

    if (block->keys.nelts == 0) {
        pcf = block->pcf;

        ngx_log_error(NGX_LOG_EMERG, block->cf->log, 0,
                      "no keys in gemini_pool \"%V\": a secret, a variable "
                      "that is set or a file with keys expected in %s:%ui",
                      &pcf->gc.name, pcf->file, pcf->line);
        return NGX_ERROR;
    }

    if (ngx_http_gemini_key_resolve(block) != NGX_OK
        || ngx_http_gemini_resolve_map(block) != NGX_OK
        || ngx_http_gemini_model_resolve(block) != NGX_OK
        || ngx_http_gemini_resolve_limits(block) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_gemini_resolve_candidates(block);
}


static ngx_int_t
ngx_http_gemini_resolve_limits(ngx_http_gemini_block_t *block)
{
    u_char                        *matched;
    ngx_uint_t                     i;
    ngx_gemini_conf_t             *gc;
    ngx_http_gemini_limit_item_t  *limit;

    gc = &block->pcf->gc;

    matched = ngx_palloc(block->cf->temp_pool, gc->nmodels + 1);
    if (matched == NULL) {
        return NGX_ERROR;
    }

    if (ngx_http_gemini_resolve_tables(block) != NGX_OK) {
        return NGX_ERROR;
    }

    limit = block->limits.elts;

    for (i = 0; i < block->limits.nelts; i++) {
        if (ngx_http_gemini_resolve_limit(block, &limit[i], matched)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    ngx_http_gemini_resolve_nodes(gc);

    return NGX_OK;
}


/* what "model" says, for each project; nothing for unlisted models */

static ngx_int_t
ngx_http_gemini_resolve_tables(ngx_http_gemini_block_t *block)
{
    size_t                         n;
    uint32_t                       p, m, columns;
    ngx_gemini_conf_t             *gc;
    ngx_http_gemini_pool_conf_t   *pcf;
    ngx_http_gemini_model_item_t  *model;

    pcf = block->pcf;
    gc = &pcf->gc;

    columns = gc->nmodels + 1;
    n = (size_t) gc->nprojects * columns;

    gc->limits = ngx_pcalloc(block->cf->pool, n * sizeof(ngx_gemini_limit_t));
    if (gc->limits == NULL) {
        return NGX_ERROR;
    }

    pcf->priced = ngx_http_gemini_resolve_priced(block);
    n = pcf->priced ? n : columns;

    pcf->prices = ngx_palloc(block->cf->pool,
                             n * sizeof(ngx_http_gemini_price_t));
    if (pcf->prices == NULL) {
        return NGX_ERROR;
    }

    while (n--) {
        pcf->prices[n].in = -1;
        pcf->prices[n].out = -1;
        pcf->prices[n].cached = -1;
    }

    model = block->models.elts;

    for (p = 0; p < gc->nprojects; p++) {
        for (m = 0; m < gc->nmodels; m++) {
            ngx_http_gemini_resolve_cell(pcf, p, m, &model[m].quota);
        }
    }

    return NGX_OK;
}


/* from a project's slot to its index, filled when slots are claimed */

static ngx_int_t
ngx_http_gemini_resolve_map(ngx_http_gemini_block_t *block)
{
    uint32_t            n;
    ngx_gemini_conf_t  *gc;

    gc = &block->pcf->gc;

    for (n = 8; n < 2 * gc->nprojects; n *= 2) { /* void */ }

    gc->project_map = ngx_palloc(block->cf->pool, n * sizeof(uint32_t));
    if (gc->project_map == NULL) {
        return NGX_ERROR;
    }

    gc->project_mask = n - 1;

    return NGX_OK;
}


/* 1: a limit has a price, so that projects may differ */

static ngx_uint_t
ngx_http_gemini_resolve_priced(ngx_http_gemini_block_t *block)
{
    ngx_uint_t                     i;
    ngx_http_gemini_limit_item_t  *limit;

    limit = block->limits.elts;

    for (i = 0; i < block->limits.nelts; i++) {
        if (limit[i].quota.price.in >= 0) {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_gemini_resolve_limit(ngx_http_gemini_block_t *block,
    ngx_http_gemini_limit_item_t *limit, u_char *matched)
{
    uint32_t            p, m;
    ngx_uint_t          any;
    ngx_gemini_conf_t  *gc;

    static ngx_str_t  model = ngx_string("model=");
    static ngx_str_t  project = ngx_string("project=");

    gc = &block->pcf->gc;

    if (!ngx_http_gemini_resolve_match(gc, &limit->model, matched)) {
        ngx_http_gemini_param_invalid(&limit->place, &model, &limit->model,
                                      "a listed model expected");
        return NGX_ERROR;
    }

    any = 0;

    for (p = 0; p < gc->nprojects; p++) {

        if (limit->project.len
            && !ngx_gemini_glob_list(&limit->project,
                                     &gc->projects[p].label))
        {
            continue;
        }

        any = 1;

        for (m = 0; m <= gc->nmodels; m++) {
            if (matched[m]) {
                ngx_http_gemini_resolve_cell(block->pcf, p, m,
                                             &limit->quota);
            }
        }
    }

    if (!any) {
        ngx_http_gemini_param_invalid(&limit->place, &project,
                                      &limit->project,
                                      "the label of a project expected");
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* the last column is for unlisted models: "*" alone matches no name, too */

static ngx_uint_t
ngx_http_gemini_resolve_match(const ngx_gemini_conf_t *gc,
    const ngx_str_t *globs, u_char *matched)
{
    uint32_t    m;
    ngx_str_t   unlisted, *name;
    ngx_uint_t  any;

    ngx_str_null(&unlisted);

    any = 0;

    for (m = 0; m <= gc->nmodels; m++) {
        name = (m < gc->nmodels) ? &gc->models[m].name : &unlisted;

        matched[m] = (globs->len == 0 || ngx_gemini_glob_list(globs, name));

        any |= matched[m];
    }

    return any;
}


/* number by number, the last one wins */

static void
ngx_http_gemini_resolve_cell(ngx_http_gemini_pool_conf_t *pcf,
    uint32_t project, uint32_t model, const ngx_http_gemini_quota_t *quota)
{
    size_t               row;
    ngx_gemini_limit_t  *limit;

    row = (size_t) project * (pcf->gc.nmodels + 1);

    limit = &pcf->gc.limits[row + model];

    if (quota->rpm != NGX_HTTP_GEMINI_QUOTA_UNSET) {
        limit->rpm = (uint32_t) quota->rpm;
    }

    if (quota->tpm != NGX_HTTP_GEMINI_QUOTA_UNSET) {
        limit->tpm = quota->tpm;
    }

    if (quota->rpd != NGX_HTTP_GEMINI_QUOTA_UNSET) {
        limit->rpd = (uint32_t) quota->rpd;
    }

    if (quota->price.in >= 0) {
        pcf->prices[(pcf->priced ? row : 0) + model] = quota->price;
    }
}


static void
ngx_http_gemini_resolve_nodes(ngx_gemini_conf_t *gc)
{
    size_t               i, n;
    ngx_gemini_limit_t  *limit;

    if (gc->nodes == 1) {
        return;
    }

    n = (size_t) gc->nprojects * (gc->nmodels + 1);

    for (i = 0; i < n; i++) {
        limit = &gc->limits[i];

        if (limit->rpm) {
            limit->rpm = ngx_max(limit->rpm / gc->nodes, 1);
        }

        if (limit->tpm) {
            limit->tpm = ngx_max(limit->tpm / gc->nodes, 1);
        }

        if (limit->rpd) {
            limit->rpd = ngx_max(limit->rpd / gc->nodes, 1);
        }
    }
}


static ngx_int_t
ngx_http_gemini_resolve_candidates(ngx_http_gemini_block_t *block)
{
    uint32_t                  i, all;
    ngx_gemini_conf_t        *gc;
    ngx_gemini_model_conf_t  *model;
    ngx_http_gemini_order_t  *order;

    gc = &block->pcf->gc;

    order = ngx_palloc(block->cf->temp_pool,
                       gc->nkeys * sizeof(ngx_http_gemini_order_t));
    if (order == NULL) {
        return NGX_ERROR;
    }

    all = 1;

    for (i = 0; i < gc->nkeys; i++) {
        order[i].priority = gc->keys[i].priority;
        order[i].project = gc->keys[i].project;
        order[i].key = i;

        if (gc->keys[i].models.len) {
            all = 0;
        }
    }

    ngx_qsort(order, gc->nkeys, sizeof(ngx_http_gemini_order_t),
              ngx_http_gemini_resolve_cmp);

    if (ngx_http_gemini_resolve_serve(block->cf->pool, gc, order, NULL,
                                      &gc->unlisted_candidates,
                                      &gc->nunlisted)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (i = 0; i < gc->nmodels; i++) {
        model = &gc->models[i];

        /* keys without models= serve all: one table does for all models */

        model->candidates = gc->unlisted_candidates;
        model->ncandidates = gc->nunlisted;

        if (all) {
            continue;
        }

        if (ngx_http_gemini_resolve_serve(block->cf->pool, gc, order,
                                          &model->name, &model->candidates,
                                          &model->ncandidates)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (model->ncandidates == 0) {
            ngx_log_error(NGX_LOG_WARN, block->cf->log, 0,
                          "no key of gemini_pool \"%V\" may serve model "
                          "\"%V\" in %s:%ui",
                          &gc->name, &model->name, block->pcf->file,
                          block->pcf->line);
        }
    }

    return NGX_OK;
}


/* keys that may serve model (NULL: an unlisted one), a group a priority */

static ngx_int_t
ngx_http_gemini_resolve_serve(ngx_pool_t *pool, const ngx_gemini_conf_t *gc,
    const ngx_http_gemini_order_t *order, const ngx_str_t *model,
    ngx_gemini_candidates_t **candidates, uint32_t *n)
{
    uint32_t                 *keys, i, groups;
    const ngx_str_t          *globs;
    ngx_gemini_candidates_t  *group;

    groups = 0;

    for (i = 0; i < gc->nkeys; i++) {
        groups += (i == 0 || order[i].priority != order[i - 1].priority);
    }

    keys = ngx_palloc(pool, gc->nkeys * sizeof(uint32_t));
    if (keys == NULL) {
        return NGX_ERROR;
    }

    group = ngx_palloc(pool, groups * sizeof(ngx_gemini_candidates_t));
    if (group == NULL) {
        return NGX_ERROR;
    }

    *candidates = group;
    *n = 0;

    for (i = 0; i < gc->nkeys; i++) {
        globs = &gc->keys[order[i].key].models;

        if (model != NULL && globs->len
            && !ngx_gemini_glob_list(globs, model))
        {
            continue;
        }

        if (*n == 0 || group[*n - 1].priority != order[i].priority) {
            group[*n].priority = order[i].priority;
            group[*n].n = 0;
            group[*n].keys = keys;
            (*n)++;
        }

        *keys++ = order[i].key;
        group[*n - 1].n++;
    }

    return NGX_OK;
}


const ngx_http_gemini_price_t *
ngx_http_gemini_conf_price(const ngx_http_gemini_pool_conf_t *pcf,
    uint32_t key, uint32_t model)
{
    size_t                    row;
    const ngx_gemini_conf_t  *gc;

    gc = &pcf->gc;
    row = pcf->priced ? (size_t) gc->keys[key].project * (gc->nmodels + 1)
                      : 0;

    return &pcf->prices[row + ngx_min(model, gc->nmodels)];
}


static int ngx_libc_cdecl
ngx_http_gemini_resolve_cmp(const void *one, const void *two)
{
    const ngx_http_gemini_order_t  *first = one;
    const ngx_http_gemini_order_t  *second = two;

    if (first->priority != second->priority) {
        return first->priority < second->priority ? -1 : 1;
    }

    if (first->project != second->project) {
        return first->project < second->project ? -1 : 1;
    }

    return first->key < second->key ? -1 : 1;
}
