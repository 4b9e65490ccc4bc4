
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * What operators measure beside the counters of keys and models: histograms
 * of times, and teams.  Both live in shared memory in tables of fixed size;
 * the caller holds the lock.
 *
 * A histogram is a row that belongs to (what is measured, model, class) from
 * its first value on.  Models are slots of the pool, NONE is "other".  When
 * all rows are taken, a value goes to the one of the model "other", class
 * "other" of its kind, which is always there.
 *
 * A team has a row from its first request on and keeps it as long as the
 * zone lives.  When all are taken, it counts as "other".
 */


#ifndef _NGX_GEMINI_METRICS_H_INCLUDED_
#define _NGX_GEMINI_METRICS_H_INCLUDED_


#include "ngx_gemini.h"


#define NGX_GEMINI_TEAMS           64

#define NGX_GEMINI_HISTS           512
#define NGX_GEMINI_HIST_BOUNDS     14     /* and one bucket above them */
#define NGX_GEMINI_HIST_BUCKETS    (NGX_GEMINI_HIST_BOUNDS + 1)

/* of powers of two, at least twice as many as rows */
#define NGX_GEMINI_HIST_INDEX      1024
#define NGX_GEMINI_TEAM_INDEX      256

/* a class of a row that is none of its kind's: "other" */
#define NGX_GEMINI_HIST_OTHER      0xff

typedef enum {
    NGX_GEMINI_HIST_REQUEST = 0,       /* model tried last, else wished;
                                          class: ngx_gemini_outcome_e */
    NGX_GEMINI_HIST_ATTEMPT,           /* model; class: ngx_gemini_class_e */
    NGX_GEMINI_HIST_TTFT,              /* model; class 0, has no name */
    NGX_GEMINI_HIST_QUEUE,             /* wished model; class 0, no name */
    NGX_GEMINI_HIST_KINDS
} ngx_gemini_hist_e;


typedef struct {
    uint32_t                   model;      /* slot, NONE: other */
    uint16_t                   kind;       /* ngx_gemini_hist_e */
    uint16_t                   class;
    uint64_t                   sum;        /* ms */
    uint64_t                   buckets[NGX_GEMINI_HIST_BUCKETS];
                                           /* each for itself, not summed */
} ngx_gemini_hist_t;


typedef struct {
    uint64_t                   requests;
    uint64_t                   outcomes[NGX_GEMINI_OUTCOMES];
    uint64_t                   attempts;   /* settled */
    uint64_t                   prompt;     /* tokens */
    uint64_t                   output;
    uint64_t                   thought;
    uint64_t                   cached;
    uint64_t                   cost;       /* of 10^COST_DECIMALS */
} ngx_gemini_team_counters_t;


typedef struct {
    uint16_t                   len;        /* 0: free, or of "other" */
    u_char                     label[NGX_GEMINI_LABEL_MAX];   /* UTF-8 without
                                              control characters */
    ngx_gemini_team_counters_t counters;
} ngx_gemini_team_t;


typedef struct {
    uint32_t                   nhists;     /* without holes */
    uint32_t                   nteams;     /* without "other" */
    uint32_t                   moves;      /* raised when rows change places */
    uint32_t                   reserved;
    uint16_t                   hist_index[NGX_GEMINI_HIST_INDEX];  /* row + 1,
                                              0: empty */
    uint8_t                    team_index[NGX_GEMINI_TEAM_INDEX];
    ngx_gemini_team_t          teams[NGX_GEMINI_TEAMS + 1];   /* "other" is
                                              the last, without a label */
    ngx_gemini_hist_t          hists[NGX_GEMINI_HISTS];  /* the first KINDS
                                              are those of "other" */
} ngx_gemini_metrics_t;


/* upper bounds of the buckets, ms, ascending */
extern const uint32_t  ngx_gemini_hist_bounds[NGX_GEMINI_HIST_BOUNDS];


/* of zeroes */
void ngx_gemini_metrics_init(ngx_gemini_metrics_t *gm);

/* one value into a histogram */
void ngx_gemini_metrics_observe(ngx_gemini_metrics_t *gm,
    ngx_gemini_hist_e kind, uint32_t model, ngx_uint_t class, uint64_t ms);

/*
 * A team's number, which is its row + 1; 0 for an empty name.  Gives it a row
 * if there is one left.  At most LABEL_MAX bytes count; bytes that are not
 * UTF-8 and control characters become "_".
 */
uint32_t ngx_gemini_metrics_team(ngx_gemini_metrics_t *gm,
    const ngx_str_t *name);

/* what an attempt of a team took, how a request of it ended; 0: of none */
void ngx_gemini_metrics_spent(ngx_gemini_metrics_t *gm, uint32_t team,
    const ngx_gemini_tokens_t *tokens, uint64_t cost);
void ngx_gemini_metrics_ended(ngx_gemini_metrics_t *gm, uint32_t team,
    ngx_uint_t outcome);

/* rows of a model's slot, which another gets, are free again */
void ngx_gemini_metrics_forget(ngx_gemini_metrics_t *gm, uint32_t model);

/*
 * Into a fresh one; models: the old slots by the n new ones, NONE: it is new.
 * Rows of models that have no new slot are left out.
 */
void ngx_gemini_metrics_copy(ngx_gemini_metrics_t *to,
    const ngx_gemini_metrics_t *from, const uint32_t *models, uint32_t n);

/* after a crash under the lock: the indexes anew from the rows */
void ngx_gemini_metrics_rebuild(ngx_gemini_metrics_t *gm);


/*
 * In millionths; in, out, cached: prices of a million tokens.  Thoughts bill
 * as output, cached tokens are part of the prompt; one < 0 is not known.
 */
double ngx_gemini_metrics_bill(const ngx_gemini_tokens_t *tokens, double in,
    double out, double cached);

/* .. as it is counted, of 10^COST_DECIMALS; without a price (in < 0) 0 */
uint64_t ngx_gemini_metrics_cost(const ngx_gemini_tokens_t *tokens,
    double in, double out, double cached);


#endif /* _NGX_GEMINI_METRICS_H_INCLUDED_ */
