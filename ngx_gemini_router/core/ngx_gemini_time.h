
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Pacific days by the US rule (second Sunday of March and first Sunday of
 * November, 02:00 local), without a tz database; dates and durations as text.
 * All times are milliseconds since the epoch, UTC.
 */


#ifndef _NGX_GEMINI_TIME_H_INCLUDED_
#define _NGX_GEMINI_TIME_H_INCLUDED_


#include "ngx_gemini.h"


#define NGX_GEMINI_RFC3339_LEN  (sizeof("2026-11-22T05:53:34Z") - 1)


/* the number of the Pacific day that holds now (days since 1970-01-01) */
uint32_t ngx_gemini_time_day(uint64_t now);

/* the first midnight in America/Los_Angeles after now, gemini-api.md 4 */
uint64_t ngx_gemini_time_midnight(uint64_t now);

/* the midnight at which the Pacific day that holds now began */
uint64_t ngx_gemini_time_day_start(uint64_t now);

/* writes NGX_GEMINI_RFC3339_LEN bytes, returns the end */
u_char *ngx_gemini_time_rfc3339(u_char *p, uint64_t ms);

/* "2026-11-22T05:53:34Z" with optional fraction; NGX_ERROR if it is not one */
ngx_int_t ngx_gemini_time_parse_rfc3339(const u_char *p, size_t len,
    uint64_t *ms);

/* an IMF-fixdate as in Date:; NGX_ERROR if it is not one */
ngx_int_t ngx_gemini_time_parse_http(const u_char *p, size_t len,
    uint64_t *ms);

/*
 * "34s", "34.074824224s", "900ms", "1h2m3.5s" to milliseconds, rounded up,
 * gemini-api.md 3.1; *used (may be NULL) tells how many bytes were read, so
 * that text may follow; NGX_ERROR if no duration stands at p
 */
ngx_int_t ngx_gemini_time_duration(const u_char *p, size_t len, uint64_t *ms,
    size_t *used);


#endif /* _NGX_GEMINI_TIME_H_INCLUDED_ */
