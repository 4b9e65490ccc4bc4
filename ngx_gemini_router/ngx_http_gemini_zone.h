
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Shared memory of the pools: made, carried over a reload, locked.  No other
 * file touches a lock.
 */


#ifndef _NGX_HTTP_GEMINI_ZONE_H_INCLUDED_
#define _NGX_HTTP_GEMINI_ZONE_H_INCLUDED_


#include "ngx_http_gemini_module.h"


/* adds the pool's zone, sized by need when pcf->zone_size is 0; gc is whole */
char *ngx_http_gemini_zone_add(ngx_conf_t *cf,
    ngx_http_gemini_pool_conf_t *pcf);

/*
 * Claims slots; called in init_module, in the master; cannot fail.  1: the
 * zone is new, and empty.
 */
ngx_uint_t ngx_http_gemini_zone_claim(ngx_cycle_t *cycle,
    ngx_http_gemini_pool_conf_t *pcf);

/* a worker's slot; worker 0 also starts the timer that reaps the dead; these
   two are in ngx_http_gemini_worker.c */
ngx_int_t ngx_http_gemini_zone_join(ngx_cycle_t *cycle,
    ngx_http_gemini_main_conf_t *gmcf);
void ngx_http_gemini_zone_leave(ngx_cycle_t *cycle,
    ngx_http_gemini_main_conf_t *gmcf);

/*
 * The lock.  No log, allocation, I/O or callback while it is held.  A holder
 * that finds the mark of one that died rebuilds the sums first.
 */
ngx_gemini_view_t *ngx_http_gemini_zone_lock(
    ngx_http_gemini_pool_conf_t *pcf);
void ngx_http_gemini_zone_unlock(ngx_http_gemini_pool_conf_t *pcf);

/* raised when a place, a rest or a key became free; read without the lock */
uint64_t ngx_http_gemini_zone_epoch(ngx_http_gemini_pool_conf_t *pcf);


#endif /* _NGX_HTTP_GEMINI_ZONE_H_INCLUDED_ */
