
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_name.h"
#include "ngx_gemini_refs.h"
#include "ngx_gemini_uri.h"


static void ngx_gemini_refs_argument(ngx_gemini_refs_t *refs,
    ngx_gemini_ref_e type, const ngx_str_t *value);
static ngx_int_t ngx_gemini_refs_token(ngx_gemini_refs_t *refs,
    ngx_gemini_ref_e type, const u_char *p, const u_char *end);
static ngx_uint_t ngx_gemini_refs_doubtful(const u_char *p, size_t len,
    ngx_uint_t cut);
static const u_char *ngx_gemini_refs_slashes(const u_char *p,
    const u_char *end);
static const u_char *ngx_gemini_refs_host_end(const u_char *p,
    const u_char *end);
static ngx_uint_t ngx_gemini_refs_has(const u_char *p, const u_char *end,
    const char *word);
static void ngx_gemini_refs_push(ngx_gemini_refs_t *refs,
    const ngx_gemini_name_t *name);
static ngx_gemini_ref_t *ngx_gemini_refs_slot(ngx_gemini_refs_t *refs,
    ngx_gemini_ref_e type, uint64_t hash);


/* by ngx_gemini_ref_e */

static const char *const  ngx_gemini_refs_names[NGX_GEMINI_REF_TYPES] = {
    "none", "file", "cache", "batch", "operation", "store", "corpus",
    "interaction", "tuned_model", "agent", "environment", "trigger", "voice",
    "webhook", "credential", "auth_token", "upload", "continuation", "page"
};


ngx_int_t
ngx_gemini_refs_add(ngx_gemini_refs_t *refs, ngx_gemini_ref_e type,
    const u_char *p, size_t len)
{
    ngx_gemini_name_t  name;

    if (type >= NGX_GEMINI_REF_UPLOAD) {
        return ngx_gemini_refs_token(refs, type, p, p + len);
    }

    name.type = type;

    if (ngx_gemini_name_text(&name, p, len) != NGX_OK) {
        return NGX_DECLINED;
    }

    ngx_gemini_refs_push(refs, &name);

    return NGX_OK;
}


void
ngx_gemini_refs_target(ngx_gemini_refs_t *refs, const ngx_str_t *path,
    const ngx_str_t *args)
{
    ngx_str_t             rest;
    ngx_gemini_name_t     name;
    ngx_gemini_uri_arg_t  arg;

    name.type = NGX_GEMINI_REF_NONE;

    if (ngx_gemini_name_path(&name, path) == NGX_OK) {
        ngx_gemini_refs_push(refs, &name);
    }

    if (args->len == 0) {
        return;
    }

    rest = *args;

    while (ngx_gemini_uri_next(&rest, &arg) == NGX_OK) {

        if (ngx_gemini_uri_is(arg.name.data, arg.name.len, "upload_id")) {
            ngx_gemini_refs_argument(refs, NGX_GEMINI_REF_UPLOAD,
                                     &arg.value);
        }

        if (ngx_gemini_uri_is(arg.name.data, arg.name.len, "pageToken")
            || ngx_gemini_uri_is(arg.name.data, arg.name.len, "page_token"))
        {
            ngx_gemini_refs_argument(refs, NGX_GEMINI_REF_PAGE, &arg.value);
        }
    }
}


ngx_uint_t
ngx_gemini_refs_collection(const ngx_str_t *path)
{
    return ngx_gemini_name_collection(path);
}


ngx_uint_t
ngx_gemini_refs_named(const ngx_str_t *path)
{
    ngx_gemini_name_t  name;

    name.type = NGX_GEMINI_REF_NONE;

    return ngx_gemini_name_path(&name, path) == NGX_OK;
}


ngx_gemini_ref_e
ngx_gemini_refs_subject(const ngx_str_t *path)
{
    return ngx_gemini_name_subject(path);
}


static void
ngx_gemini_refs_argument(ngx_gemini_refs_t *refs, ngx_gemini_ref_e type,
    const ngx_str_t *value)
{
    (void) ngx_gemini_refs_token(refs, type, value->data,
                                 value->data + value->len);
}


/* percent-encoded or not */

static ngx_int_t
ngx_gemini_refs_token(ngx_gemini_refs_t *refs, ngx_gemini_ref_e type,
    const u_char *p, const u_char *end)
{
    u_char              byte;
    uint64_t            hash;
    ngx_int_t           ch;
    ngx_gemini_token_t  token;

    ngx_gemini_token_init(&token, type);

    while (p < end) {
        ch = ngx_gemini_uri_byte(&p, end);

        if (ch == NGX_ERROR) {
            ch = *p++;
        }

        byte = (u_char) ch;

        if (byte != '\\') {
            ngx_gemini_token_feed(&token, &byte, 1);
        }
    }

    hash = ngx_gemini_token_hash(&token);

    if (hash == 0) {
        return NGX_DECLINED;
    }

    ngx_gemini_refs_put(refs, type, hash);

    return NGX_OK;
}


void
ngx_gemini_refs_put(ngx_gemini_refs_t *refs, ngx_gemini_ref_e type,
    uint64_t hash)
{
    size_t             len;
    ngx_gemini_ref_t  *ref;

    ref = ngx_gemini_refs_slot(refs, type, hash);

    if (ref != NULL) {
        len = ngx_strlen(ngx_gemini_refs_names[type]);

        ref->len = (uint8_t) len;
        ngx_memcpy(ref->name, ngx_gemini_refs_names[type], len);
    }
}


void
ngx_gemini_refs_doubt(ngx_gemini_refs_t *refs, const u_char *p, size_t len,
    ngx_uint_t cut)
{
    ngx_gemini_name_t  name;

    if (!ngx_gemini_refs_doubtful(p, len, cut)) {
        return;
    }

    name.kind = NULL;
    name.type = NGX_GEMINI_REF_FILE;
    name.data = p;
    name.len = len;

    ngx_gemini_refs_push(refs, &name);
}


/* a text that names nothing, but may be Google's */

static ngx_uint_t
ngx_gemini_refs_doubtful(const u_char *p, size_t len, ngx_uint_t cut)
{
    const u_char  *end, *last;

    end = p + len;

    p = ngx_gemini_refs_slashes(p, end);
    last = ngx_gemini_refs_host_end(p, end);

    if (last < end && last > p && last[-1] == ':') {

        /* that was the scheme */

        p = ngx_gemini_refs_slashes(last, end);
        last = ngx_gemini_refs_host_end(p, end);
    }

    return (cut && last == end)
           || ngx_gemini_refs_has(p, last, "generativelanguage");
}


/* behind blanks and slashes of either kind */

static const u_char *
ngx_gemini_refs_slashes(const u_char *p, const u_char *end)
{
    while (p < end && (*p <= ' ' || *p == '/' || *p == '\\')) {
        p++;
    }

    return p;
}


static const u_char *
ngx_gemini_refs_host_end(const u_char *p, const u_char *end)
{
    while (p < end && *p != '/' && *p != '\\' && *p != '?' && *p != '#') {
        p++;
    }

    return p;
}


/* a word in small letters anywhere, percent-encoded or not */

static ngx_uint_t
ngx_gemini_refs_has(const u_char *p, const u_char *end, const char *word)
{
    ngx_int_t      ch;
    const char    *w;
    const u_char  *q;

    for ( /* void */ ; p < end; p++) {

        for (q = p, w = word; q < end && *w; w++) {
            ch = ngx_gemini_uri_byte(&q, end);

            if (ch == NGX_ERROR || (ch | 0x20) != (u_char) *w) {
                break;
            }
        }

        if (*w == '\0') {
            return 1;
        }
    }

    return 0;
}


static void
ngx_gemini_refs_push(ngx_gemini_refs_t *refs, const ngx_gemini_name_t *name)
{
    u_char            *p;
    size_t             len;
    uint64_t           hash;
    ngx_gemini_ref_t  *ref;

    hash = NGX_GEMINI_REFS_SEED;

    if (name->kind != NULL) {
        hash = ngx_gemini_refs_hash(hash, name->kind->data, name->kind->len);
        hash = ngx_gemini_refs_hash(hash, (u_char *) "/", 1);
    }

    hash = ngx_gemini_refs_hash(hash, name->data, name->len);

    ref = ngx_gemini_refs_slot(refs, name->type, ngx_gemini_refs_mix(hash));
    if (ref == NULL) {
        return;
    }

    p = ref->name;

    if (name->kind != NULL) {
        p = ngx_cpymem(p, name->kind->data, name->kind->len);
        *p++ = '/';
    }

    len = ref->name + NGX_GEMINI_REF_NAME - p;
    p = ngx_cpymem(p, name->data, ngx_min(len, name->len));

    ref->len = (uint8_t) (p - ref->name);
}


/* NULL: it is there, or there is no room */

static ngx_gemini_ref_t *
ngx_gemini_refs_slot(ngx_gemini_refs_t *refs, ngx_gemini_ref_e type,
    uint64_t hash)
{
    uint32_t           i;
    ngx_gemini_ref_t  *ref;

    if (refs->overflow) {
        return NULL;
    }

    /* what an answer says twice stands close together */

    for (i = refs->nelts; i-- > 0; /* void */ ) {
        if (refs->elts[i].hash == hash) {
            return NULL;
        }
    }

    if (refs->nelts == refs->size) {
        refs->overflow = 1;
        return NULL;
    }

    ref = &refs->elts[refs->nelts++];

    ngx_memzero(ref, sizeof(ngx_gemini_ref_t));

    ref->hash = hash;
    ref->type = (uint8_t) type;

    return ref;
}


uint64_t
ngx_gemini_refs_hash(uint64_t hash, const u_char *p, size_t len)
{
    const u_char  *end;

    for (end = p + len; p < end; p++) {
        hash = (hash ^ *p) * NGX_GEMINI_REFS_PRIME;
    }

    return hash;
}


uint64_t
ngx_gemini_refs_mix(uint64_t hash)
{
    hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9ull;
    hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebull;
    hash ^= hash >> 31;

    return hash ? hash : 1;
}


const char *
ngx_gemini_ref_name(ngx_uint_t type)
{
    return type < NGX_GEMINI_REF_TYPES ? ngx_gemini_refs_names[type] : "none";
}
