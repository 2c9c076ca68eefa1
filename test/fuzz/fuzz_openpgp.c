/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An OpenPGP card that answers anything. The input's first byte says which commands are answered
 * properly, so that what comes after them is reached; each other answer is a length byte (doubled
 * by its high bit's four) and that many bytes.
 */
#include "fuzz_card.h"
#include "manage.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PROPER_SELECT      1
#define PROPER_APPLICATION 2
#define PROPER_KEY         4
#define PROPER_VERIFY      8
#define EXTENDED_LENGTH    0x10
#define ALL_SLOTS          0x20
#define DECRYPTS           0x40

/* Of a card with a KDF, whose keys are on P-256; a key whose point is the curve's generator. */
#define ATTRIBUTES(tag, kind) tag, 0x09, kind, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07
static const uint8_t application_answer[] = {0x4F,
                                             0x10,
                                             0xD2,
                                             0x76,
                                             0x00,
                                             0x01,
                                             0x24,
                                             0x01,
                                             0x03,
                                             0x04,
                                             0x00,
                                             0x06,
                                             0x12,
                                             0x34,
                                             0x56,
                                             0x78,
                                             0x00,
                                             0x00,
                                             0x5F,
                                             0x52,
                                             0x08,
                                             0x00,
                                             0x73,
                                             0x00,
                                             0x00,
                                             0xE0,
                                             0x05,
                                             0x90,
                                             0x00,
                                             0x73,
                                             0x3E,
                                             0xC0,
                                             0x0A,
                                             0x7D,
                                             0x00,
                                             0x0B,
                                             0xFE,
                                             0x08,
                                             0x00,
                                             0x00,
                                             0xFF,
                                             0x00,
                                             0x00,
                                             ATTRIBUTES(0xC1, 0x13),
                                             ATTRIBUTES(0xC2, 0x12),
                                             ATTRIBUTES(0xC3, 0x13),
                                             0xC4,
                                             0x07,
                                             0x00,
                                             0x7F,
                                             0x7F,
                                             0x7F,
                                             0x03,
                                             0x00,
                                             0x03,
                                             0xDE,
                                             0x06,
                                             0x01,
                                             0x01,
                                             0x02,
                                             0x01,
                                             0x03,
                                             0x01,
                                             0x90,
                                             0x00};
static const uint8_t key_answer[] = {
    0x7F, 0x49, 0x43, 0x86, 0x41, 0x04, 0x6B, 0x17, 0xD1, 0xF2, 0xE1, 0x2C, 0x42, 0x47, 0xF8,
    0xBC, 0xE6, 0xE5, 0x63, 0xA4, 0x40, 0xF2, 0x77, 0x03, 0x7D, 0x81, 0x2D, 0xEB, 0x33, 0xA0,
    0xF4, 0xA1, 0x39, 0x45, 0xD8, 0x98, 0xC2, 0x96, 0x4F, 0xE3, 0x42, 0xE2, 0xFE, 0x1A, 0x7F,
    0x9B, 0x8E, 0xE7, 0xEB, 0x4A, 0x7C, 0x0F, 0x9E, 0x16, 0x2B, 0xCE, 0x33, 0x57, 0x6B, 0x31,
    0x5E, 0xCE, 0xCB, 0xB6, 0x40, 0x68, 0x37, 0xBF, 0x51, 0xF5, 0x90, 0x00};
static const uint8_t success[] = {0x90, 0x00};

static struct error *answer(void *argument, const uint8_t *command, size_t length,
                            uint8_t *response, size_t *response_length)
{
    struct fuzz_input *input = argument;
    (void)length;
    if (command[1] == 0xA4 && (input->proper & PROPER_SELECT) != 0)
        return fuzz_give(success, sizeof(success), response, response_length);
    if (command[1] == 0xCA && command[3] == 0x6E && (input->proper & PROPER_APPLICATION) != 0)
        return fuzz_give(application_answer, sizeof(application_answer), response, response_length);
    if (command[1] == 0x47 && (input->proper & PROPER_KEY) != 0)
        return fuzz_give(key_answer, sizeof(key_answer), response, response_length);
    if (command[1] == 0x20 && (input->proper & PROPER_VERIFY) != 0)
        return fuzz_give(success, sizeof(success), response, response_length);
    return fuzz_take_answer(input, response, response_length);
}

static enum card_mechanism mechanism_of(const struct card_key *key)
{
    static const enum card_mechanism all[] = {CARD_MECHANISM_RSA_PKCS1, CARD_MECHANISM_ECDSA,
                                              CARD_MECHANISM_ED25519};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (card_key_can(key, all[i]))
            return all[i];
    return CARD_MECHANISM_ECDSA;
}

/* What can be checked is right, or there is an error; the rest only has to end. */
static void use_key(struct card_key *key)
{
    static const uint8_t hash[32] = {1};
    uint8_t input[512] = {0};
    uint8_t out[512];
    uint8_t *der;
    size_t size = (size_t)EVP_PKEY_get_size(card_key_public(key));
    size_t length;
    char *text;
    struct error *error = card_key_prepare_pin(key, NULL, NULL, NULL);
    if (error == NULL)
        error = card_key_sign(key, mechanism_of(key), hash, sizeof(hash), out, &length);
    error_free(error);
    error_free(card_key_decrypt(key, CARD_MECHANISM_RSA_DECRYPT_PKCS1, input, size, out, &length));
    error_free(card_key_derive(key, CARD_MECHANISM_ECDH, input, 65, out, &length));
    error_free(card_key_derive(key, CARD_MECHANISM_X25519, input, 32, out, &length));
    error_free(card_key_certificate(key, &der, &length));
    free(der);
    error_free(card_key_uri(key, CARD_OBJECT_PRIVATE_KEY, &text));
    free(text);
}

static void change_card(struct card *card)
{
    struct card_generate_options options = {.algorithm = "P-384", .overwrite = true};
    struct card_algorithms algorithms;
    struct secret *admin;
    EVP_PKEY *made = NULL;
    error_free(secret_new("12345678", 8, &admin));
    if (admin == NULL)
        return;
    const struct card_admin who = {.secret = admin};
    const struct card_change change = {
        .which = CARD_SECRET_PIN, .proof = admin, .new_value = admin};
    error_free(card_read_algorithms(card, NULL, &algorithms));
    error_free(card_generate_key(card, &who, "aut", &options, &made));
    EVP_PKEY_free(made);
    error_free(card_change_secret(card, &change));
    error_free(card_unblock_pin(card, &change));
    error_free(card_reset(card, &who));
    secret_free(admin);
}

static void use_card(struct card_context *context, const struct card_uri *uri)
{
    struct card_certificate_list certificates;
    struct card_key_list keys;
    struct card *card;
    error_free(card_find_keys(context, uri, &keys));
    for (size_t i = 0; i < keys.count; i++)
        use_key(keys.items[i]);
    card_key_list_clear(&keys);
    error_free(card_find_certificates(context, uri, &certificates));
    card_certificate_list_clear(&certificates);
    error_free(card_find(context, uri, &card));
    if (card != NULL)
        change_card(card);
    card_free(card);
}

static const char *uri_of(uint8_t choice)
{
    if ((choice & ALL_SLOTS) != 0)
        return "card:app=openpgp?pin-value=123456";
    return (choice & DECRYPTS) != 0 ? "card:slot=dec?pin-value=123456"
                                    : "card:slot=sig?pin-value=123456";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t atr[] = {0x3B, 0xF5, 0x13, 0x00, 0x00, 0x81, 0x31,
                                  0xFE, 0x15, 0x80, 0x73, 0xC0, 0x21, 0xC0};
    struct memory_reader reader = {.name = "fuzz", .card_present = true, .answer = answer};
    if (size == 0)
        return 0;
    struct fuzz_input input = {data + 1, size - 1, data[0]};
    reader.argument = &input;
    if ((input.proper & EXTENDED_LENGTH) != 0) {
        memcpy(reader.atr, atr, sizeof(atr));
        reader.atr_length = sizeof(atr);
    }
    fuzz_run(&reader, uri_of(input.proper), use_card);
    return 0;
}
