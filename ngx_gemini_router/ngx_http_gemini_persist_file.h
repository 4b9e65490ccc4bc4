
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * A state file as it is written: .._persist.c says when and what, this how.
 */


#ifndef _NGX_HTTP_GEMINI_PERSIST_FILE_H_INCLUDED_
#define _NGX_HTTP_GEMINI_PERSIST_FILE_H_INCLUDED_


#include "ngx_http_gemini_module.h"
#include "ngx_gemini_snapshot.h"

#if (NGX_THREADS)
#include <ngx_thread_pool.h>
#endif


#define NGX_HTTP_GEMINI_PERSIST_BUFFER  16384


/* a worker's, for one pool; begins as ngx_connection_t, for the debug log */

typedef struct {
    ngx_http_gemini_pool_conf_t   *pool;
    void                          *dummy;
    ngx_log_t                     *log;
    ngx_int_t                      ident;

    ngx_event_t                    event;      /* timer, or posted */
    u_char                        *name;       /* of the file */
    uint32_t                       hash;       /* .. which tells it apart */
    u_char                        *temp;
    ngx_fd_t                       fd;         /* of temp, while it writes */
    uint64_t                       bytes;
    ngx_uint_t                     sync;       /* 1: fsync is due */
    ngx_uint_t                     last;       /* 1: the process exits */
    ngx_err_t                      err;        /* of what failed */
    const char                    *failed;

    ngx_gemini_snapshot_t         *snapshot;
    ngx_gemini_out_t               out;
    u_char                        *buffer;

#if (NGX_THREADS)
    ngx_thread_pool_t             *threads;    /* NULL: there are none */
    ngx_thread_task_t              task;
#endif
} ngx_http_gemini_persist_t;


/*
 * NGX_ERROR: failed and err are set.  open, older: NGX_DECLINED if somebody
 * else writes the file; sync: NGX_AGAIN if a thread does it and will tell.
 */

/* whether a younger zone, whose master lives, has written the file */
ngx_int_t ngx_http_gemini_persist_older(ngx_http_gemini_persist_t *ps);
ngx_int_t ngx_http_gemini_persist_open(ngx_http_gemini_persist_t *ps);

/* the grow() of ps->out, which is its data: the buffer to the file */
ngx_int_t ngx_http_gemini_persist_grow(ngx_gemini_out_t *out);
ngx_int_t ngx_http_gemini_persist_sync(ngx_http_gemini_persist_t *ps);
ngx_int_t ngx_http_gemini_persist_rename(ngx_http_gemini_persist_t *ps);
void ngx_http_gemini_persist_close(ngx_http_gemini_persist_t *ps);

/* NGX_ERROR */
ngx_int_t ngx_http_gemini_persist_fail(ngx_http_gemini_persist_t *ps,
    const char *what, ngx_err_t err);

#if (NGX_THREADS)

/* of "thread_pool default" or "aio threads", NULL: there is none */
ngx_thread_pool_t *ngx_http_gemini_persist_threads(ngx_cycle_t *cycle);

/* in a thread: fsync, err is how it went */
void ngx_http_gemini_persist_thread(void *data, ngx_log_t *log);

#endif


#endif /* _NGX_HTTP_GEMINI_PERSIST_FILE_H_INCLUDED_ */
