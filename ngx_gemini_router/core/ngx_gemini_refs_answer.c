
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_body.h"
#include "ngx_gemini_refs.h"
#include "ngx_gemini_sse.h"


struct ngx_gemini_refs_answer_s {
    ngx_gemini_refs_t         *refs;
    ngx_gemini_ref_e           id;
    ngx_uint_t                 sse;
    ngx_gemini_sse_t           lines;
    ngx_gemini_body_t          body;       /* or the event so far */
    size_t                     used;       /* of memory */
    u_char                     memory[NGX_GEMINI_BODY_MEMORY];
};


static void ngx_gemini_refs_answer_begin(ngx_gemini_refs_answer_t *answer);
static void *ngx_gemini_refs_answer_alloc(void *data, size_t size);
static void ngx_gemini_refs_answer_data(void *data, const u_char *p,
    const u_char *end);


size_t
ngx_gemini_refs_answer_size(void)
{
    return sizeof(ngx_gemini_refs_answer_t);
}


void
ngx_gemini_refs_answer_init(ngx_gemini_refs_answer_t *answer,
    ngx_gemini_refs_t *refs, ngx_gemini_ref_e id, ngx_uint_t sse)
{
    answer->refs = refs;
    answer->id = id;
    answer->sse = sse;

    ngx_memzero(&answer->lines, sizeof(ngx_gemini_sse_t));

    ngx_gemini_refs_answer_begin(answer);
}


void
ngx_gemini_refs_answer_feed(ngx_gemini_refs_answer_t *answer,
    const u_char *p, size_t len)
{
    if (!answer->sse) {
        ngx_gemini_body_feed(&answer->body, p, len);
        return;
    }

    ngx_gemini_sse_feed(&answer->lines, p, len, ngx_gemini_refs_answer_data,
                        answer);
}


static void
ngx_gemini_refs_answer_begin(ngx_gemini_refs_answer_t *answer)
{
    ngx_gemini_body_init(&answer->body,
                         NGX_GEMINI_BODY_MENTIONS | NGX_GEMINI_BODY_ANSWER,
                         answer->refs, ngx_gemini_refs_answer_alloc, answer);

    answer->body.id = (uint8_t) answer->id;
    answer->used = 0;
}


/* of bytes alone, once for each purpose */

static void *
ngx_gemini_refs_answer_alloc(void *data, size_t size)
{
    ngx_gemini_refs_answer_t *answer = data;

    u_char  *p;

    if (size > sizeof(answer->memory) - answer->used) {
        return NULL;
    }

    p = answer->memory + answer->used;
    answer->used += size;

    return p;
}


static void
ngx_gemini_refs_answer_data(void *data, const u_char *p, const u_char *end)
{
    ngx_gemini_refs_answer_t *answer = data;

    if (p == NULL) {

        if (answer->body.size) {
            ngx_gemini_refs_answer_begin(answer);
        }

        return;
    }

    ngx_gemini_body_feed(&answer->body, p, end - p);

    answer->lines.open = (answer->body.depth != 0);
}
