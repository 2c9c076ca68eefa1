/* SPDX-License-Identifier: BSD-2-Clause */
/* Authentication with the management key 9B (SP 800-73-4 part 2, 3.2.4 and appendix A.1), and
 * Yubico's command to set it. */
#include "piv.h"
#include "tlv.h"

#include <openssl/rand.h>
#include <string.h>

#define TAG_WITNESS   0x80
#define TAG_CHALLENGE 0x81
#define TAG_RESPONSE  0x82

static void answer_append(struct soft_bytes *out, uint32_t tag, const uint8_t *data, size_t length)
{
    struct soft_bytes content = {0};

    soft_tlv_append(&content, tag, data, length);
    soft_tlv_append(out, 0x7C, content.data, content.length);
    soft_bytes_free(&content);
}

/* A.1: the card's challenge in plain text, to be answered encrypted. */
static uint16_t single_begin(struct soft_card *card, size_t block, struct soft_bytes *out)
{
    if (RAND_bytes(card->piv.challenge, (int)block) != 1)
        return SOFT_FAILURE;
    card->piv.challenge_kind = SOFT_CHALLENGE_SINGLE;
    answer_append(out, TAG_CHALLENGE, card->piv.challenge, block);
    return SOFT_OK;
}

/* A.1: the card's witness encrypted, to be answered in plain text. */
static uint16_t mutual_begin(struct soft_card *card, size_t block, struct soft_bytes *out)
{
    const struct soft_management *management = &card->state.management;
    uint8_t witness[16];

    if (RAND_bytes(card->piv.challenge, (int)block) != 1 ||
        !soft_cipher_block(management->algorithm, management->key, true, card->piv.challenge,
                           witness))
        return SOFT_FAILURE;
    card->piv.challenge_kind = SOFT_CHALLENGE_WITNESS;
    answer_append(out, TAG_WITNESS, witness, block);
    return SOFT_OK;
}

static uint16_t single_end(struct soft_card *card, enum soft_challenge kind,
                           const struct soft_tlv *response)
{
    const struct soft_management *management = &card->state.management;
    size_t block = soft_cipher_block_size(management->algorithm);
    uint8_t expected[16];

    if (response->length != block)
        return SOFT_WRONG_DATA;
    if (kind != SOFT_CHALLENGE_SINGLE ||
        !soft_cipher_block(management->algorithm, management->key, true, card->piv.challenge,
                           expected) ||
        CRYPTO_memcmp(expected, response->value, block) != 0)
        return SOFT_SECURITY_STATUS;
    card->piv.administrator = true;
    return SOFT_OK;
}

static uint16_t mutual_end(struct soft_card *card, enum soft_challenge kind,
                           const struct soft_tlv *witness, const struct soft_tlv *challenge,
                           struct soft_bytes *out)
{
    const struct soft_management *management = &card->state.management;
    size_t block = soft_cipher_block_size(management->algorithm);
    uint8_t response[16];

    if (witness->length != block || challenge->length != block)
        return SOFT_WRONG_DATA;
    if (kind != SOFT_CHALLENGE_WITNESS ||
        CRYPTO_memcmp(card->piv.challenge, witness->value, block) != 0)
        return SOFT_SECURITY_STATUS;
    if (!soft_cipher_block(management->algorithm, management->key, true, challenge->value,
                           response))
        return SOFT_FAILURE;
    card->piv.administrator = true;
    answer_append(out, TAG_RESPONSE, response, block);
    return SOFT_OK;
}

/* Whether the algorithm in P1 is the key's; 00 stands for 3DES (SP 800-78-4, table 6-2). */
static bool algorithm_fits(const struct soft_card *card, uint8_t algorithm)
{
    return (algorithm == 0 ? SOFT_3DES : algorithm) == card->state.management.algorithm;
}

uint16_t soft_piv_administrator(struct soft_card *card, uint8_t algorithm, const uint8_t *template,
                                size_t length, struct soft_bytes *out)
{
    enum soft_challenge kind = card->piv.challenge_kind;
    size_t block = soft_cipher_block_size(card->state.management.algorithm);
    struct soft_tlv witness = {0};
    struct soft_tlv challenge = {0};
    struct soft_tlv response = {0};
    bool has_witness = soft_tlv_find(template, length, TAG_WITNESS, &witness);
    bool has_challenge = soft_tlv_find(template, length, TAG_CHALLENGE, &challenge);
    bool has_response = soft_tlv_find(template, length, TAG_RESPONSE, &response);

    /* A challenge is good for one answer, and for the very next command only. */
    card->piv.challenge_kind = SOFT_CHALLENGE_NONE;
    if (!algorithm_fits(card, algorithm))
        return SOFT_WRONG_PARAMETERS;
    if (has_witness && witness.length > 0 && has_challenge)
        return mutual_end(card, kind, &witness, &challenge, out);
    if (has_response && response.length > 0 && !has_challenge)
        return single_end(card, kind, &response);
    card->piv.administrator = false;
    if (has_witness && witness.length == 0)
        return mutual_begin(card, block, out);
    if (has_challenge && challenge.length == 0)
        return single_begin(card, block, out);
    return SOFT_WRONG_DATA;
}

/* Yubico: FF FF P2 (FF, or FE for touch), data: algorithm, 9B, length, key. */
uint16_t soft_piv_set_management_key(struct soft_card *card, const struct soft_apdu *apdu,
                                     struct soft_bytes *out)
{
    struct soft_management *management = &card->state.management;

    (void)out;
    if (apdu->p1 != 0xFF || apdu->p2 < 0xFE)
        return SOFT_WRONG_PARAMETERS;
    if (!card->piv.administrator)
        return SOFT_SECURITY_STATUS;
    if (apdu->length < 3 || apdu->data[1] != SOFT_SLOT_MANAGEMENT ||
        soft_cipher_key_size(apdu->data[0]) == 0 ||
        apdu->data[2] != soft_cipher_key_size(apdu->data[0]) || apdu->length != 3u + apdu->data[2])
        return SOFT_WRONG_DATA;
    if (apdu->data[0] != SOFT_3DES && !soft_piv_firmware_at_least(5, 4))
        return SOFT_WRONG_DATA;
    memset(management->key, 0, sizeof(management->key));
    memcpy(management->key, apdu->data + 3, apdu->data[2]);
    management->algorithm = apdu->data[0];
    management->touch_policy = apdu->p2 == 0xFE ? SOFT_POLICY_ONCE : SOFT_POLICY_NEVER;
    return soft_card_save(card);
}
