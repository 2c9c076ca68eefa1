/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys of makes that are known to be weak. */
#ifndef CARD_WEAK_KEY_H
#define CARD_WEAK_KEY_H

#include "types.h"

#include <openssl/evp.h>

/*
 * Whether an RSA modulus has the form that Infineon's RSALib gave it (ROCA, CVE-2017-15361): it is
 * a power of 65537 modulo each small prime, and by the same exponent. One of 2^100 others looks so.
 */
bool weak_key_has_roca_form(const EVP_PKEY *key);

/*
 * What is wrong with a key of that origin on a card of that make, as a sentence for people: static;
 * NULL where nothing is known to be.
 */
const char *weak_key_reason(const EVP_PKEY *key, enum card_origin origin,
                            const struct card_make *make);

#endif
