
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Streams through a proxy, both ends in one process, so that one clock times
 * them: it listens as the upstream, and its clients ask the proxy.
 *
 *     streams LISTEN-PORT PROXY-PORT STREAMS EVENTS MICROSECONDS
 *
 * sends EVENTS to each of STREAMS, one every MICROSECONDS, in turn, and prints
 * "streams DONE EVENTS P50 P99 MAX": how late events came, in microseconds.
 *
 *     streams LISTEN-PORT PROXY-PORT STREAMS idle
 *
 * sends one event to each, prints "ready", waits for a line, lets a twentieth
 * of the clients leave at once, and prints "released N P50 MAX": after how many
 * microseconds the upstream's side was closed.
 */


#define _GNU_SOURCE

#include "streams.h"


int main(int argc, char **argv);
static void streams_die(const char *what);
static uint64_t streams_now(void);
static void streams_open(streams_t *st, int port);
static void streams_watch(streams_t *st, streams_conn_t *c, uint32_t events);
static void streams_clients(streams_t *st);
static void streams_accept(streams_t *st);
static void streams_serve(streams_t *st, streams_conn_t *c);
static void streams_send(streams_t *st, streams_conn_t *c);
static void streams_arm(streams_t *st);
static void streams_tick(streams_t *st);
static void streams_read(streams_t *st, streams_conn_t *c);
static void streams_scan(streams_t *st, streams_conn_t *c, const char *p,
    ssize_t len, uint64_t now);
static void streams_turn(streams_t *st, int timeout);
static void streams_run(streams_t *st);
static void streams_idle(streams_t *st);
static int streams_compare(const void *a, const void *b);
static double streams_late(streams_t *st, double p);


int
main(int argc, char **argv)
{
    streams_t  st;

    memset(&st, 0, sizeof(streams_t));

    if (argc < 5) {
        fprintf(stderr, "usage: streams LISTEN-PORT PROXY-PORT STREAMS "
                "EVENTS MICROSECONDS | idle\n");
        return 2;
    }

    st.n = (uint32_t) atoi(argv[3]);
    st.idle = (argc == 5);
    st.events = st.idle ? 1 : (uint32_t) atoi(argv[4]);
    st.interval = st.idle ? 1000000 : (uint64_t) atoi(argv[5]) * 1000;

    st.proxy.sin_family = AF_INET;
    st.proxy.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    st.proxy.sin_port = htons((uint16_t) atoi(argv[2]));

    st.clients = calloc(st.n, sizeof(streams_conn_t));
    st.servers = calloc(st.n, sizeof(streams_conn_t));
    st.late = calloc((size_t) st.n * (st.events + 1), sizeof(uint64_t));

    if (st.clients == NULL || st.servers == NULL || st.late == NULL) {
        streams_die("calloc");
    }

    streams_open(&st, atoi(argv[1]));
    streams_clients(&st);

    if (st.idle) {
        streams_idle(&st);

    } else {
        streams_run(&st);
    }

    return 0;
}


static void
streams_die(const char *what)
{
    fprintf(stderr, "streams: %s: %s\n", what, strerror(errno));
    exit(1);
}


static uint64_t
streams_now(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return (uint64_t) ts.tv_sec * 1000000000ull + (uint64_t) ts.tv_nsec;
}


static void
streams_open(streams_t *st, int port)
{
    int                 on;
    struct rlimit       rl;
    struct sockaddr_in  sin;

    on = 1;

    if (getrlimit(RLIMIT_NOFILE, &rl) == 0) {
        rl.rlim_cur = rl.rlim_max;
        (void) setrlimit(RLIMIT_NOFILE, &rl);
    }

    sin = st->proxy;
    sin.sin_port = htons((uint16_t) port);

    st->epoll = epoll_create1(EPOLL_CLOEXEC);
    st->listen.type = STREAMS_LISTEN;
    st->listen.fd = socket(AF_INET, SOCK_STREAM|SOCK_NONBLOCK, 0);
    st->ticks.type = STREAMS_TIMER;
    st->ticks.fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);

    if (st->epoll == -1 || st->listen.fd == -1 || st->ticks.fd == -1) {
        streams_die("socket");
    }

    (void) setsockopt(st->listen.fd, SOL_SOCKET, SO_REUSEADDR, &on,
                      sizeof(int));

    if (bind(st->listen.fd, (struct sockaddr *) &sin, sizeof(sin)) == -1
        || listen(st->listen.fd, 4096) == -1)
    {
        streams_die("listen");
    }

    streams_watch(st, &st->listen, EPOLLIN);
    streams_watch(st, &st->ticks, EPOLLIN);
}


static void
streams_watch(streams_t *st, streams_conn_t *c, uint32_t events)
{
    struct epoll_event  ev;

    ev.events = events;
    ev.data.ptr = c;

    if (epoll_ctl(st->epoll, EPOLL_CTL_ADD, c->fd, &ev) == -1) {
        streams_die("epoll_ctl");
    }
}


/* connect to loopback is done at once; the proxy may take them later */

static void
streams_clients(streams_t *st)
{
    int              on;
    size_t           len;
    uint32_t         i;
    streams_conn_t  *c;

    on = 1;
    len = sizeof(streams_request) - 1;

    for (i = 0; i < st->n; i++) {
        c = &st->clients[i];
        c->type = STREAMS_CLIENT;
        c->fd = socket(AF_INET, SOCK_STREAM, 0);

        if (c->fd == -1
            || connect(c->fd, (struct sockaddr *) &st->proxy,
                       sizeof(struct sockaddr_in))
               == -1
            || fcntl(c->fd, F_SETFL, O_NONBLOCK) == -1
            || write(c->fd, streams_request, len) != (ssize_t) len)
        {
            streams_die("client");
        }

        (void) setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(int));

        streams_watch(st, c, EPOLLIN);

        if (i % 64 == 63) {
            streams_turn(st, 0);
        }
    }
}


static void
streams_accept(streams_t *st)
{
    int              fd, on;
    streams_conn_t  *c;

    on = 1;

    while (st->accepted < st->n) {
        fd = accept4(st->listen.fd, NULL, NULL, SOCK_NONBLOCK);

        if (fd == -1) {
            return;
        }

        (void) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(int));

        c = &st->servers[st->accepted++];
        c->type = STREAMS_SERVER;
        c->fd = fd;

        streams_watch(st, c, EPOLLIN|EPOLLRDHUP);
    }
}


/* the request's head and body; its end is known by the body's last bytes */

static void
streams_serve(streams_t *st, streams_conn_t *c)
{
    char     buf[STREAMS_BUFFER];
    ssize_t  n;

    n = read(c->fd, buf, sizeof(buf));

    if (n <= 0) {

        if (n == -1 && errno == EAGAIN) {
            return;
        }

        if (st->idle && st->done == st->n) {
            st->late[st->closed] = streams_now() - st->start;
        }

        st->closed++;
        close(c->fd);
        c->fd = -1;
        return;
    }

    if (c->head || n < 4 || memcmp(&buf[n - 4], "]}]}", 4) != 0) {
        return;
    }

    c->head = (size_t) n;
    st->begun++;

    if (write(c->fd, streams_head, sizeof(streams_head) - 1)
        != sizeof(streams_head) - 1)
    {
        streams_die("write of a head");
    }

    if (st->idle) {
        streams_send(st, c);

    } else if (st->begun == st->n) {
        st->start = streams_now() + st->interval;
        streams_arm(st);
    }
}


/* one event, the last one with the end of the body */

static void
streams_send(streams_t *st, streams_conn_t *c)
{
    int    len, n;
    char   buf[1024], text[800];

    if (c->fd == -1) {
        return;
    }

    c->events++;

    len = snprintf(text, sizeof(text), streams_event, STREAMS_DIGITS,
                   (unsigned long long) streams_now(), c->events,
                   c->events + 6);

    n = snprintf(buf, sizeof(buf), "%x" STREAMS_CR "%s" STREAMS_CR "%s",
                 (unsigned) len, text,
                 (c->events == st->events && !st->idle)
                 ? "0" STREAMS_CR STREAMS_CR : "");

    if (write(c->fd, buf, (size_t) n) != n) {
        streams_die("write of an event");
    }
}


/* events of all streams are spread evenly over the interval */

static void
streams_arm(streams_t *st)
{
    uint64_t           at;
    struct itimerspec  its;

    at = st->start + st->sent * st->interval / st->n;

    memset(&its, 0, sizeof(its));
    its.it_value.tv_sec = (time_t) (at / 1000000000ull);
    its.it_value.tv_nsec = (long) (at % 1000000000ull);

    (void) timerfd_settime(st->ticks.fd, TFD_TIMER_ABSTIME, &its, NULL);
}


static void
streams_tick(streams_t *st)
{
    uint64_t  now, n;

    if (read(st->ticks.fd, &n, sizeof(n)) == -1) {
        return;
    }

    now = streams_now();

    while (st->sent < (uint64_t) st->n * st->events
           && st->start + st->sent * st->interval / st->n <= now)
    {
        streams_send(st, &st->servers[st->sent % st->n]);
        st->sent++;
    }

    if (st->sent < (uint64_t) st->n * st->events) {
        streams_arm(st);
    }
}


static void
streams_read(streams_t *st, streams_conn_t *c)
{
    int       keep;
    char      buf[STREAMS_BUFFER];
    ssize_t   n;
    uint64_t  now;

    n = read(c->fd, buf, sizeof(buf));
    now = streams_now();

    if (n <= 0) {

        if (n == 0 || errno != EAGAIN) {
            fprintf(stderr, "streams: a client was cut off\n");
            exit(1);
        }

        return;
    }

    if (c->events == 0 && c->digits == 0 && n > 12
        && memcmp(buf, "HTTP/1.1 ", 9) == 0 && memcmp(&buf[9], "200", 3) != 0)
    {
        fprintf(stderr, "streams: answer of status %.3s\n", &buf[9]);
        exit(1);
    }

    streams_scan(st, c, buf, n, now);

    keep = (n < 5) ? (int) n : 5;
    memmove(c->tail, &c->tail[keep], (size_t) (5 - keep));
    memcpy(&c->tail[5 - keep], &buf[n - keep], (size_t) keep);

    if (!c->done && c->events == st->events
        && (st->idle || memcmp(c->tail, "0\r\n\r\n", 5) == 0))
    {
        c->done = 1;
        st->done++;
    }
}


static void
streams_scan(streams_t *st, streams_conn_t *c, const char *p, ssize_t len,
    uint64_t now)
{
    const char  *last;

    last = p + len;

    while (p < last) {

        if (c->digits == 0) {
            p = memchr(p, '@', (size_t) (last - p));

            if (p == NULL) {
                return;
            }

            p++;
            c->digits = 1;
            c->stamp = 0;
            continue;
        }

        c->stamp = c->stamp * 10 + (uint64_t) (*p++ - '0');

        if (c->digits++ < STREAMS_DIGITS) {
            continue;
        }

        c->digits = 0;
        c->events++;
        st->seen++;

        if (!st->idle) {
            st->late[st->nlate++] = now - c->stamp;
        }
    }
}


static void
streams_turn(streams_t *st, int timeout)
{
    int                 i, n;
    streams_conn_t     *c;
    struct epoll_event  events[STREAMS_BATCH];

    n = epoll_wait(st->epoll, events, STREAMS_BATCH, timeout);

    for (i = 0; i < n; i++) {
        c = events[i].data.ptr;

        switch (c->type) {

        case STREAMS_LISTEN:
            streams_accept(st);
            break;

        case STREAMS_TIMER:
            streams_tick(st);
            break;

        case STREAMS_SERVER:
            streams_serve(st, c);
            break;

        case STREAMS_CLIENT:
            streams_read(st, c);
        }
    }
}


static void
streams_run(streams_t *st)
{
    uint64_t  end;

    end = streams_now() + STREAMS_TIMEOUT;

    while (st->done < st->n && streams_now() < end) {
        streams_turn(st, 1000);
    }

    qsort(st->late, st->nlate, sizeof(uint64_t), streams_compare);

    printf("streams %u %llu %.1f %.1f %.1f\n", st->done,
           (unsigned long long) st->seen, streams_late(st, 0.5),
           streams_late(st, 0.99), streams_late(st, 1));
}


static void
streams_idle(streams_t *st)
{
    char      line[16];
    uint32_t  i, leave;
    uint64_t  end;

    leave = st->n / 20;
    end = streams_now() + STREAMS_TIMEOUT;

    while (st->done < st->n && streams_now() < end) {
        streams_turn(st, 1000);
    }

    printf("ready %u\n", st->done);
    fflush(stdout);

    if (fgets(line, sizeof(line), stdin) == NULL) {
        return;
    }

    st->start = streams_now();
    end = st->start + STREAMS_TIMEOUT;

    for (i = 0; i < leave; i++) {
        close(st->clients[i * 20].fd);
    }

    while (st->closed < leave && streams_now() < end) {
        streams_turn(st, 1000);
    }

    st->nlate = st->closed;
    qsort(st->late, st->nlate, sizeof(uint64_t), streams_compare);

    printf("released %u %.0f %.0f\n", st->closed,
           streams_late(st, 0.5), streams_late(st, 1));
}


static int
streams_compare(const void *a, const void *b)
{
    uint64_t  x, y;

    x = *(const uint64_t *) a;
    y = *(const uint64_t *) b;

    return (x > y) - (x < y);
}


/* of the sorted delays, in microseconds */

static double
streams_late(streams_t *st, double p)
{
    if (st->nlate == 0) {
        return 0;
    }

    return (double) st->late[(uint64_t) (p * (double) (st->nlate - 1))]
           / 1000;
}
