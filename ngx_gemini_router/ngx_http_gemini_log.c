
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_log.h"
#include "ngx_gemini_classify.h"
#include "ngx_gemini_explain.h"
#include "ngx_gemini_time.h"


/* what lacks, in words */
#define NGX_HTTP_GEMINI_LOG_LACK    128

/* one change, without who caused it */
#define NGX_HTTP_GEMINI_LOG_CHANGE                                            \
    (NGX_GEMINI_LABEL_MAX + NGX_GEMINI_MODEL_MAX + NGX_GEMINI_RFC3339_LEN + 160)


/* the end of a line: by whose answer, and in which request */

typedef struct {
    ngx_str_t                     *key;
    ngx_str_t                      model;
    ngx_str_t                      request;
} ngx_http_gemini_log_cause_t;


typedef struct {
    ngx_uint_t                     level;
    const char                    *text;
    const char                    *why;        /* before the reason; NULL */
    ngx_uint_t                     until;      /* unsigned  until:1; */
} ngx_http_gemini_log_event_t;


static void ngx_http_gemini_log_attempt(ngx_http_gemini_attempt_t *at,
    const char *decision);
static void ngx_http_gemini_log_lack(uint32_t lack, u_char *text,
    ngx_str_t *lacks);
static void ngx_http_gemini_log_change(ngx_http_gemini_pool_conf_t *pcf,
    ngx_log_t *log, ngx_http_gemini_log_cause_t *cause,
    ngx_gemini_change_t *change);
static u_char *ngx_http_gemini_log_said(ngx_gemini_change_t *change,
    ngx_http_gemini_log_event_t *event, u_char *p);


/* by type; until: is said, and how it is known */

static ngx_http_gemini_log_event_t  ngx_http_gemini_log_events[] = {
    { NGX_LOG_WARN, "rests until", ", ", 1 },
    { NGX_LOG_NOTICE, "works again", " after ", 0 },
    { NGX_LOG_WARN, "is disabled", ", ", 0 },
    { NGX_LOG_NOTICE, "is enabled again", " after ", 0 },
    { NGX_LOG_WARN, "has by its answer a limit", ", ", 0 },
    { NGX_LOG_WARN, "is down, next trial at", ", ", 1 },
    { NGX_LOG_NOTICE, "is up again", NULL, 0 }
};


void
ngx_http_gemini_log_next(ngx_http_gemini_attempt_t *at,
    ngx_gemini_step_e step)
{
    const char  *decision;

    switch (step) {

    case NGX_GEMINI_STEP_ATTEMPT:
        decision = "next attempt";
        break;

    case NGX_GEMINI_STEP_BACKOFF:
        decision = "next attempt after a pause";
        break;

    case NGX_GEMINI_STEP_RELAY:
        decision = "given back";
        break;

    default:
        decision = "given up";
    }

    ngx_http_gemini_log_attempt(at, decision);
}


void
ngx_http_gemini_log_end(ngx_http_gemini_attempt_t *at)
{
    const char  *decision;

    switch (at->verdict.class) {

    case NGX_GEMINI_OK:
        decision = "served";
        break;

    case NGX_GEMINI_CLIENT_GONE:
        decision = "client gone";
        break;

    default:
        decision = at->ctx->committed ? "cut off" : "given back";
    }

    ngx_http_gemini_log_attempt(at, decision);
}


static void
ngx_http_gemini_log_attempt(ngx_http_gemini_attempt_t *at,
    const char *decision)
{
    ngx_log_t              *log;
    ngx_str_t               id;
    ngx_gemini_conf_t      *gc;
    ngx_http_gemini_ctx_t  *ctx;

    ctx = at->ctx;
    log = ctx->request->connection->log;

    /* the id of a request is not made for a line that nobody reads */

    if (log->log_level < NGX_LOG_INFO) {
        return;
    }

    gc = &ctx->pool->gc;
    ngx_http_gemini_log_request(ctx->request, &id);

    ngx_log_error(NGX_LOG_INFO, log, 0,
                  "gemini pool \"%V\": attempt %uD by key \"%V\" of "
                  "project \"%V\" model \"%V\" status %ui %s blames %s "
                  "after %uLms, %s, request %V",
                  &gc->name, ctx->course->attempts,
                  &gc->keys[at->key].label,
                  &gc->projects[gc->keys[at->key].project].label,
                  &ctx->model_name, at->status,
                  ngx_gemini_class_name(at->verdict.class),
                  ngx_gemini_scope_name(at->verdict.scope),
                  (uint64_t) (at->end - at->start), decision, &id);
}


void
ngx_http_gemini_log_wait(ngx_http_gemini_ctx_t *ctx)
{
    u_char      text[NGX_HTTP_GEMINI_LOG_LACK], time[NGX_GEMINI_RFC3339_LEN];
    ngx_log_t  *log;
    ngx_str_t   id, lacks, until;

    log = ctx->request->connection->log;

    if (log->log_level < NGX_LOG_INFO) {
        return;
    }

    ngx_http_gemini_log_request(ctx->request, &id);
    ngx_http_gemini_log_lack(ctx->pick.lack, text, &lacks);

    if (lacks.len == 0) {
        ngx_str_set(&lacks, ", behind others");
    }

    until.data = time;
    until.len = NGX_GEMINI_RFC3339_LEN;
    (void) ngx_gemini_time_rfc3339(time, ctx->queue_end);

    ngx_log_error(NGX_LOG_INFO, log, 0,
                  "gemini pool \"%V\": model \"%V\" waits, at most until "
                  "%V%V, request %V",
                  &ctx->pool->gc.name, &ctx->order->model, &until, &lacks,
                  &id);
}


void
ngx_http_gemini_log_answer(ngx_http_gemini_ctx_t *ctx,
    ngx_gemini_error_t *error)
{
    u_char       text[NGX_HTTP_GEMINI_LOG_LACK];
    ngx_log_t   *log;
    ngx_str_t    id, lacks, model, message;
    ngx_uint_t   level, attempts;

    /* with a reason it is the pool that failed, else the request */

    level = error->reason ? NGX_LOG_ERR : NGX_LOG_INFO;
    log = ctx->request->connection->log;

    if (log->log_level < level) {
        return;
    }

    ngx_http_gemini_log_request(ctx->request, &id);
    ngx_http_gemini_log_lack(ctx->pick.lack, text, &lacks);

    ngx_str_null(&model);

    if (ctx->order) {
        model = ctx->order->model;
    }

    attempts = ctx->course ? ctx->course->attempts : 0;
    message = error->message;

    if (error->names) {
        ngx_str_set(&message, "resources that it names are not to be had");
    }

    ngx_log_error(level, log, 0,
                  "gemini pool \"%V\": model \"%V\" is answered %ui%s%s, "
                  "%V, after %ui attempts and %uLms of waiting%V, request %V",
                  &ctx->pool->gc.name, &model, error->status,
                  error->reason ? " " : "",
                  error->reason ? error->reason : "", &message,
                  attempts, ctx->queued, &lacks, &id);
}


static void
ngx_http_gemini_log_lack(uint32_t lack, u_char *text, ngx_str_t *lacks)
{
    u_char      *p, *last;
    ngx_uint_t   i;

    p = text;
    last = text + NGX_HTTP_GEMINI_LOG_LACK;

    for (i = 0; i < NGX_GEMINI_LACKS; i++) {

        if ((lack >> i) & 1) {
            p = ngx_slprintf(p, last, "%s%s", p == text ? ", lacks " : " ",
                             ngx_gemini_lack_name(i));
        }
    }

    lacks->data = text;
    lacks->len = p - text;
}


void
ngx_http_gemini_log_changes(ngx_http_gemini_ctx_t *ctx,
    ngx_gemini_settle_t *settle)
{
    ngx_uint_t                    i;
    ngx_http_gemini_log_cause_t   cause;

    if (settle->nchanges == 0) {
        return;
    }

    cause.key = &ctx->pool->gc.keys[settle->key].label;
    cause.model = ctx->model_name;
    ngx_http_gemini_log_request(ctx->request, &cause.request);

    for (i = 0; i < settle->nchanges; i++) {
        ngx_http_gemini_log_change(ctx->pool, ctx->request->connection->log,
                                   &cause, &settle->changes[i]);
    }
}


void
ngx_http_gemini_log_settle(ngx_http_gemini_pool_conf_t *pcf, ngx_log_t *log,
    ngx_gemini_settle_t *settle)
{
    ngx_uint_t                    i;
    ngx_http_gemini_log_cause_t   cause;

    cause.key = &pcf->gc.keys[settle->key].label;

    ngx_str_null(&cause.model);

    if (settle->choice_conf != NGX_GEMINI_NONE) {
        cause.model = pcf->gc.models[settle->choice_conf].name;
    }

    ngx_str_set(&cause.request, "none, a probe");

    for (i = 0; i < settle->nchanges; i++) {
        ngx_http_gemini_log_change(pcf, log, &cause, &settle->changes[i]);
    }
}


static void
ngx_http_gemini_log_change(ngx_http_gemini_pool_conf_t *pcf, ngx_log_t *log,
    ngx_http_gemini_log_cause_t *cause, ngx_gemini_change_t *change)
{
    u_char                        text[NGX_HTTP_GEMINI_LOG_CHANGE];
    ngx_str_t                     said;
    ngx_http_gemini_log_event_t  *event;

    if (change->type > NGX_GEMINI_EVENT_UPSTREAM_UP) {
        return;
    }

    event = &ngx_http_gemini_log_events[change->type];

    said.data = text;
    said.len = ngx_http_gemini_log_said(change, event, text) - text;

    ngx_log_error(event->level, log, 0,
                  "gemini pool \"%V\": %V, by key \"%V\" model "
                  "\"%V\", request %V",
                  &pcf->gc.name, &said, cause->key, &cause->model,
                  &cause->request);
}


/* who, what became of it, and why */

static u_char *
ngx_http_gemini_log_said(ngx_gemini_change_t *change,
    ngx_http_gemini_log_event_t *event, u_char *p)
{
    p = ngx_sprintf(p, "%s", (change->scope == NGX_GEMINI_SCOPE_SERVICE)
                             ? "upstream"
                             : ngx_gemini_scope_name(change->scope));

    if (change->label.len) {
        p = ngx_sprintf(p, " \"%V\"", &change->label);
    }

    if (change->model.len) {
        p = ngx_sprintf(p, " model \"%V\"", &change->model);
    }

    p = ngx_sprintf(p, " %s", event->text);

    if (event->until) {
        *p++ = ' ';
        p = ngx_gemini_time_rfc3339(p, change->until);
    }

    if (change->type == NGX_GEMINI_EVENT_LEARNED) {
        p = ngx_sprintf(p, " of %uL", change->number);
    }

    if (event->why) {
        p = ngx_sprintf(p, "%s%s", event->why,
                        ngx_gemini_class_name(change->reason));
    }

    if (event->until) {
        p = ngx_sprintf(p, " (%s)",
                        ngx_gemini_provenance_name(change->provenance));
    }

    return p;
}


void
ngx_http_gemini_log_request(ngx_http_request_t *r, ngx_str_t *id)
{
    ngx_http_variable_value_t    *vv;
    ngx_http_gemini_main_conf_t  *gmcf;

    gmcf = ngx_http_get_module_main_conf(r, ngx_http_gemini_router_module);

    vv = ngx_http_get_indexed_variable(r, gmcf->request_id);

    if (vv == NULL || vv->not_found) {
        ngx_str_set(id, "-");
        return;
    }

    id->data = vv->data;
    id->len = vv->len;
}


u_char *
ngx_http_gemini_log_id(ngx_http_gemini_ctx_t *ctx)
{
    ngx_str_t  id;

    if (ctx->request_id[0]) {
        return ctx->request_id;
    }

    ngx_http_gemini_log_request(ctx->request, &id);

    if (id.len != NGX_GEMINI_REQUEST_ID) {
        return NULL;
    }

    ngx_memcpy(ctx->request_id, id.data, NGX_GEMINI_REQUEST_ID);

    return ctx->request_id;
}
