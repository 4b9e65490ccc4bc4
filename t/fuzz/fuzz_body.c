
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * First byte: where the model is wanted; second: how the rest is cut into
 * pieces, which must change nothing.  What yajl can read must be read, with
 * as many names as yajl sees.
 */


#include "ngx_gemini_body.h"
#include "ngx_gemini_json.h"
#include "fuzz.h"
#include "heap.h"

#include <stdlib.h>
#include <string.h>


typedef struct {
    ngx_uint_t                 want;
    ngx_uint_t                 models;
} fuzz_count_t;


typedef struct {
    ngx_gemini_body_t          body;
    heap_t                     heap;
} fuzz_body_t;


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_feed(fuzz_body_t *fb, ngx_uint_t want,
    const uint8_t *data, size_t size, ngx_uint_t seed);
static void fuzz_same(const ngx_gemini_body_t *a, const ngx_gemini_body_t *b);
static void fuzz_spans(const ngx_gemini_body_t *body, const uint8_t *data,
    size_t size);
static void fuzz_yajl(const ngx_gemini_body_t *body, ngx_uint_t want,
    const uint8_t *data, size_t size);
static ngx_int_t fuzz_value(void *data, const ngx_str_t *path,
    ngx_gemini_json_e type, const ngx_str_t *value);
static ngx_uint_t fuzz_is(const ngx_str_t *path, const char *word);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ngx_uint_t   want, seed;
    fuzz_body_t  whole, pieces;

    if (size < 2) {
        return 0;
    }

    want = data[0] & 15;
    seed = data[1];
    data += 2;
    size -= 2;

    fuzz_feed(&whole, want, data, size, 0);
    fuzz_spans(&whole.body, data, size);
    fuzz_yajl(&whole.body, want, data, size);

    fuzz_feed(&pieces, want, data, size, 1);
    fuzz_same(&whole.body, &pieces.body);
    heap_free(&pieces.heap);

    fuzz_feed(&pieces, want, data, size, seed + 2);
    fuzz_same(&whole.body, &pieces.body);
    heap_free(&pieces.heap);

    heap_free(&whole.heap);

    return 0;
}


static void
fuzz_feed(fuzz_body_t *fb, ngx_uint_t want, const uint8_t *data, size_t size,
    ngx_uint_t seed)
{
    size_t    n;
    uint8_t  *copy;

    heap_init(&fb->heap);

    ngx_gemini_body_init(&fb->body, want, NULL, heap_alloc, &fb->heap);

    while (size) {
        copy = fuzz_piece(data, size, &seed, &n);
        ngx_gemini_body_feed(&fb->body, copy, n);
        free(copy);

        data += n;
        size -= n;
    }

    ngx_gemini_body_end(&fb->body);
}


static void
fuzz_same(const ngx_gemini_body_t *a, const ngx_gemini_body_t *b)
{
    if (a->nspans != b->nspans || a->model_len != b->model_len
        || (a->nspans && memcmp(a->spans, b->spans,
                                a->nspans * sizeof(ngx_gemini_span_t)) != 0)
        || (a->model_len && memcmp(a->model, b->model, a->model_len) != 0)
        || a->open != b->open || a->size != b->size
        || a->object != b->object || a->empty != b->empty
        || a->failed != b->failed || a->differ != b->differ
        || a->stream != b->stream || a->store != b->store
        || a->usage != b->usage)
    {
        abort();
    }
}


static void
fuzz_spans(const ngx_gemini_body_t *body, const uint8_t *data, size_t size)
{
    uint64_t                  end;
    ngx_uint_t                i;
    const ngx_gemini_span_t  *span;

    end = 0;

    for (i = 0; i < body->nspans; i++) {
        span = &body->spans[i];

        if (span->len < 2 || span->offset < end
            || span->offset + span->len > size
            || data[span->offset] != '"'
            || data[span->offset + span->len - 1] != '"')
        {
            abort();
        }

        end = span->offset + span->len;
    }

    if (body->object && data[body->open - 1] != '{') {
        abort();
    }
}


static void
fuzz_yajl(const ngx_gemini_body_t *body, ngx_uint_t want,
    const uint8_t *data, size_t size)
{
    fuzz_body_t   prefix;
    fuzz_count_t  count;

    count.want = want;
    count.models = 0;

    if (!body->object
        || ngx_gemini_json_read(data, size, fuzz_value, &count) != NGX_OK)
    {
        return;
    }

    /* dots make paths ambiguous; yajl takes more escapes and blanks */

    if (memchr(data, '.', size) != NULL || memchr(data, '\\', size) != NULL
        || memchr(data, '\f', size) != NULL
        || memchr(data, '\v', size) != NULL
        || count.models > NGX_GEMINI_BODY_SPANS)
    {
        return;
    }

    if (!body->failed && body->nspans == count.models) {
        return;
    }

    /* behind the end yajl overlooks a string that is not closed */

    for ( /* void */ ; size; size--) {

        if (data[size - 1] != '}') {
            continue;
        }

        fuzz_feed(&prefix, want, data, size, 0);
        heap_free(&prefix.heap);

        if (!prefix.body.failed && prefix.body.nspans == count.models) {
            return;
        }
    }

    abort();
}


static ngx_int_t
fuzz_value(void *data, const ngx_str_t *path, ngx_gemini_json_e type,
    const ngx_str_t *value)
{
    fuzz_count_t *count = data;

    if (type != NGX_GEMINI_JSON_STRING) {
        return NGX_OK;
    }

    if (((count->want & NGX_GEMINI_BODY_TOP) && fuzz_is(path, "model"))
        || ((count->want & NGX_GEMINI_BODY_REQUESTS)
            && fuzz_is(path, "requests[].model"))
        || ((count->want & NGX_GEMINI_BODY_BATCH)
            && fuzz_is(path, "batch.model"))
        || ((count->want & NGX_GEMINI_BODY_COUNT)
            && (fuzz_is(path, "generateContentRequest.model")
                || fuzz_is(path, "generate_content_request.model"))))
    {
        count->models++;
    }

    return NGX_OK;
}


static ngx_uint_t
fuzz_is(const ngx_str_t *path, const char *word)
{
    return path->len == strlen(word)
           && memcmp(path->data, word, path->len) == 0;
}
