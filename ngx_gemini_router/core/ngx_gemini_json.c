
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_json.h"

#include <yajl/yajl_parse.h>


#define NGX_GEMINI_JSON_INT_MAX   0x7fffffffffffffffLL

/* reading an exponent stops past this; bodies are shorter than that */
#define NGX_GEMINI_JSON_EXPONENT  10000000


typedef struct {
    size_t                     base;       /* of the container's own path */
    unsigned                   array:1;
} ngx_gemini_json_frame_t;


typedef struct {
    ngx_gemini_json_pt         handler;
    void                      *data;
    ngx_int_t                  rc;

    /* the path's length is counted on where the path no longer fits */
    size_t                     len;
    u_char                     path[NGX_GEMINI_JSON_PATH];

    ngx_uint_t                 depth;
    ngx_gemini_json_frame_t    frames[NGX_GEMINI_JSON_DEPTH];
} ngx_gemini_json_ctx_t;


typedef struct {
    const u_char              *whole;
    const u_char              *fraction;
    int64_t                    nwhole;
    int64_t                    nfraction;
    int64_t                    exponent;
    unsigned                   minus:1;
} ngx_gemini_json_number_t;


static int ngx_gemini_json_null(void *data);
static int ngx_gemini_json_boolean(void *data, int flag);
static int ngx_gemini_json_number(void *data, const char *p, size_t len);
static int ngx_gemini_json_string(void *data, const u_char *p, size_t len);
static int ngx_gemini_json_start_map(void *data);
static int ngx_gemini_json_map_key(void *data, const u_char *p, size_t len);
static int ngx_gemini_json_end(void *data);
static int ngx_gemini_json_start_array(void *data);
static int ngx_gemini_json_emit(ngx_gemini_json_ctx_t *ctx,
    ngx_gemini_json_e type, const void *p, size_t len);
static int ngx_gemini_json_start(ngx_gemini_json_ctx_t *ctx,
    ngx_uint_t array);
static void ngx_gemini_json_append(ngx_gemini_json_ctx_t *ctx, const void *p,
    size_t len);
static ngx_int_t ngx_gemini_json_split(const ngx_str_t *value,
    ngx_gemini_json_number_t *num);
static const u_char *ngx_gemini_json_exponent(const u_char *p,
    const u_char *last, int64_t *exponent);
static const u_char *ngx_gemini_json_digits(const u_char *p,
    const u_char *last);


static const yajl_callbacks  ngx_gemini_json_callbacks = {
    ngx_gemini_json_null,
    ngx_gemini_json_boolean,
    NULL,                                  /* integer */
    NULL,                                  /* double */
    ngx_gemini_json_number,
    ngx_gemini_json_string,
    ngx_gemini_json_start_map,
    ngx_gemini_json_map_key,
    ngx_gemini_json_end,
    ngx_gemini_json_start_array,
    ngx_gemini_json_end
};


ngx_int_t
ngx_gemini_json_read(const u_char *p, size_t len, ngx_gemini_json_pt handler,
    void *data)
{
    yajl_handle            yh;
    yajl_status            status;
    ngx_gemini_json_ctx_t  ctx;

    ctx.handler = handler;
    ctx.data = data;
    ctx.rc = NGX_OK;
    ctx.len = 0;
    ctx.depth = 0;

    yh = yajl_alloc(&ngx_gemini_json_callbacks, NULL, &ctx);
    if (yh == NULL) {
        return NGX_ERROR;
    }

    /* odd bytes in a message must not hide the error around it */

    if (yajl_config(yh, yajl_dont_validate_strings, 1) == 0) {
        yajl_free(yh);
        return NGX_ERROR;
    }

    status = yajl_parse(yh, p, len);

    if (status == yajl_status_ok) {
        status = yajl_complete_parse(yh);
    }

    yajl_free(yh);

    if (ctx.rc != NGX_OK) {
        return ctx.rc;
    }

    return (status == yajl_status_ok) ? NGX_OK : NGX_ERROR;
}


static int
ngx_gemini_json_null(void *data)
{
    return ngx_gemini_json_emit(data, NGX_GEMINI_JSON_NULL, "null", 4);
}


static int
ngx_gemini_json_boolean(void *data, int flag)
{
    return flag ? ngx_gemini_json_emit(data, NGX_GEMINI_JSON_BOOL, "true", 4)
                : ngx_gemini_json_emit(data, NGX_GEMINI_JSON_BOOL, "false",
                                       5);
}


static int
ngx_gemini_json_number(void *data, const char *p, size_t len)
{
    return ngx_gemini_json_emit(data, NGX_GEMINI_JSON_NUMBER, p, len);
}


static int
ngx_gemini_json_string(void *data, const u_char *p, size_t len)
{
    return ngx_gemini_json_emit(data, NGX_GEMINI_JSON_STRING, p, len);
}


static int
ngx_gemini_json_start_map(void *data)
{
    return ngx_gemini_json_start(data, 0);
}


static int
ngx_gemini_json_map_key(void *data, const u_char *p, size_t len)
{
    ngx_gemini_json_ctx_t *ctx = data;

    ctx->len = ctx->frames[ctx->depth - 1].base;

    if (ctx->len) {
        ngx_gemini_json_append(ctx, ".", 1);
    }

    ngx_gemini_json_append(ctx, p, len);

    return 1;
}


static int
ngx_gemini_json_end(void *data)
{
    ngx_gemini_json_ctx_t *ctx = data;

    ctx->depth--;
    ctx->len = ctx->frames[ctx->depth].base;

    return ngx_gemini_json_emit(ctx, NGX_GEMINI_JSON_CLOSE,
                                ctx->frames[ctx->depth].array ? "]" : "}", 1);
}


static int
ngx_gemini_json_start_array(void *data)
{
    return ngx_gemini_json_start(data, 1);
}


static int
ngx_gemini_json_emit(ngx_gemini_json_ctx_t *ctx, ngx_gemini_json_e type,
    const void *p, size_t len)
{
    ngx_str_t  path, value;

    path.data = ctx->path;
    path.len = (ctx->len <= NGX_GEMINI_JSON_PATH) ? ctx->len : 0;

    value.data = (u_char *) p;
    value.len = len;

    ctx->rc = ctx->handler(ctx->data, &path, type, &value);

    return ctx->rc == NGX_OK;
}


static int
ngx_gemini_json_start(ngx_gemini_json_ctx_t *ctx, ngx_uint_t array)
{
    ngx_gemini_json_frame_t  *frame;

    if (ctx->depth == NGX_GEMINI_JSON_DEPTH) {
        ctx->rc = NGX_ERROR;
        return 0;
    }

    if (ngx_gemini_json_emit(ctx, NGX_GEMINI_JSON_OPEN, array ? "[" : "{", 1)
        == 0)
    {
        return 0;
    }

    frame = &ctx->frames[ctx->depth++];

    frame->base = ctx->len;
    frame->array = array ? 1 : 0;

    if (array) {
        ngx_gemini_json_append(ctx, "[]", 2);
    }

    return 1;
}


static void
ngx_gemini_json_append(ngx_gemini_json_ctx_t *ctx, const void *p, size_t len)
{
    if (ctx->len <= NGX_GEMINI_JSON_PATH
        && len <= NGX_GEMINI_JSON_PATH - ctx->len)
    {
        ngx_memcpy(ctx->path + ctx->len, p, len);
    }

    ctx->len += len;
}


ngx_int_t
ngx_gemini_json_int(const ngx_str_t *value, int64_t *n)
{
    int64_t                   result, digit, i;
    ngx_gemini_json_number_t  num;

    if (ngx_gemini_json_split(value, &num) != NGX_OK) {
        return NGX_ERROR;
    }

    /* the exponent moves the point, what is behind it then is cut off */

    result = 0;

    for (i = 0; i < num.nwhole + num.exponent; i++) {

        if (i < num.nwhole) {
            digit = num.whole[i] - '0';

        } else if (i - num.nwhole < num.nfraction) {
            digit = num.fraction[i - num.nwhole] - '0';

        } else if (result == 0) {
            break;

        } else {
            digit = 0;
        }

        if (result > (NGX_GEMINI_JSON_INT_MAX - digit) / 10) {
            return NGX_ERROR;
        }

        result = result * 10 + digit;
    }

    *n = num.minus ? -result : result;

    return NGX_OK;
}


static ngx_int_t
ngx_gemini_json_split(const ngx_str_t *value, ngx_gemini_json_number_t *num)
{
    const u_char  *p, *last;

    ngx_memzero(num, sizeof(ngx_gemini_json_number_t));

    p = value->data;
    last = p + value->len;

    if (p < last && *p == '-') {
        num->minus = 1;
        p++;
    }

    num->whole = p;
    p = ngx_gemini_json_digits(p, last);
    num->nwhole = p - num->whole;

    if (num->nwhole == 0) {
        return NGX_ERROR;
    }

    if (p < last && *p == '.') {
        num->fraction = ++p;
        p = ngx_gemini_json_digits(p, last);
        num->nfraction = p - num->fraction;

        if (num->nfraction == 0) {
            return NGX_ERROR;
        }
    }

    if (p < last && (*p == 'e' || *p == 'E')) {
        p = ngx_gemini_json_exponent(p + 1, last, &num->exponent);
    }

    return (p == last) ? NGX_OK : NGX_ERROR;
}


static const u_char *
ngx_gemini_json_exponent(const u_char *p, const u_char *last,
    int64_t *exponent)
{
    int64_t        n;
    ngx_uint_t     minus;
    const u_char  *digits, *end;

    minus = 0;

    if (p < last && (*p == '+' || *p == '-')) {
        minus = (*p == '-');
        p++;
    }

    digits = p;
    end = ngx_gemini_json_digits(p, last);

    if (end == digits) {
        return NULL;
    }

    n = 0;

    for ( /* void */ ; p < end && n < NGX_GEMINI_JSON_EXPONENT; p++) {
        n = n * 10 + (*p - '0');
    }

    *exponent = minus ? -n : n;

    return end;
}


static const u_char *
ngx_gemini_json_digits(const u_char *p, const u_char *last)
{
    while (p < last && *p >= '0' && *p <= '9') {
        p++;
    }

    return p;
}
