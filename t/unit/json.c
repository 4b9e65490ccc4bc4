
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The JSON reader: paths, types, bounds, refusals; numbers to integers.
 */


#include "ngx_gemini_json.h"
#include "tap.h"


#define JSON_SIZE  4096


typedef struct {
    u_char                    *pos;
    u_char                     text[JSON_SIZE];
    const char                *stop;       /* a path to stop at */
    ngx_uint_t                 opened;
    ngx_uint_t                 closed;
} json_seen_t;


typedef struct {
    const char                *text;
    const char                *seen;
} json_case_t;


typedef struct {
    const char                *text;
    int64_t                    n;
} json_int_t;


static void json_reads(void);
static void json_refuses(void);
static void json_depth(void);
static void json_paths(void);
static void json_stops(void);
static void json_integers(void);
static ngx_int_t json_read(json_seen_t *seen, const char *text, size_t len);
static ngx_int_t json_handler(void *data, const ngx_str_t *path,
    ngx_gemini_json_e type, const ngx_str_t *value);
static void json_put(json_seen_t *seen, const void *p, size_t len);


/* each event is written as TYPE PATH=VALUE; */

static const char  json_types[] = "0bns<>";


static const json_case_t  json_table[] = {

    { "{}", "<={;>=};" },
    { " [ ] \n", "<=[;>=];" },
    { "null", "0=null;" },
    { "-1.5e3 ", "n=-1.5e3;" },
    { "\"a\\u00e9\\n\"", "s=a\xc3\xa9\n;" },

    { "{\"a\":1,\"b\":{\"c\":true,\"d\":{}},\"e\":false}",
      "<={;na=1;<b={;bb.c=true;<b.d={;>b.d=};>b=};be=false;>=};" },

    { "{\"error\":{\"details\":[{\"@type\":\"T\",\"violations\":"
      "[{\"quotaId\":\"Q\"}]},null]}}",
      "<={;<error={;<error.details=[;<error.details[]={;"
      "serror.details[].@type=T;<error.details[].violations=[;"
      "<error.details[].violations[]={;"
      "serror.details[].violations[].quotaId=Q;"
      ">error.details[].violations[]=};>error.details[].violations=];"
      ">error.details[]=};0error.details[]=null;>error.details=];"
      ">error=};>=};" },

    { "[{\"error\":{\"code\":400}}]",
      "<=[;<[]={;<[].error={;n[].error.code=400;>[].error=};>[]=};>=];" },

    { "[[1],[2]]",
      "<=[;<[]=[;n[][]=1;>[]=];<[]=[;n[][]=2;>[]=];>=];" },

    { "{\"\":{\"\":1}}", "<={;<={;n=1;>=};>=};" },

    /* escaped names, bytes that are not UTF-8 */
    { "{\"\\u0065rror\":\"\xff\xfe\"}", "<={;serror=\xff\xfe;>=};" },

    { NULL, NULL }
};


static const char  *json_bad[] = {

    "",
    "  \r\n",
    "<!DOCTYPE html>",
    "{",
    "{\"a\":1",
    "{\"a\":1}}",
    "{\"a\":1} x",
    "{} {}",
    "{'a':1}",
    "{\"a\":1,}",
    "[1,]",
    "{\"a\"}",
    "{\"a\":tru}",
    "\"abc",
    "/* comment */ {}",
    "{\"a\":\"\\x\"}",
    "{\"a\":\"\n\"}",

    NULL
};


static const json_int_t  json_numbers[] = {

    { "0", 0 },
    { "-0", 0 },
    { "20", 20 },
    { "-7", -7 },
    { "250000", 250000 },
    { "58.9", 58 },
    { "-58.9", -58 },
    { "1e3", 1000 },
    { "1.2345E+3", 1234 },
    { "12345e-2", 123 },
    { "5e-3", 0 },
    { "0e99999999", 0 },
    { "0.0001e5", 10 },
    { "1e-99999999999999999999", 0 },
    { "9223372036854775807", 0x7fffffffffffffffll },
    { "-9223372036854775807", -0x7fffffffffffffffll },

    { NULL, 0 }
};


static const char  *json_not_numbers[] = {

    "", "-", "a", ".5", "1.", "1e", "1e+", "1x", "1.2.3", " 1", "1 ",
    "9223372036854775808", "1e19", "1e99999999999999999999", "--1", "0x10",

    NULL
};


int
main(void)
{
    json_reads();
    json_refuses();
    json_depth();
    json_paths();
    json_stops();
    json_integers();

    return tap_done();
}


static void
json_reads(void)
{
    ngx_int_t    rc;
    ngx_uint_t   i;
    const char  *text;
    json_seen_t  seen;

    for (i = 0; json_table[i].text; i++) {
        text = json_table[i].text;

        rc = json_read(&seen, text, strlen(text));

        tap_is_int(rc, NGX_OK, "reads %s", text);
        tap_is_mem(seen.text, seen.pos - seen.text, json_table[i].seen,
                   "events of %s", text);
    }

    rc = json_read(&seen, "\"a\0b\"", 5);
    tap_is_int(rc, NGX_ERROR, "a zero byte in a string");

    rc = json_read(&seen, "{\"a\":1}\0", 8);
    tap_is_int(rc, NGX_ERROR, "a zero byte behind the value");
}


static void
json_refuses(void)
{
    ngx_uint_t   i;
    json_seen_t  seen;

    for (i = 0; json_bad[i]; i++) {
        tap_is_int(json_read(&seen, json_bad[i], strlen(json_bad[i])),
                   NGX_ERROR, "refuses bad text %d", (int) i);
    }
}


static void
json_depth(void)
{
    char         text[2 * NGX_GEMINI_JSON_DEPTH + 2];
    json_seen_t  seen;

    ngx_memset(text, '[', NGX_GEMINI_JSON_DEPTH + 1);
    ngx_memset(text + NGX_GEMINI_JSON_DEPTH + 1, ']',
               NGX_GEMINI_JSON_DEPTH + 1);

    tap_is_int(json_read(&seen, text + 1, 2 * NGX_GEMINI_JSON_DEPTH),
               NGX_OK, "the greatest depth");
    tap_is_int(seen.opened, NGX_GEMINI_JSON_DEPTH, "each array opens");
    tap_is_int(seen.closed, NGX_GEMINI_JSON_DEPTH, "each array closes");

    tap_is_int(json_read(&seen, text, sizeof(text)), NGX_ERROR,
               "one deeper");
    tap_is_int(seen.opened, NGX_GEMINI_JSON_DEPTH,
               "the reader stops at the bound");
}


static void
json_paths(void)
{
    char         text[2 * NGX_GEMINI_JSON_PATH], want[JSON_SIZE];
    size_t       len, i;
    json_seen_t  seen;

    for (len = NGX_GEMINI_JSON_PATH; len <= NGX_GEMINI_JSON_PATH + 1; len++) {

        i = sprintf(text, "{\"%0*d\":1,\"b\":2}", (int) len, 0);
        tap_is_int(json_read(&seen, text, i), NGX_OK, "a name of %d bytes",
                   (int) len);

        if (len == NGX_GEMINI_JSON_PATH) {
            sprintf(want, "<={;n%0*d=1;nb=2;>=};", (int) len, 0);

        } else {
            sprintf(want, "<={;n=1;nb=2;>=};");
        }

        tap_is_mem(seen.text, seen.pos - seen.text, want,
                   "a path of %d bytes", (int) len);
    }

    i = sprintf(text, "{\"%0*d\":{\"c\":[1]},\"b\":2}",
                NGX_GEMINI_JSON_PATH + 1, 0);
    tap_is_int(json_read(&seen, text, i), NGX_OK, "below a long name");
    tap_is_mem(seen.text, seen.pos - seen.text,
               "<={;<={;<=[;n=1;>=];>=};nb=2;>=};",
               "a path is right again behind one that was too long");
}


static void
json_stops(void)
{
    json_seen_t  seen;

    static const char  text[] = "{\"a\":1,\"b\":2,\"c\":!";

    seen.stop = "b";
    seen.pos = seen.text;

    tap_is_int(ngx_gemini_json_read((const u_char *) text, strlen(text),
                                    json_handler, &seen),
               NGX_DONE, "the handler's return is the result");
    tap_is_mem(seen.text, seen.pos - seen.text, "<={;na=1;nb=2;",
               "nothing is read behind it");
}


static void
json_integers(void)
{
    int64_t     n;
    ngx_str_t   value;
    ngx_uint_t  i;

    for (i = 0; json_numbers[i].text; i++) {
        value.data = (u_char *) json_numbers[i].text;
        value.len = strlen(json_numbers[i].text);

        n = 77;
        tap_is_int(ngx_gemini_json_int(&value, &n), NGX_OK, "\"%s\" is one",
                   json_numbers[i].text);
        tap_is_int(n, json_numbers[i].n, "value of \"%s\"",
                   json_numbers[i].text);
    }

    for (i = 0; json_not_numbers[i]; i++) {
        value.data = (u_char *) json_not_numbers[i];
        value.len = strlen(json_not_numbers[i]);

        tap_is_int(ngx_gemini_json_int(&value, &n), NGX_ERROR,
                   "\"%s\" is none", json_not_numbers[i]);
    }
}


static ngx_int_t
json_read(json_seen_t *seen, const char *text, size_t len)
{
    u_char     *copy;
    ngx_int_t   rc;

    ngx_memzero(seen, sizeof(json_seen_t));
    seen->pos = seen->text;

    copy = tap_copy(text, len);
    rc = ngx_gemini_json_read(copy, len, json_handler, seen);

    free(copy);

    return rc;
}


static ngx_int_t
json_handler(void *data, const ngx_str_t *path, ngx_gemini_json_e type,
    const ngx_str_t *value)
{
    json_seen_t *seen = data;

    seen->opened += (type == NGX_GEMINI_JSON_OPEN);
    seen->closed += (type == NGX_GEMINI_JSON_CLOSE);

    json_put(seen, &json_types[type], 1);
    json_put(seen, path->data, path->len);
    json_put(seen, "=", 1);
    json_put(seen, value->data, value->len);
    json_put(seen, ";", 1);

    if (seen->stop && path->len == strlen(seen->stop)
        && ngx_strncmp(path->data, seen->stop, path->len) == 0)
    {
        return NGX_DONE;
    }

    return NGX_OK;
}


static void
json_put(json_seen_t *seen, const void *p, size_t len)
{
    if (len <= (size_t) (seen->text + JSON_SIZE - seen->pos)) {
        seen->pos = ngx_cpymem(seen->pos, p, len);
    }
}
