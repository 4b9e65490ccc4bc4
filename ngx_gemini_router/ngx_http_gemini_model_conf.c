
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * model, limit and alias of a gemini_pool block.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_param.h"
#include "ngx_http_gemini_pool_conf.h"


static ngx_int_t ngx_http_gemini_model_unique(
    ngx_http_gemini_block_t *block, ngx_str_t *name);
static ngx_int_t ngx_http_gemini_model_kind(
    const ngx_http_gemini_param_t *param, ngx_str_t *value, void *field);
static ngx_int_t ngx_http_gemini_model_name(ngx_http_gemini_block_t *block,
    const ngx_http_gemini_item_t *item, ngx_str_t *word, ngx_str_t *name);
static ngx_int_t ngx_http_gemini_model_aliases(
    ngx_http_gemini_block_t *block);
static ngx_int_t ngx_http_gemini_model_target(
    ngx_http_gemini_block_t *block, ngx_http_gemini_alias_item_t *alias);
static ngx_http_gemini_alias_item_t *ngx_http_gemini_model_find(
    ngx_http_gemini_block_t *block, const ngx_str_t *name);
static ngx_uint_t ngx_http_gemini_model_listed(const ngx_gemini_conf_t *gc,
    const ngx_str_t *name);


#define ngx_http_gemini_model_quota(type, max)                                 \
    { ngx_string("rpm="), ngx_http_gemini_param_count,                        \
      offsetof(type, quota.rpm), 1, max, NGX_HTTP_GEMINI_EXPECT_COUNT },      \
    { ngx_string("tpm="), ngx_http_gemini_param_count,                        \
      offsetof(type, quota.tpm), 1, (uint64_t) 1 << 53,                       \
      NGX_HTTP_GEMINI_EXPECT_COUNT },                                         \
    { ngx_string("rpd="), ngx_http_gemini_param_count,                        \
      offsetof(type, quota.rpd), 1, max, NGX_HTTP_GEMINI_EXPECT_COUNT },      \
    { ngx_string("price="), ngx_http_gemini_param_price,                      \
      offsetof(type, quota.price), 0, 0, NGX_HTTP_GEMINI_EXPECT_PRICE }


static const ngx_http_gemini_param_t  ngx_http_gemini_model_params[] = {

    ngx_http_gemini_model_quota(ngx_http_gemini_model_item_t,
                                NGX_MAX_UINT32_VALUE),

    { ngx_string("max_tokens="), ngx_http_gemini_param_number,
      offsetof(ngx_http_gemini_model_item_t, conf.max_tokens),
      1, NGX_MAX_INT32_VALUE, "a number from 1 expected" },

    { ngx_string("kind="), ngx_http_gemini_model_kind,
      offsetof(ngx_http_gemini_model_item_t, conf.kind), 0, 0,
      "\"text\", \"image\", \"tts\", \"embedding\", \"live\" or \"video\" "
      "expected" },

    { ngx_string("fallback="), ngx_http_gemini_param_flag,
      offsetof(ngx_http_gemini_model_item_t, conf.fallback), 0, 0,
      NGX_HTTP_GEMINI_EXPECT_FLAG },

    { ngx_string("first_byte="), ngx_http_gemini_param_time,
      offsetof(ngx_http_gemini_model_item_t, conf.first_byte),
      0, NGX_HTTP_GEMINI_TIME_MAX, NGX_HTTP_GEMINI_EXPECT_TIME },

    ngx_http_gemini_param_end
};


static const ngx_str_t  ngx_http_gemini_model_words[] = {
    ngx_string("auto"),
    ngx_string("fast"),
    ngx_string("quality"),
    ngx_string("balance"),
    ngx_null_string
};


static const ngx_http_gemini_param_t  ngx_http_gemini_limit_params[] = {

    ngx_http_gemini_model_quota(ngx_http_gemini_limit_item_t,
                                NGX_MAX_UINT32_VALUE),

    { ngx_string("project="), ngx_http_gemini_param_globs,
      offsetof(ngx_http_gemini_limit_item_t, project), 0, 0,
      NGX_HTTP_GEMINI_EXPECT_GLOBS },

    { ngx_string("model="), ngx_http_gemini_param_globs,
      offsetof(ngx_http_gemini_limit_item_t, model), 0, 0,
      NGX_HTTP_GEMINI_EXPECT_GLOBS },

    ngx_http_gemini_param_end
};


ngx_int_t
ngx_http_gemini_model_item(ngx_http_gemini_block_t *block,
    const ngx_http_gemini_item_t *item, ngx_str_t *words, ngx_uint_t n)
{
    ngx_str_t                      name;
    ngx_http_gemini_model_item_t  *model;

    if (ngx_http_gemini_model_name(block, item, words, &name) != NGX_OK
        || ngx_http_gemini_model_unique(block, &name) != NGX_OK)
    {
        return NGX_ERROR;
    }

    model = ngx_array_push(&block->models);
    if (model == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(model, sizeof(ngx_http_gemini_model_item_t));

    model->conf.name = name;
    model->conf.slot = NGX_GEMINI_NONE;
    model->conf.kind = ngx_gemini_request_kind(&name);
    model->conf.fallback = NGX_HTTP_GEMINI_PARAM_UNSET;
    model->quota.price.in = -1;
    model->quota.price.out = -1;
    model->quota.price.cached = -1;

    if (ngx_http_gemini_param_parse(&block->place,
                                    ngx_http_gemini_model_params, words + 1,
                                    n - 1, model)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (model->conf.fallback == NGX_HTTP_GEMINI_PARAM_UNSET) {
        model->conf.fallback = (model->conf.kind == NGX_GEMINI_KIND_TEXT);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_gemini_model_unique(ngx_http_gemini_block_t *block, ngx_str_t *name)
{
    ngx_uint_t                     i;
    ngx_http_gemini_model_item_t  *models;

    models = block->models.elts;

    for (i = 0; i < block->models.nelts; i++) {
        if (!ngx_http_gemini_same(&models[i].conf.name, name)) {
            continue;
        }

        ngx_conf_log_error(NGX_LOG_EMERG, block->cf, 0,
                           "duplicate model \"%V\" in gemini_pool \"%V\"",
                           name, block->place.pool);
        return NGX_ERROR;
    }

    if (i == NGX_GEMINI_MODELS_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, block->cf, 0,
                           "too many models in gemini_pool \"%V\": up to %d "
                           "expected",
                           block->place.pool, NGX_GEMINI_MODELS_MAX);
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_gemini_model_limit(ngx_http_gemini_block_t *block,
    const ngx_http_gemini_item_t *item, ngx_str_t *words, ngx_uint_t n)
{
    ngx_str_t                     *glob;
    ngx_http_gemini_quota_t       *quota;
    ngx_http_gemini_limit_item_t  *limit;

    limit = ngx_array_push(&block->limits);
    if (limit == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(limit, sizeof(ngx_http_gemini_limit_item_t));

    quota = &limit->quota;
    quota->rpm = NGX_HTTP_GEMINI_QUOTA_UNSET;
    quota->tpm = NGX_HTTP_GEMINI_QUOTA_UNSET;
    quota->rpd = NGX_HTTP_GEMINI_QUOTA_UNSET;
    quota->price.in = -1;

    limit->place = block->place;

    if (ngx_http_gemini_param_parse(&block->place,
                                    ngx_http_gemini_limit_params, words, n,
                                    limit)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (quota->rpm == NGX_HTTP_GEMINI_QUOTA_UNSET
        && quota->tpm == NGX_HTTP_GEMINI_QUOTA_UNSET
        && quota->rpd == NGX_HTTP_GEMINI_QUOTA_UNSET
        && quota->price.in < 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, block->cf, 0,
                           "\"limit\" in gemini_pool \"%V\" limits nothing: "
                           "rpm=, tpm=, rpd= or price= expected",
                           block->place.pool);
        return NGX_ERROR;
    }

    glob = &limit->model;

    if (glob->len > 7 && ngx_strncmp(glob->data, "models/", 7) == 0) {
        glob->data += 7;
        glob->len -= 7;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_gemini_model_alias(ngx_http_gemini_block_t *block,
    const ngx_http_gemini_item_t *item, ngx_str_t *words, ngx_uint_t n)
{
    ngx_http_gemini_alias_item_t  *alias;

    alias = ngx_array_push(&block->aliases);
    if (alias == NULL) {
        return NGX_ERROR;
    }

    alias->place = block->place;

    if (ngx_http_gemini_model_name(block, item, &words[0], &alias->conf.name)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    alias->conf.target = words[1];

    if (ngx_http_gemini_model_virtual(&words[1])) {
        return NGX_OK;
    }

    return ngx_http_gemini_model_name(block, item, &words[1],
                                     &alias->conf.target);
}


static ngx_int_t
ngx_http_gemini_model_kind(const ngx_http_gemini_param_t *param,
    ngx_str_t *value, void *field)
{
    uint32_t  *kind = field;

    uint32_t  i;

    for (i = 0; i < NGX_GEMINI_KINDS; i++) {
        if (ngx_strcmp(value->data, ngx_gemini_kind_name(i)) == 0) {
            *kind = i;
            return NGX_OK;
        }
    }

    return NGX_ERROR;
}


/* the name of a model or of an alias */

static ngx_int_t
ngx_http_gemini_model_name(ngx_http_gemini_block_t *block,
    const ngx_http_gemini_item_t *item, ngx_str_t *word, ngx_str_t *name)
{
    if (ngx_gemini_request_model(word, name) != NGX_OK
        || name->len > NGX_GEMINI_MODEL_MAX)
    {
        ngx_http_gemini_param_invalid(&block->place, &item->name, word,
                                      "the name of a model expected");
        return NGX_ERROR;
    }

    if (ngx_http_gemini_model_virtual(name)) {
        ngx_http_gemini_param_invalid(&block->place, &item->name, word,
                                      "a name other than \"auto\", \"fast\", "
                                      "\"quality\" and \"balance\" expected");
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_uint_t
ngx_http_gemini_model_virtual(const ngx_str_t *name)
{
    const ngx_str_t  *word;

    for (word = ngx_http_gemini_model_words; word->len; word++) {
        if (ngx_http_gemini_same(name, word)) {
            return 1;
        }
    }

    return 0;
}


ngx_int_t
ngx_http_gemini_model_resolve(ngx_http_gemini_block_t *block)
{
    ngx_uint_t                     i;
    ngx_gemini_conf_t             *gc;
    ngx_gemini_model_conf_t       *model;
    ngx_http_gemini_model_item_t  *item;

    gc = &block->pcf->gc;

    gc->nmodels = block->models.nelts;
    gc->models = ngx_palloc(block->cf->pool,
                        (gc->nmodels + 1) * sizeof(ngx_gemini_model_conf_t));
    if (gc->models == NULL) {
        return NGX_ERROR;
    }

    item = block->models.elts;

    for (i = 0; i < gc->nmodels; i++, item++) {
        model = &gc->models[i];

        *model = item->conf;
        model->limit.rpm = (uint32_t) item->quota.rpm;
        model->limit.rpd = (uint32_t) item->quota.rpd;
        model->limit.tpm = item->quota.tpm;
        model->price_in = item->quota.price.in;
        model->price_out = item->quota.price.out;
        model->price_cached = item->quota.price.cached;
    }

    return ngx_http_gemini_model_aliases(block);
}


static ngx_int_t
ngx_http_gemini_model_aliases(ngx_http_gemini_block_t *block)
{
    ngx_uint_t                     i;
    ngx_gemini_conf_t             *gc;
    ngx_http_gemini_alias_item_t  *alias;

    gc = &block->pcf->gc;

    gc->aliases = ngx_palloc(block->cf->pool,
                     (block->aliases.nelts + 1) * sizeof(ngx_gemini_alias_t));
    if (gc->aliases == NULL) {
        return NGX_ERROR;
    }

    alias = block->aliases.elts;

    for (i = 0; i < block->aliases.nelts; i++) {
        if (ngx_http_gemini_model_target(block, &alias[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_gemini_model_target(ngx_http_gemini_block_t *block,
    ngx_http_gemini_alias_item_t *alias)
{
    ngx_str_t                     *name, *target;
    ngx_uint_t                     hops;
    const char                    *wrong;
    ngx_gemini_conf_t             *gc;
    ngx_http_gemini_alias_item_t  *next;

    gc = &block->pcf->gc;

    name = &alias->conf.name;
    target = &alias->conf.target;

    if (ngx_http_gemini_model_find(block, name) != alias) {
        wrong = "is duplicate: another name expected";
        goto failed;
    }

    if (ngx_http_gemini_model_listed(gc, name)) {
        wrong = "hides a listed model: another name expected";
        goto failed;
    }

    for (hops = 0; hops < block->aliases.nelts; hops++) {

        next = ngx_http_gemini_model_find(block, target);

        if (next == NULL) {
            break;
        }

        target = &next->conf.target;
    }

    if (hops == block->aliases.nelts) {
        wrong = "leads into a circle: a listed model expected";
        goto failed;
    }

    if (!ngx_http_gemini_model_listed(gc, target)
        && !ngx_http_gemini_model_virtual(target))
    {
        wrong = "leads to no model: a listed model, \"auto\", \"fast\", "
                "\"quality\" or \"balance\" expected";
        goto failed;
    }

    gc->aliases[gc->naliases].name = *name;
    gc->aliases[gc->naliases].target = *target;
    gc->naliases++;

    return NGX_OK;

failed:

    ngx_log_error(NGX_LOG_EMERG, block->cf->log, 0,
                  "alias \"%V\" to \"%V\" in gemini_pool \"%V\" %s in %s:%ui",
                  name, &alias->conf.target, block->place.pool, wrong,
                  alias->place.file, alias->place.line);

    return NGX_ERROR;
}


static ngx_http_gemini_alias_item_t *
ngx_http_gemini_model_find(ngx_http_gemini_block_t *block,
    const ngx_str_t *name)
{
    ngx_uint_t                     i;
    ngx_http_gemini_alias_item_t  *alias;

    alias = block->aliases.elts;

    for (i = 0; i < block->aliases.nelts; i++) {
        if (ngx_http_gemini_same(&alias[i].conf.name, name)) {
            return &alias[i];
        }
    }

    return NULL;
}


static ngx_uint_t
ngx_http_gemini_model_listed(const ngx_gemini_conf_t *gc,
    const ngx_str_t *name)
{
    uint32_t  i;

    for (i = 0; i < gc->nmodels; i++) {
        if (ngx_http_gemini_same(&gc->models[i].name, name)) {
            return 1;
        }
    }

    return 0;
}
