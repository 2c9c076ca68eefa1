/* SPDX-License-Identifier: BSD-2-Clause */
/* What is in a card's slots: keys, certificates, and what the card states of keys. */
#include "card_internal.h"
#include "manage.h"

#include <stdlib.h>
#include <string.h>

/* ---- slots ------------------------------------------------------------------------------- */

static void slot_clear(struct card_slot *slot)
{
    free(slot->name);
    card_key_free(slot->key);
    error_free(slot->key_failure);
    free(slot->certificate);
    error_free(slot->certificate_failure);
    *slot = (struct card_slot){0};
}

void card_slot_list_clear(struct card_slot_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        slot_clear(&list->items[i]);
    free(list->items);
    *list = (struct card_slot_list){0};
}

/* What is wrong with one slot must not hide what is in the others; true where it was kept. */
static bool keep_failure(struct error *error, struct error **out)
{
    if (!app_is_slot_failure(error))
        return false;
    *out = error;
    return true;
}

static struct error *take_bytes(struct buffer *from, uint8_t **out, size_t *length)
{
    *out = malloc(from->length == 0 ? 1 : from->length);
    if (*out == NULL)
        return error_no_memory();
    if (from->length > 0)
        memcpy(*out, from->bytes, from->length);
    *length = from->length;
    return NULL;
}

static struct error *read_slot_key(struct card *card, const char *name, struct card_slot *out)
{
    static const struct card_uri nothing = {0};
    struct app_key read = {0};
    struct error *error = card->app->read_key(card->channel, card->state, name, &read);
    if (error == NULL)
        return card_key_new(card, &read, &nothing, &out->key);
    return keep_failure(error, &out->key_failure) ? NULL : error;
}

static struct error *read_slot(struct card *card, const char *name, struct card_slot *out)
{
    struct buffer der = {0};
    out->name = strdup(name);
    if (out->name == NULL)
        return error_no_memory();
    struct error *error = read_slot_key(card, name, out);
    if (error != NULL)
        return error;
    error = card->app->read_certificate(card->channel, card->state, name, &der);
    if (error == NULL)
        error = take_bytes(&der, &out->certificate, &out->certificate_length);
    else if (keep_failure(error, &out->certificate_failure))
        error = NULL;
    buffer_clear(&der);
    return error;
}

/* Runs in a session, perhaps twice: what the first run found is taken back. */
static struct error *read_slots(struct card *card, void *argument)
{
    struct card_slot_list *out = argument;
    struct app_slot_list slots = {0};
    card_slot_list_clear(out);
    struct error *error = card->app->slots_in_use(card->channel, card->state, &slots);
    if (error == NULL && slots.count > 0) {
        out->items = calloc(slots.count, sizeof(*out->items));
        error = out->items == NULL ? error_no_memory() : NULL;
    }
    for (size_t i = 0; error == NULL && i < slots.count; i++) {
        out->count = i + 1;
        error = read_slot(card, slots.names[i], &out->items[i]);
    }
    app_slot_list_clear(&slots);
    return error;
}

struct error *card_read_slots(struct card *card, struct card_slot_list *out)
{
    *out = (struct card_slot_list){0};
    struct error *error = session_run_fresh(card, NULL, read_slots, out);
    if (error != NULL)
        card_slot_list_clear(out);
    return error;
}

/* ---- one slot ---------------------------------------------------------------------------- */

struct slot_reading {
    char slot[APP_SLOT_MAX];
    struct buffer first;
    struct buffer second;
};

static struct error *start_reading(const struct card *card, const char *slot,
                                   struct slot_reading *out)
{
    *out = (struct slot_reading){0};
    if (card->app->slot_name(slot, out->slot))
        return NULL;
    return error_new(ERROR_NOT_FOUND, "a %s card has no slot \"%s\": there are %s",
                     card->app->title, slot, card->app->slot_names);
}

static struct error *read_certificate(struct card *card, void *argument)
{
    struct slot_reading *reading = argument;
    buffer_clear(&reading->first);
    return card->app->read_certificate(card->channel, card->state, reading->slot, &reading->first);
}

struct error *card_read_certificate(struct card *card, const char *slot, uint8_t **der,
                                    size_t *der_length)
{
    struct slot_reading reading;
    *der = NULL;
    *der_length = 0;
    struct error *error = start_reading(card, slot, &reading);
    if (error == NULL)
        error = session_run_fresh(card, NULL, read_certificate, &reading);
    if (error == NULL)
        error = take_bytes(&reading.first, der, der_length);
    buffer_clear(&reading.first);
    return error;
}

static struct error *attest(struct card *card, void *argument)
{
    struct slot_reading *reading = argument;
    buffer_clear(&reading->first);
    buffer_clear(&reading->second);
    return card->app->attest(card->channel, card->state, reading->slot, &reading->first,
                             &reading->second);
}

struct error *card_attest(struct card *card, const char *slot, struct card_attestation *out)
{
    struct slot_reading reading;
    *out = (struct card_attestation){0};
    if (card->app->attest == NULL)
        return error_new(ERROR_UNSUPPORTED, "a %s card makes no attestations", card->app->title);
    struct error *error = start_reading(card, slot, &reading);
    if (error == NULL)
        error = session_run_fresh(card, NULL, attest, &reading);
    if (error == NULL)
        error = take_bytes(&reading.first, &out->statement, &out->statement_length);
    if (error == NULL)
        error = take_bytes(&reading.second, &out->issuer, &out->issuer_length);
    buffer_clear(&reading.first);
    buffer_clear(&reading.second);
    if (error != NULL)
        card_attestation_clear(out);
    return error;
}

void card_attestation_clear(struct card_attestation *attestation)
{
    free(attestation->statement);
    free(attestation->issuer);
    *attestation = (struct card_attestation){0};
}
