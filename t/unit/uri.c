
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Paths decoded and encoded, whatever of them is looked at 16 bytes at a
 * time: against the same done byte by byte.
 */


#include "ngx_gemini_uri.h"
#include "tap.h"


#define URI_MAX     80
#define URI_ROUNDS  400000


static void uri_random(void);
static void uri_places(void);
static void uri_one(const u_char *text, size_t len);
static int uri_decode(const u_char *p, size_t len, u_char *dst, size_t *n,
    const u_char **tail);
static int uri_segment(u_char *dst, size_t *n, size_t from);
static int uri_hex(u_char ch);
static size_t uri_escape(const u_char *p, size_t len, u_char *dst);
static uint32_t uri_dice(uint32_t n);


static uint64_t  seed = 0x9e3779b97f4a7c15ull;
static int       wrong;


int
main(void)
{
    uri_places();
    tap_is_int(wrong, 0, "each byte at each place of paths of all lengths");

    uri_random();
    tap_is_int(wrong, 0, "paths of any bytes");

    return tap_done();
}


/* one byte, or one behind a slash, at each place among usual ones */

static void
uri_places(void)
{
    int     ch;
    u_char  text[URI_MAX];
    size_t  len, at;

    for (len = 1; len <= 50; len++) {
        for (at = 0; at < len; at++) {
            for (ch = 0; ch < 256; ch++) {
                memset(text, 'a', len);
                text[0] = '/';
                text[at] = (u_char) ch;

                uri_one(text, len);

                if (at > 1) {
                    text[at - 1] = '/';
                    uri_one(text, len);
                }
            }
        }
    }
}


static void
uri_random(void)
{
    u_char       text[URI_MAX];
    size_t       i, len;
    uint32_t     round, odd;
    static char  usual[] = "////....:-aA09zZ";

    for (round = 0; round < URI_ROUNDS; round++) {
        len = uri_dice(URI_MAX);
        odd = 1 + uri_dice(100);

        for (i = 0; i < len; i++) {
            text[i] = uri_dice(odd) ? (u_char) ('a' + uri_dice(26))
                                    : (u_char) usual[uri_dice(16)];

            if (uri_dice(60) == 0) {
                text[i] = (u_char) "%?#_~ \"\x80\xff%"[uri_dice(10)];
            }

            if (i > 0 && text[i - 1] == '%') {
                text[i] = (u_char) "2345677f"[uri_dice(8)];
            }
        }

        if (len && uri_dice(20)) {
            text[0] = '/';
        }

        uri_one(text, len);
    }
}


static void
uri_one(const u_char *text, size_t len)
{
    int            rc;
    u_char        *copy, dst[URI_MAX], out[3 * URI_MAX], back[3 * URI_MAX];
    u_char         want[URI_MAX], *last;
    size_t         n, m;
    ngx_str_t      uri, path, args;
    ngx_uint_t     plain, name;
    const u_char  *tail;

    /* of its very size: what is read behind it is seen */

    copy = malloc(len ? len : 1);
    memcpy(copy, text, len);

    uri.data = copy;
    uri.len = len;

    rc = uri_decode(copy, len, want, &n, &tail);

    if (ngx_gemini_uri_decode(&uri, dst, &path, &args, &plain)
        != (rc ? NGX_OK : NGX_ERROR))
    {
        wrong++;
        goto done;
    }

    name = ngx_gemini_uri_name(copy, len);

    for (m = 0; m < len; m++) {
        if (!(ngx_gemini_uri_classes[copy[m]] & NGX_GEMINI_URI_NAME)) {
            break;
        }
    }

    wrong += (name != (m == len));

    if (!rc) {
        goto done;
    }

    m = uri_escape(want, n, back);
    last = ngx_gemini_uri_escape(out, out + m, path.data, path.len);

    wrong += (path.len != n || memcmp(path.data, want, n) != 0
              || last != out + m || memcmp(out, back, m) != 0
              || (m && ngx_gemini_uri_escape(out, out + m - 1, path.data,
                                             path.len) != NULL)
              || (plain && (m != n || memcmp(out, want, n) != 0))
              || (tail == NULL) != (args.data == NULL)
              || (tail != NULL && args.data != tail));

    /* what is plain is found to be */

    wrong += (!plain && tail == NULL && n == len && m == n
              && memcmp(copy, want, n) == 0 && memchr(want, '.', n) == NULL);

done:

    free(copy);
}


/* the path, decoded; tail: behind its "?", or NULL */

static int
uri_decode(const u_char *p, size_t len, u_char *dst, size_t *n,
    const u_char **tail)
{
    int     high, low;
    size_t  i, from;
    u_char  ch;

    *n = 0;
    *tail = NULL;
    from = 0;

    for (i = 0; i < len && p[i] != '?' && p[i] != '#'; i++) {
        ch = p[i];

        if (ch == '%') {
            high = (i + 2 < len) ? uri_hex(p[i + 1]) : -1;
            low = (i + 2 < len) ? uri_hex(p[i + 2]) : -1;

            if (high < 0 || low < 0) {
                return 0;
            }

            ch = (u_char) (high * 16 + low);
            i += 2;
        }

        if (ch == 0 || (*n == 0 && ch != '/')) {
            return 0;
        }

        if (ch == '/' && *n && !uri_segment(dst, n, from)) {
            return 0;
        }

        if (ch != '/' || *n == 0 || dst[*n - 1] != '/') {
            dst[(*n)++] = ch;
        }

        for (from = *n; from && dst[from - 1] != '/'; from--) { /* void */ }
    }

    if (*n == 0 || !uri_segment(dst, n, from)) {
        return 0;
    }

    if (i < len && p[i] == '?') {
        *tail = p + i + 1;
    }

    return 1;
}


/* a dot segment from there to the end is resolved */

static int
uri_segment(u_char *dst, size_t *n, size_t from)
{
    if (*n - from == 1 && dst[from] == '.') {
        *n = from;
    }

    if (*n - from != 2 || dst[from] != '.' || dst[from + 1] != '.') {
        return 1;
    }

    if (from == 1) {
        return 0;
    }

    for (*n = from - 1; dst[*n - 1] != '/'; (*n)--) { /* void */ }

    return 1;
}


static int
uri_hex(u_char ch)
{
    static const char  digits[] = "0123456789abcdef";
    const char        *p;

    p = ch ? strchr(digits, ch < 'A' ? ch : ch | 0x20) : NULL;

    return p ? (int) (p - digits) : -1;
}


static size_t
uri_escape(const u_char *p, size_t len, u_char *dst)
{
    size_t  i, n;

    for (i = 0, n = 0; i < len; i++) {

        if (p[i] < 0x80 && p[i] > 0x20 && p[i] != 0x7f
            && strchr("\"#%<>?[\\]^`{|}", p[i]) == NULL)
        {
            dst[n++] = p[i];
            continue;
        }

        n += sprintf((char *) dst + n, "%%%02X", p[i]);
    }

    return n;
}


static uint32_t
uri_dice(uint32_t n)
{
    return tap_random(&seed) % n;
}
