
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Each answer in t/cases/classify/NAME.http, with the verdict in NAME.gold:
 *
 *     given NAME=VALUE     of the request: surface, verb, model, or a flag
 *     class NAME           scope, provenance, delay (ms), flags, quota_id,
 *     ...                  violation LIMIT VALUE, as of the verdict; the flag
 *                          scrub: the body prints what is not handed on
 *
 * A JSON error must mean the same as an array, as an event and after a byte
 * order mark.  Then what no answer can show, the first bytes of a 200, names.
 */


#include <dirent.h>

#include "ngx_gemini_answer.h"
#include "ngx_gemini_classify.h"
#include "tap.h"


#define CASES      "t/cases/classify"
#define CASES_MAX  512
#define FILE_MAX   131072
#define TEXT_MAX   1024


typedef struct {
    const char                *word;
    ngx_uint_t                 value;
} word_t;


typedef struct {
    ngx_gemini_class_e         class;
    const char                *name;
} name_t;


typedef struct {
    const char                *text;
    size_t                     again;      /* of so many first bytes */
    ngx_int_t                  rc;         /* of one more and all after it */
} head_t;


static void classify_cases(void);
static int classify_wanted(const struct dirent *entry);
static void classify_case(const char *name);
static size_t classify_load(char *buf, const char *name, const char *ext);
static const char *classify_request(ngx_gemini_reply_t *reply, char *gold);
static void classify_given(ngx_gemini_reply_t *reply, char *given);
static ngx_uint_t classify_word(const word_t *words, const char *word);
static void classify_answer(ngx_gemini_reply_t *reply, char *http,
    size_t len);
static void classify_is(const ngx_gemini_reply_t *reply, const char *before,
    const char *after, const char *gold, const char *name, const char *how);
static void classify_render(const ngx_gemini_verdict_t *verdict,
    ngx_uint_t scrub, char *text);
static void classify_no_answer(void);
static void classify_heads(void);
static void classify_head(const char *text, size_t again, ngx_int_t want);
static void classify_names(void);


static const word_t  classify_surfaces[] = {
    { "native", NGX_GEMINI_SURFACE_NATIVE },
    { "openai", NGX_GEMINI_SURFACE_OPENAI },
    { "interactions", NGX_GEMINI_SURFACE_INTERACTIONS },
    { "upload", NGX_GEMINI_SURFACE_UPLOAD },
    { NULL, 0 }
};


static const word_t  classify_verbs[] = {
    { "generate", NGX_GEMINI_VERB_GENERATE },
    { "stream", NGX_GEMINI_VERB_STREAM },
    { "embed", NGX_GEMINI_VERB_EMBED },
    { "batch_embed", NGX_GEMINI_VERB_BATCH_EMBED },
    { "batch_generate", NGX_GEMINI_VERB_BATCH_GENERATE },
    { "chat", NGX_GEMINI_VERB_CHAT },
    { "interact", NGX_GEMINI_VERB_INTERACT },
    { "upload", NGX_GEMINI_VERB_UPLOAD },
    { NULL, 0 }
};


static const char  *classify_limits[] = { "rpm", "tpm", "rpd", "other" };


static const head_t  classify_table[] = {

    { "{\"error\": {", 7, NGX_DECLINED },
    { "  \r\n\t{ \r\n \"error\"", 16, NGX_DECLINED },
    { "[{\"error\"", 8, NGX_DECLINED },
    { "[\n  {\n    \"error\"", 16, NGX_DECLINED },
    { "data: {\"error\":{\"code\":503}}", 13, NGX_DECLINED },
    { "data:[{\"error\"", 13, NGX_DECLINED },
    { "\xef\xbb\xbf{\"error\"", 10, NGX_DECLINED },
    { "event: error\r\ndata: {", 12, NGX_DECLINED },
    { "event:error\n", 11, NGX_DECLINED },
    { "data: {\"event_type\": \"error\", \"error\"", 27, NGX_DECLINED },

    { "{\"candidates\"", 2, NGX_OK },
    { "data: {\"candidates\"", 8, NGX_OK },
    { "[{\"candidates\"", 3, NGX_OK },
    { "{\"errors\"", 7, NGX_OK },
    { "{\"err\"", 5, NGX_OK },
    { "{\"event_type\":\"step.start\"", 15, NGX_OK },
    { "{\"embedding\": {\"error\"", 3, NGX_OK },
    { "{}", 1, NGX_OK },
    { "[]", 1, NGX_OK },
    { "data: [DONE]", 7, NGX_OK },
    { "event: interaction.created\n", 7, NGX_OK },
    { "event: error_x\n", 12, NGX_OK },
    { "\xef\xbb\xbf<html>", 3, NGX_OK },
    { "\x89PNG", 0, NGX_OK },
    { "<!DOCTYPE", 0, NGX_OK },
    { "error", 1, NGX_OK },
    { "\"error\"", 0, NGX_OK },
    { "data\": ", 4, NGX_OK },

    { " \r\n ", 4, NGX_AGAIN },
    { "data: [ {", 9, NGX_AGAIN },

    { NULL, 0, 0 }
};


static const name_t  classify_class_names[] = {
    { NGX_GEMINI_OK, "ok" },
    { NGX_GEMINI_QUOTA_DAY, "PerDay" },
    { NGX_GEMINI_QUOTA_MINUTE, "PerMinute" },
    { NGX_GEMINI_QUOTA_TOKENS, "TokensPerMinute" },
    { NGX_GEMINI_QUOTA_ZERO, "limit0" },
    { NGX_GEMINI_QUOTA_TERSE, "terse" },
    { NGX_GEMINI_QUOTA_TOOL, "tool" },
    { NGX_GEMINI_CREDIT, "credit" },
    { NGX_GEMINI_CAP, "cap" },
    { NGX_GEMINI_SPEND_RATE, "spend_rate" },
    { NGX_GEMINI_KEY_INVALID, "key_invalid" },
    { NGX_GEMINI_KEY_EXPIRED, "key_expired" },
    { NGX_GEMINI_KEY_LEAKED, "key_leaked" },
    { NGX_GEMINI_KEY_TOKEN_TYPE, "token_type" },
    { NGX_GEMINI_KEY_METHOD, "method_blocked" },
    { NGX_GEMINI_KEY_BLOCKED, "key_blocked" },
    { NGX_GEMINI_PROJECT_SUSPENDED, "suspended" },
    { NGX_GEMINI_PROJECT_DISABLED, "service_disabled" },
    { NGX_GEMINI_PROJECT_DENIED, "denied" },
    { NGX_GEMINI_PROJECT_BILLING, "billing" },
    { NGX_GEMINI_PERMISSION, "permission" },
    { NGX_GEMINI_MODEL_CLOSED, "model_closed" },
    { NGX_GEMINI_MODEL_UNKNOWN, "model_unknown" },
    { NGX_GEMINI_OVERLOADED, "overloaded" },
    { NGX_GEMINI_SERVER, "server" },
    { NGX_GEMINI_DEADLINE, "deadline" },
    { NGX_GEMINI_EMPTY, "empty" },
    { NGX_GEMINI_BAD_GATEWAY, "bad_gateway" },
    { NGX_GEMINI_TIMEOUT, "timeout" },
    { NGX_GEMINI_TRANSPORT, "transport" },
    { NGX_GEMINI_GATEWAY, "gateway" },
    { NGX_GEMINI_LOCATION, "location" },
    { NGX_GEMINI_RESOURCE, "resource" },
    { NGX_GEMINI_SIGNATURE, "signature" },
    { NGX_GEMINI_FEATURE, "feature" },
    { NGX_GEMINI_REQUEST, "request" },
    { NGX_GEMINI_CANCELLED, "cancelled" },
    { NGX_GEMINI_PATH, "path" },
    { NGX_GEMINI_CUT, "cut" },
    { NGX_GEMINI_CLIENT_GONE, "client_gone" },
    { NGX_GEMINI_LOST, "lost" },
    { NGX_GEMINI_OPERATOR, "operator" },
    { NGX_GEMINI_CONFIGURED, "configured" },
    { NGX_GEMINI_CLASSES, "unknown" }
};


int
main(void)
{
    classify_cases();
    classify_no_answer();
    classify_heads();
    classify_names();

    return tap_done();
}


static void
classify_cases(void)
{
    int              i, n;
    char            *dot;
    struct dirent  **entries;

    n = scandir(CASES, &entries, classify_wanted, alphasort);

    if (!tap_ok(n > 0, "there are cases in " CASES)) {
        return;
    }

    for (i = 0; i < n; i++) {
        dot = strrchr(entries[i]->d_name, '.');
        *dot = '\0';

        classify_case(entries[i]->d_name);

        free(entries[i]);
    }

    free(entries);
}


static int
classify_wanted(const struct dirent *entry)
{
    const char  *dot;

    dot = strrchr(entry->d_name, '.');

    return dot != NULL && strcmp(dot, ".http") == 0;
}


static void
classify_case(const char *name)
{
    u_char               first;
    size_t               len;
    const char          *gold;
    ngx_gemini_reply_t   reply;

    static char  http[FILE_MAX], text[FILE_MAX];

    len = classify_load(http, name, "http");

    if (!tap_ok(len > 0 && classify_load(text, name, "gold") > 0,
                "%s: both files", name))
    {
        return;
    }

    ngx_memzero(&reply, sizeof(ngx_gemini_reply_t));

    gold = classify_request(&reply, text);
    classify_answer(&reply, http, len);

    classify_is(&reply, "", "", gold, name, "as it is");

    first = reply.body.len ? reply.body.data[0] : '\0';

    if (first == '{') {
        classify_is(&reply, "[", "]", gold, name, "as an array");
        classify_is(&reply, " [\r\n", ",\r\n{}]\r\n", gold, name,
                    "first of an array");
    }

    if (first == '{' || first == '[') {
        classify_is(&reply, "data: ", "\r\n\r\n", gold, name, "as an event");
        classify_is(&reply, "\xef\xbb\xbf\r\n", "\n", gold, name,
                    "after a byte order mark");
        classify_is(&reply, "event: message\nid: 1\ndata:", "\n\n", gold,
                    name, "as an event with other fields");
    }
}


static size_t
classify_load(char *buf, const char *name, const char *ext)
{
    char     path[TEXT_MAX];
    FILE    *file;
    size_t   n;

    snprintf(path, sizeof(path), CASES "/%s.%s", name, ext);

    file = fopen(path, "rb");
    if (file == NULL) {
        return 0;
    }

    n = fread(buf, 1, FILE_MAX - 1, file);
    buf[n] = '\0';

    fclose(file);

    return n;
}


/* reads what is given, returns what is wanted */

static const char *
classify_request(ngx_gemini_reply_t *reply, char *gold)
{
    char  *line;

    while (strncmp(gold, "given ", 6) == 0) {
        line = gold + 6;
        gold = strchr(line, '\n');
        *gold++ = '\0';

        classify_given(reply, line);
    }

    return gold;
}


static void
classify_given(ngx_gemini_reply_t *reply, char *given)
{
    char  *value;

    value = strchr(given, '=');

    if (value) {
        *value++ = '\0';
    }

    if (strcmp(given, "surface") == 0) {
        reply->surface = classify_word(classify_surfaces, value);

    } else if (strcmp(given, "verb") == 0) {
        reply->verb = classify_word(classify_verbs, value);

    } else if (strcmp(given, "model") == 0) {
        reply->model.data = (u_char *) value;
        reply->model.len = strlen(value);

    } else if (strcmp(given, "truncated") == 0) {
        reply->truncated = 1;

    } else if (strcmp(given, "pinned") == 0) {
        reply->pinned = 1;

    } else if (strcmp(given, "client_deadline") == 0) {
        reply->client_deadline = 1;

    } else {
        tap_ok(0, "unknown: given %s", given);
    }
}


static ngx_uint_t
classify_word(const word_t *words, const char *word)
{
    while (words->word && strcmp(words->word, word) != 0) {
        words++;
    }

    if (words->word == NULL) {
        tap_ok(0, "unknown: %s", word);
    }

    return words->value;
}


static void
classify_answer(ngx_gemini_reply_t *reply, char *http, size_t len)
{
    char  *end, *field;

    end = strstr(http, "\r\n\r\n");

    reply->status = strtoul(http + sizeof("HTTP/1.1"), NULL, 10);
    reply->body.data = (u_char *) end + 4;
    reply->body.len = len - (reply->body.data - (u_char *) http);

    *end = '\0';
    field = strstr(http, "\r\nRetry-After: ");

    if (field) {
        reply->retry_after = strtoul(field + 15, NULL, 10) * 1000;
    }
}


static void
classify_is(const ngx_gemini_reply_t *reply, const char *before,
    const char *after, const char *gold, const char *name, const char *how)
{
    char                  text[TEXT_MAX];
    u_char               *p;
    ngx_str_t             none;
    ngx_uint_t            scrub;
    ngx_gemini_reply_t    copy;
    ngx_gemini_verdict_t  verdict;

    /* memory of exactly this size, for the sanitizer */

    copy = *reply;
    copy.body.len += strlen(before) + strlen(after);
    copy.body.data = malloc(copy.body.len ? copy.body.len : 1);

    if (copy.body.data == NULL) {
        abort();
    }

    p = ngx_cpymem(copy.body.data, before, strlen(before));
    p = ngx_cpymem(p, reply->body.data, reply->body.len);
    ngx_memcpy(p, after, strlen(after));

    ngx_memset(&verdict, 0xff, sizeof(ngx_gemini_verdict_t));
    ngx_gemini_classify(&copy, &verdict);

    /* whether the body prints what is not to be handed on */

    ngx_str_null(&none);
    scrub = ngx_gemini_answer_scrub(copy.body.data, copy.body.len, &none);

    free(copy.body.data);

    classify_render(&verdict, scrub, text);
    tap_is_str(text, gold, "%s %s", name, how);
}


static void
classify_render(const ngx_gemini_verdict_t *verdict, ngx_uint_t scrub,
    char *text)
{
    char                          *flags;
    ngx_uint_t                     i;
    const ngx_gemini_violation_t  *v;

    text += sprintf(text, "class %s\nscope %s\nprovenance %s\ndelay %llu\n",
                    ngx_gemini_class_name(verdict->class),
                    ngx_gemini_scope_name(verdict->scope),
                    ngx_gemini_provenance_name(verdict->provenance),
                    (unsigned long long) verdict->delay);

    flags = text + sprintf(text, "flags");
    text = flags;

    text += sprintf(text, "%s%s%s%s%s%s%s%s%s",
                    verdict->ran ? " ran" : "",
                    verdict->again ? " again" : "",
                    verdict->other_key ? " other_key" : "",
                    verdict->other_model ? " other_model" : "",
                    scrub ? " scrub" : "",
                    verdict->disable ? " disable" : "",
                    verdict->surface_only ? " surface_only" : "",
                    verdict->verb_only ? " verb_only" : "",
                    verdict->suspect ? " suspect" : "");

    text += sprintf(text, "%s\n", (text == flags) ? " -" : "");

    if (verdict->quota_id_len) {
        text += sprintf(text, "quota_id %.*s\n", (int) verdict->quota_id_len,
                        verdict->quota_id);
    }

    for (i = 0; i < verdict->nviolations; i++) {
        v = &verdict->violations[i];

        text += sprintf(text, "violation %s ", classify_limits[v->limit]);

        if (v->has_value) {
            text += sprintf(text, "%llu\n", (unsigned long long) v->value);

        } else {
            text += sprintf(text, "-\n");
        }
    }
}


static void
classify_no_answer(void)
{
    ngx_gemini_reply_t    reply;
    ngx_gemini_verdict_t  verdict;

    ngx_memzero(&reply, sizeof(ngx_gemini_reply_t));

    ngx_gemini_classify(&reply, &verdict);
    tap_is_int(verdict.class, NGX_GEMINI_TRANSPORT, "no answer");
    tap_ok(verdict.ran && verdict.again, "it may have run, and may again");
    tap_is_int(verdict.scope, NGX_GEMINI_SCOPE_SERVICE, "no key's fault");

    reply.timeout = 1;

    ngx_gemini_classify(&reply, &verdict);
    tap_is_int(verdict.class, NGX_GEMINI_TIMEOUT, "no answer in time");

    reply.status = 200;

    ngx_gemini_classify(&reply, &verdict);
    tap_is_int(verdict.class, NGX_GEMINI_TIMEOUT, "no first byte in time");
    tap_ok(verdict.ran && verdict.again, "it may have run, and may again");
}


static void
classify_heads(void)
{
    const head_t  *h;

    for (h = classify_table; h->text; h++) {
        classify_head(h->text, h->again, h->rc);
    }
}


/* byte by byte: undecided up to a point, then the same for good */

static void
classify_head(const char *text, size_t again, ngx_int_t want)
{
    size_t      i, len, bad;
    u_char     *copy;
    ngx_int_t   rc;

    len = strlen(text);
    bad = 0;

    for (i = 0; i <= len; i++) {
        copy = tap_copy(text, i);
        rc = ngx_gemini_classify_head(copy, i);

        free(copy);

        if (rc != (i <= again ? NGX_AGAIN : want)) {
            tap_diag("%d bytes: %d", (int) i, (int) rc);
            bad++;
        }
    }

    tap_is_int(bad, 0, "first bytes: %s", text);
}


static void
classify_names(void)
{
    ngx_uint_t     i, n;
    const name_t  *name;

    n = sizeof(classify_class_names) / sizeof(name_t);

    tap_is_int(n, NGX_GEMINI_CLASSES + 1, "all classes are in the table");

    for (i = 0; i < n; i++) {
        name = &classify_class_names[i];
        tap_is_str(ngx_gemini_class_name(name->class), name->name,
                   "name of class %d", (int) name->class);
    }

    tap_is_str(ngx_gemini_scope_name(NGX_GEMINI_SCOPE_ACCOUNT), "account",
               "a scope");
    tap_is_str(ngx_gemini_scope_name(NGX_GEMINI_SCOPE_POOL), "pool",
               "the last scope");
    tap_is_str(ngx_gemini_scope_name(NGX_GEMINI_SCOPES), "unknown",
               "no scope");
    tap_is_str(ngx_gemini_provenance_name(NGX_GEMINI_TOLD), "told",
               "a provenance");
    tap_is_str(ngx_gemini_provenance_name(NGX_GEMINI_SET), "set",
               "the last provenance");
    tap_is_str(ngx_gemini_provenance_name(NGX_GEMINI_SET + 1), "unknown",
               "no provenance");
}
