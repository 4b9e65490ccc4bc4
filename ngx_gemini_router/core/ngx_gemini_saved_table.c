
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * What the state file has, member by member.
 */


#include "ngx_gemini_saved.h"
#include "ngx_gemini_classify.h"
#include "ngx_gemini_refs.h"
#include "ngx_gemini_request.h"
#include "ngx_gemini_row.h"
#include "ngx_gemini_summary.h"


#define NGX_GEMINI_SAVED_STEP_MAX  20


static const ngx_gemini_names_t  ngx_gemini_saved_classes = {
    NGX_GEMINI_CLASSES, ngx_gemini_class_name
};


static const ngx_gemini_names_t  ngx_gemini_saved_scopes = {
    NGX_GEMINI_SCOPES, ngx_gemini_scope_name
};


static const ngx_gemini_names_t  ngx_gemini_saved_provenances = {
    NGX_GEMINI_SET + 1, ngx_gemini_provenance_name
};


static const ngx_gemini_names_t  ngx_gemini_saved_outcomes = {
    NGX_GEMINI_OUTCOMES, ngx_gemini_outcome_name
};


static const ngx_gemini_names_t  ngx_gemini_saved_verbs = {
    NGX_GEMINI_VERBS, ngx_gemini_verb_name
};


static const ngx_gemini_names_t  ngx_gemini_saved_surfaces = {
    NGX_GEMINI_SURFACES, ngx_gemini_surface_name
};


static const ngx_gemini_names_t  ngx_gemini_saved_types = {
    NGX_GEMINI_EVENT_TYPES, ngx_gemini_row_event_name
};


static const ngx_gemini_names_t  ngx_gemini_saved_actions = {
    NGX_GEMINI_OPERATES, ngx_gemini_operate_name
};


static const ngx_gemini_names_t  ngx_gemini_saved_refs = {
    NGX_GEMINI_REF_TYPES, ngx_gemini_ref_name
};


#define ngx_gemini_null_saved  { NULL, NGX_GEMINI_SAVED_UINT8, 0, 0, NULL }


#define ngx_gemini_saved_field(type, record, field, max, data)                \
    NGX_GEMINI_SAVED_##type, offsetof(record, field), max, data

#define ngx_gemini_saved_rest(type, field, max, data)                         \
    ngx_gemini_saved_field(type, ngx_gemini_rest_t, field, max, data)

#define ngx_gemini_saved_counter(field)                                       \
    ngx_gemini_saved_field(UINT64, ngx_gemini_counters_t, field, 0, NULL)

#define ngx_gemini_saved_total(type, field, data)                             \
    ngx_gemini_saved_field(type, ngx_gemini_totals_t, field, 0, data)

#define ngx_gemini_saved_root(type, field, data)                              \
    ngx_gemini_saved_field(type, ngx_gemini_saved_root_t, field, 0, data)

#define ngx_gemini_saved_account(type, field, data)                           \
    ngx_gemini_saved_field(type, ngx_gemini_saved_account_t, field, 0, data)

#define ngx_gemini_saved_project(type, field, data)                           \
    ngx_gemini_saved_field(type, ngx_gemini_saved_project_t, field, 0, data)

#define ngx_gemini_saved_key(type, field, data)                               \
    ngx_gemini_saved_field(type, ngx_gemini_saved_key_t, field, 0, data)

#define ngx_gemini_saved_model(type, field, data)                             \
    ngx_gemini_saved_field(type, ngx_gemini_saved_model_t, field, 0, data)

#define ngx_gemini_saved_cell(type, field, data)                              \
    ngx_gemini_saved_field(type, ngx_gemini_saved_cell_t, field, 0, data)

#define ngx_gemini_saved_team(type, field, data)                              \
    ngx_gemini_saved_field(type, ngx_gemini_saved_team_t, field, 0, data)

#define ngx_gemini_saved_owner(type, field, data)                             \
    ngx_gemini_saved_field(type, ngx_gemini_saved_owner_t, field, 0, data)

#define ngx_gemini_saved_event(type, field, data)                             \
    ngx_gemini_saved_field(type, ngx_gemini_saved_event_t, field, 0, data)


static const ngx_gemini_saved_t  ngx_gemini_saved_rest_fields[] = {
    { "began", ngx_gemini_saved_rest(TIME, began, 0, NULL) },
    { "until", ngx_gemini_saved_rest(TIME, until, 0, NULL) },
    { "reason", ngx_gemini_saved_rest(NAME, reason, 0,
                                      &ngx_gemini_saved_classes) },
    { "provenance", ngx_gemini_saved_rest(WORD, provenance, 0,
                                          &ngx_gemini_saved_provenances) },
    { "step", ngx_gemini_saved_rest(UINT8, step, NGX_GEMINI_SAVED_STEP_MAX,
                                    NULL) },
    { "trial", ngx_gemini_saved_rest(FLAG, trial, 0, NULL) },
    ngx_gemini_null_saved
};


static const ngx_gemini_saved_t  ngx_gemini_saved_counter_fields[] = {
    { "requests", ngx_gemini_saved_counter(requests) },
    { "ok", ngx_gemini_saved_counter(ok) },
    { "quota", ngx_gemini_saved_counter(quota) },
    { "faults", ngx_gemini_saved_counter(faults) },
    { "errors", ngx_gemini_saved_counter(errors) },
    { "client", ngx_gemini_saved_counter(client) },
    { "prompt", ngx_gemini_saved_counter(prompt) },
    { "output", ngx_gemini_saved_counter(output) },
    { "thought", ngx_gemini_saved_counter(thought) },
    { "cached", ngx_gemini_saved_counter(cached) },
    { "cost", ngx_gemini_saved_counter(cost) },
    ngx_gemini_null_saved
};


static const ngx_gemini_saved_t  ngx_gemini_saved_total_fields[] = {
    { "requests", ngx_gemini_saved_total(UINT64, requests, NULL) },
    { "outcomes", ngx_gemini_saved_total(COUNTS, outcomes,
                                         &ngx_gemini_saved_outcomes) },
    { "attempts", ngx_gemini_saved_total(UINT64, attempts, NULL) },
    { "classes", ngx_gemini_saved_total(COUNTS, classes,
                                        &ngx_gemini_saved_classes) },
    { "queued", ngx_gemini_saved_total(UINT64, queued, NULL) },
    { "queued_ms", ngx_gemini_saved_total(UINT64, queued_ms, NULL) },
    { "queue_full", ngx_gemini_saved_total(UINT64, queue_full, NULL) },
    { "queue_timeout", ngx_gemini_saved_total(UINT64, queue_timeout, NULL) },
    { "lost", ngx_gemini_saved_total(UINT64, lost, NULL) },
    { "rebuilt", ngx_gemini_saved_total(UINT64, rebuilt, NULL) },
    { "prompt", ngx_gemini_saved_total(UINT64, prompt, NULL) },
    { "output", ngx_gemini_saved_total(UINT64, output, NULL) },
    { "thought", ngx_gemini_saved_total(UINT64, thought, NULL) },
    { "cached", ngx_gemini_saved_total(UINT64, cached, NULL) },
    { "cost", ngx_gemini_saved_total(UINT64, cost, NULL) },
    ngx_gemini_null_saved
};


static const ngx_gemini_saved_t  ngx_gemini_saved_writer_fields[] = {
    { "pid", ngx_gemini_saved_root(UINT32, pid, NULL) },
    { "born", ngx_gemini_saved_root(TIME, born, NULL) },
    ngx_gemini_null_saved
};


static const ngx_gemini_saved_t  ngx_gemini_saved_lock_fields[] = {
    { "model", ngx_gemini_saved_root(LABEL, lock, NULL) },
    { "until", ngx_gemini_saved_root(TIME, lock_until, NULL) },
    ngx_gemini_null_saved
};


static const ngx_gemini_saved_t  ngx_gemini_saved_probe_fields[] = {
    { "lists", ngx_gemini_saved_root(UINT64, probing.lists, NULL) },
    { "lists_ok", ngx_gemini_saved_root(UINT64, probing.lists_ok, NULL) },
    { "prompts", ngx_gemini_saved_root(UINT64, probing.probes, NULL) },
    { "prompts_ok", ngx_gemini_saved_root(UINT64, probing.probes_ok, NULL) },
    ngx_gemini_null_saved
};


static const ngx_gemini_saved_t  ngx_gemini_saved_skew_fields[] = {
    { "ms", ngx_gemini_saved_root(INT64, skew, NULL) },
    { "at", ngx_gemini_saved_root(TIME, skew_at, NULL) },
    ngx_gemini_null_saved
};


/* the first ones say whether and by whom it may be read */

const ngx_gemini_saved_t  ngx_gemini_saved_root_fields[] = {
    { "version", ngx_gemini_saved_root(UINT32, version, NULL) },
    { "pool", ngx_gemini_saved_root(LABEL, pool, NULL) },
    { "written", ngx_gemini_saved_root(TIME, written, NULL) },
    { "writer", NGX_GEMINI_SAVED_OBJECT, 0, 0,
      ngx_gemini_saved_writer_fields },
    { "lock", NGX_GEMINI_SAVED_OBJECT, 0, 0, ngx_gemini_saved_lock_fields },
    { "clock_skew", NGX_GEMINI_SAVED_OBJECT, 0, 0,
      ngx_gemini_saved_skew_fields },
    { "upstream", ngx_gemini_saved_root(OBJECT, upstream,
                                        ngx_gemini_saved_rest_fields) },
    { "retries_refused", ngx_gemini_saved_root(UINT64, budget_refused,
                                               NULL) },
    { "totals", ngx_gemini_saved_root(OBJECT, totals,
                                      ngx_gemini_saved_total_fields) },
    { "probe", NGX_GEMINI_SAVED_OBJECT, 0, 0, ngx_gemini_saved_probe_fields },
    ngx_gemini_null_saved
};


/* of the operator; the same for all that may be disabled */

#define ngx_gemini_saved_operator(name)                                       \
    { "operator", ngx_gemini_saved_##name(FLAG, name.operator, NULL) },       \
    { "operator_until", ngx_gemini_saved_##name(TIME, name.operator_until,    \
                                                NULL) },                      \
    { "note", ngx_gemini_saved_##name(NOTE, name.note, NULL) }

#define ngx_gemini_saved_common(name)                                         \
    ngx_gemini_saved_operator(name),                                          \
    { "rest", ngx_gemini_saved_##name(OBJECT, name.rest,                      \
                                      ngx_gemini_saved_rest_fields) },        \
    { "counters", ngx_gemini_saved_##name(OBJECT, name.counters,              \
                                          ngx_gemini_saved_counter_fields) }


static const ngx_gemini_saved_t  ngx_gemini_saved_account_fields[] = {
    { "name", ngx_gemini_saved_account(LABEL, slot, NULL) },
    ngx_gemini_saved_common(account),
    ngx_gemini_null_saved
};


static const ngx_gemini_saved_t  ngx_gemini_saved_project_fields[] = {
    { "name", ngx_gemini_saved_project(LABEL, slot, NULL) },
    { "denied", ngx_gemini_saved_project(UINT8, project.denied, NULL) },
    ngx_gemini_saved_common(project),
    ngx_gemini_null_saved
};


static const ngx_gemini_saved_t  ngx_gemini_saved_key_fields[] = {
    { "name", ngx_gemini_saved_key(LABEL, slot, NULL) },
    { "fingerprint", ngx_gemini_saved_key(HEX, key.fingerprint, NULL) },
    { "disabled", ngx_gemini_saved_key(NAME, key.disabled,
                                       &ngx_gemini_saved_classes) },
    { "disabled_at", ngx_gemini_saved_key(TIME, key.disabled_at, NULL) },
    { "verbs", ngx_gemini_saved_key(MASK32, key.verbs,
                                    &ngx_gemini_saved_verbs) },
    { "surfaces", ngx_gemini_saved_key(MASK8, key.surfaces,
                                       &ngx_gemini_saved_surfaces) },
    { "suspects", ngx_gemini_saved_key(UINT8, key.suspects, NULL) },
    { "last_used", ngx_gemini_saved_key(TIME, key.last_used, NULL) },
    ngx_gemini_saved_common(key),
    ngx_gemini_null_saved
};


static const ngx_gemini_saved_t  ngx_gemini_saved_window_fields[] = {
    { "moves", ngx_gemini_saved_model(UINT64, model.window.moves, NULL) },
    { "samples", ngx_gemini_saved_model(SAMPLES, model.window, NULL) },
    ngx_gemini_null_saved
};


static const ngx_gemini_saved_t  ngx_gemini_saved_model_fields[] = {
    { "name", ngx_gemini_saved_model(LABEL, slot, NULL) },
    { "unknown", ngx_gemini_saved_model(UINT8, model.unknown, NULL) },
    { "output_limit", ngx_gemini_saved_model(UINT32, model.output_limit,
                                             NULL) },
    { "last_used", ngx_gemini_saved_model(TIME, model.last_used, NULL) },
    { "probed_at", ngx_gemini_saved_model(TIME, model.probed_at, NULL) },
    { "probes", ngx_gemini_saved_model(UINT64, model.probes, NULL) },
    { "probes_ok", ngx_gemini_saved_model(UINT64, model.probes_ok, NULL) },
    ngx_gemini_saved_common(model),
    { "window", NGX_GEMINI_SAVED_OBJECT, 0, 0,
      ngx_gemini_saved_window_fields },
    ngx_gemini_null_saved
};


static const ngx_gemini_saved_t  ngx_gemini_saved_use_fields[] = {
    { "minute", ngx_gemini_saved_cell(TIME, cell.use.minute, NULL) },
    { "requests", ngx_gemini_saved_cell(UINT32, cell.use.requests, NULL) },
    { "tokens", ngx_gemini_saved_cell(UINT64, cell.use.tokens, NULL) },
    { "day", ngx_gemini_saved_cell(UINT32, cell.use.day, NULL) },
    { "day_requests", ngx_gemini_saved_cell(UINT32, cell.use.day_requests,
                                            NULL) },
    { "probe_day", ngx_gemini_saved_cell(UINT32, cell.probe_day, NULL) },
    { "probes", ngx_gemini_saved_cell(UINT32, cell.probes, NULL) },
    ngx_gemini_null_saved
};


static const ngx_gemini_saved_t  ngx_gemini_saved_learned_fields[] = {
    { "rpm", ngx_gemini_saved_cell(UINT32, cell.learned.rpm, NULL) },
    { "rpm_at", ngx_gemini_saved_cell(TIME, cell.learned.rpm_at, NULL) },
    { "tpm", ngx_gemini_saved_cell(UINT64, cell.learned.tpm, NULL) },
    { "tpm_at", ngx_gemini_saved_cell(TIME, cell.learned.tpm_at, NULL) },
    { "rpd", ngx_gemini_saved_cell(UINT32, cell.learned.rpd, NULL) },
    { "rpd_at", ngx_gemini_saved_cell(TIME, cell.learned.rpd_at, NULL) },
    { "warned", ngx_gemini_saved_cell(FLAG, cell.warned, NULL) },
    ngx_gemini_null_saved
};


static const ngx_gemini_saved_t  ngx_gemini_saved_cell_fields[] = {
    { "project", ngx_gemini_saved_cell(LABEL, project, NULL) },
    { "model", ngx_gemini_saved_cell(LABEL, model, NULL) },
    { "rest", ngx_gemini_saved_cell(OBJECT, cell.rest,
                                    ngx_gemini_saved_rest_fields) },
    { "use", NGX_GEMINI_SAVED_OBJECT, 0, 0, ngx_gemini_saved_use_fields },
    { "learned", NGX_GEMINI_SAVED_OBJECT, 0, 0,
      ngx_gemini_saved_learned_fields },
    { "requests", ngx_gemini_saved_cell(UINT64, cell.requests, NULL) },
    { "refused", ngx_gemini_saved_cell(UINT64, cell.refused, NULL) },
    ngx_gemini_null_saved
};


static const ngx_gemini_saved_t  ngx_gemini_saved_team_fields[] = {
    { "name", ngx_gemini_saved_team(LABEL, slot, NULL) },
    { "requests", ngx_gemini_saved_team(UINT64, counters.requests, NULL) },
    { "outcomes", ngx_gemini_saved_team(COUNTS, counters.outcomes,
                                        &ngx_gemini_saved_outcomes) },
    { "attempts", ngx_gemini_saved_team(UINT64, counters.attempts, NULL) },
    { "prompt", ngx_gemini_saved_team(UINT64, counters.prompt, NULL) },
    { "output", ngx_gemini_saved_team(UINT64, counters.output, NULL) },
    { "thought", ngx_gemini_saved_team(UINT64, counters.thought, NULL) },
    { "cached", ngx_gemini_saved_team(UINT64, counters.cached, NULL) },
    { "cost", ngx_gemini_saved_team(UINT64, counters.cost, NULL) },
    ngx_gemini_null_saved
};


/* many, so their names are short */

static const ngx_gemini_saved_t  ngx_gemini_saved_owner_fields[] = {
    { "p", ngx_gemini_saved_owner(LABEL, project, NULL) },
    { "h", ngx_gemini_saved_owner(HEX, hash, NULL) },
    { "t", ngx_gemini_saved_owner(NAME, type, &ngx_gemini_saved_refs) },
    { "m", ngx_gemini_saved_owner(LABEL, model, NULL) },
    { "k", ngx_gemini_saved_owner(HEX, team, NULL) },
    { "e", ngx_gemini_saved_owner(TIME, expires, NULL) },
    ngx_gemini_null_saved
};


static const ngx_gemini_saved_t  ngx_gemini_saved_event_fields[] = {
    { "time", ngx_gemini_saved_event(TIME, event.time, NULL) },
    { "type", ngx_gemini_saved_event(WORD, event.type,
                                     &ngx_gemini_saved_types) },
    { "action", ngx_gemini_saved_event(NAME, event.action,
                                       &ngx_gemini_saved_actions) },
    { "scope", ngx_gemini_saved_event(NAME, event.scope,
                                      &ngx_gemini_saved_scopes) },
    { "label", ngx_gemini_saved_event(LABEL, label, NULL) },
    { "model", ngx_gemini_saved_event(LABEL, model, NULL) },
    { "reason", ngx_gemini_saved_event(NAME, event.reason,
                                       &ngx_gemini_saved_classes) },
    { "provenance", ngx_gemini_saved_event(NAME, event.provenance,
                                           &ngx_gemini_saved_provenances) },
    { "until", ngx_gemini_saved_event(TIME, event.until, NULL) },
    { "number", ngx_gemini_saved_event(UINT64, event.number, NULL) },
    { "request_id", ngx_gemini_saved_event(ID, event.request_id, NULL) },
    ngx_gemini_null_saved
};


/* by ngx_gemini_saved_list_e */

const ngx_gemini_saved_list_t  ngx_gemini_saved_lists[] = {
    { "accounts", ngx_gemini_saved_account_fields, 1,
      sizeof(ngx_gemini_saved_account_t) },
    { "projects", ngx_gemini_saved_project_fields, 1,
      sizeof(ngx_gemini_saved_project_t) },
    { "keys", ngx_gemini_saved_key_fields, 2,
      sizeof(ngx_gemini_saved_key_t) },
    { "models", ngx_gemini_saved_model_fields, 1,
      sizeof(ngx_gemini_saved_model_t) },
    { "cells", ngx_gemini_saved_cell_fields, 2,
      sizeof(ngx_gemini_saved_cell_t) },
    { "teams", ngx_gemini_saved_team_fields, 1,
      sizeof(ngx_gemini_saved_team_t) },
    { "owners", ngx_gemini_saved_owner_fields, 1,
      sizeof(ngx_gemini_saved_owner_t) },
    { "events", ngx_gemini_saved_event_fields, 0,
      sizeof(ngx_gemini_saved_event_t) }
};
