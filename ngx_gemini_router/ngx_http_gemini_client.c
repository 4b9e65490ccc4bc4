
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_client.h"


static ngx_table_elt_t *ngx_http_gemini_client_header(
    ngx_http_request_t *r, const char *name, size_t len);


/* x-goog-api-key, else Bearer, else api-key, else ?key=, else ephemeral */

ngx_int_t
ngx_http_gemini_client_token(ngx_http_request_t *r, ngx_str_t *token)
{
    ngx_table_elt_t        *h;
    ngx_http_gemini_ctx_t  *ctx;

    h = ngx_http_gemini_client_header(r, "x-goog-api-key",
                                        sizeof("x-goog-api-key") - 1);
    if (h && h->value.len) {
        *token = h->value;
        return NGX_OK;
    }

    h = r->headers_in.authorization;

    if (h && h->value.len > sizeof("Bearer ") - 1
        && ngx_strncasecmp(h->value.data, (u_char *) "Bearer ",
                           sizeof("Bearer ") - 1)
           == 0)
    {
        token->data = h->value.data + sizeof("Bearer ") - 1;
        token->len = h->value.len - (sizeof("Bearer ") - 1);
        return NGX_OK;
    }

    h = ngx_http_gemini_client_header(r, "api-key", sizeof("api-key") - 1);

    if (h && h->value.len) {
        *token = h->value;
        return NGX_OK;
    }

    ctx = ngx_http_gemini_ctx(r);

    if (ctx && ctx->arg_key.len) {
        *token = ctx->arg_key;
        return NGX_OK;
    }

    return ngx_http_gemini_client_ephemeral(r, token);
}


ngx_int_t
ngx_http_gemini_client_ephemeral(ngx_http_request_t *r, ngx_str_t *token)
{
    ngx_table_elt_t        *h;
    ngx_http_gemini_ctx_t  *ctx;

    ctx = ngx_http_gemini_ctx(r);

    if (ctx && ctx->arg_token.len) {
        *token = ctx->arg_token;

    } else {
        h = r->headers_in.authorization;

        if (h == NULL || h->value.len <= sizeof("Token ") - 1
            || ngx_strncasecmp(h->value.data, (u_char *) "Token ",
                               sizeof("Token ") - 1)
               != 0)
        {
            return NGX_DECLINED;
        }

        token->data = h->value.data + sizeof("Token ") - 1;
        token->len = h->value.len - (sizeof("Token ") - 1);
    }

    if (token->len <= sizeof("auth_tokens/") - 1
        || ngx_strncmp(token->data, "auth_tokens/",
                       sizeof("auth_tokens/") - 1)
           != 0)
    {
        return NGX_DECLINED;
    }

    return NGX_OK;
}


static ngx_table_elt_t *
ngx_http_gemini_client_header(ngx_http_request_t *r, const char *name,
    size_t len)
{
    ngx_uint_t              i;
    ngx_list_part_t        *part;
    ngx_table_elt_t        *h;
    ngx_http_gemini_ctx_t  *ctx;

    ctx = ngx_http_gemini_ctx(r);

    /* gemini_select has put the pool's credential into the list */

    part = (ctx && ctx->client_headers) ? &ctx->client_headers->part
                                        : &r->headers_in.headers.part;
    h = part->elts;

    for (i = 0; /* void */ ; i++) {

        if (i >= part->nelts) {
            if (part->next == NULL) {
                return NULL;
            }

            part = part->next;
            h = part->elts;
            i = 0;
        }

        if (h[i].key.len == len
            && ngx_memcmp(h[i].lowcase_key, name, len) == 0)
        {
            return &h[i];
        }
    }
}
