/* SPDX-License-Identifier: BSD-2-Clause */
/* A session with an ACME server, and the directory with which it begins. */
#include "acme_internal.h"
#include "http_url.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static struct error *copy_options(struct acme *acme, const struct acme_options *options)
{
    acme->directory_url = strdup(options->directory);
    acme->allowed = calloc(options->origin_count + 1, sizeof(*acme->allowed));
    if (acme->directory_url == NULL || acme->allowed == NULL)
        return error_no_memory();
    acme->allowed[acme->allowed_count++] = acme->directory_url;
    for (size_t i = 0; i < options->origin_count; i++) {
        char *origin;
        struct error *error = http_url_origin(options->origins[i], &origin);
        if (error != NULL)
            return error;
        acme->allowed[acme->allowed_count++] = origin;
    }
    return http_url_allowed(acme->directory_url, acme->allowed, 1);
}

struct error *acme_open(const struct acme_options *options, struct acme **out)
{
    *out = NULL;
    struct acme *acme = calloc(1, sizeof(*acme));
    if (acme == NULL)
        return error_no_memory();
    acme->retry_after = -1;
    struct error *error = copy_options(acme, options);
    if (error == NULL)
        error = http_open(&options->http, &acme->http);
    if (error != NULL) {
        acme_close(acme);
        return error;
    }
    *out = acme;
    return NULL;
}

void acme_close(struct acme *acme)
{
    if (acme == NULL)
        return;
    for (size_t i = 1; i < acme->allowed_count; i++)
        free((char *)(uintptr_t)acme->allowed[i]);
    free(acme->allowed);
    free(acme->directory_url);
    json_free(acme->directory.document);
    EVP_PKEY_free(acme->key);
    free(acme->account_url);
    free(acme->nonce);
    acme_problem_free(acme->problem);
    http_close(acme->http);
    free(acme);
}

void acme_use_key(struct acme *acme, EVP_PKEY *key)
{
    EVP_PKEY_up_ref(key);
    EVP_PKEY_free(acme->key);
    acme->key = key;
    free(acme->account_url);
    acme->account_url = NULL;
}

struct error *acme_use_account(struct acme *acme, const char *url)
{
    struct error *error = http_url_allowed(url, acme->allowed, acme->allowed_count);
    char *copy = error == NULL ? strdup(url) : NULL;
    if (error != NULL)
        return error;
    if (copy == NULL)
        return error_no_memory();
    free(acme->account_url);
    acme->account_url = copy;
    return NULL;
}

const char *acme_account_url(const struct acme *acme)
{
    return acme->account_url;
}

const struct acme_problem *acme_last_problem(const struct acme *acme)
{
    return acme->problem;
}

long acme_retry_after(const struct acme *acme)
{
    return acme->retry_after;
}

struct acme_counts acme_counts(const struct acme *acme)
{
    return acme->counts;
}

/* ---- the directory ----------------------------------------------------------------------- */

/* RFC 8555, 9.7.6: what is in "meta" is optional, and so is that. */
static struct error *parse_meta(const struct json *document, struct acme_directory *out)
{
    const struct json *meta;
    struct error *error = json_object_optional(document, "meta", &meta);
    if (error == NULL)
        error = json_string_optional(meta, "termsOfService", &out->terms_of_service);
    if (error == NULL)
        error = json_string_optional(meta, "website", &out->website);
    if (error == NULL)
        error =
            json_boolean_optional(meta, "externalAccountRequired", &out->external_account_required);
    if (error == NULL)
        error = json_object_optional(meta, "profiles", &out->profiles);
    return error;
}

struct error *acme_directory_parse(const struct json *document, struct acme_directory *out)
{
    const struct {
        const char *name;
        bool required;
        const char **url;
    } members[] = {
        {"newNonce", true, &out->new_nonce},   {"newAccount", true, &out->new_account},
        {"newOrder", true, &out->new_order},   {"revokeCert", true, &out->revoke_certificate},
        {"keyChange", true, &out->key_change}, {"renewalInfo", false, &out->renewal_info},
    };
    struct error *error = NULL;
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]) && error == NULL; i++)
        error = acme_url_parse(document, members[i].name, members[i].required, members[i].url);
    return error != NULL ? error : parse_meta(document, out);
}

struct error *acme_directory(struct acme *acme, const struct acme_directory **out)
{
    struct http_response response;
    struct json *document;
    struct acme_directory directory = {0};
    *out = &acme->directory;
    if (acme->directory.document != NULL)
        return NULL;
    struct error *error = acme_fetch_json(acme, "cannot fetch the CA's directory",
                                          acme->directory_url, &response, &document);
    if (error == NULL)
        error = acme_directory_parse(document, &directory);
    http_response_clear(&response);
    if (error != NULL) {
        json_free(document);
        return error_code(error) != ERROR_SERVER_ANSWER
                   ? error
                   : error_wrap(error, ERROR_SERVER_ANSWER, "%s is no ACME directory",
                                acme->directory_url);
    }
    acme->directory = directory;
    acme->directory.document = document;
    return NULL;
}
