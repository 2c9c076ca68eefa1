/* SPDX-License-Identifier: BSD-2-Clause */
/* What a card says about itself in its answer to reset. */
#ifndef CARD_ATR_H
#define CARD_ATR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Whether the card takes extended Lc and Le fields: the third software function byte of the card
 * capabilities in the historical bytes (ISO/IEC 7816-4 12.1.1.9). A card that says nothing, or
 * whose answer to reset cannot be read, does not.
 */
bool atr_extended_length(const uint8_t *atr, size_t length);

/* The most characters atr_format() writes, with the NUL. */
#define ATR_TEXT_MAX 67

/* The answer to reset in hexadecimal; `out` has room for ATR_TEXT_MAX. */
void atr_format(const uint8_t *atr, size_t length, char *out);

#endif
