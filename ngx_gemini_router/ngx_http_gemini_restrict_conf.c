
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Directives that narrow what the pool allows; their values may hold
 * variables, and are checked here when they do not.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_gemini_glob.h"
#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_conf.h"
#include "ngx_http_gemini_param.h"


typedef struct {
    ngx_str_t                      name;
    size_t                         offset;
    ngx_uint_t                     families;
} ngx_http_gemini_list_t;


static ngx_http_complex_value_t *ngx_http_gemini_conf_complex(ngx_conf_t *cf,
    ngx_str_t *value);
static char *ngx_http_gemini_conf_list(ngx_conf_t *cf, ngx_str_t *word,
    ngx_http_gemini_loc_conf_t *glcf);
static char *ngx_http_gemini_conf_list_check(ngx_conf_t *cf,
    const ngx_http_gemini_list_t *list, ngx_str_t *value);
static ngx_uint_t ngx_http_gemini_conf_families(ngx_str_t *value);


static const ngx_http_gemini_list_t  ngx_http_gemini_conf_lists[] = {

    { ngx_string("keys="),
      offsetof(ngx_http_gemini_loc_conf_t, restrict_keys), 0 },

    { ngx_string("models="),
      offsetof(ngx_http_gemini_loc_conf_t, restrict_models), 0 },

    { ngx_string("families="),
      offsetof(ngx_http_gemini_loc_conf_t, restrict_families), 1 },

    { ngx_null_string, 0, 0 }
};


char *
ngx_http_gemini_conf_restrict(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_gemini_loc_conf_t *glcf = conf;

    char        *rv;
    ngx_str_t   *value;
    ngx_uint_t   i;

    if (glcf->restrict_keys != NGX_CONF_UNSET_PTR
        || glcf->restrict_models != NGX_CONF_UNSET_PTR
        || glcf->restrict_families != NGX_CONF_UNSET_PTR)
    {
        return "is duplicate";
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {
        rv = ngx_http_gemini_conf_list(cf, &value[i], glcf);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_gemini_conf_list(ngx_conf_t *cf, ngx_str_t *word,
    ngx_http_gemini_loc_conf_t *glcf)
{
    ngx_str_t                       value;
    ngx_http_complex_value_t      **cv;
    const ngx_http_gemini_list_t   *list;

    for (list = ngx_http_gemini_conf_lists; list->name.len; list++) {

        if (ngx_strncmp(word->data, list->name.data, list->name.len) != 0) {
            continue;
        }

        cv = (ngx_http_complex_value_t **) ((char *) glcf + list->offset);

        if (*cv != NGX_CONF_UNSET_PTR) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "duplicate parameter \"%V\" of "
                               "\"gemini_restrict\"", &list->name);
            return NGX_CONF_ERROR;
        }

        value.data = word->data + list->name.len;
        value.len = word->len - list->name.len;

        *cv = ngx_http_gemini_conf_complex(cf, &value);
        if (*cv == NULL) {
            return NGX_CONF_ERROR;
        }

        return (*cv)->lengths
               ? NGX_CONF_OK
               : ngx_http_gemini_conf_list_check(cf, list, &value);
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid parameter \"%V\" of \"gemini_restrict\": "
                       "\"keys=\", \"models=\" or \"families=\" expected",
                       word);

    return NGX_CONF_ERROR;
}


static char *
ngx_http_gemini_conf_list_check(ngx_conf_t *cf,
    const ngx_http_gemini_list_t *list, ngx_str_t *value)
{
    ngx_str_t    globs;
    const char  *expected;

    if (ngx_http_gemini_param_globs(NULL, value, &globs) != NGX_OK) {
        expected = NGX_HTTP_GEMINI_EXPECT_GLOBS;

    } else if (list->families && !ngx_http_gemini_conf_families(value)) {
        expected = "generate, count, embed, models, upload, files, caches, "
                   "batches, stores, interactions, live, auth_tokens, "
                   "tunedModels, agents, webhooks, credentials or unknown "
                   "expected";

    } else {
        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid value \"%V\" of \"%V\" in "
                       "\"gemini_restrict\": %s",
                       value, &list->name, expected);

    return NGX_CONF_ERROR;
}


/* 1: each item names a family */

static ngx_uint_t
ngx_http_gemini_conf_families(ngx_str_t *value)
{
    u_char      *p, *last, *comma;
    ngx_str_t    item, name;
    ngx_uint_t   i;

    p = value->data;
    last = p + value->len;

    for ( ;; ) {
        comma = ngx_strlchr(p, last, ',');

        item.data = p;
        item.len = (comma ? comma : last) - p;

        for (i = 0; i < NGX_GEMINI_FAMILIES; i++) {
            name.data = (u_char *) ngx_gemini_family_name(i);
            name.len = ngx_strlen(name.data);

            if (ngx_gemini_glob(&item, &name)) {
                break;
            }
        }

        if (i == NGX_GEMINI_FAMILIES) {
            return 0;
        }

        if (comma == NULL) {
            return 1;
        }

        p = comma + 1;
    }
}


char *
ngx_http_gemini_conf_value(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t                  *value, field;
    ngx_http_gemini_param_t    *param = cmd->post;
    ngx_http_complex_value_t  **cv;

    cv = (ngx_http_complex_value_t **) ((char *) conf + cmd->offset);

    if (*cv != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    *cv = ngx_http_gemini_conf_complex(cf, &value[1]);
    if (*cv == NULL) {
        return NGX_CONF_ERROR;
    }

    /* an empty one is as none, and so undoes that of an outer level */

    if ((*cv)->lengths == NULL && value[1].len != 0
        && param->set(param, &value[1], &field) != NGX_OK)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" in \"%V\" directive: %s",
                           &value[1], &cmd->name, param->expected);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_http_complex_value_t *
ngx_http_gemini_conf_complex(ngx_conf_t *cf, ngx_str_t *value)
{
    ngx_http_complex_value_t          *cv;
    ngx_http_compile_complex_value_t   ccv;

    cv = ngx_palloc(cf->pool, sizeof(ngx_http_complex_value_t));
    if (cv == NULL) {
        return NULL;
    }

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = value;
    ccv.complex_value = cv;

    if (ngx_http_compile_complex_value(&ccv) != NGX_OK) {
        return NULL;
    }

    return cv;
}
