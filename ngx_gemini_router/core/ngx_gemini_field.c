
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_field.h"


typedef void (*ngx_gemini_field_pt)(ngx_gemini_out_t *out,
    const ngx_gemini_field_t *field, const void *value);


static void ngx_gemini_field_string(ngx_gemini_out_t *out,
    const ngx_gemini_field_t *field, const void *value);
static void ngx_gemini_field_word(ngx_gemini_out_t *out,
    const ngx_gemini_field_t *field, const void *value);
static void ngx_gemini_field_hex(ngx_gemini_out_t *out,
    const ngx_gemini_field_t *field, const void *value);
static void ngx_gemini_field_uint(ngx_gemini_out_t *out,
    const ngx_gemini_field_t *field, const void *value);
static void ngx_gemini_field_uint64(ngx_gemini_out_t *out,
    const ngx_gemini_field_t *field, const void *value);
static void ngx_gemini_field_limit(ngx_gemini_out_t *out,
    const ngx_gemini_field_t *field, const void *value);
static void ngx_gemini_field_limit64(ngx_gemini_out_t *out,
    const ngx_gemini_field_t *field, const void *value);
static void ngx_gemini_field_left(ngx_gemini_out_t *out,
    const ngx_gemini_field_t *field, const void *value);
static void ngx_gemini_field_bool(ngx_gemini_out_t *out,
    const ngx_gemini_field_t *field, const void *value);
static void ngx_gemini_field_time(ngx_gemini_out_t *out,
    const ngx_gemini_field_t *field, const void *value);
static void ngx_gemini_field_thousandths(ngx_gemini_out_t *out,
    const ngx_gemini_field_t *field, const void *value);
static void ngx_gemini_field_skew(ngx_gemini_out_t *out,
    const ngx_gemini_field_t *field, const void *value);
static void ngx_gemini_field_cost(ngx_gemini_out_t *out,
    const ngx_gemini_field_t *field, const void *value);
static void ngx_gemini_field_names(ngx_gemini_out_t *out,
    const ngx_gemini_field_t *field, const void *value);
static void ngx_gemini_field_counts(ngx_gemini_out_t *out,
    const ngx_gemini_field_t *field, const void *value);
static void ngx_gemini_field_object(ngx_gemini_out_t *out,
    const ngx_gemini_field_t *field, const void *value);
static void ngx_gemini_field_ref(ngx_gemini_out_t *out,
    const ngx_gemini_field_t *field, const void *value);
static void ngx_gemini_field_group(ngx_gemini_out_t *out,
    const ngx_gemini_field_t *field, const void *value);


/* by ngx_gemini_field_e */

static const ngx_gemini_field_pt  ngx_gemini_field_writers[] = {
    ngx_gemini_field_string,
    ngx_gemini_field_word,
    ngx_gemini_field_hex,
    ngx_gemini_field_uint,
    ngx_gemini_field_uint64,
    ngx_gemini_field_limit,
    ngx_gemini_field_limit64,
    ngx_gemini_field_left,
    ngx_gemini_field_bool,
    ngx_gemini_field_time,
    ngx_gemini_field_thousandths,
    ngx_gemini_field_thousandths,
    ngx_gemini_field_skew,
    ngx_gemini_field_cost,
    ngx_gemini_field_names,
    ngx_gemini_field_counts,
    ngx_gemini_field_counts,
    ngx_gemini_field_object,
    ngx_gemini_field_ref,
    ngx_gemini_field_group
};


void
ngx_gemini_field_json(ngx_gemini_out_t *out, const ngx_gemini_field_t *fields,
    const void *record)
{
    const u_char  *base = record;

    const ngx_gemini_field_t  *field;

    for (field = fields; field->name; field++) {

        if (field->type > NGX_GEMINI_FIELD_GROUP) {
            continue;
        }

        ngx_gemini_field_writers[field->type](out, field,
                                              base + field->offset);
    }
}


static void
ngx_gemini_field_string(ngx_gemini_out_t *out,
    const ngx_gemini_field_t *field, const void *value)
{
    const ngx_str_t  *s = value;

    if (s->len == 0) {
        ngx_gemini_out_knull(out, field->name);
        return;
    }

    ngx_gemini_out_kstr(out, field->name, s->data, s->len);
}


static void
ngx_gemini_field_word(ngx_gemini_out_t *out, const ngx_gemini_field_t *field,
    const void *value)
{
    const char *const  *word = value;

    if (*word == NULL) {
        ngx_gemini_out_knull(out, field->name);
        return;
    }

    ngx_gemini_out_kcstr(out, field->name, *word);
}


static void
ngx_gemini_field_hex(ngx_gemini_out_t *out, const ngx_gemini_field_t *field,
    const void *value)
{
    const u_char *const  *p = value;

    ngx_uint_t  i;
    u_char      buf[2 * NGX_GEMINI_FINGERPRINT];

    static const u_char  hex[] = "0123456789abcdef";

    for (i = 0; i < NGX_GEMINI_FINGERPRINT; i++) {
        buf[2 * i] = hex[(*p)[i] >> 4];
        buf[2 * i + 1] = hex[(*p)[i] & 0xf];
    }

    ngx_gemini_out_kstr(out, field->name, buf, sizeof(buf));
}


static void
ngx_gemini_field_uint(ngx_gemini_out_t *out, const ngx_gemini_field_t *field,
    const void *value)
{
    const uint32_t  *n = value;

    ngx_gemini_out_kuint(out, field->name, *n);
}


static void
ngx_gemini_field_uint64(ngx_gemini_out_t *out,
    const ngx_gemini_field_t *field, const void *value)
{
    const uint64_t  *n = value;

    ngx_gemini_out_kuint(out, field->name, *n);
}


static void
ngx_gemini_field_limit(ngx_gemini_out_t *out, const ngx_gemini_field_t *field,
    const void *value)
{
    const uint32_t  *n = value;

    if (*n == 0) {
        ngx_gemini_out_knull(out, field->name);
        return;
    }

    ngx_gemini_out_kuint(out, field->name, *n);
}


static void
ngx_gemini_field_limit64(ngx_gemini_out_t *out,
    const ngx_gemini_field_t *field, const void *value)
{
    const uint64_t  *n = value;

    if (*n == 0) {
        ngx_gemini_out_knull(out, field->name);
        return;
    }

    ngx_gemini_out_kuint(out, field->name, *n);
}


static void
ngx_gemini_field_left(ngx_gemini_out_t *out, const ngx_gemini_field_t *field,
    const void *value)
{
    const int64_t  *n = value;

    if (*n < 0) {
        ngx_gemini_out_knull(out, field->name);
        return;
    }

    ngx_gemini_out_kint(out, field->name, *n);
}


static void
ngx_gemini_field_bool(ngx_gemini_out_t *out, const ngx_gemini_field_t *field,
    const void *value)
{
    const uint32_t  *flag = value;

    ngx_gemini_out_kbool(out, field->name, *flag);
}


static void
ngx_gemini_field_time(ngx_gemini_out_t *out, const ngx_gemini_field_t *field,
    const void *value)
{
    const uint64_t  *ms = value;

    ngx_gemini_out_ktime(out, field->name, *ms);
}


static void
ngx_gemini_field_thousandths(ngx_gemini_out_t *out,
    const ngx_gemini_field_t *field, const void *value)
{
    const int64_t  *n = value;

    if (*n < 0) {
        ngx_gemini_out_knull(out, field->name);
        return;
    }

    ngx_gemini_out_ksec(out, field->name, *n);
}


static void
ngx_gemini_field_skew(ngx_gemini_out_t *out, const ngx_gemini_field_t *field,
    const void *value)
{
    const int64_t  *ms = value;

    if (*ms == NGX_GEMINI_NO_SKEW) {
        ngx_gemini_out_knull(out, field->name);
        return;
    }

    ngx_gemini_out_ksec(out, field->name, *ms);
}


static void
ngx_gemini_field_cost(ngx_gemini_out_t *out, const ngx_gemini_field_t *field,
    const void *value)
{
    const uint64_t  *n = value;

    ngx_gemini_out_key(out, field->name);
    ngx_gemini_out_fixed(out, (int64_t) *n, NGX_GEMINI_COST_DECIMALS);
}


static void
ngx_gemini_field_names(ngx_gemini_out_t *out, const ngx_gemini_field_t *field,
    const void *value)
{
    const uint32_t  *mask = value;

    ngx_uint_t                 i;
    const ngx_gemini_names_t  *names;

    names = field->data;

    ngx_gemini_out_open(out, field->name, '[');

    for (i = 0; i < names->n; i++) {
        if (*mask & ((uint32_t) 1 << i)) {
            ngx_gemini_out_kcstr(out, NULL, names->name(i));
        }
    }

    ngx_gemini_out_close(out, ']');
}


static void
ngx_gemini_field_counts(ngx_gemini_out_t *out,
    const ngx_gemini_field_t *field, const void *value)
{
    const uint64_t  *counts = value;

    ngx_uint_t                 i;
    const char                *name;
    const ngx_gemini_names_t  *names;

    names = field->data;

    ngx_gemini_out_open(out, field->name, '{');

    for (i = 0; i < names->n; i++) {

        if (counts[i] == 0 && field->type == NGX_GEMINI_FIELD_NONZERO) {
            continue;
        }

        name = names->name(i);

        if (name) {
            ngx_gemini_out_kuint(out, name, counts[i]);
        }
    }

    ngx_gemini_out_close(out, '}');
}


static void
ngx_gemini_field_object(ngx_gemini_out_t *out,
    const ngx_gemini_field_t *field, const void *value)
{
    ngx_gemini_out_open(out, field->name, '{');
    ngx_gemini_field_json(out, field->data, value);
    ngx_gemini_out_close(out, '}');
}


static void
ngx_gemini_field_ref(ngx_gemini_out_t *out, const ngx_gemini_field_t *field,
    const void *value)
{
    const void *const  *record = value;

    if (*record == NULL) {
        ngx_gemini_out_knull(out, field->name);
        return;
    }

    ngx_gemini_field_object(out, field, *record);
}


static void
ngx_gemini_field_group(ngx_gemini_out_t *out, const ngx_gemini_field_t *field,
    const void *value)
{
    ngx_gemini_field_json(out, field->data, value);
}
