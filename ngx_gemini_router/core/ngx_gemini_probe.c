
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_blame.h"
#include "ngx_gemini_budget.h"
#include "ngx_gemini_candidate.h"
#include "ngx_gemini_change.h"
#include "ngx_gemini_cooldown.h"
#include "ngx_gemini_probe.h"
#include "ngx_gemini_resv.h"
#include "ngx_gemini_time.h"


#define ngx_gemini_probe_off(record, now)                                     \
    ((record)->operator                                                       \
     && ((record)->operator_until == 0 || (record)->operator_until > now))

#define ngx_gemini_probe_may_work(key)                                        \
    ((key)->disabled == NGX_GEMINI_KEY_INVALID                                \
     || (key)->disabled == NGX_GEMINI_KEY_EXPIRED)

#define ngx_gemini_probe_guess(rest)                                          \
    ((rest)->until != 0 && (rest)->provenance == NGX_GEMINI_GUESSED)


static ngx_uint_t ngx_gemini_probe_barred(const ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, uint32_t key, uint64_t now);
static ngx_uint_t ngx_gemini_probe_doubtful(const ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, uint32_t key);
static ngx_int_t ngx_gemini_probe_take(ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, ngx_gemini_probe_pick_t *probe, uint32_t key,
    uint64_t now);
static ngx_uint_t ngx_gemini_probe_share(const ngx_gemini_look_t *look,
    const ngx_gemini_candidate_t *c, ngx_uint_t force);
static void ngx_gemini_probe_reserve(ngx_gemini_look_t *look,
    const ngx_gemini_candidate_t *c, ngx_gemini_probe_pick_t *probe);
static void ngx_gemini_probe_good(ngx_gemini_settling_t *st);
static void ngx_gemini_probe_bad(ngx_gemini_settling_t *st);
static void ngx_gemini_probe_change(ngx_gemini_settling_t *st,
    ngx_gemini_event_e type, ngx_gemini_class_e class);


ngx_uint_t
ngx_gemini_probe_lease(ngx_gemini_probing_t *probing, int32_t pid,
    uint64_t now)
{
    if (!ngx_gemini_pool_lease(probing->pid, probing->end, pid,
                               NGX_GEMINI_PROBE_LEASE, now))
    {
        return 0;
    }

    probing->pid = pid;
    probing->end = now + NGX_GEMINI_PROBE_LEASE;

    return 1;
}


uint32_t
ngx_gemini_probe_keys(const ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, ngx_uint_t all, uint64_t now, uint32_t *todo)
{
    uint32_t  i, n;

    n = 0;

    for (i = 0; i < gc->nkeys; i++) {

        if (!ngx_gemini_probe_barred(gv, gc, i, now)
            && (all || ngx_gemini_probe_doubtful(gv, gc, i)))
        {
            todo[n++] = i;
        }
    }

    return n;
}


static ngx_uint_t
ngx_gemini_probe_barred(const ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, uint32_t key, uint64_t now)
{
    const ngx_gemini_key_t       *record;
    const ngx_gemini_account_t   *account;
    const ngx_gemini_project_t   *project;
    const ngx_gemini_key_conf_t  *conf;

    conf = &gc->keys[key];
    record = &gv->keys[conf->slot];
    project = &gv->projects[gc->projects[conf->project].slot];
    account = &gv->accounts[gc->accounts[conf->account].slot];

    return conf->disabled
           || ngx_gemini_probe_off(record, now)
           || ngx_gemini_probe_off(project, now)
           || ngx_gemini_probe_off(account, now);
}


static ngx_uint_t
ngx_gemini_probe_doubtful(const ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, uint32_t key)
{
    const ngx_gemini_key_t       *record;
    const ngx_gemini_project_t   *project;
    const ngx_gemini_key_conf_t  *conf;

    conf = &gc->keys[key];
    record = &gv->keys[conf->slot];
    project = &gv->projects[gc->projects[conf->project].slot];

    if (record->disabled) {
        return ngx_gemini_probe_may_work(record);
    }

    return ngx_gemini_probe_guess(&record->rest)
           || ngx_gemini_probe_guess(&project->rest);
}


uint32_t
ngx_gemini_probe_lister(const ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, uint32_t from, uint64_t now)
{
    uint32_t                 i;
    const ngx_gemini_key_t  *key;

    for (i = from; i < gc->nkeys; i++) {
        key = &gv->keys[gc->keys[i].slot];

        if (key->disabled == 0
            && !(key->verbs & (1u << NGX_GEMINI_VERB_MODELS_LIST))
            && !(key->surfaces & (1u << NGX_GEMINI_SURFACE_NATIVE))
            && !ngx_gemini_probe_barred(gv, gc, i, now))
        {
            return i;
        }
    }

    return NGX_GEMINI_NONE;
}


uint64_t
ngx_gemini_probe_models(const ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, uint64_t interval, uint64_t since,
    uint64_t now)
{
    uint32_t                   i;
    uint64_t                   mask, last;
    const ngx_gemini_model_t  *model;

    mask = 0;

    for (i = 0; i < gc->nmodels && i < 64; i++) {
        model = &gv->models[gc->models[i].slot];

        if (gc->models[i].kind != NGX_GEMINI_KIND_TEXT
            || ngx_gemini_probe_off(model, now))
        {
            continue;
        }

        last = ngx_max(model->last_used, model->probed_at);
        last = last ? last : since;

        /* last may be ahead of a clock that was set back */

        if (interval == 0 || now >= last + interval
            || last > now + interval)
        {
            mask |= (uint64_t) 1 << i;
        }
    }

    return mask;
}


ngx_int_t
ngx_gemini_probe_pick(ngx_gemini_view_t *gv, const ngx_gemini_conf_t *gc,
    ngx_gemini_probe_pick_t *probe, uint64_t now)
{
    uint32_t                        i, k, n;
    const ngx_gemini_candidates_t  *list;
    const ngx_gemini_model_conf_t  *conf;

    conf = &gc->models[probe->model];
    gv->models[conf->slot].probed_at = now;

    n = 0;

    for (i = 0; i < conf->ncandidates; i++) {
        list = &conf->candidates[i];

        if (probe->from >= n + list->n) {
            n += list->n;
            continue;
        }

        for (k = probe->from - n; k < list->n; k++) {
            probe->from = n + k + 1;

            if (ngx_gemini_probe_take(gv, gc, probe, list->keys[k], now)
                == NGX_OK)
            {
                return NGX_OK;
            }
        }

        n += list->n;
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_gemini_probe_take(ngx_gemini_view_t *gv, const ngx_gemini_conf_t *gc,
    ngx_gemini_probe_pick_t *probe, uint32_t key, uint64_t now)
{
    uint64_t                until;
    ngx_gemini_look_t       look;
    ngx_gemini_pick_t       pick;
    ngx_gemini_choice_t     choice;
    ngx_gemini_candidate_t  c;

    if (gv->gp->free == NGX_GEMINI_NONE) {
        return NGX_DECLINED;
    }

    ngx_memzero(&pick, sizeof(ngx_gemini_pick_t));

    choice.conf = probe->model;
    choice.slot = gc->models[probe->model].slot;

    pick.choices = &choice;
    pick.nchoices = 1;
    pick.project = NGX_GEMINI_NONE;
    pick.surface = NGX_GEMINI_SURFACE_NATIVE;
    pick.verb = NGX_GEMINI_VERB_GENERATE;
    pick.worker = probe->worker;

    ngx_gemini_candidate_look(&look, gv, gc, &pick, now);
    ngx_gemini_candidate_choose(&look, 0);
    ngx_gemini_candidate_at(&look, key, &c);

    if (!ngx_gemini_probe_share(&look, &c, probe->force)
        || ngx_gemini_sched_usable(gv, gc, &pick, key, 0, now, &until) != 0)
    {
        return NGX_DECLINED;
    }

    probe->key = key;
    ngx_gemini_probe_reserve(&look, &c, probe);

    return NGX_OK;
}


/* the cell's day has one probe left */

static ngx_uint_t
ngx_gemini_probe_share(const ngx_gemini_look_t *look,
    const ngx_gemini_candidate_t *c, ngx_uint_t force)
{
    uint32_t             today, probes;
    ngx_gemini_limit_t   limit;

    if (force) {
        return 1;
    }

    (void) ngx_gemini_candidate_limit(look, c, &limit);

    if (limit.rpd < NGX_GEMINI_PROBE_RPD) {
        return 0;
    }

    today = ngx_gemini_time_day(look->google);
    probes = (c->cell->probe_day == today) ? c->cell->probes : 0;

    return probes < limit.rpd / NGX_GEMINI_PROBE_SHARE;
}


/* a place like that of an attempt, but no traffic */

static void
ngx_gemini_probe_reserve(ngx_gemini_look_t *look,
    const ngx_gemini_candidate_t *c, ngx_gemini_probe_pick_t *probe)
{
    uint32_t            today;
    uint64_t            key_used, model_used;
    ngx_gemini_pool_t  *gp;

    gp = look->gv->gp;
    key_used = c->key->last_used;
    model_used = look->model->last_used;

    probe->resv = ngx_gemini_resv_take(look, c, 0);

    c->key->last_used = key_used;
    look->model->last_used = model_used;
    c->cell->requests--;
    gp->totals.attempts--;

    today = ngx_gemini_time_day(look->google);

    if (c->cell->probe_day != today) {
        c->cell->probe_day = today;
        c->cell->probes = 0;
    }

    c->cell->probes++;
}


void
ngx_gemini_probe_check(ngx_gemini_view_t *gv, const ngx_gemini_conf_t *gc,
    ngx_gemini_settle_t *settle, uint64_t now)
{
    ngx_gemini_settling_t         st;
    const ngx_gemini_key_conf_t  *conf;

    conf = &gc->keys[settle->key];

    settle->guessed = 0;
    settle->nchanges = 0;
    settle->nevents = 0;
    settle->choice_conf = NGX_GEMINI_NONE;

    gv->gp->probing.lists++;
    gv->gp->probing.lists_ok += (settle->verdict->class == NGX_GEMINI_OK);

    ngx_memzero(&st, sizeof(ngx_gemini_settling_t));

    st.gv = gv;
    st.gc = gc;
    st.settle = settle;
    st.verdict = settle->verdict;
    st.now = now;
    st.google = now + gv->gp->skew;

    st.resv.key = conf->slot;
    st.resv.project = gc->projects[conf->project].slot;
    st.resv.account = gc->accounts[conf->account].slot;
    st.resv.model = gv->other;

    st.key = &gv->keys[st.resv.key];
    st.project = &gv->projects[st.resv.project];
    st.account = &gv->accounts[st.resv.account];
    st.model = &gv->models[st.resv.model];
    st.cell = ngx_gemini_cell(gv, st.resv.project, st.resv.model);

    /* of a secret that a reload has replaced since */

    if (ngx_memcmp(conf->fingerprint, st.key->fingerprint,
                   NGX_GEMINI_FINGERPRINT)
        != 0)
    {
        return;
    }

    if (st.verdict->class == NGX_GEMINI_OK) {
        ngx_gemini_probe_good(&st);

    } else {
        ngx_gemini_probe_bad(&st);
    }
}


static void
ngx_gemini_probe_good(ngx_gemini_settling_t *st)
{
    ngx_gemini_class_e  class;

    st->key->suspects = 0;
    st->project->denied = 0;

    if (ngx_gemini_probe_may_work(st->key)
        && st->settle->began >= st->key->disabled_at)
    {
        class = st->key->disabled;

        st->key->disabled = 0;
        st->key->disabled_at = 0;
        st->gv->gp->epoch++;

        ngx_gemini_probe_change(st, NGX_GEMINI_EVENT_ENABLED, class);
    }

    ngx_gemini_cooldown_proven(st, NGX_GEMINI_SCOPE_KEY, &st->key->rest);
    ngx_gemini_cooldown_proven(st, NGX_GEMINI_SCOPE_PROJECT,
                               &st->project->rest);
}


static void
ngx_gemini_probe_bad(ngx_gemini_settling_t *st)
{
    ngx_gemini_class_e  class;

    class = st->verdict->class;

    /* what was invalid or expired may be known better now */

    if (ngx_gemini_probe_may_work(st->key)
        && st->verdict->disable
        && !st->verdict->surface_only
        && !st->verdict->verb_only
        && class != st->key->disabled)
    {
        st->key->disabled = (uint8_t) class;
        st->key->disabled_at = st->now;

        ngx_gemini_probe_change(st, NGX_GEMINI_EVENT_DISABLED, class);
        return;
    }

    ngx_gemini_blame(st);
}


static void
ngx_gemini_probe_change(ngx_gemini_settling_t *st, ngx_gemini_event_e type,
    ngx_gemini_class_e class)
{
    ngx_gemini_verdict_t         reason;
    const ngx_gemini_verdict_t  *verdict;

    verdict = st->verdict;

    reason = *verdict;
    reason.class = class;

    st->verdict = &reason;
    ngx_gemini_change(st, type, NGX_GEMINI_SCOPE_KEY, NULL, 0);
    st->verdict = verdict;
}


void
ngx_gemini_probe_body(ngx_gemini_out_t *out, const ngx_str_t *prompt)
{
    ngx_gemini_out_open(out, NULL, '{');
    ngx_gemini_out_open(out, "contents", '[');
    ngx_gemini_out_open(out, NULL, '{');
    ngx_gemini_out_kcstr(out, "role", "user");
    ngx_gemini_out_open(out, "parts", '[');
    ngx_gemini_out_open(out, NULL, '{');
    ngx_gemini_out_kstr(out, "text", prompt->data, prompt->len);
    ngx_gemini_out_close(out, '}');
    ngx_gemini_out_close(out, ']');
    ngx_gemini_out_close(out, '}');
    ngx_gemini_out_close(out, ']');
    ngx_gemini_out_open(out, "generationConfig", '{');
    ngx_gemini_out_kuint(out, "maxOutputTokens", NGX_GEMINI_PROBE_OUTPUT);
    ngx_gemini_out_close(out, '}');
    ngx_gemini_out_close(out, '}');
}
