
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Token counts from answers of every shape; each text whole and in pieces of
 * every small size.
 */


#include "ngx_gemini_usage.h"
#include "tap.h"


#define NATIVE    NGX_GEMINI_SURFACE_NATIVE
#define OPENAI    NGX_GEMINI_SURFACE_OPENAI
#define INTERACT  NGX_GEMINI_SURFACE_INTERACTIONS
#define LIVE      NGX_GEMINI_SURFACE_LIVE

#define BLANKS    40000


/*
 * says: prompt output thought cached total, the id, "*" per event, flags
 * (b boundary, l late error, d done)
 */

typedef struct {
    ngx_gemini_surface_e       surface;
    ngx_uint_t                 sse;
    const char                *text;
    const char                *says;
} test_usage_t;


static void test_row(const test_usage_t *row);
static void test_says(const ngx_gemini_usage_t *usage, char *says,
    size_t size);
static void test_bounds(void);
static void test_large(void);
static void test_feed(ngx_gemini_usage_t *usage, const test_usage_t *row,
    size_t len, size_t piece);


static const test_usage_t  test_table[] = {

    { NATIVE, 0, "", "-1 -1 -1 -1 -1 [] ." },

    /* native JSON */

    { NATIVE, 0,
      "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"hi\"}]}}],"
      "\"usageMetadata\":{\"promptTokenCount\":8,\"candidatesTokenCount\":44,"
      "\"totalTokenCount\":238,\"cachedContentTokenCount\":2,"
      "\"thoughtsTokenCount\":186,\"promptTokensDetails\":"
      "[{\"modality\":\"TEXT\",\"tokenCount\":8}]},"
      "\"responseId\":\"AdVRaMm\"}",
      "8 44 186 2 238 [AdVRaMm] ." },
    { NATIVE, 0,
      "\xef\xbb\xbf{ \"usageMetadata\" : {\n \"promptTokenCount\" : 8\n}\n}",
      "8 -1 -1 -1 -1 [] ." },
    { LIVE, 0, "{\"usageMetadata\":{\"responseTokenCount\":7}}",
      "-1 7 -1 -1 -1 [] ." },

    /* countTokens */

    { NATIVE, 0, "{\"totalTokens\":31,\"cachedContentTokenCount\":12,"
                 "\"promptTokensDetails\":[{\"tokenCount\":31}]}",
      "31 -1 -1 12 31 [] ." },
    { NATIVE, 0, "{\n  \"totalTokens\": 31\n}", "31 -1 -1 -1 31 [] ." },
    { NATIVE, 0, "{\"totalTokens\":\"31\",\"a\":5}", "-1 -1 -1 -1 -1 [] ." },
    { NATIVE, 0, "{\"totalTokens\":99999999999999999999999999999999999999}",
      "-1 -1 -1 -1 -1 [] ." },

    /* decoys */

    { NATIVE, 0,
      "{\"a\":\"\\\"usageMetadata\\\":{\\\"promptTokenCount\\\":1}\","
      "\"b\":{\"usageMetadata\":{\"promptTokenCount\":1},\"responseId\":"
      "\"x\",\"totalTokens\":1},\"c\":[{\"usageMetadata\":"
      "{\"promptTokenCount\":1}}],\"d\":\"usageMetadata\",\"e\":\"\\\\\","
      "\"usage\":{\"prompt_tokens\":1},\"id\":\"x\",\"f\":\"totalTokens\"}",
      "-1 -1 -1 -1 -1 [] ." },
    { NATIVE, 0, "{\"usageMetadata\":[{\"promptTokenCount\":1}],"
                 "\"responseId\":{\"a\":\"x\"}}", "-1 -1 -1 -1 -1 [] ." },
    { NATIVE, 0, "{\"usageMetadata\":{\"a\":\"}\\\"}\",\"b\":[{},\"]\"],"
                 "\"promptTokenCount\":5},\"responseId\":\"r\"}",
      "5 -1 -1 -1 -1 [r] ." },
    { NATIVE, 0, "{\"usageMetadata\":{\"promptTokenCount\":-5,"
                 "\"totalTokenCount\":\"9\"}}", "-1 -1 -1 -1 -1 [] ." },
    { NATIVE, 0, "{\"usageMetadata\":{\"promptTokenCount\":1.2e1,"
                 "\"totalTokenCount\":12345678901234567890123456789012345,"
                 "\"thoughtsTokenCount\":1000000000000000000}}",
      "12 -1 1000000000000000000 -1 -1 [] ." },
    { NATIVE, 0, "{\"usageMetadata\":{\"a\":{\"promptTokenCount\":5},"
                 "\"promptTokensDetails\":{\"totalTokenCount\":5},"
                 "\"candidatesTokenCount\":{\"b\":5},\"totalTokenCount\":[5]}"
                 ",\"error\":5,\"responseId\":5}", "-1 -1 -1 -1 -1 [] ." },
    { NATIVE, 0, "{\"usageMetadata\":{\"promptTokenCount\":5",
      "-1 -1 -1 -1 -1 [] ." },
    { NATIVE, 0, "]}}{\"usageMetadata\":{\"promptTokenCount\":5}}",
      "5 -1 -1 -1 -1 [] ." },

    /* an array of answers, the last wins, what it lacks is kept */

    { NATIVE, 0,
      "[{\n\"usageMetadata\": {\"promptTokenCount\": 8,"
      "\"candidatesTokenCount\": 4}, \"responseId\": \"a\"\n}\n,\r\n{"
      "\"usageMetadata\": {\"candidatesTokenCount\": 9},\"responseId\":"
      "\"b\"}\n]\n", "8 9 -1 -1 -1 [b] ." },
    { NATIVE, 0, "[{\"error\":{\"code\":429}}]", "-1 -1 -1 -1 -1 [] ." },
    { NATIVE, 0, "[{\"a\":1},{\"error\":{\"code\":503}}]",
      "-1 -1 -1 -1 -1 [] .l" },
    { NATIVE, 0, "{\"a\":1,\"error\":{\"code\":503}}",
      "-1 -1 -1 -1 -1 [] ." },
    { NATIVE, 0, "[[{\"usageMetadata\":{\"promptTokenCount\":1}}]]",
      "-1 -1 -1 -1 -1 [] ." },

    /* native SSE */

    { NATIVE, 1,
      "data: {\"usageMetadata\": {\"promptTokenCount\": 8,"
      "\"totalTokenCount\": 8},\"responseId\": \"r\"}\r\n\r\n"
      "data: {\"candidates\": [{}]}\r\n\r\n"
      "data: {\"usageMetadata\": {\"candidatesTokenCount\": 5,"
      "\"totalTokenCount\": 13}}\r\n\r\n",
      "8 5 -1 -1 13 [r] ***.b" },
    { NATIVE, 1, "data:{\"usageMetadata\":{\"promptTokenCount\":8}}\n\n",
      "8 -1 -1 -1 -1 [] *.b" },
    { NATIVE, 1, "data: {\"usageMetadata\":{\"promptTokenCount\":8}}\r\r",
      "8 -1 -1 -1 -1 [] *.b" },
    { NATIVE, 1, "\xef\xbb\xbf"
                 "data: {\"usageMetadata\":{\"promptTokenCount\":8}}\n\n",
      "8 -1 -1 -1 -1 [] *.b" },
    { NATIVE, 1, "data: {\"usageMetadata\":\ndata: {\"promptTokenCount\":8}"
                 "\ndata: }\n\n", "8 -1 -1 -1 -1 [] *.b" },
    { NATIVE, 1, "data: {}\n", "-1 -1 -1 -1 -1 [] ." },
    { NATIVE, 1, "data: {}\r\n\r", "-1 -1 -1 -1 -1 [] *." },
    { NATIVE, 1, "data: {}\n\ndata", "-1 -1 -1 -1 -1 [] *." },
    { NATIVE, 1, "data: {}\r\r\n", "-1 -1 -1 -1 -1 [] *.b" },
    { NATIVE, 1, "data: {}\n\r\n", "-1 -1 -1 -1 -1 [] *.b" },

    /* an event cut midway does not spoil the next */

    { NATIVE, 1,
      "data: {\"a\":\"b\n\ndata: {\"usageMetadata\":{\"promptTokenCount\":8}"
      "}\n\n", "8 -1 -1 -1 -1 [] **.b" },
    { NATIVE, 1,
      "data: {\"usageMetadata\":{\"promptTokenCount\n\n"
      "data: {\"usageMetadata\":{\"promptTokenCount\":8}}\n\n",
      "8 -1 -1 -1 -1 [] **.b" },

    /* lines that are no data */

    { NATIVE, 1,
      ": {\"usageMetadata\":{\"promptTokenCount\":1}}\n"
      "event: {\"usageMetadata\":{\"promptTokenCount\":1}}\n"
      "datum: {\"usageMetadata\":{\"promptTokenCount\":1}}\n"
      "data\nid: 1\nretry: 1\n"
      "data: {\"usageMetadata\":{\"promptTokenCount\":8}}\n\n: ping\n\n",
      "8 -1 -1 -1 -1 [] *.b" },

    /* errors after the first event */

    { NATIVE, 1, "data: {\"error\":{\"code\":503}}\n\n",
      "-1 -1 -1 -1 -1 [] *.b" },
    { NATIVE, 1, "data: {}\n\ndata: {\"error\":{\"code\":503}}\n\n",
      "-1 -1 -1 -1 -1 [] **.bl" },
    { NATIVE, 1, "data: {}\n\ndata: [{\"error\":{\"code\":503}}]\n\n",
      "-1 -1 -1 -1 -1 [] **.bl" },
    { NATIVE, 1, "data: {}\n\n{\"error\":{\"code\":503}}",
      "-1 -1 -1 -1 -1 [] *.l" },
    { NATIVE, 1, "data: {}\r\n\r\n{\r\n  \"error\": {\r\n    \"code\": 503"
                 "\r\n  }\r\n}\r\n\r\ndata: {}\r\n\r\n",
      "-1 -1 -1 -1 -1 [] **.bl" },
    { NATIVE, 1, "data: {}\n\n[{\"error\":{\"code\":503}}]\n"
                 "data: {\"responseId\":\"r\"}\n\n",
      "-1 -1 -1 -1 -1 [r] **.bl" },
    { NATIVE, 1, "data: {}\n\ndata: {\"a\":{\"error\":{}},\"error\":null,"
                 "\"b\":\"error\"}\n\n", "-1 -1 -1 -1 -1 [] **.b" },

    /* OpenAI: thoughts are in the total alone, or named */

    { OPENAI, 0, "{\"id\":\"c1\",\"usage\":{\"completion_tokens\":25,"
                 "\"prompt_tokens\":11,\"total_tokens\":727,"
                 "\"prompt_tokens_details\":{\"cached_tokens\":4}}}",
      "11 25 691 4 727 [c1] ." },
    { OPENAI, 0, "{\"usage\":{\"completion_tokens\":25,\"prompt_tokens\":11,"
                 "\"total_tokens\":36}}", "11 25 -1 -1 36 [] ." },
    { OPENAI, 0, "{\"usage\":{\"completion_tokens\":25,\"prompt_tokens\":11,"
                 "\"total_tokens\":36,\"completion_tokens_details\":"
                 "{\"reasoning_tokens\":20}}}", "11 5 20 -1 36 [] ." },
    { OPENAI, 0, "{\"usage\":{\"completion_tokens\":25,\"prompt_tokens\":11,"
                 "\"total_tokens\":56,\"completion_tokens_details\":"
                 "{\"reasoning_tokens\":20}}}", "11 25 20 -1 56 [] ." },
    { OPENAI, 0, "{\"usage\":{\"reasoning_tokens\":1,\"cached_tokens\":1,"
                 "\"completion_tokens_details\":{\"cached_tokens\":2,"
                 "\"total_tokens\":2,\"x\":{\"reasoning_tokens\":2}},"
                 "\"prompt_tokens_details\":3,\"total_tokens\":4},\"id\":"
                 "\"c\"}", "-1 -1 -1 -1 4 [c] ." },
    { OPENAI, 0, "{\"usage\":{\"prompt_tokens\":11,\"total_tokens\":11}}",
      "11 -1 -1 -1 11 [] ." },
    { OPENAI, 0, "{\"usage\":{\"completion_tokens\":9223372036854775807,"
                 "\"prompt_tokens\":11,\"total_tokens\":5}}",
      "11 9223372036854775807 -1 -1 5 [] ." },
    { OPENAI, 1,
      "data: {\"choices\":[],\"id\":\"c\"}\n\n"
      "data: {\"usage\":{\"completion_tokens\":2,\"prompt_tokens\":3,"
      "\"total_tokens\":9},\"id\":\"c\"}\n\ndata: [DONE]\n\n",
      "3 2 4 -1 9 [c] ***.bd" },
    { OPENAI, 1, "data:[DONE]\r\n", "-1 -1 -1 -1 -1 [] .d" },
    { OPENAI, 1, "data: [DONE] \n\n", "-1 -1 -1 -1 -1 [] *.bd" },
    { OPENAI, 1, "data: [DONE]x\n\ndata: [DON E]\n\ndata: [DONE\n\n",
      "-1 -1 -1 -1 -1 [] ***.b" },

    /* interactions */

    { INTERACT, 0, "{\"id\":\"i1\",\"usage\":{\"total_input_tokens\":7,"
                   "\"total_output_tokens\":20,\"total_thought_tokens\":22,"
                   "\"total_cached_tokens\":1,\"total_tokens\":49,"
                   "\"input_tokens_by_modality\":[{\"tokens\":7}]}}",
      "7 20 22 1 49 [i1] ." },
    { INTERACT, 1,
      "event: interaction.created\ndata: {\"interaction\":{\"id\":\"i2\","
      "\"x\":{\"usage\":{\"total_tokens\":1}}},\"usage\":{}}\n\n"
      "event: interaction.completed\ndata: {\"event_type\":"
      "\"interaction.completed\",\"interaction\":{\"status\":\"completed\","
      "\"usage\":{\"total_input_tokens\":7,\"total_tokens\":49},\"a\":1},"
      "\"event_id\":\"e\"}\n\nevent: done\ndata: [DONE]\n\n",
      "7 -1 -1 -1 49 [i2] ***.bd" },
    { INTERACT, 1, "data: {\"interaction\":{\"interaction\":{\"id\":\"x\"}},"
                   "\"id\":\"i\"}\n\n", "-1 -1 -1 -1 -1 [i] *.b" }
};


int
main(void)
{
    size_t  i;

    for (i = 0; i < sizeof(test_table) / sizeof(test_usage_t); i++) {
        test_row(&test_table[i]);
    }

    test_bounds();
    test_large();

    return tap_done();
}


static void
test_row(const test_usage_t *row)
{
    int                  n;
    char                 says[256];
    size_t               piece, len;
    ngx_gemini_usage_t   usage;

    n = (int) (row - test_table);
    len = strlen(row->text);

    test_feed(&usage, row, len, len);
    test_says(&usage, says, sizeof(says));
    tap_is_str(says, row->says, "answer %d", n);
    tap_is_int((int) usage.size, (int) len, "size of answer %d", n);

    for (piece = 1; piece < len; piece++) {
        test_feed(&usage, row, len, piece);
        test_says(&usage, says, sizeof(says));

        if (strcmp(says, row->says) != 0) {
            break;
        }
    }

    tap_is_str(says, row->says, "answer %d in pieces of %d", n, (int) piece);
}


static void
test_says(const ngx_gemini_usage_t *usage, char *says, size_t size)
{
    int  events;

    events = (int) usage->events;

    snprintf(says, size, "%lld %lld %lld %lld %lld [%.*s] %.*s.%s%s%s",
             (long long) usage->tokens.prompt,
             (long long) usage->tokens.output,
             (long long) usage->tokens.thought,
             (long long) usage->tokens.cached,
             (long long) usage->tokens.total,
             (int) usage->id_len, usage->id, events, "*****",
             usage->boundary ? "b" : "", usage->late_error ? "l" : "",
             usage->done ? "d" : "");
}


static void
test_bounds(void)
{
    char                *text, *p;
    test_usage_t         row;
    ngx_gemini_usage_t   usage;

    /* an object of any size counts, one that does not end never */

    text = malloc(BLANKS + 256);
    row.surface = NATIVE;
    row.sse = 0;
    row.text = text;

    p = text + sprintf(text, "[{\"usageMetadata\":");
    p += sprintf(p, "{\"promptTokenCount\":5%*s", BLANKS, "");

    test_feed(&usage, &row, p - text, 1000);
    tap_is_int((int) usage.tokens.prompt, -1, "an object without its end");

    p += sprintf(p, "}},");

    test_feed(&usage, &row, p - text, 1000);
    tap_is_int((int) usage.tokens.prompt, 5, "an object of %d bytes",
               BLANKS);

    p += sprintf(p, "{\"usageMetadata\":{\"promptTokenCount\":6}}]");

    test_feed(&usage, &row, p - text, 1000);
    tap_is_int((int) usage.tokens.prompt, 6, "the next one");

    p = text + sprintf(text, "{\"responseId\":\"");
    memset(p, 'r', NGX_GEMINI_USAGE_ID + 1);
    p += NGX_GEMINI_USAGE_ID + 1;
    p += sprintf(p, "\",\"totalTokens\":3}");

    test_feed(&usage, &row, p - text, 9);
    tap_is_int((int) usage.id_len, NGX_GEMINI_USAGE_ID, "a long id is cut");
    tap_is_int((int) usage.tokens.total, 3, "what stands behind it");

    p = text + sprintf(text, "{\"");
    memset(p, 'k', 100);
    p += 100;
    p += sprintf(p, "\":1,\"totalTokens\":3}");

    test_feed(&usage, &row, p - text, 9);
    tap_is_int((int) usage.tokens.total, 3, "behind a long key");

    free(text);
}


static void
test_large(void)
{
    char                *text, *p;
    size_t               i, len;
    test_usage_t         row;
    ngx_gemini_usage_t   usage;

    len = 10 * 1024 * 1024;
    text = malloc(len + 256);

    p = text + sprintf(text, "data: {\"a\":\"");

    for (i = 0; i < len; i++) {
        *p++ = (i & 0x3f) ? 'A' : '\\';
    }

    p += sprintf(p, "\",\"usageMetadata\":{\"promptTokenCount\":5}}\r\n\r\n");

    row.surface = NATIVE;
    row.sse = 1;
    row.text = text;

    for (i = 1000; i <= len; i *= 100) {
        test_feed(&usage, &row, p - text, i);
        tap_ok(usage.tokens.prompt == 5 && usage.events == 1,
               "an event of 10 MB in pieces of %d", (int) i);
    }

    free(text);
}


static void
test_feed(ngx_gemini_usage_t *usage, const test_usage_t *row, size_t len,
    size_t piece)
{
    size_t         n;
    u_char        *copy;
    const u_char  *p, *end;

    p = (const u_char *) row->text;
    end = p + len;

    ngx_gemini_usage_init(usage, row->sse, row->surface);

    while (p < end) {
        n = ngx_min(piece, (size_t) (end - p));
        copy = malloc(n);
        memcpy(copy, p, n);
        ngx_gemini_usage_feed(usage, copy, n);
        free(copy);
        p += n;
    }
}
