
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The lines of both formats, for ngx_gemini_prom*.c.
 */


#ifndef _NGX_GEMINI_PROM_TEXT_H_INCLUDED_
#define _NGX_GEMINI_PROM_TEXT_H_INCLUDED_


#include "ngx_gemini_prom.h"


typedef struct {
    const char                *prefix;     /* of the part */
    const char                *name;
    const char                *type;       /* counter, gauge, info or
                                              histogram */
    const char                *help;
} ngx_gemini_prom_head_t;


/* TYPE, UNIT and HELP */
void ngx_gemini_prom_head(ngx_gemini_out_t *out,
    const ngx_gemini_prom_head_t *head, ngx_uint_t openmetrics);

/* a sample is a start, labels, and a value (of so many decimals) */

void ngx_gemini_prom_start(ngx_gemini_out_t *out,
    const ngx_gemini_prom_head_t *head, const char *suffix,
    const ngx_str_t *pool);
void ngx_gemini_prom_label(ngx_gemini_out_t *out, const char *name,
    const ngx_str_t *value);
void ngx_gemini_prom_clabel(ngx_gemini_out_t *out, const char *name,
    const char *value);
void ngx_gemini_prom_value(ngx_gemini_out_t *out, int64_t n,
    ngx_uint_t decimals);


/* ngx_gemini_prom_scan.c: the index-th family of a table; NGX_DECLINED */
ngx_int_t ngx_gemini_prom_scan(ngx_gemini_prom_family_t *family,
    const ngx_gemini_field_t *fields, ngx_uint_t index);

/* ngx_gemini_prom_row.c: the samples of a row in prom->family */
void ngx_gemini_prom_row(ngx_gemini_prom_t *prom, ngx_gemini_out_t *out,
    const ngx_gemini_prom_head_t *head, const void *row);

/* ngx_gemini_prom_hist.c: the next rows of the histograms */
ngx_int_t ngx_gemini_prom_hist(ngx_gemini_prom_t *prom,
    ngx_gemini_out_t *out);


#endif /* _NGX_GEMINI_PROM_TEXT_H_INCLUDED_ */
