/* SPDX-License-Identifier: BSD-2-Clause */
/* ECDSA signatures as cards answer them. */
#ifndef CARD_ECDSA_H
#define CARD_ECDSA_H

#include "error.h"

#include <stddef.h>
#include <stdint.h>

/*
 * The ECDSA-Sig-Value (RFC 3279 2.2.3) of r and s, each of `size` bytes, one after the other in
 * `plain`. *out is for OPENSSL_free().
 */
struct error *ecdsa_signature_der(const uint8_t *plain, size_t size, uint8_t **out,
                                  size_t *out_length) MUST_CHECK;

#endif
