/* SPDX-License-Identifier: BSD-2-Clause */
/* Certum: the PIN, and the PUK's tries. ISO/IEC 7816-4 11.6.6. */
#include "certum.h"

#include <string.h>

#define PIN_FIELD 16 /* bytes, padded with zeros: jsign */

#define SW_REFERENCE_UNUSABLE 0x6984 /* "reference data not usable", ISO/IEC 7816-4 table 6 */

static bool is_unset(uint16_t status)
{
    return status == SW_REFERENCE_UNUSABLE || status == SW_REFERENCE_NOT_FOUND;
}

static struct error *not_initialised(void)
{
    return error_new(ERROR_UNSUPPORTED,
                     "the Common profile of this Certum card is not initialised: start Certum's "
                     "card manager (proCertum CardManager), which asks for a PIN and a PUK first, "
                     "then make a key and store its certificate there: see docs/certum.md");
}

/*
 * A card that answers an empty VERIFY in some other way does not tell its tries: then no PIN is
 * sent, because it could be the last.
 */
static struct error *take_status(uint16_t status, struct card_pin_status *out)
{
    if (apdu_pin_status(status, out))
        return NULL;
    return is_unset(status)
               ? not_initialised()
               : apdu_refused("the PIN, or to tell how many tries it has left,", status);
}

static struct error *verify(struct apdu_channel *channel, uint8_t reference, const uint8_t *field,
                            size_t length, uint16_t *status)
{
    struct apdu_command command = {0x00, CERTUM_INS_VERIFY, 0x00, reference, field, length, 0};
    struct error *error = apdu_send(channel, &command, status);
    return error;
}

static struct error *reference_status(struct apdu_channel *channel, uint8_t reference,
                                      struct card_pin_status *out)
{
    uint16_t status;
    struct error *error = verify(channel, reference, NULL, 0, &status);
    return error != NULL ? error : take_status(status, out);
}

struct error *certum_pin_status(struct apdu_channel *channel, void *state,
                                struct card_pin_status *out)
{
    (void)state;
    return reference_status(channel, CERTUM_PIN, out);
}

/* Other applications answer an empty VERIFY, too. */
bool certum_pin_tries_prove(const void *state)
{
    (void)state;
    return false;
}

struct error *certum_pin_tries(struct apdu_channel *channel, void *state,
                               struct card_pin_status *out, bool *proven)
{
    *proven = false;
    return certum_pin_status(channel, state, out);
}

struct error *certum_verify_pin(struct apdu_channel *channel, void *state,
                                const struct app_key *key, struct secret *pin, int *tries_left)
{
    (void)state;
    (void)key;
    struct secret *field;
    struct card_pin_status result = {0};
    uint16_t status = 0;
    *tries_left = -1;
    if (secret_length(pin) > PIN_FIELD)
        return error_new(ERROR_PIN_FORMAT, "a Certum PIN has 16 characters at most");
    struct error *error = secret_new(NULL, PIN_FIELD, &field);
    if (error != NULL)
        return error;
    memcpy(secret_bytes(field), secret_bytes(pin), secret_length(pin));
    error = verify(channel, CERTUM_PIN, secret_bytes(field), PIN_FIELD, &status);
    secret_free(field);
    if (error == NULL)
        error = take_status(status, &result);
    *tries_left = error == NULL ? result.tries_left : -1;
    if (error != NULL || result.verified)
        return error;
    return result.blocked ? error_new(ERROR_PIN_BLOCKED, "the card refused the PIN, and is blocked")
                          : error_new(ERROR_PIN_WRONG, "the card refused the PIN");
}

/* ---- for the card manager ------------------------------------------------------------------ */

struct error *certum_initialised(struct apdu_channel *channel, void *state, bool *out)
{
    uint16_t status;
    (void)state;
    struct error *error = verify(channel, CERTUM_PIN, NULL, 0, &status);
    *out = error == NULL && !is_unset(status);
    return error;
}

struct error *certum_secret_info(struct apdu_channel *channel, void *state, enum card_secret which,
                                 struct card_secret_info *out)
{
    struct card_pin_status status = {.tries_left = -1};
    (void)state;
    if (which == CARD_SECRET_ADMIN)
        return error_new(ERROR_UNSUPPORTED, "Certum cards have no such secret");
    bool pin = which == CARD_SECRET_PIN;
    out->name = pin ? "PIN" : "PUK";
    out->tries_counted = true;
    out->minimum = certum_app.pin_minimum;
    out->maximum = certum_app.pin_maximum;
    out->changed_by = which;
    out->unblocks = !pin;
    uint16_t answer;
    struct error *error = verify(channel, pin ? CERTUM_PIN : CERTUM_PUK, NULL, 0, &answer);
    if (error != NULL)
        return error;
    out->set = is_unset(answer) ? CARD_NO : CARD_YES;
    if (out->set == CARD_YES)
        error = take_status(answer, &status);
    out->tries_left = status.tries_left;
    return error;
}
