
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_place.h"


#define NGX_GEMINI_PLACE_LONGEST  24

#define LETTER                    ngx_gemini_word_letter


/* members that matter, by the length of their names */

static const ngx_gemini_word_t  ngx_gemini_place_names[] = {
    { ngx_string("model"), NGX_GEMINI_MEMBER_MODEL },
    { ngx_string("batch"), NGX_GEMINI_MEMBER_BATCH },
    { ngx_string("store"), NGX_GEMINI_MEMBER_STORE },
    { ngx_string("stream"), NGX_GEMINI_MEMBER_STREAM },
    { ngx_string("requests"), NGX_GEMINI_MEMBER_REQUESTS },
    { ngx_string("background"), NGX_GEMINI_MEMBER_BACKGROUND },
    { ngx_string("stream_options"), NGX_GEMINI_MEMBER_OPTIONS },
    { ngx_string("generateContentRequest"), NGX_GEMINI_MEMBER_COUNT },
    { ngx_string("generate_content_request"), NGX_GEMINI_MEMBER_COUNT }
};


static const ngx_gemini_word_length_t  ngx_gemini_place_lengths[] = {
    { 0, 0 },
    { 0, 0 },
    { 0, 0 },
    { 0, 0 },
    { 0, 0 },
    { 0, LETTER('b') | LETTER('m') | LETTER('s') },
    { 3, LETTER('s') },
    { 4, 0 },
    { 4, LETTER('r') },
    { 5, 0 },
    { 5, LETTER('b') },
    { 6, 0 },
    { 6, 0 },
    { 6, 0 },
    { 6, LETTER('s') },
    { 7, 0 },
    { 7, 0 },
    { 7, 0 },
    { 7, 0 },
    { 7, 0 },
    { 7, 0 },
    { 7, 0 },
    { 7, LETTER('g') },
    { 8, 0 },
    { 8, LETTER('g') },
    { 9, 0 }
};


static const ngx_gemini_words_t  ngx_gemini_place_words = {
    ngx_gemini_place_names, ngx_gemini_place_lengths,
    NGX_GEMINI_PLACE_LONGEST
};


ngx_uint_t
ngx_gemini_place_member(ngx_uint_t place, const u_char *name, size_t len)
{
    ngx_uint_t  member;

    member = ngx_gemini_word_find(&ngx_gemini_place_words, name, len);

    return (place == NGX_GEMINI_PLACE_TOP
            || member == NGX_GEMINI_MEMBER_MODEL)
           ? member : NGX_GEMINI_MEMBER_OTHER;
}
