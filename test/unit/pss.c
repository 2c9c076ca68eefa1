/* SPDX-License-Identifier: BSD-2-Clause */
/* Our PSS encoding, through a raw RSA operation, against OpenSSL's verification of PSS. */
#include "provider/pss.h"

#include <openssl/err.h>
#include <openssl/rsa.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define BLOCK_MAX 512

static size_t sign_raw(EVP_PKEY *key, const uint8_t *block, uint8_t *signature)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    size_t length = BLOCK_MAX;

    assert_non_null(context);
    assert_int_equal(EVP_PKEY_sign_init(context), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING), 1);
    assert_int_equal(
        EVP_PKEY_sign(context, signature, &length, block, (size_t)EVP_PKEY_get_size(key)), 1);
    EVP_PKEY_CTX_free(context);
    return length;
}

static int verify_pss(EVP_PKEY *key, const EVP_MD *digest, const EVP_MD *mgf1_digest,
                      int salt_length, const uint8_t *hash, const uint8_t *signature,
                      size_t signature_length)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    int result;

    assert_non_null(context);
    assert_int_equal(EVP_PKEY_verify_init(context), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING), 1);
    assert_int_equal(EVP_PKEY_CTX_set_signature_md(context, digest), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_mgf1_md(context, mgf1_digest), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(context, salt_length), 1);
    result = EVP_PKEY_verify(context, signature, signature_length, hash,
                             (size_t)EVP_MD_get_size(digest));
    EVP_PKEY_CTX_free(context);
    return result;
}

static void check(EVP_PKEY *key, const EVP_MD *digest, const EVP_MD *mgf1_digest, int requested)
{
    uint8_t hash[EVP_MAX_MD_SIZE] = {1, 2, 3};
    uint8_t block[BLOCK_MAX];
    uint8_t signature[BLOCK_MAX];
    int bits = EVP_PKEY_get_bits(key);
    int salt_length = pss_salt_length(requested, bits, EVP_MD_get_size(digest));
    size_t length;

    assert_null(pss_encode(NULL, digest, mgf1_digest, hash, salt_length, bits, block));
    length = sign_raw(key, block, signature);
    assert_int_equal(verify_pss(key, digest, mgf1_digest, salt_length, hash, signature, length), 1);
    hash[0] ^= 1;
    assert_int_not_equal(verify_pss(key, digest, mgf1_digest, salt_length, hash, signature, length),
                         1);
    ERR_clear_error();
}

/* Sizes around a multiple of eight bits: there the encoded message is a byte shorter, or not. */
static void every_shape_verifies(void **state)
{
    static const unsigned int sizes[] = {1024, 1025, 1026, 1031, 2048};
    static const int salts[] = {
        0, 1, RSA_PSS_SALTLEN_DIGEST, RSA_PSS_SALTLEN_MAX, RSA_PSS_SALTLEN_AUTO, -4};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        EVP_PKEY *key = EVP_RSA_gen(sizes[i]);

        assert_non_null(key);
        for (size_t j = 0; j < sizeof(salts) / sizeof(salts[0]); j++) {
            check(key, EVP_sha256(), EVP_sha256(), salts[j]);
            check(key, EVP_sha384(), EVP_sha1(), salts[j]);
        }
        EVP_PKEY_free(key);
    }
}

static void what_does_not_fit_is_refused(void **state)
{
    uint8_t hash[EVP_MAX_MD_SIZE] = {0};
    uint8_t block[BLOCK_MAX];
    struct error *error =
        pss_encode(NULL, EVP_sha512(), EVP_sha512(), hash, 63, 1024, block); /* 62 would fit */

    (void)state;
    assert_non_null(error);
    assert_int_equal(error_code(error), ERROR_ARGUMENT);
    error_free(error);
    error = pss_encode(NULL, EVP_sha512(), EVP_sha512(), hash,
                       pss_salt_length(RSA_PSS_SALTLEN_MAX, 512, 64), 512, block);
    assert_non_null(error);
    assert_int_equal(error_code(error), ERROR_ARGUMENT);
    error_free(error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shape_verifies),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
