
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The directive "probe" of a pool.
 */


#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_param.h"
#include "ngx_http_gemini_pool_conf.h"


#define NGX_HTTP_GEMINI_PROBE_INTERVAL  (10 * NGX_GEMINI_MINUTE)
#define NGX_HTTP_GEMINI_PROBE_MAX       4
#define NGX_HTTP_GEMINI_PROBE_URL                                             \
    "https://generativelanguage.googleapis.com"


static ngx_int_t ngx_http_gemini_probe_text(
    const ngx_http_gemini_param_t *param, ngx_str_t *value, void *field);
static ngx_int_t ngx_http_gemini_probe_address(
    const ngx_http_gemini_param_t *param, ngx_str_t *value, void *field);
static ngx_int_t ngx_http_gemini_probe_trusted(ngx_conf_t *cf,
    ngx_str_t *file);


static const ngx_http_gemini_param_t  ngx_http_gemini_probe_params[] = {

    { ngx_string("interval="), ngx_http_gemini_param_time,
      offsetof(ngx_http_gemini_probe_conf_t, interval),
      1000, NGX_GEMINI_DAY, "a time from 1s to 1d expected" },

    { ngx_string("prompt="), ngx_http_gemini_probe_text,
      offsetof(ngx_http_gemini_probe_conf_t, prompt),
      1, 1024, "up to 1024 bytes expected" },

    { ngx_string("max="), ngx_http_gemini_param_number,
      offsetof(ngx_http_gemini_probe_conf_t, max),
      1, 64, "a number from 1 to 64 expected" },

    { ngx_string("url="), ngx_http_gemini_probe_address,
      offsetof(ngx_http_gemini_probe_conf_t, url),
      1, 512, "http://HOST[:PORT] or https://HOST[:PORT] expected" },

    { ngx_string("trusted_certificate="), ngx_http_gemini_probe_text,
      offsetof(ngx_http_gemini_probe_conf_t, trusted),
      1, NGX_MAX_PATH, "a file expected" },

    ngx_http_gemini_param_end
};


ngx_int_t
ngx_http_gemini_probe_item(ngx_http_gemini_block_t *block,
    const ngx_http_gemini_item_t *item, ngx_str_t *words, ngx_uint_t n)
{
    ngx_http_gemini_probe_conf_t  *probe;

    probe = &block->pcf->probe;

    if (n == 1 && ngx_strcmp(words[0].data, "off") == 0) {
        return NGX_OK;
    }

    probe->on = 1;
    probe->interval = NGX_HTTP_GEMINI_PROBE_INTERVAL;
    probe->max = NGX_HTTP_GEMINI_PROBE_MAX;
    ngx_str_set(&probe->url, NGX_HTTP_GEMINI_PROBE_URL);

    if (ngx_strcmp(words[0].data, "on") == 0) {
        words++;
        n--;
    }

    if (ngx_http_gemini_param_parse(&block->place,
                                    ngx_http_gemini_probe_params, words, n,
                                    probe)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (probe->trusted.len == 0) {
        return NGX_OK;
    }

    return ngx_http_gemini_probe_trusted(block->cf, &probe->trusted);
}


static ngx_int_t
ngx_http_gemini_probe_text(const ngx_http_gemini_param_t *param,
    ngx_str_t *value, void *field)
{
    ngx_str_t *text = field;

    if (value->len < param->min || value->len > param->max) {
        return NGX_ERROR;
    }

    *text = *value;

    return NGX_OK;
}


/* scheme, host and port alone: paths are ours, credentials are keys */

static ngx_int_t
ngx_http_gemini_probe_address(const ngx_http_gemini_param_t *param,
    ngx_str_t *value, void *field)
{
    size_t      len, i;
    u_char      ch;
    ngx_str_t  *url = field;

    if (value->len > param->max) {
        return NGX_ERROR;
    }

    if (ngx_strncmp(value->data, "https://", 8) == 0) {
        len = 8;

    } else if (ngx_strncmp(value->data, "http://", 7) == 0) {
        len = 7;

    } else {
        return NGX_ERROR;
    }

    *url = *value;

    if (url->data[url->len - 1] == '/') {
        url->len--;
    }

    if (url->len <= len) {
        return NGX_ERROR;
    }

    for (i = len; i < url->len; i++) {
        ch = url->data[i];

        if (ch <= ' ' || ch >= 0x7f || ngx_strchr("/?#@\\\"", ch) != NULL) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_gemini_probe_trusted(ngx_conf_t *cf, ngx_str_t *file)
{
    ngx_file_info_t  fi;

    if (ngx_conf_full_name(cf->cycle, file, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_file_info(file->data, &fi) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "\"%V\" of \"trusted_certificate=\" cannot be "
                           "read", file);
        return NGX_ERROR;
    }

    return NGX_OK;
}
