
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Prometheus' text format and OpenMetrics 1.0, from the tables of fields that
 * the status document has, too.  A report of NGX_GEMINI_PROM_VIEW is copied
 * first, ngx_gemini_report.h, and then rendered, at most 64 rows a call:
 *
 *     ngx_gemini_prom_init(prom, gr, openmetrics);
 *
 *     do {
 *         rc = ngx_gemini_prom_render(prom, out);
 *     } while (rc == NGX_AGAIN);
 *
 * A family stands in one piece, so its rows are walked once for each family.
 */


#ifndef _NGX_GEMINI_PROM_H_INCLUDED_
#define _NGX_GEMINI_PROM_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_field.h"
#include "ngx_gemini_out.h"
#include "ngx_gemini_report.h"


#define NGX_GEMINI_PROM_VIEW                                                  \
    (NGX_GEMINI_VIEW_METRICS | NGX_GEMINI_VIEW_COOLDOWNS                      \
     | NGX_GEMINI_VIEW_TIERS)

#define NGX_GEMINI_PROM_PREFIX   "gemini_router_"

#define NGX_GEMINI_PROM_ITEMS    8         /* fields of a family */
#define NGX_GEMINI_PROM_LABELS   4         /* of a row */
#define NGX_GEMINI_PROM_TALLIES  128


/* one field of a family */

typedef struct {
    const ngx_gemini_field_t  *field;
    const ngx_gemini_field_t  *metric;
    const ngx_gemini_field_t  *tag;        /* NULL: none */
    size_t                     offset;     /* of the field in its row */
} ngx_gemini_prom_item_t;


typedef struct {
    const char                *name;
    const char                *help;
    ngx_gemini_field_e         type;
    ngx_gemini_prom_item_t     items[NGX_GEMINI_PROM_ITEMS];
    ngx_gemini_prom_item_t     labels[NGX_GEMINI_PROM_LABELS];
    ngx_uint_t                 nitems;
    ngx_uint_t                 nlabels;
} ngx_gemini_prom_family_t;


/* how many records are out of use for the same reason */

typedef struct {
    const char                *scope;
    const char                *state;
    const char                *reason;
    uint32_t                   n;
} ngx_gemini_prom_tally_t;


typedef struct {
    ngx_gemini_report_t       *gr;
    ngx_uint_t                 openmetrics;

    ngx_uint_t                 tallied;
    ngx_uint_t                 part;
    ngx_uint_t                 index;      /* of the family in its part */
    uint32_t                   at;         /* its next row */
    ngx_gemini_prom_family_t   family;

    const char                *ranking;    /* that a row belongs to */
    ngx_gemini_report_cells_t *cells;      /* that have the row at .. */
    uint32_t                   cell;       /* .. the number of the first */

    ngx_gemini_prom_tally_t    tallies[NGX_GEMINI_PROM_TALLIES];
    uint32_t                   ntallies;
} ngx_gemini_prom_t;


/* gr: copied whole */
void ngx_gemini_prom_init(ngx_gemini_prom_t *prom, ngx_gemini_report_t *gr,
    ngx_uint_t openmetrics);

/* the next rows; NGX_AGAIN: there are more */
ngx_int_t ngx_gemini_prom_render(ngx_gemini_prom_t *prom,
    ngx_gemini_out_t *out);


#endif /* _NGX_GEMINI_PROM_H_INCLUDED_ */
