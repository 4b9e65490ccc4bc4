
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_http_gemini_origin.h"


static ngx_table_elt_t *ngx_http_gemini_origin_header(ngx_http_request_t *r,
    const char *name);
static ngx_uint_t ngx_http_gemini_origin_is(const ngx_str_t *value,
    const char *word);


ngx_uint_t
ngx_http_gemini_origin_foreign(ngx_http_request_t *r, ngx_str_t *origin)
{
    u_char           *p;
    ngx_str_t         host;
    ngx_table_elt_t  *h;

    h = ngx_http_gemini_origin_header(r, "sec-fetch-site");

    if (h != NULL) {
        *origin = h->value;

        return !ngx_http_gemini_origin_is(&h->value, "same-origin")
               && !ngx_http_gemini_origin_is(&h->value, "none");
    }

    h = ngx_http_gemini_origin_header(r, "origin");

    if (h == NULL) {
        return 0;
    }

    *origin = h->value;

    p = ngx_strlcasestrn(h->value.data, h->value.data + h->value.len,
                         (u_char *) "://", 3 - 1);

    if (p == NULL || r->headers_in.host == NULL) {
        return 1;
    }

    host.data = p + 3;
    host.len = h->value.data + h->value.len - host.data;

    return host.len != r->headers_in.host->value.len
           || ngx_strncasecmp(host.data, r->headers_in.host->value.data,
                              host.len)
              != 0;
}


static ngx_table_elt_t *
ngx_http_gemini_origin_header(ngx_http_request_t *r, const char *name)
{
    size_t            len;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    len = ngx_strlen(name);

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (h[i].key.len == len
                && ngx_strncasecmp(h[i].key.data, (u_char *) name, len) == 0)
            {
                return &h[i];
            }
        }
    }

    return NULL;
}


static ngx_uint_t
ngx_http_gemini_origin_is(const ngx_str_t *value, const char *word)
{
    return value->len == ngx_strlen(word)
           && ngx_strncmp(value->data, word, value->len) == 0;
}
