
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_json.h"
#include "ngx_gemini_scan.h"
#include "ngx_gemini_tokens.h"
#include "ngx_gemini_usage.h"


typedef enum {
    NGX_GEMINI_USAGE_TEXT = 0,             /* between the strings */
    NGX_GEMINI_USAGE_STRING,
    NGX_GEMINI_USAGE_NAME,                 /* a key that is looked at */
    NGX_GEMINI_USAGE_VALUE,                /* the id */
    NGX_GEMINI_USAGE_NUMBER
} ngx_gemini_usage_state_e;


typedef enum {
    NGX_GEMINI_USAGE_NONE = 0,
    NGX_GEMINI_USAGE_TOKENS,               /* the usage object */
    NGX_GEMINI_USAGE_NAMED,                /* the id of the answer */
    NGX_GEMINI_USAGE_INNER,                /* an object with these members */
    NGX_GEMINI_USAGE_TOTAL,                /* of countTokens */
    NGX_GEMINI_USAGE_CACHED,
    NGX_GEMINI_USAGE_ERROR
} ngx_gemini_usage_member_e;


typedef struct {
    ngx_str_t                  name;
    ngx_uint_t                 surfaces;   /* a mask */
    ngx_gemini_usage_member_e  member;
} ngx_gemini_usage_name_t;


#define NGX_GEMINI_USAGE_OPENAI                                               \
    ((1 << NGX_GEMINI_SURFACE_OPENAI) | (1 << NGX_GEMINI_SURFACE_INTERACTIONS))
#define NGX_GEMINI_USAGE_ALL      ((1 << NGX_GEMINI_SURFACES) - 1)
#define NGX_GEMINI_USAGE_NATIVE                                               \
    (NGX_GEMINI_USAGE_ALL & ~NGX_GEMINI_USAGE_OPENAI)


static void ngx_gemini_usage_data(void *data, const u_char *p,
    const u_char *end);
static void ngx_gemini_usage_reset(ngx_gemini_usage_t *usage);
static void ngx_gemini_usage_scan(ngx_gemini_usage_t *usage,
    const u_char *p, const u_char *end);
static const u_char *ngx_gemini_usage_text(ngx_gemini_usage_t *usage,
    const u_char *p, const u_char *end);
static void ngx_gemini_usage_quote(ngx_gemini_usage_t *usage);
static void ngx_gemini_usage_open(ngx_gemini_usage_t *usage, u_char ch);
static void ngx_gemini_usage_enter(ngx_gemini_usage_t *usage);
static void ngx_gemini_usage_close(ngx_gemini_usage_t *usage);
static const u_char *ngx_gemini_usage_string(ngx_gemini_usage_t *usage,
    const u_char *p, const u_char *end);
static const u_char *ngx_gemini_usage_number(ngx_gemini_usage_t *usage,
    const u_char *p, const u_char *end);
static void ngx_gemini_usage_append(ngx_gemini_usage_t *usage,
    const u_char *p, size_t len);
static uint32_t ngx_gemini_usage_member(ngx_gemini_usage_t *usage);


static const ngx_gemini_usage_name_t  ngx_gemini_usage_names[] = {
    { ngx_string("usageMetadata"),
      NGX_GEMINI_USAGE_NATIVE, NGX_GEMINI_USAGE_TOKENS },
    { ngx_string("usage"), NGX_GEMINI_USAGE_OPENAI, NGX_GEMINI_USAGE_TOKENS },
    { ngx_string("responseId"),
      NGX_GEMINI_USAGE_NATIVE, NGX_GEMINI_USAGE_NAMED },
    { ngx_string("id"), NGX_GEMINI_USAGE_OPENAI, NGX_GEMINI_USAGE_NAMED },
    { ngx_string("interaction"),
      1 << NGX_GEMINI_SURFACE_INTERACTIONS, NGX_GEMINI_USAGE_INNER },
    { ngx_string("totalTokens"),
      NGX_GEMINI_USAGE_NATIVE, NGX_GEMINI_USAGE_TOTAL },
    { ngx_string("cachedContentTokenCount"),
      NGX_GEMINI_USAGE_NATIVE, NGX_GEMINI_USAGE_CACHED },
    { ngx_string("error"), NGX_GEMINI_USAGE_ALL, NGX_GEMINI_USAGE_ERROR },
    { ngx_null_string, 0, 0 }
};


void
ngx_gemini_usage_init(ngx_gemini_usage_t *usage, ngx_uint_t sse,
    ngx_gemini_surface_e surface, u_char *(*alloc)(void *data, size_t size),
    void *alloc_data)
{
    ngx_memzero(usage, sizeof(ngx_gemini_usage_t));

    ngx_gemini_tokens_init(&usage->tokens);

    usage->sse = (sse != 0);
    usage->surface = surface;
    usage->alloc = alloc;
    usage->alloc_data = alloc_data;
}


void
ngx_gemini_usage_feed(ngx_gemini_usage_t *usage, const u_char *p, size_t len)
{
    usage->size += len;

    if (!usage->sse) {
        ngx_gemini_usage_scan(usage, p, p + len);
        return;
    }

    ngx_gemini_sse_feed(&usage->lines, p, len, ngx_gemini_usage_data, usage);

    usage->events = usage->lines.events;
    usage->boundary = usage->lines.boundary;
    usage->done = usage->lines.done;
}


/* a piece of an event's data, or, without one, the end of it */

static void
ngx_gemini_usage_data(void *data, const u_char *p, const u_char *end)
{
    ngx_gemini_usage_t *usage = data;

    if (p == NULL) {
        ngx_gemini_usage_reset(usage);

    } else {
        ngx_gemini_usage_scan(usage, p, end);
    }

    usage->lines.open = (usage->depth != 0);
}


static void
ngx_gemini_usage_reset(ngx_gemini_usage_t *usage)
{
    usage->state = NGX_GEMINI_USAGE_TEXT;
    usage->escape = 0;
    usage->depth = 0;
    usage->level = 0;
    usage->capture = 0;
    usage->expect_key = 0;
    usage->member = NGX_GEMINI_USAGE_NONE;
}


static void
ngx_gemini_usage_scan(ngx_gemini_usage_t *usage, const u_char *p,
    const u_char *end)
{
    uint32_t       capture;
    const u_char  *start;

    while (p < end) {
        start = p;
        capture = usage->capture;

        switch (usage->state) {

        case NGX_GEMINI_USAGE_TEXT:
            p = ngx_gemini_usage_text(usage, p, end);
            break;

        case NGX_GEMINI_USAGE_NUMBER:
            p = ngx_gemini_usage_number(usage, p, end);
            break;

        default:
            p = ngx_gemini_usage_string(usage, p, end);
        }

        if (capture == 0) {
            continue;
        }

        ngx_gemini_usage_append(usage, start, p - start);

        if (usage->capture == 0 && !usage->overflow) {
            ngx_gemini_tokens_read(&usage->tokens, usage->object,
                                   usage->object_len);
        }
    }
}


/* up to and with the next byte that matters */

static const u_char *
ngx_gemini_usage_text(ngx_gemini_usage_t *usage, const u_char *p,
    const u_char *end)
{
    u_char  ch;

    if (usage->depth != usage->level) {

        while (p < end && *p != '"' && (*p | 0x20) != '{'
               && (*p | 0x20) != '}')
        {
            p++;
        }

        if (p == end) {
            return p;
        }
    }

    ch = *p++;

    switch (ch) {

    case '"':
        ngx_gemini_usage_quote(usage);
        break;

    case '{':
    case '[':
        ngx_gemini_usage_open(usage, ch);
        break;

    case '}':
    case ']':
        ngx_gemini_usage_close(usage);
        break;

    case ',':
        usage->expect_key = 1;
        usage->member = NGX_GEMINI_USAGE_NONE;
        break;

    case ':':
        usage->expect_key = 0;
        break;

    default:

        if (ch >= '0' && ch <= '9'
            && (usage->member == NGX_GEMINI_USAGE_TOTAL
                || usage->member == NGX_GEMINI_USAGE_CACHED))
        {
            usage->state = NGX_GEMINI_USAGE_NUMBER;
            usage->key_len = 0;
            return p - 1;
        }
    }

    return p;
}


static void
ngx_gemini_usage_quote(ngx_gemini_usage_t *usage)
{
    usage->state = NGX_GEMINI_USAGE_STRING;
    usage->escape = 0;

    if (usage->depth != usage->level || usage->depth == 0) {
        return;
    }

    usage->key_len = 0;

    if (usage->expect_key) {
        usage->state = NGX_GEMINI_USAGE_NAME;
        usage->overflow = 0;
        return;
    }

    if (usage->member == NGX_GEMINI_USAGE_NAMED) {
        usage->state = NGX_GEMINI_USAGE_VALUE;
        usage->id_len = 0;
    }

    usage->member = NGX_GEMINI_USAGE_NONE;
}


static void
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

        if (usage->object == NULL) {
            usage->object = usage->alloc(usage->alloc_data,
                                         NGX_GEMINI_USAGE_OBJECT);
        }

        if (usage->object == NULL) {
            return;
        }

        usage->capture = usage->depth;
        usage->overflow = 0;
        usage->object[0] = '{';
        usage->object_len = 1;
        return;

    case NGX_GEMINI_USAGE_INNER:

        if (usage->level == usage->base) {
            usage->level++;
            usage->expect_key = 1;
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
ngx_gemini_usage_close(ngx_gemini_usage_t *usage)
{
    if (usage->depth == 0) {
        return;
    }

    if (usage->depth == usage->capture) {
        usage->capture = 0;
    }

    if (usage->depth == usage->base) {
        usage->answers++;
    }

    usage->depth--;

    if (usage->level > usage->base && usage->depth < usage->level) {
        usage->level = usage->base;
    }

    usage->expect_key = 0;
    usage->member = NGX_GEMINI_USAGE_NONE;
}


static const u_char *
ngx_gemini_usage_string(ngx_gemini_usage_t *usage, const u_char *p,
    const u_char *end)
{
    size_t         len;
    ngx_uint_t     escape;
    const u_char  *quote;

    escape = usage->escape;
    quote = ngx_gemini_scan_string(p, end, &escape);
    usage->escape = (unsigned) escape;
    len = quote - p;

    if (usage->state == NGX_GEMINI_USAGE_NAME) {

        if (len > NGX_GEMINI_USAGE_KEY - usage->key_len) {
            usage->overflow = 1;

        } else {
            ngx_memcpy(usage->key + usage->key_len, p, len);
            usage->key_len += len;
        }

    } else if (usage->state == NGX_GEMINI_USAGE_VALUE) {
        len = ngx_min(len, NGX_GEMINI_USAGE_ID - usage->id_len);
        ngx_memcpy(usage->id + usage->id_len, p, len);
        usage->id_len += len;
    }

    if (quote == end) {
        return end;
    }

    if (usage->state == NGX_GEMINI_USAGE_NAME) {
        usage->member = ngx_gemini_usage_member(usage);
    }

    usage->state = NGX_GEMINI_USAGE_TEXT;

    return quote + 1;
}


static const u_char *
ngx_gemini_usage_number(ngx_gemini_usage_t *usage, const u_char *p,
    const u_char *end)
{
    int64_t    n;
    ngx_str_t  value;

    while (p < end && *p >= '0' && *p <= '9') {

        if (usage->key_len < NGX_GEMINI_USAGE_KEY) {
            usage->key[usage->key_len++] = *p;
        }

        p++;
    }

    if (p == end) {
        return p;
    }

    value.data = usage->key;
    value.len = usage->key_len;

    if (ngx_gemini_json_int(&value, &n) == NGX_OK) {

        if (usage->member == NGX_GEMINI_USAGE_TOTAL) {
            usage->tokens.total = n;
            usage->tokens.prompt = n;

        } else {
            usage->tokens.cached = n;
        }
    }

    usage->state = NGX_GEMINI_USAGE_TEXT;
    usage->member = NGX_GEMINI_USAGE_NONE;

    return p;
}


static void
ngx_gemini_usage_append(ngx_gemini_usage_t *usage, const u_char *p,
    size_t len)
{
    if (usage->overflow
        || len > NGX_GEMINI_USAGE_OBJECT - usage->object_len)
    {
        usage->overflow = 1;
        return;
    }

    ngx_memcpy(usage->object + usage->object_len, p, len);
    usage->object_len += len;
}


static uint32_t
ngx_gemini_usage_member(ngx_gemini_usage_t *usage)
{
    const ngx_gemini_usage_name_t  *row;

    if (usage->overflow) {
        return NGX_GEMINI_USAGE_NONE;
    }

    for (row = ngx_gemini_usage_names; row->name.len; row++) {

        if (row->name.len == usage->key_len
            && (row->surfaces & (1 << usage->surface))
            && ngx_memcmp(row->name.data, usage->key, usage->key_len) == 0)
        {
            return row->member;
        }
    }

    return NGX_GEMINI_USAGE_NONE;
}
