
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Which keys a request may use: after its earlier attempts, within what its
 * location allows, for the owner of a resource.
 */


#include "fixture.h"


int main(void);
static void allow_tried(void);
static void allow_siblings(void);
static void allow_again(void);
static void allow_restricted(void);
static void allow_pinned(void);


int
main(void)
{
    allow_tried();
    allow_siblings();
    allow_again();
    allow_restricted();
    allow_pinned();

    return tap_done();
}


static void
allow_tried(void)
{
    fixture_t           f;
    ngx_gemini_pick_t   pick;
    ngx_gemini_tried_t  tried;

    fixture_make(&f, 2, 1, 1, 2);
    fixture_start(&f, 16);

    fixture_wish(&f, &pick, 0, 2);
    tried.key = 0;
    tried.project = 0;
    tried.model = f.choices[0].slot;
    tried.class = NGX_GEMINI_SERVER;
    pick.tried = &tried;
    pick.ntried = 1;

    (void) ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now);
    tap_ok(pick.key == 1 && pick.choice == 0, "after a 500 the other key");

    tried.class = NGX_GEMINI_KEY_INVALID;
    tried.model = f.choices[1].slot;
    (void) ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now);
    tap_ok(pick.key == 1 && pick.choice == 0,
           "an invalid key is invalid for all models");

    tried.class = NGX_GEMINI_MODEL_UNKNOWN;
    tried.model = f.choices[0].slot;
    (void) ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now);
    tap_is_int(pick.choice, 1, "an unknown model is so on all keys");

    fixture_free(&f);
}


/* no sibling of a spent project, no other project of a spent account */

static void
allow_siblings(void)
{
    fixture_t           f;
    ngx_gemini_pick_t   pick;
    ngx_gemini_tried_t  tried;

    fixture_make(&f, 4, 2, 1, 2);
    fixture_start(&f, 16);

    fixture_wish(&f, &pick, 0, 1);
    tried.key = 0;
    tried.project = 0;
    tried.model = f.choices[0].slot;
    tried.class = NGX_GEMINI_QUOTA_TERSE;
    pick.tried = &tried;
    pick.ntried = 1;

    (void) ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now);
    tap_is_int(pick.key, 1, "the other project's");
    pick.again = 1;
    (void) ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now);
    tap_is_int(pick.key, 3, "also when all may be tried again");
    pick.again = 0;

    tried.class = NGX_GEMINI_CREDIT;
    tap_is_int(ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now),
               NGX_DECLINED, "one account: nobody");
    tap_is_int(pick.lack, NGX_GEMINI_LACK_TRIED, "as tried");

    fixture_wish(&f, &pick, 0, 2);
    tried.class = NGX_GEMINI_QUOTA_DAY;
    f.gv.keys[1].disabled = NGX_GEMINI_KEY_LEAKED;
    f.gv.keys[3].disabled = NGX_GEMINI_KEY_LEAKED;
    pick.tried = &tried;
    pick.ntried = 1;
    (void) ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now);
    tap_ok(pick.choice == 1 && f.gc.keys[pick.key].project == 0,
           "a spent cell serves another model");

    fixture_free(&f);
}


static void
allow_again(void)
{
    fixture_t           f;
    ngx_gemini_pick_t   pick;
    ngx_gemini_tried_t  tried[2];

    fixture_make(&f, 1, 1, 1, 1);
    fixture_start(&f, 16);

    fixture_wish(&f, &pick, 0, 1);
    tried[0].key = 0;
    tried[0].project = 0;
    tried[0].model = f.choices[0].slot;
    tried[0].class = NGX_GEMINI_TRANSPORT;
    tried[1] = tried[0];
    tried[1].class = NGX_GEMINI_BAD_GATEWAY;
    pick.tried = tried;
    pick.ntried = 2;

    tap_is_int(ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now),
               NGX_DECLINED, "all tried");
    tap_is_int(pick.lack, NGX_GEMINI_LACK_TRIED, "as said");

    pick.again = 1;
    tap_is_int(ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now), NGX_OK,
               "again");

    tried[1].class = NGX_GEMINI_KEY_METHOD;
    tap_is_int(ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now),
               NGX_DECLINED, "not what failed otherwise");

    fixture_free(&f);
}


static void
allow_restricted(void)
{
    fixture_t              f;
    ngx_gemini_pick_t      pick;
    ngx_gemini_restrict_t  restriction;

    fixture_make(&f, 6, 3, 2, 2);
    fixture_start(&f, 16);

    fixture_wish(&f, &pick, 0, 2);
    pick.restrict_to = &restriction;
    ngx_str_set(&restriction.keys, "x*,k4");
    ngx_str_set(&restriction.models, "m1");

    (void) ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now);
    tap_ok(pick.key == 4 && pick.choice == 1, "by label and model");

    ngx_str_set(&restriction.keys, "project:p2");
    (void) ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now);
    tap_is_int(pick.key, 2, "by project");

    ngx_str_set(&restriction.keys, "account:a1 , p*");
    (void) ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now);
    tap_is_int(pick.key, 1, "by account; a label is no project");

    ngx_str_set(&restriction.keys, "nobody");
    tap_is_int(ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now),
               NGX_DECLINED, "nobody");
    tap_is_int(pick.lack, NGX_GEMINI_LACK_KEY, "no key");

    fixture_free(&f);
}


static void
allow_pinned(void)
{
    fixture_t          f;
    ngx_gemini_pick_t  pick;

    fixture_make(&f, 6, 3, 3, 1);
    fixture_start(&f, 16);

    fixture_wish(&f, &pick, 0, 1);
    pick.project = 2;
    (void) ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now);
    tap_is_int(pick.key, 2, "the owner's key");

    ngx_gemini_rest_place(&f.gv.projects[f.gc.projects[2].slot].rest, f.now,
                          5000, NGX_GEMINI_PROJECT_DISABLED,
                          NGX_GEMINI_TOLD);
    tap_is_int(ngx_gemini_sched_pick(&f.gv, &f.gc, &pick, f.now), NGX_AGAIN,
               "or nobody's");
    tap_is_int(pick.until, f.now + 5000, "until it is back");

    fixture_free(&f);
}
