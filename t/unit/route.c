
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Every sort of path: what it is taken for, and what is sent on for it.
 */


#include "ngx_gemini_request.h"
#include "tap.h"


/* flags: k known, j judged, r replay, f fallback, s streams, a array,
   e sse, t tuned, and as digits the mask of the body */

typedef struct {
    const char                *method;
    const char                *uri;
    int                        prefix;
    const char                *says;   /* surface family verb flags */
    const char                *model;
    const char                *target; /* NULL: refused */
} test_line_t;


static void test_line(const test_line_t *line);
static void test_says(const ngx_gemini_wish_t *wish, char *text,
    size_t size);
static ngx_str_t test_str(const char *text);


static const test_line_t  test_table[] = {

    /* native verbs, all versions */

    { "POST", "/v1beta/models/gemini-x:generateContent", 0,
      "native generate generate kjrf1", "gemini-x",
      "/v1beta/models/NEW:generateContent" },
    { "POST", "/v1/models/gemini-x:generateContent", 0,
      "native generate generate kjrf1", "gemini-x",
      "/v1/models/NEW:generateContent" },
    { "POST", "/v1alpha/models/gemini-x:generateContent?a", 0,
      "native generate generate kjrf1", "gemini-x",
      "/v1alpha/models/NEW:generateContent?a" },
    { "POST", "/v1beta/models/m:streamGenerateContent", 0,
      "native generate stream kjrfsa1", "m",
      "/v1beta/models/NEW:streamGenerateContent" },
    { "POST", "/v1beta/models/m:streamGenerateContent?alt=sse", 0,
      "native generate stream kjrfse1", "m",
      "/v1beta/models/NEW:streamGenerateContent?alt=sse" },
    { "POST", "/v1/models/m:streamGenerateContent?$alt=sse", 0,
      "native generate stream kjrfse1", "m",
      "/v1/models/NEW:streamGenerateContent?$alt=sse" },
    { "POST", "/v1/models/m:streamGenerateContent?%24alt=sse;enum-enc=int", 0,
      "native generate stream kjrfse1", "m",
      "/v1/models/NEW:streamGenerateContent?%24alt=sse;enum-enc=int" },
    { "POST", "/v1/models/m:streamGenerateContent?Alt=sse", 0,
      "native generate stream kjrfsa1", "m",
      "/v1/models/NEW:streamGenerateContent?Alt=sse" },
    { "POST", "/v1/models/m:streamGenerateContent?$alt=json;alt=sse", 0,
      "native generate stream kjrfsa1", "m",
      "/v1/models/NEW:streamGenerateContent?$alt=json;alt=sse" },
    { "POST", "/v1beta/models/m:countTokens", 0,
      "native count count kjrf5", "m", "/v1beta/models/NEW:countTokens" },
    { "POST", "/v1beta/models/m:embedContent", 0,
      "native embed embed kjrf1", "m", "/v1beta/models/NEW:embedContent" },
    { "POST", "/v1beta/models/m:batchEmbedContents", 0,
      "native embed batch_embed kjrf3", "m",
      "/v1beta/models/NEW:batchEmbedContents" },
    { "POST", "/v1beta/models/m:asyncBatchEmbedContent", 0,
      "native batches async_batch_embed k9", "m",
      "/v1beta/models/NEW:asyncBatchEmbedContent" },
    { "POST", "/v1beta/models/m:batchGenerateContent", 0,
      "native batches batch_generate k9", "m",
      "/v1beta/models/NEW:batchGenerateContent" },
    { "POST", "/v1beta/models/m:predict", 0,
      "native generate predict krf0", "m", "/v1beta/models/NEW:predict" },
    { "POST", "/v1beta/models/m:predictLongRunning", 0,
      "native generate predict_long kf0", "m",
      "/v1beta/models/NEW:predictLongRunning" },
    { "POST", "/v1beta/models/aqa:generateAnswer", 0,
      "native generate answer kr1", "aqa",
      "/v1beta/models/NEW:generateAnswer" },
    { "POST", "/v1beta/models/m:embedText", 0,
      "native embed other kr1", "m", "/v1beta/models/NEW:embedText" },
    { "POST", "/v1beta/models/m:flyToTheMoon", 0,
      "native unknown other k0", "m", "/v1beta/models/NEW:flyToTheMoon" },
    { "GET", "/v1beta/models/m:generateContent", 0,
      "native generate other kr0", "m",
      "/v1beta/models/NEW:generateContent" },
    { "POST", "/v1beta/models/m:GenerateContent", 0,
      "native unknown other k0", "m",
      "/v1beta/models/NEW:GenerateContent" },

    /* as clients may write them */

    { "POST", "/v1beta/models/m%3AgenerateContent", 0,
      "native generate generate kjrf1", "m",
      "/v1beta/models/NEW:generateContent" },
    { "POST", "/v1beta/models%2fgemini-x%3agenerateContent", 0,
      "native generate generate kjrf1", "gemini-x",
      "/v1beta/models/NEW:generateContent" },
    { "POST", "//v1beta///models/m:generateContent", 0,
      "native generate generate kjrf1", "m",
      "/v1beta/models/NEW:generateContent" },
    { "POST", "/v1beta/models/models/m:generateContent", 0,
      "native generate generate kjrf1", "m",
      "/v1beta/models/NEW:generateContent" },
    { "POST", "/v1beta/./x/../models/m:generateContent#f?key=1", 0,
      "native generate generate kjrf1", "m",
      "/v1beta/models/NEW:generateContent" },
    { "POST", "/V1beta/models/m:generateContent", 0,
      "native unknown other 0", "", "/V1beta/models/m:generateContent" },
    { "POST", "/v1beta/Models/m:generateContent", 0,
      "native unknown other k0", "", "/v1beta/Models/m:generateContent" },
    { "POST", "/v1beta/models/a%20b:generateContent", 0,
      "native generate generate kjrt1", "",
      "/v1beta/models/a%20b:generateContent" },
    { "POST", "/v1beta/models/:generateContent", 0,
      "native generate generate kjrt1", "",
      "/v1beta/models/:generateContent" },
    { "POST", "/v1beta/tunedModels/x:generateContent", 0,
      "native tunedModels generate kjrt1", "",
      "/v1beta/tunedModels/x:generateContent" },
    { "POST", "/v1beta/dynamic/x:streamGenerateContent?alt=sse", 0,
      "native tunedModels stream kjrset1", "",
      "/v1beta/dynamic/x:streamGenerateContent?alt=sse" },
    { "GET", "/v1beta/tunedModels", 0,
      "native tunedModels resource krt0", "", "/v1beta/tunedModels" },

    /* models and operations */

    { "GET", "/v1beta/models?pageSize=5&key=abc", 0,
      "native models models_list kr0", "", "/v1beta/models?pageSize=5" },
    { "HEAD", "/v1beta/models/", 0,
      "native models models_list kr0", "", "/v1beta/models/" },
    { "GET", "/v1/models/m", 0,
      "native models models_get kr0", "m", "/v1/models/NEW" },
    { "GET", "/v1beta/models/m/operations/o1", 0,
      "native batches resource krt0", "", "/v1beta/models/m/operations/o1" },
    { "POST", "/v1beta/models/m/operations/o1:cancel", 0,
      "native batches resource kt0", "",
      "/v1beta/models/m/operations/o1:cancel" },

    /* resources */

    { "GET", "/v1beta/files/a", 0,
      "native files resource kr0", "", "/v1beta/files/a" },
    { "POST", "/v1beta/files:register", 0,
      "native files resource k0", "", "/v1beta/files:register" },
    { "DELETE", "/v1beta/files/a", 0,
      "native files resource k0", "", "/v1beta/files/a" },
    { "POST", "/v1beta/cachedContents", 0,
      "native caches resource k1", "", "/v1beta/cachedContents" },
    { "PATCH", "/v1beta/cachedContents/c", 0,
      "native caches resource k0", "", "/v1beta/cachedContents/c" },
    { "POST", "/v1beta/batches/b:cancel", 0,
      "native batches resource k0", "", "/v1beta/batches/b:cancel" },
    { "POST", "/v1beta/fileSearchStores", 0,
      "native stores resource k0", "", "/v1beta/fileSearchStores" },
    { "POST", "/v1alpha/auth_tokens", 0,
      "native auth_tokens resource k0", "", "/v1alpha/auth_tokens" },
    { "GET", "/v1/environments/e/files/a%25b", 0,
      "native agents resource kr0", "", "/v1/environments/e/files/a%25b" },
    { "POST", "/v1/webhooks", 0,
      "native webhooks resource k0", "", "/v1/webhooks" },
    { "POST", "/v1/credentials", 0,
      "native credentials resource k0", "", "/v1/credentials" },
    { "GET", "/v1/somethingNew", 0,
      "native unknown other kr0", "", "/v1/somethingNew" },
    { "POST", "/v1/interactions", 0,
      "interactions interactions interact k1", "", "/v1/interactions" },
    { "GET", "/v1/interactions/i?stream=true", 0,
      "interactions interactions resource krs0", "",
      "/v1/interactions/i?stream=true" },
    { "POST", "/v1/interactions/i/cancel", 0,
      "interactions interactions resource k0", "",
      "/v1/interactions/i/cancel" },

    /* OpenAI */

    { "POST", "/v1beta/openai/chat/completions", 0,
      "openai generate chat kjrf1", "", "/v1beta/openai/chat/completions" },
    { "POST", "/v1/openai/chat/completions/", 0,
      "openai generate chat kjrf1", "", "/v1/openai/chat/completions/" },
    { "POST", "/v1beta/openai//embeddings", 0,
      "openai embed openai_embed kjrf1", "", "/v1beta/openai/embeddings" },
    { "POST", "/v1beta/openai/images/generations", 0,
      "openai generate openai_other krf1", "",
      "/v1beta/openai/images/generations" },
    { "POST", "/v1beta/openai/videos", 0,
      "openai generate openai_other kf1", "", "/v1beta/openai/videos" },
    { "GET", "/v1beta/openai/videos/v", 0,
      "openai generate openai_other kr0", "", "/v1beta/openai/videos/v" },
    { "GET", "/v1alpha/openai/models", 0,
      "openai models openai_models kr0", "", "/v1alpha/openai/models" },
    { "GET", "/v1beta/openai/models/m", 0,
      "openai models openai_model kr0", "m", "/v1beta/openai/models/NEW" },
    { "GET", "/v1beta/openai/models/models%2Fm", 0,
      "openai models openai_model kr0", "m", "/v1beta/openai/models/NEW" },
    { "POST", "/v1beta/openai/responses", 0,
      "openai unknown openai_other k1", "", "/v1beta/openai/responses" },
    { "POST", "/v1beta/openai/batches", 0,
      "openai batches openai_other k1", "", "/v1beta/openai/batches" },

    /* uploads and Live */

    { "POST", "/upload/v1beta/files?upload_id=u&upload_protocol=resumable", 0,
      "upload upload upload k0", "",
      "/upload/v1beta/files?upload_id=u&upload_protocol=resumable" },
    { "POST", "/upload/v1/fileSearchStores/s:uploadToFileSearchStore", 0,
      "upload upload upload k0", "",
      "/upload/v1/fileSearchStores/s:uploadToFileSearchStore" },
    { "POST", "/upload/v1/environments/e/files/p", 0,
      "upload agents upload k0", "", "/upload/v1/environments/e/files/p" },
    { "POST", "/upload/v1/other", 0,
      "upload unknown upload k0", "", "/upload/v1/other" },
    { "GET", "//ws/google.ai.generativelanguage.v1beta.GenerativeService."
             "BidiGenerateContent?key=K&a=b", 0,
      "live live live k0", "",
      "/ws/google.ai.generativelanguage.v1beta.GenerativeService."
      "BidiGenerateContent?a=b" },
    { "GET", "/ws/google.ai.generativelanguage.v1alpha.GenerativeService."
             "BidiGenerateContentConstrained?access_token=t", 0,
      "live live live k0", "",
      "/ws/google.ai.generativelanguage.v1alpha.GenerativeService."
      "BidiGenerateContentConstrained" },
    { "GET", "/ws/google.ai.generativelanguage.v9.GenerativeService."
             "BidiGenerateContent", 0,
      "live unknown live k0", "",
      "/ws/google.ai.generativelanguage.v9.GenerativeService."
      "BidiGenerateContent" },
    { "GET", "/ws/x", 0, "live unknown live k0", "", "/ws/x" },

    /* nothing of ours */

    { "GET", "/", 0, "native unknown other r0", "", "/" },
    { "GET", "/v1beta", 0, "native unknown other r0", "", "/v1beta" },
    { "GET", "/v1beta2/models", 0,
      "native unknown other r0", "", "/v1beta2/models" },
    { "GET", "/openai/models", 0,
      "native unknown other r0", "", "/openai/models" },

    /* prefixes */

    { "GET", "/gw/v1/models", 3, "native models models_list kr0", "",
      "/v1/models" },
    { "GET", "/gw/v1/models", 4, "native models models_list kr0", "",
      "/v1/models" },
    { "GET", "/a/b/v1/models/m", 5, "native models models_get kr0", "m",
      "/v1/models/NEW" },
    { "POST", "/upload/v1beta/files", 8, "upload upload upload k0", "",
      "/upload/v1beta/files" },
    { "POST", "/gw/upload/v1beta/files", 11, "upload upload upload k0", "",
      "/upload/v1beta/files" },
    { "GET", "/v1beta/models", 8, "native models models_list kr0", "",
      "/v1beta/models" },
    { "GET", "/v1/v1beta/models", 4, "native models models_list kr0", "",
      "/v1beta/models" },
    { "GET", "/v1beta/new", 8, "native unknown other kr0", "",
      "/v1beta/new" },
    { "GET", "/gwv1/models", 2, "native unknown other r0", "",
      "/gwv1/models" },

    /* refused */

    { "GET", "/v1/../../x", 0, "", "", NULL },
    { "GET", "/..", 0, "", "", NULL },
    { "GET", "/v1/%2e%2E/%2e./x", 0, "", "", NULL },
    { "GET", "/v1/%", 0, "", "", NULL },
    { "GET", "/v1/%4", 0, "", "", NULL },
    { "GET", "/v1/%zz", 0, "", "", NULL },
    { "GET", "/v1/%00", 0, "", "", NULL },
    { "GET", "v1/models", 0, "", "", NULL },
    { "GET", "?key=1", 0, "", "", NULL },
    { "GET", "", 0, "", "", NULL }
};


int
main(void)
{
    size_t  i;

    for (i = 0; i < sizeof(test_table) / sizeof(test_line_t); i++) {
        test_line(&test_table[i]);
    }

    return tap_done();
}


static void
test_line(const test_line_t *line)
{
    char                text[256];
    u_char              buf[NGX_GEMINI_URI_MAX], out[256];
    size_t              len;
    ngx_int_t           rc;
    ngx_str_t           method, uri, model;
    ngx_gemini_wish_t   wish;

    method = test_str(line->method);
    uri = test_str(line->uri);
    model = test_str("NEW");

    rc = ngx_gemini_request_parse(&wish, &method, &uri, line->prefix, buf);

    if (line->target == NULL) {
        tap_is_int(rc, NGX_ERROR, "%s is refused", line->uri);
        return;
    }

    tap_is_int(rc, NGX_OK, "%s %s", line->method, line->uri);

    test_says(&wish, text, sizeof(text));
    tap_is_str(text, line->says, "%s", line->uri);
    tap_is_mem(wish.model.data, wish.model.len, line->model, "model of %s",
               line->uri);

    len = sizeof(out);
    rc = ngx_gemini_request_target(&wish, &model, out, &len);
    tap_is_mem(out, rc == NGX_OK ? len : 0, line->target, "target of %s",
               line->uri);
}


static void
test_says(const ngx_gemini_wish_t *wish, char *text, size_t size)
{
    snprintf(text, size, "%s %s %s %s%s%s%s%s%s%s%s%d",
             ngx_gemini_surface_name(wish->surface),
             ngx_gemini_family_name(wish->family),
             ngx_gemini_verb_name(wish->verb),
             wish->known ? "k" : "", wish->judged ? "j" : "",
             wish->replay ? "r" : "", wish->fallback ? "f" : "",
             wish->streams ? "s" : "", wish->array ? "a" : "",
             wish->sse ? "e" : "", wish->tuned ? "t" : "",
             (int) wish->body);
}


static ngx_str_t
test_str(const char *text)
{
    ngx_str_t  s;

    s.data = (u_char *) text;
    s.len = strlen(text);

    return s;
}
