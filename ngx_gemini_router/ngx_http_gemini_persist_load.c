
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * A state file into a zone that is new, at the start of the master.
 */


#include "ngx_http_gemini_persist.h"
#include "ngx_http_gemini_zone.h"
#include "ngx_gemini_snapshot.h"


/* files kept aside: .bad, .bad.1, ... */
#define NGX_HTTP_GEMINI_PERSIST_BAD  10


static ngx_int_t ngx_http_gemini_persist_read(ngx_pool_t *pool, u_char *name,
    ngx_str_t *text, const char **failed);
static ngx_int_t ngx_http_gemini_persist_text(ngx_pool_t *pool, ngx_fd_t fd,
    ngx_str_t *text, const char **failed);
static void ngx_http_gemini_persist_restore(ngx_cycle_t *cycle,
    ngx_http_gemini_pool_conf_t *pcf, const ngx_str_t *text,
    ngx_pool_t *pool);
static const u_char *ngx_http_gemini_persist_aside(
    ngx_http_gemini_pool_conf_t *pcf, ngx_pool_t *pool);
static void ngx_http_gemini_persist_born(ngx_http_gemini_pool_conf_t *pcf,
    const ngx_str_t *text);


void
ngx_http_gemini_persist_load(ngx_cycle_t *cycle,
    ngx_http_gemini_pool_conf_t *pcf, ngx_uint_t fresh)
{
    ngx_err_t    err;
    ngx_int_t    rc;
    ngx_str_t    text;
    ngx_pool_t  *pool;
    const char  *failed;

    if (pcf->gc.state.len == 0
        || ngx_test_config
        || pcf->zone.view.gp->saving.born != 0)
    {
        return;
    }

    pool = ngx_create_pool(NGX_DEFAULT_POOL_SIZE, cycle->log);
    if (pool == NULL) {
        return;
    }

    rc = ngx_http_gemini_persist_read(pool, pcf->gc.state.data, &text,
                                      &failed);
    err = ngx_errno;

    ngx_http_gemini_persist_born(pcf, &text);

    if (rc == NGX_OK && fresh) {
        ngx_http_gemini_persist_restore(cycle, pcf, &text, pool);

    } else if (rc == NGX_ERROR) {
        ngx_log_error(NGX_LOG_WARN, cycle->log, err,
                      "gemini pool \"%V\" starts afresh: %s \"%V\" failed, "
                      "%s",
                      &pcf->gc.name, failed, &pcf->gc.state,
                      ngx_http_gemini_persist_aside(pcf, pool));
    }

    ngx_destroy_pool(pool);
}


/* NGX_DECLINED: there is no file; text is empty unless NGX_OK */

static ngx_int_t
ngx_http_gemini_persist_read(ngx_pool_t *pool, u_char *name, ngx_str_t *text,
    const char **failed)
{
    ngx_fd_t   fd;
    ngx_err_t  err;
    ngx_int_t  rc;

    ngx_str_null(text);

    /* a FIFO must not hold the master up */

    fd = ngx_open_file(name, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                       NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        *failed = ngx_open_file_n;

        return (ngx_errno == NGX_ENOENT) ? NGX_DECLINED : NGX_ERROR;
    }

    rc = ngx_http_gemini_persist_text(pool, fd, text, failed);

    err = ngx_errno;

    if (rc != NGX_OK) {
        ngx_str_null(text);
    }

    (void) ngx_close_file(fd);

    ngx_set_errno(err);

    return rc;
}


static ngx_int_t
ngx_http_gemini_persist_text(ngx_pool_t *pool, ngx_fd_t fd, ngx_str_t *text,
    const char **failed)
{
    size_t           size;
    ssize_t          n;
    ngx_file_info_t  fi;

    *failed = ngx_fd_info_n;

    if (ngx_fd_info(fd, &fi) == NGX_FILE_ERROR) {
        return NGX_ERROR;
    }

    *failed = ngx_read_fd_n;

    if (!ngx_is_file(&fi) || ngx_file_size(&fi) > NGX_GEMINI_SNAPSHOT_MAX) {
        ngx_set_errno(ngx_is_file(&fi) ? EFBIG : EINVAL);
        return NGX_ERROR;
    }

    size = (size_t) ngx_file_size(&fi);

    text->data = ngx_palloc(pool, size + 1);
    if (text->data == NULL) {
        ngx_set_errno(NGX_ENOMEM);
        return NGX_ERROR;
    }

    while (text->len < size) {
        n = ngx_read_fd(fd, text->data + text->len, size - text->len);

        if (n == -1) {
            return NGX_ERROR;
        }

        if (n == 0) {
            break;
        }

        text->len += n;
    }

    return NGX_OK;
}


/* the zone is new: no other process has it, the lock is not needed */

static void
ngx_http_gemini_persist_restore(ngx_cycle_t *cycle,
    ngx_http_gemini_pool_conf_t *pcf, const ngx_str_t *text, ngx_pool_t *pool)
{
    u_char                       place[NGX_GEMINI_RESTORE_PATH + 64], *p;
    ngx_gemini_restore_error_t   error;

    if (ngx_gemini_restore(&pcf->zone.view, &pcf->gc, text,
                           ngx_http_gemini_now(), &error)
        == NGX_OK)
    {
        ngx_log_error(NGX_LOG_INFO, cycle->log, 0,
                      "gemini pool \"%V\" goes on from the state in \"%V\"",
                      &pcf->gc.name, &pcf->gc.state);
        return;
    }

    p = place;

    if (error.len) {
        p = ngx_sprintf(p, "its \"%*s\" ", error.len, error.path);
    }

    if (error.record) {
        p = ngx_sprintf(p, "in record %uD ", error.record);
    }

    ngx_log_error(NGX_LOG_WARN, cycle->log, 0,
                  "gemini pool \"%V\" starts afresh: the state file \"%V\" "
                  "cannot be used, %*s%s, %s",
                  &pcf->gc.name, &pcf->gc.state, (size_t) (p - place), place,
                  error.reason, ngx_http_gemini_persist_aside(pcf, pool));
}


/* what became of it, for the log */

static const u_char *
ngx_http_gemini_persist_aside(ngx_http_gemini_pool_conf_t *pcf,
    ngx_pool_t *pool)
{
    u_char           *name, *text;
    size_t            len;
    ngx_uint_t        i;
    ngx_file_info_t   fi;

    len = pcf->gc.state.len + sizeof("it is kept as \"\".bad.") + NGX_INT_T_LEN;

    name = ngx_pnalloc(pool, len);
    text = ngx_pnalloc(pool, len);

    if (name == NULL || text == NULL) {
        return (u_char *) "it is left";
    }

    ngx_sprintf(name, "%V.bad%Z", &pcf->gc.state);

    for (i = 1; i < NGX_HTTP_GEMINI_PERSIST_BAD; i++) {

        if (ngx_link_info(name, &fi) == NGX_FILE_ERROR) {
            break;
        }

        ngx_sprintf(name, "%V.bad.%ui%Z", &pcf->gc.state, i);
    }

    if (ngx_rename_file(pcf->gc.state.data, name) == NGX_FILE_ERROR) {
        return (u_char *) "and it cannot be renamed";
    }

    ngx_sprintf(text, "it is kept as \"%s\"%Z", name);

    return text;
}


/* after the birth of the zone that wrote the file, whatever the clock says */

static void
ngx_http_gemini_persist_born(ngx_http_gemini_pool_conf_t *pcf,
    const ngx_str_t *text)
{
    uint32_t            pid;
    uint64_t            born, now;
    ngx_gemini_view_t  *gv;

    born = 0;
    now = ngx_http_gemini_now();

    if (text->len) {
        ngx_gemini_restore_writer(text, &pid, &born);
    }

    gv = ngx_http_gemini_zone_lock(pcf);

    gv->gp->saving.born = ngx_max(now, born + 1);

    ngx_http_gemini_zone_unlock(pcf);
}
