
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The body of an attempt: the client's, shared, or a chain of its pieces with
 * the model's name between them.  No byte of it is copied.
 */


#ifndef _NGX_HTTP_GEMINI_BODY_H_INCLUDED_
#define _NGX_HTTP_GEMINI_BODY_H_INCLUDED_


#include "ngx_http_gemini_module.h"


/* memory for its scanner; data: a pool */
void *ngx_http_gemini_body_alloc(void *data, size_t size);

/* the end of the client's body; what the request filter has not seen of it
   is scanned now */
ngx_int_t ngx_http_gemini_body_scan(ngx_http_gemini_ctx_t *ctx);

/* looks through it once more, for resources alone */
ngx_int_t ngx_http_gemini_body_refs(ngx_http_gemini_ctx_t *ctx,
    ngx_gemini_refs_t *refs);

/* *rb and *length of an attempt, model in every place it stands; *rb is NULL
   where the client's own serves */
ngx_int_t ngx_http_gemini_body_make(ngx_http_gemini_ctx_t *ctx,
    const ngx_str_t *model, ngx_http_request_body_t **rb, off_t *length);


#endif /* _NGX_HTTP_GEMINI_BODY_H_INCLUDED_ */
