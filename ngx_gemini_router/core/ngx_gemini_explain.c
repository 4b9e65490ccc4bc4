
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_explain.h"
#include "ngx_gemini_candidate.h"
#include "ngx_gemini_capacity.h"
#include "ngx_gemini_cooldown.h"


typedef enum {
    NGX_GEMINI_EXPLAIN_PLAN = 0,
    NGX_GEMINI_EXPLAIN_RANK,           /* dry picks */
    NGX_GEMINI_EXPLAIN_LIST,           /* the others */
    NGX_GEMINI_EXPLAIN_END
} ngx_gemini_explain_e;


static void ngx_gemini_explain_plan(ngx_gemini_explain_t *ge,
    ngx_gemini_view_t *gv);
static void ngx_gemini_explain_rank(ngx_gemini_explain_t *ge,
    ngx_gemini_view_t *gv);
static void ngx_gemini_explain_list(ngx_gemini_explain_t *ge,
    ngx_gemini_view_t *gv);
static ngx_uint_t ngx_gemini_explain_ranked(const ngx_gemini_explain_t *ge,
    uint32_t key, uint32_t slot);
static void ngx_gemini_explain_candidate(ngx_gemini_explain_t *ge,
    ngx_gemini_view_t *gv, uint32_t key);
static ngx_gemini_explain_row_t *ngx_gemini_explain_row(
    ngx_gemini_explain_t *ge, uint32_t key, uint32_t choice);
static const char *ngx_gemini_explain_reason(const ngx_gemini_explain_t *ge,
    ngx_gemini_view_t *gv, uint32_t key, uint32_t choice, uint32_t lack);
static const char *ngx_gemini_explain_key(const ngx_gemini_explain_t *ge,
    const ngx_gemini_candidate_t *c, const ngx_gemini_model_t *model);
static const char *ngx_gemini_explain_operator(ngx_uint_t operator,
    uint64_t until, uint64_t now);
static const char *ngx_gemini_explain_rest(const ngx_gemini_rest_t *rest,
    uint64_t now);
static void ngx_gemini_explain_head(ngx_gemini_explain_t *ge,
    ngx_gemini_out_t *out);
static const char *ngx_gemini_explain_treatment(
    const ngx_gemini_explain_t *ge);


#define ngx_gemini_explain_field(type, field)                                 \
    NGX_GEMINI_FIELD_##type, offsetof(ngx_gemini_explain_row_t, field), NULL


static const ngx_gemini_field_t  ngx_gemini_explain_fields[] = {
    { "rank", ngx_gemini_explain_field(LIMIT, rank) },
    { "key", ngx_gemini_explain_field(STRING, key) },
    { "project", ngx_gemini_explain_field(STRING, project) },
    { "account", ngx_gemini_explain_field(STRING, account) },
    { "model", ngx_gemini_explain_field(STRING, model) },
    { "priority", ngx_gemini_explain_field(UINT, priority) },
    { "usable", ngx_gemini_explain_field(BOOL, usable) },
    { "lack", ngx_gemini_explain_field(WORD, lack) },
    { "reason", ngx_gemini_explain_field(WORD, reason) },
    { "until", ngx_gemini_explain_field(TIME, until) },
    { "left", ngx_gemini_explain_field(SECONDS, left) },
    ngx_gemini_null_field
};


void
ngx_gemini_explain_init(ngx_gemini_explain_t *ge, const ngx_gemini_conf_t *gc,
    const ngx_str_t *model, const ngx_str_t *keys, uint64_t now)
{
    ngx_memzero(ge, offsetof(ngx_gemini_explain_t, rows));

    ge->gc = gc;
    ge->now = now;
    ge->requested = *model;
    ge->restrict_to.keys = *keys;

    if (ngx_gemini_request_model(model, &ge->model) != NGX_OK) {
        ge->model = *model;
    }

    ge->wish.surface = NGX_GEMINI_SURFACE_NATIVE;
    ge->wish.family = NGX_GEMINI_FAMILY_GENERATE;
    ge->wish.verb = NGX_GEMINI_VERB_GENERATE;
    ge->wish.known = 1;
    ge->wish.fallback = 1;

    ge->pick.choices = ge->order.choices;
    ge->pick.tried = ge->tried;
    ge->pick.restrict_to = &ge->restrict_to;
    ge->pick.surface = NGX_GEMINI_SURFACE_NATIVE;
    ge->pick.project = NGX_GEMINI_NONE;
    ge->pick.tokens = 1;
    ge->pick.dry = 1;
}


void
ngx_gemini_explain_look(ngx_gemini_explain_t *ge, ngx_gemini_view_t *gv)
{
    ge->n = 0;

    switch (ge->stage) {

    case NGX_GEMINI_EXPLAIN_PLAN:
        ngx_gemini_explain_plan(ge, gv);
        break;

    case NGX_GEMINI_EXPLAIN_RANK:
        ngx_gemini_explain_rank(ge, gv);
        break;

    case NGX_GEMINI_EXPLAIN_LIST:
        ngx_gemini_explain_list(ge, gv);
        break;

    default:
        break;
    }
}


static void
ngx_gemini_explain_plan(ngx_gemini_explain_t *ge, ngx_gemini_view_t *gv)
{
    uint32_t    conf;
    ngx_uint_t  kind;

    ngx_gemini_plan_order(gv, ge->gc, &ge->wish, &ge->model,
                          ge->gc->fallback, ge->now, &ge->order);
    (void) ngx_gemini_plan_restrict(ge->gc, &ge->restrict_to.models,
                                    &ge->order);

    if (ge->order.refused) {
        ge->order.nchoices = 0;
        return;
    }

    conf = ge->order.nchoices ? ge->order.choices[0].conf : NGX_GEMINI_NONE;

    if (conf == NGX_GEMINI_NONE) {
        kind = ngx_gemini_request_kind(&ge->order.model);
        ge->pick.unlisted = ge->order.model;

    } else {
        kind = ge->gc->models[conf].kind;
    }

    ge->pick.verb = ngx_gemini_capacity_verb(kind);
    ge->pick.nchoices = ge->order.nchoices;
}


/* the scheduler's choice, then its choice without that one, ... */

static void
ngx_gemini_explain_rank(ngx_gemini_explain_t *ge, ngx_gemini_view_t *gv)
{
    ngx_uint_t                 i;
    ngx_gemini_tried_t        *tried;
    ngx_gemini_explain_row_t  *row;

    for (i = 0; i < NGX_GEMINI_EXPLAIN_PICKS; i++) {

        if (ge->pick.nchoices == 0
            || ge->pick.ntried == NGX_GEMINI_EXPLAIN_RANKS
            || ngx_gemini_sched_pick(gv, ge->gc, &ge->pick, ge->now)
               != NGX_OK)
        {
            ge->stage = NGX_GEMINI_EXPLAIN_LIST;
            return;
        }

        row = ngx_gemini_explain_row(ge, ge->pick.key, ge->pick.choice);

        tried = &ge->tried[ge->pick.ntried++];
        tried->key = ge->pick.key;
        tried->model = ge->order.choices[ge->pick.choice].slot;
        tried->project = ge->gc->keys[ge->pick.key].project;

        /* of all classes one that rules out nothing but this pair */
        tried->class = NGX_GEMINI_REQUEST;

        row->rank = ge->pick.ntried;
        row->usable = 1;
        ge->usable++;
    }
}


static void
ngx_gemini_explain_list(ngx_gemini_explain_t *ge, ngx_gemini_view_t *gv)
{
    uint32_t                        n, key, nlists;
    const ngx_gemini_choice_t      *choice;
    const ngx_gemini_candidates_t  *lists;

    for (n = 0; n < NGX_GEMINI_EXPLAIN_BATCH; /* void */ ) {

        if (ge->choice == ge->order.nchoices) {
            ge->stage = NGX_GEMINI_EXPLAIN_END;
            return;
        }

        choice = &ge->order.choices[ge->choice];
        lists = ngx_gemini_capacity_lists(ge->gc, choice, &nlists);

        if (ge->list == nlists) {
            ge->list = 0;
            ge->choice++;
            continue;
        }

        if (ge->at == lists[ge->list].n) {
            ge->at = 0;
            ge->list++;
            continue;
        }

        key = lists[ge->list].keys[ge->at++];

        if (!ngx_gemini_explain_ranked(ge, key, choice->slot)) {
            ngx_gemini_explain_candidate(ge, gv, key);
        }

        n++;
    }
}


static ngx_uint_t
ngx_gemini_explain_ranked(const ngx_gemini_explain_t *ge, uint32_t key,
    uint32_t slot)
{
    uint32_t  i;

    for (i = 0; i < ge->pick.ntried; i++) {
        if (ge->tried[i].key == key && ge->tried[i].model == slot) {
            return 1;
        }
    }

    return 0;
}


static void
ngx_gemini_explain_candidate(ngx_gemini_explain_t *ge, ngx_gemini_view_t *gv,
    uint32_t key)
{
    uint32_t                   lack;
    uint64_t                   until;
    ngx_uint_t                 bit;
    ngx_gemini_explain_row_t  *row;

    row = ngx_gemini_explain_row(ge, key, ge->choice);
    until = 0;

    lack = ngx_gemini_sched_usable(gv, ge->gc, &ge->pick, key, ge->choice,
                                   ge->now, &until);

    if (lack == 0) {
        row->usable = 1;
        ge->usable++;
        return;
    }

    for (bit = 0; !(lack & ((uint32_t) 1 << bit)); bit++) { /* void */ }

    row->lack = ngx_gemini_lack_name(bit);
    row->reason = ngx_gemini_explain_reason(ge, gv, key, ge->choice, lack);

    if (until > ge->now) {
        row->until = until;
        row->left = until - ge->now;

        if (ge->next_relief == 0 || until < ge->next_relief) {
            ge->next_relief = until;
        }
    }
}


static ngx_gemini_explain_row_t *
ngx_gemini_explain_row(ngx_gemini_explain_t *ge, uint32_t key,
    uint32_t choice)
{
    uint32_t                      model;
    ngx_gemini_explain_row_t     *row;
    const ngx_gemini_key_conf_t  *conf;

    row = &ge->rows[ge->n++];
    ngx_memzero(row, sizeof(ngx_gemini_explain_row_t));

    conf = &ge->gc->keys[key];
    model = ge->order.choices[choice].conf;

    row->key = conf->label;
    row->project = ge->gc->projects[conf->project].label;
    row->account = ge->gc->accounts[conf->account].label;
    row->priority = conf->priority;
    row->left = -1;

    row->model = (model == NGX_GEMINI_NONE) ? ge->order.model
                                            : ge->gc->models[model].name;
    return row;
}


static const char *
ngx_gemini_explain_reason(const ngx_gemini_explain_t *ge,
    ngx_gemini_view_t *gv, uint32_t key, uint32_t choice, uint32_t lack)
{
    const char              *reason;
    ngx_gemini_look_t        look;
    ngx_gemini_candidate_t   c;

    ngx_gemini_candidate_look(&look, gv, ge->gc, &ge->pick, ge->now);
    ngx_gemini_candidate_choose(&look, choice);
    ngx_gemini_candidate_at(&look, key, &c);

    switch (lack) {

    case NGX_GEMINI_LACK_KEY:
        return ngx_gemini_explain_key(ge, &c, look.model);

    case NGX_GEMINI_LACK_QUOTA:
        reason = ngx_gemini_explain_rest(&c.cell->rest, ge->now);
        return reason ? reason : "budget";

    case NGX_GEMINI_LACK_MODEL:
        return ngx_gemini_explain_rest(&look.model->rest, ge->now);

    case NGX_GEMINI_LACK_UPSTREAM:
        return ngx_gemini_explain_rest(&gv->gp->upstream, ge->now);

    case NGX_GEMINI_LACK_CREDIT:
    case NGX_GEMINI_LACK_PROJECT:
        break;

    default:
        return NULL;
    }

    reason = ngx_gemini_explain_operator(c.project->operator,
                                         c.project->operator_until, ge->now);

    if (reason == NULL) {
        reason = ngx_gemini_explain_operator(c.account->operator,
                                             c.account->operator_until,
                                             ge->now);
    }

    if (reason == NULL) {
        reason = ngx_gemini_explain_rest(&c.project->rest, ge->now);
    }

    return reason ? reason : ngx_gemini_explain_rest(&c.account->rest,
                                                     ge->now);
}


/* what is left when nothing else is: the restriction asked for */

static const char *
ngx_gemini_explain_key(const ngx_gemini_explain_t *ge,
    const ngx_gemini_candidate_t *c, const ngx_gemini_model_t *model)
{
    const char  *reason;

    reason = ngx_gemini_explain_operator(c->key->operator,
                                         c->key->operator_until, ge->now);
    if (reason) {
        return reason;
    }

    if (c->conf->disabled) {
        return ngx_gemini_class_name(NGX_GEMINI_CONFIGURED);
    }

    if (c->key->disabled) {
        return ngx_gemini_class_name(c->key->disabled);
    }

    if ((c->key->surfaces & ((uint32_t) 1 << ge->pick.surface))
        || (c->key->verbs & ((uint32_t) 1 << ge->pick.verb)))
    {
        return ngx_gemini_class_name(NGX_GEMINI_KEY_METHOD);
    }

    reason = ngx_gemini_explain_operator(model->operator,
                                         model->operator_until, ge->now);

    if (reason == NULL) {
        reason = ngx_gemini_explain_rest(&c->key->rest, ge->now);
    }

    if (reason == NULL) {
        reason = ngx_gemini_explain_rest(&c->cell->rest, ge->now);
    }

    return reason ? reason : "not_allowed";
}


static const char *
ngx_gemini_explain_operator(ngx_uint_t operator, uint64_t until, uint64_t now)
{
    if (operator && (until == 0 || until > now)) {
        return ngx_gemini_class_name(NGX_GEMINI_OPERATOR);
    }

    return NULL;
}


static const char *
ngx_gemini_explain_rest(const ngx_gemini_rest_t *rest, uint64_t now)
{
    if (ngx_gemini_rest_left(rest, now)
        || ngx_gemini_cooldown_unproven(rest, now))
    {
        return ngx_gemini_class_name(rest->reason);
    }

    return NULL;
}


ngx_int_t
ngx_gemini_explain_render(ngx_gemini_explain_t *ge, ngx_gemini_out_t *out)
{
    uint32_t  i;

    if (ge->stage == NGX_GEMINI_EXPLAIN_PLAN) {
        ngx_gemini_explain_head(ge, out);
        ge->stage = NGX_GEMINI_EXPLAIN_RANK;
        return NGX_AGAIN;
    }

    for (i = 0; i < ge->n; i++) {
        ngx_gemini_out_open(out, NULL, '{');
        ngx_gemini_field_json(out, ngx_gemini_explain_fields, &ge->rows[i]);
        ngx_gemini_out_close(out, '}');
    }

    if (ge->stage != NGX_GEMINI_EXPLAIN_END) {
        return NGX_AGAIN;
    }

    ngx_gemini_out_close(out, ']');
    ngx_gemini_out_kuint(out, "usable", ge->usable);
    ngx_gemini_out_ktime(out, "next_relief", ge->next_relief);
    ngx_gemini_out_close(out, '}');
    ngx_gemini_out_cstr(out, "\n");

    return NGX_OK;
}


static void
ngx_gemini_explain_head(ngx_gemini_explain_t *ge, ngx_gemini_out_t *out)
{
    uint32_t          i, conf;
    const ngx_str_t  *name;

    ngx_gemini_out_open(out, NULL, '{');
    ngx_gemini_out_kstr(out, "pool", ge->gc->name.data, ge->gc->name.len);
    ngx_gemini_out_kstr(out, "requested", ge->requested.data,
                        ge->requested.len);
    ngx_gemini_out_kstr(out, "model", ge->order.model.data,
                        ge->order.model.len);
    ngx_gemini_out_kcstr(out, "treatment", ngx_gemini_explain_treatment(ge));

    ngx_gemini_out_open(out, "order", '[');

    for (i = 0; i < ge->order.nchoices; i++) {
        conf = ge->order.choices[i].conf;
        name = (conf == NGX_GEMINI_NONE) ? &ge->order.model
                                         : &ge->gc->models[conf].name;
        ngx_gemini_out_kstr(out, NULL, name->data, name->len);
    }

    ngx_gemini_out_close(out, ']');

    ngx_gemini_out_open(out, "candidates", '[');
}


static const char *
ngx_gemini_explain_treatment(const ngx_gemini_explain_t *ge)
{
    if (ge->order.refused) {
        return "refused";
    }

    if (ge->order.unlisted) {
        return "unlisted";
    }

    if (ge->order.virtual) {
        return "virtual";
    }

    if (ge->order.model.len != ge->model.len
        || ngx_memcmp(ge->order.model.data, ge->model.data, ge->model.len)
           != 0)
    {
        return "alias";
    }

    return "listed";
}


const char *
ngx_gemini_lack_name(ngx_uint_t bit)
{
    static const char  *const names[] = {
        "key", "quota", "credit", "model", "conns", "tried", "trial",
        "upstream", "budget", "project", "records"
    };

    return (bit < NGX_GEMINI_LACKS) ? names[bit] : NULL;
}
