
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Parameters and values of directives, as rows of tables: how a value is
 * read, where it goes, its bounds, and what to tell who wrote another.
 */


#ifndef _NGX_HTTP_GEMINI_PARAM_H_INCLUDED_
#define _NGX_HTTP_GEMINI_PARAM_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_gemini.h"


#define NGX_HTTP_GEMINI_PARAM_UNSET  ((uint32_t) -1)

#define NGX_HTTP_GEMINI_TIME_MAX     ((uint64_t) 365 * NGX_GEMINI_DAY)


/* where something was written, for messages */

typedef struct {
    ngx_log_t                     *log;
    ngx_str_t                     *pool;       /* gemini_pool's name */
    u_char                        *file;
    ngx_uint_t                     line;
} ngx_http_gemini_place_t;


typedef struct ngx_http_gemini_param_s  ngx_http_gemini_param_t;

/* NGX_ERROR: the value is not what param expects */
typedef ngx_int_t (*ngx_http_gemini_param_pt)(
    const ngx_http_gemini_param_t *param, ngx_str_t *value, void *field);


struct ngx_http_gemini_param_s {
    ngx_str_t                      name;       /* "rpm=" or a bare word */
    ngx_http_gemini_param_pt       set;
    size_t                         offset;     /* of the field */
    uint64_t                       min;
    uint64_t                       max;
    const char                    *expected;
};


#define ngx_http_gemini_param_end  { ngx_null_string, NULL, 0, 0, 0, NULL }


/*
 * words as rows of params (at most 32, ended by an empty one) say, into
 * base; what is wrong is logged
 */
ngx_int_t ngx_http_gemini_param_parse(const ngx_http_gemini_place_t *place,
    const ngx_http_gemini_param_t *params, ngx_str_t *words, ngx_uint_t n,
    void *base);

/* one value as the row says */
ngx_int_t ngx_http_gemini_param_value(const ngx_http_gemini_place_t *place,
    const ngx_http_gemini_param_t *param, ngx_str_t *value, void *base);

void ngx_http_gemini_param_invalid(const ngx_http_gemini_place_t *place,
    const ngx_str_t *name, const ngx_str_t *value, const char *expected);

/*
 * a word that is no secret by its look: what may be one is never shown;
 * returns what to show
 */
const ngx_str_t *ngx_http_gemini_param_show(const ngx_str_t *word,
    ngx_str_t *buf);


/* setters; the field's type is in brackets */

ngx_int_t ngx_http_gemini_param_number(const ngx_http_gemini_param_t *param,
    ngx_str_t *value, void *field);                     /* uint32_t */
ngx_int_t ngx_http_gemini_param_count(const ngx_http_gemini_param_t *param,
    ngx_str_t *value, void *field);                     /* uint64_t */
ngx_int_t ngx_http_gemini_param_time(const ngx_http_gemini_param_t *param,
    ngx_str_t *value, void *field);                     /* uint64_t, ms */
ngx_int_t ngx_http_gemini_param_flag(const ngx_http_gemini_param_t *param,
    ngx_str_t *value, void *field);                     /* uint32_t */
ngx_int_t ngx_http_gemini_param_set(const ngx_http_gemini_param_t *param,
    ngx_str_t *value, void *field);                     /* uint32_t */
ngx_int_t ngx_http_gemini_param_label(const ngx_http_gemini_param_t *param,
    ngx_str_t *value, void *field);                     /* ngx_str_t */
ngx_int_t ngx_http_gemini_param_globs(const ngx_http_gemini_param_t *param,
    ngx_str_t *value, void *field);                     /* ngx_str_t */
ngx_int_t ngx_http_gemini_param_price(const ngx_http_gemini_param_t *param,
    ngx_str_t *value, void *field);                     /* 3 x double */


#define NGX_HTTP_GEMINI_EXPECT_COUNT   "a number with k or m expected"
#define NGX_HTTP_GEMINI_EXPECT_TIME    "a time expected"
#define NGX_HTTP_GEMINI_EXPECT_FLAG    "\"on\" or \"off\" expected"
#define NGX_HTTP_GEMINI_EXPECT_LABEL                                          \
    "up to 63 of letters, digits and \"._:@+-\" expected"
#define NGX_HTTP_GEMINI_EXPECT_GLOBS   "comma separated globs expected"
#define NGX_HTTP_GEMINI_EXPECT_PRICE   "IN/OUT or IN/OUT/CACHED expected"


#endif /* _NGX_HTTP_GEMINI_PARAM_H_INCLUDED_ */
