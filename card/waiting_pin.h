/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PINs that were given for keys whose card was not met yet, by the key's public half. They outlive
 * the key object: Apache asks for a PIN when it reads a key file, frees that key, and makes another
 * from its DER, for which nobody can be asked any more.
 */
#ifndef CARD_WAITING_PIN_H
#define CARD_WAITING_PIN_H

#include "card.h"

struct waiting_pin;

/*
 * Keeps a copy of `pin` for whoever loads the key with that public half again, in place of the one
 * that was kept for it before. `context` is locked meanwhile. ERROR_NO_MEMORY.
 */
struct error *waiting_pin_keep(struct card_context *context, EVP_PKEY *public_key,
                               struct secret *pin) MUST_CHECK;

/* A copy of the PIN that was kept for that key, for secret_free(); *pin is NULL where none was. */
struct error *waiting_pin_copy(struct card_context *context, const EVP_PKEY *public_key,
                               struct secret **pin) MUST_CHECK;

/* Wipes and frees a list of them. */
void waiting_pin_free(struct waiting_pin *list);

#endif
