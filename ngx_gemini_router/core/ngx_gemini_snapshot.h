
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The text of a pool's state file.  Written in slices, each a batch of at most
 * 64 records that is copied under the lock and rendered after it:
 *
 *     ngx_gemini_snapshot_init(gs, ...);
 *
 *     do {
 *         lock; ngx_gemini_snapshot_copy(gs, gv); unlock;
 *         rc = ngx_gemini_snapshot_render(gs, out);
 *     } while (rc == NGX_AGAIN);
 *
 * Read as a whole (ngx_gemini_restore.c): all of it is checked before any of
 * it is applied.
 */


#ifndef _NGX_GEMINI_SNAPSHOT_H_INCLUDED_
#define _NGX_GEMINI_SNAPSHOT_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_out.h"
#include "ngx_gemini_pool.h"
#include "ngx_gemini_saved.h"


#define NGX_GEMINI_SNAPSHOT_BATCH   64
#define NGX_GEMINI_SNAPSHOT_MODELS  8      /* .. these are large */

#define NGX_GEMINI_RESTORE_PATH     64

/* the text's bytes; more are neither written nor read */
#define NGX_GEMINI_SNAPSHOT_MAX     (256 * 1024 * 1024)


typedef union {
    ngx_gemini_saved_account_t accounts[NGX_GEMINI_SNAPSHOT_BATCH];
    ngx_gemini_saved_project_t projects[NGX_GEMINI_SNAPSHOT_BATCH];
    ngx_gemini_saved_key_t     keys[NGX_GEMINI_SNAPSHOT_BATCH];
    ngx_gemini_saved_model_t   models[NGX_GEMINI_SNAPSHOT_MODELS];
    ngx_gemini_saved_cell_t    cells[NGX_GEMINI_SNAPSHOT_BATCH];
    ngx_gemini_saved_team_t    teams[NGX_GEMINI_SNAPSHOT_BATCH];
    ngx_gemini_saved_owner_t   owners[NGX_GEMINI_SNAPSHOT_BATCH];
    ngx_gemini_saved_event_t   events[NGX_GEMINI_SNAPSHOT_BATCH];
} ngx_gemini_snapshot_batch_t;


typedef struct {
    ngx_uint_t                 stage;      /* 0: the root, then the lists */
    uint32_t                   at;         /* slot */
    uint32_t                   column;     /* of the project at */
    uint64_t                   event;      /* number of the next one */
    uint32_t                   n;          /* records in the batch */
    uint32_t                   more;       /* 1: the stage has more */
    uint32_t                   begun;      /* 1: its list has an item */

    /* models whose cells may say something, slots */
    uint32_t                   columns[NGX_GEMINI_LISTED_MAX
                                       + NGX_GEMINI_SPARE + 1];
    uint32_t                   ncolumns;

    uint64_t                   sign;       /* of what is written */
    ngx_gemini_saved_root_t    root;
    ngx_gemini_snapshot_batch_t  batch;
} ngx_gemini_snapshot_t;


/* what is wrong with a text */

typedef struct {
    const char                *reason;
    uint32_t                   record;     /* in its list, from 1, 0: none */
    size_t                     len;        /* 0: the text as a whole */
    u_char                     path[NGX_GEMINI_RESTORE_PATH];
} ngx_gemini_restore_error_t;


/* differs from that of a pool that says the same; under the lock */
uint64_t ngx_gemini_snapshot_sign(const ngx_gemini_pool_t *gp);

/* pid: of the writer's master */
void ngx_gemini_snapshot_init(ngx_gemini_snapshot_t *gs,
    const ngx_str_t *pool, uint32_t pid, uint64_t now);

/* the next batch; under the lock */
void ngx_gemini_snapshot_copy(ngx_gemini_snapshot_t *gs,
    const ngx_gemini_view_t *gv);

/* its text; NGX_AGAIN: copy more */
ngx_int_t ngx_gemini_snapshot_render(ngx_gemini_snapshot_t *gs,
    ngx_gemini_out_t *out);


/*
 * The text into a fresh pool whose slots are claimed, by label; what has no
 * slot is left out.  NGX_DECLINED: it is not this pool's or is not valid,
 * error says why and the pool is untouched.
 */
ngx_int_t ngx_gemini_restore(ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, const ngx_str_t *text, uint64_t now,
    ngx_gemini_restore_error_t *error);

/* who wrote a text, of which the beginning is enough; 0: not known */
void ngx_gemini_restore_writer(const ngx_str_t *text, uint32_t *pid,
    uint64_t *born);


#endif /* _NGX_GEMINI_SNAPSHOT_H_INCLUDED_ */
