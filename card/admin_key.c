/* SPDX-License-Identifier: BSD-2-Clause */
/* Where management keys come from. */
#include "card.h"
#include "hex.h"
#include "pin_source.h"

#include <string.h>

/* What PIV cards are delivered with, as 3DES or AES-192 key: everybody knows it. */
static const uint8_t factory_key[] = {1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4,
                                      5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8};

/* Turns hexadecimal digits into bytes, in place; false where they are none. */
static bool decode_hex(struct secret *text)
{
    uint8_t *bytes = secret_bytes(text);
    size_t length = secret_length(text);
    if (length % 2 != 0)
        return false;
    for (size_t i = 0; i < length / 2; i++) {
        int high = hex_digit((char)bytes[2 * i]);
        int low = hex_digit((char)bytes[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    secret_truncate(text, length / 2);
    return true;
}

struct error *card_admin_key_read(const char *source, struct secret **out)
{
    if (strcmp(source, "factory") == 0)
        return secret_new(factory_key, sizeof(factory_key), out);
    struct error *error = pin_source_read(source, out);
    if (error != NULL)
        return error_wrap(error, error_code(error), "cannot get the management key");
    if (decode_hex(*out))
        return NULL;
    secret_free(*out);
    *out = NULL;
    return error_new(ERROR_PIN_FORMAT,
                     "the management key has to be written in hexadecimal digits, two a byte");
}
