
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_member.h"
#include "ngx_gemini_mention.h"
#include "ngx_gemini_place.h"
#include "ngx_gemini_scan.h"


static ngx_uint_t ngx_gemini_member_is(const ngx_str_t *value,
    const char *word);


void
ngx_gemini_member_name(ngx_gemini_body_t *body, uint32_t place,
    const u_char *p, size_t len)
{
    if (body->mentions) {
        ngx_gemini_mention_name(body, p, len);
    }

    if (!(place & NGX_GEMINI_PLACE_OBJECTS)) {
        return;
    }

    body->member = ngx_gemini_place_member(place, p, len);

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
ngx_gemini_member_escaped(ngx_gemini_body_t *body, uint32_t place)
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
        ngx_gemini_member_name(body, place, name, len);
    }

    return (rc == NGX_ERROR && body->known) ? NGX_ERROR : NGX_OK;
}


ngx_int_t
ngx_gemini_member_model(ngx_gemini_body_t *body, uint64_t offset)
{
    u_char              name[NGX_GEMINI_MODEL_MAX + 7], *p;
    size_t              len;
    ngx_int_t           rc;
    ngx_gemini_span_t  *span;

    len = 0;
    rc = NGX_DECLINED;

    if (!body->overflow) {
        rc = ngx_gemini_scan_unescape(body->text, body->text_len, name,
                                      sizeof(name), &len);
    }

    if (rc == NGX_ERROR || body->nspans == NGX_GEMINI_BODY_SPANS) {
        return NGX_ERROR;
    }

    span = &body->spans[body->nspans++];

    span->offset = body->token;
    span->len = (uint32_t) (offset + 1 - body->token);
    span->prefix = 0;

    if (body->refs) {
        (void) ngx_gemini_refs_add(body->refs, NGX_GEMINI_REF_NONE, name,
                                   len);
    }

    if (rc != NGX_OK) {
        len = 0;
    }

    p = name;

    if (len >= 7 && ngx_memcmp(p, "models/", 7) == 0) {
        span->prefix = 1;
        p += 7;
        len -= 7;
    }

    /* too long to be a name: such a span differs from every other */

    if (len > NGX_GEMINI_MODEL_MAX) {
        len = 0;
    }

    if (body->nspans == 1) {
        ngx_memcpy(body->model, p, len);
        body->model_len = len;
        return NGX_OK;
    }

    if (len == 0 || len != body->model_len
        || ngx_memcmp(body->model, p, len) != 0)
    {
        body->differ = 1;
    }

    return NGX_OK;
}


ngx_int_t
ngx_gemini_member_literal(ngx_gemini_body_t *body)
{
    ngx_str_t  value;

    value.data = body->text;
    value.len = body->text_len;

    if (value.data[0] <= '9') {
        return NGX_OK;
    }

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
