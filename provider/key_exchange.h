/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A key exchange context. The software context beside it does all the work for a software key; for
 * a card key it checks the peer and holds the parameters. The card comes in at one place: the
 * secret that it shares with a peer.
 */
#ifndef PROVIDER_KEY_EXCHANGE_H
#define PROVIDER_KEY_EXCHANGE_H

#include "key.h"
#include "software.h"

struct exchange;

/*
 * Derives with a card key. `out` has room for `out_size` bytes, and *out_length is set; NULL asks
 * for the length only.
 */
typedef struct error *exchange_card_function(struct exchange *exchange, uint8_t *out,
                                             size_t *out_length, size_t out_size);

struct exchange {
    struct provider *provider;
    exchange_card_function *derive_on_card;
    struct key *key;
    struct key *peer;
    EVP_PKEY_CTX *software;
};

/* A new context, for a type's newctx; NULL without memory. */
struct exchange *exchange_new(struct provider *provider, exchange_card_function *derive_on_card);

/* See provider-keyexch(7) for these. */
OSSL_FUNC_keyexch_freectx_fn exchange_free;
OSSL_FUNC_keyexch_dupctx_fn exchange_dup;
OSSL_FUNC_keyexch_init_fn exchange_init;
OSSL_FUNC_keyexch_set_peer_fn exchange_set_peer;
OSSL_FUNC_keyexch_derive_fn exchange_derive;
OSSL_FUNC_keyexch_set_ctx_params_fn exchange_set_ctx_params;
OSSL_FUNC_keyexch_get_ctx_params_fn exchange_get_ctx_params;

/* What the tables of all types have in common. */
#define EXCHANGE_COMMON_FUNCTIONS                                                                  \
    {OSSL_FUNC_KEYEXCH_FREECTX, (void (*)(void))exchange_free},                                    \
        {OSSL_FUNC_KEYEXCH_DUPCTX, (void (*)(void))exchange_dup},                                  \
        {OSSL_FUNC_KEYEXCH_INIT, (void (*)(void))exchange_init},                                   \
        {OSSL_FUNC_KEYEXCH_SET_PEER, (void (*)(void))exchange_set_peer},                           \
    {                                                                                              \
        OSSL_FUNC_KEYEXCH_DERIVE, (void (*)(void))exchange_derive                                  \
    }

#endif
