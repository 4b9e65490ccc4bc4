
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * One settling under way, and the changes of state that it makes known.  For
 * ngx_gemini_settle.c and ngx_gemini_blame.c.
 */


#ifndef _NGX_GEMINI_CHANGE_H_INCLUDED_
#define _NGX_GEMINI_CHANGE_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_pool.h"
#include "ngx_gemini_sched.h"


typedef struct {
    ngx_gemini_view_t         *gv;
    const ngx_gemini_conf_t   *gc;
    ngx_gemini_settle_t       *settle;
    const ngx_gemini_verdict_t *verdict;
    uint64_t                   now;
    uint64_t                   google;     /* now by Google's clock */
    ngx_gemini_resv_t          resv;       /* as it was; freed by now */
    ngx_gemini_key_t          *key;
    ngx_gemini_project_t      *project;
    ngx_gemini_account_t      *account;
    ngx_gemini_model_t        *model;
    ngx_gemini_cell_t         *cell;
} ngx_gemini_settling_t;


/* to the caller and to the ring of events; rest: the one concerned or NULL */
void ngx_gemini_change(ngx_gemini_settling_t *st, ngx_gemini_event_e type,
    ngx_gemini_scope_e scope, const ngx_gemini_rest_t *rest,
    uint64_t number);


#endif /* _NGX_GEMINI_CHANGE_H_INCLUDED_ */
