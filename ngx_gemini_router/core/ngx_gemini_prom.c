
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_prom.h"
#include "ngx_gemini_prom_text.h"
#include "ngx_gemini_tier.h"


/* rows of one kind, with the table that describes them */

typedef struct ngx_gemini_prom_part_s  ngx_gemini_prom_part_t;

struct ngx_gemini_prom_part_s {
    const char                *prefix;     /* of the names of its families */
    const ngx_gemini_field_t  *fields;     /* NULL ends the parts */
    const void              *(*row)(ngx_gemini_prom_t *prom,
                                    const ngx_gemini_prom_part_t *part,
                                    uint32_t i);
    ngx_uint_t                 rests;      /* 1: begins with a row_t */
    size_t                     rows;       /* offset of the array */
    size_t                     nrows;
    size_t                     size;       /* of a row */
};


static ngx_int_t ngx_gemini_prom_tally(ngx_gemini_prom_t *prom);
static void ngx_gemini_prom_tally_row(ngx_gemini_prom_t *prom,
    const ngx_gemini_row_t *row);
static ngx_int_t ngx_gemini_prom_rows(ngx_gemini_prom_t *prom,
    ngx_gemini_out_t *out, const ngx_gemini_prom_part_t *part);
static const char *ngx_gemini_prom_type(
    const ngx_gemini_prom_family_t *family);
static const void *ngx_gemini_prom_summary(ngx_gemini_prom_t *prom,
    const ngx_gemini_prom_part_t *part, uint32_t i);
static const void *ngx_gemini_prom_lock(ngx_gemini_prom_t *prom,
    const ngx_gemini_prom_part_t *part, uint32_t i);
static const void *ngx_gemini_prom_tallied(ngx_gemini_prom_t *prom,
    const ngx_gemini_prom_part_t *part, uint32_t i);
static const void *ngx_gemini_prom_array(ngx_gemini_prom_t *prom,
    const ngx_gemini_prom_part_t *part, uint32_t i);
static const void *ngx_gemini_prom_ranked(ngx_gemini_prom_t *prom,
    const ngx_gemini_prom_part_t *part, uint32_t i);
static const void *ngx_gemini_prom_cells(ngx_gemini_prom_t *prom,
    const ngx_gemini_prom_part_t *part, uint32_t i);


#define ngx_gemini_prom_field(type, field)                                    \
    NGX_GEMINI_FIELD_##type, offsetof(ngx_gemini_prom_tally_t, field), NULL

static const ngx_gemini_field_t  ngx_gemini_prom_tally_fields[] = {
    { "scope", ngx_gemini_prom_field(WORD, scope) },
    ngx_gemini_label("scope"),
    { "state", ngx_gemini_prom_field(WORD, state) },
    ngx_gemini_label("state"),
    { "reason", ngx_gemini_prom_field(WORD, reason) },
    ngx_gemini_label("reason"),
    { "n", ngx_gemini_prom_field(UINT, n) },
    ngx_gemini_gauge("cooldowns",
                     "Records that rest, are disabled or wait for a trial."),
    ngx_gemini_null_field
};


#define ngx_gemini_prom_report(member, type)                                  \
    offsetof(ngx_gemini_report_t, member),                                    \
    offsetof(ngx_gemini_report_t, n##member), sizeof(type)


/* in the order of the document; the histograms follow */

static const ngx_gemini_prom_part_t  ngx_gemini_prom_parts[] = {

    { "", ngx_gemini_summary_head_fields, ngx_gemini_prom_summary,
      0, 0, 0, 0 },

    { "", ngx_gemini_summary_tail_fields, ngx_gemini_prom_summary,
      0, 0, 0, 0 },

    { "", ngx_gemini_summary_lock_fields, ngx_gemini_prom_lock,
      0, 0, 0, 0 },

    { "", ngx_gemini_prom_tally_fields, ngx_gemini_prom_tallied,
      0, 0, 0, 0 },

    { "account_", ngx_gemini_row_account_fields, ngx_gemini_prom_array,
      1, ngx_gemini_prom_report(accounts, ngx_gemini_row_account_t) },

    { "project_", ngx_gemini_row_project_fields, ngx_gemini_prom_array,
      1, ngx_gemini_prom_report(projects, ngx_gemini_row_project_t) },

    { "key_", ngx_gemini_row_key_fields, ngx_gemini_prom_array,
      1, ngx_gemini_prom_report(keys, ngx_gemini_row_key_t) },

    { "model_", ngx_gemini_row_model_fields, ngx_gemini_prom_array,
      1, ngx_gemini_prom_report(models, ngx_gemini_row_model_t) },

    { "model_", ngx_gemini_row_tier_fields, ngx_gemini_prom_ranked,
      0, 0, 0, 0 },

    { "cell_", ngx_gemini_row_cell_fields, ngx_gemini_prom_cells,
      1, 0, 0, 0 },

    { "team_", ngx_gemini_row_team_fields, ngx_gemini_prom_array,
      0, ngx_gemini_prom_report(teams, ngx_gemini_row_team_t) },

    { NULL, NULL, NULL, 0, 0, 0, 0 }
};


void
ngx_gemini_prom_init(ngx_gemini_prom_t *prom, ngx_gemini_report_t *gr,
    ngx_uint_t openmetrics)
{
    ngx_memzero(prom, sizeof(ngx_gemini_prom_t));

    prom->gr = gr;
    prom->openmetrics = openmetrics;
}


ngx_int_t
ngx_gemini_prom_render(ngx_gemini_prom_t *prom, ngx_gemini_out_t *out)
{
    const ngx_gemini_prom_part_t  *part;

    if (!prom->tallied) {
        return ngx_gemini_prom_tally(prom);
    }

    part = &ngx_gemini_prom_parts[prom->part];

    if (part->fields) {

        if (ngx_gemini_prom_rows(prom, out, part) == NGX_DECLINED) {
            prom->index = 0;
            prom->part++;
        }

        return NGX_AGAIN;
    }

    if (ngx_gemini_prom_hist(prom, out) == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    if (prom->openmetrics) {
        ngx_gemini_out_cstr(out, "# EOF\n");
    }

    return NGX_OK;
}


/* a family of what rests comes before the rows: they are counted first */

static ngx_int_t
ngx_gemini_prom_tally(ngx_gemini_prom_t *prom)
{
    uint32_t                       i;
    const void                    *row;
    const ngx_gemini_prom_part_t  *part;

    part = &ngx_gemini_prom_parts[prom->part];

    if (part->fields == NULL) {
        prom->tallied = 1;
        prom->part = 0;
        return NGX_AGAIN;
    }

    for (i = 0; part->rests && i < NGX_GEMINI_REPORT_BATCH; i++) {
        row = part->row(prom, part, prom->at);

        if (row == NULL) {
            break;
        }

        ngx_gemini_prom_tally_row(prom, row);
        prom->at++;
    }

    if (i < NGX_GEMINI_REPORT_BATCH) {
        prom->part++;
        prom->at = 0;
    }

    return NGX_AGAIN;
}


/* the words of rows are constants, which have one address each */

static void
ngx_gemini_prom_tally_row(ngx_gemini_prom_t *prom,
    const ngx_gemini_row_t *row)
{
    uint32_t                  i;
    ngx_gemini_prom_tally_t  *tally;

    if (!ngx_gemini_row_resting(row)) {
        return;
    }

    for (i = 0; i < prom->ntallies; i++) {
        tally = &prom->tallies[i];

        if (tally->scope == row->scope && tally->state == row->state
            && tally->reason == row->reason)
        {
            tally->n++;
            return;
        }
    }

    if (i == NGX_GEMINI_PROM_TALLIES) {
        return;
    }

    tally = &prom->tallies[prom->ntallies++];

    tally->scope = row->scope;
    tally->state = row->state;
    tally->reason = row->reason;
    tally->n = 1;
}


/* the next rows of a family; NGX_DECLINED: the part has no more families */

static ngx_int_t
ngx_gemini_prom_rows(ngx_gemini_prom_t *prom, ngx_gemini_out_t *out,
    const ngx_gemini_prom_part_t *part)
{
    uint32_t                 i;
    const void              *row;
    ngx_gemini_prom_head_t   head;

    if (prom->at == 0
        && ngx_gemini_prom_scan(&prom->family, part->fields, prom->index)
           != NGX_OK)
    {
        return NGX_DECLINED;
    }

    head.prefix = part->prefix;
    head.name = prom->family.name;
    head.type = ngx_gemini_prom_type(&prom->family);
    head.help = prom->family.help;

    if (prom->at == 0) {
        ngx_gemini_prom_head(out, &head, prom->openmetrics);
    }

    for (i = 0; i < NGX_GEMINI_REPORT_BATCH; i++) {
        prom->ranking = NULL;

        row = part->row(prom, part, prom->at);

        if (row == NULL) {
            prom->index++;
            prom->at = 0;
            return NGX_OK;
        }

        ngx_gemini_prom_row(prom, out, &head, row);
        prom->at++;
    }

    return NGX_AGAIN;
}


static const char *
ngx_gemini_prom_type(const ngx_gemini_prom_family_t *family)
{
    size_t  len;

    if (family->type == NGX_GEMINI_FIELD_COUNTER) {
        return "counter";
    }

    len = ngx_strlen(family->name);

    if (family->type == NGX_GEMINI_FIELD_INFO && len > 5
        && ngx_strcmp(family->name + len - 5, "_info") == 0)
    {
        return "info";
    }

    return "gauge";
}


static const void *
ngx_gemini_prom_summary(ngx_gemini_prom_t *prom,
    const ngx_gemini_prom_part_t *part, uint32_t i)
{
    return i ? NULL : &prom->gr->summary;
}


static const void *
ngx_gemini_prom_lock(ngx_gemini_prom_t *prom,
    const ngx_gemini_prom_part_t *part, uint32_t i)
{
    return i ? NULL : prom->gr->summary.lock;
}


static const void *
ngx_gemini_prom_tallied(ngx_gemini_prom_t *prom,
    const ngx_gemini_prom_part_t *part, uint32_t i)
{
    return (i < prom->ntallies) ? &prom->tallies[i] : NULL;
}


static const void *
ngx_gemini_prom_array(ngx_gemini_prom_t *prom,
    const ngx_gemini_prom_part_t *part, uint32_t i)
{
    u_char  *base, *rows;

    base = (u_char *) prom->gr;

    if (i >= *(uint32_t *) (void *) (base + part->nrows)) {
        return NULL;
    }

    rows = *(u_char **) (void *) (base + part->rows);

    return rows + i * part->size;
}


/* one ranking after the other */

static const void *
ngx_gemini_prom_ranked(ngx_gemini_prom_t *prom,
    const ngx_gemini_prom_part_t *part, uint32_t i)
{
    ngx_uint_t              tier;
    ngx_gemini_report_t    *gr;
    ngx_gemini_row_tier_t  *rows[NGX_GEMINI_TIERS];

    gr = prom->gr;

    if (i >= NGX_GEMINI_TIERS * gr->nranked) {
        return NULL;
    }

    rows[NGX_GEMINI_TIER_FAST] = gr->fast;
    rows[NGX_GEMINI_TIER_QUALITY] = gr->quality;
    rows[NGX_GEMINI_TIER_BALANCE] = gr->balance;

    tier = i / gr->nranked;

    prom->ranking = ngx_gemini_tier_name(tier);

    return &rows[tier][i % gr->nranked];
}


/* asked for one after the other, from 0 on */

static const void *
ngx_gemini_prom_cells(ngx_gemini_prom_t *prom,
    const ngx_gemini_prom_part_t *part, uint32_t i)
{
    if (i == 0) {
        prom->cells = prom->gr->cells;
        prom->cell = 0;
    }

    while (prom->cells && i - prom->cell >= prom->cells->n) {
        prom->cell += prom->cells->n;
        prom->cells = prom->cells->next;
    }

    return prom->cells ? &prom->cells->rows[i - prom->cell] : NULL;
}
