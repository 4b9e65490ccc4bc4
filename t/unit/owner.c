
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * The map of who owns what: learning, asking, forgetting.
 */


#include "owner.h"


/* a question: references, who asks, what comes of it */

typedef struct {
    const char                *refs;       /* words, see owner_refs() */
    uint64_t                   team;
    ngx_gemini_owned_e         rc;
    const char                *project;
    const char                *other;
    uint32_t                   unknown;
    const char                *name;
} owner_ask_t;


static void owner_lives(void);
static void owner_teams(void);
static void owner_asks(void);
static void owner_overflow(void);
static void owner_expiry(void);
static void owner_again(void);
static void owner_list(void);
static void owner_list_moves(void);


/* "f1 c1 t1" were learned of a, for a team "f2 p2" of b and "f3" of a */

static const owner_ask_t  owner_table[] = {
    { "", 0, NGX_GEMINI_OWNED_NONE, NULL, NULL, 0, "nothing named" },
    { "f9", 0, NGX_GEMINI_OWNED_NONE, NULL, NULL, 1, "not known" },
    { "f9 c9 t9 p9 u9", 0, NGX_GEMINI_OWNED_NONE, NULL, NULL, 2,
      "tokens are not counted" },
    { "f1", 0, NGX_GEMINI_OWNED_ONE, "a", NULL, 0, "one" },
    { "f9 c1 f1", 0, NGX_GEMINI_OWNED_ONE, "a", NULL, 1, "two of one" },
    { "f1 c1 f2", 0, NGX_GEMINI_OWNED_MIXED, "a", "f2", 0, "two owners" },
    { "f1 f2 c1", 0, NGX_GEMINI_OWNED_MIXED, "a", "f2", 0,
      "one of them again" },
    { "f2 f1 c1", 0, NGX_GEMINI_OWNED_MIXED, "b", "f1", 0, "the first two" },
    { "t1 f2", 0, NGX_GEMINI_OWNED_MIXED, "a", "f2", 0, "tokens count" },
    { "f2", OWNER_TEAM, NGX_GEMINI_OWNED_ONE, "b", NULL, 0, "a team's own" },
    { "f2", OWNER_OTHERS, NGX_GEMINI_OWNED_FOREIGN, NULL, "f2", 0,
      "another team's" },
    { "f1", OWNER_TEAM, NGX_GEMINI_OWNED_FOREIGN, NULL, "f1", 0,
      "of no team" },
    { "t1", OWNER_TEAM, NGX_GEMINI_OWNED_FOREIGN, NULL, "t1", 0,
      "a token of no team" },
    { "f9", OWNER_TEAM, NGX_GEMINI_OWNED_UNKNOWN, NULL, "f9", 1,
      "not known to be a team's" },
    { "t9 u9 p9", OWNER_TEAM, NGX_GEMINI_OWNED_NONE, NULL, NULL, 0,
      "tokens that are not known" },
    { "t9 f2", OWNER_TEAM, NGX_GEMINI_OWNED_ONE, "b", NULL, 0,
      "beside what is" },
    { "f2 f9 f8", OWNER_TEAM, NGX_GEMINI_OWNED_UNKNOWN, NULL, "f9", 2,
      "the first that is not known" },
    { "f9 f2 f1", OWNER_TEAM, NGX_GEMINI_OWNED_FOREIGN, NULL, "f1", 1,
      "foreign before unknown" },
    { "f2 p2 f3 f9", OWNER_TEAM, NGX_GEMINI_OWNED_UNKNOWN, NULL, "f9", 1,
      "unknown before mixed" },
    { "f2 f3", OWNER_TEAM, NGX_GEMINI_OWNED_MIXED, "b", "f3", 0,
      "a team's in two projects" }
};


static void
owner_lives(void)
{
    uint32_t  i, none;

    none = 0;

    for (i = 1; i < NGX_GEMINI_REF_TYPES; i++) {
        none += (ngx_gemini_owner_life(i) == 0);
    }

    tap_is_int(none, 0, "each type has a life");
    tap_is_int(ngx_gemini_owner_life(NGX_GEMINI_REF_NONE), 0, "nothing none");
    tap_is_int(ngx_gemini_owner_life(NGX_GEMINI_REF_TYPES), 0, "nor others");
    tap_is_int(ngx_gemini_owner_life(NGX_GEMINI_REF_FILE),
               48 * NGX_GEMINI_HOUR, "files 48 h");
    tap_is_int(ngx_gemini_owner_life(NGX_GEMINI_REF_INTERACTION),
               55 * (uint64_t) NGX_GEMINI_DAY, "interactions 55 days");
    tap_is_int(ngx_gemini_owner_life(NGX_GEMINI_REF_PAGE), NGX_GEMINI_HOUR,
               "pages 1 h");
}


static void
owner_teams(void)
{
    ngx_str_t  one, two, none;

    ngx_str_set(&one, "red");
    ngx_str_set(&two, "der");
    ngx_str_null(&none);

    tap_is_int(ngx_gemini_owner_team(&none), 0, "no team");
    tap_ok(ngx_gemini_owner_team(&one) != 0, "a team");
    tap_ok(ngx_gemini_owner_team(&one) != ngx_gemini_owner_team(&two),
           "and another");
}


static void
owner_asks(void)
{
    ngx_uint_t          i;
    const owner_ask_t  *ask;

    owner_start();

    tap_is_int(owner_resolve("f1", 0, SLOTS_NOW), NGX_GEMINI_OWNED_NONE,
               "an empty map knows nothing");
    tap_is_int(gv->gp->owned, 0, "and says so");

    owner_learn("f1 c1 t1", 0, 0, SLOTS_NOW);
    owner_learn("f2 p2", 1, OWNER_TEAM, SLOTS_NOW);
    owner_learn("f3", 0, OWNER_TEAM, SLOTS_NOW);

    tap_is_int(gv->gp->owned, 1, "it has something");
    tap_is_int(owner_count(SLOTS_NOW), 6, "six names");

    for (i = 0; i < sizeof(owner_table) / sizeof(owner_table[0]); i++) {
        ask = &owner_table[i];

        tap_is_int(owner_resolve(ask->refs, ask->team, SLOTS_NOW), ask->rc,
                   "%s", ask->name);

        if (ask->project) {
            tap_is_str(owner_label(owned.project), ask->project,
                       "%s: whose", ask->name);
        }

        tap_ok(owned.other == NULL
               ? ask->other == NULL
               : ask->other != NULL
                 && memcmp(owned.other->name, ask->other, 2) == 0,
               "%s: which", ask->name);
        tap_is_int(owned.unknown, ask->unknown, "%s: not known", ask->name);
    }

    (void) owner_resolve("f1 f2", 0, SLOTS_NOW);
    tap_is_mem(owned.first->name, owned.first->len, "f1", "the owner's");
    tap_is_str(owner_label(owned.other_project), "b", "and the other one");

    ngx_gemini_owner_forget(gv, owner_hash("f2", 2));
    tap_is_int(owner_resolve("f2", 0, SLOTS_NOW), NGX_GEMINI_OWNED_NONE,
               "forgotten");
    tap_is_int(owner_count(SLOTS_NOW), 5, "one less");

    slots_stop(gv);
}


static void
owner_overflow(void)
{
    owner_start();
    owner_learn("f1", 0, OWNER_TEAM, SLOTS_NOW);

    owner_list_of.overflow = 1;

    tap_is_int(owner_resolve("f1", 0, SLOTS_NOW), NGX_GEMINI_OWNED_ONE,
               "what was not looked at is nobody's");
    tap_is_int(owner_resolve("f1", OWNER_TEAM, SLOTS_NOW),
               NGX_GEMINI_OWNED_UNKNOWN, "but may not be the team's");
    tap_ok(owned.other == &owner_elts[0], "there is a name for it");

    owner_list_of.overflow = 0;

    slots_stop(gv);
}


/* a use is noted by the minute, an expiry moved by the hour */

static void
owner_expiry(void)
{
    uint64_t                   now, changes;
    const ngx_gemini_owner_t  *file, *cache;

    owner_start();
    now = SLOTS_NOW;

    owner_learn("f1 c1", 0, 0, now);
    tap_is_int(gv->gp->changes, 2, "worth saving");

    file = owner_find("f1");
    cache = owner_find("c1");

    now += NGX_GEMINI_MINUTE - 1;
    (void) owner_resolve("f1 c1", 0, now);
    tap_is_int(cache->used, SLOTS_NOW, "a use is not noted at once");

    now++;
    (void) owner_resolve("f1 c1", 0, now);
    tap_is_int(file->used, now, "but by the minute");
    tap_is_int(cache->expires, SLOTS_NOW + NGX_GEMINI_DAY, "no longer life");
    tap_is_int(gv->gp->changes, 2, "nothing to save");

    now += NGX_GEMINI_HOUR;
    changes = gv->gp->changes;
    (void) owner_resolve("f1 c1", 0, now);
    tap_is_int(cache->expires, now + NGX_GEMINI_DAY, "a cache in use lives");
    tap_is_int(gv->gp->changes, changes + 1, "which is saved");
    tap_is_int(file->expires, SLOTS_NOW + 2 * NGX_GEMINI_DAY,
               "a file ends when it ends");

    owner_learn("f1 c1", 0, 0, now + NGX_GEMINI_DAY - 1);
    tap_is_int(file->expires, SLOTS_NOW + 2 * NGX_GEMINI_DAY,
               "seen again or not");
    tap_is_int(cache->expires, now + 2 * NGX_GEMINI_DAY - 1,
               "a cache is seen");

    now = SLOTS_NOW + 2 * NGX_GEMINI_DAY;
    tap_is_int(owner_resolve("f1", 0, now - 1), NGX_GEMINI_OWNED_ONE, "until");
    tap_is_int(owner_resolve("f1", 0, now), NGX_GEMINI_OWNED_NONE, "the end");
    tap_is_int(owner_count(now), 1, "what is over does not count");

    slots_stop(gv);
}


static void
owner_again(void)
{
    owner_start();

    owner_learn("f1", 0, OWNER_TEAM, SLOTS_NOW);
    owner_learn("f1", 0, OWNER_OTHERS, SLOTS_NOW + 1);
    tap_is_int(owner_find("f1")->team, OWNER_TEAM, "a team keeps its own");
    tap_is_int(gv->gp->changes, 1, "nothing is new");

    owner_learn("f1", 1, OWNER_OTHERS, SLOTS_NOW + 2);
    tap_is_int(owner_find("f1")->team, OWNER_TEAM, "in another project, too");
    (void) owner_resolve("f1", OWNER_TEAM, SLOTS_NOW + 2);
    tap_is_str(owner_label(owned.project), "a", "where it is");
    tap_is_int(gv->gp->changes, 1, "the others\' has the same name");

    owner_learn("f1", 1, OWNER_TEAM, SLOTS_NOW + 2);
    (void) owner_resolve("f1", OWNER_TEAM, SLOTS_NOW + 2);
    tap_is_str(owner_label(owned.project), "b", "where it answered last");
    tap_is_int(gv->gp->changes, 2, "which is worth saving");

    owner_learn("f1", 0, OWNER_OTHERS, SLOTS_NOW + 3 * NGX_GEMINI_DAY);
    tap_is_int(owner_find("f1")->team, OWNER_OTHERS, "after its end a new one");
    tap_is_int(owner_count(SLOTS_NOW + 3 * NGX_GEMINI_DAY), 1, "in its place");

    slots_stop(gv);
}


static void
owner_list(void)
{
    uint32_t  i, k, n, project, seen[4], count[4];

    owner_start();
    slots_conf("a b c d", "flash");
    slots.keys[2].disabled = 1;

    memset(count, 0, sizeof(count));

    for (i = 0; i < 1000; i++) {
        memset(seen, 0, sizeof(seen));

        for (n = 0; n < 3; n++) {
            project = ngx_gemini_owner_list(gc, i, n);
            seen[project < 4 ? project : 2]++;
            count[project < 4 ? project : 2] += (n == 0);
        }

        if (seen[0] != 1 || seen[1] != 1 || seen[3] != 1) {
            break;
        }
    }

    tap_is_int(i, 1000, "each in its turn, but for those that are disabled");
    tap_is_int(ngx_gemini_owner_list(gc, 5, 3), NGX_GEMINI_NONE, "no more");
    tap_is_int(ngx_gemini_owner_list(gc, 5, 9), NGX_GEMINI_NONE, "at all");

    for (k = 0, n = 0; k < 4; k++) {
        n += (count[k] > 250);
    }

    tap_is_int(n, 3, "clients are spread: %u %u %u", count[0], count[1],
               count[3]);

    slots_stop(gv);
}


/* only clients of a project that goes move on, whatever the order */

static void
owner_list_moves(void)
{
    uint32_t  i, moved, first[100], next[100], place[4];

    place[0] = 3;
    place[1] = NGX_GEMINI_NONE;
    place[2] = 1;
    place[3] = 0;

    slots_conf("a b c d", "flash");

    for (i = 0; i < 100; i++) {
        first[i] = ngx_gemini_owner_list(gc, i, 0);
        next[i] = ngx_gemini_owner_list(gc, i, 1);
    }

    slots_conf("d c e a", "flash");
    slots.keys[2].disabled = 1;
    moved = 0;

    for (i = 0; i < 100; i++) {
        first[i] = (place[first[i]] == NGX_GEMINI_NONE) ? next[i] : first[i];
        moved += (ngx_gemini_owner_list(gc, i, 0) != place[first[i]]);
    }

    tap_is_int(moved, 0, "lists stay with their projects");
}


int
main(void)
{
    owner_lives();
    owner_teams();
    owner_asks();
    owner_overflow();
    owner_expiry();
    owner_again();
    owner_list();
    owner_list_moves();

    return tap_done();
}
