
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * A report of a fixture's pool as text.
 */


#ifndef _REPORT_H_INCLUDED_
#define _REPORT_H_INCLUDED_


#include "fixture.h"
#include "ngx_gemini_budget.h"
#include "ngx_gemini_explain.h"
#include "ngx_gemini_health.h"
#include "ngx_gemini_report.h"


#define REPORT_MEMORY  256


typedef struct {
    fixture_t                  f;
    void                      *memory[REPORT_MEMORY];
    uint32_t                   nmemory;
    uint32_t                   refuse;     /* the how manieth alloc fails */
    char                      *text;
    uint32_t                   calls;      /* of render */
} report_t;


static inline void report_open(report_t *t, uint32_t keys, uint32_t projects,
    uint32_t accounts, uint32_t models);
static inline void report_close(report_t *t);
static inline void *report_alloc(void *data, size_t size);
static inline const char *report_view(report_t *t, const char *name);
static inline ngx_int_t report_grow(ngx_gemini_out_t *out);
static inline const char *report_explain(report_t *t, const char *model,
    const char *keys);
static inline const char *report_part(report_t *t, const char *from,
    const char *to);
static inline void report_use(report_t *t, uint32_t model,
    ngx_gemini_class_e class);
static inline void report_has(report_t *t, const char *part, const char *what);
static inline void report_lacks(report_t *t, const char *part,
    const char *what);


static inline void
report_open(report_t *t, uint32_t keys, uint32_t projects, uint32_t accounts,
    uint32_t models)
{
    memset(t, 0, sizeof(report_t));

    fixture_make(&t->f, keys, projects, accounts, models);
    ngx_str_set(&t->f.gc.name, "main");
}


static inline void
report_close(report_t *t)
{
    uint32_t  i;

    for (i = 0; i < t->nmemory; i++) {
        free(t->memory[i]);
    }

    free(t->text);
    fixture_free(&t->f);
}


/* the slack is dirty: what is not written must not be read */

static inline void *
report_alloc(void *data, size_t size)
{
    report_t  *t = data;

    void  *p;

    if (t->refuse && --t->refuse == 0) {
        return NULL;
    }

    if (t->nmemory == REPORT_MEMORY) {
        abort();
    }

    p = malloc(size);
    memset(p, 0xa5, size);

    t->memory[t->nmemory++] = p;

    return p;
}


static inline const char *
report_view(report_t *t, const char *name)
{
    ngx_int_t             rc;
    ngx_str_t             view;
    ngx_gemini_out_t      out;
    ngx_gemini_report_t  *gr;

    view.data = (u_char *) name;
    view.len = strlen(name);

    gr = report_alloc(t, sizeof(ngx_gemini_report_t));

    rc = ngx_gemini_report_init(gr, &t->f.gc, ngx_gemini_report_view(&view),
                                "1.22.1", t->f.now, report_alloc, t);
    if (rc != NGX_OK) {
        return NULL;
    }

    do {
        ngx_gemini_report_copy(gr, &t->f.gv);
        rc = ngx_gemini_report_digest(gr);
    } while (rc == NGX_AGAIN);

    if (rc != NGX_OK) {
        return NULL;
    }

    free(t->text);
    t->text = malloc(65);

    ngx_gemini_out_init(&out, (u_char *) t->text, 64);
    out.grow = report_grow;
    out.data = t;

    for (t->calls = 1;
         ngx_gemini_report_render(gr, &out) == NGX_AGAIN;
         t->calls++)
    {
        /* void */
    }

    *out.pos = '\0';

    return t->text;
}


static inline ngx_int_t
report_grow(ngx_gemini_out_t *out)
{
    report_t  *t = out->data;

    size_t  used;

    used = out->pos - (u_char *) t->text;

    t->text = realloc(t->text, 2 * used + 1);

    out->pos = (u_char *) t->text + used;
    out->end = (u_char *) t->text + 2 * used;

    return NGX_OK;
}


static inline const char *
report_explain(report_t *t, const char *model, const char *keys)
{
    ngx_int_t              rc;
    ngx_str_t              name, list;
    ngx_gemini_out_t       out;
    ngx_gemini_explain_t  *ge;

    name.data = (u_char *) model;
    name.len = strlen(model);
    list.data = (u_char *) keys;
    list.len = strlen(keys);

    ge = report_alloc(t, sizeof(ngx_gemini_explain_t));
    ngx_gemini_explain_init(ge, &t->f.gc, &name, &list, t->f.now);

    free(t->text);
    t->text = malloc(65);

    ngx_gemini_out_init(&out, (u_char *) t->text, 64);
    out.grow = report_grow;
    out.data = t;

    do {
        ngx_gemini_explain_look(ge, &t->f.gv);
        rc = ngx_gemini_explain_render(ge, &out);
    } while (rc == NGX_AGAIN);

    *out.pos = '\0';

    return t->text;
}


/* from `from` up to `to`, both left out; NULL: not there */

static inline const char *
report_part(report_t *t, const char *from, const char *to)
{
    char  *p, *last, *part;

    p = strstr(t->text, from);

    if (p == NULL) {
        return NULL;
    }

    p += strlen(from);
    last = strstr(p, to);

    if (last == NULL) {
        return NULL;
    }

    part = report_alloc(t, last - p + 1);
    memcpy(part, p, last - p);
    part[last - p] = '\0';

    return part;
}


/* one attempt on the model, with its answer */

static inline void
report_use(report_t *t, uint32_t model, ngx_gemini_class_e class)
{
    ngx_gemini_pick_t    pick;
    ngx_gemini_settle_t  settle;

    fixture_wish(&t->f, &pick, model, 1);

    if (ngx_gemini_sched_pick(&t->f.gv, &t->f.gc, &pick, t->f.now)
        != NGX_OK)
    {
        tap_ok(0, "a pick of model %u", model);
        return;
    }

    fixture_answer(&t->f, &settle, &pick, class);

    settle.latency = 1500;
    settle.ttft = 250;
    settle.tokens.prompt = 100;
    settle.tokens.output = 40;
    settle.tokens.thought = 10;
    settle.tokens.cached = 5;

    ngx_gemini_sched_settle(&t->f.gv, &t->f.gc, &settle, t->f.now);
}


static inline void
report_has(report_t *t, const char *part, const char *what)
{
    if (!tap_ok(strstr(t->text, part) != NULL, "%s", what)) {
        tap_diag("%s", t->text);
    }
}


static inline void
report_lacks(report_t *t, const char *part, const char *what)
{
    if (!tap_ok(strstr(t->text, part) == NULL, "%s", what)) {
        tap_diag("%s", t->text);
    }
}


#endif /* _REPORT_H_INCLUDED_ */
