
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The status document.  A report first copies the pool, at most 64 records a
 * hold of the lock, and then renders the copy, at most 64 rows a call:
 *
 *     rc = ngx_gemini_report_init(gr, gc, view, ...);
 *
 *     do {
 *         lock; ngx_gemini_report_copy(gr, gv); unlock;
 *         rc = ngx_gemini_report_digest(gr);
 *     } while (rc == NGX_AGAIN);
 *
 *     do {
 *         rc = ngx_gemini_report_render(gr, out);
 *     } while (rc == NGX_AGAIN);
 */


#ifndef _NGX_GEMINI_REPORT_H_INCLUDED_
#define _NGX_GEMINI_REPORT_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_capacity.h"
#include "ngx_gemini_out.h"
#include "ngx_gemini_pool.h"
#include "ngx_gemini_row.h"
#include "ngx_gemini_summary.h"


#define NGX_GEMINI_REPORT_BATCH   64       /* records a hold, rows a call */
#define NGX_GEMINI_REPORT_MODELS  8        /* .. these are large */


/* bits, so that parts of the document name the views that have them */

#define NGX_GEMINI_VIEW_ALL        0x01
#define NGX_GEMINI_VIEW_KEYS       0x02
#define NGX_GEMINI_VIEW_MODELS     0x04
#define NGX_GEMINI_VIEW_COOLDOWNS  0x08
#define NGX_GEMINI_VIEW_EVENTS     0x10
#define NGX_GEMINI_VIEW_TIERS      0x20
#define NGX_GEMINI_VIEW_STATS      0x40
#define NGX_GEMINI_VIEW_TEAMS      0x80

/* for other formats: all but cells and events, and the histograms */
#define NGX_GEMINI_VIEW_METRICS    0x100


/* never called under the lock; what it gives lives as long as the report */
typedef void *(*ngx_gemini_report_alloc_pt)(void *data, size_t size);


typedef struct ngx_gemini_report_cells_s  ngx_gemini_report_cells_t;

struct ngx_gemini_report_cells_s {
    ngx_gemini_report_cells_t *next;
    uint32_t                   n;
    ngx_gemini_row_cell_t      rows[NGX_GEMINI_REPORT_BATCH];
};


/* what one hold of the lock copies */

typedef union {
    ngx_gemini_account_t       accounts[NGX_GEMINI_REPORT_BATCH];
    ngx_gemini_project_t       projects[NGX_GEMINI_REPORT_BATCH];
    ngx_gemini_key_t           keys[NGX_GEMINI_REPORT_BATCH];
    ngx_gemini_cell_t          cells[NGX_GEMINI_REPORT_BATCH];
    ngx_gemini_model_t         models[NGX_GEMINI_REPORT_MODELS];
    ngx_gemini_team_t          teams[NGX_GEMINI_REPORT_BATCH];
    ngx_gemini_hist_t          hists[NGX_GEMINI_REPORT_BATCH];
} ngx_gemini_report_batch_t;


typedef struct {
    const ngx_gemini_conf_t   *gc;
    ngx_uint_t                 view;
    uint64_t                   now;
    uint64_t                   google;
    ngx_gemini_report_alloc_pt alloc;
    void                      *data;

    ngx_uint_t                 stage;      /* of copying, then of rendering */
    uint32_t                   at;         /* in the stage */
    uint32_t                   n;          /* records in the batch */

    ngx_gemini_pool_t         *root;       /* totals and all before them */
    ngx_gemini_summary_t       summary;
    ngx_gemini_summary_lock_t  lock;
    u_char                     lock_label[NGX_GEMINI_MODEL_MAX];

    ngx_gemini_row_account_t  *accounts;
    ngx_gemini_row_project_t  *projects;
    ngx_gemini_row_key_t      *keys;
    ngx_gemini_row_model_t    *models;
    uint32_t                   naccounts;
    uint32_t                   nprojects;
    uint32_t                   nkeys;
    uint32_t                   nmodels;    /* listed, then unlisted in use */
    uint32_t                   spares[NGX_GEMINI_SPARE + 1];   /* slots */
    uint32_t                   nspares;

    ngx_gemini_row_tier_t     *fast;       /* rankings of those listed */
    ngx_gemini_row_tier_t     *quality;
    ngx_gemini_row_tier_t     *balance;
    uint32_t                   nranked;

    ngx_gemini_report_cells_t *cells;
    ngx_gemini_report_cells_t *last;       /* being filled or rendered */

    ngx_gemini_row_team_t     *teams;      /* "other" last */
    uint32_t                   nteams;
    ngx_gemini_row_hist_t     *hists;      /* in no order */
    uint32_t                   nhists;
    uint32_t                   total;      /* of them in the pool */
    uint32_t                   moves;      /* .. when the first was copied */

    ngx_gemini_event_t        *events;     /* newest first */
    uint32_t                   nevents;
    uint64_t                   event;      /* number of the newest, + 1 */

    u_char                    *marks;
    ngx_gemini_capacity_walk_t walk;
    ngx_gemini_report_batch_t  batch;
} ngx_gemini_report_t;


/* the view of that name, "" is the whole document; 0: there is none */
ngx_uint_t ngx_gemini_report_view(const ngx_str_t *name);

/* server: the version of what runs us; NGX_ERROR: no memory */
ngx_int_t ngx_gemini_report_init(ngx_gemini_report_t *gr,
    const ngx_gemini_conf_t *gc, ngx_uint_t view, const char *server,
    uint64_t now, ngx_gemini_report_alloc_pt alloc, void *data);

/* the next batch; under the lock */
void ngx_gemini_report_copy(ngx_gemini_report_t *gr, ngx_gemini_view_t *gv);

/* makes rows of it; NGX_AGAIN: copy more, NGX_ERROR: no memory */
ngx_int_t ngx_gemini_report_digest(ngx_gemini_report_t *gr);

/* the next rows of the document; NGX_AGAIN: there are more */
ngx_int_t ngx_gemini_report_render(ngx_gemini_report_t *gr,
    ngx_gemini_out_t *out);


#endif /* _NGX_GEMINI_REPORT_H_INCLUDED_ */
