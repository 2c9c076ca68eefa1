/* SPDX-License-Identifier: BSD-2-Clause */
#include "hex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char digits[] = "0123456789abcdef";

char *soft_hex_encode(const uint8_t *data, size_t length)
{
    char *hex = malloc(2 * length + 1);

    if (hex == NULL) {
        fprintf(stderr, "softcard: out of memory\n");
        abort();
    }
    for (size_t i = 0; i < length; i++) {
        hex[2 * i] = digits[data[i] >> 4];
        hex[2 * i + 1] = digits[data[i] & 0x0F];
    }
    hex[2 * length] = '\0';
    return hex;
}

static int digit_value(char digit)
{
    const char *place;

    if (digit >= 'A' && digit <= 'F')
        digit = (char)(digit - 'A' + 'a');
    place = digit == '\0' ? NULL : strchr(digits, digit);
    return place == NULL ? -1 : (int)(place - digits);
}

bool soft_hex_decode(const char *hex, struct soft_bytes *out)
{
    for (; hex[0] != '\0'; hex += 2) {
        int high = digit_value(hex[0]);
        int low = high < 0 ? -1 : digit_value(hex[1]);

        if (low < 0)
            return false;
        soft_bytes_append_byte(out, (uint8_t)(high << 4 | low));
    }
    return true;
}
