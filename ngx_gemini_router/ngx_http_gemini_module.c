
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_conf.h"
#include "ngx_http_gemini_control.h"
#include "ngx_http_gemini_filter.h"
#include "ngx_http_gemini_handler.h"
#include "ngx_http_gemini_param.h"
#include "ngx_http_gemini_persist.h"
#include "ngx_http_gemini_probe.h"
#include "ngx_http_gemini_request.h"
#include "ngx_http_gemini_select.h"
#include "ngx_http_gemini_status.h"
#include "ngx_http_gemini_variables.h"
#include "ngx_http_gemini_zone.h"

#if defined(__GLIBC__)
#include <malloc.h>
#endif


#define NGX_HTTP_GEMINI_TRIM_THRESHOLD  (64 * 1024 * 1024)
#define NGX_HTTP_GEMINI_TOP_PAD         (1024 * 1024)


static void *ngx_http_gemini_create_main_conf(ngx_conf_t *cf);
static void *ngx_http_gemini_create_srv_conf(ngx_conf_t *cf);
static void *ngx_http_gemini_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_gemini_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static void ngx_http_gemini_merge_block(ngx_conf_t *cf,
    ngx_http_gemini_loc_conf_t *prev, ngx_http_gemini_loc_conf_t *conf);
static size_t ngx_http_gemini_merge_prefix(ngx_http_core_loc_conf_t *clcf);
static ngx_int_t ngx_http_gemini_init(ngx_conf_t *cf);
static ngx_int_t ngx_http_gemini_init_phase(ngx_conf_t *cf, ngx_uint_t phase,
    ngx_http_handler_pt handler);
static ngx_http_gemini_main_conf_t *ngx_http_gemini_configured(
    ngx_cycle_t *cycle);
static ngx_int_t ngx_http_gemini_init_module(ngx_cycle_t *cycle);
static ngx_int_t ngx_http_gemini_init_process(ngx_cycle_t *cycle);
static void ngx_http_gemini_init_heap(ngx_http_gemini_main_conf_t *gmcf);
static void ngx_http_gemini_exit_process(ngx_cycle_t *cycle);


static ngx_http_gemini_conf_post_t  ngx_http_gemini_pass_post = {
    ngx_http_gemini_handler
};


static ngx_http_gemini_conf_post_t  ngx_http_gemini_status_post = {
    ngx_http_gemini_status_handler
};


static ngx_http_gemini_conf_post_t  ngx_http_gemini_control_post = {
    ngx_http_gemini_control_handler
};


static ngx_http_gemini_param_t  ngx_http_gemini_flag_post = {
    ngx_null_string, ngx_http_gemini_param_flag, 0, 0, 0,
    NGX_HTTP_GEMINI_EXPECT_FLAG
};


static ngx_http_gemini_param_t  ngx_http_gemini_tries_post = {
    ngx_null_string, ngx_http_gemini_param_number, 0, 1,
    NGX_GEMINI_TRIED_MAX, "a number from 1 to 64 expected"
};


static ngx_http_gemini_param_t  ngx_http_gemini_team_post = {
    ngx_null_string, ngx_http_gemini_param_label, 0, 0, 0,
    NGX_HTTP_GEMINI_EXPECT_LABEL
};


static ngx_command_t  ngx_http_gemini_commands[] = {

    /* the pool */

    { ngx_string("gemini_pool"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      ngx_http_gemini_conf_pool,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("gemini_malloc_trim"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_gemini_main_conf_t, malloc_trim),
      NULL },

    /* ways to it */

    { ngx_string("gemini_pass"),
      NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF|NGX_CONF_TAKE2,
      ngx_http_gemini_conf_pass,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      &ngx_http_gemini_pass_post },

    { ngx_string("gemini_select"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_gemini_conf_select,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    /* what they allow */

    { ngx_string("gemini_restrict"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE123,
      ngx_http_gemini_conf_restrict,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("gemini_fallback"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_gemini_conf_value,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_gemini_loc_conf_t, fallback),
      &ngx_http_gemini_flag_post },

    { ngx_string("gemini_queue"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_gemini_conf_value,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_gemini_loc_conf_t, queue),
      &ngx_http_gemini_flag_post },

    { ngx_string("gemini_tries"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_gemini_conf_value,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_gemini_loc_conf_t, tries),
      &ngx_http_gemini_tries_post },

    { ngx_string("gemini_team"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_gemini_conf_value,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_gemini_loc_conf_t, team),
      &ngx_http_gemini_team_post },

    { ngx_string("gemini_base"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_set_complex_value_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_gemini_loc_conf_t, base),
      NULL },

    { ngx_string("gemini_store"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_gemini_loc_conf_t, store),
      NULL },

    /* what clients and operators see */

    { ngx_string("gemini_error"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS
                        |NGX_CONF_TAKE1,
      ngx_http_gemini_conf_error,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_gemini_loc_conf_t, error),
      NULL },

    { ngx_string("gemini_status"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE12,
      ngx_http_gemini_conf_status,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      &ngx_http_gemini_status_post },

    { ngx_string("gemini_control"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_gemini_conf_control,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      &ngx_http_gemini_control_post },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_gemini_module_ctx = {
    ngx_http_gemini_variables_add,         /* preconfiguration */
    ngx_http_gemini_init,                  /* postconfiguration */

    ngx_http_gemini_create_main_conf,      /* create main configuration */
    ngx_http_gemini_conf_init,             /* init main configuration */

    ngx_http_gemini_create_srv_conf,       /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_gemini_create_loc_conf,       /* create location configuration */
    ngx_http_gemini_merge_loc_conf         /* merge location configuration */
};


ngx_module_t  ngx_http_gemini_router_module = {
    NGX_MODULE_V1,
    &ngx_http_gemini_module_ctx,           /* module context */
    ngx_http_gemini_commands,              /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    ngx_http_gemini_init_module,           /* init module */
    ngx_http_gemini_init_process,          /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_http_gemini_exit_process,          /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static void *
ngx_http_gemini_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_gemini_main_conf_t  *gmcf;

    gmcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_gemini_main_conf_t));
    if (gmcf == NULL) {
        return NULL;
    }

    gmcf->malloc_trim = NGX_CONF_UNSET;

    if (ngx_array_init(&gmcf->pools, cf->pool, 2,
                       sizeof(ngx_http_gemini_pool_conf_t *))
        != NGX_OK
        || ngx_array_init(&gmcf->passes, cf->pool, 4,
                          sizeof(ngx_http_gemini_pass_t))
           != NGX_OK)
    {
        return NULL;
    }

    return gmcf;
}


static void *
ngx_http_gemini_create_srv_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(ngx_http_gemini_srv_conf_t));
}


static void *
ngx_http_gemini_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_gemini_loc_conf_t  *glcf;

    glcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_gemini_loc_conf_t));
    if (glcf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     glcf->pool = NULL;
     *     glcf->uri = { 0, NULL };
     *     glcf->prefix = 0;
     *     glcf->select = 0;
     *     glcf->status = NULL;
     *     glcf->control = { 0, NULL };
     *     glcf->operate = NULL;
     */

    glcf->restrict_keys = NGX_CONF_UNSET_PTR;
    glcf->restrict_models = NGX_CONF_UNSET_PTR;
    glcf->restrict_families = NGX_CONF_UNSET_PTR;
    glcf->fallback = NGX_CONF_UNSET_PTR;
    glcf->queue = NGX_CONF_UNSET_PTR;
    glcf->tries = NGX_CONF_UNSET_PTR;
    glcf->team = NGX_CONF_UNSET_PTR;
    glcf->base = NGX_CONF_UNSET_PTR;
    glcf->store = NGX_CONF_UNSET;
    glcf->error = NGX_CONF_UNSET;

    return glcf;
}


static char *
ngx_http_gemini_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_gemini_loc_conf_t *prev = parent;
    ngx_http_gemini_loc_conf_t *conf = child;

    /* list by list: a location that narrows models keeps the server's keys */

    ngx_conf_merge_ptr_value(conf->restrict_keys, prev->restrict_keys, NULL);
    ngx_conf_merge_ptr_value(conf->restrict_models, prev->restrict_models,
                             NULL);
    ngx_conf_merge_ptr_value(conf->restrict_families,
                             prev->restrict_families, NULL);

    ngx_conf_merge_ptr_value(conf->fallback, prev->fallback, NULL);
    ngx_conf_merge_ptr_value(conf->queue, prev->queue, NULL);
    ngx_conf_merge_ptr_value(conf->tries, prev->tries, NULL);
    ngx_conf_merge_ptr_value(conf->team, prev->team, NULL);
    ngx_conf_merge_ptr_value(conf->base, prev->base, NULL);

    ngx_conf_merge_value(conf->store, prev->store, 1);
    ngx_conf_merge_value(conf->error, prev->error, 0);

    ngx_http_gemini_merge_block(cf, prev, conf);

    return NGX_CONF_OK;
}


/* if and limit_except go on with their location's pool, nested ones do not */

static void
ngx_http_gemini_merge_block(ngx_conf_t *cf, ngx_http_gemini_loc_conf_t *prev,
    ngx_http_gemini_loc_conf_t *conf)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (!clcf->noname) {
        conf->prefix = ngx_http_gemini_merge_prefix(clcf);
        return;
    }

    conf->prefix = prev->prefix;

    if (conf->pool == NULL) {
        conf->pool = prev->pool;
        conf->uri = prev->uri;
        conf->select = prev->select;
    }

    if (conf->status == NULL) {
        conf->status = prev->status;
        conf->control = prev->control;
    }

    if (conf->operate == NULL) {
        conf->operate = prev->operate;
    }

    if (!clcf->lmt_excpt || clcf->handler != NULL) {
        return;
    }

    if (conf->status != NULL) {
        clcf->handler = ngx_http_gemini_status_handler;

    } else if (conf->operate != NULL) {
        clcf->handler = ngx_http_gemini_control_handler;

    } else if (conf->pool != NULL && !conf->select) {
        clcf->handler = ngx_http_gemini_handler;
    }
}


static size_t
ngx_http_gemini_merge_prefix(ngx_http_core_loc_conf_t *clcf)
{
    ngx_str_t  *name;

#if (NGX_PCRE)
    if (clcf->regex) {
        return 0;
    }
#endif

    name = &clcf->name;

    if (clcf->exact_match || clcf->named || name->len == 0
        || name->data[0] != '/')
    {
        return 0;
    }

    return (name->data[name->len - 1] == '/') ? name->len - 1 : name->len;
}


/* a module that is loaded but not configured installs nothing */

static ngx_int_t
ngx_http_gemini_init(ngx_conf_t *cf)
{
    ngx_http_gemini_main_conf_t  *gmcf;

    gmcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_gemini_router_module);

    if (gmcf->pools.nelts == 0) {
        return NGX_OK;
    }

    if (ngx_http_gemini_conf_check(cf) != NGX_OK
        || ngx_http_gemini_init_phase(cf, NGX_HTTP_POST_READ_PHASE,
                                      ngx_http_gemini_redact_handler)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* no handler where it would only decline, twice a request */

    if (gmcf->select
        && ngx_http_gemini_init_phase(cf, NGX_HTTP_PRECONTENT_PHASE,
                                      ngx_http_gemini_select_handler)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_gemini_filter_init(cf);
}


static ngx_int_t
ngx_http_gemini_init_phase(ngx_conf_t *cf, ngx_uint_t phase,
    ngx_http_handler_pt handler)
{
    ngx_http_handler_pt        *h;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[phase].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = handler;

    return NGX_OK;
}


/* NULL: no http block, or no pool in it */

static ngx_http_gemini_main_conf_t *
ngx_http_gemini_configured(ngx_cycle_t *cycle)
{
    ngx_http_gemini_main_conf_t  *gmcf;

    gmcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_gemini_router_module);

    return (gmcf == NULL || gmcf->pools.nelts == 0) ? NULL : gmcf;
}


static ngx_int_t
ngx_http_gemini_init_module(ngx_cycle_t *cycle)
{
    ngx_uint_t                     i, fresh;
    ngx_http_gemini_main_conf_t   *gmcf;
    ngx_http_gemini_pool_conf_t  **pcfp;

    gmcf = ngx_http_gemini_configured(cycle);

    if (gmcf == NULL) {
        return NGX_OK;
    }

    pcfp = gmcf->pools.elts;

    for (i = 0; i < gmcf->pools.nelts; i++) {
        fresh = ngx_http_gemini_zone_claim(cycle, pcfp[i]);
        ngx_http_gemini_persist_load(cycle, pcfp[i], fresh);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_gemini_init_process(ngx_cycle_t *cycle)
{
    ngx_http_gemini_main_conf_t  *gmcf;

    gmcf = ngx_http_gemini_configured(cycle);

    if (gmcf == NULL
        || (ngx_process != NGX_PROCESS_WORKER
            && ngx_process != NGX_PROCESS_SINGLE))
    {
        return NGX_OK;
    }

    ngx_http_gemini_init_heap(gmcf);

    if (ngx_http_gemini_zone_join(cycle, gmcf) != NGX_OK
        || ngx_http_gemini_persist_start(cycle, gmcf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_gemini_probe_init(cycle, gmcf);
}


/*
 * Request pools come and go in pages: by default glibc would give the top of
 * the heap back to the system, and ask for it again, several times a request.
 */

static void
ngx_http_gemini_init_heap(ngx_http_gemini_main_conf_t *gmcf)
{
#if defined(__GLIBC__)

    if (!gmcf->malloc_trim) {
        (void) mallopt(M_TRIM_THRESHOLD, NGX_HTTP_GEMINI_TRIM_THRESHOLD);
        (void) mallopt(M_TOP_PAD, NGX_HTTP_GEMINI_TOP_PAD);
    }

#endif
}


static void
ngx_http_gemini_exit_process(ngx_cycle_t *cycle)
{
    ngx_http_gemini_main_conf_t  *gmcf;

    gmcf = ngx_http_gemini_configured(cycle);

    if (gmcf != NULL
        && (ngx_process == NGX_PROCESS_WORKER
            || ngx_process == NGX_PROCESS_SINGLE))
    {
        ngx_http_gemini_probe_exit(gmcf);
        ngx_http_gemini_zone_leave(cycle, gmcf);
        ngx_http_gemini_persist_stop(cycle, gmcf);
    }
}
