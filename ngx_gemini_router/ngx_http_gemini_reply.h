
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * An answer of our own, JSON unless another type is set, collected and then
 * sent whole.
 */


#ifndef _NGX_HTTP_GEMINI_REPLY_H_INCLUDED_
#define _NGX_HTTP_GEMINI_REPLY_H_INCLUDED_


#include "ngx_http_gemini_module.h"
#include "ngx_gemini_out.h"


typedef struct {
    ngx_http_request_t            *request;
    ngx_uint_t                     status;
    const char                    *type;       /* of content */
    ngx_gemini_out_t               out;        /* of out->data: the reply */
    ngx_chain_t                   *first;
    ngx_chain_t                   *last;
} ngx_http_gemini_reply_t;


ngx_int_t ngx_http_gemini_reply_init(ngx_http_gemini_reply_t *reply,
    ngx_http_request_t *r);

/* fills an error document; known, up to NULL: what value could have been */
void ngx_http_gemini_reply_error(ngx_http_gemini_reply_t *reply,
    ngx_uint_t status, const char *message, const ngx_str_t *value,
    const char *const *known);

/* a query argument, decoded; NGX_DECLINED: it is not there, value is empty */
ngx_int_t ngx_http_gemini_reply_arg(ngx_http_request_t *r, const char *name,
    ngx_str_t *value);

/* strings are used as long as the request */
ngx_int_t ngx_http_gemini_reply_header(ngx_http_gemini_reply_t *reply,
    const char *name, const char *value);

/* what to finalize the request with */
ngx_int_t ngx_http_gemini_reply_send(ngx_http_gemini_reply_t *reply);


#endif /* _NGX_HTTP_GEMINI_REPLY_H_INCLUDED_ */
