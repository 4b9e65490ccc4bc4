
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * gemini_control: what an operator asks of a pool, by POST.
 */


#ifndef _NGX_HTTP_GEMINI_CONTROL_H_INCLUDED_
#define _NGX_HTTP_GEMINI_CONTROL_H_INCLUDED_


#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_reply.h"
#include "ngx_gemini_operate.h"


/* one call */

typedef struct {
    ngx_http_request_t            *request;
    ngx_http_gemini_pool_conf_t   *pool;
    ngx_http_gemini_reply_t        reply;
    ngx_gemini_operate_t           op;
} ngx_http_gemini_control_t;


ngx_int_t ngx_http_gemini_control_handler(ngx_http_request_t *r);

/*
 * ngx_http_gemini_control_args.c: args are the names that the action knows.
 * NGX_DECLINED: the answer is an error, and is written.
 */
ngx_int_t ngx_http_gemini_control_known(ngx_http_gemini_control_t *ct,
    const char *const *args);
ngx_int_t ngx_http_gemini_control_args(ngx_http_gemini_control_t *ct,
    const char *const *args);
ngx_int_t ngx_http_gemini_control_refuse(ngx_http_gemini_control_t *ct,
    ngx_uint_t status, const char *message, const ngx_str_t *value,
    const char *const *known);
ngx_uint_t ngx_http_gemini_control_is(const ngx_str_t *value,
    const char *word);


#endif /* _NGX_HTTP_GEMINI_CONTROL_H_INCLUDED_ */
