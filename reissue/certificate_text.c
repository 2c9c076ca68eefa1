/* SPDX-License-Identifier: BSD-2-Clause */
#include "certificate_text.h"

#include "crypto.h"

#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct error *certificate_from_pem(const char *pem, X509 **out)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);

    *out = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    return *out != NULL ? NULL : crypto_error("cannot read the certificate");
}

struct error *certificate_to_pem(X509 *certificate, char **out)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *bytes;
    long length;

    *out = NULL;
    if (bio == NULL || PEM_write_bio_X509(bio, certificate) != 1) {
        BIO_free(bio);
        return crypto_error("cannot encode the certificate");
    }
    length = BIO_get_mem_data(bio, &bytes);
    *out = strndup(bytes, (size_t)length);
    BIO_free(bio);
    return *out != NULL ? NULL : error_no_memory();
}

struct error *certificate_fingerprint(const char *pem, char out[FINGERPRINT_SIZE])
{
    X509 *certificate;
    unsigned char *der = NULL;
    struct error *error = certificate_from_pem(pem, &certificate);
    int length;

    if (error != NULL)
        return error;
    length = i2d_X509(certificate, &der);
    error = length < 0 ? crypto_error("cannot encode the certificate")
                       : bytes_fingerprint(der, (size_t)length, out);
    OPENSSL_free(der);
    X509_free(certificate);
    return error;
}

struct error *certificate_end(const X509 *certificate, time_t *out)
{
    struct tm end;

    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1)
        return crypto_error("cannot read the certificate's dates");
    *out = timegm(&end);
    return NULL;
}
