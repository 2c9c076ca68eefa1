/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PKCS #11: PINs. A token tells of tries only that they are few (CKF_USER_PIN_...), and a key that
 * wants its PIN each time wants it between C_SignInit and C_Sign (CKU_CONTEXT_SPECIFIC).
 */
#include "pkcs11.h"

#include <string.h>

enum card_policy pkcs11_pin_policy(const struct pkcs11 *token, bool always)
{
    if ((token->flags & CKF_LOGIN_REQUIRED) == 0 || pkcs11_asks_itself(token))
        return CARD_POLICY_NEVER; /* not from us, that is */
    return always ? CARD_POLICY_ALWAYS : CARD_POLICY_ONCE;
}

bool pkcs11_asks_itself(const void *state)
{
    const struct pkcs11 *token = state;
    return (token->flags & CKF_LOGIN_REQUIRED) != 0 &&
           (token->flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0;
}

/* ---- tries ------------------------------------------------------------------------------- */

/* -1 where the token does not say. */
int pkcs11_tries_of(uint64_t flags)
{
    if ((flags & CKF_USER_PIN_LOCKED) != 0)
        return 0;
    return (flags & CKF_USER_PIN_FINAL_TRY) != 0 ? 1 : -1;
}

struct error *pkcs11_pin_status(struct apdu_channel *channel, void *state,
                                struct card_pin_status *out)
{
    struct pkcs11 *token = state;
    pkcs11_call_begin(token->call, WIRE_FLAGS);
    struct error *error = pkcs11_call_make(token->call, apdu_channel_transport(channel));
    if (error != NULL)
        return error;
    token->flags = wire_get_number(&token->call->results);
    int tries = pkcs11_tries_of(token->flags);
    *out = (struct card_pin_status){token->logged_in, tries == 0, tries};
    return pkcs11_call_check(token->call);
}

/* Nobody else speaks through this module's process, so that each answer is the token's. */
struct error *pkcs11_pin_tries(struct apdu_channel *channel, void *state,
                               struct card_pin_status *out, bool *proven)
{
    *proven = true;
    return pkcs11_pin_status(channel, state, out);
}

bool pkcs11_pin_tries_prove(const void *state)
{
    (void)state;
    return true;
}

/* ---- login ------------------------------------------------------------------------------- */

/* `pin` NULL: by the token's keypad. */
struct error *pkcs11_login(struct apdu_channel *channel, struct pkcs11 *token, CK_USER_TYPE user,
                           struct secret *pin, int *tries_left)
{
    struct pkcs11_call *call = token->call;
    pkcs11_call_begin(call, WIRE_LOGIN);
    wire_put_number(&call->request, user);
    wire_put_number(&call->request, pin != NULL);
    wire_put_bytes(&call->request, pin != NULL ? secret_bytes(pin) : NULL,
                   pin != NULL ? secret_length(pin) : 0);
    struct error *error = pkcs11_call_send(call, apdu_channel_transport(channel));
    if (error != NULL)
        return error;
    uint64_t flags = wire_get_number(&call->results);
    error = pkcs11_call_check(call);
    if (error == NULL && flags != 0)
        token->flags = flags;
    *tries_left = user == CKU_SO ? -1 : pkcs11_tries_of(flags);
    if (error == NULL && call->rv != CKR_OK)
        error = pkcs11_call_refused(call);
    if (error != NULL && error_code(error) == ERROR_PIN_WRONG && *tries_left == 0)
        error = error_wrap(error, ERROR_PIN_BLOCKED, "the token is blocked now");
    return error;
}

static struct error *login_user(struct apdu_channel *channel, struct pkcs11 *token,
                                struct secret *pin, int *tries_left)
{
    struct error *error =
        token->logged_in ? NULL : pkcs11_login(channel, token, CKU_USER, pin, tries_left);
    token->logged_in = error == NULL;
    return error;
}

/* What is wrong by the token's own rules is not sent. */
static struct error *check_length(const struct pkcs11 *token, const struct secret *pin)
{
    size_t length = secret_length(pin);
    bool known = token->pin_maximum > 0 && token->pin_maximum >= token->pin_minimum;
    if (!known || (length >= token->pin_minimum && length <= token->pin_maximum))
        return NULL;
    return error_new(ERROR_PIN_FORMAT,
                     "the PIN is too %s: the token \"%s\" takes %llu to %llu characters; it was "
                     "not sent",
                     length < token->pin_minimum ? "short" : "long", token->label,
                     (unsigned long long)token->pin_minimum,
                     (unsigned long long)token->pin_maximum);
}

/* Key agreement has no beginning, and no such login (PKCS #11 v2.40, 5.6, C_Login). */
static bool has_beginning(enum card_mechanism mechanism)
{
    return mechanism != CARD_MECHANISM_ECDH && mechanism != CARD_MECHANISM_X25519;
}

static struct error *begin(struct apdu_channel *channel, struct pkcs11 *token)
{
    enum wire_use use;
    CK_MECHANISM_TYPE type;
    pkcs11_choose(token, token->intended, &use, &type);
    pkcs11_call_begin(token->call, WIRE_BEGIN);
    wire_put_number(&token->call->request, use);
    wire_put_number(&token->call->request, type);
    wire_put_number(&token->call->request, token->private_key);
    return pkcs11_call_make(token->call, apdu_channel_transport(channel));
}

/* A key that wants its PIN for each use gets it between the beginning and the end. */
static struct error *login_for_use(struct apdu_channel *channel, struct pkcs11 *token,
                                   const char *slot, struct secret *pin, int *tries_left)
{
    if (!token->has_intention)
        return NULL;
    struct error *error = pkcs11_find_private_key(channel, token, slot);
    if (error != NULL || !token->always || !has_beginning(token->intended))
        return error;
    error = begin(channel, token);
    if (error == NULL)
        error = pkcs11_login(channel, token, CKU_CONTEXT_SPECIFIC, pin, tries_left);
    token->begun = error == NULL;
    return error;
}

struct error *pkcs11_verify_pin(struct apdu_channel *channel, void *state,
                                const struct app_key *key, struct secret *pin, int *tries_left)
{
    struct pkcs11 *token = state;
    *tries_left = -1;
    struct error *error = check_length(token, pin);
    if (error == NULL)
        error = login_user(channel, token, pin, tries_left);
    return error != NULL ? error : login_for_use(channel, token, key->slot, pin, tries_left);
}

struct error *pkcs11_login_by_keypad(struct apdu_channel *channel, struct pkcs11 *token,
                                     const char *slot)
{
    int tries_left;
    if (!pkcs11_asks_itself(token))
        return NULL;
    struct error *error = login_user(channel, token, NULL, &tries_left);
    return error != NULL ? error : login_for_use(channel, token, slot, NULL, &tries_left);
}
