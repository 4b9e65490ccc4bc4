
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The state file's records, each described by a table of its members, which
 * writing (ngx_gemini_snapshot) and reading (ngx_gemini_restore) both walk.
 * A member that is 0, empty or none is not written.
 */


#ifndef _NGX_GEMINI_SAVED_H_INCLUDED_
#define _NGX_GEMINI_SAVED_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_json.h"
#include "ngx_gemini_out.h"
#include "ngx_gemini_pool.h"


#define NGX_GEMINI_SAVED_VERSION  1


typedef enum {
    NGX_GEMINI_SAVED_UINT8 = 0,
    NGX_GEMINI_SAVED_UINT32,
    NGX_GEMINI_SAVED_UINT64,
    NGX_GEMINI_SAVED_INT64,
    NGX_GEMINI_SAVED_FLAG,             /* uint8_t */
    NGX_GEMINI_SAVED_TIME,             /* uint64_t, ms */
    NGX_GEMINI_SAVED_NAME,             /* uint8_t; data: names */
    NGX_GEMINI_SAVED_WORD,             /* .. written even if it is 0 */
    NGX_GEMINI_SAVED_MASK8,            /* uint8_t, bits; data: names */
    NGX_GEMINI_SAVED_MASK32,           /* uint32_t, bits; data: names */
    NGX_GEMINI_SAVED_COUNTS,           /* uint64_t[]; data: names */
    NGX_GEMINI_SAVED_LABEL,            /* ngx_gemini_slot_t */
    NGX_GEMINI_SAVED_NOTE,             /* ngx_gemini_note_t */
    NGX_GEMINI_SAVED_ID,               /* NGX_GEMINI_REQUEST_ID bytes */
    NGX_GEMINI_SAVED_HEX,              /* 8 bytes: a fingerprint,
                                          a packed number */
    NGX_GEMINI_SAVED_SAMPLES,          /* ngx_gemini_window_t */
    NGX_GEMINI_SAVED_OBJECT,           /* a part of it; data: members */
    NGX_GEMINI_SAVED_TYPES
} ngx_gemini_saved_e;


typedef struct {
    const char                *name;       /* NULL ends a table */
    ngx_gemini_saved_e         type;
    size_t                     offset;
    uint64_t                   max;        /* of a number, 0: of its type */
    const void                *data;
} ngx_gemini_saved_t;


/* each begins with the labels that say whose it is */

typedef struct {
    ngx_gemini_slot_t          slot;
    ngx_gemini_account_t       account;
} ngx_gemini_saved_account_t;


typedef struct {
    ngx_gemini_slot_t          slot;
    ngx_gemini_project_t       project;
} ngx_gemini_saved_project_t;


typedef struct {
    ngx_gemini_slot_t          slot;
    ngx_gemini_key_t           key;
} ngx_gemini_saved_key_t;


typedef struct {
    ngx_gemini_slot_t          slot;       /* "*": unlisted, without a slot */
    ngx_gemini_model_t         model;
} ngx_gemini_saved_model_t;


typedef struct {
    ngx_gemini_slot_t          project;
    ngx_gemini_slot_t          model;
    ngx_gemini_cell_t          cell;
} ngx_gemini_saved_cell_t;


typedef struct {
    ngx_gemini_slot_t          slot;       /* "other" is the last */
    ngx_gemini_team_counters_t counters;
} ngx_gemini_saved_team_t;


typedef struct {
    ngx_gemini_slot_t          label;
    ngx_gemini_slot_t          model;
    ngx_gemini_event_t         event;
} ngx_gemini_saved_event_t;


typedef struct {
    ngx_gemini_slot_t          project;
    ngx_gemini_slot_t          model;
    u_char                     hash[sizeof(uint64_t)];
    u_char                     team[sizeof(uint64_t)];
    uint64_t                   expires;
    uint8_t                    type;
} ngx_gemini_saved_owner_t;


typedef struct {
    uint32_t                   version;
    uint32_t                   pid;        /* of the writer's master */
    uint64_t                   born;       /* .. its zone's birth */
    uint64_t                   written;
    ngx_gemini_slot_t          pool;
    ngx_gemini_slot_t          lock;
    uint64_t                   lock_until;
    int64_t                    skew;
    uint64_t                   skew_at;
    uint64_t                   budget_refused;
    ngx_gemini_rest_t          upstream;
    ngx_gemini_totals_t        totals;
    ngx_gemini_probing_t       probing;    /* what it counts */
} ngx_gemini_saved_root_t;


typedef enum {
    NGX_GEMINI_SAVED_ACCOUNTS = 0,
    NGX_GEMINI_SAVED_PROJECTS,
    NGX_GEMINI_SAVED_KEYS,
    NGX_GEMINI_SAVED_MODELS,
    NGX_GEMINI_SAVED_CELLS,
    NGX_GEMINI_SAVED_TEAMS,
    NGX_GEMINI_SAVED_OWNERS,
    NGX_GEMINI_SAVED_EVENTS,
    NGX_GEMINI_SAVED_LISTS
} ngx_gemini_saved_list_e;


typedef struct {
    const char                *name;
    const ngx_gemini_saved_t  *fields;
    ngx_uint_t                 identity;   /* members that say whose it is */
    size_t                     size;
} ngx_gemini_saved_list_t;


extern const ngx_gemini_saved_t       ngx_gemini_saved_root_fields[];
extern const ngx_gemini_saved_list_t  ngx_gemini_saved_lists[];


/* 1: no member of the record would be written */
ngx_uint_t ngx_gemini_saved_blank(const ngx_gemini_saved_t *fields,
    const void *record);

/* the members, without braces around them */
void ngx_gemini_saved_write(ngx_gemini_out_t *out,
    const ngx_gemini_saved_t *fields, const void *record);

/*
 * Sets the member that path (in the record) names; unknown ones are skipped.
 * Returns what is wrong with it, NULL: nothing.
 */
const char *ngx_gemini_saved_read(const ngx_gemini_saved_t *fields,
    void *record, const ngx_str_t *path, ngx_gemini_json_e type,
    const ngx_str_t *value);

/* 1: path leads to the member of this name, rest is what follows it */
ngx_uint_t ngx_gemini_saved_member(const char *name, const ngx_str_t *path,
    ngx_str_t *rest);


/* an unsigned integer, by the type of its member; size is in bytes */
size_t ngx_gemini_saved_size(ngx_gemini_saved_e type);
uint64_t ngx_gemini_saved_get(ngx_gemini_saved_e type, const void *value);
void ngx_gemini_saved_put(ngx_gemini_saved_e type, void *value, uint64_t n);

/* a number as it is written in HEX, the high byte first */
void ngx_gemini_saved_pack(u_char *p, uint64_t n);
uint64_t ngx_gemini_saved_unpack(const u_char *p);


#endif /* _NGX_GEMINI_SAVED_H_INCLUDED_ */
