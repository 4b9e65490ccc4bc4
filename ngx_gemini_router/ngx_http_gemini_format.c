
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_http_gemini_format.h"
#include "ngx_http_gemini_reply.h"


static ngx_gemini_format_e ngx_http_gemini_format_accept(
    ngx_http_request_t *r);


ngx_int_t
ngx_http_gemini_format(ngx_http_request_t *r,
    ngx_http_gemini_format_t *format)
{
    (void) ngx_http_gemini_reply_arg(r, "format", &format->name);

    if (format->name.len == 0) {
        format->format = ngx_http_gemini_format_accept(r);
        return NGX_OK;
    }

    format->format = ngx_gemini_accept_name(&format->name);

    return (format->format == NGX_GEMINI_FORMATS) ? NGX_DECLINED : NGX_OK;
}


static ngx_gemini_format_e
ngx_http_gemini_format_accept(ngx_http_request_t *r)
{
    ngx_uint_t            i;
    ngx_list_part_t      *part;
    ngx_table_elt_t      *h;
    ngx_gemini_accept_t   accept;

    ngx_memzero(&accept, sizeof(ngx_gemini_accept_t));

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (h[i].key.len == sizeof("Accept") - 1
                && ngx_strncasecmp(h[i].key.data, (u_char *) "Accept",
                                   sizeof("Accept") - 1)
                   == 0)
            {
                ngx_gemini_accept_add(&accept, &h[i].value);
            }
        }
    }

    return ngx_gemini_accept_best(&accept);
}
