
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The scanner of request bodies: spans, members, and what it must not see;
 * each text whole and byte by byte.
 */


#include "ngx_gemini_body.h"
#include "heap.h"
#include "tap.h"


#define TOP   NGX_GEMINI_BODY_TOP
#define REQ   (NGX_GEMINI_BODY_TOP | NGX_GEMINI_BODY_REQUESTS)
#define CNT   (NGX_GEMINI_BODY_TOP | NGX_GEMINI_BODY_COUNT)
#define BAT   (NGX_GEMINI_BODY_TOP | NGX_GEMINI_BODY_BATCH)


/*
 * says: flags (o object, e empty, f failed, d differ, t stream, s store,
 * u stream_options), the model, and each span as it is written, led by "+"
 * when it has the prefix
 */

typedef struct {
    ngx_uint_t                 want;
    const char                *body;
    const char                *says;
} test_body_t;


typedef struct {
    const char                *body;
    size_t                     piece;
    unsigned                   blocks;     /* of memory that it takes */
} test_memory_t;


static void test_row(heap_t *heap, const test_body_t *row);
static void test_says(const ngx_gemini_body_t *body, const char *text,
    char *says, size_t size);
static void test_open(heap_t *heap);
static void test_many(heap_t *heap);
static void test_deep(heap_t *heap);
static void test_long(heap_t *heap);
static void test_lengths(heap_t *heap);
static void test_large(heap_t *heap);
static void test_memory(heap_t *heap);
static void test_feed(heap_t *heap, ngx_gemini_body_t *body, ngx_uint_t want,
    const char *text, size_t len, size_t piece);


static const test_body_t  test_table[] = {

    { TOP, "", ". []" },
    { TOP, "  \r\n", ". []" },
    { TOP, "{}", "oe. []" },
    { TOP, "{ \n}", "oe. []" },
    { TOP, "{\"model\":\"m\"}", "o. [m] \"m\"" },
    { TOP, " { \"model\" : \"models/m\" } ", "o. [m] +\"models/m\"" },
    { TOP, "\xef\xbb\xbf{\"model\":\"m\"}", "o. [m] \"m\"" },
    { TOP, "{\"a\":[1,-2.5e+3,true,false,null,{}],\"model\":\"m\"}",
      "o. [m] \"m\"" },
    { 0, "{\"model\":\"m\"}", "o. []" },

    /* escapes */

    { TOP, "{\"mod\\u0065l\":\"m\"}", "o. [m] \"m\"" },
    { TOP, "{\"\\u006d\\u006F\\u0064\\u0065\\u006c\":\"\\u006d\"}",
      "o. [m] \"\\u006d\"" },
    { TOP, "{\"model\":\"models\\/m\"}", "o. [m] +\"models\\/m\"" },
    { TOP, "{\"model\":\"\\ud83d\\ude00\\u00fc\\u20ac\"}",
      "o. [\xf0\x9f\x98\x80\xc3\xbc\xe2\x82\xac] "
      "\"\\ud83d\\ude00\\u00fc\\u20ac\"" },
    { TOP, "{\"model\":\"a\\\"b\\\\\"}", "o. [a\"b\\] \"a\\\"b\\\\\"" },
    { TOP, "{\"model\":\"\\ud83d\"}", "of. []" },
    { TOP, "{\"model\":\"\\ude00\"}", "of. []" },
    { TOP, "{\"model\":\"\\ud83d\\u0041\"}", "of. []" },
    { TOP, "{\"model\":\"\\x\"}", "of. []" },
    { TOP, "{\"model\":\"\\u12g4\"}", "of. []" },
    { TOP, "{\"m\\qodel\":1}", "of. []" },
    { TOP, "{\"a\":\"\\\\\",\"model\":\"m\"}", "o. [m] \"m\"" },
    { TOP, "{\"a\":\"\\\\\\\"\",\"model\":\"m\"}", "o. [m] \"m\"" },

    /* decoys */

    { TOP, "{\"a\":\"\\\"model\\\":\\\"x\\\"\",\"model\":\"m\"}",
      "o. [m] \"m\"" },
    { TOP, "{\"a\":{\"model\":\"x\"},\"b\":[{\"model\":\"x\"}],"
           "\"model\":\"m\"}", "o. [m] \"m\"" },
    { TOP, "{\"a\":\"model\",\"b\":[\"model\",\"x\"],\"model\":\"m\"}",
      "o. [m] \"m\"" },
    { TOP, "{\"Model\":\"x\",\"models\":\"x\",\"mode\":\"x\"}", "o. []" },
    { TOP, "{\"requests\":[{\"model\":\"x\"}],\"batch\":{\"model\":\"x\"},"
           "\"generateContentRequest\":{\"model\":\"x\"}}", "o. []" },

    /* no string, no span */

    { TOP, "{\"model\":1}", "o. []" },
    { TOP, "{\"model\":null,\"model\":\"m\"}", "o. [m] \"m\"" },
    { TOP, "{\"model\":[\"x\"]}", "o. []" },
    { TOP, "{\"model\":{\"model\":\"x\"}}", "o. []" },
    { TOP, "{\"model\":\"\"}", "o. [] \"\"" },

    /* several */

    { TOP, "{\"model\":\"m\",\"model\":\"models/m\"}",
      "o. [m] \"m\" +\"models/m\"" },
    { TOP, "{\"model\":\"m\",\"model\":\"n\"}", "od. [m] \"m\" \"n\"" },
    { REQ, "{\"requests\":[{\"model\":\"models/m\",\"content\":{\"model\":"
           "\"x\"}},{\"content\":1,\"model\":\"m\"}],\"model\":\"m\"}",
      "o. [m] +\"models/m\" \"m\" \"m\"" },
    { REQ, "{\"requests\":[{\"model\":\"m\"},\"x\",[\"x\",{\"model\":\"x\"}],"
           "{\"requests\":[{\"model\":\"x\"}]},{\"model\":\"n\"}]}",
      "od. [m] \"m\" \"n\"" },
    { REQ, "{\"requests\":{\"model\":\"x\"}}", "o. []" },
    { REQ, "{\"a\":[{\"requests\":[{\"model\":\"x\"}]}]}", "o. []" },
    { CNT, "{\"generateContentRequest\":{\"contents\":[{\"model\":\"x\"}],"
           "\"model\":\"models/m\"}}", "o. [m] +\"models/m\"" },
    { CNT, "{\"generate_content_request\":{\"model\":\"m\"}}",
      "o. [m] \"m\"" },
    { CNT, "{\"generateContentRequest\":[{\"model\":\"x\"}]}", "o. []" },
    { BAT, "{\"batch\":{\"displayName\":\"d\",\"model\":\"models/m\","
           "\"inputConfig\":{\"requests\":[{\"model\":\"x\"}]}}}",
      "o. [m] +\"models/m\"" },

    /* other members */

    { TOP, "{\"stream\":true,\"store\":false,\"stream_options\":{}}",
      "otsu. []" },
    { TOP, "{\"stream\":false}", "o. []" },
    { TOP, "{\"stream\":true,\"stream\":false}", "o. []" },
    { TOP, "{\"stream\":\"true\"}", "o. []" },
    { TOP, "{\"stream\":[true],\"a\":true}", "o. []" },
    { TOP, "{\"a\":{\"stream\":true,\"store\":1,\"stream_options\":1}}",
      "o. []" },
    { REQ, "{\"requests\":[{\"stream\":true,\"store\":1}]}", "o. []" },

    /* lenient JSON that changes nothing */

    { TOP, "{\"model\":\"m\",}", "o. [m] \"m\"" },
    { TOP, "{\"a\":[1,],\"model\":\"m\"}", "o. [m] \"m\"" },

    /* .. and that could hide anything */

    { TOP, "{'model':'m'}", "oef. []" },
    { TOP, "{\"model\":'m'}", "of. []" },
    { TOP, "{model:\"m\"}", "oef. []" },
    { TOP, "{\"model\":\"m\",/* a */\"b\":1}", "of. []" },
    { TOP, "{\"model\":\"m\" // a\n}", "of. []" },
    { TOP, "{\"model\":\"m\",b:1}", "of. []" },
    { TOP, "{\"model\":m}", "of. []" },
    { TOP, "{\"model\":\"m\"", "of. []" },
    { TOP, "{\"model\":\"m", "of. []" },
    { TOP, "{\"model\"", "of. []" },
    { TOP, "{\"a\":tru", "of. []" },
    { TOP, "{\"a\":True}", "of. []" },
    { TOP, "{\"a\":truefalse}", "of. []" },
    { TOP, "{\"model\":\"m\"}}", "of. []" },
    { TOP, "{\"model\":\"m\"}{\"model\":\"n\"}", "of. []" },
    { TOP, "{\"model\":\"m\"]", "of. []" },
    { TOP, "{\"a\":[1}", "of. []" },
    { TOP, "{\"a\":[1 2],\"model\":\"m\"}", "of. []" },
    { TOP, "{,\"model\":\"m\"}", "oef. []" },
    { TOP, "{\"model\" \"m\"}", "of. []" },
    { TOP, "{\"a\":,\"model\":\"m\"}", "of. []" },
    { TOP, "--boundary\r\nContent-Disposition: form-data", "f. []" },
    { TOP, "model=m", "f. []" },

    /* JSON, but no object */

    { TOP, "[{\"model\":\"x\"}]", ". []" },
    { TOP, "\"model\"", ". []" }
};


static const test_memory_t  test_memory_table[] = {
    { "{\"a\":[{\"b\":\"c\"}],\"stream\":true}", 100, 0 },
    { "{\"a\":123}", 7, 0 },
    { "{\"a\":\"cccc\"}", 8, 0 },
    { "{\"model\":\"m\"}", 100, 2 },
    { "{\"model\":\"m\",\"model\":\"n\"}", 100, 3 },
    { "{\"abcd\":1,\"model\":\"m\"}", 4, 3 },
    { "{\"a\":[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]]}", 100, 1 }
};


int
main(void)
{
    size_t  i;
    heap_t  heap;

    heap_init(&heap);

    for (i = 0; i < sizeof(test_table) / sizeof(test_body_t); i++) {
        test_row(&heap, &test_table[i]);
    }

    test_open(&heap);
    test_many(&heap);
    test_deep(&heap);
    test_long(&heap);
    test_lengths(&heap);
    test_large(&heap);
    test_memory(&heap);

    heap_free(&heap);

    return tap_done();
}


static void
test_row(heap_t *heap, const test_body_t *row)
{
    int                 n;
    char                says[256];
    size_t              piece, len;
    ngx_gemini_body_t   body;

    n = (int) (row - test_table);
    len = strlen(row->body);

    test_feed(heap, &body, row->want, row->body, len, len);
    test_says(&body, row->body, says, sizeof(says));
    tap_is_str(says, row->says, "body %d", n);
    tap_is_int((int) body.size, (int) len, "size of body %d", n);

    for (piece = 1; piece < len; piece++) {
        test_feed(heap, &body, row->want, row->body, len, piece);
        test_says(&body, row->body, says, sizeof(says));

        if (strcmp(says, row->says) != 0) {
            break;
        }
    }

    tap_is_str(says, row->says, "body %d in pieces of %d", n, (int) piece);
}


static void
test_says(const ngx_gemini_body_t *body, const char *text, char *says,
    size_t size)
{
    int         n;
    ngx_uint_t  i;

    n = snprintf(says, size, "%s%s%s%s%s%s%s. [%.*s]",
                 body->object ? "o" : "", body->empty ? "e" : "",
                 body->failed ? "f" : "", body->differ ? "d" : "",
                 body->stream ? "t" : "", body->store ? "s" : "",
                 body->usage ? "u" : "",
                 (int) body->model_len, body->model);

    for (i = 0; i < body->nspans && (size_t) n < size; i++) {
        n += snprintf(says + n, size - n, " %s%.*s",
                      body->spans[i].prefix ? "+" : "",
                      (int) body->spans[i].len,
                      text + body->spans[i].offset);
    }
}


static void
test_open(heap_t *heap)
{
    ngx_gemini_body_t  body;

    test_feed(heap, &body, TOP, "{}", 2, 2);
    tap_is_int((int) body.open, 1, "where the object opens");

    test_feed(heap, &body, TOP, "\xef\xbb\xbf \n{\"a\":{}}", 13, 1);
    tap_is_int((int) body.open, 6, "where it opens behind a mark");
}


static void
test_many(heap_t *heap)
{
    char               *text, *p;
    ngx_uint_t          i, n;
    ngx_gemini_body_t   body;

    text = malloc(8192);

    for (n = NGX_GEMINI_BODY_SPANS; n <= NGX_GEMINI_BODY_SPANS + 1; n++) {
        p = text + sprintf(text, "{\"requests\":[");

        for (i = 0; i < n; i++) {
            p += sprintf(p, "%s{\"model\":\"models/m\"}", i ? "," : "");
        }

        p += sprintf(p, "]}");

        test_feed(heap, &body, REQ, text, p - text, 7);

        tap_is_int(body.failed, n > NGX_GEMINI_BODY_SPANS, "%d spans",
                   (int) n);
        tap_is_int((int) body.nspans,
                   n > NGX_GEMINI_BODY_SPANS ? 0 : NGX_GEMINI_BODY_SPANS,
                   "spans noted of %d", (int) n);
    }

    free(text);
}


static void
test_deep(heap_t *heap)
{
    char                text[2048], *p;
    ngx_uint_t          i, n;
    ngx_gemini_body_t   body;

    for (n = NGX_GEMINI_BODY_DEPTH - 1; n <= NGX_GEMINI_BODY_DEPTH; n++) {
        p = text + sprintf(text, "{\"a\":");

        for (i = 0; i < n; i++) {
            *p++ = '[';
        }

        for (i = 0; i < n; i++) {
            *p++ = ']';
        }

        p += sprintf(p, ",\"model\":\"m\"}");

        test_feed(heap, &body, TOP, text, p - text, 100);
        tap_is_int(body.failed, n == NGX_GEMINI_BODY_DEPTH, "depth %d",
                   (int) n + 1);
        tap_is_int((int) body.nspans, n < NGX_GEMINI_BODY_DEPTH,
                   "span at depth %d", (int) n + 1);
    }
}


static void
test_long(heap_t *heap)
{
    char                text[2048];
    u_char             *p;
    ngx_gemini_body_t   body;

    /* as long as a name may be, every byte escaped */

    p = (u_char *) text + sprintf(text, "{\"model\":\"models\\u002f");

    while (p < (u_char *) text + 22 + NGX_GEMINI_MODEL_MAX * 6) {
        p += sprintf((char *) p, "\\u006d");
    }

    p += sprintf((char *) p, "\"}");

    test_feed(heap, &body, TOP, text, (char *) p - text, 5);
    tap_is_int((int) body.model_len, NGX_GEMINI_MODEL_MAX, "a long name");
    tap_ok(body.nspans == 1 && body.spans[0].prefix
           && body.spans[0].offset == 9
           && body.spans[0].len == (size_t) ((char *) p - text) - 10,
           "its span");

    p += sprintf((char *) p - 2, "m\",\"model\":\"m\"}") - 2;

    test_feed(heap, &body, TOP, text, (char *) p - text, 5);
    tap_ok(body.nspans == 2 && body.model_len == 0 && body.differ
           && !body.failed, "a longer one is no name");

    p = (u_char *) text + sprintf(text, "{\"");
    memset(p, 'k', 1000);
    p += 1000 + sprintf((char *) p + 1000, "\":1,\"model\":\"m\"}");

    test_feed(heap, &body, TOP, text, (char *) p - text, 5);
    tap_ok(body.nspans == 1 && !body.failed, "after a long key");
}


/* names and values of all lengths, with and without an escape at their end */

static void
test_lengths(heap_t *heap)
{
    int                 len, bad, i;
    char                text[1024], k[400];
    ngx_gemini_body_t   body;

    static const char  *const  formats[] = {
        "{\"a\":\"%s\",\"model\":\"m\"}",
        "{\"a\":\"%s\\\"\",\"model\":\"m\"}",
        "{\"%s\":1,\"model\":\"m\"}",
        "{\"%s\\\"\":[],\"model\":\"m\"}",
        "{\"model\":\"m\",\"a\":\"%s\"}"
    };

    bad = 0;

    for (len = 0; len < (int) sizeof(k); len++) {
        memset(k, 'k', len);
        k[len] = '\0';

        for (i = 0; i < 5; i++) {
            snprintf(text, sizeof(text), formats[i], k);
            test_feed(heap, &body, TOP, text, strlen(text), strlen(text));

            bad += (body.failed || body.nspans != 1 || body.model_len != 1);
        }
    }

    tap_is_int(bad, 0, "texts of every length");
}


static void
test_large(heap_t *heap)
{
    char               *text;
    size_t              i, len;
    ngx_gemini_body_t   body;

    static const char  head[] = "{\"contents\":\"";
    static const char  tail[] = "\",\"model\":\"m\"}";

    len = 10 * 1024 * 1024;
    text = malloc(len);

    for (i = 0; i < len; i++) {
        text[i] = (i & 0x3f) ? 'A' : '\\';
    }

    memcpy(text, head, sizeof(head) - 1);
    memcpy(text + len - sizeof(tail) + 1, tail, sizeof(tail) - 1);

    for (i = 1000; i <= len; i = i * 100) {
        test_feed(heap, &body, TOP, text, len, i);
        tap_ok(body.nspans == 1
               && body.spans[0].offset == len - 4 && body.spans[0].len == 3,
               "10 MB of escapes in pieces of %d", (int) i);
    }

    free(text);
}


/* what ordinary bodies need, and what happens where that is not to be had */

static void
test_memory(heap_t *heap)
{
    size_t                i, len;
    ngx_gemini_body_t     body;
    const test_memory_t  *row;

    for (i = 0; i < sizeof(test_memory_table) / sizeof(test_memory_t);
         i++)
    {
        row = &test_memory_table[i];
        len = strlen(row->body);

        test_feed(heap, &body, TOP, row->body, len, row->piece);
        tap_ok(!body.failed && heap->used == row->blocks,
               "memory for body %d", (int) i);

        if (row->blocks == 0) {
            continue;
        }

        heap->limit = row->blocks - 1;
        test_feed(heap, &body, TOP, row->body, len, row->piece);
        heap->limit = HEAP_BLOCKS;

        tap_ok(body.failed && body.nspans == 0 && body.model_len == 0,
               "too little of it for body %d", (int) i);
    }
}


static void
test_feed(heap_t *heap, ngx_gemini_body_t *body, ngx_uint_t want,
    const char *text, size_t len, size_t piece)
{
    size_t         n;
    u_char        *copy;
    const u_char  *p, *end;

    p = (const u_char *) text;
    end = p + len;

    heap_free(heap);

    ngx_gemini_body_init(body, want, NULL, heap_alloc, heap);

    /* each piece in memory of its own: a step beyond it is seen */

    while (p < end) {
        n = ngx_min(piece, (size_t) (end - p));
        copy = malloc(n);
        memcpy(copy, p, n);
        ngx_gemini_body_feed(body, copy, n);
        free(copy);
        p += n;
    }

    ngx_gemini_body_end(body);
}
