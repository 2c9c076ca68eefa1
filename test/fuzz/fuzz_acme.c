/* SPDX-License-Identifier: BSD-2-Clause */
/* Each of ACME's objects from the same document; and headers, texts, names and times from any
 * bytes. */
#include "reissue/acme_internal.h"
#include "reissue/http_header.h"
#include "reissue/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse_objects(const struct json *document)
{
    struct acme_directory directory = {0};
    struct acme_account account = {0};
    struct acme_order order = {0};
    struct acme_authorization authorization = {0};
    struct acme_renewal renewal = {0};
    struct acme_urls urls = {0};
    struct acme_problem *problem;
    error_free(acme_directory_parse(document, &directory));
    error_free(acme_account_parse(document, &account));
    error_free(acme_order_parse(document, &order));
    error_free(acme_authorization_parse(document, &authorization));
    error_free(acme_renewal_parse(document, &renewal));
    error_free(acme_urls_parse(document, &urls));
    struct error *error = acme_problem_parse(document, 400, 5, &problem);
    if (error == NULL)
        error = acme_problem_error(problem, "it failed");
    error_free(error);
    acme_problem_free(problem);
    acme_account_clear(&account);
    acme_order_clear(&order);
    acme_authorization_clear(&authorization);
    acme_renewal_clear(&renewal);
    acme_urls_clear(&urls);
}

static void parse_text(const char *text)
{
    struct http_links links = {0};
    char *clean = NULL, canonical[ACME_NAME_SIZE];
    bool is_address;
    time_t when;
    error_free(http_links_add(&links, text));
    http_links_clear(&links);
    (void)http_retry_after(text, 0);
    (void)acme_time_parse(text, &when);
    error_free(acme_name_canonical(text, canonical, &is_address));
    error_free(text_clean(text, 100, &clean));
    for (const char *c = clean; c != NULL && *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7F)
            abort();
    }
    free(clean);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json *document;
    char *text = strndup((const char *)data, size);
    struct error *error = json_parse(data, size, &document);
    if (error == NULL)
        parse_objects(document);
    error_free(error);
    json_free(document);
    parse_text(text);
    free(text);
    return 0;
}
