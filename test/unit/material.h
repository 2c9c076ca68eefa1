/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys and certificates, made for the tests of reissue's parsers and checks as they run. */
#ifndef MATERIAL_H
#define MATERIAL_H

#include "card/error.h"

#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h> /* after those, which it needs */

#define DAY 86400L

struct material {
    const char *name; /* the common name */
    EVP_PKEY *key;
    X509 *issuer;         /* NULL: self-signed */
    EVP_PKEY *issuer_key; /* NULL: `key` */
    const char *names;    /* as in subjectAltName=, or NULL */
    const char *usage;    /* extendedKeyUsage, or NULL */
    bool ca;
    long begins, ends; /* seconds from now; both 0: a day ago, in 30 days */
    const EVP_MD *digest;
};

/* Keys; for EVP_PKEY_free(). */
EVP_PKEY *material_ec(const char *curve);
EVP_PKEY *material_rsa(unsigned bits);

/* A certificate; for X509_free(). */
X509 *material_certificate(const struct material *material);

/* An RSA key of those numbers: a public one where the private exponent is NULL. */
EVP_PKEY *material_rsa_key(const BIGNUM *modulus, const BIGNUM *exponent,
                           const BIGNUM *private_exponent);

#define assert_error(error, code, text) material_assert_error(error, code, text, __FILE__, __LINE__)
void material_assert_error(struct error *error, enum error_code code, const char *text,
                           const char *file, int line);

#define assert_no_error(error) material_assert_no_error(error, __FILE__, __LINE__)
void material_assert_no_error(struct error *error, const char *file, int line);

#endif
