
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_rule.h"


/* letters that may stand before a text that has to be at the head */
#define NGX_GEMINI_RULE_WORDS   48

/* where a rule looks */

typedef enum {
    NGX_GEMINI_RULE_ANY = 0,           /* at the status alone */
    NGX_GEMINI_RULE_FOUND,             /* there is an error in the body */
    NGX_GEMINI_RULE_HTML,
    NGX_GEMINI_RULE_PINNED,            /* the request refers to a resource */
    NGX_GEMINI_RULE_RESOURCE,          /* the message names one */
    NGX_GEMINI_RULE_REASON,            /* ErrorInfo; "*" stands for any */
    NGX_GEMINI_RULE_WORD,              /* code of the Interactions API */
    NGX_GEMINI_RULE_HEAD,              /* the head of the message */
    NGX_GEMINI_RULE_TEXT               /* anywhere in the message */
} ngx_gemini_rule_e;


typedef struct {
    ngx_gemini_class_e         class;
    ngx_uint_t                 from;       /* status, both included */
    ngx_uint_t                 to;
    ngx_gemini_rule_e          where;
    const char                *what;
} ngx_gemini_rule_t;


static ngx_uint_t ngx_gemini_rule_match(const ngx_gemini_rule_t *rule,
    const ngx_gemini_reply_t *reply, const ngx_gemini_fault_t *fault);
static ngx_uint_t ngx_gemini_rule_reason(const u_char *reason,
    const char *what);
static ngx_uint_t ngx_gemini_rule_resource(const u_char *text);


/*
 * gemini-api.md 3.6: the first that fits decides.  What a client wrote may
 * come back within a message; so what rests or disables something looks at
 * ErrorInfo or at the head of the message.
 */

static const ngx_gemini_rule_t  ngx_gemini_rules[] = {

    /* our own doing */

    { NGX_GEMINI_GATEWAY, 400, 499, NGX_GEMINI_RULE_HEAD,
      "multiple authentication credentials" },
    { NGX_GEMINI_GATEWAY, 400, 499, NGX_GEMINI_RULE_HEAD,
      "unregistered callers" },
    { NGX_GEMINI_GATEWAY, 400, 401, NGX_GEMINI_RULE_HEAD,
      "missing or invalid authorization header" },
    { NGX_GEMINI_GATEWAY, 400, 499, NGX_GEMINI_RULE_REASON,
      "CREDENTIALS_MISSING" },

    /* names what the client wrote next */

    { NGX_GEMINI_RESOURCE, 403, 404, NGX_GEMINI_RULE_HEAD,
      "you do not have permission to access" },

    /* the key */

    { NGX_GEMINI_KEY_LEAKED, 400, 403, NGX_GEMINI_RULE_HEAD,
      "reported as leaked" },
    { NGX_GEMINI_KEY_EXPIRED, 400, 403, NGX_GEMINI_RULE_HEAD,
      "api key expired" },
    { NGX_GEMINI_KEY_INVALID, 400, 499, NGX_GEMINI_RULE_REASON,
      "API_KEY_INVALID" },
    { NGX_GEMINI_KEY_INVALID, 400, 403, NGX_GEMINI_RULE_HEAD,
      "api key not valid" },
    { NGX_GEMINI_KEY_INVALID, 400, 403, NGX_GEMINI_RULE_HEAD,
      "valid api key" },
    { NGX_GEMINI_KEY_INVALID, 400, 403, NGX_GEMINI_RULE_HEAD,
      "api key not found" },
    { NGX_GEMINI_KEY_TOKEN_TYPE, 400, 499, NGX_GEMINI_RULE_REASON,
      "ACCESS_TOKEN_TYPE_UNSUPPORTED" },

    /* the project */

    { NGX_GEMINI_PROJECT_SUSPENDED, 400, 499, NGX_GEMINI_RULE_REASON,
      "CONSUMER_SUSPENDED" },
    { NGX_GEMINI_PROJECT_SUSPENDED, 400, 499, NGX_GEMINI_RULE_REASON,
      "CONSUMER_INVALID" },
    { NGX_GEMINI_PROJECT_SUSPENDED, 403, 403, NGX_GEMINI_RULE_HEAD,
      "permission denied: consumer " },
    { NGX_GEMINI_PROJECT_DISABLED, 400, 499, NGX_GEMINI_RULE_REASON,
      "SERVICE_DISABLED" },
    { NGX_GEMINI_PROJECT_DISABLED, 403, 403, NGX_GEMINI_RULE_HEAD,
      "has not been used in project" },
    { NGX_GEMINI_PROJECT_BILLING, 400, 499, NGX_GEMINI_RULE_REASON,
      "BILLING_DISABLED" },
    { NGX_GEMINI_PROJECT_DENIED, 403, 403, NGX_GEMINI_RULE_HEAD,
      "denied access" },

    /* the key's restrictions */

    { NGX_GEMINI_KEY_METHOD, 400, 499, NGX_GEMINI_RULE_REASON,
      "API_KEY_SERVICE_BLOCKED" },
    { NGX_GEMINI_KEY_BLOCKED, 400, 499, NGX_GEMINI_RULE_REASON,
      "API_KEY_*_BLOCKED" },
    { NGX_GEMINI_KEY_METHOD, 403, 403, NGX_GEMINI_RULE_HEAD,
      "requests to this api" },
    { NGX_GEMINI_KEY_BLOCKED, 403, 403, NGX_GEMINI_RULE_HEAD,
      "requests from " },
    { NGX_GEMINI_KEY_BLOCKED, 403, 403, NGX_GEMINI_RULE_HEAD,
      "api key has an ip address restriction" },

    { NGX_GEMINI_KEY_TOKEN_TYPE, 401, 401, NGX_GEMINI_RULE_ANY, NULL },

    /* money */

    { NGX_GEMINI_CREDIT, 402, 402, NGX_GEMINI_RULE_ANY, NULL },
    { NGX_GEMINI_CREDIT, 429, 429, NGX_GEMINI_RULE_TEXT,
      "prepayment credits" },
    { NGX_GEMINI_CAP, 429, 429, NGX_GEMINI_RULE_TEXT, "spending cap" },
    { NGX_GEMINI_SPEND_RATE, 429, 429, NGX_GEMINI_RULE_TEXT,
      "spend-based" },

    /* the model; its text names verbs, "batchEmbedContents" too */

    { NGX_GEMINI_MODEL_UNKNOWN, 404, 404, NGX_GEMINI_RULE_TEXT,
      "is not found for api version" },
    { NGX_GEMINI_MODEL_UNKNOWN, 404, 404, NGX_GEMINI_RULE_WORD,
      "model_not_found" },
    { NGX_GEMINI_MODEL_CLOSED, 404, 404, NGX_GEMINI_RULE_TEXT,
      "no longer available to new users" },
    { NGX_GEMINI_MODEL_UNKNOWN, 404, 404, NGX_GEMINI_RULE_HEAD,
      "this model " },

    /* another project's resource */

    { NGX_GEMINI_RESOURCE, 403, 403, NGX_GEMINI_RULE_RESOURCE, NULL },
    { NGX_GEMINI_RESOURCE, 403, 403, NGX_GEMINI_RULE_PINNED, NULL },
    { NGX_GEMINI_RESOURCE, 404, 404, NGX_GEMINI_RULE_FOUND, NULL },

    /* quota, see ngx_gemini_quota_class() */

    { NGX_GEMINI_QUOTA_TERSE, 429, 429, NGX_GEMINI_RULE_ANY, NULL },

    /* the place that we call from, and what billing makes of it */

    { NGX_GEMINI_LOCATION, 400, 403, NGX_GEMINI_RULE_HEAD,
      "user location is not supported" },
    { NGX_GEMINI_PROJECT_BILLING, 400, 403, NGX_GEMINI_RULE_HEAD,
      "free tier is not available" },
    { NGX_GEMINI_PROJECT_BILLING, 400, 403, NGX_GEMINI_RULE_HEAD,
      "enable billing" },
    { NGX_GEMINI_PROJECT_BILLING, 400, 403, NGX_GEMINI_RULE_HEAD,
      "billing to be enabled" },
    { NGX_GEMINI_PROJECT_BILLING, 400, 403, NGX_GEMINI_RULE_HEAD,
      "billing is not enabled" },

    /* the service */

    { NGX_GEMINI_SERVER, 500, 500, NGX_GEMINI_RULE_ANY, NULL },
    { NGX_GEMINI_REQUEST, 501, 501, NGX_GEMINI_RULE_ANY, NULL },
    { NGX_GEMINI_BAD_GATEWAY, 503, 503, NGX_GEMINI_RULE_HTML, NULL },
    { NGX_GEMINI_OVERLOADED, 503, 503, NGX_GEMINI_RULE_ANY, NULL },
    { NGX_GEMINI_DEADLINE, 504, 504, NGX_GEMINI_RULE_ANY, NULL },
    { NGX_GEMINI_BAD_GATEWAY, 500, (ngx_uint_t) -1, NGX_GEMINI_RULE_ANY, NULL },
    { NGX_GEMINI_CANCELLED, 499, 499, NGX_GEMINI_RULE_ANY, NULL },

    /* request x model: only tells whether another model may do */

    { NGX_GEMINI_SIGNATURE, 400, 400, NGX_GEMINI_RULE_TEXT,
      "thought signature" },
    { NGX_GEMINI_SIGNATURE, 400, 400, NGX_GEMINI_RULE_TEXT,
      "thought_signature" },
    { NGX_GEMINI_SIGNATURE, 400, 400, NGX_GEMINI_RULE_TEXT,
      "thoughtsignature" },
    { NGX_GEMINI_FEATURE, 400, 400, NGX_GEMINI_RULE_TEXT, "this model" },
    { NGX_GEMINI_FEATURE, 400, 400, NGX_GEMINI_RULE_TEXT,
      "supported by the model" },
    { NGX_GEMINI_FEATURE, 400, 400, NGX_GEMINI_RULE_TEXT,
      "model does not support" },
    { NGX_GEMINI_FEATURE, 400, 400, NGX_GEMINI_RULE_TEXT,
      "not enabled for models/" },

    { NGX_GEMINI_PATH, 404, 404, NGX_GEMINI_RULE_ANY, NULL },
    { NGX_GEMINI_PERMISSION, 403, 403, NGX_GEMINI_RULE_FOUND, NULL },
    /* takes all that is left */
    { NGX_GEMINI_REQUEST, 0, (ngx_uint_t) -1, NGX_GEMINI_RULE_ANY, NULL }
};


/* what makes a 403 another project's resource, 1.8 */

static const char  *ngx_gemini_resources[] = {
    "file",
    "cachedcontent",
    "cached content",
    "interaction",
    "the operation",
    "operations/",
    "batch",
    "tunedmodel",
    "tuned model",
    "corpora/",
    "environments/",
    "agents/",
    "webhooks/",
    "voices/",
    "may not exist",
    NULL
};


ngx_gemini_class_e
ngx_gemini_rule_class(const ngx_gemini_reply_t *reply,
    const ngx_gemini_fault_t *fault, ngx_uint_t status)
{
    const ngx_gemini_rule_t  *rule;

    for (rule = ngx_gemini_rules; /* void */ ; rule++) {

        if (status >= rule->from && status <= rule->to
            && ngx_gemini_rule_match(rule, reply, fault))
        {
            return rule->class;
        }
    }
}


static ngx_uint_t
ngx_gemini_rule_match(const ngx_gemini_rule_t *rule,
    const ngx_gemini_reply_t *reply, const ngx_gemini_fault_t *fault)
{
    switch (rule->where) {

    case NGX_GEMINI_RULE_FOUND:
        return fault->found;

    case NGX_GEMINI_RULE_HTML:
        return fault->html;

    case NGX_GEMINI_RULE_PINNED:
        return fault->found && reply->pinned;

    case NGX_GEMINI_RULE_RESOURCE:
        return ngx_gemini_rule_resource(fault->text);

    case NGX_GEMINI_RULE_REASON:
        return ngx_gemini_rule_reason(fault->reason, rule->what);

    case NGX_GEMINI_RULE_WORD:
        return ngx_strcmp(fault->word, rule->what) == 0;

    case NGX_GEMINI_RULE_HEAD:
        return ngx_gemini_rule_head(fault->text, rule->what);

    case NGX_GEMINI_RULE_TEXT:
        return ngx_strstr(fault->text, rule->what) != NULL;

    default: /* NGX_GEMINI_RULE_ANY */
        return 1;
    }
}


static ngx_uint_t
ngx_gemini_rule_reason(const u_char *reason, const char *what)
{
    size_t       len, head, tail;
    const char  *star;

    if (*reason != (u_char) *what) {
        return 0;
    }

    star = strchr(what, '*');

    if (star == NULL) {
        return ngx_strcmp(reason, what) == 0;
    }

    len = ngx_strlen(reason);
    head = star - what;
    tail = ngx_strlen(star + 1);

    return len >= head + tail
           && ngx_strncmp(reason, what, head) == 0
           && ngx_strcmp(reason + len - tail, star + 1) == 0;
}


/* what a client wrote follows a quote, a colon, a slash or the like */

ngx_uint_t
ngx_gemini_rule_head(const u_char *text, const char *what)
{
    size_t         len;
    const u_char  *p, *last;

    len = ngx_strlen(what);
    last = text + NGX_GEMINI_RULE_WORDS;

    for (p = text; p < last; p++) {

        if (*p == (u_char) *what && ngx_strncmp(p, what, len) == 0) {
            return 1;
        }

        if (*p == '\'' && p > text && p[-1] != ' ' && p[1] != ' ') {
            continue;
        }

        if (*p != ' ' && (*p < 'a' || *p > 'z')) {
            return 0;
        }
    }

    return 0;
}


static ngx_uint_t
ngx_gemini_rule_resource(const u_char *text)
{
    ngx_uint_t   i;
    const char  *p, *name;

    for (i = 0; ngx_gemini_resources[i]; i++) {
        name = ngx_gemini_resources[i];

        for (p = (const char *) text; (p = strstr(p, name)); p++) {

            /* a word's beginning: no "profile" */

            if (p == (const char *) text || p[-1] < 'a' || p[-1] > 'z') {
                return 1;
            }
        }
    }

    return 0;
}
