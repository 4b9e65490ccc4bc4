
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Events of a settling, and the request that they are told of.
 */


#include "fixture.h"


int main(void);
static void change_names(void);
static void change_late(void);
static void change_many(void);
static void change_disable(fixture_t *f, ngx_gemini_settle_t *settle);
static ngx_uint_t change_named(const fixture_t *f, uint64_t n, u_char byte);


int
main(void)
{
    change_names();
    change_late();
    change_many();

    return tap_done();
}


static void
change_names(void)
{
    u_char               id[NGX_GEMINI_REQUEST_ID];
    fixture_t            f;
    ngx_gemini_settle_t  settle;

    fixture_make(&f, 2, 2, 1, 1);
    fixture_start(&f, 8);
    memset(id, 'a', NGX_GEMINI_REQUEST_ID);

    /* the last place of the ring, and its first one */

    f.gv.gp->event = NGX_GEMINI_EVENTS - 1;
    change_disable(&f, &settle);
    tap_is_int(f.gv.gp->event, NGX_GEMINI_EVENTS, "an event");

    change_disable(&f, &settle);
    tap_is_int(f.gv.gp->event, NGX_GEMINI_EVENTS + 1, "another one");
    tap_ok(change_named(&f, 0, '\0'), "has no request yet");

    ngx_gemini_sched_name(&f.gv, &settle, id);
    tap_ok(change_named(&f, 0, 'a'), "is told of its request");
    tap_ok(change_named(&f, NGX_GEMINI_EVENTS - 1, '\0'),
           "the one before is not");

    fixture_free(&f);
}


/* others have taken its place in the ring */

static void
change_late(void)
{
    u_char               id[NGX_GEMINI_REQUEST_ID];
    fixture_t            f;
    ngx_gemini_settle_t  settle;

    fixture_make(&f, 1, 1, 1, 1);
    fixture_start(&f, 8);
    memset(id, 'a', NGX_GEMINI_REQUEST_ID);

    change_disable(&f, &settle);

    f.gv.gp->event += NGX_GEMINI_EVENTS;
    ngx_gemini_sched_name(&f.gv, &settle, id);
    tap_ok(change_named(&f, 0, '\0'), "an event that is no longer there");

    f.gv.gp->event--;
    ngx_gemini_sched_name(&f.gv, &settle, id);
    tap_ok(change_named(&f, 0, 'a'), "the oldest that is");

    settle.nevents = 0;
    settle.event++;
    ngx_gemini_sched_name(&f.gv, &settle, id);
    tap_ok(change_named(&f, 1, '\0'), "no event, no request");

    fixture_free(&f);
}


/* more than are told to the caller, who logs them */

static void
change_many(void)
{
    u_char               id[NGX_GEMINI_REQUEST_ID];
    fixture_t            f;
    ngx_uint_t           i, n;
    ngx_gemini_pick_t    pick;
    ngx_gemini_settle_t  settle;

    fixture_make(&f, 1, 1, 1, 1);
    fixture_start(&f, 8);
    memset(id, 'a', NGX_GEMINI_REQUEST_ID);

    (void) fixture_pick(&f, &pick);
    fixture_answer(&f, &settle, &pick, NGX_GEMINI_QUOTA_MINUTE);

    f.verdict.delay = NGX_GEMINI_MINUTE;
    f.verdict.nviolations = NGX_GEMINI_CHANGES;

    for (i = 0; i < NGX_GEMINI_CHANGES; i++) {
        f.verdict.violations[i].limit = NGX_GEMINI_LIMIT_RPM;
        f.verdict.violations[i].has_value = 1;
        f.verdict.violations[i].value = 50 - i;
    }

    ngx_gemini_sched_settle(&f.gv, &f.gc, &settle, f.now);
    ngx_gemini_sched_name(&f.gv, &settle, id);

    n = (ngx_uint_t) f.gv.gp->event;

    tap_is_int(settle.nchanges, NGX_GEMINI_CHANGES, "changes of a settling");
    tap_is_int(n, NGX_GEMINI_CHANGES + 1, "and one event more");
    tap_ok(change_named(&f, n - 1, 'a'), "which is told of its request, too");

    fixture_free(&f);
}


static void
change_disable(fixture_t *f, ngx_gemini_settle_t *settle)
{
    ngx_gemini_pick_t  pick;

    (void) fixture_pick(f, &pick);
    fixture_answer(f, settle, &pick, NGX_GEMINI_KEY_INVALID);
    f->verdict.disable = 1;
    ngx_gemini_sched_settle(&f->gv, &f->gc, settle, f->now);
}


static ngx_uint_t
change_named(const fixture_t *f, uint64_t n, u_char byte)
{
    size_t         i;
    const u_char  *id;

    id = f->gv.gp->events[n].request_id;

    for (i = 0; i < NGX_GEMINI_REQUEST_ID; i++) {
        if (id[i] != byte) {
            return 0;
        }
    }

    return 1;
}
