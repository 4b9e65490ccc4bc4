
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The tables of fields.  A new number is one line here and one in README.md.
 */


#include "ngx_gemini_row.h"
#include "ngx_gemini_request.h"
#include "ngx_gemini_summary.h"


static const ngx_gemini_names_t  ngx_gemini_table_verbs = {
    NGX_GEMINI_VERBS, ngx_gemini_verb_name
};


static const ngx_gemini_names_t  ngx_gemini_table_surfaces = {
    NGX_GEMINI_SURFACES, ngx_gemini_surface_name
};


static const ngx_gemini_names_t  ngx_gemini_table_outcomes = {
    NGX_GEMINI_OUTCOMES, ngx_gemini_outcome_name
};


#define ngx_gemini_table(type, field, member)                                 \
    NGX_GEMINI_FIELD_##type, offsetof(ngx_gemini_table_t, field), member


/* what any row says about its state */

#define ngx_gemini_table_t  ngx_gemini_row_t

static const ngx_gemini_field_t  ngx_gemini_table_state[] = {
    { "state", ngx_gemini_table(WORD, state, NULL) },
    ngx_gemini_is("usable", "1 while it is usable, else 0."),
    ngx_gemini_tag("usable", NULL),
    ngx_gemini_info("state",
                    "1 while it is not usable; labels say what and why."),
    ngx_gemini_tag("state", NULL),
    { "reason", ngx_gemini_table(WORD, reason, NULL) },
    ngx_gemini_info("state", NULL),
    ngx_gemini_tag("reason", NULL),
    { "until", ngx_gemini_table(TIME, until, NULL) },
    { "left", ngx_gemini_table(SECONDS, left, NULL) },
    ngx_gemini_gauge("rest_left_seconds",
                     "Time until it is usable again, if that is known."),
    { "provenance", ngx_gemini_table(WORD, provenance, NULL) },
    { "note", ngx_gemini_table(STRING, note, NULL) },
    ngx_gemini_null_field
};


const ngx_gemini_field_t  ngx_gemini_row_rest_fields[] = {
    { "scope", ngx_gemini_table(WORD, scope, NULL) },
    { "name", ngx_gemini_table(STRING, name, NULL) },
    { "model", ngx_gemini_table(STRING, model, NULL) },
    { "", NGX_GEMINI_FIELD_GROUP, 0, ngx_gemini_table_state },
    { "since", ngx_gemini_table(TIME, since, NULL) },
    ngx_gemini_null_field
};

#undef ngx_gemini_table_t


#define ngx_gemini_table_t  ngx_gemini_counters_t

const ngx_gemini_field_t  ngx_gemini_row_token_fields[] = {
    { "prompt", ngx_gemini_table(UINT64, prompt, NULL) },
    ngx_gemini_counter("tokens", "Tokens of its answers."),
    ngx_gemini_tag("kind", "prompt"),
    { "output", ngx_gemini_table(UINT64, output, NULL) },
    ngx_gemini_counter("tokens", NULL),
    ngx_gemini_tag("kind", "output"),
    { "thought", ngx_gemini_table(UINT64, thought, NULL) },
    ngx_gemini_counter("tokens", NULL),
    ngx_gemini_tag("kind", "thought"),
    { "cached", ngx_gemini_table(UINT64, cached, NULL) },
    ngx_gemini_counter("tokens", NULL),
    ngx_gemini_tag("kind", "cached"),
    ngx_gemini_null_field
};


static const ngx_gemini_field_t  ngx_gemini_table_counters[] = {
    { "requests", ngx_gemini_table(UINT64, requests, NULL) },
    { "ok", ngx_gemini_table(UINT64, ok, NULL) },
    ngx_gemini_counter("attempts", "Attempts that have ended."),
    ngx_gemini_tag("result", "ok"),
    { "quota", ngx_gemini_table(UINT64, quota, NULL) },
    ngx_gemini_counter("attempts", NULL),
    ngx_gemini_tag("result", "quota"),
    { "faults", ngx_gemini_table(UINT64, faults, NULL) },
    ngx_gemini_counter("attempts", NULL),
    ngx_gemini_tag("result", "faults"),
    { "errors", ngx_gemini_table(UINT64, errors, NULL) },
    ngx_gemini_counter("attempts", NULL),
    ngx_gemini_tag("result", "errors"),
    { "client", ngx_gemini_table(UINT64, client, NULL) },
    ngx_gemini_counter("attempts", NULL),
    ngx_gemini_tag("result", "client"),
    { "tokens", NGX_GEMINI_FIELD_OBJECT, 0, ngx_gemini_row_token_fields },
    { "cost", ngx_gemini_table(COST, cost, NULL) },
    ngx_gemini_counter("cost",
                       "Cost of its tokens, in the currency of price=."),
    ngx_gemini_null_field
};

#undef ngx_gemini_table_t


#define ngx_gemini_table_t  ngx_gemini_row_account_t

const ngx_gemini_field_t  ngx_gemini_row_account_fields[] = {
    { "name", ngx_gemini_table(STRING, row.name, NULL) },
    ngx_gemini_label("account"),
    { "", NGX_GEMINI_FIELD_GROUP, 0, ngx_gemini_table_state },
    { "in_flight", ngx_gemini_table(UINT, in_flight, NULL) },
    ngx_gemini_gauge("in_flight", "Attempts under way."),
    { "since", ngx_gemini_table(TIME, row.since, NULL) },
    { "", ngx_gemini_table(GROUP, counters, ngx_gemini_table_counters) },
    ngx_gemini_null_field
};

#undef ngx_gemini_table_t


#define ngx_gemini_table_t  ngx_gemini_row_project_t

const ngx_gemini_field_t  ngx_gemini_row_project_fields[] = {
    { "name", ngx_gemini_table(STRING, row.name, NULL) },
    ngx_gemini_label("project"),
    { "account", ngx_gemini_table(STRING, account, NULL) },
    ngx_gemini_label("account"),
    { "", NGX_GEMINI_FIELD_GROUP, 0, ngx_gemini_table_state },
    { "in_flight", ngx_gemini_table(UINT, in_flight, NULL) },
    ngx_gemini_gauge("in_flight", "Attempts under way."),
    { "scope", ngx_gemini_table(WORD, row.scope, NULL) },
    { "since", ngx_gemini_table(TIME, row.since, NULL) },
    { "", ngx_gemini_table(GROUP, counters, ngx_gemini_table_counters) },
    ngx_gemini_null_field
};

#undef ngx_gemini_table_t


#define ngx_gemini_table_t  ngx_gemini_row_key_t

const ngx_gemini_field_t  ngx_gemini_row_key_fields[] = {
    { "name", ngx_gemini_table(STRING, row.name, NULL) },
    ngx_gemini_label("key"),
    { "fingerprint", ngx_gemini_table(HEX, fingerprint, NULL) },
    { "project", ngx_gemini_table(STRING, project, NULL) },
    ngx_gemini_label("project"),
    { "", NGX_GEMINI_FIELD_GROUP, 0, ngx_gemini_table_state },
    { "in_flight", ngx_gemini_table(UINT, in_flight, NULL) },
    ngx_gemini_gauge("in_flight", "Attempts under way."),
    { "scope", ngx_gemini_table(WORD, row.scope, NULL) },
    { "since", ngx_gemini_table(TIME, row.since, NULL) },
    { "account", ngx_gemini_table(STRING, account, NULL) },
    { "priority", ngx_gemini_table(UINT, priority, NULL) },
    { "weight", ngx_gemini_table(UINT, weight, NULL) },
    { "max_conns", ngx_gemini_table(LIMIT, max_conns, NULL) },
    { "models", ngx_gemini_table(STRING, models, NULL) },
    { "blocked_verbs", ngx_gemini_table(NAMES, verbs,
                                        &ngx_gemini_table_verbs) },
    { "blocked_surfaces", ngx_gemini_table(NAMES, surfaces,
                                           &ngx_gemini_table_surfaces) },
    { "last_used", ngx_gemini_table(TIME, last_used, NULL) },
    ngx_gemini_gauge("last_used_timestamp_seconds",
                     "When it was last picked."),
    { "", ngx_gemini_table(GROUP, counters, ngx_gemini_table_counters) },
    ngx_gemini_null_field
};

#undef ngx_gemini_table_t


#define ngx_gemini_table_t  ngx_gemini_row_window_t

static const ngx_gemini_field_t  ngx_gemini_table_latency[] = {
    { "mean", ngx_gemini_table(SECONDS, mean, NULL) },
    ngx_gemini_gauge("window_latency_seconds",
                     "Attempt to last byte, of the last successes."),
    ngx_gemini_tag("stat", "mean"),
    { "p50", ngx_gemini_table(SECONDS, p50, NULL) },
    ngx_gemini_gauge("window_latency_seconds", NULL),
    ngx_gemini_tag("stat", "p50"),
    { "p95", ngx_gemini_table(SECONDS, p95, NULL) },
    ngx_gemini_gauge("window_latency_seconds", NULL),
    ngx_gemini_tag("stat", "p95"),
    ngx_gemini_null_field
};


static const ngx_gemini_field_t  ngx_gemini_table_ttft[] = {
    { "mean", ngx_gemini_table(SECONDS, ttft_mean, NULL) },
    ngx_gemini_gauge("window_ttft_seconds",
                     "Attempt to first byte, of the last successes."),
    ngx_gemini_tag("stat", "mean"),
    { "p50", ngx_gemini_table(SECONDS, ttft_p50, NULL) },
    ngx_gemini_gauge("window_ttft_seconds", NULL),
    ngx_gemini_tag("stat", "p50"),
    { "p95", ngx_gemini_table(SECONDS, ttft_p95, NULL) },
    ngx_gemini_gauge("window_ttft_seconds", NULL),
    ngx_gemini_tag("stat", "p95"),
    ngx_gemini_null_field
};


static const ngx_gemini_field_t  ngx_gemini_table_window[] = {
    { "size", ngx_gemini_table(UINT, size, NULL) },
    { "samples", ngx_gemini_table(UINT, samples, NULL) },
    ngx_gemini_gauge("window_samples", "Outcomes in the window."),
    { "ok", ngx_gemini_table(UINT, ok, NULL) },
    { "success_rate", ngx_gemini_table(RATIO, success_rate, NULL) },
    ngx_gemini_gauge("window_success_ratio",
                     "Successes among the last outcomes."),
    { "latency", NGX_GEMINI_FIELD_OBJECT, 0, ngx_gemini_table_latency },
    { "ttft", NGX_GEMINI_FIELD_OBJECT, 0, ngx_gemini_table_ttft },
    { "prompt", ngx_gemini_table(UINT64, prompt, NULL) },
    { "output", ngx_gemini_table(UINT64, output, NULL) },
    ngx_gemini_null_field
};

#undef ngx_gemini_table_t


#define ngx_gemini_table_t  ngx_gemini_capacity_t

static const ngx_gemini_field_t  ngx_gemini_table_capacity[] = {
    { "usable", ngx_gemini_table(UINT, usable, NULL) },
    ngx_gemini_gauge("usable_keys", "Keys that could serve it now."),
    { "rpm_left", ngx_gemini_table(LEFT, rpm_left, NULL) },
    ngx_gemini_gauge("minute_requests_left",
                     "Requests left of this minute, over the usable projects "
                     "with a limit."),
    { "tpm_left", ngx_gemini_table(LEFT, tpm_left, NULL) },
    ngx_gemini_gauge("minute_tokens_left",
                     "Input tokens left of this minute, likewise."),
    { "rpd_left", ngx_gemini_table(LEFT, rpd_left, NULL) },
    ngx_gemini_gauge("day_requests_left",
                     "Requests left of this Pacific day, likewise."),
    { "unlimited", ngx_gemini_table(UINT, unlimited, NULL) },
    ngx_gemini_gauge("unlimited_projects",
                     "Usable projects that no known limit bounds."),
    { "next_relief", ngx_gemini_table(TIME, next_relief, NULL) },
    ngx_gemini_gauge("next_relief_timestamp_seconds",
                     "The earliest end of what keeps a key from serving it."),
    { "exhausts_at", ngx_gemini_table(TIME, exhausts_at, NULL) },
    ngx_gemini_gauge("exhausts_at_timestamp_seconds",
                     "When the requests of the day run out at this pace; "
                     "absent: not before midnight."),
    ngx_gemini_null_field
};

#undef ngx_gemini_table_t


#define ngx_gemini_table_t  ngx_gemini_row_model_t

const ngx_gemini_field_t  ngx_gemini_row_model_fields[] = {
    { "name", ngx_gemini_table(STRING, row.name, NULL) },
    ngx_gemini_label("model"),
    { "kind", ngx_gemini_table(WORD, kind, NULL) },
    { "", NGX_GEMINI_FIELD_GROUP, 0, ngx_gemini_table_state },
    { "in_flight", ngx_gemini_table(UINT, in_flight, NULL) },
    ngx_gemini_gauge("in_flight", "Attempts under way."),
    { "since", ngx_gemini_table(TIME, row.since, NULL) },
    { "listed", ngx_gemini_table(BOOL, listed, NULL) },
    { "fallback", ngx_gemini_table(BOOL, fallback, NULL) },
    { "max_tokens", ngx_gemini_table(LIMIT, max_tokens, NULL) },
    ngx_gemini_gauge("max_output_tokens", "The most that it may put out."),
    { "last_used", ngx_gemini_table(TIME, last_used, NULL) },
    ngx_gemini_gauge("last_used_timestamp_seconds",
                     "When it was last picked."),
    { "attempts_10s", ngx_gemini_table(UINT, attempts, NULL) },
    ngx_gemini_gauge("recent_attempts", "Attempts of the last ten seconds."),
    { "overloads_10s", ngx_gemini_table(UINT, overloads, NULL) },
    ngx_gemini_gauge("recent_overloads", "Answers 503 among them."),
    { "probes", ngx_gemini_table(UINT64, probes, NULL) },
    ngx_gemini_counter("probes", "Probes that generated."),
    { "probes_ok", ngx_gemini_table(UINT64, probes_ok, NULL) },
    ngx_gemini_counter("probes_ok", "Probes that generated, with success."),
    { "", ngx_gemini_table(GROUP, counters, ngx_gemini_table_counters) },
    { "window", ngx_gemini_table(OBJECT, window, ngx_gemini_table_window) },
    { "capacity", ngx_gemini_table(OBJECT, capacity,
                                   ngx_gemini_table_capacity) },
    ngx_gemini_null_field
};


const ngx_gemini_field_t  ngx_gemini_row_stats_fields[] = {
    { "name", ngx_gemini_table(STRING, row.name, NULL) },
    { "kind", ngx_gemini_table(WORD, kind, NULL) },
    { "listed", ngx_gemini_table(BOOL, listed, NULL) },
    { "", ngx_gemini_table(GROUP, window, ngx_gemini_table_window) },
    ngx_gemini_null_field
};

#undef ngx_gemini_table_t


#define ngx_gemini_table_t  ngx_gemini_row_tier_t

const ngx_gemini_field_t  ngx_gemini_row_tier_fields[] = {
    { "rank", ngx_gemini_table(UINT, rank, NULL) },
    ngx_gemini_gauge("rank", "Its place in the ranking, from 1."),
    { "tier", ngx_gemini_table(WORD, letter, NULL) },
    ngx_gemini_info("tier", "1, with the letter of its tier."),
    ngx_gemini_tag("tier", NULL),
    { "name", ngx_gemini_table(STRING, name, NULL) },
    ngx_gemini_label("model"),
    { "kind", ngx_gemini_table(WORD, kind, NULL) },
    { "samples", ngx_gemini_table(UINT, samples, NULL) },
    { "success_rate", ngx_gemini_table(RATIO, success_rate, NULL) },
    { "latency", ngx_gemini_table(SECONDS, latency, NULL) },
    { "max_tokens", ngx_gemini_table(LIMIT, max_tokens, NULL) },
    { "score", ngx_gemini_table(SKEW, score, NULL) },
    ngx_gemini_gauge("score", "What balance ranks by, less is better."),
    ngx_gemini_null_field
};

#undef ngx_gemini_table_t


#define ngx_gemini_table_t  ngx_gemini_row_learned_t

static const ngx_gemini_field_t  ngx_gemini_table_learned[] = {
    { "rpm", ngx_gemini_table(LIMIT, rpm, NULL) },
    { "rpm_at", ngx_gemini_table(TIME, rpm_at, NULL) },
    { "tpm", ngx_gemini_table(LIMIT64, tpm, NULL) },
    { "tpm_at", ngx_gemini_table(TIME, tpm_at, NULL) },
    { "rpd", ngx_gemini_table(LIMIT, rpd, NULL) },
    { "rpd_at", ngx_gemini_table(TIME, rpd_at, NULL) },
    ngx_gemini_null_field
};

#undef ngx_gemini_table_t


#define ngx_gemini_table_t  ngx_gemini_row_cell_t

static const ngx_gemini_field_t  ngx_gemini_table_use[] = {
    { "minute_requests", ngx_gemini_table(UINT64, used.requests, NULL) },
    ngx_gemini_gauge("minute_requests", "Requests booked in this minute."),
    { "minute_tokens", ngx_gemini_table(UINT64, used.tokens, NULL) },
    ngx_gemini_gauge("minute_tokens", "Input tokens booked in this minute."),
    { "minute_ends", ngx_gemini_table(TIME, minute_ends, NULL) },
    { "day_requests", ngx_gemini_table(UINT64, used.day_requests, NULL) },
    ngx_gemini_gauge("day_requests", "Requests booked in this Pacific day."),
    ngx_gemini_null_field
};


static const ngx_gemini_field_t  ngx_gemini_table_limit[] = {
    { "rpm", ngx_gemini_table(LIMIT, limit.rpm, NULL) },
    { "tpm", ngx_gemini_table(LIMIT64, limit.tpm, NULL) },
    { "rpd", ngx_gemini_table(LIMIT, limit.rpd, NULL) },
    ngx_gemini_null_field
};


const ngx_gemini_field_t  ngx_gemini_row_cell_fields[] = {
    { "project", ngx_gemini_table(STRING, row.name, NULL) },
    ngx_gemini_label("project"),
    { "model", ngx_gemini_table(STRING, row.model, NULL) },
    ngx_gemini_label("model"),
    { "", NGX_GEMINI_FIELD_GROUP, 0, ngx_gemini_table_state },
    { "in_flight", ngx_gemini_table(UINT, in_flight, NULL) },
    { "since", ngx_gemini_table(TIME, row.since, NULL) },
    { "requests", ngx_gemini_table(UINT64, requests, NULL) },
    ngx_gemini_counter("attempts", "Attempts that have ended."),
    { "refused", ngx_gemini_table(UINT64, refused, NULL) },
    ngx_gemini_counter("refused", "Answers 429 among them."),
    { "use", NGX_GEMINI_FIELD_OBJECT, 0, ngx_gemini_table_use },
    { "limits", NGX_GEMINI_FIELD_OBJECT, 0, ngx_gemini_table_limit },
    { "rpm_left", ngx_gemini_table(LEFT, rpm_left, NULL) },
    ngx_gemini_gauge("minute_requests_left", "Requests left of this minute."),
    { "tpm_left", ngx_gemini_table(LEFT, tpm_left, NULL) },
    ngx_gemini_gauge("minute_tokens_left",
                     "Input tokens left of this minute."),
    { "rpd_left", ngx_gemini_table(LEFT, rpd_left, NULL) },
    ngx_gemini_gauge("day_requests_left",
                     "Requests left of this Pacific day."),
    { "learned", ngx_gemini_table(OBJECT, learned,
                                  ngx_gemini_table_learned) },
    ngx_gemini_null_field
};

#undef ngx_gemini_table_t


#define ngx_gemini_table_t  ngx_gemini_row_team_t

static const ngx_gemini_field_t  ngx_gemini_table_team_tokens[] = {
    { "prompt", ngx_gemini_table(UINT64, counters.prompt, NULL) },
    ngx_gemini_counter("tokens", "Tokens of its answers."),
    ngx_gemini_tag("kind", "prompt"),
    { "output", ngx_gemini_table(UINT64, counters.output, NULL) },
    ngx_gemini_counter("tokens", NULL),
    ngx_gemini_tag("kind", "output"),
    { "thought", ngx_gemini_table(UINT64, counters.thought, NULL) },
    ngx_gemini_counter("tokens", NULL),
    ngx_gemini_tag("kind", "thought"),
    { "cached", ngx_gemini_table(UINT64, counters.cached, NULL) },
    ngx_gemini_counter("tokens", NULL),
    ngx_gemini_tag("kind", "cached"),
    ngx_gemini_null_field
};


const ngx_gemini_field_t  ngx_gemini_row_team_fields[] = {
    { "name", ngx_gemini_table(STRING, name, NULL) },
    ngx_gemini_label("team"),
    { "requests", ngx_gemini_table(UINT64, counters.requests, NULL) },
    { "outcomes", ngx_gemini_table(NONZERO, counters.outcomes,
                                   &ngx_gemini_table_outcomes) },
    ngx_gemini_counter("requests",
                       "Client requests that have ended; outcomes seen."),
    ngx_gemini_tag("outcome", NULL),
    { "attempts", ngx_gemini_table(UINT64, counters.attempts, NULL) },
    ngx_gemini_counter("attempts", "Attempts that have ended."),
    { "tokens", NGX_GEMINI_FIELD_OBJECT, 0, ngx_gemini_table_team_tokens },
    { "cost", ngx_gemini_table(COST, counters.cost, NULL) },
    ngx_gemini_counter("cost",
                       "Cost of its tokens, in the currency of price=."),
    ngx_gemini_null_field
};

#undef ngx_gemini_table_t


#define ngx_gemini_table_t  ngx_gemini_row_event_t

const ngx_gemini_field_t  ngx_gemini_row_event_fields[] = {
    { "time", ngx_gemini_table(TIME, time, NULL) },
    { "type", ngx_gemini_table(WORD, type, NULL) },
    { "action", ngx_gemini_table(WORD, action, NULL) },
    { "scope", ngx_gemini_table(WORD, scope, NULL) },
    { "label", ngx_gemini_table(STRING, label, NULL) },
    { "model", ngx_gemini_table(STRING, model, NULL) },
    { "reason", ngx_gemini_table(WORD, reason, NULL) },
    { "until", ngx_gemini_table(TIME, until, NULL) },
    { "provenance", ngx_gemini_table(WORD, provenance, NULL) },
    { "number", ngx_gemini_table(LIMIT64, number, NULL) },
    { "request_id", ngx_gemini_table(STRING, request_id, NULL) },
    ngx_gemini_null_field
};

#undef ngx_gemini_table_t
