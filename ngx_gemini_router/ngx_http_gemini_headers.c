
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_attempt.h"


static ngx_table_elt_t *ngx_http_gemini_headers_push(
    ngx_http_gemini_ctx_t *ctx, const char *key, const char *low,
    size_t len);
static ngx_int_t ngx_http_gemini_headers_secret(ngx_http_gemini_ctx_t *ctx,
    uint32_t key);
static ngx_uint_t ngx_http_gemini_headers_drop(ngx_table_elt_t *h,
    ngx_table_elt_t *connection, ngx_uint_t live);


/*
 * What does not go upstream: credentials of the client, headers of the hop,
 * what would make it another request than the one that was looked at, and
 * what would tell Google whom we serve; gemini-api.md 2.1, 8.  By length, the
 * names of one length one after another.
 */

static const char  *ngx_http_gemini_dropped[] = {
    "",
    "",
    "te",
    "via",
    "",
    "",
    "cookie" "expect" "origin",
    "api-key" "referer" "trailer" "upgrade",
    "",
    "forwarded" "x-api-key" "x-real-ip",
    "connection" "keep-alive",
    "",
    "",
    "authorization" "x-http-method",
    "openai-project" "x-goog-api-key",
    "accept-encoding",
    "proxy-connection" "x-server-timeout",
    "transfer-encoding" "x-method-override",
    "",
    "openai-organization" "proxy-authorization" "x-goog-user-project",
    "",
    "",
    "x-http-method-override"
};


ngx_int_t
ngx_http_gemini_attempt_headers(ngx_http_gemini_ctx_t *ctx, ngx_uint_t live)
{
    ngx_uint_t           i;
    ngx_list_part_t     *part;
    ngx_table_elt_t     *h, *header;
    ngx_http_request_t  *r;

    r = ctx->request;
    part = &r->headers_in.headers.part;
    header = part->elts;

    if (ngx_list_init(&ctx->headers, r->pool, part->nelts + 3,
                      sizeof(ngx_table_elt_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (i = 0; /* void */ ; i++) {

        if (i >= part->nelts) {
            if (part->next == NULL) {
                break;
            }

            part = part->next;
            header = part->elts;
            i = 0;
        }

        if (ngx_http_gemini_headers_drop(&header[i], ctx->connection, live)) {
            continue;
        }

        h = ngx_list_push(&ctx->headers);
        if (h == NULL) {
            return NGX_ERROR;
        }

        *h = header[i];
        ngx_http_gemini_header_end(h);
    }

    h = ngx_http_gemini_headers_push(ctx, "Accept-Encoding",
                                     "accept-encoding",
                                     sizeof("Accept-Encoding") - 1);
    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_str_set(&h->value, "identity");

    if (ctx->deadline) {
        ctx->timeout = ngx_http_gemini_headers_push(ctx, "X-Server-Timeout",
                                              "x-server-timeout",
                                              sizeof("X-Server-Timeout") - 1);
        if (ctx->timeout == NULL) {
            return NGX_ERROR;
        }
    }

    /* a token of a query stays there */

    if (ctx->token.len && ctx->arg_token.len) {
        return NGX_OK;
    }

    if (ctx->token.len || ctx->wish.surface == NGX_GEMINI_SURFACE_OPENAI) {
        ctx->credential = ngx_http_gemini_headers_push(ctx, "Authorization",
                                                 "authorization",
                                                 sizeof("Authorization") - 1);

    } else {
        ctx->credential = ngx_http_gemini_headers_push(ctx, "x-goog-api-key",
                                                "x-goog-api-key",
                                                sizeof("x-goog-api-key") - 1);
    }

    return ctx->credential ? NGX_OK : NGX_ERROR;
}


static ngx_table_elt_t *
ngx_http_gemini_headers_push(ngx_http_gemini_ctx_t *ctx, const char *key,
    const char *low, size_t len)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&ctx->headers);
    if (h == NULL) {
        return NULL;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

    h->hash = 1;
    h->key.data = (u_char *) key;
    h->key.len = len;
    h->lowcase_key = (u_char *) low;

    return h;
}


static ngx_uint_t
ngx_http_gemini_headers_drop(ngx_table_elt_t *h, ngx_table_elt_t *connection,
    ngx_uint_t live)
{
    u_char      *p, *key;
    size_t       len;
    const char  *name;

    len = h->key.len;
    key = h->lowcase_key;

    if (len > 12 && ngx_memcmp(key, "x-forwarded-", 12) == 0) {
        return 1;
    }

    if (len < sizeof(ngx_http_gemini_dropped) / sizeof(char *)) {

        for (name = ngx_http_gemini_dropped[len]; *name; name += len) {

            if (name[0] == (char) key[0] && ngx_memcmp(name, key, len) == 0) {

                /* the handshake of a WebSocket is the location's business */

                return !(live && name[0] == 'u');
            }
        }
    }

    /* a header that Connection names belongs to the hop */

    if (connection == NULL || len > connection->value.len) {
        return 0;
    }

    p = ngx_strlcasestrn(connection->value.data,
                         connection->value.data + connection->value.len,
                         key, len - 1);

    return p && p[len - 1] != '-' && p[len] != '-'
           && (p == connection->value.data || p[-1] == ' ' || p[-1] == ',');
}


ngx_int_t
ngx_http_gemini_attempt_credential(ngx_http_gemini_ctx_t *ctx, uint32_t key)
{
    u_char   *p;
    int64_t   left;

    if (ngx_http_gemini_headers_secret(ctx, key) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ctx->timeout) {
        p = ngx_pnalloc(ctx->request->pool, NGX_INT64_LEN);
        if (p == NULL) {
            return NGX_ERROR;
        }

        left = (int64_t) (ctx->course->deadline - ngx_http_gemini_now());
        left = (left > 0) ? (left + 999) / 1000 : 1;

        ctx->timeout->value.data = p;
        ctx->timeout->value.len = ngx_sprintf(p, "%L", left) - p;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_gemini_headers_secret(ngx_http_gemini_ctx_t *ctx, uint32_t key)
{
    u_char      *p;
    ngx_str_t   *secret, scheme;

    secret = ctx->token.len ? &ctx->token : &ctx->pool->secrets[key];

    if (ctx->token.len && ctx->arg_token.len) {
        return NGX_OK;
    }

    if (ctx->token.len) {
        ngx_str_set(&scheme, "Token ");

    } else if (ctx->wish.surface == NGX_GEMINI_SURFACE_OPENAI) {
        ngx_str_set(&scheme, "Bearer ");

    } else {
        ctx->credential->value = *secret;
        return NGX_OK;
    }

    p = ngx_pnalloc(ctx->request->pool, scheme.len + secret->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ctx->credential->value.data = p;
    p = ngx_cpymem(p, scheme.data, scheme.len);
    p = ngx_cpymem(p, secret->data, secret->len);
    ctx->credential->value.len = p - ctx->credential->value.data;

    return NGX_OK;
}


ngx_int_t
ngx_http_gemini_attempt_target(ngx_http_gemini_ctx_t *ctx,
    const ngx_str_t *model, ngx_str_t *target)
{
    size_t      len;
    u_char     *p;
    ngx_str_t   token;

    ngx_str_null(&token);

    if (ctx->token.len) {
        token = ctx->arg_token;
    }

    /* what gemini_select has sent is redacted at the end */

    if (token.len == 0 && !ctx->select
        && ngx_gemini_request_ready(&ctx->wish, model, target) == NGX_OK)
    {
        return NGX_OK;
    }

    /* a byte may become three */

    len = 3 * (ctx->wish.path.len + model->len + token.len)
          + ctx->wish.args.len + sizeof("?access_token=") + 32;

    target->data = ngx_pnalloc(ctx->request->pool, len);
    if (target->data == NULL) {
        return NGX_ERROR;
    }

    if (ngx_gemini_request_target(&ctx->wish,
                                  ctx->wish.model.len ? model : NULL,
                                  target->data, &len)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    target->len = len;

    if (token.len) {
        p = target->data + len;
        *p++ = ctx->wish.args.len ? '&' : '?';
        p = ngx_cpymem(p, "access_token=", sizeof("access_token=") - 1);
        p = (u_char *) ngx_escape_uri(p, token.data, token.len,
                                      NGX_ESCAPE_URI_COMPONENT);
        target->len = p - target->data;
    }

    return NGX_OK;
}
