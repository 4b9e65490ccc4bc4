
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_summary.h"
#include "ngx_gemini_classify.h"
#include "ngx_gemini_cooldown.h"
#include "ngx_gemini_sched.h"


static void ngx_gemini_summary_upstream(ngx_gemini_summary_t *summary,
    const ngx_gemini_rest_t *rest, uint64_t now);
static void ngx_gemini_summary_lock(ngx_gemini_summary_lock_t *lock,
    const ngx_gemini_pool_t *gp, uint64_t now);


static const ngx_gemini_names_t  ngx_gemini_summary_outcomes = {
    NGX_GEMINI_OUTCOMES, ngx_gemini_outcome_name
};


static const ngx_gemini_names_t  ngx_gemini_summary_classes = {
    NGX_GEMINI_CLASSES, ngx_gemini_class_name
};


static const ngx_gemini_names_t  ngx_gemini_summary_refs = {
    NGX_GEMINI_REF_TYPES, ngx_gemini_ref_name
};


#define ngx_gemini_field(type, field, data)                                   \
    NGX_GEMINI_FIELD_##type, offsetof(ngx_gemini_summary_t, field), data


const ngx_gemini_field_t  ngx_gemini_summary_lock_fields[] = {
    { "model", NGX_GEMINI_FIELD_STRING,
      offsetof(ngx_gemini_summary_lock_t, model), NULL },
    ngx_gemini_info("model_lock", "1 while all requests go to this model."),
    ngx_gemini_tag("model", NULL),
    { "until", NGX_GEMINI_FIELD_TIME,
      offsetof(ngx_gemini_summary_lock_t, until), NULL },
    { "left", NGX_GEMINI_FIELD_SECONDS,
      offsetof(ngx_gemini_summary_lock_t, left), NULL },
    ngx_gemini_gauge("model_lock_left_seconds",
                     "Time until the lock ends by itself."),
    ngx_gemini_null_field
};


static const ngx_gemini_field_t  ngx_gemini_summary_token_fields[] = {
    { "prompt", ngx_gemini_field(UINT64, totals.prompt, NULL) },
    ngx_gemini_counter("tokens",
                       "Tokens as answers named them; cached ones are part "
                       "of prompt, thoughts are not part of output."),
    ngx_gemini_tag("kind", "prompt"),
    { "output", ngx_gemini_field(UINT64, totals.output, NULL) },
    ngx_gemini_counter("tokens", NULL),
    ngx_gemini_tag("kind", "output"),
    { "thought", ngx_gemini_field(UINT64, totals.thought, NULL) },
    ngx_gemini_counter("tokens", NULL),
    ngx_gemini_tag("kind", "thought"),
    { "cached", ngx_gemini_field(UINT64, totals.cached, NULL) },
    ngx_gemini_counter("tokens", NULL),
    ngx_gemini_tag("kind", "cached"),
    ngx_gemini_null_field
};


static const ngx_gemini_field_t  ngx_gemini_summary_total_fields[] = {
    { "requests", ngx_gemini_field(UINT64, totals.requests, NULL) },
    { "outcomes", ngx_gemini_field(COUNTS, totals.outcomes,
                                   &ngx_gemini_summary_outcomes) },
    ngx_gemini_counter("requests", "Client requests that have ended."),
    ngx_gemini_tag("outcome", NULL),
    { "tokens", NGX_GEMINI_FIELD_OBJECT, 0, ngx_gemini_summary_token_fields },
    { "cost", ngx_gemini_field(COST, totals.cost, NULL) },
    ngx_gemini_counter("cost",
                       "Cost of all tokens, in the currency of price=; "
                       "thoughts as output."),
    { "lost", ngx_gemini_field(UINT64, totals.lost, NULL) },
    ngx_gemini_counter("lost_attempts", "Attempts of workers that died."),
    { "rebuilt", ngx_gemini_field(UINT64, totals.rebuilt, NULL) },
    ngx_gemini_counter("memory_repairs",
                       "Repairs of the shared memory after a worker died in "
                       "it."),
    ngx_gemini_null_field
};


static const ngx_gemini_field_t  ngx_gemini_summary_upstream_fields[] = {
    { "state", ngx_gemini_field(WORD, upstream, NULL) },
    ngx_gemini_is_not("upstream_down",
                      "1 after ten transport failures in a row over two "
                      "keys, until one attempt succeeds."),
    ngx_gemini_tag("up", NULL),
    { "until", ngx_gemini_field(TIME, upstream_until, NULL) },
    { "left", ngx_gemini_field(SECONDS, upstream_left, NULL) },
    { "transport_failures", ngx_gemini_field(UINT, transport, NULL) },
    ngx_gemini_gauge("upstream_failures", "Transport failures in a row."),
    { "clock_skew", ngx_gemini_field(SKEW, skew, NULL) },
    ngx_gemini_gauge("clock_skew_seconds", "Google's clock minus ours."),
    ngx_gemini_null_field
};


const ngx_gemini_field_t  ngx_gemini_summary_head_fields[] = {
    { "lock", ngx_gemini_field(REF, lock, ngx_gemini_summary_lock_fields) },
    { "totals", NGX_GEMINI_FIELD_OBJECT, 0,
      ngx_gemini_summary_total_fields },
    { "upstream", NGX_GEMINI_FIELD_OBJECT, 0,
      ngx_gemini_summary_upstream_fields },
    ngx_gemini_null_field
};


const ngx_gemini_field_t  ngx_gemini_summary_score_fields[] = {
    { "score", ngx_gemini_field(WORD, score, NULL) },
    { "window", ngx_gemini_field(UINT, conf.window, NULL) },
    ngx_gemini_null_field
};


static const ngx_gemini_field_t  ngx_gemini_summary_queue_fields[] = {
    { "size", ngx_gemini_field(UINT, conf.queue, NULL) },
    ngx_gemini_gauge("queue_size", "Places in the queue."),
    { "waiting", ngx_gemini_field(UINT, waiting, NULL) },
    ngx_gemini_gauge("queue_length", "Requests that wait."),
    { "max_seen", ngx_gemini_field(UINT, waiting_max, NULL) },
    ngx_gemini_gauge("queue_length_max", "The most that ever waited at once."),
    { "entered", ngx_gemini_field(UINT64, totals.queued, NULL) },
    ngx_gemini_counter("queue_entered", "Requests that ever waited."),
    { "full", ngx_gemini_field(UINT64, totals.queue_full, NULL) },
    ngx_gemini_counter("queue_refused",
                       "Requests that the queue did not take or let go."),
    ngx_gemini_tag("cause", "full"),
    { "timeout", ngx_gemini_field(UINT64, totals.queue_timeout, NULL) },
    ngx_gemini_counter("queue_refused", NULL),
    ngx_gemini_tag("cause", "timeout"),
    { "seconds", ngx_gemini_field(SECONDS, totals.queued_ms, NULL) },
    ngx_gemini_counter("queue_seconds", "Time waited by all requests."),
    ngx_gemini_null_field
};


static const ngx_gemini_field_t  ngx_gemini_summary_budget_fields[] = {
    { "left", ngx_gemini_field(UINT, budget_left, NULL) },
    ngx_gemini_gauge("retry_budget_left",
                     "Attempts after a failure that the last 10 s still "
                     "allow."),
    { "refused", ngx_gemini_field(UINT64, budget_refused, NULL) },
    ngx_gemini_counter("retry_budget_refused",
                       "Attempts that the retry budget forbade."),
    ngx_gemini_null_field
};


static const ngx_gemini_field_t  ngx_gemini_summary_attempt_fields[] = {
    { "total", ngx_gemini_field(UINT64, totals.attempts, NULL) },
    ngx_gemini_counter("attempts_started", "Attempts sent."),
    { "in_flight", ngx_gemini_field(UINT, in_flight, NULL) },
    ngx_gemini_gauge("in_flight", "Attempts under way."),
    { "by_class", ngx_gemini_field(NONZERO, totals.classes,
                                   &ngx_gemini_summary_classes) },
    ngx_gemini_counter("attempts",
                       "Attempts that have ended, by what their answer "
                       "meant; those seen."),
    ngx_gemini_tag("class", NULL),
    { "retry_budget", NGX_GEMINI_FIELD_OBJECT, 0,
      ngx_gemini_summary_budget_fields },
    ngx_gemini_null_field
};


static const ngx_gemini_field_t  ngx_gemini_summary_probe_fields[] = {
    { "pending", ngx_gemini_field(UINT, probing.pending, NULL) },
    ngx_gemini_gauge("probe_pending", "Probes of this round still to come."),
    { "done", ngx_gemini_field(UINT, probing.done, NULL) },
    ngx_gemini_gauge("probe_done", "Probes of this round that have ended."),
    { "failed", ngx_gemini_field(UINT, probing.failed, NULL) },
    ngx_gemini_gauge("probe_failed", "Probes of this round that failed."),
    { "last", ngx_gemini_field(TIME, probing.listed_at, NULL) },
    ngx_gemini_gauge("probe_started_timestamp_seconds",
                     "When the round of probes began."),
    { "lists", ngx_gemini_field(UINT64, probing.lists, NULL) },
    ngx_gemini_counter("probe_lists", "Free probes."),
    { "lists_ok", ngx_gemini_field(UINT64, probing.lists_ok, NULL) },
    ngx_gemini_counter("probe_lists_ok", "Free probes with success."),
    { "prompts", ngx_gemini_field(UINT64, probing.probes, NULL) },
    ngx_gemini_counter("probe_prompts", "Probes that generated."),
    { "prompts_ok", ngx_gemini_field(UINT64, probing.probes_ok, NULL) },
    ngx_gemini_counter("probe_prompts_ok",
                       "Probes that generated, with success."),
    ngx_gemini_null_field
};


#define ngx_gemini_summary_caps_fields(caps, name, help)                      \
    { "keys", ngx_gemini_field(UINT, caps.keys, NULL) },                      \
    ngx_gemini_gauge(name, help),                                             \
    ngx_gemini_tag("of", "keys"),                                             \
    { "projects", ngx_gemini_field(UINT, caps.projects, NULL) },              \
    ngx_gemini_gauge(name, NULL),                                             \
    ngx_gemini_tag("of", "projects"),                                         \
    { "accounts", ngx_gemini_field(UINT, caps.accounts, NULL) },              \
    ngx_gemini_gauge(name, NULL),                                             \
    ngx_gemini_tag("of", "accounts"),                                         \
    { "models", ngx_gemini_field(UINT, caps.models, NULL) },                  \
    ngx_gemini_gauge(name, NULL),                                             \
    ngx_gemini_tag("of", "models"),                                           \
    { "reservations", ngx_gemini_field(UINT, caps.reservations, NULL) },      \
    ngx_gemini_gauge(name, NULL),                                             \
    ngx_gemini_tag("of", "reservations"),                                     \
    { "owners", ngx_gemini_field(UINT, caps.owners, NULL) },                  \
    ngx_gemini_gauge(name, NULL),                                             \
    ngx_gemini_tag("of", "owners"),                                           \
    ngx_gemini_null_field

static const ngx_gemini_field_t  ngx_gemini_summary_used_fields[] = {
    ngx_gemini_summary_caps_fields(used, "slots_used",
                                   "Slots of the shared memory in use.")
};


static const ngx_gemini_field_t  ngx_gemini_summary_room_fields[] = {
    ngx_gemini_summary_caps_fields(caps, "slots",
                                   "Slots of the shared memory.")
};


static const ngx_gemini_field_t  ngx_gemini_summary_limit_fields[] = {
    { "tries", ngx_gemini_field(UINT, conf.tries, NULL) },
    { "timeout", ngx_gemini_field(SECONDS, conf.timeout, NULL) },
    { "attempt_timeout", ngx_gemini_field(SECONDS, conf.attempt_timeout,
                                          NULL) },
    { "queue", ngx_gemini_field(UINT, conf.queue, NULL) },
    { "queue_timeout", ngx_gemini_field(SECONDS, conf.queue_timeout, NULL) },
    { "cooldown", ngx_gemini_field(SECONDS, conf.cooldown, NULL) },
    { "cooldown_max", ngx_gemini_field(SECONDS, conf.cooldown_max, NULL) },
    { "window", ngx_gemini_field(UINT, conf.window, NULL) },
    { "fallback", ngx_gemini_field(BOOL, conf.fallback, NULL) },
    { "prefer", ngx_gemini_field(WORD, prefer, NULL) },
    { "nodes", ngx_gemini_field(UINT, conf.nodes, NULL) },
    { "unlisted", ngx_gemini_field(BOOL, conf.unlisted, NULL) },
    { "used", NGX_GEMINI_FIELD_OBJECT, 0, ngx_gemini_summary_used_fields },
    { "room", NGX_GEMINI_FIELD_OBJECT, 0, ngx_gemini_summary_room_fields },
    ngx_gemini_null_field
};


static const ngx_gemini_field_t  ngx_gemini_summary_version_fields[] = {
    { "module", ngx_gemini_field(WORD, module, NULL) },
    ngx_gemini_info("build_info", "Versions of the module and of nginx."),
    ngx_gemini_tag("module", NULL),
    { "nginx", ngx_gemini_field(WORD, server, NULL) },
    ngx_gemini_info("build_info", NULL),
    ngx_gemini_tag("nginx", NULL),
    { "configuration", ngx_gemini_field(UINT64, cycle, NULL) },
    ngx_gemini_gauge("configuration",
                     "Generation of the configuration, rises with each "
                     "reload."),
    ngx_gemini_null_field
};


static const ngx_gemini_field_t  ngx_gemini_summary_state_fields[] = {
    { "file", ngx_gemini_field(STRING, conf.state, NULL) },
    { "saved_at", ngx_gemini_field(TIME, saving.saved_at, NULL) },
    ngx_gemini_gauge("state_saved_timestamp_seconds",
                     "When the state file was last written."),
    { "bytes", ngx_gemini_field(UINT64, saving.bytes, NULL) },
    ngx_gemini_gauge("state_size_bytes", "Size of the state file."),
    { "failing", ngx_gemini_field(BOOL, saving.failing, NULL) },
    ngx_gemini_gauge("state_failing",
                     "1 while the state file cannot be written."),
    { "failures", ngx_gemini_field(UINT64, saving.failures, NULL) },
    ngx_gemini_counter("state_failures",
                       "Writes of the state file that failed."),
    ngx_gemini_null_field
};


const ngx_gemini_field_t  ngx_gemini_summary_tail_fields[] = {
    { "queue", NGX_GEMINI_FIELD_OBJECT, 0, ngx_gemini_summary_queue_fields },
    { "attempts", NGX_GEMINI_FIELD_OBJECT, 0,
      ngx_gemini_summary_attempt_fields },
    { "probe", NGX_GEMINI_FIELD_OBJECT, 0, ngx_gemini_summary_probe_fields },
    { "resources", ngx_gemini_field(NONZERO, resources,
                                    &ngx_gemini_summary_refs) },
    { "limits", NGX_GEMINI_FIELD_OBJECT, 0, ngx_gemini_summary_limit_fields },
    { "uptime", ngx_gemini_field(SECONDS, uptime, NULL) },
    ngx_gemini_gauge("uptime_seconds", "Age of the shared memory."),
    { "versions", NGX_GEMINI_FIELD_OBJECT, 0,
      ngx_gemini_summary_version_fields },
    { "state", NGX_GEMINI_FIELD_OBJECT, 0, ngx_gemini_summary_state_fields },
    ngx_gemini_null_field
};


void
ngx_gemini_summary(ngx_gemini_summary_t *summary,
    const ngx_gemini_conf_t *gc, const ngx_gemini_pool_t *gp,
    ngx_gemini_summary_lock_t *lock, uint64_t now)
{
    uint32_t  spent, earned;

    ngx_memzero(summary, sizeof(ngx_gemini_summary_t));

    summary->pool = gc->name;
    summary->totals = gp->totals;
    summary->saving = gp->saving;
    summary->probing = gp->probing;
    summary->in_flight = gp->in_flight;
    summary->transport = gp->transport;
    summary->skew = gp->skew_at ? gp->skew : NGX_GEMINI_NO_SKEW;
    summary->waiting = gp->waiting;
    summary->waiting_max = gp->waiting_max;
    summary->budget_refused = gp->budget_refused;
    summary->conf = *gc;
    summary->prefer = gc->prefer_priority ? "priority" : "model";
    summary->score = gc->normalized ? "normalized" : "classic";
    summary->caps = gp->caps;
    summary->used.keys = gc->nkeys;
    summary->used.projects = gc->nprojects;
    summary->used.accounts = gc->naccounts;
    summary->used.models = gc->nmodels;
    summary->used.reservations = gp->in_flight + gp->waiting;
    summary->uptime = (now > gp->created) ? now - gp->created : 0;
    summary->module = NGX_GEMINI_VERSION;
    summary->cycle = gp->cycle;

    earned = ngx_gemini_rate_sum(&gp->successes, now)
             + NGX_GEMINI_RETRY_FLOOR;
    spent = ngx_gemini_rate_sum(&gp->retries, now);
    summary->budget_left = (earned > spent) ? earned - spent : 0;

    ngx_gemini_summary_upstream(summary, &gp->upstream, now);

    if (lock->model.len) {
        ngx_gemini_summary_lock(lock, gp, now);
        summary->lock = lock;
    }
}


/* after a rest one request at a time tries whether it is back */

static void
ngx_gemini_summary_upstream(ngx_gemini_summary_t *summary,
    const ngx_gemini_rest_t *rest, uint64_t now)
{
    uint64_t  left;

    left = ngx_gemini_rest_left(rest, now);

    summary->upstream = "up";
    summary->upstream_left = -1;

    if (left) {
        summary->upstream = "down";
        summary->upstream_until = now + left;
        summary->upstream_left = left;

    } else if (ngx_gemini_cooldown_unproven(rest, now)) {
        summary->upstream = "trial";
    }
}


static void
ngx_gemini_summary_lock(ngx_gemini_summary_lock_t *lock,
    const ngx_gemini_pool_t *gp, uint64_t now)
{
    lock->until = gp->lock_until;
    lock->left = -1;

    if (gp->lock_until) {
        lock->left = (gp->lock_until > now) ? gp->lock_until - now : 0;
    }
}


const char *
ngx_gemini_outcome_name(ngx_uint_t outcome)
{
    static const char  *const names[] = {
        NULL, "ok", "failover", "fallback", "client_error", "exhausted",
        "overloaded", "upstream_down", "cut", "client_gone", "refused"
    };

    return (outcome < NGX_GEMINI_OUTCOMES) ? names[outcome] : NULL;
}
