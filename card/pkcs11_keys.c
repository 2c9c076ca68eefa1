/* SPDX-License-Identifier: BSD-2-Clause */
/* PKCS #11: what the token shows of its keys. */
#include "certificate.h"
#include "pkcs11.h"
#include "pkcs11_public_key.h"
#include "public_key.h"

#include <openssl/x509v3.h>
#include <string.h>

#define CAN_SIGN                                                                                   \
    (PKCS11_CAN_SIGN_RAW | PKCS11_CAN_SIGN_PKCS1 | PKCS11_CAN_SIGN_ECDSA | PKCS11_CAN_SIGN_EDDSA)
#define CAN_DECRYPT (PKCS11_CAN_DECRYPT_RAW | PKCS11_CAN_DECRYPT_PKCS1)

/* In the order of key_types. */
enum { KEY_TYPE, MODULUS, EXPONENT, CURVE, POINT, ALWAYS, SIGN, DECRYPT, DERIVE };

static const CK_ATTRIBUTE_TYPE key_types[] = {
    CKA_KEY_TYPE,  CKA_MODULUS,  CKA_PUBLIC_EXPONENT,
    CKA_EC_PARAMS, CKA_EC_POINT, CKA_ALWAYS_AUTHENTICATE,
    CKA_SIGN,      CKA_DECRYPT,  CKA_DERIVE,
};

#define KEY_TYPE_COUNT (sizeof(key_types) / sizeof(key_types[0]))

/* A truth that is not told is `otherwise`. */
static bool is_true(const struct pkcs11_value *value, bool otherwise)
{
    return value->length == sizeof(CK_BBOOL) ? value->bytes[0] != CK_FALSE : otherwise;
}

static bool is_missing(struct error **error)
{
    if (*error == NULL || error_code(*error) != ERROR_NOT_FOUND)
        return false;
    error_free(*error);
    *error = NULL;
    return true;
}

/* ---- the private half -------------------------------------------------------------------- */

static void keep_private_key(struct pkcs11 *token, const char *slot,
                             const struct pkcs11_object *object)
{
    (void)stpcpy(token->slot, slot);
    token->private_key = object->handle;
    token->always = is_true(&object->values[ALWAYS], false);
}

struct error *pkcs11_find_private_key(struct apdu_channel *channel, struct pkcs11 *token,
                                      const char *slot)
{
    struct pkcs11_object object;
    if (strcmp(token->slot, slot) == 0)
        return NULL;
    struct error *error = pkcs11_find_object(channel, token, CKO_PRIVATE_KEY, slot, key_types,
                                             KEY_TYPE_COUNT, &object);
    if (error == NULL)
        keep_private_key(token, slot, &object);
    else if (error_code(error) == ERROR_NOT_FOUND)
        error = error_wrap(error, ERROR_NOT_FOUND, "slot %s of the token \"%s\" has no private key",
                           slot, token->label);
    return error;
}

/* What the token's mechanisms leave of what the key is for. */
static unsigned uses_of(const struct pkcs11 *token, const struct pkcs11_object *object)
{
    unsigned uses = token->can | PKCS11_KNOWN;
    if (!is_true(&object->values[SIGN], true))
        uses &= ~(unsigned)CAN_SIGN;
    if (!is_true(&object->values[DECRYPT], true))
        uses &= ~(unsigned)CAN_DECRYPT;
    if (!is_true(&object->values[DERIVE], true))
        uses &= ~(unsigned)PKCS11_CAN_DERIVE;
    return uses;
}

/* ---- the public half --------------------------------------------------------------------- */

static struct error *public_from_object(const struct pkcs11 *token,
                                        const struct pkcs11_object *object, EVP_PKEY **out)
{
    const struct pkcs11_value *values = object->values;
    CK_KEY_TYPE type = CK_UNAVAILABLE_INFORMATION;
    if (values[KEY_TYPE].length == sizeof(type))
        memcpy(&type, values[KEY_TYPE].bytes, sizeof(type));
    switch (type) {
    case CKK_RSA:
        if (values[MODULUS].length == 0 || values[EXPONENT].length == 0)
            return error_new(ERROR_NOT_FOUND, "the token does not show the key's public half");
        return public_key_rsa(token->libctx, values[MODULUS].bytes, values[MODULUS].length,
                              values[EXPONENT].bytes, values[EXPONENT].length, out);
    case CKK_EC:
    case CKK_EC_EDWARDS:
    case PKCS11_CKK_EC_MONTGOMERY:
        return pkcs11_public_key_ec(token->libctx, type, &values[CURVE], &values[POINT], out);
    default:
        return error_new(ERROR_UNSUPPORTED, "the key is of a kind that is not known here (0x%lX)",
                         type);
    }
}

/* Where nothing but a certificate is shown, that of an authority is no sign of a key. */
static bool is_authority(const struct buffer *der)
{
    const uint8_t *end = der->bytes;
    X509 *certificate = d2i_X509(NULL, &end, (long)der->length);
    bool authority = certificate != NULL && X509_check_ca(certificate) == 1;
    X509_free(certificate);
    return authority;
}

static struct error *public_from_certificate(struct apdu_channel *channel, struct pkcs11 *token,
                                             const char *slot, bool alone, EVP_PKEY **out)
{
    struct buffer der = {0};
    struct error *error = pkcs11_read_certificate(channel, token, slot, &der);
    if (error == NULL && alone && is_authority(&der))
        error = error_new(ERROR_NOT_FOUND, "slot %s holds the certificate of an authority", slot);
    if (error == NULL)
        error = certificate_public_key(token->libctx, der.bytes, der.length, out);
    buffer_clear(&der);
    return error;
}

static struct error *nothing_there(const struct pkcs11 *token, const char *slot)
{
    if (pkcs11_hides(token))
        return error_new(ERROR_DENIED,
                         "the token \"%s\" shows no key in slot %s before its PIN is given: name a "
                         "pin-source in the URI's query",
                         token->label, slot);
    return error_new(ERROR_NOT_FOUND, "slot %s of the token \"%s\" holds no private key", slot,
                     token->label);
}

/* By the public key object, or the certificate. */
static struct error *read_public(struct apdu_channel *channel, struct pkcs11 *token,
                                 const char *slot, bool alone, EVP_PKEY **out)
{
    struct pkcs11_object object;
    struct error *error = pkcs11_find_object(channel, token, CKO_PUBLIC_KEY, slot, key_types,
                                             KEY_TYPE_COUNT, &object);
    if (error == NULL)
        error = public_from_object(token, &object, out);
    if (is_missing(&error))
        error = public_from_certificate(channel, token, slot, alone, out);
    return error;
}

/* ---- both -------------------------------------------------------------------------------- */

/* What is known without the public half; *found whether the private key is shown. */
static struct error *describe(struct apdu_channel *channel, struct pkcs11 *token, const char *slot,
                              struct app_key *out, struct pkcs11_object *object, bool *found)
{
    *out = (struct app_key){.uses = token->can | PKCS11_KNOWN};
    (void)stpcpy(out->slot, slot);
    struct error *error = pkcs11_find_object(channel, token, CKO_PRIVATE_KEY, slot, key_types,
                                             KEY_TYPE_COUNT, object);
    *found = error == NULL;
    if (*found) {
        keep_private_key(token, slot, object);
        out->uses = uses_of(token, object);
    }
    out->pin_policy = pkcs11_pin_policy(token, *found && token->always);
    return is_missing(&error) ? NULL : error;
}

struct error *pkcs11_describe_key(struct apdu_channel *channel, void *state, const char *slot,
                                  struct app_key *out)
{
    struct pkcs11 *token = state;
    struct pkcs11_object object;
    bool found;
    struct error *error = describe(channel, token, slot, out, &object, &found);
    if (error != NULL || found)
        return error;
    if (!pkcs11_hides(token))
        return nothing_there(token, slot);
    EVP_PKEY *public_key = NULL;
    error = read_public(channel, token, slot, true, &public_key);
    EVP_PKEY_free(public_key);
    return is_missing(&error) ? nothing_there(token, slot) : error;
}

struct error *pkcs11_read_key(struct apdu_channel *channel, void *state, const char *slot,
                              struct app_key *out)
{
    struct pkcs11 *token = state;
    struct pkcs11_object object;
    bool found;
    struct error *error = describe(channel, token, slot, out, &object, &found);
    if (error != NULL)
        return error;
    if (!found && !pkcs11_hides(token))
        return nothing_there(token, slot);
    if (found) /* RSA's private half has the public one in it; others may, too */
        error = public_from_object(token, &object, &out->public_key);
    if (!found || is_missing(&error))
        error = read_public(channel, token, slot, !found, &out->public_key);
    if (!found && is_missing(&error))
        error = nothing_there(token, slot);
    return error;
}

/* ---- what it can do ---------------------------------------------------------------------- */

static unsigned bit_for(enum card_mechanism mechanism)
{
    switch (mechanism) {
    case CARD_MECHANISM_RSA_RAW:
        return PKCS11_CAN_SIGN_RAW;
    case CARD_MECHANISM_RSA_PKCS1:
        return PKCS11_CAN_SIGN_RAW | PKCS11_CAN_SIGN_PKCS1;
    case CARD_MECHANISM_ECDSA:
        return PKCS11_CAN_SIGN_ECDSA;
    case CARD_MECHANISM_ED25519:
        return PKCS11_CAN_SIGN_EDDSA;
    case CARD_MECHANISM_RSA_DECRYPT:
        return PKCS11_CAN_DECRYPT_RAW;
    case CARD_MECHANISM_RSA_DECRYPT_PKCS1:
        return PKCS11_CAN_DECRYPT_PKCS1;
    case CARD_MECHANISM_ECDH:
    case CARD_MECHANISM_X25519:
        return PKCS11_CAN_DERIVE;
    }
    return 0;
}

static bool type_fits(const EVP_PKEY *key, enum card_mechanism mechanism)
{
    switch (mechanism) {
    case CARD_MECHANISM_ECDSA:
    case CARD_MECHANISM_ECDH:
        return EVP_PKEY_is_a(key, "EC");
    case CARD_MECHANISM_ED25519:
        return EVP_PKEY_is_a(key, "ED25519");
    case CARD_MECHANISM_X25519:
        return EVP_PKEY_is_a(key, "X25519");
    case CARD_MECHANISM_RSA_RAW:
    case CARD_MECHANISM_RSA_PKCS1:
    case CARD_MECHANISM_RSA_DECRYPT:
    case CARD_MECHANISM_RSA_DECRYPT_PKCS1:
        break;
    }
    return public_key_is_rsa(key);
}

/* Of a key whose token was not looked at yet, the kind alone tells. */
bool pkcs11_can(const struct app_key *key, enum card_mechanism mechanism)
{
    bool known = (key->uses & PKCS11_KNOWN) != 0;
    return type_fits(key->public_key, mechanism) &&
           (!known || (key->uses & bit_for(mechanism)) != 0);
}
