
/*
 * Copyright (C) The ngx_gemini_router authors
 */


#include "ngx_gemini_health.h"
#include "ngx_gemini_explain.h"
#include "ngx_gemini_field.h"


static const ngx_gemini_names_t  ngx_gemini_health_lacks = {
    NGX_GEMINI_LACKS, ngx_gemini_lack_name
};


static const ngx_gemini_field_t  ngx_gemini_health_fields[] = {
    { "healthy", NGX_GEMINI_FIELD_BOOL,
      offsetof(ngx_gemini_health_t, healthy), NULL },
    { "lack", NGX_GEMINI_FIELD_NAMES,
      offsetof(ngx_gemini_health_t, lack), &ngx_gemini_health_lacks },
    { "until", NGX_GEMINI_FIELD_TIME,
      offsetof(ngx_gemini_health_t, until), NULL },
    ngx_gemini_null_field
};


void
ngx_gemini_health_look(ngx_gemini_health_t *health, ngx_gemini_view_t *gv,
    const ngx_gemini_conf_t *gc, uint64_t now)
{
    uint32_t           i;
    ngx_gemini_pick_t  pick;

    for (i = 0; i < gc->nmodels; i++) {
        health->choices[i].slot = gc->models[i].slot;
        health->choices[i].conf = i;
    }

    if (i == 0) {
        health->choices[i].slot = gv->other;
        health->choices[i++].conf = NGX_GEMINI_NONE;
    }

    ngx_memzero(&pick, sizeof(ngx_gemini_pick_t));

    pick.choices = health->choices;
    pick.nchoices = i;
    pick.surface = NGX_GEMINI_SURFACE_NATIVE;
    pick.verb = NGX_GEMINI_VERB_GENERATE;
    pick.project = NGX_GEMINI_NONE;
    pick.tokens = 1;
    pick.dry = 1;

    health->healthy = (ngx_gemini_sched_pick(gv, gc, &pick, now) == NGX_OK);
    health->lack = health->healthy ? 0 : pick.lack;
    health->until = health->healthy ? 0 : pick.until;
}


void
ngx_gemini_health_render(const ngx_gemini_health_t *health,
    const ngx_gemini_conf_t *gc, uint64_t now, ngx_gemini_out_t *out)
{
    ngx_gemini_out_open(out, NULL, '{');
    ngx_gemini_out_kstr(out, "pool", gc->name.data, gc->name.len);
    ngx_gemini_field_json(out, ngx_gemini_health_fields, health);

    if (health->until > now) {
        ngx_gemini_out_ksec(out, "left", health->until - now);

    } else {
        ngx_gemini_out_knull(out, "left");
    }

    ngx_gemini_out_close(out, '}');
    ngx_gemini_out_cstr(out, "\n");
}
