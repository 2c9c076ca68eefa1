/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys of weak makes: the form that ROCA gives a modulus, and who is told what. */
#include "weak_key.h"
#include "public_key.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define MODULUS_BYTES 256

static const uint8_t exponent[] = {1, 0, 1};

static EVP_PKEY *key_of(const BIGNUM *modulus)
{
    uint8_t bytes[MODULUS_BYTES];
    EVP_PKEY *key = NULL;

    assert_int_equal(BN_bn2binpad(modulus, bytes, sizeof(bytes)), (int)sizeof(bytes));
    assert_null(public_key_rsa(NULL, bytes, sizeof(bytes), exponent, sizeof(exponent), &key));
    return key;
}

/* k * M + (65537 ^ x mod M), with M the product of the primes up to 167: as RSALib's are. */
static BIGNUM *make_modulus(BN_CTX *context, unsigned long power, unsigned long added)
{
    BIGNUM *product = BN_new();
    BIGNUM *modulus = BN_new();
    BIGNUM *number = BN_new();

    assert_true(BN_one(product));
    for (unsigned long candidate = 2; candidate <= 167; candidate++) {
        bool prime = true;

        for (unsigned long divisor = 2; divisor < candidate; divisor++)
            prime = prime && candidate % divisor != 0;
        if (prime)
            assert_true(BN_mul_word(product, candidate));
    }
    assert_true(BN_set_word(modulus, 65537));
    assert_true(BN_set_word(number, power));
    assert_true(BN_mod_exp(modulus, modulus, number, product, context));
    /* the highest multiple of M that leaves 2048 bits */
    assert_true(BN_one(number) && BN_lshift(number, number, 2047));
    assert_true(BN_div(number, NULL, number, product, context) && BN_add_word(number, added));
    assert_true(BN_mul(number, number, product, context) && BN_add(modulus, modulus, number));
    assert_int_equal(BN_num_bits(modulus), 2048);
    BN_free(product);
    BN_free(number);
    return modulus;
}

static void test_roca_form(void **state)
{
    static const struct card_make unknown = {.name = ""};
    BN_CTX *context = BN_CTX_new();

    (void)state;
    for (unsigned long power = 1; power < 2000000; power = power * 7 + 3) {
        BIGNUM *modulus = make_modulus(context, power, power);
        EVP_PKEY *key = key_of(modulus);

        assert_true(weak_key_has_roca_form(key));
        assert_non_null(strstr(weak_key_reason(key, CARD_ORIGIN_IMPORTED, &unknown), "ROCA"));
        EVP_PKEY_free(key);
        /* Next to it there is none. */
        assert_true(BN_add_word(modulus, 2));
        key = key_of(modulus);
        assert_false(weak_key_has_roca_form(key));
        EVP_PKEY_free(key);
        BN_free(modulus);
    }
    BN_CTX_free(context);
}

/* A number that is a power of 65537 modulo each prime, but not of one exponent. */
static void test_exponents_have_to_agree(void **state)
{
    BN_CTX *context = BN_CTX_new();
    BIGNUM *one = make_modulus(context, 5, 1);
    BIGNUM *product = BN_new();
    BIGNUM *other = BN_new();
    unsigned long residue = BN_mod_word(one, 167);
    EVP_PKEY *key;

    (void)state;
    /* Changes the residue modulo 167 alone, to another power: adds M / 167 until it is one more
       factor of 65537 than the others say. */
    assert_true(BN_one(product));
    for (unsigned long candidate = 2; candidate < 167; candidate++) {
        bool prime = true;

        for (unsigned long divisor = 2; divisor < candidate; divisor++)
            prime = prime && candidate % divisor != 0;
        if (prime)
            assert_true(BN_mul_word(product, candidate));
    }
    residue = residue * (65537 % 167) % 167;
    assert_non_null(BN_copy(other, one));
    for (int i = 0; BN_mod_word(other, 167) != residue; i++) {
        assert_true(i < 167);
        /* twice, so that it stays odd; M / 167 is even already */
        assert_true(BN_add(other, other, product));
    }
    key = key_of(one);
    assert_true(weak_key_has_roca_form(key));
    EVP_PKEY_free(key);
    key = key_of(other);
    assert_false(weak_key_has_roca_form(key));
    EVP_PKEY_free(key);
    BN_free(one);
    BN_free(other);
    BN_free(product);
    BN_CTX_free(context);
}

static void test_makes(void **state)
{
    EVP_PKEY *rsa = EVP_RSA_gen(2048);
    EVP_PKEY *ec = EVP_EC_gen("P-256");
    struct card_make make = {.name = "YubiKey", .version_known = true, .version = {4, 3, 4}};

    (void)state;
    assert_false(weak_key_has_roca_form(rsa));
    assert_false(weak_key_has_roca_form(ec));
    assert_non_null(strstr(weak_key_reason(rsa, CARD_ORIGIN_GENERATED, &make), "ROCA"));
    assert_null(weak_key_reason(rsa, CARD_ORIGIN_IMPORTED, &make));
    assert_non_null(strstr(weak_key_reason(ec, CARD_ORIGIN_GENERATED, &make), "EUCLEAK"));
    memcpy(make.version, (const unsigned[]){4, 3, 5}, sizeof(make.version));
    assert_null(weak_key_reason(rsa, CARD_ORIGIN_GENERATED, &make));
    memcpy(make.version, (const unsigned[]){5, 7, 0}, sizeof(make.version));
    assert_null(weak_key_reason(ec, CARD_ORIGIN_GENERATED, &make));
    memset(&make, 0, sizeof(make)); /* of a card that does not say */
    assert_null(weak_key_reason(ec, CARD_ORIGIN_UNKNOWN, &make));
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roca_form),
        cmocka_unit_test(test_exponents_have_to_agree),
        cmocka_unit_test(test_makes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
