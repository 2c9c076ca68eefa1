/* SPDX-License-Identifier: BSD-2-Clause */
#include "fingerprint.h"

#include "crypto.h"

#include <stdio.h>

struct error *bytes_fingerprint(const void *bytes, size_t length, char out[FINGERPRINT_SIZE])
{
    unsigned char digest[32];
    size_t size = sizeof(digest);

    if (EVP_Q_digest(NULL, "SHA256", NULL, bytes, length, digest, &size) != 1)
        return crypto_error("cannot compute SHA-256");
    for (size_t i = 0; i < sizeof(digest); i++)
        (void)snprintf(out + 2 * i, 3, "%02x", digest[i]);
    return NULL;
}

struct error *public_key_fingerprint(const EVP_PKEY *key, char out[FINGERPRINT_SIZE])
{
    unsigned char *der = NULL;
    int length = i2d_PUBKEY(key, &der);
    struct error *error = length < 0 ? crypto_error("cannot encode the public key")
                                     : bytes_fingerprint(der, (size_t)length, out);

    OPENSSL_free(der);
    return error;
}

struct error *certificate_fingerprint(const X509 *certificate, char out[FINGERPRINT_SIZE])
{
    unsigned char *der = NULL;
    int length = i2d_X509(certificate, &der);
    struct error *error = length < 0 ? crypto_error("cannot encode the certificate")
                                     : bytes_fingerprint(der, (size_t)length, out);

    OPENSSL_free(der);
    return error;
}
