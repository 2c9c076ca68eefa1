/* SPDX-License-Identifier: BSD-2-Clause */
/* PIV: signatures. SP 800-73-4 part 2, appendix A.4. */
#include "ecdsa.h"
#include "piv.h"
#include "pkcs1.h"
#include "public_key.h"

#include <string.h>

#define BLOCK_MAX 512 /* RSA-4096 */

/* ---- what the card is given -------------------------------------------------------------- */

static struct error *make_block(const struct piv_algorithm *algorithm,
                                enum card_mechanism mechanism, const uint8_t *in, size_t in_length,
                                uint8_t block[BLOCK_MAX], size_t *size)
{
    *size = (size_t)algorithm->bits / 8;
    if (mechanism == CARD_MECHANISM_ECDSA)
        return ecdsa_fit_hash(in, in_length, (size_t)algorithm->bits, block, size);
    if (mechanism == CARD_MECHANISM_RSA_PKCS1)
        return pkcs1_pad(in, in_length, block, *size);
    if (in_length != *size)
        return error_new(ERROR_ARGUMENT, "a block for %s has %zu bytes, not %zu", algorithm->name,
                         *size, in_length);
    memcpy(block, in, *size);
    return NULL;
}

/* ---- the card's part --------------------------------------------------------------------- */

static struct error *check_signature(struct piv *piv, const struct app_key *key,
                                     const uint8_t *block, size_t size, const uint8_t *signature,
                                     size_t length)
{
    if (public_key_is_rsa(key->public_key))
        return public_key_check_rsa(piv->libctx, key->public_key, block, size, signature, length);
    if (EVP_PKEY_is_a(key->public_key, "ED25519"))
        return public_key_check_ed25519(piv->libctx, key->public_key, block, size, signature,
                                        length);
    return public_key_check_ecdsa(piv->libctx, key->public_key, block, size, signature, length);
}

static struct error *take_signature(struct piv *piv, const struct app_key *key,
                                    const uint8_t *block, size_t size, const struct tlv *answer,
                                    uint8_t *out, size_t *out_length)
{
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
    struct buffer answer = {0};
    struct tlv response;
    struct error *error =
        piv_use_key(channel, key, PIV_TAG_CHALLENGE, block, size, "to sign", &answer, &response);
    if (error == NULL)
        error = take_signature(piv, key, block, size, &response, out, out_length);
    buffer_clear(&answer);
    return error;
}

struct error *piv_sign(struct apdu_channel *channel, void *state, const struct app_key *key,
                       enum card_mechanism mechanism, const uint8_t *in, size_t in_length,
                       uint8_t *out, size_t *out_length)
{
    const struct piv_algorithm *algorithm = piv_algorithm_of_key(key->public_key);
    uint8_t block[BLOCK_MAX];
    size_t size;
    *out_length = 0;
    if (mechanism == CARD_MECHANISM_ED25519) /* the card hashes, twice: RFC 8032 5.1.6 */
        return sign_block(channel, state, key, in, in_length, out, out_length);
    struct error *error = make_block(algorithm, mechanism, in, in_length, block, &size);
    return error != NULL ? error : sign_block(channel, state, key, block, size, out, out_length);
}
