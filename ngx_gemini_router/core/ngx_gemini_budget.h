
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
 * What one more request of tokens lacks, a mask, 0: nothing.  google is now
 * by Google's clock, for days.  An estimate never refuses what an empty
 * minute would take.
 */
#define NGX_GEMINI_BUDGET_MINUTE  0x01
#define NGX_GEMINI_BUDGET_DAY     0x02

static ngx_inline ngx_uint_t ngx_gemini_budget_lacks(
    const ngx_gemini_cell_t *cell, const ngx_gemini_limit_t *limit,
    uint64_t tokens, uint64_t now, uint64_t google);

/* 1: it fits; 0: *until is when it would */
ngx_uint_t ngx_gemini_budget_fits(const ngx_gemini_cell_t *cell,
    const ngx_gemini_limit_t *limit, uint64_t tokens, uint64_t now,
    uint64_t google, uint64_t *until, ngx_uint_t *day);

/* books; returns the minute window booked in, for the settling */
uint64_t ngx_gemini_budget_book(ngx_gemini_cell_t *cell, uint64_t tokens,
    uint64_t now, uint64_t google);

/* replaces the booked estimate by what was used (< 0: unknown, stays) */
void ngx_gemini_budget_settle(ngx_gemini_cell_t *cell, uint64_t minute,
    uint64_t booked, int64_t used, uint64_t now);

/* notes which part of the minute is spent, of the scarcer of its limits */
void ngx_gemini_budget_weigh(ngx_gemini_cell_t *cell,
    const ngx_gemini_limit_t *limit);

/* .. as it was when the cell was booked last */
static ngx_inline uint32_t ngx_gemini_budget_spent(
    const ngx_gemini_use_t *use, uint64_t now);

/* an answer told when the minute under way ends: its window ends then, too */
void ngx_gemini_budget_phase(ngx_gemini_cell_t *cell, uint64_t end,
    uint64_t now);

/* what is left; -1: no limit */
void ngx_gemini_budget_left(const ngx_gemini_cell_t *cell,
    const ngx_gemini_limit_t *limit, uint64_t now, uint64_t google,
    int64_t *rpm, int64_t *tpm, int64_t *rpd);

/* requests of this Pacific day */
uint32_t ngx_gemini_budget_today(const ngx_gemini_use_t *use,
    uint64_t google);

/* notes a limit that a refusal named; 1 if it is new or another */
ngx_uint_t ngx_gemini_budget_learn(ngx_gemini_cell_t *cell,
    const ngx_gemini_violation_t *violation, uint64_t now);


/*
 * A minute window is open from use.minute for one minute.  A clock that was
 * set back leaves one in the future: up to a minute ahead it still counts,
 * beyond it is forgotten.
 */

#define ngx_gemini_budget_open(use, now)                                      \
    ((now) + NGX_GEMINI_MINUTE - (use)->minute                                \
     < (uint64_t) 2 * NGX_GEMINI_MINUTE)


static ngx_inline uint32_t
ngx_gemini_budget_spent(const ngx_gemini_use_t *use, uint64_t now)
{
    return ngx_gemini_budget_open(use, now) ? use->spent : 0;
}


static ngx_inline ngx_uint_t
ngx_gemini_budget_lacks(const ngx_gemini_cell_t *cell,
    const ngx_gemini_limit_t *limit, uint64_t tokens, uint64_t now,
    uint64_t google)
{
    ngx_uint_t               lacks;
    const ngx_gemini_use_t  *use;

    use = &cell->use;
    lacks = 0;

    if (ngx_gemini_budget_open(use, now)
        && ((limit->rpm && use->requests >= limit->rpm)
            || (limit->tpm
                && use->tokens + ngx_min(tokens, limit->tpm) > limit->tpm)))
    {
        lacks = NGX_GEMINI_BUDGET_MINUTE;
    }

    /* which day it is costs a little: asked only when it matters */

    if (limit->rpd && use->day_requests >= limit->rpd
        && ngx_gemini_budget_today(use, google) >= limit->rpd)
    {
        lacks |= NGX_GEMINI_BUDGET_DAY;
    }

    return lacks;
}


#endif /* _NGX_GEMINI_BUDGET_H_INCLUDED_ */
