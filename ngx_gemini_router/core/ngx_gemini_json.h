
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Bounded reading of small JSON texts on yajl; the only file that knows yajl.
 * Long or outside-sized bodies are never fed here whole: yajl re-lexes an
 * unfinished token at each chunk, so large bodies go to the scanners
 * (ngx_gemini_body, ngx_gemini_usage), which hand over small objects.
 */


#ifndef _NGX_GEMINI_JSON_H_INCLUDED_
#define _NGX_GEMINI_JSON_H_INCLUDED_


#include "ngx_gemini.h"


#define NGX_GEMINI_JSON_DEPTH  32
#define NGX_GEMINI_JSON_PATH   256


typedef enum {
    NGX_GEMINI_JSON_NULL = 0,
    NGX_GEMINI_JSON_BOOL,              /* value is "true" or "false" */
    NGX_GEMINI_JSON_NUMBER,            /* value as written */
    NGX_GEMINI_JSON_STRING,            /* value unescaped */
    NGX_GEMINI_JSON_OPEN,              /* an object or array begins */
    NGX_GEMINI_JSON_CLOSE              /* an object or array has ended */
} ngx_gemini_json_e;


/*
 * Called for each value with its dotted path: members by name, any element of
 * an array as "[]", e.g. "error.details[].violations[].quotaId", "[].error".
 * A path longer than NGX_GEMINI_JSON_PATH is given as an empty string.  The
 * strings live for the call only.  Another return than NGX_OK ends the
 * reading and is the result.
 */

typedef ngx_int_t (*ngx_gemini_json_pt)(void *data, const ngx_str_t *path,
    ngx_gemini_json_e type, const ngx_str_t *value);


/* NGX_OK: one whole JSON value; NGX_ERROR: not JSON, too deep, no memory */
ngx_int_t ngx_gemini_json_read(const u_char *p, size_t len,
    ngx_gemini_json_pt handler, void *data);

/* a number as written to an integer, fraction cut off; NGX_ERROR if none */
ngx_int_t ngx_gemini_json_int(const ngx_str_t *value, int64_t *n);


#endif /* _NGX_GEMINI_JSON_H_INCLUDED_ */
