/* SPDX-License-Identifier: BSD-2-Clause */
/* Whatever the host sends, the card answers with a status word and stays what it is. Worth most
 * when built with sanitizers. The numbers are the same in every run. */
#include "softcard/hex.h"
#include "softcard_harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 20000
#define HASH   "1111111111111111111111111111111111111111111111111111111111111111"

static uint32_t random_state = 0x2545F491;

/* Marsaglia's xorshift. */
static uint32_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

static uint8_t random_pick(const uint8_t *from, size_t count)
{
    return random_next() % 4 == 0 ? (uint8_t)random_next() : from[random_next() % count];
}

/* A command that has a chance to get somewhere: known instructions, slots and tags, lengths that
 * are right more often than not. No 47: generating RSA keys by the thousand is no test. */
static size_t command_make(uint8_t *command)
{
    static const uint8_t classes[] = {0x00, 0x00, 0x00, 0x10};
    static const uint8_t instructions[] = {0x20, 0x24, 0x2C, 0x87, 0xA4, 0xC0, 0xCB, 0xDB, 0xF6,
                                           0xF7, 0xF8, 0xF9, 0xFA, 0xFD, 0xFE, 0xFF, 0x87, 0x87};
    static const uint8_t first[] = {0x00, 0x04, 0x3F, 0x11, 0x14, 0x06, 0x0A, 0xE0, 0xE1, 0xFF};
    static const uint8_t second[] = {0x00, 0x80, 0x81, 0x9A, 0x9B, 0x9C,
                                     0x9D, 0x9E, 0xFF, 0x82, 0xF9};
    static const uint8_t content[] = {0x7C, 0x82, 0x81, 0x80, 0x85, 0x5C, 0x53, 0x00, 0x01, 0x02,
                                      0x03, 0x5F, 0xC1, 0x05, 0x20, 0x24, 0x10, 0x7F, 0x49, 0xAC,
                                      0x06, 0x07, 0x08, 0xAA, 0xAB, 0x83, 0x84, 0xFF};
    size_t length = random_next() % 80;

    command[0] = random_pick(classes, sizeof(classes));
    command[1] = random_pick(instructions, sizeof(instructions));
    command[2] = random_pick(first, sizeof(first));
    command[3] = random_pick(second, sizeof(second));
    if (command[1] == 0x47)
        command[1] = 0xCB;
    command[4] = (uint8_t)length;
    for (size_t i = 0; i < length; i++)
        command[5 + i] = random_pick(content, sizeof(content));
    if (random_next() % 8 == 0)
        return random_next() % (5 + length + 1);
    return length == 0 ? 4 : 5 + length;
}

/* Commands that are right, to be made wrong by a byte or two. */
static const char *const good_commands[] = {
    SELECT_PIV,
    VERIFY_PIN,
    "0024008010313233343536FFFF313233343536FFFF",
    "002C0080103132333435363738313233343536FFFF",
    "0087119A267C2482008120" HASH,
    "0087149E267C2482008120" HASH,
    "1087119A267C2482008120" HASH,
    "0087E082267C2482008520" HASH,
    "0087E19D267C2482008120" HASH,
    "0087119A477C45820085410411" HASH "11" HASH,
    "00870A9B047C02810000",
    "00870A9B047C02800000",
    "00CB3FFF055C035FC105",
    "00DB3FFF0C5C035FC10553057003AABBCC",
    "10DB3FFF0C5C035FC10553057003AABBCC",
    "00FE119D220620" HASH,
    "00FE069D06010101020101",
    "00F7009A",
    "00F99A00",
    "00F69D9A",
};

static size_t command_mutate(uint8_t *command)
{
    const char *hex = good_commands[random_next() % (sizeof(good_commands) / sizeof(char *))];
    struct soft_bytes bytes = {0};
    size_t length;

    assert_true(soft_hex_decode(hex, &bytes));
    memcpy(command, bytes.data, bytes.length);
    length = bytes.length;
    soft_bytes_free(&bytes);
    for (unsigned i = random_next() % 3; i > 0; i--)
        command[random_next() % length] = (uint8_t)random_next();
    if (random_next() % 8 == 0)
        length -= random_next() % length;
    if (command[1] == 0x47)
        command[1] = 0xCB;
    return length;
}

static void command_send(struct soft_card *card, const uint8_t *command, size_t length)
{
    struct soft_bytes response = {0};
    uint8_t *exact = malloc(length > 0 ? length : 1);

    assert_non_null(exact);
    memcpy(exact, command, length);
    soft_card_transmit(card, exact, length, &response);
    assert_in_range(response.length, 2, 65535);
    assert_in_range(response.data[response.length - 2], 0x60, 0x9F);
    free(exact);
    soft_bytes_free(&response);
}

static void bombard(struct soft_card *card)
{
    uint8_t command[128];

    harness_key(card, "9a=p256");
    harness_key(card, "9c=rsa1024");
    harness_key(card, "9e=p384");
    for (unsigned i = 0; i < ROUNDS; i++) {
        if (i % 50 == 0) {
            card->state.pin.tries = 3;
            card->state.puk.tries = 3;
            card->selected = &soft_piv;
            card->piv.administrator = i % 100 == 0;
            card->piv.pin_verified = true;
        }
        command_send(card, command, i % 2 == 0 ? command_make(command) : command_mutate(command));
    }
}

static void survives_on_yubikey(void **state)
{
    struct soft_card *card = harness_card_new(SOFT_PROFILE_YUBIKEY);

    (void)state;
    harness_key(card, "82=x25519");
    harness_key(card, "9d=ed25519");
    bombard(card);
    harness_card_free(card);
}

static void survives_on_plain_piv_with_t0(void **state)
{
    struct soft_card *card = harness_card_new(SOFT_PROFILE_PIV);

    (void)state;
    card->options.t0 = true;
    card->options.extended = false;
    bombard(card);
    harness_card_free(card);
}

/* The same for the other application: what it is asked in OpenPGP's language. */
static const char *const openpgp_commands[] = {
    "00A4040006D27600012401",
    "0020008106313233343536",
    "00200083083132333435363738",
    "00240081"
    "0C"
    "313233343536313233343536",
    "002C028106313233343536",
    "00CA006E00",
    "00CA7F2100",
    "00CC7F2100",
    "00A501040660045C027F21",
    "00DA7F21023000",
    "00DA00C106010800002000",
    "00DA00C209122A8648CE3D030107",
    "00DA00C30A162B06010401DA470F01",
    "00DA00F95A810103820108830400010000840811223344556677888720" HASH "8820" HASH,
    "00DB3FFF2E4D2CB6007F480292205F4820" HASH,
    "10DB3FFF2E4D2CA4007F480292205F4820" HASH,
    "00DB3FFF124D10B8007F4806910192019301"
    "5F4803010203",
    "0047810002B60000",
    "0047810002B800",
    "002A9E9A20" HASH,
    "002A808627A6257F49228620" HASH,
    "002A8086020011",
    "0088000020" HASH,
    "002241A403830102",
    "0084000010",
    "00F2000003030303",
    "00E60000",
    "00440000",
};

static size_t openpgp_mutate(uint8_t *command)
{
    size_t count = sizeof(openpgp_commands) / sizeof(char *);
    struct soft_bytes bytes = {0};
    size_t length;

    assert_true(soft_hex_decode(openpgp_commands[random_next() % count], &bytes));
    memcpy(command, bytes.data, bytes.length);
    length = bytes.length;
    soft_bytes_free(&bytes);
    for (unsigned i = random_next() % 4; i > 0; i--)
        command[random_next() % length] = (uint8_t)random_next();
    if (random_next() % 8 == 0)
        length -= random_next() % length;
    /* No generation, see above: only the reading of keys. */
    if (length > 2 && command[1] == 0x47)
        command[2] = 0x81;
    return length;
}

static void openpgp_bombard(enum soft_profile profile)
{
    struct soft_card *card = harness_card_new(profile);
    uint8_t command[128];

    harness_key(card, "sig=p256");
    harness_key(card, "dec=x25519");
    harness_key(card, "aut=ed25519");
    for (unsigned i = 0; i < ROUNDS; i++) {
        if (i % 20 == 0) {
            card->state.openpgp.terminated = false;
            for (size_t j = 0; j < SOFT_PGP_PASSWORDS; j++)
                card->state.openpgp.passwords[j].tries = 3;
            card->selected = &soft_openpgp;
            card->openpgp.admin = i % 40 == 0;
            card->openpgp.other = true;
            card->openpgp.signing = true;
        }
        command_send(card, command, openpgp_mutate(command));
    }
    harness_card_free(card);
}

static void survives_in_openpgp(void **state)
{
    (void)state;
    openpgp_bombard(SOFT_PROFILE_YUBIKEY);
    openpgp_bombard(SOFT_PROFILE_OPENPGP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_on_yubikey),
        cmocka_unit_test(survives_on_plain_piv_with_t0),
        cmocka_unit_test(survives_in_openpgp),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
