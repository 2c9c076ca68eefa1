/* SPDX-License-Identifier: BSD-2-Clause */
/* Asking the application for a PIN or a passphrase, by whatever it gave libcrypto for that. */
#ifndef PROVIDER_PASSPHRASE_H
#define PROVIDER_PASSPHRASE_H

#include "card/card.h"

#include <openssl/core.h>

/* What libcrypto hands to a load or a decoding; it is dead when that returns. */
struct passphrase {
    OSSL_PASSPHRASE_CALLBACK *callback;
    void *argument;
};

/*
 * Asks for what `what` names. On success *answer is a new secret. ERROR_PIN_SOURCE where the
 * application answers nothing: `otherwise` says what to do then.
 */
struct error *passphrase_ask(const struct passphrase *passphrase, const char *what,
                             const char *otherwise, struct secret **answer) MUST_CHECK;

#endif
