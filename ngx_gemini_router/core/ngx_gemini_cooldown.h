
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The life of a rest: placed as told or guessed, ended, tried, proven.  A
 * guessed one that has ended stays until somebody tried it with success; any
 * other just ends.
 */


#ifndef _NGX_GEMINI_COOLDOWN_H_INCLUDED_
#define _NGX_GEMINI_COOLDOWN_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_change.h"
#include "ngx_gemini_pool.h"


/* ms left of a rest, 0: over; one that needs no trial is wiped then */
uint64_t ngx_gemini_cooldown_left(ngx_gemini_rest_t *rest, uint64_t now);

/* 1: a guessed rest that has ended and has not been tried with success */
ngx_uint_t ngx_gemini_cooldown_unproven(const ngx_gemini_rest_t *rest,
    uint64_t now);

/* a longer one that stands stays */
void ngx_gemini_cooldown_place(ngx_gemini_settling_t *st,
    ngx_gemini_scope_e scope, ngx_gemini_rest_t *rest, uint64_t length,
    ngx_uint_t provenance);

/* for as long as the verdict says */
void ngx_gemini_cooldown_told(ngx_gemini_settling_t *st,
    ngx_gemini_scope_e scope, ngx_gemini_rest_t *rest);

/*
 * Places a guessed rest: base, doubled for each like failure so far, at most
 * max, 10 % to and fro.  0: it stays as it was, as the attempt began before
 * the rest did, or a longer one stands.
 */
ngx_uint_t ngx_gemini_cooldown_guess(ngx_gemini_settling_t *st,
    ngx_gemini_scope_e scope, ngx_gemini_rest_t *rest, uint64_t base,
    uint64_t max);

/* a success: a guess ends, and will be shorter the next time */
static ngx_inline void ngx_gemini_cooldown_proven(ngx_gemini_settling_t *st,
    ngx_gemini_scope_e scope, ngx_gemini_rest_t *rest);

/* .. of one that has rested */
void ngx_gemini_cooldown_prove(ngx_gemini_settling_t *st,
    ngx_gemini_scope_e scope, ngx_gemini_rest_t *rest);


static ngx_inline void
ngx_gemini_cooldown_proven(ngx_gemini_settling_t *st,
    ngx_gemini_scope_e scope, ngx_gemini_rest_t *rest)
{
    if (rest->until | rest->step) {
        ngx_gemini_cooldown_prove(st, scope, rest);
    }
}


#endif /* _NGX_GEMINI_COOLDOWN_H_INCLUDED_ */
