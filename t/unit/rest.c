
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Rests, what a clock that was set does to them, and the bitmaps.
 */


#include "ngx_gemini_pool.h"
#include "tap.h"


#define REST_NOW       1795327200000ull
#define REST_PROJECTS  150
#define REST_MODELS    3
#define REST_RESVS     64


static void rest_place(void);
static void rest_clock(void);
static void rest_bitmap(void);
static void rest_bitmap_oracle(void);
static int rest_bitmap_same(uint32_t model, uint64_t now);
static uint64_t rest_bitmap_end(const ngx_gemini_rest_t *rest, uint64_t now);
static void rest_start(void);


static ngx_gemini_view_t  rest_view;
static ngx_gemini_view_t *gv = &rest_view;
static void              *rest_mem;


static const ngx_gemini_caps_t  rest_caps = {
    REST_PROJECTS,
    REST_PROJECTS,
    REST_PROJECTS,
    REST_MODELS,
    REST_RESVS,
    0
};


static void
rest_place(void)
{
    ngx_gemini_rest_t  rest;

    memset(&rest, 0, sizeof(rest));

    tap_is_int(ngx_gemini_rest_left(&rest, REST_NOW), 0, "no rest");

    ngx_gemini_rest_place(&rest, REST_NOW, 60000, NGX_GEMINI_QUOTA_MINUTE,
                          NGX_GEMINI_TOLD);

    tap_is_int(ngx_gemini_rest_left(&rest, REST_NOW), 60000, "a minute");
    tap_is_int(ngx_gemini_rest_left(&rest, REST_NOW + 59999), 1, "its end");
    tap_is_int(ngx_gemini_rest_left(&rest, REST_NOW + 60000), 0, "over");
    tap_is_int(rest.reason, NGX_GEMINI_QUOTA_MINUTE, "its reason");
    tap_is_int(rest.provenance, NGX_GEMINI_TOLD, "who says so");

    ngx_gemini_rest_place(&rest, REST_NOW + 1000, 5000,
                          NGX_GEMINI_QUOTA_TERSE, NGX_GEMINI_GUESSED);

    tap_is_int(rest.until, REST_NOW + 60000, "a shorter one changes nothing");
    tap_is_int(rest.reason, NGX_GEMINI_QUOTA_MINUTE, "nor the reason");

    rest.trial = NGX_GEMINI_TRYING;
    ngx_gemini_rest_place(&rest, REST_NOW + 1000, 120000,
                          NGX_GEMINI_QUOTA_DAY, NGX_GEMINI_LEARNED);

    tap_is_int(rest.until, REST_NOW + 121000, "a longer one does");
    tap_is_int(rest.began, REST_NOW + 1000, "from now on");
    tap_is_int(rest.reason, NGX_GEMINI_QUOTA_DAY, "with its reason");
    tap_is_int(rest.trial, 0, "and no trial");

    ngx_gemini_rest_place(&rest, REST_NOW + 121000, 1000,
                          NGX_GEMINI_OVERLOADED, NGX_GEMINI_GUESSED);

    tap_is_int(rest.until, REST_NOW + 122000, "any follows one that is over");
}


static void
rest_clock(void)
{
    ngx_gemini_rest_t  rest;

    memset(&rest, 0, sizeof(rest));

    ngx_gemini_rest_place(&rest, REST_NOW, 60000, NGX_GEMINI_QUOTA_MINUTE,
                          NGX_GEMINI_TOLD);

    tap_is_int(ngx_gemini_rest_left(&rest, REST_NOW - 2000), 60000,
               "to a clock a little behind never more than its length");
    tap_is_int(ngx_gemini_rest_left(&rest, REST_NOW - NGX_GEMINI_HOUR), 0,
               "over when the clock was set back");

    ngx_gemini_rest_place(&rest, REST_NOW - NGX_GEMINI_HOUR, 1000,
                          NGX_GEMINI_QUOTA_TERSE, NGX_GEMINI_GUESSED);

    tap_is_int(rest.until, REST_NOW - NGX_GEMINI_HOUR + 1000,
               "and does not hold against a new one");
}


static void
rest_bitmap(void)
{
    ngx_gemini_cell_t  *cell;

    rest_start();

    cell = ngx_gemini_cell(gv, 70, 1);
    ngx_gemini_rest_place(&cell->rest, REST_NOW, 5000,
                          NGX_GEMINI_QUOTA_MINUTE, NGX_GEMINI_TOLD);
    ngx_gemini_pool_mark(gv, 70, 1);

    tap_is_int(ngx_gemini_bitmap(gv, 1)[1], 1 << 6, "a cell's bit");
    tap_is_int(ngx_gemini_bitmap(gv, 0)[1], 0, "in its model only");
    tap_is_int(gv->models[1].rest_sweep, REST_NOW + 5000, "its end");

    ngx_gemini_rest_place(&gv->projects[3].rest, REST_NOW, 3000,
                          NGX_GEMINI_PROJECT_DENIED, NGX_GEMINI_LEARNED);
    ngx_gemini_pool_mark(gv, 3, NGX_GEMINI_NONE);

    tap_is_int(ngx_gemini_bitmap(gv, 0)[0], 8, "a project's bit");
    tap_is_int(ngx_gemini_bitmap(gv, gv->other)[0], 8, "in every model");
    tap_is_int(gv->models[1].rest_sweep, REST_NOW + 3000, "the earlier end");

    ngx_gemini_pool_sweep(gv, 1, REST_NOW + 3000);

    tap_is_int(ngx_gemini_bitmap(gv, 1)[0], 0, "swept when over");
    tap_is_int(ngx_gemini_bitmap(gv, 1)[1], 1 << 6, "one that is not stays");
    tap_is_int(gv->models[1].rest_sweep, REST_NOW + 5000, "the next end");

    cell->rest.provenance = NGX_GEMINI_GUESSED;
    ngx_gemini_pool_sweep(gv, 1, REST_NOW + 6000);

    tap_is_int(ngx_gemini_bitmap(gv, 1)[1], 1 << 6, "a guess waits for proof");
    tap_is_int(gv->models[1].rest_sweep, 0, "and no end is ahead");

    cell->rest.until = 0;
    ngx_gemini_pool_sweep(gv, 1, REST_NOW + 6000);

    tap_is_int(ngx_gemini_bitmap(gv, 1)[1], 0, "proven");
}


static void
rest_bitmap_oracle(void)
{
    int                 bad;
    uint32_t            i, model, project;
    uint64_t            now, seed;
    ngx_gemini_rest_t  *rest;

    rest_start();

    seed = tap_seed();
    now = REST_NOW;
    bad = 0;

    for (i = 0; i < 20000; i++) {
        now += tap_random(&seed) % 500;

        project = tap_random(&seed) % REST_PROJECTS;
        model = tap_random(&seed) % gv->nmodels;
        rest = &ngx_gemini_cell(gv, project, model)->rest;

        switch (tap_random(&seed) % 8) {

        case 0:
            rest = &gv->projects[project].rest;
            model = NGX_GEMINI_NONE;

            /* fall through */

        case 1:
        case 2:
        case 3:
            ngx_gemini_rest_place(rest, now, tap_random(&seed) % 60000,
                                  NGX_GEMINI_QUOTA_TERSE,
                                  tap_random(&seed) % 3);
            ngx_gemini_pool_mark(gv, project, model);
            break;

        case 4:
            rest->until = 0;
            break;

        default:
            ngx_gemini_pool_sweep(gv, model, now);
            bad += !rest_bitmap_same(model, now);
        }
    }

    tap_is_int(bad, 0, "a swept row is what the records say");
}


static int
rest_bitmap_same(uint32_t model, uint64_t now)
{
    uint32_t  i;
    uint64_t  end, whole, earliest, bit;

    earliest = 0;

    for (i = 0; i < REST_PROJECTS; i++) {
        end = rest_bitmap_end(&ngx_gemini_cell(gv, i, model)->rest, now);
        whole = rest_bitmap_end(&gv->projects[i].rest, now);
        end = ngx_max(end, whole);

        bit = ngx_gemini_bitmap(gv, model)[i / 64] >> (i % 64) & 1;

        if (bit != (end != 0)) {
            return 0;
        }

        if (end > now && (earliest == 0 || end < earliest)) {
            earliest = end;
        }
    }

    return gv->models[model].rest_sweep == earliest;
}


static uint64_t
rest_bitmap_end(const ngx_gemini_rest_t *rest, uint64_t now)
{
    if (rest->until > now) {
        return rest->until;
    }

    if (rest->until != 0 && rest->provenance == NGX_GEMINI_GUESSED) {
        return now;
    }

    return 0;
}


/* every project has a slot, as after a claim */

static void
rest_start(void)
{
    uint32_t  i;

    free(rest_mem);

    rest_mem = aligned_alloc(64, ngx_gemini_pool_size(&rest_caps));

    ngx_gemini_pool_init(rest_mem, &rest_caps, REST_NOW);
    (void) ngx_gemini_pool_attach(gv, rest_mem);

    for (i = 0; i < REST_PROJECTS; i++) {
        gv->project_slots[i].len = 1;
    }
}


int
main(void)
{
    rest_place();
    rest_clock();
    rest_bitmap();
    rest_bitmap_oracle();

    free(rest_mem);

    return tap_done();
}
