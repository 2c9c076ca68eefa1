/* SPDX-License-Identifier: BSD-2-Clause */
/* Fetching certificates (RFC 8555, 7.4.2), and revoking them (7.6). */
#include "acme_internal.h"
#include "base64url.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

/* ---- fetching ---------------------------------------------------------------------------- */

static struct error *bad_chain(const char *what)
{
    return error_new(ERROR_SERVER_ANSWER, "what the CA gives for a certificate is none: %s", what);
}

/* Adds the certificate in a PEM block; nothing else may be in a chain (RFC 8555, 9.1). */
static struct error *add_certificate(STACK_OF(X509) * chain, const char *name,
                                     const unsigned char *der, long length)
{
    const unsigned char *cursor = der;
    if (strcmp(name, PEM_STRING_X509) != 0)
        return bad_chain("it has something else in it");
    if (sk_X509_num(chain) >= ACME_CHAIN_MAX)
        return bad_chain("it has too many certificates");
    X509 *certificate = d2i_X509(NULL, &cursor, length);
    if (certificate == NULL || cursor != der + length) {
        X509_free(certificate);
        ERR_clear_error();
        return bad_chain("a certificate in it is malformed");
    }
    if (sk_X509_push(chain, certificate) > 0)
        return NULL;
    X509_free(certificate);
    return error_no_memory();
}

static struct error *read_chain(BIO *text, STACK_OF(X509) * chain)
{
    char *name, *header;
    unsigned char *der;
    long length;
    struct error *error = NULL;
    while (error == NULL && PEM_read_bio(text, &name, &header, &der, &length) == 1) {
        error = add_certificate(chain, name, der, length);
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_free(der);
    }
    /* PEM_read_bio() ends with "no start line", and with another error in a broken block. */
    if (error == NULL && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
        error = bad_chain("its PEM is malformed");
    if (error == NULL && sk_X509_num(chain) == 0)
        error = bad_chain("it is empty");
    ERR_clear_error();
    return error;
}

static struct error *parse_chain(const struct buffer *body, struct acme_chain *out)
{
    BIO *text = BIO_new_mem_buf(body->length > 0 ? (const void *)body->bytes : "",
                                (int)body->length); /* JSON_SIZE_MAX at most */
    out->certificates = sk_X509_new_null();
    struct error *error = text != NULL && out->certificates != NULL
                              ? read_chain(text, out->certificates)
                              : error_no_memory();
    BIO_free(text);
    return error;
}

static struct error *take_alternates(const struct http_response *response, struct acme_chain *out)
{
    struct error *error = NULL;
    const char *url;
    for (size_t i = 0; error == NULL && (url = http_response_link(response, "alternate", i)); i++)
        error = acme_urls_add(&out->alternates, url, HTTP_LINKS_MAX);
    return error;
}

struct error *acme_certificate_get(struct acme *acme, const char *url, struct acme_chain *out)
{
    struct acme_call call = {.what = "cannot fetch the certificate",
                             .url = url,
                             .accept = "application/pem-certificate-chain"};
    struct http_response response;
    *out = (struct acme_chain){0};
    struct error *error = acme_call(acme, &call, &response);
    if (error == NULL)
        error = parse_chain(&response.body, out);
    if (error == NULL)
        error = take_alternates(&response, out);
    http_response_clear(&response);
    if (error != NULL)
        acme_chain_clear(out);
    return error;
}

void acme_chain_clear(struct acme_chain *chain)
{
    sk_X509_pop_free(chain->certificates, X509_free);
    acme_urls_clear(&chain->alternates);
    *chain = (struct acme_chain){0};
}

/* Written anew: what the server had around the certificates stays behind. */
struct error *acme_chain_pem(const struct acme_chain *chain, char **out)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    bool good = bio != NULL;
    *out = NULL;
    for (int i = 0; good && i < sk_X509_num(chain->certificates); i++)
        good = PEM_write_bio_X509(bio, sk_X509_value(chain->certificates, i)) == 1;
    long length = good ? BIO_get_mem_data(bio, &text) : -1;
    if (length >= 0)
        *out = strndup(text, (size_t)length);
    BIO_free(bio);
    return *out != NULL ? NULL : error_no_memory();
}

/* ---- revoking ---------------------------------------------------------------------------- */

static struct error *make_revocation(X509 *certificate, int reason, char **out)
{
    struct json_writer writer = {0};
    unsigned char *der = NULL;
    char *encoded = NULL;
    int length = i2d_X509(certificate, &der);
    struct error *error = length > 0 ? base64url_encode(der, (size_t)length, &encoded)
                                     : error_new(ERROR_ARGUMENT, "the certificate is malformed");
    OPENSSL_free(der);
    if (error != NULL)
        return error;
    json_write_object(&writer, NULL);
    json_write_string(&writer, "certificate", encoded);
    if (reason >= 0)
        json_write_integer(&writer, "reason", reason);
    json_write_object_end(&writer);
    free(encoded);
    return json_write_end(&writer, out);
}

struct error *acme_revoke(struct acme *acme, X509 *certificate, int reason,
                          EVP_PKEY *certificate_key)
{
    const struct acme_directory *directory;
    struct http_response response;
    char *payload = NULL;
    struct error *error = make_revocation(certificate, reason, &payload);
    if (error == NULL)
        error = acme_directory(acme, &directory);
    if (error == NULL) {
        struct acme_call call = {.what = "cannot revoke the certificate",
                                 .url = directory->revoke_certificate,
                                 .payload = payload,
                                 .key = certificate_key};
        error = acme_call(acme, &call, &response);
        http_response_clear(&response);
    }
    free(payload);
    return error;
}
