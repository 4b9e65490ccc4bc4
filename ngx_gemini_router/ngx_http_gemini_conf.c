
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_sha1.h>

#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_conf.h"
#include "ngx_http_gemini_pool_conf.h"


static char *ngx_http_gemini_conf_use(ngx_conf_t *cf,
    ngx_http_gemini_pool_conf_t **pool);
static char *ngx_http_gemini_conf_uri(ngx_conf_t *cf, const char *name,
    ngx_str_t *uri);
static ngx_int_t ngx_http_gemini_conf_check_pass(ngx_conf_t *cf,
    const ngx_http_gemini_pass_t *pass);
static ngx_http_core_loc_conf_t *ngx_http_gemini_conf_exact(
    ngx_http_location_tree_node_t *node, const ngx_str_t *uri);
static void ngx_http_gemini_conf_salt(ngx_http_gemini_main_conf_t *gmcf);


ngx_http_gemini_pool_conf_t *
ngx_http_gemini_conf_find(ngx_conf_t *cf, ngx_http_gemini_main_conf_t *gmcf,
    ngx_str_t *name)
{
    ngx_uint_t                     i;
    ngx_http_gemini_pool_conf_t   *pcf, **pcfp;

    pcfp = gmcf->pools.elts;

    for (i = 0; i < gmcf->pools.nelts; i++) {
        if (ngx_http_gemini_same(&pcfp[i]->gc.name, name)) {
            return pcfp[i];
        }
    }

    pcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_gemini_pool_conf_t));
    if (pcf == NULL) {
        return NULL;
    }

    pcf->gc.name = *name;
    pcf->file = cf->conf_file->file.name.data;
    pcf->line = cf->conf_file->line;

    pcfp = ngx_array_push(&gmcf->pools);
    if (pcfp == NULL) {
        return NULL;
    }

    *pcfp = pcf;

    return pcf;
}


char *
ngx_http_gemini_conf_pass(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_gemini_loc_conf_t *glcf = conf;

    char                         *rv;
    ngx_str_t                    *value;
    ngx_http_gemini_pass_t       *pass;
    ngx_http_core_loc_conf_t     *clcf;
    ngx_http_gemini_conf_post_t  *post = cmd->post;
    ngx_http_gemini_main_conf_t  *gmcf;

    value = cf->args->elts;

    if (glcf->pool != NULL) {
        return glcf->select ? "conflicts with \"gemini_select\""
                            : "is duplicate";
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->handler != NULL) {
        return "conflicts with another content handler of the location";
    }

    rv = ngx_http_gemini_conf_uri(cf, "gemini_pass", &value[2]);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    rv = ngx_http_gemini_conf_use(cf, &glcf->pool);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    glcf->uri = value[2];
    clcf->handler = post->handler;

    gmcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_gemini_router_module);

    pass = ngx_array_push(&gmcf->passes);
    if (pass == NULL) {
        return NGX_CONF_ERROR;
    }

    pass->uri = value[2];
    pass->handler = post->handler;
    pass->cscf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_core_module);
    pass->clcf = clcf;
    pass->file = cf->conf_file->file.name.data;
    pass->line = cf->conf_file->line;

    return NGX_CONF_OK;
}


char *
ngx_http_gemini_conf_select(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_gemini_loc_conf_t *glcf = conf;

    ngx_http_gemini_main_conf_t  *gmcf;

    if (glcf->pool != NULL) {
        return glcf->select ? "is duplicate"
                            : "conflicts with \"gemini_pass\"";
    }

    gmcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_gemini_router_module);

    gmcf->select = 1;
    glcf->select = 1;

    return ngx_http_gemini_conf_use(cf, &glcf->pool);
}


char *
ngx_http_gemini_conf_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_gemini_loc_conf_t *glcf = conf;

    char                         *rv;
    ngx_str_t                    *value, uri;
    ngx_http_core_loc_conf_t     *clcf;
    ngx_http_gemini_conf_post_t  *post = cmd->post;

    if (glcf->status != NULL) {
        return "is duplicate";
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->handler != NULL) {
        return "conflicts with another content handler of the location";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 3) {

        if (ngx_strncmp(value[2].data, "control=", 8) != 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\" of "
                               "\"gemini_status\": \"control=\" expected",
                               &value[2]);
            return NGX_CONF_ERROR;
        }

        uri.data = value[2].data + 8;
        uri.len = value[2].len - 8;

        rv = ngx_http_gemini_conf_uri(cf, "gemini_status", &uri);
        if (rv != NGX_CONF_OK) {
            return rv;
        }

        glcf->control = uri;
    }

    clcf->handler = post->handler;

    return ngx_http_gemini_conf_use(cf, &glcf->status);
}


char *
ngx_http_gemini_conf_control(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_gemini_loc_conf_t *glcf = conf;

    ngx_http_core_loc_conf_t     *clcf;
    ngx_http_gemini_conf_post_t  *post = cmd->post;

    if (glcf->operate != NULL) {
        return "is duplicate";
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->handler != NULL) {
        return "conflicts with another content handler of the location";
    }

    clcf->handler = post->handler;

    return ngx_http_gemini_conf_use(cf, &glcf->operate);
}


/* the pool that the first argument names */

static char *
ngx_http_gemini_conf_use(ngx_conf_t *cf, ngx_http_gemini_pool_conf_t **pool)
{
    ngx_str_t                    *value;
    ngx_http_gemini_srv_conf_t   *gscf;
    ngx_http_gemini_main_conf_t  *gmcf;

    value = cf->args->elts;

    gmcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_gemini_router_module);
    gscf = ngx_http_conf_get_module_srv_conf(cf,
                                             ngx_http_gemini_router_module);
    gscf->used = 1;

    *pool = ngx_http_gemini_conf_find(cf, gmcf, &value[1]);

    return (*pool == NULL) ? NGX_CONF_ERROR : NGX_CONF_OK;
}


static char *
ngx_http_gemini_conf_uri(ngx_conf_t *cf, const char *name, ngx_str_t *uri)
{
    if (uri->len && uri->data[0] == '/') {
        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid URI \"%V\" of \"%s\": %s that begins with "
                       "\"/\" expected", uri, name,
                       (uri->len && uri->data[0] == '@')
                       ? "not a named location but one" : "one");

    return NGX_CONF_ERROR;
}


/* gemini_error; is gemini_error on; */

char *
ngx_http_gemini_conf_error(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_gemini_loc_conf_t *glcf = conf;

    if (cf->args->nelts == 2) {
        return ngx_conf_set_flag_slot(cf, cmd, conf);
    }

    if (glcf->error != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    glcf->error = 1;

    return NGX_CONF_OK;
}


char *
ngx_http_gemini_conf_init(ngx_conf_t *cf, void *conf)
{
    ngx_http_gemini_main_conf_t *gmcf = conf;

    ngx_uint_t                     i;
    ngx_http_gemini_pool_conf_t  **pcfp;

    pcfp = gmcf->pools.elts;

    for (i = 0; i < gmcf->pools.nelts; i++) {
        if (pcfp[i]->defined) {
            continue;
        }

        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "unknown gemini_pool \"%V\": the name of a gemini_pool "
                      "block expected in %s:%ui",
                      &pcfp[i]->gc.name, pcfp[i]->file, pcfp[i]->line);
        return NGX_CONF_ERROR;
    }

    ngx_conf_init_value(gmcf->malloc_trim, 0);

    ngx_http_gemini_conf_salt(gmcf);

    return NGX_CONF_OK;
}


/*
 * The same in all workers, over reloads and restarts, and unknown to who
 * reads the log: made of the secrets.
 */

static void
ngx_http_gemini_conf_salt(ngx_http_gemini_main_conf_t *gmcf)
{
    u_char                         hash[20];
    uint32_t                       k;
    ngx_sha1_t                     sha1;
    ngx_uint_t                     i;
    ngx_http_gemini_pool_conf_t  **pcfp;

    ngx_sha1_init(&sha1);

    pcfp = gmcf->pools.elts;

    for (i = 0; i < gmcf->pools.nelts; i++) {
        for (k = 0; k < pcfp[i]->gc.nkeys; k++) {
            ngx_sha1_update(&sha1, pcfp[i]->secrets[k].data,
                            pcfp[i]->secrets[k].len);
        }
    }

    ngx_sha1_final(hash, &sha1);

    ngx_memcpy(gmcf->salt, hash, sizeof(gmcf->salt));
}


ngx_int_t
ngx_http_gemini_conf_check(ngx_conf_t *cf)
{
    ngx_uint_t                    i;
    ngx_http_gemini_pass_t       *pass;
    ngx_http_gemini_main_conf_t  *gmcf;

    gmcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_gemini_router_module);
    pass = gmcf->passes.elts;

    for (i = 0; i < gmcf->passes.nelts; i++) {
        if (ngx_http_gemini_conf_check_pass(cf, &pass[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_gemini_conf_check_pass(ngx_conf_t *cf,
    const ngx_http_gemini_pass_t *pass)
{
    const char                *wrong;
    ngx_http_conf_ctx_t       *ctx;
    ngx_http_core_loc_conf_t  *clcf;

    ctx = pass->cscf->ctx;
    clcf = ctx->loc_conf[ngx_http_core_module.ctx_index];

    clcf = ngx_http_gemini_conf_exact(clcf->static_locations, &pass->uri);

    if (pass->clcf->handler != pass->handler) {
        wrong = "conflicts with another content handler of the location";

    } else if (clcf == NULL) {
        wrong = "names no location: an exact one in the same server "
                "expected, \"location = URI\"";

    } else if (!clcf->internal) {
        wrong = "names a location that clients can reach: \"internal\" "
                "expected in it";

    } else if (clcf->handler == NULL || clcf->handler == pass->handler) {
        wrong = "names a location that passes nothing on: \"proxy_pass\" "
                "expected in it";

    } else {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "\"gemini_pass\" with URI \"%V\" %s in %s:%ui",
                  &pass->uri, wrong, pass->file, pass->line);

    return NGX_ERROR;
}


/* as ngx_http_core_find_static_location() walks, for exact names only */

static ngx_http_core_loc_conf_t *
ngx_http_gemini_conf_exact(ngx_http_location_tree_node_t *node,
    const ngx_str_t *uri)
{
    u_char     *p;
    size_t      len, n;
    ngx_int_t   rc;

    p = uri->data;
    len = uri->len;

    while (node != NULL) {

        n = ngx_min(len, (size_t) node->len);

        rc = ngx_filename_cmp(p, node->name, n);

        if (rc != 0) {
            node = (rc < 0) ? node->left : node->right;
            continue;
        }

        if (len == (size_t) node->len) {
            return node->exact;
        }

        if (len < (size_t) node->len) {
            node = node->left;
            continue;
        }

        if (node->inclusive == NULL) {
            node = node->right;
            continue;
        }

        node = node->tree;
        p += n;
        len -= n;
    }

    return NULL;
}
