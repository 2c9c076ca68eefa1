/* SPDX-License-Identifier: BSD-2-Clause */
/* Which keys there can be, where, and of which kind. */
#include "ca.h"
#include "card/manage.h"
#include "card/public_key.h"
#include "key_algorithm.h"
#include "start_dialog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the key ------------------------------------------------------------------------------ */

/* Each application of each card that makes keys. */
static struct error *offer_cards(struct start_dialog *dialog, const struct card_reader *reader)
{
    struct error *error = NULL;

    for (size_t i = 0; error == NULL && i < reader->application_count; i++) {
        const struct card_application *application = &reader->applications[i];
        struct error *cannot = card_check_generates(application->card);
        char *uri = NULL;

        if (cannot == NULL)
            error = card_uri_of(application->card, &uri);
        if (uri != NULL)
            error = choices_add(
                &dialog->choices, uri, "a new key on the card %s %s (%s)", application->title,
                application->serial == NULL ? "" : application->serial, reader->name);
        error_free(cannot);
        free(uri);
    }
    return error;
}

static struct error *offer_all_cards(struct start_dialog *dialog)
{
    struct card_reader_list readers = {0};
    struct error *error = card_readers(dialog->run->crypto->cards, &readers);

    if (error != NULL && error_code(error) == ERROR_NO_SERVICE) { /* as good as no reader */
        error_free(error);
        error = NULL;
    }
    for (size_t i = 0; error == NULL && i < readers.count; i++)
        error = offer_cards(dialog, &readers.items[i]);
    card_reader_list_clear(&readers);
    return error;
}

/* A key that is lost or compromised is not kept, nor one that the CA would refuse. */
static bool may_keep_key(const struct start_dialog *dialog, const struct ca *ca)
{
    return dialog->predecessor != NULL && dialog->predecessor->key != NULL &&
           start_dialog_reason(dialog)->keeps_key && (ca->offers & CA_SAME_KEY) != 0;
}

/* Like the predecessor's comes first: on a card, or in a file. */
static const char *usual_key(const struct start_dialog *dialog)
{
    const char *key = dialog->predecessor == NULL ? NULL : dialog->predecessor->key;
    const char *first = dialog->choices.items[0].value;

    return key != NULL && !crypto_is_card_uri(key) ? START_KEY_FILE : first;
}

struct error *start_offer_keys(struct start_dialog *dialog, const char **preset)
{
    const struct ca *ca;
    struct error *error = ca_find_name(dialog->run->config, dialog->wish->ca, &ca);

    if (error == NULL)
        error = offer_all_cards(dialog);
    if (error == NULL)
        error = choices_add(&dialog->choices, START_KEY_FILE, "a new key in a file");
    if (error == NULL && may_keep_key(dialog, ca))
        error = choices_add(&dialog->choices, START_KEY_SAME, "the key that it has: %s",
                            dialog->predecessor->key);
    if (error == NULL && (ca->offers & CA_GIVEN_REQUEST) != 0)
        error = choices_add(&dialog->choices, START_KEY_REQUEST,
                            "a key elsewhere, whose request is in a file (CSR)");
    if (error == NULL)
        *preset = usual_key(dialog);
    return error;
}

/* ---- the slot ----------------------------------------------------------------------------- */

/* The card's URI with a slot in it, for free(). */
static struct error *uri_with_slot(const char *text, const char *slot, char **out)
{
    struct card_uri *uri = NULL;
    struct error *error = card_uri_parse(text, &uri);

    if (error == NULL) {
        free(uri->slot);
        uri->slot = strdup(slot);
        error = uri->slot == NULL ? error_no_memory() : card_uri_format(uri, out);
    }
    card_uri_free(uri);
    return error;
}

static bool is_free(const struct card_slot *slot)
{
    return slot->key == NULL && slot->key_failure != NULL &&
           error_code(slot->key_failure) == ERROR_NOT_FOUND && slot->certificate == NULL;
}

static struct error *offer_slot(struct start_dialog *dialog, const struct card_slot *slot)
{
    char *uri = NULL;
    char *losing = NULL;
    char key[64] = "a key that it does not show";
    struct error *error = uri_with_slot(dialog->wish->new_key, slot->name, &uri);

    if (slot->key != NULL)
        public_key_name(card_key_public(slot->key), key, sizeof(key));
    if (error == NULL && is_free(slot))
        error = choices_add(&dialog->choices, uri, "slot %s, which is free", slot->name);
    else if (error == NULL && asprintf(&losing, START_OVERWRITE "%s", uri) < 0)
        error = error_no_memory();
    else if (error == NULL)
        error = choices_add(&dialog->choices, losing, "slot %s: the key in it, %s, is lost then",
                            slot->name, key);
    free(losing);
    free(uri);
    return error;
}

/* Cards have two dozen slots and more: those that are free are enough, up to so many. */
#define FREE_SHOWN 4

/* A request is signed by its key, which OpenPGP's decryption key does not do. */
static bool can_sign(const struct card *card, const struct card_slot *slot)
{
    return strcmp(card_application_name(card), "openpgp") != 0 || strcmp(slot->name, "dec") != 0;
}

static struct error *offer_slots(struct start_dialog *dialog, const struct card *card,
                                 const struct card_slot_list *slots, bool free_ones,
                                 const char *offered)
{
    struct error *error = NULL;
    size_t shown = 0;

    for (size_t i = 0; error == NULL && i < slots->count; i++)
        if (is_free(&slots->items[i]) == free_ones && (!free_ones || ++shown <= FREE_SHOWN) &&
            (offered == NULL || strcmp(slots->items[i].name, offered) != 0) &&
            can_sign(card, &slots->items[i]))
            error = offer_slot(dialog, &slots->items[i]);
    return error;
}

/* Where the card shows that a slot is free, that is what is taken unless somebody says otherwise.
 */
static struct error *offer_free(struct start_dialog *dialog, struct card *card, char **slot,
                                const char **preset)
{
    struct error *error = card_free_slot(card, slot);

    if (error != NULL &&
        (error_code(error) == ERROR_NOT_FOUND || error_code(error) == ERROR_UNSUPPORTED)) {
        error_free(error);
        return NULL;
    }
    if (error == NULL)
        error = choices_add(&dialog->choices, dialog->wish->new_key, "a free one: now %s", *slot);
    if (error == NULL)
        *preset = dialog->wish->new_key;
    return error;
}

static struct error *find_card(struct start_dialog *dialog, struct card **out)
{
    struct card_uri *uri = NULL;
    struct error *error = card_uri_parse(dialog->wish->new_key, &uri);

    *out = NULL;
    if (error == NULL)
        error = card_find_for_key(dialog->run->crypto->cards, uri, out);
    card_uri_free(uri);
    return error;
}

struct error *start_offer_slots(struct start_dialog *dialog, const char **preset)
{
    struct card_slot_list slots = {0};
    struct card *card;
    char *slot = NULL; /* the free one that is taken by default */
    struct error *error = find_card(dialog, &card);

    if (error == NULL)
        error = card_read_slots(card, &slots);
    if (error == NULL)
        error = offer_free(dialog, card, &slot, preset);
    if (error == NULL)
        error = offer_slots(dialog, card, &slots, true, slot);
    if (error == NULL)
        error = offer_slots(dialog, card, &slots, false, slot);
    free(slot);
    card_slot_list_clear(&slots);
    card_free(card);
    return error;
}

/* ---- the algorithm ------------------------------------------------------------------------ */

/* What authorities certify: no key that cannot sign, and none that is too short. */
static bool is_certified(const char *algorithm)
{
    return strcmp(algorithm, "X25519") != 0 && strcmp(algorithm, "RSA-1024") != 0 &&
           strcmp(algorithm, "P-224") != 0;
}

static struct error *offer_names(struct start_dialog *dialog, const char *const *names,
                                 size_t count, const char **preset)
{
    X509 *predecessor = NULL;
    struct error *error = dialog->predecessor == NULL
                              ? NULL
                              : found_certificate_read(dialog->predecessor, &predecessor);
    const char *usual = start_usual_algorithm(predecessor);

    X509_free(predecessor);
    for (size_t i = 0; error == NULL && i < count; i++) {
        if (!is_certified(names[i]))
            continue;
        error = choices_add(&dialog->choices, names[i], "%s%s", names[i],
                            strcmp(names[i], "RSA-2048") == 0 ? " (shorter than is wise)" : "");
        if (strcmp(names[i], usual) == 0)
            *preset = names[i];
    }
    return error;
}

/* Of a card that does not have the usual one: what is strong enough, if it has that. */
static const char *strong_enough(const char *const *names, size_t count)
{
    static const char *const strong[] = {"P-256", "RSA-3072", "P-384", "RSA-4096", "RSA-2048"};

    for (size_t i = 0; i < sizeof(strong) / sizeof(strong[0]); i++)
        for (size_t j = 0; j < count; j++)
            if (strcmp(strong[i], names[j]) == 0)
                return names[j];
    return NULL;
}

static struct error *read_algorithms(struct start_dialog *dialog, struct card_algorithms *out)
{
    struct card_uri *uri = NULL;
    struct card *card = NULL;
    struct error *error = find_card(dialog, &card);

    if (error == NULL)
        error = card_uri_parse(dialog->wish->new_key, &uri);
    if (error == NULL)
        error = card_read_algorithms(card, uri->slot, out);
    card_uri_free(uri);
    card_free(card);
    return error;
}

struct error *start_offer_algorithms(struct start_dialog *dialog, const char **preset)
{
    struct card_algorithms algorithms = {.count = 0};
    struct error *error;

    if (crypto_is_card_uri(dialog->wish->new_key)) {
        error = read_algorithms(dialog, &algorithms);
    } else {
        algorithms.count = key_algorithm_list(algorithms.names, CARD_ALGORITHMS_MAX);
        error = NULL;
    }
    if (error == NULL)
        error = offer_names(dialog, algorithms.names, algorithms.count, preset);
    if (error == NULL && *preset == NULL)
        *preset = strong_enough(algorithms.names, algorithms.count);
    return error;
}
