/* SPDX-License-Identifier: BSD-2-Clause */
#include "key_exchange.h"

#include "intention.h"

#include <openssl/crypto.h>
#include <openssl/err.h>

struct exchange *exchange_new(struct provider *provider, exchange_card_function *derive_on_card)
{
    struct exchange *exchange = OPENSSL_zalloc(sizeof(*exchange));

    if (exchange == NULL)
        return NULL;
    exchange->provider = provider;
    exchange->derive_on_card = derive_on_card;
    return exchange;
}

void exchange_free(void *context)
{
    struct exchange *exchange = context;

    if (exchange == NULL)
        return;
    EVP_PKEY_CTX_free(exchange->software);
    key_free(exchange->peer);
    key_free(exchange->key);
    OPENSSL_free(exchange);
}

void *exchange_dup(void *context)
{
    const struct exchange *from = context;
    struct exchange *to = exchange_new(from->provider, from->derive_on_card);

    if (to == NULL)
        return NULL;
    if (from->key != NULL)
        to->key = key_ref(from->key);
    if (from->peer != NULL)
        to->peer = key_ref(from->peer);
    if (from->software != NULL && (to->software = EVP_PKEY_CTX_dup(from->software)) == NULL) {
        exchange_free(to);
        return NULL;
    }
    return to;
}

int exchange_init(void *context, void *key, const OSSL_PARAM params[])
{
    struct exchange *exchange = context;
    EVP_PKEY_CTX *software = software_new(key, EVP_PKEY_derive_init);

    if (software == NULL)
        return 0;
    key_ref(key);
    key_free(exchange->key);
    exchange->key = key;
    key_free(exchange->peer);
    exchange->peer = NULL;
    EVP_PKEY_CTX_free(exchange->software);
    exchange->software = software;
    return exchange_set_ctx_params(exchange, params);
}

/*
 * The software context refuses a peer on another curve. Whether the point is on the curve at all is
 * libcrypto's to check, unless its caller asked it not to; a card must not be given one that is not
 * (it would tell bits of the private key), so for a card it is always checked.
 */
int exchange_set_peer(void *context, void *peer)
{
    struct exchange *exchange = context;
    struct key *key = peer;

    if (exchange->software == NULL || key == NULL || key->pkey == NULL || !intention_realize(key) ||
        EVP_PKEY_derive_set_peer_ex(exchange->software, key->pkey, exchange->key->card != NULL) !=
            1)
        return 0;
    key_ref(key);
    key_free(exchange->peer);
    exchange->peer = key;
    return 1;
}

int exchange_derive(void *context, unsigned char *out, size_t *out_length, size_t out_size)
{
    struct exchange *exchange = context;
    struct error *error;

    if (exchange->software == NULL)
        return 0;
    if (exchange->key->card == NULL) {
        *out_length = out_size;
        return EVP_PKEY_derive(exchange->software, out, out_length) == 1;
    }
    /* What libcrypto tried in vain underneath is no news to the caller, and ours comes first. */
    ERR_set_mark();
    error = exchange->peer != NULL
                ? exchange->derive_on_card(exchange, out, out_length, out_size)
                : error_new(ERROR_ARGUMENT, "a shared secret was asked for, but with no peer");
    ERR_pop_to_mark();
    if (error != NULL)
        PROVIDER_RAISE(exchange->provider, error);
    return error == NULL;
}

int exchange_set_ctx_params(void *context, const OSSL_PARAM params[])
{
    struct exchange *exchange = context;

    return software_set_params(exchange->software, params);
}

int exchange_get_ctx_params(void *context, OSSL_PARAM params[])
{
    struct exchange *exchange = context;

    return software_get_params(exchange->software, params);
}
