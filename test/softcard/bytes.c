/* SPDX-License-Identifier: BSD-2-Clause */
#include "bytes.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void bytes_grow(struct soft_bytes *bytes, size_t needed)
{
    size_t capacity = bytes->capacity > 0 ? bytes->capacity : 64;
    uint8_t *data;

    while (capacity < needed)
        capacity *= 2;
    data = malloc(capacity);
    if (data == NULL) {
        fprintf(stderr, "softcard: out of memory\n");
        abort();
    }
    if (bytes->length > 0)
        memcpy(data, bytes->data, bytes->length);
    if (bytes->data != NULL)
        OPENSSL_cleanse(bytes->data, bytes->capacity);
    free(bytes->data);
    bytes->data = data;
    bytes->capacity = capacity;
}

void soft_bytes_append(struct soft_bytes *bytes, const void *data, size_t length)
{
    if (length == 0)
        return;
    if (bytes->capacity - bytes->length < length)
        bytes_grow(bytes, bytes->length + length);
    memcpy(bytes->data + bytes->length, data, length);
    bytes->length += length;
}

void soft_bytes_append_byte(struct soft_bytes *bytes, uint8_t byte)
{
    soft_bytes_append(bytes, &byte, 1);
}

void soft_bytes_clear(struct soft_bytes *bytes)
{
    if (bytes->data != NULL)
        OPENSSL_cleanse(bytes->data, bytes->length);
    bytes->length = 0;
}

void soft_bytes_set(struct soft_bytes *bytes, const void *data, size_t length)
{
    soft_bytes_clear(bytes);
    soft_bytes_append(bytes, data, length);
}

void soft_bytes_free(struct soft_bytes *bytes)
{
    soft_bytes_clear(bytes);
    free(bytes->data);
    bytes->data = NULL;
    bytes->capacity = 0;
}
