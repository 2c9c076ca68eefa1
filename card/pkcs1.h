/* SPDX-License-Identifier: BSD-2-Clause */
/* PKCS #1 v1.5 padding of what is signed, RFC 8017 9.2. */
#ifndef CARD_PKCS1_H
#define CARD_PKCS1_H

#include "error.h"

#include <stddef.h>
#include <stdint.h>

/*
 * 00 01 FF ... FF 00 `in`, `size` bytes of them, which is the modulus's length. ERROR_ARGUMENT
 * where there is no room for eight FF.
 */
struct error *pkcs1_pad(const uint8_t *in, size_t in_length, uint8_t *block,
                        size_t size) MUST_CHECK;

#endif
