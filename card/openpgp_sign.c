/* SPDX-License-Identifier: BSD-2-Clause */
/* OpenPGP: what its keys can do, and signatures. Sections 7.2.10 and 7.2.13. */
#include "ecdsa.h"
#include "openpgp.h"
#include "pkcs1.h"
#include "public_key.h"

#include <openssl/crypto.h>
#include <string.h>

#define BLOCK_MAX   512 /* RSA-4096 */
#define NUMBER_MAX  66  /* of a signature on P-521 */
#define HEADER_MAX  9   /* of a command of extended length: CLA to P2, Lc, Le */
#define RSA_PERCENT 40  /* the most of its modulus that an RSA key signs, 7.2.10.2 */

/* ---- what the keys can do ---------------------------------------------------------------- */

static bool can_sign(const EVP_PKEY *key, enum card_mechanism mechanism)
{
    switch (mechanism) {
    case CARD_MECHANISM_RSA_PKCS1: /* the card pads; not what a certificate for PSS allows */
        return EVP_PKEY_is_a(key, "RSA");
    case CARD_MECHANISM_ECDSA:
        return EVP_PKEY_is_a(key, "EC");
    case CARD_MECHANISM_ED25519:
        return EVP_PKEY_is_a(key, "ED25519");
    default:
        return false;
    }
}

static bool can_decrypt(const EVP_PKEY *key, enum card_mechanism mechanism)
{
    switch (mechanism) {
    case CARD_MECHANISM_RSA_DECRYPT_PKCS1:
        return EVP_PKEY_is_a(key, "RSA");
    case CARD_MECHANISM_ECDH:
        return EVP_PKEY_is_a(key, "EC");
    case CARD_MECHANISM_X25519:
        return EVP_PKEY_is_a(key, "X25519");
    default:
        return false;
    }
}

bool openpgp_can(const struct app_key *key, enum card_mechanism mechanism)
{
    if (openpgp_algorithm_of_key(key->public_key) == NULL)
        return false;
    return openpgp_slot_of(key->slot) == OPENPGP_DEC ? can_decrypt(key->public_key, mechanism)
                                                     : can_sign(key->public_key, mechanism);
}

/* ---- the card's part --------------------------------------------------------------------- */

/* 6600: nobody touched it in time, says YubiKey; others say 6982. */
static struct error *use_refused(const struct app_key *key, uint16_t status)
{
    struct error *error = apdu_refused("to sign", status);
    bool touch = key->touch_policy == CARD_POLICY_ALWAYS || key->touch_policy == CARD_POLICY_CACHED;
    if (touch && (status == SW_SECURITY_STATUS || status == 0x6600))
        error = error_wrap(error, ERROR_CARD_STATUS,
                           "the key in slot %s has to be touched when it is used, and was not",
                           key->slot);
    return error;
}

/* The card's signature, as it comes, no longer than `out_max`. */
static struct error *sign_bytes(struct apdu_channel *channel, const struct app_key *key,
                                const uint8_t *in, size_t in_length, uint8_t *out, size_t out_max,
                                size_t *out_length)
{
    bool sig = openpgp_slot_of(key->slot) == OPENPGP_SIG;
    struct apdu_command command = {0x00,
                                   sig ? OPENPGP_INS_SECURITY_OPERATION : OPENPGP_INS_INTERNAL_AUTH,
                                   sig ? 0x9E : 0x00,
                                   sig ? 0x9A : 0x00,
                                   in,
                                   in_length,
                                   out_max};
    struct buffer answer = {0};
    uint16_t status;
    struct error *error = apdu_exchange(channel, &command, &answer, &status);
    if (error == NULL && status != SW_SUCCESS)
        error = use_refused(key, status);
    else if (error == NULL && (answer.length == 0 || answer.length > out_max))
        error = error_new(ERROR_CARD_ANSWER, "the card's signature has %zu bytes, which cannot be",
                          answer.length);
    if (error == NULL) {
        memcpy(out, answer.bytes, answer.length);
        *out_length = answer.length;
    }
    buffer_clear(&answer);
    return error;
}

/* ---- RSA --------------------------------------------------------------------------------- */

static struct error *sign_rsa(struct apdu_channel *channel, struct openpgp *openpgp,
                              const struct app_key *key, const uint8_t *in, size_t in_length,
                              uint8_t *out, size_t *out_length)
{
    uint8_t block[BLOCK_MAX];
    uint8_t signature[BLOCK_MAX];
    size_t size = (size_t)EVP_PKEY_get_size(key->public_key);
    size_t length = 0;
    if (in_length == 0 || in_length > size * RSA_PERCENT / 100)
        return error_new(ERROR_ARGUMENT,
                         "an OpenPGP card signs 1 to %zu bytes with this RSA key, not %zu",
                         size * RSA_PERCENT / 100, in_length);
    struct error *error = pkcs1_pad(in, in_length, block, size);
    if (error == NULL)
        error = sign_bytes(channel, key, in, in_length, signature, size, &length);
    if (error == NULL)
        error =
            public_key_check_rsa(openpgp->libctx, key->public_key, block, size, signature, length);
    if (error != NULL)
        return error;
    memcpy(out, signature, length);
    *out_length = length;
    return NULL;
}

/* ---- ECDSA ------------------------------------------------------------------------------- */

/* The card answers r and s, each as long as the order, one after the other. */
static struct error *take_ecdsa(struct openpgp *openpgp, const struct app_key *key,
                                const uint8_t *hash, size_t hash_length, const uint8_t *plain,
                                size_t size, uint8_t *out, size_t *out_length)
{
    uint8_t *der;
    size_t length;
    struct error *error = ecdsa_signature_der(plain, size, &der, &length);
    if (error != NULL)
        return error;
    if (length > (size_t)EVP_PKEY_get_size(key->public_key))
        error = error_new(ERROR_CARD_ANSWER, "the card's signature is greater than its curve");
    if (error == NULL)
        error = public_key_check_ecdsa(openpgp->libctx, key->public_key, hash, hash_length, der,
                                       length);
    if (error == NULL) {
        memcpy(out, der, length);
        *out_length = length;
    }
    OPENSSL_free(der);
    return error;
}

/* Some cards take hashes of the curve's length only. */
static struct error *sign_ecdsa(struct apdu_channel *channel, struct openpgp *openpgp,
                                const struct app_key *key, const uint8_t *in, size_t in_length,
                                uint8_t *out, size_t *out_length)
{
    uint8_t hash[ECDSA_HASH_MAX];
    uint8_t plain[2 * NUMBER_MAX];
    size_t bits = (size_t)openpgp_algorithm_of_key(key->public_key)->bits;
    size_t size = (bits + 7) / 8;
    size_t hash_length = 0;
    size_t length = 0;
    struct error *error = ecdsa_fit_hash(in, in_length, bits, hash, &hash_length);
    if (error == NULL)
        error = sign_bytes(channel, key, hash, hash_length, plain, 2 * size, &length);
    if (error == NULL && length != 2 * size)
        error = error_new(ERROR_CARD_ANSWER, "the card's signature has %zu bytes, not %zu", length,
                          2 * size);
    return error != NULL
               ? error
               : take_ecdsa(openpgp, key, hash, hash_length, plain, size, out, out_length);
}

/* ---- Ed25519 ----------------------------------------------------------------------------- */

static struct error *too_long(size_t length, struct error *cause)
{
    return error_wrap(cause, ERROR_UNSUPPORTED,
                      "a message of %zu bytes is too long for this card to sign with Ed25519, "
                      "which has to have all of it: use an EC or RSA key, which signs a hash",
                      length);
}

/* The card hashes, twice (RFC 8032 5.1.6), so it has to have the whole message. */
static struct error *sign_ed25519(struct apdu_channel *channel, struct openpgp *openpgp,
                                  const struct app_key *key, const uint8_t *in, size_t in_length,
                                  uint8_t *out, size_t *out_length)
{
    uint8_t signature[64];
    size_t length = 0;
    if (openpgp->command_most > 0 && in_length + HEADER_MAX > openpgp->command_most)
        return too_long(in_length, NULL);
    struct error *error =
        sign_bytes(channel, key, in, in_length, signature, sizeof(signature), &length);
    if (error == NULL)
        error = public_key_check_ed25519(openpgp->libctx, key->public_key, in, in_length, signature,
                                         length);
    if (error != NULL)
        return error;
    memcpy(out, signature, length);
    *out_length = length;
    return NULL;
}

struct error *openpgp_sign(struct apdu_channel *channel, void *state, const struct app_key *key,
                           enum card_mechanism mechanism, const uint8_t *in, size_t in_length,
                           uint8_t *out, size_t *out_length)
{
    *out_length = 0;
    if (mechanism == CARD_MECHANISM_RSA_PKCS1)
        return sign_rsa(channel, state, key, in, in_length, out, out_length);
    if (mechanism == CARD_MECHANISM_ECDSA)
        return sign_ecdsa(channel, state, key, in, in_length, out, out_length);
    return sign_ed25519(channel, state, key, in, in_length, out, out_length);
}
