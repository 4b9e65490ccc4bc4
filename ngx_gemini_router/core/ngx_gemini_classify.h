
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * What an answer means and whose fault it is: gemini-api.md 3.1 to 3.5, in
 * the order of 3.6.  Pure: looks at nothing but its argument.
 */


#ifndef _NGX_GEMINI_CLASSIFY_H_INCLUDED_
#define _NGX_GEMINI_CLASSIFY_H_INCLUDED_


#include "ngx_gemini.h"


#define NGX_GEMINI_QUOTA_ID_MAX    96
#define NGX_GEMINI_VIOLATIONS_MAX  8


typedef struct {
    ngx_uint_t                 status;     /* 0: no answer */
    ngx_gemini_surface_e       surface;
    ngx_gemini_verb_e          verb;
    ngx_str_t                  body;       /* at most NGX_GEMINI_BODY_MAX */
    ngx_str_t                  model;      /* sent, without "models/" */
    uint64_t                   retry_after;      /* header, ms, 0: none */

    unsigned                   truncated:1;      /* body was longer */
    unsigned                   timeout:1;        /* ours: no answer in time */
    unsigned                   client_deadline:1;/* X-Server-Timeout sent */
    unsigned                   pinned:1;         /* refers to a resource */
} ngx_gemini_reply_t;


/* a limit that a refusal names (quotaValue), gemini-api.md 3.1 (a) */

typedef enum {
    NGX_GEMINI_LIMIT_RPM = 0,
    NGX_GEMINI_LIMIT_TPM,              /* input tokens, minute */
    NGX_GEMINI_LIMIT_RPD,
    NGX_GEMINI_LIMIT_OTHER             /* not to be learned */
} ngx_gemini_limit_e;


typedef struct {
    uint64_t                   value;
    ngx_gemini_limit_e         limit;
    unsigned                   has_value:1;
} ngx_gemini_violation_t;


typedef struct {
    ngx_gemini_class_e         class;
    ngx_gemini_scope_e         scope;      /* who is to blame */
    ngx_gemini_provenance_e    provenance; /* of delay */

    /*
     * told: what RetryInfo, the message or Retry-After say, clamped as 3.1;
     * learned: a fixed rule (6 h for limit: 0, 1 h for credit, ...);
     * 0 and GUESSED: the caller's cooldown with doubling applies;
     * for QUOTA_DAY ignored: until midnight Pacific
     */
    uint64_t                   delay;

    unsigned                   ran:1;      /* may have run: counts in tries,
                                              3.5 "safe to replay" */
    unsigned                   again:1;    /* another (key, model) may do */
    unsigned                   other_key:1;    /* the same model on another
                                                  key may do */
    unsigned                   other_model:1;  /* another model may do */
    unsigned                   disable:1;  /* the key, for good */
    unsigned                   surface_only:1; /* .. for this surface only */
    unsigned                   verb_only:1;    /* .. for this verb only */
    unsigned                   suspect:1;  /* .. at the second sight only */

    ngx_gemini_violation_t     violations[NGX_GEMINI_VIOLATIONS_MAX];
    ngx_uint_t                 nviolations;

    /* the longest window's quotaId, [A-Za-z0-9_.-] only; "" if none */
    u_char                     quota_id[NGX_GEMINI_QUOTA_ID_MAX];
    size_t                     quota_id_len;
} ngx_gemini_verdict_t;


void ngx_gemini_classify(const ngx_gemini_reply_t *reply,
    ngx_gemini_verdict_t *verdict);

/*
 * The first bytes of a 200 (design.md 3.5).  NGX_AGAIN: not decided yet;
 * NGX_OK: send it; NGX_DECLINED: it is an error in disguise.
 */
ngx_int_t ngx_gemini_classify_head(const u_char *p, size_t len);

/* "QUOTA_DAY" as "PerDay" etc.: stable short names for trail and status */
const char *ngx_gemini_class_name(ngx_uint_t class);
const char *ngx_gemini_scope_name(ngx_uint_t scope);
const char *ngx_gemini_provenance_name(ngx_uint_t provenance);


#endif /* _NGX_GEMINI_CLASSIFY_H_INCLUDED_ */
