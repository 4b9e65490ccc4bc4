
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * What a request has to do with resources of projects, by its path.  For
 * ngx_gemini_request.c.
 */


#ifndef _NGX_GEMINI_RESOURCE_H_INCLUDED_
#define _NGX_GEMINI_RESOURCE_H_INCLUDED_


#include "ngx_gemini_request.h"


/* sets list, names, ask; of a list ?project= is taken out of wish->args */
void ngx_gemini_resource(ngx_gemini_wish_t *wish, const ngx_str_t *method);


#endif /* _NGX_GEMINI_RESOURCE_H_INCLUDED_ */
