/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CARD_HEX_H
#define CARD_HEX_H

/* What a hexadecimal digit stands for, in either case; -1 where the character is none. */
int hex_digit(char character);

#endif
