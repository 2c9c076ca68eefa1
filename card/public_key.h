/* SPDX-License-Identifier: BSD-2-Clause */
/* Public keys from what cards say, checked before anything relies on them. */
#ifndef CARD_PUBLIC_KEY_H
#define CARD_PUBLIC_KEY_H

#include "error.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * An RSA public key of 1024 to 4096 bits, from modulus and exponent, big-endian. *out is for
 * EVP_PKEY_free(). ERROR_CARD_ANSWER where the numbers are none of an RSA key.
 */
struct error *public_key_rsa(OSSL_LIB_CTX *libctx, const uint8_t *modulus, size_t modulus_length,
                             const uint8_t *exponent, size_t exponent_length,
                             EVP_PKEY **out) MUST_CHECK;

/*
 * A key on the named curve ("P-256", "brainpoolP256r1"), from its point in uncompressed form (SEC
 * 1, 2.3.3). ERROR_CARD_ANSWER where the point is not on the curve.
 */
struct error *public_key_ec(OSSL_LIB_CTX *libctx, const char *curve, const uint8_t *point,
                            size_t length, EVP_PKEY **out) MUST_CHECK;

/* An "ED25519" or "X25519" key from its 32 bytes (RFC 8032, RFC 7748). ERROR_CARD_ANSWER. */
struct error *public_key_raw(OSSL_LIB_CTX *libctx, const char *name, const uint8_t *bytes,
                             size_t length, EVP_PKEY **out) MUST_CHECK;

/* Whether it is an RSA key, be it one that its certificate keeps for PSS (RFC 4055 section 1.2). */
bool public_key_is_rsa(const EVP_PKEY *key);

/* Whether it is an EC key on that curve, which has NIST's name where NIST gave it one ("P-256"),
   and libcrypto's ("brainpoolP256r1") otherwise. */
bool public_key_is_on(const EVP_PKEY *key, const char *curve);

/* Whether two public keys are the same; RSA keys by their numbers, whatever they are kept for. */
bool public_key_equal(const EVP_PKEY *one, const EVP_PKEY *other);

/* Such as "RSA-2048", "P-256", "ED25519": for messages. `out` has room for `size` characters. */
void public_key_name(const EVP_PKEY *key, char *out, size_t size);

/*
 * Checks what a card made of `block` with an RSA key: result ^ e = `block`, as for a signature
 * without padding. ERROR_SIGNATURE.
 */
struct error *public_key_check_rsa(OSSL_LIB_CTX *libctx, EVP_PKEY *key, const uint8_t *block,
                                   size_t block_length, const uint8_t *result,
                                   size_t length) MUST_CHECK;

/* ERROR_CIPHERTEXT where a card cannot decrypt that: it has another length than the modulus, or is
   not less than it (RFC 8017 5.1.2). */
struct error *public_key_check_rsa_ciphertext(EVP_PKEY *key, const uint8_t *ciphertext,
                                              size_t length) MUST_CHECK;

/* Checks an ECDSA signature (DER) of a hash. ERROR_SIGNATURE. */
struct error *public_key_check_ecdsa(OSSL_LIB_CTX *libctx, EVP_PKEY *key, const uint8_t *hash,
                                     size_t hash_length, const uint8_t *signature,
                                     size_t length) MUST_CHECK;

/* Checks an Ed25519 signature of a message. ERROR_SIGNATURE. */
struct error *public_key_check_ed25519(OSSL_LIB_CTX *libctx, EVP_PKEY *key, const uint8_t *message,
                                       size_t message_length, const uint8_t *signature,
                                       size_t length) MUST_CHECK;

#endif
