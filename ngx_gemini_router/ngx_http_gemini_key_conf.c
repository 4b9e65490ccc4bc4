
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * key and keys of a gemini_pool block.  No message here shows a secret.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_gemini_keyfile.h"
#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_param.h"
#include "ngx_http_gemini_pool_conf.h"


#define NGX_HTTP_GEMINI_KEYFILE_MAX  (64 * 1024 * 1024)


static ngx_int_t ngx_http_gemini_key_file(ngx_http_gemini_block_t *block,
    ngx_http_gemini_key_item_t *item, ngx_str_t *path);
static ngx_int_t ngx_http_gemini_key_file_read(ngx_conf_t *cf,
    ngx_str_t *name, ngx_str_t *text);
static ngx_int_t ngx_http_gemini_key_file_lines(
    ngx_http_gemini_block_t *block,
    const ngx_http_gemini_key_item_t *defaults, ngx_str_t *text);


static const ngx_http_gemini_param_t  ngx_http_gemini_key_params[] = {

    { ngx_string("name="), ngx_http_gemini_param_label,
      offsetof(ngx_http_gemini_key_item_t, conf.label), 0, 0,
      NGX_HTTP_GEMINI_EXPECT_LABEL },

    { ngx_string("project="), ngx_http_gemini_param_label,
      offsetof(ngx_http_gemini_key_item_t, project), 0, 0,
      NGX_HTTP_GEMINI_EXPECT_LABEL },

    { ngx_string("account="), ngx_http_gemini_param_label,
      offsetof(ngx_http_gemini_key_item_t, account), 0, 0,
      NGX_HTTP_GEMINI_EXPECT_LABEL },

    { ngx_string("weight="), ngx_http_gemini_param_number,
      offsetof(ngx_http_gemini_key_item_t, conf.weight), 1, 65535,
      "a number from 1 to 65535 expected" },

    { ngx_string("max_conns="), ngx_http_gemini_param_number,
      offsetof(ngx_http_gemini_key_item_t, conf.max_conns), 0, 65535,
      "a number up to 65535 expected" },

    { ngx_string("priority="), ngx_http_gemini_param_number,
      offsetof(ngx_http_gemini_key_item_t, conf.priority), 0, 65535,
      "a number up to 65535 expected" },

    { ngx_string("models="), ngx_http_gemini_param_globs,
      offsetof(ngx_http_gemini_key_item_t, conf.models), 0, 0,
      NGX_HTTP_GEMINI_EXPECT_GLOBS },

    { ngx_string("disabled"), ngx_http_gemini_param_set,
      offsetof(ngx_http_gemini_key_item_t, conf.disabled), 0, 0, NULL },

    ngx_http_gemini_param_end
};


ngx_int_t
ngx_http_gemini_key_item(ngx_http_gemini_block_t *block,
    const ngx_http_gemini_item_t *item, ngx_str_t *words, ngx_uint_t n)
{
    ngx_str_t                   source;
    ngx_http_gemini_key_item_t  key;

    ngx_memzero(&key, sizeof(ngx_http_gemini_key_item_t));

    key.conf.slot = NGX_GEMINI_NONE;
    key.conf.weight = 1;
    key.place = block->place;

    if (ngx_http_gemini_param_parse(&block->place, ngx_http_gemini_key_params,
                                    words + 1, n - 1, &key)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    source = words[0];

    if (source.len >= 4 && ngx_strncmp(source.data, "env:", 4) == 0) {
        source.data += 4;
        source.len -= 4;
        return ngx_http_gemini_key_env(block, &key, &source);
    }

    if (source.len >= 5 && ngx_strncmp(source.data, "file:", 5) == 0) {
        source.data += 5;
        source.len -= 5;
        return ngx_http_gemini_key_file(block, &key, &source);
    }

    return ngx_http_gemini_key_add(block, &key, &source);
}


ngx_int_t
ngx_http_gemini_key_add(ngx_http_gemini_block_t *block,
    const ngx_http_gemini_key_item_t *item, ngx_str_t *secret)
{
    size_t                       i;
    ngx_http_gemini_key_item_t  *key;

    if (block->keys.nelts == NGX_GEMINI_KEYS_MAX) {
        ngx_log_error(NGX_LOG_EMERG, block->cf->log, 0,
                      "too many keys in gemini_pool \"%V\": up to %d expected "
                      "in %s:%ui",
                      block->place.pool, NGX_GEMINI_KEYS_MAX,
                      item->place.file, item->place.line);
        return NGX_ERROR;
    }

    if (secret->len == 0 || secret->len > NGX_GEMINI_SECRET_MAX) {
        goto invalid;
    }

    for (i = 0; i < secret->len; i++) {
        if (secret->data[i] <= ' ' || secret->data[i] >= 0x7f) {
            goto invalid;
        }
    }

    key = ngx_array_push(&block->keys);
    if (key == NULL) {
        return NGX_ERROR;
    }

    *key = *item;
    key->secret = *secret;

    return NGX_OK;

invalid:

    ngx_log_error(NGX_LOG_EMERG, block->cf->log, 0,
                  "invalid secret of key \"%V\" in gemini_pool \"%V\": up to "
                  "%d visible ASCII characters expected in %s:%ui",
                  &item->conf.label, block->place.pool, NGX_GEMINI_SECRET_MAX,
                  item->place.file, item->place.line);

    return NGX_ERROR;
}


static ngx_int_t
ngx_http_gemini_key_file(ngx_http_gemini_block_t *block,
    ngx_http_gemini_key_item_t *item, ngx_str_t *path)
{
    ngx_str_t   name, text;
    ngx_uint_t  n;

    if (ngx_process == NGX_PROCESS_SIGNALLER) {
        return NGX_OK;
    }

    name = *path;

    if (ngx_conf_full_name(block->cf->cycle, &name, 1) != NGX_OK
        || ngx_http_gemini_key_file_read(block->cf, &name, &text) != NGX_OK)
    {
        return NGX_ERROR;
    }

    n = block->keys.nelts;

    item->place.file = name.data;
    item->place.line = 0;

    if (ngx_http_gemini_key_file_lines(block, item, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    if (block->keys.nelts == n) {
        ngx_http_gemini_key_invalid(block, "file:", path,
                                    "a file with a key expected");
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_gemini_key_file_read(ngx_conf_t *cf, ngx_str_t *name,
    ngx_str_t *text)
{
    off_t       size;
    ssize_t     n;
    ngx_int_t   rc;
    ngx_file_t  file;

    rc = NGX_ERROR;

    ngx_memzero(&file, sizeof(ngx_file_t));

    file.name = *name;
    file.log = cf->log;

    file.fd = ngx_open_file(name->data, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                            NGX_FILE_OPEN, 0);

    if (file.fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_open_file_n " \"%V\" failed", name);
        return NGX_ERROR;
    }

    if (ngx_fd_info(file.fd, &file.info) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_fd_info_n " \"%V\" failed", name);
        goto done;
    }

    size = ngx_file_size(&file.info);

    if (!ngx_is_file(&file.info) || size > NGX_HTTP_GEMINI_KEYFILE_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" cannot hold keys: a regular file up to "
                           "64 MiB expected", name);
        goto done;
    }

    if (file.info.st_mode & S_IROTH) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "key file \"%V\" can be read by others", name);
    }

    text->data = ngx_pnalloc(cf->pool, (size_t) size + 1);
    if (text->data == NULL) {
        goto done;
    }

    n = ngx_read_file(&file, text->data, (size_t) size, 0);

    if (n != (ssize_t) size) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           ngx_read_file_n " \"%V\" returned only %z bytes "
                           "instead of %O", name, n, size);
        goto done;
    }

    text->len = (size_t) size;
    rc = NGX_OK;

done:

    if (ngx_close_file(file.fd) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_ALERT, cf->log, ngx_errno,
                      ngx_close_file_n " \"%V\" failed", name);
    }

    return rc;
}


static ngx_int_t
ngx_http_gemini_key_file_lines(ngx_http_gemini_block_t *block,
    const ngx_http_gemini_key_item_t *defaults, ngx_str_t *text)
{
    u_char                     *p, *last;
    ngx_int_t                   rc;
    ngx_uint_t                  n;
    ngx_gemini_keyline_t        line;
    ngx_http_gemini_key_item_t  key;

    p = text->data;
    last = p + text->len;

    /* a byte order mark */

    if (text->len >= 3 && ngx_strncmp(p, "\xef\xbb\xbf", 3) == 0) {
        p += 3;
    }

    for (n = 1; /* void */ ; n++) {

        rc = ngx_gemini_keyfile_line(&p, last, &line);

        if (rc == NGX_DONE) {
            return NGX_OK;
        }

        key = *defaults;
        key.place.line = n;

        if (rc == NGX_ERROR) {
            ngx_log_error(NGX_LOG_EMERG, block->cf->log, 0,
                          "%s in %s:%ui", line.error, key.place.file, n);
            return NGX_ERROR;
        }

        if (line.nwords == 0) {
            continue;
        }

        if (ngx_http_gemini_param_parse(&key.place,
                                        ngx_http_gemini_key_params,
                                        &line.words[1], line.nwords - 1,
                                        &key)
            != NGX_OK
            || ngx_http_gemini_key_add(block, &key, &line.words[0])
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }
}


void
ngx_http_gemini_key_invalid(ngx_http_gemini_block_t *block, const char *what,
    ngx_str_t *value, const char *expected)
{
    ngx_str_t  name;

    name.data = (u_char *) what;
    name.len = ngx_strlen(what);

    ngx_http_gemini_param_invalid(&block->place, &name, value, expected);
}
