/* SPDX-License-Identifier: BSD-2-Clause */
/* What is known of a key before a card has made it: what kind it is to be. */
#ifndef PROVIDER_KEY_TEMPLATE_H
#define PROVIDER_KEY_TEMPLATE_H

#include "key.h"

#define CARD_ALGORITHM_NAME_MAX 24

/*
 * A key of `key`'s type and of that size (RSA) or group (EC, an OpenSSL name), whose public half
 * stands for one that is not there yet: for EVP_PKEY_free(). `algorithm` is what cards call the
 * kind. ERROR_UNSUPPORTED for what no card makes.
 */
struct error *key_template_make(const struct key *key, size_t bits, const char *group,
                                char algorithm[CARD_ALGORITHM_NAME_MAX], EVP_PKEY **out) MUST_CHECK;

#endif
