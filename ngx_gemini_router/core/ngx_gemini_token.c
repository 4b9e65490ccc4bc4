
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_refs.h"
#include "ngx_gemini_scan.h"


typedef enum {
    NGX_GEMINI_TOKEN_SEARCH = 0,
    NGX_GEMINI_TOKEN_COLON,                /* behind the name */
    NGX_GEMINI_TOKEN_QUOTE,                /* behind the colon */
    NGX_GEMINI_TOKEN_VALUE,
    NGX_GEMINI_TOKEN_ESCAPED               /* the next byte of it is */
} ngx_gemini_token_state_e;


static void ngx_gemini_token_letter(ngx_gemini_token_t *token, uint32_t ch);
static const u_char *ngx_gemini_token_escape(ngx_gemini_token_t *token,
    const u_char *p, const u_char *end);
static const u_char *ngx_gemini_token_search(ngx_gemini_continuation_t *c,
    const u_char *p, const u_char *end);
static void ngx_gemini_token_tail(ngx_gemini_continuation_t *c,
    const u_char *p, const u_char *end);
static const u_char *ngx_gemini_token_partial(ngx_gemini_continuation_t *c,
    const u_char *p, const u_char *end);
static void ngx_gemini_token_between(ngx_gemini_continuation_t *c, u_char ch);
static const u_char *ngx_gemini_token_value(ngx_gemini_continuation_t *c,
    const u_char *p, const u_char *end);


/* base64 letters, those of URLs as the others */

static const u_char  ngx_gemini_token_letters[128] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '+', 0, '+', 0, '/',
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 0, 0, 0, 0, 0, 0,
    0, 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N',
    'O', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z',
    0, 0, 0, 0, '/',
    0, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n',
    'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
    0, 0, 0, 0, 0
};


void
ngx_gemini_token_init(ngx_gemini_token_t *token, ngx_gemini_ref_e type)
{
    const char  *name;

    ngx_memzero(token, sizeof(ngx_gemini_token_t));

    name = ngx_gemini_ref_name(type);

    token->hash = ngx_gemini_refs_hash(NGX_GEMINI_REFS_SEED,
                                       (const u_char *) name,
                                       ngx_strlen(name));
    token->hash = ngx_gemini_refs_hash(token->hash, (const u_char *) "/", 1);
}


void
ngx_gemini_token_feed(ngx_gemini_token_t *token, const u_char *p, size_t len)
{
    const u_char  *end;

    end = p + len;

    while (p < end) {

        if (token->escape) {
            p = ngx_gemini_token_escape(token, p, end);
            continue;
        }

        if (*p == '\\') {
            token->escape = 1;
            token->code = 0;

        } else {
            ngx_gemini_token_letter(token, *p);
        }

        p++;
    }
}


uint64_t
ngx_gemini_token_hash(const ngx_gemini_token_t *token)
{
    return token->letters ? ngx_gemini_refs_mix(token->hash) : 0;
}


static void
ngx_gemini_token_letter(ngx_gemini_token_t *token, uint32_t ch)
{
    u_char  letter;

    letter = (ch < 128) ? ngx_gemini_token_letters[ch] : 0;

    if (letter) {
        token->hash = (token->hash ^ letter) * NGX_GEMINI_REFS_PRIME;
        token->letters = 1;
    }
}


/* of one byte, or of 'u' and four digits */

static const u_char *
ngx_gemini_token_escape(ngx_gemini_token_t *token, const u_char *p,
    const u_char *end)
{
    u_char  ch;

    ch = *p++;

    if (token->escape == 1) {

        if (ch == 'u') {
            token->escape = 2;
            return p;
        }

        /* "\n" and the like are no letters */

        token->escape = 0;

        if (ch == '/') {
            ngx_gemini_token_letter(token, ch);
        }

        return p;
    }

    token->code = token->code * 16
                  + (ch <= '9' ? ch - '0' : (ch | 0x20) - 'a' + 10);

    if (++token->escape == 6) {
        token->escape = 0;
        ngx_gemini_token_letter(token, token->code);
    }

    return p;
}


void
ngx_gemini_continuation_feed(ngx_gemini_continuation_t *c, const u_char *p,
    size_t len)
{
    const u_char  *end;

    end = p + len;

    while (p < end) {

        switch (c->state) {

        case NGX_GEMINI_TOKEN_SEARCH:
            p = ngx_gemini_token_search(c, p, end);
            break;

        case NGX_GEMINI_TOKEN_COLON:
        case NGX_GEMINI_TOKEN_QUOTE:

            if (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t') {
                p++;
                break;
            }

            ngx_gemini_token_between(c, *p);

            if (c->state != NGX_GEMINI_TOKEN_SEARCH) {
                p++;
            }

            break;

        default:
            p = ngx_gemini_token_value(c, p, end);
        }
    }
}


void
ngx_gemini_continuation_pass(ngx_gemini_continuation_t *c, const u_char *p,
    size_t len)
{
    if (c->state != NGX_GEMINI_TOKEN_SEARCH || c->matched) {
        ngx_gemini_continuation_feed(c, p, len);
        return;
    }

    ngx_gemini_token_tail(c, p, p + len);
}


static const u_char *
ngx_gemini_token_search(ngx_gemini_continuation_t *c, const u_char *p,
    const u_char *end)
{
    const u_char  *at;

    if (c->matched) {
        return ngx_gemini_token_partial(c, p, end);
    }

    at = memmem(p, end - p, NGX_GEMINI_SCAN_TOKEN,
                NGX_GEMINI_SCAN_TOKEN_LEN);

    if (at != NULL) {
        c->state = NGX_GEMINI_TOKEN_COLON;
        return at + NGX_GEMINI_SCAN_TOKEN_LEN;
    }

    ngx_gemini_token_tail(c, p, end);

    return end;
}


/* it may begin in the last bytes; its first is nowhere else inside it */

static void
ngx_gemini_token_tail(ngx_gemini_continuation_t *c, const u_char *p,
    const u_char *end)
{
    if ((size_t) (end - p) >= NGX_GEMINI_SCAN_TOKEN_LEN) {
        p = end - (NGX_GEMINI_SCAN_TOKEN_LEN - 1);
    }

    for (p = ngx_gemini_scan_near(p, end);
         p < end;
         p = ngx_gemini_scan_near(p + 1, end))
    {
        if (ngx_memcmp(p, NGX_GEMINI_SCAN_TOKEN, end - p) == 0) {
            c->matched = (uint32_t) (end - p);
            return;
        }
    }
}


/* c->matched bytes of the name ended the last piece */

static const u_char *
ngx_gemini_token_partial(ngx_gemini_continuation_t *c, const u_char *p,
    const u_char *end)
{
    static const u_char  token[] = NGX_GEMINI_SCAN_TOKEN;

    while (p < end && *p == token[c->matched]) {
        p++;

        if (++c->matched == NGX_GEMINI_SCAN_TOKEN_LEN) {
            c->state = NGX_GEMINI_TOKEN_COLON;
            c->matched = 0;
            return p;
        }
    }

    if (p < end) {
        c->matched = 0;
    }

    return p;
}


static void
ngx_gemini_token_between(ngx_gemini_continuation_t *c, u_char ch)
{
    if (c->state == NGX_GEMINI_TOKEN_COLON && ch == ':') {
        c->state = NGX_GEMINI_TOKEN_QUOTE;
        return;
    }

    if (c->state == NGX_GEMINI_TOKEN_QUOTE && ch == '"') {
        c->state = NGX_GEMINI_TOKEN_VALUE;
        ngx_gemini_token_init(&c->token, NGX_GEMINI_REF_CONTINUATION);
        return;
    }

    c->state = NGX_GEMINI_TOKEN_SEARCH;
}


static const u_char *
ngx_gemini_token_value(ngx_gemini_continuation_t *c, const u_char *p,
    const u_char *end)
{
    uint64_t       hash;
    ngx_uint_t     escape;
    const u_char  *quote;

    escape = (c->state == NGX_GEMINI_TOKEN_ESCAPED);

    quote = ngx_gemini_scan_string(p, end, &escape);

    ngx_gemini_token_feed(&c->token, p, quote - p);

    if (quote == end) {
        c->state = escape ? NGX_GEMINI_TOKEN_ESCAPED
                          : NGX_GEMINI_TOKEN_VALUE;
        return end;
    }

    hash = ngx_gemini_token_hash(&c->token);

    if (hash) {
        c->hash = hash;
    }

    c->state = NGX_GEMINI_TOKEN_SEARCH;

    return quote + 1;
}
