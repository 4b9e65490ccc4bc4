
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_scan.h"
#include "ngx_gemini_usage.h"
#include "ngx_gemini_usage_level.h"


typedef enum {
    NGX_GEMINI_USAGE_TEXT = 0,             /* between the strings */
    NGX_GEMINI_USAGE_STRING,
    NGX_GEMINI_USAGE_NAME,                 /* a key that is looked at */
    NGX_GEMINI_USAGE_VALUE,                /* the id */
    NGX_GEMINI_USAGE_NUMBER
} ngx_gemini_usage_state_e;


/* the end of a name, its colon, a blank, a number and what ends it */

#define NGX_GEMINI_USAGE_NEAR  (NGX_GEMINI_TOKENS_DIGITS + 4)


static void ngx_gemini_usage_data(void *data, const u_char *p,
    const u_char *end);
static void ngx_gemini_usage_reset(ngx_gemini_usage_t *usage);
static void ngx_gemini_usage_scan(ngx_gemini_usage_t *usage,
    const u_char *p, const u_char *end);
static const u_char *ngx_gemini_usage_skip(ngx_gemini_usage_t *usage,
    const u_char *p, const u_char *end);
static const u_char *ngx_gemini_usage_text(ngx_gemini_usage_t *usage,
    const u_char *p, const u_char *end);
static const u_char *ngx_gemini_usage_members(ngx_gemini_usage_t *usage,
    const u_char *p, const u_char *end);
static ngx_inline const u_char *ngx_gemini_usage_digits(
    ngx_gemini_usage_t *usage, const u_char *p);
static const u_char *ngx_gemini_usage_quote(ngx_gemini_usage_t *usage,
    const u_char *p, const u_char *end);
static ngx_inline const u_char *ngx_gemini_usage_pass(
    ngx_gemini_usage_t *usage, const u_char *p, const u_char *end);
static const u_char *ngx_gemini_usage_string(ngx_gemini_usage_t *usage,
    const u_char *p, const u_char *end);
static const u_char *ngx_gemini_usage_number(ngx_gemini_usage_t *usage,
    const u_char *p, const u_char *end);
static void ngx_gemini_usage_count(ngx_gemini_usage_t *usage, int64_t n);
static ngx_inline ngx_gemini_usage_member_e ngx_gemini_usage_member(
    ngx_gemini_usage_t *usage, const u_char *name, size_t len);


void
ngx_gemini_usage_init(ngx_gemini_usage_t *usage, ngx_uint_t sse,
    ngx_gemini_surface_e surface)
{
    ngx_gemini_tokens_init(&usage->tokens);

    usage->id_len = 0;
    usage->size = 0;
    usage->events = 0;
    usage->boundary = 0;
    usage->late_error = 0;
    usage->done = 0;
    usage->token = 0;

    usage->surface = surface;
    usage->sse = (sse != 0);
    usage->base = 0;
    usage->places[0] = 0;
    usage->answers = 0;

    ngx_memzero(&usage->lines, sizeof(ngx_gemini_sse_t));

    ngx_gemini_usage_reset(usage);
}


void
ngx_gemini_usage_feed(ngx_gemini_usage_t *usage, const u_char *p, size_t len)
{
    usage->size += len;
    usage->token = 0;

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
            p = (usage->depth > usage->level)
                ? ngx_gemini_usage_skip(usage, p, end)
                : ngx_gemini_usage_text(usage, p, end);
            break;

        case NGX_GEMINI_USAGE_NUMBER:
            p = ngx_gemini_usage_number(usage, p, end);
            break;

        default:
            p = ngx_gemini_usage_string(usage, p, end);
        }
    }
}


/* what lies below the level, at one go */

static const u_char *
ngx_gemini_usage_skip(ngx_gemini_usage_t *usage, const u_char *p,
    const u_char *end)
{
    ngx_gemini_scan_way_t  way;

    way.depth = usage->depth;
    way.level = usage->level;
    way.string = 0;
    way.escape = 0;
    way.token = 0;

    p = ngx_gemini_scan_skip(&way, p, end);

    usage->depth = way.depth;

    if (way.token) {
        usage->token = 1;
    }

    if (way.string) {
        usage->state = NGX_GEMINI_USAGE_STRING;
        usage->escape = (uint8_t) way.escape;
        return end;
    }

    if (way.depth == way.level) {
        usage->expect_key = 0;
        usage->member = NGX_GEMINI_USAGE_NONE;
    }

    return p;
}


/* one token; above the level, one bracket */

static const u_char *
ngx_gemini_usage_text(ngx_gemini_usage_t *usage, const u_char *p,
    const u_char *end)
{
    u_char  ch;

    if (usage->depth < usage->level) {
        p = ngx_gemini_scan_bound(p, end);

    } else {

        if (usage->expect_key && usage->depth) {
            p = ngx_gemini_usage_members(usage, p, end);
        }

        p = ngx_gemini_scan_space(p, end);
    }

    if (p == end) {
        return end;
    }

    ch = *p++;

    switch (ch) {

    case '"':
        return ngx_gemini_usage_quote(usage, p, end);

    case '{':
    case '[':
        ngx_gemini_usage_open(usage, ch);
        return p;

    case '}':
    case ']':
        ngx_gemini_usage_close(usage);
        return p;

    case ',':
        usage->expect_key = 1;
        usage->member = NGX_GEMINI_USAGE_NONE;
        return p;

    case ':':
        usage->expect_key = 0;
        return p;

    default:

        if (((ch >= '0' && ch <= '9') || ch == '-')
            && usage->member >= NGX_GEMINI_USAGE_TOTAL)
        {
            usage->state = NGX_GEMINI_USAGE_NUMBER;
            usage->overflow = 0;
            usage->key_len = 0;
            return p - 1;
        }

        return p;
    }
}


/*
 * Members that this piece holds, one after the other, as long as they are of
 * the usual form and do not come near its end.  The rest is left to the
 * states.
 */

static const u_char *
ngx_gemini_usage_members(ngx_gemini_usage_t *usage, const u_char *p,
    const u_char *end)
{
    const u_char  *quote;

    for ( ;; ) {
        p = ngx_gemini_scan_space(p, end);

        if (p == end || *p != '"') {
            return p;
        }

        quote = ngx_gemini_scan_near(p + 1, end);

        if (end - quote < NGX_GEMINI_USAGE_NEAR
            || quote[0] != '"' || quote[1] != ':')
        {
            return p;
        }

        if (ngx_gemini_scan_token(quote, quote - p)) {
            usage->token = 1;
        }

        usage->member = ngx_gemini_usage_member(usage, p + 1, quote - p - 1);
        usage->expect_key = 0;

        p = quote + 2;
        p += (*p == ' ');

        if (usage->member >= NGX_GEMINI_USAGE_TOTAL
            && *p >= '0' && *p <= '9')
        {
            p = ngx_gemini_usage_digits(usage, p);

        } else if (*p == '"') {
            p = ngx_gemini_usage_quote(usage, p + 1, end);

        } else if (*p == '{' || *p == '[') {
            ngx_gemini_usage_open(usage, *p++);

            if (usage->depth == usage->level) {
                continue;
            }

            p = ngx_gemini_usage_skip(usage, p, end);

        } else {
            return p;
        }

        p = ngx_gemini_scan_space(p, end);

        if (p < end && *p == '}' && usage->level > usage->base) {
            ngx_gemini_usage_close(usage);
            p++;
        }

        if (p == end || *p != ',') {
            return p;
        }

        usage->expect_key = 1;
        usage->member = NGX_GEMINI_USAGE_NONE;
        p++;
    }
}


/* a number that is plain digits; another is left alone */

static ngx_inline const u_char *
ngx_gemini_usage_digits(ngx_gemini_usage_t *usage, const u_char *p)
{
    u_char         digit;
    int64_t        n;
    const u_char  *start, *last;

    n = 0;
    start = p;

    for (last = p + NGX_GEMINI_TOKENS_DIGITS; p < last; p++) {
        digit = *p - '0';

        if (digit > 9) {
            break;
        }

        n = n * 10 + digit;
    }

    if (*p != ',' && *p != '}' && *p > ' ') {
        return start;
    }

    ngx_gemini_usage_count(usage, n);

    return p;
}


/* a string begins */

static const u_char *
ngx_gemini_usage_quote(ngx_gemini_usage_t *usage, const u_char *p,
    const u_char *end)
{
    if (usage->depth != usage->level || usage->depth == 0) {
        return ngx_gemini_usage_pass(usage, p, end);
    }

    usage->escape = 0;
    usage->overflow = 0;
    usage->key_len = 0;

    if (usage->expect_key) {
        usage->state = NGX_GEMINI_USAGE_NAME;
        return p;
    }

    if (usage->member != NGX_GEMINI_USAGE_NAMED) {
        usage->member = NGX_GEMINI_USAGE_NONE;
        return ngx_gemini_usage_pass(usage, p, end);
    }

    usage->member = NGX_GEMINI_USAGE_NONE;
    usage->state = NGX_GEMINI_USAGE_VALUE;
    usage->id_len = 0;

    return ngx_gemini_usage_string(usage, p, end);
}


/* over a string that nobody looks at, p behind its quote */

static ngx_inline const u_char *
ngx_gemini_usage_pass(ngx_gemini_usage_t *usage, const u_char *p,
    const u_char *end)
{
    ngx_uint_t     escape;
    const u_char  *quote;

    escape = 0;
    quote = ngx_gemini_scan_short(p, end);

    if (quote == NULL) {
        quote = ngx_gemini_scan_string(p, end, &escape);

        if (quote == end) {
            usage->state = NGX_GEMINI_USAGE_STRING;
            usage->escape = (uint8_t) escape;
            return end;
        }
    }

    if (ngx_gemini_scan_token(quote, quote - p + 1)) {
        usage->token = 1;
    }

    return quote + 1;
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
    usage->escape = (uint8_t) escape;
    len = quote - p;

    if (quote < end && ngx_gemini_scan_token(quote, len)) {
        usage->token = 1;
    }

    switch (usage->state) {

    case NGX_GEMINI_USAGE_NAME:

        if (len > NGX_GEMINI_USAGE_KEY - usage->key_len) {
            usage->overflow = 1;
            len = 0;
        }

        ngx_memcpy(usage->key + usage->key_len, p, len);
        usage->key_len += len;

        if (quote < end) {

            /* its first quote may be in this piece */

            if (usage->key_len == NGX_GEMINI_SCAN_TOKEN_LEN - 2) {
                usage->token = 1;
            }

            usage->member = usage->overflow
                            ? NGX_GEMINI_USAGE_NONE
                            : ngx_gemini_usage_member(usage, usage->key,
                                                      usage->key_len);
        }

        break;

    case NGX_GEMINI_USAGE_VALUE:
        len = ngx_min(len, NGX_GEMINI_USAGE_ID - usage->id_len);
        ngx_memcpy(usage->id + usage->id_len, p, len);
        usage->id_len += len;
    }

    if (quote == end) {
        return end;
    }

    usage->state = NGX_GEMINI_USAGE_TEXT;

    return quote + 1;
}


static const u_char *
ngx_gemini_usage_number(ngx_gemini_usage_t *usage, const u_char *p,
    const u_char *end)
{
    u_char     ch;
    int64_t    n;
    ngx_str_t  value;

    for ( /* void */ ; p < end; p++) {
        ch = *p;

        if ((ch < '0' || ch > '9') && ch != '-' && ch != '+' && ch != '.'
            && (ch | 0x20) != 'e')
        {
            break;
        }

        if (usage->key_len < NGX_GEMINI_USAGE_KEY) {
            usage->key[usage->key_len++] = ch;

        } else {
            usage->overflow = 1;
        }
    }

    if (p == end) {
        return end;
    }

    value.data = usage->key;
    value.len = usage->key_len;

    if (!usage->overflow && ngx_gemini_tokens_number(&value, &n) == NGX_OK) {
        ngx_gemini_usage_count(usage, n);
    }

    usage->state = NGX_GEMINI_USAGE_TEXT;
    usage->member = NGX_GEMINI_USAGE_NONE;

    return p;
}


/* a number has ended; those of countTokens stand in the answer itself */

static void
ngx_gemini_usage_count(ngx_gemini_usage_t *usage, int64_t n)
{
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

    usage->member = NGX_GEMINI_USAGE_NONE;
}


static ngx_inline ngx_gemini_usage_member_e
ngx_gemini_usage_member(ngx_gemini_usage_t *usage, const u_char *name,
    size_t len)
{
    ngx_uint_t  place;

    place = usage->places[usage->level - usage->base];

    if (place) {
        usage->field = ngx_gemini_tokens_field(place, name, len);
        return usage->field ? NGX_GEMINI_USAGE_FIELD : NGX_GEMINI_USAGE_NONE;
    }

    if (usage->surface == NGX_GEMINI_SURFACE_OPENAI
        || usage->surface == NGX_GEMINI_SURFACE_INTERACTIONS)
    {
        return ngx_gemini_usage_openai(usage->surface, name, len);
    }

    return ngx_gemini_usage_native(name, len);
}
