/* SPDX-License-Identifier: BSD-2-Clause */
#include "piv.h"
#include "tlv.h"

#define TAG_CHALLENGE 0x81
#define TAG_RESPONSE  0x82
#define TAG_POINT     0x85

/* What generation and import are told about the key besides its algorithm (Yubico: AA and AB). */
struct key_policies {
    uint8_t pin;
    uint8_t touch;
};

/* Reads AA and AB where they are. Only a YubiKey knows them. */
static bool policies_read(const struct soft_card *card, const uint8_t *data, size_t length,
                          struct key_policies *policies)
{
    struct soft_tlv tlv;

    policies->pin = SOFT_POLICY_DEFAULT;
    policies->touch = SOFT_POLICY_DEFAULT;
    if (card->state.profile == SOFT_PROFILE_PIV)
        return true;
    if (soft_tlv_find(data, length, 0xAA, &tlv)) {
        if (tlv.length != 1 || tlv.value[0] > SOFT_POLICY_ALWAYS)
            return false;
        policies->pin = tlv.value[0];
    }
    if (soft_tlv_find(data, length, 0xAB, &tlv)) {
        if (tlv.length != 1 || tlv.value[0] > SOFT_POLICY_ALWAYS)
            return false;
        policies->touch = tlv.value[0];
    }
    return true;
}

static uint16_t key_generate(struct soft_card *card, uint8_t slot,
                             const struct soft_algorithm *algorithm,
                             const struct key_policies *policies, struct soft_bytes *out)
{
    struct soft_bytes public = {0};
    EVP_PKEY *key = soft_key_generate(algorithm);

    if (key == NULL || !soft_key_public(algorithm, key, &public)) {
        EVP_PKEY_free(key);
        soft_bytes_free(&public);
        return SOFT_FAILURE;
    }
    soft_card_generate_wait(card);
    soft_piv_key_store(&card->state, slot, algorithm->id, key, policies->pin, policies->touch,
                       true);
    soft_tlv_append(out, 0x7F49, public.data, public.length);
    soft_bytes_free(&public);
    return soft_card_save(card);
}

/* SP 800-73-4 part 2, 3.3.2: AC { 80 algorithm, 81 parameter }. */
uint16_t soft_piv_generate(struct soft_card *card, const struct soft_apdu *apdu,
                           struct soft_bytes *out)
{
    const struct soft_algorithm *algorithm;
    struct key_policies policies;
    struct soft_tlv template;
    struct soft_tlv identifier;

    if (apdu->p1 != 0x00 || !soft_piv_slot_is_key(card, apdu->p2))
        return SOFT_WRONG_PARAMETERS;
    if (!card->piv.administrator)
        return SOFT_SECURITY_STATUS;
    if (!soft_tlv_find(apdu->data, apdu->length, 0xAC, &template) ||
        !soft_tlv_find(template.value, template.length, 0x80, &identifier) ||
        identifier.length != 1)
        return SOFT_WRONG_DATA;
    algorithm = soft_piv_algorithm(card, identifier.value[0]);
    if (algorithm == NULL || !policies_read(card, template.value, template.length, &policies))
        return SOFT_WRONG_DATA;
    return key_generate(card, apdu->p2, algorithm, &policies, out);
}

/* SP 800-73-4 part 1, table 4b; on a YubiKey the key's own policy. */
static bool key_may_be_used(const struct soft_card *card, const struct soft_key *key)
{
    if (key->pin_policy == SOFT_POLICY_NEVER)
        return true;
    if (key->pin_policy == SOFT_POLICY_ALWAYS)
        return card->piv.pin_verified && card->piv.pin_fresh;
    return card->piv.pin_verified;
}

static uint16_t key_use(const struct soft_card *card, uint8_t slot, const uint8_t *data,
                        size_t length, struct soft_bytes *result)
{
    const struct soft_key *key = &card->state.keys[slot];
    const struct soft_algorithm *algorithm = soft_algorithm_find(key->algorithm);
    struct soft_tlv input;
    struct soft_tlv response;

    /* An empty 82 asks for the result; it is what tells the three uses of this command apart. */
    if (!soft_tlv_find(data, length, TAG_RESPONSE, &response) || response.length != 0)
        return SOFT_WRONG_DATA;
    if (soft_tlv_find(data, length, TAG_POINT, &input)) {
        if ((algorithm->type != SOFT_TYPE_EC && algorithm->type != SOFT_TYPE_X25519) ||
            !soft_key_derive(algorithm, key->pkey, input.value, input.length, result))
            return SOFT_WRONG_DATA;
        return SOFT_OK;
    }
    if (!soft_tlv_find(data, length, TAG_CHALLENGE, &input) ||
        !soft_key_sign(algorithm, key->pkey, input.value, input.length, result))
        return SOFT_WRONG_DATA;
    return SOFT_OK;
}

static uint16_t key_authenticate(const struct soft_card *card, const struct soft_apdu *apdu,
                                 const struct soft_tlv *template, struct soft_bytes *out)
{
    const struct soft_key *key = &card->state.keys[apdu->p2];
    struct soft_bytes result = {0};
    struct soft_bytes content = {0};
    uint16_t status;

    if (!soft_piv_slot_is_key(card, apdu->p2) || apdu->p2 == SOFT_SLOT_ATTESTATION)
        return SOFT_WRONG_PARAMETERS;
    /* What a YubiKey says of an empty slot; the standard leaves it open. */
    if (key->pkey == NULL)
        return SOFT_WRONG_DATA;
    if (key->algorithm != apdu->p1)
        return SOFT_WRONG_PARAMETERS;
    if (!key_may_be_used(card, key))
        return SOFT_SECURITY_STATUS;
    status = key_use(card, apdu->p2, template->value, template->length, &result);
    if (status == SOFT_OK) {
        soft_tlv_append(&content, TAG_RESPONSE, result.data, result.length);
        soft_tlv_append(out, 0x7C, content.data, content.length);
    }
    soft_bytes_free(&content);
    soft_bytes_free(&result);
    return status;
}

/* SP 800-73-4 part 2, 3.2.4: algorithm in P1, key in P2, dynamic authentication template 7C. */
uint16_t soft_piv_general_authenticate(struct soft_card *card, const struct soft_apdu *apdu,
                                       struct soft_bytes *out)
{
    struct soft_tlv_reader reader = {apdu->data, apdu->length};
    struct soft_tlv template;

    if (!soft_tlv_next(&reader, &template) || template.tag != 0x7C || reader.length != 0)
        return SOFT_WRONG_DATA;
    if (apdu->p2 == SOFT_SLOT_MANAGEMENT)
        return soft_piv_administrator(card, apdu->p1, template.value, template.length, out);
    return key_authenticate(card, apdu, &template, out);
}

/* Yubico: 01 and 02 are the primes, 06, 07 and 08 the private value of EC, Ed25519 and X25519. */
static EVP_PKEY *key_import(const struct soft_algorithm *algorithm, const struct soft_apdu *apdu)
{
    static const uint32_t tags[] = {
        [SOFT_TYPE_RSA] = 0x01,
        [SOFT_TYPE_EC] = 0x06,
        [SOFT_TYPE_ED25519] = 0x07,
        [SOFT_TYPE_X25519] = 0x08,
    };
    struct soft_tlv first;
    struct soft_tlv second = {0};

    if (!soft_tlv_find(apdu->data, apdu->length, tags[algorithm->type], &first))
        return NULL;
    if (algorithm->type == SOFT_TYPE_RSA && !soft_tlv_find(apdu->data, apdu->length, 0x02, &second))
        return NULL;
    return soft_key_import(algorithm, first.value, first.length, second.value, second.length);
}

/* Yubico: FE algorithm slot. */
uint16_t soft_piv_import(struct soft_card *card, const struct soft_apdu *apdu,
                         struct soft_bytes *out)
{
    const struct soft_algorithm *algorithm = soft_piv_algorithm(card, apdu->p1);
    struct key_policies policies;
    EVP_PKEY *key;

    (void)out;
    if (algorithm == NULL || !soft_piv_slot_is_key(card, apdu->p2))
        return SOFT_WRONG_PARAMETERS;
    if (!card->piv.administrator)
        return SOFT_SECURITY_STATUS;
    if (!policies_read(card, apdu->data, apdu->length, &policies))
        return SOFT_WRONG_DATA;
    key = key_import(algorithm, apdu);
    if (key == NULL)
        return SOFT_WRONG_DATA;
    soft_piv_key_store(&card->state, apdu->p2, algorithm->id, key, policies.pin, policies.touch,
                       false);
    return soft_card_save(card);
}

/* Yubico, from 5.7 on: F6 destination source; destination FF deletes. What is there is not
 * overwritten. */
uint16_t soft_piv_move_key(struct soft_card *card, const struct soft_apdu *apdu,
                           struct soft_bytes *out)
{
    struct soft_key *keys = card->state.keys;

    (void)out;
    if (!soft_piv_slot_is_key(card, apdu->p2))
        return SOFT_WRONG_PARAMETERS;
    if (!card->piv.administrator)
        return SOFT_SECURITY_STATUS;
    if (keys[apdu->p2].pkey == NULL)
        return SOFT_REFERENCE_NOT_FOUND;
    if (apdu->p1 == 0xFF) {
        soft_state_key_remove(&card->state, apdu->p2);
        return soft_card_save(card);
    }
    if (!soft_piv_slot_is_key(card, apdu->p1) || apdu->p2 == SOFT_SLOT_ATTESTATION ||
        apdu->p1 == SOFT_SLOT_ATTESTATION || keys[apdu->p1].pkey != NULL)
        return SOFT_WRONG_PARAMETERS;
    keys[apdu->p1] = keys[apdu->p2];
    keys[apdu->p2] = (struct soft_key){0};
    return soft_card_save(card);
}
