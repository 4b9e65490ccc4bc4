
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_owner.h"
#include "ngx_http_gemini_upload.h"
#include "ngx_gemini_upload.h"


static ngx_uint_t ngx_http_gemini_upload_leads(const ngx_table_elt_t *h);
static ngx_int_t ngx_http_gemini_upload_rewrite(ngx_http_gemini_ctx_t *ctx,
    ngx_table_elt_t *h, ngx_str_t *base);
static ngx_int_t ngx_http_gemini_upload_base(ngx_http_gemini_ctx_t *ctx,
    ngx_str_t *base);


/* where to go on; Location is that of uploadType=resumable */

static const ngx_str_t  ngx_http_gemini_upload_names[] = {
    ngx_string("X-Goog-Upload-URL"),
    ngx_string("X-Goog-Upload-Control-URL"),
    ngx_string("Location"),
    ngx_null_string
};


ngx_int_t
ngx_http_gemini_upload_header(ngx_http_gemini_ctx_t *ctx,
    ngx_http_request_t *r)
{
    ngx_str_t         base;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    if (ctx->wish.surface != NGX_GEMINI_SURFACE_UPLOAD) {
        return NGX_OK;
    }

    ngx_str_null(&base);

    part = &r->headers_out.headers.part;
    h = part->elts;

    for (i = 0; /* void */ ; i++) {

        if (i >= part->nelts) {
            if (part->next == NULL) {
                break;
            }

            part = part->next;
            h = part->elts;
            i = 0;
        }

        if (h[i].hash == 0 || !ngx_http_gemini_upload_leads(&h[i])) {
            continue;
        }

        if (ngx_http_gemini_upload_rewrite(ctx, &h[i], &base) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_gemini_upload_leads(const ngx_table_elt_t *h)
{
    const ngx_str_t  *name;

    for (name = ngx_http_gemini_upload_names; name->len; name++) {

        if (h->key.len == name->len
            && ngx_strncasecmp(h->key.data, name->data, name->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_gemini_upload_rewrite(ngx_http_gemini_ctx_t *ctx, ngx_table_elt_t *h,
    ngx_str_t *base)
{
    u_char              *p;
    ngx_str_t            url, id;
    ngx_gemini_ref_t     ref;
    ngx_gemini_refs_t    refs;
    ngx_http_request_t  *r;

    r = ctx->request;

    if (base->len == 0
        && ngx_http_gemini_upload_base(ctx, base) != NGX_OK)
    {
        return NGX_ERROR;
    }

    p = ngx_pnalloc(r->pool, base->len + h->value.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    if (ngx_gemini_upload_url(&h->value, base, p, &url, &id) != NGX_OK) {

        /* who knows what it is: it may hold the key; HTTP/2 sends a Location
           without a hash, too, unless it is empty */

        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "upstream sent invalid header \"%V\"", &h->key);
        h->hash = 0;
        ngx_str_null(&h->value);
        return NGX_OK;
    }

    h->value = url;

    if (id.len == 0) {
        return NGX_OK;
    }

    ngx_memzero(&refs, sizeof(ngx_gemini_refs_t));

    refs.elts = &ref;
    refs.size = 1;

    if (ngx_gemini_refs_add(&refs, NGX_GEMINI_REF_UPLOAD, id.data, id.len)
        == NGX_OK)
    {
        ngx_http_gemini_owner_store(ctx, &refs);
    }

    return NGX_OK;
}


/* gemini_base, or as the client has reached us */

static ngx_int_t
ngx_http_gemini_upload_base(ngx_http_gemini_ctx_t *ctx, ngx_str_t *base)
{
    u_char                    *p;
    ngx_str_t                  host, scheme;
    ngx_http_request_t        *r;
    ngx_http_core_srv_conf_t  *cscf;

    r = ctx->request;

    if (ctx->conf->base) {

        if (ngx_http_complex_value(r, ctx->conf->base, base) != NGX_OK) {
            return NGX_ERROR;
        }

        while (base->len && base->data[base->len - 1] == '/') {
            base->len--;
        }

        if (base->len) {
            return NGX_OK;
        }
    }

    ngx_str_set(&scheme, "http://");

#if (NGX_HTTP_SSL)
    if (r->connection->ssl) {
        ngx_str_set(&scheme, "https://");
    }
#endif

    if (r->headers_in.host) {
        host = r->headers_in.host->value;

    } else {
        cscf = ngx_http_get_module_srv_conf(r, ngx_http_core_module);
        host = cscf->server_name;
    }

    base->len = scheme.len + host.len + ctx->wish.prefix.len;
    base->data = ngx_pnalloc(r->pool, base->len);

    if (base->data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(base->data, scheme.data, scheme.len);
    p = ngx_cpymem(p, host.data, host.len);
    ngx_memcpy(p, ctx->wish.prefix.data, ctx->wish.prefix.len);

    return NGX_OK;
}
