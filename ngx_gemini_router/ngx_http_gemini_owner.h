
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Resources of projects: which project's key a request needs for what it
 * names, and what its answer teaches.
 */


#ifndef _NGX_HTTP_GEMINI_OWNER_H_INCLUDED_
#define _NGX_HTTP_GEMINI_OWNER_H_INCLUDED_


#include "ngx_http_gemini_module.h"
#include "ngx_gemini_answer.h"


/* room for those of a request, NULL: no memory */
ngx_gemini_refs_t *ngx_http_gemini_owner_refs(ngx_pool_t *pool);

/*
 * Before the body arrives: what the target names.  *refs: where the body's
 * scanner is to add what it meets, or NULL: it need not look.
 */
ngx_int_t ngx_http_gemini_owner_target(ngx_http_gemini_ctx_t *ctx,
    ngx_gemini_refs_t **refs);

/*
 * Whose all of it is, into ctx->owner.  NGX_DECLINED: the request is refused
 * with error.
 */
ngx_int_t ngx_http_gemini_owner_resolve(ngx_http_gemini_ctx_t *ctx,
    ngx_gemini_error_t *error);

/* once all are there: no more memory than they need */
ngx_int_t ngx_http_gemini_owner_fit(ngx_http_gemini_ctx_t *ctx);

/* of a list: the project (index in conf) to take if nth cannot */
uint32_t ngx_http_gemini_owner_next(ngx_http_gemini_ctx_t *ctx,
    uint32_t nth);

/* a project said that it does not own what is named: whether to ask others;
   looks through the body if that has not been done */
ngx_int_t ngx_http_gemini_owner_ask(ngx_http_gemini_ctx_t *ctx);

/* a good answer begins, of a key of project: what it names will be learned */
ngx_int_t ngx_http_gemini_owner_answer(ngx_http_gemini_ctx_t *ctx,
    ngx_http_request_t *r);
void ngx_http_gemini_owner_feed(ngx_http_gemini_ctx_t *ctx, u_char *p,
    size_t len);

/* .. with its last byte, or its untimely end */
void ngx_http_gemini_owner_end(ngx_http_gemini_ctx_t *ctx);

/* refs belong to the project of the attempt */
void ngx_http_gemini_owner_store(ngx_http_gemini_ctx_t *ctx,
    const ngx_gemini_refs_t *refs);


#endif /* _NGX_HTTP_GEMINI_OWNER_H_INCLUDED_ */
