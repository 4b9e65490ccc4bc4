
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_prom_text.h"


static void ngx_gemini_prom_describe(ngx_gemini_out_t *out, const char *what,
    const ngx_gemini_prom_head_t *head, ngx_uint_t openmetrics,
    const char *text);
static const char *ngx_gemini_prom_unit(const char *name);
static ngx_uint_t ngx_gemini_prom_is(const char *word, const char *other);


void
ngx_gemini_prom_head(ngx_gemini_out_t *out,
    const ngx_gemini_prom_head_t *head, ngx_uint_t openmetrics)
{
    const char  *type, *unit;

    type = head->type;

    if (ngx_gemini_prom_is(type, "info") && !openmetrics) {
        type = "gauge";
    }

    ngx_gemini_prom_describe(out, "TYPE", head, openmetrics, type);

    unit = ngx_gemini_prom_unit(head->name);

    if (unit && openmetrics) {
        ngx_gemini_prom_describe(out, "UNIT", head, openmetrics, unit);
    }

    ngx_gemini_prom_describe(out, "HELP", head, openmetrics, head->help);
}


/* a family has its plain name in OpenMetrics, that of its samples else */

static void
ngx_gemini_prom_describe(ngx_gemini_out_t *out, const char *what,
    const ngx_gemini_prom_head_t *head, ngx_uint_t openmetrics,
    const char *text)
{
    size_t  len;

    len = ngx_strlen(head->name);

    if (openmetrics && ngx_gemini_prom_is(head->type, "info")) {
        len -= sizeof("_info") - 1;
    }

    ngx_gemini_out_cstr(out, "# ");
    ngx_gemini_out_cstr(out, what);
    ngx_gemini_out_cstr(out, " " NGX_GEMINI_PROM_PREFIX);
    ngx_gemini_out_cstr(out, head->prefix);
    ngx_gemini_out_mem(out, head->name, len);

    if (!openmetrics && ngx_gemini_prom_is(head->type, "counter")) {
        ngx_gemini_out_cstr(out, "_total");
    }

    ngx_gemini_out_cstr(out, " ");
    ngx_gemini_out_cstr(out, text);
    ngx_gemini_out_cstr(out, "\n");
}


/* a name ends in its base unit, if it has one */

static const char *
ngx_gemini_prom_unit(const char *name)
{
    size_t       len, n;
    ngx_uint_t   i;

    static const char  *const units[] = {
        "seconds", "bytes", "tokens", "ratio", NULL
    };

    len = ngx_strlen(name);

    for (i = 0; units[i]; i++) {
        n = ngx_strlen(units[i]);

        if (len >= n && ngx_strcmp(name + len - n, units[i]) == 0) {
            return units[i];
        }
    }

    return NULL;
}


static ngx_uint_t
ngx_gemini_prom_is(const char *word, const char *other)
{
    return ngx_strcmp(word, other) == 0;
}


void
ngx_gemini_prom_start(ngx_gemini_out_t *out,
    const ngx_gemini_prom_head_t *head, const char *suffix,
    const ngx_str_t *pool)
{
    ngx_gemini_out_cstr(out, NGX_GEMINI_PROM_PREFIX);
    ngx_gemini_out_cstr(out, head->prefix);
    ngx_gemini_out_cstr(out, head->name);
    ngx_gemini_out_cstr(out, suffix);
    ngx_gemini_out_cstr(out, "{pool=\"");
    ngx_gemini_out_label(out, pool->data, pool->len);
    ngx_gemini_out_cstr(out, "\"");
}


void
ngx_gemini_prom_label(ngx_gemini_out_t *out, const char *name,
    const ngx_str_t *value)
{
    ngx_gemini_out_cstr(out, ",");
    ngx_gemini_out_cstr(out, name);
    ngx_gemini_out_cstr(out, "=\"");
    ngx_gemini_out_label(out, value->data, value->len);
    ngx_gemini_out_cstr(out, "\"");
}


void
ngx_gemini_prom_clabel(ngx_gemini_out_t *out, const char *name,
    const char *value)
{
    ngx_str_t  s;

    s.data = (u_char *) value;
    s.len = ngx_strlen(value);

    ngx_gemini_prom_label(out, name, &s);
}


void
ngx_gemini_prom_value(ngx_gemini_out_t *out, int64_t n, ngx_uint_t decimals)
{
    ngx_gemini_out_cstr(out, "} ");
    ngx_gemini_out_fixed(out, n, decimals);
    ngx_gemini_out_cstr(out, "\n");
}
