/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Removing RSA padding: what libcrypto pads comes out again, what is damaged does not, and implicit
 * rejection is that of draft-irtf-cfrg-rsa-guidance. The messages expected there were computed by
 * a program of its own, written from the draft and tried on OpenSSL's test vectors.
 */
#include "provider/rsa_unpad.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BLOCK_MAX 512

static const uint8_t rejection_key[REJECTION_KEY_LENGTH] = {
    0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
    16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
};

static void expect_error(struct error *error, enum error_code code)
{
    assert_non_null(error);
    assert_int_equal(error_code(error), code);
    error_free(error);
}

/* 00 02, `padding` bytes that are not zero, 00, and `message` after it. */
static size_t make_block(uint8_t *block, size_t padding, const uint8_t *message, size_t length)
{
    block[0] = 0;
    block[1] = 2;
    memset(block + 2, 0xA5, padding);
    block[2 + padding] = 0;
    memcpy(block + 3 + padding, message, length);
    return 3 + padding + length;
}

/* ---- PKCS #1 v1.5 ------------------------------------------------------------------------ */

static void good_padding_is_removed(void **state)
{
    uint8_t message[] = {0, 1, 2, 0, 0, 3};
    uint8_t ciphertext[BLOCK_MAX] = {1};
    uint8_t block[BLOCK_MAX];
    uint8_t out[BLOCK_MAX];

    (void)state;
    for (size_t padding = 8; padding < 300; padding += 73) {
        for (size_t length = 0; length <= sizeof(message); length++) {
            size_t size = make_block(block, padding, message, length);
            size_t out_length = 99;

            assert_null(
                rsa_unpad_pkcs1(NULL, rejection_key, ciphertext, block, size, out, &out_length));
            assert_int_equal(out_length, length);
            assert_memory_equal(out, message, length);
            out_length = 99;
            assert_null(rsa_unpad_pkcs1_explicit(block, size, out, &out_length));
            assert_int_equal(out_length, length);
            assert_memory_equal(out, message, length);
        }
    }
}

static void check_alternative(size_t size, uint8_t fill, const uint8_t *block,
                              const uint8_t *expected, size_t expected_length)
{
    uint8_t ciphertext[BLOCK_MAX];
    uint8_t out[BLOCK_MAX];
    size_t out_length = 0;

    memset(ciphertext, fill, size);
    assert_null(rsa_unpad_pkcs1(NULL, rejection_key, ciphertext, block, size, out, &out_length));
    assert_int_equal(out_length, expected_length);
    assert_memory_equal(out, expected, expected_length);
}

/* Every way in which a padding can be bad, and the same message for all of them. */
static void check_bad_blocks(size_t size, uint8_t fill, const uint8_t *expected,
                             size_t expected_length)
{
    uint8_t message[BLOCK_MAX] = {7};
    uint8_t block[BLOCK_MAX];
    uint8_t out[BLOCK_MAX];
    size_t length;

    for (int way = 0; way < 6; way++) {
        make_block(block, way == 3 ? 7 : 8, message, size - (way == 3 ? 10 : 11));
        switch (way) {
        case 0:
            block[0] = 1;
            break;
        case 1:
            block[1] = 1;
            break;
        case 2:
            block[2] = 0;
            break;
        case 4: /* no zero at all */
            memset(block + 2, 0xFF, size - 2);
            break;
        case 5:
            memset(block, 0, size);
            break;
        default: /* 3: seven bytes of padding */
            break;
        }
        check_alternative(size, fill, block, expected, expected_length);
        expect_error(rsa_unpad_pkcs1_explicit(block, size, out, &length), ERROR_CIPHERTEXT);
    }
}

static void bad_padding_is_rejected_implicitly(void **state)
{
    static const uint8_t expected_64[] = {0x0E, 0x09, 0x4B, 0x20, 0x9B, 0xA1, 0xB3, 0xC8,
                                          0x55, 0x00, 0x7D, 0x49, 0x8B, 0x4E, 0x2B, 0x82};
    static const uint8_t expected_129[] = {0x90, 0x41, 0x2F, 0x75, 0x24, 0xA0, 0xD2, 0x89, 0x8A};
    static const uint8_t expected_256[] = {
        0x8D, 0x0F, 0x20, 0xCB, 0x3B, 0xD3, 0x3B, 0x58, 0x83, 0x56, 0x02, 0x4F, 0x1F, 0x5F,
        0x1B, 0x6F, 0x18, 0xE7, 0xEA, 0xC2, 0x4D, 0xB1, 0x24, 0xFE, 0xBF, 0x53, 0x73, 0x99,
        0x16, 0x7A, 0xD1, 0xE3, 0x45, 0x44, 0x47, 0x44, 0xD5, 0xB2, 0xCC, 0x2A};

    (void)state;
    check_bad_blocks(64, 0x5A, expected_64, sizeof(expected_64));
    check_bad_blocks(129, 0x00, expected_129, sizeof(expected_129));
    check_bad_blocks(256, 0x5A, expected_256, sizeof(expected_256));
}

static void the_key_matters(void **state)
{
    static const uint8_t other_key[REJECTION_KEY_LENGTH] = {1};
    uint8_t block[128] = {1};
    uint8_t ciphertext[128] = {1};
    uint8_t out[128] = {0};
    uint8_t other_out[128] = {0};
    size_t length;
    size_t other_length;

    (void)state;
    assert_null(
        rsa_unpad_pkcs1(NULL, rejection_key, ciphertext, block, sizeof(block), out, &length));
    assert_null(rsa_unpad_pkcs1(NULL, other_key, ciphertext, block, sizeof(block), other_out,
                                &other_length));
    assert_true(length != other_length || memcmp(out, other_out, length) != 0);
    expect_error(rsa_unpad_pkcs1(NULL, rejection_key, ciphertext, block, 10, out, &length),
                 ERROR_CIPHERTEXT);
}

/* ---- TLS --------------------------------------------------------------------------------- */

/* Whether that block gives the premaster secret, rather than random bytes, which differ. */
static bool gives_premaster(const uint8_t *block, size_t size, unsigned int version,
                            unsigned int other_version)
{
    uint8_t out[TLS_PREMASTER_LENGTH];
    uint8_t again[TLS_PREMASTER_LENGTH];
    size_t length = 0;
    bool same;

    assert_null(rsa_unpad_tls(NULL, version, other_version, block, size, out, &length));
    assert_int_equal(length, TLS_PREMASTER_LENGTH);
    assert_null(rsa_unpad_tls(NULL, version, other_version, block, size, again, &length));
    same = memcmp(out, block + size - TLS_PREMASTER_LENGTH, TLS_PREMASTER_LENGTH) == 0;
    assert_int_equal(same, memcmp(out, again, TLS_PREMASTER_LENGTH) == 0);
    return same;
}

static void premaster_secrets_are_checked(void **state)
{
    uint8_t secret[TLS_PREMASTER_LENGTH + 1] = {3, 3, 0, 9};
    uint8_t block[BLOCK_MAX];
    uint8_t out[TLS_PREMASTER_LENGTH];
    size_t size = make_block(block, 205, secret, TLS_PREMASTER_LENGTH);
    size_t length;

    (void)state;
    assert_true(gives_premaster(block, size, 0x0303, 0));
    assert_true(gives_premaster(block, size, 0x0301, 0x0303));
    assert_false(gives_premaster(block, size, 0x0301, 0));
    assert_false(gives_premaster(block, size, 0x0203, 0));
    assert_false(gives_premaster(block, size, 0x0301, 0x0302));
    block[1] = 1;
    assert_false(gives_premaster(block, size, 0x0303, 0));
    block[1] = 2;
    block[0] = 1;
    assert_false(gives_premaster(block, size, 0x0303, 0));
    block[0] = 0;
    block[100] = 0; /* the padding ends too early */
    assert_false(gives_premaster(block, size, 0x0303, 0));
    block[100] = 1;
    block[size - TLS_PREMASTER_LENGTH - 1] = 1; /* and not where it should */
    assert_false(gives_premaster(block, size, 0x0303, 0));
    size = make_block(block, 204, secret, TLS_PREMASTER_LENGTH + 1);
    assert_false(gives_premaster(block, size, 0x0303, 0));
    expect_error(rsa_unpad_tls(NULL, 0x0303, 0, block, 58, out, &length), ERROR_CIPHERTEXT);
}

/* ---- OAEP -------------------------------------------------------------------------------- */

/* What libcrypto pads, by encrypting it and decrypting without padding. */
static void pad_oaep(EVP_PKEY *key, const EVP_MD *digest, const EVP_MD *mgf1_digest,
                     const char *label, const uint8_t *message, size_t length, uint8_t *block)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    uint8_t ciphertext[BLOCK_MAX];
    size_t size = sizeof(ciphertext);

    assert_non_null(context);
    assert_int_equal(EVP_PKEY_encrypt_init(context), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_oaep_md(context, digest), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_mgf1_md(context, mgf1_digest), 1);
    if (label[0] != '\0')
        assert_int_equal(
            EVP_PKEY_CTX_set0_rsa_oaep_label(context, OPENSSL_strdup(label), (int)strlen(label)),
            1);
    assert_int_equal(EVP_PKEY_encrypt(context, ciphertext, &size, message, length), 1);
    assert_int_equal(EVP_PKEY_decrypt_init(context), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING), 1);
    assert_int_equal(EVP_PKEY_decrypt(context, block, &size, ciphertext, size), 1);
    EVP_PKEY_CTX_free(context);
}

static struct error *unpad_oaep(const EVP_MD *digest, const EVP_MD *mgf1_digest, const char *label,
                                const uint8_t *block, size_t size, uint8_t *out, size_t *length)
{
    *length = 0;
    return rsa_unpad_oaep(digest, mgf1_digest, (const uint8_t *)label, strlen(label), block, size,
                          out, length);
}

static void check_oaep(EVP_PKEY *key, const EVP_MD *digest, const EVP_MD *mgf1_digest,
                       const char *label, size_t length)
{
    static const uint8_t message[BLOCK_MAX] = {1, 0, 1, 2, 0};
    uint8_t block[BLOCK_MAX];
    uint8_t out[BLOCK_MAX];
    size_t size = (size_t)EVP_PKEY_get_size(key);
    size_t out_length;

    pad_oaep(key, digest, mgf1_digest, label, message, length, block);
    assert_null(unpad_oaep(digest, mgf1_digest, label, block, size, out, &out_length));
    assert_int_equal(out_length, length);
    assert_memory_equal(out, message, length);
    expect_error(unpad_oaep(digest, mgf1_digest, "other", block, size, out, &out_length),
                 ERROR_CIPHERTEXT);
    for (size_t i = 0; i<size; i += i> 0 ? 13 : 1) {
        block[i] ^= 0x40;
        expect_error(unpad_oaep(digest, mgf1_digest, label, block, size, out, &out_length),
                     ERROR_CIPHERTEXT);
        block[i] ^= 0x40;
    }
}

static void oaep_is_removed(void **state)
{
    static const unsigned int sizes[] = {1024, 1025, 1031, 2048};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        EVP_PKEY *key = EVP_RSA_gen(sizes[i]);
        size_t size = (sizes[i] + 7) / 8;

        assert_non_null(key);
        check_oaep(key, EVP_sha1(), EVP_sha1(), "", 5);
        check_oaep(key, EVP_sha256(), EVP_sha256(), "label", 0);
        check_oaep(key, EVP_sha256(), EVP_sha1(), "", size - 2 * 32 - 2);
        check_oaep(key, EVP_sha1(), EVP_sha384(), "label", size - 2 * 20 - 2);
        EVP_PKEY_free(key);
    }
}

static void a_key_too_small_for_oaep_is_refused(void **state)
{
    uint8_t block[128] = {0};
    uint8_t out[128];
    size_t length;

    (void)state;
    expect_error(unpad_oaep(EVP_sha512(), EVP_sha512(), "", block, sizeof(block), out, &length),
                 ERROR_CIPHERTEXT);
    expect_error(unpad_oaep(EVP_sha1(), EVP_sha1(), "", block, 0, out, &length), ERROR_CIPHERTEXT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_padding_is_removed),
        cmocka_unit_test(bad_padding_is_rejected_implicitly),
        cmocka_unit_test(the_key_matters),
        cmocka_unit_test(premaster_secrets_are_checked),
        cmocka_unit_test(oaep_is_removed),
        cmocka_unit_test(a_key_too_small_for_oaep_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
