
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The canonical name in a text or a path: for ngx_gemini_refs.c.
 */


#ifndef _NGX_GEMINI_NAME_H_INCLUDED_
#define _NGX_GEMINI_NAME_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_refs.h"


/* bytes that count of a text, its host and arguments aside */
#define NGX_GEMINI_NAME_MAX  512


typedef struct {
    const ngx_str_t           *kind;       /* "files" before a bare id, or
                                              NULL */
    const u_char              *data;       /* in text */
    size_t                     len;
    ngx_gemini_ref_e           type;
    u_char                     text[NGX_GEMINI_NAME_MAX];
} ngx_gemini_name_t;


/* name->type: of a bare id, NONE: that names nothing.  NGX_DECLINED: nothing
   of a project */
ngx_int_t ngx_gemini_name_text(ngx_gemini_name_t *name, const u_char *p,
    size_t len);

/* a decoded path, name->type NONE */
ngx_int_t ngx_gemini_name_path(ngx_gemini_name_t *name,
    const ngx_str_t *path);

ngx_uint_t ngx_gemini_name_collection(const ngx_str_t *path);
ngx_gemini_ref_e ngx_gemini_name_subject(const ngx_str_t *path);


#endif /* _NGX_GEMINI_NAME_H_INCLUDED_ */
