/* SPDX-License-Identifier: BSD-2-Clause */
/* PIV: what is known of PIN, PUK and management key, and changing the first two. SP 800-73-4
   part 2, 3.2.2 and 3.2.3. */
#include "piv.h"

#include <string.h>

#define FIELD 8 /* bytes, padded with FF: SP 800-73-4 part 2, 2.4.3 */

/* What YubiKeys have when they are new; nobody else says which PIN a card is issued with. */
static const char factory_pin[] = "123456";
static const char factory_puk[] = "12345678";

/* ---- information ------------------------------------------------------------------------- */

/* By Yubico's metadata, where the card has them: *known says whether. */
static struct error *read_by_metadata(struct apdu_channel *channel, struct piv *piv,
                                      uint8_t reference, struct card_secret_info *out, bool *known)
{
    struct piv_metadata metadata;
    uint16_t status = 0;
    *known = false;
    if (piv->metadata == PIV_ABSENT)
        return NULL;
    struct error *error = piv_read_metadata(channel, piv, reference, &metadata, &status);
    if (error == NULL && status == SW_SUCCESS) {
        *known = true;
        out->tries_left = metadata.tries_left;
        out->tries_limit = metadata.tries_limit;
        out->factory = metadata.factory;
        if (reference == PIV_MANAGEMENT)
            out->algorithm = piv_admin_algorithm_name(metadata.algorithm);
    } else if (error == NULL && piv->metadata == PIV_PRESENT) {
        error = apdu_refused("telling about its secrets", status);
    }
    buffer_clear(&metadata.bytes);
    return error;
}

static struct error *pin_info(struct apdu_channel *channel, struct piv *piv,
                              struct card_secret_info *out)
{
    struct card_pin_status status;
    bool known;
    struct error *error = read_by_metadata(channel, piv, PIV_PIN, out, &known);
    if (error != NULL || known)
        return error;
    error = piv_pin_status(channel, piv, &status);
    if (error == NULL)
        out->tries_left = status.tries_left;
    return error;
}

/* Digits only, says the standard of PINs, but YubiKeys take anything. A PUK is any bytes. */
static struct error *read_rules(struct apdu_channel *channel, struct piv *piv, bool is_pin,
                                struct card_secret_info *out)
{
    out->minimum = 6;
    out->maximum = FIELD;
    out->tries_counted = true;
    out->set = CARD_YES;
    struct error *error = piv_learn_version(channel, piv);
    if (error == NULL && is_pin && piv->version == PIV_ABSENT)
        out->characters = CARD_CHARACTERS_DIGITS;
    return error;
}

static struct error *admin_info(struct apdu_channel *channel, struct piv *piv,
                                struct card_secret_info *out)
{
    bool known;
    struct error *error = piv_learn_version(channel, piv);
    if (error == NULL)
        error = read_by_metadata(channel, piv, PIV_MANAGEMENT, out, &known);
    size_t digits = 2 * piv_admin_key_size(out->algorithm);
    out->set = CARD_YES;
    out->fixed = piv->version == PIV_ABSENT;
    out->characters = CARD_CHARACTERS_HEXADECIMAL;
    out->minimum = digits > 0 ? digits : 32;
    out->maximum = digits > 0 ? digits : 64;
    return error != NULL ? error : piv_read_behind_pin(channel, piv, &out->behind_pin);
}

struct error *piv_secret_info(struct apdu_channel *channel, void *state, enum card_secret which,
                              struct card_secret_info *out)
{
    static const char *const names[] = {"PIN", "PUK", "management key"};
    struct piv *piv = state;
    bool known;
    out->name = names[which];
    out->changed_by = which;
    out->unblocks = which == CARD_SECRET_PUK;
    if (which == CARD_SECRET_ADMIN)
        return admin_info(channel, piv, out);
    struct error *error = read_rules(channel, piv, which == CARD_SECRET_PIN, out);
    if (error != NULL)
        return error;
    return which == CARD_SECRET_PIN ? pin_info(channel, piv, out)
                                    : read_by_metadata(channel, piv, PIV_PUK, out, &known);
}

/* ---- changes ----------------------------------------------------------------------------- */

static void put_field(uint8_t *field, struct secret *value, const char *factory)
{
    const void *bytes = value == NULL ? (const void *)factory : secret_bytes(value);
    size_t length = value == NULL ? strlen(factory) : secret_length(value);
    memset(field, 0xFF, FIELD);
    memcpy(field, bytes, length < FIELD ? length : FIELD);
}

static struct error *take_refusal(uint16_t status, const char *proof, const char *changed,
                                  int *tries_left)
{
    if ((status & 0xFFF0) == SW_WARNING_COUNTER)
        *tries_left = status & 0x0F;
    else if (status == SW_AUTHENTICATION_BLOCKED)
        *tries_left = 0;
    if (*tries_left == 0)
        return error_new(ERROR_PIN_BLOCKED,
                         "the card refused the %s: no try is left, it is blocked", proof);
    if (*tries_left > 0)
        return error_new(ERROR_PIN_WRONG, "the card refused the %s", proof);
    /* Cards with rules of their own, such as no 123456 and no 111111, refuse by these. */
    if (status == SW_CONDITIONS_OF_USE || status == SW_WRONG_DATA)
        return error_wrap(apdu_refused("that change", status), ERROR_PIN_FORMAT,
                          "the card does not take that as its new %s: choose another, less simple "
                          "one",
                          changed);
    return apdu_refused("changing that", status);
}

static struct error *enter_fields(struct apdu_channel *channel, void *state, enum card_pad_use use,
                                  enum card_secret which, uint16_t *status)
{
    struct pin_entry entry;
    struct error *error = piv_pin_entry(channel, state, use, which, &entry);
    return error != NULL ? error : apdu_enter_pin(channel, &entry, status);
}

/* Both commands carry two fields: what proves, and what is new. */
static struct error *send_fields(struct apdu_channel *channel, uint8_t instruction,
                                 uint8_t reference, const struct app_change *change,
                                 uint16_t *status)
{
    struct secret *fields;
    struct error *error = secret_new(NULL, 2 * FIELD, &fields);
    if (error != NULL)
        return error;
    put_field(secret_bytes(fields), change->proof,
              change->which == CARD_SECRET_PUK ? factory_puk : factory_pin);
    put_field(secret_bytes(fields) + FIELD, change->new_value, "");
    struct apdu_command command = {
        0x00, instruction, 0x00, reference, secret_bytes(fields), 2 * FIELD, 0};
    error = apdu_send(channel, &command, status);
    secret_free(fields);
    return error;
}

struct error *piv_change_secret(struct apdu_channel *channel, void *state,
                                const struct app_change *change, int *tries_left)
{
    bool is_pin = change->which == CARD_SECRET_PIN;
    const char *name = is_pin ? "PIN" : "PUK";
    uint16_t status = 0;
    if (change->which == CARD_SECRET_ADMIN)
        return error_new(ERROR_UNSUPPORTED, "a management key is set, by reissue card "
                                            "management-key");
    struct error *error =
        change->at_pad ? enter_fields(channel, state, CARD_PAD_CHANGE, change->which, &status)
                       : send_fields(channel, PIV_INS_CHANGE_REFERENCE, is_pin ? PIV_PIN : PIV_PUK,
                                     change, &status);
    if (error != NULL || status == SW_SUCCESS)
        return error;
    return take_refusal(status, name, name, tries_left);
}

struct error *piv_unblock_pin(struct apdu_channel *channel, void *state,
                              const struct app_change *change, int *tries_left)
{
    uint16_t status = 0;
    struct error *error =
        change->at_pad ? enter_fields(channel, state, CARD_PAD_UNBLOCK, change->which, &status)
                       : send_fields(channel, PIV_INS_RESET_RETRY, PIV_PIN, change, &status);
    if (error != NULL || status == SW_SUCCESS)
        return error;
    return take_refusal(status, "PUK", "PIN", tries_left);
}
