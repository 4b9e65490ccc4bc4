
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * What a pick tells that has found nobody.  To say when the first of many
 * keys can serve again all of them are looked at; what that brings is kept in
 * shared memory, so that in an exhausted pool only one pick a second does.
 *
 * It is kept as for a request that every key may serve.  For one that has
 * tried some it holds too, unless these are what it tells of.
 */


#include "ngx_gemini_budget.h"
#include "ngx_gemini_candidate.h"


#define NGX_GEMINI_LACK_AGE    1000     /* ms: believed no longer */


/* what waiting could bring */

typedef struct {
    ngx_gemini_lack_t          lack;
    uint64_t                   tried;      /* end of what was tried already */
    ngx_uint_t                 usable;     /* 1: something is after all */
} ngx_gemini_relief_t;


static const ngx_gemini_lack_t *ngx_gemini_lack_get(
    const ngx_gemini_look_t *look, uint32_t k);
static uint64_t ngx_gemini_lack_turns(const ngx_gemini_pool_t *gp);
static void ngx_gemini_lack_list(const ngx_gemini_look_t *look,
    const ngx_gemini_candidates_t *list, uint32_t k,
    ngx_gemini_relief_t *relief);
static ngx_uint_t ngx_gemini_lack_holds(const ngx_gemini_look_t *look,
    const ngx_gemini_lack_t *lack);
static uint32_t ngx_gemini_lack_tried(const ngx_gemini_look_t *look,
    const ngx_gemini_candidates_t *list);
static void ngx_gemini_lack_scan(const ngx_gemini_look_t *look,
    const ngx_gemini_candidates_t *list, ngx_gemini_relief_t *relief);
static void ngx_gemini_lack_one(const ngx_gemini_look_t *look, uint32_t key,
    const ngx_gemini_candidate_t *c, ngx_gemini_relief_t *relief);
static void ngx_gemini_lack_tokens(const ngx_gemini_look_t *look,
    const ngx_gemini_candidate_t *c, const ngx_gemini_why_t *why,
    ngx_gemini_lack_t *lack);
static void ngx_gemini_lack_end(ngx_gemini_lack_t *lack, uint64_t until,
    uint32_t key);


ngx_uint_t
ngx_gemini_lack_known(const ngx_gemini_look_t *look, uint32_t k)
{
    return ngx_gemini_lack_get(look, k) != NULL;
}


/* what is kept, if all is as it was */

static const ngx_gemini_lack_t *
ngx_gemini_lack_get(const ngx_gemini_look_t *look, uint32_t k)
{
    ngx_gemini_lack_t  *lack;

    if (k >= NGX_GEMINI_LACK_LISTS) {
        return NULL;
    }

    lack = ngx_gemini_lack_at(look->gv, look->choice->slot, k);

    if (lack->cycle != look->gc->cycle
        || lack->turns != ngx_gemini_lack_turns(look->gv->gp)
        || lack->moves != look->model->moves
        || look->now + NGX_GEMINI_LACK_AGE - lack->at
           >= 2 * NGX_GEMINI_LACK_AGE
        || (lack->until && lack->until <= look->now))
    {
        return NULL;
    }

    if (look->tokens < lack->least || look->tokens > lack->most
        || ((lack->flags & NGX_GEMINI_RELIEF_WAITER) && !look->pick->waiter)
        || ((lack->flags & NGX_GEMINI_RELIEF_PLACE)
            && lack->epoch != look->gv->gp->epoch)
        || ((lack->flags & NGX_GEMINI_RELIEF_VERB)
            && (lack->verb != look->verb || lack->surface != look->surface)))
    {
        return NULL;
    }

    return lack;
}


/* raised by all that brings a key back, or takes it away, for any model */

static uint64_t
ngx_gemini_lack_turns(const ngx_gemini_pool_t *gp)
{
    return gp->epoch - gp->ended + gp->turns;
}


void
ngx_gemini_lack_note(const ngx_gemini_look_t *look,
    const ngx_gemini_candidates_t *list, uint32_t k)
{
    ngx_gemini_look_t    all;
    ngx_gemini_pick_t    pick;
    ngx_gemini_lack_t   *lack;
    ngx_gemini_relief_t  relief;

    if (k >= NGX_GEMINI_LACK_LISTS) {
        return;
    }

    all = *look;
    pick = *look->pick;

    pick.ntried = 0;
    pick.restrict_to = NULL;
    pick.project = NGX_GEMINI_NONE;
    ngx_str_null(&pick.unlisted);

    all.pick = &pick;
    all.midnight = ngx_gemini_candidate_midnight(look);
    ngx_gemini_candidate_choose(&all, look->choice - pick.choices);

    ngx_memzero(&relief, sizeof(ngx_gemini_relief_t));

    relief.lack.most = NGX_MAX_UINT32_VALUE;

    ngx_gemini_lack_scan(&all, list, &relief);

    if (relief.usable) {
        return;
    }

    lack = ngx_gemini_lack_at(look->gv, look->choice->slot, k);

    *lack = relief.lack;
    lack->cycle = look->gc->cycle;
    lack->at = look->now;
    lack->turns = ngx_gemini_lack_turns(look->gv->gp);
    lack->moves = look->model->moves;
    lack->epoch = look->gv->gp->epoch;
    lack->verb = look->verb;
    lack->surface = look->surface;
}


ngx_int_t
ngx_gemini_lack_tell(ngx_gemini_look_t *look, ngx_gemini_pick_t *pick)
{
    uint32_t                        i, k, n, flags;
    ngx_gemini_relief_t             relief;
    const ngx_gemini_candidates_t  *lists;

    ngx_memzero(&relief, sizeof(ngx_gemini_relief_t));

    look->midnight = ngx_gemini_candidate_midnight(look);

    for (i = 0; i < pick->nchoices; i++) {
        ngx_gemini_candidate_choose(look, i);

        lists = ngx_gemini_candidate_lists(look, &n);

        for (k = 0; k < n; k++) {
            ngx_gemini_lack_list(look, &lists[k], k, &relief);
        }
    }

    flags = relief.lack.flags;

    pick->lack = relief.lack.lack;
    pick->day = ((flags & (NGX_GEMINI_RELIEF_DAY|NGX_GEMINI_RELIEF_MINUTE))
                 == NGX_GEMINI_RELIEF_DAY);

    if (!(flags & NGX_GEMINI_RELIEF_WAIT)) {
        pick->lack |= (pick->lack == 0) ? NGX_GEMINI_LACK_KEY : 0;
        pick->until = relief.tried;
        return NGX_DECLINED;
    }

    /* what may become free at any time hides an end that is far away */

    if (!(flags & NGX_GEMINI_RELIEF_UNKNOWN)
        || relief.lack.until <= look->now + look->gc->queue_timeout)
    {
        pick->until = relief.lack.until;
    }

    return NGX_AGAIN;
}


static void
ngx_gemini_lack_list(const ngx_gemini_look_t *look,
    const ngx_gemini_candidates_t *list, uint32_t k,
    ngx_gemini_relief_t *relief)
{
    const ngx_gemini_lack_t  *lack;

    if (look->all.forever) {
        relief->lack.lack |= list->n ? look->all.lack : 0;
        return;
    }

    lack = (list->n > NGX_GEMINI_EXACT) ? ngx_gemini_lack_get(look, k) : NULL;

    if (lack == NULL || !ngx_gemini_lack_holds(look, lack)) {
        ngx_gemini_lack_scan(look, list, relief);
        return;
    }

    relief->lack.lack |= lack->lack | ngx_gemini_lack_tried(look, list);
    relief->lack.flags |= lack->flags;

    ngx_gemini_lack_end(&relief->lack, lack->until, lack->first);
}


/* for this request too: it excludes nothing, or nothing that matters */

static ngx_uint_t
ngx_gemini_lack_holds(const ngx_gemini_look_t *look,
    const ngx_gemini_lack_t *lack)
{
    ngx_gemini_candidate_t    c;
    const ngx_gemini_pick_t  *pick;

    pick = look->pick;

    if (pick->project != NGX_GEMINI_NONE || look->name != NULL
        || (pick->restrict_to != NULL && pick->restrict_to->keys.len))
    {
        return 0;
    }

    if (pick->ntried == 0 || !(lack->flags & NGX_GEMINI_RELIEF_WAIT)) {
        return 1;
    }

    if (lack->until == 0 || (lack->flags & NGX_GEMINI_RELIEF_UNKNOWN)) {
        return 0;
    }

    ngx_gemini_candidate_at(look, lack->first, &c);

    return !ngx_gemini_allow_tried(look, lack->first, &c);
}


static uint32_t
ngx_gemini_lack_tried(const ngx_gemini_look_t *look,
    const ngx_gemini_candidates_t *list)
{
    uint32_t                i, key;
    ngx_gemini_candidate_t  c;

    for (i = 0; i < look->pick->ntried; i++) {
        key = look->pick->tried[i].key;

        ngx_gemini_candidate_at(look, key, &c);

        if (c.conf->priority == list->priority
            && !ngx_gemini_allow_never(look, &c)
            && ngx_gemini_allow_tried(look, key, &c))
        {
            return NGX_GEMINI_LACK_TRIED;
        }
    }

    return 0;
}


static void
ngx_gemini_lack_scan(const ngx_gemini_look_t *look,
    const ngx_gemini_candidates_t *list, ngx_gemini_relief_t *relief)
{
    uint32_t                i;
    ngx_gemini_candidate_t  c;

    for (i = 0; i < list->n; i++) {
        ngx_gemini_candidate_at(look, list->keys[i], &c);
        ngx_gemini_lack_one(look, list->keys[i], &c, relief);
    }
}


static void
ngx_gemini_lack_one(const ngx_gemini_look_t *look, uint32_t key,
    const ngx_gemini_candidate_t *c, ngx_gemini_relief_t *relief)
{
    uint32_t            flags;
    ngx_gemini_why_t    why;
    ngx_gemini_lack_t  *lack;

    lack = &relief->lack;

    ngx_gemini_candidate_why(look, key, c, &why);

    relief->usable |= (why.lack == 0);

    /* a quota on trial is a quota that is lacking */

    lack->lack |= (why.lack & NGX_GEMINI_LACK_QUOTA)
                  ? why.lack & ~NGX_GEMINI_LACK_TRIAL : why.lack;

    if (c->key->verbs | c->key->surfaces) {
        lack->flags |= NGX_GEMINI_RELIEF_VERB;
    }

    if (why.forever) {
        return;
    }

    ngx_gemini_lack_tokens(look, c, &why, lack);

    flags = why.day ? NGX_GEMINI_RELIEF_DAY : 0;
    flags |= why.minute ? NGX_GEMINI_RELIEF_MINUTE : 0;
    flags |= why.waiter ? NGX_GEMINI_RELIEF_WAITER : 0;

    if (why.lack & (NGX_GEMINI_LACK_CONNS|NGX_GEMINI_LACK_TRIAL)) {
        flags |= NGX_GEMINI_RELIEF_PLACE;
    }

    if (why.tried) {

        if (why.until && (relief->tried == 0 || why.until < relief->tried)) {
            relief->tried = why.until;
        }

    } else {
        flags |= NGX_GEMINI_RELIEF_WAIT;
        flags |= why.until ? 0 : NGX_GEMINI_RELIEF_UNKNOWN;

        ngx_gemini_lack_end(lack, why.until, key);
    }

    lack->flags |= flags;
}


/* for how many tokens the same would have been found */

static void
ngx_gemini_lack_tokens(const ngx_gemini_look_t *look,
    const ngx_gemini_candidate_t *c, const ngx_gemini_why_t *why,
    ngx_gemini_lack_t *lack)
{
    uint64_t                 left;
    ngx_gemini_limit_t       limit;
    const ngx_gemini_use_t  *use;

    use = &c->cell->use;

    if (use->tokens == 0 || !ngx_gemini_budget_open(use, look->now)) {
        return;
    }

    (void) ngx_gemini_candidate_limit(look, c, &limit);

    /* without requests left their number says nothing */

    if (limit.tpm == 0 || (limit.rpm && use->requests >= limit.rpm)) {
        return;
    }

    left = (use->tokens < limit.tpm) ? limit.tpm - use->tokens : 0;

    if (ngx_min(look->tokens, limit.tpm) > left) {
        lack->least = (uint32_t) ngx_max(lack->least, left + 1);
        return;
    }

    /* more of them would have to wait for the minute's end */

    if (why->minute && why->until >= use->minute + NGX_GEMINI_MINUTE) {
        return;
    }

    lack->most = (uint32_t) ngx_min(lack->most, left);
}


static void
ngx_gemini_lack_end(ngx_gemini_lack_t *lack, uint64_t until, uint32_t key)
{
    if (until && (lack->until == 0 || until < lack->until)) {
        lack->until = until;
        lack->first = key;
    }
}
