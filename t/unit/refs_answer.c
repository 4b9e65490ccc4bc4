
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Resources named in answers, JSON and event streams: each text whole, in
 * pieces of every size, and cut in two at every place.
 */


#include "refs.h"


#define HOST  "https://generativelanguage.googleapis.com/v1beta/"


/* says: each reference as "kind name" */

typedef struct {
    ngx_gemini_ref_e           id;
    ngx_uint_t                 sse;
    const char                *text;
    const char                *says;
} test_answer_t;


static void test_answers(void);
static void test_answer(const test_answer_t *row, size_t first, size_t piece,
    char *says);
static void test_page(void);


static const test_answer_t  test_answers_table[] = {

    { 0, 0, "{\"file\":{\"name\":\"files/a\",\"displayName\":\"files/x\","
      "\"uri\":\"" HOST "files/a\"}}", "file files/a" },
    { 0, 0, "{\"name\":\"cachedContents/c\",\"model\":\"models/m\","
      "\"usageMetadata\":{\"name\":\"files/x\"}}", "cache cachedContents/c" },
    { 0, 0, "{\"name\":\"models/m/operations/o\"}",
      "operation models/m/operations/o" },
    { 0, 0, "{\"name\":\"batches/b\",\"metadata\":{\"name\":\"files/x\","
      "\"output\":{\"responsesFile\":\"files/r\"}},\"response\":"
      "{\"inlinedResponses\":[{\"uri\":\"files/y\"}],\"responsesFile\":"
      "\"files/r\"}}", "batch batches/b file files/r" },
    { 0, 0, "{\"done\":true,\"response\":{\"generateVideoResponse\":"
      "{\"generatedSamples\":[{\"video\":{\"uri\":\"" HOST
      "files/v:download?alt=media\"}}]}}}", "file files/v" },
    { 0, 0, "{\"files\":[{\"name\":\"files/a\",\"downloadUri\":\"" HOST
      "files/a:download\"},{\"name\":\"files/b\"}],\"nextPageToken\":\"t\"}",
      "file files/a file files/b page page" },
    { 0, 0, "{\"name\":\"abc\",\"id\":\"abc\",\"error\":{\"name\":"
      "\"files/x\"}}", "" },
    { NGX_GEMINI_REF_BATCH, 0, "{\"id\":\"batches/b\",\"input_file_id\":"
      "\"files/i\",\"output_file_id\":\"files/o\",\"metadata\":{\"uri\":"
      "\"files/x\",\"id\":\"x\"},\"errors\":{\"id\":\"x\"}}",
      "batch batches/b file files/i file files/o" },
    { NGX_GEMINI_REF_BATCH, 0, "{\"object\":\"list\",\"data\":[{\"id\":\"b\","
      "\"metadata\":{\"uri\":\"files/x\"}},{\"id\":\"c\"}]}",
      "batch batches/b batch batches/c" },
    { NGX_GEMINI_REF_INTERACTION, 0, "{\"id\":\"v1_i\",\"steps\":[{\"id\":"
      "\"x\",\"name\":\"files/x\",\"arguments\":{\"uri\":\"files/y\"}},"
      "{\"content\":[{\"type\":\"video\",\"uri\":\"" HOST "files/v\"}]}],"
      "\"input\":[{\"uri\":\"files/z\"}],\"environment_id\":\"e\","
      "\"continuation_token\":\"t\",\"tools\":[{\"file_id\":\"x\"}]}",
      "interaction interactions/v1_i file files/v environment environments/e "
      "continuation continuation" },
    { NGX_GEMINI_REF_INTERACTION, 0, "{\"data\":{\"id\":\"x\"},\"error\":"
      "{\"id\":\"x\"},\"a\":[[{\"id\":\"x\"}]]}", "" },
    { 0, 0, "{\"steps\":[{\"name\":\"files/x\"}],\"name\":\"files/a\"}",
      "file files/a" },
    { 0, 0, "{\"file\":{\"name\":\"files/a\"},\"error\":{\"name\":"
      "\"files/x\"}}", "file files/a" },
    { 0, 0, "{\"error\":{\"file\":{\"name\":\"files/x\"},\"name\":"
      "\"files/y\"}}", "" },
    { 0, 0, "[{\"name\":\"files/a\"}]", "" },

    { NGX_GEMINI_REF_INTERACTION, 1, "event: interaction.created\n"
      "data: {\"interaction\":{\"id\":\"v1_i\"}}\n\n"
      "event: step.delta\ndata: {\"delta\":{\"name\":\"files/x\"}}\n\n"
      "data: {\"interaction\":{\"id\":\"v1_i\",\"continuation_token\":"
      "\"t\"}}\n\nevent: done\ndata: [DONE]\n\n",
      "interaction interactions/v1_i continuation continuation" },
    { NGX_GEMINI_REF_INTERACTION, 1, "data: {\"interaction\":\r\n"
      "data: {\"id\"\r\ndata: :\"v1_i\"}}\r\n\r\ndata: {\"interaction\":{"
      "\r\n\r\ndata:{\"id\":\"v1_j\"}\r\n\r\n",
      "interaction interactions/v1_i interaction interactions/v1_j" },
    { NGX_GEMINI_REF_INTERACTION, 1, ": {\"id\":\"x\"}\rid: {\"id\":\"y\"}\r"
      "data: {\"id\":\"v1_i\"}\r\rdata: nonsense\r\rdata: {\"id\":\"v1_j\"}",
      "interaction interactions/v1_i interaction interactions/v1_j" },
    { NGX_GEMINI_REF_INTERACTION, 1, "{\n  \"id\":\n  \"v1_i\"\n}\n",
      "interaction interactions/v1_i" }
};


int
main(void)
{
    test_answers();
    test_page();

    return tap_done();
}


static void
test_answers(void)
{
    int                   n;
    char                  says[1024];
    size_t                i, len;
    const test_answer_t  *row;

    for (n = 0; n < (int) (sizeof(test_answers_table)
                           / sizeof(test_answer_t));
         n++)
    {
        row = &test_answers_table[n];
        len = strlen(row->text);

        test_answer(row, len, len, says);
        tap_is_str(says, row->says, "answer %d", n);

        for (i = 1; i < len; i++) {
            test_answer(row, i, len, says);

            if (strcmp(says, row->says) != 0) {
                break;
            }

            test_answer(row, i, i, says);

            if (strcmp(says, row->says) != 0) {
                break;
            }
        }

        tap_is_str(says, row->says, "answer %d cut at %d", n, (int) i);
    }
}


static void
test_answer(const test_answer_t *row, size_t first, size_t piece, char *says)
{
    size_t                     n;
    u_char                    *copy;
    const char                *p, *end;
    ngx_gemini_ref_t           elts[8];
    ngx_gemini_refs_t          refs;
    ngx_gemini_refs_answer_t  *answer;

    refs_init(&refs, elts, 8);

    answer = malloc(ngx_gemini_refs_answer_size());
    ngx_gemini_refs_answer_init(answer, &refs, row->id, row->sse);

    p = row->text;
    end = p + strlen(p);

    for (n = first; p < end; n = piece) {
        n = ngx_min(n, (size_t) (end - p));
        copy = tap_copy(p, n);
        ngx_gemini_refs_answer_feed(answer, copy, n);
        free(copy);
        p += n;
    }

    free(answer);

    refs_says(&refs, says);
}


/* a page of a list, each name twice */

static void
test_page(void)
{
    char                      *text, *p;
    ngx_uint_t                 i;
    ngx_gemini_ref_t          *elts;
    ngx_gemini_refs_t          refs;
    ngx_gemini_refs_answer_t  *answer;

    text = malloc(200000);
    elts = malloc(NGX_GEMINI_REFS_ANSWER * sizeof(ngx_gemini_ref_t));
    answer = malloc(ngx_gemini_refs_answer_size());

    refs_init(&refs, elts, NGX_GEMINI_REFS_ANSWER);
    ngx_gemini_refs_answer_init(answer, &refs, 0, 0);

    p = text + sprintf(text, "{\"files\":[");

    for (i = 0; i < 1000; i++) {
        p += sprintf(p, "{\"name\":\"files/f%d\",\"uri\":\"" HOST
                     "files/f%d\"},", (int) i, (int) i);
    }

    p += sprintf(p, "],\"nextPageToken\":\"abc\"}");

    ngx_gemini_refs_answer_feed(answer, (u_char *) text, p - text);

    tap_ok(refs.nelts == 1001 && !refs.overflow, "a page of 1000 files");

    free(text);
    free(elts);
    free(answer);
}
