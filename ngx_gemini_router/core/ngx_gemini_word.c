
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_word.h"


ngx_uint_t
ngx_gemini_word_compare(const ngx_gemini_words_t *set, const u_char *p,
    size_t len)
{
    const ngx_gemini_word_t  *word, *last;

    last = set->words + set->lengths[len + 1].first;

    for (word = set->words + set->lengths[len].first; word < last; word++) {

        if (word->name.data[0] == p[0]
            && ngx_memcmp(word->name.data, p, len) == 0)
        {
            return word->value;
        }
    }

    return 0;
}
