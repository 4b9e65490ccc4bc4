
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * What the fuzz targets that are fed in pieces share.
 */


#ifndef _FUZZ_H_INCLUDED_
#define _FUZZ_H_INCLUDED_


#include "ngx_gemini.h"

#include <stdlib.h>
#include <string.h>


/*
 * The next n bytes in memory of their own, to be freed; seed: 0: all in one
 * piece, 1: byte by byte, else at random.
 */
static inline uint8_t *fuzz_piece(const uint8_t *data, size_t size,
    ngx_uint_t *seed, size_t *n);


static inline uint8_t *
fuzz_piece(const uint8_t *data, size_t size, ngx_uint_t *seed, size_t *n)
{
    uint8_t  *copy;

    *n = *seed ? 1 : size;

    if (*seed > 1) {
        *seed = (*seed * 1103515245 + 12345) & 0x7fffffff;
        *n = (*seed >> 8) % 23;
        *n = ngx_min(*n, size);
        *seed |= 2;
    }

    copy = malloc(*n);

    if (copy == NULL && *n) {
        abort();
    }

    memcpy(copy, data, *n);

    return copy;
}


#endif /* _FUZZ_H_INCLUDED_ */
