/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a key's PIN comes from, in this order: its URI, the provider's configuration, the reader's
   keypad, the program. */
#ifndef PROVIDER_PIN_H
#define PROVIDER_PIN_H

#include "passphrase.h"
#include "provider.h"

/*
 * Gets hold of the PIN that a key will need, while the program can still be asked (`passphrase`;
 * NULL: it cannot). Errors as for card_key_prepare_pin().
 */
struct error *pin_prepare(const struct provider *provider, struct card_key *key,
                          const struct passphrase *passphrase) MUST_CHECK;

/*
 * Has the card verify the PIN now, where the configuration says verify = load. For stores only:
 * libcrypto drops what a decoder says of a key that it cannot load, and a reference that is not
 * loaded for no reason that is told would be worse than one that fails when it is used.
 */
struct error *pin_verify(const struct provider *provider, struct card_key *key) MUST_CHECK;

/*
 * Tells a person what to type at the reader's keypad. libcrypto lets a provider ask the
 * application, but not tell it anything; so it goes to the process's default UI method, which the
 * application may have set (UI_set_default_method(3)), else to the terminal if there is one. An
 * information, never a question.
 */
void pin_tell(const char *text);

#endif
