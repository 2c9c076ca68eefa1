/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PINs that are typed at the reader's keypad. They are nobody's to remember: what another process
 * undoes has to be typed again.
 *
 * The transaction is held while a person types, against the rule: what the reader does with a PIN
 * is one command to whatever application is selected, and nobody may select another one between
 * our last look at the card and that command. It ends when the reader gives up (pin_pad.h).
 */
#include "card_internal.h"
#include "manage.h"
#include "pin_source.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- whether it serves ------------------------------------------------------------------- */

struct error *card_check_pad(struct card *card, enum card_pad_use use, enum card_secret which)
{
    struct pin_pad pad;
    struct pin_entry entry;
    struct error *error = apdu_pin_pad(card->channel, &pad);
    if (error != NULL)
        return error;
    if (pad.verify == 0)
        return error_new(ERROR_NOT_FOUND, "the reader \"%s\" has no keypad for PINs", card->reader);
    if (card->app->pin_entry == NULL)
        return error_new(ERROR_UNSUPPORTED,
                         "the secrets of a %s card cannot be typed at a reader's keypad",
                         card->app->title);
    error = card->app->pin_entry(card->channel, card->state, use, which, &entry);
    return error != NULL ? error : pin_pad_check(&pad, &entry);
}

/* That the keypad does not serve, for a reason that stays. */
static bool is_no(const struct error *error)
{
    return error_code(error) == ERROR_NOT_FOUND || error_code(error) == ERROR_UNSUPPORTED ||
           error_code(error) == ERROR_CARD_ANSWER;
}

struct asking {
    enum card_pad_use use;
    enum card_secret which;
    struct error *no;
};

/* A no is an answer: it must not look as if other programs had to do with it. */
static struct error *check(struct card *card, void *argument)
{
    struct asking *asking = argument;
    struct error *error = card_check_pad(card, asking->use, asking->which);
    if (error == NULL || !is_no(error))
        return error;
    error_free(asking->no);
    asking->no = error;
    return NULL;
}

struct error *card_pad_serves(struct card *card, enum card_pad_use use, enum card_secret which,
                              bool *out, struct error **why_not)
{
    struct asking asking = {use, which, NULL};
    struct error *error = session_run(card, NULL, check, &asking);
    *out = error == NULL && asking.no == NULL;
    if (why_not != NULL)
        *why_not = NULL;
    if (why_not != NULL && asking.no != NULL && error_code(asking.no) != ERROR_NOT_FOUND)
        *why_not = asking.no;
    else
        error_free(asking.no);
    return error;
}

static struct error *read_pad(struct card *card, void *argument)
{
    struct pin_pad pad;
    struct card_pad *out = argument;
    struct error *error = apdu_pin_pad(card->channel, &pad);
    if (error == NULL)
        *out = (struct card_pad){pad.verify != 0, pad.modify != 0};
    if (error == NULL || !is_no(error))
        return error;
    error_free(error); /* whoever wants to type there will hear of it */
    return NULL;
}

struct error *card_read_pad(struct card *card, struct card_pad *out)
{
    *out = (struct card_pad){0};
    return session_run(card, NULL, read_pad, out);
}

/* ---- telling a person -------------------------------------------------------------------- */

/* The reader is named anyhow, so that a card without a serial number need not be named by it. */
void card_tell_pad(const struct card *card, enum card_pad_use use, const char *secret)
{
    static const char *const then[] = {"", ", then the new one twice,",
                                       ", then the new PIN twice,"};
    const char *again = card->pin_typed && use == CARD_PAD_VERIFY
                            ? " again: the card was reset, or another program has used it"
                            : "";
    const char *serial = card->serial;
    char *text = NULL;
    if (card->pad_notice == NULL)
        return;
    if (asprintf(&text, "Type the %s of %s%s card%s%s%s at the keypad of the reader \"%s\"%s",
                 secret, serial == NULL ? "the " : "", card->app->title, serial == NULL ? "" : " ",
                 serial == NULL ? "" : serial, then[use], card->reader, again) >= 0)
        card->pad_notice(text);
    free(text);
}

/* ---- a key's PIN ------------------------------------------------------------------------- */

static struct error *lacking(struct error *cause)
{
    if (error_code(cause) == ERROR_NOT_FOUND) {
        error_free(cause); /* as most readers: whoever wants the PIN says that there is none */
        return NULL;
    }
    return error_wrap(cause, ERROR_PIN_SOURCE,
                      "the card wants its PIN, and there is none: name a pin-source in the URI's "
                      "query (card:...?pin-source=file:PATH)");
}

static struct error *wanted(const struct card *card, struct error *cause)
{
    return error_wrap(cause, ERROR_PIN_SOURCE,
                      "the PIN is to be typed at the keypad of the reader \"%s\" (pin-source=pad:, "
                      "or so says the key reference): name another pin-source, such as file:PATH",
                      card->reader);
}

struct error *key_uses_pad(struct card_key *key, bool *out)
{
    struct card *card = key->card;
    bool free_to_choose =
        key->pin_place == CARD_PIN_ANYWHERE && card->pin == NULL && !card->pin_refused;
    *out = false;
    if (key->pin_place != CARD_PIN_AT_PAD && !free_to_choose)
        return NULL;
    struct error *error = card_check_pad(card, CARD_PAD_VERIFY, CARD_SECRET_PIN);
    *out = error == NULL;
    if (error == NULL || !is_no(error))
        return error;
    return free_to_choose ? lacking(error) : wanted(card, error);
}

/* Whether the PIN is verified already, by whichever process: no reason to type it again. */
static struct error *learn_verified(struct card_key *key, bool *out)
{
    struct card *card = key->card;
    struct card_pin_status status = {0};
    *out = false;
    if (key->key.pin_policy != CARD_POLICY_ONCE)
        return NULL;
    struct error *error = card->app->pin_status(card->channel, card->state, &status);
    *out = error == NULL && status.verified;
    return error;
}

/*
 * What the card made of the PIN. It was right, or is final in another way: nobody types anything a
 * second time because the operation is run again from a fresh start.
 */
static struct error *take_result(struct card_key *key, int tries_left, struct error *error)
{
    struct card *card = key->card;
    if (error == NULL) {
        card->pin_verified |= 1U << key->key.pin_use;
        card->pin_typed = true;
        card->fresh = true;
        return NULL;
    }
    enum error_code code = error_code(error);
    if (code != ERROR_PIN_WRONG && code != ERROR_PIN_BLOCKED && code != ERROR_CARD_STATUS)
        return error;
    card->pin_verified = 0;
    if (code != ERROR_CARD_STATUS) { /* all that there is to say is said below */
        error_free(error);
        error = NULL;
    }
    char *name = card_describe(card);
    const char *shown = name == NULL ? "the card" : name;
    if (code == ERROR_PIN_BLOCKED)
        error =
            error_wrap(error, code,
                       "%s refused the PIN that was typed at the reader's keypad, and no try is "
                       "left: unblock it with the PUK (reissue card unblock)",
                       shown);
    else if (tries_left >= 0)
        error = error_wrap(error, ERROR_PIN_WRONG,
                           "%s refused the PIN that was typed at the reader's keypad (tries left: "
                           "%d)",
                           shown, tries_left);
    else
        error = error_wrap(error, ERROR_PIN_WRONG,
                           "%s refused the PIN that was typed at the reader's keypad", shown);
    free(name);
    return error;
}

struct error *key_present_at_pad(struct card_key *key)
{
    struct card *card = key->card;
    bool verified = false;
    int tries_left = -1;
    struct error *error = card->proven ? NULL : session_select(card);
    if (error == NULL)
        error = learn_verified(key, &verified);
    if (error == NULL && !verified)
        error = key_check_tries(key);
    if (error != NULL)
        return error;
    if (verified) {
        card->pin_verified |= 1U << key->key.pin_use;
        return NULL;
    }
    card_tell_pad(card, CARD_PAD_VERIFY, "PIN");
    error = card->app->verify_pin(card->channel, card->state, &key->key, NULL, &tries_left);
    return take_result(key, tries_left, error);
}

/* ---- for key references ------------------------------------------------------------------ */

struct error *card_key_pin_at_pad(struct card_key *key, bool *out)
{
    lock_acquire(&key->lock);
    enum card_pin_place place = key->pin_place;
    struct card *card = key->card;
    lock_release(&key->lock);
    *out = place == CARD_PIN_AT_PAD;
    if (key->key.pin_policy == CARD_POLICY_NEVER)
        *out = false;
    else if (place == CARD_PIN_ANYWHERE && card != NULL)
        return card_pad_serves(card, CARD_PAD_VERIFY, CARD_SECRET_PIN, out, NULL);
    return NULL;
}
