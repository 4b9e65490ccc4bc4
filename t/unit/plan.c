
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The order of models and the course of a request between its attempts.
 */


#include "ngx_gemini_plan.h"
#include "ngx_gemini_slots.h"
#include "tap.h"


#define PLAN_MODELS  5
#define PLAN_OTHER   40


typedef struct {
    ngx_gemini_class_e         class;
    uint32_t                   slot;
    ngx_gemini_step_e          step;
} plan_step_t;


typedef struct {
    const char                *name;
    uint32_t                   nchoices;
    uint32_t                   tries;
    unsigned                   no_replay;
    plan_step_t                steps[8];
} plan_course_t;


static void plan_conf(void);
static void plan_wish(ngx_gemini_wish_t *wish, ngx_gemini_verb_e verb);
static const char *plan_order(const char *model, ngx_gemini_verb_e verb,
    ngx_uint_t fallback);
static void plan_orders(void);
static ngx_int_t plan_direct(const char *model);
static void plan_locked(void);
static void plan_restricted(void);
static void plan_verdict(ngx_gemini_verdict_t *v, ngx_gemini_class_e class);
static void plan_course(const plan_course_t *c);
static void plan_starved(void);
static void plan_forgets(void);
static void plan_finales(void);
static void plan_backoffs(void);


static ngx_gemini_conf_t        gc;
static ngx_gemini_view_t        gv;
static ngx_gemini_pool_t        gp;
static ngx_gemini_slot_t        slots[PLAN_OTHER + 1];
static ngx_gemini_model_conf_t  models[PLAN_MODELS];
static ngx_gemini_alias_t       aliases[2];
static ngx_gemini_order_t       order;
static ngx_gemini_tried_t       tried[NGX_GEMINI_TRIED_MAX];


static const plan_course_t  courses[] = {

    { "a good answer", 2, 6, 0,
      { { NGX_GEMINI_OK, 0, NGX_GEMINI_STEP_RELAY } } },

    { "a bad request goes upstream once", 2, 6, 0,
      { { NGX_GEMINI_REQUEST, 0, NGX_GEMINI_STEP_RELAY } } },

    { "another project's resource", 2, 6, 0,
      { { NGX_GEMINI_RESOURCE, 0, NGX_GEMINI_STEP_RELAY } } },

    { "quota: the next key, however many", 1, 2, 0,
      { { NGX_GEMINI_QUOTA_DAY, 0, NGX_GEMINI_STEP_ATTEMPT },
        { NGX_GEMINI_QUOTA_MINUTE, 0, NGX_GEMINI_STEP_ATTEMPT },
        { NGX_GEMINI_KEY_INVALID, 0, NGX_GEMINI_STEP_ATTEMPT },
        { NGX_GEMINI_CREDIT, 0, NGX_GEMINI_STEP_ATTEMPT },
        { NGX_GEMINI_OK, 0, NGX_GEMINI_STEP_RELAY } } },

    { "tries count what may have run", 1, 2, 0,
      { { NGX_GEMINI_TRANSPORT, 0, NGX_GEMINI_STEP_ATTEMPT },
        { NGX_GEMINI_QUOTA_DAY, 0, NGX_GEMINI_STEP_ATTEMPT },
        { NGX_GEMINI_EMPTY, 0, NGX_GEMINI_STEP_GIVE_UP } } },

    { "two 500s on a model, then the next, then given back", 2, 6, 0,
      { { NGX_GEMINI_SERVER, 0, NGX_GEMINI_STEP_ATTEMPT },
        { NGX_GEMINI_SERVER, 0, NGX_GEMINI_STEP_ATTEMPT },
        { NGX_GEMINI_SERVER, 1, NGX_GEMINI_STEP_RELAY } } },

    { "two 500s without another model", 1, 6, 0,
      { { NGX_GEMINI_SERVER, 0, NGX_GEMINI_STEP_ATTEMPT },
        { NGX_GEMINI_SERVER, 0, NGX_GEMINI_STEP_RELAY } } },

    { "503 on all models, then slower", 2, 6, 0,
      { { NGX_GEMINI_OVERLOADED, 0, NGX_GEMINI_STEP_ATTEMPT },
        { NGX_GEMINI_OVERLOADED, 1, NGX_GEMINI_STEP_ATTEMPT },
        { NGX_GEMINI_OVERLOADED, 0, NGX_GEMINI_STEP_BACKOFF },
        { NGX_GEMINI_OK, 1, NGX_GEMINI_STEP_RELAY } } },

    { "503 on the only model: one more key, then slower", 1, 6, 0,
      { { NGX_GEMINI_OVERLOADED, 0, NGX_GEMINI_STEP_ATTEMPT },
        { NGX_GEMINI_OVERLOADED, 0, NGX_GEMINI_STEP_BACKOFF } } },

    { "an unknown model, another one serves", 2, 6, 0,
      { { NGX_GEMINI_MODEL_UNKNOWN, 0, NGX_GEMINI_STEP_ATTEMPT },
        { NGX_GEMINI_OK, 1, NGX_GEMINI_STEP_RELAY } } },

    { "an unknown model, no other", 1, 6, 0,
      { { NGX_GEMINI_MODEL_UNKNOWN, 0, NGX_GEMINI_STEP_RELAY } } },

    { "a fallback that refuses is not the answer", 2, 6, 0,
      { { NGX_GEMINI_QUOTA_DAY, 0, NGX_GEMINI_STEP_ATTEMPT },
        { NGX_GEMINI_REQUEST, 1, NGX_GEMINI_STEP_GIVE_UP } } },

    { "a signature after our own switch", 2, 6, 0,
      { { NGX_GEMINI_OVERLOADED, 0, NGX_GEMINI_STEP_ATTEMPT },
        { NGX_GEMINI_SIGNATURE, 1, NGX_GEMINI_STEP_ATTEMPT },
        { NGX_GEMINI_SIGNATURE, 0, NGX_GEMINI_STEP_RELAY } } },

    { "one that we did not bring about", 2, 6, 0,
      { { NGX_GEMINI_SIGNATURE, 0, NGX_GEMINI_STEP_RELAY } } },

    { "a resource whose owner is known", 2, 6, 0,
      { { NGX_GEMINI_RESOURCE, 0, NGX_GEMINI_STEP_RELAY } } },

    { "504 once", 1, 6, 0,
      { { NGX_GEMINI_DEADLINE, 0, NGX_GEMINI_STEP_ATTEMPT },
        { NGX_GEMINI_DEADLINE, 0, NGX_GEMINI_STEP_RELAY } } },

    { "403 without a name: one other key", 1, 6, 0,
      { { NGX_GEMINI_PERMISSION, 0, NGX_GEMINI_STEP_ATTEMPT },
        { NGX_GEMINI_PERMISSION, 0, NGX_GEMINI_STEP_RELAY } } },

    { "our own fault is not handed on", 1, 6, 0,
      { { NGX_GEMINI_GATEWAY, 0, NGX_GEMINI_STEP_ATTEMPT },
        { NGX_GEMINI_GATEWAY, 0, NGX_GEMINI_STEP_GIVE_UP } } },

    { "what may not be replayed is not", 1, 6, 1,
      { { NGX_GEMINI_QUOTA_DAY, 0, NGX_GEMINI_STEP_ATTEMPT },
        { NGX_GEMINI_TRANSPORT, 0, NGX_GEMINI_STEP_RELAY } } },
};


static void
plan_conf(void)
{
    ngx_uint_t                i;
    static const char        *names[] = { "pro", "flash", "lite", "tts",
                                          "embed" };
    static ngx_gemini_kind_e  kinds[] = { NGX_GEMINI_KIND_TEXT,
                                          NGX_GEMINI_KIND_TEXT,
                                          NGX_GEMINI_KIND_TEXT,
                                          NGX_GEMINI_KIND_TTS,
                                          NGX_GEMINI_KIND_EMBEDDING };

    gc.models = models;
    gc.nmodels = PLAN_MODELS;
    gc.aliases = aliases;
    gc.naliases = 2;
    gc.unlisted = 1;

    for (i = 0; i < PLAN_MODELS; i++) {
        models[i].name.data = (u_char *) names[i];
        models[i].name.len = strlen(names[i]);
        models[i].slot = i;
        models[i].kind = kinds[i];
        models[i].fallback = (kinds[i] == NGX_GEMINI_KIND_TEXT);
    }

    ngx_gemini_slots_chain(&gc);

    ngx_str_set(&aliases[0].name, "gpt");
    ngx_str_set(&aliases[0].target, "mini");
    ngx_str_set(&aliases[1].name, "mini");
    ngx_str_set(&aliases[1].target, "flash");

    gv.gp = &gp;
    gv.model_slots = slots;
    gv.nmodels = PLAN_OTHER + 1;
    gv.other = PLAN_OTHER;
    gp.caps.models = PLAN_OTHER - NGX_GEMINI_SPARE;
    gp.lock_model = NGX_GEMINI_NONE;
}


static void
plan_wish(ngx_gemini_wish_t *wish, ngx_gemini_verb_e verb)
{
    memset(wish, 0, sizeof(ngx_gemini_wish_t));

    wish->verb = verb;
    wish->fallback = 1;
}


static const char *
plan_order(const char *model, ngx_gemini_verb_e verb, ngx_uint_t fallback)
{
    char              *p;
    uint32_t           i;
    ngx_str_t          name;
    static char        text[256];
    ngx_gemini_wish_t  wish;

    plan_wish(&wish, verb);

    name.data = (u_char *) model;
    name.len = strlen(model);

    ngx_gemini_plan_order(&gv, &gc, &wish, &name, fallback, 1, &order);

    p = text;
    *p = '\0';

    for (i = 0; i < order.nchoices; i++) {
        p += sprintf(p, "%s%s", i ? " " : "",
                     (order.choices[i].conf == NGX_GEMINI_NONE) ? "?"
                     : (char *) models[order.choices[i].conf].name.data);
    }

    return text;
}


static void
plan_orders(void)
{
    tap_is_str(plan_order("pro", NGX_GEMINI_VERB_GENERATE, 1),
               "pro flash lite", "a model and those further down");
    tap_is_str(plan_order("flash", NGX_GEMINI_VERB_GENERATE, 1),
               "flash lite", "never one further up");
    tap_is_str(plan_order("pro", NGX_GEMINI_VERB_GENERATE, 0), "pro",
               "fallback off");
    tap_is_str(plan_order("gpt", NGX_GEMINI_VERB_CHAT, 1), "flash lite",
               "an alias of an alias");
    tap_is_mem(order.model.data, order.model.len, "flash",
               "the alias is resolved");
    tap_is_str(plan_order("auto", NGX_GEMINI_VERB_GENERATE, 0),
               "pro flash lite", "auto is any of the kind");
    tap_ok(order.virtual, "auto is virtual");
    tap_is_str(plan_order("auto", NGX_GEMINI_VERB_EMBED, 1), "embed",
               "auto for embeddings");
    tap_is_str(plan_order("tts", NGX_GEMINI_VERB_GENERATE, 1), "tts",
               "speech does not fall back");
    tap_is_str(plan_order("embed", NGX_GEMINI_VERB_EMBED, 1), "embed",
               "embeddings do not fall back");
    tap_is_str(plan_order("", NGX_GEMINI_VERB_MODELS_LIST, 1), "?",
               "no model at all");
    tap_is_int(order.choices[0].slot, PLAN_OTHER, ".. counts as other");

    tap_is_str(plan_order("new", NGX_GEMINI_VERB_GENERATE, 1), "?",
               "an unlisted model");
    tap_ok(order.unlisted && !order.refused, "unlisted is passed");

    gc.unlisted = 0;
    (void) plan_order("new", NGX_GEMINI_VERB_GENERATE, 1);
    tap_ok(order.refused, "unlisted off refuses it");
    gc.unlisted = 1;
}


static ngx_int_t
plan_direct(const char *model)
{
    ngx_str_t          name;
    ngx_gemini_wish_t  wish;

    plan_wish(&wish, NGX_GEMINI_VERB_GENERATE);

    name.data = (u_char *) model;
    name.len = strlen(model);

    return ngx_gemini_plan_direct(&gv, &gc, &wish, &name, 1, &order);
}


static void
plan_locked(void)
{
    ngx_str_t  globs;

    tap_is_int(plan_direct("tts"), NGX_OK, "a listed model needs no mutex");
    tap_is_int(plan_direct("gpt"), NGX_OK, "nor does an alias of one");
    tap_is_int(plan_direct("new"), NGX_DECLINED, "an unlisted model does");
    tap_is_int(plan_direct("auto"), NGX_DECLINED, "and a virtual one");
    tap_is_int(plan_direct(""), NGX_DECLINED, "and none");

    gp.lock_model = 2;

    tap_is_int(plan_direct("pro"), NGX_DECLINED, "and what may be locked");
    tap_is_str(plan_order("pro", NGX_GEMINI_VERB_GENERATE, 1),
               "lite pro flash", "the locked one is first");
    tap_is_str(plan_order("lite", NGX_GEMINI_VERB_STREAM, 1), "lite",
               "and only once");
    tap_is_str(plan_order("auto", NGX_GEMINI_VERB_CHAT, 1),
               "lite pro flash", "of auto, too");
    tap_is_str(plan_order("new", NGX_GEMINI_VERB_CHAT, 1), "lite ?",
               "of an unlisted one");
    tap_is_str(plan_order("tts", NGX_GEMINI_VERB_GENERATE, 1), "tts",
               "not of another kind");
    tap_is_str(plan_order("pro", NGX_GEMINI_VERB_COUNT, 1),
               "pro flash lite", "nor of another verb");
    tap_is_str(plan_order("", NGX_GEMINI_VERB_CHAT, 1), "?",
               "nor where none is named");

    (void) plan_order("pro", NGX_GEMINI_VERB_GENERATE, 0);
    ngx_str_null(&globs);

    tap_is_int(ngx_gemini_plan_restrict(&gc, &globs, &order), 1,
               "without fallback nothing follows");
    tap_is_int(order.choices[0].slot, 2, "but it");

    (void) plan_order("pro", NGX_GEMINI_VERB_GENERATE, 0);
    ngx_str_set(&globs, "pro,flash");

    tap_is_int(ngx_gemini_plan_restrict(&gc, &globs, &order), 1,
               "what is not allowed");
    tap_is_int(order.choices[0].slot, 0, "cannot be locked");

    gp.lock_until = 1;

    tap_is_str(plan_order("pro", NGX_GEMINI_VERB_GENERATE, 1),
               "pro flash lite", "a lock ends");

    gp.lock_until = 2;

    tap_is_str(plan_order("flash", NGX_GEMINI_VERB_GENERATE, 1),
               "lite flash", "not before its time");

    gp.lock_model = PLAN_OTHER - 1;
    gp.lock_until = 0;

    tap_is_str(plan_order("flash", NGX_GEMINI_VERB_GENERATE, 1),
               "flash lite", "a model that is listed no more");

    gp.lock_model = NGX_GEMINI_NONE;
}


static void
plan_restricted(void)
{
    ngx_str_t  globs;

    (void) plan_order("pro", NGX_GEMINI_VERB_GENERATE, 1);

    ngx_str_set(&globs, "fl*,lite");
    tap_is_int(ngx_gemini_plan_restrict(&gc, &globs, &order), 2,
               "restricted to two models");
    tap_is_int(order.choices[0].conf, 1, "the first of them");

    ngx_str_set(&globs, "x*");
    tap_is_int(ngx_gemini_plan_restrict(&gc, &globs, &order), 0,
               "restricted to none");

    (void) plan_order("", NGX_GEMINI_VERB_MODELS_LIST, 1);
    tap_is_int(ngx_gemini_plan_restrict(&gc, &globs, &order), 1,
               "no model, no restriction");
}


/* what classify says of a class, as far as the plan reads it */

static void
plan_verdict(ngx_gemini_verdict_t *v, ngx_gemini_class_e class)
{
    memset(v, 0, sizeof(ngx_gemini_verdict_t));

    v->class = class;
    v->ran = (class == NGX_GEMINI_OVERLOADED
              || (class >= NGX_GEMINI_SERVER
                  && class <= NGX_GEMINI_TRANSPORT));
    v->again = (class < NGX_GEMINI_RESOURCE);
}


static void
plan_course(const plan_course_t *c)
{
    ngx_uint_t            i;
    ngx_gemini_step_e     step;
    ngx_gemini_course_t   course;
    ngx_gemini_verdict_t  verdict;

    memset(&course, 0, sizeof(ngx_gemini_course_t));
    course.tried = tried;
    course.tries = c->tries;
    course.replay = !c->no_replay;
    course.wished = 0;

    memset(&order, 0, sizeof(ngx_gemini_order_t));
    order.nchoices = c->nchoices;

    for (i = 0; i < c->nchoices; i++) {
        order.choices[i].slot = i;
        order.choices[i].conf = i;
    }

    for (i = 0; i < 8; i++) {
        plan_verdict(&verdict, c->steps[i].class);

        course.attempts++;

        step = ngx_gemini_plan_next(&course, &order, &verdict, i, i,
                                    c->steps[i].slot, 1000);

        tap_is_int(step, c->steps[i].step, "%s, attempt %lu", c->name,
                   (unsigned long) i + 1);

        if (step == NGX_GEMINI_STEP_RELAY || step == NGX_GEMINI_STEP_GIVE_UP)
        {
            return;
        }

        if (c->steps[i + 1].step == NGX_GEMINI_STEP_ATTEMPT
            && c->steps[i + 1].class == NGX_GEMINI_OK)
        {
            return;
        }
    }
}


static void
plan_starved(void)
{
    ngx_gemini_pick_t    pick;
    ngx_gemini_course_t  course;

    memset(&pick, 0, sizeof(ngx_gemini_pick_t));
    memset(&course, 0, sizeof(ngx_gemini_course_t));

    pick.lack = NGX_GEMINI_LACK_QUOTA;
    pick.until = 2000;

    tap_is_int(ngx_gemini_plan_starved(&course, &pick, NGX_AGAIN, 1, 3000,
                                       1000),
               NGX_GEMINI_STEP_WAIT, "relief within the queue's patience");
    tap_is_int(ngx_gemini_plan_starved(&course, &pick, NGX_AGAIN, 1, 1999,
                                       1000),
               NGX_GEMINI_STEP_GIVE_UP, "relief too late");
    tap_is_int(ngx_gemini_plan_starved(&course, &pick, NGX_AGAIN, 0, 3000,
                                       1000),
               NGX_GEMINI_STEP_GIVE_UP, "no queue");
    tap_is_int(ngx_gemini_plan_starved(&course, &pick, NGX_DECLINED, 1, 3000,
                                       1000),
               NGX_GEMINI_STEP_GIVE_UP, "nothing to wait for");

    pick.until = 0;
    tap_is_int(ngx_gemini_plan_starved(&course, &pick, NGX_AGAIN, 1, 3000,
                                       1000),
               NGX_GEMINI_STEP_WAIT, "a place may become free at any time");

    course.deadline = 1000;
    tap_is_int(ngx_gemini_plan_starved(&course, &pick, NGX_AGAIN, 1, 3000,
                                       1000),
               NGX_GEMINI_STEP_GIVE_UP, "the deadline ends waiting too");
    course.deadline = 0;

    pick.lack = NGX_GEMINI_LACK_TRIED;
    course.retry = 1;
    tap_is_int(ngx_gemini_plan_starved(&course, &pick, NGX_DECLINED, 1, 3000,
                                       1000),
               NGX_GEMINI_STEP_BACKOFF, "a tried pair again, slower");

    course.again = 1;
    tap_is_int(ngx_gemini_plan_starved(&course, &pick, NGX_DECLINED, 1, 3000,
                                       1000),
               NGX_GEMINI_STEP_GIVE_UP, "but not for ever");

    course.again = 0;
    pick.lack |= NGX_GEMINI_LACK_BUDGET;
    tap_is_int(ngx_gemini_plan_starved(&course, &pick, NGX_DECLINED, 1, 3000,
                                       1000),
               NGX_GEMINI_STEP_GIVE_UP, "the retry budget is spent");
}


static void
plan_forgets(void)
{
    ngx_gemini_pick_t    pick;
    ngx_gemini_course_t  course;

    memset(&pick, 0, sizeof(ngx_gemini_pick_t));
    memset(&course, 0, sizeof(ngx_gemini_course_t));
    course.tried = tried;

    pick.lack = NGX_GEMINI_LACK_TRIED;
    pick.until = 2000;

    course.ntried = 3;
    course.tried[0].class = NGX_GEMINI_QUOTA_MINUTE;
    course.tried[1].class = NGX_GEMINI_QUOTA_DAY;
    course.tried[1].key = 7;
    course.tried[2].class = NGX_GEMINI_QUOTA_TERSE;

    tap_is_int(ngx_gemini_plan_starved(&course, &pick, NGX_DECLINED, 1, 3000,
                                       1000),
               NGX_GEMINI_STEP_WAIT, "waits for what refused it itself");
    tap_is_int(course.ntried, 1, "minutes are forgotten");
    tap_is_int(course.tried[0].key, 7, "a day is not");
    tap_is_int(ngx_gemini_plan_starved(&course, &pick, NGX_DECLINED, 1, 3000,
                                       1000),
               NGX_GEMINI_STEP_GIVE_UP, "a day is nothing to wait for");
}


static void
plan_finales(void)
{
    ngx_gemini_pick_t    pick;
    ngx_gemini_course_t  course;
    ngx_gemini_finale_t  finale;

    memset(&pick, 0, sizeof(ngx_gemini_pick_t));
    memset(&course, 0, sizeof(ngx_gemini_course_t));
    course.tried = tried;

    pick.lack = NGX_GEMINI_LACK_QUOTA | NGX_GEMINI_LACK_KEY;
    pick.until = 61000;
    pick.day = 1;
    ngx_gemini_plan_finale(&course, &pick, 1000, &finale);
    tap_is_int(finale.status, 429, "quota alone is 429");
    tap_is_int(finale.retry, 60000, "retry at the earliest end");
    tap_ok(finale.day, "by the day");
    tap_is_str(finale.reason, "POOL_EXHAUSTED", "its reason");

    pick.lack |= NGX_GEMINI_LACK_MODEL;
    ngx_gemini_plan_finale(&course, &pick, 1000, &finale);
    tap_is_int(finale.status, 503, "quota and a resting model is 503");
    tap_is_str(finale.reason, "MODEL_OVERLOADED", "its reason");

    pick.lack = NGX_GEMINI_LACK_TRIED;
    course.ntried = 1;
    course.tried[0].class = NGX_GEMINI_QUOTA_TERSE;
    ngx_gemini_plan_finale(&course, &pick, 1000, &finale);
    tap_is_int(finale.status, 429, "refused for quota just now");

    course.tried[0].class = NGX_GEMINI_TRANSPORT;
    course.last = NGX_GEMINI_TRANSPORT;
    ngx_gemini_plan_finale(&course, &pick, 1000, &finale);
    tap_is_int(finale.status, 503, "not reached");
    tap_is_str(finale.reason, "UPSTREAM_DOWN", "its reason");

    memset(&course, 0, sizeof(ngx_gemini_course_t));
    pick.lack = NGX_GEMINI_LACK_KEY;
    pick.until = 0;
    ngx_gemini_plan_finale(&course, &pick, 1000, &finale);
    tap_is_int(finale.status, 503, "all keys disabled");
    tap_is_str(finale.reason, "NO_KEY", "its reason");
    tap_is_int(finale.retry, 0, "no time to come back");
}


static void
plan_backoffs(void)
{
    uint32_t    n, i;
    uint64_t    ms, max;
    ngx_uint_t  good;

    good = 1;

    for (n = 0; n < 10; n++) {
        max = (n < 4) ? 250 << n : 4000;

        for (i = 0; i < 1000; i++) {
            ms = ngx_gemini_plan_backoff(n, i * 7919u + 3);

            if (ms > max) {
                good = 0;
            }
        }
    }

    tap_ok(good, "the back-off stays below its bound");
    tap_is_int(ngx_gemini_plan_backoff(9, 4000), 4000, "and reaches it");
}


int
main(void)
{
    ngx_uint_t  i;

    plan_conf();
    plan_orders();
    plan_locked();
    plan_restricted();

    for (i = 0; i < sizeof(courses) / sizeof(courses[0]); i++) {
        plan_course(&courses[i]);
    }

    plan_starved();
    plan_forgets();
    plan_finales();
    plan_backoffs();

    return tap_done();
}
