
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Keys of a gemini_pool block, as written, to keys, projects and accounts.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_sha1.h>

#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_param.h"
#include "ngx_http_gemini_pool_conf.h"


#define NGX_HTTP_GEMINI_SHA1_LEN  20


typedef struct {
    ngx_str_node_t                 sn;         /* must be first */
    uint32_t                       index;
} ngx_http_gemini_name_t;


typedef struct {
    ngx_rbtree_t                   tree;
    ngx_rbtree_node_t              sentinel;
    ngx_pool_t                    *pool;
} ngx_http_gemini_names_t;


static ngx_int_t ngx_http_gemini_key_resolve_keys(
    ngx_http_gemini_block_t *block);
static ngx_int_t ngx_http_gemini_key_resolve_key(
    ngx_http_gemini_block_t *block, ngx_http_gemini_key_item_t *item,
    ngx_http_gemini_names_t *labels, ngx_http_gemini_names_t *secrets);
static ngx_int_t ngx_http_gemini_key_resolve_label(ngx_pool_t *pool,
    ngx_http_gemini_key_item_t *item);
static void ngx_http_gemini_key_resolve_fingerprint(
    const ngx_str_t *pool, ngx_http_gemini_key_item_t *item);
static ngx_int_t ngx_http_gemini_key_resolve_projects(
    ngx_http_gemini_block_t *block, ngx_str_t *written);
static ngx_int_t ngx_http_gemini_key_resolve_accounts(
    ngx_http_gemini_block_t *block, ngx_str_t *written);

static void ngx_http_gemini_names_init(ngx_http_gemini_names_t *names,
    ngx_pool_t *pool);
static ngx_http_gemini_name_t *ngx_http_gemini_names_find(
    ngx_http_gemini_names_t *names, ngx_str_t *s);
static ngx_int_t ngx_http_gemini_names_add(ngx_http_gemini_names_t *names,
    ngx_str_t *s, uint32_t index);


ngx_int_t
ngx_http_gemini_key_resolve(ngx_http_gemini_block_t *block)
{
    uint32_t            i;
    ngx_str_t          *written;
    ngx_gemini_conf_t  *gc;

    gc = &block->pcf->gc;

    /* accounts as written, by project */

    written = ngx_pcalloc(block->cf->temp_pool,
                          block->keys.nelts * sizeof(ngx_str_t));
    if (written == NULL) {
        return NGX_ERROR;
    }

    if (ngx_http_gemini_key_resolve_keys(block) != NGX_OK
        || ngx_http_gemini_key_resolve_projects(block, written) != NGX_OK
        || ngx_http_gemini_key_resolve_accounts(block, written) != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (i = 0; i < gc->nkeys; i++) {
        gc->keys[i].account = gc->projects[gc->keys[i].project].account;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_gemini_key_resolve_keys(ngx_http_gemini_block_t *block)
{
    uint32_t                      n;
    ngx_int_t                     rc;
    ngx_pool_t                   *pool;
    ngx_uint_t                    i;
    ngx_gemini_conf_t            *gc;
    ngx_http_gemini_names_t       labels, secrets;
    ngx_http_gemini_key_item_t   *items;
    ngx_http_gemini_pool_conf_t  *pcf;

    pcf = block->pcf;
    gc = &pcf->gc;
    pool = block->cf->pool;

    ngx_http_gemini_names_init(&labels, block->cf->temp_pool);
    ngx_http_gemini_names_init(&secrets, block->cf->temp_pool);

    items = block->keys.elts;
    n = 0;

    for (i = 0; i < block->keys.nelts; i++) {

        rc = ngx_http_gemini_key_resolve_key(block, &items[i], &labels,
                                             &secrets);
        if (rc == NGX_DECLINED) {
            continue;
        }

        if (rc != NGX_OK
            || ngx_http_gemini_names_add(&labels, &items[i].conf.label, n)
               != NGX_OK
            || ngx_http_gemini_names_add(&secrets, &items[i].secret, n)
               != NGX_OK)
        {
            return NGX_ERROR;
        }

        items[n++] = items[i];
    }

    block->keys.nelts = n;

    gc->nkeys = n;
    gc->keys = ngx_palloc(pool, n * sizeof(ngx_gemini_key_conf_t));
    if (gc->keys == NULL) {
        return NGX_ERROR;
    }

    pcf->secrets = ngx_palloc(pool, n * sizeof(ngx_str_t));
    if (pcf->secrets == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < n; i++) {
        gc->keys[i] = items[i].conf;
        pcf->secrets[i] = items[i].secret;
    }

    return NGX_OK;
}


/* NGX_DECLINED: to be skipped */

static ngx_int_t
ngx_http_gemini_key_resolve_key(ngx_http_gemini_block_t *block,
    ngx_http_gemini_key_item_t *item, ngx_http_gemini_names_t *labels,
    ngx_http_gemini_names_t *secrets)
{
    ngx_str_t                   *label;
    ngx_http_gemini_name_t      *name;
    ngx_http_gemini_key_item_t  *items;

    if (ngx_http_gemini_key_resolve_label(block->cf->pool, item) != NGX_OK) {
        return NGX_ERROR;
    }

    label = &item->conf.label;
    items = block->keys.elts;

    name = ngx_http_gemini_names_find(secrets, &item->secret);

    if (name != NULL && item->repeat) {
        ngx_log_error(NGX_LOG_WARN, block->cf->log, 0,
                      "key \"%V\" repeats the secret of key \"%V\" in "
                      "gemini_pool \"%V\", skipped in %s:%ui",
                      label, &items[name->index].conf.label,
                      block->place.pool, item->place.file, item->place.line);
        return NGX_DECLINED;
    }

    if (name != NULL) {
        ngx_log_error(NGX_LOG_EMERG, block->cf->log, 0,
                      "duplicate secret in gemini_pool \"%V\": key \"%V\" "
                      "repeats that of key \"%V\" in %s:%ui",
                      block->place.pool, label,
                      &items[name->index].conf.label, item->place.file,
                      item->place.line);
        return NGX_ERROR;
    }

    if (ngx_http_gemini_names_find(labels, label) != NULL) {
        ngx_log_error(NGX_LOG_EMERG, block->cf->log, 0,
                      "duplicate key \"%V\" in gemini_pool \"%V\": another "
                      "name= expected in %s:%ui",
                      label, block->place.pool, item->place.file,
                      item->place.line);
        return NGX_ERROR;
    }

    ngx_http_gemini_key_resolve_fingerprint(block->place.pool, item);

    return NGX_OK;
}


/* by the secret, so that reordering moves nothing */

static ngx_int_t
ngx_http_gemini_key_resolve_label(ngx_pool_t *pool,
    ngx_http_gemini_key_item_t *item)
{
    u_char      *p;
    u_char       hash[NGX_HTTP_GEMINI_SHA1_LEN];
    ngx_str_t   *label;
    ngx_sha1_t   sha1;

    label = &item->conf.label;

    if (label->len) {
        return NGX_OK;
    }

    p = ngx_pnalloc(pool, sizeof("key-01234567") - 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_sha1_init(&sha1);
    ngx_sha1_update(&sha1, item->secret.data, item->secret.len);
    ngx_sha1_final(hash, &sha1);

    label->data = p;
    label->len = sizeof("key-01234567") - 1;

    p = ngx_cpymem(p, "key-", 4);
    (void) ngx_hex_dump(p, hash, 4);

    return NGX_OK;
}


static void
ngx_http_gemini_key_resolve_fingerprint(const ngx_str_t *pool,
    ngx_http_gemini_key_item_t *item)
{
    u_char      hash[NGX_HTTP_GEMINI_SHA1_LEN];
    ngx_sha1_t  sha1;

    ngx_sha1_init(&sha1);
    ngx_sha1_update(&sha1, pool->data, pool->len);
    ngx_sha1_update(&sha1, "", 1);
    ngx_sha1_update(&sha1, item->conf.label.data, item->conf.label.len);
    ngx_sha1_update(&sha1, "", 1);
    ngx_sha1_update(&sha1, item->secret.data, item->secret.len);
    ngx_sha1_final(hash, &sha1);

    ngx_memcpy(item->conf.fingerprint, hash, NGX_GEMINI_FINGERPRINT);
}


static ngx_int_t
ngx_http_gemini_key_resolve_projects(ngx_http_gemini_block_t *block,
    ngx_str_t *written)
{
    uint32_t                     i, index;
    ngx_str_t                   *label;
    ngx_gemini_conf_t           *gc;
    ngx_http_gemini_name_t      *name;
    ngx_http_gemini_names_t      names;
    ngx_http_gemini_key_item_t  *item;

    gc = &block->pcf->gc;

    gc->projects = ngx_palloc(block->cf->pool,
                              gc->nkeys * sizeof(ngx_gemini_project_conf_t));
    if (gc->projects == NULL) {
        return NGX_ERROR;
    }

    ngx_http_gemini_names_init(&names, block->cf->temp_pool);

    item = block->keys.elts;

    for (i = 0; i < gc->nkeys; i++, item++) {

        label = item->project.len ? &item->project : &item->conf.label;
        name = ngx_http_gemini_names_find(&names, label);
        index = (name == NULL) ? gc->nprojects : name->index;

        if (name == NULL) {
            gc->projects[index].label = *label;
            gc->projects[index].slot = NGX_GEMINI_NONE;
            gc->nprojects++;

            if (ngx_http_gemini_names_add(&names, label, index) != NGX_OK) {
                return NGX_ERROR;
            }
        }

        gc->keys[i].project = index;

        if (item->account.len == 0) {
            continue;
        }

        if (written[index].len
            && !ngx_http_gemini_same(&written[index], &item->account))
        {
            ngx_log_error(NGX_LOG_EMERG, block->cf->log, 0,
                          "project \"%V\" in gemini_pool \"%V\" has accounts "
                          "\"%V\" and \"%V\": one expected in %s:%ui",
                          label, block->place.pool, &written[index],
                          &item->account, item->place.file,
                          item->place.line);
            return NGX_ERROR;
        }

        written[index] = item->account;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_gemini_key_resolve_accounts(ngx_http_gemini_block_t *block,
    ngx_str_t *written)
{
    uint32_t                  i, index;
    ngx_str_t                *label;
    ngx_gemini_conf_t        *gc;
    ngx_http_gemini_name_t   *name;
    ngx_http_gemini_names_t   names;

    gc = &block->pcf->gc;

    gc->accounts = ngx_palloc(block->cf->pool,
                        gc->nprojects * sizeof(ngx_gemini_account_conf_t));
    if (gc->accounts == NULL) {
        return NGX_ERROR;
    }

    ngx_http_gemini_names_init(&names, block->cf->temp_pool);

    for (i = 0; i < gc->nprojects; i++) {

        label = written[i].len ? &written[i] : &gc->projects[i].label;
        name = ngx_http_gemini_names_find(&names, label);
        index = (name == NULL) ? gc->naccounts : name->index;

        if (name == NULL) {
            gc->accounts[index].label = *label;
            gc->accounts[index].slot = NGX_GEMINI_NONE;
            gc->naccounts++;

            if (ngx_http_gemini_names_add(&names, label, index) != NGX_OK) {
                return NGX_ERROR;
            }
        }

        gc->projects[i].account = index;
    }

    return NGX_OK;
}


static void
ngx_http_gemini_names_init(ngx_http_gemini_names_t *names, ngx_pool_t *pool)
{
    names->pool = pool;

    ngx_rbtree_init(&names->tree, &names->sentinel,
                    ngx_str_rbtree_insert_value);
}


static ngx_http_gemini_name_t *
ngx_http_gemini_names_find(ngx_http_gemini_names_t *names, ngx_str_t *s)
{
    return (ngx_http_gemini_name_t *)
               ngx_str_rbtree_lookup(&names->tree, s,
                                     ngx_crc32_long(s->data, s->len));
}


static ngx_int_t
ngx_http_gemini_names_add(ngx_http_gemini_names_t *names, ngx_str_t *s,
    uint32_t index)
{
    ngx_http_gemini_name_t  *name;

    name = ngx_palloc(names->pool, sizeof(ngx_http_gemini_name_t));
    if (name == NULL) {
        return NGX_ERROR;
    }

    name->sn.node.key = ngx_crc32_long(s->data, s->len);
    name->sn.str = *s;
    name->index = index;

    ngx_rbtree_insert(&names->tree, &name->sn.node);

    return NGX_OK;
}
