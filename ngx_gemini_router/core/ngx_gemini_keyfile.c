
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_keyfile.h"


static ngx_int_t ngx_gemini_keyfile_word(u_char **p, u_char *last,
    ngx_str_t *word, const char **error);
static ngx_int_t ngx_gemini_keyfile_quoted(u_char **p, u_char *last,
    ngx_str_t *word, const char **error);


#define ngx_gemini_keyfile_blank(c)  ((c) == ' ' || (c) == '\t')


ngx_int_t
ngx_gemini_keyfile_line(u_char **p, u_char *last, ngx_gemini_keyline_t *line)
{
    u_char  *pos, *end;

    line->nwords = 0;
    line->error = NULL;

    pos = *p;

    if (pos == last) {
        return NGX_DONE;
    }

    for (end = pos; end < last && *end != LF; end++) { /* void */ }

    *p = (end < last) ? end + 1 : end;

    if (end > pos && end[-1] == CR) {
        end--;
    }

    for ( ;; ) {
        while (pos < end && ngx_gemini_keyfile_blank(*pos)) {
            pos++;
        }

        if (pos == end || *pos == '#') {
            return NGX_OK;
        }

        if (line->nwords == NGX_GEMINI_KEYFILE_WORDS) {
            line->error = "too many words";
            return NGX_ERROR;
        }

        if (ngx_gemini_keyfile_word(&pos, end, &line->words[line->nwords],
                                    &line->error)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        line->nwords++;
    }
}


static ngx_int_t
ngx_gemini_keyfile_word(u_char **p, u_char *last, ngx_str_t *word,
    const char **error)
{
    u_char  *pos;

    pos = *p;

    if (*pos == '"' || *pos == '\'') {
        return ngx_gemini_keyfile_quoted(p, last, word, error);
    }

    word->data = pos;

    while (pos < last && !ngx_gemini_keyfile_blank(*pos)) {

        if (*pos < ' ' || *pos == 0x7f) {
            *error = "control character";
            return NGX_ERROR;
        }

        pos++;
    }

    word->len = pos - word->data;
    *p = pos;

    return NGX_OK;
}


static ngx_int_t
ngx_gemini_keyfile_quoted(u_char **p, u_char *last, ngx_str_t *word,
    const char **error)
{
    u_char  *pos, quote;

    pos = *p;
    quote = *pos++;

    word->data = pos;

    for ( /* void */ ; pos < last && *pos != quote; pos++) {

        if ((*pos < ' ' && *pos != '\t') || *pos == 0x7f) {
            *error = "control character";
            return NGX_ERROR;
        }
    }

    if (pos == last) {
        *error = "quote without its end";
        return NGX_ERROR;
    }

    word->len = pos - word->data;
    *p = ++pos;

    if (pos < last && !ngx_gemini_keyfile_blank(*pos)) {
        *error = "quote is not followed by a blank";
        return NGX_ERROR;
    }

    return NGX_OK;
}
