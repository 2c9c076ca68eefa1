/* SPDX-License-Identifier: BSD-2-Clause */
/* PKCS #11: signatures, decryption, key agreement. */
#include "pkcs1.h"
#include "pkcs11.h"
#include "public_key.h"

#include <openssl/asn1.h>
#include <openssl/ec.h>
#include <string.h>

#define BLOCK_MAX 1024 /* bytes: more than any modulus here has */

void pkcs11_begin_use(void *state, struct app_key *key, enum card_mechanism mechanism)
{
    struct pkcs11 *token = state;
    token->intended = mechanism;
    token->has_intention = true;
    token->begun = false;
    if (strcmp(token->slot, key->slot) == 0)
        key->pin_policy = pkcs11_pin_policy(token, token->always);
}

void pkcs11_choose(const struct pkcs11 *token, enum card_mechanism mechanism, enum wire_use *use,
                   CK_MECHANISM_TYPE *type)
{
    *use = WIRE_SIGN;
    *type = CKM_RSA_X_509;
    switch (mechanism) {
    case CARD_MECHANISM_RSA_PKCS1:
        if ((token->can & PKCS11_CAN_SIGN_PKCS1) != 0)
            *type = CKM_RSA_PKCS;
        break;
    case CARD_MECHANISM_ECDSA:
        *type = CKM_ECDSA;
        break;
    case CARD_MECHANISM_ED25519:
        *type = CKM_EDDSA;
        break;
    case CARD_MECHANISM_RSA_DECRYPT:
        *use = WIRE_DECRYPT;
        break;
    case CARD_MECHANISM_RSA_DECRYPT_PKCS1:
        *use = WIRE_DECRYPT;
        *type = CKM_RSA_PKCS;
        break;
    case CARD_MECHANISM_ECDH:
    case CARD_MECHANISM_X25519:
        *type = CKM_ECDH1_DERIVE;
        break;
    case CARD_MECHANISM_RSA_RAW:
        break;
    }
}

/* The intention ends here, whatever comes of it. */
static struct error *prepare(struct apdu_channel *channel, struct pkcs11 *token,
                             const struct app_key *key)
{
    struct error *error = pkcs11_login_by_keypad(channel, token, key->slot);
    token->has_intention = false;
    return error != NULL ? error : pkcs11_find_private_key(channel, token, key->slot);
}

/* *result points into what the module's process answered, until the next call. */
static struct error *use_key(struct apdu_channel *channel, struct pkcs11 *token,
                             const struct app_key *key, enum card_mechanism mechanism,
                             const uint8_t *in, size_t in_length, const uint8_t **result,
                             size_t *length)
{
    enum wire_use use;
    CK_MECHANISM_TYPE type;
    struct wire_writer *request = &token->call->request;
    *length = 0;
    struct error *error = prepare(channel, token, key);
    if (error != NULL)
        return error;
    pkcs11_choose(token, mechanism, &use, &type);
    pkcs11_call_begin(token->call, WIRE_USE);
    wire_put_number(request, use);
    wire_put_number(request, type);
    wire_put_number(request, token->private_key);
    wire_put_number(request, token->begun);
    wire_put_bytes(request, in, in_length);
    token->begun = false;
    error = pkcs11_call_make(token->call, apdu_channel_transport(channel));
    if (error != NULL)
        return error;
    *result = wire_get_bytes(&token->call->results, length);
    return pkcs11_call_check(token->call);
}

static struct error *hand_out(const uint8_t *result, size_t length, size_t room, uint8_t *out,
                              size_t *out_length)
{
    if (length > room)
        return error_new(ERROR_CARD_ANSWER, "the module's result has %zu bytes, which is too much",
                         length);
    memcpy(out, result, length);
    *out_length = length;
    return NULL;
}

static size_t room_for(const struct app_key *key)
{
    int size = EVP_PKEY_get_size(key->public_key);
    return size < 0 ? 0 : (size_t)size;
}

/* ---- signatures: RSA --------------------------------------------------------------------- */

static struct error *sign_rsa(struct apdu_channel *channel, struct pkcs11 *token,
                              const struct app_key *key, enum card_mechanism mechanism,
                              const uint8_t *in, size_t in_length, uint8_t *out, size_t *out_length)
{
    uint8_t block[BLOCK_MAX];
    size_t size = room_for(key);
    const uint8_t *result;
    size_t length;
    bool padded_here = (token->can & PKCS11_CAN_SIGN_PKCS1) == 0;
    struct error *error = NULL;
    if (mechanism == CARD_MECHANISM_RSA_PKCS1 && size <= BLOCK_MAX)
        error = pkcs1_pad(in, in_length, block, size);
    else if (in_length != size || size > BLOCK_MAX)
        error = error_new(ERROR_ARGUMENT, "a block for this key has %zu bytes, not %zu", size,
                          in_length);
    else
        memcpy(block, in, size);
    if (error == NULL && (mechanism == CARD_MECHANISM_RSA_RAW || padded_here))
        error = use_key(channel, token, key, mechanism, block, size, &result, &length);
    else if (error == NULL)
        error = use_key(channel, token, key, mechanism, in, in_length, &result, &length);
    if (error == NULL)
        error = public_key_check_rsa(token->libctx, key->public_key, block, size, result, length);
    return error != NULL ? error : hand_out(result, length, size, out, out_length);
}

/* ---- signatures: elliptic curves --------------------------------------------------------- */

/* PKCS #11 v2.40, 2.3.1: r and s of equal length, one after the other; RFC 3279: in a SEQUENCE. */
static struct error *encode_signature(const uint8_t *result, size_t length, size_t room,
                                      uint8_t *out, size_t *out_length)
{
    ECDSA_SIG *signature = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(result, (int)(length / 2), NULL);
    BIGNUM *s = BN_bin2bn(result + length / 2, (int)(length / 2), NULL);
    int size = -1;
    if (signature != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(signature, r, s)) {
        r = s = NULL;
        size = i2d_ECDSA_SIG(signature, NULL);
        if (size > 0 && (size_t)size <= room)
            size = i2d_ECDSA_SIG(signature, &out);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(signature);
    if (size <= 0 || (size_t)size > room)
        return error_new(ERROR_CARD_ANSWER, "the module's signature is none");
    *out_length = (size_t)size;
    return NULL;
}

/* The leftmost bits of the hash, as many as the curve's order has (FIPS 186-4 6.4); modules differ
   in whether they do that themselves. */
static size_t fitting_hash(const struct app_key *key, size_t length)
{
    size_t size = ((size_t)EVP_PKEY_get_bits(key->public_key) + 7) / 8;
    return length < size ? length : size;
}

static struct error *sign_ecdsa(struct apdu_channel *channel, struct pkcs11 *token,
                                const struct app_key *key, const uint8_t *in, size_t in_length,
                                uint8_t *out, size_t *out_length)
{
    const uint8_t *result;
    size_t length;
    size_t used = fitting_hash(key, in_length);
    struct error *error =
        use_key(channel, token, key, CARD_MECHANISM_ECDSA, in, used, &result, &length);
    if (error == NULL && (length == 0 || length % 2 != 0 || length > 256))
        error = error_new(ERROR_CARD_ANSWER, "the module's signature is none: %zu bytes", length);
    if (error == NULL)
        error = encode_signature(result, length, room_for(key), out, out_length);
    if (error == NULL)
        error = public_key_check_ecdsa(token->libctx, key->public_key, in, used, out, *out_length);
    if (error != NULL)
        *out_length = 0;
    return error;
}

static struct error *sign_ed25519(struct apdu_channel *channel, struct pkcs11 *token,
                                  const struct app_key *key, const uint8_t *in, size_t in_length,
                                  uint8_t *out, size_t *out_length)
{
    const uint8_t *result;
    size_t length;
    struct error *error =
        use_key(channel, token, key, CARD_MECHANISM_ED25519, in, in_length, &result, &length);
    if (error == NULL)
        error =
            public_key_check_ed25519(token->libctx, key->public_key, in, in_length, result, length);
    return error != NULL ? error : hand_out(result, length, room_for(key), out, out_length);
}

struct error *pkcs11_sign(struct apdu_channel *channel, void *state, const struct app_key *key,
                          enum card_mechanism mechanism, const uint8_t *in, size_t in_length,
                          uint8_t *out, size_t *out_length)
{
    *out_length = 0;
    if (mechanism == CARD_MECHANISM_ECDSA)
        return sign_ecdsa(channel, state, key, in, in_length, out, out_length);
    if (mechanism == CARD_MECHANISM_ED25519)
        return sign_ed25519(channel, state, key, in, in_length, out, out_length);
    return sign_rsa(channel, state, key, mechanism, in, in_length, out, out_length);
}

/* ---- decryption and key agreement -------------------------------------------------------- */

struct error *pkcs11_decrypt(struct apdu_channel *channel, void *state, const struct app_key *key,
                             enum card_mechanism mechanism, const uint8_t *in, size_t in_length,
                             uint8_t *out, size_t *out_length)
{
    struct pkcs11 *token = state;
    const uint8_t *result;
    size_t length;
    *out_length = 0;
    struct error *error = public_key_check_rsa_ciphertext(key->public_key, in, in_length);
    if (error == NULL)
        error = use_key(channel, token, key, mechanism, in, in_length, &result, &length);
    if (error == NULL && mechanism == CARD_MECHANISM_RSA_DECRYPT)
        error = public_key_check_rsa(token->libctx, key->public_key, in, in_length, result, length);
    if (error == NULL)
        error = hand_out(result, length, room_for(key), out, out_length);
    pkcs11_call_wipe(token->call);
    return error;
}

static struct error *derive(struct apdu_channel *channel, struct pkcs11 *token,
                            const uint8_t *point, size_t point_length, size_t secret_length)
{
    pkcs11_call_begin(token->call, WIRE_DERIVE);
    wire_put_number(&token->call->request, CKM_ECDH1_DERIVE);
    wire_put_number(&token->call->request, token->private_key);
    wire_put_bytes(&token->call->request, point, point_length);
    wire_put_number(&token->call->request, secret_length);
    return pkcs11_call_make(token->call, apdu_channel_transport(channel));
}

/* The peer's point as it is; some modules want it in an OCTET STRING (PKCS #11 v2.40, 2.3.8,
   allows either). */
static struct error *derive_either_way(struct apdu_channel *channel, struct pkcs11 *token,
                                       const uint8_t *point, size_t length, size_t secret_length)
{
    uint8_t wrapped[3 + 256] = {V_ASN1_OCTET_STRING, (uint8_t)length};
    size_t header = 2;
    struct error *error = derive(channel, token, point, length, secret_length);
    if (error == NULL || token->call->rv == CKR_OK || length > UINT8_MAX ||
        (token->call->rv != CKR_MECHANISM_PARAM_INVALID && token->call->rv != CKR_ARGUMENTS_BAD))
        return error;
    error_free(error);
    if (length >= 0x80) {
        wrapped[1] = 0x81;
        wrapped[2] = (uint8_t)length;
        header = 3;
    }
    memcpy(wrapped + header, point, length);
    return derive(channel, token, wrapped, header + length, secret_length);
}

struct error *pkcs11_derive(struct apdu_channel *channel, void *state, const struct app_key *key,
                            enum card_mechanism mechanism, const uint8_t *in, size_t in_length,
                            uint8_t *out, size_t *out_length)
{
    struct pkcs11 *token = state;
    size_t expected = ((size_t)EVP_PKEY_get_bits(key->public_key) + 7) / 8;
    size_t length = 0;
    *out_length = 0;
    if (mechanism == CARD_MECHANISM_X25519)
        expected = 32;
    struct error *error = prepare(channel, token, key);
    if (error == NULL)
        error = derive_either_way(channel, token, in, in_length, expected);
    if (error == NULL) {
        const uint8_t *result = wire_get_bytes(&token->call->results, &length);
        error = pkcs11_call_check(token->call);
        if (error == NULL && length != expected)
            error = error_new(ERROR_CARD_ANSWER, "the module's secret has %zu bytes, not %zu",
                              length, expected);
        if (error == NULL)
            error = hand_out(result, length, room_for(key), out, out_length);
    }
    pkcs11_call_wipe(token->call);
    return error;
}
