/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Removing the padding from decrypted blocks, for cards that do nothing but the RSA operation. How
 * that went is what attackers want to know (Bleichenbacher 1998, Manger 2001): so no time spent
 * here depends on it, and PKCS #1 v1.5 does not tell it at all.
 *
 * In each of these, `block` has `size` bytes, which is the modulus's length, and `out` has room for
 * as many; *out_length is set. ERROR_INTERNAL where libcrypto fails.
 */
#ifndef PROVIDER_RSA_UNPAD_H
#define PROVIDER_RSA_UNPAD_H

#include "card/error.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The length, in bytes, of the key for implicit rejection. */
#define REJECTION_KEY_LENGTH 32

/* The length of a TLS premaster secret, RFC 5246 section 8.1.1. */
#define TLS_PREMASTER_LENGTH 48

/*
 * PKCS #1 v1.5 (RFC 8017 section 7.2.2) with implicit rejection (draft-irtf-cfrg-rsa-guidance,
 * section 7): for a bad padding comes a message that looks like any, the same for the same
 * `rejection_key` and `ciphertext` (of `size` bytes). ERROR_CIPHERTEXT for a key too small.
 */
struct error *rsa_unpad_pkcs1(OSSL_LIB_CTX *libctx,
                              const uint8_t rejection_key[REJECTION_KEY_LENGTH],
                              const uint8_t *ciphertext, const uint8_t *block, size_t size,
                              uint8_t *out, size_t *out_length) MUST_CHECK;

/* The same without: a bad padding is ERROR_CIPHERTEXT, for callers who see to it themselves. */
struct error *rsa_unpad_pkcs1_explicit(const uint8_t *block, size_t size, uint8_t *out,
                                       size_t *out_length) MUST_CHECK;

/*
 * A TLS premaster secret, RFC 5246 section 7.4.7.1: random where the padding is bad, or where the
 * secret does not begin with one of the two versions (`other_version` 0: there is but one).
 */
struct error *rsa_unpad_tls(OSSL_LIB_CTX *libctx, unsigned int version, unsigned int other_version,
                            const uint8_t *block, size_t size, uint8_t *out,
                            size_t *out_length) MUST_CHECK;

/* OAEP, RFC 8017 section 7.1.2. ERROR_CIPHERTEXT, the same for all that can be wrong. */
struct error *rsa_unpad_oaep(const EVP_MD *digest, const EVP_MD *mgf1_digest, const uint8_t *label,
                             size_t label_length, const uint8_t *block, size_t size, uint8_t *out,
                             size_t *out_length) MUST_CHECK;

/*
 * For cards that remove PKCS #1 v1.5 themselves: puts the padding of RFC 8017 section 7.2.1 before
 * a message of at most `size` - 11 bytes, to have it removed by the functions above; where there is
 * none (`found` false), `block` becomes one whose padding is bad. `message` may not overlap.
 */
void rsa_restore_pkcs1(bool found, const uint8_t *message, size_t length, uint8_t *block,
                       size_t size);

#endif
