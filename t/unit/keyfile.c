
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Tests for lines of key files.
 */


#include "tap.h"

#include "ngx_gemini_keyfile.h"


#define KEYFILE_TEXT  4096


typedef struct {
    const char                *text;
    ngx_int_t                  rc;
    const char                *words;      /* each in <>, or the error */
    size_t                     left;       /* bytes behind the line */
} keyfile_case_t;


static void keyfile_lines(void);
static void keyfile_whole(void);
static void keyfile_limits(void);
static size_t keyfile_text(char *buf, const ngx_gemini_keyline_t *line);


static const keyfile_case_t  keyfile_cases[] = {

    { "", NGX_DONE, "", 0 },
    { "\n", NGX_OK, "", 0 },
    { "\r\n", NGX_OK, "", 0 },
    { "  \t \n", NGX_OK, "", 0 },
    { "# a comment\nkey\n", NGX_OK, "", 4 },
    { "  # \"a comment\nkey\n", NGX_OK, "", 4 },
    { "# any bytes \001\377\n", NGX_OK, "", 0 },

    { "AQ.secret", NGX_OK, "<AQ.secret>", 0 },
    { "AQ.secret\n", NGX_OK, "<AQ.secret>", 0 },
    { "AQ.secret\r\nnext", NGX_OK, "<AQ.secret>", 4 },
    { "AQ.secret\r", NGX_OK, "<AQ.secret>", 0 },
    { "\tkey  name=a\tproject=b \n", NGX_OK, "<key><name=a><project=b>", 0 },
    { "key name=a # project=b\n", NGX_OK, "<key><name=a>", 0 },
    { "key#1 name=a#b\n", NGX_OK, "<key#1><name=a#b>", 0 },
    { "key name=#\n", NGX_OK, "<key><name=#>", 0 },
    { "key=\n", NGX_OK, "<key=>", 0 },

    { "\"a key\" 'name=a b'\n", NGX_OK, "<a key><name=a b>", 0 },
    { "\"it's\" 'say \"x\"'\n", NGX_OK, "<it's><say \"x\">", 0 },
    { "\"# no comment\"\n", NGX_OK, "<# no comment>", 0 },
    { "\"\" ''\n", NGX_OK, "<><>", 0 },
    { "\"a\tb\"\n", NGX_OK, "<a\tb>", 0 },
    { "ke\"y na'me\n", NGX_OK, "<ke\"y><na'me>", 0 },
    { "back\\slash \\\"\n", NGX_OK, "<back\\slash><\\\">", 0 },
    { "\xc3\xa4\n", NGX_OK, "<\xc3\xa4>", 0 },

    { "\"key\nkey\"\n", NGX_ERROR, "quote without its end", 5 },
    { "'key", NGX_ERROR, "quote without its end", 0 },
    { "'", NGX_ERROR, "quote without its end", 0 },
    { "\"key\"x\n", NGX_ERROR, "quote is not followed by a blank", 0 },
    { "\"key\"#\n", NGX_ERROR, "quote is not followed by a blank", 0 },
    { "\"a\"\"b\"\n", NGX_ERROR, "quote is not followed by a blank", 0 },
    { "key\001\nnext", NGX_ERROR, "control character", 4 },
    { "\"key\177\"\n", NGX_ERROR, "control character", 0 },
    { "a\rb\n", NGX_ERROR, "control character", 0 },
    { "key\r\r\n", NGX_ERROR, "control character", 0 }
};


static u_char  keyfile_text_whole[] =
    "# head\r\n"
    "one name=a\r\n"
    "\r\n"
    "two\n"
    "three";


static const char  *keyfile_lines_whole[] = {
    "", "<one><name=a>", "", "<two>", "<three>"
};


int
main(void)
{
    keyfile_lines();
    keyfile_whole();
    keyfile_limits();

    return tap_done();
}


static void
keyfile_lines(void)
{
    char                   got[KEYFILE_TEXT];
    u_char                 text[KEYFILE_TEXT], *p, *last;
    size_t                 i, len;
    ngx_int_t              rc;
    ngx_gemini_keyline_t   line;
    const keyfile_case_t  *test;

    for (i = 0; i < sizeof(keyfile_cases) / sizeof(keyfile_case_t); i++) {
        test = &keyfile_cases[i];

        len = strlen(test->text);
        memcpy(text, test->text, len);
        p = text;
        last = text + len;

        rc = ngx_gemini_keyfile_line(&p, last, &line);

        tap_is_int(rc, test->rc, "line %d: code", (int) i);
        tap_is_int(last - p, (int64_t) test->left, "line %d: left", (int) i);

        if (rc == NGX_ERROR) {
            tap_is_str(line.error, test->words, "line %d: error", (int) i);
            continue;
        }

        len = keyfile_text(got, &line);
        tap_is_mem(got, len, test->words, "line %d: words", (int) i);
    }
}


/* line by line, and a number of each */

static void
keyfile_whole(void)
{
    char                  got[KEYFILE_TEXT];
    u_char               *p, *last;
    size_t                len;
    ngx_uint_t            n;
    ngx_gemini_keyline_t  line;

    p = keyfile_text_whole;
    last = p + sizeof(keyfile_text_whole) - 1;

    for (n = 0; ngx_gemini_keyfile_line(&p, last, &line) == NGX_OK; n++) {
        if (n < 5) {
            len = keyfile_text(got, &line);
            tap_is_mem(got, len, keyfile_lines_whole[n], "whole: line %d",
                       (int) n + 1);
        }
    }

    tap_is_int((int64_t) n, 5, "whole: lines");
    tap_ok(p == last, "whole: read to the end");
}


static void
keyfile_limits(void)
{
    u_char                text[KEYFILE_TEXT], *p, *last;
    ngx_uint_t            i;
    ngx_gemini_keyline_t  line;

    for (i = 0; i < NGX_GEMINI_KEYFILE_WORDS + 1; i++) {
        text[2 * i] = 'w';
        text[2 * i + 1] = ' ';
    }

    p = text;
    last = text + 2 * NGX_GEMINI_KEYFILE_WORDS;

    tap_is_int(ngx_gemini_keyfile_line(&p, last, &line), NGX_OK,
               "as many words as fit");
    tap_is_int((int64_t) line.nwords, NGX_GEMINI_KEYFILE_WORDS, "all read");

    p = text;
    last += 2;

    tap_is_int(ngx_gemini_keyfile_line(&p, last, &line), NGX_ERROR,
               "one word more");
    tap_is_str(line.error, "too many words", "told");
    tap_ok(p == last, "the line is left behind");
}


static size_t
keyfile_text(char *buf, const ngx_gemini_keyline_t *line)
{
    char             *p;
    ngx_uint_t        i;
    const ngx_str_t  *word;

    p = buf;

    for (i = 0; i < line->nwords; i++) {
        word = &line->words[i];

        *p++ = '<';
        memcpy(p, word->data, word->len);
        p += word->len;
        *p++ = '>';
    }

    return p - buf;
}
