
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_http_gemini_persist_file.h"


/* of the file, enough to know its writer */
#define NGX_HTTP_GEMINI_PERSIST_HEAD  1024


ngx_int_t
ngx_http_gemini_persist_older(ngx_http_gemini_persist_t *ps)
{
    u_char     buf[NGX_HTTP_GEMINI_PERSIST_HEAD];
    ssize_t    n;
    ngx_fd_t   fd;
    uint32_t   pid;
    uint64_t   born;
    ngx_str_t  text;

    fd = ngx_open_file(ps->name, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                       NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        return NGX_OK;
    }

    n = ngx_read_fd(fd, buf, NGX_HTTP_GEMINI_PERSIST_HEAD);

    (void) ngx_close_file(fd);

    if (n <= 0) {
        return NGX_OK;
    }

    text.data = buf;
    text.len = n;

    ngx_gemini_restore_writer(&text, &pid, &born);

    if (born <= ps->pool->zone.view.gp->saving.born
        || pid == 0
        || (kill((ngx_pid_t) pid, 0) == -1 && ngx_errno == NGX_ESRCH))
    {
        return NGX_OK;
    }

    return NGX_DECLINED;
}


/* who else has a zone of its own for this file writes another one later */

ngx_int_t
ngx_http_gemini_persist_open(ngx_http_gemini_persist_t *ps)
{
    ngx_err_t        err;
    ngx_file_info_t  one, two;

    ps->fd = ngx_open_file(ps->temp, NGX_FILE_RDWR|O_NOFOLLOW,
                           NGX_FILE_CREATE_OR_OPEN, 0600);

    if (ps->fd == NGX_INVALID_FILE) {
        return ngx_http_gemini_persist_fail(ps, ngx_open_file_n, ngx_errno);
    }

    err = ngx_trylock_fd(ps->fd);

    if (err == NGX_EAGAIN || err == NGX_EACCES) {
        (void) ngx_close_file(ps->fd);
        ps->fd = NGX_INVALID_FILE;
        return NGX_DECLINED;
    }

    if (err) {
        return ngx_http_gemini_persist_fail(ps, ngx_trylock_fd_n, err);
    }

    /* it may have been renamed or deleted before it was locked */

    if (ngx_fd_info(ps->fd, &one) == NGX_FILE_ERROR
        || ngx_link_info(ps->temp, &two) == NGX_FILE_ERROR
        || one.st_dev != two.st_dev
        || ngx_file_uniq(&one) != ngx_file_uniq(&two))
    {
        (void) ngx_close_file(ps->fd);
        ps->fd = NGX_INVALID_FILE;
        return NGX_DECLINED;
    }

    if (fchmod(ps->fd, 0600) == -1) {
        return ngx_http_gemini_persist_fail(ps, "fchmod()", ngx_errno);
    }

    if (ftruncate(ps->fd, 0) == -1) {
        return ngx_http_gemini_persist_fail(ps, "ftruncate()", ngx_errno);
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_gemini_persist_grow(ngx_gemini_out_t *out)
{
    ngx_http_gemini_persist_t *ps = out->data;

    u_char   *p;
    ssize_t   n;

    p = ps->buffer;

    if (ps->bytes + (out->pos - p) > NGX_GEMINI_SNAPSHOT_MAX) {
        return ngx_http_gemini_persist_fail(ps, ngx_write_fd_n, EFBIG);
    }

    while (p < out->pos) {
        n = ngx_write_fd(ps->fd, p, out->pos - p);

        if (n == -1 && ngx_errno == NGX_EINTR) {
            continue;
        }

        if (n <= 0) {
            return ngx_http_gemini_persist_fail(ps, ngx_write_fd_n,
                                                n ? ngx_errno : NGX_ENOSPC);
        }

        p += n;
        ps->bytes += n;
    }

    out->pos = ps->buffer;

    return NGX_OK;
}


ngx_int_t
ngx_http_gemini_persist_fail(ngx_http_gemini_persist_t *ps, const char *what,
    ngx_err_t err)
{
    ps->failed = what;
    ps->err = err;

    return NGX_ERROR;
}


ngx_int_t
ngx_http_gemini_persist_sync(ngx_http_gemini_persist_t *ps)
{
#if (NGX_THREADS)

    if (ps->threads
        && ngx_thread_task_post(ps->threads, &ps->task) == NGX_OK)
    {
        return NGX_AGAIN;
    }

#endif

    if (fsync(ps->fd) == -1) {
        return ngx_http_gemini_persist_fail(ps, "fsync()", ngx_errno);
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_gemini_persist_rename(ngx_http_gemini_persist_t *ps)
{
    if (ngx_rename_file(ps->temp, ps->name) == NGX_FILE_ERROR) {
        return ngx_http_gemini_persist_fail(ps, ngx_rename_file_n, ngx_errno);
    }

    return NGX_OK;
}


void
ngx_http_gemini_persist_close(ngx_http_gemini_persist_t *ps)
{
    if (ngx_close_file(ps->fd) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_ALERT, ps->log, ngx_errno,
                      ngx_close_file_n " \"%s\" failed", ps->temp);
    }

    ps->fd = NGX_INVALID_FILE;
}


#if (NGX_THREADS)

ngx_thread_pool_t *
ngx_http_gemini_persist_threads(ngx_cycle_t *cycle)
{
    ngx_str_t  name;

    ngx_str_set(&name, "default");

    return ngx_thread_pool_get(cycle, &name);
}


void
ngx_http_gemini_persist_thread(void *data, ngx_log_t *log)
{
    ngx_http_gemini_persist_t *ps = data;

    ps->err = (fsync(ps->fd) == -1) ? ngx_errno : 0;
}

#endif
