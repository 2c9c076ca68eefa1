/* SPDX-License-Identifier: BSD-2-Clause */
/* What is done with a whole card. */
#include "card_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

char *card_describe(const struct card *card)
{
    char *text = NULL;
    const char *title = card->app->title;
    int length = card->serial != NULL
                     ? asprintf(&text, "%s card %s", title, card->serial)
                     : asprintf(&text, "the %s card in the reader \"%s\"", title, card->reader);
    return length < 0 ? NULL : text;
}

char *card_describe_wanted(const struct card *card)
{
    char *text = NULL;
    if (card->serial != NULL)
        return card_describe(card);
    if (asprintf(&text, "the %s card that was in the reader \"%s\"", card->app->title,
                 card->reader) < 0)
        return NULL;
    return text;
}

struct card_uri card_uri_fields(const struct card *card)
{
    struct card_uri uri = {.app = (char *)card->app->name}; /* only formatted, never freed */
    if (card->serial != NULL)
        uri.serial = card->serial;
    else
        uri.reader = card->reader;
    return uri;
}

/* ---- serial number and PIN --------------------------------------------------------------- */

struct error *card_learn_serial(struct card *card)
{
    char *serial = NULL;
    if (card->serial != NULL || card->serial_lacking)
        return NULL;
    struct error *error = card->app->serial(card->channel, card->state, &serial);
    if (error == NULL)
        card->serial = serial;
    if (error == NULL || error_code(error) != ERROR_NOT_FOUND || !card->proven)
        return error;
    error_free(error);
    card->serial_lacking = true;
    return NULL;
}

static struct error *learn_serial(struct card *card, void *argument)
{
    (void)argument;
    return card_learn_serial(card);
}

static bool serial_known(struct card *card, const char **out)
{
    lock_acquire(&card->lock);
    *out = card->serial;
    bool known = card->serial != NULL || card->serial_lacking;
    lock_release(&card->lock);
    return known;
}

struct error *card_serial(struct card *card, const char **out)
{
    struct error *error = NULL;
    if (!serial_known(card, out))
        error = session_run(card, NULL, learn_serial, NULL);
    if (error == NULL && serial_known(card, out) && *out == NULL)
        error = error_new(ERROR_NOT_FOUND, "the card in the reader \"%s\" has no serial number",
                          card->reader);
    return error;
}

static struct error *read_pin_status(struct card *card, void *argument)
{
    return card->app->pin_status(card->channel, card->state, argument);
}

struct error *card_pin_status(struct card *card, struct card_pin_status *out)
{
    *out = (struct card_pin_status){.tries_left = -1};
    return session_run_fresh(card, NULL, read_pin_status, out);
}

/* ---- administration ---------------------------------------------------------------------- */

static struct error *check_slot(const struct card *card, const char *slot)
{
    char name[APP_SLOT_MAX];
    if (card->app->slot_name(slot, name))
        return NULL;
    return error_new(ERROR_NOT_FOUND, "a %s card has no slot \"%s\": there are %s",
                     card->app->title, slot, card->app->slot_names);
}

/* `secret` NULL: the factory's. */
static struct error *authenticate_admin(struct card *card, struct secret *secret)
{
    const struct app_admin admin = {.secret = secret};
    return card->app->authenticate_admin(card->channel, card->state, &admin);
}

struct choosing {
    char slot[APP_SLOT_MAX];
};

static struct error *choose_slot(struct card *card, void *argument)
{
    struct choosing *choosing = argument;
    return card->app->free_slot(card->channel, card->state, choosing->slot);
}

struct error *card_free_slot(struct card *card, char **out)
{
    struct choosing choosing;
    *out = NULL;
    if (card->app->free_slot == NULL)
        return error_new(ERROR_UNSUPPORTED, "a %s card makes no keys", card->app->title);
    struct error *error = session_run_fresh(card, NULL, choose_slot, &choosing);
    if (error == NULL && (*out = strdup(choosing.slot)) == NULL)
        error = error_no_memory();
    return error;
}

struct generating {
    struct secret *admin;
    const char *slot; /* NULL: a free one */
    const struct card_generate_options *options;
    struct app_key made;
};

/* What identified the card may be what is being replaced. */
static void drop_witness(struct card *card, const char *slot)
{
    if (strcasecmp(card->witness_slot, slot) != 0)
        return;
    EVP_PKEY_free(card->witness);
    card->witness = NULL;
}

/* The choice of the slot, a last look at it and the generation are one transaction. */
static struct error *generate(struct card *card, void *argument)
{
    struct generating *generating = argument;
    const char *slot = generating->slot;
    char free_slot[APP_SLOT_MAX];
    struct error *error = NULL;
    if (slot == NULL) {
        error = card->app->free_slot(card->channel, card->state, free_slot);
        slot = free_slot;
    }
    if (error == NULL)
        error = authenticate_admin(card, generating->admin);
    if (error != NULL)
        return error;
    drop_witness(card, slot);
    return card->app->generate_key(card->channel, card->state, slot, generating->options,
                                   &generating->made);
}

static struct error *run_generate(struct card *card, struct generating *generating)
{
    if (card->app->generate_key == NULL)
        return error_new(ERROR_UNSUPPORTED, "a %s card makes no keys", card->app->title);
    struct error *error = generating->slot == NULL ? NULL : check_slot(card, generating->slot);
    return error != NULL ? error : session_run_fresh(card, NULL, generate, generating);
}

struct error *card_generate_key(struct card *card, struct secret *admin, const char *slot,
                                const struct card_generate_options *options, EVP_PKEY **public_key)
{
    struct generating generating = {.admin = admin, .slot = slot, .options = options};
    struct error *error = run_generate(card, &generating);
    *public_key = error == NULL ? generating.made.public_key : NULL;
    return error;
}

struct error *card_make_key(struct card_context *context, const struct card_uri *uri,
                            struct secret *admin, const struct card_generate_options *options,
                            struct card_key **out)
{
    struct generating generating = {.admin = admin, .slot = uri->slot, .options = options};
    struct card *card;
    *out = NULL;
    struct error *error = card_find(context, uri, &card);
    if (error != NULL)
        return error;
    error = run_generate(card, &generating);
    if (error == NULL)
        error = card_key_new(card, &generating.made, uri, out);
    card_free(card);
    return error;
}

struct deleting {
    struct secret *admin;
    const char *slot;
};

static struct error *delete (struct card *card, void *argument)
{
    const struct deleting *deleting = argument;
    struct error *error = authenticate_admin(card, deleting->admin);
    if (error != NULL)
        return error;
    drop_witness(card, deleting->slot);
    return card->app->delete_key(card->channel, card->state, deleting->slot);
}

struct error *card_key_delete(struct card_key *key, struct secret *admin)
{
    struct deleting deleting = {admin, key->key.slot};
    struct error *error = key_find_card(key);
    if (error != NULL)
        return error;
    if (key->card->app->delete_key == NULL)
        return error_new(ERROR_UNSUPPORTED, "a %s card deletes no keys", key->card->app->title);
    return session_run_fresh(key->card, key, delete, &deleting);
}

struct storing {
    struct secret *admin;
    const char *slot;
    const uint8_t *der;
    size_t length;
};

static struct error *store(struct card *card, void *argument)
{
    const struct storing *storing = argument;
    struct error *error = authenticate_admin(card, storing->admin);
    if (error != NULL)
        return error;
    drop_witness(card, storing->slot);
    return card->app->store_certificate(card->channel, card->state, storing->slot, storing->der,
                                        storing->length);
}

struct error *card_store_certificate(struct card *card, struct secret *admin, const char *slot,
                                     const uint8_t *der, size_t der_length)
{
    struct storing storing = {admin, slot, der, der_length};
    if (card->app->store_certificate == NULL)
        return error_new(ERROR_UNSUPPORTED, "a %s card takes no certificates", card->app->title);
    struct error *error = check_slot(card, slot);
    return error != NULL ? error : session_run_fresh(card, NULL, store, &storing);
}
