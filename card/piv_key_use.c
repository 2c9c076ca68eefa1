/* SPDX-License-Identifier: BSD-2-Clause */
/* PIV: what its keys can do, and GENERAL AUTHENTICATE, by which they do it: SP 800-73-4 part 2,
   3.2.4 and appendix A. */
#include "piv.h"
#include "public_key.h"

bool piv_can(const struct app_key *app_key, enum card_mechanism mechanism)
{
    const EVP_PKEY *key = app_key->public_key;
    if (piv_algorithm_of_key(key) == NULL)
        return false;
    switch (mechanism) {
    case CARD_MECHANISM_RSA_RAW:
        return public_key_is_rsa(key);
    case CARD_MECHANISM_RSA_PKCS1: /* not what a certificate for PSS allows: RFC 4055 1.2 */
    case CARD_MECHANISM_RSA_DECRYPT:
        return EVP_PKEY_is_a(key, "RSA");
    case CARD_MECHANISM_ECDSA:
    case CARD_MECHANISM_ECDH:
        return EVP_PKEY_is_a(key, "EC");
    case CARD_MECHANISM_ED25519:
        return EVP_PKEY_is_a(key, "ED25519");
    case CARD_MECHANISM_X25519:
        return EVP_PKEY_is_a(key, "X25519");
    case CARD_MECHANISM_RSA_DECRYPT_PKCS1: /* the block is had, which is more */
        return false;
    }
    return false;
}

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

static struct error *use_refused(const struct app_key *key, const char *what, uint16_t status)
{
    struct error *error = apdu_refused(what, status);
    bool touch = key->touch_policy == CARD_POLICY_ALWAYS || key->touch_policy == CARD_POLICY_CACHED;
    if (touch && status == SW_SECURITY_STATUS)
        error = error_wrap(error, ERROR_CARD_STATUS,
                           "the key in slot %s has to be touched each time it is used, and was not",
                           key->slot);
    return error;
}

struct error *piv_use_key(struct apdu_channel *channel, const struct app_key *key, uint8_t tag,
                          const uint8_t *block, size_t size, const char *what,
                          struct buffer *answer, struct tlv *out)
{
    size_t result_max = (size_t)EVP_PKEY_get_size(key->public_key);
    struct buffer template = {0};
    uint16_t status = 0;
    *out = (struct tlv){0};
    struct error *error = tlv_append(&template, PIV_TAG_RESPONSE, NULL, 0);
    if (error == NULL)
        error = tlv_append(&template, tag, block, size);
    if (error == NULL)
        error = piv_authenticate(channel, piv_algorithm_of_key(key->public_key)->id,
                                 piv_slot_find(key->slot)->reference, &template, result_max + 16,
                                 PIV_TAG_RESPONSE, answer, out, &status);
    if (error == NULL && status != SW_SUCCESS)
        error = use_refused(key, what, status);
    else if (error == NULL && (out->length == 0 || out->length > result_max))
        error = error_new(ERROR_CARD_ANSWER, "the card's answer has %zu bytes, which cannot be",
                          out->length);
    buffer_clear(&template);
    return error;
}
