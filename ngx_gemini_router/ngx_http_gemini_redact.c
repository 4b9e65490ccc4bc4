
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_request.h"


static ngx_uint_t ngx_http_gemini_redact_suspect(ngx_str_t *args);
static u_char *ngx_http_gemini_redact_log(ngx_http_request_t *r,
    ngx_http_request_t *sr, u_char *buf, size_t len);


ngx_int_t
ngx_http_gemini_redact_handler(ngx_http_request_t *r)
{
    u_char                      *buf;
    ngx_http_gemini_ctx_t       *ctx;
    ngx_http_gemini_srv_conf_t  *gscf;

    gscf = ngx_http_get_module_srv_conf(r, ngx_http_gemini_router_module);

    if (!gscf->used || !ngx_http_gemini_redact_suspect(&r->args)) {
        return NGX_DECLINED;
    }

    ctx = ngx_http_gemini_ctx_create(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->uri.len = r->unparsed_uri.len;
    ctx->uri.data = ngx_pstrdup(r->pool, &r->unparsed_uri);

    ctx->args.len = r->args.len;
    ctx->args.data = ngx_pstrdup(r->pool, &r->args);

    buf = ngx_pnalloc(r->pool, 2 * NGX_GEMINI_SECRET_MAX);

    if (ctx->uri.data == NULL || ctx->args.data == NULL || buf == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    (void) ngx_gemini_request_arg(&ctx->args, "key", buf,
                                  NGX_GEMINI_SECRET_MAX, &ctx->arg_key);

    buf += NGX_GEMINI_SECRET_MAX;

    (void) ngx_gemini_request_arg(&ctx->args, "access_token", buf,
                                  NGX_GEMINI_SECRET_MAX, &ctx->arg_token);

    /* over HTTP/2 these are not one memory */

    (void) ngx_gemini_request_redact(r->unparsed_uri.data,
                                     r->unparsed_uri.len);
    (void) ngx_gemini_request_redact(r->request_line.data,
                                     r->request_line.len);
    (void) ngx_gemini_request_redact(r->args.data, r->args.len);

    ctx->log_handler = r->log_handler;
    r->log_handler = ngx_http_gemini_redact_log;

    return NGX_DECLINED;
}


/*
 * The arguments of what goes upstream, an upload_id, are left out where nginx
 * tells of the request in its error log.
 */

static u_char *
ngx_http_gemini_redact_log(ngx_http_request_t *r, ngx_http_request_t *sr,
    u_char *buf, size_t len)
{
    u_char                 *p;
    size_t                  n;
    ngx_str_t              *uri;
    ngx_http_gemini_ctx_t  *ctx;

    ctx = ngx_http_gemini_ctx(r);

    if (ctx == NULL || ctx->log_handler == NULL) {
        return buf;
    }

    if (sr->upstream == NULL) {
        return ctx->log_handler(r, sr, buf, len);
    }

    uri = &sr->upstream->uri;
    n = uri->len;
    p = n ? ngx_strlchr(uri->data, uri->data + n, '?') : NULL;

    if (p) {
        uri->len = p - uri->data;
    }

    p = ctx->log_handler(r, sr, buf, len);

    uri->len = n;

    return p;
}


/* a quick look: most arguments hold nothing to hide */

static ngx_uint_t
ngx_http_gemini_redact_suspect(ngx_str_t *args)
{
    if (args->len == 0) {
        return 0;
    }

    return ngx_strlchr(args->data, args->data + args->len, '%')
           || ngx_strnstr(args->data, "key", args->len)
           || ngx_strnstr(args->data, "token", args->len)
           || ngx_strnstr(args->data, "upload_id", args->len);
}
