/* SPDX-License-Identifier: BSD-2-Clause */
/* ECDSA: what cards sign, and how they answer. */
#ifndef CARD_ECDSA_H
#define CARD_ECDSA_H

#include "error.h"

#include <stddef.h>
#include <stdint.h>

#define ECDSA_HASH_MAX 64 /* bytes: of SHA-512, and of the orders of all curves but P-521 */

/*
 * A hash in the form that cards take for a curve whose order has that many bits: its leftmost bits,
 * zeros before a shorter one (FIPS 186-4 6.4). *size is in bytes: those of the order, of P-521's
 * the 64 that the longest hash has, because cards differ in whether they take 66 bytes for 521 bits
 * or for 528. ERROR_ARGUMENT for more than that where the order is not whole bytes.
 */
struct error *ecdsa_fit_hash(const uint8_t *hash, size_t length, size_t bits,
                             uint8_t out[ECDSA_HASH_MAX], size_t *size) MUST_CHECK;

/*
 * The ECDSA-Sig-Value (RFC 3279 2.2.3) of r and s, each of `size` bytes, one after the other in
 * `plain`. *out is for OPENSSL_free().
 */
struct error *ecdsa_signature_der(const uint8_t *plain, size_t size, uint8_t **out,
                                  size_t *out_length) MUST_CHECK;

#endif
