
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Key files: any bytes end in lines whose words lie inside their line.
 */


#include <stdint.h>
#include <stdlib.h>

#include "ngx_gemini_keyfile.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_check(int good);
static void fuzz_line(const ngx_gemini_keyline_t *line, const u_char *start,
    const u_char *end);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    u_char                *p, *last, *start;
    ngx_int_t              rc;
    ngx_gemini_keyline_t   line;

    p = (u_char *) data;
    last = p + size;

    for ( ;; ) {
        start = p;

        rc = ngx_gemini_keyfile_line(&p, last, &line);

        if (rc == NGX_DONE) {
            fuzz_check(start == last && p == last);
            return 0;
        }

        fuzz_check(p > start && p <= last);
        fuzz_check(p == last || p[-1] == LF);
        fuzz_check((rc == NGX_ERROR) == (line.error != NULL));

        if (rc == NGX_OK) {
            fuzz_line(&line, start, p);
        }
    }
}


static void
fuzz_line(const ngx_gemini_keyline_t *line, const u_char *start,
    const u_char *end)
{
    size_t            i;
    ngx_uint_t        n;
    const ngx_str_t  *word;

    fuzz_check(line->nwords <= NGX_GEMINI_KEYFILE_WORDS);

    for (n = 0; n < line->nwords; n++) {
        word = &line->words[n];

        fuzz_check(word->data >= start && word->data + word->len <= end);

        for (i = 0; i < word->len; i++) {
            fuzz_check(word->data[i] >= ' ' || word->data[i] == '\t');
        }

        start = word->data + word->len;
    }
}


static void
fuzz_check(int good)
{
    if (!good) {
        abort();
    }
}
