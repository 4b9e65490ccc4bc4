
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_mention.h"
#include "ngx_gemini_scan.h"


/* bytes of a name; the places of rows by length have one more */
#define NGX_GEMINI_MENTION_LONGEST  23

/* how deep items of a list lie */
#define NGX_GEMINI_MENTION_ITEMS    3


typedef struct {
    ngx_str_t                  name;
    ngx_gemini_mention_e       mention;
} ngx_gemini_mention_row_t;


static ngx_uint_t ngx_gemini_mention_item(const ngx_gemini_body_t *body);
static void ngx_gemini_mention_text(ngx_gemini_body_t *body,
    ngx_uint_t kind);


/* members of requests, by the length of their names */

static const ngx_gemini_mention_row_t  ngx_gemini_mention_asks[] = {
    { ngx_string("uri"), NGX_GEMINI_MENTION_URI },
    { ngx_string("url"), NGX_GEMINI_MENTION_URI },
    { ngx_string("args"), NGX_GEMINI_MENTION_MUTE },
    { ngx_string("agent"), NGX_GEMINI_MENTION_URI },
    { ngx_string("voice"), NGX_GEMINI_MENTION_URI },
    { ngx_string("source"), NGX_GEMINI_MENTION_URI },
    { ngx_string("fileUri"), NGX_GEMINI_MENTION_URI },
    { ngx_string("file_id"), NGX_GEMINI_MENTION_FILE },
    { ngx_string("file_uri"), NGX_GEMINI_MENTION_URI },
    { ngx_string("fileName"), NGX_GEMINI_MENTION_URI },
    { ngx_string("response"), NGX_GEMINI_MENTION_MUTE },
    { ngx_string("file_name"), NGX_GEMINI_MENTION_URI },
    { ngx_string("signature"), NGX_GEMINI_MENTION_SIGNATURE },
    { ngx_string("arguments"), NGX_GEMINI_MENTION_MUTE },
    { ngx_string("base_agent"), NGX_GEMINI_MENTION_URI },
    { ngx_string("base_voice"), NGX_GEMINI_MENTION_URI },
    { ngx_string("credential"), NGX_GEMINI_MENTION_CREDENTIAL },
    { ngx_string("downloadUri"), NGX_GEMINI_MENTION_URI },
    { ngx_string("environment"), NGX_GEMINI_MENTION_WHERE },
    { ngx_string("download_uri"), NGX_GEMINI_MENTION_URI },
    { ngx_string("responsesFile"), NGX_GEMINI_MENTION_URI },
    { ngx_string("input_file_id"), NGX_GEMINI_MENTION_FILE },
    { ngx_string("error_file_id"), NGX_GEMINI_MENTION_FILE },
    { ngx_string("cachedContent"), NGX_GEMINI_MENTION_CACHE },
    { ngx_string("responses_file"), NGX_GEMINI_MENTION_URI },
    { ngx_string("output_file_id"), NGX_GEMINI_MENTION_FILE },
    { ngx_string("cached_content"), NGX_GEMINI_MENTION_CACHE },
    { ngx_string("environment_id"), NGX_GEMINI_MENTION_ENVIRONMENT },
    { ngx_string("base_environment"), NGX_GEMINI_MENTION_ENVIRONMENT },
    { ngx_string("from_environment"), NGX_GEMINI_MENTION_ENVIRONMENT },
    { ngx_string("thoughtSignature"), NGX_GEMINI_MENTION_SIGNATURE },
    { ngx_string("continuationToken"), NGX_GEMINI_MENTION_CONTINUATION },
    { ngx_string("thought_signature"), NGX_GEMINI_MENTION_SIGNATURE },
    { ngx_string("continuation_token"), NGX_GEMINI_MENTION_CONTINUATION },
    { ngx_string("fileSearchStoreNames"), NGX_GEMINI_MENTION_STORE },
    { ngx_string("previousInteractionId"), NGX_GEMINI_MENTION_INTERACTION },
    { ngx_string("file_search_store_names"), NGX_GEMINI_MENTION_STORE },
    { ngx_string("previous_interaction_id"), NGX_GEMINI_MENTION_INTERACTION }
};


static const uint8_t  ngx_gemini_mention_asks_at[] = {
    0, 0, 0, 0, 2, 3, 5, 6, 8, 11, 14, 17, 19,
    20, 24, 28, 28, 31, 33, 34, 34, 35, 36, 36, 38
};


/* members of answers, by the length of their names; "file_name" may be a
   title that a client has made up, of what a model cites */

static const ngx_gemini_mention_row_t  ngx_gemini_mention_tells[] = {
    { ngx_string("id"), NGX_GEMINI_MENTION_ID },
    { ngx_string("uri"), NGX_GEMINI_MENTION_URI },
    { ngx_string("name"), NGX_GEMINI_MENTION_NAME },
    { ngx_string("file"), NGX_GEMINI_MENTION_ITEM },
    { ngx_string("args"), NGX_GEMINI_MENTION_MUTE },
    { ngx_string("step"), NGX_GEMINI_MENTION_QUIET },
    { ngx_string("batch"), NGX_GEMINI_MENTION_ITEM },
    { ngx_string("input"), NGX_GEMINI_MENTION_MUTE },
    { ngx_string("tools"), NGX_GEMINI_MENTION_MUTE },
    { ngx_string("steps"), NGX_GEMINI_MENTION_QUIET },
    { ngx_string("delta"), NGX_GEMINI_MENTION_QUIET },
    { ngx_string("parts"), NGX_GEMINI_MENTION_QUIET },
    { ngx_string("result"), NGX_GEMINI_MENTION_MUTE },
    { ngx_string("labels"), NGX_GEMINI_MENTION_MUTE },
    { ngx_string("fileUri"), NGX_GEMINI_MENTION_URI },
    { ngx_string("file_id"), NGX_GEMINI_MENTION_FILE },
    { ngx_string("outputs"), NGX_GEMINI_MENTION_QUIET },
    { ngx_string("content"), NGX_GEMINI_MENTION_QUIET },
    { ngx_string("file_uri"), NGX_GEMINI_MENTION_URI },
    { ngx_string("response"), NGX_GEMINI_MENTION_ITEM },
    { ngx_string("metadata"), NGX_GEMINI_MENTION_LABELS },
    { ngx_string("contents"), NGX_GEMINI_MENTION_QUIET },
    { ngx_string("arguments"), NGX_GEMINI_MENTION_MUTE },
    { ngx_string("parameters"), NGX_GEMINI_MENTION_MUTE },
    { ngx_string("candidates"), NGX_GEMINI_MENTION_QUIET },
    { ngx_string("downloadUri"), NGX_GEMINI_MENTION_URI },
    { ngx_string("environment"), NGX_GEMINI_MENTION_WHERE },
    { ngx_string("interaction"), NGX_GEMINI_MENTION_ITEM },
    { ngx_string("download_uri"), NGX_GEMINI_MENTION_URI },
    { ngx_string("responsesFile"), NGX_GEMINI_MENTION_URI },
    { ngx_string("input_file_id"), NGX_GEMINI_MENTION_FILE },
    { ngx_string("error_file_id"), NGX_GEMINI_MENTION_FILE },
    { ngx_string("cachedContent"), NGX_GEMINI_MENTION_CACHE },
    { ngx_string("nextPageToken"), NGX_GEMINI_MENTION_PAGE },
    { ngx_string("responses_file"), NGX_GEMINI_MENTION_URI },
    { ngx_string("output_file_id"), NGX_GEMINI_MENTION_FILE },
    { ngx_string("cached_content"), NGX_GEMINI_MENTION_CACHE },
    { ngx_string("interaction_id"), NGX_GEMINI_MENTION_INTERACTION },
    { ngx_string("environment_id"), NGX_GEMINI_MENTION_ENVIRONMENT },
    { ngx_string("customMetadata"), NGX_GEMINI_MENTION_MUTE },
    { ngx_string("next_page_token"), NGX_GEMINI_MENTION_PAGE },
    { ngx_string("custom_metadata"), NGX_GEMINI_MENTION_MUTE },
    { ngx_string("inlinedResponses"), NGX_GEMINI_MENTION_MUTE },
    { ngx_string("continuationToken"), NGX_GEMINI_MENTION_CONTINUATION },
    { ngx_string("inlined_responses"), NGX_GEMINI_MENTION_MUTE },
    { ngx_string("continuation_token"), NGX_GEMINI_MENTION_CONTINUATION },
    { ngx_string("previousInteractionId"), NGX_GEMINI_MENTION_INTERACTION },
    { ngx_string("previous_interaction_id"), NGX_GEMINI_MENTION_INTERACTION }
};


static const uint8_t  ngx_gemini_mention_tells_at[] = {
    0, 0, 0, 1, 2, 6, 12, 14, 18, 22, 23, 25, 28,
    29, 34, 40, 42, 43, 45, 46, 46, 46, 47, 47, 48
};

/* what a bare id of such a member is */

static const u_char  ngx_gemini_mention_types[] = {
    NGX_GEMINI_REF_NONE, NGX_GEMINI_REF_NONE, NGX_GEMINI_REF_FILE,
    NGX_GEMINI_REF_CACHE, NGX_GEMINI_REF_STORE, NGX_GEMINI_REF_INTERACTION,
    NGX_GEMINI_REF_ENVIRONMENT, NGX_GEMINI_REF_CREDENTIAL,
    NGX_GEMINI_REF_CONTINUATION, NGX_GEMINI_REF_PAGE
};


ngx_uint_t
ngx_gemini_mention_member(const u_char *p, size_t len, ngx_uint_t answer)
{
    const uint8_t                   *at;
    const ngx_gemini_mention_row_t  *row, *last;

    if (len > NGX_GEMINI_MENTION_LONGEST) {
        return NGX_GEMINI_MENTION_NONE;
    }

    if (answer) {
        at = &ngx_gemini_mention_tells_at[len];
        row = ngx_gemini_mention_tells;

    } else {
        at = &ngx_gemini_mention_asks_at[len];
        row = ngx_gemini_mention_asks;
    }

    last = row + at[1];

    for (row += at[0]; row < last; row++) {

        if (row->name.data[0] == p[0]
            && ngx_memcmp(row->name.data, p, len) == 0)
        {
            return row->mention;
        }
    }

    return NGX_GEMINI_MENTION_NONE;
}


void
ngx_gemini_mention_name(ngx_gemini_body_t *body, const u_char *p, size_t len)
{
    ngx_uint_t  mention;

    mention = ngx_gemini_mention_member(p, len, body->answer);

    if (mention == NGX_GEMINI_MENTION_NONE || body->mute
        || body->depth == body->labels)
    {
        return;
    }

    if ((mention == NGX_GEMINI_MENTION_NAME
         || mention == NGX_GEMINI_MENTION_ID)
        && !ngx_gemini_mention_item(body))
    {
        return;
    }

    body->mention = mention;
}


/* whether this object is the answer's subject, or one of a list */

static ngx_uint_t
ngx_gemini_mention_item(const ngx_gemini_body_t *body)
{
    if (body->quiet) {
        return 0;
    }

    return body->depth == 1 || body->depth == body->item
           || (body->depth == NGX_GEMINI_MENTION_ITEMS
               && (body->arrays[0] >> (NGX_GEMINI_MENTION_ITEMS - 2) & 1));
}


void
ngx_gemini_mention_open(ngx_gemini_body_t *body, ngx_uint_t array)
{
    if (array) {
        body->lists[body->depth - 1] =
            (body->mention <= NGX_GEMINI_MENTION_SIGNATURE) ? body->mention
                                                            : 0;
    }

    switch (body->mention) {

    case NGX_GEMINI_MENTION_ITEM:
        if (body->depth == 2) {
            body->item = 2;
        }

        break;

    case NGX_GEMINI_MENTION_LABELS:
        body->labels = body->depth;
        break;

    case NGX_GEMINI_MENTION_QUIET:
        if (body->quiet == 0) {
            body->quiet = body->depth;
        }

        break;

    case NGX_GEMINI_MENTION_MUTE:
        body->mute = body->depth;
        break;

    default:
        break;
    }
}


void
ngx_gemini_mention_close(ngx_gemini_body_t *body)
{
    if (body->depth == body->item) {
        body->item = 0;
    }

    if (body->depth == body->labels) {
        body->labels = 0;
    }

    if (body->depth == body->quiet) {
        body->quiet = 0;
    }

    if (body->depth == body->mute) {
        body->mute = 0;
    }
}


void
ngx_gemini_mention_begin(ngx_gemini_body_t *body, ngx_uint_t array)
{
    ngx_uint_t  kind;

    kind = array ? body->lists[body->depth - 1] : body->mention;

    if (kind == NGX_GEMINI_MENTION_NONE) {
        return;
    }

    switch (kind) {

    case NGX_GEMINI_MENTION_CONTINUATION:
    case NGX_GEMINI_MENTION_PAGE:
        ngx_gemini_token_init(&body->hash, ngx_gemini_mention_types[kind]);
        break;

    case NGX_GEMINI_MENTION_SIGNATURE:
        break;

    case NGX_GEMINI_MENTION_ITEM:
    case NGX_GEMINI_MENTION_LABELS:
    case NGX_GEMINI_MENTION_QUIET:
    case NGX_GEMINI_MENTION_MUTE:
        return;

    default:
        body->capture = 1;
    }

    body->kind = kind;
}


void
ngx_gemini_mention_piece(ngx_gemini_body_t *body, const u_char *p,
    size_t len)
{
    if (body->kind == NGX_GEMINI_MENTION_CONTINUATION
        || body->kind == NGX_GEMINI_MENTION_PAGE)
    {
        ngx_gemini_token_feed(&body->hash, p, len);
    }
}


void
ngx_gemini_mention_end(ngx_gemini_body_t *body, uint64_t size)
{
    uint64_t    hash;
    ngx_uint_t  kind;

    kind = body->kind;
    body->kind = NGX_GEMINI_MENTION_NONE;

    if (size == 0) {
        return;
    }

    switch (kind) {

    case NGX_GEMINI_MENTION_SIGNATURE:
        body->signature = 1;
        return;

    case NGX_GEMINI_MENTION_CONTINUATION:
        body->continuation = 1;
        /* fall through */

    case NGX_GEMINI_MENTION_PAGE:
        hash = ngx_gemini_token_hash(&body->hash);

        if (hash && body->refs) {
            ngx_gemini_refs_put(body->refs, ngx_gemini_mention_types[kind],
                                hash);
        }

        return;

    case NGX_GEMINI_MENTION_CACHE:
        body->cached = 1;
        break;

    default:
        break;
    }

    if (body->refs) {
        ngx_gemini_mention_text(body, kind);
    }
}


static void
ngx_gemini_mention_text(ngx_gemini_body_t *body, ngx_uint_t kind)
{
    u_char            text[sizeof(body->text)];
    size_t            len;
    ngx_gemini_ref_e  type;

    /* as far as it can be read: what is cut or broken is a name, too, that
       nobody owns */

    (void) ngx_gemini_scan_unescape(body->text, body->text_len, text,
                                    sizeof(text), &len);

    switch (kind) {

    case NGX_GEMINI_MENTION_ID:
        type = body->id;
        break;

    case NGX_GEMINI_MENTION_WHERE:
        type = (body->depth == 1 || body->depth == body->item)
               ? NGX_GEMINI_REF_ENVIRONMENT : NGX_GEMINI_REF_NONE;

        if (len == 6 && ngx_memcmp(text, "remote", 6) == 0) {

            /* a new one */

            return;
        }

        break;

    case NGX_GEMINI_MENTION_NAME:
        type = NGX_GEMINI_REF_NONE;
        break;

    default:
        type = ngx_gemini_mention_types[kind];
    }

    if (ngx_gemini_refs_add(body->refs, type, text, len) != NGX_OK
        && !body->answer)
    {
        ngx_gemini_refs_doubt(body->refs, text, len, body->overflow);
    }
}
