
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Resources named in request bodies: each text whole, in pieces of every
 * size, and cut in two at every place.
 */


#include "ngx_gemini_body.h"
#include "ngx_gemini_mention.h"
#include "heap.h"
#include "refs.h"


#define HOST  "https://generativelanguage.googleapis.com/v1beta/"
#define URL   "https:\\/\\/generativelanguage.googleapis.com\\/v1beta\\/"


/*
 * says: flags (f failed, g signature, c cached, n continuation, b background,
 * s store is false), then each reference as "kind name"
 */

typedef struct {
    const char                *body;
    const char                *says;
} test_body_t;


typedef struct {
    const char                *name;
    ngx_gemini_mention_e       asks;
    ngx_gemini_mention_e       tells;
} test_member_t;


static void test_members(void);
static void test_bodies(void);
static void test_body(const test_body_t *row, size_t first, size_t piece,
    char *says);
static void test_flags(void);
static void test_full(void);
static void test_deep(void);
static void test_long(void);


#define ALWAYS(name, kind)                                                    \
    { name, NGX_GEMINI_MENTION_ ## kind, NGX_GEMINI_MENTION_ ## kind }
#define ASKS(name, kind)                                                      \
    { name, NGX_GEMINI_MENTION_ ## kind, NGX_GEMINI_MENTION_NONE }
#define TELLS(name, kind)                                                     \
    { name, NGX_GEMINI_MENTION_NONE, NGX_GEMINI_MENTION_ ## kind }


static const test_member_t  test_members_table[] = {
    ALWAYS("uri", URI), ALWAYS("fileUri", URI), ALWAYS("file_uri", URI),
    ASKS("fileName", URI), ASKS("file_name", URI),
    ASKS("url", URI),
    ALWAYS("downloadUri", URI), ALWAYS("download_uri", URI),
    ALWAYS("responsesFile", URI), ALWAYS("responses_file", URI),
    ASKS("agent", URI), ASKS("base_agent", URI), ASKS("voice", URI),
    ASKS("base_voice", URI), ASKS("source", URI),
    ALWAYS("file_id", FILE), ALWAYS("input_file_id", FILE),
    ALWAYS("output_file_id", FILE), ALWAYS("error_file_id", FILE),
    ALWAYS("cachedContent", CACHE), ALWAYS("cached_content", CACHE),
    ASKS("fileSearchStoreNames", STORE),
    ASKS("file_search_store_names", STORE),
    ALWAYS("previous_interaction_id", INTERACTION),
    ALWAYS("previousInteractionId", INTERACTION),
    TELLS("interaction_id", INTERACTION),
    ALWAYS("environment", WHERE), ALWAYS("environment_id", ENVIRONMENT),
    ASKS("base_environment", ENVIRONMENT),
    ASKS("from_environment", ENVIRONMENT), ASKS("credential", CREDENTIAL),
    ALWAYS("continuationToken", CONTINUATION),
    ALWAYS("continuation_token", CONTINUATION),
    TELLS("nextPageToken", PAGE), TELLS("next_page_token", PAGE),
    ASKS("thoughtSignature", SIGNATURE), ASKS("thought_signature", SIGNATURE),
    ASKS("signature", SIGNATURE),
    TELLS("name", NAME), TELLS("id", ID),
    TELLS("file", ITEM), TELLS("interaction", ITEM), TELLS("batch", ITEM),
    { "response", NGX_GEMINI_MENTION_MUTE, NGX_GEMINI_MENTION_ITEM },
    TELLS("metadata", LABELS),
    ALWAYS("args", MUTE), ALWAYS("arguments", MUTE),
    TELLS("input", MUTE), TELLS("result", MUTE), TELLS("labels", MUTE),
    TELLS("tools", MUTE), TELLS("parameters", MUTE),
    TELLS("customMetadata", MUTE), TELLS("custom_metadata", MUTE),
    TELLS("inlinedResponses", MUTE), TELLS("inlined_responses", MUTE),
    TELLS("steps", QUIET), TELLS("step", QUIET), TELLS("outputs", QUIET),
    TELLS("content", QUIET), TELLS("contents", QUIET),
    TELLS("candidates", QUIET), TELLS("delta", QUIET), TELLS("parts", QUIET),
    ALWAYS("", NONE), ALWAYS("x", NONE),
    ALWAYS("Uri", NONE), ALWAYS("displayName", NONE),
    ALWAYS("previous_interaction_ids", NONE)
};


static const test_body_t  test_bodies_table[] = {

    /* gemini-api.md 1.8, both spellings */

    { "{\"contents\":[{\"parts\":[{\"fileData\":{\"fileUri\":\"" HOST
      "files/abc\"}}]}]}", ". file files/abc" },
    { "{\"contents\":[{\"parts\":[{\"file_data\":{\"file_uri\":\"" URL
      "files\\/abc\"}}]}]}", ". file files/abc" },
    { "{\"contents\":[{\"parts\":[{\"fileData\":{\"fileUri\":"
      "\"https://youtu.be/files/abc\"}},{\"fileData\":{\"fileUri\":"
      "\"gs://b/files/abc\"}}]}]}", "." },
    { "{\"url\":\"" URL "files/abc\"}", ". file files/abc" },

    /* of Google's host, but nothing that we know */

    { "{\"uri\":\"" HOST "Files/abc\"}",
      ". file " HOST "Files/abc" },
    { "{\"uri\":\"https://GenerativeLanguage%2egoogleapis.com/files/a\"}",
      ". file https://GenerativeLanguage%2egoogleapis.com/files/a" },
    { "{\"uri\":\"http:\\\\eu-generativelanguage.x\\\\a\"}",
      ". file http:\\eu-generativelanguage.x\\a" },
    { "{\"uri\":\"" HOST "files/abc/../def\"}",
      ". file v1beta/files/abc/../def" },
    { "{\"uri\":\"https://example.com/generativelanguage\"}", "." },
    { "{\"uri\":\"data:image/png;base64,generativelanguage\"}", "." },

    { "{\"fileName\":\"files/abc\"}", ". file files/abc" },
    { "{\"file_name\":\"files/abc\"}", ". file files/abc" },
    { "{\"batch\":{\"inputConfig\":{\"fileName\":\"files/abc\"}}}",
      ". file files/abc" },
    { "{\"batch\":{\"input_config\":{\"file_name\":\"files/abc\"}}}",
      ". file files/abc" },
    { "{\"input\":[{\"type\":\"image\",\"uri\":\"" HOST "files/abc\"}]}",
      ". file files/abc" },
    { "{\"input_file_id\":\"files/abc\",\"endpoint\":\"/v1/x\"}",
      ". file files/abc" },
    { "{\"input_file_id\":\"abc\"}", ". file files/abc" },
    { "{\"messages\":[{\"content\":[{\"file\":{\"file_id\":\"abc\"}}]}]}",
      ". file files/abc" },
    { "{\"cachedContent\":\"cachedContents/c\"}",
      "c. cache cachedContents/c" },
    { "{\"cached_content\":\"cachedContents/c\"}",
      "c. cache cachedContents/c" },
    { "{\"extra_body\":{\"google\":{\"cached_content\":"
      "\"cachedContents/c\"}}}", "c. cache cachedContents/c" },
    { "{\"google\":{\"cached_content\":\"c\"}}",
      "c. cache cachedContents/c" },
    { "{\"tools\":[{\"fileSearch\":{\"fileSearchStoreNames\":"
      "[\"fileSearchStores/a\",\"fileSearchStores/b\"]}}]}",
      ". store fileSearchStores/a store fileSearchStores/b" },
    { "{\"tools\":[{\"file_search\":{\"file_search_store_names\":"
      "[\"fileSearchStores/a\" , \"b\" ]}}]}",
      ". store fileSearchStores/a store fileSearchStores/b" },
    { "{\"previous_interaction_id\":\"v1_i\"}",
      ". interaction interactions/v1_i" },
    { "{\"environment\":\"environments/e\",\"agent\":\"agents/a\"}",
      ". environment environments/e agent agents/a" },
    { "{\"environment\":{\"type\":\"remote\",\"environment_id\":\"e\"}}",
      ". environment environments/e" },
    { "{\"environment\":\"e\"}", ". environment environments/e" },
    { "{\"environment\":\"remote\",\"agent\":\"deep-research\"}", "." },
    { "{\"tools\":[{\"environment\":\"browser\"}],\"base_voice\":\"Puck\"}",
      "." },
    { "{\"voice\":\"voices/v\",\"credential\":\"k\"}",
      ". voice voices/v credential credentials/k" },
    { "{\"model\":\"tunedModels/t\"}", ". tuned_model tunedModels/t" },
    { "{\"model\":\"models/m\"}", "." },
    { "{\"semanticRetriever\":{\"source\":\"corpora/c\"}}",
      ". corpus corpora/c" },
    { "{\"instances\":[{\"video\":{\"uri\":\"" HOST
      "files/v:download?alt=media\"}}]}", ". file files/v" },
    { "{\"continuationToken\":\"ab\\/c\\u003d\"}",
      "n. continuation continuation" },
    { "{\"continuation_token\":\"abc\",\"previous_interaction_id\":\"i\"}",
      "n. continuation continuation interaction interactions/i" },
    { "{\"contents\":[{\"parts\":[{\"text\":\"t\",\"thoughtSignature\":"
      "\"abc\"}]}]}", "g." },
    { "{\"contents\":[{\"parts\":[{\"thought_signature\":\"abc\"}]}]}",
      "g." },
    { "{\"messages\":[{\"tool_calls\":[{\"extra_content\":{\"google\":"
      "{\"thought_signature\":\"abc\"}}}]}]}", "g." },

    /* no strings, empty ones */

    { "{\"cachedContent\":\"\",\"continuationToken\":\"\","
      "\"thoughtSignature\":\"\",\"fileUri\":\"\"}", "." },
    { "{\"cachedContent\":null,\"fileUri\":1,\"uri\":{\"x\":\"files/a\"},"
      "\"thoughtSignature\":true}", "." },
    { "{\"fileUri\":{\"fileUri\":[1,[\"files/a\"],{\"x\":\"files/b\"},"
      "\"files/c\"]}}", ". file files/c" },
    { "{\"uri\":[{\"uri\":[\"files/a\"]},\"files/b\"],\"x\":[\"files/c\"]}",
      ". file files/a file files/b" },
    { "{\"uri\":1,\"x\":\"files/a\",\"y\":[\"files/b\"]}", "." },

    /* the same twice; several */

    { "{\"uri\":\"files/a\",\"fileUri\":\"" URL "files/a\"}",
      ". file files/a" },
    { "{\"uri\":\"files/a\",\"fileUri\":\"files/b\",\"cachedContent\":\"c\"}",
      "c. file files/a file files/b cache cachedContents/c" },

    /* escapes */

    { "{\"file\\u0055ri\":\"f\\u0069les\\/a\"}", ". file files/a" },
    { "{\"\\u0063\\u0061\\u0063\\u0068\\u0065\\u0064\\u0043\\u006f\\u006e"
      "\\u0074\\u0065\\u006e\\u0074\":\"c\"}", "c. cache cachedContents/c" },
    { "{\"x\":{\"\\q\":1,\"uri\":\"files/a\"}}", ". file files/a" },
    { "{\"uri\":\"files/a\\q\"}", ". file files/a" },
    { "{\"x\":\"\\\"uri\\\":\\\"files/a\\\"\"}", "." },
    { "{\"x\":[\"uri\",\"files/a\"]}", "." },

    /* what a function is called with is no business of Google's */

    { "{\"args\":{\"uri\":\"files/a\",\"x\":[{\"uri\":\"files/b\"}]},"
      "\"response\":{\"uri\":\"files/c\"},\"arguments\":[{\"uri\":"
      "\"files/d\"}],\"uri\":\"files/e\"}", ". file files/e" },
    { "{\"args\":\"x\",\"a\":{\"uri\":\"files/a\"}}", ". file files/a" },
    { "{\"name\":\"files/a\",\"id\":\"files/b\"}", "." },

    /* flags of the top */

    { "{\"background\":true,\"store\":false}", "bs." },
    { "{\"background\":false,\"store\":true}", "." },
    { "{\"background\":true,\"background\":false,\"store\":false,"
      "\"store\":null}", "." },
    { "{\"background\":\"true\",\"store\":\"false\"}", "." },
    { "{\"a\":{\"background\":true,\"store\":false}}", "." },
    { "{\"background\":[true],\"store\":[false]}", "." },

    /* what was read before it could not be read */

    { "{\"uri\":\"files/a\",'uri':'files/b'}", "f. file files/a" },
    { "{\"cachedContent\":\"c\"", "fc. cache cachedContents/c" },
    { "{\"uri\":\"files/a", "f." }
};


int
main(void)
{
    test_members();
    test_bodies();
    test_flags();
    test_full();
    test_deep();
    test_long();

    return tap_done();
}


static void
test_members(void)
{
    size_t                len;
    u_char               *copy;
    ngx_uint_t            i;
    const test_member_t  *row;

    for (i = 0; i < sizeof(test_members_table) / sizeof(test_member_t); i++) {
        row = &test_members_table[i];
        len = strlen(row->name);
        copy = tap_copy(row->name, len);

        tap_is_int(ngx_gemini_word_find(&ngx_gemini_mention_requests, copy,
                                        len),
                   row->asks, "\"%s\" in a request", row->name);
        tap_is_int(ngx_gemini_word_find(&ngx_gemini_mention_answers, copy,
                                        len),
                   row->tells, "\"%s\" in an answer", row->name);

        free(copy);
    }
}


static void
test_bodies(void)
{
    int                 n;
    char                says[1024];
    size_t              i, len;
    const test_body_t  *row;

    for (n = 0; n < (int) (sizeof(test_bodies_table) / sizeof(test_body_t));
         n++)
    {
        row = &test_bodies_table[n];
        len = strlen(row->body);

        test_body(row, len, len, says);
        tap_is_str(says, row->says, "body %d", n);

        for (i = 1; i < len; i++) {
            test_body(row, i, len, says);

            if (strcmp(says, row->says) != 0) {
                break;
            }

            test_body(row, i, i, says);

            if (strcmp(says, row->says) != 0) {
                break;
            }
        }

        tap_is_str(says, row->says, "body %d cut at %d", n, (int) i);
    }
}


static void
test_body(const test_body_t *row, size_t first, size_t piece, char *says)
{
    size_t              n;
    u_char             *copy;
    heap_t              heap;
    const char         *p, *end;
    ngx_gemini_ref_t    elts[8];
    ngx_gemini_refs_t   refs;
    ngx_gemini_body_t   body;

    heap_init(&heap);
    refs_init(&refs, elts, 8);

    ngx_gemini_body_init(&body,
                         NGX_GEMINI_BODY_TOP | NGX_GEMINI_BODY_MENTIONS,
                         &refs, heap_alloc, &heap);

    p = row->body;
    end = p + strlen(p);

    for (n = first; p < end; n = piece) {
        n = ngx_min(n, (size_t) (end - p));
        copy = tap_copy(p, n);
        ngx_gemini_body_feed(&body, copy, n);
        free(copy);
        p += n;
    }

    ngx_gemini_body_end(&body);
    heap_free(&heap);

    says += sprintf(says, "%s%s%s%s%s%s.%s", body.failed ? "f" : "",
                    body.signature ? "g" : "", body.cached ? "c" : "",
                    body.continuation ? "n" : "", body.background ? "b" : "",
                    body.store_false ? "s" : "", refs.nelts ? " " : "");

    refs_says(&refs, says);
}


/* without a list the flags alone; without MENTIONS nothing */

static void
test_flags(void)
{
    ngx_gemini_body_t  body;

    static u_char  text[] = "{\"cachedContent\":\"c\",\"uri\":\"files/a\","
                            "\"continuationToken\":\"t\",\"signature\":\"s\","
                            "\"store\":false,\"background\":true}";

    ngx_gemini_body_init(&body, NGX_GEMINI_BODY_MENTIONS, NULL, NULL, NULL);
    ngx_gemini_body_feed(&body, text, sizeof(text) - 1);
    ngx_gemini_body_end(&body);

    tap_ok(body.cached && body.continuation && body.signature && body.store
           && body.store_false && body.background && !body.failed, "flags");

    ngx_gemini_body_init(&body, NGX_GEMINI_BODY_TOP, NULL, NULL, NULL);
    ngx_gemini_body_feed(&body, text, sizeof(text) - 1);
    ngx_gemini_body_end(&body);

    tap_ok(!body.cached && !body.continuation && !body.signature && body.store
           && body.store_false && body.background && !body.failed,
           "those of the top alone");
}


static void
test_full(void)
{
    char                text[8192], *p;
    heap_t              heap;
    ngx_uint_t          i;
    ngx_gemini_ref_t    elts[NGX_GEMINI_REFS];
    ngx_gemini_refs_t   refs;
    ngx_gemini_body_t   body;

    heap_init(&heap);
    refs_init(&refs, elts, NGX_GEMINI_REFS);

    p = text + sprintf(text, "{\"fileSearchStoreNames\":[");

    for (i = 0; i <= NGX_GEMINI_REFS; i++) {
        p += sprintf(p, "\"fileSearchStores/s%d\",", (int) i);
    }

    p += sprintf(p, "],\"cachedContent\":\"c\"}");

    ngx_gemini_body_init(&body, NGX_GEMINI_BODY_MENTIONS, &refs,
                         heap_alloc, &heap);
    ngx_gemini_body_feed(&body, (u_char *) text, p - text);
    ngx_gemini_body_end(&body);
    heap_free(&heap);

    tap_ok(refs.overflow && refs.nelts == NGX_GEMINI_REFS && body.cached
           && !body.failed, "more than there is room for");
}


/* as deep as a body may be, and lists inside lists all the way */

static void
test_deep(void)
{
    char                text[16384], *p;
    heap_t              heap;
    ngx_uint_t          i, n;
    ngx_gemini_ref_t    elts[8];
    ngx_gemini_refs_t   refs;
    ngx_gemini_body_t   body;

    heap_init(&heap);

    for (n = NGX_GEMINI_BODY_DEPTH / 2; n <= NGX_GEMINI_BODY_DEPTH / 2 + 1;
         n++)
    {
        refs_init(&refs, elts, 8);
        p = text;

        for (i = 0; i < n; i++) {
            p += sprintf(p, "{\"uri\":[");
        }

        p += sprintf(p, "\"files/a\"");

        for (i = 0; i < n; i++) {
            p += sprintf(p, ",\"files/b\"]}");
        }

        ngx_gemini_body_init(&body, NGX_GEMINI_BODY_MENTIONS, &refs,
                             heap_alloc, &heap);
        ngx_gemini_body_feed(&body, (u_char *) text, p - text);
        ngx_gemini_body_end(&body);
        heap_free(&heap);

        tap_is_int(body.failed, n > NGX_GEMINI_BODY_DEPTH / 2, "depth %d",
                   (int) n * 2);
        tap_is_int(refs.nelts, body.failed ? 0 : 2, "names at depth %d",
                   (int) n * 2);
    }
}


/* values longer than what is kept of them */

static void
test_long(void)
{
    char               *text, *p;
    heap_t              heap;
    ngx_uint_t          i;
    ngx_gemini_ref_t    elts[8];
    ngx_gemini_refs_t   refs;
    ngx_gemini_body_t   body;

    heap_init(&heap);

    text = malloc(1024 * 1024 + 256);

    p = text + sprintf(text, "{\"uri\":\"" HOST "files/a?");
    memset(p, 'A', 100000);
    p += 100000 + sprintf(p + 100000, "\",\"fileUri\":\"data:image/png;");
    memset(p, 'B', 100000);
    p += 100000 + sprintf(p + 100000, "\",\"continuationToken\":\"");
    memset(p, 'C', 700000);
    p += 700000 + sprintf(p + 700000, "\",\"cachedContent\":\"");

    for (i = 0; i < 1000; i++) {
        p += sprintf(p, "\\u0061");
    }

    p += sprintf(p, "\"}");

    for (i = 0; i < 2; i++) {
        refs_init(&refs, elts, 8);

        ngx_gemini_body_init(&body, NGX_GEMINI_BODY_MENTIONS, &refs,
                             heap_alloc, &heap);
        ngx_gemini_body_feed(&body, (u_char *) text, i * 70000);
        ngx_gemini_body_feed(&body, (u_char *) text + i * 70000,
                             p - text - i * 70000);
        ngx_gemini_body_end(&body);
        heap_free(&heap);

        tap_ok(!body.failed && refs.nelts == 3
               && elts[0].type == NGX_GEMINI_REF_FILE
               && elts[1].type == NGX_GEMINI_REF_CONTINUATION
               && elts[2].type == NGX_GEMINI_REF_CACHE,
               "long values");
        tap_is_mem(elts[0].name, elts[0].len, "files/a",
                   "a name before long arguments");
    }

    free(text);
}
