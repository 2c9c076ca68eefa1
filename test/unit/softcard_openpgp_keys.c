/* SPDX-License-Identifier: BSD-2-Clause */
/* OpenPGP's keys: what they answer is checked against published vectors or against OpenSSL. */
#include "softcard/hex.h"
#include "softcard/openpgp_algorithm.h"
#include "softcard/setup.h"
#include "softcard/tlv.h"
#include "softcard_harness.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SELECT_PGP   "00A4040006D27600012401"
#define VERIFY_SIGN  "0020008106313233343536"
#define VERIFY_OTHER "0020008206313233343536"
#define VERIFY_ADMIN "00200083083132333435363738"

static int card_new(void **state)
{
    *state = harness_card_new(SOFT_PROFILE_OPENPGP);
    assert_status(*state, SELECT_PGP, SOFT_OK);
    assert_status(*state, VERIFY_ADMIN, SOFT_OK);
    return 0;
}

static int card_free(void **state)
{
    harness_card_free(*state);
    return 0;
}

/* Sends a command of extended length; `answer`, if not NULL, is set to the data. */
static uint16_t transmit(struct soft_card *card, uint32_t header, const uint8_t *data,
                         size_t length, struct soft_bytes *answer)
{
    struct soft_bytes command = {0};
    struct soft_bytes response = {0};
    uint16_t status;

    for (int shift = 24; shift >= 0; shift -= 8)
        soft_bytes_append_byte(&command, (uint8_t)(header >> shift));
    soft_bytes_append_byte(&command, 0);
    soft_bytes_append_byte(&command, (uint8_t)(length >> 8));
    soft_bytes_append_byte(&command, (uint8_t)length);
    soft_bytes_append(&command, data, length);
    soft_bytes_append(&command, "\0\0", 2);
    soft_card_transmit(card, command.data, command.length, &response);
    status =
        (uint16_t)(response.data[response.length - 2] << 8 | response.data[response.length - 1]);
    if (answer != NULL)
        soft_bytes_set(answer, response.data, response.length - 2);
    soft_bytes_free(&command);
    soft_bytes_free(&response);
    return status;
}

static EVP_PKEY *key_of(struct soft_card *card, enum soft_pgp_slot slot)
{
    assert_non_null(card->state.openpgp.keys[slot].pkey);
    return card->state.openpgp.keys[slot].pkey;
}

/* ECDSA: r and s of one length each, as OpenSSL wants them. */
static void signature_encode(struct soft_bytes *signature)
{
    ECDSA_SIG *numbers = ECDSA_SIG_new();
    size_t half = signature->length / 2;
    uint8_t *der = NULL;
    int length;

    assert_int_equal(ECDSA_SIG_set0(numbers, BN_bin2bn(signature->data, (int)half, NULL),
                                    BN_bin2bn(signature->data + half, (int)half, NULL)),
                     1);
    length = i2d_ECDSA_SIG(numbers, &der);
    assert_true(length > 0);
    soft_bytes_set(signature, der, (size_t)length);
    OPENSSL_free(der);
    ECDSA_SIG_free(numbers);
}

static void signature_check(EVP_PKEY *key, const uint8_t *input, size_t length,
                            struct soft_bytes *signature)
{
    EVP_PKEY_CTX *context;
    EVP_MD_CTX *message;

    if (EVP_PKEY_is_a(key, "ED25519")) {
        message = EVP_MD_CTX_new();
        assert_int_equal(EVP_DigestVerifyInit(message, NULL, NULL, NULL, key), 1);
        assert_int_equal(
            EVP_DigestVerify(message, signature->data, signature->length, input, length), 1);
        EVP_MD_CTX_free(message);
        return;
    }
    context = EVP_PKEY_CTX_new(key, NULL);
    assert_int_equal(EVP_PKEY_verify_init(context), 1);
    if (EVP_PKEY_is_a(key, "RSA"))
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING), 1);
    else
        signature_encode(signature);
    assert_int_equal(EVP_PKEY_verify(context, signature->data, signature->length, input, length),
                     1);
    EVP_PKEY_CTX_free(context);
}

/* Makes the key by commands: attributes, then GENERATE. */
static void generate(struct soft_card *card, enum soft_pgp_slot slot, const char *name)
{
    static const uint8_t templates[][2] = {{0xB6, 0}, {0xB8, 0}, {0xA4, 0}};
    const struct soft_algorithm *algorithm = soft_algorithm_by_name(name, strlen(name));
    struct soft_bytes attributes = {0};
    struct soft_bytes generated = {0};
    struct soft_bytes read = {0};

    assert_true(soft_pgp_attributes_append(slot, algorithm, 32, &attributes));
    assert_int_equal(
        transmit(card, 0x00DA00C1U + (uint32_t)slot, attributes.data, attributes.length, NULL),
        SOFT_OK);
    assert_int_equal(transmit(card, 0x00478000, templates[slot], 2, &generated), SOFT_OK);
    assert_int_equal(transmit(card, 0x00478100, templates[slot], 2, &read), SOFT_OK);
    assert_int_equal(generated.length, read.length);
    assert_memory_equal(generated.data, read.data, read.length);
    soft_bytes_free(&attributes);
    soft_bytes_free(&generated);
    soft_bytes_free(&read);
}

static void signs(struct soft_card *card, enum soft_pgp_slot slot, const char *name)
{
    static const uint8_t hash[32] = {0xAB, 0xCD, 0xEF};
    uint32_t header = slot == SOFT_PGP_SIG ? 0x002A9E9A : 0x00880000;
    struct soft_bytes signature = {0};

    generate(card, slot, name);
    assert_status(card, slot == SOFT_PGP_SIG ? VERIFY_SIGN : VERIFY_OTHER, SOFT_OK);
    assert_int_equal(transmit(card, header, hash, sizeof(hash), &signature), SOFT_OK);
    signature_check(key_of(card, slot), hash, sizeof(hash), &signature);
    soft_bytes_free(&signature);
}

static void signs_with_every_algorithm(void **state)
{
    static const char *const names[] = {"rsa2048",      "p256",         "p384",
                                        "p521",         "secp256k1",    "brainpool256",
                                        "brainpool384", "brainpool512", "ed25519"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        signs(*state, SOFT_PGP_SIG, names[i]);
    signs(*state, SOFT_PGP_AUT, "rsa2048");
    signs(*state, SOFT_PGP_AUT, "p384");
    signs(*state, SOFT_PGP_AUT, "ed25519");
}

/* A6 { 7F49 { 86 point } } */
static void point_wrap(const uint8_t *point, size_t length, struct soft_bytes *out)
{
    struct soft_bytes inner = {0};
    struct soft_bytes public = {0};

    soft_tlv_append(&inner, 0x86, point, length);
    soft_tlv_append(&public, 0x7F49, inner.data, inner.length);
    soft_tlv_append(out, 0xA6, public.data, public.length);
    soft_bytes_free(&inner);
    soft_bytes_free(&public);
}

/* The other side's key is made here; it must come to the same secret. */
static void agrees(struct soft_card *card, const char *name)
{
    const struct soft_algorithm *algorithm = soft_algorithm_by_name(name, strlen(name));
    EVP_PKEY *peer = soft_key_generate(algorithm);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(peer, NULL);
    uint8_t *point = NULL;
    size_t length = EVP_PKEY_get1_encoded_public_key(peer, &point);
    struct soft_bytes command = {0};
    struct soft_bytes secret = {0};
    uint8_t expected[SOFT_COORDINATE_MOST];
    size_t expected_length = sizeof(expected);

    generate(card, SOFT_PGP_DEC, name);
    point_wrap(point, length, &command);
    assert_status(card, VERIFY_OTHER, SOFT_OK);
    assert_int_equal(transmit(card, 0x002A8086, command.data, command.length, &secret), SOFT_OK);
    assert_int_equal(EVP_PKEY_derive_init(context), 1);
    assert_int_equal(EVP_PKEY_derive_set_peer(context, key_of(card, SOFT_PGP_DEC)), 1);
    assert_int_equal(EVP_PKEY_derive(context, expected, &expected_length), 1);
    assert_int_equal(secret.length, expected_length);
    assert_memory_equal(secret.data, expected, expected_length);
    /* A point that is none of the curve's. */
    command.data[command.length - 1] ^= 0x01;
    if (algorithm->type == SOFT_TYPE_EC)
        assert_int_equal(transmit(card, 0x002A8086, command.data, command.length, NULL),
                         SOFT_WRONG_DATA);
    OPENSSL_free(point);
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(peer);
    soft_bytes_free(&command);
    soft_bytes_free(&secret);
}

static void agrees_on_secrets(void **state)
{
    static const char *const names[] = {"p256",         "p384",         "p521",         "secp256k1",
                                        "brainpool256", "brainpool384", "brainpool512", "x25519"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        agrees(*state, names[i]);
}

static void encrypt(EVP_PKEY *key, int padding, const uint8_t *data, size_t length, uint8_t *out)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    size_t out_length = 256;

    assert_int_equal(EVP_PKEY_encrypt_init(context), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(context, padding), 1);
    assert_int_equal(EVP_PKEY_encrypt(context, out, &out_length, data, length), 1);
    EVP_PKEY_CTX_free(context);
}

/* A padding indicator, the cryptogram; out comes what was inside of the padding. */
static void decrypts_rsa(void **state)
{
    struct soft_card *card = *state;
    struct soft_bytes plain = {0};
    uint8_t command[257] = {0x00};
    uint8_t block[256] = {0x00, 0x01};

    generate(card, SOFT_PGP_DEC, "rsa2048");
    encrypt(key_of(card, SOFT_PGP_DEC), RSA_PKCS1_PADDING, (const uint8_t *)"secret", 6,
            command + 1);
    assert_int_equal(transmit(card, 0x002A8086, command, 257, &plain), SOFT_SECURITY_STATUS);
    assert_status(card, VERIFY_SIGN, SOFT_OK);
    assert_int_equal(transmit(card, 0x002A8086, command, 257, &plain), SOFT_SECURITY_STATUS);
    assert_status(card, VERIFY_OTHER, SOFT_OK);
    assert_int_equal(transmit(card, 0x002A8086, command, 257, &plain), SOFT_OK);
    assert_int_equal(plain.length, 6);
    assert_memory_equal(plain.data, "secret", 6);
    assert_int_equal(transmit(card, 0x002A8086, command + 1, 256, NULL), SOFT_WRONG_DATA);
    command[0] = 0x02;
    assert_int_equal(transmit(card, 0x002A8086, command, 257, NULL), SOFT_WRONG_DATA);
    /* The padding of signatures is not that of secrets. */
    command[0] = 0x00;
    encrypt(key_of(card, SOFT_PGP_DEC), RSA_NO_PADDING, block, sizeof(block), command + 1);
    assert_int_equal(transmit(card, 0x002A8086, command, 257, NULL), SOFT_WRONG_DATA);
    soft_bytes_free(&plain);
}

/* 002A9E9A with a hash of 32 bytes. */
#define SIGN                                                                                       \
    "002A9E9A20"                                                                                   \
    "111111111111111111111111111111111111111111111111111111111111111100"

static void counts_signatures(void **state)
{
    struct soft_card *card = *state;

    assert_status(card, SIGN, SOFT_SECURITY_STATUS);
    assert_status(card, VERIFY_SIGN, SOFT_OK);
    assert_status(card, SIGN, SOFT_REFERENCE_NOT_FOUND);
    generate(card, SOFT_PGP_SIG, "p256");
    assert_status(card, SIGN, SOFT_OK);
    /* PW1 is good for one, until C4 says otherwise. */
    assert_status(card, SIGN, SOFT_SECURITY_STATUS);
    assert_status(card, VERIFY_OTHER, SOFT_OK);
    assert_status(card, SIGN, SOFT_SECURITY_STATUS);
    assert_status(card, "00DA00C40101", SOFT_OK);
    assert_status(card, VERIFY_SIGN, SOFT_OK);
    assert_status(card, SIGN, SOFT_OK);
    assert_status(card, SIGN, SOFT_OK);
    assert_answer(card, "00CA007A00", "9303000003", SOFT_OK);
    assert_status(card, "002A9E9B2011", SOFT_WRONG_LENGTH);
    assert_status(card, "002A9E9B021111", SOFT_WRONG_PARAMETERS);
    /* Another key has signed nothing. */
    assert_status(card, "0047800002B60000", SOFT_OK);
    assert_answer(card, "00CA007A00", "9303000000", SOFT_OK);
}

static void needs_the_administrator(void **state)
{
    struct soft_card *card = *state;

    assert_status(card, "0020FF83", SOFT_OK);
    assert_status(card, "0047800002B60000", SOFT_SECURITY_STATUS);
    assert_status(card, "00DB3FFF024D00", SOFT_SECURITY_STATUS);
    assert_status(card, VERIFY_ADMIN, SOFT_OK);
    assert_status(card, "0047820002B60000", SOFT_WRONG_PARAMETERS);
    assert_status(card, "0047800002B70000", SOFT_WRONG_DATA);
    assert_status(card, "00DB3FFF024D00", SOFT_WRONG_DATA);
    assert_status(card, "00DB3FFF0E4D0CB6007F48039182FF5F48021122", SOFT_WRONG_DATA);
}

/* 7.2.18: AUT decrypts, DEC authenticates. */
static void exchanges_keys(void **state)
{
    struct soft_card *card = *state;
    static const uint8_t hash[32] = {0x12};
    struct soft_bytes signature = {0};

    generate(card, SOFT_PGP_DEC, "p256");
    generate(card, SOFT_PGP_AUT, "p384");
    assert_status(card, VERIFY_OTHER, SOFT_OK);
    assert_status(card, "002241A403830104", SOFT_WRONG_DATA);
    assert_status(card, "002241A403830102", SOFT_OK);
    assert_int_equal(transmit(card, 0x00880000, hash, sizeof(hash), &signature), SOFT_OK);
    assert_int_equal(signature.length, 64);
    signature_check(key_of(card, SOFT_PGP_DEC), hash, sizeof(hash), &signature);
    assert_status(card, "002241B803830103", SOFT_OK);
    assert_int_equal(card->openpgp.decipher_key, SOFT_PGP_AUT);
    assert_status(card, SELECT_PGP, SOFT_OK);
    assert_int_equal(card->openpgp.decipher_key, SOFT_PGP_DEC);
    soft_bytes_free(&signature);
}

/* Keys that come in */

static void part_add(struct soft_bytes *list, struct soft_bytes *values, uint8_t tag,
                     const uint8_t *value, size_t length)
{
    soft_bytes_append_byte(list, tag);
    if (length > 0xFF)
        soft_bytes_append_byte(list, 0x82);
    else if (length > 0x7F)
        soft_bytes_append_byte(list, 0x81);
    if (length > 0xFF)
        soft_bytes_append_byte(list, (uint8_t)(length >> 8));
    soft_bytes_append_byte(list, (uint8_t)length);
    soft_bytes_append(values, value, length);
}

static void number_add(struct soft_bytes *list, struct soft_bytes *values, uint8_t tag,
                       EVP_PKEY *key, const char *name)
{
    BIGNUM *number = NULL;
    uint8_t bytes[512];

    assert_int_equal(EVP_PKEY_get_bn_param(key, name, &number), 1);
    part_add(list, values, tag, bytes, (size_t)BN_bn2bin(number, bytes));
    BN_clear_free(number);
}

static uint16_t import(struct soft_card *card, const char *template, const struct soft_bytes *list,
                       const struct soft_bytes *values)
{
    struct soft_bytes content = {0};
    struct soft_bytes command = {0};
    uint16_t status;

    assert_true(soft_hex_decode(template, &content));
    soft_tlv_append(&content, 0x7F48, list->data, list->length);
    soft_tlv_append(&content, 0x5F48, values->data, values->length);
    soft_tlv_append(&command, 0x4D, content.data, content.length);
    status = transmit(card, 0x00DB3FFF, command.data, command.length, NULL);
    soft_bytes_free(&content);
    soft_bytes_free(&command);
    return status;
}

/* 4.4.3: 00 standard, 01 with modulus, 02 CRT, 03 CRT with modulus. `broken` is wrong by a bit.
 */
static uint16_t rsa_import(struct soft_card *card, EVP_PKEY *key, uint8_t format, size_t broken)
{
    static const char *const crt[] = {OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
                                      OSSL_PKEY_PARAM_RSA_EXPONENT1, OSSL_PKEY_PARAM_RSA_EXPONENT2};
    const uint8_t attributes[] = {0x01, 0x08, 0x00, 0x00, 0x20, format};
    struct soft_bytes list = {0};
    struct soft_bytes values = {0};
    uint16_t status;

    assert_int_equal(transmit(card, 0x00DA00C1, attributes, sizeof(attributes), NULL), SOFT_OK);
    part_add(&list, &values, 0x91, (const uint8_t *)"\0\x01\0\x01", 4);
    number_add(&list, &values, 0x92, key, OSSL_PKEY_PARAM_RSA_FACTOR1);
    number_add(&list, &values, 0x93, key, OSSL_PKEY_PARAM_RSA_FACTOR2);
    for (size_t i = 0; (format & 0x02) != 0 && i < 3; i++)
        number_add(&list, &values, (uint8_t)(0x94 + i), key, crt[i]);
    if ((format & 0x01) != 0)
        number_add(&list, &values, 0x97, key, OSSL_PKEY_PARAM_RSA_N);
    if (broken > 0)
        values.data[values.length - broken] ^= 0x10;
    status = import(card, "B600", &list, &values);
    soft_bytes_free(&list);
    soft_bytes_free(&values);
    return status;
}

static void takes_rsa_keys_in_every_format(void **state)
{
    EVP_PKEY *key = soft_key_generate(soft_algorithm_find(SOFT_RSA_2048));

    for (uint8_t format = 0; format <= 3; format++) {
        soft_openpgp_key_remove(&((struct soft_card *)*state)->state.openpgp, SOFT_PGP_SIG);
        assert_int_equal(rsa_import(*state, key, format, 0), SOFT_OK);
        assert_int_equal(EVP_PKEY_eq(key, key_of(*state, SOFT_PGP_SIG)), 1);
        assert_answer(*state, "00CA00DE00", "", SOFT_REFERENCE_NOT_FOUND);
        assert_int_equal(((struct soft_card *)*state)->state.openpgp.keys[0].origin,
                         SOFT_PGP_IMPORTED);
    }
    /* The last byte of q, of the modulus, of the second exponent. */
    for (uint8_t format = 1; format <= 3; format++)
        assert_int_equal(rsa_import(*state, key, format, 1), SOFT_WRONG_DATA);
    EVP_PKEY_free(key);
}

static void hex_add(struct soft_bytes *list, struct soft_bytes *values, uint8_t tag,
                    const char *hex)
{
    struct soft_bytes bytes = {0};

    assert_true(soft_hex_decode(hex, &bytes));
    part_add(list, values, tag, bytes.data, bytes.length);
    soft_bytes_free(&bytes);
}

/* RFC 8032, 7.1, test 2, whose public half comes along or not, or is another's. */
static void takes_ed25519_keys(void **state)
{
    static const char public[] = "3D4017C3E843895A92B70AA74D1B7EBC9C982CCF2EC4968CC0CD55F12AF4660C";
    static const char other[] = "3D4017C3E843895A92B70AA74D1B7EBC9C982CCF2EC4968CC0CD55F12AF4660D";
    static const char *const publics[] = {NULL, public, other};
    struct soft_card *card = *state;

    assert_status(card, "00DA00C10A162B06010401DA470F01", SOFT_OK);
    assert_status(card, "00DA00C10B162B06010401DA470F01FF", SOFT_OK);
    for (size_t i = 0; i < 3; i++) {
        struct soft_bytes list = {0};
        struct soft_bytes values = {0};

        hex_add(&list, &values, 0x92,
                "4CCD089B28FF96DA9DB6C346EC114E0F5B8A319F35ABA624DA8CF6ED4FB8A6FB");
        if (publics[i] != NULL)
            hex_add(&list, &values, 0x99, publics[i]);
        assert_int_equal(import(card, "B603840101", &list, &values),
                         publics[i] == other ? SOFT_WRONG_DATA : SOFT_OK);
        soft_bytes_free(&list);
        soft_bytes_free(&values);
    }
    assert_status(card, VERIFY_SIGN, SOFT_OK);
    assert_answer(card, "002A9E9A017200",
                  "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                  "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
                  SOFT_OK);
}

/* RFC 7748, 6.1: Alice's private key, most significant byte first, and Bob's public one as it is.
 */
static void takes_x25519_keys_backwards(void **state)
{
    struct soft_card *card = *state;
    struct soft_bytes list = {0};
    struct soft_bytes values = {0};

    assert_status(card, "00DA00C20B122B060104019755010501", SOFT_OK);
    hex_add(&list, &values, 0x92,
            "2A2CB91DA5FB77B12A99C0EB872F4CDF4566B25172C1163C7DA518730A6D0777");
    assert_int_equal(import(card, "B800", &list, &values), SOFT_OK);
    assert_answer(card, "0047810002B80000",
                  "7f49228620"
                  "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
                  SOFT_OK);
    assert_status(card, VERIFY_OTHER, SOFT_OK);
    assert_answer(card,
                  "002A808627A6257F49228620"
                  "DE9EDB7D7B7DC1B4D35B61C2ECE435373F8343C85B78674DADFC7E146F882B4F00",
                  "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742", SOFT_OK);
    soft_bytes_free(&list);
    soft_bytes_free(&values);
}

/* What gpg --show-keys says of the same key made at 5F000000. */
static void knows_fingerprints(void **state)
{
    static const uint8_t seed[32] = {0x4C, 0xCD, 0x08, 0x9B, 0x28, 0xFF, 0x96, 0xDA,
                                     0x9D, 0xB6, 0xC3, 0x46, 0xEC, 0x11, 0x4E, 0x0F,
                                     0x5B, 0x8A, 0x31, 0x9F, 0x35, 0xAB, 0xA6, 0x24,
                                     0xDA, 0x8C, 0xF6, 0xED, 0x4F, 0xB8, 0xA6, 0xFB};
    const struct soft_algorithm *algorithm = soft_algorithm_find(SOFT_ED25519);
    EVP_PKEY *key = soft_key_import(algorithm, seed, sizeof(seed), NULL, 0);
    struct soft_bytes fingerprint = {0};
    char *hex;

    (void)state;
    assert_true(soft_pgp_fingerprint(SOFT_PGP_SIG, algorithm, key, 0x5F000000, &fingerprint));
    hex = soft_hex_encode(fingerprint.data, fingerprint.length);
    assert_string_equal(hex, "d5a31f075f0b315f5664bf0a36157f90ef352380");
    free(hex);
    EVP_PKEY_free(key);
    soft_bytes_free(&fingerprint);
}

#define card_test(test) cmocka_unit_test_setup_teardown(test, card_new, card_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        card_test(signs_with_every_algorithm),
        card_test(agrees_on_secrets),
        card_test(decrypts_rsa),
        card_test(counts_signatures),
        card_test(needs_the_administrator),
        card_test(exchanges_keys),
        card_test(takes_rsa_keys_in_every_format),
        card_test(takes_ed25519_keys),
        card_test(takes_x25519_keys_backwards),
        cmocka_unit_test(knows_fingerprints),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
