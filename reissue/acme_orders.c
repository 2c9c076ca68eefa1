/* SPDX-License-Identifier: BSD-2-Clause */
/* The list of an account's orders (RFC 8555, 7.1.2.1), page by page. */
#include "acme_internal.h"

#include <stdlib.h>
#include <string.h>

static const char what[] = "cannot list the account's orders";

static bool seen_before(const struct acme_urls *pages, const char *url)
{
    for (size_t i = 0; i < pages->count; i++) {
        if (strcmp(pages->urls[i], url) == 0)
            return true;
    }
    return false;
}

/* One page; `next` is the next one's URL, for free(), or NULL. */
static struct error *take_page(struct acme *acme, const char *url, struct acme_urls *out,
                               char **next)
{
    struct acme_call call = {.what = what, .url = url};
    struct http_response response;
    struct json *document;
    *next = NULL;
    struct error *error = acme_call_json(acme, &call, &response, &document);
    if (error == NULL)
        error = acme_urls_parse(document, out);
    const char *link = http_response_link(&response, "next", 0);
    if (error == NULL && link != NULL && (*next = strdup(link)) == NULL)
        error = error_no_memory();
    json_free(document);
    http_response_clear(&response);
    return error;
}

/* A list that leads back to itself would never end. */
static struct error *follow(struct acme *acme, struct acme_urls *pages, struct acme_urls *out)
{
    for (size_t page = 0; page < pages->count; page++) {
        char *next;
        struct error *error = take_page(acme, pages->urls[page], out, &next);
        if (error == NULL && next != NULL && seen_before(pages, next))
            error = error_new(ERROR_SERVER_ANSWER, "%s: its pages lead in a circle", what);
        if (error == NULL && next != NULL)
            error = acme_urls_add(pages, next, ACME_PAGES_MAX);
        free(next);
        if (error != NULL)
            return error;
    }
    return NULL;
}

struct error *acme_account_orders(struct acme *acme, const char *url, struct acme_urls *out)
{
    struct acme_urls pages = {0};
    *out = (struct acme_urls){0};
    struct error *error = acme_urls_add(&pages, url, ACME_PAGES_MAX);
    if (error == NULL)
        error = follow(acme, &pages, out);
    acme_urls_clear(&pages);
    if (error != NULL)
        acme_urls_clear(out);
    return error;
}
