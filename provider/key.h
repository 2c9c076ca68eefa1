/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A key object of the provider. It is one of two: a card key with its public half, or a software
 * key (public or private, or just parameters) that is held for OpenSSL's default provider, to
 * which every operation on it is delegated. The second kind arrives where this provider is listed
 * first, or is preferred by a property query, and owns the names RSA and EC in the process.
 */
#ifndef PROVIDER_KEY_H
#define PROVIDER_KEY_H

#include "provider.h"

#include <stdatomic.h>

struct key {
    atomic_int references;
    struct provider *provider;
    const char *type; /* such as "RSA": the default provider's name for it */

    /* The public half, or the software key; in the provider's own libctx. NULL: nothing yet. */
    EVP_PKEY *pkey;

    /* The private half on a card; NULL for a software key. */
    struct card_key *card;

    /* A key that is to be made on a card, or was; NULL: one that was found. See intention.h. */
    struct intention *intention;

    /* What is there, as OSSL_KEYMGMT_SELECT_ bits. */
    int selection;
};

/* A new key object with nothing in it, or NULL. `type` is static text. */
struct key *key_new(struct provider *provider, const char *type);

/*
 * A new key object for a key on a card, or NULL. It takes a reference of its own to the card key.
 * With `private_half` false it is a software key: the public half alone.
 */
struct key *key_new_from_card(struct provider *provider, struct card_key *card, bool private_half);

/* The name of the key management that takes keys like this one ("RSA", "EC"), static; or NULL. */
const char *key_type(const EVP_PKEY *pkey);

/*
 * Hands a key to libcrypto as an object of a store or a decoder, by reference: keymgmt_load() takes
 * it and leaves NULL behind. Whether libcrypto took it or not, the caller's reference is gone.
 */
bool key_hand_over(struct key *key, OSSL_CALLBACK *object, void *argument);

/* One more reference; and one less, freeing the last. NULL is fine. */
struct key *key_ref(struct key *key);
void key_free(struct key *key);

#endif
