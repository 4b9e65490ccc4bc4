
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * What an operator does to a pool: lock, unlock, reset, disable, enable, and
 * the document that says what was and what is.
 *
 *     do {
 *         lock; rc = ngx_gemini_operate(op, gv); unlock;
 *     } while (rc == NGX_AGAIN);
 *
 *     ngx_gemini_operate_render(op, out);
 */


#ifndef _NGX_GEMINI_OPERATE_H_INCLUDED_
#define _NGX_GEMINI_OPERATE_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_out.h"
#include "ngx_gemini_pool.h"
#include "ngx_gemini_row.h"
#include "ngx_gemini_summary.h"


#define NGX_GEMINI_OPERATE_BATCH  1024     /* records a hold */


/* of what is meant, before or after */

typedef struct {
    ngx_gemini_row_t           row;
    ngx_gemini_note_t          note;       /* of row.note */
    const ngx_gemini_summary_lock_t *locked;     /* NULL: nothing is */
    ngx_gemini_summary_lock_t  lock;
    u_char                     label[NGX_GEMINI_MODEL_MAX];
    uint32_t                   cooldowns;
    uint32_t                   day;        /* .. for a day's quota */
    uint32_t                   disabled;   /* keys, by a fault */
    uint32_t                   limits;     /* that were learned */
} ngx_gemini_operate_state_t;


typedef struct {
    /* what is wanted */
    const ngx_gemini_conf_t   *gc;
    ngx_gemini_operate_e       action;
    ngx_gemini_scope_e         scope;      /* POOL: all of it */
    uint32_t                   item;       /* index in conf */
    ngx_str_t                  name;       /* of the item */
    ngx_str_t                  note;
    uint64_t                   length;     /* ms, 0: for good */
    uint64_t                   now;
    unsigned                   day:1;      /* reset: day quotas, too */
    unsigned                   limits:1;   /* reset: what was learned, too */

    /* the result */
    ngx_gemini_operate_state_t before;
    ngx_gemini_operate_state_t after;

    uint64_t                   at;         /* of reset: the next record */
} ngx_gemini_operate_t;


/* fills scope, item and name; NGX_DECLINED: there is no such item */
ngx_int_t ngx_gemini_operate_find(ngx_gemini_operate_t *op,
    ngx_gemini_scope_e scope, const ngx_str_t *name);

/* the label of item i of that scope, NULL: there are no more */
const ngx_str_t *ngx_gemini_operate_label(const ngx_gemini_conf_t *gc,
    ngx_gemini_scope_e scope, uint32_t i);

/* under the lock; NGX_AGAIN: there is more to do */
ngx_int_t ngx_gemini_operate(ngx_gemini_operate_t *op,
    ngx_gemini_view_t *gv);

/* ngx_gemini_reset.c: the same for this action alone */
ngx_int_t ngx_gemini_operate_reset(ngx_gemini_operate_t *op,
    ngx_gemini_view_t *gv);

void ngx_gemini_operate_render(const ngx_gemini_operate_t *op,
    ngx_gemini_out_t *out);


#endif /* _NGX_GEMINI_OPERATE_H_INCLUDED_ */
