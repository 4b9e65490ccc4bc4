
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Histograms: buckets are sums of all below them, bounds are seconds.
 */


#include "ngx_gemini_prom_text.h"


static void ngx_gemini_prom_hist_row(ngx_gemini_prom_t *prom,
    ngx_gemini_out_t *out, const ngx_gemini_prom_head_t *head,
    const ngx_gemini_row_hist_t *row);
static void ngx_gemini_prom_hist_start(ngx_gemini_prom_t *prom,
    ngx_gemini_out_t *out, const ngx_gemini_prom_head_t *head,
    const char *suffix, const ngx_gemini_row_hist_t *row);
static void ngx_gemini_prom_hist_bound(ngx_gemini_out_t *out, ngx_uint_t i);


/* by ngx_gemini_hist_e */

static const ngx_gemini_prom_head_t  ngx_gemini_prom_hists[] = {
    { "", "request_duration_seconds", "histogram",
      "From the client's request to the end of its answer; the class is the "
      "outcome." },
    { "", "attempt_duration_seconds", "histogram",
      "Attempt to the end of its answer." },
    { "", "ttft_seconds", "histogram",
      "Attempt to the first byte of a good answer." },
    { "", "queue_wait_seconds", "histogram",
      "Time that requests waited which had to." }
};


/* prom->index: the kind */

ngx_int_t
ngx_gemini_prom_hist(ngx_gemini_prom_t *prom, ngx_gemini_out_t *out)
{
    uint32_t                       i;
    ngx_gemini_report_t           *gr;
    const ngx_gemini_prom_head_t  *head;

    if (prom->index == NGX_GEMINI_HIST_KINDS) {
        return NGX_OK;
    }

    gr = prom->gr;
    head = &ngx_gemini_prom_hists[prom->index];

    if (prom->at == 0) {
        ngx_gemini_prom_head(out, head, prom->openmetrics);
    }

    for (i = 0; i < NGX_GEMINI_REPORT_BATCH && prom->at < gr->nhists; i++) {

        if (gr->hists[prom->at].kind == (ngx_gemini_hist_e) prom->index) {
            ngx_gemini_prom_hist_row(prom, out, head, &gr->hists[prom->at]);
        }

        prom->at++;
    }

    if (prom->at == gr->nhists) {
        prom->index++;
        prom->at = 0;
    }

    return NGX_AGAIN;
}


static void
ngx_gemini_prom_hist_row(ngx_gemini_prom_t *prom, ngx_gemini_out_t *out,
    const ngx_gemini_prom_head_t *head, const ngx_gemini_row_hist_t *row)
{
    uint64_t    sum;
    ngx_uint_t  i;

    sum = 0;

    for (i = 0; i < NGX_GEMINI_HIST_BUCKETS; i++) {
        sum += row->buckets[i];

        ngx_gemini_prom_hist_start(prom, out, head, "_bucket", row);
        ngx_gemini_out_cstr(out, ",le=\"");
        ngx_gemini_prom_hist_bound(out, i);
        ngx_gemini_out_cstr(out, "\"");
        ngx_gemini_prom_value(out, sum, 0);
    }

    ngx_gemini_prom_hist_start(prom, out, head, "_sum", row);
    ngx_gemini_prom_value(out, row->sum, 3);

    ngx_gemini_prom_hist_start(prom, out, head, "_count", row);
    ngx_gemini_prom_value(out, sum, 0);
}


static void
ngx_gemini_prom_hist_start(ngx_gemini_prom_t *prom, ngx_gemini_out_t *out,
    const ngx_gemini_prom_head_t *head, const char *suffix,
    const ngx_gemini_row_hist_t *row)
{
    ngx_gemini_prom_start(out, head, suffix, &prom->gr->gc->name);
    ngx_gemini_prom_label(out, "model", &row->model);

    if (row->class) {
        ngx_gemini_prom_clabel(out, "class", row->class);
    }
}


/* as OpenMetrics writes it: "0.05", "2.5", "300.0" */

static void
ngx_gemini_prom_hist_bound(ngx_gemini_out_t *out, ngx_uint_t i)
{
    uint32_t  ms;

    if (i == NGX_GEMINI_HIST_BOUNDS) {
        ngx_gemini_out_cstr(out, "+Inf");
        return;
    }

    ms = ngx_gemini_hist_bounds[i];

    if (ms % 100 == 0) {
        ngx_gemini_out_fixed(out, ms / 100, 1);

    } else if (ms % 10 == 0) {
        ngx_gemini_out_fixed(out, ms / 10, 2);

    } else {
        ngx_gemini_out_fixed(out, ms, 3);
    }
}
