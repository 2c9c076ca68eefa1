/* SPDX-License-Identifier: BSD-2-Clause */
/* OpenPGP: passwords that are typed at the reader's keypad, and that nobody pads or hashes. */
#include "openpgp.h"

/* C4: bytes 1 to 3 are the longest of each. */
#define STATUS_LENGTH 1

#define LENGTH_IS_BLOCK 0x80 /* not UTF-8, but digits in a PIN block of format 2 */

/* RESET RETRY COUNTER, 7.2.4, after VERIFY of PW3: there is nothing to prove any more. */
#define P1_BY_ADMIN 0x02

static struct error *check_form(const struct openpgp *openpgp, enum openpgp_password password)
{
    if (openpgp->kdf.active)
        return error_new(ERROR_UNSUPPORTED,
                         "the card wants its %s hashed (KDF), which a reader's keypad cannot do",
                         openpgp_password_name(password));
    if ((openpgp->status[STATUS_LENGTH + password] & LENGTH_IS_BLOCK) != 0)
        return error_new(ERROR_UNSUPPORTED, "the card wants its %s as a PIN block of format 2",
                         openpgp_password_name(password));
    return NULL;
}

static struct error *describe_change(enum openpgp_password password, struct pin_entry *out)
{
    if (password == OPENPGP_RESETTING_CODE)
        return error_new(
            ERROR_UNSUPPORTED,
            "a resetting code is not set by a command that readers' keypads serve for");
    out->ins = OPENPGP_INS_CHANGE_REFERENCE;
    out->p2 = password == OPENPGP_ADMIN ? OPENPGP_PW3 : OPENPGP_PW1_SIGN;
    out->fresh = true;
    return NULL;
}

static void describe_unblocking(enum openpgp_password password, struct pin_entry *out)
{
    out->ins = OPENPGP_INS_RESET_RETRY;
    out->p1 = password == OPENPGP_ADMIN ? P1_BY_ADMIN : 0x00;
    out->p2 = OPENPGP_PW1_SIGN;
    out->present = password != OPENPGP_ADMIN;
    out->fresh = true;
    out->minimum = openpgp_app.pin_minimum;
}

struct error *openpgp_pin_entry(struct apdu_channel *channel, void *state, enum card_pad_use use,
                                enum card_secret which, struct pin_entry *out)
{
    struct openpgp *openpgp = state;
    enum openpgp_password password = openpgp_password_of(which);
    struct error *error = openpgp_know_status(channel, openpgp);
    if (error == NULL)
        error = openpgp_learn_kdf(channel, openpgp);
    if (error == NULL)
        error = check_form(openpgp, password);
    if (error != NULL)
        return error;
    *out = (struct pin_entry){
        .ins = OPENPGP_INS_VERIFY,
        .p2 = password == OPENPGP_ADMIN ? OPENPGP_PW3 : OPENPGP_PW1_OTHER,
        .present = true,
        .minimum = password == OPENPGP_PW1 ? openpgp_app.pin_minimum : 8, /* 4.3.3 */
        .maximum = openpgp->status[STATUS_LENGTH + password],
    };
    if (use == CARD_PAD_CHANGE)
        return describe_change(password, out);
    if (use == CARD_PAD_UNBLOCK)
        describe_unblocking(password, out);
    return NULL;
}

struct error *openpgp_verify_at_pad(struct apdu_channel *channel, struct openpgp *openpgp,
                                    uint8_t reference, int *tries_left)
{
    bool admin = reference == OPENPGP_PW3;
    struct pin_entry entry;
    uint16_t status = 0;
    *tries_left = -1;
    struct error *error = openpgp_pin_entry(channel, openpgp, CARD_PAD_VERIFY,
                                            admin ? CARD_SECRET_ADMIN : CARD_SECRET_PIN, &entry);
    entry.p2 = reference;
    if (error == NULL)
        error = apdu_enter_pin(channel, &entry, &status);
    if (error != NULL || status == SW_SUCCESS)
        return error;
    return openpgp_password_refused(channel, openpgp, admin ? OPENPGP_ADMIN : OPENPGP_PW1, status,
                                    tries_left);
}
