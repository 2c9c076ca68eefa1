/* SPDX-License-Identifier: BSD-2-Clause */
/* The provider as a program sees it that has it built in. */
#ifndef PROVIDER_CARD_PROVIDER_H
#define PROVIDER_CARD_PROVIDER_H

#include "card/error.h"

#include <openssl/core.h>

/*
 * Starts an instance, as OSSL_PROVIDER_add_builtin() wants it (provider-base(7),
 * "OSSL_provider_init"). Touches no card.
 */
OSSL_provider_init_fn card_provider_init;

/*
 * The error code behind an entry of libcrypto's error queue, which the provider put there;
 * ERROR_INTERNAL for what others put there.
 */
enum error_code card_provider_error_code(unsigned long entry);

/*
 * Where that instance gets the PINs that no URI says anything of, as by pin-source in its section
 * of the configuration; NULL: from the reader's keypad, or by asking. Not while it is at work.
 * ERROR_NO_MEMORY.
 */
struct error *card_provider_set_pin_source(OSSL_PROVIDER *handle, const char *source) MUST_CHECK;

#endif
