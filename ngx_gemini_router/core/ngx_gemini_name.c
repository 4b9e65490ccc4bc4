
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_name.h"
#include "ngx_gemini_uri.h"


typedef struct {
    ngx_str_t                  name;
    ngx_gemini_ref_e           type;
    ngx_uint_t                 list;       /* a GET of it is a list */
} ngx_gemini_name_kind_t;


static ngx_int_t ngx_gemini_name_bare(ngx_gemini_name_t *name,
    const u_char *p, const u_char *end);
static void ngx_gemini_name_dots(ngx_gemini_name_t *name,
    const u_char *end);
static const u_char *ngx_gemini_name_begin(const u_char *p,
    const u_char **end);
static u_char *ngx_gemini_name_decode(u_char *dst, const u_char *p,
    const u_char *end);
static u_char *ngx_gemini_name_copy(u_char *dst, const ngx_str_t *path);
static size_t ngx_gemini_name_append(u_char *dst, size_t n, u_char ch);
static const u_char *ngx_gemini_name_host(const u_char *p, const u_char *end,
    ngx_uint_t *google);
static const u_char *ngx_gemini_name_authority(const u_char *p,
    const u_char *end);
static const u_char *ngx_gemini_name_find(ngx_gemini_name_t *name,
    const u_char *end, ngx_uint_t google);
static ngx_gemini_ref_e ngx_gemini_name_match(const u_char *p,
    const u_char *end, size_t *len);
static const u_char *ngx_gemini_name_operations(const u_char *p,
    const u_char *end);
static const u_char *ngx_gemini_name_id(const u_char *p, const u_char *end);
static const ngx_gemini_name_kind_t *ngx_gemini_name_kind(const u_char *p,
    const u_char *end);
static const u_char *ngx_gemini_name_skip(const u_char *p,
    const u_char *end, ngx_uint_t google);
static const u_char *ngx_gemini_name_segment(const u_char *p,
    const u_char *end);
static ngx_uint_t ngx_gemini_name_is(const u_char *p, const u_char *end,
    const char *word);


/* the first kind of a type is what a bare id is of */

static const ngx_gemini_name_kind_t  ngx_gemini_name_kinds[] = {
    { ngx_string("files"), NGX_GEMINI_REF_FILE, 1 },
    { ngx_string("generatedFiles"), NGX_GEMINI_REF_FILE, 1 },
    { ngx_string("cachedContents"), NGX_GEMINI_REF_CACHE, 1 },
    { ngx_string("batches"), NGX_GEMINI_REF_BATCH, 1 },
    { ngx_string("videos"), NGX_GEMINI_REF_OPERATION, 1 },
    { ngx_string("operations"), NGX_GEMINI_REF_OPERATION, 1 },
    { ngx_string("fileSearchStores"), NGX_GEMINI_REF_STORE, 1 },
    { ngx_string("corpora"), NGX_GEMINI_REF_CORPUS, 1 },
    { ngx_string("interactions"), NGX_GEMINI_REF_INTERACTION, 1 },
    { ngx_string("tunedModels"), NGX_GEMINI_REF_TUNED, 1 },
    { ngx_string("dynamic"), NGX_GEMINI_REF_TUNED, 0 },
    { ngx_string("agents"), NGX_GEMINI_REF_AGENT, 1 },
    { ngx_string("environments"), NGX_GEMINI_REF_ENVIRONMENT, 1 },
    { ngx_string("triggers"), NGX_GEMINI_REF_TRIGGER, 1 },
    { ngx_string("voices"), NGX_GEMINI_REF_VOICE, 1 },
    { ngx_string("webhooks"), NGX_GEMINI_REF_WEBHOOK, 1 },
    { ngx_string("credentials"), NGX_GEMINI_REF_CREDENTIAL, 1 },
    { ngx_string("auth_tokens"), NGX_GEMINI_REF_AUTH_TOKEN, 1 },
    { ngx_null_string, NGX_GEMINI_REF_NONE, 0 }
};


ngx_int_t
ngx_gemini_name_text(ngx_gemini_name_t *name, const u_char *p, size_t len)
{
    ngx_uint_t     google;
    const u_char  *end;

    end = p + len;

    p = ngx_gemini_name_host(p, end, &google);
    if (p == NULL) {
        return NGX_DECLINED;
    }

    end = ngx_gemini_name_decode(name->text, p, end);

    p = ngx_gemini_name_find(name, end, google);

    if (p == NULL) {
        ngx_gemini_name_dots(name, end);
        return NGX_OK;
    }

    if (google || name->type == NGX_GEMINI_REF_NONE) {
        return NGX_DECLINED;
    }

    return ngx_gemini_name_bare(name, p, end);
}


ngx_int_t
ngx_gemini_name_path(ngx_gemini_name_t *name, const ngx_str_t *path)
{
    const u_char  *end;

    end = ngx_gemini_name_copy(name->text, path);

    return ngx_gemini_name_find(name, end, 0) == NULL ? NGX_OK : NGX_DECLINED;
}


ngx_uint_t
ngx_gemini_name_collection(const ngx_str_t *path)
{
    u_char                         text[NGX_GEMINI_NAME_MAX];
    const u_char                  *p, *end;
    const ngx_gemini_name_kind_t  *kind;

    end = ngx_gemini_name_copy(text, path);
    p = ngx_gemini_name_begin(text, &end);

    if (ngx_gemini_name_segment(p, end) == end) {
        kind = ngx_gemini_name_kind(p, end);
        return kind != NULL && kind->list;
    }

    return ngx_gemini_name_operations(p, end) == end;
}


ngx_gemini_ref_e
ngx_gemini_name_subject(const ngx_str_t *path)
{
    const u_char                  *p, *end;
    ngx_gemini_name_t              name;
    const ngx_gemini_name_kind_t  *kind;

    end = ngx_gemini_name_copy(name.text, path);
    p = ngx_gemini_name_begin(name.text, &end);

    if (ngx_gemini_name_segment(p, end) == end) {
        kind = ngx_gemini_name_kind(p, end);
        return kind ? kind->type : NGX_GEMINI_REF_NONE;
    }

    if (ngx_gemini_name_find(&name, end, 0) != NULL) {
        return NGX_GEMINI_REF_NONE;
    }

    /* what is below it, or what a verb makes of it, has ids of its own */

    if (name.data + name.len < end && name.type != NGX_GEMINI_REF_INTERACTION)
    {
        return NGX_GEMINI_REF_NONE;
    }

    return name.type;
}


/* behind the version, without a slash at the end */

static const u_char *
ngx_gemini_name_begin(const u_char *p, const u_char **end)
{
    const u_char  *next;

    if (*end > p && (*end)[-1] == '/') {
        (*end)--;
    }

    for (next = p; next != NULL; next = ngx_gemini_name_skip(p, *end, 0)) {
        p = next;
    }

    return p;
}


/* "files/a/../b" may be the one or the other: it is neither */

static void
ngx_gemini_name_dots(ngx_gemini_name_t *name, const u_char *end)
{
    const u_char  *p, *last;

    for (p = name->data + name->len; p < end; p = last) {
        last = ngx_gemini_name_segment(++p, end);

        if (ngx_gemini_name_is(p, last, ".")
            || ngx_gemini_name_is(p, last, ".."))
        {
            name->data = name->text;
            name->len = end - name->text;
            return;
        }
    }
}


/* an id without its kind */

static ngx_int_t
ngx_gemini_name_bare(ngx_gemini_name_t *name, const u_char *p,
    const u_char *end)
{
    const u_char                  *last;
    const ngx_gemini_name_kind_t  *kind;

    last = ngx_gemini_name_segment(p, end);

    /* a kind without its id */

    if (end - last <= 1 && ngx_gemini_name_kind(p, last) != NULL) {
        return NGX_DECLINED;
    }

    for (last = p; last < end && *last != ':'; last++) { /* void */ }

    if (last > p && last[-1] == '/') {
        last--;
    }

    if (last == p || ngx_gemini_name_is(p, last, ".")
        || ngx_gemini_name_is(p, last, ".."))
    {
        return NGX_DECLINED;
    }

    for (kind = ngx_gemini_name_kinds; kind->type != name->type; kind++) {
        /* void */
    }

    name->kind = &kind->name;
    name->data = p;
    name->len = last - p;

    return NGX_OK;
}


/* to '?' or '#', percent-decoded, slashes merged, none at the head */

static u_char *
ngx_gemini_name_decode(u_char *dst, const u_char *p, const u_char *end)
{
    size_t     n;
    ngx_int_t  ch;

    n = 0;

    while (p < end && *p != '?' && *p != '#') {
        ch = ngx_gemini_uri_byte(&p, end);

        if (ch == NGX_ERROR) {
            ch = *p++;
        }

        n = ngx_gemini_name_append(dst, n, (u_char) ch);
    }

    return dst + n;
}


static u_char *
ngx_gemini_name_copy(u_char *dst, const ngx_str_t *path)
{
    size_t  i, n;

    n = 0;

    for (i = 0; i < path->len; i++) {
        n = ngx_gemini_name_append(dst, n, path->data[i]);
    }

    return dst + n;
}


static size_t
ngx_gemini_name_append(u_char *dst, size_t n, u_char ch)
{
    if (n == NGX_GEMINI_NAME_MAX
        || (ch == '/' && (n == 0 || dst[n - 1] == '/')))
    {
        return n;
    }

    dst[n] = ch;

    return n + 1;
}


/* what stands behind scheme and host; NULL: not Google's */

static const u_char *
ngx_gemini_name_host(const u_char *p, const u_char *end, ngx_uint_t *google)
{
    const u_char  *s, *scheme;

    *google = 0;

    while (p < end && (*p == '/' || *p <= ' ')) {
        p++;
    }

    scheme = p;

    for (s = p; s < end && *s != ':' && *s != '/' && *s != '?'; s++) {
        /* void */
    }

    if (end - s >= 3 && s[0] == ':' && s[1] == '/' && s[2] == '/') {

        if (!ngx_gemini_name_is(scheme, s, "https")
            && !ngx_gemini_name_is(scheme, s, "http"))
        {
            return NULL;
        }

        p = ngx_gemini_name_authority(s + 3, end);
        *google = 1;

        return p;
    }

    s = ngx_gemini_name_authority(p, end);

    if (s != NULL) {
        *google = 1;
        return s;
    }

    return p;
}


/* "[user@]host[.][:port]"; NULL: another host */

static const u_char *
ngx_gemini_name_authority(const u_char *p, const u_char *end)
{
    const u_char  *last, *host;

    static const char  google[] = "generativelanguage.googleapis.com";

    for (last = p; last < end && *last != '/' && *last != '?' && *last != '#';
         last++)
    {
        if (*last == '@') {
            p = last + 1;
        }
    }

    if ((size_t) (last - p) < sizeof(google) - 1) {
        return NULL;
    }

    host = p + sizeof(google) - 1;

    if (!ngx_gemini_name_is(p, host, google)) {
        return NULL;
    }

    if (host < last && *host == '.') {
        host++;
    }

    return (host == last || *host == ':') ? last : NULL;
}


/* a name that tells its kind, NULL; else what is left for a bare id */

static const u_char *
ngx_gemini_name_find(ngx_gemini_name_t *name, const u_char *end,
    ngx_uint_t google)
{
    size_t             len;
    const u_char      *p, *next;
    ngx_gemini_ref_e   type;

    name->kind = NULL;
    p = name->text;

    for ( ;; ) {
        type = ngx_gemini_name_match(p, end, &len);

        if (type) {
            break;
        }

        next = ngx_gemini_name_skip(p, end, google);

        if (next == NULL) {
            return p;
        }

        p = next;
    }

    name->type = type;

    /* "batches/batches/abc", "videos/models/m/operations/abc": an id that is
       a name, as clients of the OpenAI surface get it */

    do {
        name->data = p;
        name->len = len;
        p = ngx_gemini_name_segment(p, end) + 1;

    } while (ngx_gemini_name_match(p, end, &len) == type);

    return NULL;
}


/* the first two segments, of a model's operation four, without a verb */

static ngx_gemini_ref_e
ngx_gemini_name_match(const u_char *p, const u_char *end, size_t *len)
{
    const u_char                  *id, *last;
    const ngx_gemini_name_kind_t  *kind;

    id = ngx_gemini_name_operations(p, end);

    if (id != NULL) {
        last = (id < end) ? ngx_gemini_name_id(id + 1, end) : NULL;

        if (last == NULL) {
            return NGX_GEMINI_REF_NONE;
        }

        *len = last - p;

        return NGX_GEMINI_REF_OPERATION;
    }

    id = ngx_gemini_name_segment(p, end);

    if (id == end) {
        return NGX_GEMINI_REF_NONE;
    }

    kind = ngx_gemini_name_kind(p, id);
    last = ngx_gemini_name_id(id + 1, end);

    if (kind == NULL || last == NULL) {
        return NGX_GEMINI_REF_NONE;
    }

    *len = last - p;

    return kind->type;
}


/* the end of "models/{m}/operations", NULL: it is none */

static const u_char *
ngx_gemini_name_operations(const u_char *p, const u_char *end)
{
    const u_char  *model, *word, *last;

    model = ngx_gemini_name_segment(p, end);

    if (model == end || !ngx_gemini_name_is(p, model, "models")) {
        return NULL;
    }

    word = ngx_gemini_name_segment(model + 1, end);

    if (word == end || word == model + 1) {
        return NULL;
    }

    last = ngx_gemini_name_segment(word + 1, end);

    return ngx_gemini_name_is(word + 1, last, "operations") ? last : NULL;
}


/* the end of an id, NULL: there is none */

static const u_char *
ngx_gemini_name_id(const u_char *p, const u_char *end)
{
    const u_char  *last;

    for (last = p; last < end && *last != '/' && *last != ':'; last++) {
        /* void */
    }

    if (last == p || ngx_gemini_name_is(p, last, ".")
        || ngx_gemini_name_is(p, last, ".."))
    {
        return NULL;
    }

    return last;
}


static const ngx_gemini_name_kind_t *
ngx_gemini_name_kind(const u_char *p, const u_char *end)
{
    const ngx_gemini_name_kind_t  *kind;

    for (kind = ngx_gemini_name_kinds; kind->name.len; kind++) {

        if (kind->name.len == (size_t) (end - p)
            && ngx_memcmp(kind->name.data, p, kind->name.len) == 0)
        {
            return kind;
        }
    }

    return NULL;
}


/* behind a segment that leads to names; of Google's URLs all may */

static const u_char *
ngx_gemini_name_skip(const u_char *p, const u_char *end, ngx_uint_t google)
{
    const u_char  *last;

    last = ngx_gemini_name_segment(p, end);

    if (last == end) {
        return NULL;
    }

    if (google
        || (last - p >= 2 && p[0] == 'v' && p[1] >= '0' && p[1] <= '9')
        || ngx_gemini_name_is(p, last, "openai")
        || ngx_gemini_name_is(p, last, "upload")
        || ngx_gemini_name_is(p, last, "download"))
    {
        return last + 1;
    }

    return NULL;
}


static const u_char *
ngx_gemini_name_segment(const u_char *p, const u_char *end)
{
    while (p < end && *p != '/') {
        p++;
    }

    return p;
}


/* case does not matter: only for words that are no ids */

static ngx_uint_t
ngx_gemini_name_is(const u_char *p, const u_char *end, const char *word)
{
    for ( /* void */ ; p < end; p++, word++) {

        if (*word == '\0'
            || ((*p >= 'A' && *p <= 'Z') ? (*p | 0x20) : *p)
               != (u_char) *word)
        {
            return 0;
        }
    }

    return *word == '\0';
}
