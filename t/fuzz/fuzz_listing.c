
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * A page of a model list, of any bytes.
 */


#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ngx_gemini_listing.h"


#define fuzz_want(expr)                                                       \
    if (!(expr)) {                                                            \
        abort();                                                              \
    }


typedef struct {
    uint32_t                   n;
    uint64_t                   sum;
} fuzz_listed_t;


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_listed(void *data, const ngx_gemini_listed_t *listed);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    u_char                *p;
    ngx_int_t              rc;
    fuzz_listed_t          listed, again;
    ngx_gemini_listing_t   listing;

    if (size > NGX_GEMINI_LISTING_BYTES) {
        return 0;
    }

    p = malloc(size ? size : 1);
    fuzz_want(p != NULL);
    memcpy(p, data, size);

    memset(&listed, 0, sizeof(fuzz_listed_t));
    memset(&again, 0, sizeof(fuzz_listed_t));

    listing.handler = fuzz_listed;
    listing.data = &listed;
    rc = ngx_gemini_listing_read(&listing, p, size);

    fuzz_want(listing.models == listed.n);
    fuzz_want(listing.token_len <= NGX_GEMINI_LISTING_TOKEN);

    listing.data = &again;
    fuzz_want(ngx_gemini_listing_read(&listing, p, size) == rc);
    fuzz_want(again.n == listed.n && again.sum == listed.sum);

    free(p);

    return 0;
}


static void
fuzz_listed(void *data, const ngx_gemini_listed_t *listed)
{
    fuzz_listed_t *sum = data;

    size_t  i;

    fuzz_want(listed->name.len != 0);
    fuzz_want(listed->name.len <= NGX_GEMINI_MODEL_MAX);
    fuzz_want(listed->output <= 0x7fffffff);
    fuzz_want(!listed->generates || listed->methods);

    for (i = 0; i < listed->name.len; i++) {
        sum->sum += listed->name.data[i];
    }

    sum->sum += listed->output;
    sum->n++;
}
