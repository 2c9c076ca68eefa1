/* SPDX-License-Identifier: BSD-2-Clause */
/* PKCS #11: storing certificates, deleting them and keys. */
#include "certificate.h"
#include "pkcs11.h"
#include "public_key.h"

#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

struct error *pkcs11_destroy(struct apdu_channel *channel, struct pkcs11 *token,
                             const struct pkcs11_handles *old)
{
    struct error *error = NULL;
    for (size_t i = 0; error == NULL && i < old->count; i++) {
        pkcs11_call_begin(token->call, WIRE_DESTROY);
        wire_put_number(&token->call->request, old->handles[i]);
        error = pkcs11_call_make(token->call, apdu_channel_transport(channel));
    }
    token->slot[0] = '\0';
    return error;
}

static struct error *destroy_class(struct apdu_channel *channel, struct pkcs11 *token,
                                   CK_OBJECT_CLASS class, const char *slot)
{
    struct pkcs11_handles old;
    struct error *error =
        pkcs11_find_handles(channel, token, class, slot, &old.handles, &old.count);
    if (error == NULL)
        error = pkcs11_destroy(channel, token, &old);
    free(old.handles);
    return error;
}

struct error *pkcs11_delete_key(struct apdu_channel *channel, void *state, const char *slot)
{
    struct error *error = destroy_class(channel, state, CKO_PRIVATE_KEY, slot);
    if (error == NULL)
        error = destroy_class(channel, state, CKO_PUBLIC_KEY, slot);
    if (error == NULL)
        error = destroy_class(channel, state, CKO_CERTIFICATE, slot);
    return error;
}

struct error *pkcs11_delete_certificate(struct apdu_channel *channel, void *state, const char *slot)
{
    return destroy_class(channel, state, CKO_CERTIFICATE, slot);
}

/* ---- certificates ------------------------------------------------------------------------ */

static struct error *check_fits(struct apdu_channel *channel, struct pkcs11 *token,
                                const char *slot, const uint8_t *der, size_t length)
{
    EVP_PKEY *certified = NULL;
    struct app_key key = {0};
    struct error *error = certificate_public_key(token->libctx, der, length, &certified);
    if (error != NULL)
        return error_wrap(error, ERROR_ARGUMENT, "not a certificate that a token can hold");
    error = pkcs11_read_key(channel, token, slot, &key);
    if (error == NULL && !public_key_equal(key.public_key, certified))
        error = error_new(ERROR_OTHER_KEY,
                          "the certificate is for another key than the one in slot %s", slot);
    EVP_PKEY_free(key.public_key);
    EVP_PKEY_free(certified);
    return error;
}

/* Room for a name's or a number's DER; freed with free(). */
static void put_der(struct pkcs11 *token, CK_ATTRIBUTE_TYPE type, uint8_t *der, int length)
{
    pkcs11_put_attribute(token, type, der, length < 0 ? 0 : (size_t)length);
    OPENSSL_free(der);
}

/* PKCS #11 v2.40, 4.6.3. */
static struct error *put_certificate(struct pkcs11 *token, const char *slot, const uint8_t *der,
                                     size_t length)
{
    const uint8_t *end = der;
    uint8_t *subject = NULL, *issuer = NULL, *number = NULL;
    X509 *certificate = d2i_X509(NULL, &end, (long)length);
    if (certificate == NULL)
        return error_new(ERROR_ARGUMENT, "not a certificate");
    wire_put_number(&token->call->request, 10);
    pkcs11_put_number(token, CKA_CLASS, CKO_CERTIFICATE);
    pkcs11_put_number(token, CKA_CERTIFICATE_TYPE, CKC_X_509);
    pkcs11_put_identity(token, slot);
    pkcs11_put_truth(token, CKA_PRIVATE, false);
    int size = i2d_X509_NAME(X509_get_subject_name(certificate), &subject);
    put_der(token, CKA_SUBJECT, subject, size);
    size = i2d_X509_NAME(X509_get_issuer_name(certificate), &issuer);
    put_der(token, CKA_ISSUER, issuer, size);
    size = i2d_ASN1_INTEGER(X509_get0_serialNumber(certificate), &number);
    put_der(token, CKA_SERIAL_NUMBER, number, size);
    pkcs11_put_attribute(token, CKA_VALUE, der, length);
    X509_free(certificate);
    return NULL;
}

struct error *pkcs11_store_certificate(struct apdu_channel *channel, void *state, const char *slot,
                                       const uint8_t *der, size_t length)
{
    struct pkcs11 *token = state;
    struct pkcs11_handles old = {NULL, 0};
    struct error *error = check_fits(channel, token, slot, der, length);
    if (error == NULL)
        error =
            pkcs11_find_handles(channel, token, CKO_CERTIFICATE, slot, &old.handles, &old.count);
    if (error == NULL) {
        pkcs11_call_begin(token->call, WIRE_CREATE);
        error = put_certificate(token, slot, der, length);
    }
    if (error == NULL)
        error = pkcs11_call_make(token->call, apdu_channel_transport(channel));
    if (error == NULL)
        error = pkcs11_destroy(channel, token, &old);
    free(old.handles);
    return error;
}
