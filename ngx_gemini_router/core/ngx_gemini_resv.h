
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Reservations: taken by the pick, given back exactly once by settling or
 * by the reaper.  Sums (in flight, waiting) always equal the records.
 */


#ifndef _NGX_GEMINI_RESV_H_INCLUDED_
#define _NGX_GEMINI_RESV_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_candidate.h"
#include "ngx_gemini_pool.h"


/* in a reservation: a waiter let go by the ramp of its cell */
#define NGX_GEMINI_TRIAL_RAMP  0x40


/* one is free: the pick has looked; returns its number */
uint32_t ngx_gemini_resv_take(ngx_gemini_look_t *look,
    const ngx_gemini_candidate_t *c, uint32_t choice);

/* used: prompt tokens, 0: it did not run, -1: nobody knows */
void ngx_gemini_resv_free(ngx_gemini_view_t *gv, uint32_t n, int64_t used,
    uint64_t now);


#endif /* _NGX_GEMINI_RESV_H_INCLUDED_ */
