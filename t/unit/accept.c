
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Accept: what browsers, scrapers and programs send, and what nobody should.
 */


#include "ngx_gemini_accept.h"
#include "tap.h"


#define ACCEPT_JSON  NGX_GEMINI_FORMAT_JSON
#define ACCEPT_HTML  NGX_GEMINI_FORMAT_HTML
#define ACCEPT_OPEN  NGX_GEMINI_FORMAT_OPENMETRICS
#define ACCEPT_PROM  NGX_GEMINI_FORMAT_PROMETHEUS


typedef struct {
    const char                *value;
    ngx_gemini_format_e        format;
} accept_t;


static void test_values(void);
static void test_lines(void);
static void test_names(void);
static void test_cut(void);
static ngx_gemini_format_e accept_of(const char *first, const char *second);


static const accept_t  accepts[] = {

    { "", ACCEPT_JSON },
    { "*/*", ACCEPT_JSON },
    { "application/json", ACCEPT_JSON },
    { "application/json, text/plain, */*", ACCEPT_JSON },
    { "image/png", ACCEPT_JSON },

    /* browsers */

    { "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
      ACCEPT_HTML },
    { "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,"
      "image/webp,image/apng,*/*;q=0.8,"
      "application/signed-exchange;v=b3;q=0.7", ACCEPT_HTML },
    { "application/xhtml+xml", ACCEPT_HTML },
    { "text/html, */*", ACCEPT_HTML },

    /* Prometheus 2.20, 2.42, 3.x; the last two can do without version */

    { "application/openmetrics-text; version=0.0.1,"
      "text/plain;version=0.0.4;q=0.5,*/*;q=0.1", ACCEPT_PROM },
    { "application/openmetrics-text;version=1.0.0,"
      "application/openmetrics-text;version=0.0.1;q=0.75,"
      "text/plain;version=0.0.4;q=0.5,*/*;q=0.1", ACCEPT_OPEN },
    { "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
      "application/openmetrics-text;version=0.0.1;q=0.5,"
      "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
      "text/plain;version=0.0.4;q=0.3,*/*;q=0.2", ACCEPT_OPEN },
    { "application/vnd.google.protobuf;encoding=delimited;q=0.7,"
      "text/plain;version=0.0.4;q=0.3", ACCEPT_PROM },
    { "text/plain", ACCEPT_PROM },
    { "text/plain;version=0.0.4", ACCEPT_PROM },
    { "application/openmetrics-text", ACCEPT_OPEN },

    /* OpenMetrics if its q is higher or the same */

    { "text/plain, application/openmetrics-text", ACCEPT_OPEN },
    { "text/plain;q=0.5, application/openmetrics-text;q=0.5", ACCEPT_OPEN },
    { "text/plain;q=0.6, application/openmetrics-text;q=0.5", ACCEPT_PROM },
    { "text/plain;q=0.501, application/openmetrics-text;q=0.5", ACCEPT_PROM },

    /* ranges: the closest one says how much a type is wanted */

    { "text/*", ACCEPT_HTML },
    { "application/*", ACCEPT_JSON },
    { "text/*;q=0.5, */*;q=0.1", ACCEPT_HTML },
    { "text/*, text/html;q=0", ACCEPT_PROM },
    { "*/*, application/json;q=0", ACCEPT_HTML },
    { "*/*;q=0", ACCEPT_JSON },
    { "text/plain;q=0", ACCEPT_JSON },
    { "*/json", ACCEPT_JSON },

    /* blanks, letters, quotes */

    { " TEXT/Plain ;\tVersion = 0.0.4 ; Q=1.000 ", ACCEPT_PROM },
    { "text/plain;version=\"0.0.4\"", ACCEPT_PROM },
    { "text/plain;x=\"a,b;q=0\";q=1", ACCEPT_PROM },
    { "text/plain;x=\"a\\\"\",text/html;q=0.1", ACCEPT_PROM },
    { "image/png;x=\",text/html,\"", ACCEPT_JSON },
    { "text/plain;x=\";q=0\"", ACCEPT_PROM },
    { "text/plain;x=\"\\\";q=0\"", ACCEPT_PROM },
    { ",,;;text/html;;,", ACCEPT_JSON },
    { ",, text/html ;;,", ACCEPT_HTML },

    /* what is no q is no wish */

    { "text/html;q=2", ACCEPT_JSON },
    { "text/html;q=1.001", ACCEPT_JSON },
    { "text/html;q=.5", ACCEPT_JSON },
    { "text/html;q=0.5000", ACCEPT_JSON },
    { "text/html;q=-1", ACCEPT_JSON },
    { "text/html;q=", ACCEPT_JSON },
    { "text/html;q", ACCEPT_JSON },
    { "text/html;q=0.x", ACCEPT_JSON },
    { "text/html;q=1.", ACCEPT_HTML },
    { "text/html;q=0.001", ACCEPT_HTML },

    /* not whole */

    { "text", ACCEPT_JSON },
    { "text/", ACCEPT_JSON },
    { "/html", ACCEPT_JSON },
    { "text/html/x", ACCEPT_JSON },
    { "text/html;x=\"", ACCEPT_HTML },
    { "text/html;x=\"\\", ACCEPT_HTML },
    { "\"text/html", ACCEPT_JSON },

    { NULL, ACCEPT_JSON }
};


static const ngx_str_t  accept_names[] = {
    ngx_string("json"), ngx_string("html"), ngx_string("openmetrics"),
    ngx_string("prometheus")
};


static const ngx_str_t  accept_others[] = {
    ngx_string(""), ngx_string("JSON"), ngx_string("jso"),
    ngx_string("jsonx"), ngx_string("prometheu")
};


int
main(void)
{
    test_values();
    test_lines();
    test_names();
    test_cut();

    return tap_done();
}


static void
test_values(void)
{
    const accept_t  *a;

    for (a = accepts; a->value; a++) {
        tap_is_int(accept_of(a->value, ""), a->format, "%s", a->value);
    }
}


static void
test_lines(void)
{
    tap_is_int(accept_of("text/plain;q=0.2", "text/html;q=0.3"), ACCEPT_HTML,
               "two lines");
    tap_is_int(accept_of("text/html", "text/html;q=0"), ACCEPT_HTML,
               "twice the same");
}


static void
test_names(void)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_GEMINI_FORMATS; i++) {
        tap_is_int(ngx_gemini_accept_name(&accept_names[i]), i, "a name");
    }

    for (i = 0; i < sizeof(accept_others) / sizeof(accept_others[0]); i++) {
        tap_is_int(ngx_gemini_accept_name(&accept_others[i]),
                   NGX_GEMINI_FORMATS, "no name");
    }
}


/* at each length, in memory of that length */

static void
test_cut(void)
{
    char             *copy;
    size_t            n;
    const accept_t   *a;

    for (a = accepts; a->value; a++) {
        for (n = 0; n <= strlen(a->value); n++) {
            copy = strndup(a->value, n);
            (void) accept_of(copy, "");
            free(copy);
        }
    }

    tap_ok(1, "no byte behind the end is read");
}


static ngx_gemini_format_e
accept_of(const char *first, const char *second)
{
    size_t                i;
    u_char               *exact;
    ngx_str_t             value;
    const char           *lines[2];
    ngx_gemini_accept_t   accept;

    lines[0] = first;
    lines[1] = second;

    memset(&accept, 0, sizeof(ngx_gemini_accept_t));

    for (i = 0; i < 2; i++) {
        value.len = strlen(lines[i]);
        exact = malloc(value.len + 1);
        memcpy(exact + 1, lines[i], value.len);

        value.data = exact + 1;
        ngx_gemini_accept_add(&accept, &value);

        free(exact);
    }

    return ngx_gemini_accept_best(&accept);
}
