/* SPDX-License-Identifier: BSD-2-Clause */
/* PIV: decryption and key agreement. SP 800-73-4 part 2, appendix A.5. */
#include "piv.h"
#include "public_key.h"

#include <string.h>

/* The card raises to the private exponent whatever it is given, so a plaintext is had in the same
   way as a signature, and encrypting it again gives back what was decrypted. */
struct error *piv_decrypt(struct apdu_channel *channel, void *state, const struct app_key *key,
                          enum card_mechanism mechanism, const uint8_t *in, size_t in_length,
                          uint8_t *out, size_t *out_length)
{
    struct piv *piv = state;
    struct buffer answer = {0};
    struct tlv response;
    (void)mechanism;
    *out_length = 0;
    struct error *error = public_key_check_rsa_ciphertext(key->public_key, in, in_length);
    if (error == NULL)
        error = piv_use_key(channel, key, PIV_TAG_CHALLENGE, in, in_length, "to decrypt", &answer,
                            &response);
    if (error == NULL)
        error = public_key_check_rsa(piv->libctx, key->public_key, in, in_length, response.value,
                                     response.length);
    if (error == NULL) {
        memcpy(out, response.value, response.length);
        *out_length = response.length;
    }
    buffer_clear(&answer);
    return error;
}

/* The bytes of a field element, which is what the card answers with: SP 800-73-4 part 2, A.5.2. */
static size_t agreed_length(const EVP_PKEY *key)
{
    return ((size_t)piv_algorithm_of_key(key)->bits + 7) / 8;
}

struct error *piv_derive(struct apdu_channel *channel, void *state, const struct app_key *key,
                         enum card_mechanism mechanism, const uint8_t *in, size_t in_length,
                         uint8_t *out, size_t *out_length)
{
    struct buffer answer = {0};
    struct tlv response;
    (void)state;
    (void)mechanism;
    *out_length = 0;
    struct error *error = piv_use_key(channel, key, PIV_TAG_EXPONENTIATION, in, in_length,
                                      "to agree on a secret", &answer, &response);
    if (error == NULL && response.length != agreed_length(key->public_key))
        error = error_new(ERROR_CARD_ANSWER, "the card's secret has %zu bytes, not %zu",
                          response.length, agreed_length(key->public_key));
    if (error == NULL) {
        memcpy(out, response.value, response.length);
        *out_length = response.length;
    }
    buffer_clear(&answer);
    return error;
}
