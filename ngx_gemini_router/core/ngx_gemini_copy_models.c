
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Models with what they can give, and cells.
 */


#include "ngx_gemini_copy.h"


static ngx_int_t ngx_gemini_copy_tiers(ngx_gemini_report_t *gr);
static ngx_gemini_row_cell_t *ngx_gemini_copy_cell_room(
    ngx_gemini_report_t *gr);


/* a spare slot may change hands: its label is taken along with its record */

void
ngx_gemini_copy_models(ngx_gemini_report_t *gr, ngx_gemini_view_t *gv)
{
    uint32_t                 i, n;
    ngx_gemini_slot_t       *slot;
    ngx_gemini_row_model_t  *row;

    ngx_gemini_copy_batch(gr, gr->nmodels, NGX_GEMINI_REPORT_MODELS);

    for (i = 0; i < gr->n; i++) {
        n = gr->at + i;
        row = &gr->models[n];

        if (n < gr->gc->nmodels) {
            row->choice.conf = n;
            row->choice.slot = gr->gc->models[n].slot;

        } else {
            row->choice.conf = NGX_GEMINI_NONE;
            row->choice.slot = gr->spares[n - gr->gc->nmodels];

            slot = &gv->model_slots[row->choice.slot];

            row->row.name.data = row->label;
            row->row.name.len = ngx_min(slot->len, NGX_GEMINI_MODEL_MAX);
            ngx_memcpy(row->label, slot->label, row->row.name.len);

            if (row->choice.slot == gv->other || row->row.name.len == 0) {
                ngx_str_set(&row->row.name, "other");
            }
        }

        gr->batch.models[i] = gv->models[row->choice.slot];
    }
}


ngx_int_t
ngx_gemini_copy_models_rows(ngx_gemini_report_t *gr)
{
    uint32_t                        i, n;
    const ngx_gemini_model_conf_t  *conf;

    for (i = 0; i < gr->n; i++) {
        n = gr->at + i;
        conf = (n < gr->gc->nmodels) ? &gr->gc->models[n] : NULL;

        ngx_gemini_row_model(&gr->models[n], conf, &gr->batch.models[i],
                             gr->gc->window, gr->now);
    }

    if (ngx_gemini_copy_more(gr, gr->nmodels) == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    return (gr->view & NGX_GEMINI_VIEW_TIERS) ? ngx_gemini_copy_tiers(gr)
                                               : NGX_OK;
}


static ngx_int_t
ngx_gemini_copy_tiers(ngx_gemini_report_t *gr)
{
    uint32_t                i, n;
    ngx_gemini_row_tier_t  *rows[NGX_GEMINI_TIERS];

    n = ngx_min(gr->gc->nmodels, NGX_GEMINI_MODELS_MAX);

    for (i = 0; i < NGX_GEMINI_TIERS; i++) {
        rows[i] = gr->alloc(gr->data,
                            sizeof(ngx_gemini_row_tier_t) * (n + 1));
        if (rows[i] == NULL) {
            return NGX_ERROR;
        }

        ngx_gemini_row_tiers(rows[i], gr->models, n, (ngx_gemini_tier_e) i,
                             gr->gc->normalized);
    }

    gr->fast = rows[NGX_GEMINI_TIER_FAST];
    gr->quality = rows[NGX_GEMINI_TIER_QUALITY];
    gr->balance = rows[NGX_GEMINI_TIER_BALANCE];
    gr->nranked = n;

    return NGX_OK;
}


/* gr->n: 1 when the candidates of this model are done */

void
ngx_gemini_copy_capacity(ngx_gemini_report_t *gr,
    ngx_gemini_view_t *gv)
{
    ngx_int_t                rc;
    ngx_gemini_row_model_t  *row;

    gr->n = 0;

    if (gr->at == gr->nmodels) {
        return;
    }

    row = &gr->models[gr->at];

    if (gr->walk.marks == NULL) {
        ngx_gemini_capacity_start(&gr->walk, gr->gc, &row->choice,
                                  &row->row.name, gr->marks);
    }

    rc = ngx_gemini_capacity_step(&gr->walk, gv, gr->gc,
                                  NGX_GEMINI_REPORT_BATCH, gr->now,
                                  gr->google);
    gr->n = (rc == NGX_OK);
}


ngx_int_t
ngx_gemini_copy_capacity_rows(ngx_gemini_report_t *gr)
{
    if (gr->n) {
        ngx_gemini_capacity_finish(&gr->walk, gr->now, gr->google);

        gr->models[gr->at].capacity = gr->walk.capacity;
        gr->walk.marks = NULL;
    }

    return ngx_gemini_copy_more(gr, gr->nmodels);
}


/* project by project; the columns are the models shown */

void
ngx_gemini_copy_cells(ngx_gemini_report_t *gr, ngx_gemini_view_t *gv)
{
    uint32_t  i, n, project, model;

    ngx_gemini_copy_batch(gr, gr->gc->nprojects * gr->nmodels,
                            NGX_GEMINI_REPORT_BATCH);

    for (i = 0; i < gr->n; i++) {
        n = gr->at + i;

        project = gr->gc->projects[n / gr->nmodels].slot;
        model = gr->models[n % gr->nmodels].choice.slot;

        gr->batch.cells[i] = *ngx_gemini_cell(gv, project, model);
    }
}


ngx_int_t
ngx_gemini_copy_cells_rows(ngx_gemini_report_t *gr)
{
    uint32_t                 i, n, project;
    ngx_int_t                rc;
    ngx_gemini_row_cell_t   *row;
    ngx_gemini_row_model_t  *model;

    for (i = 0; i < gr->n; i++) {
        n = gr->at + i;

        project = n / gr->nmodels;
        model = &gr->models[n % gr->nmodels];

        row = ngx_gemini_copy_cell_room(gr);

        if (row == NULL) {
            return NGX_ERROR;
        }

        rc = ngx_gemini_row_cell(row, &gr->batch.cells[i],
                                 ngx_gemini_capacity_limit(gr->gc, project,
                                                        model->choice.conf),
                                 gr->now, gr->google);
        if (rc == NGX_OK) {
            row->row.name = gr->gc->projects[project].label;
            row->row.model = model->row.name;
            gr->last->n++;
        }
    }

    return ngx_gemini_copy_more(gr, gr->gc->nprojects * gr->nmodels);
}


/* room for one more */

static ngx_gemini_row_cell_t *
ngx_gemini_copy_cell_room(ngx_gemini_report_t *gr)
{
    ngx_gemini_report_cells_t  *cells;

    if (gr->last == NULL || gr->last->n == NGX_GEMINI_REPORT_BATCH) {
        cells = gr->alloc(gr->data, sizeof(ngx_gemini_report_cells_t));

        if (cells == NULL) {
            return NULL;
        }

        cells->next = NULL;
        cells->n = 0;

        if (gr->last) {
            gr->last->next = cells;

        } else {
            gr->cells = cells;
        }

        gr->last = cells;
    }

    return &gr->last->rows[gr->last->n];
}
