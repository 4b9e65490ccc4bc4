
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Which keys may serve a request at all: the restrictions of its location,
 * what its earlier attempts have shown.
 */


#include "ngx_gemini_candidate.h"
#include "ngx_gemini_glob.h"


static ngx_uint_t ngx_gemini_allow_restricted(const ngx_gemini_look_t *look,
    const ngx_gemini_candidate_t *c);
static ngx_uint_t ngx_gemini_allow_spoilt(const ngx_gemini_look_t *look,
    const ngx_gemini_tried_t *tried, const ngx_gemini_key_conf_t *conf);
static ngx_uint_t ngx_gemini_allow_again(ngx_uint_t class);


ngx_uint_t
ngx_gemini_allow_never(const ngx_gemini_look_t *look,
    const ngx_gemini_candidate_t *c)
{
    if (c->conf->disabled || c->key->disabled
        || (c->key->surfaces & look->surface) || (c->key->verbs & look->verb))
    {
        return 1;
    }

    if (look->pick->project != NGX_GEMINI_NONE
        && look->pick->project != c->conf->project)
    {
        return 1;
    }

    /* candidates of a listed model are chosen by name beforehand */

    if (look->name != NULL && c->conf->models.len
        && !ngx_gemini_glob_list(&c->conf->models, look->name))
    {
        return 1;
    }

    return look->pick->restrict_to != NULL
           && look->pick->restrict_to->keys.len
           && !ngx_gemini_allow_restricted(look, c);
}


static ngx_uint_t
ngx_gemini_allow_restricted(const ngx_gemini_look_t *look,
    const ngx_gemini_candidate_t *c)
{
    u_char           *p, *last, *comma;
    ngx_str_t         glob;
    const ngx_str_t  *text;

    p = look->pick->restrict_to->keys.data;
    last = p + look->pick->restrict_to->keys.len;

    for ( ; p < last; p = comma + 1) {

        for (comma = p; comma < last && *comma != ','; comma++) {
            /* void */
        }

        while (p < comma && *p == ' ') {
            p++;
        }

        glob.data = p;
        glob.len = comma - p;
        text = &c->conf->label;

        if (glob.len > 8 && ngx_memcmp(p, "project:", 8) == 0) {
            text = &look->gc->projects[c->conf->project].label;

        } else if (glob.len > 8 && ngx_memcmp(p, "account:", 8) == 0) {
            text = &look->gc->accounts[c->conf->account].label;
        }

        if (text != &c->conf->label) {
            glob.data += 8;
            glob.len -= 8;
        }

        while (glob.len && glob.data[glob.len - 1] == ' ') {
            glob.len--;
        }

        if (glob.len && ngx_gemini_glob(&glob, text)) {
            return 1;
        }
    }

    return 0;
}


ngx_uint_t
ngx_gemini_allow_tried(const ngx_gemini_look_t *look, uint32_t key,
    const ngx_gemini_candidate_t *c)
{
    uint32_t                   i;
    const ngx_gemini_tried_t  *tried;

    for (i = 0; i < look->pick->ntried; i++) {
        tried = &look->pick->tried[i];

        if (tried->key == key) {

            if (tried->model == look->choice->slot
                && !(look->pick->again
                     && ngx_gemini_allow_again(tried->class)))
            {
                return 1;
            }

            if (tried->class >= NGX_GEMINI_KEY_INVALID
                && tried->class <= NGX_GEMINI_KEY_BLOCKED)
            {
                return 1;
            }
        }

        if (ngx_gemini_allow_spoilt(look, tried, c->conf)) {
            return 1;
        }
    }

    return 0;
}


/* the failure was that of more than one key: none of them is asked again */

static ngx_uint_t
ngx_gemini_allow_spoilt(const ngx_gemini_look_t *look,
    const ngx_gemini_tried_t *tried, const ngx_gemini_key_conf_t *conf)
{
    switch (tried->class) {

    case NGX_GEMINI_QUOTA_DAY:
    case NGX_GEMINI_QUOTA_MINUTE:
    case NGX_GEMINI_QUOTA_TOKENS:
    case NGX_GEMINI_QUOTA_ZERO:
    case NGX_GEMINI_QUOTA_TERSE:
    case NGX_GEMINI_QUOTA_TOOL:
    case NGX_GEMINI_PERMISSION:
    case NGX_GEMINI_MODEL_CLOSED:
        return tried->project == conf->project
               && tried->model == look->choice->slot;

    case NGX_GEMINI_PROJECT_SUSPENDED:
    case NGX_GEMINI_PROJECT_DISABLED:
    case NGX_GEMINI_PROJECT_DENIED:
    case NGX_GEMINI_PROJECT_BILLING:
    case NGX_GEMINI_CAP:
    case NGX_GEMINI_RESOURCE:
        return tried->project == conf->project;

    case NGX_GEMINI_CREDIT:
    case NGX_GEMINI_SPEND_RATE:
        return look->gc->projects[tried->project].account == conf->account;

    case NGX_GEMINI_MODEL_UNKNOWN:
        return tried->model == look->choice->slot;

    default:
        return 0;
    }
}


/* a transport failure or 5xx, design.md 3.7 */

static ngx_uint_t
ngx_gemini_allow_again(ngx_uint_t class)
{
    switch (class) {

    case NGX_GEMINI_OVERLOADED:
    case NGX_GEMINI_SERVER:
    case NGX_GEMINI_DEADLINE:
    case NGX_GEMINI_EMPTY:
    case NGX_GEMINI_BAD_GATEWAY:
    case NGX_GEMINI_TIMEOUT:
    case NGX_GEMINI_TRANSPORT:
        return 1;

    default:
        return 0;
    }
}
