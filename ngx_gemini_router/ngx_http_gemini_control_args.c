
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Arguments of gemini_control, and what is wrong with them.
 */


#include "ngx_http_gemini_control.h"
#include "ngx_gemini_request.h"


/* names that an error lists at most */
#define NGX_HTTP_GEMINI_CONTROL_KNOWN  64

/* ten years, so that its end has four digits of a year */
#define NGX_HTTP_GEMINI_CONTROL_FOR    ((uint64_t) 3650 * NGX_GEMINI_DAY)


typedef struct {
    const char                    *name;
    ngx_gemini_scope_e             scope;
    const char                    *unknown;
} ngx_http_gemini_control_selector_t;


static ngx_int_t ngx_http_gemini_control_select(
    ngx_http_gemini_control_t *ct, const char *const *args);
static void ngx_http_gemini_control_key(ngx_http_request_t *r,
    ngx_str_t *value);
static ngx_int_t ngx_http_gemini_control_item(ngx_http_gemini_control_t *ct,
    const ngx_http_gemini_control_selector_t *selector, ngx_str_t *value);
static ngx_int_t ngx_http_gemini_control_unknown(
    ngx_http_gemini_control_t *ct,
    const ngx_http_gemini_control_selector_t *selector, ngx_str_t *value);
static ngx_int_t ngx_http_gemini_control_time(ngx_http_gemini_control_t *ct);
static ngx_int_t ngx_http_gemini_control_note(ngx_http_gemini_control_t *ct);
static ngx_int_t ngx_http_gemini_control_flags(ngx_http_gemini_control_t *ct);


static const ngx_http_gemini_control_selector_t
    ngx_http_gemini_control_selectors[] =
{
    { "key", NGX_GEMINI_SCOPE_KEY, "unknown key" },
    { "project", NGX_GEMINI_SCOPE_PROJECT, "unknown project" },
    { "account", NGX_GEMINI_SCOPE_ACCOUNT, "unknown account" },
    { "model", NGX_GEMINI_SCOPE_MODEL, "unknown model" },
    { "all", NGX_GEMINI_SCOPE_POOL, NULL },
    { NULL, NGX_GEMINI_SCOPE_NONE, NULL }
};


/* an argument with a slip in its name must not widen what is done */

ngx_int_t
ngx_http_gemini_control_known(ngx_http_gemini_control_t *ct,
    const char *const *args)
{
    u_char      *p, *last, *end;
    ngx_str_t    name;
    ngx_uint_t   i;

    p = ct->request->args.data;
    end = p + ct->request->args.len;

    for ( /* void */ ; p < end; p = last + 1) {

        last = ngx_strlchr(p, end, '&');
        last = (last == NULL) ? end : last;

        name.data = p;
        name.len = last - p;

        if (name.len == 0) {
            continue;
        }

        p = ngx_strlchr(p, last, '=');
        name.len = (p == NULL) ? name.len : (size_t) (p - name.data);

        for (i = 0; args[i]; i++) {
            if (ngx_http_gemini_control_is(&name, args[i])) {
                break;
            }
        }

        if (args[i] == NULL) {
            return ngx_http_gemini_control_refuse(ct, NGX_HTTP_BAD_REQUEST,
                                                  "unknown argument", &name,
                                                  args);
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_gemini_control_args(ngx_http_gemini_control_t *ct,
    const char *const *args)
{
    ngx_int_t  rc;

    rc = ngx_http_gemini_control_select(ct, args);

    if (rc == NGX_OK) {
        rc = ngx_http_gemini_control_time(ct);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_gemini_control_note(ct);
    }

    return (rc == NGX_OK) ? ngx_http_gemini_control_flags(ct) : rc;
}


/* exactly one of those that the action takes */

static ngx_int_t
ngx_http_gemini_control_select(ngx_http_gemini_control_t *ct,
    const char *const *args)
{
    ngx_str_t                                  value, found;
    const ngx_http_gemini_control_selector_t  *selector, *chosen;

    chosen = NULL;
    ngx_str_null(&found);

    for (selector = ngx_http_gemini_control_selectors;
         selector->name != NULL;
         selector++)
    {
        if (ngx_http_gemini_reply_arg(ct->request, selector->name, &value)
            != NGX_OK)
        {
            continue;
        }

        if (chosen != NULL) {
            return ngx_http_gemini_control_refuse(ct, NGX_HTTP_BAD_REQUEST,
                                                  "more than one selector",
                                                  &value, NULL);
        }

        if (selector->scope == NGX_GEMINI_SCOPE_KEY) {
            ngx_http_gemini_control_key(ct->request, &value);
        }

        chosen = selector;
        found = value;
    }

    if (chosen == NULL) {
        return ngx_http_gemini_control_refuse(ct, NGX_HTTP_BAD_REQUEST,
                                              "no selector", &found,
                                              args);
    }

    return ngx_http_gemini_control_item(ct, chosen, &found);
}


/* a label here; as it could be a client's secret it was taken out before */

static void
ngx_http_gemini_control_key(ngx_http_request_t *r, ngx_str_t *value)
{
    ngx_http_gemini_ctx_t  *ctx;

    ctx = ngx_http_gemini_ctx(r);

    if (ctx != NULL) {
        *value = ctx->arg_key;
    }
}


static ngx_int_t
ngx_http_gemini_control_item(ngx_http_gemini_control_t *ct,
    const ngx_http_gemini_control_selector_t *selector, ngx_str_t *value)
{
    ngx_str_t  name;

    if (selector->scope == NGX_GEMINI_SCOPE_POOL) {

        if (ngx_http_gemini_control_is(value, "1")) {
            return NGX_OK;
        }

        return ngx_http_gemini_control_refuse(ct, NGX_HTTP_BAD_REQUEST,
                                              "\"all=1\" expected", value,
                                              NULL);
    }

    name = *value;

    if (selector->scope == NGX_GEMINI_SCOPE_MODEL
        && ngx_gemini_request_model(value, &name) != NGX_OK)
    {
        name = *value;
    }

    if (ngx_gemini_operate_find(&ct->op, selector->scope, &name) == NGX_OK) {
        return NGX_OK;
    }

    return ngx_http_gemini_control_unknown(ct, selector, value);
}


static ngx_int_t
ngx_http_gemini_control_unknown(ngx_http_gemini_control_t *ct,
    const ngx_http_gemini_control_selector_t *selector, ngx_str_t *value)
{
    u_char           *p;
    uint32_t          i;
    const char       *known[NGX_HTTP_GEMINI_CONTROL_KNOWN + 1];
    const ngx_str_t  *label;

    for (i = 0; i < NGX_HTTP_GEMINI_CONTROL_KNOWN; i++) {
        label = ngx_gemini_operate_label(ct->op.gc, selector->scope, i);

        if (label == NULL) {
            break;
        }

        p = ngx_pnalloc(ct->request->pool, label->len + 1);
        if (p == NULL) {
            return NGX_ERROR;
        }

        (void) ngx_cpystrn(p, label->data, label->len + 1);

        known[i] = (const char *) p;
    }

    known[i] = NULL;

    return ngx_http_gemini_control_refuse(ct, NGX_HTTP_NOT_FOUND,
                                          selector->unknown, value, known);
}


static ngx_int_t
ngx_http_gemini_control_time(ngx_http_gemini_control_t *ct)
{
    ngx_int_t  ms;
    ngx_str_t  value;

    if (ngx_http_gemini_reply_arg(ct->request, "for", &value) != NGX_OK) {
        return NGX_OK;
    }

    ms = ngx_parse_time(&value, 0);

    if (ms == NGX_ERROR || ms == 0
        || (uint64_t) ms > NGX_HTTP_GEMINI_CONTROL_FOR)
    {
        return ngx_http_gemini_control_refuse(ct, NGX_HTTP_BAD_REQUEST,
                                              "invalid time, such as "
                                              "\"90s\", \"10m\", \"2h\" "
                                              "expected", &value, NULL);
    }

    ct->op.length = (uint64_t) ms;

    return NGX_OK;
}


static ngx_int_t
ngx_http_gemini_control_note(ngx_http_gemini_control_t *ct)
{
    size_t      i;
    ngx_str_t  *note;

    note = &ct->op.note;

    if (ngx_http_gemini_reply_arg(ct->request, "note", note) != NGX_OK) {
        return NGX_OK;
    }

    if (note->len > NGX_GEMINI_NOTE_MAX) {
        return ngx_http_gemini_control_refuse(ct, NGX_HTTP_BAD_REQUEST,
                                              "the note is longer than 64 "
                                              "bytes", note, NULL);
    }

    for (i = 0; i < note->len; i++) {

        if (note->data[i] < 0x20 || note->data[i] == 0x7f) {
            return ngx_http_gemini_control_refuse(ct, NGX_HTTP_BAD_REQUEST,
                                                  "the note has control "
                                                  "characters", note, NULL);
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_gemini_control_flags(ngx_http_gemini_control_t *ct)
{
    ngx_str_t  day, limits;

    (void) ngx_http_gemini_reply_arg(ct->request, "day", &day);
    (void) ngx_http_gemini_reply_arg(ct->request, "limits", &limits);

    ct->op.day = ngx_http_gemini_control_is(&day, "1");
    ct->op.limits = ngx_http_gemini_control_is(&limits, "1");

    return NGX_OK;
}


ngx_int_t
ngx_http_gemini_control_refuse(ngx_http_gemini_control_t *ct,
    ngx_uint_t status, const char *message, const ngx_str_t *value,
    const char *const *known)
{
    ngx_http_gemini_reply_error(&ct->reply, status, message, value, known);

    return NGX_DECLINED;
}


ngx_uint_t
ngx_http_gemini_control_is(const ngx_str_t *value, const char *word)
{
    return value->len == ngx_strlen(word)
           && ngx_strncmp(value->data, word, value->len) == 0;
}
