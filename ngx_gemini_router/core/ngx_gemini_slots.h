
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * What claiming and copying share: slots by label, clean records.
 */


#ifndef _NGX_GEMINI_SLOTS_H_INCLUDED_
#define _NGX_GEMINI_SLOTS_H_INCLUDED_


#include "ngx_gemini_pool.h"


/* the one of n slots that is called label, NONE; index NULL: they are few */
uint32_t ngx_gemini_slots_find(const ngx_gemini_slot_t *slots, uint32_t n,
    const ngx_gemini_index_t *index, const ngx_str_t *label);

uint32_t ngx_gemini_slots_hash(const u_char *data, size_t len);

void ngx_gemini_slots_index(const ngx_gemini_slot_t *slots, uint32_t n,
    const ngx_gemini_index_t *index);
void ngx_gemini_slots_name(ngx_gemini_slot_t *slot, const ngx_str_t *label,
    uint64_t cycle);

/* fills gc->project_map */
void ngx_gemini_slots_map(ngx_gemini_conf_t *gc);

/* fills gc->chains */
void ngx_gemini_slots_chain(ngx_gemini_conf_t *gc);

/*
 * A clean record with its cells and bits.  used: somebody had it; else its
 * cells are zeroes and stay untouched.
 */
void ngx_gemini_slots_clean_project(ngx_gemini_view_t *gv, uint32_t project,
    ngx_uint_t used);
void ngx_gemini_slots_clean_model(ngx_gemini_view_t *gv, uint32_t model,
    ngx_uint_t used);


#endif /* _NGX_GEMINI_SLOTS_H_INCLUDED_ */
