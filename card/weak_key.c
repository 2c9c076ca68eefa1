/* SPDX-License-Identifier: BSD-2-Clause */
#include "weak_key.h"

#include "public_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <string.h>

/* ---- ROCA -------------------------------------------------------------------------------- */

/* Nemec, Sys, Svenda, Klinec, Matyas: "The Return of Coppersmith's Attack" (ACM CCS 2017), 2.1: the
   primes that make up M are the first 39 at least. */
static const unsigned primes[] = {3,   5,   7,   11,  13,  17,  19,  23,  29,  31,  37,  41,  43,
                                  47,  53,  59,  61,  67,  71,  73,  79,  83,  89,  97,  101, 103,
                                  107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167};

#define PRIME_COUNT (sizeof(primes) / sizeof(primes[0]))
#define GENERATOR   65537u

/* The exponent x with 65537^x = residue modulo that prime, and the order of 65537 there. */
static bool find_exponent(unsigned prime, unsigned residue, unsigned *exponent, unsigned *order)
{
    unsigned power = 1;
    bool found = false;
    *order = 0;
    do {
        if (power == residue) {
            *exponent = *order;
            found = true;
        }
        power = power * (GENERATOR % prime) % prime;
        (*order)++;
    } while (power != 1);
    return found;
}

static unsigned common_divisor(unsigned one, unsigned other)
{
    while (other != 0) {
        unsigned rest = one % other;
        one = other;
        other = rest;
    }
    return one;
}

/* Exponents modulo two orders are of one number if they agree modulo what the orders share. */
static bool exponents_agree(const unsigned *exponents, const unsigned *orders)
{
    for (size_t i = 0; i < PRIME_COUNT; i++)
        for (size_t j = 0; j < i; j++) {
            unsigned shared = common_divisor(orders[i], orders[j]);
            if (exponents[i] % shared != exponents[j] % shared)
                return false;
        }
    return true;
}

static bool number_has_roca_form(const BIGNUM *modulus)
{
    unsigned exponents[PRIME_COUNT];
    unsigned orders[PRIME_COUNT];
    for (size_t i = 0; i < PRIME_COUNT; i++) {
        BN_ULONG residue = BN_mod_word(modulus, primes[i]);
        if (residue >= primes[i] ||
            !find_exponent(primes[i], (unsigned)residue, &exponents[i], &orders[i]))
            return false;
    }
    return exponents_agree(exponents, orders);
}

bool weak_key_has_roca_form(const EVP_PKEY *key)
{
    BIGNUM *modulus = NULL;
    bool weak = public_key_is_rsa(key) &&
                EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &modulus) == 1 &&
                number_has_roca_form(modulus);
    BN_free(modulus);
    return weak;
}

/* ---- makes ------------------------------------------------------------------------------- */

static bool older_than(const struct card_make *make, unsigned major, unsigned minor, unsigned patch)
{
    unsigned own = make->version[0] << 16 | make->version[1] << 8 | make->version[2];
    return own < (major << 16 | minor << 8 | patch);
}

/* On Infineon's chips, which YubiKeys had up to 5.6: an ECDSA signature tells its secret to whoever
   measures the card while it signs (EUCLEAK, CVE-2024-45678); Ed25519 came with 5.7. */
static bool is_eucleak(const EVP_PKEY *key, const struct card_make *make)
{
    return EVP_PKEY_is_a(key, "EC") && older_than(make, 5, 7, 0);
}

static bool is_roca_make(const EVP_PKEY *key, enum card_origin origin, const struct card_make *make)
{
    return public_key_is_rsa(key) && origin == CARD_ORIGIN_GENERATED &&
           !older_than(make, 4, 2, 6) && older_than(make, 4, 3, 5);
}

const char *weak_key_reason(const EVP_PKEY *key, enum card_origin origin,
                            const struct card_make *make)
{
    bool yubikey = strcmp(make->name, "YubiKey") == 0 && make->version_known;
    if (weak_key_has_roca_form(key) || (yubikey && is_roca_make(key, origin, make)))
        return "it can be computed from its public half (ROCA, CVE-2017-15361): make another key, "
               "on another card, and have the certificate revoked";
    if (yubikey && is_eucleak(key, make))
        return "whoever gets hold of the card and opens it can copy it (EUCLEAK, CVE-2024-45678): "
               "never let the card out of your hands, or use RSA, or a YubiKey with firmware 5.7";
    return NULL;
}
