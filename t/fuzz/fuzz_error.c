
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Bodies of failed answers: classify, the first bytes of a 200, unwrapping
 * and scrubbing.  The first byte of the input chooses the status, the second
 * the surface and flags, the rest is the body.
 */


#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ngx_gemini_answer.h"
#include "ngx_gemini_classify.h"
#include "ngx_gemini_json.h"


#define FUZZ_SECRET  "AIzaSyFAKEFAKEFAKEFAKEFAKEFAKEFAKEFAKE0"
#define FUZZ_HEAD    64

/* one byte becomes at most "\u0000" */
#define FUZZ_GROWTH  6
#define FUZZ_FRAME   1024

#define fuzz_want(expr)                                                       \
    if (!(expr)) {                                                            \
        abort();                                                              \
    }


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_classify(const ngx_gemini_reply_t *reply);
static void fuzz_quota_id(const ngx_gemini_verdict_t *verdict);
static void fuzz_head(const u_char *p, size_t len);
static void fuzz_unwrap(const u_char *p, size_t len);
static ngx_int_t fuzz_value(void *data, const ngx_str_t *path,
    ngx_gemini_json_e type, const ngx_str_t *value);
static void fuzz_scrub(u_char *p, size_t len);
static u_char *fuzz_alloc(size_t size);


static const ngx_uint_t  fuzz_statuses[] = {
    200, 400, 401, 402, 403, 404, 409, 429, 499, 500, 501, 502, 503, 504, 0,
    999
};


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    u_char              *body;
    size_t               len;
    ngx_gemini_reply_t   reply;

    if (size < 2 || size - 2 > NGX_GEMINI_BODY_MAX) {
        return 0;
    }

    len = size - 2;
    body = fuzz_alloc(len);
    ngx_memcpy(body, data + 2, len);

    ngx_memzero(&reply, sizeof(ngx_gemini_reply_t));

    reply.status = fuzz_statuses[data[0] % 16];
    reply.surface = (data[1] & 0x07) % NGX_GEMINI_SURFACES;
    reply.verb = (data[1] >> 3) % NGX_GEMINI_VERBS;
    reply.pinned = data[1] >> 7;
    reply.retry_after = (data[0] >> 4) * 1000;
    reply.body.data = body;
    reply.body.len = len;
    ngx_str_set(&reply.model, "gemini-3.8-flash");

    fuzz_classify(&reply);
    fuzz_head(body, len);
    fuzz_unwrap(body, len);
    fuzz_scrub(body, len);

    free(body);

    return 0;
}


static void
fuzz_classify(const ngx_gemini_reply_t *reply)
{
    ngx_gemini_verdict_t  verdict, again;

    ngx_memzero(&again, sizeof(ngx_gemini_verdict_t));
    ngx_gemini_classify(reply, &verdict);
    ngx_gemini_classify(reply, &again);

    fuzz_want(verdict.class == again.class);
    fuzz_want(verdict.delay == again.delay);
    fuzz_want(verdict.class < NGX_GEMINI_CUT);
    fuzz_want(verdict.scope < NGX_GEMINI_SCOPES);
    fuzz_want(verdict.provenance <= NGX_GEMINI_GUESSED);
    fuzz_want(verdict.delay <= NGX_GEMINI_DAY);
    fuzz_want(verdict.nviolations <= NGX_GEMINI_VIOLATIONS_MAX);

    /* a good answer is not an error, an error is not a good answer */

    fuzz_want(reply->status < 400 || verdict.class != NGX_GEMINI_OK);

    /* only the key's own faults disable it */

    fuzz_want(!verdict.disable || verdict.scope == NGX_GEMINI_SCOPE_KEY);

    fuzz_quota_id(&verdict);
}


static void
fuzz_quota_id(const ngx_gemini_verdict_t *verdict)
{
    size_t   i;

    static const char  allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "0123456789_.-";

    fuzz_want(verdict->quota_id_len <= NGX_GEMINI_QUOTA_ID_MAX);

    for (i = 0; i < verdict->quota_id_len; i++) {
        fuzz_want(memchr(allowed, verdict->quota_id[i],
                         sizeof(allowed) - 1));
    }
}


/* what more bytes bring does not change what was decided */

static void
fuzz_head(const u_char *p, size_t len)
{
    size_t     i;
    ngx_int_t  rc, decided;

    decided = NGX_AGAIN;

    for (i = 0; i <= len && i < FUZZ_HEAD; i++) {
        rc = ngx_gemini_classify_head(p, i);

        fuzz_want(decided == NGX_AGAIN || rc == decided);
        decided = rc;
    }

    rc = ngx_gemini_classify_head(p, len);

    fuzz_want(decided == NGX_AGAIN || rc == decided);
}


static void
fuzz_unwrap(const u_char *p, size_t len)
{
    u_char            *buf;
    size_t             size;
    ngx_int_t          rc;
    ngx_gemini_out_t   out;

    size = len * FUZZ_GROWTH + FUZZ_FRAME;
    buf = fuzz_alloc(size);

    ngx_gemini_out_init(&out, buf, size);
    rc = ngx_gemini_answer_unwrap(&out, p, len);

    fuzz_want(!out.failed);
    fuzz_want(rc == NGX_OK || out.pos == buf);
    fuzz_want(rc != NGX_OK
              || ngx_gemini_json_read(buf, out.pos - buf, fuzz_value, NULL)
                 == NGX_OK);

    free(buf);
}


static ngx_int_t
fuzz_value(void *data, const ngx_str_t *path, ngx_gemini_json_e type,
    const ngx_str_t *value)
{
    int64_t  n;

    fuzz_want(path->len <= NGX_GEMINI_JSON_PATH);

    if (type == NGX_GEMINI_JSON_NUMBER || type == NGX_GEMINI_JSON_STRING) {
        (void) ngx_gemini_json_int(value, &n);
    }

    return NGX_OK;
}


static void
fuzz_scrub(u_char *p, size_t len)
{
    size_t     i;
    ngx_str_t  secret;

    (void) ngx_gemini_json_read(p, len, fuzz_value, NULL);

    ngx_str_set(&secret, FUZZ_SECRET);
    (void) ngx_gemini_answer_scrub(p, len, &secret);

    for (i = 0; i + secret.len <= len; i++) {
        fuzz_want(ngx_memcmp(p + i, secret.data, secret.len) != 0);
    }
}


static u_char *
fuzz_alloc(size_t size)
{
    u_char  *p;

    p = malloc(size ? size : 1);
    fuzz_want(p != NULL);

    return p;
}
