
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_class.h"
#include "ngx_gemini_classify.h"
#include "ngx_gemini_fault.h"
#include "ngx_gemini_quota.h"
#include "ngx_gemini_rule.h"


typedef struct {
    const char                *word;
    ngx_uint_t                 status;
} ngx_gemini_word_t;


static ngx_gemini_class_e ngx_gemini_classify_class(
    const ngx_gemini_reply_t *reply, const ngx_gemini_fault_t *fault);
static ngx_uint_t ngx_gemini_classify_status(const ngx_gemini_reply_t *reply,
    const ngx_gemini_fault_t *fault);
static ngx_uint_t ngx_gemini_classify_word(const u_char *word);
static ngx_uint_t ngx_gemini_classify_bodied(ngx_gemini_verb_e verb);
static void ngx_gemini_classify_refine(const ngx_gemini_reply_t *reply,
    const ngx_gemini_fault_t *fault, ngx_gemini_verdict_t *verdict);
static ngx_uint_t ngx_gemini_classify_natural(
    const ngx_gemini_reply_t *reply);


/*
 * What a 200 may have for a status: google.rpc.Code, where another one is
 * 500; codes of the Interactions API, where another one is 400.
 */

static const ngx_gemini_word_t  ngx_gemini_words[] = {
    { "INVALID_ARGUMENT", 400 },
    { "FAILED_PRECONDITION", 400 },
    { "OUT_OF_RANGE", 400 },
    { "UNAUTHENTICATED", 401 },
    { "PERMISSION_DENIED", 403 },
    { "NOT_FOUND", 404 },
    { "ABORTED", 409 },
    { "ALREADY_EXISTS", 409 },
    { "RESOURCE_EXHAUSTED", 429 },
    { "CANCELLED", 499 },
    { "UNIMPLEMENTED", 501 },
    { "UNAVAILABLE", 503 },
    { "DEADLINE_EXCEEDED", 504 },

    { "authentication", 401 },
    { "payment_required", 402 },
    { "permission_denied", 403 },
    { "not_found", 404 },
    { "model_not_found", 404 },
    { "rate_limit_exceeded", 429 },
    { "too_many_requests", 429 },
    { "quota_exceeded", 429 },
    { "cancelled", 499 },
    { "api_error", 500 },
    { "service_unavailable", 503 },
    { "deadline_exceeded", 504 },

    { NULL, 0 }
};


void
ngx_gemini_classify(const ngx_gemini_reply_t *reply,
    ngx_gemini_verdict_t *verdict)
{
    ngx_gemini_class_e  class;
    ngx_gemini_fault_t  fault;

    ngx_memzero(verdict, sizeof(ngx_gemini_verdict_t));

    if (reply->timeout) {
        ngx_gemini_class_fill(verdict, NGX_GEMINI_TIMEOUT);
        return;
    }

    if (reply->status == 0) {
        ngx_gemini_class_fill(verdict, NGX_GEMINI_TRANSPORT);
        return;
    }

    ngx_gemini_fault_read(&fault, reply->body.data, reply->body.len);

    class = ngx_gemini_classify_class(reply, &fault);

    if (class == NGX_GEMINI_QUOTA_TERSE) {
        class = ngx_gemini_quota_class(reply, &fault, verdict);
    }

    ngx_gemini_class_fill(verdict, class);
    ngx_gemini_quota_delay(reply, &fault, verdict);
    ngx_gemini_classify_refine(reply, &fault, verdict);
}


static ngx_gemini_class_e
ngx_gemini_classify_class(const ngx_gemini_reply_t *reply,
    const ngx_gemini_fault_t *fault)
{
    ngx_uint_t  status;

    status = ngx_gemini_classify_status(reply, fault);

    if (status >= 400) {
        return ngx_gemini_rule_class(reply, fault, status);
    }

    if (status == 200 && fault->empty
        && ngx_gemini_classify_bodied(reply->verb))
    {
        return NGX_GEMINI_EMPTY;
    }

    return NGX_GEMINI_OK;
}


/* the status as HTTP has it, or as the error in a 200 would have it */

static ngx_uint_t
ngx_gemini_classify_status(const ngx_gemini_reply_t *reply,
    const ngx_gemini_fault_t *fault)
{
    ngx_uint_t  status, word;

    status = reply->status;

    if (status < 400) {

        if (!fault->found) {
            return status;
        }

        if (fault->code >= 400 && fault->code <= 599) {
            return fault->code;
        }

        status = ngx_gemini_classify_word(fault->word);

        if (status == 0) {
            status = ngx_gemini_classify_word(fault->status);
        }

        if (status) {
            return status;
        }

        /* the words of blocked and malformed answers are many */

        return fault->word[0] ? 400 : 500;
    }

    /* quota and credit by their names, whatever the status of the client's */

    if (status < 500 && status != 402) {
        word = ngx_gemini_classify_word(fault->word);

        if (word == 0) {
            word = ngx_gemini_classify_word(fault->status);
        }

        if (word == 402 || word == 429) {
            return word;
        }
    }

    return status;
}


static ngx_uint_t
ngx_gemini_classify_word(const u_char *word)
{
    const ngx_gemini_word_t  *w;

    for (w = ngx_gemini_words; w->word; w++) {
        if (*word == (u_char) *w->word && ngx_strcmp(word, w->word) == 0) {
            return w->status;
        }
    }

    return 0;
}


/* verbs whose 200 has a body; an upload's start, for one, has none */

static ngx_uint_t
ngx_gemini_classify_bodied(ngx_gemini_verb_e verb)
{
    return verb != NGX_GEMINI_VERB_OTHER
           && verb != NGX_GEMINI_VERB_RESOURCE
           && verb != NGX_GEMINI_VERB_UPLOAD
           && verb != NGX_GEMINI_VERB_LIVE
           && verb != NGX_GEMINI_VERB_OPENAI_OTHER;
}


static void
ngx_gemini_classify_refine(const ngx_gemini_reply_t *reply,
    const ngx_gemini_fault_t *fault, ngx_gemini_verdict_t *verdict)
{
    switch (verdict->class) {

    case NGX_GEMINI_KEY_INVALID:

        /* an "AQ." key may be good elsewhere, gemini-api.md 3.2 */

        if (reply->surface == NGX_GEMINI_SURFACE_OPENAI
            && fault->reason[0] == '\0'
            && ngx_gemini_rule_head(fault->text, "please pass a valid api key"))
        {
            verdict->surface_only = 1;
        }

        break;

    case NGX_GEMINI_MODEL_UNKNOWN:

        if (ngx_gemini_classify_natural(reply)
            && (ngx_strstr(fault->text, "api version v1beta")
                || ngx_strstr(fault->text, "api version v1main")
                || ngx_strcmp(fault->word, "model_not_found") == 0))
        {
            verdict->delay = NGX_GEMINI_MINUTE;
        }

        break;

    case NGX_GEMINI_CAP:

        if (ngx_strstr(fault->text, "project has exceeded")) {
            verdict->scope = NGX_GEMINI_SCOPE_PROJECT;
        }

        break;

    case NGX_GEMINI_DEADLINE:

        if (reply->client_deadline) {
            verdict->again = 0;
            verdict->other_key = 0;
            verdict->other_model = 0;
        }

        break;

    default:
        break;
    }
}


/*
 * A 404 to an odd version or verb says nothing about the model: one client
 * must not be able to rest it for all.
 */

static ngx_uint_t
ngx_gemini_classify_natural(const ngx_gemini_reply_t *reply)
{
    const u_char  *last;

    if (reply->model.len == 0) {
        return 0;
    }

    last = reply->model.data + reply->model.len;

    switch (reply->verb) {

    case NGX_GEMINI_VERB_EMBED:
    case NGX_GEMINI_VERB_BATCH_EMBED:
    case NGX_GEMINI_VERB_OPENAI_EMBED:
        return ngx_gemini_fault_find(reply->model.data, last, "embed")
               != NULL;

    case NGX_GEMINI_VERB_GENERATE:
    case NGX_GEMINI_VERB_STREAM:
    case NGX_GEMINI_VERB_CHAT:
        return ngx_gemini_fault_find(reply->model.data, last, "gem")
               && !ngx_gemini_fault_find(reply->model.data, last, "embed")
               && !ngx_gemini_fault_find(reply->model.data, last, "live");

    default:
        return 0;
    }
}
