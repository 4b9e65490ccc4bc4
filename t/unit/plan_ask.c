
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Tests for plans that ask: one project after another for a resource, one
 * model after another for thought signatures; and for the URLs of uploads.
 */


#include "tap.h"

#include "ngx_gemini_plan.h"
#include "ngx_gemini_upload.h"


static void ask_projects(void);
static void ask_models(void);
static void ask_wish(const char *method, const char *uri, const char *flags,
    const char *args);
static void ask_url(const char *url, const char *result, const char *id);


static ngx_gemini_order_t  order;
static ngx_gemini_tried_t  tried[NGX_GEMINI_TRIED_MAX];


/* whose it is nobody knows: as many as can be asked, and then their answer */

static void
ask_projects(void)
{
    ngx_uint_t            i;
    ngx_gemini_pick_t     pick;
    ngx_gemini_course_t   course;
    ngx_gemini_verdict_t  verdict;

    memset(&pick, 0, sizeof(ngx_gemini_pick_t));
    memset(&course, 0, sizeof(ngx_gemini_course_t));
    course.tried = tried;
    memset(&order, 0, sizeof(ngx_gemini_order_t));
    memset(&verdict, 0, sizeof(ngx_gemini_verdict_t));

    order.nchoices = 1;
    course.tries = 1;
    course.ask = 1;
    verdict.class = NGX_GEMINI_RESOURCE;

    for (i = 0; i < NGX_GEMINI_TRIED_MAX; i++) {
        if (ngx_gemini_plan_next(&course, &order, &verdict, i, i, 0, 1000)
            != NGX_GEMINI_STEP_ATTEMPT)
        {
            break;
        }
    }

    tap_is_int(i, NGX_GEMINI_TRIED_MAX, "projects asked");
    tap_is_int(ngx_gemini_plan_next(&course, &order, &verdict, i, i, 0, 1000),
               NGX_GEMINI_STEP_RELAY, "the last one's answer");

    course.ntried = 2;
    tap_is_int(ngx_gemini_plan_starved(&course, &pick, NGX_DECLINED, 1, 3000,
                                       1000),
               NGX_GEMINI_STEP_RELAY, "no other project: its answer");

    pick.until = 2000;
    tap_is_int(ngx_gemini_plan_starved(&course, &pick, NGX_AGAIN, 1, 3000,
                                       1000),
               NGX_GEMINI_STEP_WAIT, "another rests: it may have it");
}


/* signatures of a virtual model may be any model's */

static void
ask_models(void)
{
    ngx_gemini_course_t   course;
    ngx_gemini_verdict_t  verdict;

    memset(&course, 0, sizeof(ngx_gemini_course_t));
    course.tried = tried;
    memset(&order, 0, sizeof(ngx_gemini_order_t));
    memset(&verdict, 0, sizeof(ngx_gemini_verdict_t));

    order.virtual = 1;
    order.nchoices = 2;
    order.choices[1].slot = 1;
    course.tries = 6;
    verdict.class = NGX_GEMINI_SIGNATURE;

    tap_is_int(ngx_gemini_plan_next(&course, &order, &verdict, 0, 0, 0, 1000),
               NGX_GEMINI_STEP_ATTEMPT, "signatures of another model");
    tap_is_int(order.choices[0].slot, 1, ".. each is asked");
    tap_is_int(ngx_gemini_plan_next(&course, &order, &verdict, 0, 0, 1, 1000),
               NGX_GEMINI_STEP_RELAY, ".. once");
}


/* l: list, n: the answer names resources, a: may be asked of each project */

static void
ask_wish(const char *method, const char *uri, const char *flags,
    const char *args)
{
    char                got[4], *p;
    u_char              buf[NGX_GEMINI_URI_MAX];
    ngx_str_t           m, u;
    ngx_gemini_wish_t   wish;

    m.data = (u_char *) method;
    m.len = strlen(method);
    u.data = (u_char *) uri;
    u.len = strlen(uri);

    (void) ngx_gemini_request_parse(&wish, &m, &u, 0, buf);

    p = got;

    if (wish.list) {
        *p++ = 'l';
    }

    if (wish.names) {
        *p++ = 'n';
    }

    if (wish.ask) {
        *p++ = 'a';
    }

    *p = '\0';

    tap_is_str(got, flags, "%s %s", method, uri);

    if (args) {
        tap_is_mem(wish.args.data, wish.args.len, args,
                   ".. its arguments");
    }
}


static void
ask_url(const char *url, const char *result, const char *id)
{
    u_char      buf[256];
    ngx_int_t   rc;
    ngx_str_t   in, out, name, base;

    in.data = (u_char *) url;
    in.len = strlen(url);
    ngx_str_set(&base, "http://gw:1/p");

    rc = ngx_gemini_upload_url(&in, &base, buf, &out, &name);

    if (result == NULL) {
        tap_is_int(rc, NGX_ERROR, "%s", url);
        return;
    }

    tap_is_mem(out.data, out.len, result, "%s", url);
    tap_is_mem(name.data, name.len, id, ".. its id");
}


int
main(void)
{
    ask_projects();
    ask_models();

    ask_wish("POST", "/v1beta/models/m:generateContent", "a", NULL);
    ask_wish("POST", "/v1/models/m:countTokens", "a", NULL);
    ask_wish("POST", "/v1beta/models/m:predictLongRunning", "na", NULL);
    ask_wish("POST", "/v1beta/models/m:batchGenerateContent", "na", NULL);
    ask_wish("GET", "/v1beta/models", "", NULL);
    ask_wish("GET", "/v1beta/files/x", "na", NULL);
    ask_wish("DELETE", "/v1beta/files/x", "n", NULL);
    ask_wish("POST", "/v1beta/cachedContents", "na", NULL);
    ask_wish("PATCH", "/v1beta/cachedContents/x", "n", NULL);
    ask_wish("POST", "/v1beta/interactions", "na", NULL);
    ask_wish("DELETE", "/v1beta/interactions/x", "n", NULL);
    ask_wish("POST", "/upload/v1beta/files", "na", NULL);
    ask_wish("GET", "/ws/google.ai.generativelanguage.v1beta.Generative"
             "Service.BidiGenerateContent", "", NULL);
    ask_wish("GET", "/v1beta/files?pageSize=2&project=a&pageToken=t", "lna",
             "pageSize=2&pageToken=t");
    ask_wish("GET", "/v1beta/batches?project=a", "lna", "");
    ask_wish("GET", "/v1beta/files/x?project=a", "na", "project=a");

    ask_url("https://generativelanguage.googleapis.com/upload/v1beta/files"
            "?upload_id=ab&upload_protocol=resumable",
            "http://gw:1/p/upload/v1beta/files"
            "?upload_id=ab&upload_protocol=resumable", "ab");
    ask_url("https://x/upload/v1beta/files?key=K&upload_id=ab&$key=L",
            "http://gw:1/p/upload/v1beta/files?upload_id=ab", "ab");
    ask_url("https://x/upload/v1beta/files?key=K",
            "http://gw:1/p/upload/v1beta/files", "");
    ask_url("/upload/v1beta/files?key=K&upload_id=ab",
            "http://gw:1/p/upload/v1beta/files?upload_id=ab", "ab");
    ask_url("//x/upload/v1beta/files?key=K", "//x/upload/v1beta/files", "");
    ask_url("/other?key=K&a=b", "/other?a=b", "");
    ask_url("https://x/other?a=b&key=K", "https://x/other?a=b", "");
    ask_url("https://x/", "https://x/", "");
    ask_url("https://x", NULL, NULL);
    ask_url("upload_id=ab", NULL, NULL);
    ask_url("", NULL, NULL);

    return tap_done();
}
