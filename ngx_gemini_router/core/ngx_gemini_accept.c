
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_accept.h"


/* how close a range is to a type */

#define NGX_GEMINI_ACCEPT_ANY    1         /* a range of all types */
#define NGX_GEMINI_ACCEPT_GROUP  2
#define NGX_GEMINI_ACCEPT_TYPE   3


typedef struct {
    ngx_str_t                  group;
    ngx_str_t                  type;
    ngx_str_t                  version;    /* empty: has none */
    ngx_gemini_format_e        format;
} ngx_gemini_accept_type_t;


/* a range as it is read: group "/" type and two of its parameters */

typedef struct {
    ngx_str_t                  group;
    ngx_str_t                  type;
    ngx_str_t                  version;
    ngx_uint_t                 q;          /* 1/1000 */
} ngx_gemini_accept_range_t;


static void ngx_gemini_accept_range(ngx_gemini_accept_t *accept,
    const ngx_str_t *text);
static void ngx_gemini_accept_param(ngx_gemini_accept_range_t *range,
    const ngx_str_t *param);
static ngx_uint_t ngx_gemini_accept_q(const ngx_str_t *value);
static ngx_uint_t ngx_gemini_accept_close(
    const ngx_gemini_accept_range_t *range,
    const ngx_gemini_accept_type_t *type);
static void ngx_gemini_accept_cut(ngx_str_t *rest, u_char separator,
    ngx_str_t *piece);
static void ngx_gemini_accept_trim(ngx_str_t *s);
static ngx_uint_t ngx_gemini_accept_is(const ngx_str_t *s,
    const ngx_str_t *word);


/* by ngx_gemini_format_e */

static const ngx_str_t  ngx_gemini_accept_names[] = {
    ngx_string("json"),
    ngx_string("html"),
    ngx_string("openmetrics"),
    ngx_string("prometheus")
};


static const ngx_gemini_accept_type_t  ngx_gemini_accept_types[] = {

    { ngx_string("application"), ngx_string("json"), ngx_null_string,
      NGX_GEMINI_FORMAT_JSON },

    { ngx_string("text"), ngx_string("html"), ngx_null_string,
      NGX_GEMINI_FORMAT_HTML },

    { ngx_string("application"), ngx_string("xhtml+xml"), ngx_null_string,
      NGX_GEMINI_FORMAT_HTML },

    { ngx_string("application"), ngx_string("openmetrics-text"),
      ngx_string("1.0.0"), NGX_GEMINI_FORMAT_OPENMETRICS },

    { ngx_string("text"), ngx_string("plain"), ngx_string("0.0.4"),
      NGX_GEMINI_FORMAT_PROMETHEUS },

    { ngx_null_string, ngx_null_string, ngx_null_string, NGX_GEMINI_FORMATS }
};


ngx_gemini_format_e
ngx_gemini_accept_name(const ngx_str_t *name)
{
    ngx_uint_t        i;
    const ngx_str_t  *known;

    for (i = 0; i < NGX_GEMINI_FORMATS; i++) {
        known = &ngx_gemini_accept_names[i];

        if (name->len == known->len
            && ngx_strncmp(name->data, known->data, name->len) == 0)
        {
            break;
        }
    }

    return (ngx_gemini_format_e) i;
}


void
ngx_gemini_accept_add(ngx_gemini_accept_t *accept, const ngx_str_t *value)
{
    ngx_str_t  rest, range;

    rest = *value;

    while (rest.len) {
        ngx_gemini_accept_cut(&rest, ',', &range);
        ngx_gemini_accept_range(accept, &range);
    }
}


ngx_gemini_format_e
ngx_gemini_accept_best(const ngx_gemini_accept_t *accept)
{
    ngx_uint_t  i, best;

    best = NGX_GEMINI_FORMAT_JSON;

    for (i = 0; i < NGX_GEMINI_FORMATS; i++) {

        if (accept->q[i] > accept->q[best]
            || (accept->q[i] && accept->q[i] == accept->q[best]
                && accept->close[i] > accept->close[best]))
        {
            best = i;
        }
    }

    return (ngx_gemini_format_e) best;
}


static void
ngx_gemini_accept_range(ngx_gemini_accept_t *accept, const ngx_str_t *text)
{
    ngx_str_t                        rest, piece;
    ngx_uint_t                       close;
    ngx_gemini_accept_range_t        range;
    const ngx_gemini_accept_type_t  *type;

    rest = *text;

    ngx_memzero(&range, sizeof(ngx_gemini_accept_range_t));
    range.q = 1000;

    ngx_gemini_accept_cut(&rest, ';', &range.type);
    ngx_gemini_accept_cut(&range.type, '/', &range.group);
    ngx_gemini_accept_trim(&range.type);

    while (rest.len) {
        ngx_gemini_accept_cut(&rest, ';', &piece);
        ngx_gemini_accept_param(&range, &piece);
    }

    for (type = ngx_gemini_accept_types; type->group.len; type++) {
        close = ngx_gemini_accept_close(&range, type);

        if (close > accept->close[type->format]
            || (close && close == accept->close[type->format]
                && range.q > accept->q[type->format]))
        {
            accept->close[type->format] = (uint8_t) close;
            accept->q[type->format] = (uint16_t) range.q;
        }
    }
}


static void
ngx_gemini_accept_param(ngx_gemini_accept_range_t *range,
    const ngx_str_t *param)
{
    ngx_str_t  name, value;

    static const ngx_str_t  q = ngx_string("q");
    static const ngx_str_t  version = ngx_string("version");

    value = *param;

    ngx_gemini_accept_cut(&value, '=', &name);
    ngx_gemini_accept_trim(&value);

    if (value.len > 1 && value.data[0] == '"'
        && value.data[value.len - 1] == '"')
    {
        value.data++;
        value.len -= 2;
    }

    if (ngx_gemini_accept_is(&name, &q)) {
        range->q = ngx_gemini_accept_q(&value);

    } else if (ngx_gemini_accept_is(&name, &version)) {
        range->version = value;
    }
}


/* 0 to 1 with up to three decimals; anything else: not wanted */

static ngx_uint_t
ngx_gemini_accept_q(const ngx_str_t *value)
{
    size_t      i;
    ngx_uint_t  q, unit;

    if (value->len == 0 || value->len > 5
        || (value->data[0] != '0' && value->data[0] != '1')
        || (value->len > 1 && value->data[1] != '.'))
    {
        return 0;
    }

    q = (value->data[0] - '0') * 1000;
    unit = 100;

    for (i = 2; i < value->len; i++) {

        if (value->data[i] < '0' || value->data[i] > '9') {
            return 0;
        }

        q += (value->data[i] - '0') * unit;
        unit /= 10;
    }

    return (q > 1000) ? 0 : q;
}


/* 0: the range is not of that type */

static ngx_uint_t
ngx_gemini_accept_close(const ngx_gemini_accept_range_t *range,
    const ngx_gemini_accept_type_t *type)
{
    static const ngx_str_t  any = ngx_string("*");

    if (ngx_gemini_accept_is(&range->group, &any)) {
        return ngx_gemini_accept_is(&range->type, &any)
               ? NGX_GEMINI_ACCEPT_ANY : 0;
    }

    if (!ngx_gemini_accept_is(&range->group, &type->group)) {
        return 0;
    }

    if (ngx_gemini_accept_is(&range->type, &any)) {
        return NGX_GEMINI_ACCEPT_GROUP;
    }

    if (!ngx_gemini_accept_is(&range->type, &type->type)) {
        return 0;
    }

    if (range->version.len && type->version.len
        && !ngx_gemini_accept_is(&range->version, &type->version))
    {
        return 0;
    }

    return NGX_GEMINI_ACCEPT_TYPE;
}


/* the piece before the separator, or all; quoted ones do not count */

static void
ngx_gemini_accept_cut(ngx_str_t *rest, u_char separator, ngx_str_t *piece)
{
    size_t      i;
    ngx_uint_t  quoted;

    quoted = 0;

    for (i = 0; i < rest->len; i++) {

        if (rest->data[i] == '"') {
            quoted = !quoted;

        } else if (rest->data[i] == '\\' && quoted) {
            i++;

        } else if (rest->data[i] == separator && !quoted) {
            break;
        }
    }

    i = ngx_min(i, rest->len);

    piece->data = rest->data;
    piece->len = i;

    ngx_gemini_accept_trim(piece);

    if (i < rest->len) {
        i++;
    }

    rest->data += i;
    rest->len -= i;
}


static void
ngx_gemini_accept_trim(ngx_str_t *s)
{
    while (s->len && (s->data[0] == ' ' || s->data[0] == '\t')) {
        s->data++;
        s->len--;
    }

    while (s->len
           && (s->data[s->len - 1] == ' ' || s->data[s->len - 1] == '\t'))
    {
        s->len--;
    }
}


/* word: in small letters */

static ngx_uint_t
ngx_gemini_accept_is(const ngx_str_t *s, const ngx_str_t *word)
{
    size_t  i;

    if (s->len != word->len) {
        return 0;
    }

    for (i = 0; i < s->len; i++) {
        if (ngx_tolower(s->data[i]) != word->data[i]) {
            return 0;
        }
    }

    return 1;
}
