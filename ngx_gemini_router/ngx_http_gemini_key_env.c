
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Keys from the environment.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_param.h"
#include "ngx_http_gemini_pool_conf.h"


/* a word of Google's SDKs that is no key */
#define NGX_HTTP_GEMINI_ENV_OTHER  "GEMINI_API_KEY_AUTH_MECHANISM"


static ngx_array_t *ngx_http_gemini_key_env_find(
    ngx_http_gemini_block_t *block, const ngx_str_t *head, ngx_uint_t all);
static int ngx_libc_cdecl ngx_http_gemini_key_env_cmp(const void *one,
    const void *two);
static ngx_int_t ngx_http_gemini_key_env_add(ngx_http_gemini_block_t *block,
    const ngx_http_gemini_key_item_t *item, char *var);
static ngx_int_t ngx_http_gemini_key_env_keep(ngx_conf_t *cf,
    ngx_str_t *name);


extern char  **environ;


/* env:NAME, or env:NAME* for NAME and NAME_... */

ngx_int_t
ngx_http_gemini_key_env(ngx_http_gemini_block_t *block,
    ngx_http_gemini_key_item_t *item, ngx_str_t *name)
{
    char        **var;
    ngx_str_t     head;
    ngx_uint_t    i;
    ngx_array_t  *vars;

    head = *name;

    if (head.len && head.data[head.len - 1] == '*') {
        item->repeat = 1;
        head.len--;
    }

    if (head.len == 0
        || ngx_strlchr(head.data, head.data + head.len, '*') != NULL
        || ngx_strlchr(head.data, head.data + head.len, '=') != NULL)
    {
        ngx_http_gemini_key_invalid(block, "env:", name,
                                    "NAME or NAME* expected");
        return NGX_ERROR;
    }

    vars = ngx_http_gemini_key_env_find(block, &head, item->repeat);
    if (vars == NULL) {
        return NGX_ERROR;
    }

    var = vars->elts;

    for (i = 0; i < vars->nelts; i++) {
        if (ngx_http_gemini_key_env_add(block, item, var[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    /* nginx -s may be given without it */

    if (i == 0 && !item->repeat && ngx_process != NGX_PROCESS_SIGNALLER) {
        ngx_http_gemini_key_invalid(block, "env:", name,
                                    "a variable that is set expected");
        return NGX_ERROR;
    }

    return NGX_OK;
}


/*
 * "NAME=value" of those set, in order.  The master's environ is whole at each
 * reload: nginx replaces it in workers only.
 */

static ngx_array_t *
ngx_http_gemini_key_env_find(ngx_http_gemini_block_t *block,
    const ngx_str_t *head, ngx_uint_t all)
{
    char         **env, **var;
    u_char        *p;
    ngx_array_t   *vars;

    static const char  other[] = NGX_HTTP_GEMINI_ENV_OTHER "=";

    vars = ngx_array_create(block->cf->temp_pool, 8, sizeof(char *));
    if (vars == NULL) {
        return NULL;
    }

    for (env = environ; *env; env++) {

        if (ngx_strncmp(*env, head->data, head->len) != 0
            || ngx_strncmp(*env, other, sizeof(other) - 1) == 0)
        {
            continue;
        }

        p = (u_char *) *env + head->len;

        if (*p == '_' && all) {
            p = (u_char *) ngx_strchr(p, '=');
        }

        if (p == NULL || p[0] != '=' || p[1] == '\0') {
            continue;
        }

        var = ngx_array_push(vars);
        if (var == NULL) {
            return NULL;
        }

        *var = *env;
    }

    ngx_qsort(vars->elts, vars->nelts, sizeof(char *),
              ngx_http_gemini_key_env_cmp);

    return vars;
}


static int ngx_libc_cdecl
ngx_http_gemini_key_env_cmp(const void *one, const void *two)
{
    char * const  *first = one;
    char * const  *second = two;

    return ngx_strcmp(*first, *second);
}


static ngx_int_t
ngx_http_gemini_key_env_add(ngx_http_gemini_block_t *block,
    const ngx_http_gemini_key_item_t *item, char *var)
{
    u_char                     *p, *value;
    ngx_str_t                   name, secret;
    ngx_http_gemini_key_item_t  key;

    value = (u_char *) ngx_strchr(var, '=') + 1;

    name.data = (u_char *) var;
    name.len = value - name.data - 1;

    p = ngx_pnalloc(block->cf->pool, name.len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_cpystrn(p, name.data, name.len + 1);
    name.data = p;

    if (ngx_http_gemini_key_env_keep(block->cf, &name) != NGX_OK) {
        return NGX_ERROR;
    }

    key = *item;

    if (key.conf.label.len == 0
        && ngx_http_gemini_param_label(NULL, &name, &key.conf.label)
           != NGX_OK)
    {
        ngx_http_gemini_key_invalid(block, "env:", &name,
                                    "name= expected, for the variable's name "
                                    "cannot be a label");
        return NGX_ERROR;
    }

    secret.data = value;
    secret.len = ngx_strlen(value);

    secret.data = ngx_pstrdup(block->cf->pool, &secret);
    if (secret.data == NULL) {
        return NGX_ERROR;
    }

    return ngx_http_gemini_key_add(block, &key, &secret);
}


/* as "env NAME" does: a master started by USR2 gets only these */

static ngx_int_t
ngx_http_gemini_key_env_keep(ngx_conf_t *cf, ngx_str_t *name)
{
    ngx_str_t        *var;
    ngx_uint_t        i;
    ngx_core_conf_t  *ccf;

    ccf = (ngx_core_conf_t *) ngx_get_conf(cf->cycle->conf_ctx,
                                           ngx_core_module);
    var = ccf->env.elts;

    for (i = 0; i < ccf->env.nelts; i++) {
        if (ngx_http_gemini_same(&var[i], name)) {
            return NGX_OK;
        }
    }

    var = ngx_array_push(&ccf->env);
    if (var == NULL) {
        return NGX_ERROR;
    }

    *var = *name;

    return NGX_OK;
}
