
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Request lines: what they ask for, what is sent on, what may be logged.
 */


#include "ngx_gemini_request.h"
#include "tap.h"


static void test_wish(void);
static void test_target(void);
static void test_ready(void);
static void test_redact(void);
static void test_arg(void);
static void test_model(void);
static void test_kinds(void);
static void test_names(void);
static ngx_str_t test_str(const char *text);


int
main(void)
{
    test_wish();
    test_target();
    test_ready();
    test_redact();
    test_arg();
    test_model();
    test_kinds();
    test_names();

    return tap_done();
}


static void
test_wish(void)
{
    u_char              buf[NGX_GEMINI_URI_MAX], *big;
    ngx_int_t           rc;
    ngx_str_t           method, uri;
    ngx_gemini_wish_t   wish;

    method = test_str("POST");
    uri = test_str("/gw/v1alpha/models%2fmodels/m:predict?"
                   "&key=a&&x=%41&k%65y=b&Key=c&callback=f&oauth_token=d"
                   "&access%5Ftoken=e&$key=f&upload_id=g&=&");

    rc = ngx_gemini_request_parse(&wish, &method, &uri, 3, buf);

    tap_is_int(rc, NGX_OK, "a whole wish");
    tap_is_mem(wish.version.data, wish.version.len, "v1alpha", "version");
    tap_is_mem(wish.path.data, wish.path.len, "/v1alpha/models/m:predict",
               "path without what joins doubled");
    tap_is_mem(wish.path.data + wish.model_at, wish.model.len, "m",
               "place of the model");
    tap_is_mem(wish.args.data, wish.args.len,
               "&&x=%41&Key=c&upload_id=g&=&", "the rest of the arguments");
    tap_is_int(wish.kind, NGX_GEMINI_KIND_IMAGE, "kind of predict");

    uri = test_str("/v1/models?key=a");
    ngx_gemini_request_parse(&wish, &method, &uri, 0, buf);
    tap_is_int((int) wish.args.len, 0, "no arguments left");

    big = malloc(NGX_GEMINI_URI_MAX + 1);
    memset(big, 'a', NGX_GEMINI_URI_MAX + 1);
    big[0] = '/';
    uri.data = big;
    uri.len = NGX_GEMINI_URI_MAX;
    rc = ngx_gemini_request_parse(&wish, &method, &uri, 0, buf);
    tap_is_int(rc, NGX_OK, "a URI of the largest size");

    uri.len++;
    rc = ngx_gemini_request_parse(&wish, &method, &uri, 0, buf);
    tap_is_int(rc, NGX_ERROR, "a longer URI");

    free(big);
}


static void
test_target(void)
{
    u_char              buf[NGX_GEMINI_URI_MAX], out[64];
    size_t              len, need;
    ngx_int_t           rc;
    ngx_str_t           method, uri, model;
    ngx_gemini_wish_t   wish;

    method = test_str("POST");
    model = test_str("a b/c%");
    uri = test_str("/v1/models/m:embedContent?a=%zz");

    ngx_gemini_request_parse(&wish, &method, &uri, 0, buf);

    need = sizeof("/v1/models/a%20b/c%25:embedContent?a=%zz") - 1;
    len = need;
    rc = ngx_gemini_request_target(&wish, &model, out, &len);
    tap_is_int(rc, NGX_OK, "just enough room");
    tap_is_mem(out, len, "/v1/models/a%20b/c%25:embedContent?a=%zz",
               "what must be is encoded");

    while (need--) {
        len = need;
        rc = ngx_gemini_request_target(&wish, &model, out, &len);

        if (rc != NGX_ERROR) {
            break;
        }
    }

    tap_is_int((int) need, -1, "every smaller room is refused");

    len = sizeof(out);
    rc = ngx_gemini_request_target(&wish, NULL, out, &len);
    tap_is_mem(out, len, "/v1/models/m:embedContent?a=%zz", "model kept");

    uri = test_str("/v1/%01%7f%C3%bc%3f%23%5b \"'~!$&()*+,;=:@-._");
    ngx_gemini_request_parse(&wish, &method, &uri, 0, buf);
    len = sizeof(out);
    rc = ngx_gemini_request_target(&wish, NULL, out, &len);
    tap_is_mem(out, rc == NGX_OK ? len : 0,
               "/v1/%01%7F%C3%BC%3F%23%5B%20%22'~!$&()*+,;=:@-._",
               "every sort of byte");
}


/* a target that stands in the memory of the wish is that which is made */

static void
test_ready(void)
{
    u_char              buf[NGX_GEMINI_URI_MAX], out[256];
    size_t              i, len;
    ngx_str_t           method, uri, model, target;
    ngx_gemini_wish_t   wish;

    static const struct {
        const char     *uri;
        const char     *model;     /* NULL: keep */
        int             ready;
    } asked[] = {
        { "/v1beta/models/m:streamGenerateContent?alt=sse", "m", 1 },
        { "/v1beta/models/m:streamGenerateContent?alt=sse", NULL, 1 },
        { "/v1beta/models/m:streamGenerateContent?alt=sse", "n", 0 },
        { "/v1beta/models/mn:streamGenerateContent?alt=sse", "m", 0 },
        { "/v1beta/models/m:generateContent", "m", 1 },
        { "/v1beta/models/m:generateContent?", "m", 1 },
        { "/v1beta/models/m:generateContent?key=a", "m", 1 },
        { "/v1beta/models/m:generateContent?key=a&b=%zz&callback=c", "m", 1 },
        { "/v1beta/models/models/m:generateContent", "m", 1 },
        { "/v1beta/models/models/m:generateContent?a", "m", 0 },
        { "/v1beta/models/m:generateContent#f", "m", 0 },
        { "/v1beta/models/%6d:generateContent", "m", 0 },
        { "/v1beta//models/m:generateContent", "m", 0 },
        { "/v1beta/models/m\"n", NULL, 0 },
        { "/v1beta/files?a=b&project=p&c", NULL, 1 },
    };

    method = test_str("GET");

    for (i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        uri = test_str(asked[i].uri);
        model = test_str(asked[i].model ? asked[i].model : "");

        ngx_gemini_request_parse(&wish, &method, &uri, 0, buf);

        tap_is_int(ngx_gemini_request_ready(&wish, asked[i].model ? &model
                                                                  : NULL,
                                            &target),
                   asked[i].ready ? NGX_OK : NGX_DECLINED, "%s",
                   asked[i].uri);

        if (!asked[i].ready) {
            continue;
        }

        len = sizeof(out);
        ngx_gemini_request_target(&wish, asked[i].model ? &model : NULL, out,
                                  &len);

        tap_ok(target.len == len && memcmp(target.data, out, len) == 0,
               ".. as it is sent: %.*s", (int) len, (char *) out);
    }
}


static void
test_redact(void)
{
    char        text[128];
    size_t      i;
    ngx_uint_t  n;

    static const struct {
        const char  *text;
        const char  *want;
        int          n;
    } rows[] = {
        { "GET /v1?x=1&key=SECRET HTTP/1.1",
          "GET /v1?x=1&key=xxxxxx HTTP/1.1", 1 },
        { "/v1?key=a&access_token=b&oauth_token=c&upload_id=d&e=f",
          "/v1?key=x&access_token=x&oauth_token=x&upload_id=x&e=f", 4 },
        { "key=abc", "key=xxx", 1 },
        { "k%65y=abc&x=y", "k%65y=xxx&x=y", 1 },
        { "%6B%65%79=abc", "%6B%65%79=xxx", 1 },
        { "$key=abc&%24key=abc", "$key=xxx&%24key=xxx", 2 },
        { "/v1/a=b?key=a=b?c#d&x", "/v1/a=b?key=xxxxxxx&x", 1 },
        { "a;key=b#key=c", "a;key=xxxxxxx", 1 },
        { "/v1#key=c", "/v1#key=x", 1 },
        { "Key=abc&keys=abc&ke=a&monkey=b&key", "Key=abc&keys=abc&ke=a"
          "&monkey=b&key", 0 },
        { "key=&key=", "key=&key=", 2 },
        { "key=%41%42", "key=xxxxxx", 1 },
        { "", "", 0 }
    };

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(text, sizeof(text), "%s", rows[i].text);
        n = ngx_gemini_request_redact((u_char *) text, strlen(text));
        tap_is_str(text, rows[i].want, "redacted %s", rows[i].text);
        tap_is_int((int) n, rows[i].n, "how many in %s", rows[i].text);
    }
}


static void
test_arg(void)
{
    u_char      buf[8];
    ngx_int_t   rc;
    ngx_str_t   args, value;

    args = test_str("a=1&k%65y=A%2bB+C&key=second&empty=&bare&bad=%4");

    rc = ngx_gemini_request_arg(&args, "key", buf, sizeof(buf), &value);
    tap_is_int(rc, NGX_OK, "an argument");
    tap_is_mem(value.data, value.len, "A+B+C", "the first, decoded");

    rc = ngx_gemini_request_arg(&args, "key", buf, 4, &value);
    tap_is_int(rc, NGX_ERROR, "too long for its place");

    rc = ngx_gemini_request_arg(&args, "empty", buf, 0, &value);
    tap_ok(rc == NGX_OK && value.len == 0, "an empty one");

    rc = ngx_gemini_request_arg(&args, "bare", buf, 0, &value);
    tap_ok(rc == NGX_OK && value.len == 0, "one without a value");

    rc = ngx_gemini_request_arg(&args, "bad", buf, sizeof(buf), &value);
    tap_is_int(rc, NGX_ERROR, "badly encoded");

    rc = ngx_gemini_request_arg(&args, "none", buf, sizeof(buf), &value);
    tap_is_int(rc, NGX_DECLINED, "one that is not there");
}


static void
test_model(void)
{
    u_char      big[NGX_GEMINI_MODEL_MAX + 8];
    size_t      i;
    ngx_int_t   rc;
    ngx_str_t   name, model;

    static const char  *const good[][2] = {
        { "gemini-3.8-flash", "gemini-3.8-flash" },
        { "models/gemini-3.8-flash", "gemini-3.8-flash" },
        { "gpt_4:x@y", "gpt_4:x@y" }
    };

    static const char  *const bad[] = {
        "", "models/", "tunedModels/x", "models/models/x", "a b", "a\"b",
        "a\\", "caf\303\251", "a%20", "../x"
    };

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        name = test_str(good[i][0]);
        rc = ngx_gemini_request_model(&name, &model);
        tap_is_mem(model.data, rc == NGX_OK ? model.len : 0, good[i][1],
                   "model %s", good[i][0]);
    }

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        name = test_str(bad[i]);
        rc = ngx_gemini_request_model(&name, &model);
        tap_is_int(rc, NGX_DECLINED, "no model: %s", bad[i]);
    }

    memset(big, 'm', sizeof(big));
    memcpy(big, "models/", 7);
    name.data = big;
    name.len = NGX_GEMINI_MODEL_MAX + 7;
    rc = ngx_gemini_request_model(&name, &model);
    tap_ok(rc == NGX_OK && model.len == NGX_GEMINI_MODEL_MAX, "the longest");

    name.len++;
    rc = ngx_gemini_request_model(&name, &model);
    tap_is_int(rc, NGX_DECLINED, "a longer one");
}


static void
test_kinds(void)
{
    size_t      i;
    ngx_str_t   name;

    static const struct {
        const char  *name;
        const char  *kind;
    } rows[] = {
        { "gemini-3.8-flash", "text" },
        { "gemma-4-31b-it", "text" },
        { "gemini-3-pro-image", "image" },
        { "gemini-3.1-flash-lite-image", "image" },
        { "imagen-4.0-generate-001", "image" },
        { "gemini-3.8-flash-tts", "tts" },
        { "gemini-2.5-pro-preview-tts", "tts" },
        { "lyria-3.5", "tts" },
        { "gemini-embedding-2", "embedding" },
        { "text-embedding-004", "embedding" },
        { "gemini-3.1-flash-live-preview", "live" },
        { "gemini-2.5-flash-native-audio-preview-12-2025", "live" },
        { "lyria-realtime-exp", "live" },
        { "veo-3.1-generate-preview", "video" },
        { "x-veo", "text" },
        { "ve", "text" },
        { "", "text" }
    };

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        name = test_str(rows[i].name);
        tap_is_str(ngx_gemini_kind_name(ngx_gemini_request_kind(&name)),
                   rows[i].kind, "kind of \"%s\"", rows[i].name);
    }

    tap_ok(ngx_gemini_request_kinds(NGX_GEMINI_VERB_CHAT)
           & (1 << NGX_GEMINI_KIND_IMAGE), "chat may draw");
    tap_ok(!(ngx_gemini_request_kinds(NGX_GEMINI_VERB_STREAM)
             & (1 << NGX_GEMINI_KIND_EMBEDDING)), "streams do not embed");
    tap_ok(ngx_gemini_request_kinds(NGX_GEMINI_VERB_COUNT)
           & (1 << NGX_GEMINI_KIND_EMBEDDING), "embedding models count");
    tap_is_int(ngx_gemini_request_kinds(NGX_GEMINI_VERB_OPENAI_EMBED),
               1 << NGX_GEMINI_KIND_EMBEDDING, "embed");
    tap_is_int(ngx_gemini_request_kinds(NGX_GEMINI_VERB_LIVE),
               1 << NGX_GEMINI_KIND_LIVE, "live");
    tap_is_int(ngx_gemini_request_kinds(NGX_GEMINI_VERB_PREDICT_LONG),
               1 << NGX_GEMINI_KIND_VIDEO, "long predictions");
    tap_is_int(ngx_gemini_request_kinds(NGX_GEMINI_VERB_RESOURCE),
               (1 << NGX_GEMINI_KINDS) - 1, "resources are any model's");
}


static void
test_names(void)
{
    tap_is_str(ngx_gemini_surface_name(NGX_GEMINI_SURFACE_UPLOAD), "upload",
               "last surface");
    tap_is_str(ngx_gemini_family_name(NGX_GEMINI_FAMILY_CREDENTIALS),
               "credentials", "last family");
    tap_is_str(ngx_gemini_verb_name(NGX_GEMINI_VERB_LIVE), "live",
               "last verb");
    tap_is_str(ngx_gemini_kind_name(NGX_GEMINI_KIND_VIDEO), "video",
               "last kind");
    tap_is_str(ngx_gemini_surface_name(99), "unknown", "no surface");
    tap_is_str(ngx_gemini_family_name(99), "unknown", "no family");
    tap_is_str(ngx_gemini_verb_name(99), "unknown", "no verb");
    tap_is_str(ngx_gemini_kind_name(99), "unknown", "no kind");
}


static ngx_str_t
test_str(const char *text)
{
    ngx_str_t  s;

    s.data = (u_char *) text;
    s.len = strlen(text);

    return s;
}
