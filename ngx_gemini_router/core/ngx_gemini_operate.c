
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_operate.h"
#include "ngx_gemini_classify.h"


/* where a record keeps the operator's word */

typedef struct {
    uint8_t                   *operator;
    uint64_t                  *until;
    ngx_gemini_note_t         *note;
} ngx_gemini_operate_flag_t;


static void ngx_gemini_operate_lock(ngx_gemini_operate_t *op,
    ngx_gemini_view_t *gv);
static void ngx_gemini_operate_disable(ngx_gemini_operate_t *op,
    ngx_gemini_view_t *gv);
static void ngx_gemini_operate_enable(ngx_gemini_operate_t *op,
    ngx_gemini_view_t *gv);
static uint64_t ngx_gemini_operate_until(const ngx_gemini_operate_t *op);
static void ngx_gemini_operate_flag(const ngx_gemini_operate_t *op,
    const ngx_gemini_view_t *gv, ngx_gemini_operate_flag_t *flag);
static void ngx_gemini_operate_look(const ngx_gemini_operate_t *op,
    const ngx_gemini_view_t *gv, ngx_gemini_operate_state_t *state);
static void ngx_gemini_operate_look_lock(const ngx_gemini_operate_t *op,
    const ngx_gemini_view_t *gv, ngx_gemini_operate_state_t *state);
static void ngx_gemini_operate_look_key(const ngx_gemini_operate_t *op,
    const ngx_gemini_view_t *gv, ngx_gemini_operate_state_t *state);
static void ngx_gemini_operate_project(const ngx_gemini_operate_t *op,
    const ngx_gemini_view_t *gv, uint32_t i, ngx_gemini_row_project_t *project,
    ngx_gemini_row_account_t *account);
static void ngx_gemini_operate_account(const ngx_gemini_operate_t *op,
    const ngx_gemini_view_t *gv, uint32_t i,
    ngx_gemini_row_account_t *account);
static void ngx_gemini_operate_look_model(const ngx_gemini_operate_t *op,
    const ngx_gemini_view_t *gv, ngx_gemini_operate_state_t *state);
static void ngx_gemini_operate_keep(ngx_gemini_operate_state_t *state,
    const ngx_gemini_row_t *row);
static void ngx_gemini_operate_event(const ngx_gemini_operate_t *op,
    ngx_gemini_view_t *gv);


#define ngx_gemini_operate_field(type, field, data)                           \
    NGX_GEMINI_FIELD_##type, offsetof(ngx_gemini_operate_state_t, field),     \
    data


static const ngx_gemini_field_t  ngx_gemini_operate_flag_fields[] = {
    { "state", ngx_gemini_operate_field(WORD, row.state, NULL) },
    { "reason", ngx_gemini_operate_field(WORD, row.reason, NULL) },
    { "until", ngx_gemini_operate_field(TIME, row.until, NULL) },
    { "left", ngx_gemini_operate_field(SECONDS, row.left, NULL) },
    { "provenance", ngx_gemini_operate_field(WORD, row.provenance, NULL) },
    { "note", ngx_gemini_operate_field(STRING, row.note, NULL) },
    ngx_gemini_null_field
};


static const ngx_gemini_field_t  ngx_gemini_operate_rank_fields[] = {
    ngx_gemini_null_field
};


static const ngx_gemini_field_t  ngx_gemini_operate_lock_fields[] = {
    { "lock", ngx_gemini_operate_field(REF, locked,
                                       ngx_gemini_summary_lock_fields) },
    ngx_gemini_null_field
};


static const ngx_gemini_field_t  ngx_gemini_operate_reset_fields[] = {
    { "cooldowns", ngx_gemini_operate_field(UINT, cooldowns, NULL) },
    { "day_quotas", ngx_gemini_operate_field(UINT, day, NULL) },
    { "disabled", ngx_gemini_operate_field(UINT, disabled, NULL) },
    { "learned_limits", ngx_gemini_operate_field(UINT, limits, NULL) },
    ngx_gemini_null_field
};


ngx_int_t
ngx_gemini_operate_find(ngx_gemini_operate_t *op, ngx_gemini_scope_e scope,
    const ngx_str_t *name)
{
    uint32_t          i;
    const ngx_str_t  *label;

    for (i = 0; /* void */ ; i++) {
        label = ngx_gemini_operate_label(op->gc, scope, i);

        if (label == NULL) {
            return NGX_DECLINED;
        }

        if (label->len == name->len
            && ngx_memcmp(label->data, name->data, name->len) == 0)
        {
            break;
        }
    }

    op->scope = scope;
    op->item = i;
    op->name = *label;

    return NGX_OK;
}


const ngx_str_t *
ngx_gemini_operate_label(const ngx_gemini_conf_t *gc,
    ngx_gemini_scope_e scope, uint32_t i)
{
    switch (scope) {

    case NGX_GEMINI_SCOPE_KEY:
        return (i < gc->nkeys) ? &gc->keys[i].label : NULL;

    case NGX_GEMINI_SCOPE_PROJECT:
        return (i < gc->nprojects) ? &gc->projects[i].label : NULL;

    case NGX_GEMINI_SCOPE_ACCOUNT:
        return (i < gc->naccounts) ? &gc->accounts[i].label : NULL;

    case NGX_GEMINI_SCOPE_MODEL:
        return (i < gc->nmodels) ? &gc->models[i].name : NULL;

    default:
        return NULL;
    }
}


ngx_int_t
ngx_gemini_operate(ngx_gemini_operate_t *op, ngx_gemini_view_t *gv)
{
    if (op->action == NGX_GEMINI_OPERATE_RESET) {

        if (ngx_gemini_operate_reset(op, gv) == NGX_AGAIN) {
            return NGX_AGAIN;
        }

    } else if (op->action != NGX_GEMINI_OPERATE_RANK) {
        ngx_gemini_operate_look(op, gv, &op->before);

        switch (op->action) {

        case NGX_GEMINI_OPERATE_LOCK:
        case NGX_GEMINI_OPERATE_UNLOCK:
            ngx_gemini_operate_lock(op, gv);
            break;

        case NGX_GEMINI_OPERATE_DISABLE:
            ngx_gemini_operate_disable(op, gv);
            break;

        default: /* NGX_GEMINI_OPERATE_ENABLE */
            ngx_gemini_operate_enable(op, gv);
        }

        ngx_gemini_operate_look(op, gv, &op->after);
    }

    ngx_gemini_operate_event(op, gv);

    /* waiters look again */

    gv->gp->epoch++;

    return NGX_OK;
}


static void
ngx_gemini_operate_lock(ngx_gemini_operate_t *op, ngx_gemini_view_t *gv)
{
    if (op->action == NGX_GEMINI_OPERATE_UNLOCK) {
        gv->gp->lock_model = NGX_GEMINI_NONE;
        gv->gp->lock_until = 0;
        return;
    }

    gv->gp->lock_model = op->gc->models[op->item].slot;
    gv->gp->lock_until = ngx_gemini_operate_until(op);
}


static void
ngx_gemini_operate_disable(ngx_gemini_operate_t *op, ngx_gemini_view_t *gv)
{
    ngx_gemini_operate_flag_t  flag;

    ngx_gemini_operate_flag(op, gv, &flag);

    *flag.operator = 1;
    *flag.until = ngx_gemini_operate_until(op);

    flag.note->len = (uint8_t) ngx_min(op->note.len, NGX_GEMINI_NOTE_MAX);

    if (flag.note->len) {
        ngx_memcpy(flag.note->text, op->note.data, flag.note->len);
    }
}


/* of a key also what its answers said of it */

static void
ngx_gemini_operate_enable(ngx_gemini_operate_t *op, ngx_gemini_view_t *gv)
{
    ngx_gemini_key_t           *key;
    ngx_gemini_operate_flag_t   flag;

    ngx_gemini_operate_flag(op, gv, &flag);

    *flag.operator = 0;
    *flag.until = 0;
    flag.note->len = 0;

    if (op->scope == NGX_GEMINI_SCOPE_KEY) {
        key = &gv->keys[op->gc->keys[op->item].slot];

        key->disabled = 0;
        key->disabled_at = 0;
        key->suspects = 0;
        key->verbs = 0;
        key->surfaces = 0;
    }
}


/* 0: without an end */

static uint64_t
ngx_gemini_operate_until(const ngx_gemini_operate_t *op)
{
    return op->length ? op->now + op->length : 0;
}


static void
ngx_gemini_operate_flag(const ngx_gemini_operate_t *op,
    const ngx_gemini_view_t *gv, ngx_gemini_operate_flag_t *flag)
{
    ngx_gemini_key_t         *key;
    ngx_gemini_model_t       *model;
    ngx_gemini_account_t     *account;
    ngx_gemini_project_t     *project;
    const ngx_gemini_conf_t  *gc;

    gc = op->gc;

#define ngx_gemini_operate_set(record)                                        \
    flag->operator = &(record)->operator;                                     \
    flag->until = &(record)->operator_until;                                  \
    flag->note = &(record)->note

    switch (op->scope) {

    case NGX_GEMINI_SCOPE_KEY:
        key = &gv->keys[gc->keys[op->item].slot];
        ngx_gemini_operate_set(key);
        break;

    case NGX_GEMINI_SCOPE_PROJECT:
        project = &gv->projects[gc->projects[op->item].slot];
        ngx_gemini_operate_set(project);
        break;

    case NGX_GEMINI_SCOPE_ACCOUNT:
        account = &gv->accounts[gc->accounts[op->item].slot];
        ngx_gemini_operate_set(account);
        break;

    default: /* NGX_GEMINI_SCOPE_MODEL */
        model = &gv->models[gc->models[op->item].slot];
        ngx_gemini_operate_set(model);
    }

#undef ngx_gemini_operate_set
}


static void
ngx_gemini_operate_look(const ngx_gemini_operate_t *op,
    const ngx_gemini_view_t *gv, ngx_gemini_operate_state_t *state)
{
    ngx_gemini_row_account_t  account;
    ngx_gemini_row_project_t  project;

    ngx_memzero(state, sizeof(ngx_gemini_operate_state_t));

    if (op->action == NGX_GEMINI_OPERATE_LOCK
        || op->action == NGX_GEMINI_OPERATE_UNLOCK)
    {
        ngx_gemini_operate_look_lock(op, gv, state);
        return;
    }

    switch (op->scope) {

    case NGX_GEMINI_SCOPE_KEY:
        ngx_gemini_operate_look_key(op, gv, state);
        break;

    case NGX_GEMINI_SCOPE_PROJECT:
        ngx_gemini_operate_project(op, gv, op->item, &project, &account);
        ngx_gemini_operate_keep(state, &project.row);
        break;

    case NGX_GEMINI_SCOPE_ACCOUNT:
        ngx_gemini_operate_account(op, gv, op->item, &account);
        ngx_gemini_operate_keep(state, &account.row);
        break;

    default: /* NGX_GEMINI_SCOPE_MODEL */
        ngx_gemini_operate_look_model(op, gv, state);
    }
}


static void
ngx_gemini_operate_look_lock(const ngx_gemini_operate_t *op,
    const ngx_gemini_view_t *gv, ngx_gemini_operate_state_t *state)
{
    ngx_gemini_slot_t          *slot;
    ngx_gemini_pool_t          *gp;
    ngx_gemini_summary_lock_t  *lock;

    gp = gv->gp;
    lock = &state->lock;

    if (gp->lock_model >= gv->nmodels
        || (gp->lock_until && gp->lock_until <= op->now))
    {
        return;
    }

    slot = &gv->model_slots[gp->lock_model];

    lock->model.data = state->label;
    lock->model.len = ngx_min(slot->len, NGX_GEMINI_MODEL_MAX);
    ngx_memcpy(state->label, slot->label, lock->model.len);

    lock->until = gp->lock_until;
    lock->left = gp->lock_until ? (int64_t) (gp->lock_until - op->now) : -1;

    state->locked = lock;
}


static void
ngx_gemini_operate_look_key(const ngx_gemini_operate_t *op,
    const ngx_gemini_view_t *gv, ngx_gemini_operate_state_t *state)
{
    ngx_gemini_row_key_t          key;
    ngx_gemini_row_account_t      account;
    ngx_gemini_row_project_t      project;
    const ngx_gemini_key_conf_t  *conf;

    conf = &op->gc->keys[op->item];

    ngx_gemini_operate_project(op, gv, conf->project, &project, &account);
    ngx_gemini_row_key(&key, conf, &gv->keys[conf->slot], &project, &account,
                       op->now);

    ngx_gemini_operate_keep(state, &key.row);
}


static void
ngx_gemini_operate_project(const ngx_gemini_operate_t *op,
    const ngx_gemini_view_t *gv, uint32_t i, ngx_gemini_row_project_t *project,
    ngx_gemini_row_account_t *account)
{
    const ngx_gemini_project_conf_t  *conf;

    conf = &op->gc->projects[i];

    ngx_gemini_operate_account(op, gv, conf->account, account);
    ngx_gemini_row_project(project, conf, &gv->projects[conf->slot], account,
                           op->now);
}


static void
ngx_gemini_operate_account(const ngx_gemini_operate_t *op,
    const ngx_gemini_view_t *gv, uint32_t i,
    ngx_gemini_row_account_t *account)
{
    const ngx_gemini_account_conf_t  *conf;

    conf = &op->gc->accounts[i];

    ngx_gemini_row_account(account, conf, &gv->accounts[conf->slot], op->now);
}


static void
ngx_gemini_operate_look_model(const ngx_gemini_operate_t *op,
    const ngx_gemini_view_t *gv, ngx_gemini_operate_state_t *state)
{
    ngx_gemini_row_model_t          model;
    const ngx_gemini_model_conf_t  *conf;

    conf = &op->gc->models[op->item];

    ngx_gemini_row_model(&model, conf, &gv->models[conf->slot],
                         op->gc->window, op->now);

    ngx_gemini_operate_keep(state, &model.row);
}


/* of a row only its head, with the note that it points to */

static void
ngx_gemini_operate_keep(ngx_gemini_operate_state_t *state,
    const ngx_gemini_row_t *row)
{
    state->row = *row;
    state->note.len = (uint8_t) row->note.len;

    if (row->note.len) {
        ngx_memcpy(state->note.text, row->note.data, row->note.len);
    }

    state->row.note.data = state->note.text;
}


static void
ngx_gemini_operate_event(const ngx_gemini_operate_t *op,
    ngx_gemini_view_t *gv)
{
    ngx_gemini_event_t  event;

    ngx_memzero(&event, sizeof(ngx_gemini_event_t));

    event.time = op->now;
    event.until = ngx_gemini_operate_until(op);
    event.type = NGX_GEMINI_EVENT_CONTROL;
    event.action = (uint8_t) op->action;
    event.scope = (uint8_t) op->scope;
    event.reason = NGX_GEMINI_OPERATOR;
    event.provenance = NGX_GEMINI_SET;

    if (op->scope == NGX_GEMINI_SCOPE_MODEL) {
        event.model_len = (uint8_t) ngx_min(op->name.len,
                                            NGX_GEMINI_MODEL_MAX);
        ngx_memcpy(event.model, op->name.data, event.model_len);

    } else if (op->scope != NGX_GEMINI_SCOPE_POOL) {
        event.label_len = (uint8_t) ngx_min(op->name.len,
                                            NGX_GEMINI_LABEL_MAX);
        ngx_memcpy(event.label, op->name.data, event.label_len);
    }

    ngx_gemini_pool_event(gv, &event);
}


void
ngx_gemini_operate_render(const ngx_gemini_operate_t *op,
    ngx_gemini_out_t *out)
{
    const char                *action;
    const ngx_gemini_field_t  *fields;

    switch (op->action) {

    case NGX_GEMINI_OPERATE_LOCK:
    case NGX_GEMINI_OPERATE_UNLOCK:
        fields = ngx_gemini_operate_lock_fields;
        break;

    case NGX_GEMINI_OPERATE_RESET:
        fields = ngx_gemini_operate_reset_fields;
        break;

    case NGX_GEMINI_OPERATE_RANK:
        fields = ngx_gemini_operate_rank_fields;
        break;

    default:
        fields = ngx_gemini_operate_flag_fields;
    }

    action = ngx_gemini_operate_name(op->action);

    ngx_gemini_out_open(out, NULL, '{');
    ngx_gemini_out_kstr(out, "pool", op->gc->name.data, op->gc->name.len);
    ngx_gemini_out_kcstr(out, "action", action);
    ngx_gemini_out_kcstr(out, "scope", ngx_gemini_scope_name(op->scope));

    if (op->name.len) {
        ngx_gemini_out_kstr(out, "name", op->name.data, op->name.len);

    } else {
        ngx_gemini_out_knull(out, "name");
    }

    ngx_gemini_out_open(out, "before", '{');
    ngx_gemini_field_json(out, fields, &op->before);
    ngx_gemini_out_close(out, '}');

    ngx_gemini_out_open(out, "after", '{');
    ngx_gemini_field_json(out, fields, &op->after);
    ngx_gemini_out_close(out, '}');

    ngx_gemini_out_close(out, '}');
    ngx_gemini_out_cstr(out, "\n");
}
