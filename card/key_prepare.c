/* SPDX-License-Identifier: BSD-2-Clause */
/* Getting hold of the PIN before it is needed, with no lock and no transaction held. */
#include "card_internal.h"
#include "manage.h"
#include "pin_source.h"
#include "waiting_pin.h"

#include <stdlib.h>

/* The card, where it is known by now; it stays the key's. */
static struct card *known_card(struct card_key *key)
{
    lock_acquire(&key->lock);
    struct card *card = key->card;
    lock_release(&key->lock);
    return card;
}

static bool pin_needed(struct card_key *key)
{
    struct card *card = known_card(key);
    if (key->key.pin_policy == CARD_POLICY_NEVER)
        return false;
    struct lock *lock = card != NULL ? &card->lock : &key->lock;
    lock_acquire(lock);
    bool needed = (card != NULL ? card->pin : key->pin) == NULL;
    lock_release(lock);
    return needed;
}

static char *describe_card(struct card_key *key)
{
    struct card *card = known_card(key);
    if (card == NULL)
        return key_describe_card(key);
    lock_acquire(&card->lock);
    char *name = card_describe(card);
    lock_release(&card->lock);
    return name;
}

static struct error *ask_person(struct card_key *key, card_pin_prompt *prompt, void *argument,
                                struct secret **pin)
{
    char *name = describe_card(key);
    struct error *error = name == NULL ? error_no_memory() : prompt(argument, name, pin);
    free(name);
    if (error == NULL && *pin == NULL)
        error = error_new(ERROR_PIN_SOURCE, "no PIN was given");
    return error;
}

enum card_pin_place card_pin_place(const char *source)
{
    return pin_source_place(source);
}

enum card_pin_place key_place_of(const struct card_uri *uri)
{
    return uri->pin_value != NULL ? CARD_PIN_FROM_SOURCE : pin_source_place(uri->pin_source);
}

/* Settles the place by what the URI says, or `source`, for those who do not know the latter. */
static enum card_pin_place settle_place(struct card_key *key, const char *source)
{
    lock_acquire(&key->lock);
    if (key_place_of(key->uri) == CARD_PIN_ANYWHERE && source != NULL)
        key->pin_place = pin_source_place(source);
    enum card_pin_place place = key->pin_place;
    lock_release(&key->lock);
    return place;
}

static struct error *read_source(const struct card_key *key, const char *source,
                                 struct secret **pin)
{
    const struct card_uri *uri = key->uri;
    if (uri->pin_value != NULL)
        return secret_new(secret_bytes(uri->pin_value), secret_length(uri->pin_value), pin);
    return pin_source_read(uri->pin_source != NULL ? uri->pin_source : source, pin);
}

static struct error *nobody_to_ask(const struct card_key *key)
{
    return error_new(ERROR_PIN_SOURCE,
                     "the key in slot %s needs the card's PIN, and there is nobody to ask: add "
                     "pin-source=file:PATH, env:NAME or credential:NAME to the URI's query "
                     "(card:slot=%s?pin-source=file:PATH)",
                     key->key.slot, key->key.slot);
}

/* Owns `why_not`: why the reader's keypad does not serve, or NULL. */
static struct error *ask(struct card_key *key, card_pin_prompt *prompt, void *argument,
                         struct error *why_not, struct secret **pin)
{
    struct error *error =
        prompt != NULL ? ask_person(key, prompt, argument, pin) : nobody_to_ask(key);
    if (error == NULL || why_not == NULL || error_code(error) != ERROR_PIN_SOURCE) {
        error_free(why_not);
        return error;
    }
    why_not = error_wrap(why_not, ERROR_PIN_SOURCE, "%s", error_message(error));
    error_free(error);
    return why_not;
}

static struct error *pad_lacking(const struct card *card, struct error *why_not)
{
    return error_wrap(why_not, ERROR_PIN_SOURCE,
                      "the PIN is to be typed at the keypad of the reader \"%s\" "
                      "(pin-source=pad:), which has none that serves: name another pin-source",
                      card->reader);
}

/* *pin stays NULL where it is typed at the reader's keypad when it is needed. */
static struct error *get_pin(struct card_key *key, const char *source, card_pin_prompt *prompt,
                             void *argument, struct secret **pin)
{
    struct card *card = known_card(key);
    enum card_pin_place place = settle_place(key, source);
    struct error *why_not = NULL;
    struct error *error = NULL;
    bool serves = place == CARD_PIN_AT_PAD;
    *pin = NULL;
    if (place == CARD_PIN_FROM_SOURCE)
        return read_source(key, source, pin);
    if (card != NULL && place != CARD_PIN_ON_HOST)
        error = card_pad_serves(card, CARD_PAD_VERIFY, CARD_SECRET_PIN, &serves, &why_not);
    if (error != NULL || serves)
        return error;
    return place == CARD_PIN_AT_PAD ? pad_lacking(card, why_not)
                                    : ask(key, prompt, argument, why_not, pin);
}

static struct error *check_length(const struct card_app *app, struct secret *pin)
{
    size_t minimum = app->pin_minimum;
    size_t maximum = app->pin_maximum;
    size_t length = secret_length(pin);
    if (length >= minimum && length <= maximum)
        return NULL;
    return error_new(ERROR_PIN_FORMAT,
                     "the PIN is too %s: a %s PIN has %zu to %zu characters; it was not sent",
                     length < minimum ? "short" : "long", app->title, minimum, maximum);
}

/* Whether the card is known to have refused this PIN; asks nobody. */
static struct error *check_refused(struct card *card, struct secret *pin)
{
    const char *identity = card->serial_lacking ? card->reader : card->serial;
    if (identity == NULL || !pin_memory_used())
        return NULL; /* whoever sends it will ask for the serial number, and look again */
    struct error *error =
        pin_memory_look(card->libctx, card->app->name, identity, pin, &card->pin_answer);
    if (error == NULL && card->pin_answer != PIN_NOT_REFUSED)
        error = card_refused_before(card);
    return error;
}

struct error *card_keep_pin(struct card *card, struct secret **pin)
{
    lock_acquire(&card->lock);
    struct error *error = check_refused(card, *pin);
    if (error == NULL && card->pin == NULL) {
        card->pin_refused = card->pin_accepted = false;
        card->pin_verified = 0;
        card->pin = *pin;
        *pin = NULL;
    }
    lock_release(&card->lock);
    return error;
}

/* Where the card is not known yet, the PIN waits in the key, and a copy outlives it. */
static struct error *keep_pin(struct card_key *key, struct secret **pin)
{
    struct error *error = NULL;
    lock_acquire(&key->lock);
    struct card *card = key->card;
    if (card == NULL && key->pin == NULL) {
        error = waiting_pin_keep(key->context, key->key.public_key, *pin);
        key->pin = *pin;
        *pin = NULL;
    }
    lock_release(&key->lock);
    return card != NULL ? card_keep_pin(card, pin) : error;
}

struct error *card_pin_read(const char *source, struct secret **pin)
{
    return pin_source_read(source, pin);
}

struct error *card_key_prepare_pin(struct card_key *key, const char *source,
                                   card_pin_prompt *prompt, void *argument)
{
    struct secret *pin;
    if (!pin_needed(key)) {
        (void)settle_place(key, source);
        return NULL;
    }
    struct error *error = get_pin(key, source, prompt, argument, &pin);
    if (error == NULL && pin != NULL)
        error = check_length(key->app, pin);
    if (error == NULL && pin != NULL)
        error = keep_pin(key, &pin);
    secret_free(pin);
    return error;
}
