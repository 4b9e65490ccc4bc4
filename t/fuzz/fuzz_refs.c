
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * First byte: a request's body, an answer, an event stream, a generate
 * answer, a text or a path; above 'Z' without a list.  Second: how the rest
 * is cut into pieces, which must change nothing.  Flags are as yajl sees
 * them, a token is the one that a plain search finds.
 */


#include "ngx_gemini_body.h"
#include "ngx_gemini_json.h"
#include "ngx_gemini_refs.h"
#include "fuzz.h"
#include "heap.h"

#include <stdlib.h>
#include <string.h>


#define FUZZ_REFS  8


typedef struct {
    ngx_gemini_ref_t           elts[FUZZ_REFS];
    ngx_gemini_refs_t          refs;
    ngx_gemini_body_t          body;
    ngx_gemini_continuation_t  continuation;
} fuzz_result_t;


typedef struct {
    ngx_uint_t                 cached;
    ngx_uint_t                 continuation;
    ngx_uint_t                 signature;
    ngx_uint_t                 unsure;
} fuzz_flags_t;


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_feed(fuzz_result_t *result, ngx_uint_t kind,
    const uint8_t *data, size_t size, ngx_uint_t seed);
static void fuzz_same(const fuzz_result_t *a, const fuzz_result_t *b);
static void fuzz_refs(const ngx_gemini_refs_t *refs);
static void fuzz_again(const ngx_gemini_ref_t *ref);
static void fuzz_text(ngx_uint_t kind, const uint8_t *data, size_t size);
static void fuzz_yajl(const ngx_gemini_body_t *body, const uint8_t *data,
    size_t size);
static ngx_int_t fuzz_value(void *data, const ngx_str_t *path,
    ngx_gemini_json_e type, const ngx_str_t *value);
static ngx_uint_t fuzz_is(const ngx_str_t *path, size_t start, size_t end,
    const char *word);
static uint64_t fuzz_search(const uint8_t *p, const uint8_t *end);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ngx_uint_t       kind, seed;
    fuzz_result_t   *whole, *pieces;

    if (size < 2) {
        return 0;
    }

    kind = data[0];
    seed = data[1];
    data += 2;
    size -= 2;

    if (kind % 6 > 3) {
        fuzz_text(kind, data, size);
        return 0;
    }

    whole = malloc(sizeof(fuzz_result_t));
    pieces = malloc(sizeof(fuzz_result_t));

    fuzz_feed(whole, kind, data, size, 0);
    fuzz_refs(&whole->refs);

    if (kind % 6 == 0) {
        fuzz_yajl(&whole->body, data, size);
    }

    if (kind % 6 == 3
        && whole->continuation.hash != fuzz_search(data, data + size))
    {
        abort();
    }

    fuzz_feed(pieces, kind, data, size, 1);
    fuzz_same(whole, pieces);

    fuzz_feed(pieces, kind, data, size, seed + 2);
    fuzz_same(whole, pieces);

    free(whole);
    free(pieces);

    return 0;
}


static void
fuzz_feed(fuzz_result_t *result, ngx_uint_t kind, const uint8_t *data,
    size_t size, ngx_uint_t seed)
{
    size_t                     n;
    heap_t                     heap;
    uint8_t                   *copy;
    ngx_gemini_refs_answer_t  *answer;

    heap_init(&heap);
    memset(result, 0, sizeof(fuzz_result_t));

    result->refs.elts = result->elts;
    result->refs.size = FUZZ_REFS;

    answer = malloc(ngx_gemini_refs_answer_size());

    ngx_gemini_body_init(&result->body, (kind & 15) | NGX_GEMINI_BODY_MENTIONS,
                         kind > 'Z' ? NULL : &result->refs, heap_alloc,
                         &heap);
    ngx_gemini_refs_answer_init(answer, &result->refs,
                                kind / 6 % NGX_GEMINI_REF_UPLOAD,
                                kind % 6 == 2);

    while (size) {
        copy = fuzz_piece(data, size, &seed, &n);

        switch (kind % 6) {

        case 0:
            ngx_gemini_body_feed(&result->body, copy, n);
            break;

        case 3:
            ngx_gemini_continuation_feed(&result->continuation, copy, n);
            break;

        default:
            ngx_gemini_refs_answer_feed(answer, copy, n);
        }

        free(copy);

        data += n;
        size -= n;
    }

    ngx_gemini_body_end(&result->body);
    heap_free(&heap);
    free(answer);
}


static void
fuzz_same(const fuzz_result_t *a, const fuzz_result_t *b)
{
    if (a->refs.nelts != b->refs.nelts || a->refs.overflow != b->refs.overflow
        || memcmp(a->elts, b->elts, sizeof(a->elts)) != 0
        || a->continuation.hash != b->continuation.hash
        || a->body.failed != b->body.failed
        || a->body.nspans != b->body.nspans
        || a->body.cached != b->body.cached
        || a->body.continuation != b->body.continuation
        || a->body.signature != b->body.signature
        || a->body.background != b->body.background
        || a->body.store_false != b->body.store_false)
    {
        abort();
    }
}


static void
fuzz_refs(const ngx_gemini_refs_t *refs)
{
    uint32_t                 i, j;
    const ngx_gemini_ref_t  *ref;

    for (i = 0; i < refs->nelts; i++) {
        ref = &refs->elts[i];

        if (ref->hash == 0 || ref->type == NGX_GEMINI_REF_NONE
            || ref->type >= NGX_GEMINI_REF_TYPES || ref->len == 0
            || ref->len > NGX_GEMINI_REF_NAME)
        {
            abort();
        }

        for (j = 0; j < i; j++) {
            if (refs->elts[j].hash == ref->hash) {
                abort();
            }
        }

        if (ref->type < NGX_GEMINI_REF_UPLOAD) {
            fuzz_again(ref);
        }
    }
}


/* a canonical name names the same again */

static void
fuzz_again(const ngx_gemini_ref_t *ref)
{
    uint32_t            i, slashes;
    ngx_gemini_ref_t    elts[1];
    ngx_gemini_refs_t   refs;

    slashes = 0;

    for (i = 0; i < ref->len; i++) {
        slashes += (ref->name[i] == '/');

        if (strchr("%?#", ref->name[i]) != NULL) {
            return;
        }
    }

    if (slashes != 1 || ref->len == NGX_GEMINI_REF_NAME) {
        return;
    }

    memset(&refs, 0, sizeof(ngx_gemini_refs_t));
    refs.elts = elts;
    refs.size = 1;

    if (ngx_gemini_refs_add(&refs, NGX_GEMINI_REF_NONE, ref->name, ref->len)
        != NGX_OK
        || elts[0].hash != ref->hash || elts[0].type != ref->type)
    {
        abort();
    }
}


static void
fuzz_text(ngx_uint_t kind, const uint8_t *data, size_t size)
{
    uint8_t            *copy;
    ngx_str_t           path, args;
    ngx_gemini_ref_t    elts[FUZZ_REFS];
    ngx_gemini_refs_t   refs;

    memset(&refs, 0, sizeof(ngx_gemini_refs_t));
    refs.elts = elts;
    refs.size = FUZZ_REFS;

    copy = malloc(size);
    memcpy(copy, data, size);

    if (kind % 6 == 4) {
        (void) ngx_gemini_refs_add(&refs, kind / 6 % NGX_GEMINI_REF_TYPES,
                                   copy, size);

    } else {
        path.data = copy;

        for (path.len = 0; path.len < size && copy[path.len] != '?';
             path.len++)
        {
            /* void */
        }

        args.data = copy + path.len;
        args.len = size - path.len;

        if (args.len) {
            args.data++;
            args.len--;
        }

        ngx_gemini_refs_target(&refs, &path, &args);
        (void) ngx_gemini_refs_collection(&path);
    }

    free(copy);

    fuzz_refs(&refs);
}


static void
fuzz_yajl(const ngx_gemini_body_t *body, const uint8_t *data, size_t size)
{
    fuzz_flags_t  flags;

    memset(&flags, 0, sizeof(fuzz_flags_t));

    /* these make paths ambiguous; yajl takes more escapes and blanks */

    if (!body->object || body->failed || memchr(data, '.', size) != NULL
        || memchr(data, '\\', size) != NULL
        || memchr(data, '\f', size) != NULL
        || memchr(data, '\v', size) != NULL
        || memmem(data, size, "[]", 2) != NULL
        || ngx_gemini_json_read(data, size, fuzz_value, &flags) != NGX_OK
        || flags.unsure)
    {
        return;
    }

    if (body->cached != flags.cached
        || body->continuation != flags.continuation
        || body->signature != flags.signature)
    {
        abort();
    }
}


static ngx_int_t
fuzz_value(void *data, const ngx_str_t *path, ngx_gemini_json_e type,
    const ngx_str_t *value)
{
    fuzz_flags_t *flags = data;

    size_t  i, start;

    if (type != NGX_GEMINI_JSON_STRING || value->len == 0) {
        return NGX_OK;
    }

    /* too long a path */

    if (path->len == 0) {
        flags->unsure = 1;
        return NGX_OK;
    }

    start = 0;

    for (i = 0; i < path->len; i++) {

        if (path->data[i] != '.') {
            continue;
        }

        if (fuzz_is(path, start, i, "args")
            || fuzz_is(path, start, i, "arguments")
            || fuzz_is(path, start, i, "response"))
        {
            return NGX_OK;
        }

        start = i + 1;
    }

    i = path->len;

    flags->cached |= fuzz_is(path, start, i, "cachedContent")
                     | fuzz_is(path, start, i, "cached_content");
    flags->continuation |= fuzz_is(path, start, i, "continuationToken")
                           | fuzz_is(path, start, i, "continuation_token");
    flags->signature |= fuzz_is(path, start, i, "thoughtSignature")
                        | fuzz_is(path, start, i, "thought_signature")
                        | fuzz_is(path, start, i, "signature");

    return NGX_OK;
}


/* the word; as a value also one in a list, "word[]", of a path also deeper
   ones */

static ngx_uint_t
fuzz_is(const ngx_str_t *path, size_t start, size_t end, const char *word)
{
    size_t  len;

    len = strlen(word);

    if (end - start < len || memcmp(path->data + start, word, len) != 0) {
        return 0;
    }

    for (start += len; end - start >= 2; start += 2) {

        if (memcmp(path->data + start, "[]", 2) != 0) {
            return 0;
        }

        /* strings of a list in a list do not count */

        if (end == path->len && end - start > 2) {
            return 0;
        }
    }

    return start == end;
}


static uint64_t
fuzz_search(const uint8_t *p, const uint8_t *end)
{
    uint64_t             hash;
    ngx_uint_t           i;
    const uint8_t       *q;
    ngx_gemini_token_t   token;

    static const char  name[] = "\"continuationToken\"";

    hash = 0;

    while ((size_t) (end - p) >= sizeof(name) - 1) {

        if (memcmp(p, name, sizeof(name) - 1) != 0) {
            p++;
            continue;
        }

        p += sizeof(name) - 1;

        for (i = 0; i < 2; i++) {

            while (p < end && *p != '\0' && strchr(" \t\r\n", *p) != NULL) {
                p++;
            }

            if (p == end || *p != ":\""[i]) {
                break;
            }

            p++;
        }

        if (i < 2) {
            continue;
        }

        for (q = p; q < end && *q != '"'; q++) {
            if (*q == '\\') {
                q++;
            }
        }

        if (q >= end) {
            break;
        }

        ngx_gemini_token_init(&token, NGX_GEMINI_REF_CONTINUATION);
        ngx_gemini_token_feed(&token, p, q - p);

        if (ngx_gemini_token_hash(&token)) {
            hash = ngx_gemini_token_hash(&token);
        }

        p = q + 1;
    }

    return hash;
}
