/* SPDX-License-Identifier: BSD-2-Clause */
/* OpenPGP: passwords and their tries. Sections 4.3, 4.4.3.4 (C4) and 7.2.2. */
#include "openpgp.h"
#include "trace.h"

#include <string.h>

/* C4: bytes 1 to 3 are the longest PW1, resetting code and PW3, bytes 4 to 6 their tries. */
#define STATUS_LENGTH 1
#define STATUS_TRIES  4

#define LENGTH_IS_BLOCK 0x80 /* not UTF-8, but digits in a PIN block of format 2 */

/*
 * Tries that were read this long ago, in milliseconds, are those of now: between finding the card
 * and the first use of its PIN there is next to no time, unless a person was asked. (The session
 * takes the same time for others not to have used the card: see session.c.)
 */
#define TRIES_LAST_MS 500.0

const char *openpgp_password_name(enum openpgp_password which)
{
    static const char *const names[] = {"PIN", "resetting code", "admin PIN"};
    return names[which];
}

/* 4.3.1, 4.3.3. */
struct error *openpgp_factory_password(enum openpgp_password which, struct secret **out)
{
    static const char pin[] = "123456";
    static const char admin[] = "12345678";
    return which == OPENPGP_PW1 ? secret_new(pin, strlen(pin), out)
                                : secret_new(admin, strlen(admin), out);
}

/* ---- tries ------------------------------------------------------------------------------- */

static bool status_is_fresh(const struct openpgp *openpgp)
{
    return trace_clock() - openpgp->status_read_at < TRIES_LAST_MS;
}

struct error *openpgp_know_status(struct apdu_channel *channel, struct openpgp *openpgp)
{
    struct error *error = openpgp_check_active(openpgp);
    if (error != NULL || status_is_fresh(openpgp))
        return error;
    return openpgp_read_status(channel, openpgp);
}

static void take_tries(const struct openpgp *openpgp, struct card_pin_status *out)
{
    int tries = openpgp->status[STATUS_TRIES + OPENPGP_PW1];
    *out = (struct card_pin_status){.blocked = tries == 0, .tries_left = tries};
}

/* Nothing is verified: whoever asks has selected the application anew. An empty VERIFY is not
   sent, because some cards of version 2 took it for a wrong PIN. */
struct error *openpgp_pin_status(struct apdu_channel *channel, void *state,
                                 struct card_pin_status *out)
{
    struct openpgp *openpgp = state;
    struct error *error = openpgp_know_status(channel, openpgp);
    if (error == NULL)
        take_tries(openpgp, out);
    return error;
}

bool openpgp_pin_tries_prove(const void *state)
{
    const struct openpgp *openpgp = state;
    return !openpgp->terminated && !status_is_fresh(openpgp);
}

/* Nobody else has a data object of that form under this tag. */
struct error *openpgp_pin_tries(struct apdu_channel *channel, void *state,
                                struct card_pin_status *out, bool *proven)
{
    *proven = openpgp_pin_tries_prove(state);
    struct error *error = openpgp_pin_status(channel, state, out);
    *proven = *proven && error == NULL;
    return error;
}

/* ---- sending a password ------------------------------------------------------------------ */

struct error *openpgp_prepare_password(struct apdu_channel *channel, struct openpgp *openpgp,
                                       enum openpgp_password which, struct secret *password,
                                       struct secret **out)
{
    uint8_t most = openpgp->status[STATUS_LENGTH + which];
    *out = NULL;
    if ((most & LENGTH_IS_BLOCK) != 0)
        return error_new(ERROR_UNSUPPORTED,
                         "the card wants its %s as a PIN block of format 2, which is not supported",
                         openpgp_password_name(which));
    struct error *error = openpgp_learn_kdf(channel, openpgp);
    if (error == NULL && !openpgp->kdf.active && secret_length(password) > most)
        error = error_new(ERROR_PIN_FORMAT, "the %s is too long: this card takes %u bytes",
                          openpgp_password_name(which), most);
    return error != NULL ? error : openpgp_hash_password(openpgp, which, password, out);
}

static struct error *refused(enum openpgp_password which, int tries_left)
{
    const char *name = openpgp_password_name(which);
    if (tries_left == 0)
        return error_new(ERROR_PIN_BLOCKED, "the card refused the %s, which is blocked", name);
    if (tries_left < 0)
        return error_new(ERROR_PIN_WRONG, "the card refused the %s", name);
    return error_new(ERROR_PIN_WRONG, "the card refused the %s (tries left: %d)", name, tries_left);
}

/* 6982 says that it was wrong without saying how many tries are left: YubiKeys. */
struct error *openpgp_password_refused(struct apdu_channel *channel, struct openpgp *openpgp,
                                       enum openpgp_password which, uint16_t status,
                                       int *tries_left)
{
    *tries_left = -1;
    openpgp->kdf.known = false; /* it may be another by now, in which case that was the reason */
    if ((status & 0xFFF0) == SW_WARNING_COUNTER) {
        *tries_left = status & 0x0F;
    } else if (status == SW_AUTHENTICATION_BLOCKED) {
        *tries_left = 0;
    } else if (status == SW_SECURITY_STATUS) {
        struct error *error = openpgp_read_status(channel, openpgp);
        if (error == NULL)
            *tries_left = openpgp->status[STATUS_TRIES + which];
        error_free(error); /* the password was wrong all the same */
    } else {
        return apdu_refused("a PIN", status);
    }
    openpgp->status_read_at = 0;
    return refused(which, *tries_left);
}

struct error *openpgp_verify(struct apdu_channel *channel, struct openpgp *openpgp,
                             uint8_t reference, struct secret *prepared, int *tries_left)
{
    struct apdu_command command = {0x00,      OPENPGP_INS_VERIFY,     0x00,
                                   reference, secret_bytes(prepared), secret_length(prepared),
                                   0};
    uint16_t status;
    *tries_left = -1;
    struct error *error = apdu_send(channel, &command, &status);
    if (error != NULL || status == SW_SUCCESS)
        return error;
    return openpgp_password_refused(channel, openpgp,
                                    reference == OPENPGP_PW3 ? OPENPGP_ADMIN : OPENPGP_PW1, status,
                                    tries_left);
}

/* PW1 is one password, verified for signatures (81) or for all else (82). */
struct error *openpgp_verify_pin(struct apdu_channel *channel, void *state,
                                 const struct app_key *key, struct secret *pin, int *tries_left)
{
    struct openpgp *openpgp = state;
    struct secret *prepared;
    uint8_t reference = key->pin_use == 0 ? OPENPGP_PW1_SIGN : OPENPGP_PW1_OTHER;
    *tries_left = -1;
    if (pin == NULL)
        return openpgp_verify_at_pad(channel, openpgp, reference, tries_left);
    struct error *error = openpgp_prepare_password(channel, openpgp, OPENPGP_PW1, pin, &prepared);
    if (error == NULL)
        error = openpgp_verify(channel, openpgp, reference, prepared, tries_left);
    secret_free(prepared);
    return error;
}

/* ---- the admin PIN ----------------------------------------------------------------------- */

static struct error *check_admin_tries(const struct openpgp *openpgp, bool use_last_try)
{
    int tries = openpgp->status[STATUS_TRIES + OPENPGP_ADMIN];
    if (tries == 0)
        return error_new(ERROR_PIN_BLOCKED,
                         "the admin PIN is blocked, no try is left: nothing brings them back but a "
                         "reset of the card, which deletes every key");
    if (tries == 1 && !use_last_try)
        return error_new(ERROR_PIN_LAST_TRY,
                         "only one try is left for the admin PIN, and it was not spent: make sure "
                         "of it, then allow that; a wrong one can never be put right but by a "
                         "reset, which deletes every key");
    return NULL;
}

struct error *openpgp_verify_admin(struct apdu_channel *channel, struct openpgp *openpgp,
                                   struct secret *password, int *tries_left)
{
    struct secret *prepared;
    *tries_left = -1;
    if (password == NULL)
        return openpgp_verify_at_pad(channel, openpgp, OPENPGP_PW3, tries_left);
    if (secret_length(password) < 8) /* 4.3.3 */
        return error_new(ERROR_PIN_FORMAT,
                         "the admin PIN is too short: it has 8 characters at least; it was not "
                         "sent");
    struct error *error =
        openpgp_prepare_password(channel, openpgp, OPENPGP_ADMIN, password, &prepared);
    if (error == NULL)
        error = openpgp_verify(channel, openpgp, OPENPGP_PW3, prepared, tries_left);
    secret_free(prepared);
    return error;
}

struct error *openpgp_authenticate_admin(struct apdu_channel *channel, void *state,
                                         const struct app_admin *admin)
{
    struct openpgp *openpgp = state;
    struct secret *factory = NULL;
    int tries_left;
    struct error *error = openpgp_know_status(channel, openpgp);
    if (error == NULL)
        error = check_admin_tries(openpgp, admin->use_last_try);
    bool by_factory = admin->secret == NULL && !admin->at_pad;
    if (error == NULL && by_factory)
        error = openpgp_factory_password(OPENPGP_ADMIN, &factory);
    if (error == NULL)
        error = openpgp_verify_admin(channel, openpgp, by_factory ? factory : admin->secret,
                                     &tries_left);
    secret_free(factory);
    if (error == NULL || !by_factory || error_code(error) != ERROR_PIN_WRONG)
        return error;
    return error_wrap(error, ERROR_PIN_WRONG,
                      "the card's admin PIN is not the one of a new card any more: give the "
                      "present one");
}
