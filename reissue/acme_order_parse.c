/* SPDX-License-Identifier: BSD-2-Clause */
/* Orders as servers describe them (RFC 8555, 7.1.3). */
#include "acme_internal.h"
#include "http_url.h"

#include <stdlib.h>

/* An array's elements are counted before there is room made for them. */
static struct error *find_array(const struct json *document, const char *name,
                                const struct json **array)
{
    struct error *error = json_array(document, name, array);
    if (error == NULL && (json_count(*array) == 0 || json_count(*array) > ACME_NAMES_MAX))
        error = error_new(ERROR_SERVER_ANSWER, "\"%s\" has %zu entries, not 1 to %d", name,
                          json_count(*array), ACME_NAMES_MAX);
    return error;
}

static struct error *parse_identifiers(const struct json *document, struct acme_order *out)
{
    const struct json *array;
    struct error *error = find_array(document, "identifiers", &array);
    if (error != NULL)
        return error;
    out->identifiers = calloc(json_count(array), sizeof(*out->identifiers));
    if (out->identifiers == NULL)
        return error_no_memory();
    for (const struct json *element = json_first(array); element != NULL && error == NULL;
         element = json_next(element))
        error = acme_identifier_parse(element, &out->identifiers[out->identifier_count++]);
    return error;
}

static struct error *parse_authorizations(const struct json *document, struct acme_order *out)
{
    const struct json *array;
    struct error *error = find_array(document, "authorizations", &array);
    if (error != NULL)
        return error;
    out->authorizations = calloc(json_count(array), sizeof(*out->authorizations));
    if (out->authorizations == NULL)
        return error_no_memory();
    for (const struct json *element = json_first(array); element != NULL && error == NULL;
         element = json_next(element)) {
        const char **url = &out->authorizations[out->authorization_count++];
        char *origin = NULL;
        error = json_element_string(element, "authorizations", url);
        if (error == NULL)
            error = http_url_origin(*url, &origin);
        free(origin);
    }
    return error;
}

static struct error *parse_texts(const struct json *document, struct acme_order *out)
{
    struct error *error = acme_status_parse(document, &out->status);
    if (error == NULL)
        error = acme_time_member(document, "expires", &out->expires);
    if (error == NULL)
        error = acme_url_parse(document, "finalize", true, &out->finalize);
    if (error == NULL)
        error = acme_url_parse(document, "certificate", false, &out->certificate);
    if (error == NULL)
        error = json_string_optional(document, "profile", &out->profile);
    if (error == NULL)
        error = json_string_optional(document, "replaces", &out->replaces);
    return error;
}

/* RFC 8555, 7.1.6: a valid order has its certificate. */
static struct error *check_status(const struct acme_order *order)
{
    if (order->status == ACME_STATUS_OTHER)
        return error_new(ERROR_SERVER_ANSWER, "the order's status is none that an order has");
    if (order->status == ACME_STATUS_VALID && order->certificate == NULL)
        return error_new(ERROR_SERVER_ANSWER, "the order is valid, but names no certificate");
    return NULL;
}

struct error *acme_order_parse(const struct json *document, struct acme_order *out)
{
    struct error *error = parse_texts(document, out);
    if (error == NULL)
        error = parse_identifiers(document, out);
    if (error == NULL)
        error = parse_authorizations(document, out);
    if (error == NULL)
        error = acme_problem_member(document, &out->problem);
    return error != NULL ? error : check_status(out);
}

void acme_order_clear(struct acme_order *order)
{
    json_free(order->document);
    free(order->url);
    free(order->identifiers);
    free(order->authorizations);
    acme_problem_free(order->problem);
    *order = (struct acme_order){.retry_after = -1};
}
