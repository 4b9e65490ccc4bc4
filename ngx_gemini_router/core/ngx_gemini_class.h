
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The classes of ngx_gemini.h: who is to blame and what may follow, one row
 * each; their names are declared in ngx_gemini_classify.h.
 */


#ifndef _NGX_GEMINI_CLASS_H_INCLUDED_
#define _NGX_GEMINI_CLASS_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_classify.h"


/* sets what the class alone decides; violations and quota_id stay */
void ngx_gemini_class_fill(ngx_gemini_verdict_t *verdict,
    ngx_gemini_class_e class);


#endif /* _NGX_GEMINI_CLASS_H_INCLUDED_ */
