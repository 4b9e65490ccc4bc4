
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Families in the tables of fields, and the samples of one row.
 */


#include "ngx_gemini_prom_text.h"


typedef struct {
    ngx_gemini_prom_family_t  *family;
    ngx_gemini_prom_item_t    *item;       /* that a tag belongs to */
    const ngx_gemini_field_t  *field;      /* that a metric belongs to */
    size_t                     offset;
    const char                *name;       /* of the family seen last */
    ngx_uint_t                 n;          /* families seen */
    ngx_uint_t                 index;      /* of the one wanted */
} ngx_gemini_prom_scan_t;


static void ngx_gemini_prom_scan_table(ngx_gemini_prom_scan_t *scan,
    const ngx_gemini_field_t *fields, size_t base);
static void ngx_gemini_prom_scan_metric(ngx_gemini_prom_scan_t *scan,
    const ngx_gemini_field_t *metric);
static ngx_gemini_prom_item_t *ngx_gemini_prom_scan_item(
    ngx_gemini_prom_scan_t *scan, ngx_gemini_prom_item_t *items,
    ngx_uint_t *n, ngx_uint_t max, const ngx_gemini_field_t *metric);


ngx_int_t
ngx_gemini_prom_scan(ngx_gemini_prom_family_t *family,
    const ngx_gemini_field_t *fields, ngx_uint_t index)
{
    ngx_gemini_prom_scan_t  scan;

    ngx_memzero(family, sizeof(ngx_gemini_prom_family_t));
    ngx_memzero(&scan, sizeof(ngx_gemini_prom_scan_t));

    scan.family = family;
    scan.index = index;

    ngx_gemini_prom_scan_table(&scan, fields, 0);

    return family->nitems ? NGX_OK : NGX_DECLINED;
}


/* what a REF leads to has a part of its own */

static void
ngx_gemini_prom_scan_table(ngx_gemini_prom_scan_t *scan,
    const ngx_gemini_field_t *fields, size_t base)
{
    const ngx_gemini_field_t  *field;

    for (field = fields; field->name; field++) {

        switch (field->type) {

        case NGX_GEMINI_FIELD_OBJECT:
        case NGX_GEMINI_FIELD_GROUP:
            ngx_gemini_prom_scan_table(scan, field->data,
                                       base + field->offset);
            break;

        case NGX_GEMINI_FIELD_LABEL:
            (void) ngx_gemini_prom_scan_item(scan, scan->family->labels,
                                             &scan->family->nlabels,
                                             NGX_GEMINI_PROM_LABELS, field);
            break;

        case NGX_GEMINI_FIELD_TAG:
            if (scan->item) {
                scan->item->tag = field;
            }

            break;

        default:
            if (field->type > NGX_GEMINI_FIELD_GROUP) {
                ngx_gemini_prom_scan_metric(scan, field);
                break;
            }

            scan->field = field;
            scan->offset = base + field->offset;
        }
    }
}


static void
ngx_gemini_prom_scan_metric(ngx_gemini_prom_scan_t *scan,
    const ngx_gemini_field_t *metric)
{
    ngx_gemini_prom_family_t  *family;

    scan->item = NULL;

    if (scan->name == NULL || ngx_strcmp(scan->name, metric->name) != 0) {
        scan->name = metric->name;
        scan->n++;
    }

    if (scan->n != scan->index + 1) {
        return;
    }

    family = scan->family;

    if (family->nitems == 0) {
        family->name = metric->name;
        family->type = metric->type;
        family->help = metric->data;
    }

    scan->item = ngx_gemini_prom_scan_item(scan, family->items,
                                           &family->nitems,
                                           NGX_GEMINI_PROM_ITEMS, metric);
}


static ngx_gemini_prom_item_t *
ngx_gemini_prom_scan_item(ngx_gemini_prom_scan_t *scan,
    ngx_gemini_prom_item_t *items, ngx_uint_t *n, ngx_uint_t max,
    const ngx_gemini_field_t *metric)
{
    ngx_gemini_prom_item_t  *item;

    if (*n == max) {
        return NULL;
    }

    item = &items[(*n)++];

    item->field = scan->field;
    item->offset = scan->offset;
    item->metric = metric;
    item->tag = NULL;

    return item;
}
