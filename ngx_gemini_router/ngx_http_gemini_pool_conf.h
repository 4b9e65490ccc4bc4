
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * A gemini_pool block while it is read: what was written, with its place,
 * until all of it is known and can be resolved.  Lives in cf->temp_pool.
 */


#ifndef _NGX_HTTP_GEMINI_POOL_CONF_H_INCLUDED_
#define _NGX_HTTP_GEMINI_POOL_CONF_H_INCLUDED_


#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_param.h"


#define NGX_HTTP_GEMINI_QUOTA_UNSET  ((uint64_t) -1)


#define ngx_http_gemini_same(one, two)                                        \
    ((one)->len == (two)->len                                                 \
     && ngx_memcmp((one)->data, (two)->data, (one)->len) == 0)


typedef struct {
    uint64_t                       rpm;        /* 0: no limit */
    uint64_t                       tpm;
    uint64_t                       rpd;
    ngx_http_gemini_price_t        price;
} ngx_http_gemini_quota_t;


typedef struct {
    ngx_gemini_key_conf_t          conf;
    ngx_str_t                      secret;
    ngx_str_t                      project;    /* empty: by the label */
    ngx_str_t                      account;    /* empty: by the project */
    uint32_t                       repeat;     /* 1: warn of a repeated
                                                  secret, and skip it */
    ngx_http_gemini_place_t        place;
} ngx_http_gemini_key_item_t;


typedef struct {
    ngx_gemini_model_conf_t        conf;
    ngx_http_gemini_quota_t        quota;
} ngx_http_gemini_model_item_t;


typedef struct {
    ngx_str_t                      project;    /* globs, empty: all */
    ngx_str_t                      model;
    ngx_http_gemini_quota_t        quota;
    ngx_http_gemini_place_t        place;
} ngx_http_gemini_limit_item_t;


typedef struct {
    ngx_gemini_alias_t             conf;       /* target as written */
    ngx_http_gemini_place_t        place;
} ngx_http_gemini_alias_item_t;


typedef struct {
    ngx_conf_t                    *cf;
    ngx_http_gemini_pool_conf_t   *pcf;
    ngx_array_t                    keys;       /* .._item_t */
    ngx_array_t                    models;
    ngx_array_t                    limits;
    ngx_array_t                    aliases;
    uint64_t                       seen;       /* directives, a bit each */
    ngx_http_gemini_place_t        place;      /* of what is read just now */
} ngx_http_gemini_block_t;


/* a directive of the block; param reads the value if there is only one */

typedef struct ngx_http_gemini_item_s  ngx_http_gemini_item_t;

typedef ngx_int_t (*ngx_http_gemini_item_pt)(ngx_http_gemini_block_t *block,
    const ngx_http_gemini_item_t *item, ngx_str_t *words, ngx_uint_t n);

struct ngx_http_gemini_item_s {
    ngx_str_t                      name;
    ngx_uint_t                     min;        /* words after the name */
    ngx_uint_t                     max;
    ngx_uint_t                     many;       /* 1: may be repeated */
    ngx_http_gemini_item_pt        set;
    ngx_http_gemini_param_t        param;
};


/* key, keys: from the environment, from a file, or to the letter */
ngx_int_t ngx_http_gemini_key_item(ngx_http_gemini_block_t *block,
    const ngx_http_gemini_item_t *item, ngx_str_t *words, ngx_uint_t n);

ngx_int_t ngx_http_gemini_key_env(ngx_http_gemini_block_t *block,
    ngx_http_gemini_key_item_t *item, ngx_str_t *name);
ngx_int_t ngx_http_gemini_key_add(ngx_http_gemini_block_t *block,
    const ngx_http_gemini_key_item_t *item, ngx_str_t *secret);
void ngx_http_gemini_key_invalid(ngx_http_gemini_block_t *block,
    const char *what, ngx_str_t *value, const char *expected);

ngx_int_t ngx_http_gemini_model_item(ngx_http_gemini_block_t *block,
    const ngx_http_gemini_item_t *item, ngx_str_t *words, ngx_uint_t n);
ngx_int_t ngx_http_gemini_model_limit(ngx_http_gemini_block_t *block,
    const ngx_http_gemini_item_t *item, ngx_str_t *words, ngx_uint_t n);
ngx_int_t ngx_http_gemini_model_alias(ngx_http_gemini_block_t *block,
    const ngx_http_gemini_item_t *item, ngx_str_t *words, ngx_uint_t n);

ngx_int_t ngx_http_gemini_probe_item(ngx_http_gemini_block_t *block,
    const ngx_http_gemini_item_t *item, ngx_str_t *words, ngx_uint_t n);

ngx_int_t ngx_http_gemini_pool_state(ngx_http_gemini_block_t *block,
    const ngx_http_gemini_item_t *item, ngx_str_t *words, ngx_uint_t n);

/* fast, quality, balance, auto */
ngx_uint_t ngx_http_gemini_model_virtual(const ngx_str_t *name);

/*
 * the end of the block: fills pcf; keys with projects and accounts first,
 * then models with aliases
 */
ngx_int_t ngx_http_gemini_resolve(ngx_http_gemini_block_t *block);
ngx_int_t ngx_http_gemini_key_resolve(ngx_http_gemini_block_t *block);
ngx_int_t ngx_http_gemini_model_resolve(ngx_http_gemini_block_t *block);


#endif /* _NGX_HTTP_GEMINI_POOL_CONF_H_INCLUDED_ */
