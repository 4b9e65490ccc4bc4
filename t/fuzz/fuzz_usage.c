
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * First byte: surface and, above 'Z', an event stream; second: how the rest
 * is cut into pieces, which must change nothing.
 */


#include "ngx_gemini_usage.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_feed(ngx_gemini_usage_t *usage, uint8_t kind,
    const uint8_t *data, size_t size, ngx_uint_t seed);
static void fuzz_same(const ngx_gemini_usage_t *a,
    const ngx_gemini_usage_t *b);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ngx_gemini_usage_t  whole, pieces;

    if (size < 2) {
        return 0;
    }

    fuzz_feed(&whole, data[0], data + 2, size - 2, 0);

    fuzz_feed(&pieces, data[0], data + 2, size - 2, 1);
    fuzz_same(&whole, &pieces);

    fuzz_feed(&pieces, data[0], data + 2, size - 2, data[1] + 2);
    fuzz_same(&whole, &pieces);

    return 0;
}


static void
fuzz_feed(ngx_gemini_usage_t *usage, uint8_t kind, const uint8_t *data,
    size_t size, ngx_uint_t seed)
{
    size_t    n;
    uint8_t  *copy;

    ngx_gemini_usage_init(usage, kind > 'Z', kind % NGX_GEMINI_SURFACES);

    while (size) {
        copy = fuzz_piece(data, size, &seed, &n);
        ngx_gemini_usage_feed(usage, copy, n);
        free(copy);

        data += n;
        size -= n;
    }
}


static void
fuzz_same(const ngx_gemini_usage_t *a, const ngx_gemini_usage_t *b)
{
    if (memcmp(&a->tokens, &b->tokens, sizeof(ngx_gemini_tokens_t)) != 0
        || a->id_len != b->id_len || memcmp(a->id, b->id, a->id_len) != 0
        || a->size != b->size || a->events != b->events
        || a->boundary != b->boundary || a->late_error != b->late_error
        || a->done != b->done)
    {
        abort();
    }
}
