
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_class.h"


/* flags of a class, as the members of the verdict */
#define NGX_GEMINI_CLASS_RAN       0x01
#define NGX_GEMINI_CLASS_AGAIN     0x02
#define NGX_GEMINI_CLASS_KEY       0x04
#define NGX_GEMINI_CLASS_MODEL     0x08
#define NGX_GEMINI_CLASS_DISABLE   0x10
#define NGX_GEMINI_CLASS_SUSPECT   0x20
#define NGX_GEMINI_CLASS_VERB      0x40

/* another key or model may do; so it may for the service's fault; a dead key */
#define NGX_GEMINI_CLASS_OTHER                                                \
    (NGX_GEMINI_CLASS_AGAIN|NGX_GEMINI_CLASS_KEY|NGX_GEMINI_CLASS_MODEL)
#define NGX_GEMINI_CLASS_SERVICE                                              \
    (NGX_GEMINI_CLASS_OTHER|NGX_GEMINI_CLASS_RAN)
#define NGX_GEMINI_CLASS_DEAD                                                 \
    (NGX_GEMINI_CLASS_OTHER|NGX_GEMINI_CLASS_DISABLE)


typedef struct {
    const char                *name;
    ngx_gemini_scope_e         scope;
    ngx_gemini_provenance_e    provenance;
    uint64_t                   delay;
    ngx_uint_t                 flags;
} ngx_gemini_class_t;


/* in the order of ngx_gemini_class_e */

static const ngx_gemini_class_t  ngx_gemini_classes[] = {

    { "ok", NGX_GEMINI_SCOPE_NONE, NGX_GEMINI_TOLD, 0, 0 },

    { "PerDay", NGX_GEMINI_SCOPE_CELL, NGX_GEMINI_LEARNED, 0,
      NGX_GEMINI_CLASS_OTHER },
    { "PerMinute", NGX_GEMINI_SCOPE_CELL, NGX_GEMINI_LEARNED,
      NGX_GEMINI_MINUTE, NGX_GEMINI_CLASS_OTHER },
    { "TokensPerMinute", NGX_GEMINI_SCOPE_CELL, NGX_GEMINI_LEARNED,
      NGX_GEMINI_MINUTE, NGX_GEMINI_CLASS_OTHER },
    { "limit0", NGX_GEMINI_SCOPE_CELL, NGX_GEMINI_LEARNED,
      6 * NGX_GEMINI_HOUR, NGX_GEMINI_CLASS_OTHER },
    { "terse", NGX_GEMINI_SCOPE_CELL, NGX_GEMINI_GUESSED, 0,
      NGX_GEMINI_CLASS_OTHER },
    { "tool", NGX_GEMINI_SCOPE_NONE, NGX_GEMINI_LEARNED, 0,
      NGX_GEMINI_CLASS_OTHER },

    { "credit", NGX_GEMINI_SCOPE_ACCOUNT, NGX_GEMINI_LEARNED,
      NGX_GEMINI_HOUR, NGX_GEMINI_CLASS_OTHER },
    { "cap", NGX_GEMINI_SCOPE_ACCOUNT, NGX_GEMINI_LEARNED,
      NGX_GEMINI_HOUR, NGX_GEMINI_CLASS_OTHER },
    { "spend_rate", NGX_GEMINI_SCOPE_ACCOUNT, NGX_GEMINI_LEARNED,
      5 * NGX_GEMINI_MINUTE, NGX_GEMINI_CLASS_OTHER },

    { "key_invalid", NGX_GEMINI_SCOPE_KEY, NGX_GEMINI_LEARNED, 0,
      NGX_GEMINI_CLASS_DEAD },
    { "key_expired", NGX_GEMINI_SCOPE_KEY, NGX_GEMINI_LEARNED, 0,
      NGX_GEMINI_CLASS_DEAD },
    { "key_leaked", NGX_GEMINI_SCOPE_KEY, NGX_GEMINI_LEARNED, 0,
      NGX_GEMINI_CLASS_DEAD },
    { "token_type", NGX_GEMINI_SCOPE_KEY, NGX_GEMINI_LEARNED, 0,
      NGX_GEMINI_CLASS_DEAD|NGX_GEMINI_CLASS_SUSPECT },
    { "method_blocked", NGX_GEMINI_SCOPE_KEY, NGX_GEMINI_LEARNED, 0,
      NGX_GEMINI_CLASS_DEAD|NGX_GEMINI_CLASS_VERB },
    { "key_blocked", NGX_GEMINI_SCOPE_KEY, NGX_GEMINI_LEARNED, 0,
      NGX_GEMINI_CLASS_DEAD },

    { "suspended", NGX_GEMINI_SCOPE_PROJECT, NGX_GEMINI_LEARNED,
      NGX_GEMINI_DAY, NGX_GEMINI_CLASS_OTHER },
    { "service_disabled", NGX_GEMINI_SCOPE_PROJECT, NGX_GEMINI_LEARNED,
      NGX_GEMINI_HOUR, NGX_GEMINI_CLASS_OTHER },
    { "denied", NGX_GEMINI_SCOPE_PROJECT, NGX_GEMINI_LEARNED,
      NGX_GEMINI_HOUR, NGX_GEMINI_CLASS_OTHER|NGX_GEMINI_CLASS_SUSPECT },
    { "billing", NGX_GEMINI_SCOPE_PROJECT, NGX_GEMINI_LEARNED,
      NGX_GEMINI_HOUR, NGX_GEMINI_CLASS_OTHER },

    { "permission", NGX_GEMINI_SCOPE_CELL, NGX_GEMINI_GUESSED, 0,
      NGX_GEMINI_CLASS_OTHER },
    { "model_closed", NGX_GEMINI_SCOPE_CELL, NGX_GEMINI_LEARNED,
      6 * NGX_GEMINI_HOUR, NGX_GEMINI_CLASS_OTHER },
    { "model_unknown", NGX_GEMINI_SCOPE_MODEL, NGX_GEMINI_LEARNED, 0,
      NGX_GEMINI_CLASS_AGAIN|NGX_GEMINI_CLASS_MODEL },
    { "overloaded", NGX_GEMINI_SCOPE_MODEL, NGX_GEMINI_GUESSED, 0,
      NGX_GEMINI_CLASS_SERVICE },

    { "server", NGX_GEMINI_SCOPE_SERVICE, NGX_GEMINI_LEARNED, 0,
      NGX_GEMINI_CLASS_SERVICE },
    { "deadline", NGX_GEMINI_SCOPE_SERVICE, NGX_GEMINI_LEARNED, 0,
      NGX_GEMINI_CLASS_SERVICE },
    { "empty", NGX_GEMINI_SCOPE_SERVICE, NGX_GEMINI_LEARNED, 0,
      NGX_GEMINI_CLASS_SERVICE },
    { "bad_gateway", NGX_GEMINI_SCOPE_SERVICE, NGX_GEMINI_LEARNED, 0,
      NGX_GEMINI_CLASS_SERVICE },
    { "timeout", NGX_GEMINI_SCOPE_SERVICE, NGX_GEMINI_LEARNED, 0,
      NGX_GEMINI_CLASS_SERVICE },
    { "transport", NGX_GEMINI_SCOPE_SERVICE, NGX_GEMINI_LEARNED, 0,
      NGX_GEMINI_CLASS_SERVICE },

    { "gateway", NGX_GEMINI_SCOPE_GATEWAY, NGX_GEMINI_LEARNED, 0,
      NGX_GEMINI_CLASS_AGAIN|NGX_GEMINI_CLASS_KEY },
    { "location", NGX_GEMINI_SCOPE_GATEWAY, NGX_GEMINI_LEARNED, 0,
      NGX_GEMINI_CLASS_AGAIN|NGX_GEMINI_CLASS_KEY },
    { "resource", NGX_GEMINI_SCOPE_REQUEST, NGX_GEMINI_LEARNED, 0, 0 },

    /* again on the first model, or on the next: if we chose this one */
    { "signature", NGX_GEMINI_SCOPE_REQUEST, NGX_GEMINI_LEARNED, 0,
      NGX_GEMINI_CLASS_MODEL },
    { "feature", NGX_GEMINI_SCOPE_REQUEST, NGX_GEMINI_LEARNED, 0,
      NGX_GEMINI_CLASS_MODEL },

    { "request", NGX_GEMINI_SCOPE_REQUEST, NGX_GEMINI_LEARNED, 0, 0 },
    { "cancelled", NGX_GEMINI_SCOPE_NONE, NGX_GEMINI_LEARNED, 0, 0 },
    { "path", NGX_GEMINI_SCOPE_GATEWAY, NGX_GEMINI_LEARNED, 0, 0 },
    { "cut", NGX_GEMINI_SCOPE_SERVICE, NGX_GEMINI_LEARNED, 0,
      NGX_GEMINI_CLASS_RAN },
    { "client_gone", NGX_GEMINI_SCOPE_CLIENT, NGX_GEMINI_LEARNED, 0,
      NGX_GEMINI_CLASS_RAN },
    { "lost", NGX_GEMINI_SCOPE_NONE, NGX_GEMINI_LEARNED, 0,
      NGX_GEMINI_CLASS_RAN },

    { "operator", NGX_GEMINI_SCOPE_POOL, NGX_GEMINI_SET, 0, 0 },
    { "configured", NGX_GEMINI_SCOPE_POOL, NGX_GEMINI_SET, 0, 0 }
};


static const char  *ngx_gemini_scopes[] = {
    "none",
    "key",
    "project",
    "account",
    "model",
    "cell",
    "service",
    "request",
    "client",
    "gateway",
    "pool"
};


static const char  *ngx_gemini_provenances[] = {
    "told",
    "learned",
    "guessed",
    "set"
};


void
ngx_gemini_class_fill(ngx_gemini_verdict_t *verdict, ngx_gemini_class_e class)
{
    const ngx_gemini_class_t  *gc;

    gc = &ngx_gemini_classes[class];

    verdict->class = class;
    verdict->scope = gc->scope;
    verdict->provenance = gc->provenance;
    verdict->delay = gc->delay;

    verdict->ran = (gc->flags & NGX_GEMINI_CLASS_RAN) != 0;
    verdict->again = (gc->flags & NGX_GEMINI_CLASS_AGAIN) != 0;
    verdict->other_key = (gc->flags & NGX_GEMINI_CLASS_KEY) != 0;
    verdict->other_model = (gc->flags & NGX_GEMINI_CLASS_MODEL) != 0;
    verdict->disable = (gc->flags & NGX_GEMINI_CLASS_DISABLE) != 0;
    verdict->suspect = (gc->flags & NGX_GEMINI_CLASS_SUSPECT) != 0;
    verdict->verb_only = (gc->flags & NGX_GEMINI_CLASS_VERB) != 0;
}


const char *
ngx_gemini_class_name(ngx_uint_t class)
{
    return (class < NGX_GEMINI_CLASSES) ? ngx_gemini_classes[class].name
                                        : "unknown";
}


const char *
ngx_gemini_scope_name(ngx_uint_t scope)
{
    return (scope < NGX_GEMINI_SCOPES) ? ngx_gemini_scopes[scope] : "unknown";
}


const char *
ngx_gemini_provenance_name(ngx_uint_t provenance)
{
    return (provenance <= NGX_GEMINI_SET)
           ? ngx_gemini_provenances[provenance] : "unknown";
}
