/* SPDX-License-Identifier: BSD-2-Clause */
/* PKCS #11: making keys. */
#include "pkcs11.h"

#include <openssl/asn1.h>
#include <openssl/objects.h>
#include <openssl/rand.h>
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
    {"secp256k1", PKCS11_CAN_GENERATE_EC, CKM_EC_KEY_PAIR_GEN, 0, NID_secp256k1},
    {"brainpoolP256r1", PKCS11_CAN_GENERATE_EC, CKM_EC_KEY_PAIR_GEN, 0, NID_brainpoolP256r1},
    {"brainpoolP384r1", PKCS11_CAN_GENERATE_EC, CKM_EC_KEY_PAIR_GEN, 0, NID_brainpoolP384r1},
    {"brainpoolP512r1", PKCS11_CAN_GENERATE_EC, CKM_EC_KEY_PAIR_GEN, 0, NID_brainpoolP512r1},
    {"Ed25519", PKCS11_CAN_GENERATE_EDWARDS, CKM_EC_EDWARDS_KEY_PAIR_GEN, 0, NID_ED25519},
};

static void add_all(const struct pkcs11 *token, struct card_algorithms *out)
{
    *out = (struct card_algorithms){.certain = false}; /* sizes and curves are not told */
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
        if ((token->can & algorithms[i].need) != 0)
            card_algorithms_add(out, algorithms[i].name);
}

static struct error *no_such_keys(const struct pkcs11 *token, const char *name, struct error *cause)
{
    char names[CARD_ALGORITHMS_TEXT_MAX];
    struct card_algorithms had;
    add_all(token, &had);
    card_algorithms_text(&had, names);
    return error_wrap(cause, ERROR_UNSUPPORTED,
                      "the token \"%s\" makes no %s keys; by what it says of itself it may make %s",
                      token->label, name, names);
}

static struct error *find_algorithm(const struct pkcs11 *token, const char *name,
                                    const struct algorithm **out)
{
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        *out = &algorithms[i];
        if (strcasecmp(name, algorithms[i].name) == 0 && (token->can & algorithms[i].need) != 0)
            return NULL;
    }
    return no_such_keys(token, name, NULL);
}

struct error *pkcs11_algorithms(struct apdu_channel *channel, void *state, const char *slot,
                                struct card_algorithms *out)
{
    (void)channel;
    (void)slot;
    add_all(state, out);
    return NULL;
}

/* ---- templates --------------------------------------------------------------------------- */

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
    pkcs11_put_identity(token, slot);
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
    pkcs11_put_identity(token, slot);
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
                                  const char *slot, bool overwrite, struct pkcs11_handles old[2])
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

/* PKCS #11 v2.40, 2.3.5 and 5.13: a curve, or a size, that the token does not have. */
static bool refuses_kind(CK_RV rv)
{
    return rv == CKR_CURVE_NOT_SUPPORTED || rv == CKR_DOMAIN_PARAMS_INVALID ||
           rv == CKR_KEY_SIZE_RANGE || rv == CKR_ATTRIBUTE_VALUE_INVALID;
}

static struct error *make_pair(struct apdu_channel *channel, struct pkcs11 *token,
                               const struct algorithm *algorithm, const char *slot, bool always)
{
    pkcs11_call_begin(token->call, WIRE_GENERATE);
    wire_put_number(&token->call->request, algorithm->mechanism);
    put_public_template(token, algorithm, slot);
    put_private_template(token, algorithm, slot, always);
    struct error *error = pkcs11_call_make(token->call, apdu_channel_transport(channel));
    if (error != NULL && refuses_kind(token->call->rv))
        error = no_such_keys(token, algorithm->name, error);
    return error;
}

struct error *pkcs11_generate_key(struct apdu_channel *channel, void *state, const char *slot,
                                  const struct card_generate_options *options, struct app_key *out)
{
    struct pkcs11 *token = state;
    const struct algorithm *algorithm;
    struct pkcs11_handles old[2] = {{NULL, 0}, {NULL, 0}};
    struct error *error = find_algorithm(token, options->algorithm, &algorithm);
    if (error == NULL)
        error = check_policies(options);
    if (error == NULL)
        error = look_for_old(channel, token, slot, options->overwrite, old);
    if (error == NULL)
        error =
            make_pair(channel, token, algorithm, slot, options->pin_policy == CARD_POLICY_ALWAYS);
    for (size_t i = 0; error == NULL && i < 2; i++)
        error = pkcs11_destroy(channel, token, &old[i]);
    if (error == NULL)
        error = pkcs11_read_key(channel, token, slot, out);
    free(old[0].handles);
    free(old[1].handles);
    return error;
}
