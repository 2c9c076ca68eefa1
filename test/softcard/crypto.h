/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SOFTCARD_CRYPTO_H
#define SOFTCARD_CRYPTO_H

#include "bytes.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Algorithm references (SP 800-78-4, table 6-2; SP 800-78-5 for RSA-3072; Yubico from 16 on E0,
 * E1). */
enum soft_algorithm_id {
    SOFT_3DES = 0x03,
    SOFT_RSA_3072 = 0x05,
    SOFT_RSA_1024 = 0x06,
    SOFT_RSA_2048 = 0x07,
    SOFT_AES_128 = 0x08,
    SOFT_AES_192 = 0x0A,
    SOFT_AES_256 = 0x0C,
    SOFT_P256 = 0x11,
    SOFT_P384 = 0x14,
    SOFT_P521 = 0x15, /* GlobalPlatform's: SP 800-78 has none */
    SOFT_RSA_4096 = 0x16,
    SOFT_ED25519 = 0xE0,
    SOFT_X25519 = 0xE1,
    /* Of our own, for what PIV has no reference for: no host ever sees them. */
    SOFT_SECP256K1 = 0xF1,
    SOFT_BRAINPOOL_256 = 0xF2,
    SOFT_BRAINPOOL_384 = 0xF3,
    SOFT_BRAINPOOL_512 = 0xF4,
};

enum soft_key_type { SOFT_TYPE_RSA, SOFT_TYPE_EC, SOFT_TYPE_ED25519, SOFT_TYPE_X25519 };

/* Which PIV cards have an algorithm: all, those of Yubico, none. */
enum soft_home { SOFT_HOME_PIV, SOFT_HOME_YUBIKEY, SOFT_HOME_OPENPGP };

#define SOFT_COORDINATE_MOST 66 /* bytes, of P-521 */

/* What there is to know of an asymmetric algorithm. */
struct soft_algorithm {
    uint8_t id;
    const char *name; /* as the option --key takes it */
    enum soft_key_type type;
    size_t size;       /* bytes of a modulus, of a coordinate, of a key */
    const char *group; /* OpenSSL's name of the curve, or NULL */
    enum soft_home home;
};

/* The algorithm with that reference, or that name; NULL when there is none. */
const struct soft_algorithm *soft_algorithm_find(uint8_t id);
const struct soft_algorithm *soft_algorithm_by_name(const char *name, size_t length);

/* Makes a key. NULL when OpenSSL fails. The caller owns it. */
EVP_PKEY *soft_key_generate(const struct soft_algorithm *algorithm);

/*
 * Makes a key of its private parts: for RSA the primes p and q (`first`, `second`), with the public
 * exponent 65537; for the others the private value in `first`. NULL when they make no key.
 */
EVP_PKEY *soft_key_import(const struct soft_algorithm *algorithm, const uint8_t *first,
                          size_t first_length, const uint8_t *second, size_t second_length);

/*
 * Appends the public key's data objects as they stand in the template 7F49 (SP 800-73-4 part 2,
 * 3.3.2): 81 modulus and 82 exponent, or 86 point. Returns false when OpenSSL fails.
 */
bool soft_key_public(const struct soft_algorithm *algorithm, EVP_PKEY *key, struct soft_bytes *out);

/*
 * The private key's operation on data from the host, appended to `out`: RSA without padding, ECDSA
 * of a hash (answer in DER), Ed25519 of a message. Returns false when the data does not fit the
 * key.
 */
bool soft_key_sign(const struct soft_algorithm *algorithm, EVP_PKEY *key, const uint8_t *data,
                   size_t length, struct soft_bytes *out);

/*
 * Key agreement with the host's public point (uncompressed) or X25519 key: appends the shared
 * secret (the x coordinate). Returns false when the point is none of the curve's.
 */
bool soft_key_derive(const struct soft_algorithm *algorithm, EVP_PKEY *key, const uint8_t *point,
                     size_t length, struct soft_bytes *out);

/* Bytes of a symmetric algorithm's key, and of its block; 0 for any other algorithm. */
size_t soft_cipher_key_size(uint8_t id);
size_t soft_cipher_block_size(uint8_t id);

/* Encrypts or decrypts one block, no padding. Returns false when OpenSSL fails. */
bool soft_cipher_block(uint8_t id, const uint8_t *key, bool encrypt, const uint8_t *in,
                       uint8_t *out);

#endif
