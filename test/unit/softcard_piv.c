/* SPDX-License-Identifier: BSD-2-Clause */
/* The rules of the PIV application that guard a card: PINs, tries, policies, access conditions. */
#include "softcard/crypto.h"
#include "softcard_harness.h"

#include <stdio.h>
#include <string.h>

/* GENERAL AUTHENTICATE with a hash of 32 bytes and a P-256 key: whole, and in two parts. */
#define HASH      "1111111111111111111111111111111111111111111111111111111111111111"
#define SIGN(key) "008711" key "267C2482008120" HASH

#define CHANGE_PIN "0024008010313233343536FFFF363534333231FFFF"

static int card_new(void **state, enum soft_profile profile)
{
    *state = harness_card_new(profile);
    assert_int_equal(harness_send(*state, SELECT_PIV "00", NULL), SOFT_OK);
    return 0;
}

static int yubikey_new(void **state)
{
    return card_new(state, SOFT_PROFILE_YUBIKEY);
}

static int piv_new(void **state)
{
    return card_new(state, SOFT_PROFILE_PIV);
}

static int card_free(void **state)
{
    harness_card_free(*state);
    return 0;
}

static void counts_tries_and_blocks(void **state)
{
    struct soft_card *card = *state;

    assert_status(card, VERIFY_WRONG, SOFT_TRIES_LEFT | 2);
    assert_status(card, VERIFY_STATUS, SOFT_TRIES_LEFT | 2);
    assert_status(card, VERIFY_PIN, SOFT_OK);
    assert_status(card, VERIFY_STATUS, SOFT_OK);
    assert_status(card, VERIFY_WRONG, SOFT_TRIES_LEFT | 2);
    assert_status(card, VERIFY_STATUS, SOFT_TRIES_LEFT | 2);
    assert_status(card, VERIFY_WRONG, SOFT_TRIES_LEFT | 1);
    assert_status(card, VERIFY_WRONG, SOFT_TRIES_LEFT | 0);
    assert_status(card, VERIFY_PIN, SOFT_BLOCKED);
    assert_status(card, VERIFY_STATUS, SOFT_BLOCKED);
    assert_status(card, CHANGE_PIN, SOFT_BLOCKED);
    /* A wrong PUK has tries of its own; the right one gives the PIN its tries back. */
    assert_status(card, "002C0080103939393939393939363534333231FFFF", SOFT_TRIES_LEFT | 2);
    assert_status(card, "002C0080103132333435363738363534333231FFFF", SOFT_OK);
    assert_status(card, VERIFY_STATUS, SOFT_TRIES_LEFT | 3);
    assert_status(card, "0020008008363534333231FFFF", SOFT_OK);
}

static void refuses_malformed_pins_for_nothing(void **state)
{
    static const char *const malformed[] = {
        "0020008006313233343536",                     /* not padded */
        "002000800931323334353637383132",             /* too long */
        "00200080083132333435FFFFFF",                 /* too short */
        "0020008008313233FF3536FFFF",                 /* padding in the middle */
        "0020008008FFFFFFFFFFFFFFFF",                 /* padding only */
        "0024008010313233343536FFFF3132FFFFFFFFFFFF", /* a new PIN that is too short */
        "002C0080103132333435363738FFFFFFFFFFFFFFFF",
    };
    struct soft_card *card = *state;

    for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++)
        assert_status(card, malformed[i], SOFT_WRONG_DATA);
    assert_status(card, VERIFY_STATUS, SOFT_TRIES_LEFT | 3);
    assert_int_equal(card->state.puk.tries, 3);
}

/* What Yubico's tools reset a YubiKey by: a PIN of padding only costs a try, and so does a PUK. */
static void counts_what_a_yubikey_is_sent(void **state)
{
    struct soft_card *card = *state;

    assert_status(card, "0020008006313233343536", SOFT_WRONG_DATA);
    assert_status(card, "0020008008FFFFFFFFFFFFFFFF", SOFT_TRIES_LEFT | 2);
    assert_status(card, "00200080083132333435FFFFFF", SOFT_TRIES_LEFT | 1);
    assert_status(card, "002C008010FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", SOFT_TRIES_LEFT | 2);
    /* The right PUK does not make it a PIN. */
    assert_status(card, "002C0080103132333435363738FFFFFFFFFFFFFFFF", SOFT_WRONG_DATA);
    assert_int_equal(card->state.pin.tries, 1);
}

static void wants_digits_on_plain_piv_only(void **state)
{
    struct soft_card *card = *state;

    assert_status(card, "0020008008414243444546FFFF", SOFT_WRONG_DATA);
    assert_status(card, VERIFY_STATUS, SOFT_TRIES_LEFT | 3);
    card->state.profile = SOFT_PROFILE_YUBIKEY;
    assert_status(card, "0020008008414243444546FFFF", SOFT_TRIES_LEFT | 2);
}

static void forgets_verification(void **state)
{
    struct soft_card *card = *state;

    assert_status(card, VERIFY_PIN, SOFT_OK);
    assert_status(card, "0020FF80", SOFT_OK);
    assert_status(card, VERIFY_STATUS, SOFT_TRIES_LEFT | 3);
    assert_status(card, "0020FF8008313233343536FFFF", SOFT_WRONG_PARAMETERS);
    assert_status(card, VERIFY_PIN, SOFT_OK);
    soft_card_reset(card);
    assert_status(card, SELECT_PIV, card->state.profile == SOFT_PROFILE_PIV ? 0x6135 : SOFT_OK);
    assert_status(card, VERIFY_STATUS, SOFT_TRIES_LEFT | 3);
    assert_status(card, "00200081", SOFT_REFERENCE_NOT_FOUND);
    assert_status(card, "00200000", SOFT_REFERENCE_NOT_FOUND);
}

static void keeps_pin_policies(void **state)
{
    struct soft_card *card = *state;

    harness_key(card, "9a=p256");
    harness_key(card, "9c=p256");
    harness_key(card, "9e=p256");
    harness_key(card, "82=p256:never");
    harness_key(card, "83=p256:always");
    assert_status(card, SIGN("9E"), SOFT_OK);
    assert_status(card, SIGN("82"), SOFT_OK);
    assert_status(card, SIGN("9A"), SOFT_SECURITY_STATUS);
    assert_status(card, SIGN("9C"), SOFT_SECURITY_STATUS);
    assert_status(card, VERIFY_PIN, SOFT_OK);
    assert_status(card, SIGN("9A"), SOFT_OK);
    assert_status(card, SIGN("9A"), SOFT_OK);
    assert_status(card, SIGN("9C"), SOFT_SECURITY_STATUS);
    assert_status(card, SIGN("83"), SOFT_SECURITY_STATUS);
    assert_status(card, VERIFY_PIN, SOFT_OK);
    assert_status(card, SIGN("9C"), SOFT_OK);
    assert_status(card, SIGN("9C"), SOFT_SECURITY_STATUS);
    /* A question for the status is a command in between, too. */
    assert_status(card, VERIFY_PIN, SOFT_OK);
    assert_status(card, VERIFY_STATUS, SOFT_OK);
    assert_status(card, SIGN("9C"), SOFT_SECURITY_STATUS);
}

static void takes_the_parts_of_a_command_as_one(void **state)
{
    struct soft_card *card = *state;

    harness_key(card, "9c=p256");
    assert_status(card, VERIFY_PIN, SOFT_OK);
    assert_status(card, "1087119C067C2482008120", SOFT_OK);
    assert_status(card, "0087119C20" HASH, SOFT_OK);
    assert_status(card, "1087119C067C2482008120", SOFT_OK);
    assert_status(card, "0087119C20" HASH, SOFT_SECURITY_STATUS);
}

static void guards_administration(void **state)
{
    static const char *const guarded[] = {
        "0047009A05AC03800111",       /* generate */
        "00DB3FFF085C035FC10553010A", /* put data */
        "00FE119A03060101",           /* import */
        "00FFFFFF1B0A9B18010203040506070801020304050607080102030405060708",
        "00F6FF9A", /* delete */
        "00FA0505", /* set retries */
    };
    struct soft_card *card = *state;

    assert_status(card, VERIFY_PIN, SOFT_OK);
    for (size_t i = 0; i < sizeof(guarded) / sizeof(guarded[0]); i++)
        assert_status(card, guarded[i], SOFT_SECURITY_STATUS);
    harness_administrator(card);
    assert_status(card, guarded[0], SOFT_OK);
    assert_status(card, guarded[1], SOFT_OK);
    assert_answer(card, "00CB3FFF055C035FC105", "53010a", SOFT_OK);
    /* Lost with the application. */
    assert_status(card, SELECT_DUMMY, SOFT_OK);
    assert_status(card, SELECT_PIV, SOFT_OK);
    assert_status(card, guarded[0], SOFT_SECURITY_STATUS);
}

static void authenticates_once_per_challenge(void **state)
{
    struct soft_card *card = *state;

    /* A response without a challenge, a wrong one, the same challenge twice. */
    assert_status(card, "00870A9B147C12821000000000000000000000000000000000", SOFT_SECURITY_STATUS);
    assert_status(card, "00870A9B047C02810000", SOFT_OK);
    assert_status(card, "00870A9B147C12821000000000000000000000000000000000", SOFT_SECURITY_STATUS);
    assert_status(card, "0047009A05AC03800111", SOFT_SECURITY_STATUS);
    assert_status(card, "0087039B047C028100", SOFT_WRONG_PARAMETERS);
    harness_administrator(card);
    /* Beginning anew gives up what was there. */
    assert_status(card, "00870A9B047C02800000", SOFT_OK);
    assert_status(card, "0047009A05AC03800111", SOFT_SECURITY_STATUS);
}

static void mutual_step(struct soft_card *card, bool good, uint16_t status)
{
    const struct soft_management *management = &card->state.management;
    struct soft_bytes response = {0};
    uint8_t witness[16];
    uint8_t expected[16];
    char command[128];
    size_t used;

    assert_int_equal(harness_send(card, "00870A9B047C02800000", &response), SOFT_OK);
    assert_int_equal(response.length, 20);
    assert_true(soft_cipher_block(management->algorithm, management->key, false, response.data + 4,
                                  witness));
    witness[0] = (uint8_t)(witness[0] ^ (good ? 0 : 1));
    used = (size_t)snprintf(command, sizeof(command), "00870A9B267C248010");
    for (size_t i = 0; i < sizeof(witness); i++)
        used += (size_t)snprintf(command + used, sizeof(command) - used, "%02X", witness[i]);
    snprintf(command + used, sizeof(command) - used, "8110%032d", 0);
    assert_int_equal(harness_send(card, command, &response), status);
    if (good) {
        memset(witness, 0, sizeof(witness));
        assert_true(
            soft_cipher_block(management->algorithm, management->key, true, witness, expected));
        assert_int_equal(response.length, 20);
        assert_memory_equal(response.data + 4, expected, 16);
    }
    soft_bytes_free(&response);
}

static void authenticates_mutually(void **state)
{
    struct soft_card *card = *state;

    mutual_step(card, false, SOFT_SECURITY_STATUS);
    assert_status(card, "0047009A05AC03800111", SOFT_SECURITY_STATUS);
    mutual_step(card, true, SOFT_OK);
    assert_status(card, "0047009A05AC03800111", SOFT_OK);
}

/* SP 800-78-4, table 6-2: 00 stands for 3DES. */
static void takes_3des_by_both_its_names(void **state)
{
    struct soft_card *card = *state;

    assert_status(card, "0087009B047C02810000", SOFT_OK);
    assert_status(card, "0087039B047C02810000", SOFT_OK);
    assert_status(card, "00870A9B047C02810000", SOFT_WRONG_PARAMETERS);
    harness_administrator(card);
    assert_answer(card, "0047009A05AC03800114", "", 0x6166);
}

static void hides_printed_information(void **state)
{
    struct soft_card *card = *state;

    harness_administrator(card);
    assert_status(card, "00DB3FFF085C035FC10953010A", SOFT_OK);
    assert_status(card, "00CB3FFF055C035FC109", SOFT_SECURITY_STATUS);
    assert_status(card, VERIFY_PIN, SOFT_OK);
    assert_answer(card, "00CB3FFF055C035FC109", "53010a", SOFT_OK);
    assert_status(card, "00DB3FFF075C035FC1095300", SOFT_OK);
    assert_status(card, "00CB3FFF055C035FC109", SOFT_NOT_FOUND);
}

static void knows_no_extensions_on_plain_piv(void **state)
{
    static const char *const extensions[] = {
        "00F7009A", "00F80000", "00F99A00",         "00FA0303",         "00FB0000",
        "00FD0000", "00F6FF9A", "00FE119A03060101", "00FFFFFF03030101",
    };
    struct soft_card *card = *state;

    harness_administrator(card);
    for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++)
        assert_status(card, extensions[i], SOFT_INS_UNSUPPORTED);
    assert_status(card, "0047009A05AC038001E0", SOFT_WRONG_DATA);
    assert_status(card, "0047009A05AC03800116", SOFT_WRONG_DATA);
    assert_status(card, "004700F905AC03800111", SOFT_WRONG_PARAMETERS);
    assert_status(card, "00CB3FFF055C035FC102", 0x613D);
    assert_answer(card, "00CB3FFF055C035FC10C00", "5308c10100c20100fe00", SOFT_OK);
}

static void tells_metadata(void **state)
{
    struct soft_card *card = *state;

    assert_answer(card, "00F70080", "0101ff05010106020303", SOFT_OK);
    assert_answer(card, "00F70081", "0101ff05010106020303", SOFT_OK);
    assert_answer(card, "00F7009B", "01010a02020001050101", SOFT_OK);
    assert_status(card, "00F7009A", SOFT_REFERENCE_NOT_FOUND);
    assert_status(card, "00F70096", SOFT_REFERENCE_NOT_FOUND);
    assert_status(card, "00F70000", SOFT_WRONG_PARAMETERS);
    assert_status(card, VERIFY_WRONG, SOFT_TRIES_LEFT | 2);
    assert_answer(card, "00F70080", "0101ff05010106020302", SOFT_OK);
    assert_answer(card, "00F80000", "00bc614e", SOFT_OK);
}

static void resets_when_both_are_blocked(void **state)
{
    struct soft_card *card = *state;

    harness_key(card, "9a=p256");
    assert_status(card, "00FB0000", SOFT_CONDITIONS);
    for (int i = 0; i < 3; i++)
        harness_send(card, VERIFY_WRONG, NULL);
    assert_status(card, "00FB0000", SOFT_CONDITIONS);
    for (int i = 0; i < 3; i++)
        harness_send(card, "002C0080103939393939393939363534333231FFFF", NULL);
    assert_status(card, "00FB0000", SOFT_OK);
    assert_status(card, "00F7009A", SOFT_REFERENCE_NOT_FOUND);
    assert_status(card, "00F700F9", SOFT_OK);
    assert_status(card, VERIFY_PIN, SOFT_OK);
}

static void sets_retries_and_management_key(void **state)
{
    struct soft_card *card = *state;

    harness_administrator(card);
    assert_status(card, "00FA0504", SOFT_SECURITY_STATUS);
    assert_status(card, VERIFY_PIN, SOFT_OK);
    assert_status(card, "00FA0004", SOFT_WRONG_PARAMETERS);
    assert_status(card, "00FA0504", SOFT_OK);
    assert_answer(card, "00F70080", "0101ff05010106020505", SOFT_OK);
    assert_answer(card, "00F70081", "0101ff05010106020404", SOFT_OK);
    assert_status(card, "00FFFFFF130A9B10000102030405060708090A0B0C0D0E0F", SOFT_WRONG_DATA);
    assert_status(card, "00FFFFFF13089B10000102030405060708090A0B0C0D0E0F", SOFT_OK);
    assert_answer(card, "00F7009B", "01010802020001050100", SOFT_OK);
    harness_administrator(card);
}

#define card_test(test, profile) cmocka_unit_test_setup_teardown(test, profile##_new, card_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        card_test(counts_tries_and_blocks, yubikey),
        card_test(counts_tries_and_blocks, piv),
        card_test(counts_what_a_yubikey_is_sent, yubikey),
        card_test(refuses_malformed_pins_for_nothing, piv),
        card_test(wants_digits_on_plain_piv_only, piv),
        card_test(forgets_verification, yubikey),
        card_test(forgets_verification, piv),
        card_test(keeps_pin_policies, yubikey),
        card_test(takes_the_parts_of_a_command_as_one, yubikey),
        card_test(guards_administration, yubikey),
        card_test(authenticates_once_per_challenge, yubikey),
        card_test(authenticates_mutually, yubikey),
        card_test(takes_3des_by_both_its_names, piv),
        card_test(hides_printed_information, yubikey),
        card_test(knows_no_extensions_on_plain_piv, piv),
        card_test(tells_metadata, yubikey),
        card_test(resets_when_both_are_blocked, yubikey),
        card_test(sets_retries_and_management_key, yubikey),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
