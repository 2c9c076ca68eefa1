/* SPDX-License-Identifier: BSD-2-Clause */
#include "material.h"
#include "reissue/weak_key.h"

#include <openssl/bn.h>

#define HALF 1024 /* bits of each prime */

static BN_CTX *context;

static int set_up(void **state)
{
    (void)state;
    context = BN_CTX_new();
    return context == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    BN_CTX_free(context);
    return 0;
}

static BIGNUM *number(BN_ULONG word)
{
    BIGNUM *out = BN_new();

    assert_true(BN_set_word(out, word));
    return out;
}

static BIGNUM *prime(int bits)
{
    BIGNUM *out = BN_new();

    assert_true(BN_generate_prime_ex(out, bits, 0, NULL, NULL, NULL));
    return out;
}

/* Checks the key of that modulus; frees the modulus. */
static enum weak_key check(BIGNUM *modulus, BN_ULONG exponent)
{
    BIGNUM *e = number(exponent);
    EVP_PKEY *key = material_rsa_key(modulus, e, NULL);
    enum weak_key weakness = weak_key_check(key);

    EVP_PKEY_free(key);
    BN_free(e);
    BN_free(modulus);
    return weakness;
}

/* The product; frees both. */
static BIGNUM *product(BIGNUM *one, BIGNUM *other)
{
    assert_true(BN_mul(one, one, other, context));
    BN_free(other);
    return one;
}

static void passes_good_keys(void **state)
{
    EVP_PKEY *keys[] = {material_rsa(2048), material_rsa(1024), material_ec("P-256"),
                        EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")};

    (void)state;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        assert_int_equal(weak_key_check(keys[i]), WEAK_KEY_NONE);
        EVP_PKEY_free(keys[i]);
    }
}

static void finds_bad_exponents(void **state)
{
    (void)state;
    assert_int_equal(check(product(prime(HALF), prime(HALF)), 1), WEAK_KEY_EXPONENT);
    assert_int_equal(check(product(prime(HALF), prime(HALF)), 65536), WEAK_KEY_EXPONENT);
    assert_int_equal(check(product(prime(HALF), prime(HALF)), 3), WEAK_KEY_NONE);
}

static void finds_bad_moduli(void **state)
{
    BIGNUM *root = prime(HALF);

    (void)state;
    assert_int_equal(check(product(number(65521), prime(2030)), 65537), WEAK_KEY_SMALL_FACTOR);
    assert_int_equal(check(product(number(3), prime(HALF)), 65537), WEAK_KEY_SMALL_FACTOR);
    assert_int_equal(check(product(number(2), prime(HALF)), 65537), WEAK_KEY_INVALID);
    assert_int_equal(check(prime(HALF), 65537), WEAK_KEY_POWER);
    assert_int_equal(check(product(root, BN_dup(root)), 65537), WEAK_KEY_POWER);
}

/* The second prime is the next one after the first, or after the first and a number of half its
 * length: Fermat's method needs one round, or some. */
static void finds_close_primes(void **state)
{
    static const int distances[] = {8, HALF / 2 - 8, HALF / 2 + 2};

    (void)state;
    for (size_t i = 0; i < sizeof(distances) / sizeof(distances[0]); i++) {
        BIGNUM *one = prime(HALF), *other = BN_dup(one), *distance = BN_new();

        assert_true(BN_set_bit(distance, distances[i]));
        assert_true(BN_add(other, other, distance));
        while (BN_check_prime(other, context, NULL) != 1)
            assert_true(BN_add_word(other, 2));
        assert_int_equal(check(product(one, other), 65537), WEAK_KEY_CLOSE_PRIMES);
        BN_free(distance);
    }
    /* farther apart than that, it is no way to factor them */
    assert_int_equal(check(product(prime(HALF), prime(HALF)), 65537), WEAK_KEY_NONE);
}

/* A prime as Infineon's library made it: k * M + (65537^a mod M), M the product of the first 126
 * primes. */
static BIGNUM *roca_prime(const BIGNUM *m)
{
    BIGNUM *k = BN_new(), *a = BN_new(), *out = BN_new(), *generator = number(65537);

    do {
        assert_true(BN_rand(k, HALF - BN_num_bits(m), BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY));
        assert_true(BN_rand(a, 62, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY));
        assert_true(BN_mod_exp(out, generator, a, m, context));
        assert_true(BN_mul(k, k, m, context));
        assert_true(BN_add(out, out, k));
    } while (BN_check_prime(out, context, NULL) != 1);
    BN_free(k);
    BN_free(a);
    BN_free(generator);
    return out;
}

static void finds_roca_keys(void **state)
{
    BIGNUM *m = number(2);
    int count = 1;

    (void)state;
    for (BN_ULONG candidate = 3; count < 126; candidate += 2) {
        bool is_prime = true;

        for (BN_ULONG divisor = 3; divisor * divisor <= candidate; divisor += 2)
            is_prime = is_prime && candidate % divisor != 0;
        if (!is_prime)
            continue;
        assert_true(BN_mul_word(m, candidate));
        count++;
    }
    assert_int_equal(check(product(roca_prime(m), roca_prime(m)), 65537), WEAK_KEY_ROCA);
    BN_free(m);
}

static void bounds_its_work(void **state)
{
    BIGNUM *modulus = BN_new();

    (void)state;
    assert_true(BN_set_bit(modulus, WEAK_KEY_BITS_MAX));
    assert_true(BN_add_word(modulus, 1));
    assert_int_equal(check(modulus, 65537), WEAK_KEY_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_good_keys), cmocka_unit_test(finds_bad_exponents),
        cmocka_unit_test(finds_bad_moduli), cmocka_unit_test(finds_close_primes),
        cmocka_unit_test(finds_roca_keys),  cmocka_unit_test(bounds_its_work),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
