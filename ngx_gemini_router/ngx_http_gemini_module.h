
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The private umbrella of the glue: configuration, the request's context and
 * what the rooms share.  Each room's own header lists what others call.
 */


#ifndef _NGX_HTTP_GEMINI_MODULE_H_INCLUDED_
#define _NGX_HTTP_GEMINI_MODULE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_gemini_compat.h"

#include "ngx_gemini.h"
#include "ngx_gemini_pool.h"
#include "ngx_gemini_plan.h"
#include "ngx_gemini_refs.h"
#include "ngx_gemini_request.h"
#include "ngx_gemini_body.h"
#include "ngx_gemini_sched.h"
#include "ngx_gemini_usage.h"


typedef struct ngx_http_gemini_ctx_s      ngx_http_gemini_ctx_t;
typedef struct ngx_http_gemini_attempt_s  ngx_http_gemini_attempt_t;


/* the process's handle on a zone; lives in the cycle's memory */

typedef struct {
    ngx_gemini_view_t              view;
    ngx_slab_pool_t               *shpool;
    ngx_shm_zone_t                *shm_zone;
    uint64_t                       cycle;      /* generation claimed */
    uint32_t                       worker;     /* slot, NGX_GEMINI_NONE */
    time_t                         dated;      /* when a Date was last read */
} ngx_http_gemini_zone_t;


/* of a million tokens */

typedef struct {
    double                         in;         /* < 0: not written */
    double                         out;
    double                         cached;
} ngx_http_gemini_price_t;


/* probe */

typedef struct {
    uint32_t                       on;
    uint32_t                       max;        /* at once */
    uint64_t                       interval;   /* ms */
    ngx_str_t                      prompt;     /* empty: only free calls */
    ngx_str_t                      url;        /* scheme, host and port */
    ngx_str_t                      trusted;    /* file, zero-terminated, or
                                                  empty: the system's */
} ngx_http_gemini_probe_conf_t;


/* one gemini_pool block; gc is what the core knows of it */

typedef struct {
    ngx_gemini_conf_t              gc;
    ngx_str_t                     *secrets;    /* by key, as gc.keys */
    ngx_http_gemini_price_t       *prices;     /* a row of models + 1, the last
                                                  for unlisted ones */
    uint32_t                       priced;     /* 1: a row for each project */
    ngx_http_gemini_probe_conf_t   probe;
    ngx_http_gemini_zone_t         zone;
    size_t                         zone_size;  /* 0: by need */
    ngx_str_t                      zone_name;  /* empty: by the pool's */
    void                          *queue;      /* this worker's waiters */
    void                          *persist;    /* .. part in the state file */

    u_char                        *file;       /* of the block, or of the */
    ngx_uint_t                     line;       /* first use */
    ngx_uint_t                     defined;    /* unsigned  defined:1; */
} ngx_http_gemini_pool_conf_t;


/* a gemini_pass, looked at again when all of http{} was read */

typedef struct {
    ngx_str_t                      uri;
    ngx_http_handler_pt            handler;
    ngx_http_core_srv_conf_t      *cscf;
    ngx_http_core_loc_conf_t      *clcf;
    u_char                        *file;
    ngx_uint_t                     line;
} ngx_http_gemini_pass_t;


typedef struct {
    ngx_array_t                    pools;      /* ..pool_conf_t * */
    ngx_array_t                    passes;     /* ngx_http_gemini_pass_t */
    ngx_flag_t                     malloc_trim;
    ngx_uint_t                     select;     /* 1: a location selects */
    u_char                         salt[16];   /* of $gemini_client_id */
    ngx_int_t                      request_id; /* index of $request_id */
    void                          *probing;    /* of the worker that probes */
} ngx_http_gemini_main_conf_t;


typedef struct {
    ngx_uint_t                     used;       /* a location has the module */
} ngx_http_gemini_srv_conf_t;


typedef struct {
    ngx_http_gemini_pool_conf_t   *pool;       /* of pass or select */
    ngx_str_t                      uri;        /* of pass */
    size_t                         prefix;     /* bytes of the location's name
                                                  before the API's path */
    ngx_uint_t                     select;     /* 1: gemini_select */

    ngx_http_complex_value_t      *restrict_keys;
    ngx_http_complex_value_t      *restrict_models;
    ngx_http_complex_value_t      *restrict_families;
    ngx_http_complex_value_t      *fallback;   /* on, off; NULL: the pool's */
    ngx_http_complex_value_t      *queue;
    ngx_http_complex_value_t      *tries;
    ngx_http_complex_value_t      *team;
    ngx_http_complex_value_t      *base;       /* of URLs that lead to us */
    ngx_flag_t                     store;      /* 0: add "store":false */
    ngx_flag_t                     error;      /* gemini_error */

    ngx_http_gemini_pool_conf_t   *status;
    ngx_str_t                      control;    /* control=URI */
    ngx_http_gemini_pool_conf_t   *operate;    /* of gemini_control */
} ngx_http_gemini_loc_conf_t;


/* what came of one attempt, for $gemini_trail */

typedef struct {
    ngx_str_t                      key;        /* labels */
    ngx_str_t                      model;
    ngx_uint_t                     status;
    ngx_uint_t                     class;
    uint64_t                       ms;
} ngx_http_gemini_trail_t;


/* what an answer needs comes first, side by side: it arrives when all of this
   has left the processor's caches */

struct ngx_http_gemini_ctx_s {
    ngx_http_request_t            *request;    /* the main one */
    ngx_http_gemini_pool_conf_t   *pool;       /* NULL: no pass, no select */
    ngx_http_gemini_loc_conf_t    *conf;

    ngx_http_gemini_attempt_t     *attempt;    /* the last one, or NULL */
    ngx_gemini_order_t            *order;      /* NULL: not planned yet */
    ngx_gemini_course_t           *course;
    ngx_gemini_usage_t            *usage;
    ngx_gemini_refs_answer_t      *answer;     /* scanner of answered, or
                                                  NULL */
    ngx_gemini_refs_t             *answered;   /* resources that the answer
                                                  names */
    ngx_gemini_refs_t             *refs;       /* .. that the request names,
                                                  or NULL: not looked for */
    uint32_t                       learned;    /* of answered */
    uint32_t                       owner;      /* project in conf, NONE */
    uint64_t                       team_hash;  /* 0: none */
    uint32_t                       team_row;   /* number, 0: not yet */
    uint32_t                       key;        /* in conf, of the last */
    uint32_t                       model;      /* attempt; NONE */
    ngx_gemini_outcome_e           outcome;

    unsigned                       parsed:1;
    unsigned                       select:1;
    unsigned                       committed:1;/* the client has a header */
    unsigned                       own:1;      /* .. of our own answer */
    unsigned                       waits:1;    /* in the queue */
    unsigned                       fallback:1; /* allowed here */
    unsigned                       queue:1;
    unsigned                       deadline:1; /* X-Server-Timeout came */
    unsigned                       error:2;    /* gemini_error under way */
    unsigned                       secret:1;   /* $gemini_key has a value */
    unsigned                       lists:1;    /* owner is our choice */
    unsigned                       strange:1;  /* part of refs is not known */
    unsigned                       done:1;     /* counted */

    ngx_gemini_wish_t              wish;
    ngx_gemini_continuation_t      continuation;
    ngx_gemini_tokens_t            tokens;
    ngx_event_t                    timer;      /* back-off or queue */

    ngx_str_t                      uri;        /* as received, if redacted */
    ngx_str_t                      args;       /* .. of it */
    ngx_str_t                      arg_key;    /* the value of ?key= */
    ngx_str_t                      arg_token;  /* .. of ?access_token= */
    ngx_str_t                      token;      /* an ephemeral one that goes
                                                  upstream instead of a key */
    ngx_http_log_handler_pt        log_handler;      /* nginx's own */

    ngx_gemini_body_t             *body;       /* NULL: not scanned */
    ngx_gemini_pick_t              pick;       /* the last one */
    ngx_gemini_restrict_t          restrict_to;
    ngx_str_t                      team;       /* or empty */
    ngx_str_t                      requested;  /* model, as written */
    off_t                          length;     /* of the client's body */

    ngx_list_t                     headers;    /* upstream's */
    ngx_list_t                    *client_headers;   /* where select has
                                                  replaced the request's */
    ngx_table_elt_t               *credential; /* its place in headers */
    ngx_table_elt_t               *timeout;    /* X-Server-Timeout's */
    ngx_table_elt_t               *connection; /* of the client, or NULL */

    ngx_queue_t                    waiting;    /* in the worker's queue */
    uint32_t                       place;      /* in the pool's, NONE */
    uint64_t                       began;      /* ms: body complete */
    uint64_t                       queued;     /* ms spent in the queue */
    uint64_t                       queued_at;
    uint64_t                       queue_end;

    ngx_array_t                   *trail;      /* ngx_http_gemini_trail_t */
    ngx_str_t                      response_id;
    ngx_str_t                      error_body; /* of gemini_error */
    ngx_str_t                      model_name; /* of the last attempt */
    uint64_t                       ttft;       /* ms, of the answer sent */
    u_char                         request_id[NGX_GEMINI_REQUEST_ID];
};


extern ngx_module_t  ngx_http_gemini_router_module;


/* the wall clock in milliseconds, as the core wants it */

static ngx_inline uint64_t
ngx_http_gemini_now(void)
{
    ngx_time_t  *tp;

    tp = ngx_timeofday();

    return (uint64_t) tp->sec * 1000 + tp->msec;
}


/*
 * The context of a request or of its subrequest, also after an internal
 * redirect (it is found again through the pool's cleanups); NULL if none.
 */
ngx_http_gemini_ctx_t *ngx_http_gemini_ctx(ngx_http_request_t *r);

/* .. made if there is none; NULL: no memory */
ngx_http_gemini_ctx_t *ngx_http_gemini_ctx_create(ngx_http_request_t *r);


/* what a key's project pays for a model of gc, NONE: for an unlisted one */
const ngx_http_gemini_price_t *ngx_http_gemini_conf_price(
    const ngx_http_gemini_pool_conf_t *pcf, uint32_t key, uint32_t model);


#endif /* _NGX_HTTP_GEMINI_MODULE_H_INCLUDED_ */
