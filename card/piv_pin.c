/* SPDX-License-Identifier: BSD-2-Clause */
/* PIV: the PIN. SP 800-73-4 part 2, 3.2.1. */
#include "piv.h"

#include <string.h>

#define PIN_FIELD 8 /* bytes, padded with FF: SP 800-73-4 part 2, 2.4.3 */

/* Status words of VERIFY, with data or without. */
static struct error *take_status(uint16_t status, struct card_pin_status *out)
{
    return apdu_pin_status(status, out) ? NULL : apdu_refused("the PIN's state", status);
}

static struct error *verify(struct apdu_channel *channel, const uint8_t *field, size_t length,
                            struct card_pin_status *out)
{
    struct apdu_command command = {0x00, PIV_INS_VERIFY, 0x00, PIV_PIN, field, length, 0};
    uint16_t status;
    struct error *error = apdu_send(channel, &command, &status);
    return error != NULL ? error : take_status(status, out);
}

/* Commands with two fields: what proves, and what is new. */
static void two_fields(uint8_t ins, uint8_t reference, struct pin_entry *out)
{
    out->ins = ins;
    out->p2 = reference;
    out->fresh = true;
}

struct error *piv_pin_entry(struct apdu_channel *channel, void *state, enum card_pad_use use,
                            enum card_secret which, struct pin_entry *out)
{
    (void)channel;
    (void)state;
    *out = (struct pin_entry){.ins = PIV_INS_VERIFY,
                              .p2 = PIV_PIN,
                              .present = true,
                              .block = PIN_FIELD,
                              .minimum = piv_app.pin_minimum,
                              .maximum = piv_app.pin_maximum};
    if (which == CARD_SECRET_ADMIN)
        return error_new(ERROR_UNSUPPORTED,
                         "a management key cannot be typed at a reader's keypad");
    if (use == CARD_PAD_CHANGE)
        two_fields(PIV_INS_CHANGE_REFERENCE, which == CARD_SECRET_PIN ? PIV_PIN : PIV_PUK, out);
    else if (use == CARD_PAD_UNBLOCK)
        two_fields(PIV_INS_RESET_RETRY, PIV_PIN, out);
    return NULL;
}

static struct error *verify_at_pad(struct apdu_channel *channel, void *state,
                                   struct card_pin_status *out)
{
    struct pin_entry entry;
    uint16_t status = 0;
    struct error *error = piv_pin_entry(channel, state, CARD_PAD_VERIFY, CARD_SECRET_PIN, &entry);
    if (error == NULL)
        error = apdu_enter_pin(channel, &entry, &status);
    return error != NULL ? error : take_status(status, out);
}

struct error *piv_pin_status(struct apdu_channel *channel, void *state, struct card_pin_status *out)
{
    (void)state;
    return verify(channel, NULL, 0, out);
}

bool piv_pin_tries_prove(const void *state)
{
    return ((const struct piv *)state)->metadata == PIV_PRESENT;
}

/*
 * By metadata where the card has them: no other application knows that instruction, whereas many
 * answer an empty VERIFY. (Metadata do not tell whether the PIN is verified; it does not matter
 * here, because a PIN is checked by the card at its first use in a process even then.)
 */
struct error *piv_pin_tries(struct apdu_channel *channel, void *state, struct card_pin_status *out,
                            bool *proven)
{
    struct piv_metadata metadata;
    uint16_t status;
    *proven = false;
    if (!piv_pin_tries_prove(state))
        return piv_pin_status(channel, state, out);
    *out = (struct card_pin_status){.tries_left = -1};
    struct error *error = piv_read_metadata(channel, state, PIV_PIN, &metadata, &status);
    if (error == NULL && status != SW_SUCCESS)
        error = apdu_refused("telling about its PIN", status);
    if (error == NULL && metadata.tries_left < 0)
        error = error_new(ERROR_CARD_ANSWER, "the card does not tell how many tries its PIN has");
    if (error == NULL) {
        *proven = true;
        out->tries_left = metadata.tries_left;
        out->blocked = metadata.tries_left == 0;
    }
    buffer_clear(&metadata.bytes);
    return error;
}

static struct error *verify_given(struct apdu_channel *channel, struct secret *pin,
                                  struct card_pin_status *status)
{
    struct secret *field;
    if (secret_length(pin) > PIN_FIELD)
        return error_new(ERROR_PIN_FORMAT, "a PIV PIN has 8 characters at most");
    struct error *error = secret_new(NULL, PIN_FIELD, &field);
    if (error != NULL)
        return error;
    memset(secret_bytes(field), 0xFF, PIN_FIELD);
    memcpy(secret_bytes(field), secret_bytes(pin), secret_length(pin));
    error = verify(channel, secret_bytes(field), PIN_FIELD, status);
    secret_free(field);
    return error;
}

struct error *piv_verify_pin(struct apdu_channel *channel, void *state, const struct app_key *key,
                             struct secret *pin, int *tries_left)
{
    struct card_pin_status status = {.tries_left = -1};
    (void)key;
    struct error *error =
        pin == NULL ? verify_at_pad(channel, state, &status) : verify_given(channel, pin, &status);
    *tries_left = status.tries_left;
    if (error != NULL || status.verified)
        return error;
    return status.blocked ? error_new(ERROR_PIN_BLOCKED, "the card refused the PIN, and is blocked")
                          : error_new(ERROR_PIN_WRONG, "the card refused the PIN");
}
