
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The words of the house: limits, ids and enumerations that the core and the
 * glue share.  nginx types and header-only macros may be used here and in all
 * of core/, nginx functions may not.
 */


#ifndef _NGX_GEMINI_H_INCLUDED_
#define _NGX_GEMINI_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_GEMINI_VERSION        "0.1.0"

/* an index that names nothing */
#define NGX_GEMINI_NONE           ((uint32_t) -1)

/* bytes of a label of a key, project or account; of a model's name */
#define NGX_GEMINI_LABEL_MAX      64
#define NGX_GEMINI_MODEL_MAX      128

/* bytes of an operator's note */
#define NGX_GEMINI_NOTE_MAX       64

/* a secret may be an "AQ." key of any length, gemini-api.md 2.2 */
#define NGX_GEMINI_SECRET_MAX     512

#define NGX_GEMINI_FINGERPRINT    8

#define NGX_GEMINI_KEYS_MAX       65536
#define NGX_GEMINI_MODELS_MAX     64
#define NGX_GEMINI_SPARE          32     /* slots for unlisted models */
#define NGX_GEMINI_TRIED_MAX      64     /* pairs remembered by a request */

/* an error body is read up to this, gemini-api.md 3 */
#define NGX_GEMINI_BODY_MAX       65536

/* cost is counted in a thousand-millionth of the currency of prices */
#define NGX_GEMINI_COST_DECIMALS  9

#define NGX_GEMINI_MINUTE         60000
#define NGX_GEMINI_HOUR           3600000
#define NGX_GEMINI_DAY            86400000


typedef enum {
    NGX_GEMINI_SURFACE_NATIVE = 0,
    NGX_GEMINI_SURFACE_OPENAI,
    NGX_GEMINI_SURFACE_INTERACTIONS,
    NGX_GEMINI_SURFACE_LIVE,
    NGX_GEMINI_SURFACE_UPLOAD,
    NGX_GEMINI_SURFACES
} ngx_gemini_surface_e;


/* families as gemini_restrict names them, design.md 2 */

typedef enum {
    NGX_GEMINI_FAMILY_UNKNOWN = 0,
    NGX_GEMINI_FAMILY_GENERATE,
    NGX_GEMINI_FAMILY_COUNT,
    NGX_GEMINI_FAMILY_EMBED,
    NGX_GEMINI_FAMILY_MODELS,
    NGX_GEMINI_FAMILY_UPLOAD,
    NGX_GEMINI_FAMILY_FILES,
    NGX_GEMINI_FAMILY_CACHES,
    NGX_GEMINI_FAMILY_BATCHES,
    NGX_GEMINI_FAMILY_STORES,
    NGX_GEMINI_FAMILY_INTERACTIONS,
    NGX_GEMINI_FAMILY_LIVE,
    NGX_GEMINI_FAMILY_AUTH_TOKENS,
    NGX_GEMINI_FAMILY_TUNED,
    NGX_GEMINI_FAMILY_AGENTS,
    NGX_GEMINI_FAMILY_WEBHOOKS,
    NGX_GEMINI_FAMILY_CREDENTIALS,
    NGX_GEMINI_FAMILIES
} ngx_gemini_family_e;


/* the families that are on unless gemini_restrict says otherwise */
#define NGX_GEMINI_FAMILIES_DEFAULT                                           \
    ((1 << NGX_GEMINI_FAMILY_GENERATE) | (1 << NGX_GEMINI_FAMILY_COUNT)       \
     | (1 << NGX_GEMINI_FAMILY_EMBED) | (1 << NGX_GEMINI_FAMILY_MODELS)       \
     | (1 << NGX_GEMINI_FAMILY_UPLOAD) | (1 << NGX_GEMINI_FAMILY_FILES)       \
     | (1 << NGX_GEMINI_FAMILY_CACHES) | (1 << NGX_GEMINI_FAMILY_BATCHES)     \
     | (1 << NGX_GEMINI_FAMILY_STORES)                                        \
     | (1 << NGX_GEMINI_FAMILY_INTERACTIONS) | (1 << NGX_GEMINI_FAMILY_LIVE))


/* at most 32: a key's blocked verbs are a bit mask */

typedef enum {
    NGX_GEMINI_VERB_OTHER = 0,
    NGX_GEMINI_VERB_GENERATE,
    NGX_GEMINI_VERB_STREAM,
    NGX_GEMINI_VERB_COUNT,
    NGX_GEMINI_VERB_EMBED,
    NGX_GEMINI_VERB_BATCH_EMBED,
    NGX_GEMINI_VERB_ASYNC_BATCH_EMBED,
    NGX_GEMINI_VERB_BATCH_GENERATE,
    NGX_GEMINI_VERB_PREDICT,
    NGX_GEMINI_VERB_PREDICT_LONG,
    NGX_GEMINI_VERB_ANSWER,
    NGX_GEMINI_VERB_MODELS_LIST,
    NGX_GEMINI_VERB_MODELS_GET,
    NGX_GEMINI_VERB_CHAT,               /* OpenAI chat/completions */
    NGX_GEMINI_VERB_OPENAI_EMBED,
    NGX_GEMINI_VERB_OPENAI_MODELS,
    NGX_GEMINI_VERB_OPENAI_MODEL,
    NGX_GEMINI_VERB_OPENAI_OTHER,
    NGX_GEMINI_VERB_INTERACT,           /* POST interactions */
    NGX_GEMINI_VERB_RESOURCE,           /* files, caches, batches, ... */
    NGX_GEMINI_VERB_UPLOAD,
    NGX_GEMINI_VERB_LIVE,
    NGX_GEMINI_VERBS
} ngx_gemini_verb_e;


typedef enum {
    NGX_GEMINI_KIND_TEXT = 0,
    NGX_GEMINI_KIND_IMAGE,
    NGX_GEMINI_KIND_TTS,
    NGX_GEMINI_KIND_EMBEDDING,
    NGX_GEMINI_KIND_LIVE,
    NGX_GEMINI_KIND_VIDEO,
    NGX_GEMINI_KINDS
} ngx_gemini_kind_e;


/*
 * What an answer says, gemini-api.md 3.  The classes double as reasons of
 * rests and of disabled keys.
 */

typedef enum {
    NGX_GEMINI_OK = 0,

    /* the cell's (project x model) quota */
    NGX_GEMINI_QUOTA_DAY,
    NGX_GEMINI_QUOTA_MINUTE,            /* requests */
    NGX_GEMINI_QUOTA_TOKENS,            /* input tokens, minute */
    NGX_GEMINI_QUOTA_ZERO,              /* "limit: 0": not on this plan */
    NGX_GEMINI_QUOTA_TERSE,             /* a 429 that names nothing */
    NGX_GEMINI_QUOTA_TOOL,              /* Help only: a tool's quota */

    /* the billing account */
    NGX_GEMINI_CREDIT,                  /* prepaid credit spent */
    NGX_GEMINI_CAP,                     /* spending cap */
    NGX_GEMINI_SPEND_RATE,

    /* the key */
    NGX_GEMINI_KEY_INVALID,
    NGX_GEMINI_KEY_EXPIRED,
    NGX_GEMINI_KEY_LEAKED,
    NGX_GEMINI_KEY_TOKEN_TYPE,          /* 401 */
    NGX_GEMINI_KEY_METHOD,              /* blocked for this verb */
    NGX_GEMINI_KEY_BLOCKED,             /* referrer, address or app */

    /* the project */
    NGX_GEMINI_PROJECT_SUSPENDED,
    NGX_GEMINI_PROJECT_DISABLED,        /* SERVICE_DISABLED */
    NGX_GEMINI_PROJECT_DENIED,
    NGX_GEMINI_PROJECT_BILLING,         /* FAILED_PRECONDITION */

    /* cell or model */
    NGX_GEMINI_PERMISSION,              /* 403 that names nothing */
    NGX_GEMINI_MODEL_CLOSED,            /* 404, not for new users: the cell */
    NGX_GEMINI_MODEL_UNKNOWN,           /* 404: the model */
    NGX_GEMINI_OVERLOADED,              /* 503: the model */

    /* the service and the way to it */
    NGX_GEMINI_SERVER,                  /* 500 */
    NGX_GEMINI_DEADLINE,                /* 504 */
    NGX_GEMINI_EMPTY,                   /* 200 without a byte */
    NGX_GEMINI_BAD_GATEWAY,             /* 502 and other 5xx, HTML */
    NGX_GEMINI_TIMEOUT,                 /* our attempt or first-byte limit */
    NGX_GEMINI_TRANSPORT,               /* no answer: connect, reset, EOF */

    /* nobody's in the pool */
    NGX_GEMINI_GATEWAY,                 /* our own doing: credentials */
    NGX_GEMINI_LOCATION,                /* the egress address */
    NGX_GEMINI_RESOURCE,                /* another project's resource */
    NGX_GEMINI_SIGNATURE,               /* thought signature x model */
    NGX_GEMINI_FEATURE,                 /* request x model */
    NGX_GEMINI_REQUEST,                 /* the client's own */
    NGX_GEMINI_CANCELLED,               /* 499 */
    NGX_GEMINI_PATH,                    /* 404 without JSON */
    NGX_GEMINI_CUT,                     /* a stream that died midway */
    NGX_GEMINI_CLIENT_GONE,
    NGX_GEMINI_LOST,                    /* the worker died */

    /* the operator and the configuration (reasons only) */
    NGX_GEMINI_OPERATOR,
    NGX_GEMINI_CONFIGURED,

    NGX_GEMINI_CLASSES
} ngx_gemini_class_e;


/* who is to blame, and so what rests or is disabled */

typedef enum {
    NGX_GEMINI_SCOPE_NONE = 0,
    NGX_GEMINI_SCOPE_KEY,
    NGX_GEMINI_SCOPE_PROJECT,
    NGX_GEMINI_SCOPE_ACCOUNT,
    NGX_GEMINI_SCOPE_MODEL,
    NGX_GEMINI_SCOPE_CELL,
    NGX_GEMINI_SCOPE_SERVICE,
    NGX_GEMINI_SCOPE_REQUEST,
    NGX_GEMINI_SCOPE_CLIENT,
    NGX_GEMINI_SCOPE_GATEWAY,
    NGX_GEMINI_SCOPE_POOL,
    NGX_GEMINI_SCOPES
} ngx_gemini_scope_e;


typedef enum {
    NGX_GEMINI_TOLD = 0,                /* the answer named the time */
    NGX_GEMINI_LEARNED,                 /* the rule behind it is known */
    NGX_GEMINI_GUESSED,                 /* neither: our default, doubled */
    NGX_GEMINI_SET                      /* by configuration or operator */
} ngx_gemini_provenance_e;


/* the fate of a client's request, $gemini_outcome */

typedef enum {
    NGX_GEMINI_OUTCOME_NONE = 0,
    NGX_GEMINI_OUTCOME_OK,              /* first attempt, wished model */
    NGX_GEMINI_OUTCOME_FAILOVER,        /* wished model, a later attempt */
    NGX_GEMINI_OUTCOME_FALLBACK,        /* another model */
    NGX_GEMINI_OUTCOME_CLIENT_ERROR,
    NGX_GEMINI_OUTCOME_EXHAUSTED,
    NGX_GEMINI_OUTCOME_OVERLOADED,
    NGX_GEMINI_OUTCOME_UPSTREAM_DOWN,
    NGX_GEMINI_OUTCOME_CUT,
    NGX_GEMINI_OUTCOME_CLIENT_GONE,
    NGX_GEMINI_OUTCOME_REFUSED,         /* ours: restrict, unknown path */
    NGX_GEMINI_OUTCOMES
} ngx_gemini_outcome_e;


/* rankings of models, design.md 5; each is the name of a virtual model */

typedef enum {
    NGX_GEMINI_TIER_FAST = 0,
    NGX_GEMINI_TIER_QUALITY,
    NGX_GEMINI_TIER_BALANCE,
    NGX_GEMINI_TIERS
} ngx_gemini_tier_e;


/* what an operator may do to a pool, design.md 2 */

typedef enum {
    NGX_GEMINI_OPERATE_NONE = 0,
    NGX_GEMINI_OPERATE_LOCK,
    NGX_GEMINI_OPERATE_UNLOCK,
    NGX_GEMINI_OPERATE_RESET,
    NGX_GEMINI_OPERATE_DISABLE,
    NGX_GEMINI_OPERATE_ENABLE,
    NGX_GEMINI_OPERATE_RANK,
    NGX_GEMINI_OPERATES
} ngx_gemini_operate_e;


/* token counts of one answer; -1 says that the answer did not name it */

typedef struct {
    int64_t                    prompt;
    int64_t                    output;     /* without thoughts */
    int64_t                    thought;
    int64_t                    cached;     /* part of prompt */
    int64_t                    total;
} ngx_gemini_tokens_t;


#endif /* _NGX_GEMINI_H_INCLUDED_ */
