
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_json.h"
#include "ngx_gemini_listing.h"


#define ngx_gemini_listing_is(str, text)                                      \
    ((str)->len == sizeof(text) - 1                                           \
     && ngx_memcmp((str)->data, text, sizeof(text) - 1) == 0)


static ngx_int_t ngx_gemini_listing_member(void *data, const ngx_str_t *path,
    ngx_gemini_json_e type, const ngx_str_t *value);
static void ngx_gemini_listing_model(ngx_gemini_listing_t *listing,
    ngx_gemini_json_e type);
static void ngx_gemini_listing_name(ngx_gemini_listing_t *listing,
    const ngx_str_t *value);
static void ngx_gemini_listing_limit(ngx_gemini_listing_t *listing,
    const ngx_str_t *value);


ngx_int_t
ngx_gemini_listing_read(ngx_gemini_listing_t *listing, const u_char *p,
    size_t len)
{
    size_t  i;

    listing->models = 0;
    listing->token_len = 0;
    listing->name_len = 0;

    ngx_memzero(&listing->listed, sizeof(ngx_gemini_listed_t));

    for (i = 0; i < len && (p[i] == ' ' || p[i] == '\n'); i++) {
        /* void */
    }

    if (i == len || p[i] != '{') {
        return NGX_ERROR;
    }

    return ngx_gemini_json_read(p, len, ngx_gemini_listing_member, listing);
}


static ngx_int_t
ngx_gemini_listing_member(void *data, const ngx_str_t *path,
    ngx_gemini_json_e type, const ngx_str_t *value)
{
    ngx_gemini_listing_t *listing = data;

    if (ngx_gemini_listing_is(path, "models[]")) {
        ngx_gemini_listing_model(listing, type);
        return NGX_OK;
    }

    if (ngx_gemini_listing_is(path, "models[].outputTokenLimit")) {
        ngx_gemini_listing_limit(listing, value);
        return NGX_OK;
    }

    if (type != NGX_GEMINI_JSON_STRING) {
        return NGX_OK;
    }

    if (ngx_gemini_listing_is(path, "models[].name")) {
        ngx_gemini_listing_name(listing, value);

    } else if (ngx_gemini_listing_is(path,
                                  "models[].supportedGenerationMethods[]"))
    {
        listing->listed.methods = 1;

        if (ngx_gemini_listing_is(value, "generateContent")) {
            listing->listed.generates = 1;
        }

    } else if (ngx_gemini_listing_is(path, "nextPageToken")
               && value->len <= NGX_GEMINI_LISTING_TOKEN)
    {
        ngx_memcpy(listing->token, value->data, value->len);
        listing->token_len = value->len;
    }

    return NGX_OK;
}


static void
ngx_gemini_listing_model(ngx_gemini_listing_t *listing,
    ngx_gemini_json_e type)
{
    if (type == NGX_GEMINI_JSON_OPEN) {
        ngx_memzero(&listing->listed, sizeof(ngx_gemini_listed_t));
        listing->name_len = 0;
        return;
    }

    if (type != NGX_GEMINI_JSON_CLOSE || listing->name_len == 0) {
        return;
    }

    listing->models++;
    listing->listed.name.data = listing->name;
    listing->listed.name.len = listing->name_len;

    listing->handler(listing->data, &listing->listed);
}


static void
ngx_gemini_listing_name(ngx_gemini_listing_t *listing, const ngx_str_t *value)
{
    size_t   len;
    u_char  *p;

    static const char  prefix[] = "models/";

    p = value->data;
    len = value->len;

    if (len > sizeof(prefix) - 1
        && ngx_memcmp(p, prefix, sizeof(prefix) - 1) == 0)
    {
        p += sizeof(prefix) - 1;
        len -= sizeof(prefix) - 1;
    }

    if (len > NGX_GEMINI_MODEL_MAX) {
        return;
    }

    ngx_memcpy(listing->name, p, len);
    listing->name_len = len;
}


static void
ngx_gemini_listing_limit(ngx_gemini_listing_t *listing,
    const ngx_str_t *value)
{
    int64_t  n;

    if (ngx_gemini_json_int(value, &n) == NGX_OK && n > 0) {
        listing->listed.output = (uint32_t) ngx_min(n, 0x7fffffff);
    }
}
