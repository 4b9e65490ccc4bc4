
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * What a model can still give: which keys could serve it now, what is left
 * of their projects' budgets, and until when that lasts.
 */


#ifndef _NGX_GEMINI_CAPACITY_H_INCLUDED_
#define _NGX_GEMINI_CAPACITY_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_pool.h"
#include "ngx_gemini_sched.h"


typedef struct {
    uint32_t                   usable;     /* keys */
    uint32_t                   unlimited;  /* their projects that no known
                                              limit bounds */
    int64_t                    rpm_left;   /* sums over their projects, */
    int64_t                    tpm_left;   /* -1: none has such a limit */
    int64_t                    rpd_left;
    uint64_t                   next_relief;
    uint64_t                   exhausts_at;
} ngx_gemini_capacity_t;


/* what a cell has used of the minute and the day that hold now */

typedef struct {
    uint64_t                   requests;
    uint64_t                   tokens;
    uint64_t                   day_requests;
} ngx_gemini_used_t;


/* a walk over the candidates of one model */

typedef struct {
    ngx_gemini_capacity_t      capacity;
    ngx_gemini_choice_t        choice;
    ngx_gemini_pick_t          pick;
    u_char                    *marks;      /* by project of the conf */
    uint32_t                   list;       /* the next candidate */
    uint32_t                   at;
    uint32_t                   no_day;     /* usable projects without rpd */
    uint64_t                   minute;     /* requests of all projects */
    uint64_t                   day;
} ngx_gemini_capacity_walk_t;


/* marks: gc->nprojects bytes, used as long as the walk; so is the name */
void ngx_gemini_capacity_start(ngx_gemini_capacity_walk_t *walk,
    const ngx_gemini_conf_t *gc, const ngx_gemini_choice_t *choice,
    const ngx_str_t *name, u_char *marks);

/* looks at up to n candidates; under the lock; NGX_AGAIN: more are left */
ngx_int_t ngx_gemini_capacity_step(ngx_gemini_capacity_walk_t *walk,
    ngx_gemini_view_t *gv, const ngx_gemini_conf_t *gc, uint32_t n,
    uint64_t now, uint64_t google);

/* after the last step: sets capacity.exhausts_at */
void ngx_gemini_capacity_finish(ngx_gemini_capacity_walk_t *walk,
    uint64_t now, uint64_t google);

/* the candidates of a choice */
const ngx_gemini_candidates_t *ngx_gemini_capacity_lists(
    const ngx_gemini_conf_t *gc, const ngx_gemini_choice_t *choice,
    uint32_t *n);

/* the verb that asks for such a model */
ngx_gemini_verb_e ngx_gemini_capacity_verb(ngx_uint_t kind);

/* the written limit of a cell; model: index in conf, NONE for an unlisted */
const ngx_gemini_limit_t *ngx_gemini_capacity_limit(
    const ngx_gemini_conf_t *gc, uint32_t project, uint32_t model);

void ngx_gemini_capacity_used(const ngx_gemini_cell_t *cell, uint64_t now,
    uint64_t google, ngx_gemini_used_t *used);


#endif /* _NGX_GEMINI_CAPACITY_H_INCLUDED_ */
