
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The order of models for a wish, and what to do after each attempt: the
 * life of a request as a pure machine (design.md 3.2, 3.7, 3.8).
 */


#ifndef _NGX_GEMINI_PLAN_H_INCLUDED_
#define _NGX_GEMINI_PLAN_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_classify.h"
#include "ngx_gemini_pool.h"
#include "ngx_gemini_request.h"
#include "ngx_gemini_sched.h"


typedef struct {
    uint32_t                   nchoices;
    ngx_str_t                  model;      /* wished, aliases resolved */
    ngx_gemini_tier_e          tier;       /* asked for, TIERS: none */
    uint32_t                   lock;       /* slot that is locked, NONE */
    u_char                     letters[NGX_GEMINI_MODELS_MAX];   /* of the
                                              tier, by index in conf */
    unsigned                   virtual:1;  /* auto, fast, ...: any may serve */
    unsigned                   unlisted:1;
    unsigned                   refused:1;  /* unlisted off, or no such kind */
    unsigned                   only:1;     /* nothing beside the lock */
    ngx_gemini_choice_t        choices[NGX_GEMINI_MODELS_MAX];   /* last: see
                                              plan_order_size() */
} ngx_gemini_order_t;


/* bytes that an order needs in this configuration */
size_t ngx_gemini_plan_order_size(const ngx_gemini_conf_t *gc);


/*
 * model: as the client wrote it, empty: the request names none (any listed
 * model's key will do, the choice is "other").  fallback: of the location.
 * Under the lock; plan_restrict comes next.
 */
void ngx_gemini_plan_order(ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, const ngx_gemini_wish_t *wish,
    const ngx_str_t *model, ngx_uint_t fallback, uint64_t now,
    ngx_gemini_order_t *order);


/*
 * The same without the lock, where nothing is asked that moves: a listed model
 * or an alias of one, none of them locked.  NGX_DECLINED: it must be held.
 */
ngx_int_t ngx_gemini_plan_direct(const ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, const ngx_gemini_wish_t *wish,
    const ngx_str_t *model, ngx_uint_t fallback, ngx_gemini_order_t *order);


/* takes out what a restriction or a lock leaves no room for; how many are
   left */
uint32_t ngx_gemini_plan_restrict(const ngx_gemini_conf_t *gc,
    const ngx_str_t *models, ngx_gemini_order_t *order);


/* a request between its attempts */

typedef struct {
    uint32_t                   attempts;   /* settled so far, by the
                                              caller */
    uint32_t                   ran;        /* that may have run: tries */
    uint32_t                   tries;      /* limit of the location */
    uint32_t                   guesses;    /* guessed rests placed */
    uint32_t                   backoffs;
    uint32_t                   wished;     /* slot of the wished model */
    uint64_t                   deadline;   /* ms, 0: none; no attempt and no
                                              wait after it */
    uint32_t                   ntried;
    ngx_gemini_class_e         last;
    ngx_gemini_class_e         wished_last;      /* of the wished model */
    unsigned                   retry:1;    /* next one counts as a retry */
    unsigned                   again:1;    /* may repeat a tried pair */
    unsigned                   replay:1;   /* of the wish */
    unsigned                   ask:1;      /* whose resource it is nobody
                                              knows: one project after
                                              another */
    unsigned                   back:1;     /* went back to the first model */
    ngx_gemini_choice_t        first;      /* of the order */
    ngx_gemini_tried_t        *tried;      /* TRIED_MAX of them, there before
                                              the first failure is told */
} ngx_gemini_course_t;


typedef enum {
    NGX_GEMINI_STEP_ATTEMPT = 0,       /* pick at once */
    NGX_GEMINI_STEP_BACKOFF,           /* pick after a back-off */
    NGX_GEMINI_STEP_WAIT,              /* in the queue, for pick->until */
    NGX_GEMINI_STEP_RELAY,             /* hand this answer to the client */
    NGX_GEMINI_STEP_GIVE_UP            /* all is lost: our own answer */
} ngx_gemini_step_e;


/*
 * notes the attempt's verdict and says what comes next; models that are out
 * for this request leave the order, an overloaded one goes to its end
 */
ngx_gemini_step_e ngx_gemini_plan_next(ngx_gemini_course_t *course,
    ngx_gemini_order_t *order, const ngx_gemini_verdict_t *verdict,
    uint32_t key, uint32_t project, uint32_t slot, uint64_t now);

/* a pick found nothing: back off, wait in the queue (if allowed) or end */
ngx_gemini_step_e ngx_gemini_plan_starved(ngx_gemini_course_t *course,
    const ngx_gemini_pick_t *pick, ngx_int_t rc, ngx_uint_t queue,
    uint64_t queue_end, uint64_t now);

/* full jitter: 0 .. min(250 ms << n, 4 s) for the n-th back-off */
uint64_t ngx_gemini_plan_backoff(uint32_t n, uint32_t random);

/*
 * what to tell the client when nothing more can be tried: 429 only if quota
 * is what every candidate lacks; fills status, reason, retry, day, outcome
 */

typedef struct {
    ngx_uint_t                 status;
    const char                *reason;
    const char                *message;
    uint64_t                   retry;      /* ms */
    ngx_gemini_outcome_e       outcome;
    unsigned                   day:1;
} ngx_gemini_finale_t;

void ngx_gemini_plan_finale(const ngx_gemini_course_t *course,
    const ngx_gemini_pick_t *pick, uint64_t now,
    ngx_gemini_finale_t *finale);


#endif /* _NGX_GEMINI_PLAN_H_INCLUDED_ */
