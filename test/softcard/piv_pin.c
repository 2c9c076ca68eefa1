/* SPDX-License-Identifier: BSD-2-Clause */
#include "piv.h"

#include <string.h>

/* The card reference data that P2 names, or NULL. */
static struct soft_reference *reference_find(struct soft_card *card, uint8_t p2)
{
    if (p2 == SOFT_REFERENCE_PIN)
        return &card->state.pin;
    return p2 == SOFT_REFERENCE_PUK ? &card->state.puk : NULL;
}

/* SP 800-73-4 part 2, 2.4.3: six to eight digits, padded with FF to eight bytes. The PUK may be any
 * bytes, and a YubiKey takes any for the PIN too, but FF only as padding. */
static bool value_is_formatted(const struct soft_card *card, uint8_t reference,
                               const uint8_t value[SOFT_PIN_LENGTH])
{
    bool digits = card->state.profile == SOFT_PROFILE_PIV && reference == SOFT_REFERENCE_PIN;
    size_t length = 0;

    while (length < SOFT_PIN_LENGTH && value[length] != 0xFF) {
        if (digits && (value[length] < '0' || value[length] > '9'))
            return false;
        length++;
    }
    for (size_t i = length; i < SOFT_PIN_LENGTH; i++) {
        if (value[i] != 0xFF)
            return false;
    }
    return length >= 6;
}

/*
 * Compares, and counts the try. The lower count is written before the comparison, so that whoever
 * cuts the power after a wrong answer has not won a try.
 */
static uint16_t reference_compare(struct soft_card *card, struct soft_reference *reference,
                                  const uint8_t *value)
{
    uint8_t before = reference->tries;

    if (before == 0)
        return SOFT_BLOCKED;
    reference->tries--;
    if (soft_card_save(card) != SOFT_OK) {
        reference->tries = before;
        return SOFT_MEMORY_FAILURE;
    }
    if (CRYPTO_memcmp(reference->value, value, SOFT_PIN_LENGTH) != 0)
        return (uint16_t)(SOFT_TRIES_LEFT | (reference->tries & 0x0F));
    reference->tries = reference->limit;
    return soft_card_save(card);
}

static uint16_t pin_status(const struct soft_card *card)
{
    if (card->piv.pin_verified)
        return SOFT_OK;
    if (card->state.pin.tries == 0)
        return SOFT_BLOCKED;
    return (uint16_t)(SOFT_TRIES_LEFT | (card->state.pin.tries & 0x0F));
}

static uint16_t pin_verify(struct soft_card *card, const uint8_t *value)
{
    uint16_t status = reference_compare(card, &card->state.pin, value);

    card->piv.pin_verified = status == SOFT_OK;
    return status;
}

/* SP 800-73-4 part 2, 3.2.1. */
uint16_t soft_piv_verify(struct soft_card *card, const struct soft_apdu *apdu,
                         struct soft_bytes *out)
{
    (void)out;
    if (apdu->p2 != SOFT_REFERENCE_PIN)
        return SOFT_REFERENCE_NOT_FOUND;
    if (apdu->p1 == 0xFF && apdu->length == 0) {
        card->piv.pin_verified = false;
        return SOFT_OK;
    }
    if (apdu->p1 != 0x00)
        return SOFT_WRONG_PARAMETERS;
    if (apdu->length == 0)
        return pin_status(card);
    /* A YubiKey compares whatever it is sent, and counts the try: Yubico's tools reset it so. */
    if (apdu->length != SOFT_PIN_LENGTH ||
        (card->state.profile == SOFT_PROFILE_PIV &&
         !value_is_formatted(card, SOFT_REFERENCE_PIN, apdu->data)))
        return SOFT_WRONG_DATA;
    return pin_verify(card, apdu->data);
}

/* SP 800-73-4 part 2, 3.2.2: the old value and the new one. */
uint16_t soft_piv_change_reference(struct soft_card *card, const struct soft_apdu *apdu,
                                   struct soft_bytes *out)
{
    struct soft_reference *reference = reference_find(card, apdu->p2);
    uint16_t status;

    (void)out;
    if (apdu->p1 != 0x00)
        return SOFT_WRONG_PARAMETERS;
    if (reference == NULL)
        return SOFT_REFERENCE_NOT_FOUND;
    if (apdu->length != 2 * SOFT_PIN_LENGTH ||
        !value_is_formatted(card, apdu->p2, apdu->data + SOFT_PIN_LENGTH))
        return SOFT_WRONG_DATA;
    status = reference_compare(card, reference, apdu->data);
    if (apdu->p2 == SOFT_REFERENCE_PIN)
        card->piv.pin_verified = false;
    if (status != SOFT_OK)
        return status;
    memcpy(reference->value, apdu->data + SOFT_PIN_LENGTH, SOFT_PIN_LENGTH);
    return soft_card_save(card);
}

/* SP 800-73-4 part 2, 3.2.3: the PUK and the new PIN. */
uint16_t soft_piv_reset_retry(struct soft_card *card, const struct soft_apdu *apdu,
                              struct soft_bytes *out)
{
    uint16_t status;
    bool formatted;

    (void)out;
    if (apdu->p1 != 0x00)
        return SOFT_WRONG_PARAMETERS;
    if (apdu->p2 != SOFT_REFERENCE_PIN)
        return SOFT_REFERENCE_NOT_FOUND;
    formatted = apdu->length == 2 * SOFT_PIN_LENGTH &&
                value_is_formatted(card, SOFT_REFERENCE_PIN, apdu->data + SOFT_PIN_LENGTH);
    if (apdu->length != 2 * SOFT_PIN_LENGTH ||
        (card->state.profile == SOFT_PROFILE_PIV && !formatted))
        return SOFT_WRONG_DATA;
    status = reference_compare(card, &card->state.puk, apdu->data);
    if (status != SOFT_OK)
        return status;
    if (!formatted)
        return SOFT_WRONG_DATA;
    card->piv.pin_verified = false;
    memcpy(card->state.pin.value, apdu->data + SOFT_PIN_LENGTH, SOFT_PIN_LENGTH);
    card->state.pin.tries = card->state.pin.limit;
    return soft_card_save(card);
}
