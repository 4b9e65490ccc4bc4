
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_verb.h"


#define NGX_GEMINI_VERBF_SAFE                                                 \
    (NGX_GEMINI_VERBF_REPLAY | NGX_GEMINI_VERBF_FALLBACK)
#define NGX_GEMINI_VERBF_ALL                                                  \
    (NGX_GEMINI_VERBF_SAFE | NGX_GEMINI_VERBF_JUDGED)


/* models/{m}:verb, gemini-api.md 1.1 */

static const ngx_gemini_verb_t  ngx_gemini_verb_natives[] = {

    { ngx_string("generateContent"),
      NGX_GEMINI_FAMILY_GENERATE, NGX_GEMINI_VERB_GENERATE,
      NGX_GEMINI_KIND_TEXT, NGX_GEMINI_BODY_TOP, NGX_GEMINI_VERBF_ALL },

    { ngx_string("streamGenerateContent"),
      NGX_GEMINI_FAMILY_GENERATE, NGX_GEMINI_VERB_STREAM,
      NGX_GEMINI_KIND_TEXT, NGX_GEMINI_BODY_TOP,
      NGX_GEMINI_VERBF_ALL | NGX_GEMINI_VERBF_STREAMS },

    { ngx_string("countTokens"),
      NGX_GEMINI_FAMILY_COUNT, NGX_GEMINI_VERB_COUNT,
      NGX_GEMINI_KIND_TEXT, NGX_GEMINI_BODY_TOP | NGX_GEMINI_BODY_COUNT,
      NGX_GEMINI_VERBF_ALL },

    { ngx_string("embedContent"),
      NGX_GEMINI_FAMILY_EMBED, NGX_GEMINI_VERB_EMBED,
      NGX_GEMINI_KIND_EMBEDDING, NGX_GEMINI_BODY_TOP,
      NGX_GEMINI_VERBF_ALL },

    { ngx_string("batchEmbedContents"),
      NGX_GEMINI_FAMILY_EMBED, NGX_GEMINI_VERB_BATCH_EMBED,
      NGX_GEMINI_KIND_EMBEDDING,
      NGX_GEMINI_BODY_TOP | NGX_GEMINI_BODY_REQUESTS,
      NGX_GEMINI_VERBF_ALL },

    { ngx_string("asyncBatchEmbedContent"),
      NGX_GEMINI_FAMILY_BATCHES, NGX_GEMINI_VERB_ASYNC_BATCH_EMBED,
      NGX_GEMINI_KIND_EMBEDDING,
      NGX_GEMINI_BODY_TOP | NGX_GEMINI_BODY_BATCH, 0 },

    { ngx_string("batchGenerateContent"),
      NGX_GEMINI_FAMILY_BATCHES, NGX_GEMINI_VERB_BATCH_GENERATE,
      NGX_GEMINI_KIND_TEXT,
      NGX_GEMINI_BODY_TOP | NGX_GEMINI_BODY_BATCH, 0 },

    { ngx_string("predict"),
      NGX_GEMINI_FAMILY_GENERATE, NGX_GEMINI_VERB_PREDICT,
      NGX_GEMINI_KIND_IMAGE, NGX_GEMINI_BODY_NONE,
      NGX_GEMINI_VERBF_SAFE },

    { ngx_string("predictLongRunning"),
      NGX_GEMINI_FAMILY_GENERATE, NGX_GEMINI_VERB_PREDICT_LONG,
      NGX_GEMINI_KIND_VIDEO, NGX_GEMINI_BODY_NONE,
      NGX_GEMINI_VERBF_FALLBACK },

    { ngx_string("generateAnswer"),
      NGX_GEMINI_FAMILY_GENERATE, NGX_GEMINI_VERB_ANSWER,
      NGX_GEMINI_KIND_TEXT, NGX_GEMINI_BODY_TOP,
      NGX_GEMINI_VERBF_REPLAY },

    /* of PaLM's time, still in Google's proto */

    { ngx_string("generateText"),
      NGX_GEMINI_FAMILY_GENERATE, NGX_GEMINI_VERB_OTHER,
      NGX_GEMINI_KIND_TEXT, NGX_GEMINI_BODY_NONE,
      NGX_GEMINI_VERBF_REPLAY },

    { ngx_string("generateMessage"),
      NGX_GEMINI_FAMILY_GENERATE, NGX_GEMINI_VERB_OTHER,
      NGX_GEMINI_KIND_TEXT, NGX_GEMINI_BODY_NONE,
      NGX_GEMINI_VERBF_REPLAY },

    { ngx_string("embedText"),
      NGX_GEMINI_FAMILY_EMBED, NGX_GEMINI_VERB_OTHER,
      NGX_GEMINI_KIND_EMBEDDING, NGX_GEMINI_BODY_TOP,
      NGX_GEMINI_VERBF_REPLAY },

    { ngx_string("batchEmbedText"),
      NGX_GEMINI_FAMILY_EMBED, NGX_GEMINI_VERB_OTHER,
      NGX_GEMINI_KIND_EMBEDDING,
      NGX_GEMINI_BODY_TOP | NGX_GEMINI_BODY_REQUESTS,
      NGX_GEMINI_VERBF_REPLAY },

    { ngx_string("embedMessage"),
      NGX_GEMINI_FAMILY_EMBED, NGX_GEMINI_VERB_OTHER,
      NGX_GEMINI_KIND_EMBEDDING, NGX_GEMINI_BODY_NONE,
      NGX_GEMINI_VERBF_REPLAY },

    { ngx_string("countTextTokens"),
      NGX_GEMINI_FAMILY_COUNT, NGX_GEMINI_VERB_OTHER,
      NGX_GEMINI_KIND_TEXT, NGX_GEMINI_BODY_NONE,
      NGX_GEMINI_VERBF_REPLAY },

    { ngx_string("countMessageTokens"),
      NGX_GEMINI_FAMILY_COUNT, NGX_GEMINI_VERB_OTHER,
      NGX_GEMINI_KIND_TEXT, NGX_GEMINI_BODY_NONE,
      NGX_GEMINI_VERBF_REPLAY },

    { ngx_null_string, 0, 0, 0, 0, 0 }
};


/* what is POSTed below openai/, gemini-api.md 1.9 */

static const ngx_gemini_verb_t  ngx_gemini_verb_openais[] = {

    { ngx_string("chat/completions"),
      NGX_GEMINI_FAMILY_GENERATE, NGX_GEMINI_VERB_CHAT,
      NGX_GEMINI_KIND_TEXT, NGX_GEMINI_BODY_TOP, NGX_GEMINI_VERBF_ALL },

    { ngx_string("embeddings"),
      NGX_GEMINI_FAMILY_EMBED, NGX_GEMINI_VERB_OPENAI_EMBED,
      NGX_GEMINI_KIND_EMBEDDING, NGX_GEMINI_BODY_TOP,
      NGX_GEMINI_VERBF_ALL },

    { ngx_string("images/generations"),
      NGX_GEMINI_FAMILY_GENERATE, NGX_GEMINI_VERB_OPENAI_OTHER,
      NGX_GEMINI_KIND_IMAGE, NGX_GEMINI_BODY_TOP,
      NGX_GEMINI_VERBF_SAFE },

    { ngx_string("videos"),
      NGX_GEMINI_FAMILY_GENERATE, NGX_GEMINI_VERB_OPENAI_OTHER,
      NGX_GEMINI_KIND_VIDEO, NGX_GEMINI_BODY_TOP,
      NGX_GEMINI_VERBF_FALLBACK },

    { ngx_null_string, 0, 0, 0, 0, 0 }
};


const ngx_gemini_verb_t  ngx_gemini_verb_interact = {
    ngx_string("interactions"),
    NGX_GEMINI_FAMILY_INTERACTIONS, NGX_GEMINI_VERB_INTERACT,
    NGX_GEMINI_KIND_TEXT, NGX_GEMINI_BODY_TOP, 0
};


static const char *const  ngx_gemini_verb_surfaces[] = {
    "native", "openai", "interactions", "live", "upload"
};


static const char *const  ngx_gemini_verb_families[] = {
    "unknown", "generate", "count", "embed", "models", "upload", "files",
    "caches", "batches", "stores", "interactions", "live", "auth_tokens",
    "tunedModels", "agents", "webhooks", "credentials"
};


static const char *const  ngx_gemini_verb_verbs[] = {
    "other", "generate", "stream", "count", "embed", "batch_embed",
    "async_batch_embed", "batch_generate", "predict", "predict_long",
    "answer", "models_list", "models_get", "chat", "openai_embed",
    "openai_models", "openai_model", "openai_other", "interact", "resource",
    "upload", "live"
};


static const char *const  ngx_gemini_verb_kind_names[] = {
    "text", "image", "tts", "embedding", "live", "video"
};


const ngx_gemini_verb_t *
ngx_gemini_verb_native(const ngx_str_t *name)
{
    u_char                   *p, *last;
    const ngx_gemini_verb_t  *row;

    last = name->data + name->len;

    for (row = ngx_gemini_verb_natives; row->name.len; row++) {

        if (row->name.len >= name->len) {
            continue;
        }

        p = last - row->name.len;

        if (p[-1] == ':' && ngx_memcmp(p, row->name.data, row->name.len) == 0)
        {
            return row;
        }
    }

    return NULL;
}


const ngx_gemini_verb_t *
ngx_gemini_verb_openai(const ngx_str_t *name)
{
    const ngx_gemini_verb_t  *row;

    for (row = ngx_gemini_verb_openais; row->name.len; row++) {

        if (row->name.len == name->len
            && ngx_memcmp(row->name.data, name->data, name->len) == 0)
        {
            return row;
        }
    }

    return NULL;
}


ngx_uint_t
ngx_gemini_request_kinds(ngx_gemini_verb_e verb)
{
    ngx_uint_t  written;

    /* what generateContent makes */

    written = (1 << NGX_GEMINI_KIND_TEXT) | (1 << NGX_GEMINI_KIND_IMAGE)
              | (1 << NGX_GEMINI_KIND_TTS);

    switch (verb) {

    case NGX_GEMINI_VERB_GENERATE:
    case NGX_GEMINI_VERB_STREAM:
    case NGX_GEMINI_VERB_BATCH_GENERATE:
    case NGX_GEMINI_VERB_CHAT:
        return written;

    case NGX_GEMINI_VERB_COUNT:
        return written | (1 << NGX_GEMINI_KIND_EMBEDDING);

    case NGX_GEMINI_VERB_EMBED:
    case NGX_GEMINI_VERB_BATCH_EMBED:
    case NGX_GEMINI_VERB_ASYNC_BATCH_EMBED:
    case NGX_GEMINI_VERB_OPENAI_EMBED:
        return 1 << NGX_GEMINI_KIND_EMBEDDING;

    case NGX_GEMINI_VERB_PREDICT:
        return (1 << NGX_GEMINI_KIND_IMAGE) | (1 << NGX_GEMINI_KIND_VIDEO);

    case NGX_GEMINI_VERB_PREDICT_LONG:
        return 1 << NGX_GEMINI_KIND_VIDEO;

    case NGX_GEMINI_VERB_ANSWER:
        return 1 << NGX_GEMINI_KIND_TEXT;

    case NGX_GEMINI_VERB_LIVE:
        return 1 << NGX_GEMINI_KIND_LIVE;

    default:
        return (1 << NGX_GEMINI_KINDS) - 1;
    }
}


const char *
ngx_gemini_surface_name(ngx_uint_t surface)
{
    return surface < NGX_GEMINI_SURFACES
           ? ngx_gemini_verb_surfaces[surface] : "unknown";
}


const char *
ngx_gemini_family_name(ngx_uint_t family)
{
    return family < NGX_GEMINI_FAMILIES
           ? ngx_gemini_verb_families[family] : "unknown";
}


const char *
ngx_gemini_verb_name(ngx_uint_t verb)
{
    return verb < NGX_GEMINI_VERBS
           ? ngx_gemini_verb_verbs[verb] : "unknown";
}


const char *
ngx_gemini_kind_name(ngx_uint_t kind)
{
    return kind < NGX_GEMINI_KINDS
           ? ngx_gemini_verb_kind_names[kind] : "unknown";
}
