
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Names of resources in texts and targets.
 */


#include "refs.h"


#define HOST     "https://generativelanguage.googleapis.com"
#define NONE     NGX_GEMINI_REF_NONE
#define FILE_ID  NGX_GEMINI_REF_FILE


/* says: each reference as "kind name" */

typedef struct {
    ngx_gemini_ref_e           type;
    const char                *text;
    const char                *says;
} test_text_t;


typedef struct {
    const char                *path;
    const char                *args;
    const char                *says;
    int                        list;
} test_target_t;


typedef struct {
    const char                *path;
    const char                *kind;
} test_subject_t;


static void test_texts(void);
static void test_targets(void);
static void test_subjects(void);
static void test_forms(void);
static void test_long(void);
static void test_full(void);
static void test_kinds(void);


static const test_text_t  test_texts_table[] = {

    { NONE, "files/abc", "file files/abc" },
    { NONE, "/v1beta/files/abc", "file files/abc" },
    { NONE, "v1alpha/files/abc/", "file files/abc" },
    { NONE, "v1beta/files/abc:download?alt=media", "file files/abc" },
    { NONE, "files/abc#x", "file files/abc" },
    { NONE, "files/abc/def", "file files/abc" },
    { NONE, "files/a%62c", "file files/abc" },
    { NONE, "files%2Fabc%3Adownload", "file files/abc" },
    { NONE, "files/abc%2", "file files/abc%2" },
    { NONE, "generatedFiles/abc", "file generatedFiles/abc" },
    { NONE, HOST "/v1beta/files/abc", "file files/abc" },
    { NONE, HOST "/v1/files/abc:download?alt=media", "file files/abc" },
    { NONE, HOST "/files/abc", "file files/abc" },
    { NONE, HOST "//v1beta//files//abc", "file files/abc" },
    { NONE, HOST "/download/v1beta/files/abc:download", "file files/abc" },
    { NONE, HOST "/x/../v1beta/files/../files/abc", "file files/abc" },
    { NONE, HOST ":443/v1beta/files/abc", "file files/abc" },
    { NONE, HOST "./v1beta/files/abc", "file files/abc" },
    { NONE, "http://generativelanguage.googleapis.com/v1/files/abc",
      "file files/abc" },
    { NONE, "HTTPS://GenerativeLanguage.GoogleAPIs.com/v1/files/abc",
      "file files/abc" },
    { NONE, "https://u:p@generativelanguage.googleapis.com/v1/files/abc",
      "file files/abc" },
    { NONE, "generativelanguage.googleapis.com/v1/files/abc",
      "file files/abc" },
    { NONE, " files/abc", "file files/abc" },

    /* nothing of a project */

    { NONE, "", "" },
    { NONE, "/", "" },
    { NONE, "abc", "" },
    { NONE, "files", "" },
    { NONE, "files/", "" },
    { NONE, "files/:download", "" },
    { NONE, "files/..", "" },
    { NONE, "files:register", "" },
    { NONE, "Files/abc", "" },
    { NONE, "myfiles/abc", "" },
    { NONE, "x/files/abc", "" },
    { NONE, HOST, "" },
    { NONE, HOST "/v1beta/files", "" },
    { NONE, HOST "/v1beta/models/m", "" },
    { NONE, HOST "?x=/files/abc", "" },
    { NONE, "https://www.youtube.com/watch?v=files/abc", "" },
    { NONE, "https://youtu.be/files/abc", "" },
    { NONE, "https://generativelanguage.googleapis.com.example.com/files/a",
      "" },
    { NONE, "https://xgenerativelanguage.googleapis.com/files/a", "" },
    { NONE, "gs://bucket/files/abc", "" },
    { NONE, "ftp://generativelanguage.googleapis.com/v1/files/abc", "" },
    { NONE, "data:text/plain,files/abc", "" },
    { NONE, "models/m", "" },
    { NONE, "models/m/operations", "" },
    { NONE, "models/m/operations/", "" },
    { NONE, "models//operations/x", "" },
    { NONE, "tunedModels", "" },

    /* kinds */

    { NONE, "cachedContents/c", "cache cachedContents/c" },
    { NONE, "batches/b", "batch batches/b" },
    { NONE, "batches/b:cancel", "batch batches/b" },
    { NONE, "models/m/operations/o", "operation models/m/operations/o" },
    { NONE, "v1/models/m/operations/o:cancel",
      "operation models/m/operations/o" },
    { NONE, "operations/o", "operation operations/o" },
    { NONE, "fileSearchStores/s", "store fileSearchStores/s" },
    { NONE, "fileSearchStores/s/documents/d", "store fileSearchStores/s" },
    { NONE, "fileSearchStores/s/operations/o", "store fileSearchStores/s" },
    { NONE, "fileSearchStores/s/upload/operations/o",
      "store fileSearchStores/s" },
    { NONE, "corpora/c/documents/d/chunks/e", "corpus corpora/c" },
    { NONE, "interactions/v1_i", "interaction interactions/v1_i" },
    { NONE, "tunedModels/t", "tuned_model tunedModels/t" },
    { NONE, "tunedModels/t/operations/o", "tuned_model tunedModels/t" },
    { NONE, "dynamic/d", "tuned_model dynamic/d" },
    { NONE, "agents/a", "agent agents/a" },
    { NONE, "environments/e/files/x/y", "environment environments/e" },
    { NONE, "triggers/t", "trigger triggers/t" },
    { NONE, "voices/v", "voice voices/v" },
    { NONE, "webhooks/w", "webhook webhooks/w" },
    { NONE, "credentials/c", "credential credentials/c" },
    { NONE, "auth_tokens/t", "auth_token auth_tokens/t" },

    /* names where ids stand */

    { NONE, "batches/batches/b", "batch batches/b" },
    { NONE, "files/files/files/f", "file files/f" },
    { NONE, "voices/voices/v", "voice voices/v" },
    { NONE, "videos/v", "operation videos/v" },
    { NONE, "videos/operations/o", "operation operations/o" },
    { NONE, "videos/models/m/operations/o",
      "operation models/m/operations/o" },
    { NONE, "batches/files/f", "batch batches/files" },

    /* bare ids */

    { FILE_ID, "abc", "file files/abc" },
    { FILE_ID, "abc:download", "file files/abc" },
    { FILE_ID, "files/abc", "file files/abc" },
    { FILE_ID, "batches/abc", "batch batches/abc" },
    { FILE_ID, "files/", "" },
    { FILE_ID, "", "" },
    { FILE_ID, ":", "" },
    { FILE_ID, HOST "/v1beta/files/abc", "file files/abc" },
    { FILE_ID, HOST "/v1beta/abc", "" },
    { FILE_ID, "https://example.com/files/abc", "" },
    { NGX_GEMINI_REF_CACHE, "c", "cache cachedContents/c" },
    { NGX_GEMINI_REF_CACHE, "projects/p/c", "cache cachedContents/projects/p/c"
    },
    { NGX_GEMINI_REF_BATCH, "b", "batch batches/b" },
    { NGX_GEMINI_REF_OPERATION, "o", "operation videos/o" },
    { NGX_GEMINI_REF_STORE, "s", "store fileSearchStores/s" },
    { NGX_GEMINI_REF_CORPUS, "c", "corpus corpora/c" },
    { NGX_GEMINI_REF_INTERACTION, "v1_i", "interaction interactions/v1_i" },
    { NGX_GEMINI_REF_TUNED, "t", "tuned_model tunedModels/t" },
    { NGX_GEMINI_REF_AGENT, "a", "agent agents/a" },
    { NGX_GEMINI_REF_ENVIRONMENT, "e", "environment environments/e" },
    { NGX_GEMINI_REF_TRIGGER, "t", "trigger triggers/t" },
    { NGX_GEMINI_REF_VOICE, "v", "voice voices/v" },
    { NGX_GEMINI_REF_WEBHOOK, "w", "webhook webhooks/w" },
    { NGX_GEMINI_REF_CREDENTIAL, "c", "credential credentials/c" },
    { NGX_GEMINI_REF_AUTH_TOKEN, "t", "auth_token auth_tokens/t" },

    /* tokens */

    { NGX_GEMINI_REF_UPLOAD, "ABC", "upload upload" },
    { NGX_GEMINI_REF_CONTINUATION, "files/abc", "continuation continuation" },
    { NGX_GEMINI_REF_PAGE, "%41", "page page" },
    { NGX_GEMINI_REF_PAGE, "", "" },
    { NGX_GEMINI_REF_PAGE, "%3D%3D", "" }
};


static const test_target_t  test_targets_table[] = {

    { "/v1beta/files", "", "", 1 },
    { "/v1beta/files/", "pageSize=5", "", 1 },
    { "/v1beta/files/abc", "alt=media", "file files/abc", 0 },
    { "/v1/files/abc:download", "", "file files/abc", 0 },
    { "/v1beta/files:register", "", "", 0 },
    { "/v1beta/files/a%62c", "", "file files/a%62c", 0 },
    { "/upload/v1beta/files", "upload_id=A-B&upload_protocol=resumable",
      "upload upload", 1 },
    { "/upload/v1beta/fileSearchStores/s:uploadToFileSearchStore", "",
      "store fileSearchStores/s", 0 },
    { "/v1alpha/auth_tokens", "", "", 1 },
    { "/v1beta/cachedContents", "pageToken=abc&key=K", "page page", 1 },
    { "/v1/environments", "page_token=abc", "page page", 1 },
    { "/v1/environments", "page%54oken=&pageToken", "", 1 },
    { "/v1beta/fileSearchStores/s/documents", "pageToken=abc",
      "store fileSearchStores/s page page", 0 },
    { "/v1beta/models/m:generateContent", "alt=sse", "", 0 },
    { "/v1beta/models", "", "", 0 },
    { "/v1beta/models/m", "", "", 0 },
    { "/v1beta/models/m/operations", "", "", 1 },
    { "/v1beta/models/m/operations/o", "", "operation models/m/operations/o",
      0 },
    { "/v1beta/tunedModels/t:generateContent", "", "tuned_model tunedModels/t",
      0 },
    { "/v1beta/dynamic/d:generateContent", "", "tuned_model dynamic/d", 0 },
    { "/v1beta/dynamic", "", "", 0 },
    { "/v1/interactions/v1_i/cancel", "", "interaction interactions/v1_i", 0 },
    { "/v1beta/openai/files", "", "", 1 },
    { "/v1beta/openai/batches", "", "", 1 },
    { "/v1beta/openai/batches/batches/b", "", "batch batches/b", 0 },
    { "/v1beta/openai/batches/b/cancel", "", "batch batches/b", 0 },
    { "/v1beta/openai/videos/v", "", "operation videos/v", 0 },
    { "/v1beta/openai/chat/completions", "", "", 0 },
    { "/ws/google.ai.generativelanguage.v1beta.GenerativeService."
      "BidiGenerateContent", "key=K", "", 0 },
    { "/", "", "", 0 },
    { "", "", "", 0 }
};


static const test_subject_t  test_subjects_table[] = {
    { "/v1/interactions", "interaction" },
    { "/v1beta/interactions/v1_i/cancel", "interaction" },
    { "/v1/environments/", "environment" },
    { "/v1/environments/e", "environment" },
    { "/v1/environments/e/files/f", "none" },
    { "/v1/triggers/t:run", "none" },
    { "/v1/triggers/t/executions", "none" },
    { "/v1beta/openai/batches", "batch" },
    { "/v1beta/openai/batches/batches/b", "batch" },
    { "/v1beta/openai/videos/v", "operation" },
    { "/v1beta/openai/chat/completions", "none" },
    { "/v1beta/models/m:generateContent", "none" },
    { "", "none" }
};


int
main(void)
{
    test_texts();
    test_targets();
    test_subjects();
    test_forms();
    test_long();
    test_full();
    test_kinds();

    return tap_done();
}


static void
test_texts(void)
{
    int                 n;
    char                says[256];
    size_t              len;
    u_char             *copy;
    ngx_int_t           rc;
    ngx_gemini_ref_t    elts[4];
    ngx_gemini_refs_t   refs;
    const test_text_t  *row;

    for (n = 0; n < (int) (sizeof(test_texts_table) / sizeof(test_text_t));
         n++)
    {
        row = &test_texts_table[n];
        len = strlen(row->text);
        copy = tap_copy(row->text, len);

        refs_init(&refs, elts, 4);

        rc = ngx_gemini_refs_add(&refs, row->type, copy, len);
        free(copy);

        refs_says(&refs, says);
        tap_is_str(says, row->says, "\"%s\"", row->text);
        tap_is_int(rc, row->says[0] ? NGX_OK : NGX_DECLINED, "and said so");
    }
}


static void
test_targets(void)
{
    int                   n;
    char                  says[256];
    ngx_str_t             path, args;
    ngx_gemini_ref_t      elts[4];
    ngx_gemini_refs_t     refs;
    const test_target_t  *row;

    for (n = 0;
         n < (int) (sizeof(test_targets_table) / sizeof(test_target_t));
         n++)
    {
        row = &test_targets_table[n];

        path.len = strlen(row->path);
        path.data = tap_copy(row->path, path.len);
        args.len = strlen(row->args);
        args.data = tap_copy(row->args, args.len);

        refs_init(&refs, elts, 4);

        ngx_gemini_refs_target(&refs, &path, &args);

        refs_says(&refs, says);
        tap_is_str(says, row->says, "%s?%s", row->path, row->args);
        tap_is_int(ngx_gemini_refs_collection(&path), row->list, "a list");

        free(path.data);
        free(args.data);
    }
}


/* what an "id" in the answer is of */

static void
test_subjects(void)
{
    ngx_str_t              path;
    ngx_uint_t             i;
    const test_subject_t  *row;

    for (i = 0; i < sizeof(test_subjects_table) / sizeof(test_subject_t);
         i++)
    {
        row = &test_subjects_table[i];
        path.len = strlen(row->path);
        path.data = tap_copy(row->path, path.len);

        tap_is_str(ngx_gemini_ref_name(ngx_gemini_refs_subject(&path)),
                   row->kind, "%s", row->path);

        free(path.data);
    }
}


/* however it is written, it is one: in a path, a body, an answer */

static void
test_forms(void)
{
    size_t              i;
    ngx_str_t           path, args;
    ngx_gemini_ref_t    elts[8];
    ngx_gemini_refs_t   refs;
    ngx_gemini_token_t  token;

    static const char *const  forms[] = {
        "files/abc", HOST "/v1beta/files/abc:download?alt=media",
        HOST "/v1/files%2fabc", "/v1beta/openai/files/files/abc"
    };

    ngx_memzero(&refs, sizeof(ngx_gemini_refs_t));
    refs.elts = elts;
    refs.size = 8;

    for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        (void) ngx_gemini_refs_add(&refs, NONE, (const u_char *) forms[i],
                                   strlen(forms[i]));
    }

    (void) ngx_gemini_refs_add(&refs, FILE_ID, (const u_char *) "abc", 3);

    ngx_str_set(&path, "/v1beta/files/abc");
    ngx_str_set(&args, "upload_id=a%2Fb%3D&pageToken=a%2Fb%3D");

    ngx_gemini_refs_target(&refs, &path, &args);
    (void) ngx_gemini_refs_add(&refs, NGX_GEMINI_REF_UPLOAD,
                               (const u_char *) "a/b", 3);

    ngx_gemini_token_init(&token, NGX_GEMINI_REF_PAGE);
    ngx_gemini_token_feed(&token, (const u_char *) "a\\/b", 4);
    ngx_gemini_refs_put(&refs, NGX_GEMINI_REF_PAGE,
                        ngx_gemini_token_hash(&token));

    tap_is_int(refs.nelts, 3, "a file, an upload and a page, once each");
    tap_ok(refs.elts[1].hash != refs.elts[2].hash,
           "a token of another kind is another");

    (void) ngx_gemini_refs_add(&refs, FILE_ID, (const u_char *) "abd", 3);
    (void) ngx_gemini_refs_add(&refs, NGX_GEMINI_REF_BATCH,
                               (const u_char *) "abc", 3);
    tap_is_int(refs.nelts, 5, "other ids and kinds are others");
}


static void
test_long(void)
{
    u_char              text[600];
    ngx_gemini_ref_t    elts[4];
    ngx_gemini_refs_t   refs;

    ngx_memzero(&refs, sizeof(ngx_gemini_refs_t));
    refs.elts = elts;
    refs.size = 4;

    memset(text, 'a', sizeof(text));
    memcpy(text, "files/", 6);

    (void) ngx_gemini_refs_add(&refs, NONE, text, 400);
    (void) ngx_gemini_refs_add(&refs, NONE, text, 401);
    (void) ngx_gemini_refs_add(&refs, NONE, text, sizeof(text));
    (void) ngx_gemini_refs_add(&refs, NGX_GEMINI_REF_INTERACTION, text + 6,
                               300);

    tap_is_int(refs.nelts, 4, "long names differ");
    tap_ok(refs.elts[1].len == NGX_GEMINI_REF_NAME
           && memcmp(refs.elts[1].name, text, NGX_GEMINI_REF_NAME) == 0,
           "what is kept of one");
    tap_ok(refs.elts[3].len == NGX_GEMINI_REF_NAME
           && memcmp(refs.elts[3].name, "interactions/aaa", 16) == 0,
           "and of a long id");
}


static void
test_full(void)
{
    int                 n, i;
    char                text[32];
    ngx_gemini_ref_t    elts[NGX_GEMINI_REFS];
    ngx_gemini_refs_t   refs;

    ngx_memzero(&refs, sizeof(ngx_gemini_refs_t));
    refs.elts = elts;
    refs.size = NGX_GEMINI_REFS;

    for (i = 0; i <= NGX_GEMINI_REFS; i++) {
        tap_ok(!refs.overflow, "room for %d", i);

        n = sprintf(text, "files/f%d", i);
        (void) ngx_gemini_refs_add(&refs, NONE, (u_char *) text, n);
        (void) ngx_gemini_refs_add(&refs, NONE, (u_char *) text, n);
    }

    tap_ok(refs.overflow && refs.nelts == NGX_GEMINI_REFS, "one too many");
    tap_is_mem(elts[0].name, elts[0].len, "files/f0", "the first stays");
}


static void
test_kinds(void)
{
    tap_is_str(ngx_gemini_ref_name(NGX_GEMINI_REF_FILE), "file", "a kind");
    tap_is_str(ngx_gemini_ref_name(NGX_GEMINI_REF_PAGE), "page", "the last");
    tap_is_str(ngx_gemini_ref_name(NGX_GEMINI_REF_TYPES), "none", "no kind");
    tap_ok(ngx_gemini_refs_mix(0) != 0, "no hash is 0");
}
