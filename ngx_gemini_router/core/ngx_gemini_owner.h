
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Who owns what: a map in shared memory from the hash of a resource's name to
 * the project, the team and (for caches and continuation tokens) the model
 * that it belongs to.  Bounded: sets of WAYS records by hash; a new name takes
 * a free or expired record of its set, else the least recently used.  No
 * pointers and no sums: a crash under the lock leaves nothing to repair.
 */


#ifndef _NGX_GEMINI_OWNER_H_INCLUDED_
#define _NGX_GEMINI_OWNER_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_owner_set.h"
#include "ngx_gemini_pool.h"
#include "ngx_gemini_refs.h"


/* how long a name is remembered, ms, 0: is none; of what Google does not
   delete by itself from its last use on, of the rest from the first sight */
uint64_t ngx_gemini_owner_life(ngx_uint_t type);

/* a hash of the team's name; 0: no team */
uint64_t ngx_gemini_owner_team(const ngx_str_t *team);


/* what the references of one request come to */

typedef struct {
    uint32_t                   project;    /* index in conf, NONE: unknown */
    uint32_t                   model;      /* slot that it is bound to, NONE */
    const ngx_gemini_ref_t    *first;      /* known to be the owner's */
    const ngx_gemini_ref_t    *other;      /* MIXED: of another project;
                                              FOREIGN, UNKNOWN: which */
    uint32_t                   other_project;    /* index in conf, of MIXED */
    uint32_t                   unknown;    /* references not in the map,
                                              UPLOAD, CONTINUATION, PAGE
                                              aside */
} ngx_gemini_owned_t;


typedef enum {
    NGX_GEMINI_OWNED_NONE = 0,          /* nothing known: any project */
    NGX_GEMINI_OWNED_ONE,               /* owned->project */
    NGX_GEMINI_OWNED_MIXED,             /* several owners: 400 */
    NGX_GEMINI_OWNED_FOREIGN,           /* of another team: 404 */
    NGX_GEMINI_OWNED_UNKNOWN            /* a team names what is not known to
                                           be its own: 403 */
} ngx_gemini_owned_e;


/*
 * team: 0 may use everything.  What is used is moved to the young end.  A
 * project that is no longer configured owns nothing.  References that
 * overflowed are unknown: UNKNOWN for a team, with the last one as other.
 * FOREIGN goes before UNKNOWN, that before MIXED.  Under the lock.
 */
ngx_gemini_owned_e ngx_gemini_owner_resolve(ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, const ngx_gemini_refs_t *refs,
    uint64_t team, uint64_t now, ngx_gemini_owned_t *owned);

/*
 * What an answer of a key of project (index in conf) named.  A record that
 * is there stays its team's, and what others make under its name does not move
 * it.  model: slot that caches and continuations are bound to, NONE.  Under the
 * lock.
 */
void ngx_gemini_owner_learn(ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, const ngx_gemini_refs_t *refs,
    uint32_t project, uint32_t model, uint64_t team, uint64_t now);

/* it was deleted, or its owner says that it is not there */
void ngx_gemini_owner_forget(ngx_gemini_view_t *gv, uint64_t hash);

/* adds to counts, by type, the records in use of n from first on; returns how
   many they are.  Under the lock, so in slices */
uint32_t ngx_gemini_owner_count(const ngx_gemini_view_t *gv, uint32_t first,
    uint32_t n, uint64_t now, uint64_t *counts);

/* restores one record, whose project and model are slots; .used is set here.
   NGX_DECLINED: it is not valid or over, or its set is full of younger ones */
ngx_int_t ngx_gemini_owner_put(ngx_gemini_view_t *gv,
    const ngx_gemini_owner_t *saved, uint64_t now);

/*
 * Project (index in conf) to list from for a client: the same for all pages,
 * also when others come and go.  client: a hash of who asks, nth: 0, 1, ..
 * where the one before cannot; NONE: there are no more.  Keys that are
 * disabled by the configuration do not count.  Without the lock.
 */
uint32_t ngx_gemini_owner_list(const ngx_gemini_conf_t *gc, uint64_t client,
    uint32_t nth);


#endif /* _NGX_GEMINI_OWNER_H_INCLUDED_ */
