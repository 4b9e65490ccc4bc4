
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_http_gemini_control.h"
#include "ngx_http_gemini_log.h"
#include "ngx_http_gemini_probe.h"
#include "ngx_http_gemini_origin.h"
#include "ngx_http_gemini_reply.h"
#include "ngx_http_gemini_zone.h"
#include "ngx_gemini_classify.h"
#include "ngx_gemini_operate.h"
#include "ngx_gemini_request.h"
#include "ngx_gemini_time.h"


typedef struct {
    const char                    *name;
    ngx_gemini_operate_e           action;
    const char *const             *args;
} ngx_http_gemini_control_action_t;


static ngx_int_t ngx_http_gemini_control_gate(ngx_http_gemini_control_t *ct);
static ngx_int_t ngx_http_gemini_control_plan(ngx_http_gemini_control_t *ct);
static ngx_int_t ngx_http_gemini_control_probe(ngx_http_gemini_control_t *ct,
    ngx_str_t *name);
static void ngx_http_gemini_control_name(ngx_http_request_t *r,
    ngx_str_t *name);
static void ngx_http_gemini_control_run(ngx_http_gemini_control_t *ct);
static void ngx_http_gemini_control_log(ngx_http_gemini_control_t *ct);


/* for each action the arguments that it knows */

static const char *const  ngx_http_gemini_control_lock[] = {
    "model", "for", NULL
};


static const char *const  ngx_http_gemini_control_unlock[] = {
    NULL
};


static const char *const  ngx_http_gemini_control_reset[] = {
    "key", "project", "account", "model", "all", "day", "limits", NULL
};


static const char *const  ngx_http_gemini_control_disable[] = {
    "key", "project", "account", "model", "for", "note", NULL
};


static const char *const  ngx_http_gemini_control_enable[] = {
    "key", "project", "account", "model", "note", NULL
};


static const char *const  ngx_http_gemini_control_rank[] = {
    "list", NULL
};


static const ngx_http_gemini_control_action_t
    ngx_http_gemini_control_actions[] =
{
    { "lock", NGX_GEMINI_OPERATE_LOCK, ngx_http_gemini_control_lock },
    { "unlock", NGX_GEMINI_OPERATE_UNLOCK, ngx_http_gemini_control_unlock },
    { "reset", NGX_GEMINI_OPERATE_RESET, ngx_http_gemini_control_reset },
    { "disable", NGX_GEMINI_OPERATE_DISABLE,
      ngx_http_gemini_control_disable },
    { "enable", NGX_GEMINI_OPERATE_ENABLE, ngx_http_gemini_control_enable },
    { "rank", NGX_GEMINI_OPERATE_RANK, ngx_http_gemini_control_rank },
    { NULL, NGX_GEMINI_OPERATE_NONE, NULL }
};


static const char *const  ngx_http_gemini_control_names[] = {
    "lock", "unlock", "reset", "disable", "enable", "rank", NULL
};


ngx_int_t
ngx_http_gemini_control_handler(ngx_http_request_t *r)
{
    ngx_int_t                    rc;
    ngx_http_gemini_control_t   *ct;
    ngx_http_gemini_loc_conf_t  *glcf;

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    glcf = ngx_http_get_module_loc_conf(r, ngx_http_gemini_router_module);

    ct = ngx_pcalloc(r->pool, sizeof(ngx_http_gemini_control_t));
    if (ct == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ct->request = r;
    ct->pool = glcf->operate;
    ct->op.gc = &ct->pool->gc;
    ct->op.now = ngx_http_gemini_now();
    ct->op.scope = NGX_GEMINI_SCOPE_POOL;

    if (ngx_http_gemini_reply_init(&ct->reply, r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_gemini_control_gate(ct);

    if (rc == NGX_OK) {
        rc = ngx_http_gemini_control_plan(ct);
    }

    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rc == NGX_OK) {
        ngx_http_gemini_control_run(ct);
        ngx_http_gemini_control_log(ct);
        ngx_gemini_operate_render(&ct->op, &ct->reply.out);
    }

    return ngx_http_gemini_reply_send(&ct->reply);
}


/* NGX_DECLINED, here and below: the answer is an error, and is written */

static ngx_int_t
ngx_http_gemini_control_gate(ngx_http_gemini_control_t *ct)
{
    ngx_str_t            origin;
    ngx_http_request_t  *r;

    r = ct->request;

    if (r->method != NGX_HTTP_POST) {

        if (ngx_http_gemini_reply_header(&ct->reply, "Allow", "POST")
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        return ngx_http_gemini_control_refuse(ct, NGX_HTTP_NOT_ALLOWED,
                                              "the method is not allowed",
                                              &r->method_name, NULL);
    }

    if (ngx_http_gemini_origin_foreign(r, &origin)) {
        return ngx_http_gemini_control_refuse(ct, NGX_HTTP_FORBIDDEN,
                                              "cross-site requests are not "
                                              "allowed", &origin, NULL);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_gemini_control_plan(ngx_http_gemini_control_t *ct)
{
    ngx_int_t                                rc;
    ngx_str_t                                name;
    const ngx_http_gemini_control_action_t  *action;

    ngx_http_gemini_control_name(ct->request, &name);

    for (action = ngx_http_gemini_control_actions; action->name; action++) {
        if (ngx_http_gemini_control_is(&name, action->name)) {
            break;
        }
    }

    if (action->name == NULL) {
        return ngx_http_gemini_control_refuse(ct, NGX_HTTP_NOT_FOUND,
                                              "unknown action", &name,
                                             ngx_http_gemini_control_names);
    }

    ct->op.action = action->action;

    rc = ngx_http_gemini_control_known(ct, action->args);

    if (rc != NGX_OK) {
        return rc;
    }

    if (action->action == NGX_GEMINI_OPERATE_RANK) {
        return ngx_http_gemini_control_probe(ct, &name);
    }

    if (action->action == NGX_GEMINI_OPERATE_UNLOCK) {
        return NGX_OK;
    }

    return ngx_http_gemini_control_args(ct, action->args);
}


static ngx_int_t
ngx_http_gemini_control_probe(ngx_http_gemini_control_t *ct, ngx_str_t *name)
{
    ngx_str_t  list;

    (void) ngx_http_gemini_reply_arg(ct->request, "list", &list);

    if (ngx_http_gemini_probe_now(ct->pool,
                                  ngx_http_gemini_control_is(&list, "1"))
        == NGX_OK)
    {
        return NGX_OK;
    }

    return ngx_http_gemini_control_refuse(ct, NGX_HTTP_NOT_IMPLEMENTED,
                                          "probing is not configured", name,
                                          NULL);
}


/* what the URI has behind the location, or of a regular one at its end */

static void
ngx_http_gemini_control_name(ngx_http_request_t *r, ngx_str_t *name)
{
    u_char                      *p, *last;
    ngx_http_gemini_loc_conf_t  *glcf;

    glcf = ngx_http_get_module_loc_conf(r, ngx_http_gemini_router_module);

    p = r->uri.data + ngx_min(glcf->prefix, r->uri.len);
    last = r->uri.data + r->uri.len;

    if (glcf->prefix == 0) {

        for (p = last; p > r->uri.data && p[-1] != '/'; p--) { /* void */ }

    } else if (p < last && *p == '/') {
        p++;
    }

    name->data = p;
    name->len = last - p;
}


static void
ngx_http_gemini_control_run(ngx_http_gemini_control_t *ct)
{
    ngx_int_t           rc;
    ngx_gemini_view_t  *gv;

    do {
        gv = ngx_http_gemini_zone_lock(ct->pool);
        rc = ngx_gemini_operate(&ct->op, gv);
        ngx_http_gemini_zone_unlock(ct->pool);

    } while (rc == NGX_AGAIN);
}


static void
ngx_http_gemini_control_log(ngx_http_gemini_control_t *ct)
{
    u_char                 time[NGX_GEMINI_RFC3339_LEN];
    ngx_str_t              id, until;
    ngx_gemini_operate_t  *op;

    op = &ct->op;
    ngx_http_gemini_log_request(ct->request, &id);

    ngx_str_set(&until, "-");

    if (op->length) {
        until.data = time;
        until.len = NGX_GEMINI_RFC3339_LEN;
        (void) ngx_gemini_time_rfc3339(time, op->now + op->length);
    }

    ngx_log_error(NGX_LOG_NOTICE, ct->request->connection->log, 0,
                  "gemini pool \"%V\": control: %s %s \"%V\" until %V%s%s "
                  "note \"%V\", request %V",
                  &op->gc->name, ngx_gemini_operate_name(op->action),
                  ngx_gemini_scope_name(op->scope), &op->name, &until,
                  op->day ? " day" : "", op->limits ? " limits" : "",
                  &op->note, &id);
}
