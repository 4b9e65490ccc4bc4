
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The rules of gemini-api.md 3.6 as one table, first hit wins.
 */


#ifndef _NGX_GEMINI_RULE_H_INCLUDED_
#define _NGX_GEMINI_RULE_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_classify.h"
#include "ngx_gemini_fault.h"


/* status: 400 or more; QUOTA_TERSE stands for any quota */
ngx_gemini_class_e ngx_gemini_rule_class(const ngx_gemini_reply_t *reply,
    const ngx_gemini_fault_t *fault, ngx_uint_t status);

/* whether what stands in text after nothing but a few words */
ngx_uint_t ngx_gemini_rule_head(const u_char *text, const char *what);


#endif /* _NGX_GEMINI_RULE_H_INCLUDED_ */
