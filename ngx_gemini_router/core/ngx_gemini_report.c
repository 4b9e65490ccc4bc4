
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_report.h"


#define NGX_GEMINI_REPORT_VIEWS                                               \
    (NGX_GEMINI_VIEW_ALL | NGX_GEMINI_VIEW_KEYS | NGX_GEMINI_VIEW_MODELS      \
     | NGX_GEMINI_VIEW_COOLDOWNS | NGX_GEMINI_VIEW_EVENTS                     \
     | NGX_GEMINI_VIEW_TIERS | NGX_GEMINI_VIEW_STATS                          \
     | NGX_GEMINI_VIEW_TEAMS)


/* a part of the document; render: NGX_AGAIN if it has more rows */

typedef struct ngx_gemini_report_part_s  ngx_gemini_report_part_t;

struct ngx_gemini_report_part_s {
    ngx_uint_t                 views;
    ngx_int_t                (*render)(ngx_gemini_report_t *gr,
                                       ngx_gemini_out_t *out,
                                       const ngx_gemini_report_part_t *part);
    const char                *name;       /* NULL: rows without brackets */
    const ngx_gemini_field_t  *fields;
    size_t                     rows;       /* offset of the array */
    size_t                     nrows;
    size_t                     size;       /* of a row */
};


static ngx_int_t ngx_gemini_report_head(ngx_gemini_report_t *gr,
    ngx_gemini_out_t *out, const ngx_gemini_report_part_t *part);
static ngx_int_t ngx_gemini_report_fields(ngx_gemini_report_t *gr,
    ngx_gemini_out_t *out, const ngx_gemini_report_part_t *part);
static ngx_int_t ngx_gemini_report_open(ngx_gemini_report_t *gr,
    ngx_gemini_out_t *out, const ngx_gemini_report_part_t *part);
static ngx_int_t ngx_gemini_report_close(ngx_gemini_report_t *gr,
    ngx_gemini_out_t *out, const ngx_gemini_report_part_t *part);
static ngx_int_t ngx_gemini_report_rows(ngx_gemini_report_t *gr,
    ngx_gemini_out_t *out, const ngx_gemini_report_part_t *part);
static ngx_int_t ngx_gemini_report_cells(ngx_gemini_report_t *gr,
    ngx_gemini_out_t *out, const ngx_gemini_report_part_t *part);
static ngx_int_t ngx_gemini_report_events(ngx_gemini_report_t *gr,
    ngx_gemini_out_t *out, const ngx_gemini_report_part_t *part);
static ngx_int_t ngx_gemini_report_end(ngx_gemini_report_t *gr,
    ngx_gemini_out_t *out, const ngx_gemini_report_part_t *part);
static void ngx_gemini_report_row(ngx_gemini_out_t *out,
    const ngx_gemini_field_t *fields, const void *row);


#define ngx_gemini_report_array(member, type)                                 \
    offsetof(ngx_gemini_report_t, member),                                    \
    offsetof(ngx_gemini_report_t, n##member), sizeof(type)

#define ngx_gemini_report_ranking(member)                                     \
    offsetof(ngx_gemini_report_t, member),                                    \
    offsetof(ngx_gemini_report_t, nranked), sizeof(ngx_gemini_row_tier_t)


/* in the order of the document */

static const ngx_gemini_report_part_t  ngx_gemini_report_parts[] = {

    { NGX_GEMINI_REPORT_VIEWS,
      ngx_gemini_report_head, NULL, NULL, 0, 0, 0 },

    { NGX_GEMINI_VIEW_ALL,
      ngx_gemini_report_fields, NULL, ngx_gemini_summary_head_fields,
      0, 0, 0 },

    { NGX_GEMINI_VIEW_ALL,
      ngx_gemini_report_rows, "accounts", ngx_gemini_row_account_fields,
      ngx_gemini_report_array(accounts, ngx_gemini_row_account_t) },

    { NGX_GEMINI_VIEW_ALL,
      ngx_gemini_report_rows, "projects", ngx_gemini_row_project_fields,
      ngx_gemini_report_array(projects, ngx_gemini_row_project_t) },

    { NGX_GEMINI_VIEW_ALL | NGX_GEMINI_VIEW_KEYS,
      ngx_gemini_report_rows, "keys", ngx_gemini_row_key_fields,
      ngx_gemini_report_array(keys, ngx_gemini_row_key_t) },

    { NGX_GEMINI_VIEW_ALL | NGX_GEMINI_VIEW_MODELS,
      ngx_gemini_report_rows, "models", ngx_gemini_row_model_fields,
      ngx_gemini_report_array(models, ngx_gemini_row_model_t) },

    { NGX_GEMINI_VIEW_ALL | NGX_GEMINI_VIEW_TEAMS,
      ngx_gemini_report_rows, "teams", ngx_gemini_row_team_fields,
      ngx_gemini_report_array(teams, ngx_gemini_row_team_t) },

    { NGX_GEMINI_VIEW_ALL,
      ngx_gemini_report_cells, "cells", ngx_gemini_row_cell_fields,
      0, 0, 0 },

    { NGX_GEMINI_VIEW_ALL,
      ngx_gemini_report_fields, NULL, ngx_gemini_summary_tail_fields,
      0, 0, 0 },

    { NGX_GEMINI_VIEW_COOLDOWNS,
      ngx_gemini_report_open, "cooldowns", NULL, 0, 0, 0 },

    { NGX_GEMINI_VIEW_COOLDOWNS,
      ngx_gemini_report_rows, NULL, ngx_gemini_row_rest_fields,
      ngx_gemini_report_array(accounts, ngx_gemini_row_account_t) },

    { NGX_GEMINI_VIEW_COOLDOWNS,
      ngx_gemini_report_rows, NULL, ngx_gemini_row_rest_fields,
      ngx_gemini_report_array(projects, ngx_gemini_row_project_t) },

    { NGX_GEMINI_VIEW_COOLDOWNS,
      ngx_gemini_report_rows, NULL, ngx_gemini_row_rest_fields,
      ngx_gemini_report_array(keys, ngx_gemini_row_key_t) },

    { NGX_GEMINI_VIEW_COOLDOWNS,
      ngx_gemini_report_rows, NULL, ngx_gemini_row_rest_fields,
      ngx_gemini_report_array(models, ngx_gemini_row_model_t) },

    { NGX_GEMINI_VIEW_COOLDOWNS,
      ngx_gemini_report_cells, NULL, ngx_gemini_row_rest_fields, 0, 0, 0 },

    { NGX_GEMINI_VIEW_COOLDOWNS,
      ngx_gemini_report_close, NULL, NULL, 0, 0, 0 },

    { NGX_GEMINI_VIEW_TIERS,
      ngx_gemini_report_fields, NULL, ngx_gemini_summary_score_fields,
      0, 0, 0 },

    { NGX_GEMINI_VIEW_TIERS,
      ngx_gemini_report_rows, "fast", ngx_gemini_row_tier_fields,
      ngx_gemini_report_ranking(fast) },

    { NGX_GEMINI_VIEW_TIERS,
      ngx_gemini_report_rows, "quality", ngx_gemini_row_tier_fields,
      ngx_gemini_report_ranking(quality) },

    { NGX_GEMINI_VIEW_TIERS,
      ngx_gemini_report_rows, "balance", ngx_gemini_row_tier_fields,
      ngx_gemini_report_ranking(balance) },

    { NGX_GEMINI_VIEW_STATS,
      ngx_gemini_report_rows, "stats", ngx_gemini_row_stats_fields,
      ngx_gemini_report_array(models, ngx_gemini_row_model_t) },

    { NGX_GEMINI_VIEW_EVENTS,
      ngx_gemini_report_events, "events", ngx_gemini_row_event_fields,
      0, 0, 0 },

    { NGX_GEMINI_REPORT_VIEWS,
      ngx_gemini_report_end, NULL, NULL, 0, 0, 0 },

    { 0, NULL, NULL, NULL, 0, 0, 0 }
};


ngx_uint_t
ngx_gemini_report_view(const ngx_str_t *name)
{
    ngx_uint_t  i;

    static const struct {
        ngx_str_t              name;
        ngx_uint_t             view;
    } views[] = {
        { ngx_string(""), NGX_GEMINI_VIEW_ALL },
        { ngx_string("keys"), NGX_GEMINI_VIEW_KEYS },
        { ngx_string("models"), NGX_GEMINI_VIEW_MODELS },
        { ngx_string("cooldowns"), NGX_GEMINI_VIEW_COOLDOWNS },
        { ngx_string("events"), NGX_GEMINI_VIEW_EVENTS },
        { ngx_string("tiers"), NGX_GEMINI_VIEW_TIERS },
        { ngx_string("stats"), NGX_GEMINI_VIEW_STATS },
        { ngx_string("teams"), NGX_GEMINI_VIEW_TEAMS }
    };

    for (i = 0; i < sizeof(views) / sizeof(views[0]); i++) {
        if (views[i].name.len == name->len
            && ngx_memcmp(views[i].name.data, name->data, name->len) == 0)
        {
            return views[i].view;
        }
    }

    return 0;
}


ngx_int_t
ngx_gemini_report_init(ngx_gemini_report_t *gr, const ngx_gemini_conf_t *gc,
    ngx_uint_t view, const char *server, uint64_t now,
    ngx_gemini_report_alloc_pt alloc, void *data)
{
    /* what is written before it is read needs no clearing: the batch */

    ngx_memzero(gr, offsetof(ngx_gemini_report_t, batch));

    gr->gc = gc;
    gr->view = view;
    gr->now = now;
    gr->alloc = alloc;
    gr->data = data;
    gr->summary.server = server;

    gr->root = alloc(data, sizeof(ngx_gemini_pool_t));
    gr->accounts = alloc(data, sizeof(ngx_gemini_row_account_t)
                               * (gc->naccounts + 1));
    gr->projects = alloc(data, sizeof(ngx_gemini_row_project_t)
                               * (gc->nprojects + 1));
    gr->keys = alloc(data, sizeof(ngx_gemini_row_key_t) * (gc->nkeys + 1));
    gr->marks = alloc(data, gc->nprojects + 1);

    if (gr->root == NULL || gr->accounts == NULL || gr->projects == NULL
        || gr->keys == NULL || gr->marks == NULL)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
ngx_gemini_report_render(ngx_gemini_report_t *gr, ngx_gemini_out_t *out)
{
    const ngx_gemini_report_part_t  *part;

    for ( ;; ) {
        part = &ngx_gemini_report_parts[gr->stage];

        if (part->render == NULL) {
            return NGX_OK;
        }

        if (part->views & gr->view) {
            break;
        }

        gr->stage++;
    }

    if (part->render(gr, out, part) == NGX_OK) {
        gr->stage++;
        gr->at = 0;
    }

    return NGX_AGAIN;
}


static ngx_int_t
ngx_gemini_report_head(ngx_gemini_report_t *gr, ngx_gemini_out_t *out,
    const ngx_gemini_report_part_t *part)
{
    ngx_gemini_out_open(out, NULL, '{');
    ngx_gemini_out_kstr(out, "pool", gr->gc->name.data, gr->gc->name.len);

    return NGX_OK;
}


static ngx_int_t
ngx_gemini_report_fields(ngx_gemini_report_t *gr, ngx_gemini_out_t *out,
    const ngx_gemini_report_part_t *part)
{
    ngx_gemini_field_json(out, part->fields, &gr->summary);

    return NGX_OK;
}


static ngx_int_t
ngx_gemini_report_open(ngx_gemini_report_t *gr, ngx_gemini_out_t *out,
    const ngx_gemini_report_part_t *part)
{
    ngx_gemini_out_open(out, part->name, '[');

    return NGX_OK;
}


static ngx_int_t
ngx_gemini_report_close(ngx_gemini_report_t *gr, ngx_gemini_out_t *out,
    const ngx_gemini_report_part_t *part)
{
    ngx_gemini_out_close(out, ']');

    return NGX_OK;
}


static ngx_int_t
ngx_gemini_report_rows(ngx_gemini_report_t *gr, ngx_gemini_out_t *out,
    const ngx_gemini_report_part_t *part)
{
    u_char    *base, *rows;
    uint32_t   i, n;

    base = (u_char *) gr;
    rows = *(u_char **) (void *) (base + part->rows);
    n = *(uint32_t *) (void *) (base + part->nrows);

    if (part->name && gr->at == 0) {
        ngx_gemini_out_open(out, part->name, '[');
    }

    for (i = 0; i < NGX_GEMINI_REPORT_BATCH && gr->at < n; i++, gr->at++) {
        ngx_gemini_report_row(out, part->fields, rows + gr->at * part->size);
    }

    if (gr->at < n) {
        return NGX_AGAIN;
    }

    if (part->name) {
        ngx_gemini_out_close(out, ']');
    }

    return NGX_OK;
}


static ngx_int_t
ngx_gemini_report_cells(ngx_gemini_report_t *gr, ngx_gemini_out_t *out,
    const ngx_gemini_report_part_t *part)
{
    uint32_t  i;

    if (gr->at == 0) {
        gr->last = gr->cells;

        if (part->name) {
            ngx_gemini_out_open(out, part->name, '[');
        }
    }

    if (gr->last) {
        for (i = 0; i < gr->last->n; i++) {
            ngx_gemini_report_row(out, part->fields, &gr->last->rows[i]);
        }

        gr->last = gr->last->next;
        gr->at++;

        return NGX_AGAIN;
    }

    if (part->name) {
        ngx_gemini_out_close(out, ']');
    }

    return NGX_OK;
}


static ngx_int_t
ngx_gemini_report_events(ngx_gemini_report_t *gr, ngx_gemini_out_t *out,
    const ngx_gemini_report_part_t *part)
{
    uint32_t                i;
    ngx_gemini_row_event_t  row;

    if (gr->at == 0) {
        ngx_gemini_out_open(out, part->name, '[');
    }

    for (i = 0; i < NGX_GEMINI_REPORT_BATCH && gr->at < gr->nevents; i++) {
        ngx_gemini_row_event(&row, &gr->events[gr->at++]);
        ngx_gemini_report_row(out, part->fields, &row);
    }

    if (gr->at < gr->nevents) {
        return NGX_AGAIN;
    }

    ngx_gemini_out_close(out, ']');

    return NGX_OK;
}


static ngx_int_t
ngx_gemini_report_end(ngx_gemini_report_t *gr, ngx_gemini_out_t *out,
    const ngx_gemini_report_part_t *part)
{
    ngx_gemini_out_close(out, '}');
    ngx_gemini_out_cstr(out, "\n");

    return NGX_OK;
}


/* the list of cooldowns has only what rests */

static void
ngx_gemini_report_row(ngx_gemini_out_t *out, const ngx_gemini_field_t *fields,
    const void *row)
{
    if (fields == ngx_gemini_row_rest_fields && !ngx_gemini_row_resting(row))
    {
        return;
    }

    ngx_gemini_out_open(out, NULL, '{');
    ngx_gemini_field_json(out, fields, row);
    ngx_gemini_out_close(out, '}');
}
