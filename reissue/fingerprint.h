/* SPDX-License-Identifier: BSD-2-Clause */
/* Public keys and certificates as the state and people know them: by their SHA-256. */
#ifndef REISSUE_FINGERPRINT_H
#define REISSUE_FINGERPRINT_H

#include "card/error.h"

#include <openssl/x509.h>

/* SHA-256 in hexadecimal digits, lower case, and the end of the string. */
#define FINGERPRINT_SIZE 65

/* Of the key's SubjectPublicKeyInfo (RFC 5280 4.1.2.7). */
struct error *public_key_fingerprint(const EVP_PKEY *key, char out[FINGERPRINT_SIZE]) MUST_CHECK;

/* Of the whole certificate. */
struct error *certificate_fingerprint(const X509 *certificate,
                                      char out[FINGERPRINT_SIZE]) MUST_CHECK;

/* Of any bytes. */
struct error *bytes_fingerprint(const void *bytes, size_t length,
                                char out[FINGERPRINT_SIZE]) MUST_CHECK;

#endif
