
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The rows of the status document: what is shown of a record, worked out of
 * its copy, and the ONE table that describes it to every format.
 */


#ifndef _NGX_GEMINI_ROW_H_INCLUDED_
#define _NGX_GEMINI_ROW_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_capacity.h"
#include "ngx_gemini_field.h"
#include "ngx_gemini_pool.h"


/* the head of each row that can rest */

typedef struct {
    ngx_str_t                  name;       /* of a cell: its project's */
    ngx_str_t                  model;      /* of a cell */
    const char                *state;
    const char                *reason;
    const char                *provenance;
    const char                *scope;      /* whose trouble it is */
    uint64_t                   since;
    uint64_t                   until;
    int64_t                    left;       /* ms, -1: no end is known */
    ngx_str_t                  note;       /* the operator's */
    uint32_t                   own;        /* 1: not of a project or account
                                              above */
} ngx_gemini_row_t;


typedef struct {
    ngx_gemini_row_t           row;        /* must be first */
    uint32_t                   in_flight;
    ngx_gemini_counters_t      counters;
    ngx_gemini_note_t          note;
} ngx_gemini_row_account_t;


typedef struct {
    ngx_gemini_row_t           row;        /* must be first */
    ngx_str_t                  account;
    uint32_t                   in_flight;
    ngx_gemini_counters_t      counters;
    ngx_gemini_note_t          note;
} ngx_gemini_row_project_t;


typedef struct {
    ngx_gemini_row_t           row;        /* must be first */
    const u_char              *fingerprint;
    ngx_str_t                  project;
    ngx_str_t                  account;
    ngx_str_t                  models;
    uint32_t                   in_flight;
    uint32_t                   priority;
    uint32_t                   weight;
    uint32_t                   max_conns;
    uint32_t                   verbs;
    uint32_t                   surfaces;
    uint64_t                   last_used;
    ngx_gemini_counters_t      counters;
    ngx_gemini_note_t          note;
} ngx_gemini_row_key_t;


/* the last outcomes; -1: there was none */

typedef struct {
    uint32_t                   size;
    uint32_t                   samples;
    uint32_t                   ok;
    int64_t                    success_rate;     /* 1/1000 */
    int64_t                    mean;             /* ms */
    int64_t                    p50;
    int64_t                    p95;
    int64_t                    ttft_mean;
    int64_t                    ttft_p50;
    int64_t                    ttft_p95;
    uint64_t                   prompt;
    uint64_t                   output;
} ngx_gemini_row_window_t;


typedef struct {
    ngx_gemini_row_t           row;        /* must be first */
    ngx_gemini_choice_t        choice;
    const char                *kind;
    uint32_t                   kind_of;          /* ngx_gemini_kind_e */
    uint32_t                   listed;
    uint32_t                   fallback;
    uint32_t                   in_flight;
    uint32_t                   max_tokens;
    uint32_t                   attempts;         /* of the last 10 s */
    uint32_t                   overloads;
    uint64_t                   probes;
    uint64_t                   probes_ok;
    uint64_t                   last_used;
    ngx_gemini_row_window_t    window;
    ngx_gemini_counters_t      counters;
    ngx_gemini_capacity_t      capacity;
    ngx_gemini_note_t          note;
    u_char                     label[NGX_GEMINI_MODEL_MAX];
} ngx_gemini_row_model_t;


/* a place in one ranking, and the numbers behind it */

typedef struct {
    ngx_str_t                  name;
    const char                *kind;
    const char                *letter;
    uint32_t                   rank;             /* from 1 */
    uint32_t                   samples;
    int64_t                    success_rate;     /* 1/1000 */
    int64_t                    latency;          /* ms, mean */
    uint32_t                   max_tokens;
    int64_t                    score;            /* 1/1000, or NO_SKEW */
} ngx_gemini_row_tier_t;


typedef struct {
    uint32_t                   rpm;
    uint32_t                   rpd;
    uint64_t                   tpm;
    uint64_t                   rpm_at;
    uint64_t                   tpm_at;
    uint64_t                   rpd_at;
} ngx_gemini_row_learned_t;


typedef struct {
    ngx_gemini_row_t           row;        /* must be first */
    uint32_t                   in_flight;
    uint64_t                   requests;
    uint64_t                   refused;
    uint64_t                   minute_ends;
    ngx_gemini_used_t          used;
    ngx_gemini_limit_t         limit;
    int64_t                    rpm_left;
    int64_t                    tpm_left;
    int64_t                    rpd_left;
    ngx_gemini_row_learned_t   learned;
} ngx_gemini_row_cell_t;


typedef struct {
    ngx_str_t                  name;
    ngx_gemini_team_counters_t counters;
    u_char                     label[NGX_GEMINI_LABEL_MAX];
} ngx_gemini_row_team_t;


typedef struct {
    ngx_gemini_hist_e          kind;
    ngx_str_t                  model;
    const char                *class;      /* NULL: the kind has none */
    uint64_t                   sum;        /* ms */
    uint64_t                   count;
    uint64_t                   buckets[NGX_GEMINI_HIST_BUCKETS];
                                           /* each for itself, not summed */
} ngx_gemini_row_hist_t;


typedef struct {
    uint64_t                   time;
    uint64_t                   until;
    uint64_t                   number;
    const char                *type;
    const char                *action;     /* of an operator */
    const char                *scope;
    const char                *reason;
    const char                *provenance;
    ngx_str_t                  label;
    ngx_str_t                  model;
    ngx_str_t                  request_id;
} ngx_gemini_row_event_t;


extern const ngx_gemini_field_t  ngx_gemini_row_account_fields[];
extern const ngx_gemini_field_t  ngx_gemini_row_project_fields[];
extern const ngx_gemini_field_t  ngx_gemini_row_key_fields[];
extern const ngx_gemini_field_t  ngx_gemini_row_model_fields[];
extern const ngx_gemini_field_t  ngx_gemini_row_stats_fields[];
extern const ngx_gemini_field_t  ngx_gemini_row_tier_fields[];
extern const ngx_gemini_field_t  ngx_gemini_row_cell_fields[];
extern const ngx_gemini_field_t  ngx_gemini_row_team_fields[];
extern const ngx_gemini_field_t  ngx_gemini_row_event_fields[];
extern const ngx_gemini_field_t  ngx_gemini_row_rest_fields[];
extern const ngx_gemini_field_t  ngx_gemini_row_token_fields[];


/*
 * Each fills a row from the copy of a record; strings point into the
 * configuration or the copy.  projects and accounts: rows made before.
 */

void ngx_gemini_row_account(ngx_gemini_row_account_t *row,
    const ngx_gemini_account_conf_t *conf,
    const ngx_gemini_account_t *account, uint64_t now);
void ngx_gemini_row_project(ngx_gemini_row_project_t *row,
    const ngx_gemini_project_conf_t *conf,
    const ngx_gemini_project_t *project,
    const ngx_gemini_row_account_t *account, uint64_t now);
void ngx_gemini_row_key(ngx_gemini_row_key_t *row,
    const ngx_gemini_key_conf_t *conf, const ngx_gemini_key_t *key,
    const ngx_gemini_row_project_t *project,
    const ngx_gemini_row_account_t *account, uint64_t now);

/* conf: NULL for an unlisted one, whose name the caller sets before */
void ngx_gemini_row_model(ngx_gemini_row_model_t *row,
    const ngx_gemini_model_conf_t *conf, const ngx_gemini_model_t *model,
    ngx_uint_t window, uint64_t now);

/* NGX_DECLINED: the cell has nothing to say; names are the caller's */
ngx_int_t ngx_gemini_row_cell(ngx_gemini_row_cell_t *row,
    const ngx_gemini_cell_t *cell, const ngx_gemini_limit_t *written,
    uint64_t now, uint64_t google);

/* the name points into the row */
void ngx_gemini_row_team(ngx_gemini_row_team_t *row,
    const ngx_gemini_team_t *team);

/* the model's name is the caller's */
void ngx_gemini_row_hist(ngx_gemini_row_hist_t *row,
    const ngx_gemini_hist_t *hist);

void ngx_gemini_row_event(ngx_gemini_row_event_t *row,
    const ngx_gemini_event_t *event);

const char *ngx_gemini_row_event_name(ngx_uint_t type);

/* n rows of one tier, best first, from the rows of all n models listed */
void ngx_gemini_row_tiers(ngx_gemini_row_tier_t *rows,
    const ngx_gemini_row_model_t *models, uint32_t n,
    ngx_gemini_tier_e tier, ngx_uint_t normalized);

const char *ngx_gemini_operate_name(ngx_uint_t action);

/* 1: the row is one of the cooldowns view */
ngx_uint_t ngx_gemini_row_resting(const ngx_gemini_row_t *row);


#endif /* _NGX_GEMINI_ROW_H_INCLUDED_ */
