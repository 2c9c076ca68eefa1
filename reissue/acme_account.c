/* SPDX-License-Identifier: BSD-2-Clause */
/* Accounts (RFC 8555, 7.3): made, found, changed, deactivated. */
#include "acme_internal.h"
#include "jws.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

struct error *acme_account_parse(const struct json *document, struct acme_account *out)
{
    struct error *error = acme_status_parse(document, &out->status);
    return error != NULL ? error : acme_url_parse(document, "orders", false, &out->orders);
}

void acme_account_clear(struct acme_account *account)
{
    json_free(account->document);
    free(account->url);
    *account = (struct acme_account){0};
}

/* ---- what is sent ------------------------------------------------------------------------ */

static void write_contacts(struct json_writer *writer, const char *const *contacts, size_t count)
{
    json_write_array(writer, "contact");
    for (size_t i = 0; i < count; i++)
        json_write_string(writer, NULL, contacts[i]);
    json_write_array_end(writer);
}

/* RFC 8555, 7.3.4: the account's key, signed with what the CA gave out beforehand. */
static struct error *make_binding(struct acme *acme, const struct acme_account_request *request,
                                  char **out)
{
    struct json_writer writer = {0};
    char *header = NULL, *jwk = NULL;
    *out = NULL;
    if (request->eab_id == NULL)
        return NULL;
    json_write_object(&writer, NULL);
    json_write_string(&writer, "alg", "HS256");
    json_write_string(&writer, "kid", request->eab_id);
    json_write_string(&writer, "url", acme->directory.new_account);
    json_write_object_end(&writer);
    struct error *error = json_write_end(&writer, &header);
    if (error == NULL)
        error = jws_jwk(acme->key, &jwk);
    if (error == NULL)
        error = jws_sign_hmac(request->eab_key, request->eab_key_length, header, jwk, out);
    free(header);
    free(jwk);
    return error;
}

static struct error *make_request(struct acme *acme, const struct acme_account_request *request,
                                  char **out)
{
    struct json_writer writer = {0};
    char *binding;
    struct error *error = make_binding(acme, request, &binding);
    if (error != NULL)
        return error;
    json_write_object(&writer, NULL);
    if (request->contact_count > 0)
        write_contacts(&writer, request->contacts, request->contact_count);
    if (request->terms_agreed)
        json_write_boolean(&writer, "termsOfServiceAgreed", true);
    if (request->only_existing)
        json_write_boolean(&writer, "onlyReturnExisting", true);
    if (binding != NULL)
        json_write_raw(&writer, "externalAccountBinding", binding);
    json_write_object_end(&writer);
    free(binding);
    return json_write_end(&writer, out);
}

/* ---- what comes back --------------------------------------------------------------------- */

static struct error *take_account(struct acme *acme, const struct http_response *response,
                                  struct json *document, struct acme_account *out)
{
    out->document = document;
    struct error *error = acme_account_parse(document, out);
    if (error != NULL)
        return error;
    const char *url = response->location != NULL ? response->location : acme->account_url;
    if (url == NULL)
        return error_new(ERROR_SERVER_ANSWER, "the server gives an account, but not its URL");
    out->created = response->status == 201;
    out->url = strdup(url);
    return out->url == NULL ? error_no_memory() : NULL;
}

static struct error *call_account(struct acme *acme, const struct acme_call *call,
                                  struct acme_account *out)
{
    struct http_response response;
    struct json *document;
    *out = (struct acme_account){0};
    struct error *error = acme_call_json(acme, call, &response, &document);
    if (error == NULL)
        error = take_account(acme, &response, document, out);
    http_response_clear(&response);
    if (error != NULL)
        acme_account_clear(out);
    return error;
}

/* The server's directory says it before the CA has to. */
static struct error *check_binding(const struct acme_directory *directory,
                                   const struct acme_account_request *request)
{
    if (!directory->external_account_required || request->eab_id != NULL || request->only_existing)
        return NULL;
    return error_new(ERROR_ACCOUNT_BINDING,
                     "this CA makes accounts for its customers only: get a key identifier and HMAC "
                     "key for external account binding from it");
}

struct error *acme_account_new(struct acme *acme, const struct acme_account_request *request,
                               struct acme_account *out)
{
    const struct acme_directory *directory;
    char *payload = NULL;
    *out = (struct acme_account){0};
    if (acme->key == NULL)
        return error_new(ERROR_ARGUMENT, "an account takes a key");
    struct error *error = acme_directory(acme, &directory);
    if (error == NULL)
        error = check_binding(directory, request);
    if (error == NULL)
        error = make_request(acme, request, &payload);
    if (error != NULL)
        return error;
    struct acme_call call = {.what = request->only_existing ? "cannot find the account"
                                                            : "cannot make an account",
                             .url = directory->new_account,
                             .payload = payload,
                             .key = acme->key};
    error = call_account(acme, &call, out);
    free(payload);
    if (error == NULL)
        error = acme_use_account(acme, out->url);
    if (error != NULL)
        acme_account_clear(out);
    return error;
}

struct error *acme_account_get(struct acme *acme, struct acme_account *out)
{
    struct acme_call call = {.what = "cannot look at the account", .url = acme->account_url};
    return call_account(acme, &call, out);
}

struct error *acme_account_update(struct acme *acme, const char *const *contacts, size_t count,
                                  struct acme_account *out)
{
    struct json_writer writer = {0};
    char *payload;
    *out = (struct acme_account){0};
    json_write_object(&writer, NULL);
    write_contacts(&writer, contacts, count);
    json_write_object_end(&writer);
    struct error *error = json_write_end(&writer, &payload);
    if (error != NULL)
        return error;
    struct acme_call call = {
        .what = "cannot change the account", .url = acme->account_url, .payload = payload};
    error = call_account(acme, &call, out);
    free(payload);
    return error;
}

struct error *acme_account_deactivate(struct acme *acme, struct acme_account *out)
{
    struct acme_call call = {.what = "cannot deactivate the account",
                             .url = acme->account_url,
                             .payload = "{\"status\":\"deactivated\"}"};
    return call_account(acme, &call, out);
}
