/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * OpenPGP: deleting keys. There is no command for it; but other attributes make a key no key
 * (4.4.3.9), and attributes that are as they were do not bring it back.
 */
#include "openpgp.h"

#include <string.h>

#define P1_READ 0x81 /* of command 47, 7.2.14 */

/* Sets attributes of whatever other kind the card takes. */
static struct error *set_others(struct apdu_channel *channel, struct openpgp *openpgp,
                                enum openpgp_slot slot)
{
    const struct openpgp_algorithm *now = openpgp_algorithm_of(&openpgp->attributes[slot]);
    const struct openpgp_algorithm *algorithm;
    struct error *error = NULL;
    for (size_t i = 0; (algorithm = openpgp_algorithm_at(i)) != NULL; i++) {
        struct openpgp_attributes attributes;
        if (algorithm == now || openpgp_algorithm_kind(slot, algorithm) == 0)
            continue;
        error_free(error);
        error = openpgp_find_attributes(channel, openpgp, slot, algorithm, &attributes);
        if (error == NULL)
            error = openpgp_set_attributes(channel, openpgp, slot, &attributes);
        if (error == NULL || error_code(error) != ERROR_UNSUPPORTED)
            return error;
    }
    return error != NULL ? error : error_new(ERROR_UNSUPPORTED, "the card has no other keys");
}

static struct error *check_gone(struct apdu_channel *channel, enum openpgp_slot slot)
{
    struct buffer answer = {0};
    uint16_t status = 0;
    struct error *error = openpgp_key_pair(channel, P1_READ, slot, &answer, &status);
    buffer_clear(&answer);
    if (error == NULL && status == SW_SUCCESS)
        error = error_new(ERROR_UNSUPPORTED, "this card keeps its keys whatever their attributes: "
                                             "only a reset deletes them");
    return error;
}

/* For GnuPG, a key that is not there has neither. */
static struct error *clear_fingerprint(struct apdu_channel *channel, enum openpgp_slot slot)
{
    static const uint8_t zeros[OPENPGP_FINGERPRINT_SIZE];
    struct error *error = openpgp_put_data(channel, (uint16_t)(OPENPGP_DO_FINGERPRINT + slot),
                                           zeros, sizeof(zeros), NULL);
    return error != NULL
               ? error
               : openpgp_put_data(channel, (uint16_t)(OPENPGP_DO_TIME + slot), zeros, 4, NULL);
}

struct error *openpgp_wipe_key(struct apdu_channel *channel, struct openpgp *openpgp,
                               enum openpgp_slot slot)
{
    struct openpgp_attributes before = openpgp->attributes[slot];
    struct error *error = NULL;
    if (!openpgp->attributes_changeable)
        error = error_new(ERROR_UNSUPPORTED,
                          "this card deletes no keys: only a reset of all of it does");
    if (error == NULL)
        error = set_others(channel, openpgp, slot);
    if (error == NULL)
        error = openpgp_set_attributes(channel, openpgp, slot, &before);
    if (error == NULL)
        error = check_gone(channel, slot);
    return error != NULL ? error : clear_fingerprint(channel, slot);
}

struct error *openpgp_delete_key(struct apdu_channel *channel, void *state, const char *name)
{
    struct app_key key = {0};
    struct error *error = openpgp_read_key(channel, state, name, &key);
    EVP_PKEY_free(key.public_key);
    if (error != NULL &&
        (error_code(error) == ERROR_CARD_ANSWER || error_code(error) == ERROR_UNSUPPORTED)) {
        error_free(error); /* what cannot be read goes all the same */
        error = openpgp_check_active(state);
    }
    return error != NULL ? error : openpgp_wipe_key(channel, state, openpgp_slot_of(name));
}
