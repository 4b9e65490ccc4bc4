
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Days only move forward, as a clock may be set back.
 */


#include "ngx_gemini_budget.h"
#include "ngx_gemini_time.h"


static ngx_uint_t ngx_gemini_budget_fresh(uint64_t at, uint64_t now);
static int64_t ngx_gemini_budget_rest(uint64_t limit, uint64_t used);


void
ngx_gemini_budget_limit(const ngx_gemini_cell_t *cell,
    const ngx_gemini_limit_t *written, uint64_t now,
    ngx_gemini_limit_t *limit)
{
    const ngx_gemini_learned_t  *l;

    l = &cell->learned;

    *limit = *written;

    if (l->rpm && (limit->rpm == 0 || l->rpm < limit->rpm)
        && ngx_gemini_budget_fresh(l->rpm_at, now))
    {
        limit->rpm = l->rpm;
    }

    if (l->tpm && (limit->tpm == 0 || l->tpm < limit->tpm)
        && ngx_gemini_budget_fresh(l->tpm_at, now))
    {
        limit->tpm = l->tpm;
    }

    if (l->rpd && (limit->rpd == 0 || l->rpd < limit->rpd)
        && ngx_gemini_time_day(l->rpd_at) == ngx_gemini_time_day(now))
    {
        limit->rpd = l->rpd;
    }
}


ngx_uint_t
ngx_gemini_budget_fits(const ngx_gemini_cell_t *cell,
    const ngx_gemini_limit_t *limit, uint64_t tokens, uint64_t now,
    uint64_t google, uint64_t *until, ngx_uint_t *day)
{
    uint64_t    end;
    ngx_uint_t  lacks;

    *until = 0;

    lacks = ngx_gemini_budget_lacks(cell, limit, tokens, now, google);

    if (lacks & NGX_GEMINI_BUDGET_MINUTE) {
        *until = cell->use.minute + NGX_GEMINI_MINUTE;
    }

    if (lacks & NGX_GEMINI_BUDGET_DAY) {
        end = now + (ngx_gemini_time_midnight(google) - google);
        *until = ngx_max(*until, end);
    }

    *day = ((lacks & NGX_GEMINI_BUDGET_DAY) != 0);

    return lacks == 0;
}


uint64_t
ngx_gemini_budget_book(ngx_gemini_cell_t *cell, uint64_t tokens,
    uint64_t now, uint64_t google)
{
    uint32_t           today;
    ngx_gemini_use_t  *use;

    use = &cell->use;

    if (!ngx_gemini_budget_open(use, now)) {
        use->minute = now;
        use->requests = 0;
        use->tokens = 0;
    }

    today = ngx_gemini_time_day(google);

    if (use->day != today && use->day != today + 1) {
        use->day = today;
        use->day_requests = 0;
    }

    use->requests++;
    use->day_requests++;
    use->tokens += tokens;

    return use->minute;
}


void
ngx_gemini_budget_settle(ngx_gemini_cell_t *cell, uint64_t minute,
    uint64_t booked, int64_t used, uint64_t now)
{
    ngx_gemini_use_t  *use;

    use = &cell->use;

    if (used < 0 || use->minute != minute
        || !ngx_gemini_budget_open(use, now))
    {
        return;
    }

    use->tokens -= ngx_min(use->tokens, booked);
    use->tokens += used;
}


void
ngx_gemini_budget_weigh(ngx_gemini_cell_t *cell,
    const ngx_gemini_limit_t *limit)
{
    uint64_t           left, tokens;
    ngx_gemini_use_t  *use;

    use = &cell->use;
    left = NGX_GEMINI_WHOLE;

    if (limit->rpm) {
        left = ngx_gemini_budget_rest(limit->rpm, use->requests)
               * NGX_GEMINI_WHOLE / limit->rpm;
    }

    if (limit->tpm) {
        tokens = ngx_gemini_budget_rest(limit->tpm, use->tokens)
                 * NGX_GEMINI_WHOLE / limit->tpm;
        left = ngx_min(left, tokens);
    }

    use->spent = (uint32_t) (NGX_GEMINI_WHOLE - left);
}


void
ngx_gemini_budget_phase(ngx_gemini_cell_t *cell, uint64_t end, uint64_t now)
{
    ngx_gemini_use_t  *use;

    use = &cell->use;

    if (!ngx_gemini_budget_open(use, now)) {
        use->requests = 0;
        use->tokens = 0;
    }

    use->minute = ngx_min(now, end - NGX_GEMINI_MINUTE);
}


void
ngx_gemini_budget_left(const ngx_gemini_cell_t *cell,
    const ngx_gemini_limit_t *limit, uint64_t now, uint64_t google,
    int64_t *rpm, int64_t *tpm, int64_t *rpd)
{
    uint32_t                 requests;
    uint64_t                 tokens;
    const ngx_gemini_use_t  *use;

    use = &cell->use;

    requests = 0;
    tokens = 0;

    if (ngx_gemini_budget_open(use, now)) {
        requests = use->requests;
        tokens = use->tokens;
    }

    *rpm = ngx_gemini_budget_rest(limit->rpm, requests);
    *tpm = ngx_gemini_budget_rest(limit->tpm, tokens);
    *rpd = -1;

    if (limit->rpd) {
        *rpd = ngx_gemini_budget_rest(limit->rpd,
                                      ngx_gemini_budget_today(use, google));
    }
}


ngx_uint_t
ngx_gemini_budget_learn(ngx_gemini_cell_t *cell,
    const ngx_gemini_violation_t *violation, uint64_t now)
{
    uint64_t               was, value;
    ngx_gemini_learned_t  *l;

    l = &cell->learned;
    value = violation->value;

    if (!violation->has_value || value == 0) {
        return 0;
    }

    if (violation->limit != NGX_GEMINI_LIMIT_TPM) {
        value = ngx_min(value, NGX_MAX_UINT32_VALUE);
    }

    switch (violation->limit) {

    case NGX_GEMINI_LIMIT_RPM:
        was = l->rpm;
        l->rpm = (uint32_t) value;
        l->rpm_at = now;
        break;

    case NGX_GEMINI_LIMIT_TPM:
        was = l->tpm;
        l->tpm = value;
        l->tpm_at = now;
        break;

    case NGX_GEMINI_LIMIT_RPD:
        was = l->rpd;
        l->rpd = (uint32_t) value;
        l->rpd_at = now;
        break;

    default:
        return 0;
    }

    return (was != value);
}


/* one day ahead is a clock that trembles */

uint32_t
ngx_gemini_budget_today(const ngx_gemini_use_t *use, uint64_t google)
{
    uint32_t  today;

    today = ngx_gemini_time_day(google);

    if (use->day == today || use->day == today + 1) {
        return use->day_requests;
    }

    return 0;
}


/* a learned minute limit is believed for an hour */

static ngx_uint_t
ngx_gemini_budget_fresh(uint64_t at, uint64_t now)
{
    return ((now > at) ? now - at : at - now) < NGX_GEMINI_HOUR;
}


static int64_t
ngx_gemini_budget_rest(uint64_t limit, uint64_t used)
{
    if (limit == 0) {
        return -1;
    }

    return (used < limit) ? (int64_t) (limit - used) : 0;
}
