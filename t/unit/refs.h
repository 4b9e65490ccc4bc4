
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * References that were found, and how a test says them: "kind name", with a
 * blank between two.
 */


#ifndef _REFS_H_INCLUDED_
#define _REFS_H_INCLUDED_


#include "ngx_gemini_refs.h"
#include "tap.h"


static inline void refs_init(ngx_gemini_refs_t *refs, ngx_gemini_ref_t *elts,
    uint32_t size);
static inline void refs_says(const ngx_gemini_refs_t *refs, char *says);


static inline void
refs_init(ngx_gemini_refs_t *refs, ngx_gemini_ref_t *elts, uint32_t size)
{
    ngx_memzero(refs, sizeof(ngx_gemini_refs_t));

    refs->elts = elts;
    refs->size = size;
}


static inline void
refs_says(const ngx_gemini_refs_t *refs, char *says)
{
    uint32_t  i;

    *says = '\0';

    for (i = 0; i < refs->nelts; i++) {
        says += sprintf(says, "%s%s %.*s", i ? " " : "",
                        ngx_gemini_ref_name(refs->elts[i].type),
                        (int) refs->elts[i].len, refs->elts[i].name);
    }
}


#endif /* _REFS_H_INCLUDED_ */
