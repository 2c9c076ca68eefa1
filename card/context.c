/* SPDX-License-Identifier: BSD-2-Clause */
#include "card_internal.h"
#include "waiting_pin.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct error *card_context_new_with(OSSL_LIB_CTX *libctx, const struct transport_system *system,
                                    struct card_context **out)
{
    *out = NULL;
    struct card_context *context = calloc(1, sizeof(*context));
    if (context == NULL)
        return error_no_memory();
    atomic_init(&context->references, 1);
    context->libctx = libctx;
    context->system = system;
    lock_init(&context->lock);
    *out = context;
    return NULL;
}

struct error *card_context_new(OSSL_LIB_CTX *libctx, struct card_context **out)
{
    transport_pcsc_prepare();
    return card_context_new_with(libctx, &transport_pcsc, out);
}

struct card_context *context_ref(struct card_context *context)
{
    atomic_fetch_add(&context->references, 1);
    return context;
}

void card_context_free(struct card_context *context)
{
    if (context == NULL || atomic_fetch_sub(&context->references, 1) != 1)
        return;
    struct card *card = context->cards;
    while (card != NULL) {
        struct card *next = card->next;
        card_free(card);
        card = next;
    }
    waiting_pin_free(context->waiting_pins);
    lock_destroy(&context->lock);
    free(context);
}

struct card *card_ref(struct card *card)
{
    atomic_fetch_add(&card->references, 1);
    return card;
}

/* What the cards of one reader share; `beside` is one of them, or NULL. */
static struct card_place *place_of(const struct card *beside)
{
    struct card_place *place = beside != NULL ? beside->place : calloc(1, sizeof(*place));
    if (place != NULL)
        atomic_fetch_add(&place->references, 1);
    return place;
}

static void place_free(struct card_place *place)
{
    if (place != NULL && atomic_fetch_sub(&place->references, 1) == 1)
        free(place);
}

static struct error *card_new(struct card_context *context, const char *reader,
                              const struct card_app *app, const struct card *beside,
                              struct card **out)
{
    struct card *card = calloc(1, sizeof(*card));
    if (card == NULL)
        return error_no_memory();
    card->reader = strdup(reader);
    card->place = place_of(beside);
    if (card->reader == NULL || card->place == NULL) {
        place_free(card->place);
        free(card->reader);
        free(card);
        return error_no_memory();
    }
    card->app = app;
    atomic_init(&card->references, 1);
    card->libctx = context->libctx;
    card->system = context->system;
    card->process = getpid();
    card->pin_tries_left = card->pin_tries_seen = card->pin_tries_asked = -1;
    card->pin_doubtful_tries = card->pin_tries_before = -1;
    lock_init(&card->lock);
    *out = card;
    return NULL;
}

/* With the context's lock held. */
static struct error *find_or_add(struct card_context *context, const char *reader,
                                 const struct card_app *app, struct card **out)
{
    struct card *card = context->cards;
    const struct card *beside = NULL;
    for (; card != NULL; card = card->next) {
        bool here = strcmp(card->reader, reader) == 0;
        if (here && card->app == app)
            break;
        beside = here ? card : beside;
    }
    if (card == NULL) {
        struct error *error = card_new(context, reader, app, beside, &card);
        if (error != NULL)
            return error;
        card->next = context->cards;
        context->cards = card;
    }
    *out = card_ref(card);
    return NULL;
}

struct error *context_card(struct card_context *context, const char *reader,
                           const struct card_app *app, struct card **out)
{
    *out = NULL;
    lock_acquire(&context->lock);
    struct error *error = find_or_add(context, reader, app, out);
    lock_release(&context->lock);
    return error;
}

void context_forget(struct card_context *context, struct card *card)
{
    lock_acquire(&context->lock);
    struct card **link = &context->cards;
    while (*link != NULL && *link != card)
        link = &(*link)->next;
    bool listed = *link != NULL;
    if (listed)
        *link = card->next;
    lock_release(&context->lock);
    if (listed)
        card_free(card); /* the list's reference */
}

/* In a process forked off since, the connection is the parent's: it is left alone. What another
   thread was in the middle of at that moment is not even freed. */
static void drop_connection(struct card *card)
{
    bool own = card->process == getpid();
    if (!own && card->lock.torn)
        return;
    apdu_channel_free(card->channel);
    if (card->state != NULL)
        card->app->free_state(card->state);
    if (card->transport == NULL)
        return;
    if (own)
        card->transport->functions->close(card->transport);
    else
        card->transport->functions->abandon(card->transport);
}

void card_free(struct card *card)
{
    if (card == NULL || atomic_fetch_sub(&card->references, 1) != 1)
        return;
    lock_acquire(&card->lock); /* makes a lock that was held while this process was forked tell */
    drop_connection(card);
    lock_release(&card->lock);
    lock_destroy(&card->lock);
    EVP_PKEY_free(card->witness);
    secret_free(card->pin);
    place_free(card->place);
    free(card->serial);
    free(card->reader);
    free(card);
}
