
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * A record described by a table of its fields.  Each format walks the same
 * table, so that formats cannot disagree.
 */


#ifndef _NGX_GEMINI_FIELD_H_INCLUDED_
#define _NGX_GEMINI_FIELD_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_out.h"


typedef enum {
    NGX_GEMINI_FIELD_STRING = 0,       /* ngx_str_t, empty: null */
    NGX_GEMINI_FIELD_WORD,             /* const char *, NULL: null */
    NGX_GEMINI_FIELD_HEX,              /* const u_char *, a fingerprint */
    NGX_GEMINI_FIELD_UINT,             /* uint32_t */
    NGX_GEMINI_FIELD_UINT64,
    NGX_GEMINI_FIELD_LIMIT,            /* uint32_t, 0: null */
    NGX_GEMINI_FIELD_LIMIT64,          /* uint64_t, 0: null */
    NGX_GEMINI_FIELD_LEFT,             /* int64_t, < 0: null */
    NGX_GEMINI_FIELD_BOOL,             /* uint32_t */
    NGX_GEMINI_FIELD_TIME,             /* uint64_t, ms, 0: null */
    NGX_GEMINI_FIELD_SECONDS,          /* int64_t, ms, < 0: null */
    NGX_GEMINI_FIELD_RATIO,            /* int64_t, 1/1000, < 0: null */
    NGX_GEMINI_FIELD_SKEW,             /* int64_t, ms, NO_SKEW: null */
    NGX_GEMINI_FIELD_COST,             /* uint64_t, of 10^9 */
    NGX_GEMINI_FIELD_NAMES,            /* uint32_t, a mask; data: names */
    NGX_GEMINI_FIELD_COUNTS,           /* uint64_t[]; data: names */
    NGX_GEMINI_FIELD_NONZERO,          /* .. only what is not 0 */
    NGX_GEMINI_FIELD_OBJECT,           /* a part of it; data: fields */
    NGX_GEMINI_FIELD_REF,              /* const void *, NULL: null; as above */
    NGX_GEMINI_FIELD_GROUP,            /* a part without a name of its own */

    /* not fields: what the field before them is as a metric */
    NGX_GEMINI_FIELD_COUNTER,
    NGX_GEMINI_FIELD_GAUGE,
    NGX_GEMINI_FIELD_INFO,             /* 1; the word is the tag's value */
    NGX_GEMINI_FIELD_IS,               /* 1 if the word is the tag, else 0 */
    NGX_GEMINI_FIELD_IS_NOT,
    NGX_GEMINI_FIELD_LABEL,            /* a label of all metrics of the row */
    NGX_GEMINI_FIELD_TAG,              /* a label of the metric before it */
    NGX_GEMINI_FIELD_TYPES
} ngx_gemini_field_e;


#define NGX_GEMINI_NO_SKEW  INT64_MIN


typedef struct {
    const char                *name;       /* NULL ends a table */
    ngx_gemini_field_e         type;
    size_t                     offset;
    const void                *data;       /* fields or names */
} ngx_gemini_field_t;


#define ngx_gemini_null_field  { NULL, NGX_GEMINI_FIELD_STRING, 0, NULL }


/*
 * Rows behind that of a field.  Metrics of one name that follow each other
 * are one family, the first of them has the help.  Infos of one family make
 * one sample with the tags of all, left out while one of the words is NULL.
 * A tag without a value is the label that tells items of COUNTS apart.
 */

#define ngx_gemini_counter(name, help)                                        \
    { name, NGX_GEMINI_FIELD_COUNTER, 0, help }
#define ngx_gemini_gauge(name, help)                                          \
    { name, NGX_GEMINI_FIELD_GAUGE, 0, help }
#define ngx_gemini_info(name, help)                                           \
    { name, NGX_GEMINI_FIELD_INFO, 0, help }
#define ngx_gemini_is(name, help)                                             \
    { name, NGX_GEMINI_FIELD_IS, 0, help }
#define ngx_gemini_is_not(name, help)                                         \
    { name, NGX_GEMINI_FIELD_IS_NOT, 0, help }
#define ngx_gemini_label(name)                                                \
    { name, NGX_GEMINI_FIELD_LABEL, 0, NULL }
#define ngx_gemini_tag(name, value)                                           \
    { name, NGX_GEMINI_FIELD_TAG, 0, value }


/* names of the items of a COUNTS array or of the bits of a NAMES mask */

typedef struct {
    ngx_uint_t                 n;
    const char              *(*name)(ngx_uint_t i);
} ngx_gemini_names_t;


/* the members of record, without braces around them */
void ngx_gemini_field_json(ngx_gemini_out_t *out,
    const ngx_gemini_field_t *fields, const void *record);


#endif /* _NGX_GEMINI_FIELD_H_INCLUDED_ */
