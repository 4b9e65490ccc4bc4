
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Minutes and days of a cell: booked, settled, phased, learned, forgotten.
 */


#include "ngx_gemini_budget.h"
#include "ngx_gemini_time.h"
#include "tap.h"


/* 2026-11-22T20:00:00Z, noon in California */
#define BUDGET_NOW  1795377600000ull


typedef struct {
    ngx_gemini_limit_e         limit;
    uint64_t                   value;
    unsigned                   has_value;
    ngx_uint_t                 news;
} budget_lesson_t;


int main(void);
static void budget_requests(void);
static void budget_tokens(void);
static void budget_days(void);
static void budget_trembling(void);
static void budget_clock(void);
static void budget_settle(void);
static void budget_phase(void);
static void budget_left(void);
static void budget_lessons(void);
static void budget_lower(void);
static void budget_forget(void);
static void budget_never_exceeded(void);
static ngx_uint_t budget_fits(const ngx_gemini_cell_t *cell,
    const ngx_gemini_limit_t *limit, uint64_t tokens, uint64_t now);


static const budget_lesson_t  budget_table[] = {
    { NGX_GEMINI_LIMIT_RPM, 10, 1, 1 },
    { NGX_GEMINI_LIMIT_RPM, 10, 1, 0 },
    { NGX_GEMINI_LIMIT_RPM, 15, 1, 1 },
    { NGX_GEMINI_LIMIT_RPM, 0, 1, 0 },
    { NGX_GEMINI_LIMIT_RPM, 7, 0, 0 },
    { NGX_GEMINI_LIMIT_TPM, 250000, 1, 1 },
    { NGX_GEMINI_LIMIT_TPM, 6000000000, 1, 1 },
    { NGX_GEMINI_LIMIT_RPD, 20, 1, 1 },
    { NGX_GEMINI_LIMIT_RPD, 20, 1, 0 },
    { NGX_GEMINI_LIMIT_OTHER, 3, 1, 0 }
};


int
main(void)
{
    budget_requests();
    budget_tokens();
    budget_days();
    budget_trembling();
    budget_clock();
    budget_settle();
    budget_phase();
    budget_left();
    budget_lessons();
    budget_lower();
    budget_forget();
    budget_never_exceeded();

    return tap_done();
}


/* a minute opens with its first reservation and lasts 60 s */

static void
budget_requests(void)
{
    uint64_t            now, until;
    ngx_uint_t          day;
    ngx_gemini_cell_t   cell;
    ngx_gemini_limit_t  limit = { 2, 0, 0 };

    ngx_memzero(&cell, sizeof(ngx_gemini_cell_t));
    now = BUDGET_NOW;

    tap_ok(budget_fits(&cell, &limit, 9, now), "an empty minute");
    tap_is_int(ngx_gemini_budget_book(&cell, 0, now, now), now,
               "opens when booked");

    tap_ok(budget_fits(&cell, &limit, 9, now + 59000), "the second fits");
    tap_is_int(ngx_gemini_budget_book(&cell, 0, now + 59000, now + 59000),
               now, "into the same minute");

    tap_ok(!ngx_gemini_budget_fits(&cell, &limit, 0, now + 59999,
                                   now + 59999, &until, &day),
           "the third does not");
    tap_is_int(until, now + 60000, "before the minute has ended");
    tap_is_int(day, 0, "which is not for the day");

    tap_ok(budget_fits(&cell, &limit, 0, now + 60000), "then it does");
    tap_is_int(ngx_gemini_budget_book(&cell, 0, now + 61000, now + 61000),
               now + 61000, "and opens another");
    tap_is_int(cell.use.requests, 1, "which counts from one");
}


static void
budget_tokens(void)
{
    uint64_t            now;
    ngx_gemini_cell_t   cell;
    ngx_gemini_limit_t  limit = { 0, 0, 1000 };

    ngx_memzero(&cell, sizeof(ngx_gemini_cell_t));
    now = BUDGET_NOW;

    tap_ok(budget_fits(&cell, &limit, 5000, now),
           "an empty minute takes what is larger than itself");

    (void) ngx_gemini_budget_book(&cell, 400, now, now);

    tap_ok(budget_fits(&cell, &limit, 600, now), "600 and 400 fit");
    tap_ok(!budget_fits(&cell, &limit, 601, now), "601 do not");
    tap_ok(!budget_fits(&cell, &limit, 5000, now), "nor do 5000");
    tap_ok(budget_fits(&cell, &limit, 5000, now + 60000),
           "before the next minute");

    (void) ngx_gemini_budget_book(&cell, 900, now, now);

    tap_ok(!budget_fits(&cell, &limit, 0, now),
           "an overdrawn minute takes nothing");
}


static void
budget_days(void)
{
    uint64_t            now, until, midnight;
    ngx_uint_t          day;
    ngx_gemini_cell_t   cell;
    ngx_gemini_limit_t  limit = { 0, 2, 0 };

    ngx_memzero(&cell, sizeof(ngx_gemini_cell_t));
    now = BUDGET_NOW;
    midnight = ngx_gemini_time_midnight(now);

    (void) ngx_gemini_budget_book(&cell, 0, now, now);
    tap_ok(budget_fits(&cell, &limit, 0, now), "the second of the day");
    (void) ngx_gemini_budget_book(&cell, 0, now, now);

    tap_ok(!ngx_gemini_budget_fits(&cell, &limit, 0, now + 3600000,
                                   now + 3610000, &until, &day),
           "no third, an hour later");
    tap_is_int(until, midnight - 10000,
               "until Google's midnight, by our clock");
    tap_is_int(day, 1, "for the day");

    tap_ok(!budget_fits(&cell, &limit, 0, midnight - 1), "no third at 23:59");
    tap_ok(budget_fits(&cell, &limit, 0, midnight), "a new day");

    (void) ngx_gemini_budget_book(&cell, 0, midnight, midnight);
    tap_is_int(cell.use.day_requests, 1, "counts from one");
}


/* Google's clock is known to a second: a day does not begin twice */

static void
budget_trembling(void)
{
    uint64_t            midnight;
    ngx_gemini_cell_t   cell;
    ngx_gemini_limit_t  limit = { 0, 2, 0 };

    ngx_memzero(&cell, sizeof(ngx_gemini_cell_t));
    midnight = ngx_gemini_time_midnight(BUDGET_NOW);

    (void) ngx_gemini_budget_book(&cell, 0, midnight, midnight);
    (void) ngx_gemini_budget_book(&cell, 0, midnight, midnight - 1);
    (void) ngx_gemini_budget_book(&cell, 0, midnight, midnight);

    tap_is_int(cell.use.day_requests, 3, "all count for the new day");
    tap_ok(!budget_fits(&cell, &limit, 0, midnight - 1),
           "and yesterday is spent with it");
}


static void
budget_clock(void)
{
    uint64_t            now;
    ngx_gemini_cell_t   cell;
    ngx_gemini_limit_t  limit = { 1, 0, 0 };

    ngx_memzero(&cell, sizeof(ngx_gemini_cell_t));
    now = BUDGET_NOW;

    (void) ngx_gemini_budget_book(&cell, 0, now, now);

    tap_ok(!budget_fits(&cell, &limit, 0, now - 5000),
           "a minute ahead of a clock set back by seconds counts");
    tap_ok(budget_fits(&cell, &limit, 0, now - NGX_GEMINI_HOUR),
           "by an hour it does not");
}


static void
budget_settle(void)
{
    uint64_t           now, minute;
    ngx_gemini_cell_t  cell;

    ngx_memzero(&cell, sizeof(ngx_gemini_cell_t));
    now = BUDGET_NOW;

    minute = ngx_gemini_budget_book(&cell, 100, now, now);
    (void) ngx_gemini_budget_book(&cell, 200, now, now);

    ngx_gemini_budget_settle(&cell, minute, 100, 1000, now + 100);
    tap_is_int(cell.use.tokens, 1200, "more was used");

    ngx_gemini_budget_settle(&cell, minute, 200, -1, now + 100);
    tap_is_int(cell.use.tokens, 1200, "unknown: the estimate stays");

    ngx_gemini_budget_settle(&cell, minute, 200, 0, now + 100);
    tap_is_int(cell.use.tokens, 1000, "nothing was used");

    ngx_gemini_budget_settle(&cell, minute, 5000, 0, now + 100);
    tap_is_int(cell.use.tokens, 0, "never below nothing");

    (void) ngx_gemini_budget_book(&cell, 300, now + 60000, now + 60000);
    ngx_gemini_budget_settle(&cell, minute, 100, 0, now + 60000);
    tap_is_int(cell.use.tokens, 300, "an earlier minute is let be");
    tap_is_int(cell.use.requests, 1, "and its requests");
}


static void
budget_phase(void)
{
    uint64_t            now;
    ngx_gemini_cell_t   cell;
    ngx_gemini_limit_t  limit = { 1, 0, 0 };

    ngx_memzero(&cell, sizeof(ngx_gemini_cell_t));
    now = BUDGET_NOW;

    (void) ngx_gemini_budget_book(&cell, 0, now, now);
    ngx_gemini_budget_phase(&cell, now + 5000, now + 1000);

    tap_ok(!budget_fits(&cell, &limit, 0, now + 4999), "the told end");
    tap_ok(budget_fits(&cell, &limit, 0, now + 5000), "ends the minute");

    ngx_gemini_budget_phase(&cell, now + 90000, now + 10000);
    tap_is_int(cell.use.minute, now + 10000, "one far away: a minute from now");
    tap_is_int(cell.use.requests, 0, "what was over is not counted again");
}


static void
budget_left(void)
{
    int64_t             rpm, tpm, rpd;
    uint64_t            now;
    ngx_gemini_cell_t   cell;
    ngx_gemini_limit_t  limit = { 10, 20, 1000 };
    ngx_gemini_limit_t  none = { 0, 0, 0 };

    ngx_memzero(&cell, sizeof(ngx_gemini_cell_t));
    now = BUDGET_NOW;

    ngx_gemini_budget_left(&cell, &none, now, now, &rpm, &tpm, &rpd);
    tap_ok(rpm == -1 && tpm == -1 && rpd == -1, "no limits");

    ngx_gemini_budget_left(&cell, &limit, now, now, &rpm, &tpm, &rpd);
    tap_ok(rpm == 10 && tpm == 1000 && rpd == 20, "unused");

    (void) ngx_gemini_budget_book(&cell, 1500, now, now);
    ngx_gemini_budget_left(&cell, &limit, now, now, &rpm, &tpm, &rpd);
    tap_ok(rpm == 9 && tpm == 0 && rpd == 19, "used, overdrawn");

    now += 60000;
    ngx_gemini_budget_left(&cell, &limit, now, now, &rpm, &tpm, &rpd);
    tap_ok(rpm == 10 && tpm == 1000 && rpd == 19, "a minute later");

    now += NGX_GEMINI_DAY;
    ngx_gemini_budget_left(&cell, &limit, now, now, &rpm, &tpm, &rpd);
    tap_is_int(rpd, 20, "a day later");
}


static void
budget_lessons(void)
{
    ngx_uint_t              i;
    ngx_gemini_cell_t       cell;
    ngx_gemini_violation_t  violation;

    ngx_memzero(&cell, sizeof(ngx_gemini_cell_t));

    for (i = 0; i < sizeof(budget_table) / sizeof(budget_table[0]); i++) {
        violation.limit = budget_table[i].limit;
        violation.value = budget_table[i].value;
        violation.has_value = budget_table[i].has_value;

        tap_is_int(ngx_gemini_budget_learn(&cell, &violation, BUDGET_NOW),
                   budget_table[i].news, "lesson %d", (int) i);
    }

    tap_ok(cell.learned.rpm == 15 && cell.learned.tpm == 6000000000
           && cell.learned.rpd == 20,
           "what was learned");
    tap_ok(cell.learned.rpm_at == BUDGET_NOW
           && cell.learned.tpm_at == BUDGET_NOW
           && cell.learned.rpd_at == BUDGET_NOW,
           "and when");
}


static void
budget_lower(void)
{
    ngx_gemini_cell_t   cell;
    ngx_gemini_limit_t  limit;
    ngx_gemini_limit_t  none = { 0, 0, 0 };
    ngx_gemini_limit_t  low = { 1, 2, 3 };
    ngx_gemini_limit_t  high = { 1000, 1000, 1000 };

    ngx_memzero(&cell, sizeof(ngx_gemini_cell_t));

    ngx_gemini_budget_limit(&cell, &low, BUDGET_NOW, &limit);
    tap_ok(limit.rpm == 1 && limit.rpd == 2 && limit.tpm == 3, "as written");

    cell.learned.rpm = 10;
    cell.learned.rpd = 20;
    cell.learned.tpm = 30;
    cell.learned.rpm_at = BUDGET_NOW;
    cell.learned.rpd_at = BUDGET_NOW;
    cell.learned.tpm_at = BUDGET_NOW;

    ngx_gemini_budget_limit(&cell, &low, BUDGET_NOW, &limit);
    tap_ok(limit.rpm == 1 && limit.rpd == 2 && limit.tpm == 3,
           "the written ones are lower");

    ngx_gemini_budget_limit(&cell, &high, BUDGET_NOW, &limit);
    tap_ok(limit.rpm == 10 && limit.rpd == 20 && limit.tpm == 30,
           "the learned ones are lower");

    ngx_gemini_budget_limit(&cell, &none, BUDGET_NOW, &limit);
    tap_ok(limit.rpm == 10 && limit.rpd == 20 && limit.tpm == 30,
           "none are written");
}


static void
budget_forget(void)
{
    uint64_t            midnight;
    ngx_gemini_cell_t   cell;
    ngx_gemini_limit_t  limit;
    ngx_gemini_limit_t  none = { 0, 0, 0 };

    ngx_memzero(&cell, sizeof(ngx_gemini_cell_t));
    midnight = ngx_gemini_time_midnight(BUDGET_NOW);

    cell.learned.rpm = 10;
    cell.learned.rpd = 20;
    cell.learned.tpm = 30;
    cell.learned.rpm_at = BUDGET_NOW;
    cell.learned.rpd_at = BUDGET_NOW;
    cell.learned.tpm_at = BUDGET_NOW;

    ngx_gemini_budget_limit(&cell, &none, BUDGET_NOW + 3599999, &limit);
    tap_ok(limit.rpm == 10 && limit.rpd == 20 && limit.tpm == 30,
           "believed for an hour");

    ngx_gemini_budget_limit(&cell, &none, BUDGET_NOW + 3600000, &limit);
    tap_ok(limit.rpm == 0 && limit.rpd == 20 && limit.tpm == 0,
           "minutes are forgotten then");

    ngx_gemini_budget_limit(&cell, &none, midnight - 1, &limit);
    tap_is_int(limit.rpd, 20, "the day's is believed all day");

    ngx_gemini_budget_limit(&cell, &none, midnight, &limit);
    tap_is_int(limit.rpd, 0, "and forgotten at midnight");
}


/* over random times no minute and no day takes more than its limit */

static void
budget_never_exceeded(void)
{
    uint32_t            i, n, over, fit, times[64];
    uint64_t            now, seed, began[64];
    ngx_gemini_cell_t   cell;
    ngx_gemini_limit_t  limit = { 7, 0, 2000 };

    ngx_memzero(&cell, sizeof(ngx_gemini_cell_t));
    ngx_memzero(began, sizeof(began));
    ngx_memzero(times, sizeof(times));

    seed = tap_seed();
    now = BUDGET_NOW;
    over = 0;
    fit = 0;
    n = 0;

    for (i = 0; i < 20000; i++) {
        now += tap_random(&seed) % 9000;

        if (!budget_fits(&cell, &limit, 400, now)) {
            continue;
        }

        fit++;

        if (ngx_gemini_budget_book(&cell, 400, now, now) != began[n % 64]) {
            n++;
            began[n % 64] = now;
            times[n % 64] = 0;
        }

        over += (++times[n % 64] > 5);
        over += (n > 1 && began[n % 64] < began[(n - 1) % 64] + 60000);
    }

    tap_is_int(over, 0, "no minute of %u took too much of %u", n, fit);
}


static ngx_uint_t
budget_fits(const ngx_gemini_cell_t *cell, const ngx_gemini_limit_t *limit,
    uint64_t tokens, uint64_t now)
{
    uint64_t    until;
    ngx_uint_t  day;

    return ngx_gemini_budget_fits(cell, limit, tokens, now, now, &until,
                                  &day);
}
