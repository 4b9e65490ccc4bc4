
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_fault.h"
#include "ngx_gemini_json.h"
#include "ngx_gemini_scan.h"
#include "ngx_gemini_time.h"


typedef void (*ngx_gemini_fault_pt)(ngx_gemini_fault_t *fault,
    ngx_gemini_json_e type, const ngx_str_t *value);


typedef struct {
    ngx_str_t                  path;
    ngx_gemini_fault_pt        handler;
} ngx_gemini_fault_member_t;


static ngx_int_t ngx_gemini_fault_member(void *data, const ngx_str_t *path,
    ngx_gemini_json_e type, const ngx_str_t *value);
static void ngx_gemini_fault_error(ngx_gemini_fault_t *fault,
    ngx_gemini_json_e type, const ngx_str_t *value);
static void ngx_gemini_fault_code(ngx_gemini_fault_t *fault,
    ngx_gemini_json_e type, const ngx_str_t *value);
static void ngx_gemini_fault_message(ngx_gemini_fault_t *fault,
    ngx_gemini_json_e type, const ngx_str_t *value);
static void ngx_gemini_fault_status(ngx_gemini_fault_t *fault,
    ngx_gemini_json_e type, const ngx_str_t *value);
static void ngx_gemini_fault_detail(ngx_gemini_fault_t *fault,
    ngx_gemini_json_e type, const ngx_str_t *value);
static void ngx_gemini_fault_reason(ngx_gemini_fault_t *fault,
    ngx_gemini_json_e type, const ngx_str_t *value);
static void ngx_gemini_fault_links(ngx_gemini_fault_t *fault,
    ngx_gemini_json_e type, const ngx_str_t *value);
static void ngx_gemini_fault_delay(ngx_gemini_fault_t *fault,
    ngx_gemini_json_e type, const ngx_str_t *value);
static void ngx_gemini_fault_violation(ngx_gemini_fault_t *fault,
    ngx_gemini_json_e type, const ngx_str_t *value);
static void ngx_gemini_fault_id(ngx_gemini_fault_t *fault,
    ngx_gemini_json_e type, const ngx_str_t *value);
static void ngx_gemini_fault_value(ngx_gemini_fault_t *fault,
    ngx_gemini_json_e type, const ngx_str_t *value);
static void ngx_gemini_fault_keep(ngx_gemini_fault_t *fault);
static void ngx_gemini_fault_lower(u_char *dst, const u_char *p,
    const u_char *last);
static void ngx_gemini_fault_copy(u_char *dst, size_t size,
    const ngx_str_t *value);
static const u_char *ngx_gemini_fault_field(const u_char *p,
    const u_char *last);


/* shorter ones first; metadata is the older form of violations, 3.1 (d) */

static const ngx_gemini_fault_member_t  ngx_gemini_fault_members[] = {

    { ngx_string("error"), ngx_gemini_fault_error },
    { ngx_string("error.code"), ngx_gemini_fault_code },
    { ngx_string("error.status"), ngx_gemini_fault_status },
    { ngx_string("error.message"), ngx_gemini_fault_message },
    { ngx_string("error.details[]"), ngx_gemini_fault_detail },
    { ngx_string("error.details[].links"), ngx_gemini_fault_links },
    { ngx_string("error.details[].reason"), ngx_gemini_fault_reason },
    { ngx_string("error.details[].retryDelay"), ngx_gemini_fault_delay },

    { ngx_string("error.details[].violations[]"),
      ngx_gemini_fault_violation },
    { ngx_string("error.details[].violations[].quotaId"),
      ngx_gemini_fault_id },
    { ngx_string("error.details[].metadata.quota_limit"),
      ngx_gemini_fault_id },
    { ngx_string("error.details[].violations[].quotaValue"),
      ngx_gemini_fault_value },
    { ngx_string("error.details[].metadata.quota_limit_value"),
      ngx_gemini_fault_value },

    { ngx_null_string, NULL }
};


/* of server-sent events; the first one holds the JSON */

static const ngx_str_t  ngx_gemini_fault_fields[] = {
    ngx_string("data:"),
    ngx_string("event:"),
    ngx_string("id:"),
    ngx_string("retry:"),
    ngx_string(":"),
    ngx_null_string
};


void
ngx_gemini_fault_read(ngx_gemini_fault_t *fault, const u_char *p, size_t len)
{
    const u_char  *last;

    ngx_memzero(fault, offsetof(ngx_gemini_fault_t, text));
    fault->text[0] = '\0';

    if (len == 0) {
        fault->empty = 1;
        return;
    }

    last = p + len;
    p = ngx_gemini_fault_skip(p, last);

    if (p == last) {
        fault->empty = 1;
        return;
    }

    if (*p == '<') {
        fault->html = 1;
        return;
    }

    fault->array = (*p == '[');

    /* a body that was cut off has told something all the same */

    (void) ngx_gemini_json_read(p, last - p, ngx_gemini_fault_member, fault);
}


static ngx_int_t
ngx_gemini_fault_member(void *data, const ngx_str_t *path,
    ngx_gemini_json_e type, const ngx_str_t *value)
{
    ngx_gemini_fault_t *fault = data;

    ngx_str_t                         name;
    const ngx_gemini_fault_member_t  *member;

    name = *path;

    if (name.len > 3 && ngx_strncmp(name.data, "[].", 3) == 0) {
        name.data += 3;
        name.len -= 3;
    }

    member = ngx_gemini_fault_members;

    while (member->path.len < name.len && member->handler) {
        member++;
    }

    for ( /* void */ ; member->path.len == name.len; member++) {

        if (ngx_memcmp(name.data, member->path.data, name.len) == 0) {
            member->handler(fault, type, value);

            return (member == ngx_gemini_fault_members
                    && type == NGX_GEMINI_JSON_CLOSE)
                   ? NGX_DONE : NGX_OK;
        }
    }

    return NGX_OK;
}


static void
ngx_gemini_fault_error(ngx_gemini_fault_t *fault, ngx_gemini_json_e type,
    const ngx_str_t *value)
{
    if (type == NGX_GEMINI_JSON_STRING || type == NGX_GEMINI_JSON_OPEN) {
        fault->found = 1;
    }
}


static void
ngx_gemini_fault_code(ngx_gemini_fault_t *fault, ngx_gemini_json_e type,
    const ngx_str_t *value)
{
    int64_t  code;

    if (type != NGX_GEMINI_JSON_NUMBER && type != NGX_GEMINI_JSON_STRING) {
        return;
    }

    if (ngx_gemini_json_int(value, &code) == NGX_OK) {
        fault->code = code;

    } else {
        ngx_gemini_fault_copy(fault->word, sizeof(fault->word), value);
    }
}


static void
ngx_gemini_fault_message(ngx_gemini_fault_t *fault, ngx_gemini_json_e type,
    const ngx_str_t *value)
{
    size_t         n;
    uint64_t       ms;
    const u_char  *p, *last;

    static const char  retry[] = "retry in ";

    if (type != NGX_GEMINI_JSON_STRING) {
        return;
    }

    n = ngx_min(value->len, sizeof(fault->text) - 1);

    ngx_gemini_fault_lower(fault->text, value->data, value->data + n);
    fault->text[n] = '\0';

    p = (u_char *) ngx_strstr(fault->text, retry);
    last = value->data + value->len;

    if (p) {
        p = value->data + (p - fault->text);

    } else if (n < value->len) {

        /* stands behind all that the copy has lost */

        p = ngx_gemini_fault_find(value->data, last, retry);
    }

    if (p == NULL) {
        return;
    }

    p += sizeof(retry) - 1;

    if (ngx_gemini_time_duration(p, last - p, &ms, NULL) == NGX_OK) {
        fault->retry = ngx_max(fault->retry, ms);
    }
}


static void
ngx_gemini_fault_status(ngx_gemini_fault_t *fault, ngx_gemini_json_e type,
    const ngx_str_t *value)
{
    if (type == NGX_GEMINI_JSON_STRING) {
        ngx_gemini_fault_copy(fault->status, sizeof(fault->status), value);
    }
}


static void
ngx_gemini_fault_detail(ngx_gemini_fault_t *fault, ngx_gemini_json_e type,
    const ngx_str_t *value)
{
    if (type == NGX_GEMINI_JSON_OPEN) {
        ngx_memzero(&fault->quota, sizeof(ngx_gemini_fault_quota_t));

        /* ngx_gemini_fault_links() takes it back */
        fault->details++;
    }

    if (type == NGX_GEMINI_JSON_CLOSE && fault->quota.id_len) {

        /* of metadata, which may leave the value out without meaning it */
        ngx_gemini_fault_keep(fault);
    }
}


static void
ngx_gemini_fault_reason(ngx_gemini_fault_t *fault, ngx_gemini_json_e type,
    const ngx_str_t *value)
{
    if (type == NGX_GEMINI_JSON_STRING && fault->reason[0] == '\0') {
        ngx_gemini_fault_copy(fault->reason, sizeof(fault->reason), value);
    }
}


static void
ngx_gemini_fault_links(ngx_gemini_fault_t *fault, ngx_gemini_json_e type,
    const ngx_str_t *value)
{
    if (type == NGX_GEMINI_JSON_OPEN) {
        fault->help = 1;
        fault->details--;
    }
}


static void
ngx_gemini_fault_delay(ngx_gemini_fault_t *fault, ngx_gemini_json_e type,
    const ngx_str_t *value)
{
    uint64_t  ms;

    if (type == NGX_GEMINI_JSON_STRING
        && ngx_gemini_time_duration(value->data, value->len, &ms, NULL)
           == NGX_OK)
    {
        fault->retry = ngx_max(fault->retry, ms);
    }
}


static void
ngx_gemini_fault_violation(ngx_gemini_fault_t *fault, ngx_gemini_json_e type,
    const ngx_str_t *value)
{
    if (type == NGX_GEMINI_JSON_OPEN) {
        ngx_memzero(&fault->quota, sizeof(ngx_gemini_fault_quota_t));
        fault->quota.zero = 1;
    }

    if (type == NGX_GEMINI_JSON_CLOSE && fault->quota.id_len) {
        ngx_gemini_fault_keep(fault);
    }
}


static void
ngx_gemini_fault_id(ngx_gemini_fault_t *fault, ngx_gemini_json_e type,
    const ngx_str_t *value)
{
    u_char                     ch;
    size_t                     i, n;
    ngx_gemini_fault_quota_t  *quota;

    if (type != NGX_GEMINI_JSON_STRING) {
        return;
    }

    n = 0;
    quota = &fault->quota;

    for (i = 0; i < value->len && n < sizeof(quota->id); i++) {
        ch = value->data[i];

        if ((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z')
            || (ch >= '0' && ch <= '9') || ch == '_' || ch == '.'
            || ch == '-')
        {
            quota->id[n++] = ch;
        }
    }

    quota->id_len = n;
}


static void
ngx_gemini_fault_value(ngx_gemini_fault_t *fault, ngx_gemini_json_e type,
    const ngx_str_t *value)
{
    int64_t                    n;
    ngx_gemini_fault_quota_t  *quota;

    if (type != NGX_GEMINI_JSON_STRING && type != NGX_GEMINI_JSON_NUMBER) {
        return;
    }

    quota = &fault->quota;
    quota->zero = 0;

    if (ngx_gemini_json_int(value, &n) != NGX_OK || n < 0) {
        return;
    }

    quota->value = n;
    quota->has_value = 1;
    quota->zero = (n == 0);
}


static void
ngx_gemini_fault_keep(ngx_gemini_fault_t *fault)
{
    if (fault->nquotas < NGX_GEMINI_VIOLATIONS_MAX) {
        fault->quotas[fault->nquotas++] = fault->quota;
    }

    ngx_memzero(&fault->quota, sizeof(ngx_gemini_fault_quota_t));
}


/* zero bytes would hide the rest from strstr() */

static void
ngx_gemini_fault_lower(u_char *dst, const u_char *p, const u_char *last)
{
#if (__SSE2__)

    __m128i  v, odd;

    while (last - p >= 16) {
        v = _mm_loadu_si128((const __m128i *) p);

        odd = _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8('A' - 1)),
                            _mm_cmplt_epi8(v, _mm_set1_epi8('Z' + 1)));
        odd = _mm_or_si128(odd, _mm_cmpeq_epi8(v, _mm_setzero_si128()));

        /* this bit makes capital letters small, and of a zero a blank */

        v = _mm_or_si128(v, _mm_and_si128(odd, _mm_set1_epi8(0x20)));

        _mm_storeu_si128((__m128i *) dst, v);

        p += 16;
        dst += 16;
    }

#endif

    for ( /* void */ ; p < last; p++) {
        *dst++ = *p ? ngx_tolower(*p) : ' ';
    }
}


static void
ngx_gemini_fault_copy(u_char *dst, size_t size, const ngx_str_t *value)
{
    size_t  i, n;

    n = ngx_min(value->len, size - 1);

    for (i = 0; i < n; i++) {
        dst[i] = value->data[i] ? value->data[i] : ' ';
    }

    dst[n] = '\0';
}


const u_char *
ngx_gemini_fault_skip(const u_char *p, const u_char *last)
{
    const u_char  *next;

    if (last - p >= 3 && ngx_memcmp(p, "\xef\xbb\xbf", 3) == 0) {
        p += 3;
    }

    for ( ;; ) {

        while (p < last
               && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
        {
            p++;
        }

        next = ngx_gemini_fault_field(p, last);

        if (next == p) {
            return p;
        }

        p = next;
    }
}


/* behind "data:", or behind the line of another field */

static const u_char *
ngx_gemini_fault_field(const u_char *p, const u_char *last)
{
    ngx_uint_t        i;
    const ngx_str_t  *name;

    for (i = 0; ngx_gemini_fault_fields[i].len; i++) {
        name = &ngx_gemini_fault_fields[i];

        if ((size_t) (last - p) < name->len
            || ngx_memcmp(p, name->data, name->len) != 0)
        {
            continue;
        }

        p += name->len;

        while (i > 0 && p < last && *p != '\n' && *p != '\r') {
            p++;
        }

        return p;
    }

    return p;
}


const u_char *
ngx_gemini_fault_find(const u_char *p, const u_char *last, const char *text)
{
    size_t  i, len;

    len = ngx_strlen(text);

    for ( /* void */ ; (size_t) (last - p) >= len; p++) {

        if ((*p | 0x20) != (u_char) *text) {
            continue;
        }

        for (i = 1; i < len; i++) {
            if (ngx_tolower(p[i]) != (u_char) text[i]) {
                break;
            }
        }

        if (i == len) {
            return p;
        }
    }

    return NULL;
}
