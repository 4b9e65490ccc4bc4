
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * A state file that is not valid is refused as a whole, and the reason named.
 */


#include "snapshot.h"


#define SNAPSHOT_HEAD  "{\"version\":1,\"pool\":\"main\""


typedef struct {
    const char                *text;       /* after the head, or whole */
    const char                *reason;     /* NULL: it is valid */
    const char                *path;
    uint32_t                   record;
} snapshot_wrong_t;


static void snapshot_wrong(void);
static void snapshot_truncated(void);
static void snapshot_untouched(void);
static void snapshot_writer(void);


static const snapshot_wrong_t  snapshot_table[] = {
    { ",\"new\":{\"a\":[1]},\"keys\":[{\"name\":\"a\",\"b\":[[]]}]}",
      NULL, "", 0 },
    { "{\"pool\":\"main\"}", "names no version", "", 0 },
    { "[]", "names no version", "", 0 },
    { "7", "names no version", "", 0 },
    { "{\"version\":1,\"pool\":\"other\"}", "is of another pool", "", 0 },
    { "{\"version\":1}", "is of another pool", "", 0 },
    { "{\"version\":2,\"pool\":3}", "is of a later version", "version",
      0 },
    { "{\"version\":1,\"pool\":3}", "is not a string", "pool", 0 },
    { "", "is not whole JSON", "", 0 },
    { "\x7f" "ELF", "is not whole JSON", "", 0 },
    { "\"version\":1}", "is not whole JSON", "", 0 },
    { ",\"keys\":{}}", "is not a list", "keys", 0 },
    { ",\"keys\":\"[\"}", "is not a list", "keys", 0 },
    { ",\"keys\":[7]}", "is not an object", "keys[]", 1 },
    { ",\"keys\":[{},[]]}", "is not an object", "keys[]", 2 },
    { ",\"keys\":[{\"name\":\"\"}]}", "is not of 1 to 128 bytes",
      "keys[].name", 1 },
    { ",\"keys\":[{\"fingerprint\":\"61\"}]}", "is not 16 hexadecimal digits",
      "keys[].fingerprint", 1 },
    { ",\"keys\":[{\"fingerprint\":\"616161616161616g\"}]}",
      "is not 16 hexadecimal digits", "keys[].fingerprint", 1 },
    { ",\"owners\":[{\"h\":\"0123456789abcdeF\"}]}",
      "is not 16 hexadecimal digits", "owners[].h", 1 },
    { ",\"owners\":[{},{\"k\":7}]}", "is not 16 hexadecimal digits",
      "owners[].k", 2 },
    { ",\"owners\":[{\"t\":\"house\"}]}", "is not a known word",
      "owners[].t", 1 },
    { ",\"owners\":[{\"e\":1}]}", "is not a time", "owners[].e", 1 },
    { ",\"owners\":[{\"p\":{}}]}", "is not a string", "owners[].p", 1 },
    { ",\"owners\":[{\"h\":\"0123456789abcdef\",\"p\":\"q\"},{}]}",
      NULL, "", 0 },
    { ",\"keys\":[{\"disabled\":\"tired\"}]}", "is not a known word",
      "keys[].disabled", 1 },
    { ",\"keys\":[{\"disabled\":1}]}", "is not a known word",
      "keys[].disabled", 1 },
    { ",\"keys\":[{\"verbs\":[\"dance\"]}]}", "has an unknown word",
      "keys[].verbs[]", 1 },
    { ",\"keys\":[{\"verbs\":\"\"}]}", "is not a list", "keys[].verbs",
      1 },
    { ",\"keys\":[{},{\"suspects\":256}]}", "is out of range",
      "keys[].suspects", 2 },
    { ",\"keys\":[{\"suspects\":-1}]}", "is out of range",
      "keys[].suspects", 1 },
    { ",\"keys\":[{\"suspects\":\"1\"}]}", "is not a number",
      "keys[].suspects", 1 },
    { ",\"keys\":[{\"operator\":1}]}", "is neither true nor false",
      "keys[].operator", 1 },
    { ",\"keys\":[{\"rest\":[]}]}", "is not an object", "keys[].rest",
      1 },
    { ",\"keys\":[{\"rest\":{\"until\":\"soon\"}}]}", "is not a time",
      "keys[].rest.until", 1 },
    { ",\"keys\":[{\"rest\":{\"until\":99}}]}", "is not a time",
      "keys[].rest.until", 1 },
    { ",\"keys\":[{\"rest\":{\"step\":21}}]}", "is out of range",
      "keys[].rest.step", 1 },
    { ",\"keys\":[{\"note\":{}}]}", "is not a string", "keys[].note",
      1 },
    { ",\"totals\":{\"requests\":99999999999999999999}}",
      "is out of range", "totals.requests", 0 },
    { ",\"totals\":{\"outcomes\":[]}}", "is not an object",
      "totals.outcomes", 0 },
    { ",\"totals\":{\"outcomes\":{\"ok\":{}}}}", "is not a number",
      "totals.outcomes.ok", 0 },
    { ",\"models\":[{\"window\":{\"samples\":[1]}}]}",
      "has a sample that is not a list", "models[].window.samples[]",
      1 },
    { ",\"models\":[{\"window\":{\"samples\":[[1,2,3,4,5,6]]}}]}",
      "has a sample of other than 5 numbers",
      "models[].window.samples[][]", 1 },
    { ",\"models\":[{\"window\":{\"samples\":[[1.5e99]]}}]}",
      "is out of range", "models[].window.samples[][]", 1 },
    { ",\"models\":[{\"window\":{\"samples\":7}}]}", "is not a list",
      "models[].window.samples", 1 },
    { ",\"events\":[{\"request_id\":7}]}", "is not a string",
      "events[].request_id", 1 },
    { ",\"clock_skew\":{\"ms\":\"1\"}}", "is not a number",
      "clock_skew.ms", 0 }
};


static void
snapshot_wrong(void)
{
    char                         buf[8192];
    ngx_int_t                    rc;
    ngx_uint_t                   i;
    ngx_gemini_view_t            one;
    const snapshot_wrong_t      *wrong;
    ngx_gemini_restore_error_t   error;

    snapshot_start(&one, "a b c", "flash lite");

    for (i = 0; i < sizeof(snapshot_table) / sizeof(snapshot_wrong_t); i++) {
        wrong = &snapshot_table[i];

        (void) snprintf(buf, sizeof(buf), "%s%s",
                        wrong->text[0] == ',' ? SNAPSHOT_HEAD : "",
                        wrong->text);

        rc = snapshot_read(buf, strlen(buf), &error);

        tap_is_int(rc, wrong->reason ? NGX_DECLINED : NGX_OK, "%s",
                   wrong->text);
        tap_is_str(error.reason ? error.reason : "",
                   wrong->reason ? wrong->reason : "", ".. the reason");
        tap_is_mem(error.path, error.len, wrong->path, ".. the path");
        tap_is_int(error.record, wrong->record, ".. the record");
    }

    slots_stop(&one);
}


static void
snapshot_truncated(void)
{
    size_t                       i, n, len;
    ngx_gemini_view_t            one;
    ngx_gemini_restore_error_t   error;

    snapshot_start(&one, "a b c", "flash lite");
    snapshot_state();
    len = snapshot_write(text, 4096);

    for (i = 0, n = 0; i < len - 1; i++) {
        n += (snapshot_read((char *) text, i, &error) == NGX_DECLINED);
    }

    tap_is_int(n, len - 1, "every shorter text is refused");

    slots_stop(&one);
}


static void
snapshot_untouched(void)
{
    void                        *copy;
    size_t                       size;
    ngx_gemini_view_t            one;
    ngx_gemini_restore_error_t   error;

    static const char  late[] = SNAPSHOT_HEAD
        ",\"lock\":{\"model\":\"lite\"},\"keys\":[{\"name\":\"a\","
        "\"operator\":true}],\"cells\":[{\"project\":\"a\","
        "\"model\":\"lite\",\"requests\":1}],\"events\":[{},{\"time\":0}]}";

    snapshot_start(&one, "a b c", "flash lite");

    size = ngx_gemini_pool_size(&gv->gp->caps);
    copy = malloc(size);
    memcpy(copy, gv->gp, size);

    tap_is_int(snapshot_read(late, sizeof(late) - 1, &error), NGX_DECLINED,
               "a fault at the end");
    tap_is_int(memcmp(copy, gv->gp, size), 0, "nothing of it was applied");

    free(copy);
    slots_stop(&one);
}


static void
snapshot_writer(void)
{
    size_t              len;
    uint32_t            pid;
    uint64_t            born;
    ngx_str_t           str;
    ngx_gemini_view_t   one;

    snapshot_start(&one, "a b c", "flash lite");
    snapshot_state();
    len = snapshot_write(text, 4096);

    str.data = text;
    str.len = ngx_min(len, 512);

    ngx_gemini_restore_writer(&str, &pid, &born);
    tap_is_int(pid, 7, "the writer's master");
    tap_is_int(born, SLOTS_NOW - 1, "its zone's birth");

    str.len = 10;
    ngx_gemini_restore_writer(&str, &pid, &born);
    tap_is_int(pid + born, 0, "none in a short text");

    slots_stop(&one);
}


int
main(void)
{
    snapshot_wrong();
    snapshot_truncated();
    snapshot_untouched();
    snapshot_writer();

    return tap_done();
}
