
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * A sink for rendered text.  The caller owns the memory: when the space ends,
 * grow() is asked for room and may hand the full piece on and give another.
 * After a failed grow() everything written is dropped and failed is set, so
 * that only the end needs to be checked.
 */


#ifndef _NGX_GEMINI_OUT_H_INCLUDED_
#define _NGX_GEMINI_OUT_H_INCLUDED_


#include "ngx_gemini.h"


typedef struct ngx_gemini_out_s  ngx_gemini_out_t;

/* makes room for at least one byte at out->pos; NGX_OK or NGX_ERROR */
typedef ngx_int_t (*ngx_gemini_out_grow_pt)(ngx_gemini_out_t *out);


struct ngx_gemini_out_s {
    u_char                    *pos;
    u_char                    *end;
    ngx_gemini_out_grow_pt     grow;       /* NULL: fixed memory */
    void                      *data;       /* of grow() */

    unsigned                   failed:1;

    /* of the JSON writer */
    unsigned                   comma:1;
    uint32_t                   depth;
};


void ngx_gemini_out_init(ngx_gemini_out_t *out, u_char *p, size_t size);
void ngx_gemini_out_mem(ngx_gemini_out_t *out, const void *p, size_t len);
void ngx_gemini_out_cstr(ngx_gemini_out_t *out, const char *s);
void ngx_gemini_out_uint(ngx_gemini_out_t *out, uint64_t n);
void ngx_gemini_out_int(ngx_gemini_out_t *out, int64_t n);

/* n / 10^decimals with all decimals, "1.250" for 1250, 3 */
void ngx_gemini_out_fixed(ngx_gemini_out_t *out, int64_t n,
    ngx_uint_t decimals);

/* text between quotes of a Prometheus label: \ " and LF escaped */
void ngx_gemini_out_label(ngx_gemini_out_t *out, const u_char *p, size_t len);

/* a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD */
void ngx_gemini_out_string(ngx_gemini_out_t *out, const u_char *p,
    size_t len);

/* the length of the sequence of several bytes at p, 0 if it is not UTF-8 */
size_t ngx_gemini_out_utf8(const u_char *p, const u_char *last);


/*
 * The JSON writer puts commas itself.  key is NULL inside an array and for
 * the outermost value.
 */

void ngx_gemini_out_open(ngx_gemini_out_t *out, const char *key, u_char type);
void ngx_gemini_out_close(ngx_gemini_out_t *out, u_char type);
void ngx_gemini_out_key(ngx_gemini_out_t *out, const char *key);
void ngx_gemini_out_kstr(ngx_gemini_out_t *out, const char *key,
    const u_char *p, size_t len);
void ngx_gemini_out_kcstr(ngx_gemini_out_t *out, const char *key,
    const char *s);
void ngx_gemini_out_kuint(ngx_gemini_out_t *out, const char *key,
    uint64_t n);
void ngx_gemini_out_kint(ngx_gemini_out_t *out, const char *key, int64_t n);
void ngx_gemini_out_kbool(ngx_gemini_out_t *out, const char *key,
    ngx_uint_t flag);
void ngx_gemini_out_knull(ngx_gemini_out_t *out, const char *key);

/* milliseconds as seconds with three decimals */
void ngx_gemini_out_ksec(ngx_gemini_out_t *out, const char *key, int64_t ms);

/* an RFC 3339 time, or null for 0 */
void ngx_gemini_out_ktime(ngx_gemini_out_t *out, const char *key,
    uint64_t ms);


#endif /* _NGX_GEMINI_OUT_H_INCLUDED_ */
