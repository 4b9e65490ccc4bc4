
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The verbs of gemini-api.md 1: what each is called, where its body may name
 * a model, and what may be done with it.
 */


#ifndef _NGX_GEMINI_VERB_H_INCLUDED_
#define _NGX_GEMINI_VERB_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_request.h"


/* ngx_gemini_wish_t has a flag of the same name for each */

#define NGX_GEMINI_VERBF_JUDGED    1
#define NGX_GEMINI_VERBF_REPLAY    2
#define NGX_GEMINI_VERBF_FALLBACK  4
#define NGX_GEMINI_VERBF_STREAMS   8


typedef struct {
    ngx_str_t                  name;
    ngx_gemini_family_e        family;
    ngx_gemini_verb_e          verb;
    ngx_gemini_kind_e          kind;
    ngx_uint_t                 body;       /* ngx_gemini_body_want_e */
    ngx_uint_t                 flags;
} ngx_gemini_verb_t;


/* of models/{m}:verb, by its end; NULL: not known */
const ngx_gemini_verb_t *ngx_gemini_verb_native(const ngx_str_t *name);

/* what is POSTed below openai/; NULL: not known */
const ngx_gemini_verb_t *ngx_gemini_verb_openai(const ngx_str_t *name);


/* POST interactions */
extern const ngx_gemini_verb_t  ngx_gemini_verb_interact;


#endif /* _NGX_GEMINI_VERB_H_INCLUDED_ */
