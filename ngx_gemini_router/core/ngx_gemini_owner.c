
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_owner.h"


/* a record's use is noted once in this time, its expiry moved by this much:
   lines of memory and the state file stay as they are in between */

#define NGX_GEMINI_OWNER_TOUCH  NGX_GEMINI_MINUTE
#define NGX_GEMINI_OWNER_MOVE   NGX_GEMINI_HOUR


typedef struct {
    uint64_t                   life;
    ngx_uint_t                 refresh;    /* 1: counted from its last use */
} ngx_gemini_owner_life_t;


static ngx_uint_t ngx_gemini_owner_token(ngx_uint_t type);
static ngx_gemini_owned_e ngx_gemini_owner_judge(ngx_gemini_owned_t *owned,
    const ngx_gemini_ref_t *ref, uint32_t project);
static void ngx_gemini_owner_touch(ngx_gemini_view_t *gv,
    ngx_gemini_owner_t *owner, uint64_t now);
static void ngx_gemini_owner_name(ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, const ngx_gemini_owner_t *named,
    uint64_t now);
static uint64_t ngx_gemini_owner_hash(uint64_t hash, const ngx_str_t *text);
static uint64_t ngx_gemini_owner_mix(uint64_t hash);


/*
 * By type.  Where Google deletes by itself, its time (gemini-api.md): files
 * 48 h (1.4), interactions 55 days, paid (1.6), auth tokens 30 min (1.7), a
 * session of a resumable upload a week.  A cache has the ttl that its creator
 * asked for, 1 h by default (1.8), and the rest lives until it is deleted:
 * these are remembered from their last use on.  Tokens of pages and of
 * continued answers follow each other closely.
 */

static const ngx_gemini_owner_life_t  ngx_gemini_owner_lives[] = {
    { 0, 0 },
    { 2 * (uint64_t) NGX_GEMINI_DAY, 0 },        /* FILE */
    { (uint64_t) NGX_GEMINI_DAY, 1 },            /* CACHE */
    { 30 * (uint64_t) NGX_GEMINI_DAY, 1 },       /* BATCH */
    { 30 * (uint64_t) NGX_GEMINI_DAY, 1 },       /* OPERATION */
    { 60 * (uint64_t) NGX_GEMINI_DAY, 1 },       /* STORE */
    { 60 * (uint64_t) NGX_GEMINI_DAY, 1 },       /* CORPUS */
    { 55 * (uint64_t) NGX_GEMINI_DAY, 0 },       /* INTERACTION */
    { 60 * (uint64_t) NGX_GEMINI_DAY, 1 },       /* TUNED */
    { 60 * (uint64_t) NGX_GEMINI_DAY, 1 },       /* AGENT */
    { 60 * (uint64_t) NGX_GEMINI_DAY, 1 },       /* ENVIRONMENT */
    { 60 * (uint64_t) NGX_GEMINI_DAY, 1 },       /* TRIGGER */
    { 60 * (uint64_t) NGX_GEMINI_DAY, 1 },       /* VOICE */
    { 60 * (uint64_t) NGX_GEMINI_DAY, 1 },       /* WEBHOOK */
    { 60 * (uint64_t) NGX_GEMINI_DAY, 1 },       /* CREDENTIAL */
    { NGX_GEMINI_HOUR, 0 },                      /* AUTH_TOKEN */
    { 7 * (uint64_t) NGX_GEMINI_DAY, 0 },        /* UPLOAD */
    { (uint64_t) NGX_GEMINI_DAY, 0 },            /* CONTINUATION */
    { NGX_GEMINI_HOUR, 0 }                       /* PAGE */
};


uint64_t
ngx_gemini_owner_life(ngx_uint_t type)
{
    return (type < NGX_GEMINI_REF_TYPES) ? ngx_gemini_owner_lives[type].life
                                         : 0;
}


uint64_t
ngx_gemini_owner_team(const ngx_str_t *team)
{
    uint64_t  hash;

    if (team->len == 0) {
        return 0;
    }

    hash = ngx_gemini_owner_mix(ngx_gemini_owner_hash(0, team));

    return hash ? hash : 1;
}


ngx_gemini_owned_e
ngx_gemini_owner_resolve(ngx_gemini_view_t *gv, const ngx_gemini_conf_t *gc,
    const ngx_gemini_refs_t *refs, uint64_t team, uint64_t now,
    ngx_gemini_owned_t *owned)
{
    uint32_t                 i, project;
    ngx_gemini_owner_t      *owner;
    ngx_gemini_owned_e       rc, found;
    const ngx_gemini_ref_t  *ref, *unknown;

    ngx_memzero(owned, sizeof(ngx_gemini_owned_t));

    owned->project = NGX_GEMINI_NONE;
    owned->model = NGX_GEMINI_NONE;
    owned->other_project = NGX_GEMINI_NONE;

    rc = NGX_GEMINI_OWNED_NONE;
    unknown = NULL;

    for (i = 0; i < refs->nelts; i++) {
        ref = &refs->elts[i];

        owner = ngx_gemini_owner_set_find(gv, ref->hash, now);
        project = owner ? ngx_gemini_pool_project(gc, owner->project)
                        : NGX_GEMINI_NONE;

        if (project == NGX_GEMINI_NONE) {

            if (!ngx_gemini_owner_token(ref->type)) {
                unknown = unknown ? unknown : ref;
                owned->unknown++;
            }

            continue;
        }

        if (team != 0 && owner->team != team) {
            owned->other = ref;
            owned->other_project = NGX_GEMINI_NONE;
            return NGX_GEMINI_OWNED_FOREIGN;
        }

        ngx_gemini_owner_touch(gv, owner, now);

        found = ngx_gemini_owner_judge(owned, ref, project);
        rc = ngx_max(rc, found);

        if (owned->model == NGX_GEMINI_NONE) {
            owned->model = ngx_gemini_owner_set_model(gv, owner, gc->cycle);
        }
    }

    if (refs->overflow && refs->nelts) {
        unknown = unknown ? unknown : &refs->elts[refs->nelts - 1];
    }

    if (team != 0 && unknown != NULL) {
        owned->other = unknown;
        owned->other_project = NGX_GEMINI_NONE;
        return NGX_GEMINI_OWNED_UNKNOWN;
    }

    return rc;
}


/* what nobody can guess; of a team, too, it may be from before the map */

static ngx_uint_t
ngx_gemini_owner_token(ngx_uint_t type)
{
    return type == NGX_GEMINI_REF_UPLOAD
           || type == NGX_GEMINI_REF_CONTINUATION
           || type == NGX_GEMINI_REF_PAGE;
}


static ngx_gemini_owned_e
ngx_gemini_owner_judge(ngx_gemini_owned_t *owned, const ngx_gemini_ref_t *ref,
    uint32_t project)
{
    if (owned->first == NULL) {
        owned->first = ref;
        owned->project = project;
    }

    if (owned->project == project) {
        return NGX_GEMINI_OWNED_ONE;
    }

    if (owned->other == NULL) {
        owned->other = ref;
        owned->other_project = project;
    }

    return NGX_GEMINI_OWNED_MIXED;
}


static void
ngx_gemini_owner_touch(ngx_gemini_view_t *gv, ngx_gemini_owner_t *owner,
    uint64_t now)
{
    const ngx_gemini_owner_life_t  *life;

    if (now < owner->used + NGX_GEMINI_OWNER_TOUCH) {
        return;
    }

    owner->used = now;

    life = &ngx_gemini_owner_lives[owner->type];

    if (life->refresh
        && now + life->life > owner->expires + NGX_GEMINI_OWNER_MOVE)
    {
        owner->expires = now + life->life;
        gv->gp->changes++;
    }
}


void
ngx_gemini_owner_learn(ngx_gemini_view_t *gv, const ngx_gemini_conf_t *gc,
    const ngx_gemini_refs_t *refs, uint32_t project, uint32_t model,
    uint64_t team, uint64_t now)
{
    uint32_t                 i;
    ngx_gemini_owner_t       named;
    const ngx_gemini_ref_t  *ref;

    ngx_memzero(&named, sizeof(ngx_gemini_owner_t));

    named.team = team;
    named.used = now;
    named.project = gc->projects[project].slot;

    for (i = 0; i < refs->nelts; i++) {
        ref = &refs->elts[i];

        if (ngx_gemini_owner_life(ref->type) == 0) {
            continue;
        }

        named.hash = ref->hash;
        named.type = ref->type;
        named.expires = now + ngx_gemini_owner_life(ref->type);

        ngx_gemini_owner_set_bind(gv, &named,
                                  (ref->type == NGX_GEMINI_REF_CACHE
                                   || ref->type
                                      == NGX_GEMINI_REF_CONTINUATION)
                                  ? model : NGX_GEMINI_NONE);

        ngx_gemini_owner_name(gv, gc, &named, now);
    }
}


/* whom a project is no longer asked for may be another's by now */

static void
ngx_gemini_owner_name(ngx_gemini_view_t *gv, const ngx_gemini_conf_t *gc,
    const ngx_gemini_owner_t *named, uint64_t now)
{
    ngx_gemini_owner_t  *owner;

    owner = ngx_gemini_owner_set_find(gv, named->hash, now);

    if (owner == NULL
        || ngx_gemini_pool_project(gc, owner->project) == NGX_GEMINI_NONE)
    {
        owner = ngx_gemini_owner_set_place(gv, named->hash, (uint64_t) -1,
                                           now);

        if (owner != NULL) {
            ngx_gemini_owner_set_store(owner, named);
            gv->gp->owned = 1;
            gv->gp->changes++;
        }

        return;
    }

    /* another team may call its own, elsewhere, by the same name */

    if (owner->team != named->team) {
        return;
    }

    ngx_gemini_owner_touch(gv, owner, now);

    if (owner->project != named->project) {
        owner->project = named->project;
        owner->model = named->model;
        owner->model_hash = named->model_hash;
        gv->gp->changes++;

    } else if (named->model != NGX_GEMINI_NONE) {
        owner->model = named->model;
        owner->model_hash = named->model_hash;
    }
}


void
ngx_gemini_owner_forget(ngx_gemini_view_t *gv, uint64_t hash)
{
    ngx_gemini_owner_t  *owner;

    owner = ngx_gemini_owner_set_find(gv, hash, 0);

    if (owner != NULL) {
        ngx_memzero(owner, sizeof(ngx_gemini_owner_t));
        gv->gp->changes++;
    }
}


uint32_t
ngx_gemini_owner_count(const ngx_gemini_view_t *gv, uint32_t first,
    uint32_t n, uint64_t now, uint64_t *counts)
{
    uint32_t                   i, last, count;
    const ngx_gemini_owner_t  *owner;

    last = ngx_min(first + n, gv->gp->caps.owners);
    count = 0;

    for (i = first; i < last; i++) {
        owner = &gv->owners[i];

        if (owner->hash != 0 && owner->expires > now) {
            counts[owner->type]++;
            count++;
        }
    }

    return count;
}


ngx_int_t
ngx_gemini_owner_put(ngx_gemini_view_t *gv, const ngx_gemini_owner_t *saved,
    uint64_t now)
{
    uint64_t             life, used, expires;
    ngx_gemini_owner_t  *owner, copy;

    life = ngx_gemini_owner_life(saved->type);
    expires = ngx_min(saved->expires, now + life);

    if (life == 0 || saved->hash == 0 || expires <= now
        || saved->project >= gv->gp->caps.projects)
    {
        return NGX_DECLINED;
    }

    /* it began, or was used, a life before its end */

    used = expires - life;

    owner = ngx_gemini_owner_set_place(gv, saved->hash, used, now);

    if (owner == NULL) {
        return NGX_DECLINED;
    }

    copy = *saved;
    copy.used = used;
    copy.expires = expires;

    ngx_gemini_owner_set_bind(gv, &copy, saved->model);
    ngx_gemini_owner_set_store(owner, &copy);

    gv->gp->owned = 1;

    return NGX_OK;
}


/* rendezvous: each project draws by client and label, the nth highest wins */

uint32_t
ngx_gemini_owner_list(const ngx_gemini_conf_t *gc, uint64_t client,
    uint32_t nth)
{
    uint32_t  i, n, project, best;
    uint64_t  draw, highest, below;

    below = (uint64_t) -1;
    best = NGX_GEMINI_NONE;

    for (n = 0; n <= nth; n++) {
        highest = 0;
        best = NGX_GEMINI_NONE;
        project = NGX_GEMINI_NONE;

        for (i = 0; i < gc->nkeys; i++) {

            if (gc->keys[i].disabled || gc->keys[i].project == project) {
                continue;
            }

            project = gc->keys[i].project;

            draw = ngx_gemini_owner_mix(
                           ngx_gemini_owner_hash(client,
                                                 &gc->projects[project].label))
                   / 2;

            if (draw < below && (best == NGX_GEMINI_NONE || draw > highest)) {
                highest = draw;
                best = project;
            }
        }

        below = highest;
    }

    return best;
}


/* FNV-1a */

static uint64_t
ngx_gemini_owner_hash(uint64_t hash, const ngx_str_t *text)
{
    size_t  i;

    hash ^= (uint64_t) 0xcbf29ce484222325;

    for (i = 0; i < text->len; i++) {
        hash = (hash ^ text->data[i]) * (uint64_t) 0x100000001b3;
    }

    return hash;
}


/* so that each bit depends on all of them */

static uint64_t
ngx_gemini_owner_mix(uint64_t hash)
{
    hash = (hash ^ (hash >> 30)) * (uint64_t) 0xbf58476d1ce4e5b9;
    hash = (hash ^ (hash >> 27)) * (uint64_t) 0x94d049bb133111eb;

    return hash ^ (hash >> 31);
}
