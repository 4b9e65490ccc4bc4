
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Names for the tests of the map of owners: "f..": files, "c..": caches,
 * "t..": continuations, "p..": pages, "u..": uploads.
 */


#ifndef _OWNER_H_INCLUDED_
#define _OWNER_H_INCLUDED_


#include "ngx_gemini_owner.h"
#include "ngx_gemini_slots.h"
#include "slots.h"


#define OWNER_TEAM    7
#define OWNER_OTHERS  8
#define OWNER_REFS    8


static inline void owner_start(void);
static inline ngx_gemini_refs_t *owner_refs(const char *words);
static inline void owner_ref(const char *word, size_t len);
static inline uint64_t owner_hash(const char *word, size_t len);
static inline void owner_learn(const char *words, uint32_t project,
    uint64_t team, uint64_t now);
static inline ngx_gemini_owned_e owner_resolve(const char *words, uint64_t team,
    uint64_t now);
static inline const ngx_gemini_owner_t *owner_find(const char *word);
static inline uint32_t owner_count(uint64_t now);
static inline const char *owner_label(uint32_t project);


static const char  owner_kinds[] = "fctpu";

static const uint8_t  owner_types[] = {
    NGX_GEMINI_REF_FILE,
    NGX_GEMINI_REF_CACHE,
    NGX_GEMINI_REF_CONTINUATION,
    NGX_GEMINI_REF_PAGE,
    NGX_GEMINI_REF_UPLOAD
};


static ngx_gemini_ref_t    owner_elts[OWNER_REFS];
static ngx_gemini_refs_t   owner_list_of = { owner_elts, 0, OWNER_REFS, 0 };
static ngx_gemini_owned_t  owned;


static inline void
owner_start(void)
{
    slots_start(gv, 9);
    slots_conf("a b c", "flash lite");
    slots_claim();
}


static inline ngx_gemini_refs_t *
owner_refs(const char *words)
{
    size_t  len;

    owner_list_of.nelts = 0;

    for ( /* void */ ; *words != '\0'; words += len) {
        words += strspn(words, " ");
        len = strcspn(words, " ");

        owner_ref(words, len);
    }

    return &owner_list_of;
}


static inline void
owner_ref(const char *word, size_t len)
{
    ngx_gemini_ref_t  *ref;

    ref = &owner_elts[owner_list_of.nelts++];

    ref->type = owner_types[strchr(owner_kinds, word[0]) - owner_kinds];
    ref->hash = owner_hash(word, len);
    ref->len = (uint8_t) len;
    memcpy(ref->name, word, len);
}


static inline uint64_t
owner_hash(const char *word, size_t len)
{
    return (uint64_t) ngx_gemini_slots_hash((u_char *) word, len) << 16 | 1;
}


static inline void
owner_learn(const char *words, uint32_t project, uint64_t team, uint64_t now)
{
    ngx_gemini_owner_learn(gv, gc, owner_refs(words), project,
                           NGX_GEMINI_NONE, team, now);
}


static inline ngx_gemini_owned_e
owner_resolve(const char *words, uint64_t team, uint64_t now)
{
    return ngx_gemini_owner_resolve(gv, gc, owner_refs(words), team, now,
                                    &owned);
}


static inline const ngx_gemini_owner_t *
owner_find(const char *word)
{
    return ngx_gemini_owner_set_find(gv, owner_hash(word, strlen(word)), 1);
}


/* in slices, which add up */

static inline uint32_t
owner_count(uint64_t now)
{
    uint32_t  i, n;
    uint64_t  sum, counts[NGX_GEMINI_REF_TYPES];

    memset(counts, 0, sizeof(counts));
    n = 0;

    for (i = 0; i < gv->gp->caps.owners; i += 60) {
        n += ngx_gemini_owner_count(gv, i, 60, now, counts);
    }

    for (i = 0, sum = 0; i < NGX_GEMINI_REF_TYPES; i++) {
        sum += counts[i];
    }

    return (sum == n) ? n : NGX_GEMINI_NONE;
}


static inline const char *
owner_label(uint32_t project)
{
    static char  label[SLOTS_NAME];

    memset(label, 0, sizeof(label));

    if (project < gc->nprojects) {
        memcpy(label, gc->projects[project].label.data,
               gc->projects[project].label.len);
    }

    return label;
}


#endif /* _OWNER_H_INCLUDED_ */
