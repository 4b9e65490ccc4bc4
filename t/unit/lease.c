
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The leases of probing and of the state file, whose holder is one worker at
 * a time though the clocks of two are apart: none takes what the other keeps,
 * and what the other has left is taken.
 */


#include "ngx_gemini_pool.h"
#include "ngx_gemini_probe.h"
#include "tap.h"


#define LEASE_NOW      1795392000000
#define LEASE_TURN     1000            /* ms between two looks of a worker */
#define LEASE_SAVING   10000           /* length of the state file's */
#define LEASE_LIVE     60000           /* how long the holder lives */
#define LEASE_FIRST    7
#define LEASE_SECOND   8


typedef ngx_uint_t (*lease_take_pt)(ngx_gemini_probing_t *lease, int32_t pid,
    uint64_t now);


static void lease_apart(const char *name, lease_take_pt take, int64_t length);
static void lease_run(lease_take_pt take, int64_t apart, ngx_uint_t phase,
    ngx_uint_t *both, int64_t *taken);
static void lease_set_back(const char *name, lease_take_pt take);
static ngx_uint_t lease_take_saving(ngx_gemini_probing_t *lease, int32_t pid,
    uint64_t now);


int
main(void)
{
    lease_apart("probing", ngx_gemini_probe_lease, NGX_GEMINI_PROBE_LEASE);
    lease_apart("the state file", lease_take_saving, LEASE_SAVING);

    lease_set_back("probing", ngx_gemini_probe_lease);
    lease_set_back("the state file", lease_take_saving);

    return tap_done();
}


/* both clocks run, one so far ahead of the other */

static void
lease_apart(const char *name, lease_take_pt take, int64_t length)
{
    int64_t     apart, taken, most;
    ngx_uint_t  phase, both;

    for (apart = -3900; apart <= 3900; apart += 300) {
        most = length - apart + LEASE_TURN;

        for (phase = 1; phase < LEASE_TURN; phase += 333) {
            lease_run(take, apart, phase, &both, &taken);

            tap_is_int(both, 0, "%s, %lld ms apart, %d ms later: one holder",
                       name, (long long) apart, (int) phase);
            tap_ok(taken > 0 && taken <= most,
                   "%s, %lld ms apart, %d ms later: a dead one's is taken",
                   name, (long long) apart, (int) phase);
        }
    }
}


/*
 * Millisecond by millisecond: the first looks each turn until it dies, the
 * second, whose looks are phase behind, also after that.  both: times that
 * the second got it while the first lived; taken: ms after that until it did.
 */

static void
lease_run(lease_take_pt take, int64_t apart, ngx_uint_t phase,
    ngx_uint_t *both, int64_t *taken)
{
    int64_t               ms;
    ngx_gemini_probing_t  lease;

    memset(&lease, 0, sizeof(ngx_gemini_probing_t));

    *both = 0;
    *taken = 0;

    for (ms = 0; ms < 2 * LEASE_LIVE && *taken == 0; ms++) {

        if (ms < LEASE_LIVE
            && ms % LEASE_TURN == 0
            && !take(&lease, LEASE_FIRST, LEASE_NOW + ms))
        {
            ++*both;
        }

        if (ms % LEASE_TURN != (int64_t) phase
            || !take(&lease, LEASE_SECOND, LEASE_NOW + ms + apart))
        {
            continue;
        }

        if (ms < LEASE_LIVE) {
            ++*both;

        } else {
            *taken = ms - LEASE_LIVE + 1;
        }
    }
}


/* an hour: the end is not waited for; by more than anybody could be ahead */

static void
lease_set_back(const char *name, lease_take_pt take)
{
    ngx_gemini_probing_t  lease;

    memset(&lease, 0, sizeof(ngx_gemini_probing_t));

    (void) take(&lease, LEASE_FIRST, LEASE_NOW);

    tap_is_int(take(&lease, LEASE_SECOND, LEASE_NOW - 3600000), 1,
               "%s: of a clock that was set back", name);
    tap_is_int(take(&lease, LEASE_FIRST, LEASE_NOW - 3600000), 0,
               "%s: and by one only", name);
}


/* as ngx_http_gemini_persist.c does */

static ngx_uint_t
lease_take_saving(ngx_gemini_probing_t *lease, int32_t pid, uint64_t now)
{
    if (!ngx_gemini_pool_lease(lease->pid, lease->end, pid, LEASE_SAVING,
                               now))
    {
        return 0;
    }

    lease->pid = pid;
    lease->end = now + LEASE_SAVING;

    return 1;
}
