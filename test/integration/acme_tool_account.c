/* SPDX-License-Identifier: BSD-2-Clause */
/* acme_tool: files, accounts, and what is done with certificates that exist. */
#include "acme_tool.h"
#include "reissue/base64url.h"

#include <openssl/pem.h>
#include <openssl/store.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- files ------------------------------------------------------------------------------- */

EVP_PKEY *load_key(const char *uri)
{
    OSSL_STORE_CTX *store = OSSL_STORE_open(uri, NULL, NULL, NULL, NULL);
    EVP_PKEY *key = NULL;

    if (store == NULL || OSSL_STORE_expect(store, OSSL_STORE_INFO_PKEY) != 1)
        die(uri);
    while (key == NULL && !OSSL_STORE_eof(store)) {
        OSSL_STORE_INFO *info = OSSL_STORE_load(store);

        key = info != NULL ? OSSL_STORE_INFO_get1_PKEY(info) : NULL;
        OSSL_STORE_INFO_free(info);
    }
    OSSL_STORE_close(store);
    if (key == NULL)
        die(uri);
    return key;
}

X509 *load_certificate(const char *path)
{
    FILE *file = fopen(path, "r");
    X509 *certificate = file != NULL ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;

    if (certificate == NULL)
        die(path);
    fclose(file);
    return certificate;
}

int load_csr(const char *path, unsigned char **der)
{
    FILE *file = fopen(path, "r");
    X509_REQ *request = file != NULL ? PEM_read_X509_REQ(file, NULL, NULL, NULL) : NULL;
    int length;

    *der = NULL;
    length = request != NULL ? i2d_X509_REQ(request, der) : 0;
    if (length <= 0)
        die(path);
    fclose(file);
    X509_REQ_free(request);
    return length;
}

struct error *save_chain(const struct acme_chain *chain, const char *path)
{
    char *pem;
    struct error *error = acme_chain_pem(chain, &pem);
    FILE *file = error == NULL ? fopen(path, "w") : NULL;

    if (error == NULL && (file == NULL || fputs(pem, file) < 0 || fclose(file) != 0))
        die(path);
    free(pem);
    return error;
}

/* ---- account ----------------------------------------------------------------------------- */

struct error *account(struct acme *acme, char **arguments, int count)
{
    struct buffer mac = {0};
    struct acme_account found;
    struct acme_account_request request = {
        .contacts = &options.contact,
        .contact_count = options.contact != NULL,
        .terms_agreed = true,
        .only_existing = options.existing,
        .eab_id = options.eab_id,
    };
    struct error *error;

    (void)arguments;
    (void)count;
    if (options.eab_key != NULL &&
        (error = base64url_decode(options.eab_key, strlen(options.eab_key), &mac)) != NULL)
        return error;
    request.eab_key = mac.bytes;
    request.eab_key_length = mac.length;
    error = acme_account_new(acme, &request, &found);
    if (error == NULL)
        printf("account %s\ncreated %d\nstatus %d\n", found.url, found.created, found.status);
    acme_account_clear(&found);
    buffer_clear(&mac);
    return error;
}

struct error *show(struct acme *acme, char **arguments, int count)
{
    struct acme_account found;
    struct error *error = acme_account_get(acme, &found);

    (void)arguments;
    (void)count;
    if (error == NULL)
        printf("status %d\norders %s\n", found.status, found.orders != NULL ? found.orders : "-");
    acme_account_clear(&found);
    return error;
}

struct error *update(struct acme *acme, char **arguments, int count)
{
    struct acme_account found;
    struct error *error =
        acme_account_update(acme, (const char *const *)arguments, (size_t)count, &found);

    if (error == NULL)
        printf("status %d\n", found.status);
    acme_account_clear(&found);
    return error;
}

struct error *deactivate(struct acme *acme, char **arguments, int count)
{
    struct acme_account found;
    struct error *error = acme_account_deactivate(acme, &found);

    (void)arguments;
    (void)count;
    if (error == NULL)
        printf("deactivated %d\n", found.status == ACME_STATUS_DEACTIVATED);
    acme_account_clear(&found);
    return error;
}

struct error *orders(struct acme *acme, char **arguments, int count)
{
    struct acme_account found;
    struct acme_urls urls = {0};
    struct error *error = acme_account_get(acme, &found);

    (void)arguments;
    (void)count;
    if (error == NULL && found.orders == NULL)
        die("the account has no list of orders");
    if (error == NULL)
        error = acme_account_orders(acme, found.orders, &urls);
    for (size_t i = 0; error == NULL && i < urls.count; i++)
        printf("order %s\n", urls.urls[i]);
    acme_urls_clear(&urls);
    acme_account_clear(&found);
    return error;
}

struct error *key_change(struct acme *acme, char **arguments, int count)
{
    EVP_PKEY *key = load_key(arguments[0]);
    struct error *error = acme_key_change(acme, key);
    struct acme_account found;

    (void)count;
    EVP_PKEY_free(key);
    if (error == NULL) { /* the session signs with it from here on */
        error = acme_account_get(acme, &found);
        acme_account_clear(&found);
    }
    return error;
}

struct error *find_key(struct acme *acme, char **arguments, int count)
{
    EVP_PKEY *keys[8] = {NULL};
    size_t which;
    struct error *error;

    for (int i = 0; i < count && i < 8; i++)
        keys[i] = load_key(arguments[i]);
    error = acme_account_find_key(acme, keys, (size_t)count, &which);
    if (error == NULL)
        printf("key %s\naccount %s\n", arguments[which], acme_account_url(acme));
    for (int i = 0; i < count && i < 8; i++)
        EVP_PKEY_free(keys[i]);
    return error;
}

/* ---- certificates ------------------------------------------------------------------------ */

struct error *revoke_certificate(struct acme *acme, char **arguments, int count)
{
    EVP_PKEY *key = options.certificate_key != NULL ? load_key(options.certificate_key) : NULL;
    X509 *revoked = load_certificate(arguments[0]);
    struct error *error = acme_revoke(acme, revoked, count > 1 ? atoi(arguments[1]) : -1, key);

    X509_free(revoked);
    EVP_PKEY_free(key);
    return error;
}

struct error *renewal(struct acme *acme, char **arguments, int count)
{
    X509 *asked = load_certificate(arguments[0]);
    struct acme_renewal found = {0};
    char *id;
    struct error *error = acme_certificate_id(asked, &id);

    (void)count;
    if (error == NULL) {
        printf("id %s\n", id);
        error = acme_renewal_get(acme, id, &found);
    }
    if (error == NULL)
        printf("start %ld\nend %ld\nretry-after %ld\nexplanation %s\n", (long)found.start,
               (long)found.end, found.retry_after,
               found.explanation != NULL ? found.explanation : "-");
    acme_renewal_clear(&found);
    X509_free(asked);
    free(id);
    return error;
}
