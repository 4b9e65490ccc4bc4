
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Looking into histograms and teams.
 */


#ifndef _METRICS_H_INCLUDED_
#define _METRICS_H_INCLUDED_


#include "ngx_gemini_metrics.h"
#include "tap.h"


static inline const ngx_gemini_hist_t *metrics_hist(
    const ngx_gemini_metrics_t *gm, ngx_uint_t kind, uint32_t model,
    ngx_uint_t class);
static inline uint64_t metrics_count(const ngx_gemini_hist_t *hist);
static inline uint32_t metrics_team(ngx_gemini_metrics_t *gm,
    const char *name);


/* the row that values have gone to */

static inline const ngx_gemini_hist_t *
metrics_hist(const ngx_gemini_metrics_t *gm, ngx_uint_t kind, uint32_t model,
    ngx_uint_t class)
{
    uint32_t  i;

    static const ngx_gemini_hist_t  none;

    for (i = 0; i < gm->nhists; i++) {

        if (gm->hists[i].kind == kind && gm->hists[i].model == model
            && gm->hists[i].class == class)
        {
            return &gm->hists[i];
        }
    }

    return &none;
}


static inline uint64_t
metrics_count(const ngx_gemini_hist_t *hist)
{
    uint64_t  n;
    uint32_t  i;

    n = 0;

    for (i = 0; i < NGX_GEMINI_HIST_BUCKETS; i++) {
        n += hist->buckets[i];
    }

    return n;
}


static inline uint32_t
metrics_team(ngx_gemini_metrics_t *gm, const char *name)
{
    ngx_str_t  str;

    str.data = (u_char *) name;
    str.len = strlen(name);

    return ngx_gemini_metrics_team(gm, &str);
}


#endif /* _METRICS_H_INCLUDED_ */
