/* SPDX-License-Identifier: BSD-2-Clause */
/* The mask generation function of PSS and OAEP, RFC 8017 appendix B.2.1. */
#ifndef PROVIDER_MGF1_H
#define PROVIDER_MGF1_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exclusive-ors the mask for `seed` into `data`, both of lengths in bytes; false when it fails. */
bool mgf1_apply(const EVP_MD *digest, const uint8_t *seed, size_t seed_length, uint8_t *data,
                size_t length);

#endif
