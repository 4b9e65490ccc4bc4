
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_upload.h"
#include "ngx_gemini_request.h"
#include "ngx_gemini_uri.h"


ngx_int_t
ngx_gemini_upload_url(const ngx_str_t *url, const ngx_str_t *base,
    u_char *dst, ngx_str_t *result, ngx_str_t *id)
{
    u_char                *p, *path, *end;
    ngx_str_t              args;
    ngx_uint_t             n;
    ngx_gemini_uri_arg_t   arg;

    ngx_str_null(id);

    end = url->data + url->len;

    /* behind "https://host", which proxy_redirect may have taken off */

    n = (url->len && url->data[0] == '/') ? 2 : 0;

    for (path = url->data; path < end; path++) {
        if (*path == '/' && ++n == 3) {
            break;
        }
    }

    if (n < 3) {
        return NGX_ERROR;
    }

    for (p = path; p < end && *p != '?'; p++) { /* void */ }

    args.data = (p < end) ? p + 1 : p;
    args.len = end - args.data;

    if (p - path > 8 && ngx_memcmp(path, "/upload/", 8) == 0) {
        result->data = dst;
        dst = ngx_cpymem(dst, base->data, base->len);
        dst = ngx_cpymem(dst, path, p - path);

    } else {
        result->data = dst;
        dst = ngx_cpymem(dst, url->data, p - url->data);
    }

    n = '?';

    while (ngx_gemini_uri_next(&args, &arg) == NGX_OK) {

        if (arg.whole.len == 0 || ngx_gemini_request_credential(&arg.name)) {
            continue;
        }

        if (ngx_gemini_uri_is(arg.name.data, arg.name.len, "upload_id")) {
            *id = arg.value;
        }

        *dst++ = (u_char) n;
        dst = ngx_cpymem(dst, arg.whole.data, arg.whole.len);
        n = '&';
    }

    result->len = dst - result->data;

    return NGX_OK;
}
