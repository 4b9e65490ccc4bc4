
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The URLs of a resumable upload, gemini-api.md 1.4: Google's host is always
 * in them, and the key where the call that began it had it in its query.
 */


#ifndef _NGX_GEMINI_UPLOAD_H_INCLUDED_
#define _NGX_GEMINI_UPLOAD_H_INCLUDED_


#include "ngx_gemini.h"


/*
 * url, as Google gave it, for the client: base (scheme, host, path prefix;
 * no slash at its end) instead of Google's, credentials cut off; at dst,
 * base->len + url->len bytes.  id: the upload_id in it, raw, or empty.  A URL
 * that is none of an upload keeps its host.  NGX_ERROR: neither URL nor path.
 */
ngx_int_t ngx_gemini_upload_url(const ngx_str_t *url, const ngx_str_t *base,
    u_char *dst, ngx_str_t *result, ngx_str_t *id);


#endif /* _NGX_GEMINI_UPLOAD_H_INCLUDED_ */
