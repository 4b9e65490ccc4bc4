
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Reading: what each type of a member takes from the state file.  All is
 * bounded here; nothing in the file is trusted.
 */


#include "ngx_gemini_saved.h"
#include "ngx_gemini_field.h"
#include "ngx_gemini_time.h"


#define NGX_GEMINI_SAVED_COLUMNS                                              \
    (sizeof(ngx_gemini_sample_t) / sizeof(uint32_t))


/* what a member is read from; path is what follows its name */

typedef struct {
    const ngx_gemini_saved_t  *field;
    ngx_str_t                  path;
    ngx_gemini_json_e          type;
    const ngx_str_t           *value;
} ngx_gemini_saved_read_t;


typedef const char *(*ngx_gemini_saved_read_pt)(
    const ngx_gemini_saved_read_t *sr, void *value);


typedef struct {
    u_char                     open;       /* bracket, 0: it is plain */
    ngx_gemini_json_e          type;       /* .. of this type */
    const char                *wrong;      /* said of anything else */
    ngx_gemini_saved_read_pt   read;
} ngx_gemini_saved_reader_t;


static ngx_uint_t ngx_gemini_saved_fits(const ngx_gemini_saved_read_t *sr,
    const ngx_gemini_saved_reader_t *reader);
static ngx_uint_t ngx_gemini_saved_bracket(const ngx_gemini_saved_read_t *sr,
    u_char open);
static const char *ngx_gemini_saved_number(const ngx_gemini_saved_read_t *sr,
    size_t size, uint64_t *n);

static const char *ngx_gemini_saved_to_uint(
    const ngx_gemini_saved_read_t *sr, void *value);
static const char *ngx_gemini_saved_to_int64(
    const ngx_gemini_saved_read_t *sr, void *value);
static const char *ngx_gemini_saved_to_flag(
    const ngx_gemini_saved_read_t *sr, void *value);
static const char *ngx_gemini_saved_to_time(
    const ngx_gemini_saved_read_t *sr, void *value);
static const char *ngx_gemini_saved_to_name(
    const ngx_gemini_saved_read_t *sr, void *value);
static const char *ngx_gemini_saved_to_mask(
    const ngx_gemini_saved_read_t *sr, void *value);
static const char *ngx_gemini_saved_to_counts(
    const ngx_gemini_saved_read_t *sr, void *value);
static const char *ngx_gemini_saved_to_label(
    const ngx_gemini_saved_read_t *sr, void *value);
static const char *ngx_gemini_saved_to_note(
    const ngx_gemini_saved_read_t *sr, void *value);
static const char *ngx_gemini_saved_to_id(
    const ngx_gemini_saved_read_t *sr, void *value);
static const char *ngx_gemini_saved_to_hex(
    const ngx_gemini_saved_read_t *sr, void *value);
static const char *ngx_gemini_saved_to_samples(
    const ngx_gemini_saved_read_t *sr, void *value);
static const char *ngx_gemini_saved_to_sample(
    const ngx_gemini_saved_read_t *sr, ngx_gemini_window_t *w);
static const char *ngx_gemini_saved_to_object(
    const ngx_gemini_saved_read_t *sr, void *value);

static ngx_uint_t ngx_gemini_saved_find(const ngx_gemini_names_t *names,
    const ngx_str_t *name);
static ngx_int_t ngx_gemini_saved_hexit(u_char ch);


/* by ngx_gemini_saved_e */

static const ngx_gemini_saved_reader_t  ngx_gemini_saved_readers[] = {
    { 0, NGX_GEMINI_JSON_NUMBER, "is not a number",
      ngx_gemini_saved_to_uint },
    { 0, NGX_GEMINI_JSON_NUMBER, "is not a number",
      ngx_gemini_saved_to_uint },
    { 0, NGX_GEMINI_JSON_NUMBER, "is not a number",
      ngx_gemini_saved_to_uint },
    { 0, NGX_GEMINI_JSON_NUMBER, "is not a number",
      ngx_gemini_saved_to_int64 },
    { 0, NGX_GEMINI_JSON_BOOL, "is neither true nor false",
      ngx_gemini_saved_to_flag },
    { 0, NGX_GEMINI_JSON_STRING, "is not a time",
      ngx_gemini_saved_to_time },
    { 0, NGX_GEMINI_JSON_STRING, "is not a known word",
      ngx_gemini_saved_to_name },
    { 0, NGX_GEMINI_JSON_STRING, "is not a known word",
      ngx_gemini_saved_to_name },
    { '[', NGX_GEMINI_JSON_OPEN, "is not a list",
      ngx_gemini_saved_to_mask },
    { '[', NGX_GEMINI_JSON_OPEN, "is not a list",
      ngx_gemini_saved_to_mask },
    { '{', NGX_GEMINI_JSON_OPEN, "is not an object",
      ngx_gemini_saved_to_counts },
    { 0, NGX_GEMINI_JSON_STRING, "is not a string",
      ngx_gemini_saved_to_label },
    { 0, NGX_GEMINI_JSON_STRING, "is not a string",
      ngx_gemini_saved_to_note },
    { 0, NGX_GEMINI_JSON_STRING, "is not a string",
      ngx_gemini_saved_to_id },
    { 0, NGX_GEMINI_JSON_STRING, "is not 16 hexadecimal digits",
      ngx_gemini_saved_to_hex },
    { '[', NGX_GEMINI_JSON_OPEN, "is not a list",
      ngx_gemini_saved_to_samples },
    { '{', NGX_GEMINI_JSON_OPEN, "is not an object",
      ngx_gemini_saved_to_object }
};


const char *
ngx_gemini_saved_read(const ngx_gemini_saved_t *fields, void *record,
    const ngx_str_t *path, ngx_gemini_json_e type, const ngx_str_t *value)
{
    u_char  *base = record;

    ngx_gemini_saved_read_t           sr;
    const ngx_gemini_saved_t         *field;
    const ngx_gemini_saved_reader_t  *reader;

    for (field = fields; field->name; field++) {

        if (ngx_gemini_saved_member(field->name, path, &sr.path)) {
            break;
        }
    }

    if (field->name == NULL) {
        return NULL;
    }

    sr.field = field;
    sr.type = type;
    sr.value = value;

    reader = &ngx_gemini_saved_readers[field->type];

    return ngx_gemini_saved_fits(&sr, reader)
           ? reader->read(&sr, base + field->offset) : reader->wrong;
}


ngx_uint_t
ngx_gemini_saved_member(const char *name, const ngx_str_t *path,
    ngx_str_t *rest)
{
    size_t  len;

    len = ngx_strlen(name);

    if (path->len < len || ngx_memcmp(path->data, name, len) != 0) {
        return 0;
    }

    rest->data = path->data + len;
    rest->len = path->len - len;

    return rest->len == 0 || rest->data[0] == '.' || rest->data[0] == '[';
}


static ngx_uint_t
ngx_gemini_saved_fits(const ngx_gemini_saved_read_t *sr,
    const ngx_gemini_saved_reader_t *reader)
{
    if (reader->open) {
        return sr->path.len > 0
               || ngx_gemini_saved_bracket(sr, reader->open);
    }

    return sr->path.len == 0 && sr->type == reader->type;
}


static ngx_uint_t
ngx_gemini_saved_bracket(const ngx_gemini_saved_read_t *sr, u_char open)
{
    /* "]" and "}" are two after "[" and "{" */

    return (sr->type == NGX_GEMINI_JSON_OPEN && sr->value->data[0] == open)
           || (sr->type == NGX_GEMINI_JSON_CLOSE
               && sr->value->data[0] == open + 2);
}


/* size: of the integer that it has to fit */

static const char *
ngx_gemini_saved_number(const ngx_gemini_saved_read_t *sr, size_t size,
    uint64_t *n)
{
    int64_t   value;
    uint64_t  max;

    if (sr->type != NGX_GEMINI_JSON_NUMBER) {
        return "is not a number";
    }

    max = sr->field->max ? sr->field->max : (uint64_t) -1 >> (64 - 8 * size);

    if (ngx_gemini_json_int(sr->value, &value) != NGX_OK
        || value < 0
        || (uint64_t) value > max)
    {
        return "is out of range";
    }

    *n = value;

    return NULL;
}


static const char *
ngx_gemini_saved_to_uint(const ngx_gemini_saved_read_t *sr, void *value)
{
    uint64_t     n;
    const char  *wrong;

    wrong = ngx_gemini_saved_number(sr,
                                    ngx_gemini_saved_size(sr->field->type),
                                    &n);

    if (wrong == NULL) {
        ngx_gemini_saved_put(sr->field->type, value, n);
    }

    return wrong;
}


static const char *
ngx_gemini_saved_to_int64(const ngx_gemini_saved_read_t *sr, void *value)
{
    return ngx_gemini_json_int(sr->value, value) == NGX_OK
           ? NULL : "is out of range";
}


static const char *
ngx_gemini_saved_to_flag(const ngx_gemini_saved_read_t *sr, void *value)
{
    uint8_t  *p = value;

    *p = (sr->value->data[0] == 't');

    return NULL;
}


static const char *
ngx_gemini_saved_to_time(const ngx_gemini_saved_read_t *sr, void *value)
{
    return ngx_gemini_time_parse_rfc3339(sr->value->data, sr->value->len,
                                         value)
           == NGX_OK ? NULL : "is not a time";
}


static const char *
ngx_gemini_saved_to_name(const ngx_gemini_saved_read_t *sr, void *value)
{
    const ngx_gemini_names_t  *names = sr->field->data;

    uint8_t     *p = value;
    ngx_uint_t   i;

    i = ngx_gemini_saved_find(names, sr->value);

    if (i == names->n) {
        return "is not a known word";
    }

    *p = (uint8_t) i;

    return NULL;
}


static const char *
ngx_gemini_saved_to_mask(const ngx_gemini_saved_read_t *sr, void *value)
{
    const ngx_gemini_names_t  *names = sr->field->data;

    uint64_t    mask;
    ngx_uint_t  i;

    if (sr->path.len == 0) {
        return NULL;
    }

    i = (sr->path.len == 2 && sr->type == NGX_GEMINI_JSON_STRING)
        ? ngx_gemini_saved_find(names, sr->value) : names->n;

    if (i == names->n) {
        return "has an unknown word";
    }

    mask = ngx_gemini_saved_get(sr->field->type, value);
    ngx_gemini_saved_put(sr->field->type, value, mask | (uint64_t) 1 << i);

    return NULL;
}


static const char *
ngx_gemini_saved_to_counts(const ngx_gemini_saved_read_t *sr, void *value)
{
    const ngx_gemini_names_t  *names = sr->field->data;

    uint64_t  *p = value;

    ngx_str_t   name;
    ngx_uint_t  i;

    if (sr->path.len == 0) {
        return NULL;
    }

    name.data = sr->path.data + 1;
    name.len = sr->path.len - 1;

    i = ngx_gemini_saved_find(names, &name);

    if (i == names->n) {
        return NULL;
    }

    return ngx_gemini_saved_number(sr, sizeof(uint64_t), &p[i]);
}


static const char *
ngx_gemini_saved_to_label(const ngx_gemini_saved_read_t *sr, void *value)
{
    ngx_gemini_slot_t  *slot = value;

    if (sr->value->len == 0 || sr->value->len > NGX_GEMINI_MODEL_MAX) {
        return "is not of 1 to 128 bytes";
    }

    slot->len = (uint16_t) sr->value->len;
    ngx_memcpy(slot->label, sr->value->data, slot->len);

    return NULL;
}


static const char *
ngx_gemini_saved_to_note(const ngx_gemini_saved_read_t *sr, void *value)
{
    ngx_gemini_note_t  *note = value;

    /* what was cut inside a character is written longer than it was */

    note->len = (uint8_t) ngx_min(sr->value->len, NGX_GEMINI_NOTE_MAX);
    ngx_memcpy(note->text, sr->value->data, note->len);

    return NULL;
}


static const char *
ngx_gemini_saved_to_id(const ngx_gemini_saved_read_t *sr, void *value)
{
    ngx_memcpy(value, sr->value->data,
               ngx_min(sr->value->len, NGX_GEMINI_REQUEST_ID));

    return NULL;
}


static const char *
ngx_gemini_saved_to_hex(const ngx_gemini_saved_read_t *sr, void *value)
{
    u_char  *p = value;

    ngx_int_t   high, low;
    ngx_uint_t  i;

    if (sr->value->len != 2 * NGX_GEMINI_FINGERPRINT) {
        return "is not 16 hexadecimal digits";
    }

    for (i = 0; i < NGX_GEMINI_FINGERPRINT; i++) {
        high = ngx_gemini_saved_hexit(sr->value->data[2 * i]);
        low = ngx_gemini_saved_hexit(sr->value->data[2 * i + 1]);

        if (high == NGX_ERROR || low == NGX_ERROR) {
            return "is not 16 hexadecimal digits";
        }

        p[i] = (u_char) (high << 4 | low);
    }

    return NULL;
}


/* while a sample is read, head counts its columns */

static const char *
ngx_gemini_saved_to_samples(const ngx_gemini_saved_read_t *sr, void *value)
{
    ngx_gemini_window_t  *w = value;

    if (sr->path.len > 0) {
        return ngx_gemini_saved_to_sample(sr, w);
    }

    if (sr->type == NGX_GEMINI_JSON_OPEN) {
        w->n = 0;
    }

    w->head = w->n % NGX_GEMINI_WINDOW_MAX;

    return NULL;
}


static const char *
ngx_gemini_saved_to_sample(const ngx_gemini_saved_read_t *sr,
    ngx_gemini_window_t *w)
{
    uint64_t     n;
    const char  *wrong;

    if (w->n >= NGX_GEMINI_WINDOW_MAX) {
        return "is of more than 128 samples";
    }

    if (sr->path.len == 2) {

        if (!ngx_gemini_saved_bracket(sr, '[')) {
            return "has a sample that is not a list";
        }

        if (sr->type == NGX_GEMINI_JSON_CLOSE) {
            w->n++;
            return NULL;
        }

        ngx_memzero(&w->samples[w->n], sizeof(ngx_gemini_sample_t));
        w->head = 0;

        return NULL;
    }

    if (sr->path.len != 4 || w->head >= NGX_GEMINI_SAVED_COLUMNS) {
        return "has a sample of other than 5 numbers";
    }

    wrong = ngx_gemini_saved_number(sr, sizeof(uint32_t), &n);

    if (wrong == NULL) {
        ((uint32_t *) &w->samples[w->n])[w->head++] = (uint32_t) n;
    }

    return wrong;
}


static const char *
ngx_gemini_saved_to_object(const ngx_gemini_saved_read_t *sr, void *value)
{
    ngx_str_t  path;

    if (sr->path.len == 0) {
        return NULL;
    }

    path.data = sr->path.data + 1;
    path.len = sr->path.len - 1;

    return ngx_gemini_saved_read(sr->field->data, value, &path, sr->type,
                                 sr->value);
}


/* names->n: there is none */

static ngx_uint_t
ngx_gemini_saved_find(const ngx_gemini_names_t *names, const ngx_str_t *name)
{
    ngx_uint_t   i;
    const char  *text;

    for (i = 0; i < names->n; i++) {
        text = names->name(i);

        if (text != NULL
            && ngx_strlen(text) == name->len
            && ngx_memcmp(text, name->data, name->len) == 0)
        {
            break;
        }
    }

    return i;
}


static ngx_int_t
ngx_gemini_saved_hexit(u_char ch)
{
    if (ch >= '0' && ch <= '9') {
        return ch - '0';
    }

    return (ch >= 'a' && ch <= 'f') ? ch - 'a' + 10 : NGX_ERROR;
}
