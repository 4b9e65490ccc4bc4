
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_zone.h"


#define NGX_HTTP_GEMINI_ZONE_UNIT  (1024 * 1024)


static size_t ngx_http_gemini_zone_auto(ngx_http_gemini_pool_conf_t *pcf,
    ngx_str_t *name);
static ngx_slab_pool_t *ngx_http_gemini_zone_old(ngx_str_t *name,
    size_t *size);
static ngx_uint_t ngx_http_gemini_zone_fits(ngx_slab_pool_t *shpool,
    ngx_gemini_view_t *gv, ngx_gemini_conf_t *gc, ngx_gemini_caps_t *need);
static size_t ngx_http_gemini_zone_bytes(const ngx_gemini_caps_t *caps);

static ngx_int_t ngx_http_gemini_zone_init(ngx_shm_zone_t *shm_zone,
    void *data);
static ngx_int_t ngx_http_gemini_zone_adopt(
    ngx_http_gemini_pool_conf_t *pcf);
static ngx_int_t ngx_http_gemini_zone_create(
    ngx_http_gemini_pool_conf_t *pcf);
static ngx_uint_t ngx_http_gemini_zone_copy(
    ngx_http_gemini_pool_conf_t *pcf);


char *
ngx_http_gemini_zone_add(ngx_conf_t *cf, ngx_http_gemini_pool_conf_t *pcf)
{
    size_t                        size;
    ngx_str_t                     name;
    ngx_shm_zone_t               *shm_zone;
    ngx_gemini_caps_t             need;
    ngx_http_gemini_pool_conf_t  *other;

    name = pcf->zone_name;

    if (name.len == 0) {
        name.len = sizeof("gemini:") - 1 + pcf->gc.name.len;
        name.data = ngx_pnalloc(cf->pool, name.len);
        if (name.data == NULL) {
            return NGX_CONF_ERROR;
        }

        ngx_sprintf(name.data, "gemini:%V", &pcf->gc.name);
    }

    ngx_gemini_caps_need(&pcf->gc, &need);
    need.reservations = NGX_GEMINI_RESERVATIONS_MIN;
    need.owners = NGX_GEMINI_OWNERS_MIN;

    size = ngx_http_gemini_zone_bytes(&need);

    if (pcf->zone_size != 0 && pcf->zone_size < size) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "zone \"%V\" is too small for pool \"%V\", "
                           "at least %uzk expected",
                           &name, &pcf->gc.name, (size + 1023) / 1024);
        return NGX_CONF_ERROR;
    }

    size = pcf->zone_size ? pcf->zone_size
                          : ngx_http_gemini_zone_auto(pcf, &name);

    shm_zone = ngx_shared_memory_add(cf, &name, size,
                                     &ngx_http_gemini_router_module);
    if (shm_zone == NULL) {
        return NGX_CONF_ERROR;
    }

    if (shm_zone->data != NULL) {
        other = shm_zone->data;

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "zone \"%V\" is the one of pool \"%V\", "
                           "another name expected",
                           &name, &other->gc.name);
        return NGX_CONF_ERROR;
    }

    shm_zone->init = ngx_http_gemini_zone_init;
    shm_zone->data = pcf;

    pcf->zone.shm_zone = shm_zone;
    pcf->zone.worker = NGX_GEMINI_NONE;

    return NGX_CONF_OK;
}


/* twice the need, save of what does not grow with keys and models; on a
   reload the old size as long as the need fits in it */

static size_t
ngx_http_gemini_zone_auto(ngx_http_gemini_pool_conf_t *pcf, ngx_str_t *name)
{
    size_t              size, old;
    ngx_slab_pool_t    *shpool;
    ngx_gemini_caps_t   need;
    ngx_gemini_view_t   gv;

    ngx_gemini_caps_need(&pcf->gc, &need);

    need.owners = 0;

    size = 2 * ngx_http_gemini_zone_bytes(&need)
           + NGX_GEMINI_OWNERS * sizeof(ngx_gemini_owner_t);
    size = ngx_align(size, NGX_HTTP_GEMINI_ZONE_UNIT);

    shpool = ngx_http_gemini_zone_old(name, &old);

    if (shpool == NULL
        || ngx_gemini_pool_attach(&gv, shpool->data) != NGX_OK)
    {
        return size;
    }

    if (ngx_http_gemini_zone_fits(shpool, &gv, &pcf->gc, &need)) {
        return old;
    }

    /* a zone of the same size would be the same zone */

    return (size == old) ? size + NGX_HTTP_GEMINI_ZONE_UNIT : size;
}


/* the zone that the running configuration has under this name */

static ngx_slab_pool_t *
ngx_http_gemini_zone_old(ngx_str_t *name, size_t *size)
{
    ngx_uint_t        i;
    ngx_shm_zone_t   *shm_zone;
    ngx_list_part_t  *part;

    for (part = (ngx_list_part_t *) &ngx_cycle->shared_memory.part;
         part != NULL;
         part = part->next)
    {
        shm_zone = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (shm_zone[i].tag == &ngx_http_gemini_router_module
                && shm_zone[i].shm.addr != NULL
                && shm_zone[i].shm.name.len == name->len
                && ngx_memcmp(shm_zone[i].shm.name.data, name->data,
                              name->len)
                   == 0)
            {
                *size = shm_zone[i].shm.size;
                return (ngx_slab_pool_t *) shm_zone[i].shm.addr;
            }
        }
    }

    return NULL;
}


static ngx_uint_t
ngx_http_gemini_zone_fits(ngx_slab_pool_t *shpool, ngx_gemini_view_t *gv,
    ngx_gemini_conf_t *gc, ngx_gemini_caps_t *need)
{
    ngx_uint_t  fits;

    ngx_shmtx_lock(&shpool->mutex);

    fits = ngx_gemini_pool_fits(gv, gc);

    if (!fits) {
        ngx_gemini_pool_need(gv, gc, need);
    }

    ngx_shmtx_unlock(&shpool->mutex);

    return fits;
}


/* a zone of this size holds what slab needs for itself, and the records */

static size_t
ngx_http_gemini_zone_bytes(const ngx_gemini_caps_t *caps)
{
    size_t  pages;

    /* a page for the context of log lines, two lost to alignment */

    pages = ngx_gemini_pool_size(caps) / ngx_pagesize + 4;

    return pages * (ngx_pagesize + sizeof(ngx_slab_page_t))
           + sizeof(ngx_slab_pool_t)
           + ngx_pagesize_shift * (sizeof(ngx_slab_page_t)
                                   + sizeof(ngx_slab_stat_t));
}


/* writes nothing into a zone that others use: the reload may fail yet */

static ngx_int_t
ngx_http_gemini_zone_init(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_http_gemini_pool_conf_t  *pcf;

    pcf = shm_zone->data;

    pcf->zone.shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    if (data != NULL || shm_zone->shm.exists) {
        return ngx_http_gemini_zone_adopt(pcf);
    }

    return ngx_http_gemini_zone_create(pcf);
}


static ngx_int_t
ngx_http_gemini_zone_adopt(ngx_http_gemini_pool_conf_t *pcf)
{
    ngx_shm_t               *shm;
    ngx_gemini_caps_t       *caps, need;
    ngx_http_gemini_zone_t  *gz;

    gz = &pcf->zone;
    shm = &gz->shm_zone->shm;

    if (ngx_gemini_pool_attach(&gz->view, gz->shpool->data) != NGX_OK) {
        ngx_log_error(NGX_LOG_EMERG, shm->log, 0,
                      "gemini zone \"%V\" has a foreign layout", &shm->name);
        return NGX_ERROR;
    }

    if (ngx_http_gemini_zone_fits(gz->shpool, &gz->view, &pcf->gc, &need)) {
        return NGX_OK;
    }

    caps = &gz->view.gp->caps;

    need.keys = ngx_max(need.keys, caps->keys);
    need.projects = ngx_max(need.projects, caps->projects);
    need.accounts = ngx_max(need.accounts, caps->accounts);
    need.models = ngx_max(need.models, caps->models);

    ngx_log_error(NGX_LOG_EMERG, shm->log, 0,
                  "gemini zone \"%V\" is too small for the old and the new "
                  "keys and models of pool \"%V\", at least %uzk expected",
                  &shm->name, &pcf->gc.name,
                  (ngx_http_gemini_zone_bytes(&need) + 1023) / 1024);

    return NGX_ERROR;
}


static ngx_int_t
ngx_http_gemini_zone_create(ngx_http_gemini_pool_conf_t *pcf)
{
    size_t                   size;
    ngx_shm_t               *shm;
    ngx_slab_pool_t         *shpool;
    ngx_gemini_caps_t        caps;
    ngx_http_gemini_zone_t  *gz;

    gz = &pcf->zone;
    shm = &gz->shm_zone->shm;
    shpool = gz->shpool;

    size = sizeof(" in gemini zone \"\"") + shm->name.len;

    shpool->log_ctx = ngx_slab_alloc(shpool, size);
    if (shpool->log_ctx == NULL) {
        return NGX_ERROR;
    }

    ngx_sprintf(shpool->log_ctx, " in gemini zone \"%V\"%Z", &shm->name);

    shpool->log_nomem = 0;

    ngx_gemini_caps_fill(&pcf->gc, shpool->pfree * ngx_pagesize, &caps);

    shpool->data = ngx_slab_alloc(shpool, ngx_gemini_pool_size(&caps));

    if (shpool->data == NULL) {
        ngx_log_error(NGX_LOG_EMERG, shm->log, 0,
                      "gemini zone \"%V\" is too small", &shm->name);
        return NGX_ERROR;
    }

#if (NGX_DEBUG_MALLOC || NGX_HAVE_DEBUG_MALLOC)
    ngx_gemini_pool_init(shpool->data, &caps, ngx_http_gemini_now());
#else
    ngx_gemini_pool_format(shpool->data, &caps, ngx_http_gemini_now());
#endif

    return ngx_gemini_pool_attach(&gz->view, shpool->data);
}


ngx_uint_t
ngx_http_gemini_zone_claim(ngx_cycle_t *cycle,
    ngx_http_gemini_pool_conf_t *pcf)
{
    ngx_uint_t          fresh;
    ngx_gemini_view_t  *gv;

    gv = ngx_http_gemini_zone_lock(pcf);

    fresh = (gv->gp->cycle == 0);

    ngx_gemini_pool_claim(gv, &pcf->gc, ngx_http_gemini_now());

    pcf->zone.cycle = gv->gp->cycle;

    ngx_http_gemini_zone_unlock(pcf);

    return fresh && !ngx_http_gemini_zone_copy(pcf);
}


/* from the zone of another size that the running configuration has, if any */

static ngx_uint_t
ngx_http_gemini_zone_copy(ngx_http_gemini_pool_conf_t *pcf)
{
    size_t              size;
    ngx_slab_pool_t    *shpool;
    ngx_gemini_view_t  *gv, old;

    shpool = ngx_http_gemini_zone_old(&pcf->zone.shm_zone->shm.name, &size);

    if (shpool == NULL
        || shpool == pcf->zone.shpool
        || ngx_gemini_pool_attach(&old, shpool->data) != NGX_OK)
    {
        return 0;
    }

    gv = ngx_http_gemini_zone_lock(pcf);
    ngx_shmtx_lock(&shpool->mutex);

    ngx_gemini_pool_copy(gv, &old);

    ngx_shmtx_unlock(&shpool->mutex);
    ngx_http_gemini_zone_unlock(pcf);

    return 1;
}


ngx_gemini_view_t *
ngx_http_gemini_zone_lock(ngx_http_gemini_pool_conf_t *pcf)
{
    ngx_gemini_view_t  *gv;

    gv = &pcf->zone.view;

    ngx_shmtx_lock(&pcf->zone.shpool->mutex);

    if (gv->gp->busy) {
        ngx_gemini_pool_rebuild(gv, ngx_http_gemini_now());
    }

    gv->gp->busy = 1;

    ngx_memory_barrier();

    return gv;
}


void
ngx_http_gemini_zone_unlock(ngx_http_gemini_pool_conf_t *pcf)
{
    ngx_memory_barrier();

    pcf->zone.view.gp->busy = 0;

    ngx_shmtx_unlock(&pcf->zone.shpool->mutex);
}


uint64_t
ngx_http_gemini_zone_epoch(ngx_http_gemini_pool_conf_t *pcf)
{
    return *(volatile uint64_t *) &pcf->zone.view.gp->epoch;
}
