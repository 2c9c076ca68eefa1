/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys that are known from a key reference: which card they are on is found out when it matters. */
#include "card_internal.h"
#include "waiting_pin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static struct error *fill_in(struct card_key *key, struct card_context *context,
                             const struct card_uri *uri, EVP_PKEY *public_key)
{
    struct error *error = card_uri_copy(uri, &key->uri);
    if (error != NULL)
        return error;
    if (!EVP_PKEY_up_ref(public_key))
        return error_no_memory();
    key->key.public_key = public_key;
    key->context = context_ref(context);
    return NULL;
}

struct error *card_key_from_reference(struct card_context *context, const struct card_uri *uri,
                                      EVP_PKEY *public_key, enum card_policy pin_policy,
                                      bool at_pad, struct card_key **out)
{
    const struct card_app *app;
    struct error *error = find_app(uri, &app);
    *out = NULL;
    if (error == NULL && uri->slot == NULL)
        error = error_new(ERROR_ARGUMENT, "the key reference's URI names no slot");
    if (error != NULL)
        return error;
    struct card_key *key = calloc(1, sizeof(*key));
    if (key == NULL)
        return error_no_memory();
    atomic_init(&key->references, 1);
    lock_init(&key->lock);
    key->app = app;
    key->key.pin_policy = pin_policy;
    key->pin_place = at_pad ? CARD_PIN_AT_PAD : CARD_PIN_ANYWHERE;
    (void)app->slot_name(uri->slot, key->key.slot); /* find_app() has made sure that it can */
    error = fill_in(key, context, uri, public_key);
    if (error == NULL && key_place_of(key->uri) != CARD_PIN_ANYWHERE)
        key->pin_place = key_place_of(key->uri);
    if (error == NULL)
        *out = key;
    else
        card_key_free(key);
    return error;
}

char *key_describe_card(const struct card_key *key)
{
    char *text = NULL;
    int length = key->uri->serial != NULL
                     ? asprintf(&text, "%s card %s", key->app->title, key->uri->serial)
                     : asprintf(&text, "the %s card of the key reference", key->app->title);
    return length < 0 ? NULL : text;
}

bool key_is_placed(struct card_key *key)
{
    lock_acquire(&key->lock);
    bool known = key->card != NULL;
    lock_release(&key->lock);
    return !known && key->uri->serial != NULL && key->uri->app != NULL;
}

/* Says which card is wanted, whatever kept it from being found. */
static struct error *not_here(const struct card_key *key, struct error *cause)
{
    char *name = key_describe_card(key);
    enum error_code code = error_code(cause);
    if (code == ERROR_NOT_FOUND || code == ERROR_UNKNOWN_CARD)
        code = ERROR_OTHER_KEY;
    if (name == NULL || (code != ERROR_OTHER_KEY && code != ERROR_NO_CARD)) {
        free(name);
        return cause;
    }
    cause = error_wrap(cause, code,
                       "the key reference stands for the key in slot %s of %s, which is not here: "
                       "insert that card",
                       key->key.slot, name);
    free(name);
    return cause;
}

static bool pin_lacking(struct card *card)
{
    lock_acquire(&card->lock);
    bool lacking = card->pin == NULL;
    lock_release(&card->lock);
    return lacking;
}

/* What the slot says of its key counts from here on; the public half is the same. */
static struct error *adopt(struct card_key *key, const struct card_key *found)
{
    key->key.pin_use = found->key.pin_use;
    key->key.uses = found->key.uses;
    key->key.pin_policy = found->key.pin_policy;
    key->key.touch_policy = found->key.touch_policy;
    key->key.origin = found->key.origin;
    key->card = card_ref(found->card);
    struct error *error = NULL;
    if (key->pin == NULL && pin_lacking(key->card))
        error = waiting_pin_copy(key->context, key->key.public_key, &key->pin);
    if (error == NULL && key->pin != NULL)
        error = card_keep_pin(key->card, &key->pin);
    secret_free(key->pin); /* the card had one already */
    key->pin = NULL;
    return error;
}

/*
 * A key file may come from anywhere; what it names as a module is code that will run. So that is
 * one where the system keeps its libraries, or the one that the configuration names.
 */
static struct error *check_module(const struct card_context *context, const struct card_uri *uri)
{
    static const char *const places[] = {"/usr/lib", "/usr/local/lib", "/lib", "/opt/"};
    const char *path = uri->module_path;
    if (path == NULL || (context->module_path != NULL && strcmp(path, context->module_path) == 0))
        return NULL;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (strncmp(path, places[i], strlen(places[i])) == 0 && strstr(path, "/../") == NULL)
            return NULL;
    return error_new(ERROR_DENIED,
                     "the key reference names the PKCS #11 module %s, which is not where the "
                     "system keeps libraries: if you trust it, name it as module-path in the "
                     "provider's section of OpenSSL's configuration",
                     path);
}

struct error *key_find_card(struct card_key *key)
{
    struct card_key *found = NULL;
    struct error *error = NULL;
    lock_acquire(&key->lock);
    if (key->card == NULL)
        error = check_module(key->context, key->uri);
    if (key->card == NULL && error == NULL) {
        error = find_key_by_public(key->context, key->uri, key->key.public_key, key->pin, &found);
        error = error == NULL ? adopt(key, found) : not_here(key, error);
    }
    lock_release(&key->lock);
    card_key_free(found);
    return error;
}
