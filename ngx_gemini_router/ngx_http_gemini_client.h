
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The credential that a client sent: to be checked by a map, never sent on.
 */


#ifndef _NGX_HTTP_GEMINI_CLIENT_H_INCLUDED_
#define _NGX_HTTP_GEMINI_CLIENT_H_INCLUDED_


#include "ngx_http_gemini_module.h"


/* x-goog-api-key, Bearer, api-key, ?key= or an ephemeral one; NGX_DECLINED:
   none was sent */
ngx_int_t ngx_http_gemini_client_token(ngx_http_request_t *r,
    ngx_str_t *token);

/* "auth_tokens/...", as "Authorization: Token" or ?access_token=, of the Live
   API, gemini-api.md 1.7 */
ngx_int_t ngx_http_gemini_client_ephemeral(ngx_http_request_t *r,
    ngx_str_t *token);


#endif /* _NGX_HTTP_GEMINI_CLIENT_H_INCLUDED_ */
