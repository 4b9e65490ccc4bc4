
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The pick and the report (settling) alone, on core/, in shared memory,
 * behind a lock that works as nginx's does.  Two keys a project, 20 models,
 * minute and day budgets, 16 attempts of each process under way.
 *
 *     pick KEYS count N            N pairs, for callgrind
 *     pick KEYS time PROCESSES MS  prints "pick PAIRS/S P50 P99 P999 MAX":
 *                                  the lock's hold times in nanoseconds
 */


#include "fixture.h"

#include <sched.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>


#define PICK_MODELS     20
#define PICK_UNDER_WAY  16
#define PICK_SPIN       2048
#define PICK_PROCESSES  64
#define PICK_SLOTS      4096         /* of PICK_STEP ns each */
#define PICK_STEP       20


typedef struct {
    ngx_atomic_t               lock;
    ngx_atomic_t               wait;
    sem_t                      sem;
} pick_lock_t;


/* what a process has found; in shared memory */

typedef struct {
    uint64_t                   pairs;
    uint64_t                   longest;
    uint64_t                   holds[PICK_SLOTS];
} pick_result_t;


typedef struct {
    fixture_t                  f;
    pick_lock_t               *lock;
    pick_result_t             *results;
    pick_result_t             *result;     /* of this process */
    ngx_atomic_int_t           pid;
    size_t                     size;       /* of the zone */
    ngx_gemini_pick_t          picks[PICK_UNDER_WAY];
    uint32_t                   n;          /* pairs begun */
} pick_bench_t;


int main(int argc, char **argv);
static void *pick_share(size_t size);
static void pick_make(pick_bench_t *pb, uint32_t keys);
static void pick_pair(pick_bench_t *pb, ngx_uint_t timed);
static void pick_lock(pick_bench_t *pb);
static ngx_uint_t pick_try(pick_bench_t *pb);
static void pick_unlock(pick_bench_t *pb);
static void pick_held(pick_bench_t *pb, uint64_t began);
static uint64_t pick_now(void);
static void pick_time(pick_bench_t *pb, uint32_t processes, uint32_t ms);
static void pick_work(pick_bench_t *pb, uint32_t ms);
static void pick_touch(pick_bench_t *pb);
static void pick_print(pick_bench_t *pb, uint32_t processes, uint32_t ms);
static uint64_t pick_percentile(const uint64_t *holds, uint64_t n, double p);


int
main(int argc, char **argv)
{
    int            i, n;
    pick_bench_t   pb;

    if (argc < 4) {
        fprintf(stderr, "usage: pick KEYS count N | time PROCESSES MS\n");
        return 2;
    }

    memset(&pb, 0, sizeof(pick_bench_t));
    pick_make(&pb, (uint32_t) atoi(argv[1]));

    n = atoi(argv[3]);

    if (argc == 5) {
        pick_time(&pb, (uint32_t) n, (uint32_t) atoi(argv[4]));
        return 0;
    }

    pb.pid = getpid();

    for (i = 0; i < n; i++) {
        pick_pair(&pb, 0);
    }

    return 0;
}


static void *
pick_share(size_t size)
{
    void  *p;

    p = mmap(NULL, size, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1,
             0);

    if (p == MAP_FAILED) {
        perror("pick: mmap");
        exit(1);
    }

    return p;
}


/* as fixture_start() does, but shared */

static void
pick_make(pick_bench_t *pb, uint32_t keys)
{
    uint32_t            i;
    fixture_t          *f;
    ngx_gemini_caps_t   caps;
    ngx_gemini_conf_t  *gc;

    f = &pb->f;
    gc = &f->gc;

    fixture_make(f, keys, keys / 2, keys / 2, PICK_MODELS);

    for (i = 0; i < gc->nprojects * (gc->nmodels + 1); i++) {
        gc->limits[i].rpm = 1000000;
        gc->limits[i].tpm = 1000000000;
        gc->limits[i].rpd = 1000000000;
    }

    fixture_caps(f, NGX_GEMINI_RESERVATIONS, NGX_GEMINI_OWNERS_MIN, &caps);

    pb->size = ngx_gemini_pool_size(&caps);

    fixture_zone(f, &caps, pick_share(pb->size));

    pb->lock = pick_share(sizeof(pick_lock_t));
    pb->results = pick_share(PICK_PROCESSES * sizeof(pick_result_t));
    pb->result = pb->results;

    if (sem_init(&pb->lock->sem, 1, 0) == -1) {
        abort();
    }
}


/* the oldest attempt under way ends well, another one begins */

static void
pick_pair(pick_bench_t *pb, ngx_uint_t timed)
{
    uint64_t              began;
    fixture_t            *f;
    ngx_gemini_pick_t    *pick;
    ngx_gemini_settle_t   settle;

    f = &pb->f;
    pick = &pb->picks[pb->n % PICK_UNDER_WAY];
    began = 0;

    if (pb->n >= PICK_UNDER_WAY) {
        fixture_answer(f, &settle, pick, NGX_GEMINI_OK);

        settle.latency = 900;
        settle.ttft = 850;
        settle.tokens.prompt = 200;
        settle.tokens.output = 300;

        pick_lock(pb);

        if (timed) {
            began = pick_now();
        }

        ngx_gemini_sched_settle(&f->gv, &f->gc, &settle, f->now);

        if (timed) {
            pick_held(pb, began);
        }

        pick_unlock(pb);
    }

    fixture_wish(f, pick, tap_random(&f->seed) % PICK_MODELS, 1);
    pick->tokens = 200;

    pick_lock(pb);

    if (timed) {
        began = pick_now();
    }

    if (ngx_gemini_sched_pick(&f->gv, &f->gc, pick, f->now) != NGX_OK) {
        abort();
    }

    if (timed) {
        pick_held(pb, began);
    }

    pick_unlock(pb);

    pb->n++;
    pb->result->pairs++;

    /* some 30 000 requests a second */

    if (pb->n % 30 == 0) {
        f->now++;
    }
}


/* as ngx_shmtx_lock() with POSIX semaphores, more than one CPU, no poll */

static void
pick_lock(pick_bench_t *pb)
{
    ngx_uint_t  i, n;

    for ( ;; ) {

        if (pick_try(pb)) {
            break;
        }

        for (n = 1; n < PICK_SPIN; n <<= 1) {

            for (i = 0; i < n; i++) {
                ngx_cpu_pause();
            }

            if (pick_try(pb)) {
                goto taken;
            }
        }

        (void) ngx_atomic_fetch_add(&pb->lock->wait, 1);

        if (pick_try(pb)) {
            (void) ngx_atomic_fetch_add(&pb->lock->wait, -1);
            break;
        }

        while (sem_wait(&pb->lock->sem) == -1) {
            /* void */
        }
    }

taken:

    pb->f.gv.gp->busy = 1;
    ngx_memory_barrier();
}


static ngx_uint_t
pick_try(pick_bench_t *pb)
{
    return pb->lock->lock == 0
           && ngx_atomic_cmp_set(&pb->lock->lock, 0, pb->pid);
}


static void
pick_unlock(pick_bench_t *pb)
{
    ngx_atomic_uint_t  wait;

    ngx_memory_barrier();
    pb->f.gv.gp->busy = 0;

    (void) ngx_atomic_cmp_set(&pb->lock->lock, pb->pid, 0);

    for ( ;; ) {
        wait = pb->lock->wait;

        if ((ngx_atomic_int_t) wait <= 0) {
            return;
        }

        if (ngx_atomic_cmp_set(&pb->lock->wait, wait, wait - 1)) {
            break;
        }
    }

    (void) sem_post(&pb->lock->sem);
}


static void
pick_held(pick_bench_t *pb, uint64_t began)
{
    uint64_t  held;

    held = pick_now() - began;

    pb->result->holds[ngx_min(held / PICK_STEP, PICK_SLOTS - 1)]++;
    pb->result->longest = ngx_max(pb->result->longest, held);
}


static uint64_t
pick_now(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return (uint64_t) ts.tv_sec * 1000000000 + ts.tv_nsec;
}


static void
pick_time(pick_bench_t *pb, uint32_t processes, uint32_t ms)
{
    uint32_t  i;

    processes = ngx_min(processes, PICK_PROCESSES);

    for (i = 0; i < processes; i++) {

        if (fork() == 0) {
            pb->pid = getpid();
            pb->f.seed = i;
            pb->result = &pb->results[i];
            pick_work(pb, ms);
            _exit(0);
        }
    }

    for (i = 0; i < processes; i++) {
        (void) wait(NULL);
    }

    pick_print(pb, processes, ms);
}


static void
pick_work(pick_bench_t *pb, uint32_t ms)
{
    uint64_t   end;
    cpu_set_t  cpus;

    /* spread over the CPUs that there are */

    CPU_ZERO(&cpus);
    CPU_SET((pb->result - pb->results) % sysconf(_SC_NPROCESSORS_ONLN),
            &cpus);
    (void) sched_setaffinity(0, sizeof(cpu_set_t), &cpus);

    pick_touch(pb);

    end = pick_now() + (uint64_t) ms * 1000000;

    while (pick_now() < end) {
        pick_pair(pb, 1);
    }
}


/* a worker that has been there for a while has its pages */

static void
pick_touch(pick_bench_t *pb)
{
    size_t            i;
    volatile u_char  *p;

    p = pb->f.zone;

    for (i = 0; i < pb->size; i += 4096) {
        (void) p[i];
    }
}


static void
pick_print(pick_bench_t *pb, uint32_t processes, uint32_t ms)
{
    uint32_t        i, k;
    uint64_t        n;
    pick_result_t  *sum;

    n = 0;
    sum = &pb->results[0];

    for (i = 1; i < processes; i++) {
        sum->pairs += pb->results[i].pairs;
        sum->longest = ngx_max(sum->longest, pb->results[i].longest);

        for (k = 0; k < PICK_SLOTS; k++) {
            sum->holds[k] += pb->results[i].holds[k];
        }
    }

    for (k = 0; k < PICK_SLOTS; k++) {
        n += sum->holds[k];
    }

    printf("pick %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
           "\n", sum->pairs * 1000 / ms,
           pick_percentile(sum->holds, n, 0.5),
           pick_percentile(sum->holds, n, 0.99),
           pick_percentile(sum->holds, n, 0.999), sum->longest);
}


static uint64_t
pick_percentile(const uint64_t *holds, uint64_t n, double p)
{
    uint32_t  k;
    uint64_t  sum;

    sum = 0;

    for (k = 0; k < PICK_SLOTS; k++) {
        sum += holds[k];

        if ((double) sum >= p * (double) n) {
            break;
        }
    }

    return (uint64_t) (k + 1) * PICK_STEP;
}
