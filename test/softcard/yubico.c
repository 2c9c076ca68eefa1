/* SPDX-License-Identifier: BSD-2-Clause */
/* Yubico's extensions to PIV that are no business of keys: see docs.yubico.com, "PIV commands". */
#include "attest.h"
#include "piv.h"
#include "tlv.h"

#include <string.h>

#define METADATA_ALGORITHM 0x01
#define METADATA_POLICY    0x02
#define METADATA_ORIGIN    0x03
#define METADATA_PUBLIC    0x04
#define METADATA_DEFAULT   0x05
#define METADATA_RETRIES   0x06

#define ALGORITHM_PIN 0xFF

#define REFERENCE_FINGER 0x96 /* verified on the card: YubiKey Bio */

static void policy_append(struct soft_bytes *out, uint8_t pin, uint8_t touch)
{
    const uint8_t policies[2] = {pin, touch};

    soft_tlv_append(out, METADATA_POLICY, policies, sizeof(policies));
}

static void reference_metadata(const struct soft_reference *reference, const char *digits,
                               struct soft_bytes *out)
{
    const uint8_t retries[2] = {reference->limit, reference->tries};
    uint8_t value[SOFT_PIN_LENGTH];

    memset(value, 0xFF, sizeof(value));
    memcpy(value, digits, strlen(digits));
    soft_tlv_append_byte(out, METADATA_ALGORITHM, ALGORITHM_PIN);
    soft_tlv_append_byte(out, METADATA_DEFAULT,
                         CRYPTO_memcmp(value, reference->value, sizeof(value)) == 0);
    soft_tlv_append(out, METADATA_RETRIES, retries, sizeof(retries));
}

static void management_metadata(const struct soft_management *management, struct soft_bytes *out)
{
    static const uint8_t value[24] = {1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4,
                                      5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8};
    bool is_default = soft_cipher_key_size(management->algorithm) == sizeof(value) &&
                      CRYPTO_memcmp(value, management->key, sizeof(value)) == 0;

    soft_tlv_append_byte(out, METADATA_ALGORITHM, management->algorithm);
    policy_append(out, SOFT_POLICY_DEFAULT, management->touch_policy);
    soft_tlv_append_byte(out, METADATA_DEFAULT, is_default);
}

static uint16_t key_metadata(const struct soft_key *key, struct soft_bytes *out)
{
    const struct soft_algorithm *algorithm;
    struct soft_bytes public = {0};
    bool good;

    if (key->pkey == NULL)
        return SOFT_REFERENCE_NOT_FOUND;
    algorithm = soft_algorithm_find(key->algorithm);
    good = soft_key_public(algorithm, key->pkey, &public);
    soft_tlv_append_byte(out, METADATA_ALGORITHM, key->algorithm);
    policy_append(out, key->pin_policy, key->touch_policy);
    soft_tlv_append_byte(out, METADATA_ORIGIN, key->generated ? 1 : 2);
    soft_tlv_append(out, METADATA_PUBLIC, public.data, public.length);
    soft_bytes_free(&public);
    return good ? SOFT_OK : SOFT_FAILURE;
}

/* F7 00 slot. */
uint16_t soft_piv_metadata(struct soft_card *card, const struct soft_apdu *apdu,
                           struct soft_bytes *out)
{
    if (apdu->length > 0)
        return SOFT_WRONG_LENGTH;
    if (apdu->p1 != 0x00)
        return SOFT_WRONG_PARAMETERS;
    switch (apdu->p2) {
    case SOFT_REFERENCE_PIN:
        reference_metadata(&card->state.pin, "123456", out);
        return SOFT_OK;
    case SOFT_REFERENCE_PUK:
        reference_metadata(&card->state.puk, "12345678", out);
        return SOFT_OK;
    case SOFT_SLOT_MANAGEMENT:
        management_metadata(&card->state.management, out);
        return SOFT_OK;
    case REFERENCE_FINGER: /* ykman 5 asks whether there is one, and takes no other answer for "no"
                            */
        return SOFT_REFERENCE_NOT_FOUND;
    default:
        if (!soft_piv_slot_is_key(card, apdu->p2))
            return SOFT_WRONG_PARAMETERS;
        return key_metadata(&card->state.keys[apdu->p2], out);
    }
}

/* Whether the command is nothing but its instruction. */
static uint16_t bare_check(const struct soft_apdu *apdu)
{
    if (apdu->length > 0)
        return SOFT_WRONG_LENGTH;
    return apdu->p1 == 0 && apdu->p2 == 0 ? SOFT_OK : SOFT_WRONG_PARAMETERS;
}

/* F8: four bytes, most significant first. */
uint16_t soft_piv_serial(struct soft_card *card, const struct soft_apdu *apdu,
                         struct soft_bytes *out)
{
    uint16_t status = bare_check(apdu);

    for (int shift = 24; status == SOFT_OK && shift >= 0; shift -= 8)
        soft_bytes_append_byte(out, (uint8_t)(card->state.serial >> shift));
    return status;
}

/* FD: major, minor, patch. */
uint16_t soft_piv_version(struct soft_card *card, const struct soft_apdu *apdu,
                          struct soft_bytes *out)
{
    uint16_t status = bare_check(apdu);

    (void)card;
    if (status == SOFT_OK)
        soft_bytes_append(out, soft_firmware, sizeof(soft_firmware));
    return status;
}

/* F9 slot 00: only what was generated here can be attested. */
uint16_t soft_piv_attest(struct soft_card *card, const struct soft_apdu *apdu,
                         struct soft_bytes *out)
{
    const struct soft_key *key = &card->state.keys[apdu->p1];

    if (apdu->length > 0)
        return SOFT_WRONG_LENGTH;
    if (apdu->p2 != 0x00 || !soft_piv_slot_is_key(card, apdu->p1) ||
        apdu->p1 == SOFT_SLOT_ATTESTATION)
        return SOFT_WRONG_PARAMETERS;
    if (key->pkey == NULL)
        return SOFT_NOT_FOUND;
    if (!key->generated)
        return SOFT_WRONG_DATA;
    return soft_attest_key(&card->state, apdu->p1, out) ? SOFT_OK : SOFT_FAILURE;
}

static void reference_limit(struct soft_reference *reference, const char *digits, uint8_t limit)
{
    memset(reference->value, 0xFF, SOFT_PIN_LENGTH);
    memcpy(reference->value, digits, strlen(digits));
    reference->limit = limit;
    reference->tries = limit;
}

/* FA PIN PUK: sets both to their defaults; needs the PIN and the management key. A VERIFY has a
 * nibble to tell the tries left, so 15 are the most. */
uint16_t soft_piv_set_retries(struct soft_card *card, const struct soft_apdu *apdu,
                              struct soft_bytes *out)
{
    (void)out;
    if (apdu->length > 0)
        return SOFT_WRONG_LENGTH;
    if (!card->piv.administrator || !card->piv.pin_verified)
        return SOFT_SECURITY_STATUS;
    if (apdu->p1 == 0 || apdu->p1 > 15 || apdu->p2 == 0 || apdu->p2 > 15)
        return SOFT_WRONG_PARAMETERS;
    reference_limit(&card->state.pin, "123456", apdu->p1);
    reference_limit(&card->state.puk, "12345678", apdu->p2);
    card->piv.pin_verified = false;
    return soft_card_save(card);
}

/* FB: only when PIN and PUK are both blocked. */
uint16_t soft_piv_reset(struct soft_card *card, const struct soft_apdu *apdu,
                        struct soft_bytes *out)
{
    uint16_t status = bare_check(apdu);

    (void)out;
    if (status != SOFT_OK)
        return status;
    if (card->state.pin.tries > 0 || card->state.puk.tries > 0)
        return SOFT_CONDITIONS;
    soft_state_reset(&card->state);
    memset(&card->piv, 0, sizeof(card->piv));
    return soft_card_save(card);
}
