/* SPDX-License-Identifier: BSD-2-Clause */
/* OpenPGP: making keys. Sections 4.4.3.9 and 7.2.14. */
#include "openpgp.h"
#include "public_key.h"

#include <string.h>
#include <time.h>

#define P1_GENERATE 0x80 /* of command 47, 7.2.14 */

#define KEY_GENERATED   1    /* DE, 4.4.3.8 */
#define TOUCH_BY_BUTTON 0x20 /* second byte of D6 to D8, 4.4.3.6 */

/* ---- whether it may be done -------------------------------------------------------------- */

static struct error *is_free(struct apdu_channel *channel, struct openpgp *openpgp,
                             enum openpgp_slot slot, bool *out)
{
    struct app_key key = {0};
    struct error *error = openpgp_read_key(channel, openpgp, openpgp_slot_text(slot), &key);
    EVP_PKEY_free(key.public_key);
    *out = error != NULL && error_code(error) == ERROR_NOT_FOUND;
    if (error == NULL || *out || error_code(error) == ERROR_UNSUPPORTED ||
        error_code(error) == ERROR_CARD_ANSWER) {
        error_free(error); /* there is a key, whatever it is */
        error = NULL;
    }
    return error;
}

/* A card has one key of each kind. What a lost decryption key would decrypt is lost as well. */
static struct error *check_free(struct apdu_channel *channel, struct openpgp *openpgp,
                                enum openpgp_slot slot, bool overwrite)
{
    bool found = false;
    struct error *error = is_free(channel, openpgp, slot, &found);
    if (error != NULL || found || (overwrite && slot != OPENPGP_DEC))
        return error;
    if (slot == OPENPGP_DEC)
        return error_new(ERROR_ARGUMENT,
                         "slot dec is in use, and a decryption key is not overwritten at all: what "
                         "was encrypted for it could never be read again; delete it first if you "
                         "are sure");
    return error_new(ERROR_ARGUMENT,
                     "slot %s is in use, and an OpenPGP card has one key of each kind: choose "
                     "another slot, or have the key overwritten",
                     openpgp_slot_text(slot));
}

/* The PIN's policy is the slot's. */
static struct error *check_policies(const struct openpgp *openpgp, enum openpgp_slot slot,
                                    const struct card_generate_options *options,
                                    const struct app_key *described)
{
    if (options->pin_policy != CARD_POLICY_DEFAULT && options->pin_policy != described->pin_policy)
        return error_new(ERROR_UNSUPPORTED,
                         "how often the PIN is wanted is the slot's own affair on an OpenPGP card: "
                         "slot %s wants it %s",
                         openpgp_slot_text(slot),
                         described->pin_policy == CARD_POLICY_ALWAYS ? "for each signature"
                                                                     : "once");
    if (options->touch_policy != CARD_POLICY_DEFAULT && !openpgp->touch_told[slot])
        return error_new(ERROR_UNSUPPORTED, "this card has nothing to touch");
    return NULL;
}

struct error *openpgp_free_slot(struct apdu_channel *channel, void *state, char slot[APP_SLOT_MAX])
{
    static const enum openpgp_slot signing[] = {OPENPGP_SIG, OPENPGP_AUT};
    for (size_t i = 0; i < sizeof(signing) / sizeof(signing[0]); i++) {
        bool found = false;
        struct error *error = openpgp_check_active(state);
        if (error == NULL)
            error = is_free(channel, state, signing[i], &found);
        if (error != NULL)
            return error;
        if (!found)
            continue;
        (void)stpcpy(slot, openpgp_slot_text(signing[i]));
        return NULL;
    }
    return error_new(ERROR_NOT_FOUND,
                     "neither slot sig nor slot aut is free: delete a key, or name "
                     "the slot whose key may be overwritten");
}

/* ---- doing it ---------------------------------------------------------------------------- */

static struct error *generate_refused(const struct openpgp_algorithm *algorithm, uint16_t status)
{
    struct error *error = apdu_refused("to make a key", status);
    if (status == SW_SECURITY_STATUS)
        return error_wrap(error, ERROR_DENIED, "the card wants its admin PIN");
    if (status == SW_WRONG_DATA || status == SW_FUNCTION_NOT_SUPPORTED ||
        status == SW_CONDITIONS_OF_USE)
        return error_wrap(error, ERROR_UNSUPPORTED, "this card cannot make a key of the kind %s",
                          algorithm->name);
    return error;
}

static void put_number(uint32_t number, uint8_t out[4])
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(number >> (24 - 8 * i));
}

/* What GnuPG looks for beside a key: the time it was made at, and its fingerprint. */
static struct error *put_fingerprint(struct apdu_channel *channel, const struct openpgp *openpgp,
                                     enum openpgp_slot slot, const EVP_PKEY *key)
{
    uint32_t now = (uint32_t)time(NULL);
    uint8_t fingerprint[OPENPGP_FINGERPRINT_SIZE];
    uint8_t number[4];
    put_number(now, number);
    struct error *error = openpgp_fingerprint(openpgp, slot, key, now, fingerprint);
    if (error == NULL)
        error = openpgp_put_data(channel, (uint16_t)(OPENPGP_DO_TIME + slot), number,
                                 sizeof(number), NULL);
    return error != NULL ? error
                         : openpgp_put_data(channel, (uint16_t)(OPENPGP_DO_FINGERPRINT + slot),
                                            fingerprint, sizeof(fingerprint), NULL);
}

static struct error *put_touch(struct apdu_channel *channel, enum openpgp_slot slot,
                               enum card_policy policy)
{
    uint8_t flag = policy == CARD_POLICY_ALWAYS ? 0x01 : policy == CARD_POLICY_CACHED ? 0x03 : 0x00;
    const uint8_t value[] = {flag, TOUCH_BY_BUTTON};
    if (policy == CARD_POLICY_DEFAULT)
        return NULL;
    return openpgp_put_data(channel, (uint16_t)(OPENPGP_DO_TOUCH + slot), value, sizeof(value),
                            NULL);
}

/* *made tells whether there is a new key on the card, also where what followed failed. */
static struct error *generate(struct apdu_channel *channel, struct openpgp *openpgp,
                              enum openpgp_slot slot, const struct card_generate_options *options,
                              bool *made, EVP_PKEY **out)
{
    struct buffer answer = {0};
    uint16_t status = 0;
    struct error *error = put_touch(channel, slot, options->touch_policy);
    if (error == NULL)
        error = openpgp_key_pair(channel, P1_GENERATE, slot, &answer, &status);
    if (error == NULL && status != SW_SUCCESS)
        error = generate_refused(openpgp_algorithm_named(options->algorithm), status);
    *made = status == SW_SUCCESS;
    if (error == NULL)
        error = openpgp_public_key(openpgp, slot, &answer, out);
    if (error == NULL)
        error = put_fingerprint(channel, openpgp, slot, *out);
    buffer_clear(&answer);
    return error;
}

/* Nothing is left of what failed, where the card can delete: attributes that change delete a key,
   too. Takes `error` and returns it. */
static struct error *undo(struct apdu_channel *channel, struct openpgp *openpgp,
                          enum openpgp_slot slot, const struct openpgp_attributes *before,
                          bool made, struct error *error)
{
    struct error *second = NULL;
    if (!openpgp_attributes_equal(before, &openpgp->attributes[slot]))
        second = openpgp_set_attributes(channel, openpgp, slot, before);
    else if (made)
        second = openpgp_wipe_key(channel, openpgp, slot);
    if (second != NULL)
        error = error_wrap(error, error_code(error),
                           made ? "a key was made in slot %s that is of no use, and is there still"
                                : "slot %s is set to the new kind of key still",
                           openpgp_slot_text(slot));
    error_free(second);
    return error;
}

static struct error *make(struct apdu_channel *channel, struct openpgp *openpgp,
                          enum openpgp_slot slot, const struct openpgp_attributes *attributes,
                          const struct card_generate_options *options, struct app_key *out)
{
    struct openpgp_attributes before = openpgp->attributes[slot];
    bool made = false;
    struct error *error = openpgp_set_attributes(channel, openpgp, slot, attributes);
    if (error != NULL)
        return error;
    error = generate(channel, openpgp, slot, options, &made, &out->public_key);
    EVP_PKEY_free(openpgp->shown[slot]);
    openpgp->shown[slot] = NULL;
    if (error == NULL) {
        openpgp->keys[slot] = KEY_GENERATED;
        return NULL;
    }
    EVP_PKEY_free(out->public_key);
    out->public_key = NULL;
    return undo(channel, openpgp, slot, &before, made, error);
}

struct error *openpgp_generate_key(struct apdu_channel *channel, void *state, const char *name,
                                   const struct card_generate_options *options, struct app_key *out)
{
    struct openpgp *openpgp = state;
    enum openpgp_slot slot = openpgp_slot_of(name);
    const struct openpgp_algorithm *algorithm =
        options->algorithm == NULL ? NULL : openpgp_algorithm_named(options->algorithm);
    struct openpgp_attributes attributes;
    struct error *described = openpgp_describe_key(channel, state, name, out);
    struct error *error = openpgp_check_active(openpgp);
    error_free(described); /* an empty slot is what is wanted */
    if (error == NULL && (algorithm == NULL || openpgp_algorithm_kind(slot, algorithm) == 0))
        error = openpgp_no_such_keys(channel, openpgp, slot,
                                     options->algorithm == NULL ? "" : options->algorithm, NULL);
    if (error == NULL)
        error = check_policies(openpgp, slot, options, out);
    if (error == NULL)
        error = check_free(channel, openpgp, slot, options->overwrite);
    if (error == NULL)
        error = openpgp_find_attributes(channel, openpgp, slot, algorithm, &attributes);
    if (error == NULL)
        error = make(channel, openpgp, slot, &attributes, options, out);
    if (error != NULL)
        return error;
    out->origin = CARD_ORIGIN_GENERATED;
    if (options->touch_policy != CARD_POLICY_DEFAULT)
        out->touch_policy = options->touch_policy;
    return NULL;
}
