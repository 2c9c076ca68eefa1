/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The card's secrets: what is known of them, and how they change. Before one is sent, everything is
 * looked at that says that it cannot be right, or should not be tried.
 */
#include "card_internal.h"
#include "manage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a refused secret is remembered under; the PIN as in key_pin.c. */
#define MEMORY_NAME_MAX 64

static void memory_name(const struct card *card, enum card_secret which, char *out)
{
    static const char *const names[] = {"", "/puk", "/admin"};
    (void)snprintf(out, MEMORY_NAME_MAX, "%s%s", card->app->name, names[which]);
}

static const char *identity(const struct card *card)
{
    return card->serial != NULL ? card->serial : card->reader;
}

/* ---- what was refused before ------------------------------------------------------------- */

struct error *secret_look_back(struct card *card, enum card_secret which, const char *name,
                               struct secret *secret)
{
    char memory[MEMORY_NAME_MAX];
    enum pin_answer answer = PIN_NOT_REFUSED;
    if (!pin_memory_used())
        return NULL;
    memory_name(card, which, memory);
    struct error *error = card_learn_serial(card);
    if (error == NULL)
        error = pin_memory_look(card->libctx, memory, identity(card), secret, &answer);
    if (error != NULL || answer == PIN_NOT_REFUSED)
        return error;
    if (answer == PIN_REFUSED_EARLIER)
        return error_new(ERROR_PIN_WRONG,
                         "the card refused this %s in an earlier run: it is not sent again; "
                         "correct it where it comes from, or say that it is right by now "
                         "(--try-refused)",
                         name);
    return error_new(ERROR_PIN_WRONG,
                     "the card refused this %s before, in this process: it is not sent again",
                     name);
}

static struct error *say_tries_left(struct error *refusal, const char *name, int tries_left)
{
    error_free(refusal);
    return error_new(ERROR_PIN_WRONG, "the card refused the %s (tries left: %d)", name, tries_left);
}

/* Remembers a secret that was refused just now. Takes `refusal` and returns the better one. */
struct error *secret_remember(struct card *card, enum card_secret which, const char *name,
                              struct secret *secret, int tries_left, struct error *refusal)
{
    char memory[MEMORY_NAME_MAX];
    memory_name(card, which, memory);
    struct error *error = card_learn_serial(card);
    if (error == NULL)
        error = pin_memory_add(card->libctx, memory, identity(card), secret, true);
    if (error != NULL)
        refusal = error_wrap(refusal, error_code(error), "%s", error_message(error));
    error_free(error);
    if (tries_left <= 0 || error_code(refusal) != ERROR_PIN_WRONG)
        return refusal;
    return say_tries_left(refusal, name, tries_left);
}

/* The card has taken one: see pin_memory_accept(). */
struct error *secret_accept(struct card *card, enum card_secret which)
{
    char memory[MEMORY_NAME_MAX];
    if (!pin_memory_used())
        return NULL;
    memory_name(card, which, memory);
    struct error *error = card_learn_serial(card);
    return error != NULL ? error : pin_memory_accept(memory, identity(card));
}

/* A value that was refused while it was wrong is right from now on. */
static void forget_refusal(struct card *card, enum card_secret which, struct secret *value)
{
    char memory[MEMORY_NAME_MAX];
    memory_name(card, which, memory);
    pin_memory_drop(card->libctx, memory, identity(card), value);
}

/* ---- whether to send it ------------------------------------------------------------------ */

static const char *what_blocked_means(enum card_secret which, const struct card_secret_info *info)
{
    if (which == CARD_SECRET_PIN)
        return "unblock it (reissue card unblock)";
    if (info->unblocks)
        return "nothing brings its tries back but a reset of the card (reissue card reset), which "
               "deletes every key";
    return "it cannot be used any more";
}

static struct error *blocked(enum card_secret which, const struct card_secret_info *info)
{
    return error_new(ERROR_PIN_BLOCKED, "the %s is blocked, no try is left: %s", info->name,
                     what_blocked_means(which, info));
}

static struct error *check_tries(enum card_secret which, const struct card_secret_info *info,
                                 bool use_last_try)
{
    if (info->tries_left == 0)
        return blocked(which, info);
    if (info->tries_left != 1 || use_last_try)
        return NULL;
    return error_new(ERROR_PIN_LAST_TRY,
                     "only one try is left for the %s, and it was not spent: make sure of the %s, "
                     "then allow it (--use-last-try)",
                     info->name, info->name);
}

static struct error *check_state(enum card_secret which, const struct card_secret_info *info,
                                 bool use_last_try)
{
    if (info->set == CARD_NO)
        return error_new(ERROR_PIN_BLOCKED, "the card has no %s yet", info->name);
    return check_tries(which, info, use_last_try);
}

static struct error *check_length(const struct card_secret_info *info, struct secret *secret)
{
    size_t length = secret_length(secret);
    if (length >= info->minimum && length <= info->maximum)
        return NULL;
    return error_new(ERROR_PIN_FORMAT,
                     "the %s is too %s: it has %zu to %zu characters on this card; nothing was "
                     "sent",
                     info->name, length < info->minimum ? "short" : "long", info->minimum,
                     info->maximum);
}

/* `secret` NULL stands for the factory's. */
static struct error *check_factory(const struct card_secret_info *info)
{
    if (info->factory == CARD_YES || !info->tries_counted)
        return NULL;
    return error_new(ERROR_PIN_SOURCE,
                     info->factory == CARD_NO
                         ? "the %s is not the one of a new card any more: give the present one"
                         : "the card does not say whether its %s is that of a new card still: give "
                           "the present one",
                     info->name);
}

/* Whether `secret` may be sent as that secret of the card. */
struct error *secret_may_send(struct card *card, enum card_secret which,
                              const struct card_secret_info *info, struct secret *secret,
                              bool use_last_try)
{
    struct error *error = check_state(which, info, use_last_try);
    if (error == NULL && secret == NULL)
        return check_factory(info);
    if (error == NULL && info->tries_counted)
        error = check_length(info, secret);
    return error != NULL ? error : secret_look_back(card, which, info->name, secret);
}

static bool character_fits(uint8_t character, enum card_characters allowed)
{
    bool digit = character >= '0' && character <= '9';
    if (allowed == CARD_CHARACTERS_DIGITS)
        return digit;
    if (allowed == CARD_CHARACTERS_HEXADECIMAL)
        return digit || ((character | 0x20) >= 'a' && (character | 0x20) <= 'f');
    return character >= 0x20 && character != 0x7F;
}

struct error *card_check_new_secret(const struct card_secret_info *info, struct secret *value)
{
    static const char *const kinds[] = {"characters", "digits", "hexadecimal digits"};
    size_t length = secret_length(value);
    bool good = length >= info->minimum && length <= info->maximum;
    for (size_t i = 0; i < length; i++)
        good = good && character_fits(secret_bytes(value)[i], info->characters);
    if (good)
        return NULL;
    return error_new(ERROR_PIN_FORMAT,
                     "the new %s has to have %zu to %zu %s on this card; nothing was sent",
                     info->name, info->minimum, info->maximum, kinds[info->characters]);
}

/* ---- information ------------------------------------------------------------------------- */

struct informing {
    enum card_secret which;
    struct card_secret_info *out;
};

static struct error *no_such_secret(const struct card *card)
{
    return error_new(ERROR_UNSUPPORTED, "%s cards have no such secret", card->app->title);
}

struct error *secret_inform(struct card *card, enum card_secret which, struct card_secret_info *out)
{
    if (card->app->secret_info == NULL)
        return no_such_secret(card);
    *out = (struct card_secret_info){.tries_left = -1, .tries_limit = -1};
    return card->app->secret_info(card->channel, card->state, which, out);
}

static struct error *read_info(struct card *card, void *argument)
{
    const struct informing *informing = argument;
    return secret_inform(card, informing->which, informing->out);
}

struct error *card_read_secret_info(struct card *card, enum card_secret which,
                                    struct card_secret_info *out)
{
    struct informing informing = {which, out};
    return session_run(card, NULL, read_info, &informing);
}

/* ---- changes ----------------------------------------------------------------------------- */

typedef struct error *change_function(struct apdu_channel *channel, void *state,
                                      const struct app_change *change, int *tries_left);

struct changing {
    const struct card_change *change;
    enum card_secret changed; /* the one that gets a new value */
    bool unblock;
    bool sent;
};

/* What was known of the PIN is not true any more. */
void card_forget_pin(struct card *card)
{
    secret_free(card->pin);
    card->pin = NULL;
    card->pin_verified = 0;
    card->pin_refused = card->pin_accepted = card->pin_typed = false;
    card->pin_tries_left = card->pin_tries_seen = -1;
    card->pin_doubtful_tries = -1;
}

/* After a reset in the middle nobody knows whether the card has done it; trying again would send
   what may be wrong by now. */
static struct error *check_not_sent(const struct changing *changing,
                                    const struct card_secret_info *info)
{
    if (!changing->sent)
        return NULL;
    return error_new(ERROR_CARD_RESET,
                     "the card was reset while its %s was being changed: it is the old one or the "
                     "new one, find out which with `reissue card show` and one try",
                     info->name);
}

static struct error *send_change(struct card *card, struct changing *changing,
                                 enum card_secret proof_kind, const char *proof_name)
{
    const struct card_change *change = changing->change;
    const struct app_change app_change = {change->which, change->proof, change->new_value,
                                          change->at_pad};
    change_function *function =
        changing->unblock ? card->app->unblock_pin : card->app->change_secret;
    int tries_left = -1;
    if (change->at_pad)
        card_tell_pad(card, changing->unblock ? CARD_PAD_UNBLOCK : CARD_PAD_CHANGE, proof_name);
    changing->sent = true;
    struct error *error = function(card->channel, card->state, &app_change, &tries_left);
    if (error == NULL) {
        if (change->new_value != NULL)
            forget_refusal(card, changing->changed, change->new_value);
        if (changing->changed == CARD_SECRET_PIN)
            card_forget_pin(card);
        return NULL;
    }
    enum error_code code = error_code(error);
    if (change->at_pad && code == ERROR_PIN_WRONG && tries_left > 0)
        return say_tries_left(error, proof_name, tries_left);
    if (change->proof == NULL ||
        (code != ERROR_PIN_WRONG && code != ERROR_PIN_BLOCKED && code != ERROR_DENIED))
        return error;
    return secret_remember(card, proof_kind, proof_name, change->proof, tries_left, error);
}

/* Whether what is to be sent can be right. What is typed at the reader's keypad is the reader's and
   the card's to judge; tries are looked at all the same. */
static struct error *check_values(struct card *card, const struct changing *changing,
                                  const struct card_secret_info *changed,
                                  enum card_secret proof_kind, const struct card_secret_info *proof)
{
    const struct card_change *wanted = changing->change;
    struct error *error;
    if (!wanted->at_pad) {
        error = card_check_new_secret(changed, wanted->new_value);
        return error != NULL
                   ? error
                   : secret_may_send(card, proof_kind, proof, wanted->proof, wanted->use_last_try);
    }
    error =
        card_check_pad(card, changing->unblock ? CARD_PAD_UNBLOCK : CARD_PAD_CHANGE, wanted->which);
    return error != NULL ? error : check_state(proof_kind, proof, wanted->use_last_try);
}

static struct error *change(struct card *card, void *argument)
{
    struct changing *changing = argument;
    const struct card_change *wanted = changing->change;
    struct card_secret_info changed = {0};
    struct card_secret_info proof;
    enum card_secret proof_kind = wanted->which;
    struct error *error = secret_inform(card, changing->changed, &changed);
    if (error == NULL && !changing->unblock)
        proof_kind = changed.changed_by;
    proof = changed;
    if (error == NULL && proof_kind != changing->changed)
        error = secret_inform(card, proof_kind, &proof);
    if (error == NULL)
        error = check_not_sent(changing, &changed);
    if (error == NULL && changing->unblock && !proof.unblocks)
        error = error_new(ERROR_UNSUPPORTED, "the %s of a %s card does not unblock the PIN",
                          proof.name, card->app->title);
    if (error == NULL)
        error = check_values(card, changing, &changed, proof_kind, &proof);
    return error != NULL ? error : send_change(card, changing, proof_kind, proof.name);
}

struct error *card_change_secret(struct card *card, const struct card_change *wanted)
{
    struct changing changing = {.change = wanted, .changed = wanted->which};
    if (card->app->change_secret == NULL)
        return app_cannot(card->app, "changes no PIN");
    return session_run_fresh(card, NULL, change, &changing);
}

struct error *card_unblock_pin(struct card *card, const struct card_change *wanted)
{
    struct changing changing = {.change = wanted, .changed = CARD_SECRET_PIN, .unblock = true};
    if (card->app->unblock_pin == NULL)
        return app_cannot(card->app, "unblocks no PIN");
    return session_run_fresh(card, NULL, change, &changing);
}
