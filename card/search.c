/* SPDX-License-Identifier: BSD-2-Clause */
/* Searches: which readers, which cards, which slots fit a URI. */
#include "search.h"

#include "public_key.h"

#include <stdio.h>
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

/* On the card that is known to have the key, it need not be read. */
static bool is_known(const struct search *search, const struct card *card)
{
    return search->serial != NULL && card->app->serial_known && card->serial != NULL &&
           strcasecmp(search->serial, card->serial) == 0;
}

static struct error *assume_key(const struct search *search, struct card *card, const char *slot,
                                struct app_key *out)
{
    struct error *error = card->app->describe_key(card->channel, card->state, slot, out);
    if (error != NULL)
        return error;
    if (!EVP_PKEY_up_ref((EVP_PKEY *)search->public_key)) /* counts references only */
        return error_no_memory();
    out->public_key = (EVP_PKEY *)search->public_key;
    return NULL;
}

/*
 * A card that does not show the slot's key is taken for the key's card by its serial number.
 * `cause` is why the key was not read; it is returned where that is another card, or the slot is
 * empty.
 */
static struct error *assume_hidden(const struct search *search, struct card *card, const char *slot,
                                   struct app_key *out, struct error *cause)
{
    if (error_code(cause) != ERROR_NOT_FOUND || search->public_key == NULL ||
        search->serial == NULL || card->app->describe_key == NULL)
        return cause;
    struct error *error = card_learn_serial(card);
    if (error == NULL && (card->serial == NULL || strcasecmp(search->serial, card->serial) != 0))
        return cause;
    if (error == NULL)
        error = assume_key(search, card, slot, out);
    if (error != NULL && error_code(error) == ERROR_NOT_FOUND) {
        error_free(error);
        return cause;
    }
    error_free(cause);
    return error;
}

static struct error *read_key(const struct search *search, struct card *card, const char *slot,
                              struct app_key *out)
{
    if (is_known(search, card))
        return assume_key(search, card, slot, out);
    struct error *error = card->app->read_key(card->channel, card->state, slot, out);
    if (error != NULL)
        return assume_hidden(search, card, slot, out, error);
    if (search->public_key == NULL || public_key_equal(out->public_key, search->public_key))
        return NULL;
    EVP_PKEY_free(out->public_key);
    return error_new(ERROR_NOT_FOUND, "slot %s of the card in the reader \"%s\" holds another key",
                     slot, card->reader);
}

static struct error *visit_key(struct search *search, struct card *card, const char *slot)
{
    struct app_key read;
    struct error *error = read_key(search, card, slot, &read);
    if (error != NULL)
        return error;
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
    *next = (struct found_certificate){0};
    (void)stpcpy(next->slot, slot);
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

static const char *things(const struct search *search)
{
    return search->wanted == WANT_KEYS ? "key whose public half can be read" : "certificate";
}

static struct error *nothing_found(const struct search *search, const struct card *card)
{
    if (card->app->hides != NULL && card->app->hides(card->state))
        return error_new(ERROR_DENIED,
                         "the %s card in the reader \"%s\" shows no such %s before its PIN is "
                         "given: name a pin-source in the URI's query",
                         card->app->title, card->reader, things(search));
    return error_new(ERROR_NOT_FOUND, "the %s card in the reader \"%s\" has no %s%s",
                     card->app->title, card->reader, search->uri->label == NULL ? "" : "such ",
                     things(search));
}

/* Every slot. Where nothing is found, the error is that of the first slot that is not just empty.
 */
static struct error *visit_all_slots(struct search *search, struct card *card)
{
    const char *label = search->uri->label;
    struct app_slot_list slots = {0};
    size_t before = found_count(&search->found);
    struct error *first = NULL;
    struct error *error =
        label == NULL ? card->app->slots_in_use(card->channel, card->state, &slots)
                      : card->app->slots_with_label(card->channel, card->state, label, &slots);
    for (size_t i = 0; error == NULL && i < slots.count; i++) {
        error = visit_slot(search, card, slots.names[i]);
        if (error == NULL || !app_is_slot_failure(error))
            continue;
        if (first == NULL && error_code(error) != ERROR_NOT_FOUND)
            first = error;
        else
            error_free(error);
        error = NULL;
    }
    app_slot_list_clear(&slots);
    if (error == NULL && found_count(&search->found) == before)
        return first != NULL ? first : nothing_found(search, card);
    error_free(first);
    return error;
}

/* Where the URI names both, they have to be of one key. */
static struct error *check_label(const struct search *search, struct card *card, const char *slot)
{
    struct app_slot_list slots = {0};
    bool found = false;
    struct error *error =
        card->app->slots_with_label(card->channel, card->state, search->uri->label, &slots);
    for (size_t i = 0; i < slots.count; i++)
        found = found || strcmp(slots.names[i], slot) == 0;
    app_slot_list_clear(&slots);
    if (error == NULL && !found)
        error = error_new(ERROR_NOT_FOUND, "slot %s holds nothing with the label \"%s\"", slot,
                          search->uri->label);
    return error;
}

static struct error *visit_slots(struct search *search, struct card *card)
{
    char slot[APP_SLOT_MAX];
    if (search->uri->slot == NULL)
        return visit_all_slots(search, card);
    if (!card->app->slot_name(search->uri->slot, slot))
        return error_new(ERROR_NOT_FOUND, "a %s card has no slot \"%s\"", card->app->title,
                         search->uri->slot);
    struct error *error = search->uri->label == NULL ? NULL : check_label(search, card, slot);
    return error != NULL ? error : visit_slot(search, card, slot);
}

static struct error *check_serial(struct search *search, struct card *card)
{
    const char *wanted = search->uri->serial;
    if (wanted == NULL && !card->app->serial_known)
        return NULL;
    struct error *error = card_learn_serial(card);
    if (error == NULL && wanted != NULL &&
        (card->serial == NULL || strcasecmp(card->serial, wanted) != 0))
        error = error_new(ERROR_NO_CARD,
                          "the card in the reader \"%s\" has the serial number %s: insert the one "
                          "with %s",
                          card->reader, card->serial == NULL ? "(none)" : card->serial, wanted);
    return error;
}

/* Runs in a session, perhaps twice: what the first run found is taken back. */
struct visit {
    struct search *search;
    struct card_key *viewer;          /* whose PIN comes first, or NULL */
    size_t keys, certificates, cards; /* what was there before */
};

static struct error *visit_card(struct card *card, void *argument)
{
    const struct visit *visit = argument;
    struct search *search = visit->search;
    found_truncate(&search->found, visit->keys, visit->certificates, visit->cards);
    struct error *error = check_serial(search, card);
    if (error == NULL && visit->viewer != NULL)
        error = key_present_pin(visit->viewer);
    if (error != NULL)
        return error;
    return search->wanted == WANT_CARDS ? found_card(search, card) : visit_slots(search, card);
}

/* ---- an application ---------------------------------------------------------------------- */

static struct error *search_card(struct search *search, struct card *card, struct card_key *viewer)
{
    struct visit visit = {search, viewer, search->found.keys.count, search->found.certificate_count,
                          search->found.card_count};
    struct error *error = session_run(card, NULL, visit_card, &visit);
    if (error != NULL)
        found_truncate(&search->found, visit.keys, visit.certificates, visit.cards);
    return error;
}

/*
 * Whether the PIN may be sent to a card that shows no key without it: it is there, and the URI, or
 * there being no other card, leaves no doubt whose it is.
 */
static bool may_log_in(const struct search *search, const struct card *card)
{
    const struct card_uri *uri = search->uri;
    bool there = search->pin != NULL || uri->pin_value != NULL || uri->pin_source != NULL;
    bool meant = search->single || uri->serial != NULL || uri->reader != NULL ||
                 (search->serial != NULL && card->serial != NULL &&
                  strcasecmp(search->serial, card->serial) == 0);
    return there && meant;
}

static struct error *keep_pin(const struct search *search, struct card_key *viewer)
{
    struct secret *pin = NULL;
    if (search->pin == NULL)
        return card_key_prepare_pin(viewer, NULL, NULL, NULL);
    struct error *error = secret_new(secret_bytes(search->pin), secret_length(search->pin), &pin);
    if (error == NULL)
        error = card_keep_pin(viewer->card, &pin);
    secret_free(pin);
    return error;
}

/* Once more, after the PIN. Owns `denied`, what the card said without. */
static struct error *search_after_login(struct search *search, struct card *card,
                                        struct error *denied)
{
    struct card_key viewer = {.card = card,
                              .app = card->app,
                              .key = {.pin_policy = CARD_POLICY_ONCE},
                              .pin_place = key_place_of(search->uri),
                              .uri = (struct card_uri *)search->uri}; /* is only read */
    lock_init(&viewer.lock);
    struct error *error = keep_pin(search, &viewer);
    if (error == NULL)
        error = search_card(search, card, &viewer);
    lock_destroy(&viewer.lock);
    error_free(denied);
    return error;
}

/*
 * A card that is not what is wanted is let go of, so that pcscd can power it down. One that turns
 * out to be another than the one we knew makes room for a new struct: keys of the old one wait for
 * its return, and its PIN is never sent to the new one.
 */
static struct error *search_application(struct search *search, const char *reader,
                                        const struct card_app *app)
{
    struct card *card;
    struct error *error = NULL;
    for (int attempt = 0; attempt < 2; attempt++) {
        error_free(error);
        error = context_card(search->context, search->system, reader, app, &card);
        if (error != NULL)
            return error;
        error = search_card(search, card, NULL);
        if (error != NULL && error_code(error) == ERROR_DENIED && may_log_in(search, card))
            error = search_after_login(search, card, error);
        if (error != NULL)
            context_forget(search->context, card);
        card_free(card);
        if (error == NULL || error_code(error) != ERROR_OTHER_KEY)
            break;
    }
    return error;
}

/* ---- which applications ------------------------------------------------------------------ */

static const struct card_app *const *apps_for(const struct card_uri *uri)
{
    return card_uri_names_module(uri) ? module_apps : card_apps;
}

/* Whether a card with that application can have what the URI names. */
static bool can_fit(const struct card_uri *uri, const struct card_app *app)
{
    char slot[APP_SLOT_MAX];
    if (uri->app != NULL && strcmp(uri->app, app->name) != 0)
        return false;
    return uri->slot == NULL || app->slot_name(uri->slot, slot);
}

/* "a PIV card has 9a, ...; an OpenPGP card ..." for those that `uri` leaves. */
static struct error *no_such_slot(const struct card_uri *uri)
{
    struct buffer names = {0};
    struct error *error = NULL;
    for (const struct card_app *const *app = apps_for(uri); error == NULL && *app != NULL; app++) {
        char line[160];
        if (uri->app != NULL && strcmp(uri->app, (*app)->name) != 0)
            continue;
        int length = snprintf(line, sizeof(line), "%s%s cards have %s",
                              names.length == 0 ? "" : "; ", (*app)->title, (*app)->slot_names);
        error = buffer_append(&names, line, (size_t)length);
    }
    if (error == NULL)
        error = error_new(ERROR_NOT_FOUND, "no such slot \"%s\": %.*s", uri->slot,
                          (int)names.length, (const char *)names.bytes);
    buffer_clear(&names);
    return error;
}

static struct error *no_such_app(const struct card_uri *uri)
{
    struct buffer names = {0};
    struct error *error = NULL;
    for (const struct card_app *const *app = apps_for(uri); error == NULL && *app != NULL; app++) {
        error = names.length == 0 ? NULL : buffer_append(&names, ", ", 2);
        if (error == NULL)
            error = buffer_append(&names, (*app)->name, strlen((*app)->name));
    }
    if (error == NULL)
        error = error_new(ERROR_UNSUPPORTED,
                          "cards with the application %s are not supported yet: there is %.*s",
                          uri->app, (int)names.length, (const char *)names.bytes);
    buffer_clear(&names);
    return error;
}

/* What no card can have is refused before any card is touched. */
struct error *find_app(const struct card_uri *uri, const struct card_app **app)
{
    const struct card_app *const *next = apps_for(uri);
    while (*next != NULL && !can_fit(uri, *next))
        next++;
    *app = *next;
    if (uri->label != NULL && (*app == NULL || (*app)->slots_with_label == NULL))
        return error_new(ERROR_NOT_FOUND, "keys on such cards have no labels: name the slot, as in "
                                          "card:slot=9a");
    if (*app != NULL)
        return NULL;
    return uri->slot != NULL ? no_such_slot(uri) : no_such_app(uri);
}

/* ---- in a reader ------------------------------------------------------------------------- */

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
    if (error == NULL)
        return;
    if (search->failure == NULL || weight(error) > weight(search->failure)) {
        struct error *lesser = search->failure;
        search->failure = error;
        error = lesser;
    }
    error_free(error);
}

/*
 * Why a card has none of the applications that could fit: says so once, for all of them. Owns
 * `absent`, which says so of the first one.
 */
static void note_unknown(struct search *search, const char *reader, size_t tried,
                         struct error *absent)
{
    if (tried > 1)
        absent = error_wrap(absent, ERROR_UNKNOWN_CARD,
                            "the card in the reader \"%s\" has no application that is known here",
                            reader);
    note_failure(search, absent);
}

/* There is no second key with the same public half to look for. */
static bool is_done(const struct search *search)
{
    return search->public_key != NULL && found_count(&search->found) > 0;
}

static void search_reader(struct search *search, const char *reader)
{
    size_t tried = 0;
    size_t unknown = 0;
    struct error *absent = NULL;
    for (const struct card_app *const *app = apps_for(search->uri);
         *app != NULL && !is_done(search); app++) {
        if (!can_fit(search->uri, *app))
            continue;
        struct error *error = search_application(search, reader, *app);
        tried++;
        if (error == NULL || error_code(error) != ERROR_UNKNOWN_CARD) {
            note_failure(search, error);
            continue;
        }
        if (unknown++ == 0)
            absent = error;
        else
            error_free(error);
    }
    if (unknown == tried && absent != NULL)
        note_unknown(search, reader, tried, absent);
    else
        error_free(absent);
}

/* ---- everywhere -------------------------------------------------------------------------- */

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

static size_t count_present(const struct transport_reader_list *readers)
{
    size_t count = 0;
    for (size_t i = 0; i < readers->count; i++)
        count += readers->items[i].card_present;
    return count;
}

static struct error *search_readers(struct search *search,
                                    const struct transport_reader_list *readers)
{
    const char *wanted = search->uri->reader;
    search->single = count_present(readers) == 1;
    for (size_t i = 0; i < readers->count; i++) {
        const struct transport_reader *reader = &readers->items[i];
        if (wanted != NULL && strcmp(reader->name, wanted) != 0)
            continue;
        if (is_done(search))
            break;
        if (reader->card_present)
            search_reader(search, reader->name);
        else
            note_failure(search, error_new(ERROR_NO_CARD, "no card in the reader \"%s\": insert it",
                                           reader->name));
    }
    if (found_count(&search->found) > 0)
        return NULL;
    struct error *failure = search->failure;
    search->failure = NULL;
    return failure != NULL ? failure : no_such_reader(search, readers);
}

struct error *search_run(struct search *search)
{
    struct transport_reader_list readers = {0};
    const struct card_app *app;
    struct error *error = find_app(search->uri, &app);
    if (error == NULL)
        error = context_system(search->context, search->uri, &search->system);
    if (error == NULL)
        error = search->system->list(search->system, &readers);
    if (error == NULL)
        error = search_readers(search, &readers);
    context_system_free(search->system);
    transport_reader_list_clear(&readers);
    error_free(search->failure);
    search->failure = NULL;
    if (error != NULL)
        found_clear(&search->found);
    return error;
}
