
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * What a pool has one of: rankings, the state file, probing.  Parts of the
 * root of the shared memory, ngx_gemini_pool.h.
 */


#ifndef _NGX_GEMINI_ROOT_H_INCLUDED_
#define _NGX_GEMINI_ROOT_H_INCLUDED_


#include "ngx_gemini.h"


/*
 * The rankings of one configuration's models, by index in it: kept for a
 * second, and as long as nothing moves.
 */

typedef struct {
    uint64_t                   cycle;      /* whose models, 0: not made */
    uint64_t                   at;
    uint64_t                   moves;      /* what they were made of */
    uint8_t                    order[NGX_GEMINI_TIERS][NGX_GEMINI_MODELS_MAX];
    u_char                     letters[NGX_GEMINI_TIERS]
                                      [NGX_GEMINI_MODELS_MAX];
} ngx_gemini_tiers_t;


/* the state file: who writes it just now, what was written last */

typedef struct {
    int32_t                    pid;        /* of the lease, 0: nobody */
    uint32_t                   failing;    /* failures since a success */
    uint64_t                   end;        /* of the lease */
    uint64_t                   born;       /* the younger zone writes */
    uint64_t                   sign;       /* ngx_gemini_snapshot_sign() */
    uint64_t                   saved_at;   /* 0: never */
    uint64_t                   synced_at;
    uint64_t                   bytes;
    uint64_t                   failures;
    uint32_t                   file;       /* a hash of its name */
    uint32_t                   reserved;
} ngx_gemini_saving_t;


/* probing, by the worker that holds the lease; ngx_gemini_probe.h */

typedef struct {
    int32_t                    pid;        /* of the holder, 0: none */
    uint32_t                   wish;       /* what an operator asked for */
    uint64_t                   end;        /* of the lease */
    uint64_t                   cycle;      /* generation that was listed */
    uint64_t                   listed_at;  /* when the last round began */
    uint32_t                   pending;    /* of this round */
    uint32_t                   done;
    uint32_t                   failed;     /* part of done */
    uint32_t                   reserved;
    uint64_t                   lists;      /* free calls ever */
    uint64_t                   lists_ok;
    uint64_t                   probes;     /* generating ones ever */
    uint64_t                   probes_ok;
} ngx_gemini_probing_t;


/*
 * What a pick has found where none of a list's many keys could serve: true as
 * long as nothing moves, a second at most.  ngx_gemini_lack.c.
 */

#define NGX_GEMINI_LACK_LISTS      4        /* of a model, by priority */

#define NGX_GEMINI_RELIEF_WAIT     0x01     /* something could serve one day */
#define NGX_GEMINI_RELIEF_UNKNOWN  0x02     /* .. at a time that none knows */
#define NGX_GEMINI_RELIEF_DAY      0x04
#define NGX_GEMINI_RELIEF_MINUTE   0x08
#define NGX_GEMINI_RELIEF_VERB     0x10     /* not so for another verb */
#define NGX_GEMINI_RELIEF_WAITER   0x20     /* nor for who does not wait */
#define NGX_GEMINI_RELIEF_PLACE    0x40     /* until any attempt ends */


typedef struct {
    uint64_t                   cycle;      /* whose list, 0: nothing known */
    uint64_t                   at;
    uint64_t                   turns;      /* of the pool, of the model */
    uint64_t                   moves;
    uint64_t                   epoch;
    uint64_t                   until;      /* earliest end, 0: none is known */
    uint32_t                   first;      /* whose end that is, in conf */
    uint32_t                   lack;
    uint32_t                   least;      /* tokens for which this holds */
    uint32_t                   most;
    uint32_t                   flags;
    uint32_t                   verb;       /* bits */
    uint32_t                   surface;
    uint32_t                   reserved;
} ngx_gemini_lack_t;


#endif /* _NGX_GEMINI_ROOT_H_INCLUDED_ */
