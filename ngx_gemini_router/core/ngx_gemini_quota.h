
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Which quota a refusal is about and how long it lasts, gemini-api.md 3.1.
 */


#ifndef _NGX_GEMINI_QUOTA_H_INCLUDED_
#define _NGX_GEMINI_QUOTA_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_classify.h"
#include "ngx_gemini_fault.h"


/* fills violations and quota_id of the verdict */
ngx_gemini_class_e ngx_gemini_quota_class(const ngx_gemini_reply_t *reply,
    const ngx_gemini_fault_t *fault, ngx_gemini_verdict_t *verdict);

/* clamps what was told to what the verdict's class allows */
void ngx_gemini_quota_delay(const ngx_gemini_reply_t *reply,
    const ngx_gemini_fault_t *fault, ngx_gemini_verdict_t *verdict);


#endif /* _NGX_GEMINI_QUOTA_H_INCLUDED_ */
