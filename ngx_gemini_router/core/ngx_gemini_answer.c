
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_answer.h"
#include "ngx_gemini_fault.h"
#include "ngx_gemini_json.h"


#define NGX_GEMINI_ANSWER_TYPE  "type.googleapis.com/google.rpc."


/* what an HTTP status is called on each surface */

typedef struct {
    ngx_uint_t                 status;     /* this, or any of its hundred */
    const char                *native;     /* google.rpc.Code */
    const char                *openai;     /* type */
    const char                *word;       /* code of the Interactions API */
} ngx_gemini_answer_name_t;


typedef struct {
    ngx_gemini_out_t          *out;
    unsigned                   google:1;
    unsigned                   openai:1;
} ngx_gemini_answer_unwrap_t;


static const ngx_gemini_answer_name_t *ngx_gemini_answer_name(
    ngx_uint_t status);
static void ngx_gemini_answer_native(ngx_gemini_out_t *out,
    const ngx_gemini_error_t *error);
static void ngx_gemini_answer_details(ngx_gemini_out_t *out,
    const ngx_gemini_error_t *error);
static void ngx_gemini_answer_detail(ngx_gemini_out_t *out,
    const char *type);
static void ngx_gemini_answer_quota(ngx_gemini_out_t *out,
    const ngx_gemini_error_t *error);
static void ngx_gemini_answer_openai(ngx_gemini_out_t *out,
    const ngx_gemini_error_t *error, ngx_uint_t event);
static void ngx_gemini_answer_interactions(ngx_gemini_out_t *out,
    const ngx_gemini_error_t *error, ngx_uint_t event);
static ngx_int_t ngx_gemini_answer_look(void *data, const ngx_str_t *path,
    ngx_gemini_json_e type, const ngx_str_t *value);
static ngx_int_t ngx_gemini_answer_message(void *data, const ngx_str_t *path,
    ngx_gemini_json_e type, const ngx_str_t *value);
static ngx_uint_t ngx_gemini_answer_is(const ngx_str_t *path,
    const char *name);


static const ngx_gemini_answer_name_t  ngx_gemini_answer_names[] = {
    { 400, "INVALID_ARGUMENT", "invalid_request_error", "invalid_request" },
    { 401, "UNAUTHENTICATED", "authentication_error", "authentication" },
    { 402, "RESOURCE_EXHAUSTED", "insufficient_quota", "payment_required" },
    { 403, "PERMISSION_DENIED", "permission_error", "permission_denied" },
    { 404, "NOT_FOUND", "not_found_error", "not_found" },
    { 405, "UNIMPLEMENTED", "invalid_request_error", "invalid_request" },
    { 408, "DEADLINE_EXCEEDED", "timeout_error", "deadline_exceeded" },
    { 409, "ABORTED", "conflict_error", "aborted" },
    { 412, "FAILED_PRECONDITION", "invalid_request_error",
      "failed_precondition" },
    { 416, "OUT_OF_RANGE", "invalid_request_error", "out_of_range" },
    { 429, "RESOURCE_EXHAUSTED", "rate_limit_error", "rate_limit_exceeded" },
    { 499, "CANCELLED", "invalid_request_error", "cancelled" },
    { 500, "INTERNAL", "server_error", "api_error" },
    { 501, "UNIMPLEMENTED", "server_error", "unimplemented" },
    { 502, "UNAVAILABLE", "server_error", "service_unavailable" },
    { 503, "UNAVAILABLE", "server_error", "service_unavailable" },
    { 504, "DEADLINE_EXCEEDED", "server_error", "deadline_exceeded" },
    { 0, "UNKNOWN", "server_error", "api_error" }
};


const char *
ngx_gemini_answer_status(ngx_uint_t status)
{
    return ngx_gemini_answer_name(status)->native;
}


static const ngx_gemini_answer_name_t *
ngx_gemini_answer_name(ngx_uint_t status)
{
    const ngx_gemini_answer_name_t  *name;

    for ( ;; ) {

        for (name = ngx_gemini_answer_names; name->status; name++) {
            if (name->status == status) {
                return name;
            }
        }

        if (status < 400 || status > 599 || status % 100 == 0) {
            return name;
        }

        /* as the first of its hundred, as HTTP has it */
        status -= status % 100;
    }
}


ngx_uint_t
ngx_gemini_answer_retry_after(uint64_t ms)
{
    return (ms <= 1000) ? 1 : (ms - 1) / 1000 + 1;
}


void
ngx_gemini_answer_error(ngx_gemini_out_t *out,
    const ngx_gemini_error_t *error)
{
    switch (error->surface) {

    case NGX_GEMINI_SURFACE_OPENAI:
        ngx_gemini_answer_openai(out, error, 0);
        break;

    case NGX_GEMINI_SURFACE_INTERACTIONS:
        ngx_gemini_answer_interactions(out, error, 0);
        break;

    default:

        if (error->array) {
            ngx_gemini_out_open(out, NULL, '[');
        }

        ngx_gemini_answer_native(out, error);

        if (error->array) {
            ngx_gemini_out_close(out, ']');
        }
    }

    ngx_gemini_out_cstr(out, "\n");
}


/* "error" stands first: python-genai looks for it there, 7.4 */

static void
ngx_gemini_answer_native(ngx_gemini_out_t *out,
    const ngx_gemini_error_t *error)
{
    ngx_gemini_out_open(out, NULL, '{');
    ngx_gemini_out_open(out, "error", '{');

    ngx_gemini_out_kuint(out, "code", error->status);
    ngx_gemini_out_kstr(out, "message", error->message.data,
                        error->message.len);
    ngx_gemini_out_kcstr(out, "status",
                         ngx_gemini_answer_status(error->status));

    ngx_gemini_answer_details(out, error);

    ngx_gemini_out_close(out, '}');
    ngx_gemini_out_close(out, '}');
}


static void
ngx_gemini_answer_details(ngx_gemini_out_t *out,
    const ngx_gemini_error_t *error)
{
    ngx_gemini_out_open(out, "details", '[');

    if (error->reason) {
        ngx_gemini_answer_detail(out, NGX_GEMINI_ANSWER_TYPE "ErrorInfo");
        ngx_gemini_out_kcstr(out, "reason", error->reason);
        ngx_gemini_out_kcstr(out, "domain", "ngx_gemini_router");
        ngx_gemini_out_close(out, '}');
    }

    if (error->day) {
        ngx_gemini_answer_quota(out, error);
    }

    if (error->retry) {
        ngx_gemini_answer_detail(out, NGX_GEMINI_ANSWER_TYPE "RetryInfo");
        ngx_gemini_out_key(out, "retryDelay");
        ngx_gemini_out_cstr(out, "\"");
        ngx_gemini_out_uint(out,
                            ngx_gemini_answer_retry_after(error->retry));
        ngx_gemini_out_cstr(out, "s\"");
        ngx_gemini_out_close(out, '}');
    }

    ngx_gemini_out_close(out, ']');
}


static void
ngx_gemini_answer_detail(ngx_gemini_out_t *out, const char *type)
{
    ngx_gemini_out_open(out, NULL, '{');
    ngx_gemini_out_kcstr(out, "@type", type);
}


static void
ngx_gemini_answer_quota(ngx_gemini_out_t *out,
    const ngx_gemini_error_t *error)
{
    ngx_gemini_answer_detail(out, NGX_GEMINI_ANSWER_TYPE "QuotaFailure");

    ngx_gemini_out_open(out, "violations", '[');
    ngx_gemini_out_open(out, NULL, '{');

    ngx_gemini_out_kcstr(out, "quotaId",
                         "GenerateRequestsPerDayPerProjectPerModel");

    if (error->model.len) {
        ngx_gemini_out_open(out, "quotaDimensions", '{');
        ngx_gemini_out_kstr(out, "model", error->model.data,
                            error->model.len);
        ngx_gemini_out_close(out, '}');
    }

    ngx_gemini_out_close(out, '}');
    ngx_gemini_out_close(out, ']');
    ngx_gemini_out_close(out, '}');
}


/* in a stream the code is a number, 7.4 */

static void
ngx_gemini_answer_openai(ngx_gemini_out_t *out,
    const ngx_gemini_error_t *error, ngx_uint_t event)
{
    ngx_gemini_out_open(out, NULL, '{');
    ngx_gemini_out_open(out, "error", '{');

    ngx_gemini_out_kstr(out, "message", error->message.data,
                        error->message.len);
    ngx_gemini_out_kcstr(out, "type",
                         ngx_gemini_answer_name(error->status)->openai);

    if (event) {
        ngx_gemini_out_kuint(out, "code", error->status);

    } else {
        ngx_gemini_out_kcstr(out, "code", error->reason ? error->reason
                                   : ngx_gemini_answer_status(error->status));
    }

    ngx_gemini_out_knull(out, "param");

    ngx_gemini_out_close(out, '}');
    ngx_gemini_out_close(out, '}');
}


static void
ngx_gemini_answer_interactions(ngx_gemini_out_t *out,
    const ngx_gemini_error_t *error, ngx_uint_t event)
{
    const char  *word;

    word = ngx_gemini_answer_name(error->status)->word;

    if (error->status == 429 && error->day) {
        word = "quota_exceeded";
    }

    ngx_gemini_out_open(out, NULL, '{');

    if (event) {
        ngx_gemini_out_kcstr(out, "event_type", "error");
    }

    ngx_gemini_out_open(out, "error", '{');

    ngx_gemini_out_kcstr(out, "code", word);
    ngx_gemini_out_kstr(out, "message", error->message.data,
                        error->message.len);

    ngx_gemini_out_close(out, '}');
    ngx_gemini_out_close(out, '}');
}


void
ngx_gemini_answer_event(ngx_gemini_out_t *out,
    const ngx_gemini_error_t *error, ngx_uint_t go)
{
    switch (error->surface) {

    case NGX_GEMINI_SURFACE_OPENAI:
        ngx_gemini_out_cstr(out, "data: ");
        ngx_gemini_answer_openai(out, error, 1);
        ngx_gemini_out_cstr(out, "\n\n");
        break;

    case NGX_GEMINI_SURFACE_INTERACTIONS:
        ngx_gemini_out_cstr(out, "event: error\ndata: ");
        ngx_gemini_answer_interactions(out, error, 1);
        ngx_gemini_out_cstr(out, "\n\n");
        break;

    default:

        if (!go) {
            ngx_gemini_out_cstr(out, "data: ");
        }

        ngx_gemini_answer_native(out, error);
        ngx_gemini_out_cstr(out, "\r\n\r\n");
    }
}


ngx_int_t
ngx_gemini_answer_unwrap(ngx_gemini_out_t *out, const u_char *p, size_t len)
{
    ngx_uint_t                   status;
    const u_char                *last;
    ngx_gemini_fault_t           fault;
    ngx_gemini_answer_unwrap_t   unwrap;

    ngx_gemini_fault_read(&fault, p, len);

    last = p + len;
    p = ngx_gemini_fault_skip(p, last);

    ngx_memzero(&unwrap, sizeof(ngx_gemini_answer_unwrap_t));
    unwrap.out = out;

    /* only what is whole is ours to rewrite */

    if (!fault.found
        || ngx_gemini_json_read(p, last - p, ngx_gemini_answer_look, &unwrap)
           != NGX_OK
        || (!fault.array && (!unwrap.google || unwrap.openai)))
    {
        return NGX_DECLINED;
    }

    status = (fault.code > 0) ? (ngx_uint_t) fault.code : 0;

    ngx_gemini_out_open(out, NULL, '{');
    ngx_gemini_out_open(out, "error", '{');

    ngx_gemini_out_key(out, "message");

    if (ngx_gemini_json_read(p, last - p, ngx_gemini_answer_message, out)
        != NGX_DONE)
    {
        ngx_gemini_out_cstr(out, "\"\"");
    }

    ngx_gemini_out_kcstr(out, "type", ngx_gemini_answer_name(status)->openai);
    ngx_gemini_out_kcstr(out, "code",
                         fault.status[0] ? (const char *) fault.status
                                         : ngx_gemini_answer_status(status));
    ngx_gemini_out_knull(out, "param");

    ngx_gemini_out_close(out, '}');
    ngx_gemini_out_close(out, '}');
    ngx_gemini_out_cstr(out, "\n");

    return NGX_OK;
}


/* whose shape it is */

static ngx_int_t
ngx_gemini_answer_look(void *data, const ngx_str_t *path,
    ngx_gemini_json_e type, const ngx_str_t *value)
{
    ngx_gemini_answer_unwrap_t *unwrap = data;

    if (ngx_gemini_answer_is(path, "error.status")) {
        unwrap->google = 1;
    }

    if (ngx_gemini_answer_is(path, "error.type")
        || ngx_gemini_answer_is(path, "error.param"))
    {
        unwrap->openai = 1;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_gemini_answer_message(void *data, const ngx_str_t *path,
    ngx_gemini_json_e type, const ngx_str_t *value)
{
    ngx_gemini_out_t *out = data;

    if (type != NGX_GEMINI_JSON_STRING
        || (!ngx_gemini_answer_is(path, "error.message")
            && !ngx_gemini_answer_is(path, "[].error.message")))
    {
        return NGX_OK;
    }

    ngx_gemini_out_string(out, value->data, value->len);

    return NGX_DONE;
}


static ngx_uint_t
ngx_gemini_answer_is(const ngx_str_t *path, const char *name)
{
    return path->len == ngx_strlen(name)
           && ngx_strncmp(path->data, name, path->len) == 0;
}
