/* SPDX-License-Identifier: BSD-2-Clause */
#include "softcard_harness.h"

#include "softcard/certum.h"
#include "softcard/crypto.h"
#include "softcard/hex.h"
#include "softcard/setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct soft_card *harness_card_new(enum soft_profile profile)
{
    struct soft_card *card = calloc(1, sizeof(*card));

    assert_non_null(card);
    card->options.extended = true;
    soft_state_init(&card->state, profile, 12345678);
    assert_null(soft_setup_issue(&card->state));
    soft_certum_protocol(card);
    return card;
}

void harness_card_free(struct soft_card *card)
{
    soft_card_free(card);
    free(card);
}

uint16_t harness_send(struct soft_card *card, const char *command, struct soft_bytes *response)
{
    struct soft_bytes bytes = {0};
    struct soft_bytes answer = {0};
    uint8_t *exact;
    uint16_t status;

    assert_true(soft_hex_decode(command, &bytes));
    /* A buffer of just that size, so that a sanitizer sees a byte read beyond it. */
    exact = malloc(bytes.length > 0 ? bytes.length : 1);
    assert_non_null(exact);
    if (bytes.length > 0)
        memcpy(exact, bytes.data, bytes.length);
    soft_card_transmit(card, exact, bytes.length, &answer);
    free(exact);
    assert_true(answer.length >= 2);
    status = (uint16_t)(answer.data[answer.length - 2] << 8 | answer.data[answer.length - 1]);
    if (response != NULL)
        soft_bytes_set(response, answer.data, answer.length - 2);
    soft_bytes_free(&bytes);
    soft_bytes_free(&answer);
    return status;
}

void harness_assert_answer(struct soft_card *card, const char *command, const char *data,
                           uint16_t status, const char *file, int line)
{
    struct soft_bytes response = {0};
    uint16_t got = harness_send(card, command, &response);
    char *hex = soft_hex_encode(response.data, response.length);

    _assert_int_equal(got, status, file, line);
    _assert_string_equal(hex, data, file, line);
    free(hex);
    soft_bytes_free(&response);
}

void harness_administrator(struct soft_card *card)
{
    const struct soft_management *management = &card->state.management;
    size_t block = soft_cipher_block_size(management->algorithm);
    struct soft_bytes response = {0};
    uint8_t answer[16];
    char command[128];
    char *hex;

    snprintf(command, sizeof(command), "0087%02X9B047C02810000", management->algorithm);
    assert_int_equal(harness_send(card, command, &response), SOFT_OK);
    assert_int_equal(response.length, 4 + block);
    assert_true(
        soft_cipher_block(management->algorithm, management->key, true, response.data + 4, answer));
    hex = soft_hex_encode(answer, block);
    snprintf(command, sizeof(command), "0087%02X9B%02X7C%02X82%02X%s", management->algorithm,
             (unsigned)block + 4, (unsigned)block + 2, (unsigned)block, hex);
    free(hex);
    assert_status(card, command, SOFT_OK);
    soft_bytes_free(&response);
}

void harness_key(struct soft_card *card, const char *argument)
{
    assert_null(soft_setup_key(card, argument));
}
