
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Rests and the bitmaps over them.
 */


#include "ngx_gemini_pool.h"


static uint64_t ngx_gemini_bitmap_end(const ngx_gemini_view_t *gv,
    uint32_t project, uint32_t model, uint64_t now);
static uint64_t ngx_gemini_rest_end(const ngx_gemini_rest_t *rest,
    uint64_t now);


uint64_t
ngx_gemini_rest_left(const ngx_gemini_rest_t *rest, uint64_t now)
{
    if (rest->until <= now) {
        return 0;
    }

    if (now + NGX_GEMINI_REST_SLACK < rest->began) {
        return 0;
    }

    return ngx_min(rest->until - now, rest->length);
}


void
ngx_gemini_rest_place(ngx_gemini_rest_t *rest, uint64_t now, uint64_t length,
    ngx_uint_t reason, ngx_uint_t provenance)
{
    if (ngx_gemini_rest_left(rest, now) > length) {
        return;
    }

    length = ngx_min(length, (uint32_t) -1);

    rest->until = now + length;
    rest->began = now;
    rest->length = (uint32_t) length;
    rest->reason = (uint8_t) reason;
    rest->provenance = (uint8_t) provenance;
    rest->trial = 0;
}


void
ngx_gemini_pool_mark(ngx_gemini_view_t *gv, uint32_t project, uint32_t model)
{
    uint32_t             i, n;
    uint64_t             until;
    ngx_gemini_model_t  *gm;

    if (model == NGX_GEMINI_NONE) {
        i = 0;
        n = gv->nmodels;
        until = gv->projects[project].rest.until;

    } else {
        i = model;
        n = model + 1;
        until = ngx_gemini_cell(gv, project, model)->rest.until;
    }

    for ( /* void */ ; i < n; i++) {
        ngx_gemini_bitmap(gv, i)[project / 64] |= (uint64_t) 1
                                                  << (project % 64);
        gm = &gv->models[i];
        gm->marked = 1;

        if (gm->rest_sweep == 0 || until < gm->rest_sweep) {
            gm->rest_sweep = until;
        }
    }
}


void
ngx_gemini_pool_sweep(ngx_gemini_view_t *gv, uint32_t model, uint64_t now)
{
    uint32_t   i, bit;
    uint64_t  *row, bits, end, earliest, left;

    row = ngx_gemini_bitmap(gv, model);
    earliest = 0;
    left = 0;

    for (i = 0; i < gv->words; i++) {

        for (bits = row[i]; bits != 0; bits &= bits - 1) {
            bit = __builtin_ctzll(bits);

            end = ngx_gemini_bitmap_end(gv, i * 64 + bit, model, now);

            if (end == 0) {
                row[i] &= ~((uint64_t) 1 << bit);
                continue;
            }

            if (end > now && (earliest == 0 || end < earliest)) {
                earliest = end;
            }
        }

        left |= row[i];
    }

    gv->models[model].rest_sweep = earliest;
    gv->models[model].marked = (left != 0);
}


/* when the bit may change, 0: it is over, now: only a trial will tell */

static uint64_t
ngx_gemini_bitmap_end(const ngx_gemini_view_t *gv, uint32_t project,
    uint32_t model, uint64_t now)
{
    uint64_t  cell, whole;

    cell = ngx_gemini_rest_end(&ngx_gemini_cell(gv, project, model)->rest,
                               now);
    whole = ngx_gemini_rest_end(&gv->projects[project].rest, now);

    return ngx_max(cell, whole);
}


static uint64_t
ngx_gemini_rest_end(const ngx_gemini_rest_t *rest, uint64_t now)
{
    uint64_t  left;

    if (rest->until == 0) {
        return 0;
    }

    left = ngx_gemini_rest_left(rest, now);

    if (left == 0
        && rest->provenance != NGX_GEMINI_GUESSED
        && rest->trial == 0)
    {
        return 0;
    }

    return now + left;
}
