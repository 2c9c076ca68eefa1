/* SPDX-License-Identifier: BSD-2-Clause */
/* What is there: readers, the cards in them, and what a card says of itself. */
#include "atr.h"
#include "manage.h"
#include "search.h"

#include <stdlib.h>
#include <string.h>

/* ---- readers ----------------------------------------------------------------------------- */

static struct error *read_serial(struct card *card, void *argument)
{
    (void)argument;
    return card_learn_serial(card);
}

/* The answer to reset, once there is a connection. */
static struct error *keep_atr(struct card *card, struct card_reader *reader)
{
    char text[ATR_TEXT_MAX] = "";
    lock_acquire(&card->lock);
    if (reader->atr == NULL && card->transport != NULL && card->transport->atr_length > 0)
        atr_format(card->transport->atr, card->transport->atr_length, text);
    lock_release(&card->lock);
    if (text[0] == '\0')
        return NULL;
    reader->atr = strdup(text);
    return reader->atr == NULL ? error_no_memory() : NULL;
}

static struct error *keep_application(struct card_reader *reader, struct card *card)
{
    struct card_application *grown = reallocarray(
        reader->applications, reader->application_count + 1, sizeof(*reader->applications));
    if (grown == NULL)
        return error_no_memory();
    reader->applications = grown;
    struct card_application *next = &grown[reader->application_count];
    *next = (struct card_application){.name = card->app->name, .title = card->app->title};
    if (card->serial != NULL) {
        next->serial = strdup(card->serial);
        if (next->serial == NULL)
            return error_no_memory();
    }
    next->card = card_ref(card);
    reader->application_count++;
    return NULL;
}

/* A card that was there before and is another one now makes room for a new struct. */
static struct error *look_for(struct card_context *context, const struct transport_system *system,
                              const struct card_app *app, struct card_reader *reader)
{
    struct card *card = NULL;
    struct error *error = NULL;
    for (int attempt = 0; attempt < 2; attempt++) {
        error_free(error);
        card_free(card);
        card = NULL;
        error = context_card(context, system, reader->name, app, &card);
        if (error != NULL)
            return error;
        error = session_run_fresh(card, NULL, read_serial, NULL);
        if (error == NULL)
            break;
        context_forget(context, card);
        if (error_code(error) != ERROR_OTHER_KEY)
            break;
    }
    struct error *trouble = keep_atr(card, reader);
    if (error == NULL)
        error = trouble != NULL ? trouble : keep_application(reader, card);
    else
        error_free(trouble);
    card_free(card);
    return error;
}

/* That an application is not there is no failure; the first other one is kept. */
static void look_into(struct card_context *context, const struct transport_system *system,
                      struct card_reader *reader)
{
    const struct card_app *const *app = system->module != NULL ? module_apps : card_apps;
    for (; *app != NULL; app++) {
        struct error *error = look_for(context, system, *app, reader);
        if (error == NULL)
            continue;
        if (reader->failure == NULL && error_code(error) != ERROR_UNKNOWN_CARD)
            reader->failure = error;
        else
            error_free(error);
    }
}

static struct error *list_reader(struct card_context *context,
                                 const struct transport_system *system,
                                 const struct transport_reader *found, struct card_reader *out)
{
    *out = (struct card_reader){.name = strdup(found->name), .card_present = found->card_present};
    if (out->name == NULL)
        return error_no_memory();
    if (found->card_present)
        look_into(context, system, out);
    return NULL;
}

/* Room for some more. */
static struct error *grow(struct card_reader_list *list, size_t more)
{
    struct card_reader *items = reallocarray(list->items, list->count + more, sizeof(*list->items));
    if (items == NULL)
        return error_no_memory();
    list->items = items;
    return NULL;
}

static struct error *list_system(struct card_context *context,
                                 const struct transport_system *system,
                                 struct card_reader_list *out)
{
    struct transport_reader_list found = {0};
    struct error *error = system->list(system, &found);
    if (error != NULL && error_code(error) == ERROR_NO_READER) {
        error_free(error);
        return NULL;
    }
    if (error == NULL && found.count > 0)
        error = grow(out, found.count);
    for (size_t i = 0; error == NULL && i < found.count; i++)
        error = list_reader(context, system, &found.items[i], &out->items[out->count++]);
    transport_reader_list_clear(&found);
    return error;
}

/* The configured PKCS #11 module's slots. What is wrong with it must not hide the readers. */
static struct error *list_module(struct card_context *context, struct card_reader_list *out)
{
    const struct card_uri uri = {.app = (char *)pkcs11_app.name}; /* is only read */
    const struct transport_system *system = NULL;
    if (context->module_path == NULL)
        return NULL;
    struct error *error = context_system(context, &uri, &system);
    if (error == NULL)
        error = list_system(context, system, out);
    context_system_free(system);
    if (error == NULL)
        return NULL;
    struct error *trouble = grow(out, 1);
    if (trouble != NULL) {
        error_free(error);
        return trouble;
    }
    struct card_reader *reader = &out->items[out->count++];
    *reader = (struct card_reader){.name = strdup(context->module_path), .failure = error};
    return reader->name == NULL ? error_no_memory() : NULL;
}

struct error *card_readers(struct card_context *context, struct card_reader_list *out)
{
    *out = (struct card_reader_list){0};
    struct error *error = list_system(context, context->system, out);
    if (error == NULL)
        error = list_module(context, out);
    if (error != NULL)
        card_reader_list_clear(out);
    return error;
}

static void reader_clear(struct card_reader *reader)
{
    for (size_t i = 0; i < reader->application_count; i++) {
        free(reader->applications[i].serial);
        card_free(reader->applications[i].card);
    }
    free(reader->applications);
    error_free(reader->failure);
    free(reader->name);
    free(reader->atr);
}

void card_reader_list_clear(struct card_reader_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        reader_clear(&list->items[i]);
    free(list->items);
    *list = (struct card_reader_list){0};
}

/* ---- cards ------------------------------------------------------------------------------- */

struct error *card_find_all(struct card_context *context, const struct card_uri *uri,
                            struct card_list *out)
{
    struct card_uri anywhere = *uri;
    struct search search = {.context = context, .uri = &anywhere, .wanted = WANT_CARDS};
    anywhere.label = NULL;
    struct error *error = search_run(&search);
    *out = (struct card_list){search.found.cards, search.found.card_count};
    search.found.cards = NULL;
    search.found.card_count = 0;
    found_clear(&search.found);
    return error;
}

void card_list_clear(struct card_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        card_free(list->items[i]);
    free(list->items);
    *list = (struct card_list){0};
}

const char *card_application_name(const struct card *card)
{
    return card->app->name;
}

const char *card_application_title(const struct card *card)
{
    return card->app->title;
}

const char *card_reader_name(const struct card *card)
{
    return card->reader;
}

struct error *card_uri_of(struct card *card, char **out)
{
    const char *serial;
    *out = NULL;
    struct error *error = card_serial(card, &serial);
    if (error != NULL && error_code(error) != ERROR_NOT_FOUND)
        return error;
    error_free(error); /* a card without a serial number goes by its reader */
    struct card_uri uri = card_uri_fields(card);
    return card_uri_format(&uri, out);
}

/* ---- what a card says of itself ---------------------------------------------------------- */

static struct error *read_make(struct card *card, void *argument)
{
    struct card_make *out = argument;
    *out = (struct card_make){0};
    return card->app->make == NULL ? NULL : card->app->make(card->channel, card->state, out);
}

struct error *card_read_make(struct card *card, struct card_make *out)
{
    return session_run(card, NULL, read_make, out);
}

static struct error *read_initialised(struct card *card, void *argument)
{
    bool *out = argument;
    *out = true;
    return card->app->initialised == NULL ? NULL
                                          : card->app->initialised(card->channel, card->state, out);
}

struct error *card_is_initialised(struct card *card, bool *out)
{
    return session_run(card, NULL, read_initialised, out);
}

struct algorithm_reading {
    const char *slot;
    struct card_algorithms *out;
};

static struct error *read_algorithms(struct card *card, void *argument)
{
    const struct algorithm_reading *reading = argument;
    *reading->out = (struct card_algorithms){.certain = true};
    return card->app->algorithms == NULL
               ? NULL
               : card->app->algorithms(card->channel, card->state, reading->slot, reading->out);
}

struct error *card_check_generates(const struct card *card)
{
    return card->app->generate_key != NULL ? NULL : app_cannot(card->app, "makes no keys");
}

struct error *card_read_algorithms(struct card *card, const char *slot, struct card_algorithms *out)
{
    char name[APP_SLOT_MAX];
    struct algorithm_reading reading = {NULL, out};
    if (slot != NULL) {
        if (!card->app->slot_name(slot, name))
            return error_new(ERROR_NOT_FOUND, "a %s card has no slot \"%s\": there are %s",
                             card->app->title, slot, card->app->slot_names);
        reading.slot = name;
    }
    return session_run(card, NULL, read_algorithms, &reading);
}
