/* SPDX-License-Identifier: BSD-2-Clause */
/* Orders (RFC 8555, 7.4): sent, looked at, finalized. */
#include "acme_internal.h"
#include "base64url.h"

#include <stdlib.h>
#include <string.h>

/* ---- requests ---------------------------------------------------------------------------- */

/* `url` is the order's, where the answer does not name it. */
static struct error *call_order(struct acme *acme, const struct acme_call *call, const char *url,
                                struct acme_order *out)
{
    struct http_response response;
    *out = (struct acme_order){.retry_after = -1};
    struct error *error = acme_call_json(acme, call, &response, &out->document);
    if (error == NULL)
        error = acme_order_parse(out->document, out);
    if (error == NULL) {
        const char *found = url != NULL ? url : response.location;
        out->retry_after = response.retry_after;
        if (found == NULL)
            error = error_new(ERROR_SERVER_ANSWER, "the server takes the order, but does not name "
                                                   "its URL");
        else if ((out->url = strdup(found)) == NULL)
            error = error_no_memory();
    }
    http_response_clear(&response);
    if (error != NULL)
        acme_order_clear(out);
    return error;
}

struct error *acme_order_get(struct acme *acme, const char *url, struct acme_order *out)
{
    struct acme_call call = {.what = "cannot look at the order", .url = url};
    return call_order(acme, &call, url, out);
}

/* ---- a new one --------------------------------------------------------------------------- */

static struct error *write_names(struct json_writer *writer,
                                 const struct acme_order_request *request)
{
    struct error *error = NULL;
    json_write_array(writer, "identifiers");
    for (size_t i = 0; i < request->name_count && error == NULL; i++) {
        char name[ACME_NAME_SIZE];
        bool is_address;
        error = acme_name_canonical(request->names[i], name, &is_address);
        if (error != NULL)
            break;
        json_write_object(writer, NULL);
        json_write_string(writer, "type", is_address ? "ip" : "dns");
        json_write_string(writer, "value", name);
        json_write_object_end(writer);
    }
    json_write_array_end(writer);
    return error;
}

static struct error *make_order(const struct acme_order_request *request, char **out)
{
    struct json_writer writer = {0};
    *out = NULL;
    if (request->name_count == 0 || request->name_count > ACME_NAMES_MAX)
        return error_new(ERROR_ARGUMENT, "an order is for 1 to %d names, not %zu", ACME_NAMES_MAX,
                         request->name_count);
    json_write_object(&writer, NULL);
    struct error *error = write_names(&writer, request);
    if (request->profile != NULL)
        json_write_string(&writer, "profile", request->profile);
    if (request->replaces != NULL)
        json_write_string(&writer, "replaces", request->replaces);
    json_write_object_end(&writer);
    struct error *other = json_write_end(&writer, out);
    if (error == NULL)
        return other;
    error_free(other);
    free(*out);
    *out = NULL;
    return error;
}

struct error *acme_order_new(struct acme *acme, const struct acme_order_request *request,
                             struct acme_order *out)
{
    const struct acme_directory *directory;
    char *payload = NULL;
    *out = (struct acme_order){.retry_after = -1};
    struct error *error = make_order(request, &payload);
    if (error == NULL)
        error = acme_directory(acme, &directory);
    if (error == NULL) {
        struct acme_call call = {
            .what = "cannot order a certificate", .url = directory->new_order, .payload = payload};
        error = call_order(acme, &call, NULL, out);
    }
    free(payload);
    if (error == NULL && !acme_order_is_for(out, request->names, request->name_count)) {
        acme_order_clear(out);
        error = error_new(ERROR_SERVER_ANSWER, "the server answers with an order for other names");
    }
    return error;
}

/* ---- finalizing -------------------------------------------------------------------------- */

struct error *acme_order_finalize(struct acme *acme, const struct acme_order *order,
                                  const void *csr, size_t length, struct acme_order *out)
{
    struct json_writer writer = {0};
    char *encoded = NULL, *payload = NULL;
    *out = (struct acme_order){.retry_after = -1};
    struct error *error = base64url_encode(csr, length, &encoded);
    if (error != NULL)
        return error;
    json_write_object(&writer, NULL);
    json_write_string(&writer, "csr", encoded);
    json_write_object_end(&writer);
    free(encoded);
    error = json_write_end(&writer, &payload);
    if (error != NULL)
        return error;
    struct acme_call call = {
        .what = "cannot finalize the order", .url = order->finalize, .payload = payload};
    error = call_order(acme, &call, order->url, out);
    free(payload);
    return error;
}
