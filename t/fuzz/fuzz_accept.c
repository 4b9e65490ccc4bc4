
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Accept, a line of the input for each of the request: whatever it says, the
 * format is one that is there, and one that was wanted at all unless it is
 * the default.
 */


#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ngx_gemini_accept.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    u_char               *p, *end, *last;
    ngx_str_t             line;
    ngx_uint_t            i;
    ngx_gemini_accept_t   accept;
    ngx_gemini_format_e   format;

    memset(&accept, 0, sizeof(ngx_gemini_accept_t));

    p = (u_char *) data;
    last = p + size;

    while (p < last) {
        end = memchr(p, '\n', last - p);
        end = end ? end : last;

        line.data = p;
        line.len = end - p;

        ngx_gemini_accept_add(&accept, &line);

        p = (end < last) ? end + 1 : last;
    }

    format = ngx_gemini_accept_best(&accept);

    if (format >= NGX_GEMINI_FORMATS
        || (format != NGX_GEMINI_FORMAT_JSON && accept.q[format] == 0))
    {
        abort();
    }

    for (i = 0; i < NGX_GEMINI_FORMATS; i++) {

        if (accept.q[i] > 1000 || accept.q[i] > accept.q[format]) {
            abort();
        }
    }

    return 0;
}
