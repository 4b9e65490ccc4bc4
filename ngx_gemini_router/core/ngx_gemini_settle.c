
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_blame.h"
#include "ngx_gemini_candidate.h"
#include "ngx_gemini_change.h"
#include "ngx_gemini_cooldown.h"
#include "ngx_gemini_resv.h"


#define NGX_GEMINI_SKEW_JUMP   5000     /* ms: not a tremble, a clock set */
#define NGX_GEMINI_RAMP_MAX    32       /* then all may go */

#define NGX_GEMINI_DOWN_MIN    1000     /* rests of the upstream */
#define NGX_GEMINI_DOWN_MAX    30000


/* verbs whose time and tokens say something about their model */

#define NGX_GEMINI_SAMPLED                                                    \
    ((1u << NGX_GEMINI_VERB_GENERATE) | (1u << NGX_GEMINI_VERB_STREAM)        \
     | (1u << NGX_GEMINI_VERB_EMBED) | (1u << NGX_GEMINI_VERB_BATCH_EMBED)    \
     | (1u << NGX_GEMINI_VERB_PREDICT) | (1u << NGX_GEMINI_VERB_ANSWER)       \
     | (1u << NGX_GEMINI_VERB_CHAT) | (1u << NGX_GEMINI_VERB_OPENAI_EMBED)    \
     | (1u << NGX_GEMINI_VERB_INTERACT))


/* whom a class counts against; of each record that took part */

typedef enum {
    NGX_GEMINI_TALLY_NONE = 0,
    NGX_GEMINI_TALLY_OK,
    NGX_GEMINI_TALLY_QUOTA,
    NGX_GEMINI_TALLY_FAULT,
    NGX_GEMINI_TALLY_ERROR,
    NGX_GEMINI_TALLY_CLIENT
} ngx_gemini_tally_e;


static void ngx_gemini_settle_open(ngx_gemini_settling_t *st,
    ngx_gemini_view_t *gv, const ngx_gemini_conf_t *gc,
    ngx_gemini_settle_t *settle, uint64_t now);
static int64_t ngx_gemini_settle_used(const ngx_gemini_settling_t *st);
static void ngx_gemini_settle_skew(ngx_gemini_settling_t *st);
static void ngx_gemini_settle_count(ngx_gemini_settling_t *st);
static void ngx_gemini_settle_times(ngx_gemini_settling_t *st);
static void ngx_gemini_settle_probe(ngx_gemini_settling_t *st);
static ngx_inline void ngx_gemini_settle_record(
    ngx_gemini_counters_t *counters, const ngx_gemini_counters_t *sum,
    ngx_gemini_tally_e tally);
static ngx_gemini_tally_e ngx_gemini_settle_tally(ngx_uint_t class);
static void ngx_gemini_settle_sample(ngx_gemini_settling_t *st);
static void ngx_gemini_settle_upstream(ngx_gemini_settling_t *st);
static void ngx_gemini_settle_transport(ngx_gemini_settling_t *st);
static void ngx_gemini_settle_ok(ngx_gemini_settling_t *st);
static void ngx_gemini_settle_ramps(ngx_gemini_settling_t *st);


/* their counters */

static const size_t  ngx_gemini_settle_tallies[] = {
    0,
    offsetof(ngx_gemini_counters_t, ok),
    offsetof(ngx_gemini_counters_t, quota),
    offsetof(ngx_gemini_counters_t, faults),
    offsetof(ngx_gemini_counters_t, errors),
    offsetof(ngx_gemini_counters_t, client)
};


void
ngx_gemini_sched_settle(ngx_gemini_view_t *gv, const ngx_gemini_conf_t *gc,
    ngx_gemini_settle_t *settle, uint64_t now)
{
    ngx_gemini_settling_t  st;

    settle->guessed = 0;
    settle->nchanges = 0;
    settle->nevents = 0;
    settle->event = gv->gp->event;

    if (settle->resv >= gv->gp->caps.reservations
        || gv->resvs[settle->resv].type != NGX_GEMINI_RESV_ATTEMPT)
    {
        return;
    }

    ngx_gemini_settle_open(&st, gv, gc, settle, now);

    ngx_gemini_resv_free(gv, settle->resv, ngx_gemini_settle_used(&st), now);

    ngx_gemini_settle_skew(&st);
    ngx_gemini_settle_count(&st);
    ngx_gemini_settle_sample(&st);
    ngx_gemini_settle_upstream(&st);

    if (st.verdict->class == NGX_GEMINI_OK) {
        ngx_gemini_settle_ok(&st);
        return;
    }

    ngx_gemini_blame(&st);
}


static void
ngx_gemini_settle_open(ngx_gemini_settling_t *st, ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, ngx_gemini_settle_t *settle, uint64_t now)
{
    st->gv = gv;
    st->gc = gc;
    st->settle = settle;
    st->verdict = settle->verdict;
    st->now = now;
    st->google = now + gv->gp->skew;
    st->resv = gv->resvs[settle->resv];

    st->key = &gv->keys[st->resv.key];
    st->project = &gv->projects[st->resv.project];
    st->account = &gv->accounts[st->resv.account];
    st->model = &gv->models[st->resv.model];
    st->cell = ngx_gemini_cell(gv, st->resv.project, st->resv.model);
}


/* prompt tokens to charge: 0 for a refusal, -1 leaves the estimate */

static int64_t
ngx_gemini_settle_used(const ngx_gemini_settling_t *st)
{
    if (st->settle->tokens.prompt >= 0) {
        return st->settle->tokens.prompt;
    }

    if (st->verdict->ran) {
        return -1;
    }

    switch (st->verdict->class) {

    case NGX_GEMINI_OK:
    case NGX_GEMINI_CUT:
    case NGX_GEMINI_CLIENT_GONE:
    case NGX_GEMINI_LOST:
        return -1;

    default:
        return 0;
    }
}


/*
 * Date has whole seconds and is written with the header: half a second is
 * added, and what came after the first byte is left out.
 */

static void
ngx_gemini_settle_skew(ngx_gemini_settling_t *st)
{
    int64_t                     skew, step;
    uint64_t                    seen;
    ngx_gemini_pool_t          *gp;
    const ngx_gemini_settle_t  *settle;

    gp = st->gv->gp;
    settle = st->settle;

    if (settle->google == 0) {
        return;
    }

    seen = settle->ttft ? settle->began + settle->ttft : st->now;
    skew = (int64_t) (settle->google + 500 - seen);
    step = skew - gp->skew;

    if (gp->skew_at && step < NGX_GEMINI_SKEW_JUMP
        && step > -NGX_GEMINI_SKEW_JUMP)
    {
        skew = gp->skew + step / 8;
    }

    gp->skew = skew;
    gp->skew_at = st->now;

    st->google = st->now + skew;
}


static void
ngx_gemini_settle_count(ngx_gemini_settling_t *st)
{
    ngx_gemini_tally_e          tally;
    ngx_gemini_totals_t        *totals;
    ngx_gemini_counters_t       sum;
    const ngx_gemini_tokens_t  *tokens;

    totals = &st->gv->gp->totals;
    tokens = &st->settle->tokens;

    ngx_gemini_rate_add(&st->model->attempts, st->now, 1);

    if (st->settle->probe) {
        ngx_gemini_settle_probe(st);
        return;
    }

    sum.prompt = ngx_max(tokens->prompt, 0);
    sum.output = ngx_max(tokens->output, 0);
    sum.thought = ngx_max(tokens->thought, 0);
    sum.cached = ngx_max(tokens->cached, 0);
    sum.cost = st->settle->cost;

    totals->classes[st->verdict->class]++;
    totals->prompt += sum.prompt;
    totals->output += sum.output;
    totals->thought += sum.thought;
    totals->cached += sum.cached;
    totals->cost += sum.cost;

    tally = ngx_gemini_settle_tally(st->verdict->class);

    ngx_gemini_settle_record(&st->key->counters, &sum, tally);
    ngx_gemini_settle_record(&st->project->counters, &sum, tally);
    ngx_gemini_settle_record(&st->account->counters, &sum, tally);
    ngx_gemini_settle_record(&st->model->counters, &sum, tally);

    if (tally == NGX_GEMINI_TALLY_QUOTA) {
        st->cell->refused++;
    }

    ngx_gemini_metrics_spent(st->gv->metrics, st->settle->team, tokens,
                             st->settle->cost);
    ngx_gemini_settle_times(st);
}


static void
ngx_gemini_settle_times(ngx_gemini_settling_t *st)
{
    uint32_t                    model;
    ngx_uint_t                  class;
    const ngx_gemini_settle_t  *settle;

    settle = st->settle;
    class = st->verdict->class;
    model = ngx_gemini_metrics_model(st->gv, st->resv.model);

    ngx_gemini_metrics_observe(st->gv->metrics, NGX_GEMINI_HIST_ATTEMPT,
                               model, class, settle->latency);

    if (settle->ttft && (NGX_GEMINI_SAMPLED & (1u << settle->verb))
        && (class == NGX_GEMINI_OK || class == NGX_GEMINI_CUT))
    {
        ngx_gemini_metrics_observe(st->gv->metrics, NGX_GEMINI_HIST_TTFT,
                                   model, 0, settle->ttft);
    }
}


static void
ngx_gemini_settle_probe(ngx_gemini_settling_t *st)
{
    ngx_uint_t             ok;
    ngx_gemini_probing_t  *probing;

    ok = (st->verdict->class == NGX_GEMINI_OK);
    probing = &st->gv->gp->probing;

    probing->probes++;
    probing->probes_ok += ok;

    st->model->probes++;
    st->model->probes_ok += ok;
}


static ngx_inline void
ngx_gemini_settle_record(ngx_gemini_counters_t *counters,
    const ngx_gemini_counters_t *sum, ngx_gemini_tally_e tally)
{
    counters->requests++;
    counters->prompt += sum->prompt;
    counters->output += sum->output;
    counters->thought += sum->thought;
    counters->cached += sum->cached;
    counters->cost += sum->cost;

    if (tally != NGX_GEMINI_TALLY_NONE) {
        (*(uint64_t *) ((u_char *) counters
                        + ngx_gemini_settle_tallies[tally]))++;
    }
}


/* the classes stand in this order, ngx_gemini.h */

static ngx_gemini_tally_e
ngx_gemini_settle_tally(ngx_uint_t class)
{
    if (class == NGX_GEMINI_OK) {
        return NGX_GEMINI_TALLY_OK;
    }

    if (class <= NGX_GEMINI_SPEND_RATE) {
        return NGX_GEMINI_TALLY_QUOTA;
    }

    if (class <= NGX_GEMINI_MODEL_UNKNOWN) {
        return NGX_GEMINI_TALLY_FAULT;
    }

    if (class <= NGX_GEMINI_TRANSPORT || class == NGX_GEMINI_CUT) {
        return NGX_GEMINI_TALLY_ERROR;
    }

    switch (class) {

    case NGX_GEMINI_RESOURCE:
    case NGX_GEMINI_SIGNATURE:
    case NGX_GEMINI_FEATURE:
    case NGX_GEMINI_REQUEST:
    case NGX_GEMINI_CANCELLED:
    case NGX_GEMINI_PATH:
    case NGX_GEMINI_CLIENT_GONE:
        return NGX_GEMINI_TALLY_CLIENT;

    default:
        return NGX_GEMINI_TALLY_NONE;
    }
}


/* success, or the fault of the model or the service (design.md 5) */

static void
ngx_gemini_settle_sample(ngx_gemini_settling_t *st)
{
    ngx_uint_t                  class;
    ngx_gemini_sample_t         sample;
    const ngx_gemini_tokens_t  *tokens;

    class = st->verdict->class;

    if (!(NGX_GEMINI_SAMPLED & (1u << st->settle->verb))
        || (class != NGX_GEMINI_OK && class != NGX_GEMINI_CUT
            && (class < NGX_GEMINI_OVERLOADED
                || class > NGX_GEMINI_TIMEOUT)))
    {
        return;
    }

    tokens = &st->settle->tokens;

    sample.latency = st->settle->latency;
    sample.ttft = st->settle->ttft;
    sample.prompt = (uint32_t) ngx_max(tokens->prompt, 0);
    sample.output = (uint32_t) (ngx_max(tokens->output, 0)
                                + ngx_max(tokens->thought, 0));
    sample.ok = (class == NGX_GEMINI_OK);

    ngx_gemini_window_add(&st->model->window, st->gc->window, &sample);
}


/* any answer shows that the upstream is there */

static void
ngx_gemini_settle_upstream(ngx_gemini_settling_t *st)
{
    ngx_gemini_pool_t  *gp;

    gp = st->gv->gp;

    /* that of traffic may be another one */

    if (st->settle->probe) {
        return;
    }

    switch (st->verdict->class) {

    case NGX_GEMINI_TRANSPORT:
        ngx_gemini_settle_transport(st);
        return;

    case NGX_GEMINI_TIMEOUT:
    case NGX_GEMINI_CLIENT_GONE:
    case NGX_GEMINI_LOST:
        return;

    default:
        break;
    }

    gp->transport = 0;
    gp->transport_keys = 0;
    gp->transport_key = NGX_GEMINI_NONE;

    if (gp->upstream.until == 0) {
        return;
    }

    gp->upstream.until = 0;
    gp->upstream.step = 0;
    gp->upstream.trial = 0;

    ngx_gemini_change(st, NGX_GEMINI_EVENT_UPSTREAM_UP,
                      NGX_GEMINI_SCOPE_SERVICE, NULL, 0);
}


static void
ngx_gemini_settle_transport(ngx_gemini_settling_t *st)
{
    ngx_gemini_pool_t  *gp;

    gp = st->gv->gp;

    if (gp->transport == 0) {
        gp->transport_key = st->resv.key;
        gp->transport_keys = 1;

    } else if (st->resv.key != gp->transport_key) {
        gp->transport_keys = 2;
    }

    gp->transport++;

    if (gp->transport < NGX_GEMINI_DOWN_AFTER || gp->transport_keys < 2) {
        return;
    }

    (void) ngx_gemini_cooldown_guess(st, NGX_GEMINI_SCOPE_SERVICE,
                                     &gp->upstream, NGX_GEMINI_DOWN_MIN,
                                     NGX_GEMINI_DOWN_MAX);
}


static void
ngx_gemini_settle_ok(ngx_gemini_settling_t *st)
{
    ngx_gemini_rate_add(&st->gv->gp->successes, st->now, 1);

    st->key->suspects = 0;
    st->project->denied = 0;
    st->model->unknown = 0;

    ngx_gemini_settle_ramps(st);

    ngx_gemini_cooldown_proven(st, NGX_GEMINI_SCOPE_KEY, &st->key->rest);
    ngx_gemini_cooldown_proven(st, NGX_GEMINI_SCOPE_ACCOUNT,
                               &st->account->rest);
    ngx_gemini_cooldown_proven(st, NGX_GEMINI_SCOPE_PROJECT,
                               &st->project->rest);
    ngx_gemini_cooldown_proven(st, NGX_GEMINI_SCOPE_MODEL, &st->model->rest);
    ngx_gemini_cooldown_proven(st, NGX_GEMINI_SCOPE_CELL, &st->cell->rest);
}


/* a good answer after a rest lets twice as many go as the one before */

static void
ngx_gemini_settle_ramps(ngx_gemini_settling_t *st)
{
    ngx_gemini_cell_t   *cell;
    ngx_gemini_model_t  *model;

    cell = st->cell;
    model = st->model;

    if (model->ramp && (st->resv.trial & NGX_GEMINI_TRIAL_MODEL)) {
        model->ramp *= 2;
        model->allowed = model->ramp;

        if (model->ramp > NGX_GEMINI_RAMP_MAX) {
            model->ramp = 0;
            model->allowed = 0;
        }
    }

    if (cell->ramp && st->settle->began >= cell->rest.began) {
        cell->ramp += (st->resv.trial & NGX_GEMINI_TRIAL_RAMP) ? 1 : 2;

        if (cell->ramp > NGX_GEMINI_RAMP_MAX) {
            cell->ramp = 0;
        }
    }
}


void
ngx_gemini_sched_done(ngx_gemini_view_t *gv, const ngx_gemini_done_t *done)
{
    ngx_gemini_totals_t  *totals;

    totals = &gv->gp->totals;

    totals->requests++;
    totals->outcomes[done->outcome]++;

    ngx_gemini_metrics_ended(gv->metrics, done->team, done->outcome);
    ngx_gemini_metrics_observe(gv->metrics, NGX_GEMINI_HIST_REQUEST,
                               ngx_gemini_metrics_model(gv, done->model),
                               done->outcome, done->duration);

    if (done->queued) {
        totals->queued++;
        totals->queued_ms += done->queued;

        ngx_gemini_metrics_observe(gv->metrics, NGX_GEMINI_HIST_QUEUE,
                                   ngx_gemini_metrics_model(gv, done->wished),
                                   0, done->queued);
    }
}
