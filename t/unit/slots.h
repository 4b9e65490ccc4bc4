
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Small pools for tests of slots: a configuration from words, claimed in a
 * zone of its own.
 */


#ifndef _SLOTS_H_INCLUDED_
#define _SLOTS_H_INCLUDED_


#include "ngx_gemini_pool.h"
#include "tap.h"


#define SLOTS_NOW   1795327200000ull
#define SLOTS_KEYS  10000
#define SLOTS_NAME  8


/* a configuration: keys, each with a project and an account of its name */

typedef struct {
    ngx_gemini_conf_t          gc;
    ngx_gemini_key_conf_t      keys[SLOTS_KEYS];
    ngx_gemini_project_conf_t  projects[SLOTS_KEYS];
    ngx_gemini_account_conf_t  accounts[SLOTS_KEYS];
    ngx_gemini_model_conf_t    models[NGX_GEMINI_MODELS_MAX];
    char                       names[SLOTS_KEYS][SLOTS_NAME];
} slots_conf_t;


static inline void slots_conf(const char *names, const char *models);
static inline void slots_conf_key(const char *name, size_t len);
static inline void slots_claim(void);
static inline uint32_t slots_key(const char *label);
static inline void slots_start(ngx_gemini_view_t *view, uint32_t n);
static inline void slots_stop(ngx_gemini_view_t *view);


static ngx_gemini_view_t   slots_view;
static ngx_gemini_view_t  *gv = &slots_view;
static slots_conf_t        slots;
static ngx_gemini_conf_t  *gc = &slots.gc;


/* words of keys and of models; each key has its own project and account */

static inline void
slots_conf(const char *names, const char *models)
{
    size_t                    len;
    ngx_gemini_model_conf_t  *mc;

    memset(gc, 0, sizeof(ngx_gemini_conf_t));

    gc->keys = slots.keys;
    gc->projects = slots.projects;
    gc->accounts = slots.accounts;
    gc->models = slots.models;

    for ( /* void */ ; *names != '\0'; names += len) {
        names += strspn(names, " ");
        len = strcspn(names, " ");

        slots_conf_key(names, len);
    }

    for ( /* void */ ; *models != '\0'; models += len) {
        models += strspn(models, " ");
        len = strcspn(models, " ");

        mc = &gc->models[gc->nmodels++];
        memset(mc, 0, sizeof(ngx_gemini_model_conf_t));

        mc->name.data = (u_char *) models;
        mc->name.len = len;
    }
}


static inline void
slots_conf_key(const char *name, size_t len)
{
    uint32_t                n;
    ngx_str_t               label;
    ngx_gemini_key_conf_t  *kc;

    n = gc->nkeys;

    label.data = (u_char *) slots.names[n];
    label.len = len;
    memcpy(label.data, name, len);

    kc = &gc->keys[n];
    memset(kc, 0, sizeof(ngx_gemini_key_conf_t));

    kc->label = label;
    kc->project = n;
    kc->account = n;
    kc->weight = 1;
    memset(kc->fingerprint, name[0], NGX_GEMINI_FINGERPRINT);

    gc->projects[n].label = label;
    gc->projects[n].account = n;
    gc->accounts[n].label = label;

    gc->nkeys++;
    gc->nprojects++;
    gc->naccounts++;
}


static inline void
slots_claim(void)
{
    ngx_gemini_pool_claim(gv, gc, SLOTS_NOW);
}


static inline uint32_t
slots_key(const char *label)
{
    ngx_str_t  str;

    str.data = (u_char *) label;
    str.len = strlen(label);

    return ngx_gemini_slot_key(gv, &str);
}


/* room for n of each */

static inline void
slots_start(ngx_gemini_view_t *view, uint32_t n)
{
    void               *mem;
    ngx_gemini_caps_t   caps;

    caps.keys = n;
    caps.projects = n;
    caps.accounts = n;
    caps.models = 3;
    caps.reservations = 16;
    caps.owners = 64;

    mem = aligned_alloc(64, ngx_gemini_pool_size(&caps));

    ngx_gemini_pool_init(mem, &caps, SLOTS_NOW);
    (void) ngx_gemini_pool_attach(view, mem);
}


static inline void
slots_stop(ngx_gemini_view_t *view)
{
    free(view->gp);
}


#endif /* _SLOTS_H_INCLUDED_ */
