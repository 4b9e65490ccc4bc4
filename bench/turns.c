
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * For LD_PRELOAD under nginx: how much CPU each turn of the event loop took,
 * from the return of epoll_wait() to its next call.  The sums are kept in the
 * file that BENCH_TURNS names, shared by master and workers; whoever reads it
 * may clear it.
 */


#define _GNU_SOURCE

#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>


typedef int (*turns_wait_pt)(int epfd, struct epoll_event *events,
    int maxevents, int timeout);


typedef struct {
    uint64_t                   turns;
    uint64_t                   longest;    /* ns of CPU */
    uint64_t                   sum;
    uint64_t                   over;       /* turns of more than 1 ms */
} turns_t;


typedef struct {
    turns_t                   *shared;     /* NULL: no file */
    turns_wait_pt              wait;       /* libc's */
    uint64_t                   began;      /* of this turn, 0: none yet */
} turns_state_t;


int epoll_wait(int epfd, struct epoll_event *events, int maxevents,
    int timeout);
static uint64_t turns_now(void);
static turns_state_t *turns_state(void);
static void turns_open(void) __attribute__ ((constructor));


int
epoll_wait(int epfd, struct epoll_event *events, int maxevents, int timeout)
{
    int             n;
    uint64_t        spent;
    turns_state_t  *state;

    state = turns_state();

    if (state->shared != NULL && state->began) {
        spent = turns_now() - state->began;

        state->shared->turns++;
        state->shared->sum += spent;
        state->shared->over += (spent > 1000000);

        if (spent > state->shared->longest) {
            state->shared->longest = spent;
        }
    }

    n = state->wait(epfd, events, maxevents, timeout);

    state->began = turns_now();

    return n;
}


static uint64_t
turns_now(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);

    return (uint64_t) ts.tv_sec * 1000000000ull + (uint64_t) ts.tv_nsec;
}


static turns_state_t *
turns_state(void)
{
    static turns_state_t  state;

    return &state;
}


/* before nginx clears its environment; workers inherit the mapping */

static void
turns_open(void)
{
    int             fd;
    void           *p;
    const char     *name;
    turns_state_t  *state;

    state = turns_state();
    state->wait = (turns_wait_pt) dlsym(RTLD_NEXT, "epoll_wait");

    name = getenv("BENCH_TURNS");

    if (name == NULL) {
        return;
    }

    fd = open(name, O_RDWR|O_CREAT, 0644);

    if (fd == -1) {
        return;
    }

    if (ftruncate(fd, sizeof(turns_t)) == 0) {
        p = mmap(NULL, sizeof(turns_t), PROT_READ|PROT_WRITE, MAP_SHARED, fd,
                 0);

        if (p != MAP_FAILED) {
            state->shared = p;
        }
    }

    close(fd);
}
