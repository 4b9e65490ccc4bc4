
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_quota.h"


/* a minute's rest ends within this, gemini-api.md 3.1 */
#define NGX_GEMINI_QUOTA_LEAST     1000
#define NGX_GEMINI_QUOTA_MOST      65000


/* how long a violated quota lasts: the longest decides */

typedef enum {
    NGX_GEMINI_SPAN_TOOL = 0,
    NGX_GEMINI_SPAN_UNKNOWN,
    NGX_GEMINI_SPAN_MINUTE,
    NGX_GEMINI_SPAN_DAY
} ngx_gemini_span_e;


/* what a quota's id tells; each begins with a capital letter */

#define NGX_GEMINI_QUOTA_PER_DAY   0x01
#define NGX_GEMINI_QUOTA_LONG      0x02    /* a day or more, without PerDay */
#define NGX_GEMINI_QUOTA_PER_MIN   0x04
#define NGX_GEMINI_QUOTA_SEARCH    0x08
#define NGX_GEMINI_QUOTA_INPUT     0x10
#define NGX_GEMINI_QUOTA_REQUESTS  0x20


typedef struct {
    ngx_str_t                  text;
    ngx_uint_t                 flag;
} ngx_gemini_quota_word_t;


typedef struct {
    ngx_gemini_class_e         class;
    uint64_t                   least;      /* of what was told, ms */
    uint64_t                   most;
} ngx_gemini_clamp_t;


static ngx_uint_t ngx_gemini_quota_words(
    const ngx_gemini_fault_quota_t *quota);
static ngx_uint_t ngx_gemini_quota_word(const u_char *p, const u_char *last);
static ngx_gemini_span_e ngx_gemini_quota_span(ngx_uint_t words);
static ngx_gemini_limit_e ngx_gemini_quota_limit(ngx_uint_t words);
static ngx_uint_t ngx_gemini_quota_zero(const ngx_gemini_fault_t *fault);
static ngx_gemini_class_e ngx_gemini_quota_unnamed(
    const ngx_gemini_reply_t *reply, const ngx_gemini_fault_t *fault);
static ngx_uint_t ngx_gemini_quota_stored(ngx_gemini_verb_e verb);
static uint64_t ngx_gemini_quota_told(const ngx_gemini_reply_t *reply,
    const ngx_gemini_fault_t *fault);


static const ngx_gemini_quota_word_t  ngx_gemini_quota_id_words[] = {
    { ngx_string("PerDay"), NGX_GEMINI_QUOTA_PER_DAY },
    { ngx_string("PerMinute"), NGX_GEMINI_QUOTA_PER_MIN },
    { ngx_string("PerMonth"), NGX_GEMINI_QUOTA_LONG },
    { ngx_string("Daily"), NGX_GEMINI_QUOTA_LONG },
    { ngx_string("Requests"), NGX_GEMINI_QUOTA_REQUESTS },
    { ngx_string("InputTokens"), NGX_GEMINI_QUOTA_INPUT },
    { ngx_string("Grounding"), NGX_GEMINI_QUOTA_SEARCH },
    { ngx_string("Search"), NGX_GEMINI_QUOTA_SEARCH },
    { ngx_null_string, 0 }
};


static const ngx_gemini_clamp_t  ngx_gemini_clamps[] = {
    { NGX_GEMINI_QUOTA_MINUTE, NGX_GEMINI_QUOTA_LEAST,
      NGX_GEMINI_QUOTA_MOST },
    { NGX_GEMINI_QUOTA_TOKENS, NGX_GEMINI_QUOTA_LEAST,
      NGX_GEMINI_QUOTA_MOST },
    { NGX_GEMINI_QUOTA_TERSE, NGX_GEMINI_QUOTA_LEAST, NGX_GEMINI_DAY },
    { NGX_GEMINI_SPEND_RATE, 2 * NGX_GEMINI_MINUTE, 10 * NGX_GEMINI_MINUTE },
    { NGX_GEMINI_OK, 0, 0 }
};


ngx_gemini_class_e
ngx_gemini_quota_class(const ngx_gemini_reply_t *reply,
    const ngx_gemini_fault_t *fault, ngx_gemini_verdict_t *verdict)
{
    ngx_uint_t                       i, words, tokens;
    ngx_gemini_span_e                span, longest;
    ngx_gemini_violation_t          *violation;
    const ngx_gemini_fault_quota_t  *quota, *first;

    first = NULL;
    tokens = 0;
    longest = NGX_GEMINI_SPAN_TOOL;

    for (i = 0; i < fault->nquotas; i++) {
        quota = &fault->quotas[i];
        words = ngx_gemini_quota_words(quota);
        span = ngx_gemini_quota_span(words);

        if (first == NULL || span > longest) {
            first = quota;
            longest = span;
            tokens = words & NGX_GEMINI_QUOTA_INPUT;
        }

        violation = &verdict->violations[i];
        violation->limit = ngx_gemini_quota_limit(words);
        violation->value = quota->value;
        violation->has_value = quota->has_value;
    }

    verdict->nviolations = fault->nquotas;

    if (first) {
        ngx_memcpy(verdict->quota_id, first->id, first->id_len);
        verdict->quota_id_len = first->id_len;
    }

    if (ngx_gemini_quota_zero(fault)) {
        return NGX_GEMINI_QUOTA_ZERO;
    }

    if (first == NULL || longest == NGX_GEMINI_SPAN_UNKNOWN) {
        return ngx_gemini_quota_unnamed(reply, fault);
    }

    if (longest == NGX_GEMINI_SPAN_TOOL) {
        return NGX_GEMINI_QUOTA_TOOL;
    }

    if (longest == NGX_GEMINI_SPAN_DAY) {
        return NGX_GEMINI_QUOTA_DAY;
    }

    return tokens ? NGX_GEMINI_QUOTA_TOKENS : NGX_GEMINI_QUOTA_MINUTE;
}


static ngx_uint_t
ngx_gemini_quota_words(const ngx_gemini_fault_quota_t *quota)
{
    ngx_uint_t     words;
    const u_char  *p, *last;

    words = 0;
    last = quota->id + quota->id_len;

    for (p = quota->id; p < last; p++) {
        if (*p >= 'A' && *p <= 'Z') {
            words |= ngx_gemini_quota_word(p, last);
        }
    }

    return words;
}


static ngx_uint_t
ngx_gemini_quota_word(const u_char *p, const u_char *last)
{
    const ngx_gemini_quota_word_t  *w;

    for (w = ngx_gemini_quota_id_words; w->text.len; w++) {

        if (*p == *w->text.data && (size_t) (last - p) >= w->text.len
            && ngx_memcmp(p, w->text.data, w->text.len) == 0)
        {
            return w->flag;
        }
    }

    return 0;
}


static ngx_gemini_span_e
ngx_gemini_quota_span(ngx_uint_t words)
{
    if (words & NGX_GEMINI_QUOTA_SEARCH) {
        return NGX_GEMINI_SPAN_TOOL;
    }

    if (words & (NGX_GEMINI_QUOTA_PER_DAY|NGX_GEMINI_QUOTA_LONG)) {
        return NGX_GEMINI_SPAN_DAY;
    }

    return (words & NGX_GEMINI_QUOTA_PER_MIN) ? NGX_GEMINI_SPAN_MINUTE
                                              : NGX_GEMINI_SPAN_UNKNOWN;
}


static ngx_gemini_limit_e
ngx_gemini_quota_limit(ngx_uint_t words)
{
    ngx_gemini_span_e  span;

    span = ngx_gemini_quota_span(words);

    if (words & NGX_GEMINI_QUOTA_INPUT) {
        return (span == NGX_GEMINI_SPAN_MINUTE) ? NGX_GEMINI_LIMIT_TPM
                                                : NGX_GEMINI_LIMIT_OTHER;
    }

    if (!(words & NGX_GEMINI_QUOTA_REQUESTS)) {
        return NGX_GEMINI_LIMIT_OTHER;
    }

    if (span == NGX_GEMINI_SPAN_MINUTE) {
        return NGX_GEMINI_LIMIT_RPM;
    }

    return (span == NGX_GEMINI_SPAN_DAY && (words & NGX_GEMINI_QUOTA_PER_DAY))
           ? NGX_GEMINI_LIMIT_RPD : NGX_GEMINI_LIMIT_OTHER;
}


/* "limit: 0", or a violation without a value: not on this plan */

static ngx_uint_t
ngx_gemini_quota_zero(const ngx_gemini_fault_t *fault)
{
    ngx_uint_t   i;
    const char  *p;

    static const char  limit[] = "limit:";

    for (i = 0; i < fault->nquotas; i++) {
        if (fault->quotas[i].zero) {
            return 1;
        }
    }

    p = (const char *) fault->text;

    while ((p = strstr(p, limit)) != NULL) {
        p += sizeof(limit) - 1;

        while (*p == ' ') {
            p++;
        }

        if (*p == '0' && (p[1] < '0' || p[1] > '9')
            && (p[1] != '.' || p[2] < '0' || p[2] > '9'))
        {
            return 1;
        }
    }

    return 0;
}


/* a refusal that names no quota, or one of unknown length */

static ngx_gemini_class_e
ngx_gemini_quota_unnamed(const ngx_gemini_reply_t *reply,
    const ngx_gemini_fault_t *fault)
{
    uint64_t  told;

    if (ngx_strcmp(fault->word, "quota_exceeded") == 0
        || ngx_strstr(fault->text, "per_day")
        || ngx_strstr(fault->text, "perday"))
    {
        return NGX_GEMINI_QUOTA_DAY;
    }

    told = ngx_gemini_quota_told(reply, fault);

    if (told) {
        return (told <= NGX_GEMINI_QUOTA_MOST) ? NGX_GEMINI_QUOTA_MINUTE
                                               : NGX_GEMINI_QUOTA_TERSE;
    }

    if (ngx_strcmp(fault->word, "rate_limit_exceeded") == 0
        || ngx_strcmp(fault->word, "too_many_requests") == 0
        || ngx_strcmp(fault->reason, "RATE_LIMIT_EXCEEDED") == 0)
    {
        return NGX_GEMINI_QUOTA_MINUTE;
    }

    /* Help and nothing else, or the count of batches, the room for files */

    if ((fault->help && fault->details == 0)
        || ngx_gemini_quota_stored(reply->verb))
    {
        return NGX_GEMINI_QUOTA_TOOL;
    }

    return NGX_GEMINI_QUOTA_TERSE;
}


static ngx_uint_t
ngx_gemini_quota_stored(ngx_gemini_verb_e verb)
{
    return verb == NGX_GEMINI_VERB_UPLOAD
           || verb == NGX_GEMINI_VERB_RESOURCE
           || verb == NGX_GEMINI_VERB_BATCH_GENERATE
           || verb == NGX_GEMINI_VERB_ASYNC_BATCH_EMBED;
}


void
ngx_gemini_quota_delay(const ngx_gemini_reply_t *reply,
    const ngx_gemini_fault_t *fault, ngx_gemini_verdict_t *verdict)
{
    uint64_t                   told;
    const ngx_gemini_clamp_t  *clamp;

    told = ngx_gemini_quota_told(reply, fault);

    if (told == 0) {
        return;
    }

    for (clamp = ngx_gemini_clamps; clamp->most; clamp++) {

        if (clamp->class == verdict->class) {
            told = ngx_max(told, clamp->least);

            verdict->delay = ngx_min(told, clamp->most);
            verdict->provenance = NGX_GEMINI_TOLD;
            return;
        }
    }
}


static uint64_t
ngx_gemini_quota_told(const ngx_gemini_reply_t *reply,
    const ngx_gemini_fault_t *fault)
{
    return ngx_max(fault->retry, reply->retry_after);
}
