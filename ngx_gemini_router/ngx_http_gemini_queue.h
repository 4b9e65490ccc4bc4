
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Requests that wait for a cooldown to end or a place to become free.  A
 * waiter stays in its worker; the number of waiters counts over all workers.
 */


#ifndef _NGX_HTTP_GEMINI_QUEUE_H_INCLUDED_
#define _NGX_HTTP_GEMINI_QUEUE_H_INCLUDED_


#include "ngx_http_gemini_module.h"


/* NGX_OK: it waits; NGX_DECLINED: the queue is full; NGX_ERROR */
ngx_int_t ngx_http_gemini_queue_add(ngx_http_gemini_ctx_t *ctx);

/* takes it out, with its timer and place; nothing if it does not wait */
void ngx_http_gemini_queue_remove(ngx_http_gemini_ctx_t *ctx);

/* 1: somebody waits in this worker for the same model already */
ngx_uint_t ngx_http_gemini_queue_ahead(ngx_http_gemini_ctx_t *ctx);


#endif /* _NGX_HTTP_GEMINI_QUEUE_H_INCLUDED_ */
