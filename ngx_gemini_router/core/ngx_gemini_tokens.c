
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_json.h"
#include "ngx_gemini_scan.h"
#include "ngx_gemini_tokens.h"


static const ngx_gemini_tokens_field_t *ngx_gemini_tokens_native(
    const u_char *name, size_t len);
static const ngx_gemini_tokens_field_t *ngx_gemini_tokens_other(
    const u_char *name, size_t len);
static void ngx_gemini_tokens_derive(ngx_gemini_tokens_t *tokens);


#define ngx_gemini_tokens_count(count, openai)                                \
    { offsetof(ngx_gemini_tokens_t, count), openai, 0 }


static const ngx_gemini_tokens_field_t
    ngx_gemini_tokens_prompt = ngx_gemini_tokens_count(prompt, 0),
    ngx_gemini_tokens_output = ngx_gemini_tokens_count(output, 0),
    ngx_gemini_tokens_thought = ngx_gemini_tokens_count(thought, 0),
    ngx_gemini_tokens_cached = ngx_gemini_tokens_count(cached, 0),
    ngx_gemini_tokens_total = ngx_gemini_tokens_count(total, 0),

    /* no other form has it */
    ngx_gemini_tokens_openai = ngx_gemini_tokens_count(prompt, 1),

    ngx_gemini_tokens_outputs = { 0, 0, NGX_GEMINI_TOKENS_OUTPUT },
    ngx_gemini_tokens_prompts = { 0, 0, NGX_GEMINI_TOKENS_PROMPT };


void
ngx_gemini_tokens_init(ngx_gemini_tokens_t *tokens)
{
    tokens->prompt = -1;
    tokens->output = -1;
    tokens->thought = -1;
    tokens->cached = -1;
    tokens->total = -1;
}


const ngx_gemini_tokens_field_t *
ngx_gemini_tokens_field(ngx_uint_t place, const u_char *name, size_t len)
{
    const ngx_gemini_tokens_field_t  *field;

    switch (place) {

    case NGX_GEMINI_TOKENS_USAGE:
        field = ngx_gemini_tokens_native(name, len);
        return field ? field : ngx_gemini_tokens_other(name, len);

    case NGX_GEMINI_TOKENS_OUTPUT:
        return ngx_gemini_scan_is(name, len, "reasoning_tokens")
               ? &ngx_gemini_tokens_thought : NULL;

    default: /* NGX_GEMINI_TOKENS_PROMPT */
        return ngx_gemini_scan_is(name, len, "cached_tokens")
               ? &ngx_gemini_tokens_cached : NULL;
    }
}


/* native and Live */

static const ngx_gemini_tokens_field_t *
ngx_gemini_tokens_native(const u_char *name, size_t len)
{
    if (ngx_gemini_scan_is(name, len, "promptTokenCount")) {
        return &ngx_gemini_tokens_prompt;
    }

    if (ngx_gemini_scan_is(name, len, "candidatesTokenCount")) {
        return &ngx_gemini_tokens_output;
    }

    if (ngx_gemini_scan_is(name, len, "totalTokenCount")) {
        return &ngx_gemini_tokens_total;
    }

    if (ngx_gemini_scan_is(name, len, "thoughtsTokenCount")) {
        return &ngx_gemini_tokens_thought;
    }

    if (ngx_gemini_scan_is(name, len, "cachedContentTokenCount")) {
        return &ngx_gemini_tokens_cached;
    }

    if (ngx_gemini_scan_is(name, len, "responseTokenCount")) {
        return &ngx_gemini_tokens_output;
    }

    return NULL;
}


/* OpenAI and interactions */

static const ngx_gemini_tokens_field_t *
ngx_gemini_tokens_other(const u_char *name, size_t len)
{
    if (ngx_gemini_scan_is(name, len, "prompt_tokens")) {
        return &ngx_gemini_tokens_openai;
    }

    if (ngx_gemini_scan_is(name, len, "completion_tokens")) {
        return &ngx_gemini_tokens_output;
    }

    if (ngx_gemini_scan_is(name, len, "total_tokens")) {
        return &ngx_gemini_tokens_total;
    }

    if (ngx_gemini_scan_is(name, len, "completion_tokens_details")) {
        return &ngx_gemini_tokens_outputs;
    }

    if (ngx_gemini_scan_is(name, len, "prompt_tokens_details")) {
        return &ngx_gemini_tokens_prompts;
    }

    if (ngx_gemini_scan_is(name, len, "total_input_tokens")) {
        return &ngx_gemini_tokens_prompt;
    }

    if (ngx_gemini_scan_is(name, len, "total_output_tokens")) {
        return &ngx_gemini_tokens_output;
    }

    if (ngx_gemini_scan_is(name, len, "total_thought_tokens")) {
        return &ngx_gemini_tokens_thought;
    }

    if (ngx_gemini_scan_is(name, len, "total_cached_tokens")) {
        return &ngx_gemini_tokens_cached;
    }

    return NULL;
}


ngx_int_t
ngx_gemini_tokens_number(const ngx_str_t *value, int64_t *n)
{
    size_t  i;

    *n = 0;

    for (i = 0; i < value->len && i < NGX_GEMINI_TOKENS_DIGITS; i++) {

        if (value->data[i] < '0' || value->data[i] > '9') {
            break;
        }

        *n = *n * 10 + (value->data[i] - '0');
    }

    /* 1e3 and the like are whole numbers, too */

    if (i < value->len && ngx_gemini_json_int(value, n) != NGX_OK) {
        return NGX_ERROR;
    }

    return (*n < 0) ? NGX_ERROR : NGX_OK;
}


void
ngx_gemini_tokens_set(ngx_gemini_tokens_told_t *told,
    const ngx_gemini_tokens_field_t *field, int64_t n)
{
    if (field->inner == 0) {
        *(int64_t *) ((u_char *) &told->tokens + field->offset) = n;
        told->openai |= field->openai;
    }
}


void
ngx_gemini_tokens_keep(ngx_gemini_tokens_t *tokens,
    ngx_gemini_tokens_told_t *told)
{
    ngx_gemini_tokens_t  *t;

    t = &told->tokens;

    if (told->openai) {
        ngx_gemini_tokens_derive(t);
    }

    tokens->prompt = (t->prompt < 0) ? tokens->prompt : t->prompt;
    tokens->output = (t->output < 0) ? tokens->output : t->output;
    tokens->thought = (t->thought < 0) ? tokens->thought : t->thought;
    tokens->cached = (t->cached < 0) ? tokens->cached : t->cached;
    tokens->total = (t->total < 0) ? tokens->total : t->total;
}


/*
 * OpenAI's form: Google leaves the thoughts out of completion_tokens and
 * names them nowhere but in the total; where they are named and the total
 * has no room for them, they are in completion_tokens.
 */

static void
ngx_gemini_tokens_derive(ngx_gemini_tokens_t *tokens)
{
    int64_t  rest;

    if (tokens->total < 0 || tokens->prompt < 0 || tokens->output < 0
        || tokens->prompt > tokens->total
        || tokens->output > tokens->total - tokens->prompt)
    {
        return;
    }

    rest = tokens->total - tokens->prompt - tokens->output;

    if (tokens->thought < 0) {
        if (rest > 0) {
            tokens->thought = rest;
        }

        return;
    }

    if (rest == 0 && tokens->output >= tokens->thought) {
        tokens->output -= tokens->thought;
    }
}
