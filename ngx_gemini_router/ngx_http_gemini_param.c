
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_gemini.h"
#include "ngx_http_gemini_param.h"
#include "ngx_http_gemini_module.h"


/* longer words are never shown */
#define NGX_HTTP_GEMINI_PARAM_WORD  16

/* digits behind the point of a price */
#define NGX_HTTP_GEMINI_PARAM_POINT  6
#define NGX_HTTP_GEMINI_PARAM_SCALE  1e6

#define NGX_HTTP_GEMINI_PARAM_TEXT  512


static const ngx_http_gemini_param_t *ngx_http_gemini_param_find(
    const ngx_http_gemini_param_t *params, const ngx_str_t *word);
static void ngx_http_gemini_param_unknown(
    const ngx_http_gemini_place_t *place,
    const ngx_http_gemini_param_t *params, const ngx_str_t *word);
static ngx_int_t ngx_http_gemini_param_money(u_char *p, u_char *last,
    double *money);


ngx_int_t
ngx_http_gemini_param_parse(const ngx_http_gemini_place_t *place,
    const ngx_http_gemini_param_t *params, ngx_str_t *words, ngx_uint_t n,
    void *base)
{
    uint32_t                        seen, bit;
    ngx_str_t                       value;
    ngx_uint_t                      i;
    const ngx_http_gemini_param_t  *param;

    seen = 0;

    for (i = 0; i < n; i++) {

        param = ngx_http_gemini_param_find(params, &words[i]);
        if (param == NULL) {
            ngx_http_gemini_param_unknown(place, params, &words[i]);
            return NGX_ERROR;
        }

        bit = (uint32_t) 1 << (param - params);

        if (seen & bit) {
            ngx_log_error(NGX_LOG_EMERG, place->log, 0,
                          "duplicate parameter \"%V\" in gemini_pool \"%V\" "
                          "in %s:%ui",
                          &param->name, place->pool, place->file,
                          place->line);
            return NGX_ERROR;
        }

        seen |= bit;

        value.data = words[i].data + param->name.len;
        value.len = words[i].len - param->name.len;

        if (ngx_http_gemini_param_value(place, param, &value, base)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static const ngx_http_gemini_param_t *
ngx_http_gemini_param_find(const ngx_http_gemini_param_t *params,
    const ngx_str_t *word)
{
    const ngx_str_t  *name;

    for ( /* void */ ; params->name.len; params++) {
        name = &params->name;

        if (word->len < name->len
            || ngx_memcmp(word->data, name->data, name->len) != 0)
        {
            continue;
        }

        if (name->data[name->len - 1] == '=' || word->len == name->len) {
            return params;
        }
    }

    return NULL;
}


static void
ngx_http_gemini_param_unknown(const ngx_http_gemini_place_t *place,
    const ngx_http_gemini_param_t *params, const ngx_str_t *word)
{
    u_char                         *p, *last;
    u_char                          text[NGX_HTTP_GEMINI_PARAM_TEXT];
    ngx_str_t                       buf;
    const char                     *comma;
    const ngx_http_gemini_param_t  *param;

    p = text;
    last = text + sizeof(text);

    for (param = params; param->name.len; param++) {
        comma = (param == params) ? "" : param[1].name.len ? ", " : " or ";
        p = ngx_slprintf(p, last, "%s\"%V\"", comma, &param->name);
    }

    ngx_log_error(NGX_LOG_EMERG, place->log, 0,
                  "unknown parameter \"%V\" in gemini_pool \"%V\": %*s "
                  "expected in %s:%ui",
                  ngx_http_gemini_param_show(word, &buf), place->pool,
                  (size_t) (p - text), text, place->file, place->line);
}


const ngx_str_t *
ngx_http_gemini_param_show(const ngx_str_t *word, ngx_str_t *buf)
{
    size_t  i;
    u_char  c;

    *buf = *word;

    for (i = 0; i < word->len; i++) {
        c = word->data[i];

        if (c == '=') {
            buf->len = i + 1;
            break;
        }

        c |= 0x20;

        if ((c < 'a' || c > 'z') && word->data[i] != '_') {
            break;
        }
    }

    if (i > NGX_HTTP_GEMINI_PARAM_WORD
        || (i < word->len && word->data[i] != '='))
    {
        ngx_str_set(buf, "...");
    }

    return buf;
}


ngx_int_t
ngx_http_gemini_param_value(const ngx_http_gemini_place_t *place,
    const ngx_http_gemini_param_t *param, ngx_str_t *value, void *base)
{
    if (param->set(param, value, (u_char *) base + param->offset) == NGX_OK) {
        return NGX_OK;
    }

    ngx_http_gemini_param_invalid(place, &param->name, value,
                                  param->expected);

    return NGX_ERROR;
}


void
ngx_http_gemini_param_invalid(const ngx_http_gemini_place_t *place,
    const ngx_str_t *name, const ngx_str_t *value, const char *expected)
{
    ngx_log_error(NGX_LOG_EMERG, place->log, 0,
                  "invalid value \"%V\" of \"%V\" in gemini_pool \"%V\": %s "
                  "in %s:%ui",
                  value, name, place->pool, expected, place->file,
                  place->line);
}


ngx_int_t
ngx_http_gemini_param_number(const ngx_http_gemini_param_t *param,
    ngx_str_t *value, void *field)
{
    uint32_t  *number = field;

    ngx_int_t  n;

    n = ngx_atoi(value->data, value->len);

    if (n == NGX_ERROR
        || (uint64_t) n < param->min
        || (uint64_t) n > param->max)
    {
        return NGX_ERROR;
    }

    *number = (uint32_t) n;

    return NGX_OK;
}


/* k and m are decimal, unlike nginx's sizes; "off" is no limit */

ngx_int_t
ngx_http_gemini_param_count(const ngx_http_gemini_param_t *param,
    ngx_str_t *value, void *field)
{
    uint64_t  *count = field;

    u_char     unit;
    size_t     len;
    uint64_t   scale;
    ngx_int_t  n;

    if (value->len == 3 && ngx_strncmp(value->data, "off", 3) == 0) {
        *count = 0;
        return NGX_OK;
    }

    len = value->len;
    unit = len ? value->data[len - 1] : '\0';
    scale = (unit == 'k') ? 1000 : (unit == 'm') ? 1000000 : 1;

    if (scale > 1) {
        len--;
    }

    n = ngx_atoi(value->data, len);

    if (n == NGX_ERROR
        || (uint64_t) n > param->max / scale
        || (uint64_t) n * scale < param->min)
    {
        return NGX_ERROR;
    }

    *count = (uint64_t) n * scale;

    return NGX_OK;
}


ngx_int_t
ngx_http_gemini_param_time(const ngx_http_gemini_param_t *param,
    ngx_str_t *value, void *field)
{
    uint64_t  *ms = field;

    ngx_int_t  n;

    n = ngx_parse_time(value, 0);

    if (n == NGX_ERROR
        || (uint64_t) n < param->min
        || (uint64_t) n > param->max)
    {
        return NGX_ERROR;
    }

    *ms = (uint64_t) n;

    return NGX_OK;
}


ngx_int_t
ngx_http_gemini_param_flag(const ngx_http_gemini_param_t *param,
    ngx_str_t *value, void *field)
{
    uint32_t  *flag = field;

    if (value->len == 2 && ngx_strncmp(value->data, "on", 2) == 0) {
        *flag = 1;
        return NGX_OK;
    }

    if (value->len == 3 && ngx_strncmp(value->data, "off", 3) == 0) {
        *flag = 0;
        return NGX_OK;
    }

    return NGX_ERROR;
}


ngx_int_t
ngx_http_gemini_param_set(const ngx_http_gemini_param_t *param,
    ngx_str_t *value, void *field)
{
    uint32_t  *flag = field;

    *flag = 1;

    return NGX_OK;
}


/* no comma, glob, blank or quote, so that labels fit into lists and trails */

ngx_int_t
ngx_http_gemini_param_label(const ngx_http_gemini_param_t *param,
    ngx_str_t *value, void *field)
{
    ngx_str_t  *label = field;

    size_t  i;
    u_char  c;

    if (value->len == 0 || value->len >= NGX_GEMINI_LABEL_MAX) {
        return NGX_ERROR;
    }

    for (i = 0; i < value->len; i++) {
        c = value->data[i];

        if ((c >= '0' && c <= '9')
            || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
            || ngx_strlchr((u_char *) "._:@+-", (u_char *) "._:@+-" + 6, c)
               != NULL)
        {
            continue;
        }

        return NGX_ERROR;
    }

    *label = *value;

    return NGX_OK;
}


ngx_int_t
ngx_http_gemini_param_globs(const ngx_http_gemini_param_t *param,
    ngx_str_t *value, void *field)
{
    ngx_str_t  *globs = field;

    size_t  i;
    u_char  c, prev;

    prev = ',';

    for (i = 0; i < value->len; i++) {
        c = value->data[i];

        if (c <= ' ' || c >= 0x7f || (c == ',' && prev == ',')) {
            return NGX_ERROR;
        }

        prev = c;
    }

    if (prev == ',') {
        return NGX_ERROR;
    }

    *globs = *value;

    return NGX_OK;
}


ngx_int_t
ngx_http_gemini_param_price(const ngx_http_gemini_param_t *param,
    ngx_str_t *value, void *field)
{
    ngx_http_gemini_price_t  *price = field;

    u_char  *p, *last, *slash;
    double   money[3];
    size_t   n;

    p = value->data;
    last = p + value->len;

    for (n = 0; n < 3; n++) {
        slash = ngx_strlchr(p, last, '/');

        if (ngx_http_gemini_param_money(p, slash ? slash : last, &money[n])
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (slash == NULL) {
            break;
        }

        p = slash + 1;
    }

    if (n != 1 && n != 2) {
        return NGX_ERROR;
    }

    price->in = money[0];
    price->out = money[1];
    price->cached = (n == 2) ? money[2] : money[0];

    return NGX_OK;
}


static ngx_int_t
ngx_http_gemini_param_money(u_char *p, u_char *last, double *money)
{
    ngx_int_t  n;

    if (p == last || *p == '.') {
        return NGX_ERROR;
    }

    n = ngx_atofp(p, last - p, NGX_HTTP_GEMINI_PARAM_POINT);
    if (n == NGX_ERROR) {
        return NGX_ERROR;
    }

    *money = (double) n / NGX_HTTP_GEMINI_PARAM_SCALE;

    return NGX_OK;
}
