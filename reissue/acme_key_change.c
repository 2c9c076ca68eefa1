/* SPDX-License-Identifier: BSD-2-Clause */
/* Changing an account's key (RFC 8555, 7.3.5), and finding out whether that was done. */
#include "acme_internal.h"
#include "jws.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

/* The inner protected header: no nonce. */
static struct error *make_inner_header(struct acme *acme, EVP_PKEY *new_key, char **out)
{
    struct json_writer writer = {0};
    const char *algorithm;
    char *jwk = NULL;
    struct error *error = jws_algorithm(new_key, &algorithm);
    if (error == NULL)
        error = jws_jwk(new_key, &jwk);
    if (error != NULL)
        return error;
    json_write_object(&writer, NULL);
    json_write_string(&writer, "alg", algorithm);
    json_write_raw(&writer, "jwk", jwk);
    json_write_string(&writer, "url", acme->directory.key_change);
    json_write_object_end(&writer);
    free(jwk);
    return json_write_end(&writer, out);
}

static struct error *make_inner_payload(struct acme *acme, char **out)
{
    struct json_writer writer = {0};
    char *old;
    struct error *error = jws_jwk(acme->key, &old);
    if (error != NULL)
        return error;
    json_write_object(&writer, NULL);
    json_write_string(&writer, "account", acme->account_url);
    json_write_raw(&writer, "oldKey", old);
    json_write_object_end(&writer);
    free(old);
    return json_write_end(&writer, out);
}

/* Signed by the new key, so that nobody takes over a key that is not his. */
static struct error *make_inner(struct acme *acme, EVP_PKEY *new_key, char **out)
{
    char *header = NULL, *payload = NULL;
    struct error *error = make_inner_header(acme, new_key, &header);
    if (error == NULL)
        error = make_inner_payload(acme, &payload);
    if (error == NULL)
        error = jws_sign(new_key, header, payload, out);
    free(header);
    free(payload);
    return error;
}

struct error *acme_key_change(struct acme *acme, EVP_PKEY *new_key)
{
    const struct acme_directory *directory;
    struct http_response response;
    char *inner = NULL;
    if (acme->key == NULL || acme->account_url == NULL)
        return error_new(ERROR_ARGUMENT,
                         "cannot change the account's key: there is no account yet");
    struct error *error = acme_directory(acme, &directory);
    if (error == NULL)
        error = make_inner(acme, new_key, &inner);
    if (error != NULL)
        return error;
    struct acme_call call = {
        .what = "cannot change the account's key", .url = directory->key_change, .payload = inner};
    error = acme_call(acme, &call, &response);
    http_response_clear(&response);
    free(inner);
    if (error != NULL)
        return error;
    EVP_PKEY_up_ref(new_key);
    EVP_PKEY_free(acme->key);
    acme->key = new_key;
    return NULL;
}

struct error *acme_account_find_key(struct acme *acme, EVP_PKEY *const *keys, size_t count,
                                    size_t *which)
{
    static const struct acme_account_request request = {.only_existing = true};
    for (*which = 0; *which < count; ++*which) {
        struct acme_account account;
        acme_use_key(acme, keys[*which]);
        struct error *error = acme_account_new(acme, &request, &account);
        acme_account_clear(&account);
        if (error == NULL || error_code(error) != ERROR_ACCOUNT_UNKNOWN)
            return error;
        error_free(error);
    }
    return error_new(ERROR_ACCOUNT_UNKNOWN,
                     "the CA knows no account for any of the keys that it may be: register again");
}
