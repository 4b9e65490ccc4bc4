
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_http_gemini_curl.h"
#include "ngx_gemini_time.h"

#include <curl/curl.h>


#define NGX_HTTP_GEMINI_CURL_RETRY_MAX  (30 * 86400)     /* s */


/* begins as ngx_connection_t does, for the debug log */

struct ngx_http_gemini_curl_s {
    CURLM                         *multi;
    void                          *dummy;
    ngx_log_t                     *log;
    ngx_int_t                      ident;
    ngx_event_t                    event;
};


static int ngx_http_gemini_curl_socket(CURL *easy, curl_socket_t fd, int what,
    void *data, void *socket);
static ngx_connection_t *ngx_http_gemini_curl_connection(
    ngx_http_gemini_curl_t *curl, curl_socket_t fd);
static int ngx_http_gemini_curl_watch(ngx_event_t *ev, ngx_int_t event,
    ngx_uint_t on);
static void ngx_http_gemini_curl_forget(ngx_connection_t *c);
static int ngx_http_gemini_curl_timer(CURLM *multi, long ms, void *data);
static void ngx_http_gemini_curl_event(ngx_event_t *ev);
static void ngx_http_gemini_curl_expired(ngx_event_t *ev);
static void ngx_http_gemini_curl_reap(ngx_http_gemini_curl_t *curl);

static ngx_int_t ngx_http_gemini_curl_request(ngx_http_gemini_transfer_t *t);
static ngx_int_t ngx_http_gemini_curl_secure(ngx_http_gemini_transfer_t *t);
static ngx_int_t ngx_http_gemini_curl_method(ngx_http_gemini_transfer_t *t);
static ngx_int_t ngx_http_gemini_curl_header(ngx_http_gemini_transfer_t *t,
    const char *line);
static size_t ngx_http_gemini_curl_write(char *p, size_t size, size_t n,
    void *data);
static void ngx_http_gemini_curl_answer(ngx_http_gemini_transfer_t *t,
    CURLcode code);
static void ngx_http_gemini_curl_times(ngx_http_gemini_transfer_t *t);
static const u_char *ngx_http_gemini_curl_field(
    ngx_http_gemini_transfer_t *t, const char *name, size_t *len);


ngx_http_gemini_curl_t *
ngx_http_gemini_curl_create(ngx_cycle_t *cycle)
{
    ngx_http_gemini_curl_t  *curl;

    curl = ngx_pcalloc(cycle->pool, sizeof(ngx_http_gemini_curl_t));
    if (curl == NULL) {
        return NULL;
    }

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return NULL;
    }

    curl->multi = curl_multi_init();

    if (curl->multi == NULL) {
        curl_global_cleanup();
        return NULL;
    }

    curl->log = cycle->log;
    curl->ident = -1;

    curl->event.handler = ngx_http_gemini_curl_expired;
    curl->event.data = curl;
    curl->event.log = cycle->log;
    curl->event.cancelable = 1;

    curl_multi_setopt(curl->multi, CURLMOPT_SOCKETFUNCTION,
                      ngx_http_gemini_curl_socket);
    curl_multi_setopt(curl->multi, CURLMOPT_SOCKETDATA, curl);
    curl_multi_setopt(curl->multi, CURLMOPT_TIMERFUNCTION,
                      ngx_http_gemini_curl_timer);
    curl_multi_setopt(curl->multi, CURLMOPT_TIMERDATA, curl);

    return curl;
}


/* transfers have been cancelled; idle connections go with multi */

void
ngx_http_gemini_curl_destroy(ngx_http_gemini_curl_t *curl)
{
    curl_multi_cleanup(curl->multi);
    curl->multi = NULL;

    if (curl->event.timer_set) {
        ngx_del_timer(&curl->event);
    }

    curl_global_cleanup();
}


/* curl owns the descriptor, a connection of nginx only watches it */

static int
ngx_http_gemini_curl_socket(CURL *easy, curl_socket_t fd, int what,
    void *data, void *socket)
{
    ngx_http_gemini_curl_t *curl = data;
    ngx_connection_t *c = socket;

    if (what == CURL_POLL_REMOVE) {

        if (c != NULL) {
            curl_multi_assign(curl->multi, fd, NULL);
            ngx_http_gemini_curl_forget(c);
        }

        return 0;
    }

    if (c == NULL) {
        c = ngx_http_gemini_curl_connection(curl, fd);

        if (c == NULL) {
            return -1;
        }

        curl_multi_assign(curl->multi, fd, c);
    }

    if (ngx_http_gemini_curl_watch(c->read, NGX_READ_EVENT,
                                   what & CURL_POLL_IN)
        != 0
        || ngx_http_gemini_curl_watch(c->write, NGX_WRITE_EVENT,
                                      what & CURL_POLL_OUT)
           != 0)
    {
        return -1;
    }

    return 0;
}


static ngx_connection_t *
ngx_http_gemini_curl_connection(ngx_http_gemini_curl_t *curl,
    curl_socket_t fd)
{
    ngx_connection_t  *c;

    c = ngx_get_connection(fd, curl->log);
    if (c == NULL) {
        return NULL;
    }

    c->data = curl;
    c->log = curl->log;

    c->read->log = curl->log;
    c->read->handler = ngx_http_gemini_curl_event;

    c->write->log = curl->log;
    c->write->handler = ngx_http_gemini_curl_event;

    return c;
}


static int
ngx_http_gemini_curl_watch(ngx_event_t *ev, ngx_int_t event, ngx_uint_t on)
{
    ngx_int_t  rc;

    rc = NGX_OK;

    if (on && !ev->active) {
        rc = ngx_add_event(ev, event, NGX_LEVEL_EVENT);

    } else if (!on && ev->active) {
        rc = ngx_del_event(ev, event, 0);
    }

    return (rc == NGX_OK) ? 0 : -1;
}


static void
ngx_http_gemini_curl_forget(ngx_connection_t *c)
{
    (void) ngx_http_gemini_curl_watch(c->read, NGX_READ_EVENT, 0);
    (void) ngx_http_gemini_curl_watch(c->write, NGX_WRITE_EVENT, 0);

    if (c->read->posted) {
        ngx_delete_posted_event(c->read);
    }

    if (c->write->posted) {
        ngx_delete_posted_event(c->write);
    }

    ngx_free_connection(c);

    c->fd = (ngx_socket_t) -1;
}


/* nginx would keep an old timer that is near enough: it is deleted first */

static int
ngx_http_gemini_curl_timer(CURLM *multi, long ms, void *data)
{
    ngx_http_gemini_curl_t *curl = data;

    if (curl->event.timer_set) {
        ngx_del_timer(&curl->event);
    }

    if (ms >= 0) {
        ngx_add_timer(&curl->event, (ngx_msec_t) ms);
    }

    return 0;
}


static void
ngx_http_gemini_curl_event(ngx_event_t *ev)
{
    int                      running;
    ngx_connection_t        *c;
    ngx_http_gemini_curl_t  *curl;

    /* the connection may be gone when curl returns */

    c = ev->data;
    curl = c->data;

    (void) curl_multi_socket_action(curl->multi, c->fd,
                                    ev->write ? CURL_CSELECT_OUT
                                              : CURL_CSELECT_IN,
                                    &running);

    ngx_http_gemini_curl_reap(curl);
}


static void
ngx_http_gemini_curl_expired(ngx_event_t *ev)
{
    int                      running;
    ngx_http_gemini_curl_t  *curl;

    curl = ev->data;

    (void) curl_multi_socket_action(curl->multi, CURL_SOCKET_TIMEOUT, 0,
                                    &running);

    ngx_http_gemini_curl_reap(curl);
}


/* handlers run here, outside of curl's callbacks; they may start others */

static void
ngx_http_gemini_curl_reap(ngx_http_gemini_curl_t *curl)
{
    int                          left;
    char                        *data;
    CURLMsg                     *msg;
    CURLcode                     code;
    ngx_http_gemini_transfer_t  *t;

    for ( ;; ) {
        msg = curl_multi_info_read(curl->multi, &left);

        if (msg == NULL) {
            return;
        }

        if (msg->msg != CURLMSG_DONE) {
            continue;
        }

        code = msg->data.result;
        data = NULL;

        (void) curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &data);

        t = (ngx_http_gemini_transfer_t *) data;

        ngx_http_gemini_curl_answer(t, code);
        ngx_http_gemini_curl_cancel(t);

        t->handler(t);
    }
}


ngx_int_t
ngx_http_gemini_curl_start(ngx_http_gemini_curl_t *curl,
    ngx_http_gemini_transfer_t *t)
{
    t->curl = curl;
    t->headers = NULL;
    t->status = 0;
    t->answer = NULL;
    t->len = 0;
    t->error[0] = '\0';
    t->truncated = 0;
    t->timed_out = 0;

    t->easy = curl_easy_init();

    if (t->easy == NULL) {
        return NGX_ERROR;
    }

    if (ngx_http_gemini_curl_request(t) == NGX_OK
        && ngx_http_gemini_curl_secure(t) == NGX_OK
        && ngx_http_gemini_curl_method(t) == NGX_OK
        && curl_multi_add_handle(curl->multi, t->easy) == CURLM_OK)
    {
        return NGX_OK;
    }

    ngx_http_gemini_curl_cancel(t);

    return NGX_ERROR;
}


void
ngx_http_gemini_curl_cancel(ngx_http_gemini_transfer_t *t)
{
    if (t->easy == NULL) {
        return;
    }

    (void) curl_multi_remove_handle(t->curl->multi, t->easy);

    curl_easy_cleanup(t->easy);
    curl_slist_free_all(t->headers);

    t->easy = NULL;
    t->headers = NULL;
}


/*
 * A dead name server would hold the worker up at the end of a transfer, but
 * for QUICK_EXIT.  The environment's proxies are not meant for keys.
 */

static ngx_int_t
ngx_http_gemini_curl_request(ngx_http_gemini_transfer_t *t)
{
    CURL  *easy;

    easy = t->easy;

    if (curl_easy_setopt(easy, CURLOPT_URL, t->url.data) != CURLE_OK
        || curl_easy_setopt(easy, CURLOPT_PRIVATE, t) != CURLE_OK
        || curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) != CURLE_OK
        || curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) != CURLE_OK
        || curl_easy_setopt(easy, CURLOPT_PROXY, "") != CURLE_OK
        || curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https")
           != CURLE_OK
        || curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) != CURLE_OK
        || curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long) t->timeout)
           != CURLE_OK
        || curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->error) != CURLE_OK
        || curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION,
                            ngx_http_gemini_curl_write)
           != CURLE_OK
        || curl_easy_setopt(easy, CURLOPT_WRITEDATA, t) != CURLE_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* verified always; the file instead of the system's store */

static ngx_int_t
ngx_http_gemini_curl_secure(ngx_http_gemini_transfer_t *t)
{
    CURL  *easy;

    easy = t->easy;

    if (curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) != CURLE_OK
        || curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L) != CURLE_OK
        || curl_easy_setopt(easy, CURLOPT_SSLVERSION,
                            (long) CURL_SSLVERSION_TLSv1_2)
           != CURLE_OK)
    {
        return NGX_ERROR;
    }

    if (t->trusted.len
        && (curl_easy_setopt(easy, CURLOPT_CAINFO, t->trusted.data)
            != CURLE_OK
            || curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) != CURLE_OK))
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_gemini_curl_method(ngx_http_gemini_transfer_t *t)
{
    CURL  *easy;

    easy = t->easy;

    if (ngx_http_gemini_curl_header(t, (char *) t->credential.data) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (t->body.len
        && (ngx_http_gemini_curl_header(t, "Content-Type: application/json")
            != NGX_OK
            || ngx_http_gemini_curl_header(t, "Expect:") != NGX_OK
            || curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE,
                                (long) t->body.len)
               != CURLE_OK
            || curl_easy_setopt(easy, CURLOPT_POSTFIELDS, t->body.data)
               != CURLE_OK))
    {
        return NGX_ERROR;
    }

    if (curl_easy_setopt(easy, CURLOPT_HTTPHEADER, t->headers) != CURLE_OK
        || curl_easy_setopt(easy, CURLOPT_USERAGENT,
                            "ngx_gemini_router/" NGX_GEMINI_VERSION)
           != CURLE_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_gemini_curl_header(ngx_http_gemini_transfer_t *t, const char *line)
{
    struct curl_slist  *list;

    list = curl_slist_append(t->headers, line);
    if (list == NULL) {
        return NGX_ERROR;
    }

    t->headers = list;

    return NGX_OK;
}


/* an answer that is too long ends its transfer */

static size_t
ngx_http_gemini_curl_write(char *p, size_t size, size_t n, void *data)
{
    ngx_http_gemini_transfer_t *t = data;

    if (t->answer == NULL) {
        t->answer = ngx_palloc(t->pool, t->limit);

        if (t->answer == NULL) {
            return 0;
        }
    }

    n *= size;

    if (n > t->limit - t->len) {
        t->truncated = 1;
        return 0;
    }

    ngx_memcpy(t->answer + t->len, p, n);
    t->len += n;

    return n;
}


static void
ngx_http_gemini_curl_answer(ngx_http_gemini_transfer_t *t, CURLcode code)
{
    long           status;
    size_t         len;
    ngx_int_t      n;
    const u_char  *p;

    t->timed_out = (code == CURLE_OPERATION_TIMEDOUT);
    t->retry_after = 0;
    t->google = 0;

    ngx_http_gemini_curl_times(t);

    if (code != CURLE_OK && !t->truncated) {

        if (t->error[0] == '\0') {
            ngx_cpystrn((u_char *) t->error,
                        (u_char *) curl_easy_strerror(code),
                        NGX_HTTP_GEMINI_CURL_ERROR);
        }

        return;
    }

    status = 0;

    (void) curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);

    t->status = (ngx_uint_t) status;

    p = ngx_http_gemini_curl_field(t, "Retry-After", &len);

    if (p != NULL) {
        n = ngx_atoi((u_char *) p, len);

        if (n > 0) {
            t->retry_after = (uint64_t) 1000
                             * ngx_min(n, NGX_HTTP_GEMINI_CURL_RETRY_MAX);
        }
    }

    p = ngx_http_gemini_curl_field(t, "Date", &len);

    if (p == NULL
        || ngx_gemini_time_parse_http(p, len, &t->google) != NGX_OK)
    {
        t->google = 0;
    }
}


static void
ngx_http_gemini_curl_times(ngx_http_gemini_transfer_t *t)
{
    curl_off_t  began, first, end;

    began = 0;
    first = 0;
    end = 0;

    (void) curl_easy_getinfo(t->easy, CURLINFO_PRETRANSFER_TIME_T, &began);
    (void) curl_easy_getinfo(t->easy, CURLINFO_STARTTRANSFER_TIME_T, &first);
    (void) curl_easy_getinfo(t->easy, CURLINFO_TOTAL_TIME_T, &end);

    t->ttft = (first > began) ? (first - began) / 1000 : 0;
    t->latency = (end > began) ? (end - began) / 1000 : 0;
}


/* its value; NULL: the answer has no such header */

static const u_char *
ngx_http_gemini_curl_field(ngx_http_gemini_transfer_t *t, const char *name,
    size_t *len)
{
    struct curl_header  *header;

    if (curl_easy_header(t->easy, name, 0, CURLH_HEADER, -1, &header)
        != CURLHE_OK)
    {
        return NULL;
    }

    *len = ngx_strlen(header->value);

    return (u_char *) header->value;
}
