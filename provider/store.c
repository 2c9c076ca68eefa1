/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The store behind card: URIs (provider-storemgmt(7)). Opening one does nothing but remember the
 * URI: everything that can fail does so in load(), where the error is the first that a person
 * sees. (In open() it would come after those of the `file` store, which libcrypto tries first.)
 *
 * There is no export_object here, on purpose: libcrypto would offer it to the default provider's
 * key management before it asked ours.
 */
#include "card/pkcs11_uri.h"
#include "key.h"
#include "passphrase.h"
#include "pin.h"

#include <openssl/core_names.h>
#include <openssl/core_object.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/store.h>
#include <stdlib.h>
#include <string.h>

struct store {
    struct provider *provider;
    char *text;           /* the URI as it was given */
    struct card_uri *uri; /* NULL until the search */
    int expected;         /* OSSL_STORE_INFO_..., 0: anything */
    bool finished;

    /* What was found, handed out from the front: `next` counts through keys, then certificates. */
    struct card_key_list keys;
    struct card_certificate_list certificates;
    size_t next;
    bool names; /* several fit: hand out their URIs, not the objects */
};

/* How objects and questions go back to libcrypto during a load(). */
struct load {
    struct store *store;
    OSSL_CALLBACK *object;
    void *object_argument;
    struct passphrase passphrase;
};

static void store_free(struct store *store)
{
    if (store == NULL)
        return;
    card_key_list_clear(&store->keys);
    card_certificate_list_clear(&store->certificates);
    card_uri_free(store->uri);
    if (store->text != NULL) /* it may hold a pin-value */
        OPENSSL_clear_free(store->text, strlen(store->text));
    OPENSSL_free(store);
}

static void *store_open(void *provctx, const char *uri)
{
    struct store *store = OPENSSL_zalloc(sizeof(*store));

    if (store == NULL)
        return NULL;
    store->provider = provctx;
    store->text = OPENSSL_strdup(uri);
    if (store->text == NULL) {
        store_free(store);
        return NULL;
    }
    return store;
}

static const OSSL_PARAM *store_settable_ctx_params(void *provctx)
{
    static const OSSL_PARAM params[] = {
        OSSL_PARAM_int(OSSL_STORE_PARAM_EXPECT, NULL),
        OSSL_PARAM_END,
    };

    (void)provctx;
    return params;
}

static int store_set_ctx_params(void *context, const OSSL_PARAM params[])
{
    struct store *store = context;
    const OSSL_PARAM *expected = OSSL_PARAM_locate_const(params, OSSL_STORE_PARAM_EXPECT);

    return expected == NULL || OSSL_PARAM_get_int(expected, &store->expected);
}

/* ---- searching --------------------------------------------------------------------------- */

/* What to look for, by what the caller expects and what the URI says. */
static struct error *wanted_type(const struct store *store, enum card_object_type *type)
{
    *type = store->uri->type;
    switch (store->expected) {
    case OSSL_STORE_INFO_PKEY:
        if (*type == CARD_OBJECT_CERTIFICATE || *type == CARD_OBJECT_PUBLIC_KEY)
            return error_new(ERROR_URI, "a private key is wanted here, but the URI says type=%s",
                             *type == CARD_OBJECT_CERTIFICATE ? "cert" : "public");
        *type = CARD_OBJECT_PRIVATE_KEY;
        return NULL;
    case OSSL_STORE_INFO_PUBKEY:
        if (*type == CARD_OBJECT_CERTIFICATE)
            return error_new(ERROR_URI, "a public key is wanted here, but the URI says type=cert");
        *type = CARD_OBJECT_PUBLIC_KEY;
        return NULL;
    case OSSL_STORE_INFO_CERT:
        if (*type == CARD_OBJECT_PRIVATE_KEY || *type == CARD_OBJECT_PUBLIC_KEY)
            return error_new(ERROR_URI, "a certificate is wanted here, but the URI says type=%s",
                             *type == CARD_OBJECT_PRIVATE_KEY ? "private" : "public");
        *type = CARD_OBJECT_CERTIFICATE;
        return NULL;
    default:
        return NULL;
    }
}

static struct error *find_one_key(struct store *store)
{
    struct error *error;

    store->keys.items = calloc(1, sizeof(struct card_key *));
    if (store->keys.items == NULL)
        return error_no_memory();
    error = card_find_key(store->provider->cards, store->uri, &store->keys.items[0]);
    if (error == NULL)
        store->keys.count = 1;
    return error;
}

static struct error *find_certificates(struct store *store)
{
    return card_find_certificates(store->provider->cards, store->uri, &store->certificates);
}

/*
 * For a caller that expects nothing in particular: the objects where one key fits, so that a
 * server is served; where several do, or none but certificates, their names.
 */
static struct error *find_anything(struct store *store)
{
    struct error *no_key = card_find_keys(store->provider->cards, store->uri, &store->keys);
    struct error *no_certificate;

    if (no_key != NULL && error_code(no_key) != ERROR_NOT_FOUND)
        return no_key;
    if (store->keys.count == 1)
        return NULL;
    no_certificate = find_certificates(store);
    store->names = store->keys.count + store->certificates.count > 1;
    if (no_certificate == NULL || error_code(no_certificate) == ERROR_NOT_FOUND) {
        error_free(no_certificate);
        if (store->certificates.count == 0)
            return no_key;
        error_free(no_key);
        return NULL;
    }
    error_free(no_key);
    return no_certificate;
}

/* A pkcs11: URI comes by only where the configuration has us answer that scheme. */
static struct error *parse(const char *text, struct card_uri **out)
{
    char *translated = NULL;
    struct error *error;

    if (!pkcs11_uri_is_one(text))
        return card_uri_parse(text, out);
    error = pkcs11_uri_translate(text, &translated);
    if (error == NULL)
        error = card_uri_parse(translated, out);
    pkcs11_uri_free(translated);
    return error;
}

static struct error *search(struct store *store)
{
    enum card_object_type type = CARD_OBJECT_ANY;
    struct error *error = provider_check_settings(store->provider);

    if (error == NULL)
        error = parse(store->text, &store->uri);
    if (error == NULL)
        error = wanted_type(store, &type);
    if (error != NULL)
        return error;
    store->uri->type = type;
    switch (type) {
    case CARD_OBJECT_PRIVATE_KEY:
    case CARD_OBJECT_PUBLIC_KEY:
        return find_one_key(store);
    case CARD_OBJECT_CERTIFICATE:
        return find_certificates(store);
    default:
        return find_anything(store);
    }
}

/* ---- handing out ------------------------------------------------------------------------- */

static bool emit_name(struct load *load, const char *uri)
{
    int type = OSSL_OBJECT_NAME;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_int(OSSL_OBJECT_PARAM_TYPE, &type),
        OSSL_PARAM_construct_utf8_string(OSSL_OBJECT_PARAM_DATA, (char *)(uintptr_t)uri, 0),
        OSSL_PARAM_construct_end(),
    };

    return load->object(params, load->object_argument);
}

static bool emit_certificate(struct load *load, const uint8_t *der, size_t length)
{
    int type = OSSL_OBJECT_CERT;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_int(OSSL_OBJECT_PARAM_TYPE, &type),
        OSSL_PARAM_construct_octet_string(OSSL_OBJECT_PARAM_DATA, (uint8_t *)(uintptr_t)der,
                                          length),
        OSSL_PARAM_construct_end(),
    };

    return load->object(params, load->object_argument);
}

static bool load_failed(struct load *load, struct error *error)
{
    load->store->finished = true;
    if (error != NULL)
        PROVIDER_RAISE(load->store->provider, error);
    return error == NULL;
}

static bool load_key_name(struct load *load, struct card_key *key)
{
    char *uri = NULL;
    struct error *error = card_key_uri(key, CARD_OBJECT_PRIVATE_KEY, &uri);
    bool taken;

    if (error != NULL)
        return load_failed(load, error);
    taken = emit_name(load, uri);
    free(uri);
    return taken;
}

static bool load_key(struct load *load, struct card_key *card)
{
    bool private_half = load->store->uri->type != CARD_OBJECT_PUBLIC_KEY;
    struct error *error = NULL;
    struct key *key;

    if (private_half)
        error = pin_prepare(load->store->provider, card, &load->passphrase);
    if (private_half && error == NULL)
        error = pin_verify(load->store->provider, card);
    if (error != NULL)
        return load_failed(load, error);
    key = key_new_from_card(load->store->provider, card, private_half);
    return key != NULL && key_hand_over(key, load->object, load->object_argument);
}

/* The certificate beside the key that was just handed out, for a caller that goes on asking. */
static bool load_certificate_of_key(struct load *load, struct card_key *key)
{
    uint8_t *der = NULL;
    size_t length = 0;
    struct error *error = card_key_certificate(key, &der, &length);
    bool taken;

    load->store->finished = true;
    if (error != NULL && error_code(error) == ERROR_NOT_FOUND) {
        error_free(error); /* a key without a certificate is nothing unusual */
        return true;
    }
    if (error != NULL)
        return load_failed(load, error);
    taken = emit_certificate(load, der, length);
    free(der);
    return taken;
}

/* Hands out what comes next, and notes whether more will. */
static bool load_next(struct load *load)
{
    struct store *store = load->store;
    size_t keys = store->keys.count;
    size_t index = store->next++;

    if (!store->names && store->uri->type == CARD_OBJECT_ANY && keys == 1)
        return index == 0 ? load_key(load, store->keys.items[0])
                          : load_certificate_of_key(load, store->keys.items[0]);
    store->finished = store->next >= keys + store->certificates.count;
    if (index < keys)
        return store->names ? load_key_name(load, store->keys.items[index])
                            : load_key(load, store->keys.items[index]);
    if (store->names)
        return emit_name(load, store->certificates.items[index - keys].uri);
    return emit_certificate(load, store->certificates.items[index - keys].der,
                            store->certificates.items[index - keys].der_length);
}

/* A card has keys and certificates; whoever expects anything else finds the store empty. */
static bool is_expectation_met(const struct store *store)
{
    return store->expected == 0 || store->expected == OSSL_STORE_INFO_PKEY ||
           store->expected == OSSL_STORE_INFO_PUBKEY || store->expected == OSSL_STORE_INFO_CERT;
}

static int store_load(void *context, OSSL_CALLBACK *object, void *object_argument,
                      OSSL_PASSPHRASE_CALLBACK *passphrase, void *passphrase_argument)
{
    struct store *store = context;
    struct load load = {store, object, object_argument, {passphrase, passphrase_argument}};

    if (store->uri == NULL) {
        struct error *error;

        if (!is_expectation_met(store)) {
            store->finished = true;
            return 1;
        }
        ERR_set_mark();
        error = search(store);
        ERR_pop_to_mark();
        if (error != NULL)
            return load_failed(&load, error);
    }
    return load_next(&load);
}

static int store_eof(void *context)
{
    const struct store *store = context;

    return store->finished;
}

static int store_close(void *context)
{
    store_free(context);
    return 1;
}

const OSSL_DISPATCH store_functions[] = {
    {OSSL_FUNC_STORE_OPEN, (void (*)(void))store_open},
    {OSSL_FUNC_STORE_SETTABLE_CTX_PARAMS, (void (*)(void))store_settable_ctx_params},
    {OSSL_FUNC_STORE_SET_CTX_PARAMS, (void (*)(void))store_set_ctx_params},
    {OSSL_FUNC_STORE_LOAD, (void (*)(void))store_load},
    {OSSL_FUNC_STORE_EOF, (void (*)(void))store_eof},
    {OSSL_FUNC_STORE_CLOSE, (void (*)(void))store_close},
    {0, NULL},
};
