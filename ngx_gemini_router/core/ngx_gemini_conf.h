
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The configuration of a pool, in the cycle's memory; "gc".  Read-only after
 * the slots were claimed.
 */


#ifndef _NGX_GEMINI_CONF_H_INCLUDED_
#define _NGX_GEMINI_CONF_H_INCLUDED_


#include "ngx_gemini.h"


typedef struct {
    uint32_t                   rpm;        /* 0: no limit */
    uint32_t                   rpd;
    uint64_t                   tpm;
} ngx_gemini_limit_t;


typedef struct {
    ngx_str_t                  label;
    uint32_t                   slot;
    uint32_t                   account;    /* index in conf */
} ngx_gemini_project_conf_t;


typedef struct {
    ngx_str_t                  label;
    uint32_t                   slot;
} ngx_gemini_account_conf_t;


typedef struct {
    ngx_str_t                  label;
    uint32_t                   slot;
    uint32_t                   project_slot;
    uint32_t                   account_slot;
    uint32_t                   weight;     /* 1.. */
    uint32_t                   max_conns;  /* 0: no limit */
    uint32_t                   disabled;   /* 1: by configuration */
    uint32_t                   project;    /* indexes in conf */
    uint32_t                   account;
    uint32_t                   priority;   /* 0 first */
    u_char                     fingerprint[NGX_GEMINI_FINGERPRINT];
    ngx_str_t                  models;     /* globs, empty: all */
} ngx_gemini_key_conf_t;


/* keys that may serve a model on one priority, ordered by project, key */

typedef struct {
    uint32_t                   priority;
    uint32_t                   n;
    uint32_t                  *keys;       /* indexes in conf */
} ngx_gemini_candidates_t;


/* one wished model: its slot and its place in conf, NONE for an unlisted */

typedef struct {
    uint32_t                   slot;
    uint32_t                   conf;
} ngx_gemini_choice_t;


typedef struct {
    ngx_str_t                  name;       /* without "models/" */
    uint32_t                   slot;
    uint32_t                   kind;       /* ngx_gemini_kind_e */
    uint32_t                   fallback;   /* 1: falls back, is fallen to */
    uint32_t                   max_tokens; /* 0: unknown */
    uint64_t                   first_byte; /* ms, 0: no limit */
    ngx_gemini_limit_t         limit;
    double                     price_in;   /* per million tokens, < 0: none */
    double                     price_out;
    double                     price_cached;
    ngx_gemini_candidates_t   *candidates; /* by priority, ascending */
    uint32_t                   ncandidates;
    uint32_t                   chain;      /* it and what it falls back to: */
    uint32_t                   nchain;     /* place and length in gc->chains */
} ngx_gemini_model_conf_t;


typedef struct {
    ngx_str_t                  name;
    ngx_str_t                  target;     /* a model of any name */
} ngx_gemini_alias_t;


typedef struct {
    ngx_str_t                  name;
    ngx_str_t                  state;      /* a file, empty: none */

    ngx_gemini_key_conf_t     *keys;
    uint32_t                   nkeys;
    ngx_gemini_project_conf_t *projects;
    uint32_t                   nprojects;
    ngx_gemini_account_conf_t *accounts;
    uint32_t                   naccounts;
    ngx_gemini_model_conf_t   *models;     /* in order of preference */
    uint32_t                   nmodels;
    ngx_gemini_alias_t        *aliases;
    uint32_t                   naliases;

    /* open addressing by a project's slot: its index + 1, 0: empty; filled
       when slots are claimed, NULL: few, looked through */
    uint32_t                  *project_map;
    uint32_t                   project_mask;

    /* models that fall back, kind after kind; filled when slots are claimed */
    ngx_gemini_choice_t        chains[NGX_GEMINI_MODELS_MAX];

    /* resolved: [project index * (nmodels + 1) + model index], divided by
       nodes; the last column is for unlisted models (limits with model=*) */
    ngx_gemini_limit_t        *limits;

    /* for unlisted models: all keys, by priority */
    ngx_gemini_candidates_t   *unlisted_candidates;
    uint32_t                   nunlisted;

    uint32_t                   unlisted;   /* 1: passed through */
    uint32_t                   tries;
    uint32_t                   fallback;
    uint32_t                   prefer_priority;  /* prefer priority */
    uint32_t                   nodes;
    uint32_t                   window;
    uint32_t                   normalized;       /* score normalized */
    uint32_t                   queue;      /* places */
    uint64_t                   queue_timeout;    /* all ms */
    uint64_t                   timeout;
    uint64_t                   attempt_timeout;  /* 0: none */
    uint64_t                   cooldown;
    uint64_t                   cooldown_max;
    uint64_t                   cycle;      /* generation claimed */
} ngx_gemini_conf_t;


#endif /* _NGX_GEMINI_CONF_H_INCLUDED_ */
