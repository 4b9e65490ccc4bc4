
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * What the status document says of the pool as a whole.
 */


#ifndef _NGX_GEMINI_SUMMARY_H_INCLUDED_
#define _NGX_GEMINI_SUMMARY_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_field.h"
#include "ngx_gemini_pool.h"
#include "ngx_gemini_refs.h"


typedef struct {
    ngx_str_t                  model;
    uint64_t                   until;
    int64_t                    left;       /* ms, -1: for good */
} ngx_gemini_summary_lock_t;


typedef struct {
    ngx_str_t                  pool;
    const ngx_gemini_summary_lock_t *lock; /* NULL: none */
    ngx_gemini_totals_t        totals;
    ngx_gemini_saving_t        saving;
    uint32_t                   in_flight;

    const char                *upstream;
    uint64_t                   upstream_until;
    int64_t                    upstream_left;
    uint32_t                   transport;
    int64_t                    skew;       /* ms or NGX_GEMINI_NO_SKEW */

    uint32_t                   waiting;
    uint32_t                   waiting_max;
    uint32_t                   budget_left;
    uint64_t                   budget_refused;

    ngx_gemini_probing_t       probing;

    ngx_gemini_conf_t          conf;
    const char                *prefer;
    const char                *score;
    ngx_gemini_caps_t          used;       /* of caps, by configuration */
    ngx_gemini_caps_t          caps;
    uint64_t                   resources[NGX_GEMINI_REF_TYPES];

    int64_t                    uptime;     /* ms, of the shared memory */
    const char                *module;
    const char                *server;
    uint64_t                   cycle;
} ngx_gemini_summary_t;


/* before and behind the arrays of records */
extern const ngx_gemini_field_t  ngx_gemini_summary_head_fields[];
extern const ngx_gemini_field_t  ngx_gemini_summary_tail_fields[];

/* of a ngx_gemini_summary_lock_t */
extern const ngx_gemini_field_t  ngx_gemini_summary_lock_fields[];

/* before the tiers */
extern const ngx_gemini_field_t  ngx_gemini_summary_score_fields[];


/*
 * All but resources and used.owners, which are counted by who copies.
 * gp: a copy, of which nothing after .totals is read; lock: its until and
 * left are filled, its model is the caller's, empty: there is none
 */
void ngx_gemini_summary(ngx_gemini_summary_t *summary,
    const ngx_gemini_conf_t *gc, const ngx_gemini_pool_t *gp,
    ngx_gemini_summary_lock_t *lock, uint64_t now);

const char *ngx_gemini_outcome_name(ngx_uint_t outcome);


#endif /* _NGX_GEMINI_SUMMARY_H_INCLUDED_ */
