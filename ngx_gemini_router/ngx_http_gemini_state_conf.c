
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The state directive: a file that the worker's user can write.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include <sys/statvfs.h>

#if (NGX_LINUX)
#include <sys/xattr.h>
#endif

#include "ngx_http_gemini_module.h"
#include "ngx_http_gemini_pool_conf.h"


#define NGX_HTTP_GEMINI_STATE_GROUPS  64

#define NGX_HTTP_GEMINI_STATE_WRITE   02
#define NGX_HTTP_GEMINI_STATE_SEARCH  01


/* whom the workers will run as */

typedef struct {
    ngx_uid_t                      uid;
    const char                    *name;
    int                            ngroups;
    gid_t                          groups[NGX_HTTP_GEMINI_STATE_GROUPS];
} ngx_http_gemini_state_user_t;


static ngx_int_t ngx_http_gemini_state_unique(ngx_http_gemini_block_t *block,
    ngx_str_t *word, ngx_str_t *path);
static ngx_int_t ngx_http_gemini_state_check(ngx_http_gemini_block_t *block,
    ngx_str_t *word, ngx_str_t *path);
static ngx_err_t ngx_http_gemini_state_user(ngx_conf_t *cf,
    ngx_http_gemini_state_user_t *user);
static ngx_err_t ngx_http_gemini_state_path(
    const ngx_http_gemini_state_user_t *user, u_char *path);
static ngx_err_t ngx_http_gemini_state_directory(
    const ngx_http_gemini_state_user_t *user, u_char *path,
    ngx_uint_t wanted);
static ngx_uint_t ngx_http_gemini_state_listed(u_char *path);


ngx_int_t
ngx_http_gemini_pool_state(ngx_http_gemini_block_t *block,
    const ngx_http_gemini_item_t *item, ngx_str_t *words, ngx_uint_t n)
{
    ngx_str_t  path;

    if (ngx_strcmp(words[0].data, "off") == 0) {
        return NGX_OK;
    }

    if (words[0].len == 0 || words[0].data[words[0].len - 1] == '/') {
        ngx_http_gemini_param_invalid(&block->place, &item->name, &words[0],
                                      "\"off\" or the name of a file "
                                      "expected");
        return NGX_ERROR;
    }

    path = words[0];

    if (ngx_conf_full_name(block->cf->cycle, &path, 0) != NGX_OK
        || ngx_http_gemini_state_unique(block, &words[0], &path) != NGX_OK)
    {
        return NGX_ERROR;
    }

    block->pcf->gc.state = path;

    /* nginx -s may run as another user, and writes nothing */

    if (ngx_process == NGX_PROCESS_SIGNALLER) {
        return NGX_OK;
    }

    return ngx_http_gemini_state_check(block, &words[0], &path);
}


static ngx_int_t
ngx_http_gemini_state_unique(ngx_http_gemini_block_t *block, ngx_str_t *word,
    ngx_str_t *path)
{
    ngx_uint_t                     i;
    ngx_http_gemini_main_conf_t   *gmcf;
    ngx_http_gemini_pool_conf_t  **pcfp;

    gmcf = ngx_http_conf_get_module_main_conf(block->cf,
                                              ngx_http_gemini_router_module);
    pcfp = gmcf->pools.elts;

    for (i = 0; i < gmcf->pools.nelts; i++) {

        if (ngx_http_gemini_same(&pcfp[i]->gc.state, path)) {
            ngx_log_error(NGX_LOG_EMERG, block->place.log, 0,
                          "invalid value \"%V\" of \"state\" in gemini_pool "
                          "\"%V\": it is the file of pool \"%V\", another "
                          "one expected in %s:%ui",
                          word, block->place.pool, &pcfp[i]->gc.name,
                          block->place.file, block->place.line);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* the file is made anew and renamed, so that its directory matters */

static ngx_int_t
ngx_http_gemini_state_check(ngx_http_gemini_block_t *block, ngx_str_t *word,
    ngx_str_t *path)
{
    u_char                         *copy;
    ngx_err_t                       err;
    ngx_file_info_t                 fi;
    ngx_http_gemini_state_user_t    user;

    copy = ngx_pnalloc(block->cf->temp_pool, path->len + 1);
    if (copy == NULL) {
        return NGX_ERROR;
    }

    ngx_cpystrn(copy, path->data, path->len + 1);

    err = ngx_http_gemini_state_user(block->cf, &user);

    if (err == 0) {
        err = ngx_http_gemini_state_path(&user, copy);
    }

    if (err == 0
        && ngx_file_info(path->data, &fi) != NGX_FILE_ERROR
        && !ngx_is_file(&fi))
    {
        err = ngx_is_dir(&fi) ? NGX_EISDIR : NGX_EEXIST;
    }

    if (err == 0) {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_EMERG, block->place.log, err,
                  "invalid value \"%V\" of \"state\" in gemini_pool \"%V\": "
                  "a file that user \"%s\" can write expected in %s:%ui",
                  word, block->place.pool, user.name, block->place.file,
                  block->place.line);

    return NGX_ERROR;
}


/* "user" stands before "http", or is what nginx was built with */

static ngx_err_t
ngx_http_gemini_state_user(ngx_conf_t *cf, ngx_http_gemini_state_user_t *user)
{
    gid_t             gid;
    struct group     *grp;
    struct passwd    *pwd;
    ngx_core_conf_t  *ccf;

    ccf = (ngx_core_conf_t *) ngx_get_conf(cf->cycle->conf_ctx,
                                           ngx_core_module);

    user->ngroups = NGX_HTTP_GEMINI_STATE_GROUPS;

    if (geteuid() != 0) {
        pwd = getpwuid(geteuid());

        user->uid = geteuid();
        user->name = pwd ? pwd->pw_name : "nobody";
        gid = getegid();

    } else if (ccf->user != (ngx_uid_t) NGX_CONF_UNSET_UINT) {
        user->uid = ccf->user;
        user->name = ccf->username;
        gid = ccf->group;

    } else {
        user->name = NGX_USER;

        pwd = getpwnam(NGX_USER);
        grp = getgrnam(NGX_GROUP);

        if (pwd == NULL || grp == NULL) {
            return NGX_ENOENT;
        }

        user->uid = pwd->pw_uid;
        gid = grp->gr_gid;
    }

    if (getgrouplist(user->name, gid, user->groups, &user->ngroups) == -1) {
        user->ngroups = ngx_min(user->ngroups, NGX_HTTP_GEMINI_STATE_GROUPS);
    }

    return 0;
}


/* path is cut while its directories are looked at, and without its file
   afterwards */

static ngx_err_t
ngx_http_gemini_state_path(const ngx_http_gemini_state_user_t *user,
    u_char *path)
{
    u_char          *p, *next;
    ngx_err_t        err;
    struct statvfs   fs;

    /* full names begin with a slash */

    err = ngx_http_gemini_state_directory(user, (u_char *) "/",
                                          NGX_HTTP_GEMINI_STATE_SEARCH);

    p = path + 1;
    next = (u_char *) ngx_strchr(p, '/');

    while (err == 0 && next != NULL) {
        *next = '\0';
        err = ngx_http_gemini_state_directory(user, path,
                                              NGX_HTTP_GEMINI_STATE_SEARCH);
        *next = '/';

        p = next + 1;
        next = (u_char *) ngx_strchr(p, '/');
    }

    if (err) {
        return err;
    }

    *p = '\0';

    if (statvfs((char *) path, &fs) == 0 && (fs.f_flag & ST_RDONLY)) {
        return EROFS;
    }

    return ngx_http_gemini_state_directory(user, path,
                                           NGX_HTTP_GEMINI_STATE_WRITE
                                           |NGX_HTTP_GEMINI_STATE_SEARCH);
}


static ngx_err_t
ngx_http_gemini_state_directory(const ngx_http_gemini_state_user_t *user,
    u_char *path, ngx_uint_t wanted)
{
    int              i;
    ngx_uint_t       may;
    ngx_file_info_t  fi;

    if (ngx_file_info(path, &fi) == NGX_FILE_ERROR) {
        return ngx_errno;
    }

    if (!ngx_is_dir(&fi)) {
        return NGX_ENOTDIR;
    }

    if (user->uid == 0 || ngx_http_gemini_state_listed(path)) {
        return 0;
    }

    may = fi.st_mode;

    if (fi.st_uid == user->uid) {
        may >>= 6;

    } else {
        for (i = 0; i < user->ngroups; i++) {

            if (user->groups[i] == fi.st_gid) {
                may >>= 3;
                break;
            }
        }
    }

    return ((may & wanted) == wanted) ? 0 : NGX_EACCES;
}


/* an access control list may give more than the mode says */

static ngx_uint_t
ngx_http_gemini_state_listed(u_char *path)
{
#if (NGX_LINUX)
    return getxattr((char *) path, "system.posix_acl_access", NULL, 0) > 0;
#else
    return 0;
#endif
}
