
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Answers of our own on each surface, byte for byte; unwrapping for OpenAI
 * clients; scrubbing.  What we write must also mean to classify what it says.
 */


#include "ngx_gemini_answer.h"
#include "ngx_gemini_classify.h"
#include "tap.h"


#define OUT_SIZE  4096
#define SECRET    "AIzaSyTESTTESTTESTTEST-_TESTTESTTESTTES"
#define XSECRET   "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"


typedef struct {
    const char                *text;
    const char                *want;       /* NULL: NGX_DECLINED */
} unwrap_t;


typedef struct {
    const char                *text;
    const char                *want;
    ngx_uint_t                 n;
} scrub_t;


static void answer_errors(void);
static void answer_quota(void);
static void answer_events(void);
static void answer_agrees(void);
static void answer_words(void);
static void answer_unwraps(void);
static void answer_scrubs(void);
static void answer_scrub(const scrub_t *s);
static void answer_is(const ngx_gemini_error_t *error, const char *want,
    const char *name);
static void answer_event_is(const ngx_gemini_error_t *error, ngx_uint_t go,
    const char *want, const char *name);


static u_char  answer_buf[OUT_SIZE];


static const unwrap_t  answer_unwrap_table[] = {

    { "[{\n  \"error\": {\n    \"code\": 400,\n"
      "    \"message\": \"Please pass a valid API key\",\n"
      "    \"status\": \"INVALID_ARGUMENT\"\n  }\n}\n]\n",
      "{\"error\":{\"message\":\"Please pass a valid API key\","
      "\"type\":\"invalid_request_error\",\"code\":\"INVALID_ARGUMENT\","
      "\"param\":null}}\n" },

    { "{\"error\":{\"code\":429,\"message\":\"a \\\"b\\\"\\n\xc3\xa9\","
      "\"status\":\"RESOURCE_EXHAUSTED\",\"details\":[{\"x\":[1]}]}}",
      "{\"error\":{\"message\":\"a \\\"b\\\"\\n\xc3\xa9\","
      "\"type\":\"rate_limit_error\",\"code\":\"RESOURCE_EXHAUSTED\","
      "\"param\":null}}\n" },

    { "[{\"error\":{\"message\":\"m\",\"code\":503}}]",
      "{\"error\":{\"message\":\"m\",\"type\":\"server_error\","
      "\"code\":\"UNAVAILABLE\",\"param\":null}}\n" },

    { "[{\"error\":{\"code\":404,\"status\":\"NOT_FOUND\"}}]",
      "{\"error\":{\"message\":\"\",\"type\":\"not_found_error\","
      "\"code\":\"NOT_FOUND\",\"param\":null}}\n" },

    { "[{\"error\":{\"code\":400,\"message\":\"\xff\",\"status\":\"X\"}}]",
      "{\"error\":{\"message\":\"\xef\xbf\xbd\","
      "\"type\":\"invalid_request_error\",\"code\":\"X\","
      "\"param\":null}}\n" },

    /* the shape that OpenAI clients read already */
    { "{\"error\":{\"message\":\"m\",\"type\":\"t\",\"code\":\"c\"}}", NULL },
    { "{\"error\":{\"message\":\"m\",\"status\":\"S\",\"param\":null}}",
      NULL },
    { "{\"error\":{\"code\":\"not_found\",\"message\":\"m\"}}", NULL },

    /* no error, not JSON, not whole */
    { "{\"choices\":[]}", NULL },
    { "[]", NULL },
    { "<!DOCTYPE html>", NULL },
    { "", NULL },
    { "[{\"error\":{\"code\":400,\"message\":\"m\",\"status\":\"X\"}}", NULL },

    { NULL, NULL }
};


static const scrub_t  answer_scrub_table[] = {

    { "no secret, 12 projects, 3 keys", "no secret, 12 projects, 3 keys", 0 },
    { "", "", 0 },

    { "key " SECRET ", again " SECRET, "key " XSECRET ", again " XSECRET, 2 },
    { SECRET, XSECRET, 1 },
    { "cut AIzaSyTEST", "cut xxxxxxxxxx", 1 },
    { "cut AIzaS", "cut AIzaS", 0 },
    { "AIzaSyTEST not at the end", "AIzaSyTEST not at the end", 0 },

    { "Consumer 'api_key:OTHER-key_1.x' has",
      "Consumer 'api_key:xxxxxxxxxxxxx' has", 1 },
    { "Consumer \\u0027api_key:OTHER\\u0027 has",
      "Consumer \\u0027api_key:xxxxx\\u0027 has", 1 },
    { "api_key: none", "api_key: none", 0 },
    { "\"api_key:" SECRET "\"", "\"api_key:" XSECRET "\"", 1 },

    { "projects/123456789012/x", "projects/xxxxxxxxxxxx/x", 1 },
    { "\"consumer\": \"projects/123\"", "\"consumer\": \"projects/xxx\"", 1 },
    { "\"consumer\":\"projects\\/123\"", "\"consumer\":\"projects\\/xxx\"",
      1 },
    { "in project 123456 before", "in project xxxxxx before", 1 },
    { "on Project #123.", "on Project #xxx.", 1 },
    { "project_number:123'", "project_number:xxx'", 1 },
    { "project number 123", "project number xxx", 1 },
    { "\"projectNumber\": \"123\"", "\"projectNumber\": \"xxx\"", 1 },
    { "overview?project=123 then", "overview?project=xxx then", 1 },
    { "overview?project\\u003d123 then", "overview?project\\u003dxxx then",
      1 },
    { "projects%2F123", "projects%2Fxxx", 1 },
    { "projects/123 projects/4", "projects/xxx projects/x", 2 },
    { "projects/my-project-123", "projects/my-project-123", 0 },
    { "a project 3d", "a project 3d", 0 },
    { "project123", "project123", 0 },
    { "PerProjectPerModel 20", "PerProjectPerModel 20", 0 },
    { "projects/", "projects/", 0 },

    { "{\"containerInfo\": \"123456\"}", "{\"containerInfo\": \"xxxxxx\"}",
      1 },
    { "{\"containerInfo\":\"a\\\"b\",\"c\":\"d\"}",
      "{\"containerInfo\":\"xxxx\",\"c\":\"d\"}", 1 },
    { "{\"containerInfo\":\"abc", "{\"containerInfo\":\"xxx", 1 },
    { "{\"containerInfo\":\"abc\\", "{\"containerInfo\":\"xxxx", 1 },
    { "{\"containerInfo\":\"\",\"c\":1}", "{\"containerInfo\":\"\",\"c\":1}",
      0 },
    { "{\"containerInfo\":{}}", "{\"containerInfo\":{}}", 0 },

    { NULL, NULL, 0 }
};


int
main(void)
{
    answer_errors();
    answer_quota();
    answer_events();
    answer_agrees();
    answer_words();
    answer_unwraps();
    answer_scrubs();

    return tap_done();
}


static void
answer_errors(void)
{
    ngx_gemini_error_t  error;

    ngx_memzero(&error, sizeof(ngx_gemini_error_t));

    error.status = 404;
    ngx_str_set(&error.message, "no \"such\" path\n");

    answer_is(&error, "{\"error\":{\"code\":404,\"message\":"
              "\"no \\\"such\\\" path\\n\",\"status\":\"NOT_FOUND\","
              "\"details\":[]}}\n", "native, the least");

    error.status = 503;
    error.reason = "MODEL_OVERLOADED";
    error.retry = 29001;
    ngx_str_set(&error.message, "busy");

    answer_is(&error, "{\"error\":{\"code\":503,\"message\":\"busy\","
              "\"status\":\"UNAVAILABLE\",\"details\":["
              "{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\","
              "\"reason\":\"MODEL_OVERLOADED\","
              "\"domain\":\"ngx_gemini_router\"},"
              "{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\","
              "\"retryDelay\":\"30s\"}]}}\n", "native with details");

    error.surface = NGX_GEMINI_SURFACE_OPENAI;
    answer_is(&error, "{\"error\":{\"message\":\"busy\","
              "\"type\":\"server_error\",\"code\":\"MODEL_OVERLOADED\","
              "\"param\":null}}\n", "OpenAI");

    error.reason = NULL;
    error.status = 400;
    error.array = 1;
    answer_is(&error, "{\"error\":{\"message\":\"busy\","
              "\"type\":\"invalid_request_error\","
              "\"code\":\"INVALID_ARGUMENT\",\"param\":null}}\n",
              "OpenAI, never an array");

    error.surface = NGX_GEMINI_SURFACE_INTERACTIONS;
    answer_is(&error, "{\"error\":{\"code\":\"invalid_request\","
              "\"message\":\"busy\"}}\n", "Interactions");

    error.surface = NGX_GEMINI_SURFACE_UPLOAD;
    error.array = 0;
    error.retry = 0;
    answer_is(&error, "{\"error\":{\"code\":400,\"message\":\"busy\","
              "\"status\":\"INVALID_ARGUMENT\",\"details\":[]}}\n",
              "upload, as native");
}


static void
answer_quota(void)
{
    ngx_gemini_error_t  error;

    ngx_memzero(&error, sizeof(ngx_gemini_error_t));

    error.status = 429;
    error.reason = "POOL_EXHAUSTED";
    error.retry = 1;
    error.day = 1;
    error.array = 1;
    ngx_str_set(&error.message, "spent");
    ngx_str_set(&error.model, "gemini-3.8-flash");

    answer_is(&error, "[{\"error\":{\"code\":429,\"message\":\"spent\","
              "\"status\":\"RESOURCE_EXHAUSTED\",\"details\":["
              "{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\","
              "\"reason\":\"POOL_EXHAUSTED\","
              "\"domain\":\"ngx_gemini_router\"},"
              "{\"@type\":\"type.googleapis.com/google.rpc.QuotaFailure\","
              "\"violations\":[{\"quotaId\":"
              "\"GenerateRequestsPerDayPerProjectPerModel\","
              "\"quotaDimensions\":{\"model\":\"gemini-3.8-flash\"}}]},"
              "{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\","
              "\"retryDelay\":\"1s\"}]}}]\n", "a day's quota, as an array");

    error.surface = NGX_GEMINI_SURFACE_INTERACTIONS;
    answer_is(&error, "{\"error\":{\"code\":\"quota_exceeded\","
              "\"message\":\"spent\"}}\n", "Interactions, a day's quota");

    error.day = 0;
    answer_is(&error, "{\"error\":{\"code\":\"rate_limit_exceeded\","
              "\"message\":\"spent\"}}\n", "Interactions, a minute's");

    error.surface = NGX_GEMINI_SURFACE_OPENAI;
    answer_is(&error, "{\"error\":{\"message\":\"spent\","
              "\"type\":\"rate_limit_error\",\"code\":\"POOL_EXHAUSTED\","
              "\"param\":null}}\n", "OpenAI, quota");

    error.surface = NGX_GEMINI_SURFACE_NATIVE;
    error.day = 1;
    error.array = 0;
    error.reason = NULL;
    error.retry = 0;
    error.model.len = 0;
    answer_is(&error, "{\"error\":{\"code\":429,\"message\":\"spent\","
              "\"status\":\"RESOURCE_EXHAUSTED\",\"details\":["
              "{\"@type\":\"type.googleapis.com/google.rpc.QuotaFailure\","
              "\"violations\":[{\"quotaId\":"
              "\"GenerateRequestsPerDayPerProjectPerModel\"}]}]}}\n",
              "a day's quota of no model");
}


static void
answer_events(void)
{
    ngx_gemini_error_t  error;

    ngx_memzero(&error, sizeof(ngx_gemini_error_t));

    error.status = 503;
    ngx_str_set(&error.message, "cut\r\n\r\noff");

    answer_event_is(&error, 0, "data: {\"error\":{\"code\":503,\"message\":"
                    "\"cut\\r\\n\\r\\noff\",\"status\":\"UNAVAILABLE\","
                    "\"details\":[]}}\r\n\r\n", "native");

    answer_event_is(&error, 1, "{\"error\":{\"code\":503,\"message\":"
                    "\"cut\\r\\n\\r\\noff\",\"status\":\"UNAVAILABLE\","
                    "\"details\":[]}}\r\n\r\n", "native for go-genai");

    error.surface = NGX_GEMINI_SURFACE_OPENAI;
    answer_event_is(&error, 1, "data: {\"error\":{\"message\":"
                    "\"cut\\r\\n\\r\\noff\",\"type\":\"server_error\","
                    "\"code\":503,\"param\":null}}\n\n", "OpenAI");

    error.surface = NGX_GEMINI_SURFACE_INTERACTIONS;
    answer_event_is(&error, 0, "event: error\ndata: {\"event_type\":"
                    "\"error\",\"error\":{\"code\":\"service_unavailable\","
                    "\"message\":\"cut\\r\\n\\r\\noff\"}}\n\n",
                    "Interactions");
}


/* another gateway in front of this one understands it */

static void
answer_agrees(void)
{
    ngx_uint_t            i;
    ngx_gemini_out_t      out;
    ngx_gemini_error_t    error;
    ngx_gemini_reply_t    reply;
    ngx_gemini_verdict_t  verdict;

    for (i = 0; i < NGX_GEMINI_SURFACES; i++) {

        ngx_memzero(&error, sizeof(ngx_gemini_error_t));
        ngx_memzero(&reply, sizeof(ngx_gemini_reply_t));

        error.surface = i;
        error.status = 503;
        ngx_str_set(&error.message, "m");

        ngx_gemini_out_init(&out, answer_buf, sizeof(answer_buf));
        ngx_gemini_answer_event(&out, &error, 0);

        reply.surface = i;
        reply.status = 200;
        reply.verb = NGX_GEMINI_VERB_STREAM;
        reply.body.data = answer_buf;
        reply.body.len = out.pos - answer_buf;

        ngx_gemini_classify(&reply, &verdict);
        tap_is_int(verdict.class, NGX_GEMINI_OVERLOADED,
                   "event of surface %d", (int) i);
        tap_is_int(ngx_gemini_classify_head(answer_buf, reply.body.len),
                   NGX_DECLINED, "head of surface %d", (int) i);
    }
}


static void
answer_words(void)
{
    tap_is_str(ngx_gemini_answer_status(429), "RESOURCE_EXHAUSTED", "429");
    tap_is_str(ngx_gemini_answer_status(401), "UNAUTHENTICATED", "401");
    tap_is_str(ngx_gemini_answer_status(404), "NOT_FOUND", "404");
    tap_is_str(ngx_gemini_answer_status(413), "INVALID_ARGUMENT", "413");
    tap_is_str(ngx_gemini_answer_status(502), "UNAVAILABLE", "502");
    tap_is_str(ngx_gemini_answer_status(504), "DEADLINE_EXCEEDED", "504");
    tap_is_str(ngx_gemini_answer_status(599), "INTERNAL", "599");
    tap_is_str(ngx_gemini_answer_status(0), "UNKNOWN", "no status");
    tap_is_str(ngx_gemini_answer_status(302), "UNKNOWN", "302");

    tap_is_int(ngx_gemini_answer_retry_after(0), 1, "at least a second");
    tap_is_int(ngx_gemini_answer_retry_after(1), 1, "1 ms");
    tap_is_int(ngx_gemini_answer_retry_after(1000), 1, "1 s");
    tap_is_int(ngx_gemini_answer_retry_after(1001), 2, "1.001 s");
    tap_is_int(ngx_gemini_answer_retry_after(60000), 60, "a minute");
}


static void
answer_unwraps(void)
{
    u_char            *copy;
    size_t             len;
    ngx_int_t          rc;
    const unwrap_t    *u;
    ngx_gemini_out_t   out;

    for (u = answer_unwrap_table; u->text; u++) {
        len = strlen(u->text);

        copy = tap_copy(u->text, len);

        ngx_gemini_out_init(&out, answer_buf, sizeof(answer_buf));
        rc = ngx_gemini_answer_unwrap(&out, copy, len);

        free(copy);

        tap_is_int(rc, u->want ? NGX_OK : NGX_DECLINED, "unwrap %s",
                   u->text);
        tap_is_mem(answer_buf, out.pos - answer_buf, u->want ? u->want : "",
                   "what is left of %s", u->text);
    }
}


static void
answer_scrubs(void)
{
    u_char          byte;
    ngx_str_t       none;
    const scrub_t  *s;

    for (s = answer_scrub_table; s->text; s++) {
        answer_scrub(s);
    }

    ngx_str_null(&none);
    byte = 'A';

    tap_is_int(ngx_gemini_answer_scrub(&byte, 1, &none), 0, "no secret");
    tap_is_int(byte, 'A', "nothing is scrubbed");
}


static void
answer_scrub(const scrub_t *s)
{
    u_char      *copy;
    size_t       len;
    ngx_str_t    secret;
    ngx_uint_t   n;

    len = strlen(s->text);

    copy = tap_copy(s->text, len);
    ngx_str_set(&secret, SECRET);

    n = ngx_gemini_answer_scrub(copy, len, &secret);

    tap_is_int(n, s->n, "scrub %s", s->text);
    tap_is_mem(copy, len, s->want, "what is left of %s", s->text);

    free(copy);
}


static void
answer_is(const ngx_gemini_error_t *error, const char *want,
    const char *name)
{
    ngx_gemini_out_t  out;

    ngx_gemini_out_init(&out, answer_buf, sizeof(answer_buf));
    ngx_gemini_answer_error(&out, error);

    tap_ok(!out.failed, "%s: it fits", name);
    tap_is_mem(answer_buf, out.pos - answer_buf, want, "%s", name);
}


static void
answer_event_is(const ngx_gemini_error_t *error, ngx_uint_t go,
    const char *want, const char *name)
{
    ngx_gemini_out_t  out;

    ngx_gemini_out_init(&out, answer_buf, sizeof(answer_buf));
    ngx_gemini_answer_event(&out, error, go);

    tap_is_mem(answer_buf, out.pos - answer_buf, want, "event: %s", name);
}
