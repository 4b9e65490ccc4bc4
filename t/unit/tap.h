
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * TAP for the unit tests.  A failed check prints where it stands, what was
 * got and what was wanted; the plan is printed last.
 *
 *     int
 *     main(void)
 *     {
 *         tap_ok(a < b, "order of %d and %d", a, b);
 *         tap_is_int(got, 3, "three");
 *         tap_is_str((char *) s, "text", "a string");
 *         tap_is_mem(str.data, str.len, "text", "counted bytes");
 *
 *         return tap_done();
 *     }
 *
 * Each check returns 1 if it holds.
 */


#ifndef _TAP_H_INCLUDED_
#define _TAP_H_INCLUDED_


#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>


#define tap_ok      (*(tap_at(__FILE__, __LINE__), tap_check))
#define tap_is_int  (*(tap_at(__FILE__, __LINE__), tap_check_int))
#define tap_is_str  (*(tap_at(__FILE__, __LINE__), tap_check_str))
#define tap_is_mem  (*(tap_at(__FILE__, __LINE__), tap_check_mem))


typedef struct {
    const char                *file;
    int                        line;
    int                        tests;
    int                        failed;
} tap_state_t;


static inline tap_state_t *tap_state(void);
static inline void tap_at(const char *file, int line);
static inline int tap_result(int good, const char *fmt, va_list args);
static inline int tap_check(int good, const char *fmt, ...)
    __attribute__ ((format (printf, 2, 3)));
static inline int tap_check_int(int64_t got, int64_t want, const char *fmt,
    ...) __attribute__ ((format (printf, 3, 4)));
static inline int tap_check_str(const char *got, const char *want,
    const char *fmt, ...) __attribute__ ((format (printf, 3, 4)));
static inline int tap_check_mem(const void *got, size_t len,
    const char *want, const char *fmt, ...)
    __attribute__ ((format (printf, 4, 5)));
static inline void tap_diag(const char *fmt, ...)
    __attribute__ ((format (printf, 1, 2)));
static inline uint64_t tap_seed(void);
static inline uint32_t tap_random(uint64_t *seed);
static inline void *tap_copy(const void *p, size_t len);
static inline int tap_done(void);


static inline tap_state_t *
tap_state(void)
{
    static tap_state_t  state;

    return &state;
}


static inline void
tap_at(const char *file, int line)
{
    tap_state()->file = file;
    tap_state()->line = line;
}


static inline int
tap_result(int good, const char *fmt, va_list args)
{
    tap_state_t  *tap;

    tap = tap_state();
    tap->tests++;

    printf("%sok %d - ", good ? "" : "not ", tap->tests);
    vprintf(fmt, args);
    printf("\n");
    fflush(stdout);

    if (!good) {
        tap->failed++;
        tap_diag("failed at %s line %d", tap->file, tap->line);
    }

    return good;
}


static inline int
tap_check(int good, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    good = tap_result(good != 0, fmt, args);
    va_end(args);

    return good;
}


static inline int
tap_check_int(int64_t got, int64_t want, const char *fmt, ...)
{
    int      good;
    va_list  args;

    va_start(args, fmt);
    good = tap_result(got == want, fmt, args);
    va_end(args);

    if (!good) {
        tap_diag("     got: %" PRId64, got);
        tap_diag("  wanted: %" PRId64, want);
    }

    return good;
}


static inline int
tap_check_str(const char *got, const char *want, const char *fmt, ...)
{
    int      good;
    va_list  args;

    va_start(args, fmt);
    good = tap_result(got != NULL && strcmp(got, want) == 0, fmt, args);
    va_end(args);

    if (!good) {
        tap_diag("     got: \"%s\"", got == NULL ? "(null)" : got);
        tap_diag("  wanted: \"%s\"", want);
    }

    return good;
}


static inline int
tap_check_mem(const void *got, size_t len, const char *want,
    const char *fmt, ...)
{
    int      good;
    va_list  args;

    good = (len == strlen(want) && (len == 0 || memcmp(got, want, len) == 0));

    va_start(args, fmt);
    good = tap_result(good, fmt, args);
    va_end(args);

    if (!good) {
        tap_diag("     got: \"%.*s\"", (int) len,
                 len == 0 ? "" : (const char *) got);
        tap_diag("  wanted: \"%s\"", want);
    }

    return good;
}


static inline void
tap_diag(const char *fmt, ...)
{
    va_list  args;

    printf("# ");

    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);

    printf("\n");
}


/* TAP_SEED, else the time of day; printed, so that a run can be repeated */

static inline uint64_t
tap_seed(void)
{
    char      *env;
    uint64_t   seed;

    env = getenv("TAP_SEED");
    seed = (env == NULL) ? (uint64_t) time(NULL) : strtoull(env, NULL, 10);

    tap_diag("TAP_SEED=%" PRIu64, seed);

    return seed;
}


/* splitmix64 */

static inline uint32_t
tap_random(uint64_t *seed)
{
    uint64_t  z;

    *seed += 0x9e3779b97f4a7c15ull;
    z = *seed;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;

    return (uint32_t) ((z ^ (z >> 31)) >> 32);
}


/* in memory of its own, to be freed: a sanitizer sees a step beyond it */

static inline void *
tap_copy(const void *p, size_t len)
{
    void  *copy;

    copy = malloc(len ? len : 1);

    if (copy == NULL) {
        abort();
    }

    if (len) {
        memcpy(copy, p, len);
    }

    return copy;
}


static inline int
tap_done(void)
{
    tap_state_t  *tap;

    tap = tap_state();

    printf("1..%d\n", tap->tests);

    if (tap->failed) {
        tap_diag("%d of %d failed", tap->failed, tap->tests);
    }

    fflush(stdout);

    return tap->failed ? 1 : 0;
}


#endif /* _TAP_H_INCLUDED_ */
