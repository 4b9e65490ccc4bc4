
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Probing (design.md 6): which keys and models are due, and what an answer
 * to a free call proves.  The caller holds the zone's lock.
 */


#ifndef _NGX_GEMINI_PROBE_H_INCLUDED_
#define _NGX_GEMINI_PROBE_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_out.h"
#include "ngx_gemini_pool.h"
#include "ngx_gemini_sched.h"


#define NGX_GEMINI_PROBE_LEASE    5000     /* ms */

/* a probe may take one request in so many of a day's limit .. */
#define NGX_GEMINI_PROBE_SHARE    100

/* .. where that is as high as this */
#define NGX_GEMINI_PROBE_RPD      500

#define NGX_GEMINI_PROBE_OUTPUT   64       /* maxOutputTokens */

/* of gp->probing.wish, asked for by an operator */
#define NGX_GEMINI_PROBE_RANK     0x01
#define NGX_GEMINI_PROBE_LIST     0x02     /* every key, free */


/* one generating probe; from is kept from key to key */

typedef struct {
    uint32_t                   model;      /* in conf */
    uint32_t                   worker;     /* slot of the caller */
    uint32_t                   from;       /* candidates passed by, 0 first */
    ngx_uint_t                 force;      /* 1: a day's share is no bound */
    uint32_t                   key;        /* result: conf index */
    uint32_t                   resv;       /* .. reservation */
} ngx_gemini_probe_pick_t;


/* 1: the lease is pid's for a while, its own again or that of nobody */
ngx_uint_t ngx_gemini_probe_lease(ngx_gemini_probing_t *probing, int32_t pid,
    uint64_t now);

/*
 * Keys that a free call may tell something about, or with all every key that
 * neither operator nor configuration have disabled; todo has room for all of
 * gc's.  How many.
 */
uint32_t ngx_gemini_probe_keys(const ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, ngx_uint_t all, uint64_t now,
    uint32_t *todo);

/* the first key from this on that may ask for the model list, or NONE */
uint32_t ngx_gemini_probe_lister(const ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, uint32_t from, uint64_t now);

/*
 * A bit for each text model without traffic or probe in interval (0: for any
 * text model); one that never had either counts from since.
 */
uint64_t ngx_gemini_probe_models(const ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, uint64_t interval, uint64_t since,
    uint64_t now);

/* reserves the next usable key; NGX_DECLINED: there is none */
ngx_int_t ngx_gemini_probe_pick(ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, ngx_gemini_probe_pick_t *probe,
    uint64_t now);

/*
 * The answer to a free call: a key that was disabled as invalid or expired
 * and works is enabled, a guessed rest of key and project is over; a key or
 * project that fails is blamed.  settle->resv is not used.
 */
void ngx_gemini_probe_check(ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, ngx_gemini_settle_t *settle, uint64_t now);

/* the request of a generating probe */
void ngx_gemini_probe_body(ngx_gemini_out_t *out, const ngx_str_t *prompt);


#endif /* _NGX_GEMINI_PROBE_H_INCLUDED_ */
