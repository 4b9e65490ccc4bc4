
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Writing: how each type of a member looks in the state file.
 */


#include "ngx_gemini_saved.h"
#include "ngx_gemini_field.h"
#include "ngx_gemini_time.h"


typedef void (*ngx_gemini_saved_write_pt)(ngx_gemini_out_t *out,
    const ngx_gemini_saved_t *field, const void *value);


typedef struct {
    size_t                     size;       /* zeroes: it is not written */
    ngx_gemini_saved_write_pt  write;
} ngx_gemini_saved_type_t;


static ngx_uint_t ngx_gemini_saved_zero(const ngx_gemini_saved_t *field,
    const void *value);

static void ngx_gemini_saved_uint(ngx_gemini_out_t *out,
    const ngx_gemini_saved_t *field, const void *value);
static void ngx_gemini_saved_int64(ngx_gemini_out_t *out,
    const ngx_gemini_saved_t *field, const void *value);
static void ngx_gemini_saved_flag(ngx_gemini_out_t *out,
    const ngx_gemini_saved_t *field, const void *value);
static void ngx_gemini_saved_time(ngx_gemini_out_t *out,
    const ngx_gemini_saved_t *field, const void *value);
static void ngx_gemini_saved_name(ngx_gemini_out_t *out,
    const ngx_gemini_saved_t *field, const void *value);
static void ngx_gemini_saved_mask(ngx_gemini_out_t *out,
    const ngx_gemini_saved_t *field, const void *value);
static void ngx_gemini_saved_counts(ngx_gemini_out_t *out,
    const ngx_gemini_saved_t *field, const void *value);
static void ngx_gemini_saved_label(ngx_gemini_out_t *out,
    const ngx_gemini_saved_t *field, const void *value);
static void ngx_gemini_saved_note(ngx_gemini_out_t *out,
    const ngx_gemini_saved_t *field, const void *value);
static void ngx_gemini_saved_id(ngx_gemini_out_t *out,
    const ngx_gemini_saved_t *field, const void *value);
static void ngx_gemini_saved_hex(ngx_gemini_out_t *out,
    const ngx_gemini_saved_t *field, const void *value);
static void ngx_gemini_saved_samples(ngx_gemini_out_t *out,
    const ngx_gemini_saved_t *field, const void *value);
static void ngx_gemini_saved_sample(ngx_gemini_out_t *out,
    const ngx_gemini_sample_t *sample);
static void ngx_gemini_saved_object(ngx_gemini_out_t *out,
    const ngx_gemini_saved_t *field, const void *value);


/* by ngx_gemini_saved_e */

static const ngx_gemini_saved_type_t  ngx_gemini_saved_writers[] = {
    { sizeof(uint8_t), ngx_gemini_saved_uint },
    { sizeof(uint32_t), ngx_gemini_saved_uint },
    { sizeof(uint64_t), ngx_gemini_saved_uint },
    { sizeof(int64_t), ngx_gemini_saved_int64 },
    { sizeof(uint8_t), ngx_gemini_saved_flag },
    { sizeof(uint64_t), ngx_gemini_saved_time },
    { sizeof(uint8_t), ngx_gemini_saved_name },
    { sizeof(uint8_t), ngx_gemini_saved_name },
    { sizeof(uint8_t), ngx_gemini_saved_mask },
    { sizeof(uint32_t), ngx_gemini_saved_mask },
    { sizeof(uint64_t), ngx_gemini_saved_counts },
    { 0, ngx_gemini_saved_label },
    { sizeof(uint8_t), ngx_gemini_saved_note },
    { 1, ngx_gemini_saved_id },
    { NGX_GEMINI_FINGERPRINT, ngx_gemini_saved_hex },
    { 0, ngx_gemini_saved_samples },
    { 0, ngx_gemini_saved_object }
};


void
ngx_gemini_saved_write(ngx_gemini_out_t *out,
    const ngx_gemini_saved_t *fields, const void *record)
{
    const u_char  *base = record;

    const ngx_gemini_saved_t  *field;

    for (field = fields; field->name; field++) {

        if (field->type == NGX_GEMINI_SAVED_WORD
            || !ngx_gemini_saved_zero(field, base + field->offset))
        {
            ngx_gemini_saved_writers[field->type].write(out, field,
                                                       base + field->offset);
        }
    }
}


ngx_uint_t
ngx_gemini_saved_blank(const ngx_gemini_saved_t *fields, const void *record)
{
    const u_char  *base = record;

    const ngx_gemini_saved_t  *field;

    for (field = fields; field->name; field++) {

        if (!ngx_gemini_saved_zero(field, base + field->offset)) {
            return 0;
        }
    }

    return 1;
}


static ngx_uint_t
ngx_gemini_saved_zero(const ngx_gemini_saved_t *field, const void *value)
{
    const u_char               *p = value;
    const ngx_gemini_slot_t    *slot = value;
    const ngx_gemini_names_t   *names = field->data;
    const ngx_gemini_window_t  *window = value;

    size_t  i, size;

    size = ngx_gemini_saved_writers[field->type].size;

    switch (field->type) {

    case NGX_GEMINI_SAVED_OBJECT:
        return ngx_gemini_saved_blank(field->data, value);

    case NGX_GEMINI_SAVED_LABEL:
        return slot->len == 0;

    case NGX_GEMINI_SAVED_SAMPLES:
        return window->n == 0;

    case NGX_GEMINI_SAVED_COUNTS:
        size *= names->n;
        break;

    default:
        break;
    }

    for (i = 0; i < size; i++) {
        if (p[i] != 0) {
            return 0;
        }
    }

    return 1;
}


static void
ngx_gemini_saved_uint(ngx_gemini_out_t *out, const ngx_gemini_saved_t *field,
    const void *value)
{
    ngx_gemini_out_kuint(out, field->name,
                         ngx_gemini_saved_get(field->type, value));
}


static void
ngx_gemini_saved_int64(ngx_gemini_out_t *out,
    const ngx_gemini_saved_t *field, const void *value)
{
    const int64_t  *n = value;

    ngx_gemini_out_kint(out, field->name, *n);
}


static void
ngx_gemini_saved_flag(ngx_gemini_out_t *out, const ngx_gemini_saved_t *field,
    const void *value)
{
    ngx_gemini_out_kbool(out, field->name, 1);
}


/* to the millisecond: a rest must not end before its time */

static void
ngx_gemini_saved_time(ngx_gemini_out_t *out, const ngx_gemini_saved_t *field,
    const void *value)
{
    const uint64_t  *ms = value;

    u_char  buf[NGX_GEMINI_RFC3339_LEN + 4], *p;

    p = ngx_gemini_time_rfc3339(buf, *ms) - 1;

    *p++ = '.';
    *p++ = (u_char) ('0' + *ms / 100 % 10);
    *p++ = (u_char) ('0' + *ms / 10 % 10);
    *p++ = (u_char) ('0' + *ms % 10);
    *p++ = 'Z';

    ngx_gemini_out_kstr(out, field->name, buf, p - buf);
}


static void
ngx_gemini_saved_name(ngx_gemini_out_t *out, const ngx_gemini_saved_t *field,
    const void *value)
{
    const uint8_t             *n = value;
    const ngx_gemini_names_t  *names = field->data;

    if (*n < names->n && names->name(*n)) {
        ngx_gemini_out_kcstr(out, field->name, names->name(*n));
    }
}


static void
ngx_gemini_saved_mask(ngx_gemini_out_t *out, const ngx_gemini_saved_t *field,
    const void *value)
{
    const ngx_gemini_names_t  *names = field->data;

    uint64_t    mask;
    ngx_uint_t  i;

    mask = ngx_gemini_saved_get(field->type, value);

    ngx_gemini_out_open(out, field->name, '[');

    for (i = 0; i < names->n; i++) {
        if (mask & ((uint64_t) 1 << i)) {
            ngx_gemini_out_kcstr(out, NULL, names->name(i));
        }
    }

    ngx_gemini_out_close(out, ']');
}


static void
ngx_gemini_saved_counts(ngx_gemini_out_t *out,
    const ngx_gemini_saved_t *field, const void *value)
{
    const uint64_t            *n = value;
    const ngx_gemini_names_t  *names = field->data;

    ngx_uint_t  i;

    ngx_gemini_out_open(out, field->name, '{');

    for (i = 0; i < names->n; i++) {
        if (n[i] && names->name(i)) {
            ngx_gemini_out_kuint(out, names->name(i), n[i]);
        }
    }

    ngx_gemini_out_close(out, '}');
}


static void
ngx_gemini_saved_label(ngx_gemini_out_t *out,
    const ngx_gemini_saved_t *field, const void *value)
{
    const ngx_gemini_slot_t  *slot = value;

    ngx_gemini_out_kstr(out, field->name, slot->label,
                        ngx_min(slot->len, NGX_GEMINI_MODEL_MAX));
}


static void
ngx_gemini_saved_note(ngx_gemini_out_t *out, const ngx_gemini_saved_t *field,
    const void *value)
{
    const ngx_gemini_note_t  *note = value;

    ngx_gemini_out_kstr(out, field->name, note->text,
                        ngx_min(note->len, NGX_GEMINI_NOTE_MAX));
}


static void
ngx_gemini_saved_id(ngx_gemini_out_t *out, const ngx_gemini_saved_t *field,
    const void *value)
{
    const u_char  *p = value;

    size_t  len;

    for (len = 0; len < NGX_GEMINI_REQUEST_ID && p[len]; len++) { /* void */ }

    ngx_gemini_out_kstr(out, field->name, p, len);
}


static void
ngx_gemini_saved_hex(ngx_gemini_out_t *out, const ngx_gemini_saved_t *field,
    const void *value)
{
    const u_char  *p = value;

    u_char      buf[2 * NGX_GEMINI_FINGERPRINT];
    ngx_uint_t  i;

    static const u_char  hex[] = "0123456789abcdef";

    for (i = 0; i < NGX_GEMINI_FINGERPRINT; i++) {
        buf[2 * i] = hex[p[i] >> 4];
        buf[2 * i + 1] = hex[p[i] & 0xf];
    }

    ngx_gemini_out_kstr(out, field->name, buf, sizeof(buf));
}


/* oldest first */

static void
ngx_gemini_saved_samples(ngx_gemini_out_t *out,
    const ngx_gemini_saved_t *field, const void *value)
{
    const ngx_gemini_window_t  *w = value;

    uint32_t  i;

    ngx_gemini_out_open(out, field->name, '[');

    for (i = ngx_min(w->n, NGX_GEMINI_WINDOW_MAX); i > 0; i--) {
        ngx_gemini_saved_sample(out,
                                &w->samples[(w->head + NGX_GEMINI_WINDOW_MAX
                                             - i)
                                            % NGX_GEMINI_WINDOW_MAX]);
    }

    ngx_gemini_out_close(out, ']');
}


static void
ngx_gemini_saved_sample(ngx_gemini_out_t *out,
    const ngx_gemini_sample_t *sample)
{
    ngx_gemini_out_open(out, NULL, '[');

    ngx_gemini_out_kuint(out, NULL, sample->latency);
    ngx_gemini_out_kuint(out, NULL, sample->ttft);
    ngx_gemini_out_kuint(out, NULL, sample->prompt);
    ngx_gemini_out_kuint(out, NULL, sample->output);
    ngx_gemini_out_kuint(out, NULL, sample->ok);

    ngx_gemini_out_close(out, ']');
}


static void
ngx_gemini_saved_object(ngx_gemini_out_t *out,
    const ngx_gemini_saved_t *field, const void *value)
{
    ngx_gemini_out_open(out, field->name, '{');
    ngx_gemini_saved_write(out, field->data, value);
    ngx_gemini_out_close(out, '}');
}


size_t
ngx_gemini_saved_size(ngx_gemini_saved_e type)
{
    return ngx_gemini_saved_writers[type].size;
}


uint64_t
ngx_gemini_saved_get(ngx_gemini_saved_e type, const void *value)
{
    const uint8_t   *n8 = value;
    const uint32_t  *n32 = value;
    const uint64_t  *n64 = value;

    switch (ngx_gemini_saved_size(type)) {

    case sizeof(uint8_t):
        return *n8;

    case sizeof(uint32_t):
        return *n32;

    default:
        return *n64;
    }
}


void
ngx_gemini_saved_put(ngx_gemini_saved_e type, void *value, uint64_t n)
{
    uint8_t   *n8 = value;
    uint32_t  *n32 = value;
    uint64_t  *n64 = value;

    switch (ngx_gemini_saved_size(type)) {

    case sizeof(uint8_t):
        *n8 = (uint8_t) n;
        break;

    case sizeof(uint32_t):
        *n32 = (uint32_t) n;
        break;

    default:
        *n64 = n;
    }
}


void
ngx_gemini_saved_pack(u_char *p, uint64_t n)
{
    ngx_uint_t  i;

    for (i = sizeof(uint64_t); i > 0; i--) {
        p[i - 1] = (u_char) n;
        n >>= 8;
    }
}


uint64_t
ngx_gemini_saved_unpack(const u_char *p)
{
    uint64_t    n;
    ngx_uint_t  i;

    n = 0;

    for (i = 0; i < sizeof(uint64_t); i++) {
        n = n << 8 | p[i];
    }

    return n;
}
