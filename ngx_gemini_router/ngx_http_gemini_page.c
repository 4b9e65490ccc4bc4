
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_http_gemini_page.h"
#include "ngx_http_gemini_reply.h"


#define NGX_HTTP_GEMINI_PAGE_BUFS  3


typedef struct {
    const char                    *name;
    const char                    *value;
} ngx_http_gemini_page_header_t;


static ngx_int_t ngx_http_gemini_page_headers(ngx_http_request_t *r);
static ngx_int_t ngx_http_gemini_page_escape(ngx_pool_t *pool,
    ngx_str_t *dst, ngx_str_t *src);
static ngx_chain_t *ngx_http_gemini_page_chain(ngx_http_request_t *r,
    ngx_str_t *text);


static const ngx_http_gemini_page_header_t
    ngx_http_gemini_page_header[] =
{
    { "Content-Security-Policy", ngx_http_gemini_page_policy },
    { "X-Content-Type-Options", "nosniff" },
    { "X-Frame-Options", "DENY" },
    { "Referrer-Policy", "no-referrer" },
    { "Cross-Origin-Opener-Policy", "same-origin" },
    { "Cross-Origin-Resource-Policy", "same-origin" },
    { "Cache-Control", "no-store" },
    { NULL, NULL }
};


ngx_int_t
ngx_http_gemini_page_send(ngx_http_request_t *r, ngx_str_t *control)
{
    ngx_int_t     rc;
    ngx_str_t     text[NGX_HTTP_GEMINI_PAGE_BUFS];
    ngx_chain_t  *out;

    text[0].data = (u_char *) ngx_http_gemini_page_head;
    text[0].len = ngx_http_gemini_page_head_len;
    text[2].data = (u_char *) ngx_http_gemini_page_tail;
    text[2].len = ngx_http_gemini_page_tail_len;

    if (ngx_http_gemini_page_escape(r->pool, &text[1], control) != NGX_OK
        || ngx_http_gemini_page_headers(r) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    out = ngx_http_gemini_page_chain(r, text);

    if (out == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = text[0].len + text[1].len
                                      + text[2].len;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    return ngx_http_output_filter(r, out);
}


static ngx_int_t
ngx_http_gemini_page_headers(ngx_http_request_t *r)
{
    ngx_http_gemini_reply_t               reply;
    const ngx_http_gemini_page_header_t  *header;

    ngx_str_set(&r->headers_out.content_type, "text/html");
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    ngx_str_set(&r->headers_out.charset, "utf-8");

    ngx_memzero(&reply, sizeof(ngx_http_gemini_reply_t));
    reply.request = r;

    for (header = ngx_http_gemini_page_header; header->name; header++) {

        if (ngx_http_gemini_reply_header(&reply, header->name, header->value)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* for the value of an attribute in double quotes */

static ngx_int_t
ngx_http_gemini_page_escape(ngx_pool_t *pool, ngx_str_t *dst, ngx_str_t *src)
{
    u_char  *last;

    dst->len = src->len + ngx_escape_html(NULL, src->data, src->len);
    dst->data = ngx_pnalloc(pool, dst->len + 1);

    if (dst->data == NULL) {
        return NGX_ERROR;
    }

    last = (u_char *) ngx_escape_html(dst->data, src->data, src->len);

    return (last == dst->data + dst->len) ? NGX_OK : NGX_ERROR;
}


/* what is empty is left out: buffers of no bytes are an alert */

static ngx_chain_t *
ngx_http_gemini_page_chain(ngx_http_request_t *r, ngx_str_t *text)
{
    ngx_buf_t    *b;
    ngx_uint_t    i;
    ngx_chain_t  *cl, *out, **next;

    b = NULL;
    out = NULL;
    next = &out;

    for (i = 0; i < NGX_HTTP_GEMINI_PAGE_BUFS; i++) {

        if (text[i].len == 0) {
            continue;
        }

        cl = ngx_alloc_chain_link(r->pool);
        b = ngx_calloc_buf(r->pool);

        if (cl == NULL || b == NULL) {
            return NULL;
        }

        b->pos = text[i].data;
        b->last = b->pos + text[i].len;
        b->memory = 1;

        cl->buf = b;
        *next = cl;
        next = &cl->next;
    }

    *next = NULL;
    b->last_buf = (r == r->main);
    b->last_in_chain = 1;

    return out;
}
