/* SPDX-License-Identifier: BSD-2-Clause */
/* Searches: which readers, which cards, which slots fit a URI. */
#include "search.h"

#include "public_key.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- what was found ---------------------------------------------------------------------- */

static size_t found_count(const struct found *found)
{
    return found->keys.count + found->certificate_count + found->card_count;
}

/* Takes back what was found after the first `keys`, `certificates`, `cards`. */
static void found_truncate(struct found *found, size_t keys, size_t certificates, size_t cards)
{
    while (found->keys.count > keys)
        card_key_free(found->keys.items[--found->keys.count]);
    while (found->certificate_count > certificates) {
        struct found_certificate *last = &found->certificates[--found->certificate_count];
        buffer_clear(&last->der);
        card_free(last->card);
    }
    while (found->card_count > cards)
        card_free(found->cards[--found->card_count]);
}

void found_clear(struct found *found)
{
    found_truncate(found, 0, 0, 0);
    free(found->keys.items);
    free(found->certificates);
    free(found->cards);
    *found = (struct found){0};
}

/* Room for one more in `array`; NULL without memory. */
static void *grown(void *array, size_t count, size_t size)
{
    return reallocarray(array, count + 1, size);
}

static struct error *found_key(struct search *search, struct card *card, struct app_key *read)
{
    struct card_key_list *keys = &search->found.keys;
    struct card_key **items = grown(keys->items, keys->count, sizeof(struct card_key *));
    if (items == NULL) {
        EVP_PKEY_free(read->public_key);
        return error_no_memory();
    }
    keys->items = items;
    struct error *error = card_key_new(card, read, search->uri, &items[keys->count]);
    if (error == NULL)
        keys->count++;
    return error;
}

static struct error *found_card(struct search *search, struct card *card)
{
    struct card **cards =
        grown(search->found.cards, search->found.card_count, sizeof(struct card *));
    if (cards == NULL)
        return error_no_memory();
    search->found.cards = cards;
    cards[search->found.card_count++] = card_ref(card);
    return NULL;
}

/* ---- in a slot --------------------------------------------------------------------------- */

/* Remembers a key that tells this card from another, to be looked at after a reconnect. */
static struct error *keep_witness(struct card *card, const struct card_key *key)
{
    if (card->witness != NULL)
        return NULL;
    if (!EVP_PKEY_up_ref(key->key.public_key))
        return error_no_memory();
    (void)stpcpy(card->witness_slot, key->key.slot);
    card->witness = key->key.public_key;
    return NULL;
}

static struct error *visit_key(struct search *search, struct card *card, const char *slot)
{
    struct app_key read;
    struct error *error = card->app->read_key(card->channel, card->state, slot, &read);
    if (error != NULL)
        return error;
    if (search->public_key != NULL && !public_key_equal(read.public_key, search->public_key)) {
        EVP_PKEY_free(read.public_key);
        return error_new(ERROR_NOT_FOUND,
                         "slot %s of the card in the reader \"%s\" holds another key", slot,
                         card->reader);
    }
    error = found_key(search, card, &read);
    if (error != NULL)
        return error;
    return keep_witness(card, search->found.keys.items[search->found.keys.count - 1]);
}

static struct error *visit_certificate(struct search *search, struct card *card, const char *slot)
{
    struct found *found = &search->found;
    struct found_certificate *certificates =
        grown(found->certificates, found->certificate_count, sizeof(*certificates));
    if (certificates == NULL)
        return error_no_memory();
    found->certificates = certificates;
    struct found_certificate *next = &certificates[found->certificate_count];
    *next = (struct found_certificate){.slot = slot};
    struct error *error = card->app->read_certificate(card->channel, card->state, slot, &next->der);
    if (error != NULL) {
        buffer_clear(&next->der);
        return error;
    }
    next->card = card_ref(card);
    found->certificate_count++;
    return NULL;
}

static struct error *visit_slot(struct search *search, struct card *card, const char *slot)
{
    return search->wanted == WANT_KEYS ? visit_key(search, card, slot)
                                       : visit_certificate(search, card, slot);
}

/* ---- on a card --------------------------------------------------------------------------- */

/* What is wrong with one slot must not hide what is in the others. */
static bool only_this_slot(const struct error *error)
{
    switch (error_code(error)) {
    case ERROR_NOT_FOUND:
    case ERROR_UNSUPPORTED:
    case ERROR_CARD_ANSWER:
        return true;
    default:
        return false;
    }
}

static const char *things(const struct search *search)
{
    return search->wanted == WANT_KEYS ? "key whose public half can be read" : "certificate";
}

/* Every slot. Where nothing is found, the error is that of the first slot that is not just empty.
 */
static struct error *visit_all_slots(struct search *search, struct card *card)
{
    size_t count = 0;
    size_t before = found_count(&search->found);
    struct error *first = NULL;
    struct error *error = card->app->slots_in_use(card->channel, card->state, &count);
    for (size_t i = 0; error == NULL && i < count; i++) {
        error = visit_slot(search, card, card->app->slots[i]);
        if (error == NULL || !only_this_slot(error))
            continue;
        if (first == NULL && error_code(error) != ERROR_NOT_FOUND)
            first = error;
        else
            error_free(error);
        error = NULL;
    }
    if (error == NULL && found_count(&search->found) == before)
        return first != NULL
                   ? first
                   : error_new(ERROR_NOT_FOUND, "the %s card in the reader \"%s\" has no %s",
                               card->app->title, card->reader, things(search));
    error_free(first);
    return error;
}

static struct error *visit_slots(struct search *search, struct card *card)
{
    const char *const *slots = card->app->slots;
    if (search->uri->slot == NULL)
        return visit_all_slots(search, card);
    for (size_t i = 0; slots[i] != NULL; i++)
        if (strcasecmp(slots[i], search->uri->slot) == 0)
            return visit_slot(search, card, slots[i]);
    return error_new(ERROR_NOT_FOUND, "a %s card has no slot \"%s\"", card->app->title,
                     search->uri->slot);
}

static struct error *check_serial(struct search *search, struct card *card)
{
    const char *wanted = search->uri->serial;
    if (wanted == NULL)
        return NULL;
    struct error *error = card_learn_serial(card);
    if (error == NULL && (card->serial == NULL || strcasecmp(card->serial, wanted) != 0))
        error = error_new(ERROR_NO_CARD,
                          "the card in the reader \"%s\" has the serial number %s: insert the one "
                          "with %s",
                          card->reader, card->serial == NULL ? "(none)" : card->serial, wanted);
    return error;
}

/* Runs in a session, perhaps twice: what the first run found is taken back. */
struct visit {
    struct search *search;
    size_t keys, certificates, cards; /* what was there before */
};

static struct error *visit_card(struct card *card, void *argument)
{
    const struct visit *visit = argument;
    struct search *search = visit->search;
    found_truncate(&search->found, visit->keys, visit->certificates, visit->cards);
    struct error *error = check_serial(search, card);
    if (error != NULL)
        return error;
    return search->wanted == WANT_CARDS ? found_card(search, card) : visit_slots(search, card);
}

/* ---- in a reader ------------------------------------------------------------------------- */

static struct error *search_card(struct search *search, struct card *card)
{
    struct visit visit = {search, search->found.keys.count, search->found.certificate_count,
                          search->found.card_count};
    struct error *error = session_run(card, NULL, visit_card, &visit);
    if (error != NULL)
        found_truncate(&search->found, visit.keys, visit.certificates, visit.cards);
    return error;
}

/*
 * A card that is not what is wanted is let go of, so that pcscd can power it down. One that turns
 * out to be another than the one we knew makes room for a new struct: keys of the old one wait for
 * its return, and its PIN is never sent to the new one.
 */
static struct error *search_reader(struct search *search, const struct transport_reader *reader)
{
    struct card *card;
    if (!reader->card_present)
        return error_new(ERROR_NO_CARD, "no card in the reader \"%s\": insert it", reader->name);
    struct error *error = NULL;
    for (int attempt = 0; attempt < 2; attempt++) {
        error_free(error);
        error = context_card(search->context, reader->name, &card);
        if (error != NULL)
            return error;
        error = search_card(search, card);
        if (error != NULL)
            context_forget(search->context, card);
        card_free(card);
        if (error == NULL || error_code(error) != ERROR_OTHER_KEY)
            break;
    }
    return error;
}

/* ---- everywhere -------------------------------------------------------------------------- */

/* How much an error says about why nothing was found: what a card says counts more than that there
   is none, and trouble more than either. */
static int weight(const struct error *error)
{
    switch (error_code(error)) {
    case ERROR_NO_READER:
        return 0;
    case ERROR_NO_CARD:
        return 1;
    case ERROR_UNKNOWN_CARD:
        return 2;
    case ERROR_NOT_FOUND:
        return 3;
    default:
        return 4;
    }
}

static void note_failure(struct search *search, struct error *error)
{
    if (search->failure == NULL || weight(error) > weight(search->failure)) {
        struct error *lesser = search->failure;
        search->failure = error;
        error = lesser;
    }
    error_free(error);
}

static struct error *no_such_reader(const struct search *search,
                                    const struct transport_reader_list *readers)
{
    struct buffer names = {0};
    struct error *error = NULL;
    for (size_t i = 0; error == NULL && i < readers->count; i++) {
        error = i == 0 ? NULL : buffer_append(&names, ", ", 2);
        if (error == NULL)
            error = buffer_append(&names, readers->items[i].name, strlen(readers->items[i].name));
    }
    if (error == NULL)
        error = error_new(ERROR_NO_READER, "no reader is called \"%s\": there are: %.*s",
                          search->uri->reader, (int)names.length, (const char *)names.bytes);
    buffer_clear(&names);
    return error;
}

static struct error *search_readers(struct search *search,
                                    const struct transport_reader_list *readers)
{
    const char *wanted = search->uri->reader;
    for (size_t i = 0; i < readers->count; i++) {
        const struct transport_reader *reader = &readers->items[i];
        if (wanted != NULL && strcmp(reader->name, wanted) != 0)
            continue;
        if (search->public_key != NULL && found_count(&search->found) > 0)
            break; /* there is no second key with the same public half to look for */
        struct error *error = search_reader(search, reader);
        if (error != NULL)
            note_failure(search, error);
    }
    if (found_count(&search->found) > 0)
        return NULL;
    struct error *failure = search->failure;
    search->failure = NULL;
    return failure != NULL ? failure : no_such_reader(search, readers);
}

/* What no card can have is refused before any card is touched. */
struct error *find_app(const struct card_uri *uri, const struct card_app **app)
{
    *app = &piv_app;
    if (uri->app != NULL && strcmp(uri->app, piv_app.name) != 0)
        return error_new(ERROR_UNSUPPORTED,
                         "cards with the application %s are not supported yet: "
                         "there is piv",
                         uri->app);
    if (uri->label != NULL)
        return error_new(ERROR_NOT_FOUND, "keys on PIV cards have no labels: name the slot, as in "
                                          "card:slot=9a");
    if (uri->slot == NULL)
        return NULL;
    for (size_t i = 0; piv_app.slots[i] != NULL; i++)
        if (strcasecmp(piv_app.slots[i], uri->slot) == 0)
            return NULL;
    return error_new(ERROR_NOT_FOUND,
                     "no such slot \"%s\": PIV cards have 9a, 9c, 9d, 9e and 82 to "
                     "95 (hexadecimal)",
                     uri->slot);
}

struct error *search_run(struct search *search)
{
    struct transport_reader_list readers = {0};
    const struct card_app *app;
    struct error *error = find_app(search->uri, &app);
    if (error == NULL)
        error = search->context->system->list(search->context->system, &readers);
    if (error == NULL)
        error = search_readers(search, &readers);
    transport_reader_list_clear(&readers);
    error_free(search->failure);
    search->failure = NULL;
    if (error != NULL)
        found_clear(&search->found);
    return error;
}
