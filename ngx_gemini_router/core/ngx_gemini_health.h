
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Whether some key can serve some model now: the scheduler's pick, dry.
 */


#ifndef _NGX_GEMINI_HEALTH_H_INCLUDED_
#define _NGX_GEMINI_HEALTH_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_out.h"
#include "ngx_gemini_pool.h"
#include "ngx_gemini_sched.h"


typedef struct {
    uint32_t                   healthy;    /* 1: one can */
    uint32_t                   lack;       /* NGX_GEMINI_LACK_*, else */
    uint64_t                   until;      /* the earliest end, 0: unknown */
    ngx_gemini_choice_t        choices[NGX_GEMINI_MODELS_MAX + 1];
} ngx_gemini_health_t;


/* under the lock */
void ngx_gemini_health_look(ngx_gemini_health_t *health,
    ngx_gemini_view_t *gv, const ngx_gemini_conf_t *gc, uint64_t now);

void ngx_gemini_health_render(const ngx_gemini_health_t *health,
    const ngx_gemini_conf_t *gc, uint64_t now, ngx_gemini_out_t *out);


#endif /* _NGX_GEMINI_HEALTH_H_INCLUDED_ */
