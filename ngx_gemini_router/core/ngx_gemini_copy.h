
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Stages of a report's copying, for ngx_gemini_copy.c.
 */


#ifndef _NGX_GEMINI_COPY_H_INCLUDED_
#define _NGX_GEMINI_COPY_H_INCLUDED_


#include "ngx_gemini_report.h"


/* the next batch: at most size of total records; gr->n is how many */
void ngx_gemini_copy_batch(ngx_gemini_report_t *gr, uint32_t total,
    uint32_t size);

/* the batch is done: NGX_AGAIN if there is another */
ngx_int_t ngx_gemini_copy_more(ngx_gemini_report_t *gr, uint32_t total);


/* ngx_gemini_copy_models.c: each copies under the lock, .._rows digests */

void ngx_gemini_copy_models(ngx_gemini_report_t *gr, ngx_gemini_view_t *gv);
ngx_int_t ngx_gemini_copy_models_rows(ngx_gemini_report_t *gr);
void ngx_gemini_copy_capacity(ngx_gemini_report_t *gr, ngx_gemini_view_t *gv);
ngx_int_t ngx_gemini_copy_capacity_rows(ngx_gemini_report_t *gr);
void ngx_gemini_copy_cells(ngx_gemini_report_t *gr, ngx_gemini_view_t *gv);
ngx_int_t ngx_gemini_copy_cells_rows(ngx_gemini_report_t *gr);


/* ngx_gemini_copy_metrics.c */

void ngx_gemini_copy_teams(ngx_gemini_report_t *gr, ngx_gemini_view_t *gv);
ngx_int_t ngx_gemini_copy_teams_rows(ngx_gemini_report_t *gr);
void ngx_gemini_copy_hists(ngx_gemini_report_t *gr, ngx_gemini_view_t *gv);
ngx_int_t ngx_gemini_copy_hists_rows(ngx_gemini_report_t *gr);


#endif /* _NGX_GEMINI_COPY_H_INCLUDED_ */
