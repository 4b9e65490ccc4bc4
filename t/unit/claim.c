
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Random reloads with workers that come and go, against a plain model.
 */


#include "slots.h"


#define CLAIM_NAMES   40
#define CLAIM_SLOTS   26
#define CLAIM_ROUNDS  3000


/*
 * named: for each name the last generation with it, 0: its slot may be
 * anybody's; next: .. if the configuration at hand is taken
 */

typedef struct {
    uint64_t                   seed;
    uint64_t                   oldest;
    uint64_t                   named[CLAIM_NAMES];
    uint64_t                   next[CLAIM_NAMES];
    uint32_t                   had[CLAIM_NAMES];
    int                        bad;
    int                        refused;
} claim_state_t;


static void claim_random(void);
static void claim_workers(claim_state_t *cs);
static void claim_names(claim_state_t *cs);
static void claim_round(claim_state_t *cs);
static uint32_t claim_need(const claim_state_t *cs);
static int claim_check(const claim_state_t *cs);
static uint32_t claim_slot(uint32_t i);


static void
claim_random(void)
{
    uint32_t       i;
    claim_state_t  cs;

    memset(&cs, 0, sizeof(claim_state_t));

    cs.seed = tap_seed();
    slots_start(gv, CLAIM_SLOTS);

    for (i = 0; i < CLAIM_ROUNDS; i++) {
        claim_workers(&cs);
        claim_names(&cs);
        claim_round(&cs);
    }

    tap_is_int(cs.bad, 0, "random reloads keep slots apart");
    tap_ok(cs.refused > 0 && cs.refused < CLAIM_ROUNDS - 100,
           "%d of %d refused", cs.refused, CLAIM_ROUNDS);

    slots_stop(gv);
}


static void
claim_workers(claim_state_t *cs)
{
    uint32_t              i;
    ngx_gemini_worker_t  *worker;

    cs->oldest = gv->gp->cycle;

    for (i = 0; i < 4; i++) {
        worker = &gv->gp->workers[i];

        if (tap_random(&cs->seed) % 3 == 0) {
            worker->pid = (tap_random(&cs->seed) % 2) ? 100 : 0;
            worker->cycle = gv->gp->cycle;
        }

        if (worker->pid != 0) {
            cs->oldest = ngx_min(cs->oldest, worker->cycle);
        }
    }
}


static void
claim_names(claim_state_t *cs)
{
    char      names[CLAIM_NAMES * 4], *p;
    uint32_t  i;

    memcpy(cs->next, cs->named, sizeof(cs->next));
    p = names;

    for (i = 0; i < CLAIM_NAMES; i++) {
        cs->had[i] = claim_slot(i);

        if (tap_random(&cs->seed) % 4 == 0) {
            p += sprintf(p, " %u", i);
            cs->next[i] = gv->gp->cycle + 1;
        }
    }

    *p = '\0';

    slots_conf(names, "flash");
}


static void
claim_round(claim_state_t *cs)
{
    uint32_t  need;

    need = claim_need(cs);

    if (ngx_gemini_pool_fits(gv, gc) != (need <= CLAIM_SLOTS)) {
        tap_diag("%u needed in generation %u", need,
                 (unsigned) gv->gp->cycle);
        cs->bad++;
    }

    if (need > CLAIM_SLOTS) {
        cs->refused++;
        return;
    }

    slots_claim();

    memcpy(cs->named, cs->next, sizeof(cs->named));

    cs->bad += !claim_check(cs);
}


static uint32_t
claim_need(const claim_state_t *cs)
{
    uint32_t  i, need;

    need = 0;

    for (i = 0; i < CLAIM_NAMES; i++) {
        need += (cs->next[i] != 0 && cs->next[i] >= cs->oldest);
    }

    return need;
}


/* who is named or held has the slot that it had, and nobody else has it */

static int
claim_check(const claim_state_t *cs)
{
    uint32_t  i, slot, owners[CLAIM_SLOTS];

    memset(owners, 0, sizeof(owners));

    for (i = 0; i < CLAIM_NAMES; i++) {

        if (cs->named[i] == 0 || cs->named[i] < cs->oldest) {
            continue;
        }

        slot = claim_slot(i);

        if (slot >= CLAIM_SLOTS
            || owners[slot]++
            || (cs->had[i] != NGX_GEMINI_NONE && cs->had[i] != slot))
        {
            return 0;
        }
    }

    for (i = 0; i < gc->nkeys; i++) {

        if (gc->keys[i].slot != ngx_gemini_slot_key(gv, &gc->keys[i].label)) {
            return 0;
        }
    }

    return 1;
}


static uint32_t
claim_slot(uint32_t i)
{
    char  name[SLOTS_NAME];

    sprintf(name, "%u", i);

    return slots_key(name);
}


int
main(void)
{
    claim_random();

    return tap_done();
}
