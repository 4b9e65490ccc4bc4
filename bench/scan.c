
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The scanners of bodies alone, on core/: 10 MB with one base64 string, in
 * pieces of 8 KB as nginx hands them on.
 *
 *     scan ROUNDS                prints for each round "scan REQUEST ANSWER":
 *                                gigabytes of CPU second for a request body
 *                                on the OpenAI surface and for an answer
 */


#include "ngx_gemini_body.h"
#include "ngx_gemini_usage.h"
#include "heap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>


#define SCAN_DATA   (10 * 1024 * 1024)
#define SCAN_PIECE  8192


typedef struct {
    u_char                    *text;
    size_t                     len;
} scan_text_t;


int main(int argc, char **argv);
static void scan_make(scan_text_t *st, const char *head, const char *tail);
static double scan_request(const scan_text_t *st);
static double scan_answer(const scan_text_t *st);
static uint64_t scan_now(void);


int
main(int argc, char **argv)
{
    int          i, n;
    double       request, answer;
    scan_text_t  body, reply;

    n = (argc == 2) ? atoi(argv[1]) : 0;

    if (n < 1) {
        fprintf(stderr, "usage: scan ROUNDS\n");
        return 2;
    }

    scan_make(&body, "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":"
              "\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,",
              "\"}}]}],\"model\":\"gpt-4o-mini\",\"stream\":false}");

    scan_make(&reply, "{\"candidates\":[{\"content\":{\"parts\":["
              "{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"",
              "\"}}],\"role\":\"model\"},\"finishReason\":\"STOP\"}],"
              "\"usageMetadata\":{\"promptTokenCount\":8,"
              "\"candidatesTokenCount\":1290,\"totalTokenCount\":1298}}");

    for (i = 0; i < n; i++) {
        request = scan_request(&body);
        answer = scan_answer(&reply);
        printf("scan %.2f %.2f\n", request, answer);
    }

    return 0;
}


static void
scan_make(scan_text_t *st, const char *head, const char *tail)
{
    size_t   i;
    u_char  *p;

    st->text = malloc(strlen(head) + SCAN_DATA + strlen(tail));

    if (st->text == NULL) {
        abort();
    }

    p = ngx_cpymem(st->text, head, strlen(head));

    for (i = 0; i < SCAN_DATA; i++) {
        *p++ = (u_char) ('A' + i * 7 % 26);
    }

    p = ngx_cpymem(p, tail, strlen(tail));

    st->len = p - st->text;
}


static double
scan_request(const scan_text_t *st)
{
    heap_t             heap;
    size_t             at;
    uint64_t           began;
    ngx_gemini_body_t  body;

    heap_init(&heap);

    began = scan_now();

    ngx_gemini_body_init(&body,
                         NGX_GEMINI_BODY_TOP | NGX_GEMINI_BODY_MENTIONS,
                         NULL, heap_alloc, &heap);

    for (at = 0; at < st->len; at += SCAN_PIECE) {
        ngx_gemini_body_feed(&body, st->text + at,
                             ngx_min(SCAN_PIECE, st->len - at));
    }

    ngx_gemini_body_end(&body);

    if (body.failed || body.nspans != 1) {
        abort();
    }

    heap_free(&heap);

    return (double) st->len / (double) (scan_now() - began);
}


static double
scan_answer(const scan_text_t *st)
{
    size_t              at;
    uint64_t            began;
    ngx_gemini_usage_t  usage;

    began = scan_now();

    ngx_gemini_usage_init(&usage, 0, NGX_GEMINI_SURFACE_NATIVE);

    for (at = 0; at < st->len; at += SCAN_PIECE) {
        ngx_gemini_usage_feed(&usage, st->text + at,
                              ngx_min(SCAN_PIECE, st->len - at));
    }

    if (usage.tokens.total != 1298) {
        abort();
    }

    return (double) st->len / (double) (scan_now() - began);
}


static uint64_t
scan_now(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);

    return (uint64_t) ts.tv_sec * 1000000000 + ts.tv_nsec;
}
