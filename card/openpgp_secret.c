/* SPDX-License-Identifier: BSD-2-Clause */
/* OpenPGP: what is known of PIN, resetting code and admin PIN, and changing them. Sections 4.3,
   7.2.3, 7.2.4. */
#include "openpgp.h"

#include <string.h>

/* C4: bytes 1 to 3 are the longest of each, bytes 4 to 6 the tries. */
#define STATUS_LENGTH 1
#define STATUS_TRIES  4

#define PASSWORD_MAX 127

/* RESET RETRY COUNTER, 7.2.4: after the resetting code, or after VERIFY of PW3. */
#define P1_BY_CODE  0x00
#define P1_BY_ADMIN 0x02

/* ---- information ------------------------------------------------------------------------- */

enum openpgp_password openpgp_password_of(enum card_secret which)
{
    if (which == CARD_SECRET_PIN)
        return OPENPGP_PW1;
    return which == CARD_SECRET_PUK ? OPENPGP_RESETTING_CODE : OPENPGP_ADMIN;
}

/* A card with a KDF gets hashes, and does not care how long the password is. */
static size_t longest(const struct openpgp *openpgp, enum openpgp_password which)
{
    size_t most = openpgp->status[STATUS_LENGTH + which] & 0x7F;
    return openpgp->kdf.active ? PASSWORD_MAX : most;
}

struct error *openpgp_secret_info(struct apdu_channel *channel, void *state, enum card_secret which,
                                  struct card_secret_info *out)
{
    struct openpgp *openpgp = state;
    enum openpgp_password password = openpgp_password_of(which);
    struct error *error = openpgp_know_status(channel, openpgp);
    if (error == NULL)
        error = openpgp_learn_kdf(channel, openpgp);
    if (error != NULL)
        return error;
    out->name = openpgp_password_name(password);
    out->tries_left = openpgp->status[STATUS_TRIES + password];
    out->tries_counted = true;
    /* Without any try there is no resetting code, or not any more: the card does not say which. */
    out->set = password == OPENPGP_RESETTING_CODE && out->tries_left == 0 ? CARD_NO : CARD_YES;
    out->minimum = password == OPENPGP_PW1 ? 6 : 8;
    out->maximum = longest(openpgp, password);
    out->characters = CARD_CHARACTERS_ANY;
    out->changed_by = password == OPENPGP_PW1 ? CARD_SECRET_PIN : CARD_SECRET_ADMIN;
    out->unblocks = password != OPENPGP_PW1;
    return NULL;
}

/* ---- changes ----------------------------------------------------------------------------- */

/* `first` (NULL: none) and `second`, as the card wants them, one after the other. */
static struct error *join(struct secret *first, struct secret *second, struct secret **out)
{
    size_t length = first == NULL ? 0 : secret_length(first);
    struct error *error = secret_new(NULL, length + secret_length(second), out);
    if (error != NULL)
        return error;
    if (first != NULL)
        memcpy(secret_bytes(*out), secret_bytes(first), length);
    memcpy(secret_bytes(*out) + length, secret_bytes(second), secret_length(second));
    return NULL;
}

/* `proof` is what a refusal is about. */
static struct error *take_status(struct apdu_channel *channel, struct openpgp *openpgp,
                                 uint16_t status, enum openpgp_password proof, int *tries_left)
{
    if (status == SW_SUCCESS)
        return NULL;
    if (status == SW_WRONG_DATA || status == SW_WRONG_LENGTH || status == SW_CONDITIONS_OF_USE)
        return error_wrap(
            apdu_refused("that change", status), ERROR_PIN_FORMAT,
            "the card does not take the new value, or the old one has another length");
    return openpgp_password_refused(channel, openpgp, proof, status, tries_left);
}

/* A command that carries passwords. */
static struct error *send(struct apdu_channel *channel, struct openpgp *openpgp, uint8_t ins,
                          uint8_t p1, uint8_t p2, struct secret *data, enum openpgp_password proof,
                          int *tries_left)
{
    struct apdu_command command = {0x00, ins, p1, p2, secret_bytes(data), secret_length(data), 0};
    uint16_t status;
    struct error *error = apdu_send(channel, &command, &status);
    return error != NULL ? error : take_status(channel, openpgp, status, proof, tries_left);
}

/* The same, with passwords that are typed at the reader's keypad. */
static struct error *enter(struct apdu_channel *channel, struct openpgp *openpgp,
                           enum card_pad_use use, enum card_secret which, int *tries_left)
{
    struct pin_entry entry;
    uint16_t status = 0;
    *tries_left = -1;
    struct error *error = openpgp_pin_entry(channel, openpgp, use, which, &entry);
    if (error == NULL && !entry.present)
        error = openpgp_verify_at_pad(channel, openpgp, OPENPGP_PW3, tries_left);
    if (error == NULL)
        error = apdu_enter_pin(channel, &entry, &status);
    openpgp->status_read_at = 0;
    return error != NULL
               ? error
               : take_status(channel, openpgp, status, openpgp_password_of(which), tries_left);
}

static struct error *send_two(struct apdu_channel *channel, struct openpgp *openpgp, uint8_t ins,
                              uint8_t p2, enum openpgp_password proof_kind, struct secret *proof,
                              enum openpgp_password new_kind, struct secret *new_value,
                              int *tries_left)
{
    struct secret *first = NULL;
    struct secret *second = NULL;
    struct secret *both = NULL;
    struct error *error = openpgp_prepare_password(channel, openpgp, proof_kind, proof, &first);
    if (error == NULL)
        error = openpgp_prepare_password(channel, openpgp, new_kind, new_value, &second);
    if (error == NULL)
        error = join(first, second, &both);
    if (error == NULL)
        error = send(channel, openpgp, ins, 0x00, p2, both, proof_kind, tries_left);
    secret_free(first);
    secret_free(second);
    secret_free(both);
    return error;
}

/* DO D3. PUT DATA does not take secrets, but what is sent is wiped there, too. */
static struct error *put_resetting_code(struct apdu_channel *channel, struct openpgp *openpgp,
                                        struct secret *value)
{
    struct secret *prepared;
    struct error *error =
        openpgp_prepare_password(channel, openpgp, OPENPGP_RESETTING_CODE, value, &prepared);
    if (error == NULL)
        error = openpgp_put_data(channel, OPENPGP_DO_RESETTING, secret_bytes(prepared),
                                 secret_length(prepared), NULL);
    secret_free(prepared);
    return error;
}

static struct error *change_with(struct apdu_channel *channel, struct openpgp *openpgp,
                                 const struct app_change *change, struct secret *proof,
                                 int *tries_left)
{
    if (change->which == CARD_SECRET_PIN)
        return send_two(channel, openpgp, OPENPGP_INS_CHANGE_REFERENCE, OPENPGP_PW1_SIGN,
                        OPENPGP_PW1, proof, OPENPGP_PW1, change->new_value, tries_left);
    if (change->which == CARD_SECRET_ADMIN)
        return send_two(channel, openpgp, OPENPGP_INS_CHANGE_REFERENCE, OPENPGP_PW3, OPENPGP_ADMIN,
                        proof, OPENPGP_ADMIN, change->new_value, tries_left);
    struct error *error = openpgp_verify_admin(channel, openpgp, proof, tries_left);
    return error != NULL ? error : put_resetting_code(channel, openpgp, change->new_value);
}

struct error *openpgp_change_secret(struct apdu_channel *channel, void *state,
                                    const struct app_change *change, int *tries_left)
{
    struct openpgp *openpgp = state;
    struct secret *factory = NULL;
    if (change->at_pad)
        return enter(channel, openpgp, CARD_PAD_CHANGE, change->which, tries_left);
    struct error *error = openpgp_know_status(channel, openpgp);
    *tries_left = -1;
    if (error == NULL && change->proof == NULL)
        error = openpgp_factory_password(
            change->which == CARD_SECRET_PIN ? OPENPGP_PW1 : OPENPGP_ADMIN, &factory);
    if (error == NULL)
        error = change_with(channel, openpgp, change,
                            change->proof != NULL ? change->proof : factory, tries_left);
    openpgp->status_read_at = 0;
    secret_free(factory);
    return error;
}

static struct error *unblock_by_admin(struct apdu_channel *channel, struct openpgp *openpgp,
                                      struct secret *proof, struct secret *new_value,
                                      int *tries_left)
{
    struct secret *prepared = NULL;
    struct error *error = openpgp_verify_admin(channel, openpgp, proof, tries_left);
    if (error == NULL)
        error = openpgp_prepare_password(channel, openpgp, OPENPGP_PW1, new_value, &prepared);
    if (error == NULL)
        error = send(channel, openpgp, OPENPGP_INS_RESET_RETRY, P1_BY_ADMIN, OPENPGP_PW1_SIGN,
                     prepared, OPENPGP_ADMIN, tries_left);
    secret_free(prepared);
    return error;
}

struct error *openpgp_unblock_pin(struct apdu_channel *channel, void *state,
                                  const struct app_change *change, int *tries_left)
{
    struct openpgp *openpgp = state;
    struct secret *proof = NULL;
    if (change->at_pad)
        return enter(channel, openpgp, CARD_PAD_UNBLOCK, change->which, tries_left);
    struct error *error = openpgp_know_status(channel, openpgp);
    *tries_left = -1;
    if (error == NULL && change->proof == NULL)
        error = openpgp_factory_password(OPENPGP_ADMIN, &proof);
    else if (error == NULL)
        error = secret_new(secret_bytes(change->proof), secret_length(change->proof), &proof);
    if (error == NULL && change->which == CARD_SECRET_ADMIN)
        error = unblock_by_admin(channel, openpgp, proof, change->new_value, tries_left);
    else if (error == NULL)
        error = send_two(channel, openpgp, OPENPGP_INS_RESET_RETRY, OPENPGP_PW1_SIGN,
                         OPENPGP_RESETTING_CODE, proof, OPENPGP_PW1, change->new_value, tries_left);
    openpgp->status_read_at = 0;
    secret_free(proof);
    return error;
}
