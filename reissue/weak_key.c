/* SPDX-License-Identifier: BSD-2-Clause */
#include "weak_key.h"

#include "card/public_key.h"
#include "card/weak_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <stdbool.h>
#include <stddef.h>

/* Rounds of Fermat's method: keys from the known bad generators fall in the first. */
#define FERMAT_ROUNDS 100

/* Small factors are looked for up to here; the Baseline Requirements (6.1.6) ask for 752. */
#define SMALL_FACTOR_END 65536

const char *weak_key_text(enum weak_key weakness)
{
    static const char *const texts[] = {
        "the key has no weakness that is known here",
        "the key is no valid public key",
        "the key's exponent is 1 or even, which makes it useless",
        "the key's modulus has a small factor: everybody can compute the private key",
        "the key's modulus is not the product of two different primes",
        "the key's primes are so close to each other that everybody can compute the private key "
        "(CVE-2022-26320)",
        "the key was made by a card or TPM with Infineon's faulty library (ROCA, CVE-2017-15361): "
        "its private key can be computed",
    };

    return texts[weakness];
}

static bool has_small_factor(const BIGNUM *modulus)
{
    for (BN_ULONG divisor = 3; divisor < SMALL_FACTOR_END; divisor += 2)
        if (BN_mod_word(modulus, divisor) == 0)
            return true;
    return false;
}

/* ---- Fermat ------------------------------------------------------------------------------ */

/* The integer square root, by Newton's method from above. False without memory. */
static bool square_root(BIGNUM *root, const BIGNUM *number, BN_CTX *context)
{
    BIGNUM *next, *quotient;
    bool good = false;

    BN_CTX_start(context);
    next = BN_CTX_get(context);
    quotient = BN_CTX_get(context);
    if (quotient != NULL) {
        BN_zero(next);
        good = BN_set_bit(next, (BN_num_bits(number) + 1) / 2);
    }
    do {
        good = good && BN_copy(root, next) != NULL &&
               BN_div(quotient, NULL, number, root, context) && BN_add(next, root, quotient) &&
               BN_rshift1(next, next);
    } while (good && BN_cmp(next, root) < 0);
    BN_CTX_end(context);
    return good;
}

/* Whether a * a - modulus is a square, for the a from the modulus's root on: then both primes are
 * near that root. A square modulus is one with both primes equal. */
static bool has_close_primes(const BIGNUM *modulus, BN_CTX *context)
{
    BIGNUM *middle, *difference, *root;
    bool good, found = false;

    BN_CTX_start(context);
    middle = BN_CTX_get(context);
    difference = BN_CTX_get(context);
    root = BN_CTX_get(context);
    good = root != NULL && square_root(middle, modulus, context);
    for (int i = 0; good && !found && i < FERMAT_ROUNDS; i++) {
        good = BN_add_word(middle, 1) && BN_sqr(difference, middle, context) &&
               BN_sub(difference, difference, modulus) && square_root(root, difference, context) &&
               BN_sqr(root, root, context);
        found = good && BN_cmp(root, difference) == 0;
    }
    BN_CTX_end(context);
    return found;
}

static bool is_square(const BIGNUM *number, BN_CTX *context)
{
    BIGNUM *root;
    bool found;

    BN_CTX_start(context);
    root = BN_CTX_get(context);
    found = root != NULL && square_root(root, number, context) && BN_sqr(root, root, context) &&
            BN_cmp(root, number) == 0;
    BN_CTX_end(context);
    return found;
}

/* ---- the whole --------------------------------------------------------------------------- */

/* Fermat's test to one base, which hardly any product of two large primes passes. A better test
 * would take minutes over a long prime that somebody sends to keep us busy. */
static bool is_prime(const BIGNUM *modulus, BN_CTX *context)
{
    BIGNUM *base, *exponent;
    bool found = false;

    BN_CTX_start(context);
    base = BN_CTX_get(context);
    exponent = BN_CTX_get(context);
    if (exponent != NULL && BN_set_word(base, 2) && BN_copy(exponent, modulus) != NULL &&
        BN_sub_word(exponent, 1) && BN_mod_exp(base, base, exponent, modulus, context))
        found = BN_is_one(base);
    BN_CTX_end(context);
    return found;
}

static enum weak_key check_modulus(const BIGNUM *modulus, BN_CTX *context)
{
    if (!BN_is_odd(modulus) || BN_num_bits(modulus) < 64 ||
        BN_num_bits(modulus) > WEAK_KEY_BITS_MAX)
        return WEAK_KEY_INVALID;
    if (has_small_factor(modulus))
        return WEAK_KEY_SMALL_FACTOR;
    if (is_square(modulus, context) || is_prime(modulus, context))
        return WEAK_KEY_POWER;
    if (has_close_primes(modulus, context))
        return WEAK_KEY_CLOSE_PRIMES;
    return WEAK_KEY_NONE;
}

static enum weak_key check_rsa(const EVP_PKEY *key)
{
    BIGNUM *modulus = NULL, *exponent = NULL;
    BN_CTX *context = BN_CTX_new();
    enum weak_key weakness = WEAK_KEY_INVALID;

    if (context != NULL && EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &modulus) == 1 &&
        EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1) {
        if (!BN_is_odd(exponent) || BN_is_one(exponent))
            weakness = WEAK_KEY_EXPONENT;
        else
            weakness = check_modulus(modulus, context);
        if (weakness == WEAK_KEY_NONE && weak_key_has_roca_form(key))
            weakness = WEAK_KEY_ROCA;
    }
    BN_free(modulus);
    BN_free(exponent);
    BN_CTX_free(context);
    return weakness;
}

static enum weak_key check_other(const EVP_PKEY *key)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, (EVP_PKEY *)key, NULL);
    bool good = context != NULL && EVP_PKEY_public_check(context) == 1;

    EVP_PKEY_CTX_free(context);
    return good ? WEAK_KEY_NONE : WEAK_KEY_INVALID;
}

enum weak_key weak_key_check(const EVP_PKEY *key)
{
    enum weak_key weakness;

    (void)ERR_set_mark();
    weakness = public_key_is_rsa(key) ? check_rsa(key) : check_other(key);
    (void)ERR_pop_to_mark();
    return weakness;
}
