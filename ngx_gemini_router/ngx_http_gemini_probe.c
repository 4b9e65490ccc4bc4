
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_http_gemini_probe.h"
#include "ngx_http_gemini_probe_job.h"
#include "ngx_http_gemini_zone.h"


#define NGX_HTTP_GEMINI_PROBE_TICK   1000     /* ms */

/* bytes around a prompt, and of one of its bytes, in JSON */
#define NGX_HTTP_GEMINI_PROBE_FRAME  256
#define NGX_HTTP_GEMINI_PROBE_BYTE   6


/* worker 0's; begins as ngx_connection_t does, for the debug log */

typedef struct {
    ngx_http_gemini_prober_t      *probers;
    void                          *dummy;
    ngx_log_t                     *log;
    ngx_int_t                      ident;
    ngx_uint_t                     n;
    ngx_http_gemini_curl_t        *curl;
    ngx_event_t                    event;
} ngx_http_gemini_probing_t;


static ngx_uint_t ngx_http_gemini_probe_wanted(
    ngx_http_gemini_main_conf_t *gmcf);
static ngx_int_t ngx_http_gemini_probe_create(ngx_cycle_t *cycle,
    ngx_http_gemini_probing_t *probing, ngx_http_gemini_pool_conf_t *pcf);
static void ngx_http_gemini_probe_tick(ngx_event_t *ev);
static void ngx_http_gemini_probe_turn(ngx_http_gemini_prober_t *prober);
static void ngx_http_gemini_probe_release(ngx_http_gemini_prober_t *prober);


ngx_int_t
ngx_http_gemini_probe_init(ngx_cycle_t *cycle,
    ngx_http_gemini_main_conf_t *gmcf)
{
    ngx_uint_t                     i, n;
    ngx_http_gemini_probing_t     *probing;
    ngx_http_gemini_pool_conf_t  **pools;

    n = ngx_http_gemini_probe_wanted(gmcf);

    if (n == 0
        || (ngx_process == NGX_PROCESS_WORKER && ngx_worker != 0))
    {
        return NGX_OK;
    }

    probing = ngx_pcalloc(cycle->pool, sizeof(ngx_http_gemini_probing_t));
    if (probing == NULL) {
        return NGX_ERROR;
    }

    probing->probers = ngx_pcalloc(cycle->pool,
                                   n * sizeof(ngx_http_gemini_prober_t));
    if (probing->probers == NULL) {
        return NGX_ERROR;
    }

    probing->curl = ngx_http_gemini_curl_create(cycle);
    if (probing->curl == NULL) {
        ngx_log_error(NGX_LOG_ERR, cycle->log, 0,
                      "gemini: libcurl does not start, nothing is probed");
        return NGX_OK;
    }

    gmcf->probing = probing;

    pools = gmcf->pools.elts;

    for (i = 0; i < gmcf->pools.nelts; i++) {

        if (pools[i]->probe.on
            && ngx_http_gemini_probe_create(cycle, probing, pools[i])
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    probing->log = cycle->log;
    probing->ident = -1;

    probing->event.handler = ngx_http_gemini_probe_tick;
    probing->event.data = probing;
    probing->event.log = cycle->log;
    probing->event.cancelable = 1;

    ngx_add_timer(&probing->event, NGX_HTTP_GEMINI_PROBE_TICK);

    return NGX_OK;
}


static ngx_uint_t
ngx_http_gemini_probe_wanted(ngx_http_gemini_main_conf_t *gmcf)
{
    ngx_uint_t                     i, n;
    ngx_http_gemini_pool_conf_t  **pools;

    n = 0;
    pools = gmcf->pools.elts;

    for (i = 0; i < gmcf->pools.nelts; i++) {
        n += pools[i]->probe.on;
    }

    return n;
}


static ngx_int_t
ngx_http_gemini_probe_create(ngx_cycle_t *cycle,
    ngx_http_gemini_probing_t *probing, ngx_http_gemini_pool_conf_t *pcf)
{
    size_t                     size;
    u_char                    *p;
    ngx_gemini_out_t           out;
    ngx_http_gemini_prober_t  *prober;

    prober = &probing->probers[probing->n];

    prober->pcf = pcf;
    prober->curl = probing->curl;
    prober->log = cycle->log;
    prober->since = ngx_http_gemini_now();

    prober->jobs = ngx_pcalloc(cycle->pool, pcf->probe.max
                                     * sizeof(ngx_http_gemini_probe_job_t));
    if (prober->jobs == NULL) {
        return NGX_ERROR;
    }

    prober->todo = ngx_palloc(cycle->pool,
                              pcf->gc.nkeys * sizeof(uint32_t));
    if (prober->todo == NULL) {
        return NGX_ERROR;
    }

    size = NGX_HTTP_GEMINI_PROBE_FRAME
           + pcf->probe.prompt.len * NGX_HTTP_GEMINI_PROBE_BYTE;

    p = ngx_pnalloc(cycle->pool, size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_gemini_out_init(&out, p, size);
    ngx_gemini_probe_body(&out, &pcf->probe.prompt);

    if (out.failed) {
        return NGX_ERROR;
    }

    prober->body.data = p;
    prober->body.len = out.pos - p;

    probing->n++;

    return NGX_OK;
}


/* an old worker starts nothing; what it has under way it brings to its end */

static void
ngx_http_gemini_probe_tick(ngx_event_t *ev)
{
    ngx_uint_t                  i;
    ngx_http_gemini_probing_t  *probing;

    probing = ev->data;

    if (ngx_exiting || ngx_terminate || ngx_quit) {

        for (i = 0; i < probing->n; i++) {
            ngx_http_gemini_probe_release(&probing->probers[i]);
        }

        return;
    }

    for (i = 0; i < probing->n; i++) {
        ngx_http_gemini_probe_turn(&probing->probers[i]);
    }

    ngx_add_timer(ev, NGX_HTTP_GEMINI_PROBE_TICK);
}


static void
ngx_http_gemini_probe_turn(ngx_http_gemini_prober_t *prober)
{
    uint32_t                wish;
    uint64_t                now;
    ngx_uint_t              work;
    ngx_gemini_view_t      *gv;
    ngx_gemini_probing_t   *pb;

    work = 0;
    now = ngx_http_gemini_now();

    gv = ngx_http_gemini_zone_lock(prober->pcf);
    pb = &gv->gp->probing;

    if (ngx_gemini_probe_lease(pb, ngx_pid, now)) {
        wish = pb->wish;
        pb->wish = 0;

        work = ngx_http_gemini_probe_plan(prober, gv, wish, now);
    }

    ngx_http_gemini_zone_unlock(prober->pcf);

    if (work || !ngx_http_gemini_probe_idle(prober)) {
        ngx_http_gemini_probe_run(prober);
    }
}


static void
ngx_http_gemini_probe_release(ngx_http_gemini_prober_t *prober)
{
    ngx_gemini_view_t     *gv;
    ngx_gemini_probing_t  *pb;

    gv = ngx_http_gemini_zone_lock(prober->pcf);
    pb = &gv->gp->probing;

    if (pb->pid == ngx_pid) {
        pb->pid = 0;
        pb->end = 0;
        pb->pending = 0;
    }

    ngx_http_gemini_zone_unlock(prober->pcf);
}


void
ngx_http_gemini_probe_exit(ngx_http_gemini_main_conf_t *gmcf)
{
    ngx_uint_t                    i, k;
    ngx_http_gemini_prober_t     *prober;
    ngx_http_gemini_probing_t    *probing;
    ngx_http_gemini_probe_job_t  *job;

    probing = gmcf->probing;

    if (probing == NULL) {
        return;
    }

    gmcf->probing = NULL;

    for (i = 0; i < probing->n; i++) {
        prober = &probing->probers[i];

        for (k = 0; k < prober->pcf->probe.max; k++) {
            job = &prober->jobs[k];

            if (job->type != NGX_HTTP_GEMINI_PROBE_IDLE) {
                ngx_http_gemini_curl_cancel(&job->transfer);
                ngx_http_gemini_probe_drop(job);
            }
        }

        ngx_http_gemini_probe_release(prober);
    }

    ngx_http_gemini_curl_destroy(probing->curl);

    if (probing->event.timer_set) {
        ngx_del_timer(&probing->event);
    }
}


ngx_int_t
ngx_http_gemini_probe_now(ngx_http_gemini_pool_conf_t *pcf, ngx_uint_t list)
{
    ngx_gemini_view_t  *gv;

    if (!pcf->probe.on) {
        return NGX_DECLINED;
    }

    gv = ngx_http_gemini_zone_lock(pcf);

    gv->gp->probing.wish |= list ? NGX_GEMINI_PROBE_LIST
                                 : NGX_GEMINI_PROBE_RANK;

    /* a reader sees at once that there is something to wait for */

    if (gv->gp->probing.pending == 0) {
        gv->gp->probing.pending = 1;
        gv->gp->probing.done = 0;
        gv->gp->probing.failed = 0;
    }

    ngx_http_gemini_zone_unlock(pcf);

    return NGX_OK;
}
