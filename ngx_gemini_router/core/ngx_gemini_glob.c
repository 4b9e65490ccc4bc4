
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_glob.h"


ngx_uint_t
ngx_gemini_glob(const ngx_str_t *pattern, const ngx_str_t *text)
{
    u_char  *p, *t, *pend, *tend, *star, *from;

    p = pattern->data;
    pend = p + pattern->len;
    t = text->data;
    tend = t + text->len;
    star = NULL;
    from = NULL;

    while (t < tend) {

        if (p < pend && *p == '*') {
            star = ++p;
            from = t;
            continue;
        }

        if (p < pend && (*p == '?' || *p == *t)) {
            p++;
            t++;
            continue;
        }

        if (star == NULL) {
            return 0;
        }

        /* only the last star may have to take more, one byte at a time */

        p = star;
        t = ++from;
    }

    while (p < pend && *p == '*') {
        p++;
    }

    return p == pend;
}


ngx_uint_t
ngx_gemini_glob_list(const ngx_str_t *list, const ngx_str_t *text)
{
    u_char     *p, *last;
    ngx_str_t   item;

    p = list->data;
    last = p + list->len;

    for ( ;; ) {

        while (p < last && (*p == ' ' || *p == ',')) {
            p++;
        }

        if (p == last) {
            return 0;
        }

        item.data = p;

        while (p < last && *p != ',') {
            p++;
        }

        item.len = p - item.data;

        while (item.data[item.len - 1] == ' ') {
            item.len--;
        }

        if (ngx_gemini_glob(&item, text)) {
            return 1;
        }
    }
}
