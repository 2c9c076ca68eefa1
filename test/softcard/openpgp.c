/* SPDX-License-Identifier: BSD-2-Clause */
/* The OpenPGP application: Functional Specification of the OpenPGP application on ISO Smart Card
 * Operating Systems, version 3.4.1. Numbers of sections are that document's. */
#include "openpgp.h"

#include "attest.h"

#include <openssl/rand.h>
#include <string.h>

#define INS_ACTIVATE  0x44
#define INS_TERMINATE 0xE6

/* 7.2.15. Nobody asks for more than the card says it gives (C0). */
static uint16_t get_challenge(struct soft_card *card, const struct soft_apdu *apdu,
                              struct soft_bytes *out)
{
    uint8_t bytes[SOFT_PGP_CHALLENGE_MOST];

    (void)card;
    if (apdu->p1 != 0x00 || apdu->p2 != 0x00)
        return SOFT_WRONG_PARAMETERS;
    if (apdu->length > 0 || !apdu->le_given || apdu->le > sizeof(bytes))
        return SOFT_WRONG_LENGTH;
    if (RAND_bytes(bytes, (int)apdu->le) != 1)
        return SOFT_FAILURE;
    soft_bytes_append(out, bytes, apdu->le);
    return SOFT_OK;
}

/* 7.2.16: with PW3, or when nobody can verify anything any more. */
static uint16_t terminate(struct soft_card *card, const struct soft_apdu *apdu,
                          struct soft_bytes *out)
{
    struct soft_openpgp *openpgp = &card->state.openpgp;

    (void)out;
    if (apdu->p1 != 0x00 || apdu->p2 != 0x00)
        return SOFT_WRONG_PARAMETERS;
    if (apdu->length > 0)
        return SOFT_WRONG_LENGTH;
    if (!card->openpgp.admin &&
        (openpgp->passwords[SOFT_PGP_PW1].tries > 0 || openpgp->passwords[SOFT_PGP_PW3].tries > 0))
        return SOFT_SECURITY_STATUS;
    openpgp->terminated = true;
    return soft_card_save(card);
}

/* 7.2.17: makes a terminated application new; one in use stays as it is. */
static uint16_t activate(struct soft_card *card, const struct soft_apdu *apdu,
                         struct soft_bytes *out)
{
    struct soft_openpgp *openpgp = &card->state.openpgp;

    (void)out;
    if (apdu->p1 != 0x00 || apdu->p2 != 0x00)
        return SOFT_WRONG_PARAMETERS;
    if (apdu->length > 0)
        return SOFT_WRONG_LENGTH;
    if (!openpgp->terminated)
        return SOFT_OK;
    soft_openpgp_free(openpgp);
    soft_openpgp_init(openpgp, soft_pgp_is_yubikey(card));
    soft_openpgp.forget(card);
    return soft_card_save(card);
}

/* Yubico's: major, minor, patch, in BCD. */
static uint16_t get_version(struct soft_card *card, const struct soft_apdu *apdu,
                            struct soft_bytes *out)
{
    (void)card;
    if (apdu->p1 != 0x00 || apdu->p2 != 0x00)
        return SOFT_WRONG_PARAMETERS;
    soft_bytes_append(out, soft_firmware, sizeof(soft_firmware));
    return SOFT_OK;
}

struct pgp_instruction {
    uint8_t ins;
    unsigned profiles; /* that have it */
    bool chains;
    soft_pgp_command *command;
};

#define ON_YUBIKEY (1u << SOFT_PROFILE_YUBIKEY)
#define ON_OPENPGP (1u << SOFT_PROFILE_OPENPGP)
#define ON_BOTH    (ON_YUBIKEY | ON_OPENPGP)

/* Section 7.1, and Yubico's extensions. */
static const struct pgp_instruction instructions[] = {
    {0x20, ON_BOTH, false, soft_pgp_verify},
    {0x22, ON_OPENPGP, false, soft_pgp_security_environment},
    {0x24, ON_BOTH, false, soft_pgp_change_reference},
    {0x2A, ON_BOTH, true, soft_pgp_security_operation},
    {0x2C, ON_BOTH, false, soft_pgp_reset_retry},
    {INS_ACTIVATE, ON_BOTH, false, activate},
    {0x47, ON_BOTH, false, soft_pgp_generate},
    {0x84, ON_BOTH, false, get_challenge},
    {0x88, ON_BOTH, true, soft_pgp_internal_authenticate},
    {0xA5, ON_BOTH, false, soft_pgp_select_data},
    {0xCA, ON_BOTH, false, soft_pgp_get_data},
    {0xCC, ON_BOTH, false, soft_pgp_get_next_data},
    {0xDA, ON_BOTH, true, soft_pgp_put_data},
    {0xDB, ON_BOTH, true, soft_pgp_import},
    {INS_TERMINATE, ON_BOTH, false, terminate},
    {0xF1, ON_YUBIKEY, false, get_version},
    {0xF2, ON_YUBIKEY, false, soft_pgp_set_retries},
};

static const struct pgp_instruction *instruction_find(const struct soft_card *card, uint8_t ins)
{
    for (size_t i = 0; i < sizeof(instructions) / sizeof(instructions[0]); i++) {
        if (instructions[i].ins == ins &&
            (instructions[i].profiles & 1u << card->state.profile) != 0)
            return &instructions[i];
    }
    return NULL;
}

static bool pgp_chains(const struct soft_card *card, uint8_t ins)
{
    const struct pgp_instruction *instruction = instruction_find(card, ins);

    return instruction != NULL && instruction->chains;
}

static uint16_t pgp_command(struct soft_card *card, const struct soft_apdu *apdu,
                            struct soft_bytes *out)
{
    const struct pgp_instruction *instruction = instruction_find(card, apdu->ins);

    if (instruction == NULL)
        return SOFT_INS_UNSUPPORTED;
    if (card->state.openpgp.terminated && apdu->ins != INS_ACTIVATE)
        return SOFT_TERMINATED;
    return instruction->command(card, apdu, out);
}

static uint8_t bcd(uint32_t number)
{
    return (uint8_t)(number / 10 % 10 << 4 | number % 10);
}

/*
 * 4.2.1: RID and PIX, version, manufacturer, serial number, two bytes for later. Yubico is 0006;
 * FFFE is of the range for numbers that were made up. A serial number of eight digits or fewer
 * reads in hexadecimal as it does in decimal, which is how Yubico does it.
 */
static void pgp_identify(const struct soft_card *card, struct soft_bytes *aid)
{
    static const uint8_t start[] = {0xD2, 0x76, 0x00, 0x01, 0x24, 0x01, 0x03, 0x04};
    const uint8_t yubico[] = {0x00, 0x06};
    const uint8_t unmanaged[] = {0xFF, 0xFE};
    uint32_t serial = card->state.serial;
    bool digits = serial <= 99999999;
    uint32_t divisor = 1000000;

    soft_bytes_append(aid, start, sizeof(start));
    soft_bytes_append(aid, soft_pgp_is_yubikey(card) ? yubico : unmanaged, 2);
    for (int shift = 24; shift >= 0; shift -= 8) {
        soft_bytes_append_byte(aid,
                               digits ? bcd(serial / divisor % 100) : (uint8_t)(serial >> shift));
        divisor = divisor > 1 ? divisor / 100 : 1;
    }
    soft_bytes_append(aid, "\0\0", 2);
}

static void pgp_forget(struct soft_card *card)
{
    card->openpgp = (struct soft_pgp_session){
        .decipher_key = SOFT_PGP_DEC,
        .authenticate_key = SOFT_PGP_AUT,
    };
}

/* 7.2.1: no description is answered. Selected again the application starts afresh, as applets do
 * that are selected again. */
static uint16_t pgp_select(struct soft_card *card, struct soft_bytes *out)
{
    (void)out;
    pgp_forget(card);
    return card->state.openpgp.terminated ? SOFT_TERMINATED : SOFT_OK;
}

const struct soft_application soft_openpgp = {
    .name = "OpenPGP",
    .profiles = ON_BOTH,
    .identify = pgp_identify,
    .aid_least = 5,
    .select = pgp_select,
    .command = pgp_command,
    .forget = pgp_forget,
    .chains = pgp_chains,
};

bool soft_pgp_is_yubikey(const struct soft_card *card)
{
    return card->state.profile == SOFT_PROFILE_YUBIKEY;
}

bool soft_pgp_may(const struct soft_card *card, enum soft_pgp_access access)
{
    switch (access) {
    case SOFT_PGP_ALWAYS:
        return true;
    case SOFT_PGP_OTHER:
        return card->openpgp.other;
    case SOFT_PGP_ADMIN:
        return card->openpgp.admin;
    default:
        return false;
    }
}

size_t soft_pgp_password_most(const struct soft_card *card)
{
    return soft_pgp_is_yubikey(card) ? SOFT_PASSWORD_MOST : 64;
}

size_t soft_pgp_certificate_most(const struct soft_card *card)
{
    return card->options.object_most > 0 ? card->options.object_most : 2048;
}

uint8_t soft_pgp_exponent_bits(const struct soft_card *card)
{
    if (card->options.exponent_bits > 0)
        return card->options.exponent_bits;
    return soft_pgp_is_yubikey(card) ? 17 : 32;
}

enum soft_pgp_slot soft_pgp_template_slot(uint32_t tag)
{
    switch (tag) {
    case 0xB6:
        return SOFT_PGP_SIG;
    case 0xB8:
        return SOFT_PGP_DEC;
    case 0xA4:
        return SOFT_PGP_AUT;
    default:
        return SOFT_PGP_SLOTS;
    }
}
