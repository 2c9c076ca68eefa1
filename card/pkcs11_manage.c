/* SPDX-License-Identifier: BSD-2-Clause */
/* PKCS #11: making keys, storing certificates, deleting both. */
#include "certificate.h"
#include "pkcs11.h"
#include "public_key.h"

#include <openssl/objects.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- slots ------------------------------------------------------------------------------- */

/* What is hidden before a login could have any number: so one that nobody has. */
struct error *pkcs11_free_slot(struct apdu_channel *channel, void *state, char slot[APP_SLOT_MAX])
{
    struct pkcs11 *token = state;
    uint8_t id[8];
    (void)channel;
    if (RAND_bytes_ex(token->libctx, id, sizeof(id), 0) != 1)
        return error_new(ERROR_INTERNAL, "no random numbers from libcrypto");
    for (size_t i = 0; i < sizeof(id); i++)
        (void)snprintf(slot + 2 * i, 3, "%02x", id[i]);
    return NULL;
}

/* Objects of a slot before something new came. */
struct old {
    CK_OBJECT_HANDLE *handles;
    size_t count;
};

static struct error *destroy_all(struct apdu_channel *channel, struct pkcs11 *token,
                                 const struct old *old)
{
    struct error *error = NULL;
    for (size_t i = 0; error == NULL && i < old->count; i++) {
        pkcs11_call_begin(token->call, WIRE_DESTROY);
        wire_put_number(&token->call->request, old->handles[i]);
        error = pkcs11_call_make(token->call, apdu_channel_transport(channel));
    }
    token->slot[0] = '\0';
    return error;
}

static struct error *destroy_class(struct apdu_channel *channel, struct pkcs11 *token,
                                   CK_OBJECT_CLASS class, const char *slot)
{
    struct old old;
    struct error *error =
        pkcs11_find_handles(channel, token, class, slot, &old.handles, &old.count);
    if (error == NULL)
        error = destroy_all(channel, token, &old);
    free(old.handles);
    return error;
}

struct error *pkcs11_delete_key(struct apdu_channel *channel, void *state, const char *slot)
{
    struct error *error = destroy_class(channel, state, CKO_PRIVATE_KEY, slot);
    if (error == NULL)
        error = destroy_class(channel, state, CKO_PUBLIC_KEY, slot);
    if (error == NULL)
        error = destroy_class(channel, state, CKO_CERTIFICATE, slot);
    return error;
}

struct error *pkcs11_delete_certificate(struct apdu_channel *channel, void *state, const char *slot)
{
    return destroy_class(channel, state, CKO_CERTIFICATE, slot);
}

/* ---- algorithms -------------------------------------------------------------------------- */

struct algorithm {
    const char *name;
    unsigned need; /* PKCS11_CAN_... */
    CK_MECHANISM_TYPE mechanism;
    CK_ULONG bits; /* of RSA */
    int curve;     /* NID */
};

static const struct algorithm algorithms[] = {
    {"RSA-2048", PKCS11_CAN_GENERATE_RSA, CKM_RSA_PKCS_KEY_PAIR_GEN, 2048, NID_undef},
    {"RSA-3072", PKCS11_CAN_GENERATE_RSA, CKM_RSA_PKCS_KEY_PAIR_GEN, 3072, NID_undef},
    {"RSA-4096", PKCS11_CAN_GENERATE_RSA, CKM_RSA_PKCS_KEY_PAIR_GEN, 4096, NID_undef},
    {"P-256", PKCS11_CAN_GENERATE_EC, CKM_EC_KEY_PAIR_GEN, 0, NID_X9_62_prime256v1},
    {"P-384", PKCS11_CAN_GENERATE_EC, CKM_EC_KEY_PAIR_GEN, 0, NID_secp384r1},
    {"P-521", PKCS11_CAN_GENERATE_EC, CKM_EC_KEY_PAIR_GEN, 0, NID_secp521r1},
    {"Ed25519", PKCS11_CAN_GENERATE_EDWARDS, CKM_EC_EDWARDS_KEY_PAIR_GEN, 0, NID_ED25519},
};

static struct error *find_algorithm(const struct pkcs11 *token, const char *name,
                                    const struct algorithm **out)
{
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        *out = &algorithms[i];
        if (strcasecmp(name, algorithms[i].name) == 0 && (token->can & algorithms[i].need) != 0)
            return NULL;
    }
    return error_new(ERROR_UNSUPPORTED, "the token \"%s\" makes no %s keys: it makes%s%s%s%s",
                     token->label, name,
                     token->can & PKCS11_CAN_GENERATE_RSA ? " RSA-2048, RSA-3072, RSA-4096" : "",
                     token->can & PKCS11_CAN_GENERATE_EC ? " P-256, P-384, P-521" : "",
                     token->can & PKCS11_CAN_GENERATE_EDWARDS ? " Ed25519" : "",
                     token->can & (PKCS11_CAN_GENERATE_RSA | PKCS11_CAN_GENERATE_EC |
                                   PKCS11_CAN_GENERATE_EDWARDS)
                         ? ""
                         : " none");
}

struct error *pkcs11_algorithms(struct apdu_channel *channel, void *state, const char *slot,
                                struct card_algorithms *out)
{
    const struct pkcs11 *token = state;
    (void)channel;
    (void)slot;
    *out = (struct card_algorithms){.certain = false}; /* sizes and curves are not told */
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
        if ((token->can & algorithms[i].need) != 0)
            out->names[out->count++] = algorithms[i].name;
    return NULL;
}

/* ---- templates --------------------------------------------------------------------------- */

static void put_identity(struct pkcs11 *token, const char *slot)
{
    uint8_t bytes[PKCS11_ID_MAX];
    const struct pkcs11_value id = pkcs11_slot_id(slot, bytes);
    pkcs11_put_truth(token, CKA_TOKEN, true);
    pkcs11_put_attribute(token, CKA_ID, id.bytes, id.length);
    pkcs11_put_attribute(token, CKA_LABEL, slot, strlen(slot));
}

static void put_curve(struct pkcs11 *token, int curve)
{
    uint8_t der[32];
    uint8_t *end = der;
    int length = i2d_ASN1_OBJECT(OBJ_nid2obj(curve), &end);
    pkcs11_put_attribute(token, CKA_EC_PARAMS, der, length < 0 ? 0 : (size_t)length);
}

static void put_public_template(struct pkcs11 *token, const struct algorithm *algorithm,
                                const char *slot)
{
    static const uint8_t exponent[] = {0x01, 0x00, 0x01};
    wire_put_number(&token->call->request, algorithm->bits > 0 ? 8 : 6);
    put_identity(token, slot);
    pkcs11_put_truth(token, CKA_PRIVATE, false);
    pkcs11_put_truth(token, CKA_VERIFY, true);
    if (algorithm->bits == 0) {
        put_curve(token, algorithm->curve);
        return;
    }
    pkcs11_put_truth(token, CKA_ENCRYPT, true);
    pkcs11_put_number(token, CKA_MODULUS_BITS, algorithm->bits);
    pkcs11_put_attribute(token, CKA_PUBLIC_EXPONENT, exponent, sizeof(exponent));
}

/* The key never leaves the token, and wants the PIN. */
static void put_private_template(struct pkcs11 *token, const struct algorithm *algorithm,
                                 const char *slot, bool always)
{
    bool second_use = algorithm->curve != NID_ED25519;
    wire_put_number(&token->call->request, 7U + second_use + always);
    put_identity(token, slot);
    pkcs11_put_truth(token, CKA_PRIVATE, true);
    pkcs11_put_truth(token, CKA_SENSITIVE, true);
    pkcs11_put_truth(token, CKA_EXTRACTABLE, false);
    pkcs11_put_truth(token, CKA_SIGN, true);
    if (second_use)
        pkcs11_put_truth(token, algorithm->bits > 0 ? CKA_DECRYPT : CKA_DERIVE, true);
    if (always)
        pkcs11_put_truth(token, CKA_ALWAYS_AUTHENTICATE, true);
}

/* ---- generation -------------------------------------------------------------------------- */

static struct error *check_policies(const struct card_generate_options *options)
{
    if (options->touch_policy != CARD_POLICY_DEFAULT && options->touch_policy != CARD_POLICY_NEVER)
        return error_new(ERROR_UNSUPPORTED, "PKCS #11 has no touch policies");
    if (options->pin_policy == CARD_POLICY_NEVER || options->pin_policy == CARD_POLICY_CACHED)
        return error_new(ERROR_UNSUPPORTED, "keys on PKCS #11 tokens want the PIN once or always");
    return NULL;
}

/* The slot's keys, which have to be none unless they are to be replaced. */
static struct error *look_for_old(struct apdu_channel *channel, struct pkcs11 *token,
                                  const char *slot, bool overwrite, struct old old[2])
{
    struct error *error =
        pkcs11_find_handles(channel, token, CKO_PRIVATE_KEY, slot, &old[0].handles, &old[0].count);
    if (error == NULL)
        error = pkcs11_find_handles(channel, token, CKO_PUBLIC_KEY, slot, &old[1].handles,
                                    &old[1].count);
    if (error == NULL && !overwrite && (old[0].count > 0 || old[1].count > 0))
        error = error_new(ERROR_ARGUMENT,
                          "slot %s is in use: choose another, or have its key overwritten", slot);
    return error;
}

static struct error *make_pair(struct apdu_channel *channel, struct pkcs11 *token,
                               const struct algorithm *algorithm, const char *slot, bool always)
{
    pkcs11_call_begin(token->call, WIRE_GENERATE);
    wire_put_number(&token->call->request, algorithm->mechanism);
    put_public_template(token, algorithm, slot);
    put_private_template(token, algorithm, slot, always);
    return pkcs11_call_make(token->call, apdu_channel_transport(channel));
}

struct error *pkcs11_generate_key(struct apdu_channel *channel, void *state, const char *slot,
                                  const struct card_generate_options *options, struct app_key *out)
{
    struct pkcs11 *token = state;
    const struct algorithm *algorithm;
    struct old old[2] = {{NULL, 0}, {NULL, 0}};
    struct error *error = find_algorithm(token, options->algorithm, &algorithm);
    if (error == NULL)
        error = check_policies(options);
    if (error == NULL)
        error = look_for_old(channel, token, slot, options->overwrite, old);
    if (error == NULL)
        error =
            make_pair(channel, token, algorithm, slot, options->pin_policy == CARD_POLICY_ALWAYS);
    for (size_t i = 0; error == NULL && i < 2; i++)
        error = destroy_all(channel, token, &old[i]);
    if (error == NULL)
        error = pkcs11_read_key(channel, token, slot, out);
    free(old[0].handles);
    free(old[1].handles);
    return error;
}

/* ---- certificates ------------------------------------------------------------------------ */

static struct error *check_fits(struct apdu_channel *channel, struct pkcs11 *token,
                                const char *slot, const uint8_t *der, size_t length)
{
    EVP_PKEY *certified = NULL;
    struct app_key key = {0};
    struct error *error = certificate_public_key(token->libctx, der, length, &certified);
    if (error != NULL)
        return error_wrap(error, ERROR_ARGUMENT, "not a certificate that a token can hold");
    error = pkcs11_read_key(channel, token, slot, &key);
    if (error == NULL && !public_key_equal(key.public_key, certified))
        error = error_new(ERROR_OTHER_KEY,
                          "the certificate is for another key than the one in slot %s", slot);
    EVP_PKEY_free(key.public_key);
    EVP_PKEY_free(certified);
    return error;
}

/* Room for a name's or a number's DER; freed with free(). */
static void put_der(struct pkcs11 *token, CK_ATTRIBUTE_TYPE type, uint8_t *der, int length)
{
    pkcs11_put_attribute(token, type, der, length < 0 ? 0 : (size_t)length);
    OPENSSL_free(der);
}

/* PKCS #11 v2.40, 4.6.3. */
static struct error *put_certificate(struct pkcs11 *token, const char *slot, const uint8_t *der,
                                     size_t length)
{
    const uint8_t *end = der;
    uint8_t *subject = NULL, *issuer = NULL, *number = NULL;
    X509 *certificate = d2i_X509(NULL, &end, (long)length);
    if (certificate == NULL)
        return error_new(ERROR_ARGUMENT, "not a certificate");
    wire_put_number(&token->call->request, 10);
    pkcs11_put_number(token, CKA_CLASS, CKO_CERTIFICATE);
    pkcs11_put_number(token, CKA_CERTIFICATE_TYPE, CKC_X_509);
    put_identity(token, slot);
    pkcs11_put_truth(token, CKA_PRIVATE, false);
    int size = i2d_X509_NAME(X509_get_subject_name(certificate), &subject);
    put_der(token, CKA_SUBJECT, subject, size);
    size = i2d_X509_NAME(X509_get_issuer_name(certificate), &issuer);
    put_der(token, CKA_ISSUER, issuer, size);
    size = i2d_ASN1_INTEGER(X509_get0_serialNumber(certificate), &number);
    put_der(token, CKA_SERIAL_NUMBER, number, size);
    pkcs11_put_attribute(token, CKA_VALUE, der, length);
    X509_free(certificate);
    return NULL;
}

struct error *pkcs11_store_certificate(struct apdu_channel *channel, void *state, const char *slot,
                                       const uint8_t *der, size_t length)
{
    struct pkcs11 *token = state;
    struct old old = {NULL, 0};
    struct error *error = check_fits(channel, token, slot, der, length);
    if (error == NULL)
        error =
            pkcs11_find_handles(channel, token, CKO_CERTIFICATE, slot, &old.handles, &old.count);
    if (error == NULL) {
        pkcs11_call_begin(token->call, WIRE_CREATE);
        error = put_certificate(token, slot, der, length);
    }
    if (error == NULL)
        error = pkcs11_call_make(token->call, apdu_channel_transport(channel));
    if (error == NULL)
        error = destroy_all(channel, token, &old);
    free(old.handles);
    return error;
}
