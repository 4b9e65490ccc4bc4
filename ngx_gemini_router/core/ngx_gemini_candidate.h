
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * One (key, model) before the scheduler: whether it is usable now, and if
 * not, why and until when.  For ngx_gemini_sched.c and ngx_gemini_settle.c.
 */


#ifndef _NGX_GEMINI_CANDIDATE_H_INCLUDED_
#define _NGX_GEMINI_CANDIDATE_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_pool.h"
#include "ngx_gemini_sched.h"


/* a key, project, account, upstream rest that somebody tries just now */
#define NGX_GEMINI_TRYING      2


/* why one cannot serve */

typedef struct {
    uint32_t                   lack;       /* mask, 0: usable */
    uint64_t                   until;      /* when all timed lacks end */
    unsigned                   forever:1;  /* no waiting helps */
    unsigned                   tried:1;    /* none helps this request */
    unsigned                   day:1;      /* quota of the day */
    unsigned                   minute:1;   /* quota that comes back sooner */
    unsigned                   waiter:1;   /* only a waiter is held up by it */
} ngx_gemini_why_t;


/* what a pick looks at, and the choice at hand */

typedef struct {
    ngx_gemini_view_t         *gv;
    const ngx_gemini_conf_t   *gc;
    const ngx_gemini_pick_t   *pick;
    uint64_t                   now;
    uint64_t                   google;     /* now by Google's clock */
    uint64_t                   midnight;   /* of its day, 0: not asked yet */
    uint32_t                   surface;    /* bits */
    uint32_t                   verb;
    ngx_gemini_key_t          *keys;
    const ngx_gemini_key_conf_t *confs;

    const ngx_gemini_choice_t *choice;
    const ngx_str_t           *name;       /* of an unlisted model or NULL */
    ngx_gemini_model_t        *model;
    ngx_gemini_limit_t        *limits;     /* of project 0 for it */
    uint64_t                   tokens;
    ngx_gemini_cell_t         *cells;      /* of project 0 for it */
    ngx_gemini_why_t           all;        /* what the model itself lacks */
    ngx_uint_t                 narrow;     /* not every key will do */
} ngx_gemini_look_t;


/* the records of one candidate */

typedef struct {
    const ngx_gemini_key_conf_t *conf;
    ngx_gemini_key_t          *key;
    ngx_gemini_project_t      *project;
    ngx_gemini_account_t      *account;
    ngx_gemini_cell_t         *cell;
} ngx_gemini_candidate_t;


void ngx_gemini_candidate_look(ngx_gemini_look_t *look,
    ngx_gemini_view_t *gv, const ngx_gemini_conf_t *gc,
    const ngx_gemini_pick_t *pick, uint64_t now);

/* turns to another choice; look->all.lack: none of its keys can serve */
void ngx_gemini_candidate_choose(ngx_gemini_look_t *look, uint32_t choice);

static ngx_inline void ngx_gemini_candidate_at(const ngx_gemini_look_t *look,
    uint32_t key, ngx_gemini_candidate_t *c);

/* 1: usable */
ngx_uint_t ngx_gemini_candidate_fine(const ngx_gemini_look_t *look,
    uint32_t key);

void ngx_gemini_candidate_why(const ngx_gemini_look_t *look, uint32_t key,
    const ngx_gemini_candidate_t *c, ngx_gemini_why_t *why);

uint64_t ngx_gemini_candidate_midnight(const ngx_gemini_look_t *look);

/* the limits in force and the tokens to book */
uint64_t ngx_gemini_candidate_limit(const ngx_gemini_look_t *look,
    const ngx_gemini_candidate_t *c, ngx_gemini_limit_t *limit);

/* ngx_gemini_allow.c: not for this request or not at all, whatever the time */
ngx_uint_t ngx_gemini_allow_never(const ngx_gemini_look_t *look,
    const ngx_gemini_candidate_t *c);

/* an earlier attempt of this request rules it out */
ngx_uint_t ngx_gemini_allow_tried(const ngx_gemini_look_t *look,
    uint32_t key, const ngx_gemini_candidate_t *c);

/*
 * ngx_gemini_lack.c: 1, a pick of late has found that nobody in the k-th list
 * of the choice can serve; note: this one has, so that the next ones need not
 * look; tell: what all its lists lack, for a pick that fails
 */
ngx_uint_t ngx_gemini_lack_known(const ngx_gemini_look_t *look, uint32_t k);
void ngx_gemini_lack_note(const ngx_gemini_look_t *look,
    const ngx_gemini_candidates_t *list, uint32_t k);
ngx_int_t ngx_gemini_lack_tell(ngx_gemini_look_t *look,
    ngx_gemini_pick_t *pick);

/* by priority */
const ngx_gemini_candidates_t *ngx_gemini_candidate_lists(
    const ngx_gemini_look_t *look, uint32_t *n);


static ngx_inline void
ngx_gemini_candidate_at(const ngx_gemini_look_t *look, uint32_t key,
    ngx_gemini_candidate_t *c)
{
    ngx_gemini_view_t            *gv;
    const ngx_gemini_key_conf_t  *conf;

    gv = look->gv;
    conf = &look->confs[key];

    c->conf = conf;
    c->key = &look->keys[conf->slot];
    c->project = &gv->projects[conf->project_slot];
    c->account = &gv->accounts[conf->account_slot];
    c->cell = &look->cells[conf->project_slot];
}


#endif /* _NGX_GEMINI_CANDIDATE_H_INCLUDED_ */
