
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The records of a pool.  Two halves:
 *
 *   ngx_gemini_pool_t and its arrays are the live state, in one piece of
 *   shared memory: fixed arrays of slots addressed by index, no pointers, no
 *   secrets, no configuration.  Everything here is touched only under the
 *   zone's lock.
 *
 *   ngx_gemini_conf_t and its arrays are the configuration, in the cycle's
 *   memory, read-only after start; each item names its slot: ngx_gemini_conf.h.
 *
 * A slot belongs to a label and survives reloads (design.md 6).
 */


#ifndef _NGX_GEMINI_POOL_H_INCLUDED_
#define _NGX_GEMINI_POOL_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_conf.h"
#include "ngx_gemini_root.h"
#include "ngx_gemini_metrics.h"
#include "ngx_gemini_window.h"


/* of a rest's trial: somebody tries it just now */
#define NGX_GEMINI_TRYING        2

/* workers' cached clocks differ; more than this is a clock that was set */
#define NGX_GEMINI_REST_SLACK    10000

#define NGX_GEMINI_POOL_MAGIC    0x67656d35     /* changes with the layout */

#define NGX_GEMINI_RESERVATIONS  16384
#define NGX_GEMINI_RESERVATIONS_MIN  1024     /* in a small zone */
#define NGX_GEMINI_OWNERS        16384          /* resources remembered */
#define NGX_GEMINI_OWNERS_MIN    1024           /* in a small zone */
#define NGX_GEMINI_WORKERS       128
#define NGX_GEMINI_EVENTS        256
#define NGX_GEMINI_REQUEST_ID    32

/* listed models in a zone: of an old and a new configuration at once */
#define NGX_GEMINI_LISTED_MAX    (2 * NGX_GEMINI_MODELS_MAX)


typedef struct {
    uint64_t                   until;      /* its end, 0: none */
    uint64_t                   began;
    uint32_t                   length;     /* ms, bounds what is left of it */
    uint8_t                    reason;     /* ngx_gemini_class_e */
    uint8_t                    provenance; /* ngx_gemini_provenance_e */
    uint8_t                    step;       /* doublings of a guess so far */
    uint8_t                    trial;      /* 1: has ended, one may try it */
} ngx_gemini_rest_t;


/* a minute or day budget in use */

typedef struct {
    uint64_t                   minute;     /* when the window opened, 0: not */
    uint32_t                   requests;   /* in this minute */
    uint32_t                   day;        /* Pacific day of day_requests */
    uint64_t                   tokens;     /* in this minute, input */
    uint32_t                   day_requests;
    uint32_t                   spent;      /* part of the minute, of WHOLE */
} ngx_gemini_use_t;


/* of use.spent: a minute that is all spent */
#define NGX_GEMINI_WHOLE         65536


/* what a refusal taught, 0: nothing; design.md 4 */

typedef struct {
    uint32_t                   rpm;
    uint32_t                   rpd;
    uint64_t                   tpm;
    uint64_t                   rpm_at;     /* when learned */
    uint64_t                   tpm_at;
    uint64_t                   rpd_at;
} ngx_gemini_learned_t;


typedef struct {
    uint64_t                   requests;   /* attempts settled */
    uint64_t                   ok;
    uint64_t                   quota;      /* 429, 402 */
    uint64_t                   faults;     /* its own: key, project, model */
    uint64_t                   errors;     /* service and transport */
    uint64_t                   client;     /* the request's own fault */
    uint64_t                   prompt;     /* tokens */
    uint64_t                   output;
    uint64_t                   thought;
    uint64_t                   cached;
    uint64_t                   cost;       /* of 10^COST_DECIMALS */
} ngx_gemini_counters_t;


/* of the operator, beside the flag of a disabled record */

typedef struct {
    uint8_t                    len;
    u_char                     text[NGX_GEMINI_NOTE_MAX];
} ngx_gemini_note_t;


/* what a pick reads of every candidate comes first: one line of the cache */

typedef struct {
    uint64_t                   last_used;
    uint32_t                   in_flight;
    uint32_t                   verbs;      /* mask of verbs it may not call */
    uint8_t                    disabled;   /* class, 0: is not */
    uint8_t                    surfaces;   /* mask of surfaces it fails on */
    uint8_t                    suspects;   /* 401s in a row, 3.3 */
    uint8_t                    operator;   /* 1: disabled by hand */
    uint32_t                   reserved;
    ngx_gemini_rest_t          rest;
    u_char                     fingerprint[NGX_GEMINI_FINGERPRINT];
    uint64_t                   disabled_at;
    uint64_t                   operator_until;   /* 0: for good */
    ngx_gemini_counters_t      counters;
    ngx_gemini_note_t          note;
} ngx_gemini_key_t;


typedef struct {
    ngx_gemini_rest_t          rest;
    uint64_t                   operator_until;
    uint32_t                   in_flight;
    uint8_t                    operator;
    uint8_t                    denied;     /* "denied access" in a row */
    uint16_t                   given;      /* 1: while claiming, its slot was
                                              another label's */
    ngx_gemini_counters_t      counters;
    ngx_gemini_note_t          note;
} ngx_gemini_project_t;


typedef struct {
    ngx_gemini_rest_t          rest;
    uint64_t                   operator_until;
    uint32_t                   in_flight;
    uint8_t                    operator;
    uint8_t                    reserved[3];
    ngx_gemini_counters_t      counters;
    ngx_gemini_note_t          note;
} ngx_gemini_account_t;


typedef struct {
    ngx_gemini_rest_t          rest;
    uint64_t                   operator_until;
    uint64_t                   last_used;
    uint64_t                   rest_sweep; /* earliest end in its bitmap */
    uint32_t                   in_flight;
    uint8_t                    operator;
    uint8_t                    unknown;    /* 404s since it last served */
    uint8_t                    reserved[2];
    uint32_t                   allowed;    /* trials left after a rest */
    uint32_t                   ramp;       /* 1, 2, 4, ... of them, 0: off */
    ngx_gemini_rate_t          attempts;   /* of the last 10 s */
    ngx_gemini_rate_t          overloads;  /* 503s among them */
    uint32_t                   output_limit;     /* of the model list, 0:
                                                    not known */
    uint32_t                   marked;     /* 0: its bitmap has no bit set */
    uint64_t                   moves;      /* attempts begun and ended */
    uint64_t                   probed_at;
    uint64_t                   probes;     /* generating ones, no traffic */
    uint64_t                   probes_ok;
    ngx_gemini_counters_t      counters;
    ngx_gemini_window_t        window;
    ngx_gemini_note_t          note;
} ngx_gemini_model_t;


/* project x model: where quota lives, gemini-api.md 4 */

typedef struct {
    ngx_gemini_use_t           use;
    ngx_gemini_rest_t          rest;
    uint32_t                   in_flight;
    uint16_t                   ramp;       /* waiters let go: 1, 2, 4, ... */
    uint8_t                    warned;     /* learned differs from written */
    uint8_t                    trying;     /* 1: a trial is under way */
    ngx_gemini_learned_t       learned;
    uint64_t                   requests;
    uint64_t                   refused;    /* 429s */
    uint32_t                   probe_day;  /* Pacific day of probes */
    uint32_t                   probes;
} ngx_gemini_cell_t;


/* what holds a place: freed exactly once, by settling or by the reaper */

typedef enum {
    NGX_GEMINI_RESV_FREE = 0,
    NGX_GEMINI_RESV_ATTEMPT,
    NGX_GEMINI_RESV_WAITER
} ngx_gemini_resv_e;


typedef struct {
    uint64_t                   began;      /* ms */
    uint64_t                   minute;     /* cell window it was booked in */
    uint32_t                   worker;     /* slot */
    uint32_t                   key;        /* slots; NONE for a waiter */
    uint32_t                   project;
    uint32_t                   account;
    uint32_t                   model;
    uint32_t                   tokens;     /* booked */
    uint32_t                   next;       /* free list */
    uint8_t                    type;       /* ngx_gemini_resv_e */
    uint8_t                    trial;      /* bits: what it tries */
    uint8_t                    retry;      /* counts against the budget */
    uint8_t                    reserved;
} ngx_gemini_resv_t;


#define NGX_GEMINI_TRIAL_CELL      0x01
#define NGX_GEMINI_TRIAL_PROJECT   0x02
#define NGX_GEMINI_TRIAL_ACCOUNT   0x04
#define NGX_GEMINI_TRIAL_MODEL     0x08
#define NGX_GEMINI_TRIAL_UPSTREAM  0x10
#define NGX_GEMINI_TRIAL_KEY       0x20


typedef struct {
    uint64_t                   cycle;      /* generation that it runs */
    int32_t                    pid;        /* 0: free */
    uint32_t                   process;    /* the master's slot of it */
} ngx_gemini_worker_t;


/* whose a resource is, by the hash of its name; ngx_gemini_owner.h */

typedef struct {
    uint64_t                   hash;       /* 0: free */
    uint64_t                   team;       /* hash of the team, 0: none */
    uint64_t                   used;       /* ms */
    uint64_t                   expires;
    uint32_t                   project;    /* slot */
    uint32_t                   model;      /* slot it is bound to, NONE */
    uint32_t                   model_hash; /* of its name: the slot may be
                                              another's by now */
    uint8_t                    type;       /* ngx_gemini_ref_e */
    uint8_t                    reserved[3];
} ngx_gemini_owner_t;


/* the owner of a slot */

typedef struct {
    uint64_t                   cycle;      /* last generation naming it */
    uint16_t                   len;        /* 0: free */
    u_char                     label[NGX_GEMINI_MODEL_MAX];
} ngx_gemini_slot_t;


typedef enum {
    NGX_GEMINI_EVENT_REST = 0,
    NGX_GEMINI_EVENT_RECOVERED,
    NGX_GEMINI_EVENT_DISABLED,
    NGX_GEMINI_EVENT_ENABLED,
    NGX_GEMINI_EVENT_LEARNED,
    NGX_GEMINI_EVENT_UPSTREAM_DOWN,
    NGX_GEMINI_EVENT_UPSTREAM_UP,
    NGX_GEMINI_EVENT_REAPED,
    NGX_GEMINI_EVENT_CONTROL,
    NGX_GEMINI_EVENT_TYPES
} ngx_gemini_event_e;


typedef struct {
    uint64_t                   time;
    uint64_t                   until;      /* of a rest, else 0 */
    uint64_t                   number;     /* of a learned limit, reaped, .. */
    uint8_t                    type;       /* ngx_gemini_event_e */
    uint8_t                    scope;      /* ngx_gemini_scope_e */
    uint8_t                    reason;     /* ngx_gemini_class_e */
    uint8_t                    provenance;
    uint8_t                    label_len;
    uint8_t                    model_len;
    uint8_t                    action;     /* ngx_gemini_operate_e */
    uint8_t                    reserved;
    u_char                     label[NGX_GEMINI_LABEL_MAX];
    u_char                     model[NGX_GEMINI_MODEL_MAX];
    u_char                     request_id[NGX_GEMINI_REQUEST_ID];
} ngx_gemini_event_t;


typedef struct {
    uint64_t                   requests;   /* client requests begun */
    uint64_t                   outcomes[NGX_GEMINI_OUTCOMES];
    uint64_t                   attempts;
    uint64_t                   classes[NGX_GEMINI_CLASSES];   /* attempts */
    uint64_t                   queued;     /* requests that ever waited */
    uint64_t                   queued_ms;
    uint64_t                   queue_full;
    uint64_t                   queue_timeout;
    uint64_t                   lost;       /* settled by the reaper */
    uint64_t                   rebuilt;    /* zone repairs after a crash */
    uint64_t                   prompt;
    uint64_t                   output;
    uint64_t                   thought;
    uint64_t                   cached;
    uint64_t                   cost;       /* of 10^COST_DECIMALS */
} ngx_gemini_totals_t;


/* array sizes, fixed when the zone is made */

typedef struct {
    uint32_t                   keys;
    uint32_t                   projects;
    uint32_t                   accounts;
    uint32_t                   models;     /* listed; spares come after */
    uint32_t                   reservations;
    uint32_t                   owners;     /* a power of two */
} ngx_gemini_caps_t;


/* the root of the shared memory; arrays follow it, see ngx_gemini_view_t */

typedef struct {
    uint32_t                   magic;      /* first word */
    uint32_t                   busy;       /* 1 while a holder stores */
    ngx_gemini_caps_t          caps;
    uint64_t                   created;
    uint64_t                   cycle;      /* generation of configuration */
    uint64_t                   epoch;      /* raised when a place is free */
    uint64_t                   ended;      /* .. by an attempt's end */
    uint64_t                   turns;      /* rests of more than a cell */
    int64_t                    skew;       /* ms, Google's clock - ours */
    uint64_t                   skew_at;    /* 0: never seen */

    uint32_t                   free;       /* reservations' free list */
    uint32_t                   in_flight;
    uint32_t                   waiting;
    uint32_t                   waiting_max;

    uint32_t                   lock_model; /* slot, NONE */
    uint64_t                   lock_until; /* 0: for good */
    ngx_gemini_tiers_t         tiers;
    ngx_gemini_probing_t       probing;

    ngx_gemini_rate_t          successes;  /* the retry budget's two sides */
    ngx_gemini_rate_t          retries;
    uint64_t                   budget_refused;

    uint32_t                   transport;  /* failures in a row */
    uint32_t                   transport_key;    /* first of them, slot */
    uint32_t                   transport_keys;   /* 2: over two keys */
    uint32_t                   reserved;
    ngx_gemini_rest_t          upstream;

    uint32_t                   owned;      /* 1: a resource was ever learned,
                                              bodies are looked through */
    uint32_t                   owned_reserved;

    uint64_t                   changes;    /* worth saving, of which neither
                                              an event nor a total tells */
    ngx_gemini_saving_t        saving;

    uint64_t                   event;      /* ever; ring index = % EVENTS */
    ngx_gemini_totals_t        totals;
    ngx_gemini_worker_t        workers[NGX_GEMINI_WORKERS];
    ngx_gemini_event_t         events[NGX_GEMINI_EVENTS];
} ngx_gemini_pool_t;


/* a hash over labels, open addressing: the table holds slot + 1, 0: empty */

typedef struct {
    uint32_t                  *table;
    uint32_t                   mask;
} ngx_gemini_index_t;


/* a process's pointers into the zone; "gv" */

typedef struct {
    ngx_gemini_pool_t         *gp;
    ngx_gemini_slot_t         *key_slots;
    ngx_gemini_slot_t         *project_slots;
    ngx_gemini_slot_t         *account_slots;
    ngx_gemini_slot_t         *model_slots;    /* models + SPARE + 1 */
    ngx_gemini_key_t          *keys;
    ngx_gemini_project_t      *projects;
    ngx_gemini_account_t      *accounts;
    ngx_gemini_model_t        *models;         /* models + SPARE + 1 */
    ngx_gemini_cell_t         *cells;          /* these x projects */
    ngx_gemini_resv_t         *resvs;
    ngx_gemini_metrics_t      *metrics;
    ngx_gemini_owner_t        *owners;
    ngx_gemini_lack_t         *lacks;          /* LACK_LISTS a model */

    /*
     * a row of words for each model, a bit for each project: 1 says that the
     * cell or the project may be resting, 0 that neither is
     */
    uint64_t                  *bitmaps;
    uint32_t                   words;          /* in a row */
    uint32_t                   nmodels;        /* models + SPARE + 1 */
    uint32_t                   other;          /* slot of unlisted models */

    ngx_gemini_index_t         key_index;      /* changed by claim alone */
    ngx_gemini_index_t         project_index;
    ngx_gemini_index_t         account_index;
} ngx_gemini_view_t;


/* as histograms know a model */
#define ngx_gemini_metrics_model(gv, slot)                                    \
    (((slot) == (gv)->other) ? NGX_GEMINI_NONE : (slot))

#define ngx_gemini_cell(gv, project, model)                                   \
    (&(gv)->cells[(size_t) (model) * (gv)->gp->caps.projects + (project)])


#define ngx_gemini_lack_at(gv, model, k)                                      \
    (&(gv)->lacks[(model) * NGX_GEMINI_LACK_LISTS + (k)])


/* what gc takes at the least, with all reservations */
void ngx_gemini_caps_need(const ngx_gemini_conf_t *gc,
    ngx_gemini_caps_t *caps);

/*
 * the most that bytes hold for gc and what it may become: fewer reservations
 * if there is little room, else some models and many keys, projects, accounts
 */
void ngx_gemini_caps_fill(const ngx_gemini_conf_t *gc, size_t bytes,
    ngx_gemini_caps_t *caps);

/* bytes of a zone with these caps, root included */
size_t ngx_gemini_pool_size(const ngx_gemini_caps_t *caps);

/* clears and sets up mem (ngx_gemini_pool_size(caps) bytes, 64-aligned) */
void ngx_gemini_pool_init(void *mem, const ngx_gemini_caps_t *caps,
    uint64_t now);

/* sets up mem that is all zeroes, leaves its larger part untouched */
void ngx_gemini_pool_format(void *mem, const ngx_gemini_caps_t *caps,
    uint64_t now);

/* sets the pointers of gv; NGX_ERROR if mem holds another layout */
ngx_int_t ngx_gemini_pool_attach(ngx_gemini_view_t *gv, void *mem);


/*
 * Slots.  fits: 1 if every label of gc has or could get a slot, given the
 * generations that live workers run; writes nothing.  claim: gives each item
 * of gc its slot (stored in gc), starting a new key, project, account or
 * model clean, also a key whose fingerprint changed; cannot fail after fits;
 * raises gp->cycle, which marks the claimed slots.
 */

ngx_uint_t ngx_gemini_pool_fits(const ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc);

/* .. and the slots it takes for that, reservations aside */
void ngx_gemini_pool_need(const ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, ngx_gemini_caps_t *need);

void ngx_gemini_pool_claim(ngx_gemini_view_t *gv, ngx_gemini_conf_t *gc,
    uint64_t now);

/* the slot of an unlisted model: its own spare or "other" */
uint32_t ngx_gemini_pool_spare(const ngx_gemini_view_t *gv,
    const ngx_str_t *name);

/* its own spare, taken from the least recently used idle one if need be */
uint32_t ngx_gemini_pool_spare_claim(ngx_gemini_view_t *gv,
    const ngx_str_t *name, uint64_t now);

/*
 * copies what is worth keeping (rests, disabled, lock, windows, learned
 * limits, counters, owners, events) by label into a fresh zone, whose slots are
 * claimed; both are locked
 */
void ngx_gemini_pool_copy(ngx_gemini_view_t *to,
    const ngx_gemini_view_t *from);

/*
 * after a crash under the lock: sums (in flight, waiting, trials), free list
 * and bitmaps anew from the records; owners have no sums, and none is half
 * written
 */
void ngx_gemini_pool_rebuild(ngx_gemini_view_t *gv, uint64_t now);


/*
 * Bitmaps.  mark: a rest was placed on the cell of project and model, or,
 * with NONE for model, on the project (slots).  sweep: bits whose rests are
 * over are cleared, save of a guessed one, which waits for a trial;
 * rest_sweep becomes the earliest end ahead, 0: none.
 */
void ngx_gemini_pool_mark(ngx_gemini_view_t *gv, uint32_t project,
    uint32_t model);
void ngx_gemini_pool_sweep(ngx_gemini_view_t *gv, uint32_t model,
    uint64_t now);

#define ngx_gemini_bitmap(gv, model)                                          \
    (&(gv)->bitmaps[(size_t) (model) * (gv)->words])


/* workers; join: a slot, its own again, or NONE when all are taken */
uint32_t ngx_gemini_pool_join(ngx_gemini_view_t *gv, int32_t pid,
    uint64_t cycle);
void ngx_gemini_pool_leave(ngx_gemini_view_t *gv, uint32_t worker);

/*
 * 1: pid may take, or take again, a lease of length ms that holder (0: nobody)
 * has until end.  The clocks of two workers, each read once in a turn, may be
 * apart; an end farther than any could set it was set by a clock since put
 * back.
 */
ngx_uint_t ngx_gemini_pool_lease(int32_t holder, uint64_t end, int32_t pid,
    uint64_t length, uint64_t now);


/* rests: ms left at now, 0: over; never more than its own length */
uint64_t ngx_gemini_rest_left(const ngx_gemini_rest_t *rest, uint64_t now);

/* a longer rest stays; the caller keeps the bitmaps */
void ngx_gemini_rest_place(ngx_gemini_rest_t *rest, uint64_t now,
    uint64_t length, ngx_uint_t reason, ngx_uint_t provenance);


void ngx_gemini_pool_event(ngx_gemini_view_t *gv,
    const ngx_gemini_event_t *event);


/* index in conf of a project's slot, NONE: not of this configuration */
uint32_t ngx_gemini_pool_project(const ngx_gemini_conf_t *gc,
    uint32_t slot);

/* slots by label; NONE: has none.  A model is looked for among the listed */

uint32_t ngx_gemini_slot_key(const ngx_gemini_view_t *gv,
    const ngx_str_t *label);
uint32_t ngx_gemini_slot_project(const ngx_gemini_view_t *gv,
    const ngx_str_t *label);
uint32_t ngx_gemini_slot_account(const ngx_gemini_view_t *gv,
    const ngx_str_t *label);
uint32_t ngx_gemini_slot_model(const ngx_gemini_view_t *gv,
    const ngx_str_t *name);


#endif /* _NGX_GEMINI_POOL_H_INCLUDED_ */
