
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Orders in no more memory than ngx_gemini_plan_order_size() tells: the
 * sanitizer sees what is written behind it.
 */


#include "tap.h"

#include "ngx_gemini_plan.h"
#include "ngx_gemini_slots.h"


#define SIZE_OTHER  (NGX_GEMINI_MODELS_MAX + NGX_GEMINI_SPARE)


static void size_conf(uint32_t n);
static uint32_t size_order(const char *model, ngx_uint_t fallback);


static ngx_gemini_conf_t        gc;
static ngx_gemini_view_t        gv;
static ngx_gemini_pool_t        gp;
static ngx_gemini_slot_t        slots[SIZE_OTHER + 1];
static ngx_gemini_model_conf_t  models[NGX_GEMINI_MODELS_MAX];


static void
size_conf(uint32_t n)
{
    uint32_t     i;
    static char  names[NGX_GEMINI_MODELS_MAX][8];

    gc.models = models;
    gc.nmodels = n;
    gc.unlisted = 1;

    for (i = 0; i < n; i++) {
        models[i].name.data = (u_char *) names[i];
        models[i].name.len = sprintf(names[i], "m%u", i);
        models[i].slot = i;
        models[i].kind = NGX_GEMINI_KIND_TEXT;
        models[i].fallback = 1;
    }

    ngx_gemini_slots_chain(&gc);

    gv.gp = &gp;
    gv.model_slots = slots;
    gv.nmodels = SIZE_OTHER + 1;
    gv.other = SIZE_OTHER;
    gp.caps.models = NGX_GEMINI_MODELS_MAX;
}


static uint32_t
size_order(const char *model, ngx_uint_t fallback)
{
    uint32_t             n;
    ngx_str_t            name;
    ngx_gemini_wish_t    wish;
    ngx_gemini_order_t  *order;

    memset(&wish, 0, sizeof(ngx_gemini_wish_t));

    wish.verb = NGX_GEMINI_VERB_GENERATE;
    wish.fallback = 1;

    name.data = (u_char *) model;
    name.len = strlen(model);

    order = malloc(ngx_gemini_plan_order_size(&gc));

    ngx_gemini_plan_order(&gv, &gc, &wish, &name, fallback, 1, order);

    n = order->nchoices;
    free(order);

    return n;
}


int
main(void)
{
    uint32_t  n, most;

    for (n = 0; n <= NGX_GEMINI_MODELS_MAX; n++) {
        size_conf(n);

        gp.lock_model = NGX_GEMINI_NONE;
        most = size_order("m0", 1);
        most = ngx_max(most, size_order("auto", 1));
        most = ngx_max(most, size_order("new", 1));
        most = ngx_max(most, size_order("", 1));

        gp.lock_model = n ? n - 1 : NGX_GEMINI_NONE;
        most = ngx_max(most, size_order("m0", 0));
        most = ngx_max(most, size_order("m0", 1));
        most = ngx_max(most, size_order("auto", 1));
        most = ngx_max(most, size_order("new", 1));

        tap_is_int(most, (n == 1) ? 2 : ngx_max(n, 1), "%u models", n);
    }

    return tap_done();
}
