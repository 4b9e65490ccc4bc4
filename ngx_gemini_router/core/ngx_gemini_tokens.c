
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_json.h"
#include "ngx_gemini_tokens.h"


typedef struct {
    ngx_str_t                  path;
    size_t                     offset;     /* in ngx_gemini_tokens_t */
    ngx_uint_t                 openai;     /* tells the form */
} ngx_gemini_tokens_field_t;


typedef struct {
    ngx_gemini_tokens_t        tokens;
    ngx_uint_t                 openai;
} ngx_gemini_tokens_told_t;


static ngx_int_t ngx_gemini_tokens_value(void *data, const ngx_str_t *path,
    ngx_gemini_json_e type, const ngx_str_t *value);
static void ngx_gemini_tokens_derive(ngx_gemini_tokens_t *tokens);
static void ngx_gemini_tokens_keep(int64_t *count, int64_t value);


static const ngx_gemini_tokens_field_t  ngx_gemini_tokens_fields[] = {

    /* native and Live */

    { ngx_string("promptTokenCount"),
      offsetof(ngx_gemini_tokens_t, prompt), 0 },
    { ngx_string("candidatesTokenCount"),
      offsetof(ngx_gemini_tokens_t, output), 0 },
    { ngx_string("responseTokenCount"),
      offsetof(ngx_gemini_tokens_t, output), 0 },
    { ngx_string("thoughtsTokenCount"),
      offsetof(ngx_gemini_tokens_t, thought), 0 },
    { ngx_string("cachedContentTokenCount"),
      offsetof(ngx_gemini_tokens_t, cached), 0 },
    { ngx_string("totalTokenCount"),
      offsetof(ngx_gemini_tokens_t, total), 0 },

    /* OpenAI; the last one interactions too */

    { ngx_string("prompt_tokens"),
      offsetof(ngx_gemini_tokens_t, prompt), 1 },
    { ngx_string("completion_tokens"),
      offsetof(ngx_gemini_tokens_t, output), 0 },
    { ngx_string("completion_tokens_details.reasoning_tokens"),
      offsetof(ngx_gemini_tokens_t, thought), 0 },
    { ngx_string("prompt_tokens_details.cached_tokens"),
      offsetof(ngx_gemini_tokens_t, cached), 0 },
    { ngx_string("total_tokens"),
      offsetof(ngx_gemini_tokens_t, total), 0 },

    /* interactions */

    { ngx_string("total_input_tokens"),
      offsetof(ngx_gemini_tokens_t, prompt), 0 },
    { ngx_string("total_output_tokens"),
      offsetof(ngx_gemini_tokens_t, output), 0 },
    { ngx_string("total_thought_tokens"),
      offsetof(ngx_gemini_tokens_t, thought), 0 },
    { ngx_string("total_cached_tokens"),
      offsetof(ngx_gemini_tokens_t, cached), 0 },

    { ngx_null_string, 0, 0 }
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


void
ngx_gemini_tokens_read(ngx_gemini_tokens_t *tokens, const u_char *p,
    size_t len)
{
    ngx_gemini_tokens_told_t  told;

    told.openai = 0;
    ngx_gemini_tokens_init(&told.tokens);

    if (ngx_gemini_json_read(p, len, ngx_gemini_tokens_value, &told)
        != NGX_OK)
    {
        return;
    }

    if (told.openai) {
        ngx_gemini_tokens_derive(&told.tokens);
    }

    ngx_gemini_tokens_keep(&tokens->prompt, told.tokens.prompt);
    ngx_gemini_tokens_keep(&tokens->output, told.tokens.output);
    ngx_gemini_tokens_keep(&tokens->thought, told.tokens.thought);
    ngx_gemini_tokens_keep(&tokens->cached, told.tokens.cached);
    ngx_gemini_tokens_keep(&tokens->total, told.tokens.total);
}


static ngx_int_t
ngx_gemini_tokens_value(void *data, const ngx_str_t *path,
    ngx_gemini_json_e type, const ngx_str_t *value)
{
    ngx_gemini_tokens_told_t *told = data;

    int64_t                           n, *count;
    const ngx_gemini_tokens_field_t  *field;

    if (type != NGX_GEMINI_JSON_NUMBER) {
        return NGX_OK;
    }

    for (field = ngx_gemini_tokens_fields; field->path.len; field++) {

        if (field->path.len == path->len
            && ngx_memcmp(field->path.data, path->data, path->len) == 0)
        {
            break;
        }
    }

    if (field->path.len && ngx_gemini_json_int(value, &n) == NGX_OK
        && n >= 0)
    {
        count = (int64_t *) ((u_char *) &told->tokens + field->offset);
        *count = n;
        told->openai |= field->openai;
    }

    return NGX_OK;
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


static void
ngx_gemini_tokens_keep(int64_t *count, int64_t value)
{
    if (value >= 0) {
        *count = value;
    }
}
