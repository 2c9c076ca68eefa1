/* SPDX-License-Identifier: BSD-2-Clause */
/* Public keys whose private halves others can find, or that are no proper keys at all. */
#ifndef REISSUE_WEAK_KEY_H
#define REISSUE_WEAK_KEY_H

#include <openssl/evp.h>

/* What is wrong with a key. The first that is found counts. */
enum weak_key {
    WEAK_KEY_NONE,
    WEAK_KEY_INVALID,      /* no public key: a modulus that is even, a point off its curve */
    WEAK_KEY_EXPONENT,     /* RSA: 1, or even: what is encrypted can be read, or never decrypted */
    WEAK_KEY_SMALL_FACTOR, /* RSA: the modulus has a factor below 2^16 */
    WEAK_KEY_POWER,        /* RSA: the modulus is a square, or prime */
    WEAK_KEY_CLOSE_PRIMES, /* RSA: Fermat's method factors it at once, CVE-2022-26320 */
    WEAK_KEY_ROCA,         /* RSA: made by Infineon's library, CVE-2017-15361 */
};

/* An RSA modulus of more bits than that is not looked into: WEAK_KEY_INVALID. */
#define WEAK_KEY_BITS_MAX 16384

/*
 * Looks at a public key, for at most some tenths of a second. No size is judged. The answer
 * WEAK_KEY_NONE is no proof of anything. An innocent key is taken for a ROCA one with a probability
 * of less than 2^-27.
 */
enum weak_key weak_key_check(const EVP_PKEY *key);

/* "the key ...", for a person. */
const char *weak_key_text(enum weak_key weakness);

#endif
