
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Minute and day budgets of a cell: reserve before sending, settle after,
 * learn from refusals and forget (design.md 4, gemini-api.md 4).
 */


#ifndef _NGX_GEMINI_BUDGET_H_INCLUDED_
#define _NGX_GEMINI_BUDGET_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_classify.h"
#include "ngx_gemini_pool.h"


/* the limits in force: the lower of written and learned, forgotten ones out */
void ngx_gemini_budget_limit(const ngx_gemini_cell_t *cell,
    const ngx_gemini_limit_t *written, uint64_t now,
    ngx_gemini_limit_t *limit);

/*
 * 1: one more request of tokens fits; 0: *until is when it would.  google is
 * now by Google's clock, for days.  An estimate never refuses what an empty
 * minute would take.
 */
ngx_uint_t ngx_gemini_budget_fits(const ngx_gemini_cell_t *cell,
    const ngx_gemini_limit_t *limit, uint64_t tokens, uint64_t now,
    uint64_t google, uint64_t *until, ngx_uint_t *day);

/* books; returns the minute window booked in, for the settling */
uint64_t ngx_gemini_budget_book(ngx_gemini_cell_t *cell, uint64_t tokens,
    uint64_t now, uint64_t google);

/* replaces the booked estimate by what was used (< 0: unknown, stays) */
void ngx_gemini_budget_settle(ngx_gemini_cell_t *cell, uint64_t minute,
    uint64_t booked, int64_t used, uint64_t now);

/* an answer told when the minute under way ends: its window ends then, too */
void ngx_gemini_budget_phase(ngx_gemini_cell_t *cell, uint64_t end,
    uint64_t now);

/* what is left; -1: no limit */
void ngx_gemini_budget_left(const ngx_gemini_cell_t *cell,
    const ngx_gemini_limit_t *limit, uint64_t now, uint64_t google,
    int64_t *rpm, int64_t *tpm, int64_t *rpd);

/* notes a limit that a refusal named; 1 if it is new or another */
ngx_uint_t ngx_gemini_budget_learn(ngx_gemini_cell_t *cell,
    const ngx_gemini_violation_t *violation, uint64_t now);


#endif /* _NGX_GEMINI_BUDGET_H_INCLUDED_ */
