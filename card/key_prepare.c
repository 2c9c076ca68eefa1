/* SPDX-License-Identifier: BSD-2-Clause */
/* Getting hold of the PIN before it is needed, with no lock and no transaction held. */
#include "card_internal.h"
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

static struct error *get_pin(struct card_key *key, card_pin_prompt *prompt, void *argument,
                             struct secret **pin)
{
    const struct card_uri *uri = key->uri;
    *pin = NULL;
    if (uri->pin_value != NULL)
        return secret_new(secret_bytes(uri->pin_value), secret_length(uri->pin_value), pin);
    if (uri->pin_source != NULL)
        return pin_source_read(uri->pin_source, pin);
    if (prompt != NULL)
        return ask_person(key, prompt, argument, pin);
    return error_new(ERROR_PIN_SOURCE,
                     "the key in slot %s needs the card's PIN, and there is nobody to ask: add "
                     "pin-source=file:PATH, env:NAME or credential:NAME to the URI's query "
                     "(card:slot=%s?pin-source=file:PATH)",
                     key->key.slot, key->key.slot);
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

struct error *card_key_prepare_pin(struct card_key *key, card_pin_prompt *prompt, void *argument)
{
    struct secret *pin;
    if (!pin_needed(key))
        return NULL;
    struct error *error = get_pin(key, prompt, argument, &pin);
    if (error == NULL)
        error = check_length(key->app, pin);
    if (error == NULL)
        error = keep_pin(key, &pin);
    secret_free(pin);
    return error;
}
