
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_http_gemini_probe_job.h"
#include "ngx_http_gemini_log.h"
#include "ngx_http_gemini_zone.h"


#define NGX_HTTP_GEMINI_PROBE_LIST_TIME      30000     /* ms */
#define NGX_HTTP_GEMINI_PROBE_GENERATE_TIME  60000
#define NGX_HTTP_GEMINI_PROBE_PAGE           50        /* models */


static ngx_int_t ngx_http_gemini_probe_url(ngx_http_gemini_probe_job_t *job);
static ngx_int_t ngx_http_gemini_probe_credential(
    ngx_http_gemini_probe_job_t *job);
static void ngx_http_gemini_probe_judge(ngx_http_gemini_probe_job_t *job);
static void ngx_http_gemini_probe_tokens(ngx_http_gemini_probe_job_t *job);
static void ngx_http_gemini_probe_page(ngx_http_gemini_probe_job_t *job);
static void ngx_http_gemini_probe_listed(void *data,
    const ngx_gemini_listed_t *listed);
static void ngx_http_gemini_probe_learn(ngx_http_gemini_probe_job_t *job,
    ngx_gemini_view_t *gv);
static void ngx_http_gemini_probe_log(ngx_http_gemini_probe_job_t *job);


ngx_int_t
ngx_http_gemini_probe_send(ngx_http_gemini_probe_job_t *job,
    ngx_http_gemini_transfer_pt handler)
{
    ngx_http_gemini_prober_t    *prober;
    ngx_http_gemini_transfer_t  *t;

    t = &job->transfer;
    prober = job->prober;

    t->pool = ngx_create_pool(4096, prober->log);
    if (t->pool == NULL) {
        return NGX_ERROR;
    }

    t->trusted = prober->pcf->probe.trusted;
    t->timeout = NGX_HTTP_GEMINI_PROBE_LIST_TIME;
    t->limit = NGX_GEMINI_LISTING_BYTES;
    t->handler = handler;
    t->data = job;

    ngx_str_null(&t->body);

    if (job->type == NGX_HTTP_GEMINI_PROBE_GENERATE) {
        t->body = prober->body;
        t->timeout = NGX_HTTP_GEMINI_PROBE_GENERATE_TIME;
        t->limit = NGX_GEMINI_BODY_MAX;
    }

    job->began = ngx_http_gemini_now();

    if (ngx_http_gemini_probe_url(job) == NGX_OK
        && ngx_http_gemini_probe_credential(job) == NGX_OK
        && ngx_http_gemini_curl_start(prober->curl, t) == NGX_OK)
    {
        return NGX_OK;
    }

    ngx_destroy_pool(t->pool);
    t->pool = NULL;

    return NGX_ERROR;
}


static ngx_int_t
ngx_http_gemini_probe_url(ngx_http_gemini_probe_job_t *job)
{
    size_t                          len;
    u_char                         *p;
    uintptr_t                       escape;
    ngx_str_t                      *base, *name;
    ngx_http_gemini_transfer_t     *t;
    const ngx_gemini_model_conf_t  *model;

    t = &job->transfer;
    base = &job->prober->pcf->probe.url;
    model = &job->prober->pcf->gc.models[job->pick.model];
    name = (ngx_str_t *) &model->name;

    len = base->len + sizeof("/v1beta/models/:generateContent?pageToken=")
          + sizeof("pageSize=") + NGX_INT_T_LEN
          + 3 * ngx_max(job->token_len, NGX_GEMINI_MODEL_MAX);

    p = ngx_pnalloc(t->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    t->url.data = p;
    p = ngx_sprintf(p, "%V/v1beta/models", base);

    if (job->type == NGX_HTTP_GEMINI_PROBE_GENERATE) {
        *p++ = '/';
        p = (u_char *) ngx_escape_uri(p, name->data, name->len,
                                      NGX_ESCAPE_URI_COMPONENT);
        p = ngx_sprintf(p, ":generateContent");

    } else {
        p = ngx_sprintf(p, "?pageSize=%d",
                        job->type == NGX_HTTP_GEMINI_PROBE_CHECK
                        ? 1 : NGX_HTTP_GEMINI_PROBE_PAGE);
    }

    if (job->token_len) {
        p = ngx_sprintf(p, "&pageToken=");
        escape = ngx_escape_uri(p, job->token, job->token_len,
                                NGX_ESCAPE_URI_COMPONENT);
        p = (u_char *) escape;
    }

    *p = '\0';
    t->url.len = p - t->url.data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_gemini_probe_credential(ngx_http_gemini_probe_job_t *job)
{
    ngx_str_t                   *secret;
    ngx_http_gemini_transfer_t  *t;

    t = &job->transfer;
    secret = &job->prober->pcf->secrets[job->pick.key];

    t->credential.len = sizeof("x-goog-api-key: ") - 1 + secret->len;
    t->credential.data = ngx_pnalloc(t->pool, t->credential.len + 1);

    if (t->credential.data == NULL) {
        return NGX_ERROR;
    }

    ngx_sprintf(t->credential.data, "x-goog-api-key: %V%Z", secret);

    return NGX_OK;
}


void
ngx_http_gemini_probe_settle(ngx_http_gemini_probe_job_t *job)
{
    uint64_t                      now;
    ngx_gemini_view_t            *gv;
    ngx_gemini_settle_t           settle;
    ngx_http_gemini_pool_conf_t  *pcf;

    pcf = job->prober->pcf;

    ngx_http_gemini_probe_judge(job);

    ngx_memzero(&settle, sizeof(ngx_gemini_settle_t));

    settle.resv = job->pick.resv;
    settle.key = job->pick.key;
    settle.choice_conf = job->pick.model;
    settle.verdict = &job->verdict;
    settle.began = job->began;
    settle.google = job->transfer.google;
    settle.latency = (uint32_t) job->transfer.latency;
    settle.ttft = (uint32_t) job->transfer.ttft;
    settle.tokens = job->tokens;
    settle.surface = NGX_GEMINI_SURFACE_NATIVE;
    settle.random = (uint32_t) ngx_random();
    settle.probe = 1;

    now = ngx_http_gemini_now();
    gv = ngx_http_gemini_zone_lock(pcf);

    if (job->type == NGX_HTTP_GEMINI_PROBE_GENERATE) {
        settle.verb = NGX_GEMINI_VERB_GENERATE;
        ngx_gemini_sched_settle(gv, &pcf->gc, &settle, now);

    } else {
        settle.verb = NGX_GEMINI_VERB_MODELS_LIST;
        ngx_gemini_probe_check(gv, &pcf->gc, &settle, now);
        ngx_http_gemini_probe_learn(job, gv);
    }

    ngx_http_gemini_zone_unlock(pcf);

    ngx_http_gemini_probe_log(job);
    ngx_http_gemini_log_settle(pcf, job->prober->log, &settle);

    ngx_destroy_pool(job->transfer.pool);
    job->transfer.pool = NULL;
}


static void
ngx_http_gemini_probe_judge(ngx_http_gemini_probe_job_t *job)
{
    ngx_gemini_conf_t           *gc;
    ngx_gemini_reply_t           reply;
    ngx_http_gemini_transfer_t  *t;

    t = &job->transfer;
    gc = &job->prober->pcf->gc;

    ngx_memzero(&reply, sizeof(ngx_gemini_reply_t));

    reply.status = t->status;
    reply.surface = NGX_GEMINI_SURFACE_NATIVE;
    reply.verb = NGX_GEMINI_VERB_MODELS_LIST;
    reply.body.data = t->answer;
    reply.body.len = ngx_min(t->len, NGX_GEMINI_BODY_MAX);
    reply.retry_after = t->retry_after;
    reply.truncated = t->truncated || t->len > NGX_GEMINI_BODY_MAX;
    reply.timeout = t->timed_out;

    if (job->type == NGX_HTTP_GEMINI_PROBE_GENERATE) {
        reply.verb = NGX_GEMINI_VERB_GENERATE;
        reply.model = gc->models[job->pick.model].name;
    }

    ngx_gemini_classify(&reply, &job->verdict);

    ngx_http_gemini_probe_tokens(job);

    job->token_len = 0;

    if (job->type == NGX_HTTP_GEMINI_PROBE_LIST
        && job->verdict.class == NGX_GEMINI_OK)
    {
        ngx_http_gemini_probe_page(job);
    }
}


static void
ngx_http_gemini_probe_tokens(ngx_http_gemini_probe_job_t *job)
{
    ngx_gemini_usage_t          *usage;
    ngx_http_gemini_transfer_t  *t;

    job->tokens.prompt = -1;
    job->tokens.output = -1;
    job->tokens.thought = -1;
    job->tokens.cached = -1;
    job->tokens.total = -1;

    t = &job->transfer;

    if (job->type != NGX_HTTP_GEMINI_PROBE_GENERATE || t->status != 200) {
        return;
    }

    usage = ngx_palloc(t->pool, sizeof(ngx_gemini_usage_t));
    if (usage == NULL) {
        return;
    }

    ngx_gemini_usage_init(usage, 0, NGX_GEMINI_SURFACE_NATIVE);
    ngx_gemini_usage_feed(usage, t->answer, t->len);

    job->tokens = usage->tokens;
}


static void
ngx_http_gemini_probe_page(ngx_http_gemini_probe_job_t *job)
{
    ngx_gemini_listing_t  listing;

    listing.handler = ngx_http_gemini_probe_listed;
    listing.data = job;

    if (job->transfer.truncated
        || ngx_gemini_listing_read(&listing, job->transfer.answer,
                                   job->transfer.len)
           != NGX_OK)
    {
        ngx_log_error(NGX_LOG_WARN, job->prober->log, 0,
                      "gemini pool \"%V\": the list of models cannot be "
                      "read, page %ui of %uz bytes",
                      &job->prober->pcf->gc.name, job->n + 1,
                      job->transfer.len);
        return;
    }

    ngx_memcpy(job->token, listing.token, listing.token_len);
    job->token_len = listing.token_len;
}


static void
ngx_http_gemini_probe_listed(void *data, const ngx_gemini_listed_t *listed)
{
    ngx_http_gemini_probe_job_t *job = data;

    uint32_t                  i;
    uint64_t                  bit;
    const ngx_str_t          *name;
    const ngx_gemini_conf_t  *gc;

    gc = &job->prober->pcf->gc;

    for (i = 0; i < gc->nmodels; i++) {
        name = &gc->models[i].name;

        if (name->len != listed->name.len
            || ngx_memcmp(name->data, listed->name.data, name->len) != 0)
        {
            continue;
        }

        bit = (uint64_t) 1 << i;

        job->seen |= bit;
        job->output[i] = listed->output;

        if (listed->methods && !listed->generates) {
            job->mute |= bit;
        }

        return;
    }
}


static void
ngx_http_gemini_probe_learn(ngx_http_gemini_probe_job_t *job,
    ngx_gemini_view_t *gv)
{
    uint32_t                  i;
    const ngx_gemini_conf_t  *gc;

    if (job->type != NGX_HTTP_GEMINI_PROBE_LIST) {
        return;
    }

    gc = &job->prober->pcf->gc;

    for (i = 0; i < gc->nmodels; i++) {

        if (((job->seen >> i) & 1) && job->output[i]) {
            gv->models[gc->models[i].slot].output_limit = job->output[i];
        }
    }
}


/* the reason of curl holds neither key nor prompt */

static void
ngx_http_gemini_probe_log(ngx_http_gemini_probe_job_t *job)
{
    ngx_str_t                     model;
    ngx_uint_t                    level;
    const char                   *what;
    ngx_http_gemini_transfer_t   *t;
    ngx_http_gemini_pool_conf_t  *pcf;

    t = &job->transfer;
    pcf = job->prober->pcf;

    what = (job->type == NGX_HTTP_GEMINI_PROBE_LIST) ? "list"
           : (job->type == NGX_HTTP_GEMINI_PROBE_CHECK) ? "check" : "prompt";

    ngx_str_null(&model);

    if (job->type == NGX_HTTP_GEMINI_PROBE_GENERATE) {
        model = pcf->gc.models[job->pick.model].name;
    }

    level = t->status ? NGX_LOG_INFO : NGX_LOG_WARN;

    ngx_log_error(level, job->prober->log, 0,
                  "gemini pool \"%V\": probe (%s) by key \"%V\"%s%V%s "
                  "status %ui %s after %uLms%s%s",
                  &pcf->gc.name, what, &pcf->gc.keys[job->pick.key].label,
                  model.len ? " model \"" : "", &model, model.len ? "\"" : "",
                  t->status, ngx_gemini_class_name(job->verdict.class),
                  t->latency, t->error[0] ? ", " : "", t->error);
}


void
ngx_http_gemini_probe_drop(ngx_http_gemini_probe_job_t *job)
{
    ngx_gemini_view_t            *gv;
    ngx_gemini_settle_t           settle;
    ngx_http_gemini_pool_conf_t  *pcf;

    if (job->transfer.pool != NULL) {
        ngx_destroy_pool(job->transfer.pool);
        job->transfer.pool = NULL;
    }

    if (job->type != NGX_HTTP_GEMINI_PROBE_GENERATE) {
        return;
    }

    pcf = job->prober->pcf;

    ngx_memzero(&job->verdict, sizeof(ngx_gemini_verdict_t));
    ngx_memzero(&settle, sizeof(ngx_gemini_settle_t));

    job->verdict.class = NGX_GEMINI_CLIENT_GONE;

    settle.resv = job->pick.resv;
    settle.key = job->pick.key;
    settle.choice_conf = job->pick.model;
    settle.verdict = &job->verdict;
    settle.began = job->began;
    settle.tokens.prompt = -1;
    settle.verb = NGX_GEMINI_VERB_GENERATE;
    settle.probe = 1;

    gv = ngx_http_gemini_zone_lock(pcf);

    ngx_gemini_sched_settle(gv, &pcf->gc, &settle, ngx_http_gemini_now());

    ngx_http_gemini_zone_unlock(pcf);
}
