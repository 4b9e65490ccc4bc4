
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * State files: any text is refused, leaving the pool as it was, or makes a
 * pool that holds together, and whose own text is read again.
 */


#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ngx_gemini_owner.h"
#include "ngx_gemini_snapshot.h"


#define FUZZ_NOW   1795327200000ull
#define FUZZ_TEXT  (4 * 1024 * 1024)


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_conf(ngx_gemini_conf_t *gc);
static void fuzz_zone(ngx_gemini_view_t *gv, ngx_gemini_conf_t *gc);
static void fuzz_pool(const ngx_gemini_view_t *gv);
static void fuzz_owners(const ngx_gemini_view_t *gv);
static void fuzz_again(const ngx_gemini_view_t *gv, ngx_gemini_conf_t *gc);
static void fuzz_check(int good);


static ngx_gemini_key_conf_t      fuzz_keys[2];
static ngx_gemini_project_conf_t  fuzz_projects[2];
static ngx_gemini_account_conf_t  fuzz_accounts[1];
static ngx_gemini_model_conf_t    fuzz_models[2];


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void                        *before;
    size_t                       bytes;
    ngx_str_t                    text;
    ngx_gemini_conf_t            gc;
    ngx_gemini_view_t            gv;
    ngx_gemini_restore_error_t   error;

    fuzz_conf(&gc);
    fuzz_zone(&gv, &gc);

    bytes = ngx_gemini_pool_size(&gv.gp->caps);
    before = malloc(bytes);
    memcpy(before, gv.gp, bytes);

    text.data = (u_char *) data;
    text.len = size;

    if (ngx_gemini_restore(&gv, &gc, &text, FUZZ_NOW, &error) == NGX_OK) {
        fuzz_check(error.reason == NULL);
        fuzz_pool(&gv);
        fuzz_owners(&gv);
        fuzz_again(&gv, &gc);

    } else {
        fuzz_check(error.reason != NULL);
        fuzz_check(memcmp(before, gv.gp, bytes) == 0);
    }

    free(before);
    free(gv.gp);

    return 0;
}


static void
fuzz_conf(ngx_gemini_conf_t *gc)
{
    ngx_uint_t  i;

    memset(gc, 0, sizeof(ngx_gemini_conf_t));

    ngx_str_set(&gc->name, "main");

    gc->keys = fuzz_keys;
    gc->nkeys = 2;
    gc->projects = fuzz_projects;
    gc->nprojects = 2;
    gc->accounts = fuzz_accounts;
    gc->naccounts = 1;
    gc->models = fuzz_models;
    gc->nmodels = 2;
    gc->window = 20;

    ngx_str_set(&fuzz_keys[0].label, "a");
    ngx_str_set(&fuzz_keys[1].label, "b");
    ngx_str_set(&fuzz_projects[0].label, "a");
    ngx_str_set(&fuzz_projects[1].label, "b");
    ngx_str_set(&fuzz_accounts[0].label, "a");
    ngx_str_set(&fuzz_models[0].name, "flash");
    ngx_str_set(&fuzz_models[1].name, "lite");

    for (i = 0; i < 2; i++) {
        fuzz_keys[i].project = i;
        fuzz_keys[i].weight = 1;
        memset(fuzz_keys[i].fingerprint, 'a' + i, NGX_GEMINI_FINGERPRINT);
    }
}


static void
fuzz_zone(ngx_gemini_view_t *gv, ngx_gemini_conf_t *gc)
{
    void               *mem;
    ngx_gemini_caps_t   caps;

    caps.keys = 2;
    caps.projects = 2;
    caps.accounts = 1;
    caps.models = 2;
    caps.reservations = 4;
    caps.owners = 64;

    mem = aligned_alloc(64, ngx_gemini_pool_size(&caps));

    ngx_gemini_pool_init(mem, &caps, FUZZ_NOW);
    fuzz_check(ngx_gemini_pool_attach(gv, mem) == NGX_OK);
    ngx_gemini_pool_claim(gv, gc, FUZZ_NOW);
}


static void
fuzz_pool(const ngx_gemini_view_t *gv)
{
    uint32_t                   i;
    const ngx_gemini_key_t    *key;
    const ngx_gemini_model_t  *model;

    fuzz_check(gv->gp->lock_model == NGX_GEMINI_NONE
               || gv->gp->lock_model < gv->nmodels);
    fuzz_check(gv->gp->in_flight == 0);

    for (i = 0; i < gv->gp->caps.keys; i++) {
        key = &gv->keys[i];

        fuzz_check(key->disabled < NGX_GEMINI_CLASSES);
        fuzz_check(key->rest.reason < NGX_GEMINI_CLASSES);
        fuzz_check(key->rest.provenance <= NGX_GEMINI_SET);
        fuzz_check(key->fingerprint[0] == 'a' + i);
        fuzz_check(key->note.len <= NGX_GEMINI_NOTE_MAX);
        fuzz_check(key->operator <= 1);
        fuzz_check(key->in_flight == 0);
    }

    for (i = 0; i < gv->nmodels; i++) {
        model = &gv->models[i];

        fuzz_check(model->window.n <= 20);
        fuzz_check(model->window.head < NGX_GEMINI_WINDOW_MAX);
        fuzz_check(model->in_flight == 0);
    }

    for (i = 0; i < NGX_GEMINI_EVENTS; i++) {
        fuzz_check(gv->gp->events[i].type < NGX_GEMINI_EVENT_TYPES);
        fuzz_check(gv->gp->events[i].label_len <= NGX_GEMINI_LABEL_MAX);
        fuzz_check(gv->gp->events[i].model_len <= NGX_GEMINI_MODEL_MAX);
    }
}


static void
fuzz_owners(const ngx_gemini_view_t *gv)
{
    uint32_t                   i;
    const ngx_gemini_owner_t  *owner;

    for (i = 0; i < gv->gp->caps.owners; i++) {
        owner = &gv->owners[i];

        if (owner->hash == 0) {
            continue;
        }

        fuzz_check(gv->gp->owned == 1);
        fuzz_check(owner->project < gv->gp->caps.projects);
        fuzz_check(owner->model == NGX_GEMINI_NONE
                   || owner->model < gv->nmodels);
        fuzz_check(owner->type > NGX_GEMINI_REF_NONE
                   && owner->type < NGX_GEMINI_REF_TYPES);
        fuzz_check(owner->used <= FUZZ_NOW && owner->expires > FUZZ_NOW);
        fuzz_check(owner->expires - owner->used
                   == ngx_gemini_owner_life(owner->type));
    }
}


static void
fuzz_again(const ngx_gemini_view_t *gv, ngx_gemini_conf_t *gc)
{
    u_char                        *mem;
    ngx_int_t                      rc;
    ngx_str_t                      text;
    ngx_gemini_out_t               out;
    ngx_gemini_view_t              other;
    ngx_gemini_restore_error_t     error;
    static ngx_gemini_snapshot_t   gs;

    mem = malloc(FUZZ_TEXT);

    ngx_gemini_out_init(&out, mem, FUZZ_TEXT);
    ngx_gemini_snapshot_init(&gs, &gc->name, 1, FUZZ_NOW);

    do {
        ngx_gemini_snapshot_copy(&gs, gv);
        rc = ngx_gemini_snapshot_render(&gs, &out);
    } while (rc == NGX_AGAIN);

    fuzz_check(!out.failed);

    text.data = mem;
    text.len = out.pos - mem;

    fuzz_zone(&other, gc);
    fuzz_check(ngx_gemini_restore(&other, gc, &text, FUZZ_NOW, &error)
               == NGX_OK);

    free(other.gp);
    free(mem);
}


static void
fuzz_check(int good)
{
    if (!good) {
        abort();
    }
}
