
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Bodies that the client does not get yet, or never: the first bytes of a
 * 200 under judgement, and the bodies of failures.
 */


#ifndef _NGX_HTTP_GEMINI_HOLD_H_INCLUDED_
#define _NGX_HTTP_GEMINI_HOLD_H_INCLUDED_


#include "ngx_http_gemini_module.h"


/* a piece of a held body: keeps, releases or gives it up as a failure */
ngx_int_t ngx_http_gemini_hold(ngx_http_gemini_attempt_t *at,
    ngx_chain_t *in);

/* a piece of a failure's body: kept up to NGX_GEMINI_BODY_MAX */
ngx_int_t ngx_http_gemini_hold_capture(ngx_http_gemini_attempt_t *at,
    ngx_chain_t *in);


#endif /* _NGX_HTTP_GEMINI_HOLD_H_INCLUDED_ */
