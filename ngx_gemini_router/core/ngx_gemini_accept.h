
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Which format of the status a client wants: by name, or by its Accept.
 */


#ifndef _NGX_GEMINI_ACCEPT_H_INCLUDED_
#define _NGX_GEMINI_ACCEPT_H_INCLUDED_


#include "ngx_gemini.h"


/* of equal wishes the first is served */

typedef enum {
    NGX_GEMINI_FORMAT_JSON = 0,
    NGX_GEMINI_FORMAT_HTML,
    NGX_GEMINI_FORMAT_OPENMETRICS,         /* 1.0.0 */
    NGX_GEMINI_FORMAT_PROMETHEUS,          /* text, 0.0.4 */
    NGX_GEMINI_FORMATS
} ngx_gemini_format_e;


/* the closest range seen for each format; zeroes: nothing was asked for */

typedef struct {
    uint16_t                   q[NGX_GEMINI_FORMATS];      /* 1/1000 */
    uint8_t                    close[NGX_GEMINI_FORMATS];  /* 0: none */
} ngx_gemini_accept_t;


/* NGX_GEMINI_FORMATS: there is none of that name */
ngx_gemini_format_e ngx_gemini_accept_name(const ngx_str_t *name);

/* one header line of perhaps several */
void ngx_gemini_accept_add(ngx_gemini_accept_t *accept,
    const ngx_str_t *value);

/* the most wanted; JSON if nothing fits */
ngx_gemini_format_e ngx_gemini_accept_best(const ngx_gemini_accept_t *accept);


#endif /* _NGX_GEMINI_ACCEPT_H_INCLUDED_ */
