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

/* Whether any PIN was refused at all; asks for no identity, which may cost an exchange. */
bool pin_memory_used(void);

/*
 * Remembers that the application of that name, on the card `identity` (its serial number, or what
 * stands in for it), refused `pin`.
 */
struct error *pin_memory_add(OSSL_LIB_CTX *libctx, const char *app, const char *identity,
                             struct secret *pin) MUST_CHECK;

/* *refused tells whether it did. */
struct error *pin_memory_look(OSSL_LIB_CTX *libctx, const char *app, const char *identity,
                              struct secret *pin, bool *refused) MUST_CHECK;

/* Forgets that it did: it is the right one now. */
void pin_memory_drop(OSSL_LIB_CTX *libctx, const char *app, const char *identity,
                     struct secret *pin);

#endif
