/* SPDX-License-Identifier: BSD-2-Clause */
/* What a key is for: signatures, decryption and key agreement, each one session with the card. */
#include "card_internal.h"
#include "public_key.h"

#include <stdlib.h>

/* A kind of use, and its words in messages. */
struct use {
    app_key_function *(*function)(const struct card_app *app);
    const char *verb;
    const char *result;
};

static app_key_function *get_sign(const struct card_app *app)
{
    return app->sign;
}

static app_key_function *get_decrypt(const struct card_app *app)
{
    return app->decrypt;
}

static app_key_function *get_derive(const struct card_app *app)
{
    return app->derive;
}

static const struct use signing = {get_sign, "sign", "signature"};
static const struct use decryption = {get_decrypt, "decrypt", "plaintext"};
static const struct use agreement = {get_derive, "agree on a secret", "secret"};

static const struct use *use_of(enum card_mechanism mechanism)
{
    switch (mechanism) {
    case CARD_MECHANISM_RSA_DECRYPT:
    case CARD_MECHANISM_RSA_DECRYPT_PKCS1:
        return &decryption;
    case CARD_MECHANISM_ECDH:
    case CARD_MECHANISM_X25519:
        return &agreement;
    case CARD_MECHANISM_RSA_RAW:
    case CARD_MECHANISM_RSA_PKCS1:
    case CARD_MECHANISM_ECDSA:
    case CARD_MECHANISM_ED25519:
        break;
    }
    return &signing;
}

bool card_key_can(const struct card_key *key, enum card_mechanism mechanism)
{
    const struct card_app *app = key->app;
    return use_of(mechanism)->function(app) != NULL && app->can(&key->key, mechanism);
}

struct operation {
    struct card_key *key;
    const struct use *use;
    enum card_mechanism mechanism;
    const uint8_t *in;
    size_t in_length;
    uint8_t *out;
    size_t *out_length;
};

static struct error *operate(struct card *card, void *argument)
{
    const struct operation *operation = argument;
    if (card->app->begin_use != NULL)
        card->app->begin_use(card->state, &operation->key->key, operation->mechanism);
    struct error *error = key_present_pin(operation->key);
    if (error == NULL)
        error = operation->use->function(card->app)(
            card->channel, card->state, &operation->key->key, operation->mechanism, operation->in,
            operation->in_length, operation->out, operation->out_length);
    return error;
}

/* Says which card is wanted, in place of an error that only knows the reader. */
static struct error *explain(const struct card_key *key, const struct use *use, struct error *error)
{
    enum error_code code = error_code(error);
    if (code != ERROR_NO_CARD && code != ERROR_CARD_REMOVED)
        return error;
    lock_acquire(&key->card->lock);
    char *name = card_describe_wanted(key->card);
    lock_release(&key->card->lock);
    if (name == NULL)
        return error;
    error_free(error);
    if (code == ERROR_NO_CARD)
        error = error_new(code,
                          "cannot %s with the key in slot %s, no card is in the reader \"%s\": "
                          "insert %s",
                          use->verb, key->key.slot, key->card->reader, name);
    else
        error = error_new(code,
                          "the card was taken out while it was to %s with the key in slot %s, and "
                          "no %s was received: insert %s and try again",
                          use->verb, key->key.slot, use->result, name);
    free(name);
    return error;
}

static struct error *use_key(struct card_key *key, const struct use *use,
                             enum card_mechanism mechanism, const uint8_t *in, size_t in_length,
                             uint8_t *out, size_t *out_length)
{
    struct operation operation = {key, use, mechanism, in, in_length, out, out_length};
    char kind[32];
    *out_length = 0;
    if (use != use_of(mechanism) || !card_key_can(key, mechanism)) {
        public_key_name(key->key.public_key, kind, sizeof(kind));
        return error_new(ERROR_UNSUPPORTED, "the %s key in slot %s cannot %s in such a way", kind,
                         key->key.slot, use->verb);
    }
    struct error *error =
        key->app->accepts == NULL ? NULL : key->app->accepts(&key->key, mechanism, in, in_length);
    if (error == NULL)
        error = key_find_card(key);
    if (error != NULL)
        return error;
    error = session_run(key->card, key, operate, &operation);
    return error == NULL ? NULL : explain(key, use, error);
}

struct error *card_key_sign(struct card_key *key, enum card_mechanism mechanism, const uint8_t *in,
                            size_t in_length, uint8_t *out, size_t *out_length)
{
    return use_key(key, &signing, mechanism, in, in_length, out, out_length);
}

struct error *card_key_decrypt(struct card_key *key, enum card_mechanism mechanism,
                               const uint8_t *in, size_t in_length, uint8_t *out,
                               size_t *out_length)
{
    return use_key(key, &decryption, mechanism, in, in_length, out, out_length);
}

struct error *card_key_derive(struct card_key *key, enum card_mechanism mechanism,
                              const uint8_t *in, size_t in_length, uint8_t *out, size_t *out_length)
{
    return use_key(key, &agreement, mechanism, in, in_length, out, out_length);
}

static struct error *present_pin(struct card *card, void *argument)
{
    (void)card;
    return key_present_pin(argument);
}

struct error *card_key_verify_pin(struct card_key *key)
{
    if (key->key.pin_policy == CARD_POLICY_NEVER)
        return NULL;
    struct error *error = key_find_card(key);
    return error != NULL ? error : session_run(key->card, key, present_pin, key);
}
