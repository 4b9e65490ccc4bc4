
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_http_gemini_probe_job.h"
#include "ngx_http_gemini_zone.h"


static void ngx_http_gemini_probe_round(ngx_http_gemini_prober_t *prober,
    ngx_gemini_view_t *gv, ngx_uint_t all, uint64_t now);
static ngx_http_gemini_probe_job_t *ngx_http_gemini_probe_job(
    ngx_http_gemini_prober_t *prober);
static ngx_int_t ngx_http_gemini_probe_list(ngx_http_gemini_probe_job_t *job);
static ngx_int_t ngx_http_gemini_probe_check(
    ngx_http_gemini_probe_job_t *job);
static ngx_int_t ngx_http_gemini_probe_model(
    ngx_http_gemini_probe_job_t *job);
static ngx_int_t ngx_http_gemini_probe_generate(
    ngx_http_gemini_probe_job_t *job);
static ngx_int_t ngx_http_gemini_probe_begin(ngx_http_gemini_probe_job_t *job);
static void ngx_http_gemini_probe_done(ngx_http_gemini_transfer_t *t);
static ngx_int_t ngx_http_gemini_probe_again(
    ngx_http_gemini_probe_job_t *job);
static void ngx_http_gemini_probe_end(ngx_http_gemini_probe_job_t *job);
static void ngx_http_gemini_probe_show(ngx_http_gemini_prober_t *prober);


ngx_uint_t
ngx_http_gemini_probe_plan(ngx_http_gemini_prober_t *prober,
    ngx_gemini_view_t *gv, uint32_t wish, uint64_t now)
{
    uint64_t                      models, interval;
    ngx_uint_t                    idle, due;
    ngx_gemini_probing_t         *pb;
    ngx_http_gemini_pool_conf_t  *pcf;

    pcf = prober->pcf;
    pb = &gv->gp->probing;
    interval = pcf->probe.interval;
    idle = ngx_http_gemini_probe_idle(prober);

    if (!idle && wish == 0) {
        return 0;
    }

    due = pb->cycle != pcf->gc.cycle
          || now >= pb->listed_at + interval
          || now + interval < pb->listed_at;

    models = 0;

    if (pcf->probe.prompt.len) {

        if (wish & NGX_GEMINI_PROBE_RANK) {
            models = ngx_gemini_probe_models(gv, &pcf->gc, 0, 0, now);
            prober->force |= models;

        } else if (idle) {
            models = ngx_gemini_probe_models(gv, &pcf->gc, interval,
                                             prober->since, now);
        }
    }

    models &= ~prober->mute;

    if (wish == 0 && !due && models == 0) {
        return 0;
    }

    if (idle) {
        prober->done = 0;
        prober->failed = 0;
    }

    prober->models |= models;

    if (wish || due) {
        ngx_http_gemini_probe_round(prober, gv,
                                    wish & NGX_GEMINI_PROBE_LIST, now);
    }

    return 1;
}


static void
ngx_http_gemini_probe_round(ngx_http_gemini_prober_t *prober,
    ngx_gemini_view_t *gv, ngx_uint_t all, uint64_t now)
{
    ngx_gemini_conf_t     *gc;
    ngx_gemini_probing_t  *pb;

    gc = &prober->pcf->gc;
    pb = &gv->gp->probing;

    prober->ntodo = ngx_gemini_probe_keys(gv, gc, all, now, prober->todo);
    prober->next = 0;
    prober->lister = 0;
    prober->tries = 0;
    prober->list = 1;

    pb->cycle = gc->cycle;
    pb->listed_at = now;
}


ngx_uint_t
ngx_http_gemini_probe_idle(ngx_http_gemini_prober_t *prober)
{
    return prober->running == 0
           && !prober->list
           && prober->next == prober->ntodo
           && prober->models == 0;
}


/* free calls first: what they show of keys is for those that cost */

void
ngx_http_gemini_probe_run(ngx_http_gemini_prober_t *prober)
{
    ngx_int_t                     rc;
    ngx_http_gemini_probe_job_t  *job;

    while (prober->running < prober->pcf->probe.max) {

        /* traffic needs connections more than probes do */

        if (ngx_exiting || ngx_terminate || ngx_quit
            || ngx_cycle->free_connection_n < ngx_cycle->connection_n / 8)
        {
            break;
        }

        job = ngx_http_gemini_probe_job(prober);

        if (prober->list && !prober->listing) {
            rc = ngx_http_gemini_probe_list(job);

        } else if (prober->next < prober->ntodo) {
            rc = ngx_http_gemini_probe_check(job);

        } else if (prober->models && prober->lists == 0) {
            rc = ngx_http_gemini_probe_model(job);

        } else {
            break;
        }

        if (rc != NGX_OK) {
            prober->done++;
            prober->failed++;
        }
    }

    ngx_http_gemini_probe_show(prober);
}


/* one is idle: fewer run than there are */

static ngx_http_gemini_probe_job_t *
ngx_http_gemini_probe_job(ngx_http_gemini_prober_t *prober)
{
    ngx_http_gemini_probe_job_t  *job;

    for (job = prober->jobs; /* void */ ; job++) {
        if (job->type == NGX_HTTP_GEMINI_PROBE_IDLE) {
            break;
        }
    }

    ngx_memzero(job, sizeof(ngx_http_gemini_probe_job_t));

    job->prober = prober;

    return job;
}


/* by the next key that may; the list is given up when none is left */

static ngx_int_t
ngx_http_gemini_probe_list(ngx_http_gemini_probe_job_t *job)
{
    uint32_t                   key;
    ngx_gemini_view_t         *gv;
    ngx_http_gemini_prober_t  *prober;

    prober = job->prober;

    key = NGX_GEMINI_NONE;

    if (prober->tries++ < NGX_HTTP_GEMINI_PROBE_TRIES) {
        gv = ngx_http_gemini_zone_lock(prober->pcf);
        key = ngx_gemini_probe_lister(gv, &prober->pcf->gc, prober->lister,
                                      ngx_http_gemini_now());
        ngx_http_gemini_zone_unlock(prober->pcf);
    }

    if (key == NGX_GEMINI_NONE) {
        prober->list = 0;
        return NGX_OK;
    }

    prober->lister = key + 1;
    job->pick.key = key;
    job->type = NGX_HTTP_GEMINI_PROBE_LIST;

    return ngx_http_gemini_probe_begin(job);
}


static ngx_int_t
ngx_http_gemini_probe_check(ngx_http_gemini_probe_job_t *job)
{
    job->pick.key = job->prober->todo[job->prober->next++];
    job->type = NGX_HTTP_GEMINI_PROBE_CHECK;

    return ngx_http_gemini_probe_begin(job);
}


static ngx_int_t
ngx_http_gemini_probe_model(ngx_http_gemini_probe_job_t *job)
{
    uint64_t                   bit;
    ngx_http_gemini_prober_t  *prober;

    prober = job->prober;

    while (((prober->models >> job->pick.model) & 1) == 0) {
        job->pick.model++;
    }

    bit = (uint64_t) 1 << job->pick.model;

    job->pick.force = (prober->force & bit) ? 1 : 0;
    job->pick.worker = prober->pcf->zone.worker;

    prober->models &= ~bit;
    prober->force &= ~bit;

    return ngx_http_gemini_probe_generate(job);
}


/* by the next key whose day has room for it */

static ngx_int_t
ngx_http_gemini_probe_generate(ngx_http_gemini_probe_job_t *job)
{
    ngx_int_t                     rc;
    ngx_gemini_view_t            *gv;
    ngx_http_gemini_pool_conf_t  *pcf;

    pcf = job->prober->pcf;

    gv = ngx_http_gemini_zone_lock(pcf);

    rc = ngx_gemini_probe_pick(gv, &pcf->gc, &job->pick,
                               ngx_http_gemini_now());

    ngx_http_gemini_zone_unlock(pcf);

    if (rc != NGX_OK) {
        return NGX_DECLINED;
    }

    job->type = NGX_HTTP_GEMINI_PROBE_GENERATE;

    return ngx_http_gemini_probe_begin(job);
}


static ngx_int_t
ngx_http_gemini_probe_begin(ngx_http_gemini_probe_job_t *job)
{
    ngx_http_gemini_prober_t  *prober;

    if (ngx_http_gemini_probe_send(job, ngx_http_gemini_probe_done)
        != NGX_OK)
    {
        ngx_http_gemini_probe_drop(job);
        job->type = NGX_HTTP_GEMINI_PROBE_IDLE;

        return NGX_ERROR;
    }

    prober = job->prober;
    prober->running++;

    if (job->type != NGX_HTTP_GEMINI_PROBE_GENERATE) {
        prober->lists++;
    }

    if (job->type == NGX_HTTP_GEMINI_PROBE_LIST) {
        prober->listing = 1;
    }

    return NGX_OK;
}


static void
ngx_http_gemini_probe_done(ngx_http_gemini_transfer_t *t)
{
    ngx_http_gemini_prober_t     *prober;
    ngx_http_gemini_probe_job_t  *job;

    job = t->data;
    prober = job->prober;

    ngx_http_gemini_probe_settle(job);

    prober->running--;

    if (job->type != NGX_HTTP_GEMINI_PROBE_GENERATE) {
        prober->lists--;
    }

    if (job->type == NGX_HTTP_GEMINI_PROBE_LIST) {
        prober->listing = 0;
    }

    job->n++;

    if (ngx_exiting || ngx_terminate || ngx_quit
        || ngx_http_gemini_probe_again(job) != NGX_OK)
    {
        ngx_http_gemini_probe_end(job);
    }

    ngx_http_gemini_probe_run(prober);
}


/* the next page of the list, or the next key for the same model */

static ngx_int_t
ngx_http_gemini_probe_again(ngx_http_gemini_probe_job_t *job)
{
    if (job->verdict.class == NGX_GEMINI_OK) {

        if (job->type == NGX_HTTP_GEMINI_PROBE_LIST
            && job->token_len
            && job->n < NGX_GEMINI_LISTING_PAGES)
        {
            return ngx_http_gemini_probe_begin(job);
        }

        return NGX_DECLINED;
    }

    if (job->type == NGX_HTTP_GEMINI_PROBE_GENERATE
        && job->verdict.other_key
        && job->n < NGX_HTTP_GEMINI_PROBE_TRIES)
    {
        return ngx_http_gemini_probe_generate(job);
    }

    return NGX_DECLINED;
}


/* a list that failed stays wanted: another key is next */

static void
ngx_http_gemini_probe_end(ngx_http_gemini_probe_job_t *job)
{
    ngx_http_gemini_prober_t  *prober;

    prober = job->prober;

    prober->done++;

    if (job->verdict.class != NGX_GEMINI_OK) {
        prober->failed++;

        /* without an answer another key would have none either */

        if (job->transfer.status == 0) {
            prober->list = 0;
        }

    } else if (job->type == NGX_HTTP_GEMINI_PROBE_LIST) {
        prober->list = 0;
        prober->mute = job->mute;
        prober->models &= ~job->mute;
    }

    job->type = NGX_HTTP_GEMINI_PROBE_IDLE;
}


static void
ngx_http_gemini_probe_show(ngx_http_gemini_prober_t *prober)
{
    uint32_t               pending;
    uint64_t               models;
    ngx_gemini_view_t     *gv;
    ngx_gemini_probing_t  *pb;

    pending = prober->ntodo - prober->next + prober->running;
    pending += (prober->list && !prober->listing);

    for (models = prober->models; models != 0; models &= models - 1) {
        pending++;
    }

    gv = ngx_http_gemini_zone_lock(prober->pcf);
    pb = &gv->gp->probing;

    if (pb->pid == ngx_pid) {
        pb->pending = pending;
        pb->done = prober->done;
        pb->failed = prober->failed;
    }

    ngx_http_gemini_zone_unlock(prober->pcf);
}
