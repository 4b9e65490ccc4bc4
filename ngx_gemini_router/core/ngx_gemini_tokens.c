
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_json.h"
#include "ngx_gemini_tokens.h"


#define NGX_GEMINI_TOKENS_DIGITS  18      /* that fit in an int64_t */


static void ngx_gemini_tokens_derive(ngx_gemini_tokens_t *tokens);


#define ngx_gemini_tokens_row(name, place, count, openai)                     \
    { ngx_string(name), place, 0, offsetof(ngx_gemini_tokens_t, count),       \
      openai }

#define ngx_gemini_tokens_count(name, count)                                  \
    ngx_gemini_tokens_row(name, NGX_GEMINI_TOKENS_USAGE, count, 0)

#define ngx_gemini_tokens_inner(name, inner)                                  \
    { ngx_string(name), NGX_GEMINI_TOKENS_USAGE, inner, 0, 0 }


static const ngx_gemini_tokens_field_t  ngx_gemini_tokens_fields[] = {

    /* native and Live */

    ngx_gemini_tokens_count("promptTokenCount", prompt),
    ngx_gemini_tokens_count("candidatesTokenCount", output),
    ngx_gemini_tokens_count("totalTokenCount", total),
    ngx_gemini_tokens_count("thoughtsTokenCount", thought),
    ngx_gemini_tokens_count("cachedContentTokenCount", cached),
    ngx_gemini_tokens_count("responseTokenCount", output),

    /* OpenAI; the last one interactions too */

    ngx_gemini_tokens_row("prompt_tokens", NGX_GEMINI_TOKENS_USAGE, prompt,
                          1),
    ngx_gemini_tokens_count("completion_tokens", output),
    ngx_gemini_tokens_inner("completion_tokens_details",
                            NGX_GEMINI_TOKENS_OUTPUT),
    ngx_gemini_tokens_row("reasoning_tokens", NGX_GEMINI_TOKENS_OUTPUT,
                          thought, 0),
    ngx_gemini_tokens_inner("prompt_tokens_details",
                            NGX_GEMINI_TOKENS_PROMPT),
    ngx_gemini_tokens_row("cached_tokens", NGX_GEMINI_TOKENS_PROMPT, cached,
                          0),
    ngx_gemini_tokens_count("total_tokens", total),

    /* interactions */

    ngx_gemini_tokens_count("total_input_tokens", prompt),
    ngx_gemini_tokens_count("total_output_tokens", output),
    ngx_gemini_tokens_count("total_thought_tokens", thought),
    ngx_gemini_tokens_count("total_cached_tokens", cached),

    { ngx_null_string, 0, 0, 0, 0 }
};


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

    for (field = ngx_gemini_tokens_fields; field->name.len; field++) {

        if (field->name.len == len && field->place == place
            && ngx_memcmp(field->name.data, name, len) == 0)
        {
            return field;
        }
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
