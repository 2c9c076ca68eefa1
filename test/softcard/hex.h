/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SOFTCARD_HEX_H
#define SOFTCARD_HEX_H

#include "bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `length` bytes as a string of lower case hexadecimal digits. The caller frees it. */
char *soft_hex_encode(const uint8_t *data, size_t length);

/* Appends the bytes that a string of hexadecimal digits stands for. False when it is none. */
bool soft_hex_decode(const char *hex, struct soft_bytes *out);

#endif
