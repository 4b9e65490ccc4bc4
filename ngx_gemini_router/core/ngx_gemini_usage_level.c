
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_scan.h"
#include "ngx_gemini_usage_level.h"


static void ngx_gemini_usage_enter(ngx_gemini_usage_t *usage);
static void ngx_gemini_usage_down(ngx_gemini_usage_t *usage,
    ngx_uint_t place);


void
ngx_gemini_usage_open(ngx_gemini_usage_t *usage, u_char ch)
{
    if (usage->depth == 0) {
        usage->base = (ch == '[') ? 2 : 1;
        usage->level = usage->base;
    }

    usage->depth++;

    if (usage->depth == usage->level) {
        usage->expect_key = (ch == '{');
        usage->member = NGX_GEMINI_USAGE_NONE;
        return;
    }

    if (usage->depth != usage->level + 1) {
        return;
    }

    if (ch == '{') {
        ngx_gemini_usage_enter(usage);
    }

    usage->member = NGX_GEMINI_USAGE_NONE;
}


/* into an object that is a member of the answer */

static void
ngx_gemini_usage_enter(ngx_gemini_usage_t *usage)
{
    switch (usage->member) {

    case NGX_GEMINI_USAGE_TOKENS:
        ngx_gemini_tokens_init(&usage->told.tokens);
        usage->told.openai = 0;
        ngx_gemini_usage_down(usage, NGX_GEMINI_TOKENS_USAGE);
        return;

    case NGX_GEMINI_USAGE_FIELD:

        if (usage->field->inner) {
            ngx_gemini_usage_down(usage, usage->field->inner);
        }

        return;

    case NGX_GEMINI_USAGE_INNER:

        if (usage->level == usage->base) {
            ngx_gemini_usage_down(usage, 0);
        }

        return;

    case NGX_GEMINI_USAGE_ERROR:

        if (usage->lines.events || usage->answers) {
            usage->late_error = 1;
        }

        return;

    default:
        return;
    }
}


static void
ngx_gemini_usage_down(ngx_gemini_usage_t *usage, ngx_uint_t place)
{
    usage->level++;
    usage->places[usage->level - usage->base] = (uint32_t) place;
    usage->expect_key = 1;
}


void
ngx_gemini_usage_close(ngx_gemini_usage_t *usage)
{
    if (usage->depth == 0) {
        return;
    }

    if (usage->depth == usage->base) {
        usage->answers++;
    }

    if (usage->depth == usage->level && usage->level > usage->base) {

        if (usage->places[usage->level - usage->base]
            == NGX_GEMINI_TOKENS_USAGE)
        {
            ngx_gemini_tokens_keep(&usage->tokens, &usage->told);
        }

        usage->level--;
    }

    usage->depth--;

    usage->expect_key = 0;
    usage->member = NGX_GEMINI_USAGE_NONE;
}


ngx_gemini_usage_member_e
ngx_gemini_usage_native(const u_char *name, size_t len)
{
    if (ngx_gemini_scan_is(name, len, "usageMetadata")) {
        return NGX_GEMINI_USAGE_TOKENS;
    }

    if (ngx_gemini_scan_is(name, len, "responseId")) {
        return NGX_GEMINI_USAGE_NAMED;
    }

    if (ngx_gemini_scan_is(name, len, "totalTokens")) {
        return NGX_GEMINI_USAGE_TOTAL;
    }

    if (ngx_gemini_scan_is(name, len, "cachedContentTokenCount")) {
        return NGX_GEMINI_USAGE_CACHED;
    }

    if (ngx_gemini_scan_is(name, len, "error")) {
        return NGX_GEMINI_USAGE_ERROR;
    }

    return NGX_GEMINI_USAGE_NONE;
}


ngx_gemini_usage_member_e
ngx_gemini_usage_openai(ngx_gemini_surface_e surface, const u_char *name,
    size_t len)
{
    if (ngx_gemini_scan_is(name, len, "id")) {
        return NGX_GEMINI_USAGE_NAMED;
    }

    if (ngx_gemini_scan_is(name, len, "usage")) {
        return NGX_GEMINI_USAGE_TOKENS;
    }

    if (ngx_gemini_scan_is(name, len, "error")) {
        return NGX_GEMINI_USAGE_ERROR;
    }

    if (surface == NGX_GEMINI_SURFACE_INTERACTIONS
        && ngx_gemini_scan_is(name, len, "interaction"))
    {
        return NGX_GEMINI_USAGE_INNER;
    }

    return NGX_GEMINI_USAGE_NONE;
}
