/* SPDX-License-Identifier: BSD-2-Clause */
/* Lengths, chaining, GET RESPONSE and T=0, in front of the PIV application. */
#include "softcard_harness.h"

#include "softcard/hex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BIG       600
#define WHOLE_BIG (4 + BIG) /* with tag and length */

static int yubikey_new(void **state)
{
    *state = harness_card_new(SOFT_PROFILE_YUBIKEY);
    assert_status(*state, SELECT_PIV, SOFT_OK);
    return 0;
}

static int piv_new(void **state)
{
    *state = harness_card_new(SOFT_PROFILE_PIV);
    assert_int_equal(harness_send(*state, SELECT_PIV "00", NULL), SOFT_OK);
    return 0;
}

static int card_free(void **state)
{
    harness_card_free(*state);
    return 0;
}

/* A public object of 604 bytes, "certificate of 9A". */
static void big_object(struct soft_card *card)
{
    static uint8_t value[WHOLE_BIG] = {0x53, 0x82, BIG >> 8, BIG & 0xFF};

    soft_state_object_set(&card->state, 0x5FC105, value, sizeof(value));
}

#define GET_9A "00CB3FFF055C035FC105"

static void assert_lengths(struct soft_card *card, const char *command, size_t length,
                           uint16_t status)
{
    struct soft_bytes response = {0};

    assert_int_equal(harness_send(card, command, &response), status);
    assert_int_equal(response.length, length);
    soft_bytes_free(&response);
}

static void hands_long_answers_out_in_parts(void **state)
{
    struct soft_card *card = *state;

    big_object(card);
    assert_lengths(card, GET_9A "00", 256, 0x6100);
    assert_lengths(card, "00C0000000", 256, 0x615C);
    assert_lengths(card, "00C0000050", 0x50, 0x610C);
    assert_lengths(card, "00C000000C", 0x0C, SOFT_OK);
    assert_status(card, "00C0000000", SOFT_CONDITIONS);
}

static void answers_whole_with_extended_length(void **state)
{
    struct soft_card *card = *state;

    big_object(card);
    assert_lengths(card, "00CB3FFF0000055C035FC1050000", WHOLE_BIG, SOFT_OK);
    assert_lengths(card, "00CB3FFF0000055C035FC1050200", 512, 0x615C);
    assert_lengths(card, "00C00000000000", 92, SOFT_OK);
    card->options.extended = false;
    assert_status(card, "00CB3FFF0000055C035FC1050000", SOFT_WRONG_LENGTH);
}

static void another_command_drops_the_answer(void **state)
{
    struct soft_card *card = *state;

    big_object(card);
    assert_lengths(card, GET_9A "00", 256, 0x6100);
    assert_status(card, VERIFY_STATUS, SOFT_TRIES_LEFT | 3);
    assert_status(card, "00C0000000", SOFT_CONDITIONS);
}

static void needs_le_on_plain_piv_only(void **state)
{
    struct soft_card *card = *state;

    assert_answer(card, "00CB3FFF035C017E", "", 0x6114);
    assert_status(card, "00C00000", SOFT_WRONG_LENGTH);
    assert_lengths(card, "00C0000014", 0x14, SOFT_OK);
    card->state.profile = SOFT_PROFILE_YUBIKEY;
    assert_lengths(card, "00CB3FFF035C017E", 0x14, SOFT_OK);
    assert_lengths(card, "00CB3FFF035C017E04", 0x04, 0x6110);
    assert_lengths(card, "00C00000", 0x10, SOFT_OK);
}

static void speaks_t0(void **state)
{
    struct soft_card *card = *state;

    card->options.t0 = true;
    /* Case 4 never answers at once, with or without Le. */
    assert_answer(card, "00CB3FFF035C017E00", "", 0x6114);
    assert_answer(card, "00C0000000", "", 0x6C14);
    assert_lengths(card, "00C0000014", 0x14, SOFT_OK);
    /* Case 2 with the wrong Le is told the right one, and the answer is kept. */
    assert_answer(card, "00FD000000", "", 0x6C03);
    assert_answer(card, "00FD000003", "050701", SOFT_OK);
    assert_answer(card, "00FD000002", "0507", 0x6101);
}

static void joins_chained_parts(void **state)
{
    struct soft_card *card = *state;
    const struct soft_bytes *object;

    harness_administrator(card);
    assert_answer(card, "10DB3FFF055C035FC105", "", SOFT_OK);
    assert_answer(card, "10DB3FFF0453050A0B", "", SOFT_OK);
    assert_answer(card, "00DB3FFF030C0D0E", "", SOFT_OK);
    object = soft_state_object(&card->state, 0x5FC105);
    assert_non_null(object);
    assert_int_equal(object->length, 7);
    assert_memory_equal(object->data, "\x53\x05\x0A\x0B\x0C\x0D\x0E", 7);
}

static void breaks_chains(void **state)
{
    struct soft_card *card = *state;

    harness_administrator(card);
    /* Another command where the last part should be, then again the last part alone. */
    assert_status(card, "10DB3FFF055C035FC105", SOFT_OK);
    assert_status(card, VERIFY_PIN, SOFT_CHAIN_LAST_EXPECTED);
    assert_status(card, "00DB3FFF0353010A", SOFT_WRONG_DATA);
    /* Other parameters, in a part that is not the last. */
    assert_status(card, "10DB3FFF055C035FC105", SOFT_OK);
    assert_status(card, "10DB3FFE0353010A", SOFT_CHAIN_LAST_EXPECTED);
    /* Whoever selects starts afresh. */
    assert_status(card, "10DB3FFF055C035FC105", SOFT_OK);
    assert_status(card, SELECT_PIV, SOFT_OK);
    assert_status(card, VERIFY_PIN, SOFT_OK);
    /* No chains for commands that are never long, nor without an application. */
    assert_status(card, "1020008008313233343536FFFF", SOFT_CHAIN_UNSUPPORTED);
    assert_null(soft_state_object(&card->state, 0x5FC105));
}

static void bounds_chains(void **state)
{
    struct soft_card *card = *state;
    char part[2 * 264];
    unsigned parts = 0;
    uint16_t status = SOFT_OK;

    snprintf(part, sizeof(part), "10DB3FFFFF%0510d", 0);
    while (status == SOFT_OK && parts++ < 1000)
        status = harness_send(card, part, NULL);
    assert_int_equal(status, SOFT_WRONG_LENGTH);
    assert_in_range(parts, 13, 64);
    assert_false(card->chain.active);
}

static void refuses_other_classes(void **state)
{
    struct soft_card *card = *state;

    assert_status(card, "01CB3FFF035C017E", SOFT_CHANNEL_UNSUPPORTED);
    assert_status(card, "40CB3FFF035C017E", SOFT_CHANNEL_UNSUPPORTED);
    assert_status(card, "0CCB3FFF035C017E", SOFT_SECURE_UNSUPPORTED);
    assert_status(card, "80CB3FFF035C017E", SOFT_CLA_UNSUPPORTED);
    assert_status(card, "20CB3FFF035C017E", SOFT_CLA_UNSUPPORTED);
    assert_status(card, "FFCB3FFF035C017E", SOFT_CLA_UNSUPPORTED);
}

static void selects_applications(void **state)
{
    struct soft_card *card = *state;

    soft_card_reset(card);
    assert_status(card, VERIFY_STATUS, SOFT_INS_UNSUPPORTED);
    assert_answer(card, SELECT_PIV, "61114f0600001000010079074f05a000000308", SOFT_OK);
    assert_status(card, "00A404000BA000000308000010000100", SOFT_OK);
    assert_status(card, "00A404000CA00000030800001000010000", SOFT_NOT_FOUND);
    assert_status(card, "00A4040004A0000003", SOFT_NOT_FOUND);
    assert_status(card, "00A4040005A000000309", SOFT_NOT_FOUND);
    assert_status(card, "00A4000005A000000308", SOFT_WRONG_PARAMETERS);
    /* Not found leaves PIV selected, and selecting it again leaves the PIN verified. */
    assert_status(card, VERIFY_PIN, SOFT_OK);
    assert_status(card, SELECT_PIV, SOFT_OK);
    assert_status(card, VERIFY_STATUS, SOFT_OK);
    assert_status(card, SELECT_DUMMY, SOFT_OK);
    assert_status(card, VERIFY_STATUS, SOFT_TRIES_LEFT | 3);
    assert_int_equal(card->dummy_verifies, 0);
    assert_status(card, VERIFY_PIN, SOFT_TRIES_LEFT | 3);
    assert_int_equal(card->dummy_verifies, 1);
    assert_status(card, "00F80000", SOFT_INS_UNSUPPORTED);
    assert_status(card, SELECT_PIV, SOFT_OK);
    assert_status(card, VERIFY_STATUS, SOFT_TRIES_LEFT | 3);
}

static void assert_atr(struct soft_card *card, const char *expected)
{
    struct soft_bytes atr = {0};
    char *hex;

    soft_card_atr(card, &atr);
    hex = soft_hex_encode(atr.data, atr.length);
    assert_string_equal(hex, expected);
    free(hex);
    soft_bytes_free(&atr);
}

static void shows_its_link_in_the_atr(void **state)
{
    struct soft_card *card = *state;

    assert_atr(card, "3bfd1300008131fe158073c021c057597562694b657940");
    card->options.extended = false;
    assert_atr(card, "3bfd1300008131fe158073c0218057597562694b657900");
    card->options.t0 = true;
    assert_atr(card, "3b0d8073c0218057597562694b6579");
}

#define card_test(test, profile) cmocka_unit_test_setup_teardown(test, profile##_new, card_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        card_test(hands_long_answers_out_in_parts, yubikey),
        card_test(answers_whole_with_extended_length, yubikey),
        card_test(another_command_drops_the_answer, yubikey),
        card_test(needs_le_on_plain_piv_only, piv),
        card_test(speaks_t0, yubikey),
        card_test(joins_chained_parts, yubikey),
        card_test(breaks_chains, yubikey),
        card_test(bounds_chains, yubikey),
        card_test(refuses_other_classes, yubikey),
        card_test(selects_applications, yubikey),
        card_test(shows_its_link_in_the_atr, yubikey),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
