
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_http_gemini_reply.h"


#define NGX_HTTP_GEMINI_REPLY_BUF  16384


static ngx_int_t ngx_http_gemini_reply_grow(ngx_gemini_out_t *out);
static void ngx_http_gemini_reply_type(ngx_http_gemini_reply_t *reply);


ngx_int_t
ngx_http_gemini_reply_init(ngx_http_gemini_reply_t *reply,
    ngx_http_request_t *r)
{
    ngx_memzero(reply, sizeof(ngx_http_gemini_reply_t));

    reply->request = r;
    reply->status = NGX_HTTP_OK;
    reply->type = "application/json";

    ngx_gemini_out_init(&reply->out, NULL, 0);

    reply->out.grow = ngx_http_gemini_reply_grow;
    reply->out.data = reply;

    return ngx_http_gemini_reply_grow(&reply->out);
}


/* hangs another buffer on the chain */

static ngx_int_t
ngx_http_gemini_reply_grow(ngx_gemini_out_t *out)
{
    ngx_buf_t                *b;
    ngx_chain_t              *cl;
    ngx_http_gemini_reply_t  *reply;

    reply = out->data;

    cl = ngx_alloc_chain_link(reply->request->pool);
    if (cl == NULL) {
        return NGX_ERROR;
    }

    b = ngx_create_temp_buf(reply->request->pool, NGX_HTTP_GEMINI_REPLY_BUF);
    if (b == NULL) {
        return NGX_ERROR;
    }

    cl->buf = b;
    cl->next = NULL;

    if (reply->last) {
        reply->last->buf->last = out->pos;
        reply->last->next = cl;

    } else {
        reply->first = cl;
    }

    reply->last = cl;

    out->pos = b->last;
    out->end = b->end;

    return NGX_OK;
}


void
ngx_http_gemini_reply_error(ngx_http_gemini_reply_t *reply,
    ngx_uint_t status, const char *message, const ngx_str_t *value,
    const char *const *known)
{
    ngx_gemini_out_t  *out;

    reply->status = status;
    out = &reply->out;

    ngx_gemini_out_open(out, NULL, '{');
    ngx_gemini_out_open(out, "error", '{');
    ngx_gemini_out_kuint(out, "code", status);
    ngx_gemini_out_kcstr(out, "message", message);
    ngx_gemini_out_kstr(out, "value", value->data, value->len);

    if (known) {
        ngx_gemini_out_open(out, "known", '[');

        while (*known) {
            ngx_gemini_out_kcstr(out, NULL, *known++);
        }

        ngx_gemini_out_close(out, ']');
    }

    ngx_gemini_out_close(out, '}');
    ngx_gemini_out_close(out, '}');
    ngx_gemini_out_cstr(out, "\n");
}


ngx_int_t
ngx_http_gemini_reply_arg(ngx_http_request_t *r, const char *name,
    ngx_str_t *value)
{
    u_char     *dst, *src;
    ngx_str_t   raw;

    ngx_str_null(value);

    if (ngx_http_arg(r, (u_char *) name, ngx_strlen(name), &raw) != NGX_OK) {
        return NGX_DECLINED;
    }

    src = raw.data;
    dst = ngx_pnalloc(r->pool, raw.len + 1);

    if (dst == NULL) {
        return NGX_DECLINED;
    }

    value->data = dst;

    ngx_unescape_uri(&dst, &src, raw.len, 0);

    value->len = dst - value->data;

    return NGX_OK;
}


ngx_int_t
ngx_http_gemini_reply_header(ngx_http_gemini_reply_t *reply,
    const char *name, const char *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&reply->request->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
    h->key.data = (u_char *) name;
    h->key.len = ngx_strlen(name);
    h->value.data = (u_char *) value;
    h->value.len = ngx_strlen(value);
    ngx_http_gemini_header_end(h);

    return NGX_OK;
}


ngx_int_t
ngx_http_gemini_reply_send(ngx_http_gemini_reply_t *reply)
{
    off_t                length;
    ngx_int_t            rc;
    ngx_chain_t         *cl;
    ngx_http_request_t  *r;

    r = reply->request;

    if (reply->out.failed) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    reply->last->buf->last = reply->out.pos;
    reply->last->buf->last_buf = (r == r->main);
    reply->last->buf->last_in_chain = 1;

    length = 0;

    for (cl = reply->first; cl; cl = cl->next) {
        length += ngx_buf_size(cl->buf);
    }

    r->headers_out.status = reply->status;
    r->headers_out.content_length_n = length;

    ngx_http_gemini_reply_type(reply);

    if (ngx_http_gemini_reply_header(reply, "Cache-Control", "no-store")
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    return ngx_http_output_filter(r, reply->first);
}


/* lists of types are compared with what stands before the parameters */

static void
ngx_http_gemini_reply_type(ngx_http_gemini_reply_t *reply)
{
    ngx_str_t           *type;
    ngx_http_request_t  *r;

    r = reply->request;
    type = &r->headers_out.content_type;

    type->data = (u_char *) reply->type;
    type->len = ngx_strlen(reply->type);

    r->headers_out.content_type_len = strcspn(reply->type, ";");
}
