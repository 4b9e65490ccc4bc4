
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * What an error body says: its message in lower case, and when to come again.
 */


#include "ngx_gemini_fault.h"
#include "tap.h"


int main(void);
static void fault_lower(void);
static void fault_retry(void);
static void fault_read(ngx_gemini_fault_t *fault, const u_char *message,
    size_t len);


int
main(void)
{
    fault_lower();
    fault_retry();

    return tap_done();
}


/* each byte that needs no escape, behind 0 .. 16 others; zeros are blanks */

static void
fault_lower(void)
{
    u_char              text[512], *p;
    size_t              i, wrong;
    ngx_uint_t          ch, shift;
    ngx_gemini_fault_t  fault;

    wrong = 0;

    for (shift = 0; shift <= 16; shift++) {
        p = text;

        for (i = 0; i < shift; i++) {
            *p++ = 'Q';
        }

        for (ch = ' '; ch < 256; ch++) {
            if (ch != '"' && ch != '\\') {
                *p++ = (u_char) ch;
            }
        }

        fault_read(&fault, text, p - text);

        for (i = 0; text + i < p; i++) {
            wrong += (fault.text[i] != ngx_tolower(text[i]));
        }

        wrong += (fault.text[i] != '\0');
    }

    tap_is_int(wrong, 0, "capital letters and no others become small");

    fault_read(&fault, (u_char *) "A\\u0000B", 8);
    tap_is_str((char *) fault.text, "a b", "a zero byte");

    fault_read(&fault, (u_char *) "sixteen bytes A\\u0000B", 22);
    tap_is_str((char *) fault.text, "sixteen bytes a b", "a zero among many");
}


/* within what is kept of the message, across its end, and behind it */

static void
fault_retry(void)
{
    u_char              text[NGX_GEMINI_FAULT_TEXT + 64];
    size_t              at;
    ngx_uint_t          wrong;
    ngx_gemini_fault_t  fault;

    static const char  retry[] = "Retry IN 30.5s.";

    wrong = 0;

    for (at = 0; at <= NGX_GEMINI_FAULT_TEXT + 40; at++) {
        memset(text, '.', sizeof(text));
        memcpy(text + at, retry, sizeof(retry) - 1);
        fault_read(&fault, text, sizeof(text));

        wrong += (fault.retry != 30500);

        if (at == 64) {
            at = NGX_GEMINI_FAULT_TEXT - 64;
        }
    }

    tap_is_int(wrong, 0, "when to come again, wherever it stands");

    memset(text, '.', sizeof(text));
    fault_read(&fault, text, sizeof(text));
    tap_is_int(fault.retry, 0, "nothing of it");
}


static void
fault_read(ngx_gemini_fault_t *fault, const u_char *message, size_t len)
{
    u_char  *body, *p;

    static const char  head[] = "{\"error\":{\"message\":\"";

    body = malloc(sizeof(head) + len + 2);
    if (body == NULL) {
        abort();
    }

    p = ngx_cpymem(body, head, sizeof(head) - 1);
    p = ngx_cpymem(p, message, len);
    p = ngx_cpymem(p, "\"}}", 3);

    ngx_gemini_fault_read(fault, body, p - body);

    free(body);
}
