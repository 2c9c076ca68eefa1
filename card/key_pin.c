/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sending the PIN, or rather all the reasons not to.
 *
 * Before it is sent, the card has shown that it holds the key (when it was found, and again after
 * each reconnect), and the application has shown that it is the one selected. On an established
 * connection the latter costs nothing: the tries left are asked for before a PIN's first use, by an
 * instruction only this application knows where there is one (Yubico's metadata). Where there is
 * none, the empty VERIFY is answered by other applications too, and where the PIN is wanted for
 * each signature nothing is asked at all; so when others had time to select another application (a
 * person was asked for the PIN, a server was idle), or there were signs that they use the card,
 * SELECT comes first. What remains is the first such process, between two transactions of ours that
 * follow each other closely: the application it selected may see the PIN once, refuses it, and is
 * found out by its count of tries.
 */
#include "card_internal.h"

#include <stdlib.h>

static const char what_to_do[] = "it is not sent again; check the PIN before you try again";

struct error *card_refused_before(const struct card *card)
{
    char *name = card_describe(card);
    const char *shown = name == NULL ? "the card" : name;
    struct error *error;
    if (card->pin_answer == PIN_REFUSED_EARLIER)
        error = error_new(ERROR_PIN_WRONG,
                          "%s refused this PIN in an earlier run: it is not sent again; correct it "
                          "where it comes from, or say that it is right by now (--try-refused)",
                          shown);
    else if (card->pin_tries_left < 0)
        error = error_new(ERROR_PIN_WRONG, "%s refused this PIN before in this process: %s", shown,
                          what_to_do);
    else
        error = error_new(ERROR_PIN_WRONG,
                          "%s refused this PIN before in this process (tries left: %d): %s", shown,
                          card->pin_tries_left, what_to_do);
    free(name);
    return error;
}

static struct error *blocked(const struct card *card, struct error *cause)
{
    char *name = card_describe(card);
    struct error *error = error_wrap(cause, ERROR_PIN_BLOCKED,
                                     "the PIN of %s is blocked, no try is left: unblock it with "
                                     "the PUK (reissue card unblock)",
                                     name == NULL ? "the card" : name);
    free(name);
    return error;
}

static struct error *last_try(const struct card *card)
{
    char *name = card_describe(card);
    struct error *error = error_new(
        ERROR_PIN_LAST_TRY,
        "only one try is left for the PIN of %s, and it was not spent: make sure of the PIN, then "
        "add use-last-try=yes to the URI's query (card:...?use-last-try=yes); a right PIN brings "
        "all tries back, a wrong one blocks the card until it is unblocked with the PUK",
        name == NULL ? "the card" : name);
    free(name);
    return error;
}

/* Forgets the PIN that the card has, or is known to have, refused. */
static void drop_pin(struct card *card, int tries_left)
{
    struct secret *pin = card->pin;
    card->pin = NULL;
    card->pin_refused = true;
    card->pin_accepted = false;
    card->pin_verified = 0;
    card->pin_tries_left = tries_left;
    card->pin_doubtful_tries = -1;
    secret_free(pin);
}

/* What a refused PIN is remembered under: the serial number; a card without one stands for
   whatever is in its reader. */
static struct error *identify(struct card *card, const char **out)
{
    struct error *error = card_learn_serial(card);
    *out = card->serial != NULL ? card->serial : card->reader;
    return error;
}

/* The card refused the PIN for good: remembers, so that nobody in this process sends it again. */
static struct error *settle_refusal(struct card *card, int tries_left)
{
    const char *identity;
    struct error *cause = identify(card, &identity);
    struct error *error = pin_memory_add(card->libctx, card->app->name, identity, card->pin, true);
    if (error != NULL)
        cause = error_wrap(cause, error_code(error), "%s", error_message(error));
    error_free(error);
    drop_pin(card, tries_left);
    if (tries_left == 0)
        return blocked(card, cause);
    char *name = card_describe(card);
    const char *shown = name == NULL ? "the card" : name;
    if (tries_left < 0)
        error = error_wrap(cause, ERROR_PIN_WRONG,
                           "%s refused the PIN: it is not sent again by this process", shown);
    else
        error = error_wrap(cause, ERROR_PIN_WRONG,
                           "%s refused the PIN (tries left: %d): it is not sent again by this "
                           "process",
                           shown, tries_left);
    free(name);
    return error;
}

/* A PIN has to be there that this card has not refused, whichever key or context sent it. */
static struct error *check_pin(struct card *card)
{
    const char *identity;
    if (card->pin == NULL && card->pin_refused)
        return card_refused_before(card);
    if (card->pin == NULL)
        return error_new(ERROR_PIN_SOURCE,
                         "the card wants its PIN, and there is none: name a "
                         "pin-source in the URI's query (card:...?pin-source=file:"
                         "PATH)");
    if (card->pin_accepted || !pin_memory_used())
        return NULL;
    struct error *error = identify(card, &identity);
    if (error == NULL)
        error =
            pin_memory_look(card->libctx, card->app->name, identity, card->pin, &card->pin_answer);
    if (error != NULL || card->pin_answer == PIN_NOT_REFUSED)
        return error;
    drop_pin(card, -1);
    return card_refused_before(card);
}

/*
 * An earlier refusal came while another application may have been selected. If it was this one's,
 * its count of tries is what was said then, and less than before. Where the count before is not
 * known (the PIN was verified all the time), a PIN that this card has accepted is given the benefit
 * of the doubt, once: the count is known from here on.
 */
static bool was_ours(const struct card *card, const struct card_pin_status *status)
{
    if (card->pin_doubtful_tries < 0 || card->pin_doubtful_tries != status->tries_left)
        return false;
    return card->pin_tries_before < 0 ? !card->pin_accepted
                                      : status->tries_left < card->pin_tries_before;
}

static void note_tries(struct card *card, int tries_left)
{
    if (tries_left > card->pin_tries_seen)
        card->pin_tries_seen = tries_left;
}

struct error *key_check_tries(struct card_key *key)
{
    struct card *card = key->card;
    struct card_pin_status status;
    bool proven = false;
    struct error *error = card->app->pin_tries(card->channel, card->state, &status, &proven);
    if (error != NULL)
        return error;
    card->proven = card->proven || proven;
    if (was_ours(card, &status))
        return settle_refusal(card, status.tries_left);
    card->pin_tries_asked = status.tries_left;
    if (card->proven) {
        card->pin_doubtful_tries = -1;
        note_tries(card, status.tries_left);
    }
    if (status.blocked)
        return blocked(card, NULL);
    if (status.tries_left == 1 && !key->uri->use_last_try)
        return last_try(card);
    return NULL;
}

/* Makes sure who will see the PIN, and that it may be sent. */
static struct error *check_card(struct card_key *key)
{
    struct card *card = key->card;
    bool ask = !card->pin_accepted || card->fresh || card->pin_doubtful_tries >= 0;
    bool answer_proves = ask && card->app->pin_tries_prove(card->state);
    struct error *error = NULL;
    if (card->stale && !card->proven && !answer_proves)
        error = session_select(card);
    return error != NULL || !ask ? error : key_check_tries(key);
}

/*
 * The module's process ended, or was ended, while it had the PIN. Whether the card counted that as
 * a wrong one, nobody knows: so only a PIN that the card has accepted before is sent again.
 */
static struct error *doubt_pin(struct card *card, struct error *cause)
{
    const char *identity = card->serial != NULL ? card->serial : card->reader;
    struct error *error = pin_memory_add(card->libctx, card->app->name, identity, card->pin, false);
    error_free(error); /* what matters more is said below */
    drop_pin(card, -1);
    return error_wrap(cause, ERROR_MODULE,
                      "whether the PIN was right is not known, and it may have cost a try: it is "
                      "not sent again by this process");
}

/* The card took the PIN: what it refused in earlier processes keeps nobody from anything now. */
static struct error *settle_acceptance(struct card_key *key)
{
    struct card *card = key->card;
    bool first = !card->pin_accepted;
    card->pin_verified |= 1U << key->key.pin_use;
    card->pin_accepted = true;
    note_tries(card, card->pin_tries_asked); /* by now it is sure whose they were */
    return first ? secret_accept(card, CARD_SECRET_PIN) : NULL;
}

static struct error *send_pin(struct card_key *key)
{
    struct card *card = key->card;
    int tries_left;
    struct error *error =
        card->app->verify_pin(card->channel, card->state, &key->key, card->pin, &tries_left);
    if (error == NULL)
        return settle_acceptance(key);
    enum error_code code = error_code(error);
    card->pin_verified = 0;
    if (code == ERROR_MODULE && !card->pin_accepted)
        return doubt_pin(card, error);
    if (code != ERROR_PIN_WRONG && code != ERROR_PIN_BLOCKED && code != ERROR_CARD_STATUS)
        return error;
    if (!card->proven) { /* the session starts afresh, and key_check_tries() finds out */
        card->pin_doubtful_tries = tries_left;
        card->pin_tries_before =
            card->pin_tries_asked >= 0 ? card->pin_tries_asked : card->pin_tries_seen;
        return error;
    }
    error_free(error);
    return settle_refusal(card, tries_left);
}

struct error *card_present_pin(struct card *card, struct secret *pin, bool use_last_try)
{
    struct card_uri uri = {.use_last_try = use_last_try};
    struct card_key anybody = {.card = card, .app = card->app, .uri = &uri};
    struct error *error = NULL;
    anybody.key.pin_policy = CARD_POLICY_ONCE;
    if (card->app->asks_itself != NULL && card->app->asks_itself(card->state))
        return NULL; /* when it does what is wanted */
    if (card->pin == NULL && pin != NULL) {
        error = secret_new(secret_bytes(pin), secret_length(pin), &card->pin);
        card->pin_refused = card->pin_accepted = false;
        card->pin_verified = 0;
    }
    return error != NULL ? error : key_present_pin(&anybody);
}

struct error *key_present_pin(struct card_key *key)
{
    struct card *card = key->card;
    enum card_policy policy = key->key.pin_policy;
    if (policy == CARD_POLICY_NEVER ||
        (policy == CARD_POLICY_ONCE && (card->pin_verified & 1U << key->key.pin_use) != 0))
        return NULL;
    bool at_pad;
    struct error *error = key_uses_pad(key, &at_pad);
    if (error == NULL && at_pad)
        return key_present_at_pad(key);
    if (error == NULL)
        error = check_pin(card);
    if (error == NULL)
        error = check_card(key);
    return error != NULL ? error : send_pin(key);
}
