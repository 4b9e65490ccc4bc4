
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
    { "until", NGX_GEMINI_FIELD_TIME,
      offsetof(ngx_gemini_summary_lock_t, until), NULL },
    { "left", NGX_GEMINI_FIELD_SECONDS,
      offsetof(ngx_gemini_summary_lock_t, left), NULL },
    ngx_gemini_null_field
};


static const ngx_gemini_field_t  ngx_gemini_summary_token_fields[] = {
    { "prompt", ngx_gemini_field(UINT64, totals.prompt, NULL) },
    { "output", ngx_gemini_field(UINT64, totals.output, NULL) },
    { "thought", ngx_gemini_field(UINT64, totals.thought, NULL) },
    { "cached", ngx_gemini_field(UINT64, totals.cached, NULL) },
    ngx_gemini_null_field
};


static const ngx_gemini_field_t  ngx_gemini_summary_total_fields[] = {
    { "requests", ngx_gemini_field(UINT64, totals.requests, NULL) },
    { "outcomes", ngx_gemini_field(COUNTS, totals.outcomes,
                                   &ngx_gemini_summary_outcomes) },
    { "tokens", NGX_GEMINI_FIELD_OBJECT, 0, ngx_gemini_summary_token_fields },
    { "lost", ngx_gemini_field(UINT64, totals.lost, NULL) },
    { "rebuilt", ngx_gemini_field(UINT64, totals.rebuilt, NULL) },
    ngx_gemini_null_field
};


static const ngx_gemini_field_t  ngx_gemini_summary_upstream_fields[] = {
    { "state", ngx_gemini_field(WORD, upstream, NULL) },
    { "until", ngx_gemini_field(TIME, upstream_until, NULL) },
    { "left", ngx_gemini_field(SECONDS, upstream_left, NULL) },
    { "transport_failures", ngx_gemini_field(UINT, transport, NULL) },
    { "clock_skew", ngx_gemini_field(SKEW, skew, NULL) },
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
    { "waiting", ngx_gemini_field(UINT, waiting, NULL) },
    { "max_seen", ngx_gemini_field(UINT, waiting_max, NULL) },
    { "entered", ngx_gemini_field(UINT64, totals.queued, NULL) },
    { "full", ngx_gemini_field(UINT64, totals.queue_full, NULL) },
    { "timeout", ngx_gemini_field(UINT64, totals.queue_timeout, NULL) },
    { "seconds", ngx_gemini_field(SECONDS, totals.queued_ms, NULL) },
    ngx_gemini_null_field
};


static const ngx_gemini_field_t  ngx_gemini_summary_budget_fields[] = {
    { "left", ngx_gemini_field(UINT, budget_left, NULL) },
    { "refused", ngx_gemini_field(UINT64, budget_refused, NULL) },
    ngx_gemini_null_field
};


static const ngx_gemini_field_t  ngx_gemini_summary_attempt_fields[] = {
    { "total", ngx_gemini_field(UINT64, totals.attempts, NULL) },
    { "in_flight", ngx_gemini_field(UINT, in_flight, NULL) },
    { "by_class", ngx_gemini_field(NONZERO, totals.classes,
                                   &ngx_gemini_summary_classes) },
    { "retry_budget", NGX_GEMINI_FIELD_OBJECT, 0,
      ngx_gemini_summary_budget_fields },
    ngx_gemini_null_field
};


static const ngx_gemini_field_t  ngx_gemini_summary_probe_fields[] = {
    { "pending", ngx_gemini_field(UINT, probing.pending, NULL) },
    { "done", ngx_gemini_field(UINT, probing.done, NULL) },
    { "failed", ngx_gemini_field(UINT, probing.failed, NULL) },
    { "last", ngx_gemini_field(TIME, probing.listed_at, NULL) },
    { "lists", ngx_gemini_field(UINT64, probing.lists, NULL) },
    { "lists_ok", ngx_gemini_field(UINT64, probing.lists_ok, NULL) },
    { "prompts", ngx_gemini_field(UINT64, probing.probes, NULL) },
    { "prompts_ok", ngx_gemini_field(UINT64, probing.probes_ok, NULL) },
    ngx_gemini_null_field
};


#define ngx_gemini_summary_caps_fields(caps)                                  \
    { "keys", ngx_gemini_field(UINT, caps.keys, NULL) },                      \
    { "projects", ngx_gemini_field(UINT, caps.projects, NULL) },              \
    { "accounts", ngx_gemini_field(UINT, caps.accounts, NULL) },              \
    { "models", ngx_gemini_field(UINT, caps.models, NULL) },                  \
    { "reservations", ngx_gemini_field(UINT, caps.reservations, NULL) },      \
    { "owners", ngx_gemini_field(UINT, caps.owners, NULL) },                  \
    ngx_gemini_null_field

static const ngx_gemini_field_t  ngx_gemini_summary_used_fields[] = {
    ngx_gemini_summary_caps_fields(used)
};


static const ngx_gemini_field_t  ngx_gemini_summary_room_fields[] = {
    ngx_gemini_summary_caps_fields(caps)
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
    { "nginx", ngx_gemini_field(WORD, server, NULL) },
    { "configuration", ngx_gemini_field(UINT64, cycle, NULL) },
    ngx_gemini_null_field
};


static const ngx_gemini_field_t  ngx_gemini_summary_state_fields[] = {
    { "file", ngx_gemini_field(STRING, conf.state, NULL) },
    { "saved_at", ngx_gemini_field(TIME, saving.saved_at, NULL) },
    { "bytes", ngx_gemini_field(UINT64, saving.bytes, NULL) },
    { "failing", ngx_gemini_field(BOOL, saving.failing, NULL) },
    { "failures", ngx_gemini_field(UINT64, saving.failures, NULL) },
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
