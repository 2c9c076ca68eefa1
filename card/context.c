/* SPDX-License-Identifier: BSD-2-Clause */
#include "card_internal.h"
#include "transport_pkcs11.h"
#include "waiting_pin.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MODULE_SECONDS 30

struct context_module {
    struct context_module *next;
    struct transport_system *system;
};

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
    context->module_seconds = MODULE_SECONDS;
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
    while (context->modules != NULL) {
        struct context_module *module = context->modules;
        context->modules = module->next;
        context_system_free(module->system);
        free(module);
    }
    free(context->module_path);
    lock_destroy(&context->lock);
    free(context);
}

void card_context_set_pad_notice(struct card_context *context, card_pad_notice *notice)
{
    context->pad_notice = notice;
}

/* ---- PKCS #11 modules -------------------------------------------------------------------- */

struct error *card_context_set_module(struct card_context *context, const char *path,
                                      unsigned seconds)
{
    char *copy = path == NULL ? NULL : strdup(path);
    if (path != NULL && copy == NULL)
        return error_no_memory();
    free(context->module_path);
    context->module_path = copy;
    context->module_seconds = seconds == 0 ? MODULE_SECONDS : seconds;
    return NULL;
}

/* With the context's lock held. */
static struct error *find_or_add_module(struct card_context *context, const char *path,
                                        struct transport_system **out)
{
    struct context_module *module = context->modules;
    while (module != NULL && strcmp(module->system->module, path) != 0)
        module = module->next;
    if (module == NULL) {
        module = calloc(1, sizeof(*module));
        struct error *error =
            module == NULL ? error_no_memory()
                           : transport_pkcs11_new(path, context->module_seconds, &module->system);
        if (error != NULL) {
            free(module);
            return error;
        }
        module->next = context->modules;
        context->modules = module;
    }
    module->system->hold(module->system);
    *out = module->system;
    return NULL;
}

static struct error *module_system(struct card_context *context, const struct card_uri *uri,
                                   struct transport_system **out)
{
    static const char variable[] = "env:";
    const char *path = uri->module_path != NULL ? uri->module_path : context->module_path;
    if (path == NULL)
        return error_new(ERROR_ARGUMENT,
                         "app=pkcs11 needs the path of the vendor's PKCS #11 module: add it to the "
                         "URI's query (card:app=pkcs11?module-path=/path/module.so), or set "
                         "module-path in the provider's section of OpenSSL's configuration");
    lock_acquire(&context->lock);
    struct error *error = find_or_add_module(context, path, out);
    lock_release(&context->lock);
    if (error == NULL && uri->pin_source != NULL &&
        strncmp(uri->pin_source, variable, strlen(variable)) == 0)
        error = transport_pkcs11_hide(*out, uri->pin_source + strlen(variable));
    return error;
}

struct error *context_system(struct card_context *context, const struct card_uri *uri,
                             const struct transport_system **out)
{
    struct transport_system *module = NULL;
    struct error *error = NULL;
    *out = context->system;
    if (!card_uri_names_module(uri))
        return NULL;
    error = module_system(context, uri, &module);
    *out = module;
    if (error != NULL) {
        context_system_free(module);
        *out = NULL;
    }
    return error;
}

void context_system_free(const struct transport_system *system)
{
    if (system != NULL && system->release != NULL)
        system->release(system);
}

/* ---- cards ------------------------------------------------------------------------------- */

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

static struct error *card_new(struct card_context *context, const struct transport_system *system,
                              const char *reader, const struct card_app *app,
                              const struct card *beside, struct card **out)
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
    card->pad_notice = context->pad_notice;
    card->system = system;
    if (system->hold != NULL)
        system->hold(system);
    card->process = getpid();
    card->pin_tries_left = card->pin_tries_seen = card->pin_tries_asked = -1;
    card->pin_doubtful_tries = card->pin_tries_before = -1;
    lock_init(&card->lock);
    *out = card;
    return NULL;
}

/* With the context's lock held. */
static struct error *find_or_add(struct card_context *context,
                                 const struct transport_system *system, const char *reader,
                                 const struct card_app *app, struct card **out)
{
    struct card *card = context->cards;
    const struct card *beside = NULL;
    for (; card != NULL; card = card->next) {
        bool here = card->system == system && strcmp(card->reader, reader) == 0;
        if (here && card->app == app)
            break;
        beside = here ? card : beside;
    }
    if (card == NULL) {
        struct error *error = card_new(context, system, reader, app, beside, &card);
        if (error != NULL)
            return error;
        card->next = context->cards;
        context->cards = card;
    }
    *out = card_ref(card);
    return NULL;
}

struct error *context_card(struct card_context *context, const struct transport_system *system,
                           const char *reader, const struct card_app *app, struct card **out)
{
    *out = NULL;
    lock_acquire(&context->lock);
    struct error *error = find_or_add(context, system, reader, app, out);
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
    context_system_free(card->system);
    place_free(card->place);
    free(card->serial);
    free(card->reader);
    free(card);
}
