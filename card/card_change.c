/* SPDX-License-Identifier: BSD-2-Clause */
/* Changes to a card: keys and certificates made, written, moved, deleted; the card reset. */
#include "card_internal.h"
#include "certificate.h"
#include "manage.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static struct error *check_slot(const struct card *card, const char *slot)
{
    char name[APP_SLOT_MAX];
    if (card->app->slot_name(slot, name))
        return NULL;
    return error_new(ERROR_NOT_FOUND, "a %s card has no slot \"%s\": there are %s",
                     card->app->title, slot, card->app->slot_names);
}

/* What identified the card may be what is being replaced. */
static void drop_witness(struct card *card, const char *slot)
{
    if (strcasecmp(card->witness_slot, slot) != 0)
        return;
    EVP_PKEY_free(card->witness);
    card->witness = NULL;
}

static struct error *cannot(const struct card *card, const char *what)
{
    return app_cannot(card->app, what);
}

/* ---- making keys ------------------------------------------------------------------------- */

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
        return cannot(card, "makes no keys");
    struct error *error = session_run_fresh(card, NULL, choose_slot, &choosing);
    if (error == NULL && (*out = strdup(choosing.slot)) == NULL)
        error = error_no_memory();
    return error;
}

struct generating {
    const struct card_admin *admin;
    const char *slot; /* NULL: a free one */
    const struct card_generate_options *options;
    struct app_key made;
};

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
        error = card_authenticate_admin(card, generating->admin);
    if (error != NULL)
        return error;
    drop_witness(card, slot);
    return card->app->generate_key(card->channel, card->state, slot, generating->options,
                                   &generating->made);
}

static struct error *run_generate(struct card *card, struct generating *generating)
{
    struct error *error = card_check_generates(card);
    if (error == NULL && generating->slot != NULL)
        error = check_slot(card, generating->slot);
    return error != NULL ? error : session_run_fresh(card, NULL, generate, generating);
}

struct error *card_generate_key(struct card *card, const struct card_admin *admin, const char *slot,
                                const struct card_generate_options *options, EVP_PKEY **public_key)
{
    struct generating generating = {.admin = admin, .slot = slot, .options = options};
    struct error *error = run_generate(card, &generating);
    *public_key = error == NULL ? generating.made.public_key : NULL;
    return error;
}

struct error *card_make_key(struct card_context *context, const struct card_uri *uri,
                            const struct card_admin *admin,
                            const struct card_generate_options *options, struct card_key **out)
{
    struct generating generating = {.admin = admin, .slot = uri->slot, .options = options};
    struct card *card;
    *out = NULL;
    struct error *error = card_find_for_key(context, uri, &card);
    if (error != NULL)
        return error;
    error = run_generate(card, &generating);
    if (error == NULL)
        error = card_key_new(card, &generating.made, uri, out);
    card_free(card);
    return error;
}

/* ---- one thing in one slot --------------------------------------------------------------- */

struct slot_change {
    const struct card_admin *admin;
    const char *slot;
    const char *to;
    const uint8_t *der;
    size_t length;
};

static struct error *begin_change(struct card *card, const struct slot_change *change)
{
    struct error *error = card_authenticate_admin(card, change->admin);
    if (error == NULL)
        drop_witness(card, change->slot);
    return error;
}

static struct error *delete_key(struct card *card, void *argument)
{
    const struct slot_change *change = argument;
    struct error *error = begin_change(card, change);
    return error != NULL ? error : card->app->delete_key(card->channel, card->state, change->slot);
}

struct error *card_key_delete(struct card_key *key, const struct card_admin *admin)
{
    struct slot_change change = {.admin = admin, .slot = key->key.slot};
    struct error *error = key_find_card(key);
    if (error != NULL)
        return error;
    if (key->card->app->delete_key == NULL)
        return cannot(key->card, "deletes no keys");
    return session_run_fresh(key->card, key, delete_key, &change);
}

struct error *card_delete_key(struct card *card, const struct card_admin *admin, const char *slot)
{
    struct slot_change change = {.admin = admin, .slot = slot};
    if (card->app->delete_key == NULL)
        return cannot(card, "deletes no keys");
    struct error *error = check_slot(card, slot);
    return error != NULL ? error : session_run_fresh(card, NULL, delete_key, &change);
}

static struct error *delete_certificate(struct card *card, void *argument)
{
    const struct slot_change *change = argument;
    struct buffer der = {0};
    struct error *error =
        card->app->read_certificate(card->channel, card->state, change->slot, &der);
    if (error != NULL && error_code(error) == ERROR_CARD_ANSWER) {
        error_free(error); /* what is no certificate goes all the same */
        error = NULL;
    }
    buffer_clear(&der);
    if (error == NULL)
        error = begin_change(card, change);
    return error != NULL ? error
                         : card->app->delete_certificate(card->channel, card->state, change->slot);
}

struct error *card_delete_certificate(struct card *card, const struct card_admin *admin,
                                      const char *slot)
{
    struct slot_change change = {.admin = admin, .slot = slot};
    if (card->app->delete_certificate == NULL)
        return cannot(card, "deletes no certificates");
    struct error *error = check_slot(card, slot);
    return error != NULL ? error : session_run_fresh(card, NULL, delete_certificate, &change);
}

static struct error *store(struct card *card, void *argument)
{
    const struct slot_change *change = argument;
    struct error *error = begin_change(card, change);
    return error != NULL ? error
                         : card->app->store_certificate(card->channel, card->state, change->slot,
                                                        change->der, change->length);
}

struct error *card_store_certificate(struct card *card, const struct card_admin *admin,
                                     const char *slot, const uint8_t *der, size_t der_length)
{
    struct slot_change change = {.admin = admin, .slot = slot, .der = der, .length = der_length};
    if (card->app->store_certificate == NULL)
        return cannot(card, "takes no certificates");
    struct error *error = check_slot(card, slot);
    return error != NULL ? error : session_run_fresh(card, NULL, store, &change);
}

/* ---- moving ------------------------------------------------------------------------------ */

/* The certificate beside the key, if it is the key's: another one stays where it is. */
static struct error *read_beside(struct card *card, const char *slot, struct buffer *der)
{
    struct error *error = card->app->read_certificate(card->channel, card->state, slot, der);
    if (error != NULL &&
        (error_code(error) == ERROR_NOT_FOUND || error_code(error) == ERROR_CARD_ANSWER)) {
        error_free(error);
        buffer_clear(der);
        return NULL;
    }
    return error;
}

static struct error *move(struct card *card, void *argument)
{
    const struct slot_change *change = argument;
    struct buffer der = {0};
    struct error *error = read_beside(card, change->slot, &der);
    if (error == NULL)
        error = begin_change(card, change);
    if (error == NULL)
        error = card->app->move_key(card->channel, card->state, change->slot, change->to);
    if (error == NULL && der.length > 0)
        error = card->app->store_certificate(card->channel, card->state, change->to, der.bytes,
                                             der.length);
    if (error == NULL && der.length > 0)
        error = card->app->delete_certificate(card->channel, card->state, change->slot);
    buffer_clear(&der);
    return error;
}

struct error *card_move_key(struct card *card, const struct card_admin *admin, const char *from,
                            const char *to)
{
    struct slot_change change = {.admin = admin, .slot = from, .to = to};
    if (card->app->move_key == NULL)
        return cannot(card, "moves no keys");
    struct error *error = check_slot(card, from);
    if (error == NULL)
        error = check_slot(card, to);
    if (error == NULL && strcasecmp(from, to) == 0)
        error = error_new(ERROR_ARGUMENT, "the key is in slot %s already", to);
    return error != NULL ? error : session_run_fresh(card, NULL, move, &change);
}

/* ---- reset ------------------------------------------------------------------------------- */

static struct error *reset(struct card *card, void *argument)
{
    const struct card_admin *admin = argument;
    const struct app_admin given = {admin == NULL ? NULL : admin->secret,
                                    admin != NULL && admin->use_last_try, false};
    EVP_PKEY_free(card->witness);
    card->witness = NULL;
    struct error *error =
        card->app->reset(card->channel, card->state, admin == NULL ? NULL : &given);
    card_forget_pin(card);
    return error;
}

struct error *card_reset(struct card *card, const struct card_admin *admin)
{
    if (card->app->reset == NULL)
        return cannot(card, "cannot be reset");
    return session_run_fresh(card, NULL, reset, (void *)(uintptr_t)admin);
}
