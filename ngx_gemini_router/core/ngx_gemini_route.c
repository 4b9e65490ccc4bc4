
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_route.h"
#include "ngx_gemini_verb.h"


/* the methods that a verb is told by */

typedef enum {
    NGX_GEMINI_ROUTE_OTHER = 0,
    NGX_GEMINI_ROUTE_GET,                  /* HEAD too */
    NGX_GEMINI_ROUTE_POST
} ngx_gemini_route_method_e;


typedef struct {
    ngx_str_t                  name;
    ngx_gemini_family_e        family;
} ngx_gemini_route_family_t;


static ngx_gemini_route_method_e ngx_gemini_route_method(
    const ngx_str_t *method);
static void ngx_gemini_route_native(ngx_gemini_wish_t *wish,
    ngx_gemini_route_method_e method, ngx_str_t *rest);
static void ngx_gemini_route_models(ngx_gemini_wish_t *wish,
    ngx_gemini_route_method_e method, ngx_str_t *rest);
static void ngx_gemini_route_openai(ngx_gemini_wish_t *wish,
    ngx_gemini_route_method_e method, ngx_str_t *rest);
static void ngx_gemini_route_upload(ngx_gemini_wish_t *wish,
    ngx_str_t *rest);
static void ngx_gemini_route_live(ngx_gemini_wish_t *wish, ngx_str_t *rest);
static void ngx_gemini_route_take(ngx_gemini_wish_t *wish,
    ngx_gemini_route_method_e method, const ngx_gemini_verb_t *row);
static void ngx_gemini_route_name(ngx_gemini_wish_t *wish, ngx_str_t *name);
static size_t ngx_gemini_route_colon(const ngx_str_t *name);
static void ngx_gemini_route_segment(ngx_str_t *rest, ngx_str_t *segment);
static ngx_uint_t ngx_gemini_route_version(ngx_str_t *rest,
    ngx_str_t *version);
static ngx_inline ngx_uint_t ngx_gemini_route_enter(ngx_str_t *rest,
    const char *word);
static ngx_uint_t ngx_gemini_route_is(const ngx_str_t *s, const char *word);
static ngx_gemini_family_e ngx_gemini_route_family(
    const ngx_gemini_route_family_t *row, const ngx_str_t *segment);


static const ngx_gemini_route_family_t  ngx_gemini_route_families[] = {
    { ngx_string("files"), NGX_GEMINI_FAMILY_FILES },
    { ngx_string("generatedFiles"), NGX_GEMINI_FAMILY_FILES },
    { ngx_string("cachedContents"), NGX_GEMINI_FAMILY_CACHES },
    { ngx_string("batches"), NGX_GEMINI_FAMILY_BATCHES },
    { ngx_string("operations"), NGX_GEMINI_FAMILY_BATCHES },
    { ngx_string("fileSearchStores"), NGX_GEMINI_FAMILY_STORES },
    { ngx_string("corpora"), NGX_GEMINI_FAMILY_STORES },
    { ngx_string("interactions"), NGX_GEMINI_FAMILY_INTERACTIONS },
    { ngx_string("auth_tokens"), NGX_GEMINI_FAMILY_AUTH_TOKENS },
    { ngx_string("tunedModels"), NGX_GEMINI_FAMILY_TUNED },
    { ngx_string("dynamic"), NGX_GEMINI_FAMILY_TUNED },
    { ngx_string("agents"), NGX_GEMINI_FAMILY_AGENTS },
    { ngx_string("environments"), NGX_GEMINI_FAMILY_AGENTS },
    { ngx_string("triggers"), NGX_GEMINI_FAMILY_AGENTS },
    { ngx_string("voices"), NGX_GEMINI_FAMILY_AGENTS },
    { ngx_string("webhooks"), NGX_GEMINI_FAMILY_WEBHOOKS },
    { ngx_string("credentials"), NGX_GEMINI_FAMILY_CREDENTIALS },
    { ngx_null_string, 0 }
};


static const ngx_gemini_route_family_t  ngx_gemini_route_openais[] = {
    { ngx_string("chat"), NGX_GEMINI_FAMILY_GENERATE },
    { ngx_string("images"), NGX_GEMINI_FAMILY_GENERATE },
    { ngx_string("videos"), NGX_GEMINI_FAMILY_GENERATE },
    { ngx_string("embeddings"), NGX_GEMINI_FAMILY_EMBED },
    { ngx_string("models"), NGX_GEMINI_FAMILY_MODELS },
    { ngx_string("files"), NGX_GEMINI_FAMILY_FILES },
    { ngx_string("batches"), NGX_GEMINI_FAMILY_BATCHES },
    { ngx_null_string, 0 }
};


static const ngx_gemini_route_family_t  ngx_gemini_route_uploads[] = {
    { ngx_string("files"), NGX_GEMINI_FAMILY_UPLOAD },
    { ngx_string("fileSearchStores"), NGX_GEMINI_FAMILY_UPLOAD },
    { ngx_string("environments"), NGX_GEMINI_FAMILY_AGENTS },
    { ngx_null_string, 0 }
};


void
ngx_gemini_route(ngx_gemini_wish_t *wish, const ngx_str_t *method)
{
    ngx_str_t                  rest, version;
    ngx_gemini_route_method_e  how;

    how = ngx_gemini_route_method(method);
    rest = wish->path;
    wish->family = NGX_GEMINI_FAMILY_UNKNOWN;
    wish->verb = NGX_GEMINI_VERB_OTHER;
    wish->kind = NGX_GEMINI_KIND_TEXT;
    wish->replay = (how == NGX_GEMINI_ROUTE_GET);

    if (ngx_gemini_route_version(&rest, &version)) {

        if (rest.len) {
            wish->known = 1;
            wish->version = version;
            ngx_gemini_route_native(wish, how, &rest);
        }

        return;
    }

    if (ngx_gemini_route_enter(&rest, "upload")) {

        if (rest.len) {
            wish->known = 1;
            ngx_gemini_route_upload(wish, &rest);
        }

        return;
    }

    if (ngx_gemini_route_enter(&rest, "ws") && rest.len) {
        wish->known = 1;
        ngx_gemini_route_live(wish, &rest);
    }
}


static ngx_gemini_route_method_e
ngx_gemini_route_method(const ngx_str_t *method)
{
    if (ngx_gemini_route_is(method, "POST")) {
        return NGX_GEMINI_ROUTE_POST;
    }

    if (ngx_gemini_route_is(method, "GET")
        || ngx_gemini_route_is(method, "HEAD"))
    {
        return NGX_GEMINI_ROUTE_GET;
    }

    return NGX_GEMINI_ROUTE_OTHER;
}


static void
ngx_gemini_route_native(ngx_gemini_wish_t *wish,
    ngx_gemini_route_method_e method, ngx_str_t *rest)
{
    ngx_str_t  segment;

    if (ngx_gemini_route_enter(rest, "models")) {
        wish->family = NGX_GEMINI_FAMILY_MODELS;
        ngx_gemini_route_models(wish, method, rest);
        return;
    }

    if (ngx_gemini_route_enter(rest, "openai")) {
        wish->surface = NGX_GEMINI_SURFACE_OPENAI;
        ngx_gemini_route_openai(wish, method, rest);
        return;
    }

    ngx_gemini_route_segment(rest, &segment);

    wish->family = ngx_gemini_route_family(ngx_gemini_route_families,
                                           &segment);

    switch (wish->family) {

    case NGX_GEMINI_FAMILY_UNKNOWN:
        return;

    case NGX_GEMINI_FAMILY_TUNED:
        wish->tuned = 1;
        ngx_gemini_route_models(wish, method, rest);
        wish->family = NGX_GEMINI_FAMILY_TUNED;
        return;

    case NGX_GEMINI_FAMILY_INTERACTIONS:
        wish->surface = NGX_GEMINI_SURFACE_INTERACTIONS;

        if (rest->len <= 1 && method == NGX_GEMINI_ROUTE_POST) {
            ngx_gemini_route_take(wish, method, &ngx_gemini_verb_interact);
            return;
        }

        break;

    case NGX_GEMINI_FAMILY_CACHES:

        if (rest->len <= 1 && method == NGX_GEMINI_ROUTE_POST) {
            wish->body = NGX_GEMINI_BODY_TOP;
        }

        break;

    default:
        break;
    }

    wish->verb = NGX_GEMINI_VERB_RESOURCE;
}


/* "/{m}:verb", "/{m}", "/{m}/operations/{id}" behind models or tunedModels */

static void
ngx_gemini_route_models(ngx_gemini_wish_t *wish,
    ngx_gemini_route_method_e method, ngx_str_t *rest)
{
    size_t                    whole;
    ngx_str_t                 name;
    const ngx_gemini_verb_t  *row;

    wish->verb = NGX_GEMINI_VERB_RESOURCE;

    if (rest->len <= 1) {

        if (!wish->tuned && method == NGX_GEMINI_ROUTE_GET) {
            wish->verb = NGX_GEMINI_VERB_MODELS_LIST;
        }

        return;
    }

    whole = rest->len - 1;

    name.data = rest->data + 1;
    name.len = whole;

    row = ngx_gemini_verb_native(&name);

    name.len = row ? whole - row->name.len - 1
                   : ngx_gemini_route_colon(&name);

    /* this may move what stands behind the name */

    ngx_gemini_route_name(wish, &name);

    if (wish->model.len == 0
        && ngx_strlchr(name.data, name.data + name.len, '/') != NULL)
    {
        /* operations: the model in their names is part of the name */

        wish->family = NGX_GEMINI_FAMILY_BATCHES;
        return;
    }

    if (whole - name.len <= 1) {

        if (wish->model.len && method == NGX_GEMINI_ROUTE_GET) {
            wish->verb = NGX_GEMINI_VERB_MODELS_GET;
        }

        return;
    }

    wish->verb = NGX_GEMINI_VERB_OTHER;

    if (row == NULL) {
        wish->family = NGX_GEMINI_FAMILY_UNKNOWN;
        return;
    }

    ngx_gemini_route_take(wish, method, row);

    if (wish->tuned) {
        wish->fallback = 0;
    }
}


static void
ngx_gemini_route_openai(ngx_gemini_wish_t *wish,
    ngx_gemini_route_method_e method, ngx_str_t *rest)
{
    ngx_str_t                 name, segment;
    const ngx_gemini_verb_t  *row;

    wish->verb = NGX_GEMINI_VERB_OPENAI_OTHER;

    if (rest->len <= 1) {
        return;
    }

    name.data = rest->data + 1;
    name.len = rest->len - 1;

    if (name.data[name.len - 1] == '/') {
        name.len--;
    }

    ngx_gemini_route_segment(rest, &segment);

    wish->family = ngx_gemini_route_family(ngx_gemini_route_openais,
                                           &segment);

    if (method == NGX_GEMINI_ROUTE_POST) {
        row = ngx_gemini_verb_openai(&name);

        if (row != NULL) {
            ngx_gemini_route_take(wish, method, row);

        } else {
            wish->body = NGX_GEMINI_BODY_TOP;
        }

        return;
    }

    if (wish->family != NGX_GEMINI_FAMILY_MODELS
        || method != NGX_GEMINI_ROUTE_GET)
    {
        return;
    }

    if (rest->len <= 1) {
        wish->verb = NGX_GEMINI_VERB_OPENAI_MODELS;
        return;
    }

    rest->data++;
    rest->len--;
    wish->verb = NGX_GEMINI_VERB_OPENAI_MODEL;

    ngx_gemini_route_name(wish, rest);
}


static void
ngx_gemini_route_upload(ngx_gemini_wish_t *wish, ngx_str_t *rest)
{
    ngx_str_t  segment;

    wish->surface = NGX_GEMINI_SURFACE_UPLOAD;
    wish->verb = NGX_GEMINI_VERB_UPLOAD;
    wish->replay = 0;

    if (!ngx_gemini_route_version(rest, &wish->version)) {
        return;
    }

    ngx_gemini_route_segment(rest, &segment);

    wish->family = ngx_gemini_route_family(ngx_gemini_route_uploads,
                                           &segment);
}


/* /ws/google.ai.generativelanguage.{ver}.GenerativeService.Bidi... */

static void
ngx_gemini_route_live(ngx_gemini_wish_t *wish, ngx_str_t *rest)
{
    u_char     *dot, *last;
    ngx_str_t   segment, service;

    static const char  head[] = "google.ai.generativelanguage.";
    static const char  tail[] = "GenerativeService.BidiGenerate";

    wish->surface = NGX_GEMINI_SURFACE_LIVE;
    wish->verb = NGX_GEMINI_VERB_LIVE;
    wish->kind = NGX_GEMINI_KIND_LIVE;
    wish->replay = 0;

    ngx_gemini_route_segment(rest, &segment);

    if (segment.len < sizeof(head)
        || ngx_memcmp(segment.data, head, sizeof(head) - 1) != 0)
    {
        return;
    }

    last = segment.data + segment.len;
    segment.data += sizeof(head) - 2;
    dot = ngx_strlchr(segment.data + 1, last, '.');

    if (dot == NULL) {
        return;
    }

    /* between two dots as elsewhere behind a slash */

    segment.len = dot - segment.data;
    service.data = dot + 1;
    service.len = last - service.data;

    if (!ngx_gemini_route_version(&segment, &wish->version)) {
        return;
    }

    if (service.len >= sizeof(tail)
        && ngx_memcmp(service.data, tail, sizeof(tail) - 1) == 0)
    {
        wish->family = NGX_GEMINI_FAMILY_LIVE;
    }
}


static void
ngx_gemini_route_take(ngx_gemini_wish_t *wish,
    ngx_gemini_route_method_e method, const ngx_gemini_verb_t *row)
{
    wish->family = row->family;
    wish->kind = row->kind;

    if (method != NGX_GEMINI_ROUTE_POST) {
        return;
    }

    wish->verb = row->verb;
    wish->body = row->body;
    wish->judged = ((row->flags & NGX_GEMINI_VERBF_JUDGED) != 0);
    wish->replay = ((row->flags & NGX_GEMINI_VERBF_REPLAY) != 0);
    wish->fallback = ((row->flags & NGX_GEMINI_VERBF_FALLBACK) != 0);

    if (row->flags & NGX_GEMINI_VERBF_STREAMS) {
        wish->streams = 1;
        wish->array = !wish->sse;
    }
}


/*
 * The model in the path.  A second "models/", as clients get it by joining,
 * is cut out of the path.  What is no base model's name passes as it is.
 */

static void
ngx_gemini_route_name(ngx_gemini_wish_t *wish, ngx_str_t *name)
{
    size_t   cut;
    u_char  *last;

    if (wish->tuned) {
        return;
    }

    if (ngx_gemini_request_model(name, &wish->model) != NGX_OK) {
        ngx_str_null(&wish->model);
        wish->tuned = 1;
        return;
    }

    cut = wish->model.data - name->data;
    wish->model_at = name->data - wish->path.data;

    if (cut == 0) {
        return;
    }

    last = wish->path.data + wish->path.len;

    ngx_memmove(name->data, wish->model.data, last - wish->model.data);

    wish->model.data = name->data;
    wish->path.len -= cut;
}


/* what stands before the last colon of the last segment, or all */

static size_t
ngx_gemini_route_colon(const ngx_str_t *name)
{
    size_t  i;

    for (i = name->len; i > 0 && name->data[i - 1] != '/'; i--) {

        if (name->data[i - 1] == ':') {
            return i - 1;
        }
    }

    return name->len;
}


/* cuts "/segment" off the head of rest */

static void
ngx_gemini_route_segment(ngx_str_t *rest, ngx_str_t *segment)
{
    u_char  *p, *last;

    last = rest->data + rest->len;
    p = rest->data;

    if (p < last) {
        p++;
    }

    segment->data = p;

    while (p < last && *p != '/') {
        p++;
    }

    segment->len = p - segment->data;
    rest->data = p;
    rest->len = last - p;
}


static ngx_uint_t
ngx_gemini_route_version(ngx_str_t *rest, ngx_str_t *version)
{
    u_char  *p;

    p = rest->data + 1;

    if (!ngx_gemini_route_enter(rest, "v1beta")
        && !ngx_gemini_route_enter(rest, "v1")
        && !ngx_gemini_route_enter(rest, "v1alpha"))
    {
        return 0;
    }

    version->data = p;
    version->len = rest->data - p;

    return 1;
}


/* cuts "/word" off the head of rest, if that is its first segment */

static ngx_inline ngx_uint_t
ngx_gemini_route_enter(ngx_str_t *rest, const char *word)
{
    size_t  len;

    len = ngx_strlen(word);

    if (rest->len <= len
        || ngx_memcmp(rest->data + 1, word, len) != 0
        || (rest->len > len + 1 && rest->data[len + 1] != '/'))
    {
        return 0;
    }

    rest->data += len + 1;
    rest->len -= len + 1;

    return 1;
}


static ngx_uint_t
ngx_gemini_route_is(const ngx_str_t *s, const char *word)
{
    return s->len == ngx_strlen(word)
           && ngx_memcmp(s->data, word, s->len) == 0;
}


/* the segment may carry a custom verb: "files:register" */

static ngx_gemini_family_e
ngx_gemini_route_family(const ngx_gemini_route_family_t *row,
    const ngx_str_t *segment)
{
    size_t  len;

    for (len = 0; len < segment->len && segment->data[len] != ':'; len++) {
        /* void */
    }

    for ( /* void */ ; row->name.len; row++) {

        if (row->name.len == len
            && ngx_memcmp(row->name.data, segment->data, len) == 0)
        {
            return row->family;
        }
    }

    return NGX_GEMINI_FAMILY_UNKNOWN;
}
