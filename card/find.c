/* SPDX-License-Identifier: BSD-2-Clause */
/* Finding keys, cards and certificates: what a search found, as card.h hands it out. */
#include "search.h"

#include <stdlib.h>
#include <string.h>

/* ---- keys -------------------------------------------------------------------------------- */

struct error *card_find_keys(struct card_context *context, const struct card_uri *uri,
                             struct card_key_list *out)
{
    struct search search = {.context = context, .uri = uri, .wanted = WANT_KEYS};
    struct error *error = search_run(&search);
    *out = search.found.keys;
    return error;
}

void card_key_list_clear(struct card_key_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        card_key_free(list->items[i]);
    free(list->items);
    *list = (struct card_key_list){0};
}

/* Puts "URI or URI or URI" together, the candidates of an ambiguous search. */
static struct error *add_candidate(struct buffer *text, char *uri)
{
    struct error *error = text->length == 0 ? NULL : buffer_append(text, " or ", 4);
    if (error == NULL)
        error = buffer_append(text, uri, strlen(uri));
    free(uri);
    return error;
}

static struct error *ambiguous(const struct buffer *candidates, size_t count, const char *what)
{
    return error_new(ERROR_AMBIGUOUS, "%zu %s fit the URI, say which: %.*s", count, what,
                     (int)candidates->length, (const char *)candidates->bytes);
}

static struct error *ambiguous_keys(const struct card_key_list *list)
{
    struct buffer candidates = {0};
    struct error *error = NULL;
    for (size_t i = 0; error == NULL && i < list->count; i++) {
        char *uri;
        error = card_key_uri(list->items[i], CARD_OBJECT_PRIVATE_KEY, &uri);
        if (error == NULL)
            error = add_candidate(&candidates, uri);
    }
    if (error == NULL)
        error = ambiguous(&candidates, list->count, "keys");
    buffer_clear(&candidates);
    return error;
}

struct error *card_find_key(struct card_context *context, const struct card_uri *uri,
                            struct card_key **out)
{
    struct card_key_list list;
    *out = NULL;
    struct error *error = card_find_keys(context, uri, &list);
    if (error == NULL && list.count > 1)
        error = ambiguous_keys(&list);
    else if (error == NULL)
        *out = card_key_ref(list.items[0]);
    card_key_list_clear(&list);
    return error;
}

struct error *find_key_by_public(struct card_context *context, const struct card_uri *uri,
                                 const EVP_PKEY *public_key, struct card_key **out)
{
    struct card_uri anywhere = *uri;
    struct search search = {
        .context = context, .uri = &anywhere, .wanted = WANT_KEYS, .public_key = public_key};
    anywhere.serial = NULL;
    anywhere.reader = NULL;
    search.serial = uri->serial;
    *out = NULL;
    struct error *error = search_run(&search);
    if (error == NULL)
        *out = card_key_ref(search.found.keys.items[0]);
    card_key_list_clear(&search.found.keys);
    return error;
}

static struct error *ambiguous_cards(const struct found *found)
{
    struct buffer candidates = {0};
    struct error *error = NULL;
    for (size_t i = 0; error == NULL && i < found->card_count; i++) {
        const char *serial;
        char *text = NULL;
        error = card_serial(found->cards[i], &serial);
        if (error != NULL && error_code(error) == ERROR_NOT_FOUND) {
            error_free(error);
            error = NULL;
        }
        if (error != NULL)
            break;
        struct card_uri uri = card_uri_fields(found->cards[i]);
        error = card_uri_format(&uri, &text);
        if (error == NULL)
            error = add_candidate(&candidates, text);
    }
    if (error == NULL)
        error = ambiguous(&candidates, found->card_count, "cards");
    buffer_clear(&candidates);
    return error;
}

/* Whether what was found are applications of one card. */
static bool is_one_card(const struct found *found)
{
    for (size_t i = 1; i < found->card_count; i++)
        if (found->cards[i]->place != found->cards[0]->place)
            return false;
    return true;
}

static struct error *find_card(struct card_context *context, const struct card_uri *uri,
                               bool any_application, struct card **out)
{
    struct card_uri anywhere = *uri;
    struct search search = {.context = context, .uri = &anywhere, .wanted = WANT_CARDS};
    anywhere.label = NULL; /* a slot stays: it tells which application is meant */
    *out = NULL;
    struct error *error = search_run(&search);
    if (error == NULL && search.found.card_count > 1 &&
        !(any_application && is_one_card(&search.found)))
        error = ambiguous_cards(&search.found);
    else if (error == NULL)
        *out = card_ref(search.found.cards[0]);
    found_clear(&search.found);
    return error;
}

struct error *card_find(struct card_context *context, const struct card_uri *uri, struct card **out)
{
    return find_card(context, uri, false, out);
}

struct error *find_card_for_key(struct card_context *context, const struct card_uri *uri,
                                struct card **out)
{
    return find_card(context, uri, true, out);
}

/* ---- certificates ------------------------------------------------------------------------ */

static struct error *certificate_uri(const struct found_certificate *certificate, char **out)
{
    const char *serial;
    struct error *error = card_serial(certificate->card, &serial);
    if (error != NULL && error_code(error) != ERROR_NOT_FOUND)
        return error;
    error_free(error);
    struct card_uri uri = card_uri_fields(certificate->card);
    uri.slot = (char *)certificate->slot; /* is only read */
    uri.type = CARD_OBJECT_CERTIFICATE;
    return card_uri_format(&uri, out);
}

static struct error *hand_out(const struct found_certificate *certificate,
                              struct card_certificate *out)
{
    struct error *error = certificate_uri(certificate, &out->uri);
    if (error != NULL)
        return error;
    out->der_length = certificate->der.length;
    out->der = malloc(out->der_length);
    if (out->der == NULL) {
        free(out->uri);
        return error_no_memory();
    }
    memcpy(out->der, certificate->der.bytes, out->der_length);
    return NULL;
}

struct error *card_find_certificates(struct card_context *context, const struct card_uri *uri,
                                     struct card_certificate_list *out)
{
    struct search search = {.context = context, .uri = uri, .wanted = WANT_CERTIFICATES};
    *out = (struct card_certificate_list){0};
    struct error *error = search_run(&search);
    size_t count = search.found.certificate_count;
    if (error == NULL) {
        out->items = calloc(count, sizeof(*out->items));
        error = out->items == NULL ? error_no_memory() : NULL;
    }
    for (size_t i = 0; error == NULL && i < count; i++) {
        error = hand_out(&search.found.certificates[i], &out->items[i]);
        if (error == NULL)
            out->count++;
    }
    if (error != NULL)
        card_certificate_list_clear(out);
    found_clear(&search.found);
    return error;
}

void card_certificate_list_clear(struct card_certificate_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].uri);
        free(list->items[i].der);
    }
    free(list->items);
    *list = (struct card_certificate_list){0};
}
