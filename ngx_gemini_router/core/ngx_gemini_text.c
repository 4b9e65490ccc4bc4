
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_member.h"
#include "ngx_gemini_mention.h"
#include "ngx_gemini_text.h"


static ngx_int_t ngx_gemini_text_value(ngx_gemini_body_t *body,
    const u_char *quote);
static ngx_int_t ngx_gemini_text_keep(ngx_gemini_body_t *body,
    const u_char *p, size_t len, ngx_uint_t last);


void
ngx_gemini_text_begin(ngx_gemini_body_t *body, ngx_uint_t capture)
{
    body->escape = 0;
    body->capture = (uint8_t) capture;
    body->overflow = 0;
    body->text_len = 0;
}


const u_char *
ngx_gemini_text_string(ngx_gemini_body_t *body, const u_char *p,
    const u_char *near, const u_char *end, ngx_uint_t name)
{
    ngx_int_t      rc;
    ngx_uint_t     escape;
    const u_char  *quote;

    escape = body->escape;
    quote = ngx_gemini_scan_string(near, end, &escape);
    body->escape = (uint8_t) escape;

    if (body->capture
        && ngx_gemini_text_keep(body, p, quote - p, quote < end) != NGX_OK)
    {
        return NULL;
    }

    if (body->kind != NGX_GEMINI_MENTION_NONE) {
        ngx_gemini_mention_piece(body, p, quote - p);
    }

    if (quote == end) {
        return end;
    }

    rc = NGX_OK;

    if (!name) {
        rc = ngx_gemini_text_value(body, quote);

    } else if (body->capture) {
        rc = ngx_gemini_member_escaped(body);
    }

    return (rc == NGX_OK) ? quote : NULL;
}


static ngx_int_t
ngx_gemini_text_value(ngx_gemini_body_t *body, const u_char *quote)
{
    uint64_t  offset;

    offset = body->size + (quote - body->piece);

    if (body->kind != NGX_GEMINI_MENTION_NONE) {
        ngx_gemini_mention_end(body, offset - body->token - 1);
        return NGX_OK;
    }

    return body->capture ? ngx_gemini_member_model(body, offset) : NGX_OK;
}


/* what a piece has of a text; last: its end, too */

static ngx_int_t
ngx_gemini_text_keep(ngx_gemini_body_t *body, const u_char *p, size_t len,
    ngx_uint_t last)
{
    if (len > (size_t) NGX_GEMINI_BODY_TEXT - body->text_len) {
        len = NGX_GEMINI_BODY_TEXT - body->text_len;
        body->overflow = 1;
    }

    if (last && body->text_len == 0) {
        body->text = p;
        body->text_len = (uint16_t) len;
        return NGX_OK;
    }

    if (len == 0) {
        return NGX_OK;
    }

    if (body->buffer == NULL) {
        body->buffer = body->alloc(body->data, NGX_GEMINI_BODY_TEXT);
        if (body->buffer == NULL) {
            return NGX_ERROR;
        }
    }

    ngx_memcpy(body->buffer + body->text_len, p, len);

    body->text = body->buffer;
    body->text_len += len;

    return NGX_OK;
}


const u_char *
ngx_gemini_text_word(ngx_gemini_body_t *body, const u_char *p,
    const u_char *end)
{
    const u_char  *last;

    last = ngx_gemini_text_plain(p, end);

    if (ngx_gemini_text_keep(body, p, last - p, last < end) != NGX_OK) {
        return NULL;
    }

    if (last < end && ngx_gemini_member_literal(body) != NGX_OK) {
        return NULL;
    }

    return last;
}


const u_char *
ngx_gemini_text_plain(const u_char *p, const u_char *end)
{
    for ( /* void */ ; p < end; p++) {

        if ((*p >= '0' && *p <= '9') || *p == '.' || *p == '-' || *p == '+'
            || ((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z'))
        {
            continue;
        }

        break;
    }

    return p;
}
