/* SPDX-License-Identifier: BSD-2-Clause */
#include "base64url.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Three bytes (fewer at the end) become four characters (fewer likewise). */
static char *encode_group(const uint8_t *bytes, size_t length, char *out)
{
    uint32_t bits = (uint32_t)bytes[0] << 16;
    if (length > 1)
        bits |= (uint32_t)bytes[1] << 8;
    if (length > 2)
        bits |= bytes[2];
    for (size_t i = 0; i <= length && i < 4; i++)
        *out++ = alphabet[bits >> (18 - 6 * i) & 0x3F];
    return out;
}

struct error *base64url_encode(const void *bytes, size_t length, char **out)
{
    const uint8_t *cursor = bytes;
    *out = length <= SIZE_MAX / 4 ? malloc(length / 3 * 4 + 5) : NULL;
    if (*out == NULL)
        return error_no_memory();
    char *end = *out;
    for (size_t left = length; left > 0;) {
        size_t group = left < 3 ? left : 3;
        end = encode_group(cursor, group, end);
        cursor += group;
        left -= group;
    }
    *end = '\0';
    return NULL;
}

static int digit_of(char character)
{
    const char *found = character != '\0' ? strchr(alphabet, character) : NULL;
    return found != NULL ? (int)(found - alphabet) : -1;
}

struct error *base64url_decode(const char *text, size_t length, struct buffer *out)
{
    uint32_t bits = 0;
    unsigned count = 0; /* of bits that are not written yet */
    struct error *error = NULL;
    for (size_t i = 0; i < length && error == NULL; i++) {
        int digit = digit_of(text[i]);
        if (digit < 0)
            return error_new(ERROR_ARGUMENT, "not base64url: character %zu", i + 1);
        bits = bits << 6 | (uint32_t)digit;
        count += 6;
        if (count >= 8) {
            count -= 8;
            uint8_t byte = (uint8_t)(bits >> count);
            error = buffer_append(out, &byte, 1);
            bits &= (1U << count) - 1;
        }
    }
    if (error == NULL && (bits != 0 || count == 6))
        error = error_new(ERROR_ARGUMENT, "not base64url: it breaks off");
    return error;
}

bool base64url_is(const char *text, size_t max)
{
    size_t length = strspn(text, alphabet);
    return length > 0 && length <= max && text[length] == '\0';
}
