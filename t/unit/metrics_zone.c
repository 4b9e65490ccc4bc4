
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * What becomes of histograms and teams with their zone; who sees them.
 */


#include "ngx_gemini_report.h"
#include "ngx_gemini_sched.h"
#include "ngx_gemini_slots.h"
#include "metrics.h"
#include "slots.h"


#define METRICS_HEAP  (4 * 1024 * 1024)


static void metrics_slots(void);
static void metrics_carry(void);
static void metrics_rebuild(void);
static void metrics_requests(void);
static void metrics_report(void);
static void metrics_copied(ngx_gemini_report_t *gr, ngx_uint_t forget);
static void *metrics_alloc(void *data, size_t size);


static ngx_gemini_metrics_t  *metrics;

static u_char                 metrics_heap[METRICS_HEAP];
static size_t                 metrics_used;


int
main(void)
{
    metrics_slots();
    metrics_carry();
    metrics_rebuild();
    metrics_requests();
    metrics_report();

    return tap_done();
}


/* a slot that another model gets has none of the old one's rows */

static void
metrics_slots(void)
{
    uint32_t   slot;
    ngx_str_t  name;

    slots_start(gv, 4);
    slots_conf("a", "flash lite");
    slots_claim();

    metrics = gv->metrics;
    slot = gc->models[1].slot;

    ngx_gemini_metrics_observe(metrics, NGX_GEMINI_HIST_QUEUE, slot, 0, 5);
    slots_conf("a", "flash lite");
    slots_claim();
    tap_is_int(metrics_hist(metrics, NGX_GEMINI_HIST_QUEUE, slot, 0)->sum, 5,
               "a reload keeps it");

    ngx_str_set(&name, "preview");
    slot = ngx_gemini_pool_spare_claim(gv, &name, SLOTS_NOW);
    ngx_gemini_metrics_observe(metrics, NGX_GEMINI_HIST_QUEUE, slot, 0, 7);
    ngx_gemini_slots_clean_model(gv, slot, 1);
    tap_is_int(metrics_hist(metrics, NGX_GEMINI_HIST_QUEUE, slot, 0)->sum, 0,
               "a spare's goes with its name");

    slots_stop(gv);
}


static void
metrics_carry(void)
{
    ngx_str_t           name;
    ngx_gemini_view_t   old;

    ngx_str_set(&name, "preview");

    slots_start(&old, 4);
    gv = &old;
    slots_conf("a", "flash lite");
    slots_claim();

    metrics = gv->metrics;

    ngx_gemini_metrics_observe(metrics, NGX_GEMINI_HIST_TTFT,
                               gc->models[0].slot, 0, 1);
    ngx_gemini_metrics_observe(metrics, NGX_GEMINI_HIST_TTFT,
                               gc->models[1].slot, 0, 60);
    ngx_gemini_metrics_observe(metrics, NGX_GEMINI_HIST_ATTEMPT,
                               ngx_gemini_pool_spare_claim(gv, &name,
                                                           SLOTS_NOW),
                               NGX_GEMINI_SERVER, 3);
    ngx_gemini_metrics_observe(metrics, NGX_GEMINI_HIST_REQUEST,
                               NGX_GEMINI_NONE, NGX_GEMINI_OUTCOME_OK, 4);
    ngx_gemini_metrics_observe(metrics, NGX_GEMINI_HIST_QUEUE,
                               NGX_GEMINI_NONE, 0, 6);

    (void) metrics_team(metrics, "first");
    (void) metrics_team(metrics, "second");
    metrics->teams[1].counters.cost = 11;
    metrics->teams[NGX_GEMINI_TEAMS].counters.cost = 12;

    gv = &slots_view;
    slots_start(gv, 9);
    slots_conf("a", "new preview lite");
    slots_claim();

    ngx_gemini_pool_copy(gv, &old);

    metrics = gv->metrics;

    tap_is_int(metrics->nhists, NGX_GEMINI_HIST_KINDS + 3,
               "rows of what is there yet");
    tap_is_int(metrics_hist(metrics, NGX_GEMINI_HIST_TTFT,
                            gc->models[2].slot, 0)->buckets[1],
               1, "a model's");
    tap_is_int(metrics_hist(metrics, NGX_GEMINI_HIST_ATTEMPT,
                            gc->models[1].slot, NGX_GEMINI_SERVER)->sum,
               3, "one's that is listed now");
    tap_is_int(metrics_hist(metrics, NGX_GEMINI_HIST_REQUEST,
                            NGX_GEMINI_NONE, NGX_GEMINI_OUTCOME_OK)->sum,
               4, "that of the others");
    tap_is_int(metrics_hist(metrics, NGX_GEMINI_HIST_QUEUE,
                            NGX_GEMINI_NONE, 0)->sum,
               6, "in the row that is always there");

    tap_is_int(metrics_team(metrics, "second"), 2, "a team");
    tap_is_int(metrics->teams[1].counters.cost, 11, "its counters");
    tap_is_int(metrics->teams[NGX_GEMINI_TEAMS].counters.cost, 12,
               "those of the others");

    slots_stop(&old);
    slots_stop(gv);
}


/* whoever died left a row that is there twice, and no index */

static void
metrics_rebuild(void)
{
    slots_start(gv, 4);
    slots_conf("a", "flash lite");
    slots_claim();

    metrics = gv->metrics;

    ngx_gemini_metrics_observe(metrics, NGX_GEMINI_HIST_ATTEMPT, 0, 0, 1);
    ngx_gemini_metrics_observe(metrics, NGX_GEMINI_HIST_ATTEMPT, 1, 0, 2);
    metrics->hists[metrics->nhists] = metrics->hists[metrics->nhists - 2];
    metrics->nhists++;

    (void) metrics_team(metrics, "first");
    (void) metrics_team(metrics, "second");

    memset(metrics->hist_index, 0, sizeof(metrics->hist_index));
    memset(metrics->team_index, 0, sizeof(metrics->team_index));

    ngx_gemini_pool_rebuild(gv, SLOTS_NOW);

    tap_is_int(metrics->nhists, NGX_GEMINI_HIST_KINDS + 2, "two rows");

    ngx_gemini_metrics_observe(metrics, NGX_GEMINI_HIST_ATTEMPT, 0, 0, 10);
    ngx_gemini_metrics_observe(metrics, NGX_GEMINI_HIST_ATTEMPT, 1, 0, 10);
    tap_is_int(metrics_hist(metrics, NGX_GEMINI_HIST_ATTEMPT, 0, 0)->sum, 11,
               "one");
    tap_is_int(metrics_hist(metrics, NGX_GEMINI_HIST_ATTEMPT, 1, 0)->sum, 12,
               "and the other");

    tap_is_int(metrics_team(metrics, "second"), 2, "teams are found");
    tap_is_int(metrics_team(metrics, "first"), 1, "all of them");
    tap_is_int(metrics_team(metrics, "third"), 3, "and there is room");

    slots_stop(gv);
}


static void
metrics_requests(void)
{
    ngx_gemini_done_t  done;

    slots_start(gv, 4);
    slots_conf("a", "flash lite");
    slots_claim();

    metrics = gv->metrics;

    done.outcome = NGX_GEMINI_OUTCOME_FALLBACK;
    done.model = gc->models[1].slot;
    done.wished = gc->models[0].slot;
    done.team = metrics_team(metrics, "a");
    done.duration = 5000;
    done.queued = 400;
    ngx_gemini_sched_done(gv, &done);

    done.outcome = NGX_GEMINI_OUTCOME_REFUSED;
    done.model = gv->other;
    done.wished = NGX_GEMINI_NONE;
    done.queued = 0;
    ngx_gemini_sched_done(gv, &done);

    tap_is_int(metrics_hist(metrics, NGX_GEMINI_HIST_REQUEST,
                            gc->models[1].slot,
                            NGX_GEMINI_OUTCOME_FALLBACK)->buckets[6],
               1, "a request by the model tried last and its outcome");
    tap_is_int(metrics_hist(metrics, NGX_GEMINI_HIST_QUEUE,
                            gc->models[0].slot, 0)->sum,
               400, "its wait by the model that was wished");
    tap_is_int(metrics_hist(metrics, NGX_GEMINI_HIST_REQUEST,
                            NGX_GEMINI_NONE,
                            NGX_GEMINI_OUTCOME_REFUSED)->sum,
               5000, "unlisted ones are others");
    tap_is_int(metrics_count(metrics_hist(metrics, NGX_GEMINI_HIST_QUEUE,
                                          NGX_GEMINI_NONE, 0)),
               0, "who did not wait has not waited 0 ms");
    tap_is_int(metrics->teams[0].counters.requests, 2, "the team's requests");

    slots_stop(gv);
}


static void
metrics_report(void)
{
    uint32_t              i;
    ngx_str_t             name;
    ngx_gemini_report_t  *gr;

    slots_start(gv, 4);
    slots_conf("a", "flash lite");
    slots_claim();

    metrics = gv->metrics;
    gr = malloc(sizeof(ngx_gemini_report_t));

    ngx_str_set(&name, "preview");
    ngx_gemini_metrics_observe(metrics, NGX_GEMINI_HIST_REQUEST,
                               ngx_gemini_pool_spare_claim(gv, &name,
                                                           SLOTS_NOW),
                               NGX_GEMINI_OUTCOME_CUT, 60);

    for (i = 0; i < NGX_GEMINI_CLASSES; i++) {
        ngx_gemini_metrics_observe(metrics, NGX_GEMINI_HIST_ATTEMPT,
                                   gc->models[0].slot, i, i);
        ngx_gemini_metrics_observe(metrics, NGX_GEMINI_HIST_ATTEMPT,
                                   gc->models[1].slot, i, i);
    }

    (void) metrics_team(metrics, "first");

    metrics_copied(gr, 0);

    tap_is_int(gr->nhists, 1 + 2 * NGX_GEMINI_CLASSES,
               "rows that have a value");
    tap_is_mem(gr->hists[0].model.data, gr->hists[0].model.len, "preview",
               "a model's name");
    tap_is_str(gr->hists[0].class, "cut", "an outcome");
    tap_is_str(gr->hists[1].class, "ok", "a class");
    tap_ok(gr->hists[0].count == 1 && gr->hists[0].sum == 60, "a value");
    tap_is_int(gr->nteams, 1, "teams");
    tap_is_mem(gr->teams[0].name.data, gr->teams[0].name.len, "first",
               "its name");

    metrics->teams[NGX_GEMINI_TEAMS].counters.requests = 1;
    ngx_gemini_metrics_observe(metrics, NGX_GEMINI_HIST_TTFT, gv->other + 1,
                               0, 9);
    ngx_gemini_metrics_observe(metrics, NGX_GEMINI_HIST_TTFT,
                               NGX_GEMINI_NONE, 0, 9);

    metrics_copied(gr, 1);

    tap_is_int(gr->nhists, 2 + NGX_GEMINI_CLASSES,
               "once each, though they were moved meanwhile");
    tap_is_mem(gr->hists[0].model.data, gr->hists[0].model.len, "other",
               "that of the others");
    tap_ok(gr->hists[0].class == NULL, "which has no class");
    tap_is_int(gr->nteams, 2, "teams");
    tap_is_mem(gr->teams[1].name.data, gr->teams[1].name.len, "other",
               "the last one");

    free(gr);
    slots_stop(gv);
}


/* forget: a model's rows go as soon as some of them are copied */

static void
metrics_copied(ngx_gemini_report_t *gr, ngx_uint_t forget)
{
    ngx_int_t  rc;

    metrics_used = 0;

    (void) ngx_gemini_report_init(gr, gc, NGX_GEMINI_VIEW_METRICS, "1.22.1",
                                  SLOTS_NOW, metrics_alloc, NULL);

    do {
        if (forget && gr->nhists) {
            ngx_gemini_metrics_forget(metrics, gc->models[0].slot);
            forget = 0;
        }

        ngx_gemini_report_copy(gr, gv);
        rc = ngx_gemini_report_digest(gr);

    } while (rc == NGX_AGAIN);

    tap_is_int(rc, NGX_OK, "copied");
}


static void *
metrics_alloc(void *data, size_t size)
{
    void  *p;

    p = metrics_heap + metrics_used;
    metrics_used += ngx_align(size, 16);

    return (metrics_used <= METRICS_HEAP) ? p : NULL;
}
