/* SPDX-License-Identifier: BSD-2-Clause */
#include "pkcs1.h"

#include <string.h>

struct error *pkcs1_pad(const uint8_t *in, size_t in_length, uint8_t *block, size_t size)
{
    if (in_length + 11 > size)
        return error_new(ERROR_ARGUMENT,
                         "%zu bytes are too much to sign for this RSA key: %zu "
                         "at most",
                         in_length, size - 11);
    memset(block, 0xFF, size);
    block[0] = 0x00;
    block[1] = 0x01;
    block[size - in_length - 1] = 0x00;
    if (in_length > 0)
        memcpy(block + size - in_length, in, in_length);
    return NULL;
}
