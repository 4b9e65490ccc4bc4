
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_refs.h"
#include "ngx_gemini_resource.h"
#include "ngx_gemini_uri.h"


static ngx_uint_t ngx_gemini_resource_get(const ngx_str_t *method);
static void ngx_gemini_resource_list(ngx_gemini_wish_t *wish);


/* gemini-api.md 1.2, 1.8: what a wrong project refuses has not run there */

void
ngx_gemini_resource(ngx_gemini_wish_t *wish, const ngx_str_t *method)
{
    ngx_uint_t  get;

    get = ngx_gemini_resource_get(method);

    switch (wish->family) {

    case NGX_GEMINI_FAMILY_UNKNOWN:
    case NGX_GEMINI_FAMILY_MODELS:
    case NGX_GEMINI_FAMILY_LIVE:
        return;

    case NGX_GEMINI_FAMILY_GENERATE:
    case NGX_GEMINI_FAMILY_COUNT:
    case NGX_GEMINI_FAMILY_EMBED:
        wish->ask = 1;
        wish->names = (wish->verb == NGX_GEMINI_VERB_PREDICT_LONG
                       || wish->verb == NGX_GEMINI_VERB_OPENAI_OTHER);
        break;

    case NGX_GEMINI_FAMILY_INTERACTIONS:
        wish->ask = get || wish->verb == NGX_GEMINI_VERB_INTERACT;
        wish->names = 1;
        break;

    case NGX_GEMINI_FAMILY_TUNED:
        wish->ask = get || wish->judged;
        wish->names = !wish->judged;
        break;

    default:

        /* what is made of another resource is refused, too, where that is
           not known */

        wish->ask = get || wish->verb == NGX_GEMINI_VERB_BATCH_GENERATE
                    || wish->verb == NGX_GEMINI_VERB_ASYNC_BATCH_EMBED
                    || ngx_gemini_refs_collection(&wish->path);
        wish->names = 1;
    }

    /* a collection, or what we know no better */

    if (get && wish->names && !ngx_gemini_refs_named(&wish->path)) {
        wish->list = 1;
        ngx_gemini_resource_list(wish);
    }
}


static ngx_uint_t
ngx_gemini_resource_get(const ngx_str_t *method)
{
    return (method->len == 3 && ngx_memcmp(method->data, "GET", 3) == 0)
           || (method->len == 4 && ngx_memcmp(method->data, "HEAD", 4) == 0);
}


/* ?project= is for us: Google's lists know no such parameter */

static void
ngx_gemini_resource_list(ngx_gemini_wish_t *wish)
{
    u_char                *p;
    ngx_str_t              args;
    ngx_gemini_uri_arg_t   arg;

    args = wish->args;
    p = wish->args.data;

    while (ngx_gemini_uri_next(&args, &arg) == NGX_OK) {

        if (ngx_gemini_uri_is(arg.name.data, arg.name.len, "project")
            && arg.value.len < NGX_GEMINI_LABEL_MAX)
        {
            wish->project_len = arg.value.len;
            ngx_memcpy(wish->project, arg.value.data, arg.value.len);
            continue;
        }

        if (p != wish->args.data) {
            *p++ = '&';
        }

        ngx_memmove(p, arg.whole.data, arg.whole.len);
        p += arg.whole.len;
    }

    wish->args.len = p - wish->args.data;
}
