/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A card that answers anything. The input's first byte says which commands are answered properly,
 * so that what comes after them is reached; each other answer is a length byte (doubled by its high
 * bit's four) and that many bytes.
 */
#include "fuzz_card.h"
#include "manage.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PROPER_SELECT   1
#define PROPER_METADATA 2
#define PROPER_VERIFY   4
#define EXTENDED_LENGTH 8

/* Of an application property template; of a P-256 key whose point is the curve's generator; tries.
 */
static const uint8_t select_answer[] = {0x61, 0x07, 0x4F, 0x05, 0xA0, 0x00,
                                        0x00, 0x03, 0x08, 0x90, 0x00};
static const uint8_t metadata_answer[] = {
    0x01, 0x01, 0x11, 0x02, 0x02, 0x02, 0x01, 0x06, 0x02, 0x03, 0x03, 0x04, 0x43, 0x86,
    0x41, 0x04, 0x6B, 0x17, 0xD1, 0xF2, 0xE1, 0x2C, 0x42, 0x47, 0xF8, 0xBC, 0xE6, 0xE5,
    0x63, 0xA4, 0x40, 0xF2, 0x77, 0x03, 0x7D, 0x81, 0x2D, 0xEB, 0x33, 0xA0, 0xF4, 0xA1,
    0x39, 0x45, 0xD8, 0x98, 0xC2, 0x96, 0x4F, 0xE3, 0x42, 0xE2, 0xFE, 0x1A, 0x7F, 0x9B,
    0x8E, 0xE7, 0xEB, 0x4A, 0x7C, 0x0F, 0x9E, 0x16, 0x2B, 0xCE, 0x33, 0x57, 0x6B, 0x31,
    0x5E, 0xCE, 0xCB, 0xB6, 0x40, 0x68, 0x37, 0xBF, 0x51, 0xF5, 0x90, 0x00};
static const uint8_t success[] = {0x90, 0x00};

static struct error *answer(void *argument, const uint8_t *command, size_t length,
                            uint8_t *response, size_t *response_length)
{
    struct fuzz_input *input = argument;
    (void)length;
    if (command[1] == 0xA4 && (input->proper & PROPER_SELECT) != 0)
        return fuzz_give(select_answer, sizeof(select_answer), response, response_length);
    if (command[1] == 0xF7 && (input->proper & PROPER_METADATA) != 0)
        return fuzz_give(metadata_answer, sizeof(metadata_answer), response, response_length);
    if (command[1] == 0x20 && (input->proper & PROPER_VERIFY) != 0)
        return fuzz_give(success, sizeof(success), response, response_length);
    return fuzz_take_answer(input, response, response_length);
}

static void use_key(struct card_key *key)
{
    static const uint8_t hash[32] = {1};
    uint8_t signature[512];
    uint8_t *der;
    size_t length;
    char *text;
    enum card_mechanism mechanism = EVP_PKEY_is_a(card_key_public(key), "RSA")
                                        ? CARD_MECHANISM_RSA_PKCS1
                                        : CARD_MECHANISM_ECDSA;
    struct error *error = card_key_prepare_pin(key, NULL, NULL, NULL);
    if (error == NULL)
        error = card_key_sign(key, mechanism, hash, sizeof(hash), signature, &length);
    error_free(error);
    error_free(card_key_certificate(key, &der, &length));
    free(der);
    error_free(card_key_uri(key, CARD_OBJECT_PRIVATE_KEY, &text));
    free(text);
}

/* What the card manager asks of a card, and what it changes on one. */
static void manage_card(struct card *card, struct secret *secret)
{
    struct card_slot_list slots;
    struct card_attestation attestation;
    struct card_algorithms algorithms;
    struct card_secret_info info;
    struct card_make make;
    const struct card_admin admin = {.pin = secret, .behind_pin = true};
    const struct card_admin_key_options options = {.behind_pin = true};
    struct card_change change = {CARD_SECRET_PIN, secret, secret, false, false};
    error_free(card_read_make(card, &make));
    error_free(card_read_algorithms(card, "9a", &algorithms));
    for (int which = CARD_SECRET_PIN; which <= CARD_SECRET_ADMIN; which++)
        error_free(card_read_secret_info(card, (enum card_secret)which, &info));
    error_free(card_read_slots(card, &slots));
    card_slot_list_clear(&slots);
    error_free(card_attest(card, "9a", &attestation));
    card_attestation_clear(&attestation);
    error_free(card_set_admin_key(card, &admin, NULL, &options, NULL));
    error_free(card_change_secret(card, &change));
    change.which = CARD_SECRET_PUK;
    error_free(card_unblock_pin(card, &change));
    error_free(card_move_key(card, NULL, "9a", "9c"));
    error_free(card_reset(card, NULL));
}

static void use_card(struct card_context *context, const struct card_uri *uri)
{
    struct card_certificate_list certificates;
    struct card_generate_options options = {.algorithm = "P-256"};
    struct card_key *key;
    struct card *card;
    struct secret *admin;
    EVP_PKEY *made = NULL;
    error_free(card_find_key(context, uri, &key));
    if (key != NULL)
        use_key(key);
    card_key_free(key);
    error_free(card_find_certificates(context, uri, &certificates));
    card_certificate_list_clear(&certificates);
    error_free(card_find(context, uri, &card));
    error_free(secret_new(NULL, 24, &admin));
    if (card != NULL && admin != NULL)
        error_free(
            card_generate_key(card, &(struct card_admin){.secret = admin}, "9d", &options, &made));
    EVP_PKEY_free(made);
    struct secret *pin;
    error_free(secret_new("123456", 6, &pin));
    if (card != NULL && pin != NULL)
        manage_card(card, pin);
    secret_free(pin);
    secret_free(admin);
    card_free(card);
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
    fuzz_run(&reader,
             (input.proper & 0x10) != 0 ? "card:?pin-value=123456"
                                        : "card:slot=9a?pin-value=123456",
             use_card);
    return 0;
}
