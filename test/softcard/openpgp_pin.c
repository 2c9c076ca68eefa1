/* SPDX-License-Identifier: BSD-2-Clause */
#include "openpgp.h"

#include <string.h>

#define REFERENCE_SIGNING 0x81 /* PW1 for PSO: COMPUTE DIGITAL SIGNATURE */
#define REFERENCE_OTHER   0x82 /* PW1 for everything else */
#define REFERENCE_ADMIN   0x83 /* PW3 */

/* The password that P2 names; SOFT_PGP_PASSWORDS if none. */
static enum soft_pgp_password password_find(uint8_t p2)
{
    if (p2 == REFERENCE_SIGNING || p2 == REFERENCE_OTHER)
        return SOFT_PGP_PW1;
    return p2 == REFERENCE_ADMIN ? SOFT_PGP_PW3 : SOFT_PGP_PASSWORDS;
}

static bool *status_find(struct soft_card *card, uint8_t p2)
{
    if (p2 == REFERENCE_SIGNING)
        return &card->openpgp.signing;
    return p2 == REFERENCE_OTHER ? &card->openpgp.other : &card->openpgp.admin;
}

bool soft_pgp_password_fits(const struct soft_card *card, enum soft_pgp_password which,
                            size_t length)
{
    return length >= (which == SOFT_PGP_PW1 ? 6u : 8u) && length <= soft_pgp_password_most(card);
}

void soft_pgp_password_set(struct soft_card *card, enum soft_pgp_password which,
                           const uint8_t *value, size_t length)
{
    struct soft_password *password = &card->state.openpgp.passwords[which];

    memset(password->value, 0, sizeof(password->value));
    if (length > 0)
        memcpy(password->value, value, length);
    password->length = (uint8_t)length;
    password->tries = length > 0 ? password->limit : 0;
}

/* Who had verified a password that is another now has verified nothing. */
static void status_forget(struct soft_card *card, enum soft_pgp_password which)
{
    if (which == SOFT_PGP_PW1) {
        card->openpgp.signing = false;
        card->openpgp.other = false;
    } else if (which == SOFT_PGP_PW3) {
        card->openpgp.admin = false;
    }
}

/* The specification allows both: a YubiKey says 6982, and the tries left are in C4. */
static uint16_t status_wrong(const struct soft_card *card, const struct soft_password *password)
{
    return soft_pgp_is_yubikey(card) ? SOFT_SECURITY_STATUS
                                     : (uint16_t)(SOFT_TRIES_LEFT | (password->tries & 0x0F));
}

/*
 * Compares, and counts the try. The lower count is written before the comparison, so that whoever
 * cuts the power after a wrong answer has not won a try.
 */
static uint16_t password_compare(struct soft_card *card, enum soft_pgp_password which,
                                 const uint8_t *value, size_t length)
{
    struct soft_password *password = &card->state.openpgp.passwords[which];
    uint8_t before = password->tries;

    if (before == 0)
        return SOFT_BLOCKED;
    password->tries--;
    if (soft_card_save(card) != SOFT_OK) {
        password->tries = before;
        return SOFT_MEMORY_FAILURE;
    }
    if (length != password->length || CRYPTO_memcmp(password->value, value, length) != 0)
        return status_wrong(card, password);
    password->tries = password->limit;
    return soft_card_save(card);
}

/* 7.2.2. Without data: whether, or how many tries are left. P1 = FF forgets. */
uint16_t soft_pgp_verify(struct soft_card *card, const struct soft_apdu *apdu,
                         struct soft_bytes *out)
{
    enum soft_pgp_password which = password_find(apdu->p2);
    const struct soft_password *password;
    bool *verified = status_find(card, apdu->p2);
    uint16_t status;

    (void)out;
    if (which == SOFT_PGP_PASSWORDS)
        return SOFT_REFERENCE_NOT_FOUND;
    password = &card->state.openpgp.passwords[which];
    if (apdu->p1 == 0xFF && apdu->length == 0) {
        *verified = false;
        return SOFT_OK;
    }
    if (apdu->p1 != 0x00)
        return SOFT_WRONG_PARAMETERS;
    if (apdu->length == 0 && *verified)
        return SOFT_OK;
    if (apdu->length == 0)
        return password->tries == 0 ? SOFT_BLOCKED
                                    : (uint16_t)(SOFT_TRIES_LEFT | (password->tries & 0x0F));
    if (!soft_pgp_password_fits(card, which, apdu->length))
        return SOFT_WRONG_DATA;
    status = password_compare(card, which, apdu->data, apdu->length);
    *verified = status == SOFT_OK;
    return status;
}

/* 7.2.3: the old password and the new one. The card knows how long the old one is. */
uint16_t soft_pgp_change_reference(struct soft_card *card, const struct soft_apdu *apdu,
                                   struct soft_bytes *out)
{
    enum soft_pgp_password which = password_find(apdu->p2);
    size_t old;
    uint16_t status;

    (void)out;
    if (apdu->p1 != 0x00)
        return SOFT_WRONG_PARAMETERS;
    if (which == SOFT_PGP_PASSWORDS || apdu->p2 == REFERENCE_OTHER)
        return SOFT_REFERENCE_NOT_FOUND;
    old = card->state.openpgp.passwords[which].length;
    if (apdu->length < old || !soft_pgp_password_fits(card, which, apdu->length - old))
        return SOFT_WRONG_DATA;
    status = password_compare(card, which, apdu->data, old);
    status_forget(card, which);
    if (status != SOFT_OK)
        return status;
    soft_pgp_password_set(card, which, apdu->data + old, apdu->length - old);
    return soft_card_save(card);
}

/* 7.2.4: with the reset code before the new PW1, or (P1 = 02) by whoever has verified PW3. */
uint16_t soft_pgp_reset_retry(struct soft_card *card, const struct soft_apdu *apdu,
                              struct soft_bytes *out)
{
    size_t code = apdu->p1 == 0x00 ? card->state.openpgp.passwords[SOFT_PGP_RC].length : 0;
    uint16_t status = SOFT_OK;

    (void)out;
    if ((apdu->p1 != 0x00 && apdu->p1 != 0x02) || apdu->p2 != REFERENCE_SIGNING)
        return SOFT_WRONG_PARAMETERS;
    if (apdu->p1 == 0x02 && !card->openpgp.admin)
        return SOFT_SECURITY_STATUS;
    if (apdu->p1 == 0x00 && code == 0)
        return SOFT_BLOCKED;
    if (apdu->length < code || !soft_pgp_password_fits(card, SOFT_PGP_PW1, apdu->length - code))
        return SOFT_WRONG_DATA;
    if (code > 0)
        status = password_compare(card, SOFT_PGP_RC, apdu->data, code);
    if (status != SOFT_OK)
        return status;
    status_forget(card, SOFT_PGP_PW1);
    soft_pgp_password_set(card, SOFT_PGP_PW1, apdu->data + code, apdu->length - code);
    return soft_card_save(card);
}

/* Yubico's F2: tries for PW1, reset code and PW3. Since the YubiKey 4 the passwords stay. */
uint16_t soft_pgp_set_retries(struct soft_card *card, const struct soft_apdu *apdu,
                              struct soft_bytes *out)
{
    (void)out;
    if (apdu->p1 != 0x00 || apdu->p2 != 0x00)
        return SOFT_WRONG_PARAMETERS;
    if (!card->openpgp.admin)
        return SOFT_SECURITY_STATUS;
    if (apdu->length != SOFT_PGP_PASSWORDS)
        return SOFT_WRONG_LENGTH;
    for (size_t i = 0; i < SOFT_PGP_PASSWORDS; i++) {
        if (apdu->data[i] == 0 || apdu->data[i] > 99)
            return SOFT_WRONG_DATA;
    }
    for (size_t i = 0; i < SOFT_PGP_PASSWORDS; i++) {
        struct soft_password *password = &card->state.openpgp.passwords[i];

        password->limit = apdu->data[i];
        password->tries = password->length > 0 ? password->limit : 0;
    }
    return soft_card_save(card);
}
