
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_mention.h"
#include "ngx_gemini_place.h"
#include "ngx_gemini_scan.h"


/* bytes of a name */
#define NGX_GEMINI_MENTION_LONGEST  23

/* how deep items of a list lie */
#define NGX_GEMINI_MENTION_ITEMS    3

#define LETTER                      ngx_gemini_word_letter


static ngx_uint_t ngx_gemini_mention_item(const ngx_gemini_body_t *body);
static void ngx_gemini_mention_text(ngx_gemini_body_t *body,
    ngx_uint_t kind);


/* members of requests, by the length of their names */

static const ngx_gemini_word_t  ngx_gemini_mention_asks[] = {
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


static const ngx_gemini_word_length_t  ngx_gemini_mention_asks_lengths[] = {
    { 0, 0 },
    { 0, 0 },
    { 0, 0 },
    { 0, LETTER('u') },
    { 2, LETTER('a') },
    { 3, LETTER('a') | LETTER('v') },
    { 5, LETTER('s') },
    { 6, LETTER('f') },
    { 8, LETTER('f') | LETTER('r') },
    { 11, LETTER('a') | LETTER('f') | LETTER('s') },
    { 14, LETTER('b') | LETTER('c') },
    { 17, LETTER('d') | LETTER('e') },
    { 19, LETTER('d') },
    { 20, LETTER('c') | LETTER('e') | LETTER('i') | LETTER('r') },
    { 24, LETTER('c') | LETTER('e') | LETTER('o') | LETTER('r') },
    { 28, 0 },
    { 28, LETTER('b') | LETTER('f') | LETTER('t') },
    { 31, LETTER('c') | LETTER('t') },
    { 33, LETTER('c') },
    { 34, 0 },
    { 34, LETTER('f') },
    { 35, LETTER('p') },
    { 36, 0 },
    { 36, LETTER('f') | LETTER('p') },
    { 38, 0 }
};


/* members of answers, by the length of their names; "file_name" may be a
   title that a client has made up, of what a model cites */

static const ngx_gemini_word_t  ngx_gemini_mention_tells[] = {
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


static const ngx_gemini_word_length_t  ngx_gemini_mention_tells_lengths[] = {
    { 0, 0 },
    { 0, 0 },
    { 0, LETTER('i') },
    { 1, LETTER('u') },
    { 2, LETTER('a') | LETTER('f') | LETTER('n') | LETTER('s') },
    { 6, LETTER('b') | LETTER('d') | LETTER('i') | LETTER('p') | LETTER('s')
         | LETTER('t') },
    { 12, LETTER('l') | LETTER('r') },
    { 14, LETTER('c') | LETTER('f') | LETTER('o') },
    { 18, LETTER('c') | LETTER('f') | LETTER('m') | LETTER('r') },
    { 22, LETTER('a') },
    { 23, LETTER('c') | LETTER('p') },
    { 25, LETTER('d') | LETTER('e') | LETTER('i') },
    { 28, LETTER('d') },
    { 29, LETTER('c') | LETTER('e') | LETTER('i') | LETTER('n')
          | LETTER('r') },
    { 34, LETTER('c') | LETTER('e') | LETTER('i') | LETTER('o')
          | LETTER('r') },
    { 40, LETTER('c') | LETTER('n') },
    { 42, LETTER('i') },
    { 43, LETTER('c') | LETTER('i') },
    { 45, LETTER('c') },
    { 46, 0 },
    { 46, 0 },
    { 46, LETTER('p') },
    { 47, 0 },
    { 47, LETTER('p') },
    { 48, 0 }
};


const ngx_gemini_words_t  ngx_gemini_mention_requests = {
    ngx_gemini_mention_asks, ngx_gemini_mention_asks_lengths,
    NGX_GEMINI_MENTION_LONGEST
};


const ngx_gemini_words_t  ngx_gemini_mention_answers = {
    ngx_gemini_mention_tells, ngx_gemini_mention_tells_lengths,
    NGX_GEMINI_MENTION_LONGEST
};


/* what a bare id of such a member is */

static const u_char  ngx_gemini_mention_types[] = {
    NGX_GEMINI_REF_NONE, NGX_GEMINI_REF_NONE, NGX_GEMINI_REF_FILE,
    NGX_GEMINI_REF_CACHE, NGX_GEMINI_REF_STORE, NGX_GEMINI_REF_INTERACTION,
    NGX_GEMINI_REF_ENVIRONMENT, NGX_GEMINI_REF_CREDENTIAL,
    NGX_GEMINI_REF_CONTINUATION, NGX_GEMINI_REF_PAGE
};


void
ngx_gemini_mention_name(ngx_gemini_body_t *body, ngx_uint_t mention)
{
    if (body->mute || body->depth == body->labels) {
        return;
    }

    if ((mention == NGX_GEMINI_MENTION_NAME
         || mention == NGX_GEMINI_MENTION_ID)
        && !ngx_gemini_mention_item(body))
    {
        return;
    }

    body->mention = (uint8_t) mention;
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
               && (body->levels >> 4 & 15) < NGX_GEMINI_PLACE_OBJECT);
}


void
ngx_gemini_mention_open(ngx_gemini_body_t *body)
{
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
        return;
    }

    body->marked = 1;
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

    body->marked = (body->item || body->labels || body->quiet || body->mute);
}


void
ngx_gemini_mention_begin(ngx_gemini_body_t *body, ngx_uint_t kind)
{
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

    body->kind = (uint8_t) kind;
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
    u_char            text[NGX_GEMINI_BODY_TEXT];
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
        && !(body->want & NGX_GEMINI_BODY_ANSWER))
    {
        ngx_gemini_refs_doubt(body->refs, text, len, body->overflow);
    }
}
