
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Probing (design.md 6): one worker asks Google for the list of models, which
 * is free, and looks what became of keys that failed; where the configuration
 * has a prompt it also generates for models that nobody uses.  Never on the
 * path of a request.
 */


#ifndef _NGX_HTTP_GEMINI_PROBE_H_INCLUDED_
#define _NGX_HTTP_GEMINI_PROBE_H_INCLUDED_


#include "ngx_http_gemini_module.h"


/* starts in worker 0, if a pool probes */
ngx_int_t ngx_http_gemini_probe_init(ngx_cycle_t *cycle,
    ngx_http_gemini_main_conf_t *gmcf);

/* before the worker leaves the zones */
void ngx_http_gemini_probe_exit(ngx_http_gemini_main_conf_t *gmcf);

/*
 * Asks the probing worker for a round within a second: of every key by the
 * free call (list), or also of every model, where there is a prompt.
 * NGX_DECLINED: the pool does not probe.
 */
ngx_int_t ngx_http_gemini_probe_now(ngx_http_gemini_pool_conf_t *pcf,
    ngx_uint_t list);


#endif /* _NGX_HTTP_GEMINI_PROBE_H_INCLUDED_ */
