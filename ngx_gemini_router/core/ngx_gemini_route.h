
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The map of Google's paths (gemini-api.md 1): from method and decoded path
 * to surface, family, verb and what may be done with the request.
 */


#ifndef _NGX_GEMINI_ROUTE_H_INCLUDED_
#define _NGX_GEMINI_ROUTE_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_request.h"


/* fills the wish from its path, which may get shorter, and its sse flag */
void ngx_gemini_route(ngx_gemini_wish_t *wish, const ngx_str_t *method);


#endif /* _NGX_GEMINI_ROUTE_H_INCLUDED_ */
