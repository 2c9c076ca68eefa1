/* SPDX-License-Identifier: BSD-2-Clause */
/* OpenPGP: the three keys, and what the card tells of them. Sections 4.4.3.6, 4.4.3.8, 7.2.14. */
#include "openpgp.h"
#include "public_key.h"

#include <string.h>

#define P1_READ 0x81 /* of command 47, 7.2.14 */

#define TAG_MODULUS  0x81
#define TAG_EXPONENT 0x82

/* DE, 4.4.3.8. */
#define KEY_NONE      0
#define KEY_GENERATED 1
#define KEY_IMPORTED  2

/* ---- public keys ------------------------------------------------------------------------- */

struct error *openpgp_key_pair(struct apdu_channel *channel, uint8_t p1, enum openpgp_slot slot,
                               struct buffer *answer, uint16_t *status)
{
    const uint8_t template[] = {openpgp_slot_template(slot), 0x00};
    struct apdu_command command = {
        0x00, OPENPGP_INS_GENERATE, p1, 0x00, template, sizeof(template), APDU_ANSWER_MAX};
    return apdu_exchange(channel, &command, answer, status);
}

static struct error *rsa_key(struct openpgp *openpgp, const struct openpgp_algorithm *algorithm,
                             const struct tlv *numbers, EVP_PKEY **out)
{
    struct tlv modulus;
    struct tlv exponent;
    struct error *error = tlv_require(numbers->value, numbers->length, TAG_MODULUS, &modulus);
    if (error == NULL)
        error = tlv_require(numbers->value, numbers->length, TAG_EXPONENT, &exponent);
    if (error == NULL)
        error = public_key_rsa(openpgp->libctx, modulus.value, modulus.length, exponent.value,
                               exponent.length, out);
    if (error == NULL && EVP_PKEY_get_bits(*out) != algorithm->bits) {
        EVP_PKEY_free(*out);
        *out = NULL;
        error = error_new(ERROR_CARD_ANSWER, "the card shows a key of another size than it says");
    }
    return error;
}

struct error *openpgp_public_key(struct openpgp *openpgp, enum openpgp_slot slot,
                                 const struct buffer *answer, EVP_PKEY **out)
{
    const struct openpgp_algorithm *algorithm = openpgp_algorithm_of(&openpgp->attributes[slot]);
    struct tlv key;
    struct tlv point;
    *out = NULL;
    if (algorithm == NULL)
        return error_new(ERROR_UNSUPPORTED, "the key in slot %s is of a kind not known here",
                         openpgp_slot_text(slot));
    struct error *error = tlv_require(answer->bytes, answer->length, OPENPGP_TAG_PUBLIC_KEY, &key);
    if (error == NULL && strcmp(algorithm->type, "RSA") == 0)
        return rsa_key(openpgp, algorithm, &key, out);
    if (error == NULL)
        error = tlv_require(key.value, key.length, OPENPGP_TAG_POINT, &point);
    if (error != NULL)
        return error;
    if (algorithm->curve != NULL)
        return public_key_ec(openpgp->libctx, algorithm->curve, point.value, point.length, out);
    return public_key_raw(openpgp->libctx, algorithm->type, point.value, point.length, out);
}

static struct error *empty(enum openpgp_slot slot)
{
    return error_new(ERROR_NOT_FOUND, "slot %s is empty", openpgp_slot_text(slot));
}

/* Has the card show the key, unless it did so since it was selected. */
static struct error *show(struct apdu_channel *channel, struct openpgp *openpgp,
                          enum openpgp_slot slot)
{
    struct buffer answer = {0};
    uint16_t status;
    if (openpgp->shown[slot] != NULL)
        return NULL;
    struct error *error = openpgp_key_pair(channel, P1_READ, slot, &answer, &status);
    if (error == NULL && (status == SW_REFERENCE_NOT_FOUND || status == SW_FILE_NOT_FOUND))
        error = empty(slot);
    else if (error == NULL && status != SW_SUCCESS)
        error = apdu_refused("to show a key", status);
    else if (error == NULL)
        error = openpgp_public_key(openpgp, slot, &answer, &openpgp->shown[slot]);
    buffer_clear(&answer);
    return error;
}

struct error *openpgp_compare_key(struct apdu_channel *channel, struct openpgp *openpgp,
                                  const struct app_key *key)
{
    enum openpgp_slot slot = openpgp_slot_of(key->slot);
    struct error *error = show(channel, openpgp, slot);
    if (error != NULL && error_code(error) != ERROR_NOT_FOUND)
        return error;
    if (error == NULL && public_key_equal(openpgp->shown[slot], key->public_key))
        return NULL;
    return error_wrap(error, ERROR_OTHER_KEY,
                      "slot %s holds another key than the one that was loaded: it was replaced, "
                      "load it again",
                      key->slot);
}

/* ---- what is in a slot ------------------------------------------------------------------- */

/* Only a signature may want the PIN each time: C4's first byte is 00 then, 4.4.3.4. */
static enum card_policy pin_policy(const struct openpgp *openpgp, enum openpgp_slot slot)
{
    return slot == OPENPGP_SIG && openpgp->status[0] == 0 ? CARD_POLICY_ALWAYS : CARD_POLICY_ONCE;
}

/* 00 off, 01 on, 02 on until the key goes; 03 and 04 the same with a touch that lasts for a
   while. */
static enum card_policy touch_policy(const struct openpgp *openpgp, enum openpgp_slot slot)
{
    static const enum card_policy policies[] = {CARD_POLICY_NEVER, CARD_POLICY_ALWAYS,
                                                CARD_POLICY_ALWAYS, CARD_POLICY_CACHED,
                                                CARD_POLICY_CACHED};
    uint8_t flag = openpgp->touch[slot];
    if (!openpgp->touch_told[slot] || flag >= sizeof(policies) / sizeof(policies[0]))
        return CARD_POLICY_DEFAULT;
    return policies[flag];
}

static enum card_origin origin(const struct openpgp *openpgp, enum openpgp_slot slot)
{
    if (!openpgp->keys_told)
        return CARD_ORIGIN_UNKNOWN;
    if (openpgp->keys[slot] == KEY_GENERATED)
        return CARD_ORIGIN_GENERATED;
    return openpgp->keys[slot] == KEY_IMPORTED ? CARD_ORIGIN_IMPORTED : CARD_ORIGIN_UNKNOWN;
}

struct error *openpgp_describe_key(struct apdu_channel *channel, void *state, const char *name,
                                   struct app_key *out)
{
    const struct openpgp *openpgp = state;
    enum openpgp_slot slot = openpgp_slot_of(name);
    (void)channel;
    *out = (struct app_key){.pin_policy = pin_policy(openpgp, slot),
                            .touch_policy = touch_policy(openpgp, slot),
                            .pin_use = slot == OPENPGP_SIG ? 0 : 1,
                            .origin = origin(openpgp, slot)};
    (void)stpcpy(out->slot, openpgp_slot_text(slot));
    struct error *error = openpgp_check_active(openpgp);
    if (error == NULL && openpgp->keys_told && openpgp->keys[slot] == KEY_NONE)
        error = empty(slot);
    return error;
}

struct error *openpgp_read_key(struct apdu_channel *channel, void *state, const char *name,
                               struct app_key *out)
{
    struct openpgp *openpgp = state;
    enum openpgp_slot slot = openpgp_slot_of(name);
    struct error *error = openpgp_describe_key(channel, state, name, out);
    if (error == NULL)
        error = show(channel, openpgp, slot);
    if (error == NULL && !EVP_PKEY_up_ref(openpgp->shown[slot]))
        error = error_no_memory();
    if (error == NULL)
        out->public_key = openpgp->shown[slot];
    return error;
}

/* All three: where one is empty is known without asking, and there may be a certificate. */
struct error *openpgp_slots_in_use(struct apdu_channel *channel, void *state,
                                   struct app_slot_list *out)
{
    struct error *error = openpgp_check_active(state);
    (void)channel;
    for (size_t i = 0; error == NULL && i < OPENPGP_SLOTS; i++)
        error = app_slot_list_add(out, openpgp_slot_text((enum openpgp_slot)i));
    return error;
}
