
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_request.h"
#include "ngx_gemini_resource.h"
#include "ngx_gemini_route.h"
#include "ngx_gemini_uri.h"


#define NGX_GEMINI_REQUEST_WORD  64


static void ngx_gemini_request_locate(ngx_gemini_wish_t *wish,
    const ngx_str_t *method, size_t prefix);
static void ngx_gemini_request_args(ngx_gemini_wish_t *wish,
    ngx_str_t *args, u_char *dst);
static u_char *ngx_gemini_request_path(const ngx_gemini_wish_t *wish,
    u_char *p, u_char *last, size_t from, size_t to);
static ngx_uint_t ngx_gemini_request_sse(const ngx_gemini_uri_arg_t *arg);
static ngx_uint_t ngx_gemini_request_secret(const u_char *p, size_t len);
static ngx_uint_t ngx_gemini_request_named(const u_char *p, size_t len,
    const char *const *word);
static ngx_uint_t ngx_gemini_request_has(const ngx_str_t *name,
    const char *word);


/* never sent on: Google would take them, or wrap the answer, or read another
   method and other headers than ours from "$httpMethod" and "$httpHeaders" */

static const char *const  ngx_gemini_request_cut[] = {
    "key", "access_token", "oauth_token", "callback", "httpMethod",
    "httpHeaders", NULL
};


/* never to be logged */

static const char *const  ngx_gemini_request_secrets[] = {
    "key", "access_token", "oauth_token", "upload_id", NULL
};


ngx_int_t
ngx_gemini_request_parse(ngx_gemini_wish_t *wish, const ngx_str_t *method,
    const ngx_str_t *uri, size_t prefix, u_char *buf)
{
    ngx_str_t              args;
    ngx_uint_t             plain;
    ngx_gemini_uri_arg_t   arg;

    ngx_memzero(wish, offsetof(ngx_gemini_wish_t, project));

    if (uri->len > NGX_GEMINI_URI_MAX) {
        return NGX_ERROR;
    }

    if (ngx_gemini_uri_decode(uri, buf, &wish->path, &args, &plain)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    wish->plain = plain;

    /* decoded, path and arguments are never longer than they were */

    ngx_gemini_request_args(wish, &args, wish->path.data + wish->path.len);
    ngx_gemini_request_locate(wish, method, prefix);
    ngx_gemini_resource(wish, method);

    if (wish->sse) {
        wish->streams = 1;
    }

    if (wish->surface != NGX_GEMINI_SURFACE_INTERACTIONS) {
        return NGX_OK;
    }

    args = wish->args;

    while (ngx_gemini_uri_next(&args, &arg) == NGX_OK) {

        if (ngx_gemini_uri_is(arg.name.data, arg.name.len, "stream")
            && ngx_gemini_uri_is(arg.value.data, arg.value.len, "true"))
        {
            wish->streams = 1;
        }
    }

    return NGX_OK;
}


/*
 * What of the location's name is a prefix of Google's path: of "/gemini/"
 * all, of "/upload/" nothing.  The shortest that makes sense is taken.
 */

static void
ngx_gemini_request_locate(ngx_gemini_wish_t *wish, const ngx_str_t *method,
    size_t prefix)
{
    size_t              i;
    ngx_gemini_wish_t   whole, best;

    if (prefix == 0) {
        wish->prefix.data = wish->path.data;
        ngx_gemini_route(wish, method);
        return;
    }

    whole = *wish;
    best = whole;

    for (i = 0; i <= prefix && i < whole.path.len; i++) {

        if (whole.path.data[i] != '/') {
            continue;
        }

        *wish = whole;
        wish->prefix.data = wish->path.data;
        wish->prefix.len = i;
        wish->path.data += i;
        wish->path.len -= i;

        ngx_gemini_route(wish, method);

        if (wish->family != NGX_GEMINI_FAMILY_UNKNOWN) {
            return;
        }

        if (i == 0 || (wish->known && !best.known)) {
            best = *wish;
        }
    }

    *wish = best;
}


static void
ngx_gemini_request_args(ngx_gemini_wish_t *wish, ngx_str_t *args,
    u_char *dst)
{
    ngx_uint_t             first;
    ngx_gemini_uri_arg_t   arg;

    /* behind the path as it goes upstream, see request_ready() */

    if (args->data != NULL) {
        *dst++ = '?';
    }

    first = 1;
    wish->args.data = dst;

    while (ngx_gemini_uri_next(args, &arg) == NGX_OK) {

        if (ngx_gemini_request_credential(&arg.name)) {
            continue;
        }

        if (ngx_gemini_request_sse(&arg)) {
            wish->sse = 1;
        }

        if (!first) {
            *dst++ = '&';
        }

        first = 0;
        dst = ngx_cpymem(dst, arg.whole.data, arg.whole.len);
    }

    wish->args.len = dst - wish->args.data;
}


ngx_uint_t
ngx_gemini_request_credential(const ngx_str_t *name)
{
    return ngx_gemini_request_named(name->data, name->len,
                                    ngx_gemini_request_cut);
}


/* "alt=sse", or as gapic writes it: "$alt=sse;enum-encoding=int" */

static ngx_uint_t
ngx_gemini_request_sse(const ngx_gemini_uri_arg_t *arg)
{
    size_t  len;

    if (!ngx_gemini_uri_is(arg->name.data, arg->name.len, "alt")
        && !ngx_gemini_uri_is(arg->name.data, arg->name.len, "$alt"))
    {
        return 0;
    }

    for (len = 0; len < arg->value.len; len++) {
        if (arg->value.data[len] == ';') {
            break;
        }
    }

    return ngx_gemini_uri_is(arg->value.data, len, "sse");
}


ngx_int_t
ngx_gemini_request_target(const ngx_gemini_wish_t *wish,
    const ngx_str_t *model, u_char *p, size_t *len)
{
    size_t   tail;
    u_char  *start, *last;

    start = p;
    last = p + *len;
    tail = 0;

    if (model != NULL && wish->model.len) {
        p = ngx_gemini_request_path(wish, p, last, 0, wish->model_at);

        if (p == NULL) {
            return NGX_ERROR;
        }

        p = ngx_gemini_uri_escape(p, last, model->data, model->len);

        if (p == NULL) {
            return NGX_ERROR;
        }

        tail = wish->model_at + wish->model.len;
    }

    p = ngx_gemini_request_path(wish, p, last, tail, wish->path.len);

    if (p == NULL) {
        return NGX_ERROR;
    }

    if (wish->args.len) {

        if ((size_t) (last - p) < wish->args.len + 1) {
            return NGX_ERROR;
        }

        *p++ = '?';
        p = ngx_cpymem(p, wish->args.data, wish->args.len);
    }

    *len = p - start;

    return NGX_OK;
}


ngx_int_t
ngx_gemini_request_ready(const ngx_gemini_wish_t *wish,
    const ngx_str_t *model, ngx_str_t *target)
{
    if (!wish->plain
        || (model != NULL && wish->model.len
            && (model->len != wish->model.len
                || ngx_memcmp(model->data, wish->model.data, model->len)
                   != 0)))
    {
        return NGX_DECLINED;
    }

    *target = wish->path;

    if (wish->args.len) {

        if (wish->args.data != target->data + target->len + 1) {
            return NGX_DECLINED;
        }

        target->len += 1 + wish->args.len;
    }

    return NGX_OK;
}


/* a part of the path; NULL: no room */

static u_char *
ngx_gemini_request_path(const ngx_gemini_wish_t *wish, u_char *p,
    u_char *last, size_t from, size_t to)
{
    if (!wish->plain || (size_t) (last - p) < to - from) {
        return ngx_gemini_uri_escape(p, last, wish->path.data + from,
                                     to - from);
    }

    return ngx_cpymem(p, wish->path.data + from, to - from);
}


ngx_uint_t
ngx_gemini_request_redact(u_char *p, size_t len)
{
    u_char      *name, *end;
    ngx_uint_t   n;

    n = 0;
    end = p + len;
    name = p;

    while (p < end) {

        switch (*p) {

        case '=':
            if (!ngx_gemini_request_secret(name, p - name)) {
                break;
            }

            n++;
            p++;

            while (p < end && *p != '&' && *p != ' ') {
                *p++ = 'x';
            }

            continue;

        case '?':
        case '#':
        case '&':
        case ';':
        case ' ':
            name = p + 1;
            break;
        }

        p++;
    }

    return n;
}


static ngx_uint_t
ngx_gemini_request_secret(const u_char *p, size_t len)
{
    return ngx_gemini_request_named(p, len, ngx_gemini_request_secrets);
}


/* Google's own parameters may also be written with a "$" at the head */

static ngx_uint_t
ngx_gemini_request_named(const u_char *p, size_t len,
    const char *const *word)
{
    const u_char  *end;

    /* three bytes for each of the longest word's */

    if (len == 0 || len > NGX_GEMINI_REQUEST_WORD) {
        return 0;
    }

    end = p + len;

    if (*p == '$') {
        p++;

    } else if (len > 3 && p[0] == '%' && p[1] == '2' && p[2] == '4') {
        p += 3;
    }

    if (p == end) {
        return 0;
    }

    for ( /* void */ ; *word != NULL; word++) {

        if ((*p == (u_char) **word || *p == '%')
            && ngx_gemini_uri_is(p, end - p, *word))
        {
            return 1;
        }
    }

    return 0;
}


ngx_int_t
ngx_gemini_request_arg(const ngx_str_t *args, const char *name, u_char *buf,
    size_t size, ngx_str_t *value)
{
    size_t                 n;
    ngx_int_t              ch;
    ngx_str_t              rest;
    const u_char          *p, *end;
    ngx_gemini_uri_arg_t   arg;

    rest = *args;

    for ( ;; ) {
        if (ngx_gemini_uri_next(&rest, &arg) != NGX_OK) {
            return NGX_DECLINED;
        }

        if (ngx_gemini_uri_is(arg.name.data, arg.name.len, name)) {
            break;
        }
    }

    n = 0;
    p = arg.value.data;
    end = p + arg.value.len;

    while (p < end) {
        ch = ngx_gemini_uri_byte(&p, end);

        if (ch == NGX_ERROR || n == size) {
            return NGX_ERROR;
        }

        buf[n++] = (u_char) ch;
    }

    value->data = buf;
    value->len = n;

    return NGX_OK;
}


ngx_int_t
ngx_gemini_request_model(const ngx_str_t *name, ngx_str_t *model)
{
    size_t  cut;

    static const char  head[] = "models/";

    cut = 0;

    if (name->len >= sizeof(head) - 1
        && ngx_memcmp(name->data, head, sizeof(head) - 1) == 0)
    {
        cut = sizeof(head) - 1;
    }

    if (name->len == cut || name->len - cut > NGX_GEMINI_MODEL_MAX
        || !ngx_gemini_uri_name(name->data + cut, name->len - cut))
    {
        return NGX_DECLINED;
    }

    model->data = name->data + cut;
    model->len = name->len - cut;

    return NGX_OK;
}


ngx_gemini_kind_e
ngx_gemini_request_kind(const ngx_str_t *name)
{
    if (ngx_gemini_request_has(name, "embedding")) {
        return NGX_GEMINI_KIND_EMBEDDING;
    }

    if (ngx_gemini_request_has(name, "-live")
        || ngx_gemini_request_has(name, "native-audio")
        || ngx_gemini_request_has(name, "realtime"))
    {
        return NGX_GEMINI_KIND_LIVE;
    }

    /* music is no text either, and never to be fallen to */

    if (ngx_gemini_request_has(name, "tts")
        || ngx_gemini_request_has(name, "^lyria"))
    {
        return NGX_GEMINI_KIND_TTS;
    }

    if (ngx_gemini_request_has(name, "-image")
        || ngx_gemini_request_has(name, "^imagen"))
    {
        return NGX_GEMINI_KIND_IMAGE;
    }

    if (ngx_gemini_request_has(name, "^veo")) {
        return NGX_GEMINI_KIND_VIDEO;
    }

    return NGX_GEMINI_KIND_TEXT;
}


/* anywhere in the name, or at its head when the word is led by "^" */

static ngx_uint_t
ngx_gemini_request_has(const ngx_str_t *name, const char *word)
{
    size_t  i, len, last;

    len = ngx_strlen(word);
    last = name->len;

    if (*word == '^') {
        word++;
        len--;
        last = len;
    }

    for (i = 0; len <= name->len && i + len <= last; i++) {
        if (ngx_memcmp(name->data + i, word, len) == 0) {
            return 1;
        }
    }

    return 0;
}
