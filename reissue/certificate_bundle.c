/* SPDX-License-Identifier: BSD-2-Clause */
#include "certificate_bundle.h"

#include "card/buffer.h"
#include "certificate_text.h"
#include "crypto.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

/* More than any CA sends. */
#define CERTIFICATES_MAX 64

/* ---- formats ----------------------------------------------------------------------------- */

static bool add(STACK_OF(X509) * to, X509 *certificate)
{
    return certificate != NULL && sk_X509_num(to) < CERTIFICATES_MAX &&
           X509_add_cert(to, certificate, X509_ADD_FLAG_UP_REF | X509_ADD_FLAG_NO_DUP) == 1;
}

static void take_pkcs7(PKCS7 *pkcs7, STACK_OF(X509) * to)
{
    const STACK_OF(X509) *inside = NULL;

    if (pkcs7 != NULL && PKCS7_type_is_signed(pkcs7) && pkcs7->d.sign != NULL)
        inside = pkcs7->d.sign->cert;
    for (int i = 0; i < sk_X509_num(inside); i++)
        if (!add(to, sk_X509_value(inside, i)))
            break;
    PKCS7_free(pkcs7);
}

static void take_der(const unsigned char *bytes, long length, STACK_OF(X509) * to)
{
    const unsigned char *place = bytes;
    X509 *certificate = d2i_X509(NULL, &place, length);

    if (certificate != NULL)
        (void)add(to, certificate);
    X509_free(certificate);
    place = bytes;
    if (sk_X509_num(to) == 0)
        take_pkcs7(d2i_PKCS7(NULL, &place, length), to);
}

/* Whatever is in between, such as the subjects that openssl prints, is skipped. */
static void take_pem(BIO *bio, STACK_OF(X509) * to)
{
    char *name = NULL;
    char *header = NULL;
    unsigned char *bytes = NULL;
    long length = 0;

    while (sk_X509_num(to) < CERTIFICATES_MAX &&
           PEM_read_bio(bio, &name, &header, &bytes, &length) == 1) {
        if (strcmp(name, PEM_STRING_X509) == 0 || strcmp(name, PEM_STRING_X509_OLD) == 0 ||
            strcmp(name, PEM_STRING_PKCS7) == 0 || strcmp(name, "CMS") == 0)
            take_der(bytes, length, to);
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_free(bytes);
    }
}

struct error *certificate_bundle_parse(const void *bytes, size_t length, STACK_OF(X509) * *out)
{
    STACK_OF(X509) *found = sk_X509_new_null();
    BIO *bio = length > INT_MAX ? NULL : BIO_new_mem_buf(bytes, (int)length);

    *out = NULL;
    if (found == NULL || bio == NULL) {
        sk_X509_free(found);
        BIO_free(bio);
        return error_no_memory();
    }
    take_pem(bio, found);
    if (sk_X509_num(found) == 0)
        take_der(bytes, (long)length, found);
    BIO_free(bio);
    ERR_clear_error();
    if (sk_X509_num(found) == 0) {
        sk_X509_free(found);
        return error_new(ERROR_ARGUMENT,
                         "there is no certificate in it: neither PEM, nor DER, nor PKCS #7");
    }
    *out = found;
    return NULL;
}

static struct error *append_pem(struct buffer *to, X509 *certificate)
{
    char *pem;
    struct error *error = certificate_to_pem(certificate, &pem);

    if (error == NULL)
        error = buffer_append(to, pem, strlen(pem));
    free(pem);
    return error;
}

/* Empties the buffer. */
static struct error *take_text(struct buffer *from, char **out)
{
    *out = strndup(from->length == 0 ? "" : (const char *)from->bytes, from->length);
    buffer_clear(from);
    return *out == NULL ? error_no_memory() : NULL;
}

struct error *certificate_bundle_to_pem(const void *bytes, size_t length, char **out)
{
    STACK_OF(X509) * bundle;
    struct buffer text = {0};
    struct error *error = certificate_bundle_parse(bytes, length, &bundle);

    *out = NULL;
    for (int i = 0; error == NULL && i < sk_X509_num(bundle); i++)
        error = append_pem(&text, sk_X509_value(bundle, i));
    sk_X509_pop_free(bundle, X509_free);
    if (error == NULL)
        return take_text(&text, out);
    buffer_clear(&text);
    return error;
}

/* ---- the certificate and its chain ------------------------------------------------------- */

static struct error *find_by_key(const STACK_OF(X509) * bundle, const char *public_key, X509 **out)
{
    char fingerprint[FINGERPRINT_SIZE];

    *out = NULL;
    for (int i = 0; *out == NULL && i < sk_X509_num(bundle); i++) {
        X509 *certificate = sk_X509_value(bundle, i);
        const EVP_PKEY *key = X509_get0_pubkey(certificate);
        struct error *error = key == NULL ? NULL : public_key_fingerprint(key, fingerprint);

        if (error != NULL)
            return error;
        if (key != NULL && strcmp(fingerprint, public_key) == 0)
            *out = certificate;
    }
    ERR_clear_error();
    if (*out != NULL)
        return NULL;
    return error_new(ERROR_OTHER_KEY,
                     "none of the %d certificates is for the key of this request (SHA-256 of its "
                     "public key: %s)",
                     sk_X509_num(bundle), public_key);
}

static X509 *find_issuer(const STACK_OF(X509) * bundle, X509 *of)
{
    for (int i = 0; i < sk_X509_num(bundle); i++) {
        X509 *candidate = sk_X509_value(bundle, i);

        if (candidate != of && X509_check_issued(candidate, of) == X509_V_OK &&
            X509_verify(of, X509_get0_pubkey(candidate)) == 1)
            return candidate;
    }
    ERR_clear_error();
    return NULL;
}

static bool is_self_signed(X509 *certificate)
{
    return X509_self_signed(certificate, 0) == 1;
}

static struct error *collect_chain(const STACK_OF(X509) * bundle, X509 *certificate, char **out)
{
    struct buffer text = {0};
    X509 *issuer = is_self_signed(certificate) ? NULL : find_issuer(bundle, certificate);
    struct error *error = NULL;

    for (int length = 0;
         error == NULL && issuer != NULL && !is_self_signed(issuer) && length < CERTIFICATES_MAX;
         length++) {
        error = append_pem(&text, issuer);
        issuer = find_issuer(bundle, issuer);
    }
    if (error == NULL)
        return take_text(&text, out);
    buffer_clear(&text);
    return error;
}

struct error *certificate_bundle_split(const STACK_OF(X509) * bundle, const char *public_key,
                                       char **certificate, char **chain)
{
    X509 *found;
    struct error *error = find_by_key(bundle, public_key, &found);

    *certificate = *chain = NULL;
    if (error == NULL)
        error = certificate_to_pem(found, certificate);
    if (error == NULL)
        error = collect_chain(bundle, found, chain);
    if (error != NULL) {
        free(*certificate);
        *certificate = NULL;
    }
    return error;
}
