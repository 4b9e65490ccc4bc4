
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Workers in the zones: each has a slot, and what one that died has left
 * behind is settled as lost.
 */


#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_zone.h"


#define NGX_HTTP_GEMINI_WORKER_REAP  1000     /* ms */


/* worker 0's; begins as ngx_connection_t does, for the debug log */

typedef struct {
    ngx_http_gemini_main_conf_t   *gmcf;
    void                          *dummy;
    ngx_log_t                     *log;
    ngx_int_t                      ident;
    ngx_event_t                    event;
} ngx_http_gemini_reaper_t;


static void ngx_http_gemini_worker_enter(ngx_http_gemini_pool_conf_t *pcf,
    ngx_log_t *log);
static ngx_int_t ngx_http_gemini_worker_reaper(ngx_cycle_t *cycle,
    ngx_http_gemini_main_conf_t *gmcf);
static void ngx_http_gemini_worker_handler(ngx_event_t *ev);
static void ngx_http_gemini_worker_reap(ngx_http_gemini_pool_conf_t *pcf,
    ngx_log_t *log);
static void ngx_http_gemini_worker_bury(ngx_http_gemini_pool_conf_t *pcf,
    uint32_t worker, ngx_pid_t pid, ngx_uint_t level, ngx_log_t *log);


ngx_int_t
ngx_http_gemini_zone_join(ngx_cycle_t *cycle,
    ngx_http_gemini_main_conf_t *gmcf)
{
    ngx_uint_t                     i;
    ngx_http_gemini_pool_conf_t  **pools;

    if (ngx_process != NGX_PROCESS_WORKER
        && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    pools = gmcf->pools.elts;

    for (i = 0; i < gmcf->pools.nelts; i++) {
        ngx_http_gemini_worker_enter(pools[i], cycle->log);
    }

    if (ngx_process == NGX_PROCESS_WORKER
        && ngx_worker == 0
        && gmcf->pools.nelts != 0)
    {
        return ngx_http_gemini_worker_reaper(cycle, gmcf);
    }

    return NGX_OK;
}


/*
 * Whoever has this process's id, or its place among the master's children,
 * is dead, even if its id lives on in another process.
 */

static void
ngx_http_gemini_worker_enter(ngx_http_gemini_pool_conf_t *pcf, ngx_log_t *log)
{
    uint32_t              i;
    ngx_pid_t             pid;
    ngx_gemini_view_t    *gv;
    ngx_gemini_worker_t  *worker;

    worker = pcf->zone.view.gp->workers;

    for (i = 0; i < NGX_GEMINI_WORKERS; i++) {
        pid = worker[i].pid;

        if (pid != 0
            && ngx_process == NGX_PROCESS_WORKER
            && (pid == ngx_pid
                || worker[i].process == (uint32_t) ngx_process_slot))
        {
            ngx_http_gemini_worker_bury(pcf, i, pid, NGX_LOG_WARN, log);
        }
    }

    gv = ngx_http_gemini_zone_lock(pcf);

    i = ngx_gemini_pool_join(gv, ngx_pid, pcf->zone.cycle);

    if (i != NGX_GEMINI_NONE) {
        worker[i].process = ngx_process_slot;
    }

    ngx_http_gemini_zone_unlock(pcf);

    pcf->zone.worker = i;

    if (i == NGX_GEMINI_NONE) {
        ngx_log_error(NGX_LOG_ERR, log, 0,
                      "gemini pool \"%V\" has %d workers already, "
                      "what this one leaves behind will not be settled",
                      &pcf->gc.name, NGX_GEMINI_WORKERS);
    }
}


static ngx_int_t
ngx_http_gemini_worker_reaper(ngx_cycle_t *cycle,
    ngx_http_gemini_main_conf_t *gmcf)
{
    ngx_http_gemini_reaper_t  *reaper;

    reaper = ngx_pcalloc(cycle->pool, sizeof(ngx_http_gemini_reaper_t));
    if (reaper == NULL) {
        return NGX_ERROR;
    }

    reaper->gmcf = gmcf;
    reaper->log = cycle->log;
    reaper->ident = -1;

    reaper->event.handler = ngx_http_gemini_worker_handler;
    reaper->event.data = reaper;
    reaper->event.log = cycle->log;
    reaper->event.cancelable = 1;

    ngx_add_timer(&reaper->event, NGX_HTTP_GEMINI_WORKER_REAP);

    return NGX_OK;
}


static void
ngx_http_gemini_worker_handler(ngx_event_t *ev)
{
    ngx_uint_t                     i;
    ngx_http_gemini_reaper_t      *reaper;
    ngx_http_gemini_pool_conf_t  **pools;

    reaper = ev->data;
    pools = reaper->gmcf->pools.elts;

    for (i = 0; i < reaper->gmcf->pools.nelts; i++) {
        ngx_http_gemini_worker_reap(pools[i], reaper->log);
    }

    ngx_add_timer(ev, NGX_HTTP_GEMINI_WORKER_REAP);
}


static void
ngx_http_gemini_worker_reap(ngx_http_gemini_pool_conf_t *pcf, ngx_log_t *log)
{
    uint32_t              i;
    ngx_pid_t             pid;
    ngx_gemini_worker_t  *worker;

    worker = pcf->zone.view.gp->workers;

    for (i = 0; i < NGX_GEMINI_WORKERS; i++) {
        pid = worker[i].pid;

        if (pid != 0 && kill(pid, 0) == -1 && ngx_errno == NGX_ESRCH) {
            ngx_http_gemini_worker_bury(pcf, i, pid, NGX_LOG_WARN, log);
        }
    }
}


static void
ngx_http_gemini_worker_bury(ngx_http_gemini_pool_conf_t *pcf, uint32_t worker,
    ngx_pid_t pid, ngx_uint_t level, ngx_log_t *log)
{
    uint32_t            lost;
    ngx_gemini_view_t  *gv;

    lost = 0;

    gv = ngx_http_gemini_zone_lock(pcf);

    /* an old and a new worker 0 may both have seen it */

    if (gv->gp->workers[worker].pid == pid) {
        lost = ngx_gemini_sched_reap(gv, worker, ngx_http_gemini_now());
        ngx_gemini_pool_leave(gv, worker);
    }

    ngx_http_gemini_zone_unlock(pcf);

    if (lost) {
        ngx_log_error(level, log, 0,
                      "gemini pool \"%V\": worker %P is gone, "
                      "%uD reservations settled as lost",
                      &pcf->gc.name, pid, lost);
    }
}


void
ngx_http_gemini_zone_leave(ngx_cycle_t *cycle,
    ngx_http_gemini_main_conf_t *gmcf)
{
    ngx_uint_t                     i, level;
    ngx_http_gemini_pool_conf_t  **pools;

    /* a fast shutdown leaves requests where they are */

    level = ngx_terminate ? NGX_LOG_INFO : NGX_LOG_WARN;

    pools = gmcf->pools.elts;

    for (i = 0; i < gmcf->pools.nelts; i++) {

        if (pools[i]->zone.worker != NGX_GEMINI_NONE) {
            ngx_http_gemini_worker_bury(pools[i], pools[i]->zone.worker,
                                      ngx_pid, level, cycle->log);
            pools[i]->zone.worker = NGX_GEMINI_NONE;
        }
    }
}
