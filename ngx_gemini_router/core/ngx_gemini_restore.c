
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * A state file's text into a fresh pool.  It is read three times: to check
 * it, for the models, whose spare slots others need, and for the rest.
 */


#include "ngx_gemini_restore.h"


static ngx_int_t ngx_gemini_restore_value(void *data, const ngx_str_t *path,
    ngx_gemini_json_e type, const ngx_str_t *value);
static ngx_int_t ngx_gemini_restore_list(ngx_gemini_restore_t *rs,
    ngx_uint_t list, const ngx_str_t *path, const ngx_str_t *rest,
    ngx_gemini_json_e type, const ngx_str_t *value);
static ngx_int_t ngx_gemini_restore_wrong(ngx_gemini_restore_t *rs,
    const ngx_str_t *path, uint32_t record, const char *reason);
static const char *ngx_gemini_restore_head(const ngx_gemini_restore_t *rs);
static ngx_uint_t ngx_gemini_restore_same(const ngx_gemini_slot_t *slot,
    const ngx_str_t *label);


ngx_int_t
ngx_gemini_restore(ngx_gemini_view_t *gv, const ngx_gemini_conf_t *gc,
    const ngx_str_t *text, uint64_t now, ngx_gemini_restore_error_t *error)
{
    const char            *reason;
    ngx_gemini_restore_t   rs;

    ngx_memzero(&rs, sizeof(ngx_gemini_restore_t));
    ngx_memzero(error, sizeof(ngx_gemini_restore_error_t));

    rs.gv = gv;
    rs.gc = gc;
    rs.now = now;
    rs.error = error;

    if (ngx_gemini_json_read(text->data, text->len, ngx_gemini_restore_value,
                             &rs)
        != NGX_OK)
    {
        if (error->reason == NULL) {
            error->reason = "is not whole JSON";
        }

        return NGX_DECLINED;
    }

    reason = ngx_gemini_restore_head(&rs);

    if (reason != NULL) {
        error->reason = reason;
        return NGX_DECLINED;
    }

    for (rs.pass = NGX_GEMINI_RESTORE_MODELS;
         rs.pass < NGX_GEMINI_RESTORE_PASSES;
         rs.pass++)
    {
        (void) ngx_gemini_json_read(text->data, text->len,
                                    ngx_gemini_restore_value, &rs);
    }

    ngx_gemini_restore_root(&rs);

    return NGX_OK;
}


void
ngx_gemini_restore_writer(const ngx_str_t *text, uint32_t *pid,
    uint64_t *born)
{
    ngx_gemini_restore_t        rs;
    ngx_gemini_restore_error_t  error;

    ngx_memzero(&rs, sizeof(ngx_gemini_restore_t));

    rs.error = &error;

    (void) ngx_gemini_json_read(text->data, text->len,
                                ngx_gemini_restore_value, &rs);

    *pid = rs.root.pid;
    *born = rs.root.born;
}


static ngx_int_t
ngx_gemini_restore_value(void *data, const ngx_str_t *path,
    ngx_gemini_json_e type, const ngx_str_t *value)
{
    ngx_gemini_restore_t *rs = data;

    ngx_str_t    rest;
    ngx_uint_t   i;
    const char  *reason;

    for (i = 0; i < NGX_GEMINI_SAVED_LISTS; i++) {

        if (ngx_gemini_saved_member(ngx_gemini_saved_lists[i].name, path,
                                    &rest))
        {
            return ngx_gemini_restore_list(rs, i, path, &rest, type, value);
        }
    }

    reason = ngx_gemini_saved_read(ngx_gemini_saved_root_fields, &rs->root,
                                   path, type, value);

    if (reason == NULL && rs->root.version > NGX_GEMINI_SAVED_VERSION) {
        reason = "is of a later version";
    }

    return ngx_gemini_restore_wrong(rs, path, 0, reason);
}


/* rest: what follows the list's name in path */

static ngx_int_t
ngx_gemini_restore_list(ngx_gemini_restore_t *rs, ngx_uint_t list,
    const ngx_str_t *path, const ngx_str_t *rest, ngx_gemini_json_e type,
    const ngx_str_t *value)
{
    ngx_str_t    member;
    const char  *reason;

    if (rest->len == 0) {
        rs->list = list;
        rs->n = 0;

        return (type == NGX_GEMINI_JSON_CLOSE
                || (type == NGX_GEMINI_JSON_OPEN && value->data[0] == '['))
               ? NGX_OK
               : ngx_gemini_restore_wrong(rs, path, 0, "is not a list");
    }

    if (list != rs->list || rest->len < 2 || rest->data[0] != '[') {
        return ngx_gemini_restore_wrong(rs, path, 0, "is not a list");
    }

    if (rest->len == 2) {

        if (type == NGX_GEMINI_JSON_OPEN && value->data[0] == '{') {
            ngx_memzero(&rs->record, sizeof(ngx_gemini_restore_record_t));
            rs->n++;
            return NGX_OK;
        }

        if (type == NGX_GEMINI_JSON_CLOSE) {
            ngx_gemini_restore_record(rs);
            return NGX_OK;
        }

        return ngx_gemini_restore_wrong(rs, path, rs->n + 1,
                                        "is not an object");
    }

    member.data = rest->data + 3;
    member.len = rest->len - 3;

    reason = ngx_gemini_saved_read(ngx_gemini_saved_lists[list].fields,
                                   &rs->record, &member, type, value);

    return ngx_gemini_restore_wrong(rs, path, rs->n, reason);
}


/* reason: NULL: nothing is */

static ngx_int_t
ngx_gemini_restore_wrong(ngx_gemini_restore_t *rs, const ngx_str_t *path,
    uint32_t record, const char *reason)
{
    if (reason == NULL) {
        return NGX_OK;
    }

    rs->error->reason = reason;
    rs->error->record = record;
    rs->error->len = ngx_min(path->len, NGX_GEMINI_RESTORE_PATH);

    ngx_memcpy(rs->error->path, path->data, rs->error->len);

    return NGX_DECLINED;
}


static const char *
ngx_gemini_restore_head(const ngx_gemini_restore_t *rs)
{
    if (rs->root.version != NGX_GEMINI_SAVED_VERSION) {
        return "names no version";
    }

    if (!ngx_gemini_restore_same(&rs->root.pool, &rs->gc->name)) {
        return "is of another pool";
    }

    return NULL;
}


static ngx_uint_t
ngx_gemini_restore_same(const ngx_gemini_slot_t *slot, const ngx_str_t *label)
{
    return slot->len == ngx_min(label->len, NGX_GEMINI_MODEL_MAX)
           && (slot->len == 0
               || ngx_memcmp(slot->label, label->data, slot->len) == 0);
}
