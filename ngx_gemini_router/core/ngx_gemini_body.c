
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_body.h"
#include "ngx_gemini_member.h"
#include "ngx_gemini_mention.h"
#include "ngx_gemini_place.h"
#include "ngx_gemini_text.h"


typedef enum {
    NGX_GEMINI_BODY_START = 0,             /* nothing but white space yet */
    NGX_GEMINI_BODY_VALUE,                 /* or the end of the array */
    NGX_GEMINI_BODY_NAME,                  /* or the end of the object */
    NGX_GEMINI_BODY_COLON,
    NGX_GEMINI_BODY_AFTER,                 /* a comma or an end */
    NGX_GEMINI_BODY_DONE,
    NGX_GEMINI_BODY_IGNORE,                /* failed, or not an object */

    /* inside of what a piece may end in */

    NGX_GEMINI_BODY_IN_NAME,
    NGX_GEMINI_BODY_IN_STRING,
    NGX_GEMINI_BODY_IN_NUMBER,
    NGX_GEMINI_BODY_IN_WORD
} ngx_gemini_body_state_e;


static const u_char *ngx_gemini_body_token(ngx_gemini_body_t *body,
    const u_char *p, const u_char *end);
static const u_char *ngx_gemini_body_start(ngx_gemini_body_t *body,
    const u_char *p, const u_char *end);
static const u_char *ngx_gemini_body_name(ngx_gemini_body_t *body,
    const u_char *p, const u_char *end);
static const u_char *ngx_gemini_body_value(ngx_gemini_body_t *body,
    const u_char *p, const u_char *end);
static const u_char *ngx_gemini_body_string(ngx_gemini_body_t *body,
    const u_char *p, const u_char *end);
static const u_char *ngx_gemini_body_number(ngx_gemini_body_t *body,
    const u_char *p, const u_char *end);
static const u_char *ngx_gemini_body_inside(ngx_gemini_body_t *body,
    const u_char *p, const u_char *near, const u_char *end);
static const u_char *ngx_gemini_body_colon(ngx_gemini_body_t *body,
    const u_char *p, const u_char *end);
static const u_char *ngx_gemini_body_over(ngx_gemini_body_t *body,
    const u_char *p, const u_char *end);
static void ngx_gemini_body_comma(ngx_gemini_body_t *body);
static const u_char *ngx_gemini_body_open(ngx_gemini_body_t *body,
    const u_char *p, const u_char *end);
static ngx_uint_t ngx_gemini_body_object(const ngx_gemini_body_t *body);
static ngx_uint_t ngx_gemini_body_array(const ngx_gemini_body_t *body);
static const u_char *ngx_gemini_body_close(ngx_gemini_body_t *body,
    const u_char *p, const u_char *end);
static ngx_int_t ngx_gemini_body_deep(ngx_gemini_body_t *body);
static const u_char *ngx_gemini_body_fail(ngx_gemini_body_t *body,
    const u_char *end);


void
ngx_gemini_body_init(ngx_gemini_body_t *body, ngx_gemini_body_want_e want,
    ngx_gemini_refs_t *refs, ngx_gemini_body_alloc_pt alloc, void *data)
{
    ngx_memzero(body, sizeof(ngx_gemini_body_t));

    body->want = (uint8_t) want;
    body->refs = refs;
    body->alloc = alloc;
    body->data = data;

    if (want & NGX_GEMINI_BODY_MENTIONS) {
        body->words = (want & NGX_GEMINI_BODY_ANSWER)
                      ? &ngx_gemini_mention_answers
                      : &ngx_gemini_mention_requests;
    }
}


void
ngx_gemini_body_feed(ngx_gemini_body_t *body, const u_char *p, size_t len)
{
    const u_char  *end;

    end = p + len;
    body->piece = p;

    if (body->state >= NGX_GEMINI_BODY_IN_NAME) {
        p = ngx_gemini_body_inside(body, p, p, end);
    }

    while (p < end) {

        if (*p <= ' '
            && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r'))
        {
            p++;
            continue;
        }

        p = ngx_gemini_body_token(body, p, end);
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
        (void) ngx_gemini_body_fail(body, NULL);
    }
}


/* what is no white space */

static const u_char *
ngx_gemini_body_token(ngx_gemini_body_t *body, const u_char *p,
    const u_char *end)
{
    switch (body->state) {

    case NGX_GEMINI_BODY_NAME:

        if (*p != '"') {
            break;
        }

        p = ngx_gemini_body_name(body, p + 1, end);

        if (p == end || *p <= ' ' || body->state != NGX_GEMINI_BODY_VALUE) {
            return p;
        }

        /* fall through */

    case NGX_GEMINI_BODY_VALUE:

        /* a trailing comma is taken, as Google does */

        if (*p == ']') {
            break;
        }

        return ngx_gemini_body_value(body, p, end);

    case NGX_GEMINI_BODY_AFTER:

        if (*p == ',') {
            ngx_gemini_body_comma(body);
            return p + 1;
        }

        break;

    case NGX_GEMINI_BODY_COLON:

        if (*p == ':') {
            return ngx_gemini_body_colon(body, p, end);
        }

        return ngx_gemini_body_fail(body, end);

    case NGX_GEMINI_BODY_START:
        return ngx_gemini_body_start(body, p, end);

    case NGX_GEMINI_BODY_IGNORE:
        return end;

    default:
        return ngx_gemini_body_fail(body, end);
    }

    return ngx_gemini_body_close(body, p, end);
}


static const u_char *
ngx_gemini_body_start(ngx_gemini_body_t *body, const u_char *p,
    const u_char *end)
{
    uint64_t  offset;

    static const u_char  bom[] = { 0xef, 0xbb, 0xbf };

    offset = body->size + (p - body->piece);

    /* the byte order mark of UTF-8, before anything else */

    if (offset < 3 && *p == bom[offset]) {
        return p + 1;
    }

    if (*p == '{') {
        body->open = offset + 1;
        body->object = 1;
        body->empty = 1;
        body->depth = 1;
        body->levels = NGX_GEMINI_PLACE_TOP;
        body->state = NGX_GEMINI_BODY_NAME;

        return p + 1;
    }

    /* JSON or not, it names no model */

    if (*p != '[' && *p != '"') {
        return ngx_gemini_body_fail(body, end);
    }

    body->state = NGX_GEMINI_BODY_IGNORE;

    return end;
}


static const u_char *
ngx_gemini_body_name(ngx_gemini_body_t *body, const u_char *p,
    const u_char *end)
{
    const u_char  *near;

    if (body->depth == 1) {
        body->empty = 0;
    }

    near = ngx_gemini_text_near(p, end);

    if (near < end && *near == '"') {
        ngx_gemini_member_name(body, p, near - p);
        return ngx_gemini_body_colon(body, near + 1, end);
    }

    body->state = NGX_GEMINI_BODY_IN_NAME;

    ngx_gemini_text_begin(body, body->words != NULL
                                || (body->levels & 15)
                                   > NGX_GEMINI_PLACE_OBJECT);

    return ngx_gemini_body_inside(body, p, near, end);
}


static const u_char *
ngx_gemini_body_value(ngx_gemini_body_t *body, const u_char *p,
    const u_char *end)
{
    u_char  ch;

    ch = *p;

    if (ch == '"') {
        return ngx_gemini_body_string(body, p + 1, end);
    }

    if ((ch | 0x20) == '{') {
        return ngx_gemini_body_open(body, p, end);
    }

    if ((ch >= '0' && ch <= '9') || ch == '-') {
        return ngx_gemini_body_number(body, p, end);
    }

    if (ch == 't' || ch == 'f' || ch == 'n') {
        body->state = NGX_GEMINI_BODY_IN_WORD;
        ngx_gemini_text_begin(body, 1);
        return ngx_gemini_body_inside(body, p, p, end);
    }

    return ngx_gemini_body_fail(body, end);
}


static const u_char *
ngx_gemini_body_string(ngx_gemini_body_t *body, const u_char *p,
    const u_char *end)
{
    ngx_uint_t     kind;
    const u_char  *near;

    kind = body->levels & 15;

    if (kind >= NGX_GEMINI_PLACE_REQUESTS) {
        kind = body->mention;
    }

    near = ngx_gemini_text_near(p, end);

    if (kind == NGX_GEMINI_MENTION_NONE
        && body->member != NGX_GEMINI_MEMBER_MODEL
        && near < end && *near == '"')
    {
        return ngx_gemini_body_over(body, near + 1, end);
    }

    body->state = NGX_GEMINI_BODY_IN_STRING;
    body->token = body->size + (p - body->piece) - 1;

    ngx_gemini_text_begin(body, body->member == NGX_GEMINI_MEMBER_MODEL);

    if (kind != NGX_GEMINI_MENTION_NONE) {
        ngx_gemini_mention_begin(body, kind);
    }

    return ngx_gemini_body_inside(body, p, near, end);
}


static const u_char *
ngx_gemini_body_number(ngx_gemini_body_t *body, const u_char *p,
    const u_char *end)
{
    p = ngx_gemini_text_plain(p, end);

    if (p == end) {
        body->state = NGX_GEMINI_BODY_IN_NUMBER;
        return end;
    }

    return ngx_gemini_body_over(body, p, end);
}


/* p inside a name or value; near: for ngx_gemini_text_string() */

static const u_char *
ngx_gemini_body_inside(ngx_gemini_body_t *body, const u_char *p,
    const u_char *near, const u_char *end)
{
    switch (body->state) {

    case NGX_GEMINI_BODY_IN_NUMBER:
        return ngx_gemini_body_number(body, p, end);

    case NGX_GEMINI_BODY_IN_WORD:
        p = ngx_gemini_text_word(body, p, end);
        break;

    default:
        p = ngx_gemini_text_string(body, p, near, end,
                                   body->state == NGX_GEMINI_BODY_IN_NAME);
    }

    if (p == NULL) {
        return ngx_gemini_body_fail(body, end);
    }

    if (p == end) {
        return end;
    }

    if (body->state == NGX_GEMINI_BODY_IN_NAME) {
        return ngx_gemini_body_colon(body, p + 1, end);
    }

    return ngx_gemini_body_over(body,
                                body->state == NGX_GEMINI_BODY_IN_STRING
                                ? p + 1 : p,
                                end);
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


/* behind a value: so does a comma */

static const u_char *
ngx_gemini_body_over(ngx_gemini_body_t *body, const u_char *p,
    const u_char *end)
{
    body->member = NGX_GEMINI_MEMBER_OTHER;
    body->mention = NGX_GEMINI_MENTION_NONE;

    if (p < end && *p == ',') {
        ngx_gemini_body_comma(body);
        return p + 1;
    }

    body->state = NGX_GEMINI_BODY_AFTER;

    return p;
}


static void
ngx_gemini_body_comma(ngx_gemini_body_t *body)
{
    body->state = ((body->levels & 15) >= NGX_GEMINI_PLACE_OBJECT)
                  ? NGX_GEMINI_BODY_NAME : NGX_GEMINI_BODY_VALUE;
}


/* an object or an array */

static const u_char *
ngx_gemini_body_open(ngx_gemini_body_t *body, const u_char *p,
    const u_char *end)
{
    ngx_uint_t  level;

    if (body->depth >= NGX_GEMINI_BODY_LEVELS
        && ngx_gemini_body_deep(body) != NGX_OK)
    {
        return ngx_gemini_body_fail(body, end);
    }

    if (*p == '{') {
        level = ngx_gemini_body_object(body);
        body->state = NGX_GEMINI_BODY_NAME;

    } else {
        level = ngx_gemini_body_array(body);
        body->state = NGX_GEMINI_BODY_VALUE;
    }

    body->levels = body->levels << 4 | level;
    body->depth++;

    if (body->mention != NGX_GEMINI_MENTION_NONE) {
        ngx_gemini_mention_open(body);
    }

    body->member = NGX_GEMINI_MEMBER_OTHER;
    body->mention = NGX_GEMINI_MENTION_NONE;

    return p + 1;
}


static ngx_uint_t
ngx_gemini_body_object(const ngx_gemini_body_t *body)
{
    if ((body->levels & 15) == NGX_GEMINI_PLACE_REQUESTS
        || (body->member == NGX_GEMINI_MEMBER_COUNT
            && (body->want & NGX_GEMINI_BODY_COUNT))
        || (body->member == NGX_GEMINI_MEMBER_BATCH
            && (body->want & NGX_GEMINI_BODY_BATCH)))
    {
        return NGX_GEMINI_PLACE_INNER;
    }

    return NGX_GEMINI_PLACE_OBJECT;
}


static ngx_uint_t
ngx_gemini_body_array(const ngx_gemini_body_t *body)
{
    if (body->member == NGX_GEMINI_MEMBER_REQUESTS
        && (body->want & NGX_GEMINI_BODY_REQUESTS))
    {
        return NGX_GEMINI_PLACE_REQUESTS;
    }

    return (body->mention <= NGX_GEMINI_MENTION_SIGNATURE)
           ? body->mention : NGX_GEMINI_MENTION_NONE;
}


static const u_char *
ngx_gemini_body_close(ngx_gemini_body_t *body, const u_char *p,
    const u_char *end)
{
    if (*p != ((body->levels & 15) >= NGX_GEMINI_PLACE_OBJECT ? '}' : ']')) {
        return ngx_gemini_body_fail(body, end);
    }

    if (body->marked) {
        ngx_gemini_mention_close(body);
    }

    body->depth--;
    body->levels >>= 4;

    if (body->depth >= NGX_GEMINI_BODY_LEVELS) {
        body->levels |= (uint64_t)
                        body->deep[body->depth - NGX_GEMINI_BODY_LEVELS]
                        << 60;
    }

    body->state = body->depth ? NGX_GEMINI_BODY_AFTER
                              : NGX_GEMINI_BODY_DONE;

    return p + 1;
}


/* the outermost level makes room for one more */

static ngx_int_t
ngx_gemini_body_deep(ngx_gemini_body_t *body)
{
    if (body->depth == NGX_GEMINI_BODY_DEPTH) {
        return NGX_ERROR;
    }

    if (body->deep == NULL) {
        body->deep = body->alloc(body->data, NGX_GEMINI_BODY_DEPTH
                                             - NGX_GEMINI_BODY_LEVELS);
        if (body->deep == NULL) {
            return NGX_ERROR;
        }
    }

    body->deep[body->depth - NGX_GEMINI_BODY_LEVELS] =
                                                (u_char) (body->levels >> 60);

    return NGX_OK;
}


static const u_char *
ngx_gemini_body_fail(ngx_gemini_body_t *body, const u_char *end)
{
    body->state = NGX_GEMINI_BODY_IGNORE;
    body->failed = 1;
    body->nspans = 0;
    body->model_len = 0;

    return end;
}
