/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PINs that cards have refused in this process, so that none is sent twice: not by another key,
 * another thread, another context, nor after the card was taken out and put back. They are kept
 * as HMAC-SHA-256 under a random key of this process's own, which tells nobody anything.
 */
#ifndef CARD_PIN_MEMORY_H
#define CARD_PIN_MEMORY_H

#include "error.h"
#include "secret.h"

#include <openssl/types.h>
#include <stdbool.h>

/* Whether a card refused a PIN, and when. */
enum pin_answer {
    PIN_NOT_REFUSED,
    PIN_REFUSED_HERE,    /* in this process */
    PIN_REFUSED_EARLIER, /* in another one: see pin_store.h */
};

/* Whether any PIN can have been refused at all; asks for no identity, which may cost an exchange.
 */
bool pin_memory_used(void);

/*
 * Remembers that the application of that name, on the card `identity` (its serial number, or what
 * stands in for it), refused `pin`; in the store, too, where it is certain that it did.
 */
struct error *pin_memory_add(OSSL_LIB_CTX *libctx, const char *app, const char *identity,
                             struct secret *pin, bool certain) MUST_CHECK;

/* *answer tells whether it did. */
struct error *pin_memory_look(OSSL_LIB_CTX *libctx, const char *app, const char *identity,
                              struct secret *pin, enum pin_answer *answer) MUST_CHECK;

/* The card has taken one: the store need not keep others from it any more. */
struct error *pin_memory_accept(const char *app, const char *identity) MUST_CHECK;

/* Forgets that it refused `pin`: it is the right one now. */
void pin_memory_drop(OSSL_LIB_CTX *libctx, const char *app, const char *identity,
                     struct secret *pin);

#endif
