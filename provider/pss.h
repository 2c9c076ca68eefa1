/* SPDX-License-Identifier: BSD-2-Clause */
/* EMSA-PSS encoding (RFC 8017 section 9.1.1), for cards that do nothing but the RSA operation. */
#ifndef PROVIDER_PSS_H
#define PROVIDER_PSS_H

#include "card/error.h"

#include <openssl/evp.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The salt length in bytes that `salt_length` means when signing: itself, or one of OpenSSL's
 * RSA_PSS_SALTLEN_ values. Negative where the modulus (in bits) leaves no room for the hash.
 */
int pss_salt_length(int salt_length, int modulus_bits, int hash_length);

/*
 * Encodes `hash` (of `digest`) with a random salt of `salt_length` bytes into `block`, which has
 * the length of the modulus in bytes. ERROR_ARGUMENT where that does not fit.
 */
struct error *pss_encode(OSSL_LIB_CTX *libctx, const EVP_MD *digest, const EVP_MD *mgf1_digest,
                         const uint8_t *hash, int salt_length, int modulus_bits,
                         uint8_t *block) MUST_CHECK;

#endif
