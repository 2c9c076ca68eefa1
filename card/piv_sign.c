/* SPDX-License-Identifier: BSD-2-Clause */
/* PIV: signatures, by GENERAL AUTHENTICATE. SP 800-73-4 part 2, 3.2.4 and appendix A.4. */
#include "piv.h"
#include "public_key.h"

#include <string.h>

#define BLOCK_MAX     512 /* RSA-4096 */
#define SIGNATURE_MAX 512

struct error *piv_authenticate(struct apdu_channel *channel, uint8_t algorithm, uint8_t reference,
                               const struct buffer *template, size_t expected, uint8_t wanted,
                               struct buffer *answer, struct tlv *out, uint16_t *status)
{
    struct buffer data = {0};
    struct tlv outer;
    *out = (struct tlv){0};
    *status = 0;
    struct error *error = tlv_append(&data, PIV_TAG_TEMPLATE, template->bytes, template->length);
    if (error == NULL) {
        struct apdu_command command = {
            0x00,    PIV_INS_GENERAL_AUTHENTICATE, algorithm, reference, data.bytes, data.length,
            expected};
        error = apdu_exchange(channel, &command, answer, status);
    }
    buffer_clear(&data);
    if (error != NULL || *status != SW_SUCCESS)
        return error;
    error = tlv_require(answer->bytes, answer->length, PIV_TAG_TEMPLATE, &outer);
    return error != NULL ? error : tlv_require(outer.value, outer.length, wanted, out);
}

bool piv_can(const EVP_PKEY *key, enum card_mechanism mechanism)
{
    if (piv_algorithm_of_key(key) == NULL)
        return false;
    switch (mechanism) {
    case CARD_MECHANISM_RSA_RAW:
    case CARD_MECHANISM_RSA_PKCS1:
        return EVP_PKEY_is_a(key, "RSA");
    case CARD_MECHANISM_ECDSA:
        return EVP_PKEY_is_a(key, "EC");
    }
    return false;
}

/* ---- what the card is given -------------------------------------------------------------- */

/* EMSA-PKCS1-v1_5 (RFC 8017 9.2): 00 01 FF ... FF 00 T, at least eight FF. */
static struct error *pad_pkcs1(const uint8_t *in, size_t in_length, uint8_t *block, size_t size)
{
    if (in_length + 11 > size)
        return error_new(ERROR_ARGUMENT,
                         "%zu bytes are too much to sign for this RSA key: %zu "
                         "at most",
                         in_length, size - 11);
    memset(block, 0xFF, size);
    block[0] = 0x00;
    block[1] = 0x01;
    block[size - in_length - 1] = 0x00;
    if (in_length > 0)
        memcpy(block + size - in_length, in, in_length);
    return NULL;
}

/* The leftmost bits of the hash, as many as the curve's order has; zeros before a shorter one
   (FIPS 186-4 6.4; SP 800-73-4 part 2, A.4.2). Both curves have whole bytes. */
static void fit_hash(const uint8_t *in, size_t in_length, uint8_t *block, size_t size)
{
    size_t used = in_length < size ? in_length : size;
    memset(block, 0, size);
    if (used > 0)
        memcpy(block + size - used, in, used);
}

static struct error *make_block(const struct piv_algorithm *algorithm,
                                enum card_mechanism mechanism, const uint8_t *in, size_t in_length,
                                uint8_t *block, size_t size)
{
    if (mechanism == CARD_MECHANISM_ECDSA) {
        fit_hash(in, in_length, block, size);
        return NULL;
    }
    if (mechanism == CARD_MECHANISM_RSA_PKCS1)
        return pad_pkcs1(in, in_length, block, size);
    if (in_length != size)
        return error_new(ERROR_ARGUMENT, "a block for %s has %zu bytes, not %zu", algorithm->name,
                         size, in_length);
    memcpy(block, in, size);
    return NULL;
}

/* ---- the card's part --------------------------------------------------------------------- */

static struct error *check_signature(struct piv *piv, const struct app_key *key,
                                     const uint8_t *block, size_t size, const uint8_t *signature,
                                     size_t length)
{
    if (EVP_PKEY_is_a(key->public_key, "RSA"))
        return public_key_check_rsa(piv->libctx, key->public_key, block, size, signature, length);
    return public_key_check_ecdsa(piv->libctx, key->public_key, block, size, signature, length);
}

static struct error *sign_refused(const struct app_key *key, uint16_t status)
{
    struct error *error = apdu_refused("to sign", status);
    bool touch = key->touch_policy == CARD_POLICY_ALWAYS || key->touch_policy == CARD_POLICY_CACHED;
    if (touch && status == SW_SECURITY_STATUS)
        error = error_wrap(error, ERROR_CARD_STATUS,
                           "the key in slot %s has to be touched for each signature, and was not",
                           key->slot);
    return error;
}

static struct error *take_signature(struct piv *piv, const struct app_key *key,
                                    const uint8_t *block, size_t size, const struct tlv *answer,
                                    uint8_t *out, size_t *out_length)
{
    if (answer->length == 0 || answer->length > (size_t)EVP_PKEY_get_size(key->public_key))
        return error_new(ERROR_CARD_ANSWER, "the card's signature has %zu bytes, which cannot be",
                         answer->length);
    struct error *error = check_signature(piv, key, block, size, answer->value, answer->length);
    if (error != NULL)
        return error;
    memcpy(out, answer->value, answer->length);
    *out_length = answer->length;
    return NULL;
}

static struct error *sign_block(struct apdu_channel *channel, struct piv *piv,
                                const struct app_key *key, const uint8_t *block, size_t size,
                                uint8_t *out, size_t *out_length)
{
    struct buffer template = {0};
    struct buffer answer = {0};
    struct tlv response;
    uint16_t status = 0;
    struct error *error = tlv_append(&template, PIV_TAG_RESPONSE, NULL, 0);
    if (error == NULL)
        error = tlv_append(&template, PIV_TAG_CHALLENGE, block, size);
    if (error == NULL)
        error = piv_authenticate(channel, piv_algorithm_of_key(key->public_key)->id,
                                 piv_slot_find(key->slot)->reference, &template,
                                 (size_t)EVP_PKEY_get_size(key->public_key) + 16, PIV_TAG_RESPONSE,
                                 &answer, &response, &status);
    if (error == NULL && status != SW_SUCCESS)
        error = sign_refused(key, status);
    if (error == NULL)
        error = take_signature(piv, key, block, size, &response, out, out_length);
    buffer_clear(&template);
    buffer_clear(&answer);
    return error;
}

struct error *piv_sign(struct apdu_channel *channel, void *state, const struct app_key *key,
                       enum card_mechanism mechanism, const uint8_t *in, size_t in_length,
                       uint8_t *out, size_t *out_length)
{
    const struct piv_algorithm *algorithm = piv_algorithm_of_key(key->public_key);
    uint8_t block[BLOCK_MAX];
    size_t size = (size_t)algorithm->bits / 8;
    *out_length = 0;
    struct error *error = make_block(algorithm, mechanism, in, in_length, block, size);
    return error != NULL ? error : sign_block(channel, state, key, block, size, out, out_length);
}
