
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The metrics of a fixture's pool as text, and a reader of it.
 */


#ifndef _PROM_H_INCLUDED_
#define _PROM_H_INCLUDED_


#include "report.h"
#include "ngx_gemini_prom.h"


#define PROM_SAMPLES  40000
#define PROM_NAME     128
#define PROM_FAMILIES 256


/* lines of the text as they are read */

typedef struct {
    char                       family[PROM_NAME];
    char                       type[PROM_NAME];
    char                      *families[PROM_FAMILIES];
    char                      *samples[PROM_SAMPLES];
    uint32_t                   nfamilies;
    uint32_t                   nsamples;
    uint32_t                   helps;
    uint32_t                   units;
    ngx_uint_t                 openmetrics;
    ngx_uint_t                 ended;
} prom_text_t;


static inline const char *prom_view(report_t *t, ngx_uint_t openmetrics);
static inline void prom_read(report_t *t, prom_text_t *text,
    ngx_uint_t openmetrics, const char *name);
static inline int prom_comment(prom_text_t *text, char *line);
static inline int prom_sample(prom_text_t *text, char *line);
static inline const char *prom_suffix(const prom_text_t *text,
    const char *rest);
static inline uint32_t prom_twice(prom_text_t *text);
static int prom_order(const void *one, const void *two);
static inline uint32_t prom_count(report_t *t, const char *part);


static inline const char *
prom_view(report_t *t, ngx_uint_t openmetrics)
{
    ngx_int_t             rc;
    ngx_gemini_out_t      out;
    ngx_gemini_prom_t    *prom;
    ngx_gemini_report_t  *gr;

    gr = report_alloc(t, sizeof(ngx_gemini_report_t));
    prom = report_alloc(t, sizeof(ngx_gemini_prom_t));

    rc = ngx_gemini_report_init(gr, &t->f.gc, NGX_GEMINI_PROM_VIEW, "1.22.1",
                                t->f.now, report_alloc, t);

    while (rc != NGX_ERROR) {
        ngx_gemini_report_copy(gr, &t->f.gv);
        rc = ngx_gemini_report_digest(gr);

        if (rc == NGX_OK) {
            break;
        }
    }

    if (rc != NGX_OK) {
        return NULL;
    }

    free(t->text);
    t->text = malloc(65);

    ngx_gemini_out_init(&out, (u_char *) t->text, 64);
    out.grow = report_grow;
    out.data = t;

    ngx_gemini_prom_init(prom, gr, openmetrics);

    for (t->calls = 1;
         ngx_gemini_prom_render(prom, &out) == NGX_AGAIN;
         t->calls++)
    {
        /* void */
    }

    *out.pos = '\0';

    return t->text;
}


/* line after line: of a family all stands together, and nothing twice */

static inline void
prom_read(report_t *t, prom_text_t *text, ngx_uint_t openmetrics,
    const char *name)
{
    int    good;
    char  *copy, *line, *next;

    memset(text, 0, sizeof(prom_text_t));
    text->openmetrics = openmetrics;

    copy = report_alloc(t, strlen(prom_view(t, openmetrics)) + 1);
    strcpy(copy, t->text);

    good = 1;

    for (line = copy; *line && good; line = next) {
        next = strchr(line, '\n');

        if (next == NULL || text->ended) {
            good = 0;
            break;
        }

        *next++ = '\0';

        good = (*line == '#') ? prom_comment(text, line)
                              : prom_sample(text, line);
        if (!good) {
            tap_diag("%s", line);
        }
    }

    tap_ok(good, "%s: its lines", name);
    tap_is_int(text->ended, openmetrics, "%s: its end", name);
    tap_is_int(prom_twice(text), 0, "%s: nothing twice", name);
}


static inline int
prom_comment(prom_text_t *text, char *line)
{
    char      what[PROM_NAME], family[PROM_NAME], rest[PROM_NAME];
    uint32_t  i;

    if (strcmp(line, "# EOF") == 0) {
        text->ended = 1;
        return 1;
    }

    if (sscanf(line, "# %127s %127s %127s", what, family, rest) != 3) {
        return 0;
    }

    if (strcmp(what, "TYPE") != 0) {
        text->helps += (strcmp(what, "HELP") == 0);
        text->units += (strcmp(what, "UNIT") == 0);

        return strcmp(family, text->family) == 0;
    }

    for (i = 0; i < text->nfamilies; i++) {
        if (strcmp(text->families[i], line) == 0) {
            return 0;
        }
    }

    strcpy(text->family, family);
    strcpy(text->type, rest);
    text->families[text->nfamilies++] = line;

    return strncmp(family, NGX_GEMINI_PROM_PREFIX,
                   strlen(NGX_GEMINI_PROM_PREFIX))
           == 0;
}


static inline int
prom_sample(prom_text_t *text, char *line)
{
    char        *p, *end;
    double       n;
    const char  *suffix;

    p = strchr(line, '{');
    end = strrchr(line, '}');

    if (p == NULL || end == NULL || end[1] != ' '
        || strncmp(line, text->family, strlen(text->family)) != 0)
    {
        return 0;
    }

    n = strtod(end + 2, &p);

    if (p == end + 2 || *p != '\0'
        || (n < 0 && strcmp(text->type, "counter") == 0))
    {
        return 0;
    }

    end[1] = '\0';
    text->samples[text->nsamples++] = line;

    suffix = prom_suffix(text, line + strlen(text->family));

    return suffix != NULL && strncmp(suffix, "{pool=\"", 7) == 0;
}


/* what follows the name, if that is one of the family's */

static inline const char *
prom_suffix(const prom_text_t *text, const char *rest)
{
    ngx_uint_t  i;

    static const struct {
        const char            *type;
        const char            *suffix;
        ngx_uint_t             openmetrics;
    } suffixes[] = {
        { "counter", "", 0 },
        { "counter", "_total", 1 },
        { "gauge", "", 0 },
        { "gauge", "", 1 },
        { "info", "_info", 1 },
        { "histogram", "_bucket", 0 },
        { "histogram", "_bucket", 1 },
        { "histogram", "_sum", 0 },
        { "histogram", "_sum", 1 },
        { "histogram", "_count", 0 },
        { "histogram", "_count", 1 }
    };

    for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {

        if (strcmp(text->type, suffixes[i].type) == 0
            && text->openmetrics == suffixes[i].openmetrics
            && strncmp(rest, suffixes[i].suffix, strlen(suffixes[i].suffix))
               == 0
            && rest[strlen(suffixes[i].suffix)] == '{')
        {
            return rest + strlen(suffixes[i].suffix);
        }
    }

    return NULL;
}


static inline uint32_t
prom_twice(prom_text_t *text)
{
    uint32_t  i, n;

    qsort(text->samples, text->nsamples, sizeof(char *), prom_order);

    for (i = 1, n = 0; i < text->nsamples; i++) {
        if (strcmp(text->samples[i - 1], text->samples[i]) == 0) {
            tap_diag("%s", text->samples[i]);
            n++;
        }
    }

    return n;
}


static int
prom_order(const void *one, const void *two)
{
    return strcmp(*(char *const *) one, *(char *const *) two);
}


static inline uint32_t
prom_count(report_t *t, const char *part)
{
    char      *p;
    uint32_t   n;

    for (n = 0, p = t->text; (p = strstr(p, part)); p++) {
        n++;
    }

    return n;
}


#endif /* _PROM_H_INCLUDED_ */
