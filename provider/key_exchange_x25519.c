/* SPDX-License-Identifier: BSD-2-Clause */
/* X25519, RFC 7748 section 6.1. It has no parameters. */
#include "key_exchange.h"

#include <openssl/crypto.h>

#define X25519_LENGTH 32

/* What comes of a peer of small order, and is no secret; the time does not tell which byte. */
static bool is_zero(const uint8_t *secret)
{
    uint8_t any = 0;

    for (size_t i = 0; i < X25519_LENGTH; i++)
        any |= secret[i];
    return any == 0;
}

static struct error *derive_with_peer(struct exchange *exchange, uint8_t *out, size_t *out_length)
{
    uint8_t peer[X25519_LENGTH];
    size_t peer_length = sizeof(peer);
    struct error *error;

    if (EVP_PKEY_get_raw_public_key(exchange->peer->pkey, peer, &peer_length) != 1 ||
        peer_length != sizeof(peer))
        return error_new(ERROR_INTERNAL, "the peer has no public key");
    error = card_key_derive(exchange->key->card, CARD_MECHANISM_X25519, peer, sizeof(peer), out,
                            out_length);
    if (error == NULL && is_zero(out))
        error = error_new(ERROR_ARGUMENT, "the peer's public key is of small order: what it shares "
                                          "is no secret");
    return error;
}

static struct error *x25519_derive_on_card(struct exchange *exchange, uint8_t *out,
                                           size_t *out_length, size_t out_size)
{
    *out_length = X25519_LENGTH;
    if (out == NULL)
        return NULL;
    if (out_size < X25519_LENGTH)
        return error_new(ERROR_ARGUMENT, "the buffer has %zu bytes; the secret has %d", out_size,
                         X25519_LENGTH);
    return derive_with_peer(exchange, out, out_length);
}

static void *x25519_newctx(void *provctx)
{
    return exchange_new(provctx, x25519_derive_on_card);
}

const OSSL_DISPATCH key_exchange_x25519_functions[] = {
    EXCHANGE_COMMON_FUNCTIONS,
    {OSSL_FUNC_KEYEXCH_NEWCTX, (void (*)(void))x25519_newctx},
    {0, NULL},
};
