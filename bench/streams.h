
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * What streams.c works on, and the texts that it sends.
 */


#ifndef _STREAMS_H_INCLUDED_
#define _STREAMS_H_INCLUDED_


#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>


#define STREAMS_BATCH    256
#define STREAMS_BUFFER   16384
#define STREAMS_DIGITS   19               /* of a time in nanoseconds */
#define STREAMS_TIMEOUT  30000000000ull

#define STREAMS_CR       "\r\n"


typedef enum {
    STREAMS_LISTEN = 0,
    STREAMS_TIMER,
    STREAMS_SERVER,
    STREAMS_CLIENT
} streams_type_e;


typedef struct {
    streams_type_e             type;
    int                        fd;
    uint32_t                   events;     /* sent, or seen */
    uint32_t                   digits;     /* of a stamp that is read */
    uint64_t                   stamp;
    size_t                     head;       /* bytes of the request so far */
    char                       tail[5];    /* last bytes of the answer */
    int                        done;
} streams_conn_t;


typedef struct {
    int                        epoll;
    int                        timer;
    int                        idle;
    uint32_t                   n;          /* streams */
    uint32_t                   events;     /* of each */
    uint64_t                   interval;   /* ns, of a stream's events */
    uint64_t                   start;
    uint64_t                   sent;       /* events in all */
    struct sockaddr_in         proxy;
    streams_conn_t             listen;
    streams_conn_t             ticks;
    streams_conn_t            *clients;
    streams_conn_t            *servers;
    uint32_t                   accepted;
    uint32_t                   begun;      /* servers with a request */
    uint32_t                   done;       /* clients */
    uint32_t                   closed;     /* servers */
    uint64_t                  *late;
    uint64_t                   nlate;
    uint64_t                   seen;
} streams_t;


static const char  streams_request[] =
    "POST /v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse "
    "HTTP/1.1" STREAMS_CR
    "Host: localhost" STREAMS_CR
    "Content-Type: application/json" STREAMS_CR
    "x-goog-api-key: client" STREAMS_CR
    "Content-Length: 56" STREAMS_CR
    STREAMS_CR
    "{\"contents\":[{\"parts\":[{\"text\":\"Count to a hundred\"}]}]}";


static const char  streams_head[] =
    "HTTP/1.1 200 OK" STREAMS_CR
    "Content-Type: text/event-stream" STREAMS_CR
    "Content-Disposition: attachment" STREAMS_CR
    "Vary: Origin" STREAMS_CR
    "Date: Sun, 22 Nov 2026 20:00:00 GMT" STREAMS_CR
    "Transfer-Encoding: chunked" STREAMS_CR
    STREAMS_CR;


/* the stamp stands behind the only @ */

static const char  streams_event[] =
    "data: {\"candidates\": [{\"content\": {\"parts\": [{\"text\": \"@%0*llu "
    "is when these words were sent on their way.\"}],\"role\": \"model\"},"
    "\"index\": 0}],\"usageMetadata\": {\"promptTokenCount\": 6,"
    "\"candidatesTokenCount\": %u,\"totalTokenCount\": %u},"
    "\"modelVersion\": \"gemini-3.8-flash\",\"responseId\": "
    "\"Yk4KabWnFqOxvdIPqKaM2AI\"}" STREAMS_CR STREAMS_CR;


#endif /* _STREAMS_H_INCLUDED_ */
