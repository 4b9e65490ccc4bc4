
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * What a request line asks for, gemini-api.md 0 and 1; and the request line
 * that goes upstream.  A wish points into the URI that it was read from and
 * into memory of the caller.
 */


#ifndef _NGX_GEMINI_REQUEST_H_INCLUDED_
#define _NGX_GEMINI_REQUEST_H_INCLUDED_


#include "ngx_gemini.h"
#include "ngx_gemini_body.h"
#include "ngx_gemini_pool.h"


#define NGX_GEMINI_URI_MAX  8192


typedef struct {
    ngx_gemini_surface_e       surface;
    ngx_gemini_family_e        family;
    ngx_gemini_verb_e          verb;
    ngx_str_t                  version;    /* "v1beta" */
    ngx_str_t                  prefix;     /* decoded, cut off before path */
    ngx_str_t                  path;       /* decoded, one slash at the head,
                                              after the location's prefix */
    ngx_str_t                  args;       /* raw, without credentials */
    ngx_str_t                  model;      /* in the path, decoded, without
                                              "models/"; empty: none there */
    size_t                     model_at;   /* its place in path */
    ngx_gemini_body_want_e     body;       /* where the body may name it */
    unsigned                   known:1;    /* a path that we route */
    unsigned                   judged:1;   /* generate, stream, count, embed
                                              or chat: hold the 200 */
    unsigned                   replay:1;   /* may be sent again after it may
                                              have run, 3.5 */
    unsigned                   fallback:1; /* another model may serve it */
    unsigned                   streams:1;  /* by path or ?alt=sse; for chat
                                              the body decides */
    unsigned                   array:1;    /* errors are arrays: stream
                                              without alt=sse */
    unsigned                   sse:1;      /* alt=sse */
    unsigned                   tuned:1;    /* "tunedModels/" etc.: pass */
    unsigned                   list:1;     /* GET of what one project owns */
    unsigned                   names:1;    /* the answer may name resources */
    unsigned                   ask:1;      /* may be asked of one project
                                              after another: a GET, or what
                                              a wrong one refuses, 1.8 */
    unsigned                   plain:1;    /* path is escaped to itself */
    ngx_gemini_kind_e          kind;       /* that the verb implies */
    size_t                     project_len;
    u_char                     project[NGX_GEMINI_LABEL_MAX];    /* of a list:
                                              ?project=, raw */
} ngx_gemini_wish_t;


/*
 * uri as received, with args; prefix: bytes of the decoded path that belong
 * to the location, with or without a slash at the end; as much of them is cut
 * off as is no part of Google's path (of "/upload/" nothing); buf:
 * NGX_GEMINI_URI_MAX bytes for decoded parts, used as long as the wish.
 * NGX_ERROR: cannot be decoded, too long, ".." above the root.
 */
ngx_int_t ngx_gemini_request_parse(ngx_gemini_wish_t *wish,
    const ngx_str_t *method, const ngx_str_t *uri, size_t prefix,
    u_char *buf);

/*
 * the canonical request target for upstream with model in the place of the
 * wish's (NULL: keep); *len is the room at p and then what was used;
 * NGX_ERROR: no room
 */
ngx_int_t ngx_gemini_request_target(const ngx_gemini_wish_t *wish,
    const ngx_str_t *model, u_char *p, size_t *len);

/* the same target, if it stands in the memory of the wish; NGX_DECLINED: not */
ngx_int_t ngx_gemini_request_ready(const ngx_gemini_wish_t *wish,
    const ngx_str_t *model, ngx_str_t *target);

/*
 * overwrites the values of key, access_token, oauth_token, upload_id in a
 * request line, URI or args, in place, with 'x'; how many
 */
ngx_uint_t ngx_gemini_request_redact(u_char *p, size_t len);

/* 1: a query argument of this name does not go upstream, nor to a client */
ngx_uint_t ngx_gemini_request_credential(const ngx_str_t *name);

/* the raw value of a query argument, percent-decoded into buf */
ngx_int_t ngx_gemini_request_arg(const ngx_str_t *args, const char *name,
    u_char *buf, size_t size, ngx_str_t *value);

/*
 * a model name as clients write it ("models/x", "x") without its prefix;
 * NGX_DECLINED: not a name of a base model (tunedModels/, odd bytes)
 */
ngx_int_t ngx_gemini_request_model(const ngx_str_t *name, ngx_str_t *model);

/* the kind of a model by its name, design.md 2 */
ngx_gemini_kind_e ngx_gemini_request_kind(const ngx_str_t *name);

/* kinds that a verb can be served by, as a mask */
ngx_uint_t ngx_gemini_request_kinds(ngx_gemini_verb_e verb);

const char *ngx_gemini_surface_name(ngx_uint_t surface);
const char *ngx_gemini_family_name(ngx_uint_t family);
const char *ngx_gemini_verb_name(ngx_uint_t verb);
const char *ngx_gemini_kind_name(ngx_uint_t kind);


#endif /* _NGX_GEMINI_REQUEST_H_INCLUDED_ */
