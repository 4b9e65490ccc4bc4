
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * "METHOD target": what is sent on must read like what was read, hold no
 * credential, and stay where it belongs; nothing secret survives redaction.
 */


#include "ngx_gemini_request.h"
#include "ngx_gemini_uri.h"

#include <stdlib.h>
#include <string.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_parse(const ngx_str_t *method, const ngx_str_t *uri,
    size_t prefix);
static void fuzz_again(const ngx_gemini_wish_t *wish,
    const ngx_str_t *method, u_char *p, size_t len);
static void fuzz_credentials(const ngx_str_t *args);
static void fuzz_redact(const ngx_str_t *uri);
static void fuzz_arg(const ngx_str_t *args);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ngx_str_t      method, uri;
    const u_char  *space;

    space = memchr(data, ' ', size);

    if (space == NULL) {
        return 0;
    }

    method.data = (u_char *) data;
    method.len = space - data;
    uri.data = (u_char *) space + 1;
    uri.len = size - method.len - 1;

    fuzz_parse(&method, &uri, 0);
    fuzz_parse(&method, &uri, uri.len / 4);
    fuzz_redact(&uri);
    fuzz_arg(&uri);

    return 0;
}


static void
fuzz_parse(const ngx_str_t *method, const ngx_str_t *uri, size_t prefix)
{
    u_char              *buf, *out;
    size_t               len;
    ngx_str_t            model, ready;
    ngx_gemini_wish_t    wish;

    buf = malloc(NGX_GEMINI_URI_MAX);
    out = malloc(NGX_GEMINI_URI_MAX * 3);

    if (ngx_gemini_request_parse(&wish, method, uri, prefix, buf) != NGX_OK) {
        goto done;
    }

    if (wish.model.len
        && wish.model.data != wish.path.data + wish.model_at)
    {
        abort();
    }

    fuzz_credentials(&wish.args);

    len = NGX_GEMINI_URI_MAX * 3;

    if (ngx_gemini_request_target(&wish, NULL, out, &len) != NGX_OK) {
        abort();
    }

    if (ngx_gemini_request_ready(&wish, NULL, &ready) == NGX_OK
        && (ready.len != len || memcmp(ready.data, out, len) != 0))
    {
        abort();
    }

    fuzz_again(&wish, method, out, len);

    model = wish.model;
    len = NGX_GEMINI_URI_MAX * 3;

    if (ngx_gemini_request_target(&wish, &model, out, &len) != NGX_OK) {
        abort();
    }

    fuzz_again(&wish, method, out, len);

    ngx_gemini_request_kind(&wish.model);
    ngx_gemini_request_kinds(wish.verb);

done:

    free(buf);
    free(out);
}


static void
fuzz_again(const ngx_gemini_wish_t *wish, const ngx_str_t *method, u_char *p,
    size_t len)
{
    u_char              *buf;
    ngx_str_t            uri;
    ngx_gemini_wish_t    again;

    uri.data = p;
    uri.len = len;

    if (len > NGX_GEMINI_URI_MAX) {
        return;
    }

    buf = malloc(NGX_GEMINI_URI_MAX);

    if (ngx_gemini_request_parse(&again, method, &uri, 0, buf) != NGX_OK
        || again.path.len != wish->path.len
        || memcmp(again.path.data, wish->path.data, wish->path.len) != 0
        || again.args.len != wish->args.len
        || memcmp(again.args.data, wish->args.data, wish->args.len) != 0
        || again.surface != wish->surface || again.family != wish->family
        || again.verb != wish->verb || again.known != wish->known
        || again.streams != wish->streams || again.array != wish->array
        || again.model_at != wish->model_at
        || again.model.len != wish->model.len)
    {
        abort();
    }

    free(buf);
}


static void
fuzz_credentials(const ngx_str_t *args)
{
    ngx_str_t              rest;
    ngx_gemini_uri_arg_t   arg;

    rest = *args;

    while (ngx_gemini_uri_next(&rest, &arg) == NGX_OK) {

        if (ngx_gemini_uri_is(arg.name.data, arg.name.len, "key")
            || ngx_gemini_uri_is(arg.name.data, arg.name.len, "access_token")
            || ngx_gemini_uri_is(arg.name.data, arg.name.len, "oauth_token"))
        {
            abort();
        }
    }
}


static void
fuzz_redact(const ngx_str_t *uri)
{
    u_char      *copy, *p;
    ngx_str_t    args, value;
    ngx_uint_t   i;

    copy = malloc(uri->len);
    memcpy(copy, uri->data, uri->len);

    ngx_gemini_request_redact(copy, uri->len);

    /* what a server would find as the key is nothing but x */

    p = memchr(copy, '?', uri->len);

    if (p != NULL) {
        args.data = p + 1;
        args.len = copy + uri->len - args.data;
        value.data = malloc(args.len + 1);

        if (memchr(args.data, ' ', args.len) == NULL
            && ngx_gemini_request_arg(&args, "key", value.data, args.len,
                                      &value) == NGX_OK)
        {
            for (i = 0; i < value.len; i++) {
                if (value.data[i] != 'x') {
                    abort();
                }
            }
        }

        free(value.data);
    }

    free(copy);
}


static void
fuzz_arg(const ngx_str_t *args)
{
    u_char     buf[16];
    ngx_str_t  value;

    ngx_gemini_request_arg(args, "alt", buf, sizeof(buf), &value);
    ngx_gemini_request_model(args, &value);
    ngx_gemini_request_kind(args);
}
