
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_log.h"
#include "ngx_gemini_classify.h"
#include "ngx_gemini_time.h"


static void ngx_http_gemini_log_change(ngx_http_gemini_pool_conf_t *pcf,
    ngx_log_t *log, ngx_str_t *id, ngx_gemini_change_t *change);


void
ngx_http_gemini_log_attempt(ngx_http_gemini_attempt_t *at)
{
    ngx_str_t              *label;
    ngx_http_gemini_ctx_t  *ctx;

    ctx = at->ctx;
    label = &ctx->pool->gc.keys[at->key].label;

    ngx_log_error(NGX_LOG_INFO, ctx->request->connection->log, 0,
                  "gemini attempt %uD: key \"%V\" model \"%V\" status %ui "
                  "%s blames %s after %uLms",
                  ctx->course->attempts, label, &ctx->model_name,
                  at->status, ngx_gemini_class_name(at->verdict.class),
                  ngx_gemini_scope_name(at->verdict.scope),
                  (uint64_t) (at->end - at->start));
}


void
ngx_http_gemini_log_changes(ngx_http_gemini_ctx_t *ctx,
    ngx_gemini_settle_t *settle)
{
    ngx_str_t   id;
    ngx_uint_t  i;

    if (settle->nchanges == 0) {
        return;
    }

    id.data = ngx_http_gemini_log_id(ctx);
    id.len = id.data ? NGX_GEMINI_REQUEST_ID : 0;

    for (i = 0; i < settle->nchanges; i++) {
        ngx_http_gemini_log_change(ctx->pool, ctx->request->connection->log,
                                   &id, &settle->changes[i]);
    }
}


void
ngx_http_gemini_log_settle(ngx_http_gemini_pool_conf_t *pcf, ngx_log_t *log,
    ngx_gemini_settle_t *settle)
{
    ngx_str_t   id;
    ngx_uint_t  i;

    ngx_str_set(&id, "none");

    for (i = 0; i < settle->nchanges; i++) {
        ngx_http_gemini_log_change(pcf, log, &id, &settle->changes[i]);
    }
}


static void
ngx_http_gemini_log_change(ngx_http_gemini_pool_conf_t *pcf, ngx_log_t *log,
    ngx_str_t *id, ngx_gemini_change_t *change)
{
    u_char       time[NGX_GEMINI_RFC3339_LEN];
    ngx_str_t    until, *pool;
    const char  *reason, *scope;

    pool = &pcf->gc.name;
    reason = ngx_gemini_class_name(change->reason);
    scope = ngx_gemini_scope_name(change->scope);

    until.data = time;
    until.len = NGX_GEMINI_RFC3339_LEN;
    (void) ngx_gemini_time_rfc3339(time, change->until);

    switch (change->type) {

    case NGX_GEMINI_EVENT_REST:
        ngx_log_error(NGX_LOG_WARN, log, 0,
                      "gemini pool \"%V\": %s \"%V\" model \"%V\" rests "
                      "until %V, %s (%s), request %V",
                      pool, scope, &change->label, &change->model, &until,
                      reason, ngx_gemini_provenance_name(change->provenance),
                      id);
        return;

    case NGX_GEMINI_EVENT_RECOVERED:
        ngx_log_error(NGX_LOG_NOTICE, log, 0,
                      "gemini pool \"%V\": %s \"%V\" model \"%V\" works "
                      "again after %s",
                      pool, scope, &change->label, &change->model, reason);
        return;

    case NGX_GEMINI_EVENT_DISABLED:
        ngx_log_error(NGX_LOG_WARN, log, 0,
                      "gemini pool \"%V\": %s \"%V\" is disabled, %s, "
                      "request %V",
                      pool, scope, &change->label, reason, id);
        return;

    case NGX_GEMINI_EVENT_ENABLED:
        ngx_log_error(NGX_LOG_NOTICE, log, 0,
                      "gemini pool \"%V\": %s \"%V\" is enabled again "
                      "after %s",
                      pool, scope, &change->label, reason);
        return;

    case NGX_GEMINI_EVENT_LEARNED:
        ngx_log_error(NGX_LOG_WARN, log, 0,
                      "gemini pool \"%V\": project \"%V\" model \"%V\" has "
                      "a limit of %uL by its answer, %s, request %V",
                      pool, &change->label, &change->model, change->number,
                      reason, id);
        return;

    case NGX_GEMINI_EVENT_UPSTREAM_DOWN:
        ngx_log_error(NGX_LOG_WARN, log, 0,
                      "gemini pool \"%V\": upstream is down, next trial at "
                      "%V, request %V", pool, &until, id);
        return;

    case NGX_GEMINI_EVENT_UPSTREAM_UP:
        ngx_log_error(NGX_LOG_NOTICE, log, 0,
                      "gemini pool \"%V\": upstream is up again", pool);
        return;

    default:
        ngx_log_error(NGX_LOG_NOTICE, log, 0,
                      "gemini pool \"%V\": %s \"%V\" has changed, %s",
                      pool, scope, &change->label, reason);
    }
}


u_char *
ngx_http_gemini_log_id(ngx_http_gemini_ctx_t *ctx)
{
    ngx_http_request_t           *r;
    ngx_http_variable_value_t    *vv;
    ngx_http_gemini_main_conf_t  *gmcf;

    if (ctx->request_id[0]) {
        return ctx->request_id;
    }

    r = ctx->request;
    gmcf = ngx_http_get_module_main_conf(r, ngx_http_gemini_router_module);

    vv = ngx_http_get_indexed_variable(r, gmcf->request_id);

    if (vv == NULL || vv->not_found || vv->len != NGX_GEMINI_REQUEST_ID) {
        return NULL;
    }

    ngx_memcpy(ctx->request_id, vv->data, NGX_GEMINI_REQUEST_ID);

    return ctx->request_id;
}
