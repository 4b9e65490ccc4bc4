
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_http_gemini_status.h"
#include "ngx_http_gemini_format.h"
#include "ngx_http_gemini_page.h"
#include "ngx_http_gemini_reply.h"
#include "ngx_http_gemini_zone.h"
#include "ngx_gemini_explain.h"
#include "ngx_gemini_health.h"
#include "ngx_gemini_prom.h"
#include "ngx_gemini_report.h"


/* holds of the lock, or batches of rows, before others have their turn */
#define NGX_HTTP_GEMINI_STATUS_STEPS  4

#define NGX_HTTP_GEMINI_STATUS_GUARD  60000    /* ms */


typedef struct ngx_http_gemini_status_s  ngx_http_gemini_status_t;

/* NGX_AGAIN: there is more to do */
typedef ngx_int_t (*ngx_http_gemini_status_pt)(ngx_http_gemini_status_t *st);


struct ngx_http_gemini_status_s {
    ngx_http_request_t            *request;
    ngx_http_gemini_pool_conf_t   *pool;
    ngx_http_gemini_reply_t        reply;

    ngx_http_gemini_status_pt      step;
    ngx_gemini_report_t           *report;
    ngx_gemini_prom_t             *prom;       /* NULL: the report is JSON */
    ngx_gemini_explain_t          *explain;
    ngx_uint_t                     page;       /* 1: the page is wanted */

    ngx_event_t                    event;
};


static ngx_int_t ngx_http_gemini_status_method(ngx_http_gemini_status_t *st);
static ngx_int_t ngx_http_gemini_status_plan(ngx_http_gemini_status_t *st);
static ngx_int_t ngx_http_gemini_status_plan_json(
    ngx_http_gemini_status_t *st);
static ngx_int_t ngx_http_gemini_status_plan_metrics(
    ngx_http_gemini_status_t *st, ngx_gemini_format_e format);
static ngx_uint_t ngx_http_gemini_status_is(const ngx_str_t *value,
    const char *word);
static ngx_int_t ngx_http_gemini_status_plan_report(
    ngx_http_gemini_status_t *st, ngx_uint_t view);
static ngx_int_t ngx_http_gemini_status_plan_explain(
    ngx_http_gemini_status_t *st, const ngx_str_t *model,
    const ngx_str_t *keys);
static ngx_int_t ngx_http_gemini_status_health(ngx_http_gemini_status_t *st);
static void *ngx_http_gemini_status_alloc(void *data, size_t size);

static ngx_int_t ngx_http_gemini_status_run(ngx_http_gemini_status_t *st);
static ngx_int_t ngx_http_gemini_status_copy(ngx_http_gemini_status_t *st);
static ngx_int_t ngx_http_gemini_status_render(ngx_http_gemini_status_t *st);
static ngx_int_t ngx_http_gemini_status_metrics(ngx_http_gemini_status_t *st);
static ngx_int_t ngx_http_gemini_status_explain(ngx_http_gemini_status_t *st);
static ngx_int_t ngx_http_gemini_status_wait(ngx_http_gemini_status_t *st);
static void ngx_http_gemini_status_event_handler(ngx_event_t *ev);
static void ngx_http_gemini_status_cleanup(void *data);


static const char *const  ngx_http_gemini_status_views[] = {
    "keys", "models", "cooldowns", "events", "tiers", "stats", "teams",
    "health", NULL
};


static const char *const  ngx_http_gemini_status_formats[] = {
    "json", "prometheus", "openmetrics", "html", NULL
};


ngx_int_t
ngx_http_gemini_status_handler(ngx_http_request_t *r)
{
    ngx_int_t                      rc;
    ngx_http_gemini_status_t      *st;
    ngx_http_gemini_loc_conf_t    *glcf;

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    glcf = ngx_http_get_module_loc_conf(r, ngx_http_gemini_router_module);

    st = ngx_pcalloc(r->pool, sizeof(ngx_http_gemini_status_t));
    if (st == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    st->request = r;
    st->pool = glcf->status;

    if (ngx_http_gemini_reply_init(&st->reply, r) != NGX_OK
        || ngx_http_gemini_status_method(st) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (st->page) {
        return ngx_http_gemini_page_send(r, &glcf->control);
    }

    rc = ngx_http_gemini_status_run(st);

    if (rc == NGX_AGAIN) {
        return ngx_http_gemini_status_wait(st);
    }

    if (rc != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_gemini_reply_send(&st->reply);
}


static ngx_int_t
ngx_http_gemini_status_method(ngx_http_gemini_status_t *st)
{
    ngx_http_request_t  *r;

    r = st->request;

    if (r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD)) {
        return ngx_http_gemini_status_plan(st);
    }

    ngx_http_gemini_reply_error(&st->reply, NGX_HTTP_NOT_ALLOWED,
                                "the method is not allowed",
                                &r->method_name, NULL);

    return ngx_http_gemini_reply_header(&st->reply, "Allow", "GET, HEAD");
}


/* what is asked for; errors are documents, too */

static ngx_int_t
ngx_http_gemini_status_plan(ngx_http_gemini_status_t *st)
{
    ngx_str_t                  view, explain;
    ngx_http_request_t        *r;
    ngx_http_gemini_format_t   format;

    r = st->request;

    if (ngx_http_gemini_format(r, &format) != NGX_OK) {
        ngx_http_gemini_reply_error(&st->reply, NGX_HTTP_BAD_REQUEST,
                                    "unknown format", &format.name,
                                    ngx_http_gemini_status_formats);
        return NGX_OK;
    }

    (void) ngx_http_gemini_reply_arg(r, "view", &view);
    (void) ngx_http_gemini_reply_arg(r, "explain", &explain);

    if (format.format == NGX_GEMINI_FORMAT_JSON
        || (format.name.len == 0 && (view.len || explain.len)))
    {
        return ngx_http_gemini_status_plan_json(st);
    }

    if (format.format == NGX_GEMINI_FORMAT_HTML) {
        st->page = 1;
        return NGX_OK;
    }

    if (view.len || explain.len) {
        ngx_http_gemini_reply_error(&st->reply, NGX_HTTP_BAD_REQUEST,
                                    "the format has no views", &format.name,
                                    NULL);
        return NGX_OK;
    }

    return ngx_http_gemini_status_plan_metrics(st, format.format);
}


static ngx_int_t
ngx_http_gemini_status_plan_json(ngx_http_gemini_status_t *st)
{
    ngx_str_t            value, keys;
    ngx_uint_t           view;
    ngx_http_request_t  *r;

    r = st->request;

    if (ngx_http_gemini_reply_arg(r, "explain", &value) == NGX_OK) {

        if (value.len == 0) {
            ngx_http_gemini_reply_error(&st->reply, NGX_HTTP_BAD_REQUEST,
                                        "explain names no model", &value,
                                        NULL);
            return NGX_OK;
        }

        (void) ngx_http_gemini_reply_arg(r, "keys", &keys);

        return ngx_http_gemini_status_plan_explain(st, &value, &keys);
    }

    (void) ngx_http_gemini_reply_arg(r, "view", &value);

    if (ngx_http_gemini_status_is(&value, "health")) {
        return ngx_http_gemini_status_health(st);
    }

    view = ngx_gemini_report_view(&value);

    if (view == 0) {
        ngx_http_gemini_reply_error(&st->reply, NGX_HTTP_NOT_FOUND,
                                    "unknown view", &value,
                                    ngx_http_gemini_status_views);
        return NGX_OK;
    }

    return ngx_http_gemini_status_plan_report(st, view);
}


static ngx_uint_t
ngx_http_gemini_status_is(const ngx_str_t *value, const char *word)
{
    return value->len == ngx_strlen(word)
           && ngx_strncmp(value->data, word, value->len) == 0;
}


static ngx_int_t
ngx_http_gemini_status_plan_report(ngx_http_gemini_status_t *st,
    ngx_uint_t view)
{
    ngx_pool_t  *pool;

    pool = st->request->pool;

    st->report = ngx_palloc(pool, sizeof(ngx_gemini_report_t));
    if (st->report == NULL) {
        return NGX_ERROR;
    }

    st->step = ngx_http_gemini_status_copy;

    return ngx_gemini_report_init(st->report, &st->pool->gc, view,
                                  NGINX_VERSION, ngx_http_gemini_now(),
                                  ngx_http_gemini_status_alloc, pool);
}


static ngx_int_t
ngx_http_gemini_status_plan_metrics(ngx_http_gemini_status_t *st,
    ngx_gemini_format_e format)
{
    if (ngx_http_gemini_status_plan_report(st, NGX_GEMINI_PROM_VIEW)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    st->prom = ngx_palloc(st->request->pool, sizeof(ngx_gemini_prom_t));
    if (st->prom == NULL) {
        return NGX_ERROR;
    }

    ngx_gemini_prom_init(st->prom, st->report,
                         format == NGX_GEMINI_FORMAT_OPENMETRICS);

    st->reply.type = (format == NGX_GEMINI_FORMAT_OPENMETRICS)
                     ? "application/openmetrics-text; version=1.0.0; "
                       "charset=utf-8"
                     : "text/plain; version=0.0.4; charset=utf-8";

    return NGX_OK;
}


static ngx_int_t
ngx_http_gemini_status_plan_explain(ngx_http_gemini_status_t *st,
    const ngx_str_t *model, const ngx_str_t *keys)
{
    st->explain = ngx_palloc(st->request->pool,
                             sizeof(ngx_gemini_explain_t));
    if (st->explain == NULL) {
        return NGX_ERROR;
    }

    ngx_gemini_explain_init(st->explain, &st->pool->gc, model, keys,
                            ngx_http_gemini_now());

    st->step = ngx_http_gemini_status_explain;

    return NGX_OK;
}


static ngx_int_t
ngx_http_gemini_status_health(ngx_http_gemini_status_t *st)
{
    uint64_t              now;
    ngx_gemini_view_t    *gv;
    ngx_gemini_health_t   health;

    now = ngx_http_gemini_now();

    gv = ngx_http_gemini_zone_lock(st->pool);
    ngx_gemini_health_look(&health, gv, &st->pool->gc, now);
    ngx_http_gemini_zone_unlock(st->pool);

    ngx_gemini_health_render(&health, &st->pool->gc, now, &st->reply.out);

    if (!health.healthy) {
        st->reply.status = NGX_HTTP_SERVICE_UNAVAILABLE;
    }

    return NGX_OK;
}


static void *
ngx_http_gemini_status_alloc(void *data, size_t size)
{
    ngx_pool_t  *pool = data;

    return ngx_palloc(pool, size);
}


/* a slice of the work; without a step it was done at once */

static ngx_int_t
ngx_http_gemini_status_run(ngx_http_gemini_status_t *st)
{
    ngx_int_t   rc;
    ngx_uint_t  i;

    if (st->step == NULL) {
        return NGX_OK;
    }

    for (i = 0; i < NGX_HTTP_GEMINI_STATUS_STEPS; i++) {

        rc = st->step(st);

        if (rc != NGX_AGAIN) {
            return rc;
        }
    }

    return NGX_AGAIN;
}


static ngx_int_t
ngx_http_gemini_status_copy(ngx_http_gemini_status_t *st)
{
    ngx_int_t           rc;
    ngx_gemini_view_t  *gv;

    gv = ngx_http_gemini_zone_lock(st->pool);
    ngx_gemini_report_copy(st->report, gv);
    ngx_http_gemini_zone_unlock(st->pool);

    rc = ngx_gemini_report_digest(st->report);

    if (rc == NGX_OK) {
        st->step = st->prom ? ngx_http_gemini_status_metrics
                            : ngx_http_gemini_status_render;
        return NGX_AGAIN;
    }

    return rc;
}


static ngx_int_t
ngx_http_gemini_status_render(ngx_http_gemini_status_t *st)
{
    return ngx_gemini_report_render(st->report, &st->reply.out);
}


static ngx_int_t
ngx_http_gemini_status_metrics(ngx_http_gemini_status_t *st)
{
    return ngx_gemini_prom_render(st->prom, &st->reply.out);
}


static ngx_int_t
ngx_http_gemini_status_explain(ngx_http_gemini_status_t *st)
{
    ngx_gemini_view_t  *gv;

    gv = ngx_http_gemini_zone_lock(st->pool);
    ngx_gemini_explain_look(st->explain, gv);
    ngx_http_gemini_zone_unlock(st->pool);

    return ngx_gemini_explain_render(st->explain, &st->reply.out);
}


/* goes on in the next turn of the event loop */

static ngx_int_t
ngx_http_gemini_status_wait(ngx_http_gemini_status_t *st)
{
    ngx_http_cleanup_t  *cln;
    ngx_http_request_t  *r;

    r = st->request;

    cln = ngx_http_cleanup_add(r, 0);
    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cln->handler = ngx_http_gemini_status_cleanup;
    cln->data = st;

    /* a client that goes away in between ends the request at once */

    if (r == r->main && !r->discard_body) {

        if (ngx_handle_read_event(r->connection->read, 0) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        r->read_event_handler = ngx_http_test_reading;
    }

    r->write_event_handler = ngx_http_request_empty_handler;

    st->event.handler = ngx_http_gemini_status_event_handler;
    st->event.data = st;
    st->event.log = r->connection->log;

    ngx_post_event(&st->event, &ngx_posted_next_events);

    /* a worker that exits waits for timers, not for what is posted */

    ngx_add_timer(&st->event, NGX_HTTP_GEMINI_STATUS_GUARD);

    r->main->count++;

    return NGX_DONE;
}


static void
ngx_http_gemini_status_event_handler(ngx_event_t *ev)
{
    ngx_int_t                  rc;
    ngx_connection_t          *c;
    ngx_http_request_t        *r;
    ngx_http_gemini_status_t  *st;

    st = ev->data;
    r = st->request;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    rc = ngx_http_gemini_status_run(st);

    if (rc == NGX_AGAIN) {
        ngx_post_event(ev, &ngx_posted_next_events);
        return;
    }

    ngx_http_gemini_status_cleanup(st);

    rc = (rc == NGX_OK) ? ngx_http_gemini_reply_send(&st->reply)
                        : NGX_HTTP_INTERNAL_SERVER_ERROR;

    ngx_http_finalize_request(r, rc);

    ngx_http_run_posted_requests(c);
}


static void
ngx_http_gemini_status_cleanup(void *data)
{
    ngx_http_gemini_status_t  *st = data;

    if (st->event.posted) {
        ngx_delete_posted_event(&st->event);
    }

    if (st->event.timer_set) {
        ngx_del_timer(&st->event);
    }
}
