
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The rows of the tables behind classify that t/cases/classify leaves out:
 * each word by itself, with nothing else in the body to decide.
 */


#include "ngx_gemini_classify.h"
#include "tap.h"


#define BODY_MAX  512


typedef struct {
    ngx_uint_t                 status;
    const char                *text;
    ngx_gemini_class_e         class;
} rule_case_t;


static void rule_reasons(void);
static void rule_messages(void);
static void rule_words(void);
static void rule_is(ngx_uint_t status, const char *format, const char *text,
    ngx_gemini_class_e class);
static void rule_judge(ngx_uint_t status, const char *body,
    ngx_gemini_verdict_t *verdict);


static const rule_case_t  rule_reason_table[] = {
    { 400, "API_KEY_INVALID", NGX_GEMINI_KEY_INVALID },
    { 403, "CREDENTIALS_MISSING", NGX_GEMINI_GATEWAY },
    { 403, "ACCESS_TOKEN_TYPE_UNSUPPORTED", NGX_GEMINI_KEY_TOKEN_TYPE },
    { 403, "CONSUMER_SUSPENDED", NGX_GEMINI_PROJECT_SUSPENDED },
    { 403, "CONSUMER_INVALID", NGX_GEMINI_PROJECT_SUSPENDED },
    { 403, "SERVICE_DISABLED", NGX_GEMINI_PROJECT_DISABLED },
    { 403, "BILLING_DISABLED", NGX_GEMINI_PROJECT_BILLING },
    { 403, "API_KEY_SERVICE_BLOCKED", NGX_GEMINI_KEY_METHOD },
    { 403, "API_KEY_HTTP_REFERRER_BLOCKED", NGX_GEMINI_KEY_BLOCKED },
    { 403, "API_KEY_IP_ADDRESS_BLOCKED", NGX_GEMINI_KEY_BLOCKED },
    { 403, "API_KEY_ANDROID_APP_BLOCKED", NGX_GEMINI_KEY_BLOCKED },
    { 403, "API_KEY_IOS_APP_BLOCKED", NGX_GEMINI_KEY_BLOCKED },
    { 403, "API_KEY_BLOCKED", NGX_GEMINI_PERMISSION },
    { 403, "API_KEY_BLOCKED_NOT", NGX_GEMINI_PERMISSION },
    { 429, "RATE_LIMIT_EXCEEDED", NGX_GEMINI_QUOTA_MINUTE },
    { 0, NULL, NGX_GEMINI_OK }
};


static const rule_case_t  rule_message_table[] = {

    { 400, "API Key not found.", NGX_GEMINI_KEY_INVALID },
    { 401, "Please pass a valid API key.", NGX_GEMINI_KEY_INVALID },
    { 403, "API KEY EXPIRED", NGX_GEMINI_KEY_EXPIRED },
    { 403, "The provided API key has an IP address restriction.",
      NGX_GEMINI_KEY_BLOCKED },
    { 403, "This API method requires billing to be enabled.",
      NGX_GEMINI_PROJECT_BILLING },
    { 400, "Billing is not enabled on this account.",
      NGX_GEMINI_PROJECT_BILLING },

    { 400, "Invalid thoughtSignature at part 3", NGX_GEMINI_SIGNATURE },
    { 400, "Audio is not supported by the model.", NGX_GEMINI_FEATURE },
    { 400, "Sorry: the model does not support tools", NGX_GEMINI_FEATURE },
    { 400, "JSON mode is not enabled for models/x", NGX_GEMINI_FEATURE },

    { 403, "No access to files/abc", NGX_GEMINI_RESOURCE },
    { 403, "No access to cachedContents/abc", NGX_GEMINI_RESOURCE },
    { 403, "Cached content is not yours", NGX_GEMINI_RESOURCE },
    { 403, "No access to the Interaction", NGX_GEMINI_RESOURCE },
    { 403, "No access to the Operation", NGX_GEMINI_RESOURCE },
    { 403, "No access to models/x/operations/abc", NGX_GEMINI_RESOURCE },
    { 403, "No access to batches/abc", NGX_GEMINI_RESOURCE },
    { 403, "No access to tunedModels/abc", NGX_GEMINI_RESOURCE },
    { 403, "No access to this tuned model", NGX_GEMINI_RESOURCE },
    { 403, "No access to corpora/abc", NGX_GEMINI_RESOURCE },
    { 403, "No access to environments/abc", NGX_GEMINI_RESOURCE },
    { 403, "No access to agents/abc", NGX_GEMINI_RESOURCE },
    { 403, "No access to webhooks/abc", NGX_GEMINI_RESOURCE },
    { 403, "No access to voices/abc", NGX_GEMINI_RESOURCE },
    { 403, "Denied on x (or it may not exist).", NGX_GEMINI_RESOURCE },

    /* what a client wrote stands behind other things than words */

    { 403, "Access to x/API key expired is denied", NGX_GEMINI_PERMISSION },
    { 403, "'API key expired' is denied", NGX_GEMINI_PERMISSION },
    { 403, "Access is denied 'reported as leaked'", NGX_GEMINI_PERMISSION },
    { 403, "Doesn't count: reported as leaked", NGX_GEMINI_PERMISSION },
    { 403, "It doesn't denied access", NGX_GEMINI_PROJECT_DENIED },
    { 403, "After very many words that nobody would ever say denied access",
      NGX_GEMINI_PERMISSION },
    { 400, "prepayment credits, spending cap, spend-based",
      NGX_GEMINI_REQUEST },
    { 404, "Your project has been denied access", NGX_GEMINI_RESOURCE },
    { 500, "API key not valid", NGX_GEMINI_SERVER },

    { 0, NULL, NGX_GEMINI_OK }
};


/* as code and as status of an error in a 200 */

static const rule_case_t  rule_word_table[] = {
    { 0, "INVALID_ARGUMENT", NGX_GEMINI_REQUEST },
    { 0, "FAILED_PRECONDITION", NGX_GEMINI_REQUEST },
    { 0, "OUT_OF_RANGE", NGX_GEMINI_REQUEST },
    { 0, "UNAUTHENTICATED", NGX_GEMINI_KEY_TOKEN_TYPE },
    { 0, "PERMISSION_DENIED", NGX_GEMINI_PERMISSION },
    { 0, "NOT_FOUND", NGX_GEMINI_RESOURCE },
    { 0, "ABORTED", NGX_GEMINI_REQUEST },
    { 0, "ALREADY_EXISTS", NGX_GEMINI_REQUEST },
    { 0, "RESOURCE_EXHAUSTED", NGX_GEMINI_QUOTA_TERSE },
    { 0, "CANCELLED", NGX_GEMINI_CANCELLED },
    { 0, "INTERNAL", NGX_GEMINI_SERVER },
    { 0, "UNIMPLEMENTED", NGX_GEMINI_REQUEST },
    { 0, "UNAVAILABLE", NGX_GEMINI_OVERLOADED },
    { 0, "DEADLINE_EXCEEDED", NGX_GEMINI_DEADLINE },
    { 0, "anything else", NGX_GEMINI_SERVER },
    { 0, NULL, NGX_GEMINI_OK }
};


static const rule_case_t  rule_code_table[] = {
    { 0, "invalid_request", NGX_GEMINI_REQUEST },
    { 0, "failed_precondition", NGX_GEMINI_REQUEST },
    { 0, "parameter_unknown", NGX_GEMINI_REQUEST },
    { 0, "authentication", NGX_GEMINI_KEY_TOKEN_TYPE },
    { 0, "payment_required", NGX_GEMINI_CREDIT },
    { 0, "permission_denied", NGX_GEMINI_PERMISSION },
    { 0, "not_found", NGX_GEMINI_RESOURCE },
    { 0, "model_not_found", NGX_GEMINI_MODEL_UNKNOWN },
    { 0, "already_exists", NGX_GEMINI_REQUEST },
    { 0, "aborted", NGX_GEMINI_REQUEST },
    { 0, "out_of_range", NGX_GEMINI_REQUEST },
    { 0, "rate_limit_exceeded", NGX_GEMINI_QUOTA_MINUTE },
    { 0, "too_many_requests", NGX_GEMINI_QUOTA_MINUTE },
    { 0, "quota_exceeded", NGX_GEMINI_QUOTA_DAY },
    { 0, "cancelled", NGX_GEMINI_CANCELLED },
    { 0, "api_error", NGX_GEMINI_SERVER },
    { 0, "unimplemented", NGX_GEMINI_REQUEST },
    { 0, "service_unavailable", NGX_GEMINI_OVERLOADED },
    { 0, "deadline_exceeded", NGX_GEMINI_DEADLINE },
    { 0, "safety", NGX_GEMINI_REQUEST },
    { 0, "recitation", NGX_GEMINI_REQUEST },
    { 0, NULL, NGX_GEMINI_OK }
};


int
main(void)
{
    rule_reasons();
    rule_messages();
    rule_words();

    return tap_done();
}


static void
rule_reasons(void)
{
    const rule_case_t  *c;

    for (c = rule_reason_table; c->text; c++) {
        rule_is(c->status, "{\"error\":{\"message\":\"m\",\"details\":["
                "{\"reason\":\"%s\"}]}}", c->text, c->class);
    }
}


static void
rule_messages(void)
{
    const rule_case_t  *c;

    for (c = rule_message_table; c->text; c++) {
        rule_is(c->status, "{\"error\":{\"message\":\"%s\"}}", c->text,
                c->class);
    }
}


static void
rule_words(void)
{
    const rule_case_t  *c;

    for (c = rule_word_table; c->text; c++) {
        rule_is(200, "{\"error\":{\"status\":\"%s\"}}", c->text, c->class);
        rule_is(200, "{\"error\":{\"code\":200,\"status\":\"%s\"}}", c->text,
                c->class);
    }

    for (c = rule_code_table; c->text; c++) {
        rule_is(200, "{\"error\":{\"code\":\"%s\"}}", c->text, c->class);
    }

    /* quota and credit go by their names, whatever the status */

    rule_is(400, "{\"error\":{\"code\":\"%s\"}}", "payment_required",
            NGX_GEMINI_CREDIT);
    rule_is(400, "{\"error\":{\"code\":\"%s\"}}", "quota_exceeded",
            NGX_GEMINI_QUOTA_DAY);
    rule_is(403, "{\"error\":{\"status\":\"%s\"}}", "RESOURCE_EXHAUSTED",
            NGX_GEMINI_QUOTA_TERSE);
    rule_is(402, "{\"error\":{\"status\":\"%s\"}}", "RESOURCE_EXHAUSTED",
            NGX_GEMINI_CREDIT);
    rule_is(503, "{\"error\":{\"status\":\"%s\"}}", "RESOURCE_EXHAUSTED",
            NGX_GEMINI_OVERLOADED);
    rule_is(404, "{\"error\":{\"code\":\"%s\"}}", "UNAVAILABLE",
            NGX_GEMINI_RESOURCE);
}


static void
rule_is(ngx_uint_t status, const char *format, const char *text,
    ngx_gemini_class_e class)
{
    char                  body[BODY_MAX];
    size_t                len;
    const char           *rest;
    ngx_gemini_verdict_t  verdict;

    rest = strstr(format, "%s");
    len = rest - format;

    snprintf(body, sizeof(body), "%.*s%s%s", (int) len, format, text,
             rest + 2);

    rule_judge(status, body, &verdict);

    tap_is_str(ngx_gemini_class_name(verdict.class),
               ngx_gemini_class_name(class), "%d %s", (int) status, body);
}


static void
rule_judge(ngx_uint_t status, const char *body,
    ngx_gemini_verdict_t *verdict)
{
    ngx_gemini_reply_t  reply;

    ngx_memzero(&reply, sizeof(ngx_gemini_reply_t));

    reply.status = status;
    reply.verb = NGX_GEMINI_VERB_GENERATE;
    reply.body.data = (u_char *) body;
    reply.body.len = strlen(body);

    ngx_gemini_classify(&reply, verdict);
}
