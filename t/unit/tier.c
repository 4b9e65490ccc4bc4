
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Tiers: each boundary of the letters, each ranking, ties, models without
 * figures, and when the rankings of a pool are made anew.
 */


#include "ngx_gemini_tier.h"
#include "fixture.h"
#include "tap.h"


typedef struct {
    const char                *name;
    ngx_gemini_tier_e          tier;
    ngx_uint_t                 normalized;
    uint32_t                   n;
    ngx_gemini_tier_model_t    models[5];
    const char                *ranked;     /* model and letter */
} tier_case_t;


static void tier_letters(void);
static const char *tier_ranked(const tier_case_t *c);
static void tier_scores(void);
static void tier_names(void);
static void tier_window(fixture_t *f, uint32_t model, uint32_t latency,
    uint32_t ok);
static uint32_t tier_first(fixture_t *f, ngx_gemini_tier_e tier,
    uint64_t now);
static void tier_moving(void);
static void tier_limits(void);


#define TEXT   NGX_GEMINI_KIND_TEXT
#define EMBED  NGX_GEMINI_KIND_EMBEDDING


/* kind, outcomes, good ones, ms, tokens */

static const tier_case_t  tier_cases[] = {

    { "fast: the mean, ascending", NGX_GEMINI_TIER_FAST, 0, 3,
      { { TEXT, 20, 20, 900, 0 }, { TEXT, 20, 10, 300, 0 },
        { TEXT, 1, 1, 301, 0 } },
      "1S 2A 0B" },

    { "fast: of two, and a tie in the order of the list",
      NGX_GEMINI_TIER_FAST, 0, 2,
      { { TEXT, 5, 5, 700, 0 }, { TEXT, 9, 9, 700, 0 } },
      "0S 1B" },

    { "fast: one", NGX_GEMINI_TIER_FAST, 0, 1,
      { { TEXT, 0, 0, 0, 0 } },
      "0S" },

    { "fast: none has figures, the list", NGX_GEMINI_TIER_FAST, 0, 3,
      { { TEXT, 0, 0, 0, 10 }, { TEXT, 0, 0, 0, 20 },
        { TEXT, 0, 0, 0, 30 } },
      "0S 1A 2B" },

    { "fast: what serves, what nobody tried, what only fails",
      NGX_GEMINI_TIER_FAST, 0, 4,
      { { TEXT, 4, 0, 0, 0 }, { TEXT, 0, 0, 0, 0 },
        { TEXT, 3, 1, 90000, 0 }, { TEXT, 0, 0, 0, 0 } },
      "2S 1A 3B 0B" },

    { "quality: the tokens, descending", NGX_GEMINI_TIER_QUALITY, 0, 5,
      { { TEXT, 0, 0, 0, 8192 }, { TEXT, 20, 20, 10, 0 },
        { TEXT, 20, 0, 0, 65536 }, { TEXT, 0, 0, 0, 65536 },
        { TEXT, 20, 20, 10, 0 } },
      "2S 3A 0A 1B 4C" },

    { "balance: failures weigh", NGX_GEMINI_TIER_BALANCE, 0, 2,
      { { TEXT, 20, 19, 500, 0 }, { TEXT, 20, 20, 49000, 0 } },
      "1S 0B" },

    { "balance: 50 and a half second are 50.5", NGX_GEMINI_TIER_BALANCE, 0, 2,
      { { TEXT, 20, 19, 500, 0 }, { TEXT, 20, 20, 50500, 0 } },
      "0S 1B" },

    { "balance: 505 tokens make up for that", NGX_GEMINI_TIER_BALANCE, 0, 2,
      { { TEXT, 20, 20, 0, 0 }, { TEXT, 20, 19, 499, 505 } },
      "1S 0B" },

    { "balance: classic, tokens outweigh failures",
      NGX_GEMINI_TIER_BALANCE, 0, 2,
      { { TEXT, 20, 20, 1000, 8192 }, { TEXT, 20, 2, 1000, 65536 } },
      "1S 0B" },

    { "balance: normalized, they do not", NGX_GEMINI_TIER_BALANCE, 1, 2,
      { { TEXT, 20, 20, 1000, 65000 }, { TEXT, 20, 2, 1000, 65536 } },
      "0S 1B" },

    { "balance: normalized, a half of the slowest is a half",
      NGX_GEMINI_TIER_BALANCE, 1, 3,
      { { TEXT, 10, 10, 2000, 100 }, { TEXT, 10, 6, 1000, 100 },
        { TEXT, 10, 5, 1000, 100 } },
      "1S 0A 2B" },

    { "balance: normalized without any tokens", NGX_GEMINI_TIER_BALANCE, 1, 2,
      { { TEXT, 10, 10, 0, 0 }, { TEXT, 10, 10, 0, 0 } },
      "0S 1B" },

    { "balance: without a success no score", NGX_GEMINI_TIER_BALANCE, 0, 3,
      { { TEXT, 20, 0, 0, 65536 }, { TEXT, 0, 0, 0, 65536 },
        { TEXT, 20, 1, 60000, 0 } },
      "2S 1A 0B" },

    { "kinds are ranked apart", NGX_GEMINI_TIER_FAST, 0, 4,
      { { EMBED, 5, 5, 10, 0 }, { TEXT, 5, 5, 900, 0 },
        { EMBED, 5, 5, 5, 0 }, { TEXT, 5, 5, 100, 0 } },
      "3S 1B 2S 0B" },
};


static void
tier_letters(void)
{
    char         text[16];
    uint32_t     i, k;

    static const struct {
        uint32_t     n;
        const char  *letters;
    } worked[] = {
        { 1, "S" },
        { 2, "SB" },
        { 3, "SAB" },
        { 4, "SABB" },
        { 5, "SAABC" },
        { 6, "SSABBC" },
        { 7, "SSAABBC" },
        { 8, "SSAABBBC" },
        { 9, "SSAAABBBC" },
        { 10, "SSAAABBBCC" },
    };

    for (i = 0; i < sizeof(worked) / sizeof(worked[0]); i++) {

        for (k = 0; k < worked[i].n; k++) {
            text[k] = (char) ngx_gemini_tier_letter(k, worked[i].n);
        }

        text[k] = '\0';

        tap_is_str(text, worked[i].letters, "letters of %u", worked[i].n);
    }
}


static const char *
tier_ranked(const tier_case_t *c)
{
    char                    *p;
    uint32_t                 i, m;
    static char              text[64];
    ngx_gemini_tier_rank_t   rank;

    ngx_gemini_tier_rank(c->models, c->n, c->tier, c->normalized, &rank);

    p = text;
    *p = '\0';

    for (i = 0; i < c->n; i++) {
        m = rank.order[i];
        p += sprintf(p, "%s%u%c", i ? " " : "", m, rank.letter[m]);
    }

    return text;
}


/* in the unit of a score, 1e-6 */

static void
tier_scores(void)
{
    ngx_gemini_tier_rank_t   rank;
    ngx_gemini_tier_model_t  models[2];

    memset(models, 0, sizeof(models));

    models[0].n = 20;
    models[0].ok = 19;
    models[0].mean = 1250;
    models[0].max_tokens = 8192;

    ngx_gemini_tier_rank(models, 2, NGX_GEMINI_TIER_BALANCE, 0, &rank);

    tap_is_int(rank.score[0], 50000000 + 1250000 - 819200000,
               "(1 - 0.95) * 1000 + 1.25 - 8192 * 0.1");
    tap_ok(rank.score[1] == NGX_GEMINI_NO_SCORE, "no score without success");
    tap_is_int(rank.rank[1], 1, "and the last rank");

    ngx_gemini_tier_rank(models, 2, NGX_GEMINI_TIER_BALANCE, 1, &rank);

    tap_is_int(rank.score[0], 50000 + 1000000 - 1000000, "all 0 to 1");
}


static void
tier_names(void)
{
    ngx_str_t   name;
    ngx_uint_t  i;

    for (i = 0; i < NGX_GEMINI_TIERS; i++) {
        name.data = (u_char *) ngx_gemini_tier_name(i);
        name.len = strlen((char *) name.data);

        tap_is_int(ngx_gemini_tier_find(&name), i, "%s", name.data);
    }

    ngx_str_set(&name, "faster");
    tap_is_int(ngx_gemini_tier_find(&name), NGX_GEMINI_TIERS, "no tier");
}


static void
tier_window(fixture_t *f, uint32_t model, uint32_t latency, uint32_t ok)
{
    ngx_gemini_sample_t  sample;

    memset(&sample, 0, sizeof(ngx_gemini_sample_t));

    sample.latency = latency;
    sample.ok = ok;

    ngx_gemini_window_add(&f->gv.models[f->gc.models[model].slot].window,
                          f->gc.window, &sample);
}


static uint32_t
tier_first(fixture_t *f, ngx_gemini_tier_e tier, uint64_t now)
{
    return ngx_gemini_tier_look(&f->gv, &f->gc, now)->order[tier][0];
}


static void
tier_moving(void)
{
    fixture_t  f;

    fixture_make(&f, 1, 1, 1, 3);
    fixture_start(&f, 16);

    tap_is_int(tier_first(&f, NGX_GEMINI_TIER_FAST, f.now), 0, "the list");

    tier_window(&f, 1, 500, 1);

    tap_is_int(tier_first(&f, NGX_GEMINI_TIER_FAST, f.now + 999), 0,
               "not within a second");
    tap_is_int(tier_first(&f, NGX_GEMINI_TIER_FAST, f.now + 1000), 1,
               "a second later");

    tier_window(&f, 2, 100, 1);

    tap_is_int(tier_first(&f, NGX_GEMINI_TIER_FAST, f.now - 60000), 2,
               "a clock set back");

    f.gv.models[f.gc.models[0].slot].output_limit = 8192;

    tap_is_int(tier_first(&f, NGX_GEMINI_TIER_QUALITY, f.now), 0,
               "a limit was learned");

    f.gc.models[1].max_tokens = 65536;

    tap_is_int(tier_first(&f, NGX_GEMINI_TIER_QUALITY, f.now + 5000), 0,
               "nothing has moved");

    f.gc.cycle++;

    tap_is_int(tier_first(&f, NGX_GEMINI_TIER_QUALITY, f.now + 5000), 1,
               "another configuration");

    fixture_free(&f);
}


static void
tier_limits(void)
{
    ngx_gemini_model_t       model;
    ngx_gemini_model_conf_t  conf;

    memset(&conf, 0, sizeof(conf));
    memset(&model, 0, sizeof(model));

    model.output_limit = 8192;

    tap_is_int(ngx_gemini_tier_tokens(&conf, &model), 8192, "as learned");
    tap_is_int(ngx_gemini_tier_tokens(NULL, &model), 8192, "of an unlisted");

    conf.max_tokens = 4096;

    tap_is_int(ngx_gemini_tier_tokens(&conf, &model), 4096, "as written");
}


int
main(void)
{
    ngx_uint_t  i;

    tier_letters();

    for (i = 0; i < sizeof(tier_cases) / sizeof(tier_cases[0]); i++) {
        tap_is_str(tier_ranked(&tier_cases[i]), tier_cases[i].ranked, "%s",
                   tier_cases[i].name);
    }

    tier_scores();
    tier_names();
    tier_moving();
    tier_limits();

    return tap_done();
}
