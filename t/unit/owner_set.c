
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The records of owners: their sets, and slots that change hands.
 */


#include "owner.h"


#define OWNER_CROWD   5000
#define OWNER_OLD     (SLOTS_NOW - 1000 * (uint64_t) NGX_GEMINI_DAY)


static void owner_sets(void);
static void owner_models(void);
static void owner_bound(const char *models, const char *name,
    uint32_t slot);
static void owner_projects(void);
static void owner_map(void);
static void owner_put(void);
static void owner_put_full(void);


/* one set of all: a free place, one that is over, the least recently used */

static void
owner_sets(void)
{
    char        word[8];
    uint64_t    now;
    ngx_uint_t  i;

    owner_start();
    gv->gp->caps.owners = NGX_GEMINI_OWNER_WAYS;

    now = SLOTS_NOW;

    for (i = 0; i < NGX_GEMINI_OWNER_WAYS; i++) {
        sprintf(word, "%c%02lu", i == 3 ? 'p' : 'f', (unsigned long) i);
        owner_learn(word, 0, 0, now + i);
    }

    tap_is_int(owner_count(now), NGX_GEMINI_OWNER_WAYS, "a full set");

    now += NGX_GEMINI_MINUTE;
    (void) owner_resolve("f00", 0, now);

    owner_learn("f20", 0, 0, now + 1);
    tap_ok(owner_find("f01") == NULL && owner_find("f00") != NULL
           && owner_find("f20") != NULL,
           "a new name takes the place of the least recently used");

    now += NGX_GEMINI_HOUR;
    owner_learn("f21", 0, 0, now);
    tap_ok(owner_find("p03") == NULL && owner_find("f02") != NULL,
           "of one that is over first");

    owner_learn("f22", 0, 0, OWNER_OLD);
    tap_ok(owner_find("f22") != NULL, "a clock that went back stops nothing");

    gv->gp->caps.owners = 0;
    owner_learn("f30", 0, 0, now);
    tap_is_int(owner_resolve("f30", 0, now), NGX_GEMINI_OWNED_NONE,
               "a pool without places knows nothing");

    slots_stop(gv);
}


/* a cache is bound to a model by name, wherever that has its slot */

static void
owner_models(void)
{
    uint32_t   lite, preview;
    ngx_str_t  name;

    owner_start();

    lite = slots.models[1].slot;
    ngx_str_set(&name, "preview");
    preview = ngx_gemini_pool_spare_claim(gv, &name, SLOTS_NOW);

    ngx_gemini_owner_learn(gv, gc, owner_refs("c1 t1 f1"), 0, lite, 0,
                           SLOTS_NOW);
    ngx_gemini_owner_learn(gv, gc, owner_refs("c2"), 0, preview, 0,
                           SLOTS_NOW);
    ngx_gemini_owner_learn(gv, gc, owner_refs("c3"), 0, gv->other, 0,
                           SLOTS_NOW);

    owner_bound(NULL, "t1", lite);
    owner_bound(NULL, "f1", NGX_GEMINI_NONE);
    owner_bound(NULL, "c2", preview);
    owner_bound(NULL, "c3", NGX_GEMINI_NONE);

    owner_learn("c1", 0, 0, SLOTS_NOW);
    owner_bound(NULL, "c1", lite);

    owner_bound("flash", "c1", NGX_GEMINI_NONE);

    ngx_str_set(&name, "lite");
    owner_bound(NULL, "c1", ngx_gemini_pool_spare_claim(gv, &name,
                                                        SLOTS_NOW));

    owner_bound("flash preview new", "c1", NGX_GEMINI_NONE);

    ngx_str_set(&name, "preview");
    owner_bound(NULL, "c2", ngx_gemini_slot_model(gv, &name));
    owner_bound("flash new", "c2", preview);

    gv->model_slots[preview].label[0] = 'P';
    owner_bound(NULL, "c2", NGX_GEMINI_NONE);

    slots_stop(gv);
}


/* models: claimed before, NULL: as they are */

static void
owner_bound(const char *models, const char *name, uint32_t slot)
{
    if (models != NULL) {
        slots_conf("a b c", models);
        slots_claim();
    }

    (void) owner_resolve(name, 0, SLOTS_NOW);
    tap_is_int(owned.model, slot, "%s with %s", name,
               models ? models : "these");
}


static void
owner_projects(void)
{
    uint32_t  i, slot;

    owner_start();
    slot = slots.projects[1].slot;

    owner_learn("f1", 0, OWNER_TEAM, SLOTS_NOW);
    owner_learn("f2", 1, OWNER_TEAM, SLOTS_NOW);

    slots_conf("c a", "flash lite");
    slots_claim();

    tap_is_int(owner_resolve("f2", 0, SLOTS_NOW), NGX_GEMINI_OWNED_NONE,
               "a project that is gone owns nothing");
    tap_is_int(owner_resolve("f2", OWNER_TEAM, SLOTS_NOW),
               NGX_GEMINI_OWNED_UNKNOWN, "for its team neither");
    (void) owner_resolve("f1", 0, SLOTS_NOW);
    tap_is_str(owner_label(owned.project), "a", "another order");

    slots_conf("a b c", "flash lite");
    slots_claim();

    (void) owner_resolve("f2", OWNER_TEAM, SLOTS_NOW);
    tap_is_str(owner_label(owned.project), "b", "it comes back");

    slots_conf("a c", "flash lite");
    slots_claim();
    slots_claim();
    slots_conf("a c d e f g h i j", "flash lite");
    slots_claim();

    tap_ok(ngx_gemini_pool_project(gc, slot) != NGX_GEMINI_NONE,
           "its slot is another's");
    tap_ok(owner_find("f2") == NULL, "who has nothing of it");
    tap_ok(owner_find("f1") != NULL, "others keep theirs");

    for (i = 0; slots.projects[i].slot != slot; i++) { /* void */ }

    owner_learn("f3", i, 0, SLOTS_NOW);
    slots_claim();
    tap_ok(owner_find("f3") != NULL, "and so does it from now on");

    slots_stop(gv);
}


/* with an index or without */

static void
owner_map(void)
{
    char      *names, *p;
    uint32_t   i, k, bad, sizes[2] = { 8, 16384 };

    names = malloc(SLOTS_NAME * OWNER_CROWD);

    for (i = 0, p = names; i < OWNER_CROWD; i++) {
        p += sprintf(p, "k%u ", i);
    }

    for (k = 0; k < 2; k++) {
        slots_start(gv, OWNER_CROWD + 20);
        slots_conf("z0 z1 z2 z3 z4 z5 z6 z7 z8 z9 z10", "flash");
        slots_claim();

        slots_conf(k ? names : "z10 z2 k1", "flash");
        gc->project_map = malloc(sizeof(uint32_t) * sizes[k]);
        gc->project_mask = sizes[k] - 1;
        slots_claim();

        bad = 0;

        for (i = 0; i < gc->nprojects; i++) {
            bad += (ngx_gemini_pool_project(gc, slots.projects[i].slot) != i);
        }

        tap_is_int(bad, 0, "each slot leads to its project");
        tap_is_int(ngx_gemini_pool_project(gc, OWNER_CROWD + 19),
                   NGX_GEMINI_NONE, "others to none");
        tap_is_int(ngx_gemini_pool_project(gc, 0), NGX_GEMINI_NONE,
                   "that of the past, too");

        free(gc->project_map);
        slots_stop(gv);
    }

    free(names);
}


static void
owner_put(void)
{
    ngx_gemini_owner_t  owner;

    owner_start();

    memset(&owner, 0, sizeof(owner));
    owner.hash = owner_hash("f1", 2);
    owner.type = NGX_GEMINI_REF_FILE;
    owner.model = NGX_GEMINI_NONE;
    owner.expires = SLOTS_NOW + 5 * NGX_GEMINI_DAY;
    owner.project = slots.projects[1].slot;

    tap_is_int(ngx_gemini_owner_put(gv, &owner, SLOTS_NOW), NGX_OK, "put");
    tap_is_int(gv->gp->owned, 1, "it has something");
    tap_is_int(owner_find("f1")->expires, SLOTS_NOW + 2 * NGX_GEMINI_DAY,
               "no longer than it could live");
    (void) owner_resolve("f1", 0, SLOTS_NOW);
    tap_is_str(owner_label(owned.project), "b", "its project");

    ngx_gemini_owner_forget(gv, owner.hash);

    owner.expires = SLOTS_NOW;
    tap_is_int(ngx_gemini_owner_put(gv, &owner, SLOTS_NOW), NGX_DECLINED,
               "over");
    owner.expires = SLOTS_NOW + 1;

    owner.type = NGX_GEMINI_REF_NONE;
    tap_is_int(ngx_gemini_owner_put(gv, &owner, SLOTS_NOW), NGX_DECLINED,
               "no type");
    owner.type = NGX_GEMINI_REF_TYPES;
    tap_is_int(ngx_gemini_owner_put(gv, &owner, SLOTS_NOW), NGX_DECLINED,
               "an unknown type");
    owner.type = NGX_GEMINI_REF_FILE;

    owner.project = NGX_GEMINI_NONE;
    tap_is_int(ngx_gemini_owner_put(gv, &owner, SLOTS_NOW), NGX_DECLINED,
               "no project");
    owner.project = 0;

    owner.hash = 0;
    tap_is_int(ngx_gemini_owner_put(gv, &owner, SLOTS_NOW), NGX_DECLINED,
               "no name");
    tap_is_int(owner_count(SLOTS_NOW), 0, "none of them");

    slots_stop(gv);
}


static void
owner_put_full(void)
{
    ngx_uint_t          i;
    ngx_gemini_owner_t  owner;

    owner_start();
    gv->gp->caps.owners = NGX_GEMINI_OWNER_WAYS;

    memset(&owner, 0, sizeof(owner));
    owner.type = NGX_GEMINI_REF_FILE;
    owner.model = NGX_GEMINI_NONE;

    for (i = 1; i <= NGX_GEMINI_OWNER_WAYS; i++) {
        owner.hash = i;
        owner.expires = SLOTS_NOW + NGX_GEMINI_HOUR + i;
        (void) ngx_gemini_owner_put(gv, &owner, SLOTS_NOW);
    }

    owner.hash = 100;
    owner.expires = SLOTS_NOW + NGX_GEMINI_HOUR;
    tap_is_int(ngx_gemini_owner_put(gv, &owner, SLOTS_NOW), NGX_DECLINED,
               "older than all of its set");

    owner.expires = SLOTS_NOW + NGX_GEMINI_DAY;
    tap_is_int(ngx_gemini_owner_put(gv, &owner, SLOTS_NOW), NGX_OK,
               "younger");
    tap_ok(ngx_gemini_owner_set_find(gv, 1, SLOTS_NOW) == NULL
           && ngx_gemini_owner_set_find(gv, 2, SLOTS_NOW) != NULL,
           "than the oldest");

    slots_stop(gv);
}


int
main(void)
{
    owner_sets();
    owner_models();
    owner_projects();
    owner_map();
    owner_put();
    owner_put_full();

    return tap_done();
}
