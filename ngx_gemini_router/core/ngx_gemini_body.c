
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_body.h"
#include "ngx_gemini_member.h"
#include "ngx_gemini_mention.h"
#include "ngx_gemini_place.h"
#include "ngx_gemini_scan.h"


typedef enum {
    NGX_GEMINI_BODY_START = 0,             /* nothing but white space yet */
    NGX_GEMINI_BODY_VALUE,
    NGX_GEMINI_BODY_ELEMENT,               /* or the end of the array */
    NGX_GEMINI_BODY_NAME,                  /* or the end of the object */
    NGX_GEMINI_BODY_COLON,
    NGX_GEMINI_BODY_AFTER,                 /* a comma or an end */
    NGX_GEMINI_BODY_STRING,
    NGX_GEMINI_BODY_LITERAL,
    NGX_GEMINI_BODY_DONE,
    NGX_GEMINI_BODY_IGNORE                 /* failed, or not an object */
} ngx_gemini_body_state_e;


static const u_char *ngx_gemini_body_string(ngx_gemini_body_t *body,
    const u_char *p, const u_char *end, uint64_t offset);
static const u_char *ngx_gemini_body_colon(ngx_gemini_body_t *body,
    const u_char *p, const u_char *end);
static void ngx_gemini_body_append(ngx_gemini_body_t *body, const u_char *p,
    size_t len);
static const u_char *ngx_gemini_body_literal(ngx_gemini_body_t *body,
    const u_char *p, const u_char *end);
static void ngx_gemini_body_byte(ngx_gemini_body_t *body, u_char ch,
    uint64_t offset);
static void ngx_gemini_body_start(ngx_gemini_body_t *body, u_char ch,
    uint64_t offset);
static void ngx_gemini_body_value(ngx_gemini_body_t *body, u_char ch,
    uint64_t offset);
static void ngx_gemini_body_open(ngx_gemini_body_t *body, ngx_uint_t array);
static void ngx_gemini_body_close(ngx_gemini_body_t *body, u_char ch);
static void ngx_gemini_body_quote(ngx_gemini_body_t *body,
    ngx_uint_t is_key, uint64_t offset);
static void ngx_gemini_body_over(ngx_gemini_body_t *body);
static ngx_uint_t ngx_gemini_body_array(ngx_gemini_body_t *body);
static uint32_t ngx_gemini_body_place(ngx_gemini_body_t *body);
static void ngx_gemini_body_fail(ngx_gemini_body_t *body);


void
ngx_gemini_body_init(ngx_gemini_body_t *body, ngx_gemini_body_want_e want,
    ngx_gemini_refs_t *refs)
{
    ngx_memzero(body, sizeof(ngx_gemini_body_t));

    body->want = want;
    body->refs = refs;
    body->mentions = ((want & NGX_GEMINI_BODY_MENTIONS) != 0);
    body->answer = ((want & NGX_GEMINI_BODY_ANSWER) != 0);
}


void
ngx_gemini_body_feed(ngx_gemini_body_t *body, const u_char *p, size_t len)
{
    u_char         ch;
    const u_char  *start, *end;

    start = p;
    end = p + len;

    while (p < end) {

        switch (body->state) {

        case NGX_GEMINI_BODY_STRING:
            p = ngx_gemini_body_string(body, p, end,
                                       body->size + (p - start));
            break;

        case NGX_GEMINI_BODY_LITERAL:
            p = ngx_gemini_body_literal(body, p, end);
            break;

        case NGX_GEMINI_BODY_IGNORE:
            p = end;
            break;

        default:

            do {
                ch = *p++;
            } while (p < end && (ch == ' ' || ch == '\n'));

            if (ch == ' ' || ch == '\n' || ch == '\t' || ch == '\r') {
                break;
            }

            ngx_gemini_body_byte(body, ch, body->size + (p - 1 - start));
        }
    }

    body->size += len;
}


void
ngx_gemini_body_end(ngx_gemini_body_t *body)
{
    switch (body->state) {

    case NGX_GEMINI_BODY_START:
    case NGX_GEMINI_BODY_DONE:
    case NGX_GEMINI_BODY_IGNORE:
        return;

    default:
        ngx_gemini_body_fail(body);
    }
}


static const u_char *
ngx_gemini_body_string(ngx_gemini_body_t *body, const u_char *p,
    const u_char *end, uint64_t offset)
{
    ngx_uint_t     escape;
    const u_char  *quote;

    if (body->is_key && body->capture && offset == body->token + 1) {
        quote = ngx_gemini_scan_name(p, end);

        if (quote != NULL) {
            ngx_gemini_member_name(body, ngx_gemini_body_place(body), p,
                                   quote - p);
            return ngx_gemini_body_colon(body, quote + 1, end);
        }
    }

    escape = body->escape;
    quote = ngx_gemini_scan_string(p, end, &escape);
    body->escape = (uint8_t) escape;

    if (body->capture) {
        ngx_gemini_body_append(body, p, quote - p);
    }

    if (body->kind) {
        ngx_gemini_mention_piece(body, p, quote - p);
    }

    if (quote == end) {
        return end;
    }

    if (body->is_key) {

        if (body->capture
            && ngx_gemini_member_escaped(body, ngx_gemini_body_place(body))
               != NGX_OK)
        {
            ngx_gemini_body_fail(body);
            return end;
        }

        return ngx_gemini_body_colon(body, quote + 1, end);
    }

    if (body->kind) {
        ngx_gemini_mention_end(body, offset + (quote - p) - body->token - 1);
        body->capture = 0;
    }

    ngx_gemini_body_over(body);

    if (body->capture
        && ngx_gemini_member_model(body, offset + (quote - p)) != NGX_OK)
    {
        ngx_gemini_body_fail(body);
    }

    return quote + 1;
}


/* behind a name: a colon mostly follows at once */

static const u_char *
ngx_gemini_body_colon(ngx_gemini_body_t *body, const u_char *p,
    const u_char *end)
{
    if (p < end && *p == ':') {
        body->state = NGX_GEMINI_BODY_VALUE;
        return p + 1;
    }

    body->state = NGX_GEMINI_BODY_COLON;

    return p;
}


static void
ngx_gemini_body_append(ngx_gemini_body_t *body, const u_char *p, size_t len)
{
    if (len > sizeof(body->text) - body->text_len) {
        len = sizeof(body->text) - body->text_len;
        body->overflow = 1;
    }

    ngx_memcpy(body->text + body->text_len, p, len);
    body->text_len += len;
}


static const u_char *
ngx_gemini_body_literal(ngx_gemini_body_t *body, const u_char *p,
    const u_char *end)
{
    u_char         ch;
    const u_char  *start;

    start = p;

    for ( /* void */ ; p < end; p++) {
        ch = *p;

        if ((ch >= '0' && ch <= '9') || ch == '.' || ch == '-' || ch == '+'
            || ((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z'))
        {
            continue;
        }

        break;
    }

    ngx_gemini_body_append(body, start, p - start);

    if (p == end) {
        return p;
    }

    if (ngx_gemini_member_literal(body) != NGX_OK) {
        ngx_gemini_body_fail(body);
        return p;
    }

    ngx_gemini_body_over(body);

    return p;
}


static void
ngx_gemini_body_byte(ngx_gemini_body_t *body, u_char ch, uint64_t offset)
{
    switch (body->state) {

    case NGX_GEMINI_BODY_VALUE:
        ngx_gemini_body_value(body, ch, offset);
        return;

    case NGX_GEMINI_BODY_ELEMENT:

        /* a trailing comma is taken, as Google does */

        if (ch == ']') {
            ngx_gemini_body_close(body, ch);
            return;
        }

        ngx_gemini_body_value(body, ch, offset);
        return;

    case NGX_GEMINI_BODY_NAME:

        if (ch == '"') {
            ngx_gemini_body_quote(body, 1, offset);
            return;
        }

        ngx_gemini_body_close(body, ch);
        return;

    case NGX_GEMINI_BODY_COLON:

        if (ch != ':') {
            break;
        }

        body->state = NGX_GEMINI_BODY_VALUE;
        return;

    case NGX_GEMINI_BODY_AFTER:

        if (ch == ',') {
            body->state = ngx_gemini_body_array(body)
                          ? NGX_GEMINI_BODY_ELEMENT : NGX_GEMINI_BODY_NAME;
            return;
        }

        ngx_gemini_body_close(body, ch);
        return;

    case NGX_GEMINI_BODY_DONE:
        break;

    default:
        ngx_gemini_body_start(body, ch, offset);
        return;
    }

    ngx_gemini_body_fail(body);
}


static void
ngx_gemini_body_start(ngx_gemini_body_t *body, u_char ch, uint64_t offset)
{
    static const u_char  bom[] = { 0xef, 0xbb, 0xbf };

    /* the byte order mark of UTF-8, before anything else */

    if (offset < 3 && ch == bom[offset]) {
        return;
    }

    if (ch != '{') {

        /* JSON or not, it names no model */

        if (ch != '[' && ch != '"') {
            ngx_gemini_body_fail(body);
        }

        body->state = NGX_GEMINI_BODY_IGNORE;
        return;
    }

    body->open = offset + 1;
    body->object = 1;
    body->empty = 1;

    ngx_gemini_body_open(body, 0);
}


static void
ngx_gemini_body_value(ngx_gemini_body_t *body, u_char ch, uint64_t offset)
{
    switch (ch) {

    case '{':
        ngx_gemini_body_open(body, 0);
        return;

    case '[':
        ngx_gemini_body_open(body, 1);
        return;

    case '"':
        ngx_gemini_body_quote(body, 0, offset);
        return;

    case 't':
    case 'f':
    case 'n':
    case '-':
        break;

    default:

        if (ch < '0' || ch > '9') {
            ngx_gemini_body_fail(body);
            return;
        }
    }

    body->state = NGX_GEMINI_BODY_LITERAL;
    body->text[0] = ch;
    body->text_len = 1;
}


static void
ngx_gemini_body_open(ngx_gemini_body_t *body, ngx_uint_t array)
{
    uint32_t  place;

    if (body->depth == NGX_GEMINI_BODY_DEPTH) {
        ngx_gemini_body_fail(body);
        return;
    }

    place = NGX_GEMINI_PLACE_TOP;

    if (body->depth) {
        place = ngx_gemini_place_inside(ngx_gemini_body_place(body),
                                        body->member, array, body->want);
    }

    if (array) {
        body->arrays[body->depth >> 6] |= (uint64_t) 1 << (body->depth & 63);
        body->state = NGX_GEMINI_BODY_ELEMENT;

    } else {
        body->arrays[body->depth >> 6] &=
                                       ~((uint64_t) 1 << (body->depth & 63));
        body->state = NGX_GEMINI_BODY_NAME;
    }

    body->depth++;
    body->member = NGX_GEMINI_MEMBER_OTHER;

    if (body->mentions) {
        ngx_gemini_mention_open(body, array);
        body->mention = NGX_GEMINI_MENTION_NONE;
    }

    if (body->depth < 4) {
        body->path[body->depth] = place;
    }
}


static void
ngx_gemini_body_close(ngx_gemini_body_t *body, u_char ch)
{
    if (ch != (ngx_gemini_body_array(body) ? ']' : '}')) {
        ngx_gemini_body_fail(body);
        return;
    }

    if (body->mentions) {
        ngx_gemini_mention_close(body);
    }

    body->depth--;

    ngx_gemini_body_over(body);
}


static void
ngx_gemini_body_quote(ngx_gemini_body_t *body, ngx_uint_t is_key,
    uint64_t offset)
{
    body->state = NGX_GEMINI_BODY_STRING;
    body->token = offset;
    body->is_key = (uint8_t) is_key;
    body->escape = 0;
    body->overflow = 0;
    body->text_len = 0;

    if (!is_key) {
        body->capture = (body->member == NGX_GEMINI_MEMBER_MODEL);

        if (body->mentions) {
            ngx_gemini_mention_begin(body, ngx_gemini_body_array(body));
        }

        return;
    }

    body->known = ((ngx_gemini_body_place(body) & NGX_GEMINI_PLACE_OBJECTS)
                   != 0);
    body->capture = body->known | body->mentions;

    if (body->depth == 1) {
        body->empty = 0;
    }
}


/* a value has ended */

static void
ngx_gemini_body_over(ngx_gemini_body_t *body)
{
    body->member = NGX_GEMINI_MEMBER_OTHER;
    body->mention = NGX_GEMINI_MENTION_NONE;
    body->state = body->depth ? NGX_GEMINI_BODY_AFTER
                              : NGX_GEMINI_BODY_DONE;
}


/* whether the innermost open thing is an array */

static ngx_uint_t
ngx_gemini_body_array(ngx_gemini_body_t *body)
{
    uint32_t  n;

    n = body->depth - 1;

    return (body->arrays[n >> 6] >> (n & 63)) & 1;
}


static uint32_t
ngx_gemini_body_place(ngx_gemini_body_t *body)
{
    return body->depth < 4 ? body->path[body->depth]
                           : (uint32_t) NGX_GEMINI_PLACE_NONE;
}


static void
ngx_gemini_body_fail(ngx_gemini_body_t *body)
{
    body->state = NGX_GEMINI_BODY_IGNORE;
    body->failed = 1;
    body->nspans = 0;
    body->model_len = 0;
}
