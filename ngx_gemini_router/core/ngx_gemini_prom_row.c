
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The samples of one row in one family.
 */


#include "ngx_gemini_prom_text.h"


static void ngx_gemini_prom_row_info(ngx_gemini_prom_t *prom,
    ngx_gemini_out_t *out, const ngx_gemini_prom_head_t *head,
    const u_char *row);
static void ngx_gemini_prom_row_item(ngx_gemini_prom_t *prom,
    ngx_gemini_out_t *out, const ngx_gemini_prom_head_t *head,
    const ngx_gemini_prom_item_t *item, const u_char *row);
static void ngx_gemini_prom_row_counts(ngx_gemini_prom_t *prom,
    ngx_gemini_out_t *out, const ngx_gemini_prom_head_t *head,
    const ngx_gemini_prom_item_t *item, const u_char *row);
static void ngx_gemini_prom_row_start(ngx_gemini_prom_t *prom,
    ngx_gemini_out_t *out, const ngx_gemini_prom_head_t *head,
    const u_char *row);
static ngx_uint_t ngx_gemini_prom_row_text(
    const ngx_gemini_prom_item_t *item, const u_char *row, ngx_str_t *text);
static ngx_uint_t ngx_gemini_prom_row_number(
    const ngx_gemini_prom_item_t *item, const u_char *row, int64_t *n,
    ngx_uint_t *decimals);
static int64_t ngx_gemini_prom_row_is(const ngx_gemini_prom_item_t *item,
    const u_char *row);


void
ngx_gemini_prom_row(ngx_gemini_prom_t *prom, ngx_gemini_out_t *out,
    const ngx_gemini_prom_head_t *head, const void *row)
{
    ngx_uint_t  i;

    if (prom->family.type == NGX_GEMINI_FIELD_INFO) {
        ngx_gemini_prom_row_info(prom, out, head, row);
        return;
    }

    for (i = 0; i < prom->family.nitems; i++) {
        ngx_gemini_prom_row_item(prom, out, head, &prom->family.items[i],
                                 row);
    }
}


static void
ngx_gemini_prom_row_info(ngx_gemini_prom_t *prom, ngx_gemini_out_t *out,
    const ngx_gemini_prom_head_t *head, const u_char *row)
{
    ngx_str_t                        text[NGX_GEMINI_PROM_ITEMS];
    ngx_uint_t                       i;
    const ngx_gemini_prom_family_t  *family;

    family = &prom->family;

    for (i = 0; i < family->nitems; i++) {
        if (!ngx_gemini_prom_row_text(&family->items[i], row, &text[i])) {
            return;
        }
    }

    ngx_gemini_prom_row_start(prom, out, head, row);

    for (i = 0; i < family->nitems; i++) {
        ngx_gemini_prom_label(out, family->items[i].tag->name, &text[i]);
    }

    ngx_gemini_prom_value(out, 1, 0);
}


static void
ngx_gemini_prom_row_item(ngx_gemini_prom_t *prom, ngx_gemini_out_t *out,
    const ngx_gemini_prom_head_t *head, const ngx_gemini_prom_item_t *item,
    const u_char *row)
{
    int64_t     n;
    ngx_uint_t  decimals;

    if (item->field->type == NGX_GEMINI_FIELD_COUNTS
        || item->field->type == NGX_GEMINI_FIELD_NONZERO)
    {
        ngx_gemini_prom_row_counts(prom, out, head, item, row);
        return;
    }

    if (!ngx_gemini_prom_row_number(item, row, &n, &decimals)) {
        return;
    }

    ngx_gemini_prom_row_start(prom, out, head, row);

    if (item->tag && item->tag->data) {
        ngx_gemini_prom_clabel(out, item->tag->name, item->tag->data);
    }

    ngx_gemini_prom_value(out, n, decimals);
}


static void
ngx_gemini_prom_row_counts(ngx_gemini_prom_t *prom, ngx_gemini_out_t *out,
    const ngx_gemini_prom_head_t *head, const ngx_gemini_prom_item_t *item,
    const u_char *row)
{
    ngx_uint_t                 i;
    const char                *name;
    const uint64_t            *counts;
    const ngx_gemini_names_t  *names;

    names = item->field->data;
    counts = (const uint64_t *) (const void *) (row + item->offset);

    for (i = 0; i < names->n; i++) {
        name = names->name(i);

        if (name == NULL
            || (counts[i] == 0
                && item->field->type == NGX_GEMINI_FIELD_NONZERO))
        {
            continue;
        }

        ngx_gemini_prom_row_start(prom, out, head, row);
        ngx_gemini_prom_clabel(out, item->tag->name, name);
        ngx_gemini_prom_value(out, counts[i], 0);
    }
}


/* up to the labels that all samples of the row have */

static void
ngx_gemini_prom_row_start(ngx_gemini_prom_t *prom, ngx_gemini_out_t *out,
    const ngx_gemini_prom_head_t *head, const u_char *row)
{
    ngx_str_t                      text;
    ngx_uint_t                     i;
    const ngx_gemini_prom_item_t  *label;

    ngx_gemini_prom_start(out, head,
                          (prom->family.type == NGX_GEMINI_FIELD_COUNTER)
                          ? "_total" : "",
                          &prom->gr->gc->name);

    for (i = 0; i < prom->family.nlabels; i++) {
        label = &prom->family.labels[i];

        if (ngx_gemini_prom_row_text(label, row, &text)) {
            ngx_gemini_prom_label(out, label->metric->name, &text);
        }
    }

    if (prom->ranking) {
        ngx_gemini_prom_clabel(out, "ranking", prom->ranking);
    }
}


/* 0: there is none */

static ngx_uint_t
ngx_gemini_prom_row_text(const ngx_gemini_prom_item_t *item,
    const u_char *row, ngx_str_t *text)
{
    const void  *value;
    const char  *word;

    value = row + item->offset;

    if (item->field->type == NGX_GEMINI_FIELD_STRING) {
        *text = *(const ngx_str_t *) value;
        return text->len != 0;
    }

    word = *(const char *const *) value;

    if (word == NULL) {
        return 0;
    }

    text->data = (u_char *) word;
    text->len = ngx_strlen(word);

    return 1;
}


/* 0: there is none; n is in units of 10 to the power of -decimals */

static ngx_uint_t
ngx_gemini_prom_row_number(const ngx_gemini_prom_item_t *item,
    const u_char *row, int64_t *n, ngx_uint_t *decimals)
{
    const void  *value;

    value = row + item->offset;
    *decimals = 0;

    switch (item->field->type) {

    case NGX_GEMINI_FIELD_WORD:
        *n = ngx_gemini_prom_row_is(item, row);
        return 1;

    case NGX_GEMINI_FIELD_UINT:
    case NGX_GEMINI_FIELD_LIMIT:
        *n = *(const uint32_t *) value;
        break;

    case NGX_GEMINI_FIELD_BOOL:
        *n = (*(const uint32_t *) value != 0);
        return 1;

    default:
        *n = *(const int64_t *) value;
    }

    switch (item->field->type) {

    case NGX_GEMINI_FIELD_LIMIT:
    case NGX_GEMINI_FIELD_LIMIT64:
        return *n != 0;

    case NGX_GEMINI_FIELD_LEFT:
        return *n >= 0;

    case NGX_GEMINI_FIELD_TIME:
        *decimals = 3;
        return *n != 0;

    case NGX_GEMINI_FIELD_SECONDS:
    case NGX_GEMINI_FIELD_RATIO:
        *decimals = 3;
        return *n >= 0;

    case NGX_GEMINI_FIELD_SKEW:
        *decimals = 3;
        return *n != NGX_GEMINI_NO_SKEW;

    case NGX_GEMINI_FIELD_COST:
        *decimals = NGX_GEMINI_COST_DECIMALS;
        return 1;

    default:
        return 1;
    }
}


static int64_t
ngx_gemini_prom_row_is(const ngx_gemini_prom_item_t *item, const u_char *row)
{
    const char  *word;
    ngx_uint_t   is;

    word = *(const char *const *) (const void *) (row + item->offset);
    is = (word && ngx_strcmp(word, item->tag->name) == 0);

    return (item->metric->type == NGX_GEMINI_FIELD_IS) ? is : !is;
}
