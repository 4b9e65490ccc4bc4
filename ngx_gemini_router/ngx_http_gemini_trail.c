
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_attempt.h"
#include "ngx_http_gemini_trail.h"


static u_char *ngx_http_gemini_trail_step(u_char *p,
    ngx_http_gemini_trail_t *step);


ngx_int_t
ngx_http_gemini_trail_text(ngx_http_gemini_ctx_t *ctx, ngx_str_t *text)
{
    size_t                    len;
    u_char                   *p;
    ngx_uint_t                i;
    ngx_http_gemini_trail_t  *trail;

    if (ctx->attempt) {
        ngx_http_gemini_attempt_trail(ctx->attempt);
    }

    if (ctx->trail == NULL || ctx->trail->nelts == 0) {
        return NGX_DECLINED;
    }

    len = 0;
    trail = ctx->trail->elts;

    for (i = 0; i < ctx->trail->nelts; i++) {
        len += trail[i].key.len + trail[i].model.len
               + ngx_strlen(ngx_gemini_class_name(trail[i].class))
               + 2 * NGX_INT64_LEN + sizeof(" /=::ms");
    }

    p = ngx_pnalloc(ctx->request->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    text->data = p;

    for (i = 0; i < ctx->trail->nelts; i++) {
        if (i) {
            *p++ = ' ';
        }

        p = ngx_http_gemini_trail_step(p, &trail[i]);
    }

    text->len = p - text->data;

    return NGX_OK;
}


static u_char *
ngx_http_gemini_trail_step(u_char *p, ngx_http_gemini_trail_t *step)
{
    p = ngx_sprintf(p, "%V/%V=%ui", &step->key, &step->model, step->status);

    if (step->class != NGX_GEMINI_OK) {
        p = ngx_sprintf(p, ":%s", ngx_gemini_class_name(step->class));
    }

    if (step->ms < 1000) {
        return ngx_sprintf(p, ":%uLms", step->ms);
    }

    return ngx_sprintf(p, ":%uL.%uLs", step->ms / 1000,
                       step->ms % 1000 / 100);
}
