
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The table that ngx_gemini_owner.h keeps: sets of WAYS records by hash.  All
 * of it under the lock.
 */


#ifndef _NGX_GEMINI_OWNER_SET_H_INCLUDED_
#define _NGX_GEMINI_OWNER_SET_H_INCLUDED_


#include "ngx_gemini_pool.h"


#define NGX_GEMINI_OWNER_WAYS  16


/* the record of a hash, NULL: there is none, or it has expired */
ngx_gemini_owner_t *ngx_gemini_owner_set_find(const ngx_gemini_view_t *gv,
    uint64_t hash, uint64_t now);

/*
 * Where a record of this hash goes: its own, a free or an expired one, else
 * the least recently used of its set.  NULL: all of them were used later
 * than used.  What it returns may be another's and is to be overwritten.
 */
ngx_gemini_owner_t *ngx_gemini_owner_set_place(const ngx_gemini_view_t *gv,
    uint64_t hash, uint64_t used, uint64_t now);

/* a worker that dies here leaves the record whole or free */
void ngx_gemini_owner_set_store(ngx_gemini_owner_t *owner,
    const ngx_gemini_owner_t *from);

/* model: slot, NONE */
void ngx_gemini_owner_set_bind(const ngx_gemini_view_t *gv,
    ngx_gemini_owner_t *owner, uint32_t model);

/*
 * The slot that the model of a record has in the configuration of this
 * generation, listed or a spare; NONE: it is not bound, or the model has none.
 */
uint32_t ngx_gemini_owner_set_model(const ngx_gemini_view_t *gv,
    const ngx_gemini_owner_t *owner, uint64_t cycle);

/* drops the records of projects whose slot was given away */
void ngx_gemini_owner_set_retire(ngx_gemini_view_t *gv);

/* by label; models: slots in from by slots in to, NONE */
void ngx_gemini_owner_set_copy(ngx_gemini_view_t *to,
    const ngx_gemini_view_t *from, const uint32_t *models, uint64_t now);


#endif /* _NGX_GEMINI_OWNER_SET_H_INCLUDED_ */
