
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_place.h"


typedef struct {
    ngx_str_t                  name;
    uint32_t                   places;     /* where it counts */
    ngx_gemini_member_e        member;
} ngx_gemini_place_name_t;


typedef struct {
    ngx_gemini_place_e         outer;
    ngx_gemini_member_e        member;     /* OTHER: an element */
    ngx_uint_t                 array;
    ngx_uint_t                 want;       /* a bit of the mask, 0: always */
    ngx_gemini_place_e         inner;
} ngx_gemini_place_step_t;


static const ngx_gemini_place_name_t  ngx_gemini_place_names[] = {
    { ngx_string("model"),
      NGX_GEMINI_PLACE_OBJECTS, NGX_GEMINI_MEMBER_MODEL },
    { ngx_string("requests"),
      NGX_GEMINI_PLACE_TOP, NGX_GEMINI_MEMBER_REQUESTS },
    { ngx_string("generateContentRequest"),
      NGX_GEMINI_PLACE_TOP, NGX_GEMINI_MEMBER_COUNT },
    { ngx_string("generate_content_request"),
      NGX_GEMINI_PLACE_TOP, NGX_GEMINI_MEMBER_COUNT },
    { ngx_string("batch"),
      NGX_GEMINI_PLACE_TOP, NGX_GEMINI_MEMBER_BATCH },
    { ngx_string("stream"),
      NGX_GEMINI_PLACE_TOP, NGX_GEMINI_MEMBER_STREAM },
    { ngx_string("store"),
      NGX_GEMINI_PLACE_TOP, NGX_GEMINI_MEMBER_STORE },
    { ngx_string("background"),
      NGX_GEMINI_PLACE_TOP, NGX_GEMINI_MEMBER_BACKGROUND },
    { ngx_string("stream_options"),
      NGX_GEMINI_PLACE_TOP, NGX_GEMINI_MEMBER_OPTIONS },
    { ngx_null_string, 0, NGX_GEMINI_MEMBER_OTHER }
};


static const ngx_gemini_place_step_t  ngx_gemini_place_steps[] = {
    { NGX_GEMINI_PLACE_TOP, NGX_GEMINI_MEMBER_REQUESTS, 1,
      NGX_GEMINI_BODY_REQUESTS, NGX_GEMINI_PLACE_REQUESTS },
    { NGX_GEMINI_PLACE_REQUESTS, NGX_GEMINI_MEMBER_OTHER, 0,
      0, NGX_GEMINI_PLACE_REQUEST },
    { NGX_GEMINI_PLACE_TOP, NGX_GEMINI_MEMBER_COUNT, 0,
      NGX_GEMINI_BODY_COUNT, NGX_GEMINI_PLACE_COUNT },
    { NGX_GEMINI_PLACE_TOP, NGX_GEMINI_MEMBER_BATCH, 0,
      NGX_GEMINI_BODY_BATCH, NGX_GEMINI_PLACE_BATCH },
    { NGX_GEMINI_PLACE_NONE, NGX_GEMINI_MEMBER_OTHER, 0,
      0, NGX_GEMINI_PLACE_NONE }
};


uint32_t
ngx_gemini_place_member(uint32_t place, const u_char *name, size_t len)
{
    const ngx_gemini_place_name_t  *row;

    for (row = ngx_gemini_place_names; row->name.len; row++) {

        if ((row->places & place) && row->name.len == len
            && ngx_memcmp(row->name.data, name, len) == 0)
        {
            return row->member;
        }
    }

    return NGX_GEMINI_MEMBER_OTHER;
}


uint32_t
ngx_gemini_place_inside(uint32_t place, uint32_t member, ngx_uint_t array,
    ngx_uint_t want)
{
    const ngx_gemini_place_step_t  *step;

    if (place == NGX_GEMINI_PLACE_NONE) {
        return NGX_GEMINI_PLACE_NONE;
    }

    for (step = ngx_gemini_place_steps; step->inner; step++) {

        if (step->outer == place && step->member == member
            && step->array == array
            && (step->want == 0 || (step->want & want)))
        {
            return step->inner;
        }
    }

    return NGX_GEMINI_PLACE_NONE;
}
