
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Writing; ngx_http_gemini_persist_load.c reads.
 */


#include "ngx_http_gemini_persist.h"
#include "ngx_http_gemini_persist_file.h"
#include "ngx_http_gemini_zone.h"


#define NGX_HTTP_GEMINI_PERSIST_INTERVAL  1000     /* ms */
#define NGX_HTTP_GEMINI_PERSIST_SYNC      60000    /* ms */
#define NGX_HTTP_GEMINI_PERSIST_LEASE     10000    /* ms */

/* batches before others have their turn */
#define NGX_HTTP_GEMINI_PERSIST_STEPS     4

/* a change that comes while the last write is made is written, too */
#define NGX_HTTP_GEMINI_PERSIST_LAST      3


static ngx_int_t ngx_http_gemini_persist_create(ngx_cycle_t *cycle,
    ngx_http_gemini_pool_conf_t *pcf);
static void ngx_http_gemini_persist_cleanup(void *data);
static void ngx_http_gemini_persist_last(ngx_http_gemini_persist_t *ps);
static void ngx_http_gemini_persist_handler(ngx_event_t *ev);
static ngx_int_t ngx_http_gemini_persist_begin(ngx_http_gemini_persist_t *ps);
static ngx_int_t ngx_http_gemini_persist_lease(ngx_http_gemini_persist_t *ps);
static ngx_int_t ngx_http_gemini_persist_step(ngx_http_gemini_persist_t *ps);
static void ngx_http_gemini_persist_end(ngx_http_gemini_persist_t *ps,
    ngx_int_t rc);
static void ngx_http_gemini_persist_release(ngx_http_gemini_persist_t *ps);
static void ngx_http_gemini_persist_success(ngx_http_gemini_persist_t *ps);
static void ngx_http_gemini_persist_failure(ngx_http_gemini_persist_t *ps);
static void ngx_http_gemini_persist_again(ngx_http_gemini_persist_t *ps);

#if (NGX_THREADS)
static void ngx_http_gemini_persist_synced(ngx_event_t *ev);
#endif


ngx_int_t
ngx_http_gemini_persist_start(ngx_cycle_t *cycle,
    ngx_http_gemini_main_conf_t *gmcf)
{
    ngx_uint_t                     i;
    ngx_http_gemini_pool_conf_t  **pools;

    pools = gmcf->pools.elts;

    for (i = 0; i < gmcf->pools.nelts; i++) {

        if (pools[i]->gc.state.len != 0
            && ngx_http_gemini_persist_create(cycle, pools[i]) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_gemini_persist_create(ngx_cycle_t *cycle,
    ngx_http_gemini_pool_conf_t *pcf)
{
    ngx_pool_cleanup_t         *cln;
    ngx_http_gemini_persist_t  *ps;

    cln = ngx_pool_cleanup_add(cycle->pool,
                               sizeof(ngx_http_gemini_persist_t));
    if (cln == NULL) {
        return NGX_ERROR;
    }

    ps = cln->data;

    ngx_memzero(ps, sizeof(ngx_http_gemini_persist_t));

    ps->pool = pcf;
    ps->log = cycle->log;
    ps->ident = -1;
    ps->fd = NGX_INVALID_FILE;
    ps->name = pcf->gc.state.data;
    ps->hash = ngx_crc32_long(pcf->gc.state.data, pcf->gc.state.len);

    ps->temp = ngx_pnalloc(cycle->pool, pcf->gc.state.len + sizeof(".tmp"));
    ps->buffer = ngx_palloc(cycle->pool, NGX_HTTP_GEMINI_PERSIST_BUFFER);
    ps->snapshot = ngx_palloc(cycle->pool, sizeof(ngx_gemini_snapshot_t));

    if (ps->temp == NULL || ps->buffer == NULL || ps->snapshot == NULL) {
        return NGX_ERROR;
    }

    ngx_sprintf(ps->temp, "%V.tmp%Z", &pcf->gc.state);

    ps->event.handler = ngx_http_gemini_persist_handler;
    ps->event.data = ps;
    ps->event.log = cycle->log;
    ps->event.cancelable = 1;

#if (NGX_THREADS)
    ps->threads = ngx_http_gemini_persist_threads(cycle);
    ps->task.ctx = ps;
    ps->task.handler = ngx_http_gemini_persist_thread;
    ps->task.event.handler = ngx_http_gemini_persist_synced;
    ps->task.event.data = ps;
    ps->task.event.log = cycle->log;
#endif

    cln->handler = ngx_http_gemini_persist_cleanup;
    pcf->persist = ps;

    if (ngx_process == NGX_PROCESS_SINGLE || ngx_worker == 0) {
        ngx_http_gemini_persist_again(ps);
    }

    return NGX_OK;
}


/* of a process that serves and reloads by itself */

static void
ngx_http_gemini_persist_cleanup(void *data)
{
    ngx_http_gemini_persist_t *ps = data;

    if (ps->event.posted) {
        ngx_delete_posted_event(&ps->event);
    }

    if (ps->event.timer_set) {
        ngx_del_timer(&ps->event);
    }

    if (ps->fd != NGX_INVALID_FILE) {
        ngx_http_gemini_persist_close(ps);
    }
}


void
ngx_http_gemini_persist_stop(ngx_cycle_t *cycle,
    ngx_http_gemini_main_conf_t *gmcf)
{
    ngx_uint_t                     i;
    ngx_http_gemini_pool_conf_t  **pools;

    pools = gmcf->pools.elts;

    for (i = 0; i < gmcf->pools.nelts; i++) {

        if (pools[i]->persist) {
            ngx_http_gemini_persist_last(pools[i]->persist);
        }
    }
}


/*
 * What was under way is begun anew, in one piece.  The file has its name
 * before it is synced: the master may kill a worker that exits for long.
 */

static void
ngx_http_gemini_persist_last(ngx_http_gemini_persist_t *ps)
{
    ngx_int_t   rc;
    ngx_uint_t  i;

    ngx_http_gemini_persist_cleanup(ps);

    ps->last = 1;

    for (i = 0; i < NGX_HTTP_GEMINI_PERSIST_LAST; i++) {

        if (ngx_http_gemini_persist_begin(ps) != NGX_OK) {
            break;
        }

        do {
            rc = ngx_http_gemini_persist_step(ps);
        } while (rc == NGX_AGAIN);

        ngx_http_gemini_persist_end(ps, rc);

        if (rc != NGX_OK) {
            break;
        }
    }
}


static void
ngx_http_gemini_persist_handler(ngx_event_t *ev)
{
    ngx_int_t                   rc;
    ngx_uint_t                  i;
    ngx_http_gemini_persist_t  *ps;

    ps = ev->data;

    if (ps->fd == NGX_INVALID_FILE
        && ngx_http_gemini_persist_begin(ps) != NGX_OK)
    {
        ngx_http_gemini_persist_again(ps);
        return;
    }

    rc = NGX_AGAIN;

    for (i = 0; i < NGX_HTTP_GEMINI_PERSIST_STEPS && rc == NGX_AGAIN; i++) {
        rc = ngx_http_gemini_persist_step(ps);
    }

    if (rc == NGX_AGAIN) {
        ngx_post_event(ev, &ngx_posted_next_events);
        return;
    }

    if (rc == NGX_OK && ps->sync) {
        rc = ngx_http_gemini_persist_sync(ps);

        if (rc == NGX_AGAIN) {
            return;
        }
    }

    ngx_http_gemini_persist_end(ps, rc);
    ngx_http_gemini_persist_again(ps);
}


/* NGX_DECLINED: there is nothing to write, or somebody else does */

static ngx_int_t
ngx_http_gemini_persist_begin(ngx_http_gemini_persist_t *ps)
{
    ngx_int_t  rc;
    ngx_pid_t  master;

    if (ngx_http_gemini_persist_lease(ps) != NGX_OK) {
        return NGX_DECLINED;
    }

    rc = ngx_http_gemini_persist_older(ps);

    if (rc == NGX_OK) {
        rc = ngx_http_gemini_persist_open(ps);
    }

    if (rc != NGX_OK) {
        ngx_http_gemini_persist_end(ps, rc);
        return rc;
    }

    master = (ngx_process == NGX_PROCESS_SINGLE) ? ngx_pid : ngx_parent;

    ngx_gemini_snapshot_init(ps->snapshot, &ps->pool->gc.name,
                             (uint32_t) master, ngx_http_gemini_now());

    ngx_gemini_out_init(&ps->out, ps->buffer, NGX_HTTP_GEMINI_PERSIST_BUFFER);

    ps->out.grow = ngx_http_gemini_persist_grow;
    ps->out.data = ps;
    ps->bytes = 0;
    ps->failed = NULL;

    return NGX_OK;
}


static ngx_int_t
ngx_http_gemini_persist_lease(ngx_http_gemini_persist_t *ps)
{
    uint64_t               now;
    ngx_int_t              rc;
    ngx_gemini_view_t     *gv;
    ngx_gemini_saving_t   *saving;

    now = ngx_http_gemini_now();
    rc = NGX_DECLINED;

    gv = ngx_http_gemini_zone_lock(ps->pool);
    saving = &gv->gp->saving;

    if ((saving->sign != ngx_gemini_snapshot_sign(gv->gp)
         || saving->file != ps->hash)
        && (ngx_gemini_pool_lease(saving->pid, saving->end, ngx_pid,
                                  NGX_HTTP_GEMINI_PERSIST_LEASE, now)
            || (kill(saving->pid, 0) == -1 && ngx_errno == NGX_ESRCH)))
    {
        saving->pid = ngx_pid;
        saving->end = now + NGX_HTTP_GEMINI_PERSIST_LEASE;

        /* a clock that was set back must not put it off */

        ps->sync = (now - saving->synced_at >= NGX_HTTP_GEMINI_PERSIST_SYNC);
        rc = NGX_OK;
    }

    ngx_http_gemini_zone_unlock(ps->pool);

    return rc;
}


/* NGX_OK: all is written; NGX_DECLINED: somebody else has the lease */

static ngx_int_t
ngx_http_gemini_persist_step(ngx_http_gemini_persist_t *ps)
{
    ngx_int_t           rc;
    ngx_gemini_view_t  *gv;

    rc = NGX_OK;

    gv = ngx_http_gemini_zone_lock(ps->pool);

    if (gv->gp->saving.pid == ngx_pid) {
        gv->gp->saving.end = ngx_http_gemini_now()
                             + NGX_HTTP_GEMINI_PERSIST_LEASE;
        ngx_gemini_snapshot_copy(ps->snapshot, gv);

    } else {
        rc = NGX_DECLINED;
    }

    ngx_http_gemini_zone_unlock(ps->pool);

    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_gemini_snapshot_render(ps->snapshot, &ps->out);

    if (rc == NGX_OK && !ps->out.failed) {
        (void) ngx_http_gemini_persist_grow(&ps->out);
    }

    return (ps->failed == NULL) ? rc : NGX_ERROR;
}


/* of a write that has begun: rc is how it went */

static void
ngx_http_gemini_persist_end(ngx_http_gemini_persist_t *ps, ngx_int_t rc)
{
    if (rc == NGX_OK) {
        rc = ngx_http_gemini_persist_rename(ps);
    }

    if (rc == NGX_OK && ps->last) {
        (void) fsync(ps->fd);
    }

    if (ps->fd != NGX_INVALID_FILE) {

        if (rc == NGX_ERROR) {
            (void) ngx_delete_file(ps->temp);
        }

        ngx_http_gemini_persist_close(ps);
    }

    switch (rc) {

    case NGX_OK:
        ngx_http_gemini_persist_success(ps);
        break;

    case NGX_ERROR:
        ngx_http_gemini_persist_failure(ps);
        break;

    default: /* NGX_DECLINED */
        ngx_http_gemini_persist_release(ps);
    }
}


static void
ngx_http_gemini_persist_release(ngx_http_gemini_persist_t *ps)
{
    ngx_gemini_view_t  *gv;

    gv = ngx_http_gemini_zone_lock(ps->pool);

    if (gv->gp->saving.pid == ngx_pid) {
        gv->gp->saving.pid = 0;
    }

    ngx_http_gemini_zone_unlock(ps->pool);
}


static void
ngx_http_gemini_persist_success(ngx_http_gemini_persist_t *ps)
{
    uint32_t              failing;
    uint64_t              now;
    ngx_gemini_view_t    *gv;
    ngx_gemini_saving_t  *saving;

    now = ngx_http_gemini_now();

    gv = ngx_http_gemini_zone_lock(ps->pool);
    saving = &gv->gp->saving;

    failing = saving->failing;

    saving->failing = 0;
    saving->sign = ps->snapshot->sign;
    saving->file = ps->hash;
    saving->saved_at = now;
    saving->bytes = ps->bytes;

    if (ps->sync || ps->last) {
        saving->synced_at = now;
    }

    if (saving->pid == ngx_pid) {
        saving->pid = 0;
    }

    ngx_http_gemini_zone_unlock(ps->pool);

    if (failing) {
        ngx_log_error(NGX_LOG_NOTICE, ps->log, 0,
                      "gemini pool \"%V\": its state is written to \"%s\" "
                      "again, after %uD failures",
                      &ps->pool->gc.name, ps->name, failing);
    }
}


/* one line until it works again; the status counts on */

static void
ngx_http_gemini_persist_failure(ngx_http_gemini_persist_t *ps)
{
    uint32_t              failing;
    ngx_gemini_view_t    *gv;
    ngx_gemini_saving_t  *saving;

    gv = ngx_http_gemini_zone_lock(ps->pool);
    saving = &gv->gp->saving;

    failing = saving->failing++;
    saving->failures++;

    if (saving->pid == ngx_pid) {
        saving->pid = 0;
    }

    ngx_http_gemini_zone_unlock(ps->pool);

    if (failing == 0) {
        ngx_log_error(NGX_LOG_ERR, ps->log, ps->err,
                      "gemini pool \"%V\": its state is not written to "
                      "\"%s\" for the time being, %s failed",
                      &ps->pool->gc.name, ps->name, ps->failed);
    }
}


static void
ngx_http_gemini_persist_again(ngx_http_gemini_persist_t *ps)
{
    ngx_add_timer(&ps->event, NGX_HTTP_GEMINI_PERSIST_INTERVAL);
}


#if (NGX_THREADS)

static void
ngx_http_gemini_persist_synced(ngx_event_t *ev)
{
    ngx_int_t                   rc;
    ngx_http_gemini_persist_t  *ps;

    ps = ev->data;

    rc = ps->err ? ngx_http_gemini_persist_fail(ps, "fsync()", ps->err)
                 : NGX_OK;

    ngx_http_gemini_persist_end(ps, rc);
    ngx_http_gemini_persist_again(ps);
}

#endif
