
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Names of what a key's project owns (gemini-api.md 1.2, 1.8): as they stand
 * in a request target, in a request body, and in the answers that create,
 * show or list them.  A reference is the canonical name's hash; the name
 * itself is kept for messages to the client alone and outlives no request.
 */


#ifndef _NGX_GEMINI_REFS_H_INCLUDED_
#define _NGX_GEMINI_REFS_H_INCLUDED_


#include "ngx_gemini.h"


#define NGX_GEMINI_REFS          64     /* different ones in one request */
#define NGX_GEMINI_REF_NAME      80     /* bytes of a name that are kept */

/* an answer names more: a list's page */
#define NGX_GEMINI_REFS_ANSWER   1024

#define NGX_GEMINI_REFS_SEED     0xcbf29ce484222325ull
#define NGX_GEMINI_REFS_PRIME    0x100000001b3ull


/* also written to the state file: append only */

typedef enum {
    NGX_GEMINI_REF_NONE = 0,
    NGX_GEMINI_REF_FILE,                /* "files/", "generatedFiles/" */
    NGX_GEMINI_REF_CACHE,               /* "cachedContents/" */
    NGX_GEMINI_REF_BATCH,               /* "batches/" */
    NGX_GEMINI_REF_OPERATION,           /* "models/{m}/operations/{id}",
                                           "operations/{id}", "videos/{id}" */
    NGX_GEMINI_REF_STORE,               /* "fileSearchStores/{s}", also of
                                           its documents and operations */
    NGX_GEMINI_REF_CORPUS,              /* "corpora/" */
    NGX_GEMINI_REF_INTERACTION,         /* "interactions/" */
    NGX_GEMINI_REF_TUNED,               /* "tunedModels/", "dynamic/" */
    NGX_GEMINI_REF_AGENT,               /* "agents/" */
    NGX_GEMINI_REF_ENVIRONMENT,         /* "environments/" */
    NGX_GEMINI_REF_TRIGGER,             /* "triggers/" */
    NGX_GEMINI_REF_VOICE,               /* "voices/" */
    NGX_GEMINI_REF_WEBHOOK,             /* "webhooks/" */
    NGX_GEMINI_REF_CREDENTIAL,          /* "credentials/" */
    NGX_GEMINI_REF_AUTH_TOKEN,          /* "auth_tokens/" */
    NGX_GEMINI_REF_UPLOAD,              /* an upload_id */
    NGX_GEMINI_REF_CONTINUATION,        /* a continuationToken */
    NGX_GEMINI_REF_PAGE,                /* a pageToken */
    NGX_GEMINI_REF_TYPES
} ngx_gemini_ref_e;


typedef struct {
    uint64_t                   hash;       /* of the canonical name, not 0 */
    uint8_t                    type;       /* ngx_gemini_ref_e */
    uint8_t                    len;
    u_char                     name[NGX_GEMINI_REF_NAME];  /* "files/abc",
                                              cut if longer; of tokens and
                                              uploads only the kind */
} ngx_gemini_ref_t;


/* different references in the order of their appearance; overflow: more than
   size were met, the rest is not looked at */

typedef struct {
    ngx_gemini_ref_t          *elts;       /* the caller's, size of them */
    uint32_t                   nelts;
    uint32_t                   size;
    unsigned                   overflow:1;
} ngx_gemini_refs_t;


/*
 * Adds what a text names.  type: what it is if it has no prefix that says so
 * ("previous_interaction_id" is a bare id); NONE: a text without such a prefix
 * names nothing.  Taken are "files/abc", "v1beta/files/abc:download?alt=x",
 * "https://generativelanguage.googleapis.com/v1beta/files/abc",
 * "fileSearchStores/s/documents/d" (as "fileSearchStores/s"), percent-encoded
 * or not; of UPLOAD, CONTINUATION, PAGE the text is the token.
 * NGX_DECLINED: nothing of a project (YouTube, gs://, another host).
 */
ngx_int_t ngx_gemini_refs_add(ngx_gemini_refs_t *refs, ngx_gemini_ref_e type,
    const u_char *p, size_t len);

/* adds a token by its hash */
void ngx_gemini_refs_put(ngx_gemini_refs_t *refs, ngx_gemini_ref_e type,
    uint64_t hash);

/* adds what names nothing that we can read, but Google might: another path of
   its host, a text that was cut (cut: 1) before its host could be seen */
void ngx_gemini_refs_doubt(ngx_gemini_refs_t *refs, const u_char *p,
    size_t len, ngx_uint_t cut);

/*
 * What the decoded path of a request, below its version, and its raw
 * arguments name: the resource, upload_id, pageToken.  path: "/v1beta/files/x",
 * "/upload/v1beta/fileSearchStores/s:uploadToFileSearchStore",
 * "/v1beta/openai/files/x"; a collection ("/v1beta/files") names none.
 */
void ngx_gemini_refs_target(ngx_gemini_refs_t *refs, const ngx_str_t *path,
    const ngx_str_t *args);

/* 1: the path is a collection of what projects own: a GET of it is a list */
ngx_uint_t ngx_gemini_refs_collection(const ngx_str_t *path);

/* 1: the path names a resource */
ngx_uint_t ngx_gemini_refs_named(const ngx_str_t *path);

/* what the "id" of an answer to this path names: for refs_answer_init() */
ngx_gemini_ref_e ngx_gemini_refs_subject(const ngx_str_t *path);


/*
 * The hash of a token in pieces as they stand in JSON, between the quotes:
 * over its base64 letters alone, unescaped, so that "\/", "\u003d" and a
 * missing padding do not matter.  0: it has no letters.
 */

typedef struct {
    uint64_t                   hash;
    uint32_t                   code;       /* of "\u" so far */
    uint8_t                    escape;     /* bytes of an escape so far */
    uint8_t                    letters;    /* 1: there was one */
} ngx_gemini_token_t;

void ngx_gemini_token_init(ngx_gemini_token_t *token, ngx_gemini_ref_e type);
void ngx_gemini_token_feed(ngx_gemini_token_t *token, const u_char *p,
    size_t len);
uint64_t ngx_gemini_token_hash(const ngx_gemini_token_t *token);


/*
 * An answer, fed in pieces as it streams: JSON, or SSE whose data are JSON.
 * For answers of resources, uploads, batches, long-running calls and
 * interactions.
 */

typedef struct ngx_gemini_refs_answer_s  ngx_gemini_refs_answer_t;

/* size of it; refs: where to add, elts must be there.  id: what the member
   "id" at the top, or in "interaction", names (INTERACTION; FILE and BATCH on
   the OpenAI surface), NONE: nothing */
size_t ngx_gemini_refs_answer_size(void);
void ngx_gemini_refs_answer_init(ngx_gemini_refs_answer_t *answer,
    ngx_gemini_refs_t *refs, ngx_gemini_ref_e id, ngx_uint_t sse);
void ngx_gemini_refs_answer_feed(ngx_gemini_refs_answer_t *answer,
    const u_char *p, size_t len);


/*
 * The last "continuationToken" of a generate answer, JSON or SSE, without
 * parsing it: the name in its quotes cannot stand inside a JSON string.  At
 * the speed of memmem().
 */

typedef struct {
    ngx_gemini_token_t         token;
    uint64_t                   hash;       /* of the last whole one, 0: none */
    uint32_t                   state;
    uint32_t                   matched;
} ngx_gemini_continuation_t;

void ngx_gemini_continuation_feed(ngx_gemini_continuation_t *c,
    const u_char *p, size_t len);

/* a piece that is known not to hold the name */
void ngx_gemini_continuation_pass(ngx_gemini_continuation_t *c,
    const u_char *p, size_t len);


/* the kind in a word: "file", "cache" */
const char *ngx_gemini_ref_name(ngx_uint_t type);

/* FNV-1a: begins with NGX_GEMINI_REFS_SEED, ends with the mix, never 0 */
uint64_t ngx_gemini_refs_hash(uint64_t hash, const u_char *p, size_t len);
uint64_t ngx_gemini_refs_mix(uint64_t hash);


#endif /* _NGX_GEMINI_REFS_H_INCLUDED_ */
