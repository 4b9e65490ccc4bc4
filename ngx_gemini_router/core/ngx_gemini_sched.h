
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The scheduler: pick a (key, model) and reserve it, settle what came of it.
 * The caller holds the zone's lock for each call and passes the clock and
 * the dice.  design.md 3.3, 3.6, 3.7, 4.
 */


#ifndef _NGX_GEMINI_SCHED_H_INCLUDED_
#define _NGX_GEMINI_SCHED_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_classify.h"
#include "ngx_gemini_pool.h"


#define NGX_GEMINI_EXACT       64       /* candidates compared all */
#define NGX_GEMINI_DRAW        32       /* at most compared above that */
#define NGX_GEMINI_IDLE        4096     /* of NGX_GEMINI_WHOLE: next to nothing
                                           of a minute is spent */
#define NGX_GEMINI_CHANGES     4

#define NGX_GEMINI_RETRY_FLOOR 20       /* of the retry budget, design 3.7 */
#define NGX_GEMINI_DOWN_AFTER  10


typedef struct {
    uint32_t                   key;        /* indexes in conf */
    uint32_t                   model;      /* slot */
    uint32_t                   project;    /* index in conf */
    uint32_t                   class;      /* what came of it */
} ngx_gemini_tried_t;


/* lists of gemini_restrict, each of comma separated globs; empty: all */

typedef struct {
    ngx_str_t                  keys;       /* labels, project:, account: */
    ngx_str_t                  models;
} ngx_gemini_restrict_t;


typedef struct {
    /* what is wanted */
    const ngx_gemini_choice_t *choices;    /* best first */
    uint32_t                   nchoices;
    const ngx_gemini_tried_t  *tried;
    uint32_t                   ntried;
    const ngx_gemini_restrict_t *restrict_to;    /* or NULL */
    ngx_str_t                  unlisted;   /* name of an unlisted model, for
                                              the keys' models=; or empty */
    ngx_gemini_surface_e       surface;
    ngx_gemini_verb_e          verb;
    uint32_t                   project;    /* conf index of the owner, NONE */
    uint32_t                   tokens;     /* estimated prompt, bytes / 4 */
    uint32_t                   worker;     /* slot of the caller */
    uint32_t                   random;
    unsigned                   retry:1;    /* after 5xx, timeout, transport */
    unsigned                   again:1;    /* tried pairs are fine too */
    unsigned                   waiter:1;   /* comes from the queue */
    unsigned                   dry:1;      /* explain: reserve nothing */

    /* the result */
    uint32_t                   key;        /* conf index */
    uint32_t                   choice;     /* index in choices */
    uint32_t                   resv;       /* reservation */
    uint64_t                   until;      /* NGX_AGAIN: earliest relief, 0:
                                              unknown, wait for the epoch */
    uint32_t                   lack;       /* mask of NGX_GEMINI_LACK_* seen
                                              on what could not serve */
    unsigned                   day:1;      /* lack of quota is by the day */
} ngx_gemini_pick_t;


#define NGX_GEMINI_LACK_KEY       0x0001   /* disabled or not allowed */
#define NGX_GEMINI_LACK_QUOTA     0x0002   /* cell rests for quota, budget */
#define NGX_GEMINI_LACK_CREDIT    0x0004   /* account, project: money */
#define NGX_GEMINI_LACK_MODEL     0x0008   /* model rests: overloaded */
#define NGX_GEMINI_LACK_CONNS     0x0010   /* max_conns */
#define NGX_GEMINI_LACK_TRIED     0x0020
#define NGX_GEMINI_LACK_TRIAL     0x0040   /* somebody tries it just now */
#define NGX_GEMINI_LACK_UPSTREAM  0x0080   /* upstream is down */
#define NGX_GEMINI_LACK_BUDGET    0x0100   /* the pool's retry budget */
#define NGX_GEMINI_LACK_PROJECT   0x0200   /* project rests or is disabled */
#define NGX_GEMINI_LACK_RESV      0x0400   /* no reservation record free */

/*
 * NGX_DECLINED leaves the earliest end in pick->until, too: that of what was
 * tried already, for the client's Retry-After.
 */


/*
 * NGX_OK: reserved; NGX_AGAIN: nothing now, pick->until; NGX_DECLINED:
 * nothing that waiting could bring
 */
ngx_int_t ngx_gemini_sched_pick(ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, ngx_gemini_pick_t *pick, uint64_t now);


/* why one candidate could not serve at now: for explain; one LACK bit, 0 ok */

uint32_t ngx_gemini_sched_usable(ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, const ngx_gemini_pick_t *pick,
    uint32_t key, uint32_t choice, uint64_t now, uint64_t *until);


/* what changed, for the caller to log and to remember as an event */

typedef struct {
    ngx_gemini_event_e         type;
    ngx_gemini_scope_e         scope;
    ngx_gemini_class_e         reason;
    ngx_gemini_provenance_e    provenance;
    uint64_t                   until;
    uint64_t                   number;
    ngx_str_t                  label;      /* in conf, or of the slot */
    ngx_str_t                  model;      /* empty unless cell or model */
} ngx_gemini_change_t;


typedef struct {
    /* what came of it: the caller sets each of these */
    uint32_t                   resv;
    uint32_t                   key;        /* conf index */
    uint32_t                   choice_conf;      /* model in conf, NONE */
    const ngx_gemini_verdict_t *verdict;
    uint64_t                   began;      /* attempt start, ms */
    uint64_t                   google;     /* Date of the answer, 0: none */
    uint32_t                   latency;    /* ms */
    uint32_t                   ttft;       /* ms, 0: no byte came */
    ngx_gemini_tokens_t        tokens;
    uint64_t                   cost;       /* ngx_gemini_metrics_cost() */
    uint32_t                   team;       /* ngx_gemini_metrics_team() */
    ngx_gemini_surface_e       surface;
    ngx_gemini_verb_e          verb;
    uint32_t                   random;
    unsigned                   no_guess:1; /* this request placed two guessed
                                              rests already: blame the model */
    unsigned                   probe:1;    /* is no traffic */

    /* results */
    unsigned                   guessed:1;  /* a guessed rest was placed */
    ngx_gemini_change_t        changes[NGX_GEMINI_CHANGES];
    ngx_uint_t                 nchanges;   /* the first of nevents, which are */
    ngx_uint_t                 nevents;    /* .. written already, */
    uint64_t                   event;      /* .. from this one on */
} ngx_gemini_settle_t;


/* frees the reservation and draws all conclusions; exactly once an attempt */
void ngx_gemini_sched_settle(ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, ngx_gemini_settle_t *settle, uint64_t now);

/* writes to its events in which request they came up: NGX_GEMINI_REQUEST_ID
   bytes, which are not worth making for a settling without any */
void ngx_gemini_sched_name(ngx_gemini_view_t *gv,
    const ngx_gemini_settle_t *settle, const u_char *request_id);


/* a place in the queue: NGX_OK with *resv, or NGX_DECLINED: it is full */
ngx_int_t ngx_gemini_sched_wait(ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, uint32_t worker, uint32_t *resv,
    uint64_t now);
void ngx_gemini_sched_unwait(ngx_gemini_view_t *gv, uint32_t resv);


/* settles what a dead worker held as lost; how many reservations */
uint32_t ngx_gemini_sched_reap(ngx_gemini_view_t *gv, uint32_t worker,
    uint64_t now);


typedef struct {
    ngx_gemini_outcome_e       outcome;
    uint32_t                   model;      /* tried last, else wished; slot, */
    uint32_t                   wished;     /* .. NONE: not known */
    uint32_t                   team;       /* ngx_gemini_metrics_team() */
    uint64_t                   duration;   /* ms, since its first byte */
    uint64_t                   queued;     /* ms of it */
} ngx_gemini_done_t;


/* the end of a client's request */
void ngx_gemini_sched_done(ngx_gemini_view_t *gv,
    const ngx_gemini_done_t *done);


#endif /* _NGX_GEMINI_SCHED_H_INCLUDED_ */
