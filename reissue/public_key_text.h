/* SPDX-License-Identifier: BSD-2-Clause */
/* Public keys as the state and people know them. */
#ifndef REISSUE_PUBLIC_KEY_TEXT_H
#define REISSUE_PUBLIC_KEY_TEXT_H

#include "card/error.h"

#include <openssl/evp.h>

/* SHA-256 in hexadecimal digits, and the end of the string. */
#define FINGERPRINT_SIZE 65

/* Of the key's SubjectPublicKeyInfo (RFC 5280 4.1.2.7). */
struct error *public_key_fingerprint(const EVP_PKEY *key, char out[FINGERPRINT_SIZE]) MUST_CHECK;

/* Of any bytes. */
struct error *bytes_fingerprint(const void *bytes, size_t length,
                                char out[FINGERPRINT_SIZE]) MUST_CHECK;

#endif
