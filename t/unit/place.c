
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Members of a request body that matter, by name: each is found, at the top
 * and in an inner object, and nothing that is like one.
 */


#include "ngx_gemini_place.h"
#include "tap.h"


typedef struct {
    const char                *name;
    ngx_uint_t                 member;
} test_name_t;


static void test_name(const test_name_t *row);
static ngx_uint_t test_find(ngx_uint_t place, const char *name, size_t len);


static const test_name_t  names[] = {
    { "model", NGX_GEMINI_MEMBER_MODEL },
    { "batch", NGX_GEMINI_MEMBER_BATCH },
    { "store", NGX_GEMINI_MEMBER_STORE },
    { "stream", NGX_GEMINI_MEMBER_STREAM },
    { "requests", NGX_GEMINI_MEMBER_REQUESTS },
    { "background", NGX_GEMINI_MEMBER_BACKGROUND },
    { "stream_options", NGX_GEMINI_MEMBER_OPTIONS },
    { "generateContentRequest", NGX_GEMINI_MEMBER_COUNT },
    { "generate_content_request", NGX_GEMINI_MEMBER_COUNT }
};


static void
test_name(const test_name_t *row)
{
    char        like[32];
    size_t      len;
    ngx_uint_t  inner;

    len = strlen(row->name);
    inner = (row->member == NGX_GEMINI_MEMBER_MODEL) ? row->member
                                                     : NGX_GEMINI_MEMBER_OTHER;

    tap_is_int(test_find(NGX_GEMINI_PLACE_TOP, row->name, len), row->member,
               "%s, at the top", row->name);
    tap_is_int(test_find(NGX_GEMINI_PLACE_INNER, row->name, len), inner,
               "%s, below", row->name);

    tap_is_int(test_find(NGX_GEMINI_PLACE_TOP, row->name, len - 1),
               NGX_GEMINI_MEMBER_OTHER, "%s, cut", row->name);

    sprintf(like, "%ss", row->name);

    tap_is_int(test_find(NGX_GEMINI_PLACE_TOP, like, len + 1),
               NGX_GEMINI_MEMBER_OTHER, "%s", like);

    like[len - 1] ^= 1;

    tap_is_int(test_find(NGX_GEMINI_PLACE_TOP, like, len),
               NGX_GEMINI_MEMBER_OTHER, "%.*s", (int) len, like);
}


/* in memory of its own: a step beyond it is seen */

static ngx_uint_t
test_find(ngx_uint_t place, const char *name, size_t len)
{
    u_char      *copy;
    ngx_uint_t   member;

    copy = tap_copy(name, len);
    member = ngx_gemini_place_member(place, copy, len);
    free(copy);

    return member;
}


int
main(void)
{
    size_t  i;

    for (i = 0; i < sizeof(names) / sizeof(test_name_t); i++) {
        test_name(&names[i]);
    }

    return tap_done();
}
