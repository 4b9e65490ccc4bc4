
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * State files: read by the master into a new zone, written by the workers.
 * The only door to files beside the configuration.
 *
 * Who writes: worker 0 looks each second whether something changed, any
 * worker at its exit; who has the lease in the zone, of which there are
 * several during a reload.  Of two zones (another binary's, one of another
 * size) the younger one writes, as long as its master lives.
 */


#ifndef _NGX_HTTP_GEMINI_PERSIST_H_INCLUDED_
#define _NGX_HTTP_GEMINI_PERSIST_H_INCLUDED_


#include "ngx_http_gemini_module.h"


/* in the master; slots are claimed; fresh: the pool knows nothing yet */
void ngx_http_gemini_persist_load(ngx_cycle_t *cycle,
    ngx_http_gemini_pool_conf_t *pcf, ngx_uint_t fresh);

/* in a worker; stop writes what is not written yet */
ngx_int_t ngx_http_gemini_persist_start(ngx_cycle_t *cycle,
    ngx_http_gemini_main_conf_t *gmcf);
void ngx_http_gemini_persist_stop(ngx_cycle_t *cycle,
    ngx_http_gemini_main_conf_t *gmcf);


#endif /* _NGX_HTTP_GEMINI_PERSIST_H_INCLUDED_ */
