
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Rankings of models: fast, quality, balance (design.md 5).  Models of one
 * kind are ranked among themselves; what has no figures comes after what has.
 */


#ifndef _NGX_GEMINI_TIER_H_INCLUDED_
#define _NGX_GEMINI_TIER_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_pool.h"


#define NGX_GEMINI_NO_SCORE  INT64_MIN


/* what a model is ranked by */

typedef struct {
    uint32_t                   kind;       /* ngx_gemini_kind_e */
    uint32_t                   n;          /* outcomes in its window */
    uint32_t                   ok;
    uint32_t                   mean;       /* ms, of successes */
    uint32_t                   max_tokens; /* 0: not known */
} ngx_gemini_tier_model_t;


typedef struct {
    uint8_t                    order[NGX_GEMINI_MODELS_MAX];   /* indexes */
    uint8_t                    rank[NGX_GEMINI_MODELS_MAX];    /* by index,
                                              in its kind, from 0 */
    u_char                     letter[NGX_GEMINI_MODELS_MAX];
    int64_t                    score[NGX_GEMINI_MODELS_MAX];   /* 1e-6, less
                                              is better; NO_SCORE: none */
} ngx_gemini_tier_rank_t;


/* the tier that a virtual model's name stands for, NGX_GEMINI_TIERS: none */
ngx_gemini_tier_e ngx_gemini_tier_find(const ngx_str_t *name);
const char *ngx_gemini_tier_name(ngx_uint_t tier);

/* S, A, B or C for rank i of n, from 0 */
u_char ngx_gemini_tier_letter(uint32_t i, uint32_t n);

/* n is at most NGX_GEMINI_MODELS_MAX; equals stay in the order given */
void ngx_gemini_tier_rank(const ngx_gemini_tier_model_t *models, uint32_t n,
    ngx_gemini_tier_e tier, ngx_uint_t normalized,
    ngx_gemini_tier_rank_t *rank);

/* max_tokens= of the model directive, else what the model list said */
uint32_t ngx_gemini_tier_tokens(const ngx_gemini_model_conf_t *conf,
    const ngx_gemini_model_t *model);

/* the rankings of gc's models, not older than a second; under the lock */
const ngx_gemini_tiers_t *ngx_gemini_tier_look(ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, uint64_t now);


#endif /* _NGX_GEMINI_TIER_H_INCLUDED_ */
