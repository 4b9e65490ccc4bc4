
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_time.h"


#define NGX_GEMINI_TIME_MAX      1000000000000ull     /* ms of a duration */
#define NGX_GEMINI_TIME_FACTOR   1000000000u          /* of a fraction */


typedef struct {
    uint32_t                   year;
    uint32_t                   month;      /* 1 .. 12 */
    uint32_t                   day;        /* 1 .. 31 */
    uint32_t                   hour;
    uint32_t                   min;
    uint32_t                   sec;
} ngx_gemini_time_t;


static uint32_t ngx_gemini_time_days(uint32_t year, uint32_t month,
    uint32_t day);
static void ngx_gemini_time_civil(uint64_t ms, ngx_gemini_time_t *t);
static uint64_t ngx_gemini_time_sunday(uint32_t year, uint32_t month,
    uint32_t nth);
static uint64_t ngx_gemini_time_behind(uint64_t now);
static uint64_t ngx_gemini_time_begin(uint32_t day);
static u_char *ngx_gemini_time_digits(u_char *p, uint32_t n, uint32_t value);
static ngx_int_t ngx_gemini_time_number(const u_char *p, ngx_uint_t n,
    uint32_t *value);
static ngx_int_t ngx_gemini_time_make(const ngx_gemini_time_t *t,
    uint64_t *ms);
static size_t ngx_gemini_time_part(const u_char *p, size_t len, uint64_t *ms,
    uint64_t *ns);
static size_t ngx_gemini_time_unit(const u_char *p, size_t len,
    uint32_t *unit);


static const char  ngx_gemini_time_months[] =
    "JanFebMarAprMayJunJulAugSepOctNovDec";

static const char  ngx_gemini_time_week[] = "SunMonTueWedThuFriSat";


uint32_t
ngx_gemini_time_day(uint64_t now)
{
    uint64_t  behind;

    /* but for the hour after 07:00 UTC, winter and summer have one day */

    behind = 8 * NGX_GEMINI_HOUR;

    if ((now - 7 * NGX_GEMINI_HOUR) % NGX_GEMINI_DAY < NGX_GEMINI_HOUR) {
        behind = ngx_gemini_time_behind(now);
    }

    return (now < behind) ? 0 : (uint32_t) ((now - behind) / NGX_GEMINI_DAY);
}


uint64_t
ngx_gemini_time_midnight(uint64_t now)
{
    return ngx_gemini_time_begin(ngx_gemini_time_day(now) + 1);
}


uint64_t
ngx_gemini_time_day_start(uint64_t now)
{
    return ngx_gemini_time_begin(ngx_gemini_time_day(now));
}


u_char *
ngx_gemini_time_rfc3339(u_char *p, uint64_t ms)
{
    ngx_gemini_time_t  t;

    ngx_gemini_time_civil(ms, &t);

    p = ngx_gemini_time_digits(p, 4, t.year);
    *p++ = '-';
    p = ngx_gemini_time_digits(p, 2, t.month);
    *p++ = '-';
    p = ngx_gemini_time_digits(p, 2, t.day);
    *p++ = 'T';
    p = ngx_gemini_time_digits(p, 2, t.hour);
    *p++ = ':';
    p = ngx_gemini_time_digits(p, 2, t.min);
    *p++ = ':';
    p = ngx_gemini_time_digits(p, 2, t.sec);
    *p++ = 'Z';

    return p;
}


ngx_int_t
ngx_gemini_time_parse_rfc3339(const u_char *p, size_t len, uint64_t *ms)
{
    size_t             i;
    uint32_t           n, weight;
    ngx_gemini_time_t  t;

    if (len < NGX_GEMINI_RFC3339_LEN
        || p[4] != '-' || p[7] != '-' || p[10] != 'T'
        || p[13] != ':' || p[16] != ':' || p[len - 1] != 'Z'
        || ngx_gemini_time_number(p, 4, &t.year) != NGX_OK
        || ngx_gemini_time_number(p + 5, 2, &t.month) != NGX_OK
        || ngx_gemini_time_number(p + 8, 2, &t.day) != NGX_OK
        || ngx_gemini_time_number(p + 11, 2, &t.hour) != NGX_OK
        || ngx_gemini_time_number(p + 14, 2, &t.min) != NGX_OK
        || ngx_gemini_time_number(p + 17, 2, &t.sec) != NGX_OK
        || ngx_gemini_time_make(&t, ms) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (len == NGX_GEMINI_RFC3339_LEN) {
        return NGX_OK;
    }

    if (p[19] != '.' || len == NGX_GEMINI_RFC3339_LEN + 1) {
        return NGX_ERROR;
    }

    weight = 100;

    for (i = 20; i < len - 1; i++) {

        if (ngx_gemini_time_number(p + i, 1, &n) != NGX_OK) {
            return NGX_ERROR;
        }

        *ms += n * weight;
        weight /= 10;
    }

    return NGX_OK;
}


ngx_int_t
ngx_gemini_time_parse_http(const u_char *p, size_t len, uint64_t *ms)
{
    ngx_uint_t         day;
    ngx_gemini_time_t  t;

    /* "Sun, 22 Nov 2026 05:53:34 GMT" */

    if (len != sizeof("Sun, 22 Nov 2026 05:53:34 GMT") - 1
        || p[3] != ',' || p[4] != ' ' || p[7] != ' ' || p[11] != ' '
        || p[16] != ' ' || p[19] != ':' || p[22] != ':'
        || ngx_memcmp(p + 25, " GMT", 4) != 0
        || ngx_gemini_time_number(p + 5, 2, &t.day) != NGX_OK
        || ngx_gemini_time_number(p + 12, 4, &t.year) != NGX_OK
        || ngx_gemini_time_number(p + 17, 2, &t.hour) != NGX_OK
        || ngx_gemini_time_number(p + 20, 2, &t.min) != NGX_OK
        || ngx_gemini_time_number(p + 23, 2, &t.sec) != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (day = 0; day < 7; day++) {
        if (ngx_memcmp(p, &ngx_gemini_time_week[day * 3], 3) == 0) {
            break;
        }
    }

    for (t.month = 1; t.month <= 12; t.month++) {
        if (ngx_memcmp(p + 8, &ngx_gemini_time_months[t.month * 3 - 3], 3)
            == 0)
        {
            break;
        }
    }

    if (day == 7) {
        return NGX_ERROR;
    }

    return ngx_gemini_time_make(&t, ms);
}


ngx_int_t
ngx_gemini_time_duration(const u_char *p, size_t len, uint64_t *ms,
    size_t *used)
{
    size_t    n, all;
    uint64_t  ns, sum;

    ns = 0;
    sum = 0;
    all = 0;

    for ( ;; ) {
        n = ngx_gemini_time_part(p + all, len - all, &sum, &ns);

        if (n == 0) {
            break;
        }

        all += n;
    }

    if (all == 0) {
        return NGX_ERROR;
    }

    *ms = sum + (ns + 999999) / 1000000;

    if (used != NULL) {
        *used = all;
    }

    return NGX_OK;
}


/* days since 1970-01-01 of a date of the Gregorian calendar, from 1970 on */

static uint32_t
ngx_gemini_time_days(uint32_t year, uint32_t month, uint32_t day)
{
    /* years begin in March, so that a leap day is the last of its year */

    if (month <= 2) {
        month += 12;
        year--;
    }

    return 365 * year + year / 4 - year / 100 + year / 400
           + (153 * (month - 3) + 2) / 5 + day - 1 - 719468;
}


static void
ngx_gemini_time_civil(uint64_t ms, ngx_gemini_time_t *t)
{
    uint32_t  days, era, yday, secs;

    secs = (uint32_t) (ms % NGX_GEMINI_DAY / 1000);

    t->hour = secs / 3600;
    t->min = secs / 60 % 60;
    t->sec = secs % 60;

    days = (uint32_t) (ms / NGX_GEMINI_DAY) + 719468;

    /* 400 years have 146097 days; the era's last day is a leap day */

    era = days / 146097;
    days %= 146097;

    t->year = (days - days / 1460 + days / 36524 - days / 146096) / 365;
    yday = days - (365 * t->year + t->year / 4 - t->year / 100);
    t->month = (5 * yday + 2) / 153;
    t->day = yday - (153 * t->month + 2) / 5 + 1;
    t->year += era * 400;
    t->month += 3;

    if (t->month > 12) {
        t->month -= 12;
        t->year++;
    }
}


/* 00:00 UTC of the nth Sunday of a month */

static uint64_t
ngx_gemini_time_sunday(uint32_t year, uint32_t month, uint32_t nth)
{
    uint32_t  days;

    days = ngx_gemini_time_days(year, month, 1);

    /* 1970-01-01 was a Thursday */

    days += (7 - (days + 4) % 7) % 7 + 7 * (nth - 1);

    return (uint64_t) days * NGX_GEMINI_DAY;
}


/* ms by which America/Los_Angeles is behind UTC: 8 hours, 7 in summer */

static uint64_t
ngx_gemini_time_behind(uint64_t now)
{
    ngx_gemini_time_t  t;

    ngx_gemini_time_civil(now, &t);

    if (now >= ngx_gemini_time_sunday(t.year, 3, 2) + 10 * NGX_GEMINI_HOUR
        && now < ngx_gemini_time_sunday(t.year, 11, 1) + 9 * NGX_GEMINI_HOUR)
    {
        return 7 * NGX_GEMINI_HOUR;
    }

    return 8 * NGX_GEMINI_HOUR;
}


/*
 * The midnight that begins a Pacific day.  Clocks change at 02:00, so the
 * hour after any midnight is all of one kind; 08:00 UTC lies in that hour.
 */

static uint64_t
ngx_gemini_time_begin(uint32_t day)
{
    uint64_t  ms;

    ms = (uint64_t) day * NGX_GEMINI_DAY;

    return ms + ngx_gemini_time_behind(ms + 8 * NGX_GEMINI_HOUR);
}


static u_char *
ngx_gemini_time_digits(u_char *p, uint32_t n, uint32_t value)
{
    uint32_t  i;

    for (i = n; i > 0; i--) {
        p[i - 1] = (u_char) ('0' + value % 10);
        value /= 10;
    }

    return p + n;
}


static ngx_int_t
ngx_gemini_time_number(const u_char *p, ngx_uint_t n, uint32_t *value)
{
    *value = 0;

    while (n--) {

        if (*p < '0' || *p > '9') {
            return NGX_ERROR;
        }

        *value = *value * 10 + (*p++ - '0');
    }

    return NGX_OK;
}


static ngx_int_t
ngx_gemini_time_make(const ngx_gemini_time_t *t, uint64_t *ms)
{
    uint32_t  first, next;

    if (t->year < 1970 || t->month < 1 || t->month > 12 || t->day < 1
        || t->hour > 23 || t->min > 59 || t->sec > 60)
    {
        return NGX_ERROR;
    }

    first = ngx_gemini_time_days(t->year, t->month, 1);
    next = (t->month == 12) ? ngx_gemini_time_days(t->year + 1, 1, 1)
                            : ngx_gemini_time_days(t->year, t->month + 1, 1);

    if (t->day > next - first) {
        return NGX_ERROR;
    }

    *ms = (uint64_t) (first + t->day - 1) * NGX_GEMINI_DAY
          + (uint64_t) (t->hour * 3600 + t->min * 60 + t->sec) * 1000;

    return NGX_OK;
}


/* adds one number with its unit; 0: none stands here, else its length */

static size_t
ngx_gemini_time_part(const u_char *p, size_t len, uint64_t *ms, uint64_t *ns)
{
    size_t    i, n;
    uint32_t  unit, weight;
    uint64_t  whole, part;

    whole = 0;
    part = 0;
    weight = NGX_GEMINI_TIME_FACTOR;

    for (i = 0; i < len && p[i] >= '0' && p[i] <= '9'; i++) {
        whole = ngx_min(whole * 10 + (p[i] - '0'), NGX_GEMINI_TIME_MAX);
    }

    if (i == 0) {
        return 0;
    }

    if (i + 1 < len && p[i] == '.' && p[i + 1] >= '0' && p[i + 1] <= '9') {

        for (i++; i < len && p[i] >= '0' && p[i] <= '9'; i++) {
            weight /= 10;
            part += (uint64_t) weight * (p[i] - '0');
        }
    }

    n = ngx_gemini_time_unit(p + i, len - i, &unit);

    if (n == 0) {
        return 0;
    }

    *ms = ngx_min(*ms + whole * unit, NGX_GEMINI_TIME_MAX);
    *ns += (part * unit + 999) / 1000;

    return i + n;
}


/* ms of a unit; 0: none stands here, or a longer word does */

static size_t
ngx_gemini_time_unit(const u_char *p, size_t len, uint32_t *unit)
{
    u_char  ch;
    size_t  n;

    if (len == 0) {
        return 0;
    }

    n = 1;

    switch (p[0]) {

    case 'h':
        *unit = NGX_GEMINI_HOUR;
        break;

    case 'm':
        *unit = NGX_GEMINI_MINUTE;

        if (len > 1 && p[1] == 's') {
            *unit = 1;
            n = 2;
        }

        break;

    case 's':
        *unit = 1000;
        break;

    default:
        return 0;
    }

    ch = (len > n) ? (p[n] | 0x20) : 0;

    return (ch >= 'a' && ch <= 'z') ? 0 : n;
}
