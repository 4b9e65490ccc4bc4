
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * What the parts of restoring share; of ngx_gemini_restore*.c alone.
 */


#ifndef _NGX_GEMINI_RESTORE_H_INCLUDED_
#define _NGX_GEMINI_RESTORE_H_INCLUDED_


#include "ngx_gemini_snapshot.h"


typedef enum {
    NGX_GEMINI_RESTORE_CHECK = 0,
    NGX_GEMINI_RESTORE_MODELS,
    NGX_GEMINI_RESTORE_REST,
    NGX_GEMINI_RESTORE_PASSES
} ngx_gemini_restore_e;


typedef union {
    ngx_gemini_slot_t          slot;
    ngx_gemini_saved_account_t account;
    ngx_gemini_saved_project_t project;
    ngx_gemini_saved_key_t     key;
    ngx_gemini_saved_model_t   model;
    ngx_gemini_saved_cell_t    cell;
    ngx_gemini_saved_team_t    team;
    ngx_gemini_saved_owner_t   owner;
    ngx_gemini_saved_event_t   event;
} ngx_gemini_restore_record_t;


typedef struct {
    ngx_gemini_view_t         *gv;
    const ngx_gemini_conf_t   *gc;
    uint64_t                   now;
    ngx_gemini_restore_e       pass;
    ngx_gemini_restore_error_t  *error;

    ngx_uint_t                 list;       /* that record is of */
    uint32_t                   n;          /* records of it so far */
    uint32_t                   spares;     /* claimed */
    ngx_gemini_saved_root_t    root;
    ngx_gemini_restore_record_t  record;
} ngx_gemini_restore_t;


/* the record that has been read, and at last the root, into the pool */
void ngx_gemini_restore_record(ngx_gemini_restore_t *rs);
void ngx_gemini_restore_root(ngx_gemini_restore_t *rs);


#endif /* _NGX_GEMINI_RESTORE_H_INCLUDED_ */
