
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Rows of the tiers: the same ranking as the scheduler's, of the same numbers.
 */


#include "ngx_gemini_row.h"
#include "ngx_gemini_tier.h"


static void ngx_gemini_row_tier_models(ngx_gemini_tier_model_t *ranked,
    const ngx_gemini_row_model_t *models, uint32_t n);
static const char *ngx_gemini_row_tier_letter(u_char letter);


void
ngx_gemini_row_tiers(ngx_gemini_row_tier_t *rows,
    const ngx_gemini_row_model_t *models, uint32_t n,
    ngx_gemini_tier_e tier, ngx_uint_t normalized)
{
    uint32_t                       i, m;
    ngx_gemini_row_tier_t         *row;
    ngx_gemini_tier_rank_t         rank;
    ngx_gemini_tier_model_t        ranked[NGX_GEMINI_MODELS_MAX];
    const ngx_gemini_row_model_t  *model;

    ngx_memzero(ranked, sizeof(ranked));

    ngx_gemini_row_tier_models(ranked, models, n);
    ngx_gemini_tier_rank(ranked, n, tier, normalized, &rank);

    for (i = 0; i < n; i++) {
        m = rank.order[i];
        row = &rows[i];
        model = &models[m];

        row->name = model->row.name;
        row->kind = model->kind;
        row->letter = ngx_gemini_row_tier_letter(rank.letter[m]);
        row->rank = rank.rank[m] + 1;
        row->samples = model->window.samples;
        row->success_rate = model->window.success_rate;
        row->latency = model->window.mean;
        row->max_tokens = model->max_tokens;
        row->score = NGX_GEMINI_NO_SKEW;

        if (tier == NGX_GEMINI_TIER_BALANCE
            && rank.score[m] != NGX_GEMINI_NO_SCORE)
        {
            row->score = rank.score[m] / 1000;
        }
    }
}


static void
ngx_gemini_row_tier_models(ngx_gemini_tier_model_t *ranked,
    const ngx_gemini_row_model_t *models, uint32_t n)
{
    uint32_t                        i;
    const ngx_gemini_row_window_t  *window;

    for (i = 0; i < n; i++) {
        window = &models[i].window;

        ranked[i].kind = models[i].kind_of;
        ranked[i].n = window->samples;
        ranked[i].ok = window->ok;
        ranked[i].mean = (window->mean < 0) ? 0 : (uint32_t) window->mean;
        ranked[i].max_tokens = models[i].max_tokens;
    }
}


static const char *
ngx_gemini_row_tier_letter(u_char letter)
{
    switch (letter) {

    case 'S':
        return "S";

    case 'A':
        return "A";

    case 'B':
        return "B";

    default:
        return "C";
    }
}
