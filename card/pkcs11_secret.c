/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PKCS #11: the token's secrets as a card manager sees them. The PIN is the user's; what unblocks
 * it is the PIN of the security officer (PKCS #11 v2.40, 5.5).
 */
#include "pkcs11.h"

#include <string.h>

/* Flags about the officer's PIN: as those about the user's, four bits further (3.2, CK_TOKEN_INFO).
 */
static int officer_tries(uint64_t flags)
{
    if ((flags & CKF_SO_PIN_LOCKED) != 0)
        return 0;
    return (flags & CKF_SO_PIN_FINAL_TRY) != 0 ? 1 : -1;
}

void pkcs11_pin_lengths(const struct pkcs11 *token, size_t *minimum, size_t *maximum)
{
    bool known = token->pin_maximum >= token->pin_minimum && token->pin_maximum > 0;
    *minimum = known ? (size_t)token->pin_minimum : 1;
    *maximum =
        known && token->pin_maximum < SECRET_MAX ? (size_t)token->pin_maximum : SECRET_MAX / 2;
}

struct error *pkcs11_secret_info(struct apdu_channel *channel, void *state, enum card_secret which,
                                 struct card_secret_info *out)
{
    struct pkcs11 *token = state;
    struct card_pin_status status;
    if (which == CARD_SECRET_ADMIN)
        return error_new(ERROR_UNSUPPORTED,
                         "PKCS #11 tokens have no management key: the PIN allows changes");
    struct error *error = pkcs11_pin_status(channel, state, &status);
    if (error != NULL)
        return error;
    bool is_pin = which == CARD_SECRET_PIN;
    out->name = is_pin ? "PIN" : "PIN of the security officer";
    out->tries_left = is_pin ? status.tries_left : officer_tries(token->flags);
    out->tries_counted = true;
    pkcs11_pin_lengths(token, &out->minimum, &out->maximum);
    out->changed_by = which;
    out->unblocks = !is_pin;
    out->set = is_pin && (token->flags & CKF_USER_PIN_INITIALIZED) == 0 ? CARD_NO : CARD_YES;
    if (is_pin && (token->flags & CKF_USER_PIN_TO_BE_CHANGED) != 0)
        out->factory = CARD_YES;
    return NULL;
}

/* The answer's flags, and what the module made of the secret. */
static struct error *take_refusal(struct pkcs11 *token, bool officer, int *tries_left)
{
    uint64_t flags = wire_get_number(&token->call->results);
    struct error *error = pkcs11_call_check(token->call);
    if (error != NULL || token->call->rv == CKR_OK)
        return error;
    *tries_left = officer ? officer_tries(flags) : pkcs11_tries_of(flags);
    return pkcs11_call_refused(token->call);
}

/* C_SetPIN changes the PIN of who is logged in: the user's if nobody is. */
static struct error *set_pin(struct apdu_channel *channel, struct pkcs11 *token,
                             const struct app_change *change, int *tries_left)
{
    struct wire_writer *request = &token->call->request;
    pkcs11_call_begin(token->call, WIRE_SET_PIN);
    wire_put_number(request, true);
    wire_put_bytes(request, secret_bytes(change->proof), secret_length(change->proof));
    wire_put_bytes(request, secret_bytes(change->new_value), secret_length(change->new_value));
    struct error *error = pkcs11_call_send(token->call, apdu_channel_transport(channel));
    if (error == NULL)
        error = take_refusal(token, change->which == CARD_SECRET_PUK, tries_left);
    return error;
}

static struct error *need_proof(const struct app_change *change, const char *name)
{
    return change->proof != NULL
               ? NULL
               : error_new(ERROR_PIN_SOURCE, "tokens have no %s in common: give this one's", name);
}

/* A new session: nobody is logged in any more, and the officer's login would be in the way. */
static struct error *start_over(struct apdu_channel *channel, struct pkcs11 *token,
                                struct error *cause)
{
    void *state = token;
    bool found;
    struct error *error = pkcs11_select(channel, token->libctx, &state, &found);
    if (cause == NULL)
        return error;
    error_free(error);
    return cause;
}

struct error *pkcs11_change_secret(struct apdu_channel *channel, void *state,
                                   const struct app_change *change, int *tries_left)
{
    struct pkcs11 *token = state;
    bool officer = change->which == CARD_SECRET_PUK;
    *tries_left = -1;
    struct error *error = need_proof(change, "PIN");
    if (error == NULL && token->logged_in)
        error = start_over(channel, token, NULL);
    if (error == NULL && officer)
        error = pkcs11_login(channel, token, CKU_SO, change->proof, tries_left);
    if (error == NULL)
        error = set_pin(channel, token, change, tries_left);
    return officer ? start_over(channel, token, error) : error;
}

struct error *pkcs11_unblock_pin(struct apdu_channel *channel, void *state,
                                 const struct app_change *change, int *tries_left)
{
    struct pkcs11 *token = state;
    struct wire_writer *request = &token->call->request;
    *tries_left = -1;
    struct error *error = need_proof(change, "PIN of the security officer");
    if (error == NULL && token->logged_in)
        error = start_over(channel, token, NULL);
    if (error == NULL)
        error = pkcs11_login(channel, token, CKU_SO, change->proof, tries_left);
    if (error == NULL) {
        pkcs11_call_begin(token->call, WIRE_INIT_PIN);
        wire_put_number(request, true);
        wire_put_bytes(request, secret_bytes(change->new_value), secret_length(change->new_value));
        error = pkcs11_call_make(token->call, apdu_channel_transport(channel));
    }
    return start_over(channel, token, error);
}

/* ---- starting over ----------------------------------------------------------------------- */

static struct error *check_officer(const struct pkcs11 *token, const struct app_admin *admin)
{
    int tries = officer_tries(token->flags);
    if (admin == NULL || admin->secret == NULL)
        return error_new(ERROR_PIN_SOURCE,
                         "a token is reset by its security officer: give the PIN of the security "
                         "officer");
    if (tries == 0)
        return error_new(ERROR_PIN_BLOCKED, "the PIN of the security officer is blocked");
    if (tries == 1 && !admin->use_last_try)
        return error_new(ERROR_PIN_LAST_TRY,
                         "only one try is left for the PIN of the security officer, and it was not "
                         "spent: make sure of it, then allow that");
    return NULL;
}

struct error *pkcs11_init_token(struct apdu_channel *channel, struct pkcs11 *token,
                                struct secret *officer, const char *label)
{
    struct wire_writer *request = &token->call->request;
    pkcs11_call_begin(token->call, WIRE_INIT_TOKEN);
    wire_put_number(request, true);
    wire_put_bytes(request, secret_bytes(officer), secret_length(officer));
    wire_put_text(request, label);
    return pkcs11_call_make(token->call, apdu_channel_transport(channel));
}

/* Everything on the token goes, the user's PIN too; what it is called stays. */
struct error *pkcs11_reset(struct apdu_channel *channel, void *state, const struct app_admin *admin)
{
    struct pkcs11 *token = state;
    struct error *error = check_officer(token, admin);
    if (error != NULL)
        return error;
    error = pkcs11_init_token(channel, token, admin->secret, token->label);
    return start_over(channel, token, error);
}

/* ---- the token --------------------------------------------------------------------------- */

struct error *pkcs11_make(struct apdu_channel *channel, void *state, struct card_make *out)
{
    const struct pkcs11 *token = state;
    (void)channel;
    (void)strncpy(out->name, token->model, sizeof(out->name) - 1);
    return NULL;
}

/* A token without a user's PIN cannot be logged in to. */
struct error *pkcs11_initialised(struct apdu_channel *channel, void *state, bool *out)
{
    const struct pkcs11 *token = state;
    (void)channel;
    *out =
        (token->flags & CKF_USER_PIN_INITIALIZED) != 0 || (token->flags & CKF_LOGIN_REQUIRED) == 0;
    return NULL;
}
