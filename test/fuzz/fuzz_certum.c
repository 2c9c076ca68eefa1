/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A Certum card that answers anything. The input's first byte says which commands are answered
 * properly, so that what comes after them is reached; each other answer is two bytes of length (10
 * bits of it count) and that many bytes.
 */
#include "fuzz_card.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PROPER_SELECT    1
#define PROPER_DIRECTORY 2
#define PROPER_KEY       4
#define PROPER_VERIFY    8
#define PROPER_HASH      0x10
#define EC_SLOT          0x20
#define ALL_SLOTS        0x40

struct input {
    struct fuzz_input base;
    bool directory_read;
};

/* Of 1024 bits, the exponent after it. */
static void make_key(uint8_t *out)
{
    static const uint8_t start[] = {0xB6, 0x03, 0x83, 0x01, 0x21, 0x7F,
                                    0x49, 0x81, 0x88, 0x81, 0x81, 0x80};
    static const uint8_t end[] = {0x82, 0x03, 0x01, 0x00, 0x01, 0x90, 0x00};
    memcpy(out, start, sizeof(start));
    memset(out + sizeof(start), 0xC1, 128);
    memcpy(out + sizeof(start) + 128, end, sizeof(end));
}
#define KEY_LENGTH (12 + 128 + 7)

/* RSA-1024 and P-256 in the first places, and two certificates. */
#define DIRECTORY_LENGTH (0x24 + 8 + 2 + 2)
static void make_directory(uint8_t *out)
{
    static const uint8_t entries[] = {0x01, 0x44, 0x11, 0x41, 0x21, 0x40,
                                      0x22, 0x40, 0x00, 0x00, 0x90, 0x00};
    memset(out, 0, DIRECTORY_LENGTH);
    memcpy(out + 0x24, entries, sizeof(entries));
}

/* What a well-behaved card says to that command; 0 for what the input has to tell. */
static size_t proper_answer(struct input *input, const uint8_t *command, size_t length,
                            uint8_t *out)
{
    static const uint8_t success[] = {0x90, 0x00};
    static const uint8_t tries[] = {0x63, 0xC3};
    bool hash = command[1] == 0x2A && command[2] == 0x90;
    if (command[1] == 0xB0 && (input->base.proper & PROPER_DIRECTORY) != 0 &&
        !input->directory_read) {
        input->directory_read = true;
        make_directory(out);
        return DIRECTORY_LENGTH;
    }
    if (command[1] == 0xCB && (input->base.proper & PROPER_KEY) != 0) {
        make_key(out);
        return KEY_LENGTH;
    }
    if (command[1] == 0x20 && length <= 5 && (input->base.proper & PROPER_VERIFY) != 0) {
        memcpy(out, tries, sizeof(tries));
        return sizeof(tries);
    }
    if ((command[1] == 0xA4 && (input->base.proper & PROPER_SELECT) != 0) ||
        (command[1] == 0x20 && (input->base.proper & PROPER_VERIFY) != 0) ||
        ((command[1] == 0x22 || hash) && (input->base.proper & PROPER_HASH) != 0)) {
        memcpy(out, success, sizeof(success));
        return sizeof(success);
    }
    return 0;
}

static struct error *answer(void *argument, const uint8_t *command, size_t length,
                            uint8_t *response, size_t *response_length)
{
    struct input *input = argument;
    uint8_t proper[256];
    size_t size = proper_answer(input, command, length, proper);
    if (size > 0)
        return fuzz_give(proper, size, response, response_length);
    if (input->base.left < 2)
        return error_new(ERROR_CARD_REMOVED, "the input is used up");
    size = (size_t)(input->base.next[0] & 0x03) << 8 | input->base.next[1];
    input->base.next += 2;
    input->base.left -= 2;
    return fuzz_take(&input->base, size, response, response_length);
}

static void use_key(struct card_key *key)
{
    static const uint8_t info[51] = {0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                     0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
    uint8_t signature[512];
    uint8_t *der;
    size_t length;
    bool rsa = EVP_PKEY_is_a(card_key_public(key), "RSA") == 1;
    struct error *error = card_key_prepare_pin(key, NULL, NULL, NULL);
    if (error == NULL)
        error = card_key_sign(key, rsa ? CARD_MECHANISM_RSA_PKCS1 : CARD_MECHANISM_ECDSA, info,
                              sizeof(info), signature, &length);
    error_free(error);
    error_free(card_key_certificate(key, &der, &length));
    free(der);
}

static void use_card(struct card_context *context, const struct card_uri *uri)
{
    struct card_certificate_list certificates;
    struct card_key *key;
    struct card *card;
    const char *serial;
    error_free(card_find_key(context, uri, &key));
    if (key != NULL)
        use_key(key);
    card_key_free(key);
    error_free(card_find_certificates(context, uri, &certificates));
    card_certificate_list_clear(&certificates);
    error_free(card_find(context, uri, &card));
    if (card != NULL)
        error_free(card_serial(card, &serial));
    card_free(card);
}

static const char *choose_uri(uint8_t proper)
{
    if ((proper & ALL_SLOTS) != 0)
        return "card:app=certum?pin-value=123456";
    return (proper & EC_SLOT) != 0 ? "card:slot=ec1?pin-value=123456"
                                   : "card:slot=rsa1?pin-value=123456";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t atr[] = {0x3B, 0x7F, 0x96, 0x00, 0x00, 0x80, 0x31, 0x80, 0x58, 0x43,
                                  0x65, 0x72, 0x74, 0x75, 0x6D, 0x30, 0x31, 0x82, 0x90, 0x00};
    struct memory_reader reader = {.name = "fuzz", .card_present = true, .answer = answer};
    if (size == 0)
        return 0;
    struct input input = {.base = {data + 1, size - 1, data[0]}};
    reader.argument = &input;
    memcpy(reader.atr, atr, sizeof(atr));
    reader.atr_length = sizeof(atr);
    reader.byte_protocol = true;
    fuzz_run(&reader, choose_uri(input.base.proper), use_card);
    return 0;
}
