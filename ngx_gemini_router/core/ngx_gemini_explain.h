
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * What would become of a request for a model: the scheduler's own pick, dry,
 * one candidate after the other, and why the others cannot serve.
 *
 *     do {
 *         lock; ngx_gemini_explain_look(ge, gv); unlock;
 *         rc = ngx_gemini_explain_render(ge, out);
 *     } while (rc == NGX_AGAIN);
 */


#ifndef _NGX_GEMINI_EXPLAIN_H_INCLUDED_
#define _NGX_GEMINI_EXPLAIN_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_field.h"
#include "ngx_gemini_out.h"
#include "ngx_gemini_plan.h"
#include "ngx_gemini_pool.h"
#include "ngx_gemini_sched.h"


/* bits of a lack */
#define NGX_GEMINI_LACKS          11

#define NGX_GEMINI_EXPLAIN_BATCH  64       /* candidates a hold */
#define NGX_GEMINI_EXPLAIN_RANKS  NGX_GEMINI_TRIED_MAX
#define NGX_GEMINI_EXPLAIN_PICKS  4        /* dry picks a hold */


typedef struct {
    uint32_t                   rank;       /* 1: the next request's, 0: none */
    ngx_str_t                  key;
    ngx_str_t                  project;
    ngx_str_t                  account;
    ngx_str_t                  model;
    uint32_t                   priority;
    uint32_t                   usable;
    const char                *lack;
    const char                *reason;
    uint64_t                   until;
    int64_t                    left;
} ngx_gemini_explain_row_t;


typedef struct {
    const ngx_gemini_conf_t   *gc;
    uint64_t                   now;
    ngx_str_t                  requested;
    ngx_str_t                  model;      /* without "models/" */
    ngx_gemini_restrict_t      restrict_to;
    ngx_gemini_wish_t          wish;
    ngx_gemini_order_t         order;
    ngx_gemini_pick_t          pick;
    ngx_gemini_tried_t         tried[NGX_GEMINI_EXPLAIN_RANKS];

    ngx_uint_t                 stage;
    uint32_t                   choice;     /* the next candidate */
    uint32_t                   list;
    uint32_t                   at;

    uint32_t                   usable;
    uint64_t                   next_relief;

    uint32_t                   n;
    ngx_gemini_explain_row_t   rows[NGX_GEMINI_EXPLAIN_BATCH];
} ngx_gemini_explain_t;


/* keys: as gemini_restrict has them, empty: all */
void ngx_gemini_explain_init(ngx_gemini_explain_t *ge,
    const ngx_gemini_conf_t *gc, const ngx_str_t *model,
    const ngx_str_t *keys, uint64_t now);

/* the next candidates; under the lock */
void ngx_gemini_explain_look(ngx_gemini_explain_t *ge,
    ngx_gemini_view_t *gv);

/* NGX_AGAIN: look for more */
ngx_int_t ngx_gemini_explain_render(ngx_gemini_explain_t *ge,
    ngx_gemini_out_t *out);

/* a NGX_GEMINI_LACK_* bit by its number */
const char *ngx_gemini_lack_name(ngx_uint_t bit);


#endif /* _NGX_GEMINI_EXPLAIN_H_INCLUDED_ */
