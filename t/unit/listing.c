
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Pages of the model list.
 */


#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ngx_gemini_listing.h"
#include "tap.h"


#define LISTING_TEXT  1024


typedef struct {
    const char                *name;
    const char                *page;
    ngx_int_t                  rc;
    const char                *models;     /* name=output, methods */
    const char                *token;
} listing_page_t;


static void listing_pages(void);
static void listing_listed(void *data, const ngx_gemini_listed_t *listed);
static void listing_limits(void);


static const listing_page_t  listing_cases[] = {

    { "a page",
      "{\"models\":[{\"name\":\"models/a\",\"outputTokenLimit\":8192,"
      "\"supportedGenerationMethods\":[\"countTokens\",\"generateContent\"]},"
      "{\"name\":\"b\",\"supportedGenerationMethods\":[\"embedContent\"]}],"
      "\"nextPageToken\":\"x+/=\"}",
      NGX_OK, "a=8192 +;b=0 -;", "x+/=" },

    { "no models", "{}", NGX_OK, "", "" },
    { "white space before", " \n{\"models\":[{\"name\":\"a\"}]}", NGX_OK,
      "a=0 ?;", "" },
    { "an empty name", "{\"models\":[{\"name\":\"\"},{}]}", NGX_OK, "", "" },
    { "limits that are none",
      "{\"models\":[{\"name\":\"a\",\"outputTokenLimit\":-5},"
      "{\"name\":\"b\",\"outputTokenLimit\":\"7\"},"
      "{\"name\":\"c\",\"outputTokenLimit\":1e30},"
      "{\"name\":\"d\",\"outputTokenLimit\":99999999999}]}",
      NGX_OK, "a=0 ?;b=7 ?;c=0 ?;d=2147483647 ?;", "" },
    { "types that are others",
      "{\"models\":[{\"name\":5},7,null,[1]],\"nextPageToken\":{}}",
      NGX_OK, "", "" },
    { "nothing of one goes to the next",
      "{\"models\":[{\"name\":\"a\",\"outputTokenLimit\":9},"
      "{\"outputTokenLimit\":8},{\"name\":\"b\"}]}",
      NGX_OK, "a=9 ?;b=0 ?;", "" },

    { "cut off", "{\"models\":[{\"name\":\"a\"},{\"na", NGX_ERROR, "a=0 ?;",
      "" },
    { "an array", "[{\"models\":[]}]", NGX_ERROR, "", "" },
    { "HTML", "<html></html>", NGX_ERROR, "", "" },
    { "nothing", "", NGX_ERROR, "", "" },

    { NULL, NULL, 0, NULL, NULL }
};


static void
listing_pages(void)
{
    char                   text[LISTING_TEXT], token[LISTING_TEXT];
    ngx_int_t              rc;
    ngx_gemini_listing_t   listing;
    const listing_page_t  *c;

    listing.handler = listing_listed;
    listing.data = text;

    for (c = listing_cases; c->name != NULL; c++) {
        text[0] = '\0';

        rc = ngx_gemini_listing_read(&listing, (const u_char *) c->page,
                                     strlen(c->page));

        tap_is_int(rc, c->rc, "%s: result", c->name);
        tap_is_str(text, c->models, "%s: models", c->name);

        memcpy(token, listing.token, listing.token_len);
        token[listing.token_len] = '\0';

        tap_is_str(token, c->token, "%s: token", c->name);
    }
}


static void
listing_listed(void *data, const ngx_gemini_listed_t *listed)
{
    char *text = data;

    (void) sprintf(text + strlen(text), "%.*s=%u %c;",
                   (int) listed->name.len, (char *) listed->name.data,
                   listed->output,
                   listed->generates ? '+' : listed->methods ? '-' : '?');
}


static void
listing_limits(void)
{
    char                  *page, text[LISTING_TEXT];
    size_t                 len;
    ngx_gemini_listing_t   listing;

    listing.handler = listing_listed;
    listing.data = text;
    text[0] = '\0';

    page = malloc(4 * LISTING_TEXT);
    len = sprintf(page, "{\"models\":[{\"name\":\"%0129d\"},{\"name\":"
                  "\"models/b\"}],\"nextPageToken\":\"%0513d\"}", 1, 1);

    tap_is_int(ngx_gemini_listing_read(&listing, (u_char *) page, len),
               NGX_OK, "a long name and a long token");
    tap_is_str(text, "b=0 ?;", ".. are left out");
    tap_is_int(listing.token_len, 0, ".. both");

    free(page);
}


int
main(void)
{
    listing_pages();
    listing_limits();

    return tap_done();
}
