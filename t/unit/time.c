
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Pacific days at every edge of 2026 to 2028, dates and durations as text.
 */


#include "ngx_gemini_time.h"
#include "tap.h"


typedef struct {
    const char                *now;
    uint32_t                   day;
    const char                *start;
    const char                *midnight;
} time_day_t;


typedef struct {
    const char                *text;
    int64_t                    ms;         /* -1: is not one */
    size_t                     used;
} time_text_t;


int main(void);
static void time_days(void);
static void time_every_hour(void);
static void time_rfc3339(void);
static void time_http(void);
static void time_durations(void);
static uint64_t time_at(const char *text);
static const char *time_text(u_char *buf, uint64_t ms);


/* the expected columns come from the tz database */

static const time_day_t  time_edges[] = {
    { "2026-03-07T08:00:00Z", 20519,
      "2026-03-07T08:00:00Z", "2026-03-08T08:00:00Z" },
    { "2026-03-08T07:59:59.999Z", 20519,
      "2026-03-07T08:00:00Z", "2026-03-08T08:00:00Z" },
    { "2026-03-08T08:00:00Z", 20520,
      "2026-03-08T08:00:00Z", "2026-03-09T07:00:00Z" },
    { "2026-03-08T09:59:59Z", 20520,
      "2026-03-08T08:00:00Z", "2026-03-09T07:00:00Z" },
    { "2026-03-08T10:00:00Z", 20520,
      "2026-03-08T08:00:00Z", "2026-03-09T07:00:00Z" },
    { "2026-03-09T06:59:59.999Z", 20520,
      "2026-03-08T08:00:00Z", "2026-03-09T07:00:00Z" },
    { "2026-03-09T07:00:00Z", 20521,
      "2026-03-09T07:00:00Z", "2026-03-10T07:00:00Z" },
    { "2026-11-01T06:59:59.999Z", 20757,
      "2026-10-31T07:00:00Z", "2026-11-01T07:00:00Z" },
    { "2026-11-01T07:00:00Z", 20758,
      "2026-11-01T07:00:00Z", "2026-11-02T08:00:00Z" },
    { "2026-11-01T08:59:59Z", 20758,
      "2026-11-01T07:00:00Z", "2026-11-02T08:00:00Z" },
    { "2026-11-01T09:00:00Z", 20758,
      "2026-11-01T07:00:00Z", "2026-11-02T08:00:00Z" },
    { "2026-11-02T07:59:59.999Z", 20758,
      "2026-11-01T07:00:00Z", "2026-11-02T08:00:00Z" },
    { "2026-11-02T08:00:00Z", 20759,
      "2026-11-02T08:00:00Z", "2026-11-03T08:00:00Z" },
    { "2027-03-14T08:00:00Z", 20891,
      "2027-03-14T08:00:00Z", "2027-03-15T07:00:00Z" },
    { "2027-03-14T10:00:00Z", 20891,
      "2027-03-14T08:00:00Z", "2027-03-15T07:00:00Z" },
    { "2027-03-15T07:00:00Z", 20892,
      "2027-03-15T07:00:00Z", "2027-03-16T07:00:00Z" },
    { "2027-11-07T07:00:00Z", 21129,
      "2027-11-07T07:00:00Z", "2027-11-08T08:00:00Z" },
    { "2027-11-07T09:00:00Z", 21129,
      "2027-11-07T07:00:00Z", "2027-11-08T08:00:00Z" },
    { "2027-11-08T08:00:00Z", 21130,
      "2027-11-08T08:00:00Z", "2027-11-09T08:00:00Z" },
    { "2026-12-31T23:59:59Z", 20818,
      "2026-12-31T08:00:00Z", "2027-01-01T08:00:00Z" },
    { "2027-01-01T07:59:59.999Z", 20818,
      "2026-12-31T08:00:00Z", "2027-01-01T08:00:00Z" },
    { "2027-01-01T08:00:00Z", 20819,
      "2027-01-01T08:00:00Z", "2027-01-02T08:00:00Z" },
    { "2028-02-29T12:00:00Z", 21243,
      "2028-02-29T08:00:00Z", "2028-03-01T08:00:00Z" },
    { "2028-03-01T07:59:59Z", 21243,
      "2028-02-29T08:00:00Z", "2028-03-01T08:00:00Z" },
    { "2028-03-01T08:00:00Z", 21244,
      "2028-03-01T08:00:00Z", "2028-03-02T08:00:00Z" },
    { NULL, 0, NULL, NULL }
};


static const time_text_t  time_rfc3339_texts[] = {
    { "1970-01-01T00:00:00Z", 0, 0 },
    { "2000-02-29T00:00:00Z", 951782400000, 0 },
    { "2026-11-22T05:53:34Z", 1795326814000, 0 },
    { "2026-11-22T05:53:34.5Z", 1795326814500, 0 },
    { "2026-11-22T05:53:34.074824224Z", 1795326814074, 0 },
    { "2026-12-31T23:59:60Z", 1798761600000, 0 },
    { "9999-12-31T23:59:59.999Z", 253402300799999, 0 },
    { "", -1, 0 },
    { "2026-11-22", -1, 0 },
    { "2026-11-22T05:53:34", -1, 0 },
    { "2026-11-22T05:53:34.Z", -1, 0 },
    { "2026-11-22T05:53:34.1xZ", -1, 0 },
    { "2026-11-22T05:53:34+01:00", -1, 0 },
    { "2026-11-22 05:53:34Z", -1, 0 },
    { "2026-13-22T05:53:34Z", -1, 0 },
    { "2026-00-22T05:53:34Z", -1, 0 },
    { "2026-11-00T05:53:34Z", -1, 0 },
    { "2026-11-31T05:53:34Z", -1, 0 },
    { "2026-02-29T05:53:34Z", -1, 0 },
    { "2100-02-29T05:53:34Z", -1, 0 },
    { "2026-11-22T24:00:00Z", -1, 0 },
    { "2026-11-22T05:60:34Z", -1, 0 },
    { "2026-11-22T05:53:61Z", -1, 0 },
    { "1969-12-31T23:59:59Z", -1, 0 },
    { "-026-11-22T05:53:34Z", -1, 0 },
    { NULL, 0, 0 }
};


static const time_text_t  time_http_texts[] = {
    { "Sun, 22 Nov 2026 05:53:34 GMT", 1795326814000, 0 },
    { "Thu, 01 Jan 1970 00:00:00 GMT", 0, 0 },
    { "Thu, 29 Feb 2024 23:59:59 GMT", 1709251199000, 0 },
    { "", -1, 0 },
    { "Sunday, 22-Nov-26 05:53:34 GMT", -1, 0 },
    { "Sun Nov 22 05:53:34 2026", -1, 0 },
    { "Xyz, 22 Nov 2026 05:53:34 GMT", -1, 0 },
    { "Sun, 22 Xyz 2026 05:53:34 GMT", -1, 0 },
    { "Sun, 32 Dec 2026 05:53:34 GMT", -1, 0 },
    { "Sun, 2x Nov 2026 05:53:34 GMT", -1, 0 },
    { "Sun, 22 Nov 2026 05:53:34 UTC", -1, 0 },
    { "Sun, 22 Nov 2026 05:53:34 GMTx", -1, 0 },
    { NULL, 0, 0 }
};


static const time_text_t  time_duration_texts[] = {
    { "34s", 34000, 3 },
    { "0s", 0, 2 },
    { "34.074824224s", 34075, 13 },
    { "34.07s.", 34070, 6 },
    { "58.821668433s. See", 58822, 13 },
    { "900ms", 900, 5 },
    { "0.4ms", 1, 5 },
    { "1.5m", 90000, 4 },
    { "1h2m3.5s", 3723500, 8 },
    { "10h50m43.2s left", 39043200, 11 },
    { "39043s\"", 39043000, 6 },
    { "1s2", 1000, 2 },
    { "1s 2s", 1000, 2 },
    { "999999999999999999999999s", 1000000000000, 25 },
    { "", -1, 0 },
    { "s", -1, 0 },
    { "34", -1, 0 },
    { "34.", -1, 0 },
    { "34.s", -1, 0 },
    { ".5s", -1, 0 },
    { "-1s", -1, 0 },
    { "34 s", -1, 0 },
    { "3sec", -1, 0 },
    { "5minutes", -1, 0 },
    { "5d", -1, 0 },
    { NULL, 0, 0 }
};


int
main(void)
{
    time_days();
    time_every_hour();
    time_rfc3339();
    time_http();
    time_durations();

    return tap_done();
}


static void
time_days(void)
{
    u_char             start[32], next[32];
    uint64_t           now;
    const time_day_t  *t;

    for (t = time_edges; t->now != NULL; t++) {
        now = time_at(t->now);

        tap_is_int(ngx_gemini_time_day(now), t->day, "day of %s", t->now);
        tap_is_str(time_text(start, ngx_gemini_time_day_start(now)),
                   t->start, "start of the day of %s", t->now);
        tap_is_str(time_text(next, ngx_gemini_time_midnight(now)),
                   t->midnight, "midnight after %s", t->now);
    }

    tap_is_int(ngx_gemini_time_day(0), 0, "the epoch does not go below 0");
    tap_is_int(ngx_gemini_time_midnight(0), 115200000,
               "midnight after the epoch");
}


/* days follow each other without a gap and have 23, 24 or 25 hours */

static void
time_every_hour(void)
{
    uint32_t  day, last;
    uint64_t  now, end, start, next;
    uint32_t  gaps, strays, hours[26];

    now = time_at("2026-01-01T08:00:00Z");
    end = time_at("2028-01-01T08:00:00Z");

    gaps = 0;
    strays = 0;
    ngx_memzero(hours, sizeof(hours));

    for (last = ngx_gemini_time_day(now); now < end; now += 1800000) {
        day = ngx_gemini_time_day(now);
        start = ngx_gemini_time_day_start(now);
        next = ngx_gemini_time_midnight(now);

        gaps += (day != last && day != last + 1);
        strays += (now < start || now >= next
                   || ngx_gemini_time_day(next - 1) != day
                   || ngx_gemini_time_day(next) != day + 1
                   || ngx_gemini_time_day_start(next) != next);

        if (now == start) {
            hours[(next - start) / NGX_GEMINI_HOUR]++;
        }

        last = day;
    }

    tap_is_int(gaps, 0, "no day is left out in 2026 and 2027");
    tap_is_int(strays, 0, "each half hour lies in its day");
    tap_is_int(hours[23], 2, "two days of 23 hours");
    tap_is_int(hours[24], 726, "726 days of 24 hours");
    tap_is_int(hours[25], 2, "two days of 25 hours");
}


static void
time_rfc3339(void)
{
    u_char              buf[32], again[32];
    uint64_t            ms;
    ngx_int_t           rc;
    const time_text_t  *t;

    for (t = time_rfc3339_texts; t->text != NULL; t++) {
        ms = 0;
        rc = ngx_gemini_time_parse_rfc3339((u_char *) t->text,
                                           strlen(t->text), &ms);

        tap_is_int(rc == NGX_OK ? (int64_t) ms : -1, t->ms, "date \"%s\"",
                   t->text);
    }

    for (ms = 0; ms < 253402300800000; ms += 7777777777777) {
        rc = ngx_gemini_time_parse_rfc3339((u_char *) time_text(buf, ms),
                                           NGX_GEMINI_RFC3339_LEN, &ms);

        tap_ok(rc == NGX_OK && strcmp(time_text(again, ms),
                                      (char *) buf) == 0,
               "%s is read back", (char *) buf);
    }
}


static void
time_http(void)
{
    uint64_t            ms;
    ngx_int_t           rc;
    const time_text_t  *t;

    for (t = time_http_texts; t->text != NULL; t++) {
        ms = 0;
        rc = ngx_gemini_time_parse_http((u_char *) t->text,
                                        strlen(t->text), &ms);

        tap_is_int(rc == NGX_OK ? (int64_t) ms : -1, t->ms, "Date: \"%s\"",
                   t->text);
    }
}


static void
time_durations(void)
{
    size_t              used;
    uint64_t            ms;
    ngx_int_t           rc;
    const time_text_t  *t;

    for (t = time_duration_texts; t->text != NULL; t++) {
        ms = 0;
        used = 0;
        rc = ngx_gemini_time_duration((u_char *) t->text, strlen(t->text),
                                      &ms, &used);

        tap_is_int(rc == NGX_OK ? (int64_t) ms : -1, t->ms,
                   "duration \"%s\"", t->text);
        tap_is_int(used, t->used, "bytes of \"%s\"", t->text);
    }

    tap_is_int(ngx_gemini_time_duration((u_char *) "34seconds", 3, &ms,
                                        NULL),
               NGX_OK, "a duration ends with its length");
}


static uint64_t
time_at(const char *text)
{
    uint64_t  ms;

    ms = 0;

    if (ngx_gemini_time_parse_rfc3339((u_char *) text, strlen(text), &ms)
        != NGX_OK)
    {
        tap_ok(0, "%s is a date", text);
    }

    return ms;
}


static const char *
time_text(u_char *buf, uint64_t ms)
{
    *ngx_gemini_time_rfc3339(buf, ms) = '\0';

    return (const char *) buf;
}
