
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Names of members among a few known ones: their length and first letter tell
 * most others from them.
 */


#ifndef _NGX_GEMINI_WORD_H_INCLUDED_
#define _NGX_GEMINI_WORD_H_INCLUDED_


#include "ngx_gemini.h"


/* of a set of first letters */
#define ngx_gemini_word_letter(ch)  ((uint32_t) 1 << ((ch) & 0x1f))


typedef struct {
    ngx_str_t                  name;
    ngx_uint_t                 value;      /* not 0 */
} ngx_gemini_word_t;


/* the words of one length */

typedef struct {
    uint32_t                   first;      /* the next length's: one behind
                                              the last */
    uint32_t                   letters;    /* that they begin with */
} ngx_gemini_word_length_t;


typedef struct {
    const ngx_gemini_word_t         *words;    /* by length */
    const ngx_gemini_word_length_t  *lengths;  /* from 0 to longest + 1 */
    size_t                           longest;
} ngx_gemini_words_t;


/* the value of a word, 0: it is none of these */
static ngx_inline ngx_uint_t ngx_gemini_word_find(
    const ngx_gemini_words_t *set, const u_char *p, size_t len);

/* .. whose length and first letter are those of one */
ngx_uint_t ngx_gemini_word_compare(const ngx_gemini_words_t *set,
    const u_char *p, size_t len);


static ngx_inline ngx_uint_t
ngx_gemini_word_find(const ngx_gemini_words_t *set, const u_char *p,
    size_t len)
{
    if (len == 0 || len > set->longest
        || !(set->lengths[len].letters & ngx_gemini_word_letter(p[0])))
    {
        return 0;
    }

    return ngx_gemini_word_compare(set, p, len);
}


#endif /* _NGX_GEMINI_WORD_H_INCLUDED_ */
