
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_row.h"
#include "ngx_gemini_budget.h"
#include "ngx_gemini_classify.h"
#include "ngx_gemini_cooldown.h"
#include "ngx_gemini_request.h"
#include "ngx_gemini_summary.h"
#include "ngx_gemini_tier.h"


static void ngx_gemini_row_init(ngx_gemini_row_t *row, const ngx_str_t *name);
static ngx_uint_t ngx_gemini_row_operator(ngx_gemini_row_t *row,
    ngx_uint_t operator, uint64_t until, const ngx_gemini_note_t *note,
    ngx_uint_t scope, uint64_t now);
static ngx_uint_t ngx_gemini_row_rest(ngx_gemini_row_t *row,
    const ngx_gemini_rest_t *rest, ngx_uint_t scope, uint64_t now);
static void ngx_gemini_row_disabled(ngx_gemini_row_t *row, ngx_uint_t reason,
    ngx_uint_t provenance, uint64_t since);
static ngx_uint_t ngx_gemini_row_inherit(ngx_gemini_row_t *row,
    const ngx_gemini_row_t *above);
static ngx_uint_t ngx_gemini_row_key_own(ngx_gemini_row_key_t *row,
    const ngx_gemini_key_conf_t *conf, const ngx_gemini_key_t *key,
    uint64_t now);
static void ngx_gemini_row_window(ngx_gemini_row_window_t *row,
    const ngx_gemini_window_t *window, ngx_uint_t size);
static ngx_uint_t ngx_gemini_row_silent(const ngx_gemini_cell_t *cell,
    uint64_t now);
static void ngx_gemini_row_learned(ngx_gemini_row_learned_t *row,
    const ngx_gemini_cell_t *cell, uint64_t google);


static const char  ngx_gemini_row_usable[] = "usable";
static const char  ngx_gemini_row_busy[] = "busy";


static void
ngx_gemini_row_init(ngx_gemini_row_t *row, const ngx_str_t *name)
{
    ngx_memzero(row, sizeof(ngx_gemini_row_t));

    row->name = *name;
    row->state = ngx_gemini_row_usable;
    row->left = -1;
    row->own = 1;
}


void
ngx_gemini_row_account(ngx_gemini_row_account_t *row,
    const ngx_gemini_account_conf_t *conf,
    const ngx_gemini_account_t *account, uint64_t now)
{
    ngx_gemini_row_init(&row->row, &conf->label);

    row->in_flight = account->in_flight;
    row->counters = account->counters;
    row->note = account->note;

    if (!ngx_gemini_row_operator(&row->row, account->operator,
                                 account->operator_until, &row->note,
                                 NGX_GEMINI_SCOPE_ACCOUNT, now))
    {
        (void) ngx_gemini_row_rest(&row->row, &account->rest,
                                   NGX_GEMINI_SCOPE_ACCOUNT, now);
    }
}


void
ngx_gemini_row_project(ngx_gemini_row_project_t *row,
    const ngx_gemini_project_conf_t *conf,
    const ngx_gemini_project_t *project,
    const ngx_gemini_row_account_t *account, uint64_t now)
{
    ngx_gemini_row_init(&row->row, &conf->label);

    row->account = account->row.name;
    row->in_flight = project->in_flight;
    row->counters = project->counters;
    row->note = project->note;

    if (ngx_gemini_row_operator(&row->row, project->operator,
                                project->operator_until, &row->note,
                                NGX_GEMINI_SCOPE_PROJECT, now)
        || ngx_gemini_row_rest(&row->row, &project->rest,
                               NGX_GEMINI_SCOPE_PROJECT, now))
    {
        return;
    }

    (void) ngx_gemini_row_inherit(&row->row, &account->row);
}


void
ngx_gemini_row_key(ngx_gemini_row_key_t *row,
    const ngx_gemini_key_conf_t *conf, const ngx_gemini_key_t *key,
    const ngx_gemini_row_project_t *project,
    const ngx_gemini_row_account_t *account, uint64_t now)
{
    ngx_gemini_row_init(&row->row, &conf->label);

    row->fingerprint = conf->fingerprint;
    row->project = project->row.name;
    row->account = account->row.name;
    row->models = conf->models;
    row->in_flight = key->in_flight;
    row->priority = conf->priority;
    row->weight = conf->weight;
    row->max_conns = conf->max_conns;
    row->verbs = key->verbs;
    row->surfaces = key->surfaces;
    row->last_used = key->last_used;
    row->counters = key->counters;
    row->note = key->note;

    if (ngx_gemini_row_key_own(row, conf, key, now)
        || ngx_gemini_row_inherit(&row->row, &project->row)
        || ngx_gemini_row_inherit(&row->row, &account->row))
    {
        return;
    }

    if (conf->max_conns && key->in_flight >= conf->max_conns) {
        row->row.state = ngx_gemini_row_busy;
        row->row.scope = ngx_gemini_scope_name(NGX_GEMINI_SCOPE_KEY);
    }
}


static ngx_uint_t
ngx_gemini_row_key_own(ngx_gemini_row_key_t *row,
    const ngx_gemini_key_conf_t *conf, const ngx_gemini_key_t *key,
    uint64_t now)
{
    if (ngx_gemini_row_operator(&row->row, key->operator,
                                key->operator_until, &row->note,
                                NGX_GEMINI_SCOPE_KEY, now))
    {
        return 1;
    }

    if (conf->disabled) {
        ngx_gemini_row_disabled(&row->row, NGX_GEMINI_CONFIGURED,
                                NGX_GEMINI_SET, 0);
        return 1;
    }

    if (key->disabled) {
        ngx_gemini_row_disabled(&row->row, key->disabled, NGX_GEMINI_TOLD,
                                key->disabled_at);
        return 1;
    }

    return ngx_gemini_row_rest(&row->row, &key->rest, NGX_GEMINI_SCOPE_KEY,
                               now);
}


static ngx_uint_t
ngx_gemini_row_operator(ngx_gemini_row_t *row, ngx_uint_t operator,
    uint64_t until, const ngx_gemini_note_t *note, ngx_uint_t scope,
    uint64_t now)
{
    if (!operator || (until && until <= now)) {
        return 0;
    }

    row->state = "operator";
    row->scope = ngx_gemini_scope_name(scope);
    row->reason = ngx_gemini_class_name(NGX_GEMINI_OPERATOR);
    row->provenance = ngx_gemini_provenance_name(NGX_GEMINI_SET);
    row->until = until;
    row->left = until ? (int64_t) (until - now) : -1;
    row->note.len = ngx_min(note->len, NGX_GEMINI_NOTE_MAX);
    row->note.data = (u_char *) note->text;

    return 1;
}


/* a guessed rest that has ended waits for the one request that tries it */

static ngx_uint_t
ngx_gemini_row_rest(ngx_gemini_row_t *row, const ngx_gemini_rest_t *rest,
    ngx_uint_t scope, uint64_t now)
{
    uint64_t  left;

    left = ngx_gemini_rest_left(rest, now);

    if (left == 0 && !ngx_gemini_cooldown_unproven(rest, now)) {
        return 0;
    }

    row->state = left ? "resting" : "trial";
    row->scope = ngx_gemini_scope_name(scope);
    row->reason = ngx_gemini_class_name(rest->reason);
    row->provenance = ngx_gemini_provenance_name(rest->provenance);
    row->since = rest->began;
    row->until = left ? now + left : 0;
    row->left = left ? (int64_t) left : -1;

    return 1;
}


static void
ngx_gemini_row_disabled(ngx_gemini_row_t *row, ngx_uint_t reason,
    ngx_uint_t provenance, uint64_t since)
{
    row->state = "disabled";
    row->scope = ngx_gemini_scope_name(NGX_GEMINI_SCOPE_KEY);
    row->reason = ngx_gemini_class_name(reason);
    row->provenance = ngx_gemini_provenance_name(provenance);
    row->since = since;
}


static ngx_uint_t
ngx_gemini_row_inherit(ngx_gemini_row_t *row, const ngx_gemini_row_t *above)
{
    if (above->state == ngx_gemini_row_usable) {
        return 0;
    }

    row->state = above->state;
    row->scope = above->scope;
    row->reason = above->reason;
    row->provenance = above->provenance;
    row->since = above->since;
    row->until = above->until;
    row->left = above->left;
    row->note = above->note;
    row->own = 0;

    return 1;
}


void
ngx_gemini_row_model(ngx_gemini_row_model_t *row,
    const ngx_gemini_model_conf_t *conf, const ngx_gemini_model_t *model,
    ngx_uint_t window, uint64_t now)
{
    ngx_str_t   name;
    ngx_uint_t  kind;

    name = conf ? conf->name : row->row.name;
    kind = conf ? conf->kind : ngx_gemini_request_kind(&name);

    ngx_gemini_row_init(&row->row, &name);

    row->kind = ngx_gemini_kind_name(kind);
    row->kind_of = kind;
    row->listed = (conf != NULL);
    row->fallback = conf ? conf->fallback : 0;
    row->max_tokens = ngx_gemini_tier_tokens(conf, model);
    row->in_flight = model->in_flight;
    row->last_used = model->last_used;
    row->counters = model->counters;
    row->attempts = ngx_gemini_rate_sum(&model->attempts, now);
    row->overloads = ngx_gemini_rate_sum(&model->overloads, now);
    row->probes = model->probes;
    row->probes_ok = model->probes_ok;
    row->note = model->note;

    ngx_gemini_row_window(&row->window, &model->window, window);

    if (!ngx_gemini_row_operator(&row->row, model->operator,
                                 model->operator_until, &row->note,
                                 NGX_GEMINI_SCOPE_MODEL, now))
    {
        (void) ngx_gemini_row_rest(&row->row, &model->rest,
                                   NGX_GEMINI_SCOPE_MODEL, now);
    }
}


static void
ngx_gemini_row_window(ngx_gemini_row_window_t *row,
    const ngx_gemini_window_t *window, ngx_uint_t size)
{
    ngx_gemini_figures_t  f;

    ngx_gemini_window_figures(window, size, &f);

    row->size = size;
    row->samples = f.n;
    row->ok = f.ok;
    row->prompt = f.prompt;
    row->output = f.output;
    row->success_rate = f.n ? (int64_t) f.ok * 1000 / f.n : -1;

    row->mean = f.ok ? (int64_t) f.mean : -1;
    row->p50 = f.ok ? (int64_t) f.p50 : -1;
    row->p95 = f.ok ? (int64_t) f.p95 : -1;
    row->ttft_mean = f.ok ? (int64_t) f.ttft_mean : -1;
    row->ttft_p50 = f.ok ? (int64_t) f.ttft_p50 : -1;
    row->ttft_p95 = f.ok ? (int64_t) f.ttft_p95 : -1;
}


ngx_int_t
ngx_gemini_row_cell(ngx_gemini_row_cell_t *row, const ngx_gemini_cell_t *cell,
    const ngx_gemini_limit_t *written, uint64_t now, uint64_t google)
{
    ngx_str_t  none;

    if (ngx_gemini_row_silent(cell, now)) {
        return NGX_DECLINED;
    }

    ngx_str_null(&none);
    ngx_gemini_row_init(&row->row, &none);

    ngx_gemini_capacity_used(cell, now, google, &row->used);
    ngx_gemini_row_learned(&row->learned, cell, google);

    if (!ngx_gemini_row_rest(&row->row, &cell->rest, NGX_GEMINI_SCOPE_CELL,
                             now)
        && cell->in_flight == 0 && row->used.requests == 0
        && row->used.day_requests == 0 && row->learned.rpm == 0
        && row->learned.tpm == 0 && row->learned.rpd == 0)
    {
        return NGX_DECLINED;
    }

    row->in_flight = cell->in_flight;
    row->requests = cell->requests;
    row->refused = cell->refused;
    row->minute_ends = row->used.requests
                       ? cell->use.minute + NGX_GEMINI_MINUTE : 0;

    ngx_gemini_budget_limit(cell, written, google, &row->limit);
    ngx_gemini_budget_left(cell, &row->limit, now, google, &row->rpm_left,
                           &row->tpm_left, &row->rpd_left);

    return NGX_OK;
}


/* most cells are: a look that costs nothing */

static ngx_uint_t
ngx_gemini_row_silent(const ngx_gemini_cell_t *cell, uint64_t now)
{
    return cell->rest.until == 0 && cell->in_flight == 0
           && cell->use.day_requests == 0 && cell->learned.rpm == 0
           && cell->learned.tpm == 0 && cell->learned.rpd == 0
           && cell->use.minute + NGX_GEMINI_MINUTE <= now;
}


/* what was learned and is not forgotten yet is in force without a limit */

static void
ngx_gemini_row_learned(ngx_gemini_row_learned_t *row,
    const ngx_gemini_cell_t *cell, uint64_t google)
{
    ngx_gemini_limit_t  written, limit;

    ngx_memzero(&written, sizeof(ngx_gemini_limit_t));

    ngx_gemini_budget_limit(cell, &written, google, &limit);

    row->rpm = limit.rpm;
    row->tpm = limit.tpm;
    row->rpd = limit.rpd;

    row->rpm_at = limit.rpm ? cell->learned.rpm_at : 0;
    row->tpm_at = limit.tpm ? cell->learned.tpm_at : 0;
    row->rpd_at = limit.rpd ? cell->learned.rpd_at : 0;
}


void
ngx_gemini_row_team(ngx_gemini_row_team_t *row, const ngx_gemini_team_t *team)
{
    row->counters = team->counters;

    if (team->len == 0) {
        ngx_str_set(&row->name, "other");
        return;
    }

    row->name.data = row->label;
    row->name.len = ngx_min(team->len, NGX_GEMINI_LABEL_MAX);
    ngx_memcpy(row->label, team->label, row->name.len);
}


void
ngx_gemini_row_hist(ngx_gemini_row_hist_t *row, const ngx_gemini_hist_t *hist)
{
    ngx_uint_t  i;

    row->kind = (ngx_gemini_hist_e) hist->kind;
    row->class = NULL;

    if (hist->class == NGX_GEMINI_HIST_OTHER) {
        row->class = "other";

    } else if (row->kind == NGX_GEMINI_HIST_REQUEST) {
        row->class = ngx_gemini_outcome_name(hist->class);

    } else if (row->kind == NGX_GEMINI_HIST_ATTEMPT) {
        row->class = ngx_gemini_class_name(hist->class);
    }

    row->sum = hist->sum;
    row->count = 0;

    for (i = 0; i < NGX_GEMINI_HIST_BUCKETS; i++) {
        row->buckets[i] = hist->buckets[i];
        row->count += hist->buckets[i];
    }
}


void
ngx_gemini_row_event(ngx_gemini_row_event_t *row,
    const ngx_gemini_event_t *event)
{
    row->time = event->time;
    row->until = event->until;
    row->number = event->number;
    row->type = ngx_gemini_row_event_name(event->type);
    row->action = ngx_gemini_operate_name(event->action);
    row->scope = ngx_gemini_scope_name(event->scope);
    row->reason = NULL;
    row->provenance = NULL;

    if (event->reason != NGX_GEMINI_OK) {
        row->reason = ngx_gemini_class_name(event->reason);
        row->provenance = ngx_gemini_provenance_name(event->provenance);
    }

    row->label.len = ngx_min(event->label_len, NGX_GEMINI_LABEL_MAX);
    row->label.data = (u_char *) event->label;

    row->model.len = ngx_min(event->model_len, NGX_GEMINI_MODEL_MAX);
    row->model.data = (u_char *) event->model;

    row->request_id.len = event->request_id[0] ? NGX_GEMINI_REQUEST_ID : 0;
    row->request_id.data = (u_char *) event->request_id;
}


const char *
ngx_gemini_row_event_name(ngx_uint_t type)
{
    static const char  *const names[] = {
        "rest", "recovered", "disabled", "enabled", "learned",
        "upstream_down", "upstream_up", "reaped", "control"
    };

    return (type < NGX_GEMINI_EVENT_TYPES) ? names[type] : NULL;
}


const char *
ngx_gemini_operate_name(ngx_uint_t action)
{
    static const char  *const names[] = {
        NULL, "lock", "unlock", "reset", "disable", "enable", "rank"
    };

    return (action < NGX_GEMINI_OPERATES) ? names[action] : NULL;
}


ngx_uint_t
ngx_gemini_row_resting(const ngx_gemini_row_t *row)
{
    return row->own && row->state != ngx_gemini_row_usable
           && row->state != ngx_gemini_row_busy;
}
