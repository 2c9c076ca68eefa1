/* SPDX-License-Identifier: BSD-2-Clause */
/* PIV keys: what is in a slot, and how a card says so. */
#include "certificate.h"
#include "piv.h"
#include "public_key.h"

#include <string.h>

/* Yubico's metadata. */
#define TAG_ALGORITHM  0x01
#define TAG_POLICY     0x02 /* PIN policy, touch policy */
#define TAG_ORIGIN     0x03 /* 1 generated, 2 imported */
#define TAG_PUBLIC_KEY 0x04
#define TAG_FACTORY    0x05 /* 1: as every new card has it */
#define TAG_TRIES      0x06 /* of how many, left */

/* Public key data objects, SP 800-73-4 part 2, table 11. */
#define TAG_MODULUS  0x81
#define TAG_EXPONENT 0x82
#define TAG_POINT    0x86

/* A byte of a data object, or `otherwise` where it is not there. */
static struct error *find_byte(const struct buffer *bytes, uint8_t tag, size_t at,
                               uint8_t otherwise, uint8_t *out)
{
    struct tlv object;
    bool found;
    struct error *error = tlv_find(bytes->bytes, bytes->length, tag, &object, &found);
    *out = error == NULL && found && object.length > at ? object.value[at] : otherwise;
    return error;
}

/* What is not said of a secret stays unknown. */
static struct error *take_state(struct piv_metadata *out)
{
    const uint8_t not_said = 0xFF;
    uint8_t factory;
    struct tlv tries;
    bool found = false;
    struct error *error = find_byte(&out->bytes, TAG_FACTORY, 0, not_said, &factory);
    if (error == NULL && factory != not_said)
        out->factory = factory == 0 ? CARD_NO : CARD_YES;
    if (error == NULL)
        error = tlv_find(out->bytes.bytes, out->bytes.length, TAG_TRIES, &tries, &found);
    if (error == NULL && found && tries.length == 2) {
        out->tries_limit = tries.value[0];
        out->tries_left = tries.value[1];
    }
    return error;
}

static struct error *take_metadata(struct piv_metadata *out)
{
    struct tlv key;
    bool found = false;
    uint8_t origin = 0;
    struct error *error = find_byte(&out->bytes, TAG_ALGORITHM, 0, 0, &out->algorithm);
    if (error == NULL)
        error = find_byte(&out->bytes, TAG_POLICY, 0, 0, &out->pin_policy);
    if (error == NULL)
        error = find_byte(&out->bytes, TAG_POLICY, 1, 0, &out->touch_policy);
    if (error == NULL)
        error = find_byte(&out->bytes, TAG_ORIGIN, 0, 0, &origin);
    if (origin == 1 || origin == 2)
        out->origin = origin == 1 ? CARD_ORIGIN_GENERATED : CARD_ORIGIN_IMPORTED;
    if (error == NULL)
        error = tlv_find(out->bytes.bytes, out->bytes.length, TAG_PUBLIC_KEY, &key, &found);
    if (error == NULL && found) {
        out->public_key = key.value;
        out->public_key_length = key.length;
    }
    return error != NULL ? error : take_state(out);
}

/*
 * A card that knows metadata answers for a slot with success, or that nothing is there. Anything
 * else, the first time (which comes right after SELECT), says that it does not know the
 * instruction; cards have many ways of saying so.
 */
static void learn_extension(struct piv *piv, uint16_t status)
{
    if (piv->metadata == PIV_NOT_TRIED)
        piv->metadata =
            status == SW_SUCCESS || status == SW_REFERENCE_NOT_FOUND ? PIV_PRESENT : PIV_ABSENT;
}

struct error *piv_read_metadata(struct apdu_channel *channel, struct piv *piv, uint8_t reference,
                                struct piv_metadata *out, uint16_t *status)
{
    /* An RSA key's metadata are more than 256 bytes. */
    bool is_key = reference != PIV_PIN && reference != PIV_PUK && reference != PIV_MANAGEMENT;
    struct apdu_command command = {0x00, PIV_INS_GET_METADATA,          0x00, reference, NULL,
                                   0,    is_key ? APDU_ANSWER_MAX : 256};
    *out = (struct piv_metadata){.tries_left = -1, .tries_limit = -1};
    struct error *error = apdu_exchange(channel, &command, &out->bytes, status);
    if (error != NULL)
        return error;
    learn_extension(piv, *status);
    return *status == SW_SUCCESS ? take_metadata(out) : NULL;
}

/* ---- public keys ------------------------------------------------------------------------- */

static struct error *rsa_key(struct piv *piv, const struct piv_algorithm *algorithm,
                             const uint8_t *bytes, size_t length, EVP_PKEY **out)
{
    struct tlv modulus;
    struct tlv exponent;
    struct error *error = tlv_require(bytes, length, TAG_MODULUS, &modulus);
    if (error == NULL)
        error = tlv_require(bytes, length, TAG_EXPONENT, &exponent);
    if (error == NULL)
        error = public_key_rsa(piv->libctx, modulus.value, modulus.length, exponent.value,
                               exponent.length, out);
    if (error == NULL && EVP_PKEY_get_bits(*out) != algorithm->bits) {
        EVP_PKEY_free(*out);
        *out = NULL;
        error = error_new(ERROR_CARD_ANSWER, "the card shows a key of another size than it says");
    }
    return error;
}

struct error *piv_public_key(struct piv *piv, const struct piv_algorithm *algorithm,
                             const uint8_t *bytes, size_t length, EVP_PKEY **out)
{
    struct tlv point;
    *out = NULL;
    if (strcmp(algorithm->type, "RSA") == 0)
        return rsa_key(piv, algorithm, bytes, length, out);
    struct error *error = tlv_require(bytes, length, TAG_POINT, &point);
    if (error != NULL)
        return error;
    if (algorithm->curve != NULL)
        return public_key_ec(piv->libctx, algorithm->curve, point.value, point.length, out);
    return public_key_raw(piv->libctx, algorithm->type, point.value, point.length, out);
}

/* ---- what is in a slot ------------------------------------------------------------------- */

/* SP 800-73-4 part 1, table 4b: 9C wants the PIN right before each use, 9E never, the others after
   it was verified once. */
enum card_policy piv_slot_pin_policy(uint8_t reference)
{
    if (reference == 0x9C)
        return CARD_POLICY_ALWAYS;
    return reference == 0x9E ? CARD_POLICY_NEVER : CARD_POLICY_ONCE;
}

/* Yubico's PIN policies: 01 never, 02 once, 03 always; 04 and 05 are once and always by
   fingerprint, where the PIN does as well. */
static enum card_policy decode_pin_policy(uint8_t policy, uint8_t reference)
{
    static const enum card_policy policies[] = {CARD_POLICY_DEFAULT, CARD_POLICY_NEVER,
                                                CARD_POLICY_ONCE,    CARD_POLICY_ALWAYS,
                                                CARD_POLICY_ONCE,    CARD_POLICY_ALWAYS};
    if (policy == 0 || policy >= sizeof(policies) / sizeof(policies[0]))
        return piv_slot_pin_policy(reference);
    return policies[policy];
}

static enum card_policy decode_touch_policy(uint8_t policy)
{
    static const enum card_policy policies[] = {CARD_POLICY_DEFAULT, CARD_POLICY_NEVER,
                                                CARD_POLICY_ALWAYS, CARD_POLICY_CACHED};
    return policy < sizeof(policies) / sizeof(policies[0]) ? policies[policy] : CARD_POLICY_DEFAULT;
}

static struct error *key_from_metadata(struct piv *piv, const struct piv_slot *slot,
                                       const struct piv_metadata *metadata, struct app_key *out)
{
    const struct piv_algorithm *algorithm = piv_algorithm_by_id(metadata->algorithm);
    if (metadata->algorithm == 0)
        return error_new(ERROR_CARD_ANSWER, "the card does not tell what kind of key slot %s holds",
                         slot->name);
    if (algorithm == NULL)
        return error_new(ERROR_UNSUPPORTED, "slot %s holds a key of a kind not known here (%02X)",
                         slot->name, metadata->algorithm);
    out->pin_policy = decode_pin_policy(metadata->pin_policy, slot->reference);
    out->touch_policy = decode_touch_policy(metadata->touch_policy);
    out->origin = metadata->origin;
    if (metadata->public_key == NULL)
        return NULL; /* the certificate has to tell */
    return piv_public_key(piv, algorithm, metadata->public_key, metadata->public_key_length,
                          &out->public_key);
}

/* Leaves the public key NULL where metadata do not tell it. */
static struct error *read_by_metadata(struct apdu_channel *channel, struct piv *piv,
                                      const struct piv_slot *slot, struct app_key *out)
{
    struct piv_metadata metadata;
    uint16_t status;
    struct error *error = piv_read_metadata(channel, piv, slot->reference, &metadata, &status);
    if (error == NULL && status == SW_SUCCESS)
        error = key_from_metadata(piv, slot, &metadata, out);
    else if (error == NULL && status == SW_REFERENCE_NOT_FOUND)
        error = error_new(ERROR_NOT_FOUND, "slot %s is empty", slot->name);
    else if (error == NULL && piv->metadata == PIV_PRESENT)
        error = apdu_refused("telling about a key", status);
    buffer_clear(&metadata.bytes);
    return error;
}

static struct error *read_by_certificate(struct apdu_channel *channel, struct piv *piv,
                                         const struct piv_slot *slot, struct app_key *out)
{
    struct buffer der = {0};
    struct error *error = piv_read_certificate(channel, piv, slot->name, &der);
    if (error == NULL)
        error = certificate_public_key(piv->libctx, der.bytes, der.length, &out->public_key);
    else if (error_code(error) == ERROR_NOT_FOUND)
        error =
            error_wrap(error, ERROR_NOT_FOUND,
                       "slot %s is empty, or holds a key whose public half cannot be read (this "
                       "card shows it in a certificate only: store one for the key)",
                       slot->name);
    buffer_clear(&der);
    return error;
}

/* What is known of a slot's key before the card is asked. */
static void start_key(const struct piv_slot *slot, struct app_key *out)
{
    *out = (struct app_key){.pin_policy = piv_slot_pin_policy(slot->reference)};
    (void)stpcpy(out->slot, slot->name);
}

/* A card without metadata keeps a key to itself until there is a certificate for it. */
struct error *piv_describe_key(struct apdu_channel *channel, void *state, const char *name,
                               struct app_key *out)
{
    const struct piv *piv = state;
    (void)channel;
    start_key(piv_slot_find(name), out);
    return piv->metadata == PIV_ABSENT ? NULL
                                       : error_new(ERROR_NOT_FOUND, "slot %s is empty", out->slot);
}

struct error *piv_read_key(struct apdu_channel *channel, void *state, const char *name,
                           struct app_key *out)
{
    struct piv *piv = state;
    const struct piv_slot *slot = piv_slot_find(name);
    struct error *error = NULL;
    start_key(slot, out);
    if (piv->metadata != PIV_ABSENT)
        error = read_by_metadata(channel, piv, slot, out);
    if (error == NULL && out->public_key == NULL)
        error = read_by_certificate(channel, piv, slot, out);
    return error;
}
