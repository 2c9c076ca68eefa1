/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * OpenPGP: decryption and key agreement. Section 7.2.11. Nothing can check what comes of them (an
 * RSA message is had without its padding), so the card has to have shown the key before.
 */
#include "openpgp.h"
#include "public_key.h"

#include <openssl/crypto.h>
#include <string.h>

#define CIPHER_RSA 0x00 /* the padding indicator byte before an RSA cryptogram */
#define TAG_CIPHER 0xA6

/*
 * Status words that tell of the card's state, or of its owner's finger, and not of the padding. For
 * all others a card decrypted and found something else than a message: they differ from card to
 * card (6A80 and 6F00 are common), and one that was taken for something else would tell whoever
 * asks often enough what a message is (Bleichenbacher 1998).
 */
static bool tells_of_state(uint16_t status)
{
    switch (status) {
    case 0x6600: /* not touched in time, says YubiKey */
    case SW_WRONG_LENGTH:
    case SW_SECURITY_STATUS:
    case SW_AUTHENTICATION_BLOCKED:
    case SW_FUNCTION_NOT_SUPPORTED:
    case SW_FILE_NOT_FOUND:
    case SW_INCORRECT_P1_P2:
    case SW_REFERENCE_NOT_FOUND:
    case SW_INSTRUCTION_UNSUPPORTED:
    case SW_CLASS_UNSUPPORTED:
    case OPENPGP_SW_TERMINATED:
        return true;
    default:
        return false;
    }
}

static struct error *decipher(struct apdu_channel *channel, const struct buffer *data,
                              size_t result_max, struct buffer *answer, uint16_t *status)
{
    struct apdu_command command = {
        0x00, OPENPGP_INS_SECURITY_OPERATION, 0x80, 0x86, data->bytes, data->length, result_max};
    return apdu_exchange(channel, &command, answer, status);
}

/* ---- RSA --------------------------------------------------------------------------------- */

static struct error *decrypt(struct apdu_channel *channel, const uint8_t *in, size_t in_length,
                             struct buffer *answer)
{
    const uint8_t indicator = CIPHER_RSA;
    struct buffer data = {0};
    uint16_t status = 0;
    struct error *error = buffer_append(&data, &indicator, 1);
    if (error == NULL)
        error = buffer_append(&data, in, in_length);
    if (error == NULL)
        error = decipher(channel, &data, in_length, answer, &status);
    buffer_clear(&data);
    if (error != NULL || status == SW_SUCCESS)
        return error;
    if (tells_of_state(status))
        return apdu_refused("to decrypt", status);
    return error_new(ERROR_PADDING, "the card decrypted no message");
}

struct error *openpgp_decrypt(struct apdu_channel *channel, void *state, const struct app_key *key,
                              enum card_mechanism mechanism, const uint8_t *in, size_t in_length,
                              uint8_t *out, size_t *out_length)
{
    struct buffer answer = {0};
    (void)mechanism;
    *out_length = 0;
    struct error *error = public_key_check_rsa_ciphertext(key->public_key, in, in_length);
    if (error == NULL)
        error = openpgp_compare_key(channel, state, key);
    if (error == NULL)
        error = decrypt(channel, in, in_length, &answer);
    /* RFC 8017 7.2.1: eleven bytes of padding at least. */
    if (error == NULL && answer.length + 11 > in_length)
        error = error_new(ERROR_CARD_ANSWER, "the card's message has %zu bytes, which cannot be",
                          answer.length);
    if (error == NULL && answer.length > 0)
        memcpy(out, answer.bytes, answer.length);
    if (error == NULL)
        *out_length = answer.length;
    buffer_clear(&answer);
    return error;
}

/* ---- ECDH and X25519 --------------------------------------------------------------------- */

/* A6 { 7F49 { 86 point } }. X25519's 32 bytes have the order of RFC 7748, both ways. */
static struct error *make_cipher(const uint8_t *point, size_t length, struct buffer *out)
{
    struct buffer inner = {0};
    struct buffer key = {0};
    struct error *error = tlv_append(&inner, OPENPGP_TAG_POINT, point, length);
    if (error == NULL)
        error = tlv_append(&key, OPENPGP_TAG_PUBLIC_KEY, inner.bytes, inner.length);
    if (error == NULL)
        error = tlv_append(out, TAG_CIPHER, key.bytes, key.length);
    buffer_clear(&inner);
    buffer_clear(&key);
    return error;
}

static struct error *agree(struct apdu_channel *channel, size_t size, const uint8_t *in,
                           size_t in_length, struct buffer *answer)
{
    struct buffer data = {0};
    uint16_t status = 0;
    struct error *error = make_cipher(in, in_length, &data);
    if (error == NULL)
        error = decipher(channel, &data, size, answer, &status);
    if (error == NULL && status != SW_SUCCESS)
        error = apdu_refused("to agree on a secret", status);
    if (error == NULL && answer->length != size)
        error = error_new(ERROR_CARD_ANSWER, "the card's secret has %zu bytes, not %zu",
                          answer->length, size);
    buffer_clear(&data);
    return error;
}

struct error *openpgp_derive(struct apdu_channel *channel, void *state, const struct app_key *key,
                             enum card_mechanism mechanism, const uint8_t *in, size_t in_length,
                             uint8_t *out, size_t *out_length)
{
    size_t size = ((size_t)openpgp_algorithm_of_key(key->public_key)->bits + 7) / 8;
    struct buffer answer = {0};
    (void)mechanism;
    *out_length = 0;
    struct error *error = openpgp_compare_key(channel, state, key);
    if (error == NULL)
        error = agree(channel, size, in, in_length, &answer);
    if (error == NULL) {
        memcpy(out, answer.bytes, size);
        *out_length = size;
    }
    buffer_clear(&answer);
    return error;
}
