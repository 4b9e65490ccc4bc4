
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * What follows from a failure: who rests how long, which key is disabled,
 * which limit is learned (design.md 4, gemini-api.md 3).  For
 * ngx_gemini_settle.c.
 */


#ifndef _NGX_GEMINI_BLAME_H_INCLUDED_
#define _NGX_GEMINI_BLAME_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_change.h"
#include "ngx_gemini_pool.h"


/* draws the conclusions of a failure */
void ngx_gemini_blame(ngx_gemini_settling_t *st);


#endif /* _NGX_GEMINI_BLAME_H_INCLUDED_ */
