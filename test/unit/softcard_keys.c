/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys: what they answer is checked against published vectors or against OpenSSL. */
#include "softcard/crypto.h"
#include "softcard/hex.h"
#include "softcard/tlv.h"
#include "softcard_harness.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int card_new(void **state)
{
    *state = harness_card_new(SOFT_PROFILE_YUBIKEY);
    assert_status(*state, SELECT_PIV, SOFT_OK);
    harness_administrator(*state);
    return 0;
}

static int card_free(void **state)
{
    harness_card_free(*state);
    return 0;
}

/* RFC 8032, 7.1, test 2. */
static void signs_as_rfc_8032_says(void **state)
{
    struct soft_card *card = *state;

    assert_status(card,
                  "00FEE09E220720"
                  "4CCD089B28FF96DA9DB6C346EC114E0F5B8A319F35ABA624DA8CF6ED4FB8A6FB",
                  SOFT_OK);
    assert_answer(card, "0087E09E077C058200810172",
                  "7c428240"
                  "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                  "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
                  SOFT_OK);
    /* Its public key, from the private one; the policies are the slot's; it was imported. */
    assert_answer(card, "00F7009E",
                  "0101e00202010103010204228620"
                  "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
                  SOFT_OK);
    /* What was imported is not attested, and such a key agrees on nothing. */
    assert_status(card, "00F99E00", SOFT_WRONG_DATA);
    assert_status(card, "0087E09E077C058200850172", SOFT_WRONG_DATA);
}

static void point_append(struct soft_card *card, const char *slot, char *command, size_t size)
{
    struct soft_bytes metadata = {0};
    struct soft_tlv public;
    struct soft_tlv point;
    char question[16];
    char *hex;

    snprintf(question, sizeof(question), "00F700%s", slot);
    assert_int_equal(harness_send(card, question, &metadata), SOFT_OK);
    assert_true(soft_tlv_find(metadata.data, metadata.length, 0x04, &public));
    assert_true(soft_tlv_find(public.value, public.length, 0x86, &point));
    hex = soft_hex_encode(point.value, point.length);
    strncat(command, hex, size - strlen(command) - 1);
    free(hex);
    soft_bytes_free(&metadata);
}

/* Both sides of a key agreement are on the card; they must come to the same secret. */
static void agree(struct soft_card *card, const char *first, const char *second)
{
    struct soft_bytes one = {0};
    struct soft_bytes two = {0};
    char command[512];

    snprintf(command, sizeof(command), "%s", first);
    point_append(card, "83", command, sizeof(command));
    assert_int_equal(harness_send(card, command, &one), SOFT_OK);
    snprintf(command, sizeof(command), "%s", second);
    point_append(card, "82", command, sizeof(command));
    assert_int_equal(harness_send(card, command, &two), SOFT_OK);
    assert_int_equal(one.length, two.length);
    assert_true(one.length > 32);
    assert_memory_equal(one.data, two.data, one.length);
    soft_bytes_free(&one);
    soft_bytes_free(&two);
}

static void agrees_on_secrets(void **state)
{
    struct soft_card *card = *state;

    harness_key(card, "82=p256:never");
    harness_key(card, "83=p256:never");
    agree(card, "00871182477C4582008541", "00871183477C4582008541");
    /* A point that is not on the curve, and the one at infinity. */
    assert_status(card, "00871182077C058200850100", SOFT_WRONG_DATA);
    assert_status(card,
                  "00871182477C458200854104"
                  "0101010101010101010101010101010101010101010101010101010101010101"
                  "0101010101010101010101010101010101010101010101010101010101010101",
                  SOFT_WRONG_DATA);
    assert_status(card, "00F6FF82", SOFT_OK);
    assert_status(card, "00F6FF83", SOFT_OK);
    harness_key(card, "82=x25519:never");
    harness_key(card, "83=x25519:never");
    agree(card, "0087E182267C2482008520", "0087E183267C2482008520");
}

/* Signs a padded block with RSA and opens it again with the public key in the metadata. */
static void signs_raw_rsa(void **state)
{
    static const char ending[] = "DEADBEEF";
    struct soft_card *card = *state;
    struct soft_bytes response = {0};
    uint8_t opened[128];
    size_t length = sizeof(opened);
    char command[400];
    EVP_PKEY_CTX *context;

    harness_key(card, "82=rsa1024:never");
    snprintf(command, sizeof(command), "00870682887C81858200818180%0248d%s", 0, ending);
    assert_int_equal(harness_send(card, command, &response), SOFT_OK);
    assert_int_equal(response.length, 134);
    context = EVP_PKEY_CTX_new(card->state.keys[0x82].pkey, NULL);
    assert_int_equal(EVP_PKEY_verify_recover_init(context), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING), 1);
    assert_int_equal(EVP_PKEY_verify_recover(context, opened, &length, response.data + 6, 128), 1);
    assert_memory_equal(opened + 124, "\xDE\xAD\xBE\xEF", 4);
    EVP_PKEY_CTX_free(context);
    soft_bytes_free(&response);
    /* A byte too few, and a number that is not below the modulus. */
    snprintf(command, sizeof(command), "00870682877C8184820081817F%0246d%s", 0, ending);
    assert_status(card, command, SOFT_WRONG_DATA);
    snprintf(command, sizeof(command), "00870682887C81858200818180%0256d", 0);
    memset(command + strlen(command) - 256, 'F', 256);
    assert_status(card, command, SOFT_WRONG_DATA);
    /* Another algorithm than the key's, an empty slot, no key slot at all. */
    assert_status(card, "00870782047C02820000", SOFT_WRONG_PARAMETERS);
    assert_status(card, "00870784047C028200", SOFT_WRONG_DATA);
    assert_status(card, "008707F9047C028200", SOFT_WRONG_PARAMETERS);
}

static void imports_rsa_by_its_primes(void **state)
{
    struct soft_card *card = *state;
    EVP_PKEY *key = soft_key_generate(soft_algorithm_find(SOFT_RSA_1024));
    struct soft_bytes data = {0};
    BIGNUM *p = NULL;
    BIGNUM *q = NULL;
    uint8_t bytes[64];
    char command[600];
    char *hex;

    assert_int_equal(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_FACTOR1, &p), 1);
    assert_int_equal(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_FACTOR2, &q), 1);
    assert_int_equal(BN_bn2binpad(p, bytes, sizeof(bytes)), 64);
    soft_tlv_append(&data, 0x01, bytes, sizeof(bytes));
    assert_int_equal(BN_bn2binpad(q, bytes, sizeof(bytes)), 64);
    soft_tlv_append(&data, 0x02, bytes, sizeof(bytes));
    soft_tlv_append_byte(&data, 0xAA, SOFT_POLICY_ALWAYS);
    hex = soft_hex_encode(data.data, data.length);
    snprintf(command, sizeof(command), "00FE069A%02X%s", (unsigned)data.length, hex);
    assert_status(card, command, SOFT_OK);
    assert_int_equal(EVP_PKEY_eq(card->state.keys[0x9A].pkey, key), 1);
    assert_int_equal(card->state.keys[0x9A].pin_policy, SOFT_POLICY_ALWAYS);
    /* The primes of another size, a policy that is none, one prime only. */
    snprintf(command, sizeof(command), "00FE079A%02X%s", (unsigned)data.length, hex);
    assert_status(card, command, SOFT_WRONG_DATA);
    assert_status(card, "00FE069A03AA0109", SOFT_WRONG_DATA);
    assert_status(card, "00FE069A03010101", SOFT_WRONG_DATA);
    free(hex);
    BN_free(p);
    BN_free(q);
    soft_bytes_free(&data);
    EVP_PKEY_free(key);
}

static void moves_and_deletes_keys(void **state)
{
    struct soft_card *card = *state;

    harness_key(card, "9a=p256");
    harness_key(card, "82=p256");
    assert_status(card, "00F6829A", SOFT_WRONG_PARAMETERS); /* 82 is taken */
    assert_status(card, "00F6839A", SOFT_OK);
    assert_status(card, "00F7009A", SOFT_REFERENCE_NOT_FOUND);
    assert_status(card, "00F70083", SOFT_OK);
    assert_status(card, "00F6839A", SOFT_REFERENCE_NOT_FOUND);
    assert_status(card, "00F683F9", SOFT_WRONG_PARAMETERS);
    assert_status(card, "00F69B83", SOFT_WRONG_PARAMETERS);
    assert_status(card, "00F6FF83", SOFT_OK);
    assert_status(card, "00F70083", SOFT_REFERENCE_NOT_FOUND);
}

static void generates_what_it_is_asked_for(void **state)
{
    static const char *const commands[] = {
        "0047009A05AC03800106",       "0047009A05AC03800111", "0047009A05AC03800114",
        "0047009A05AC038001E0",       "0047009A05AC038001E1", "0047009A0BAC09800111AA0103AB0102",
        "0047009A08AC06800111AA0101",
    };
    static const char *const malformed[] = {
        "0047009A",                   /* nothing */
        "0047009A05AC03800199",       /* no such algorithm */
        "0047009A04AC028000",         /* no algorithm */
        "0047009A08AC06800111AA0104", /* no such policy */
        "0047009A03800111",           /* no template */
    };
    struct soft_card *card = *state;

    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        struct soft_bytes response = {0};

        assert_int_equal(harness_send(card, commands[i], &response), SOFT_OK);
        assert_memory_equal(response.data, "\x7F\x49", 2);
        soft_bytes_free(&response);
    }
    assert_int_equal(card->state.keys[0x9A].pin_policy, SOFT_POLICY_NEVER);
    for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++)
        assert_status(card, malformed[i], SOFT_WRONG_DATA);
    assert_int_equal(card->state.keys[0x9A].algorithm, SOFT_P256);
}

/* The chain that an attestation hangs on: root, F9, and the key in the slot. */
static void attests_generated_keys(void **state)
{
    struct soft_card *card = *state;
    const struct soft_bytes *root = &card->state.attestation_root;
    struct soft_bytes response = {0};
    const uint8_t *place;
    X509 *attestation;
    X509 *anchor;

    harness_key(card, "9a=p256");
    assert_int_equal(harness_send(card, "00F99A00000000", &response), SOFT_OK);
    place = response.data;
    attestation = d2i_X509(NULL, &place, (long)response.length);
    assert_non_null(attestation);
    place = root->data;
    anchor = d2i_X509(NULL, &place, (long)root->length);
    assert_non_null(anchor);
    assert_int_equal(X509_verify(attestation, card->state.keys[0xF9].pkey), 1);
    assert_int_equal(X509_verify(anchor, X509_get0_pubkey(anchor)), 1);
    assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(attestation), card->state.keys[0x9A].pkey), 1);
    X509_free(anchor);
    X509_free(attestation);
    soft_bytes_free(&response);
    assert_status(card, "00F9F900", SOFT_WRONG_PARAMETERS);
}

#define card_test(test) cmocka_unit_test_setup_teardown(test, card_new, card_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        card_test(signs_as_rfc_8032_says), card_test(agrees_on_secrets),
        card_test(signs_raw_rsa),          card_test(imports_rsa_by_its_primes),
        card_test(moves_and_deletes_keys), card_test(generates_what_it_is_asked_for),
        card_test(attests_generated_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
