/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where it is remembered beyond this process which PINs, PUKs and management keys cards refused: a
 * timer that has a wrong one spends a try once, not each time.
 */
#ifndef CARD_PIN_STORE_H
#define CARD_PIN_STORE_H

#include "error.h"

#include <stdbool.h>
#include <stdint.h>

#define PIN_STORE_KEY_SIZE    32
#define PIN_STORE_DIGEST_SIZE 32

/* One that was refused. The strings and the digest are good during a call. */
struct pin_refusal {
    const char *app;       /* the application's name; "/puk" or "/admin" behind it: not the PIN */
    const char *identity;  /* the card's serial number, or what stands in for it */
    const uint8_t *digest; /* HMAC-SHA-256 under the store's key: tells nobody anything */
};

struct pin_store {
    uint8_t key[PIN_STORE_KEY_SIZE]; /* random, secret, and the same in each process */
    void *argument;
    /* They are called one at a time, in the thread that uses the card, within its transaction. */
    struct error *(*add)(void *argument, const struct pin_refusal *refusal);
    struct error *(*look)(void *argument, const struct pin_refusal *refusal, bool *refused);
    /* The card has taken one: what it refused before (`digest` is NULL) is of the past. */
    struct error *(*forget)(void *argument, const struct pin_refusal *refusal);
};

/*
 * From now on this process's refusals go to `store` as well, and are looked for there; NULL: not
 * any more. The store stays the caller's, and in place. Before any card is used.
 */
void pin_store_use(const struct pin_store *store);

#endif
