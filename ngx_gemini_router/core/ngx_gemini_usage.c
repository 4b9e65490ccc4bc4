
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_scan.h"
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
    NGX_GEMINI_USAGE_ERROR,

    /* from here on numbers */

    NGX_GEMINI_USAGE_TOTAL,                /* of countTokens */
    NGX_GEMINI_USAGE_CACHED,
    NGX_GEMINI_USAGE_FIELD                 /* of the usage object */
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
static const u_char *ngx_gemini_usage_skip(ngx_gemini_usage_t *usage,
    const u_char *p, const u_char *end);
static const u_char *ngx_gemini_usage_text(ngx_gemini_usage_t *usage,
    const u_char *p, const u_char *end);
static void ngx_gemini_usage_quote(ngx_gemini_usage_t *usage);
static void ngx_gemini_usage_open(ngx_gemini_usage_t *usage, u_char ch);
static void ngx_gemini_usage_enter(ngx_gemini_usage_t *usage);
static void ngx_gemini_usage_down(ngx_gemini_usage_t *usage,
    ngx_uint_t place);
static void ngx_gemini_usage_close(ngx_gemini_usage_t *usage);
static const u_char *ngx_gemini_usage_string(ngx_gemini_usage_t *usage,
    const u_char *p, const u_char *end);
static const u_char *ngx_gemini_usage_number(ngx_gemini_usage_t *usage,
    const u_char *p, const u_char *end);
static void ngx_gemini_usage_count(ngx_gemini_usage_t *usage);
static uint32_t ngx_gemini_usage_member(ngx_gemini_usage_t *usage,
    const u_char *name, size_t len);


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
    ngx_gemini_surface_e surface)
{
    ngx_memzero(usage, sizeof(ngx_gemini_usage_t));

    ngx_gemini_tokens_init(&usage->tokens);

    usage->sse = (sse != 0);
    usage->surface = surface;
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
    usage->expect_key = 0;
    usage->member = NGX_GEMINI_USAGE_NONE;
}


static void
ngx_gemini_usage_scan(ngx_gemini_usage_t *usage, const u_char *p,
    const u_char *end)
{
    while (p < end) {

        switch (usage->state) {

        case NGX_GEMINI_USAGE_TEXT:
            p = (usage->depth == usage->level)
                ? ngx_gemini_usage_text(usage, p, end)
                : ngx_gemini_usage_skip(usage, p, end);
            break;

        case NGX_GEMINI_USAGE_NUMBER:
            p = ngx_gemini_usage_number(usage, p, end);
            break;

        default:
            p = ngx_gemini_usage_string(usage, p, end);
        }
    }
}


/* what lies below the level, at one go; above it one bracket */

static const u_char *
ngx_gemini_usage_skip(ngx_gemini_usage_t *usage, const u_char *p,
    const u_char *end)
{
    uint32_t    depth;
    ngx_uint_t  escape;

    depth = usage->depth;

    if (depth < usage->level) {
        p = ngx_gemini_scan_bound(p, end);
        return (p < end) ? ngx_gemini_usage_text(usage, p, end) : end;
    }

    do {
        p = ngx_gemini_scan_level(p, end, &depth, usage->level);

        if (depth == usage->level) {
            break;
        }

        p = ngx_gemini_scan_bound(p, end);

        if (p == end) {
            usage->depth = depth;
            return end;
        }

        if (*p++ == '"') {
            escape = 0;
            p = ngx_gemini_scan_string(p, end, &escape);

            if (p == end) {
                usage->state = NGX_GEMINI_USAGE_STRING;
                usage->escape = (unsigned) escape;
                usage->depth = depth;
                return end;
            }

            p++;
            continue;
        }

        /* { and [ have this bit, } and ] have not */

        depth += (p[-1] & 0x02) ? 1 : -1;

    } while (depth > usage->level);

    usage->depth = depth;
    usage->expect_key = 0;
    usage->member = NGX_GEMINI_USAGE_NONE;

    return p;
}


static const u_char *
ngx_gemini_usage_text(ngx_gemini_usage_t *usage, const u_char *p,
    const u_char *end)
{
    u_char  ch;

    while (*p <= ' ') {
        if (++p == end) {
            return end;
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

        if (((ch >= '0' && ch <= '9') || ch == '-')
            && usage->member >= NGX_GEMINI_USAGE_TOTAL)
        {
            usage->state = NGX_GEMINI_USAGE_NUMBER;
            usage->key_len = 0;
            usage->overflow = 0;
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


static void
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

        if (quote < end && usage->key_len == 0) {
            usage->member = ngx_gemini_usage_member(usage, p, len);
            usage->state = NGX_GEMINI_USAGE_TEXT;
            return quote + 1;
        }

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
        usage->member = usage->overflow
                        ? NGX_GEMINI_USAGE_NONE
                        : ngx_gemini_usage_member(usage, usage->key,
                                                  usage->key_len);
    }

    usage->state = NGX_GEMINI_USAGE_TEXT;

    return quote + 1;
}


static const u_char *
ngx_gemini_usage_number(ngx_gemini_usage_t *usage, const u_char *p,
    const u_char *end)
{
    u_char  ch;

    for ( /* void */ ; p < end; p++) {
        ch = *p;

        if ((ch < '0' || ch > '9') && ch != '-' && ch != '+' && ch != '.'
            && (ch | 0x20) != 'e')
        {
            ngx_gemini_usage_count(usage);
            return p;
        }

        if (usage->key_len < NGX_GEMINI_USAGE_KEY) {
            usage->key[usage->key_len++] = ch;

        } else {
            usage->overflow = 1;
        }
    }

    return p;
}


/* the number has ended; those of countTokens stand in the answer itself */

static void
ngx_gemini_usage_count(ngx_gemini_usage_t *usage)
{
    int64_t    n;
    ngx_str_t  value;

    value.data = usage->key;
    value.len = usage->key_len;

    if (!usage->overflow && ngx_gemini_tokens_number(&value, &n) == NGX_OK) {

        switch (usage->member) {

        case NGX_GEMINI_USAGE_TOTAL:
            usage->tokens.total = n;
            usage->tokens.prompt = n;
            break;

        case NGX_GEMINI_USAGE_CACHED:
            usage->tokens.cached = n;
            break;

        default:
            ngx_gemini_tokens_set(&usage->told, usage->field, n);
        }
    }

    usage->state = NGX_GEMINI_USAGE_TEXT;
    usage->member = NGX_GEMINI_USAGE_NONE;
}


static uint32_t
ngx_gemini_usage_member(ngx_gemini_usage_t *usage, const u_char *name,
    size_t len)
{
    ngx_uint_t                      place;
    const ngx_gemini_usage_name_t  *row;

    place = (usage->level > usage->base)
            ? usage->places[usage->level - usage->base] : 0;

    if (place) {
        usage->field = ngx_gemini_tokens_field(place, name, len);
        return usage->field ? NGX_GEMINI_USAGE_FIELD : NGX_GEMINI_USAGE_NONE;
    }

    for (row = ngx_gemini_usage_names; row->name.len; row++) {

        if (row->name.len == len
            && (row->surfaces & (1 << usage->surface))
            && ngx_memcmp(row->name.data, name, len) == 0)
        {
            return row->member;
        }
    }

    return NGX_GEMINI_USAGE_NONE;
}
