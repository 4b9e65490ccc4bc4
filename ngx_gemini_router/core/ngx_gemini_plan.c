
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_plan.h"


#define NGX_GEMINI_BACKOFF_BASE  250       /* ms */
#define NGX_GEMINI_BACKOFF_MAX   4000


static uint32_t ngx_gemini_plan_count(const ngx_gemini_course_t *course,
    ngx_gemini_class_e class, uint32_t slot);
static void ngx_gemini_plan_drop(ngx_gemini_order_t *order, uint32_t slot,
    ngx_uint_t keep);
static ngx_gemini_step_e ngx_gemini_plan_model(ngx_gemini_course_t *course,
    ngx_gemini_order_t *order, uint32_t slot);
static ngx_gemini_step_e ngx_gemini_plan_signature(
    ngx_gemini_course_t *course, ngx_gemini_order_t *order, uint32_t slot);
static ngx_gemini_step_e ngx_gemini_plan_server(ngx_gemini_course_t *course,
    ngx_gemini_order_t *order, uint32_t slot);
static ngx_gemini_step_e ngx_gemini_plan_overloaded(
    ngx_gemini_course_t *course, ngx_gemini_order_t *order, uint32_t slot);
static ngx_gemini_step_e ngx_gemini_plan_step(ngx_gemini_course_t *course,
    ngx_gemini_order_t *order, const ngx_gemini_verdict_t *verdict,
    uint32_t slot);
static ngx_uint_t ngx_gemini_plan_forget(ngx_gemini_course_t *course);
static void ngx_gemini_plan_down(ngx_gemini_finale_t *finale,
    const char *message);
static void ngx_gemini_plan_busy(ngx_gemini_finale_t *finale);
static ngx_uint_t ngx_gemini_plan_quota_only(
    const ngx_gemini_course_t *course, const ngx_gemini_pick_t *pick);
static ngx_uint_t ngx_gemini_plan_is_quota(ngx_uint_t class);
static ngx_uint_t ngx_gemini_plan_is_refusal(ngx_uint_t class);


ngx_gemini_step_e
ngx_gemini_plan_next(ngx_gemini_course_t *course, ngx_gemini_order_t *order,
    const ngx_gemini_verdict_t *verdict, uint32_t key, uint32_t project,
    uint32_t slot, uint64_t now)
{
    ngx_gemini_step_e    step;
    ngx_gemini_tried_t  *tried;

    course->last = verdict->class;
    course->retry = verdict->ran;
    course->again = 0;

    if (slot == course->wished) {
        course->wished_last = verdict->class;
    }

    if (verdict->class == NGX_GEMINI_OK) {
        return NGX_GEMINI_STEP_RELAY;
    }

    if (verdict->ran) {
        course->ran++;
    }

    if (course->ntried == NGX_GEMINI_TRIED_MAX) {
        return (verdict->class == NGX_GEMINI_RESOURCE)
               ? NGX_GEMINI_STEP_RELAY : NGX_GEMINI_STEP_GIVE_UP;
    }

    tried = &course->tried[course->ntried++];
    tried->key = key;
    tried->model = slot;
    tried->project = project;
    tried->class = verdict->class;

    step = ngx_gemini_plan_step(course, order, verdict, slot);

    if (step == NGX_GEMINI_STEP_RELAY || step == NGX_GEMINI_STEP_GIVE_UP) {
        return step;
    }

    if (verdict->ran && !course->replay) {
        return NGX_GEMINI_STEP_RELAY;
    }

    if (course->ran >= course->tries
        || (course->deadline && now >= course->deadline)
        || order->nchoices == 0)
    {
        return NGX_GEMINI_STEP_GIVE_UP;
    }

    return step;
}


static ngx_gemini_step_e
ngx_gemini_plan_step(ngx_gemini_course_t *course, ngx_gemini_order_t *order,
    const ngx_gemini_verdict_t *verdict, uint32_t slot)
{
    switch (verdict->class) {

    case NGX_GEMINI_SIGNATURE:
        return ngx_gemini_plan_signature(course, order, slot);

    case NGX_GEMINI_REQUEST:
    case NGX_GEMINI_FEATURE:
    case NGX_GEMINI_MODEL_UNKNOWN:
        return ngx_gemini_plan_model(course, order, slot);

    case NGX_GEMINI_RESOURCE:

        /* a wrong project refuses, it has not run: gemini-api.md 1.8 */

        return course->ask ? NGX_GEMINI_STEP_ATTEMPT : NGX_GEMINI_STEP_RELAY;

    case NGX_GEMINI_SERVER:
        return ngx_gemini_plan_server(course, order, slot);

    case NGX_GEMINI_OVERLOADED:
        return ngx_gemini_plan_overloaded(course, order, slot);

    case NGX_GEMINI_DEADLINE:
    case NGX_GEMINI_LOCATION:
    case NGX_GEMINI_PERMISSION:

        /* one more try and no further, gemini-api.md 3.2, 3.3, 3.5 */

        if (ngx_gemini_plan_count(course, verdict->class, NGX_GEMINI_NONE)
            > 1)
        {
            return NGX_GEMINI_STEP_RELAY;
        }

        break;

    case NGX_GEMINI_GATEWAY:

        /* our own doing, or an "AQ." key on the wrong surface, 2.2 */

        if (ngx_gemini_plan_count(course, NGX_GEMINI_GATEWAY,
                                  NGX_GEMINI_NONE)
            > 1)
        {
            return NGX_GEMINI_STEP_GIVE_UP;
        }

        return NGX_GEMINI_STEP_ATTEMPT;

    default:
        break;
    }

    return verdict->again ? NGX_GEMINI_STEP_ATTEMPT : NGX_GEMINI_STEP_RELAY;
}


/*
 * A 400 or 404.  The wished model's is the answer; a fallback's is not: then
 * the failure that led to it counts (design.md 3.8).
 */

static ngx_gemini_step_e
ngx_gemini_plan_model(ngx_gemini_course_t *course, ngx_gemini_order_t *order,
    uint32_t slot)
{
    ngx_uint_t  wished;

    wished = (slot == course->wished);

    if (course->last == NGX_GEMINI_MODEL_UNKNOWN) {
        ngx_gemini_plan_drop(order, slot, 0);

        if (order->nchoices) {
            return NGX_GEMINI_STEP_ATTEMPT;
        }

        if (wished || course->wished_last == NGX_GEMINI_MODEL_UNKNOWN) {
            return NGX_GEMINI_STEP_RELAY;
        }
    }

    if (wished || course->attempts == 1
        || course->wished_last == NGX_GEMINI_MODEL_UNKNOWN)
    {
        return NGX_GEMINI_STEP_RELAY;
    }

    /* what the wished model lacks is all that matters now */

    while (order->nchoices && order->choices[0].slot != course->wished) {
        ngx_gemini_plan_drop(order, order->choices[0].slot, 0);
    }

    order->nchoices = ngx_min(order->nchoices, 1);

    course->last = course->wished_last;

    return NGX_GEMINI_STEP_GIVE_UP;
}


/*
 * Signatures of another model.  Where we have switched, the first one is
 * asked once more; a virtual model may be any, so each is asked.
 */

static ngx_gemini_step_e
ngx_gemini_plan_signature(ngx_gemini_course_t *course,
    ngx_gemini_order_t *order, uint32_t slot)
{
    if (order->virtual) {
        ngx_gemini_plan_drop(order, slot, 0);

        if (order->nchoices) {
            return NGX_GEMINI_STEP_ATTEMPT;
        }

        return NGX_GEMINI_STEP_RELAY;
    }

    if (slot == course->wished || course->back) {
        return NGX_GEMINI_STEP_RELAY;
    }

    course->back = 1;
    course->again = 1;
    order->choices[0] = course->first;
    order->nchoices = 1;

    return NGX_GEMINI_STEP_ATTEMPT;
}


/*
 * Two tries on a model and then the next; what drew a 500 from two models,
 * or from two keys where there is no other model, is given back.
 */

static ngx_gemini_step_e
ngx_gemini_plan_server(ngx_gemini_course_t *course,
    ngx_gemini_order_t *order, uint32_t slot)
{
    uint32_t  all, here;

    all = ngx_gemini_plan_count(course, NGX_GEMINI_SERVER, NGX_GEMINI_NONE);
    here = ngx_gemini_plan_count(course, NGX_GEMINI_SERVER, slot);

    if (all > here) {
        return NGX_GEMINI_STEP_RELAY;
    }

    if (here > 1) {
        if (order->nchoices < 2) {
            return NGX_GEMINI_STEP_RELAY;
        }

        ngx_gemini_plan_drop(order, slot, 0);
    }

    return NGX_GEMINI_STEP_ATTEMPT;
}


/*
 * The model's fault, everywhere at once: another model first, the same one
 * on another key after all others, and then no faster than the back-off.
 */

static ngx_gemini_step_e
ngx_gemini_plan_overloaded(ngx_gemini_course_t *course,
    ngx_gemini_order_t *order, uint32_t slot)
{
    ngx_gemini_plan_drop(order, slot, 1);

    if (ngx_gemini_plan_count(course, NGX_GEMINI_OVERLOADED, NGX_GEMINI_NONE)
        > order->nchoices)
    {
        return NGX_GEMINI_STEP_BACKOFF;
    }

    return NGX_GEMINI_STEP_ATTEMPT;
}


static uint32_t
ngx_gemini_plan_count(const ngx_gemini_course_t *course,
    ngx_gemini_class_e class, uint32_t slot)
{
    uint32_t  i, n;

    for (i = 0, n = 0; i < course->ntried; i++) {
        if (course->tried[i].class == class
            && (slot == NGX_GEMINI_NONE || course->tried[i].model == slot))
        {
            n++;
        }
    }

    return n;
}


/* takes a model out of the order, or moves it to its end */

static void
ngx_gemini_plan_drop(ngx_gemini_order_t *order, uint32_t slot,
    ngx_uint_t keep)
{
    uint32_t             i, n;
    ngx_gemini_choice_t  choice;

    for (i = 0; i < order->nchoices; i++) {
        if (order->choices[i].slot == slot) {
            break;
        }
    }

    if (i == order->nchoices) {
        return;
    }

    choice = order->choices[i];
    n = --order->nchoices;

    ngx_memmove(&order->choices[i], &order->choices[i + 1],
                (n - i) * sizeof(ngx_gemini_choice_t));

    if (keep) {
        order->choices[order->nchoices++] = choice;
    }
}


ngx_gemini_step_e
ngx_gemini_plan_starved(ngx_gemini_course_t *course,
    const ngx_gemini_pick_t *pick, ngx_int_t rc, ngx_uint_t queue,
    uint64_t queue_end, uint64_t now)
{
    ngx_gemini_step_e  end;

    /* no project that can be asked has it */

    end = (course->last == NGX_GEMINI_RESOURCE && course->ask)
          ? NGX_GEMINI_STEP_RELAY : NGX_GEMINI_STEP_GIVE_UP;

    if (course->deadline && now >= course->deadline) {
        return end;
    }

    if ((pick->lack & NGX_GEMINI_LACK_TRIED) && course->retry
        && !course->again && !(pick->lack & NGX_GEMINI_LACK_BUDGET))
    {
        return NGX_GEMINI_STEP_BACKOFF;
    }

    if (!queue || now >= queue_end || pick->until > queue_end) {
        return end;
    }

    if (rc == NGX_AGAIN) {
        ngx_gemini_plan_forget(course);
        return NGX_GEMINI_STEP_WAIT;
    }

    /* what is left are cells that refused this request itself */

    if (pick->until > now && ngx_gemini_plan_forget(course)) {
        return NGX_GEMINI_STEP_WAIT;
    }

    return end;
}


/* a cell that refused for its minute may be asked again after its rest */

static ngx_uint_t
ngx_gemini_plan_forget(ngx_gemini_course_t *course)
{
    uint32_t  i, n;

    for (i = 0, n = 0; i < course->ntried; i++) {
        if (course->tried[i].class != NGX_GEMINI_QUOTA_MINUTE
            && course->tried[i].class != NGX_GEMINI_QUOTA_TOKENS
            && course->tried[i].class != NGX_GEMINI_QUOTA_TERSE)
        {
            course->tried[n++] = course->tried[i];
        }
    }

    i = course->ntried - n;
    course->ntried = n;

    return i;
}


uint64_t
ngx_gemini_plan_backoff(uint32_t n, uint32_t random)
{
    uint64_t  limit;

    limit = NGX_GEMINI_BACKOFF_MAX;

    if (n < 4) {
        limit = NGX_GEMINI_BACKOFF_BASE << n;
    }

    return random % (limit + 1);
}


void
ngx_gemini_plan_finale(const ngx_gemini_course_t *course,
    const ngx_gemini_pick_t *pick, uint64_t now,
    ngx_gemini_finale_t *finale)
{
    finale->status = 503;
    finale->retry = (pick->until > now) ? pick->until - now : 0;
    finale->outcome = NGX_GEMINI_OUTCOME_EXHAUSTED;
    finale->reason = "POOL_EXHAUSTED";
    finale->day = 0;

    if (ngx_gemini_plan_quota_only(course, pick)) {
        finale->status = 429;
        finale->day = pick->day;
        finale->message = "the quota of every key that could serve this "
                          "request is used up";
        return;
    }

    if (pick->lack & NGX_GEMINI_LACK_UPSTREAM) {
        ngx_gemini_plan_down(finale, "the upstream cannot be reached");
        return;
    }

    switch (course->last) {

    case NGX_GEMINI_TRANSPORT:
    case NGX_GEMINI_TIMEOUT:
    case NGX_GEMINI_BAD_GATEWAY:
        ngx_gemini_plan_down(finale, "the upstream did not answer");
        return;

    case NGX_GEMINI_OVERLOADED:
    case NGX_GEMINI_SERVER:
    case NGX_GEMINI_DEADLINE:
    case NGX_GEMINI_EMPTY:
        ngx_gemini_plan_busy(finale);
        return;

    default:
        break;
    }

    if (pick->lack & NGX_GEMINI_LACK_MODEL) {
        ngx_gemini_plan_busy(finale);
        return;
    }

    if (pick->lack
        && (pick->lack & ~(NGX_GEMINI_LACK_KEY | NGX_GEMINI_LACK_TRIED)) == 0)
    {
        finale->reason = "NO_KEY";
        finale->message = "no key of the pool can serve this request";
        return;
    }

    finale->message = "no key of the pool is free to serve this request";
}


static void
ngx_gemini_plan_down(ngx_gemini_finale_t *finale, const char *message)
{
    finale->reason = "UPSTREAM_DOWN";
    finale->outcome = NGX_GEMINI_OUTCOME_UPSTREAM_DOWN;
    finale->message = message;
}


static void
ngx_gemini_plan_busy(ngx_gemini_finale_t *finale)
{
    finale->reason = "MODEL_OVERLOADED";
    finale->outcome = NGX_GEMINI_OUTCOME_OVERLOADED;
    finale->message = "the model is overloaded";
}


/* a disabled key is no candidate: it lacks no quota */

static ngx_uint_t
ngx_gemini_plan_quota_only(const ngx_gemini_course_t *course,
    const ngx_gemini_pick_t *pick)
{
    uint32_t    i;
    ngx_uint_t  quota;

    if (pick->lack & ~(NGX_GEMINI_LACK_KEY | NGX_GEMINI_LACK_TRIED
                       | NGX_GEMINI_LACK_QUOTA))
    {
        return 0;
    }

    quota = pick->lack & NGX_GEMINI_LACK_QUOTA;

    for (i = 0; i < course->ntried; i++) {

        if (ngx_gemini_plan_is_quota(course->tried[i].class)) {
            quota = 1;

        } else if (ngx_gemini_plan_is_refusal(course->tried[i].class)) {
            continue;

        } else if (course->tried[i].class >= NGX_GEMINI_PERMISSION) {
            return 0;
        }
    }

    return quota;
}


static ngx_uint_t
ngx_gemini_plan_is_quota(ngx_uint_t class)
{
    return class >= NGX_GEMINI_QUOTA_DAY && class <= NGX_GEMINI_QUOTA_TOOL;
}


/* a fallback's: that of the wished model would have been handed on */

static ngx_uint_t
ngx_gemini_plan_is_refusal(ngx_uint_t class)
{
    return class == NGX_GEMINI_REQUEST
           || class == NGX_GEMINI_FEATURE
           || class == NGX_GEMINI_SIGNATURE
           || class == NGX_GEMINI_MODEL_UNKNOWN;
}
