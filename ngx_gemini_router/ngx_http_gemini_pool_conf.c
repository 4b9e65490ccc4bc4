
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_conf.h"
#include "ngx_http_gemini_param.h"
#include "ngx_http_gemini_pool_conf.h"
#include "ngx_http_gemini_zone.h"


/* a rest's length is 32 bits of milliseconds */
#define NGX_HTTP_GEMINI_COOLDOWN_MAX  NGX_GEMINI_DAY


static ngx_http_gemini_block_t *ngx_http_gemini_pool_begin(ngx_conf_t *cf,
    ngx_http_gemini_pool_conf_t *pcf);
static void ngx_http_gemini_pool_defaults(ngx_gemini_conf_t *gc);
static char *ngx_http_gemini_pool_item(ngx_conf_t *cf, ngx_command_t *dummy,
    void *conf);
static char *ngx_http_gemini_pool_unknown(ngx_http_gemini_block_t *block,
    ngx_str_t *word);

static ngx_int_t ngx_http_gemini_pool_value(ngx_http_gemini_block_t *block,
    const ngx_http_gemini_item_t *item, ngx_str_t *words, ngx_uint_t n);
static ngx_int_t ngx_http_gemini_pool_queue(ngx_http_gemini_block_t *block,
    const ngx_http_gemini_item_t *item, ngx_str_t *words, ngx_uint_t n);
static ngx_int_t ngx_http_gemini_pool_cooldown(
    ngx_http_gemini_block_t *block, const ngx_http_gemini_item_t *item,
    ngx_str_t *words, ngx_uint_t n);
static ngx_int_t ngx_http_gemini_pool_zone(ngx_http_gemini_block_t *block,
    const ngx_http_gemini_item_t *item, ngx_str_t *words, ngx_uint_t n);

static ngx_int_t ngx_http_gemini_pool_prefer(
    const ngx_http_gemini_param_t *param, ngx_str_t *value, void *field);
static ngx_int_t ngx_http_gemini_pool_score(
    const ngx_http_gemini_param_t *param, ngx_str_t *value, void *field);
static ngx_int_t ngx_http_gemini_pool_word(ngx_str_t *value,
    const char *zero, const char *one, void *field);


#define ngx_http_gemini_pool_field(name, set, field, min, max, expected)      \
    { ngx_string(name), 1, 1, 0, ngx_http_gemini_pool_value,                  \
      { ngx_string(name), set, offsetof(ngx_http_gemini_pool_conf_t, field),  \
        min, max, expected } }

#define ngx_http_gemini_pool_other(name, set, min, max, many)                 \
    { ngx_string(name), min, max, many, set, ngx_http_gemini_param_end }


static const ngx_http_gemini_item_t  ngx_http_gemini_pool_items[] = {

    ngx_http_gemini_pool_other("key", ngx_http_gemini_key_item, 1, 16, 1),
    ngx_http_gemini_pool_other("keys", ngx_http_gemini_key_item, 1, 16, 1),
    ngx_http_gemini_pool_other("model", ngx_http_gemini_model_item, 1, 16, 1),
    ngx_http_gemini_pool_other("limit", ngx_http_gemini_model_limit, 1, 16, 1),
    ngx_http_gemini_pool_other("alias", ngx_http_gemini_model_alias, 2, 2, 1),
    ngx_http_gemini_pool_other("probe", ngx_http_gemini_probe_item, 1, 6, 0),
    ngx_http_gemini_pool_other("queue", ngx_http_gemini_pool_queue, 1, 2, 0),
    ngx_http_gemini_pool_other("cooldown", ngx_http_gemini_pool_cooldown,
                               1, 2, 0),
    ngx_http_gemini_pool_other("zone", ngx_http_gemini_pool_zone, 1, 2, 0),
    ngx_http_gemini_pool_other("state", ngx_http_gemini_pool_state, 1, 1, 0),

    ngx_http_gemini_pool_field("tries", ngx_http_gemini_param_number,
                               gc.tries, 1, NGX_GEMINI_TRIED_MAX,
                               "a number from 1 to 64 expected"),

    ngx_http_gemini_pool_field("timeout", ngx_http_gemini_param_time,
                               gc.timeout, 0, NGX_HTTP_GEMINI_TIME_MAX,
                               NGX_HTTP_GEMINI_EXPECT_TIME),

    ngx_http_gemini_pool_field("attempt_timeout", ngx_http_gemini_param_time,
                               gc.attempt_timeout, 0,
                               NGX_HTTP_GEMINI_TIME_MAX,
                               NGX_HTTP_GEMINI_EXPECT_TIME),

    ngx_http_gemini_pool_field("window", ngx_http_gemini_param_number,
                               gc.window, 1, 128,
                               "a number from 1 to 128 expected"),

    ngx_http_gemini_pool_field("fallback", ngx_http_gemini_param_flag,
                               gc.fallback, 0, 0,
                               NGX_HTTP_GEMINI_EXPECT_FLAG),

    ngx_http_gemini_pool_field("prefer", ngx_http_gemini_pool_prefer,
                               gc.prefer_priority, 0, 0,
                               "\"model\" or \"priority\" expected"),

    ngx_http_gemini_pool_field("score", ngx_http_gemini_pool_score,
                               gc.normalized, 0, 0,
                               "\"classic\" or \"normalized\" expected"),

    ngx_http_gemini_pool_field("nodes", ngx_http_gemini_param_number,
                               gc.nodes, 1, 1000,
                               "a number from 1 to 1000 expected"),

    ngx_http_gemini_pool_field("unlisted", ngx_http_gemini_param_flag,
                               gc.unlisted, 0, 0,
                               NGX_HTTP_GEMINI_EXPECT_FLAG),

    ngx_http_gemini_pool_other("", NULL, 0, 0, 0)
};


static const ngx_http_gemini_param_t  ngx_http_gemini_queue_places = {
    ngx_string("queue"), ngx_http_gemini_param_number,
    offsetof(ngx_gemini_conf_t, queue), 0, NGX_GEMINI_RESERVATIONS,
    "\"off\" or a number up to 16384 expected"
};


static const ngx_http_gemini_param_t  ngx_http_gemini_queue_params[] = {

    { ngx_string("timeout="), ngx_http_gemini_param_time,
      offsetof(ngx_gemini_conf_t, queue_timeout),
      1, NGX_HTTP_GEMINI_TIME_MAX, NGX_HTTP_GEMINI_EXPECT_TIME },

    ngx_http_gemini_param_end
};


static const ngx_http_gemini_param_t  ngx_http_gemini_cooldown_time = {
    ngx_string("cooldown"), ngx_http_gemini_param_time,
    offsetof(ngx_gemini_conf_t, cooldown), 1, NGX_HTTP_GEMINI_COOLDOWN_MAX,
    "a time up to 1d expected"
};


static const ngx_http_gemini_param_t  ngx_http_gemini_cooldown_params[] = {

    { ngx_string("max="), ngx_http_gemini_param_time,
      offsetof(ngx_gemini_conf_t, cooldown_max),
      1, NGX_HTTP_GEMINI_COOLDOWN_MAX, "a time up to 1d expected" },

    ngx_http_gemini_param_end
};


char *
ngx_http_gemini_conf_pool(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_gemini_main_conf_t *gmcf = conf;

    char                         *rv;
    ngx_str_t                    *value;
    ngx_conf_t                    save;
    ngx_http_gemini_block_t      *block;
    ngx_http_gemini_pool_conf_t  *pcf;

    value = cf->args->elts;

    pcf = ngx_http_gemini_conf_find(cf, gmcf, &value[1]);
    if (pcf == NULL) {
        return NGX_CONF_ERROR;
    }

    if (pcf->defined) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "duplicate gemini_pool \"%V\", the other one is "
                           "at %s:%ui",
                           &value[1], pcf->file, pcf->line);
        return NGX_CONF_ERROR;
    }

    pcf->defined = 1;
    pcf->file = cf->conf_file->file.name.data;
    pcf->line = cf->conf_file->line;

    block = ngx_http_gemini_pool_begin(cf, pcf);
    if (block == NULL) {
        return NGX_CONF_ERROR;
    }

    save = *cf;

    cf->handler = ngx_http_gemini_pool_item;
    cf->handler_conf = (void *) block;

    rv = ngx_conf_parse(cf, NULL);

    *cf = save;

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    /* nginx -s may run without the keys' environment, and starts nothing */

    if (ngx_process == NGX_PROCESS_SIGNALLER) {
        return NGX_CONF_OK;
    }

    if (ngx_http_gemini_resolve(block) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return ngx_http_gemini_zone_add(cf, pcf);
}


static ngx_http_gemini_block_t *
ngx_http_gemini_pool_begin(ngx_conf_t *cf, ngx_http_gemini_pool_conf_t *pcf)
{
    ngx_pool_t               *pool;
    ngx_http_gemini_block_t  *block;

    pool = cf->temp_pool;

    block = ngx_pcalloc(pool, sizeof(ngx_http_gemini_block_t));
    if (block == NULL) {
        return NULL;
    }

    block->cf = cf;
    block->pcf = pcf;
    block->place.log = cf->log;
    block->place.pool = &pcf->gc.name;

    if (ngx_array_init(&block->keys, pool, 16,
                       sizeof(ngx_http_gemini_key_item_t))
        != NGX_OK
        || ngx_array_init(&block->models, pool, 8,
                          sizeof(ngx_http_gemini_model_item_t))
           != NGX_OK
        || ngx_array_init(&block->limits, pool, 4,
                          sizeof(ngx_http_gemini_limit_item_t))
           != NGX_OK
        || ngx_array_init(&block->aliases, pool, 4,
                          sizeof(ngx_http_gemini_alias_item_t))
           != NGX_OK)
    {
        return NULL;
    }

    ngx_http_gemini_pool_defaults(&pcf->gc);

    return block;
}


static void
ngx_http_gemini_pool_defaults(ngx_gemini_conf_t *gc)
{
    gc->unlisted = 1;
    gc->tries = 6;
    gc->fallback = 1;
    gc->nodes = 1;
    gc->window = 20;
    gc->queue = 256;
    gc->queue_timeout = 15000;
    gc->timeout = 120000;
    gc->cooldown = 60000;
    gc->cooldown_max = 600000;
}


static char *
ngx_http_gemini_pool_item(ngx_conf_t *cf, ngx_command_t *dummy, void *conf)
{
    ngx_http_gemini_block_t *block = conf;

    uint64_t                       bit;
    ngx_str_t                     *value;
    ngx_uint_t                     i, n;
    const ngx_http_gemini_item_t  *item;

    value = cf->args->elts;
    n = cf->args->nelts - 1;

    block->place.file = cf->conf_file->file.name.data;
    block->place.line = cf->conf_file->line;

    if (n == 1 && ngx_strcmp(value[0].data, "include") == 0) {
        return ngx_conf_include(cf, dummy, conf);
    }

    for (i = 0; ngx_http_gemini_pool_items[i].name.len; i++) {
        item = &ngx_http_gemini_pool_items[i];

        if (ngx_strcmp(value[0].data, item->name.data) != 0) {
            continue;
        }

        bit = (uint64_t) 1 << i;

        if ((block->seen & bit) && !item->many) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\" directive is duplicate in "
                               "gemini_pool \"%V\"",
                               &item->name, block->place.pool);
            return NGX_CONF_ERROR;
        }

        block->seen |= bit;

        if (n < item->min || n > item->max) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid number of arguments in \"%V\" of "
                               "gemini_pool \"%V\"",
                               &item->name, block->place.pool);
            return NGX_CONF_ERROR;
        }

        return item->set(block, item, &value[1], n) == NGX_OK
               ? NGX_CONF_OK : NGX_CONF_ERROR;
    }

    return ngx_http_gemini_pool_unknown(block, &value[0]);
}


static char *
ngx_http_gemini_pool_unknown(ngx_http_gemini_block_t *block, ngx_str_t *word)
{
    u_char                        *p, *last;
    u_char                         text[NGX_MAX_CONF_ERRSTR / 2];
    ngx_str_t                      buf;
    const char                    *comma;
    const ngx_http_gemini_item_t  *item;

    p = text;
    last = text + sizeof(text);

    for (item = ngx_http_gemini_pool_items; item->name.len; item++) {
        comma = (p == text) ? "" : item[1].name.len ? ", " : " or ";
        p = ngx_slprintf(p, last, "%s\"%V\"", comma, &item->name);
    }

    ngx_conf_log_error(NGX_LOG_EMERG, block->cf, 0,
                       "unknown directive \"%V\" in gemini_pool \"%V\": "
                       "%*s expected",
                       ngx_http_gemini_param_show(word, &buf),
                       block->place.pool, (size_t) (p - text), text);

    return NGX_CONF_ERROR;
}


static ngx_int_t
ngx_http_gemini_pool_value(ngx_http_gemini_block_t *block,
    const ngx_http_gemini_item_t *item, ngx_str_t *words, ngx_uint_t n)
{
    return ngx_http_gemini_param_value(&block->place, &item->param, words,
                                       block->pcf);
}


static ngx_int_t
ngx_http_gemini_pool_queue(ngx_http_gemini_block_t *block,
    const ngx_http_gemini_item_t *item, ngx_str_t *words, ngx_uint_t n)
{
    ngx_gemini_conf_t  *gc;

    gc = &block->pcf->gc;

    if (ngx_strcmp(words[0].data, "off") == 0) {
        gc->queue = 0;

    } else if (ngx_http_gemini_param_value(&block->place,
                                           &ngx_http_gemini_queue_places,
                                           &words[0], gc)
               != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_gemini_param_parse(&block->place,
                                       ngx_http_gemini_queue_params,
                                       &words[1], n - 1, gc);
}


static ngx_int_t
ngx_http_gemini_pool_cooldown(ngx_http_gemini_block_t *block,
    const ngx_http_gemini_item_t *item, ngx_str_t *words, ngx_uint_t n)
{
    ngx_gemini_conf_t  *gc;

    gc = &block->pcf->gc;

    if (ngx_http_gemini_param_value(&block->place,
                                    &ngx_http_gemini_cooldown_time,
                                    &words[0], gc)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (n == 1) {
        gc->cooldown_max = ngx_max(gc->cooldown_max, gc->cooldown);
        return NGX_OK;
    }

    if (ngx_http_gemini_param_parse(&block->place,
                                    ngx_http_gemini_cooldown_params,
                                    &words[1], 1, gc)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (gc->cooldown_max < gc->cooldown) {
        ngx_http_gemini_param_invalid(&block->place,
                                   &ngx_http_gemini_cooldown_params[0].name,
                                   &words[1],
                                   "no less than the cooldown expected");
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* [NAME] [SIZE]: a single word that reads as a size is one */

static ngx_int_t
ngx_http_gemini_pool_zone(ngx_http_gemini_block_t *block,
    const ngx_http_gemini_item_t *item, ngx_str_t *words, ngx_uint_t n)
{
    ssize_t                       size;
    ngx_http_gemini_pool_conf_t  *pcf;

    pcf = block->pcf;

    size = ngx_parse_size(&words[n - 1]);

    if (n == 2 || size == NGX_ERROR) {
        pcf->zone_name = words[0];
    }

    if (n == 1 && size == NGX_ERROR) {
        return NGX_OK;
    }

    if (size < (ssize_t) (8 * ngx_pagesize)) {
        ngx_http_gemini_param_invalid(&block->place, &item->name,
                                      &words[n - 1],
                                      "a size of 8 pages or more expected");
        return NGX_ERROR;
    }

    pcf->zone_size = size;

    return NGX_OK;
}


static ngx_int_t
ngx_http_gemini_pool_prefer(const ngx_http_gemini_param_t *param,
    ngx_str_t *value, void *field)
{
    return ngx_http_gemini_pool_word(value, "model", "priority", field);
}


static ngx_int_t
ngx_http_gemini_pool_score(const ngx_http_gemini_param_t *param,
    ngx_str_t *value, void *field)
{
    return ngx_http_gemini_pool_word(value, "classic", "normalized", field);
}


static ngx_int_t
ngx_http_gemini_pool_word(ngx_str_t *value, const char *zero,
    const char *one, void *field)
{
    uint32_t  *flag = field;

    if (ngx_strcmp(value->data, zero) == 0) {
        *flag = 0;
        return NGX_OK;
    }

    if (ngx_strcmp(value->data, one) == 0) {
        *flag = 1;
        return NGX_OK;
    }

    return NGX_ERROR;
}
