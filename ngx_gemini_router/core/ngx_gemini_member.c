
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_member.h"
#include "ngx_gemini_mention.h"
#include "ngx_gemini_place.h"
#include "ngx_gemini_scan.h"


static ngx_int_t ngx_gemini_member_span(ngx_gemini_body_t *body,
    uint64_t offset, const u_char *model, size_t len, ngx_uint_t prefix);
static ngx_int_t ngx_gemini_member_grow(ngx_gemini_body_t *body);
static ngx_uint_t ngx_gemini_member_is(const ngx_str_t *value,
    const char *word);


void
ngx_gemini_member_place(ngx_gemini_body_t *body, const u_char *p, size_t len)
{
    ngx_uint_t  place;

    place = body->levels & 15;

    body->member = (uint8_t) ngx_gemini_place_member(place, p, len);

    switch (body->member) {

    case NGX_GEMINI_MEMBER_MODEL:
        if (place == NGX_GEMINI_PLACE_TOP
            && !(body->want & NGX_GEMINI_BODY_TOP))
        {
            body->member = NGX_GEMINI_MEMBER_OTHER;
        }

        break;

    case NGX_GEMINI_MEMBER_STREAM:
        body->stream = 0;
        break;

    case NGX_GEMINI_MEMBER_STORE:
        body->store = 1;
        body->store_false = 0;
        break;

    case NGX_GEMINI_MEMBER_BACKGROUND:
        body->background = 0;
        break;

    case NGX_GEMINI_MEMBER_OPTIONS:
        body->usage = 1;
        break;

    default:
        break;
    }
}


ngx_int_t
ngx_gemini_member_escaped(ngx_gemini_body_t *body)
{
    u_char     name[NGX_GEMINI_BODY_KEY];
    size_t     len;
    ngx_int_t  rc;

    if (body->overflow) {
        return NGX_OK;
    }

    rc = ngx_gemini_scan_unescape(body->text, body->text_len, name,
                                  NGX_GEMINI_BODY_KEY, &len);

    if (rc == NGX_OK) {
        ngx_gemini_member_name(body, name, len);
    }

    return (rc == NGX_ERROR && (body->levels & 15) > NGX_GEMINI_PLACE_OBJECT)
           ? NGX_ERROR : NGX_OK;
}


ngx_int_t
ngx_gemini_member_model(ngx_gemini_body_t *body, uint64_t offset)
{
    u_char     name[NGX_GEMINI_MODEL_MAX + 7];
    size_t     len, skip;
    ngx_int_t  rc;

    if (body->overflow) {
        return ngx_gemini_member_span(body, offset, NULL, 0, 0);
    }

    rc = ngx_gemini_scan_unescape(body->text, body->text_len, name,
                                  sizeof(name), &len);

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    skip = 0;

    if (rc == NGX_OK && len >= 7 && ngx_memcmp(name, "models/", 7) == 0) {
        skip = 7;
    }

    /* too long to be a name: such a span differs from every other */

    rc = ngx_gemini_member_span(body, offset, name + skip,
                                (rc == NGX_OK
                                 && len - skip <= NGX_GEMINI_MODEL_MAX)
                                ? len - skip : 0, skip != 0);

    if (rc == NGX_OK && body->refs) {
        (void) ngx_gemini_refs_add(body->refs, NGX_GEMINI_REF_NONE, name,
                                   len);
    }

    return rc;
}


static ngx_int_t
ngx_gemini_member_span(ngx_gemini_body_t *body, uint64_t offset,
    const u_char *model, size_t len, ngx_uint_t prefix)
{
    ngx_gemini_span_t  *span;

    if (ngx_gemini_member_grow(body) != NGX_OK) {
        return NGX_ERROR;
    }

    span = &body->spans[body->nspans++];

    span->offset = body->token;
    span->len = (uint32_t) (offset + 1 - body->token);
    span->prefix = (uint32_t) prefix;

    if (body->nspans > 1) {

        if (len == 0 || len != body->model_len
            || ngx_memcmp(body->model, model, len) != 0)
        {
            body->differ = 1;
        }

        return NGX_OK;
    }

    if (len == 0) {
        return NGX_OK;
    }

    body->model = body->alloc(body->data, len);
    if (body->model == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(body->model, model, len);
    body->model_len = (uint32_t) len;

    return NGX_OK;
}


/* room for one span more: for 1, 2, 4, ... */

static ngx_int_t
ngx_gemini_member_grow(ngx_gemini_body_t *body)
{
    uint32_t            n;
    ngx_gemini_span_t  *spans;

    n = body->nspans;

    if (n == NGX_GEMINI_BODY_SPANS) {
        return NGX_ERROR;
    }

    if (n & (n - 1)) {
        return NGX_OK;
    }

    spans = body->alloc(body->data,
                        ngx_max(n * 2, 1) * sizeof(ngx_gemini_span_t));
    if (spans == NULL) {
        return NGX_ERROR;
    }

    if (n) {
        ngx_memcpy(spans, body->spans, n * sizeof(ngx_gemini_span_t));
    }

    body->spans = spans;

    return NGX_OK;
}


ngx_int_t
ngx_gemini_member_literal(ngx_gemini_body_t *body)
{
    ngx_str_t  value;

    value.data = (u_char *) body->text;
    value.len = body->text_len;

    if (ngx_gemini_member_is(&value, "true")) {

        if (body->member == NGX_GEMINI_MEMBER_STREAM) {
            body->stream = 1;
        }

        if (body->member == NGX_GEMINI_MEMBER_BACKGROUND) {
            body->background = 1;
        }

        return NGX_OK;
    }

    if (ngx_gemini_member_is(&value, "false")) {

        if (body->member == NGX_GEMINI_MEMBER_STORE) {
            body->store_false = 1;
        }

        return NGX_OK;
    }

    return ngx_gemini_member_is(&value, "null") ? NGX_OK : NGX_ERROR;
}


static ngx_uint_t
ngx_gemini_member_is(const ngx_str_t *value, const char *word)
{
    return value->len == ngx_strlen(word)
           && ngx_memcmp(value->data, word, value->len) == 0;
}
