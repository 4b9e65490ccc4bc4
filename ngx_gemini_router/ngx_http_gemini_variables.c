
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_attempt.h"
#include "ngx_http_gemini_client.h"
#include "ngx_http_gemini_trail.h"
#include "ngx_http_gemini_variables.h"
#include "ngx_gemini_classify.h"
#include "ngx_gemini_tier.h"

#include <ngx_sha1.h>


/* bytes of SHA-1 that $gemini_client_id shows */
#define NGX_HTTP_GEMINI_ID  8


static ngx_int_t ngx_http_gemini_variable_key(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_gemini_variable_label(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_gemini_variable_name(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_gemini_variable_wish(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_gemini_variable_tier(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_gemini_variable_outcome(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_gemini_variable_number(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_gemini_variable_tokens(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_gemini_variable_cost(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_gemini_variable_trail(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_gemini_variable_token(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_gemini_variable_id(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_gemini_variable_set(ngx_http_variable_value_t *v,
    const u_char *p, size_t len);


enum {
    NGX_HTTP_GEMINI_KEY_NAME = 0,
    NGX_HTTP_GEMINI_PROJECT,

    NGX_HTTP_GEMINI_SURFACE,
    NGX_HTTP_GEMINI_VERB,

    NGX_HTTP_GEMINI_ATTEMPTS,
    NGX_HTTP_GEMINI_QUEUED,
    NGX_HTTP_GEMINI_TTFT
};


static const char  *ngx_http_gemini_outcomes[] = {
    NULL, "ok", "failover", "fallback", "client_error", "exhausted",
    "overloaded", "upstream_down", "cut", "client_gone", "refused"
};


static ngx_http_variable_t  ngx_http_gemini_vars[] = {

    { ngx_string("gemini_key"), NULL,
      ngx_http_gemini_variable_key, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("gemini_key_name"), NULL,
      ngx_http_gemini_variable_label, NGX_HTTP_GEMINI_KEY_NAME,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("gemini_project"), NULL,
      ngx_http_gemini_variable_label, NGX_HTTP_GEMINI_PROJECT,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("gemini_model"), NULL,
      ngx_http_gemini_variable_name,
      offsetof(ngx_http_gemini_ctx_t, model_name),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("gemini_model_requested"), NULL,
      ngx_http_gemini_variable_name,
      offsetof(ngx_http_gemini_ctx_t, requested),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("gemini_team"), NULL,
      ngx_http_gemini_variable_name,
      offsetof(ngx_http_gemini_ctx_t, team),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("gemini_tier"), NULL,
      ngx_http_gemini_variable_tier, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("gemini_response_id"), NULL,
      ngx_http_gemini_variable_name,
      offsetof(ngx_http_gemini_ctx_t, response_id),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("gemini_surface"), NULL,
      ngx_http_gemini_variable_wish, NGX_HTTP_GEMINI_SURFACE,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("gemini_verb"), NULL,
      ngx_http_gemini_variable_wish, NGX_HTTP_GEMINI_VERB,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("gemini_outcome"), NULL,
      ngx_http_gemini_variable_outcome, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("gemini_attempts"), NULL,
      ngx_http_gemini_variable_number, NGX_HTTP_GEMINI_ATTEMPTS,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("gemini_queued_ms"), NULL,
      ngx_http_gemini_variable_number, NGX_HTTP_GEMINI_QUEUED,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("gemini_ttft_ms"), NULL,
      ngx_http_gemini_variable_number, NGX_HTTP_GEMINI_TTFT,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("gemini_prompt_tokens"), NULL,
      ngx_http_gemini_variable_tokens,
      offsetof(ngx_http_gemini_ctx_t, tokens.prompt),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("gemini_output_tokens"), NULL,
      ngx_http_gemini_variable_tokens,
      offsetof(ngx_http_gemini_ctx_t, tokens.output),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("gemini_thought_tokens"), NULL,
      ngx_http_gemini_variable_tokens,
      offsetof(ngx_http_gemini_ctx_t, tokens.thought),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("gemini_cached_tokens"), NULL,
      ngx_http_gemini_variable_tokens,
      offsetof(ngx_http_gemini_ctx_t, tokens.cached),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("gemini_total_tokens"), NULL,
      ngx_http_gemini_variable_tokens,
      offsetof(ngx_http_gemini_ctx_t, tokens.total),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("gemini_cost"), NULL,
      ngx_http_gemini_variable_cost, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("gemini_trail"), NULL,
      ngx_http_gemini_variable_trail, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("gemini_client_token"), NULL,
      ngx_http_gemini_variable_token, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("gemini_client_id"), NULL,
      ngx_http_gemini_variable_id, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


ngx_int_t
ngx_http_gemini_variables_add(ngx_conf_t *cf)
{
    ngx_str_t                     name;
    ngx_http_variable_t          *var, *v;
    ngx_http_gemini_main_conf_t  *gmcf;

    for (v = ngx_http_gemini_vars; v->name.len; v++) {
        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    gmcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_gemini_router_module);

    ngx_str_set(&name, "request_id");

    gmcf->request_id = ngx_http_get_variable_index(cf, &name);

    return (gmcf->request_id == NGX_ERROR) ? NGX_ERROR : NGX_OK;
}


static ngx_int_t
ngx_http_gemini_variable_key(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t              *secret;
    ngx_http_gemini_ctx_t  *ctx;

    ctx = ngx_http_gemini_ctx(r);

    if (ctx == NULL || !ctx->secret || ctx->token.len) {
        v->not_found = 1;
        return NGX_OK;
    }

    secret = &ctx->pool->secrets[ctx->key];

    return ngx_http_gemini_variable_set(v, secret->data, secret->len);
}


static ngx_int_t
ngx_http_gemini_variable_label(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t              *label;
    ngx_gemini_conf_t      *gc;
    ngx_http_gemini_ctx_t  *ctx;

    ctx = ngx_http_gemini_ctx(r);

    if (ctx == NULL || ctx->key == NGX_GEMINI_NONE) {
        v->not_found = 1;
        return NGX_OK;
    }

    gc = &ctx->pool->gc;

    label = (data == NGX_HTTP_GEMINI_KEY_NAME)
            ? &gc->keys[ctx->key].label
            : &gc->projects[gc->keys[ctx->key].project].label;

    return ngx_http_gemini_variable_set(v, label->data, label->len);
}


static ngx_int_t
ngx_http_gemini_variable_name(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t              *name;
    ngx_http_gemini_ctx_t  *ctx;

    ctx = ngx_http_gemini_ctx(r);

    if (ctx == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    name = (ngx_str_t *) ((char *) ctx + data);

    if (name->len == 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    return ngx_http_gemini_variable_set(v, name->data, name->len);
}


static ngx_int_t
ngx_http_gemini_variable_wish(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    const char             *name;
    ngx_http_gemini_ctx_t  *ctx;

    ctx = ngx_http_gemini_ctx(r);

    if (ctx == NULL || !ctx->parsed || !ctx->wish.known) {
        v->not_found = 1;
        return NGX_OK;
    }

    name = (data == NGX_HTTP_GEMINI_SURFACE)
           ? ngx_gemini_surface_name(ctx->wish.surface)
           : ngx_gemini_verb_name(ctx->wish.verb);

    return ngx_http_gemini_variable_set(v, (const u_char *) name,
                                        ngx_strlen(name));
}


/* of the model that served, in the tier asked for: "fast/S" */

static ngx_int_t
ngx_http_gemini_variable_tier(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char                 *p, *text;
    const char             *name;
    ngx_http_gemini_ctx_t  *ctx;

    ctx = ngx_http_gemini_ctx(r);

    if (ctx == NULL || ctx->pool == NULL || ctx->model == NGX_GEMINI_NONE
        || ctx->order->tier == NGX_GEMINI_TIERS)
    {
        v->not_found = 1;
        return NGX_OK;
    }

    text = ngx_pnalloc(r->pool, sizeof("balance/S"));
    if (text == NULL) {
        return NGX_ERROR;
    }

    name = ngx_gemini_tier_name(ctx->order->tier);

    p = ngx_cpymem(text, name, ngx_strlen(name));
    *p++ = '/';
    *p++ = ctx->order->letters[ctx->model];

    return ngx_http_gemini_variable_set(v, text, p - text);
}


static ngx_int_t
ngx_http_gemini_variable_outcome(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    const char             *name;
    ngx_http_gemini_ctx_t  *ctx;

    ctx = ngx_http_gemini_ctx(r);

    if (ctx == NULL || ctx->outcome == NGX_GEMINI_OUTCOME_NONE) {
        v->not_found = 1;
        return NGX_OK;
    }

    name = ngx_http_gemini_outcomes[ctx->outcome];

    return ngx_http_gemini_variable_set(v, (const u_char *) name,
                                        ngx_strlen(name));
}


static ngx_int_t
ngx_http_gemini_variable_number(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char                     *p;
    uint64_t                    n;
    ngx_http_gemini_ctx_t      *ctx;
    ngx_http_gemini_attempt_t  *at;

    ctx = ngx_http_gemini_ctx(r);

    if (ctx == NULL || ctx->pool == NULL || ctx->course == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    switch (data) {

    case NGX_HTTP_GEMINI_ATTEMPTS:
        at = ctx->attempt;
        n = ctx->course->attempts;

        if (at && at->ctx && !at->settled) {
            n++;
        }

        break;

    case NGX_HTTP_GEMINI_QUEUED:
        n = ctx->queued;
        break;

    default:
        n = ctx->ttft;

        if (!ctx->committed) {
            v->not_found = 1;
            return NGX_OK;
        }
    }

    p = ngx_pnalloc(r->pool, NGX_INT64_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    return ngx_http_gemini_variable_set(v, p, ngx_sprintf(p, "%uL", n) - p);
}


static ngx_int_t
ngx_http_gemini_variable_tokens(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char                 *p;
    int64_t                 n;
    ngx_http_gemini_ctx_t  *ctx;

    ctx = ngx_http_gemini_ctx(r);

    if (ctx == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    n = *(int64_t *) ((char *) ctx + data);

    if (n < 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, NGX_INT64_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    return ngx_http_gemini_variable_set(v, p, ngx_sprintf(p, "%L", n) - p);
}


static ngx_int_t
ngx_http_gemini_variable_cost(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char                         *p;
    double                          cost;
    ngx_http_gemini_ctx_t          *ctx;
    const ngx_http_gemini_price_t  *price;

    ctx = ngx_http_gemini_ctx(r);

    if (ctx == NULL || ctx->key == NGX_GEMINI_NONE || ctx->tokens.prompt < 0)
    {
        v->not_found = 1;
        return NGX_OK;
    }

    price = ngx_http_gemini_conf_price(ctx->pool, ctx->key, ctx->model);

    if (price->in < 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    cost = ngx_gemini_metrics_bill(&ctx->tokens, price->in, price->out,
                                   price->cached);

    p = ngx_pnalloc(r->pool, 64);
    if (p == NULL) {
        return NGX_ERROR;
    }

    return ngx_http_gemini_variable_set(v, p,
                              ngx_snprintf(p, 64, "%.8f", cost / 1e6) - p);
}


/* key/model=status:class:time of each attempt */

static ngx_int_t
ngx_http_gemini_variable_trail(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_int_t               rc;
    ngx_str_t               text;
    ngx_http_gemini_ctx_t  *ctx;

    ctx = ngx_http_gemini_ctx(r);
    rc = ctx ? ngx_http_gemini_trail_text(ctx, &text) : NGX_DECLINED;

    if (rc == NGX_DECLINED) {
        v->not_found = 1;
        return NGX_OK;
    }

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_gemini_variable_set(v, text.data, text.len);
}


static ngx_int_t
ngx_http_gemini_variable_token(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t  token;

    if (ngx_http_gemini_client_token(r->main, &token) != NGX_OK) {
        v->not_found = 1;
        return NGX_OK;
    }

    return ngx_http_gemini_variable_set(v, token.data, token.len);
}


static ngx_int_t
ngx_http_gemini_variable_id(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char                       *p, hash[20];
    ngx_str_t                     token;
    ngx_sha1_t                    sha1;
    ngx_http_gemini_main_conf_t  *gmcf;

    if (ngx_http_gemini_client_token(r->main, &token) != NGX_OK) {
        v->not_found = 1;
        return NGX_OK;
    }

    gmcf = ngx_http_get_module_main_conf(r, ngx_http_gemini_router_module);

    ngx_sha1_init(&sha1);
    ngx_sha1_update(&sha1, gmcf->salt, sizeof(gmcf->salt));
    ngx_sha1_update(&sha1, token.data, token.len);
    ngx_sha1_final(hash, &sha1);

    p = ngx_pnalloc(r->pool, 2 * NGX_HTTP_GEMINI_ID);
    if (p == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_hex_dump(p, hash, NGX_HTTP_GEMINI_ID);

    return ngx_http_gemini_variable_set(v, p, 2 * NGX_HTTP_GEMINI_ID);
}


static ngx_int_t
ngx_http_gemini_variable_set(ngx_http_variable_value_t *v, const u_char *p,
    size_t len)
{
    v->len = len;
    v->data = (u_char *) p;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}
