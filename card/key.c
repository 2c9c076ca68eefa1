/* SPDX-License-Identifier: BSD-2-Clause */
#include "card_internal.h"
#include "public_key.h"

#include <stdlib.h>
#include <string.h>

struct error *card_key_new(struct card *card, struct app_key *read, const struct card_uri *uri,
                           struct card_key **out)
{
    *out = NULL;
    struct card_key *key = calloc(1, sizeof(*key));
    struct error *error = key == NULL ? error_no_memory() : card_uri_copy(uri, &key->uri);
    if (error != NULL) {
        EVP_PKEY_free(read->public_key);
        free(key);
        return error;
    }
    atomic_init(&key->references, 1);
    lock_init(&key->lock);
    key->app = card->app;
    key->card = card_ref(card);
    key->pin_place = key_place_of(key->uri);
    key->key = *read;
    read->public_key = NULL;
    *out = key;
    return NULL;
}

struct card_key *card_key_ref(struct card_key *key)
{
    atomic_fetch_add(&key->references, 1);
    return key;
}

void card_key_free(struct card_key *key)
{
    if (key == NULL || atomic_fetch_sub(&key->references, 1) != 1)
        return;
    EVP_PKEY_free(key->key.public_key);
    card_uri_free(key->uri);
    secret_free(key->pin);
    card_free(key->card);
    card_context_free(key->context);
    lock_destroy(&key->lock);
    free(key);
}

EVP_PKEY *card_key_public(const struct card_key *key)
{
    return key->key.public_key;
}

enum card_policy card_key_pin_policy(const struct card_key *key)
{
    return key->key.pin_policy;
}

enum card_policy card_key_touch_policy(const struct card_key *key)
{
    return key->key.touch_policy;
}

enum card_origin card_key_origin(const struct card_key *key)
{
    return key->key.origin;
}

const char *card_key_slot(const struct card_key *key)
{
    return key->key.slot;
}

/* The URI of a key that came from a reference, in the reference's words. */
static struct error *format_as_placed(const struct card_key *key, enum card_object_type type,
                                      char **out)
{
    struct card_uri uri = *key->uri;
    uri.type = type;
    return card_uri_format(&uri, out);
}

struct error *card_key_uri(struct card_key *key, enum card_object_type type, char **out)
{
    const char *serial;
    *out = NULL;
    if (key_is_placed(key))
        return format_as_placed(key, type, out);
    struct error *error = key_find_card(key);
    if (error == NULL)
        error = card_serial(key->card, &serial);
    if (error != NULL && error_code(error) != ERROR_NOT_FOUND)
        return error;
    error_free(error); /* a card without a serial number goes by its reader */
    struct card_uri uri = card_uri_fields(key->card);
    uri.slot = key->key.slot;
    uri.type = type;
    uri.pin_source = key->uri->pin_source;
    uri.use_last_try = key->uri->use_last_try;
    return card_uri_format(&uri, out);
}

/* ---- the certificate --------------------------------------------------------------------- */

struct certificate_reading {
    struct card_key *key;
    struct buffer der;
};

static struct error *read_certificate(struct card *card, void *argument)
{
    struct certificate_reading *reading = argument;
    buffer_clear(&reading->der);
    return card->app->read_certificate(card->channel, card->state, reading->key->key.slot,
                                       &reading->der);
}

struct error *card_key_certificate(struct card_key *key, uint8_t **der, size_t *der_length)
{
    struct certificate_reading reading = {.key = key};
    *der = NULL;
    *der_length = 0;
    struct error *error = key_find_card(key);
    if (error == NULL)
        error = session_run(key->card, key, read_certificate, &reading);
    if (error == NULL) {
        *der = malloc(reading.der.length);
        if (*der == NULL)
            error = error_no_memory();
    }
    if (error == NULL) {
        memcpy(*der, reading.der.bytes, reading.der.length);
        *der_length = reading.der.length;
    }
    buffer_clear(&reading.der);
    return error;
}
