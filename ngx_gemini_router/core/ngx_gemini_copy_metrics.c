
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Teams and histograms.
 */


#include "ngx_gemini_copy.h"


static ngx_uint_t ngx_gemini_copy_hist_model(const ngx_gemini_report_t *gr,
    uint32_t slot, ngx_str_t *name);


void
ngx_gemini_copy_teams(ngx_gemini_report_t *gr, ngx_gemini_view_t *gv)
{
    ngx_gemini_copy_batch(gr, NGX_GEMINI_TEAMS + 1, NGX_GEMINI_REPORT_BATCH);

    ngx_memcpy(gr->batch.teams, gv->metrics->teams + gr->at,
               gr->n * sizeof(ngx_gemini_team_t));
}


ngx_int_t
ngx_gemini_copy_teams_rows(ngx_gemini_report_t *gr)
{
    uint32_t                  i;
    const ngx_gemini_team_t  *team;

    if (gr->teams == NULL) {
        gr->teams = gr->alloc(gr->data, sizeof(ngx_gemini_row_team_t)
                                        * (NGX_GEMINI_TEAMS + 1));
        if (gr->teams == NULL) {
            return NGX_ERROR;
        }
    }

    for (i = 0; i < gr->n; i++) {
        team = &gr->batch.teams[i];

        /* that of the others is shown when there are some */

        if (team->len || team->counters.requests
            || team->counters.attempts)
        {
            ngx_gemini_row_team(&gr->teams[gr->nteams++], team);
        }
    }

    return ngx_gemini_copy_more(gr, NGX_GEMINI_TEAMS + 1);
}


/* from the beginning again if rows have changed places meanwhile */

void
ngx_gemini_copy_hists(ngx_gemini_report_t *gr, ngx_gemini_view_t *gv)
{
    const ngx_gemini_metrics_t  *gm;

    gm = gv->metrics;

    if (gr->at == 0 || gm->moves != gr->moves) {
        gr->at = 0;
        gr->nhists = 0;
        gr->moves = gm->moves;
        gr->total = gm->nhists;
    }

    ngx_gemini_copy_batch(gr, gr->total, NGX_GEMINI_REPORT_BATCH);

    ngx_memcpy(gr->batch.hists, gm->hists + gr->at,
               gr->n * sizeof(ngx_gemini_hist_t));
}


/* one without a value says nothing, one of a model that is not shown neither */

ngx_int_t
ngx_gemini_copy_hists_rows(ngx_gemini_report_t *gr)
{
    uint32_t                  i;
    ngx_gemini_row_hist_t    *row;
    const ngx_gemini_hist_t  *hist;

    if (gr->hists == NULL) {
        gr->hists = gr->alloc(gr->data, sizeof(ngx_gemini_row_hist_t)
                                        * NGX_GEMINI_HISTS);
        if (gr->hists == NULL) {
            return NGX_ERROR;
        }
    }

    for (i = 0; i < gr->n; i++) {
        hist = &gr->batch.hists[i];
        row = &gr->hists[gr->nhists];

        ngx_gemini_row_hist(row, hist);

        if (row->count
            && ngx_gemini_copy_hist_model(gr, hist->model, &row->model))
        {
            gr->nhists++;
        }
    }

    return ngx_gemini_copy_more(gr, gr->total);
}


static ngx_uint_t
ngx_gemini_copy_hist_model(const ngx_gemini_report_t *gr, uint32_t slot,
    ngx_str_t *name)
{
    uint32_t  i;

    if (slot == NGX_GEMINI_NONE) {
        ngx_str_set(name, "other");
        return 1;
    }

    for (i = 0; i < gr->nmodels; i++) {

        if (gr->models[i].choice.slot == slot) {
            *name = gr->models[i].row.name;
            return 1;
        }
    }

    return 0;
}
