
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Directives: the gemini_pool block (.._pool_conf, .._key_conf, .._key_env,
 * .._model_conf, .._key_resolve, .._resolve) and the setters of location
 * directives.
 */


#ifndef _NGX_HTTP_GEMINI_CONF_H_INCLUDED_
#define _NGX_HTTP_GEMINI_CONF_H_INCLUDED_


#include "ngx_http_gemini_module.h"


/* cmd->post of gemini_pass, _status and _control, which set it */

typedef struct {
    ngx_http_handler_pt            handler;
} ngx_http_gemini_conf_post_t;


char *ngx_http_gemini_conf_pool(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_gemini_conf_pass(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_gemini_conf_select(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_gemini_conf_restrict(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_gemini_conf_error(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_gemini_conf_status(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_gemini_conf_control(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* a complex value at cmd->offset; cmd->post: the param that a plain one is */
char *ngx_http_gemini_conf_value(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* the pool of that name, made at its first use; NULL: no memory */
ngx_http_gemini_pool_conf_t *ngx_http_gemini_conf_find(ngx_conf_t *cf,
    ngx_http_gemini_main_conf_t *gmcf, ngx_str_t *name);

/* http{} was read: unknown pools, the salt of $gemini_client_id */
char *ngx_http_gemini_conf_init(ngx_conf_t *cf, void *conf);

/* locations are built: the internal ones of gemini_pass */
ngx_int_t ngx_http_gemini_conf_check(ngx_conf_t *cf);


#endif /* _NGX_HTTP_GEMINI_CONF_H_INCLUDED_ */
